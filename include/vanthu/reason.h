/* SPDX-License-Identifier: Apache-2.0
 * Reason codes: what a clerk understands. One table for parser, policy, notices and manual
 * (users.md section 5). A set of reasons is a bit set. */
#ifndef VANTHU_REASON_H
#define VANTHU_REASON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vanthu/error.h"

/* The order is the order in which reasons are shown and in which the first one is chosen as the
 * code of an SMTP answer: what is proven forged first, our own causes last. */
enum vt_reason {
    VT_REASON_CONTENT_CHANGED,
    VT_REASON_BAD_SIGNATURE,
    VT_REASON_CERT_REVOKED,
    VT_REASON_PATH_SELF_MADE,
    VT_REASON_TIMESTAMP_INVALID,
    VT_REASON_ADDED_AFTER_SIGNING,
    VT_REASON_CERT_EXPIRED,
    VT_REASON_CERT_NOT_YET,
    VT_REASON_CERT_SUSPENDED,
    VT_REASON_CA_INVALID,
    VT_REASON_CERT_REVOKED_SINCE,
    VT_REASON_CERT_EXPIRED_SINCE,
    VT_REASON_PATH_UNKNOWN_ROOT,
    VT_REASON_WRONG_KIND,
    VT_REASON_CERT_SCOPE,
    VT_REASON_WEAK_ALGORITHM,
    VT_REASON_TIME_INCONSISTENT,
    VT_REASON_NAME_MISMATCH,
    VT_REASON_MESSAGE_CHANGED,
    VT_REASON_CHANGE_UNCLEAR,
    VT_REASON_NO_SIGNATURE,
    VT_REASON_IMAGE_ONLY,
    VT_REASON_NO_AGENCY_SIG,
    VT_REASON_NO_PERSON_SIG,
    VT_REASON_ANNEX_UNSIGNED,
    VT_REASON_UNSIGNED_COMPANION,
    VT_REASON_COPY_INVALID,
    VT_REASON_MALFORMED,
    VT_REASON_FILE_UNREADABLE,
    VT_REASON_SECRET_MARK,
    VT_REASON_INCOMPLETE,
    VT_REASON_WRONG_RECIPIENT,
    VT_REASON_RECALLED,
    VT_REASON_STATUS_UNKNOWN,
    VT_REASON_PATH_INCOMPLETE,
    VT_REASON_TIMESTAMP_UNVERIFIED,
    VT_REASON_FORMAT_UNSUPPORTED,
    VT_REASON_TOO_LARGE,
    VT_REASON_NOT_CHECKED,
    VT_REASON_COUNT
};

/* A set of reasons; bit i is enum vt_reason i. */
typedef uint64_t vt_reasons;
#define VT_REASON_BIT(reason) (UINT64_C(1) << (reason))
/* What is refused on proof, and what is marked secret: nothing makes such a refusal milder for a
 * while, neither the brake nor the advice to observe first. */
#define VT_REASONS_SPARED                                                                          \
    (VT_REASON_BIT(VT_REASON_CONTENT_CHANGED) | VT_REASON_BIT(VT_REASON_BAD_SIGNATURE) |           \
     VT_REASON_BIT(VT_REASON_CERT_REVOKED) | VT_REASON_BIT(VT_REASON_PATH_SELF_MADE) |             \
     VT_REASON_BIT(VT_REASON_SECRET_MARK))
/* Every reason that this version finds. */
vt_reasons vt_reasons_found(void);

enum vt_cause { VT_CAUSE_SENDER, VT_CAUSE_RECEIVER, VT_CAUSE_NOBODY };

/* In order of severity: a larger value is the more severe one (users.md 1). */
enum vt_action {
    VT_ACTION_ACCEPT = 0,
    VT_ACTION_NOTE,
    VT_ACTION_TAG,
    VT_ACTION_DEFER,
    VT_ACTION_HOLD,
    VT_ACTION_REJECT
};

struct vt_reason_info {
    const char *code; /* "CONTENT_CHANGED" */
    enum vt_cause cause;
    /* Enhanced status code of a refusal without its class: "7.7" becomes 5.7.7 or 4.7.7. */
    const char *enhanced;
    /* Short English sentence of an SMTP answer, ASCII, without "%". */
    const char *english;
    /* The Vietnamese reason and what to do, UTF-8 NFC, as users.md section 5 has them. */
    const char *vietnamese;
    const char *vietnamese_to_do;
    const char *english_to_do;
    /* Defaults of the shipped policy for senders of class state and for others. */
    enum vt_action default_state;
    enum vt_action default_other;
    /* The code has its meaning, but nothing in this version finds it: no rule for it can match. */
    bool is_reserved;
};

/* The entry of a reason. reason must be below VT_REASON_COUNT. Never NULL. */
const struct vt_reason_info *vt_reason_info(enum vt_reason reason);
/* Find a reason by its exact code. Returns VT_OK or VT_E_NOT_FOUND. */
enum vt_code vt_reason_by_code(const char *code, enum vt_reason *out) VT_MUST_CHECK;
/* The code nearest to a misspelt one, or NULL when none is near. */
const char *vt_reason_suggest(const char *code);
/* The first reason of a set in the order of the enum, or VT_REASON_COUNT for the empty set. */
enum vt_reason vt_reasons_first(vt_reasons reasons);
/* Values for the fields of a reason's texts; NULL: not known. */
struct vt_reason_fields {
    const char *date;       /* {ngày}, {date}: of the revocation, "02/12/2026" */
    const char *file;       /* {tệp}, {file} */
    const char *regulation; /* {Quy chế}, {regulation}: the site's own; none is cited without it */
};
/* Write a text of the table with its fields filled in. What is not known goes with the
 * parenthesis or the words it stands in, or becomes "…". Cut at a character border, always
 * NUL-terminated. Returns out. */
char *vt_reason_fill(char *out, size_t out_bytes, const char *text,
                     const struct vt_reason_fields *fields);
#define VT_REASON_TEXT_BYTES 1024

/* "accept", "note", "tag", "defer", "hold", "reject". */
const char *vt_action_name(enum vt_action action);

#endif
