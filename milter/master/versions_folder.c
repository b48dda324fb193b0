/* SPDX-License-Identifier: Apache-2.0
 * The folder of the versions. It belongs to the master alone, so what stands in it is what a master
 * wrote; the digest is compared all the same, because a disk may fail. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vanthu/log.h"
#include "vanthu/wire.h"
#include "versions.h"

#define STATE_VERSION 1
#define MAX_STATE_BYTES (256u * 1024)
#define MAX_PATH_BYTES 4352
#define DIGEST_LENGTH 64

static const struct {
    const char *suffix;
    const char *name; /* of the memory file */
    size_t max_bytes;
} kinds[VT_VERSION_FILES] = {
    [VT_VERSION_CONFIG] = {"yaml", "vanthu-file", VT_MAX_CONFIG_BYTES},
    [VT_VERSION_POLICY] = {"policy", "vanthu-policy", VT_MAX_BUNDLE_BYTES},
    [VT_VERSION_RULES] = {"rules", "vanthu-rules", VT_MAX_RULES_BYTES},
};

/* ---- the state file ---- */

static json_t *version_to_json(const struct vt_version *version)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s}", "digest", version->digest, "policy",
                     version->policy, "policy_sha256", version->policy_sha256, "mode",
                     vt_mode_name(version->mode), "loaded_utc_secs",
                     (json_int_t)version->loaded_utc_secs, "by", version->by);
}

static json_t *state_to_json(const struct vt_versions *versions)
{
    json_t *list = json_array();
    for (size_t i = 0; i < versions->count; i++)
        (void)json_array_append_new(list, version_to_json(&versions->items[i]));
    return json_pack("{s:i, s:o, s:i, s:s, s:s, s:I}", "v", STATE_VERSION, "versions", list,
                     "current", (int)versions->current, "kept", versions->kept, "unkept",
                     versions->unkept, "until_utc_secs", (json_int_t)versions->until_utc_secs);
}

static bool is_digest(const char *text)
{
    return text != NULL && strlen(text) == DIGEST_LENGTH &&
           strspn(text, "0123456789abcdef") == DIGEST_LENGTH;
}

static bool take_text(const json_t *root, const char *key, char *out, size_t out_bytes)
{
    const char *text = json_string_value(json_object_get(root, key));
    if (text == NULL || strlen(text) >= out_bytes)
        return false;
    (void)snprintf(out, out_bytes, "%s", text);
    return true;
}

static bool take_mode(const json_t *root, enum vt_mode *out)
{
    const char *name = json_string_value(json_object_get(root, "mode"));
    for (unsigned mode = VT_MODE_OBSERVE; name != NULL && mode <= VT_MODE_ENFORCE; mode++) {
        if (strcmp(name, vt_mode_name((enum vt_mode)mode)) != 0)
            continue;
        *out = (enum vt_mode)mode;
        return true;
    }
    return false;
}

static bool take_version(const json_t *root, struct vt_version *out)
{
    out->loaded_utc_secs = json_integer_value(json_object_get(root, "loaded_utc_secs"));
    return take_text(root, "digest", out->digest, sizeof(out->digest)) && is_digest(out->digest) &&
           take_text(root, "policy", out->policy, sizeof(out->policy)) &&
           take_text(root, "policy_sha256", out->policy_sha256, sizeof(out->policy_sha256)) &&
           take_text(root, "by", out->by, sizeof(out->by)) && take_mode(root, &out->mode);
}

static bool take_digest(const json_t *root, const char *key, char out[65])
{
    return take_text(root, key, out, 65) && (out[0] == '\0' || is_digest(out));
}

static bool take_state(const json_t *root, struct vt_versions *out)
{
    const json_t *list = json_object_get(root, "versions");
    json_int_t current = json_integer_value(json_object_get(root, "current"));
    if (json_integer_value(json_object_get(root, "v")) != STATE_VERSION ||
        json_array_size(list) > VT_MAX_VERSIONS || !take_digest(root, "kept", out->kept) ||
        !take_digest(root, "unkept", out->unkept))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!take_version(json_array_get(list, i), &out->items[out->count++]))
            return false;
    out->current = (size_t)current;
    out->until_utc_secs = json_integer_value(json_object_get(root, "until_utc_secs"));
    return current >= 0 && (out->count == 0 || out->current < out->count);
}

static void read_state(struct vt_versions *out)
{
    char path[MAX_PATH_BYTES];
    struct vt_versions read = {0};
    (void)snprintf(path, sizeof(path), "%s/state.json", out->folder);
    if (access(path, F_OK) != 0)
        return;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    memcpy(read.folder, out->folder, sizeof(read.folder));
    if (take_state(root, &read))
        *out = read;
    else
        vt_log(VT_LOG_WARNING,
               "%s cannot be read: it is not known which policies were loaded before", path);
    json_decref(root);
}

/* ---- the folder ---- */

/* What roles could write, a role that was taken over could have served. */
enum vt_code vt_versions_open(const char *folder, struct vt_versions *out, struct vt_err *err)
{
    struct stat info;
    *out = (struct vt_versions){0};
    if (strlen(folder) >= sizeof(out->folder))
        return vt_err_set(err, VT_E_CONFIG, "the name of the folder %.64s… is too long", folder);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return vt_err_set(err, VT_E_CONFIG, "cannot make the folder %s: %s", folder,
                          strerror(errno));
    if (lstat(folder, &info) != 0 || !S_ISDIR(info.st_mode))
        return vt_err_set(err, VT_E_CONFIG, "%s is not a folder", folder);
    if (info.st_uid != geteuid() || (info.st_mode & 022) != 0)
        return vt_err_set(err, VT_E_CONFIG,
                          "the folder %s has to belong to the user that starts vanthu-milter, and "
                          "nobody else may write in it",
                          folder);
    if (access(folder, R_OK | W_OK | X_OK) != 0)
        return vt_err_set(err, VT_E_CONFIG, "cannot write in the folder %s: %s", folder,
                          strerror(errno));
    (void)snprintf(out->folder, sizeof(out->folder), "%s", folder);
    read_state(out);
    return VT_OK;
}

/* Only names that are ours are touched. */
static void sweep(const struct vt_versions *versions)
{
    char path[MAX_PATH_BYTES + 256];
    DIR *folder = opendir(versions->folder);
    for (struct dirent *entry = folder == NULL ? NULL : readdir(folder); entry != NULL;
         entry = readdir(folder)) {
        char digest[65];
        (void)snprintf(digest, sizeof(digest), "%.64s", entry->d_name);
        if (!is_digest(digest) || entry->d_name[DIGEST_LENGTH] != '.' ||
            vt_versions_find(versions, digest) != NULL || strcmp(digest, versions->unkept) == 0)
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", versions->folder, entry->d_name);
        (void)unlink(path);
    }
    if (folder != NULL)
        (void)closedir(folder);
}

enum vt_code vt_versions_save(const struct vt_versions *versions, struct vt_err *err)
{
    char path[MAX_PATH_BYTES];
    if (versions->folder[0] == '\0')
        return VT_OK;
    json_t *root = state_to_json(versions);
    char *text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    if (text == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the state of the policies");
    (void)snprintf(path, sizeof(path), "%s/state.json", versions->folder);
    enum vt_code code = vt_output_replace(path, 0600, vt_bytes_str(text), err);
    free(text);
    if (code == VT_OK)
        sweep(versions);
    return code;
}

static void path_of(const struct vt_versions *versions, const char *digest, size_t kind,
                    char out[MAX_PATH_BYTES])
{
    (void)snprintf(out, MAX_PATH_BYTES, "%s/%s.%s", versions->folder, digest, kinds[kind].suffix);
}

enum vt_code vt_versions_store(const struct vt_versions *versions, const struct vt_version *version,
                               const struct vt_version_files *files, struct vt_err *err)
{
    const struct vt_bytes bytes[VT_VERSION_FILES] = {files->config, files->policy, files->rules};
    enum vt_code code = VT_OK;
    if (versions->folder[0] == '\0')
        return VT_OK;
    for (size_t i = 0; i < VT_VERSION_FILES && code == VT_OK; i++) {
        char path[MAX_PATH_BYTES];
        path_of(versions, version->digest, i, path);
        if (bytes[i].len > 0)
            code = vt_output_replace(path, 0600, bytes[i], err);
    }
    return code;
}

static enum vt_code take_file(const char *path, size_t kind, int *out_fd, struct vt_err *err)
{
    struct vt_bytes bytes;
    bool mapped = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? vt_err_set(err, VT_E_NOT_FOUND, "%s is not there", path)
                               : vt_err_sys(err, "cannot read %s", path);
    enum vt_code code = vt_input_read(fd, kinds[kind].max_bytes, &bytes, &mapped, err);
    (void)close(fd);
    if (code != VT_OK)
        return code;
    code = vt_memfd_seal(kinds[kind].name, bytes, out_fd, err);
    vt_input_release(bytes, mapped);
    return code;
}

static enum vt_code compare_digest(const int fds[VT_VERSION_FILES], const char *digest,
                                   struct vt_err *err)
{
    struct vt_bytes config = {0}, policy = {0};
    struct vt_version found;
    enum vt_code code = vt_memfd_map(fds[VT_VERSION_CONFIG], VT_MAX_CONFIG_BYTES, &config, err);
    if (code == VT_OK && fds[VT_VERSION_POLICY] >= 0)
        code = vt_memfd_map(fds[VT_VERSION_POLICY], VT_MAX_BUNDLE_BYTES, &policy, err);
    if (code == VT_OK)
        code = vt_version_digest(config, policy, &found);
    if (code == VT_OK && strcmp(found.digest, digest) != 0)
        code = vt_err_set(err, VT_E_FORMAT, "the kept version %.12s is damaged", digest);
    vt_memfd_unmap(config);
    vt_memfd_unmap(policy);
    return code;
}

enum vt_code vt_versions_take(const struct vt_versions *versions, const char *digest,
                              int out_fds[VT_VERSION_FILES], struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < VT_VERSION_FILES; i++)
        out_fds[i] = -1;
    if (versions->folder[0] == '\0')
        return vt_err_set(err, VT_E_NOT_FOUND, "no version is kept: there is no folder for them");
    for (size_t i = 0; i < VT_VERSION_FILES && code == VT_OK; i++) {
        char path[MAX_PATH_BYTES];
        path_of(versions, digest, i, path);
        code = take_file(path, i, &out_fds[i], err);
        if (code == VT_E_NOT_FOUND && i != VT_VERSION_CONFIG)
            code = VT_OK;
    }
    if (code == VT_OK)
        code = compare_digest(out_fds, digest, err);
    for (size_t i = 0; code != VT_OK && i < VT_VERSION_FILES; i++) {
        if (out_fds[i] >= 0)
            (void)close(out_fds[i]);
        out_fds[i] = -1;
    }
    return code;
}

json_t *vt_version_read_rules(int fd)
{
    struct vt_bytes bytes = {0};
    json_t *rules = NULL;
    if (fd < 0)
        return NULL;
    if (vt_memfd_map(fd, VT_MAX_RULES_BYTES, &bytes, NULL) == VT_OK)
        rules = json_loadb((const char *)bytes.ptr, bytes.len, JSON_REJECT_DUPLICATES, NULL);
    vt_memfd_unmap(bytes);
    (void)close(fd);
    return rules;
}
