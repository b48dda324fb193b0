/* SPDX-License-Identifier: Apache-2.0
 * What the bytes of a file show without following its structure: what stands before the header and
 * behind the end, a /ByteRange that no field leads to, and the signatures of a file that cannot be
 * read. One pass over the bytes each. */
#include "document/pdf.h"

/* Occurrences of /ByteRange looked at. */
#define MAX_OCCURRENCES 10000
/* How far before /ByteRange or the gap the dictionary may begin in a file that cannot be read. */
#define MAX_DICT_BYTES ((size_t)64 * 1024)

static void look_at_header(struct pdf_reader *reader)
{
    struct vt_bytes begin =
        vt_bytes_slice(reader->bytes, 0, PDF_MAX_HEADER_OFFSET + sizeof("%PDF-"));
    size_t header = vt_bytes_find(begin, VT_BYTES("%PDF-"), 0);
    if (header == SIZE_MAX)
        pdf_finding(reader, VT_REASON_MALFORMED, "The file does not begin with %%PDF-.");
    else if (header > 0)
        pdf_finding(
            reader, VT_REASON_MALFORMED,
            "%zu bytes stand before the header %%PDF-; they were probably added on the way, and "
            "every offset in the file is wrong by them.",
            header);
}

static void look_behind_end(struct pdf_reader *reader)
{
    const struct vt_bytes bytes = reader->bytes;
    static const char mark[] = "%%EOF";
    size_t lowest = bytes.len > 65536 ? bytes.len - 65536 : 0;
    for (size_t at = bytes.len; at > lowest + sizeof(mark) - 1; at--) {
        struct vt_bytes here = vt_bytes_slice(bytes, at - (sizeof(mark) - 1), sizeof(mark) - 1);
        if (!vt_bytes_equal(here, vt_bytes_str(mark)))
            continue;
        struct vt_bytes rest = vt_bytes_slice(bytes, at, bytes.len - at);
        if (!pdf_is_space_only(rest))
            pdf_finding(reader, VT_REASON_MALFORMED,
                        "%zu bytes stand behind the end of the document (%%%%EOF); they were "
                        "probably added on the way.",
                        rest.len);
        return;
    }
    pdf_finding(reader, VT_REASON_MALFORMED, "The file does not end with %%%%EOF.");
}

void pdf_scan_edges(struct pdf_reader *reader)
{
    look_at_header(reader);
    look_behind_end(reader);
}

/* The numbers behind a /ByteRange. False unless they are four. */
static bool range_at(struct vt_bytes bytes, size_t at, size_t out[4])
{
    struct pdf_value array, item;
    size_t count = 0;
    struct vt_bytes window = vt_bytes_slice(bytes, at, 200);
    size_t behind = sizeof("/ByteRange") - 1;
    if (!pdf_next_value(window, &behind, &array) || array.kind != PDF_ARRAY)
        return false;
    for (size_t i = 0; pdf_array_next(&array, &i, &item); count++) {
        if (count == 4 || item.kind != PDF_INTEGER || item.integer < 0)
            return false;
        out[count] = (size_t)item.integer;
    }
    return count == 4;
}

static bool is_known_range(const struct pdf_reader *reader, const size_t range[4])
{
    for (size_t i = 0; i < reader->signatures_count; i++) {
        const size_t *known = reader->signatures[i].range;
        if (known[0] == range[0] && known[1] == range[1] && known[2] == range[2] &&
            known[3] == range[3])
            return true;
    }
    return false;
}

/* 12.8.2.3: a usage rights signature switches features of a reader on; it signs no content. */
static bool is_usage_rights(struct pdf_reader *reader, const size_t range[4])
{
    struct pdf_value perms = pdf_get(reader, &reader->catalog, "Perms");
    struct pdf_value rights = pdf_get(reader, &perms, "UR3");
    struct pdf_value array = pdf_get(reader, &rights, "ByteRange");
    struct pdf_value item;
    size_t count = 0;
    for (size_t at = 0; count < 4 && pdf_array_next(&array, &at, &item); count++) {
        if (item.kind != PDF_INTEGER || (size_t)item.integer != range[count])
            return false;
    }
    return count == 4;
}

void pdf_scan_hidden(struct pdf_reader *reader)
{
    static const struct vt_bytes key = {(const uint8_t *)"/ByteRange", 10};
    size_t hidden = 0, first = 0, range[4];
    size_t at = vt_bytes_find(reader->bytes, key, 0);
    for (size_t i = 0; at != SIZE_MAX && i < MAX_OCCURRENCES; i++) {
        if (range_at(reader->bytes, at, range) && !is_known_range(reader, range) &&
            !is_usage_rights(reader, range) && hidden++ == 0)
            first = at;
        at = vt_bytes_find(reader->bytes, key, at + key.len);
    }
    if (hidden > 0)
        pdf_finding(reader, reader->signatures_count == 0 ? VT_REASON_MALFORMED : VT_REASON_COUNT,
                    "The file holds %zu /ByteRange that no signature field leads to (the first at "
                    "byte %zu): a signature was hidden or removed, or an attachment is signed.",
                    hidden, first);
}

/* The dictionary around a /ByteRange at at: behind the nearest "obj" before it, or before the gap
 * where that comes first. *left: bytes that may still be read for this, so that many occurrences in
 * one dictionary without an end cost no more than the file is long. */
static struct pdf_value dict_around(struct vt_bytes bytes, size_t at, const size_t range[4],
                                    size_t *left)
{
    struct pdf_value dict = {0}, none = {0};
    size_t from = range[1] < at ? range[1] : at;
    size_t lowest = from > MAX_DICT_BYTES ? from - MAX_DICT_BYTES : 0;
    size_t i = from;
    while (i > lowest + 3 && !vt_bytes_equal(vt_bytes_slice(bytes, i - 3, 3), VT_BYTES("obj")))
        i--;
    size_t behind = 0;
    struct vt_bytes window = vt_bytes_slice(bytes, i, *left);
    bool read = pdf_next_value(window, &behind, &dict);
    *left -= read ? behind : window.len;
    return read && dict.kind == PDF_DICT && i + behind > at ? dict : none;
}

static void add_scanned(struct pdf_reader *reader, const struct pdf_field *field, size_t at,
                        size_t *left)
{
    size_t range[4];
    if (!range_at(reader->bytes, at, range) || is_known_range(reader, range))
        return;
    struct pdf_value dict = dict_around(reader->bytes, at, range, left);
    if (dict.kind == PDF_DICT)
        pdf_signature_add(reader, field, (struct pdf_ref){0}, false, dict);
}

void pdf_scan_unreadable(struct pdf_reader *reader, enum vt_reason reason)
{
    static const struct vt_bytes key = {(const uint8_t *)"/ByteRange", 10};
    struct pdf_field *field = pdf_scratch(reader, sizeof(*field));
    size_t count = 0, left = reader->bytes.len * 2;
    if (field == NULL)
        return;
    *field = (struct pdf_field){.name = "", .origin = PDF_FROM_SCAN};
    for (size_t at = vt_bytes_find(reader->bytes, key, 0);
         at != SIZE_MAX && count < VT_MAX_SIGNATURES;
         at = vt_bytes_find(reader->bytes, key, at + key.len), count++)
        add_scanned(reader, field, at, &left);
    if (count > 0)
        pdf_finding(reader, reason,
                    "The file cannot be read in the regular way, but holds signatures: it is not "
                    "an unsigned file.");
}
