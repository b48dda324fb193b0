/* SPDX-License-Identifier: Apache-2.0
 * From a record to its rows in the derived tables; a pure function. */
#ifndef VANTHU_REGISTER_DERIVE_H
#define VANTHU_REGISTER_DERIVE_H

#include "register/tables.h"
#include "vanthu/site.h"

/* What is known beside the record itself. */
struct vt_derivation {
    const struct vt_register_record *record; /* with seq */
    /* DECIDED record of the same reference, for what follows one; 0: there is none. */
    int64_t decided_seq;
    struct vt_arena *arena; /* for texts */
};

typedef enum vt_code vt_row_sink(void *context, const struct vt_row *row, struct vt_err *err);

/* Give each row to sink. Returns VT_OK, VT_E_FORMAT (a digest that is none), VT_E_NOMEM, or what
 * sink returned. */
enum vt_code vt_derive(const struct vt_derivation *derivation, vt_row_sink *sink, void *context,
                       struct vt_err *err) VT_MUST_CHECK;

/* A text as JSON has it, in arena; NULL without memory. */
const char *vt_derive_clean(struct vt_arena *arena, const char *text);
/* An address or domain as it is kept: ASCII letters in lower case, clean; in arena, NULL for NULL
 * or without memory. */
const char *vt_derive_address(struct vt_arena *arena, const char *address);
/* A domain with its labels in reverse order, "vn.gov.ninhbinh": those below it begin with it and
 * ".". */
const char *vt_derive_domain_key(struct vt_arena *arena, const char *domain);
/* "valid", "failed", "undetermined", "unsigned". */
const char *vt_derive_verdict(const struct vt_evidence *evidence);
/* What the site's table said of the mail when it was decided; NULL: nothing. */
const struct vt_site_facts *vt_derive_site(const struct vt_register_decided *decided);
/* The same of one signature; zero: nothing. */
struct vt_site_signature vt_derive_site_signature(const struct vt_register_decided *decided,
                                                  size_t document, size_t index);
/* Reasons as the policy had them: those of the evidence that hold, and those of the table. Of a
 * document without its signatures, and of all that the evidence has. */
vt_reasons vt_derive_document_reasons(const struct vt_register_decided *decided, size_t document);
vt_reasons vt_derive_reasons(const struct vt_register_decided *decided);
/* How long a mail is kept. */
enum vt_register_class vt_derive_class(const struct vt_register_decided *decided);

#endif
