/* SPDX-License-Identifier: Apache-2.0
 * An explanation as one line of JSON. */
#include <jansson.h>
#include <stdlib.h>

#include "command/explain.h"

static json_t *time_json(int64_t utc_secs)
{
    char text[VT_TIME_TEXT_BYTES];
    return utc_secs == VT_TIME_NONE ? json_null() : json_string(vt_time_rfc3339(text, utc_secs));
}

static json_t *decision_json(const struct vt_decision *decision)
{
    char *text = NULL;
    size_t len = 0;
    struct vt_err err;
    if (decision == NULL)
        return json_null();
    if (vt_decision_to_json(decision, &text, &len, &err) != VT_OK)
        return NULL;
    json_t *object = json_loadb(text, len, 0, NULL);
    free(text);
    return object;
}

static json_t *evidence_json(const struct vt_evidence *evidence)
{
    char *text = NULL;
    size_t len = 0;
    struct vt_err err;
    if (vt_evidence_to_json(evidence, 0, &text, &len, &err) != VT_OK)
        return NULL;
    json_t *object = json_loadb(text, len, 0, NULL);
    free(text);
    return object;
}

static json_t *policy_json(const struct vt_explained *x)
{
    return json_pack("{s:s?, s:s, s:b, s:o, s:s?}", "file", x->policy_file, "version",
                     vt_policy_version(x->policy), "as_then", (int)x->is_as_then, "loaded",
                     time_json(x->loaded.loaded_utc_secs), "by",
                     x->loaded.loaded_utc_secs != VT_TIME_NONE ? x->loaded.by : NULL);
}

static json_t *changes_json(const struct vt_explained *x)
{
    json_t *array = json_array();
    for (size_t i = 0; i < x->changes_count; i++) {
        const struct vt_difference *item = &x->changes[i];
        (void)json_array_append_new(array, json_pack("{s:s, s:s?, s:s?, s:s?, s:i}", "kind",
                                                     vt_difference_kind_name(item->kind), "key",
                                                     item->key, "before", item->before, "after",
                                                     item->after, "line", (int)item->line_after));
    }
    return array;
}

static json_t *alike_json(const struct vt_explained *x)
{
    if (x->then == NULL)
        return json_null();
    return json_pack("{s:i, s:I, s:I, s:b}", "days", VT_EXPLAIN_DAYS, "mails",
                     (json_int_t)x->alike_count, "senders", (json_int_t)x->alike_senders_count,
                     "is_more", (int)x->is_alike_more);
}

/* What was done about it since. */
static json_t *overruled_json(const struct vt_explained *x)
{
    if (x->overruled == NULL)
        return json_null();
    return json_pack("{s:s?, s:s?, s:o}", "by", x->overruled->by, "why", x->overruled->reason_text,
                     "time", time_json(x->overruled_utc_secs));
}

static json_t *notices_json(const struct vt_explained *x)
{
    json_t *array = json_array();
    for (size_t i = 0; i < x->notices_count; i++) {
        if (json_array_append_new(array, json_pack("{s:s, s:s}", "kind", x->notices[i].kind, "to",
                                                   x->notices[i].recipient)) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *all_json(const struct vt_explained *x)
{
    const char *reference = x->file == NULL ? x->reference : NULL;
    if (x->is_secret)
        return json_pack("{s:s?, s:n, s:b}", "reference", reference, "file", "secret", 1);
    return json_pack("{s:s?, s:s?, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:o}",
                     "reference", reference, "file", x->file, "secret", 0, "time",
                     time_json(x->time_utc_secs), "policy", policy_json(x), "decision",
                     decision_json(x->decision), "then",
                     decision_json(x->then != NULL ? x->then->decision : NULL), "overruled",
                     overruled_json(x), "rule_changes", changes_json(x), "alike", alike_json(x),
                     "evidence", evidence_json(x->evidence), "notices", notices_json(x),
                     "no_notice", x->no_notice, "seal_documents", vt_explain_sealed_json(x));
}

enum vt_code vt_explain_print_json(const struct vt_explained *explained, struct vt_err *err)
{
    json_t *object = all_json(explained);
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    json_decref(object);
    if (text == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the explanation");
    puts(text);
    free(text);
    return VT_OK;
}
