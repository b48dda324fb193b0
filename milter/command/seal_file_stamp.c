/* SPDX-License-Identifier: Apache-2.0
 * vanthu seal FILE: the time stamp over the signature, had by the running service, where the level
 * of the key asks for one. */
#include <sysexits.h>
#include <unistd.h>

#include "command/seal.h"
#include "vanthu/clock.h"
#include "vanthu/role.h"
#include "vanthu/stamp.h"

#define GRACE_MSECS 2000

bool vt_seal_file_wants_stamp(const struct vt_sealed_file *file)
{
    return file->key->level != VT_SEAL_LEVEL_B && file->command->config->timestamp.urls.count > 0;
}

static enum vt_code ask(struct vt_sealed_file *file, struct vt_stamped_answer *out,
                        struct vt_err *err)
{
    const struct vt_config *config = file->command->config;
    struct vt_stamper stamper = {.channel_fd = -1,
                                 .deadline_msecs = vt_clock_monotonic_msecs() +
                                                   config->timestamp.timeout_msecs + GRACE_MSECS};
    enum vt_code code =
        vt_control_connect_status(config->control_socket, &stamper.connection_fd, err);
    if (code != VT_OK)
        return code;
    code = vt_stamp_ask(file->arena, &stamper, vt_buf_bytes(&file->signature), out, err);
    (void)close(stamper.connection_fd);
    return code;
}

int vt_seal_file_stamp(struct vt_sealed_file *file)
{
    struct vt_stamped_answer answer = {.url = NULL};
    struct vt_err err = {0};
    if (!vt_seal_file_wants_stamp(file))
        return EX_OK;
    enum vt_code code = ask(file, &answer, &err);
    if (code == VT_OK && answer.token.len > 0) {
        file->token = answer.token;
        return EX_OK;
    }
    return vt_seal_file_say(
        file, file->command->config->timestamp.is_required ? EX_TEMPFAIL : EX_OK,
        "không có dấu thời gian", "there is no time stamp", code == VT_OK ? answer.text : err.text);
}
