/* SPDX-License-Identifier: Apache-2.0
 * The table of repeated checks in the state folder: one JSON file, replaced as a whole. Whoever
 * can write there could at most make us ask again for certificates of our own roots. */
#include "status/recheck_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "status/der_json.h"
#include "vanthu/log.h"
#include "vanthu/wire.h"

#define FILE_NAME "recheck.json"
#define FILE_MODE 0600
#define PATH_BYTES 1100
#define MAX_FILE_BYTES ((size_t)16 * 1024 * 1024)
#define ARENA_BYTES ((size_t)32 * 1024 * 1024)

/* ---- writing ---- */

static json_t *item_to_json(const struct vt_recheck_item *item)
{
    json_t *references = json_array();
    for (size_t i = 0; i < item->references_count; i++)
        (void)json_array_append_new(references, json_string(item->references[i]));
    return json_pack(
        "{s:o, s:o, s:I, s:I, s:i, s:o}", "certificate", vt_der_to_json(item->certificate),
        "issuer", vt_der_to_json(item->issuer), "asked", (json_int_t)item->asked_utc_secs, "next",
        (json_int_t)item->next_utc_secs, "tries", (int)item->tries_count, "references", references);
}

static char *table_text(const struct vt_recheck *recheck)
{
    json_t *items = json_array();
    for (size_t i = 0; i < recheck->count; i++)
        (void)json_array_append_new(items, item_to_json(&recheck->items[i]));
    json_t *root = json_pack("{s:i, s:o}", "v", 1, "items", items);
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}

static enum vt_code path_of(const char *folder, char out[PATH_BYTES], struct vt_err *err)
{
    return snprintf(out, PATH_BYTES, "%s/" FILE_NAME, folder) < PATH_BYTES
               ? VT_OK
               : vt_err_set(err, VT_E_LIMIT, "the path of the folder is too long");
}

void vt_recheck_save(struct vt_recheck *recheck)
{
    char path[PATH_BYTES];
    struct vt_err err = {0};
    if (!recheck->changed || recheck->folder == NULL)
        return;
    recheck->changed = false;
    char *text = table_text(recheck);
    enum vt_code code = text != NULL ? path_of(recheck->folder, path, &err)
                                     : vt_err_set(&err, VT_E_NOMEM, "out of memory");
    if (code == VT_OK)
        code = vt_output_replace(path, FILE_MODE, vt_bytes_str(text), &err);
    if (code != VT_OK)
        vt_log(VT_LOG_WARNING, "checks to be repeated are not kept over a restart: %s", err.text);
    free(text);
}

/* ---- reading ---- */

static bool take_der(struct vt_arena *arena, struct vt_certificate_pool *pool, const json_t *value,
                     const struct vt_certificate **out)
{
    struct vt_bytes der;
    return vt_der_from_json(arena, value, &der, NULL) == VT_OK &&
           vt_certificate_add(pool, der, out, NULL) == VT_OK;
}

static void take_item(struct vt_recheck *recheck, struct vt_arena *arena,
                      struct vt_certificate_pool *pool, const json_t *value, int64_t now)
{
    const struct vt_certificate *certificate = NULL;
    const struct vt_certificate *issuer = NULL;
    size_t i = 0;
    json_t *reference = NULL;
    int64_t asked = json_integer_value(json_object_get(value, "asked"));
    if (asked > now || asked <= now - VT_RECHECK_SECS || recheck->count == VT_MAX_RECHECKS ||
        !take_der(arena, pool, json_object_get(value, "certificate"), &certificate) ||
        !take_der(arena, pool, json_object_get(value, "issuer"), &issuer))
        return;
    json_array_foreach(json_object_get(value, "references"), i, reference)
    {
        const char *text = json_string_value(reference);
        if (text != NULL)
            vt_recheck_add(recheck, certificate, issuer, text, asked);
    }
    if (recheck->count == 0)
        return;
    struct vt_recheck_item *item = &recheck->items[recheck->count - 1];
    if (!vt_bytes_equal(item->certificate, vt_certificate_der(certificate)))
        return;
    json_int_t tries = json_integer_value(json_object_get(value, "tries"));
    int64_t next = json_integer_value(json_object_get(value, "next"));
    bool is_sane = next >= now - VT_RECHECK_SECS && next <= now + VT_RECHECK_SECS;
    item->next_utc_secs = is_sane ? next : now;
    item->tries_count = tries < 0 || tries > 1000 ? 0 : (unsigned)tries;
}

static json_t *read_table(const char *folder)
{
    char path[PATH_BYTES];
    struct vt_bytes bytes = {0};
    struct vt_err err = {0};
    bool mapped = false;
    json_t *root = NULL;
    if (path_of(folder, path, &err) != VT_OK)
        return NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    if (vt_input_read(fd, MAX_FILE_BYTES, &bytes, &mapped, &err) == VT_OK) {
        root = json_loadb((const char *)bytes.ptr, bytes.len, JSON_REJECT_DUPLICATES, NULL);
        vt_input_release(bytes, mapped);
    }
    (void)close(fd);
    if (root == NULL)
        vt_log(VT_LOG_WARNING, "checks to be repeated cannot be read, the table begins empty: %s",
               err.text[0] != '\0' ? err.text : "not JSON");
    return root;
}

void vt_recheck_keep_in(struct vt_recheck *recheck, const char *folder, int64_t now_utc_secs)
{
    size_t i = 0;
    json_t *item = NULL;
    free(recheck->folder);
    recheck->folder = strdup(folder);
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    struct vt_certificate_pool *pool = arena != NULL ? vt_certificate_pool_new(arena, NULL) : NULL;
    json_t *root = recheck->folder != NULL && pool != NULL ? read_table(folder) : NULL;
    json_array_foreach(json_object_get(root, "items"), i, item)
        take_item(recheck, arena, pool, item, now_utc_secs);
    json_decref(root);
    vt_arena_free(arena);
    recheck->changed = false;
}
