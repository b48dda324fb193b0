/* SPDX-License-Identifier: Apache-2.0
 * Boxes and matrices (see pdf_geometry.h). */
#include "document/pdf_geometry.h"

#include <math.h>

struct pdf_box pdf_box_of(const double corners[4])
{
    return (struct pdf_box){.left = fmin(corners[0], corners[2]),
                            .bottom = fmin(corners[1], corners[3]),
                            .right = fmax(corners[0], corners[2]),
                            .top = fmax(corners[1], corners[3])};
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
