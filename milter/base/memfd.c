/* SPDX-License-Identifier: Apache-2.0
 * What is too large for a message: sealed memory files (memfd_create(2), fcntl(2) "File seals"),
 * which nobody can change or shrink under the reader, and spool files, which are read by pread(2)
 * and never mapped because they might shrink. */
#include "vanthu/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define PRIVATE_MODE 0600
#define MAX_PATH_BYTES 4096
/* Waiting for the disk to take a list of 60 MB would hold up everything that a role serves. After
 * a power failure it may be cut short, which its reader sees, and is fetched again. */
#define MAX_FLUSHED_BYTES ((size_t)4 * 1024 * 1024)

enum vt_code vt_output_write(int fd, struct vt_bytes bytes, struct vt_err *err)
{
    size_t done = 0;
    while (done < bytes.len) {
        ssize_t written = write(fd, bytes.ptr + done, bytes.len - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return vt_err_sys(err, "writing %zu bytes", bytes.len);
        done += (size_t)written;
    }
    return VT_OK;
}

static enum vt_code write_beside(const char *beside, unsigned mode, struct vt_bytes bytes,
                                 struct vt_err *err)
{
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, PRIVATE_MODE);
    if (fd < 0)
        return vt_err_sys(err, "making %s", beside);
    enum vt_code code = vt_output_write(fd, bytes, err);
    if (code == VT_OK && mode != PRIVATE_MODE && fchmod(fd, mode) != 0)
        code = vt_err_sys(err, "setting the mode of %s", beside);
    if (code == VT_OK && bytes.len <= MAX_FLUSHED_BYTES && fsync(fd) != 0)
        code = vt_err_sys(err, "flushing %s", beside);
    if (close(fd) != 0 && code == VT_OK)
        code = vt_err_sys(err, "closing %s", beside);
    return code;
}

enum vt_code vt_output_replace(const char *path, unsigned mode, struct vt_bytes bytes,
                               struct vt_err *err)
{
    char beside[MAX_PATH_BYTES];
    /* During a reload the roles of two sets write into one folder. */
    int len = snprintf(beside, sizeof(beside), "%s.%ld.new", path, (long)getpid());
    if (len < 0 || (size_t)len >= sizeof(beside))
        return vt_err_set(err, VT_E_LIMIT, "the path %.100s… is too long", path);
    enum vt_code code = write_beside(beside, mode, bytes, err);
    if (code == VT_OK && rename(beside, path) != 0)
        code = vt_err_sys(err, "writing %s", path);
    if (code != VT_OK)
        (void)unlink(beside);
    return code;
}

enum vt_code vt_memfd_seal(const char *name, struct vt_bytes bytes, int *out_fd, struct vt_err *err)
{
    return vt_memfd_seal_parts(name, &bytes, 1, out_fd, err);
}

enum vt_code vt_memfd_seal_parts(const char *name, const struct vt_bytes *parts, size_t count,
                                 int *out_fd, struct vt_err *err)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return vt_err_sys(err, "memfd_create");
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = vt_output_write(fd, parts[i], err);
    if (code == VT_OK && fcntl(fd, F_ADD_SEALS, ALL_SEALS) != 0)
        code = vt_err_sys(err, "sealing a memory file");
    if (code != VT_OK) {
        (void)close(fd);
        return code;
    }
    *out_fd = fd;
    return VT_OK;
}

static bool is_sealed(int fd)
{
    int seals = fcntl(fd, F_GET_SEALS);
    return seals >= 0 && (seals & ALL_SEALS) == ALL_SEALS;
}

/* The size of a regular file (memory files are regular too) that is at most max_bytes. */
static enum vt_code checked_size(int fd, size_t max_bytes, size_t *out, struct vt_err *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return vt_err_sys(err, "fstat");
    if (!S_ISREG(info.st_mode) || info.st_size < 0)
        return vt_err_set(err, VT_E_FORMAT, "a descriptor is not a regular or memory file");
    if ((uintmax_t)info.st_size > max_bytes)
        return vt_err_set(err, VT_E_LIMIT, "%jd bytes are more than the maximum of %zu",
                          (intmax_t)info.st_size, max_bytes);
    *out = (size_t)info.st_size;
    return VT_OK;
}

enum vt_code vt_memfd_map(int fd, size_t max_bytes, struct vt_bytes *out, struct vt_err *err)
{
    if (!is_sealed(fd))
        return vt_err_set(err, VT_E_FORMAT, "a descriptor is not a sealed memory file");
    size_t len = 0;
    enum vt_code code = checked_size(fd, max_bytes, &len, err);
    if (code != VT_OK)
        return code;
    if (len == 0) {
        *out = VT_BYTES("");
        return VT_OK;
    }
    /* Private: kernels before 6.7 refuse a shared mapping of a file sealed against writing. */
    void *mapped = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapped == MAP_FAILED)
        return vt_err_sys(err, "mapping %zu bytes", len);
    *out = vt_bytes_of(mapped, len);
    return VT_OK;
}

static void *without_const(const void *ptr)
{
    return (void *)(uintptr_t)ptr;
}

void vt_memfd_unmap(struct vt_bytes bytes)
{
    if (bytes.ptr != NULL && bytes.len > 0)
        (void)munmap(without_const(bytes.ptr), bytes.len);
}

static enum vt_code read_all(int fd, uint8_t *into, size_t len, struct vt_err *err)
{
    size_t done = 0;
    while (done < len) {
        ssize_t got = pread(fd, into + done, len - done, (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vt_err_sys(err, "pread");
        if (got == 0)
            return vt_err_set(err, VT_E_FORMAT, "a file shrank while it was read");
        done += (size_t)got;
    }
    return VT_OK;
}

enum vt_code vt_input_read(int fd, size_t max_bytes, struct vt_bytes *out, bool *out_mapped,
                           struct vt_err *err)
{
    if (is_sealed(fd)) {
        enum vt_code code = vt_memfd_map(fd, max_bytes, out, err);
        *out_mapped = code == VT_OK;
        return code;
    }
    size_t len = 0;
    enum vt_code code = checked_size(fd, max_bytes, &len, err);
    if (code != VT_OK)
        return code;
    uint8_t *copy = malloc(len + 1);
    if (copy == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for %zu bytes", len);
    code = read_all(fd, copy, len, err);
    if (code != VT_OK) {
        free(copy);
        return code;
    }
    copy[len] = 0;
    *out = (struct vt_bytes){copy, len};
    *out_mapped = false;
    return VT_OK;
}

void vt_input_release(struct vt_bytes bytes, bool mapped)
{
    if (mapped)
        vt_memfd_unmap(bytes);
    else
        free(without_const(bytes.ptr));
}
