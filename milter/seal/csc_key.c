/* SPDX-License-Identifier: Apache-2.0
 * CSC credentials/info: certificate, algorithms, and how a use is authorised. */
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "seal/csc.h"

/* Object identifiers of signature algorithms, the better one first: the hash in it, or beside it.
 */
static const char *const algorithms[VT_SEAL_SCHEMES][VT_SEAL_HASHES][2] = {
    [VT_SEAL_RSA_PKCS1] = {[VT_SEAL_SHA256] = {"1.2.840.113549.1.1.11", "1.2.840.113549.1.1.1"},
                           [VT_SEAL_SHA384] = {"1.2.840.113549.1.1.12", "1.2.840.113549.1.1.1"},
                           [VT_SEAL_SHA512] = {"1.2.840.113549.1.1.13", "1.2.840.113549.1.1.1"}},
    [VT_SEAL_RSA_PSS] = {[VT_SEAL_SHA256] = {"1.2.840.113549.1.1.10", NULL},
                         [VT_SEAL_SHA384] = {"1.2.840.113549.1.1.10", NULL},
                         [VT_SEAL_SHA512] = {"1.2.840.113549.1.1.10", NULL}},
    [VT_SEAL_ECDSA] = {[VT_SEAL_SHA256] = {"1.2.840.10045.4.3.2", NULL},
                       [VT_SEAL_SHA384] = {"1.2.840.10045.4.3.3", NULL},
                       [VT_SEAL_SHA512] = {"1.2.840.10045.4.3.4", NULL}},
};

static bool lists(const json_t *list, const char *wanted)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(list, index, item)
    {
        const char *text = json_string_value(item);
        if (text != NULL && strcmp(text, wanted) == 0)
            return true;
    }
    return false;
}

static enum vt_seal_fault choose_algorithm(struct vt_csc *csc, const json_t *key,
                                           struct vt_err *err)
{
    const char *const *wanted = algorithms[csc->key->scheme][csc->key->hash];
    char said[160];
    for (size_t i = 0; i < 2 && wanted[i] != NULL; i++)
        if (lists(json_object_get(key, "algo"), wanted[i])) {
            csc->algorithm = wanted[i];
            return VT_FAULT_NONE;
        }
    char *listed = json_dumps(json_object_get(key, "algo"), JSON_COMPACT | JSON_ENCODE_ANY);
    (void)vt_err_set(err, VT_E_CONFIG,
                     "the credential does not sign by scheme and hash (%s); key.algo is %s",
                     wanted[0], vt_rest_shown(said, sizeof(said), listed != NULL ? listed : "-"));
    void (*release)(void *) = NULL;
    json_get_alloc_funcs(NULL, &release);
    release(listed);
    return VT_FAULT_KEY;
}

/* ---- without a person ---- */

/* Version 1: authMode, with what is asked for beside it. */
static const char *mode_of_1(const json_t *info, bool *out_pin, bool *out_person)
{
    *out_pin = strcmp(vt_rest_text(json_object_get(info, "PIN"), "presence"), "true") == 0;
    *out_person = strcmp(vt_rest_text(json_object_get(info, "OTP"), "presence"), "true") == 0;
    return vt_rest_text(info, "authMode");
}

/* Version 2: auth with a list of objects; one password that does not change is a PIN. */
static const char *mode_of_2(const json_t *info, bool *out_pin, bool *out_person)
{
    const json_t *auth = json_object_get(info, "auth"), *item = NULL;
    size_t index = 0, passwords = 0, others = 0;
    json_array_foreach(json_object_get(auth, "objects"), index, item)
    {
        if (strcmp(vt_rest_text(item, "type"), "Password") == 0 &&
            strcmp(vt_rest_text(item, "id"), "PIN") == 0)
            passwords++;
        else
            others++;
    }
    *out_pin = passwords == 1;
    *out_person = others > 0;
    return vt_rest_text(auth, "mode");
}

static enum vt_seal_fault check_mode(struct vt_csc *csc, const json_t *info, struct vt_err *err)
{
    bool has_pin = false, has_person = false;
    char shown[32];
    const char *mode = csc->module->uri.version == 1 ? mode_of_1(info, &has_pin, &has_person)
                                                     : mode_of_2(info, &has_pin, &has_person);
    bool is_explicit = strcmp(mode, "explicit") == 0;
    csc->wants_pin = is_explicit;
    if (strcmp(mode, "implicit") == 0)
        return VT_FAULT_NONE;
    if (strcmp(mode, "oauth2code") == 0)
        (void)vt_err_set(err, VT_E_CONFIG,
                         "the credential is authorised by oauth2code: a person has to log in at "
                         "the service for each use, so a gateway cannot seal with it; ask for one "
                         "whose mode is implicit, or explicit with a PIN alone");
    else if (!is_explicit)
        (void)vt_err_set(err, VT_E_CONFIG,
                         "the credential is authorised by \"%s\", which is none "
                         "of implicit and explicit",
                         vt_rest_shown(shown, sizeof(shown), mode));
    else if (has_person || !has_pin)
        (void)vt_err_set(
            err, VT_E_CONFIG,
            "the credential wants more than a PIN (a one-time password or the like), "
            "which only a person has: ask for one that is implicit or has a PIN alone");
    else if (csc->pin.len > 0)
        return VT_FAULT_NONE;
    else
        (void)vt_err_set(err, VT_E_CONFIG,
                         "the credential wants a PIN, and the key has no pin-file");
    return VT_FAULT_KEY;
}

/* ---- its certificate ---- */

static enum vt_seal_fault read_certificate(struct vt_csc *csc, const json_t *certificates,
                                           struct vt_seal_token *out, struct vt_err *err)
{
    uint8_t der[16 * 1024];
    const char *defect = NULL;
    struct vt_bytes text = vt_bytes_str(json_string_value(json_array_get(certificates, 0)));
    const uint8_t *at = der;
    size_t len = vt_base64_max(text.len) <= sizeof(der) ? vt_base64_read(text, der, &defect) : 0;
    X509 *certificate = defect == NULL && len > 0 ? d2i_X509(NULL, &at, (long)len) : NULL;
    csc->public_key = certificate == NULL ? NULL : X509_get_pubkey(certificate);
    X509_free(certificate);
    ERR_clear_error();
    enum vt_seal_fault fault = vt_rest_fits(csc->public_key, csc->key, err);
    if (fault == VT_FAULT_NONE)
        vt_rest_keep_key(csc->public_key, out);
    return fault;
}

static enum vt_seal_fault check_status(const json_t *info, struct vt_err *err)
{
    char shown[32];
    const char *key = vt_rest_text(json_object_get(info, "key"), "status");
    const char *certificate = vt_rest_text(json_object_get(info, "cert"), "status");
    if (strcmp(key, "enabled") != 0)
        (void)vt_err_set(err, VT_E_CONFIG,
                         "the key of the credential is \"%s\": its owner has to enable it",
                         vt_rest_shown(shown, sizeof(shown), key));
    else if (certificate[0] != '\0' && strcmp(certificate, "valid") != 0)
        (void)vt_err_set(err, VT_E_CONFIG,
                         "the service says that the certificate of the credential is \"%s\"",
                         vt_rest_shown(shown, sizeof(shown), certificate));
    else
        return VT_FAULT_NONE;
    return VT_FAULT_KEY;
}

enum vt_seal_fault vt_csc_look(struct vt_csc_session *session, struct vt_seal_token *out,
                               struct vt_err *err)
{
    struct vt_csc *csc = session->csc;
    struct vt_rest_answer answer;
    json_t *body = json_pack("{s:s, s:s, s:b}", "credentialID", csc->module->uri.key,
                             "certificates", "single", "authInfo", 1);
    enum vt_seal_fault fault =
        vt_csc_ask(session, "credentials/info", body, vt_csc_until(csc), &answer, err);
    const json_t *info = answer.json;
    if (fault == VT_FAULT_NONE)
        fault = check_mode(csc, info, err);
    if (fault == VT_FAULT_NONE)
        fault = check_status(info, err);
    if (fault == VT_FAULT_NONE)
        fault = choose_algorithm(csc, json_object_get(info, "key"), err);
    if (fault == VT_FAULT_NONE)
        fault = read_certificate(
            csc, json_object_get(json_object_get(info, "cert"), "certificates"), out, err);
    csc->wants_hash = strcmp(vt_rest_text(info, "SCAL"), "2") == 0;
    json_decref(body);
    vt_rest_answer_clear(&answer);
    return fault;
}
