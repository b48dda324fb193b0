/* SPDX-License-Identifier: Apache-2.0
 * Places on a page (ISO 32000-1, 8.3): boxes and transformation matrices. */
#ifndef VT_DOCUMENT_PDF_GEOMETRY_H
#define VT_DOCUMENT_PDF_GEOMETRY_H

struct pdf_box {
    double left, bottom, right, top; /* in points, left <= right, bottom <= top */
};

/* [a b c d e f]: x' = a x + c y + e, y' = b x + d y + f (8.3.4). */
struct pdf_matrix {
    double a, b, c, d, e, f;
};

/* The box of any two opposite corners x, y, x, y (7.9.5). */
struct pdf_box pdf_box_of(const double corners[4]);
/* first, then second. */
struct pdf_matrix pdf_matrix_times(const struct pdf_matrix *first, const struct pdf_matrix *second);

#endif
