/* SPDX-License-Identifier: Apache-2.0
 * Made-up mails that show what a policy does: a plain mail, and facts that are set in it one by
 * one. Each test of the language has a way to make its fact so (probe_set.c), and each value that a
 * policy names is one to try, with those beside it (probe_values.c). */
#ifndef VANTHU_POLICY_PROBE_H
#define VANTHU_POLICY_PROBE_H

#include "rule.h"
#include "site_table.h"

/* Documents and signatures of a made-up mail. */
#define VT_MAX_PROBE_COUNT 200

/* The mail while it is made: everything a fact can be. */
struct vt_probe {
    struct vt_arena *arena;
    const struct vt_site
        *sites[2]; /* tables that may say whose address or certificate it is; NULL */
    struct vt_mail mail;
    const char *recipients[1];
    size_t recipients_count; /* copies */
    vt_reasons reasons;      /* of the mail */
    struct vt_document document;
    size_t documents_count; /* copies; 0: no attachment */
    struct vt_signature signature;
    size_t signatures_count;  /* copies, of each document */
    bool has_other_signature; /* one more, by a person, in order */
    struct vt_certificate_facts other_signer;
    struct vt_status_facts status; /* of the signer's certificate */
    int64_t now_utc_secs, first_deferred_utc_secs;
};

/* One fact that is set. */
struct vt_fact {
    /* Zero: nothing is set. */
    enum vt_fact_kind {
        VT_FACT_NONE = 0,
        VT_FACT_OF_TEST,     /* by the test's own setter */
        VT_FACT_REASON,      /* number is the reason */
        VT_FACT_NOW,         /* number is the time */
        VT_FACT_WAITED,      /* number of seconds since the first defer */
        VT_FACT_OTHER_SIGNER /* a second signature, in order */
    } kind;
    const struct vt_test *test;
    int64_t number;   /* index of a word, 0 or 1, a number */
    const char *text; /* NULL: not known */
};

/* A plain mail: inbound, of a state office whose address is proven, with one PDF that has one valid
 * signature with a time stamp. */
void vt_probe_begin(struct vt_probe *probe, struct vt_arena *arena, const struct vt_site *first,
                    const struct vt_site *second, int64_t now_utc_secs);
/* Set a fact. False: it cannot be made so, as an agency that stands in no table. */
bool vt_probe_set(struct vt_probe *probe, const struct vt_fact *fact);
/* The evidence of it, in its arena; NULL: no memory. */
struct vt_evidence *vt_probe_evidence(const struct vt_probe *probe);
/* True when the test has a way to be set: all but groups have. */
bool vt_probe_can_set(const struct vt_test *test);
/* "direction: internal", "reason: NO_SIGNATURE", "now: 2026-12-03T…". NULL: no memory. */
const char *vt_fact_text(struct vt_arena *arena, const struct vt_fact *fact);
/* Both set the same thing, so that the later one replaces the earlier. */
bool vt_fact_is_about(const struct vt_fact *a, const struct vt_fact *b);

struct vt_facts {
    struct vt_fact *items;
    size_t count;
};
/* Add one that is not there yet. VT_E_NOMEM; VT_E_LIMIT: there are most already. */
enum vt_code vt_facts_add(struct vt_arena *arena, struct vt_facts *facts,
                          const struct vt_fact *fact, size_t most);
/* Values that a condition names and those beside them. wants: only such as make it hold (VT_YES) or
 * not hold (VT_NO), as far as that can be said; VT_UNKNOWN: all. VT_E_NOMEM. */
enum vt_code vt_facts_of_condition(struct vt_arena *arena, const struct vt_condition *condition,
                                   enum vt_truth wants, size_t most, struct vt_facts *out);

#endif
