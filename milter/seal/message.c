/* SPDX-License-Identifier: Apache-2.0
 * The S/MIME seal of a mail in two steps (RFC 8551 3.5.2, 3.5.3): digest what is signed, and write
 * it with the signature. What is signed is written straight to its place, so that beside the mail
 * there is one copy of it, the new mail. */
#include "vanthu/seal_message.h"

#include <string.h>

#include "seal/hash.h"
#include "seal/message.h"
#include "seal/message_head.h"
#include "vanthu/limits.h"

struct vt_seal_message_work {
    struct vt_bytes mail;
    const struct vt_seal_identity *identity;
    struct vt_seal_entity entity;
    struct vt_seal_cms cms;
    size_t entity_bytes;
    /* Comes from the digest of what it separates: the same each time, and no part can hold it. */
    char boundary[VT_SEAL_BOUNDARY_BYTES];
};

/* ---- prepare ---- */

static enum vt_code divide(struct vt_arena *arena, struct vt_bytes mail,
                           const struct vt_seal_message_plan *plan, struct vt_seal_message *out,
                           struct vt_err *err)
{
    struct vt_unpacked *unpacked = NULL;
    struct vt_arena *unpacking = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    enum vt_code code =
        unpacking == NULL ? VT_E_NOMEM : vt_unpack(unpacking, mail, NULL, true, &unpacked, err);
    if (code == VT_OK)
        out->word = vt_seal_message_left(unpacked, plan, &out->why);
    if (code == VT_OK && out->word == VT_SEAL_MESSAGE_READY)
        code = vt_seal_entity_plan(arena, mail, unpacked, plan, &out->work->entity);
    if (code == VT_OK && out->word == VT_SEAL_MESSAGE_READY &&
        out->work->entity.replaced_count != plan->replacements_count)
        code = vt_err_set(err, VT_E_NOT_FOUND, "a document of the mail cannot be replaced");
    vt_arena_free(unpacking);
    return code == VT_E_NOMEM ? vt_err_set(err, code, "no memory for the seal of a mail") : code;
}

static void leave(struct vt_seal_message *out, enum vt_seal_message_word word, const char *why)
{
    out->word = word;
    out->why = why;
}

static void choose_form(const struct vt_seal_message_plan *plan, struct vt_seal_message *out)
{
    const struct vt_seal_entity *entity = &out->work->entity;
    out->form = plan->form;
    out->reencoded_count = entity->reencoded_count;
    out->unprotected_count = entity->unprotected_count;
    if (entity->malformed != NULL)
        leave(out, VT_SEAL_MESSAGE_MALFORMED, entity->malformed);
    else if (entity->fragile != NULL && plan->form == VT_SEAL_CLEAR && !plan->may_be_opaque)
        leave(out, VT_SEAL_MESSAGE_FRAGILE, entity->fragile);
    else if (entity->fragile != NULL && plan->form == VT_SEAL_CLEAR)
        out->form = VT_SEAL_OPAQUE;
}

/* Readers look for the header of a PDF in the first 1024 bytes: with a gap made for it, the
 * signature of such a mail would be one of a document, too. */
static bool is_pdf(const struct vt_sink_digest *sink)
{
    size_t len = sink->count_bytes < sizeof(sink->first) ? sink->count_bytes : sizeof(sink->first);
    return memmem(sink->first, len, "%PDF-", 5) != NULL;
}

static enum vt_code digest_entity(struct vt_seal_message_work *work, uint8_t out[EVP_MAX_MD_SIZE],
                                  bool *out_is_pdf)
{
    struct vt_sink_digest sink;
    enum vt_code code = VT_E_INTERNAL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL || (unsigned)work->identity->hash >= VT_SEAL_HASHES ||
        EVP_DigestInit_ex2(context, vt_seal_md(work->identity->hash), NULL) != 1)
        goto done;
    vt_sink_digest_init(&sink, context);
    code = vt_seal_entity_put(&work->entity, &sink.sink);
    work->entity_bytes = sink.count_bytes;
    *out_is_pdf = is_pdf(&sink);
    if (code == VT_OK && (sink.has_failed || EVP_DigestFinal_ex(context, out, NULL) != 1))
        code = VT_E_INTERNAL;
done:
    EVP_MD_CTX_free(context);
    return code;
}

static enum vt_code count_bytes(struct vt_seal_message_work *work)
{
    struct vt_sink_digest sink;
    vt_sink_digest_init(&sink, NULL);
    enum vt_code code = vt_seal_entity_put(&work->entity, &sink.sink);
    work->entity_bytes = sink.count_bytes;
    return code;
}

static enum vt_code make_attributes(struct vt_arena *arena, const struct vt_seal_message_plan *plan,
                                    struct vt_seal_message *out, struct vt_err *err)
{
    struct vt_seal_message_work *work = out->work;
    uint8_t digest[EVP_MAX_MD_SIZE] = {0};
    char hex[2 * 16 + 1];
    bool is_document = false;
    enum vt_code code = digest_entity(work, digest, &is_document);
    if (code != VT_OK)
        return vt_err_set(err, code, "the digest of a mail could not be computed");
    if (is_document) {
        leave(out, VT_SEAL_MESSAGE_MALFORMED, "What would be signed can be read as a PDF.");
        return VT_OK;
    }
    const struct vt_seal_cms_plan cms_plan = {
        .identity = plan->identity,
        .content_digest = vt_bytes_of(digest, vt_seal_digest_bytes(plan->identity->hash)),
        .signing_time_utc_secs = plan->signing_time_utc_secs,
    };
    code = vt_seal_cms_prepare(arena, &cms_plan, &work->cms, err);
    if (code != VT_OK)
        return code;
    /* "=_" stands in no quoted-printable and no base64 (RFC 2045 6.7, example in RFC 2046 5.1). */
    (void)snprintf(work->boundary, sizeof(work->boundary), "=_vanthu_%s",
                   vt_text_hex(hex, vt_bytes_of(digest, 16)));
    out->attributes = work->cms.attributes;
    return VT_OK;
}

enum vt_code vt_seal_message_prepare(struct vt_arena *arena, struct vt_bytes mail,
                                     const struct vt_seal_message_plan *plan,
                                     struct vt_seal_message *out, struct vt_err *err)
{
    *out = (struct vt_seal_message){0};
    out->work = vt_arena_alloc(arena, sizeof(*out->work));
    if (out->work == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the seal of a mail");
    out->work->mail = mail;
    out->work->identity = plan->identity; /* NULL: bare */
    enum vt_code code = divide(arena, mail, plan, out, err);
    if (code == VT_OK && out->word == VT_SEAL_MESSAGE_READY)
        choose_form(plan, out);
    if (code == VT_OK && out->word == VT_SEAL_MESSAGE_READY)
        code = plan->form == VT_SEAL_BARE ? count_bytes(out->work)
                                          : make_attributes(arena, plan, out, err);
    if (code != VT_OK)
        leave(out, VT_SEAL_MESSAGE_NOT, NULL);
    return code;
}

/* ---- finish ---- */

/* The body around what is signed. */
struct wrapping {
    struct vt_bytes before;
    struct vt_bytes after;
    struct vt_bytes head; /* of the CMS; opaque */
    struct vt_bytes tail;
};

static enum vt_code wrap_clear(struct vt_arena *arena, const struct vt_seal_message_work *work,
                               struct wrapping *wrapping)
{
    const char *before =
        vt_arena_printf(arena, "This is an S/MIME signed message.\r\n\r\n--%s\r\n", work->boundary);
    const char *headers =
        vt_arena_printf(arena,
                        "\r\n--%s\r\n"
                        "Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n"
                        "Content-Transfer-Encoding: base64\r\n"
                        "Content-Disposition: attachment; filename=\"smime.p7s\"\r\n"
                        "Content-Description: S/MIME Cryptographic Signature\r\n\r\n",
                        work->boundary);
    const char *close = vt_arena_printf(arena, "\r\n--%s--\r\n", work->boundary);
    if (before == NULL || headers == NULL || close == NULL)
        return VT_E_NOMEM;
    size_t base64_bytes = vt_base64_lines_bytes(wrapping->head.len);
    size_t len = strlen(headers) + base64_bytes + strlen(close);
    uint8_t *after = vt_arena_alloc(arena, len);
    if (after == NULL)
        return VT_E_NOMEM;
    struct vt_sink_memory memory;
    struct vt_sink_base64 base64;
    vt_sink_memory_init(&memory, after, len);
    vt_sink_put(&memory.sink, vt_bytes_str(headers));
    vt_sink_base64_init(&base64, &memory.sink);
    vt_sink_put(&base64.sink, wrapping->head);
    vt_sink_base64_end(&base64);
    vt_sink_put(&memory.sink, vt_bytes_str(close));
    wrapping->before = vt_bytes_str(before);
    wrapping->after = vt_bytes_of(after, len);
    return memory.is_overfull || memory.left_bytes > 0 ? VT_E_INTERNAL : VT_OK;
}

static size_t body_bytes(const struct vt_seal_message *message, const struct wrapping *wrapping)
{
    size_t entity_bytes = message->work->entity_bytes;
    if (message->form != VT_SEAL_OPAQUE)
        return wrapping->before.len + entity_bytes + wrapping->after.len;
    return vt_base64_lines_bytes(wrapping->head.len + entity_bytes + wrapping->tail.len) + 2;
}

static enum vt_code put_body(const struct vt_seal_message *message, const struct wrapping *wrapping,
                             struct vt_sink *sink)
{
    struct vt_sink_base64 base64;
    enum vt_code code;
    if (message->form != VT_SEAL_OPAQUE) {
        vt_sink_put(sink, wrapping->before);
        code = vt_seal_entity_put(&message->work->entity, sink);
        vt_sink_put(sink, wrapping->after);
        return code;
    }
    vt_sink_base64_init(&base64, sink);
    vt_sink_put(&base64.sink, wrapping->head);
    code = vt_seal_entity_put(&message->work->entity, &base64.sink);
    vt_sink_put(&base64.sink, wrapping->tail);
    vt_sink_base64_end(&base64);
    vt_sink_put(sink, VT_BYTES("\r\n"));
    return code;
}

static enum vt_code write_mail(struct vt_arena *arena, const struct vt_seal_message *message,
                               const struct wrapping *wrapping, struct vt_bytes header,
                               struct vt_sealed_message *out, struct vt_err *err)
{
    struct vt_sink_memory memory;
    size_t len = header.len + body_bytes(message, wrapping);
    uint8_t *mail = vt_arena_alloc(arena, len);
    if (mail == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a sealed mail of %zu bytes", len);
    vt_sink_memory_init(&memory, mail, len);
    vt_sink_put(&memory.sink, header);
    enum vt_code code = put_body(message, wrapping, &memory.sink);
    if (code != VT_OK || memory.is_overfull || memory.left_bytes > 0)
        return vt_err_set(err, code != VT_OK ? code : VT_E_INTERNAL,
                          "a sealed mail has another size than was computed");
    out->mail = vt_bytes_of(mail, len);
    out->body = vt_bytes_slice(out->mail, header.len, SIZE_MAX);
    return VT_OK;
}

/* Of the ContentInfo as a recipient takes it out of the mail. */
static enum vt_code digest_cms(const struct vt_seal_message *message,
                               const struct wrapping *wrapping, char out_sha256[65])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    struct vt_sink_digest sink;
    enum vt_code code = VT_E_INTERNAL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (context == NULL || md == NULL || EVP_DigestInit_ex2(context, md, NULL) != 1)
        goto done;
    vt_sink_digest_init(&sink, context);
    vt_sink_put(&sink.sink, wrapping->head);
    code = message->form == VT_SEAL_CLEAR ? VT_OK
                                          : vt_seal_entity_put(&message->work->entity, &sink.sink);
    vt_sink_put(&sink.sink, wrapping->tail);
    if (code == VT_OK && (sink.has_failed || EVP_DigestFinal_ex(context, digest, NULL) != 1))
        code = VT_E_INTERNAL;
    if (code == VT_OK)
        (void)vt_text_hex(out_sha256, vt_bytes_of(digest, 32));
done:
    EVP_MD_free(md);
    EVP_MD_CTX_free(context);
    return code;
}

enum vt_code vt_seal_message_finish(struct vt_arena *arena, const struct vt_seal_message *message,
                                    struct vt_bytes signature, struct vt_bytes token,
                                    struct vt_sealed_message *out, struct vt_err *err)
{
    const struct vt_seal_message_work *work = message->work;
    struct wrapping wrapping = {0};
    struct vt_bytes header;
    *out = (struct vt_sealed_message){0};
    if (message->word != VT_SEAL_MESSAGE_READY)
        return vt_err_set(err, VT_E_INTERNAL, "a mail that is not ready was to be sealed");
    struct vt_seal_head head = {.form = message->form,
                                .boundary = work->boundary,
                                .is_root_replaced = work->entity.is_root_replaced};
    enum vt_code code = VT_OK;
    if (message->form != VT_SEAL_BARE) {
        head.micalg = vt_seal_hash_micalg(work->identity->hash);
        code = vt_seal_cms_finish(arena, &work->cms, signature, token,
                                  message->form == VT_SEAL_CLEAR ? VT_SEAL_DETACHED
                                                                 : work->entity_bytes,
                                  &wrapping.head, &wrapping.tail, err);
    }
    if (code == VT_OK && message->form == VT_SEAL_CLEAR)
        code = wrap_clear(arena, work, &wrapping);
    if (code == VT_OK)
        code = vt_seal_head_write(arena, work->mail, &head, out, &header);
    if (code == VT_OK)
        code = write_mail(arena, message, &wrapping, header, out, err);
    if (code == VT_OK)
        code = digest_cms(message, &wrapping, out->cms_sha256);
    if (code != VT_OK)
        *out = (struct vt_sealed_message){0};
    return code == VT_E_NOMEM ? vt_err_set(err, code, "no memory for a sealed mail") : code;
}
