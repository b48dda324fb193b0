/* SPDX-License-Identifier: Apache-2.0
 * Authority and scope of a CRL, and what it says about one certificate (RFC 5280 6.3.3). Indirect
 * CRLs are refused by name; of deltas and lists for some reasons only a revocation counts, because
 * absence from one of them proves nothing by itself. */
#include "status/crl.h"

#include <openssl/x509v3.h>

#include "status/signature.h"

/* How far a CRL speaks about a certificate. */
enum scope {
    SCOPE_COMPLETE = 0, /* not being listed means not revoked */
    SCOPE_PARTIAL /* a delta, or for some reasons only: being listed counts, absence does not */
};

static X509_NAME *decode_name(struct vt_bytes der)
{
    const unsigned char *cursor = der.ptr;
    X509_NAME *name = d2i_X509_NAME(NULL, &cursor, (long)der.len);
    if (name != NULL && cursor != der.ptr + der.len) {
        X509_NAME_free(name);
        name = NULL;
    }
    return name;
}

enum vt_code vt_crl_verify(const struct vt_crl *crl, const struct vt_certificate *issuer,
                           struct vt_err *err)
{
    X509 *x509 = vt_certificate_x509(issuer);
    X509_NAME *name = decode_name(crl->issuer);
    bool same = name != NULL && X509_NAME_cmp(name, X509_get_subject_name(x509)) == 0;
    X509_NAME_free(name);
    if (!same) {
        return vt_err_set(err, VT_E_NOT_FOUND, "the CRL is that of another issuer");
    }
    if ((X509_get_extension_flags(x509) & EXFLAG_KUSAGE) != 0 &&
        (X509_get_key_usage(x509) & KU_CRL_SIGN) == 0) {
        return vt_err_set(err, VT_E_FORMAT,
                          "the issuer's certificate does not allow it to sign CRLs");
    }
    return vt_status_verify_signature(crl->tbs, crl->algorithm, crl->signature, x509, err);
}

/* True when one of the names is in both lists. */
static bool share_name(const GENERAL_NAMES *a, const GENERAL_NAMES *b)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(a); i++) {
        for (int j = 0; j < sk_GENERAL_NAME_num(b); j++) {
            if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(a, i), sk_GENERAL_NAME_value(b, j)) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Compare a full name with a name relative to the issuer, which was completed before. */
static bool has_directory_name(const GENERAL_NAMES *names, const X509_NAME *wanted)
{
    for (int i = 0; wanted != NULL && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DIRNAME && X509_NAME_cmp(name->d.directoryName, wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* RFC 5280 6.3.3 (b)(2)(i): one of the names of the CRL is one of the certificate's. */
static bool points_match(DIST_POINT_NAME *a, DIST_POINT_NAME *b)
{
    if (a->type == 0 && b->type == 0) {
        return share_name(a->name.fullname, b->name.fullname);
    }
    if (a->type == 1 && b->type == 1) {
        return a->dpname != NULL && b->dpname != NULL && X509_NAME_cmp(a->dpname, b->dpname) == 0;
    }
    return a->type == 1 ? has_directory_name(b->name.fullname, a->dpname)
                        : has_directory_name(a->name.fullname, b->dpname);
}

/* The CRL's own distribution point against those of the certificate. A certificate without any has
 * that of its issuer's name (RFC 5280 6.3.3, the local CRL of step 3). */
static bool certificate_names_point(X509 *x509, DIST_POINT_NAME *wanted)
{
    bool match = false;
    const X509_NAME *issuer = X509_get_issuer_name(x509);
    CRL_DIST_POINTS *points = X509_get_ext_d2i(x509, NID_crl_distribution_points, NULL, NULL);
    if (wanted->type == 1 && !DIST_POINT_set_dpname(wanted, issuer)) {
        goto done;
    }
    if (points == NULL) {
        match = wanted->type == 0 ? has_directory_name(wanted->name.fullname, issuer)
                                  : X509_NAME_cmp(wanted->dpname, issuer) == 0;
        goto done;
    }
    for (int i = 0; i < sk_DIST_POINT_num(points) && !match; i++) {
        DIST_POINT *point = sk_DIST_POINT_value(points, i);
        /* A point for some reasons, or of another issuer, promises no complete list. */
        if (point->distpoint == NULL || point->reasons != NULL || point->CRLissuer != NULL ||
            (point->distpoint->type == 1 && !DIST_POINT_set_dpname(point->distpoint, issuer))) {
            continue;
        }
        match = points_match(wanted, point->distpoint);
    }
done:
    CRL_DIST_POINTS_free(points);
    return match;
}

/* RFC 5280 5.2.5. */
static enum vt_code covers_by_point(const ISSUING_DIST_POINT *point, X509 *x509, struct vt_err *err)
{
    bool is_ca = (X509_get_extension_flags(x509) & EXFLAG_CA) != 0;
    if (point->indirectCRL > 0) {
        return vt_err_set(err, VT_E_UNSUPPORTED,
                          "the CRL is an indirect one, which is not supported");
    }
    if (point->onlyattr > 0 || (point->onlyuser > 0 && is_ca) || (point->onlyCA > 0 && !is_ca)) {
        return vt_err_set(err, VT_E_NOT_FOUND, "the CRL is not for this kind of certificate");
    }
    if (point->distpoint != NULL && !certificate_names_point(x509, point->distpoint)) {
        return vt_err_set(
            err, VT_E_NOT_FOUND,
            "the CRL is that of a distribution point which the certificate does not name");
    }
    return VT_OK;
}

/* It covers this certificate (RFC 5280 6.3.3 b and 5.2.5). VT_OK; VT_E_NOT_FOUND (out of scope);
 * VT_E_UNSUPPORTED (indirect, unknown critical extension). */
static enum vt_code find_scope(const struct vt_crl *crl, const struct vt_certificate *certificate,
                               enum scope *out_scope, struct vt_err *err)
{
    *out_scope = crl->is_delta ? SCOPE_PARTIAL : SCOPE_COMPLETE;
    if (crl->unknown_critical)
        return vt_err_set(err, VT_E_UNSUPPORTED,
                          "the CRL has a critical extension that is not known");
    if (crl->distribution_point.len == 0)
        return VT_OK;
    const unsigned char *cursor = crl->distribution_point.ptr;
    ISSUING_DIST_POINT *point =
        d2i_ISSUING_DIST_POINT(NULL, &cursor, (long)crl->distribution_point.len);
    if (point == NULL)
        return vt_err_set(err, VT_E_FORMAT, "the CRL's issuing distribution point is malformed");
    if (point->onlysomereasons != NULL)
        *out_scope = SCOPE_PARTIAL;
    enum vt_code code = covers_by_point(point, vt_certificate_x509(certificate), err);
    ISSUING_DIST_POINT_free(point);
    return code;
}

const char *vt_crl_reason_name(int reason)
{
    /* RFC 5280 5.3.1 */
    static const char *const names[] = {
        "unspecified",   "keyCompromise",        "cACompromise",    "affiliationChanged",
        "superseded",    "cessationOfOperation", "certificateHold", NULL,
        "removeFromCRL", "privilegeWithdrawn",   "aACompromise"};
    return reason >= 0 && reason < (int)(sizeof(names) / sizeof(names[0])) ? names[reason] : NULL;
}

enum vt_code vt_status_fact_begin(struct vt_arena *arena, const struct vt_certificate *certificate,
                                  const struct vt_certificate *issuer, struct vt_bytes data,
                                  const char *source, const char *origin,
                                  struct vt_status_fact *out, struct vt_err *err)
{
    *out = (struct vt_status_fact){.source = source,
                                   .this_update_utc_secs = VT_TIME_NONE,
                                   .next_update_utc_secs = VT_TIME_NONE,
                                   .revoked_at_utc_secs = VT_TIME_NONE,
                                   .invalid_since_utc_secs = VT_TIME_NONE,
                                   .produced_at_utc_secs = VT_TIME_NONE,
                                   .keeps_expired_since_utc_secs = VT_TIME_NONE};
    enum vt_code code =
        vt_verify_sha256(vt_certificate_public_key_der(issuer), out->issuer_key_sha256);
    if (code == VT_OK && data.len > 0) {
        code = vt_verify_sha256(data, out->data_sha256);
    }
    if (code != VT_OK) {
        return vt_err_set(err, code, "the digest of revocation data cannot be computed");
    }
    out->serial = vt_arena_str(arena, vt_certificate_facts(certificate)->serial);
    out->origin = vt_arena_str(arena, origin);
    if (out->serial == NULL || (origin != NULL && out->origin == NULL)) {
        return vt_err_set(err, VT_E_NOMEM, "out of memory for a status");
    }
    return VT_OK;
}

static enum vt_status_value value_of(const struct vt_crl_entry *entry)
{
    if (!entry->found || entry->reason == VT_CRL_REASON_REMOVE)
        return VT_STATUS_GOOD;
    return entry->reason == VT_CRL_REASON_HOLD ? VT_STATUS_SUSPENDED : VT_STATUS_REVOKED;
}

enum vt_code vt_crl_fact(struct vt_arena *arena, const struct vt_crl *crl,
                         const struct vt_certificate *certificate,
                         const struct vt_certificate *issuer, const char *origin,
                         struct vt_status_fact *out, struct vt_err *err)
{
    struct vt_crl_entry entry;
    enum scope scope;
    enum vt_code code = find_scope(crl, certificate, &scope, err);
    if (code != VT_OK)
        return code;
    vt_crl_find(crl, vt_certificate_serial(certificate), &entry);
    enum vt_status_value value = value_of(&entry);
    if (scope == SCOPE_PARTIAL && value == VT_STATUS_GOOD)
        return vt_err_set(err, VT_E_UNSUPPORTED,
                          "it is a delta CRL or one for some reasons only, and not being listed "
                          "there proves nothing");
    code = vt_status_fact_begin(arena, certificate, issuer, crl->der, "crl", origin, out, err);
    if (code != VT_OK)
        return code;
    out->value = value;
    out->this_update_utc_secs = crl->this_update_utc_secs;
    out->next_update_utc_secs = crl->next_update_utc_secs;
    out->keeps_expired_since_utc_secs = crl->keeps_expired_since_utc_secs;
    if (value != VT_STATUS_GOOD) {
        out->revoked_at_utc_secs = entry.revoked_at_utc_secs;
        out->revocation_reason = vt_crl_reason_name(entry.reason);
    }
    return VT_OK;
}
