/* SPDX-License-Identifier: Apache-2.0
 * The pixels of a picture (ISO 32000-1, 8.9.5): of the general-purpose filters and of JPEG; colours
 * red, green and blue, grey, CMYK and by a palette; soft masks and masks. Not JPEG 2000, JBIG2 and
 * CCITT: of these nothing is seen, and what they mask is not painted. */
#ifndef VT_DOCUMENT_PDF_SAMPLES_H
#define VT_DOCUMENT_PDF_SAMPLES_H

#include "document/pdf.h"

/* Samples as they lie in a stream. */
struct pdf_samples {
    size_t width, height;
    unsigned bits, parts;
    bool is_inverted; /* by its /Decode */
    uint8_t *data;    /* malloc'd; rows begin at a byte */
};

struct pdf_pixels {
    struct pdf_samples colour;
    uint8_t palette[256 * 3]; /* Indexed; colour.parts is then 1 */
    bool is_indexed;
    bool is_stencil;          /* colour has one bit: where it is painted (8.9.6.2) */
    struct pdf_samples alpha; /* data NULL: all is opaque */
    bool is_hidden_by_alpha;  /* alpha is a mask: 1 hides (8.9.6.3) */
};

/* Read a picture. least_width, least_height: of a JPEG, see there. *pixels_left: what may be read
 * yet of this file, counted down. False when it cannot be seen. */
bool pdf_pixels_read(struct pdf_reader *reader, struct pdf_ref ref, size_t least_width,
                     size_t least_height, size_t *pixels_left, struct pdf_pixels *out);
void pdf_pixels_clear(struct pdf_pixels *pixels);
/* The colour at a place in the unit square of the picture, and how opaque it is there, 0 to 255.
 * x and y: 0 to below 1, y downwards. rgb is left as it is where a stencil paints. */
unsigned pdf_pixels_at(const struct pdf_pixels *pixels, double x, double y, uint8_t rgb[3]);

#endif
