/* SPDX-License-Identifier: Apache-2.0
 * Exceptions of the comparison among the annotations of a page (ISO 32000-1, 12.5): the widgets of
 * added signature fields, and what people write onto a page with their reader. The latter is an
 * addition, whose signer is looked for; under a certification with P=3 (12.8.2.2) it is allowed as
 * far as it cannot pass for a part of the page: a note and a mark over the text. Free text, stamps
 * and drawings can (Rohlmann et al., Breaking the Specification, 2021). */
#include <stdlib.h>
#include <string.h>

#include "document/pdf_compare.h"

/* A note is an icon. Points. */
#define MAX_ICON 40.0
/* Drawing instructions of a mark. */
#define MAX_MARK_BYTES ((size_t)16 * 1024)
#define MAX_MARK_OPERATORS 200
/* Width of a line below text. Points. */
#define MAX_LINE 2.0

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

static bool is_one_of(struct vt_bytes word, const char *const *list)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        if (vt_bytes_equal(word, vt_bytes_str(list[i])))
            return true;
    }
    return false;
}

/* What an appearance may draw, and did. */
struct mark {
    bool may_fill;
    bool needs_state; /* fills only with a graphics state that darkens */
    size_t max_lines; /* segments; 0: any number */
    bool has_state;
    size_t lines;
    double last; /* number */
};

/* One operator of a content stream (8.2, table 51): lines, areas, colours. No text, no picture, no
 * inline image, no form. */
static bool may_draw(struct mark *mark, struct vt_bytes word)
{
    static const char *const harmless[] = {"q", "Q", "rg", "RG", "g", "G", "k", "K", "J",
                                           "j", "M", "re", "m",  "h", "i", "n", NULL};
    static const char *const segments[] = {"l", "c", "v", "y", "S", "s", NULL};
    static const char *const areas[] = {"f", "F", "f*", "B", "B*", "b", "b*", NULL};
    bool is_thin = mark->max_lines > 0;
    if (is_one_of(word, harmless))
        return !is_thin || !vt_bytes_equal(word, VT_BYTES("re"));
    if (vt_bytes_equal(word, VT_BYTES("w")))
        return !is_thin || (mark->last >= 0 && mark->last <= MAX_LINE);
    if (vt_bytes_equal(word, VT_BYTES("gs")))
        return mark->has_state = true;
    if (is_one_of(word, segments))
        return ++mark->lines <= mark->max_lines || !is_thin;
    if (is_one_of(word, areas))
        return mark->may_fill && (!mark->needs_state || mark->has_state);
    return !is_thin &&
           (vt_bytes_equal(word, VT_BYTES("cm")) || vt_bytes_equal(word, VT_BYTES("d")));
}

static bool draws_a_mark(struct vt_bytes content, struct mark *mark)
{
    struct pdf_value word;
    size_t operators = 0, at = 0;
    while (pdf_next_value(content, &at, &word)) {
        if (word.kind != PDF_KEYWORD)
            (void)pdf_number_of(&word, &mark->last);
        else if (++operators > MAX_MARK_OPERATORS || !may_draw(mark, word.text))
            return false;
    }
    return pdf_skip_space(content, at) == content.len;
}

/* 11.3.5.2: every graphics state there is only darkens what is below, and sets no width. */
static bool multiplies(struct pdf_pair *pair, const struct pdf_value *resources)
{
    static const char *const known[] = {"Type", "BM", "AIS", "CA", "ca", NULL};
    struct pdf_value states = pdf_pair_get(pair, pair->b, resources, "ExtGState"), key, value;
    size_t count = 0;
    for (size_t at = 0; pdf_dict_next(&states, &at, &key, &value); count++) {
        struct pdf_value state = pdf_pair_resolve(pair, pair->b, value);
        struct pdf_value mode = pdf_pair_get(pair, pair->b, &state, "BM");
        if (!pdf_name_is(&mode, "Multiply") || !pdf_has_only_keys(&state, known))
            return false;
    }
    return count > 0;
}

/* 12.5.6.10: one line below or through each quadrilateral, which hides nothing. */
static size_t lines_of(struct pdf_pair *pair, const struct pdf_value *annotation)
{
    struct pdf_value points = pdf_pair_get(pair, pair->b, annotation, "QuadPoints"), item;
    size_t count = 0;
    for (size_t at = 0; pdf_array_next(&points, &at, &item);)
        count++;
    return count / 8 * 2; /* a segment, and its stroke */
}

/* The appearance is new, and a mark as readers draw it. */
static bool looks_like_a_mark(struct pdf_pair *pair, const struct pdf_value *annotation,
                              enum sort sort)
{
    static const char *const only_n[] = {"N", NULL};
    static const char *const plain[] = {"ExtGState", "ProcSet", NULL};
    struct pdf_value subtype = pdf_pair_get(pair, pair->b, annotation, "Subtype");
    struct pdf_value look = pdf_pair_get(pair, pair->b, annotation, "AP");
    struct pdf_value n = pdf_dict_get(&look, "N");
    uint8_t *data = NULL;
    size_t len = 0;
    if (look.kind == PDF_NONE)
        return true; /* the reader draws it */
    if (!pdf_has_only_keys(&look, only_n) || !pdf_pair_is_new(pair, &n))
        return false;
    struct pdf_value form = pdf_pair_resolve(pair, pair->b, n);
    struct pdf_value resources = pdf_pair_get(pair, pair->b, &form, "Resources");
    if (resources.kind != PDF_NONE && !pdf_has_only_keys(&resources, plain))
        return false;
    bool is_highlight = pdf_name_is(&subtype, "Highlight");
    bool has_states = pdf_dict_get(&resources, "ExtGState").kind != PDF_NONE;
    struct mark mark = {.may_fill = sort == SORT_NOTE || is_highlight, .needs_state = is_highlight};
    if (sort == SORT_MARK && !is_highlight)
        mark.max_lines = lines_of(pair, annotation);
    if (sort == SORT_MARK &&
        ((!is_highlight && mark.max_lines == 0) || (has_states && !multiplies(pair, &resources))))
        return false;
    bool ok = pdf_history_stream(pair->history, n.ref, pair->b, true, &data, &len) &&
              len <= MAX_MARK_BYTES && draws_a_mark(vt_bytes_of(data, len), &mark);
    free(data);
    return ok;
}

static bool is_icon(struct pdf_pair *pair, const struct pdf_value *annotation)
{
    struct pdf_value subtype = pdf_pair_get(pair, pair->b, annotation, "Subtype");
    struct pdf_value rectangle = pdf_pair_get(pair, pair->b, annotation, "Rect"), item;
    double corner[4] = {0};
    size_t count = 0;
    if (pdf_name_is(&subtype, "Popup"))
        return pdf_dict_get(annotation, "AP").kind == PDF_NONE; /* a window of the reader */
    for (size_t at = 0; count < 4 && pdf_array_next(&rectangle, &at, &item); count++) {
        item = pdf_pair_resolve(pair, pair->b, item);
        if (!pdf_number_of(&item, &corner[count]))
            return false;
    }
    double width = corner[2] - corner[0], height = corner[3] - corner[1];
    return count == 4 && width <= MAX_ICON && width >= -MAX_ICON && height <= MAX_ICON &&
           height >= -MAX_ICON;
}

static bool is_harmless(struct pdf_pair *pair, const struct pdf_value *annotation, enum sort sort)
{
    if (sort == SORT_NOTE && !is_icon(pair, annotation))
        return false;
    return (sort == SORT_NOTE || sort == SORT_MARK) && looks_like_a_mark(pair, annotation, sort);
}

/* ---- annotations that were added, and that are gone ---- */

static void check_added(struct pdf_pair *pair, const struct pdf_value *item)
{
    if (item->kind == PDF_REF && pdf_set_has(&pair->new_widgets, pdf_ref_key(item->ref)))
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
    pdf_pair_add(pair, 3, is_harmless(pair, &annotation, sort), VT_CHANGE_ANNOTATION_ADDED,
                 "an annotation was added (object %d, %s)", item->ref.id, name);
}

static bool array_has(const struct pdf_value *array, const struct pdf_value *value)
{
    struct pdf_value item;
    for (size_t at = 0; pdf_array_next(array, &at, &item);) {
        if (pdf_value_is_same(&item, value))
            return true;
    }
    return false;
}

static void say_lost(struct pdf_pair *pair, const struct pdf_value *old, const struct pdf_value *to)
{
    bool is_gone = old->kind == PDF_REF && pdf_work(pair->reader, to->text.len) &&
                   !array_has(to, old) && pair->docmdp != 3;
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
    }
    while (pdf_array_next(&to, &at_b, &item))
        check_added(pair, &item);
}
