/* SPDX-License-Identifier: Apache-2.0
 * Time stamp tokens of heads, judged as those of documents are. */
#include <string.h>
#include <unistd.h>

#include "command/check.h"
#include "command/head.h"
#include "vanthu/clock.h"
#include "vanthu/wire.h"

#define JUDGE_ARENA_BYTES (256u * 1024 * 1024)
#define TOKEN_MSECS 60000

static enum vt_code start(struct vt_token_judge *judge, struct vt_err *err)
{
    if (judge->roles != NULL)
        return VT_OK;
    judge->arena = vt_arena_new(JUDGE_ARENA_BYTES);
    if (judge->arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for time stamps");
    return vt_role_set_start_local(judge->desk->config, &judge->desk->check->overrides,
                                   judge->desk->check->offline, &judge->roles, err);
}

void vt_token_judge_clear(struct vt_token_judge *judge)
{
    vt_role_set_stop(judge->roles);
    vt_arena_free(judge->arena);
    judge->roles = NULL;
    judge->arena = NULL;
}

/* The child took the reply off it. */
static enum vt_code take_token(struct vt_token_judge *judge, int objects_fd, const char *sha256,
                               struct vt_bytes *out, struct vt_err *err)
{
    struct vt_object *objects = NULL;
    struct vt_bytes mapped = {0};
    size_t count = 0;
    enum vt_code code =
        vt_memfd_map(objects_fd, VT_MAX_OBJECTS_BYTES + VT_MAX_OBJECTS_HEAD_BYTES, &mapped, err);
    if (code == VT_OK)
        code = vt_objects_read(judge->arena, mapped, &objects, &count, err);
    for (size_t i = 0; code == VT_OK && i < count; i++) {
        if (objects[i].kind != VT_OBJECT_TIMESTAMP || strcmp(objects[i].sha256, sha256) != 0)
            continue;
        *out = vt_bytes_of(vt_arena_dup(judge->arena, objects[i].bytes.ptr, objects[i].bytes.len),
                           objects[i].bytes.len);
        if (out->ptr == NULL)
            code = vt_err_set(err, VT_E_NOMEM, "no memory for time stamps");
    }
    vt_memfd_unmap(mapped);
    return code;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
}

static void read_verdict(const struct vt_document *document, struct vt_token_verdict *out)
{
    const struct vt_signature *signature = &document->signatures[0];
    *out = (struct vt_token_verdict){.is_good = signature->indication == VT_TOTAL_PASSED,
                                     .has_chain = document->sha256[0] != '\0',
                                     .time_utc_secs = VT_TIME_NONE};
    for (size_t i = 0; out->has_chain && i < sizeof(out->chain); i++)
        out->chain[i] = (uint8_t)(digit_of(document->sha256[2 * i]) << 4 |
                                  digit_of(document->sha256[2 * i + 1]));
    if (signature->timestamps_count > 0) {
        out->time_utc_secs = signature->timestamps[0].time_utc_secs;
        out->authority = signature->timestamps[0].tsa;
    }
    if (!out->is_good && signature->findings_count > 0)
        out->why = signature->findings[0];
}

static enum vt_code ask(struct vt_token_judge *judge, int fd, struct vt_token_verdict *out,
                        struct vt_err *err)
{
    const struct vt_config *config = judge->desk->config;
    struct vt_evidence *evidence = NULL;
    struct vt_inspection inspection = {
        .inspect_fd = vt_role_set_inspect_fd(judge->roles),
        .status_fd = vt_role_set_status_fd(judge->roles),
        .record_fd = -1,
        .mail_fd = fd,
        .is_token = true,
        .with_objects = true,
        .now_utc_secs = vt_clock_now_utc_secs(),
        .deadline_msecs = vt_clock_monotonic_msecs() + TOKEN_MSECS,
        .inspection_msecs = config->inspection_msecs,
        .status_msecs = config->status_msecs,
        .offline = judge->desk->check->offline,
    };
    enum vt_code code = vt_inspection_run(judge->arena, &inspection, &evidence, err);
    if (code == VT_OK &&
        (evidence->documents_count != 1 || evidence->documents[0].signatures_count != 1))
        code = vt_err_set(err, VT_E_PEER, "the inspector answered something else than asked");
    if (code == VT_OK)
        read_verdict(&evidence->documents[0], out);
    if (code == VT_OK && evidence->documents[0].signatures[0].timestamps_count > 0)
        code =
            take_token(judge, inspection.objects_fd,
                       evidence->documents[0].signatures[0].timestamps[0].sha256, &out->token, err);
    if (inspection.objects_fd >= 0)
        (void)close(inspection.objects_fd);
    return code;
}

enum vt_code vt_token_judge_one(struct vt_token_judge *judge, struct vt_bytes bytes,
                                struct vt_token_verdict *out, struct vt_err *err)
{
    int fd = -1;
    *out = (struct vt_token_verdict){.time_utc_secs = VT_TIME_NONE};
    enum vt_code code = start(judge, err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-token", bytes, &fd, err);
    if (code != VT_OK)
        return code;
    code = ask(judge, fd, out, err);
    (void)close(fd);
    return code;
}
