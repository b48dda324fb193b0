/* SPDX-License-Identifier: Apache-2.0
 * What the time stamps of long-term signatures are over: archive-time-stamp-v3 with its hash index
 * (EN 319 122-1 5.5.2, 5.5.3), archive-time-stamp-v2 (TS 101 733 V2.2.1 6.4.1), and those over
 * references (6.3.5, 6.3.6). Elements are digested as they stand, which is DER for all who follow
 * the standard. */
#include "verify/timestamp.h"

#include <string.h>

#include "verify/der.h"
#include "verify/oid.h"

/* Entries of one list of a hash index, and elements they may name. */
#define MAX_INDEX_ENTRIES 512

/* ---- hash index ---- */

/* ATSHashIndexV3 ::= SEQUENCE { hashIndAlgorithm, certificatesHashIndex SEQUENCE OF OCTET STRING,
 * crlsHashIndex SEQUENCE OF OCTET STRING, unsignedAttrValuesHashIndex SEQUENCE OF OCTET STRING };
 * in the first version hashIndAlgorithm has the default SHA-256, and the last list is of whole
 * attributes (TS 101 733 V2.2.1 6.4.2). */
struct hash_index {
    struct vt_bytes raw;
    const struct vt_digest *digest;                        /* NULL: not known */
    struct vt_bytes certificates, revocations, attributes; /* bodies of the lists */
    bool is_by_value; /* every value of an attribute has its own entry */
};

static enum vt_code read_index(struct vt_bytes values, struct hash_index *out)
{
    struct vt_der index;
    struct vt_der lists[3];
    out->digest = vt_digest_sha256();
    if (vt_der_whole(values, VT_DER_SEQUENCE, &index) != VT_OK)
        return VT_E_FORMAT;
    out->raw = index.raw;
    /* An AlgorithmIdentifier begins with an OID, a list of hashes does not. */
    struct vt_bytes rest = index.body;
    struct vt_der first;
    struct vt_algorithm algorithm;
    if (vt_der_expect(&rest, VT_DER_SEQUENCE, &first) != VT_OK)
        return VT_E_FORMAT;
    if (vt_der_peek(first.body) == VT_DER_OID) {
        if (vt_algorithm_parse(first.body, &algorithm) != VT_OK)
            return VT_E_FORMAT;
        out->digest = vt_digest_by_oid(algorithm.oid);
        index.body = rest;
    }
    for (size_t i = 0; i < 3; i++) {
        if (vt_der_expect(&index.body, VT_DER_SEQUENCE, &lists[i]) != VT_OK)
            return VT_E_FORMAT;
    }
    out->certificates = lists[0].body;
    out->revocations = lists[1].body;
    out->attributes = lists[2].body;
    return index.body.len == 0 ? VT_OK : VT_E_FORMAT;
}

/* The index is an unsigned attribute of the token's own signature: it is protected because its
 * bytes are part of what the imprint is over. */
static const char *find_index(const struct vt_cms *token, struct vt_arena *arena,
                              struct hash_index *out)
{
    const struct vt_bytes oids[] = {VT_OID_ATS_HASH_INDEX_V3, VT_OID_ATS_HASH_INDEX_V2,
                                    VT_OID_ATS_HASH_INDEX};
    struct vt_attributes *attributes = vt_arena_alloc(arena, sizeof(*attributes));
    if (attributes == NULL ||
        vt_attributes_parse(token->signers[0].unsigned_attributes, attributes) != VT_OK)
        return "The unsigned attributes of the archive time stamp cannot be read.";
    for (size_t i = 0; i < sizeof(oids) / sizeof(oids[0]); i++) {
        size_t count;
        const struct vt_attribute *found = vt_attributes_find(attributes, oids[i], &count);
        if (count == 0)
            continue;
        out->is_by_value = i < 2;
        if (count > 1 || read_index(found->values, out) != VT_OK)
            return "The hash index of the archive time stamp cannot be read (EN 319 122-1 5.5.2).";
        return out->digest != NULL
                   ? NULL
                   : "The digest algorithm of the hash index of the archive time stamp is not "
                     "supported.";
    }
    return "The archive time stamp has no hash index (EN 319 122-1 5.5.3).";
}

/* ---- what the index names ---- */

struct digest_list {
    struct vt_digest_value items[MAX_INDEX_ENTRIES];
    size_t count;
};

static bool has_digest(const struct digest_list *list, struct vt_bytes expected)
{
    for (size_t i = 0; i < list->count; i++) {
        if (vt_digest_equal(&list->items[i], expected))
            return true;
    }
    return false;
}

static enum vt_code add_digest(struct digest_list *list, const struct vt_digest *digest,
                               const struct vt_bytes *pieces, size_t count)
{
    if (list->count == MAX_INDEX_ENTRIES)
        return VT_E_LIMIT;
    return vt_digest_pieces(digest, pieces, count, &list->items[list->count++]);
}

static enum vt_code digest_elements(const struct vt_digest *digest, struct vt_bytes set,
                                    struct digest_list *out)
{
    struct vt_der element;
    enum vt_code code = VT_OK;
    out->count = 0;
    while (code == VT_OK && vt_der_next(&set, &element) == VT_OK)
        code = add_digest(out, digest, &element.raw, 1);
    return code;
}

/* The octets that the index digests of an attribute value: attrType and the value (EN 319 122-1
 * 5.5.2), or, in the first version, the whole attribute. */
static enum vt_code digest_value(const struct hash_index *index,
                                 const struct vt_attribute *attribute, struct vt_bytes value,
                                 struct digest_list *out)
{
    struct vt_bytes body = attribute->raw;
    struct vt_der whole;
    struct vt_der type;
    if (!index->is_by_value)
        return add_digest(out, index->digest, &attribute->raw, 1);
    if (vt_der_whole(body, VT_DER_SEQUENCE, &whole) != VT_OK ||
        vt_der_expect(&whole.body, VT_DER_OID, &type) != VT_OK)
        return VT_E_FORMAT;
    const struct vt_bytes pieces[] = {type.raw, value};
    return add_digest(out, index->digest, pieces, 2);
}

static enum vt_code digest_attributes(const struct hash_index *index,
                                      const struct vt_attributes *attributes,
                                      struct digest_list *out)
{
    enum vt_code code = VT_OK;
    out->count = 0;
    for (size_t i = 0; i < attributes->count; i++) {
        struct vt_bytes values = attributes->items[i].values;
        struct vt_der value;
        while (code == VT_OK && vt_der_next(&values, &value) == VT_OK)
            code = digest_value(index, &attributes->items[i], value.raw, out);
    }
    return code;
}

/* Every entry must name something that is there (EN 319 122-1 5.5.2). */
static bool names_only(struct vt_bytes entries, const struct digest_list *list)
{
    struct vt_der entry;
    for (size_t i = 0; vt_der_next(&entries, &entry) == VT_OK; i++) {
        if (i == MAX_INDEX_ENTRIES || entry.tag != VT_DER_OCTET_STRING ||
            !has_digest(list, entry.body))
            return false;
    }
    return entries.len == 0;
}

static bool is_named(struct vt_bytes entries, const struct vt_digest_value *value)
{
    struct vt_der entry;
    while (vt_der_next(&entries, &entry) == VT_OK) {
        if (vt_digest_equal(value, entry.body))
            return true;
    }
    return false;
}

/* Which other tokens of the signature the index names. */
static enum vt_code find_covered(struct vt_stamped *stamped, const struct hash_index *index,
                                 struct digest_list *scratch)
{
    const struct vt_token_table *table = stamped->table;
    for (size_t i = 0; i < table->count; i++) {
        scratch->count = 0;
        if (vt_bytes_equal(table->items[i].attribute->oid, VT_OID_CONTENT_TIME_STAMP))
            continue;
        enum vt_code code =
            digest_value(index, table->items[i].attribute, table->items[i].token, scratch);
        if (code != VT_OK)
            return code;
        if (i != stamped->index && is_named(index->attributes, &scratch->items[0]))
            stamped->covers |= UINT32_C(1) << i;
    }
    return VT_OK;
}

static enum vt_code check_index(struct vt_stamped *stamped, const struct hash_index *index)
{
    const struct vt_signer_work *work = stamped->work;
    const struct vt_cms *cms = work->signing->cms;
    struct digest_list *list = vt_arena_alloc(work->signing->arena, sizeof(*list));
    if (list == NULL)
        return VT_E_NOMEM;
    enum vt_code code = digest_elements(index->digest, cms->certificates, list);
    bool complete = code == VT_OK && names_only(index->certificates, list);
    if (code == VT_OK)
        code = digest_elements(index->digest, cms->revocations, list);
    complete = complete && code == VT_OK && names_only(index->revocations, list);
    if (code == VT_OK)
        code = digest_attributes(index, &work->unsigned_attributes, list);
    complete = complete && code == VT_OK && names_only(index->attributes, list);
    if (code == VT_OK && complete)
        return find_covered(stamped, index, list);
    stamped->defect = code == VT_E_UNSUPPORTED
                          ? "The digest algorithm of the hash index of the archive time stamp is "
                            "not supported."
                          : "The hash index of the archive time stamp names something that is not "
                            "in the signature (EN 319 122-1 5.5.2).";
    return code == VT_E_NOMEM || code == VT_E_INTERNAL ? code : VT_E_UNSUPPORTED;
}

/* ---- archive-time-stamp-v3 ---- */

/* EN 319 122-1 5.5.3: eContentType, digest of what is signed, the SignerInfo from version to
 * signature, the hash index. */
enum vt_code vt_archive_v3_compare(struct vt_stamped *stamped, const struct vt_cms *token,
                                   const struct vt_token_info *info, bool *out_right)
{
    const struct vt_signer_work *work = stamped->work;
    const struct vt_signing *signing = work->signing;
    struct hash_index index = {0};
    struct vt_digest_value content;
    struct vt_digest_value value;
    uint8_t type_header[6];
    if (work->matched_content == NULL) {
        stamped->defect = "What the archive time stamp is over was not found.";
        return VT_E_UNSUPPORTED;
    }
    stamped->defect = find_index(token, signing->arena, &index);
    if (stamped->defect != NULL)
        return VT_E_UNSUPPORTED;
    stamped->index_digest = index.digest;
    enum vt_code code =
        vt_digest_content(signing->cache, info->digest, work->matched_content, &content);
    if (code != VT_OK)
        return code;
    size_t header_len = vt_der_header(type_header, VT_DER_OID, signing->cms->content_type.len);
    const struct vt_bytes pieces[] = {
        vt_bytes_of(type_header, header_len), signing->cms->content_type,
        vt_bytes_of(content.bytes, content.len), work->signer->head, index.raw};
    code = vt_digest_pieces(info->digest, pieces, sizeof(pieces) / sizeof(pieces[0]), &value);
    if (code != VT_OK)
        return code;
    *out_right = vt_digest_equal(&value, info->imprint);
    return *out_right ? check_index(stamped, &index) : VT_OK;
}

/* ---- archive-time-stamp-v2 ---- */

struct pieces {
    struct vt_bytes items[VT_MAX_ATTRIBUTES + VT_MAX_RANGES + 8];
    size_t count;
    size_t head_count; /* those before the unsigned attributes */
};

static void add_piece(struct pieces *pieces, struct vt_bytes bytes)
{
    if (bytes.len > 0)
        pieces->items[pieces->count++] = bytes;
}

static bool is_archive(const struct vt_attribute *attribute)
{
    return vt_bytes_equal(attribute->oid, VT_OID_ARCHIVE_TIME_STAMP_V2) ||
           vt_bytes_equal(attribute->oid, VT_OID_ARCHIVE_TIME_STAMP_V3);
}

/* An archive time stamp that was added at the same time or later is not covered. */
static bool is_covered(const struct vt_signer_work *work, const struct vt_attribute *attribute,
                       int64_t before_utc_secs)
{
    struct vt_der value;
    if (!is_archive(attribute))
        return true;
    if (vt_attribute_single(attribute, &value) != VT_OK)
        return false;
    int64_t time = vt_token_time(work->signing->arena, value.raw);
    return time != VT_TIME_NONE && time < before_utc_secs;
}

static void cover_tokens(struct vt_stamped *stamped, const struct vt_attribute *attribute,
                         uint32_t *covers)
{
    for (size_t i = 0; i < stamped->table->count; i++) {
        if (stamped->table->items[i].attribute == attribute)
            *covers |= UINT32_C(1) << i;
    }
}

/* TS 101 733 6.4.1: encapContentInfo, content that is not in it, certificates, crls, and all
 * elements of the SignerInfo. */
static uint32_t gather_v2(struct vt_stamped *stamped, int64_t time_utc_secs, struct pieces *out)
{
    const struct vt_signer_work *work = stamped->work;
    const struct vt_cms *cms = work->signing->cms;
    uint32_t covers = stamped->covers;
    add_piece(out, cms->content_info_raw);
    for (size_t i = 0; !cms->has_content && i < work->matched_content->count; i++)
        add_piece(out, work->matched_content->ranges[i]);
    add_piece(out, cms->certificates_raw);
    add_piece(out, cms->revocations_raw);
    add_piece(out, work->signer->head);
    out->head_count = out->count++; /* where the tag of the unsigned attributes goes */
    for (size_t i = 0; i < work->unsigned_attributes.count; i++) {
        const struct vt_attribute *attribute = &work->unsigned_attributes.items[i];
        if (attribute == stamped->table->items[stamped->index].attribute ||
            !is_covered(work, attribute, time_utc_secs))
            continue;
        add_piece(out, attribute->raw);
        cover_tokens(stamped, attribute, &covers);
    }
    return covers;
}

static bool is_joined(const struct vt_content *content)
{
    return content != NULL && !content->canonical_text;
}

/* Annex K, table K.3, note 3: an earlier version left tag and length of the unsigned attributes
 * out, so both are tried. */
enum vt_code vt_archive_v2_compare(struct vt_stamped *stamped, const struct vt_cms *token,
                                   const struct vt_token_info *info, bool *out_right)
{
    const struct vt_signer_work *work = stamped->work;
    struct pieces *pieces = vt_arena_alloc(work->signing->arena, sizeof(*pieces));
    uint8_t header[6];
    size_t attributes_len = 0;
    (void)token;
    if (pieces == NULL)
        return VT_E_NOMEM;
    if (!work->signing->cms->has_content && !is_joined(work->matched_content)) {
        stamped->defect = "What the archive time stamp is over was not found.";
        return VT_E_UNSUPPORTED;
    }
    stamped->is_ambiguous = true;
    uint32_t covers = gather_v2(stamped, info->time_utc_secs, pieces);
    for (size_t i = pieces->head_count + 1; i < pieces->count; i++)
        attributes_len += pieces->items[i].len;
    for (int with_header = 1; with_header >= 0 && !*out_right; with_header--) {
        struct vt_digest_value value;
        size_t len = vt_der_header(header, VT_DER_CONTEXT_CONSTRUCTED(1), attributes_len);
        pieces->items[pieces->head_count] =
            with_header ? vt_bytes_of(header, len) : (struct vt_bytes){0};
        enum vt_code code = vt_digest_pieces(info->digest, pieces->items, pieces->count, &value);
        if (code != VT_OK)
            return code;
        *out_right = vt_digest_equal(&value, info->imprint);
    }
    if (*out_right)
        stamped->covers = covers;
    return VT_OK;
}

/* ---- time stamps over references ---- */

/* attrType and attrValues of every attribute of the type, one after the other. */
static void add_attributes(struct vt_stamped *stamped, struct vt_bytes oid, struct pieces *out,
                           uint32_t *covers)
{
    const struct vt_attributes *set = &stamped->work->unsigned_attributes;
    for (size_t i = 0; i < set->count; i++) {
        struct vt_der whole;
        if (!vt_bytes_equal(set->items[i].oid, oid) ||
            vt_der_whole(set->items[i].raw, VT_DER_SEQUENCE, &whole) != VT_OK)
            continue;
        add_piece(out, whole.body);
        cover_tokens(stamped, &set->items[i], covers);
    }
}

/* TS 101 733 6.3.5 (EN 319 122-1 A.1.5.2): the signature value, signature time stamps, references
 * to certificates and to revocation data; 6.3.6 (A.1.5.1): the references alone. */
enum vt_code vt_references_compare(struct vt_stamped *stamped, const struct vt_cms *token,
                                   const struct vt_token_info *info, bool *out_right)
{
    const struct vt_signer_work *work = stamped->work;
    struct pieces *pieces = vt_arena_alloc(work->signing->arena, sizeof(*pieces));
    struct vt_digest_value value;
    uint32_t covers = stamped->covers;
    (void)token;
    if (pieces == NULL)
        return VT_E_NOMEM;
    if (strcmp(stamped->kind, "references") != 0) {
        add_piece(pieces, work->signer->signature_value);
        add_attributes(stamped, VT_OID_TIME_STAMP_TOKEN, pieces, &covers);
    }
    add_attributes(stamped, VT_OID_COMPLETE_CERTIFICATE_REFS, pieces, &covers);
    add_attributes(stamped, VT_OID_COMPLETE_REVOCATION_REFS, pieces, &covers);
    enum vt_code code = vt_digest_pieces(info->digest, pieces->items, pieces->count, &value);
    if (code != VT_OK)
        return code;
    *out_right = vt_digest_equal(&value, info->imprint);
    /* Signature time stamps may have been added since. */
    stamped->is_ambiguous = true;
    if (*out_right)
        stamped->covers = covers;
    return VT_OK;
}
