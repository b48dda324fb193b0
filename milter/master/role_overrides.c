/* SPDX-License-Identifier: Apache-2.0
 * Packing: 8 bytes length of a JSON text, the text, then the bytes of the files one after the
 * other, whose lengths stand in the text:
 *   {"trust": [{"set": 0, "anchors": "…", "intermediates": "…"}], "crls": [len, …],
 *    "contents": [len, …], "late_user": "…"} */
#include "role_overrides.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "role_start.h"
#include "vanthu/wire.h"

#define MAX_ITEMS 4096

static int put_text(json_t *object, const char *key, const char *text)
{
    return text == NULL
               ? 0
               : json_object_set_new(object, key, json_stringn_nocheck(text, strlen(text)));
}

static int put_trust(json_t *root, const struct vt_role_overrides *overrides)
{
    json_t *list = json_array();
    int failed = list == NULL ? -1 : 0;
    for (size_t i = 0; failed == 0 && i < overrides->trust_count; i++) {
        const struct vt_trust_source *source = &overrides->trust[i];
        json_t *item = json_object();
        failed = json_object_set_new(item, "set", json_integer(source->set)) |
                 put_text(item, "anchors", source->anchors) |
                 put_text(item, "intermediates", source->intermediates);
        failed |= json_array_append_new(list, item);
    }
    return failed | json_object_set_new(root, "trust", list);
}

static int put_lengths(json_t *root, const char *key, const struct vt_bytes *items, size_t count)
{
    json_t *list = json_array();
    int failed = list == NULL ? -1 : 0;
    for (size_t i = 0; failed == 0 && i < count; i++)
        failed = json_array_append_new(list, json_integer((json_int_t)items[i].len));
    return failed | json_object_set_new(root, key, list);
}

static char *describe(const struct vt_role_overrides *overrides, const char *late_user)
{
    json_t *root = json_object();
    char *text = NULL;
    int failed = put_text(root, "late_user", late_user);
    if (overrides != NULL)
        failed |= put_trust(root, overrides) |
                  put_lengths(root, "crls", overrides->crls, overrides->crls_count) |
                  put_lengths(root, "contents", overrides->contents, overrides->contents_count);
    if (failed == 0)
        text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

static enum vt_code add_all(struct vt_buf *buf, const struct vt_bytes *items, size_t count)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < count; i++)
        code = vt_buf_add(buf, items[i].ptr, items[i].len);
    return code;
}

enum vt_code vt_role_overrides_pack(const struct vt_role_overrides *overrides,
                                    const char *late_user, int *out_fd, struct vt_err *err)
{
    struct vt_buf buf;
    vt_buf_init(&buf, VT_MAX_OVERRIDES_BYTES);
    char *text = describe(overrides, late_user);
    if (text == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the options of the inspector");
    uint64_t len = strlen(text);
    enum vt_code code = vt_buf_add(&buf, &len, sizeof(len));
    if (code == VT_OK)
        code = vt_buf_add(&buf, text, len);
    if (code == VT_OK && overrides != NULL)
        code = add_all(&buf, overrides->crls, overrides->crls_count);
    if (code == VT_OK && overrides != NULL)
        code = add_all(&buf, overrides->contents, overrides->contents_count);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-overrides", vt_buf_bytes(&buf), out_fd, err);
    else
        vt_err_set(err, code, "the files of --crl and --content are larger than %zu bytes together",
                   VT_MAX_OVERRIDES_BYTES);
    vt_buf_clear(&buf);
    free(text);
    return code;
}

/* ---- the other end ---- */

static enum vt_code wrong(struct vt_err *err)
{
    return vt_err_set(err, VT_E_FORMAT, "the options for the inspector are damaged");
}

static enum vt_code get_trust(struct vt_arena *arena, const json_t *list,
                              struct vt_role_overrides *out, struct vt_err *err)
{
    size_t count = json_array_size(list);
    struct vt_trust_source *sources = vt_arena_alloc(arena, (count + 1) * sizeof(*sources));
    if (sources == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for trust sources");
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        json_int_t set = json_integer_value(json_object_get(item, "set"));
        if (set < 0 || set >= VT_TRUST_SETS)
            return wrong(err);
        sources[i].set = (enum vt_trust_set_id)set;
        sources[i].anchors =
            vt_arena_str(arena, json_string_value(json_object_get(item, "anchors")));
        sources[i].intermediates =
            vt_arena_str(arena, json_string_value(json_object_get(item, "intermediates")));
        sources[i].confirmed_all = true;
    }
    out->trust = sources;
    out->trust_count = count;
    return VT_OK;
}

/* Cut the next items off the front of *rest. */
static enum vt_code get_items(struct vt_arena *arena, const json_t *lengths, struct vt_bytes *rest,
                              const struct vt_bytes **out, size_t *out_count, struct vt_err *err)
{
    size_t count = json_array_size(lengths);
    if (count > MAX_ITEMS)
        return wrong(err);
    struct vt_bytes *items = vt_arena_alloc(arena, (count + 1) * sizeof(*items));
    if (items == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for given files");
    for (size_t i = 0; i < count; i++) {
        json_int_t len = json_integer_value(json_array_get(lengths, i));
        if (len < 0 || (uint64_t)len > rest->len)
            return wrong(err);
        items[i] = vt_bytes_slice(*rest, 0, (size_t)len);
        *rest = vt_bytes_slice(*rest, (size_t)len, SIZE_MAX);
    }
    *out = items;
    *out_count = count;
    return VT_OK;
}

enum vt_code vt_role_overrides_unpack(struct vt_arena *arena, int fd, struct vt_role_overrides *out,
                                      const char **out_late_user, struct vt_err *err)
{
    struct vt_bytes all;
    uint64_t len = 0;
    enum vt_code code = vt_memfd_map(fd, VT_MAX_OVERRIDES_BYTES, &all, err);
    if (code != VT_OK)
        return code;
    if (all.len < sizeof(len))
        return wrong(err);
    memcpy(&len, all.ptr, sizeof(len));
    struct vt_bytes rest = vt_bytes_slice(all, sizeof(len), SIZE_MAX);
    if (len > rest.len)
        return wrong(err);
    json_t *root = json_loadb((const char *)rest.ptr, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
    if (root == NULL)
        return wrong(err);
    rest = vt_bytes_slice(rest, (size_t)len, SIZE_MAX);
    const char *late_user = json_string_value(json_object_get(root, "late_user"));
    *out_late_user = vt_arena_str(arena, late_user);
    code = get_trust(arena, json_object_get(root, "trust"), out, err);
    if (code == VT_OK)
        code = get_items(arena, json_object_get(root, "crls"), &rest, &out->crls, &out->crls_count,
                         err);
    if (code == VT_OK)
        code = get_items(arena, json_object_get(root, "contents"), &rest, &out->contents,
                         &out->contents_count, err);
    json_decref(root);
    return code;
}

enum vt_code vt_role_trust_load(struct vt_arena *arena, const struct vt_config *config,
                                const struct vt_role_overrides *overrides,
                                struct vt_trust_store **out, struct vt_err *err)
{
    size_t count = 0;
    struct vt_trust_source *sources =
        vt_arena_alloc(arena, (VT_TRUST_SETS + overrides->trust_count) * sizeof(*sources));
    if (sources == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for trust sources");
    for (size_t set = 0; set < VT_TRUST_SETS; set++) {
        bool given = false;
        for (size_t i = 0; i < overrides->trust_count; i++)
            given = given || overrides->trust[i].set == config->trust[set].set;
        if (!given)
            sources[count++] = config->trust[set];
    }
    for (size_t i = 0; i < overrides->trust_count; i++) {
        sources[count] = overrides->trust[i];
        /* Other certificates, but what is asked of signatures stays as configured. */
        sources[count++].rules = &config->trust_rules[overrides->trust[i].set];
    }
    return vt_trust_store_load(sources, count, out, err);
}

static enum vt_code become_late(const char *late_user, struct vt_err *err)
{
    struct vt_role_user user;
    if (late_user == NULL)
        return VT_OK;
    enum vt_code code = vt_role_user_find(late_user, &user, err);
    return code == VT_OK ? vt_role_user_become(&user, err) : code;
}

enum vt_code vt_role_load_trust(struct vt_arena *arena, const struct vt_config *config,
                                int overrides_fd, struct vt_role_overrides *out_overrides,
                                struct vt_trust_store **out, struct vt_err *err)
{
    const char *late_user = NULL;
    enum vt_code code = VT_OK;
    *out_overrides = (struct vt_role_overrides){0};
    if (overrides_fd >= 0)
        code = vt_role_overrides_unpack(arena, overrides_fd, out_overrides, &late_user, err);
    if (code == VT_OK)
        code = vt_role_trust_load(arena, config, out_overrides, out, err);
    return code == VT_OK ? become_late(late_user, err) : code;
}
