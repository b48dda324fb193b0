/* SPDX-License-Identifier: Apache-2.0
 * The lines of a file that mistakes speak of, with a mark below the place. */
#ifndef VANTHU_COMMAND_EXCERPT_H
#define VANTHU_COMMAND_EXCERPT_H

#include "vanthu/policy.h"

#define VT_EXCERPT_BYTES 200

/* The file that was read last. The caller's storage. */
struct vt_excerpts {
    const char *file;
    struct vt_buf text;
};
void vt_excerpts_init(struct vt_excerpts *excerpts);
void vt_excerpts_clear(struct vt_excerpts *excerpts);

/* The line of a mistake without control characters; of a long one the part around the place.
 * *out_caret: characters before the place. False: the file or the line is not there. */
bool vt_excerpt_of(struct vt_excerpts *excerpts, const struct vt_mistake *mistake,
                   char out[VT_EXCERPT_BYTES], unsigned *out_caret);
/* Every mistake, each with its line. */
void vt_excerpts_print(const struct vt_mistakes *mistakes, FILE *stream);
/* What is said on standard error after them when something is not usable: how many mistakes name
 * has and what they mean ("the policy is not usable"), or the fault when there is none. */
void vt_excerpts_sum_up(const char *name, const struct vt_mistakes *mistakes, const char *meaning,
                        const struct vt_err *err);

#endif
