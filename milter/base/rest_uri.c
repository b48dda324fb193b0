/* SPDX-License-Identifier: Apache-2.0
 * URIs of keys at services. Names in them are plain: what would need a "%" is refused, so that
 * nothing can be hidden in a path. */
#include "base/rest_uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
#define DIGITS "0123456789"
#define MAX_VERSION 1000000u

static const struct {
    const char *prefix, *example;
    enum vt_rest_kind kind;
} kinds[] = {
    {"nethsm+https://", "nethsm+https://hsm1.example.vn,hsm2.example.vn/seal", VT_REST_NETHSM},
    {"csc+https://", "csc+https://sign.example.vn/csc/v2#CREDENTIAL", VT_REST_CSC},
    {"vault+https://", "vault+https://vault.example.vn:8200/transit/seal?version=1", VT_REST_VAULT},
};

enum vt_rest_kind vt_rest_kind_of(const char *text)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            return kinds[i].kind;
    return VT_REST_NONE;
}

static const char *example_of(enum vt_rest_kind kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].kind == kind)
            return kinds[i].example;
    return "";
}

static enum vt_code wrong(const struct vt_rest_uri *uri, const char *what, struct vt_err *err)
{
    return vt_err_set(err, VT_E_FORMAT, "%s; right is: %s", what, example_of(uri->kind));
}

/* Text of these characters that fits. */
static bool take(const char *text, size_t len, const char *also, char out[VT_MAX_REST_TEXT_BYTES])
{
    if (len == 0 || len >= VT_MAX_REST_TEXT_BYTES)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (strchr(PLAIN, out[i]) == NULL && strchr(also, out[i]) == NULL)
            return false;
    return strstr(out, "..") == NULL && strstr(out, "//") == NULL;
}

/* What the digits at the begin of a text say: up to max_digits of them, whose number *out_digits
 * is. */
static bool take_digits(const char *text, size_t max_digits, unsigned *out, size_t *out_digits)
{
    *out_digits = strspn(text, DIGITS);
    if (*out_digits == 0 || *out_digits > max_digits)
        return false;
    *out = (unsigned)strtoul(text, NULL, 10);
    return true;
}

static bool is_port(const char *text)
{
    unsigned port = 0;
    size_t len = 0;
    return take_digits(text, 5, &port, &len) && text[len] == '\0' && port > 0 && port < 65536;
}

static bool take_host(const char *text, size_t len, char out[VT_MAX_REST_HOST_BYTES])
{
    if (len == 0 || len >= VT_MAX_REST_HOST_BYTES)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    size_t name = out[0] == '[' ? 1 + strspn(out + 1, DIGITS "abcdefABCDEF:.") : strspn(out, PLAIN);
    if (out[0] == '[' && out[name++] != ']')
        return false;
    return name > 0 && (out[name] == '\0' || (out[name] == ':' && is_port(out + name + 1)));
}

static enum vt_code take_hosts(const char *text, size_t len, struct vt_rest_uri *out,
                               struct vt_err *err)
{
    if (memchr(text, '@', len) != NULL)
        return wrong(out, "names and passwords do not stand in the URI, but in user and pin-file",
                     err);
    for (size_t at = 0; at <= len;) {
        const char *comma = memchr(text + at, ',', len - at);
        size_t item = comma != NULL ? (size_t)(comma - text) - at : len - at;
        if (out->hosts_count == VT_MAX_REST_HOSTS)
            return wrong(out, "the URI has more than 8 hosts", err);
        if (!take_host(text + at, item, out->hosts[out->hosts_count++]))
            return wrong(out, "the URI has no host, or a wrong one", err);
        at += item + 1;
    }
    if (out->hosts_count > 1 && out->kind != VT_REST_NETHSM)
        return wrong(out, "only a NetHSM has several hosts", err);
    return VT_OK;
}

/* KEYID (NetHSM: a letter or digit first, 128 characters). */
static enum vt_code take_nethsm(const char *text, struct vt_rest_uri *out, struct vt_err *err)
{
    size_t len = strlen(text);
    if (len > 128 || !take(text, len, "", out->key) || strchr("._-~", out->key[0]) != NULL)
        return wrong(out, "behind the hosts stands the id of the key, and nothing else", err);
    return VT_OK;
}

static enum vt_code take_csc(const char *text, struct vt_rest_uri *out, struct vt_err *err)
{
    size_t path = strcspn(text, "#");
    char whole[VT_MAX_REST_TEXT_BYTES];
    if (!take(text, path, "/", whole) || path < 2 ||
        (strcmp(whole + path - 2, "v1") != 0 && strcmp(whole + path - 2, "v2") != 0) ||
        (path > 2 && whole[path - 3] != '/'))
        return wrong(out, "the path has to end with the version of the interface, v1 or v2", err);
    (void)snprintf(out->path, sizeof(out->path), "/%.254s", whole);
    out->version = whole[path - 1] == '1' ? 1 : 2;
    /* A credential is any text; it travels in JSON. */
    const char *credential = text + path + (text[path] == '#' ? 1 : 0);
    size_t len = strlen(credential);
    if (len == 0 || len >= sizeof(out->key) || !vt_text_is_utf8(vt_bytes_str(credential)))
        return wrong(out, "the credential is missing, which stands behind \"#\"", err);
    memcpy(out->key, credential, len + 1);
    return VT_OK;
}

static bool take_parameter(const char *text, size_t len, struct vt_rest_uri *out)
{
    static const char version[] = "version=", space[] = "namespace=", login[] = "login=";
    if (strncmp(text, version, strlen(version)) == 0) {
        size_t digits = 0;
        return take_digits(text + strlen(version), 7, &out->version, &digits) &&
               strlen(version) + digits == len && out->version <= MAX_VERSION;
    }
    if (strncmp(text, space, strlen(space)) == 0)
        return take(text + strlen(space), len - strlen(space), "/", out->vault_namespace);
    if (strncmp(text, login, strlen(login)) == 0)
        return take(text + strlen(login), len - strlen(login), "/", out->vault_login);
    return false;
}

static enum vt_code take_vault(const char *text, struct vt_rest_uri *out, struct vt_err *err)
{
    size_t path = strcspn(text, "?");
    const char *key = memrchr(text, '/', path);
    char mount[VT_MAX_REST_TEXT_BYTES];
    (void)snprintf(out->vault_login, sizeof(out->vault_login), "approle");
    if (key == NULL || !take(text, (size_t)(key - text), "/", mount) ||
        !take(key + 1, path - (size_t)(key - text) - 1, "", out->key))
        return wrong(out, "the path has to be the mount of Transit and the name of the key", err);
    (void)snprintf(out->path, sizeof(out->path), "/%.254s", mount);
    for (size_t at = path; text[at] != '\0';) {
        size_t len = strcspn(text + at + 1, "&");
        if (!take_parameter(text + at + 1, len, out))
            return wrong(out,
                         "behind \"?\" stand version=NUMBER, namespace=…, login=… (where "
                         "AppRole is mounted)",
                         err);
        at += 1 + len;
    }
    if (out->version == 0)
        return wrong(out,
                     "the version of the key is missing, and another one is another key: "
                     "version=NUMBER, that of the certificate",
                     err);
    return VT_OK;
}

enum vt_code vt_rest_uri_parse(const char *text, struct vt_rest_uri *out, struct vt_err *err)
{
    memset(out, 0, sizeof(*out));
    out->kind = vt_rest_kind_of(text);
    if (out->kind == VT_REST_NONE)
        return vt_err_set(err, VT_E_FORMAT,
                          "the URI has to begin with pkcs11:, nethsm+https://, csc+https:// or "
                          "vault+https://");
    text = strstr(text, "://") + 3;
    size_t authority = strcspn(text, "/?#");
    enum vt_code code = take_hosts(text, authority, out, err);
    if (code != VT_OK)
        return code;
    if (text[authority] != '/')
        return wrong(out, "the URI names no key", err);
    text += authority + 1;
    return out->kind == VT_REST_NETHSM ? take_nethsm(text, out, err)
           : out->kind == VT_REST_CSC  ? take_csc(text, out, err)
                                       : take_vault(text, out, err);
}
