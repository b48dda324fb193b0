/* SPDX-License-Identifier: Apache-2.0
 * About which certificates, and for which reasons, a CRL speaks: its issuing distribution point
 * against the distribution points of the certificate (RFC 5280 6.3.3 (b) to (e), 4.2.1.13, 5.2.5).
 */
#include <string.h>

#include "status/crl_object.h"

/* True when one of the names is in both lists. */
static bool share_name(const GENERAL_NAMES *a, const GENERAL_NAMES *b)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(a); i++) {
        for (int j = 0; j < sk_GENERAL_NAME_num(b); j++) {
            if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(a, i), sk_GENERAL_NAME_value(b, j)) == 0)
                return true;
        }
    }
    return false;
}

static bool has_directory_name(const GENERAL_NAMES *names, const X509_NAME *wanted)
{
    for (int i = 0; wanted != NULL && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DIRNAME && X509_NAME_cmp(name->d.directoryName, wanted) == 0)
            return true;
    }
    return false;
}

/* Names of a distribution point against full names. One that is relative to its issuer (type 1)
 * was completed before. */
static bool point_has(const DIST_POINT_NAME *point, const GENERAL_NAMES *names)
{
    return point->type == 0 ? share_name(point->name.fullname, names)
                            : has_directory_name(names, point->dpname);
}

static bool points_match(const DIST_POINT_NAME *a, const DIST_POINT_NAME *b)
{
    if (a->type == 0)
        return point_has(b, a->name.fullname);
    if (b->type == 0)
        return point_has(a, b->name.fullname);
    return a->dpname != NULL && b->dpname != NULL && X509_NAME_cmp(a->dpname, b->dpname) == 0;
}

/* ReasonFlags (RFC 5280 4.2.1.13); absent means all. */
static unsigned reasons_of(const ASN1_BIT_STRING *flags)
{
    unsigned mask = 0;
    if (flags == NULL)
        return VT_CRL_ALL_REASONS;
    for (int bit = 1; bit <= 8; bit++)
        mask |= ASN1_BIT_STRING_get_bit(flags, bit) ? 1u << bit : 0;
    return mask;
}

/* RFC 5280 6.3.3 (b)(1): the CRL is that of the issuer that the point names, or else of the
 * certificate's; one of another issuer must be an indirect one. */
static bool is_issuer_of_point(const struct vt_crl_list *list, const DIST_POINT *point,
                               bool is_own_issuer)
{
    if (point->CRLissuer == NULL)
        return is_own_issuer;
    return list->point != NULL && list->point->indirectCRL > 0 &&
           has_directory_name(point->CRLissuer, list->issuer);
}

/* RFC 5280 6.3.3 (b)(2)(i). */
static bool names_match(const struct vt_crl_list *list, DIST_POINT *point, const X509_NAME *issuer)
{
    const DIST_POINT_NAME *wanted = list->point != NULL ? list->point->distpoint : NULL;
    if (wanted == NULL)
        return true;
    if (point->distpoint == NULL)
        return point->CRLissuer != NULL && point_has(wanted, point->CRLissuer);
    /* A relative name is relative to cRLIssuer where there is one. */
    if (point->distpoint->type == 1 &&
        DIST_POINT_set_dpname(point->distpoint, point->CRLissuer != NULL ? list->issuer : issuer) !=
            1)
        return false;
    return points_match(wanted, point->distpoint);
}

/* RFC 5280 6.3.3, after the points: a CRL of the certificate's issuer is tried for a point of that
 * issuer's name, whatever points the certificate has. */
static bool is_local(const struct vt_crl_list *list, const X509_NAME *issuer)
{
    const DIST_POINT_NAME *wanted = list->point != NULL ? list->point->distpoint : NULL;
    if (wanted == NULL)
        return true;
    return wanted->type == 0 ? has_directory_name(wanted->name.fullname, issuer)
                             : wanted->dpname != NULL && X509_NAME_cmp(wanted->dpname, issuer) == 0;
}

/* RFC 5280 6.3.3 (b)(2)(ii) to (iv). */
static bool is_for_kind(const ISSUING_DIST_POINT *point, X509 *x509)
{
    bool is_ca = (X509_get_extension_flags(x509) & EXFLAG_CA) != 0;
    return point == NULL || (point->onlyattr <= 0 && (point->onlyuser <= 0 || !is_ca) &&
                             (point->onlyCA <= 0 || is_ca));
}

unsigned vt_crl_list_scope(const struct vt_crl_list *list, const struct vt_certificate *certificate,
                           const char **out_why)
{
    unsigned mask = 0;
    bool named = false;
    X509 *x509 = vt_certificate_x509(certificate);
    const X509_NAME *issuer = X509_get_issuer_name(x509);
    bool own = X509_NAME_cmp(list->issuer, issuer) == 0;
    CRL_DIST_POINTS *points = X509_get_ext_d2i(x509, NID_crl_distribution_points, NULL, NULL);
    for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
        DIST_POINT *point = sk_DIST_POINT_value(points, i);
        if (!is_issuer_of_point(list, point, own))
            continue;
        named = true;
        if (names_match(list, point, issuer))
            mask |= reasons_of(point->reasons);
    }
    CRL_DIST_POINTS_free(points);
    if (own && is_local(list, issuer))
        mask = VT_CRL_ALL_REASONS;
    if (list->point != NULL)
        mask &= reasons_of(list->point->onlysomereasons);
    const char *why = NULL;
    if (!own && !named)
        why = "the CRL is that of another issuer";
    else if (!is_for_kind(list->point, x509))
        why = "the CRL is not for this kind of certificate";
    else if (mask == 0)
        why = "the CRL is that of a distribution point which the certificate does not name";
    if (out_why != NULL)
        *out_why = why;
    return why == NULL ? mask : 0;
}

/* Issuer and issuing distribution point are the same (RFC 5280 6.3.3 (c)). */
static bool has_scope_of(const struct vt_crl_list *list, const struct vt_crl_list *other)
{
    return X509_NAME_cmp(list->issuer, other->issuer) == 0 &&
           vt_bytes_equal(list->crl.distribution_point, other->crl.distribution_point);
}

/* Content octets of two positive INTEGERs without needless zeros: below 0, 0 or above 0. */
static int compare_numbers(struct vt_bytes a, struct vt_bytes b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len == 0 ? 0 : memcmp(a.ptr, b.ptr, a.len);
}

bool vt_crl_list_is_delta_of(const struct vt_crl_list *list, const struct vt_crl_list *base)
{
    return list->crl.is_delta && !base->crl.is_delta && base->crl.number.len > 0 &&
           has_scope_of(list, base) &&
           compare_numbers(base->crl.number, list->crl.base_number) >= 0 &&
           compare_numbers(base->crl.number, list->crl.number) < 0;
}
