/* SPDX-License-Identifier: Apache-2.0
 * vanthu ladder: what its parts share. The steps are the modes of the site: observe, tag,
 * enforce. */
#ifndef VANTHU_COMMAND_LADDER_H
#define VANTHU_COMMAND_LADDER_H

#include <jansson.h>

#include "command/command.h"
#include "vanthu/replay.h"

enum vt_ladder_level { VT_LADDER_GOOD = 0, VT_LADDER_LOOK, VT_LADDER_AGAINST };
struct vt_ladder_point {
    enum vt_ladder_level level;
    const char *code; /* "trust-empty" */
    char text[500];
};
#define VT_MAX_LADDER_POINTS 40

/* What Postfix does with mail while vanthu does not answer. */
struct vt_ladder_postfix {
    const char *config_directory; /* --postfix-config; NULL: the usual one */
    bool is_there;                /* postconf(1) can be asked */
    bool is_overridden;           /* smtpd_milters has a default_action of its own */
    char action[32];              /* milter_default_action */
    char milters[400];            /* smtpd_milters */
};

struct vt_ladder {
    enum vt_language language;
    const char *config_file;
    struct vt_config *config;
    struct vt_policy *policy; /* NULL: it has mistakes, or there is none */
    enum vt_mode next;        /* the step that is spoken about */
    int64_t now_utc_secs;
    struct vt_ladder_point points[VT_MAX_LADDER_POINTS];
    size_t points_count;
    bool is_replayed;
    struct vt_replay replay; /* what enforce would have done to the mails of the last days */
    struct vt_arena *arena;
    struct vt_ladder_postfix postfix;
};

/* ---- ladder_look.c ---- */

/* Gather everything that speaks for or against the next step. */
void vt_ladder_look(struct vt_ladder *ladder);
bool vt_ladder_is_against(const struct vt_ladder *ladder);

/* ---- ladder_move.c ---- */

/* The action of Postfix that goes with a mode: "accept", "tempfail". */
const char *vt_ladder_action(enum vt_mode mode);
void vt_ladder_ask_postfix(struct vt_ladder_postfix *postfix);
/* Have Postfix do it, and read it again. VT_E_SYSTEM: why in err. */
enum vt_code vt_ladder_set_postfix(const struct vt_ladder_postfix *postfix, enum vt_mode mode,
                                   struct vt_err *err) VT_MUST_CHECK;
/* The same as commands for a person, each with a newline, in out. */
void vt_ladder_postfix_commands(const struct vt_ladder_postfix *postfix, enum vt_mode mode,
                                char *out, size_t out_bytes);
/* The text of a configuration with another mode: nothing else of it changes. *out_line: where.
 * VT_E_UNSUPPORTED: it is written in a way that only a person should change. VT_E_LIMIT,
 * VT_E_NOMEM. */
enum vt_code vt_ladder_edit(struct vt_bytes text, enum vt_mode mode, struct vt_buf *out,
                            unsigned *out_line, struct vt_err *err) VT_MUST_CHECK;
/* Put the text in the place of the file, which keeps its owner and mode, also behind a link. */
enum vt_code vt_ladder_write(const char *file, struct vt_bytes text,
                             struct vt_err *err) VT_MUST_CHECK;

#endif
