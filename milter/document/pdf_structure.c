/* SPDX-License-Identifier: Apache-2.0
 * Exceptions of the comparison in the structure tree of a tagged document (ISO 32000-1, 14.7):
 * tools tag the widget of the field and the annotation they add. A tag is a new element at the end
 * of /K of an element that was there, its annotation is new, and the parent tree grows by it.
 * Everything else in the tree stays as it was, above all what is read aloud. */
#include <string.h>

#include "document/pdf_compare.h"

/* Levels of a number tree (7.9.7). */
#define MAX_LEVELS 8
/* New elements in each other. */
#define MAX_NEW_LEVELS 4

/* ---- elements ---- */

/* The kids of an element or of the root: one value, or an array of them. */
struct kids {
    struct pdf_value value;
    bool is_array;
    size_t at;
};

static struct kids kids_of(struct pdf_pair *pair, size_t step, const struct pdf_value *value)
{
    struct pdf_value resolved = pdf_pair_resolve(pair, step, *value);
    if (resolved.kind == PDF_ARRAY)
        return (struct kids){.value = resolved, .is_array = true};
    return (struct kids){.value = *value};
}

static bool next_kid(struct kids *kids, struct pdf_value *out)
{
    if (kids->is_array)
        return pdf_array_next(&kids->value, &kids->at, out);
    *out = kids->value;
    return kids->at++ == 0 && out->kind != PDF_NONE;
}

static bool is_tag_of_new_annot(struct pdf_pair *pair, const struct pdf_value *value,
                                unsigned level);

/* 14.7.4.3: the annotation itself, or another new element. */
static bool is_new_kid(struct pdf_pair *pair, const struct pdf_value *kid, unsigned level)
{
    static const char *const reference[] = {"Type", "Obj", "Pg", NULL};
    struct pdf_value dict = pdf_pair_resolve(pair, pair->b, *kid);
    struct pdf_value object = pdf_dict_get(&dict, "Obj");
    if (object.kind == PDF_NONE)
        return is_tag_of_new_annot(pair, kid, level + 1);
    return pdf_has_only_keys(&dict, reference) && object.kind == PDF_REF &&
           pdf_set_has(&pair->new_annots, pdf_ref_key(object.ref));
}

/* 14.7.2, table 323: an element that says nothing but which annotation it stands for. */
static bool is_tag_of_new_annot(struct pdf_pair *pair, const struct pdf_value *value,
                                unsigned level)
{
    static const char *const element[] = {"Type", "S", "P", "Pg", "K", "T", "ID", "R", NULL};
    struct pdf_value dict = pdf_pair_resolve(pair, pair->b, *value), kid;
    struct pdf_value own = pdf_dict_get(&dict, "K");
    struct kids kids = kids_of(pair, pair->b, &own);
    size_t count = 0;
    if (level > MAX_NEW_LEVELS || !pdf_visit(pair->reader) || !pdf_pair_is_new(pair, value) ||
        !pdf_has_only_keys(&dict, element))
        return false;
    for (; next_kid(&kids, &kid); count++) {
        if (!is_new_kid(pair, &kid, level))
            return false;
    }
    (void)pdf_set_add(pair->reader, &pair->new_tags, pdf_ref_key(value->ref));
    return count > 0;
}

/* The kids of b are those of a in their order, and new annotations or their tags among them.
 * element: whose they are, or NULL. */
static bool kids_grow(struct pdf_pair *pair, const struct pdf_value *element,
                      const struct pdf_value *a, const struct pdf_value *b)
{
    struct kids from = kids_of(pair, pair->a, a), to = kids_of(pair, pair->b, b);
    struct pdf_value old = pdf_pair_resolve(pair, pair->a, *a), item;
    /* 14.7.2: a number is content. The /K of a transparency group (11.6.6) or of a filter (7.4.6)
     * is a number or a boolean too, and an object may be both. */
    if (old.kind != PDF_NONE && old.kind != PDF_ARRAY && old.kind != PDF_DICT)
        return false;
    bool is_left = next_kid(&from, &old);
    while (next_kid(&to, &item)) {
        if (is_left && pdf_pair_strict(pair, &old, &item)) {
            is_left = next_kid(&from, &old);
            continue;
        }
        if (!is_new_kid(pair, &item, 0))
            return false;
        if (element != NULL)
            (void)pdf_set_add(pair->reader, &pair->new_tags, pdf_ref_key(element->ref));
    }
    return !is_left;
}

/* 14.9.3 to 14.9.5: what is read aloud, and copied, in the place of what is seen. */
static bool is_spoken(const struct pdf_value *key)
{
    return pdf_name_is(key, "ActualText") || pdf_name_is(key, "Alt") || pdf_name_is(key, "E");
}

static bool element_rule(struct pdf_pair *pair, void *context, const struct pdf_value *key,
                         const struct pdf_value *a, const struct pdf_value *b)
{
    const struct pdf_value *element = context; /* its reference; NULL: the root */
    if (element != NULL && is_spoken(key) && pdf_pair_differs(pair, a, b)) {
        pdf_pair_fail(pair, VT_CHANGES_FORBIDDEN, VT_CHANGE_STRUCTURE,
                      "what is read aloud of a structure element (object %d) was changed",
                      element->ref.id);
        return true;
    }
    if (!pdf_name_is(key, "K") || !kids_grow(pair, element, a, b))
        return false;
    pdf_pair_explain(pair, a, b, false);
    return true;
}

/* /Type is optional. */
static bool is_element(const struct pdf_value *dict)
{
    struct pdf_value type = pdf_dict_get(dict, "Type");
    return pdf_name_is(&type, "StructElem") ||
           (type.kind == PDF_NONE && pdf_dict_get(dict, "S").kind == PDF_NAME &&
            pdf_dict_get(dict, "P").kind == PDF_REF && pdf_dict_get(dict, "K").kind != PDF_NONE);
}

/* Elements that the update wrote again, wherever they are in the tree. */
static void compare_elements(struct pdf_pair *pair)
{
    struct pdf_value ref = {.kind = PDF_REF};
    for (size_t at = 0; pdf_pair_next_redefined(pair, &at, &ref.ref);) {
        struct pdf_value from = pdf_pair_resolve(pair, pair->a, ref);
        struct pdf_value to = pdf_pair_resolve(pair, pair->b, ref);
        if (!is_element(&from) || to.kind != PDF_DICT)
            continue;
        pdf_pair_explain(pair, &ref, &ref, true);
        pdf_pair_dicts(pair, &from, &to, element_rule, &ref, VT_CHANGE_STRUCTURE,
                       "a structure element");
    }
}

/* ---- the parent tree ---- */

struct entries {
    struct pdf_pair *pair;
    size_t step;
    struct {
        struct pdf_value key;
        struct pdf_value value;
    } * items;
    size_t count;
    size_t capacity;
};

static bool add_entry(struct entries *entries, const struct pdf_value *key,
                      const struct pdf_value *value)
{
    if (entries->count == entries->capacity) {
        size_t capacity = entries->capacity == 0 ? 64 : entries->capacity * 2;
        void *items = pdf_scratch(entries->pair->reader, capacity * sizeof(*entries->items));
        if (items == NULL)
            return false;
        if (entries->count > 0)
            memcpy(items, entries->items, entries->count * sizeof(*entries->items));
        entries->items = items;
        entries->capacity = capacity;
    }
    entries->items[entries->count].key = *key;
    entries->items[entries->count++].value = *value;
    return key->kind == PDF_INTEGER && value->kind != PDF_NONE;
}

static const char *const number_tree_keys[] = {"Type", "Nums", "Kids", "Limits", NULL};

/* 7.9.7: all pairs of a number tree, in its order. */
static bool flatten(struct entries *entries, const struct pdf_value *node, unsigned level)
{
    struct pdf_value dict = pdf_pair_resolve(entries->pair, entries->step, *node), key, value;
    struct pdf_value nums = pdf_pair_get(entries->pair, entries->step, &dict, "Nums");
    struct pdf_value kids = pdf_pair_get(entries->pair, entries->step, &dict, "Kids"), kid;
    if (level > MAX_LEVELS || !pdf_has_only_keys(&dict, number_tree_keys) ||
        !pdf_visit(entries->pair->reader))
        return false;
    for (size_t at = 0; pdf_array_next(&nums, &at, &key);) {
        if (!pdf_array_next(&nums, &at, &value) || !add_entry(entries, &key, &value))
            return false;
    }
    for (size_t at = 0; pdf_array_next(&kids, &at, &kid);) {
        if (!flatten(entries, &kid, level + 1))
            return false;
    }
    return true;
}

/* The same value, or the same array written in another place. */
static bool is_same_parent(struct pdf_pair *pair, const struct pdf_value *a,
                           const struct pdf_value *b)
{
    if (pdf_pair_strict(pair, a, b))
        return true;
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a);
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b);
    return from.kind == PDF_ARRAY && pdf_pair_strict(pair, &from, &to);
}

/* The pairs of b are those of a, in ascending order with the new ones anywhere. */
static bool parents_grow(struct pdf_pair *pair, const struct pdf_value *a,
                         const struct pdf_value *b)
{
    struct entries from = {.pair = pair, .step = pair->a}, to = {.pair = pair, .step = pair->b};
    size_t next = 0;
    if ((a->kind != PDF_NONE && !flatten(&from, a, 1)) || !flatten(&to, b, 1))
        return false;
    for (size_t i = 0; i < to.count; i++) {
        const struct pdf_value *value = &to.items[i].value;
        if (i > 0 && to.items[i].key.integer <= to.items[i - 1].key.integer)
            return false;
        if (next < from.count && from.items[next].key.integer == to.items[i].key.integer) {
            if (!is_same_parent(pair, &from.items[next++].value, value))
                return false;
        } else if (value->kind != PDF_REF ||
                   !pdf_set_has(&pair->new_tags, pdf_ref_key(value->ref))) {
            return false;
        }
    }
    return next == from.count;
}

/* ---- the root ---- */

static bool root_rule(struct pdf_pair *pair, void *context, const struct pdf_value *key,
                      const struct pdf_value *a, const struct pdf_value *b)
{
    (void)context;
    if (pdf_name_is(key, "ParentTreeNextKey"))
        return b->kind == PDF_INTEGER && a->integer <= b->integer;
    if (pdf_name_is(key, "RoleMap") && a->kind == PDF_NONE) {
        struct pdf_value map = pdf_pair_resolve(pair, pair->b, *b), name, value;
        size_t at = 0;
        return map.kind == PDF_DICT && !pdf_dict_next(&map, &at, &name, &value);
    }
    if (pdf_name_is(key, "K"))
        return element_rule(pair, context, key, a, b);
    if (!pdf_name_is(key, "ParentTree") || !parents_grow(pair, a, b))
        return false;
    pdf_pair_explain(pair, a, b, false);
    return true;
}

void pdf_compare_structure(struct pdf_pair *pair, const struct pdf_value *a,
                           const struct pdf_value *b)
{
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a);
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b);
    if (from.kind == PDF_NONE && to.kind == PDF_NONE)
        return;
    if (!pdf_value_is_same(a, b) || from.kind != PDF_DICT || to.kind != PDF_DICT) {
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_STRUCTURE,
                      "the structure tree was replaced");
        return;
    }
    if (a->kind == PDF_REF) {
        compare_elements(pair);
        pdf_pair_explain(pair, a, b, true);
        pdf_pair_dicts(pair, &from, &to, root_rule, NULL, VT_CHANGE_STRUCTURE,
                       "the structure tree");
    } else {
        (void)pdf_pair_strict(pair, a, b);
    }
}
