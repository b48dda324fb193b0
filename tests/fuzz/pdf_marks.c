/* SPDX-License-Identifier: Apache-2.0
 * Reading the marks of a PDF and writing it with an edit. See pdf_marks.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pdf_marks.h"

/* ---- reading ---- */

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\0';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool has_word(const struct file *f, size_t at, const char *word)
{
    return vt_bytes_starts_with(vt_bytes_slice(f->bytes, at, SIZE_MAX), vt_bytes_str(word));
}

size_t file_find(const struct file *f, size_t from, size_t to, const char *word)
{
    return vt_bytes_find(vt_bytes_slice(f->bytes, 0, to), vt_bytes_str(word), from);
}

bool file_number(const struct file *f, size_t *at, struct mark *out)
{
    size_t i = *at, value = 0;
    while (i < f->bytes.len && is_space(f->bytes.ptr[i]))
        i++;
    *out = (struct mark){.at = i};
    for (; i < f->bytes.len && is_digit(f->bytes.ptr[i]) && i - out->at < 12; i++)
        value = value * 10 + (size_t)(f->bytes.ptr[i] - '0');
    out->len = i - out->at;
    out->target = value;
    *at = i;
    return out->len > 0;
}

static void keep(struct file *f, struct mark mark, size_t base, size_t target)
{
    mark.base = base;
    mark.target = target;
    if (f->marks_count < MAX_MARKS && target <= f->bytes.len)
        f->marks[f->marks_count++] = mark;
}

static void keep_offset(struct file *f, size_t at)
{
    struct mark mark;
    if (file_number(f, &at, &mark))
        keep(f, mark, f->origin, f->origin + mark.target);
}

static void read_table(struct file *f, size_t at)
{
    struct mark first, count, place, gen;
    while (file_number(f, &at, &first) && file_number(f, &at, &count)) {
        for (size_t i = 0; i < count.target && i < MAX_MARKS; i++) {
            if (!file_number(f, &at, &place) || !file_number(f, &at, &gen) || at + 2 > f->bytes.len)
                return;
            place.form = TEN_DIGITS;
            if (f->bytes.ptr[at + 1] == 'n' && place.len == 10)
                keep(f, place, f->origin, f->origin + place.target);
            at += 2;
        }
    }
}

static void read_range(struct file *f, size_t at)
{
    struct mark part[4];
    size_t open = file_find(f, at, at + 20, "[");
    for (size_t i = 0; i < 4; i++) {
        at = i == 0 ? open + 1 : at;
        if (open == SIZE_MAX || !file_number(f, &at, &part[i]))
            return;
    }
    size_t second = f->origin + part[2].target;
    keep(f, part[1], f->origin, f->origin + part[1].target);
    keep(f, part[2], f->origin, second);
    keep(f, part[3], second, second + part[3].target);
}

/* A number of the dictionary of an object. */
static bool entry(const struct file *f, const struct object *object, const char *key,
                  struct mark *out)
{
    size_t at = file_find(f, object->body, object->head_end, key);
    if (at == SIZE_MAX)
        return false;
    at += strlen(key);
    return file_number(f, &at, out);
}

/* Entries of type, four octets and a rest, in the order of /Index. */
static void read_entries(struct file *f, const struct object *object)
{
    struct mark size;
    size_t at = file_find(f, object->body, object->head_end, "/W");
    size_t open = at == SIZE_MAX ? SIZE_MAX : file_find(f, at, at + 8, "[");
    size_t width[3];
    for (size_t i = 0; i < 3; i++) {
        at = i == 0 ? open + 1 : at;
        if (open == SIZE_MAX || !file_number(f, &at, &size))
            return;
        width[i] = size.target;
    }
    size_t step = width[0] + width[1] + width[2];
    if (width[0] != 1 || width[1] != 4 || width[2] > 4)
        return;
    for (at = object->data; at + step <= object->data_end; at += step) {
        const uint8_t *p = f->bytes.ptr + at;
        struct mark mark = {.at = at + 1, .len = 4, .form = BINARY};
        size_t place = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
        if (p[0] == 1)
            keep(f, mark, f->origin, f->origin + place);
    }
}

static void read_packed(struct file *f, const struct object *object)
{
    struct mark first, count, id, place;
    size_t at = object->data;
    if (!entry(f, object, "/First", &first) || !entry(f, object, "/N", &count))
        return;
    size_t base = object->data + first.target;
    keep(f, first, object->data, base);
    for (size_t i = 0; i < count.target && file_number(f, &at, &id) && file_number(f, &at, &place);
         i++)
        keep(f, place, base, base + place.target);
}

static void read_stream(struct file *f, struct object *object)
{
    struct mark length;
    size_t at = object->head_end + strlen("stream");
    at += at < f->bytes.len && f->bytes.ptr[at] == '\r';
    at += at < f->bytes.len && f->bytes.ptr[at] == '\n';
    object->data = at;
    object->data_end = object->end;
    size_t mark_end = file_find(f, at, object->end, "endstream");
    if (mark_end != SIZE_MAX)
        object->data_end = mark_end;
    if (entry(f, object, "/Length", &length) && at + length.target <= object->data_end) {
        object->data_end = at + length.target;
        keep(f, length, at, object->data_end);
    }
    if (file_find(f, object->body, object->head_end, "/Filter") != SIZE_MAX)
        return;
    if (file_find(f, object->body, object->head_end, "/XRef") != SIZE_MAX)
        read_entries(f, object);
    if (file_find(f, object->body, object->head_end, "/ObjStm") != SIZE_MAX)
        read_packed(f, object);
}

static void read_object(struct file *f, size_t at)
{
    size_t begin = at;
    struct object object = {.body = at + strlen(" obj"),
                            .end = file_find(f, at, SIZE_MAX, "endobj")};
    /* N G obj */
    while (begin > 0 && is_digit(f->bytes.ptr[begin - 1]))
        begin--;
    while (begin > 0 && is_space(f->bytes.ptr[begin - 1]))
        begin--;
    while (begin > 0 && is_digit(f->bytes.ptr[begin - 1]))
        begin--;
    struct mark id;
    if (f->objects_count == MAX_OBJECTS || object.end == SIZE_MAX || !file_number(f, &begin, &id))
        return;
    object.id = (unsigned)id.target;
    object.head_end = file_find(f, object.body, object.end, "stream");
    if (object.head_end != SIZE_MAX)
        read_stream(f, &object);
    else
        object.head_end = object.end;
    f->objects[f->objects_count++] = object;
}

void file_read(struct file *f, const uint8_t *data, size_t size)
{
    f->bytes = vt_bytes_of(data, size);
    f->marks_count = f->objects_count = 0;
    f->origin = vt_bytes_find(f->bytes, VT_BYTES("%PDF-"), 0);
    f->origin = f->origin == SIZE_MAX ? 0 : f->origin;
    for (size_t at = 0; at < size; at++) {
        if (data[at] == 's' && has_word(f, at, "startxref"))
            keep_offset(f, at + strlen("startxref"));
        else if (data[at] == 'x' && has_word(f, at, "xref") && (at == 0 || is_space(data[at - 1])))
            read_table(f, at + strlen("xref"));
        else if (data[at] == '/' && has_word(f, at, "/Prev"))
            keep_offset(f, at + strlen("/Prev"));
        else if (data[at] == '/' && has_word(f, at, "/XRefStm"))
            keep_offset(f, at + strlen("/XRefStm"));
        else if (data[at] == '/' && has_word(f, at, "/ByteRange"))
            read_range(f, at + strlen("/ByteRange"));
        else if (data[at] == ' ' && has_word(f, at, " obj"))
            read_object(f, at);
    }
}

/* ---- writing ---- */

static int by_place(const void *a, const void *b)
{
    const struct mark *left = a, *right = b;
    return left->at < right->at ? -1 : left->at > right->at;
}

/* Where an old offset is now; grown: by how much each mark has. */
static size_t now_at(const struct file *f, const struct edit *edit, const size_t *grown, size_t at)
{
    size_t out = at;
    if (at >= edit->end)
        out = out - (edit->end - edit->at) + edit->len;
    else if (at > edit->at)
        out = edit->at;
    for (size_t i = 0; i < f->marks_count && f->marks[i].at < at; i++)
        out += grown[i];
    return out;
}

static size_t value_of(const struct file *f, const struct edit *edit, const size_t *grown,
                       const struct mark *mark)
{
    size_t base = now_at(f, edit, grown, mark->base);
    size_t target = now_at(f, edit, grown, mark->target);
    return target < base ? 0 : target - base;
}

static size_t digits_of(size_t value)
{
    size_t digits = 1;
    for (; value > 9; value /= 10)
        digits++;
    return digits;
}

/* Marks inside what is replaced are gone; a longer number moves what follows, which may make others
 * longer. */
static void settle(struct file *f, const struct edit *edit, size_t *grown)
{
    size_t kept = 0;
    qsort(f->marks, f->marks_count, sizeof(f->marks[0]), by_place);
    for (size_t i = 0; i < f->marks_count; i++) {
        bool is_inside = f->marks[i].at + f->marks[i].len > edit->at && f->marks[i].at < edit->end;
        bool is_second =
            kept > 0 && f->marks[kept - 1].at + f->marks[kept - 1].len > f->marks[i].at;
        if (!is_inside && !is_second)
            f->marks[kept++] = f->marks[i];
    }
    f->marks_count = kept;
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < kept; i++) {
            size_t digits = digits_of(value_of(f, edit, grown, &f->marks[i]));
            bool is_longer = f->marks[i].form == DECIMAL && digits > f->marks[i].len;
            grown[i] = is_longer ? digits - f->marks[i].len : 0;
        }
    }
}

static void put(struct vt_buf *out, struct vt_bytes bytes)
{
    (void)vt_buf_add(out, bytes.ptr, bytes.len);
}

/* Old bytes of [from, to), with what is replaced. */
static void copy(const struct file *f, const struct edit *edit, struct vt_buf *out, size_t from,
                 size_t to)
{
    if (from <= edit->at && edit->at < to) {
        put(out, vt_bytes_slice(f->bytes, from, edit->at - from));
        put(out, vt_bytes_of(edit->with, edit->len));
        from = edit->end;
    }
    if (from < to)
        put(out, vt_bytes_slice(f->bytes, from, to - from));
}

static void put_mark(const struct mark *mark, size_t value, size_t len, struct vt_buf *out)
{
    uint8_t octets[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                         (uint8_t)value};
    if (mark->form == BINARY)
        put(out, vt_bytes_of(octets, sizeof(octets)));
    else
        (void)vt_buf_addf(out, "%0*zu", (int)len, value);
}

size_t file_apply(struct file *f, const struct edit *edit, uint8_t *data, size_t max_size)
{
    size_t grown[MAX_MARKS] = {0}, at = 0;
    struct vt_buf out;
    vt_buf_init(&out, max_size + 1);
    settle(f, edit, grown);
    for (size_t i = 0; i < f->marks_count; i++) {
        const struct mark *mark = &f->marks[i];
        copy(f, edit, &out, at, mark->at);
        put_mark(mark, value_of(f, edit, grown, mark), mark->len + grown[i], &out);
        at = mark->at + mark->len;
    }
    copy(f, edit, &out, at, f->bytes.len + 1); /* an edit may stand at the end */
    struct vt_bytes whole = vt_buf_bytes(&out);
    size_t len = whole.len <= max_size ? whole.len : 0;
    if (len > 0)
        memcpy(data, whole.ptr, len);
    vt_buf_clear(&out);
    return len;
}
