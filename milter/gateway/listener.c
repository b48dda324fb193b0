/* SPDX-License-Identifier: Apache-2.0
 * Switching the socket behind libmilter's descriptor. accept(2) on a socket without a connection
 * must give EAGAIN, which libmilter passes over in silence: all are non-blocking. */
#include "gateway/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG (VT_KICKS + 1)

static int listening(const struct sockaddr *address, socklen_t address_bytes)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && (bind(fd, address, address_bytes) != 0 || listen(fd, BACKLOG) != 0)) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

/* A path of any length in a folder, by its descriptor. */
static void name_in(int directory, const char *what, struct sockaddr_un *out, const char **out_file)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    int prefix = snprintf(out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d/", directory);
    snprintf(out->sun_path + prefix, sizeof(out->sun_path) - (size_t)prefix, ".%s.%ld", what,
             (long)getpid());
    *out_file = out->sun_path + prefix;
}

/* A socket file that is gone at once: nobody can connect. */
static int unreachable(int directory)
{
    struct sockaddr_un address;
    const char *file = NULL;
    name_in(directory, "closed", &address, &file);
    unlinkat(directory, file, 0);
    int fd = listening((const struct sockaddr *)&address, sizeof(address));
    unlinkat(directory, file, 0);
    return fd;
}

static enum vt_code unix_gate(struct vt_listener *listener, struct vt_kick *kick, int directory,
                              struct vt_err *err)
{
    struct sockaddr_un address;
    const char *file = NULL;
    name_in(directory, "gate", &address, &file);
    unlinkat(directory, file, 0);
    listener->number = listening((const struct sockaddr *)&address, sizeof(address));
    enum vt_code code =
        listener->number >= 0
            ? vt_kick_connect(kick, (const struct sockaddr *)&address, sizeof(address), err)
            : vt_err_sys(err, "cannot make a socket in the spool folder");
    unlinkat(directory, file, 0);
    return code;
}

/* libmilter drops a connection of another family than that of its first socket. */
static enum vt_code inet_gate(struct vt_listener *listener, struct vt_kick *kick,
                              sa_family_t family, struct vt_err *err)
{
    struct sockaddr_storage address = {.ss_family = family};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t len = family == AF_INET ? sizeof(v4) : sizeof(v6);
    memcpy(&address, family == AF_INET ? (const void *)&v4 : (const void *)&v6, len);
    listener->number = listening((const struct sockaddr *)&address, len);
    if (listener->number < 0 ||
        getsockname(listener->number, (struct sockaddr *)&address, &len) != 0)
        return vt_err_sys(err, "cannot make a socket on the loopback address");
    return vt_kick_connect(kick, (const struct sockaddr *)&address, len, err);
}

enum vt_code vt_listener_prepare(struct vt_listener *listener, struct vt_kick *kick,
                                 int milter_socket, const char *directory, struct vt_err *err)
{
    enum vt_code code = VT_E_INTERNAL;
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof(address);
    *listener = (struct vt_listener){.number = -1, .open = milter_socket, .closed = -1};
    vt_kick_init(kick);
    int flags = fcntl(milter_socket, F_GETFL);
    int folder = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        code = vt_err_sys(err, "cannot open the spool folder %s", directory);
        goto done;
    }
    if (flags < 0 || fcntl(milter_socket, F_SETFL, flags | O_NONBLOCK) != 0 ||
        getsockname(milter_socket, (struct sockaddr *)&address, &len) != 0) {
        code = vt_err_sys(err, "the milter socket cannot be used");
        goto done;
    }
    listener->closed = unreachable(folder);
    if (listener->closed < 0) {
        code = vt_err_sys(err, "cannot make a socket in %s", directory);
        goto done;
    }
    code = address.ss_family == AF_UNIX ? unix_gate(listener, kick, folder, err)
                                        : inet_gate(listener, kick, address.ss_family, err);
done:
    if (folder >= 0)
        close(folder);
    if (code != VT_OK) {
        vt_listener_clear(listener);
        vt_kick_clear(kick);
    }
    return code;
}

static void nothing(int number)
{
    (void)number;
}

enum vt_code vt_listener_take_thread(struct vt_listener *listener, struct vt_err *err)
{
    const struct sigaction action = {.sa_handler = nothing};
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, SIGUSR1);
    listener->thread = pthread_self();
    if (sigaction(SIGUSR1, &action, NULL) != 0 || pthread_sigmask(SIG_UNBLOCK, &only, NULL) != 0)
        return vt_err_sys(err, "cannot take SIGUSR1");
    return VT_OK;
}

void vt_listener_wake(const struct vt_listener *listener)
{
    pthread_kill(listener->thread, SIGUSR1);
}

/* A poll(2) that began before goes on looking at the old socket: begin a new one. */
static void replace(struct vt_listener *listener, int with)
{
    while (dup3(with, listener->number, O_CLOEXEC) < 0 && errno == EINTR) {
    }
    vt_listener_wake(listener);
}

enum vt_code vt_listener_open(struct vt_listener *listener, struct vt_kick *kick,
                              int64_t deadline_msecs, struct vt_err *err)
{
    enum vt_code code = vt_kick_wait_accepted(kick, deadline_msecs, err);
    replace(listener, listener->open);
    return code;
}

void vt_listener_close(struct vt_listener *listener)
{
    replace(listener, listener->closed);
}

void vt_listener_clear(struct vt_listener *listener)
{
    int *fds[] = {&listener->number, &listener->closed};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (*fds[i] >= 0)
            close(*fds[i]);
        *fds[i] = -1;
    }
}
