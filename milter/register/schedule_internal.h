/* SPDX-License-Identifier: Apache-2.0
 * What the parts of the schedule share. */
#ifndef VANTHU_REGISTER_SCHEDULE_INTERNAL_H
#define VANTHU_REGISTER_SCHEDULE_INTERNAL_H

#include "register/internal.h"
#include "register/schedule.h"
#include "register/slots.h"

/* Lists that are owed by one call, and held mails that are looked at. */
#define VT_SCHEDULE_LISTS 50
#define VT_SCHEDULE_HOLDS 200
#define VT_SCHEDULE_AGENCY_BYTES 200
/* A notice of the schedule is owed once, however late it is found out. */
#define VT_SCHEDULE_ONCE_SECS VT_MAX_NOTICE_ONCE_SECS

/* A held mail, and the age that its officer or the administrator was last told of it at. */
struct vt_schedule_told {
    int64_t seq, told_secs;
};

struct vt_schedule {
    const struct vt_config *config;
    struct vt_metrics *metrics;
    bool is_loaded;
    /* Up to here lists and digests are owed. */
    int64_t lists_until_utc_secs, digest_until_utc_secs;
    /* Of the lists of a time that is under way: the last agency that was looked at; "": none. */
    char agency[VT_SCHEDULE_AGENCY_BYTES];
    int64_t slot_utc_secs; /* VT_TIME_NONE: none is under way */
    /* By seq: of the held mails of the last pass, and of this one so far. */
    struct vt_schedule_told *told, *next_told;
    size_t told_count, next_count;
    int64_t after_seq;     /* where this pass goes on; 0: none is under way */
    int64_t pass_utc_secs; /* when the last one ended */
};

/* What one call works with. */
struct vt_schedule_turn {
    struct vt_schedule *schedule;
    struct vt_register *reg;
    const struct vt_policy *policy;
    int64_t now_utc_secs;
    bool has_more;
    struct vt_err *err;
};

/* Somebody may be told anything. */
bool vt_schedule_may_tell(const struct vt_schedule *schedule);
/* An EVENT record. */
struct vt_register_record vt_schedule_record(const struct vt_schedule_turn *turn,
                                             const struct vt_register_event *event,
                                             const char *reference,
                                             struct vt_register_notice *notice);
/* A notice; recipient is borrowed. parts: of its key, behind its kind, its recipient and this
 * host, at most 4. */
struct vt_register_notice vt_schedule_notice(const struct vt_schedule_turn *turn, const char *kind,
                                             const char *recipient, const char *const *parts,
                                             size_t count);

/* schedule_lists.c: lists of a time that has come, and the digest. */
enum vt_code vt_schedule_lists(struct vt_schedule_turn *turn) VT_MUST_CHECK;
enum vt_code vt_schedule_digest(struct vt_schedule_turn *turn) VT_MUST_CHECK;
/* schedule_holds.c: some of the held mails. */
enum vt_code vt_schedule_holds(struct vt_schedule_turn *turn) VT_MUST_CHECK;

#endif
