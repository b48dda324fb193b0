/* SPDX-License-Identifier: Apache-2.0
 * Painting pictures (ISO 32000-1, 8.9.5): for each dot of the canvas the place in the picture that
 * lies there, from four places in the dot where the picture has more dots than the canvas. */
#include "document/pdf_canvas.h"

#include <stdlib.h>
#include <string.h>

#include "document/pdf_samples.h"

/* Dots of a picture for one of the canvas from which on more than one are looked at. */
#define MANY_DOTS 1.5

struct painter {
    struct pdf_canvas *canvas;
    struct pdf_matrix back; /* from the page to the unit square */
    const struct pdf_box *page;
    const struct pdf_pixels *pixels;
    const uint8_t *fill;
    unsigned places; /* looked at in a dot: 1 or 4 */
};

/* False: it maps everything onto a line. */
static bool invert(const struct pdf_matrix *m, struct pdf_matrix *out)
{
    double det = m->a * m->d - m->b * m->c;
    if (!(det > 1e-9 || det < -1e-9))
        return false;
    *out = (struct pdf_matrix){.a = m->d / det,
                               .b = -m->b / det,
                               .c = -m->c / det,
                               .d = m->a / det,
                               .e = (m->c * m->f - m->d * m->e) / det,
                               .f = (m->b * m->e - m->a * m->f) / det};
    return true;
}

/* Add what a place of the page has of the picture. Returns how opaque it is. */
static unsigned add_place(const struct painter *painter, double x, double y, unsigned sums[3])
{
    const struct pdf_matrix *m = &painter->back;
    double across = m->a * x + m->c * y + m->e, up = m->b * x + m->d * y + m->f;
    if (!(across >= 0 && across < 1 && up > 0 && up <= 1))
        return 0;
    uint8_t rgb[3] = {painter->fill[0], painter->fill[1], painter->fill[2]};
    unsigned opaque = pdf_pixels_at(painter->pixels, across, 1 - up, rgb);
    for (unsigned i = 0; i < 3; i++)
        sums[i] += rgb[i] * opaque;
    return opaque;
}

static void paint_dot(const struct painter *painter, size_t row, size_t column)
{
    static const double across[] = {0.25, 0.75, 0.25, 0.75}, down[] = {0.25, 0.25, 0.75, 0.75};
    uint8_t *dot = painter->canvas->rgb + (row * painter->canvas->width + column) * 3;
    unsigned sums[3] = {0}, opaque = 0, most = painter->places * 255;
    for (unsigned i = 0; i < painter->places; i++) {
        double x = painter->page->left + (double)column + (painter->places == 1 ? 0.5 : across[i]);
        double y = painter->page->top - (double)row - (painter->places == 1 ? 0.5 : down[i]);
        opaque += add_place(painter, x, y, sums);
    }
    for (unsigned i = 0; i < 3 && opaque > 0; i++)
        dot[i] = (uint8_t)((sums[i] + dot[i] * (most - opaque)) / most);
}

/* Rows or columns from begin to before end, of those there are. */
static void clamp(double begin, double end, size_t count, size_t *out_begin, size_t *out_end)
{
    *out_begin = begin > 0 ? (size_t)begin : 0;
    *out_end = end <= 0 ? 0 : end >= (double)count ? count : (size_t)end + 1;
    if (*out_end > count)
        *out_end = count;
}

static void paint(struct painter *painter, const struct pdf_box *box, size_t *pixels_left)
{
    size_t left, right, top, bottom;
    clamp(box->left - painter->page->left, box->right - painter->page->left, painter->canvas->width,
          &left, &right);
    clamp(painter->page->top - box->top, painter->page->top - box->bottom, painter->canvas->height,
          &top, &bottom);
    for (size_t row = top; row < bottom && left < right; row++) {
        if (*pixels_left < right - left)
            return;
        *pixels_left -= right - left;
        for (size_t column = left; column < right; column++)
            paint_dot(painter, row, column);
    }
}

static size_t dots_of(double points)
{
    return points < 1 ? 1 : points > 4000 ? 4000 : (size_t)points;
}

static void paint_picture(struct pdf_reader *reader, const struct pdf_drawing *drawing,
                          const struct pdf_picture *picture, size_t *pixels_left,
                          struct pdf_canvas *canvas)
{
    const struct pdf_box *box = &picture->box, *page = &drawing->page;
    struct pdf_pixels pixels;
    struct painter painter = {
        .canvas = canvas, .page = page, .pixels = &pixels, .fill = picture->fill};
    bool is_seen = picture->ref.id != 0 && box->right > page->left && box->left < page->right &&
                   box->top > page->bottom && box->bottom < page->top;
    if (!is_seen || !invert(&picture->matrix, &painter.back) ||
        !pdf_pixels_read(reader, picture->ref, dots_of(box->right - box->left),
                         dots_of(box->top - box->bottom), pixels_left, &pixels))
        return;
    painter.places = (double)pixels.colour.width < MANY_DOTS * (box->right - box->left) ? 1 : 4;
    paint(&painter, box, pixels_left);
    pdf_pixels_clear(&pixels);
}

bool pdf_canvas_paint(struct pdf_reader *reader, const struct pdf_drawing *drawing,
                      size_t *pixels_left, struct pdf_canvas *out)
{
    const struct pdf_box *page = &drawing->page;
    *out = (struct pdf_canvas){.width = dots_of(page->right - page->left),
                               .height = dots_of(page->top - page->bottom)};
    if (out->width * out->height > PDF_MAX_CANVAS_PIXELS)
        return false;
    out->rgb = malloc(out->width * out->height * 3);
    if (out->rgb == NULL)
        return false;
    memset(out->rgb, 255, out->width * out->height * 3);
    for (size_t i = 0; i < drawing->pictures_count; i++)
        paint_picture(reader, drawing, &drawing->pictures[i], pixels_left, out);
    return true;
}

void pdf_canvas_clear(struct pdf_canvas *canvas)
{
    free(canvas->rgb);
    *canvas = (struct pdf_canvas){0};
}
