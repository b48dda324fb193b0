/* SPDX-License-Identifier: Apache-2.0
 * Roles: which process may do what. Each is exec'd from a descriptor of the running binary, under
 * its own user, with the descriptors it needs and nothing else (design.md 2). The privileges of a
 * role are readable in the first lines of its main function. */
#ifndef VANTHU_ROLE_H
#define VANTHU_ROLE_H

#include "vanthu/config.h"

/* Descriptors a role is born with. -1: it has none of that kind. */
struct vt_role_fds {
    int control;       /* to the master; end of file means that the role is to end */
    int milter_socket; /* gateway: the listening socket */
    int inspect;       /* gateway, command: client end; inspector: server end */
    int status;        /* gateway, command: client end; status: server end */
    int record;        /* gateway, post: client end; registrar: server end */
    int fetch;         /* status: client end; fetch: server end */
    int generation;    /* status: client end; inspector: server end */
    int policy;  /* gateway, registrar, sealer: the policy and the files it names as checked by the
                    master, a sealed memory file (vt_policy_bundle); its name is config->policy_file
                  */
    int notices; /* registrar: the words of notices as checked by the master, a sealed memory
                    file (vt_notice_words_bundle); -1: those that are built in */
    int rules;   /* gateway: since when its rules are what they are (vt_version_rules) */
    int looks;   /* inspector: pictures and fonts of seals as checked by the master, a sealed memory
                    file (vt_seal_looks_bundle); -1: there are none */
    int metrics; /* the role's own, for writing (vt_metrics_open) */
    int web_socket;  /* web: the listening socket */
    int seal;        /* gateway: client end; sealer: server end */
    int seal_notice; /* post: client end; sealer: server end, for notices and nothing else */
    int seal_admin;  /* sealer: server end, for requests of the administrator */
    int overrides; /* inspector, status: what a command line put over the configuration (packed) */
    unsigned lane; /* no descriptor: which gauges in metrics are its own */
};

/* Entry points; each returns an exit status of sysexits(3). config is loaded by the new process
 * from the same file (a descriptor of it is inherited, so that all roles see the same bytes). */
int vt_gateway_main(const struct vt_config *config, const struct vt_role_fds *fds);
int vt_inspector_main(const struct vt_config *config, const struct vt_role_fds *fds);
int vt_status_main(const struct vt_config *config, const struct vt_role_fds *fds);
int vt_fetch_main(const struct vt_config *config, const struct vt_role_fds *fds);
int vt_registrar_main(const struct vt_config *config, const struct vt_role_fds *fds);
int vt_web_main(const struct vt_config *config, const struct vt_role_fds *fds);
int vt_post_main(const struct vt_config *config, const struct vt_role_fds *fds);
int vt_sealer_main(const struct vt_config *config, const struct vt_role_fds *fds);
int vt_shipper_main(const struct vt_config *config, const struct vt_role_fds *fds);

/* True when this process was exec'd as a role: both programs call it first thing in main, and
 * return *out_status when it says so. */
bool vt_role_dispatch(int argc, char **argv, int *out_status);
/* A role tells the master that it is set up, sandboxed and serving. control: fds->control; -1 is
 * allowed. Never waits. */
void vt_role_ready(int control);

/* ---- what is asked of keys ---- */

/* The key by that name that seals such, or with NULL the only one; NULL: none can. */
const struct vt_seal_key *vt_seal_key_of_mails(const struct vt_config *config, const char *name,
                                               enum vt_seal_what what);
/* Add to mistakes, at their place in the policy file: seals that no key of the configuration can
 * set, and appearances that it does not have. policy: NULL is allowed. */
void vt_check_policy_seals(const struct vt_config *config, const struct vt_policy *policy,
                           struct vt_mistakes *mistakes);

/* ---- a set of roles of one's own: vanthu(1) ---- */

/* One running set of roles. */
struct vt_role_set;

/* What a command line puts over the configuration. All borrowed for the call only. */
struct vt_role_overrides {
    /* --trust, in any number: a set that is named here replaces the one of the configuration.
     * Always confirmed_all. */
    const struct vt_trust_source *trust;
    size_t trust_count;
    const struct vt_bytes *crls; /* --crl, DER or PEM as in the files */
    size_t crls_count;
    const struct vt_bytes *contents; /* --content */
    size_t contents_count;
    struct vt_bytes config; /* its text as it was read already; empty: config->file is read */
    struct vt_bytes looks;  /* of vt_seal_looks_bundle; empty: seals show nothing */
};

/* The first thing that inspector and status do: read what the command line put over the
 * configuration and the trust sources of both, of a set that was given there only those; then
 * become the user that the roles shall be, who may not read these sources, for ever.
 * overrides_fd: fds->overrides. *out_overrides: strings and arrays in arena, bytes in a mapping
 * that stays; empty without a command line. *out: vt_trust_store_free. VT_E_FORMAT, VT_E_SYSTEM,
 * VT_E_NOMEM; others as vt_trust_store_load. */
enum vt_code vt_role_load_trust(struct vt_arena *arena, const struct vt_config *config,
                                int overrides_fd, struct vt_role_overrides *out_overrides,
                                struct vt_trust_store **out, struct vt_err *err) VT_MUST_CHECK;

/* Start inspector, and unless offline status and fetch, as children of a small supervisor beside
 * this process, in the same sandboxes as under the master; it restarts what dies, and ends with
 * this process. Works for every user; root gives its rights away where it can. overrides: may be
 * NULL. Call it before threads are made. *out is set on success: vt_role_set_stop.
 * Returns VT_OK, VT_E_SYSTEM, VT_E_CONFIG, VT_E_NOMEM, VT_E_LIMIT. A role that cannot start says
 * why on standard error, and requests to it end with VT_E_PEER. */
enum vt_code vt_role_set_start_local(const struct vt_config *config,
                                     const struct vt_role_overrides *overrides, bool offline,
                                     struct vt_role_set **out, struct vt_err *err) VT_MUST_CHECK;
/* Client ends of the channels, borrowed; status and fetch are -1 when offline. */
int vt_role_set_inspect_fd(const struct vt_role_set *set);
int vt_role_set_status_fd(const struct vt_role_set *set);
int vt_role_set_fetch_fd(const struct vt_role_set *set);
/* End the roles, wait for them, free. NULL is allowed. */
void vt_role_set_stop(struct vt_role_set *set);

/* ---- the master's control socket ---- */

/* Ask the running master: command is "reload", "reload-keep", "reload-previous", "status" or
 * "drain". *out_json: the answer, malloc'd: {"ok": true|false, "text": …, "mistakes": [{file, line,
 * column, warning, text}], "warnings": the same, of what is served, "socket": …, "roles": [{role,
 * pid, running, restarts, started_utc_secs}], "mode": …, "policy": {version, digest, mode,
 * loaded_utc_secs, by, previous, keep_until_utc_secs, is_not_of_files}, "central": {state, text,
 * changed, shipped, waiting, since, gateways}, with register.central}. VT_E_NOT_FOUND: no master
 * listens there. VT_E_SYSTEM, VT_E_TIMEOUT, VT_E_PEER. */
enum vt_code vt_control_ask(const char *control_socket, const char *command, char **out_json,
                            struct vt_err *err) VT_MUST_CHECK;
/* Have the master load configuration and policy. expected: the digest that they had when they were
 * looked at (64 hexadecimal digits), the reload is refused when they changed since; NULL: whatever
 * there is. confirm_secs: at most VT_MAX_CONFIRM_SECS; it goes back by itself after so long unless
 * "reload-keep" is asked for; 0: it stays. Answer and errors as vt_control_ask. */
#define VT_MAX_CONFIRM_SECS (24 * 3600)
enum vt_code vt_control_reload(const char *control_socket, const char *expected,
                               int64_t confirm_secs, char **out_json,
                               struct vt_err *err) VT_MUST_CHECK;
/* The configuration and the policy (as a bundle; -1: none) that serve, or served before: sealed
 * memory files, closed by the caller. VT_E_NOT_FOUND: also when there is no version before; others
 * as vt_control_ask. */
enum vt_code vt_control_served(const char *control_socket, bool before, int *out_config_fd,
                               int *out_policy_fd, struct vt_err *err) VT_MUST_CHECK;
/* Have the master connect this process with the status role, for STATUS_IMPORT and STATUS_REPORT.
 * *out_fd: the client end, closed by the caller. Errors as vt_control_ask; VT_E_NOT_FOUND too when
 * no status role is configured. */
enum vt_code vt_control_connect_status(const char *control_socket, int *out_fd,
                                       struct vt_err *err) VT_MUST_CHECK;

/* Have the master hand over the metrics of all roles, for reading. *out_lane: of the set that
 * serves. Errors as vt_control_ask; VT_E_FORMAT: the master is of another version. */
struct vt_metrics_reader;
enum vt_code vt_control_metrics(const char *control_socket, struct vt_metrics_reader **out,
                                unsigned *out_lane, struct vt_err *err) VT_MUST_CHECK;
/* The same with the registrar, for LOOK and RECORD (vanthu/registrar.h). */
enum vt_code vt_control_connect_registrar(const char *control_socket, int *out_fd,
                                          struct vt_err *err) VT_MUST_CHECK;

/* The same with the sealer, for the requests of an administrator (vanthu/seal.h). */
enum vt_code vt_control_connect_sealer(const char *control_socket, int *out_fd,
                                       struct vt_err *err) VT_MUST_CHECK;

/* ---- sandbox (milter/base/sandbox.c) ---- */

/* What a role may do once it is set up. Applied in this order: no_new_privs, rlimits, Landlock,
 * seccomp. Each is mandatory in a normal build: where the kernel lacks it, starting fails with
 * a text that says so. Sanitizer builds leave out RLIMIT_AS and seccomp.
 * Always allowed: descriptors one has, memory that is not executable, memory files, AF_UNIX pairs
 * and messages (but see forbidden_kills), syslog. Never: exec, ptrace, other folders. */
struct vt_sandbox {
    const char *name;
    const char *writable_directory;    /* the one folder that may be read and written, or NULL */
    const char *const *readable_files; /* beside it, as they are now: one that is put in the place
                                          of another is not seen */
    size_t readable_count;
    bool network;        /* may make sockets and connect, and read what a resolver and TLS read in
                            /etc and /usr/share/ca-certificates; may make threads (fetch) */
    bool accept_sockets; /* may accept on inherited sockets, make AF_UNIX sockets and threads
                            (gateway) */
    bool fork;           /* may fork and wait (inspector zygote) */
    size_t address_space_bytes; /* RLIMIT_AS, 0: left alone */
    unsigned cpu_secs;          /* RLIMIT_CPU, 0: left alone */
    unsigned open_files;        /* RLIMIT_NOFILE, 0: left alone */
    size_t file_bytes;          /* RLIMIT_FSIZE (memory files too), 0: left alone */
    /* A forbidden call ends the process (SIGSYS), and no sockets but those it has: an inspector
     * child, which meets hostile bytes. false: it fails with EPERM, and only exec, ptrace and the
     * like end the process, so that a library's new habit does not stop the mail. */
    bool forbidden_kills;
};
/* Enter it, for ever; a second one only takes away. Returns VT_OK; VT_E_SYSTEM: the process is not,
 * or only partly, confined and must end. VT_E_NOMEM. */
enum vt_code vt_sandbox_enter(const struct vt_sandbox *sandbox, struct vt_err *err) VT_MUST_CHECK;

/* ---- client side of the roles, for gateway and command ---- */

/* What one inspection is asked with. mail_fd: sealed memory file or spool file, borrowed.
 * deadline_msecs: monotonic, for everything. offline: the status role is not asked. */
struct vt_inspection {
    int inspect_fd, status_fd; /* client ends of the channels */
    int record_fd;             /* the same; -1: no register is asked */
    int mail_fd;
    const char *name;
    bool is_mail;
    /* vt_inspect_input: of vanthu trust path, register recheck, register head. */
    bool is_certificate, is_record, is_token;
    bool with_objects;          /* what the verdicts rest on is asked for too */
    const struct vt_mail *mail; /* or NULL */
    bool is_class_given;        /* of the sender, in mail; false: found in the header */
    int64_t now_utc_secs;
    /* now_utc_secs was given by a person (--at); false: it is the clock's, and when that is not
     * sane (vt_clock_is_sane) nothing is judged by it. */
    bool is_now_given;
    int64_t deadline_msecs;
    int64_t inspection_msecs; /* budget of one pass */
    int64_t status_msecs;
    int64_t register_msecs;
    bool offline;
    /* Called about every second of waiting, and before every wait that may take long; may be NULL.
     */
    void (*progress)(void *context);
    void *progress_context;
    /* Around each pass, but not around the wait for status, so that the caller can bound how many
     * run at once; with progress_context; both or neither. begin_pass may wait; when it fails
     * there is no pass, and what the one before found stands. */
    enum vt_code (*begin_pass)(void *context, struct vt_err *err);
    void (*end_pass)(void *context);
    /* Filled: milliseconds spent. */
    int64_t spent_inspection_msecs, spent_status_msecs, spent_register_msecs;
    unsigned passes;
    /* Filled: the register was asked when signatures were first seen, and said nothing. */
    bool is_register_silent;
    /* Filled: digests of signatures that no register has seen, in arena; vt_register_decided wants
     * them as first_seen. */
    const char *const *not_seen;
    size_t not_seen_count;
    /* Filled: a file of objects (vanthu/object.h) of at most VT_MAX_OBJECTS_BYTES, unread, the
     * caller's to close; -1: there is none. A child that was taken over may have written it. */
    int objects_fd;
};
/* One inspection with its second pass: ask the inspector; if something is wanted, ask registrar
 * and status for it within their budgets; ask the inspector once more with it. *out_evidence lives
 * in arena. VT_E_PEER: the inspector died or was stopped, why in err->text. Others as
 * vt_wire_receive. */
enum vt_code vt_inspection_run(struct vt_arena *arena, struct vt_inspection *inspection,
                               struct vt_evidence **out_evidence, struct vt_err *err) VT_MUST_CHECK;

#endif
