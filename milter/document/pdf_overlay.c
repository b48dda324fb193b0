/* SPDX-License-Identifier: Apache-2.0
 * How much of a page is hidden by what came later. A widget or another annotation is drawn over the
 * page (ISO 32000-1, 12.5.5), and its appearance is whatever its writer likes: one that is as large
 * as the page is another page under the signatures of those who signed before. A signature, a seal
 * or a field is small. */
#include <stdlib.h>

#include "document/pdf_compare.h"

/* Parts of the page's area: by one update, and by all since the first signature. A seal of 36 mm
 * covers a fiftieth of A4, a wide signature with its text a tenth. */
#define MAX_STEP_PART 0.25
#define MAX_ALL_PART 0.5
/* A page that does not say how large it is: Letter. */
#define USUAL_AREA (612.0 * 792.0)
/* Parents of a widget, and of a page. */
#define MAX_PARENTS 16

static bool area_of(struct pdf_pair *pair, const struct pdf_value *rectangle, double *out)
{
    struct pdf_box box = {0};
    bool is_known = pdf_pair_box(pair, rectangle, &box);
    *out = (box.right - box.left) * (box.top - box.bottom);
    return is_known;
}

/* An entry of a dictionary or of the ones above it. */
static struct pdf_value inherited(struct pdf_pair *pair, size_t step, const struct pdf_value *dict,
                                  const char *key)
{
    struct pdf_value node = *dict, found = {0};
    for (unsigned i = 0; i < MAX_PARENTS && node.kind == PDF_DICT; i++) {
        found = pdf_pair_get(pair, step, &node, key);
        if (found.kind != PDF_NONE)
            break;
        node = pdf_pair_get(pair, step, &node, "Parent");
    }
    return found;
}

static double area_of_page(struct pdf_pair *pair, const struct pdf_value *page)
{
    static const char *const boxes[] = {"CropBox", "MediaBox"};
    double area = 0;
    for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
        struct pdf_value box = inherited(pair, pair->b, page, boxes[i]);
        if (area_of(pair, &box, &area) && area > 0)
            return area;
    }
    return USUAL_AREA;
}

/* Was the form that an appearance shows written again after a step? */
static bool is_drawn_again(struct pdf_pair *pair, const struct pdf_value *look, size_t step)
{
    struct pdf_ref ref;
    for (size_t at = 0; pdf_next_ref(look->text, &at, &ref);) {
        for (size_t s = step + 1; s <= pair->b; s++) {
            if (pdf_history_is_redefined(pair->history, ref.id, s))
                return true;
        }
    }
    return false;
}

/* Did this annotation come, get its signature or another appearance after a step? */
static bool is_later(struct pdf_pair *pair, const struct pdf_value *ref, size_t step)
{
    struct pdf_value then = pdf_pair_resolve(pair, step, *ref);
    struct pdf_value now = pdf_pair_resolve(pair, pair->b, *ref);
    struct pdf_value look_then = pdf_pair_get(pair, step, &then, "AP");
    struct pdf_value look_now = pdf_pair_get(pair, pair->b, &now, "AP");
    if (now.kind != PDF_DICT)
        return false;
    return then.kind != PDF_DICT || !pdf_value_is_same(&look_then, &look_now) ||
           is_drawn_again(pair, &look_now, step) ||
           (inherited(pair, step, &then, "V").kind == PDF_NONE &&
            inherited(pair, pair->b, &now, "V").kind != PDF_NONE);
}

/* A widget without an appearance and a background draws nothing, a window is the reader's; other
 * annotations are drawn by the reader when they bring no appearance. */
static bool is_drawn(struct pdf_pair *pair, const struct pdf_value *annotation)
{
    struct pdf_value subtype = pdf_pair_get(pair, pair->b, annotation, "Subtype");
    if (pdf_dict_get(annotation, "AP").kind != PDF_NONE ||
        pdf_dict_get(annotation, "MK").kind != PDF_NONE)
        return true;
    return !pdf_name_is(&subtype, "Widget") && !pdf_name_is(&subtype, "Popup");
}

#define FLAG_HIDDEN 2 /* 12.5.3 */
/* Flags have ten bits; not all readers read a number that is larger, or below zero, alike. */
#define MAX_FLAGS 1023

static bool is_hidden(struct pdf_pair *pair, const struct pdf_value *widget)
{
    struct pdf_value flags = pdf_pair_get(pair, pair->b, widget, "F");
    return flags.kind == PDF_INTEGER && flags.integer >= 0 && flags.integer <= MAX_FLAGS &&
           (flags.integer & FLAG_HIDDEN) != 0;
}

/* An appearance without a drawing instruction, or without room for it. */
static bool is_empty_look(struct pdf_pair *pair, const struct pdf_value *widget)
{
    struct pdf_value looks = pdf_pair_get(pair, pair->b, widget, "AP");
    struct pdf_value look = pdf_dict_get(&looks, "N");
    struct pdf_value stream = pdf_pair_resolve(pair, pair->b, look);
    struct pdf_value box = pdf_pair_get(pair, pair->b, &stream, "BBox");
    double area = 1;
    uint8_t *data = NULL;
    size_t len = 0;
    if (looks.kind == PDF_NONE || (area_of(pair, &box, &area) && area == 0))
        return true;
    if (look.kind != PDF_REF ||
        !pdf_history_stream(pair->history, look.ref, pair->b, true, &data, &len))
        return false;
    bool is_empty = pdf_skip_space(vt_bytes_of(data, len), 0) == len;
    free(data);
    return is_empty;
}

/* 12.5.5: there is no room for an appearance in a rectangle without an area, but some readers draw
 * it as large as it is. */
bool pdf_is_seen(struct pdf_pair *pair, const struct pdf_value *widget)
{
    struct pdf_box box;
    struct pdf_value rectangle = pdf_pair_get(pair, pair->b, widget, "Rect");
    if (rectangle.kind == PDF_NONE || !is_drawn(pair, widget) || is_hidden(pair, widget))
        return false;
    return !pdf_pair_box(pair, &rectangle, &box) || box.right > box.left || box.top > box.bottom ||
           !is_empty_look(pair, widget);
}

/* What an annotation hides. */
static double hidden_by(struct pdf_pair *pair, const struct pdf_value *ref)
{
    double area = 0;
    struct pdf_value widget = pdf_pair_resolve(pair, pair->b, *ref);
    struct pdf_value rectangle = pdf_pair_get(pair, pair->b, &widget, "Rect");
    if (!is_drawn(pair, &widget))
        return 0;
    if (!area_of(pair, &rectangle, &area))
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_PAGE_HIDDEN,
                      "what was added does not say what part of the page it covers");
    return area;
}

void pdf_compare_overlay(struct pdf_pair *pair, const struct pdf_value *page)
{
    double by_step = 0, by_all = 0;
    struct pdf_value annots = pdf_pair_get(pair, pair->b, page, "Annots"), item;
    for (size_t at = 0; pdf_array_next(&annots, &at, &item);) {
        if (item.kind != PDF_REF || !is_later(pair, &item, 0))
            continue;
        double area = hidden_by(pair, &item);
        by_all += area;
        by_step += is_later(pair, &item, pair->a) ? area : 0;
    }
    double whole = by_step > 0 ? area_of_page(pair, page) : 0;
    if (by_step > whole * MAX_STEP_PART || (by_step > 0 && by_all > whole * MAX_ALL_PART))
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_PAGE_HIDDEN,
                      "what was added hides a large part of the page");
}
