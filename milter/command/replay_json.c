/* SPDX-License-Identifier: Apache-2.0
 * A replay for programs: one object. */
#include <stdlib.h>

#include "command/replay.h"
#include "evidence/record_json.h"

/* A full list of mails with long names. */
#define MAX_JSON_BYTES ((size_t)512 * 1024 * 1024)

static json_t *reason_of(enum vt_reason reason)
{
    return reason < VT_REASON_COUNT ? json_string(vt_reason_info(reason)->code) : json_null();
}

static json_t *counts_of(const struct vt_replay_counts *c)
{
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "mails",
        (json_int_t)c->mails_count, "changed", (json_int_t)c->changed_count, "other_rule",
        (json_int_t)c->other_rule_count, "newly_refused", (json_int_t)c->newly_refused_count,
        "newly_held", (json_int_t)c->newly_held_count, "no_longer_refused",
        (json_int_t)c->no_longer_refused_count, "no_longer_held",
        (json_int_t)c->no_longer_held_count, "repeated", (json_int_t)c->repeated_count, "excepted",
        (json_int_t)c->excepted_count, "secret", (json_int_t)c->secret_count, "destroyed",
        (json_int_t)c->destroyed_count, "not_judged", (json_int_t)c->unjudged_count, "damaged",
        (json_int_t)c->damaged_count);
}

static json_t *moves_of(const struct vt_replay_counts *c)
{
    json_t *moves = json_array();
    for (unsigned then = 0; then < VT_REPLAY_ACTIONS; then++) {
        for (unsigned now = 0; now < VT_REPLAY_ACTIONS; now++) {
            if (c->moves[then][now] != 0)
                (void)json_array_append_new(moves,
                                            json_pack("{s:s, s:s, s:I}", "then",
                                                      vt_action_name((enum vt_action)then), "now",
                                                      vt_action_name((enum vt_action)now), "mails",
                                                      (json_int_t)c->moves[then][now]));
        }
    }
    return moves;
}

static json_t *rows_of(const struct vt_replay *result)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < result->rows_count; i++) {
        const struct vt_replay_row *row = &result->rows[i];
        (void)json_array_append_new(rows, json_pack("{s:{s:s, s:o}, s:{s:s, s:o}, s:I}", "then",
                                                    "action", vt_action_name(row->then_action),
                                                    "rule", vt_json_string(row->then_rule), "now",
                                                    "action", vt_action_name(row->now_action),
                                                    "rule", vt_json_string(row->now_rule), "mails",
                                                    (json_int_t)row->mails_count));
    }
    return rows;
}

static json_t *item_of(const struct vt_replay_item *item)
{
    json_t *then = json_pack(
        "{s:s, s:o, s:i, s:o, s:o}", "action", vt_action_name(item->then_action), "rule",
        vt_json_string(item->then_rule), "line", (int)item->then_line, "reason",
        reason_of(item->then_reason), "policy_version", vt_json_string(item->then_version));
    json_t *now = json_pack("{s:s, s:o, s:i, s:o}", "action", vt_action_name(item->now_action),
                            "rule", vt_json_string(item->now_rule), "line", (int)item->now_line,
                            "reason", reason_of(item->now_reason));
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "reference",
                     vt_json_string(item->reference), "gateway", vt_json_string(item->gateway),
                     "time", vt_json_time(item->time_utc_secs), "sender",
                     vt_json_string(item->sender), "document", vt_json_string(item->document),
                     "then", then, "now", now);
}

static json_t *items_of(const struct vt_replay_shown *shown)
{
    json_t *items = json_array();
    for (size_t i = 0; i < shown->items_count; i++)
        (void)json_array_append_new(items, item_of(&shown->items[i]));
    return items;
}

enum vt_code vt_replay_print_json(const struct vt_replay_shown *shown, FILE *out,
                                  struct vt_err *err)
{
    const struct vt_replay *result = shown->result;
    char *text = NULL;
    size_t len = 0;
    json_t *root = json_pack(
        "{s:i, s:o, s:s, s:s, s:b, s:o, s:o, s:b, s:I, s:o, s:o, s:o, s:I, s:o}", "v", 1, "policy",
        vt_json_string(shown->policy_file), "version", shown->policy_version, "mode",
        vt_mode_name(shown->mode), "as_answered", (int)shown->is_as_answered, "from",
        vt_json_time(shown->from_utc_secs), "until", vt_json_time(shown->until_utc_secs),
        "complete", (int)result->is_complete, "msecs", (json_int_t)shown->taken_msecs, "counts",
        counts_of(&result->counts), "moves", moves_of(&result->counts), "rules", rows_of(result),
        "mails_of_further_rules", (json_int_t)result->further_count, "mails", items_of(shown));
    enum vt_code code = vt_json_text(root, 0, MAX_JSON_BYTES, &text, &len, err);
    if (code == VT_OK && (fwrite(text, 1, len, out) != len || fputc('\n', out) == EOF))
        code = vt_err_sys(err, "standard output");
    free(text);
    return code;
}
