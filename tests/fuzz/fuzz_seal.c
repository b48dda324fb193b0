/* SPDX-License-Identifier: Apache-2.0
 * Sealing a mail: whatever is sealed passes the check, in both forms, and nothing crashes. The
 * first octet of the input says how it is sealed. */
#include <stdlib.h>

#include "../lib/seal.h"
#include "vanthu/limits.h"
#include "vanthu/seal_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vt_arena *keep;
static struct ts_seal seal;

static void seal_and_check(struct vt_arena *arena, struct vt_bytes mail,
                           const struct vt_seal_message_plan *plan)
{
    struct vt_seal_message message;
    struct vt_sealed_message sealed;
    struct vt_seal_check check;
    struct vt_err err = {0};
    if (vt_seal_message_prepare(arena, mail, plan, &message, &err) != VT_OK ||
        message.word != VT_SEAL_MESSAGE_READY)
        return;
    struct vt_bytes signature = ts_sign(arena, &seal, message.attributes);
    TC_CHECK(vt_seal_message_finish(arena, &message, signature, TD_NONE, &sealed, &err) == VT_OK);
    TC_CHECK(vt_seal_message_check(arena, mail, sealed.mail, plan, &check, &err) == VT_OK);
    /* What two parsers read in two ways is not always seen before. */
    if (!check.is_good && strstr(check.why, "more than one way") != NULL)
        return;
    if (!check.is_good)
        (void)fprintf(stderr, "%s\n%.*s\n", check.why, (int)sealed.mail.len,
                      (const char *)sealed.mail.ptr);
    TC_CHECK(check.is_good);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (keep == NULL) {
        keep = vt_arena_new((size_t)1 << 20);
        seal = ts_make(keep, VT_SEAL_ECDSA, VT_SEAL_SHA256);
    }
    struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    if (size > 0 && size <= 65536) {
        const struct vt_seal_message_plan plan = {
            .identity = &seal.identity,
            .signing_time_utc_secs = TC_NOW,
            .form = (data[0] & 1) != 0 ? VT_SEAL_OPAQUE : VT_SEAL_CLEAR,
            .may_be_opaque = (data[0] & 2) != 0,
            .protects_headers = (data[0] & 4) != 0,
            .also = (data[0] & 8) != 0 ? ~0u : 0,
        };
        seal_and_check(arena, vt_bytes_of(data + 1, size - 1), &plan);
    }
    vt_arena_free(arena);
    return 0;
}
