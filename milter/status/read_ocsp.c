/* SPDX-License-Identifier: Apache-2.0
 * What an OCSP response says about a certificate (RFC 6960 3.2 and 4.2): it is for this
 * certificate, its responder is authorised by this issuer's key, and its signature verifies. How
 * fresh it has to be is the judgement's question, not asked here. */
#include "status/ocsp.h"

#include <string.h>

#include <openssl/x509v3.h>

#include "status/crl.h"
#include "verify/der.h"

/* Responses inside one; a responder of a CA answers one or a few. */
#define MAX_SINGLE_RESPONSES 256
/* certHash of ISIS-MTT (Common PKI 2.0 part 4, table 21): the responder knows this very
 * certificate, not only that its number is not on a list. */
#define CERT_HASH_OID "1.3.36.8.3.13"

enum { DER_ENUMERATED = 0x0a };

/* BasicOCSPResponse ::= SEQUENCE { tbsResponseData, signatureAlgorithm, signature BIT STRING,
 *   certs [0] OPTIONAL } */
static bool read_signed_parts(struct vt_bytes basic, struct vt_ocsp_answer *out)
{
    struct vt_der whole;
    struct vt_der tbs;
    struct vt_der algorithm;
    struct vt_der signature;
    if (vt_der_whole(basic, VT_DER_SEQUENCE, &whole) != VT_OK ||
        vt_der_expect(&whole.body, VT_DER_SEQUENCE, &tbs) != VT_OK ||
        vt_der_expect(&whole.body, VT_DER_SEQUENCE, &algorithm) != VT_OK ||
        vt_der_expect(&whole.body, VT_DER_BIT_STRING, &signature) != VT_OK ||
        signature.body.len < 2 || signature.body.ptr[0] != 0)
        return false;
    out->tbs = tbs.raw;
    out->algorithm = algorithm.raw;
    out->signature = vt_bytes_slice(signature.body, 1, signature.body.len - 1);
    return true;
}

/* OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED, responseBytes [0] SEQUENCE { OID, OCTET
 *   STRING } OPTIONAL } */
static bool find_basic(struct vt_bytes der, struct vt_bytes *out)
{
    struct vt_der whole;
    struct vt_der element;
    if (vt_der_whole(der, VT_DER_SEQUENCE, &whole) != VT_OK ||
        vt_der_expect(&whole.body, DER_ENUMERATED, &element) != VT_OK ||
        vt_der_whole(whole.body, VT_DER_CONTEXT_CONSTRUCTED(0), &element) != VT_OK ||
        vt_der_whole(element.body, VT_DER_SEQUENCE, &whole) != VT_OK ||
        vt_der_expect(&whole.body, VT_DER_OID, &element) != VT_OK ||
        vt_der_whole(whole.body, VT_DER_OCTET_STRING, &element) != VT_OK)
        return false;
    *out = element.body;
    return true;
}

/* Documents carry either form (PDF: OCSPResponse, CAdES: BasicOCSPResponse, which begins with a
 * SEQUENCE). */
static bool decode_forms(struct vt_bytes der, struct vt_ocsp_answer *out)
{
    struct vt_bytes basic = der;
    const unsigned char *cursor = der.ptr;
    out->response_status = OCSP_RESPONSE_STATUS_SUCCESSFUL;
    out->response = d2i_OCSP_RESPONSE(NULL, &cursor, (long)der.len);
    if (out->response != NULL) {
        out->response_status = OCSP_response_status(out->response);
        if (cursor != der.ptr + der.len)
            return false;
        if (out->response_status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
            return true;
        if (!find_basic(der, &basic))
            return false;
    }
    cursor = basic.ptr;
    out->basic = d2i_OCSP_BASICRESP(NULL, &cursor, (long)basic.len);
    return out->basic != NULL && cursor == basic.ptr + basic.len && read_signed_parts(basic, out);
}

static enum vt_code decode(struct vt_bytes der, struct vt_ocsp_answer *out, struct vt_err *err)
{
    if (der.len == 0 || der.len > VT_MAX_OCSP_BYTES)
        return vt_err_set(err, der.len == 0 ? VT_E_FORMAT : VT_E_LIMIT,
                          "the OCSP response is empty or has more than %u bytes",
                          VT_MAX_OCSP_BYTES);
    return decode_forms(der, out) ? VT_OK
                                  : vt_err_set(err, VT_E_FORMAT, "the OCSP response is malformed");
}

/* What a CertID may be made with: SHA-1, as most are, and SHA-2. */
static const EVP_MD *id_digest(const ASN1_OBJECT *algorithm)
{
    int nid = OBJ_obj2nid(algorithm);
    return nid == NID_sha1 || nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512
               ? EVP_get_digestbynid(nid)
               : NULL;
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
    const EVP_MD *md = id_digest(algorithm);
    const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(issuer);
    return md != NULL && key != NULL &&
           ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(certificate)) == 0 &&
           X509_NAME_get0_der(X509_get_issuer_name(certificate), &name, &name_len) == 1 &&
           vt_ocsp_digest_is(md, name, name_len, name_hash) &&
           vt_ocsp_digest_is(md, ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key),
                             key_hash);
}

/* The youngest answer for this certificate, of several of one time the worst; NULL: none. */
static OCSP_SINGLERESP *find_single(OCSP_BASICRESP *basic, X509 *certificate, X509 *issuer)
{
    OCSP_SINGLERESP *best = NULL;
    ASN1_GENERALIZEDTIME *best_time = NULL;
    int count = OCSP_resp_count(basic);
    for (int i = 0; i < count && i < MAX_SINGLE_RESPONSES; i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
        ASN1_GENERALIZEDTIME *time = NULL;
        int value = OCSP_single_get0_status(single, NULL, NULL, &time, NULL);
        if (!names_certificate(OCSP_SINGLERESP_get0_id(single), certificate, issuer))
            continue;
        int order = best == NULL ? 1 : ASN1_STRING_cmp(time, best_time);
        if (order > 0 || (order == 0 && value == V_OCSP_CERTSTATUS_REVOKED)) {
            best = single;
            best_time = time;
        }
    }
    return best;
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

/* certHash is looked at below; the others say more and change nothing (RFC 6960 4.4). */
static bool is_known_extension(X509_EXTENSION *extension)
{
    static const int known[] = {NID_id_pkix_OCSP_Nonce, NID_id_pkix_OCSP_archiveCutoff,
                                NID_id_pkix_OCSP_CrlID, NID_invalidity_date};
    char oid[64];
    const ASN1_OBJECT *object = X509_EXTENSION_get_object(extension);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (OBJ_obj2nid(object) == known[i])
            return true;
    }
    return OBJ_obj2txt(oid, sizeof(oid), object, 1) > 0 && strcmp(oid, CERT_HASH_OID) == 0;
}

static bool has_unknown_critical(OCSP_SINGLERESP *single, OCSP_BASICRESP *basic)
{
    for (int i = 0; i < OCSP_SINGLERESP_get_ext_count(single); i++) {
        X509_EXTENSION *extension = OCSP_SINGLERESP_get_ext(single, i);
        if (X509_EXTENSION_get_critical(extension) && !is_known_extension(extension))
            return true;
    }
    for (int i = 0; i < OCSP_BASICRESP_get_ext_count(basic); i++) {
        X509_EXTENSION *extension = OCSP_BASICRESP_get_ext(basic, i);
        if (X509_EXTENSION_get_critical(extension) && !is_known_extension(extension))
            return true;
    }
    return false;
}

/* CertHash ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier, certificateHash OCTET STRING } */
static bool cert_hash_matches(struct vt_bytes value, const struct vt_certificate *certificate)
{
    struct vt_der sequence;
    struct vt_der algorithm;
    struct vt_der oid;
    struct vt_der hash;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct vt_bytes der = vt_certificate_der(certificate);
    if (vt_der_whole(value, VT_DER_SEQUENCE, &sequence) != VT_OK ||
        vt_der_expect(&sequence.body, VT_DER_SEQUENCE, &algorithm) != VT_OK ||
        vt_der_expect(&algorithm.body, VT_DER_OID, &oid) != VT_OK ||
        vt_der_whole(sequence.body, VT_DER_OCTET_STRING, &hash) != VT_OK)
        return false;
    const unsigned char *cursor = oid.raw.ptr;
    ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &cursor, (long)oid.raw.len);
    const EVP_MD *md = object != NULL ? id_digest(object) : NULL;
    bool same = md != NULL && EVP_Digest(der.ptr, der.len, digest, &len, md, NULL) == 1 &&
                vt_bytes_equal(hash.body, vt_bytes_of(digest, len));
    ASN1_OBJECT_free(object);
    return same;
}

static enum vt_code check_cert_hash(OCSP_SINGLERESP *single,
                                    const struct vt_certificate *certificate, struct vt_err *err)
{
    ASN1_OBJECT *oid = OBJ_txt2obj(CERT_HASH_OID, 1);
    int at = oid != NULL ? OCSP_SINGLERESP_get_ext_by_OBJ(single, oid, -1) : -1;
    ASN1_OBJECT_free(oid);
    if (at < 0)
        return VT_OK;
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(OCSP_SINGLERESP_get_ext(single, at));
    return cert_hash_matches(
               vt_bytes_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)),
               certificate)
               ? VT_OK
               : vt_err_set(err, VT_E_FORMAT,
                            "the certificate hash in the OCSP response is that of another "
                            "certificate");
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

static int64_t time_extension(OCSP_SINGLERESP *single, int nid)
{
    ASN1_GENERALIZEDTIME *time = OCSP_SINGLERESP_get1_ext_d2i(single, nid, NULL, NULL);
    int64_t secs = time_of(time);
    ASN1_GENERALIZEDTIME_free(time);
    return secs;
}

static void take_revoked(OCSP_SINGLERESP *single, int reason, const ASN1_GENERALIZEDTIME *at,
                         struct vt_status_fact *out)
{
    /* Only a delta CRL takes anything back (RFC 5280 5.3.1): this is neither good nor revoked. */
    if (reason == VT_CRL_REASON_REMOVE) {
        out->finding = "the OCSP responder says revoked with the reason removeFromCRL, which "
                       "contradicts itself";
        return;
    }
    out->value = reason == VT_CRL_REASON_HOLD ? VT_STATUS_SUSPENDED : VT_STATUS_REVOKED;
    out->revoked_at_utc_secs = time_of(at);
    out->revocation_reason = vt_crl_reason_name(reason);
    out->invalid_since_utc_secs = time_extension(single, NID_invalidity_date);
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
    out->keeps_expired_since_utc_secs = time_extension(single, NID_id_pkix_OCSP_archiveCutoff);
    if (value == V_OCSP_CERTSTATUS_GOOD) {
        out->value = VT_STATUS_GOOD;
    } else if (value == V_OCSP_CERTSTATUS_REVOKED) {
        take_revoked(single, reason, revoked_at, out);
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

/* RFC 6960 4.2.2.2.1: who has no nocheck is asked about itself, by the judgement. */
static enum vt_code take_responder(struct vt_arena *arena, X509 *delegate,
                                   struct vt_status_fact *out, struct vt_err *err)
{
    char name[256];
    unsigned char *der = NULL;
    if (delegate == NULL)
        return VT_OK;
    int len = X509_NAME_get_text_by_NID(X509_get_subject_name(delegate), NID_commonName, name,
                                        sizeof(name));
    char *clean = vt_arena_alloc(arena, sizeof(name));
    if (clean == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory for a status");
    out->responder_name =
        vt_text_clean(clean, sizeof(name), len > 0 ? vt_bytes_str(name) : VT_BYTES("no name"));
    if (X509_get_ext_by_NID(delegate, NID_id_pkix_OCSP_noCheck, -1) >= 0)
        return VT_OK;
    len = i2d_X509(delegate, &der);
    void *copy = len > 0 ? vt_arena_dup(arena, der, (size_t)len) : NULL;
    OPENSSL_free(der);
    if (copy == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory for a status");
    out->responder = vt_bytes_of(copy, (size_t)len);
    return VT_OK;
}

/* Nothing is known in advance: who says more than was known when the response was made, as one does
 * whose certificate has expired since, says it of that time (RFC 6960 2.4). */
static enum vt_code take_produced(const OCSP_BASICRESP *basic, struct vt_status_fact *out,
                                  struct vt_err *err)
{
    out->produced_at_utc_secs = time_of(OCSP_resp_get0_produced_at(basic));
    if (out->produced_at_utc_secs == VT_TIME_NONE)
        return vt_err_set(err, VT_E_FORMAT, "the OCSP response has no readable time");
    if (out->this_update_utc_secs > out->produced_at_utc_secs)
        out->this_update_utc_secs = out->produced_at_utc_secs;
    return VT_OK;
}

struct question {
    struct vt_arena *arena;
    const struct vt_certificate_pool *pool;
    const struct vt_certificate *certificate;
    X509 *issuer;
    struct vt_bytes nonce;
};

static enum vt_code judge_basic(const struct question *question,
                                const struct vt_ocsp_answer *answer, struct vt_status_fact *out,
                                struct vt_err *err)
{
    X509 *delegate = NULL;
    OCSP_SINGLERESP *single =
        find_single(answer->basic, vt_certificate_x509(question->certificate), question->issuer);
    if (single == NULL)
        return vt_err_set(err, VT_E_NOT_FOUND, "the OCSP response is for another certificate");
    if (has_unknown_critical(single, answer->basic))
        return vt_err_set(err, VT_E_UNSUPPORTED,
                          "the OCSP response has a critical extension that is not known");
    enum vt_code code =
        vt_ocsp_check_responder(answer, question->issuer, question->pool, &delegate, err);
    if (code == VT_OK)
        code = check_nonce(answer->basic, question->nonce, err);
    if (code == VT_OK)
        code = check_cert_hash(single, question->certificate, err);
    if (code == VT_OK)
        code = take_single(single, out, err);
    if (code == VT_OK)
        code = take_produced(answer->basic, out, err);
    return code == VT_OK ? take_responder(question->arena, delegate, out, err) : code;
}

enum vt_code vt_status_read_ocsp(struct vt_arena *arena, struct vt_certificate_pool *pool,
                                 struct vt_bytes response, const struct vt_certificate *certificate,
                                 const struct vt_certificate *issuer, struct vt_bytes nonce,
                                 const char *origin, struct vt_status_fact *out, struct vt_err *err)
{
    struct vt_ocsp_answer answer = {0};
    const struct question question = {.arena = arena,
                                      .pool = pool,
                                      .certificate = certificate,
                                      .issuer = vt_certificate_x509(issuer),
                                      .nonce = nonce};
    enum vt_code code =
        vt_status_fact_begin(arena, certificate, issuer, response, "ocsp", origin, out, err);
    if (code == VT_OK)
        code = decode(response, &answer, err);
    if (code == VT_OK)
        code = answer.basic == NULL ? take_error_status(arena, answer.response_status, out, err)
                                    : judge_basic(&question, &answer, out, err);
    OCSP_BASICRESP_free(answer.basic);
    OCSP_RESPONSE_free(answer.response);
    return code;
}
