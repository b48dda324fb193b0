/* SPDX-License-Identifier: Apache-2.0
 * Notices with the S/MIME signature of notices.sign-with, and what is done while there is none to
 * be had: a notice that says what is wrong in time is worth more than one that is signed. */
#ifndef VANTHU_COURIER_SIGN_H
#define VANTHU_COURIER_SIGN_H

#include "vanthu/config.h"

enum vt_signed {
    VT_SIGNED_LATER = 0, /* try again soon */
    VT_SIGNED_DONE,
    VT_SIGNED_NOT /* send it as it is */
};

struct vt_signing;

/* A sealer or an HSM that is started anew is there before that; notices are due within three
 * minutes. */
#define VT_SIGNING_PATIENCE_MSECS 120000

/* seal_channel: client end of the sealer's channel, borrowed as config is. patience_msecs: how long
 * LATER is said. *out: NULL when nothing is to be signed. VT_E_NOMEM. */
enum vt_code vt_signing_new(const struct vt_config *config, int seal_channel,
                            int64_t patience_msecs, struct vt_signing **out,
                            struct vt_err *err) VT_MUST_CHECK;
/* Have one notice signed. *out: with DONE the signed message in arena, else left alone. LATER is
 * said for no longer than the patience, from the first failure on, whichever notices they are. */
enum vt_signed vt_signing_try(struct vt_signing *signing, struct vt_arena *arena, int64_t id,
                              struct vt_bytes message, struct vt_bytes *out);
/* NULL is allowed. */
void vt_signing_free(struct vt_signing *signing);

#endif
