/* SPDX-License-Identifier: Apache-2.0
 * The letters of a text as an embedded font (ISO 32000-1 9.7, 9.9): a CIDFontType2 whose glyphs
 * keep their numbers, so that a text is written by glyph numbers and all other outlines are left
 * out. */
#include <stdio.h>
#include <string.h>

#include "seal/pdf_font.h"

/* A composite refers to others; real ones go two deep. */
#define MAX_GLYPHS 65536

struct font_work {
    struct vt_pdf_update *update;
    const struct vt_seal_font *font;
    uint8_t *used;        /* per glyph */
    uint16_t *characters; /* per glyph, 0: only part of another */
    struct pdf_ref file, descriptor, descendant, unicode, whole;
};

static void *scratch(struct font_work *work, size_t len)
{
    void *memory = vt_arena_alloc(work->update->arena, len);
    if (memory == NULL)
        work->update->code = VT_E_NOMEM;
    return memory;
}

/* ---- which glyphs ---- */

/* 5.3.4 glyf, composite: flags, glyphIndex, arguments, scale; as long as MORE_COMPONENTS. */
static void use_components(struct font_work *work, struct vt_bytes outline, bool *out_is_new)
{
    enum { WORDS = 1, SCALE = 8, MORE = 0x20, XY_SCALE = 0x40, TWO_BY_TWO = 0x80 };
    unsigned flags = MORE;
    if (vt_font_s16(outline, 0) >= 0)
        return;
    for (size_t at = 10; (flags & MORE) != 0 && at + 4 <= outline.len;) {
        flags = vt_font_u16(outline, at);
        unsigned glyph = vt_font_u16(outline, at + 2);
        if (glyph < work->font->glyphs_count && !work->used[glyph]) {
            work->used[glyph] = 1;
            *out_is_new = true;
        }
        at += 4 + ((flags & WORDS) != 0 ? 4 : 2);
        at += (flags & SCALE) != 0 ? 2 : (flags & XY_SCALE) != 0 ? 4 : 0;
        at += (flags & TWO_BY_TWO) != 0 ? 8 : 0;
    }
}

static void use_glyphs(struct font_work *work, const char *const *lines, size_t lines_count)
{
    work->used[0] = 1;
    for (size_t i = 0; i < lines_count; i++) {
        const char *at = lines[i];
        for (uint32_t c; (c = vt_font_next_character(&at)) != 0;) {
            unsigned glyph = vt_font_glyph(work->font, c);
            work->used[glyph] = 1;
            work->characters[glyph] = glyph == 0 ? 0 : (uint16_t)c;
        }
    }
    for (bool is_new = true; is_new;) {
        is_new = false;
        for (unsigned glyph = 0; glyph < work->font->glyphs_count; glyph++) {
            if (work->used[glyph])
                use_components(work, vt_font_outline(work->font, glyph), &is_new);
        }
    }
}

/* ---- the font file ---- */

static void put_u16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put_u32(uint8_t *at, uint32_t value)
{
    put_u16(at, value >> 16);
    put_u16(at + 2, value & 0xffff);
}

/* glyf with the used outlines only, and loca for it, always with long offsets. */
static void make_outlines(struct font_work *work, struct vt_bytes *out_glyf,
                          struct vt_bytes *out_loca)
{
    const struct vt_seal_font *font = work->font;
    size_t len = 0, at = 0, loca_len = (font->glyphs_count + (size_t)1) * 4;
    for (unsigned glyph = 0; glyph < font->glyphs_count; glyph++)
        len += work->used[glyph] ? (vt_font_outline(font, glyph).len + 3) & ~(size_t)3 : 0;
    uint8_t *glyf = scratch(work, len + 1), *loca = scratch(work, loca_len);
    if (glyf == NULL || loca == NULL)
        return;
    for (unsigned glyph = 0; glyph < font->glyphs_count; glyph++) {
        struct vt_bytes outline = vt_font_outline(font, glyph);
        put_u32(loca + (size_t)4 * glyph, (uint32_t)at);
        if (!work->used[glyph] || outline.len == 0)
            continue;
        memcpy(glyf + at, outline.ptr, outline.len);
        at += (outline.len + 3) & ~(size_t)3;
    }
    put_u32(loca + (size_t)4 * font->glyphs_count, (uint32_t)at);
    *out_glyf = vt_bytes_of(glyf, at);
    *out_loca = vt_bytes_of(loca, loca_len);
}

/* head says that the offsets are long. */
static struct vt_bytes make_head(struct font_work *work)
{
    struct vt_bytes head = work->font->tables[VT_FONT_HEAD];
    uint8_t *copy = scratch(work, head.len);
    if (copy == NULL)
        return head;
    memcpy(copy, head.ptr, head.len);
    put_u32(copy + 8, 0); /* checkSumAdjustment: of a font inside a document nobody asks */
    put_u16(copy + 50, 1);
    return vt_bytes_of(copy, head.len);
}

static uint32_t checksum(struct vt_bytes table)
{
    uint32_t sum = 0;
    for (size_t at = 0; at < table.len; at++)
        sum += (uint32_t)table.ptr[at] << (8 * (3 - at % 4));
    return sum;
}

static struct vt_bytes assemble(struct font_work *work, const struct vt_bytes *tables)
{
    size_t count = 0, len = 12;
    for (unsigned t = 0; t < VT_FONT_EMBEDDED_TABLES; t++) {
        count += tables[t].len > 0;
        len += tables[t].len > 0 ? 16 + ((tables[t].len + 3) & ~(size_t)3) : 0;
    }
    uint8_t *out = scratch(work, len);
    size_t record = 12, at = 12 + 16 * count;
    unsigned power = count >= 8 ? 8 : 4, shift = count >= 8 ? 3 : 2;
    if (out == NULL)
        return (struct vt_bytes){0};
    put_u32(out, 0x00010000);
    put_u16(out + 4, (unsigned)count);
    put_u16(out + 6, power * 16);
    put_u16(out + 8, shift);
    put_u16(out + 10, (unsigned)count * 16 - power * 16);
    for (unsigned t = 0; t < VT_FONT_EMBEDDED_TABLES; t++) {
        if (tables[t].len == 0)
            continue;
        memcpy(out + record, vt_font_tag((enum vt_font_table)t), 4);
        put_u32(out + record + 4, checksum(tables[t]));
        put_u32(out + record + 8, (uint32_t)at);
        put_u32(out + record + 12, (uint32_t)tables[t].len);
        memcpy(out + at, tables[t].ptr, tables[t].len);
        record += 16;
        at += (tables[t].len + 3) & ~(size_t)3;
    }
    return vt_bytes_of(out, len);
}

static void write_file(struct font_work *work)
{
    struct vt_bytes tables[VT_FONT_EMBEDDED_TABLES], packed = {0};
    char entries[80];
    for (unsigned t = 0; t < VT_FONT_EMBEDDED_TABLES; t++)
        tables[t] = work->font->tables[t];
    make_outlines(work, &tables[VT_FONT_GLYF], &tables[VT_FONT_LOCA]);
    tables[VT_FONT_HEAD] = make_head(work);
    struct vt_bytes file = assemble(work, tables);
    if (work->update->code == VT_OK)
        work->update->code = vt_pdf_deflate(work->update->arena, file, &packed);
    (void)snprintf(entries, sizeof(entries), "/Filter /FlateDecode /Length1 %zu", file.len);
    vt_update_add_stream(work->update, work->file, entries, packed);
}

/* ---- the dictionaries ---- */

#define FONT_NAME "/VTSEAL+SealSerif"

static int scaled(const struct font_work *work, struct vt_bytes table, size_t at)
{
    return vt_font_s16(table, at) * 1000 / (int)work->font->units_per_em;
}

static void write_descriptor(struct font_work *work)
{
    struct vt_bytes head = work->font->tables[VT_FONT_HEAD];
    struct vt_bytes hhea = work->font->tables[VT_FONT_HHEA];
    vt_update_begin(work->update, work->descriptor);
    /* Flags: serif and symbolic, the glyphs being chosen by number (9.8.2). */
    vt_update_putf(work->update,
                   "<< /Type /FontDescriptor /FontName " FONT_NAME " /Flags 6 /FontBBox "
                   "[%d %d %d %d] /ItalicAngle 0 ",
                   scaled(work, head, 36), scaled(work, head, 38), scaled(work, head, 40),
                   scaled(work, head, 42));
    vt_update_putf(work->update,
                   "/Ascent %d /Descent %d /CapHeight 662 /StemV 84 /FontFile2 %d 0 R >>",
                   scaled(work, hhea, 4), scaled(work, hhea, 6), work->file.id);
    vt_update_end(work->update);
}

static void write_descendant(struct font_work *work)
{
    vt_update_begin(work->update, work->descendant);
    vt_update_putf(work->update,
                   "<< /Type /Font /Subtype /CIDFontType2 /BaseFont " FONT_NAME " /CIDSystemInfo "
                   "<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
                   "/CIDToGIDMap /Identity /FontDescriptor %d 0 R /W [",
                   work->descriptor.id);
    for (unsigned glyph = 0; glyph < work->font->glyphs_count; glyph++) {
        if (work->characters[glyph] == 0)
            continue;
        vt_update_putf(work->update, "%u [", glyph);
        vt_update_put_number(work->update, vt_font_advance(work->font, glyph));
        vt_update_put(work->update, VT_BYTES("] "));
    }
    vt_update_put(work->update, VT_BYTES("] >>"));
    vt_update_end(work->update);
}

/* 9.10.3: so that the text can be searched and copied. */
static enum vt_code make_unicode(const struct font_work *work, struct vt_buf *out)
{
    unsigned left = 0, in_block = 0;
    for (unsigned glyph = 0; glyph < work->font->glyphs_count; glyph++)
        left += work->characters[glyph] != 0;
    enum vt_code code = vt_buf_addf(
        out, "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo << "
             "/Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n/CMapName "
             "/Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> "
             "<FFFF>\nendcodespacerange\n");
    for (unsigned glyph = 0; glyph < work->font->glyphs_count && code == VT_OK; glyph++) {
        if (work->characters[glyph] == 0)
            continue;
        if (in_block == 0) {
            in_block = left < 100 ? left : 100;
            left -= in_block;
            code = vt_buf_addf(out, "%u beginbfchar\n", in_block);
        }
        if (code == VT_OK)
            code = vt_buf_addf(out, "<%04X> <%04X>\n", glyph, work->characters[glyph]);
        if (code == VT_OK && --in_block == 0)
            code = vt_buf_addf(out, "endbfchar\n");
    }
    return code != VT_OK ? code
                         : vt_buf_addf(out, "endcmap\nCMapName currentdict /CMap defineresource "
                                            "pop\nend\nend\n");
}

static void write_unicode(struct font_work *work)
{
    struct vt_buf text;
    struct vt_bytes packed = {0};
    vt_buf_init(&text, (size_t)1024 * 1024);
    enum vt_code code = make_unicode(work, &text);
    if (code == VT_OK)
        code = vt_pdf_deflate(work->update->arena, vt_buf_bytes(&text), &packed);
    vt_buf_clear(&text);
    if (code != VT_OK && work->update->code == VT_OK)
        work->update->code = code;
    vt_update_add_stream(work->update, work->unicode, "/Filter /FlateDecode", packed);
}

struct pdf_ref vt_pdf_font_write(struct vt_pdf_update *update, const struct vt_seal_font *font,
                                 const char *const *lines, size_t lines_count)
{
    struct font_work work = {.update = update, .font = font};
    work.used = scratch(&work, MAX_GLYPHS);
    work.characters = scratch(&work, MAX_GLYPHS * sizeof(*work.characters));
    if (work.used == NULL || work.characters == NULL)
        return (struct pdf_ref){0};
    use_glyphs(&work, lines, lines_count);
    work.file = vt_update_new_ref(update);
    work.descriptor = vt_update_new_ref(update);
    work.descendant = vt_update_new_ref(update);
    work.unicode = vt_update_new_ref(update);
    work.whole = vt_update_new_ref(update);
    write_file(&work);
    write_descriptor(&work);
    write_descendant(&work);
    write_unicode(&work);
    vt_update_begin(update, work.whole);
    vt_update_putf(update,
                   "<< /Type /Font /Subtype /Type0 /BaseFont " FONT_NAME " /Encoding /Identity-H "
                   "/DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>",
                   work.descendant.id, work.unicode.id);
    vt_update_end(update);
    return work.whole;
}

void vt_pdf_font_show(struct vt_pdf_update *update, const struct vt_seal_font *font,
                      const char *utf8)
{
    vt_update_put(update, VT_BYTES("<"));
    for (uint32_t c; (c = vt_font_next_character(&utf8)) != 0;)
        vt_update_putf(update, "%04X", vt_font_glyph(font, c));
    vt_update_put(update, VT_BYTES(">"));
}
