/* SPDX-License-Identifier: Apache-2.0
 * What the codes of a font mean and how wide their glyphs are (ISO 32000-1 9.6, 9.7, 9.10): the
 * ToUnicode map first, then names of an encoding, then ASCII. For finding a text only: what is not
 * understood is not found. */
#include <stdlib.h>
#include <string.h>
#include <uninorm.h>

#include "seal/pdf_words.h"

#define MAX_CODERS 64
#define MAX_MAP_BYTES ((size_t)1024 * 1024)
/* Ranges of one font may overlap; real ones set each code once. */
#define MAX_MAPPED ((size_t)1 << 18)
#define USUAL_WIDTH 500.0f

size_t vt_pdf_decompose(uint32_t character, uint32_t out[4])
{
    ucs4_t once[UC_DECOMPOSITION_MAX_LENGTH];
    int count = uc_canonical_decomposition(character, once);
    if (count < 0) {
        out[0] = character;
        return 1;
    }
    size_t len = vt_pdf_decompose(once[0], out);
    for (int i = 1; i < count && len < 4; i++)
        out[len++] = once[i];
    return len;
}

/* ---- ToUnicode (9.10.3) ---- */

/* The first octets of a hexadecimal string as a number. */
static uint32_t number_of(const struct pdf_value *value, size_t octets)
{
    uint8_t bytes[64];
    uint32_t number = 0;
    if (value->kind != PDF_HEX_STRING || value->text.len > sizeof(bytes))
        return 0;
    size_t len = pdf_string_decode(value, bytes);
    for (size_t i = 0; i < len && i < octets; i++)
        number = number << 8 | bytes[i];
    return number;
}

/* Whether this font may set one more code. */
static bool may_map(struct vt_pdf_coder *coder)
{
    return coder->mapped_count < MAX_MAPPED && ++coder->mapped_count > 0;
}

static void set(struct vt_pdf_coder *coder, uint32_t code, uint32_t character)
{
    if (code < coder->codes_count)
        coder->characters[code] = character;
}

/* <first> <last> <character>, or an array of characters. */
static void take_range(struct vt_pdf_coder *coder, const struct pdf_value values[3])
{
    uint32_t first = number_of(&values[0], 2), last = number_of(&values[1], 2);
    struct pdf_value item;
    size_t at = 0;
    for (uint32_t code = first; code <= last && code < coder->codes_count && may_map(coder);
         code++) {
        if (values[2].kind != PDF_ARRAY)
            set(coder, code, number_of(&values[2], 2) + (code - first));
        else if (pdf_array_next(&values[2], &at, &item))
            set(coder, code, number_of(&item, 2));
        else
            break;
    }
}

static void read_map(struct vt_pdf_coder *coder, struct vt_bytes map)
{
    struct pdf_value held[3] = {{0}}, value;
    size_t count = 0;
    enum { NOTHING, CHARS, RANGES } what = NOTHING;
    for (size_t at = 0; pdf_next_value(map, &at, &value);) {
        if (value.kind == PDF_KEYWORD) {
            count = 0;
            what = pdf_keyword_is(&value, "beginbfchar")    ? CHARS
                   : pdf_keyword_is(&value, "beginbfrange") ? RANGES
                                                            : NOTHING;
            continue;
        }
        held[count++] = value;
        if (what == CHARS && count == 2)
            set(coder, number_of(&held[0], 2), number_of(&held[1], 2));
        if (what == RANGES && count == 3)
            take_range(coder, held);
        if (count == (what == CHARS ? 2 : 3))
            count = 0;
    }
}

/* False: there is none. */
static bool read_unicode(struct vt_pdf_words *words, struct vt_pdf_coder *coder,
                         const struct pdf_value *font)
{
    struct pdf_value map = pdf_dict_get(font, "ToUnicode");
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (map.kind != PDF_REF ||
        !pdf_doc_stream(&words->source->reader.main, map.ref, true, MAX_MAP_BYTES, &bytes, &len))
        return false;
    read_map(coder, vt_bytes_of(bytes, len));
    free(bytes);
    return true;
}

/* ---- names of glyphs ---- */

/* "Aacute": a letter and the name of its mark. 0: it is none. */
static uint32_t accented(struct vt_bytes name)
{
    static const struct {
        const char *name;
        uint32_t mark;
    } marks[] = {{"grave", 0x300}, {"acute", 0x301}, {"circumflex", 0x302},
                 {"tilde", 0x303}, {"breve", 0x306}, {"dieresis", 0x308}};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (vt_bytes_equal(vt_bytes_slice(name, 1, SIZE_MAX), vt_bytes_str(marks[i].name)))
            return uc_composition(name.ptr[0], marks[i].mark);
    }
    return 0;
}

static uint32_t character_of_name(const struct pdf_value *name)
{
    static const struct {
        const char *name;
        uint32_t character;
    } names[] = {{"period", '.'},    {"comma", ','},      {"colon", ':'},    {"hyphen", '-'},
                 {"parenleft", '('}, {"parenright", ')'}, {"slash", '/'},    {"zero", '0'},
                 {"one", '1'},       {"two", '2'},        {"three", '3'},    {"four", '4'},
                 {"five", '5'},      {"six", '6'},        {"seven", '7'},    {"eight", '8'},
                 {"nine", '9'},      {"dcroat", 0x111},   {"Dcroat", 0x110}, {"semicolon", ';'},
                 {"Ohorn", 0x1a0},   {"ohorn", 0x1a1},    {"Uhorn", 0x1af},  {"uhorn", 0x1b0}};
    struct vt_bytes text = vt_bytes_slice(name->text, 1, SIZE_MAX);
    char hex[8] = "";
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (pdf_name_is(name, names[i].name))
            return names[i].character;
    }
    if (text.len == 1)
        return text.ptr[0];
    if (text.len > 1 && accented(text) != 0)
        return accented(text);
    size_t skip = vt_bytes_starts_with(text, VT_BYTES("uni")) ? 3 : 1;
    if (text.len < skip + 4 || text.len > skip + 6 || text.ptr[0] != 'u')
        return 0;
    memcpy(hex, text.ptr + skip, text.len - skip);
    return (uint32_t)strtoul(hex, NULL, 16);
}

static void read_encoding(struct vt_pdf_words *words, struct vt_pdf_coder *coder,
                          const struct pdf_value *font)
{
    struct pdf_value encoding = pdf_get(&words->source->reader, font, "Encoding");
    struct pdf_value differences = pdf_get(&words->source->reader, &encoding, "Differences"), item;
    size_t code = 0;
    for (uint32_t c = 32; c < 256; c++)
        coder->characters[c] = c;
    for (size_t at = 0; pdf_array_next(&differences, &at, &item);) {
        if (item.kind == PDF_INTEGER && item.integer >= 0)
            code = (size_t)item.integer;
        else if (item.kind == PDF_NAME && code < coder->codes_count)
            coder->characters[code++] = character_of_name(&item);
    }
}

/* ---- widths ---- */

static void read_simple_widths(struct vt_pdf_words *words, struct vt_pdf_coder *coder,
                               const struct pdf_value *font)
{
    struct pdf_reader *reader = &words->source->reader;
    struct pdf_value first = pdf_get(reader, font, "FirstChar");
    struct pdf_value widths = pdf_get(reader, font, "Widths"), item;
    size_t code = first.kind == PDF_INTEGER && first.integer >= 0 ? (size_t)first.integer : 0;
    for (size_t at = 0; pdf_array_next(&widths, &at, &item); code++) {
        double width = 0;
        if (code < coder->codes_count && vt_pdf_number(&item, &width))
            coder->widths[code] = (float)width;
    }
}

/* 9.7.4.3: c [w1 … wn], or first last w. */
static void read_wide_widths(struct vt_pdf_words *words, struct vt_pdf_coder *coder,
                             const struct pdf_value *font)
{
    struct pdf_reader *reader = &words->source->reader;
    struct pdf_value usual = pdf_get(reader, font, "DW");
    struct pdf_value array = pdf_get(reader, font, "W"), first, second, third, item;
    double width = 0;
    for (size_t c = 0; c < coder->codes_count; c++)
        coder->widths[c] = vt_pdf_number(&usual, &width) ? (float)width : 1000.0f;
    for (size_t at = 0;
         pdf_array_next(&array, &at, &first) && pdf_array_next(&array, &at, &second);) {
        second = pdf_resolve(reader, second);
        size_t code =
            first.kind == PDF_INTEGER && first.integer >= 0 ? (size_t)first.integer : SIZE_MAX;
        size_t inner = 0;
        if (second.kind == PDF_ARRAY) {
            for (; pdf_array_next(&second, &inner, &item) && code < coder->codes_count; code++)
                coder->widths[code] = vt_pdf_number(&item, &width) ? (float)width : 0;
            continue;
        }
        if (second.kind != PDF_INTEGER || !pdf_array_next(&array, &at, &third) ||
            !vt_pdf_number(&third, &width))
            return;
        for (; code < coder->codes_count && (int64_t)code <= second.integer && may_map(coder);
             code++)
            coder->widths[code] = (float)width;
    }
}

/* ---- the coder ---- */

static bool make_tables(struct vt_pdf_words *words, struct vt_pdf_coder *coder)
{
    coder->codes_count = coder->is_wide ? 65536 : 256;
    coder->characters =
        pdf_scratch(&words->source->reader, coder->codes_count * sizeof(*coder->characters));
    coder->widths =
        pdf_scratch(&words->source->reader, coder->codes_count * sizeof(*coder->widths));
    /* As wide as those of the fonts every reader has and files do not describe (9.6.2.2). */
    for (size_t c = 0; coder->widths != NULL && c < coder->codes_count; c++)
        coder->widths[c] = c == 32 ? USUAL_WIDTH / 2 : USUAL_WIDTH;
    return coder->characters != NULL && coder->widths != NULL;
}

static const struct vt_pdf_coder *known(const struct vt_pdf_words *words, struct pdf_ref ref)
{
    for (size_t i = 0; i < words->coders_count; i++) {
        if (pdf_is_same_ref(words->coders[i].ref, ref))
            return &words->coders[i];
    }
    return NULL;
}

const struct vt_pdf_coder *vt_pdf_coder_of(struct vt_pdf_words *words, const struct pdf_value *font)
{
    struct pdf_reader *reader = &words->source->reader;
    if (font->kind != PDF_REF)
        return NULL;
    const struct vt_pdf_coder *found = known(words, font->ref);
    if (found != NULL)
        return found;
    if (words->coders == NULL)
        words->coders = pdf_scratch(reader, MAX_CODERS * sizeof(*words->coders));
    struct pdf_value dict = pdf_resolve(reader, *font);
    struct pdf_value type = pdf_get(reader, &dict, "Subtype");
    struct vt_pdf_coder coder = {.ref = font->ref, .is_wide = pdf_name_is(&type, "Type0")};
    if (dict.kind != PDF_DICT || words->coders == NULL || words->coders_count == MAX_CODERS ||
        !make_tables(words, &coder))
        return NULL;
    bool has_map = read_unicode(words, &coder, &dict);
    if (coder.is_wide) {
        struct pdf_value descendants = pdf_get(reader, &dict, "DescendantFonts"), item;
        size_t at = 0;
        if (pdf_array_next(&descendants, &at, &item)) {
            item = pdf_resolve(reader, item);
            read_wide_widths(words, &coder, &item);
        }
    } else {
        if (!has_map)
            read_encoding(words, &coder, &dict);
        read_simple_widths(words, &coder, &dict);
    }
    words->coders[words->coders_count] = coder;
    return &words->coders[words->coders_count++];
}
