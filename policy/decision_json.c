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

static json_t *trace_line(const struct vt_trace *line)
{
    return json_pack("{s:o, s:i, s:o, s:s, s:b, s:s, s:o}", "rule", vt_json_string(line->rule),
                     "line", (int)line->line, "document", optional_index(line->document), "mode",
                     vt_mode_name(line->mode), "matched", (int)line->matched, "action",
                     vt_action_name(line->action), "why", vt_json_string(line->why));
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
    return json_pack("{s:o, s:o, s:o, s:o, s:s}", "folder", vt_json_string(decision->folder),
                     "subject_prefix", vt_json_string(decision->subject_prefix), "headers", headers,
                     "notify", notify_of(decision), "seal", vt_seal_name(decision->seal));
}

enum vt_code vt_decision_to_json(const struct vt_decision *decision, char **out_text,
                                 size_t *out_len, struct vt_err *err)
{
    json_t *root = json_pack(
        "{s:s, s:s, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o}",
        "action", vt_action_name(decision->action), "would_be", vt_action_name(decision->would_be),
        "rule", vt_json_string(decision->rule), "rule_line", (int)decision->rule_line, "mode",
        mode_of(decision), "reason", optional_reason(decision->reason), "document",
        optional_index(decision->document), "code", vt_json_string(decision->code), "enhanced",
        vt_json_string(decision->enhanced), "text", vt_json_string(decision->text), "marks",
        marks_of(decision), "defer_until", vt_json_time(decision->defer_until_utc_secs),
        "policy_version", vt_json_string(decision->policy_version), "tried",
        (json_int_t)decision->tried_count, "trace", trace_array(decision), "site",
        site_of(decision));
    return vt_json_text(root, 0, MAX_DECISION_BYTES, out_text, out_len, err);
}
