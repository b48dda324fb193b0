/* SPDX-License-Identifier: Apache-2.0
 * Digests and key sizes, each with the day after which it is no longer relied on: TS 119 312 V1.4.2
 * (as the DSS policy dates it), and from 2025-08-15 the lists of legal.md. They are
 * judged at the best proven time, so that an old time-stamped document stays what it was. */
#include <string.h>

#include <openssl/objects.h>
#include <openssl/x509.h>

#include "trust/judge.h"

/* 2012-08-01, and Circular 15/2025 in force. */
const struct vt_trust_rules vt_trust_default_rules = {
    .weak_from_utc_secs = {[VT_WEAK_SHA1_SIGNATURE] = INT64_C(1343779200),
                           [VT_WEAK_SHA1_CERTIFICATE] = INT64_C(1343779200),
                           [VT_WEAK_RSA_BELOW_2048] = INT64_C(1755216000),
                           [VT_WEAK_EC_BELOW_256] = INT64_C(1633046400)}};

struct digest_end {
    int nid;
    const char *name;
    int year, month;
};

static const struct digest_end digest_ends[] = {
    {NID_md2, "MD2", 2004, 8},    {NID_md4, "MD4", 2004, 8},
    {NID_md5, "MD5", 2004, 8},    {NID_ripemd160, "RIPEMD-160", 2014, 8},
    {NID_sha1, "SHA-1", 2012, 8},
};

struct key_end {
    const char *algorithm; /* how vt_certificate_facts.key_algorithm begins */
    unsigned below_bits;
    int year, month, day;
};

static const struct key_end key_ends[] = {
    {"RSA", 1024, 2010, 8, 1}, {"RSA", 1900, 2019, 10, 1}, {"RSA", 2048, 2025, 8, 15},
    {"DSA", 1024, 2010, 8, 1}, {"DSA", 2048, 2015, 12, 1}, {"EC", 224, 2012, 8, 1},
    {"EC", 256, 2021, 10, 1},
};

/* The first end that applies, or INT64_MAX. */
static int64_t end_of_digest(int nid)
{
    for (size_t i = 0; i < sizeof(digest_ends) / sizeof(digest_ends[0]); i++) {
        if (digest_ends[i].nid == nid)
            return vt_time_from_civil(digest_ends[i].year, digest_ends[i].month, 1, 0, 0, 0);
    }
    return INT64_MAX;
}

static int64_t end_of_key(const struct vt_certificate_facts *facts)
{
    for (size_t i = 0; facts->key_algorithm != NULL && i < sizeof(key_ends) / sizeof(key_ends[0]);
         i++) {
        const struct key_end *end = &key_ends[i];
        if (strncmp(facts->key_algorithm, end->algorithm, strlen(end->algorithm)) == 0 &&
            facts->key_bits < end->below_bits)
            return vt_time_from_civil(end->year, end->month, end->day, 0, 0, 0);
    }
    return INT64_MAX;
}

static int nid_of_digest(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof(digest_ends) / sizeof(digest_ends[0]); i++) {
        if (strcmp(digest_ends[i].name, name) == 0)
            return digest_ends[i].nid;
    }
    return NID_undef;
}

/* Without proof of an earlier time the best time is now, and time stamps could still help. */
static enum vt_code weak(struct vt_judgement *judgement, int64_t end, const char *what,
                         const char *whose)
{
    if (judgement->times.best_utc_secs < end)
        return VT_OK;
    return vt_judge_fail(judgement,
                         judgement->times.proven ? VT_SUB_CRYPTO_CONSTRAINTS_FAILURE
                                                 : VT_SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
                         VT_REASON_WEAK_ALGORITHM, "%s of \"%s\" is too weak for its time.", what,
                         whose);
}

/* A certificate that the administrator put into the store cannot be one that a collision made. */
static bool is_from_store(const struct vt_judgement *judgement,
                          const struct vt_certificate *certificate)
{
    const struct vt_trust_store *store = judgement->input->store;
    return vt_certificate_list_has(&store->intermediates, certificate) ||
           vt_certificate_list_has(&store->anchors[judgement->path.set], certificate);
}

static enum vt_code judge_certificate(struct vt_judgement *judgement,
                                      const struct vt_certificate *certificate)
{
    int digest = NID_undef;
    const char *name = vt_judge_name(certificate);
    enum vt_code code = weak(judgement, end_of_key(vt_certificate_facts(certificate)),
                             "The length of the key", name);
    if (code == VT_OK && !is_from_store(judgement, certificate) &&
        X509_get_signature_info(vt_certificate_x509(certificate), &digest, NULL, NULL, NULL) == 1)
        code = weak(judgement, end_of_digest(digest), "The digest in the certificate", name);
    return code;
}

enum vt_code vt_judge_algorithms(struct vt_judgement *judgement)
{
    const struct vt_verified *verified = judgement->input->verified;
    const struct vt_path *path = &judgement->path;
    /* adbe.pkcs7.sha1: whatever the signature is made with, SHA-1 ties it to the document. */
    int digest = judgement->input->object->binding == VT_BINDING_PDF_SHA1
                     ? NID_sha1
                     : nid_of_digest(verified->digest_algorithm);
    enum vt_code code = weak(judgement, end_of_digest(digest), "The digest in the signature",
                             vt_judge_name(verified->signer));
    for (size_t i = 0; code == VT_OK && i < path->count; i++)
        code = judge_certificate(judgement, path->items[i]);
    return code;
}
