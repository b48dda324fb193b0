/* SPDX-License-Identifier: Apache-2.0
 * Reading vanthu.yaml(5): defaults from the table, then the file, then what must hold between
 * settings. Immutable afterwards. */
#include "vanthu/config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/config_table.h"

#ifndef VT_SYSCONFDIR
#define VT_SYSCONFDIR "/etc/vanthu"
#endif

/* The tree of a file and all its strings; a full sample takes below 100 KiB. */
#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define MAX_CHILDREN 64
#define MAX_KEY_BYTES 64

struct vt_config_place {
    unsigned line, column; /* 0: not in the file */
};

const char *vt_role_name(enum vt_role_id role)
{
    static const char *const names[VT_ROLES] = {[VT_ROLE_MASTER] = "master",
                                                [VT_ROLE_GATEWAY] = "gateway",
                                                [VT_ROLE_INSPECTOR] = "inspector",
                                                [VT_ROLE_STATUS] = "status",
                                                [VT_ROLE_FETCH] = "fetch",
                                                [VT_ROLE_REGISTRAR] = "registrar",
                                                [VT_ROLE_WEB] = "web",
                                                [VT_ROLE_SHIPPER] = "shipper",
                                                [VT_ROLE_POST] = "post",
                                                [VT_ROLE_SEALER] = "sealer"};
    return role < VT_ROLES ? names[role] : "unknown";
}

static bool set_value(struct vt_config_reader *reader, const struct vt_setting *setting,
                      const struct vt_yaml_node *node)
{
    return setting->set(reader, setting, node, (char *)reader->config + setting->offset);
}

/* A default goes the same way as a value of the file. */
static enum vt_code set_default(struct vt_config_reader *reader, const struct vt_setting *setting,
                                struct vt_err *err)
{
    struct vt_yaml_node *node = NULL;
    if (setting->default_text == NULL)
        return VT_OK;
    enum vt_code code =
        vt_yaml_parse(&reader->yaml, vt_bytes_str(setting->default_text), &node, err);
    if (code != VT_OK)
        return code;
    if (node == NULL || !set_value(reader, setting, node))
        return vt_err_set(err, VT_E_INTERNAL, "default of %s is wrong", setting->key);
    return VT_OK;
}

/* Defaults that depend on the machine or on other settings. */
static enum vt_code set_computed(struct vt_config *config, struct vt_err *err)
{
    char name[256] = "";
    if (config->hostname == NULL) {
        if (gethostname(name, sizeof(name) - 1) != 0 || !vt_check_domain(name))
            (void)strcpy(name, "localhost");
        config->hostname = vt_arena_str(config->arena, name);
    }
    if (config->authserv_id == NULL && config->hostname != NULL)
        config->authserv_id = vt_arena_printf(config->arena, "vanthu.%s", config->hostname);
    config->role_user[VT_ROLE_SHIPPER] = config->role_user[VT_ROLE_REGISTRAR];
    if (config->history_directory == NULL)
        config->history_directory =
            vt_arena_printf(config->arena, "%s-policies", config->state_directory);
    if (config->authserv_id == NULL || config->history_directory == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the configuration");
    return VT_OK;
}

static enum vt_code set_defaults(struct vt_config_reader *reader, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (unsigned i = 0; i < VT_TRUST_SETS; i++) {
        reader->config->trust[i].set = (enum vt_trust_set_id)i;
        reader->config->trust[i].rules = &reader->config->trust_rules[i];
    }
    for (size_t i = 0; i < vt_settings_count && code == VT_OK; i++)
        code = set_default(reader, &vt_settings[i], err);
    return code;
}

/* The words that may follow a prefix: "limits." gives memory-spool, total, … Distinct. */
static size_t children_of(const char *prefix, char names[MAX_CHILDREN][MAX_KEY_BYTES],
                          const char *out[MAX_CHILDREN])
{
    size_t count = 0, skip = strlen(prefix);
    for (size_t i = 0; i < vt_settings_count && count < MAX_CHILDREN; i++) {
        const char *key = vt_settings[i].key;
        if (strncmp(key, prefix, skip) != 0)
            continue;
        size_t len = strcspn(key + skip, ".");
        bool is_new = count == 0 || strncmp(names[count - 1], key + skip, len) != 0 ||
                      names[count - 1][len] != '\0';
        if (!is_new || len >= MAX_KEY_BYTES)
            continue;
        memcpy(names[count], key + skip, len);
        names[count][len] = '\0';
        out[count] = names[count];
        count++;
    }
    return count;
}

static const struct vt_setting *find_setting(const char *key)
{
    for (size_t i = 0; i < vt_settings_count; i++) {
        if (strcmp(vt_settings[i].key, key) == 0)
            return &vt_settings[i];
    }
    return NULL;
}

/* Depth is bounded by the dots of the table's keys. */
static void read_group(struct vt_config_reader *reader, const struct vt_yaml_node *mapping,
                       const char *prefix)
{
    char names[MAX_CHILDREN][MAX_KEY_BYTES], key[MAX_KEY_BYTES];
    const char *children[MAX_CHILDREN];
    size_t count = children_of(prefix, names, children);
    if (!vt_yaml_is_mapping(&reader->yaml, mapping, prefix[0] == '\0' ? "the file" : "this key"))
        return;
    vt_yaml_check_keys(&reader->yaml, mapping, children, count);
    for (size_t i = 0; i < count; i++) {
        const struct vt_yaml_node *node = vt_yaml_find(mapping, children[i]);
        if (node == NULL)
            continue;
        (void)snprintf(key, sizeof(key), "%s%s", prefix, children[i]);
        const struct vt_setting *setting = find_setting(key);
        if (setting != NULL) {
            reader->config->places[setting - vt_settings] =
                (struct vt_config_place){node->line, node->column};
            set_value(reader, setting, node);
            continue;
        }
        (void)snprintf(key, sizeof(key), "%s%s.", prefix, children[i]);
        read_group(reader, node, key);
    }
}

/* A node of the file for a message about several settings. */
static const struct vt_yaml_node *place_of(const struct vt_yaml_node *root, const char *group,
                                           const char *key)
{
    const struct vt_yaml_node *mapping = vt_yaml_find(root, group);
    const struct vt_yaml_node *node = vt_yaml_find(mapping, key);
    return node != NULL ? node : mapping != NULL ? mapping : root;
}

static bool is_allowed_host(const struct vt_config *config, const char *host)
{
    for (size_t i = 0; i < config->fetch_hosts.count; i++) {
        if (strcmp(config->fetch_hosts.items[i], host) == 0)
            return true;
    }
    return false;
}

/* A table that leads to hosts which nobody may ask would only be a puzzle. */
static void check_rewrites(struct vt_config_reader *reader, const struct vt_yaml_node *root)
{
    const struct vt_config *c = reader->config;
    for (size_t i = 0; i < c->fetch_rewrites.count; i++) {
        const char *to = c->fetch_rewrites.items[i].to;
        if (!is_allowed_host(c, to))
            vt_yaml_mistake(&reader->yaml, place_of(root, "fetch", "rewrite-hosts"),
                            "%s is asked in the place of %s, but is not in fetch.allowed-hosts", to,
                            c->fetch_rewrites.items[i].from);
    }
}

static void check_between(struct vt_config_reader *reader, const struct vt_yaml_node *root)
{
    const struct vt_config *c = reader->config;
    int64_t parts = c->queue_msecs + c->inspection_msecs + c->status_msecs + c->register_msecs;
    if (parts > c->total_msecs)
        vt_yaml_mistake(&reader->yaml, place_of(root, "limits", "total"),
                        "limits.total of %llds is shorter than queue, inspection, status and "
                        "register together (%llds)",
                        (long long)(c->total_msecs / 1000), (long long)(parts / 1000));
}

static void check_relay(struct vt_config_reader *reader, const struct vt_yaml_node *root)
{
    const char *key = NULL;
    const char *text = vt_relay_mistake(&reader->config->notices, &key);
    if (text != NULL)
        vt_yaml_mistake(&reader->yaml, place_of(root, "notices", key), "%s", text);
}

/* A notice is signed by who is entitled to: the key says so itself. */
static void check_signing(struct vt_config_reader *reader, const struct vt_yaml_node *root)
{
    char shown[64];
    const char *name = reader->config->notices.sign_with;
    const struct vt_seal_key *key = vt_config_seal_key(reader->config, name);
    if (name == NULL || (key != NULL && (key->purposes & (1u << VT_SEAL_FOR_NOTICE)) != 0))
        return;
    vt_yaml_mistake(&reader->yaml, place_of(root, "notices", "sign-with"),
                    key == NULL ? "there is no key \"%s\" under seal.keys"
                                : "the key \"%s\" is not for notices: add notice to its purposes",
                    vt_text_clean(shown, sizeof(shown), vt_bytes_str(name)));
}

static void check_stamps(struct vt_config_reader *reader, const struct vt_yaml_node *root)
{
    const char *key = NULL;
    const char *text = vt_stamp_mistake(reader->config, reader->config->arena, &key);
    if (text != NULL)
        vt_yaml_mistake(&reader->yaml, place_of(root, "seal", key), "%s", text);
}

/* Folder of a file name, "" when it has none. */
static const char *folder_of(struct vt_arena *arena, const char *file)
{
    const char *slash = strrchr(file, '/');
    if (slash == NULL)
        return "";
    return vt_arena_dup(arena, file, slash == file ? 1 : (size_t)(slash - file));
}

static enum vt_code read_text(struct vt_config_reader *reader, struct vt_bytes text,
                              struct vt_err *err)
{
    struct vt_yaml_node *root = NULL;
    enum vt_code code = set_defaults(reader, err);
    if (code == VT_OK)
        code = vt_yaml_parse(&reader->yaml, text, &root, err);
    if (code == VT_OK && root != NULL)
        read_group(reader, root, "");
    vt_relay_complete(&reader->config->notices);
    vt_seal_levels_complete(reader->config);
    if (code == VT_OK && root != NULL) {
        check_relay(reader, root);
        check_signing(reader, root);
        check_stamps(reader, root);
        check_between(reader, root);
        check_rewrites(reader, root);
    }
    if (code == VT_OK)
        code = set_computed(reader->config, err);
    vt_mistakes_sort(reader->yaml.mistakes);
    if (code == VT_OK && reader->yaml.mistakes->errors_count > 0)
        code = vt_err_set(err, VT_E_CONFIG, "%s: %zu mistake%s", reader->yaml.file,
                          reader->yaml.mistakes->errors_count,
                          reader->yaml.mistakes->errors_count == 1 ? "" : "s");
    return code;
}

static enum vt_code new_config(const char *name, struct vt_config **out, struct vt_err *err)
{
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the configuration");
    struct vt_config *config = vt_arena_alloc(arena, sizeof(*config));
    char *file = vt_arena_str(arena, name);
    struct vt_config_place *places = vt_arena_alloc(arena, vt_settings_count * sizeof(*places));
    if (config == NULL || file == NULL || places == NULL) {
        vt_arena_free(arena);
        return vt_err_set(err, VT_E_NOMEM, "no memory for the configuration");
    }
    config->arena = arena;
    config->file = file;
    config->places = places;
    *out = config;
    return VT_OK;
}

enum vt_code vt_config_parse(struct vt_bytes text, const char *name, struct vt_config **out,
                             struct vt_mistakes *mistakes, struct vt_err *err)
{
    struct vt_config *config = NULL;
    enum vt_code code = new_config(name, &config, err);
    if (code != VT_OK)
        return code;
    struct vt_config_reader reader = {
        .yaml = {.arena = config->arena, .file = config->file, .mistakes = mistakes},
        .config = config,
        .folder = folder_of(config->arena, config->file)};
    code = reader.folder == NULL ? vt_err_set(err, VT_E_NOMEM, "no memory for the configuration")
                                 : read_text(&reader, text, err);
    if (code != VT_OK) {
        vt_config_free(config);
        return code;
    }
    *out = config;
    return VT_OK;
}

enum vt_code vt_config_load(const char *file, struct vt_config **out, struct vt_mistakes *mistakes,
                            struct vt_err *err)
{
    struct vt_arena *arena = vt_arena_new(2 * (size_t)VT_MAX_CONFIG_BYTES);
    struct vt_bytes text = {0};
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the configuration");
    enum vt_code code = vt_yaml_read_file(arena, file, VT_MAX_CONFIG_BYTES, &text, err);
    if (code == VT_OK)
        code = vt_config_parse(text, file, out, mistakes, err);
    vt_arena_free(arena);
    return code;
}

enum vt_code vt_config_default(struct vt_config **out, struct vt_err *err)
{
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    enum vt_code code =
        vt_config_parse((struct vt_bytes){0}, VT_SYSCONFDIR "/vanthu.yaml", out, &mistakes, err);
    vt_mistakes_clear(&mistakes);
    return code;
}

void vt_config_mistake(const struct vt_config *config, struct vt_mistakes *mistakes,
                       const char *key, bool warning, const char *format, ...)
{
    struct vt_config_place place = {0, 0};
    const struct vt_setting *setting = find_setting(key);
    if (setting != NULL && config->places != NULL)
        place = config->places[setting - vt_settings];
    char text[VT_ERR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)vt_mistakes_add(mistakes, config->file, place.line == 0 ? 1 : place.line,
                          place.column == 0 ? 1 : place.column, warning, "%s", text);
}

void vt_config_free(struct vt_config *config)
{
    if (config != NULL)
        vt_arena_free(config->arena);
}
