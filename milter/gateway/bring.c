/* SPDX-License-Identifier: Apache-2.0
 * Two files of objects for one record. The inspector's is handed on as it is: whether it tells the
 * truth about its bytes is found out by the registrar. */
#include "gateway/bring.h"

#include <string.h>
#include <unistd.h>

#include "vanthu/log.h"
#include "vanthu/status.h"
#include "vanthu/wire.h"

/* Two processes of this machine, nothing of the network. */
#define FETCHED_MSECS 500

/* Named by the inspector without bytes, and not held by the register as far as is known. */
static size_t choose(struct vt_gateway *gateway, const struct vt_object *all, size_t count,
                     struct vt_object *out)
{
    int64_t now = vt_clock_monotonic_msecs();
    size_t chosen = 0;
    for (size_t i = 0; i < count; i++) {
        const struct vt_object *object = &all[i];
        if (object->bytes.len > 0 ||
            (object->kind != VT_OBJECT_CRL && object->kind != VT_OBJECT_OCSP) ||
            object->size_bytes > gateway->config->largest_object_bytes ||
            vt_held_has(&gateway->held, object->sha256, now))
            continue;
        out[chosen++] = *object;
    }
    return chosen;
}

static enum vt_code read_file(struct vt_arena *arena, int fd, struct vt_object **out,
                              size_t *out_count, struct vt_bytes *out_mapped, struct vt_err *err)
{
    enum vt_code code =
        vt_memfd_map(fd, VT_MAX_OBJECTS_BYTES + VT_MAX_OBJECTS_HEAD_BYTES, out_mapped, err);
    return code == VT_OK ? vt_objects_read(arena, *out_mapped, out, out_count, err) : code;
}

/* What the status role has now. */
static enum vt_code note_fetched(struct vt_arena *arena, struct vt_brought *out, int fd,
                                 struct vt_err *err)
{
    struct vt_object *objects = NULL;
    struct vt_bytes mapped = {0};
    size_t count = 0;
    enum vt_code code = read_file(arena, fd, &objects, &count, &mapped, err);
    if (code == VT_OK)
        out->fetched = vt_arena_alloc(arena, (count + 1) * sizeof(*out->fetched));
    for (size_t i = 0; out->fetched != NULL && i < count; i++) {
        if (objects[i].bytes.len > 0)
            memcpy(out->fetched[out->fetched_count++], objects[i].sha256, sizeof(*out->fetched));
    }
    vt_memfd_unmap(mapped);
    return code;
}

static enum vt_code bring_fetched(struct vt_gateway *gateway, struct vt_arena *arena,
                                  int inspected_fd, int64_t deadline_msecs, struct vt_brought *out,
                                  struct vt_err *err)
{
    struct vt_object *all = NULL, *chosen = NULL;
    struct vt_bytes mapped = {0};
    size_t count = 0;
    int fd = -1;
    enum vt_code code = read_file(arena, inspected_fd, &all, &count, &mapped, err);
    if (code == VT_OK) {
        chosen = vt_arena_alloc(arena, (count + 1) * sizeof(*chosen));
        code = chosen != NULL ? VT_OK : vt_err_set(err, VT_E_NOMEM, "no memory for objects");
    }
    count = code == VT_OK ? choose(gateway, all, count, chosen) : 0;
    vt_memfd_unmap(mapped);
    if (code != VT_OK || count == 0 || gateway->status_fd < 0)
        return code;
    int64_t soon = vt_clock_monotonic_msecs() + FETCHED_MSECS;
    code = vt_status_ask_objects(arena, gateway->status_fd, chosen, count,
                                 soon < deadline_msecs ? soon : deadline_msecs, &fd, err);
    if (code != VT_OK)
        return code;
    out->fds[out->fds_count++] = fd;
    return note_fetched(arena, out, fd, err);
}

void vt_bring(struct vt_gateway *gateway, struct vt_arena *arena, int inspected_fd,
              int64_t deadline_msecs, struct vt_brought *out)
{
    struct vt_err err = {0};
    *out = (struct vt_brought){.held = &gateway->held};
    if (inspected_fd < 0)
        return;
    out->fds[out->fds_count++] = inspected_fd;
    if (bring_fetched(gateway, arena, inspected_fd, deadline_msecs, out, &err) != VT_OK)
        vt_log(VT_LOG_DEBUG, "objects of a record are missing: %s", err.text);
}

void vt_brought_missing(void *brought, const char *sha256)
{
    struct vt_brought *of = brought;
    vt_held_forget(of->held, sha256);
    for (size_t i = 0; i < of->fetched_count; i++) {
        if (strcmp(of->fetched[i], sha256) == 0)
            of->fetched[i][0] = '\0';
    }
}

void vt_brought_note(struct vt_brought *brought)
{
    int64_t now = vt_clock_monotonic_msecs();
    for (size_t i = 0; i < brought->fetched_count; i++) {
        if (brought->fetched[i][0] != '\0')
            vt_held_add(brought->held, brought->fetched[i], now);
    }
}

void vt_brought_clear(struct vt_brought *brought)
{
    for (size_t i = 0; i < brought->fds_count; i++)
        (void)close(brought->fds[i]);
    *brought = (struct vt_brought){0};
}
