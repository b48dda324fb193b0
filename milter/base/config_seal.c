/* SPDX-License-Identifier: Apache-2.0
 * seal.keys of vanthu.yaml: a mapping of names to keys, each with settings of its own. */
#include <string.h>

#include "base/config_table.h"
#include "base/pkcs11_uri.h"
#include "base/rest_uri.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_NAME_BYTES 32
#define MAX_VARIABLES 16
#define DEFAULT_PER_HOUR 1000
#define MAX_PER_HOUR 1000000
#define DEFAULT_PARALLEL 8
#define SOFTWARE_WORDS "yes, without an HSM"

static const char *const key_names[] = {
    "agency", "identity",    "uri",         "module-files", "module-environment", "pin-file",
    "scheme", "hash",        "certificate", "purposes",     "per-hour",           "parallel",
    "user",   "secret-file", "tls-ca",      "tls-key",      "token-url",          "software-token",
    "level"};
static const char *const schemes[] = {"rsa-pkcs1", "rsa-pss", "ecdsa"};
static const char *const hashes[] = {"sha256", "sha384", "sha512"};
static const char *const purposes[] = {"message", "document", "notice"};
static const char *const levels[] = {"B-B", "B-T", "B-LT"};
static const char *const identities[] = {"agency", "service"};

/* One key that is being read. */
struct reader {
    struct vt_config_reader *config;
    const struct vt_yaml_node *node;
    struct vt_seal_key *key;
};

static bool no_memory(struct reader *r, const struct vt_yaml_node *node)
{
    return vt_yaml_mistake(&r->config->yaml, node, "out of memory");
}

/* Names are those of files and of labels of metrics. */
bool vt_check_seal_name(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len <= MAX_NAME_BYTES && text[0] != '.' && text[0] != '-' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len;
}

bool vt_config_read_path(struct vt_config_reader *reader, const struct vt_yaml_node *node,
                         const char **out)
{
    const char *text = NULL, *folder = reader->folder;
    char shown[64];
    if (!vt_yaml_text(&reader->yaml, node, &text))
        return false;
    if (!vt_check_path(text))
        return vt_yaml_mistake(&reader->yaml, node, "\"%s\" is not a path",
                               vt_text_clean(shown, sizeof(shown), vt_bytes_str(text)));
    *out = text[0] == '/' || folder[0] == '\0'
               ? vt_arena_str(reader->config->arena, text)
               : vt_arena_printf(reader->config->arena, "%s/%s", folder, text);
    return *out != NULL || vt_yaml_mistake(&reader->yaml, node, "out of memory");
}

static bool read_path(struct reader *r, const struct vt_yaml_node *node, const char **out)
{
    return vt_config_read_path(r->config, node, out);
}

static bool read_optional_path(struct reader *r, const char *name, const char **out)
{
    const struct vt_yaml_node *node = vt_yaml_find(r->node, name);
    return node == NULL || read_path(r, node, out);
}

static bool read_word(struct reader *r, const char *name, const char *what,
                      const char *const *words, size_t count, unsigned *out)
{
    const struct vt_yaml_node *node = vt_yaml_find(r->node, name);
    return node == NULL || vt_yaml_word(&r->config->yaml, node, what, words, count, out);
}

static bool read_number(struct reader *r, const char *name, int64_t max, unsigned otherwise,
                        unsigned *out)
{
    const struct vt_yaml_node *node = vt_yaml_find(r->node, name);
    int64_t value = otherwise;
    bool is_good = node == NULL || vt_yaml_number(&r->config->yaml, node, 1, max, &value);
    *out = (unsigned)value;
    return is_good;
}

/* A key without a place or an owner is none. */
static bool read_required(struct reader *r, const char *name, const char *example, const char **out)
{
    const struct vt_yaml_node *node = vt_yaml_find(r->node, name);
    if (node == NULL)
        return vt_yaml_mistake(&r->config->yaml, r->node, "%s is missing: %s", name, example);
    return vt_yaml_text(&r->config->yaml, node, out);
}

static bool read_uri(struct reader *r)
{
    struct vt_pkcs11_uri uri;
    struct vt_rest_uri rest;
    struct vt_err err = {0};
    if (!read_required(r, "uri",
                       "where the key is, such as "
                       "\"pkcs11:token=seal;object=sealkey?module-path=/usr/lib/…/module.so\"",
                       &r->key->uri))
        return false;
    bool is_module = strncmp(r->key->uri, "pkcs11:", strlen("pkcs11:")) == 0;
    if ((is_module ? vt_pkcs11_uri_parse(r->key->uri, &uri, &err)
                   : vt_rest_uri_parse(r->key->uri, &rest, &err)) != VT_OK)
        return vt_yaml_mistake(&r->config->yaml, vt_yaml_find(r->node, "uri"), "%s", err.text);
    return true;
}

/* ---- what services need ---- */

static bool read_optional_text(struct reader *r, const char *name, const char **out)
{
    const struct vt_yaml_node *node = vt_yaml_find(r->node, name);
    return node == NULL || vt_yaml_text(&r->config->yaml, node, out);
}

/* As libcurl has it: the base64 of the SHA-256 of a SubjectPublicKeyInfo. */
static bool check_tls_key(struct reader *r)
{
    static const char prefix[] = "sha256//";
    uint8_t digest[64];
    const char *defect = NULL, *text = r->key->tls_key;
    if (text == NULL)
        return true;
    size_t len = strlen(text), skip = strlen(prefix);
    if (strncmp(text, prefix, skip) == 0 && len == skip + 44 &&
        vt_base64_read(vt_bytes_str(text + skip), digest, &defect) == 32 && defect == NULL)
        return true;
    return vt_yaml_mistake(&r->config->yaml, vt_yaml_find(r->node, "tls-key"),
                           "no digest of a public key, such as "
                           "\"sha256//HN7VqlIP+nDYLSXlTVMCfSBbtqbCFh2lDNi8WlmVfQM=\"");
}

static bool check_token_url(struct reader *r)
{
    const char *text = r->key->token_url;
    return text == NULL ||
           (strncmp(text, "https://", 8) == 0 && strpbrk(text + 8, "@#? \"\\") == NULL) ||
           vt_yaml_mistake(&r->config->yaml, vt_yaml_find(r->node, "token-url"),
                           "no address such as https://login.example.vn/oauth2/token");
}

static bool lacks(struct reader *r, const char *name, const char *what)
{
    return vt_yaml_mistake(&r->config->yaml, r->node, "%s is missing: %s", name, what);
}

/* What each kind of service is asked with. */
static bool check_service(struct reader *r)
{
    const struct vt_seal_key *key = r->key;
    enum vt_rest_kind kind = vt_rest_kind_of(key->uri);
    if (key->tls_ca == NULL && key->tls_key == NULL)
        return lacks(r, "tls-ca",
                     "a file with the CA of the service, or tls-key with the digest of its key");
    if (kind == VT_REST_NETHSM && key->user == NULL)
        return lacks(r, "user", "a user of the NetHSM with the role Operator");
    if (kind != VT_REST_CSC && key->pin_file == NULL)
        return lacks(r, "pin-file",
                     kind == VT_REST_NETHSM
                         ? "a file with the password of the user"
                         : "a file with a token, or with the secret id when user is a role id");
    if (kind == VT_REST_CSC && (key->user == NULL) != (key->secret_file == NULL))
        return lacks(r, key->user == NULL ? "user" : "secret-file",
                     "user is the client id, secret-file holds the secret of this client");
    return true;
}

/* A setting that nothing reads is a misunderstanding. */
static bool check_strangers(struct reader *r)
{
    static const char *const names[] = {
        "user",         "secret-file",       "tls-ca", "tls-key", "token-url",
        "module-files", "module-environment"};
    static const size_t of_modules = 5;
    enum vt_rest_kind kind = vt_rest_kind_of(r->key->uri);
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        const struct vt_yaml_node *node = vt_yaml_find(r->node, names[i]);
        bool is_of_csc = i == 1 || i == 4;
        bool is_known = i >= of_modules
                            ? kind == VT_REST_NONE
                            : kind == VT_REST_CSC || (kind != VT_REST_NONE && !is_of_csc);
        if (node != NULL && !is_known)
            return vt_yaml_mistake(&r->config->yaml, node, "%s says nothing to a key of this uri",
                                   names[i]);
    }
    return true;
}

static bool read_service(struct reader *r)
{
    bool is_good = read_optional_text(r, "user", &r->key->user);
    is_good = read_optional_path(r, "secret-file", &r->key->secret_file) && is_good;
    is_good = read_optional_path(r, "tls-ca", &r->key->tls_ca) && is_good;
    is_good = read_optional_text(r, "tls-key", &r->key->tls_key) && is_good;
    is_good = read_optional_text(r, "token-url", &r->key->token_url) && is_good;
    is_good = is_good && check_tls_key(r) && check_token_url(r);
    if (!is_good || r->key->uri == NULL)
        return is_good;
    return check_strangers(r) && (vt_rest_kind_of(r->key->uri) == VT_REST_NONE || check_service(r));
}

static bool read_words(struct reader *r)
{
    unsigned scheme = VT_SEAL_RSA_PKCS1, hash = VT_SEAL_SHA256, identity = 0,
             level = VT_SEAL_LEVEL_B;
    bool is_good = read_word(r, "scheme", "a scheme", schemes, ELEMENTS(schemes), &scheme);
    is_good = read_word(r, "hash", "a hash", hashes, ELEMENTS(hashes), &hash) && is_good;
    is_good =
        read_word(r, "identity", "an identity", identities, ELEMENTS(identities), &identity) &&
        is_good;
    is_good = read_word(r, "level", "a level", levels, ELEMENTS(levels), &level) && is_good;
    r->key->level = (enum vt_seal_level)level;
    r->key->is_level_given = vt_yaml_find(r->node, "level") != NULL;
    r->key->scheme = (enum vt_seal_scheme)scheme;
    r->key->hash = (enum vt_seal_hash)hash;
    r->key->is_service = identity == 1;
    return is_good;
}

static bool read_purposes(struct reader *r)
{
    const struct vt_yaml_node *node = vt_yaml_find(r->node, "purposes");
    if (node == NULL)
        return vt_yaml_mistake(&r->config->yaml, r->node,
                               "purposes is missing: what this key may sign, such as [notice] or "
                               "[message, document, notice]");
    bool is_good = vt_yaml_is_list(&r->config->yaml, node, "purposes");
    for (size_t i = 0; is_good && i < vt_yaml_values_count(node); i++) {
        unsigned value = 0;
        is_good = vt_yaml_word(&r->config->yaml, vt_yaml_value_at(node, i), "a purpose", purposes,
                               ELEMENTS(purposes), &value);
        r->key->purposes |= 1u << value;
    }
    r->key->purposes |= 1u << VT_SEAL_FOR_PROBE;
    return is_good;
}

/* A key on a disk is no seal of an agency (legal.md R-48): nobody switches it on by a slip. */
static bool read_software(struct reader *r)
{
    const struct vt_yaml_node *node = vt_yaml_find(r->node, "software-token");
    const char *text = NULL;
    if (node == NULL)
        return true;
    if (!vt_yaml_text(&r->config->yaml, node, &text))
        return false;
    r->key->may_be_software = strcmp(text, SOFTWARE_WORDS) == 0;
    return r->key->may_be_software || strcmp(text, "no") == 0 ||
           vt_yaml_mistake(&r->config->yaml, node,
                           "the regulations ask for an HSM; whoever wants to try a software token "
                           "all the same writes \"" SOFTWARE_WORDS "\" in full");
}

static bool read_files(struct reader *r)
{
    const struct vt_yaml_node *node = vt_yaml_find(r->node, "module-files");
    if (node == NULL)
        return true;
    if (!vt_yaml_is_list(&r->config->yaml, node, "files that the module reads"))
        return false;
    size_t count = vt_yaml_values_count(node);
    const char **items = vt_arena_alloc(r->config->config->arena, count * sizeof(*items));
    if (items == NULL)
        return no_memory(r, node);
    bool is_good = true;
    for (size_t i = 0; i < count; i++)
        is_good = read_path(r, vt_yaml_value_at(node, i), &items[i]) && is_good;
    r->key->files = (struct vt_strings){items, is_good ? count : 0};
    return is_good;
}

static bool is_variable(const char *name)
{
    return name[0] != '\0' &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
               strlen(name) &&
           strncmp(name, "LD_", 3) != 0;
}

static bool read_environment(struct reader *r)
{
    const struct vt_yaml_node *node = vt_yaml_find(r->node, "module-environment");
    struct vt_yaml *yaml = &r->config->yaml;
    if (node == NULL)
        return true;
    if (!vt_yaml_is_mapping(yaml, node, "variables of the module and their values"))
        return false;
    if (node->count > MAX_VARIABLES)
        return vt_yaml_mistake(yaml, node, "more than %d variables", MAX_VARIABLES);
    r->key->environment =
        vt_arena_alloc(r->config->config->arena, (node->count + 1) * sizeof(*r->key->environment));
    if (r->key->environment == NULL)
        return no_memory(r, node);
    for (size_t i = 0; i < node->count; i++) {
        struct vt_seal_variable *variable = &r->key->environment[i];
        if (!vt_yaml_text(yaml, node->entries[i].key, &variable->name) ||
            !vt_yaml_text(yaml, node->entries[i].value, &variable->value))
            return false;
        if (!is_variable(variable->name))
            return vt_yaml_mistake(yaml, node->entries[i].key,
                                   "not a variable of a module, such as P11_KIT_SERVER_ADDRESS");
    }
    r->key->environment_count = node->count;
    return true;
}

static bool read_key(struct vt_config_reader *config, const struct vt_yaml_entry *entry,
                     struct vt_seal_key *out)
{
    struct reader r = {config, entry->value, out};
    if (!vt_yaml_text(&config->yaml, entry->key, &out->name))
        return false;
    if (!vt_check_seal_name(out->name))
        return vt_yaml_mistake(&config->yaml, entry->key,
                               "a key has a name of small letters, digits, \"-\" and \".\", at "
                               "most %d",
                               MAX_NAME_BYTES);
    if (!vt_yaml_is_mapping(&config->yaml, entry->value, "a key"))
        return false;
    out->line = entry->key->line;
    out->column = entry->key->column;
    vt_yaml_check_keys(&config->yaml, entry->value, key_names, ELEMENTS(key_names));
    bool is_good =
        read_required(&r, "agency", "the id of its agency in agencies.yaml", &out->agency);
    is_good = read_uri(&r) && is_good;
    is_good = read_words(&r) && is_good;
    is_good = read_purposes(&r) && is_good;
    is_good = read_optional_path(&r, "certificate", &out->certificate) && is_good;
    is_good = read_optional_path(&r, "pin-file", &out->pin_file) && is_good;
    is_good = read_service(&r) && is_good;
    is_good =
        read_number(&r, "per-hour", MAX_PER_HOUR, DEFAULT_PER_HOUR, &out->per_hour) && is_good;
    is_good = read_number(&r, "parallel", VT_MAX_SEAL_PARALLEL, DEFAULT_PARALLEL, &out->parallel) &&
              is_good;
    is_good = read_files(&r) && is_good;
    is_good = read_environment(&r) && is_good;
    return read_software(&r) && is_good;
}

bool vt_config_read_seal_keys(struct vt_config_reader *reader, const struct vt_setting *setting,
                              const struct vt_yaml_node *node, void *field)
{
    struct vt_config *config = reader->config;
    (void)setting;
    (void)field;
    if (!vt_yaml_is_mapping(&reader->yaml, node, "keys by their names"))
        return false;
    if (node->count > VT_MAX_SEAL_KEYS)
        return vt_yaml_mistake(&reader->yaml, node, "more than %d keys", VT_MAX_SEAL_KEYS);
    struct vt_seal_key *keys = vt_arena_alloc(config->arena, (node->count + 1) * sizeof(*keys));
    const char **names = vt_arena_alloc(config->arena, (node->count + 1) * sizeof(*names));
    if (keys == NULL || names == NULL)
        return vt_yaml_mistake(&reader->yaml, node, "out of memory");
    bool is_good = true;
    for (size_t i = 0; i < node->count; i++) {
        is_good = read_key(reader, &node->entries[i], &keys[i]) && is_good;
        names[i] = keys[i].name;
    }
    config->seal_keys = keys;
    config->seal_keys_count = is_good ? node->count : 0;
    config->seal_names = (struct vt_strings){names, config->seal_keys_count};
    return is_good;
}

void vt_seal_levels_complete(struct vt_config *config)
{
    for (size_t i = 0; i < config->seal_keys_count; i++) {
        if (!config->seal_keys[i].is_level_given && config->timestamp.urls.count > 0)
            config->seal_keys[i].level = VT_SEAL_LEVEL_T;
    }
}

const struct vt_seal_key *vt_config_seal_key(const struct vt_config *config, const char *name)
{
    for (size_t i = 0; name != NULL && i < config->seal_keys_count; i++)
        if (strcmp(config->seal_keys[i].name, name) == 0)
            return &config->seal_keys[i];
    return NULL;
}
