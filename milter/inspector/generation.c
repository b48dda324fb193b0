/* SPDX-License-Identifier: Apache-2.0
 * A generation is made anew every time something changes, and mostly carries the lists of the one
 * before: the same memory file is mapped once. */
#include "inspector/generation.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspector/child.h"
#include "vanthu/crl.h"

/* The parsed form takes several times the text. */
#define GENERATION_ARENA_BYTES ((size_t)4 * VT_MAX_KNOWN_BYTES)

static bool is_same_file(int a, int b)
{
    struct stat first, second;
    return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

static const struct vt_crl_list *find_mapped(const struct vt_known *known, int fd)
{
    for (size_t i = 0; i < known->lists_count; i++) {
        if (is_same_file(vt_crl_list_fd(known->lists[i]), fd))
            return known->lists[i];
    }
    return NULL;
}

static bool has_list(const struct vt_known *known, const struct vt_crl_list *list)
{
    for (size_t i = 0; i < known->lists_count; i++) {
        if (known->lists[i] == list)
            return true;
    }
    return false;
}

/* Unmap the lists that only the first one has. */
static void close_others(const struct vt_known *known, const struct vt_known *keep)
{
    for (size_t i = 0; i < known->lists_count; i++) {
        if (!has_list(keep, known->lists[i]))
            vt_crl_list_close((struct vt_crl_list *)(uintptr_t)known->lists[i]);
    }
}

static enum vt_code map_lists(const struct vt_known *old, const int *fds, size_t count,
                              struct vt_generation *next, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    next->known.lists = vt_arena_alloc(next->arena, (count + 1) * sizeof(struct vt_crl_list *));
    if (next->known.lists == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the lists of a generation");
    for (size_t i = 0; code == VT_OK && i < count; i++) {
        struct vt_crl_list *fresh = NULL;
        const struct vt_crl_list *list = find_mapped(old, fds[i]);
        if (find_mapped(&next->known, fds[i]) != NULL)
            continue; /* one that is sent twice is there once */
        if (list == NULL) {
            code = vt_crl_list_open(fds[i], &fresh, err);
            list = fresh;
        }
        if (code == VT_OK)
            next->known.lists[next->known.lists_count++] = list;
    }
    return code;
}

static enum vt_code read_json(int fd, struct vt_generation *next, struct vt_err *err)
{
    struct vt_bytes json;
    enum vt_code code = vt_memfd_map(fd, VT_MAX_KNOWN_BYTES, &json, err);
    if (code != VT_OK)
        return code;
    next->arena = vt_arena_new(GENERATION_ARENA_BYTES);
    code = next->arena == NULL ? vt_err_set(err, VT_E_NOMEM, "no memory for a generation")
                               : vt_known_from_json(next->arena, json, &next->known, err);
    vt_memfd_unmap(json);
    if (code != VT_OK)
        return code;
    next->json_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return next->json_fd >= 0 ? VT_OK : vt_err_sys(err, "keeping a generation");
}

enum vt_code vt_generation_take(struct vt_generation *generation, const struct vt_message *message,
                                struct vt_err *err)
{
    struct vt_generation next = VT_GENERATION_NONE;
    struct vt_known *old = &generation->known;
    if (message->fds_count == 0)
        return vt_err_set(err, VT_E_FORMAT, "a generation without descriptors came");
    enum vt_code code = read_json(message->fds[0], &next, err);
    if (code == VT_OK)
        code = map_lists(old, message->fds + 1, message->fds_count - 1, &next, err);
    if (code == VT_OK) {
        close_others(old, &next.known);
        old->lists_count = 0;
        vt_generation_drop(generation);
        *generation = next;
    } else {
        close_others(&next.known, old);
        next.known.lists_count = 0;
        vt_generation_drop(&next);
    }
    return code;
}

size_t vt_generation_fds(const struct vt_generation *generation, int out[VT_GENERATION_MAX_FDS])
{
    size_t count = 0;
    if (generation->json_fd < 0)
        return 0;
    out[count++] = generation->json_fd;
    for (size_t i = 0; i < generation->known.lists_count; i++)
        out[count++] = vt_crl_list_fd(generation->known.lists[i]);
    return count;
}

void vt_generation_drop(struct vt_generation *generation)
{
    vt_known_close(&generation->known);
    vt_arena_free(generation->arena);
    if (generation->json_fd >= 0)
        (void)close(generation->json_fd);
    *generation = VT_GENERATION_NONE;
}
