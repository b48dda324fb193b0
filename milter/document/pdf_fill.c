/* SPDX-License-Identifier: Apache-2.0
 * Filling in a form (ISO 32000-1, 12.7.4): a text or a choice gets a value and an appearance that
 * shows it, a box is ticked. Nothing else of the field changes, so what it shows stays inside the
 * rectangle that was signed. A button that does something is never filled in. */
#include "document/pdf_compare.h"

#define PUSH_BUTTON (1 << 16)

enum pdf_field_type pdf_field_type_of(struct pdf_pair *pair, const struct pdf_value *field,
                                      enum pdf_field_type inherited)
{
    struct pdf_value type = pdf_pair_get(pair, pair->a, field, "FT");
    struct pdf_value flags = pdf_pair_get(pair, pair->a, field, "Ff");
    if (type.kind == PDF_NONE)
        return inherited;
    if (pdf_name_is(&type, "Sig"))
        return PDF_FIELD_SIGNATURE;
    if (pdf_name_is(&type, "Tx") || pdf_name_is(&type, "Ch"))
        return PDF_FIELD_TEXT;
    if (pdf_name_is(&type, "Btn"))
        return (flags.integer & PUSH_BUTTON) == 0 ? PDF_FIELD_TICK : PDF_FIELD_OTHER;
    return PDF_FIELD_OTHER;
}

/* Does filling in write this key? */
static bool is_written(const struct pdf_value *key, enum pdf_field_type type)
{
    static const char *const of_text[] = {"V", "AP", "M", "I", "DA", NULL};
    static const char *const of_tick[] = {"V", "AS", "M", NULL};
    const char *const *known = type == PDF_FIELD_TEXT ? of_text : of_tick;
    for (size_t i = 0; known[i] != NULL; i++) {
        if (pdf_name_is(key, known[i]))
            return true;
    }
    return false;
}

bool pdf_fill_changes(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b,
                      enum pdf_field_type type)
{
    const char *key = type == PDF_FIELD_TICK ? "AS" : "V";
    struct pdf_value v_a = pdf_dict_get(a, "V"), v_b = pdf_dict_get(b, "V");
    struct pdf_value own_a = pdf_dict_get(a, key), own_b = pdf_dict_get(b, key);
    return (type == PDF_FIELD_TEXT || type == PDF_FIELD_TICK) &&
           (pdf_pair_differs(pair, &v_a, &v_b) || pdf_pair_differs(pair, &own_a, &own_b));
}

/* 12.5.5: a form that shows text and nothing else. */
static bool shows_text_only(struct pdf_pair *pair, const struct pdf_value *form)
{
    static const char *const known[] = {"Font", "ProcSet", NULL};
    struct pdf_object object = pdf_history_object(pair->history, form->ref, pair->b);
    struct pdf_value resources = pdf_pair_get(pair, pair->b, &object.value, "Resources");
    return object.is_stream && (resources.kind == PDF_NONE || pdf_has_only_keys(&resources, known));
}

/* The appearance of a field that was filled in: another form, or the same one written again. An
 * object that was there for something else is not it. */
static bool is_filled_look(struct pdf_pair *pair, const struct pdf_value *a,
                           const struct pdf_value *b)
{
    static const char *const known[] = {"N", NULL};
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a);
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b);
    struct pdf_value n_a = pdf_dict_get(&from, "N"), n_b = pdf_dict_get(&to, "N");
    bool is_same = pdf_value_is_same(&n_a, &n_b);
    if (to.kind == PDF_NONE)
        return true; /* the reader draws it */
    if (!pdf_has_only_keys(&to, known) || n_b.kind != PDF_REF ||
        (!is_same && !pdf_pair_is_new(pair, &n_b)) || !shows_text_only(pair, &n_b))
        return false;
    /* Neither may be used by anything else. */
    if (is_same && pdf_history_is_redefined(pair->history, n_b.ref.id, pair->b)) {
        pdf_pair_explain(pair, &n_a, &n_b, false);
        (void)pdf_set_add(pair->reader, &pair->retired, pdf_ref_key(n_a.ref));
    }
    if (a->kind == PDF_REF && pdf_value_is_same(a, b) &&
        pdf_history_is_redefined(pair->history, a->ref.id, pair->b)) {
        pdf_pair_explain(pair, a, b, false);
        (void)pdf_set_add(pair->reader, &pair->retired, pdf_ref_key(a->ref));
    }
    return true;
}

/* 12.7.4.4: the places of what was chosen. The /I of a transparency group (11.6.6) is a boolean,
 * and an object may be both. */
static bool is_choice(struct pdf_pair *pair, size_t step, const struct pdf_value *value)
{
    struct pdf_value choice = pdf_pair_resolve(pair, step, *value);
    return choice.kind == PDF_NONE || choice.kind == PDF_ARRAY;
}

bool pdf_fill_rule(struct pdf_pair *pair, enum pdf_field_type type, const struct pdf_value *widget,
                   const struct pdf_value *key, const struct pdf_value *a,
                   const struct pdf_value *b)
{
    struct pdf_value value = pdf_pair_resolve(pair, pair->b, *b);
    if (!is_written(key, type))
        return false;
    if (pdf_name_is(key, "AP"))
        return is_filled_look(pair, a, b);
    if (pdf_name_is(key, "DA"))
        return pdf_defaults_may_become(pair, a, b, widget);
    if (pdf_name_is(key, "AS"))
        return value.kind == PDF_NAME;
    if (pdf_name_is(key, "I"))
        return is_choice(pair, pair->a, a) && is_choice(pair, pair->b, b);
    return b->kind != PDF_REF && value.kind != PDF_DICT;
}

/* ---- what is shown ---- */

/* 12.7.4.2.3: a box shows the state that is its value, or the one that is none. */
static enum pdf_shown tick_shows(struct pdf_pair *pair, const struct pdf_value *widget,
                                 const struct pdf_value *value)
{
    struct pdf_value state = pdf_pair_get(pair, pair->b, widget, "AS");
    struct pdf_value looks = pdf_pair_get(pair, pair->b, widget, "AP");
    struct pdf_value normal = pdf_pair_get(pair, pair->b, &looks, "N");
    bool is_off = state.kind == PDF_NONE || pdf_name_is(&state, "Off");
    bool has_value = value->kind == PDF_NAME && !pdf_name_is(value, "Off") &&
                     pdf_dict_find(&normal, value).kind != PDF_NONE;
    if (normal.kind != PDF_DICT)
        return PDF_SHOWN_UNKNOWN;
    if (is_off)
        return has_value ? PDF_SHOWN_OTHER : PDF_SHOWN_SAME;
    return has_value && pdf_names_equal(&state, value) ? PDF_SHOWN_SAME : PDF_SHOWN_OTHER;
}

/* 12.6.3, table 196: a script may show a number or a date in another form. */
static bool has_format(struct pdf_pair *pair, const struct pdf_value *widget)
{
    struct pdf_value above = pdf_pair_get(pair, pair->b, widget, "Parent");
    return pdf_dict_get(widget, "AA").kind != PDF_NONE ||
           pdf_dict_get(&above, "AA").kind != PDF_NONE;
}

void pdf_check_shown(struct pdf_pair *pair, const struct pdf_value *widget, const char *name,
                     enum pdf_field_type type, const struct pdf_value *value)
{
    struct pdf_value options = pdf_pair_get(pair, pair->b, widget, "Opt");
    if (pdf_dict_get(widget, "AP").kind == PDF_NONE)
        return; /* the reader draws it, or it is seen elsewhere */
    enum pdf_shown shown = type == PDF_FIELD_TICK ? tick_shows(pair, widget, value)
                                                  : pdf_look_shows(pair, widget, value, &options);
    if (shown == PDF_SHOWN_OTHER && (type == PDF_FIELD_TICK || !has_format(pair, widget)))
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_FORM_FILLED,
                      "the field \"%s\" shows something else than the value it was filled in with",
                      name);
    else if (shown != PDF_SHOWN_SAME)
        pdf_pair_add(pair, 2, false, VT_CHANGE_FORM_FILLED,
                     "the field \"%s\" was filled in, and what it shows cannot be compared with "
                     "its value",
                     name);
}
