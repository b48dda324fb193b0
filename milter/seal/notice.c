/* SPDX-License-Identifier: Apache-2.0
 * Notices signed: multipart/signed around what our own writer wrote. */
#include "vanthu/seal_notice.h"

#include <string.h>
#include <strings.h>

#include "seal/cms.h"
#include "seal/hash.h"
#include "vanthu/registrar.h"

#define BOUNDARY_BYTES 48
/* Base64 of the CMS, and the fields around it. */
#define MORE_BYTES (2 * VT_MAX_SEAL_CHAIN_BYTES + 64u * 1024)

/* ---- what is signed ---- */

static bool is_ours(struct vt_bytes message)
{
    for (size_t i = 0; i < message.len; i++) {
        uint8_t byte = message.ptr[i];
        bool ends = byte == '\r' && i + 1 < message.len && message.ptr[i + 1] == '\n';
        if (byte == 0 || byte > 0x7E || (byte == '\r' && !ends) || byte == '\n')
            return false;
        i += ends;
    }
    return message.len > 4 && memcmp(message.ptr + message.len - 2, "\r\n", 2) == 0;
}

/* One field with its folds, and the CRLF at its end. */
static struct vt_bytes next_field(struct vt_bytes head, size_t at)
{
    size_t end = at;
    do {
        const uint8_t *line = memchr(head.ptr + end, '\n', head.len - end);
        end = line != NULL ? (size_t)(line - head.ptr) + 1 : head.len;
    } while (end < head.len && (head.ptr[end] == ' ' || head.ptr[end] == '\t'));
    return vt_bytes_slice(head, at, end - at);
}

static bool begins(struct vt_bytes field, const char *name)
{
    size_t len = strlen(name);
    return field.len >= len && strncasecmp((const char *)field.ptr, name, len) == 0;
}

static enum vt_code divide_head(struct vt_bytes head, struct vt_buf *outside, struct vt_buf *inside)
{
    enum vt_code code = VT_OK;
    for (size_t at = 0; code == VT_OK && at < head.len;) {
        struct vt_bytes field = next_field(head, at);
        at += field.len;
        if (begins(field, "Content-"))
            code = vt_buf_add(inside, field.ptr, field.len);
        else if (!begins(field, "MIME-Version:"))
            code = vt_buf_add(outside, field.ptr, field.len);
    }
    return code;
}

static enum vt_code keep(struct vt_arena *arena, struct vt_buf *buf, enum vt_code code,
                         struct vt_bytes *out, struct vt_err *err)
{
    void *copy = code == VT_OK ? vt_arena_dup(arena, buf->ptr, buf->len) : NULL;
    if (copy == NULL)
        return vt_err_set(err, code == VT_OK ? VT_E_NOMEM : code, "no memory for a signed notice");
    *out = vt_bytes_of(copy, buf->len);
    return VT_OK;
}

enum vt_code vt_seal_notice_divide(struct vt_arena *arena, struct vt_bytes message,
                                   struct vt_bytes *out_outside, struct vt_bytes *out_signed,
                                   struct vt_err *err)
{
    struct vt_buf outside, inside;
    const uint8_t *gap = is_ours(message) ? memmem(message.ptr, message.len, "\r\n\r\n", 4) : NULL;
    if (gap == NULL || message.len > VT_MAX_NOTICE_BYTES)
        return vt_err_set(err, VT_E_FORMAT, "what is to be signed is no notice");
    size_t head_len = (size_t)(gap - message.ptr) + 2;
    vt_buf_init(&outside, VT_MAX_NOTICE_BYTES);
    vt_buf_init(&inside, VT_MAX_NOTICE_BYTES + 2);
    enum vt_code code = divide_head(vt_bytes_slice(message, 0, head_len), &outside, &inside);
    /* RFC 2045 5.2: a part without fields is plain text. The empty line and the body. */
    if (code == VT_OK)
        code = vt_buf_add(&inside, message.ptr + head_len, message.len - head_len);
    code = keep(arena, &inside, code, out_signed, err);
    if (code == VT_OK)
        code = keep(arena, &outside, code, out_outside, err);
    vt_buf_clear(&outside);
    vt_buf_clear(&inside);
    return code;
}

/* ---- the whole ---- */

/* Nobody can know it beforehand who does not know what is signed; it is looked for all the same. */
static enum vt_code choose_boundary(struct vt_bytes signed_part, struct vt_bytes cms,
                                    char out[BOUNDARY_BYTES], struct vt_err *err)
{
    uint8_t digest[64];
    char text[33];
    if (vt_seal_digest(VT_SEAL_SHA256, cms, digest) == 0)
        return vt_err_set(err, VT_E_INTERNAL, "no digest for a boundary");
    for (size_t i = 0; i < 16; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", digest[i]);
    (void)snprintf(out, BOUNDARY_BYTES, "=_vanthu_%s", text);
    if (memmem(signed_part.ptr, signed_part.len, out, strlen(out)) != NULL)
        return vt_err_set(err, VT_E_FORMAT, "what is to be signed holds its own boundary");
    return VT_OK;
}

static enum vt_code put(struct vt_buf *out, const char *text)
{
    return vt_buf_add(out, text, strlen(text));
}

/* RFC 2045 6.8, with the line ends of mail. */
static enum vt_code put_base64(struct vt_buf *out, struct vt_bytes cms)
{
    struct vt_buf lines;
    vt_buf_init(&lines, MORE_BYTES);
    enum vt_code code = vt_base64_add_lines(&lines, cms);
    for (size_t at = 0; code == VT_OK && at < lines.len;) {
        const uint8_t *end = memchr(lines.ptr + at, '\n', lines.len - at);
        size_t len = end != NULL ? (size_t)(end - lines.ptr) - at : lines.len - at;
        code = vt_buf_add(out, lines.ptr + at, len);
        if (code == VT_OK)
            code = put(out, "\r\n");
        at += len + 1;
    }
    vt_buf_clear(&lines);
    return code;
}

static enum vt_code put_signature(struct vt_buf *out, const char *boundary, struct vt_bytes cms)
{
    char text[400];
    (void)snprintf(text, sizeof(text),
                   "\r\n--%s\r\n"
                   "Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n"
                   "Content-Transfer-Encoding: base64\r\n"
                   "Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n",
                   boundary);
    enum vt_code code = put(out, text);
    if (code == VT_OK)
        code = put_base64(out, cms);
    (void)snprintf(text, sizeof(text), "--%s--\r\n", boundary);
    return code == VT_OK ? put(out, text) : code;
}

enum vt_code vt_seal_notice_join(struct vt_arena *arena, struct vt_bytes outside,
                                 struct vt_bytes signed_part, const char *micalg,
                                 struct vt_bytes cms, struct vt_bytes *out, struct vt_err *err)
{
    char boundary[BOUNDARY_BYTES], text[400];
    struct vt_buf whole;
    enum vt_code code = choose_boundary(signed_part, cms, boundary, err);
    if (code != VT_OK)
        return code;
    vt_buf_init(&whole, VT_MAX_NOTICE_BYTES + MORE_BYTES);
    (void)snprintf(text, sizeof(text),
                   "MIME-Version: 1.0\r\n"
                   "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n"
                   " micalg=%s; boundary=\"%s\"\r\n\r\n--%s\r\n",
                   micalg, boundary, boundary);
    code = vt_buf_add(&whole, outside.ptr, outside.len);
    if (code == VT_OK)
        code = put(&whole, text);
    if (code == VT_OK)
        code = vt_buf_add(&whole, signed_part.ptr, signed_part.len);
    if (code == VT_OK)
        code = put_signature(&whole, boundary, cms);
    code = keep(arena, &whole, code, out, err);
    vt_buf_clear(&whole);
    return code;
}

/* ---- with the sealer ---- */

static enum vt_code prepare(struct vt_arena *arena, const struct vt_seal_identity *identity,
                            struct vt_bytes signed_part, int64_t now_utc_secs,
                            struct vt_seal_cms *out, struct vt_err *err)
{
    uint8_t digest[64];
    size_t digest_len = vt_seal_digest(identity->hash, signed_part, digest);
    const struct vt_seal_cms_plan plan = {.identity = identity,
                                          .content_digest = vt_bytes_of(digest, digest_len),
                                          .signing_time_utc_secs = now_utc_secs};
    return vt_seal_cms_prepare(arena, &plan, out, err);
}

static enum vt_code sign(struct vt_arena *arena, const struct vt_sealer *sealer,
                         const struct vt_seal_notice *notice, const struct vt_seal_cms *cms,
                         struct vt_bytes *out, enum vt_seal_failure *out_failure,
                         struct vt_err *err)
{
    struct vt_buf signature;
    struct vt_bytes tail;
    const struct vt_seal_request request = {.key = notice->key,
                                            .purpose = VT_SEAL_FOR_NOTICE,
                                            .on_behalf = notice->on_behalf,
                                            .attributes = cms->attributes};
    vt_buf_init(&signature, VT_MAX_SEAL_SIGNATURE_BYTES);
    enum vt_code code = vt_sealer_sign(sealer, &request, &signature, out_failure, err);
    if (code == VT_OK && *out_failure == VT_SEAL_DONE)
        code = vt_seal_cms_finish(arena, cms, vt_buf_bytes(&signature), (struct vt_bytes){0},
                                  VT_SEAL_DETACHED, out, &tail, err);
    vt_buf_clear(&signature);
    return code;
}

enum vt_code vt_seal_notice(struct vt_arena *arena, const struct vt_sealer *sealer,
                            const struct vt_seal_notice *notice, struct vt_bytes *out,
                            enum vt_seal_failure *out_failure, struct vt_err *err)
{
    struct vt_seal_identity identity;
    struct vt_seal_cms cms;
    struct vt_bytes outside, signed_part, signature = {0};
    *out_failure = VT_SEAL_UNAVAILABLE;
    enum vt_code code = vt_seal_notice_divide(arena, notice->message, &outside, &signed_part, err);
    if (code == VT_OK)
        code = vt_sealer_identity(arena, sealer, notice->key, &identity, err);
    if (code == VT_OK)
        code = prepare(arena, &identity, signed_part, notice->now_utc_secs, &cms, err);
    if (code == VT_OK)
        code = sign(arena, sealer, notice, &cms, &signature, out_failure, err);
    if (code == VT_OK && *out_failure == VT_SEAL_DONE)
        code = vt_seal_notice_join(arena, outside, signed_part, vt_seal_hash_micalg(identity.hash),
                                   signature, out, err);
    if (code != VT_OK)
        *out_failure = VT_SEAL_UNAVAILABLE;
    return code;
}
