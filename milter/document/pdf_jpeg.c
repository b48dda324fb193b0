/* SPDX-License-Identifier: Apache-2.0
 * Decoding by libjpeg, which libqpdf needs as well. Not through libqpdf: it gives the full size
 * only, believes any size and knows no limit to the scans of a progressive picture. */
#include "document/pdf_jpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

/* A4 in 600 dots to the inch has 35 million. The coefficients of a progressive picture are all kept
 * until its last scan came: up to 6 bytes for each pixel. */
#define MAX_PIXELS ((size_t)48 * 1000 * 1000)
#define MAX_PROGRESSIVE_PIXELS ((size_t)12 * 1000 * 1000)
#define MAX_OUT_BYTES ((size_t)24 * 1024 * 1024)

/* What a jump back must find as it was left lies here and not on the stack. */
struct decoder {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf back;
    size_t pixels, *pixels_left;
    int scan; /* the last one that was counted */
    struct pdf_jpeg *out;
};

static struct decoder *decoder_of(j_common_ptr info)
{
    return info->client_data;
}

static void jump_back(j_common_ptr info)
{
    longjmp(decoder_of(info)->back, 1);
}

/* Warnings are of a damaged picture, of which as much is seen as there is. */
static void say_nothing(j_common_ptr info, int level)
{
    (void)info;
    (void)level;
}

static void count_scan(j_common_ptr info)
{
    struct decoder *decoder = decoder_of(info);
    if (decoder->info.input_scan_number <= decoder->scan)
        return;
    decoder->scan = decoder->info.input_scan_number;
    if (*decoder->pixels_left < decoder->pixels)
        jump_back(info);
    *decoder->pixels_left -= decoder->pixels;
}

static bool has_size(struct decoder *decoder)
{
    bool is_progressive = jpeg_has_multiple_scans(&decoder->info) == TRUE;
    return decoder->pixels <= (is_progressive ? MAX_PROGRESSIVE_PIXELS : MAX_PIXELS);
}

static bool choose_parts(struct jpeg_decompress_struct *info)
{
    static const J_COLOR_SPACE spaces[] = {[1] = JCS_GRAYSCALE, [3] = JCS_RGB, [4] = JCS_CMYK};
    if (info->num_components != 1 && info->num_components != 3 && info->num_components != 4)
        return false;
    info->out_color_space = spaces[info->num_components];
    return true;
}

static void choose_scale(struct jpeg_decompress_struct *info, size_t least_width,
                         size_t least_height)
{
    info->scale_num = 1;
    info->scale_denom = 8;
    while (info->scale_denom > 1 && (info->image_width / info->scale_denom < least_width ||
                                     info->image_height / info->scale_denom < least_height))
        info->scale_denom /= 2;
}

/* Row by row; the library jumps back when it cannot go on. */
static bool decode(struct decoder *decoder)
{
    struct jpeg_decompress_struct *info = &decoder->info;
    struct pdf_jpeg *out = decoder->out;
    (void)jpeg_start_decompress(info);
    out->width = info->output_width;
    out->height = info->output_height;
    out->parts = (unsigned)info->output_components;
    size_t row_bytes = out->width * out->parts;
    if (row_bytes == 0 || out->height > MAX_OUT_BYTES / row_bytes)
        return false;
    out->data = malloc(row_bytes * out->height);
    while (out->data != NULL && info->output_scanline < info->output_height) {
        JSAMPROW row = out->data + info->output_scanline * row_bytes;
        (void)jpeg_read_scanlines(info, &row, 1);
    }
    return out->data != NULL;
}

static bool decode_all(struct decoder *decoder, struct vt_bytes bytes, size_t least_width,
                       size_t least_height)
{
    struct jpeg_decompress_struct *info = &decoder->info;
    info->err = jpeg_std_error(&decoder->errors);
    info->client_data = decoder;
    decoder->errors.error_exit = jump_back;
    decoder->errors.emit_message = say_nothing;
    if (setjmp(decoder->back) != 0)
        return false;
    jpeg_create_decompress(info);
    decoder->progress.progress_monitor = count_scan;
    info->progress = &decoder->progress;
    jpeg_mem_src(info, bytes.ptr, bytes.len);
    (void)jpeg_read_header(info, TRUE);
    decoder->pixels = (size_t)info->image_width * info->image_height;
    if (!has_size(decoder) || !choose_parts(info))
        return false;
    choose_scale(info, least_width, least_height);
    info->do_fancy_upsampling = FALSE;
    return decode(decoder);
}

bool pdf_jpeg_decode(struct vt_bytes bytes, size_t least_width, size_t least_height,
                     size_t *pixels_left, struct pdf_jpeg *out)
{
    struct decoder *decoder = calloc(1, sizeof(*decoder));
    *out = (struct pdf_jpeg){0};
    if (decoder == NULL)
        return false;
    decoder->pixels_left = pixels_left;
    decoder->out = out;
    bool is_decoded = decode_all(decoder, bytes, least_width, least_height);
    jpeg_destroy_decompress(&decoder->info);
    free(decoder);
    if (is_decoded)
        return true;
    free(out->data);
    *out = (struct pdf_jpeg){0};
    return false;
}
