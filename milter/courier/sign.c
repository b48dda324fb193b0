/* SPDX-License-Identifier: Apache-2.0
 * Having notices signed, and when to do without. */
#include "courier/sign.h"

#include <stdio.h>
#include <stdlib.h>

#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/seal_notice.h"

/* Beyond what the sealer gives its HSM. */
#define EXTRA_MSECS 1000

struct vt_signing {
    const struct vt_config *config;
    int channel;
    int64_t patience_msecs;
    int64_t failing_since_msecs; /* 0: the last one was signed */
    bool is_told;                /* that notices go out unsigned */
};

enum vt_code vt_signing_new(const struct vt_config *config, int seal_channel,
                            int64_t patience_msecs, struct vt_signing **out, struct vt_err *err)
{
    *out = NULL;
    if (config->notices.sign_with == NULL)
        return VT_OK;
    struct vt_signing *signing = calloc(1, sizeof(*signing));
    if (signing == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for signing");
    signing->config = config;
    signing->channel = seal_channel;
    signing->patience_msecs = patience_msecs;
    *out = signing;
    return VT_OK;
}

void vt_signing_free(struct vt_signing *signing)
{
    free(signing);
}

static enum vt_seal_failure sign(const struct vt_signing *signing, struct vt_arena *arena,
                                 int64_t id, struct vt_bytes message, struct vt_bytes *out,
                                 struct vt_err *err)
{
    char name[40];
    enum vt_seal_failure failure = VT_SEAL_UNAVAILABLE;
    const struct vt_sealer sealer = {.channel_fd = signing->channel,
                                     .connection_fd = -1,
                                     .deadline_msecs = vt_clock_monotonic_msecs() +
                                                       signing->config->hsm_msecs + EXTRA_MSECS};
    (void)snprintf(name, sizeof(name), "notice %lld", (long long)id);
    const struct vt_seal_notice notice = {.key = signing->config->notices.sign_with,
                                          .on_behalf = name,
                                          .message = message,
                                          .now_utc_secs = vt_clock_now_utc_secs()};
    enum vt_code code = vt_seal_notice(arena, &sealer, &notice, out, &failure, err);
    if (code == VT_E_NOT_FOUND)
        return VT_SEAL_CERTIFICATE; /* the key has none, and will not have one soon */
    return code == VT_E_FORMAT ? VT_SEAL_MISUSE : failure;
}

static void note_success(struct vt_signing *signing)
{
    if (signing->is_told)
        vt_log(VT_LOG_INFO, "notices are signed again by the key %s",
               signing->config->notices.sign_with);
    signing->failing_since_msecs = 0;
    signing->is_told = false;
}

/* Once for all that follow. */
static void note_failure(struct vt_signing *signing, enum vt_seal_failure failure,
                         const struct vt_err *err)
{
    if (!signing->is_told)
        vt_log(VT_LOG_ALERT, "notices go out unsigned, the key %s does not sign (%s): %s",
               signing->config->notices.sign_with, vt_seal_failure_name(failure), err->text);
    signing->is_told = true;
}

enum vt_signed vt_signing_try(struct vt_signing *signing, struct vt_arena *arena, int64_t id,
                              struct vt_bytes message, struct vt_bytes *out)
{
    struct vt_err err = {0};
    struct vt_bytes made = {0};
    int64_t now = vt_clock_monotonic_msecs();
    enum vt_seal_failure failure = sign(signing, arena, id, message, &made, &err);
    if (failure == VT_SEAL_DONE) {
        note_success(signing);
        *out = made;
        return VT_SIGNED_DONE;
    }
    if (signing->failing_since_msecs == 0) {
        signing->failing_since_msecs = now;
        vt_log(VT_LOG_WARNING, "a notice is not signed by the key %s (%s): %s",
               signing->config->notices.sign_with, vt_seal_failure_name(failure), err.text);
    }
    /* What somebody forbade does not pass by waiting. */
    if (failure == VT_SEAL_UNAVAILABLE &&
        now - signing->failing_since_msecs < signing->patience_msecs)
        return VT_SIGNED_LATER;
    note_failure(signing, failure, &err);
    return VT_SIGNED_NOT;
}
