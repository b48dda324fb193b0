/* SPDX-License-Identifier: Apache-2.0
 * The picture of a seal. A hint: it is shown to people, and never part of a verdict. */
#ifndef VT_DOCUMENT_PDF_REDSEAL_H
#define VT_DOCUMENT_PDF_REDSEAL_H

#include "document/pdf_drawing.h"

/* True when a picture, where it is drawn, looks like the seal of an agency. False when it does not,
 * and when its colours cannot be seen. */
bool pdf_is_red_seal(struct pdf_reader *reader, const struct pdf_picture *picture);

#endif
