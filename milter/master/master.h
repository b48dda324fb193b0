/* SPDX-License-Identifier: Apache-2.0
 * The master's parts: what is loaded, what is listened on, who may command it. */
#ifndef VANTHU_MASTER_MASTER_H
#define VANTHU_MASTER_MASTER_H

#include "vanthu/config.h"
#include "versions.h"

#include <sys/types.h>

/* vanthu-milter(8): exit status. */
struct vt_master_options {
    const char *config_file;
    bool foreground; /* and log to standard error */
};
int vt_master_run(const struct vt_master_options *options);
/* Read and check everything, print the mistakes: -t. */
int vt_master_check(const char *config_file);

/* ---- load.c ---- */

/* A configuration with the bytes of the files it was read from. */
struct vt_loaded {
    struct vt_config *config;
    struct vt_policy *policy;  /* NULL: there is none */
    struct vt_version version; /* when and by whom it was loaded: set by who loads it */
    json_t *rules; /* of a version that is taken again: since when its rules are what they are */
    /* Sealed memory files, taken over by the set of roles; notices_text -1: the words of notices
     * that are built in; looks_file -1: no appearance of a seal has a file. */
    int config_text, policy_text, notices_text, looks_file;
    struct vt_mistakes mistakes; /* of all of them; without errors after a success */
};

/* Read and check configuration, policy and trust sources, and what the machine has of that they
 * name, as one. The mistakes stand in *out also after a failure: vt_loaded_clear in any case.
 * VT_E_CONFIG: there are errors among them. */
enum vt_code vt_loaded_read(const char *config_file, struct vt_loaded *out,
                            struct vt_err *err) VT_MUST_CHECK;
/* The same of a version that was kept: fds as vt_versions_take gives them, which are taken over.
 * Trust files and the machine are as they are now. */
enum vt_code vt_loaded_take(const char *config_file, int fds[VT_VERSION_FILES],
                            struct vt_loaded *out, struct vt_err *err) VT_MUST_CHECK;
void vt_loaded_init(struct vt_loaded *loaded);
void vt_loaded_clear(struct vt_loaded *loaded);
/* Make the folders of the roles where they are missing; as root give them to their users. */
enum vt_code vt_loaded_prepare(const struct vt_loaded *loaded, struct vt_err *err) VT_MUST_CHECK;

/* ---- listen.c ---- */

/* A listening socket. path: of a Unix socket, to be removed at the end; else NULL. */
struct vt_bound {
    int fd;
    char *address;
    char *path;
    uint64_t device, inode;
};
/* config->socket with its mode and group. A stale socket is removed. VT_E_BUSY: somebody serves it.
 */
enum vt_code vt_listen_milter(const struct vt_config *config, struct vt_bound *out,
                              struct vt_err *err) VT_MUST_CHECK;
/* config->web_listen, which is not NULL, in the same way; what connects is accepted without
 * waiting. */
enum vt_code vt_listen_web(const struct vt_config *config, struct vt_bound *out,
                           struct vt_err *err) VT_MUST_CHECK;
/* Mode and group of the configuration for sockets that stay. */
enum vt_code vt_listen_adjust(const struct vt_config *config, const struct vt_bound *milter,
                              const struct vt_bound *web, struct vt_err *err) VT_MUST_CHECK;
/* The control socket, mode 0600. */
enum vt_code vt_listen_control(const char *path, struct vt_bound *out,
                               struct vt_err *err) VT_MUST_CHECK;
/* Add to mistakes what would keep both from being made, as far as it can be seen. */
void vt_listen_check(const struct vt_config *config, struct vt_mistakes *mistakes);
/* Close; remove the file when it is still this socket. */
void vt_bound_clear(struct vt_bound *listener);

/* ---- notify.c ---- */

/* Tell systemd (sd_notify(3)): "READY=1", … Nothing happens without NOTIFY_SOCKET. */
void vt_notify(const char *state);

/* ---- control.c ---- */

#define VT_CONTROL_MAX_CLIENTS 8

enum vt_control_command {
    VT_CONTROL_NONE = 0,
    VT_CONTROL_RELOAD,
    VT_CONTROL_KEEP,
    VT_CONTROL_PREVIOUS,
    VT_CONTROL_SERVED,      /* the files of the version that serves */
    VT_CONTROL_SERVED_LAST, /* and of the one before */
    VT_CONTROL_STATUS,
    VT_CONTROL_DRAIN,
    VT_CONTROL_STATUS_ROLE,
    VT_CONTROL_REGISTRAR_ROLE,
    VT_CONTROL_SEALER_ROLE,
    VT_CONTROL_METRICS
};

/* Accept one client; -1: none, or not root and not us. */
int vt_control_accept(int listening_fd);
struct vt_control_request {
    enum vt_control_command command;
    char expected[65];            /* digest of what is to be loaded; "": whatever there is */
    int64_t confirm_secs;         /* to be kept within this time; 0: it stays */
    char by[VT_VERSION_BY_BYTES]; /* who asks, as the kernel says */
};
/* Read its command. VT_E_TIMEOUT: not there yet. Others: close it. */
enum vt_code vt_control_read(int fd, struct vt_control_request *out,
                             struct vt_err *err) VT_MUST_CHECK;
/* "root", or "root (an.nguyen)" where the process belongs to a login of another user. */
void vt_control_name_process(uid_t uid, pid_t pid, char out[VT_VERSION_BY_BYTES]);
struct vt_roles;
/* What is served; each may be NULL. */
struct vt_control_state {
    const char *mode, *socket;
    const struct vt_mistakes *warnings; /* of the configuration that is served */
    const struct vt_roles *roles;
    const struct vt_versions *versions;
    bool is_busy; /* it would go in a moment */
};
/* Answer {"ok", "text", "mistakes", "mode", "socket", "policy", "warnings", "roles"} and close fd.
 * -1 is allowed, text, mistakes and state may be NULL. */
void vt_control_answer(int fd, bool ok, const char *text, const struct vt_mistakes *mistakes,
                       const struct vt_control_state *state);
/* Answer with a connection over this channel (client end; -1: there is none), and close fd. */
void vt_control_answer_connection(int fd, int channel);
/* Answer with the files of a version, -1 for what there is not, and close fd. */
void vt_control_answer_files(int fd, int config_text, int policy_text);
/* Answer with descriptors of all metrics, for reading, and close fd. */
void vt_control_answer_metrics(int fd, const int fds[VT_ROLES], unsigned lane);

#endif
