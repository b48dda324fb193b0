/* SPDX-License-Identifier: Apache-2.0
 * The way of a signature through the sealer. */
#include "seal/desk.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "seal/attributes.h"
#include "seal/hash.h"
#include "seal/state.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/registrar.h"

/* A call whose connection was lost is made once more. */
#define MAX_TRIES 2
/* A registrar that died is there again within a fraction of a second. */
#define MAX_RECORD_TRIES 5
#define RECORD_PAUSE_MSECS 20

struct vt_hsm *vt_desk_hsm(struct vt_seal_desk *desk, const char *key)
{
    for (size_t i = 0; key != NULL && i < desk->hsms_count; i++)
        if (strcmp(desk->hsms[i].key->name, key) == 0)
            return &desk->hsms[i];
    return NULL;
}

struct vt_seal_job *vt_desk_job(struct vt_seal_desk *desk)
{
    for (size_t i = 0; i < VT_SEAL_JOBS; i++)
        if (desk->jobs[i].finish == NULL) {
            desk->jobs[i] = (struct vt_seal_job){.record_fd = -1};
            vt_buf_init(&desk->jobs[i].data, VT_MAX_SEAL_ATTRIBUTES_BYTES);
            vt_buf_init(&desk->jobs[i].signature, VT_MAX_SEAL_SIGNATURE_BYTES);
            return &desk->jobs[i];
        }
    return NULL;
}

void vt_desk_clear_job(struct vt_seal_job *job)
{
    if (job->forget != NULL)
        job->forget(job);
    vt_buf_clear(&job->data);
    vt_buf_clear(&job->signature);
    if (job->record_fd >= 0)
        (void)close(job->record_fd);
    *job = (struct vt_seal_job){.record_fd = -1};
}

static void finish(struct vt_seal_desk *desk, struct vt_seal_job *job, enum vt_seal_failure failure,
                   const char *text)
{
    if (failure != VT_SEAL_DONE)
        vt_log(VT_LOG_WARNING, "seal: key=%s purpose=%s ref=%s not signed: %s: %s",
               job->hsm->key->name, vt_seal_purpose_name(job->purpose),
               job->reference[0] != '\0' ? job->reference : "-", vt_seal_failure_name(failure),
               text);
    vt_desk_count(desk, job, failure);
    job->finish(desk, job, failure, text);
    vt_desk_clear_job(job);
}

/* ---- may it be? ---- */

static enum vt_seal_failure check_certificate(const struct vt_hsm *hsm, int64_t now_utc_secs,
                                              struct vt_err *err)
{
    if (hsm->own.certificate.len == 0)
        (void)vt_err_set(err, VT_E_NOT_FOUND, "%s", hsm->text_of_certificate);
    else if (!vt_clock_is_sane(now_utc_secs))
        (void)vt_err_set(err, VT_E_CONFIG, "the clock of this machine is wrong: nothing is sealed");
    else if (hsm->is_other_key)
        (void)vt_err_set(err, VT_E_CONFIG, "the key on the token is not that of the certificate %s",
                         hsm->key->certificate);
    else if (vt_own_certificate_is_valid(&hsm->own, now_utc_secs, err) == VT_OK)
        return VT_SEAL_DONE;
    return VT_SEAL_CERTIFICATE;
}

enum vt_seal_failure vt_desk_may(const struct vt_seal_desk *desk, struct vt_seal_job *job,
                                 struct vt_err *err)
{
    const struct vt_hsm *hsm = job->hsm;
    int64_t now = vt_clock_now_utc_secs();
    char stopped[VT_ERR_TEXT_BYTES];
    if (vt_seal_is_stopped(desk->config->seal_directory, stopped)) {
        (void)vt_err_set(err, VT_E_BUSY, "%s", stopped);
        return VT_SEAL_STOPPED;
    }
    enum vt_seal_failure failure = check_certificate(hsm, now, err);
    if (failure != VT_SEAL_DONE)
        return failure;
    if (vt_seal_attributes_check(vt_buf_bytes(&job->data), hsm->own.certificate, hsm->key->hash,
                                 now, err) != VT_OK) {
        vt_log(VT_LOG_ALERT, "seal: key=%s purpose=%s somebody wants something else signed: %s",
               hsm->key->name, vt_seal_purpose_name(job->purpose), err->text);
        return VT_SEAL_MISUSE;
    }
    if ((hsm->key->purposes & (1u << job->purpose)) == 0) {
        (void)vt_err_set(err, VT_E_CONFIG, "key %s is not for the purpose %s (purposes)",
                         hsm->key->name, vt_seal_purpose_name(job->purpose));
        return VT_SEAL_NOT_AUTHORISED;
    }
    return vt_seal_authorise(desk->site, hsm->key, &hsm->own, job->purpose, now, job->permission,
                             err) == VT_OK
               ? VT_SEAL_DONE
               : VT_SEAL_NOT_AUTHORISED;
}

/* ---- to the HSM ---- */

static enum vt_seal_failure failure_of(const struct vt_hsm *hsm)
{
    bool is_pin = hsm->fault == VT_FAULT_PIN || hsm->fault == VT_FAULT_PIN_LOCKED;
    return is_pin ? VT_SEAL_CREDENTIAL : VT_SEAL_UNAVAILABLE;
}

void vt_desk_begin(struct vt_seal_desk *desk, struct vt_seal_job *job)
{
    struct vt_err err = {.text = ""};
    job->step = VT_STEP_WAITING;
    job->begun_msecs = vt_clock_monotonic_msecs();
    if (job->public_key == NULL)
        job->public_key = job->hsm->own.public_key;
    if (vt_hsm_is_away(job->hsm, job->begun_msecs)) {
        finish(desk, job, failure_of(job->hsm), job->hsm->text);
        return;
    }
    enum vt_code code = vt_seal_quota_take(desk->config->seal_directory, job->hsm->key,
                                           vt_clock_now_utc_secs(), &err);
    if (code != VT_OK)
        finish(desk, job, code == VT_E_BUSY ? VT_SEAL_QUOTA : VT_SEAL_UNAVAILABLE, err.text);
}

static void send_waiting(struct vt_seal_desk *desk, struct vt_seal_job *job, int64_t now_msecs)
{
    struct vt_err err = {.text = ""};
    if (vt_hsm_is_away(job->hsm, now_msecs)) {
        finish(desk, job, failure_of(job->hsm), job->hsm->text);
        return;
    }
    if (!vt_hsm_has_place(job->hsm))
        return;
    if (vt_hsm_sign(job->hsm, vt_buf_bytes(&job->data), now_msecs, &job->id, &err) != VT_OK)
        return; /* that it has gone is heard at its socket */
    job->step = VT_STEP_SIGNING;
    job->tries++;
}

void vt_desk_lost(struct vt_seal_desk *desk, const struct vt_hsm *hsm)
{
    for (size_t i = 0; i < VT_SEAL_JOBS; i++) {
        struct vt_seal_job *job = &desk->jobs[i];
        if (job->finish == NULL || job->hsm != hsm || job->step != VT_STEP_SIGNING)
            continue;
        job->step = VT_STEP_WAITING;
        if (job->tries >= MAX_TRIES)
            finish(desk, job, VT_SEAL_UNAVAILABLE, hsm->text);
    }
}

/* ---- from the HSM, and into the register ---- */

static void hex_digest(char out[65], const struct vt_buf *bytes)
{
    uint8_t digest[VT_SEAL_MAX_DIGEST_BYTES];
    size_t len = vt_seal_digest(VT_SEAL_SHA256, vt_buf_bytes(bytes), digest);
    (void)vt_text_hex(out, vt_bytes_of(digest, len));
}

/* One line that says who, what for, by which permission, and over what. */
static void describe(const struct vt_seal_job *job, char out[1024])
{
    char data[65], signature[65];
    hex_digest(data, &job->data);
    hex_digest(signature, &job->signature);
    (void)snprintf(out, 1024,
                   "key=%s agency=%s purpose=%s certificate=%s permission=\"%s\" %s=%s "
                   "signature=%s%s%s",
                   job->hsm->key->name, job->hsm->key->agency, vt_seal_purpose_name(job->purpose),
                   job->hsm->own.certificate.len > 0 ? job->hsm->own.sha256 : "-", job->permission,
                   job->is_request ? "request" : "attributes", data, signature,
                   job->about[0] != '\0' ? " about=" : "", job->about);
}

/* The channel to the registrar is never waited for: a full one is tried again. */
static void record(struct vt_seal_desk *desk, struct vt_seal_job *job, int64_t now_msecs)
{
    char text[1024];
    struct vt_err err = {.text = ""};
    describe(job, text);
    const struct vt_register_event event = {.what = job->is_request ? "seal-request" : "seal-used",
                                            .text = text,
                                            .by = job->on_behalf[0] != '\0' ? job->on_behalf
                                                                            : "sealer"};
    const struct vt_registrar registrar = {
        .channel_fd = desk->record_channel, .connection_fd = -1, .deadline_msecs = now_msecs};
    const struct vt_register_record made = {.kind = VT_REGISTER_EVENT,
                                            .reference = job->reference,
                                            .time_utc_secs = vt_clock_now_utc_secs(),
                                            .event = &event};
    enum vt_code code = vt_registrar_begin(&registrar, &made, &job->record_fd, &err);
    job->step = VT_STEP_RECORDING;
    job->record_tries++;
    if (code == VT_OK)
        return;
    job->record_again_msecs = now_msecs + RECORD_PAUSE_MSECS;
    if (job->record_tries >= MAX_RECORD_TRIES)
        finish(desk, job, VT_SEAL_UNAVAILABLE, err.text);
}

static void take_signature(struct vt_seal_desk *desk, struct vt_seal_job *job,
                           const struct vt_worker_answer *answer, int64_t now_msecs)
{
    const struct vt_seal_key *key = job->hsm->key;
    struct vt_bytes signature = vt_bytes_of(answer->signature, answer->signature_len);
    if (answer->fault != VT_FAULT_NONE) {
        finish(desk, job, VT_SEAL_UNAVAILABLE, answer->text);
        return;
    }
    if (!vt_seal_is_signature(job->public_key, key->scheme, key->hash, vt_buf_bytes(&job->data),
                              signature)) {
        vt_log(VT_LOG_ALERT, "seal: key=%s the HSM gave a signature that its certificate denies",
               key->name);
        finish(desk, job, VT_SEAL_CERTIFICATE,
               "the signature of the HSM is not one of the certificate: another key, or a fault of "
               "the HSM");
        return;
    }
    if (vt_buf_add(&job->signature, signature.ptr, signature.len) != VT_OK)
        finish(desk, job, VT_SEAL_UNAVAILABLE, "no memory for a signature");
    else
        record(desk, job, now_msecs);
}

void vt_desk_signed(struct vt_seal_desk *desk, struct vt_hsm *hsm,
                    const struct vt_worker_answer *answer)
{
    for (size_t i = 0; i < VT_SEAL_JOBS; i++) {
        struct vt_seal_job *job = &desk->jobs[i];
        if (job->finish != NULL && job->step == VT_STEP_SIGNING && job->hsm == hsm &&
            job->id == answer->id) {
            take_signature(desk, job, answer, vt_clock_monotonic_msecs());
            return;
        }
    }
}

static void hear_record(struct vt_seal_desk *desk, struct vt_seal_job *job, int64_t now_msecs)
{
    struct vt_err err = {.text = ""};
    if (job->record_fd < 0) {
        if (now_msecs >= job->record_again_msecs)
            record(desk, job, now_msecs);
        return;
    }
    enum vt_code code = vt_registrar_end(job->record_fd, &err);
    if (code == VT_E_TIMEOUT)
        return;
    (void)close(job->record_fd);
    job->record_fd = -1;
    job->record_again_msecs = now_msecs + RECORD_PAUSE_MSECS;
    char stopped[VT_ERR_TEXT_BYTES];
    if (code == VT_OK && vt_seal_is_stopped(desk->config->seal_directory, stopped))
        finish(desk, job, VT_SEAL_STOPPED, stopped);
    else if (code == VT_OK)
        finish(desk, job, VT_SEAL_DONE, "");
    else if (job->record_tries >= MAX_RECORD_TRIES)
        finish(desk, job, VT_SEAL_UNAVAILABLE, err.text);
}

/* ---- all of them ---- */

static void advance(struct vt_seal_desk *desk, struct vt_seal_job *job, int64_t now_msecs)
{
    if (now_msecs >= job->deadline_msecs) {
        const char *text = job->step == VT_STEP_RECORDING ? "the register did not answer in time"
                           : job->step == VT_STEP_SIGNING ? "the HSM did not answer in time"
                           : job->hsm->text[0] != '\0'    ? job->hsm->text
                                                          : "the HSM has too much to do";
        finish(desk, job, VT_SEAL_UNAVAILABLE, text);
    } else if (job->step == VT_STEP_WAITING) {
        send_waiting(desk, job, now_msecs);
    } else if (job->step == VT_STEP_RECORDING) {
        hear_record(desk, job, now_msecs);
    }
}

void vt_desk_advance(struct vt_seal_desk *desk)
{
    int64_t now_msecs = vt_clock_monotonic_msecs();
    for (size_t i = 0; i < VT_SEAL_JOBS; i++)
        if (desk->jobs[i].finish != NULL)
            advance(desk, &desk->jobs[i], now_msecs);
}

int64_t vt_desk_next_msecs(const struct vt_seal_desk *desk)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < VT_SEAL_JOBS; i++) {
        const struct vt_seal_job *job = &desk->jobs[i];
        if (job->finish == NULL)
            continue;
        int64_t due = job->step == VT_STEP_RECORDING && job->record_fd < 0 ? job->record_again_msecs
                                                                           : job->deadline_msecs;
        next = due < next ? due : next;
    }
    return next;
}

void vt_desk_forget(struct vt_seal_desk *desk, const struct vt_server *server, size_t client)
{
    for (size_t i = 0; i < VT_SEAL_JOBS; i++) {
        struct vt_seal_job *job = &desk->jobs[i];
        if (job->finish != NULL && job->server == server && job->client == client)
            vt_desk_clear_job(job);
    }
}
