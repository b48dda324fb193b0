/* SPDX-License-Identifier: Apache-2.0
 * Digests and key sizes, each with the day after which it is no longer relied on: TS 119 312 V1.4.2
 * (as the DSS policy dates it), and from 2025-08-15 the lists of legal.md. They are
 * judged at the best proven time, so that an old time-stamped document stays what it was. */
#include <limits.h>
#include <string.h>

#include <openssl/objects.h>
#include <openssl/x509.h>

#include "trust/judge.h"

/* 2012-08-01, and Circular 15/2025 in force; days of Vietnam. */
const struct vt_trust_rules vt_trust_default_rules = {
    .weak_from_utc_secs = {[VT_WEAK_SHA1_SIGNATURE] = INT64_C(1343754000),
                           [VT_WEAK_SHA1_CERTIFICATE] = INT64_C(1343754000),
                           [VT_WEAK_RSA_BELOW_2048] = INT64_C(1755190800),
                           [VT_WEAK_EC_BELOW_256] = INT64_C(1633021200)}};

/* RIPEMD-160 (TS 119 312). MD5 and what is older collides on anybody's laptop: no time of signing
 * helps, because the file may have been made today to fit. */
#define END_OF_RIPEMD_UTC_SECS INT64_C(1406851200) /* 2014-08-01 */

static int64_t end_of_digest(int nid, int64_t end_of_sha1)
{
    switch (nid) {
    case NID_md2:
    case NID_md4:
    case NID_md5:
        return INT64_MIN;
    case NID_ripemd160:
        return END_OF_RIPEMD_UTC_SECS;
    case NID_sha1:
        return end_of_sha1;
    default:
        return INT64_MAX;
    }
}

/* Sizes that TS 119 312 ends on a day of their own; the rules of a set may be stricter, and for the
 * sizes they name they alone count. */
static const struct key_end {
    const char *algorithm; /* how vt_certificate_facts.key_algorithm begins */
    unsigned below_bits;
    int year, month;
} key_ends[] = {
    {"RSA", 1024, 2010, 8},  {"RSA", 1900, 2019, 10}, {"DSA", 1024, 2010, 8},
    {"DSA", 2048, 2015, 12}, {"EC", 224, 2012, 8},
};

static bool is_below(const struct vt_certificate_facts *facts, const char *algorithm, unsigned bits)
{
    return facts->key_algorithm != NULL &&
           strncmp(facts->key_algorithm, algorithm, strlen(algorithm)) == 0 &&
           facts->key_bits < bits;
}

/* The first end that applies, or INT64_MAX. */
static int64_t end_of_key(const struct vt_certificate_facts *facts,
                          const struct vt_trust_rules *rules)
{
    int64_t end = INT64_MAX;
    if (is_below(facts, "RSA", 2048))
        end = rules->weak_from_utc_secs[VT_WEAK_RSA_BELOW_2048];
    else if (is_below(facts, "EC", 256))
        end = rules->weak_from_utc_secs[VT_WEAK_EC_BELOW_256];
    for (size_t i = 0; i < sizeof(key_ends) / sizeof(key_ends[0]); i++) {
        int64_t other = vt_time_from_civil(key_ends[i].year, key_ends[i].month, 1, 0, 0, 0);
        if (is_below(facts, key_ends[i].algorithm, key_ends[i].below_bits) && other < end)
            end = other;
    }
    return end;
}

static int nid_of_digest(const char *name)
{
    static const struct {
        const char *name;
        int nid;
    } digests[] = {{"MD2", NID_md2},
                   {"MD4", NID_md4},
                   {"MD5", NID_md5},
                   {"RIPEMD-160", NID_ripemd160},
                   {"SHA-1", NID_sha1}};
    for (size_t i = 0; name != NULL && i < sizeof(digests) / sizeof(digests[0]); i++) {
        if (strcmp(digests[i].name, name) == 0)
            return digests[i].nid;
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
static int64_t end_of_certificate_digest(const struct vt_trust_store *store,
                                         enum vt_trust_set_id set,
                                         const struct vt_certificate *certificate)
{
    int digest = NID_undef;
    if (vt_certificate_list_has(&store->intermediates, certificate) ||
        vt_certificate_list_has(&store->anchors[set], certificate) ||
        X509_get_signature_info(vt_certificate_x509(certificate), &digest, NULL, NULL, NULL) != 1)
        return INT64_MAX;
    return end_of_digest(
        digest, vt_trust_store_rules(store, set)->weak_from_utc_secs[VT_WEAK_SHA1_CERTIFICATE]);
}

static enum vt_code judge_certificate(struct vt_judgement *judgement,
                                      const struct vt_trust_rules *rules,
                                      const struct vt_certificate *certificate)
{
    const char *name = vt_judge_name(certificate);
    enum vt_code code = weak(judgement, end_of_key(vt_certificate_facts(certificate), rules),
                             "The length of the key", name);
    return code != VT_OK ? code
                         : weak(judgement,
                                end_of_certificate_digest(judgement->input->store,
                                                          judgement->path.set, certificate),
                                "The digest in the certificate", name);
}

int64_t vt_digest_end(const char *name, const struct vt_trust_rules *rules)
{
    return end_of_digest(nid_of_digest(name), rules->weak_from_utc_secs[VT_WEAK_SHA1_SIGNATURE]);
}

int64_t vt_certificate_end(const struct vt_trust_store *store, enum vt_trust_set_id set,
                           const struct vt_certificate *certificate)
{
    int64_t key = end_of_key(vt_certificate_facts(certificate), vt_trust_store_rules(store, set));
    int64_t digest = end_of_certificate_digest(store, set, certificate);
    return key < digest ? key : digest;
}

/* verify notes a weak digest or key at any time. Where the rules still relied on it then, it is no
 * reason, but for what has no day: broken digests and DSA. */
static void forgive(struct vt_judgement *judgement, const struct vt_trust_rules *rules,
                    int64_t end_of_signature)
{
    const struct vt_verified *verified = judgement->input->verified;
    const struct vt_certificate_facts *signer = vt_certificate_facts(verified->signer);
    int64_t best = judgement->times.best_utc_secs;
    if (verified->sub_indication == VT_SUB_NONE && best < end_of_signature &&
        best < end_of_key(signer, rules) && !is_below(signer, "DSA", UINT_MAX))
        judgement->out->reasons &= ~VT_REASON_BIT(VT_REASON_WEAK_ALGORITHM);
}

enum vt_code vt_judge_algorithms(struct vt_judgement *judgement)
{
    const struct vt_verified *verified = judgement->input->verified;
    const struct vt_path *path = &judgement->path;
    /* Without a path those of the official set. */
    const struct vt_trust_rules *rules =
        vt_trust_store_rules(judgement->input->store, path->found ? path->set : VT_TRUST_OFFICIAL);
    /* adbe.pkcs7.sha1: whatever the signature is made with, SHA-1 ties it to the document. */
    int digest = judgement->input->object->binding == VT_BINDING_PDF_SHA1
                     ? NID_sha1
                     : nid_of_digest(verified->digest_algorithm);
    int64_t end = end_of_digest(digest, rules->weak_from_utc_secs[VT_WEAK_SHA1_SIGNATURE]);
    forgive(judgement, rules, end);
    enum vt_code code =
        weak(judgement, end, "The digest in the signature", vt_judge_name(verified->signer));
    for (size_t i = 0; code == VT_OK && i < path->count; i++)
        code = judge_certificate(judgement, rules, path->items[i]);
    return code;
}
