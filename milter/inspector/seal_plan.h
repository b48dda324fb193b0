/* SPDX-License-Identifier: Apache-2.0
 * The plan of a seal as JSON in one message, and what a child answers. */
#ifndef VANTHU_INSPECTOR_SEAL_PLAN_H
#define VANTHU_INSPECTOR_SEAL_PLAN_H

#include <jansson.h>

#include "vanthu/seal_look.h"
#include "vanthu/sealing.h"
#include "vanthu/wire.h"

struct vt_child_context;

/* Whose seal it is to be, and when: members of every plan. NULL: memory is out. */
json_t *vt_seal_identity_to_json(const struct vt_seal_identity *identity, int64_t time_utc_secs);
/* *out lives in arena. VT_E_FORMAT, VT_E_NOMEM. */
enum vt_code vt_seal_identity_from_json(struct vt_arena *arena, const json_t *body,
                                        const struct vt_seal_identity **out,
                                        int64_t *out_time_utc_secs,
                                        struct vt_err *err) VT_MUST_CHECK;
/* What a child is asked: the plan with what goes beside it. A vt_sealing without descriptors and
 * times, and what signs the message. NULL: memory is out. */
json_t *vt_seal_plan_to_json(const struct vt_sealing *sealing);
/* *out with what it points to lives in arena. VT_E_FORMAT, VT_E_NOMEM. */
enum vt_code vt_seal_plan_from_json(struct vt_arena *arena, const json_t *body,
                                    struct vt_sealing *out, struct vt_err *err) VT_MUST_CHECK;
/* The documents of a vt_sealing; malloc'd. NULL: memory is out. */
char *vt_seal_documents_to_text(const struct vt_sealing *sealing);
/* out->documents, as many as out->documents_count says, in arena. VT_E_FORMAT, VT_E_NOMEM. */
enum vt_code vt_seal_documents_from_text(struct vt_arena *arena, struct vt_bytes text,
                                         struct vt_sealing *out, struct vt_err *err) VT_MUST_CHECK;

/* A signature or token: no value for the empty one. *out lives in arena. VT_E_FORMAT, VT_E_NOMEM.
 */
json_t *vt_seal_optional_to_json(struct vt_bytes bytes);
enum vt_code vt_seal_optional_from_json(struct vt_arena *arena, const json_t *text,
                                        size_t max_bytes, struct vt_bytes *out) VT_MUST_CHECK;

/* ---- child_look.c: what a PDF shows ---- */

/* Put an appearance into a plan that has its identity and time; look: NULL: nothing is shown.
 * words->signing_time_utc_secs is set here. False: *out_why says what of its text is not known. */
bool vt_child_look_fill(struct vt_arena *arena, const struct vt_seal_look *look,
                        struct vt_seal_words *words, struct vt_seal_pdf_plan *plan,
                        const char **out_why);
/* vt_seal_pdf_prepare at the first of its places that the file has. plan->place is set. */
enum vt_code vt_child_look_prepare(struct vt_arena *arena, struct vt_bytes pdf,
                                   const struct vt_seal_look *look, struct vt_seal_pdf_plan *plan,
                                   struct vt_seal_pdf *out, struct vt_err *err) VT_MUST_CHECK;

/* ---- child_data.c: validation data ---- */

#define VT_MAX_CHILD_DATA 64

/* What of files of objects belongs into a document: views of the files. */
struct vt_child_data {
    struct vt_bytes certificates[VT_MAX_CHILD_DATA], ocsps[VT_MAX_CHILD_DATA];
    struct vt_bytes crls[VT_MAX_CHILD_DATA];
    struct vt_seal_pdf_data data;
    unsigned left_out; /* CRLs that are too large, and what nobody has the bytes of */
};
/* *out begins as zero. The mappings stay as long as the process. Errors as vt_objects_read. */
enum vt_code vt_child_data_read(struct vt_arena *arena, const int *fds, size_t count,
                                struct vt_child_data *out, struct vt_err *err) VT_MUST_CHECK;

/* ---- child_documents.c: the documents of the mail ---- */

struct vt_child_document {
    const struct vt_sealing_document *asked;
    struct vt_bytes content; /* decoded, as it was */
    struct vt_seal_pdf pdf;
    struct vt_bytes update; /* what comes behind it */
    char sha256[65];        /* of both */
};
struct vt_child_documents {
    struct vt_arena *arena;
    struct vt_arena *unpacking; /* the mail's parts, as long as their contents are looked at */
    const struct vt_child_context *context;
    const struct vt_sealing *sealing;
    struct vt_bytes mail;
    struct vt_child_data data; /* empty: nothing is put in */
    struct vt_child_document items[VT_MAX_SEAL_DOCUMENTS];
    struct vt_seal_replacement replacements[VT_MAX_SEAL_DOCUMENTS];
    size_t count, replacements_count;
    const char *why; /* a sealed document is not good; one sentence */
};
/* What of each document is to be signed; a word for each. arena, context, sealing and mail are set.
 * On every result vt_child_documents_clear. VT_E_FORMAT, VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_child_documents_prepare(struct vt_child_documents *documents,
                                        struct vt_err *err) VT_MUST_CHECK;
/* Put their signatures in, which makes the replacements; with_check: by our own verifier, then
 * look at documents->why. VT_E_FORMAT: a signature is not one of the identity. */
enum vt_code vt_child_documents_finish(struct vt_child_documents *documents, bool with_check,
                                       struct vt_err *err) VT_MUST_CHECK;
void vt_child_documents_clear(struct vt_child_documents *documents);

/* child_data.c: behind the signature of one of them what validates it; where our own verifier does
 * not like that, nothing. VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_child_data_put(struct vt_child_documents *documents, struct vt_child_document *item,
                               struct vt_err *err) VT_MUST_CHECK;

/* ---- child_seal.c ---- */

/* One SEAL_DOCUMENTS, SEAL_PREPARE or SEAL_FINISH that has come, and its answer. Descriptors of the
 * message are closed. Errors are the child's to tell. */
enum vt_code vt_child_seal(struct vt_arena *arena, const struct vt_child_context *context,
                           int connection, struct vt_message *message,
                           struct vt_err *err) VT_MUST_CHECK;
/* child_seal_file.c: the same of a SEAL_FILE. */
enum vt_code vt_child_seal_file(struct vt_arena *arena, const struct vt_child_context *context,
                                int connection, struct vt_message *message,
                                struct vt_err *err) VT_MUST_CHECK;
/* child_seal_store.c: a SEAL_STORE. */
enum vt_code vt_child_seal_store(struct vt_arena *arena, int connection, struct vt_message *message,
                                 struct vt_err *err) VT_MUST_CHECK;
/* child_seal.c: a body, which is given away, with descriptors, as the answer. */
enum vt_code vt_child_seal_answer(int connection, enum vt_message_type type, json_t *body,
                                  const int *fds, size_t fds_count,
                                  struct vt_err *err) VT_MUST_CHECK;

/* seal_client.c: ask, with the descriptor of sealing, its documents, and its time stamp token if it
 * has one; body is given away. VT_E_PEER: also when the child died or something else was answered
 * than wanted with fds_count descriptors; VT_E_TIMEOUT, VT_E_NOMEM. answer: vt_message_close on
 * VT_OK. */
enum vt_code vt_sealing_ask(const struct vt_sealing *sealing, enum vt_message_type type,
                            json_t *body, bool with_token, enum vt_message_type wanted,
                            size_t fds_count, struct vt_message *answer,
                            struct vt_err *err) VT_MUST_CHECK;
/* Whether an answer is the one that was wanted; else it is closed, and err says what the child did
 * instead. VT_E_PEER. */
enum vt_code vt_sealing_is_answer(struct vt_message *answer, enum vt_message_type wanted,
                                  size_t fds_count, struct vt_err *err) VT_MUST_CHECK;
/* A text of the child; cleaned, in arena. NULL: none. */
const char *vt_sealing_text(struct vt_arena *arena, const json_t *text);
enum vt_code vt_sealing_nonsense(struct vt_err *err);

#endif
