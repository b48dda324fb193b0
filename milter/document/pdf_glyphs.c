/* SPDX-License-Identifier: Apache-2.0
 * Letters of fonts (see pdf_glyphs.h). What a simple font shows is said by its /Encoding; where its
 * /ToUnicode says something else, which is only for copying, nothing is known. */
#include "document/pdf_glyphs.h"

#include <stdlib.h>
#include <string.h>

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_MAP_BYTES ((size_t)1024 * 1024)
#define UNKNOWN 0u

/* ---- encodings (annex D) ---- */

static const struct {
    const char *name;
    uint32_t letter;
} names[] = {
    {"space", ' '},       {"exclam", '!'},        {"quotedbl", '"'},
    {"numbersign", '#'},  {"dollar", '$'},        {"percent", '%'},
    {"ampersand", '&'},   {"quotesingle", '\''},  {"parenleft", '('},
    {"parenright", ')'},  {"asterisk", '*'},      {"plus", '+'},
    {"comma", ','},       {"hyphen", '-'},        {"period", '.'},
    {"slash", '/'},       {"zero", '0'},          {"one", '1'},
    {"two", '2'},         {"three", '3'},         {"four", '4'},
    {"five", '5'},        {"six", '6'},           {"seven", '7'},
    {"eight", '8'},       {"nine", '9'},          {"colon", ':'},
    {"semicolon", ';'},   {"less", '<'},          {"equal", '='},
    {"greater", '>'},     {"question", '?'},      {"at", '@'},
    {"bracketleft", '['}, {"backslash", '\\'},    {"bracketright", ']'},
    {"underscore", '_'},  {"grave", '`'},         {"asciicircum", '^'},
    {"braceleft", '{'},   {"bar", '|'},           {"braceright", '}'},
    {"asciitilde", '~'},  {"quoteright", 0x2019}, {"quoteleft", 0x2018},
    {"bullet", 0x2022},   {"endash", 0x2013},     {"emdash", 0x2014},
    {"Euro", 0x20ac},     {"nbspace", 0xa0},      {"nonbreakingspace", 0xa0},
};

/* uniXXXX, uXXXX, a letter, or a name of the list. */
static uint32_t letter_of_name(const struct pdf_value *value)
{
    struct vt_bytes name = vt_bytes_slice(value->text, 1, SIZE_MAX);
    size_t digits = vt_bytes_starts_with(name, VT_BYTES("uni")) ? 3
                    : vt_bytes_starts_with(name, VT_BYTES("u")) ? 1
                                                                : 0;
    uint32_t letter = 0;
    for (size_t i = digits; digits > 0 && i < name.len; i++) {
        int digit = pdf_hex_digit(name.ptr[i]);
        if (digit < 0 || name.len - digits < 4 || name.len - digits > 6)
            digits = 0;
        letter = letter << 4 | (uint32_t)digit;
    }
    if (digits > 0 && name.len > digits && letter <= 0x10ffff)
        return letter;
    if (name.len == 1 && ((name.ptr[0] | 0x20) >= 'a' && (name.ptr[0] | 0x20) <= 'z'))
        return name.ptr[0];
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        if (vt_bytes_equal(name, vt_bytes_str(names[i].name)))
            return names[i].letter;
    }
    return UNKNOWN;
}

/* 0x80 to 0x9f of WinAnsiEncoding and of PDFDocEncoding; the rest is Latin 1. */
static const uint16_t windows[32] = {
    0x20ac, 0x2022, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x2022, 0x017d, 0x2022, 0x2022, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x2022, 0x017e, 0x0178};
static const uint16_t document[33] = {
    0x2022, 0x2020, 0x2021, 0x2026, 0x2014, 0x2013, 0x0192, 0x2044, 0x2039, 0x203a, 0x2212,
    0x2030, 0x201e, 0x201c, 0x201d, 0x2018, 0x2019, 0x201a, 0x2122, 0xfb01, 0xfb02, 0x0141,
    0x0152, 0x0160, 0x0178, 0x017d, 0x0131, 0x0142, 0x0153, 0x0161, 0x017e, 0xfffd, 0x20ac};

static void set_base(struct pdf_glyphs *glyphs, const struct pdf_value *encoding)
{
    bool is_windows = pdf_name_is(encoding, "WinAnsiEncoding");
    bool is_standard = encoding->kind == PDF_NONE || pdf_name_is(encoding, "StandardEncoding");
    for (uint32_t code = 0x20; code < 0x7f; code++)
        glyphs->simple[code] = code;
    if (is_standard) {
        glyphs->simple['\''] = 0x2019;
        glyphs->simple['`'] = 0x2018;
    }
    for (uint32_t code = 0x80; is_windows && code < 0x100; code++)
        glyphs->simple[code] = code < 0xa0 ? windows[code - 0x80] : code;
}

/* 9.6.6.1, table 114. */
static void set_differences(struct pdf_glyphs *glyphs, const struct pdf_value *array)
{
    struct pdf_value item;
    int64_t code = 0;
    for (size_t at = 0; pdf_array_next(array, &at, &item);) {
        if (item.kind == PDF_INTEGER)
            code = item.integer;
        else if (code >= 0 && code < 256)
            glyphs->simple[code++] = item.kind == PDF_NAME ? letter_of_name(&item) : UNKNOWN;
    }
}

/* ---- /ToUnicode (9.10.3) ---- */

static bool code_of(const struct pdf_value *value, uint32_t *out)
{
    uint8_t bytes[16];
    if (value->kind != PDF_HEX_STRING || value->text.len > sizeof(bytes))
        return false;
    size_t len = pdf_string_decode(value, bytes);
    *out = 0;
    for (size_t i = 0; i < len; i++)
        *out = *out << 8 | bytes[i];
    return len > 0 && len <= 4;
}

static bool add_pair(struct pdf_pair *pair, struct pdf_glyphs *glyphs, uint32_t from, uint32_t to,
                     const struct pdf_value *letters)
{
    uint8_t *bytes = pdf_scratch(pair->reader, letters->text.len);
    if (bytes == NULL || letters->kind != PDF_HEX_STRING || to < from ||
        glyphs->pairs_count == PDF_MAX_PAIRS)
        return false;
    glyphs->pairs[glyphs->pairs_count++] = (struct pdf_code_pair){
        .from = from, .to = to, .letters = vt_bytes_of(bytes, pdf_string_decode(letters, bytes))};
    return true;
}

/* <from> <to> <letters>, or an array of letters for each. */
static bool add_range(struct pdf_pair *pair, struct pdf_glyphs *glyphs, uint32_t from, uint32_t to,
                      const struct pdf_value *letters)
{
    struct pdf_value item;
    if (letters->kind != PDF_ARRAY)
        return add_pair(pair, glyphs, from, to, letters);
    for (size_t at = 0; from <= to && pdf_array_next(letters, &at, &item); from++) {
        if (!add_pair(pair, glyphs, from, from, &item))
            return false;
    }
    return true;
}

static bool read_map(struct pdf_pair *pair, struct pdf_glyphs *glyphs, struct vt_bytes map)
{
    struct pdf_value value, letters;
    size_t per_entry = 0; /* strings before the letters; 0: outside of a list */
    for (size_t at = 0; pdf_next_value(map, &at, &value);) {
        uint32_t from = 0, to = 0;
        if (value.kind == PDF_KEYWORD) {
            per_entry = pdf_keyword_is(&value, "beginbfchar")    ? 1
                        : pdf_keyword_is(&value, "beginbfrange") ? 2
                                                                 : 0;
            continue;
        }
        if (per_entry == 0)
            continue;
        if (!code_of(&value, &from))
            return false;
        to = from;
        if (per_entry == 2 && (!pdf_next_value(map, &at, &value) || !code_of(&value, &to)))
            return false;
        if (!pdf_next_value(map, &at, &letters) || !add_range(pair, glyphs, from, to, &letters))
            return false;
    }
    return true;
}

static void read_to_unicode(struct pdf_pair *pair, struct pdf_glyphs *glyphs,
                            const struct pdf_value *font)
{
    struct pdf_value stream = pdf_dict_get(font, "ToUnicode");
    uint8_t *data = NULL;
    size_t len = 0;
    glyphs->pairs = pdf_scratch(pair->reader, PDF_MAX_PAIRS * sizeof(*glyphs->pairs));
    if (glyphs->pairs == NULL || !pdf_work(pair->reader, PDF_MAX_PAIRS) || stream.kind != PDF_REF ||
        !pdf_history_stream(pair->history, stream.ref, pair->b, true, &data, &len))
        return;
    if (len > MAX_MAP_BYTES || !read_map(pair, glyphs, vt_bytes_of(data, len)))
        glyphs->pairs_count = 0;
    free(data);
}

/* UTF-16BE. */
static size_t points_of(struct vt_bytes text, uint32_t *out)
{
    size_t count = 0;
    for (size_t i = 0; i + 1 < text.len; i += 2) {
        uint32_t unit = (uint32_t)text.ptr[i] << 8 | text.ptr[i + 1];
        uint32_t low = i + 3 < text.len ? (uint32_t)text.ptr[i + 2] << 8 | text.ptr[i + 3] : 0;
        if (unit >= 0xd800 && unit < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
            unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            i += 2;
        }
        out[count++] = unit;
    }
    return count;
}

/* The letters of a code by the map; 0: none. */
static size_t look_up(const struct pdf_glyphs *glyphs, uint32_t code, uint32_t out[8])
{
    for (size_t i = 0; i < glyphs->pairs_count; i++) {
        const struct pdf_code_pair *pair = &glyphs->pairs[i];
        if (code < pair->from || code > pair->to || pair->letters.len > 16)
            continue;
        size_t count = points_of(pair->letters, out);
        if (count > 0)
            out[count - 1] += code - pair->from;
        return count;
    }
    return 0;
}

/* ---- fonts ---- */

/* Where the map says something else than the encoding, or the encoding nothing. */
static void reconcile(struct pdf_glyphs *glyphs)
{
    for (size_t i = 0; i < glyphs->pairs_count; i++) {
        const struct pdf_code_pair *pair = &glyphs->pairs[i];
        for (uint32_t code = pair->from; code < 256 && code <= pair->to; code++) {
            uint32_t letters[8] = {0};
            bool is_one = pair->letters.len <= 16 && points_of(pair->letters, letters) == 1;
            uint32_t letter = letters[0] + (code - pair->from);
            if (is_one && glyphs->simple[code] == UNKNOWN)
                glyphs->simple[code] = letter;
            else if (!is_one || glyphs->simple[code] != letter)
                glyphs->simple[code] = UNKNOWN;
        }
    }
}

/* 9.6.6.1: with a program of its own and no encoding, the program says which. */
static bool has_own_encoding(struct pdf_pair *pair, const struct pdf_value *font)
{
    static const char *const programs[] = {"FontFile", "FontFile2", "FontFile3"};
    struct pdf_value name = pdf_pair_get(pair, pair->b, font, "BaseFont");
    struct pdf_value about = pdf_pair_get(pair, pair->b, font, "FontDescriptor");
    bool is_own = pdf_name_is(&name, "Symbol") || pdf_name_is(&name, "ZapfDingbats");
    for (size_t i = 0; i < ELEMENTS(programs); i++)
        is_own = is_own || pdf_dict_get(&about, programs[i]).kind != PDF_NONE;
    return is_own;
}

static void read_simple(struct pdf_pair *pair, struct pdf_glyphs *glyphs,
                        const struct pdf_value *font)
{
    struct pdf_value encoding = pdf_pair_get(pair, pair->b, font, "Encoding");
    struct pdf_value base = encoding, differences = {0};
    if (encoding.kind == PDF_DICT) {
        base = pdf_pair_get(pair, pair->b, &encoding, "BaseEncoding");
        differences = pdf_pair_get(pair, pair->b, &encoding, "Differences");
    }
    if (base.kind != PDF_NONE || !has_own_encoding(pair, font))
        set_base(glyphs, &base);
    set_differences(glyphs, &differences);
    reconcile(glyphs);
}

struct pdf_glyphs *pdf_glyphs_read(struct pdf_pair *pair, const struct pdf_value *font)
{
    struct pdf_value dict = pdf_pair_resolve(pair, pair->b, *font);
    struct pdf_value kind = pdf_pair_get(pair, pair->b, &dict, "Subtype");
    struct pdf_value encoding = pdf_pair_get(pair, pair->b, &dict, "Encoding");
    struct pdf_glyphs *glyphs = pdf_scratch(pair->reader, sizeof(*glyphs));
    if (glyphs == NULL || pdf_name_is(&kind, "Type3"))
        return glyphs;
    read_to_unicode(pair, glyphs, &dict);
    glyphs->is_wide = pdf_name_is(&kind, "Type0");
    if (!glyphs->is_wide)
        read_simple(pair, glyphs, &dict);
    else if (!pdf_name_is(&encoding, "Identity-H"))
        glyphs->pairs_count = 0;
    return glyphs;
}

bool pdf_glyphs_decode(const struct pdf_glyphs *glyphs, struct vt_bytes codes, uint32_t *out,
                       size_t max, size_t *count)
{
    size_t width = glyphs->is_wide ? 2 : 1;
    for (size_t i = 0; i + width <= codes.len; i += width) {
        uint32_t letters[8] = {0};
        uint32_t code =
            glyphs->is_wide ? (uint32_t)codes.ptr[i] << 8 | codes.ptr[i + 1] : codes.ptr[i];
        if (!glyphs->is_wide)
            letters[0] = glyphs->simple[code];
        size_t found = glyphs->is_wide ? look_up(glyphs, code, letters) : letters[0] != UNKNOWN;
        if (found == 0 || found > max - *count)
            return false;
        memcpy(out + *count, letters, found * sizeof(*out));
        *count += found;
    }
    return codes.len % width == 0;
}

size_t pdf_text_points(struct vt_bytes text, uint32_t *out)
{
    if (vt_bytes_starts_with(text, VT_BYTES("\xfe\xff")))
        return points_of(vt_bytes_slice(text, 2, SIZE_MAX), out);
    bool is_utf8 = vt_bytes_starts_with(text, VT_BYTES("\xef\xbb\xbf"));
    size_t count = 0;
    for (size_t i = is_utf8 ? 3 : 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (is_utf8 && c >= 0xc0)
            out[count++] = c >= 0xf0 ? c & 7u : c >= 0xe0 ? c & 15u : c & 31u;
        else if (is_utf8 && c >= 0x80 && count > 0)
            out[count - 1] = out[count - 1] << 6 | (c & 63u);
        else
            out[count++] = c >= 0x80 && c <= 0xa0 ? document[c - 0x80] : c;
    }
    return count;
}
