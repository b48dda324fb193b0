/* SPDX-License-Identifier: Apache-2.0
 * What the signer's certificate may be used for. Key usage and extended key usage are optional in
 * the regulation (legal.md R-41): an oddity is a warning, except a critical key usage, which RFC
 * 5280 4.2.1.3 makes binding. No extended key usage is demanded: real leaves have clientAuth,
 * emailProtection and smart card logon, and none for documents. */
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "trust/judge.h"

static bool is_critical(X509 *x509)
{
    int at = X509_get_ext_by_NID(x509, NID_key_usage, -1);
    return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(x509, at)) == 1;
}

enum extended_usage {
    USAGE_NONE,      /* no extension: any */
    USAGE_FITS,      /* one that documents or mails are signed with */
    USAGE_STRANGE,   /* only others, or unreadable */
    USAGE_AUTHORITY, /* only time stamping and OCSP */
};

/* That a person or agency signs with. */
static bool is_fitting(const ASN1_OBJECT *purpose)
{
    static const char *const others[] = {
        "1.3.6.1.5.5.7.3.36",      /* document signing (RFC 9336) */
        "1.3.6.1.4.1.311.10.3.12", /* document signing of Microsoft */
        "1.2.840.113583.1.1.5",    /* authentic documents of Adobe */
    };
    char text[64];
    int nid = OBJ_obj2nid(purpose);
    if (nid == NID_anyExtendedKeyUsage || nid == NID_email_protect || nid == NID_client_auth ||
        nid == NID_ms_smartcard_login)
        return true;
    int len = OBJ_obj2txt(text, sizeof(text), purpose, 1);
    for (size_t i = 0; len > 0 && i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(text, others[i]) == 0)
            return true;
    }
    return false;
}

/* RFC 5280 4.2.1.12. */
static enum extended_usage extended_usage_of(X509 *x509)
{
    int critical = 0, authority = 0;
    enum extended_usage found = USAGE_STRANGE;
    EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(x509, NID_ext_key_usage, &critical, NULL);
    ERR_clear_error();
    if (usage == NULL)
        return critical == -1 ? USAGE_NONE : USAGE_STRANGE;
    int count = sk_ASN1_OBJECT_num(usage);
    for (int i = 0; i < count; i++) {
        const ASN1_OBJECT *purpose = sk_ASN1_OBJECT_value(usage, i);
        int nid = OBJ_obj2nid(purpose);
        authority += nid == NID_time_stamp || nid == NID_OCSP_sign;
        if (is_fitting(purpose))
            found = USAGE_FITS;
    }
    EXTENDED_KEY_USAGE_free(usage);
    return count > 0 && authority == count ? USAGE_AUTHORITY : found;
}

enum vt_code vt_judge_scope(struct vt_judgement *judgement)
{
    X509 *x509 = vt_certificate_x509(judgement->input->verified->signer);
    enum extended_usage usage = extended_usage_of(x509);
    const struct vt_certificate_facts *facts =
        vt_certificate_facts(judgement->input->verified->signer);
    if (judgement->input->is_certificate && (facts->is_ca || usage == USAGE_AUTHORITY))
        return VT_OK;
    /* What such a key signs was asked for by a stranger. */
    if (usage == USAGE_AUTHORITY)
        return vt_judge_fail(judgement, VT_SUB_CHAIN_CONSTRAINTS_FAILURE, VT_REASON_CERT_SCOPE,
                             "The signer's certificate is for time stamping or OCSP responses "
                             "alone, not for signing documents.");
    if (usage == USAGE_STRANGE &&
        vt_judge_note(judgement,
                      "The extended key usage of the signer's certificate has none of those that "
                      "documents and mails are signed with.") != VT_OK)
        return VT_E_NOMEM;
    if ((X509_get_extension_flags(x509) & EXFLAG_KUSAGE) == 0 ||
        (X509_get_key_usage(x509) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0)
        return VT_OK;
    return vt_judge_fail(judgement,
                         is_critical(x509) ? VT_SUB_CHAIN_CONSTRAINTS_FAILURE : VT_SUB_NONE,
                         VT_REASON_CERT_SCOPE,
                         "The key usage of the signer's certificate has neither digitalSignature "
                         "nor nonRepudiation.");
}
