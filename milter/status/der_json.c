/* SPDX-License-Identifier: Apache-2.0
 * DER as base64. */
#include "status/der_json.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "vanthu/limits.h"

json_t *vt_der_to_json(struct vt_bytes der)
{
    json_t *value = NULL;
    if (der.len > VT_MAX_CERTIFICATE_BYTES)
        return NULL;
    unsigned char *text = malloc(4 * ((der.len + 2) / 3) + 1);
    if (text != NULL) {
        int len = EVP_EncodeBlock(text, der.ptr, (int)der.len);
        value = json_stringn((const char *)text, (size_t)len);
    }
    free(text);
    return value;
}

enum vt_code vt_der_from_json(struct vt_arena *arena, const json_t *value, struct vt_bytes *out,
                              struct vt_err *err)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    if (text == NULL || len > 2 * VT_MAX_CERTIFICATE_BYTES)
        return vt_err_set(err, VT_E_FORMAT, "JSON: a certificate in base64 is expected");
    enum vt_code code = vt_base64_decode(arena, vt_bytes_of(text, len), out);
    return code == VT_OK ? VT_OK : vt_err_set(err, code, "JSON: a certificate is not valid base64");
}
