/* SPDX-License-Identifier: Apache-2.0
 * The decision as JSON, with what the trace holds. */
#include "evidence/record_json.h"

/* A trace of 4096 lines stays far below. */
#define MAX_DECISION_BYTES ((size_t)16 * 1024 * 1024)

static json_t *optional_index(size_t index)
{
    return index == SIZE_MAX ? json_null() : json_integer((json_int_t)index);
}

static json_t *optional_reason(enum vt_reason reason)
{
    return reason < VT_REASON_COUNT ? json_string(vt_reason_info(reason)->code) : json_null();
}

/* Without a rule there is none that ran in a mode. */
static json_t *mode_of(const struct vt_decision *decision)
{
    return decision->rule != NULL ? json_string(vt_mode_name(decision->mode)) : json_null();
}

static json_t *test_of(const struct vt_trace_test *test)
{
    static const char *const truths[] = {
        [VT_NO] = "no", [VT_UNKNOWN] = "unknown", [VT_YES] = "yes"};
    return json_pack("{s:s, s:o, s:o, s:s, s:i}", "test", test->key, "has",
                     vt_json_string(test->has), "needs", vt_json_string(test->needs), "holds",
                     truths[test->truth], "depth", (int)test->depth);
}

/* Where every rule is traced: what each test saw, and what would have been of those not tried. */
static bool add_tests(json_t *line, const struct vt_trace *trace)
{
    json_t *tests = json_array();
    for (size_t i = 0; i < trace->tests_count; i++) {
        if (json_array_append_new(tests, test_of(&trace->tests[i])) != 0) {
            json_decref(tests);
            return false;
        }
    }
    json_t *more =
        json_pack("{s:o, s:b, s:b, s:s, s:o}", "signature", optional_index(trace->signature),
                  "tried", (int)!trace->is_skipped, "would_match", (int)trace->would_match, "asked",
                  vt_action_name(trace->asked), "tests", tests);
    bool is_good = more != NULL && json_object_update(line, more) == 0;
    json_decref(more);
    return is_good;
}

static json_t *trace_line(const struct vt_trace *line)
{
    json_t *object =
        json_pack("{s:o, s:i, s:o, s:s, s:b, s:s, s:o}", "rule", vt_json_string(line->rule), "line",
                  (int)line->line, "document", optional_index(line->document), "mode",
                  vt_mode_name(line->mode), "matched", (int)line->matched, "action",
                  vt_action_name(line->action), "why", vt_json_string(line->why));
    if (object != NULL && (line->tests_count > 0 || line->is_skipped) && !add_tests(object, line)) {
        json_decref(object);
        object = NULL;
    }
    return object;
}

static json_t *trace_array(const struct vt_decision *decision)
{
    json_t *array = json_array();
    for (size_t i = 0; i < decision->trace_count && array != NULL; i++) {
        if (json_array_append_new(array, trace_line(&decision->trace[i])) != 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

static json_t *site_of(const struct vt_decision *decision)
{
    return decision->site != NULL ? vt_record_to_json(&vt_site_facts_record, decision->site)
                                  : json_null();
}

static json_t *notify_of(const struct vt_decision *decision)
{
    json_t *who = json_array();
    for (unsigned i = 0; i < VT_NOTIFY_COUNT; i++) {
        if ((decision->notify >> i & 1) != 0)
            (void)json_array_append_new(who, json_string(vt_notify_name((enum vt_notify)i)));
    }
    return who;
}

/* What goes with the action: folder, prefix, headers, who is told, seal. */
static json_t *marks_of(const struct vt_decision *decision)
{
    json_t *headers = json_object();
    for (size_t i = 0; i < decision->headers_count; i++)
        (void)json_object_set_new(headers, decision->headers[i].name,
                                  json_string(decision->headers[i].value));
    return json_pack("{s:o, s:o, s:o, s:o, s:s, s:o*, s:o*, s:o*, s:o*}", "folder",
                     vt_json_string(decision->folder), "subject_prefix",
                     vt_json_string(decision->subject_prefix), "headers", headers, "notify",
                     notify_of(decision), "seal", vt_seal_name(decision->seal), "seal_key",
                     decision->seal_key != NULL ? vt_json_string(decision->seal_key) : NULL,
                     "seal_opaque", decision->seal_is_opaque ? json_true() : NULL, "seal_headers",
                     decision->seal_protects_headers ? json_true() : NULL, "seal_what",
                     decision->seal != VT_SEAL_NONE && decision->seal_what != VT_SEAL_WHAT_MESSAGE
                         ? json_string(vt_seal_what_name(decision->seal_what))
                         : NULL);
}

enum vt_code vt_decision_to_json(const struct vt_decision *decision, char **out_text,
                                 size_t *out_len, struct vt_err *err)
{
    json_t *root = json_pack(
        "{s:s, s:s, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o*}",
        "action", vt_action_name(decision->action), "would_be", vt_action_name(decision->would_be),
        "rule", vt_json_string(decision->rule), "rule_line", (int)decision->rule_line, "mode",
        mode_of(decision), "reason", optional_reason(decision->reason), "document",
        optional_index(decision->document), "code", vt_json_string(decision->code), "enhanced",
        vt_json_string(decision->enhanced), "text", vt_json_string(decision->text), "marks",
        marks_of(decision), "defer_until", vt_json_time(decision->defer_until_utc_secs),
        "policy_version", vt_json_string(decision->policy_version), "tried",
        (json_int_t)decision->tried_count, "trace", trace_array(decision), "site",
        site_of(decision), "officer",
        decision->officer != NULL ? vt_json_string(decision->officer) : NULL);
    return vt_json_text(root, 0, MAX_DECISION_BYTES, out_text, out_len, err);
}
