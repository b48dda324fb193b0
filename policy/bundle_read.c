/* SPDX-License-Identifier: Apache-2.0
 * Reading a policy and the files it names, once: the only place of this room that opens files.
 * What a name is worth is judged where the bundle is parsed. */
#include <string.h>

#include "rule.h"
#include "table_apart.h"

struct reader {
    struct vt_arena *arena; /* of the policy's tree */
    const char *file;       /* the policy */
    struct vt_buf *packed;
    const char *names[VT_MAX_NAMED_FILES];
    size_t names_count;
    enum vt_code code;
};

/* A relative name begins in the folder of the policy. */
static char *path_of(const struct reader *r, const char *name)
{
    const char *slash = strrchr(r->file, '/');
    if (name[0] == '/' || slash == NULL)
        return vt_arena_str(r->arena, name);
    return vt_arena_printf(r->arena, "%.*s/%s", (int)(slash - r->file), r->file, name);
}

static bool is_known(const struct reader *r, const char *name)
{
    for (size_t i = 0; i < r->names_count; i++) {
        if (strcmp(r->names[i], name) == 0)
            return true;
    }
    return false;
}

static enum vt_code add_fault(struct reader *r, const char *name, const char *path, const char *why)
{
    const struct vt_bundle_file file = {VT_BUNDLE_FAULT, name, path, vt_bytes_str(why)};
    return vt_bundle_add(r->packed, &file);
}

/* What was read, or why it was not. */
static enum vt_code add_read(struct reader *r, enum vt_code code, const struct vt_bundle_file *file,
                             const struct vt_err *err)
{
    if (code == VT_E_NOMEM)
        return code;
    if (code != VT_OK)
        return add_fault(r, file->name, file->path, err->text);
    code = vt_bundle_add(r->packed, file);
    return code == VT_E_LIMIT ? add_fault(r, file->name, file->path,
                                          "the files of the policy are too large together")
                              : code;
}

static enum vt_code add_file(struct reader *r, const char *name, const char *path)
{
    struct vt_err err = {0};
    struct vt_bundle_file file = {VT_BUNDLE_FILE, name, path, {0}};
    struct vt_arena *arena = vt_arena_new(3 * VT_MAX_NAMED_FILE_BYTES);
    if (arena == NULL)
        return VT_E_NOMEM;
    enum vt_code code = vt_yaml_read_file(arena, path, VT_MAX_NAMED_FILE_BYTES, &file.bytes, &err);
    code = add_read(r, code, &file, &err);
    vt_arena_free(arena);
    return code;
}

static enum vt_code add_table(struct reader *r, const char *name, const char *path, bool is_cdb)
{
    struct vt_err err = {0};
    struct vt_buf keys;
    vt_buf_init(&keys, VT_MAX_NAMED_FILE_BYTES);
    enum vt_code code =
        vt_table_read_apart(is_cdb ? vt_table_read_cdb : vt_table_read_lmdb, path, &keys, &err);
    const struct vt_bundle_file file = {VT_BUNDLE_KEYS, name, path, vt_buf_bytes(&keys)};
    code = add_read(r, code, &file, &err);
    vt_buf_clear(&keys);
    return code;
}

static bool is_new(struct reader *r, const char *name)
{
    if (r->code != VT_OK || is_known(r, name) || r->names_count == VT_MAX_NAMED_FILES)
        return false;
    r->names[r->names_count++] = name;
    return true;
}

static void take_file(struct reader *r, const struct vt_yaml_node *node)
{
    if (node == NULL || node->kind != VT_YAML_SCALAR || node->text[0] == '\0' ||
        !is_new(r, node->text))
        return;
    const char *path = path_of(r, node->text);
    r->code = path == NULL ? VT_E_NOMEM : add_file(r, node->text, path);
}

/* Postfix names a table without the suffix of its file; the text of a hash table has none. */
static void take_list(struct reader *r, const struct vt_yaml_node *value)
{
    const char *file = NULL;
    const char *source = vt_list_source(value, &file);
    if (source == NULL || file[0] == '\0')
        return;
    const char *name = vt_list_bundle_name(r->arena, value);
    if (name == NULL)
        r->code = VT_E_NOMEM;
    if (name == NULL || !is_new(r, name))
        return;
    bool is_cdb = strcmp(source, "cdb") == 0, is_lmdb = strcmp(source, "lmdb") == 0;
    const char *path = path_of(r, file);
    if (path != NULL && (is_cdb || is_lmdb))
        path = vt_arena_printf(r->arena, "%s.%s", path, source);
    if (path == NULL)
        r->code = VT_E_NOMEM;
    else
        r->code = is_cdb || is_lmdb ? add_table(r, name, path, is_cdb) : add_file(r, name, path);
}

/* Mistakes of the policy itself are told by whoever parses the bundle. */
static enum vt_code take_names(struct reader *r, struct vt_bytes text, struct vt_err *err)
{
    struct vt_mistakes ignored;
    struct vt_yaml_node *root = NULL;
    vt_mistakes_init(&ignored);
    struct vt_yaml yaml = {r->arena, r->file, &ignored};
    enum vt_code code = vt_yaml_parse(&yaml, text, &root, err);
    vt_mistakes_clear(&ignored);
    if (code != VT_OK)
        return code;
    take_file(r, vt_yaml_find(root, "agencies"));
    const struct vt_yaml_node *lists = vt_yaml_find(root, "lists");
    for (size_t i = 0; lists != NULL && lists->kind == VT_YAML_MAPPING && i < lists->count; i++)
        take_list(r, lists->entries[i].value);
    return r->code == VT_OK ? VT_OK
                            : vt_err_set(err, r->code, "no memory for the files of %s", r->file);
}

enum vt_code vt_policy_bundle(const char *file, struct vt_buf *out, struct vt_err *err)
{
    struct vt_arena *arena = vt_arena_new(VT_MAX_POLICY_ARENA_BYTES);
    struct vt_bytes text = {0};
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the policy");
    struct reader r = {.arena = arena, .file = file, .packed = out};
    enum vt_code code = vt_yaml_read_file(arena, file, VT_MAX_POLICY_BYTES, &text, err);
    if (code == VT_OK) {
        const struct vt_bundle_file policy = {VT_BUNDLE_POLICY, "", file, text};
        code = vt_bundle_begin(out);
        if (code == VT_OK)
            code = vt_bundle_add(out, &policy);
        if (code != VT_OK)
            vt_err_set(err, code, "no memory for the policy");
    }
    if (code == VT_OK)
        code = take_names(&r, text, err);
    vt_arena_free(arena);
    return code;
}
