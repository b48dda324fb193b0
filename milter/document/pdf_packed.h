/* SPDX-License-Identifier: Apache-2.0
 * What libqpdf unpacks without being asked: cross-reference streams when it opens a file, object
 * streams when it fetches an object of theirs. It knows no limit but the memory of the process, and
 * a hundred bombs below that limit take minutes, so they are measured before it sees the file. */
#ifndef VT_DOCUMENT_PDF_PACKED_H
#define VT_DOCUMENT_PDF_PACKED_H

#include "document/pdf_xref.h"

/* What all of them unpack to, those of older revisions included. A file of a million small objects
 * has 40 MB. */
#define PDF_MAX_PACKED_BYTES ((size_t)128 * 1024 * 1024)

/* Measure them by the chain of cross-reference sections; where that is defect, all that may be one.
 * reader->packed_bytes is set. False: more than PDF_MAX_PACKED_BYTES, or it cannot be told. */
bool pdf_packed_measure(struct pdf_reader *reader, struct pdf_chain *chain);
/* Of an encrypted document, which only the library can decrypt: unpack its object streams one by
 * one before anything else asks for them. doc->exhausted when that is too much. */
void pdf_packed_decrypt(struct pdf_reader *reader, struct pdf_doc *doc);

#endif
