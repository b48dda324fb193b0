/* SPDX-License-Identifier: Apache-2.0
 * Where a seal goes: by page and millimetres, by a text, by a field, over the signature of the one
 * who signed (legal.md R-59: about a third of it, on its left), or top right of page 1 (R-61,
 *
 */
#include <string.h>

#include "seal/pdf.h"
#include "verify/der.h"

/* From the edges of the page: right margin 15 to 20 mm (NĐ30, I.I.2), above the first line. */
#define RIGHT_MM 15.0
#define TOP_MM 7.0
/* What has more than three lines begins higher, to end above it, too. */
#define HIGH_MM 14.0
#define TOP_OF_HIGH_MM 5.0
#define MARGIN_MM 25.0
/* Between what is shown there already and the seal. */
#define GAP_MM 4.0
#define MAX_MOVES 16
/* A field that is lower shows no handwriting: number and date, which are put in by signatures of
 * their own. */
#define HANDWRITING_MM 8.0
/* 12.5.3: Hidden and NoView. */
#define UNSEEN_FLAGS (2 | 32)
/* Our own verifier calls more of a page unclear. */
#define MAX_PART_OF_PAGE 0.25

/* ---- fields that are there ---- */

/* The widget of a field: itself, or its only kid (12.7.3.1). */
static bool find_widget(struct pdf_reader *reader, struct pdf_ref field, struct pdf_ref *out)
{
    struct pdf_value value = {.kind = PDF_REF, .ref = field}, kid, more;
    struct pdf_value dict = pdf_resolve(reader, value);
    struct pdf_value kids = pdf_get(reader, &dict, "Kids");
    size_t at = 0;
    *out = field;
    if (kids.kind != PDF_ARRAY)
        return true;
    if (!pdf_array_next(&kids, &at, &kid) || kid.kind != PDF_REF ||
        pdf_array_next(&kids, &at, &more))
        return false;
    *out = kid.ref;
    return true;
}

/* 12.7.4.5, table 234: a seed value whose flags require something. */
static bool has_requirements(struct pdf_reader *reader, const struct pdf_value *field)
{
    struct pdf_value seed = pdf_get(reader, field, "SV");
    struct pdf_value flags = pdf_get(reader, &seed, "Ff");
    return seed.kind == PDF_DICT && flags.kind == PDF_INTEGER && flags.integer != 0;
}

static void at_field(struct vt_pdf_source *source, const struct vt_seal_pdf_plan *plan,
                     struct vt_pdf_spot *out)
{
    struct pdf_reader *reader = &source->reader;
    struct pdf_value ref = {.kind = PDF_REF}, dict = {0};
    struct pdf_field field = {0};
    if (plan->field != NULL && *plan->field != '\0' &&
        pdf_field_find(reader, plan->field, &field)) {
        ref.ref = field.ref;
        dict = pdf_resolve(reader, ref);
    }
    /* NOTE: a field whose widget is an object of its own may be signed (12.7.3.1); poppler and
     * MuPDF do not find such a signature. */
    if (dict.kind != PDF_DICT || field.v.kind != PDF_NONE || has_requirements(reader, &dict) ||
        pdf_dict_get(&dict, "Kids").kind != PDF_NONE) {
        vt_pdf_refuse(source, VT_SEAL_PDF_FIELD,
                      "There is no empty signature field of this name that takes any signature.");
        return;
    }
    struct pdf_value rect = pdf_dict_get(&dict, "Rect");
    out->has_field = true;
    out->field = field.ref;
    if (!vt_pdf_page_of(source, field.ref, &out->page) ||
        !vt_pdf_rect_read(reader, &rect, &out->rect))
        vt_pdf_refuse(source, VT_SEAL_PDF_PLACE, "The signature field is on no page.");
}

/* ---- new fields ---- */

/* Of what was found on a page: where it is shown. */
struct shown {
    double left, top, width, height;
};

static struct shown shown_of(const struct vt_pdf_page *page, const struct pdf_box *rect)
{
    struct shown shown;
    vt_pdf_page_shown(page, rect, &shown.left, &shown.top, &shown.width, &shown.height);
    return shown;
}

/* Number and date are signed by the agency, too. */
static bool is_own(const struct pdf_signature *signature, const struct vt_seal_pdf_plan *plan)
{
    struct vt_bytes chain = plan->identity->chain;
    struct vt_der own;
    return vt_der_expect(&chain, VT_DER_SEQUENCE, &own) == VT_OK &&
           vt_bytes_find(signature->object.cms, own.raw, 0) != SIZE_MAX;
}

/* The signature of the one who signed: the last of others that shows handwriting. */
static bool last_shown(struct vt_pdf_source *source, const struct vt_seal_pdf_plan *plan,
                       struct vt_pdf_page *out_page, struct pdf_box *out)
{
    struct pdf_reader *reader = &source->reader;
    bool found = false;
    size_t newest = 0;
    for (size_t i = 0; i < reader->signatures_count; i++) {
        const struct pdf_signature *signature = &reader->signatures[i];
        struct pdf_value ref = {.kind = PDF_REF};
        struct pdf_box rect;
        struct vt_pdf_page page;
        if (signature->field->ref.id == 0 || signature->end < newest || is_own(signature, plan) ||
            !find_widget(reader, signature->field->ref, &ref.ref))
            continue;
        struct pdf_value dict = pdf_resolve(reader, ref);
        struct pdf_value corners = pdf_dict_get(&dict, "Rect");
        if (pdf_dict_get(&dict, "AP").kind == PDF_NONE ||
            !vt_pdf_rect_read(reader, &corners, &rect) || !vt_pdf_page_of(source, ref.ref, &page))
            continue;
        struct shown shown = shown_of(&page, &rect);
        if (shown.height < HANDWRITING_MM * VT_POINTS_PER_MM || shown.width < shown.height / 2)
            continue;
        *out = rect;
        *out_page = page;
        newest = signature->end;
        found = true;
    }
    return found;
}

static void put(struct vt_pdf_source *source, struct vt_pdf_spot *spot, double left, double top,
                double width, double height)
{
    double page_width = vt_pdf_page_width(&spot->page);
    double page_height = vt_pdf_page_height(&spot->page);
    spot->rect = vt_pdf_page_rect(&spot->page, left, top, width, height);
    bool fits = left >= 0 && top >= 0 && left + width <= page_width &&
                top + height <= page_height &&
                width * height <= page_width * page_height * MAX_PART_OF_PAGE;
    if (!fits)
        vt_pdf_refuse(source, VT_SEAL_PDF_PLACE, "The seal does not fit on the page at its place.");
}

static void no_place(struct vt_pdf_source *source, const char *why)
{
    vt_pdf_refuse(source, VT_SEAL_PDF_PLACE, why);
}

static bool meets(const struct shown *a, const struct shown *b)
{
    return a->left < b->left + b->width && b->left < a->left + a->width &&
           a->top < b->top + b->height && b->top < a->top + a->height;
}

/* What is shown at a place already: the text of an annex where a copy of it is made. */
static bool is_taken(struct vt_pdf_source *source, const struct vt_pdf_page *page,
                     const struct shown *place, struct shown *out)
{
    struct pdf_reader *reader = &source->reader;
    struct pdf_value annots = pdf_get(reader, &page->dict, "Annots"), item;
    for (size_t at = 0; pdf_array_next(&annots, &at, &item) && pdf_visit(reader);) {
        struct pdf_value annotation = pdf_resolve(reader, item);
        struct pdf_value corners = pdf_dict_get(&annotation, "Rect");
        struct pdf_value flags = pdf_get(reader, &annotation, "F");
        struct pdf_box rect;
        if (pdf_dict_get(&annotation, "AP").kind == PDF_NONE ||
            (flags.kind == PDF_INTEGER && (flags.integer & UNSEEN_FLAGS) != 0) ||
            !vt_pdf_rect_read(reader, &corners, &rect))
            continue;
        *out = shown_of(page, &rect);
        if (meets(place, out))
            return true;
    }
    return false;
}

/* In the margin, beside what is there or below it; where that is full, in the lower margin: text of
 * the document is never covered on purpose. */
static void at_top_right(struct vt_pdf_source *source, double width, double height,
                         struct vt_pdf_spot *out)
{
    double margin = RIGHT_MM * VT_POINTS_PER_MM, gap = GAP_MM * VT_POINTS_PER_MM;
    double edge =
        (height > HIGH_MM * VT_POINTS_PER_MM ? TOP_OF_HIGH_MM : TOP_MM) * VT_POINTS_PER_MM;
    double rightmost = vt_pdf_page_width(&out->page) - margin - width;
    double lowest = vt_pdf_page_height(&out->page) - edge - height;
    struct shown other, place = {rightmost, edge, width, height};
    unsigned moves = 0;
    for (; moves < MAX_MOVES && is_taken(source, &out->page, &place, &other); moves++) {
        place.left = other.left - gap - width;
        if (place.left >= margin)
            continue;
        place.left = rightmost;
        place.top = other.top + other.height + gap;
        if (place.top + height > MARGIN_MM * VT_POINTS_PER_MM)
            place.top = lowest;
    }
    if (moves == MAX_MOVES)
        no_place(source, "The margins of page 1 are full.");
    else
        put(source, out, place.left, place.top, width, height);
}

static void by_rule(struct vt_pdf_source *source, const struct vt_seal_pdf_plan *plan, double width,
                    double height, struct vt_pdf_spot *out)
{
    struct pdf_box found = {0};
    struct shown shown;
    double left = plan->left_mm * VT_POINTS_PER_MM, top = plan->top_mm * VT_POINTS_PER_MM;
    switch (plan->place) {
    case VT_SEAL_PLACE_PAGE:
        if (!vt_pdf_page_find(source, plan->page, &out->page))
            no_place(source, "The page of the seal is not there.");
        else
            put(source, out, left, top, width, height);
        break;
    case VT_SEAL_PLACE_ANCHOR:
        if (plan->anchor == NULL || !vt_pdf_anchor_find(source, plan->anchor, &out->page, &found)) {
            no_place(source, "The text that the seal goes by is not there.");
            break;
        }
        shown = shown_of(&out->page, &found);
        put(source, out, shown.left + left, shown.top + top, width, height);
        break;
    case VT_SEAL_PLACE_SIGNATURE:
        if (!last_shown(source, plan, &out->page, &found)) {
            no_place(source,
                     "There is no signature that shows handwriting, which the seal goes over.");
            break;
        }
        shown = shown_of(&out->page, &found);
        put(source, out, shown.left + shown.width / 3 - width,
            shown.top + (shown.height - height) / 2, width, height);
        break;
    default:
        if (!vt_pdf_page_find(source, 1, &out->page))
            no_place(source, "The file has no page.");
        else
            at_top_right(source, width, height, out);
        break;
    }
}

void vt_pdf_spot_find(struct vt_pdf_source *source, const struct vt_seal_pdf_plan *plan,
                      double width, double height, struct vt_pdf_spot *out)
{
    *out = (struct vt_pdf_spot){0};
    if (plan->place == VT_SEAL_PLACE_FIELD)
        at_field(source, plan, out);
    else if (width > 0 && height > 0)
        by_rule(source, plan, width, height, out);
    else if (!vt_pdf_page_find(source, 1, &out->page)) /* a widget belongs to some page */
        no_place(source, "The file has no page.");
}
