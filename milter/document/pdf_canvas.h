/* SPDX-License-Identifier: Apache-2.0
 * The pictures of a page painted where they lie, one dot to the point: a scan in strips, layers of
 * paper and ink, a seal cut out of transparent ground come together as a reader sees them. Text,
 * lines, clipping and blending are not painted. */
#ifndef VT_DOCUMENT_PDF_CANVAS_H
#define VT_DOCUMENT_PDF_CANVAS_H

#include "document/pdf_drawing.h"

/* An A1 drawing has 4 million. */
#define PDF_MAX_CANVAS_PIXELS ((size_t)4 * 1000 * 1000)

struct pdf_canvas {
    size_t width, height;
    uint8_t *rgb; /* rows from the top; white where nothing is; malloc'd */
};

/* Paint the pictures of a page. *pixels_left: what may be read and painted yet, counted down; what
 * is beyond it, or cannot be seen, is not painted. False: a page of no usual size, or no memory. */
bool pdf_canvas_paint(struct pdf_reader *reader, const struct pdf_drawing *drawing,
                      size_t *pixels_left, struct pdf_canvas *out);
void pdf_canvas_clear(struct pdf_canvas *canvas);

#endif
