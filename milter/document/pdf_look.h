/* SPDX-License-Identifier: Apache-2.0
 * The text that the appearance of a field shows. Understood are appearances as programs write them:
 * a ground and a border, then the text in reading order. Inside of pdf_look.c. */
#ifndef VT_DOCUMENT_PDF_LOOK_H
#define VT_DOCUMENT_PDF_LOOK_H

#include "document/pdf_pair.h"

/* Letters of a value. */
#define PDF_MAX_LOOK_LETTERS 4096

/* Read the content of a form at step b. box: its /BBox; fonts: of its resources; letters: room for
 * PDF_MAX_LOOK_LETTERS code points. False: it shows something else than such a text, or letters
 * that are not known. */
bool pdf_look_read(struct pdf_pair *pair, const struct pdf_box *box, const struct pdf_value *fonts,
                   struct vt_bytes content, uint32_t *letters, size_t *out_count);

#endif
