/* SPDX-License-Identifier: Apache-2.0
 * Does a value say something else after an update, or was it only written in another way? The
 * comparison is strict about how; what a clerk is told is that something was changed, and that has
 * to be proven: another object with the same content, 595 and 595.0, or a stream that was
 * compressed again prove nothing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "document/pdf_compare.h"

/* How deep a difference is looked for. */
#define MAX_LEVELS 6

bool pdf_is_same_drawing(struct vt_bytes a, struct vt_bytes b)
{
    size_t i = 0, j = 0;
    for (;;) {
        while (i < a.len && pdf_is_space(a.ptr[i]))
            i++;
        while (j < b.len && pdf_is_space(b.ptr[j]))
            j++;
        if (i == a.len || j == b.len)
            return i == a.len && j == b.len;
        if (a.ptr[i++] != b.ptr[j++])
            return false;
    }
}

static bool is_number(const struct pdf_value *value)
{
    return value->kind == PDF_INTEGER || value->kind == PDF_REAL;
}

static bool is_string(const struct pdf_value *value)
{
    return value->kind == PDF_STRING || value->kind == PDF_HEX_STRING;
}

static bool scalars_differ(struct pdf_pair *pair, const struct pdf_value *a,
                           const struct pdf_value *b)
{
    double from = 0, to = 0;
    if (is_number(a) && is_number(b))
        return !pdf_number_of(a, &from) || !pdf_number_of(b, &to) || fabs(from - to) > 0.001;
    if (a->kind == PDF_NAME && b->kind == PDF_NAME)
        return !pdf_names_equal(a, b);
    if (is_string(a) && is_string(b)) {
        uint8_t *left = pdf_scratch(pair->reader, a->text.len + b->text.len);
        if (left == NULL)
            return false;
        uint8_t *right = left + a->text.len;
        size_t len = pdf_string_decode(a, left);
        return len != pdf_string_decode(b, right) || memcmp(left, right, len) != 0;
    }
    return a->kind != b->kind || !vt_bytes_equal(a->text, b->text);
}

static bool differs(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b,
                    unsigned level);

static bool arrays_differ(struct pdf_pair *pair, const struct pdf_value *a,
                          const struct pdf_value *b, unsigned level)
{
    struct pdf_value from, to;
    size_t at_a = 0, at_b = 0;
    for (;;) {
        bool more_a = pdf_array_next(a, &at_a, &from), more_b = pdf_array_next(b, &at_b, &to);
        if (!more_a || !more_b)
            return more_a != more_b;
        if (differs(pair, &from, &to, level + 1))
            return true;
    }
}

/* Where an object belongs, and how its bytes are stored. */
static bool says_nothing(const struct pdf_value *key)
{
    static const char *const keys[] = {"Parent", "P",           "Length",
                                       "Filter", "DecodeParms", "LastModified"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (pdf_name_is(key, keys[i]))
            return true;
    }
    return false;
}

static bool dicts_differ(struct pdf_pair *pair, const struct pdf_value *a,
                         const struct pdf_value *b, unsigned level)
{
    struct pdf_value key, value, other;
    for (size_t at = 0; pdf_dict_next(a, &at, &key, &value);) {
        if (!pdf_work(pair->reader, b->text.len))
            return false;
        other = pdf_dict_find(b, &key);
        if (!says_nothing(&key) && differs(pair, &value, &other, level + 1))
            return true;
    }
    for (size_t at = 0; pdf_dict_next(b, &at, &key, &value);) {
        if (!pdf_work(pair->reader, a->text.len))
            return false;
        other = pdf_dict_find(a, &key);
        if (other.kind == PDF_NONE && !says_nothing(&key) &&
            differs(pair, &other, &value, level + 1))
            return true;
    }
    return false;
}

/* The bytes of two streams, decoded where that is possible on both sides. */
static bool streams_differ(struct pdf_pair *pair, struct pdf_ref a, struct pdf_ref b)
{
    bool known = false, differ = false;
    for (int decode = 1; decode >= 0 && !known; decode--) {
        uint8_t *from = NULL, *to = NULL;
        size_t from_len = 0, to_len = 0;
        known = pdf_history_stream(pair->history, a, pair->a, decode != 0, &from, &from_len) &&
                pdf_history_stream(pair->history, b, pair->b, decode != 0, &to, &to_len);
        differ =
            known && !pdf_is_same_drawing(vt_bytes_of(from, from_len), vt_bytes_of(to, to_len));
        free(from);
        free(to);
    }
    return differ;
}

static bool refs_differ(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b,
                        unsigned level)
{
    bool same = pdf_is_same_ref(a->ref, b->ref);
    if (same && !pdf_history_is_redefined(pair->history, a->ref.id, pair->b))
        return false;
    struct pdf_object from = pdf_history_object(pair->history, a->ref, pair->a);
    struct pdf_object to = pdf_history_object(pair->history, b->ref, pair->b);
    if (from.is_stream != to.is_stream)
        return true;
    return differs(pair, &from.value, &to.value, level) ||
           (from.is_stream && streams_differ(pair, a->ref, b->ref));
}

static bool differs(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b,
                    unsigned level)
{
    if (level > MAX_LEVELS || !pdf_visit(pair->reader))
        return false;
    if (a->kind == PDF_REF && b->kind == PDF_REF)
        return refs_differ(pair, a, b, level);
    struct pdf_value from = pdf_pair_resolve(pair, pair->a, *a);
    struct pdf_value to = pdf_pair_resolve(pair, pair->b, *b);
    if (from.kind == PDF_ARRAY && to.kind == PDF_ARRAY)
        return arrays_differ(pair, &from, &to, level);
    if (from.kind == PDF_DICT && to.kind == PDF_DICT)
        return dicts_differ(pair, &from, &to, level);
    return scalars_differ(pair, &from, &to);
}

bool pdf_pair_differs(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b)
{
    return differs(pair, a, b, 0);
}
