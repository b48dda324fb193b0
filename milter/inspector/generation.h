/* SPDX-License-Identifier: Apache-2.0
 * What the status role knows, as the zygote holds it for all its children: parsed once, its lists
 * mapped once. */
#ifndef VANTHU_INSPECTOR_GENERATION_H
#define VANTHU_INSPECTOR_GENERATION_H

#include "vanthu/status.h"
#include "vanthu/wire.h"

struct vt_generation {
    struct vt_arena *arena; /* NULL: none yet */
    int json_fd;
    struct vt_known known;
};

#define VT_GENERATION_NONE ((struct vt_generation){.json_fd = -1})
/* Descriptors of a GENERATION or RENEW message. */
#define VT_GENERATION_MAX_FDS (1 + VT_MAX_GENERATION_LISTS)

/* Take up the generation in a message, whose descriptors stay the message's. A list that is mapped
 * already is kept, the others of the one before are unmapped; children that have them keep them.
 * On failure the generation stays as it was. Errors as vt_known_open. */
enum vt_code vt_generation_take(struct vt_generation *generation, const struct vt_message *message,
                                struct vt_err *err) VT_MUST_CHECK;
/* Its descriptors, borrowed, to hand it on; 0: none yet. */
size_t vt_generation_fds(const struct vt_generation *generation, int out[VT_GENERATION_MAX_FDS]);
void vt_generation_drop(struct vt_generation *generation);

#endif
