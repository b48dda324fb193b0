/* SPDX-License-Identifier: Apache-2.0
 * Pages (ISO 32000-1 7.7.3) with what they inherit, and rectangles as a reader of the page sees
 * them: turned by /Rotate, cut by /CropBox, scaled by /UserUnit. */
#include <stdlib.h>
#include <string.h>

#include "seal/pdf.h"

/* A4, where a page says nothing. */
#define USUAL_WIDTH 595.0
#define USUAL_HEIGHT 842.0

struct node {
    struct pdf_value value;
    struct pdf_value media_box, crop_box, rotate, resources;
    unsigned depth;
};
struct walk {
    struct pdf_reader *reader;
    struct node *stack;
    size_t count;
    struct pdf_set seen;
};

bool vt_pdf_number(const struct pdf_value *value, double *out)
{
    char text[32];
    if ((value->kind != PDF_INTEGER && value->kind != PDF_REAL) || value->text.len >= sizeof(text))
        return false;
    memcpy(text, value->text.ptr, value->text.len);
    text[value->text.len] = '\0';
    *out = strtod(text, NULL);
    return *out > -1e6 && *out < 1e6;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double greatest(double a, double b)
{
    return a > b ? a : b;
}

/* 7.9.5: any two opposite corners. */
bool vt_pdf_rect_read(struct pdf_reader *reader, const struct pdf_value *value,
                      struct vt_pdf_rect *out)
{
    struct pdf_value array = pdf_resolve(reader, *value), item;
    double corners[4] = {0};
    size_t count = 0;
    for (size_t at = 0; count < 4 && pdf_array_next(&array, &at, &item); count++) {
        item = pdf_resolve(reader, item);
        if (!vt_pdf_number(&item, &corners[count]))
            return false;
    }
    *out = (struct vt_pdf_rect){least(corners[0], corners[2]), least(corners[1], corners[3]),
                                greatest(corners[0], corners[2]), greatest(corners[1], corners[3])};
    return count == 4;
}

/* ---- the tree ---- */

static void push(struct walk *walk, const struct node *parent, struct pdf_value value)
{
    struct node child = *parent;
    struct node *stack =
        vt_arena_grow(walk->reader->scratch, walk->stack, walk->count, sizeof(*stack));
    if (stack == NULL || parent->depth >= PDF_MAX_TREE_DEPTH) {
        walk->reader->over_limit = true;
        return;
    }
    child.value = value;
    child.depth++;
    walk->stack = stack;
    walk->stack[walk->count++] = child;
}

static void push_kids(struct walk *walk, const struct node *parent, const struct pdf_value *kids)
{
    struct pdf_value item;
    size_t first = walk->count;
    for (size_t at = 0; pdf_array_next(kids, &at, &item);) {
        if (item.kind == PDF_REF)
            push(walk, parent, item);
    }
    for (size_t low = first, high = walk->count; low + 1 < high; low++) {
        struct node swapped = walk->stack[low];
        walk->stack[low] = walk->stack[--high];
        walk->stack[high] = swapped;
    }
}

static void inherit(struct walk *walk, const struct pdf_value *dict, const char *key,
                    struct pdf_value *inherited)
{
    struct pdf_value own = pdf_get(walk->reader, dict, key);
    if (own.kind != PDF_NONE)
        *inherited = own;
}

/* The next page in the order of the document. */
static bool next_page(struct walk *walk, struct node *out, struct pdf_value *out_dict)
{
    while (walk->count > 0 && !walk->reader->over_limit) {
        struct node node = walk->stack[--walk->count];
        if (!pdf_set_add(walk->reader, &walk->seen, pdf_ref_key(node.value.ref)))
            continue;
        struct pdf_value dict = pdf_resolve(walk->reader, node.value);
        if (dict.kind != PDF_DICT)
            continue;
        inherit(walk, &dict, "MediaBox", &node.media_box);
        inherit(walk, &dict, "CropBox", &node.crop_box);
        inherit(walk, &dict, "Rotate", &node.rotate);
        inherit(walk, &dict, "Resources", &node.resources);
        struct pdf_value kids = pdf_get(walk->reader, &dict, "Kids");
        if (kids.kind != PDF_ARRAY) {
            *out = node;
            *out_dict = dict;
            return true;
        }
        push_kids(walk, &node, &kids);
    }
    return false;
}

static void read_box(struct pdf_reader *reader, const struct node *node, struct vt_pdf_page *out)
{
    struct vt_pdf_rect media, crop;
    if (!vt_pdf_rect_read(reader, &node->media_box, &media) || media.x1 - media.x0 < 1 ||
        media.y1 - media.y0 < 1)
        media = (struct vt_pdf_rect){0, 0, USUAL_WIDTH, USUAL_HEIGHT};
    /* 14.11.2: what is beyond the medium is not there. */
    if (vt_pdf_rect_read(reader, &node->crop_box, &crop)) {
        crop = (struct vt_pdf_rect){greatest(media.x0, crop.x0), greatest(media.y0, crop.y0),
                                    least(media.x1, crop.x1), least(media.y1, crop.y1)};
        if (crop.x1 - crop.x0 >= 1 && crop.y1 - crop.y0 >= 1)
            media = crop;
    }
    out->box[0] = media.x0;
    out->box[1] = media.y0;
    out->box[2] = media.x1;
    out->box[3] = media.y1;
}

static void read_page(struct pdf_reader *reader, const struct node *node,
                      const struct pdf_value *dict, struct vt_pdf_page *out)
{
    struct pdf_value unit = pdf_get(reader, dict, "UserUnit");
    int64_t turned = node->rotate.kind == PDF_INTEGER ? node->rotate.integer % 360 : 0;
    *out = (struct vt_pdf_page){
        .ref = node->value.ref, .dict = *dict, .resources = node->resources, .unit = 1};
    out->rotate = (int)((turned + 360) % 360) / 90 * 90;
    if (!vt_pdf_number(&unit, &out->unit) || out->unit < 0.01)
        out->unit = 1;
    read_box(reader, node, out);
}

static bool begin_walk(struct vt_pdf_source *source, struct walk *walk)
{
    struct node root = {0};
    struct pdf_value pages = pdf_dict_get(&source->reader.catalog, "Pages");
    *walk = (struct walk){.reader = &source->reader};
    if (pages.kind == PDF_REF)
        push(walk, &root, pages);
    return walk->count > 0;
}

bool vt_pdf_page_find(struct vt_pdf_source *source, unsigned number, struct vt_pdf_page *out)
{
    struct walk walk;
    struct node node = {0}, last = {0};
    struct pdf_value dict, last_dict = {0};
    unsigned count = 0;
    for (bool more = begin_walk(source, &walk); more && next_page(&walk, &node, &dict);) {
        count++;
        last = node;
        last_dict = dict;
        if (count == number)
            break;
    }
    if (count == 0 || (number != 0 && count != number))
        return false;
    read_page(&source->reader, &last, &last_dict, out);
    return true;
}

static bool has_annotation(struct pdf_reader *reader, const struct pdf_value *page,
                           struct pdf_ref widget)
{
    struct pdf_value annots = pdf_get(reader, page, "Annots"), item;
    for (size_t at = 0; pdf_array_next(&annots, &at, &item);) {
        if (item.kind == PDF_REF && item.ref.id == widget.id && item.ref.gen == widget.gen)
            return true;
    }
    return false;
}

bool vt_pdf_page_of(struct vt_pdf_source *source, struct pdf_ref widget, struct vt_pdf_page *out)
{
    struct walk walk;
    struct node node = {0};
    struct pdf_value dict;
    for (bool more = begin_walk(source, &walk); more && next_page(&walk, &node, &dict);) {
        if (!has_annotation(&source->reader, &dict, widget))
            continue;
        read_page(&source->reader, &node, &dict, out);
        return true;
    }
    return false;
}

/* ---- as it is shown ---- */

double vt_pdf_page_width(const struct vt_pdf_page *page)
{
    double width = page->box[2] - page->box[0], height = page->box[3] - page->box[1];
    return (page->rotate % 180 == 0 ? width : height) * page->unit;
}

double vt_pdf_page_height(const struct vt_pdf_page *page)
{
    double width = page->box[2] - page->box[0], height = page->box[3] - page->box[1];
    return (page->rotate % 180 == 0 ? height : width) * page->unit;
}

/* A point that is shown at (left, top): the page is turned clockwise. */
static void user_point(const struct vt_pdf_page *page, double left, double top, double *x,
                       double *y)
{
    left /= page->unit;
    top /= page->unit;
    switch (page->rotate) {
    case 90:
        *x = page->box[0] + top;
        *y = page->box[1] + left;
        break;
    case 180:
        *x = page->box[2] - left;
        *y = page->box[1] + top;
        break;
    case 270:
        *x = page->box[2] - top;
        *y = page->box[3] - left;
        break;
    default:
        *x = page->box[0] + left;
        *y = page->box[3] - top;
        break;
    }
}

struct vt_pdf_rect vt_pdf_page_rect(const struct vt_pdf_page *page, double left, double top,
                                    double width, double height)
{
    double x0, y0, x1, y1;
    user_point(page, left, top, &x0, &y0);
    user_point(page, left + width, top + height, &x1, &y1);
    return (struct vt_pdf_rect){least(x0, x1), least(y0, y1), greatest(x0, x1), greatest(y0, y1)};
}

void vt_pdf_page_shown(const struct vt_pdf_page *page, const struct vt_pdf_rect *rect,
                       double *out_left, double *out_top, double *out_width, double *out_height)
{
    double width = (rect->x1 - rect->x0) * page->unit, height = (rect->y1 - rect->y0) * page->unit;
    switch (page->rotate) {
    case 90:
        *out_left = (rect->y0 - page->box[1]) * page->unit;
        *out_top = (rect->x0 - page->box[0]) * page->unit;
        break;
    case 180:
        *out_left = (page->box[2] - rect->x1) * page->unit;
        *out_top = (rect->y0 - page->box[1]) * page->unit;
        break;
    case 270:
        *out_left = (page->box[3] - rect->y1) * page->unit;
        *out_top = (page->box[2] - rect->x1) * page->unit;
        break;
    default:
        *out_left = (rect->x0 - page->box[0]) * page->unit;
        *out_top = (page->box[3] - rect->y1) * page->unit;
        break;
    }
    *out_width = page->rotate % 180 == 0 ? width : height;
    *out_height = page->rotate % 180 == 0 ? height : width;
}
