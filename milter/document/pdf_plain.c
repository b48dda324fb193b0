/* SPDX-License-Identifier: Apache-2.0
 * Is a cross-reference section or an object stream (ISO 32000-1, 7.5.5, 7.5.7, 7.5.8) written as
 * every writer does? In what is allowed besides, readers differ: whether #xx is decoded in a
 * trailer, where a name ends that has bytes above 7Fh, whether /F is a file or another word for
 * /Filter, what a chain of filters does. */
#include <stdlib.h>

#include "document/pdf_xref_section.h"

/* Arrays and dictionaries in a trailer. */
#define MAX_DEPTH 8
/* Rows of a cross-reference stream that stand under a predictor. */
#define MAX_ROWS_BYTES ((size_t)48 * 1024 * 1024)
/* 7.4.4.4: PNG predictors of a row. */
#define MAX_ROW_TAG 4

/* 7.3.5, without what is written with #xx, or is no ASCII. */
static bool is_plain_key(const struct pdf_value *key)
{
    for (size_t i = 0; i < key->text.len; i++) {
        if (key->text.ptr[i] == '#' || key->text.ptr[i] >= 0x7f)
            return false;
    }
    return true;
}

static bool has_plain_keys(const struct pdf_value *value, unsigned depth)
{
    struct pdf_value key, item;
    bool is_plain = depth <= MAX_DEPTH;
    for (size_t at = 0; is_plain && pdf_dict_next(value, &at, &key, &item);)
        is_plain = is_plain_key(&key) && has_plain_keys(&item, depth + 1);
    for (size_t at = 0; is_plain && pdf_array_next(value, &at, &item);)
        is_plain = has_plain_keys(&item, depth + 1);
    return is_plain;
}

/* The only one of an array, or the value itself. */
static bool is_single(const struct pdf_value *value, bool is_array, struct pdf_value *out)
{
    size_t at = 0;
    struct pdf_value second;
    *out = *value;
    if (value->kind == PDF_NONE || value->kind == PDF_NULL)
        return true;
    if (!is_array)
        return value->kind != PDF_ARRAY;
    return pdf_array_next(value, &at, out) && !pdf_array_next(value, &at, &second);
}

static bool parameter_is(const struct pdf_value *parms, const char *key, int64_t usual)
{
    struct pdf_value value = pdf_dict_get(parms, key);
    return value.kind == PDF_NONE || (value.kind == PDF_INTEGER && value.integer == usual);
}

/* Every row begins with the predictor that it has. */
static bool has_plain_rows(struct vt_bytes raw, struct vt_bytes filter, int64_t columns)
{
    uint8_t *data = NULL;
    size_t len = 0, row = (size_t)columns + 1;
    if (columns < 1 || columns > UINT16_MAX ||
        !pdf_decode_bytes(raw, filter, (struct vt_bytes){0}, MAX_ROWS_BYTES, &data, &len))
        return false;
    bool is_plain = len % row == 0;
    for (size_t at = 0; at < len && is_plain; at += row)
        is_plain = data[at] <= MAX_ROW_TAG;
    free(data);
    return is_plain;
}

static bool has_plain_filter(const struct pdf_value *dict, struct vt_bytes raw)
{
    struct pdf_value filters = pdf_dict_get(dict, "Filter"), filter, parms;
    struct pdf_value all_parms = pdf_dict_get(dict, "DecodeParms");
    if (!is_single(&filters, filters.kind == PDF_ARRAY, &filter) ||
        !is_single(&all_parms, filters.kind == PDF_ARRAY, &parms) ||
        (filter.kind != PDF_NONE && !pdf_name_is(&filter, "FlateDecode")))
        return false;
    if (parms.kind == PDF_NONE || parms.kind == PDF_NULL)
        return true;
    struct pdf_value predictor = pdf_dict_get(&parms, "Predictor");
    struct pdf_value columns = pdf_dict_get(&parms, "Columns");
    if (parms.kind != PDF_DICT || !parameter_is(&parms, "Colors", 1) ||
        !parameter_is(&parms, "BitsPerComponent", 8))
        return false;
    return parameter_is(&parms, "Predictor", 1) ||
           (predictor.kind == PDF_INTEGER && predictor.integer >= 10 &&
            columns.kind == PDF_INTEGER && filter.kind != PDF_NONE &&
            has_plain_rows(raw, filter.text, columns.integer));
}

bool pdf_stream_is_plain(const struct pdf_value *dict, struct vt_bytes raw)
{
    return has_plain_keys(dict, 0) && pdf_dict_count(dict, "F") == 0 &&
           pdf_dict_count(dict, "DP") == 0 && has_plain_filter(dict, raw);
}

bool pdf_section_is_plain(const struct pdf_section *section)
{
    if (!section->is_stream)
        return has_plain_keys(&section->trailer, 0);
    struct pdf_value widths = pdf_dict_get(&section->trailer, "W"), first;
    size_t at = 0;
    return pdf_array_next(&widths, &at, &first) && first.kind == PDF_INTEGER &&
           first.integer <= 1 && pdf_stream_is_plain(&section->trailer, section->data);
}
