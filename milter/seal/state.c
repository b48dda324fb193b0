/* SPDX-License-Identifier: Apache-2.0
 * Small locked files. A file that was cut by a loss of power reads as empty. */
#include "seal/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define MAX_STATE_BYTES 8192

static json_t *read_state(int fd)
{
    char text[MAX_STATE_BYTES];
    ssize_t len = pread(fd, text, sizeof(text), 0);
    json_t *state = len > 0 ? json_loadb(text, (size_t)len, 0, NULL) : NULL;
    if (json_is_object(state))
        return state;
    json_decref(state);
    return json_object();
}

enum vt_code vt_seal_state_open(const char *directory, const char *name, int *out_fd, json_t **out,
                                struct vt_err *err)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s/%s", directory, name);
    if (len < 0 || (size_t)len >= sizeof(path))
        return vt_err_set(err, VT_E_CONFIG, "the name of seal.directory is too long");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return vt_err_sys(err, "cannot open %s", path);
    while (flock(fd, LOCK_EX) != 0)
        if (errno != EINTR) {
            enum vt_code code = vt_err_sys(err, "cannot lock %s", path);
            (void)close(fd);
            return code;
        }
    *out = read_state(fd);
    *out_fd = fd;
    if (*out != NULL)
        return VT_OK;
    (void)close(fd);
    return vt_err_set(err, VT_E_NOMEM, "no memory");
}

enum vt_code vt_seal_state_write(int fd, const json_t *state, bool durable, struct vt_err *err)
{
    char *text = json_dumps(state, JSON_COMPACT);
    size_t len = text == NULL ? 0 : strlen(text);
    enum vt_code code = VT_OK;
    if (text == NULL || len > MAX_STATE_BYTES)
        code = vt_err_set(err, VT_E_NOMEM, "no memory");
    else if (pwrite(fd, text, len, 0) != (ssize_t)len || ftruncate(fd, (off_t)len) != 0 ||
             (durable && fsync(fd) != 0))
        code = vt_err_sys(err, "cannot write into seal.directory");
    free(text);
    return code;
}
