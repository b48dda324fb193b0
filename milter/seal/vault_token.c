/* SPDX-License-Identifier: Apache-2.0
 * Tokens of Vault: where they come from, and that they do not end while they are needed. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "seal/vault.h"
#include "vanthu/clock.h"

#define OF_CALL_PERCENT 85
/* After a renewal that failed. */
#define AGAIN_MSECS 10000
#define TURN_MSECS 500
/* A secret id may be good for some logins only. */
#define DENIED_MSECS 60000
/* Whatever a service says, it is looked at once a year. */
#define MAX_LEASE_SECS ((int64_t)366 * 86400)

int64_t vt_vault_until(const struct vt_vault *vault)
{
    return vt_clock_monotonic_msecs() + vault->call_msecs * OF_CALL_PERCENT / 100;
}

/* ---- all with the lock held ---- */

static enum vt_seal_fault keep(struct vt_vault *vault, const char *token, size_t len,
                               struct vt_err *err)
{
    static const char begin[] = "X-Vault-Token: ";
    struct vt_pin line = {0};
    for (size_t i = 0; i < len; i++)
        if (token[i] <= ' ' || token[i] > '~')
            len = 0; /* nothing that could begin another header */
    if (len == 0) {
        (void)vt_err_set(err, VT_E_FORMAT, "there is no token, or one with strange characters");
        return VT_FAULT_REFUSED;
    }
    if (vt_pin_copy(vt_bytes_str(begin), sizeof(begin) + len, &line, err) != VT_OK)
        return VT_FAULT_REFUSED;
    memcpy(line.page + line.len, token, len);
    line.len += len;
    vt_pin_wipe(&vault->header);
    vault->header = line;
    return VT_FAULT_NONE;
}

/* At two thirds of its time. One without an end has 0. */
static void plan(struct vt_vault *vault, int64_t secs, bool is_renewable)
{
    vault->is_renewable = is_renewable;
    secs = secs > MAX_LEASE_SECS ? MAX_LEASE_SECS : secs;
    vault->renew_msecs = secs <= 0 ? INT64_MAX : vt_clock_monotonic_msecs() + secs * 1000 * 2 / 3;
}

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* What was not looked at is not refused: a standby, a sealed or a broken one. */
static bool is_refusal(long status)
{
    return status == 400 || status == 401 || status == 403;
}

static enum vt_seal_fault refuse(struct vt_vault_session *session,
                                 const struct vt_rest_answer *answer, int64_t until_msecs,
                                 struct vt_err *err)
{
    char said[120], otherwise[200];
    struct vt_vault *vault = session->vault;
    const char *text =
        json_string_value(json_array_get(json_object_get(answer->json, "errors"), 0));
    const char *host = vault->module->uri.hosts[0];
    vt_rest_shown(said, sizeof(said), text != NULL ? text : "");
    if (!is_refusal(answer->status)) {
        (void)snprintf(otherwise, sizeof(otherwise), "answers to a login with HTTP status %ld %s",
                       answer->status, said);
        return vt_vault_tell_state(session, otherwise, until_msecs, err);
    }
    vault->is_refused = true;
    if (vault->key->user == NULL)
        (void)vt_err_set(err, VT_E_CONFIG,
                         "%s refused the token of pin-file (HTTP status %ld %s): it has ended or "
                         "was taken back; put a new one there",
                         host, answer->status, said);
    else
        (void)vt_err_set(err, VT_E_CONFIG,
                         "%s refused role id (user) and secret id (pin-file) (HTTP status %ld %s): "
                         "a secret id may have ended or be used up; make a new one",
                         host, answer->status, said);
    return VT_FAULT_PIN;
}

static enum vt_seal_fault log_in(struct vt_vault_session *session, int64_t until_msecs,
                                 struct vt_err *err)
{
    struct vt_vault *vault = session->vault;
    char path[VT_MAX_REST_TEXT_BYTES + 32];
    struct vt_rest_answer answer = {.status = 0};
    enum vt_seal_fault fault = VT_FAULT_REFUSED;
    (void)snprintf(path, sizeof(path), "/auth/%s/login", vault->module->uri.vault_login);
    json_t *body = json_pack("{s:s, s:o}", "role_id", vault->key->user, "secret_id",
                             json_stringn((const char *)vault->secret.page, vault->secret.len));
    if (body == NULL)
        (void)vt_err_set(err, VT_E_CONFIG, "the secret id in pin-file is no UTF-8");
    else
        fault = vt_vault_call(session, path, body, NULL, until_msecs, &answer, err);
    const json_t *auth = json_object_get(answer.json, "auth");
    const char *token = vt_rest_text(auth, "client_token");
    if (fault == VT_FAULT_NONE && answer.status != 200)
        fault = refuse(session, &answer, until_msecs, err);
    else if (fault == VT_FAULT_NONE)
        fault = keep(vault, token, strlen(token), err);
    if (fault == VT_FAULT_NONE)
        plan(vault, number(auth, "lease_duration"),
             json_is_true(json_object_get(auth, "renewable")));
    json_decref(body);
    vt_rest_answer_clear(&answer);
    return fault;
}

/* What is known of the token in the file. */
static enum vt_seal_fault look_up(struct vt_vault_session *session, int64_t until_msecs,
                                  struct vt_err *err)
{
    struct vt_vault *vault = session->vault;
    struct vt_rest_answer answer = {.status = 0};
    enum vt_seal_fault fault =
        keep(vault, (const char *)vault->secret.page, vault->secret.len, err);
    if (fault == VT_FAULT_NONE)
        fault = vt_vault_call(session, "/auth/token/lookup-self", NULL, &vault->header, until_msecs,
                              &answer, err);
    const json_t *data = json_object_get(answer.json, "data");
    if (fault == VT_FAULT_NONE && answer.status != 200)
        fault = refuse(session, &answer, until_msecs, err);
    else if (fault == VT_FAULT_NONE)
        plan(vault, number(data, "ttl"), json_is_true(json_object_get(data, "renewable")));
    if (fault != VT_FAULT_NONE)
        vt_pin_wipe(&vault->header);
    vt_rest_answer_clear(&answer);
    return fault;
}

static enum vt_seal_fault enter(struct vt_vault_session *session, int64_t until_msecs,
                                struct vt_err *err)
{
    if (session->vault->is_refused) {
        (void)vt_err_set(err, VT_E_CONFIG, "%s refused what pin-file holds",
                         session->vault->module->uri.hosts[0]);
        return VT_FAULT_PIN;
    }
    return session->vault->key->user != NULL ? log_in(session, until_msecs, err)
                                             : look_up(session, until_msecs, err);
}

/* A renewal that is refused says nothing yet: the token may live on for a third of its time. */
static void renew(struct vt_vault_session *session, int64_t until_msecs)
{
    struct vt_vault *vault = session->vault;
    struct vt_rest_answer answer = {.status = 0};
    json_t *body = json_object();
    bool is_renewed = false;
    if (body != NULL && vault->is_renewable &&
        vt_vault_call(session, "/auth/token/renew-self", body, &vault->header, until_msecs, &answer,
                      NULL) == VT_FAULT_NONE &&
        answer.status == 200) {
        const json_t *auth = json_object_get(answer.json, "auth");
        plan(vault, number(auth, "lease_duration"),
             json_is_true(json_object_get(auth, "renewable")));
        is_renewed = true;
    }
    /* A role logs in anew; a file gets another one from whoever writes it. */
    if (!is_renewed && (vault->key->user == NULL || vault->is_refused ||
                        log_in(session, until_msecs, NULL) != VT_FAULT_NONE))
        vault->renew_msecs = vt_clock_monotonic_msecs() + AGAIN_MSECS;
    json_decref(body);
    vt_rest_answer_clear(&answer);
}

/* ---- what takes the lock ---- */

enum vt_seal_fault vt_vault_token(struct vt_vault_session *session, const struct vt_pin *refused,
                                  int64_t until_msecs, struct vt_pin *out, struct vt_err *err)
{
    struct vt_vault *vault = session->vault;
    enum vt_seal_fault fault = VT_FAULT_NONE;
    (void)pthread_mutex_lock(&vault->lock);
    bool is_refused = refused != NULL &&
                      vt_bytes_equal(vt_pin_bytes(refused), vt_pin_bytes(&vault->header)) &&
                      vt_clock_monotonic_msecs() >= vault->denied_until_msecs;
    if (vault->header.len == 0 || is_refused)
        fault = enter(session, until_msecs, err);
    if (fault == VT_FAULT_NONE &&
        vt_pin_copy(vt_pin_bytes(&vault->header), vault->header.len + 1, out, err) != VT_OK)
        fault = VT_FAULT_REFUSED;
    (void)pthread_mutex_unlock(&vault->lock);
    return fault;
}

void vt_vault_deny(struct vt_vault *vault)
{
    (void)pthread_mutex_lock(&vault->lock);
    vault->denied_until_msecs = vt_clock_monotonic_msecs() + DENIED_MSECS;
    (void)pthread_mutex_unlock(&vault->lock);
}

static void *live(void *context)
{
    struct vt_vault_session *session = context;
    struct vt_vault *vault = session->vault;
    const struct timespec turn = {.tv_nsec = (long)TURN_MSECS * 1000000};
    for (;;) {
        (void)nanosleep(&turn, NULL);
        (void)pthread_mutex_lock(&vault->lock);
        if (vt_clock_monotonic_msecs() >= vault->renew_msecs)
            renew(session, vt_vault_until(vault));
        (void)pthread_mutex_unlock(&vault->lock);
    }
    return NULL;
}

/* It lives as long as its process, which holds nothing but this key. */
enum vt_seal_fault vt_vault_keep_alive(struct vt_vault *vault, struct vt_err *err)
{
    static struct vt_vault_session session;
    pthread_t thread;
    session.vault = vault;
    enum vt_seal_fault fault = vt_rest_init(vault->module, vault->key, &session.rest, err);
    if (fault == VT_FAULT_NONE && pthread_create(&thread, NULL, live, &session) != 0) {
        (void)vt_err_set(err, VT_E_SYSTEM, "no thread can be started");
        vt_rest_clear(&session.rest);
        fault = VT_FAULT_LOST;
    }
    return fault;
}
