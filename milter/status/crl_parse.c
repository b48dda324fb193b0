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
        if (vt_der_expect(&rest, VT_DER_INTEGER, &element) != VT_OK || rest.len != 0) {
            return false;
        }
        crl->base_number = vt_der_trim_integer(element.body);
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

/* invalidityDate ::= GeneralizedTime (RFC 5280 5.3.2) */
static bool read_invalidity(struct vt_bytes value, int64_t *out_utc_secs)
{
    return read_time(&value, out_utc_secs) && value.len == 0;
}

/* certificateIssuer ::= GeneralNames (RFC 5280 5.3.3): its directoryName [4], which RFC 5280
 * demands. One that cannot be understood leaves the name empty. */
static bool read_certificate_issuer(struct vt_bytes value, struct vt_crl_raw_entry *out)
{
    struct vt_der names;
    struct vt_der element;
    struct vt_der name;
    if (vt_der_whole(value, VT_DER_SEQUENCE, &names) != VT_OK) {
        return false;
    }
    out->names_issuer = true;
    while (names.body.len > 0) {
        if (vt_der_next(&names.body, &element) != VT_OK) {
            return false;
        }
        if (element.tag == VT_DER_CONTEXT_CONSTRUCTED(4) && out->issuer.len == 0) {
            if (vt_der_whole(element.body, VT_DER_SEQUENCE, &name) != VT_OK) {
                return false;
            }
            out->issuer = name.raw;
        }
    }
    return true;
}

static bool take_entry_extension(const struct extension *extension, struct vt_crl_raw_entry *out)
{
    switch (extension->id) {
    case EXT_REASON_CODE:
        return read_reason(extension->value, &out->entry.reason);
    case EXT_INVALIDITY_DATE:
        return read_invalidity(extension->value, &out->entry.invalid_since_utc_secs);
    case EXT_CERTIFICATE_ISSUER:
        return read_certificate_issuer(extension->value, out);
    case EXT_HOLD_INSTRUCTION:
        return true;
    default:
        out->unknown_critical |= extension->critical;
        return true;
    }
}

bool vt_crl_next_serial(struct vt_bytes *rest, struct vt_bytes *out_entry,
                        struct vt_bytes *out_serial)
{
    struct vt_der entry;
    struct vt_der number;
    /* Nearly every entry of every list: short lengths, found without a call. */
    const uint8_t *at = rest->ptr;
    if (rest->len > 4 && at[0] == VT_DER_SEQUENCE && at[1] < 0x80 && at[1] + 2u <= rest->len &&
        at[2] == VT_DER_INTEGER && at[3] > 0 && at[3] < 0x80 && at[3] + 2u <= at[1]) {
        size_t len = at[1] + 2u;
        *out_entry = (struct vt_bytes){at, len};
        *out_serial = (struct vt_bytes){at + 4, at[3]};
        *rest = (struct vt_bytes){at + len, rest->len - len};
        return true;
    }
    if (vt_der_expect(rest, VT_DER_SEQUENCE, &entry) != VT_OK ||
        vt_der_expect(&entry.body, VT_DER_INTEGER, &number) != VT_OK || number.body.len == 0) {
        return false;
    }
    *out_entry = entry.raw;
    *out_serial = number.body;
    return true;
}

/* SEQUENCE { userCertificate INTEGER, revocationDate Time, crlEntryExtensions Extensions OPTIONAL }
 */
bool vt_crl_next_entry(struct vt_bytes *rest, struct vt_crl_raw_entry *out)
{
    struct vt_der entry;
    struct vt_der element;
    struct extension extension;
    bool has_extensions = false;
    *out = (struct vt_crl_raw_entry){.entry = VT_CRL_ENTRY_NONE};
    if (vt_der_expect(rest, VT_DER_SEQUENCE, &entry) != VT_OK ||
        vt_der_expect(&entry.body, VT_DER_INTEGER, &element) != VT_OK || element.body.len == 0) {
        return false;
    }
    out->serial = element.body;
    if (!read_time(&entry.body, &out->entry.revoked_at_utc_secs) ||
        vt_der_optional(&entry.body, VT_DER_SEQUENCE, &element, &has_extensions) != VT_OK ||
        entry.body.len != 0) {
        return false;
    }
    while (has_extensions && element.body.len > 0) {
        if (!next_extension(&element.body, &extension) || !take_entry_extension(&extension, out)) {
            return false;
        }
    }
    out->entry.found = true;
    return true;
}

/* Read every entry once, count them, and keep what stands in the way of using the list. */
static bool check_entries(struct vt_crl *crl)
{
    struct vt_crl_raw_entry entry;
    struct vt_bytes rest = crl->entries;
    while (rest.len > 0) {
        if (!vt_crl_next_entry(&rest, &entry)) {
            return false;
        }
        crl->entries_count++;
        crl->issuer_changes_count += entry.names_issuer;
        /* An issuer of another form than a name leaves open whose certificates are meant. */
        crl->unknown_critical |=
            entry.unknown_critical || (entry.names_issuer && entry.issuer.len == 0);
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
    return rest.len == 0;
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

enum vt_code vt_crl_parse_frame(struct vt_bytes der, struct vt_crl *out, struct vt_err *err)
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

enum vt_code vt_crl_parse(struct vt_bytes der, struct vt_crl *out, struct vt_err *err)
{
    enum vt_code code = vt_crl_parse_frame(der, out, err);
    if (code == VT_OK && !check_entries(out)) {
        code = vt_err_set(err, VT_E_FORMAT, "an entry of the CRL is malformed");
    }
    return code;
}

/* The same INTEGER: 255 (00 ff) is not -1 (ff), but a needless 00 in front changes nothing. */
bool vt_crl_is_same_serial(struct vt_bytes a, struct vt_bytes b)
{
    return ((a.ptr[0] ^ b.ptr[0]) & 0x80) == 0 &&
           vt_bytes_equal(vt_der_trim_integer(a), vt_der_trim_integer(b));
}

bool vt_crl_entry_is_final(const struct vt_crl_entry *entry)
{
    return entry->found && entry->reason != VT_CRL_REASON_HOLD &&
           entry->reason != VT_CRL_REASON_REMOVE;
}

void vt_crl_find(const struct vt_crl *crl, struct vt_bytes serial, struct vt_crl_entry *out)
{
    struct vt_bytes rest = crl->entries;
    *out = VT_CRL_ENTRY_NONE;
    while (serial.len > 0 && rest.len > 0 && !vt_crl_entry_is_final(out)) {
        struct vt_crl_raw_entry found;
        struct vt_bytes at;
        struct vt_bytes number;
        if (!vt_crl_next_serial(&rest, &at, &number))
            return;
        /* Of several entries the final revocation counts before a hold. */
        if (vt_crl_is_same_serial(number, serial) && vt_crl_next_entry(&at, &found) &&
            (!out->found || vt_crl_entry_is_final(&found.entry)))
            *out = found.entry;
    }
}
