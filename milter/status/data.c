/* SPDX-License-Identifier: Apache-2.0
 * What was fetched, by its digest: the register keeps what a verdict rests on (legal.md R-36). */
#include "status/data.h"

#include <string.h>
#include <unistd.h>

#include "status/store_internal.h"

#define ARENA_BYTES ((size_t)VT_MAX_OBJECTS_BYTES + 1024 * 1024)

static enum vt_code find_list(const struct vt_status_store *store, struct vt_arena *arena,
                              const char *sha256, size_t max_bytes, struct vt_bytes *out)
{
    for (size_t i = 0; i < store->lists_count; i++) {
        const struct vt_crl_list *list = store->lists[i].list;
        struct vt_bytes der = vt_crl_list_crl(list)->der;
        if (strcmp(vt_crl_list_data_sha256(list), sha256) != 0 || der.len > max_bytes)
            continue;
        *out = vt_bytes_of(vt_arena_dup(arena, der.ptr, der.len), der.len);
        return out->ptr != NULL ? VT_OK : VT_E_NOMEM;
    }
    return VT_E_NOT_FOUND;
}

static enum vt_code find_in_memory(const struct vt_status_store *store, struct vt_arena *arena,
                                   const char *sha256, size_t max_bytes, struct vt_bytes *out)
{
    for (size_t i = 0; i < VT_MAX_STORE_RESPONSES; i++) {
        struct vt_bytes bytes = store->responses[i].bytes;
        if (bytes.len == 0 || bytes.len > max_bytes ||
            strcmp(store->responses[i].sha256, sha256) != 0)
            continue;
        *out = vt_bytes_of(vt_arena_dup(arena, bytes.ptr, bytes.len), bytes.len);
        return out->ptr != NULL ? VT_OK : VT_E_NOMEM;
    }
    return VT_E_NOT_FOUND;
}

/* OCSP responses lie in the folder; a file may have been written anew since. */
static enum vt_code find_response(const struct vt_status_store *store, struct vt_arena *arena,
                                  const char *sha256, size_t max_bytes, struct vt_bytes *out)
{
    if (store->directory == NULL)
        return find_in_memory(store, arena, sha256, max_bytes, out);
    for (size_t i = 0; i < store->facts.count; i++) {
        const struct vt_kept_fact *kept = &store->facts.items[i];
        char digest[65];
        if (strcmp(kept->fact.data_sha256, sha256) != 0 || strncmp(kept->file, "ocsp-", 5) != 0)
            continue;
        enum vt_code code =
            vt_status_file_data(store->directory, kept->file, max_bytes, arena, out);
        if (code == VT_OK && vt_verify_sha256(*out, digest) == VT_OK && strcmp(digest, sha256) == 0)
            return VT_OK;
        if (code == VT_E_NOMEM)
            return code;
    }
    return VT_E_NOT_FOUND;
}

enum vt_code vt_status_store_data(const struct vt_status_store *store, struct vt_arena *arena,
                                  enum vt_object_kind kind, const char *sha256, size_t max_bytes,
                                  struct vt_bytes *out)
{
    *out = (struct vt_bytes){0};
    return kind == VT_OBJECT_CRL    ? find_list(store, arena, sha256, max_bytes, out)
           : kind == VT_OBJECT_OCSP ? find_response(store, arena, sha256, max_bytes, out)
                                    : VT_E_NOT_FOUND;
}

/* ---- OBJECTS ---- */

static enum vt_code fill(const struct vt_status_store *store, struct vt_arena *arena,
                         size_t largest_bytes, struct vt_object *objects, size_t count)
{
    size_t left = VT_MAX_OBJECTS_BYTES;
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < count && code != VT_E_NOMEM; i++) {
        size_t most = left < largest_bytes ? left : largest_bytes;
        code = vt_status_store_data(store, arena, objects[i].kind, objects[i].sha256, most,
                                    &objects[i].bytes);
        left -= code == VT_OK ? objects[i].bytes.len : 0;
    }
    return code == VT_E_NOMEM ? code : VT_OK;
}

enum vt_code vt_status_objects(const struct vt_status_store *store,
                               const struct vt_message *message, size_t largest_bytes, int *out_fd,
                               struct vt_err *err)
{
    struct vt_object *objects = NULL;
    size_t count = 0;
    struct vt_bytes file;
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    if (arena == NULL || message->fds_count != 1) {
        vt_arena_free(arena);
        return vt_err_set(err, VT_E_FORMAT, "a request for objects names none");
    }
    enum vt_code code = vt_memfd_map(message->fds[0], VT_MAX_OBJECTS_HEAD_BYTES, &file, err);
    if (code == VT_OK) {
        code = vt_objects_read(arena, file, &objects, &count, err);
        vt_memfd_unmap(file);
    }
    for (size_t i = 0; code == VT_OK && i < count; i++)
        objects[i].bytes = (struct vt_bytes){0};
    if (code == VT_OK && fill(store, arena, largest_bytes, objects, count) != VT_OK)
        code = vt_err_set(err, VT_E_NOMEM, "no memory for objects");
    if (code == VT_OK)
        code = vt_objects_seal(objects, count, VT_MAX_OBJECTS_BYTES, out_fd, err);
    vt_arena_free(arena);
    return code;
}
