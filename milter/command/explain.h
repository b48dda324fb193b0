/* SPDX-License-Identifier: Apache-2.0
 * vanthu policy explain: what its parts share. */
#ifndef VANTHU_COMMAND_EXPLAIN_H
#define VANTHU_COMMAND_EXPLAIN_H

#include <jansson.h>

#include "command/check.h"
#include "vanthu/policy_diff.h"
#include "vanthu/register.h"
#include "vanthu/site.h"

/* So long a change of the policy counts as recent, and so far back alike mails are counted. */
#define VT_EXPLAIN_DAYS 7
#define VT_EXPLAIN_SECS (VT_EXPLAIN_DAYS * 24 * 3600)

/* One mail or file, and why it was decided as it was. */
struct vt_explained {
    const struct vt_check_options *options;
    enum vt_language language;
    struct vt_arena *arena; /* of this one */
    const char *file;       /* NULL: of the register */
    char reference[VT_REFERENCE_BYTES];
    int64_t time_utc_secs, now_utc_secs;
    const struct vt_evidence *evidence;
    const struct vt_decision *decision; /* with every rule traced */
    bool is_secret;                     /* nothing of it is told */

    /* Of the register: what was decided then; NULL of a file. */
    const struct vt_register_decided *then;
    const struct vt_register_overruled *overruled; /* since then; NULL: it stands */
    int64_t overruled_utc_secs;

    /* Who was told, of a file who would be; NULL and none: nothing is known about it. */
    const struct vt_register_notice *notices;
    size_t notices_count;
    const char *no_notice; /* why the sender is not: vt_no_notice_name */

    const struct vt_policy *policy;   /* that explains */
    struct vt_policy *of_then;        /* owned: from the register */
    const char *policy_file;          /* the current one's name */
    bool is_as_then;                  /* the policy is of the version that decided */
    struct vt_register_policy loaded; /* when and by whom; loaded_utc_secs: VT_TIME_NONE */

    /* What the version before changed about the rule that decided, within VT_EXPLAIN_DAYS. */
    const struct vt_difference *changes;
    size_t changes_count;
    /* Mails of the last VT_EXPLAIN_DAYS with the same reason by the same rule, this one too, and
     * domains of their senders. */
    size_t alike_count, alike_senders_count;
    bool is_alike_more; /* not all were counted */
};

/* Fill what the register knows beside the mail: policy, its load, what it changed, alike mails. */
enum vt_code vt_explain_recent(struct vt_register *reg, struct vt_explained *explained,
                               struct vt_err *err) VT_MUST_CHECK;
/* The policy of the version that decided then, if the register has it. */
enum vt_code vt_explain_policy_of_then(struct vt_register *reg, struct vt_explained *explained,
                                       struct vt_err *err) VT_MUST_CHECK;
/* explain_seal.c: the documents that would be sealed, as the policy that explains chooses them: an
 * array of {document, name, appearance}; null: none are. NULL: no memory. */
json_t *vt_explain_sealed_json(const struct vt_explained *explained);
/* For people, cleaned and at most 80 columns where words allow it. */
enum vt_code vt_explain_print(const struct vt_explained *explained,
                              struct vt_err *err) VT_MUST_CHECK;
/* For programs: one line. */
enum vt_code vt_explain_print_json(const struct vt_explained *explained,
                                   struct vt_err *err) VT_MUST_CHECK;

#endif
