/* SPDX-License-Identifier: Apache-2.0
 * What a notice is written from. */
#include "register/gather.h"

#include <string.h>

#include "register/queued.h"

enum vt_code vt_gather_record(const struct vt_gather *gather, int64_t seq,
                              struct vt_register_record *out)
{
    struct vt_sql *sql = NULL;
    struct vt_register_entry entry;
    bool has_row = false;
    enum vt_code code =
        vt_sql_get(gather->reg->engine,
                   "SELECT " VT_ENTRY_COLUMNS " FROM record r WHERE r.seq = ?1", &sql, gather->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, seq);
    code = vt_sql_step(sql, &has_row, gather->err);
    if (code == VT_OK && (!has_row || !vt_entry_read(sql, &entry)))
        code = vt_err_set(gather->err, VT_E_NOT_FOUND, "register: record %lld is not there",
                          (long long)seq);
    if (code == VT_OK)
        code = vt_register_read(gather->arena, &entry, out, gather->err);
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_gather_mail(const struct vt_gather *gather, int64_t seq, struct vt_notice_mail *out)
{
    struct vt_register_record record;
    enum vt_code code = vt_gather_record(gather, seq, &record);
    if (code == VT_OK && (record.kind != VT_REGISTER_DECIDED || record.decided->is_secret))
        code = vt_err_set(gather->err, VT_E_NOT_FOUND, "register: of record %lld nothing is told",
                          (long long)seq);
    if (code == VT_OK)
        *out = (struct vt_notice_mail){.reference = record.reference,
                                       .time_utc_secs = record.time_utc_secs,
                                       .evidence = record.decided->evidence,
                                       .decision = record.decided->decision,
                                       .answer = &record.decided->answer,
                                       .state_utc_secs = VT_TIME_NONE};
    return code;
}

/* ---- of a circular ---- */

/* Every transaction that was answered as decided. One that was destroyed meanwhile, or is too large
 * beside the others, is left out: the notice tells of the rest. */
static enum vt_code gather_circular(const struct vt_gather *gather, struct vt_notice_input *input)
{
    int64_t seqs[VT_MAX_GATHERED];
    size_t count = 0, kept = 0;
    enum vt_code code =
        vt_queued_records(gather->reg, gather->owed, seqs, VT_MAX_GATHERED, &count, gather->err);
    size_t named = count < VT_MAX_GATHERED ? count : VT_MAX_GATHERED;
    struct vt_notice_mail *mails = vt_arena_alloc(gather->arena, (named + 1) * sizeof(*mails));
    if (mails == NULL)
        return vt_err_set(gather->err, VT_E_NOMEM, "register: no memory for a notice");
    for (size_t i = 0; i < named && code == VT_OK; i++) {
        code = vt_gather_mail(gather, seqs[i], &mails[kept]);
        kept += code == VT_OK;
        if (code == VT_E_NOT_FOUND || (code == VT_E_NOMEM && kept > 0))
            code = VT_OK;
    }
    if (code == VT_OK && kept == 0)
        code = vt_err_set(gather->err, VT_E_NOT_FOUND, "register: what is to be told is gone");
    input->mails = mails;
    input->mails_count = kept;
    input->more_count = count - kept;
    return code;
}

/* ---- of what followed one mail ---- */

/* The text of a re-check begins with the code of a reason. */
static enum vt_reason reason_of(const char *text)
{
    char word[32] = "";
    enum vt_reason reason;
    size_t len = text != NULL ? strcspn(text, " :,") : 0;
    if (len == 0 || len >= sizeof(word))
        return VT_REASON_COUNT;
    memcpy(word, text, len);
    return vt_reason_by_code(word, &reason) == VT_OK ? reason : VT_REASON_COUNT;
}

/* When the sender was told what no longer holds: the notice, else the answer. */
static enum vt_code find_earlier(const struct vt_gather *gather, int64_t decided_seq,
                                 int64_t *out_utc_secs)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_sql_get(gather->reg->engine,
                                   "SELECT min(done_utc_secs) FROM notice WHERE seq = ?1"
                                   " AND state = 'sent'",
                                   &sql, gather->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, decided_seq);
    code = vt_sql_step(sql, &has_row, gather->err);
    if (code == VT_OK && has_row && !vt_sql_is_null(sql, 0))
        *out_utc_secs = vt_sql_int(sql, 0);
    vt_sql_done(sql);
    return code;
}

static void take_words(const struct vt_register_record *record, struct vt_notice_input *input)
{
    switch (record->kind) {
    case VT_REGISTER_OVERRULED:
        input->text = record->overruled->reason_text;
        input->by = record->overruled->by;
        break;
    case VT_REGISTER_REFUSED:
        input->text = record->refused->text;
        input->by = record->refused->by;
        input->reason = record->refused->reason;
        break;
    case VT_REGISTER_EVENT:
        input->text = record->event->text;
        input->by = record->event->by;
        input->reason = reason_of(record->event->text);
        break;
    default:
        break;
    }
}

static enum vt_code gather_follower(const struct vt_gather *gather,
                                    const struct vt_register_record *record,
                                    struct vt_notice_input *input)
{
    int64_t decided_seq = 0;
    bool is_secret = false;
    struct vt_notice_mail *mail = vt_arena_alloc(gather->arena, sizeof(*mail));
    if (mail == NULL)
        return vt_err_set(gather->err, VT_E_NOMEM, "register: no memory for a notice");
    enum vt_code code = vt_register_decided_of(gather->reg, record->reference, record->seq,
                                               &decided_seq, &is_secret, gather->err);
    if (code == VT_OK)
        code = vt_gather_mail(gather, decided_seq, mail);
    take_words(record, input);
    input->mails = mail;
    input->mails_count = 1;
    if (code == VT_OK && record->kind == VT_REGISTER_OVERRULED) {
        input->earlier = mail->reference;
        input->earlier_utc_secs = mail->time_utc_secs;
        code = find_earlier(gather, decided_seq, &input->earlier_utc_secs);
    }
    return code;
}

/* The row is what its record says: whom we write to follows from what was decided, not from a table
 * that somebody may have changed. */
static enum vt_code check_row(const struct vt_gather *gather,
                              const struct vt_register_record *record)
{
    const struct vt_queued *owed = gather->owed;
    int64_t index = owed->id - owed->seq * VT_QUEUED_IDS_PER_RECORD;
    bool is_there = index >= 0 && index < (int64_t)record->notices_count;
    const struct vt_register_notice *notice = is_there ? &record->notices[index] : NULL;
    return is_there && strcmp(notice->kind, owed->kind) == 0 &&
                   strcmp(notice->recipient, owed->recipient) == 0
               ? VT_OK
               : vt_err_set(gather->err, VT_E_FORMAT,
                            "register: notice %lld is not what record %lld owes",
                            (long long)owed->id, (long long)owed->seq);
}

enum vt_code vt_gather(const struct vt_gather *gather, struct vt_notice_input *input)
{
    struct vt_register_record record;
    input->reason = VT_REASON_COUNT;
    input->earlier_utc_secs = input->from_utc_secs = input->until_utc_secs = VT_TIME_NONE;
    enum vt_code code = vt_gather_record(gather, gather->owed->seq, &record);
    if (code == VT_OK)
        code = check_row(gather, &record);
    if (code != VT_OK)
        return code;
    if (record.kind == VT_REGISTER_DECIDED)
        return gather_circular(gather, input);
    if (record.reference[0] != '\0')
        return gather_follower(gather, &record, input);
    if (input->kind == VT_NOTICE_LIST || input->kind == VT_NOTICE_OFFICER ||
        input->kind == VT_NOTICE_DIGEST)
        return vt_gather_period(gather, &record, input);
    return vt_err_set(gather->err, VT_E_UNSUPPORTED,
                      "register: a notice of kind \"%.32s\" with a record of no mail",
                      gather->owed->kind);
}
