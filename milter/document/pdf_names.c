/* SPDX-License-Identifier: Apache-2.0
 * The names of a document (ISO 32000-1, 7.7.4): a file that was attached is an addition, a script
 * (12.6.4.16) is run when the document is opened and may change what it shows. */
#include "document/pdf_compare.h"

/* Levels and pairs of a name tree (7.9.6). */
#define MAX_LEVELS 8

/* Is every pair of a below node b as well, the same? *left: work. */
static bool tree_has(struct pdf_pair *pair, const struct pdf_value *node,
                     const struct pdf_value *name, const struct pdf_value *value, unsigned level)
{
    struct pdf_value dict = pdf_pair_resolve(pair, pair->b, *node), key, item;
    struct pdf_value names = pdf_pair_get(pair, pair->b, &dict, "Names");
    struct pdf_value kids = pdf_pair_get(pair, pair->b, &dict, "Kids");
    if (level > MAX_LEVELS || !pdf_work(pair->reader, dict.text.len))
        return false;
    for (size_t at = 0; pdf_array_next(&names, &at, &key) && pdf_array_next(&names, &at, &item);) {
        if (!pdf_pair_differs(pair, name, &key) && pdf_pair_strict(pair, value, &item))
            return true;
    }
    for (size_t at = 0; pdf_array_next(&kids, &at, &item);) {
        if (tree_has(pair, &item, name, value, level + 1))
            return true;
    }
    return false;
}

static bool tree_grows(struct pdf_pair *pair, const struct pdf_value *node,
                       const struct pdf_value *root, unsigned level)
{
    struct pdf_value dict = pdf_pair_resolve(pair, pair->a, *node), key, item;
    struct pdf_value names = pdf_pair_get(pair, pair->a, &dict, "Names");
    struct pdf_value kids = pdf_pair_get(pair, pair->a, &dict, "Kids");
    if (level > MAX_LEVELS || !pdf_visit(pair->reader))
        return false;
    for (size_t at = 0; pdf_array_next(&names, &at, &key) && pdf_array_next(&names, &at, &item);) {
        if (!tree_has(pair, root, &key, &item, 0))
            return false;
    }
    for (size_t at = 0; pdf_array_next(&kids, &at, &item);) {
        if (!tree_grows(pair, &item, root, level + 1))
            return false;
    }
    return true;
}

static bool compare_files(struct pdf_pair *pair, const struct pdf_value *a,
                          const struct pdf_value *b)
{
    if (!pdf_pair_differs(pair, a, b))
        return false;
    pdf_pair_explain(pair, a, b, false);
    if (tree_grows(pair, a, b, 0))
        pdf_pair_add(pair, 4, false, VT_CHANGE_FILE_ADDED,
                     "a file was attached inside the document");
    else
        pdf_pair_fail(pair, VT_CHANGES_FORBIDDEN, VT_CHANGE_FILE_ADDED,
                      "a file inside the document was removed or replaced");
    return true;
}

static bool names_rule(struct pdf_pair *pair, void *context, const struct pdf_value *key,
                       const struct pdf_value *a, const struct pdf_value *b)
{
    (void)context;
    if (pdf_name_is(key, "EmbeddedFiles"))
        return compare_files(pair, a, b);
    if (!pdf_name_is(key, "JavaScript") || !pdf_pair_differs(pair, a, b))
        return false;
    pdf_pair_fail(pair, VT_CHANGES_FORBIDDEN, VT_CHANGE_ACTION,
                  "a script of the document was added or changed");
    return true;
}

bool pdf_compare_names(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b)
{
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a);
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b);
    if (to.kind != PDF_DICT || (from.kind != PDF_DICT && from.kind != PDF_NONE))
        return false;
    pdf_pair_explain(pair, a, b, false);
    pdf_pair_dicts(pair, &from, &to, names_rule, NULL, VT_CHANGE_CATALOG, "the names");
    return true;
}
