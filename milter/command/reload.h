/* SPDX-License-Identifier: Apache-2.0
 * vanthu reload: what its parts share. */
#ifndef VANTHU_COMMAND_RELOAD_H
#define VANTHU_COMMAND_RELOAD_H

#include <jansson.h>

#include "command/diff.h"

/* A configuration with its policy, parsed, and their bytes. */
struct vt_reload_side {
    struct vt_config *config;
    struct vt_policy *policy; /* NULL: there is none */
    struct vt_bytes config_text, bundle;
};

/* ---- reload_diff.c ---- */

/* A setting that is written otherwise. */
struct vt_reload_setting {
    enum vt_difference_kind kind;
    const char *key;
    const char *before, *after; /* NULL: it is not written there */
    unsigned line;              /* in the file that has it */
};
struct vt_reload_diff {
    struct vt_policy_diff policy;
    struct vt_reload_setting *settings;
    size_t settings_count;
    bool may_be_severer; /* a mail may be treated more severely: by the policy or the mode */
};
/* What is different, in arena. VT_E_NOMEM. */
enum vt_code vt_reload_compare(struct vt_arena *arena, const struct vt_reload_side *then,
                               const struct vt_reload_side *now, struct vt_reload_diff *out,
                               struct vt_err *err) VT_MUST_CHECK;
void vt_reload_print_diff(FILE *out, enum vt_language language, const struct vt_reload_side *then,
                          const struct vt_reload_side *now, const struct vt_reload_diff *diff);
/* The differences of both as one list: those of the policy as vanthu policy diff has them, those of
 * settings with "of": "setting". */
json_t *vt_reload_diff_to_json(const struct vt_reload_diff *diff);

/* ---- reload_replay.c ---- */

/* What the new policy would have done to the mails of the last days. */
struct vt_reload_effect {
    bool is_known;    /* false: there is no register, or it cannot be read */
    bool is_in_force; /* the new mode refuses; otherwise it is what enforce would do */
    bool has_register;
    int64_t newly_refused_count, newly_held_count;
};
/* Replay and, with out, print the difference there. Returns EX_OK, or the exit status of a fault
 * that was told. */
int vt_reload_replay(const struct vt_reload_side *then, const struct vt_reload_side *now,
                     enum vt_language language, FILE *out, struct vt_reload_effect *effect);

#endif
