/* SPDX-License-Identifier: Apache-2.0
 * The difference of two policies for programs, and its examples as cases for vanthu policy test. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command/diff.h"
#include "evidence/record_json.h"

/* Every example with its evidence. */
#define MAX_JSON_BYTES ((size_t)256 * 1024 * 1024)
#define MAX_PATH_BYTES 4096

/* ---- what stands in them otherwise ---- */

static json_t *line_of(unsigned line)
{
    return line > 0 ? json_integer(line) : json_null();
}

static json_t *place_of(size_t number)
{
    return number > 0 ? json_integer((json_int_t)number) : json_null();
}

static json_t *difference_of(const struct vt_difference *d)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "of",
                     vt_difference_of_name(d->of), "kind", vt_difference_kind_name(d->kind), "name",
                     vt_json_string(d->name), "key", vt_json_string(d->key), "before",
                     vt_json_string(d->before), "after", vt_json_string(d->after), "line_before",
                     line_of(d->line_before), "line_after", line_of(d->line_after), "place_before",
                     place_of(d->number_before), "place_after", place_of(d->number_after),
                     "may_be_severer", (int)d->may_be_severer);
}

json_t *vt_diff_list_json(const struct vt_policy_diff *diff)
{
    json_t *list = json_array();
    for (size_t i = 0; i < diff->count; i++)
        (void)json_array_append_new(list, difference_of(&diff->items[i]));
    return list;
}

/* ---- examples ---- */

static json_t *decision_of(const struct vt_decision *decision)
{
    return json_pack("{s:s, s:o, s:o, s:o}", "action", vt_action_name(decision->action), "rule",
                     vt_json_string(decision->rule), "code", vt_json_string(decision->code), "text",
                     vt_json_string(decision->text));
}

/* The one JSON form; NULL: no memory. */
static json_t *evidence_of(const struct vt_evidence *evidence)
{
    char *text = NULL;
    size_t len = 0;
    if (vt_evidence_to_json(evidence, 0, &text, &len, NULL) != VT_OK)
        return NULL;
    json_t *object = json_loadb(text, len, 0, NULL);
    free(text);
    return object;
}

static json_t *example_of(const struct vt_policy_example *example)
{
    json_t *facts = json_array();
    for (size_t i = 0; i < example->facts_count; i++)
        (void)json_array_append_new(facts, vt_json_string(example->facts[i]));
    return json_pack("{s:o, s:o, s:b, s:o, s:I, s:o, s:o, s:o}", "before",
                     decision_of(example->before), "after", decision_of(example->after),
                     "other_marks_only", (int)example->is_of_marks, "facts", facts, "mails_tried",
                     (json_int_t)example->probes_count, "now", vt_json_time(example->now_utc_secs),
                     "first_deferred", vt_json_time(example->first_deferred_utc_secs), "evidence",
                     evidence_of(example->evidence));
}

static json_t *examples_of(const struct vt_policy_examples *examples)
{
    json_t *list = json_array();
    for (size_t i = 0; i < examples->count; i++)
        (void)json_array_append_new(list, example_of(&examples->items[i]));
    return list;
}

/* ---- mails of the register ---- */

static json_t *mails_of(const struct vt_diff_shown *shown)
{
    json_t *items = json_array();
    if (shown->mails == NULL) {
        json_decref(items);
        return json_null();
    }
    for (size_t i = 0; i < shown->items_count; i++) {
        const struct vt_replay_item *item = &shown->items[i];
        json_t *one = json_pack(
            "{s:o, s:o, s:o, s:o, s:{s:s, s:o}, s:{s:s, s:o}}", "reference",
            vt_json_string(item->reference), "time", vt_json_time(item->time_utc_secs), "sender",
            vt_json_string(item->sender), "document", vt_json_string(item->document), "before",
            "action", vt_action_name(item->then_action), "rule", vt_json_string(item->then_rule),
            "after", "action", vt_action_name(item->now_action), "rule",
            vt_json_string(item->now_rule));
        (void)json_array_append_new(items, one);
    }
    return json_pack("{s:I, s:I, s:b, s:o}", "count", (json_int_t)shown->mails->counts.mails_count,
                     "changed", (json_int_t)shown->mails->counts.changed_count, "complete",
                     (int)shown->mails->is_complete, "list", items);
}

enum vt_code vt_diff_print_json(const struct vt_diff_shown *shown, FILE *out, struct vt_err *err)
{
    char *text = NULL;
    size_t len = 0;
    json_t *root = json_pack(
        "{s:i, s:{s:o, s:s}, s:{s:o, s:s}, s:b, s:b, s:o, s:I, s:o, s:I, s:b, s:o}", "v", 1,
        "before", "file", vt_json_string(shown->before_file), "version",
        vt_policy_version(shown->before), "after", "file", vt_json_string(shown->after_file),
        "version", vt_policy_version(shown->after), "same", (int)vt_diff_is_none(shown),
        "may_be_severer", (int)shown->diff->may_be_severer, "differences",
        vt_diff_list_json(shown->diff), "further_differences",
        (json_int_t)shown->diff->further_count, "examples", examples_of(shown->examples),
        "mails_tried", (json_int_t)shown->examples->probes_count, "complete",
        (int)shown->examples->is_complete, "mails", mails_of(shown));
    enum vt_code code = vt_json_text(root, 0, MAX_JSON_BYTES, &text, &len, err);
    if (code == VT_OK && (fwrite(text, 1, len, out) != len || fputc('\n', out) == EOF))
        code = vt_err_sys(err, "standard output");
    free(text);
    return code;
}

/* ---- cases ---- */

static void case_name(const struct vt_policy_example *example, size_t index,
                      char out[MAX_PATH_BYTES])
{
    const char *rule = example->after->rule != NULL ? example->after->rule : "none";
    (void)snprintf(out, MAX_PATH_BYTES, "%02zu-%s", index + 1, rule);
    /* A rule may have any printable name: it is to be a file. */
    for (char *c = out; *c != '\0'; c++) {
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", *c) == NULL)
            *c = '_';
    }
}

static enum vt_code open_new(const char *folder, const char *name, const char *suffix, FILE **out,
                             struct vt_err *err)
{
    char path[2 * MAX_PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/%s%s", folder, name, suffix);
    *out = fopen(path, "wxe");
    return *out != NULL ? VT_OK : vt_err_sys(err, "%s", path);
}

static enum vt_code close_written(FILE *out, const char *folder, struct vt_err *err)
{
    bool is_bad = ferror(out) != 0;
    if (fclose(out) != 0 || is_bad)
        return vt_err_sys(err, "%s", folder);
    return VT_OK;
}

static enum vt_code write_evidence(const struct vt_policy_example *example, const char *folder,
                                   const char *name, struct vt_err *err)
{
    FILE *out = NULL;
    char *text = NULL;
    size_t len = 0;
    enum vt_code code = vt_evidence_to_json(example->evidence, 0, &text, &len, err);
    if (code == VT_OK)
        code = open_new(folder, name, ".json", &out, err);
    if (code == VT_OK) {
        fprintf(out, "%s\n", text);
        code = close_written(out, folder, err);
    }
    free(text);
    return code;
}

static void write_case(FILE *out, const struct vt_policy_example *example, const char *name)
{
    char at[VT_TIME_TEXT_BYTES];
    fputs("  #", out);
    for (size_t i = 0; i < example->facts_count; i++)
        fprintf(out, "%s %s", i > 0 ? ";" : "", example->facts[i]);
    fprintf(out, "\n  - name: %s\n    given: {evidence: %s.json}\n    now: %s\n", name, name,
            vt_time_rfc3339(at, example->now_utc_secs));
    if (example->first_deferred_utc_secs != VT_TIME_NONE)
        fprintf(out, "    first-deferred: %s\n",
                vt_time_rfc3339(at, example->first_deferred_utc_secs));
    fprintf(out, "    expect: {action: %s, rule: \"%s\"}\n", vt_action_name(example->after->action),
            example->after->rule != NULL ? example->after->rule : "none");
}

enum vt_code vt_diff_write_cases(const struct vt_diff_shown *shown, const char *folder,
                                 struct vt_err *err)
{
    FILE *out = NULL;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return vt_err_sys(err, "%s", folder);
    enum vt_code code = open_new(folder, "cases", ".yaml", &out, err);
    if (code != VT_OK)
        return code;
    fprintf(out, "# What %s (version %s) decides otherwise than %s (version %s).\ncases:\n",
            shown->after_file, vt_policy_version(shown->after), shown->before_file,
            vt_policy_version(shown->before));
    for (size_t i = 0; i < shown->examples->count && code == VT_OK; i++) {
        char name[MAX_PATH_BYTES];
        const struct vt_policy_example *example = &shown->examples->items[i];
        case_name(example, i, name);
        write_case(out, example, name);
        code = write_evidence(example, folder, name, err);
    }
    enum vt_code closed = close_written(out, folder, code == VT_OK ? err : NULL);
    return code == VT_OK ? closed : code;
}
