/* SPDX-License-Identifier: Apache-2.0
 * CSC: one authorisation, one signature. With SCAL 2 the authorisation is for this hash alone, so
 * both belong to one operation. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "seal/csc.h"
#include "seal/hash.h"
#include "vanthu/clock.h"

#define CHECK_MSECS 250

static const char *const hash_names[VT_SEAL_HASHES] = {[VT_SEAL_SHA256] = "2.16.840.1.101.3.4.2.1",
                                                       [VT_SEAL_SHA384] = "2.16.840.1.101.3.4.2.2",
                                                       [VT_SEAL_SHA512] = "2.16.840.1.101.3.4.2.3"};

/* DER of RSASSA-PSS-params (RFC 4055 3.1) up to its salt length: the same hash in both places. */
static char *pss_parameters(enum vt_seal_hash hash, char out[128])
{
    static const uint8_t last[VT_SEAL_HASHES] = {
        [VT_SEAL_SHA256] = 1, [VT_SEAL_SHA384] = 2, [VT_SEAL_SHA512] = 3};
    uint8_t der[] = {0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48,
                     0x01, 0x65, 0x03, 0x04, 0x02, 0,    0x05, 0x00, 0xa1, 0x1c, 0x30,
                     0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
                     0x08, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
                     0x04, 0x02, 0,    0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0};
    der[16] = der[46] = last[hash];
    der[53] = (uint8_t)vt_seal_digest_bytes(hash);
    return vt_rest_base64(out, vt_bytes_of(der, sizeof(der)));
}

/* ---- authorize ---- */

static json_t *make_authorization(const struct vt_csc *csc, const char *hash)
{
    bool is_1 = csc->module->uri.version == 1;
    const char *pin = (const char *)csc->pin.page;
    json_t *body =
        json_pack("{s:s, s:i}", "credentialID", csc->module->uri.key, "numSignatures", 1);
    int failed = body == NULL ? 1 : 0;
    if (csc->wants_hash || !is_1)
        failed |= json_object_set_new(body, is_1 ? "hash" : "hashes", json_pack("[s]", hash));
    if (!is_1)
        failed |=
            json_object_set_new(body, "hashAlgorithmOID", json_string(hash_names[csc->key->hash]));
    if (csc->wants_pin && is_1)
        failed |= json_object_set_new(body, "PIN", json_stringn(pin, csc->pin.len));
    if (csc->wants_pin && !is_1)
        failed |= json_object_set_new(
            body, "authData",
            json_pack("[{s:s, s:o}]", "id", "PIN", "value", json_stringn(pin, csc->pin.len)));
    if (failed == 0)
        return body;
    json_decref(body);
    return NULL;
}

/* Version 2: the service authorises in its own time, and is asked until it has (11.7 of 2.0). What
 * takes longer than a call waits for a person. */
static enum vt_seal_fault wait_for(struct vt_csc_session *session, int64_t until_msecs,
                                   struct vt_rest_answer *answer, struct vt_err *err)
{
    const struct timespec pause = {.tv_nsec = (long)CHECK_MSECS * 1000000};
    enum vt_seal_fault fault = VT_FAULT_NONE;
    while (fault == VT_FAULT_NONE && answer->status == 202) {
        if (vt_clock_monotonic_msecs() + 2 * CHECK_MSECS >= until_msecs) {
            (void)vt_err_set(err, VT_E_CONFIG,
                             "%s waits for an approval of this use, which only a person gives: ask "
                             "for a credential that is implicit or has a PIN alone",
                             session->csc->module->uri.hosts[0]);
            return VT_FAULT_KEY;
        }
        (void)nanosleep(&pause, NULL);
        json_t *body = json_pack("{s:s}", "handle", vt_rest_text(answer->json, "handle"));
        vt_rest_answer_clear(answer);
        fault = vt_csc_ask(session, "credentials/authorizeCheck", body, until_msecs, answer, err);
        json_decref(body);
    }
    return fault;
}

/* A refusal whose words are none of the standard's may mean the PIN, and services lock after a few:
 * it counts as one. */
static bool may_be_pin(const struct vt_rest_answer *answer)
{
    bool is_refusal = answer->status == 400 || answer->status == 401 || answer->status == 403;
    return is_refusal && !vt_csc_is_explained(answer);
}

/* With a PIN one after the other, so that of a wrong one there is one attempt and no more. */
static enum vt_seal_fault authorize(struct vt_csc_session *session, const char *hash,
                                    int64_t until_msecs, struct vt_rest_answer *out,
                                    struct vt_err *err)
{
    struct vt_csc *csc = session->csc;
    enum vt_seal_fault fault = VT_FAULT_PIN;
    *out = (struct vt_rest_answer){.status = 0};
    if (csc->wants_pin)
        (void)pthread_mutex_lock(&csc->pin_lock);
    if (csc->wants_pin && atomic_load(&csc->is_refused)) {
        (void)vt_err_set(err, VT_E_CONFIG, "the service refused the PIN of the credential");
    } else {
        json_t *body = make_authorization(csc, hash);
        fault = vt_csc_ask(session, "credentials/authorize", body, until_msecs, out, err);
        json_decref(body);
        if (fault == VT_FAULT_REFUSED && csc->wants_pin && may_be_pin(out))
            fault = VT_FAULT_PIN;
    }
    if (fault == VT_FAULT_NONE)
        fault = wait_for(session, until_msecs, out, err);
    if (fault == VT_FAULT_PIN || fault == VT_FAULT_PIN_LOCKED)
        atomic_store(&csc->is_refused, true);
    if (csc->wants_pin)
        (void)pthread_mutex_unlock(&csc->pin_lock);
    if (fault == VT_FAULT_NONE && vt_rest_text(out->json, "SAD")[0] == '\0') {
        (void)vt_err_set(err, VT_E_FORMAT,
                         "the service authorised the use without saying so (SAD)");
        fault = VT_FAULT_REFUSED;
    }
    return fault;
}

enum vt_seal_fault vt_csc_try_pin(struct vt_csc_session *session, struct vt_err *err)
{
    /* With SCAL 2 it is for a hash that nothing has. */
    uint8_t nothing[VT_SEAL_MAX_DIGEST_BYTES];
    char hash[96];
    struct vt_rest_answer answer;
    if (RAND_bytes(nothing, sizeof(nothing)) != 1) {
        (void)vt_err_set(err, VT_E_INTERNAL, "no random bytes");
        return VT_FAULT_LOST;
    }
    vt_rest_base64(hash, vt_bytes_of(nothing, vt_seal_digest_bytes(session->csc->key->hash)));
    enum vt_seal_fault fault = authorize(session, hash, vt_csc_until(session->csc), &answer, err);
    vt_rest_answer_clear(&answer);
    return fault;
}

/* ---- sign ---- */

static json_t *make_request(const struct vt_csc *csc, const char *sad, const char *hash)
{
    bool is_1 = csc->module->uri.version == 1;
    char parameters[128];
    json_t *body =
        json_pack("{s:s, s:s, s:[s], s:s, s:s}", "credentialID", csc->module->uri.key, "SAD", sad,
                  is_1 ? "hash" : "hashes", hash, is_1 ? "hashAlgo" : "hashAlgorithmOID",
                  hash_names[csc->key->hash], "signAlgo", csc->algorithm);
    int failed = body == NULL ? 1 : 0;
    if (csc->key->scheme == VT_SEAL_RSA_PSS)
        failed |= json_object_set_new(body, "signAlgoParams",
                                      json_string(pss_parameters(csc->key->hash, parameters)));
    if (!is_1)
        failed |= json_object_set_new(body, "operationMode", json_string("S"));
    if (failed == 0)
        return body;
    json_decref(body);
    return NULL;
}

static enum vt_seal_fault take(const struct vt_csc *csc, const struct vt_rest_answer *answer,
                               struct vt_buf *out, struct vt_err *err)
{
    const json_t *list = json_object_get(answer->json, "signatures");
    const char *value = json_string_value(json_array_get(list, 0));
    if (value != NULL && json_array_size(list) == 1)
        return vt_rest_take_signature(value, csc->key->scheme, csc->public_key, out, err);
    (void)vt_err_set(err, VT_E_FORMAT, "the service gave %zu signatures for one hash",
                     json_array_size(list));
    return VT_FAULT_REFUSED;
}

enum vt_seal_fault vt_csc_sign(void *context, enum vt_seal_scheme scheme, enum vt_seal_hash hash,
                               struct vt_bytes data, struct vt_buf *out, struct vt_err *err)
{
    struct vt_csc_session *session = context;
    char digest[96];
    (void)scheme; /* that of the key, as the hash: the algorithm was chosen by both */
    vt_rest_digest64(digest, hash, data);
    struct vt_rest_answer authorization, answer = {.status = 0};
    int64_t until_msecs = vt_csc_until(session->csc);
    enum vt_seal_fault fault = authorize(session, digest, until_msecs, &authorization, err);
    if (fault == VT_FAULT_NONE) {
        json_t *body = make_request(session->csc, vt_rest_text(authorization.json, "SAD"), digest);
        fault = vt_csc_ask(session, "signatures/signHash", body, until_msecs, &answer, err);
        json_decref(body);
    }
    if (fault == VT_FAULT_NONE)
        fault = take(session->csc, &answer, out, err);
    vt_rest_answer_clear(&authorization);
    vt_rest_answer_clear(&answer);
    return fault;
}
