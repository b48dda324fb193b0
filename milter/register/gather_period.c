/* SPDX-License-Identifier: Apache-2.0
 * What lists, reminders and digests are written from: not one mail but a period, or all that waits.
 * Nothing of a mail marked secret but that there is one. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "register/gather.h"
#include "register/listed.h"
#include "register/slots.h"
#include "vanthu/hold.h"
#include "vanthu/site.h"

/* Mails of one list; the rest is a number. */
#define MAX_LISTED 500

/* Mails as they are gathered. */
struct mails {
    const struct vt_gather *gather;
    struct vt_notice_mail *items;
    size_t count, more_count;
};

static enum vt_code no_memory(const struct vt_gather *gather)
{
    return vt_err_set(gather->err, VT_E_NOMEM, "register: no memory for a notice");
}

static enum vt_code begin(const struct vt_gather *gather, struct mails *out)
{
    *out = (struct mails){.gather = gather};
    out->items = vt_arena_alloc(gather->arena, MAX_LISTED * sizeof(*out->items));
    return out->items != NULL ? VT_OK : no_memory(gather);
}

/* One that was destroyed or does not fit beside the others is counted. */
static enum vt_code add(struct mails *mails, int64_t seq, const char *state, int64_t state_utc_secs)
{
    enum vt_code code = VT_E_NOMEM;
    struct vt_notice_mail *mail = &mails->items[mails->count];
    if (mails->count < MAX_LISTED && mails->more_count == 0)
        code = vt_gather_mail(mails->gather, seq, mail);
    if (code == VT_OK) {
        mail->state = state;
        mail->state_utc_secs = state_utc_secs;
        mails->count++;
        return VT_OK;
    }
    mails->more_count++;
    return code == VT_E_NOT_FOUND || code == VT_E_NOMEM || code == VT_E_LIMIT || code == VT_E_FORMAT
               ? VT_OK
               : code;
}

static enum vt_code give(const struct mails *mails, struct vt_notice_input *input)
{
    input->mails = mails->items;
    input->mails_count = mails->count;
    input->more_count = mails->more_count;
    return mails->count > 0 || mails->more_count > 0
               ? VT_OK
               : vt_err_set(mails->gather->err, VT_E_NOT_FOUND,
                            "register: there is nothing to be told any more");
}

/* ---- a list ---- */

/* Columns: mail, agency, when it was overruled, when its hold ended and how, outcome, its time. */
#define LIST_COLUMNS                                                                               \
    "SELECT a.seq, a.agency,"                                                                      \
    " (SELECT r.time_utc_secs FROM followup f JOIN record r ON r.seq = f.seq"                      \
    "  WHERE f.decided = a.seq AND f.kind = 3),"                                                   \
    " (SELECT r.time_utc_secs FROM followup f JOIN record r ON r.seq = f.seq"                      \
    "  WHERE f.decided = a.seq AND f.kind = 6),"                                                   \
    " (SELECT f.value FROM followup f WHERE f.decided = a.seq AND f.kind = 6),"                    \
    " m.outcome, m.time_utc_secs"                                                                  \
    " FROM recipient_agency a JOIN mail m ON m.seq = a.seq"

static enum vt_code add_listed(struct mails *mails, struct vt_sql *sql)
{
    const char *ended = vt_sql_text(sql, 4);
    int64_t seq = vt_sql_int(sql, 0);
    if (!vt_sql_is_null(sql, 2))
        return add(mails, seq, "overruled", vt_sql_int(sql, 2));
    if (strcmp(ended, vt_hold_step_name(VT_HOLD_RELEASED)) == 0)
        return add(mails, seq, "released", vt_sql_int(sql, 3));
    if (strcmp(ended, vt_hold_step_name(VT_HOLD_RETURNED)) == 0)
        return add(mails, seq, "returned", vt_sql_int(sql, 3));
    return add(mails, seq, strcmp(vt_sql_text(sql, 5), "hold") == 0 ? "held" : "refused",
               vt_sql_int(sql, 6));
}

/* A mail to several agencies of the same mailbox comes once. */
static enum vt_code add_of_mailbox(struct mails *mails, const struct vt_notice_input *input,
                                   struct vt_sql *sql, int64_t *last_seq)
{
    const struct vt_site_agency *agency = vt_site_agency(input->site, vt_sql_text(sql, 1));
    bool is_theirs = agency != NULL && agency->records_mailbox != NULL &&
                     strcmp(agency->records_mailbox, input->recipient) == 0;
    if (!is_theirs || vt_sql_int(sql, 0) == *last_seq)
        return VT_OK;
    *last_seq = vt_sql_int(sql, 0);
    return add_listed(mails, sql);
}

static enum vt_code gather_list(const struct vt_gather *gather, struct vt_notice_input *input)
{
    struct vt_sql *sql = NULL;
    struct mails mails;
    bool has_row = false;
    int64_t last_seq = 0;
    enum vt_code code = begin(gather, &mails);
    if (code == VT_OK)
        code = vt_sql_get(gather->reg->engine,
                          LIST_COLUMNS " JOIN (" VT_LISTED_SEQS ") l ON l.seq = a.seq"
                                       " ORDER BY a.seq, a.agency",
                          &sql, gather->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, input->from_utc_secs);
    vt_sql_bind_int(sql, 2, input->until_utc_secs);
    code = vt_sql_step(sql, &has_row, gather->err);
    while (code == VT_OK && has_row) {
        code = add_of_mailbox(&mails, input, sql, &last_seq);
        if (code == VT_OK)
            code = vt_sql_step(sql, &has_row, gather->err);
    }
    vt_sql_done(sql);
    return code == VT_OK ? give(&mails, input) : code;
}

/* ---- what waits for the officer ---- */

static enum vt_code add_hold(void *context, const struct vt_hold *hold, struct vt_err *err)
{
    struct mails *mails = context;
    (void)err;
    if (!hold->is_secret || mails->count == MAX_LISTED)
        return add(mails, hold->seq, "held", hold->time_utc_secs);
    const char *reference = vt_arena_str(mails->gather->arena, hold->reference);
    mails->items[mails->count++] = (struct vt_notice_mail){.reference = reference,
                                                           .time_utc_secs = hold->time_utc_secs,
                                                           .state = "held",
                                                           .state_utc_secs = hold->time_utc_secs};
    return reference != NULL ? VT_OK : no_memory(mails->gather);
}

static enum vt_code gather_holds(const struct vt_gather *gather, struct vt_notice_input *input)
{
    struct mails mails;
    int64_t waiting = 0, oldest = VT_TIME_NONE;
    enum vt_code code = begin(gather, &mails);
    if (code == VT_OK)
        code = vt_register_holds(gather->reg, 0, MAX_LISTED, add_hold, &mails, gather->err);
    if (code == VT_OK)
        code = vt_register_holds_count(gather->reg, &waiting, &oldest, gather->err);
    if (code == VT_OK && waiting > (int64_t)(mails.count + mails.more_count))
        mails.more_count = (size_t)waiting - mails.count;
    return code == VT_OK ? give(&mails, input) : code;
}

/* ---- any of them ---- */

enum vt_code vt_gather_period(const struct vt_gather *gather,
                              const struct vt_register_record *record,
                              struct vt_notice_input *input)
{
    struct vt_slot_period period;
    if (input->kind == VT_NOTICE_OFFICER)
        return gather_holds(gather, input);
    if (record->kind != VT_REGISTER_EVENT || !vt_slot_period_read(record->event->text, &period))
        return vt_err_set(gather->err, VT_E_FORMAT, "register: a list without its period");
    input->from_utc_secs = period.from_utc_secs;
    input->until_utc_secs = period.until_utc_secs;
    return input->kind == VT_NOTICE_LIST ? gather_list(gather, input)
                                         : vt_gather_digest(gather, input);
}
