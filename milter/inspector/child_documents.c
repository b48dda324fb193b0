/* SPDX-License-Identifier: Apache-2.0
 * The documents of a mail that are sealed in a child: their parts found, what each shows, what of
 * each is signed, and each with its signature, looked at by our own verifier. */
#include <stdlib.h>
#include <string.h>

#include "inspector/child.h"
#include "inspector/seal_plan.h"
#include "vanthu/unpack.h"
#include "verify/digest.h"

#define DIGEST_ARENA_BYTES ((size_t)1024 * 1024)

static void leave(struct vt_child_document *item, enum vt_seal_pdf_word word, const char *why)
{
    item->pdf.word = word;
    item->pdf.why = why;
}

/* ---- which part ---- */

static const struct vt_part *part_of(const struct vt_unpacked *unpacked, const char *path)
{
    const struct vt_part *found = NULL;
    for (size_t i = 1; i < unpacked->parts_count; i++) {
        if (strcmp(unpacked->parts[i].path, path) == 0)
            found = &unpacked->parts[i];
    }
    return found;
}

/* Whether an ancestor is signed or encrypted by somebody: it must arrive as it is. */
static bool is_within_signed(const struct vt_unpacked *unpacked, const struct vt_part *part)
{
    bool is_within = part->covered_by_signature_of_parent;
    while (part->parent != VT_NO_PART && !is_within) {
        part = &unpacked->parts[part->parent];
        is_within = part->covered_by_signature_of_parent ||
                    (part->content_type != NULL &&
                     (strcmp(part->content_type, "multipart/signed") == 0 ||
                      strcmp(part->content_type, "multipart/encrypted") == 0));
    }
    return is_within;
}

static bool take_part(struct vt_child_document *item, const struct vt_unpacked *unpacked,
                      const struct vt_part *part)
{
    if (part == NULL || part->raw.len == 0 || part->nested || part->format != VT_FORMAT_PDF) {
        leave(item, VT_SEAL_PDF_DAMAGED, "The mail has no such PDF as a part of its own.");
        return false;
    }
    if (is_within_signed(unpacked, part)) {
        leave(item, VT_SEAL_PDF_INSIDE, "The file is within a part that is signed itself.");
        return false;
    }
    if ((part->reasons & VT_REASON_BIT(VT_REASON_MALFORMED)) != 0) {
        leave(item, VT_SEAL_PDF_DAMAGED, "The part can be decoded in more than one way.");
        return false;
    }
    item->content = part->bytes;
    return true;
}

/* ---- what is shown ---- */

struct header_source {
    struct vt_arena *arena;
    struct vt_bytes mail;
};

static const char *header_of(void *context, const char *name)
{
    const struct header_source *source = context;
    return vt_unpack_header(source->arena, source->mail, name);
}

/* False: a word says why not. */
static bool fill_plan(struct vt_child_documents *documents, const struct vt_unpacked *unpacked,
                      const struct vt_part *part, struct vt_child_document *item,
                      struct vt_seal_pdf_plan *out)
{
    const struct vt_sealing *sealing = documents->sealing;
    const struct vt_seal_look *look =
        vt_seal_look_find(documents->context->looks, item->asked->appearance);
    *out = (struct vt_seal_pdf_plan){.identity = sealing->plan->identity,
                                     .signing_time_utc_secs = sealing->plan->signing_time_utc_secs,
                                     .token_max_bytes = sealing->token_max_bytes};
    if (look == NULL && item->asked->appearance != NULL) {
        leave(item, VT_SEAL_PDF_WORDING, "There is no such appearance.");
        return false;
    }
    struct header_source source = {documents->arena, documents->mail};
    struct vt_seal_words words = {.subject = unpacked->subject,
                                  .file_name = part->name,
                                  .agency = sealing->agency,
                                  .header = header_of,
                                  .context = &source};
    const char *why = NULL;
    if (vt_child_look_fill(documents->arena, look, &words, out, &why))
        return true;
    leave(item, VT_SEAL_PDF_WORDING, why);
    return false;
}

/* A file that needs more than there is costs itself and not the mail. */
static enum vt_code prepare_item(struct vt_child_documents *documents,
                                 const struct vt_unpacked *unpacked, struct vt_child_document *item,
                                 struct vt_err *err)
{
    struct vt_seal_pdf_plan plan;
    const struct vt_part *part = part_of(unpacked, item->asked->path);
    if (!take_part(item, unpacked, part) || !fill_plan(documents, unpacked, part, item, &plan))
        return VT_OK;
    const struct vt_seal_look *look =
        vt_seal_look_find(documents->context->looks, item->asked->appearance);
    enum vt_code code =
        vt_child_look_prepare(documents->arena, item->content, look, &plan, &item->pdf, err);
    if (code == VT_E_LIMIT) {
        leave(item, VT_SEAL_PDF_TOO_LARGE, "The file is larger than what can be sealed.");
        code = VT_OK;
    }
    if (code == VT_OK && item->pdf.word == VT_SEAL_PDF_READY)
        documents->replacements[documents->replacements_count++] =
            (struct vt_seal_replacement){.path = item->asked->path, .content = item->content};
    return code;
}

enum vt_code vt_child_documents_prepare(struct vt_child_documents *documents, struct vt_err *err)
{
    const struct vt_sealing *sealing = documents->sealing;
    struct vt_unpacked *unpacked = NULL;
    if (sealing->documents_count == 0)
        return VT_OK;
    documents->unpacking = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    if (documents->unpacking == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the documents of a mail");
    enum vt_code code =
        vt_unpack(documents->unpacking, documents->mail, NULL, true, &unpacked, err);
    for (size_t i = 0; i < sealing->documents_count && code == VT_OK; i++) {
        documents->items[i].asked = &sealing->documents[i];
        code = prepare_item(documents, unpacked, &documents->items[i], err);
        documents->count++;
    }
    return code;
}

/* ---- with their signatures ---- */

static enum vt_code digest(struct vt_child_document *item)
{
    const struct vt_content content = {.ranges = {item->content, item->update}, .count = 2};
    struct vt_digest_value value = {0};
    struct vt_arena *arena = vt_arena_new(DIGEST_ARENA_BYTES);
    struct vt_digest_cache *cache = arena == NULL ? NULL : vt_digest_cache_new(arena);
    enum vt_code code =
        cache == NULL ? VT_E_NOMEM : vt_digest_content(cache, vt_digest_sha256(), &content, &value);
    if (code == VT_OK)
        (void)vt_text_hex(item->sha256, vt_bytes_of(value.bytes, value.len));
    vt_arena_free(arena);
    return code;
}

static enum vt_code check(struct vt_child_documents *documents, struct vt_child_document *item,
                          struct vt_err *err)
{
    struct vt_seal_pdf_check result = {0};
    size_t len = item->content.len + item->update.len;
    uint8_t *whole = malloc(len);
    struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    enum vt_code code = whole == NULL || arena == NULL ? VT_E_NOMEM : VT_OK;
    if (code == VT_OK) {
        memcpy(whole, item->content.ptr, item->content.len);
        memcpy(whole + item->content.len, item->update.ptr, item->update.len);
        code = vt_seal_pdf_check(arena, item->content, vt_bytes_of(whole, len),
                                 documents->sealing->plan->identity, &result, err);
    }
    if (code == VT_OK && !result.is_good && documents->why == NULL)
        documents->why = result.why;
    vt_arena_free(arena);
    free(whole);
    return code == VT_E_NOMEM ? vt_err_set(err, code, "no memory to check a sealed document")
                              : code;
}

enum vt_code vt_child_documents_finish(struct vt_child_documents *documents, bool with_check,
                                       struct vt_err *err)
{
    enum vt_code code = VT_OK;
    if (documents->replacements_count != documents->count)
        return vt_err_set(err, VT_E_FORMAT, "a document that is not ready was to be sealed");
    for (size_t i = 0; i < documents->count && code == VT_OK; i++) {
        struct vt_child_document *item = &documents->items[i];
        code = vt_seal_pdf_finish(documents->arena, &item->pdf, item->asked->signature,
                                  item->asked->token, &item->update, err);
        if (code == VT_OK && with_check)
            code = check(documents, item, err);
        if (code == VT_OK && documents->sealing->data_fds_count > 0)
            code = vt_child_data_put(documents, item, err);
        documents->replacements[i].more = item->update;
        if (code == VT_OK && with_check)
            code = digest(item);
    }
    return code;
}

void vt_child_documents_clear(struct vt_child_documents *documents)
{
    vt_arena_free(documents->unpacking);
    documents->unpacking = NULL;
}
