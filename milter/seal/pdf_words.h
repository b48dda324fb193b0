/* SPDX-License-Identifier: Apache-2.0
 * The text of a page with its places; inside this room only. */
#ifndef VANTHU_SEAL_PDF_WORDS_H
#define VANTHU_SEAL_PDF_WORDS_H

#include "seal/pdf.h"

/* One letter without its marks, or one mark (NFD), and the place of its glyph in user space. */
struct vt_pdf_letter {
    uint32_t character;
    float x, y; /* on the base line, where it begins */
    float x1;   /* and ends */
    float size; /* of the font */
};

/* How codes of a font are read. */
struct vt_pdf_coder {
    struct pdf_ref ref;
    bool is_wide;         /* codes of two octets */
    uint32_t *characters; /* per code; 0: not known */
    float *widths;        /* per code, thousandths */
    size_t codes_count;
    size_t mapped_count; /* codes that were set, again and again: bounded */
};

struct vt_pdf_words {
    struct vt_pdf_source *source;
    struct vt_pdf_coder *coders;
    size_t coders_count;
    struct vt_pdf_letter *letters; /* of one page */
    size_t count;
    size_t content_bytes; /* decoded so far, all pages together, … */
    size_t forms_count;   /* … and forms drawn */
};

/* The letters of a page, in the order in which they are drawn, into words->letters; white space is
 * left out. What cannot be read is passed over. */
void vt_pdf_words_read(struct vt_pdf_words *words, const struct vt_pdf_page *page);
/* The coder of a font; NULL: it cannot be read. */
const struct vt_pdf_coder *vt_pdf_coder_of(struct vt_pdf_words *words,
                                           const struct pdf_value *font);
/* A letter and its marks (NFD), at most 4. Returns how many. */
size_t vt_pdf_decompose(uint32_t character, uint32_t out[4]);

#endif
