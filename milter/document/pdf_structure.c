/* SPDX-License-Identifier: Apache-2.0
 * Exceptions of the comparison in the structure tree of a tagged document (ISO 32000-1, 14.7):
 * tools tag the widget of the signature field they add. A tag is a new element at the end of /K of
 * an element that was there, its widget is new, and the parent tree grows by it. Everything else in
 * the tree stays as it was. */
#include <string.h>

#include "document/pdf_compare.h"

/* Levels of a number tree (7.9.7). */
#define MAX_LEVELS 8

/* ---- elements ---- */

/* 14.7.2, table 323: an element that says nothing but which widget it stands for. */
static bool is_tag_of_new_widget(struct pdf_pair *pair, const struct pdf_value *value)
{
    static const char *const element[] = {"Type", "S", "P", "Pg", "K", NULL};
    static const char *const reference[] = {"Type", "Obj", "Pg", NULL};
    struct pdf_value dict = pdf_pair_resolve(pair, pair->b, *value);
    struct pdf_value kid = pdf_pair_get(pair, pair->b, &dict, "K"), more;
    size_t at = 0;
    if (!pdf_pair_is_new(pair, value) || !pdf_has_only_keys(&dict, element))
        return false;
    if (kid.kind == PDF_ARRAY) {
        struct pdf_value array = kid;
        if (!pdf_array_next(&array, &at, &kid) || pdf_array_next(&array, &at, &more))
            return false;
        kid = pdf_pair_resolve(pair, pair->b, kid);
    }
    struct pdf_value object = pdf_dict_get(&kid, "Obj");
    return pdf_has_only_keys(&kid, reference) && object.kind == PDF_REF &&
           pdf_set_has(&pair->new_widgets, pdf_ref_key(object.ref));
}

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

/* The kids of b are those of a, and tags of new widgets behind them. */
static bool kids_grow(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b)
{
    struct kids from = kids_of(pair, pair->a, a), to = kids_of(pair, pair->b, b);
    struct pdf_value old = pdf_pair_resolve(pair, pair->a, *a), item;
    /* 14.7.2: a number is content. The /K of a transparency group (11.6.6) or of a filter (7.4.6)
     * is a number or a boolean too, and an object may be both. */
    if (old.kind != PDF_NONE && old.kind != PDF_ARRAY && old.kind != PDF_DICT)
        return false;
    while (next_kid(&from, &old)) {
        if (!next_kid(&to, &item) || !pdf_pair_strict(pair, &old, &item))
            return false;
    }
    while (next_kid(&to, &item)) {
        if (!is_tag_of_new_widget(pair, &item))
            return false;
        (void)pdf_set_add(pair->reader, &pair->new_tags, pdf_ref_key(item.ref));
    }
    return true;
}

static bool element_rule(struct pdf_pair *pair, void *context, const struct pdf_value *key,
                         const struct pdf_value *a, const struct pdf_value *b)
{
    (void)context;
    if (!pdf_name_is(key, "K") || !kids_grow(pair, a, b))
        return false;
    pdf_pair_explain(pair, a, b, false);
    return true;
}

/* Elements that the update wrote again, wherever they are in the tree. */
static void compare_elements(struct pdf_pair *pair)
{
    const struct pdf_set *redefined = &pair->history->steps[pair->b].redefined;
    for (size_t i = 0; i < redefined->capacity && !pair->reader->over_limit; i++) {
        uint64_t id = redefined->slots[i] - 1;
        if (redefined->slots[i] == 0 || id > INT32_MAX)
            continue;
        struct pdf_value ref = {.kind = PDF_REF, .ref = {.id = (int)id}};
        struct pdf_value from = pdf_pair_resolve(pair, pair->a, ref);
        struct pdf_value to = pdf_pair_resolve(pair, pair->b, ref);
        struct pdf_value type = pdf_dict_get(&from, "Type");
        if (!pdf_name_is(&type, "StructElem") || to.kind != PDF_DICT)
            continue;
        pdf_pair_explain(pair, &ref, &ref, true);
        pdf_pair_dicts(pair, &from, &to, element_rule, NULL, VT_CHANGE_STRUCTURE,
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
    if (a->kind == PDF_REF && pair->new_widgets.count > 0) {
        compare_elements(pair);
        pdf_pair_explain(pair, a, b, true);
        pdf_pair_dicts(pair, &from, &to, root_rule, NULL, VT_CHANGE_STRUCTURE,
                       "the structure tree");
    } else {
        (void)pdf_pair_strict(pair, a, b);
    }
}
