/* SPDX-License-Identifier: Apache-2.0
 * PDF object syntax (ISO 32000-1, 7.2 and 7.3) over views: tokens, values, dictionary and array
 * iteration. Nothing is resolved, nothing allocated; works on the bytes of a file as well as on the
 * normalised text of one object. */
#ifndef VT_DOCUMENT_PDF_SYNTAX_H
#define VT_DOCUMENT_PDF_SYNTAX_H

#include "vanthu/bytes.h"

/* Nesting of arrays and dictionaries in one object. Real ones have fewer than 10. */
#define PDF_MAX_NESTING 200

enum pdf_kind {
    PDF_NONE = 0, /* nothing there, or not PDF syntax */
    PDF_NULL,
    PDF_BOOL,
    PDF_INTEGER,
    PDF_REAL,
    PDF_NAME,
    PDF_STRING,
    PDF_HEX_STRING,
    PDF_ARRAY,
    PDF_DICT,
    PDF_REF,
    PDF_KEYWORD /* obj, endobj, stream, xref, trailer, startxref, n, f, … */
};

struct pdf_ref {
    int id;
    int gen;
};

/* text: the whole value, with its delimiters. */
struct pdf_value {
    enum pdf_kind kind;
    struct vt_bytes text;
    int64_t integer;    /* PDF_INTEGER; PDF_BOOL: 0 or 1 */
    struct pdf_ref ref; /* PDF_REF */
};

bool pdf_is_space(uint8_t c);
bool pdf_is_space_only(struct vt_bytes text);
/* The value of a hexadecimal digit, or -1. */
int pdf_hex_digit(uint8_t c);
/* Offset of the first byte at or after at that is neither white space nor comment. */
size_t pdf_skip_space(struct vt_bytes text, size_t at);
/* The same backwards, not before from: behind the last byte before end that is neither. */
size_t pdf_before_space(struct vt_bytes text, size_t from, size_t end);

/* Read one value at *at and move *at behind it. "12 0 R" is one value. False (kind PDF_NONE) at the
 * end, for a stray delimiter and for anything that is not closed. */
bool pdf_next_value(struct vt_bytes text, size_t *at, struct pdf_value *out);

/* Read "N G obj" (7.3.10) at *at and move *at behind it. False: it does not stand there. */
bool pdf_next_header(struct vt_bytes text, size_t *at, int64_t *out_id, int64_t *out_gen);
/* The next reference at any depth of a text; *at starts as 0. */
bool pdf_next_ref(struct vt_bytes text, size_t *at, struct pdf_ref *out);
/* The data of an inline image (8.9.7), *at behind its ID: move *at behind the EI between white
 * space that ends them. False: there is none; *at is then behind the last EI that does not. */
bool pdf_skip_image(struct vt_bytes content, size_t *at);

/* ---- pdf_value.c: what is in a value ---- */

bool pdf_is_same_ref(struct pdf_ref a, struct pdf_ref b);

/* What a number says, an integer or a real one. False: it is none. */
bool pdf_number_of(const struct pdf_value *value, double *out);

/* Iterate an array: *at starts as 0. */
bool pdf_array_next(const struct pdf_value *array, size_t *at, struct pdf_value *out);
/* Iterate a dictionary: *at starts as 0. */
bool pdf_dict_next(const struct pdf_value *dict, size_t *at, struct pdf_value *out_key,
                   struct pdf_value *out_value);
/* The value of a key (without its slash), kind PDF_NONE when it is absent. As every reader does,
 * the last one of several counts. */
struct pdf_value pdf_dict_get(const struct pdf_value *dict, const char *key);
/* The same for a key that is a name of another dictionary. */
struct pdf_value pdf_dict_find(const struct pdf_value *dict, const struct pdf_value *key);
/* How often a key (without its slash) occurs in a dictionary. */
size_t pdf_dict_count(const struct pdf_value *dict, const char *key);
/* True when every key of a dictionary is one of known (names without slash, NULL at the end); false
 * for other kinds. */
bool pdf_has_only_keys(const struct pdf_value *dict, const char *const *known);
/* The same kind and the same text: what they refer to is not looked at. */
bool pdf_value_is_same(const struct pdf_value *a, const struct pdf_value *b);
/* Is one item of an array the same? */
bool pdf_array_has(const struct pdf_value *array, const struct pdf_value *value);

/* True when a value is this keyword. */
bool pdf_keyword_is(const struct pdf_value *value, const char *keyword);
/* True when a value is this name (without its slash); #xx is decoded (7.3.5). */
bool pdf_name_is(const struct pdf_value *value, const char *name);
bool pdf_names_equal(const struct pdf_value *a, const struct pdf_value *b);
/* Decode a string of either kind (7.3.4) into out, which has room for value->text.len bytes.
 * Returns the length; 0 for other kinds. */
size_t pdf_string_decode(const struct pdf_value *value, uint8_t *out);

#endif
