/* SPDX-License-Identifier: Apache-2.0
 * The strict part of the comparison of two states (see pdf_compare.h): every object that can be
 * reached, or that was redefined. */
#include <stdlib.h>
#include <string.h>

#include "document/pdf_compare.h"

static bool same_stream_bytes(struct pdf_pair *pair, struct pdf_ref ref)
{
    uint8_t *a = NULL, *b = NULL;
    size_t a_len = 0, b_len = 0;
    bool same = pdf_history_stream(pair->history, ref, pair->a, false, &a, &a_len) &&
                pdf_history_stream(pair->history, ref, pair->b, false, &b, &b_len) &&
                a_len == b_len && memcmp(a, b, a_len) == 0;
    free(a);
    free(b);
    return same;
}

/* An object that an update wrote again: is it the same as before? */
static bool is_rewritten_unchanged(struct pdf_pair *pair, struct pdf_ref ref)
{
    struct pdf_object a = pdf_history_object(pair->history, ref, pair->a);
    struct pdf_object b = pdf_history_object(pair->history, ref, pair->b);
    return a.value.kind != PDF_NONE && pdf_value_is_same(&a.value, &b.value) &&
           a.is_stream == b.is_stream && (!a.is_stream || same_stream_bytes(pair, ref));
}

/* What an object that was changed is for. */
static enum vt_change_kind kind_of_object(struct pdf_pair *pair, struct pdf_ref ref)
{
    struct pdf_value before = pdf_history_object(pair->history, ref, pair->a).value;
    struct pdf_value type = pdf_dict_get(&before, "Type");
    struct pdf_value subtype = pdf_dict_get(&before, "Subtype");
    if (pdf_name_is(&type, "Font") || pdf_name_is(&type, "FontDescriptor"))
        return VT_CHANGE_FONT;
    return pdf_name_is(&subtype, "Image") ? VT_CHANGE_IMAGE : VT_CHANGE_OBJECT;
}

/* An annotation was changed in what it shows, not only in what its window is like. */
static bool annotation_differs(struct pdf_pair *pair, const struct pdf_value *a,
                               const struct pdf_value *b)
{
    static const char *const shown[] = {"Subtype",  "Rect",       "F",  "AP", "AS",
                                        "Contents", "QuadPoints", "OC", "A",  "AA"};
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        struct pdf_value from = pdf_dict_get(a, shown[i]), to = pdf_dict_get(b, shown[i]);
        if (pdf_pair_differs(pair, &from, &to))
            return true;
    }
    return false;
}

/* Is it proven that what a reader sees, or a file inside the document, is another? */
static bool is_seen_change(struct pdf_pair *pair, struct pdf_ref ref)
{
    static const char *const types[] = {"Font", "FontDescriptor", "XObject",  "OCG",
                                        "OCMD", "EmbeddedFile",   "ExtGState"};
    struct pdf_value value = {.kind = PDF_REF, .ref = ref};
    struct pdf_value a = pdf_history_object(pair->history, ref, pair->a).value;
    struct pdf_value b = pdf_history_object(pair->history, ref, pair->b).value;
    struct pdf_value type = pdf_dict_get(&a, "Type"), subtype = pdf_dict_get(&a, "Subtype");
    bool shows = pair->page != 0 || pdf_name_is(&subtype, "Image") || pdf_name_is(&subtype, "Form");
    if (ref.gen != 0 || a.kind == PDF_NONE || b.kind == PDF_NONE || b.kind == PDF_NULL)
        return false;
    if (pdf_dict_get(&a, "Rect").kind != PDF_NONE)
        return pair->docmdp != 3 && annotation_differs(pair, &a, &b);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        shows = shows || pdf_name_is(&type, types[i]);
    return shows && !pdf_name_is(&type, "StructElem") && pdf_pair_differs(pair, &value, &value);
}

static void say_changed(struct pdf_pair *pair, struct pdf_ref ref, const char *which)
{
    pdf_pair_fail(pair, is_seen_change(pair, ref) ? VT_CHANGES_FORBIDDEN : VT_CHANGES_UNDETERMINED,
                  kind_of_object(pair, ref), "object %d%s was changed", ref.id, which);
}

static void compare_object(struct pdf_pair *pair, struct pdf_ref ref)
{
    size_t count = 0;
    if (pdf_set_has(&pair->handled, pdf_ref_key(ref)) || !pdf_visit(pair->reader))
        return;
    if (pdf_history_is_redefined(pair->history, ref.id, pair->b)) {
        /* With a generation number other than that of the update readers disagree. */
        if (ref.gen != 0 || !is_rewritten_unchanged(pair, ref)) {
            say_changed(pair, ref, ", which the signed revision uses,");
            return;
        }
        (void)pdf_set_add(pair->reader, &pair->explained, (uint64_t)(unsigned)ref.id);
    }
    const struct pdf_ref *refs = pdf_history_refs(pair->history, ref, pair->b, &count);
    for (size_t i = 0; i < count; i++)
        pdf_pair_queue_ref(pair, refs[i]);
}

/* An appearance that something else uses too was not the field's to replace. */
static void compare_retired(struct pdf_pair *pair)
{
    uint64_t key = 0;
    for (size_t at = 0; pdf_set_next(&pair->retired, &at, &key);) {
        if (pdf_set_has(&pair->queued, key))
            pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_ANNOTATION_REMOVED,
                          "signing or filling in a field replaced an appearance that is used "
                          "elsewhere too");
    }
}

/* An object that existed before and was redefined must have been seen, or be the same. */
static void compare_unseen(struct pdf_pair *pair)
{
    struct pdf_ref ref;
    for (size_t at = 0; pdf_pair_next_redefined(pair, &at, &ref);) {
        struct pdf_value a = pdf_history_object(pair->history, ref, pair->a).value;
        if (a.kind == PDF_NULL)
            continue;
        struct pdf_value b = pdf_history_object(pair->history, ref, pair->b).value;
        if (b.kind == PDF_NULL || b.kind == PDF_NONE)
            pdf_pair_fail(pair,
                          pdf_set_has(&pair->queued, pdf_ref_key(ref)) ? VT_CHANGES_FORBIDDEN
                                                                       : VT_CHANGES_UNDETERMINED,
                          kind_of_object(pair, ref), "object %d of the signed revision was removed",
                          ref.id);
        else if (!pdf_set_has(&pair->explained, (uint64_t)(unsigned)ref.id) &&
                 !is_rewritten_unchanged(pair, ref))
            say_changed(pair, ref, " of the signed revision");
    }
}

/* An object stream that is replaced changes objects that no update lists (7.5.7). */
static void compare_containers(struct pdf_pair *pair)
{
    struct pdf_ref ref;
    for (size_t at = 0; pdf_pair_next_redefined(pair, &at, &ref);) {
        struct pdf_object a = pdf_history_object(pair->history, ref, pair->a);
        struct pdf_value type = pdf_dict_get(&a.value, "Type");
        if (a.is_stream && pdf_name_is(&type, "ObjStm"))
            pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_OBJECT,
                          "the object stream %d of the signed revision was replaced", ref.id);
    }
}

void pdf_compare(struct pdf_pair *pair)
{
    compare_containers(pair);
    pdf_compare_trailers(pair);
    while (pair->queue_count > 0 && !pair->reader->over_limit) {
        struct pdf_queued next = pair->queue[--pair->queue_count];
        pair->page = next.page;
        compare_object(pair, next.ref);
    }
    pair->page = 0;
    compare_retired(pair);
    compare_unseen(pair);
    if (pair->reader->over_limit)
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_NOT_FOLLOWED,
                      "the file is too large to be compared");
    if (pdf_history_is_damaged(pair->history, pair->a) ||
        pdf_history_is_damaged(pair->history, pair->b))
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_NOT_FOLLOWED,
                      "an object in it is damaged");
}
