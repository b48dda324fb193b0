/* SPDX-License-Identifier: Apache-2.0
 * vanthu trust: what its subcommands share. Certificates that came from elsewhere are looked into
 * by the sandboxed child only; here they are bytes with a SHA-256. */
#ifndef VANTHU_COMMAND_TRUST_H
#define VANTHU_COMMAND_TRUST_H

#include "command/command.h"
#include "vanthu/role.h"

/* ---- subcommands: argv[0] is "vanthu trust NAME"; each returns the exit status ---- */

int vt_trust_command_setup(int argc, char **argv);
int vt_trust_command_list(int argc, char **argv);
int vt_trust_command_add(int argc, char **argv);
int vt_trust_command_remove(int argc, char **argv);
int vt_trust_command_check(int argc, char **argv);
int vt_trust_command_refresh(int argc, char **argv);
int vt_trust_command_learn(int argc, char **argv);
int vt_trust_command_path(int argc, char **argv);

/* Exit status where something was left out or needs attention. */
#define VT_TRUST_ATTENTION 1

#define VT_TRUST_MAX_OPTIONS 64

struct vt_trust_options {
    const char *config_file;
    bool json, yes;
    enum vt_trust_set_id set;
    const char *from[VT_TRUST_MAX_OPTIONS]; /* --from */
    size_t from_count;
    const char *confirm[VT_TRUST_MAX_OPTIONS]; /* --confirm */
    size_t confirm_count;
};

/* What one run of a subcommand works with. */
struct vt_trust_desk {
    const char *command; /* "vanthu trust setup", for messages */
    enum vt_language language;
    struct vt_trust_options options;
    struct vt_config *config;
    struct vt_arena *arena;
    struct vt_trust_store *store; /* as it is on disk; vt_trust_desk_reload */
    struct vt_role_set *roles;    /* started when something is looked at or fetched */
    struct json_t *report;        /* --json: what was done and found, printed at the end */
};

/* ---- trust.c ---- */

/* Read options (known: of "config", "json", "yes", "set", "from", "confirm", separated by spaces;
 * the first two always), configuration and store. Arguments are argv[optind] and on. Returns EX_OK
 * or the exit status of what was said. Close it in any case. */
int vt_trust_desk_open(struct vt_trust_desk *desk, int argc, char **argv, const char *known);
/* Print the report and free everything; returns status, or what printing failed with. */
int vt_trust_desk_close(struct vt_trust_desk *desk, int status);
/* Read the store anew after it was changed; roles are stopped, for they have the old one. */
int vt_trust_desk_reload(struct vt_trust_desk *desk);
/* "vanthu trust add: …" on standard error; returns status. */
int vt_trust_say(const struct vt_trust_desk *desk, int status, const char *format, ...)
    VT_PRINTF(3, 4);
/* One of two texts by the language; both may be formats, of the same arguments. */
const char *vt_trust_word(const struct vt_trust_desk *desk, const char *vietnamese,
                          const char *english)
    __attribute__((__format_arg__(2), __format_arg__(3)));
/* One line of result: event ("added", "left-out", "expires" …) about a certificate (may be NULL).
 * A line of text for people, an object in the list "results" of the report for --json. */
void vt_trust_result(const struct vt_trust_desk *desk, const char *event,
                     const struct vt_certificate_facts *facts, const char *format, ...)
    VT_PRINTF(4, 5);
/* Name of a certificate for people; never NULL. */
const char *vt_trust_name(const struct vt_certificate_facts *facts);
/* A SHA-256 in groups of four, as people read it to each other. */
#define VT_GROUPED_BYTES 88
const char *vt_trust_grouped(char out[VT_GROUPED_BYTES], const char *sha256);

/* ---- trust_look.c: certificates that came from elsewhere ---- */

struct vt_trust_item {
    struct vt_bytes der;
    const char *origin; /* address or file */
    struct vt_certificate_facts facts;
};

#define VT_TRUST_MAX_ITEMS 128

struct vt_trust_items {
    struct vt_trust_item list[VT_TRUST_MAX_ITEMS];
    size_t count;
};

/* Have the sandboxed child judge a certificate; *out lives in the arena. ask: have the status role
 * bring its status. VT_E_FORMAT: it is no certificate. */
enum vt_code vt_trust_look(struct vt_trust_desk *desk, struct vt_bytes der, bool ask,
                           struct vt_signature **out, struct vt_err *err) VT_MUST_CHECK;
/* Have the fetch role bring what is at an address: type "issuer" or "crl". *out lives in the
 * arena. VT_E_NETWORK with the HTTP status for anything but 200. */
enum vt_code vt_trust_fetch(struct vt_trust_desk *desk, const char *url, const char *type,
                            struct vt_bytes *out, struct vt_err *err) VT_MUST_CHECK;
/* Add the certificates of a file, each once, with the facts that the child found. */
enum vt_code vt_trust_items_add(struct vt_trust_desk *desk, struct vt_trust_items *items,
                                struct vt_bytes file, const char *origin,
                                struct vt_err *err) VT_MUST_CHECK;

/* ---- trust_places.c: where certificates come from ---- */

/* CRLs of the authorities of a set that are published at well-known addresses; NULL behind the
 * last. */
const char *vt_trust_published_crl(enum vt_trust_set_id set, size_t index);
/* Certificates from an address, file or folder, or (from NULL) from the published places of the
 * set. What cannot be had is told and counted. */
enum vt_code vt_trust_gather(struct vt_trust_desk *desk, const char *from,
                             struct vt_trust_items *items, size_t *failures,
                             struct vt_err *err) VT_MUST_CHECK;

/* ---- trust_folder.c: the directory of a set ---- */

/* Write a certificate into anchors/ or intermediates/, and an anchor's line into confirmed, each
 * file whole or not at all. An anchor counts from its line on. */
enum vt_code vt_trust_folder_add(struct vt_trust_desk *desk, const struct vt_trust_item *item,
                                 bool is_anchor, struct vt_err *err) VT_MUST_CHECK;
/* The line of a fingerprint leaves the file confirmed of the set. */
enum vt_code vt_trust_folder_forget(struct vt_trust_desk *desk, enum vt_trust_set_id set,
                                    const char *sha256, struct vt_err *err) VT_MUST_CHECK;
/* True for a file below the directory of a set. */
bool vt_trust_folder_holds(const struct vt_trust_desk *desk, enum vt_trust_set_id set,
                           const char *file);

/* ---- trust_take.c: from items to the store ---- */

/* Take roots that a person confirms, then what leads to a confirmed root of the set. has_to_lead:
 * tell what leads nowhere; false: pass it over. Returns EX_OK, VT_TRUST_ATTENTION when something
 * was left out, or what failed. */
int vt_trust_take(struct vt_trust_desk *desk, const struct vt_trust_items *items, bool has_to_lead);

#endif
