/* SPDX-License-Identifier: Apache-2.0
 * PKCS #11 URIs (RFC 7512 2.3): "pkcs11:" attributes with ";", then "?" and more with "&". */
#include "base/pkcs11_uri.h"

#include <stdio.h>
#include <string.h>

#define SCHEME "pkcs11:"

/* Where a text attribute goes. */
static const struct {
    const char *name;
    bool in_query;
    size_t offset, room;
} texts[] = {
    {"token", false, offsetof(struct vt_pkcs11_uri, token), VT_MAX_PKCS11_TEXT_BYTES},
    {"manufacturer", false, offsetof(struct vt_pkcs11_uri, manufacturer), VT_MAX_PKCS11_TEXT_BYTES},
    {"model", false, offsetof(struct vt_pkcs11_uri, model), VT_MAX_PKCS11_TEXT_BYTES},
    {"serial", false, offsetof(struct vt_pkcs11_uri, serial), VT_MAX_PKCS11_TEXT_BYTES},
    {"object", false, offsetof(struct vt_pkcs11_uri, object), VT_MAX_PKCS11_TEXT_BYTES},
    {"module-path", true, offsetof(struct vt_pkcs11_uri, module), VT_MAX_PKCS11_TEXT_BYTES * 2},
};

/* Attributes of the RFC that are refused, and why. */
static const struct {
    const char *name, *why;
} refused[] = {
    {"pin-value", "a PIN in the configuration could be read by everybody: put it into a file of "
                  "its own and name that with pin-file"},
    {"pin-source", "the file of the PIN is named with pin-file beside uri"},
    {"slot-id", "numbers of slots change when a token is added: name the token by its label "
                "(token=…) or serial number (serial=…)"},
    {"slot-description", "name the token by its label (token=…) or serial number (serial=…)"},
    {"slot-manufacturer", "name the token by its label (token=…) or serial number (serial=…)"},
    {"module-name", "name the module by its file: module-path=/usr/lib/…"},
};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Percent-decoded (RFC 3986 2.1). SIZE_MAX: no room, or "%" without two digits. */
static size_t decode(struct vt_bytes text, uint8_t *out, size_t room)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.ptr[i];
        if (byte == '%') {
            if (text.len - i < 3 || hex_value((char)text.ptr[i + 1]) < 0 ||
                hex_value((char)text.ptr[i + 2]) < 0)
                return SIZE_MAX;
            byte =
                (uint8_t)(hex_value((char)text.ptr[i + 1]) * 16 + hex_value((char)text.ptr[i + 2]));
            i += 2;
        }
        if (len == room)
            return SIZE_MAX;
        out[len++] = byte;
    }
    return len;
}

static enum vt_code take_text(struct vt_bytes value, char *out, size_t room, const char *name,
                              struct vt_err *err)
{
    size_t len = decode(value, (uint8_t *)out, room - 1);
    if (len == SIZE_MAX || len == 0)
        return vt_err_set(err, VT_E_FORMAT, "%s of the URI is empty, too long, or has a wrong %%",
                          name);
    out[len] = '\0';
    if (!vt_text_is_utf8(vt_bytes_of(out, len)))
        return vt_err_set(err, VT_E_FORMAT, "%s of the URI is not UTF-8", name);
    return VT_OK;
}

static enum vt_code take_attribute(struct vt_bytes name, struct vt_bytes value, bool in_query,
                                   struct vt_pkcs11_uri *out, struct vt_err *err)
{
    char shown[64];
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (vt_bytes_equal(name, vt_bytes_str(refused[i].name)))
            return vt_err_set(err, VT_E_FORMAT, "%s: %s", refused[i].name, refused[i].why);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char *field = (char *)out + texts[i].offset;
        if (texts[i].in_query != in_query || !vt_bytes_equal(name, vt_bytes_str(texts[i].name)))
            continue;
        if (field[0] != '\0')
            return vt_err_set(err, VT_E_FORMAT, "%s stands twice in the URI", texts[i].name);
        return take_text(value, field, texts[i].room, texts[i].name, err);
    }
    if (!in_query && vt_bytes_equal(name, VT_BYTES("id"))) {
        out->id_len = decode(value, out->id, sizeof(out->id));
        if (out->id_len == SIZE_MAX || out->id_len == 0)
            return vt_err_set(err, VT_E_FORMAT,
                              "id of the URI is not written as bytes: id=%%01%%A0");
        return VT_OK;
    }
    if (!in_query && vt_bytes_equal(name, VT_BYTES("type"))) {
        if (vt_bytes_equal(value, VT_BYTES("private")))
            return VT_OK;
        return vt_err_set(err, VT_E_FORMAT, "the URI has to name a private key: type=private");
    }
    return vt_err_set(err, VT_E_FORMAT,
                      "\"%s\" is no attribute that names a key; these are: token, serial, "
                      "manufacturer, model, object, id, type=private, and behind \"?\" module-path",
                      vt_text_clean(shown, sizeof(shown), name));
}

static enum vt_code take_all(const char *text, size_t len, bool in_query, struct vt_pkcs11_uri *out,
                             struct vt_err *err)
{
    const char *separators = in_query ? "&" : ";";
    enum vt_code code = VT_OK;
    for (size_t at = 0; code == VT_OK && at < len;) {
        size_t item = strcspn(text + at, separators);
        item = item > len - at ? len - at : item;
        const char *equals = memchr(text + at, '=', item);
        if (equals == NULL)
            return vt_err_set(err, VT_E_FORMAT, "the URI has a part without \"=\"");
        size_t name = (size_t)(equals - text) - at;
        code = take_attribute(vt_bytes_of(text + at, name),
                              vt_bytes_of(equals + 1, item - name - 1), in_query, out, err);
        at += item + 1;
    }
    return code;
}

enum vt_code vt_pkcs11_uri_parse(const char *text, struct vt_pkcs11_uri *out, struct vt_err *err)
{
    memset(out, 0, sizeof(*out));
    if (strncmp(text, SCHEME, strlen(SCHEME)) != 0)
        return vt_err_set(err, VT_E_FORMAT, "no URI that begins with " SCHEME);
    text += strlen(SCHEME);
    size_t path = strcspn(text, "?");
    enum vt_code code = take_all(text, path, false, out, err);
    if (code == VT_OK && text[path] == '?')
        code = take_all(text + path + 1, strlen(text + path + 1), true, out, err);
    if (code != VT_OK)
        return code;
    if (out->module[0] != '/')
        return vt_err_set(err, VT_E_FORMAT,
                          "the URI does not say which module to use: "
                          "…?module-path=/usr/lib/…/module.so, from the root");
    if (out->token[0] == '\0' && out->serial[0] == '\0')
        return vt_err_set(err, VT_E_FORMAT, "the URI names no token: token=LABEL or serial=NUMBER");
    if (out->object[0] == '\0' && out->id_len == 0)
        return vt_err_set(err, VT_E_FORMAT, "the URI names no key: object=LABEL or id=%%01");
    return VT_OK;
}
