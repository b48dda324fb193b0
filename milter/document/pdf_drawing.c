/* SPDX-License-Identifier: Apache-2.0
 * Content streams (ISO 32000-1, 7.8.2) followed for pictures and text: the transformation matrix
 * (8.3.4), form and image XObjects (8.8, 8.10), inline images (8.9.7), the rendering mode of text
 * (9.3.6), appearances of annotations (12.5.5). */
#include "document/pdf_drawing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Unpacked content of one page or form. */
#define MAX_CONTENT_BYTES ((size_t)4 * 1024 * 1024)
/* Saved graphics states, forms in forms, operands of one operator. */
#define MAX_STATES 32
#define MAX_FORMS 6
#define MAX_OPERANDS 6
#define MAX_ANNOTATIONS 200
/* The use of a form or picture in operators, and bytes of a dictionary in one. */
#define USE_COST 50
/* A picture of fewer dots to the inch is a coloured area, not a picture of a page. */
#define LEAST_DPI 60.0

struct state {
    struct pdf_matrix matrix;
    uint8_t fill[3];
    bool is_invisible; /* text */
};

struct drawing {
    struct pdf_reader *reader;
    struct pdf_drawing_budget *budget;
    struct pdf_drawing *out;
    unsigned forms;
};

static size_t least_count(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ---- pictures ---- */

static void cover(struct pdf_drawing *out, const struct pdf_box *box)
{
    double width = (out->page.right - out->page.left) / PDF_GRID;
    double height = (out->page.top - out->page.bottom) / PDF_GRID;
    for (unsigned y = 0; y < PDF_GRID; y++) {
        double middle = out->page.bottom + height * (y + 0.5);
        for (unsigned x = 0; x < PDF_GRID && middle >= box->bottom && middle <= box->top; x++) {
            double across = out->page.left + width * (x + 0.5);
            if (across >= box->left && across <= box->right)
                out->grid[y] |= UINT32_C(1) << x;
        }
    }
}

double pdf_drawing_covered(const struct pdf_drawing *drawing)
{
    int count = 0;
    for (unsigned y = 0; y < PDF_GRID; y++)
        count += __builtin_popcount(drawing->grid[y]);
    return (double)count / (PDF_GRID * PDF_GRID);
}

/* A picture fills the unit square (8.9.5). */
static void draw_picture(struct drawing *drawing, const struct state *state, struct pdf_ref ref,
                         const struct pdf_value *dict, const char *width_key)
{
    const struct pdf_box unit = {0, 0, 1, 1};
    struct pdf_box box = pdf_matrix_box(&state->matrix, &unit);
    struct pdf_value width = pdf_get(drawing->reader, dict, width_key);
    double inches = (box.right - box.left) / 72;
    if (width.kind != PDF_INTEGER)
        return;
    if ((double)width.integer >= inches * LEAST_DPI)
        cover(drawing->out, &box);
    if (drawing->out->pictures_count < PDF_MAX_PICTURES)
        drawing->out->pictures[drawing->out->pictures_count++] =
            (struct pdf_picture){.ref = ref,
                                 .box = box,
                                 .matrix = state->matrix,
                                 .fill = {state->fill[0], state->fill[1], state->fill[2]}};
}

/* ---- content ---- */

static void draw_content(struct drawing *drawing, struct vt_bytes content,
                         const struct pdf_value *resources, const struct pdf_matrix *matrix);

/* Signatures that show nothing often have an appearance without content. */
static bool is_empty(struct drawing *drawing, struct pdf_ref ref)
{
    struct pdf_value dict =
        pdf_resolve(drawing->reader, (struct pdf_value){.kind = PDF_REF, .ref = ref});
    struct pdf_value length = pdf_get(drawing->reader, &dict, "Length");
    return length.kind == PDF_INTEGER && length.integer == 0;
}

static bool take_stream(struct drawing *drawing, struct pdf_ref ref, struct vt_buf *out)
{
    uint8_t *data = NULL;
    size_t len = 0;
    if (is_empty(drawing, ref))
        return true;
    bool ok = pdf_doc_stream(&drawing->reader->main, ref, true, MAX_CONTENT_BYTES, &data, &len) &&
              len <= drawing->budget->bytes && vt_buf_add(out, data, len) == VT_OK &&
              vt_buf_add(out, "\n", 1) == VT_OK;
    drawing->budget->bytes -= least_count(len, drawing->budget->bytes);
    free(data);
    return ok;
}

/* outer: the matrix that holds where the form is drawn. */
static void draw_form(struct drawing *drawing, struct pdf_ref ref, const struct pdf_value *dict,
                      const struct pdf_value *resources, const struct pdf_matrix *outer)
{
    struct pdf_value own = pdf_get(drawing->reader, dict, "Resources");
    struct pdf_value array = pdf_get(drawing->reader, dict, "Matrix");
    struct vt_buf content;
    if (drawing->forms == MAX_FORMS) {
        drawing->out->incomplete = true;
        return;
    }
    const struct pdf_matrix inner = pdf_matrix_read(drawing->reader, &array);
    const struct pdf_matrix whole = pdf_matrix_times(&inner, outer);
    vt_buf_init(&content, MAX_CONTENT_BYTES + 1);
    drawing->forms++;
    if (take_stream(drawing, ref, &content))
        draw_content(drawing, vt_buf_bytes(&content), own.kind == PDF_DICT ? &own : resources,
                     &whole);
    else
        drawing->out->incomplete = true;
    drawing->forms--;
    vt_buf_clear(&content);
}

static void draw_named(struct drawing *drawing, const struct state *state,
                       const struct pdf_value *name, const struct pdf_value *resources)
{
    struct pdf_reader *reader = drawing->reader;
    struct pdf_value all = pdf_get(reader, resources, "XObject");
    struct pdf_value object = pdf_dict_find(&all, name);
    /* Every use reads the whole list of names again. */
    size_t cost = USE_COST + all.text.len / USE_COST;
    drawing->budget->operators -= least_count(cost, drawing->budget->operators);
    if (object.kind != PDF_REF || name->kind != PDF_NAME)
        return;
    struct pdf_value dict = pdf_resolve(reader, object);
    struct pdf_value subtype = pdf_get(reader, &dict, "Subtype");
    if (pdf_name_is(&subtype, "Image"))
        draw_picture(drawing, state, object.ref, &dict, "Width");
    else if (pdf_name_is(&subtype, "Form"))
        draw_form(drawing, object.ref, &dict, resources, &state->matrix);
}

/* BI, the entries of a dictionary, ID, bytes, EI: *at stands behind BI. */
static bool draw_inline(struct drawing *drawing, const struct state *state, struct vt_bytes content,
                        size_t *at)
{
    struct pdf_value value = {0};
    struct vt_buf text;
    bool is_begun = false;
    vt_buf_init(&text, 4096);
    size_t from = *at;
    while (!is_begun && pdf_next_value(content, at, &value))
        is_begun = pdf_keyword_is(&value, "ID");
    if (is_begun && vt_buf_add(&text, "<<", 2) == VT_OK &&
        vt_buf_add(&text, content.ptr + from, *at - 2 - from) == VT_OK &&
        vt_buf_add(&text, ">>", 2) == VT_OK) {
        struct pdf_value dict = {.kind = PDF_DICT, .text = vt_buf_bytes(&text)};
        const char *key = pdf_dict_get(&dict, "W").kind != PDF_NONE ? "W" : "Width";
        draw_picture(drawing, state, (struct pdf_ref){0}, &dict, key);
    }
    vt_buf_clear(&text);
    return is_begun && pdf_skip_image(content, at);
}

/* One operator that was read with its operands. */
struct operation {
    struct pdf_value operands[MAX_OPERANDS]; /* the last ones */
    size_t count;
    struct state states[MAX_STATES];
    size_t depth;
};

static bool shows_text(const struct pdf_value *keyword)
{
    return pdf_keyword_is(keyword, "Tj") || pdf_keyword_is(keyword, "TJ") ||
           pdf_keyword_is(keyword, "'") || pdf_keyword_is(keyword, "\"");
}

static void change_matrix(struct operation *now)
{
    struct state *state = &now->states[now->depth];
    double n[6];
    for (size_t i = 0; i < 6; i++) {
        if (now->count != 6 || !pdf_coordinate_of(&now->operands[i], &n[i]))
            return;
    }
    const struct pdf_matrix change = pdf_matrix_of(n);
    state->matrix = pdf_matrix_times(&change, &state->matrix);
}

static uint8_t level_of(double part)
{
    return part <= 0 ? 0 : part >= 1 ? 255 : (uint8_t)lround(part * 255);
}

/* The colour of stencils, by the number of its components; a pattern is black (8.6.8). */
static void change_fill(struct operation *now, bool is_reset)
{
    struct state *state = &now->states[now->depth];
    double n[4] = {0};
    size_t count = is_reset ? 0 : now->count;
    for (size_t i = 0; i < count; i++) {
        if (count > 4 || !pdf_coordinate_of(&now->operands[i], &n[i]))
            count = 0;
    }
    for (size_t i = 0; i < 3; i++)
        state->fill[i] = count == 1   ? level_of(n[0])
                         : count == 3 ? level_of(n[i])
                         : count == 4 ? level_of((1 - n[i]) * (1 - n[3]))
                                      : 0;
}

static bool changes_fill(const struct pdf_value *keyword)
{
    static const char *const names[] = {"g", "rg", "k", "sc", "scn"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (pdf_keyword_is(keyword, names[i]))
            return true;
    }
    return false;
}

static void operate(struct drawing *drawing, struct operation *now, const struct pdf_value *keyword,
                    const struct pdf_value *resources)
{
    struct state *state = &now->states[now->depth];
    const struct pdf_value *last = now->count > 0 ? &now->operands[now->count - 1] : NULL;
    if (pdf_keyword_is(keyword, "q") && now->depth + 1 < MAX_STATES) {
        now->states[now->depth + 1] = *state;
        now->depth++;
    } else if (pdf_keyword_is(keyword, "Q") && now->depth > 0) {
        now->depth--;
    } else if (pdf_keyword_is(keyword, "cm")) {
        change_matrix(now);
    } else if (pdf_keyword_is(keyword, "Tr") && last != NULL && last->kind == PDF_INTEGER) {
        state->is_invisible = last->integer == 3 || last->integer == 7;
    } else if (pdf_keyword_is(keyword, "Do") && last != NULL) {
        draw_named(drawing, state, last, resources);
    } else if (pdf_keyword_is(keyword, "cs") || changes_fill(keyword)) {
        change_fill(now, pdf_keyword_is(keyword, "cs"));
    } else if (shows_text(keyword) && !state->is_invisible) {
        drawing->out->has_text = true;
    }
}

static void draw_content(struct drawing *drawing, struct vt_bytes content,
                         const struct pdf_value *resources, const struct pdf_matrix *matrix)
{
    struct operation now = {.states = {{.matrix = *matrix}}};
    struct pdf_value value;
    size_t at = 0;
    while (drawing->budget->operators > 0 && pdf_next_value(content, &at, &value)) {
        if (value.kind != PDF_KEYWORD) {
            if (now.count == MAX_OPERANDS) {
                memmove(now.operands, now.operands + 1, sizeof(now.operands) - sizeof(value));
                now.count--;
            }
            now.operands[now.count++] = value;
            continue;
        }
        drawing->budget->operators--;
        if (pdf_keyword_is(&value, "BI")) {
            if (!draw_inline(drawing, &now.states[now.depth], content, &at))
                break;
        } else {
            operate(drawing, &now, &value, resources);
        }
        now.count = 0;
    }
    drawing->out->incomplete |= pdf_skip_space(content, at) < content.len;
}

/* ---- a page ---- */

static void draw_contents(struct drawing *drawing, const struct pdf_value *page)
{
    struct pdf_value contents = pdf_dict_get(page, "Contents"), item;
    struct pdf_value array = pdf_resolve(drawing->reader, contents);
    struct pdf_value resources = pdf_page_inherited(drawing->reader, page, "Resources");
    struct vt_buf all;
    bool ok = true;
    vt_buf_init(&all, MAX_CONTENT_BYTES);
    if (array.kind == PDF_ARRAY) {
        for (size_t at = 0; ok && pdf_array_next(&array, &at, &item);)
            ok = item.kind == PDF_REF && take_stream(drawing, item.ref, &all);
    } else if (contents.kind == PDF_REF) {
        ok = take_stream(drawing, contents.ref, &all);
    }
    if (ok)
        draw_content(drawing, vt_buf_bytes(&all), &resources, &pdf_identity);
    else
        drawing->out->incomplete = true;
    vt_buf_clear(&all);
}

/* 12.5.5, algorithm 8: the box of the appearance is fitted into the rectangle. */
static void draw_annotation(struct drawing *drawing, const struct pdf_value *annotation)
{
    struct pdf_reader *reader = drawing->reader;
    struct pdf_value rectangle = pdf_get(reader, annotation, "Rect");
    struct pdf_value appearances = pdf_get(reader, annotation, "AP");
    struct pdf_value normal = pdf_dict_get(&appearances, "N");
    struct pdf_value form = pdf_resolve(reader, normal);
    struct pdf_value bounds = pdf_get(reader, &form, "BBox");
    struct pdf_value array = pdf_get(reader, &form, "Matrix"), none = {0};
    struct pdf_box to, from;
    if (normal.kind != PDF_REF || !pdf_box_read(reader, &rectangle, &to) ||
        !pdf_box_read(reader, &bounds, &from))
        return;
    const struct pdf_matrix own = pdf_matrix_read(reader, &array);
    from = pdf_matrix_box(&own, &from);
    double width = from.right - from.left, height = from.top - from.bottom;
    if (width <= 0 || height <= 0)
        return;
    double x = (to.right - to.left) / width, y = (to.top - to.bottom) / height;
    const struct pdf_matrix fit = {
        x, 0, 0, y, to.left - x * from.left, to.bottom - y * from.bottom};
    draw_form(drawing, normal.ref, &form, &none, &fit);
}

void pdf_drawing_read(struct pdf_reader *reader, struct pdf_drawing_budget *budget,
                      const struct pdf_value *page, struct pdf_drawing *out)
{
    struct drawing drawing = {.reader = reader, .budget = budget, .out = out};
    struct pdf_value annotations = pdf_get(reader, page, "Annots"), item;
    size_t count = 0;
    *out = (struct pdf_drawing){.page = pdf_page_box(reader, page),
                                .turns = pdf_page_turns(reader, page)};
    draw_contents(&drawing, page);
    for (size_t at = 0; count < MAX_ANNOTATIONS && pdf_array_next(&annotations, &at, &item);
         count++) {
        struct pdf_value annotation = pdf_resolve(reader, item);
        draw_annotation(&drawing, &annotation);
    }
}
