/* SPDX-License-Identifier: Apache-2.0
 * What a reader draws by itself of a form: the text of a field, in the type that /DA names, with
 * the resources of /DR (ISO 32000-1, 12.7.2, 12.7.3.3). Programs that sign add fonts of their own
 * to them (Helv, ZaDb); that changes nothing of what is drawn with the others. */
#include "document/pdf_compare.h"

/* Fields above a widget. */
#define MAX_PARENTS 16
/* Operands of an operator in /DA, those of k. */
#define MAX_OPERANDS 4
/* Type that can be read, and fits into a line. Points. */
#define MIN_TYPE 4.0
#define MAX_TYPE 24.0
#define MAX_STRING_BYTES 1024

/* The text of a string, as something that can be parsed; empty: it is none, or too long. */
static struct vt_bytes text_of(struct pdf_pair *pair, const struct pdf_value *string)
{
    struct vt_bytes none = {0};
    if (string->text.len > MAX_STRING_BYTES)
        return none;
    uint8_t *text = pdf_scratch(pair->reader, string->text.len);
    return text == NULL ? none : vt_bytes_of(text, pdf_string_decode(string, text));
}

/* ---- resources ---- */

/* Is what this name stands for in the one sort of resources the same in both? *found: it was
 * there. */
static bool is_same_resource(struct pdf_pair *pair, const struct pdf_value *a,
                             const struct pdf_value *b, const struct pdf_value *name, bool *found)
{
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a);
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b);
    struct pdf_value before = pdf_dict_find(&from, name), after = pdf_dict_find(&to, name);
    *found = *found || before.kind != PDF_NONE;
    return pdf_pair_strict(pair, &before, &after);
}

/* What a name stands for was there, and is the same, whatever resource it is. */
static bool names_the_same(struct pdf_pair *pair, const struct pdf_value *name)
{
    struct pdf_value from = pdf_pair_get(pair, pair->a, &pair->form_a, "DR"), key, value, other;
    struct pdf_value to = pdf_pair_get(pair, pair->b, &pair->form_b, "DR");
    bool found = false;
    for (size_t at = 0; pdf_dict_next(&from, &at, &key, &value);) {
        other = pdf_dict_find(&to, &key);
        if (!is_same_resource(pair, &value, &other, name, &found))
            return false;
    }
    for (size_t at = 0; pdf_dict_next(&to, &at, &key, &value);) {
        other = pdf_dict_find(&from, &key);
        if (!is_same_resource(pair, &other, &value, name, &found))
            return false;
    }
    return found;
}

/* Objects that hold nothing but lists of resources may be written again with more of them. True:
 * some resources are others now. */
bool pdf_defaults_take(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b)
{
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a), key, value, other;
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b);
    bool is_other = !pdf_value_is_same(&from, &to);
    for (size_t at = 0; pdf_dict_next(&from, &at, &key, &value);) {
        other = pdf_dict_find(&to, &key);
        struct pdf_value sort_a = pdf_pair_resolve(pair, pair->a, value);
        struct pdf_value sort_b = pdf_pair_resolve(pair, pair->b, other);
        is_other = is_other || !pdf_value_is_same(&sort_a, &sort_b);
        if (sort_a.kind == PDF_DICT && sort_b.kind == PDF_DICT)
            pdf_pair_explain(pair, &value, &other, false);
    }
    if (is_other && from.kind == PDF_DICT && to.kind == PDF_DICT)
        pdf_pair_explain(pair, a, b, false);
    return is_other;
}

/* ---- who is drawn by them ---- */

/* An entry of an annotation, or of the fields above it, at step a. */
static struct pdf_value entry_of(struct pdf_pair *pair, const struct pdf_value *annotation,
                                 const char *key)
{
    struct pdf_value node = *annotation, found = {0};
    for (unsigned i = 0; i < MAX_PARENTS && found.kind == PDF_NONE && node.kind == PDF_DICT; i++) {
        found = pdf_pair_get(pair, pair->a, &node, key);
        node = pdf_pair_get(pair, pair->a, &node, "Parent");
    }
    return found;
}

/* Some readers draw all fields (/NeedAppearances), even those that have an appearance. */
static bool is_drawn(struct pdf_pair *pair, const struct pdf_value *annotation)
{
    struct pdf_value subtype = pdf_pair_get(pair, pair->a, annotation, "Subtype");
    struct pdf_value type = entry_of(pair, annotation, "FT");
    if (pdf_name_is(&subtype, "FreeText"))
        return pdf_dict_get(annotation, "AP").kind == PDF_NONE;
    return pdf_name_is(&subtype, "Widget") && !pdf_name_is(&type, "Sig");
}

bool pdf_defaults_change(struct pdf_pair *pair, const struct pdf_value *item)
{
    struct pdf_value annotation = pdf_pair_resolve(pair, pair->a, *item), token;
    if (!pair->has_other_defaults || !is_drawn(pair, &annotation))
        return false;
    struct pdf_value look = entry_of(pair, &annotation, "DA");
    if (look.kind == PDF_NONE) {
        look = pdf_pair_get(pair, pair->a, &pair->form_a, "DA");
        struct pdf_value after = pdf_pair_get(pair, pair->b, &pair->form_b, "DA");
        if (look.kind == PDF_NONE || !pdf_value_is_same(&look, &after))
            return true;
    }
    /* 12.7.3.4: rich text names its type by the family. */
    if (entry_of(pair, &annotation, "RV").kind != PDF_NONE ||
        entry_of(pair, &annotation, "DS").kind != PDF_NONE)
        return true;
    struct vt_bytes text = text_of(pair, &look);
    bool names_any = false;
    size_t at = 0;
    while (pdf_next_value(text, &at, &token)) {
        if (token.kind == PDF_NAME && !names_the_same(pair, &token))
            return true;
        if (token.kind == PDF_ARRAY || token.kind == PDF_DICT)
            return true;
        names_any = names_any || token.kind == PDF_NAME;
    }
    return !names_any || pdf_skip_space(text, at) < text.len;
}

/* ---- the look of a field that is filled in ---- */

struct type {
    struct pdf_value font;
    double size;
    double colour[MAX_OPERANDS];
    size_t components;
};

/* 9.3.1, 8.6.8: the type and the colour that /DA sets. False: it sets something else. */
static bool read_type(struct pdf_pair *pair, const struct pdf_value *string, struct type *out)
{
    struct vt_bytes text = text_of(pair, string);
    struct pdf_value token;
    double operands[MAX_OPERANDS] = {0};
    size_t count = 0;
    bool has_font = false, is_known = true;
    size_t at = 0;
    *out = (struct type){.components = 1}; /* black */
    while (is_known && pdf_next_value(text, &at, &token)) {
        if (token.kind == PDF_NAME) {
            out->font = token;
            continue;
        }
        if (token.kind != PDF_KEYWORD) {
            is_known = count < MAX_OPERANDS && pdf_number_of(&token, &operands[count++]);
            continue;
        }
        if (vt_bytes_equal(token.text, VT_BYTES("Tf")) && count == 1) {
            out->size = operands[0];
            has_font = true;
        } else if ((vt_bytes_equal(token.text, VT_BYTES("g")) && count == 1) ||
                   (vt_bytes_equal(token.text, VT_BYTES("rg")) && count == 3) ||
                   (vt_bytes_equal(token.text, VT_BYTES("k")) && count == 4)) {
            out->components = count;
            for (size_t i = 0; i < count; i++)
                out->colour[i] = operands[i];
        } else {
            is_known = false;
        }
        count = 0;
    }
    return is_known && has_font && pdf_skip_space(text, at) == text.len;
}

/* The readers draw nothing by /DA where there is an appearance, but for those that show a box to
 * type into: what stands in it is to be seen as before. */
bool pdf_defaults_may_become(struct pdf_pair *pair, const struct pdf_value *a,
                             const struct pdf_value *b, const struct pdf_value *widget)
{
    struct pdf_value always = pdf_pair_get(pair, pair->b, &pair->form_b, "NeedAppearances");
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a);
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b);
    struct pdf_value looks = pdf_pair_get(pair, pair->b, widget, "AP");
    struct type before, after;
    if (b->kind == PDF_REF || !read_type(pair, &from, &before) || !read_type(pair, &to, &after) ||
        before.components != after.components)
        return false;
    for (size_t i = 0; i < before.components; i++) {
        if (before.colour[i] != after.colour[i])
            return false;
    }
    if (after.size == before.size && pdf_names_equal(&before.font, &after.font))
        return true;
    if (always.integer != 0 || pdf_dict_get(&looks, "N").kind != PDF_REF)
        return false;
    return after.size == before.size || after.size == 0 ||
           (after.size >= MIN_TYPE && after.size <= MAX_TYPE);
}
