/* SPDX-License-Identifier: Apache-2.0
 * The fields of a certificate as views of its DER, its key identifier, and the addresses and mail
 * addresses in its extensions. Tolerant of what real certificates do: an extension that cannot
 * be read is left out, because whether it matters is the path's question. */
#include <string.h>

#include "verify/algorithm.h"
#include "verify/certificate.h"
#include "verify/der.h"
#include "verify/oid.h"

/* Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
 * TBSCertificate ::= SEQUENCE { version [0] EXPLICIT DEFAULT v1, serialNumber INTEGER, signature
 * AlgorithmIdentifier, issuer Name, validity SEQUENCE { notBefore Time, notAfter Time }, subject
 * Name, subjectPublicKeyInfo, issuerUniqueID [1], subjectUniqueID [2], extensions [3] EXPLICIT }
 * (RFC 5280 4.1) */
static enum vt_code read_validity(struct vt_bytes rest, struct vt_certificate *certificate)
{
    struct vt_der not_before;
    struct vt_der not_after;
    if (vt_der_next(&rest, &not_before) != VT_OK || vt_der_next(&rest, &not_after) != VT_OK ||
        rest.len != 0)
        return VT_E_FORMAT;
    certificate->not_before = not_before.raw;
    certificate->not_after = not_after.raw;
    return VT_OK;
}

static enum vt_code read_extensions_field(struct vt_bytes rest, struct vt_certificate *certificate)
{
    struct vt_der field;
    enum vt_code code;
    while ((code = vt_der_next(&rest, &field)) == VT_OK) {
        if (field.tag != VT_DER_CONTEXT_CONSTRUCTED(3))
            continue;
        struct vt_der list;
        if (vt_der_whole(field.body, VT_DER_SEQUENCE, &list) != VT_OK)
            return VT_E_FORMAT;
        certificate->extensions = list.body;
    }
    return code == VT_E_NOT_FOUND ? VT_OK : VT_E_FORMAT;
}

static enum vt_code read_tbs(struct vt_bytes rest, struct vt_certificate *certificate)
{
    struct vt_der version;
    struct vt_der serial;
    struct vt_der algorithm;
    struct vt_der issuer;
    struct vt_der validity;
    struct vt_der subject;
    struct vt_der key;
    bool has_version;

    if (vt_der_optional(&rest, VT_DER_CONTEXT_CONSTRUCTED(0), &version, &has_version) != VT_OK ||
        vt_der_expect(&rest, VT_DER_INTEGER, &serial) != VT_OK || serial.body.len == 0 ||
        vt_der_expect(&rest, VT_DER_SEQUENCE, &algorithm) != VT_OK ||
        vt_der_expect(&rest, VT_DER_SEQUENCE, &issuer) != VT_OK ||
        vt_der_expect(&rest, VT_DER_SEQUENCE, &validity) != VT_OK ||
        read_validity(validity.body, certificate) != VT_OK ||
        vt_der_expect(&rest, VT_DER_SEQUENCE, &subject) != VT_OK ||
        vt_der_expect(&rest, VT_DER_SEQUENCE, &key) != VT_OK)
        return VT_E_FORMAT;
    certificate->serial = serial.body;
    certificate->issuer = issuer.raw;
    certificate->subject = subject.raw;
    certificate->public_key = key.raw;
    return read_extensions_field(rest, certificate);
}

enum vt_code vt_certificate_read_fields(struct vt_certificate *certificate)
{
    struct vt_der whole;
    struct vt_der tbs;
    struct vt_der algorithm;
    struct vt_der signature;

    if (vt_der_whole(certificate->der, VT_DER_SEQUENCE, &whole) != VT_OK)
        return VT_E_FORMAT;
    struct vt_bytes rest = whole.body;
    if (vt_der_expect(&rest, VT_DER_SEQUENCE, &tbs) != VT_OK ||
        vt_der_expect(&rest, VT_DER_SEQUENCE, &algorithm) != VT_OK ||
        vt_der_expect(&rest, VT_DER_BIT_STRING, &signature) != VT_OK || rest.len != 0)
        return VT_E_FORMAT;
    return read_tbs(tbs.body, certificate);
}

/* ---- addresses ---- */

/* http or https, printable ASCII without spaces, of a bounded length; ldap is never asked, and kept
 * where it explains why a status is unknown. */
static bool is_address(struct vt_bytes uri, enum vt_address_kind kind)
{
    if (uri.len > VT_MAX_ADDRESS_BYTES)
        return false;
    for (size_t i = 0; i < uri.len; i++) {
        if (uri.ptr[i] <= 0x20 || uri.ptr[i] >= 0x7f)
            return false;
    }
    bool is_ldap = vt_bytes_starts_with_nocase(uri, VT_BYTES("ldap://")) ||
                   vt_bytes_starts_with_nocase(uri, VT_BYTES("ldaps://"));
    return vt_bytes_starts_with_nocase(uri, VT_BYTES("http://")) ||
           vt_bytes_starts_with_nocase(uri, VT_BYTES("https://")) ||
           (is_ldap && kind != VT_ADDRESS_CA_ISSUERS);
}

static enum vt_code keep_address(struct vt_arena *arena, struct vt_certificate *certificate,
                                 enum vt_address_kind kind, struct vt_bytes uri)
{
    size_t count = certificate->addresses_count[kind];
    if (count == VT_MAX_ADDRESSES || !is_address(uri, kind))
        return VT_OK;
    const char *copy = vt_arena_dup(arena, uri.ptr, uri.len);
    if (copy == NULL)
        return VT_E_NOMEM;
    certificate->addresses[kind][count] = copy;
    certificate->addresses_count[kind] = count + 1;
    return VT_OK;
}

/* Every uniformResourceIdentifier [6] of a GeneralNames body (RFC 5280 4.2.1.6). */
static enum vt_code keep_uris(struct vt_arena *arena, struct vt_certificate *certificate,
                              enum vt_address_kind kind, struct vt_bytes names)
{
    struct vt_der name;
    while (vt_der_next(&names, &name) == VT_OK) {
        if (name.tag == VT_DER_CONTEXT(6) &&
            keep_address(arena, certificate, kind, name.body) != VT_OK)
            return VT_E_NOMEM;
    }
    return VT_OK;
}

/* AuthorityInfoAccessSyntax ::= SEQUENCE OF SEQUENCE { accessMethod OID, accessLocation
 * GeneralName } (RFC 5280 4.2.2.1) */
static enum vt_code read_access(struct vt_arena *arena, struct vt_certificate *certificate,
                                struct vt_bytes value)
{
    struct vt_der list;
    struct vt_der entry;
    if (vt_der_whole(value, VT_DER_SEQUENCE, &list) != VT_OK)
        return VT_OK;
    while (vt_der_next(&list.body, &entry) == VT_OK) {
        struct vt_der method;
        enum vt_address_kind kind;
        if (vt_der_expect(&entry.body, VT_DER_OID, &method) != VT_OK)
            continue;
        if (vt_bytes_equal(method.body, VT_OID_AD_OCSP))
            kind = VT_ADDRESS_OCSP;
        else if (vt_bytes_equal(method.body, VT_OID_AD_CA_ISSUERS))
            kind = VT_ADDRESS_CA_ISSUERS;
        else
            continue;
        if (keep_uris(arena, certificate, kind, entry.body) != VT_OK)
            return VT_E_NOMEM;
    }
    return VT_OK;
}

/* CRLDistributionPoints ::= SEQUENCE OF SEQUENCE { distributionPoint [0] EXPLICIT CHOICE {
 * fullName [0] GeneralNames, … } … } (RFC 5280 4.2.1.13). All addresses are kept: the first one
 * of real certificates may lead nowhere. */
static enum vt_code read_crl_points(struct vt_arena *arena, struct vt_certificate *certificate,
                                    struct vt_bytes value)
{
    struct vt_der list;
    struct vt_der point;
    if (vt_der_whole(value, VT_DER_SEQUENCE, &list) != VT_OK)
        return VT_OK;
    while (vt_der_next(&list.body, &point) == VT_OK) {
        struct vt_der name;
        struct vt_der full;
        if (vt_der_expect(&point.body, VT_DER_CONTEXT_CONSTRUCTED(0), &name) != VT_OK ||
            vt_der_expect(&name.body, VT_DER_CONTEXT_CONSTRUCTED(0), &full) != VT_OK)
            continue;
        if (keep_uris(arena, certificate, VT_ADDRESS_CRL, full.body) != VT_OK)
            return VT_E_NOMEM;
    }
    return VT_OK;
}

/* ---- mail addresses ---- */

static bool is_clean_address(struct vt_bytes address)
{
    if (address.len == 0 || address.len > VT_MAX_EMAIL_BYTES || !vt_text_is_utf8(address))
        return false;
    for (size_t i = 0; i < address.len; i++) {
        uint8_t c = address.ptr[i];
        /* C1 control characters are 0xc2 0x80 to 0xc2 0x9f. */
        bool is_c1 = c == 0xc2 && i + 1 < address.len && address.ptr[i + 1] < 0xa0;
        if (c <= 0x20 || c == 0x7f || is_c1)
            return false;
    }
    return true;
}

static enum vt_code keep_email(struct vt_arena *arena, struct vt_certificate *certificate,
                               struct vt_bytes address)
{
    if (certificate->emails_count == VT_MAX_EMAILS || !is_clean_address(address))
        return VT_OK;
    const char *copy = vt_arena_dup(arena, address.ptr, address.len);
    if (copy == NULL)
        return VT_E_NOMEM;
    certificate->emails[certificate->emails_count++] = copy;
    return VT_OK;
}

/* otherName [0] { type-id OID, value [0] EXPLICIT UTF8String } (RFC 9598 3) */
static struct vt_bytes utf8_mailbox(struct vt_bytes other_name)
{
    struct vt_der type;
    struct vt_der value;
    struct vt_der text;
    if (vt_der_expect(&other_name, VT_DER_OID, &type) == VT_OK &&
        vt_bytes_equal(type.body, VT_OID_SMTP_UTF8_MAILBOX) &&
        vt_der_expect(&other_name, VT_DER_CONTEXT_CONSTRUCTED(0), &value) == VT_OK &&
        vt_der_whole(value.body, VT_DER_UTF8_STRING, &text) == VT_OK)
        return text.body;
    return (struct vt_bytes){0};
}

static enum vt_code read_alt_name(struct vt_arena *arena, struct vt_certificate *certificate,
                                  struct vt_bytes value)
{
    struct vt_der list;
    struct vt_der name;
    if (vt_der_whole(value, VT_DER_SEQUENCE, &list) != VT_OK)
        return VT_OK;
    while (vt_der_next(&list.body, &name) == VT_OK) {
        struct vt_bytes address = {0};
        if (name.tag == VT_DER_CONTEXT(1))
            address = name.body;
        else if (name.tag == VT_DER_CONTEXT_CONSTRUCTED(0))
            address = utf8_mailbox(name.body);
        if (keep_email(arena, certificate, address) != VT_OK)
            return VT_E_NOMEM;
    }
    return VT_OK;
}

/* ---- what it is for ---- */

/* BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }
 * (RFC 5280 4.2.1.9) */
static bool says_ca(struct vt_bytes value)
{
    struct vt_der list;
    struct vt_der ca;
    return vt_der_whole(value, VT_DER_SEQUENCE, &list) == VT_OK &&
           vt_der_expect(&list.body, VT_DER_BOOLEAN, &ca) == VT_OK && ca.body.len == 1 &&
           ca.body.ptr[0] != 0;
}

/* certificatePolicies ::= SEQUENCE OF SEQUENCE { policyIdentifier OID, … } (RFC 5280 4.2.1.4) */
static enum vt_code read_policies(struct vt_arena *arena, struct vt_certificate *certificate,
                                  struct vt_bytes value)
{
    struct vt_der list;
    struct vt_der policy;
    struct vt_der oid;
    if (vt_der_whole(value, VT_DER_SEQUENCE, &list) != VT_OK)
        return VT_OK;
    while (vt_der_next(&list.body, &policy) == VT_OK &&
           certificate->policies_count < VT_MAX_POLICIES) {
        if (vt_der_expect(&policy.body, VT_DER_OID, &oid) != VT_OK)
            continue;
        const char *text = vt_oid_text(arena, oid.body);
        if (text == NULL)
            return VT_E_NOMEM;
        certificate->policies[certificate->policies_count++] = text;
    }
    return VT_OK;
}

/* ---- the list ---- */

static enum vt_code read_extension(struct vt_arena *arena, struct vt_certificate *certificate,
                                   struct vt_bytes oid, struct vt_bytes value)
{
    struct vt_der key_id;
    if (vt_bytes_equal(oid, VT_OID_AIA))
        return read_access(arena, certificate, value);
    if (vt_bytes_equal(oid, VT_OID_CRL_POINTS))
        return read_crl_points(arena, certificate, value);
    if (vt_bytes_equal(oid, VT_OID_SUBJECT_ALT_NAME))
        return read_alt_name(arena, certificate, value);
    if (vt_bytes_equal(oid, VT_OID_CERTIFICATE_POLICIES))
        return read_policies(arena, certificate, value);
    if (vt_bytes_equal(oid, VT_OID_BASIC_CONSTRAINTS))
        certificate->is_ca = says_ca(value);
    if (vt_bytes_equal(oid, VT_OID_SUBJECT_KEY_ID) &&
        vt_der_whole(value, VT_DER_OCTET_STRING, &key_id) == VT_OK)
        certificate->key_id = key_id.body;
    return VT_OK;
}

/* Extension ::= SEQUENCE { extnID OID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
enum vt_code vt_certificate_read_extensions(struct vt_arena *arena,
                                            struct vt_certificate *certificate)
{
    struct vt_bytes rest = certificate->extensions;
    struct vt_der extension;
    while (vt_der_next(&rest, &extension) == VT_OK) {
        struct vt_der oid;
        struct vt_der critical;
        struct vt_der value;
        bool has_critical;
        if (vt_der_expect(&extension.body, VT_DER_OID, &oid) != VT_OK ||
            vt_der_optional(&extension.body, VT_DER_BOOLEAN, &critical, &has_critical) != VT_OK ||
            vt_der_expect(&extension.body, VT_DER_OCTET_STRING, &value) != VT_OK)
            continue;
        if (read_extension(arena, certificate, oid.body, value.body) != VT_OK)
            return VT_E_NOMEM;
    }
    return VT_OK;
}
