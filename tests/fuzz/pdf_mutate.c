/* SPDX-License-Identifier: Apache-2.0
 * Mutations after which a PDF is still one. Of bytes that change at random nearly all end in front
 * of the cross-reference table; here one object, one stream or one entry changes, or an update is
 * appended, and every number that says where something stands or how long it is follows. What
 * stands before %PDF- belongs to the target. A part of the mutations stays blind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "pdf_marks.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len,
                                 uint8_t *out, size_t max_out, unsigned seed);

#define MAX_TOKENS 256
#define MAX_PLAIN_BYTES ((size_t)64 * 1024)

static struct file file, other;
static uint64_t chance;

static size_t below(size_t limit)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return limit == 0 ? 0 : (size_t)(chance % limit);
}

/* ---- mutations: each leaves in *edit what it replaces, with in malloc'd memory ---- */

/* Names and values, each with a zero byte behind it. */
static const char words[] =
    "/Type\0/Subtype\0/Kids\0/Parent\0/Count\0/Annots\0/Contents\0/Resources\0/Font\0"
    "/XObject\0/AP\0/AcroForm\0/Fields\0/FT\0/Sig\0/Tx\0/Btn\0/Ch\0/V\0/DV\0/T\0/Ff\0/F\0"
    "/Rect\0/Lock\0/SigFieldLock\0/Action\0/All\0/Include\0/Exclude\0/P\0/Perms\0/DocMDP\0"
    "/FieldMDP\0/Reference\0/Widget\0/Names\0/EmbeddedFiles\0/EF\0/UF\0/FS\0"
    "/FileAttachment\0/OpenAction\0/AA\0/JS\0/OCProperties\0/D\0/OCGs\0/DSS\0/VRI\0"
    "/Certs\0/CRLs\0/OCSPs\0/DocTimeStamp\0/StructTreeRoot\0/ParentTree\0/Nums\0/K\0"
    "/StructParent\0/Metadata\0/Image\0/Form\0/Matrix\0/BBox\0/Width\0/Height\0"
    "/ColorSpace\0/DeviceRGB\0/DeviceCMYK\0/Indexed\0/ICCBased\0/SMask\0/Decode\0"
    "/BitsPerComponent\0/Filter\0/FlateDecode\0/DCTDecode\0/ASCIIHexDecode\0/LZWDecode\0"
    "/RunLengthDecode\0/DecodeParms\0/Predictor\0/Columns\0/Extends\0/MediaBox\0/CropBox\0"
    "/Rotate\0/XFA\0/URI\0/Encrypt\0null\0true\0false\0[]\0<<>>\0()\00\01\0-1\0"
    "2147483647\04294967296\00.5\0";

static struct vt_bytes random_word(void)
{
    size_t at = below(sizeof(words) - 2);
    while (at > 0 && words[at - 1] != '\0')
        at--;
    return vt_bytes_str(words + at);
}

static const struct object *random_object(const struct file *f)
{
    return f->objects_count == 0 ? NULL : &f->objects[below(f->objects_count)];
}

/* A name, number, string or reference of an object's dictionary. */
static struct vt_bytes random_token(const struct file *f, const struct object *object)
{
    struct vt_bytes tokens[MAX_TOKENS];
    size_t count = 0;
    for (size_t at = object->body; at < object->head_end && count < MAX_TOKENS;) {
        size_t end = at + 1;
        while (end < object->head_end && memchr(" \n\r\t/<>[]()", f->bytes.ptr[end], 12) == NULL)
            end++;
        if (memchr(" \n\r\t<>[]()", f->bytes.ptr[at], 11) == NULL)
            tokens[count++] = vt_bytes_slice(f->bytes, at, end - at);
        at = end;
    }
    return count == 0 ? vt_bytes_slice(f->bytes, object->body, 0) : tokens[below(count)];
}

static void set(struct edit *edit, const char *format, struct vt_bytes a, struct vt_bytes b)
{
    char *text = NULL;
    int len =
        asprintf(&text, format, (int)a.len, (const char *)a.ptr, (int)b.len, (const char *)b.ptr);
    edit->with = (uint8_t *)(len < 0 ? NULL : text);
    edit->len = len < 0 ? 0 : (size_t)len;
}

/* Something to stand as a value. */
static struct vt_bytes random_value(const struct file *f, char reference[24])
{
    const struct object *object = random_object(f);
    if (below(3) == 0) {
        (void)snprintf(reference, 24, "%u 0 R", object->id);
        return vt_bytes_str(reference);
    }
    return below(2) == 0 ? random_token(f, object) : random_word();
}

static void edit_token(const struct file *f, struct edit *edit)
{
    char reference[24];
    struct vt_bytes token = random_token(f, random_object(f));
    edit->at = (size_t)(token.ptr - f->bytes.ptr);
    edit->end = edit->at + token.len;
    set(edit, "%.*s%.*s", random_value(f, reference), VT_BYTES(""));
}

/* One more entry for a dictionary. */
static void add_entry(const struct file *f, struct edit *edit)
{
    char reference[24];
    const struct object *object = random_object(f);
    size_t at = file_find(f, object->body, object->head_end, "<<");
    size_t next = at == SIZE_MAX ? at : file_find(f, at + 2, object->head_end, "<<");
    if (next != SIZE_MAX && below(3) == 0)
        at = next;
    edit->at = edit->end = at == SIZE_MAX ? object->body : at + 2;
    set(edit, "%.*s %.*s", random_word(), random_value(f, reference));
}

static void mutate_region(const struct file *f, struct edit *edit, size_t at, size_t end)
{
    size_t room = end - at + 64;
    edit->at = at;
    edit->end = end;
    edit->with = malloc(room);
    if (edit->with == NULL)
        return;
    memcpy(edit->with, f->bytes.ptr + at, end - at);
    edit->len = LLVMFuzzerMutate(edit->with, end - at, room);
}

/* The bytes of a stream; those of FlateDecode before they were packed. */
static void edit_stream(const struct file *f, const struct object *object, struct edit *edit)
{
    static uint8_t plain[MAX_PLAIN_BYTES];
    uLongf len = MAX_PLAIN_BYTES - 64;
    size_t packed = object->data_end - object->data;
    if (file_find(f, object->body, object->head_end, "/FlateDecode") == SIZE_MAX || below(8) == 0 ||
        uncompress(plain, &len, f->bytes.ptr + object->data, packed) != Z_OK) {
        mutate_region(f, edit, object->data, object->data_end);
        return;
    }
    size_t changed = LLVMFuzzerMutate(plain, len, len + 64);
    uLongf room = compressBound(changed);
    *edit = (struct edit){.at = object->data, .end = object->data_end, .with = malloc(room)};
    if (edit->with != NULL && compress(edit->with, &room, plain, changed) == Z_OK)
        edit->len = room;
}

static void edit_object(const struct file *f, struct edit *edit)
{
    const struct object *object = random_object(f);
    if (object->data != 0 && below(2) == 0)
        edit_stream(f, object, edit);
    else
        mutate_region(f, edit, object->body, object->head_end);
}

/* An object becomes what another one is, of this file or of another. */
static void replace_object(const struct file *f, const struct file *from, struct edit *edit)
{
    const struct object *object = random_object(f), *source = random_object(from);
    edit->at = object->body;
    edit->end = object->end;
    edit->len = source->end - source->body;
    edit->with = malloc(edit->len + 1);
    if (edit->with != NULL)
        memcpy(edit->with, from->bytes.ptr + source->body, edit->len);
}

/* The number behind the last occurrence of a key; otherwise. */
static size_t last_number(const struct file *f, const char *key, size_t otherwise)
{
    struct mark mark;
    size_t out = otherwise;
    for (size_t at = 0; (at = file_find(f, at, SIZE_MAX, key)) != SIZE_MAX;) {
        at += strlen(key);
        if (file_number(f, &at, &mark))
            out = mark.target;
    }
    return out;
}

/* An update that redefines an object, or adds one, with a body that an object has. */
static void append_update(const struct file *f, const struct file *from, struct edit *edit)
{
    const struct object *object = random_object(f), *source = random_object(from);
    size_t size = last_number(f, "/Size", 20), start = f->bytes.len - f->origin;
    size_t id = below(4) == 0 ? size + below(2) : object->id;
    struct vt_buf out;
    struct edit inside = {0};
    if (below(2) == 0 && (source->data == 0 || below(2) == 0))
        mutate_region(from, &inside, source->body, source->head_end);
    struct vt_bytes body =
        inside.with != NULL ? vt_bytes_of(inside.with, inside.len)
                            : vt_bytes_slice(from->bytes, source->body, source->end - source->body);
    vt_buf_init(&out, body.len + 400);
    (void)vt_buf_addf(&out, "\n%zu 0 obj", id);
    (void)vt_buf_add(&out, body.ptr, body.len);
    (void)vt_buf_addf(&out,
                      "endobj\nxref\n0 1\n0000000000 65535 f \n%zu 1\n%010zu 00000 n \ntrailer\n"
                      "<</Size %zu/Root %zu 0 R/Prev %zu>>\nstartxref\n%zu\n%%%%EOF\n",
                      id, start + 1, id >= size ? id + 1 : size, last_number(f, "/Root", 1),
                      last_number(f, "startxref", 0),
                      start + vt_buf_bytes(&out).len + strlen("endobj\n"));
    *edit = (struct edit){.at = f->bytes.len, .end = f->bytes.len, .len = vt_buf_bytes(&out).len};
    edit->with = malloc(edit->len + 1);
    if (edit->with != NULL)
        memcpy(edit->with, vt_buf_bytes(&out).ptr, edit->len);
    vt_buf_clear(&out);
    free(inside.with);
}

/* Without what follows one of its %%EOF. */
static size_t cut(const struct file *f, size_t size)
{
    size_t ends[8], count = 0;
    for (size_t at = 0; count < 8 && (at = file_find(f, at, SIZE_MAX, "%%EOF\n")) != SIZE_MAX;)
        ends[count++] = at += strlen("%%EOF\n");
    return count < 2 ? size : ends[below(count - 1)];
}

static void choose(const struct file *f, const struct file *from, struct edit *edit)
{
    switch (below(8)) {
    case 0:
    case 1:
        edit_token(f, edit);
        break;
    case 2:
        add_entry(f, edit);
        break;
    case 3:
        replace_object(f, from, edit);
        break;
    case 4:
    case 5:
        append_update(f, from, edit);
        break;
    default:
        edit_object(f, edit);
        break;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct edit edit = {0};
    size_t len = 0;
    chance = ((uint64_t)seed << 17 | 0x9E37) + size;
    size_t what = below(16);
    if (size == 0 || what == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    file_read(&file, data, size);
    if (what == 1)
        return cut(&file, size);
    if (what == 2 && file.origin > 0)
        data[below(file.origin)] = (uint8_t)below(256);
    if (file.objects_count > 0)
        choose(&file, &file, &edit);
    if (edit.with != NULL)
        len = file_apply(&file, &edit, data, max_size);
    free(edit.with);
    return len > 0 ? len : LLVMFuzzerMutate(data, size, max_size);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len,
                                 uint8_t *out, size_t max_out, unsigned seed)
{
    struct edit edit = {0};
    size_t len = 0;
    chance = ((uint64_t)seed << 17 | 0x79B9) + a_len;
    file_read(&file, a, a_len);
    file_read(&other, b, b_len);
    if (file.objects_count == 0 || other.objects_count == 0)
        return 0;
    if (below(2) == 0)
        replace_object(&file, &other, &edit);
    else
        append_update(&file, &other, &edit);
    if (edit.with != NULL)
        len = file_apply(&file, &edit, out, max_out);
    free(edit.with);
    return len;
}
