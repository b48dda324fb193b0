/* SPDX-License-Identifier: Apache-2.0
 * The form of a bundle: a word, then for each file its kind, three lengths, name, path and bytes.
 * It never leaves the machine: lengths are in the order of its bytes. */
#include "bundle.h"

#include <string.h>

static const char begin_word[] = "vanthu-bundle 1\n";

struct head {
    uint64_t bytes_len;
    uint32_t kind, name_len, path_len, reserved;
};

enum vt_code vt_bundle_begin(struct vt_buf *packed)
{
    return vt_buf_add(packed, begin_word, sizeof(begin_word) - 1);
}

enum vt_code vt_bundle_add(struct vt_buf *packed, const struct vt_bundle_file *file)
{
    const struct head head = {file->bytes.len, file->kind, (uint32_t)strlen(file->name),
                              (uint32_t)strlen(file->path), 0};
    enum vt_code code = vt_buf_add(packed, &head, sizeof(head));
    if (code == VT_OK)
        code = vt_buf_add(packed, file->name, head.name_len);
    if (code == VT_OK)
        code = vt_buf_add(packed, file->path, head.path_len);
    if (code == VT_OK)
        code = vt_buf_add(packed, file->bytes.ptr, file->bytes.len);
    return code;
}

/* The next len bytes; false: they are not there. */
static bool take(struct vt_bytes *rest, uint64_t len, struct vt_bytes *out)
{
    if (len > rest->len)
        return false;
    *out = vt_bytes_slice(*rest, 0, (size_t)len);
    *rest = vt_bytes_slice(*rest, (size_t)len, rest->len);
    return true;
}

static enum vt_code take_file(struct vt_arena *arena, struct vt_bytes *rest,
                              struct vt_bundle_file *out)
{
    struct head head;
    struct vt_bytes taken, name, path;
    if (!take(rest, sizeof(head), &taken))
        return VT_E_FORMAT;
    memcpy(&head, taken.ptr, sizeof(head));
    if (head.kind < VT_BUNDLE_POLICY || head.kind > VT_BUNDLE_FAULT ||
        !take(rest, head.name_len, &name) || !take(rest, head.path_len, &path) ||
        !take(rest, head.bytes_len, &out->bytes))
        return VT_E_FORMAT;
    out->kind = (enum vt_bundle_kind)head.kind;
    out->name = vt_arena_dup(arena, name.ptr, name.len);
    out->path = vt_arena_dup(arena, path.ptr, path.len);
    return out->name == NULL || out->path == NULL ? VT_E_NOMEM : VT_OK;
}

enum vt_code vt_bundle_open(struct vt_arena *arena, struct vt_bytes packed, struct vt_bundle *out,
                            struct vt_err *err)
{
    struct vt_bundle bundle = {0};
    struct vt_bytes rest = packed, begin;
    bool has_policy = false;
    if (!take(&rest, sizeof(begin_word) - 1, &begin) ||
        memcmp(begin.ptr, begin_word, begin.len) != 0)
        return vt_err_set(err, VT_E_FORMAT, "this is not a bundle of a policy");
    while (rest.len > 0) {
        struct vt_bundle_file file;
        enum vt_code code = take_file(arena, &rest, &file);
        if (code != VT_OK)
            return vt_err_set(err, code, "the bundle of the policy is not whole");
        if (file.kind == VT_BUNDLE_POLICY) {
            bundle.policy = file.bytes;
            has_policy = true;
            continue;
        }
        struct vt_bundle_file *grown =
            vt_arena_grow(arena, bundle.files, bundle.files_count, sizeof(*grown));
        if (grown == NULL)
            return vt_err_set(err, VT_E_NOMEM, "no memory for the bundle of the policy");
        bundle.files = grown;
        bundle.files[bundle.files_count++] = file;
    }
    if (!has_policy)
        return vt_err_set(err, VT_E_FORMAT, "the bundle has no policy");
    *out = bundle;
    return VT_OK;
}

const struct vt_bundle_file *vt_bundle_file(struct vt_yaml *yaml, const struct vt_bundle *bundle,
                                            const struct vt_yaml_node *node, const char *name)
{
    for (size_t i = 0; i < bundle->files_count; i++) {
        const struct vt_bundle_file *file = &bundle->files[i];
        if (strcmp(file->name, name) != 0)
            continue;
        if (file->kind != VT_BUNDLE_FAULT)
            return file;
        vt_yaml_mistake(yaml, node, "%.*s", (int)file->bytes.len, (const char *)file->bytes.ptr);
        return NULL;
    }
    vt_yaml_mistake(yaml, node, "the file was not read: at most %d are named by a policy",
                    VT_MAX_NAMED_FILES);
    return NULL;
}
