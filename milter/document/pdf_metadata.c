/* SPDX-License-Identifier: Apache-2.0
 * Exceptions of the comparison in the metadata and the document information (ISO 32000-2, 14.3):
 * when and with what a file was saved changes with every save, and a program that writes both anew
 * may say in either what the other says. Everything else has to say the same. */
#include <stdlib.h>
#include <string.h>

#include "document/pdf_compare.h"
#include "document/pdf_xmp.h"

/* Metadata that is compared. Real ones have 4 KB. */
#define MAX_XMP_BYTES ((size_t)1024 * 1024)

#define MAX_DATE_BYTES 40

/* ---- what two packets say ---- */

/* 14.3.3: the same property in the document information. Some programs write into each what is in
 * the other only. */
static const struct {
    const char *path;
    const char *key;
} told_by_info[] = {
    {PDF_XMP_LEVEL PDF_XMP_NS_DC "title" PDF_XMP_LEVEL "Alt+" PDF_XMP_VALUE, "Title"},
    {PDF_XMP_LEVEL PDF_XMP_NS_DC "creator" PDF_XMP_LEVEL "Seq+" PDF_XMP_VALUE, "Author"},
    {PDF_XMP_LEVEL PDF_XMP_NS_DC "description" PDF_XMP_LEVEL "Alt+" PDF_XMP_VALUE, "Subject"},
    {PDF_XMP_LEVEL PDF_XMP_NS_PDF "Keywords" PDF_XMP_VALUE, "Keywords"},
    {PDF_XMP_LEVEL PDF_XMP_NS "CreatorTool" PDF_XMP_VALUE, "Creator"},
    {PDF_XMP_LEVEL PDF_XMP_NS "CreateDate" PDF_XMP_VALUE, "CreationDate"}};
/* And what is so of every PDF file, or says nothing without its text. */
static const char *const told_by_nature[] = {
    PDF_XMP_LEVEL PDF_XMP_NS_DC "format" PDF_XMP_VALUE "application/pdf",
    PDF_XMP_LEVEL PDF_XMP_NS_DC "title" PDF_XMP_LEVEL "Alt" PDF_XMP_VALUE,
    PDF_XMP_LEVEL PDF_XMP_NS_DC "title" PDF_XMP_LEVEL "Alt+" PDF_XMP_LEVEL PDF_XMP_NS_XML
                                "lang" PDF_XMP_VALUE "x-default",
    PDF_XMP_LEVEL PDF_XMP_NS_DC "creator" PDF_XMP_LEVEL "Seq" PDF_XMP_VALUE,
    PDF_XMP_LEVEL PDF_XMP_NS_DC "description" PDF_XMP_LEVEL "Alt" PDF_XMP_VALUE,
    PDF_XMP_LEVEL PDF_XMP_NS_DC "description" PDF_XMP_LEVEL "Alt+" PDF_XMP_LEVEL PDF_XMP_NS_XML
                                "lang" PDF_XMP_VALUE "x-default"};

static bool begins(struct vt_bytes leaf, const char *path)
{
    return vt_bytes_equal(vt_bytes_slice(leaf, 0, strlen(path)), vt_bytes_str(path));
}

/* D:20260105080000+07'00' and 2026-01-05T08:00:00+07:00 have the same digits (7.9.4). */
static bool is_same_date(struct vt_bytes xmp, struct vt_bytes info)
{
    char digits[2][MAX_DATE_BYTES] = {{0}};
    struct vt_bytes dates[] = {xmp, info};
    for (size_t which = 0; which < 2; which++) {
        size_t len = 0;
        for (size_t i = 0; i < dates[which].len && len + 1 < MAX_DATE_BYTES; i++) {
            uint8_t c = dates[which].ptr[i];
            if ((c >= '0' && c <= '9') || c == '+' || (c == '-' && len >= 14))
                digits[which][len++] = (char)c;
        }
        if (len == 19 && strcmp(digits[which] + 15, "0000") == 0)
            digits[which][14] = '\0'; /* Z */
    }
    return strlen(digits[0]) >= 14 && strcmp(digits[0], digits[1]) == 0;
}

/* Did the document information say it? */
static bool info_tells(struct pdf_pair *pair, struct vt_bytes leaf, const struct pdf_value *info)
{
    for (size_t i = 0; i < sizeof(told_by_nature) / sizeof(told_by_nature[0]); i++) {
        if (vt_bytes_equal(leaf, vt_bytes_str(told_by_nature[i])))
            return true;
    }
    for (size_t i = 0; i < sizeof(told_by_info) / sizeof(told_by_info[0]); i++) {
        if (!begins(leaf, told_by_info[i].path))
            continue;
        size_t skip = strlen(told_by_info[i].path);
        struct vt_bytes value = vt_bytes_slice(leaf, skip, leaf.len - skip);
        struct pdf_value entry = pdf_pair_get(pair, pair->a, info, told_by_info[i].key);
        struct vt_bytes said = vt_bytes_str(pdf_text_string(pair->reader, &entry));
        return strcmp(told_by_info[i].key, "CreationDate") == 0 ? is_same_date(value, said)
                                                                : vt_bytes_equal(value, said);
    }
    return false;
}

/* Had the packet this property before, in whatever form? */
static bool has_property(const struct pdf_xmp *packet, struct vt_bytes leaf)
{
    size_t len = 1;
    while (len < leaf.len && leaf.ptr[len] > PDF_XMP_LINK[0])
        len++;
    for (size_t i = 0; i < packet->count; i++) {
        struct vt_bytes other = packet->leaves[i];
        if (other.len > len && memcmp(other.ptr, leaf.ptr, len) == 0 &&
            other.ptr[len] <= PDF_XMP_LINK[0])
            return true;
    }
    return false;
}

/* info: the document information at step a, which may tell what was added. */
static bool says_the_same(struct pdf_pair *pair, struct vt_bytes a, struct vt_bytes b,
                          const struct pdf_value *info)
{
    struct pdf_xmp from, to;
    size_t i = 0, j = 0;
    if (!pdf_xmp_read(pair->reader, a, &from) || !pdf_xmp_read(pair->reader, b, &to) ||
        !vt_bytes_equal(from.about, to.about))
        return false;
    while (i < from.count || j < to.count) {
        int order = i == from.count ? 1
                    : j == to.count ? -1
                                    : pdf_xmp_order(&from.leaves[i], &to.leaves[j]);
        if (order < 0)
            return false;
        if (order > 0 &&
            (has_property(&from, to.leaves[j]) || !info_tells(pair, to.leaves[j], info)))
            return false;
        i += order <= 0;
        j += order >= 0;
    }
    return true;
}

/* Does a packet tell an entry (name without slash) of the document information? */
static bool tells(struct pdf_pair *pair, struct vt_bytes text, const char *key,
                  const struct pdf_value *value)
{
    struct pdf_xmp xmp;
    struct vt_bytes said = vt_bytes_str(pdf_text_string(pair->reader, value));
    if (!pdf_xmp_read(pair->reader, text, &xmp))
        return false;
    for (size_t i = 0; i < sizeof(told_by_info) / sizeof(told_by_info[0]); i++) {
        if (strcmp(told_by_info[i].key, key) != 0)
            continue;
        size_t skip = strlen(told_by_info[i].path);
        for (size_t l = 0; l < xmp.count; l++) {
            struct vt_bytes leaf = xmp.leaves[l];
            if (begins(leaf, told_by_info[i].path) &&
                vt_bytes_equal(vt_bytes_slice(leaf, skip, leaf.len - skip), said))
                return true;
        }
    }
    return false;
}

/* ---- metadata ---- */

/* The same bytes, or another packet that says the same. a: PDF_NONE where there was none. */
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
    struct vt_bytes before = vt_bytes_of(from, from_len), after = vt_bytes_of(to, to_len);
    same = same && ((from != NULL && vt_bytes_equal(before, after)) ||
                    says_the_same(pair, before, after, &info));
    free(from);
    free(to);
    return same;
}

void pdf_compare_metadata(struct pdf_pair *pair, const struct pdf_value *a,
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
                   len <= MAX_XMP_BYTES && tells(pair, vt_bytes_of(xmp, len), name + 1, &said);
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

void pdf_compare_info(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b)
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
