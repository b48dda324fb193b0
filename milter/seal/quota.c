/* SPDX-License-Identifier: Apache-2.0
 * How often a key may sign in an hour, over restarts: whoever could end the sealer must not get a
 * new quota by it. */
#include <stdio.h>
#include <unistd.h>

#include "seal/state.h"

#define HOUR_SECS 3600

static enum vt_code count(const struct vt_seal_key *key, json_t *state, int64_t now_utc_secs,
                          struct vt_err *err)
{
    int64_t hour = now_utc_secs / HOUR_SECS, left = HOUR_SECS - now_utc_secs % HOUR_SECS;
    int64_t kept = json_integer_value(json_object_get(state, "hour"));
    int64_t now = json_integer_value(json_object_get(state, "now"));
    int64_t before = json_integer_value(json_object_get(state, "before"));
    /* A clock that goes back counts on in the hour it was in. */
    if (hour > kept) {
        before = hour == kept + 1 ? now : 0;
        now = 0;
        kept = hour;
    }
    if (now + before * left / HOUR_SECS >= (int64_t)key->per_hour)
        return vt_err_set(err, VT_E_BUSY, "key %s made its %u signatures of this hour (per-hour)",
                          key->name, key->per_hour);
    int failed = json_object_set_new(state, "hour", json_integer(kept)) +
                 json_object_set_new(state, "now", json_integer(now + 1)) +
                 json_object_set_new(state, "before", json_integer(before));
    return failed == 0 ? VT_OK : vt_err_set(err, VT_E_NOMEM, "no memory");
}

enum vt_code vt_seal_quota_take(const char *directory, const struct vt_seal_key *key,
                                int64_t now_utc_secs, struct vt_err *err)
{
    char name[64];
    int fd = -1;
    json_t *state = NULL;
    (void)snprintf(name, sizeof(name), "%s.uses", key->name);
    enum vt_code code = vt_seal_state_open(directory, name, &fd, &state, err);
    if (code != VT_OK)
        return code;
    code = count(key, state, now_utc_secs, err);
    if (code == VT_OK)
        code = vt_seal_state_write(fd, state, false, err);
    json_decref(state);
    (void)close(fd);
    return code;
}
