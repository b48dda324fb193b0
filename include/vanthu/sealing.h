/* SPDX-License-Identifier: Apache-2.0
 * sealing: the two steps of the seal of a mail (vanthu/seal_message.h) in children of the
 * inspector, for whoever must not read mails itself. Between them the sealer signs. */
#ifndef VANTHU_SEALING_H
#define VANTHU_SEALING_H

#include "vanthu/limits.h"
#include "vanthu/seal_message.h"

/* A sealed mail: base64 over the largest one, and the signature. */
#define VT_MAX_SEALED_MAIL_BYTES (VT_MAX_MAIL_BYTES / 2 * 3)
/* Changes to its header, as JSON: a handful of fields about its content. */
#define VT_MAX_SEAL_CHANGES_BYTES (256u * 1024)
#define VT_MAX_SEAL_CHANGES 200

/* All borrowed. */
struct vt_sealing {
    int inspect_fd; /* client end of the channel */
    int mail_fd;    /* sealed memory file or spool file */
    const struct vt_seal_message_plan *plan;
    struct vt_bytes token; /* of the second step: a time stamp over the signature value, or empty */
    int64_t deadline_msecs; /* monotonic, of one step */
    void (*progress)(void *context);
    void *progress_context;
};

struct vt_sealing_prepared {
    enum vt_seal_message_word word;
    const char *why;            /* one English sentence, cleaned; NULL when ready */
    struct vt_bytes attributes; /* what the sealer is to sign; empty unless ready */
};
/* What is to be signed. *out lives in arena. VT_OK: look at out->word; VT_E_PEER: the child died or
 * reports a fault; VT_E_TIMEOUT, VT_E_BUSY, VT_E_NOMEM. */
enum vt_code vt_sealing_prepare(struct vt_arena *arena, const struct vt_sealing *sealing,
                                struct vt_sealing_prepared *out, struct vt_err *err) VT_MUST_CHECK;

struct vt_sealing_finished {
    struct vt_bytes mail;           /* a mapping: vt_sealing_finished_clear */
    int mail_fd;                    /* its memory file, as long as there is a mail */
    struct vt_bytes body;           /* view of mail */
    struct vt_seal_change *changes; /* in arena, with what they point to */
    size_t changes_count;
    char cms_sha256[65];
    const char *why; /* our own verifier refuses what was made, or it would not survive the way: one
                        sentence, cleaned; NULL: it may leave */
};
/* The mail with its signature, verified in the child that made it; that it is 7-bit, with short
 * lines, and that only fields about its content change is looked at here again, for the child has
 * read hostile bytes. VT_OK: look at out->why first. Errors as vt_sealing_prepare. */
enum vt_code vt_sealing_finish(struct vt_arena *arena, const struct vt_sealing *sealing,
                               struct vt_bytes signature, struct vt_sealing_finished *out,
                               struct vt_err *err) VT_MUST_CHECK;
void vt_sealing_finished_clear(struct vt_sealing_finished *finished);

#endif
