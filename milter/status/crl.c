/* SPDX-License-Identifier: Apache-2.0
 * The signature of a CRL, and what it says about one certificate (RFC 5280 5.3, 6.3.3 (f) to (j)).
 */
#include <string.h>

#include "status/crl_object.h"
#include "status/signature.h"

#define WITHOUT_NEXT_UPDATE_SECS (24 * 3600)

enum vt_code vt_crl_verify(const struct vt_crl *crl, const struct vt_certificate *issuer,
                           struct vt_err *err)
{
    X509 *x509 = vt_certificate_x509(issuer);
    const unsigned char *subject = NULL;
    size_t subject_len = 0;
    if (X509_NAME_get0_der(X509_get_subject_name(x509), &subject, &subject_len) != 1 ||
        !vt_crl_is_same_name(crl->issuer, vt_bytes_of(subject, subject_len))) {
        return vt_err_set(err, VT_E_NOT_FOUND, "the CRL is that of another issuer");
    }
    if ((X509_get_extension_flags(x509) & EXFLAG_KUSAGE) != 0 &&
        (X509_get_key_usage(x509) & KU_CRL_SIGN) == 0) {
        return vt_err_set(err, VT_E_FORMAT,
                          "the issuer's certificate does not allow it to sign CRLs");
    }
    return vt_status_verify_signature(crl->tbs, crl->algorithm, crl->signature, x509, err);
}

const char *vt_crl_reason_name(int reason)
{
    /* RFC 5280 5.3.1 */
    static const char *const names[] = {
        "unspecified",   "keyCompromise",        "cACompromise",    "affiliationChanged",
        "superseded",    "cessationOfOperation", "certificateHold", NULL,
        "removeFromCRL", "privilegeWithdrawn",   "aACompromise"};
    return reason >= 0 && reason < (int)(sizeof(names) / sizeof(names[0])) ? names[reason] : NULL;
}

int64_t vt_status_until_utc_secs(int64_t this_update_utc_secs, int64_t next_update_utc_secs)
{
    return next_update_utc_secs != VT_TIME_NONE ? next_update_utc_secs
                                                : this_update_utc_secs + WITHOUT_NEXT_UPDATE_SECS;
}

enum vt_code vt_status_fact_begin(struct vt_arena *arena, const struct vt_certificate *certificate,
                                  const struct vt_certificate *issuer, struct vt_bytes data,
                                  const char *source, const char *origin,
                                  struct vt_status_fact *out, struct vt_err *err)
{
    *out = (struct vt_status_fact){.source = source,
                                   .this_update_utc_secs = VT_TIME_NONE,
                                   .next_update_utc_secs = VT_TIME_NONE,
                                   .revoked_at_utc_secs = VT_TIME_NONE,
                                   .invalid_since_utc_secs = VT_TIME_NONE,
                                   .produced_at_utc_secs = VT_TIME_NONE,
                                   .keeps_expired_since_utc_secs = VT_TIME_NONE};
    enum vt_code code =
        vt_verify_sha256(vt_certificate_public_key_der(issuer), out->issuer_key_sha256);
    if (code == VT_OK && data.len > 0) {
        code = vt_verify_sha256(data, out->data_sha256);
    }
    if (code != VT_OK) {
        return vt_err_set(err, code, "the digest of revocation data cannot be computed");
    }
    out->serial = vt_arena_str(arena, vt_certificate_facts(certificate)->serial);
    out->origin = vt_arena_str(arena, origin);
    if (out->serial == NULL || (origin != NULL && out->origin == NULL)) {
        return vt_err_set(err, VT_E_NOMEM, "out of memory for a status");
    }
    return VT_OK;
}

static enum vt_status_value value_of(const struct vt_crl_entry *entry)
{
    if (!entry->found || entry->reason == VT_CRL_REASON_REMOVE)
        return VT_STATUS_GOOD;
    return entry->reason == VT_CRL_REASON_HOLD ? VT_STATUS_SUSPENDED : VT_STATUS_REVOKED;
}

enum vt_code vt_crl_list_fact_of(struct vt_arena *arena, const struct vt_crl_list *list,
                                 const struct vt_crl_entry *entry,
                                 const struct vt_certificate *certificate,
                                 const struct vt_certificate *issuer, struct vt_status_fact *out,
                                 struct vt_err *err)
{
    const struct vt_crl *crl = &list->crl;
    if (crl->unknown_critical)
        return vt_err_set(err, VT_E_UNSUPPORTED,
                          "the CRL has a critical extension that is not known");
    if (entry->unreadable)
        return vt_err_set(err, VT_E_UNSUPPORTED,
                          "the CRL is an indirect one of more than %d issuers, which is not "
                          "supported",
                          VT_MAX_CRL_ISSUERS);
    enum vt_code code = vt_status_fact_begin(arena, certificate, issuer, (struct vt_bytes){0},
                                             "crl", list->origin, out, err);
    if (code != VT_OK)
        return code;
    memcpy(out->data_sha256, list->data_sha256, sizeof(out->data_sha256));
    out->from = list->from;
    out->value = value_of(entry);
    out->this_update_utc_secs = crl->this_update_utc_secs;
    out->next_update_utc_secs = crl->next_update_utc_secs;
    out->keeps_expired_since_utc_secs = crl->keeps_expired_since_utc_secs;
    if (out->value != VT_STATUS_GOOD) {
        out->revoked_at_utc_secs = entry->revoked_at_utc_secs;
        out->invalid_since_utc_secs = entry->invalid_since_utc_secs;
        out->revocation_reason = vt_crl_reason_name(entry->reason);
    }
    return VT_OK;
}

/* The list is complete by itself and that of this issuer. */
static enum vt_code check_complete(const struct vt_crl_list *list, unsigned reasons,
                                   const struct vt_crl_entry *entry, struct vt_err *err)
{
    if (list->point != NULL && list->point->indirectCRL > 0)
        return vt_err_set(err, VT_E_UNSUPPORTED, "the CRL is an indirect one");
    bool partial = list->crl.is_delta || reasons != VT_CRL_ALL_REASONS;
    if (partial && value_of(entry) == VT_STATUS_GOOD)
        return vt_err_set(err, VT_E_UNSUPPORTED,
                          "it is a delta CRL or one for some reasons only, and not being listed "
                          "there proves nothing");
    return VT_OK;
}

enum vt_code vt_crl_list_fact(struct vt_arena *arena, const struct vt_crl_list *list,
                              const struct vt_certificate *certificate,
                              const struct vt_certificate *issuer, struct vt_status_fact *out,
                              struct vt_err *err)
{
    char key[65];
    const char *why = NULL;
    struct vt_crl_entry entry;
    X509 *x509 = vt_certificate_x509(issuer);
    unsigned reasons = vt_crl_list_scope(list, certificate, &why);
    if (reasons == 0)
        return vt_err_set(err, VT_E_NOT_FOUND, "%s",
                          why != NULL ? why : "the CRL is about other certificates");
    enum vt_code code = vt_verify_sha256(vt_certificate_public_key_der(issuer), key);
    if (code != VT_OK)
        return vt_err_set(err, code, "the digest of a key cannot be computed");
    if (X509_NAME_cmp(list->issuer, X509_get_subject_name(x509)) != 0 ||
        (list->signer.len > 0 && strcmp(list->signer_key_sha256, key) != 0))
        return vt_err_set(err, VT_E_UNSUPPORTED,
                          "the CRL is not signed with the key that issued the certificate");
    struct vt_bytes name = vt_crl_list_issuer_of(certificate);
    vt_crl_list_find(list, name, vt_certificate_serial(certificate), &entry);
    code = check_complete(list, reasons, &entry, err);
    return code == VT_OK ? vt_crl_list_fact_of(arena, list, &entry, certificate, issuer, out, err)
                         : code;
}

struct vt_bytes vt_crl_list_issuer_of(const struct vt_certificate *certificate)
{
    const unsigned char *der = NULL;
    size_t len = 0;
    X509_NAME *name = X509_get_issuer_name(vt_certificate_x509(certificate));
    return X509_NAME_get0_der(name, &der, &len) == 1 ? vt_bytes_of(der, len) : (struct vt_bytes){0};
}
