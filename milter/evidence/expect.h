/* SPDX-License-Identifier: Apache-2.0
 * Where a signature is due (users.md 1): a missing signature is a finding only there. Citizens'
 * photographs and drafts are never marked. */
#ifndef VANTHU_EVIDENCE_EXPECT_H
#define VANTHU_EVIDENCE_EXPECT_H

#include "vanthu/evidence.h"

/* Carries a signature that is somebody's: a time stamp of the document is nobody's. */
bool vt_document_is_signed(const struct vt_document *document);
/* In any case of letters. name: NULL is none. */
bool vt_name_ends(const char *name, const char *ending);
/* A form in which offices issue documents: PDF, OOXML, ODF, XML. */
bool vt_format_is_official(enum vt_format format);
/* The name, or that of an archive around it, says annex: "PHỤ LỤC 2.pdf", "PL01.xlsx". */
bool vt_document_is_called_annex(const struct vt_document *document);
/* The name says copy: "SAO Y 123-QD.pdf". */
enum vt_copy vt_document_is_called_copy(const struct vt_document *document);
/* What is said of an unsigned document: that it shows a seal says more than that it is unsigned. */
enum vt_reason vt_document_why_unsigned(const struct vt_document *document, bool is_companion);
/* How an unsigned document stands to the signed ones. is_same: two names, or parts of names. */
enum vt_beside vt_evidence_beside(const struct vt_evidence *evidence,
                                  const struct vt_document *document,
                                  bool (*is_same)(struct vt_bytes a, struct vt_bytes b));
/* Fill expects_signature, and add the reason when one is missing; is_official and beside are known.
 */
void vt_document_expect(const struct vt_mail *mail, struct vt_document *document);

#endif
