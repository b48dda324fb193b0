/* SPDX-License-Identifier: Apache-2.0
 * Trust sets from files and folders, read once before the sandbox closes. An anchor whose
 * fingerprint no administrator confirmed is never used (users.md 2, trust bootstrap). */
#include "trust/store.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All trust files of a site together; the whole Vietnamese PKI has some hundred certificates. */
#define MAX_STORE_BYTES (64u * 1024 * 1024)
#define MAX_FILE_BYTES (4u * 1024 * 1024)
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

/* Compare a fingerprint as people write it with 64 hexadecimal digits. */
static bool fingerprint_is(const char *written, const char *digest)
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

static bool is_confirmed(const struct vt_trust_source *source,
                         const struct vt_certificate *certificate)
{
    for (size_t i = 0; i < source->confirmed_count; i++) {
        if (fingerprint_is(source->confirmed[i], vt_certificate_sha256(certificate)))
            return true;
    }
    return source->confirmed_all;
}

/* Read a whole small file. *out is malloc'd. */
static enum vt_code read_file(const char *path, uint8_t **out, size_t *out_len, struct vt_err *err)
{
    enum vt_code code = VT_E_INTERNAL;
    struct stat status;
    uint8_t *bytes = NULL;
    size_t len = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) != 0) {
        code = vt_err_sys(err, "%s cannot be read", path);
        goto done;
    }
    if (!S_ISREG(status.st_mode) || status.st_size > (off_t)MAX_FILE_BYTES) {
        code = vt_err_set(err, VT_E_CONFIG, "%s is not a file of at most %u bytes", path,
                          MAX_FILE_BYTES);
        goto done;
    }
    bytes = malloc((size_t)status.st_size + 1);
    if (bytes == NULL) {
        code = vt_err_set(err, VT_E_NOMEM, "out of memory while reading %s", path);
        goto done;
    }
    while (len < (size_t)status.st_size) {
        ssize_t got = read(fd, bytes + len, (size_t)status.st_size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    *out = bytes;
    *out_len = len;
    bytes = NULL;
    code = VT_OK;
done:
    free(bytes);
    if (fd >= 0)
        (void)close(fd);
    return code;
}

/* Where the certificates of a file go. */
struct loading {
    struct vt_trust_store *store;
    const struct vt_trust_source *source;
    bool anchors;
};

static enum vt_code take_certificate(const struct loading *loading,
                                     const struct vt_certificate *certificate)
{
    struct vt_trust_store *store = loading->store;
    struct vt_certificate_list *list = &store->intermediates;
    if (loading->anchors) {
        list = is_confirmed(loading->source, certificate)
                   ? &store->anchors[loading->source->set]
                   : &store->unconfirmed[loading->source->set];
    }
    return vt_certificate_list_add(store->arena, list, certificate);
}

static enum vt_code load_file(const struct loading *loading, const char *path, struct vt_err *err)
{
    const struct vt_certificate *found[MAX_PER_FILE];
    size_t count = 0;
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct vt_err inner = {0};
    enum vt_code code = read_file(path, &bytes, &len, err);
    if (code != VT_OK)
        return code;
    /* The pool copies what it keeps. */
    code = vt_certificate_add_file(loading->store->pool, vt_bytes_of(bytes, len), found,
                                   MAX_PER_FILE, &count, &inner);
    for (size_t i = 0; code == VT_OK && i < count; i++)
        code = take_certificate(loading, found[i]);
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
            code = load_file(loading, file, err);
        free(file);
        free(entries[i]);
    }
    free(entries);
    return code;
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
        struct loading loading = {.store = store, .source = &sources[i], .anchors = true};
        if (sources[i].rules != NULL)
            store->rules[sources[i].set] = *sources[i].rules;
        code = load_path(&loading, sources[i].anchors, err);
        loading.anchors = false;
        if (code == VT_OK)
            code = load_path(&loading, sources[i].intermediates, err);
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
        if (fingerprint_is(fingerprint, vt_certificate_sha256(list->items[i])))
            return true;
    return false;
}

const char *vt_trust_set_name(enum vt_trust_set_id set)
{
    static const char *const names[VT_TRUST_SETS] = {"official", "public"};
    return set < VT_TRUST_SETS ? names[set] : "none";
}
