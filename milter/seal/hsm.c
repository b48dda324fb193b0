/* SPDX-License-Identifier: Apache-2.0
 * The life of a key's connection: a worker for as long as it lasts, pauses between. */
#include "seal/hsm.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "vanthu/clock.h"
#include "vanthu/log.h"

#define FIRST_PAUSE_MSECS 10000
#define MOST_PAUSES 3
/* What is there and not what was configured is mended by a person. */
#define UNFIT_PAUSE_MSECS 30000
#define PIN_LOOK_MSECS 2000
#define LOGIN_BUSY_MSECS 500

const char *vt_hsm_state_name(enum vt_hsm_state state)
{
    static const char *const names[] = {[VT_HSM_DOWN] = "down",
                                        [VT_HSM_STARTING] = "starting",
                                        [VT_HSM_UP] = "up",
                                        [VT_HSM_REFUSED] = "refused"};
    return names[state];
}

/* ---- begin and end ---- */

static void read_certificate(struct vt_hsm *hsm)
{
    struct vt_err err = {.text = ""};
    if (hsm->key->certificate == NULL)
        (void)vt_err_set(
            &err, VT_E_NOT_FOUND,
            "key %s has no certificate yet: vanthu seal csr %s makes a request for one",
            hsm->key->name, hsm->key->name);
    else if (vt_own_certificate_read(hsm->key, &hsm->own, &err) == VT_OK)
        return;
    vt_own_certificate_clear(&hsm->own);
    (void)snprintf(hsm->text_of_certificate, sizeof(hsm->text_of_certificate), "%s", err.text);
    vt_log(VT_LOG_ALERT, "seal: key=%s %s", hsm->key->name, err.text);
}

void vt_hsm_init(struct vt_hsm *hsm, const struct vt_config *config, const struct vt_seal_key *key)
{
    struct vt_err err = {.text = ""};
    *hsm = (struct vt_hsm){.config = config,
                           .key = key,
                           .backend = vt_backend_of(key->uri),
                           .worker = {.socket = -1},
                           .since_utc_secs = vt_clock_now_utc_secs(),
                           .recovery_msecs = -1};
    read_certificate(hsm);
    if (hsm->backend == NULL)
        (void)vt_err_set(&err, VT_E_CONFIG, "nothing here speaks the uri of the key");
    else if (hsm->backend->load(key, &hsm->module, &err) == VT_OK)
        return;
    hsm->backend = NULL;
    hsm->due_msecs = INT64_MAX;
    hsm->fault = VT_FAULT_TOKEN;
    (void)snprintf(hsm->text, sizeof(hsm->text), "%s", err.text);
    vt_log(VT_LOG_ALERT, "seal: key=%s %s", key->name, err.text);
}

void vt_hsm_clear(struct vt_hsm *hsm)
{
    vt_worker_kill(&hsm->worker);
    vt_own_certificate_clear(&hsm->own);
}

/* ---- states ---- */

static void tell(struct vt_hsm *hsm, enum vt_seal_fault fault, const char *text)
{
    bool is_news = hsm->fault != fault || strcmp(hsm->text, text) != 0;
    hsm->fault = fault;
    (void)snprintf(hsm->text, sizeof(hsm->text), "%s", text);
    if (is_news && hsm->trial == NULL)
        vt_log(VT_LOG_ALERT, "seal: key=%s hsm=down nothing is sealed with it: %s", hsm->key->name,
               text);
}

/* From a connection that held for a while the next one follows at once; then it is left alone. */
static void fall(struct vt_hsm *hsm, enum vt_seal_fault fault, const char *text, int64_t now_msecs)
{
    bool was_up = hsm->state == VT_HSM_UP;
    bool is_pin = fault == VT_FAULT_PIN || fault == VT_FAULT_PIN_LOCKED;
    if (was_up) {
        hsm->losses++;
        hsm->lost_msecs = now_msecs;
        hsm->since_utc_secs = vt_clock_now_utc_secs();
    }
    bool is_fresh = was_up && now_msecs - hsm->started_msecs >= FIRST_PAUSE_MSECS;
    hsm->failures = is_fresh ? 0 : hsm->failures + 1;
    int64_t pause = hsm->failures > MOST_PAUSES ? (int64_t)MOST_PAUSES * FIRST_PAUSE_MSECS
                                                : (int64_t)hsm->failures * FIRST_PAUSE_MSECS;
    if (fault == VT_FAULT_TOKEN || fault == VT_FAULT_KEY)
        pause = UNFIT_PAUSE_MSECS;
    vt_worker_kill(&hsm->worker);
    memset(hsm->calls, 0, sizeof(hsm->calls));
    hsm->state = is_pin ? VT_HSM_REFUSED : VT_HSM_DOWN;
    hsm->due_msecs = hsm->trial != NULL || is_pin ? INT64_MAX : now_msecs + pause;
    hsm->pin_look_msecs = now_msecs + PIN_LOOK_MSECS;
    tell(hsm, fault, text);
}

static void note_login(struct vt_hsm *hsm, enum vt_seal_fault fault, const char *text)
{
    struct vt_err err = {.text = ""};
    if (hsm->pin_digest[0] != '\0' && vt_login_end(hsm->config->seal_directory, hsm->key,
                                                   hsm->pin_digest, fault, text, &err) != VT_OK)
        vt_log(VT_LOG_ALERT, "seal: key=%s what became of the login cannot be noted: %s",
               hsm->key->name, err.text);
}

static bool is_other(const struct vt_hsm *hsm)
{
    const uint8_t *at = hsm->token.public_key;
    if (hsm->token.public_key_len == 0 || hsm->own.public_key == NULL)
        return false;
    EVP_PKEY *found = d2i_PUBKEY(NULL, &at, (long)hsm->token.public_key_len);
    bool other = found != NULL && EVP_PKEY_eq(found, hsm->own.public_key) != 1;
    EVP_PKEY_free(found);
    ERR_clear_error();
    return other;
}

static void rise(struct vt_hsm *hsm, const struct vt_worker_answer *answer, int64_t now_msecs)
{
    hsm->token = answer->token;
    hsm->state = VT_HSM_UP;
    hsm->fault = VT_FAULT_NONE;
    hsm->text[0] = '\0';
    hsm->due_msecs = INT64_MAX;
    hsm->started_msecs = now_msecs;
    hsm->since_utc_secs = vt_clock_now_utc_secs();
    hsm->is_other_key = is_other(hsm);
    if (hsm->lost_msecs != 0)
        hsm->recovery_msecs = now_msecs - hsm->lost_msecs;
    hsm->canary.due_msecs = now_msecs;
    if (hsm->trial != NULL)
        return;
    char label[sizeof(hsm->token.label)];
    vt_log(VT_LOG_INFO, "seal: key=%s hsm=up token=\"%s\" after_msecs=%lld%s%s", hsm->key->name,
           vt_text_quoted(label, sizeof(label), hsm->token.label),
           (long long)(hsm->lost_msecs != 0 ? hsm->recovery_msecs : 0),
           hsm->token.is_software ? " SOFTWARE TOKEN, WITHOUT AN HSM" : "",
           hsm->token.is_exportable ? " the HSM would give this key away (CKA_EXTRACTABLE)" : "");
    hsm->lost_msecs = 0;
    if (hsm->token.had_wrong_pins)
        vt_log(
            VT_LOG_ALERT,
            "seal: key=%s the token counted wrong PINs before this login: does somebody else try "
            "to use it?",
            hsm->key->name);
    if (hsm->is_other_key)
        vt_log(VT_LOG_ALERT,
               "seal: key=%s the key on the token is not that of the certificate; nothing is "
               "sealed with it",
               hsm->key->name);
}

/* ---- starting ---- */

static enum vt_code read_pin(struct vt_hsm *hsm, struct vt_pin *pin, struct vt_err *err)
{
    if (hsm->trial != NULL || hsm->key->pin_file == NULL)
        return VT_OK;
    if (stat(hsm->key->pin_file, &hsm->pin_seen) != 0)
        memset(&hsm->pin_seen, 0, sizeof(hsm->pin_seen));
    return vt_pin_read_file(hsm->key->pin_file, pin, err);
}

static enum vt_code read_secret(struct vt_hsm *hsm, struct vt_pin *secret, struct vt_err *err)
{
    if (hsm->key->secret_file == NULL)
        return VT_OK;
    if (stat(hsm->key->secret_file, &hsm->secret_seen) != 0)
        memset(&hsm->secret_seen, 0, sizeof(hsm->secret_seen));
    return vt_pin_read_file(hsm->key->secret_file, secret, err);
}

/* Whether these may be tried at all. */
static enum vt_code look_up_pin(struct vt_hsm *hsm, const struct vt_pin *pin,
                                const struct vt_pin *secret, struct vt_login *out,
                                struct vt_err *err)
{
    const char *directory = hsm->config->seal_directory;
    *out = (struct vt_login){.answer = VT_LOGIN_YES};
    hsm->pin_digest[0] = '\0';
    if (pin->len == 0 && secret->len == 0)
        return VT_OK;
    enum vt_code code = vt_login_digest(directory, hsm->key, pin, secret, hsm->pin_digest, err);
    if (code == VT_OK && hsm->trial != NULL)
        code = vt_login_forget(directory, hsm->key, hsm->pin_digest, err);
    return code == VT_OK ? vt_login_begin(directory, hsm->key, hsm->pin_digest, false,
                                          hsm->config->hsm_msecs, out, err)
                         : code;
}

static void start(struct vt_hsm *hsm, int64_t now_msecs)
{
    struct vt_err err = {.text = ""};
    struct vt_pin own = {0}, secret = {0};
    struct vt_login login = {.answer = VT_LOGIN_NO};
    enum vt_seal_fault fault = VT_FAULT_PIN;
    enum vt_code code = read_pin(hsm, &own, &err);
    if (code == VT_OK)
        code = read_secret(hsm, &secret, &err);
    const struct vt_pin *pin = hsm->trial != NULL ? hsm->trial : &own;
    if (code == VT_OK)
        code = look_up_pin(hsm, pin, &secret, &login, &err);
    if (code == VT_OK && login.answer == VT_LOGIN_WAIT) {
        hsm->due_msecs = now_msecs + LOGIN_BUSY_MSECS;
        goto done;
    }
    if (code == VT_OK && login.answer == VT_LOGIN_YES) {
        const struct vt_seal_open open = {.module = hsm->module,
                                          .key = hsm->key,
                                          .pin = vt_pin_bytes(pin),
                                          .secret = vt_pin_bytes(&secret),
                                          .call_msecs = hsm->config->hsm_msecs};
        fault = VT_FAULT_LOST;
        code = vt_worker_start(&hsm->worker, hsm->backend, &open, &err);
        if (code == VT_OK) {
            hsm->state = VT_HSM_STARTING;
            hsm->until_msecs = now_msecs + hsm->config->hsm_msecs;
            goto done;
        }
    }
    fall(hsm, fault, err.text, now_msecs);
done:
    vt_pin_wipe(&own);
    vt_pin_wipe(&secret);
}

static void let_log_in(struct vt_hsm *hsm, int64_t now_msecs)
{
    struct vt_err err = {.text = ""};
    struct vt_login login;
    enum vt_code code = vt_login_begin(hsm->config->seal_directory, hsm->key, hsm->pin_digest, true,
                                       hsm->config->hsm_msecs, &login, &err);
    if (code == VT_OK && login.answer == VT_LOGIN_YES)
        code = vt_worker_ask(&hsm->worker, VT_WORKER_LOGIN, 0, 0, (struct vt_bytes){0}, &err);
    if (code == VT_OK && login.answer == VT_LOGIN_YES)
        return;
    vt_worker_kill(&hsm->worker);
    hsm->state = VT_HSM_DOWN;
    hsm->due_msecs = now_msecs + LOGIN_BUSY_MSECS;
}

/* ---- as time goes by ---- */

static bool is_new(const char *file, const struct stat *seen)
{
    struct stat now;
    if (file == NULL || stat(file, &now) != 0)
        return false;
    return now.st_ino != seen->st_ino || now.st_size != seen->st_size ||
           now.st_mode != seen->st_mode || now.st_ctim.tv_sec != seen->st_ctim.tv_sec ||
           now.st_ctim.tv_nsec != seen->st_ctim.tv_nsec;
}

static bool has_new_pin(const struct vt_hsm *hsm)
{
    return hsm->trial == NULL && (is_new(hsm->key->pin_file, &hsm->pin_seen) ||
                                  is_new(hsm->key->secret_file, &hsm->secret_seen));
}

static bool finds_new_pin(struct vt_hsm *hsm, int64_t now_msecs)
{
    if (now_msecs < hsm->pin_look_msecs)
        return false;
    hsm->pin_look_msecs = now_msecs + PIN_LOOK_MSECS;
    return has_new_pin(hsm);
}

static bool is_late(const struct vt_hsm *hsm, int64_t now_msecs)
{
    if (hsm->state == VT_HSM_STARTING)
        return now_msecs >= hsm->until_msecs;
    for (size_t i = 0; i < VT_MAX_SEAL_PARALLEL; i++)
        if (hsm->calls[i].id != 0 && now_msecs >= hsm->calls[i].until_msecs)
            return true;
    return false;
}

bool vt_hsm_tick(struct vt_hsm *hsm, int64_t now_msecs)
{
    if (hsm->backend == NULL)
        return false;
    bool is_lost = is_late(hsm, now_msecs);
    if (is_lost) {
        char text[96];
        (void)snprintf(text, sizeof(text), "the HSM did not answer within %lld s",
                       (long long)(hsm->config->hsm_msecs / 1000));
        fall(hsm, VT_FAULT_LOST, text, now_msecs);
    }
    if (hsm->state == VT_HSM_REFUSED && finds_new_pin(hsm, now_msecs))
        hsm->due_msecs = now_msecs;
    if ((hsm->state == VT_HSM_DOWN || hsm->state == VT_HSM_REFUSED) && !hsm->is_held &&
        now_msecs >= hsm->due_msecs)
        start(hsm, now_msecs);
    return is_lost;
}

int64_t vt_hsm_next_msecs(const struct vt_hsm *hsm)
{
    int64_t next = hsm->state == VT_HSM_STARTING  ? hsm->until_msecs
                   : hsm->state == VT_HSM_REFUSED ? hsm->pin_look_msecs
                   : hsm->state == VT_HSM_DOWN    ? hsm->due_msecs
                                                  : INT64_MAX;
    for (size_t i = 0; i < VT_MAX_SEAL_PARALLEL; i++)
        if (hsm->calls[i].id != 0 && hsm->calls[i].until_msecs < next)
            next = hsm->calls[i].until_msecs;
    bool is_waiting = hsm->state == VT_HSM_DOWN && hsm->is_held;
    return hsm->backend == NULL || is_waiting ? INT64_MAX : next;
}

bool vt_hsm_is_away(const struct vt_hsm *hsm, int64_t now_msecs)
{
    return hsm->state == VT_HSM_REFUSED || hsm->backend == NULL ||
           (hsm->state == VT_HSM_DOWN && hsm->due_msecs > now_msecs + LOGIN_BUSY_MSECS);
}

/* ---- calls ---- */

static struct vt_hsm_call *find_call(struct vt_hsm *hsm, uint32_t id)
{
    for (size_t i = 0; i < hsm->key->parallel; i++)
        if (hsm->calls[i].id == id)
            return &hsm->calls[i];
    return NULL;
}

bool vt_hsm_has_place(const struct vt_hsm *hsm)
{
    bool has_place = false;
    for (size_t i = 0; i < hsm->key->parallel; i++)
        has_place = has_place || hsm->calls[i].id == 0;
    return hsm->state == VT_HSM_UP && has_place;
}

enum vt_code vt_hsm_sign(struct vt_hsm *hsm, struct vt_bytes data, int64_t now_msecs,
                         uint32_t *out_id, struct vt_err *err)
{
    struct vt_hsm_call *call = find_call(hsm, 0);
    if (call == NULL)
        return vt_err_set(err, VT_E_BUSY, "the HSM has enough to do");
    do
        hsm->last_id++;
    while (hsm->last_id == 0 || hsm->last_id == VT_WORKER_LOGIN);
    enum vt_code code =
        vt_worker_ask(&hsm->worker, hsm->last_id, hsm->key->scheme, hsm->key->hash, data, err);
    if (code != VT_OK)
        return code;
    *call = (struct vt_hsm_call){hsm->last_id, now_msecs + hsm->config->hsm_msecs};
    *out_id = hsm->last_id;
    return VT_OK;
}

/* What the worker says of its own start. */
static enum vt_code hear_start(struct vt_hsm *hsm, const struct vt_worker_answer *answer,
                               int64_t now_msecs)
{
    if (hsm->state != VT_HSM_STARTING)
        return VT_E_TIMEOUT;
    if (answer->id == VT_WORKER_LOGIN) {
        let_log_in(hsm, now_msecs);
        return VT_E_TIMEOUT;
    }
    note_login(hsm, answer->fault, answer->text);
    if (answer->fault == VT_FAULT_NONE)
        rise(hsm, answer, now_msecs);
    else
        fall(hsm, answer->fault, answer->text, now_msecs);
    return VT_E_TIMEOUT;
}

enum vt_code vt_hsm_hear(struct vt_hsm *hsm, struct vt_worker_answer *out)
{
    struct vt_err err = {.text = ""};
    int64_t now_msecs = vt_clock_monotonic_msecs();
    enum vt_code code = vt_worker_hear(&hsm->worker, out, &err);
    if (code == VT_E_TIMEOUT)
        return code;
    if (code != VT_OK) {
        fall(hsm, VT_FAULT_LOST, err.text, now_msecs);
        return VT_E_PEER;
    }
    if (out->id == 0 || out->id == VT_WORKER_LOGIN)
        return hear_start(hsm, out, now_msecs);
    struct vt_hsm_call *call = find_call(hsm, out->id);
    if (call == NULL)
        return VT_E_TIMEOUT;
    *call = (struct vt_hsm_call){0};
    bool is_pin = out->fault == VT_FAULT_PIN || out->fault == VT_FAULT_PIN_LOCKED;
    if (!vt_seal_fault_is_loss(out->fault) && !is_pin)
        return VT_OK;
    if (is_pin)
        note_login(hsm, out->fault, out->text);
    fall(hsm, out->fault, out->text, now_msecs);
    /* It was changed there, and here, while the old one was still in use. */
    if (is_pin && has_new_pin(hsm)) {
        hsm->state = VT_HSM_DOWN;
        hsm->due_msecs = now_msecs;
    }
    return VT_E_PEER;
}
