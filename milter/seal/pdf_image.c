/* SPDX-License-Identifier: Apache-2.0
 * The picture of a seal (legal.md R-59: red, PNG, transparent, real size) as a PDF wants it:
 * colours and transparency apart, each compressed, made once. */
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "seal/pdf.h"

#define MAX_PNG_BYTES ((size_t)16 * 1024 * 1024)
#define MIN_MM 5.0
#define MAX_MM 100.0

enum vt_code vt_pdf_deflate(struct vt_arena *arena, struct vt_bytes bytes, struct vt_bytes *out)
{
    uLongf len = compressBound((uLong)bytes.len);
    uint8_t *packed = vt_arena_alloc(arena, len);
    if (packed == NULL)
        return VT_E_NOMEM;
    int result = compress2(packed, &len, bytes.ptr, (uLong)bytes.len, Z_BEST_COMPRESSION);
    *out = vt_bytes_of(packed, len);
    return result == Z_OK ? VT_OK : VT_E_INTERNAL;
}

static uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* pHYs: pixels per metre across (PNG 11.3.5.3). 0: not said. */
static uint32_t pixels_per_metre(struct vt_bytes png)
{
    for (size_t at = 8; png.len >= 12 && at <= png.len - 12;) {
        size_t len = big_endian(png.ptr + at);
        struct vt_bytes type = vt_bytes_slice(png, at + 4, 4);
        if (len > png.len - 12 - at || vt_bytes_equal(type, VT_BYTES("IDAT")))
            return 0;
        if (vt_bytes_equal(type, VT_BYTES("pHYs")) && len == 9 && png.ptr[at + 16] == 1)
            return big_endian(png.ptr + at + 8);
        at += 12 + len;
    }
    return 0;
}

static enum vt_code set_size(struct vt_seal_image *image, struct vt_bytes png, double width_mm,
                             struct vt_err *err)
{
    uint32_t resolution = pixels_per_metre(png);
    if (width_mm <= 0 && resolution == 0)
        return vt_err_set(err, VT_E_UNSUPPORTED,
                          "the picture of the seal does not say its resolution; its width in "
                          "millimetres has to be configured");
    if (width_mm <= 0)
        width_mm = image->width_pixels * 1000.0 / resolution;
    double height_mm = width_mm * image->height_pixels / image->width_pixels;
    if (width_mm < MIN_MM || width_mm > MAX_MM || height_mm < MIN_MM || height_mm > MAX_MM)
        return vt_err_set(err, VT_E_LIMIT,
                          "the picture of the seal is %.0f by %.0f mm; a seal has 5 to 100",
                          width_mm, height_mm);
    image->width = width_mm * VT_POINTS_PER_MM;
    image->height = height_mm * VT_POINTS_PER_MM;
    return VT_OK;
}

/* RGBA to colours and a mask, in place of the first half and at its end. */
static enum vt_code split(struct vt_arena *arena, struct vt_seal_image *image, uint8_t *rgba)
{
    size_t count = (size_t)image->width_pixels * image->height_pixels;
    uint8_t *alpha = malloc(count);
    bool is_opaque = true;
    if (alpha == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        alpha[i] = rgba[4 * i + 3];
        is_opaque = is_opaque && alpha[i] == 255;
        memmove(rgba + 3 * i, rgba + 4 * i, 3);
    }
    enum vt_code code = vt_pdf_deflate(arena, vt_bytes_of(rgba, 3 * count), &image->rgb);
    if (code == VT_OK && !is_opaque)
        code = vt_pdf_deflate(arena, vt_bytes_of(alpha, count), &image->alpha);
    free(alpha);
    return code;
}

static enum vt_code decode(struct vt_arena *arena, png_image *png, struct vt_seal_image *image,
                           struct vt_err *err)
{
    image->width_pixels = png->width;
    image->height_pixels = png->height;
    png->format = PNG_FORMAT_RGBA;
    uint8_t *rgba = malloc(PNG_IMAGE_SIZE(*png));
    if (rgba == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the picture of a seal");
    enum vt_code code = VT_OK;
    if (png_image_finish_read(png, NULL, rgba, 0, NULL) == 0)
        code = vt_err_set(err, VT_E_FORMAT, "the picture of the seal cannot be read: %s",
                          png->message);
    else
        code = split(arena, image, rgba);
    free(rgba);
    return code;
}

enum vt_code vt_seal_image_read(struct vt_arena *arena, struct vt_bytes png, double width_mm,
                                const struct vt_seal_image **out, struct vt_err *err)
{
    png_image reading = {.version = PNG_IMAGE_VERSION};
    struct vt_seal_image *image = vt_arena_alloc(arena, sizeof(*image));
    enum vt_code code = VT_E_INTERNAL;
    if (image == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the picture of a seal");
    if (png.len > MAX_PNG_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "the picture of the seal is larger than 16 MiB");
    if (png_image_begin_read_from_memory(&reading, png.ptr, png.len) == 0) {
        code =
            vt_err_set(err, VT_E_FORMAT, "the picture of the seal is no PNG: %s", reading.message);
        goto done;
    }
    if (reading.width > VT_MAX_SEAL_PIXELS || reading.height > VT_MAX_SEAL_PIXELS) {
        code = vt_err_set(err, VT_E_LIMIT, "the picture of the seal has more than %d pixels a side",
                          VT_MAX_SEAL_PIXELS);
        goto done;
    }
    code = decode(arena, &reading, image, err);
    if (code == VT_OK)
        code = set_size(image, png, width_mm, err);
    if (code == VT_OK)
        *out = image;
done:
    png_image_free(&reading);
    return code;
}
