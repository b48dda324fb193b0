/* SPDX-License-Identifier: Apache-2.0
 * /ByteRange and /Contents to the byte (ISO 32000-1, 12.8.1; EN 319 142-1, 5.3): four numbers, the
 * first 0, the gap exactly the string of /Contents with its brackets and nothing else. A reader
 * that checks less lets bytes be added that nobody signed. */
#include <string.h>

#include "document/pdf.h"

static void broken(struct pdf_reader *reader, struct pdf_signature *signature, const char *text)
{
    signature->object.structure_broken = true;
    pdf_signature_finding(reader, signature, VT_REASON_MALFORMED, "%s", text);
}

/* Exactly four integers that are not negative. */
static bool read_range(struct pdf_reader *reader, struct pdf_signature *signature)
{
    struct pdf_value array = pdf_get(reader, &signature->dict, "ByteRange");
    struct pdf_value item;
    size_t count = 0;
    if (array.kind != PDF_ARRAY) {
        broken(reader, signature,
               "The signature has no /ByteRange that says which bytes it covers.");
        return false;
    }
    for (size_t at = 0; pdf_array_next(&array, &at, &item); count++) {
        struct pdf_value number = pdf_resolve(reader, item);
        if (count == 4 || number.kind != PDF_INTEGER || number.integer < 0)
            break;
        signature->range[count] = (size_t)number.integer;
        if (count == 3 && pdf_skip_space(array.text, at + 1) == array.text.len - 1)
            return true;
    }
    broken(reader, signature, "/ByteRange is not an array of exactly four numbers.");
    return false;
}

/* The ranges lie in the file, in order, around a gap. Numbers come as 18 digits at most, so that
 * a sum cannot overflow. */
static const char *range_defect(const size_t range[4], size_t file_bytes)
{
    if (range[0] > file_bytes || range[1] > file_bytes || range[2] > file_bytes ||
        range[3] > file_bytes || range[2] + range[3] > file_bytes)
        return "/ByteRange reaches beyond the end of the file: the file is cut off or the range is "
               "wrong.";
    if (range[0] != 0)
        return "/ByteRange does not begin with the first byte of the file, which is not covered.";
    if (range[1] == 0 || range[3] == 0)
        return "/ByteRange leaves out everything before or after the signature.";
    if (range[1] >= range[2])
        return "The two parts of /ByteRange overlap: there is no room for the signature.";
    return NULL;
}

/* What is wrong with the gap itself; hexadecimal digits and white space (7.3.4.3) in brackets. The
 * fast search comes first: many dictionaries may point at one long string. */
static const char *gap_defect(struct vt_bytes gap)
{
    if (gap.len < 2 || gap.ptr[0] != '<' || memchr(gap.ptr, '>', gap.len) != gap.ptr + gap.len - 1)
        return "The bytes that /ByteRange leaves out are not exactly the string of /Contents.";
    for (size_t i = 1; i + 1 < gap.len; i++) {
        if (pdf_hex_digit(gap.ptr[i]) < 0 && !pdf_is_space(gap.ptr[i]))
            return "Between the two parts of /ByteRange there is more than the hexadecimal string "
                   "of /Contents.";
    }
    return NULL;
}

/* The key before the gap. In a file read by the regular way names may be written with #xx. */
static bool follows_contents_key(struct vt_bytes bytes, size_t at)
{
    while (at > 0 && pdf_is_space(bytes.ptr[at - 1]))
        at--;
    size_t start = at;
    while (start > 0 && at - start < 40 && bytes.ptr[start - 1] != '/' &&
           !pdf_is_space(bytes.ptr[start - 1]))
        start--;
    struct pdf_value name = {.kind = PDF_NAME};
    if (start > 0 && bytes.ptr[start - 1] == '/')
        name.text = vt_bytes_slice(bytes, start - 1, at - start + 1);
    return name.text.len > 1 && pdf_name_is(&name, "Contents");
}

/* The decoded string of a gap that an earlier signature has as well. */
static bool share_gap(struct pdf_reader *reader, struct pdf_signature *signature)
{
    for (size_t i = 0; i < reader->signatures_count; i++) {
        const struct pdf_signature *other = &reader->signatures[i];
        if (other != signature && other->has_range && other->range[1] == signature->range[1] &&
            other->range[2] == signature->range[2]) {
            signature->object.cms = other->object.cms;
            return true;
        }
    }
    return false;
}

static bool decode_gap(struct pdf_reader *reader, struct pdf_signature *signature,
                       struct vt_bytes gap)
{
    if (gap.len / 2 > VT_MAX_CMS_BYTES) {
        signature->object.structure_broken = true;
        pdf_signature_finding(reader, signature, VT_REASON_TOO_LARGE,
                              "/Contents holds more than %u bytes.", VT_MAX_CMS_BYTES);
        return false;
    }
    struct pdf_value hex = {.kind = PDF_HEX_STRING, .text = gap};
    uint8_t *out = vt_arena_alloc(reader->arena, gap.len / 2 + 1);
    if (out == NULL) {
        reader->out_of_memory = true;
        return false;
    }
    signature->object.cms = vt_bytes_of(out, pdf_string_decode(&hex, out));
    return true;
}

static bool is_only_zeros(struct vt_bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.ptr[i] != 0)
            return false;
    }
    return true;
}

/* The dictionary's own /Contents must be what stands in the gap. Strings of encrypted files are
 * decrypted by the library, that of a signature must not be (7.6.1): there only the key before the
 * gap can tell. */
static void check_contents(struct pdf_reader *reader, struct pdf_signature *signature)
{
    struct pdf_value contents = pdf_get(reader, &signature->dict, "Contents");
    struct vt_bytes cms = signature->object.cms;
    if (contents.kind != PDF_STRING && contents.kind != PDF_HEX_STRING) {
        broken(reader, signature, "The signature has no /Contents: there is no signature value.");
        return;
    }
    uint8_t *decoded = pdf_scratch(reader, contents.text.len);
    if (decoded == NULL)
        return;
    struct vt_bytes own = vt_bytes_of(decoded, pdf_string_decode(&contents, decoded));
    if (own.len == 0 || is_only_zeros(own))
        broken(reader, signature, "/Contents is empty: the field was prepared but never signed.");
    else if (!signature->has_range)
        return;
    else if (!reader->main.encrypted && !vt_bytes_equal(own, cms))
        broken(reader, signature,
               "What stands between the two parts of /ByteRange is not the /Contents of this "
               "signature.");
    else if (!follows_contents_key(reader->bytes, signature->range[1]))
        broken(reader, signature,
               "The bytes that /ByteRange leaves out do not follow the key /Contents.");
}

static void set_ranges(struct pdf_reader *reader, struct pdf_signature *signature)
{
    const size_t *range = signature->range;
    signature->has_range = true;
    signature->end = range[2] + range[3];
    signature->object.ranges[0] = vt_bytes_slice(reader->bytes, 0, range[1]);
    signature->object.ranges[1] = vt_bytes_slice(reader->bytes, range[2], range[3]);
    signature->object.ranges_count = 2;
}

static void check_range(struct pdf_reader *reader, struct pdf_signature *signature)
{
    const size_t *range = signature->range;
    const char *defect = range_defect(range, reader->bytes.len);
    if (defect == NULL && share_gap(reader, signature)) {
        set_ranges(reader, signature);
        return;
    }
    struct vt_bytes gap = {0};
    if (defect == NULL) {
        gap = vt_bytes_slice(reader->bytes, range[1], range[2] - range[1]);
        defect = gap_defect(gap);
    }
    if (defect != NULL)
        broken(reader, signature, defect);
    else if (decode_gap(reader, signature, gap))
        set_ranges(reader, signature);
}

void pdf_byterange_check(struct pdf_reader *reader, struct pdf_signature *signature)
{
    if (signature->dict.kind != PDF_DICT) {
        broken(reader, signature, "The value of the signature field is not a dictionary.");
        return;
    }
    if (read_range(reader, signature))
        check_range(reader, signature);
    check_contents(reader, signature);
}

/* ---- signatures beside each other ---- */

static bool same_range(const struct pdf_signature *a, const struct pdf_signature *b)
{
    return memcmp(a->range, b->range, sizeof(a->range)) == 0;
}

static void say_shared(struct pdf_reader *reader, struct pdf_signature *signature, const char *text)
{
    if (!signature->shares_bytes)
        pdf_signature_finding(reader, signature, VT_REASON_MALFORMED, "%s", text);
    signature->shares_bytes = true;
}

static void compare_two(struct pdf_reader *reader, struct pdf_signature *a, struct pdf_signature *b)
{
    if (!a->has_range || !b->has_range || a->end != b->end)
        return;
    const char *text =
        same_range(a, b)
            ? "Another signature dictionary has the same /ByteRange and /Contents: one of the two "
              "is a copy."
            : "Another signature ends at the same byte: neither was made after the other.";
    say_shared(reader, a, text);
    say_shared(reader, b, text);
}

void pdf_byterange_check_all(struct pdf_reader *reader)
{
    for (size_t i = 0; i < reader->signatures_count; i++) {
        for (size_t j = i + 1; j < reader->signatures_count; j++)
            compare_two(reader, &reader->signatures[i], &reader->signatures[j]);
    }
}
