/* SPDX-License-Identifier: Apache-2.0
 * Trust sets from files and folders, read once before the sandbox closes. An anchor whose
 * fingerprint no administrator confirmed is never used (users.md 2, trust bootstrap). */
#include "trust/store.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All trust files of a site together; the whole Vietnamese PKI has some hundred certificates. */
#define MAX_STORE_BYTES (64u * 1024 * 1024)
#define MAX_FILES 4096
#define MAX_PER_FILE 512

bool vt_certificate_list_has(const struct vt_certificate_list *list,
                             const struct vt_certificate *certificate)
{
    const char *digest = vt_certificate_sha256(certificate);
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i] == certificate ||
            strcmp(vt_certificate_sha256(list->items[i]), digest) == 0)
            return true;
    }
    return false;
}

enum vt_code vt_certificate_list_add(struct vt_arena *arena, struct vt_certificate_list *list,
                                     const struct vt_certificate *certificate)
{
    if (vt_certificate_list_has(list, certificate))
        return VT_OK;
    if (list->count >= VT_MAX_STORE_CERTIFICATES)
        return VT_E_LIMIT;
    const struct vt_certificate **grown =
        vt_arena_grow(arena, list->items, list->count, sizeof(*list->items));
    if (grown == NULL)
        return VT_E_NOMEM;
    list->items = grown;
    list->items[list->count++] = certificate;
    return VT_OK;
}

bool vt_trust_fingerprint_is(const char *written, const char *digest)
{
    for (; *written != '\0'; written++) {
        if (*written == ':' || *written == ' ')
            continue;
        if (tolower((unsigned char)*written) != *digest)
            return false;
        digest++;
    }
    return *digest == '\0';
}

static bool is_listed(const char *const *confirmed, size_t count,
                      const struct vt_certificate *certificate)
{
    for (size_t i = 0; i < count; i++) {
        if (vt_trust_fingerprint_is(confirmed[i], vt_certificate_sha256(certificate)))
            return true;
    }
    return false;
}

/* Where the certificates of a file go. */
struct loading {
    struct vt_trust_store *store;
    const struct vt_trust_source *source;
    bool anchors;
    /* What the folder's own file confirms. */
    const char *const *confirmed;
    size_t confirmed_count;
};

static bool is_confirmed(const struct loading *loading, const struct vt_certificate *certificate)
{
    const struct vt_trust_source *source = loading->source;
    return source->confirmed_all ||
           is_listed(source->confirmed, source->confirmed_count, certificate) ||
           is_listed(loading->confirmed, loading->confirmed_count, certificate);
}

static enum vt_code add_entry(const struct loading *loading,
                              const struct vt_certificate *certificate, const char *file)
{
    struct vt_trust_store *store = loading->store;
    struct vt_trust_entry *grown =
        vt_arena_grow(store->arena, store->entries, store->entries_count, sizeof(*store->entries));
    if (grown == NULL)
        return VT_E_NOMEM;
    store->entries = grown;
    store->entries[store->entries_count++] = (struct vt_trust_entry){
        .certificate = certificate,
        .set = loading->source->set,
        .is_anchor = loading->anchors,
        .is_confirmed = loading->anchors && is_confirmed(loading, certificate),
        .file = file};
    return VT_OK;
}

static enum vt_code take_certificate(const struct loading *loading,
                                     const struct vt_certificate *certificate, const char *file)
{
    struct vt_trust_store *store = loading->store;
    struct vt_certificate_list *list = &store->intermediates;
    if (loading->anchors) {
        list = is_confirmed(loading, certificate) ? &store->anchors[loading->source->set]
                                                  : &store->unconfirmed[loading->source->set];
    }
    enum vt_code code = vt_certificate_list_add(store->arena, list, certificate);
    return code == VT_OK ? add_entry(loading, certificate, file) : code;
}

static enum vt_code load_file(const struct loading *loading, const char *path, struct vt_err *err)
{
    const struct vt_certificate *found[MAX_PER_FILE];
    size_t count = 0;
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct vt_err inner = {0};
    const char *name = vt_arena_str(loading->store->arena, path);
    if (name == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory while reading %s", path);
    enum vt_code code = vt_trust_file_read(path, &bytes, &len, err);
    if (code != VT_OK)
        return code;
    /* The pool copies what it keeps. */
    code = vt_certificate_add_file(loading->store->pool, vt_bytes_of(bytes, len), found,
                                   MAX_PER_FILE, &count, &inner);
    for (size_t i = 0; code == VT_OK && i < count; i++)
        code = take_certificate(loading, found[i], name);
    free(bytes);
    if (code == VT_OK && count == 0)
        code = vt_err_set(err, VT_E_CONFIG, "%s holds no certificate", path);
    else if (code == VT_E_NOMEM)
        code = vt_err_set(err, VT_E_NOMEM, "out of memory while reading %s", path);
    else if (code != VT_OK)
        code = vt_err_set(err, VT_E_CONFIG, "%s is not a certificate in PEM or DER: %s", path,
                          inner.text[0] != '\0' ? inner.text : "too many certificates");
    if (code != VT_OK)
        vt_err_at(err, path, 0, 0);
    return code;
}

/* In a folder only what is named like a certificate: a README or a key beside it is no mistake. */
static int is_certificate_name(const struct dirent *entry)
{
    static const char *const endings[] = {".pem", ".crt", ".cer", ".der"};
    const char *dot = strrchr(entry->d_name, '.');
    for (size_t i = 0; entry->d_name[0] != '.' && dot != NULL && i < 4; i++) {
        if (strcasecmp(dot, endings[i]) == 0)
            return 1;
    }
    return 0;
}

/* vanthu trust remove may be faster than who reads the folder. */
static enum vt_code load_listed(const struct loading *loading, const char *file, struct vt_err *err)
{
    struct stat status;
    struct vt_err why = {0};
    enum vt_code code = load_file(loading, file, &why);
    if (code == VT_E_SYSTEM && lstat(file, &status) != 0 && errno == ENOENT)
        return VT_OK;
    if (code != VT_OK && err != NULL)
        *err = why;
    return code;
}

static enum vt_code load_folder(const struct loading *loading, const char *path, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_certificate_name, alphasort);
    if (count < 0)
        return vt_err_sys(err, "the folder %s cannot be read", path);
    if (count > MAX_FILES)
        code = vt_err_set(err, VT_E_CONFIG, "the folder %s has more than %d certificates", path,
                          MAX_FILES);
    for (int i = 0; i < count; i++) {
        char *file = NULL;
        if (code == VT_OK && asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0) {
            file = NULL;
            code = vt_err_set(err, VT_E_NOMEM, "out of memory while reading %s", path);
        }
        if (code == VT_OK)
            code = load_listed(loading, file, err);
        free(file);
        free(entries[i]);
    }
    free(entries);
    return code;
}

/* NULL, or arena without memory. */
static const char *in_folder(struct vt_arena *arena, const char *folder, const char *name)
{
    return vt_arena_printf(arena, "%s/%s", folder, name);
}

static bool is_folder(const char *path)
{
    struct stat status;
    return path != NULL && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static enum vt_code load_path(const struct loading *loading, const char *path, struct vt_err *err)
{
    struct stat status;
    if (path == NULL)
        return VT_OK;
    if (stat(path, &status) != 0) {
        enum vt_code code = vt_err_sys(err, "%s cannot be read", path);
        vt_err_at(err, path, 0, 0);
        return code;
    }
    return S_ISDIR(status.st_mode) ? load_folder(loading, path, err)
                                   : load_file(loading, path, err);
}

/* anchors/, intermediates/ and confirmed; whatever of it is not there is none. */
static enum vt_code load_directory(struct loading *loading, const char *directory,
                                   struct vt_err *err)
{
    struct vt_arena *arena = loading->store->arena;
    struct stat status;
    if (directory == NULL || (stat(directory, &status) != 0 && errno == ENOENT))
        return VT_OK;
    const char *anchors = in_folder(arena, directory, "anchors");
    const char *intermediates = in_folder(arena, directory, "intermediates");
    const char *confirmed = in_folder(arena, directory, "confirmed");
    if (anchors == NULL || intermediates == NULL || confirmed == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory while reading %s", directory);
    enum vt_code code = vt_trust_confirmed_read(arena, confirmed, &loading->confirmed,
                                                &loading->confirmed_count, err);
    loading->anchors = true;
    if (code == VT_OK && (stat(anchors, &status) == 0 || errno != ENOENT))
        code = load_path(loading, anchors, err);
    loading->anchors = false;
    if (code == VT_OK && (stat(intermediates, &status) == 0 || errno != ENOENT))
        code = load_path(loading, intermediates, err);
    return code;
}

static enum vt_code load_source(struct vt_trust_store *store, const struct vt_trust_source *source,
                                struct vt_err *err)
{
    struct loading loading = {.store = store, .source = source};
    enum vt_code code = load_directory(&loading, source->directory, err);
    if (code != VT_OK)
        return code;
    const char *inner =
        source->anchors != NULL ? in_folder(store->arena, source->anchors, "anchors") : NULL;
    if (source->anchors != NULL && inner == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory for the trust store");
    if (is_folder(inner))
        code = load_directory(&loading, source->anchors, err);
    loading.anchors = true;
    if (code == VT_OK && !is_folder(inner))
        code = load_path(&loading, source->anchors, err);
    loading.anchors = false;
    return code == VT_OK ? load_path(&loading, source->intermediates, err) : code;
}

enum vt_code vt_trust_store_load(const struct vt_trust_source *sources, size_t count,
                                 struct vt_trust_store **out, struct vt_err *err)
{
    enum vt_code code = VT_E_INTERNAL;
    struct vt_trust_store *store = calloc(1, sizeof(*store));
    *out = NULL;
    if (store != NULL)
        store->arena = vt_arena_new(MAX_STORE_BYTES);
    if (store != NULL && store->arena != NULL)
        store->pool = vt_certificate_pool_new(store->arena, NULL);
    if (store == NULL || store->pool == NULL) {
        code = vt_err_set(err, VT_E_NOMEM, "out of memory for the trust store");
        goto done;
    }
    for (size_t set = 0; set < VT_TRUST_SETS; set++)
        store->rules[set] = vt_trust_default_rules;
    for (size_t i = 0; i < count; i++) {
        if (sources[i].rules != NULL)
            store->rules[sources[i].set] = *sources[i].rules;
        code = load_source(store, &sources[i], err);
        if (code != VT_OK)
            goto done;
    }
    *out = store;
    store = NULL;
    code = VT_OK;
done:
    vt_trust_store_free(store);
    return code;
}

void vt_trust_store_free(struct vt_trust_store *store)
{
    if (store == NULL)
        return;
    vt_arena_free(store->arena);
    free(store);
}

const struct vt_certificate_pool *vt_trust_store_pool(const struct vt_trust_store *store)
{
    return store->pool;
}

const struct vt_trust_rules *vt_trust_store_rules(const struct vt_trust_store *store,
                                                  enum vt_trust_set_id set)
{
    return set < VT_TRUST_SETS ? &store->rules[set] : &vt_trust_default_rules;
}

size_t vt_trust_store_anchors(const struct vt_trust_store *store, enum vt_trust_set_id set)
{
    return store->anchors[set].count;
}

const struct vt_certificate *vt_trust_store_unconfirmed(const struct vt_trust_store *store,
                                                        enum vt_trust_set_id set, size_t index)
{
    const struct vt_certificate_list *list = &store->unconfirmed[set];
    return index < list->count ? list->items[index] : NULL;
}

bool vt_trust_store_has_anchor(const struct vt_trust_store *store, enum vt_trust_set_id set,
                               const char *fingerprint)
{
    const struct vt_certificate_list *list = &store->anchors[set];
    for (size_t i = 0; i < list->count; i++)
        if (vt_trust_fingerprint_is(fingerprint, vt_certificate_sha256(list->items[i])))
            return true;
    return false;
}

const struct vt_trust_entry *vt_trust_store_entry(const struct vt_trust_store *store, size_t index)
{
    return index < store->entries_count ? &store->entries[index] : NULL;
}

const char *vt_trust_set_name(enum vt_trust_set_id set)
{
    static const char *const names[VT_TRUST_SETS] = {"official", "public"};
    return set < VT_TRUST_SETS ? names[set] : "none";
}
