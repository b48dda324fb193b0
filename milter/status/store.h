/* SPDX-License-Identifier: Apache-2.0
 * What the status role keeps: verified CRLs by issuer key and scope, facts by issuer key and serial
 * number, issuer certificates brought by AIA. thisUpdate and CRL number never go back (design.md
 * 4). In memory, and in a folder whose content is verified again before it is believed. */
#ifndef VANTHU_STATUS_STORE_H
#define VANTHU_STATUS_STORE_H

#include "status/crl_list.h"
#include "vanthu/object.h"
#include "vanthu/trust.h"

/* Facts that are kept and published; a province's agencies have some thousand certificates. */
#define VT_MAX_STORE_FACTS 10000
#define VT_MAX_STORE_CRLS 256
#define VT_MAX_STORE_CRL_BYTES ((size_t)256 * 1024 * 1024)
#define VT_MAX_STORE_ISSUERS 256

struct vt_status_store;

enum vt_code vt_status_store_new(struct vt_status_store **out, struct vt_err *err) VT_MUST_CHECK;
/* From now on write what is put into this folder too. */
enum vt_code vt_status_store_keep_in(struct vt_status_store *store, const char *directory,
                                     struct vt_err *err) VT_MUST_CHECK;
void vt_status_store_free(struct vt_status_store *store);

/* Certificates that are configured: lists of their CAs never have to go. Borrowed. */
void vt_status_store_set_trust(struct vt_status_store *store, const struct vt_trust_store *trust);
const struct vt_trust_store *vt_status_store_trust(const struct vt_status_store *store);

/* Verify a CRL with the key of this signer and keep it. The same one again: VT_OK, and it counts as
 * fetched anew. VT_E_FORMAT: also one that is older than the one at hand, or from the future.
 * VT_E_LIMIT: also when there is room for those of configured CAs only. Others as vt_crl_list_seal.
 */
enum vt_code vt_status_store_put_crl(struct vt_status_store *store,
                                     const struct vt_certificate *signer, struct vt_bytes crl,
                                     const char *origin, int64_t fetched_utc_secs,
                                     struct vt_err *err) VT_MUST_CHECK;
/* Keep what an OCSP response said; fact as vt_status_read_ocsp gave it, response for the folder. */
enum vt_code vt_status_store_put_ocsp(struct vt_status_store *store,
                                      const struct vt_certificate *certificate,
                                      const struct vt_certificate *issuer, struct vt_bytes response,
                                      const struct vt_status_fact *fact, int64_t fetched_utc_secs,
                                      struct vt_err *err) VT_MUST_CHECK;
/* A final revocation out of the folder, whose list no longer names it. It cannot be verified again
 * and is believed all the same: it can only make a verdict worse. */
enum vt_code vt_status_store_put_revocation(struct vt_status_store *store,
                                            const struct vt_certificate *certificate,
                                            const struct vt_status_fact *fact,
                                            int64_t fetched_utc_secs,
                                            struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_status_store_put_issuer(struct vt_status_store *store,
                                        const struct vt_certificate *issuer,
                                        struct vt_err *err) VT_MUST_CHECK;

enum vt_freshness {
    VT_FRESH_NONE = 0, /* nothing that is in force */
    VT_FRESH_IN_FORCE, /* usable if nothing younger can be had */
    VT_FRESH_YOUNG     /* fetched a short time ago: nobody is asked */
};

/* What is known about a certificate and in force now, of OCSP answers and of the complete lists
 * that its issuer's own key signed. Strings of *out live in arena. While the clock is behind, a
 * good status is VT_STATUS_UNKNOWN with a finding. */
enum vt_freshness vt_status_store_find(struct vt_status_store *store, struct vt_arena *arena,
                                       const struct vt_certificate *certificate,
                                       const struct vt_certificate *issuer, int64_t now_utc_secs,
                                       struct vt_status_fact *out);
/* The lists that say something about it only together with others or with the judgement of their
 * signer: another key's, deltas, those for some reasons (RFC 5280 6.3.3). Borrowed until the next
 * put; returns how many of max. *out_freshness: of the oldest of them. */
size_t vt_status_store_lists(struct vt_status_store *store,
                             const struct vt_certificate *certificate,
                             const struct vt_certificate *issuer, int64_t now_utc_secs,
                             const struct vt_crl_list **out, size_t max,
                             enum vt_freshness *out_freshness);
/* True when now is more than a day before the youngest thisUpdate of two authorities, both
 * verified: this machine's clock is wrong, and nothing can be called good. */
bool vt_status_store_clock_is_behind(const struct vt_status_store *store, int64_t now_utc_secs);
/* DER of the issuer certificates that were brought. Borrowed until the next put. */
size_t vt_status_store_issuers(const struct vt_status_store *store);
struct vt_bytes vt_status_store_issuer(const struct vt_status_store *store, size_t index);

/* The CRL or OCSP response with this digest; *out is a copy in arena. VT_E_NOT_FOUND: it is not
 * there any more, or larger than max_bytes. VT_E_NOMEM. */
enum vt_code vt_status_store_data(const struct vt_status_store *store, struct vt_arena *arena,
                                  enum vt_object_kind kind, const char *sha256, size_t max_bytes,
                                  struct vt_bytes *out) VT_MUST_CHECK;

/* Changes with every put that changed something: when to publish. */
uint64_t vt_status_store_version(const struct vt_status_store *store);
/* For a generation: facts that are young, and lists that are in force, those of configured CAs
 * first, then by use, at most VT_MAX_GENERATION_LISTS. Arrays live in arena, strings and lists in
 * the store until the next put. */
enum vt_code vt_status_store_known(const struct vt_status_store *store, struct vt_arena *arena,
                                   int64_t now_utc_secs, struct vt_known *out,
                                   struct vt_err *err) VT_MUST_CHECK;

/* A list as people see it, and as refreshing needs it. Borrowed until the next put. */
struct vt_store_list {
    const struct vt_crl_list *list;
    int64_t fetched_utc_secs; /* last seen at its source */
    int64_t used_utc_secs;    /* a mail asked for it */
    bool of_store;            /* its signer is a configured certificate */
};
/* For one that was read from the folder: when a mail last asked for it. */
void vt_status_store_set_used(struct vt_status_store *store, const char *data_sha256,
                              int64_t used_utc_secs);
size_t vt_status_store_lists_count(const struct vt_status_store *store);
void vt_status_store_list(const struct vt_status_store *store, size_t index,
                          struct vt_store_list *out);
struct vt_store_size {
    size_t facts_count, lists_count, lists_bytes, issuers_count;
};
void vt_status_store_size(const struct vt_status_store *store, struct vt_store_size *out);

/* ---- the folder (store_file.c) ---- */

/* One piece of data and what is needed to verify it again. */
struct vt_status_file {
    struct vt_bytes issuer;      /* DER of the signer, issuer of an OCSP answer, or alone */
    struct vt_bytes certificate; /* OCSP: asked about */
    struct vt_bytes data;        /* CRL, OCSP response, JSON of a revocation; empty: an issuer */
    struct vt_bytes origin;
    int64_t fetched_utc_secs, used_utc_secs;
};

/* Write atomically: to a temporary name, flushed, renamed. A folder that cannot be written is
 * logged and otherwise does no harm. */
void vt_status_file_write(const char *directory, const char *name,
                          const struct vt_status_file *file);
/* The data of a file, in arena. VT_E_NOT_FOUND: there is none, or it has more than max_bytes. */
enum vt_code vt_status_file_data(const char *directory, const char *name, size_t max_bytes,
                                 struct vt_arena *arena, struct vt_bytes *out) VT_MUST_CHECK;
void vt_status_file_remove(const char *directory, const char *name);
/* Reading a folder: what still verifies and leads to an anchor is put into the store, the rest is
 * removed, and what earlier versions left. Lists, issuers and revocations are read when it is
 * opened; the OCSP answers, of which ten thousand take as many milliseconds, a few at a time by
 * vt_status_folder_go_on, which says when none is left. VT_E_SYSTEM, VT_E_NOMEM. */
struct vt_status_folder;
enum vt_code vt_status_folder_open(const char *directory, struct vt_status_store *store,
                                   const struct vt_trust_store *trust, int64_t now_utc_secs,
                                   struct vt_status_folder **out, struct vt_err *err) VT_MUST_CHECK;
bool vt_status_folder_go_on(struct vt_status_folder *folder, int64_t until_msecs) VT_MUST_CHECK;
/* NULL is allowed. */
void vt_status_folder_close(struct vt_status_folder *folder);

#endif
