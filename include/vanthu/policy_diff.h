/* SPDX-License-Identifier: Apache-2.0
 * policy_diff: what another version of a policy changes. First what stands in it otherwise: rules,
 * lists, officer, table of agencies; what is written in another way and means the same is no
 * difference. Then what becomes of mails: examples of evidence that both decide differently. */
#ifndef VANTHU_POLICY_DIFF_H
#define VANTHU_POLICY_DIFF_H

#include "vanthu/policy.h"

/* ---- what stands in it otherwise ---- */

enum vt_difference_kind {
    VT_DIFFERENCE_ADDED = 0, /* a rule, a list, an agency … that only the later one has */
    VT_DIFFERENCE_REMOVED,
    VT_DIFFERENCE_CHANGED,
    VT_DIFFERENCE_MOVED /* a rule that stands before others it stood behind, or the reverse */
};
enum vt_difference_of {
    VT_DIFFERENCE_OF_RULE = 0,
    VT_DIFFERENCE_OF_LIST,
    VT_DIFFERENCE_OF_POLICY,      /* officer, official-only-since */
    VT_DIFFERENCE_OF_AGENCY,      /* of the table of agencies, by identifier */
    VT_DIFFERENCE_OF_CERTIFICATE, /* by fingerprint, key, serial number or pattern */
    VT_DIFFERENCE_OF_ADDRESS,     /* a domain or mailbox of an agency */
    VT_DIFFERENCE_OF_TABLE        /* exemptions */
};

struct vt_difference {
    enum vt_difference_of of;
    enum vt_difference_kind kind;
    const char *name;                   /* of the rule, list, agency …; NULL: of the policy */
    const char *key;                    /* what changed: "when", "then", "mode" …; NULL: all */
    const char *before, *after;         /* values as they could be written; NULL: none */
    unsigned line_before, line_after;   /* of the rule or list; 0: none */
    size_t number_before, number_after; /* of a rule among the others, from 1; 0: none */
    bool may_be_severer;                /* a mail may be treated more severely by this */
};
struct vt_policy_diff {
    struct vt_difference *items; /* rules in the order of the later policy */
    size_t count;
    size_t further_count; /* differences beyond VT_MAX_DIFFERENCES */
    bool may_be_severer;  /* one of all */
};
#define VT_MAX_DIFFERENCES 2000

/* Compare two policies. *out lives in arena, its texts are those of arena and policies. VT_E_NOMEM.
 */
enum vt_code vt_policy_diff(struct vt_arena *arena, const struct vt_policy *before,
                            const struct vt_policy *after, struct vt_policy_diff *out,
                            struct vt_err *err) VT_MUST_CHECK;
/* "added", "removed", "changed", "moved"; "rule", "list", "policy", "agency", "certificate",
 * "address", "table". */
const char *vt_difference_kind_name(enum vt_difference_kind kind);
const char *vt_difference_of_name(enum vt_difference_of of);

/* ---- what becomes of mails ---- */

/* One way in which mails are decided differently, with the plainest made-up mail that was found for
 * it. A made-up mail is inbound, of a state office whose address is proven, with one PDF that has
 * one valid signature with a time stamp; facts tell what is otherwise. */
struct vt_policy_example {
    const struct vt_decision *before, *after;
    bool
        is_of_marks; /* action and rule are the same: code, text, folder, headers, notices differ */
    const char **facts; /* "reason: NO_SIGNATURE", as the language has it */
    size_t facts_count;
    const struct vt_evidence *evidence;
    int64_t now_utc_secs, first_deferred_utc_secs;
    size_t probes_count; /* made-up mails that were decided so */
};
struct vt_policy_examples {
    struct vt_policy_example *items; /* what becomes more severe first */
    size_t count;
    size_t probes_count; /* made-up mails that both policies decided about */
    bool is_complete;    /* false: goes_on ended it, or there were more ways than VT_MAX_EXAMPLES */
};
#define VT_MAX_EXAMPLES 200

struct vt_examples_request {
    const struct vt_policy *before, *after;
    int64_t now_utc_secs;
    /* Called now and then; false ends the search. NULL: go on. */
    bool (*goes_on)(void *context, size_t probes_count);
    void *context;
};
/* Make up mails from the values that both policies name and those beside them, each rule's own and
 * each change of it, and have both decide, every rule in its mode. That nothing is found is no
 * proof that there is nothing. *out lives in arena, names of rules are the policies'. VT_E_NOMEM.
 */
enum vt_code vt_policy_examples(struct vt_arena *arena, const struct vt_examples_request *request,
                                struct vt_policy_examples *out, struct vt_err *err) VT_MUST_CHECK;

#endif
