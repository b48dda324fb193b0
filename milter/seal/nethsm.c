/* SPDX-License-Identifier: Apache-2.0
 * Nitrokey NetHSM: REST with a name and a password in each request, one or several nodes with the
 * same keys. The node that answered last is asked first; one that cannot work now is left out. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "seal/hash.h"
#include "seal/rest.h"
#include "vanthu/clock.h"

/* After a wrong password a NetHSM takes one attempt in a second. */
#define LIMIT_PAUSE_MSECS 1100
/* A call has to end before the sealer gives it up and kills the worker. */
#define OF_CALL_PERCENT 85

struct nethsm {
    const struct vt_rest_module *module;
    const struct vt_seal_key *key;
    struct vt_pin authorization; /* the header line */
    EVP_PKEY *public_key;
    char mode[16]; /* of its interface */
    int64_t call_msecs;
    atomic_uint first;      /* node */
    atomic_bool is_refused; /* the password: by one thread for all */
};
struct session {
    struct nethsm *hsm;
    struct vt_rest rest;
};

/* What is asked of a node; body NULL: GET. */
struct question {
    const char *path; /* behind "/api/v1" */
    const json_t *body;
};

/* ---- one node ---- */

static enum vt_seal_fault call(struct session *session, const char *host, const char *path,
                               const json_t *body, bool is_known, int64_t until_msecs,
                               struct vt_rest_answer *out, struct vt_err *err)
{
    char url[VT_MAX_REST_URL_BYTES];
    const char *secret = (const char *)session->hsm->authorization.page;
    (void)snprintf(url, sizeof(url), "https://%s/api/v1%s", host, path);
    const struct vt_rest_call question = {.url = url,
                                          .headers = {is_known ? secret : NULL, NULL},
                                          .body = body,
                                          .until_msecs = until_msecs};
    return vt_rest_ask(&session->rest, &question, out, err);
}

/* Why it does not work is told to everybody, without a password. */
static void tell_state(struct session *session, const char *host, int64_t until_msecs,
                       struct vt_err *err)
{
    static const struct {
        const char *state, *what;
    } states[] = {
        {"Locked", "is locked, as after a power cut: unlock it with its unlock passphrase "
                   "(nitropy nethsm unlock)"},
        {"Unprovisioned", "is not set up, or was reset: provision or restore it"},
        {"Failed", "reports a failure of itself: ask its maker"},
        {"Operational", "was not ready for a moment"},
    };
    struct vt_rest_answer answer;
    const char *what = "cannot work now (412)";
    if (call(session, host, "/health/state", NULL, false, until_msecs, &answer, NULL) ==
        VT_FAULT_NONE)
        for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
            if (strcmp(vt_rest_text(answer.json, "state"), states[i].state) == 0)
                what = states[i].what;
    vt_rest_answer_clear(&answer);
    (void)vt_err_set(err, VT_E_NETWORK, "NetHSM %s %s", host, what);
}

/* An answer that is not 200 is no reason to ask the same again. */
static enum vt_seal_fault judge(const struct session *session, const char *host,
                                const struct vt_rest_answer *answer, struct vt_err *err)
{
    char said[120];
    const struct vt_seal_key *key = session->hsm->key;
    const char *id = session->hsm->module->uri.key;
    vt_rest_shown(said, sizeof(said), vt_rest_text(answer->json, "message"));
    switch (answer->status) {
    case 200:
    case 201:
        return VT_FAULT_NONE;
    case 401:
    case 429:
        (void)vt_err_set(err, VT_E_CONFIG,
                         "NetHSM %s refused the password of user %.64s, or there is no such user",
                         host, key->user);
        return VT_FAULT_PIN;
    case 403:
        (void)vt_err_set(err, VT_E_CONFIG,
                         "NetHSM %s does not let user %.64s use key %s: the user needs the role "
                         "Operator and, where the key is restricted, one of its tags (%s)",
                         host, key->user, id, said);
        return VT_FAULT_KEY;
    case 404:
        (void)vt_err_set(err, VT_E_NOT_FOUND,
                         "NetHSM %s has no key %s in the namespace of user %.64s", host, id,
                         key->user);
        return VT_FAULT_KEY;
    case 400:
        (void)vt_err_set(err, VT_E_CONFIG, "NetHSM %s does not sign so with key %s: %s", host, id,
                         said);
        return VT_FAULT_REFUSED;
    default:
        (void)vt_err_set(err, VT_E_NETWORK, "NetHSM %s answers with HTTP status %ld%s%s", host,
                         answer->status, said[0] != '\0' ? ": " : "", said);
        return answer->status == 503   ? VT_FAULT_AWAY
               : answer->status >= 500 ? VT_FAULT_LOST
                                       : VT_FAULT_REFUSED;
    }
}

static void pause_msecs(int64_t msecs)
{
    const struct timespec time = {.tv_sec = msecs / 1000, .tv_nsec = msecs % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

static enum vt_seal_fault ask_node(struct session *session, const char *host,
                                   const struct question *question, int64_t until_msecs,
                                   struct vt_rest_answer *out, struct vt_err *err)
{
    enum vt_seal_fault fault =
        call(session, host, question->path, question->body, true, until_msecs, out, err);
    if (fault == VT_FAULT_NONE && out->status == 429) {
        if (vt_clock_monotonic_msecs() + LIMIT_PAUSE_MSECS >= until_msecs) {
            (void)vt_err_set(err, VT_E_TIMEOUT,
                             "NetHSM %s takes one attempt in a second after a wrong password of "
                             "user %.64s, and limits.hsm leaves no time to wait",
                             host, session->hsm->key->user);
            return VT_FAULT_AWAY;
        }
        vt_rest_answer_clear(out);
        pause_msecs(LIMIT_PAUSE_MSECS);
        fault = call(session, host, question->path, question->body, true, until_msecs, out, err);
    }
    if (fault != VT_FAULT_NONE)
        return fault;
    if (out->status == 412) {
        tell_state(session, host, until_msecs, err);
        return VT_FAULT_AWAY;
    }
    return judge(session, host, out, err);
}

/* ---- all of them ---- */

static void add_words(struct vt_err *all, const struct vt_err *one)
{
    size_t used = strlen(all->text);
    (void)snprintf(all->text + used, sizeof(all->text) - used, "%s%s", used > 0 ? "; " : "",
                   one->text);
}

/* Of two nodes that cannot, what is known of both: a password that one may have looked at. */
static enum vt_seal_fault worse(enum vt_seal_fault one, enum vt_seal_fault other)
{
    if (one == VT_FAULT_LOST || other == VT_FAULT_LOST)
        return VT_FAULT_LOST;
    return one == VT_FAULT_AWAY || other == VT_FAULT_AWAY ? VT_FAULT_AWAY : VT_FAULT_TOKEN;
}

/* Signing twice does no harm: whatever a node did not do, another may. */
static enum vt_seal_fault ask(struct session *session, const struct question *question,
                              struct vt_rest_answer *out, struct vt_err *err)
{
    struct nethsm *hsm = session->hsm;
    const struct vt_rest_uri *uri = &hsm->module->uri;
    unsigned count = (unsigned)uri->hosts_count, first = atomic_load(&hsm->first);
    int64_t until_msecs = vt_clock_monotonic_msecs() + hsm->call_msecs * OF_CALL_PERCENT / 100;
    enum vt_seal_fault fault = VT_FAULT_LOST, worst = VT_FAULT_TOKEN;
    struct vt_err all = {.code = VT_E_NETWORK};
    for (unsigned i = 0; i < count; i++) {
        struct vt_err one = {.text = ""};
        unsigned node = (first + i) % count;
        int64_t now_msecs = vt_clock_monotonic_msecs();
        fault = ask_node(session, uri->hosts[node], question,
                         now_msecs + (until_msecs - now_msecs) / (count - i), out, &one);
        if (!vt_seal_fault_is_loss(fault) && fault != VT_FAULT_TOKEN) {
            atomic_store(&hsm->first, node);
            if (fault != VT_FAULT_NONE)
                (void)vt_err_set(err, one.code, "%s", one.text);
            return fault;
        }
        worst = worse(worst, fault);
        add_words(&all, &one);
        if (i + 1 < count)
            vt_rest_answer_clear(out);
    }
    (void)vt_err_set(err, all.code, "%s", all.text);
    return worst;
}

/* ---- open ---- */

static enum vt_code make_authorization(struct nethsm *hsm, struct vt_bytes password,
                                       struct vt_err *err)
{
    static const char begin[] = "Authorization: Basic ";
    struct vt_pin plain = {0};
    size_t name = strlen(hsm->key->user);
    enum vt_code code = vt_pin_copy((struct vt_bytes){0}, name + 1 + password.len, &plain, err);
    if (code == VT_OK)
        code = vt_pin_copy(vt_bytes_str(begin), sizeof(begin) + 4 * ((name + password.len) / 3 + 2),
                           &hsm->authorization, err);
    if (code == VT_OK) {
        memcpy(plain.page, hsm->key->user, name);
        plain.page[name] = ':';
        memcpy(plain.page + name + 1, password.ptr, password.len);
        vt_rest_base64((char *)hsm->authorization.page + hsm->authorization.len,
                       vt_bytes_of(plain.page, name + 1 + password.len));
    }
    vt_pin_wipe(&plain);
    return code;
}

static bool has_mechanism(const json_t *answer, const char *wanted)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(json_object_get(answer, "mechanisms"), index, item)
    {
        const char *name = json_string_value(item);
        if (name != NULL && strcmp(name, wanted) == 0)
            return true;
    }
    return false;
}

/* What the key may do there; names of modes and mechanisms are nearly the same. */
static enum vt_seal_fault look_at_key(struct session *session, struct vt_err *err)
{
    static const char *const pss[VT_SEAL_HASHES] = {[VT_SEAL_SHA256] = "PSS_SHA256",
                                                    [VT_SEAL_SHA384] = "PSS_SHA384",
                                                    [VT_SEAL_SHA512] = "PSS_SHA512"};
    struct nethsm *hsm = session->hsm;
    struct vt_rest_answer answer;
    char path[VT_MAX_REST_TEXT_BYTES], wanted[48];
    const struct question question = {.path = path};
    const char *mode = hsm->key->scheme == VT_SEAL_RSA_PKCS1 ? "PKCS1"
                       : hsm->key->scheme == VT_SEAL_RSA_PSS ? pss[hsm->key->hash]
                                                             : "ECDSA";
    (void)snprintf(hsm->mode, sizeof(hsm->mode), "%s", mode);
    (void)snprintf(path, sizeof(path), "/keys/%.128s", hsm->module->uri.key);
    (void)snprintf(wanted, sizeof(wanted), "%s",
                   hsm->key->scheme == VT_SEAL_ECDSA ? "ECDSA_Signature" : "RSA_Signature_");
    if (hsm->key->scheme != VT_SEAL_ECDSA)
        (void)snprintf(wanted + strlen(wanted), sizeof(wanted) - strlen(wanted), "%s", mode);
    enum vt_seal_fault fault = ask(session, &question, &answer, err);
    if (fault == VT_FAULT_NONE && !has_mechanism(answer.json, wanted)) {
        (void)vt_err_set(err, VT_E_CONFIG,
                         "key %s of the NetHSM lacks the mechanism %s that scheme and hash want: "
                         "it is chosen when a key is made",
                         hsm->module->uri.key, wanted);
        fault = VT_FAULT_KEY;
    }
    vt_rest_answer_clear(&answer);
    return fault;
}

static enum vt_seal_fault read_public(struct session *session, struct vt_seal_token *out,
                                      struct vt_err *err)
{
    struct vt_rest_answer answer;
    struct nethsm *hsm = session->hsm;
    char path[VT_MAX_REST_TEXT_BYTES];
    const struct question question = {.path = path};
    (void)snprintf(path, sizeof(path), "/keys/%.128s/public.pem", hsm->module->uri.key);
    enum vt_seal_fault fault = ask(session, &question, &answer, err);
    if (fault == VT_FAULT_NONE)
        hsm->public_key = vt_rest_key_of_pem(vt_buf_bytes(&answer.bytes));
    vt_rest_answer_clear(&answer);
    if (fault == VT_FAULT_NONE)
        fault = vt_rest_fits(hsm->public_key, hsm->key, err);
    if (fault == VT_FAULT_NONE)
        vt_rest_keep_key(hsm->public_key, out);
    return fault;
}

static void close_nethsm(void *handle)
{
    struct nethsm *hsm = handle;
    vt_pin_wipe(&hsm->authorization);
    EVP_PKEY_free(hsm->public_key);
    free(hsm);
}

static enum vt_seal_fault open_all(struct nethsm *hsm, const struct vt_seal_open *input,
                                   struct vt_seal_token *out, struct vt_err *err)
{
    struct session session = {.hsm = hsm};
    if (make_authorization(hsm, input->pin, err) != VT_OK)
        return VT_FAULT_LOST;
    enum vt_seal_fault fault = vt_rest_init(hsm->module, hsm->key, &session.rest, err);
    if (fault == VT_FAULT_NONE && !input->may_log_in()) {
        (void)vt_err_set(err, VT_E_BUSY, "the password is being tried for another key");
        fault = VT_FAULT_LOST;
    }
    if (fault == VT_FAULT_NONE)
        fault = look_at_key(&session, err);
    if (fault == VT_FAULT_NONE)
        fault = read_public(&session, out, err);
    vt_rest_clear(&session.rest);
    return fault;
}

static enum vt_seal_fault open_nethsm(const struct vt_seal_open *input, void **out_handle,
                                      struct vt_seal_token *out, struct vt_err *err)
{
    struct nethsm *hsm = calloc(1, sizeof(*hsm));
    if (hsm == NULL) {
        (void)vt_err_set(err, VT_E_NOMEM, "no memory");
        return VT_FAULT_LOST;
    }
    hsm->module = input->module;
    hsm->key = input->key;
    hsm->call_msecs = input->call_msecs;
    (void)snprintf(out->manufacturer, sizeof(out->manufacturer), "Nitrokey");
    (void)snprintf(out->model, sizeof(out->model), "NetHSM");
    (void)snprintf(out->label, sizeof(out->label), "%.63s", hsm->module->uri.key);
    enum vt_seal_fault fault = open_all(hsm, input, out, err);
    if (fault == VT_FAULT_NONE)
        *out_handle = hsm;
    else
        close_nethsm(hsm);
    return fault;
}

static enum vt_seal_fault begin(void *handle, void **out_session, struct vt_err *err)
{
    struct nethsm *hsm = handle;
    struct session *session = calloc(1, sizeof(*session));
    if (session == NULL) {
        (void)vt_err_set(err, VT_E_NOMEM, "no memory");
        return VT_FAULT_LOST;
    }
    session->hsm = hsm;
    enum vt_seal_fault fault = vt_rest_init(hsm->module, hsm->key, &session->rest, err);
    if (fault == VT_FAULT_NONE)
        *out_session = session;
    else
        free(session);
    return fault;
}

/* ---- sign ---- */

/* What was signed is in the signature: more than was asked for is a DigestInfo before ours. */
static bool is_padded_twice(const struct nethsm *hsm, struct vt_bytes asked,
                            struct vt_bytes signature)
{
    uint8_t found[VT_MAX_SEAL_SIGNATURE_BYTES];
    size_t len = sizeof(found);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(hsm->public_key, NULL);
    bool is_twice =
        context != NULL && EVP_PKEY_verify_recover_init(context) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
        EVP_PKEY_verify_recover(context, found, &len, signature.ptr, signature.len) == 1 &&
        !vt_bytes_equal(vt_bytes_of(found, len), asked);
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return is_twice;
}

static enum vt_seal_fault take(const struct nethsm *hsm, const struct vt_rest_answer *answer,
                               struct vt_bytes asked, struct vt_buf *out, struct vt_err *err)
{
    enum vt_seal_fault fault = vt_rest_take_signature(vt_rest_text(answer->json, "signature"),
                                                      hsm->key->scheme, hsm->public_key, out, err);
    if (fault != VT_FAULT_NONE || hsm->key->scheme != VT_SEAL_RSA_PKCS1 ||
        !is_padded_twice(hsm, asked, vt_buf_bytes(out)))
        return fault;
    (void)vt_err_set(err, VT_E_FORMAT,
                     "the NetHSM put a DigestInfo of its own before ours: that is the fault of "
                     "NetHSM firmware 3.0, update it to 3.1 or later");
    return VT_FAULT_REFUSED;
}

static enum vt_seal_fault sign(void *context, enum vt_seal_scheme scheme, enum vt_seal_hash hash,
                               struct vt_bytes data, struct vt_buf *out, struct vt_err *err)
{
    struct session *session = context;
    struct nethsm *hsm = session->hsm;
    uint8_t input[VT_SEAL_MAX_DIGEST_INFO_BYTES];
    char path[VT_MAX_REST_TEXT_BYTES], message[2 * sizeof(input)];
    struct vt_rest_answer answer = {.status = 0};
    enum vt_seal_fault fault = VT_FAULT_LOST;
    size_t len = scheme == VT_SEAL_RSA_PKCS1 ? vt_seal_digest_info(hash, data, input)
                                             : vt_seal_digest(hash, data, input);
    if (atomic_load(&hsm->is_refused)) {
        (void)vt_err_set(err, VT_E_CONFIG, "the NetHSM refused the password of user %.64s",
                         hsm->key->user);
        return VT_FAULT_PIN;
    }
    (void)snprintf(path, sizeof(path), "/keys/%.128s/sign", hsm->module->uri.key);
    json_t *body = json_pack("{s:s, s:s}", "mode", hsm->mode, "message",
                             vt_rest_base64(message, vt_bytes_of(input, len)));
    const struct question question = {.path = path, .body = body};
    if (body == NULL)
        (void)vt_err_set(err, VT_E_NOMEM, "no memory");
    else
        fault = ask(session, &question, &answer, err);
    if (fault == VT_FAULT_PIN)
        atomic_store(&hsm->is_refused, true);
    if (fault == VT_FAULT_NONE)
        fault = take(hsm, &answer, vt_bytes_of(input, len), out, err);
    json_decref(body);
    vt_rest_answer_clear(&answer);
    return fault;
}

const struct vt_backend vt_backend_nethsm = {.uri_scheme = "nethsm+https",
                                             .load = vt_rest_load,
                                             .open = open_nethsm,
                                             .begin = begin,
                                             .sign = sign,
                                             .close = close_nethsm};
