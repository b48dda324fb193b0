/* SPDX-License-Identifier: Apache-2.0
 * Asking a time stamp authority (RFC 3161 2.4): the question, and whether what came is an answer to
 * it. Its signature is verified elsewhere. */
#include <inttypes.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ts.h>

#include "vanthu/clock.h"
#include "vanthu/stamp.h"
#include "verify/der.h"
#include "verify/timestamp.h"

#define MAX_WORDS_BYTES 160
#define MAX_DIFFERENCE_SECS 300

static const struct hash {
    int nid;
    size_t bytes;
} hashes[VT_SEAL_HASHES] = {[VT_SEAL_SHA256] = {NID_sha256, 32},
                            [VT_SEAL_SHA384] = {NID_sha384, 48},
                            [VT_SEAL_SHA512] = {NID_sha512, 64}};

/* ---- the question ---- */

static bool set_imprint(TS_REQ *request, const struct vt_stamp_query *query)
{
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    /* TS_MSG_IMPRINT_set_msg copies, but takes no const. */
    uint8_t digest[64];
    memcpy(digest, query->imprint.ptr, query->imprint.len);
    /* NULL parameters: with none at all some authorities answer badAlg. */
    bool is_set =
        imprint != NULL && algorithm != NULL &&
        X509_ALGOR_set0(algorithm, OBJ_nid2obj(hashes[query->hash].nid), V_ASN1_NULL, NULL) == 1 &&
        TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
        TS_MSG_IMPRINT_set_msg(imprint, digest, (int)query->imprint.len) == 1 &&
        TS_REQ_set_msg_imprint(request, imprint) == 1;
    X509_ALGOR_free(algorithm);
    TS_MSG_IMPRINT_free(imprint);
    return is_set;
}

static bool set_nonce(TS_REQ *request, const struct vt_stamp_query *query)
{
    BIGNUM *number = BN_bin2bn(query->nonce, sizeof(query->nonce), NULL);
    ASN1_INTEGER *nonce = number != NULL ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
    bool is_set = nonce != NULL && TS_REQ_set_nonce(request, nonce) == 1;
    ASN1_INTEGER_free(nonce);
    BN_free(number);
    return is_set;
}

static bool set_policy(TS_REQ *request, const char *policy)
{
    ASN1_OBJECT *oid = OBJ_txt2obj(policy, 1);
    bool is_set = oid != NULL && TS_REQ_set_policy_id(request, oid) == 1;
    ASN1_OBJECT_free(oid);
    return is_set;
}

enum vt_code vt_stamp_query_write(struct vt_arena *arena, const struct vt_stamp_query *query,
                                  struct vt_bytes *out, struct vt_err *err)
{
    enum vt_code code = VT_E_NOMEM;
    unsigned char *der = NULL;
    int len = -1;
    *out = (struct vt_bytes){0};
    if (query->imprint.len != hashes[query->hash].bytes)
        return vt_err_set(err, VT_E_FORMAT, "the digest to be stamped has another length");
    TS_REQ *request = TS_REQ_new();
    if (request != NULL && query->policy != NULL && !set_policy(request, query->policy))
        code = VT_E_FORMAT;
    else if (request != NULL && TS_REQ_set_version(request, 1) == 1 &&
             set_imprint(request, query) && set_nonce(request, query) &&
             TS_REQ_set_cert_req(request, 1) == 1)
        len = i2d_TS_REQ(request, &der);
    TS_REQ_free(request);
    ERR_clear_error();
    void *copy = len > 0 ? vt_arena_dup(arena, der, (size_t)len) : NULL;
    OPENSSL_free(der);
    if (copy == NULL)
        return vt_err_set(err, code, "no request for a time stamp can be made%s",
                          code == VT_E_FORMAT ? ": the policy is no OID" : "");
    *out = vt_bytes_of(copy, (size_t)len);
    return VT_OK;
}

/* ---- what an authority says instead of a token ---- */

/* PKIFailureInfo ::= BIT STRING (RFC 3161 2.4.2) */
static const struct {
    unsigned bit;
    const char *words;
} failures[] = {{0, "badAlg: it does not take this hash"},
                {2, "badRequest"},
                {5, "badDataFormat"},
                {14, "timeNotAvailable: its clock is not right"},
                {15, "unacceptedPolicy: it has no such policy (seal.timestamp.policy)"},
                {16, "unacceptedExtension"},
                {17, "addInfoNotAvailable"},
                {25, "systemFailure"}};

static const char *failure_words(struct vt_bytes bits)
{
    for (size_t i = 0; bits.len > 1 && i < sizeof(failures) / sizeof(failures[0]); i++) {
        size_t octet = 1 + failures[i].bit / 8;
        if (octet < bits.len && (bits.ptr[octet] >> (7 - failures[i].bit % 8) & 1) != 0)
            return failures[i].words;
    }
    return "no reason given";
}

/* PKIFreeText ::= SEQUENCE SIZE (1..MAX) OF UTF8String; the first is enough. */
static void read_words(struct vt_bytes free_text, char out[MAX_WORDS_BYTES])
{
    struct vt_der text;
    out[0] = '\0';
    if (vt_der_expect(&free_text, VT_DER_UTF8_STRING, &text) == VT_OK)
        (void)vt_text_clean(out, MAX_WORDS_BYTES, text.body);
}

/* PKIStatusInfo ::= SEQUENCE { status INTEGER, statusString PKIFreeText OPTIONAL, failInfo
 * PKIFailureInfo OPTIONAL }; granted (0) and grantedWithMods (1) come with a token. */
static enum vt_code read_status(struct vt_bytes status, struct vt_err *err)
{
    struct vt_der number, text, bits;
    bool has_text = false, has_bits = false;
    char words[MAX_WORDS_BYTES] = "";
    uint32_t value = 0;
    if (vt_der_expect(&status, VT_DER_INTEGER, &number) != VT_OK ||
        vt_der_small(number.body, &value) != VT_OK ||
        vt_der_optional(&status, VT_DER_SEQUENCE, &text, &has_text) != VT_OK ||
        vt_der_optional(&status, VT_DER_BIT_STRING, &bits, &has_bits) != VT_OK || status.len != 0)
        return vt_err_set(err, VT_E_FORMAT, "the answer has no status that can be read");
    if (value <= 1)
        return VT_OK;
    if (has_text)
        read_words(text.body, words);
    return vt_err_set(err, VT_E_NOT_FOUND, "the authority refuses: %s%s%s%s",
                      failure_words(has_bits ? bits.body : (struct vt_bytes){0}),
                      words[0] != '\0' ? " (\"" : "", words, words[0] != '\0' ? "\")" : "");
}

/* ---- whether it is the answer ---- */

static bool is_policy(struct vt_bytes found, const char *wanted)
{
    ASN1_OBJECT *oid = OBJ_txt2obj(wanted, 1);
    bool is_same =
        oid != NULL && vt_bytes_equal(found, vt_bytes_of(OBJ_get0_data(oid), OBJ_length(oid)));
    ASN1_OBJECT_free(oid);
    return is_same;
}

/* The clock of the authority is right, and so is ours: within minutes they agree. */
static enum vt_code check_time(const struct vt_token_info *info, int64_t now, struct vt_err *err)
{
    char text[VT_TIME_TEXT_BYTES];
    int64_t slack = MAX_DIFFERENCE_SECS + info->accuracy_secs;
    if (info->time_utc_secs >= now - slack && info->time_utc_secs <= now + slack &&
        info->accuracy_secs <= MAX_DIFFERENCE_SECS)
        return VT_OK;
    return vt_err_set(err, VT_E_FORMAT,
                      "the time stamp says %s, which is not the time of this machine",
                      vt_time_rfc3339(text, info->time_utc_secs));
}

static enum vt_code check_info(const struct vt_token_info *info, const struct vt_stamp_query *query,
                               int64_t now, struct vt_err *err)
{
    const struct vt_digest *digest =
        vt_digest_by_oid(vt_bytes_of(OBJ_get0_data(OBJ_nid2obj(hashes[query->hash].nid)),
                                     OBJ_length(OBJ_nid2obj(hashes[query->hash].nid))));
    if (info->digest == NULL || info->digest != digest ||
        !vt_bytes_equal(info->imprint, query->imprint))
        return vt_err_set(err, VT_E_FORMAT, "the time stamp is over something else than was asked");
    if (!vt_bytes_equal(info->nonce, vt_bytes_of(query->nonce, sizeof(query->nonce))))
        return vt_err_set(err, VT_E_FORMAT, "the time stamp answers another question (its nonce)");
    if (query->policy != NULL && !is_policy(info->policy, query->policy))
        return vt_err_set(err, VT_E_FORMAT, "the time stamp is of another policy than was asked");
    return check_time(info, now, err);
}

/* TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken ContentInfo OPTIONAL } */
enum vt_code vt_stamp_answer_read(struct vt_arena *arena, struct vt_bytes answer,
                                  const struct vt_stamp_query *query, int64_t now_utc_secs,
                                  struct vt_stamp *out, struct vt_err *err)
{
    struct vt_der whole, status, token;
    struct vt_token_info info;
    *out = (struct vt_stamp){.time_utc_secs = VT_TIME_NONE};
    if (vt_der_whole(answer, VT_DER_SEQUENCE, &whole) != VT_OK ||
        vt_der_expect(&whole.body, VT_DER_SEQUENCE, &status) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT, "what came is no answer of a time stamp authority");
    enum vt_code code = read_status(status.body, err);
    if (code != VT_OK)
        return code;
    if (vt_der_whole(whole.body, VT_DER_SEQUENCE, &token) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT, "the answer says granted, but holds no time stamp");
    if (token.raw.len > VT_MAX_SEAL_TOKEN_BYTES)
        return vt_err_set(err, VT_E_FORMAT, "the time stamp is larger than %u bytes",
                          VT_MAX_SEAL_TOKEN_BYTES);
    code = vt_token_read(arena, token.raw, &info);
    if (code != VT_OK)
        return vt_err_set(err, code, "the answer holds no time stamp that can be read");
    code = check_info(&info, query, now_utc_secs, err);
    if (code == VT_OK)
        *out = (struct vt_stamp){.token = token.raw, .time_utc_secs = info.time_utc_secs};
    return code;
}
