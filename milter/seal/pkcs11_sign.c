/* SPDX-License-Identifier: Apache-2.0
 * One signature: the plain mechanism over our own digest, which nearly every token has; where that
 * is refused (FIPS modes) the one that makes the digest there (PKCS #11 2.40, 2.1.6 to 2.1.12,
 * 2.3.1). */
#include <string.h>

#include "seal/hash.h"
#include "seal/pkcs11.h"

static const struct {
    CK_MECHANISM_TYPE hash, pkcs1, pss, ecdsa;
    CK_RSA_PKCS_MGF_TYPE mgf;
} with_hash[VT_SEAL_HASHES] = {
    [VT_SEAL_SHA256] = {CKM_SHA256, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS, CKM_ECDSA_SHA256,
                        CKG_MGF1_SHA256},
    [VT_SEAL_SHA384] = {CKM_SHA384, CKM_SHA384_RSA_PKCS, CKM_SHA384_RSA_PKCS_PSS, CKM_ECDSA_SHA384,
                        CKG_MGF1_SHA384},
    [VT_SEAL_SHA512] = {CKM_SHA512, CKM_SHA512_RSA_PKCS, CKM_SHA512_RSA_PKCS_PSS, CKM_ECDSA_SHA512,
                        CKG_MGF1_SHA512},
};

/* What one call gets: mechanism, parameters and the bytes that are handed over. */
struct call {
    CK_MECHANISM mechanism;
    CK_RSA_PKCS_PSS_PARAMS pss;
    uint8_t input[VT_SEAL_MAX_DIGEST_INFO_BYTES];
    struct vt_bytes data;
};

static void prepare(struct call *call, enum vt_seal_scheme scheme, enum vt_seal_hash hash,
                    struct vt_bytes data, bool hashes_there)
{
    size_t len = scheme == VT_SEAL_RSA_PKCS1 ? vt_seal_digest_info(hash, data, call->input)
                                             : vt_seal_digest(hash, data, call->input);
    call->data = hashes_there ? data : vt_bytes_of(call->input, len);
    call->mechanism = (CK_MECHANISM){.mechanism = CKM_RSA_PKCS};
    if (scheme == VT_SEAL_RSA_PKCS1 && hashes_there)
        call->mechanism.mechanism = with_hash[hash].pkcs1;
    if (scheme == VT_SEAL_ECDSA)
        call->mechanism.mechanism = hashes_there ? with_hash[hash].ecdsa : CKM_ECDSA;
    if (scheme != VT_SEAL_RSA_PSS)
        return;
    call->pss = (CK_RSA_PKCS_PSS_PARAMS){.hashAlg = with_hash[hash].hash,
                                         .mgf = with_hash[hash].mgf,
                                         .sLen = (CK_ULONG)vt_seal_digest_bytes(hash)};
    call->mechanism =
        (CK_MECHANISM){.mechanism = hashes_there ? with_hash[hash].pss : CKM_RSA_PKCS_PSS,
                       .pParameter = &call->pss,
                       .ulParameterLen = sizeof(call->pss)};
}

static CK_RV sign(const struct vt_pkcs11_session *session, struct call *call, uint8_t *out,
                  CK_ULONG *out_len)
{
    const CK_FUNCTION_LIST *calls = session->module->calls;
    CK_RV result = calls->C_SignInit(session->handle, &call->mechanism, session->module->key);
    if (result == CKR_OK)
        result = calls->C_Sign(session->handle, (CK_BYTE_PTR)(uintptr_t)call->data.ptr,
                               (CK_ULONG)call->data.len, out, out_len);
    return result;
}

static bool may_hash_there(CK_RV result)
{
    return result == CKR_MECHANISM_INVALID || result == CKR_MECHANISM_PARAM_INVALID ||
           result == CKR_KEY_FUNCTION_NOT_PERMITTED;
}

enum vt_seal_fault vt_pkcs11_sign(void *context, enum vt_seal_scheme scheme, enum vt_seal_hash hash,
                                  struct vt_bytes data, struct vt_buf *out, struct vt_err *err)
{
    struct vt_pkcs11_session *session = context;
    struct call call;
    uint8_t value[VT_MAX_SEAL_SIGNATURE_BYTES];
    CK_ULONG len = sizeof(value);
    prepare(&call, scheme, hash, data, session->hashes_there);
    CK_RV result = sign(session, &call, value, &len);
    if (!session->hashes_there && may_hash_there(result)) {
        len = sizeof(value);
        prepare(&call, scheme, hash, data, true);
        result = sign(session, &call, value, &len);
        session->hashes_there = result == CKR_OK;
    }
    if (result != CKR_OK)
        return vt_pkcs11_failed("C_Sign", result, err);
    if (len > sizeof(value)) {
        (void)vt_err_set(err, VT_E_FORMAT, "the HSM gave a signature of %lu bytes", len);
        return VT_FAULT_REFUSED;
    }
    if (scheme == VT_SEAL_ECDSA) {
        if (vt_seal_add_raw_ecdsa(vt_bytes_of(value, len), out))
            return VT_FAULT_NONE;
        (void)vt_err_set(err, VT_E_FORMAT, "the HSM gave no ECDSA signature");
        return VT_FAULT_REFUSED;
    }
    if (vt_buf_add(out, value, len) == VT_OK)
        return VT_FAULT_NONE;
    (void)vt_err_set(err, VT_E_NOMEM, "no memory for a signature");
    return VT_FAULT_LOST;
}
