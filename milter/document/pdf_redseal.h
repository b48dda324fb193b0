/* SPDX-License-Identifier: Apache-2.0
 * The picture of an agency's seal. A hint: it is shown to people, and never part of a verdict. */
#ifndef VT_DOCUMENT_PDF_REDSEAL_H
#define VT_DOCUMENT_PDF_REDSEAL_H

#include "document/pdf_canvas.h"

/* Places where a page may show a seal, best first. */
#define PDF_MAX_SEALS 8

struct pdf_circle {
    double x, y, radius; /* in dots of the canvas, from its upper left corner */
};

/* What on a page looks like the seal of an agency. Returns how many were found. */
size_t pdf_red_seals(const struct pdf_canvas *canvas, struct pdf_circle out[PDF_MAX_SEALS]);

#endif
