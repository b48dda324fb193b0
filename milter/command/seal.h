/* SPDX-License-Identifier: Apache-2.0
 * vanthu seal: what its parts share. */
#ifndef VANTHU_COMMAND_SEAL_H
#define VANTHU_COMMAND_SEAL_H

#include <jansson.h>

#include "command/command.h"
#include "vanthu/sealing.h"

#define VT_MAX_SEAL_CRLS 8

struct vt_seal_command {
    char name[32]; /* "vanthu seal check", for messages */
    enum vt_language language;
    const char *config_file, *reason, *subject, *out_file, *key;
    const char *appearance, *number;    /* of a PDF */
    const char *crls[VT_MAX_SEAL_CRLS]; /* files */
    size_t crls_count;
    bool json;
    bool is_detached, is_opaque, protects_headers, may_replace; /* of a file */
    struct vt_config *config;
    struct vt_buf config_text; /* of a person's own: read once; else empty */
    char *const *arguments;    /* ends with NULL */
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

/* ---- seal_file.c, seal_file_steps.c, seal_file_end.c: the seal of a file ---- */

int vt_seal_file(const struct vt_seal_command *command);

enum vt_seal_file_kind {
    VT_SEAL_FILE_OTHER = 0, /* a signature beside it */
    VT_SEAL_FILE_PDF,
    VT_SEAL_FILE_MAIL
};
struct vt_sealed_file {
    const struct vt_seal_command *command;
    const char *file, *out_file;
    enum vt_seal_file_kind kind;
    const struct vt_seal_key *key;
    int64_t now_utc_secs;
    struct vt_arena *arena;
    struct vt_buf bytes;
    int fd; /* a memory file of the same */
    char sha256[65];
    struct vt_buf crls[VT_MAX_SEAL_CRLS];
    size_t crls_count;
    struct vt_role_set *roles;
    struct vt_buf looks; /* what the appearance shows, for the roles; empty: nothing */
    const char *number;  /* number and symbol that were given; NULL: as of the file's name */
    const char *agency;  /* whose seal it is; NULL: not known */
    bool is_shown;
    struct vt_seal_identity identity;
    const struct vt_signature *own; /* our certificate, judged */
    struct vt_buf signature;
    struct vt_bytes token;            /* a time stamp over it, or empty */
    struct vt_bytes made;             /* behind the bytes, or beside them */
    struct vt_sealing_finished mail;  /* in the place of them */
    const struct vt_signature *found; /* the seal, by our own verifier */
    int objects_fd;                   /* what the verdict rested on; -1 */
};
/* Zeroed, for a command; and what it holds given back, with its roles. */
void vt_seal_file_begin(struct vt_sealed_file *file, const struct vt_seal_command *command);
void vt_seal_file_clear(struct vt_sealed_file *file);
/* Each returns EX_OK, or the exit status of what was told. */
int vt_seal_file_start_roles(struct vt_sealed_file *file);
int vt_seal_file_judge_own(struct vt_sealed_file *file);
/* The chain of its identity by our own verifier, with the roles that run: own, whether it is
 * TOTAL-PASSED, and what it is else. */
enum vt_code vt_seal_file_judge_chain(struct vt_sealed_file *file, bool *out_is_good,
                                      char text[VT_SEAL_TEXT_BYTES],
                                      struct vt_err *err) VT_MUST_CHECK;
int vt_seal_file_look(struct vt_sealed_file *file);
int vt_seal_file_prepare_and_sign(struct vt_sealed_file *file);
int vt_seal_file_judge(struct vt_sealed_file *file);
/* seal_file_shown.c: what a PDF shows by --appearance, read for the roles. */
int vt_seal_file_choose_appearance(struct vt_sealed_file *file);
/* Whether a time stamp is to be set; and have the signature stamped: EX_OK also without one, when
 * that is allowed. */
bool vt_seal_file_wants_stamp(const struct vt_sealed_file *file);
int vt_seal_file_stamp(struct vt_sealed_file *file);
/* What validates the seal of a PDF, put into it where the level of the key asks for that. */
int vt_seal_file_store(struct vt_sealed_file *file);
int vt_seal_file_write(const struct vt_sealed_file *file);
int vt_seal_file_tell(const struct vt_sealed_file *file);
/* A sentence about the file on standard error; returns status. */
int vt_seal_file_say(const struct vt_sealed_file *file, int status, const char *vietnamese,
                     const char *english, const char *more);

/* ---- seal_own.c ---- */

/* Judge the certificate of a key as before a seal; the verdict is put into the "certificate" of
 * answer: indication, reason, why. file: of vt_seal_file_begin, the same for all keys. True: it is
 * good, or there is none. */
bool vt_seal_check_own(struct vt_sealed_file *file, const char *name, json_t *answer);

/* ---- seal_text.c ---- */

/* One key for a person, with a probe if it has one. True: all of it is well. */
bool vt_seal_print_key(FILE *out, enum vt_language language, const json_t *key, int64_t now);

/* Have a time stamp given as seals get it, where authorities are configured; print it, or with
 * --json append it to shown. False: there was none. */
bool vt_seal_check_stamp(const struct vt_seal_command *command, json_t *shown);

#endif
