/* SPDX-License-Identifier: Apache-2.0
 * Validation data in an inspector child: what verdicts rested on comes as files of objects; what of
 * it belongs into documents is chosen here, and put into those of a mail. */
#include <stdlib.h>
#include <string.h>

#include "inspector/seal_plan.h"
#include "vanthu/object.h"

/* ---- what belongs into a document ---- */

/* False: there is no more room. */
static bool put(struct vt_bytes *items, size_t *count, struct vt_bytes item)
{
    for (size_t i = 0; i < *count; i++) {
        if (vt_bytes_equal(items[i], item))
            return true;
    }
    if (*count == VT_MAX_CHILD_DATA)
        return false;
    items[(*count)++] = item;
    return true;
}

/* What only has a name here stands with its bytes in another file, or nowhere. */
static void take(struct vt_child_data *out, const struct vt_object *object)
{
    struct vt_seal_pdf_data *data = &out->data;
    bool is_taken = true;
    if (object->bytes.len == 0)
        return;
    if (object->kind == VT_OBJECT_CERTIFICATE)
        is_taken = put(out->certificates, &data->certificates_count, object->bytes);
    else if (object->kind == VT_OBJECT_OCSP)
        is_taken = object->bytes.len <= VT_MAX_OCSP_BYTES &&
                   put(out->ocsps, &data->ocsps_count, object->bytes);
    else if (object->kind == VT_OBJECT_CRL)
        is_taken = object->bytes.len <= VT_MAX_SEAL_CRL_BYTES &&
                   put(out->crls, &data->crls_count, object->bytes);
    out->left_out += !is_taken;
}

/* Named by whoever judged, and not brought by whoever fetched it. */
static unsigned count_missing(const struct vt_object_list *list)
{
    unsigned missing = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct vt_object *object = &list->items[i];
        bool is_status = object->kind == VT_OBJECT_OCSP || object->kind == VT_OBJECT_CRL;
        missing += is_status && object->bytes.len == 0;
    }
    return missing;
}

static enum vt_code read_file(struct vt_arena *arena, int fd, struct vt_object_list *list,
                              struct vt_child_data *out, struct vt_err *err)
{
    struct vt_object *objects = NULL;
    struct vt_bytes file;
    size_t count = 0;
    enum vt_code code =
        vt_memfd_map(fd, VT_MAX_OBJECTS_BYTES + VT_MAX_OBJECTS_HEAD_BYTES, &file, err);
    if (code == VT_OK)
        code = vt_objects_read(arena, file, &objects, &count, err);
    for (size_t i = 0; code == VT_OK && i < count; i++) {
        take(out, &objects[i]);
        if (vt_object_list_add(list, &objects[i]) != VT_OK)
            code = vt_err_set(err, VT_E_NOMEM, "no memory for validation data");
    }
    return code;
}

enum vt_code vt_child_data_read(struct vt_arena *arena, const int *fds, size_t count,
                                struct vt_child_data *out, struct vt_err *err)
{
    struct vt_object_list list = {.arena = arena};
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = read_file(arena, fds[i], &list, out, err);
    out->left_out += count_missing(&list);
    out->data.certificates = out->certificates;
    out->data.ocsps = out->ocsps;
    out->data.crls = out->crls;
    return code;
}

/* ---- into the documents of a mail ---- */

struct stored {
    struct vt_arena *arena; /* as long as one document is looked at */
    uint8_t *whole;
    size_t sealed_len, len;
};

static enum vt_code join(struct stored *stored, const struct vt_child_document *item,
                         struct vt_bytes more)
{
    stored->sealed_len = item->content.len + item->update.len;
    stored->len = stored->sealed_len + more.len;
    uint8_t *whole = realloc(stored->whole, stored->len);
    if (whole == NULL)
        return VT_E_NOMEM;
    stored->whole = whole;
    memcpy(whole, item->content.ptr, item->content.len);
    memcpy(whole + item->content.len, item->update.ptr, item->update.len);
    if (more.len > 0)
        memcpy(whole + stored->sealed_len, more.ptr, more.len);
    return VT_OK;
}

/* *out: empty when it stays without, which its level says afterwards: its own data are more than
 * what is read again, say. */
static enum vt_code make(struct stored *stored, const struct vt_child_document *item,
                         const struct vt_seal_pdf_data *data, struct vt_bytes *out)
{
    struct vt_seal_pdf_check check = {0};
    enum vt_code code = join(stored, item, (struct vt_bytes){0});
    if (code == VT_OK)
        code = vt_seal_pdf_store(stored->arena, vt_bytes_of(stored->whole, stored->len), data, out,
                                 NULL);
    if (code == VT_OK && out->len > 0)
        code = join(stored, item, *out);
    if (code == VT_OK && out->len > 0)
        code =
            vt_seal_pdf_check_store(stored->arena, vt_bytes_of(stored->whole, stored->sealed_len),
                                    vt_bytes_of(stored->whole, stored->len), &check, NULL);
    if (code != VT_OK || !check.is_good)
        *out = (struct vt_bytes){0};
    return code == VT_E_FORMAT || code == VT_E_LIMIT ? VT_OK : code;
}

enum vt_code vt_child_data_put(struct vt_child_documents *documents, struct vt_child_document *item,
                               struct vt_err *err)
{
    struct stored stored = {.arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES)};
    struct vt_bytes more = {0};
    enum vt_code code =
        stored.arena == NULL ? VT_E_NOMEM : make(&stored, item, &documents->data.data, &more);
    if (code == VT_OK && more.len > 0) {
        size_t len = item->update.len + more.len;
        uint8_t *update = vt_arena_dup(documents->arena, stored.whole + item->content.len, len);
        code = update == NULL ? VT_E_NOMEM : VT_OK;
        if (code == VT_OK)
            item->update = vt_bytes_of(update, len);
    }
    vt_arena_free(stored.arena);
    free(stored.whole);
    return code == VT_OK
               ? VT_OK
               : vt_err_set(err, code, "validation data could not be put into a document");
}
