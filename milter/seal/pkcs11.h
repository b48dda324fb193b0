/* SPDX-License-Identifier: Apache-2.0
 * The PKCS #11 back end inside: token and login (pkcs11.c), key (pkcs11_key.c), mechanisms
 * (pkcs11_sign.c), words (pkcs11_words.c). Written against PKCS #11 2.40, which every HSM has. */
#ifndef VANTHU_SEAL_PKCS11_H
#define VANTHU_SEAL_PKCS11_H

#include <p11-kit/pkcs11.h>

#include "base/pkcs11_uri.h"
#include "seal/backend.h"

/* A module in use: initialised, logged in, with its key. */
struct vt_pkcs11 {
    CK_FUNCTION_LIST *calls;
    const struct vt_seal_key *config;
    struct vt_pkcs11_uri uri;
    CK_SLOT_ID slot;
    CK_TOKEN_INFO info;
    CK_SESSION_HANDLE session; /* that of the login; threads have their own */
    CK_OBJECT_HANDLE key;
};

struct vt_pkcs11_session {
    struct vt_pkcs11 *module;
    CK_SESSION_HANDLE handle;
    bool hashes_there; /* the token refused the plain mechanism and makes the digest itself */
};

/* ---- pkcs11_words.c ---- */

/* "CKR_PIN_INCORRECT"; an unknown one as a number in out. Returns out. */
const char *vt_pkcs11_name(CK_RV result, char out[48]);
/* What a result means for the connection. */
enum vt_seal_fault vt_pkcs11_fault(CK_RV result);
/* "<call>: CKR_…" into err; returns the fault. */
enum vt_seal_fault vt_pkcs11_failed(const char *call, CK_RV result, struct vt_err *err);
/* A field of fixed length that is filled up with spaces, clean. Returns out. */
char *vt_pkcs11_text(char *out, size_t out_bytes, const unsigned char *field, size_t len);

/* ---- pkcs11_key.c ---- */

/* Find the private key of the URI and look whether it can sign so; then its public half, if the
 * token shows it. */
enum vt_seal_fault vt_pkcs11_find_key(struct vt_pkcs11 *module, struct vt_seal_token *out,
                                      struct vt_err *err);

/* ---- pkcs11_sign.c ---- */

enum vt_seal_fault vt_pkcs11_sign(void *session, enum vt_seal_scheme scheme, enum vt_seal_hash hash,
                                  struct vt_bytes data, struct vt_buf *out, struct vt_err *err);

#endif
