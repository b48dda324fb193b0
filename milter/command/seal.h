/* SPDX-License-Identifier: Apache-2.0
 * vanthu seal: what its parts share. */
#ifndef VANTHU_COMMAND_SEAL_H
#define VANTHU_COMMAND_SEAL_H

#include <jansson.h>

#include "command/command.h"
#include "vanthu/seal.h"

struct vt_seal_command {
    char name[32]; /* "vanthu seal check", for messages */
    enum vt_language language;
    const char *config_file, *reason, *subject, *out_file;
    bool json;
    struct vt_config *config;
    char *const *arguments; /* ends with NULL */
    char by[VT_PERSON_BYTES];
};

/* One of two texts. */
const char *vt_seal_pick(const struct vt_seal_command *command, const char *vietnamese,
                         const char *english);
/* Tell something on standard error; returns status. */
int vt_seal_say(const struct vt_seal_command *command, int status, const char *vietnamese,
                const char *english);
/* Ask the running sealer. Returns EX_OK with *out, json_decref; or the exit status of what was
 * told. */
int vt_seal_command_ask(const struct vt_seal_command *command, const struct vt_seal_wish *wish,
                        json_t **out);

/* ---- seal_pin.c ---- */

int vt_seal_rotate_pin(const struct vt_seal_command *command);

/* ---- seal_text.c ---- */

/* One key for a person, with a probe if it has one. True: all of it is well. */
bool vt_seal_print_key(FILE *out, enum vt_language language, const json_t *key, int64_t now);

#endif
