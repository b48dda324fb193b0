/* SPDX-License-Identifier: Apache-2.0
 * HTTPS to a service that signs: TLS 1.2 or later with a CA or a key that the configuration names,
 * no redirects, no proxy, counted bytes, deadlines, connections kept alive. Whatever libcurl and
 * jansson release is wiped, because passwords and tokens go through both. */
#ifndef VANTHU_SEAL_REST_H
#define VANTHU_SEAL_REST_H

#include <curl/curl.h>
#include <jansson.h>
#include <openssl/evp.h>

#include "base/rest_uri.h"
#include "seal/backend.h"
#include "seal/login.h"

/* Answers with a certificate chain have a few kilobytes. */
#define VT_MAX_REST_ANSWER_BYTES (256u * 1024)
#define VT_MAX_REST_URL_BYTES 1024

/* What is read before the sandbox closes. */
struct vt_rest_module {
    struct vt_rest_uri uri;
    struct vt_bytes ca; /* PEM; empty: none */
};
/* load of every such back end (backend.h). */
enum vt_code vt_rest_load(const struct vt_seal_key *key, void **out_module, struct vt_err *err);
/* Whether tls-ca can be read and holds certificates, if there is one. VT_E_CONFIG, VT_E_NOMEM. */
enum vt_code vt_rest_check_ca(const struct vt_seal_key *key, struct vt_err *err) VT_MUST_CHECK;

/* One connection with what it is made with; for one thread. */
struct vt_rest {
    CURL *easy;
    const struct vt_rest_module *module;
    const struct vt_seal_key *key;
};
/* A connection that is not made yet. VT_FAULT_LOST: memory is out. */
enum vt_seal_fault vt_rest_init(const struct vt_rest_module *module, const struct vt_seal_key *key,
                                struct vt_rest *out, struct vt_err *err);
void vt_rest_clear(struct vt_rest *rest);

struct vt_rest_call {
    const char *url;
    const char *headers[2]; /* whole lines; NULL: none; "" is none, too */
    const json_t *body;     /* borrowed; NULL: none */
    const char *form;       /* in its place, as application/x-www-form-urlencoded; NULL: none */
    int64_t until_msecs;    /* monotonic */
};
struct vt_rest_answer {
    long status;
    struct vt_buf bytes;
    json_t *json; /* NULL: it is none */
};
/* GET, or POST when there is a body. *out: vt_rest_answer_clear, always. NONE: with any status;
 * AWAY: not reached, nothing was sent; LOST: it ended later, or is late; TOKEN: it is not whom the
 * configuration names; REFUSED: more bytes than an answer has. The words name its host. */
enum vt_seal_fault vt_rest_ask(struct vt_rest *rest, const struct vt_rest_call *call,
                               struct vt_rest_answer *out, struct vt_err *err);
void vt_rest_answer_clear(struct vt_rest_answer *answer);

/* Text of a member, "" when there is none; borrowed. */
const char *vt_rest_text(const json_t *object, const char *name);
/* The same, clean, for words to an administrator. Returns out. */
char *vt_rest_shown(char *out, size_t out_bytes, const char *text);

/* ---- rest_key.c ---- */

/* Base64 without line ends; out has room for 4 * ((len + 2) / 3) + 1. Returns out. */
char *vt_rest_base64(char *out, struct vt_bytes bytes);
/* The digest of data as base64; out has 96 bytes. Returns out. */
char *vt_rest_digest64(char *out, enum vt_seal_hash hash, struct vt_bytes data);
/* A signature in base64, appended to out. VT_FAULT_REFUSED: it is none of a length that this key
 * has; an ECDSA value of exactly r and s becomes DER. key: NULL: not known. */
enum vt_seal_fault vt_rest_take_signature(const char *base64, enum vt_seal_scheme scheme,
                                          const EVP_PKEY *key, struct vt_buf *out,
                                          struct vt_err *err);
/* Keep the public key for the sealer, which compares it with the certificate. */
void vt_rest_keep_key(EVP_PKEY *key, struct vt_seal_token *out);
/* Out of PEM. NULL: there is none. EVP_PKEY_free. */
EVP_PKEY *vt_rest_key_of_pem(struct vt_bytes pem);
/* VT_FAULT_NONE: a key of this type can sign by the scheme of the configuration; else words. */
enum vt_seal_fault vt_rest_fits(const EVP_PKEY *key, const struct vt_seal_key *config,
                                struct vt_err *err);

#endif
