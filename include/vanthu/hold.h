/* SPDX-License-Identifier: Apache-2.0
 * hold: mails that the MTA holds until a person has decided (users.md 1). The register says which
 * these are: those decided to be held that no later record lets go. The MTA's queue is its own. */
#ifndef VANTHU_HOLD_H
#define VANTHU_HOLD_H

#include "vanthu/register.h"

/* What follows a held mail: events with its reference. A person's decision is recorded before it is
 * carried out, so that a crash between leaves what is to be finished. */
#define VT_EVENT_HOLD_RELEASING "hold-releasing"
#define VT_EVENT_HOLD_RELEASED "hold-released"
#define VT_EVENT_HOLD_RETURNING "hold-returning"
#define VT_EVENT_HOLD_RETURNED "hold-returned"
/* It left the MTA's queue by another hand. */
#define VT_EVENT_HOLD_GONE "hold-gone"
/* The officer was reminded, the administrator alarmed; the text begins with the age in seconds that
 * this was due at. */
#define VT_EVENT_HOLD_REMINDED "hold-reminded"
#define VT_EVENT_HOLD_ALARMED "hold-alarmed"

/* Where a held mail stands; the last three are final. */
enum vt_hold_step {
    VT_HOLD_WAITING = 0,
    VT_HOLD_RELEASING,
    VT_HOLD_RETURNING,
    VT_HOLD_RELEASED,
    VT_HOLD_RETURNED,
    VT_HOLD_GONE,
    VT_HOLD_STEPS
};
/* "waiting", "releasing", "returning", "released", "returned", "gone". */
const char *vt_hold_step_name(enum vt_hold_step step);
/* The step that an event leads to; VT_HOLD_WAITING: none. what: may be NULL. */
enum vt_hold_step vt_hold_step_of_event(const char *what);
bool vt_hold_is_over(enum vt_hold_step step);

/* A held mail. */
struct vt_hold {
    int64_t seq; /* of its DECIDED record */
    char reference[VT_REFERENCE_BYTES];
    int64_t time_utc_secs;
    bool is_secret;
};
/* Held mails that are not over, oldest first: those after a seq, at most limit. By an index,
 * without bodies. each: VT_OK goes on, anything else ends it and is returned. VT_E_SYSTEM,
 * VT_E_NOMEM. */
enum vt_code vt_register_holds(struct vt_register *reg, int64_t after_seq, size_t limit,
                               enum vt_code (*each)(void *context, const struct vt_hold *hold,
                                                    struct vt_err *err),
                               void *context, struct vt_err *err) VT_MUST_CHECK;
/* How many there are, and since when the oldest waits (VT_TIME_NONE: there are none). */
enum vt_code vt_register_holds_count(struct vt_register *reg, int64_t *out_count,
                                     int64_t *out_oldest_utc_secs,
                                     struct vt_err *err) VT_MUST_CHECK;

/* What the events of one mail say. */
struct vt_hold_state {
    enum vt_hold_step step;
    int64_t step_utc_secs; /* VT_TIME_NONE while waiting */
    char by[64];
    int64_t told_secs; /* the latest age that the officer was reminded or the alarm raised at */
};
/* reference: of a mail of this register. VT_E_FORMAT: none; VT_E_SYSTEM, VT_E_NOMEM. */
enum vt_code vt_register_hold_state(struct vt_register *reg, const char *reference,
                                    struct vt_hold_state *out, struct vt_err *err) VT_MUST_CHECK;

#endif
