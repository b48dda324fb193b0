/* SPDX-License-Identifier: Apache-2.0
 * The seal of a PDF in two steps: everything but the signature is written and digested, then the
 * signature is put into the room that was left for it (ISO 32000-1 12.8.3.3, EN 319 142-1 5.3). */
#include <stdlib.h>
#include <string.h>

#include "seal/cms.h"
#include "seal/hash.h"
#include "seal/pdf.h"

struct vt_seal_pdf_work {
    struct vt_bytes pdf;
    struct vt_seal_cms cms;
    uint8_t *update;
    size_t update_bytes;
    size_t contents_at; /* of "<" in the update */
    size_t contents_bytes;
};

/* ---- prepare ---- */

/* Room for the signature: its size is known but for the time stamp. */
static enum vt_code reserve(struct vt_arena *arena, const struct vt_seal_pdf_plan *plan,
                            size_t *out_bytes, struct vt_err *err)
{
    static const uint8_t nothing[VT_SEAL_MAX_DIGEST_BYTES];
    struct vt_seal_cms cms;
    const struct vt_seal_cms_plan cms_plan = {
        .identity = plan->identity,
        .content_digest = vt_bytes_of(nothing, vt_seal_digest_bytes(plan->identity->hash)),
        .signing_time_utc_secs = VT_TIME_NONE,
    };
    enum vt_code code = vt_seal_cms_prepare(arena, &cms_plan, &cms, err);
    if (code != VT_OK)
        return code;
    size_t token_bytes = plan->token_max_bytes < VT_MAX_SEAL_TOKEN_BYTES ? plan->token_max_bytes
                                                                         : VT_MAX_SEAL_TOKEN_BYTES;
    *out_bytes = vt_seal_cms_max_bytes(&cms, token_bytes);
    return *out_bytes > 0 ? VT_OK
                          : vt_err_set(err, VT_E_FORMAT,
                                       "the certificate of the seal has no key that can be read");
}

/* Where it goes, and whether that is allowed; without what is shown where only that is. */
static void find_spot(struct vt_pdf_source *source, const struct vt_seal_pdf_plan *plan,
                      enum vt_seal_show *show, const char *name, struct vt_pdf_spot *out)
{
    double width = 0, height = 0;
    struct vt_seal_pdf_plan shown = *plan;
    shown.show = *show;
    vt_pdf_appearance_size(&shown, &width, &height);
    if (source->word != VT_SEAL_PDF_READY)
        return;
    vt_pdf_check_permissions(source, plan->place == VT_SEAL_PLACE_FIELD ? plan->field : name,
                             plan->place != VT_SEAL_PLACE_FIELD, width > 0);
    if (source->word == VT_SEAL_PDF_CERTIFIED && plan->may_be_invisible && width > 0) {
        source->word = VT_SEAL_PDF_READY;
        source->why = NULL;
        *show = VT_SEAL_SHOW_NOTHING;
        find_spot(source, plan, show, name, out);
        return;
    }
    if (source->word == VT_SEAL_PDF_READY)
        vt_pdf_spot_find(source, plan, width, height, out);
}

static bool is_shown(const struct vt_pdf_spot *spot)
{
    return spot->rect.right - spot->rect.left > 1 && spot->rect.top - spot->rect.bottom > 1;
}

static void write_update(struct vt_pdf_update *update, struct vt_pdf_source *source,
                         struct vt_pdf_signature_plan *plan, size_t *range_at, size_t *contents_at)
{
    if (plan->plan->show != VT_SEAL_SHOW_NOTHING && is_shown(plan->spot))
        plan->appearance = vt_pdf_appearance_write(update, plan->plan, plan->spot);
    vt_pdf_signature_write(update, source, plan, range_at, contents_at);
    vt_update_finish(update, source);
}

/* /ByteRange is known when all else is written. */
static bool put_range(const struct vt_pdf_update *update, size_t range_at, size_t contents_at,
                      size_t contents_bytes)
{
    char text[VT_PDF_RANGE_CHARS + 1];
    size_t first = update->base_bytes + contents_at, second = first + 2 * contents_bytes + 2;
    size_t end = update->base_bytes + update->bytes.len;
    int len = snprintf(text, sizeof(text), "[0 %zu %zu %zu]", first, second, end - second);
    if (len < 0 || len > VT_PDF_RANGE_CHARS)
        return false;
    memcpy(update->bytes.ptr + range_at, text, (size_t)len);
    return true;
}

static enum vt_code keep_update(struct vt_arena *arena, const struct vt_pdf_update *update,
                                struct vt_seal_pdf_work *work)
{
    work->update = vt_arena_dup(arena, update->bytes.ptr, update->bytes.len);
    work->update_bytes = update->bytes.len;
    return work->update == NULL ? VT_E_NOMEM : VT_OK;
}

static enum vt_code build(struct vt_pdf_source *source, struct vt_arena *arena,
                          const struct vt_seal_pdf_plan *plan, struct vt_seal_pdf *out,
                          struct vt_err *err)
{
    struct vt_seal_pdf_plan shown = *plan;
    struct vt_seal_pdf_work *work = out->work;
    struct vt_pdf_update update;
    struct vt_pdf_spot spot = {0};
    const char *name = vt_pdf_new_field_name(source);
    size_t range_at = 0;
    if (name == NULL || !vt_pdf_lines_wrap(source->reader.scratch, &shown))
        return vt_err_set(err, VT_E_NOMEM, "no memory for the seal of a PDF");
    find_spot(source, &shown, &out->show, name, &spot);
    if (source->word != VT_SEAL_PDF_READY)
        return VT_OK;
    shown.show = out->show;
    struct vt_pdf_signature_plan signature = {
        .plan = &shown, .spot = &spot, .name = name, .contents_bytes = work->contents_bytes};
    vt_update_init(&update, source->reader.scratch, source);
    write_update(&update, source, &signature, &range_at, &work->contents_at);
    enum vt_code code = update.code;
    if (code == VT_OK && !put_range(&update, range_at, work->contents_at, work->contents_bytes))
        code = VT_E_LIMIT;
    if (code == VT_OK)
        code = keep_update(arena, &update, work);
    vt_buf_clear(&update.bytes);
    return code == VT_OK ? VT_OK : vt_err_set(err, code, "the seal of a PDF could not be written");
}

static enum vt_code digest(const struct vt_seal_pdf_work *work, enum vt_seal_hash hash,
                           uint8_t out[VT_SEAL_MAX_DIGEST_BYTES])
{
    size_t behind = work->contents_at + 2 * work->contents_bytes + 2;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_done =
        context != NULL && EVP_DigestInit_ex2(context, vt_seal_md(hash), NULL) == 1 &&
        EVP_DigestUpdate(context, work->pdf.ptr, work->pdf.len) == 1 &&
        EVP_DigestUpdate(context, work->update, work->contents_at) == 1 &&
        EVP_DigestUpdate(context, work->update + behind, work->update_bytes - behind) == 1 &&
        EVP_DigestFinal_ex(context, out, NULL) == 1;
    EVP_MD_CTX_free(context);
    return is_done ? VT_OK : VT_E_INTERNAL;
}

/* EN 319 142-1 6.3: no signing-time in the CMS. */
static enum vt_code make_attributes(struct vt_arena *arena, const struct vt_seal_pdf_plan *plan,
                                    struct vt_seal_pdf *out, struct vt_err *err)
{
    uint8_t value[VT_SEAL_MAX_DIGEST_BYTES];
    enum vt_seal_hash hash = plan->identity->hash;
    enum vt_code code = digest(out->work, hash, value);
    if (code != VT_OK)
        return vt_err_set(err, code, "the digest of a PDF could not be computed");
    const struct vt_seal_cms_plan cms_plan = {
        .identity = plan->identity,
        .content_digest = vt_bytes_of(value, vt_seal_digest_bytes(hash)),
        .signing_time_utc_secs = VT_TIME_NONE,
    };
    code = vt_seal_cms_prepare(arena, &cms_plan, &out->work->cms, err);
    if (code == VT_OK)
        out->attributes = out->work->cms.attributes;
    return code;
}

enum vt_code vt_seal_pdf_prepare(struct vt_arena *arena, struct vt_bytes pdf,
                                 const struct vt_seal_pdf_plan *plan, struct vt_seal_pdf *out,
                                 struct vt_err *err)
{
    struct vt_pdf_source source = {0};
    *out = (struct vt_seal_pdf){.show = plan->show};
    out->work = vt_arena_alloc(arena, sizeof(*out->work));
    if (out->work == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the seal of a PDF");
    out->work->pdf = pdf;
    enum vt_code code = reserve(arena, plan, &out->work->contents_bytes, err);
    if (code == VT_OK)
        code = vt_pdf_source_open(&source, arena, pdf, err);
    if (code == VT_OK)
        vt_pdf_check_active(&source);
    if (code == VT_OK && source.word == VT_SEAL_PDF_READY)
        code = build(&source, arena, plan, out, err);
    if (code == VT_OK && (source.reader.over_limit || source.reader.out_of_memory))
        vt_pdf_refuse(&source, VT_SEAL_PDF_TOO_LARGE,
                      "The file has more objects, or larger ones, than are looked at.");
    /* What looking for a place has read may be what showed it. */
    if (code == VT_OK && source.word == VT_SEAL_PDF_READY &&
        pdf_doc_is_damaged(&source.reader.main))
        vt_pdf_refuse(&source, VT_SEAL_PDF_DAMAGED, "The file is damaged.");
    if (code == VT_OK && source.word == VT_SEAL_PDF_READY)
        code = make_attributes(arena, plan, out, err);
    if (code == VT_OK) {
        out->word = source.word;
        out->why = source.why;
    }
    vt_pdf_source_close(&source);
    return code;
}

/* ---- finish ---- */

enum vt_code vt_seal_pdf_finish(struct vt_arena *arena, const struct vt_seal_pdf *pdf,
                                struct vt_bytes signature, struct vt_bytes token,
                                struct vt_bytes *out_update, struct vt_err *err)
{
    const struct vt_seal_pdf_work *work = pdf->work;
    struct vt_bytes cms, nothing;
    *out_update = (struct vt_bytes){0};
    if (pdf->word != VT_SEAL_PDF_READY)
        return vt_err_set(err, VT_E_INTERNAL, "a PDF that is not ready was to be sealed");
    enum vt_code code = vt_seal_cms_finish(arena, &work->cms, signature, token, VT_SEAL_DETACHED,
                                           &cms, &nothing, err);
    if (code != VT_OK)
        return code;
    if (cms.len > work->contents_bytes)
        return vt_err_set(err, VT_E_LIMIT,
                          "the signature has %zu bytes and room was left for %zu: the time stamp "
                          "is larger than was planned",
                          cms.len, work->contents_bytes);
    uint8_t *update = vt_arena_dup(arena, work->update, work->update_bytes);
    char *hex = vt_arena_alloc(arena, 2 * cms.len + 1);
    if (update == NULL || hex == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the seal of a PDF");
    memcpy(update + work->contents_at + 1, vt_text_hex(hex, cms), 2 * cms.len);
    *out_update = vt_bytes_of(update, work->update_bytes);
    return VT_OK;
}
