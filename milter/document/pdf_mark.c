/* SPDX-License-Identifier: Apache-2.0
 * Marks over the text and notes as readers draw them (ISO 32000-1, 12.5.6.4 and 12.5.6.10), told
 * from drawings that can pass for a part of the page (Rohlmann et al., Breaking the Specification,
 * 2021). The page is black on white: what is drawn in a clear colour is seen to be a mark, and what
 * only darkens in a light one hides nothing. Forms within forms are followed, as Acrobat and
 * poppler nest them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "document/pdf_compare.h"

/* Drawing instructions of a mark, with all its forms. */
#define MAX_MARK_BYTES ((size_t)16 * 1024)
#define MAX_MARK_OPERATORS 200
#define MAX_FORMS 4
#define MAX_STATES 16
#define MAX_OPERANDS 6
/* Width of a line. Points. */
#define MAX_LINE 2.0
/* How far the parts of a colour lie apart, and how light one is, 0 to 1: red is a clear colour, and
 * black text is read through all but dark ones. */
#define MIN_CHROMA 0.4
#define MIN_LIGHT 0.25
#define MAX_DARK_LINE 0.5
/* Of the box of a note: what its coloured ground fills at least. */
#define MIN_GROUND 0.35
#define BEYOND_BOX 1.0

struct colour {
    double red, green, blue;
};

struct state {
    struct pdf_matrix matrix;
    struct colour fill, stroke;
    double width;
    bool darkens; /* the blend mode is Multiply */
};

/* The path that is being built: its areas, the largest one apart (8.5.2). */
struct path {
    double first_x, first_y, x, y;
    double twice_area; /* of the part that is being built */
    double largest, others;
    bool is_beyond; /* reaches out of the box */
};

struct mark {
    struct pdf_pair *pair;
    enum pdf_mark_kind kind;
    size_t max_lines; /* segments and strokes; of PDF_MARK_LINE */
    size_t lines, operators, bytes;
    struct pdf_box box;
    double scale;  /* of the box into the rectangle */
    double ground; /* the largest area filled in a clear colour */
    struct path path;
};

/* One content stream. */
struct sheet {
    struct mark *mark;
    const struct pdf_value *resources;
    struct state states[MAX_STATES];
    size_t depth;
    double operands[MAX_OPERANDS];
    size_t count;
    struct pdf_value name; /* the last one */
    unsigned forms;        /* around it */
    bool is_darkening;     /* a group that is drawn so as a whole (11.6.6) */
    bool is_isolated;      /* what is drawn in it meets nothing of the page (11.4.5) */
};

/* ---- colours ---- */

static bool is_clear(const struct colour *c)
{
    return fmax(c->red, fmax(c->green, c->blue)) - fmin(c->red, fmin(c->green, c->blue)) >=
           MIN_CHROMA;
}

static double light_of(const struct colour *c)
{
    return 0.3 * c->red + 0.59 * c->green + 0.11 * c->blue;
}

/* 8.6.4: gray, RGB or CMYK by the number of parts. */
static bool colour_of(const double *parts, size_t count, struct colour *out)
{
    for (size_t i = 0; i < count; i++) {
        if (!(parts[i] >= 0 && parts[i] <= 1))
            return false;
    }
    if (count == 1)
        *out = (struct colour){parts[0], parts[0], parts[0]};
    else if (count == 3)
        *out = (struct colour){parts[0], parts[1], parts[2]};
    else if (count == 4)
        *out = (struct colour){fmax(0, 1 - parts[0] - parts[3]), fmax(0, 1 - parts[1] - parts[3]),
                               fmax(0, 1 - parts[2] - parts[3])};
    return count == 1 || count == 3 || count == 4;
}

/* 12.5.2: the colour in which the reader draws a mark that brings no appearance. */
static bool has_clear_colour(struct pdf_pair *pair, const struct pdf_value *annotation,
                             enum pdf_mark_kind kind)
{
    struct pdf_value array = pdf_pair_get(pair, pair->b, annotation, "C");
    double parts[4] = {0};
    struct colour colour;
    return colour_of(parts, pdf_pair_numbers(pair, &array, parts, 4), &colour) &&
           is_clear(&colour) && (kind != PDF_MARK_HIGHLIGHT || light_of(&colour) >= MIN_LIGHT);
}

/* ---- paths ---- */

static void move_to(struct sheet *sheet, double x, double y, bool begins)
{
    struct path *path = &sheet->mark->path;
    const struct pdf_matrix *m = &sheet->states[sheet->depth].matrix;
    const struct pdf_box *box = &sheet->mark->box;
    double to_x = m->a * x + m->c * y + m->e, to_y = m->b * x + m->d * y + m->f;
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

static void close_part(struct path *path)
{
    double twice = path->twice_area + path->x * path->first_y - path->first_x * path->y;
    double area = (twice < 0 ? -twice : twice) / 2;
    path->others += fmin(area, path->largest);
    path->largest = fmax(area, path->largest);
    path->x = path->first_x;
    path->y = path->first_y;
    path->twice_area = 0;
}

/* The operators of 8.5.2.1. The points that bend a curve count as its corners. */
static bool build_path(struct sheet *sheet, struct vt_bytes word)
{
    static const struct {
        const char *name;
        size_t operands;
    } known[] = {{"m", 2}, {"l", 2}, {"c", 6}, {"v", 4}, {"y", 4}, {"h", 0}, {"re", 4}};
    const double *n = sheet->operands;
    size_t i = 0;
    while (i < sizeof(known) / sizeof(known[0]) &&
           !vt_bytes_equal(word, vt_bytes_str(known[i].name)))
        i++;
    if (i == sizeof(known) / sizeof(known[0]) || sheet->count != known[i].operands)
        return false;
    if (i == 0 || i >= 5)
        close_part(&sheet->mark->path);
    if (i == 6) {
        move_to(sheet, n[0], n[1], true);
        move_to(sheet, n[0] + n[2], n[1], false);
        move_to(sheet, n[0] + n[2], n[1] + n[3], false);
        move_to(sheet, n[0], n[1] + n[3], false);
        close_part(&sheet->mark->path);
    }
    for (size_t at = 0; i < 5 && at < sheet->count; at += 2)
        move_to(sheet, n[at], n[at + 1], i == 0);
    if (sheet->mark->kind == PDF_MARK_LINE)
        return i != 6 && (i == 0 || i == 5 || ++sheet->mark->lines <= sheet->mark->max_lines);
    return true;
}

/* ---- painting ---- */

static bool darkens(const struct sheet *sheet)
{
    return sheet->is_darkening || (sheet->states[sheet->depth].darkens && !sheet->is_isolated);
}

static bool may_fill(struct sheet *sheet)
{
    struct mark *mark = sheet->mark;
    const struct state *state = &sheet->states[sheet->depth];
    close_part(&mark->path);
    if (mark->kind == PDF_MARK_HIGHLIGHT)
        return darkens(sheet) && is_clear(&state->fill) && light_of(&state->fill) >= MIN_LIGHT;
    if (mark->kind == PDF_MARK_LINE)
        return false;
    if (!is_clear(&state->fill))
        return mark->ground == 0; /* what lies below the ground */
    if (!mark->path.is_beyond)
        mark->ground = fmax(mark->ground, mark->path.largest - mark->path.others);
    return true;
}

static bool may_stroke(struct sheet *sheet)
{
    struct mark *mark = sheet->mark;
    const struct state *state = &sheet->states[sheet->depth];
    double scale = fmax(state->matrix.a * state->matrix.a + state->matrix.b * state->matrix.b,
                        state->matrix.c * state->matrix.c + state->matrix.d * state->matrix.d);
    double width = state->width * mark->scale;
    if (width < 0 || width * width * scale > MAX_LINE * MAX_LINE)
        return false;
    if (mark->kind == PDF_MARK_LINE)
        return is_clear(&state->stroke) && ++mark->lines <= mark->max_lines;
    if (mark->kind == PDF_MARK_HIGHLIGHT)
        return darkens(sheet) && is_clear(&state->stroke) && light_of(&state->stroke) >= MIN_LIGHT;
    return is_clear(&state->stroke) || light_of(&state->stroke) <= MAX_DARK_LINE;
}

/* 8.5.3. *out_known: it is such an operator. */
static bool paint(struct sheet *sheet, struct vt_bytes word, bool *out_known)
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
        bool may = (!known[i].fills || may_fill(sheet)) && (!known[i].strokes || may_stroke(sheet));
        sheet->mark->path = (struct path){0};
        *out_known = true;
        return may;
    }
    *out_known = false;
    return false;
}

/* ---- graphics state ---- */

/* 11.6.4.4: a state that darkens, or is only less opaque. No mask, no width, no font. */
static bool apply_state(struct sheet *sheet)
{
    static const char *const plain[] = {"Type", "BM", "AIS", "CA", "ca", "SA", NULL};
    struct pdf_pair *pair = sheet->mark->pair;
    struct pdf_value states = pdf_pair_get(pair, pair->b, sheet->resources, "ExtGState");
    struct pdf_value state = pdf_dict_find(&states, &sheet->name);
    state = pdf_pair_resolve(pair, pair->b, state);
    struct pdf_value mode = pdf_pair_get(pair, pair->b, &state, "BM");
    if (!pdf_has_only_keys(&state, plain))
        return false;
    if (mode.kind == PDF_NONE)
        return true;
    sheet->states[sheet->depth].darkens = pdf_name_is(&mode, "Multiply");
    return pdf_name_is(&mode, "Multiply") || pdf_name_is(&mode, "Normal");
}

static bool change_matrix(struct sheet *sheet)
{
    struct state *state = &sheet->states[sheet->depth];
    const double *n = sheet->operands;
    const struct pdf_matrix m = {n[0], n[1], n[2], n[3], n[4], n[5]};
    if (sheet->count != 6)
        return false;
    state->matrix = pdf_matrix_times(&m, &state->matrix);
    return true;
}

static bool draw_form(struct sheet *outer, const struct pdf_value *form, unsigned forms);

static bool draw_named(struct sheet *sheet)
{
    struct pdf_pair *pair = sheet->mark->pair;
    struct pdf_value objects = pdf_pair_get(pair, pair->b, sheet->resources, "XObject");
    struct pdf_value form = pdf_dict_find(&objects, &sheet->name);
    return sheet->forms < MAX_FORMS && draw_form(sheet, &form, sheet->forms + 1);
}

/* No text, no picture, no pattern, no clipping: what is not here cannot be in a mark. */
static bool set_state(struct sheet *sheet, struct vt_bytes word)
{
    static const char *const harmless[] = {"J", "j", "M", "d", "i"};
    struct state *state = &sheet->states[sheet->depth];
    char name[4] = {0};
    if (word.len >= sizeof(name))
        return false;
    memcpy(name, word.ptr, word.len);
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        if (strcmp(name, harmless[i]) == 0)
            return sheet->mark->kind != PDF_MARK_LINE || name[0] != 'd';
    }
    if (strcmp(name, "q") == 0 && sheet->depth + 1 < MAX_STATES) {
        sheet->states[sheet->depth + 1] = *state;
        sheet->depth++;
        return true;
    }
    if (strcmp(name, "Q") == 0 && sheet->depth > 0)
        return sheet->depth-- > 0;
    if (strcmp(name, "g") == 0 || strcmp(name, "rg") == 0 || strcmp(name, "k") == 0)
        return colour_of(sheet->operands, sheet->count, &state->fill);
    if (strcmp(name, "G") == 0 || strcmp(name, "RG") == 0 || strcmp(name, "K") == 0)
        return colour_of(sheet->operands, sheet->count, &state->stroke);
    if (strcmp(name, "w") == 0)
        state->width = sheet->count == 1 ? sheet->operands[0] : -1;
    return strcmp(name, "w") == 0 || (strcmp(name, "gs") == 0 && apply_state(sheet)) ||
           (strcmp(name, "cm") == 0 && change_matrix(sheet)) ||
           (strcmp(name, "Do") == 0 && draw_named(sheet));
}

static bool operate(struct sheet *sheet, struct vt_bytes word)
{
    bool is_known = false;
    bool may = paint(sheet, word, &is_known);
    if (is_known)
        return may;
    return build_path(sheet, word) || set_state(sheet, word);
}

/* ---- forms ---- */

static bool draw_content(struct sheet *sheet, struct vt_bytes content)
{
    struct pdf_value word;
    size_t at = 0;
    while (pdf_next_value(content, &at, &word)) {
        double number = 0;
        if (word.kind == PDF_KEYWORD) {
            if (++sheet->mark->operators > MAX_MARK_OPERATORS || !operate(sheet, word.text))
                return false;
            sheet->count = 0;
        } else if (pdf_number_of(&word, &number)) {
            if (sheet->count == MAX_OPERANDS || !(number > -1e6 && number < 1e6))
                return false;
            sheet->operands[sheet->count++] = number;
        } else if (word.kind == PDF_NAME) {
            sheet->name = word;
        } else if (word.kind != PDF_ARRAY) {
            return false;
        }
    }
    return pdf_skip_space(content, at) == content.len;
}

/* 8.10.2: only what a mark needs. */
static bool is_plain_form(struct pdf_pair *pair, const struct pdf_value *form)
{
    static const char *const keys[] = {"Type",      "Subtype", "FormType", "BBox",
                                       "Matrix",    "Group",   "Filter",   "DecodeParms",
                                       "Resources", "Length",  "Name",     NULL};
    static const char *const resources[] = {"ExtGState", "ProcSet", "XObject", NULL};
    struct pdf_object object = pdf_history_object(pair->history, form->ref, pair->b);
    struct pdf_value subtype = pdf_pair_get(pair, pair->b, &object.value, "Subtype");
    struct pdf_value used = pdf_pair_get(pair, pair->b, &object.value, "Resources");
    return pdf_pair_is_new(pair, form) && object.is_stream &&
           (subtype.kind == PDF_NONE || pdf_name_is(&subtype, "Form")) &&
           pdf_has_only_keys(&object.value, keys) &&
           (used.kind == PDF_NONE || pdf_has_only_keys(&used, resources));
}

static bool draw_stream(struct sheet *sheet, struct pdf_ref ref)
{
    uint8_t *data = NULL;
    size_t len = 0;
    struct mark *mark = sheet->mark;
    bool ok = pdf_history_stream(mark->pair->history, ref, mark->pair->b, true, &data, &len) &&
              len <= MAX_MARK_BYTES - mark->bytes;
    if (ok) {
        mark->bytes += len;
        ok = draw_content(sheet, vt_bytes_of(data, len));
    }
    free(data);
    return ok;
}

/* 11.6.6: a group is drawn as a whole, as its surroundings say; in it nothing of theirs holds. */
static bool draw_form(struct sheet *outer, const struct pdf_value *form, unsigned forms)
{
    struct pdf_pair *pair = outer->mark->pair;
    if (form->kind != PDF_REF || !is_plain_form(pair, form))
        return false;
    struct pdf_value dict = pdf_pair_resolve(pair, pair->b, *form);
    struct pdf_value resources = pdf_pair_get(pair, pair->b, &dict, "Resources");
    struct pdf_value matrix = pdf_pair_get(pair, pair->b, &dict, "Matrix");
    struct pdf_value group = pdf_pair_get(pair, pair->b, &dict, "Group");
    struct pdf_value isolated = pdf_pair_get(pair, pair->b, &group, "I");
    struct sheet sheet = {.mark = outer->mark,
                          .resources = &resources,
                          .states = {outer->states[outer->depth]},
                          .forms = forms,
                          .is_darkening = outer->is_darkening,
                          .is_isolated = outer->is_isolated};
    if (group.kind != PDF_NONE) {
        sheet.is_darkening = darkens(outer);
        sheet.is_isolated = outer->is_isolated || isolated.integer != 0;
        sheet.states[0].darkens = false;
    }
    if (forms > 0 && matrix.kind != PDF_NONE) {
        sheet.count = pdf_pair_numbers(pair, &matrix, sheet.operands, MAX_OPERANDS);
        if (!change_matrix(&sheet))
            return false;
        sheet.count = 0;
    }
    return draw_stream(&sheet, form->ref);
}

/* ---- annotations ---- */

/* 12.5.6.10: one line below or through each quadrilateral. */
static size_t lines_of(struct pdf_pair *pair, const struct pdf_value *annotation)
{
    struct pdf_value points = pdf_pair_get(pair, pair->b, annotation, "QuadPoints"), item;
    size_t count = 0;
    for (size_t at = 0; pdf_array_next(&points, &at, &item);)
        count++;
    return count / 8 * 2; /* a segment, and its stroke */
}

/* 12.5.5: the box of the form is fitted into the rectangle. */
static bool measure(struct mark *mark, const struct pdf_value *annotation,
                    const struct pdf_value *form)
{
    struct pdf_pair *pair = mark->pair;
    struct pdf_value dict = pdf_pair_resolve(pair, pair->b, *form);
    struct pdf_value bounds = pdf_pair_get(pair, pair->b, &dict, "BBox");
    struct pdf_value rectangle = pdf_pair_get(pair, pair->b, annotation, "Rect");
    struct pdf_value matrix = pdf_pair_get(pair, pair->b, &dict, "Matrix");
    double m[6] = {1, 0, 0, 1, 0, 0};
    struct pdf_box place;
    if (!pdf_pair_box(pair, &bounds, &mark->box) || !pdf_pair_box(pair, &rectangle, &place) ||
        (matrix.kind != PDF_NONE && pdf_pair_numbers(pair, &matrix, m, 6) != 6))
        return false;
    bool is_upright = m[1] == 0 && m[2] == 0, is_turned = m[0] == 0 && m[3] == 0;
    double width = mark->box.right - mark->box.left, height = mark->box.top - mark->box.bottom;
    double across = is_turned ? height * fabs(m[2]) : width * fabs(m[0]);
    double up = is_turned ? width * fabs(m[1]) : height * fabs(m[3]);
    if ((!is_upright && !is_turned) || !(across > 0 && up > 0))
        return false;
    mark->scale = fmax((place.right - place.left) / across, (place.top - place.bottom) / up) *
                  fmax(fmax(fabs(m[0]), fabs(m[1])), fmax(fabs(m[2]), fabs(m[3])));
    return true;
}

bool pdf_looks_like_mark(struct pdf_pair *pair, const struct pdf_value *annotation,
                         enum pdf_mark_kind kind)
{
    static const char *const only_n[] = {"N", NULL};
    struct pdf_value look = pdf_pair_get(pair, pair->b, annotation, "AP");
    struct pdf_value form = pdf_dict_get(&look, "N");
    struct mark mark = {.pair = pair, .kind = kind, .max_lines = lines_of(pair, annotation)};
    struct sheet page = {.mark = &mark, .states = {{.matrix = {1, 0, 0, 1, 0, 0}, .width = 1}}};
    if (look.kind == PDF_NONE)
        return kind == PDF_MARK_NOTE || has_clear_colour(pair, annotation, kind);
    if (!pdf_has_only_keys(&look, only_n) || form.kind != PDF_REF ||
        !measure(&mark, annotation, &form) || !draw_form(&page, &form, 0))
        return false;
    double area = (mark.box.right - mark.box.left) * (mark.box.top - mark.box.bottom);
    return kind != PDF_MARK_NOTE || mark.ground >= area * MIN_GROUND;
}
