/* SPDX-License-Identifier: Apache-2.0
 * vanthu hold: what its parts share. */
#ifndef VANTHU_COMMAND_HOLD_H
#define VANTHU_COMMAND_HOLD_H

#include "command/command.h"
#include "vanthu/hold.h"

/* ---- hold_mta.c: the queue of the mail server ---- */

/* Where a mail is that the register knows as held. Zero memory: nobody could be asked. */
enum vt_hold_place {
    VT_PLACE_UNKNOWN = 0,
    VT_PLACE_HELD,  /* it waits, held */
    VT_PLACE_QUEUE, /* in the queue, and not held any more */
    VT_PLACE_GONE   /* not in the queue */
};
/* "unknown", "held", "queue", "gone". */
const char *vt_hold_place_name(enum vt_hold_place place);

struct vt_hold_mta {
    const char *postfix_config;  /* --postfix-config: a folder; NULL: the usual one */
    const char *sendmail_config; /* --sendmail-config: a file; NULL: the usual one */
    bool is_sendmail;            /* set by vt_hold_mta_find */
};
/* A mail in it. */
struct vt_hold_queued {
    char queue_id[32]; /* letters and digits; "": none that could be one */
    int64_t held_utc_secs;
    enum vt_hold_place place;
    char folder[300]; /* of Sendmail: where its files are */
};

/* Which mail server this host has. */
void vt_hold_mta_find(struct vt_hold_mta *mta);
/* Take over a queue id if it has the form of one. */
void vt_hold_queued_init(struct vt_hold_queued *out, const char *queue_id, int64_t held_utc_secs);
/* Find out the place of each. VT_E_SYSTEM: the queue cannot be read, all are unknown. */
enum vt_code vt_hold_mta_look(const struct vt_hold_mta *mta, struct vt_hold_queued *items,
                              size_t count, struct vt_err *err) VT_MUST_CHECK;
/* Let one that is held be delivered now: it does not pass the filters again. VT_E_SYSTEM. */
enum vt_code vt_hold_mta_release(const struct vt_hold_mta *mta, const struct vt_hold_queued *item,
                                 struct vt_err *err) VT_MUST_CHECK;
/* Delete one that is held. VT_E_SYSTEM. */
enum vt_code vt_hold_mta_delete(const struct vt_hold_mta *mta, const struct vt_hold_queued *item,
                                struct vt_err *err) VT_MUST_CHECK;

/* ---- hold.c ---- */

struct vt_hold_desk {
    const char *name; /* "vanthu hold list", for messages */
    enum vt_language language;
    bool json;
    const char *config_file, *reason;
    struct vt_hold_mta mta;
    char *const *arguments; /* references, up to NULL */
    char by[VT_PERSON_BYTES];
    struct vt_config *config;
    struct vt_register *reg;
};

/* Each returns the exit status. */
int vt_hold_list(struct vt_hold_desk *desk);
int vt_hold_release(struct vt_hold_desk *desk);
int vt_hold_return(struct vt_hold_desk *desk);

const char *vt_hold_pick(const struct vt_hold_desk *desk, const char *vietnamese,
                         const char *english);
/* A message about a reference, or NULL, on standard error; returns status. */
int vt_hold_say(const struct vt_hold_desk *desk, int status, const char *reference,
                const char *vietnamese, const char *english);

/* The last DECIDED record of a reference. */
struct vt_hold_mail {
    struct vt_arena *arena;
    bool is_found, is_destroyed;
    struct vt_register_record record;
    const struct vt_mail *mail; /* NULL: marked secret, or nothing is known */
    const char *queue_id;       /* "" where it is not known */
};
/* VT_OK also when there is none: is_found. vt_hold_mail_clear either way. */
enum vt_code vt_hold_mail_read(const struct vt_hold_desk *desk, const char *reference,
                               struct vt_hold_mail *out, struct vt_err *err) VT_MUST_CHECK;
void vt_hold_mail_clear(struct vt_hold_mail *mail);

#endif
