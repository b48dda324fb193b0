/* SPDX-License-Identifier: Apache-2.0
 * Validation data into a sealed PDF, in an inspector child: what the verdict on it rested on comes
 * as files of objects, and what of it belongs into the file is chosen here. */
#include <string.h>

#include "inspector/seal_plan.h"
#include "seal/messages.h"
#include "vanthu/object.h"
#include "vanthu/seal_pdf.h"

#define MAX_STORED 64

struct store_work {
    struct vt_arena *arena;
    struct vt_bytes pdf;
    struct vt_bytes certificates[MAX_STORED], ocsps[MAX_STORED], crls[MAX_STORED];
    struct vt_seal_pdf_data data;
    unsigned left_out; /* CRLs that are too large, and what nobody has the bytes of */
};

/* False: there is no more room. */
static bool put(struct vt_bytes *items, size_t *count, struct vt_bytes item)
{
    for (size_t i = 0; i < *count; i++) {
        if (vt_bytes_equal(items[i], item))
            return true;
    }
    if (*count == MAX_STORED)
        return false;
    items[(*count)++] = item;
    return true;
}

/* What only has a name here stands with its bytes in the other file, or nowhere. */
static void take(struct store_work *work, const struct vt_object *object)
{
    struct vt_seal_pdf_data *data = &work->data;
    bool is_taken = true;
    if (object->bytes.len == 0)
        return;
    if (object->kind == VT_OBJECT_CERTIFICATE)
        is_taken = put(work->certificates, &data->certificates_count, object->bytes);
    else if (object->kind == VT_OBJECT_OCSP)
        is_taken = object->bytes.len <= VT_MAX_OCSP_BYTES &&
                   put(work->ocsps, &data->ocsps_count, object->bytes);
    else if (object->kind == VT_OBJECT_CRL)
        is_taken = object->bytes.len <= VT_MAX_SEAL_CRL_BYTES &&
                   put(work->crls, &data->crls_count, object->bytes);
    work->left_out += !is_taken;
}

static bool has_bytes(const struct vt_object *objects, size_t count, const char *sha256)
{
    for (size_t i = 0; i < count; i++) {
        if (objects[i].bytes.len > 0 && strcmp(objects[i].sha256, sha256) == 0)
            return true;
    }
    return false;
}

/* Named by whoever judged, and not brought by whoever fetched it. */
static void count_missing(struct store_work *work, const struct vt_object *named,
                          size_t named_count, const struct vt_object *brought, size_t brought_count)
{
    for (size_t i = 0; i < named_count; i++) {
        bool is_status = named[i].kind == VT_OBJECT_OCSP || named[i].kind == VT_OBJECT_CRL;
        if (is_status && named[i].bytes.len == 0 &&
            !has_bytes(brought, brought_count, named[i].sha256))
            work->left_out++;
    }
}

/* At most two files: the verdict's, and what was fetched for it. */
static enum vt_code read_objects(struct store_work *work, const struct vt_message *message,
                                 struct vt_err *err)
{
    struct vt_object *objects[2] = {NULL, NULL};
    size_t counts[2] = {0, 0};
    enum vt_code code = VT_OK;
    for (size_t i = 0; i + 1 < message->fds_count && code == VT_OK; i++) {
        struct vt_bytes file;
        code = vt_memfd_map(message->fds[i + 1], VT_MAX_OBJECTS_BYTES + VT_MAX_OBJECTS_HEAD_BYTES,
                            &file, err);
        if (code == VT_OK)
            code = vt_objects_read(work->arena, file, &objects[i], &counts[i], err);
        for (size_t k = 0; code == VT_OK && k < counts[i]; k++)
            take(work, &objects[i][k]);
    }
    count_missing(work, objects[0], counts[0], objects[1], counts[1]);
    work->data.certificates = work->certificates;
    work->data.ocsps = work->ocsps;
    work->data.crls = work->crls;
    return code;
}

static enum vt_code check(const struct store_work *work, struct vt_bytes update,
                          const char **out_why, struct vt_err *err)
{
    struct vt_seal_pdf_check found;
    size_t len = work->pdf.len + update.len;
    uint8_t *whole = vt_arena_alloc(work->arena, len);
    if (whole == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for validation data");
    memcpy(whole, work->pdf.ptr, work->pdf.len);
    memcpy(whole + work->pdf.len, update.ptr, update.len);
    enum vt_code code =
        vt_seal_pdf_check_store(work->arena, work->pdf, vt_bytes_of(whole, len), &found, err);
    *out_why = found.is_good ? NULL : found.why;
    return code;
}

enum vt_code vt_child_seal_store(struct vt_arena *arena, int connection, struct vt_message *message,
                                 struct vt_err *err)
{
    struct store_work *work = vt_arena_alloc(arena, sizeof(*work));
    struct vt_bytes update = {0};
    const char *why = NULL;
    bool mapped = false;
    int fd = -1;
    enum vt_code code = work == NULL ? vt_err_set(err, VT_E_NOMEM, "no memory for validation data")
                        : message->fds_count < 2 || message->fds_count > 3
                            ? vt_err_set(err, VT_E_FORMAT,
                                         "a request for validation data is "
                                         "malformed")
                            : VT_OK;
    if (code == VT_OK) {
        work->arena = arena;
        code = vt_input_read(message->fds[0], VT_MAX_MAIL_BYTES, &work->pdf, &mapped, err);
    }
    if (code == VT_OK)
        code = read_objects(work, message, err);
    vt_message_close(message);
    if (code == VT_OK)
        code = vt_seal_pdf_store(arena, work->pdf, &work->data, &update, err);
    if (code == VT_OK && update.len > 0)
        code = check(work, update, &why, err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-store", update, &fd, err);
    return code == VT_OK ? vt_child_seal_answer(connection, VT_MSG_SEAL_FILE_IS,
                                                json_pack("{s:s*, s:i}", "why", why, "left_out",
                                                          (int)work->left_out),
                                                &fd, 1, err)
                         : code;
}
