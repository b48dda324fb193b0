/* SPDX-License-Identifier: Apache-2.0
 * case: files of cases that are kept beside a policy: evidence, or a mail, with the decision that
 * is expected (vanthu-policy(5), CASES). Reading and comparing; whoever runs them inspects the
 * mails and evaluates the policy. */
#ifndef VANTHU_CASE_H
#define VANTHU_CASE_H

#include "vanthu/policy.h"

/* One file of cases, and the cases of one file. */
#define VT_MAX_CASE_FILE_BYTES (8u * 1024 * 1024)
#define VT_MAX_CASES 10000

/* What a case expects. What is NULL, or not said, is not compared. */
struct vt_case_expected;

struct vt_case {
    const char *name;
    unsigned line; /* where it begins */
    /* One of both. */
    struct vt_evidence *evidence;
    const char *mail_file; /* to be inspected offline: a mail, or a document */
    /* Of mail_file: what the case says of its envelope, the rest is zero. */
    struct vt_mail envelope;
    bool is_class_given;
    struct vt_policy_input input; /* without evidence; now: VT_TIME_NONE: not said */
    const struct vt_case_expected *expected;
};

/* One file. */
struct vt_case_file;

/* Read a file as far as it can be without a policy. Mistakes have line and column. *out without
 * errors only: vt_case_file_free. VT_E_CONFIG, VT_E_NOT_FOUND, VT_E_SYSTEM, VT_E_LIMIT, VT_E_NOMEM.
 */
enum vt_code vt_case_file_open(const char *file, struct vt_case_file **out,
                               struct vt_mistakes *mistakes, struct vt_err *err) VT_MUST_CHECK;
/* The policy that it names, from the folder of the file; NULL: none. */
const char *vt_case_file_policy(const struct vt_case_file *file);
/* Read its cases for a policy, whose table of agencies says which certificates there are; both must
 * outlive the cases. Evidence that they name is read. As vt_case_file_open. */
enum vt_code vt_case_file_read(struct vt_case_file *file, const struct vt_policy *policy,
                               struct vt_mistakes *mistakes, struct vt_err *err) VT_MUST_CHECK;
size_t vt_case_file_count(const struct vt_case_file *file);
struct vt_case *vt_case_file_at(struct vt_case_file *file, size_t index);
/* NULL is allowed. */
void vt_case_file_free(struct vt_case_file *file);

/* Something that is not as expected. */
struct vt_case_difference {
    const char *key;            /* "action", "trace" */
    unsigned line;              /* of what was expected */
    const char *expected, *got; /* one line each */
};
/* What came of a case. */
struct vt_case_outcome {
    const struct vt_evidence *evidence;
    const struct vt_decision *decision;
    const char *notice;    /* kinds of notices that are owed, "refused, list"; NULL: none */
    const char *no_notice; /* why the sender gets none, "not-proven"; NULL: he gets one */
};
/* Compare what came. *out lives in arena; *out_count 0: all is as expected. VT_E_NOMEM. */
enum vt_code vt_case_compare(struct vt_arena *arena, const struct vt_case *item,
                             const struct vt_case_outcome *outcome, struct vt_case_difference **out,
                             size_t *out_count, struct vt_err *err) VT_MUST_CHECK;

#endif
