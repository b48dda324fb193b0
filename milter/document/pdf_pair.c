/* SPDX-License-Identifier: Apache-2.0
 * Values of two states side by side (see pdf_pair.h): as they were at a step, whether they are the
 * same, and what is queued behind them. */
#include <string.h>

#include "document/pdf_pair.h"

struct pdf_value pdf_pair_resolve(struct pdf_pair *pair, size_t step, struct pdf_value value)
{
    if (value.kind == PDF_REF)
        value = pdf_history_object(pair->history, value.ref, step).value;
    if (value.kind == PDF_NULL)
        value.kind = PDF_NONE;
    return value;
}

struct pdf_value pdf_pair_get(struct pdf_pair *pair, size_t step, const struct pdf_value *dict,
                              const char *key)
{
    return pdf_pair_resolve(pair, step, pdf_dict_get(dict, key));
}

size_t pdf_pair_numbers(struct pdf_pair *pair, const struct pdf_value *array, double *out,
                        size_t max)
{
    struct pdf_value item;
    size_t count = 0;
    for (size_t at = 0; pdf_array_next(array, &at, &item); count++) {
        item = pdf_pair_resolve(pair, pair->b, item);
        if (count == max || !pdf_number_of(&item, &out[count]))
            return 0;
    }
    return count;
}

bool pdf_pair_box(struct pdf_pair *pair, const struct pdf_value *rectangle, struct pdf_box *out)
{
    double corners[4];
    if (pdf_pair_numbers(pair, rectangle, corners, 4) != 4)
        return false;
    *out = pdf_box_of(corners);
    return true;
}

bool pdf_pair_is_new(struct pdf_pair *pair, const struct pdf_value *value)
{
    return value->kind == PDF_REF && value->ref.gen == 0 &&
           pdf_history_object(pair->history, value->ref, pair->a).value.kind == PDF_NULL;
}

bool pdf_pair_next_redefined(const struct pdf_pair *pair, size_t *at, struct pdf_ref *out)
{
    uint64_t id = 0;
    while (!pair->reader->over_limit &&
           pdf_set_next(&pair->history->steps[pair->b].redefined, at, &id)) {
        if (id > INT32_MAX)
            continue;
        *out = (struct pdf_ref){.id = (int)id};
        return true;
    }
    return false;
}

void pdf_pair_queue_ref(struct pdf_pair *pair, struct pdf_ref ref)
{
    if (!pdf_set_add(pair->reader, &pair->queued, pdf_ref_key(ref)))
        return;
    if (pair->queue_count == pair->queue_capacity) {
        size_t capacity = pair->queue_capacity == 0 ? 256 : pair->queue_capacity * 2;
        struct pdf_queued *queue = pdf_scratch(pair->reader, capacity * sizeof(*queue));
        if (queue == NULL)
            return;
        if (pair->queue_count > 0)
            memcpy(queue, pair->queue, pair->queue_count * sizeof(*queue));
        pair->queue = queue;
        pair->queue_capacity = capacity;
    }
    pair->queue[pair->queue_count++] = (struct pdf_queued){ref, pair->page};
}

void pdf_pair_queue(struct pdf_pair *pair, struct vt_bytes text)
{
    struct pdf_ref ref;
    for (size_t at = 0; pdf_next_ref(text, &at, &ref);)
        pdf_pair_queue_ref(pair, ref);
}

bool pdf_pair_strict(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b)
{
    if (!pdf_value_is_same(a, b))
        return false;
    if (a->kind != PDF_NONE)
        pdf_pair_queue(pair, a->text);
    return true;
}

void pdf_pair_explain(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b,
                      bool role)
{
    if (a->kind != PDF_REF || b->kind != PDF_REF || !pdf_is_same_ref(a->ref, b->ref))
        return;
    (void)pdf_set_add(pair->reader, &pair->explained, (uint64_t)(unsigned)a->ref.id);
    if (role)
        (void)pdf_set_add(pair->reader, &pair->handled, pdf_ref_key(a->ref));
}

/* ---- dictionaries ---- */

/* Entries that decide what a reader sees, or what is done when it opens the document: a proven
 * change of one is a change of what was signed. */
static const struct seen_entry {
    enum vt_change_kind where;
    const char *key;
    enum vt_change_kind kind;
} seen_entries[] = {
    {VT_CHANGE_PAGE_OTHER, "Resources", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGE_OTHER, "MediaBox", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGE_OTHER, "CropBox", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGE_OTHER, "Rotate", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGE_OTHER, "UserUnit", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGE_OTHER, "Group", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGE_OTHER, "AA", VT_CHANGE_ACTION},
    {VT_CHANGE_PAGES_REORDERED, "Count", VT_CHANGE_PAGES_REORDERED},
    {VT_CHANGE_PAGES_REORDERED, "Resources", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGES_REORDERED, "MediaBox", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGES_REORDERED, "CropBox", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGES_REORDERED, "Rotate", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_CATALOG, "OCProperties", VT_CHANGE_CATALOG},
    {VT_CHANGE_CATALOG, "OpenAction", VT_CHANGE_ACTION},
    {VT_CHANGE_CATALOG, "AA", VT_CHANGE_ACTION},
    {VT_CHANGE_FORM, "XFA", VT_CHANGE_FORM},
    {VT_CHANGE_FORM, "A", VT_CHANGE_ACTION},
    {VT_CHANGE_FORM, "AA", VT_CHANGE_ACTION},
};

static const struct seen_entry *seen_entry(enum vt_change_kind where, const struct pdf_value *key)
{
    for (size_t i = 0; i < sizeof(seen_entries) / sizeof(seen_entries[0]); i++) {
        if (seen_entries[i].where == where && pdf_name_is(key, seen_entries[i].key))
            return &seen_entries[i];
    }
    return NULL;
}

static void compare_key(struct pdf_pair *pair, const struct pdf_value *key,
                        const struct pdf_value *a, const struct pdf_value *b, pdf_key_rule rule,
                        void *context, enum vt_change_kind kind, const char *what)
{
    if (rule(pair, context, key, a, b) || pdf_pair_strict(pair, a, b))
        return;
    char name[48];
    const struct seen_entry *seen = seen_entry(kind, key);
    bool is_proven = seen != NULL && pdf_pair_differs(pair, a, b);
    vt_text_clean(name, sizeof(name), key->text);
    pdf_pair_fail(pair, is_proven ? VT_CHANGES_FORBIDDEN : VT_CHANGES_UNDETERMINED,
                  seen != NULL ? seen->kind : kind, "%s of %s was changed", name, what);
}

void pdf_pair_dicts(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b,
                    pdf_key_rule rule, void *context, enum vt_change_kind kind, const char *what)
{
    struct pdf_value key, value, other;
    bool same = pdf_value_is_same(a, b);
    for (size_t at = 0; pdf_dict_next(a, &at, &key, &value);) {
        if (!same && !pdf_work(pair->reader, b->text.len))
            return;
        other = same ? value : pdf_dict_find(b, &key);
        compare_key(pair, &key, &value, &other, rule, context, kind, what);
    }
    for (size_t at = 0; !same && pdf_dict_next(b, &at, &key, &value);) {
        if (!pdf_work(pair->reader, a->text.len))
            return;
        other = pdf_dict_find(a, &key);
        if (other.kind == PDF_NONE)
            compare_key(pair, &key, &other, &value, rule, context, kind, what);
    }
}
