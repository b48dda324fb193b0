/* SPDX-License-Identifier: Apache-2.0
 * Replay: record by record, newest first, each in an arena of its own, so that memory is bounded
 * whatever the period. */
#include "register/replay.h"

#include <string.h>

#define PAGE 1000
/* One record with what two evaluations make of it. */
#define MAX_MAIL_ARENA_BYTES (256u * 1024 * 1024)

struct replay {
    struct vt_register *reg;
    const struct vt_replay_request *request;
    struct vt_replay_tally *tally;
    struct vt_replay *out;
    struct vt_buf body;
};

static enum vt_code no_memory(struct vt_err *err)
{
    return vt_err_set(err, VT_E_NOMEM, "no memory to replay mails");
}

static enum vt_code tell(struct replay *replay, const struct vt_replay_mail *mail, bool is_repeated,
                         struct vt_err *err)
{
    const struct vt_register_decided *decided = mail->record->decided;
    const struct vt_replay_change change = {.seq = mail->record->seq,
                                            .gateway = mail->gateway,
                                            .reference = mail->record->reference,
                                            .time_utc_secs = mail->record->time_utc_secs,
                                            .evidence = decided->evidence,
                                            .then = mail->then,
                                            .now = mail->now,
                                            .then_action = mail->then_action,
                                            .now_action = mail->now_action,
                                            .is_repeated = is_repeated};
    return replay->request->each(replay->request->context, &change, err);
}

static enum vt_code judge(struct replay *replay, struct vt_arena *arena,
                          const struct vt_register_record *record, const char *gateway,
                          struct vt_err *err)
{
    struct vt_replay_mail mail = {
        .reg = replay->reg, .gateway = gateway, .arena = arena, .record = record};
    bool is_repeated = false;
    enum vt_code code = vt_replay_judge(replay->request, &mail, err);
    if (code != VT_OK)
        return code;
    if (vt_replay_tally_add(replay->tally, &mail, &replay->out->counts, &is_repeated) != VT_OK)
        return no_memory(err);
    if (replay->request->each == NULL || !vt_replay_is_other(&mail))
        return VT_OK;
    return tell(replay, &mail, is_repeated, err);
}

static enum vt_code take_body(struct replay *replay, const struct vt_register_entry *entry,
                              struct vt_err *err)
{
    struct vt_replay_counts *counts = &replay->out->counts;
    struct vt_register_record record;
    struct vt_register_entry lean = *entry;
    enum vt_code code = vt_replay_lean(entry->body, !replay->request->is_as_it_was, &replay->body);
    struct vt_arena *arena = vt_arena_new(MAX_MAIL_ARENA_BYTES);
    lean.body = vt_buf_bytes(&replay->body);
    if (arena == NULL)
        return no_memory(err);
    if (code == VT_OK)
        code = vt_register_read(arena, &lean, &record, err);
    if (code == VT_E_FORMAT || code == VT_E_LIMIT) {
        counts->damaged_count++;
        code = VT_OK;
    } else if (code == VT_OK && record.decided->is_secret) {
        counts->secret_count++;
    } else if (code == VT_OK &&
               (record.decided->evidence == NULL || record.decided->decision == NULL)) {
        counts->unjudged_count++;
    } else if (code == VT_OK) {
        code = judge(replay, arena, &record, entry->gateway, err);
    }
    vt_arena_free(arena);
    return code;
}

/* VT_E_BUSY: whoever asked has had enough. */
static enum vt_code take_entry(void *context, const struct vt_register_entry *entry,
                               struct vt_err *err)
{
    struct replay *replay = context;
    const struct vt_replay_request *request = replay->request;
    struct vt_replay_counts *counts = &replay->out->counts;
    enum vt_code code = VT_OK;
    if (entry->is_destroyed || entry->body.len == 0)
        counts->destroyed_count++;
    else
        code = take_body(replay, entry, err);
    if (code == VT_OK && request->goes_on != NULL &&
        !request->goes_on(request->context, counts, entry->time_utc_secs)) {
        replay->out->is_complete = false;
        code = VT_E_BUSY;
    }
    return code;
}

static enum vt_code replay_all(struct replay *replay, struct vt_err *err)
{
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED);
    query.from_utc_secs = replay->request->from_utc_secs;
    query.until_utc_secs = replay->request->until_utc_secs;
    query.limit = PAGE;
    enum vt_code code = VT_OK;
    do {
        code = vt_register_find(replay->reg, &query, take_entry, replay, &query.before_seq, err);
    } while (code == VT_OK && query.before_seq > 0);
    return code;
}

enum vt_code vt_replay(struct vt_register *reg, struct vt_arena *arena,
                       const struct vt_replay_request *request, struct vt_replay *out,
                       struct vt_err *err)
{
    *out = (struct vt_replay){
        .is_complete = true,
        .counts = {.first_utc_secs = VT_TIME_NONE, .last_utc_secs = VT_TIME_NONE}};
    struct replay replay = {
        .reg = reg, .request = request, .tally = vt_replay_tally_new(arena), .out = out};
    if (replay.tally == NULL)
        return no_memory(err);
    vt_buf_init(&replay.body, VT_MAX_REGISTER_BODY_BYTES);
    enum vt_code code = replay_all(&replay, err);
    vt_replay_tally_end(replay.tally, out);
    vt_replay_tally_free(replay.tally);
    vt_buf_clear(&replay.body);
    return out->is_complete ? code : VT_OK;
}
