/* SPDX-License-Identifier: Apache-2.0
 * exceptions: what an administrator made with vanthu undo: documents, or a certificate with a
 * reason, that are accepted until a date (users.md 2). What was found is recorded as ever; only
 * the policy is not shown the documents that are excepted. */
#ifndef VANTHU_EXCEPTIONS_H
#define VANTHU_EXCEPTIONS_H

#include "vanthu/registrar.h"

/* What is to be asked for a mail whose evidence this is. *out borrows from arena and evidence; its
 * documents_count and certificates_count are 0 when there is nothing that could be excepted.
 * VT_E_NOMEM. */
enum vt_code vt_exceptions_look(struct vt_arena *arena, const struct vt_evidence *evidence,
                                struct vt_look *out, struct vt_err *err) VT_MUST_CHECK;

/* Evidence without the excepted documents. */
struct vt_excepted {
    struct vt_evidence evidence;
    size_t *places; /* of its documents in the whole evidence */
    const char
        *reference; /* of the mail whose exception was used first; NULL: nothing is excepted */
};
/* A reason that may not be held against a signer, in all that he signs. What says that he did not
 * sign this (CONTENT_CHANGED, BAD_SIGNATURE) may only be excepted for one file. */
bool vt_exceptions_may_forgive(enum vt_reason reason);
/* A document is excepted when an exception names it, or when its signatures are intact and each
 * reason of theirs is one that is not held against the signer, and it has none of its own.
 * exceptions: those in force. VT_E_NOMEM. */
enum vt_code vt_exceptions_apply(struct vt_arena *arena, const struct vt_evidence *evidence,
                                 const struct vt_register_exception *exceptions, size_t count,
                                 struct vt_excepted *out, struct vt_err *err) VT_MUST_CHECK;
/* The documents of a decision about it, as the whole evidence counts them; and when nothing is done
 * to the mail any more, the exception in the place of a rule. VT_E_NOMEM. */
enum vt_code vt_exceptions_name(struct vt_arena *arena, const struct vt_excepted *excepted,
                                struct vt_decision *decision, struct vt_err *err) VT_MUST_CHECK;

#endif
