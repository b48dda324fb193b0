/* SPDX-License-Identifier: Apache-2.0
 * Files of objects. Numbers are big-endian:
 *      8  "vtobj" 0 0 1
 *      4  count
 *   then for each:
 *      1  kind      1  from      1  1 when the bytes follow      1  0
 *      4  size of the object, 0 when it is not known
 *     32  SHA-256
 *         the bytes */
#include "vanthu/object.h"

#include <stdlib.h>
#include <string.h>

#include "vanthu/wire.h"

#define HEADER_BYTES 12
#define ITEM_BYTES 40
#define DIGEST_BYTES 32

static const uint8_t magic[8] = {'v', 't', 'o', 'b', 'j', 0, 0, 1};

static const char *const kind_names[VT_OBJECT_KINDS] = {
    [VT_OBJECT_NONE] = "none",
    [VT_OBJECT_CERTIFICATE] = "certificate",
    [VT_OBJECT_CRL] = "crl",
    [VT_OBJECT_OCSP] = "ocsp",
    [VT_OBJECT_TIMESTAMP] = "timestamp",
    [VT_OBJECT_EVIDENCE] = "evidence",
    [VT_OBJECT_DOCUMENT] = "document",
    [VT_OBJECT_POLICY] = "policy",
};
static const char *const from_names[VT_OBJECT_FROMS] = {"embedded", "given", "fetched"};

const char *vt_object_kind_name(enum vt_object_kind kind)
{
    return kind_names[kind < VT_OBJECT_KINDS ? kind : VT_OBJECT_NONE];
}

const char *vt_object_from_name(enum vt_object_from from)
{
    return from_names[from < VT_OBJECT_FROMS ? from : VT_OBJECT_EMBEDDED];
}

enum vt_object_kind vt_object_kind_by_name(const char *name)
{
    for (unsigned i = VT_OBJECT_CERTIFICATE; name != NULL && i < VT_OBJECT_KINDS; i++) {
        if (strcmp(kind_names[i], name) == 0)
            return (enum vt_object_kind)i;
    }
    return VT_OBJECT_NONE;
}

enum vt_object_from vt_object_from_by_name(const char *name)
{
    for (unsigned i = 0; name != NULL && i < VT_OBJECT_FROMS; i++) {
        if (strcmp(from_names[i], name) == 0)
            return (enum vt_object_from)i;
    }
    return VT_OBJECT_EMBEDDED;
}

/* ---- lists ---- */

enum vt_code vt_object_list_add(struct vt_object_list *list, const struct vt_object *object)
{
    if (list == NULL || object->sha256[0] == '\0')
        return VT_OK;
    for (size_t i = 0; i < list->count; i++) {
        struct vt_object *known = &list->items[i];
        if (known->kind != object->kind || strcmp(known->sha256, object->sha256) != 0)
            continue;
        if (known->bytes.len == 0)
            known->bytes = object->bytes;
        if (known->size_bytes == 0)
            known->size_bytes = object->size_bytes;
        if (object->from > known->from)
            known->from = object->from;
        return VT_OK;
    }
    if (list->count == VT_MAX_OBJECTS)
        return VT_OK;
    struct vt_object *grown =
        vt_arena_grow(list->arena, list->items, list->count, sizeof(*list->items));
    if (grown == NULL)
        return VT_E_NOMEM;
    list->items = grown;
    list->items[list->count++] = *object;
    return VT_OK;
}

/* ---- writing ---- */

static void put_number(uint8_t *out, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(number >> (24 - 8 * i));
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
}

static void put_item(uint8_t *out, const struct vt_object *object, bool is_here)
{
    out[0] = (uint8_t)object->kind;
    out[1] = (uint8_t)object->from;
    out[2] = is_here;
    out[3] = 0;
    put_number(out + 4, is_here ? (uint32_t)object->bytes.len : object->size_bytes);
    for (size_t i = 0; i < DIGEST_BYTES; i++)
        out[8 + i] =
            (uint8_t)(digit_of(object->sha256[2 * i]) << 4 | digit_of(object->sha256[2 * i + 1]));
}

enum vt_code vt_objects_seal(const struct vt_object *items, size_t count, size_t max_bytes,
                             int *out_fd, struct vt_err *err)
{
    size_t heads_bytes = HEADER_BYTES + count * ITEM_BYTES, total = heads_bytes, parts_count = 0;
    uint8_t *heads = malloc(heads_bytes);
    struct vt_bytes *parts = calloc(2 * count + 1, sizeof(*parts));
    enum vt_code code = VT_E_NOMEM;
    if (heads == NULL || parts == NULL) {
        (void)vt_err_set(err, code, "no memory for objects");
        goto done;
    }
    memcpy(heads, magic, sizeof(magic));
    put_number(heads + sizeof(magic), (uint32_t)count);
    parts[parts_count++] = vt_bytes_of(heads, HEADER_BYTES);
    for (size_t i = 0; i < count; i++) {
        uint8_t *head = heads + HEADER_BYTES + i * ITEM_BYTES;
        size_t len = items[i].bytes.len;
        bool is_here = len > 0 && total <= max_bytes && len <= max_bytes - total;
        put_item(head, &items[i], is_here);
        parts[parts_count++] = vt_bytes_of(head, ITEM_BYTES);
        if (is_here)
            parts[parts_count++] = items[i].bytes;
        total += is_here ? len : 0;
    }
    code = vt_memfd_seal_parts("vanthu-objects", parts, parts_count, out_fd, err);
done:
    free(heads);
    free(parts);
    return code;
}

/* ---- reading ---- */

static uint32_t get_number(const uint8_t *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

static bool take_item(struct vt_bytes *rest, struct vt_object *out)
{
    if (rest->len < ITEM_BYTES)
        return false;
    const uint8_t *head = rest->ptr;
    uint32_t size = get_number(head + 4);
    size_t here = head[2] == 1 ? size : 0;
    if (head[0] == VT_OBJECT_NONE || head[0] >= VT_OBJECT_KINDS || head[1] >= VT_OBJECT_FROMS ||
        head[2] > 1 || here > rest->len - ITEM_BYTES || (head[2] == 1 && size == 0))
        return false;
    *out = (struct vt_object){.kind = (enum vt_object_kind)head[0],
                              .from = (enum vt_object_from)head[1],
                              .size_bytes = size,
                              .bytes = vt_bytes_slice(*rest, ITEM_BYTES, here)};
    (void)vt_text_hex(out->sha256, vt_bytes_of(head + 8, DIGEST_BYTES));
    *rest = vt_bytes_slice(*rest, ITEM_BYTES + here, rest->len - ITEM_BYTES - here);
    return true;
}

enum vt_code vt_objects_read(struct vt_arena *arena, struct vt_bytes file, struct vt_object **out,
                             size_t *out_count, struct vt_err *err)
{
    *out = NULL;
    *out_count = 0;
    if (file.len < HEADER_BYTES || memcmp(file.ptr, magic, sizeof(magic)) != 0)
        return vt_err_set(err, VT_E_FORMAT, "not a file of objects");
    size_t count = get_number(file.ptr + sizeof(magic));
    if (count > VT_MAX_OBJECTS)
        return vt_err_set(err, VT_E_LIMIT, "%zu objects at once", count);
    struct vt_object *items = vt_arena_alloc(arena, (count + 1) * sizeof(*items));
    struct vt_bytes rest = vt_bytes_slice(file, HEADER_BYTES, file.len - HEADER_BYTES);
    if (items == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for objects");
    for (size_t i = 0; i < count; i++) {
        if (!take_item(&rest, &items[i]))
            return vt_err_set(err, VT_E_FORMAT, "object %zu of a file of objects is malformed", i);
    }
    if (rest.len > 0)
        return vt_err_set(err, VT_E_FORMAT, "bytes follow the objects of a file");
    *out = items;
    *out_count = count;
    return VT_OK;
}
