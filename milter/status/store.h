/* SPDX-License-Identifier: Apache-2.0
 * What the status role keeps: verified CRLs by issuer key and scope, facts by issuer key and serial
 * number, issuer certificates brought by AIA. thisUpdate and CRL number never go back (design.md
 * 4). In memory, and in a folder whose content is verified again before it is believed. */
#ifndef VANTHU_STATUS_STORE_H
#define VANTHU_STATUS_STORE_H

#include "status/crl.h"
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

/* Keep a CRL that vt_crl_verify accepted. Copied. VT_E_FORMAT: it is older than the one that is
 * here (of the same age: VT_OK and nothing new). */
enum vt_code vt_status_store_put_crl(struct vt_status_store *store,
                                     const struct vt_certificate *issuer, struct vt_bytes crl,
                                     const char *origin, int64_t fetched_utc_secs,
                                     struct vt_err *err) VT_MUST_CHECK;
/* Keep what an OCSP response said; fact as vt_status_read_ocsp gave it, response for the folder. */
enum vt_code vt_status_store_put_ocsp(struct vt_status_store *store,
                                      const struct vt_certificate *certificate,
                                      const struct vt_certificate *issuer, struct vt_bytes response,
                                      const struct vt_status_fact *fact, int64_t fetched_utc_secs,
                                      struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_status_store_put_issuer(struct vt_status_store *store,
                                        const struct vt_certificate *issuer,
                                        struct vt_err *err) VT_MUST_CHECK;

enum vt_freshness {
    VT_FRESH_NONE = 0, /* nothing that is in force */
    VT_FRESH_IN_FORCE, /* usable if nothing younger can be had */
    VT_FRESH_YOUNG     /* fetched a short time ago: nobody is asked */
};

/* The fact about a certificate that is in force now. Strings of *out live in arena. */
enum vt_freshness vt_status_store_find(struct vt_status_store *store, struct vt_arena *arena,
                                       const struct vt_certificate *certificate,
                                       const struct vt_certificate *issuer, int64_t now_utc_secs,
                                       struct vt_status_fact *out);
/* DER of the issuer certificates that were brought. Borrowed until the next put. */
size_t vt_status_store_issuers(const struct vt_status_store *store);
struct vt_bytes vt_status_store_issuer(const struct vt_status_store *store, size_t index);

/* Changes with every put that changed something: when to publish. */
uint64_t vt_status_store_version(const struct vt_status_store *store);
/* All young facts, for a generation. Arrays and strings live in arena. */
enum vt_code vt_status_store_known(const struct vt_status_store *store, struct vt_arena *arena,
                                   int64_t now_utc_secs, struct vt_known *out,
                                   struct vt_err *err) VT_MUST_CHECK;

/* ---- the folder (store_file.c) ---- */

/* One piece of data and what is needed to verify it again. */
struct vt_status_file {
    struct vt_bytes issuer, certificate,
        data; /* certificate: OCSP only; data: empty for an issuer */
    struct vt_bytes origin;
    int64_t fetched_utc_secs;
};

/* Write atomically under a name made of kind, issuer key and scope. A folder that cannot be written
 * is logged and otherwise does no harm. */
void vt_status_file_write(const char *directory, const char *name,
                          const struct vt_status_file *file);
/* Read every file of a folder and put what still verifies into the store; remove the others. */
void vt_status_folder_load(const char *directory, struct vt_status_store *store,
                           const struct vt_trust_store *trust, int64_t now_utc_secs);

#endif
