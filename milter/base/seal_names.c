/* SPDX-License-Identifier: Apache-2.0
 * The words of vanthu/seal.h: they stand in configuration, records and messages. */
#include "vanthu/seal.h"

const char *vt_seal_scheme_name(enum vt_seal_scheme scheme)
{
    static const char *const names[VT_SEAL_SCHEMES] = {[VT_SEAL_RSA_PKCS1] = "rsa-pkcs1",
                                                       [VT_SEAL_RSA_PSS] = "rsa-pss",
                                                       [VT_SEAL_ECDSA] = "ecdsa"};
    return (unsigned)scheme < VT_SEAL_SCHEMES ? names[scheme] : "unknown";
}

const char *vt_seal_hash_name(enum vt_seal_hash hash)
{
    static const char *const names[VT_SEAL_HASHES] = {
        [VT_SEAL_SHA256] = "sha256", [VT_SEAL_SHA384] = "sha384", [VT_SEAL_SHA512] = "sha512"};
    return (unsigned)hash < VT_SEAL_HASHES ? names[hash] : "unknown";
}

const char *vt_seal_purpose_name(enum vt_seal_purpose purpose)
{
    static const char *const names[VT_SEAL_PURPOSES] = {[VT_SEAL_FOR_MESSAGE] = "message",
                                                        [VT_SEAL_FOR_DOCUMENT] = "document",
                                                        [VT_SEAL_FOR_NOTICE] = "notice",
                                                        [VT_SEAL_FOR_PROBE] = "probe"};
    return (unsigned)purpose < VT_SEAL_PURPOSES ? names[purpose] : "unknown";
}

const char *vt_seal_failure_name(enum vt_seal_failure failure)
{
    static const char *const names[VT_SEAL_DONE + 1] = {[VT_SEAL_UNAVAILABLE] = "unavailable",
                                                        [VT_SEAL_STOPPED] = "stopped",
                                                        [VT_SEAL_NOT_AUTHORISED] = "not-authorised",
                                                        [VT_SEAL_QUOTA] = "quota",
                                                        [VT_SEAL_CREDENTIAL] = "credential",
                                                        [VT_SEAL_CERTIFICATE] = "certificate",
                                                        [VT_SEAL_MISUSE] = "misuse",
                                                        [VT_SEAL_DONE] = "done"};
    return (unsigned)failure <= VT_SEAL_DONE ? names[failure] : "unknown";
}
