/* SPDX-License-Identifier: Apache-2.0
 * What a signature carries for the judgement of its certificates: CRLs, OCSP responses and
 * further certificates, as views. Whether they may be believed is the trust room's question. */
#include "verify/signer.h"

#include "verify/der.h"
#include "verify/oid.h"

static void keep(struct vt_bytes *list, size_t *count, struct vt_bytes value, size_t max_bytes)
{
    if (*count < VT_MAX_REVOCATIONS && value.len > 0 && value.len <= max_bytes)
        list[(*count)++] = value;
}

static void keep_crl(struct vt_verified *out, struct vt_bytes der)
{
    keep(out->crls, &out->crls_count, der, VT_MAX_CRL_BYTES);
}

static void keep_ocsp(struct vt_verified *out, struct vt_bytes der)
{
    keep(out->ocsps, &out->ocsps_count, der, VT_MAX_OCSP_BYTES);
}

/* OtherRevocationInfoFormat ::= SEQUENCE { otherRevInfoFormat OID, otherRevInfo ANY }, here
 * implicitly tagged [1] (RFC 5652 10.2.1, RFC 5940 2.1). */
static void keep_other(struct vt_verified *out, struct vt_bytes body)
{
    struct vt_der format;
    struct vt_der value;
    if (vt_der_expect(&body, VT_DER_OID, &format) == VT_OK &&
        vt_der_expect(&body, VT_DER_SEQUENCE, &value) == VT_OK &&
        (vt_bytes_equal(format.body, VT_OID_RI_OCSP) ||
         vt_bytes_equal(format.body, VT_OID_OCSP_BASIC)))
        keep_ocsp(out, value.raw);
}

/* RevocationInfoChoices ::= SET OF CHOICE { crl CertificateList, other [1] } */
void vt_revocation_from_cms(struct vt_bytes revocations, struct vt_verified *out)
{
    struct vt_der element;
    while (vt_der_next(&revocations, &element) == VT_OK) {
        if (element.tag == VT_DER_SEQUENCE)
            keep_crl(out, element.raw);
        else if (element.tag == VT_DER_CONTEXT_CONSTRUCTED(1))
            keep_other(out, element.body);
    }
}

/* Both RevocationInfoArchival (ISO 32000-1 12.8.3.3.2) and RevocationValues (EN 319 122-1
 * A.1.2.2) are SEQUENCE { [0] EXPLICIT SEQUENCE OF CertificateList OPTIONAL, [1] EXPLICIT
 * SEQUENCE OF OCSPResponse or BasicOCSPResponse OPTIONAL, [2] other OPTIONAL }. */
static void keep_archival(struct vt_verified *out, const struct vt_attribute *attribute)
{
    struct vt_der value;
    struct vt_der field;
    if (attribute == NULL || vt_attribute_single(attribute, &value) != VT_OK ||
        value.tag != VT_DER_SEQUENCE)
        return;
    while (vt_der_next(&value.body, &field) == VT_OK) {
        struct vt_der list;
        struct vt_der item;
        bool is_crl = field.tag == VT_DER_CONTEXT_CONSTRUCTED(0);
        if ((!is_crl && field.tag != VT_DER_CONTEXT_CONSTRUCTED(1)) ||
            vt_der_expect(&field.body, VT_DER_SEQUENCE, &list) != VT_OK)
            continue;
        while (vt_der_next(&list.body, &item) == VT_OK) {
            if (is_crl)
                keep_crl(out, item.raw);
            else
                keep_ocsp(out, item.raw);
        }
    }
}

/* CertificateValues ::= SEQUENCE OF Certificate (EN 319 122-1 A.1.1.2) */
static enum vt_code keep_certificates(struct vt_signer_work *work,
                                      const struct vt_attribute *attribute, struct vt_err *err)
{
    struct vt_der value;
    struct vt_der element;
    if (attribute == NULL || vt_attribute_single(attribute, &value) != VT_OK)
        return VT_OK;
    for (size_t tried = 0;
         tried < VT_MAX_CERTIFICATES && vt_der_next(&value.body, &element) == VT_OK; tried++) {
        const struct vt_certificate *certificate;
        enum vt_code code = vt_certificate_add(work->signing->pool, element.raw, &certificate, err);
        if (code == VT_E_NOMEM || code == VT_E_INTERNAL)
            return code;
        if (code == VT_OK && vt_verified_carry(work->out, certificate) != VT_OK)
            return VT_OK;
    }
    return VT_OK;
}

enum vt_code vt_revocation_from_attributes(struct vt_signer_work *work, struct vt_err *err)
{
    const struct vt_attributes *plain = &work->unsigned_attributes;
    keep_archival(work->out, vt_attributes_find(&work->attributes, VT_OID_ADBE_REVOCATION, NULL));
    keep_archival(work->out, vt_attributes_find(plain, VT_OID_ADBE_REVOCATION, NULL));
    keep_archival(work->out, vt_attributes_find(plain, VT_OID_REVOCATION_VALUES, NULL));
    return keep_certificates(work, vt_attributes_find(plain, VT_OID_CERTIFICATE_VALUES, NULL), err);
}
