/* SPDX-License-Identifier: Apache-2.0
 * Exceptions of the comparison in the pages (ISO 32000-1, 7.7.3): what came to the end of /Annots
 * (pdf_annots.c), and nothing else. Proven changes of what the signer signed: pages that are gone,
 * new or in another order, and a page whose drawing instructions are others. */
#include <stdlib.h>
#include <string.h>

#include "document/pdf_compare.h"

/* Decoded drawing instructions of one page. */
#define MAX_CONTENT_BYTES ((size_t)32 * 1024 * 1024)

struct tree {
    struct pdf_pair *pair;
    struct pdf_set seen;
    size_t pages;
    bool is_unnumbered; /* a part of the tree is in it twice: readers may count otherwise */
};

/* ---- contents ---- */

/* The stream or streams of /Contents, one after the other (table 30). False: not known. */
static bool collect_contents(struct pdf_pair *pair, size_t step, const struct pdf_value *contents,
                             struct vt_buf *out)
{
    struct pdf_value array = *contents, item;
    if (contents->kind == PDF_REF)
        array = pdf_history_object(pair->history, contents->ref, step).value;
    bool is_array = array.kind == PDF_ARRAY;
    size_t at = 0;
    if (!is_array && contents->kind != PDF_REF)
        return contents->kind == PDF_NONE;
    while (is_array ? pdf_array_next(&array, &at, &item) : at++ == 0) {
        uint8_t *data = NULL;
        size_t len = 0;
        struct pdf_value stream = is_array ? item : *contents;
        if (stream.kind != PDF_REF ||
            !pdf_history_stream(pair->history, stream.ref, step, true, &data, &len))
            return false;
        bool ok = vt_buf_add(out, data, len) == VT_OK && vt_buf_add(out, "\n", 1) == VT_OK;
        free(data);
        if (!ok)
            return false;
    }
    return true;
}

static bool any_redefined(struct pdf_pair *pair, const struct pdf_value *contents)
{
    struct pdf_value array = pdf_pair_resolve(pair, pair->b, *contents);
    struct pdf_ref ref;
    bool found = false;
    if (contents->kind == PDF_REF)
        found = pdf_history_is_redefined(pair->history, contents->ref.id, pair->b);
    for (size_t at = 0; array.kind == PDF_ARRAY && pdf_next_ref(array.text, &at, &ref);)
        found = found || pdf_history_is_redefined(pair->history, ref.id, pair->b);
    return found;
}

static void compare_contents(struct pdf_pair *pair, const struct pdf_value *a,
                             const struct pdf_value *b)
{
    struct vt_buf from, to;
    if (pdf_value_is_same(a, b) && !any_redefined(pair, a)) {
        pdf_pair_queue(pair, a->text);
        return;
    }
    vt_buf_init(&from, MAX_CONTENT_BYTES);
    vt_buf_init(&to, MAX_CONTENT_BYTES);
    bool known =
        collect_contents(pair, pair->a, a, &from) && collect_contents(pair, pair->b, b, &to);
    if (known && !pdf_is_same_drawing(vt_buf_bytes(&from), vt_buf_bytes(&to)))
        pdf_pair_fail(pair, VT_CHANGES_FORBIDDEN, VT_CHANGE_PAGE_REPLACED,
                      "the content of a signed page was replaced (object %d)",
                      b->kind == PDF_REF ? b->ref.id : 0);
    else if (!pdf_value_is_same(a, b))
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_PAGE_REWRITTEN,
                      "the content of a signed page was rewritten");
    vt_buf_clear(&from);
    vt_buf_clear(&to);
    pdf_pair_queue(pair, a->text);
}

/* ---- pages ---- */

static bool page_rule(struct pdf_pair *pair, void *context, const struct pdf_value *key,
                      const struct pdf_value *a, const struct pdf_value *b)
{
    (void)context;
    /* 14.7.4.4: what is read of the content is said by the parent tree, which leads to no old
     * content from a new key (pdf_structure.c). */
    if (pdf_name_is(key, "StructParents") && a->kind == PDF_NONE && b->kind == PDF_INTEGER)
        return true;
    /* 12.5: in which order the keyboard goes through the annotations. */
    if (pdf_name_is(key, "Tabs") && a->kind == PDF_NONE && b->kind == PDF_NAME)
        return true;
    if (pdf_name_is(key, "Annots"))
        pdf_compare_annots(pair, a, b);
    else if (pdf_name_is(key, "Contents"))
        compare_contents(pair, a, b);
    else
        return false;
    return true;
}

static void compare_node(struct tree *tree, const struct pdf_value *ref, unsigned depth);

/* Old iText and OpenPDF write their version into the root of the page tree; no reader looks there.
 */
static bool inner_rule(struct pdf_pair *pair, void *context, const struct pdf_value *key,
                       const struct pdf_value *a, const struct pdf_value *b)
{
    (void)pair;
    (void)context;
    (void)a;
    return pdf_name_is(key, "ITXT") && (b->kind == PDF_STRING || b->kind == PDF_HEX_STRING);
}

/* A node of the tree may be written again, but not changed; so the tree below has the same pages.
 */
static void compare_inner(struct tree *tree, const struct pdf_value *from,
                          const struct pdf_value *to, const struct pdf_value *kids, unsigned depth)
{
    struct pdf_value kids_ref = pdf_dict_get(from, "Kids"), kid;
    struct pdf_value kids_to = pdf_pair_get(tree->pair, tree->pair->b, to, "Kids");
    if (!pdf_value_is_same(kids, &kids_to)) {
        pdf_pair_fail(tree->pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_PAGES_REORDERED,
                      "the order or number of pages was changed");
        return;
    }
    pdf_pair_explain(tree->pair, &kids_ref, &kids_ref, false);
    /* Inherited resources are compared strictly; the pages are handled here. */
    pdf_pair_dicts(tree->pair, from, to, inner_rule, NULL, VT_CHANGE_PAGES_REORDERED,
                   "the page tree");
    for (size_t at = 0; pdf_array_next(kids, &at, &kid);)
        compare_node(tree, &kid, depth + 1);
}

static void compare_node(struct tree *tree, const struct pdf_value *ref, unsigned depth)
{
    struct pdf_pair *pair = tree->pair;
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *ref);
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *ref);
    if (ref->kind != PDF_REF) {
        pdf_pair_queue(pair, ref->text); /* part of the node above, which is the same */
        if (pair->has_other_defaults)
            pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_FORM,
                          "/DR or /DA of the form was changed, and a page is no object of its own");
        return;
    }
    if (depth > PDF_MAX_TREE_DEPTH || from.kind != PDF_DICT || to.kind != PDF_DICT) {
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_PAGES_REORDERED,
                      "the page tree cannot be compared");
        return;
    }
    struct pdf_value kids = pdf_pair_get(pair, pair->a, &from, "Kids");
    struct pdf_value kids_to = pdf_pair_get(pair, pair->b, &to, "Kids");
    if (!pdf_set_add(pair->reader, &tree->seen, pdf_ref_key(ref->ref))) {
        tree->pages++; /* a page that is shown twice */
        tree->is_unnumbered = tree->is_unnumbered || kids.kind != PDF_NONE;
        return;
    }
    pdf_pair_explain(pair, ref, ref, true);
    if (kids.kind != PDF_NONE || kids_to.kind != PDF_NONE) {
        compare_inner(tree, &from, &to, &kids, depth);
    } else {
        tree->pages++;
        pair->page = tree->is_unnumbered ? 0 : (unsigned)tree->pages;
        pdf_pair_dicts(pair, &from, &to, page_rule, NULL, VT_CHANGE_PAGE_OTHER, "a page");
        pdf_compare_overlay(pair, &to);
        pair->page = 0;
    }
}

/* ---- the order of pages ---- */

struct page_list {
    struct pdf_pair *pair;
    struct pdf_set seen;
    struct pdf_ref *refs;
    size_t count;
    size_t capacity;
};

static bool add_page(struct page_list *list, struct pdf_ref ref)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        struct pdf_ref *refs = pdf_scratch(list->pair->reader, capacity * sizeof(*refs));
        if (refs == NULL)
            return false;
        if (list->count > 0)
            memcpy(refs, list->refs, list->count * sizeof(*refs));
        list->refs = refs;
        list->capacity = capacity;
    }
    list->refs[list->count++] = ref;
    return true;
}

/* The pages below a node; false when the tree is not one. */
static bool list_pages(struct page_list *list, size_t step, const struct pdf_value *ref,
                       unsigned depth)
{
    struct pdf_value node = pdf_pair_resolve(list->pair, step, *ref), kid;
    if (depth > PDF_MAX_TREE_DEPTH || node.kind != PDF_DICT || ref->kind != PDF_REF ||
        !pdf_set_add(list->pair->reader, &list->seen, pdf_ref_key(ref->ref)))
        return false;
    struct pdf_value kids = pdf_pair_get(list->pair, step, &node, "Kids");
    if (kids.kind != PDF_ARRAY)
        return add_page(list, ref->ref);
    for (size_t at = 0; pdf_array_next(&kids, &at, &kid);) {
        if (!list_pages(list, step, &kid, depth + 1))
            return false;
    }
    return true;
}

static void compare_page_lists(struct pdf_pair *pair, const struct pdf_value *a,
                               const struct pdf_value *b)
{
    struct page_list from = {.pair = pair}, to = {.pair = pair};
    if (!list_pages(&from, pair->a, a, 1) || !list_pages(&to, pair->b, b, 1))
        return;
    size_t same = 0;
    while (same < from.count && same < to.count && pdf_is_same_ref(from.refs[same], to.refs[same]))
        same++;
    if (to.count < from.count)
        pdf_pair_fail(pair, VT_CHANGES_FORBIDDEN, VT_CHANGE_PAGES_REMOVED,
                      "%zu of %zu signed pages were removed", from.count - to.count, from.count);
    else if (same < from.count)
        pdf_pair_fail(pair, VT_CHANGES_FORBIDDEN, VT_CHANGE_PAGES_REORDERED,
                      "other pages stand from page %zu on (object %d)", same + 1, to.refs[same].id);
    else if (to.count > from.count)
        pdf_pair_fail(pair, VT_CHANGES_FORBIDDEN, VT_CHANGE_PAGES_REORDERED,
                      "%zu pages were added behind page %zu (object %d)", to.count - from.count,
                      from.count, to.refs[same].id);
}

void pdf_compare_pages(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b)
{
    struct tree tree = {.pair = pair};
    if (pdf_value_is_same(a, b))
        compare_node(&tree, a, 1);
    else
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_PAGES_REORDERED,
                      "the page tree was replaced");
    if (pair->result != VT_CHANGES_PERMITTED)
        compare_page_lists(pair, a, b);
}
