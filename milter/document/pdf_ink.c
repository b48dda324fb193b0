/* SPDX-License-Identifier: Apache-2.0
 * What a mark paints (see pdf_ink.h). The page is black on white: what is drawn in a clear colour
 * is seen to be a mark, and what only darkens in a light one hides nothing. */
#include "document/pdf_ink.h"

#include <math.h>

/* Width of a line. Points. */
#define MAX_LINE 2.0
/* How far the parts of a colour lie apart, and how light one is, 0 to 1: red is a clear colour, and
 * black text is read through all but dark ones. */
#define MIN_CHROMA 0.4
#define MIN_LIGHT 0.25
#define MAX_DARK_LINE 0.5
/* How far a path may reach out of the box of the mark. */
#define BEYOND_BOX 1.0

/* ---- colours ---- */

static bool is_clear(const struct pdf_colour *c)
{
    return fmax(c->red, fmax(c->green, c->blue)) - fmin(c->red, fmin(c->green, c->blue)) >=
           MIN_CHROMA;
}

static double light_of(const struct pdf_colour *c)
{
    return 0.3 * c->red + 0.59 * c->green + 0.11 * c->blue;
}

bool pdf_colour_of(const double *parts, size_t count, struct pdf_colour *out)
{
    for (size_t i = 0; i < count; i++) {
        if (!(parts[i] >= 0 && parts[i] <= 1))
            return false;
    }
    if (count == 1)
        *out = (struct pdf_colour){parts[0], parts[0], parts[0]};
    else if (count == 3)
        *out = (struct pdf_colour){parts[0], parts[1], parts[2]};
    else if (count == 4)
        *out =
            (struct pdf_colour){fmax(0, 1 - parts[0] - parts[3]), fmax(0, 1 - parts[1] - parts[3]),
                                fmax(0, 1 - parts[2] - parts[3])};
    return count == 1 || count == 3 || count == 4;
}

bool pdf_ink_is_marking(enum pdf_mark_kind kind, const struct pdf_colour *colour)
{
    return is_clear(colour) && (kind != PDF_MARK_HIGHLIGHT || light_of(colour) >= MIN_LIGHT);
}

/* ---- paths ---- */

static void move_to(struct pdf_ink *ink, const struct pdf_matrix *matrix, double x, double y,
                    bool begins)
{
    struct pdf_path *path = &ink->path;
    const struct pdf_box *box = &ink->box;
    double to_x, to_y;
    pdf_matrix_point(matrix, x, y, &to_x, &to_y);
    if (begins) {
        path->first_x = to_x;
        path->first_y = to_y;
    } else {
        path->twice_area += path->x * to_y - to_x * path->y;
    }
    path->x = to_x;
    path->y = to_y;
    if (!(to_x >= box->left - BEYOND_BOX && to_y >= box->bottom - BEYOND_BOX &&
          to_x <= box->right + BEYOND_BOX && to_y <= box->top + BEYOND_BOX))
        path->is_beyond = true;
}

static void close_part(struct pdf_path *path)
{
    double twice = path->twice_area + path->x * path->first_y - path->first_x * path->y;
    double area = (twice < 0 ? -twice : twice) / 2;
    path->others += fmin(area, path->largest);
    path->largest = fmax(area, path->largest);
    path->x = path->first_x;
    path->y = path->first_y;
    path->twice_area = 0;
}

/* The points that bend a curve count as its corners. */
bool pdf_ink_path(struct pdf_ink *ink, const struct pdf_matrix *matrix, struct vt_bytes word,
                  const double *n, size_t count)
{
    static const struct {
        const char *name;
        size_t operands;
    } known[] = {{"m", 2}, {"l", 2}, {"c", 6}, {"v", 4}, {"y", 4}, {"h", 0}, {"re", 4}};
    size_t i = 0;
    while (i < sizeof(known) / sizeof(known[0]) &&
           !vt_bytes_equal(word, vt_bytes_str(known[i].name)))
        i++;
    if (i == sizeof(known) / sizeof(known[0]) || count != known[i].operands)
        return false;
    if (i == 0 || i >= 5)
        close_part(&ink->path);
    if (i == 6) {
        move_to(ink, matrix, n[0], n[1], true);
        move_to(ink, matrix, n[0] + n[2], n[1], false);
        move_to(ink, matrix, n[0] + n[2], n[1] + n[3], false);
        move_to(ink, matrix, n[0], n[1] + n[3], false);
        close_part(&ink->path);
    }
    for (size_t at = 0; i < 5 && at < count; at += 2)
        move_to(ink, matrix, n[at], n[at + 1], i == 0);
    if (ink->kind == PDF_MARK_LINE)
        return i != 6 && (i == 0 || i == 5 || ++ink->lines <= ink->max_lines);
    return true;
}

/* ---- painting ---- */

static bool may_fill(struct pdf_ink *ink, const struct pdf_pen *pen, bool darkens)
{
    close_part(&ink->path);
    if (ink->kind == PDF_MARK_HIGHLIGHT)
        return darkens && pdf_ink_is_marking(ink->kind, &pen->fill);
    if (ink->kind == PDF_MARK_LINE)
        return false;
    if (!is_clear(&pen->fill))
        return ink->ground == 0; /* what lies below the ground */
    if (!ink->path.is_beyond)
        ink->ground = fmax(ink->ground, ink->path.largest - ink->path.others);
    return true;
}

static bool may_stroke(struct pdf_ink *ink, const struct pdf_pen *pen, bool darkens)
{
    double scale = fmax(pen->matrix.a * pen->matrix.a + pen->matrix.b * pen->matrix.b,
                        pen->matrix.c * pen->matrix.c + pen->matrix.d * pen->matrix.d);
    double width = pen->width * ink->scale;
    if (width < 0 || width * width * scale > MAX_LINE * MAX_LINE)
        return false;
    if (ink->kind == PDF_MARK_LINE)
        return is_clear(&pen->stroke) && ++ink->lines <= ink->max_lines;
    if (ink->kind == PDF_MARK_HIGHLIGHT)
        return darkens && pdf_ink_is_marking(ink->kind, &pen->stroke);
    return is_clear(&pen->stroke) || light_of(&pen->stroke) <= MAX_DARK_LINE;
}

bool pdf_ink_paint(struct pdf_ink *ink, const struct pdf_pen *pen, bool darkens,
                   struct vt_bytes word, bool *out_known)
{
    static const struct {
        const char *name;
        bool fills, strokes;
    } known[] = {{"S", false, true},  {"s", false, true}, {"f", true, false}, {"F", true, false},
                 {"f*", true, false}, {"B", true, true},  {"B*", true, true}, {"b", true, true},
                 {"b*", true, true},  {"n", false, false}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!vt_bytes_equal(word, vt_bytes_str(known[i].name)))
            continue;
        bool may = (!known[i].fills || may_fill(ink, pen, darkens)) &&
                   (!known[i].strokes || may_stroke(ink, pen, darkens));
        ink->path = (struct pdf_path){0};
        *out_known = true;
        return may;
    }
    *out_known = false;
    return false;
}
