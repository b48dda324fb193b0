/* SPDX-License-Identifier: Apache-2.0
 * The store from inside: a table of facts, a shelf of lists, issuers. */
#ifndef VANTHU_STATUS_STORE_INTERNAL_H
#define VANTHU_STATUS_STORE_INTERNAL_H

#include "status/store.h"

#define VT_STORE_NAME_BYTES 80
/* Clocks of CAs and ours. */
#define VT_STORE_TOLERANCE_SECS 300

/* ---- facts (facts.c) ---- */

/* What an OCSP responder said, and the final revocations that a list named. */
struct vt_kept_fact {
    struct vt_status_fact fact; /* strings and responder owned, source a constant */
    int64_t fetched_utc_secs;
    char file[VT_STORE_NAME_BYTES]; /* its name in the folder; empty: none */
    uint32_t next;                  /* in its bucket */
    uint32_t older, younger;        /* by use */
};

struct vt_fact_table {
    struct vt_kept_fact *items; /* VT_MAX_STORE_FACTS */
    uint32_t *buckets;
    size_t count;
    uint32_t oldest, youngest;
};

bool vt_fact_table_init(struct vt_fact_table *table);
void vt_fact_table_clear(struct vt_fact_table *table);
/* NULL: not there. One that is found was used. */
struct vt_kept_fact *vt_fact_table_find(struct vt_fact_table *table, const char *issuer_key,
                                        const char *serial);
/* Put a fact or have it replace what stands there, unless that is younger, or a final revocation.
 * *out_changed: false when it was not taken. out_dropped: name of the file of a fact that had to
 * go, or empty. */
enum vt_code vt_fact_table_put(struct vt_fact_table *table, const struct vt_status_fact *fact,
                               int64_t fetched_utc_secs, const char *file, bool *out_changed,
                               char out_dropped[VT_STORE_NAME_BYTES],
                               struct vt_err *err) VT_MUST_CHECK;

/* ---- lists (shelf.c) ---- */

struct vt_kept_list {
    struct vt_crl_list *list;
    char scope[65];
    int64_t fetched_utc_secs; /* when it was last seen at its source */
    int64_t used_utc_secs;    /* when a mail asked for it */
    int64_t written_utc_secs; /* fetched_utc_secs of its file */
    bool of_store;            /* its signer stands in the trust store: it never has to go */
};

/* The roles of a command line fetch for a file or a few. */
#define VT_MAX_STORE_RESPONSES 64

struct vt_status_store {
    char *directory; /* NULL: memory only */
    const struct vt_trust_store *trust;
    struct vt_fact_table facts;
    struct vt_kept_list lists[VT_MAX_STORE_CRLS];
    size_t lists_count, lists_bytes;
    struct vt_bytes issuers[VT_MAX_STORE_ISSUERS];
    size_t issuers_count;
    /* The youngest thisUpdate that was verified, of the two authorities that are ahead. */
    struct vt_store_witness {
        char key_sha256[65];
        int64_t youngest_utc_secs;
    } witnesses[2];
    uint64_t version;
    /* Without a directory: the OCSP responses that were fetched last, as they came. */
    struct vt_store_response {
        char sha256[65];
        struct vt_bytes bytes; /* owned */
    } responses[VT_MAX_STORE_RESPONSES];
    size_t responses_count; /* ever */
};

/* Something authentic was issued then by the authority with this key. */
void vt_store_note_issued(struct vt_status_store *store, const char *key_sha256,
                          int64_t this_update_utc_secs);
void vt_shelf_clear(struct vt_status_store *store);

#endif
