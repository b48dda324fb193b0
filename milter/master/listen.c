/* SPDX-License-Identifier: Apache-2.0
 * The listening sockets. The master makes and keeps them, so that what has connected waits while a
 * role restarts, and so that roles need no right to make them. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "master.h"

#define BACKLOG 1024

void vt_bound_clear(struct vt_bound *listener)
{
    struct stat info;
    if (listener->path != NULL && lstat(listener->path, &info) == 0 &&
        info.st_dev == listener->device && info.st_ino == listener->inode)
        (void)unlink(listener->path);
    if (listener->fd >= 0)
        (void)close(listener->fd);
    free(listener->path);
    free(listener->address);
    *listener = (struct vt_bound){.fd = -1};
}

static enum vt_code unix_address(const char *path, struct sockaddr_un *out, struct vt_err *err)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(out->sun_path))
        return vt_err_set(err, VT_E_CONFIG, "the socket %s has a name of more than %zu bytes", path,
                          sizeof(out->sun_path) - 1);
    memcpy(out->sun_path, path, strlen(path));
    return VT_OK;
}

/* A socket that nobody serves is left from a crash. */
static enum vt_code remove_stale(const struct sockaddr_un *address, int type, struct vt_err *err)
{
    const char *path = address->sun_path;
    struct stat info;
    if (lstat(path, &info) != 0)
        return errno == ENOENT ? VT_OK : vt_err_sys(err, "cannot look at the socket %s", path);
    if (!S_ISSOCK(info.st_mode))
        return vt_err_set(err, VT_E_CONFIG, "%s exists and is not a socket", path);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return vt_err_sys(err, "socket");
    bool served = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
    int why = errno;
    (void)close(fd);
    if (served)
        return vt_err_set(err, VT_E_BUSY, "another process serves the socket %s", path);
    errno = why;
    if (why != ECONNREFUSED)
        return vt_err_sys(err, "cannot tell whether the socket %s is in use", path);
    return unlink(path) == 0 ? VT_OK : vt_err_sys(err, "cannot remove the stale socket %s", path);
}

static enum vt_code find_group(const char *name, gid_t *out, struct vt_err *err)
{
    char *end = NULL;
    unsigned long number = strtoul(name, &end, 10);
    if (name[0] >= '0' && name[0] <= '9' && *end == '\0' && number < (gid_t)-1) {
        *out = (gid_t)number;
        return VT_OK;
    }
    const struct group *group = getgrnam(name);
    if (group == NULL)
        return vt_err_set(err, VT_E_CONFIG, "the group %s of \"socket-group\" does not exist",
                          name);
    *out = group->gr_gid;
    return VT_OK;
}

static const char *folder_of(const char *path, char *out, size_t out_bytes)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    (void)snprintf(out, out_bytes, "%.*s", len == 0 ? 1 : (int)len, len == 0 ? "." : path);
    return out;
}

#define UNIT_FOLDER "/run/vanthu"
#define CHROOT_FOLDER "/var/spool/postfix/vanthu"

/* How a folder that is missing comes. */
static const char *missing(const char *folder, char *out, size_t out_bytes)
{
    if (strcmp(folder, UNIT_FOLDER) == 0)
        (void)snprintf(out, out_bytes,
                       "the folder %s is missing: vanthu.service makes it (RuntimeDirectory=); "
                       "without systemd: mkdir %s",
                       folder, folder);
    else if (strcmp(folder, CHROOT_FOLDER) == 0)
        (void)snprintf(out, out_bytes,
                       "the folder %s is missing: systemd-tmpfiles --create vanthu.conf makes it; "
                       "without systemd: install -d -m 2750 -g postfix %s",
                       folder, folder);
    else
        (void)snprintf(out, out_bytes, "the folder %s is missing: mkdir %s", folder, folder);
    return out;
}

static enum vt_code explain_bind(const char *path, int why, struct vt_err *err)
{
    char folder[PATH_MAX], text[3 * PATH_MAX];
    if (why == ENOENT)
        return vt_err_set(err, VT_E_CONFIG, "cannot make the socket %s: %s", path,
                          missing(folder_of(path, folder, sizeof(folder)), text, sizeof(text)));
    errno = why;
    bool is_denied = (why == EACCES || why == EPERM) && geteuid() != 0;
    return vt_err_sys(err, "cannot make the socket %s%s", path,
                      is_denied ? " (start as root)" : "");
}

static enum vt_code open_to(const char *path, unsigned mode, const char *group, gid_t gid,
                            struct vt_err *err)
{
    if (group != NULL && lchown(path, (uid_t)-1, gid) != 0)
        return vt_err_sys(err, "cannot give the socket %s to the group %s", path, group);
    if (chmod(path, (mode_t)mode) != 0)
        return vt_err_sys(err, "cannot set the mode of the socket %s", path);
    return VT_OK;
}

/* From the first moment no more than its mode: bound with 0600, opened when its group is set. */
static enum vt_code bind_unix(int fd, const struct sockaddr_un *address, unsigned mode,
                              const char *group, struct vt_err *err)
{
    const char *path = address->sun_path;
    gid_t gid = (gid_t)-1;
    enum vt_code code = group == NULL ? VT_OK : find_group(group, &gid, err);
    if (code != VT_OK)
        return code;
    mode_t before = umask(0177);
    int failed = bind(fd, (const struct sockaddr *)address, sizeof(*address));
    int why = errno;
    (void)umask(before);
    errno = why;
    if (failed != 0)
        return explain_bind(path, why, err);
    return open_to(path, mode, group, gid, err);
}

static enum vt_code listen_unix(const char *path, int type, unsigned mode, const char *group,
                                struct vt_bound *out, struct vt_err *err)
{
    struct sockaddr_un address;
    struct stat info;
    enum vt_code code = unix_address(path, &address, err);
    if (code == VT_OK)
        code = remove_stale(&address, type, err);
    if (code != VT_OK)
        return code;
    out->fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (out->fd < 0)
        return vt_err_sys(err, "socket");
    code = bind_unix(out->fd, &address, mode, group, err);
    if (code != VT_OK)
        return code;
    if (listen(out->fd, BACKLOG) != 0 || lstat(path, &info) != 0)
        return vt_err_sys(err, "cannot listen on the socket %s", path);
    out->device = info.st_dev;
    out->inode = info.st_ino;
    out->path = strdup(path);
    return out->path == NULL ? vt_err_set(err, VT_E_NOMEM, "no memory") : VT_OK;
}

static enum vt_code bind_inet(const struct addrinfo *found, const char *address,
                              struct vt_bound *out, struct vt_err *err)
{
    const int yes = 1;
    out->fd = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, found->ai_protocol);
    if (out->fd < 0)
        return vt_err_sys(err, "socket");
    if (setsockopt(out->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
        bind(out->fd, found->ai_addr, found->ai_addrlen) != 0 || listen(out->fd, BACKLOG) != 0)
        return errno == EADDRINUSE
                   ? vt_err_set(err, VT_E_BUSY, "another process listens on %s", address)
                   : vt_err_sys(err, "cannot listen on %s", address);
    return VT_OK;
}

/* "inet:PORT@HOST", "inet6:PORT@HOST", as milters write it. */
static enum vt_code find_inet(const char *address, struct addrinfo **out, struct vt_err *err)
{
    const char *port = strchr(address, ':') + 1;
    const char *at = strchr(port, '@');
    char service[8];
    if (at == NULL || at[1] == '\0' || (size_t)(at - port) >= sizeof(service))
        return vt_err_set(err, VT_E_CONFIG, "the socket %s is not of the form inet:PORT@HOST",
                          address);
    memcpy(service, port, (size_t)(at - port));
    service[at - port] = '\0';
    const struct addrinfo hints = {.ai_family =
                                       strncmp(address, "inet6:", 6) == 0 ? AF_INET6 : AF_INET,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    int failed = getaddrinfo(at + 1, service, &hints, out);
    return failed == 0 ? VT_OK
                       : vt_err_set(err, VT_E_CONFIG, "the host of the socket %s is not known: %s",
                                    address, gai_strerror(failed));
}

static enum vt_code listen_inet(const char *address, struct vt_bound *out, struct vt_err *err)
{
    struct addrinfo *found = NULL;
    enum vt_code code = find_inet(address, &found, err);
    if (code != VT_OK)
        return code;
    code = bind_inet(found, address, out, err);
    freeaddrinfo(found);
    return code;
}

static enum vt_code listen_on(const char *address, unsigned mode, const char *group,
                              struct vt_bound *out, struct vt_err *err)
{
    *out = (struct vt_bound){.fd = -1};
    out->address = strdup(address);
    enum vt_code code = out->address == NULL ? vt_err_set(err, VT_E_NOMEM, "no memory")
                        : strncmp(address, "unix:", 5) == 0
                            ? listen_unix(address + 5, SOCK_STREAM, mode, group, out, err)
                            : listen_inet(address, out, err);
    if (code != VT_OK)
        vt_bound_clear(out);
    return code;
}

enum vt_code vt_listen_milter(const struct vt_config *config, struct vt_bound *out,
                              struct vt_err *err)
{
    return listen_on(config->socket, config->socket_mode, config->socket_group, out, err);
}

enum vt_code vt_listen_web(const struct vt_config *config, struct vt_bound *out, struct vt_err *err)
{
    enum vt_code code =
        listen_on(config->web_listen, config->web_socket_mode, config->web_socket_group, out, err);
    if (code == VT_OK && fcntl(out->fd, F_SETFL, O_NONBLOCK) != 0) {
        code = vt_err_sys(err, "fcntl of the socket %s", config->web_listen);
        vt_bound_clear(out);
    }
    return code;
}

static enum vt_code adjust(const struct vt_bound *listener, unsigned mode, const char *group,
                           struct vt_err *err)
{
    gid_t gid = (gid_t)-1;
    enum vt_code code = VT_OK;
    if (listener->path == NULL)
        return VT_OK;
    if (group != NULL)
        code = find_group(group, &gid, err);
    return code != VT_OK ? code : open_to(listener->path, mode, group, gid, err);
}

enum vt_code vt_listen_adjust(const struct vt_config *config, const struct vt_bound *milter,
                              const struct vt_bound *web, struct vt_err *err)
{
    enum vt_code code = adjust(milter, config->socket_mode, config->socket_group, err);
    return code != VT_OK ? code
                         : adjust(web, config->web_socket_mode, config->web_socket_group, err);
}

enum vt_code vt_listen_control(const char *path, struct vt_bound *out, struct vt_err *err)
{
    *out = (struct vt_bound){.fd = -1};
    enum vt_code code = listen_unix(path, SOCK_SEQPACKET, 0600, NULL, out, err);
    if (code == VT_OK) {
        out->address = strdup(path);
        code = out->address == NULL ? vt_err_set(err, VT_E_NOMEM, "no memory") : VT_OK;
    }
    if (code != VT_OK)
        vt_bound_clear(out);
    return code;
}

/* ---- whether they could be made ---- */

/* The folder that the unit makes may come with the start. */
static void check_place(const struct vt_config *config, const char *key, const char *path,
                        struct vt_mistakes *mistakes)
{
    char folder[PATH_MAX], text[3 * PATH_MAX];
    struct stat info;
    (void)folder_of(path, folder, sizeof(folder));
    if (stat(folder, &info) != 0 && errno == ENOENT)
        vt_config_mistake(config, mistakes, key, strcmp(folder, UNIT_FOLDER) == 0, "%s",
                          missing(folder, text, sizeof(text)));
    else if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0)
        vt_config_mistake(config, mistakes, key, false,
                          "no socket can be made in the folder %s: %s%s", folder, strerror(errno),
                          geteuid() == 0 ? "" : "; start as root");
    else if (lstat(path, &info) == 0 && !S_ISSOCK(info.st_mode))
        vt_config_mistake(config, mistakes, key, false, "%s exists and is not a socket", path);
}

static void check_listener(const struct vt_config *config, bool is_web, const char *address,
                           const char *group, struct vt_mistakes *mistakes)
{
    struct vt_err err = {0};
    struct addrinfo *found = NULL;
    gid_t gid;
    const char *key = is_web ? "web.listen" : "socket";
    if (strncmp(address, "unix:", 5) == 0) {
        check_place(config, key, address + 5, mistakes);
        if (group != NULL && find_group(group, &gid, &err) != VT_OK)
            vt_config_mistake(config, mistakes, is_web ? "web.socket-group" : "socket-group", false,
                              "%s", err.text);
    } else if (find_inet(address, &found, &err) != VT_OK) {
        vt_config_mistake(config, mistakes, key, false, "%s", err.text);
    } else {
        freeaddrinfo(found);
    }
}

void vt_listen_check(const struct vt_config *config, struct vt_mistakes *mistakes)
{
    check_place(config, "control-socket", config->control_socket, mistakes);
    check_listener(config, false, config->socket, config->socket_group, mistakes);
    if (config->web_listen != NULL)
        check_listener(config, true, config->web_listen, config->web_socket_group, mistakes);
}
