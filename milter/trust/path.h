/* SPDX-License-Identifier: Apache-2.0
 * From a certificate to an anchor: which certificates, and what OpenSSL has against them. Periods
 * and revocation are not asked here: they depend on the proven time. */
#ifndef VANTHU_TRUST_PATH_H
#define VANTHU_TRUST_PATH_H

#include "trust/store.h"

#define VT_MAX_PATH_PROBLEMS 16

struct vt_path {
    /* Signer first. Found: anchor last. Not found: as far as it goes. */
    const struct vt_certificate *items[VT_MAX_PATH];
    size_t count;
    bool found;
    enum vt_trust_set_id set;
    /* What RFC 5280 6.1 refuses, all of it (X509_V_ERR_…, index into items). */
    struct vt_path_problem {
        int error;
        size_t depth;
    } problems[VT_MAX_PATH_PROBLEMS];
    size_t problems_count;
};

struct vt_path_request {
    const struct vt_trust_store *store;
    const struct vt_certificate *target;
    const struct vt_certificate_list *others; /* carried, validation data, brought by AIA */
    int64_t at_utc_secs; /* of several paths one that is valid then is preferred */
    bool unconfirmed;    /* look for a path to the anchors that nobody confirmed */
    /* Certificates that are no link, anchors apart: revoked ones. May be NULL. */
    const struct vt_certificate_list *avoid;
    /* What the searches of a mail have spent together; NULL: this one stands alone. */
    unsigned *spent;
};

/* Find the best path: official before public, without problems before with. Always fills *out.
 * VT_OK, VT_E_NOMEM. */
enum vt_code vt_path_find(const struct vt_path_request *request, struct vt_path *out,
                          struct vt_err *err) VT_MUST_CHECK;

/* Have OpenSSL check a complete path and write its problems. VT_OK, VT_E_NOMEM. */
enum vt_code vt_path_check(struct vt_path *path, struct vt_err *err) VT_MUST_CHECK;

/* Why there is no path. */
enum vt_path_absence {
    VT_PATH_UNKNOWN_ROOT = 0,
    VT_PATH_INCOMPLETE,  /* the issuer's certificate is missing here */
    VT_PATH_SELF_MADE,   /* proven: made by the signer */
    VT_PATH_UNCONFIRMED, /* leads to an anchor that nobody confirmed, or there are no anchors */
};

struct vt_path_why {
    enum vt_path_absence absence;
    const struct vt_certificate *issuer_wanted_of; /* or NULL */
    const struct vt_certificate *imitated; /* the configured CA whose name is used, or NULL */
};

/* path: what vt_path_find gave for request, not found. no_issuer_of: as in vt_known. */
enum vt_code vt_path_explain(const struct vt_path_request *request, const struct vt_path *path,
                             const char *const *no_issuer_of, size_t no_issuer_of_count,
                             struct vt_path_why *out, struct vt_err *err) VT_MUST_CHECK;

bool vt_certificate_is_valid_at(const struct vt_certificate *certificate, int64_t at_utc_secs);
/* Issuer and subject name are the same (RFC 5280 3.2: self-issued). */
bool vt_certificate_is_self_issued(const struct vt_certificate *certificate);

#endif
