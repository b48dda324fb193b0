/* SPDX-License-Identifier: Apache-2.0
 * Marks over the text and notes, told from drawings that can pass for a part of the page. */
#ifndef VT_DOCUMENT_PDF_MARK_H
#define VT_DOCUMENT_PDF_MARK_H

#include "document/pdf_pair.h"

enum pdf_mark_kind {
    PDF_MARK_NOTE = 0,
    PDF_MARK_HIGHLIGHT,
    PDF_MARK_LINE /* under, through or below the text */
};

/* Does an annotation that was added, a dictionary of step b, look as readers draw such a mark? It
 * cannot pass for a part of the page then. */
bool pdf_looks_like_mark(struct pdf_pair *pair, const struct pdf_value *annotation,
                         enum pdf_mark_kind kind);

#endif
