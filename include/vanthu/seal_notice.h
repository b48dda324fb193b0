/* SPDX-License-Identifier: Apache-2.0
 * The S/MIME signature of a notice (RFC 8551 3.5.3, RFC 1847): for messages of our own writing,
 * which are ASCII with CRLF and short lines already, so that nothing of them has to be parsed or
 * encoded anew. Mails of others are sealed by vanthu/seal_message.h. */
#ifndef VANTHU_SEAL_NOTICE_H
#define VANTHU_SEAL_NOTICE_H

#include "vanthu/seal.h"

struct vt_seal_notice {
    const char *key;       /* in seal.keys */
    const char *on_behalf; /* what the record of its use says of it: "notice 7" */
    struct vt_bytes message;
    int64_t now_utc_secs;
};

/* Have a notice signed: its header goes on as it is, but for MIME-Version and Content-…, which are
 * signed with the body. The signature is made by the sealer and verified here.
 * VT_OK: look at *out_failure; with VT_SEAL_DONE *out, in arena, is the whole message, with any
 * other err->text says why not. VT_E_FORMAT: the message is none; VT_E_PEER, VT_E_TIMEOUT,
 * VT_E_NOT_FOUND (no such key), VT_E_LIMIT, VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_seal_notice(struct vt_arena *arena, const struct vt_sealer *sealer,
                            const struct vt_seal_notice *notice, struct vt_bytes *out,
                            enum vt_seal_failure *out_failure, struct vt_err *err) VT_MUST_CHECK;

/* ---- its two pure halves ---- */

/* What is signed, without the CRLF before the boundary, and the header that stays outside; in arena
 * or views of message. VT_E_FORMAT: no header, no body, or bytes that are not ASCII. */
enum vt_code vt_seal_notice_divide(struct vt_arena *arena, struct vt_bytes message,
                                   struct vt_bytes *out_outside, struct vt_bytes *out_signed,
                                   struct vt_err *err) VT_MUST_CHECK;
/* The whole. micalg: of the hash (RFC 8551 3.5.3.2); cms: the detached signature. VT_E_NOMEM,
 * VT_E_LIMIT. */
enum vt_code vt_seal_notice_join(struct vt_arena *arena, struct vt_bytes outside,
                                 struct vt_bytes signed_part, const char *micalg,
                                 struct vt_bytes cms, struct vt_bytes *out,
                                 struct vt_err *err) VT_MUST_CHECK;

#endif
