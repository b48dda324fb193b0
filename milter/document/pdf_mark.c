/* SPDX-License-Identifier: Apache-2.0
 * Marks over the text and notes as readers draw them (ISO 32000-1, 12.5.6.4 and 12.5.6.10), told
 * from drawings that can pass for a part of the page (Rohlmann et al., Breaking the Specification,
 * 2021). Their appearance is read operator by operator: pdf_ink.c says what may be painted. Forms
 * within forms are followed, as Acrobat and poppler nest them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "document/pdf_ink.h"

/* Drawing instructions of a mark, with all its forms. */
#define MAX_MARK_BYTES ((size_t)16 * 1024)
#define MAX_MARK_OPERATORS 200
#define MAX_FORMS 4
#define MAX_STATES 16
#define MAX_OPERANDS 6
/* Of the box of a note: what its coloured ground fills at least. */
#define MIN_GROUND 0.35

struct mark {
    struct pdf_pair *pair;
    struct pdf_ink ink;
    size_t operators, bytes;
};

/* One content stream. */
struct sheet {
    struct mark *mark;
    const struct pdf_value *resources;
    struct pdf_pen states[MAX_STATES];
    size_t depth;
    double operands[MAX_OPERANDS];
    size_t count;
    struct pdf_value name; /* the last one */
    unsigned forms;        /* around it */
    bool is_darkening;     /* a group that is drawn so as a whole (11.6.6) */
    bool is_isolated;      /* what is drawn in it meets nothing of the page (11.4.5) */
};

/* 12.5.2: the colour in which the reader draws a mark that brings no appearance. */
static bool has_clear_colour(struct pdf_pair *pair, const struct pdf_value *annotation,
                             enum pdf_mark_kind kind)
{
    struct pdf_value array = pdf_pair_get(pair, pair->b, annotation, "C");
    double parts[4] = {0};
    struct pdf_colour colour;
    return pdf_colour_of(parts, pdf_pair_numbers(pair, &array, parts, 4), &colour) &&
           pdf_ink_is_marking(kind, &colour);
}

static bool darkens(const struct sheet *sheet)
{
    return sheet->is_darkening || (sheet->states[sheet->depth].darkens && !sheet->is_isolated);
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
    struct pdf_pen *pen = &sheet->states[sheet->depth];
    const struct pdf_matrix m = pdf_matrix_of(sheet->operands);
    if (sheet->count != 6)
        return false;
    pen->matrix = pdf_matrix_times(&m, &pen->matrix);
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
    struct pdf_pen *pen = &sheet->states[sheet->depth];
    char name[4] = {0};
    if (word.len >= sizeof(name))
        return false;
    memcpy(name, word.ptr, word.len);
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        if (strcmp(name, harmless[i]) == 0)
            return sheet->mark->ink.kind != PDF_MARK_LINE || name[0] != 'd';
    }
    if (strcmp(name, "q") == 0 && sheet->depth + 1 < MAX_STATES) {
        sheet->states[sheet->depth + 1] = *pen;
        sheet->depth++;
        return true;
    }
    if (strcmp(name, "Q") == 0 && sheet->depth > 0)
        return sheet->depth-- > 0;
    if (strcmp(name, "g") == 0 || strcmp(name, "rg") == 0 || strcmp(name, "k") == 0)
        return pdf_colour_of(sheet->operands, sheet->count, &pen->fill);
    if (strcmp(name, "G") == 0 || strcmp(name, "RG") == 0 || strcmp(name, "K") == 0)
        return pdf_colour_of(sheet->operands, sheet->count, &pen->stroke);
    if (strcmp(name, "w") == 0)
        pen->width = sheet->count == 1 ? sheet->operands[0] : -1;
    return strcmp(name, "w") == 0 || (strcmp(name, "gs") == 0 && apply_state(sheet)) ||
           (strcmp(name, "cm") == 0 && change_matrix(sheet)) ||
           (strcmp(name, "Do") == 0 && draw_named(sheet));
}

static bool operate(struct sheet *sheet, struct vt_bytes word)
{
    struct pdf_ink *ink = &sheet->mark->ink;
    const struct pdf_pen *pen = &sheet->states[sheet->depth];
    bool is_known = false;
    bool may = pdf_ink_paint(ink, pen, darkens(sheet), word, &is_known);
    if (is_known)
        return may;
    return pdf_ink_path(ink, &pen->matrix, word, sheet->operands, sheet->count) ||
           set_state(sheet, word);
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
static bool measure(struct pdf_pair *pair, const struct pdf_value *annotation,
                    const struct pdf_value *form, struct pdf_ink *ink)
{
    struct pdf_value dict = pdf_pair_resolve(pair, pair->b, *form);
    struct pdf_value bounds = pdf_pair_get(pair, pair->b, &dict, "BBox");
    struct pdf_value rectangle = pdf_pair_get(pair, pair->b, annotation, "Rect");
    struct pdf_value matrix = pdf_pair_get(pair, pair->b, &dict, "Matrix");
    double m[6] = {1, 0, 0, 1, 0, 0};
    struct pdf_box place;
    if (!pdf_pair_box(pair, &bounds, &ink->box) || !pdf_pair_box(pair, &rectangle, &place) ||
        (matrix.kind != PDF_NONE && pdf_pair_numbers(pair, &matrix, m, 6) != 6))
        return false;
    bool is_upright = m[1] == 0 && m[2] == 0, is_turned = m[0] == 0 && m[3] == 0;
    double width = ink->box.right - ink->box.left, height = ink->box.top - ink->box.bottom;
    double across = is_turned ? height * fabs(m[2]) : width * fabs(m[0]);
    double up = is_turned ? width * fabs(m[1]) : height * fabs(m[3]);
    if ((!is_upright && !is_turned) || !(across > 0 && up > 0))
        return false;
    ink->scale = fmax((place.right - place.left) / across, (place.top - place.bottom) / up) *
                 fmax(fmax(fabs(m[0]), fabs(m[1])), fmax(fabs(m[2]), fabs(m[3])));
    return true;
}

bool pdf_looks_like_mark(struct pdf_pair *pair, const struct pdf_value *annotation,
                         enum pdf_mark_kind kind)
{
    static const char *const only_n[] = {"N", NULL};
    struct pdf_value look = pdf_pair_get(pair, pair->b, annotation, "AP");
    struct pdf_value form = pdf_dict_get(&look, "N");
    struct mark mark = {.pair = pair,
                        .ink = {.kind = kind, .max_lines = lines_of(pair, annotation)}};
    struct sheet page = {.mark = &mark, .states = {{.matrix = pdf_identity, .width = 1}}};
    if (look.kind == PDF_NONE)
        return kind == PDF_MARK_NOTE || has_clear_colour(pair, annotation, kind);
    if (!pdf_has_only_keys(&look, only_n) || form.kind != PDF_REF ||
        !measure(pair, annotation, &form, &mark.ink) || !draw_form(&page, &form, 0))
        return false;
    double area =
        (mark.ink.box.right - mark.ink.box.left) * (mark.ink.box.top - mark.ink.box.bottom);
    return kind != PDF_MARK_NOTE || mark.ink.ground >= area * MIN_GROUND;
}
