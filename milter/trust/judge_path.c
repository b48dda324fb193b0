/* SPDX-License-Identifier: Apache-2.0
 * The path and its defects as words of the verdict (EN 319 102-1 5.2.6; RFC 5280 6.1). */
#include <openssl/x509_vfy.h>

#include "trust/judge.h"
#include "trust/store.h"

/* Paths that are tried when a CA of the first one was revoked. */
#define MAX_OTHER_PATHS 4

/* Confirmed or not. */
static bool has_roots(const struct vt_trust_store *store)
{
    size_t count = 0;
    for (int set = 0; set < VT_TRUST_SETS; set++)
        count += store->anchors[set].count + store->unconfirmed[set].count;
    return count > 0;
}

static enum vt_code fail_for(struct vt_judgement *judgement, const struct vt_path_why *why)
{
    const char *imitated = why->imitated ? vt_judge_name(why->imitated) : NULL;
    const struct vt_path *path = &judgement->path;
    const char *top = vt_judge_name(path->items[path->count - 1]);
    const enum vt_sub_indication sub = VT_SUB_NO_CERTIFICATE_CHAIN_FOUND;
    switch (why->absence) {
    case VT_PATH_UNCONFIRMED:
        if (!has_roots(judgement->input->store))
            return vt_judge_fail(judgement, sub, VT_REASON_NOT_CHECKED,
                                 "No trust anchors are configured, so the path of this "
                                 "certificate was not checked; configure trust anchors.");
        return vt_judge_fail(judgement, sub, VT_REASON_NOT_CHECKED,
                             "No root was confirmed for this certificate, so its path was not "
                             "checked; confirm the fingerprints of the configured roots.");
    case VT_PATH_SELF_MADE:
        if (imitated == NULL)
            return vt_judge_fail(judgement, sub, VT_REASON_PATH_SELF_MADE,
                                 "The signer issued the certificate to itself.");
        return vt_judge_fail(judgement, sub, VT_REASON_PATH_SELF_MADE,
                             "The path uses the name of the CA \"%s\", but that CA's key did not "
                             "sign it.",
                             imitated);
    case VT_PATH_INCOMPLETE:
        return vt_judge_fail(judgement, sub, VT_REASON_PATH_INCOMPLETE,
                             "The certificate of the issuer of \"%s\" is not known here.", top);
    default:
        return vt_judge_fail(judgement, sub, VT_REASON_PATH_UNKNOWN_ROOT,
                             "The path ends at \"%s\", which no trust set knows.", top);
    }
}

static enum vt_code judge_absence(struct vt_judgement *judgement,
                                  const struct vt_path_request *request)
{
    struct vt_path_why why;
    const struct vt_known *known = judgement->input->known;
    enum vt_code code =
        vt_path_explain(request, &judgement->path, known ? known->no_issuer_of : NULL,
                        known ? known->no_issuer_of_count : 0, &why, NULL);
    if (code == VT_OK)
        code = fail_for(judgement, &why);
    if (code == VT_OK && why.issuer_wanted_of != NULL && judgement->may_ask)
        code = vt_judge_want_issuer(judgement, why.issuer_wanted_of);
    return code;
}

/* What OpenSSL has against a path, in our words. */
static const struct problem_meaning {
    int error;
    enum vt_sub_indication sub;
    enum vt_reason signer; /* when it is the signer's certificate; a CA's is CA_INVALID */
} meanings[] = {
    {X509_V_ERR_NO_EXPLICIT_POLICY, VT_SUB_CHAIN_CONSTRAINTS_FAILURE, VT_REASON_CERT_SCOPE},
    {X509_V_ERR_INVALID_POLICY_EXTENSION, VT_SUB_CHAIN_CONSTRAINTS_FAILURE, VT_REASON_MALFORMED},
    {X509_V_ERR_PERMITTED_VIOLATION, VT_SUB_CHAIN_CONSTRAINTS_FAILURE, VT_REASON_CERT_SCOPE},
    {X509_V_ERR_EXCLUDED_VIOLATION, VT_SUB_CHAIN_CONSTRAINTS_FAILURE, VT_REASON_CERT_SCOPE},
    {X509_V_ERR_SUBTREE_MINMAX, VT_SUB_CHAIN_CONSTRAINTS_FAILURE, VT_REASON_CERT_SCOPE},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, VT_SUB_CHAIN_CONSTRAINTS_FAILURE,
     VT_REASON_CERT_SCOPE},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, VT_SUB_CHAIN_CONSTRAINTS_FAILURE,
     VT_REASON_MALFORMED},
    {X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, VT_SUB_CHAIN_CONSTRAINTS_FAILURE, VT_REASON_MALFORMED},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, VT_SUB_CHAIN_CONSTRAINTS_FAILURE, VT_REASON_CA_INVALID},
    {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, VT_SUB_CHAIN_CONSTRAINTS_FAILURE,
     VT_REASON_CERT_SCOPE},
    {X509_V_ERR_INVALID_EXTENSION, VT_SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE, VT_REASON_MALFORMED},
};

static enum vt_code judge_problem(struct vt_judgement *judgement,
                                  const struct vt_path_problem *problem)
{
    struct problem_meaning meaning = {problem->error, VT_SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE,
                                      VT_REASON_CA_INVALID};
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (meanings[i].error == problem->error)
            meaning = meanings[i];
    }
    return vt_judge_fail(judgement, meaning.sub,
                         problem->depth == 0 ? meaning.signer : VT_REASON_CA_INVALID,
                         "The certificate path is refused at \"%s\": %s.",
                         vt_judge_name(judgement->path.items[problem->depth]),
                         X509_verify_cert_error_string(problem->error));
}

static enum vt_code show_path(struct vt_judgement *judgement)
{
    const struct vt_path *path = &judgement->path;
    struct vt_signature *out = judgement->out;
    out->path = vt_arena_alloc(judgement->arena, path->count * sizeof(*out->path));
    if (out->path == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i < path->count; i++)
        out->path[i] = *vt_certificate_facts(path->items[i]);
    out->path_count = path->count;
    out->trust_set = path->found ? vt_trust_set_name(path->set) : NULL;
    return vt_judge_used_path(judgement, path);
}

/* A CA of the path whose certificate was revoked or suspended, as far as is known; 0: none. With a
 * compromised key no other certificate for it is any better. */
static enum vt_code find_revoked(struct vt_judgement *judgement, const struct vt_path *path,
                                 size_t *out_index, bool *out_compromised)
{
    *out_index = 0;
    *out_compromised = false;
    for (size_t i = 1; i + 1 < path->count; i++) {
        struct vt_status_choice choice;
        enum vt_code code =
            vt_revocation_choose(judgement, path, i, judgement->times.best_utc_secs, &choice);
        if (code != VT_OK)
            return code;
        if (choice.value == VT_STATUS_REVOKED || choice.value == VT_STATUS_SUSPENDED) {
            *out_index = i;
            *out_compromised = vt_revocation_is_compromise(choice.fact.revocation_reason);
            return VT_OK;
        }
    }
    return VT_OK;
}

static bool is_valid(const struct vt_judgement *judgement, const struct vt_path *path)
{
    for (size_t i = 1; i < path->count; i++) {
        if (!vt_certificate_is_valid_at(path->items[i], judgement->times.best_utc_secs))
            return false;
    }
    return true;
}

/* A revoked cross certificate says nothing against the key it is about: another path to an anchor
 * is as good as the first. Where there is none, the first stands with its fault. */
static enum vt_code find_path(struct vt_judgement *judgement, const struct vt_path_request *request)
{
    struct vt_path path;
    struct vt_certificate_list avoid = {0};
    struct vt_path_request again = *request;
    size_t revoked = 0;
    bool compromised = false;
    again.avoid = &avoid;
    enum vt_code code = vt_path_find(request, &path, NULL);
    judgement->path = path;
    for (int turn = 0; code == VT_OK && turn < MAX_OTHER_PATHS; turn++) {
        if (!path.found || path.problems_count > 0 || (turn > 0 && !is_valid(judgement, &path)))
            return VT_OK;
        code = find_revoked(judgement, &path, &revoked, &compromised);
        if (code != VT_OK || compromised)
            return code;
        if (revoked == 0) {
            judgement->path = path;
            return VT_OK;
        }
        code = vt_certificate_list_add(judgement->arena, &avoid, path.items[revoked]);
        if (code == VT_OK)
            code = vt_path_find(&again, &path, NULL);
    }
    return code;
}

enum vt_code vt_judge_path(struct vt_judgement *judgement)
{
    struct vt_path_request request = {.store = judgement->input->store,
                                      .target = judgement->input->verified->signer,
                                      .others = &judgement->others,
                                      .at_utc_secs = judgement->times.best_utc_secs,
                                      .spent = vt_status_cache_spent(judgement->cache)};
    enum vt_code code = find_path(judgement, &request);
    if (code == VT_OK)
        code = show_path(judgement);
    if (code != VT_OK)
        return code;
    if (!judgement->path.found)
        return judge_absence(judgement, &request);
    for (size_t i = 0; code == VT_OK && i < judgement->path.problems_count; i++)
        code = judge_problem(judgement, &judgement->path.problems[i]);
    /* Nobody is asked about a path that is no good anyway. */
    judgement->may_ask &= judgement->path.problems_count == 0;
    return code;
}
