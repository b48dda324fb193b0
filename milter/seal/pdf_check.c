/* SPDX-License-Identifier: Apache-2.0
 * A sealed PDF looked at before it leaves, by our own verifier: nothing of it was touched, what was
 * valid is as valid as before, and the seal is over the whole file. */
#include "vanthu/seal_pdf.h"
#include "vanthu/verify.h"

struct sight {
    struct vt_signed_document *document;
    struct vt_verified_list *verified; /* one for each object */
};

static enum vt_code look(struct vt_arena *arena, struct vt_bytes pdf, struct sight *out,
                         struct vt_err *err)
{
    enum vt_code code = vt_document_read_pdf(arena, pdf, &out->document, err);
    if (code != VT_OK)
        return code;
    struct vt_certificate_pool *pool = vt_certificate_pool_new(arena, NULL);
    size_t count = out->document->objects_count;
    out->verified = vt_arena_alloc(arena, (count + 1) * sizeof(*out->verified));
    if (pool == NULL || out->verified == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory to check a sealed PDF");
    return vt_verify_objects(arena, pool, out->document->objects, count, NULL, 0, out->verified,
                             err);
}

static bool is_intact(const struct sight *sight, size_t index)
{
    const struct vt_verified_list *list = &sight->verified[index];
    bool intact = list->count > 0 && !sight->document->objects[index].structure_broken;
    for (size_t i = 0; i < list->count; i++)
        intact = intact && list->items[i].integrity == VT_INTEGRITY_INTACT;
    return intact;
}

/* Nothing that was good may be worse afterwards: a seal is a change that is permitted. */
static const char *compare(const struct sight *before, const struct sight *after)
{
    if ((after->document->reasons & ~before->document->reasons) != 0)
        return "The sealed file is objected to where the original was not.";
    for (size_t i = 0; i < before->document->objects_count && i < after->document->objects_count;
         i++) {
        const struct vt_signed_object *object = &after->document->objects[i];
        if (is_intact(before, i) && !is_intact(after, i))
            return "An earlier signature is not intact in the sealed file.";
        if (object->changes_after != VT_CHANGES_PERMITTED &&
            object->changes_after != VT_CHANGES_NONE)
            return "The seal changes what an earlier signature covers.";
    }
    return NULL;
}

static const char *look_at_seal(const struct sight *sight, const struct vt_seal_identity *identity)
{
    size_t last = sight->document->objects_count - 1;
    const struct vt_signed_object *object = &sight->document->objects[last];
    const struct vt_verified *signature = &sight->verified[last].items[0];
    if (!is_intact(sight, last) || sight->verified[last].count != 1 ||
        signature->sub_indication != VT_SUB_NONE)
        return "The seal is not intact.";
    if (object->covers != VT_COVERS_WHOLE || object->reasons != 0)
        return "The seal does not cover the whole file.";
    if (signature->signer == NULL || !signature->ess_bound ||
        !vt_bytes_starts_with(identity->chain, vt_certificate_der(signature->signer)))
        return "The seal is not that of the seal's certificate.";
    for (size_t i = 0; i < signature->timestamps_count; i++) {
        if (signature->timestamps[i].integrity != VT_INTEGRITY_INTACT)
            return "The time stamp is not one of the seal.";
    }
    return NULL;
}

enum vt_code vt_seal_pdf_check(struct vt_arena *arena, struct vt_bytes original,
                               struct vt_bytes sealed, const struct vt_seal_identity *identity,
                               struct vt_seal_pdf_check *out, struct vt_err *err)
{
    struct sight before = {0}, after = {0};
    *out = (struct vt_seal_pdf_check){.why = "The sealed file was not checked."};
    if (sealed.len <= original.len || !vt_bytes_starts_with(sealed, original)) {
        out->why = "The sealed file does not begin with the bytes of the original.";
        return VT_OK;
    }
    enum vt_code code = look(arena, original, &before, err);
    if (code == VT_OK)
        code = look(arena, sealed, &after, err);
    if (code != VT_OK)
        return code;
    out->why = compare(&before, &after);
    if (after.document->objects_count != before.document->objects_count + 1)
        out->why = "The sealed file has not exactly one signature more than the original.";
    if (out->why == NULL)
        out->why = look_at_seal(&after, identity);
    out->is_good = out->why == NULL;
    return VT_OK;
}

enum vt_code vt_seal_pdf_check_store(struct vt_arena *arena, struct vt_bytes sealed,
                                     struct vt_bytes stored, struct vt_seal_pdf_check *out,
                                     struct vt_err *err)
{
    struct sight before = {0}, after = {0};
    *out = (struct vt_seal_pdf_check){.why = "The file with its validation data was not checked."};
    if (stored.len <= sealed.len || !vt_bytes_starts_with(stored, sealed)) {
        out->why = "The file with its validation data does not begin with the sealed one.";
        return VT_OK;
    }
    enum vt_code code = look(arena, sealed, &before, err);
    if (code == VT_OK)
        code = look(arena, stored, &after, err);
    if (code != VT_OK)
        return code;
    out->why = after.document->objects_count != before.document->objects_count
                   ? "The validation data change the number of signatures."
                   : compare(&before, &after);
    out->is_good = out->why == NULL;
    return VT_OK;
}
