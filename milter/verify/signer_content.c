/* SPDX-License-Identifier: Apache-2.0
 * The first question of integrity: is the content at hand that which was digested (RFC 5652 5.4,
 * 5.6)? */
#include "verify/signer.h"

#include <string.h>

#include "verify/der.h"
#include "verify/oid.h"

/* EdDSA without signed attributes signs the content itself, which must then lie in one piece. */
#define MAX_JOINED_BYTES (16u * 1024 * 1024)
/* Content that could be a set of signed attributes in disguise is shorter than this. */
#define MAX_DISGUISE_BYTES (64u * 1024)

void vt_signer_take_content(struct vt_signer_work *work, const struct vt_content *content)
{
    work->content = VT_CHECK_RIGHT;
    work->matched_content = content;
    if (content->canonical_text)
        VT_NOTE(work->signing->arena, work->out,
                "The signature fits the text with CR LF line ends (RFC 8551 3.1.1), not the bytes "
                "as they are.");
}

static void content_missing(struct vt_signer_work *work, const char *finding)
{
    work->is_unclear = true;
    vt_verified_fail(work->out, VT_SUB_SIGNED_DATA_NOT_FOUND, VT_REASON_COUNT);
    VT_NOTE(work->signing->arena, work->out, "%s", finding);
}

void vt_signer_content_differs(struct vt_signer_work *work, const struct vt_digest *digest)
{
    if (!work->signing->contents.is_given) {
        content_missing(work, "None of the files at hand is the one that was signed.");
        return;
    }
    work->content = VT_CHECK_WRONG;
    vt_verified_fail(work->out, VT_SUB_HASH_FAILURE, VT_REASON_CONTENT_CHANGED);
    VT_NOTE(work->signing->arena, work->out,
            "The %s digest of the signed bytes is not the one in the signature: they were changed "
            "after signing.",
            digest != NULL ? digest->name : "");
}

/* With signed attributes: message-digest must be the digest of the content (RFC 5652 5.6). */
static enum vt_code compare_digest(struct vt_signer_work *work)
{
    const struct vt_contents *contents = &work->signing->contents;
    for (size_t i = 0; i < contents->count; i++) {
        struct vt_digest_value value;
        enum vt_code code =
            vt_digest_content(work->signing->cache, work->digest, &contents->items[i], &value);
        if (code == VT_E_UNSUPPORTED) {
            work->is_unclear = true;
            vt_verified_fail(work->out, VT_SUB_CRYPTO_CONSTRAINTS_FAILURE,
                             VT_REASON_FORMAT_UNSUPPORTED);
            VT_NOTE(work->signing->arena, work->out, "The digest algorithm %s is not supported.",
                    work->digest->name);
            return VT_OK;
        }
        if (code != VT_OK)
            return code;
        if (vt_digest_equal(&value, work->message_digest)) {
            vt_signer_take_content(work, &contents->items[i]);
            return VT_OK;
        }
    }
    vt_signer_content_differs(work, work->digest);
    return VT_OK;
}

enum vt_code vt_signer_check_content(struct vt_signer_work *work)
{
    if (work->signing->contents.count == 0) {
        content_missing(work, "The signed content is not in the signature and was not found.");
        return VT_OK;
    }
    if (work->signing->contents.is_given)
        work->matched_content = &work->signing->contents.items[0];
    if (!work->signer->has_signed_attributes || work->message_digest.len == 0 ||
        work->digest == NULL || work->content == VT_CHECK_WRONG)
        return VT_OK;
    return compare_digest(work);
}

enum vt_code vt_content_join(struct vt_arena *arena, const struct vt_content *content,
                             struct vt_bytes *out)
{
    size_t len = 0;
    if (content->count == 1) {
        *out = content->ranges[0];
        return VT_OK;
    }
    for (size_t i = 0; i < content->count; i++)
        len += content->ranges[i].len;
    if (len > MAX_JOINED_BYTES)
        return VT_E_LIMIT;
    uint8_t *bytes = vt_arena_alloc(arena, len);
    if (bytes == NULL)
        return VT_E_NOMEM;
    size_t at = 0;
    for (size_t i = 0; i < content->count; i++) {
        if (content->ranges[i].len > 0)
            memcpy(bytes + at, content->ranges[i].ptr, content->ranges[i].len);
        at += content->ranges[i].len;
    }
    *out = vt_bytes_of(bytes, len);
    return VT_OK;
}

/* A set of signed attributes taken from another signature and passed off as the content: the
 * value would verify over it. Plain data never look like that. */
static bool is_disguised_set(const struct vt_content *content)
{
    struct vt_der set;
    struct vt_attributes attributes;
    if (content->count != 1 || content->ranges[0].len > MAX_DISGUISE_BYTES ||
        vt_der_whole(content->ranges[0], VT_DER_SET, &set) != VT_OK ||
        vt_attributes_parse(set.body, &attributes) != VT_OK)
        return false;
    return vt_attributes_find(&attributes, VT_OID_MESSAGE_DIGEST, NULL) != NULL;
}

void vt_signer_refuse_disguise(struct vt_signer_work *work, const struct vt_content *content)
{
    if (!is_disguised_set(content))
        return;
    work->is_unclear = true;
    vt_verified_fail(work->out, VT_SUB_FORMAT_FAILURE, VT_REASON_MALFORMED);
    VT_NOTE(work->signing->arena, work->out,
            "The content is a set of signed attributes, as of another signature.");
}
