/* SPDX-License-Identifier: Apache-2.0
 * Reading one cross-reference section, for pdf_revisions.c. */
#ifndef VT_DOCUMENT_PDF_XREF_SECTION_H
#define VT_DOCUMENT_PDF_XREF_SECTION_H

#include "document/pdf_xref.h"

/* Both move *at behind what they read and return NULL, or what is wrong. */
/* *at: behind the keyword xref. */
const char *pdf_table_read(struct pdf_reader *reader, struct vt_bytes bytes, size_t *at,
                           struct pdf_section *section);
/* *at: at the object number. */
const char *pdf_xref_stream_read(struct vt_bytes bytes, size_t *at, struct pdf_section *section);

/* pdf_plain.c: is a section, or an object stream, written as all readers read it? As far as its
 * trailer or dictionary goes, and the raw data of a stream. */
bool pdf_section_is_plain(const struct pdf_section *section);
bool pdf_stream_is_plain(const struct pdf_value *dict, struct vt_bytes raw);

#endif
