/* SPDX-License-Identifier: Apache-2.0
 * The refusal brake: a rule that was changed lately and suddenly refuses much only tags for a
 * while, and somebody is alarmed. Never for a refusal on proof (CONTENT_CHANGED, BAD_SIGNATURE,
 * CERT_REVOKED, PATH_SELF_MADE), so that nobody can trip it to slip a forgery through, and never
 * for what is marked secret. */
#ifndef VANTHU_BRAKE_H
#define VANTHU_BRAKE_H

#include "vanthu/config.h"

#define VT_BRAKE_RULES 64
#define VT_BRAKE_SLICES 16
#define VT_BRAKE_AGENCIES 16
#define VT_BRAKE_NAME_BYTES 128

/* What is known of one rule; plain data, as it stands in the file. Zero memory is a free place. */
struct vt_brake_rule {
    char name[VT_BRAKE_NAME_BYTES]; /* cut where it is longer */
    uint64_t key;                   /* of name and digest: another text is another rule */
    int64_t since_utc_secs;         /* it is what it is */
    int64_t until_utc_secs;         /* it only tags; 0 or past: it refuses */
    int64_t seen_utc_secs;          /* its last refusal */
    uint64_t before_count;          /* refusals before the slices */
    struct {
        int64_t number; /* time divided by the width of a slice */
        uint64_t count;
    } slices[VT_BRAKE_SLICES];
    struct {
        uint64_t hash;
        int64_t seen_utc_secs;
    } agencies[VT_BRAKE_AGENCIES];
};

enum vt_brake_why { VT_BRAKE_NOT = 0, VT_BRAKE_COUNT, VT_BRAKE_MANY_AGENCIES };
struct vt_brake_verdict {
    enum vt_brake_why why;
    uint64_t count; /* refusals within the time */
    unsigned agencies_count;
    uint64_t most; /* refusals that would have been borne */
};

/* ---- pure ---- */

/* Whether the brake is about such a mail at all: all its reasons, and its decision. */
bool vt_brake_is_about(vt_reasons reasons, const struct vt_decision *decision);
/* Whether a rule was changed lately, by the settings. */
bool vt_brake_watches(const struct vt_brake_limits *limits, int64_t since_utc_secs,
                      int64_t now_utc_secs);
/* Whether the brake of a rule is on; an end that is further off than it lasts is none. */
bool vt_brake_is_on(const struct vt_brake_limits *limits, const struct vt_brake_rule *rule,
                    int64_t now_utc_secs);
/* One more refusal by the rule, for a mail of an agency (any number that tells them apart).
 * *out: what it has come to; when out->why is not VT_BRAKE_NOT the brake falls with it. */
void vt_brake_count(struct vt_brake_rule *rule, const struct vt_brake_limits *limits,
                    uint64_t agency_hash, int64_t now_utc_secs, struct vt_brake_verdict *out);

/* ---- the file that the gateways of a host share ---- */

/* The rules whose brake is on, out of the file in the spool folder: a copy. Returns their number,
 * 0 also where there is no file. */
size_t vt_brake_list(const char *spool_directory, int64_t now_utc_secs,
                     struct vt_brake_rule out[VT_BRAKE_RULES]);

#endif
