/* SPDX-License-Identifier: Apache-2.0
 * Pages (ISO 32000-1 7.7.3) with what they inherit, and rectangles as a reader of the page sees
 * them: turned by /Rotate, cut by /CropBox, scaled by /UserUnit. */
#include <math.h>

#include "seal/pdf.h"

/* A4, where a page says nothing. */
#define USUAL_WIDTH 595.0
#define USUAL_HEIGHT 842.0
/* Farther than any page is. */
#define MAX_COORDINATE 1e6

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

static bool is_near(double number)
{
    return number > -MAX_COORDINATE && number < MAX_COORDINATE;
}

bool vt_pdf_number(const struct pdf_value *value, double *out)
{
    return pdf_number_of(value, out) && is_near(*out);
}

bool vt_pdf_rect_read(struct pdf_reader *reader, const struct pdf_value *value, struct pdf_box *out)
{
    struct pdf_value array = pdf_resolve(reader, *value);
    return pdf_box_read(reader, &array, out) && is_near(out->left) && is_near(out->bottom) &&
           is_near(out->right) && is_near(out->top);
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
    struct pdf_box media, crop;
    if (!vt_pdf_rect_read(reader, &node->media_box, &media) || media.right - media.left < 1 ||
        media.top - media.bottom < 1)
        media = (struct pdf_box){0, 0, USUAL_WIDTH, USUAL_HEIGHT};
    /* 14.11.2: what is beyond the medium is not there. */
    if (vt_pdf_rect_read(reader, &node->crop_box, &crop)) {
        crop = (struct pdf_box){fmax(media.left, crop.left), fmax(media.bottom, crop.bottom),
                                fmin(media.right, crop.right), fmin(media.top, crop.top)};
        if (crop.right - crop.left >= 1 && crop.top - crop.bottom >= 1)
            media = crop;
    }
    out->box = media;
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

bool vt_pdf_page_of(struct vt_pdf_source *source, struct pdf_ref widget, struct vt_pdf_page *out)
{
    struct walk walk;
    struct node node = {0};
    struct pdf_value dict;
    for (bool more = begin_walk(source, &walk); more && next_page(&walk, &node, &dict);) {
        if (!pdf_page_has_annotation(&source->reader, &dict, widget))
            continue;
        read_page(&source->reader, &node, &dict, out);
        return true;
    }
    return false;
}

/* ---- as it is shown ---- */

double vt_pdf_page_width(const struct vt_pdf_page *page)
{
    double width = page->box.right - page->box.left, height = page->box.top - page->box.bottom;
    return (page->rotate % 180 == 0 ? width : height) * page->unit;
}

double vt_pdf_page_height(const struct vt_pdf_page *page)
{
    double width = page->box.right - page->box.left, height = page->box.top - page->box.bottom;
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
        *x = page->box.left + top;
        *y = page->box.bottom + left;
        break;
    case 180:
        *x = page->box.right - left;
        *y = page->box.bottom + top;
        break;
    case 270:
        *x = page->box.right - top;
        *y = page->box.top - left;
        break;
    default:
        *x = page->box.left + left;
        *y = page->box.top - top;
        break;
    }
}

struct pdf_box vt_pdf_page_rect(const struct vt_pdf_page *page, double left, double top,
                                double width, double height)
{
    double x0, y0, x1, y1;
    user_point(page, left, top, &x0, &y0);
    user_point(page, left + width, top + height, &x1, &y1);
    return pdf_box_of((const double[]){x0, y0, x1, y1});
}

void vt_pdf_page_shown(const struct vt_pdf_page *page, const struct pdf_box *rect, double *out_left,
                       double *out_top, double *out_width, double *out_height)
{
    double width = (rect->right - rect->left) * page->unit;
    double height = (rect->top - rect->bottom) * page->unit;
    switch (page->rotate) {
    case 90:
        *out_left = (rect->bottom - page->box.bottom) * page->unit;
        *out_top = (rect->left - page->box.left) * page->unit;
        break;
    case 180:
        *out_left = (page->box.right - rect->right) * page->unit;
        *out_top = (rect->bottom - page->box.bottom) * page->unit;
        break;
    case 270:
        *out_left = (page->box.top - rect->top) * page->unit;
        *out_top = (page->box.right - rect->right) * page->unit;
        break;
    default:
        *out_left = (rect->left - page->box.left) * page->unit;
        *out_top = (page->box.top - rect->top) * page->unit;
        break;
    }
    *out_width = page->rotate % 180 == 0 ? width : height;
    *out_height = page->rotate % 180 == 0 ? height : width;
}
