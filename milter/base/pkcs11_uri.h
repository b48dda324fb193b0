/* SPDX-License-Identifier: Apache-2.0
 * Where a key is, as a PKCS #11 URI (RFC 7512): text only, nothing is looked up. */
#ifndef VANTHU_BASE_PKCS11_URI_H
#define VANTHU_BASE_PKCS11_URI_H

#include "vanthu/bytes.h"

/* Of one attribute, after decoding; labels of tokens have 32 bytes, those of objects any. */
#define VT_MAX_PKCS11_TEXT_BYTES 256
#define VT_MAX_PKCS11_ID_BYTES 64

/* What is "" was not given, and matches anything. */
struct vt_pkcs11_uri {
    char module[VT_MAX_PKCS11_TEXT_BYTES * 2]; /* module-path: absolute */
    char token[VT_MAX_PKCS11_TEXT_BYTES];
    char manufacturer[VT_MAX_PKCS11_TEXT_BYTES];
    char model[VT_MAX_PKCS11_TEXT_BYTES];
    char serial[VT_MAX_PKCS11_TEXT_BYTES];
    char object[VT_MAX_PKCS11_TEXT_BYTES];
    uint8_t id[VT_MAX_PKCS11_ID_BYTES];
    size_t id_len;
};

/* Everything a key needs has to be there: module-path, a token (label or serial) and an object or
 * id. VT_E_FORMAT, with what is wrong and what would be right: also for a PIN in the URI, which
 * everybody could read, and for slot numbers, which change. */
enum vt_code vt_pkcs11_uri_parse(const char *text, struct vt_pkcs11_uri *out,
                                 struct vt_err *err) VT_MUST_CHECK;

#endif
