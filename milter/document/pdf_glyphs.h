/* SPDX-License-Identifier: Apache-2.0
 * Which letters the codes of a font stand for (ISO 32000-1, 9.6.6 and 9.10), as far as that can be
 * told without drawing them. */
#ifndef VT_DOCUMENT_PDF_GLYPHS_H
#define VT_DOCUMENT_PDF_GLYPHS_H

#include "document/pdf_pair.h"

/* Pairs of a /ToUnicode map. Full Vietnamese fonts have some hundreds. */
#define PDF_MAX_PAIRS 4096

struct pdf_glyphs {
    bool is_wide;         /* codes of two bytes */
    uint32_t simple[256]; /* of codes of one byte; 0: not known */
    struct pdf_code_pair {
        uint32_t from, to;
        struct vt_bytes letters; /* of from, UTF-16BE; the last one grows to that of to */
    } * pairs;
    size_t pairs_count;
};

/* The letters of a font as it is at step b. Of Type 3, symbols and encodings that are not known,
 * none. NULL: no memory. */
struct pdf_glyphs *pdf_glyphs_read(struct pdf_pair *pair, const struct pdf_value *font);
/* Append what a string shows to the *count code points in out, which has room for max. False: it is
 * not known, or there is no room. */
bool pdf_glyphs_decode(const struct pdf_glyphs *glyphs, struct vt_bytes codes, uint32_t *out,
                       size_t max, size_t *count);
/* A text string (7.9.2.2) as code points; out has room for as many as it has bytes. */
size_t pdf_text_points(struct vt_bytes text, uint32_t *out);

#endif
