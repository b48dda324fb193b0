/* SPDX-License-Identifier: Apache-2.0
 * Exceptions of the comparison in the AcroForm (ISO 32000-1, 12.7): a signature field is added and
 * signed in the same step, or an empty one is signed. Every such field must hold a signature of
 * this very step, so that what it adds is covered by it. */
#include <string.h>

#include "document/pdf_compare.h"

/* Fields are compared as a tree; real ones have 3 levels. */
#define MAX_LEVELS 16

struct field_context {
    enum pdf_field_type type; /* of the field, or of those above it */
    bool signs;               /* an empty signature field gets its value */
    bool is_filled;           /* the field, or the one above it, was filled in */
    bool is_signed;           /* it has a signature, and had it before */
    struct pdf_value value;   /* at step b, of the field or of those above it */
    struct pdf_value ref;     /* the field itself, and what it was at both steps */
    struct pdf_value was;
    struct pdf_value dict;
    unsigned level;
};

/* ---- what may be signed ---- */

/* The signature that a field has at step b, when its revision is exactly that step. */
static struct pdf_signature *signature_of_step(struct pdf_pair *pair, struct pdf_ref field,
                                               const struct pdf_value *v)
{
    for (size_t i = 0; i < pair->reader->signatures_count; i++) {
        struct pdf_signature *signature = &pair->reader->signatures[i];
        if (signature->boundary != pair->b || signature->object.structure_broken)
            continue;
        struct pdf_ref ref = v->kind == PDF_REF ? v->ref : field;
        if (signature->direct == (v->kind != PDF_REF) && pdf_is_same_ref(signature->ref, ref))
            return signature;
    }
    return NULL;
}

/* Is the field signed in a later step? */
static bool is_signed_later(struct pdf_pair *pair, struct pdf_ref field)
{
    for (size_t i = 0; i < pair->reader->signatures_count; i++) {
        const struct pdf_signature *signature = &pair->reader->signatures[i];
        if (pdf_is_same_ref(signature->field->ref, field) && signature->boundary != SIZE_MAX &&
            signature->boundary > pair->b)
            return !signature->object.structure_broken;
    }
    return false;
}

static void note_added(struct pdf_pair *pair, const char *name)
{
    if (pair->added_count < sizeof(pair->added) / sizeof(pair->added[0]))
        pair->added[pair->added_count++] = name;
    pdf_pair_note(pair, VT_CHANGE_SIGNATURE_ADDED, name);
}

/* Everybody gets a time stamp of his from a public authority, so it answers for nothing that is
 * seen. EN 319 142-1, 5.4.3: its field shows nothing. */
static void check_stamp(struct pdf_pair *pair, struct pdf_ref ref)
{
    struct pdf_value field = {.kind = PDF_REF, .ref = ref}, kid;
    struct pdf_value dict = pdf_pair_resolve(pair, pair->b, field);
    struct pdf_value kids = pdf_pair_get(pair, pair->b, &dict, "Kids");
    bool is_seen = pdf_is_seen(pair, &dict);
    for (size_t at = 0; pdf_array_next(&kids, &at, &kid);) {
        kid = pdf_pair_resolve(pair, pair->b, kid);
        is_seen = is_seen || pdf_is_seen(pair, &kid);
    }
    if (is_seen)
        pdf_pair_add(pair, 4, false, VT_CHANGE_ANNOTATION_ADDED,
                     "a time stamp shows something on a page (object %d), which no signer answers "
                     "for",
                     ref.id);
}

/* May this value be put into a field now? 12.8.2.2: P=1 allows no signature; a document time stamp
 * belongs to the validation data (EN 319 142-1, 5.4.3). */
static bool may_be_signed(struct pdf_pair *pair, struct pdf_ref field, const struct pdf_value *v)
{
    struct pdf_signature *signature = signature_of_step(pair, field, v);
    if (signature == NULL) {
        pdf_pair_fail(
            pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_FIELD_UNSIGNED,
            "a signature field was filled with something that does not sign this revision");
        return false;
    }
    if (pair->docmdp == 1 && signature->object.format != VT_SIGNATURE_DOCTIMESTAMP) {
        pdf_pair_fail(
            pair, VT_CHANGES_FORBIDDEN, VT_CHANGE_NOT_ALLOWED,
            "the document was certified so that nothing may be added, and a signature was");
        return false;
    }
    if (signature->object.format == VT_SIGNATURE_DOCTIMESTAMP)
        check_stamp(pair, field);
    note_added(pair, signature->object.field);
    return true;
}

/* 12.7.3.2: the full name of a field at step b. */
static const char *name_of_field(struct pdf_pair *pair, const struct pdf_value *field)
{
    const char *name = "";
    struct pdf_value node = *field;
    for (unsigned level = 0; level < MAX_LEVELS && node.kind == PDF_DICT; level++) {
        struct pdf_value title = pdf_pair_get(pair, pair->b, &node, "T");
        const char *own = pdf_text_string(pair->reader, &title);
        if (own[0] != '\0')
            name = name[0] == '\0' ? own : vt_arena_printf(pair->reader->arena, "%s.%s", own, name);
        if (name == NULL) {
            pair->reader->out_of_memory = true;
            return "";
        }
        node = pdf_pair_get(pair, pair->b, &node, "Parent");
    }
    return name;
}

/* The same as it is, for comparing. */
static struct vt_bytes exact_name_of_field(struct pdf_pair *pair, const struct pdf_value *field)
{
    struct vt_bytes name = {0};
    struct pdf_value node = *field;
    for (unsigned level = 0; level < MAX_LEVELS && node.kind == PDF_DICT; level++) {
        struct pdf_value title = pdf_pair_get(pair, pair->b, &node, "T");
        struct vt_bytes own = pdf_text_exact(pair->reader, &title, NULL);
        bool is_joined = own.len > 0 && name.len > 0;
        if (is_joined) {
            uint8_t *joined = pdf_scratch(pair->reader, own.len + 1 + name.len);
            if (joined == NULL)
                return name;
            memcpy(joined, own.ptr, own.len);
            joined[own.len] = '.';
            memcpy(joined + own.len + 1, name.ptr, name.len);
            name = vt_bytes_of(joined, own.len + 1 + name.len);
        } else if (own.len > 0) {
            name = own;
        }
        node = pdf_pair_get(pair, pair->b, &node, "Parent");
    }
    return name;
}

/* Is a field locked by a signature up to step a? */
static bool is_locked(struct pdf_pair *pair, const struct pdf_value *field)
{
    struct vt_bytes name = exact_name_of_field(pair, field);
    for (size_t i = 0; i < pair->reader->signatures_count; i++) {
        const struct pdf_signature *signature = &pair->reader->signatures[i];
        if (signature->boundary <= pair->a &&
            pdf_locks(pair->reader, &signature->permissions, name))
            return true;
    }
    return false;
}

/* ---- added fields ---- */

static bool is_known_key(const struct pdf_value *key, const char *const *known, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pdf_name_is(key, known[i]))
            return true;
    }
    return false;
}

/* Keys of fields and their widgets (tables 164, 188, 220, 228 to 232), and the /DR that iText
 * writes. No actions. */
static const char *const field_keys[] = {
    "Type", "Subtype", "FT", "T",  "TU",           "TM", "V",  "F",  "Ff",   "P",      "DV", "TI",
    "Rect", "AP",      "MK", "BS", "Border",       "DA", "M",  "NM", "Lock", "MaxLen", "I",  "Opt",
    "Kids", "Parent",  "AS", "Q",  "StructParent", "H",  "DR", "SV", NULL};

static bool is_new_widget(struct pdf_pair *pair, const struct pdf_value *value)
{
    struct pdf_value dict = pdf_pair_resolve(pair, pair->b, *value);
    return pdf_pair_is_new(pair, value) && pdf_has_only_keys(&dict, field_keys) &&
           pdf_dict_get(&dict, "V").kind == PDF_NONE &&
           pdf_dict_get(&dict, "Kids").kind == PDF_NONE;
}

/* A field and its widgets, all of them new. */
static bool take_new_field(struct pdf_pair *pair, const struct pdf_value *value,
                           const struct pdf_value *dict)
{
    struct pdf_value kids = pdf_pair_get(pair, pair->b, dict, "Kids"), kid;
    if (!pdf_pair_is_new(pair, value) || !pdf_has_only_keys(dict, field_keys) ||
        pdf_dict_get(dict, "Parent").kind != PDF_NONE)
        return false;
    for (size_t at = 0; pdf_array_next(&kids, &at, &kid);) {
        if (!is_new_widget(pair, &kid))
            return false;
        (void)pdf_set_add(pair->reader, &pair->new_annots, pdf_ref_key(kid.ref));
    }
    (void)pdf_set_add(pair->reader, &pair->new_annots, pdf_ref_key(value->ref));
    return true;
}

static bool is_new_signature_field(struct pdf_pair *pair, const struct pdf_value *value)
{
    struct pdf_value dict = pdf_pair_resolve(pair, pair->b, *value);
    struct pdf_value type = pdf_pair_get(pair, pair->b, &dict, "FT");
    return pdf_name_is(&type, "Sig") && take_new_field(pair, value, &dict);
}

/* Tables 228 to 231: the field of a form in which something may be written. */
static bool is_new_form_field(struct pdf_pair *pair, const struct pdf_value *value)
{
    static const char *const kinds[] = {"Tx", "Ch", "Btn", NULL};
    struct pdf_value dict = pdf_pair_resolve(pair, pair->b, *value);
    struct pdf_value type = pdf_pair_get(pair, pair->b, &dict, "FT");
    struct pdf_value v = pdf_pair_get(pair, pair->b, &dict, "V");
    for (size_t i = 0; kinds[i] != NULL; i++) {
        if (pdf_name_is(&type, kinds[i]))
            return v.kind != PDF_DICT && take_new_field(pair, value, &dict);
    }
    return false;
}

static void check_added_field(struct pdf_pair *pair, const struct pdf_value *value)
{
    if (is_new_form_field(pair, value)) {
        struct pdf_value field = pdf_pair_resolve(pair, pair->b, *value);
        const char *name = name_of_field(pair, &field);
        if (is_locked(pair, &field))
            pdf_pair_fail(pair, VT_CHANGES_FORBIDDEN, VT_CHANGE_FIELD_LOCKED,
                          "the form field \"%s\" (object %d) was added, which an earlier signature "
                          "had locked",
                          name, value->ref.id);
        else
            pdf_pair_add(pair, 4, false, VT_CHANGE_FIELD_ADDED,
                         "the form field \"%s\" (object %d) was added", name, value->ref.id);
        return;
    }
    if (!is_new_signature_field(pair, value)) {
        pdf_pair_fail(pair, pair->docmdp != 0 ? VT_CHANGES_FORBIDDEN : VT_CHANGES_UNDETERMINED,
                      VT_CHANGE_FIELD_ADDED,
                      "a form field was added, and it is not known what it does");
        return;
    }
    struct pdf_value dict = pdf_pair_resolve(pair, pair->b, *value);
    struct pdf_value v = pdf_dict_get(&dict, "V");
    if (v.kind != PDF_NONE)
        (void)may_be_signed(pair, value->ref, &v);
    else if (pair->docmdp == 1 || !is_signed_later(pair, value->ref))
        pdf_pair_fail(pair, pair->docmdp == 1 ? VT_CHANGES_FORBIDDEN : VT_CHANGES_UNDETERMINED,
                      VT_CHANGE_FIELD_UNSIGNED, "a signature field was added that nobody signed");
}

/* ---- fields that were there ---- */

static void compare_fields(struct pdf_pair *pair, const struct pdf_value *a,
                           const struct pdf_value *b, struct field_context parent);

/* 12.7.4.5: a signature that is not seen has a rectangle without width and height. It may be put
 * into a field that showed nothing. */
static bool vanishes(struct pdf_pair *pair, const struct pdf_value *field,
                     const struct pdf_value *rectangle)
{
    struct pdf_value value = pdf_pair_resolve(pair, pair->b, *rectangle);
    struct pdf_box box;
    return pdf_dict_get(field, "AP").kind == PDF_NONE && pdf_pair_box(pair, &value, &box) &&
           box.right == box.left && box.top == box.bottom;
}

/* Table 164: /P of a widget is the page that shows it. */
static bool is_on_page(struct pdf_pair *pair, const struct pdf_value *field,
                       const struct pdf_value *page)
{
    struct pdf_value dict = pdf_pair_resolve(pair, pair->a, *page);
    struct pdf_value annots = pdf_pair_get(pair, pair->a, &dict, "Annots");
    return page->kind == PDF_REF && pdf_work(pair->reader, annots.text.len) &&
           pdf_array_has(&annots, field);
}

/* What signing writes into the field: value, appearance, annotation flags (Print, Locked). */
static bool filling_rule(struct pdf_pair *pair, const struct field_context *field,
                         const struct pdf_value *key, const struct pdf_value *a,
                         const struct pdf_value *b)
{
    static const char *const known[] = {"V", "AP", "M", "F", "DA", "MK", "Ff"};
    struct pdf_value value = pdf_pair_resolve(pair, pair->b, *b);
    if (pdf_name_is(key, "Rect"))
        return vanishes(pair, &field->was, b);
    if (pdf_name_is(key, "P"))
        return a->kind == PDF_NONE && is_on_page(pair, &field->ref, b);
    if (!is_known_key(key, known, sizeof(known) / sizeof(known[0])))
        return false;
    if (pdf_name_is(key, "F") || pdf_name_is(key, "Ff"))
        return value.kind == PDF_INTEGER;
    if (pdf_name_is(key, "AP") && a->kind == PDF_REF && !pdf_value_is_same(a, b))
        (void)pdf_set_add(pair->reader, &pair->retired, pdf_ref_key(a->ref));
    return value.kind != PDF_NONE;
}

/* 12.5.2, table 164: /Type says nothing that /Subtype does not say, of what can be nothing else. */
static bool is_plain_widget(const struct pdf_value *dict)
{
    struct pdf_value subtype = pdf_dict_get(dict, "Subtype");
    return pdf_name_is(&subtype, "Widget") && pdf_has_only_keys(dict, field_keys);
}

static bool field_rule(struct pdf_pair *pair, void *context, const struct pdf_value *key,
                       const struct pdf_value *a, const struct pdf_value *b)
{
    struct field_context *field = context;
    if (pdf_name_is(key, "Kids")) {
        struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a);
        struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b);
        struct field_context below = {.type = field->type,
                                      .is_filled = field->is_filled,
                                      .value = field->value,
                                      .level = field->level + 1};
        if (!pdf_value_is_same(&from, &to))
            return false;
        compare_fields(pair, &from, &to, below);
        return true;
    }
    if (pdf_name_is(key, "Type") && a->kind == PDF_NONE && pdf_name_is(b, "Annot"))
        return is_plain_widget(&field->dict);
    if (pdf_name_is(key, "AP") && field->is_signed && pdf_pair_differs(pair, a, b)) {
        pdf_pair_fail(pair, VT_CHANGES_FORBIDDEN, VT_CHANGE_FORM,
                      "the appearance of a signature was replaced");
        return true;
    }
    if (field->is_filled)
        return pdf_fill_rule(pair, field->type, &field->dict, key, a, b);
    return field->signs && filling_rule(pair, field, key, a, b);
}

/* A field of a form that was there got another value. */
static void say_filled(struct pdf_pair *pair, const struct pdf_value *field, struct pdf_ref ref)
{
    const char *name = name_of_field(pair, field);
    if (is_locked(pair, field))
        pdf_pair_fail(pair, VT_CHANGES_FORBIDDEN, VT_CHANGE_FIELD_LOCKED,
                      "the field \"%s\" (object %d) was filled in, which an earlier signature had "
                      "locked",
                      name, ref.id);
    else
        pdf_pair_add(pair, 2, true, VT_CHANGE_FORM_FILLED,
                     "the field \"%s\" (object %d) was filled in", name, ref.id);
}

static void compare_field(struct pdf_pair *pair, const struct pdf_value *a,
                          const struct pdf_value *b, struct field_context parent)
{
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a);
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b);
    if (a->kind != PDF_REF || from.kind != PDF_DICT || to.kind != PDF_DICT) {
        (void)pdf_pair_strict(pair, a, b); /* the same text: written into the array itself */
        return;
    }
    if (pdf_set_has(&pair->handled, pdf_ref_key(a->ref)))
        return;
    pdf_pair_explain(pair, a, b, true);
    struct pdf_value v = pdf_dict_get(&to, "V");
    bool had_value = pdf_dict_get(&from, "V").kind != PDF_NONE;
    struct field_context field = {.level = parent.level,
                                  .type = pdf_field_type_of(pair, &from, parent.type),
                                  .value = pdf_pair_resolve(pair, pair->b, v),
                                  .ref = *a,
                                  .was = from,
                                  .dict = to};
    if (v.kind == PDF_NONE)
        field.value = parent.value;
    field.is_signed = field.type == PDF_FIELD_SIGNATURE && had_value;
    if (field.type == PDF_FIELD_SIGNATURE && !had_value && v.kind != PDF_NONE) {
        field.signs = true;
        (void)may_be_signed(pair, a->ref, &v);
        if (is_locked(pair, &to))
            pdf_pair_fail(pair, VT_CHANGES_FORBIDDEN, VT_CHANGE_FIELD_LOCKED,
                          "a field was signed that an earlier signature had locked");
    } else if (pdf_fill_changes(pair, &from, &to, field.type)) {
        field.is_filled = true;
        say_filled(pair, &to, a->ref);
    } else {
        field.is_filled = parent.is_filled && field.type == parent.type;
    }
    pdf_pair_dicts(pair, &from, &to, field_rule, &field, VT_CHANGE_FORM, "a form field");
    if (field.is_filled)
        pdf_check_shown(pair, &to, name_of_field(pair, &to), field.type, &field.value);
}

/* Is a field that was there in no place of the list any more? */
static bool is_lost(struct pdf_pair *pair, const struct pdf_value *field,
                    const struct pdf_value *list)
{
    return field->kind == PDF_REF && pdf_work(pair->reader, list->text.len) &&
           !pdf_array_has(list, field);
}

/* The fields of a are the first ones of b, the others were added. Below the top level none may be
 * added. */
static void compare_fields(struct pdf_pair *pair, const struct pdf_value *a,
                           const struct pdf_value *b, struct field_context parent)
{
    struct pdf_value from, to;
    size_t at_a = 0, at_b = 0;
    if (parent.level > MAX_LEVELS) {
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_FORM,
                      "the form has too many levels");
        return;
    }
    while (pdf_array_next(a, &at_a, &from)) {
        if (!pdf_array_next(b, &at_b, &to) || !pdf_value_is_same(&from, &to)) {
            pdf_pair_fail(pair,
                          is_lost(pair, &from, b) ? VT_CHANGES_FORBIDDEN : VT_CHANGES_UNDETERMINED,
                          VT_CHANGE_FORM, "form fields were removed or replaced");
            return;
        }
        compare_field(pair, &from, &to, parent);
    }
    while (pdf_array_next(b, &at_b, &to))
        check_added_field(pair, &to);
}

/* ---- the form ---- */

static bool form_rule(struct pdf_pair *pair, void *context, const struct pdf_value *key,
                      const struct pdf_value *a, const struct pdf_value *b)
{
    (void)context;
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a);
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b);
    if (pdf_name_is(key, "SigFlags"))
        return to.kind == PDF_INTEGER && (from.integer & ~to.integer) == 0;
    /* pdf_annots.c asks what is drawn with them. */
    if ((pdf_name_is(key, "DA") && !pdf_value_is_same(a, b)) ||
        (pdf_name_is(key, "DR") && pdf_defaults_take(pair, a, b))) {
        pair->has_other_defaults = true;
        return true;
    }
    if (!pdf_name_is(key, "Fields"))
        return false;
    if ((from.kind != PDF_ARRAY && from.kind != PDF_NONE) || to.kind != PDF_ARRAY)
        return false;
    pdf_pair_explain(pair, a, b, false);
    compare_fields(pair, &from, &to, (struct field_context){.level = 1});
    return true;
}

void pdf_compare_forms(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b)
{
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a);
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b);
    if (to.kind != PDF_DICT || (from.kind != PDF_DICT && from.kind != PDF_NONE)) {
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_FORM,
                      "the form was removed or replaced");
        return;
    }
    pdf_pair_explain(pair, a, b, false);
    pair->form_a = from;
    pair->form_b = to;
    pdf_pair_dicts(pair, &from, &to, form_rule, NULL, VT_CHANGE_FORM, "the form");
}
