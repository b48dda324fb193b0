/* SPDX-License-Identifier: Apache-2.0
 * Who may sign revocation data for a certificate: the key of its issuer, or another certificate of
 * the CRL issuer's name that leads to the same anchor and is itself good (RFC 5280 6.3.3
 * (f), 5.1.1.3 and 4.2.1.3; a CA's separate key for CRLs, the keys of a roll-over, the issuer of an
 * indirect CRL). */
#include <openssl/x509v3.h>

#include "trust/revocation.h"

struct signer_search {
    struct vt_choosing *choosing;
    const struct vt_crl_list *list;
    unsigned verified;
    enum vt_code failure; /* of the signatures that were tried and do not verify */
    bool verifies;        /* one of them does */
    const struct vt_certificate *found;
    const char *why; /* a signer was found, but it may not speak */
};

static bool has_same_key(const struct vt_certificate *a, const struct vt_certificate *b)
{
    return vt_bytes_equal(vt_certificate_public_key_der(a), vt_certificate_public_key_der(b));
}

/* Its issuer, or another CA between it and the anchor: the verdict depends on them anyway. */
static bool is_above(const struct vt_choosing *choosing, const struct vt_certificate *certificate)
{
    for (size_t i = choosing->index + 1; i < choosing->path->count; i++) {
        if (vt_certificate_is_same_entity(choosing->path->items[i], certificate))
            return true;
    }
    return false;
}

/* Nobody proves himself: the key of a certificate whose status is being found out signs nothing
 * that is used for that. */
static bool proves_itself(const struct vt_choosing *choosing, const struct vt_certificate *signer)
{
    for (const struct vt_choosing *at = choosing; at != NULL; at = at->outer) {
        if (has_same_key(at->certificate, signer))
            return true;
    }
    return false;
}

static bool may_sign_crls(const struct vt_certificate *certificate)
{
    X509 *x509 = vt_certificate_x509(certificate);
    return (X509_get_extension_flags(x509) & EXFLAG_KUSAGE) == 0 ||
           (X509_get_key_usage(x509) & KU_CRL_SIGN) != 0;
}

static bool signs_certificates(const struct vt_certificate *certificate)
{
    X509 *x509 = vt_certificate_x509(certificate);
    uint32_t flags = X509_get_extension_flags(x509);
    return (flags & EXFLAG_CA) != 0 &&
           ((flags & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage(x509) & KU_KEY_CERT_SIGN) != 0);
}

/* Two CAs may have one name, each with its own numbers and its own CRLs: another key that signs
 * certificates is another CA, unless the issuer certified it. */
static bool is_namesake(const struct vt_choosing *choosing, const struct vt_path *path)
{
    const struct vt_certificate *signer = path->items[0];
    if (!signs_certificates(signer) ||
        X509_NAME_cmp(X509_get_subject_name(vt_certificate_x509(signer)),
                      X509_get_subject_name(vt_certificate_x509(choosing->issuer))) != 0)
        return false;
    for (size_t i = 1; i < path->count; i++) {
        if (vt_certificate_is_same_entity(path->items[i], choosing->issuer))
            return false;
    }
    return true;
}

/* ---- the path of a signer and its status ---- */

static struct vt_revocation_memo *memo_of(struct vt_judgement *judgement)
{
    if (judgement->revocation_memo == NULL)
        judgement->revocation_memo =
            vt_arena_alloc(judgement->arena, sizeof(struct vt_revocation_memo));
    return judgement->revocation_memo;
}

/* The path of a signer, looked for once. *out NULL: there are too many. */
static enum vt_code find_path(struct signer_search *search, const struct vt_certificate *signer,
                              const struct vt_path **out)
{
    struct vt_judgement *judgement = search->choosing->judgement;
    struct vt_revocation_memo *memo = memo_of(judgement);
    *out = NULL;
    if (memo == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i < memo->count; i++) {
        if (memo->signers[i] == signer)
            *out = memo->paths[i];
    }
    if (*out != NULL || memo->count == VT_MAX_SIGNER_PATHS)
        return VT_OK;
    struct vt_path *path = vt_arena_alloc(judgement->arena, sizeof(*path));
    if (path == NULL)
        return VT_E_NOMEM;
    struct vt_path_request request = {.store = judgement->input->store,
                                      .target = signer,
                                      .others = &judgement->others,
                                      .at_utc_secs =
                                          vt_crl_list_crl(search->list)->this_update_utc_secs,
                                      .spent = vt_status_cache_spent(judgement->cache)};
    enum vt_code code = vt_path_find(&request, path, NULL);
    memo->signers[memo->count] = signer;
    memo->paths[memo->count++] = path;
    *out = path;
    return code;
}

static bool is_valid_at(const struct vt_path *path, int64_t at_utc_secs)
{
    for (size_t i = 0; i + 1 < path->count; i++) {
        if (!vt_certificate_is_valid_at(path->items[i], at_utc_secs))
            return false;
    }
    return true;
}

static const char *object_to_path(const struct signer_search *search, const struct vt_path *path)
{
    const struct vt_choosing *choosing = search->choosing;
    const struct vt_path *judged = choosing->path;
    if (path == NULL)
        return "there are too many signers of CRLs";
    if (!path->found)
        return "the certificate of the CRL's signer leads to no trusted root";
    if (path->problems_count > 0)
        return "the path of the CRL's signer is not valid";
    if (is_namesake(choosing, path))
        return "the CRL's signer is another CA of the same name";
    if (!vt_certificate_is_same_entity(path->items[path->count - 1],
                                       judged->items[judged->count - 1]))
        return "the CRL's signer has another trusted root than the certificate";
    if (!is_valid_at(path, vt_crl_list_crl(search->list)->this_update_utc_secs))
        return "a certificate of the path of the CRL's signer was not valid when it was signed";
    for (size_t i = 0; i < path->count; i++) {
        if (proves_itself(choosing, path->items[i]))
            return "the CRL's signer depends on the certificate that is asked about";
    }
    return NULL;
}

static void remember_missing(struct vt_choosing *choosing, const struct vt_certificate *certificate,
                             const struct vt_certificate *issuer)
{
    if (choosing->missing_count < VT_MAX_MISSING_SIGNERS)
        choosing->missing[choosing->missing_count++] = (struct vt_want_signer){certificate, issuer};
}

/* The status of one certificate that signs for another. */
static enum vt_code find_status(struct vt_choosing *choosing, const struct vt_path *path,
                                size_t index, bool crls_only, enum vt_status_value *out)
{
    struct vt_judgement *judgement = choosing->judgement;
    struct vt_revocation_memo *memo = memo_of(judgement);
    struct vt_status_choice choice = {0};
    *out = VT_STATUS_UNKNOWN;
    if (memo == NULL)
        return VT_E_NOMEM;
    if (choosing->depth >= VT_MAX_SIGNER_DEPTH || memo->statuses_count >= VT_MAX_SIGNER_STATUSES)
        return VT_OK;
    memo->statuses_count++;
    enum vt_code code = vt_revocation_find(judgement, path, index, choosing->at_utc_secs, crls_only,
                                           choosing, &choice);
    *out = choice.value;
    if (code == VT_OK && !vt_status_is_decided(choice.value))
        remember_missing(choosing, path->items[index], path->items[index + 1]);
    return code;
}

static enum vt_code object_to_statuses(struct signer_search *search, const struct vt_path *path,
                                       const char **out_why)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && *out_why == NULL && i + 1 < path->count; i++) {
        enum vt_status_value value = VT_STATUS_GOOD;
        if (!is_above(search->choosing, path->items[i]))
            code = find_status(search->choosing, path, i, false, &value);
        if (value == VT_STATUS_REVOKED || value == VT_STATUS_SUSPENDED)
            *out_why = "the CRL's signer, or a CA of its path, is revoked";
        else if (value != VT_STATUS_GOOD)
            *out_why = "the status of the CRL's signer is not known";
    }
    return code;
}

/* ---- the search ---- */

/* The signature verifies with this certificate's key; may it speak? */
static enum vt_code judge_signer(struct signer_search *search, const struct vt_certificate *signer)
{
    const struct vt_path *path = NULL;
    search->verifies = true;
    if (proves_itself(search->choosing, signer)) {
        search->why = "a CRL proves nothing about its own signer";
        return VT_OK;
    }
    if (!may_sign_crls(signer)) {
        search->why = "the certificate of the CRL's signer does not allow it to sign CRLs";
        return VT_OK;
    }
    if (is_above(search->choosing, signer)) {
        search->found = signer;
        return VT_OK;
    }
    enum vt_code code = find_path(search, signer, &path);
    if (code != VT_OK)
        return code;
    const char *why = object_to_path(search, path);
    if (why == NULL)
        code = object_to_statuses(search, path, &why);
    if (why != NULL)
        search->why = why;
    else if (code == VT_OK)
        search->found = signer;
    return code == VT_OK && why == NULL ? vt_judge_used_path(search->choosing->judgement, path)
                                        : code;
}

static enum vt_code try_candidate(struct signer_search *search,
                                  const struct vt_certificate *candidate)
{
    struct vt_judgement *judgement = search->choosing->judgement;
    if (search->found != NULL || search->verified >= VT_MAX_CRL_SIGNERS)
        return VT_OK;
    enum vt_code code = vt_status_cache_verify(judgement->cache, search->list, candidate, NULL);
    search->verified += code != VT_E_NOT_FOUND;
    if (code == VT_OK)
        return judge_signer(search, candidate);
    if (code != VT_E_NOT_FOUND)
        search->failure = code;
    return code == VT_E_NOMEM || code == VT_E_INTERNAL ? code : VT_OK;
}

static enum vt_code try_all(struct signer_search *search,
                            const struct vt_certificate *const *candidates, size_t count)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < count; i++)
        code = try_candidate(search, candidates[i]);
    return code;
}

/* Those of the path first, then those an administrator trusts, then those the mail brings. */
static enum vt_code try_everybody(struct signer_search *search)
{
    const struct vt_choosing *choosing = search->choosing;
    const struct vt_path *path = choosing->path;
    const struct vt_judgement *judgement = choosing->judgement;
    const struct vt_trust_store *store = judgement->input->store;
    const struct vt_certificate_list *anchors = &store->anchors[path->set];
    enum vt_code code =
        try_all(search, path->items + choosing->index + 1, path->count - choosing->index - 1);
    if (code == VT_OK)
        code = try_all(search, anchors->items, anchors->count);
    if (code == VT_OK)
        code = try_all(search, store->intermediates.items, store->intermediates.count);
    if (code == VT_OK)
        code = try_all(search, judgement->others.items, judgement->others.count);
    return code;
}

/* A list that was verified elsewhere brings its signer. */
static enum vt_code take_sealed(struct signer_search *search)
{
    const struct vt_certificate *signer = NULL;
    const struct vt_path *path = search->choosing->path;
    enum vt_code code = vt_certificate_add(search->choosing->judgement->input->pool,
                                           vt_crl_list_signer(search->list), &signer, NULL);
    if (code == VT_E_NOMEM || code == VT_E_INTERNAL)
        return code;
    if (code != VT_OK) {
        search->why = "the certificate of the CRL's signer is malformed";
        return VT_OK;
    }
    /* The same key in the certificate that is on the path needs no path of its own. */
    for (size_t i = search->choosing->index + 1; i < path->count; i++) {
        if (vt_certificate_is_same_entity(path->items[i], signer) && may_sign_crls(path->items[i]))
            return judge_signer(search, path->items[i]);
    }
    return judge_signer(search, signer);
}

static const char *why_none_verifies(const struct signer_search *search)
{
    if (search->why != NULL)
        return search->why;
    switch (search->failure) {
    case VT_OK:
        return "the certificate of the CRL's signer is not known here";
    case VT_E_LIMIT:
        return "the mail has more CRLs and keys than are tried";
    case VT_E_UNSUPPORTED:
        return "the signature algorithm of the CRL is unknown, broken, or not that of the key";
    default:
        return "the signature of the CRL does not verify with a key of its issuer that may sign "
               "CRLs";
    }
}

/* Why the signer of this list was not found before, or NULL. */
static const char *recall_unsigned(const struct vt_revocation_memo *memo,
                                   const struct signer_search *search)
{
    for (size_t i = 0; i < memo->unsigned_count; i++) {
        if (memo->unsigned_lists[i].list == search->list &&
            memo->unsigned_lists[i].set == search->choosing->path->set)
            return memo->unsigned_lists[i].why;
    }
    return NULL;
}

static void remember_unsigned(struct vt_revocation_memo *memo, const struct signer_search *search,
                              const char *why)
{
    if (memo->unsigned_count < VT_MAX_UNSIGNED_LISTS)
        memo->unsigned_lists[memo->unsigned_count++] =
            (struct vt_unsigned_list){search->list, search->choosing->path->set, why};
}

enum vt_code vt_revocation_find_signer(struct vt_choosing *choosing, const struct vt_crl_list *list,
                                       const struct vt_certificate **out, const char **out_why)
{
    struct signer_search search = {.choosing = choosing, .list = list};
    struct vt_revocation_memo *memo = memo_of(choosing->judgement);
    *out = NULL;
    if (memo == NULL)
        return VT_E_NOMEM;
    *out_why = recall_unsigned(memo, &search);
    if (*out_why != NULL)
        return VT_OK;
    enum vt_code code =
        vt_crl_list_signer(list).len > 0 ? take_sealed(&search) : try_everybody(&search);
    *out = search.found;
    *out_why = search.verifies ? search.why : why_none_verifies(&search);
    if (code == VT_OK && !search.verifies)
        remember_unsigned(memo, &search, *out_why);
    return code;
}

enum vt_code vt_revocation_find_responder(struct vt_choosing *choosing, struct vt_bytes responder,
                                          enum vt_status_value *out)
{
    const struct vt_certificate *certificate = NULL;
    const struct vt_path *judged = choosing->path;
    struct vt_path path = {.found = true, .set = judged->set};
    *out = VT_STATUS_UNKNOWN;
    enum vt_code code =
        vt_certificate_add(choosing->judgement->input->pool, responder, &certificate, NULL);
    if (code != VT_OK)
        return code == VT_E_NOMEM || code == VT_E_INTERNAL ? code : VT_OK;
    code = vt_judge_used_certificate(choosing->judgement, certificate);
    if (code != VT_OK)
        return code;
    path.items[path.count++] = certificate;
    for (size_t i = choosing->index + 1; i < judged->count; i++)
        path.items[path.count++] = judged->items[i];
    return find_status(choosing, &path, 0, true, out);
}
