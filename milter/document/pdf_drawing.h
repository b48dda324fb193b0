/* SPDX-License-Identifier: Apache-2.0
 * What a page draws, as far as hints need it: pictures with their place, and whether there is text
 * that can be seen. Clipping, colours, patterns and optional content are not followed. Nothing here
 * has a part in a verdict: limits end the drawing, not the reading of the file. */
#ifndef VT_DOCUMENT_PDF_DRAWING_H
#define VT_DOCUMENT_PDF_DRAWING_H

#include "document/pdf_page.h"

/* Pictures remembered of one page, the strips of a scan among them; more are counted in what they
 * cover. */
#define PDF_MAX_PICTURES 256
/* What a page is divided into to see how much of it pictures cover. */
#define PDF_GRID 32

struct pdf_picture {
    struct pdf_ref ref;       /* id 0: written into the content */
    struct pdf_box box;       /* what it covers, turned or not */
    struct pdf_matrix matrix; /* from the unit square to the page */
    uint8_t fill[3];          /* the colour in which a stencil is painted (8.9.6.2) */
};

struct pdf_drawing {
    struct pdf_box page;
    unsigned turns;          /* see pdf_page_turns */
    uint32_t grid[PDF_GRID]; /* bit x of row y: covered by a picture */
    struct pdf_picture pictures[PDF_MAX_PICTURES];
    size_t pictures_count;
    bool has_text;   /* drawn in another way than invisibly (9.3.6) */
    bool incomplete; /* not everything was followed */
};

/* What all pages of a file may cost together. */
struct pdf_drawing_budget {
    size_t bytes; /* of content, unpacked */
    size_t operators;
};

/* Follow the contents of a page and the appearances of its annotations. */
void pdf_drawing_read(struct pdf_reader *reader, struct pdf_drawing_budget *budget,
                      const struct pdf_value *page, struct pdf_drawing *out);
/* The part of the page that pictures cover, 0 to 1. */
double pdf_drawing_covered(const struct pdf_drawing *drawing);

#endif
