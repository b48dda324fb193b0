/* SPDX-License-Identifier: Apache-2.0
 * vanthu seal FILE: what validates the seal of a PDF, put into it. */
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/seal.h"
#include "vanthu/clock.h"
#include "vanthu/role.h"
#include "vanthu/seal_pdf.h"
#include "vanthu/wire.h"

#define STEP_MSECS 60000

static int fault(const struct vt_sealed_file *file, const char *why)
{
    return vt_seal_file_say(file, EX_OK, "không đưa được dữ liệu xác minh vào tệp",
                            "validation data could not be put in", why);
}

static enum vt_code put_in(struct vt_sealed_file *file, int pdf_fd, struct vt_sealing_store *out,
                           struct vt_err *err)
{
    int fds[2] = {file->objects_fd, -1};
    const struct vt_sealing sealing = {.inspect_fd = vt_role_set_inspect_fd(file->roles),
                                       .mail_fd = pdf_fd,
                                       .deadline_msecs = vt_clock_monotonic_msecs() + STEP_MSECS};
    enum vt_code code = vt_sealing_fetched(file->arena, vt_role_set_status_fd(file->roles),
                                           file->objects_fd, VT_MAX_SEAL_CRL_BYTES, &fds[1], err);
    if (code == VT_OK)
        code = vt_sealing_store(file->arena, &sealing, fds, fds[1] < 0 ? 1 : 2, out, err);
    if (fds[1] >= 0)
        (void)close(fds[1]);
    return code;
}

static int add(struct vt_sealed_file *file, struct vt_bytes more)
{
    struct vt_bytes both = vt_arena_join(file->arena, file->made, more);
    if (both.len == 0)
        return fault(file, "out of memory");
    file->made = both;
    return vt_seal_file_judge(file);
}

/* The seal itself stands without: what is missing can be put in later by others. */
int vt_seal_file_store(struct vt_sealed_file *file)
{
    struct vt_sealing_store store = {.why = NULL};
    struct vt_err err = {0};
    const struct vt_bytes parts[] = {vt_buf_bytes(&file->bytes), file->made};
    int fd = -1;
    if (file->kind != VT_SEAL_FILE_PDF || file->key->level != VT_SEAL_LEVEL_LT ||
        file->token.len == 0 || file->objects_fd < 0)
        return EX_OK;
    enum vt_code code = vt_memfd_seal_parts("vanthu-sealed", parts, 2, &fd, &err);
    if (code == VT_OK) {
        code = put_in(file, fd, &store, &err);
        (void)close(fd);
    }
    if (code != VT_OK || store.why != NULL)
        return fault(file, code != VT_OK ? err.text : store.why);
    if (store.left_out_count > 0)
        (void)fault(file, "some are too large, or not at hand");
    return store.made.len > 0 ? add(file, store.made) : EX_OK;
}
