/* SPDX-License-Identifier: Apache-2.0
 * A mail or a file of this machine, inspected as the gateway would have it inspected. */
#include "command/inspect.h"

#include <string.h>
#include <unistd.h>

#include "vanthu/wire.h"

/* One file has as long as one mail at the gateway would have without a waiting MTA. */
#define FILE_BUDGET_MSECS 60000

/* The sandboxed child did not answer: the file counts as not checked, never as unsigned. */
static enum vt_code not_checked(struct vt_arena *arena, const char *file,
                                const struct vt_mail *mail, enum vt_reason reason,
                                const struct vt_err *why, struct vt_evidence **out)
{
    struct vt_evidence *evidence = vt_arena_alloc(arena, sizeof(*evidence));
    if (evidence == NULL)
        return VT_E_NOMEM;
    fprintf(stderr, "vanthu: %s: %s\n", file, why->text);
    evidence->mail = *mail;
    evidence->reasons = VT_REASON_BIT(reason);
    *out = evidence;
    return vt_findings_add(arena, &evidence->findings, &evidence->findings_count, "%s", why->text);
}

static enum vt_code inspect_bytes(const struct vt_inspecting *how, struct vt_arena *arena,
                                  const char *file, struct vt_bytes bytes,
                                  const struct vt_mail *mail, struct vt_evidence **out,
                                  struct vt_err *err)
{
    int mail_fd = -1;
    enum vt_code code = vt_memfd_seal("vanthu-check", bytes, &mail_fd, err);
    if (code != VT_OK)
        return code;
    struct vt_inspection inspection = {
        .record_fd = -1,
        .inspect_fd = vt_role_set_inspect_fd(how->roles),
        .status_fd = vt_role_set_status_fd(how->roles),
        .mail_fd = mail_fd,
        .name = strcmp(file, "-") == 0 ? NULL : vt_command_base_name(file),
        .mail = mail,
        .is_class_given = how->is_class_given,
        .now_utc_secs = how->now_utc_secs,
        .is_now_given = how->is_now_given,
        .deadline_msecs = vt_clock_monotonic_msecs() + FILE_BUDGET_MSECS,
        .inspection_msecs = how->config->inspection_msecs,
        .status_msecs = how->config->status_msecs,
        .offline = how->offline,
    };
    code = vt_inspection_run(arena, &inspection, out, err);
    (void)close(mail_fd);
    return code;
}

enum vt_code vt_command_inspect(const struct vt_inspecting *how, struct vt_arena *arena,
                                const char *file, const struct vt_mail *mail,
                                struct vt_evidence **out, struct vt_err *err)
{
    struct vt_buf bytes;
    enum vt_code code = vt_command_read_file(file, VT_MAX_MAIL_BYTES, &bytes, err);
    if (code == VT_OK) {
        code = inspect_bytes(how, arena, file, vt_buf_bytes(&bytes), mail, out, err);
        if (code == VT_E_PEER || code == VT_E_TIMEOUT)
            code = not_checked(arena, file, mail, VT_REASON_NOT_CHECKED, err, out);
    } else if (code == VT_E_LIMIT) {
        code = not_checked(arena, file, mail, VT_REASON_TOO_LARGE, err, out);
    }
    vt_buf_clear(&bytes);
    return code;
}
