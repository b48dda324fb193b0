/* SPDX-License-Identifier: Apache-2.0
 * A TrueType font (ISO/IEC 14496-22) as far as a line of text needs it. Vietnamese in NFC has one
 * character, and one glyph, for each letter with its marks, so that nothing has to be shaped. The
 * file comes from the administrator; all reading is within its bounds all the same. */
#include "seal/pdf_font.h"

#include <string.h>

static const char *const tags[VT_FONT_TABLES] = {"cvt ", "fpgm", "glyf", "head", "hhea", "hmtx",
                                                 "loca", "maxp", "prep", "cmap", "OS/2"};
/* Of each kind of letter one, that a font without Vietnamese has not. */
static const uint32_t needed[] = {'0', 'A', 'z', 0x110, 0x1b0, 0x1ea0, 0x1ef9};

const char *vt_font_tag(enum vt_font_table table)
{
    return tags[table];
}

/* ---- reading ---- */

static bool is_optional(unsigned table)
{
    return table == VT_FONT_CVT || table == VT_FONT_FPGM || table == VT_FONT_PREP ||
           table == VT_FONT_OS2;
}

/* Offset table: version, numTables, …; then records of tag, checksum, offset, length. */
static bool find_tables(struct vt_bytes file, struct vt_seal_font *font)
{
    unsigned count = vt_font_u16(file, 4);
    for (unsigned i = 0; i < count; i++) {
        struct vt_bytes record = vt_bytes_slice(file, 12 + (size_t)16 * i, 16);
        uint32_t offset = vt_font_u32(record, 8), len = vt_font_u32(record, 12);
        for (unsigned t = 0; t < VT_FONT_TABLES; t++) {
            if (vt_bytes_starts_with(record, vt_bytes_str(tags[t])) && record.len == 16 &&
                offset <= file.len && len <= file.len - offset)
                font->tables[t] = vt_bytes_slice(file, offset, len);
        }
    }
    for (unsigned t = 0; t < VT_FONT_TABLES; t++) {
        if (font->tables[t].len == 0 && !is_optional(t))
            return false;
    }
    return true;
}

static bool read_numbers(struct vt_seal_font *font)
{
    struct vt_bytes head = font->tables[VT_FONT_HEAD], loca = font->tables[VT_FONT_LOCA];
    font->units_per_em = vt_font_u16(head, 18);
    font->has_long_offsets = vt_font_u16(head, 50) == 1;
    font->glyphs_count = vt_font_u16(font->tables[VT_FONT_MAXP], 4);
    font->metrics_count = vt_font_u16(font->tables[VT_FONT_HHEA], 34);
    size_t offset_bytes = font->has_long_offsets ? 4 : 2;
    return head.len >= 54 && font->tables[VT_FONT_HHEA].len >= 36 && font->units_per_em >= 16 &&
           font->units_per_em <= 16384 && font->glyphs_count > 0 && font->metrics_count > 0 &&
           loca.len >= (font->glyphs_count + (size_t)1) * offset_bytes &&
           font->tables[VT_FONT_HMTX].len >= (size_t)4 * font->metrics_count;
}

/* cmap: the subtable of Unicode characters (platform 3 or 0) in format 4. */
static bool find_characters(struct vt_seal_font *font)
{
    struct vt_bytes cmap = font->tables[VT_FONT_CMAP];
    for (unsigned i = 0; i < vt_font_u16(cmap, 2); i++) {
        size_t record = 4 + (size_t)8 * i;
        unsigned platform = vt_font_u16(cmap, record), encoding = vt_font_u16(cmap, record + 2);
        struct vt_bytes subtable = vt_bytes_slice(cmap, vt_font_u32(cmap, record + 4), SIZE_MAX);
        if (vt_font_u16(subtable, 0) == 4 && (platform == 0 || (platform == 3 && encoding == 1))) {
            font->characters = subtable;
            return true;
        }
    }
    return false;
}

/* OS/2 fsType: 2 forbids embedding, 0x100 a part of the font. */
static bool may_be_embedded(const struct vt_seal_font *font)
{
    unsigned type = vt_font_u16(font->tables[VT_FONT_OS2], 8);
    return (type & 0xf) != 2 && (type & 0x100) == 0;
}

enum vt_code vt_seal_font_read(struct vt_arena *arena, struct vt_bytes file,
                               const struct vt_seal_font **out, struct vt_err *err)
{
    struct vt_seal_font *font = vt_arena_alloc(arena, sizeof(*font));
    if (font == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the font of a seal");
    if (file.len > VT_MAX_SEAL_FONT_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "the font of the seal is larger than 16 MiB");
    if (vt_bytes_starts_with(file, VT_BYTES("OTTO")) ||
        vt_bytes_starts_with(file, VT_BYTES("ttcf")))
        return vt_err_set(err, VT_E_UNSUPPORTED,
                          "the font of the seal is no single font with TrueType outlines");
    if (!find_tables(file, font) || !read_numbers(font) || !find_characters(font))
        return vt_err_set(err, VT_E_FORMAT, "the font of the seal is no TrueType font");
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (vt_font_glyph(font, needed[i]) == 0)
            return vt_err_set(err, VT_E_UNSUPPORTED,
                              "the font of the seal has no letter U+%04X; Vietnamese needs it",
                              needed[i]);
    }
    if (!may_be_embedded(font))
        return vt_err_set(err, VT_E_UNSUPPORTED, "the licence of the font forbids embedding it");
    *out = font;
    return VT_OK;
}

/* ---- looking up ---- */

/* Format 4: segments of endCode, startCode, idDelta, idRangeOffset. */
unsigned vt_font_glyph(const struct vt_seal_font *font, uint32_t character)
{
    struct vt_bytes map = font->characters;
    size_t segments = vt_font_u16(map, 6) / 2, ends = 14, starts = ends + 2 * segments + 2;
    size_t deltas = starts + 2 * segments, offsets = deltas + 2 * segments;
    unsigned glyph = 0;
    for (size_t i = 0; i < segments && character <= 0xffff; i++) {
        if (vt_font_u16(map, ends + 2 * i) < character)
            continue;
        unsigned first = vt_font_u16(map, starts + 2 * i);
        unsigned delta = vt_font_u16(map, deltas + 2 * i);
        unsigned offset = vt_font_u16(map, offsets + 2 * i);
        if (first > character)
            break;
        if (offset == 0) {
            glyph = (character + delta) & 0xffff;
            break;
        }
        glyph = vt_font_u16(map, offsets + 2 * i + offset + 2 * (size_t)(character - first));
        glyph = glyph == 0 ? 0 : (glyph + delta) & 0xffff;
        break;
    }
    return glyph < font->glyphs_count ? glyph : 0;
}

double vt_font_advance(const struct vt_seal_font *font, unsigned glyph)
{
    unsigned entry = glyph < font->metrics_count ? glyph : font->metrics_count - 1;
    return vt_font_u16(font->tables[VT_FONT_HMTX], (size_t)4 * entry) * 1000.0 / font->units_per_em;
}

struct vt_bytes vt_font_outline(const struct vt_seal_font *font, unsigned glyph)
{
    struct vt_bytes loca = font->tables[VT_FONT_LOCA], glyf = font->tables[VT_FONT_GLYF];
    size_t begin, end;
    if (font->has_long_offsets) {
        begin = vt_font_u32(loca, (size_t)4 * glyph);
        end = vt_font_u32(loca, (size_t)4 * glyph + 4);
    } else {
        begin = (size_t)2 * vt_font_u16(loca, (size_t)2 * glyph);
        end = (size_t)2 * vt_font_u16(loca, (size_t)2 * glyph + 2);
    }
    return glyph < font->glyphs_count && begin < end && end <= glyf.len
               ? vt_bytes_slice(glyf, begin, end - begin)
               : (struct vt_bytes){0};
}

uint32_t vt_font_next_character(const char **at)
{
    const unsigned char *p = (const unsigned char *)*at;
    unsigned more = p[0] < 0x80 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
    uint32_t c = more == 0 ? p[0] : p[0] & (0x3fu >> more);
    for (unsigned i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            *at += i;
            return '?';
        }
        c = c << 6 | (p[i] & 0x3fu);
    }
    *at += c == 0 ? 0 : more + 1;
    return c;
}

double vt_pdf_font_width(const struct vt_seal_font *font, const char *utf8)
{
    double width = 0;
    for (uint32_t c; (c = vt_font_next_character(&utf8)) != 0;)
        width += vt_font_advance(font, vt_font_glyph(font, c)) / 1000 * VT_SEAL_FONT_SIZE;
    return width;
}
