/* SPDX-License-Identifier: Apache-2.0
 * The files of trust sets as bytes, and the file "confirmed": the fingerprints that an
 * administrator compared. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trust/store.h"

#define MAX_FILE_BYTES (4u * 1024 * 1024)

enum vt_code vt_trust_file_read(const char *path, uint8_t **out, size_t *out_len,
                                struct vt_err *err)
{
    enum vt_code code = VT_E_INTERNAL;
    struct stat status;
    uint8_t *bytes = NULL;
    size_t len = 0;
    /* A pipe of that name must not stop us. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) != 0) {
        code = vt_err_sys(err, "%s cannot be read", path);
        goto done;
    }
    if (!S_ISREG(status.st_mode) || status.st_size > (off_t)MAX_FILE_BYTES) {
        code = vt_err_set(err, VT_E_CONFIG, "%s is not a file of at most %u bytes", path,
                          MAX_FILE_BYTES);
        goto done;
    }
    bytes = malloc((size_t)status.st_size + 1);
    if (bytes == NULL) {
        code = vt_err_set(err, VT_E_NOMEM, "out of memory while reading %s", path);
        goto done;
    }
    while (len < (size_t)status.st_size) {
        ssize_t got = read(fd, bytes + len, (size_t)status.st_size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    *out = bytes;
    *out_len = len;
    bytes = NULL;
    code = VT_OK;
done:
    free(bytes);
    if (fd >= 0)
        (void)close(fd);
    return code;
}

/* ---- confirmed ---- */

/* One line without what stands behind "#"; NULL: nothing else stands in it. VT_E_FORMAT: it is no
 * SHA-256 fingerprint (RFC 8122 5 has the form with colons). */
static enum vt_code read_line(struct vt_arena *arena, struct vt_bytes line, const char **out)
{
    char digits[65];
    size_t count = 0;
    *out = NULL;
    for (size_t i = 0; i < line.len && line.ptr[i] != '#'; i++) {
        char c = (char)line.ptr[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == ':')
            continue;
        if (c >= 'A' && c <= 'F')
            c = (char)(c - 'A' + 'a');
        if (strchr("0123456789abcdef", c) == NULL || c == '\0' || count == 64)
            return VT_E_FORMAT;
        digits[count++] = c;
    }
    if (count == 0)
        return VT_OK;
    if (count != 64)
        return VT_E_FORMAT;
    *out = vt_arena_dup(arena, digits, count);
    return *out != NULL ? VT_OK : VT_E_NOMEM;
}

static enum vt_code read_lines(struct vt_arena *arena, const char *path, struct vt_bytes rest,
                               const char ***out, size_t *out_count, struct vt_err *err)
{
    const char **items = NULL;
    size_t count = 0;
    for (unsigned number = 1; rest.len > 0; number++) {
        size_t end = vt_bytes_find(rest, VT_BYTES("\n"), 0);
        const char *fingerprint = NULL;
        enum vt_code code = read_line(arena, vt_bytes_slice(rest, 0, end), &fingerprint);
        if (code == VT_E_FORMAT) {
            vt_err_set(err, VT_E_CONFIG,
                       "%s:%u is not a SHA-256 fingerprint of 64 hexadecimal digits", path, number);
            vt_err_at(err, path, 0, 0);
            return VT_E_CONFIG;
        }
        const char **grown =
            fingerprint == NULL ? items : vt_arena_grow(arena, items, count, sizeof(*items));
        if (code != VT_OK || (fingerprint != NULL && grown == NULL))
            return vt_err_set(err, VT_E_NOMEM, "out of memory while reading %s", path);
        items = grown;
        if (fingerprint != NULL)
            items[count++] = fingerprint;
        rest = vt_bytes_slice(rest, end < rest.len ? end + 1 : rest.len, SIZE_MAX);
    }
    *out = items;
    *out_count = count;
    return VT_OK;
}

enum vt_code vt_trust_confirmed_read(struct vt_arena *arena, const char *path,
                                     const char *const **out, size_t *out_count, struct vt_err *err)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    const char **items = NULL;
    *out = NULL;
    *out_count = 0;
    if (access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return VT_OK;
    enum vt_code code = vt_trust_file_read(path, &bytes, &len, err);
    if (code == VT_OK)
        code = read_lines(arena, path, vt_bytes_of(bytes, len), &items, out_count, err);
    free(bytes);
    if (code == VT_OK)
        *out = items;
    return code;
}
