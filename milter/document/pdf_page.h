/* SPDX-License-Identifier: Apache-2.0
 * Pages of the newest revision and the numbers on them, where a reader of the document is at hand:
 * for hints and for seals. Two states are compared by pdf_pair.h. */
#ifndef VT_DOCUMENT_PDF_PAGE_H
#define VT_DOCUMENT_PDF_PAGE_H

#include "document/pdf.h"
#include "document/pdf_geometry.h"

/* A number as a place. False: it is none, or farther away than any page is large (1e7). */
bool pdf_coordinate_of(const struct pdf_value *value, double *out);
/* The first numbers of an array. False: there are fewer, or another thing among them; those before
 * it are set. */
bool pdf_numbers_read(struct pdf_reader *reader, const struct pdf_value *array, double *out,
                      size_t wanted);
/* The numbers of a rectangle (7.9.5), any two opposite corners. False: it is none. */
bool pdf_box_read(struct pdf_reader *reader, const struct pdf_value *rectangle,
                  struct pdf_box *out);
/* The matrix of a form; that changes nothing where none is given. */
struct pdf_matrix pdf_matrix_read(struct pdf_reader *reader, const struct pdf_value *array);

/* An entry of a page or of the nodes above it (table 30). */
struct pdf_value pdf_page_inherited(struct pdf_reader *reader, const struct pdf_value *page,
                                    const char *key);
/* The box of a page that is seen: CropBox, else MediaBox; A4 where none is given. */
struct pdf_box pdf_page_box(struct pdf_reader *reader, const struct pdf_value *page);
/* Is an object among the annotations of a page? */
bool pdf_page_has_annotation(struct pdf_reader *reader, const struct pdf_value *page,
                             struct pdf_ref annotation);
/* Quarters clockwise by which it is shown (/Rotate). */
unsigned pdf_page_turns(struct pdf_reader *reader, const struct pdf_value *page);

#endif
