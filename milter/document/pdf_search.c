/* SPDX-License-Identifier: Apache-2.0
 * What a reader finds that does not follow the cross-reference sections but searches the bytes, as
 * many do when a section is not to their liking: of two objects with one number the one that stands
 * last (ISO 32000-1, 7.5.6), objects of any object stream (7.5.7), another trailer (7.5.5). */
#include "document/pdf_xref.h"

/* A dictionary that is read to see what an object is. */
#define MAX_DICT_BYTES 8192
/* Where an object of an object stream stands: in this one. */
#define IN_CONTAINER (UINT64_C(1) << 63)
#define NOWHERE (IN_CONTAINER - 1)

struct search {
    struct pdf_reader *reader;
    const struct pdf_section *sections; /* newest first, loaded */
    size_t count;
    uint64_t *places; /* by object number: that of the newest, + 1; 0: not listed */
    size_t places_count;
    struct pdf_set containers; /* numbers of the object streams that sections use */
    struct pdf_set trailers;   /* their offsets */
};

/* 7.5.8.4: what the table of a hybrid section calls free, its stream may have. */
static bool is_hidden(const struct pdf_section *part, const struct pdf_entry *entry)
{
    return entry->type == PDF_ENTRY_FREE && part->second != NULL;
}

static void note_section(struct search *search, const struct pdf_section *part)
{
    for (size_t i = 0; i < part->entries_count; i++) {
        const struct pdf_entry *entry = &part->entries[i];
        bool is_packed = entry->type == PDF_ENTRY_COMPRESSED;
        if (is_packed)
            (void)pdf_set_add(search->reader, &search->containers, entry->place);
        if (search->places[entry->id] == 0 && !is_hidden(part, entry))
            search->places[entry->id] = entry->type == PDF_ENTRY_FREE ? NOWHERE
                                        : is_packed                   ? IN_CONTAINER | entry->place
                                                                      : entry->place + 1;
    }
    if (!part->is_stream)
        (void)pdf_set_add(search->reader, &search->trailers,
                          (size_t)(part->trailer.text.ptr - search->reader->bytes.ptr));
}

/* False: no memory. */
static bool note_sections(struct search *search)
{
    const struct pdf_section *end = search->sections + search->count;
    for (const struct pdf_section *s = search->sections; s < end; s++) {
        for (const struct pdf_section *part = s; part != NULL; part = part->second) {
            for (size_t i = 0; i < part->entries_count; i++) {
                if (part->entries[i].id >= search->places_count)
                    search->places_count = (size_t)part->entries[i].id + 1;
            }
        }
    }
    search->places = pdf_scratch(search->reader, search->places_count * sizeof(*search->places));
    if (search->places == NULL)
        return false;
    for (const struct pdf_section *s = search->sections; s < end; s++) {
        for (const struct pdf_section *part = s; part != NULL; part = part->second)
            note_section(search, part);
    }
    return true;
}

/* ---- objects that come again ---- */

static uint64_t place_of(const struct search *search, uint64_t id)
{
    uint64_t place = id < search->places_count ? search->places[id] : 0;
    if ((place & IN_CONTAINER) == 0)
        return place;
    place &= ~IN_CONTAINER;
    return place < search->places_count && (search->places[place] & IN_CONTAINER) == 0
               ? search->places[place]
               : 0;
}

static bool has_older_behind(const struct search *search)
{
    for (size_t s = 1; s < search->count; s++) {
        for (const struct pdf_section *part = &search->sections[s]; part != NULL;
             part = part->second) {
            for (size_t i = 0; i < part->entries_count; i++) {
                const struct pdf_entry *entry = &part->entries[i];
                uint64_t place = entry->type == PDF_ENTRY_OFFSET ? entry->place + 1
                                 : entry->type == PDF_ENTRY_COMPRESSED
                                     ? place_of(search, entry->place)
                                     : 0;
                if (place > place_of(search, entry->id) && place != NOWHERE)
                    return true;
            }
        }
    }
    return false;
}

/* ---- what is no part of the chain ---- */

static bool read_dict(struct search *search, size_t at, struct pdf_value *out)
{
    struct vt_bytes window = vt_bytes_slice(search->reader->bytes, at, MAX_DICT_BYTES);
    size_t begin = pdf_skip_space(window, 0), end = begin;
    return vt_bytes_starts_with(vt_bytes_slice(window, begin, 2), VT_BYTES("<<")) &&
           pdf_next_value(window, &end, out) && pdf_work(search->reader, end);
}

/* An object stream that no section uses. A cross-reference stream may be one that nobody follows:
 * PDFBox writes it besides a table. */
static bool is_stray_stream(struct search *search, uint64_t id, size_t place)
{
    struct pdf_value dict;
    size_t at = place;
    int64_t own_id = 0, gen = 0;
    if (!pdf_next_header(search->reader->bytes, &at, &own_id, &gen) ||
        !read_dict(search, at, &dict))
        return false;
    struct pdf_value type = pdf_dict_get(&dict, "Type");
    return pdf_name_is(&type, "ObjStm") && !pdf_set_has(&search->containers, id);
}

static bool has_stray_stream(struct search *search)
{
    for (size_t id = 0; id < search->places_count; id++) {
        uint64_t place = search->places[id];
        if (place != 0 && (place & IN_CONTAINER) == 0 && place != NOWHERE &&
            is_stray_stream(search, id, (size_t)place - 1))
            return true;
    }
    return false;
}

static bool has_stray_trailer(struct search *search, size_t end)
{
    const struct vt_bytes bytes = vt_bytes_slice(search->reader->bytes, 0, end);
    const struct vt_bytes word = VT_BYTES("trailer");
    for (size_t at = 0; (at = vt_bytes_find(bytes, word, at)) != SIZE_MAX; at++) {
        struct pdf_value dict;
        if (read_dict(search, at + word.len, &dict) && pdf_dict_count(&dict, "Root") > 0 &&
            !pdf_set_has(&search->trailers, (size_t)(dict.text.ptr - bytes.ptr)))
            return true;
    }
    return false;
}

const char *pdf_search_differs(struct pdf_reader *reader, const struct pdf_section *sections,
                               size_t count, size_t end)
{
    struct search search = {.reader = reader, .sections = sections, .count = count};
    if (!note_sections(&search))
        return "the file is too large to be compared";
    if (has_older_behind(&search))
        return "what was signed holds an older object behind the newer one, which some readers "
               "show after an update";
    if (has_stray_stream(&search) || has_stray_trailer(&search, end))
        return "what was signed holds a trailer or a stream of objects that no cross-reference "
               "section uses, which some readers use after an update";
    return NULL;
}
