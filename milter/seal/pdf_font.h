/* SPDX-License-Identifier: Apache-2.0
 * A TrueType font that was read; inside this room only. */
#ifndef VANTHU_SEAL_PDF_FONT_H
#define VANTHU_SEAL_PDF_FONT_H

#include "seal/pdf.h"

/* Tables a CIDFontType2 needs (ISO 32000-1 9.9), cvt, fpgm and prep where they are. */
enum vt_font_table {
    VT_FONT_CVT = 0,
    VT_FONT_FPGM,
    VT_FONT_GLYF,
    VT_FONT_HEAD,
    VT_FONT_HHEA,
    VT_FONT_HMTX,
    VT_FONT_LOCA,
    VT_FONT_MAXP,
    VT_FONT_PREP,
    VT_FONT_EMBEDDED_TABLES,
    VT_FONT_CMAP = VT_FONT_EMBEDDED_TABLES,
    VT_FONT_OS2,
    VT_FONT_TABLES
};

struct vt_seal_font {
    struct vt_bytes tables[VT_FONT_TABLES];
    struct vt_bytes characters; /* subtable of cmap, format 4 */
    unsigned units_per_em;
    unsigned glyphs_count;
    unsigned metrics_count; /* of hmtx */
    bool has_long_offsets;
};

const char *vt_font_tag(enum vt_font_table table);
/* 0: there is none. */
unsigned vt_font_glyph(const struct vt_seal_font *font, uint32_t character);
/* Its width in thousandths of the size. */
double vt_font_advance(const struct vt_seal_font *font, unsigned glyph);
/* The description of a glyph in glyf; empty: it draws nothing, or is damaged. */
struct vt_bytes vt_font_outline(const struct vt_seal_font *font, unsigned glyph);
static inline unsigned vt_font_u16(struct vt_bytes table, size_t at)
{
    return at + 2 <= table.len ? (unsigned)table.ptr[at] << 8 | table.ptr[at + 1] : 0;
}
static inline uint32_t vt_font_u32(struct vt_bytes table, size_t at)
{
    return (uint32_t)vt_font_u16(table, at) << 16 | vt_font_u16(table, at + 2);
}
static inline int vt_font_s16(struct vt_bytes table, size_t at)
{
    return (int16_t)vt_font_u16(table, at);
}
/* The next character of UTF-8 and move on; anything malformed is "?". 0: the end. */
uint32_t vt_font_next_character(const char **at);

#endif
