/* SPDX-License-Identifier: Apache-2.0
 * How large cross-reference and object streams (ISO 32000-1, 7.5.7, 7.5.8) are once unpacked, found
 * out by unpacking them into nothing. Any stream of one FlateDecode, as all writers make them, is
 * measured to the byte; of chains of other filters the worst case counts. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "document/pdf_packed.h"
#include "document/pdf_xref_section.h"

/* Filters in a row. */
#define MAX_FILTERS 8
/* A dictionary of such a stream. Its extent is read before it is known to be one. */
#define MAX_DICT_BYTES 16384
#define PIECE_BYTES 32768

struct measure {
    struct pdf_reader *reader;
    struct pdf_chain *chain;
    struct pdf_section *hybrid; /* sections that /XRefStm leads to */
    size_t hybrid_count;
    struct pdf_set containers; /* numbers of object streams */
    struct pdf_set places;     /* of those that were measured */
    size_t bytes;
    bool is_unknown; /* not every section could be followed */
};

static bool add(struct measure *measure, size_t bytes)
{
    if (bytes > PDF_MAX_PACKED_BYTES - measure->bytes) {
        measure->bytes = PDF_MAX_PACKED_BYTES;
        return false;
    }
    measure->bytes += bytes;
    return true;
}

/* ---- one stream ---- */

/* The most that one byte becomes; 1 for what the library does not undo by itself. */
static size_t factor_of(const struct pdf_value *filter)
{
    static const struct {
        const char *name, *abbreviation;
        size_t factor;
    } known[] = {{"FlateDecode", "Fl", 1032},
                 {"LZWDecode", "LZW", 4096},
                 {"RunLengthDecode", "RL", 64},
                 {"ASCII85Decode", "A85", 4}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (pdf_name_is(filter, known[i].name) || pdf_name_is(filter, known[i].abbreviation))
            return known[i].factor;
    }
    return 1;
}

/* The filters of a dictionary; false when they are not written there. */
static bool read_filters(const struct pdf_value *dict, struct pdf_value out[MAX_FILTERS],
                         size_t *out_count)
{
    struct pdf_value filter = pdf_dict_get(dict, "Filter"), item;
    size_t count = 0, at = 0;
    *out_count = filter.kind == PDF_NAME;
    out[0] = filter;
    if (filter.kind == PDF_NONE || filter.kind == PDF_NULL || filter.kind == PDF_NAME)
        return true;
    if (filter.kind != PDF_ARRAY)
        return false;
    while (pdf_array_next(&filter, &at, &item)) {
        if (item.kind != PDF_NAME || count == MAX_FILTERS)
            return false;
        out[count++] = item;
    }
    *out_count = count;
    return true;
}

static bool parameter(const struct pdf_value *parms, const char *key, size_t otherwise, size_t *out)
{
    struct pdf_value value = pdf_dict_get(parms, key);
    *out = value.kind == PDF_INTEGER ? (size_t)value.integer : otherwise;
    return value.kind == PDF_NONE ||
           (value.kind == PDF_INTEGER && value.integer >= 0 && value.integer <= INT32_MAX);
}

/* A predictor (7.4.4.4) fills up its last row: ten bytes become as many as a row is said to have,
 * and rows are held in memory. */
static bool add_row(struct measure *measure, const struct pdf_value *parms)
{
    size_t columns = 0, colors = 0, bits = 0;
    return parms->kind == PDF_DICT && parameter(parms, "Columns", 1, &columns) &&
           parameter(parms, "Colors", 1, &colors) &&
           parameter(parms, "BitsPerComponent", 8, &bits) && columns < PDF_MAX_PACKED_BYTES &&
           colors <= 64 && bits <= 64 && add(measure, columns * colors * bits / 8);
}

static bool add_rows(struct measure *measure, const struct pdf_value *dict)
{
    struct pdf_value parms = pdf_dict_get(dict, "DecodeParms"), item;
    if (parms.kind == PDF_NONE || parms.kind == PDF_NULL)
        return true;
    if (parms.kind != PDF_ARRAY)
        return add_row(measure, &parms);
    for (size_t at = 0; pdf_array_next(&parms, &at, &item);) {
        if (item.kind != PDF_NULL && !add_row(measure, &item))
            return false;
    }
    return true;
}

/* What is read and what comes out: neither may be had for nothing. */
static bool add_inflated(struct measure *measure, struct vt_bytes data)
{
    uint8_t piece[PIECE_BYTES];
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)data.ptr,
                       .avail_in = data.len > UINT32_MAX ? UINT32_MAX : (uInt)data.len};
    int result = inflateInit(&stream);
    bool is_small = result == Z_OK;
    while (result == Z_OK && is_small) {
        size_t before = stream.avail_in;
        stream.next_out = piece;
        stream.avail_out = sizeof(piece);
        result = inflate(&stream, Z_NO_FLUSH);
        is_small = add(measure, before - stream.avail_in + sizeof(piece) - stream.avail_out);
    }
    (void)inflateEnd(&stream);
    return is_small;
}

/* data: to the end of the stream, or of the file where that is not known. */
static bool add_stream(struct measure *measure, const struct pdf_value *dict, struct vt_bytes data)
{
    struct pdf_value filters[MAX_FILTERS], length = pdf_dict_get(dict, "Length");
    size_t count = 0, most = data.len;
    if (!read_filters(dict, filters, &count) || !add_rows(measure, dict))
        return false;
    if (length.kind == PDF_INTEGER && length.integer >= 0 && (size_t)length.integer < data.len)
        most = (size_t)length.integer;
    if (count == 1 && factor_of(&filters[0]) == 1032)
        return add_inflated(measure, data) && (length.kind != PDF_INTEGER || add(measure, most));
    for (size_t i = 0; i < count; i++) {
        size_t factor = factor_of(&filters[i]);
        if (most > PDF_MAX_PACKED_BYTES / factor)
            return false;
        most *= factor;
    }
    return add(measure, most);
}

/* ---- objects ---- */

/* The dictionary of a stream at at, which is behind "obj"; data: from its first byte to the end of
 * the file. False: none is there. */
static bool stream_at(struct measure *measure, size_t at, struct pdf_value *out_dict,
                      struct vt_bytes *out_data)
{
    const struct vt_bytes bytes = measure->reader->bytes;
    struct vt_bytes window = vt_bytes_slice(bytes, at, MAX_DICT_BYTES);
    struct pdf_value word;
    size_t behind = 0;
    bool is_read = pdf_next_value(window, &behind, out_dict);
    if (!pdf_work(measure->reader, is_read ? behind : window.len) || !is_read ||
        out_dict->kind != PDF_DICT || !pdf_next_value(window, &behind, &word) ||
        !pdf_keyword_is(&word, "stream"))
        return false;
    at += behind;
    at += at < bytes.len && bytes.ptr[at] == '\r';
    at += at < bytes.len && bytes.ptr[at] == '\n';
    *out_data = vt_bytes_slice(bytes, at, SIZE_MAX);
    return true;
}

/* An object stream where a section says it is. What is none there, is none for the library. */
static bool add_container(struct measure *measure, uint64_t place)
{
    struct pdf_value dict;
    struct vt_bytes data;
    size_t at = (size_t)place;
    int64_t id = 0, gen = 0;
    if (place >= measure->reader->bytes.len ||
        !pdf_set_add(measure->reader, &measure->places, place))
        return !measure->reader->over_limit;
    if (!pdf_next_header(measure->reader->bytes, &at, &id, &gen) ||
        !stream_at(measure, at, &dict, &data))
        return !measure->reader->over_limit;
    return add_stream(measure, &dict, data);
}

/* Where the chain cannot be followed, the library may still find a way: everything counts that it
 * can take for such a stream, and it does not insist on /Type of an object stream. */
static bool add_all(struct measure *measure)
{
    const struct vt_bytes bytes = measure->reader->bytes;
    for (size_t at = 0; (at = vt_bytes_find(bytes, VT_BYTES("obj"), at)) != SIZE_MAX;) {
        struct pdf_value dict;
        struct vt_bytes data;
        at += 3;
        if (stream_at(measure, at, &dict, &data)) {
            struct pdf_value type = pdf_dict_get(&dict, "Type");
            bool is_one = type.kind == PDF_REF || pdf_name_is(&type, "XRef") ||
                          (pdf_dict_count(&dict, "First") > 0 && pdf_dict_count(&dict, "N") > 0);
            if (is_one && !add_stream(measure, &dict, data))
                return false;
        }
        if (measure->reader->over_limit)
            return false;
    }
    return true;
}

/* ---- the chain ---- */

static bool add_section(struct measure *measure, struct pdf_section *section)
{
    if (!section->is_stream)
        return true;
    if (!add_stream(measure, &section->trailer, section->data))
        return false;
    measure->is_unknown |= !pdf_section_load(measure->reader, section);
    for (size_t i = 0; i < section->entries_count; i++) {
        if (section->entries[i].type == PDF_ENTRY_COMPRESSED)
            (void)pdf_set_add(measure->reader, &measure->containers, section->entries[i].place);
    }
    return !measure->reader->over_limit;
}

/* 7.5.8.4 */
static bool add_hybrid(struct measure *measure, const struct pdf_section *section)
{
    struct pdf_value place = pdf_dict_get(&section->trailer, "XRefStm");
    struct pdf_section *stream = &measure->hybrid[measure->hybrid_count];
    size_t at = place.kind == PDF_INTEGER && place.integer >= 0 ? (size_t)place.integer : SIZE_MAX;
    *stream = (struct pdf_section){.at = at, .prev = SIZE_MAX};
    if (at == SIZE_MAX || pdf_xref_stream_read(measure->reader->bytes, &at, stream) != NULL) {
        measure->is_unknown = true;
        return true;
    }
    measure->hybrid_count++;
    return add_section(measure, stream);
}

static bool add_containers(struct measure *measure, const struct pdf_section *section)
{
    for (size_t i = 0; i < section->entries_count; i++) {
        const struct pdf_entry *entry = &section->entries[i];
        if (entry->type == PDF_ENTRY_OFFSET && pdf_set_has(&measure->containers, entry->id) &&
            !add_container(measure, entry->place))
            return false;
    }
    return true;
}

static bool add_sections(struct measure *measure)
{
    struct pdf_chain *chain = measure->chain;
    measure->is_unknown = chain->defect != NULL;
    measure->hybrid =
        pdf_scratch(measure->reader, (chain->sections_count + 1) * sizeof(*measure->hybrid));
    if (measure->hybrid == NULL)
        return false;
    for (size_t i = 0; i < chain->sections_count; i++) {
        struct pdf_section *section = &chain->sections[i];
        if (!add_section(measure, section) || (section->is_hybrid && !add_hybrid(measure, section)))
            return false;
    }
    for (size_t i = 0; i < chain->sections_count; i++) {
        if (!add_containers(measure, &chain->sections[i]))
            return false;
    }
    for (size_t i = 0; i < measure->hybrid_count; i++) {
        if (!add_containers(measure, &measure->hybrid[i]))
            return false;
    }
    return !measure->is_unknown || add_all(measure);
}

bool pdf_packed_measure(struct pdf_reader *reader, struct pdf_chain *chain)
{
    struct measure measure = {.reader = reader, .chain = chain};
    bool is_small = add_sections(&measure);
    reader->packed_bytes = measure.bytes;
    reader->containers = measure.containers;
    return is_small;
}

void pdf_packed_decrypt(struct pdf_reader *reader, struct pdf_doc *doc)
{
    uint64_t id = 0;
    for (size_t at = 0; doc->encrypted && pdf_set_next(&reader->containers, &at, &id);) {
        uint8_t *data = NULL;
        size_t len = 0;
        if (id > INT32_MAX)
            continue;
        struct pdf_ref ref = {.id = (int)id};
        if (pdf_doc_stream(doc, ref, true, PDF_MAX_PACKED_BYTES, &data, &len))
            free(data);
        if (doc->decoded_bytes > PDF_MAX_PACKED_BYTES)
            doc->exhausted = true;
    }
    doc->decoded_bytes = 0;
}
