/* SPDX-License-Identifier: Apache-2.0
 * What is remembered of a login: which PIN, and how it went. */
#include "seal/login.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/pkcs11_uri.h"
#include "base/rest_uri.h"
#include "seal/hash.h"
#include "seal/state.h"
#include "vanthu/clock.h"

/* A PIN has few digits: its digest is made slow, besides that only its owner can read it. */
#define ROUNDS 50000
#define SALT_BYTES 16
/* Attempts with a PIN that never was good and whose end nobody heard: the HSM may have counted. */
#define MAX_UNHEARD 2
/* PINs that are remembered of one token: that in use, one on trial, those of other keys. */
#define MAX_MET 8

static const char good[] = "good", refused[] = "refused", trying[] = "trying";

/* What a refused one would lock: a user of a NetHSM, a credential, a role of Vault. */
static void name_service(const struct vt_rest_uri *uri, const struct vt_seal_key *key, char *out,
                         size_t out_bytes)
{
    bool is_csc = uri->kind == VT_REST_CSC;
    int used =
        snprintf(out, out_bytes, "%d|%s|%s|%s", (int)uri->kind, key->user != NULL ? key->user : "",
                 is_csc ? uri->key : "", uri->kind == VT_REST_VAULT ? uri->vault_login : uri->path);
    for (size_t i = 0; i < uri->hosts_count && used >= 0 && (size_t)used < out_bytes; i++)
        used += snprintf(out + used, out_bytes - (size_t)used, "|%s", uri->hosts[i]);
}

static void name_of(const struct vt_seal_key *key, char out[64])
{
    struct vt_pkcs11_uri uri;
    struct vt_rest_uri rest;
    uint8_t digest[VT_SEAL_MAX_DIGEST_BYTES];
    char hex[17], text[4096];
    const char *token = key->uri;
    if (vt_pkcs11_uri_parse(key->uri, &uri, NULL) == VT_OK) {
        (void)snprintf(text, sizeof(text), "%s|%s|%s", uri.module, uri.token, uri.serial);
        token = text;
    } else if (vt_rest_uri_parse(key->uri, &rest, NULL) == VT_OK) {
        name_service(&rest, key, text, sizeof(text));
        token = text;
    }
    (void)vt_seal_digest(VT_SEAL_SHA256, vt_bytes_str(token), digest);
    (void)snprintf(out, 64, "login-%s", vt_text_hex(hex, vt_bytes_of(digest, 8)));
}

/* What is remembered of its token. VT_OK: close_state. */
static enum vt_code open_state(const char *directory, const struct vt_seal_key *key, int *out_fd,
                               json_t **out, struct vt_err *err)
{
    char name[64];
    name_of(key, name);
    return vt_seal_state_open(directory, name, out_fd, out, err);
}

static void close_state(int fd, json_t *state)
{
    json_decref(state);
    (void)close(fd);
}

static const char *text_of(const json_t *state, const char *key)
{
    const char *text = json_string_value(json_object_get(state, key));
    return text != NULL ? text : "";
}

static void set_text(json_t *state, const char *key, const char *text)
{
    (void)json_object_set_new(state, key, json_string(text));
}

static void set_number(json_t *state, const char *key, int64_t number)
{
    (void)json_object_set_new(state, key, json_integer(number));
}

static bool digest_one(const struct vt_pin *pin, const char *salt, char out[65])
{
    uint8_t digest[32];
    bool is_good =
        PKCS5_PBKDF2_HMAC((const char *)pin->page, (int)pin->len, (const uint8_t *)salt,
                          (int)strlen(salt), ROUNDS, EVP_sha256(), sizeof(digest), digest) == 1;
    vt_text_hex(out, vt_bytes_of(digest, sizeof(digest)));
    return is_good;
}

/* The digest of a PIN is the salt of a secret beside it. */
static bool digest_pin(json_t *state, const struct vt_pin *pin, const struct vt_pin *secret,
                       char out[65])
{
    uint8_t salt[SALT_BYTES];
    char of_pin[65];
    char hex[2 * SALT_BYTES + 1];
    if (strlen(text_of(state, "salt")) != 2 * (size_t)SALT_BYTES) {
        if (RAND_bytes(salt, sizeof(salt)) != 1)
            return false;
        set_text(state, "salt", vt_text_hex(hex, vt_bytes_of(salt, sizeof(salt))));
    }
    const char *kept = text_of(state, "salt");
    if (secret->len == 0)
        return digest_one(pin, kept, out);
    return digest_one(pin, kept, of_pin) && digest_one(secret, of_pin, out);
}

/* ---- versions ---- */

/* The PIN of this digest among those that were met, borrowed. NULL: none. */
static json_t *find_version(const json_t *state, const char *digest, size_t *out_index)
{
    const json_t *met = json_object_get(state, "met");
    for (size_t i = 0; i < json_array_size(met); i++) {
        *out_index = i;
        if (strcmp(text_of(json_array_get(met, i), "pin"), digest) == 0)
            return json_array_get(met, i);
    }
    return NULL;
}

/* The same, the first of them from now on; one that was never met is new. NULL: no memory. */
static json_t *meet(json_t *state, const char *digest, int64_t now_utc_secs)
{
    size_t index = 0;
    if (!json_is_array(json_object_get(state, "met")))
        (void)json_object_set_new(state, "met", json_array());
    json_t *met = json_object_get(state, "met");
    json_t *version = json_incref(find_version(state, digest, &index));
    if (version != NULL) {
        (void)json_array_remove(met, index);
    } else {
        version = json_pack("{s:s, s:s, s:s, s:I, s:i, s:b}", "pin", digest, "state", "new", "text",
                            "", "since", (json_int_t)now_utc_secs, "unheard", 0, "was_good", 0);
        (void)json_array_remove(met, MAX_MET - 1);
    }
    return json_array_insert_new(met, 0, version) == 0 ? json_array_get(met, 0) : NULL;
}

/* Of a PIN that was met before. */
static enum vt_login_answer judge(const json_t *state, const char *files, int64_t late_msecs,
                                  int64_t now_utc_secs, struct vt_err *err)
{
    char when[64];
    int64_t tried = json_integer_value(json_object_get(state, "tried"));
    if (strcmp(text_of(state, "state"), refused) == 0) {
        (void)vt_err_set(err, VT_E_CONFIG,
                         "%.200s, %s; it is not tried again until %s holds another one "
                         "(vanthu seal rotate-pin)",
                         text_of(state, "text"), vt_time_vietnam(when, tried), files);
        return VT_LOGIN_NO;
    }
    if (strcmp(text_of(state, "state"), trying) == 0 && now_utc_secs >= tried &&
        (now_utc_secs - tried) * 1000 <= late_msecs)
        return VT_LOGIN_WAIT;
    if (json_is_true(json_object_get(state, "was_good")) ||
        json_integer_value(json_object_get(state, "unheard")) < MAX_UNHEARD)
        return VT_LOGIN_YES;
    (void)vt_err_set(
        err, VT_E_CONFIG,
        "the HSM did not say whether it took the PIN, %d times; it is not tried again, "
        "so that the token is not locked (vanthu seal rotate-pin)",
        MAX_UNHEARD);
    return VT_LOGIN_NO;
}

static void begin(json_t *version, const struct vt_seal_key *key, bool is_attempt,
                  int64_t late_msecs, struct vt_login *out, struct vt_err *err)
{
    const char *files = key->secret_file == NULL ? "pin-file"
                        : key->pin_file == NULL  ? "secret-file"
                                                 : "pin-file or secret-file";
    int64_t now = vt_clock_now_utc_secs();
    out->answer = judge(version, files, late_msecs, now, err);
    out->since_utc_secs = json_integer_value(json_object_get(version, "since"));
    if (out->answer != VT_LOGIN_YES || !is_attempt)
        return;
    set_text(version, "state", trying);
    set_number(version, "tried", now);
    set_number(version, "unheard", json_integer_value(json_object_get(version, "unheard")) + 1);
}

enum vt_code vt_login_digest(const char *directory, const struct vt_seal_key *key,
                             const struct vt_pin *pin, const struct vt_pin *secret, char out[65],
                             struct vt_err *err)
{
    int fd = -1;
    json_t *state = NULL;
    enum vt_code code = open_state(directory, key, &fd, &state, err);
    if (code != VT_OK)
        return code;
    if (!digest_pin(state, pin, secret, out))
        code = vt_err_set(err, VT_E_INTERNAL, "the PIN cannot be digested");
    if (code == VT_OK)
        code = vt_seal_state_write(fd, state, false, err); /* its salt */
    close_state(fd, state);
    return code;
}

enum vt_code vt_login_begin(const char *directory, const struct vt_seal_key *key,
                            const char *digest, bool is_attempt, int64_t late_msecs,
                            struct vt_login *out, struct vt_err *err)
{
    int fd = -1;
    json_t *state = NULL;
    *out = (struct vt_login){.answer = VT_LOGIN_NO};
    enum vt_code code = open_state(directory, key, &fd, &state, err);
    if (code != VT_OK)
        return code;
    json_t *version = meet(state, digest, vt_clock_now_utc_secs());
    if (version != NULL)
        begin(version, key, is_attempt, late_msecs, out, err);
    else
        code = vt_err_set(err, VT_E_NOMEM, "no memory");
    if (out->answer == VT_LOGIN_YES)
        code = vt_seal_state_write(fd, state, is_attempt, err);
    close_state(fd, state);
    return code;
}

/* How it went, of a version that is still known. */
static void end(json_t *version, enum vt_seal_fault fault, const char *text)
{
    bool is_refused = fault == VT_FAULT_PIN || fault == VT_FAULT_PIN_LOCKED;
    set_number(version, "tried", vt_clock_now_utc_secs());
    set_text(version, "text", is_refused ? text : "");
    /* A token that is not there, or a key that is not on it, says nothing about the PIN: what was
     * not taken was not counted either, or the answer would be another one. */
    set_text(version, "state", is_refused ? refused : fault == VT_FAULT_NONE ? good : "new");
    int64_t unheard = json_integer_value(json_object_get(version, "unheard"));
    if (fault == VT_FAULT_AWAY && unheard > 0)
        set_number(version, "unheard", unheard - 1); /* this attempt was none */
    else if (fault != VT_FAULT_LOST)
        set_number(version, "unheard", 0);
    if (fault == VT_FAULT_NONE)
        (void)json_object_set_new(version, "was_good", json_true());
}

enum vt_code vt_login_end(const char *directory, const struct vt_seal_key *key, const char *digest,
                          enum vt_seal_fault fault, const char *text, struct vt_err *err)
{
    int fd = -1;
    size_t index = 0;
    json_t *state = NULL;
    enum vt_code code = open_state(directory, key, &fd, &state, err);
    if (code != VT_OK)
        return code;
    json_t *version = find_version(state, digest, &index);
    if (version != NULL) {
        end(version, fault, text);
        code = vt_seal_state_write(fd, state, true, err);
    }
    close_state(fd, state);
    return code;
}

enum vt_code vt_login_forget(const char *directory, const struct vt_seal_key *key,
                             const char *digest, struct vt_err *err)
{
    int fd = -1;
    size_t index = 0;
    json_t *state = NULL;
    enum vt_code code = open_state(directory, key, &fd, &state, err);
    if (code != VT_OK)
        return code;
    const json_t *version = find_version(state, digest, &index);
    if (version != NULL && strcmp(text_of(version, "state"), trying) != 0) {
        (void)json_array_remove(json_object_get(state, "met"), index);
        code = vt_seal_state_write(fd, state, true, err);
    }
    close_state(fd, state);
    return code;
}

int64_t vt_login_since(const char *directory, const struct vt_seal_key *key)
{
    int fd = -1;
    size_t index = 0;
    json_t *state = NULL;
    const json_t *version = NULL, *since = NULL;
    if (open_state(directory, key, &fd, &state, NULL) != VT_OK)
        return VT_TIME_NONE;
    json_array_foreach(json_object_get(state, "met"), index, version)
    {
        if (since == NULL && strcmp(text_of(version, "state"), refused) != 0)
            since = json_object_get(version, "since");
    }
    int64_t found = json_is_integer(since) ? json_integer_value(since) : VT_TIME_NONE;
    close_state(fd, state);
    return found;
}
