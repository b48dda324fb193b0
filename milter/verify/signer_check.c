/* SPDX-License-Identifier: Apache-2.0
 * The second question of integrity: did the signer's key make the signature value over the signed
 * attributes, or without them over the content (RFC 5652 5.4 to 5.6)? */
#include "verify/signer.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "verify/der.h"
#include "verify/oid.h"

/* ---- signed bytes ---- */

/* The signed attributes as the SET OF that is signed: their own bytes with the tag of SET, or,
 * when DER asks for another order, sorted (RFC 5652 5.4). */
static enum vt_code as_set(struct vt_signer_work *work, struct vt_bytes *out)
{
    struct vt_bytes raw = work->signer->signed_attributes_raw;
    struct vt_bytes body = work->signer->signed_attributes;
    uint8_t header[6];
    size_t header_len = raw.len - body.len;
    uint8_t *bytes = vt_arena_alloc(work->signing->arena, body.len + sizeof(header));

    if (bytes == NULL)
        return VT_E_NOMEM;
    /* Of a definite length the octets are kept as they are; DER knows no other. */
    if (raw.ptr[1] == 0x80 || header_len > sizeof(header))
        header_len = vt_der_header(header, VT_DER_SET, body.len);
    else
        memcpy(header, raw.ptr, header_len);
    header[0] = VT_DER_SET;
    memcpy(bytes, header, header_len);
    memcpy(bytes + header_len, body.ptr, body.len);
    *out = vt_bytes_of(bytes, header_len + body.len);
    return VT_OK;
}

/* Sorted, and its length in the shortest form: then the bytes as they stand are DER. */
static bool is_der_set(const struct vt_signer_work *work)
{
    struct vt_bytes raw = work->signer->signed_attributes_raw;
    struct vt_bytes body = work->signer->signed_attributes;
    uint8_t header[6];
    return work->attributes.is_sorted &&
           vt_der_header(header, VT_DER_SET, body.len) + body.len == raw.len;
}

static int compare_attributes(const void *left, const void *right)
{
    const struct vt_bytes *a = left;
    const struct vt_bytes *b = right;
    int order = memcmp(a->ptr, b->ptr, a->len < b->len ? a->len : b->len);
    if (order != 0)
        return order;
    return a->len < b->len ? -1 : a->len > b->len;
}

static enum vt_code as_sorted_set(struct vt_signer_work *work, struct vt_bytes *out)
{
    struct vt_bytes sorted[VT_MAX_ATTRIBUTES] = {{0}};
    size_t count = work->attributes.count;
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        sorted[i] = work->attributes.items[i].raw;
        len += sorted[i].len;
    }
    qsort(sorted, count, sizeof(sorted[0]), compare_attributes);
    uint8_t *bytes = vt_arena_alloc(work->signing->arena, len + 6);
    if (bytes == NULL)
        return VT_E_NOMEM;
    size_t at = vt_der_header(bytes, VT_DER_SET, len);
    for (size_t i = 0; i < count; i++) {
        memcpy(bytes + at, sorted[i].ptr, sorted[i].len);
        at += sorted[i].len;
    }
    *out = vt_bytes_of(bytes, at);
    return VT_OK;
}

/* ---- signature value ---- */

/* What a signature value is tried over: bytes, or the digest of a content. */
struct signed_form {
    struct vt_bytes bytes;
    struct vt_digest_value hash;
    bool has_hash;
    const struct vt_content *content; /* without signed attributes */
};

static const struct vt_digest *digest_of_signature(const struct vt_signer_work *work)
{
    return work->scheme.digest != NULL ? work->scheme.digest : work->digest;
}

static bool may_name_signer(const struct vt_signer_work *work)
{
    return work->out->ess_bound || !(work->ess[0].present || work->ess[1].present);
}

/* One form by one certificate. */
static enum vt_code try_key(struct vt_signer_work *work, const struct vt_certificate *certificate,
                            const struct signed_form *form, enum vt_signature_result *out)
{
    EVP_PKEY *key = X509_get0_pubkey(vt_certificate_x509(certificate));
    struct vt_bytes hash = vt_bytes_of(form->hash.bytes, form->hash.len);
    *out = VT_SIGNATURE_UNUSABLE;
    if (key == NULL) {
        ERR_clear_error();
        return VT_OK;
    }
    return vt_signature_check(key, &work->scheme, digest_of_signature(work), form->bytes,
                              form->has_hash ? &hash : NULL, work->signer->signature_value, out);
}

/* Try every form by every candidate. *out is the best result, *out_form the form it came from. */
static enum vt_code try_all(struct vt_signer_work *work, const struct signed_form *forms,
                            size_t forms_count, enum vt_signature_result *out,
                            const struct signed_form **out_form)
{
    *out = VT_SIGNATURE_NOT_CHECKED;
    for (size_t c = 0; c < work->candidates_count; c++) {
        for (size_t f = 0; f < forms_count; f++) {
            enum vt_signature_result result;
            enum vt_code code = try_key(work, work->candidates[c], &forms[f], &result);
            if (code != VT_OK)
                return code;
            if (*out == VT_SIGNATURE_NOT_CHECKED || result == VT_SIGNATURE_RIGHT) {
                *out = result;
                *out_form = &forms[f];
                if (may_name_signer(work))
                    work->out->signer = work->candidates[c];
            }
            if (result == VT_SIGNATURE_RIGHT)
                return VT_OK;
        }
    }
    return VT_OK;
}

static void signature_wrong(struct vt_signer_work *work, const char *finding)
{
    work->signature = VT_CHECK_WRONG;
    vt_verified_fail(work->out, VT_SUB_SIG_CRYPTO_FAILURE, VT_REASON_BAD_SIGNATURE);
    VT_NOTE(work->signing->arena, work->out, "%s", finding);
}

static void record(struct vt_signer_work *work, enum vt_signature_result result)
{
    switch (result) {
    case VT_SIGNATURE_RIGHT:
        if (work->signature == VT_CHECK_OPEN)
            work->signature = VT_CHECK_RIGHT;
        break;
    case VT_SIGNATURE_WRONG:
        signature_wrong(work, "The signature value was not made by the key of the signer's "
                              "certificate over these data.");
        break;
    case VT_SIGNATURE_KEY_MISMATCH:
        signature_wrong(work, "The key of the signer's certificate does not allow the algorithm "
                              "of the signature or its parameters.");
        break;
    case VT_SIGNATURE_UNUSABLE:
        work->is_unclear = true;
        vt_verified_fail(work->out, VT_SUB_CRYPTO_CONSTRAINTS_FAILURE,
                         VT_REASON_FORMAT_UNSUPPORTED);
        VT_NOTE(work->signing->arena, work->out,
                "The signer's public key or the signature algorithm cannot be used.");
        break;
    case VT_SIGNATURE_NOT_CHECKED:
        work->is_unclear = true;
        break;
    }
}

/* ---- with signed attributes ---- */

/* RFC 8419 3.1: Ed25519 goes with SHA-512 and Ed448 with SHAKE256. */
static void note_eddsa_digest(struct vt_signer_work *work)
{
    if (work->scheme.kind != VT_KEY_EDDSA || work->digest == NULL)
        return;
    const char *wanted = strcmp(work->scheme.key_type, "ED448") == 0 ? "SHAKE256" : "SHA-512";
    if (strcmp(work->digest->name, wanted) != 0)
        VT_NOTE(work->signing->arena, work->out, "%s was used with %s; RFC 8419 asks for %s.",
                work->scheme.name, work->digest->name, wanted);
}

/* The value may fit what a producer wrongly signed. Then it does not verify by the standard, but
 * it is no forgery either: the defect is named, and not called a bad signature. */
static void record_defect(struct vt_signer_work *work, const char *finding)
{
    work->signature = VT_CHECK_WRONG;
    vt_verified_fail(work->out, VT_SUB_SIG_CRYPTO_FAILURE, VT_REASON_MALFORMED);
    VT_NOTE(work->signing->arena, work->out, "%s", finding);
}

/* The label of the signature algorithm names another digest than the one that was used. */
static enum vt_code fits_digest_algorithm(struct vt_signer_work *work,
                                          const struct signed_form *form, bool *out)
{
    enum vt_signature_result result = VT_SIGNATURE_NOT_CHECKED;
    const struct signed_form *used;
    const struct vt_digest *named = work->scheme.digest;
    *out = false;
    if (named == NULL || work->digest == NULL || named == work->digest ||
        work->scheme.kind == VT_KEY_RSA_PSS)
        return VT_OK;
    work->scheme.digest = work->digest;
    enum vt_code code = try_all(work, form, 1, &result, &used);
    work->scheme.digest = named;
    *out = result == VT_SIGNATURE_RIGHT;
    return code;
}

/* RFC 5652 5.4: what is digested is the DER encoding, so of attributes that stand in another
 * order only a signature over the sorted ones is right. */
static enum vt_code record_attributes(struct vt_signer_work *work, enum vt_signature_result result,
                                      const struct signed_form *forms, bool is_der,
                                      const struct signed_form *used)
{
    bool fits_other_digest = false;
    if (!is_der && result == VT_SIGNATURE_RIGHT && used == &forms[0]) {
        record_defect(work, "The signed attributes are not in the order of DER and were signed "
                            "as they stand; RFC 5652 5.4 asks for the DER encoding.");
        return VT_OK;
    }
    if (result == VT_SIGNATURE_WRONG) {
        enum vt_code code = fits_digest_algorithm(work, forms, &fits_other_digest);
        if (code != VT_OK)
            return code;
    }
    if (fits_other_digest) {
        record_defect(work, "The signature fits the digest of digestAlgorithm, not that of its "
                            "own signature algorithm.");
        return VT_OK;
    }
    if (!is_der && result == VT_SIGNATURE_RIGHT)
        VT_NOTE(work->signing->arena, work->out,
                "The signed attributes do not stand in DER (RFC 5652 5.3); the signature is over "
                "their DER form, as it has to be.");
    record(work, result);
    note_eddsa_digest(work);
    return VT_OK;
}

static enum vt_code check_attributes(struct vt_signer_work *work)
{
    struct signed_form forms[2] = {{.has_hash = false}, {.has_hash = false}};
    const struct signed_form *used = &forms[0];
    bool is_der = is_der_set(work);
    enum vt_signature_result result;

    if (as_set(work, &forms[0].bytes) != VT_OK ||
        (!is_der && as_sorted_set(work, &forms[1].bytes) != VT_OK))
        return VT_E_NOMEM;
    enum vt_code code = try_all(work, forms, is_der ? 1 : 2, &result, &used);
    return code == VT_OK ? record_attributes(work, result, forms, is_der, used) : code;
}

/* ---- without ---- */

static enum vt_code make_form(struct vt_signer_work *work, const struct vt_content *content,
                              struct signed_form *out)
{
    *out = (struct signed_form){.content = content};
    if (work->scheme.kind == VT_KEY_EDDSA)
        return vt_content_join(work->signing->arena, content, &out->bytes);
    out->has_hash = true;
    const struct vt_digest *digest = digest_of_signature(work);
    return digest == NULL ? VT_E_UNSUPPORTED
                          : vt_digest_content(work->signing->cache, digest, content, &out->hash);
}

/* The value is right by its key, but over another digest: the content was changed. */
static bool is_over_other_content(const struct vt_signer_work *work)
{
    for (size_t i = 0; i < work->candidates_count; i++) {
        EVP_PKEY *key = X509_get0_pubkey(vt_certificate_x509(work->candidates[i]));
        if (key != NULL && vt_signature_recovers(key, &work->scheme, digest_of_signature(work),
                                                 work->signer->signature_value))
            return true;
    }
    ERR_clear_error();
    return false;
}

static void record_direct(struct vt_signer_work *work, enum vt_signature_result result,
                          const struct signed_form *used)
{
    if (result == VT_SIGNATURE_WRONG &&
        (!work->signing->contents.is_given || is_over_other_content(work))) {
        /* The digest is known where a signature was found wrong; EdDSA has none. */
        work->is_unclear = true;
        vt_signer_content_differs(work, digest_of_signature(work));
        return;
    }
    if (result == VT_SIGNATURE_RIGHT) {
        vt_signer_take_content(work, used->content);
        vt_signer_refuse_disguise(work, used->content);
    }
    record(work, result);
}

static enum vt_code check_direct(struct vt_signer_work *work)
{
    const struct vt_contents *contents = &work->signing->contents;
    enum vt_signature_result best = VT_SIGNATURE_NOT_CHECKED;
    struct signed_form form = {0};
    for (size_t i = 0; i < contents->count && best != VT_SIGNATURE_RIGHT; i++) {
        const struct signed_form *used;
        enum vt_signature_result result;
        enum vt_code code = make_form(work, &contents->items[i], &form);
        if (code == VT_E_UNSUPPORTED || code == VT_E_LIMIT) {
            record(work, VT_SIGNATURE_UNUSABLE);
            return VT_OK;
        }
        if (code == VT_OK)
            code = try_all(work, &form, 1, &result, &used);
        if (code != VT_OK)
            return code;
        if (best == VT_SIGNATURE_NOT_CHECKED || result == VT_SIGNATURE_RIGHT)
            best = result;
    }
    if (contents->count > 0)
        record_direct(work, best, &form);
    return VT_OK;
}

enum vt_code vt_signer_check_signature(struct vt_signer_work *work)
{
    bool needs_digest = work->scheme.kind != VT_KEY_EDDSA;
    if (!work->has_scheme || work->candidates_count == 0 ||
        (needs_digest && digest_of_signature(work) == NULL)) {
        work->is_unclear = true;
        return VT_OK;
    }
    return work->signer->has_signed_attributes ? check_attributes(work) : check_direct(work);
}
