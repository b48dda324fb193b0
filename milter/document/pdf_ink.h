/* SPDX-License-Identifier: Apache-2.0
 * What a mark paints: paths as large as they are, filled and stroked in the colours a mark may
 * have. Inside of pdf_mark.c. */
#ifndef VT_DOCUMENT_PDF_INK_H
#define VT_DOCUMENT_PDF_INK_H

#include "document/pdf_geometry.h"
#include "document/pdf_mark.h"

struct pdf_colour {
    double red, green, blue; /* 0 to 1 */
};

/* What paths are painted with: a part of the graphics state (8.4). */
struct pdf_pen {
    struct pdf_matrix matrix;
    struct pdf_colour fill, stroke;
    double width;
    bool darkens; /* the blend mode is Multiply */
};

/* The path that is being built: its areas, the largest one apart (8.5.2). */
struct pdf_path {
    double first_x, first_y, x, y;
    double twice_area; /* of the part that is being built */
    double largest, others;
    bool is_beyond; /* reaches out of the box */
};

struct pdf_ink {
    enum pdf_mark_kind kind;
    struct pdf_box box; /* of the mark's form */
    double scale;       /* of the box into the rectangle */
    size_t max_lines;   /* segments and strokes; of PDF_MARK_LINE */
    size_t lines;
    double ground; /* the largest area filled in a clear colour */
    struct pdf_path path;
};

/* 8.6.4: gray, RGB or CMYK by the number of parts. False: it is no colour. */
bool pdf_colour_of(const double *parts, size_t count, struct pdf_colour *out);
/* Is a mark of this kind drawn in such a colour? */
bool pdf_ink_is_marking(enum pdf_mark_kind kind, const struct pdf_colour *colour);
/* Do an operator of 8.5.2.1 with its operands n. False: it is none, or no path of such a mark. */
bool pdf_ink_path(struct pdf_ink *ink, const struct pdf_matrix *matrix, struct vt_bytes word,
                  const double *n, size_t count);
/* Do an operator of 8.5.3. darkens: what is painted only darkens the page below. *out_known: it is
 * such an operator. False: a mark is not painted so. */
bool pdf_ink_paint(struct pdf_ink *ink, const struct pdf_pen *pen, bool darkens,
                   struct vt_bytes word, bool *out_known);

#endif
