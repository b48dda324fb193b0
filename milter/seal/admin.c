/* SPDX-License-Identifier: Apache-2.0
 * What an administrator may ask, over a channel that only the master has: the seal of a file,
 * probe, a PIN on trial, a certificate request, stop and resume, how it is. */
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "seal/attributes.h"
#include "seal/csr.h"
#include "seal/desk.h"
#include "seal/state.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"

#define BY_BYTES 80

/* ---- how it is ---- */

static enum vt_code take_status(struct vt_seal_desk *desk, size_t client)
{
    char stopped[VT_ERR_TEXT_BYTES];
    json_t *keys = json_array();
    for (size_t i = 0; i < desk->hsms_count; i++)
        (void)json_array_append_new(keys, vt_desk_describe(desk, &desk->hsms[i]));
    bool is_stopped = vt_seal_is_stopped(desk->config->seal_directory, stopped);
    vt_desk_answer(desk->admins, client,
                   json_pack("{s:s*, s:o}", "stopped", is_stopped ? stopped : NULL, "keys", keys));
    return VT_OK;
}

/* ---- a probe ---- */

/* The answer that a key gives of itself, with how the probe went. */
static void answer_probe(struct vt_seal_desk *desk, size_t client, const struct vt_hsm *hsm,
                         enum vt_seal_failure failure, const char *text, int64_t msecs)
{
    json_t *body = vt_desk_describe(desk, hsm);
    if (body != NULL) {
        (void)json_object_set_new(body, "probe", json_string(vt_seal_failure_name(failure)));
        (void)json_object_set_new(body, "probe_text", json_string(text));
        (void)json_object_set_new(body, "probe_msecs", json_integer(msecs));
    }
    vt_desk_answer(desk->admins, client, body);
}

static void finish_probe(struct vt_seal_desk *desk, struct vt_seal_job *job,
                         enum vt_seal_failure failure, const char *text)
{
    job->server = NULL;
    answer_probe(desk, job->client, job->hsm, failure, text,
                 job->begun_msecs == 0 ? 0 : vt_clock_monotonic_msecs() - job->begun_msecs);
}

static struct vt_seal_job *admin_job(struct vt_seal_desk *desk, size_t client, struct vt_hsm *hsm,
                                     struct vt_err *err)
{
    struct vt_seal_job *job = vt_desk_job(desk);
    if (job == NULL) {
        (void)vt_err_set(err, VT_E_BUSY, "too many requests at once");
        return NULL;
    }
    job->server = desk->admins;
    job->client = client;
    job->hsm = hsm;
    job->purpose = VT_SEAL_FOR_PROBE;
    job->deadline_msecs = vt_clock_monotonic_msecs() + desk->config->hsm_msecs;
    return job;
}

static enum vt_code take_probe(struct vt_seal_desk *desk, size_t client, struct vt_hsm *hsm,
                               const json_t *body, struct vt_err *err)
{
    struct vt_seal_job *job = admin_job(desk, client, hsm, err);
    const char *by = json_string_value(json_object_get(body, "by"));
    enum vt_seal_failure failure = VT_SEAL_CERTIFICATE;
    if (job == NULL)
        return VT_E_BUSY;
    (void)vt_text_clean(job->on_behalf, sizeof(job->on_behalf), vt_bytes_str(by));
    job->finish = finish_probe;
    (void)vt_err_set(err, VT_E_NOT_FOUND, "%s", hsm->text_of_certificate);
    if (hsm->own.certificate.len > 0 &&
        vt_seal_attributes_probe(hsm->own.certificate, hsm->key->hash, &job->data, err) == VT_OK)
        failure = vt_desk_may(desk, job, err);
    if (failure == VT_SEAL_DONE) {
        vt_desk_begin(desk, job);
        return VT_OK;
    }
    finish_probe(desk, job, failure, err->text);
    vt_desk_clear_job(job);
    return VT_OK;
}

/* ---- a PIN on trial ---- */

void vt_desk_forget_trial(struct vt_seal_desk *desk)
{
    if (!desk->trial.is_under_way)
        return;
    vt_hsm_clear(&desk->trial.hsm);
    vt_pin_wipe(&desk->trial.pin);
    desk->trial.is_under_way = false;
}

void vt_desk_end_trial(struct vt_seal_desk *desk)
{
    const struct vt_hsm *hsm = &desk->trial.hsm;
    if (!desk->trial.is_under_way || hsm->state == VT_HSM_STARTING ||
        (hsm->state == VT_HSM_DOWN && hsm->due_msecs != INT64_MAX))
        return;
    bool is_good = hsm->state == VT_HSM_UP;
    json_t *body = json_pack("{s:b, s:s}", "good", (int)is_good, "text", hsm->text);
    size_t client = desk->trial.client;
    vt_log(is_good ? VT_LOG_INFO : VT_LOG_WARNING, "seal: key=%s new PIN: %s", hsm->key->name,
           is_good ? "taken by the HSM" : hsm->text);
    if (is_good)
        vt_desk_note(desk, "seal-pin-taken", desk->trial.by, hsm->key->name);
    vt_desk_forget_trial(desk);
    vt_desk_answer(desk->admins, client, body);
}

static enum vt_code take_trial(struct vt_seal_desk *desk, size_t client, const struct vt_hsm *hsm,
                               const json_t *body, int fd, struct vt_err *err)
{
    struct vt_hsm *trial = &desk->trial.hsm;
    if (desk->trial.is_under_way)
        return vt_err_set(err, VT_E_BUSY, "another PIN is being tried");
    if (hsm->backend == NULL)
        return vt_err_set(err, VT_E_CONFIG, "%s", hsm->text);
    enum vt_code code = vt_pin_read(fd, &desk->trial.pin, err);
    if (code != VT_OK)
        return code;
    *trial = (struct vt_hsm){.config = desk->config,
                             .key = hsm->key,
                             .backend = hsm->backend,
                             .module = hsm->module,
                             .worker = {.socket = -1},
                             .trial = &desk->trial.pin,
                             .recovery_msecs = -1};
    (void)vt_text_clean(desk->trial.by, sizeof(desk->trial.by),
                        vt_bytes_str(json_string_value(json_object_get(body, "by"))));
    desk->trial.client = client;
    desk->trial.is_under_way = true;
    return VT_OK;
}

/* ---- a certificate request ---- */

static void finish_request(struct vt_seal_desk *desk, struct vt_seal_job *job,
                           enum vt_seal_failure failure, const char *text)
{
    struct vt_err err = {.text = ""};
    struct vt_buf pem;
    (void)desk;
    vt_buf_init(&pem, VT_MAX_MESSAGE_BYTES / 2);
    if (failure == VT_SEAL_DONE &&
        vt_seal_csr_end(job->extra, job->hsm->key->scheme, job->hsm->key->hash,
                        vt_buf_bytes(&job->signature), &pem, &err) != VT_OK) {
        failure = VT_SEAL_UNAVAILABLE;
        text = err.text;
    }
    json_t *body =
        json_pack("{s:s, s:s, s:o}", "failure", vt_seal_failure_name(failure), "text", text, "pem",
                  json_stringn(pem.ptr == NULL ? "" : (char *)pem.ptr, pem.len));
    struct vt_server *server = job->server;
    job->server = NULL;
    if (server != NULL)
        vt_desk_answer(server, job->client, body);
    else
        json_decref(body);
    vt_buf_clear(&pem);
}

static void forget_request(struct vt_seal_job *job)
{
    X509_REQ_free(job->extra);
    EVP_PKEY_free(job->public_key);
}

static enum vt_code take_request(struct vt_seal_desk *desk, size_t client, struct vt_hsm *hsm,
                                 const json_t *body, struct vt_err *err)
{
    const char *subject = json_string_value(json_object_get(body, "subject"));
    const char *by = json_string_value(json_object_get(body, "by"));
    char stopped[VT_ERR_TEXT_BYTES];
    X509_REQ *request = NULL;
    const uint8_t *at = hsm->token.public_key;
    if (vt_seal_is_stopped(desk->config->seal_directory, stopped))
        return vt_err_set(err, VT_E_BUSY, "%s", stopped);
    if (hsm->state != VT_HSM_UP)
        return vt_err_set(err, VT_E_NETWORK, "the HSM is not there: %s", hsm->text);
    if (hsm->token.public_key_len == 0)
        return vt_err_set(err, VT_E_UNSUPPORTED,
                          "the token does not show the public key: make the request with the tool "
                          "of the HSM");
    struct vt_seal_job *job = admin_job(desk, client, hsm, err);
    if (job == NULL)
        return VT_E_BUSY;
    (void)vt_text_clean(job->on_behalf, sizeof(job->on_behalf), vt_bytes_str(by));
    job->is_request = true;
    job->forget = forget_request;
    job->public_key = d2i_PUBKEY(NULL, &at, (long)hsm->token.public_key_len);
    ERR_clear_error();
    enum vt_code code =
        job->public_key == NULL
            ? vt_err_set(err, VT_E_FORMAT, "the public key of the token cannot be read")
            : vt_seal_csr_begin(subject, &hsm->own, job->public_key, &request, &job->data, err);
    job->extra = request;
    if (code != VT_OK) {
        vt_desk_clear_job(job);
        return code;
    }
    job->finish = finish_request;
    vt_desk_begin(desk, job);
    return VT_OK;
}

/* ---- stop and resume ---- */

static enum vt_code take_stop(struct vt_seal_desk *desk, size_t client, const json_t *body,
                              bool is_stop, struct vt_err *err)
{
    char by[BY_BYTES], text[VT_MAX_SEAL_TEXT_BYTES];
    const char *reason = json_string_value(json_object_get(body, "text"));
    const char *directory = desk->config->seal_directory;
    (void)vt_text_clean(by, sizeof(by),
                        vt_bytes_str(json_string_value(json_object_get(body, "by"))));
    (void)vt_text_clean(text, sizeof(text), vt_bytes_str(reason));
    enum vt_code code = is_stop ? vt_seal_stop(directory, by, text[0] != '\0' ? text : NULL,
                                               vt_clock_now_utc_secs(), err)
                                : vt_seal_resume(directory, err);
    if (code != VT_OK)
        return code;
    vt_log(VT_LOG_ALERT, "seal: %s by=%s %s", is_stop ? "stopped" : "resumed", by, text);
    vt_desk_note(desk, is_stop ? "seal-stopped" : "seal-resumed", by, text);
    vt_desk_answer(desk->admins, client, json_pack("{s:b}", "good", 1));
    return VT_OK;
}

/* ---- all of them ---- */

static enum vt_code take_of_key(struct vt_seal_desk *desk, size_t client,
                                const struct vt_message *message, const json_t *body,
                                struct vt_err *err)
{
    char shown[64];
    const char *name = json_string_value(json_object_get(body, "key"));
    struct vt_hsm *hsm = vt_desk_hsm(desk, name);
    if (hsm == NULL)
        return vt_err_set(err, VT_E_NOT_FOUND, "there is no key \"%s\" under seal.keys",
                          vt_text_clean(shown, sizeof(shown), vt_bytes_str(name)));
    if (message->type == VT_MSG_SEAL_CSR)
        return take_request(desk, client, hsm, body, err);
    return message->fds_count == 1 ? take_trial(desk, client, hsm, body, message->fds[0], err)
                                   : take_probe(desk, client, hsm, body, err);
}

enum vt_code vt_desk_take_admin(void *context, size_t client, struct vt_message *message,
                                struct vt_err *err)
{
    struct vt_seal_desk *desk = context;
    enum vt_code code = VT_E_FORMAT;
    json_t *body = vt_seal_body(message);
    if (body == NULL)
        return vt_err_set(err, VT_E_FORMAT, "the request to the sealer is malformed");
    switch (message->type) {
    case VT_MSG_SEAL_STATUS:
        code = take_status(desk, client);
        break;
    case VT_MSG_SEAL_STOP:
    case VT_MSG_SEAL_RESUME:
        code = take_stop(desk, client, body, message->type == VT_MSG_SEAL_STOP, err);
        break;
    case VT_MSG_SEAL_SIGN:
    case VT_MSG_SEAL_IDENTITY:
        code = vt_desk_take_seal(desk, client, message, body, err);
        break;
    case VT_MSG_SEAL_PROBE:
    case VT_MSG_SEAL_CSR:
        code = take_of_key(desk, client, message, body, err);
        break;
    default:
        code = vt_err_set(err, VT_E_FORMAT, "this is no request to the sealer");
    }
    json_decref(body);
    return code;
}
