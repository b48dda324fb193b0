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
extern const struct pdf_matrix pdf_identity;
/* From the six numbers of an array or of an operator. */
struct pdf_matrix pdf_matrix_of(const double numbers[6]);
/* Where a point and a box lie behind a matrix. */
void pdf_matrix_point(const struct pdf_matrix *matrix, double x, double y, double *out_x,
                      double *out_y);
struct pdf_box pdf_matrix_box(const struct pdf_matrix *matrix, const struct pdf_box *box);
/* first, then second. */
struct pdf_matrix pdf_matrix_times(const struct pdf_matrix *first, const struct pdf_matrix *second);

#endif
