/* SPDX-License-Identifier: Apache-2.0
 * How much of a page later signatures hide. A widget is drawn over the page (ISO 32000-1, 12.5.5),
 * and its appearance is whatever its signer likes: one that is as large as the page is another page
 * under the signatures of those who signed before. A signature or a seal is small. */
#include <stdlib.h>
#include <string.h>

#include "document/pdf_compare.h"

/* Parts of the page's area: by one update, and by all since the first signature. A seal of 36 mm
 * covers a fiftieth of A4, a wide signature with its text a tenth. */
#define MAX_STEP_PART 0.25
#define MAX_ALL_PART 0.5
/* A page that does not say how large it is: Letter. */
#define USUAL_AREA (612.0 * 792.0)
/* Parents of a widget, and of a page. */
#define MAX_PARENTS 16

static bool number_of(const struct pdf_value *value, double *out)
{
    char text[32];
    if ((value->kind != PDF_INTEGER && value->kind != PDF_REAL) || value->text.len >= sizeof(text))
        return false;
    memcpy(text, value->text.ptr, value->text.len);
    text[value->text.len] = '\0';
    *out = strtod(text, NULL);
    return true;
}

/* 7.9.5: any two opposite corners. */
static bool area_of(struct pdf_pair *pair, const struct pdf_value *rectangle, double *out)
{
    double corner[4] = {0};
    struct pdf_value item;
    size_t count = 0;
    for (size_t at = 0; count < 4 && pdf_array_next(rectangle, &at, &item); count++) {
        item = pdf_pair_resolve(pair, pair->b, item);
        if (!number_of(&item, &corner[count]))
            return false;
    }
    double width = corner[2] - corner[0], height = corner[3] - corner[1];
    *out = (width < 0 ? -width : width) * (height < 0 ? -height : height);
    return count == 4;
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

/* Did this widget come, or get its signature, after a step? */
static bool is_later(struct pdf_pair *pair, const struct pdf_value *ref, size_t step)
{
    struct pdf_value then = pdf_pair_resolve(pair, step, *ref);
    struct pdf_value now = pdf_pair_resolve(pair, pair->b, *ref);
    return now.kind == PDF_DICT &&
           (then.kind != PDF_DICT || (inherited(pair, step, &then, "V").kind == PDF_NONE &&
                                      inherited(pair, pair->b, &now, "V").kind != PDF_NONE));
}

/* What a widget hides. Without an appearance and a background it draws nothing. */
static double hidden_by(struct pdf_pair *pair, const struct pdf_value *ref)
{
    double area = 0;
    struct pdf_value widget = pdf_pair_resolve(pair, pair->b, *ref);
    struct pdf_value rectangle = pdf_pair_get(pair, pair->b, &widget, "Rect");
    if (pdf_dict_get(&widget, "AP").kind == PDF_NONE &&
        pdf_dict_get(&widget, "MK").kind == PDF_NONE)
        return 0;
    if (!area_of(pair, &rectangle, &area))
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_PAGE_HIDDEN,
                      "a signature that was added does not say what part of the page it covers");
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
                      "the appearance of a signature that was added hides a large part of a page");
}
