/* SPDX-License-Identifier: Apache-2.0
 * A PIN in memory. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "seal/login.h"

/* PINs are short, tokens of services are not. */
#define MAX_PIN_BYTES 1023

static enum vt_code make_page(struct vt_pin *out, struct vt_err *err)
{
    size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return vt_err_sys(err, "no memory for a PIN");
    *out = (struct vt_pin){.page = page, .page_bytes = bytes};
    (void)madvise(page, bytes, MADV_DONTDUMP);
    if (mlock(page, bytes) == 0)
        return VT_OK;
    enum vt_code code = vt_err_sys(err, "the memory of a PIN cannot be kept from the swap space");
    vt_pin_wipe(out);
    return code;
}

enum vt_code vt_pin_copy(struct vt_bytes bytes, size_t room_bytes, struct vt_pin *out,
                         struct vt_err *err)
{
    enum vt_code code = make_page(out, err);
    if (code != VT_OK)
        return code;
    if (bytes.len > out->page_bytes || room_bytes > out->page_bytes) {
        code = vt_err_set(err, VT_E_LIMIT, "a secret has more than %zu bytes", out->page_bytes);
        vt_pin_wipe(out);
        return code;
    }
    if (bytes.len > 0)
        memcpy(out->page, bytes.ptr, bytes.len);
    out->len = bytes.len;
    return VT_OK;
}

enum vt_code vt_pin_read(int fd, struct vt_pin *out, struct vt_err *err)
{
    enum vt_code code = make_page(out, err);
    if (code != VT_OK)
        return code;
    ssize_t got;
    do
        got = pread(fd, out->page, MAX_PIN_BYTES + 2, 0);
    while (got < 0 && errno == EINTR);
    size_t len = got < 0 ? 0 : (size_t)got;
    if (len > 0 && out->page[len - 1] == '\n')
        len--;
    if (len > 0 && out->page[len - 1] == '\r')
        len--;
    out->len = len;
    if (got < 0)
        code = vt_err_sys(err, "the file of the PIN");
    else if (len == 0 || len > MAX_PIN_BYTES || memchr(out->page, '\n', len) != NULL)
        code = vt_err_set(err, VT_E_CONFIG, "it has to hold one line: the PIN or secret");
    if (code != VT_OK)
        vt_pin_wipe(out);
    return code;
}

enum vt_code vt_pin_read_file(const char *file, struct vt_pin *out, struct vt_err *err)
{
    struct stat info;
    struct vt_err inner = {0};
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        (void)vt_err_sys(err, "the file %s cannot be read", file);
        return VT_E_CONFIG;
    }
    enum vt_code code = VT_OK;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        code = vt_err_set(err, VT_E_CONFIG, "the file %s is no regular file", file);
    else if ((info.st_mode & 077) != 0)
        code = vt_err_set(err, VT_E_CONFIG,
                          "the file %s may be read by others than its owner: chmod 0400 %s", file,
                          file);
    else if (vt_pin_read(fd, out, &inner) != VT_OK)
        code = vt_err_set(err, VT_E_CONFIG, "the file %s: %s", file, inner.text);
    (void)close(fd);
    return code;
}

void vt_pin_wipe(struct vt_pin *pin)
{
    if (pin->page != NULL) {
        explicit_bzero(pin->page, pin->page_bytes);
        (void)munmap(pin->page, pin->page_bytes);
    }
    *pin = (struct vt_pin){0};
}

struct vt_bytes vt_pin_bytes(const struct vt_pin *pin)
{
    return vt_bytes_of(pin->page, pin->len);
}
