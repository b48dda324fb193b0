/* SPDX-License-Identifier: Apache-2.0
 * Everything an administrator wrote, read once and judged as a whole: nothing is started from
 * files with a mistake in one of them, and every role sees the bytes that were judged. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "master.h"
#include "vanthu/notice.h"
#include "vanthu/role.h"
#include "vanthu/seal_look.h"
#include "vanthu/wire.h"

/* The bytes of a file as a sealed memory file, and mapped. */
static enum vt_code seal_file(const char *file, int *out_fd, struct vt_bytes *out_text,
                              struct vt_err *err)
{
    struct vt_bytes text;
    bool mapped = false;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
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

static enum vt_code parse_config(struct vt_bytes text, const char *file, struct vt_loaded *out,
                                 struct vt_err *err)
{
    return vt_config_parse(text, file, &out->config, &out->mistakes, err);
}

static enum vt_code parse_policy(struct vt_bytes bundle, struct vt_loaded *out, struct vt_err *err)
{
    enum vt_code code =
        vt_policy_parse_bundle(bundle, out->config->policy_file, &out->policy, &out->mistakes, err);
    if (code == VT_OK)
        (void)snprintf(out->version.policy, sizeof(out->version.policy), "%s",
                       vt_policy_version(out->policy));
    return code;
}

static enum vt_code read_policy(struct vt_loaded *out, struct vt_bytes config, struct vt_err *err)
{
    struct vt_buf packed;
    enum vt_code code = VT_OK;
    vt_buf_init(&packed, VT_MAX_BUNDLE_BYTES);
    if (out->config->policy_file != NULL) {
        code = vt_policy_bundle(out->config->policy_file, &packed, err);
        if (code == VT_OK)
            code = parse_policy(vt_buf_bytes(&packed), out, err);
        if (code == VT_OK)
            code = vt_memfd_seal("vanthu-policy", vt_buf_bytes(&packed), &out->policy_text, err);
    }
    if (code == VT_OK)
        code = vt_version_digest(config, vt_buf_bytes(&packed), &out->version);
    vt_buf_clear(&packed);
    return code;
}

static enum vt_code check_words(struct vt_loaded *out, struct vt_bytes bundle, struct vt_err *err)
{
    struct vt_notice_words *words = NULL;
    enum vt_code code =
        vt_notice_words_parse(bundle, out->config->notices.directory, &words, &out->mistakes, err);
    vt_notice_words_free(words);
    return code;
}

/* Own words of notices, as they are now: they are read anew with every load, also of a version that
 * was kept, because nothing that is decided depends on them. */
static void read_words(struct vt_loaded *out)
{
    struct vt_buf packed;
    struct vt_err err = {0};
    size_t errors_before = out->mistakes.errors_count;
    const char *directory = out->config->notices.directory;
    if (directory == NULL)
        return;
    vt_buf_init(&packed, VT_MAX_BUNDLE_BYTES);
    enum vt_code code = vt_notice_words_bundle(directory, &packed, &err);
    if (code == VT_OK)
        code = check_words(out, vt_buf_bytes(&packed), &err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-notices", vt_buf_bytes(&packed), &out->notices_text, &err);
    if (code != VT_OK && out->mistakes.errors_count == errors_before)
        vt_config_mistake(out->config, &out->mistakes, "notices.directory", false, "%s", err.text);
    vt_buf_clear(&packed);
}

/* Pictures and fonts of seals, as they are now, as with the words of notices. */
static void read_looks(struct vt_loaded *out)
{
    struct vt_buf packed;
    struct vt_err err = {0};
    if (out->config->seal_appearances_count == 0)
        return;
    vt_buf_init(&packed, VT_MAX_SEAL_LOOKS_BYTES);
    enum vt_code code = vt_seal_looks_bundle(out->config, &packed, &out->mistakes, &err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-looks", vt_buf_bytes(&packed), &out->looks_file, &err);
    if (code != VT_OK)
        vt_config_mistake(out->config, &out->mistakes, "seal.appearances", false, "%s", err.text);
    vt_buf_clear(&packed);
}

/* "vanthu.yaml: 1 mistake, policy.yaml: 2 mistakes": those that are kept. */
static enum vt_code count_mistakes(const struct vt_mistakes *mistakes, struct vt_err *err)
{
    char text[VT_ERR_TEXT_BYTES] = "";
    for (size_t i = 0; i < mistakes->count; i++) {
        size_t count = 0, before = 0, used = strlen(text);
        for (size_t k = 0; k < mistakes->count; k++)
            if (!mistakes->items[k].warning &&
                strcmp(mistakes->items[k].file, mistakes->items[i].file) == 0) {
                count++;
                before += k < i;
            }
        if (!mistakes->items[i].warning && before == 0)
            (void)snprintf(text + used, sizeof(text) - used, "%s%s: %zu mistake%s",
                           used == 0 ? "" : ", ", mistakes->items[i].file, count,
                           count == 1 ? "" : "s");
    }
    return vt_err_set(err, VT_E_CONFIG, "%s", text);
}

/* What both ways of loading end with. A mistake of the policy does not keep the next check from
 * telling its own. */
static enum vt_code judge(struct vt_loaded *out, enum vt_code policy_code, struct vt_err *err)
{
    struct vt_mistakes *mistakes = &out->mistakes;
    if (policy_code != VT_OK && mistakes->errors_count == 0)
        vt_config_mistake(out->config, mistakes, "policy", false, "%s", err->text);
    read_words(out);
    read_looks(out);
    out->version.mode = out->config->mode;
    vt_check_trust(out->config, mistakes);
    vt_check_site(out->config, mistakes);
    vt_check_seal(out->config, out->policy != NULL ? vt_policy_site(out->policy) : NULL, mistakes);
    vt_check_policy_seals(out->config, out->policy, mistakes);
    return mistakes->errors_count == 0 ? VT_OK : count_mistakes(mistakes, err);
}

enum vt_code vt_loaded_read(const char *config_file, struct vt_loaded *out, struct vt_err *err)
{
    struct vt_bytes text = {0};
    vt_loaded_init(out);
    enum vt_code code = seal_file(config_file, &out->config_text, &text, err);
    if (code == VT_OK)
        code = parse_config(text, config_file, out, err);
    if (code == VT_OK)
        code = judge(out, read_policy(out, text, err), err);
    vt_memfd_unmap(text);
    return code;
}

enum vt_code vt_loaded_take(const char *config_file, int fds[VT_VERSION_FILES],
                            struct vt_loaded *out, struct vt_err *err)
{
    struct vt_bytes config = {0}, policy = {0};
    vt_loaded_init(out);
    out->config_text = fds[VT_VERSION_CONFIG];
    out->policy_text = fds[VT_VERSION_POLICY];
    out->rules = vt_version_read_rules(fds[VT_VERSION_RULES]);
    fds[VT_VERSION_CONFIG] = fds[VT_VERSION_POLICY] = fds[VT_VERSION_RULES] = -1;
    enum vt_code code = vt_memfd_map(out->config_text, VT_MAX_CONFIG_BYTES, &config, err);
    if (code == VT_OK && out->policy_text >= 0)
        code = vt_memfd_map(out->policy_text, VT_MAX_BUNDLE_BYTES, &policy, err);
    if (code == VT_OK)
        code = vt_version_digest(config, policy, &out->version);
    if (code == VT_OK)
        code = parse_config(config, config_file, out, err);
    if (code == VT_OK)
        code = judge(out, policy.len > 0 ? parse_policy(policy, out, err) : VT_OK, err);
    vt_memfd_unmap(config);
    vt_memfd_unmap(policy);
    return code;
}

void vt_loaded_init(struct vt_loaded *loaded)
{
    *loaded = (struct vt_loaded){
        .config_text = -1, .policy_text = -1, .notices_text = -1, .looks_file = -1};
}

void vt_loaded_clear(struct vt_loaded *loaded)
{
    vt_config_free(loaded->config);
    vt_policy_free(loaded->policy);
    json_decref(loaded->rules);
    vt_mistakes_clear(&loaded->mistakes);
    if (loaded->config_text >= 0)
        (void)close(loaded->config_text);
    if (loaded->policy_text >= 0)
        (void)close(loaded->policy_text);
    if (loaded->notices_text >= 0)
        (void)close(loaded->notices_text);
    if (loaded->looks_file >= 0)
        (void)close(loaded->looks_file);
    vt_loaded_init(loaded);
}

enum vt_code vt_loaded_prepare(const struct vt_loaded *loaded, struct vt_err *err)
{
    const struct vt_config *config = loaded->config;
    enum vt_code code =
        vt_folder_prepare(config->spool_directory, config->role_user[VT_ROLE_GATEWAY], err);
    if (code == VT_OK)
        code = vt_folder_prepare(config->state_directory, config->role_user[VT_ROLE_STATUS], err);
    if (code == VT_OK)
        code = vt_folder_prepare(config->register_directory, config->role_user[VT_ROLE_REGISTRAR],
                                 err);
    if (code == VT_OK && config->seal_keys_count > 0)
        code = vt_folder_prepare(config->seal_directory, config->role_user[VT_ROLE_SEALER], err);
    return code;
}
