/* SPDX-License-Identifier: Apache-2.0
 * Exceptions of the comparison at the top of a document: what a tool that only adds a signature, a
 * time stamp or validation data writes into trailer, catalog and metadata (ISO 32000-1, 7.5.5,
 * 7.7.2; EN 319 142-1, 5.4.2; ISO 32000-1, 14.3). */
#include <stdlib.h>
#include <string.h>

#include "document/pdf_compare.h"

/* ---- document security store ---- */

static const char *const store_keys[] = {"Type", "Certs", "CRLs", "OCSPs", "VRI", NULL};
static const char *const related_keys[] = {"Type", "Cert", "CRL", "OCSP", "TU", "TS", NULL};

static bool is_array_of_refs(const struct pdf_value *array)
{
    struct pdf_value item;
    for (size_t at = 0; pdf_array_next(array, &at, &item);) {
        if (item.kind != PDF_REF)
            return false;
    }
    return array->kind == PDF_ARRAY;
}

/* One list of streams, in an object of its own. True: it has others now. */
static bool explain_list(struct pdf_pair *pair, const struct pdf_value *from,
                         const struct pdf_value *to, const char *key)
{
    struct pdf_value a = pdf_dict_get(from, key), b = pdf_dict_get(to, key);
    struct pdf_value list_a = pdf_pair_resolve(pair, pair->a, a);
    struct pdf_value list_b = pdf_pair_resolve(pair, pair->b, b);
    if (is_array_of_refs(&list_a) && is_array_of_refs(&list_b))
        pdf_pair_explain(pair, &a, &b, false);
    return !pdf_value_is_same(&list_a, &list_b);
}

/* Data of one signature (5.4.2.3). */
static void explain_related(struct pdf_pair *pair, const struct pdf_value *a,
                            const struct pdf_value *b)
{
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a);
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b);
    if (!pdf_has_only_keys(&from, related_keys) || !pdf_has_only_keys(&to, related_keys))
        return;
    pdf_pair_explain(pair, a, b, false);
    (void)explain_list(pair, &from, &to, "Cert");
    (void)explain_list(pair, &from, &to, "CRL");
    (void)explain_list(pair, &from, &to, "OCSP");
}

static void explain_vri(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b)
{
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a), key, value;
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b);
    bool known = from.kind == PDF_DICT && to.kind == PDF_DICT;
    for (size_t at = 0; pdf_dict_next(&to, &at, &key, &value);) {
        value = pdf_pair_resolve(pair, pair->b, value);
        known = known && pdf_has_only_keys(&value, related_keys);
    }
    if (known)
        pdf_pair_explain(pair, a, b, false);
    for (size_t at = 0; known && pdf_dict_next(&from, &at, &key, &value);) {
        if (!pdf_work(pair->reader, to.text.len))
            return;
        struct pdf_value other = pdf_dict_find(&to, &key);
        explain_related(pair, &value, &other);
    }
}

/* EN 319 142-1, 5.4.2.2: the store may grow; no reader shows anything of it. Its objects are
 * explained by their form, not by being reached from it: a document may have been prepared so that
 * the same object is used for something else as well. */
static bool store_grows(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b)
{
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a);
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b);
    if (!pdf_has_only_keys(&to, store_keys) ||
        (from.kind != PDF_NONE && !pdf_has_only_keys(&from, store_keys)))
        return false;
    struct pdf_value vri_a = pdf_dict_get(&from, "VRI"), vri_b = pdf_dict_get(&to, "VRI");
    pdf_pair_explain(pair, a, b, false);
    bool has_more = explain_list(pair, &from, &to, "Certs");
    has_more = explain_list(pair, &from, &to, "CRLs") || has_more;
    has_more = explain_list(pair, &from, &to, "OCSPs") || has_more;
    explain_vri(pair, &vri_a, &vri_b);
    if (has_more || !pdf_value_is_same(&from, &to))
        pdf_pair_note(pair, VT_CHANGE_VALIDATION_DATA, NULL);
    return true;
}

/* ---- catalog ---- */

/* 7.2.2: the update names the version it was written for, which may be an earlier one than that of
 * the program before; readers show the same. */
static bool is_version(const struct pdf_value *a, const struct pdf_value *b)
{
    const uint8_t *text = b->text.ptr;
    return b->kind == PDF_NAME && (a->kind == PDF_NAME || a->kind == PDF_NONE) &&
           b->text.len == 4 && (text[1] == '1' || text[1] == '2') && text[2] == '.' &&
           text[3] >= '0' && text[3] <= '9';
}

static bool catalog_rule(struct pdf_pair *pair, void *context, const struct pdf_value *key,
                         const struct pdf_value *a, const struct pdf_value *b)
{
    (void)context;
    if (pdf_name_is(key, "Version"))
        return is_version(a, b);
    if (pdf_name_is(key, "Extensions"))
        return pdf_pair_resolve(pair, pair->b, *b).kind == PDF_DICT;
    if (pdf_name_is(key, "DSS"))
        return store_grows(pair, a, b);
    if (pdf_name_is(key, "Names"))
        return pdf_compare_names(pair, a, b);
    if (pdf_name_is(key, "Metadata"))
        pdf_compare_metadata(pair, a, b);
    else if (pdf_name_is(key, "AcroForm"))
        pdf_compare_forms(pair, a, b);
    else if (pdf_name_is(key, "Pages") || pdf_name_is(key, "StructTreeRoot"))
        return true; /* after the forms, which say what widgets are new */
    else
        return false;
    return true;
}

static void compare_catalogs(struct pdf_pair *pair, const struct pdf_value *a,
                             const struct pdf_value *b)
{
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a);
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b);
    if (a->kind != PDF_REF || !pdf_value_is_same(a, b) || from.kind != PDF_DICT ||
        to.kind != PDF_DICT) {
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_CATALOG,
                      "the document has another catalog");
        return;
    }
    pdf_pair_explain(pair, a, b, true);
    pdf_pair_dicts(pair, &from, &to, catalog_rule, NULL, VT_CHANGE_CATALOG, "the catalog");
    struct pdf_value pages_a = pdf_dict_get(&from, "Pages");
    struct pdf_value pages_b = pdf_dict_get(&to, "Pages");
    pdf_compare_pages(pair, &pages_a, &pages_b);
    struct pdf_value tags_a = pdf_dict_get(&from, "StructTreeRoot");
    struct pdf_value tags_b = pdf_dict_get(&to, "StructTreeRoot");
    pdf_compare_structure(pair, &tags_a, &tags_b);
}

void pdf_compare_trailers(struct pdf_pair *pair)
{
    struct pdf_value a = pdf_history_trailer(pair->history, pair->a);
    struct pdf_value b = pdf_history_trailer(pair->history, pair->b);
    if (a.kind != PDF_DICT || b.kind != PDF_DICT) {
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_NOT_FOLLOWED,
                      "a revision has no trailer");
        return;
    }
    /* 7.6.1: what was encrypted with the empty password is compared as readers see it, decrypted,
     * as long as both are by the same means. */
    struct pdf_value encrypt_a = pdf_dict_get(&a, "Encrypt");
    struct pdf_value encrypt_b = pdf_dict_get(&b, "Encrypt");
    if (!pdf_pair_strict(pair, &encrypt_a, &encrypt_b)) {
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_NOT_FOLLOWED,
                      "the encryption of the file was changed");
        return;
    }
    struct pdf_value info_a = pdf_dict_get(&a, "Info"), info_b = pdf_dict_get(&b, "Info");
    struct pdf_value root_a = pdf_dict_get(&a, "Root"), root_b = pdf_dict_get(&b, "Root");
    pdf_compare_info(pair, &info_a, &info_b);
    compare_catalogs(pair, &root_a, &root_b);
}
