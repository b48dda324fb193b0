/* SPDX-License-Identifier: Apache-2.0
 * What the signer's certificate may be used for. Key usage and extended key usage are optional in
 * the regulation (legal.md R-41): an oddity is a warning, except a critical key usage, which RFC
 * 5280 4.2.1.3 makes binding. No extended key usage is demanded. */
#include <openssl/x509v3.h>

#include "trust/judge.h"

static bool is_critical(X509 *x509)
{
    int at = X509_get_ext_by_NID(x509, NID_key_usage, -1);
    return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(x509, at)) == 1;
}

/* Extended key usages that are all for answering as an authority: what such a key signs was asked
 * for by a stranger (RFC 5280 4.2.1.12: the key is for these purposes only). */
static bool is_for_authority_alone(X509 *x509)
{
    EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(x509, NID_ext_key_usage, NULL, NULL);
    int count = sk_ASN1_OBJECT_num(usage), found = 0;
    for (int i = 0; i < count; i++) {
        int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(usage, i));
        found += nid == NID_time_stamp || nid == NID_OCSP_sign;
    }
    EXTENDED_KEY_USAGE_free(usage);
    return count > 0 && found == count;
}

enum vt_code vt_judge_scope(struct vt_judgement *judgement)
{
    X509 *x509 = vt_certificate_x509(judgement->input->verified->signer);
    if (is_for_authority_alone(x509))
        return vt_judge_fail(judgement, VT_SUB_CHAIN_CONSTRAINTS_FAILURE, VT_REASON_CERT_SCOPE,
                             "The signer's certificate is for time stamping or OCSP responses "
                             "alone, not for signing documents.");
    if ((X509_get_extension_flags(x509) & EXFLAG_KUSAGE) == 0 ||
        (X509_get_key_usage(x509) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0)
        return VT_OK;
    return vt_judge_fail(judgement,
                         is_critical(x509) ? VT_SUB_CHAIN_CONSTRAINTS_FAILURE : VT_SUB_NONE,
                         VT_REASON_CERT_SCOPE,
                         "The key usage of the signer's certificate has neither digitalSignature "
                         "nor nonRepudiation.");
}
