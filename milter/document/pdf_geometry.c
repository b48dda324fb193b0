/* SPDX-License-Identifier: Apache-2.0
 * Boxes and matrices (see pdf_geometry.h). */
#include "document/pdf_geometry.h"

#include <math.h>
#include <stddef.h>

struct pdf_box pdf_box_of(const double corners[4])
{
    return (struct pdf_box){.left = fmin(corners[0], corners[2]),
                            .bottom = fmin(corners[1], corners[3]),
                            .right = fmax(corners[0], corners[2]),
                            .top = fmax(corners[1], corners[3])};
}

const struct pdf_matrix pdf_identity = {.a = 1, .d = 1};

struct pdf_matrix pdf_matrix_of(const double numbers[6])
{
    return (struct pdf_matrix){numbers[0], numbers[1], numbers[2],
                               numbers[3], numbers[4], numbers[5]};
}

void pdf_matrix_point(const struct pdf_matrix *matrix, double x, double y, double *out_x,
                      double *out_y)
{
    *out_x = matrix->a * x + matrix->c * y + matrix->e;
    *out_y = matrix->b * x + matrix->d * y + matrix->f;
}

struct pdf_box pdf_matrix_box(const struct pdf_matrix *matrix, const struct pdf_box *box)
{
    const double x[] = {box->left, box->right, box->left, box->right};
    const double y[] = {box->bottom, box->bottom, box->top, box->top};
    struct pdf_box out = {1e18, 1e18, -1e18, -1e18};
    for (size_t i = 0; i < 4; i++) {
        double to_x, to_y;
        pdf_matrix_point(matrix, x[i], y[i], &to_x, &to_y);
        out = (struct pdf_box){fmin(out.left, to_x), fmin(out.bottom, to_y), fmax(out.right, to_x),
                               fmax(out.top, to_y)};
    }
    return out;
}

struct pdf_matrix pdf_matrix_times(const struct pdf_matrix *first, const struct pdf_matrix *second)
{
    return (struct pdf_matrix){
        .a = first->a * second->a + first->b * second->c,
        .b = first->a * second->b + first->b * second->d,
        .c = first->c * second->a + first->d * second->c,
        .d = first->c * second->b + first->d * second->d,
        .e = first->e * second->a + first->f * second->c + second->e,
        .f = first->e * second->b + first->f * second->d + second->f,
    };
}
