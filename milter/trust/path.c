/* SPDX-License-Identifier: Apache-2.0
 * The search for a path. OpenSSL chooses issuers by name and never turns back; here every candidate
 * is tried by key, so that two CAs of one name, rolled-over keys and cross certificates find their
 * way (legal.md ). Bounded: a stranger's 128 certificates of one name and the largest
 * keys cost no more than MAX_COST, whatever the number of sets, and a mail full of them not more
 * for each. */
#include "trust/path.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509.h>

/* What one search may spend on signatures of certificates, in verifications with RSA 2048 (some 20
 * microseconds each), and complete paths that are checked. A real search needs two or three, and
 * one. */
#define MAX_COST 400
/* When all searches of a mail together have spent the first, each has only the second: enough for a
 * path of RSA 4096 and a namesake or two. A mail may want some three thousand. */
#define MAIL_COST 20000
#define LEAST_COST 40
#define MAX_PATHS 16
/* Pairs whose verification is remembered: another set begins with the same ones. */
#define MAX_PAIRS 256

struct search {
    const struct vt_path_request *request;
    const struct vt_certificate_list *anchors;
    enum vt_trust_set_id set;
    struct vt_path now; /* the path being walked */
    struct vt_path *best;
    unsigned best_score; /* of *best when it is found */
    unsigned cost, max_cost;
    unsigned paths;
    struct pair {
        const struct vt_certificate *certificate, *issuer;
        bool verified;
    } pairs[MAX_PAIRS];
    size_t pairs_count;
    enum vt_code code;
    struct vt_err *err;
};

bool vt_certificate_is_valid_at(const struct vt_certificate *certificate, int64_t at_utc_secs)
{
    const struct vt_certificate_facts *facts = vt_certificate_facts(certificate);
    return at_utc_secs >= facts->not_before_utc_secs && at_utc_secs <= facts->not_after_utc_secs;
}

bool vt_certificate_is_self_issued(const struct vt_certificate *certificate)
{
    return vt_certificate_names_issuer(certificate, certificate);
}

/* A certificate, or another one of the same subject and key, is on the path already. */
static bool is_on_path(const struct vt_path *path, const struct vt_certificate *candidate)
{
    for (size_t i = 0; i < path->count; i++) {
        if (vt_certificate_is_same_entity(path->items[i], candidate))
            return true;
    }
    return false;
}

/* Bits of the public exponent, in those of 65537. */
static unsigned exponent_of(EVP_PKEY *key)
{
    BIGNUM *exponent = NULL;
    int bits = 0;
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1)
        bits = BN_num_bits(exponent);
    BN_free(exponent);
    return bits <= 17 ? 1 : (unsigned)bits / 17 + 1;
}

/* One verification with this key, in those with RSA 2048: a squaring grows with the square of the
 * length, and there is one for each bit of the exponent. DSA has an exponent of hundreds of bits,
 * and curves cost like a few. */
static unsigned cost_of(EVP_PKEY *key)
{
    unsigned units = (unsigned)EVP_PKEY_get_bits(key) / 1024;
    if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS"))
        return 1 + units * units * exponent_of(key) / 4;
    return EVP_PKEY_is_a(key, "DSA") ? 10 + 5 * units * units : 5;
}

static bool is_verified(struct search *search, const struct vt_certificate *certificate,
                        const struct vt_certificate *issuer, EVP_PKEY *key)
{
    for (size_t i = 0; i < search->pairs_count; i++) {
        if (search->pairs[i].certificate == certificate && search->pairs[i].issuer == issuer)
            return search->pairs[i].verified;
    }
    unsigned cost = cost_of(key);
    if (search->cost + cost > search->max_cost)
        return false;
    search->cost += cost;
    bool verified = X509_verify(vt_certificate_x509(certificate), key) == 1;
    ERR_clear_error();
    if (search->pairs_count < MAX_PAIRS)
        search->pairs[search->pairs_count++] = (struct pair){certificate, issuer, verified};
    return verified;
}

/* Issued by this candidate's key. A DSA key that inherits its parameters (RFC 3279 2.3.2) cannot
 * be tried alone: the check of the whole path decides. */
static bool is_issued_by(struct search *search, const struct vt_certificate *certificate,
                         const struct vt_certificate *candidate)
{
    EVP_PKEY *key = X509_get0_pubkey(vt_certificate_x509(candidate));
    if (key == NULL || !vt_certificate_names_issuer(certificate, candidate))
        return false;
    if (EVP_PKEY_missing_parameters(key))
        return true;
    return is_verified(search, certificate, candidate, key);
}

/* Smaller is better; 0: nothing against it. Without a time periods are not looked at. */
static unsigned score_of(const struct vt_path *path, int64_t at_utc_secs)
{
    unsigned score = 100 * (unsigned)path->problems_count;
    for (size_t i = 0; at_utc_secs != VT_TIME_NONE && i < path->count; i++)
        score += vt_certificate_is_valid_at(path->items[i], at_utc_secs) ? 0 : 1;
    return score;
}

static void take_complete_path(struct search *search)
{
    struct vt_path path = search->now;
    path.found = true;
    path.set = search->set;
    search->paths++;
    search->code = vt_path_check(&path, search->err);
    unsigned score = score_of(&path, search->request->at_utc_secs);
    if (search->code == VT_OK && (!search->best->found || score < search->best_score)) {
        *search->best = path;
        search->best_score = score;
    }
}

static bool is_finished(const struct search *search)
{
    return search->code != VT_OK || search->paths >= MAX_PATHS ||
           (search->best->found && search->best_score == 0);
}

/* An anchor is trusted by decision (RFC 5280 6.1.1), whatever a CRL says of it. */
static bool is_avoided(const struct search *search, const struct vt_certificate *candidate)
{
    const struct vt_certificate_list *avoid = search->request->avoid;
    return avoid != NULL && vt_certificate_list_has(avoid, candidate) &&
           !vt_certificate_list_has(search->anchors, candidate);
}

static void walk(struct search *search);

static void try_candidates(struct search *search, const struct vt_certificate_list *list)
{
    struct vt_path *path = &search->now;
    for (size_t i = 0; i < list->count && !is_finished(search); i++) {
        const struct vt_certificate *candidate = list->items[i];
        if (is_on_path(path, candidate) || is_avoided(search, candidate) ||
            !is_issued_by(search, path->items[path->count - 1], candidate))
            continue;
        path->items[path->count++] = candidate;
        walk(search);
        path->count--;
    }
}

/* One step; the recursion is at most VT_MAX_PATH deep. */
static void walk(struct search *search)
{
    struct vt_path *path = &search->now;
    const struct vt_certificate *top = path->items[path->count - 1];
    if (!search->best->found && path->count > search->best->count)
        *search->best = *path;
    if (vt_certificate_list_has(search->anchors, top)) {
        take_complete_path(search);
        return;
    }
    if (path->count >= VT_MAX_PATH)
        return;
    try_candidates(search, search->anchors);
    try_candidates(search, &search->request->store->intermediates);
    if (search->request->others != NULL)
        try_candidates(search, search->request->others);
}

enum vt_code vt_path_find(const struct vt_path_request *request, struct vt_path *out,
                          struct vt_err *err)
{
    *out = (struct vt_path){0};
    bool is_late = request->spent != NULL && *request->spent >= MAIL_COST;
    struct search search = {
        .request = request, .best = out, .max_cost = is_late ? LEAST_COST : MAX_COST, .err = err};
    for (int set = 0; set < VT_TRUST_SETS && !is_finished(&search); set++) {
        search.set = (enum vt_trust_set_id)set;
        search.anchors = request->unconfirmed ? &request->store->unconfirmed[set]
                                              : &request->store->anchors[set];
        search.now = (struct vt_path){.items = {request->target}, .count = 1};
        walk(&search);
    }
    if (request->spent != NULL && !is_late)
        *request->spent += search.cost;
    return search.code;
}

bool vt_trust_has_path(const struct vt_trust_store *store, const struct vt_certificate *certificate,
                       const struct vt_certificate *const *others, size_t others_count)
{
    struct vt_path path;
    const struct vt_certificate *items[VT_MAX_CERTIFICATES];
    struct vt_certificate_list list = {.items = items};
    for (size_t i = 0; i < others_count && i < VT_MAX_CERTIFICATES; i++)
        items[list.count++] = others[i];
    struct vt_path_request request = {
        .store = store, .target = certificate, .others = &list, .at_utc_secs = VT_TIME_NONE};
    return vt_path_find(&request, &path, NULL) == VT_OK && path.found && path.problems_count == 0;
}
