/* SPDX-License-Identifier: Apache-2.0
 * Evidence for a person: what its parts are printed with. */
#ifndef VANTHU_COMMAND_CHECK_PRINT_H
#define VANTHU_COMMAND_CHECK_PRINT_H

#include "command/command.h"
#include "vanthu/evidence.h"
#include "vanthu/site.h"

enum vt_checked_word {
    W_NO_DOCUMENTS,
    W_ONE_SIGNATURE,
    W_SIGNATURES,
    W_NO_SIGNATURES,
    W_INSIDE,
    W_SIGNATURE,
    W_ISSUER,
    W_SIGNER,
    W_UNIT,
    W_TIME,
    W_INTEGRITY,
    W_VALIDITY,
    W_PERIOD,
    W_TO,
    W_UNKNOWN,
    W_INTACT,
    W_BROKEN,
    W_UNDETERMINED,
    W_SOURCE_TIMESTAMP,
    W_SOURCE_FIRST_SEEN,
    W_SOURCE_CLAIMED,
    W_CHANGES,
    W_CHANGED,
    W_PERMITTED,
    W_SIGNED_BY,
    W_SIGNED_BY_END,
    W_COVERS,
    W_REVISION,
    W_PAGE,
    W_CHANGES_NONE,
    W_CHANGES_PERMITTED,
    W_CHANGES_FORBIDDEN,
    W_CHANGES_UNDETERMINED,
    W_CHANGES_ADDED,
    W_CONCLUSION,
    W_REASON,
    W_TO_DO,
    W_NOTE,
    W_VALID,
    W_INVALID,
    W_UNPROVEN,
    W_DECISION,
    W_RULE,
    W_NO_RULE,
    W_AS,
    W_FROM_CLASS,
    W_INBOUND,
    W_OUTBOUND,
    W_INTERNAL,
    W_STATE,
    W_OTHER,
    W_NOT_ASKED,
    W_ASK,
    W_ASK_LATER,
    W_PASSED,
    W_FAILED,
    W_INDETERMINATE,
    W_BEST_TIME,
    W_NOW,
    W_STAMP,
    W_KIND,
    W_EFFECT,
    W_SEEMS,
    W_SEEMS_FOR,
    W_COUNTS,
    W_COUNTS_NOT,
    W_WORDS
};

struct vt_checked_printer {
    FILE *out;
    enum vt_language language;
    const struct vt_check_text *text;
};

/* ---- check_words.c, check_print.c ---- */

const char *vt_checked_word(const struct vt_checked_printer *p, enum vt_checked_word word);
const char *vt_checked_phrase(const struct vt_checked_printer *p, const struct vt_phrase *phrase);
/* What stands before a value, in a column; a whole line: NULL and "" are not known. */
void vt_checked_label(const struct vt_checked_printer *p, enum vt_checked_word word);
void vt_checked_line(const struct vt_checked_printer *p, enum vt_checked_word word,
                     const char *value);
/* Each reason with what to do. */
void vt_checked_reasons(const struct vt_checked_printer *p, vt_reasons reasons,
                        const struct vt_reason_fields *fields);
void vt_checked_findings(const struct vt_checked_printer *p, const char *const *findings,
                         size_t count);
/* a, or b where a is NULL or empty. */
const char *vt_checked_first_of(const char *a, const char *b);

/* ---- parts ---- */

/* check_signature.c: all about one signature. its: NULL: the table was not asked. */
void vt_checked_signature(const struct vt_checked_printer *p, const struct vt_document *document,
                          size_t index, const struct vt_site_signature *its);
/* check_changes.c: what a signature covers, whether anything came after it, and what. */
void vt_checked_changes(const struct vt_checked_printer *p, const struct vt_document *document,
                        const struct vt_signature *signature);

#endif
