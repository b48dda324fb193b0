/* SPDX-License-Identifier: Apache-2.0
 * What an OCSP response says about a certificate (RFC 6960 3.2 and 4.2): it is for this
 * certificate, its responder is authorised by this issuer's key, and its signature verifies. How
 * fresh it has to be is the judgement's question, not asked here. */
#include <string.h>

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "status/crl.h"

/* Responses inside one; a responder of a CA answers one or a few. */
#define MAX_SINGLE_RESPONSES 256
/* Certificates of the mail that are looked through for a responder's. */
#define MAX_POOL_CANDIDATES 512

struct ocsp_answer {
    OCSP_RESPONSE *response;
    OCSP_BASICRESP *basic;
    int response_status;
};

/* OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED, … }; BasicOCSPResponse begins with a
 * SEQUENCE. Documents carry either (PDF: OCSPResponse, CAdES: BasicOCSPResponse). */
static enum vt_code decode(struct vt_bytes der, struct ocsp_answer *out, struct vt_err *err)
{
    const unsigned char *cursor = der.ptr;
    out->response_status = OCSP_RESPONSE_STATUS_SUCCESSFUL;
    if (der.len == 0 || der.len > VT_MAX_OCSP_BYTES) {
        return vt_err_set(err, der.len == 0 ? VT_E_FORMAT : VT_E_LIMIT,
                          "the OCSP response is empty or has more than %u bytes",
                          VT_MAX_OCSP_BYTES);
    }
    out->response = d2i_OCSP_RESPONSE(NULL, &cursor, (long)der.len);
    if (out->response != NULL) {
        out->response_status = OCSP_response_status(out->response);
        if (out->response_status == OCSP_RESPONSE_STATUS_SUCCESSFUL) {
            out->basic = OCSP_response_get1_basic(out->response);
        }
    } else {
        cursor = der.ptr;
        out->basic = d2i_OCSP_BASICRESP(NULL, &cursor, (long)der.len);
    }
    bool complete = cursor == der.ptr + der.len;
    bool usable = out->basic != NULL || out->response_status != OCSP_RESPONSE_STATUS_SUCCESSFUL;
    return complete && usable ? VT_OK
                              : vt_err_set(err, VT_E_FORMAT, "the OCSP response is malformed");
}

static bool digest_is(const EVP_MD *md, const void *data, size_t len, const ASN1_OCTET_STRING *want)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    return EVP_Digest(data, len, digest, &length, md, NULL) == 1 &&
           (int)length == ASN1_STRING_length(want) &&
           memcmp(digest, ASN1_STRING_get0_data(want), length) == 0;
}

/* CertID (RFC 6960 4.1.1): name and key of the issuer by any hash, and the serial number. */
static bool names_certificate(const OCSP_CERTID *id, X509 *certificate, X509 *issuer)
{
    ASN1_OCTET_STRING *name_hash = NULL;
    ASN1_OCTET_STRING *key_hash = NULL;
    ASN1_OBJECT *algorithm = NULL;
    ASN1_INTEGER *serial = NULL;
    const unsigned char *name = NULL;
    size_t name_len = 0;
    /* The getter of OpenSSL 3.0 takes the CertID without const, and only reads it. */
    if (!OCSP_id_get0_info(&name_hash, &algorithm, &key_hash, &serial,
                           (OCSP_CERTID *)(uintptr_t)id)) {
        return false;
    }
    const EVP_MD *md = EVP_get_digestbyobj(algorithm);
    const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(issuer);
    return md != NULL && key != NULL &&
           ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(certificate)) == 0 &&
           X509_NAME_get0_der(X509_get_issuer_name(certificate), &name, &name_len) == 1 &&
           digest_is(md, name, name_len, name_hash) &&
           digest_is(md, ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key), key_hash);
}

/* The youngest answer for this certificate, or NULL. */
static OCSP_SINGLERESP *find_single(OCSP_BASICRESP *basic, X509 *certificate, X509 *issuer)
{
    OCSP_SINGLERESP *best = NULL;
    ASN1_GENERALIZEDTIME *best_time = NULL;
    int count = OCSP_resp_count(basic);
    for (int i = 0; i < count && i < MAX_SINGLE_RESPONSES; i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
        ASN1_GENERALIZEDTIME *time = NULL;
        (void)OCSP_single_get0_status(single, NULL, NULL, &time, NULL);
        if (names_certificate(OCSP_SINGLERESP_get0_id(single), certificate, issuer) &&
            (best == NULL || ASN1_STRING_cmp(time, best_time) > 0)) {
            best = single;
            best_time = time;
        }
    }
    return best;
}

/* ---- the responder (RFC 6960 4.2.2.2) ---- */

/* ResponderID ::= CHOICE { byName [1] Name, byKey [2] SHA-1 of the key } */
static bool is_responder(const OCSP_BASICRESP *basic, X509 *candidate)
{
    const ASN1_OCTET_STRING *key_hash = NULL;
    const X509_NAME *name = NULL;
    const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(candidate);
    if (!OCSP_resp_get0_id(basic, &key_hash, &name)) {
        return false;
    }
    if (name != NULL) {
        return X509_NAME_cmp(name, X509_get_subject_name(candidate)) == 0;
    }
    return key != NULL && digest_is(EVP_sha1(), ASN1_STRING_get0_data(key),
                                    (size_t)ASN1_STRING_length(key), key_hash);
}

static bool has_ocsp_signing_usage(X509 *candidate)
{
    return (X509_get_extension_flags(candidate) & EXFLAG_XKUSAGE) != 0 &&
           (X509_get_extended_key_usage(candidate) & XKU_OCSP_SIGN) != 0;
}

/* Issued by the issuer's own key for OCSP signing, and valid when the response was produced. */
static bool is_delegated(X509 *candidate, X509 *issuer, const ASN1_GENERALIZEDTIME *produced)
{
    return has_ocsp_signing_usage(candidate) &&
           X509_NAME_cmp(X509_get_issuer_name(candidate), X509_get_subject_name(issuer)) == 0 &&
           ASN1_TIME_compare(X509_get0_notBefore(candidate), produced) <= 0 &&
           ASN1_TIME_compare(X509_get0_notAfter(candidate), produced) >= 0 &&
           X509_verify(candidate, X509_get0_pubkey(issuer)) == 1;
}

static bool signature_verifies(const OCSP_BASICRESP *basic, X509 *signer)
{
    EVP_PKEY *key = X509_get0_pubkey(signer);
    /* ASN1_item_verify of OpenSSL 3.0 encodes the data anew: the same bytes for DER. */
    return key != NULL &&
           ASN1_item_verify(ASN1_ITEM_rptr(OCSP_RESPDATA), OCSP_resp_get0_tbs_sigalg(basic),
                            OCSP_resp_get0_signature(basic), OCSP_resp_get0_respdata(basic),
                            key) == 1;
}

struct responder_search {
    const OCSP_BASICRESP *basic;
    X509 *issuer;
    bool delegate_seen;
    bool verified;
    X509 *delegate; /* NULL: the issuer itself */
};

static void try_delegate(struct responder_search *search, X509 *candidate)
{
    if (search->verified || !is_responder(search->basic, candidate)) {
        return;
    }
    if (!is_delegated(candidate, search->issuer, OCSP_resp_get0_produced_at(search->basic))) {
        return;
    }
    search->delegate_seen = true;
    if (signature_verifies(search->basic, candidate)) {
        search->verified = true;
        search->delegate = candidate;
    }
}

static enum vt_code check_responder(struct responder_search *search,
                                    const struct vt_certificate_pool *pool, struct vt_err *err)
{
    const STACK_OF(X509) *carried = OCSP_resp_get0_certs(search->basic);
    if (is_responder(search->basic, search->issuer)) {
        search->delegate_seen = true;
        search->verified = signature_verifies(search->basic, search->issuer);
    }
    for (int i = 0; i < sk_X509_num(carried) && i < VT_MAX_CERTIFICATES; i++) {
        try_delegate(search, sk_X509_value(carried, i));
    }
    size_t count = pool != NULL ? vt_certificate_pool_count(pool) : 0;
    for (size_t i = 0; i < count && i < MAX_POOL_CANDIDATES; i++) {
        try_delegate(search, vt_certificate_x509(vt_certificate_pool_get(pool, i)));
    }
    if (search->verified) {
        return VT_OK;
    }
    return vt_err_set(err, VT_E_FORMAT,
                      search->delegate_seen
                          ? "the signature of the OCSP response does not verify"
                          : "the signer of the OCSP response is not authorised by the issuer");
}

/* ---- content ---- */

static enum vt_code check_nonce(OCSP_BASICRESP *basic, struct vt_bytes nonce, struct vt_err *err)
{
    int at = OCSP_BASICRESP_get_ext_by_NID(basic, NID_id_pkix_OCSP_Nonce, -1);
    if (nonce.len == 0 || at < 0) {
        return VT_OK;
    }
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(basic, at));
    struct vt_bytes raw =
        vt_bytes_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    /* extnValue holds an OCTET STRING (RFC 8954 2.1); some responders leave the wrapping out. */
    bool wrapped = raw.len == nonce.len + 2 && raw.ptr[0] == V_ASN1_OCTET_STRING &&
                   raw.ptr[1] == nonce.len &&
                   vt_bytes_equal(vt_bytes_slice(raw, 2, nonce.len), nonce);
    return wrapped || vt_bytes_equal(raw, nonce)
               ? VT_OK
               : vt_err_set(err, VT_E_FORMAT,
                            "the nonce of the OCSP response is not that of the request");
}

static bool has_unknown_critical(OCSP_SINGLERESP *single, OCSP_BASICRESP *basic)
{
    for (int i = 0; i < OCSP_SINGLERESP_get_ext_count(single); i++) {
        if (X509_EXTENSION_get_critical(OCSP_SINGLERESP_get_ext(single, i))) {
            return true;
        }
    }
    for (int i = 0; i < OCSP_BASICRESP_get_ext_count(basic); i++) {
        X509_EXTENSION *extension = OCSP_BASICRESP_get_ext(basic, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
        if (X509_EXTENSION_get_critical(extension) && nid != NID_id_pkix_OCSP_Nonce) {
            return true;
        }
    }
    return false;
}

static int64_t time_of(const ASN1_GENERALIZEDTIME *time)
{
    int64_t secs = VT_TIME_NONE;
    if (time == NULL ||
        vt_time_parse_asn1(
            vt_bytes_of(ASN1_STRING_get0_data(time), (size_t)ASN1_STRING_length(time)),
            ASN1_STRING_type(time) == V_ASN1_GENERALIZEDTIME, &secs) != VT_OK) {
        return VT_TIME_NONE;
    }
    return secs;
}

static void take_archive_cutoff(OCSP_SINGLERESP *single, struct vt_status_fact *out)
{
    ASN1_GENERALIZEDTIME *cutoff =
        OCSP_SINGLERESP_get1_ext_d2i(single, NID_id_pkix_OCSP_archiveCutoff, NULL, NULL);
    out->keeps_expired_since_utc_secs = time_of(cutoff);
    ASN1_GENERALIZEDTIME_free(cutoff);
}

static enum vt_code take_single(OCSP_SINGLERESP *single, struct vt_status_fact *out,
                                struct vt_err *err)
{
    ASN1_GENERALIZEDTIME *revoked_at = NULL;
    ASN1_GENERALIZEDTIME *this_update = NULL;
    ASN1_GENERALIZEDTIME *next_update = NULL;
    int reason = -1;
    int value = OCSP_single_get0_status(single, &reason, &revoked_at, &this_update, &next_update);
    out->this_update_utc_secs = time_of(this_update);
    out->next_update_utc_secs = time_of(next_update);
    if (out->this_update_utc_secs == VT_TIME_NONE ||
        (next_update != NULL && out->next_update_utc_secs == VT_TIME_NONE)) {
        return vt_err_set(err, VT_E_FORMAT, "the OCSP response has no readable time");
    }
    take_archive_cutoff(single, out);
    if (value == V_OCSP_CERTSTATUS_GOOD) {
        out->value = VT_STATUS_GOOD;
    } else if (value == V_OCSP_CERTSTATUS_REVOKED) {
        out->value = reason == VT_CRL_REASON_HOLD ? VT_STATUS_SUSPENDED : VT_STATUS_REVOKED;
        out->revoked_at_utc_secs = time_of(revoked_at);
        out->revocation_reason = vt_crl_reason_name(reason);
    } else {
        out->finding = "the OCSP responder does not know the certificate";
    }
    return VT_OK;
}

/* RFC 6960 4.2.1: an unsuccessful status is not signed and proves nothing. */
static enum vt_code take_error_status(struct vt_arena *arena, int status,
                                      struct vt_status_fact *out, struct vt_err *err)
{
    out->value = VT_STATUS_UNKNOWN;
    out->finding = vt_arena_printf(arena, "the OCSP responder answered with the error \"%s\"",
                                   OCSP_response_status_str(status));
    return out->finding != NULL ? VT_OK : vt_err_set(err, VT_E_NOMEM, "out of memory for a status");
}

static enum vt_code judge_basic(const struct vt_certificate_pool *pool, OCSP_BASICRESP *basic,
                                X509 *certificate, X509 *issuer, struct vt_bytes nonce,
                                struct vt_status_fact *out, struct vt_err *err)
{
    OCSP_SINGLERESP *single = find_single(basic, certificate, issuer);
    if (single == NULL) {
        return vt_err_set(err, VT_E_NOT_FOUND, "the OCSP response is for another certificate");
    }
    if (has_unknown_critical(single, basic)) {
        return vt_err_set(err, VT_E_UNSUPPORTED,
                          "the OCSP response has a critical extension that is not known");
    }
    struct responder_search search = {.basic = basic, .issuer = issuer};
    enum vt_code code = check_responder(&search, pool, err);
    if (code == VT_OK) {
        code = check_nonce(basic, nonce, err);
    }
    if (code == VT_OK) {
        code = take_single(single, out, err);
    }
    /* RFC 6960 4.2.2.2.1: without nocheck a client may ask for the responder's own status; a
     * response of hours is accepted without, and said so. */
    if (code == VT_OK && out->finding == NULL && search.delegate != NULL &&
        X509_get_ext_by_NID(search.delegate, NID_id_pkix_OCSP_noCheck, -1) < 0) {
        out->finding = "the OCSP responder's certificate has no id-pkix-ocsp-nocheck, and its own "
                       "status was not asked";
    }
    return code;
}

enum vt_code vt_status_read_ocsp(struct vt_arena *arena, struct vt_certificate_pool *pool,
                                 struct vt_bytes response, const struct vt_certificate *certificate,
                                 const struct vt_certificate *issuer, struct vt_bytes nonce,
                                 const char *origin, struct vt_status_fact *out, struct vt_err *err)
{
    struct ocsp_answer answer = {0};
    enum vt_code code =
        vt_status_fact_begin(arena, certificate, issuer, response, "ocsp", origin, out, err);
    if (code == VT_OK) {
        code = decode(response, &answer, err);
    }
    if (code == VT_OK && answer.basic == NULL) {
        code = take_error_status(arena, answer.response_status, out, err);
    } else if (code == VT_OK) {
        code = judge_basic(pool, answer.basic, vt_certificate_x509(certificate),
                           vt_certificate_x509(issuer), nonce, out, err);
    }
    OCSP_BASICRESP_free(answer.basic);
    OCSP_RESPONSE_free(answer.response);
    return code;
}
