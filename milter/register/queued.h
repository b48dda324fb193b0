/* SPDX-License-Identifier: Apache-2.0
 * The queue of notices from inside: what the registrar does with it. Each function is one
 * transaction, unless it says otherwise. */
#ifndef VANTHU_REGISTER_QUEUED_H
#define VANTHU_REGISTER_QUEUED_H

#include "register/internal.h"
#include "vanthu/queued.h"
#include "vanthu/registrar.h"

/* A row that post gave back is not handed out again at once. */
#define VT_QUEUED_GIVEN_BACK_SECS 5
/* How long an answer, or what another gateway does, is waited for: so many times the quiet time,
 * and at least so long. */
#define VT_QUEUED_WAIT_FACTOR 10
#define VT_QUEUED_WAIT_SECS 60
/* Nothing is planned further ahead: a time beyond it was set by a clock that was wrong, and is now.
 */
#define VT_QUEUED_FAR_SECS (INT64_C(25) * 60 * 60)
/* The bytes of what was sent or given up are kept so long, its row so long. */
#define VT_QUEUED_MESSAGE_DAYS 30
#define VT_QUEUED_ROW_DAYS 400

/* Inside the transaction of an append, after the record is stored: a row for each notice. */
enum vt_code vt_queued_add(struct vt_register *reg, const struct vt_register_record *record,
                           struct vt_err *err) VT_MUST_CHECK;
/* Inside a transaction: what a destroyed record owed goes with it. */
enum vt_code vt_queued_forget_record(struct vt_register *reg, int64_t seq,
                                     struct vt_err *err) VT_MUST_CHECK;
/* Forget messages and rows that are old. */
enum vt_code vt_queued_forget_old(struct vt_register *reg, int64_t now_utc_secs,
                                  struct vt_err *err) VT_MUST_CHECK;

/* Whether the rows of a record, as far as there are any, say what the record says. */
enum vt_code vt_queued_fits(struct vt_register *reg, struct vt_arena *arena,
                            const struct vt_register_record *record, bool *out_fits,
                            struct vt_err *err) VT_MUST_CHECK;

/* ---- rows ---- */
#define VT_QUEUED_IDS_PER_RECORD 100

#define VT_QUEUED_COLUMNS                                                                          \
    "id, seq, state, kind, recipient, reference, joined, created_utc_secs, next_utc_secs,"         \
    " last_utc_secs, done_utc_secs, quiet_secs, once_secs, attempts, code, text, message_id,"      \
    " CASE WHEN message IS NULL THEN 0 ELSE 1 END, matter"
/* The row that a statement of these columns stands on; views are valid until its next step. */
enum vt_code vt_queued_read(struct vt_sql *sql, struct vt_queued *out,
                            struct vt_err *err) VT_MUST_CHECK;
/* A row with texts in arena. VT_E_NOT_FOUND. No transaction of its own. */
enum vt_code vt_queued_get(struct vt_register *reg, struct vt_arena *arena, int64_t id,
                           struct vt_queued *out, struct vt_err *err) VT_MUST_CHECK;
/* The first row that waits and whose time has come; by a clock that was put back far, too. A row
 * that somebody damaged is left out, here and below: it must not stop the others.
 * VT_E_NOT_FOUND: none. */
enum vt_code vt_queued_due(struct vt_register *reg, struct vt_arena *arena, int64_t now_utc_secs,
                           struct vt_queued *out, struct vt_err *err) VT_MUST_CHECK;
/* The same of those that were tried for too long and are not being sent now: what was tried when it
 * was that old already. Else a clock that jumps ahead would end all that waits. What was not tried
 * at all, because nobody asked for it, ends at twice that age by a clock that is_clock_sure. */
enum vt_code vt_queued_expired(struct vt_register *reg, struct vt_arena *arena,
                               int64_t longest_secs, bool is_clock_sure, int64_t now_utc_secs,
                               struct vt_queued *out, struct vt_err *err) VT_MUST_CHECK;
/* When the next row is to be written or handed out; VT_TIME_NONE: there is none. */
enum vt_code vt_queued_next_time(struct vt_register *reg, int64_t *out_utc_secs,
                                 struct vt_err *err) VT_MUST_CHECK;

/* ---- what is to be done with a row that is due ---- */

struct vt_queued_limits {
    int64_t sender, domain, all; /* within an hour; 0: no limit */
};
enum vt_queued_verdict {
    VT_QUEUED_WAIT = 0,      /* until *out_next_utc_secs */
    VT_QUEUED_WRITE,         /* it is to be written now */
    VT_QUEUED_IS_ELSEWHERE,  /* another gateway tells of it */
    VT_QUEUED_IS_UNANSWERED, /* no mail of it was answered as decided */
    VT_QUEUED_IS_OVERRULED,  /* what it would say was taken back meanwhile */
    VT_QUEUED_IS_LIMITED
};
/* limits NULL: of no kind. */
enum vt_code vt_queued_judge(struct vt_register *reg, const struct vt_queued *owed,
                             const struct vt_queued_limits *limits, int64_t now_utc_secs,
                             enum vt_queued_verdict *out, int64_t *out_next_utc_secs,
                             struct vt_err *err) VT_MUST_CHECK;
/* Whether all mails that a notice tells of were overruled since. Who gets a correction is not told
 * afterwards that the mail is refused. */
enum vt_code vt_queued_is_overruled(struct vt_register *reg, int64_t id, bool *out,
                                    struct vt_err *err) VT_MUST_CHECK;
/* Records that one notice tells of, oldest first: of mails those that were not answered otherwise
 * than decided. *out_count: as many as there are, of which at most max are in out_seqs. */
enum vt_code vt_queued_records(struct vt_register *reg, const struct vt_queued *owed,
                               int64_t *out_seqs, size_t max, size_t *out_count,
                               struct vt_err *err) VT_MUST_CHECK;

/* ---- changes ---- */

enum vt_code vt_queued_postpone(struct vt_register *reg, int64_t id, int64_t next_utc_secs,
                                struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_queued_join_elsewhere(struct vt_register *reg, int64_t id, int64_t now_utc_secs,
                                      struct vt_err *err) VT_MUST_CHECK;
/* It is written: to be sent at once. */
enum vt_code vt_queued_written(struct vt_register *reg, int64_t id, const char *message_id,
                               struct vt_bytes message, int64_t now_utc_secs,
                               struct vt_err *err) VT_MUST_CHECK;
/* Take the next one that is to be sent, for VT_NOTICE_LEASE_SECS; its message in arena.
 * VT_E_NOT_FOUND: none. */
enum vt_code vt_queued_lease(struct vt_register *reg, struct vt_arena *arena, int64_t now_utc_secs,
                             struct vt_queued *out, struct vt_bytes *out_message,
                             struct vt_err *err) VT_MUST_CHECK;
/* It was not tried. Nothing happens when it is not being sent. */
enum vt_code vt_queued_give_back(struct vt_register *reg, int64_t id, int64_t now_utc_secs,
                                 struct vt_err *err) VT_MUST_CHECK;
/* It was tried and is tried again at a time. The same. */
enum vt_code vt_queued_deferred(struct vt_register *reg, int64_t id, const char *code,
                                const char *text, int64_t next_utc_secs, int64_t now_utc_secs,
                                struct vt_err *err) VT_MUST_CHECK;

/* How a row ends. */
struct vt_queued_end {
    enum vt_queued_state state;   /* SENT, FAILED, EXPIRED, DROPPED, LIMITED, UNANSWERED */
    const char *code, *text, *by; /* NULL: none */
    bool was_tried;               /* one more attempt */
};
/* End it, with the NOTICE record that says so, in one commit. *out_done: false when it had ended
 * before, or is not there. */
enum vt_code vt_queued_finish(struct vt_register *reg, int64_t id, const struct vt_queued_end *end,
                              int64_t now_utc_secs, bool *out_done,
                              struct vt_err *err) VT_MUST_CHECK;

#endif
