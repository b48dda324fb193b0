/* SPDX-License-Identifier: Apache-2.0
 * CertificateList by RFC 5280 5.1, in place. A list is read to its end before anything in it is
 * believed: trailing bytes or one malformed entry make it unusable. */
#include "status/crl.h"

#include "verify/der.h"

/* 2.5.29.N of RFC 5280 5.2 and 5.3, X.509 9.5.2.8 */
enum {
    EXT_ISSUER_ALT_NAME = 18,
    EXT_CRL_NUMBER = 20,
    EXT_REASON_CODE = 21,
    EXT_HOLD_INSTRUCTION = 23,
    EXT_INVALIDITY_DATE = 24,
    EXT_DELTA_INDICATOR = 27,
    EXT_ISSUING_DISTRIBUTION_POINT = 28,
    EXT_CERTIFICATE_ISSUER = 29,
    EXT_AUTHORITY_KEY_ID = 35,
    EXT_EXPIRED_CERTS = 60
};

enum { DER_ENUMERATED = 0x0a };

struct extension {
    int id; /* N of 2.5.29.N, or -1 */
    bool critical;
    struct vt_bytes value; /* content of extnValue */
};

/* Time ::= CHOICE { utcTime, generalTime } (RFC 5280 5.1.2.4) */
static bool read_time(struct vt_bytes *rest, int64_t *out_utc_secs)
{
    struct vt_der element;
    if (vt_der_next(rest, &element) != VT_OK ||
        (element.tag != VT_DER_UTC_TIME && element.tag != VT_DER_GENERALIZED_TIME)) {
        return false;
    }
    return vt_time_parse_asn1(element.body, element.tag == VT_DER_GENERALIZED_TIME, out_utc_secs) ==
           VT_OK;
}

/* Extension ::= SEQUENCE { extnID OID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
static bool next_extension(struct vt_bytes *rest, struct extension *out)
{
    struct vt_der sequence;
    struct vt_der oid;
    struct vt_der critical;
    struct vt_der value;
    bool has_critical = false;
    if (vt_der_expect(rest, VT_DER_SEQUENCE, &sequence) != VT_OK) {
        return false;
    }
    struct vt_bytes inner = sequence.body;
    if (vt_der_expect(&inner, VT_DER_OID, &oid) != VT_OK ||
        vt_der_optional(&inner, VT_DER_BOOLEAN, &critical, &has_critical) != VT_OK ||
        vt_der_expect(&inner, VT_DER_OCTET_STRING, &value) != VT_OK || inner.len != 0) {
        return false;
    }
    bool standard = oid.body.len == 3 && oid.body.ptr[0] == 0x55 && oid.body.ptr[1] == 0x1d;
    out->id = standard ? oid.body.ptr[2] : -1;
    out->critical = has_critical && critical.body.len == 1 && critical.body.ptr[0] != 0;
    out->value = value.body;
    return true;
}

/* Read the one extension of a list. False: malformed. */
static bool take_list_extension(struct vt_crl *crl, const struct extension *extension)
{
    struct vt_der element;
    struct vt_bytes rest = extension->value;
    switch (extension->id) {
    case EXT_CRL_NUMBER:
        if (vt_der_expect(&rest, VT_DER_INTEGER, &element) != VT_OK || rest.len != 0) {
            return false;
        }
        crl->number = vt_der_trim_integer(element.body);
        return true;
    case EXT_DELTA_INDICATOR:
        crl->is_delta = true;
        return true;
    case EXT_ISSUING_DISTRIBUTION_POINT:
        crl->distribution_point = extension->value;
        return vt_der_whole(rest, VT_DER_SEQUENCE, &element) == VT_OK;
    case EXT_EXPIRED_CERTS:
        return read_time(&rest, &crl->keeps_expired_since_utc_secs) && rest.len == 0;
    case EXT_ISSUER_ALT_NAME:
    case EXT_AUTHORITY_KEY_ID:
        return true;
    default:
        crl->unknown_critical |= extension->critical;
        return true;
    }
}

/* Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension */
static bool read_list_extensions(struct vt_crl *crl, struct vt_bytes explicit_content)
{
    struct vt_der sequence;
    struct extension extension;
    if (vt_der_expect(&explicit_content, VT_DER_SEQUENCE, &sequence) != VT_OK ||
        explicit_content.len != 0) {
        return false;
    }
    struct vt_bytes rest = sequence.body;
    while (rest.len > 0) {
        if (!next_extension(&rest, &extension) || !take_list_extension(crl, &extension)) {
            return false;
        }
    }
    return true;
}

/* reasonCode ::= ENUMERATED (RFC 5280 5.3.1) */
static bool read_reason(struct vt_bytes value, int *out_reason)
{
    struct vt_der element;
    if (vt_der_expect(&value, DER_ENUMERATED, &element) != VT_OK || element.body.len != 1) {
        return false;
    }
    *out_reason = element.body.ptr[0];
    return true;
}

struct raw_entry {
    struct vt_bytes serial;
    int64_t revoked_at_utc_secs;
    int reason;
    bool unknown_critical;
};

/* SEQUENCE { userCertificate INTEGER, revocationDate Time, crlEntryExtensions Extensions OPTIONAL }
 */
static bool next_entry(struct vt_bytes *rest, struct raw_entry *out)
{
    struct vt_der entry;
    struct vt_der element;
    bool has_extensions = false;
    *out = (struct raw_entry){.reason = -1};
    if (vt_der_expect(rest, VT_DER_SEQUENCE, &entry) != VT_OK) {
        return false;
    }
    struct vt_bytes inner = entry.body;
    if (vt_der_expect(&inner, VT_DER_INTEGER, &element) != VT_OK) {
        return false;
    }
    if (element.body.len == 0) {
        return false;
    }
    out->serial = element.body;
    if (!read_time(&inner, &out->revoked_at_utc_secs) ||
        vt_der_optional(&inner, VT_DER_SEQUENCE, &element, &has_extensions) != VT_OK ||
        inner.len != 0) {
        return false;
    }
    struct vt_bytes extensions = has_extensions ? element.body : (struct vt_bytes){0};
    while (extensions.len > 0) {
        struct extension extension;
        if (!next_extension(&extensions, &extension)) {
            return false;
        }
        if (extension.id == EXT_REASON_CODE) {
            if (!read_reason(extension.value, &out->reason)) {
                return false;
            }
        } else if (extension.id != EXT_HOLD_INSTRUCTION && extension.id != EXT_INVALIDITY_DATE &&
                   extension.id != EXT_CERTIFICATE_ISSUER) {
            out->unknown_critical |= extension.critical;
        }
    }
    return true;
}

static bool check_entries(struct vt_crl *crl)
{
    struct raw_entry entry;
    struct vt_bytes rest = crl->entries;
    while (rest.len > 0) {
        if (!next_entry(&rest, &entry)) {
            return false;
        }
        crl->unknown_critical |= entry.unknown_critical;
    }
    return true;
}

/* TBSCertList ::= SEQUENCE { version INTEGER OPTIONAL, signature, issuer Name, thisUpdate Time,
 *   nextUpdate Time OPTIONAL, revokedCertificates SEQUENCE OPTIONAL, crlExtensions [0] OPTIONAL }
 */
static bool read_tbs(struct vt_crl *crl, struct vt_bytes rest)
{
    struct vt_der element;
    bool found = false;
    if (vt_der_optional(&rest, VT_DER_INTEGER, &element, &found) != VT_OK ||
        vt_der_expect(&rest, VT_DER_SEQUENCE, &element) != VT_OK ||
        !vt_bytes_equal(element.raw, crl->algorithm) ||
        vt_der_expect(&rest, VT_DER_SEQUENCE, &element) != VT_OK) {
        return false;
    }
    crl->issuer = element.raw;
    if (!read_time(&rest, &crl->this_update_utc_secs)) {
        return false;
    }
    if (rest.len > 0 &&
        (rest.ptr[0] == VT_DER_UTC_TIME || rest.ptr[0] == VT_DER_GENERALIZED_TIME) &&
        !read_time(&rest, &crl->next_update_utc_secs)) {
        return false;
    }
    if (vt_der_optional(&rest, VT_DER_SEQUENCE, &element, &found) != VT_OK) {
        return false;
    }
    crl->entries = found ? element.body : (struct vt_bytes){0};
    if (vt_der_optional(&rest, VT_DER_CONTEXT_CONSTRUCTED(0), &element, &found) != VT_OK ||
        (found && !read_list_extensions(crl, element.body))) {
        return false;
    }
    return rest.len == 0 && check_entries(crl);
}

/* CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue BIT STRING } */
static bool read_list(struct vt_crl *crl)
{
    struct vt_der list;
    struct vt_der tbs;
    struct vt_der algorithm;
    struct vt_der signature;
    struct vt_bytes rest = crl->der;
    if (vt_der_expect(&rest, VT_DER_SEQUENCE, &list) != VT_OK || rest.len != 0) {
        return false;
    }
    rest = list.body;
    if (vt_der_expect(&rest, VT_DER_SEQUENCE, &tbs) != VT_OK ||
        vt_der_expect(&rest, VT_DER_SEQUENCE, &algorithm) != VT_OK ||
        vt_der_expect(&rest, VT_DER_BIT_STRING, &signature) != VT_OK || rest.len != 0 ||
        signature.body.len < 2 || signature.body.ptr[0] != 0) {
        return false;
    }
    crl->tbs = tbs.raw;
    crl->algorithm = algorithm.raw;
    crl->signature = vt_bytes_slice(signature.body, 1, signature.body.len - 1);
    return read_tbs(crl, tbs.body);
}

enum vt_code vt_crl_parse(struct vt_bytes der, struct vt_crl *out, struct vt_err *err)
{
    *out = (struct vt_crl){.der = der,
                           .this_update_utc_secs = VT_TIME_NONE,
                           .next_update_utc_secs = VT_TIME_NONE,
                           .keeps_expired_since_utc_secs = VT_TIME_NONE};
    if (der.len > VT_MAX_CRL_BYTES) {
        return vt_err_set(err, VT_E_LIMIT, "the CRL has more than %u bytes", VT_MAX_CRL_BYTES);
    }
    if (!read_list(out)) {
        return vt_err_set(err, VT_E_FORMAT, "the CRL is not a well-formed CertificateList");
    }
    return VT_OK;
}

/* The same INTEGER: 255 (00 ff) is not -1 (ff), but a needless 00 in front changes nothing. */
static bool is_same_serial(struct vt_bytes a, struct vt_bytes b)
{
    return ((a.ptr[0] ^ b.ptr[0]) & 0x80) == 0 &&
           vt_bytes_equal(vt_der_trim_integer(a), vt_der_trim_integer(b));
}

/* Take one entry off *rest and say whether it is that of serial, without reading more of it. */
static bool skip_entry(struct vt_bytes *rest, struct vt_bytes serial, bool *out_same)
{
    struct vt_der entry;
    struct vt_der number;
    if (vt_der_expect(rest, VT_DER_SEQUENCE, &entry) != VT_OK)
        return false;
    struct vt_bytes inner = entry.body;
    if (vt_der_expect(&inner, VT_DER_INTEGER, &number) != VT_OK || number.body.len == 0)
        return false;
    *out_same = is_same_serial(number.body, serial);
    return true;
}

void vt_crl_find(const struct vt_crl *crl, struct vt_bytes serial, struct vt_crl_entry *out)
{
    struct raw_entry entry;
    struct vt_bytes rest = crl->entries;
    *out = (struct vt_crl_entry){.revoked_at_utc_secs = VT_TIME_NONE, .reason = -1};
    while (serial.len > 0 && rest.len > 0) {
        struct vt_bytes at = rest;
        bool same = false;
        if (!skip_entry(&rest, serial, &same) || (same && !next_entry(&at, &entry)))
            return;
        /* Of several entries the final revocation counts before a hold. */
        if (same && (!out->found || out->reason == VT_CRL_REASON_HOLD))
            *out = (struct vt_crl_entry){.found = true,
                                         .revoked_at_utc_secs = entry.revoked_at_utc_secs,
                                         .reason = entry.reason};
    }
}
