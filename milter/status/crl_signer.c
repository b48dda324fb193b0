/* SPDX-License-Identifier: Apache-2.0
 * Two CAs may have one name, and one CA several keys: each that has the name is tried, because the
 * signature alone tells. */
#include "status/crl_signer.h"

#include <openssl/x509.h>

/* Keys of one name that are tried with a list of up to 64 MB. */
#define MAX_TRIES 8

struct trying {
    const struct vt_crl_candidates *candidates;
    struct vt_bytes crl;
    const char *origin;
    int64_t fetched_utc_secs;
    X509_NAME *issuer;
    unsigned tries;
    const struct vt_certificate *others[VT_MAX_CERTIFICATES];
    size_t others_count;
    const struct vt_certificate *signer;
};

/* Those that were brought may stand between the signer and the anchor, or be the signer. */
static void gather_brought(struct trying *trying)
{
    const struct vt_status_store *store = trying->candidates->store;
    size_t count = vt_status_store_issuers(store);
    for (size_t i = 0; i < count && trying->others_count < VT_MAX_CERTIFICATES; i++) {
        if (vt_certificate_add(trying->candidates->pool, vt_status_store_issuer(store, i),
                               &trying->others[trying->others_count], NULL) == VT_OK)
            trying->others_count++;
    }
}

static bool may_be(const struct trying *trying, const struct vt_certificate *candidate)
{
    if (candidate == trying->candidates->preferred)
        return false; /* was the first */
    return X509_NAME_cmp(X509_get_subject_name(vt_certificate_x509(candidate)), trying->issuer) ==
               0 &&
           vt_trust_has_path(vt_status_store_trust(trying->candidates->store), candidate,
                             trying->others, trying->others_count);
}

static enum vt_code try_one(struct trying *trying, const struct vt_certificate *candidate,
                            struct vt_err *err)
{
    enum vt_code code = vt_status_store_put_crl(trying->candidates->store, candidate, trying->crl,
                                                trying->origin, trying->fetched_utc_secs, err);
    trying->tries++;
    if (code == VT_OK)
        trying->signer = candidate;
    return code;
}

/* Of several failures that of the first who has the name tells most. */
static enum vt_code try_all(struct trying *trying, struct vt_err *err)
{
    const struct vt_certificate_pool *pool = trying->candidates->pool;
    const struct vt_certificate *preferred = trying->candidates->preferred;
    struct vt_err later = {0};
    enum vt_code code = vt_err_set(
        err, VT_E_NOT_FOUND, "nobody who leads to a root that is configured here issued the CRL");
    if (preferred != NULL) {
        code = try_one(trying, preferred, &later);
        if (code != VT_OK && code != VT_E_NOT_FOUND)
            *err = later;
    }
    for (size_t i = 0; trying->signer == NULL && i < vt_certificate_pool_count(pool); i++) {
        const struct vt_certificate *candidate = vt_certificate_pool_get(pool, i);
        if (trying->tries > MAX_TRIES || !may_be(trying, candidate) ||
            try_one(trying, candidate, &later) == VT_OK || code != VT_E_NOT_FOUND)
            continue;
        code = later.code;
        *err = later;
    }
    return trying->signer != NULL ? VT_OK : code;
}

enum vt_code vt_crl_signer_put(const struct vt_crl_candidates *candidates, struct vt_bytes crl,
                               const char *origin, int64_t fetched_utc_secs,
                               const struct vt_certificate **out_signer, struct vt_err *err)
{
    struct trying trying = {.candidates = candidates,
                            .crl = crl,
                            .origin = origin,
                            .fetched_utc_secs = fetched_utc_secs};
    struct vt_crl frame;
    *out_signer = NULL;
    enum vt_code code = vt_crl_parse_frame(crl, &frame, err);
    if (code != VT_OK)
        return code;
    const unsigned char *cursor = frame.issuer.ptr;
    trying.issuer = d2i_X509_NAME(NULL, &cursor, (long)frame.issuer.len);
    if (trying.issuer == NULL)
        return vt_err_set(err, VT_E_FORMAT, "the name of the CRL's issuer is malformed");
    gather_brought(&trying);
    struct vt_err why = {0};
    code = try_all(&trying, &why);
    if (code != VT_OK && err != NULL)
        *err = why;
    X509_NAME_free(trying.issuer);
    *out_signer = trying.signer;
    return code;
}
