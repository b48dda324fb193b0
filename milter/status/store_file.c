/* SPDX-License-Identifier: Apache-2.0
 * The folder of the status role. What is read from it is verified again, signature and path, so
 * that nothing in it is trusted; the one exception, a revocation without its list, can only make a
 * verdict worse. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "status/store_internal.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/wire.h"

static const char magic[16] = "vanthu-status 2";

#define MAX_FILES 20000
#define MAX_NAME_BYTES 512
#define FILE_MODE 0600
#define MAX_FILE_BYTES (VT_MAX_CRL_BYTES + 4 * VT_MAX_CERTIFICATE_BYTES)
#define LOAD_ARENA_BYTES ((size_t)8 * 1024 * 1024)
#define ISSUERS_ARENA_BYTES ((size_t)32 * 1024 * 1024)
/* A list that ended keeps its successor from being older, and its revocations; not for ever. */
#define ENDED_LIST_SECS ((int64_t)90 * 24 * 3600)

/* ---- writing ---- */

static bool path_of(const char *directory, const char *name, char out[MAX_NAME_BYTES])
{
    int len = snprintf(out, MAX_NAME_BYTES, "%s/%s", directory, name);
    return len > 0 && len < MAX_NAME_BYTES;
}

static enum vt_code add_blob(struct vt_buf *buf, struct vt_bytes blob)
{
    const uint8_t length[4] = {(uint8_t)(blob.len >> 24), (uint8_t)(blob.len >> 16),
                               (uint8_t)(blob.len >> 8), (uint8_t)blob.len};
    enum vt_code code = vt_buf_add(buf, length, sizeof(length));
    return code == VT_OK ? vt_buf_add(buf, blob.ptr, blob.len) : code;
}

static enum vt_code encode(const struct vt_status_file *file, struct vt_buf *buf)
{
    char times[48];
    (void)snprintf(times, sizeof(times), "%lld %lld", (long long)file->fetched_utc_secs,
                   (long long)file->used_utc_secs);
    const struct vt_bytes blobs[] = {file->issuer, file->certificate, file->origin,
                                     vt_bytes_str(times), file->data};
    enum vt_code code = vt_buf_add(buf, magic, sizeof(magic));
    for (size_t i = 0; code == VT_OK && i < sizeof(blobs) / sizeof(blobs[0]); i++)
        code = add_blob(buf, blobs[i]);
    return code;
}

void vt_status_file_write(const char *directory, const char *name,
                          const struct vt_status_file *file)
{
    char path[MAX_NAME_BYTES];
    struct vt_buf buf;
    struct vt_err err = {0};
    vt_buf_init(&buf, MAX_FILE_BYTES);
    if (path_of(directory, name, path) && encode(file, &buf) == VT_OK &&
        vt_output_replace(path, FILE_MODE, vt_buf_bytes(&buf), &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "the status folder cannot be written: %s", err.text);
    vt_buf_clear(&buf);
}

void vt_status_file_remove(const char *directory, const char *name)
{
    char path[MAX_NAME_BYTES];
    if (path_of(directory, name, path) && unlink(path) != 0 && errno != ENOENT)
        vt_log(VT_LOG_WARNING, "%s cannot be removed: %s", path, strerror(errno));
}

/* ---- reading ---- */

static bool take_blob(struct vt_bytes *rest, struct vt_bytes *out)
{
    if (rest->len < 4)
        return false;
    size_t len = (size_t)rest->ptr[0] << 24 | (size_t)rest->ptr[1] << 16 |
                 (size_t)rest->ptr[2] << 8 | rest->ptr[3];
    if (len > rest->len - 4)
        return false;
    *out = vt_bytes_slice(*rest, 4, len);
    *rest = vt_bytes_slice(*rest, 4 + len, rest->len - 4 - len);
    return true;
}

/* Any time that can be reckoned with; a file may hold what it likes. */
static bool is_time(int64_t utc_secs)
{
    return utc_secs >= 0 && utc_secs <= INT64_C(253402300799); /* the year 9999 */
}

static bool decode(struct vt_bytes bytes, struct vt_status_file *out)
{
    char text[48] = "";
    char *end = NULL;
    struct vt_bytes times;
    if (bytes.len < sizeof(magic) || memcmp(bytes.ptr, magic, sizeof(magic)) != 0)
        return false;
    bytes = vt_bytes_slice(bytes, sizeof(magic), bytes.len - sizeof(magic));
    if (!take_blob(&bytes, &out->issuer) || !take_blob(&bytes, &out->certificate) ||
        !take_blob(&bytes, &out->origin) || !take_blob(&bytes, &times) ||
        !take_blob(&bytes, &out->data) || bytes.len != 0 || times.len >= sizeof(text))
        return false;
    memcpy(text, times.ptr, times.len);
    out->fetched_utc_secs = strtoll(text, &end, 10);
    out->used_utc_secs = strtoll(end, NULL, 10);
    return is_time(out->fetched_utc_secs) && is_time(out->used_utc_secs);
}

enum vt_code vt_status_kept_issuer(struct vt_bytes file, struct vt_bytes *out_der)
{
    struct vt_status_file kept = {0};
    if (!decode(file, &kept) || kept.issuer.len == 0)
        return VT_E_FORMAT;
    *out_der = kept.issuer;
    return VT_OK;
}

/* What is no regular file, or too large, is not read. */
static bool read_whole(const char *path, struct vt_bytes *out, bool *out_mapped)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool ok = fd >= 0 && vt_input_read(fd, MAX_FILE_BYTES, out, out_mapped, NULL) == VT_OK;
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

enum vt_code vt_status_file_data(const char *directory, const char *name, size_t max_bytes,
                                 struct vt_arena *arena, struct vt_bytes *out)
{
    char path[MAX_NAME_BYTES];
    struct vt_bytes bytes;
    struct vt_status_file file = {0};
    bool mapped = false;
    enum vt_code code = VT_E_NOT_FOUND;
    if (!path_of(directory, name, path) || !read_whole(path, &bytes, &mapped))
        return code;
    if (decode(bytes, &file) && file.data.len > 0 && file.data.len <= max_bytes) {
        *out = vt_bytes_of(vt_arena_dup(arena, file.data.ptr, file.data.len), file.data.len);
        code = out->ptr != NULL ? VT_OK : VT_E_NOMEM;
    }
    vt_input_release(bytes, mapped);
    return code;
}

/* ---- taking up ---- */

struct loading {
    struct vt_status_store *store;
    const struct vt_trust_store *trust;
    const struct vt_certificate *const *others; /* issuers of the folder */
    size_t others_count;
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    int64_t now_utc_secs;
};

static bool load_crl(const struct loading *loading, const struct vt_status_file *file,
                     const struct vt_certificate *signer, const char *origin)
{
    struct vt_crl crl;
    char digest[65];
    if (vt_crl_parse_frame(file->data, &crl, NULL) != VT_OK ||
        vt_verify_sha256(file->data, digest) != VT_OK ||
        (crl.next_update_utc_secs != VT_TIME_NONE &&
         crl.next_update_utc_secs < loading->now_utc_secs - ENDED_LIST_SECS) ||
        vt_status_store_put_crl(loading->store, signer, file->data, origin, file->fetched_utc_secs,
                                NULL) != VT_OK)
        return false;
    vt_status_store_set_used(loading->store, digest, file->used_utc_secs);
    return true;
}

static bool load_ocsp(const struct loading *loading, const struct vt_status_file *file,
                      const struct vt_certificate *certificate, const struct vt_certificate *issuer,
                      const char *origin)
{
    struct vt_status_fact fact;
    if (vt_status_read_ocsp(loading->arena, loading->pool, file->data, certificate, issuer,
                            (struct vt_bytes){0}, origin, &fact, NULL) != VT_OK)
        return false;
    /* A good answer that has ended is of no use to anybody. */
    if (fact.value != VT_STATUS_REVOKED && fact.next_update_utc_secs != VT_TIME_NONE &&
        fact.next_update_utc_secs < loading->now_utc_secs)
        return false;
    return vt_status_store_put_ocsp(loading->store, certificate, issuer, file->data, &fact,
                                    file->fetched_utc_secs, NULL) == VT_OK;
}

static bool load_revocation(const struct loading *loading, const struct vt_status_file *file,
                            const struct vt_certificate *certificate,
                            const struct vt_certificate *issuer)
{
    struct vt_known known;
    char key[65];
    const char *serial = vt_certificate_facts(certificate)->serial;
    return vt_known_from_json(loading->arena, file->data, &known, NULL) == VT_OK &&
           known.facts_count == 1 && known.facts[0].value == VT_STATUS_REVOKED &&
           vt_verify_sha256(vt_certificate_public_key_der(issuer), key) == VT_OK &&
           strcmp(known.facts[0].issuer_key_sha256, key) == 0 && serial != NULL &&
           known.facts[0].serial != NULL && known.facts[0].source != NULL &&
           strcmp(known.facts[0].serial, serial) == 0 &&
           vt_status_store_put_revocation(loading->store, certificate, &known.facts[0],
                                          file->fetched_utc_secs, NULL) == VT_OK;
}

/* True when the file was of use. */
static bool load_file(const struct loading *loading, struct vt_bytes bytes)
{
    struct vt_status_file file;
    const struct vt_certificate *issuer = NULL;
    const struct vt_certificate *certificate = NULL;
    char origin[1024];
    if (!decode(bytes, &file) ||
        vt_certificate_add(loading->pool, file.issuer, &issuer, NULL) != VT_OK ||
        !vt_trust_has_path(loading->trust, issuer, loading->others, loading->others_count))
        return false;
    (void)vt_text_clean(origin, sizeof(origin), file.origin);
    if (file.data.len == 0)
        return vt_status_store_put_issuer(loading->store, issuer, NULL) == VT_OK;
    if (file.certificate.len == 0)
        return load_crl(loading, &file, issuer, origin);
    if (vt_certificate_add(loading->pool, file.certificate, &certificate, NULL) != VT_OK)
        return false;
    return file.data.ptr[0] == '{' ? load_revocation(loading, &file, certificate, issuer)
                                   : load_ocsp(loading, &file, certificate, issuer, origin);
}

/* Each file in an arena of its own, so that a large folder needs no large memory. */
static bool load_path(const char *path, const struct loading *common)
{
    struct vt_bytes bytes;
    bool ok = false, is_mapped = false;
    if (!read_whole(path, &bytes, &is_mapped))
        return false;
    struct loading loading = *common;
    loading.arena = vt_arena_new(LOAD_ARENA_BYTES);
    if (loading.arena != NULL)
        loading.pool = vt_certificate_pool_new(loading.arena, vt_trust_store_pool(common->trust));
    if (loading.pool != NULL)
        ok = load_file(&loading, bytes);
    vt_arena_free(loading.arena);
    vt_input_release(bytes, is_mapped);
    return ok;
}

/* ---- the folder ---- */

static bool has_prefix(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool is_ours(const char *name)
{
    return has_prefix(name, "crl-") || has_prefix(name, "ocsp-") || has_prefix(name, "issuer-") ||
           has_prefix(name, "revoked-");
}

static bool is_unfinished(const char *name)
{
    size_t len = strlen(name);
    return len > 4 && strcmp(name + len - 4, ".new") == 0;
}

/* The issuers of the folder, of which one may lead to an anchor by another. */
static size_t gather_issuers(DIR *folder, const char *directory, struct vt_certificate_pool *pool,
                             const struct vt_certificate **out, size_t max)
{
    char path[MAX_NAME_BYTES];
    size_t count = 0;
    const struct dirent *entry;
    rewinddir(folder);
    while (count < max && (entry = readdir(folder)) != NULL) {
        struct vt_status_file file;
        struct vt_bytes bytes;
        bool is_mapped = false;
        if (!has_prefix(entry->d_name, "issuer-") || is_unfinished(entry->d_name) ||
            !path_of(directory, entry->d_name, path) || !read_whole(path, &bytes, &is_mapped))
            continue;
        if (decode(bytes, &file) &&
            vt_certificate_add(pool, file.issuer, &out[count], NULL) == VT_OK)
            count++;
        vt_input_release(bytes, is_mapped);
    }
    return count;
}

/* ---- one after the other ---- */

struct vt_status_folder {
    DIR *listing;
    char *directory;
    struct vt_arena *arena; /* of the issuers */
    struct loading loading;
    const struct vt_certificate *others[VT_MAX_STORE_ISSUERS];
    bool is_at_answers; /* what is few and matters for many was read */
    size_t loaded, removed;
};

static bool is_answer(const char *name)
{
    return has_prefix(name, "ocsp-");
}

/* Read the next file; false: there is none. */
static bool load_next(struct vt_status_folder *folder)
{
    char path[MAX_NAME_BYTES];
    const struct dirent *entry = NULL;
    do {
        entry = folder->loaded + folder->removed < MAX_FILES ? readdir(folder->listing) : NULL;
        if (entry == NULL)
            return false;
    } while (!is_ours(entry->d_name) || is_answer(entry->d_name) != folder->is_at_answers ||
             !path_of(folder->directory, entry->d_name, path));
    if (!is_unfinished(entry->d_name) && load_path(path, &folder->loading)) {
        folder->loaded++;
    } else {
        (void)unlink(path);
        folder->removed++;
    }
    return true;
}

static bool fill_folder(struct vt_status_folder *folder, const char *directory)
{
    struct vt_certificate_pool *pool = NULL;
    folder->directory = strdup(directory);
    folder->arena = vt_arena_new(ISSUERS_ARENA_BYTES);
    if (folder->directory != NULL && folder->arena != NULL)
        pool = vt_certificate_pool_new(folder->arena, vt_trust_store_pool(folder->loading.trust));
    if (pool == NULL)
        return false;
    folder->loading.others_count =
        gather_issuers(folder->listing, directory, pool, folder->others, VT_MAX_STORE_ISSUERS);
    folder->loading.others = folder->others;
    return true;
}

void vt_status_folder_close(struct vt_status_folder *folder)
{
    if (folder == NULL)
        return;
    if (folder->listing != NULL)
        (void)closedir(folder->listing);
    vt_arena_free(folder->arena);
    free(folder->directory);
    free(folder);
}

enum vt_code vt_status_folder_open(const char *directory, struct vt_status_store *store,
                                   const struct vt_trust_store *trust, int64_t now_utc_secs,
                                   struct vt_status_folder **out, struct vt_err *err)
{
    *out = NULL;
    struct vt_status_folder *folder = calloc(1, sizeof(*folder));
    if (folder == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory for the status folder");
    folder->loading =
        (struct loading){.store = store, .trust = trust, .now_utc_secs = now_utc_secs};
    folder->listing = opendir(directory);
    enum vt_code code = VT_OK;
    if (folder->listing == NULL)
        code = vt_err_sys(err, "reading the status folder %s", directory);
    else if (!fill_folder(folder, directory))
        code = vt_err_set(err, VT_E_NOMEM, "out of memory for the status folder");
    if (code != VT_OK || folder->listing == NULL) {
        vt_status_folder_close(folder);
        return code;
    }
    rewinddir(folder->listing);
    while (load_next(folder))
        continue;
    folder->is_at_answers = true;
    rewinddir(folder->listing);
    *out = folder;
    return VT_OK;
}

bool vt_status_folder_go_on(struct vt_status_folder *folder, int64_t until_msecs)
{
    struct vt_status_store *store = folder->loading.store;
    /* What is read from the folder need not be written to it. */
    char *directory = store->directory;
    bool more = true;
    store->directory = NULL;
    while (more && vt_clock_monotonic_msecs() < until_msecs)
        more = load_next(folder);
    store->directory = directory;
    if (!more)
        vt_log(VT_LOG_INFO,
               "status: %zu files of the folder are of use, %zu were not and are removed",
               folder->loaded, folder->removed);
    return !more;
}
