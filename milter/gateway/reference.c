/* SPDX-License-Identifier: Apache-2.0
 * Giving references: a count that clock, gateways in drain and their successors share. */
#include "gateway/reference.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define EPOCH_UTC_MSECS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */
#define TICK_MSECS 100
#define DAY_TICKS (UINT64_C(24) * 3600 * 10)
#define TICKS_MODULUS UINT64_C(10000000000)

static unsigned gateway_number(const char *hostname)
{
    unsigned sum = 0, digit = 10;
    for (const char *c = hostname; *c != '\0' && *c != '.'; c++) {
        sum += (unsigned char)*c;
        if (*c >= '0' && *c <= '9')
            digit = (unsigned)(*c - '0');
    }
    return digit < 10 ? digit : sum % 10;
}

enum vt_code vt_reference_init(struct vt_reference *reference, const char *hostname,
                               const char *directory, struct vt_err *err)
{
    enum vt_code code = VT_E_INTERNAL;
    int dir = -1, fd = -1;
    reference->gateway = gateway_number(hostname);
    atomic_store(&reference->own, 0);
    reference->last = &reference->own;
    reference->shared = NULL;
    dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0)
        fd = openat(dir, "reference", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        code = vt_err_sys(err, "%s/reference", directory);
        goto done;
    }
    /* A hole would be filled by writing to the mapping, and a full disk then ends the process. */
    errno = posix_fallocate(fd, 0, sizeof(uint64_t));
    if (errno != 0) {
        code = vt_err_sys(err, "%s/reference", directory);
        goto done;
    }
    void *shared = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED) {
        code = vt_err_sys(err, "%s/reference", directory);
        goto done;
    }
    reference->shared = shared;
    reference->last = shared;
    code = VT_OK;
done:
    if (fd >= 0)
        close(fd);
    if (dir >= 0)
        close(dir);
    return code;
}

void vt_reference_clear(struct vt_reference *reference)
{
    if (reference->shared != NULL)
        munmap(reference->shared, sizeof(uint64_t));
    reference->shared = NULL;
    reference->last = &reference->own;
}

/* One more than the last, or the clock's count when that is ahead. A count far in the future is a
 * damaged file or a clock that was wrong: the clock wins. */
static uint64_t next_ticks(struct vt_reference *reference, uint64_t now_ticks)
{
    uint64_t last = atomic_load(reference->last), next = 0;
    do {
        bool is_usable = last >= now_ticks && last - now_ticks < DAY_TICKS;
        next = is_usable ? last + 1 : now_ticks;
    } while (!atomic_compare_exchange_weak(reference->last, &last, next));
    return next;
}

char *vt_reference_next(struct vt_reference *reference, int64_t now_utc_msecs,
                        char out[VT_REFERENCE_BYTES])
{
    int64_t since = now_utc_msecs > EPOCH_UTC_MSECS ? now_utc_msecs - EPOCH_UTC_MSECS : 0;
    uint64_t ticks = next_ticks(reference, (uint64_t)since / TICK_MSECS) % TICKS_MODULUS;
    char digits[VT_REFERENCE_DIGITS + 1];
    snprintf(digits, sizeof(digits), "%u%010" PRIu64, reference->gateway % 10, ticks);
    return vt_reference_format(out, digits);
}
