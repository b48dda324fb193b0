/* SPDX-License-Identifier: Apache-2.0
 * Headers that only we may write, found on entry: X-Vanthu-* (but X-Vanthu-Notice, which only asks
 * for no answer) and Authentication-Results under our own authserv-id. They are removed in every
 * direction; what others wrote stays (design.md 11). */
#ifndef VANTHU_GATEWAY_STRIP_H
#define VANTHU_GATEWAY_STRIP_H

#include "gateway/milter_api.h"
#include "vanthu/bytes.h"

/* Above that a mail is not passed. Postfix hands over 102400 bytes of header at most. */
#define VT_MAX_STRIPPED 16384

struct vt_strip {
    struct vt_stripped {
        const char *name;
        int index; /* of this name, from 1 */
    } * items;     /* in the arena of the mail */
    size_t count;
    int results_seen; /* Authentication-Results so far, anybody's */
};

/* A header passes. Remembers it when it is to be removed. VT_E_NOMEM, VT_E_LIMIT. */
enum vt_code vt_strip_see(struct vt_strip *strip, struct vt_arena *arena, const char *authserv_id,
                          const char *name, const char *value) VT_MUST_CHECK;
/* Remove what was remembered, for each name the highest index first: Postfix renumbers after each
 * removal, Sendmail does not. VT_E_SYSTEM when libmilter refuses. */
enum vt_code vt_strip_remove(struct vt_strip *strip, const struct vt_milter_api *api,
                             SMFICTX *ctx) VT_MUST_CHECK;

#endif
