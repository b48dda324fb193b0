/* SPDX-License-Identifier: Apache-2.0
 * Answering a LOOK from the register. */
#include "register/looking.h"

#include <string.h>

struct search {
    struct vt_arena *arena;
    const struct vt_look *look;
    struct vt_looked *out;
};

static bool has(const char *const *digests, size_t count, const char *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(digests[i], wanted) == 0)
            return true;
    }
    return false;
}

static bool fits(const struct vt_look *look, const struct vt_register_exception *item)
{
    if (item->document_sha256[0] != '\0' &&
        !has(look->documents_sha256, look->documents_count, item->document_sha256))
        return false;
    if (item->certificate_sha256[0] != '\0' &&
        !has(look->certificates_sha256, look->certificates_count, item->certificate_sha256))
        return false;
    return item->document_sha256[0] != '\0' || item->certificate_sha256[0] != '\0';
}

static enum vt_code take_exception(void *context, const struct vt_register_exception *item,
                                   struct vt_err *err)
{
    struct search *search = context;
    struct vt_looked *out = search->out;
    if (out->exceptions_count >= VT_MAX_LOOKED_EXCEPTIONS || !fits(search->look, item))
        return VT_OK;
    struct vt_register_exception *grown =
        vt_arena_grow(search->arena, out->exceptions, out->exceptions_count, sizeof(*grown));
    if (grown == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for exceptions");
    grown[out->exceptions_count++] = *item;
    out->exceptions = grown;
    return VT_OK;
}

enum vt_code vt_looking_answer(struct vt_register *reg, struct vt_arena *arena,
                               const struct vt_look *look, int64_t now_utc_secs,
                               struct vt_looked *out, struct vt_err *err)
{
    *out = (struct vt_looked){.first_deferred_utc_secs = VT_TIME_NONE};
    struct search search = {arena, look, out};
    out->first_seen_utc_secs =
        vt_arena_alloc(arena, (look->first_seen_count + 1) * sizeof(*out->first_seen_utc_secs));
    if (out->first_seen_utc_secs == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for an answer");
    enum vt_code code = vt_register_first_seen(reg, look->first_seen, look->first_seen_count,
                                               out->first_seen_utc_secs, err);
    if (code == VT_OK && look->defer_key_sha256 != NULL)
        code = vt_register_first_deferred(reg, look->defer_key_sha256,
                                          &out->first_deferred_utc_secs, err);
    if (code == VT_OK && look->documents_count + look->certificates_count > 0)
        code = vt_register_exceptions(reg, now_utc_secs, take_exception, &search, err);
    return code;
}
