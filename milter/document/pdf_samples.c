/* SPDX-License-Identifier: Apache-2.0
 * Pictures read into memory, and their colours. Sizes are the ones that a picture has, not those
 * that its dictionary promises. */
#include "document/pdf_samples.h"

#include <stdlib.h>

#include "document/pdf_jpeg.h"

#define MAX_SIDE 20000
#define MAX_DATA_BYTES ((size_t)48 * 1024 * 1024)
#define MAX_JPEG_BYTES ((size_t)32 * 1024 * 1024)

/* What is needed to read a stream, and what may be read yet. */
struct source {
    struct pdf_reader *reader;
    size_t least_width, least_height;
    size_t *pixels_left;
};

/* ---- streams ---- */

static bool side_of(struct pdf_reader *reader, const struct pdf_value *dict, const char *key,
                    size_t *out)
{
    struct pdf_value value = pdf_get(reader, dict, key);
    *out = value.kind == PDF_INTEGER ? (size_t)value.integer : 0;
    return value.kind == PDF_INTEGER && value.integer >= 1 && value.integer <= MAX_SIDE;
}

/* [1 0 …]: all parts are turned round; other ranges are taken as the usual one (8.9.5.2). */
static bool is_inverted(struct pdf_reader *reader, const struct pdf_value *dict)
{
    struct pdf_value decode = pdf_get(reader, dict, "Decode"), first;
    size_t at = 0;
    return decode.kind == PDF_ARRAY && pdf_array_next(&decode, &at, &first) &&
           first.kind == PDF_INTEGER && first.integer == 1;
}

enum packing { PACKED_PLAIN = 0, PACKED_JPEG, PACKED_JPEG_FLATE };

static enum packing packing_of(struct pdf_reader *reader, const struct pdf_value *dict)
{
    struct pdf_value filter = pdf_get(reader, dict, "Filter"), item[3] = {{0}};
    size_t count = 0;
    for (size_t at = 0; count < 3 && pdf_array_next(&filter, &at, &item[count]);)
        count++;
    if (pdf_name_is(&filter, "DCTDecode") || (count == 1 && pdf_name_is(&item[0], "DCTDecode")))
        return PACKED_JPEG;
    return count == 2 && pdf_name_is(&item[0], "FlateDecode") && pdf_name_is(&item[1], "DCTDecode")
               ? PACKED_JPEG_FLATE
               : PACKED_PLAIN;
}

static bool read_jpeg(struct source *source, struct pdf_ref ref, enum packing packing,
                      struct pdf_samples *out)
{
    uint8_t *raw = NULL, *unpacked = NULL;
    size_t len = 0;
    struct pdf_jpeg jpeg = {0};
    bool ok = pdf_doc_stream(&source->reader->main, ref, false, MAX_JPEG_BYTES, &raw, &len);
    struct vt_bytes bytes = vt_bytes_of(raw, ok ? len : 0);
    if (ok && packing == PACKED_JPEG_FLATE) {
        ok = pdf_decode_bytes(bytes, VT_BYTES("/FlateDecode"), vt_bytes_of(NULL, 0), MAX_JPEG_BYTES,
                              &unpacked, &len);
        bytes = vt_bytes_of(unpacked, ok ? len : 0);
    }
    ok = ok && pdf_jpeg_decode(bytes, source->least_width, source->least_height,
                               source->pixels_left, &jpeg);
    free(raw);
    free(unpacked);
    out->width = jpeg.width;
    out->height = jpeg.height;
    out->bits = 8;
    out->parts = jpeg.parts;
    out->data = jpeg.data;
    return ok;
}

/* bits: 1, 2, 4, 8; parts: 1 to 4. */
static size_t row_of(const struct pdf_samples *samples)
{
    return (samples->width * samples->parts * samples->bits + 7) / 8;
}

static bool read_plain(struct source *source, struct pdf_ref ref, const struct pdf_value *dict,
                       struct pdf_samples *out)
{
    size_t len = 0;
    if (!side_of(source->reader, dict, "Width", &out->width) ||
        !side_of(source->reader, dict, "Height", &out->height) ||
        row_of(out) > MAX_DATA_BYTES / out->height ||
        *source->pixels_left < out->width * out->height)
        return false;
    *source->pixels_left -= out->width * out->height;
    return pdf_doc_stream(&source->reader->main, ref, true, MAX_DATA_BYTES, &out->data, &len) &&
           len >= row_of(out) * out->height;
}

/* parts: what the colour space says; a JPEG says it itself. */
static bool read_samples(struct source *source, struct pdf_ref ref, const struct pdf_value *dict,
                         unsigned parts, bool is_stencil, struct pdf_samples *out)
{
    struct pdf_value bits = pdf_get(source->reader, dict, "BitsPerComponent");
    enum packing packing = packing_of(source->reader, dict);
    int64_t count = is_stencil ? 1 : bits.kind == PDF_INTEGER ? bits.integer : 0;
    bool is_known = count == 8 || (parts == 1 && (count == 1 || count == 2 || count == 4));
    *out = (struct pdf_samples){
        .bits = (unsigned)count, .parts = parts, .is_inverted = is_inverted(source->reader, dict)};
    if (packing != PACKED_PLAIN)
        return read_jpeg(source, ref, packing, out);
    return is_known && parts > 0 && read_plain(source, ref, dict, out);
}

/* ---- colour spaces ---- */

/* Components of a colour space without a palette; 0: another one. */
static unsigned parts_of(struct pdf_reader *reader, const struct pdf_value *space)
{
    struct pdf_value first = {0}, second = {0};
    size_t at = 0;
    if (pdf_name_is(space, "DeviceRGB"))
        return 3;
    if (pdf_name_is(space, "DeviceGray"))
        return 1;
    if (pdf_name_is(space, "DeviceCMYK"))
        return 4;
    if (space->kind != PDF_ARRAY || !pdf_array_next(space, &at, &first))
        return 0;
    if (pdf_name_is(&first, "CalRGB"))
        return 3;
    if (pdf_name_is(&first, "CalGray"))
        return 1;
    if (!pdf_name_is(&first, "ICCBased") || !pdf_array_next(space, &at, &second))
        return 0;
    second = pdf_resolve(reader, second);
    struct pdf_value count = pdf_get(reader, &second, "N");
    bool is_known = count.kind == PDF_INTEGER &&
                    (count.integer == 1 || count.integer == 3 || count.integer == 4);
    return is_known ? (unsigned)count.integer : 0;
}

/* [/Indexed base highest lookup] (8.6.6.3). */
static bool read_palette(struct pdf_reader *reader, struct pdf_pixels *pixels,
                         const struct pdf_value *space)
{
    struct pdf_value item[4] = {{0}};
    uint8_t *data = NULL;
    size_t len = 0, count = 0;
    for (size_t at = 0; count < 4 && pdf_array_next(space, &at, &item[count]);)
        count++;
    struct pdf_value base = pdf_resolve(reader, item[1]);
    if (count < 4 || !pdf_name_is(&item[0], "Indexed") || parts_of(reader, &base) != 3)
        return false;
    if (item[3].kind == PDF_REF &&
        pdf_doc_stream(&reader->main, item[3].ref, true, 4096, &data, &len)) {
        for (size_t i = 0; i < len && i < sizeof(pixels->palette); i++)
            pixels->palette[i] = data[i];
        free(data);
        return true;
    }
    struct pdf_value text = pdf_resolve(reader, item[3]);
    uint8_t *decoded = pdf_scratch(reader, text.text.len + 1);
    if (decoded == NULL || (text.kind != PDF_STRING && text.kind != PDF_HEX_STRING))
        return false;
    len = pdf_string_decode(&text, decoded);
    for (size_t i = 0; i < len && i < sizeof(pixels->palette); i++)
        pixels->palette[i] = decoded[i];
    return true;
}

/* ---- a picture ---- */

/* The transparency of a picture (11.6.5.3), or where it is masked (8.9.6.3). False when it has one
 * that cannot be seen: what of the picture shows is then not known. */
static bool read_alpha(struct source *source, const struct pdf_value *dict, struct pdf_pixels *out)
{
    struct pdf_value soft = pdf_dict_get(dict, "SMask"), hard = pdf_dict_get(dict, "Mask");
    struct pdf_value ref = soft.kind == PDF_REF ? soft : hard;
    if (ref.kind != PDF_REF)
        return true;
    struct pdf_value mask = pdf_resolve(source->reader, ref);
    out->is_hidden_by_alpha = soft.kind != PDF_REF;
    return mask.kind == PDF_DICT &&
           read_samples(source, ref.ref, &mask, 1, out->is_hidden_by_alpha, &out->alpha);
}

bool pdf_pixels_read(struct pdf_reader *reader, struct pdf_ref ref, size_t least_width,
                     size_t least_height, size_t *pixels_left, struct pdf_pixels *out)
{
    struct source source = {reader, least_width, least_height, pixels_left};
    struct pdf_value dict = pdf_resolve(reader, (struct pdf_value){.kind = PDF_REF, .ref = ref});
    struct pdf_value space = pdf_get(reader, &dict, "ColorSpace");
    struct pdf_value stencil = pdf_get(reader, &dict, "ImageMask");
    *out = (struct pdf_pixels){.is_stencil = stencil.kind == PDF_BOOL && stencil.integer == 1};
    unsigned parts = out->is_stencil ? 1 : parts_of(reader, &space);
    out->is_indexed = parts == 0 && read_palette(reader, out, &space);
    bool is_read = read_samples(&source, ref, &dict, out->is_indexed ? 1 : parts, out->is_stencil,
                                &out->colour) &&
                   (out->is_stencil || read_alpha(&source, &dict, out));
    if (!is_read)
        pdf_pixels_clear(out);
    return is_read;
}

void pdf_pixels_clear(struct pdf_pixels *pixels)
{
    free(pixels->colour.data);
    free(pixels->alpha.data);
    *pixels = (struct pdf_pixels){0};
}

/* ---- colours ---- */

/* A sample as it stands there. */
static unsigned raw_at(const struct pdf_samples *samples, size_t x, size_t y, unsigned part)
{
    const uint8_t *row = samples->data + y * row_of(samples);
    if (samples->bits == 8)
        return row[x * samples->parts + part];
    size_t bit = x * samples->bits;
    return (unsigned)row[bit / 8] >> (8 - samples->bits - bit % 8) & ((1u << samples->bits) - 1);
}

/* 0 to 255. */
static unsigned level_at(const struct pdf_samples *samples, size_t x, size_t y, unsigned part)
{
    unsigned level = raw_at(samples, x, y, part) * 255 / ((1u << samples->bits) - 1);
    return samples->is_inverted ? 255 - level : level;
}

static void colour_at(const struct pdf_pixels *pixels, size_t x, size_t y, uint8_t rgb[3])
{
    const struct pdf_samples *colour = &pixels->colour;
    unsigned black = colour->parts == 4 ? level_at(colour, x, y, 3) : 0;
    for (unsigned i = 0; i < 3; i++) {
        if (pixels->is_indexed)
            rgb[i] = pixels->palette[raw_at(colour, x, y, 0) * 3 + i];
        else if (colour->parts == 4)
            rgb[i] = (uint8_t)((255 - level_at(colour, x, y, i)) * (255 - black) / 255);
        else
            rgb[i] = (uint8_t)level_at(colour, x, y, colour->parts == 3 ? i : 0);
    }
}

/* Of count rows or columns the one at a part of the whole. */
static size_t index_at(double part, size_t count)
{
    size_t index = part > 0 ? (size_t)(part * (double)count) : 0;
    return index < count ? index : count - 1;
}

unsigned pdf_pixels_at(const struct pdf_pixels *pixels, double x, double y, uint8_t rgb[3])
{
    const struct pdf_samples *colour = &pixels->colour, *alpha = &pixels->alpha;
    size_t at_x = index_at(x, colour->width), at_y = index_at(y, colour->height);
    unsigned opaque = 255;
    if (pixels->is_stencil)
        return 255 - level_at(colour, at_x, at_y, 0); /* 0 paints */
    colour_at(pixels, at_x, at_y, rgb);
    if (alpha->data != NULL)
        opaque = level_at(alpha, index_at(x, alpha->width), index_at(y, alpha->height), 0);
    return pixels->is_hidden_by_alpha ? 255 - opaque : opaque;
}
