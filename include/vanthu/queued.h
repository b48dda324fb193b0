/* SPDX-License-Identifier: Apache-2.0
 * queued: the queue of notices. A row is put there by the same commit as the record that owes the
 * notice; it waits until no more of its circular came and the mail was answered as decided, is
 * written, handed to post, and ends in one of the last states, which a NOTICE record says. It is no
 * truth of its own: whom a notice goes to and why stands in the record. */
#ifndef VANTHU_QUEUED_H
#define VANTHU_QUEUED_H

#include "vanthu/register.h"

/* The words stand in the register: vt_queued_state_name. */
enum vt_queued_state {
    VT_QUEUED_WAITING = 0, /* "waiting": for more of its circular, or for the answer */
    VT_QUEUED_READY,       /* "ready": written; to be sent at its time */
    VT_QUEUED_SENDING,     /* "sending": post has it */
    VT_QUEUED_SENT,        /* "sent": the relay took it over */
    VT_QUEUED_FAILED,      /* "failed": the relay will never take it, or it cannot be written */
    VT_QUEUED_EXPIRED,     /* "expired": tried for too long */
    VT_QUEUED_DROPPED,     /* "dropped": an administrator said so */
    VT_QUEUED_LIMITED,     /* "limited": more than a sender, a domain or all get within an hour */
    VT_QUEUED_JOINED,      /* "joined": another row tells of it, here or at another gateway */
    VT_QUEUED_UNANSWERED,  /* "unanswered": the mail got another answer, so nothing is owed */
    VT_QUEUED_STATES
};
#define VT_QUEUED_STATE_BIT(state) (1u << (state))
#define VT_QUEUED_OPEN                                                                             \
    (VT_QUEUED_STATE_BIT(VT_QUEUED_WAITING) | VT_QUEUED_STATE_BIT(VT_QUEUED_READY) |               \
     VT_QUEUED_STATE_BIT(VT_QUEUED_SENDING))
const char *vt_queued_state_name(enum vt_queued_state state);
/* VT_OK or VT_E_NOT_FOUND. */
enum vt_code vt_queued_state_by_name(const char *name, enum vt_queued_state *out) VT_MUST_CHECK;

/* One row. Texts are as they are kept: without control characters, but from mail. */
struct vt_queued {
    int64_t id;  /* the same for ever: 100 times the record, and its place there */
    int64_t seq; /* of the record that owes it */
    enum vt_queued_state state;
    const char *kind, *recipient;
    const char *reference; /* of the mail; "": none */
    int64_t joined_id;     /* with JOINED: the row that tells of it; 0: of another gateway */
    int64_t created_utc_secs;
    int64_t next_utc_secs; /* when something is to be done next; while it is sent, when its lease
                              ends */
    int64_t last_utc_secs, done_utc_secs; /* last attempt, end; VT_TIME_NONE */
    int64_t quiet_secs, once_secs;
    unsigned attempts_count;
    const char *code, *text; /* of the last answer, or why; NULL: none */
    const char *message_id;  /* NULL: not written */
    bool has_message;        /* its bytes are there */
    uint8_t matter[VT_REGISTER_DIGEST_BYTES];
};
typedef enum vt_code vt_queued_each(void *context, const struct vt_queued *owed,
                                    struct vt_err *err);

/* All that are set must hold. */
struct vt_queued_query {
    unsigned states;       /* VT_QUEUED_STATE_BIT…; 0: all */
    const char *reference; /* NULL: any */
    int64_t id;            /* 0: any */
    size_t limit;          /* 0: all */
};
/* Rows that fit, newest first; everything lives until the callback returns. */
enum vt_code vt_queued_list(struct vt_register *reg, const struct vt_queued_query *query,
                            vt_queued_each *each, void *context, struct vt_err *err) VT_MUST_CHECK;
/* The message of a row, in arena. VT_E_NOT_FOUND: there is no such row, or it has none (any more).
 */
enum vt_code vt_queued_message(struct vt_register *reg, struct vt_arena *arena, int64_t id,
                               struct vt_bytes *out, struct vt_err *err) VT_MUST_CHECK;

struct vt_queued_counts {
    int64_t of[VT_QUEUED_STATES]; /* of those in VT_QUEUED_OPEN */
    int64_t oldest_utc_secs;      /* VT_TIME_NONE: there is none */
    int64_t deferred_count;       /* tried at least once */
};
/* Those that are not at their end. */
enum vt_code vt_queued_count(struct vt_register *reg, struct vt_queued_counts *out,
                             struct vt_err *err) VT_MUST_CHECK;

/* What an administrator asks the registrar to do. */
enum vt_queued_order {
    VT_QUEUED_RETRY = 0, /* try now what waits for its next attempt, and once more what was failed,
                          expired, dropped or limited and still has its message or can be written */
    VT_QUEUED_DROP,      /* never send it */
    VT_QUEUED_ORDERS
};
/* id 0, with RETRY only: all that wait for their next attempt. by, why: who and why, for DROP.
 * *out_count: rows that were changed. VT_E_NOT_FOUND: there is no such row; VT_E_CONFIG: it is sent
 * already, or being sent now. */
enum vt_code vt_queued_order(struct vt_register *reg, enum vt_queued_order order, int64_t id,
                             const char *by, const char *why, int64_t now_utc_secs,
                             int64_t *out_count, struct vt_err *err) VT_MUST_CHECK;

#endif
