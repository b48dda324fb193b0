/* SPDX-License-Identifier: Apache-2.0
 * Exceptions of the comparison among the annotations of a page (ISO 32000-1, 12.5): the widgets of
 * added signature fields, and what people write onto a page with their reader. The latter is an
 * addition, whose signer is looked for; under a certification with P=3 (12.8.2.2) it is allowed as
 * far as it cannot pass for a part of the page: a note and a mark over the text. Free text, stamps
 * and drawings can (Rohlmann et al., Breaking the Specification, 2021). */
#include "document/pdf_compare.h"
#include "document/pdf_mark.h"

/* A note is an icon. Points. */
#define MAX_ICON 40.0

enum sort {
    SORT_UNKNOWN, /* nobody can say what it shows or does */
    SORT_DRAWN,   /* shows whatever its writer likes */
    SORT_MARK,    /* lies over text */
    SORT_NOTE     /* an icon that opens a text */
};

static enum sort sort_of(const struct pdf_value *subtype)
{
    static const struct {
        const char *name;
        enum sort sort;
    } known[] = {{"Text", SORT_NOTE},      {"Popup", SORT_NOTE},          {"Highlight", SORT_MARK},
                 {"Underline", SORT_MARK}, {"Squiggly", SORT_MARK},       {"StrikeOut", SORT_MARK},
                 {"FreeText", SORT_DRAWN}, {"Stamp", SORT_DRAWN},         {"Line", SORT_DRAWN},
                 {"Square", SORT_DRAWN},   {"Circle", SORT_DRAWN},        {"Polygon", SORT_DRAWN},
                 {"Caret", SORT_DRAWN},    {"PolyLine", SORT_DRAWN},      {"Ink", SORT_DRAWN},
                 {"Link", SORT_DRAWN},     {"FileAttachment", SORT_DRAWN}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (pdf_name_is(subtype, known[i].name))
            return known[i].sort;
    }
    return SORT_UNKNOWN;
}

/* 12.6.4: an action that goes somewhere when it is clicked; everything else may do anything. */
static bool acts(struct pdf_pair *pair, const struct pdf_value *annotation)
{
    struct pdf_value action = pdf_pair_get(pair, pair->b, annotation, "A");
    struct pdf_value kind = pdf_pair_get(pair, pair->b, &action, "S");
    if (pdf_dict_get(annotation, "AA").kind != PDF_NONE)
        return true;
    return action.kind != PDF_NONE && !pdf_name_is(&kind, "GoTo") && !pdf_name_is(&kind, "URI");
}

/* ---- what cannot pass for a part of the page ---- */

static bool is_icon(struct pdf_pair *pair, const struct pdf_value *annotation)
{
    struct pdf_value subtype = pdf_pair_get(pair, pair->b, annotation, "Subtype");
    struct pdf_value rectangle = pdf_pair_get(pair, pair->b, annotation, "Rect");
    struct pdf_box box;
    if (pdf_name_is(&subtype, "Popup"))
        return pdf_dict_get(annotation, "AP").kind == PDF_NONE; /* a window of the reader */
    return pdf_pair_box(pair, &rectangle, &box) && box.right - box.left <= MAX_ICON &&
           box.top - box.bottom <= MAX_ICON;
}

static bool is_harmless(struct pdf_pair *pair, const struct pdf_value *annotation, enum sort sort)
{
    struct pdf_value subtype = pdf_pair_get(pair, pair->b, annotation, "Subtype");
    if (sort == SORT_NOTE)
        return is_icon(pair, annotation) && pdf_looks_like_mark(pair, annotation, PDF_MARK_NOTE);
    return sort == SORT_MARK &&
           pdf_looks_like_mark(pair, annotation,
                               pdf_name_is(&subtype, "Highlight") ? PDF_MARK_HIGHLIGHT
                                                                  : PDF_MARK_LINE);
}

/* ---- annotations that were added, and that are gone ---- */

static void check_added(struct pdf_pair *pair, const struct pdf_value *item)
{
    if (item->kind == PDF_REF && pdf_set_has(&pair->new_annots, pdf_ref_key(item->ref)))
        return;
    struct pdf_value annotation = pdf_pair_resolve(pair, pair->b, *item);
    struct pdf_value subtype = pdf_pair_get(pair, pair->b, &annotation, "Subtype");
    enum sort sort = sort_of(&subtype);
    char name[32];
    vt_text_clean(name, sizeof(name), subtype.text);
    if (!pdf_pair_is_new(pair, item) || sort == SORT_UNKNOWN || acts(pair, &annotation)) {
        pdf_pair_fail(pair,
                      pair->docmdp == 1 || pair->docmdp == 2 ? VT_CHANGES_FORBIDDEN
                                                             : VT_CHANGES_UNDETERMINED,
                      VT_CHANGE_ANNOTATION_ADDED,
                      "an annotation was added (object %d, %s), and it is not known what it does",
                      item->ref.id, name);
        return;
    }
    (void)pdf_set_add(pair->reader, &pair->new_annots, pdf_ref_key(item->ref));
    pdf_pair_add(pair, 3, is_harmless(pair, &annotation, sort), VT_CHANGE_ANNOTATION_ADDED,
                 "an annotation was added (object %d, %s)", item->ref.id, name);
}

static void say_lost(struct pdf_pair *pair, const struct pdf_value *old, const struct pdf_value *to)
{
    bool is_gone = old->kind == PDF_REF && pdf_work(pair->reader, to->text.len) &&
                   !pdf_array_has(to, old) && pair->docmdp != 3;
    pdf_pair_fail(pair, is_gone ? VT_CHANGES_FORBIDDEN : VT_CHANGES_UNDETERMINED,
                  VT_CHANGE_ANNOTATION_REMOVED, "annotations of a page were removed or replaced");
}

void pdf_compare_annots(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b)
{
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a), old;
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b), item;
    size_t at_a = 0, at_b = 0;
    pdf_pair_explain(pair, a, b, false);
    if ((from.kind != PDF_NONE && from.kind != PDF_ARRAY) ||
        (to.kind != PDF_NONE && to.kind != PDF_ARRAY)) {
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_ANNOTATION_REMOVED,
                      "annotations of a page cannot be compared");
        return;
    }
    while (pdf_array_next(&from, &at_a, &old)) {
        if (!pdf_array_next(&to, &at_b, &item) || !pdf_pair_strict(pair, &old, &item)) {
            say_lost(pair, &old, &to);
            return;
        }
        if (pdf_defaults_change(pair, &old))
            pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_FORM,
                          "/DR or /DA of the form was changed, by which an annotation is drawn "
                          "(object %d)",
                          old.ref.id);
    }
    while (pdf_array_next(&to, &at_b, &item))
        check_added(pair, &item);
}
