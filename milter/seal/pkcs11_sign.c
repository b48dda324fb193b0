/* SPDX-License-Identifier: Apache-2.0
 * One signature: the plain mechanism over our own digest, which nearly every token has; where that
 * is refused (FIPS modes) the one that makes the digest there (PKCS #11 2.40, 2.1.6 to 2.1.12,
 * 2.3.1). */
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>

#include "seal/hash.h"
#include "seal/pkcs11.h"

#define MAX_DIGEST_INFO_BYTES 20

/* DER of DigestInfo before the digest (RFC 8017 9.2, note 1). */
static const struct {
    uint8_t bytes[MAX_DIGEST_INFO_BYTES];
    size_t len;
} digest_infos[VT_SEAL_HASHES] = {
    [VT_SEAL_SHA256] = {{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
                         0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20},
                        19},
    [VT_SEAL_SHA384] = {{0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
                         0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30},
                        19},
    [VT_SEAL_SHA512] = {{0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
                         0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40},
                        19},
};

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
    uint8_t input[MAX_DIGEST_INFO_BYTES + VT_SEAL_MAX_DIGEST_BYTES];
    struct vt_bytes data;
};

static void prepare(struct call *call, enum vt_seal_scheme scheme, enum vt_seal_hash hash,
                    struct vt_bytes data, bool hashes_there)
{
    size_t prefix = scheme == VT_SEAL_RSA_PKCS1 ? digest_infos[hash].len : 0;
    memcpy(call->input, digest_infos[hash].bytes, prefix);
    size_t len = prefix + vt_seal_digest(hash, data, call->input + prefix);
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

/* r and s, each half of it, as SEQUENCE { INTEGER, INTEGER } (RFC 3279 2.2.3). */
static enum vt_seal_fault add_ecdsa(const uint8_t *raw, size_t len, struct vt_buf *out,
                                    struct vt_err *err)
{
    enum vt_seal_fault fault = VT_FAULT_REFUSED;
    uint8_t *der = NULL;
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, (int)(len / 2), NULL),
           *s = BN_bin2bn(raw + len / 2, (int)(len / 2), NULL);
    if (signature != NULL && r != NULL && s != NULL && len % 2 == 0 &&
        ECDSA_SIG_set0(signature, r, s) == 1) {
        r = s = NULL;
        int der_len = i2d_ECDSA_SIG(signature, &der);
        if (der_len > 0 && vt_buf_add(out, der, (size_t)der_len) == VT_OK)
            fault = VT_FAULT_NONE;
    }
    if (fault != VT_FAULT_NONE)
        (void)vt_err_set(err, VT_E_FORMAT, "the HSM gave no ECDSA signature");
    OPENSSL_free(der);
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(signature);
    ERR_clear_error();
    return fault;
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
    if (scheme == VT_SEAL_ECDSA)
        return add_ecdsa(value, len, out, err);
    if (vt_buf_add(out, value, len) == VT_OK)
        return VT_FAULT_NONE;
    (void)vt_err_set(err, VT_E_NOMEM, "no memory for a signature");
    return VT_FAULT_LOST;
}
