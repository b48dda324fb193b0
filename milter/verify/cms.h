/* SPDX-License-Identifier: Apache-2.0
 * SignedData and its SignerInfos as views (RFC 5652 5). */
#ifndef VANTHU_VERIFY_CMS_H
#define VANTHU_VERIFY_CMS_H

#include "vanthu/limits.h"
#include "verify/algorithm.h"

/* Attributes of one set; CAdES with archive data has about fifteen. */
#define VT_MAX_ATTRIBUTES 64

/* Attribute ::= SEQUENCE { attrType OID, attrValues SET OF ANY } */
struct vt_attribute {
    struct vt_bytes oid;
    struct vt_bytes values; /* body of the SET */
    struct vt_bytes raw;
};

struct vt_attributes {
    struct vt_attribute items[VT_MAX_ATTRIBUTES];
    size_t count;
    bool is_sorted; /* as DER wants a SET OF (X.690 11.6) */
};

struct vt_cms_signer {
    struct vt_bytes issuer; /* Name, whole element; empty when by_key_id */
    struct vt_bytes serial; /* content octets */
    struct vt_bytes key_id;
    bool by_key_id;
    struct vt_algorithm digest;
    struct vt_algorithm signature;
    struct vt_bytes signature_value;
    bool has_signed_attributes;
    struct vt_bytes signed_attributes_raw; /* with the [0] header */
    struct vt_bytes signed_attributes;     /* body */
    struct vt_bytes unsigned_attributes;   /* body, empty: none */
    struct vt_bytes head;                  /* version to signature, as they stand */
};

struct vt_cms {
    struct vt_bytes content_type; /* eContentType, content octets of the OID */
    bool has_content;
    struct vt_bytes content;      /* contiguous */
    struct vt_bytes certificates; /* body of [0] */
    struct vt_bytes revocations;  /* body of [1] */
    /* Whole elements: encapContentInfo, certificates [0], crls [1]; empty: absent. */
    struct vt_bytes content_info_raw;
    struct vt_bytes certificates_raw;
    struct vt_bytes revocations_raw;
    struct vt_cms_signer signers[VT_MAX_SIGNERS];
    size_t signers_count;  /* all there are, also above VT_MAX_SIGNERS */
    size_t trailing_bytes; /* behind the ContentInfo, zero padding not counted */
};

/* Take the ContentInfo { contentType OID, content [0] EXPLICIT ANY } (RFC 5652 3) off *rest. */
enum vt_code vt_cms_open(struct vt_bytes *rest, struct vt_bytes *out_type,
                         struct vt_bytes *out_content) VT_MUST_CHECK;
/* The whole SignedData. err says which part is wrong. VT_E_FORMAT, VT_E_LIMIT, VT_E_NOMEM;
 * VT_E_UNSUPPORTED: another content type. */
enum vt_code vt_cms_parse(struct vt_arena *arena, struct vt_bytes bytes, struct vt_cms *out,
                          struct vt_err *err) VT_MUST_CHECK;

enum vt_code vt_attributes_parse(struct vt_bytes body, struct vt_attributes *out) VT_MUST_CHECK;
/* The first of a type, or NULL; *out_count is how many there are (may be NULL). */
const struct vt_attribute *vt_attributes_find(const struct vt_attributes *attributes,
                                              struct vt_bytes oid, size_t *out_count);
/* The single value of an attribute. VT_E_FORMAT when there are none or several. */
struct vt_der;
enum vt_code vt_attribute_single(const struct vt_attribute *attribute,
                                 struct vt_der *out) VT_MUST_CHECK;

#endif
