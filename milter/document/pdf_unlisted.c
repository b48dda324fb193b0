/* SPDX-License-Identifier: Apache-2.0
 * Objects that no cross-reference section lists. A reader that does not like a section builds its
 * own from every "N G obj" it sees (ISO 32000-1, 7.3.10), be it between objects, in a stream or in
 * a comment. It must not find other objects than the sections list. */
#include "document/pdf_xref.h"

/* An object without its stream, when it is looked whether it is one. */
#define MAX_OBJECT_BYTES ((size_t)64 * 1024)

/* What some readers take for a number, or for white space, as well. */
static bool is_numeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

static size_t before_any_space(struct vt_bytes bytes, size_t from, size_t end)
{
    size_t before = end + 1;
    while (end < before) {
        before = end;
        end = pdf_before_space(bytes, from, end);
        while (end > from && (bytes.ptr[end - 1] == 0x80 || bytes.ptr[end - 1] == 0xff))
            end--;
    }
    return end;
}

/* Where "N G obj" begins whose "obj" stands at at; SIZE_MAX for another word. */
static size_t object_begin(struct vt_bytes bytes, size_t from, size_t at)
{
    size_t begin = at;
    for (int number = 0; number < 2; number++) {
        size_t end = before_any_space(bytes, from, begin), digits = 0, first = end;
        for (; first > from && is_numeric(bytes.ptr[first - 1]); first--)
            digits += pdf_hex_digit(bytes.ptr[first - 1]) >= 0;
        if (digits == 0 || (number == 1 && end == begin))
            return SIZE_MAX;
        begin = first;
    }
    return begin;
}

static void add_listed(struct pdf_reader *reader, const struct pdf_section *section,
                       struct pdf_set *listed)
{
    for (; section != NULL; section = section->second) {
        for (size_t i = 0; i < section->entries_count; i++) {
            if (section->entries[i].type == PDF_ENTRY_OFFSET)
                (void)pdf_set_add(reader, listed, section->entries[i].place);
        }
        if (section->is_stream)
            (void)pdf_set_add(reader, listed, section->at);
    }
}

/* Is there a whole object behind "obj" at at, or one too large to be told from it? Acrobat leaves
 * beginnings of old ones at the end of streams. */
static bool is_whole(struct pdf_reader *reader, struct vt_bytes bytes, size_t at)
{
    struct pdf_value value, word;
    struct vt_bytes window = vt_bytes_slice(bytes, at + 3, MAX_OBJECT_BYTES);
    size_t end = 0;
    if (!pdf_work(reader, window.len) || !pdf_next_value(window, &end, &value))
        return window.len == MAX_OBJECT_BYTES;
    return value.kind != PDF_KEYWORD && pdf_next_value(window, &end, &word) &&
           (pdf_keyword_is(&word, "endobj") || pdf_keyword_is(&word, "stream"));
}

bool pdf_has_unlisted(struct pdf_reader *reader, const struct pdf_section *sections, size_t count,
                      size_t from, size_t to, bool whole)
{
    const struct vt_bytes bytes = vt_bytes_slice(reader->bytes, 0, to);
    struct pdf_set listed = {0};
    for (size_t i = 0; i < count; i++)
        add_listed(reader, &sections[i], &listed);
    for (size_t at = from; (at = vt_bytes_find(bytes, VT_BYTES("obj"), at)) != SIZE_MAX; at++) {
        size_t begin = object_begin(bytes, from, at);
        if (begin != SIZE_MAX && !pdf_set_has(&listed, begin) &&
            (!whole || is_whole(reader, bytes, at)))
            return true;
    }
    return false;
}
