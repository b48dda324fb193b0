/* SPDX-License-Identifier: Apache-2.0
 * Everything an administrator wrote, read once and judged as a whole: nothing is started from
 * files with a mistake in one of them, and every role sees the bytes that were judged. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "master.h"
#include "role_start.h"
#include "vanthu/clock.h"
#include "vanthu/wire.h"

/* The bytes of a file as a sealed memory file, and mapped. */
static enum vt_code seal_file(const char *file, int *out_fd, struct vt_bytes *out_text,
                              struct vt_err *err)
{
    struct vt_bytes text;
    bool mapped = false;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return vt_err_sys(err, "cannot read %s", file);
    enum vt_code code = vt_input_read(fd, VT_MAX_CONFIG_BYTES, &text, &mapped, err);
    (void)close(fd);
    if (code == VT_OK) {
        code = vt_memfd_seal("vanthu-file", text, out_fd, err);
        vt_input_release(text, mapped);
    } else {
        vt_err_set(err, code, "%s is not a file of at most %u bytes", file, VT_MAX_CONFIG_BYTES);
    }
    if (code == VT_OK)
        code = vt_memfd_map(*out_fd, VT_MAX_CONFIG_BYTES, out_text, err);
    return code;
}

static enum vt_code read_config(const char *file, struct vt_loaded *out,
                                struct vt_mistakes *mistakes, struct vt_err *err)
{
    struct vt_bytes text = {0};
    enum vt_code code = seal_file(file, &out->config_text, &text, err);
    if (code == VT_OK)
        code = vt_config_parse(text, file, &out->config, mistakes, err);
    vt_memfd_unmap(text);
    return code;
}

static enum vt_code read_policy(struct vt_loaded *out, struct vt_mistakes *mistakes,
                                struct vt_err *err)
{
    struct vt_bytes text = {0};
    struct vt_policy *policy = NULL;
    if (out->config->policy_file == NULL)
        return VT_OK;
    enum vt_code code = seal_file(out->config->policy_file, &out->policy_text, &text, err);
    if (code == VT_OK)
        code = vt_policy_parse(text, out->config->policy_file, &policy, mistakes, err);
    vt_memfd_unmap(text);
    vt_policy_free(policy);
    return code;
}

/* Before this was written nothing can have been signed, so the clock is wrong. */
static bool clock_is_plausible(void)
{
    return vt_clock_now_utc_secs() >= vt_time_from_civil(2025, 1, 1, 0, 0, 0);
}

static enum vt_code check_trust(const struct vt_config *config, struct vt_err *err)
{
    struct vt_trust_store *store = NULL;
    enum vt_code code = vt_trust_store_load(config->trust, VT_TRUST_SETS, &store, err);
    if (code != VT_OK)
        return code;
    size_t anchors = 0;
    for (enum vt_trust_set_id set = VT_TRUST_OFFICIAL; set < VT_TRUST_SETS; set++)
        anchors += vt_trust_store_anchors(store, set);
    vt_trust_store_free(store);
    if (config->mode != VT_MODE_ENFORCE)
        return VT_OK;
    if (anchors == 0)
        return vt_err_set(err, VT_E_CONFIG,
                          "mode: enforce needs at least one confirmed trust anchor; without one no "
                          "signature can be checked (trust.official.anchors and .confirmed)");
    if (!clock_is_plausible())
        return vt_err_set(err, VT_E_CONFIG,
                          "mode: enforce needs a right clock, and this machine's says that it is "
                          "before 2025");
    return VT_OK;
}

static bool was_listed(const struct vt_mistakes *mistakes, size_t errors_before)
{
    return mistakes->errors_count > errors_before;
}

enum vt_code vt_loaded_read(const char *config_file, struct vt_loaded *out,
                            struct vt_mistakes *mistakes, struct vt_err *err)
{
    *out = (struct vt_loaded){.config_text = -1, .policy_text = -1};
    enum vt_code code = read_config(config_file, out, mistakes, err);
    if (code != VT_OK)
        goto done;
    /* A mistake here does not keep the next check from telling its own. */
    size_t before = mistakes->errors_count;
    enum vt_code policy = read_policy(out, mistakes, err);
    if (policy != VT_OK && !was_listed(mistakes, before))
        (void)vt_mistakes_add(mistakes, out->config->file, 1, 1, false, "%s", err->text);
    enum vt_code trust = check_trust(out->config, err);
    if (trust != VT_OK)
        (void)vt_mistakes_add(mistakes, err->file[0] != '\0' ? err->file : out->config->file,
                              err->line > 0 ? err->line : 1, err->column > 0 ? err->column : 1,
                              false, "%s", err->text);
    code = policy != VT_OK ? policy : trust;
    if (code != VT_OK)
        code =
            vt_err_set(err, VT_E_CONFIG, "%s: %zu mistakes", config_file, mistakes->errors_count);
done:
    if (code != VT_OK)
        vt_loaded_clear(out);
    return code;
}

void vt_loaded_clear(struct vt_loaded *loaded)
{
    vt_config_free(loaded->config);
    if (loaded->config_text >= 0)
        (void)close(loaded->config_text);
    if (loaded->policy_text >= 0)
        (void)close(loaded->policy_text);
    *loaded = (struct vt_loaded){.config_text = -1, .policy_text = -1};
}

/* A folder that is root's own was made for us (by a package, by systemd): give it away. */
static enum vt_code prepare_folder(const char *path, const char *user, struct vt_err *err)
{
    struct stat info;
    struct vt_role_user owner;
    if (path == NULL)
        return VT_OK;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return vt_err_sys(err, "cannot make the folder %s", path);
    if (geteuid() != 0)
        return VT_OK;
    enum vt_code code = vt_role_user_find(user, &owner, err);
    if (code != VT_OK)
        return code;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0 ||
        (info.st_uid == 0 && fchown(fd, owner.uid, owner.gid) != 0))
        code = vt_err_sys(err, "cannot give the folder %s to the user %s", path, user);
    if (fd >= 0)
        (void)close(fd);
    return code;
}

enum vt_code vt_loaded_prepare(const struct vt_loaded *loaded, struct vt_err *err)
{
    const struct vt_config *config = loaded->config;
    enum vt_code code =
        prepare_folder(config->spool_directory, config->role_user[VT_ROLE_GATEWAY], err);
    if (code == VT_OK)
        code = prepare_folder(config->state_directory, config->role_user[VT_ROLE_STATUS], err);
    return code;
}
