/* SPDX-License-Identifier: Apache-2.0
 * CSC: the service, its token (OAuth 2.0 client credentials, RFC 6749 4.4, or auth/login with HTTP
 * Basic, CSC 1.0.4.0 11.2), its errors. */
#include "seal/csc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vanthu/clock.h"

#define OF_CALL_PERCENT 85
/* A token is renewed so long before it ends. */
#define TOKEN_RESERVE_SECS 30
#define DEFAULT_TOKEN_SECS 300
#define MAX_TOKEN_SECS 86400

int64_t vt_csc_until(const struct vt_csc *csc)
{
    return vt_clock_monotonic_msecs() + csc->call_msecs * OF_CALL_PERCENT / 100;
}

/* ---- what errors mean ---- */

/* word: a whole error, or a part of its description. */
struct meaning {
    const char *word;
    enum vt_seal_fault fault;
    const char *what;
};

static const struct meaning errors[] = {
    {"invalid_pin", VT_FAULT_PIN, "the service refused the PIN of the credential"},
    {"invalid_authentication_data", VT_FAULT_PIN, "the service refused the PIN of the credential"},
    {"invalid_otp", VT_FAULT_KEY,
     "the credential wants a one-time password, which only a person has: ask for one that is "
     "implicit or has a PIN alone"},
    {"invalid_client", VT_FAULT_PIN, "the service refused user and secret-file (the client)"},
    {"unauthorized_client", VT_FAULT_TOKEN,
     "the service does not let this client work without a person: it has to be allowed the grant "
     "client_credentials"},
    {"invalid_scope", VT_FAULT_TOKEN,
     "the service does not give this client the scope \"service\": have it allowed there"},
    {"unsupported_grant_type", VT_FAULT_TOKEN,
     "the service knows no client_credentials, and the others need a person"},
    {"invalid_grant", VT_FAULT_TOKEN, "the service does not take what it gave before"},
    {"access_denied", VT_FAULT_KEY, "the service denies this client the credential"},
    {"invalid_token", VT_FAULT_LOST, "the service takes its own token no more"},
    {"server_error", VT_FAULT_LOST, "the service has a fault of its own"},
    {"temporarily_unavailable", VT_FAULT_AWAY, "the service cannot work for a moment"},
};

/* invalid_request is everything else; which, stands in its words alone. */
static const struct meaning descriptions[] = {
    {"locked", VT_FAULT_PIN_LOCKED,
     "the credential is locked: its owner has to unlock it at the service"},
    {"disabled", VT_FAULT_KEY, "the credential is disabled: its owner has to enable it"},
    {"number of signatures", VT_FAULT_REFUSED,
     "the service authorised fewer signatures than were asked for"},
    {"numbers of signatures", VT_FAULT_REFUSED,
     "the service authorised fewer signatures than were asked for"},
    {"certificate expired", VT_FAULT_KEY, "the certificate of the credential has expired"},
    {"certificate is expired", VT_FAULT_KEY, "the certificate of the credential has expired"},
    {"certificate has expired", VT_FAULT_KEY, "the certificate of the credential has expired"},
    {"expired", VT_FAULT_REFUSED, "something has expired, the certificate or an authorisation"},
    {"not authorized by the SAD", VT_FAULT_REFUSED, "the service authorised another hash"},
};

/* NULL: its words are none that are known. */
static const struct meaning *meaning_of(const struct vt_rest_answer *answer)
{
    const char *error = vt_rest_text(answer->json, "error");
    const char *description = vt_rest_text(answer->json, "error_description");
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (strcmp(error, errors[i].word) == 0)
            return &errors[i];
    for (size_t i = 0; i < sizeof(descriptions) / sizeof(descriptions[0]); i++)
        if (strcasestr(description, descriptions[i].word) != NULL)
            return &descriptions[i];
    return NULL;
}

/* By its status alone. */
static struct meaning meaning_of_status(long status)
{
    if (status == 202)
        return (struct meaning){
            .fault = VT_FAULT_KEY,
            .what = "the service waits for an approval, which only a person gives: ask for a "
                    "credential that is implicit or has a PIN alone"};
    return (struct meaning){.fault = status == 404   ? VT_FAULT_KEY
                                     : status == 503 ? VT_FAULT_AWAY
                                     : status >= 500 ? VT_FAULT_LOST
                                                     : VT_FAULT_REFUSED};
}

static enum vt_seal_fault explain(const char *host, const struct vt_rest_answer *answer,
                                  struct vt_err *err)
{
    char said[160], error[48];
    const struct meaning *known = meaning_of(answer);
    const struct meaning meaning = known != NULL ? *known : meaning_of_status(answer->status);
    vt_rest_shown(said, sizeof(said), vt_rest_text(answer->json, "error_description"));
    vt_rest_shown(error, sizeof(error), vt_rest_text(answer->json, "error"));
    (void)vt_err_set(err, VT_E_CONFIG, "%s: %s (HTTP status %ld%s%s%s%s)", host,
                     meaning.what != NULL ? meaning.what : "the service refuses this",
                     answer->status, error[0] != '\0' ? ", " : "", error,
                     said[0] != '\0' ? ": " : "", said);
    return meaning.fault;
}

bool vt_csc_is_explained(const struct vt_rest_answer *answer)
{
    return meaning_of(answer) != NULL;
}

/* 401 is of the token (RFC 6750 3.1). Where it is of a PIN, its words say so, and the question
 * must not be asked again. */
static bool is_token_refused(const struct vt_rest_answer *answer)
{
    const struct meaning *known = meaning_of(answer);
    return answer->status == 401 && (known == NULL || strcmp(known->word, "invalid_token") == 0);
}

/* ---- the token ---- */

static size_t add_form(char *out, const char *text, size_t len)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)text[i];
        bool is_plain = (byte >= '0' && byte <= '9') ||
                        ((byte | 32) >= 'a' && (byte | 32) <= 'z') || byte == '-' || byte == '.' ||
                        byte == '_';
        if (is_plain) {
            out[used++] = (char)byte;
            continue;
        }
        out[used++] = '%';
        out[used++] = hex[byte >> 4];
        out[used++] = hex[byte & 15];
    }
    return used;
}

/* As the standard has it: the client and its secret in the body. */
static enum vt_code make_form(const struct vt_csc *csc, struct vt_pin *out, struct vt_err *err)
{
    static const char begin[] = "grant_type=client_credentials&scope=service&client_id=",
                      middle[] = "&client_secret=";
    size_t user = strlen(csc->key->user);
    enum vt_code code =
        vt_pin_copy(vt_bytes_str(begin),
                    sizeof(begin) + sizeof(middle) + 3 * (user + csc->secret.len), out, err);
    if (code != VT_OK)
        return code;
    char *text = (char *)out->page;
    out->len += add_form(text + out->len, csc->key->user, user);
    memcpy(text + out->len, middle, sizeof(middle) - 1);
    out->len += sizeof(middle) - 1;
    out->len += add_form(text + out->len, (const char *)csc->secret.page, csc->secret.len);
    return VT_OK;
}

static enum vt_seal_fault keep_token(struct vt_csc *csc, const struct vt_rest_answer *answer,
                                     struct vt_err *err)
{
    static const char begin[] = "Authorization: Bearer ";
    const char *token = vt_rest_text(answer->json, "access_token");
    const json_t *expires = json_object_get(answer->json, "expires_in");
    int64_t secs = json_is_integer(expires) ? json_integer_value(expires) : DEFAULT_TOKEN_SECS;
    size_t len = strlen(token);
    /* RFC 6750 2.1; and nothing that could begin another header. */
    bool is_good = len > 0 && strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                            "0123456789-._~+/=") == len;
    vt_pin_wipe(&csc->authorization);
    if (!is_good) {
        (void)vt_err_set(err, VT_E_FORMAT, "the service gave no token");
        return VT_FAULT_REFUSED;
    }
    if (vt_pin_copy(vt_bytes_str(begin), sizeof(begin) + len, &csc->authorization, err) != VT_OK)
        return VT_FAULT_REFUSED;
    memcpy(csc->authorization.page + sizeof(begin) - 1, token, len);
    csc->authorization.len += len;
    secs = secs < 0 ? 0 : secs > MAX_TOKEN_SECS ? MAX_TOKEN_SECS : secs;
    secs = secs > 2 * TOKEN_RESERVE_SECS ? secs - TOKEN_RESERVE_SECS : secs / 2;
    csc->token_until_msecs = vt_clock_monotonic_msecs() + secs * 1000;
    return VT_FAULT_NONE;
}

/* "Authorization: Basic …" of user and secret. */
static enum vt_code make_basic(const struct vt_csc *csc, struct vt_pin *out, struct vt_err *err)
{
    static const char begin[] = "Authorization: Basic ";
    struct vt_pin plain = {0};
    size_t user = strlen(csc->key->user), len = user + 1 + csc->secret.len;
    enum vt_code code = vt_pin_copy(vt_bytes_str(csc->key->user), len, &plain, err);
    if (code == VT_OK)
        code = vt_pin_copy(vt_bytes_str(begin), sizeof(begin) + 4 * (len / 3 + 2), out, err);
    if (code == VT_OK) {
        plain.page[user] = ':';
        memcpy(plain.page + user + 1, csc->secret.page, csc->secret.len);
        vt_rest_base64((char *)out->page + out->len, vt_bytes_of(plain.page, len));
    }
    vt_pin_wipe(&plain);
    return code;
}

/* A user of the service itself, by the method that token-url names. */
static bool is_basic(const struct vt_seal_key *key)
{
    static const char method[] = "/auth/login";
    size_t len = key->token_url == NULL ? 0 : strlen(key->token_url), end = strlen(method);
    return len > end && strcmp(key->token_url + len - end, method) == 0;
}

/* NONE: with any status. */
static enum vt_seal_fault ask_token(struct vt_csc_session *session, const char *url,
                                    int64_t until_msecs, struct vt_rest_answer *out,
                                    struct vt_err *err)
{
    const struct vt_csc *csc = session->csc;
    struct vt_pin made = {0};
    bool basic = is_basic(csc->key);
    json_t *body = basic ? json_pack("{s:b}", "rememberMe", 0) : NULL;
    enum vt_seal_fault fault = VT_FAULT_REFUSED;
    *out = (struct vt_rest_answer){.status = 0};
    if (basic && body == NULL)
        (void)vt_err_set(err, VT_E_NOMEM, "no memory");
    else if ((basic ? make_basic(csc, &made, err) : make_form(csc, &made, err)) == VT_OK) {
        const char *text = (const char *)made.page;
        const struct vt_rest_call call = {.url = url,
                                          .headers = {basic ? text : NULL, NULL},
                                          .body = body,
                                          .form = basic ? NULL : text,
                                          .until_msecs = until_msecs};
        fault = vt_rest_ask(&session->rest, &call, out, err);
    }
    json_decref(body);
    vt_pin_wipe(&made);
    return fault;
}

static enum vt_seal_fault fetch_token(struct vt_csc_session *session, int64_t until_msecs,
                                      struct vt_err *err)
{
    struct vt_csc *csc = session->csc;
    const struct vt_rest_uri *uri = &csc->module->uri;
    char url[VT_MAX_REST_URL_BYTES];
    struct vt_rest_answer answer;
    if (csc->key->token_url != NULL)
        (void)snprintf(url, sizeof(url), "%s", csc->key->token_url);
    else
        (void)snprintf(url, sizeof(url), "https://%s%s/oauth2/token", uri->hosts[0], uri->path);
    if (atomic_load(&csc->is_refused)) {
        (void)vt_err_set(err, VT_E_CONFIG, "the service refused user and secret-file before");
        return VT_FAULT_PIN;
    }
    enum vt_seal_fault fault = ask_token(session, url, until_msecs, &answer, err);
    if (fault == VT_FAULT_NONE && answer.status == 200)
        fault = keep_token(csc, &answer, err);
    else if (fault == VT_FAULT_NONE)
        fault = explain(uri->hosts[0], &answer, err);
    /* Of a name and a password nothing else can be wrong in a login that is this short. */
    bool is_denied = answer.status == 401 ||
                     (is_basic(csc->key) && (answer.status == 400 || answer.status == 403));
    if (is_denied && fault != VT_FAULT_NONE) {
        fault = VT_FAULT_PIN;
        if (is_basic(csc->key))
            (void)vt_err_set(err, VT_E_CONFIG,
                             "%s refused the login of user and secret-file (HTTP status %ld)",
                             uri->hosts[0], answer.status);
    }
    if (fault == VT_FAULT_KEY && answer.status == 404)
        (void)vt_err_set(err, VT_E_CONFIG,
                         "%s gives no token at %.200s (HTTP status 404): look at token-url, which "
                         "ends with /auth/login for a service without OAuth 2.0",
                         uri->hosts[0], url);
    if (fault == VT_FAULT_PIN)
        atomic_store(&csc->is_refused, true);
    vt_rest_answer_clear(&answer);
    return fault;
}

/* A copy of the line, because another thread may put a new one in its place. refused: the line that
 * was not taken. */
static enum vt_seal_fault get_token(struct vt_csc_session *session, const struct vt_pin *refused,
                                    int64_t until_msecs, struct vt_pin *out, struct vt_err *err)
{
    struct vt_csc *csc = session->csc;
    enum vt_seal_fault fault = VT_FAULT_NONE;
    if (csc->key->user == NULL)
        return VT_FAULT_NONE;
    (void)pthread_mutex_lock(&csc->token_lock);
    bool is_old = csc->authorization.len == 0 ||
                  vt_clock_monotonic_msecs() >= csc->token_until_msecs ||
                  (refused != NULL &&
                   vt_bytes_equal(vt_pin_bytes(refused), vt_pin_bytes(&csc->authorization)));
    if (is_old)
        fault = fetch_token(session, until_msecs, err);
    if (fault == VT_FAULT_NONE && vt_pin_copy(vt_pin_bytes(&csc->authorization),
                                              csc->authorization.len + 1, out, err) != VT_OK)
        fault = VT_FAULT_REFUSED;
    (void)pthread_mutex_unlock(&csc->token_lock);
    return fault;
}

/* ---- a question ---- */

static enum vt_seal_fault ask_with(struct vt_csc_session *session, const char *method,
                                   const json_t *body, const struct vt_pin *token,
                                   int64_t until_msecs, struct vt_rest_answer *out,
                                   struct vt_err *err)
{
    char url[VT_MAX_REST_URL_BYTES];
    const struct vt_rest_uri *uri = &session->csc->module->uri;
    (void)snprintf(url, sizeof(url), "https://%s%s/%s", uri->hosts[0], uri->path, method);
    const struct vt_rest_call call = {.url = url,
                                      .headers = {(const char *)token->page, NULL},
                                      .body = body,
                                      .until_msecs = until_msecs};
    return vt_rest_ask(&session->rest, &call, out, err);
}

enum vt_seal_fault vt_csc_ask(struct vt_csc_session *session, const char *method,
                              const json_t *body, int64_t until_msecs, struct vt_rest_answer *out,
                              struct vt_err *err)
{
    struct vt_pin token = {0}, next = {0};
    *out = (struct vt_rest_answer){.status = 0};
    if (body == NULL) {
        (void)vt_err_set(err, VT_E_NOMEM, "no memory");
        return VT_FAULT_LOST;
    }
    enum vt_seal_fault fault = get_token(session, NULL, until_msecs, &token, err);
    if (fault == VT_FAULT_NONE)
        fault = ask_with(session, method, body, &token, until_msecs, out, err);
    if (fault == VT_FAULT_NONE && is_token_refused(out) && token.len > 0) {
        vt_rest_answer_clear(out);
        fault = get_token(session, &token, until_msecs, &next, err);
        if (fault == VT_FAULT_NONE)
            fault = ask_with(session, method, body, &next, until_msecs, out, err);
    }
    vt_pin_wipe(&token);
    vt_pin_wipe(&next);
    bool waits = out->status == 202 && vt_rest_text(out->json, "handle")[0] != '\0';
    if (fault == VT_FAULT_NONE && out->status != 200 && !waits)
        fault = explain(session->csc->module->uri.hosts[0], out, err);
    if (fault == VT_FAULT_NONE && !json_is_object(out->json)) {
        (void)vt_err_set(err, VT_E_FORMAT, "%s answers to %s with something that is no JSON object",
                         session->csc->module->uri.hosts[0], method);
        fault = VT_FAULT_REFUSED;
    }
    return fault;
}

/* ---- open ---- */

static void close_csc(void *handle)
{
    struct vt_csc *csc = handle;
    vt_pin_wipe(&csc->pin);
    vt_pin_wipe(&csc->secret);
    vt_pin_wipe(&csc->authorization);
    (void)pthread_mutex_destroy(&csc->token_lock);
    (void)pthread_mutex_destroy(&csc->pin_lock);
    EVP_PKEY_free(csc->public_key);
    free(csc);
}

static enum vt_seal_fault open_all(struct vt_csc *csc, const struct vt_seal_open *input,
                                   struct vt_seal_token *out, struct vt_err *err)
{
    struct vt_csc_session session = {.csc = csc};
    if (vt_pin_copy(input->pin, input->pin.len + 1, &csc->pin, err) != VT_OK ||
        vt_pin_copy(input->secret, input->secret.len + 1, &csc->secret, err) != VT_OK)
        return VT_FAULT_LOST;
    enum vt_seal_fault fault = vt_rest_init(csc->module, csc->key, &session.rest, err);
    if (fault == VT_FAULT_NONE && input->pin.len + input->secret.len > 0 && !input->may_log_in()) {
        (void)vt_err_set(err, VT_E_BUSY, "the PIN is being tried for another key");
        fault = VT_FAULT_LOST;
    }
    if (fault == VT_FAULT_NONE)
        fault = vt_csc_look(&session, out, err);
    if (fault == VT_FAULT_NONE && csc->wants_pin)
        fault = vt_csc_try_pin(&session, err);
    vt_rest_clear(&session.rest);
    return fault;
}

static enum vt_seal_fault open_csc(const struct vt_seal_open *input, void **out_handle,
                                   struct vt_seal_token *out, struct vt_err *err)
{
    struct vt_csc *csc = calloc(1, sizeof(*csc));
    if (csc == NULL || pthread_mutex_init(&csc->token_lock, NULL) != 0 ||
        pthread_mutex_init(&csc->pin_lock, NULL) != 0) {
        free(csc);
        (void)vt_err_set(err, VT_E_NOMEM, "no memory");
        return VT_FAULT_LOST;
    }
    csc->module = input->module;
    csc->key = input->key;
    csc->call_msecs = input->call_msecs;
    (void)vt_rest_shown(out->label, sizeof(out->label), csc->module->uri.key);
    (void)snprintf(out->manufacturer, sizeof(out->manufacturer), "CSC");
    (void)snprintf(out->model, sizeof(out->model), "v%u", csc->module->uri.version);
    enum vt_seal_fault fault = open_all(csc, input, out, err);
    if (fault == VT_FAULT_NONE)
        *out_handle = csc;
    else
        close_csc(csc);
    return fault;
}

static enum vt_seal_fault begin(void *handle, void **out_session, struct vt_err *err)
{
    struct vt_csc *csc = handle;
    struct vt_csc_session *session = calloc(1, sizeof(*session));
    if (session == NULL) {
        (void)vt_err_set(err, VT_E_NOMEM, "no memory");
        return VT_FAULT_LOST;
    }
    session->csc = csc;
    enum vt_seal_fault fault = vt_rest_init(csc->module, csc->key, &session->rest, err);
    if (fault == VT_FAULT_NONE)
        *out_session = session;
    else
        free(session);
    return fault;
}

const struct vt_backend vt_backend_csc = {.uri_scheme = "csc+https",
                                          .load = vt_rest_load,
                                          .open = open_csc,
                                          .begin = begin,
                                          .sign = vt_csc_sign,
                                          .close = close_csc};
