/* SPDX-License-Identifier: Apache-2.0
 * Exceptions of the comparison at the top of a document: what a tool that only adds a signature, a
 * time stamp or validation data writes into trailer, catalog and metadata (ISO 32000-1, 7.5.5,
 * 7.7.2; EN 319 142-1, 5.4.2; ISO 32000-1, 14.3). */
#include <stdlib.h>
#include <string.h>

#include "document/pdf_compare.h"

/* Metadata that is compared. Real ones have 4 KB. */
#define MAX_XMP_BYTES ((size_t)1024 * 1024)

/* ---- XMP metadata ---- */

/* What changes with every save, and which library wrote the packet; "xap" is how Acrobat up to 8
 * calls the same namespaces (XMP specification, part 1, 7.4; part 2). */
static const char *const volatile_tags[] = {
    "xmp:ModifyDate",   "xmp:MetadataDate", "xmpMM:InstanceID", "xap:ModifyDate",
    "xap:MetadataDate", "xapMM:InstanceID", "pdf:Producer",     "x:xmptk"};

/* The end of a value that ends before a character. One with tags in it is none: that is a comment
 * or the like, which is no value at all. */
static size_t behind_value(const uint8_t *xmp, size_t len, size_t from, uint8_t end)
{
    size_t at = from;
    while (at < len && xmp[at] != end && xmp[at] != '<' && xmp[at] != '>')
        at++;
    return at < len && xmp[at] == end ? at : from;
}

/* Cut the content of an element, or the value of an attribute, of this name. Returns the length. */
static size_t blank_tag(uint8_t *xmp, size_t len, const char *tag)
{
    size_t out = 0, at = 0, name = strlen(tag);
    while (at < len) {
        size_t hit = vt_bytes_find(vt_bytes_of(xmp, len), vt_bytes_of(tag, name), at);
        size_t upto = hit == SIZE_MAX ? len : hit + name;
        memmove(xmp + out, xmp + at, upto - at);
        out += upto - at;
        at = upto;
        bool element = at < len && xmp[at] == '>';
        uint8_t quote = at + 1 < len && xmp[at] == '=' ? xmp[at + 1] : 0;
        if (element || quote == '"' || quote == '\'')
            at = behind_value(xmp, len, at + (element ? 1 : 2), element ? '<' : quote);
    }
    return out;
}

/* The packet without what is volatile and without its padding. */
static size_t normalise_xmp(uint8_t *xmp, size_t len)
{
    for (size_t i = 0; i < sizeof(volatile_tags) / sizeof(volatile_tags[0]); i++)
        len = blank_tag(xmp, len, volatile_tags[i]);
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        if (!pdf_is_space(xmp[i]))
            xmp[out++] = xmp[i];
    }
    return out;
}

/* The same text, or another one that says the same. a: PDF_NONE where there was no packet. */
static bool is_same_xmp(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b)
{
    struct pdf_value trailer = pdf_history_trailer(pair->history, pair->a);
    struct pdf_value info = pdf_pair_get(pair, pair->a, &trailer, "Info");
    uint8_t *from = NULL, *to = NULL;
    size_t from_len = 0, to_len = 0;
    bool same = (a->kind == PDF_NONE ||
                 pdf_history_stream(pair->history, a->ref, pair->a, true, &from, &from_len)) &&
                pdf_history_stream(pair->history, b->ref, pair->b, true, &to, &to_len) &&
                from_len <= MAX_XMP_BYTES && to_len <= MAX_XMP_BYTES;
    if (same &&
        !pdf_xmp_says_the_same(pair, vt_bytes_of(from, from_len), vt_bytes_of(to, to_len), &info)) {
        from_len = from == NULL ? 0 : normalise_xmp(from, from_len);
        to_len = normalise_xmp(to, to_len);
        same = from != NULL && from_len == to_len && memcmp(from, to, from_len) == 0;
    }
    free(from);
    free(to);
    return same;
}

static void compare_metadata(struct pdf_pair *pair, const struct pdf_value *a,
                             const struct pdf_value *b)
{
    if ((a->kind == PDF_REF || a->kind == PDF_NONE) && b->kind == PDF_REF) {
        bool same_ref = a->kind == PDF_REF && pdf_is_same_ref(a->ref, b->ref);
        if (same_ref && !pdf_history_is_redefined(pair->history, a->ref.id, pair->b)) {
            pdf_pair_queue(pair, a->text);
            return;
        }
        pdf_pair_explain(pair, a, b, false);
        if (is_same_xmp(pair, a, b))
            return;
    }
    pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_METADATA,
                  "the metadata were changed in more than dates and the name of the program");
}

/* ---- document information dictionary ---- */

/* ISO 32000-2, 14.3.3: an entry that is told by the metadata, too, may be left out. */
static bool is_told_by_metadata(struct pdf_pair *pair, const struct pdf_value *key,
                                const struct pdf_value *value)
{
    struct pdf_value trailer = pdf_history_trailer(pair->history, pair->b);
    struct pdf_value catalog = pdf_pair_get(pair, pair->b, &trailer, "Root");
    struct pdf_value metadata = pdf_dict_get(&catalog, "Metadata");
    struct pdf_value said = pdf_pair_resolve(pair, pair->a, *value);
    char name[32];
    uint8_t *xmp = NULL;
    size_t len = 0;
    vt_text_clean(name, sizeof(name), key->text);
    bool is_told = metadata.kind == PDF_REF &&
                   pdf_history_stream(pair->history, metadata.ref, pair->b, true, &xmp, &len) &&
                   len <= MAX_XMP_BYTES &&
                   pdf_xmp_tells(pair, vt_bytes_of(xmp, len), name + 1, &said);
    free(xmp);
    return is_told;
}

/* 14.3.3: when and with what the file was written last. */
static bool info_rule(struct pdf_pair *pair, void *context, const struct pdf_value *key,
                      const struct pdf_value *a, const struct pdf_value *b)
{
    (void)context;
    struct pdf_value value = pdf_pair_resolve(pair, pair->b, *b);
    if (b->kind == PDF_NONE)
        return pdf_name_is(key, "Producer") || is_told_by_metadata(pair, key, a);
    return (pdf_name_is(key, "ModDate") || pdf_name_is(key, "Producer")) &&
           (value.kind == PDF_STRING || value.kind == PDF_HEX_STRING);
}

static void compare_info(struct pdf_pair *pair, const struct pdf_value *a,
                         const struct pdf_value *b)
{
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a);
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b);
    pdf_pair_explain(pair, a, b, false);
    if (to.kind == PDF_NONE && from.kind == PDF_NONE)
        return;
    if (to.kind != PDF_DICT || (from.kind != PDF_DICT && from.kind != PDF_NONE)) {
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_METADATA,
                      "the document information was replaced");
        return;
    }
    pdf_pair_dicts(pair, &from, &to, info_rule, NULL, VT_CHANGE_METADATA,
                   "the document information");
}

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
        compare_metadata(pair, a, b);
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
    compare_info(pair, &info_a, &info_b);
    compare_catalogs(pair, &root_a, &root_b);
}
