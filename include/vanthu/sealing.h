/* SPDX-License-Identifier: Apache-2.0
 * sealing: the steps of the seal of a mail and its documents (vanthu/seal_message.h,
 * vanthu/seal_pdf.h) or of a file (vanthu/seal_file.h) in children of the inspector, for whoever
 * must not read them itself. Between the steps the sealer signs: of a mail first the documents,
 * then the message over them. Each child repeats the steps before its own; the same mail, plan and
 * signatures give the same bytes. */
#ifndef VANTHU_SEALING_H
#define VANTHU_SEALING_H

#include "vanthu/evidence.h"
#include "vanthu/limits.h"
#include "vanthu/seal_message.h"
#include "vanthu/seal_pdf.h"

/* A sealed mail: base64 over the largest one, and the signature. */
#define VT_MAX_SEALED_MAIL_BYTES (VT_MAX_MAIL_BYTES / 2 * 3)
/* Changes to its header, as JSON: a handful of fields about its content. */
#define VT_MAX_SEAL_CHANGES_BYTES (256u * 1024)
#define VT_MAX_SEAL_CHANGES 200

/* What is said of them, with their signatures and tokens, as JSON. */
#define VT_MAX_SEAL_DOCUMENTS_BYTES (2u * 1024 * 1024)

/* Of the own chain, and of as many authorities as stamped the documents of one mail. */
#define VT_MAX_SEALING_DATA 4

/* A PDF that is a part of the mail by itself. */
struct vt_sealing_document {
    const char *path;          /* as in the evidence */
    const char *appearance;    /* a name of seal.appearances; NULL: nothing is shown */
    struct vt_bytes signature; /* by the sealer, over its attributes; empty before */
    struct vt_bytes token;     /* a time stamp token over that signature value; empty: none */
};

/* All borrowed. plan, documents, agency and token_max_bytes are the same in all steps of a mail,
 * but for signatures and tokens, and so are the data of the steps that have them. */
struct vt_sealing {
    int inspect_fd;                              /* client end of the channel */
    int mail_fd;                                 /* sealed memory file or spool file */
    const struct vt_seal_message_plan *plan;     /* without replacements; with an identity always */
    const struct vt_sealing_document *documents; /* at most VT_MAX_SEAL_DOCUMENTS; none: NULL */
    size_t documents_count;
    const char *agency; /* the name of the agency whose seal it is, for copies; NULL: not known */
    size_t token_max_bytes; /* room for a time stamp token in each document; 0: there is none */
    /* Files of objects (vanthu/object.h) with what validates the documents' signatures and tokens;
     * of the steps after these are there. At most VT_MAX_SEALING_DATA, borrowed; none: NULL. */
    const int *data_fds;
    size_t data_fds_count;
    struct vt_bytes token;  /* of the last step: a time stamp over the signature value, or empty */
    int64_t deadline_msecs; /* monotonic, of one step */
    void (*progress)(void *context);
    void *progress_context;
};

struct vt_sealing_prepared {
    enum vt_seal_message_word word;
    const char *why;            /* one English sentence, cleaned; NULL when ready */
    struct vt_bytes attributes; /* what the sealer is to sign; empty unless ready */
    /* Of the first step: one for each document, when word is ready. */
    struct vt_sealing_part {
        enum vt_seal_pdf_word word;
        const char *why;            /* one English sentence, cleaned; NULL when ready */
        struct vt_bytes attributes; /* empty unless ready */
    } * parts;
    size_t parts_count;
};
/* The first step, of a mail with documents: what of each of them is to be signed; and whether the
 * mail, too, can be sealed with new documents of their kind, so that nothing is signed in vain.
 * out->attributes is empty. *out lives in arena. VT_OK: look at out->word, then at the words of the
 * parts. VT_E_PEER: the child died or reports a fault; VT_E_TIMEOUT, VT_E_BUSY, VT_E_NOMEM. */
enum vt_code vt_sealing_documents(struct vt_arena *arena, const struct vt_sealing *sealing,
                                  struct vt_sealing_prepared *out,
                                  struct vt_err *err) VT_MUST_CHECK;
/* What of the message is to be signed, its documents having their signatures; not asked in the bare
 * form. *out lives in arena. VT_OK: look at out->word; errors as vt_sealing_documents. */
enum vt_code vt_sealing_prepare(struct vt_arena *arena, const struct vt_sealing *sealing,
                                struct vt_sealing_prepared *out, struct vt_err *err) VT_MUST_CHECK;

struct vt_sealing_finished {
    struct vt_bytes mail;           /* a mapping: vt_sealing_finished_clear */
    int mail_fd;                    /* its memory file, as long as there is a mail */
    struct vt_bytes body;           /* view of mail */
    struct vt_seal_change *changes; /* in arena, with what they point to */
    size_t changes_count;
    char cms_sha256[65]; /* "" in the bare form */
    /* Of each document as it is now, in arena. */
    char (*documents_sha256)[65];
    size_t documents_count;
    const char *why; /* our own verifier refuses what was made, or it would not survive the way: one
                        sentence, cleaned; NULL: it may leave */
};
/* The mail with its signature, verified in the child that made it, and so was each document; that
 * it is 7-bit, with short lines, and that only fields about its content change is looked at here
 * again, for the child has read hostile bytes. signature: empty in the bare form. VT_OK: look at
 * out->why first. Errors as vt_sealing_documents. */
enum vt_code vt_sealing_finish(struct vt_arena *arena, const struct vt_sealing *sealing,
                               struct vt_bytes signature, struct vt_sealing_finished *out,
                               struct vt_err *err) VT_MUST_CHECK;
void vt_sealing_finished_clear(struct vt_sealing_finished *finished);

/* ---- a file that is no mail ---- */

enum vt_sealing_form {
    VT_SEALING_PDF = 0, /* a signature in it */
    VT_SEALING_DETACHED /* a signature beside it */
};
struct vt_sealing_file_plan {
    enum vt_sealing_form form;
    const struct vt_seal_identity *identity;
    int64_t signing_time_utc_secs;
    const char *name;       /* /Name of a PDF's signature; NULL: none */
    const char *reason;     /* /Reason; NULL: none */
    const char *appearance; /* of a PDF: a name of seal.appearances that the roles were started
                               with; NULL: nothing is shown */
    const char *number;     /* number and symbol in an annex's text; NULL: as of the file's name */
    const char *file_name;  /* without folders */
    const char *agency;     /* the name of the agency whose seal it is; NULL: not known */
    bool has_stamp;         /* room is left in a PDF for a time stamp token */
};
/* An update with a few fonts and pictures in it. */
#define VT_MAX_SEALING_MADE_BYTES ((size_t)24 * 1024 * 1024)

struct vt_sealing_file {
    const char *word; /* of vt_seal_pdf_word_name: "ready", or why it is left alone */
    const char *why;  /* one English sentence, cleaned; NULL when ready */
    bool is_shown;    /* of a PDF: what the appearance shows will be seen */
    struct vt_bytes attributes;
};
/* What is to be signed. mail_fd of sealing: the file; its plan is not looked at. *out lives in
 * arena. VT_OK: look at out->attributes, empty unless ready. Errors as vt_sealing_prepare. */
enum vt_code vt_sealing_file_prepare(struct vt_arena *arena, const struct vt_sealing *sealing,
                                     const struct vt_sealing_file_plan *plan,
                                     struct vt_sealing_file *out, struct vt_err *err) VT_MUST_CHECK;
/* *out_made, in arena: what comes behind the bytes of the PDF, which are not touched by whoever
 * made this; or the detached signature. *out_why: our own verifier refuses it; NULL: it may be
 * used. Errors as vt_sealing_prepare. */
enum vt_code vt_sealing_file_finish(struct vt_arena *arena, const struct vt_sealing *sealing,
                                    const struct vt_sealing_file_plan *plan,
                                    struct vt_bytes signature, struct vt_bytes *out_made,
                                    const char **out_why, struct vt_err *err) VT_MUST_CHECK;

/* ---- validation data (B-LT) ---- */

struct vt_sealing_store {
    struct vt_bytes made;    /* comes behind the sealed PDF; empty: all of it is in there already */
    const char *why;         /* our own verifier refuses it, cleaned; NULL: it may be used */
    unsigned left_out_count; /* CRLs that are too large, and what nobody has any more */
};
/* Put what a verdict rested on into a PDF (vt_seal_pdf_store). mail_fd of sealing: the sealed file;
 * its plan is not looked at. objects_fds: of an inspection of it with_objects, and of
 * vt_sealing_fetched or none; borrowed. *out lives in arena. Errors as vt_sealing_prepare. */
enum vt_code vt_sealing_store(struct vt_arena *arena, const struct vt_sealing *sealing,
                              const int *objects_fds, size_t count, struct vt_sealing_store *out,
                              struct vt_err *err) VT_MUST_CHECK;
/* The bytes of what an inspection only names, from the status role. status_fd: -1: nobody is asked.
 * *out_fd: closed by the caller; -1: nothing is missing. Errors as vt_status_ask_objects. */
enum vt_code vt_sealing_fetched(struct vt_arena *arena, int status_fd, int objects_fd,
                                size_t largest_bytes, int *out_fd,
                                struct vt_err *err) VT_MUST_CHECK;

/* ---- what is ours, judged as that of others ---- */

/* Room for a text about a verdict. */
#define VT_SEAL_TEXT_BYTES 200
/* The chain of an identity as a file of certificates, for an inspection of it (legal.md R-24).
 * *out_fd: a memory file, closed by the caller. VT_E_FORMAT, VT_E_NOMEM, VT_E_SYSTEM. */
enum vt_code vt_seal_chain_file(struct vt_bytes chain, int *out_fd,
                                struct vt_err *err) VT_MUST_CHECK;
/* Whether a signature, or a certificate, is TOTAL-PASSED; else text says what, and why not: "the
 * sealed mail is INDETERMINATE: STATUS_UNKNOWN". */
bool vt_seal_verdict(const struct vt_signature *judged, const char *what,
                     char text[VT_SEAL_TEXT_BYTES]);

/* Whether the time stamp over a signature of ours counts for our own verifier, or will when the
 * status of its authority is known; else *out_text, in arena, says why not. */
bool vt_stamp_is_good(const struct vt_signature *judged, struct vt_arena *arena,
                      const char **out_text) VT_MUST_CHECK;

#endif
