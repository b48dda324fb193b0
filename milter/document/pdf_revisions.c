/* SPDX-License-Identifier: Apache-2.0
 * Revisions of a file (ISO 32000-1, 7.5.6): each incremental update ends with startxref, the offset
 * of its cross-reference section and %%EOF, and its /Prev names the section before. Followed from
 * the end of the file backwards by known places only; no search through the file. */
#include <string.h>

#include "document/pdf_xref_section.h"

/* Where all readers look for the last startxref; some go further back. The others scan the file for
 * objects, and find such as no cross-reference section lists. */
#define TAIL_BYTES 1024

/* %%EOF is a comment to the lexer, so it is looked for by hand. */
static bool next_eof_mark(struct vt_bytes bytes, size_t *at)
{
    while (*at < bytes.len && pdf_is_space(bytes.ptr[*at]))
        (*at)++;
    if (!vt_bytes_equal(vt_bytes_slice(bytes, *at, 5), VT_BYTES("%%EOF")))
        return false;
    *at += 5;
    return true;
}

/* Not all readers take what else is white space for it. */
static bool is_plain_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t behind_eol(struct vt_bytes bytes, size_t at)
{
    if (at < bytes.len && bytes.ptr[at] == '\r')
        at++;
    if (at < bytes.len && bytes.ptr[at] == '\n')
        at++;
    return at;
}

/* 7.5.5 has the place of the word xref; some programs name the end of the line before, which all
 * readers skip. */
static size_t section_at(struct vt_bytes bytes, size_t offset)
{
    size_t at = behind_eol(bytes, offset);
    return vt_bytes_equal(vt_bytes_slice(bytes, at, 4), VT_BYTES("xref")) ? at : offset;
}

/* The offset behind startxref. No sign and no comment, which some readers do not read. */
static bool next_offset(struct vt_bytes bytes, size_t *at, size_t *out)
{
    struct pdf_value offset;
    while (*at < bytes.len && is_plain_space(bytes.ptr[*at]))
        (*at)++;
    if (*at == bytes.len || bytes.ptr[*at] < '0' || bytes.ptr[*at] > '9' ||
        !pdf_next_value(bytes, at, &offset) || offset.kind != PDF_INTEGER || *at == bytes.len ||
        (!is_plain_space(bytes.ptr[*at]) && bytes.ptr[*at] != '%'))
        return false;
    *out = section_at(bytes, (size_t)offset.integer);
    return true;
}

/* startxref, offset, %%EOF: the end of the revision whose section was just read. */
static void read_end(struct vt_bytes bytes, size_t at, struct pdf_section *section,
                     size_t *out_startxref)
{
    struct pdf_value word;
    size_t offset = 0;
    *out_startxref = SIZE_MAX;
    if (!pdf_next_value(bytes, &at, &word) || !pdf_keyword_is(&word, "startxref") ||
        !next_offset(bytes, &at, &offset) || !next_eof_mark(bytes, &at))
        return;
    section->end = at;
    section->has_end = true;
    *out_startxref = offset;
}

static const char *read_section(struct pdf_reader *reader, size_t start,
                                struct pdf_section *section, size_t *out_startxref, size_t *out_end)
{
    struct pdf_value word;
    size_t at = start;
    *section = (struct pdf_section){.at = start, .prev = SIZE_MAX};
    if (start >= reader->bytes.len || pdf_is_space(reader->bytes.ptr[start]))
        return "startxref or /Prev does not lead to a cross-reference section";
    bool is_table = pdf_next_value(reader->bytes, &at, &word) && pdf_keyword_is(&word, "xref");
    if (!is_table)
        at = start;
    const char *defect = is_table ? pdf_table_read(reader, reader->bytes, &at, section)
                                  : pdf_xref_stream_read(reader->bytes, &at, section);
    *out_end = at;
    if (defect == NULL)
        read_end(reader->bytes, at, section, out_startxref);
    return defect;
}

/* The last startxref of the file. SIZE_MAX: none. */
static size_t last_startxref(struct vt_bytes bytes)
{
    static const struct vt_bytes key = {(const uint8_t *)"startxref", 9};
    size_t from = bytes.len > TAIL_BYTES ? bytes.len - TAIL_BYTES : 0;
    size_t last = SIZE_MAX;
    for (size_t at = vt_bytes_find(bytes, key, from); at != SIZE_MAX;
         at = vt_bytes_find(bytes, key, at + key.len))
        last = at;
    if (last == SIZE_MAX)
        return SIZE_MAX;
    size_t offset = 0;
    last += key.len;
    return next_offset(bytes, &last, &offset) ? offset : SIZE_MAX;
}

/* ---- readers that begin elsewhere ---- */

/* Annex F.2: is the first object a linearization dictionary whose /L is the length of the file?
 * Before and after, readers do not take the file for a linearized one. */
static bool claims_linearized(struct vt_bytes bytes)
{
    struct pdf_value value, key, dict = {0};
    int64_t id = 0, gen = 0;
    bool is_linearized = false, is_length = false;
    double length = 0;
    size_t at = 0;
    if (!pdf_next_header(bytes, &at, &id, &gen) || !pdf_next_value(bytes, &at, &dict))
        return false;
    for (size_t i = 0; pdf_dict_next(&dict, &i, &key, &value);) {
        is_linearized = is_linearized || pdf_name_is(&key, "Linearized");
        is_length = is_length || (pdf_name_is(&key, "L") && pdf_number_of(&value, &length) &&
                                  length == (double)bytes.len);
    }
    return is_linearized && is_length;
}

/* Readers of a linearized file begin behind its first object, other ones at its last startxref. */
static const char *other_start(struct vt_bytes bytes)
{
    size_t last = last_startxref(bytes);
    if (last == SIZE_MAX)
        return "some readers do not find the end of the document (startxref)";
    if (!claims_linearized(bytes))
        return NULL;
    size_t first = vt_bytes_find(bytes, VT_BYTES("endobj"), 0);
    first = first == SIZE_MAX ? bytes.len : first + 6;
    while (first < bytes.len && pdf_is_space(bytes.ptr[first]))
        first++;
    return first == last ? NULL
                         : "some readers begin with another cross-reference section (/Linearized)";
}

struct chain_reader {
    struct pdf_reader *reader;
    struct pdf_chain *chain;
    size_t *named; /* per section: the offset its end names */
    size_t work; /* bytes read: sections that lie in each other must not cost more than the file */
};

static const char *read_one(struct chain_reader *walk, size_t at)
{
    struct pdf_chain *chain = walk->chain;
    size_t end = 0;
    if (chain->sections_count == PDF_MAX_SECTIONS)
        return "the file has too many incremental updates";
    for (size_t i = 0; i < chain->sections_count; i++) {
        if (chain->sections[i].at == at)
            return "the chain of /Prev runs in a circle";
    }
    struct pdf_section *section = &chain->sections[chain->sections_count];
    const char *defect =
        read_section(walk->reader, at, section, &walk->named[chain->sections_count], &end);
    if (defect != NULL)
        return defect;
    chain->sections_count++;
    walk->work += end - at;
    return walk->work > walk->reader->bytes.len ? "cross-reference sections overlap" : NULL;
}

/* A linearized file (annex F) begins with the section of its first page, whose /Prev leads forward
 * to the main one; the end of the file names the former. */
static bool is_linearized_pair(const struct chain_reader *walk, size_t first)
{
    const struct pdf_chain *chain = walk->chain;
    return first + 2 == chain->sections_count &&
           chain->sections[first + 1].at > chain->sections[first].at &&
           chain->sections[first + 1].prev == SIZE_MAX &&
           walk->named[first + 1] == chain->sections[first].at;
}

static const char *add_revision(struct chain_reader *walk, size_t newest, size_t count)
{
    struct pdf_chain *chain = walk->chain;
    const struct pdf_section *last = &chain->sections[newest + count - 1];
    if (!last->has_end || walk->named[newest + count - 1] != chain->sections[newest].at)
        return "a cross-reference section is not followed by its own startxref and %%EOF";
    size_t index = chain->revisions_count; /* filled newest first, turned round afterwards */
    chain->revisions[index] =
        (struct pdf_revision){.newest = newest,
                              .sections_count = count,
                              .startxref = chain->sections[newest].at,
                              .end = last->end,
                              .end_eol = behind_eol(walk->reader->bytes, last->end)};
    if (index > 0 && chain->revisions[index - 1].end <= last->end)
        return "the incremental updates are not in the order of the file";
    chain->revisions_count++;
    return NULL;
}

static const char *group_revisions(struct chain_reader *walk)
{
    struct pdf_chain *chain = walk->chain;
    for (size_t i = 0; i < chain->sections_count;) {
        size_t count = is_linearized_pair(walk, i) ? 2 : 1;
        const char *defect = add_revision(walk, i, count);
        if (defect != NULL)
            return defect;
        i += count;
    }
    for (size_t low = 0, high = chain->revisions_count; low + 1 < high; low++) {
        struct pdf_revision swapped = chain->revisions[low];
        chain->revisions[low] = chain->revisions[--high];
        chain->revisions[high] = swapped;
    }
    return NULL;
}

static const char *read_chain(struct chain_reader *walk)
{
    size_t at = last_startxref(walk->reader->bytes);
    if (at == SIZE_MAX)
        return "the file does not end with startxref";
    while (at != SIZE_MAX) {
        const char *defect = read_one(walk, at);
        if (defect != NULL)
            return defect;
        at = section_at(walk->reader->bytes,
                        walk->chain->sections[walk->chain->sections_count - 1].prev);
    }
    return group_revisions(walk);
}

void pdf_chain_read(struct pdf_reader *reader, struct pdf_chain *out)
{
    *out = (struct pdf_chain){0};
    struct chain_reader walk = {.reader = reader, .chain = out};
    out->other_start = other_start(reader->bytes);
    out->sections = pdf_scratch(reader, PDF_MAX_SECTIONS * sizeof(*out->sections));
    out->revisions = pdf_scratch(reader, PDF_MAX_SECTIONS * sizeof(*out->revisions));
    walk.named = pdf_scratch(reader, PDF_MAX_SECTIONS * sizeof(*walk.named));
    if (out->sections == NULL || out->revisions == NULL || walk.named == NULL)
        out->defect = "the file needs more memory than is allowed";
    else
        out->defect = read_chain(&walk);
    if (out->defect != NULL)
        out->revisions_count = 0;
}

size_t pdf_chain_revision_at(const struct pdf_chain *chain, size_t end)
{
    for (size_t i = 0; i < chain->revisions_count; i++) {
        if (end >= chain->revisions[i].end && end <= chain->revisions[i].end_eol)
            return i;
    }
    return SIZE_MAX;
}
