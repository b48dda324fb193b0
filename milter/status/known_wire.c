/* SPDX-License-Identifier: Apache-2.0
 * What is known with its lists as descriptors: one memory file of JSON, then one of each list, as
 * the status role sealed it. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "status/crl_list.h"
#include "vanthu/wire.h"

static enum vt_code seal_json(const struct vt_known *known, int *out_fd, struct vt_err *err)
{
    char *text = NULL;
    size_t len = 0;
    enum vt_code code = vt_known_to_json(known, &text, &len, err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-known", vt_bytes_of(text, len), out_fd, err);
    free(text);
    return code;
}

enum vt_code vt_known_seal(const struct vt_known *known, size_t max_lists, int *out_fds,
                           size_t *out_count, struct vt_err *err)
{
    size_t count = 0;
    enum vt_code code = seal_json(known, &out_fds[0], err);
    if (code == VT_OK)
        count = 1;
    for (size_t i = 0; code == VT_OK && i < known->lists_count && count <= max_lists; i++) {
        if (vt_crl_list_fd(known->lists[i]) < 0)
            continue; /* over somebody's bytes */
        out_fds[count] = fcntl(vt_crl_list_fd(known->lists[i]), F_DUPFD_CLOEXEC, 0);
        if (out_fds[count] < 0)
            code = vt_err_sys(err, "keeping the descriptor of a CRL");
        else
            count++;
    }
    for (size_t i = 0; code != VT_OK && i < count; i++)
        (void)close(out_fds[i]);
    *out_count = code == VT_OK ? count : 0;
    return code;
}

static enum vt_code open_json(struct vt_arena *arena, int fd, struct vt_known *out,
                              struct vt_err *err)
{
    struct vt_bytes json;
    enum vt_code code = vt_memfd_map(fd, VT_MAX_KNOWN_BYTES, &json, err);
    if (code != VT_OK)
        return code;
    code = vt_known_from_json(arena, json, out, err);
    vt_memfd_unmap(json);
    return code;
}

enum vt_code vt_known_open(struct vt_arena *arena, const int *fds, size_t count,
                           struct vt_known *out, struct vt_err *err)
{
    *out = (struct vt_known){0};
    if (count == 0 || count > 1 + VT_MAX_GENERATION_LISTS)
        return vt_err_set(err, VT_E_FORMAT, "what is known comes with %zu descriptors", count);
    enum vt_code code = open_json(arena, fds[0], out, err);
    if (code == VT_OK)
        out->lists = vt_arena_alloc(arena, count * sizeof(struct vt_crl_list *));
    if (code == VT_OK && out->lists == NULL)
        code = vt_err_set(err, VT_E_NOMEM, "no memory for lists");
    for (size_t i = 1; code == VT_OK && i < count; i++) {
        struct vt_crl_list *list = NULL;
        code = vt_crl_list_open(fds[i], &list, err);
        if (code == VT_OK)
            out->lists[out->lists_count++] = list;
    }
    if (code != VT_OK)
        vt_known_close(out);
    return code;
}

void vt_known_close(struct vt_known *known)
{
    for (size_t i = 0; i < known->lists_count; i++)
        vt_crl_list_close((struct vt_crl_list *)(uintptr_t)known->lists[i]);
    *known = (struct vt_known){0};
}
