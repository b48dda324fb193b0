/* SPDX-License-Identifier: Apache-2.0
 * Results of PKCS #11 calls (2.40, 5.1): their names, and what to do about them. */
#include <stdio.h>
#include <string.h>

#include "seal/pkcs11.h"

#define RESULT(name, fault)                                                                        \
    {                                                                                              \
        name, #name, fault                                                                         \
    }
static const struct {
    CK_RV value;
    const char *name;
    enum vt_seal_fault fault;
} results[] = {
    RESULT(CKR_OK, VT_FAULT_NONE),
    RESULT(CKR_PIN_INCORRECT, VT_FAULT_PIN),
    RESULT(CKR_PIN_INVALID, VT_FAULT_PIN),
    RESULT(CKR_PIN_LEN_RANGE, VT_FAULT_PIN),
    RESULT(CKR_PIN_EXPIRED, VT_FAULT_PIN),
    RESULT(CKR_PIN_LOCKED, VT_FAULT_PIN_LOCKED),
    RESULT(CKR_USER_PIN_NOT_INITIALIZED, VT_FAULT_TOKEN),
    /* Of a connection that has gone: all of these were seen or reported. */
    RESULT(CKR_GENERAL_ERROR, VT_FAULT_LOST),
    RESULT(CKR_DEVICE_ERROR, VT_FAULT_LOST),
    RESULT(CKR_DEVICE_MEMORY, VT_FAULT_LOST),
    RESULT(CKR_DEVICE_REMOVED, VT_FAULT_LOST),
    RESULT(CKR_TOKEN_NOT_PRESENT, VT_FAULT_LOST),
    RESULT(CKR_TOKEN_NOT_RECOGNIZED, VT_FAULT_LOST),
    RESULT(CKR_SESSION_HANDLE_INVALID, VT_FAULT_LOST),
    RESULT(CKR_SESSION_CLOSED, VT_FAULT_LOST),
    RESULT(CKR_SESSION_COUNT, VT_FAULT_LOST),
    RESULT(CKR_CRYPTOKI_NOT_INITIALIZED, VT_FAULT_LOST),
    RESULT(CKR_OBJECT_HANDLE_INVALID, VT_FAULT_LOST),
    RESULT(CKR_KEY_HANDLE_INVALID, VT_FAULT_LOST),
    RESULT(CKR_HOST_MEMORY, VT_FAULT_LOST),
    RESULT(CKR_FUNCTION_FAILED, VT_FAULT_LOST),
    RESULT(CKR_SLOT_ID_INVALID, VT_FAULT_LOST),
    RESULT(CKR_USER_NOT_LOGGED_IN, VT_FAULT_LOST),
    RESULT(CKR_OPERATION_ACTIVE, VT_FAULT_LOST),
    RESULT(CKR_OPERATION_NOT_INITIALIZED, VT_FAULT_LOST),
    /* Of the key and what it may do. */
    RESULT(CKR_MECHANISM_INVALID, VT_FAULT_KEY),
    RESULT(CKR_MECHANISM_PARAM_INVALID, VT_FAULT_KEY),
    RESULT(CKR_KEY_TYPE_INCONSISTENT, VT_FAULT_KEY),
    RESULT(CKR_KEY_FUNCTION_NOT_PERMITTED, VT_FAULT_KEY),
    RESULT(CKR_KEY_SIZE_RANGE, VT_FAULT_KEY),
    RESULT(CKR_ATTRIBUTE_TYPE_INVALID, VT_FAULT_KEY),
    RESULT(CKR_FUNCTION_NOT_SUPPORTED, VT_FAULT_KEY),
    RESULT(CKR_DATA_INVALID, VT_FAULT_REFUSED),
    RESULT(CKR_DATA_LEN_RANGE, VT_FAULT_REFUSED),
    RESULT(CKR_ARGUMENTS_BAD, VT_FAULT_REFUSED),
    RESULT(CKR_BUFFER_TOO_SMALL, VT_FAULT_REFUSED),
};

const char *vt_pkcs11_name(CK_RV result, char out[48])
{
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
        if (results[i].value == result) {
            (void)snprintf(out, 48, "%s", results[i].name);
            return out;
        }
    (void)snprintf(out, 48, "PKCS #11 result 0x%lx", result);
    return out;
}

enum vt_seal_fault vt_pkcs11_fault(CK_RV result)
{
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
        if (results[i].value == result)
            return results[i].fault;
    return VT_FAULT_LOST;
}

enum vt_seal_fault vt_pkcs11_failed(const char *call, CK_RV result, struct vt_err *err)
{
    char name[48];
    (void)vt_err_set(err, VT_E_NETWORK, "%s: %s", call, vt_pkcs11_name(result, name));
    return vt_pkcs11_fault(result);
}

char *vt_pkcs11_text(char *out, size_t out_bytes, const unsigned char *field, size_t len)
{
    size_t used = strnlen((const char *)field, len);
    while (used > 0 && field[used - 1] == ' ')
        used--;
    return vt_text_clean(out, out_bytes, vt_bytes_of(field, used));
}
