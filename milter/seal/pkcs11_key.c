/* SPDX-License-Identifier: Apache-2.0
 * The private key of a URI on a token, and its public half. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "seal/pkcs11.h"

#define MAX_FOUND 16
#define MAX_VALUE_BYTES 1024

/* ---- attributes ---- */

static size_t read_bytes(const struct vt_pkcs11 *module, CK_OBJECT_HANDLE object,
                         CK_ATTRIBUTE_TYPE type, uint8_t *out, size_t room)
{
    CK_ATTRIBUTE wanted = {type, out, (CK_ULONG)room};
    CK_RV result = module->calls->C_GetAttributeValue(module->session, object, &wanted, 1);
    return result == CKR_OK && wanted.ulValueLen <= room ? (size_t)wanted.ulValueLen : 0;
}

static bool read_bool(const struct vt_pkcs11 *module, CK_OBJECT_HANDLE object,
                      CK_ATTRIBUTE_TYPE type, bool otherwise)
{
    uint8_t value = 0;
    return read_bytes(module, object, type, &value, sizeof(value)) == 1 ? value != 0 : otherwise;
}

static CK_ULONG read_number(const struct vt_pkcs11 *module, CK_OBJECT_HANDLE object,
                            CK_ATTRIBUTE_TYPE type)
{
    CK_ULONG value = 0;
    return read_bytes(module, object, type, (uint8_t *)&value, sizeof(value)) == sizeof(value)
               ? value
               : CK_UNAVAILABLE_INFORMATION;
}

/* ---- finding ---- */

/* label, id: empty: any. */
static CK_RV find(const struct vt_pkcs11 *module, CK_OBJECT_CLASS class, struct vt_bytes label,
                  struct vt_bytes id, CK_OBJECT_HANDLE *out, CK_ULONG *out_count)
{
    CK_ATTRIBUTE wanted[3] = {{CKA_CLASS, &class, sizeof(class)}};
    CK_ULONG count = 1;
    if (label.len > 0)
        wanted[count++] =
            (CK_ATTRIBUTE){CKA_LABEL, (void *)(uintptr_t)label.ptr, (CK_ULONG)label.len};
    if (id.len > 0)
        wanted[count++] = (CK_ATTRIBUTE){CKA_ID, (void *)(uintptr_t)id.ptr, (CK_ULONG)id.len};
    *out_count = 0;
    CK_RV result = module->calls->C_FindObjectsInit(module->session, wanted, count);
    if (result != CKR_OK)
        return result;
    result = module->calls->C_FindObjects(module->session, out, MAX_FOUND, out_count);
    (void)module->calls->C_FindObjectsFinal(module->session);
    return result;
}

/* What is there instead, so that a slip of the pen is seen. */
static enum vt_seal_fault tell_missing(const struct vt_pkcs11 *module, struct vt_err *err)
{
    CK_OBJECT_HANDLE found[MAX_FOUND];
    CK_ULONG count = 0;
    CK_RV result =
        find(module, CKO_PRIVATE_KEY, (struct vt_bytes){0}, (struct vt_bytes){0}, found, &count);
    if (result != CKR_OK)
        return vt_pkcs11_failed("C_FindObjects", result, err);
    (void)vt_err_set(err, VT_E_NOT_FOUND, "the token has no private key \"%.64s\"%s; there %s ",
                     module->uri.object, module->uri.id_len > 0 ? " with this id" : "",
                     count == 0 ? "is none at all" : "are:");
    for (CK_ULONG i = 0; i < count; i++) {
        uint8_t label[64], id[16];
        char shown[96], hex[2 * sizeof(id) + 1];
        size_t label_len = read_bytes(module, found[i], CKA_LABEL, label, sizeof(label));
        size_t id_len = read_bytes(module, found[i], CKA_ID, id, sizeof(id)),
               used = strlen(err->text);
        (void)snprintf(err->text + used, sizeof(err->text) - used, "%s\"%s\" (id %s)",
                       i == 0 ? "" : ", ",
                       vt_text_clean(shown, sizeof(shown), vt_bytes_of(label, label_len)),
                       vt_text_hex(hex, vt_bytes_of(id, id_len)));
    }
    return VT_FAULT_KEY;
}

static enum vt_seal_fault find_private(struct vt_pkcs11 *module, struct vt_err *err)
{
    CK_OBJECT_HANDLE found[MAX_FOUND];
    CK_ULONG count = 0;
    CK_RV result = find(module, CKO_PRIVATE_KEY, vt_bytes_str(module->uri.object),
                        vt_bytes_of(module->uri.id, module->uri.id_len), found, &count);
    if (result != CKR_OK)
        return vt_pkcs11_failed("C_FindObjects", result, err);
    if (count == 0)
        return tell_missing(module, err);
    if (count > 1) {
        (void)vt_err_set(err, VT_E_CONFIG,
                         "the token has %lu private keys \"%.64s\": name it by id=%%…, too", count,
                         module->uri.object);
        return VT_FAULT_KEY;
    }
    module->key = found[0];
    return VT_FAULT_NONE;
}

static enum vt_seal_fault check_use(const struct vt_pkcs11 *module, struct vt_err *err)
{
    bool wants_ec = module->config->scheme == VT_SEAL_ECDSA;
    CK_ULONG type = read_number(module, module->key, CKA_KEY_TYPE);
    if (type != CK_UNAVAILABLE_INFORMATION && type != (wants_ec ? CKK_EC : CKK_RSA))
        (void)vt_err_set(err, VT_E_CONFIG, "the key on the token cannot sign by scheme: %s",
                         vt_seal_scheme_name(module->config->scheme));
    else if (!read_bool(module, module->key, CKA_SIGN, true))
        (void)vt_err_set(err, VT_E_CONFIG, "the key on the token may not sign (CKA_SIGN)");
    else if (read_bool(module, module->key, CKA_ALWAYS_AUTHENTICATE, false))
        (void)vt_err_set(err, VT_E_CONFIG,
                         "the key on the token wants its PIN before each signature "
                         "(CKA_ALWAYS_AUTHENTICATE): that is for a person, not for a service");
    else
        return VT_FAULT_NONE;
    return VT_FAULT_KEY;
}

/* ---- the public half ---- */

static EVP_PKEY *make_key(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (parameters == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return key;
}

static EVP_PKEY *read_rsa(const struct vt_pkcs11 *module, CK_OBJECT_HANDLE object)
{
    uint8_t modulus[MAX_VALUE_BYTES], exponent[16];
    size_t modulus_len = read_bytes(module, object, CKA_MODULUS, modulus, sizeof(modulus));
    size_t exponent_len =
        read_bytes(module, object, CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent));
    if (modulus_len == 0 || exponent_len == 0)
        return NULL;
    EVP_PKEY *key = NULL;
    BIGNUM *n = BN_bin2bn(modulus, (int)modulus_len, NULL);
    BIGNUM *e = BN_bin2bn(exponent, (int)exponent_len, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (n != NULL && e != NULL && build != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        key = make_key("RSA", build);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return key;
}

/* NULL: it is no point of the curve. */
static EVP_PKEY *make_ec(const char *curve, struct vt_bytes point)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (point.len > 0 && build != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.ptr, point.len) == 1)
        key = make_key("EC", build);
    OSSL_PARAM_BLD_free(build);
    return key;
}

/* CKA_EC_PARAMS is the curve as an OBJECT IDENTIFIER, CKA_EC_POINT an OCTET STRING with the point;
 * some tokens give the point bare, which begins with the tag of an OCTET STRING, too, and may hold
 * another point at the length that stands there. */
static EVP_PKEY *read_ec(const struct vt_pkcs11 *module, CK_OBJECT_HANDLE object)
{
    uint8_t curve[64], point[MAX_VALUE_BYTES];
    size_t curve_len = read_bytes(module, object, CKA_EC_PARAMS, curve, sizeof(curve));
    size_t point_len = read_bytes(module, object, CKA_EC_POINT, point, sizeof(point));
    const uint8_t *at = curve, *bare = point;
    ASN1_OBJECT *oid = d2i_ASN1_OBJECT(NULL, &at, (long)curve_len);
    ASN1_OCTET_STRING *wrapped = d2i_ASN1_OCTET_STRING(NULL, &bare, (long)point_len);
    EVP_PKEY *key = NULL;
    const char *name = oid == NULL ? NULL : OBJ_nid2sn(OBJ_obj2nid(oid));
    if (name != NULL && wrapped != NULL && bare == point + point_len)
        key = make_ec(
            name, vt_bytes_of(ASN1_STRING_get0_data(wrapped), (size_t)ASN1_STRING_length(wrapped)));
    if (name != NULL && key == NULL)
        key = make_ec(name, vt_bytes_of(point, point_len));
    ASN1_OBJECT_free(oid);
    ASN1_OCTET_STRING_free(wrapped);
    return key;
}

static void keep(EVP_PKEY *key, struct vt_seal_token *out)
{
    uint8_t *at = out->public_key;
    int len = key == NULL ? 0 : i2d_PUBKEY(key, NULL);
    if (len > 0 && (size_t)len <= sizeof(out->public_key))
        out->public_key_len = (size_t)i2d_PUBKEY(key, &at);
}

/* The public object with the id of the private one, or with its label. It is a convenience: that
 * the key is the certificate's is proven by each signature. */
static void read_public(const struct vt_pkcs11 *module, struct vt_seal_token *out)
{
    CK_OBJECT_HANDLE found[MAX_FOUND];
    CK_ULONG count = 0;
    uint8_t id[VT_MAX_PKCS11_ID_BYTES];
    size_t id_len = read_bytes(module, module->key, CKA_ID, id, sizeof(id));
    struct vt_bytes label = vt_bytes_str(id_len > 0 ? NULL : module->uri.object);
    bool is_ec = module->config->scheme == VT_SEAL_ECDSA;
    if (find(module, CKO_PUBLIC_KEY, label, vt_bytes_of(id, id_len), found, &count) != CKR_OK ||
        count != 1)
        found[0] = module->key; /* an RSA private key has its modulus, too */
    EVP_PKEY *key = is_ec ? read_ec(module, found[0]) : read_rsa(module, found[0]);
    keep(key, out);
    EVP_PKEY_free(key);
    ERR_clear_error();
}

enum vt_seal_fault vt_pkcs11_find_key(struct vt_pkcs11 *module, struct vt_seal_token *out,
                                      struct vt_err *err)
{
    enum vt_seal_fault fault = find_private(module, err);
    if (fault == VT_FAULT_NONE)
        fault = check_use(module, err);
    if (fault == VT_FAULT_NONE) {
        out->is_exportable = read_bool(module, module->key, CKA_EXTRACTABLE, false);
        read_public(module, out);
    }
    return fault;
}
