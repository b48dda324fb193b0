/* SPDX-License-Identifier: Apache-2.0
 * Cross-reference sections, one at a time (ISO 32000-1, 7.5.4, 7.5.5, 7.5.8). Strict where other
 * readers guess: a key twice in a trailer, an indirect /Length of a cross-reference stream or a
 * table that does not end where it says makes the chain unusable, and nothing is called unchanged.
 */
#include <stdlib.h>
#include <string.h>

#include "document/pdf_xref_section.h"

/* A trailer dictionary. Real ones have 300 bytes, of cross-reference streams 600. */
#define MAX_TRAILER_BYTES 8192
/* Decoded cross-reference stream: PDF_MAX_ENTRIES of 20 bytes. */
#define MAX_DECODED_BYTES ((size_t)40 * 1024 * 1024)

static bool next_integer(struct vt_bytes bytes, size_t *at, int64_t *out)
{
    struct pdf_value value;
    if (!pdf_next_value(bytes, at, &value) || value.kind != PDF_INTEGER || value.integer < 0)
        return false;
    *out = value.integer;
    return true;
}

static bool next_keyword(struct vt_bytes bytes, size_t *at, const char *word)
{
    struct pdf_value value;
    return pdf_next_value(bytes, at, &value) && pdf_keyword_is(&value, word);
}

/* An integer of the trailer; otherwise: the value when the key is absent. False for other kinds. */
static bool trailer_integer(const struct pdf_value *trailer, const char *key, int64_t otherwise,
                            int64_t *out)
{
    struct pdf_value value = pdf_dict_get(trailer, key);
    *out = value.kind == PDF_NONE ? otherwise : value.integer;
    return value.kind == PDF_NONE || (value.kind == PDF_INTEGER && value.integer >= 0);
}

/* 7.5.5, table 15. Every key that decides what is read stands at most once. */
static const char *read_trailer(struct pdf_section *section)
{
    static const char *const single[] = {"Prev",   "XRefStm",     "Root", "Size",  "Encrypt",
                                         "Info",   "ID",          "W",    "Index", "Length",
                                         "Filter", "DecodeParms", "Type"};
    const struct pdf_value *trailer = &section->trailer;
    int64_t prev = 0, second = 0, size = 0;
    if (trailer->text.len > MAX_TRAILER_BYTES)
        return "a trailer dictionary is too long";
    for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
        if (pdf_dict_count(trailer, single[i]) > 1)
            return "a trailer dictionary has a key twice";
    }
    if (!trailer_integer(trailer, "Size", 0, &size) || size > PDF_MAX_SIZE)
        return "/Size of a trailer is larger than all readers read";
    if (!trailer_integer(trailer, "Prev", -1, &prev))
        return "/Prev of a trailer is not a number";
    section->prev = prev < 0 ? SIZE_MAX : (size_t)prev;
    section->is_hybrid = pdf_dict_get(trailer, "XRefStm").kind != PDF_NONE;
    if (!trailer_integer(trailer, "XRefStm", 0, &second) || (section->is_hybrid && second == 0))
        return "/XRefStm of a trailer is not a place";
    section->second_at = (size_t)second;
    return NULL;
}

static bool room_for(struct pdf_reader *reader, struct pdf_section *section, size_t *capacity)
{
    if (section->entries_count < *capacity)
        return true;
    size_t larger = *capacity == 0 ? 64 : *capacity * 2;
    struct pdf_entry *entries = pdf_scratch(reader, larger * sizeof(*entries));
    if (entries == NULL)
        return false;
    if (section->entries_count > 0)
        memcpy(entries, section->entries, section->entries_count * sizeof(*entries));
    section->entries = entries;
    *capacity = larger;
    return true;
}

static bool fixed_digits(const uint8_t *at, size_t count, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        *out = *out * 10 + (uint64_t)(at[i] - '0');
    }
    return true;
}

/* 7.5.4: exactly nnnnnnnnnn ggggg n, as nearly every writer has it: a table may have a million. */
static bool read_plain_entry(struct vt_bytes bytes, size_t *at, uint32_t id, struct pdf_entry *out)
{
    uint64_t place = 0, gen = 0;
    while (*at < bytes.len && pdf_is_space(bytes.ptr[*at]))
        (*at)++;
    const uint8_t *p = bytes.ptr + *at;
    if (bytes.len - *at < 19 || !fixed_digits(p, 10, &place) || p[10] != ' ' ||
        !fixed_digits(p + 11, 5, &gen) || p[16] != ' ' || (p[17] != 'n' && p[17] != 'f') ||
        !pdf_is_space(p[18]))
        return false;
    *out = (struct pdf_entry){.id = id,
                              .type = p[17] == 'n' ? PDF_ENTRY_OFFSET : PDF_ENTRY_FREE,
                              .gen = (uint32_t)gen,
                              .place = place};
    *at += 18;
    return true;
}

/* NOTE: laxer than 7.5.4, any number of digits and any white space between the three. */
static bool read_loose_entry(struct vt_bytes bytes, size_t *at, uint32_t id, struct pdf_entry *out)
{
    struct pdf_value kind;
    int64_t place = 0, gen = 0;
    if (!next_integer(bytes, at, &place) || !next_integer(bytes, at, &gen) || gen > UINT32_MAX ||
        !pdf_next_value(bytes, at, &kind) || kind.kind != PDF_KEYWORD)
        return false;
    bool used = vt_bytes_equal(kind.text, VT_BYTES("n"));
    if (!used && !vt_bytes_equal(kind.text, VT_BYTES("f")))
        return false;
    *out = (struct pdf_entry){.id = id,
                              .type = used ? PDF_ENTRY_OFFSET : PDF_ENTRY_FREE,
                              .gen = (uint32_t)gen,
                              .place = (uint64_t)place};
    return true;
}

/* 7.5.4: an entry ends with two characters, which many readers do not look at. */
static bool is_entry_end(struct vt_bytes bytes, size_t at)
{
    struct vt_bytes end = vt_bytes_slice(bytes, at, 2);
    return vt_bytes_equal(end, VT_BYTES(" \n")) || vt_bytes_equal(end, VT_BYTES(" \r")) ||
           vt_bytes_equal(end, VT_BYTES("\r\n"));
}

static bool read_entry(struct vt_bytes bytes, size_t *at, uint32_t id, struct pdf_section *section)
{
    struct pdf_entry *out = &section->entries[section->entries_count];
    if (read_plain_entry(bytes, at, id, out)) {
        section->is_loose = section->is_loose || !is_entry_end(bytes, *at);
        return true;
    }
    section->is_loose = true;
    return read_loose_entry(bytes, at, id, out);
}

/* 7.5.4: what the entry of object 0 looks like. */
static bool is_head_of_free(const struct pdf_entry *entry)
{
    return entry->type == PDF_ENTRY_FREE && entry->place == 0 && entry->gen == UINT16_MAX;
}

/* 7.5.4: the two numbers of a subsection are separated by one space, and its entries are lines. */
static bool is_one_space(struct vt_bytes bytes, size_t at)
{
    return at + 1 < bytes.len && bytes.ptr[at] == ' ' && !pdf_is_space(bytes.ptr[at + 1]);
}

static bool is_indented(struct vt_bytes bytes, size_t at)
{
    bool is_space = false;
    for (; at < bytes.len && pdf_is_space(bytes.ptr[at]); at++)
        is_space = bytes.ptr[at] != '\n' && bytes.ptr[at] != '\r';
    return is_space;
}

/* 7.5.4: one line follows the other. */
static bool read_entries(struct pdf_reader *reader, struct vt_bytes bytes, size_t *at,
                         struct pdf_section *section, size_t *capacity, int64_t first,
                         int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (i > 0 && *at + 2 < bytes.len && pdf_is_space(bytes.ptr[*at + 2]))
            section->is_loose = true;
        if (section->entries_count >= PDF_MAX_ENTRIES || !room_for(reader, section, capacity) ||
            !read_entry(bytes, at, (uint32_t)(first + i), section))
            return false;
        section->entries_count++;
    }
    return true;
}

static const char *read_subsections(struct pdf_reader *reader, struct vt_bytes bytes, size_t *at,
                                    struct pdf_section *section)
{
    static const char unreadable[] = "a cross-reference table cannot be read";
    size_t capacity = 0;
    for (;;) {
        int64_t first = 0, count = 0;
        size_t behind = *at;
        if (next_keyword(bytes, &behind, "trailer")) {
            *at = behind;
            return NULL;
        }
        if (!next_integer(bytes, at, &first))
            return unreadable;
        behind = *at;
        if (!next_integer(bytes, at, &count) || first + count > PDF_MAX_SIZE)
            return unreadable;
        section->is_loose = section->is_loose || !is_one_space(bytes, behind) ||
                            (count > 0 ? is_indented(bytes, *at) : first > 0);
        size_t head = section->entries_count;
        if (!read_entries(reader, bytes, at, section, &capacity, first, count))
            return unreadable;
        if (first == 1 && count > 0 && is_head_of_free(&section->entries[head]))
            return "a cross-reference table numbers object 0 as 1, which readers correct or not";
    }
}

const char *pdf_table_read(struct pdf_reader *reader, struct vt_bytes bytes, size_t *at,
                           struct pdf_section *section)
{
    const char *defect = read_subsections(reader, bytes, at, section);
    if (defect != NULL)
        return defect;
    if (!pdf_next_value(bytes, at, &section->trailer) || section->trailer.kind != PDF_DICT)
        return "a trailer dictionary cannot be read";
    return read_trailer(section);
}

/* 7.3.8.1: the keyword stream, then CR LF or LF, then /Length bytes. */
static const char *read_stream_extent(struct vt_bytes bytes, size_t *at,
                                      struct pdf_section *section)
{
    int64_t length = 0;
    struct pdf_value value = pdf_dict_get(&section->trailer, "Length");
    if (value.kind != PDF_INTEGER || !trailer_integer(&section->trailer, "Length", 0, &length))
        return "a cross-reference stream has no direct /Length";
    if (!next_keyword(bytes, at, "stream"))
        return "a cross-reference stream has no data";
    if (*at < bytes.len && bytes.ptr[*at] == '\r')
        (*at)++;
    if (*at < bytes.len && bytes.ptr[*at] == '\n')
        (*at)++;
    if ((uint64_t)length > bytes.len - *at)
        return "a cross-reference stream reaches beyond the end of the file";
    section->data = vt_bytes_slice(bytes, *at, (size_t)length);
    *at += (size_t)length;
    if (!next_keyword(bytes, at, "endstream") || !next_keyword(bytes, at, "endobj"))
        return "a cross-reference stream does not end where its /Length says";
    return NULL;
}

/* 7.5.8: N G obj << /Type /XRef … >> stream … */
const char *pdf_xref_stream_read(struct vt_bytes bytes, size_t *at, struct pdf_section *section)
{
    int64_t id = 0, gen = 0;
    section->is_stream = true;
    if (!next_integer(bytes, at, &id) || !next_integer(bytes, at, &gen) ||
        !next_keyword(bytes, at, "obj") || !pdf_next_value(bytes, at, &section->trailer) ||
        section->trailer.kind != PDF_DICT)
        return "startxref or /Prev does not lead to a cross-reference section";
    struct pdf_value type = pdf_dict_get(&section->trailer, "Type");
    if (!pdf_name_is(&type, "XRef"))
        return "startxref or /Prev does not lead to a cross-reference section";
    const char *defect = read_trailer(section);
    return defect != NULL ? defect : read_stream_extent(bytes, at, section);
}

/* ---- entries of a cross-reference stream ---- */

/* Widths of the three fields (7.5.8.2); a field of width 0 has its default. */
struct widths {
    size_t field[3];
    size_t total;
};

static bool read_widths(const struct pdf_value *trailer, struct widths *out)
{
    struct pdf_value array = pdf_dict_get(trailer, "W"), item;
    size_t count = 0;
    *out = (struct widths){0};
    for (size_t at = 0; pdf_array_next(&array, &at, &item); count++) {
        if (count == 3 || item.kind != PDF_INTEGER || item.integer < 0 || item.integer > 8)
            return false;
        out->field[count] = (size_t)item.integer;
        out->total += (size_t)item.integer;
    }
    return count == 3 && out->total > 0;
}

static uint64_t big_endian(const uint8_t *at, size_t width)
{
    uint64_t out = 0;
    for (size_t i = 0; i < width; i++)
        out = out << 8 | at[i];
    return out;
}

static bool add_entry(struct pdf_section *section, const struct widths *widths, const uint8_t *at,
                      int64_t id)
{
    uint64_t type = widths->field[0] == 0 ? PDF_ENTRY_OFFSET : big_endian(at, widths->field[0]);
    uint64_t place = big_endian(at + widths->field[0], widths->field[1]);
    uint64_t third = big_endian(at + widths->field[0] + widths->field[1], widths->field[2]);
    if (type > PDF_ENTRY_COMPRESSED || id >= PDF_MAX_SIZE || third > UINT32_MAX)
        return false;
    section->entries[section->entries_count++] = (struct pdf_entry){
        .id = (uint32_t)id, .type = (uint8_t)type, .gen = (uint32_t)third, .place = place};
    return true;
}

/* One run of /Index: first object number, count. */
static bool add_run(struct pdf_section *section, const struct widths *widths, struct vt_bytes data,
                    size_t *at, int64_t first, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (data.len - *at < widths->total ||
            !add_entry(section, widths, data.ptr + *at, first + i))
            return false;
        *at += widths->total;
    }
    return true;
}

static bool add_all(struct pdf_section *section, const struct widths *widths, struct vt_bytes data)
{
    struct pdf_value index = pdf_dict_get(&section->trailer, "Index"), first, count;
    size_t used = 0;
    if (index.kind == PDF_NONE) {
        struct pdf_value size = pdf_dict_get(&section->trailer, "Size");
        return size.kind == PDF_INTEGER && size.integer >= 0 &&
               add_run(section, widths, data, &used, 0, size.integer) && used == data.len;
    }
    for (size_t at = 0; pdf_array_next(&index, &at, &first);) {
        if (!pdf_array_next(&index, &at, &count) || first.kind != PDF_INTEGER ||
            first.integer < 0 || count.kind != PDF_INTEGER || count.integer < 0 ||
            !add_run(section, widths, data, &used, first.integer, count.integer))
            return false;
    }
    return index.kind == PDF_ARRAY && used == data.len;
}

static bool load_stream(struct pdf_reader *reader, struct pdf_section *section)
{
    struct widths widths;
    uint8_t *data = NULL;
    size_t len = 0;
    struct pdf_value filter = pdf_dict_get(&section->trailer, "Filter");
    struct pdf_value parms = pdf_dict_get(&section->trailer, "DecodeParms");
    if (!read_widths(&section->trailer, &widths) ||
        !pdf_decode_bytes(section->data, filter.text, parms.text, MAX_DECODED_BYTES, &data, &len))
        return false;
    size_t count = len / widths.total;
    if (count <= PDF_MAX_ENTRIES)
        section->entries = pdf_scratch(reader, count * sizeof(*section->entries));
    bool ok = section->entries != NULL && add_all(section, &widths, vt_bytes_of(data, len));
    free(data);
    return ok;
}

/* Many sections may name the same one. */
static bool load_second(struct pdf_reader *reader, struct pdf_section *section)
{
    struct pdf_section *second = pdf_scratch(reader, sizeof(*second));
    size_t at = section->second_at;
    if (second == NULL || at >= reader->bytes.len || pdf_is_space(reader->bytes.ptr[at]))
        return false;
    *second = (struct pdf_section){.at = at, .prev = SIZE_MAX};
    if (pdf_xref_stream_read(reader->bytes, &at, second) != NULL || second->is_hybrid ||
        !load_stream(reader, second) ||
        !pdf_work(reader, second->data.len + second->entries_count * sizeof(*second->entries)))
        return false;
    second->end = at;
    section->second = second;
    return true;
}

bool pdf_section_load(struct pdf_reader *reader, struct pdf_section *section)
{
    if (section->is_stream && section->entries == NULL && !load_stream(reader, section))
        return false;
    return !section->is_hybrid || section->second != NULL || load_second(reader, section);
}
