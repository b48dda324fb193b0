/* SPDX-License-Identifier: Apache-2.0
 * One signed object: which bytes its CMS must be over, each of its SignerInfos, and what follows
 * from the way it is bound (RFC 5652, ISO 32000-1 12.8.3.3, RFC 8551 3). */
#include "vanthu/verify.h"

#include <string.h>

#include <openssl/evp.h>

#include "verify/oid.h"
#include "verify/timestamp.h"

/* Everything about one object on its way. */
struct object_work {
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    struct vt_digest_cache *cache;
    const struct vt_signed_object *object;
    size_t object_index;
    const struct vt_bytes *candidates;
    size_t candidates_count;
    struct vt_cms cms;
    struct vt_content ranges; /* of the object */
    bool has_ranges;
    struct vt_verified_list *out;
};

static enum vt_code no_memory(struct vt_err *err)
{
    return vt_err_set(err, VT_E_NOMEM, "no memory for a signature");
}

static enum vt_code make_items(struct object_work *work, size_t count, struct vt_err *err)
{
    work->out->items = vt_arena_alloc(work->arena, count * sizeof(*work->out->items));
    if (work->out->items == NULL)
        return no_memory(err);
    work->out->count = count;
    for (size_t i = 0; i < count; i++)
        work->out->items[i].claimed_time_utc_secs = VT_TIME_NONE;
    return VT_OK;
}

/* A signature that is claimed but cannot be read. EN 319 102-1 5.2.2 calls that FORMAT_FAILURE;
 * whether the bytes are what was signed stays open: a broken reader or a broken producer is no
 * proof of a change. */
static enum vt_code one_unreadable(struct object_work *work, enum vt_code why, const char *text,
                                   struct vt_err *err)
{
    if (make_items(work, 1, err) != VT_OK)
        return VT_E_NOMEM;
    struct vt_verified *item = &work->out->items[0];
    if (why == VT_E_LIMIT)
        vt_verified_fail(item, VT_SUB_NONE, VT_REASON_TOO_LARGE);
    else if (why == VT_E_UNSUPPORTED)
        vt_verified_fail(item, VT_SUB_NONE, VT_REASON_FORMAT_UNSUPPORTED);
    else
        vt_verified_unreadable(item);
    VT_NOTE(work->arena, item, "The signature was not verified: %s.", text);
    return VT_OK;
}

/* ---- which bytes ---- */

static enum vt_code content_of_ranges(struct object_work *work, struct vt_contents *out)
{
    struct vt_content *items = vt_arena_alloc(work->arena, 2 * sizeof(*items));
    if (items == NULL)
        return VT_E_NOMEM;
    items[0] = work->ranges;
    *out = (struct vt_contents){.items = items, .count = 1, .is_given = true};
    /* A message read from a file may have lost its CRs (RFC 8551 3.1.1). */
    if (work->object->format == VT_SIGNATURE_SMIME && vt_content_has_bare_lf(&items[0])) {
        items[1] = items[0];
        items[1].canonical_text = true;
        out->count = 2;
    }
    return VT_OK;
}

static enum vt_code content_of_cms(struct object_work *work, struct vt_contents *out)
{
    struct vt_content *item = vt_arena_alloc(work->arena, sizeof(*item));
    if (item == NULL)
        return VT_E_NOMEM;
    item->ranges[0] = work->cms.content;
    item->count = 1;
    *out = (struct vt_contents){.items = item, .count = 1, .is_given = true};
    return VT_OK;
}

static enum vt_code content_of_candidates(struct object_work *work, struct vt_contents *out)
{
    struct vt_content *items = vt_arena_alloc(work->arena, work->candidates_count * sizeof(*items));
    if (items == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i < work->candidates_count; i++) {
        items[i].ranges[0] = work->candidates[i];
        items[i].count = 1;
    }
    *out = (struct vt_contents){.items = items, .count = work->candidates_count};
    return VT_OK;
}

static enum vt_code choose_contents(struct object_work *work, struct vt_contents *out)
{
    bool is_detached = work->object->binding == VT_BINDING_DETACHED && work->has_ranges;
    if (is_detached)
        return content_of_ranges(work, out);
    return work->cms.has_content ? content_of_cms(work, out) : content_of_candidates(work, out);
}

/* ---- how the CMS is bound to the ranges ---- */

static bool same_bytes(const struct vt_content *ranges, struct vt_bytes content)
{
    size_t at = 0;
    for (size_t i = 0; i < ranges->count; i++) {
        struct vt_bytes range = ranges->ranges[i];
        if (range.len > content.len - at ||
            !vt_bytes_equal(range, vt_bytes_slice(content, at, range.len)))
            return false;
        at += range.len;
    }
    return at == content.len;
}

static void break_all(struct object_work *work, enum vt_sub_indication sub, enum vt_reason reason,
                      const char *finding)
{
    for (size_t i = 0; i < work->out->count; i++) {
        struct vt_verified *item = &work->out->items[i];
        item->integrity = VT_INTEGRITY_BROKEN;
        vt_verified_fail(item, sub, reason);
        VT_NOTE(work->arena, item, "%s", finding);
    }
}

/* A detached signature that carries content signs that content (RFC 5652 5.2): if it is not the
 * document, the document is not signed. An empty one is content too; tools that write it mean
 * none, so it is called a defect and not a change. */
static void check_own_content(struct object_work *work)
{
    if (work->object->binding != VT_BINDING_DETACHED || !work->has_ranges ||
        !work->cms.has_content || same_bytes(&work->ranges, work->cms.content))
        return;
    if (work->cms.content.len == 0)
        break_all(work, VT_SUB_HASH_FAILURE, VT_REASON_MALFORMED,
                  "The CMS carries an empty content of its own; by RFC 5652 5.2 that is what is "
                  "signed, not the document. eContent must be left out.");
    else
        break_all(work, VT_SUB_HASH_FAILURE, VT_REASON_CONTENT_CHANGED,
                  "The CMS carries a content of its own that differs from the signed bytes.");
}

/* adbe.pkcs7.sha1: the content of the CMS is the SHA-1 of the ranges (ISO 32000-1 12.8.3.3.1). */
static enum vt_code check_sha1_content(struct object_work *work, struct vt_err *err)
{
    struct vt_digest_value value;
    if (work->object->binding != VT_BINDING_PDF_SHA1)
        return VT_OK;
    enum vt_code code = vt_digest_content(work->cache, vt_digest_sha1(), &work->ranges, &value);
    if (code != VT_OK)
        return vt_err_set(err, VT_E_INTERNAL, "SHA-1 failed");
    for (size_t i = 0; i < work->out->count; i++) {
        work->out->items[i].weak_digest = true;
        vt_verified_fail(&work->out->items[i], VT_SUB_NONE, VT_REASON_WEAK_ALGORITHM);
    }
    if (!work->cms.has_content || !vt_digest_equal(&value, work->cms.content))
        break_all(work, VT_SUB_HASH_FAILURE, VT_REASON_CONTENT_CHANGED,
                  "The SHA-1 digest in the signature is not that of the signed bytes: they were "
                  "changed after signing.");
    return VT_OK;
}

/* ---- SignerInfos ---- */

static enum vt_code verify_signers(struct object_work *work, struct vt_err *err)
{
    struct vt_signing *signing = vt_arena_alloc(work->arena, sizeof(*signing));
    if (signing == NULL)
        return no_memory(err);
    signing->arena = work->arena;
    signing->pool = work->pool;
    signing->cache = work->cache;
    signing->cms = &work->cms;
    if (choose_contents(work, &signing->contents) != VT_OK)
        return no_memory(err);
    enum vt_code code = vt_signing_begin(signing, err);
    if (code == VT_OK)
        code = make_items(work, work->cms.signers_count, err);
    for (size_t i = 0; code == VT_OK && i < work->cms.signers_count; i++)
        code = vt_signer_verify(signing, i, &work->out->items[i], err);
    if (code != VT_OK)
        return code;
    check_own_content(work);
    return check_sha1_content(work, err);
}

/* Certificates only (RFC 5652 5.1). Where a signature is claimed that is a defect. */
static enum vt_code no_signer(struct object_work *work, struct vt_err *err)
{
    work->out->degenerate = true;
    if (!work->has_ranges && work->object->binding != VT_BINDING_PDF_SHA1)
        return VT_OK;
    return one_unreadable(work, VT_E_FORMAT, "the CMS has no signer", err);
}

/* Behind a CMS that is a file of its own, bytes are seen by whoever opens the file as something
 * else; in a PDF they lie in /Contents, which nothing shows. */
static void note_trailing(struct object_work *work)
{
    bool is_file = work->object->format == VT_SIGNATURE_SMIME ||
                   work->object->format == VT_SIGNATURE_CMS ||
                   work->object->format == VT_SIGNATURE_CADES;
    for (size_t i = 0; i < work->out->count && work->cms.trailing_bytes > 0; i++) {
        VT_NOTE(work->arena, &work->out->items[i],
                "%zu bytes follow the CMS that are neither part of it nor padding.",
                work->cms.trailing_bytes);
        if (is_file)
            vt_verified_fail(&work->out->items[i], VT_SUB_SIG_CONSTRAINTS_FAILURE,
                             VT_REASON_MALFORMED);
    }
}

/* EN 319 142: a signature of a PDF has one signer. Readers show one of several, not all the same.
 */
static void refuse_several(struct object_work *work)
{
    bool is_pdf = work->object->format == VT_SIGNATURE_PADES ||
                  work->object->format == VT_SIGNATURE_PDF_PKCS7;
    for (size_t i = 0; is_pdf && work->out->count > 1 && i < work->out->count; i++) {
        vt_verified_fail(&work->out->items[i], VT_SUB_SIG_CONSTRAINTS_FAILURE, VT_REASON_MALFORMED);
        VT_NOTE(work->arena, &work->out->items[i],
                "The signature has %zu signers; in a PDF each has a signature of its own "
                "(EN 319 142).",
                work->out->count);
    }
}

/* RFC 3161: a token is signed by a time stamp authority for anybody who asks. Its content says when
 * something existed, not who wrote it. */
static void refuse_token(struct object_work *work)
{
    if (!vt_bytes_equal(work->cms.content_type, VT_OID_TST_INFO))
        return;
    for (size_t i = 0; i < work->out->count; i++) {
        vt_verified_fail(&work->out->items[i], VT_SUB_SIG_CONSTRAINTS_FAILURE,
                         VT_REASON_FORMAT_UNSUPPORTED);
        VT_NOTE(work->arena, &work->out->items[i],
                "The CMS is a time stamp token (RFC 3161), which is nobody's signature.");
    }
}

static enum vt_code verify_cms(struct object_work *work, struct vt_err *err)
{
    struct vt_err why = {0};
    enum vt_code code = vt_cms_parse(work->arena, work->object->cms, &work->cms, &why);
    if (code == VT_E_NOMEM)
        return no_memory(err);
    if (code != VT_OK)
        return one_unreadable(work, code == VT_E_UNSUPPORTED ? VT_E_FORMAT : code, why.text, err);
    if (work->object->binding == VT_BINDING_ENCAPSULATED ||
        work->object->binding == VT_BINDING_DETACHED) {
        work->out->has_content = work->cms.has_content;
        work->out->content = work->cms.content;
    }
    if (work->cms.signers_count > VT_MAX_SIGNERS)
        return one_unreadable(work, VT_E_LIMIT, "it has more signers than are verified", err);
    code = work->cms.signers_count == 0 ? no_signer(work, err) : verify_signers(work, err);
    if (code == VT_OK) {
        note_trailing(work);
        refuse_token(work);
        refuse_several(work);
    }
    return code;
}

/* ---- document time stamps ---- */

static void judge_document_timestamp(struct vt_verified *item,
                                     const struct vt_verified_timestamp *timestamp)
{
    item->integrity = timestamp->integrity;
    item->reasons |= timestamp->reasons;
    item->findings = timestamp->findings;
    item->findings_count = timestamp->findings_count;
}

/* ETSI.RFC3161: the signature value is a token over the ranges (EN 319 142-1 5.4.3). */
static enum vt_code verify_timestamp(struct object_work *work, struct vt_err *err)
{
    struct vt_signing parent = {
        .arena = work->arena, .pool = work->pool, .cache = work->cache, .is_timestamp = true};
    if (make_items(work, 1, err) != VT_OK)
        return VT_E_NOMEM;
    struct vt_verified *item = &work->out->items[0];
    struct vt_stamped stamped = {.kind = "document", .content = &work->ranges};
    struct vt_verified_timestamp *timestamp = vt_arena_alloc(work->arena, sizeof(*timestamp));
    if (timestamp == NULL)
        return no_memory(err);
    enum vt_code code =
        vt_timestamp_verify(&parent, work->object->cms, &stamped, item, timestamp, err);
    if (code != VT_OK)
        return code;
    item->timestamps = timestamp;
    item->timestamps_count = 1;
    judge_document_timestamp(item, timestamp);
    return VT_OK;
}

/* ---- objects ---- */

static enum vt_code run_object(struct object_work *work, struct vt_err *err)
{
    const struct vt_signed_object *object = work->object;
    if (object->cms.len == 0)
        return one_unreadable(work, VT_E_FORMAT,
                              object->structure_broken ? "its value cannot be told" : "it is empty",
                              err);
    if (object->format == VT_SIGNATURE_UNKNOWN)
        return one_unreadable(work, VT_E_UNSUPPORTED, "its format is not supported", err);
    return object->binding == VT_BINDING_TIMESTAMP ? verify_timestamp(work, err)
                                                   : verify_cms(work, err);
}

static enum vt_code verify_object(struct object_work *work, struct vt_err *err)
{
    const struct vt_signed_object *object = work->object;
    *work->out = (struct vt_verified_list){0};
    for (size_t i = 0; i < object->ranges_count && i < VT_MAX_RANGES; i++)
        work->ranges.ranges[i] = object->ranges[i];
    work->ranges.count =
        object->ranges_count < VT_MAX_RANGES ? object->ranges_count : VT_MAX_RANGES;
    work->has_ranges = object->ranges_count > 0;

    enum vt_code code = run_object(work, err);
    if (code != VT_OK)
        return code;
    if (object->structure_broken) {
        if (work->out->count == 0)
            code = one_unreadable(work, VT_E_FORMAT, "the CMS has no signer", err);
        break_all(work, VT_SUB_FORMAT_FAILURE, VT_REASON_MALFORMED,
                  "The document does not say in a valid way which bytes are signed.");
    }
    for (size_t i = 0; i < work->out->count; i++) {
        work->out->items[i].object = work->object_index;
        work->out->items[i].signer_index = i;
    }
    return code;
}

enum vt_code vt_verify_objects(struct vt_arena *arena, struct vt_certificate_pool *pool,
                               const struct vt_signed_object *objects, size_t objects_count,
                               const struct vt_bytes *detached_candidates, size_t candidates_count,
                               struct vt_verified_list *out, struct vt_err *err)
{
    struct vt_digest_cache *cache = vt_certificate_pool_digests(pool);
    struct object_work *work = vt_arena_alloc(arena, sizeof(*work));
    if (cache == NULL || work == NULL)
        return no_memory(err);
    vt_digest_cache_next(cache);
    for (size_t i = 0; i < objects_count; i++) {
        *work = (struct object_work){
            .arena = arena,
            .pool = pool,
            .cache = cache,
            .object = &objects[i],
            .object_index = i,
            .candidates = detached_candidates,
            .candidates_count = candidates_count,
            .out = &out[i],
        };
        enum vt_code code = verify_object(work, err);
        if (code != VT_OK)
            return code;
    }
    return VT_OK;
}

enum vt_code vt_verify_sha256(struct vt_bytes bytes, char out_hex[65])
{
    uint8_t digest[32];
    out_hex[0] = '\0';
    if (EVP_Digest(bytes.ptr, bytes.len, digest, NULL, EVP_sha256(), NULL) != 1)
        return VT_E_INTERNAL;
    vt_text_hex(out_hex, vt_bytes_of(digest, sizeof(digest)));
    return VT_OK;
}

enum vt_code vt_verify_file_sha256(struct vt_certificate_pool *pool, struct vt_bytes bytes,
                                   char out_hex[65])
{
    struct vt_digest_cache *cache = vt_certificate_pool_digests(pool);
    const struct vt_content content = {.ranges = {bytes}, .count = 1};
    struct vt_digest_value value;
    out_hex[0] = '\0';
    if (cache == NULL || vt_digest_content(cache, vt_digest_sha256(), &content, &value) != VT_OK)
        return VT_E_NOMEM;
    vt_text_hex(out_hex, vt_bytes_of(value.bytes, value.len));
    return VT_OK;
}
