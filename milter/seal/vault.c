/* SPDX-License-Identifier: Apache-2.0
 * HashiCorp Vault and OpenBao, Transit engine: a token from a file or by AppRole, renewed before it
 * ends; one version of the key, because another one is another key. What would be a default there
 * and is wrong here is always said: algorithm and salt. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seal/hash.h"
#include "seal/vault.h"
#include "vanthu/clock.h"

/* ---- what answers mean ---- */

static const struct {
    long status;
    const char *what;
} states[] = {
    {429, "is a standby that does not forward: name the active one, or the name of the cluster"},
    {472, "is a standby of another cluster: name the active one"},
    {473, "is a performance standby: name the active one"},
    {501, "is not initialised"},
    {503, "is sealed: unseal it (vault operator unseal, bao operator unseal)"},
};

enum vt_seal_fault vt_vault_tell_state(struct vt_vault_session *session, const char *otherwise,
                                       int64_t until_msecs, struct vt_err *err)
{
    char url[VT_MAX_REST_URL_BYTES];
    const char *host = session->vault->module->uri.hosts[0], *what = otherwise;
    struct vt_rest_answer answer;
    (void)snprintf(url, sizeof(url), "https://%s/v1/sys/health", host);
    const struct vt_rest_call call = {.url = url, .until_msecs = until_msecs};
    if (vt_rest_ask(&session->rest, &call, &answer, NULL) == VT_FAULT_NONE)
        for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
            if (answer.status == states[i].status)
                what = states[i].what;
    vt_rest_answer_clear(&answer);
    (void)vt_err_set(err, VT_E_NETWORK, "%s %s", host, what);
    return what == otherwise ? VT_FAULT_LOST : VT_FAULT_AWAY;
}

/* {"errors": ["…"]}, the first of them. */
static char *said_by(const struct vt_rest_answer *answer, char *out, size_t out_bytes)
{
    const char *text =
        json_string_value(json_array_get(json_object_get(answer->json, "errors"), 0));
    return vt_rest_shown(out, out_bytes, text != NULL ? text : "");
}

/* A standby sends whoever asks to the active one (307), or does not answer for it. */
static bool is_elsewhere(long status)
{
    return status == 307 || status == 429 || status == 472 || status == 473 || status >= 500;
}

static enum vt_seal_fault judge(struct vt_vault_session *session, const char *path,
                                const struct vt_rest_answer *answer, int64_t until_msecs,
                                struct vt_err *err)
{
    char said[200], otherwise[260];
    const char *host = session->vault->module->uri.hosts[0];
    said_by(answer, said, sizeof(said));
    (void)snprintf(otherwise, sizeof(otherwise), "answers with HTTP status %ld %.200s",
                   answer->status, said);
    /* Vault has a status of 500 for that, too. */
    if (strcasestr(said, "minimum encryption key version") != NULL) {
        (void)vt_err_set(err, VT_E_CONFIG,
                         "%s does not let version %u of the key sign any more, its "
                         "min_encryption_version is higher: the key was rotated; a certificate for "
                         "the newest one and its version in uri, or lower it there",
                         host, session->vault->module->uri.version);
        return VT_FAULT_KEY;
    }
    if (is_elsewhere(answer->status))
        return vt_vault_tell_state(session, otherwise, until_msecs, err);
    if (answer->status == 403)
        (void)vt_err_set(err, VT_E_CONFIG,
                         "%s denies the token %s (403): its policy has to allow \"read\" of "
                         "…/keys/… and \"update\" of …/sign/…; or the token has ended",
                         host, path);
    else if (answer->status == 404)
        (void)vt_err_set(err, VT_E_NOT_FOUND,
                         "%s has nothing at %s: look at uri (mount, key, namespace)", host, path);
    else
        (void)vt_err_set(err, VT_E_CONFIG, "%s refuses %s: %s (HTTP status %ld)", host, path, said,
                         answer->status);
    return answer->status == 403 || answer->status == 404 ? VT_FAULT_KEY : VT_FAULT_REFUSED;
}

/* ---- a question ---- */

enum vt_seal_fault vt_vault_call(struct vt_vault_session *session, const char *path,
                                 const json_t *body, const struct vt_pin *token,
                                 int64_t until_msecs, struct vt_rest_answer *out,
                                 struct vt_err *err)
{
    char url[VT_MAX_REST_URL_BYTES], space[VT_MAX_REST_TEXT_BYTES + 32];
    const struct vt_rest_uri *uri = &session->vault->module->uri;
    (void)snprintf(url, sizeof(url), "https://%s/v1%s", uri->hosts[0], path);
    (void)snprintf(space, sizeof(space), "%s%s",
                   uri->vault_namespace[0] != '\0' ? "X-Vault-Namespace: " : "",
                   uri->vault_namespace);
    const struct vt_rest_call call = {
        .url = url,
        .headers = {token != NULL ? (const char *)token->page : NULL, space},
        .body = body,
        .until_msecs = until_msecs};
    return vt_rest_ask(&session->rest, &call, out, err);
}

static enum vt_seal_fault ask(struct vt_vault_session *session, const char *path,
                              const json_t *body, struct vt_rest_answer *out, struct vt_err *err)
{
    struct vt_pin token = {0}, next = {0};
    int64_t until_msecs = vt_vault_until(session->vault);
    *out = (struct vt_rest_answer){.status = 0};
    enum vt_seal_fault fault = vt_vault_token(session, NULL, until_msecs, &token, err);
    if (fault == VT_FAULT_NONE)
        fault = vt_vault_call(session, path, body, &token, until_msecs, out, err);
    /* Ended, taken back, or not allowed: the same answer. */
    if (fault == VT_FAULT_NONE && out->status == 403) {
        vt_rest_answer_clear(out);
        fault = vt_vault_token(session, &token, until_msecs, &next, err);
        if (fault == VT_FAULT_NONE)
            fault = vt_vault_call(session, path, body, &next, until_msecs, out, err);
        if (fault == VT_FAULT_NONE && out->status == 403)
            vt_vault_deny(session->vault);
    }
    vt_pin_wipe(&token);
    vt_pin_wipe(&next);
    if (fault == VT_FAULT_NONE && out->status != 200)
        fault = judge(session, path, out, until_msecs, err);
    return fault;
}

/* ---- open ---- */

/* What was pinned has to be there still; the newest one is named for whoever rotated it. */
static enum vt_seal_fault take_key(struct vt_vault *vault, const json_t *data,
                                   struct vt_seal_token *out, struct vt_err *err)
{
    char number[16];
    const struct vt_rest_uri *uri = &vault->module->uri;
    (void)snprintf(number, sizeof(number), "%u", uri->version);
    const json_t *version = json_object_get(json_object_get(data, "keys"), number);
    json_int_t latest = json_integer_value(json_object_get(data, "latest_version"));
    json_int_t least = json_integer_value(json_object_get(data, "min_encryption_version"));
    if (version == NULL || least > (json_int_t)uri->version) {
        (void)vt_err_set(err, VT_E_NOT_FOUND,
                         "key %s cannot be used in version %u any more: it was rotated, the newest "
                         "is %lld; a certificate for that one and version=%lld in uri, or lower "
                         "min_encryption_version there",
                         uri->key, uri->version, (long long)latest, (long long)latest);
        return VT_FAULT_KEY;
    }
    const char *type = vt_rest_text(data, "type");
    out->is_software = strcmp(type, "managed_key") != 0 && strcmp(type, "external_key") != 0;
    out->is_exportable = json_is_true(json_object_get(data, "exportable"));
    if (latest > (json_int_t)uri->version)
        (void)snprintf(out->model, sizeof(out->model), "Transit, version %u of %u", uri->version,
                       (unsigned)latest);
    vault->public_key = vt_rest_key_of_pem(vt_bytes_str(vt_rest_text(version, "public_key")));
    enum vt_seal_fault fault = vt_rest_fits(vault->public_key, vault->key, err);
    if (fault == VT_FAULT_NONE)
        vt_rest_keep_key(vault->public_key, out);
    return fault;
}

static enum vt_seal_fault look(struct vt_vault_session *session, struct vt_seal_token *out,
                               struct vt_err *err)
{
    struct vt_vault *vault = session->vault;
    const struct vt_rest_uri *uri = &vault->module->uri;
    char path[2 * VT_MAX_REST_TEXT_BYTES + 16];
    struct vt_rest_answer answer;
    (void)snprintf(path, sizeof(path), "%s/keys/%s", uri->path, uri->key);
    enum vt_seal_fault fault = ask(session, path, NULL, &answer, err);
    if (fault == VT_FAULT_NONE)
        fault = take_key(vault, json_object_get(answer.json, "data"), out, err);
    vt_rest_answer_clear(&answer);
    if (fault == VT_FAULT_NONE && out->is_software && !vault->key->may_be_software) {
        (void)vt_err_set(err, VT_E_CONFIG,
                         "Transit keeps key %s as software: the seal of an agency belongs into an "
                         "HSM (a managed or external key); to try it all the same, "
                         "software-token: \"yes, without an HSM\"",
                         uri->key);
        fault = VT_FAULT_TOKEN;
    }
    return fault;
}

static void close_vault(void *handle)
{
    struct vt_vault *vault = handle;
    vt_pin_wipe(&vault->secret);
    vt_pin_wipe(&vault->header);
    (void)pthread_mutex_destroy(&vault->lock);
    EVP_PKEY_free(vault->public_key);
    free(vault);
}

static enum vt_seal_fault open_all(struct vt_vault *vault, const struct vt_seal_open *input,
                                   struct vt_seal_token *out, struct vt_err *err)
{
    struct vt_vault_session session = {.vault = vault};
    if (vt_pin_copy(input->pin, input->pin.len + 1, &vault->secret, err) != VT_OK)
        return VT_FAULT_LOST;
    enum vt_seal_fault fault = vt_rest_init(vault->module, vault->key, &session.rest, err);
    if (fault == VT_FAULT_NONE && !input->may_log_in()) {
        (void)vt_err_set(err, VT_E_BUSY, "the secret is being tried for another key");
        fault = VT_FAULT_LOST;
    }
    if (fault == VT_FAULT_NONE)
        fault = look(&session, out, err);
    vt_rest_clear(&session.rest);
    return fault == VT_FAULT_NONE ? vt_vault_keep_alive(vault, err) : fault;
}

static enum vt_seal_fault open_vault(const struct vt_seal_open *input, void **out_handle,
                                     struct vt_seal_token *out, struct vt_err *err)
{
    struct vt_vault *vault = calloc(1, sizeof(*vault));
    if (vault == NULL || pthread_mutex_init(&vault->lock, NULL) != 0) {
        free(vault);
        (void)vt_err_set(err, VT_E_NOMEM, "no memory");
        return VT_FAULT_LOST;
    }
    vault->module = input->module;
    vault->key = input->key;
    vault->call_msecs = input->call_msecs;
    (void)vt_rest_shown(out->label, sizeof(out->label), vault->module->uri.key);
    (void)snprintf(out->manufacturer, sizeof(out->manufacturer), "Vault");
    (void)snprintf(out->model, sizeof(out->model), "Transit, version %u",
                   vault->module->uri.version);
    enum vt_seal_fault fault = open_all(vault, input, out, err);
    if (fault == VT_FAULT_NONE)
        *out_handle = vault;
    else
        close_vault(vault);
    return fault;
}

static enum vt_seal_fault begin(void *handle, void **out_session, struct vt_err *err)
{
    struct vt_vault *vault = handle;
    struct vt_vault_session *session = calloc(1, sizeof(*session));
    if (session == NULL) {
        (void)vt_err_set(err, VT_E_NOMEM, "no memory");
        return VT_FAULT_LOST;
    }
    session->vault = vault;
    enum vt_seal_fault fault = vt_rest_init(vault->module, vault->key, &session->rest, err);
    if (fault == VT_FAULT_NONE)
        *out_session = session;
    else
        free(session);
    return fault;
}

/* ---- sign ---- */

static json_t *make_request(const struct vt_vault *vault, enum vt_seal_hash hash,
                            const char *digest)
{
    static const char *const hashes[VT_SEAL_HASHES] = {[VT_SEAL_SHA256] = "sha2-256",
                                                       [VT_SEAL_SHA384] = "sha2-384",
                                                       [VT_SEAL_SHA512] = "sha2-512"};
    return json_pack("{s:s, s:b, s:s, s:s, s:s, s:s, s:i}", "input", digest, "prehashed", 1,
                     "hash_algorithm", hashes[hash], "signature_algorithm",
                     vault->key->scheme == VT_SEAL_RSA_PSS ? "pss" : "pkcs1v15", "salt_length",
                     "hash", "marshaling_algorithm", "asn1", "key_version",
                     (int)vault->module->uri.version);
}

/* "vault:vN:BASE64" */
static enum vt_seal_fault take(const struct vt_vault *vault, const json_t *data, struct vt_buf *out,
                               struct vt_err *err)
{
    static const char begin[] = "vault:v";
    char wanted[32];
    const char *text = vt_rest_text(data, "signature");
    (void)snprintf(wanted, sizeof(wanted), "%s%u:", begin, vault->module->uri.version);
    if (strncmp(text, wanted, strlen(wanted)) == 0)
        return vt_rest_take_signature(text + strlen(wanted), vault->key->scheme, vault->public_key,
                                      out, err);
    const char *number = strncmp(text, begin, strlen(begin)) == 0 ? text + strlen(begin) : "";
    size_t digits = strspn(number, "0123456789");
    if (digits > 0 && digits < 16 && number[digits] == ':')
        (void)vt_err_set(err, VT_E_FORMAT,
                         "the service signed with version %.*s of the key, not with %u, which the "
                         "certificate is for: the key was rotated",
                         (int)digits, number, vault->module->uri.version);
    else
        (void)vt_err_set(err, VT_E_FORMAT,
                         "the service answered with something that is no "
                         "signature of Transit");
    return VT_FAULT_REFUSED;
}

static enum vt_seal_fault sign(void *context, enum vt_seal_scheme scheme, enum vt_seal_hash hash,
                               struct vt_bytes data, struct vt_buf *out, struct vt_err *err)
{
    struct vt_vault_session *session = context;
    const struct vt_rest_uri *uri = &session->vault->module->uri;
    char path[2 * VT_MAX_REST_TEXT_BYTES + 16], digest[96];
    struct vt_rest_answer answer = {.status = 0};
    enum vt_seal_fault fault = VT_FAULT_LOST;
    (void)scheme; /* that of the key */
    (void)snprintf(path, sizeof(path), "%s/sign/%s", uri->path, uri->key);
    json_t *body = make_request(session->vault, hash, vt_rest_digest64(digest, hash, data));
    if (body == NULL)
        (void)vt_err_set(err, VT_E_NOMEM, "no memory");
    else
        fault = ask(session, path, body, &answer, err);
    if (fault == VT_FAULT_NONE)
        fault = take(session->vault, json_object_get(answer.json, "data"), out, err);
    json_decref(body);
    vt_rest_answer_clear(&answer);
    return fault;
}

const struct vt_backend vt_backend_vault = {.uri_scheme = "vault+https",
                                            .load = vt_rest_load,
                                            .open = open_vault,
                                            .begin = begin,
                                            .sign = sign,
                                            .close = close_vault};
