/* SPDX-License-Identifier: Apache-2.0
 * One generation: JSON of facts and issuers, and the lists as they are. Descriptors are sent, never
 * copies, so that a list exists once however often it is published. */
#include "status/generation.h"

#include <unistd.h>

#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/wire.h"

#define PUBLISH_MSECS 1000
#define REPUBLISH_MSECS 300000
#define GENERATION_ARENA_BYTES ((size_t)64 * 1024 * 1024)

static enum vt_code send_known(int channel, const struct vt_known *known, struct vt_err *err)
{
    int fds[1 + VT_MAX_GENERATION_LISTS];
    size_t count = 0;
    enum vt_code code = vt_known_seal(known, VT_MAX_GENERATION_LISTS, fds, &count, err);
    if (code == VT_OK)
        code = vt_wire_send(channel, VT_MSG_GENERATION, (struct vt_bytes){0}, fds, count,
                            vt_clock_monotonic_msecs(), err);
    for (size_t i = 0; i < count; i++)
        (void)close(fds[i]);
    return code;
}

static enum vt_code publish(const struct vt_publisher *publisher, int64_t now_utc_secs,
                            struct vt_err *err)
{
    struct vt_known known;
    struct vt_arena *arena = vt_arena_new(GENERATION_ARENA_BYTES);
    enum vt_code code = arena != NULL ? VT_OK : vt_err_set(err, VT_E_NOMEM, "out of memory");
    if (code == VT_OK)
        code = vt_status_store_known(publisher->store, arena, now_utc_secs, &known, err);
    if (code == VT_OK)
        code = send_known(publisher->channel, &known, err);
    vt_arena_free(arena);
    return code;
}

static bool is_due(const struct vt_publisher *publisher, int64_t now_msecs)
{
    int64_t age = now_msecs - publisher->published_msecs;
    bool changed = vt_status_store_version(publisher->store) != publisher->published_version;
    return publisher->channel >= 0 &&
           (changed ? age >= PUBLISH_MSECS
                    : publisher->published_version > 0 && age >= REPUBLISH_MSECS);
}

void vt_publisher_turn(struct vt_publisher *publisher, int64_t now_utc_secs)
{
    struct vt_err err = {0};
    int64_t now_msecs = vt_clock_monotonic_msecs();
    if (!is_due(publisher, now_msecs))
        return;
    uint64_t version = vt_status_store_version(publisher->store);
    publisher->published_msecs = now_msecs;
    if (publish(publisher, now_utc_secs, &err) == VT_OK)
        publisher->published_version = version;
    else
        vt_log(VT_LOG_DEBUG, "a generation was not published: %s", err.text);
}
