/* SPDX-License-Identifier: Apache-2.0
 * Fuzz target: any bytes as the picture of a seal, and as the font that a seal is written in. The
 * first octet says which; what is accepted is put on a page. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "seal/pdf.h"
#include "seal/pdf_font.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_BYTES ((size_t)256 * 1024 * 1024)

static void as_image(struct vt_arena *arena, struct vt_bytes png, double width_mm)
{
    const struct vt_seal_image *image = NULL;
    struct vt_err err = {.text = ""};
    enum vt_code code = vt_seal_image_read(arena, png, width_mm, &image, &err);
    if (code != VT_OK && (err.text[0] == '\0' || code == VT_E_INTERNAL))
        abort();
    if (code == VT_OK &&
        (image->width_pixels == 0 || image->width_pixels > VT_MAX_SEAL_PIXELS ||
         image->height_pixels == 0 || image->height_pixels > VT_MAX_SEAL_PIXELS ||
         image->rgb.len == 0 || !isfinite(image->width) || !isfinite(image->height)))
        abort();
}

/* Of the font the letters of a line. */
static void write_font(struct vt_arena *arena, const struct vt_seal_font *font, const char *line)
{
    static const struct vt_pdf_source source = {.next_id = 1};
    const char *lines[] = {line};
    struct vt_pdf_update update;
    vt_update_init(&update, arena, &source);
    vt_pdf_font_show(&update, font, line);
    (void)vt_pdf_font_write(&update, font, lines, 1);
    vt_buf_clear(&update.bytes);
}

static void as_font(struct vt_arena *arena, struct vt_bytes bytes)
{
    static const char line[] = "Số: 12/2026/QĐ-UBND, ngày 03/12/2026";
    const struct vt_seal_font *font = NULL;
    struct vt_err err = {.text = ""};
    enum vt_code code = vt_seal_font_read(arena, bytes, &font, &err);
    if (code != VT_OK && (err.text[0] == '\0' || code == VT_E_INTERNAL))
        abort();
    if (code != VT_OK)
        return;
    double width = vt_pdf_font_width(font, line);
    if (!isfinite(width) || width < 0)
        abort();
    for (const char *at = line; *at != '\0';) {
        struct vt_bytes outline =
            vt_font_outline(font, vt_font_glyph(font, vt_font_next_character(&at)));
        if (outline.len > 0 &&
            (outline.ptr < bytes.ptr || outline.ptr + outline.len > bytes.ptr + bytes.len))
            abort();
    }
    write_font(arena, font, line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    struct vt_bytes bytes = vt_bytes_slice(vt_bytes_of(data, size), 1, SIZE_MAX);
    if (size > 0 && arena != NULL && data[0] == 'f')
        as_font(arena, bytes);
    else if (size > 0 && arena != NULL)
        as_image(arena, bytes, data[0] % 64);
    vt_arena_free(arena);
    return 0;
}
