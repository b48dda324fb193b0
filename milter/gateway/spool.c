/* SPDX-License-Identifier: Apache-2.0
 * Spooling one mail. */
#include "gateway/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vanthu/wire.h"

#define ALL_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

void vt_spool_init(struct vt_spool *spool, const char *directory, size_t memory_bytes)
{
    memset(spool, 0, offsetof(struct vt_spool, pending));
    spool->pending_len = 0;
    spool->directory = directory;
    spool->memory_bytes = memory_bytes;
    spool->fd = -1;
}

void vt_spool_close(struct vt_spool *spool)
{
    if (spool->fd >= 0)
        close(spool->fd);
    spool->fd = -1;
}

/* Copy what the memory file holds so far. */
static enum vt_code copy_to(int file, int memory, struct vt_err *err)
{
    uint8_t piece[16384];
    off_t offset = 0;
    for (;;) {
        ssize_t got = pread(memory, piece, sizeof(piece), offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vt_err_sys(err, "cannot read the memory file");
        if (got == 0)
            return VT_OK;
        enum vt_code code = vt_output_write(file, vt_bytes_of(piece, (size_t)got), err);
        if (code != VT_OK)
            return code;
        offset += got;
    }
}

/* O_TMPFILE: the file never has a name, so nothing is left over whatever happens. */
static enum vt_code move_to_file(struct vt_spool *spool, struct vt_err *err)
{
    int file = open(spool->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0)
        return vt_err_sys(err, "cannot make a spool file in %s", spool->directory);
    enum vt_code code = spool->fd >= 0 ? copy_to(file, spool->fd, err) : VT_OK;
    if (code != VT_OK) {
        close(file);
        return code;
    }
    vt_spool_close(spool);
    spool->fd = file;
    spool->in_file = true;
    return VT_OK;
}

/* Write to the right place. more: the bytes about to be written. */
static enum vt_code write_out(struct vt_spool *spool, struct vt_bytes more, struct vt_err *err)
{
    if (spool->fd < 0 && !spool->in_file) {
        spool->fd = memfd_create("mail", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (spool->fd < 0)
            return vt_err_sys(err, "cannot make a memory file");
    }
    if (!spool->in_file && spool->size_bytes > spool->memory_bytes) {
        enum vt_code code = move_to_file(spool, err);
        if (code != VT_OK)
            return code;
    }
    return vt_output_write(spool->fd, more, err);
}

static enum vt_code flush(struct vt_spool *spool, struct vt_err *err)
{
    struct vt_bytes pending = {spool->pending, spool->pending_len};
    spool->pending_len = 0;
    return spool->too_large || pending.len == 0 ? VT_OK : write_out(spool, pending, err);
}

static enum vt_code add(struct vt_spool *spool, struct vt_bytes bytes, struct vt_err *err)
{
    spool->size_bytes += bytes.len;
    if (spool->size_bytes > VT_MAX_MAIL_BYTES && !spool->too_large) {
        spool->too_large = true;
        vt_spool_close(spool);
    }
    if (spool->too_large)
        return VT_OK;
    if (bytes.len > sizeof(spool->pending) - spool->pending_len) {
        enum vt_code code = flush(spool, err);
        if (code != VT_OK)
            return code;
    }
    if (bytes.len > sizeof(spool->pending))
        return write_out(spool, bytes, err);
    if (bytes.len > 0)
        memcpy(spool->pending + spool->pending_len, bytes.ptr, bytes.len);
    spool->pending_len += bytes.len;
    return VT_OK;
}

enum vt_code vt_spool_header(struct vt_spool *spool, const char *name, const char *value,
                             bool has_leading_space, struct vt_err *err)
{
    enum vt_code code = add(spool, vt_bytes_str(name), err);
    if (code == VT_OK)
        code = add(spool, has_leading_space ? VT_BYTES(":") : VT_BYTES(": "), err);
    struct vt_bytes rest = vt_bytes_str(value);
    while (code == VT_OK && rest.len > 0) {
        size_t line_feed = vt_bytes_find(rest, VT_BYTES("\n"), 0);
        struct vt_bytes line = vt_bytes_slice(rest, 0, line_feed);
        rest = vt_bytes_slice(rest, line.len + 1, SIZE_MAX);
        if (line_feed != SIZE_MAX && line.len > 0 && line.ptr[line.len - 1] == '\r')
            line.len--;
        code = add(spool, line, err);
        if (code == VT_OK && line_feed != SIZE_MAX)
            code = add(spool, VT_BYTES("\r\n"), err);
    }
    return code == VT_OK ? add(spool, VT_BYTES("\r\n"), err) : code;
}

enum vt_code vt_spool_end_headers(struct vt_spool *spool, struct vt_err *err)
{
    if (spool->headers_ended)
        return VT_OK;
    spool->headers_ended = true;
    enum vt_code code = add(spool, VT_BYTES("\r\n"), err);
    spool->body_offset_bytes = spool->size_bytes;
    return code;
}

enum vt_code vt_spool_body(struct vt_spool *spool, struct vt_bytes bytes, struct vt_err *err)
{
    enum vt_code code = vt_spool_end_headers(spool, err);
    return code == VT_OK ? add(spool, bytes, err) : code;
}

/* A descriptor that cannot write, so that nobody who holds it can change what is inspected. */
static enum vt_code reopen_for_reading(struct vt_spool *spool, struct vt_err *err)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", spool->fd);
    int reader = open(path, O_RDONLY | O_CLOEXEC);
    if (reader < 0)
        return vt_err_sys(err, "cannot open the spool file for reading");
    close(spool->fd);
    spool->fd = reader;
    return VT_OK;
}

enum vt_code vt_spool_seal(struct vt_spool *spool, int *out_fd, struct vt_err *err)
{
    enum vt_code code = vt_spool_end_headers(spool, err);
    if (code == VT_OK)
        code = flush(spool, err);
    if (code != VT_OK)
        return code;
    if (spool->too_large)
        return vt_err_set(err, VT_E_LIMIT, "the mail is larger than %u bytes", VT_MAX_MAIL_BYTES);
    if (spool->in_file)
        code = reopen_for_reading(spool, err);
    else if (fcntl(spool->fd, F_ADD_SEALS, ALL_SEALS) != 0)
        code = vt_err_sys(err, "cannot seal the mail");
    if (code == VT_OK)
        *out_fd = spool->fd;
    return code;
}
