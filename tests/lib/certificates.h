/* SPDX-License-Identifier: Apache-2.0
 * Certificates, CRLs and OCSP responses made in a test by OpenSSL, with fixed times. Everything is
 * given to an arena; a step that fails ends the test program. */
#ifndef VANTHU_TESTS_CERTIFICATES_H
#define VANTHU_TESTS_CERTIFICATES_H

#include <stdio.h>
#include <stdlib.h>

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "vanthu/trust.h"

#define TC_UNUSED __attribute__((unused))
#define TC_DAY INT64_C(86400)
/* 2026-06-01T00:00:00Z, the "now" of the tests. */
#define TC_NOW INT64_C(1780272000)

#define TC_CHECK(condition)                                                                        \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: %s failed\n", __FILE__, __LINE__, #condition);           \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* A certificate with its key. */
struct tc_entity {
    X509 *x509;
    EVP_PKEY *key;
    struct vt_bytes der;
    const struct vt_certificate *certificate; /* in the pool */
};

struct tc_options {
    const char *name;                   /* common name */
    const struct tc_entity *issuer;     /* NULL: self-signed */
    int64_t from_utc_secs, to_utc_secs; /* 0: 2020 to 2040 */
    long serial;                        /* 0: by counting */
    const char *extensions[12][2];      /* name and value of X509V3_EXT_conf; ends with NULL */
    EVP_PKEY *key;                      /* NULL: a new one on P-256 */
    const EVP_MD *digest;               /* NULL: SHA-256 */
};

static TC_UNUSED void tc_free_x509(void *x509)
{
    X509_free(x509);
}

static TC_UNUSED void tc_free_key(void *key)
{
    EVP_PKEY_free(key);
}

static TC_UNUSED struct vt_bytes tc_keep(struct vt_arena *arena, unsigned char *der, int len)
{
    TC_CHECK(len > 0);
    void *copy = vt_arena_dup(arena, der, (size_t)len);
    TC_CHECK(copy != NULL);
    OPENSSL_free(der);
    return vt_bytes_of(copy, (size_t)len);
}

static TC_UNUSED void tc_set_name(X509_NAME *name, const char *common_name)
{
    TC_CHECK(X509_NAME_add_entry_by_txt(name, "C", MBSTRING_UTF8, (const unsigned char *)"VN", -1,
                                        -1, 0) == 1);
    TC_CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                        (const unsigned char *)common_name, -1, -1, 0) == 1);
}

static TC_UNUSED void tc_add_extension(X509 *x509, X509 *issuer, const char *name,
                                       const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *extension = X509V3_EXT_conf(NULL, &context, name, value);
    TC_CHECK(extension != NULL);
    TC_CHECK(X509_add_ext(x509, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

/* Make a certificate; pool may be NULL. */
static TC_UNUSED struct tc_entity tc_make(struct vt_arena *arena, struct vt_certificate_pool *pool,
                                          const struct tc_options *options)
{
    static long next_serial = 0x1000;
    struct tc_entity entity = {.x509 = X509_new(), .key = options->key};
    if (entity.key == NULL) {
        entity.key = EVP_EC_gen("P-256");
        TC_CHECK(vt_arena_own(arena, entity.key, tc_free_key) == VT_OK);
    }
    TC_CHECK(vt_arena_own(arena, entity.x509, tc_free_x509) == VT_OK);
    const struct tc_entity *issuer = options->issuer ? options->issuer : &entity;
    int64_t from = options->from_utc_secs ? options->from_utc_secs : TC_NOW - 6 * 365 * TC_DAY;
    int64_t to = options->to_utc_secs ? options->to_utc_secs : TC_NOW + 14 * 365 * TC_DAY;
    TC_CHECK(X509_set_version(entity.x509, 2) == 1);
    TC_CHECK(ASN1_INTEGER_set(X509_get_serialNumber(entity.x509),
                              options->serial ? options->serial : next_serial++) == 1);
    tc_set_name(X509_get_subject_name(entity.x509), options->name);
    TC_CHECK(X509_set_issuer_name(entity.x509, X509_get_subject_name(issuer->x509)) == 1);
    TC_CHECK(ASN1_TIME_set(X509_getm_notBefore(entity.x509), (time_t)from) != NULL);
    TC_CHECK(ASN1_TIME_set(X509_getm_notAfter(entity.x509), (time_t)to) != NULL);
    TC_CHECK(X509_set_pubkey(entity.x509, entity.key) == 1);
    for (size_t i = 0; i < 12 && options->extensions[i][0] != NULL; i++)
        tc_add_extension(entity.x509, issuer->x509, options->extensions[i][0],
                         options->extensions[i][1]);
    TC_CHECK(X509_sign(entity.x509, issuer->key, options->digest ? options->digest : EVP_sha256()) >
             0);
    unsigned char *der = NULL;
    int len = i2d_X509(entity.x509, &der);
    entity.der = tc_keep(arena, der, len);
    if (pool != NULL)
        TC_CHECK(vt_certificate_add(pool, entity.der, &entity.certificate, NULL) == VT_OK);
    return entity;
}

static TC_UNUSED struct tc_entity tc_ca(struct vt_arena *arena, struct vt_certificate_pool *pool,
                                        const char *name, const struct tc_entity *issuer)
{
    struct tc_options options = {.name = name,
                                 .issuer = issuer,
                                 .extensions = {{"basicConstraints", "critical,CA:TRUE"},
                                                {"keyUsage", "critical,keyCertSign,cRLSign"},
                                                {"subjectKeyIdentifier", "hash"}}};
    return tc_make(arena, pool, &options);
}

static TC_UNUSED struct tc_entity tc_leaf(struct vt_arena *arena, struct vt_certificate_pool *pool,
                                          const char *name, const struct tc_entity *issuer)
{
    struct tc_options options = {
        .name = name,
        .issuer = issuer,
        .extensions = {{"keyUsage", "critical,digitalSignature,nonRepudiation"}}};
    if (issuer != NULL && X509_get0_subject_key_id(issuer->x509) != NULL) {
        options.extensions[1][0] = "authorityKeyIdentifier";
        options.extensions[1][1] = "keyid";
    }
    return tc_make(arena, pool, &options);
}

/* ---- CRLs ---- */

struct tc_entry {
    const struct tc_entity *certificate; /* NULL: end of the entries */
    int64_t revoked_at_utc_secs;
    int reason;               /* CRLReason, -1: none */
    const char *critical_oid; /* an unknown critical extension of the entry, or NULL */
};

struct tc_crl_options {
    int64_t this_update_utc_secs, next_update_utc_secs; /* 0: TC_NOW - 1 day, TC_NOW + 1 day */
    struct tc_entry entries[4];
    const struct tc_entity *issuers[4]; /* certificateIssuer of each entry, NULL: none */
    int64_t invalid_since_utc_secs[4];  /* invalidityDate of each entry (RFC 5280 5.3.2), 0: none */
    const char *extensions[6][2];       /* "OID" or name, value as for X509V3_EXT_conf */
    bool bad_signature;
    const EVP_MD *digest;
    int64_t expired_certs_utc_secs; /* ExpiredCertsOnCRL, 0: none */
};

/* An extension whose value is arbitrary DER. */
static TC_UNUSED X509_EXTENSION *tc_raw_extension(const char *oid, bool critical,
                                                  struct vt_bytes value)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    TC_CHECK(object != NULL && octets != NULL);
    TC_CHECK(ASN1_OCTET_STRING_set(octets, value.ptr, (int)value.len) == 1);
    X509_EXTENSION *extension =
        X509_EXTENSION_create_by_OBJ(NULL, object, critical ? 1 : 0, octets);
    TC_CHECK(extension != NULL);
    ASN1_OBJECT_free(object);
    ASN1_OCTET_STRING_free(octets);
    return extension;
}

static TC_UNUSED void tc_add_entry(X509_CRL *crl, const struct tc_entry *entry,
                                   int64_t invalid_since, const struct tc_entity *issuer)
{
    X509_REVOKED *revoked = X509_REVOKED_new();
    ASN1_TIME *when = ASN1_TIME_set(NULL, (time_t)entry->revoked_at_utc_secs);
    TC_CHECK(X509_REVOKED_set_serialNumber(revoked,
                                           X509_get_serialNumber(entry->certificate->x509)) == 1);
    TC_CHECK(X509_REVOKED_set_revocationDate(revoked, when) == 1);
    if (entry->reason >= 0) {
        ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
        TC_CHECK(ASN1_ENUMERATED_set(reason, entry->reason) == 1);
        TC_CHECK(X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, reason, 0, 0) == 1);
        ASN1_ENUMERATED_free(reason);
    }
    if (entry->critical_oid != NULL) {
        X509_EXTENSION *extension = tc_raw_extension(entry->critical_oid, true, VT_BYTES("\5\0"));
        TC_CHECK(X509_REVOKED_add_ext(revoked, extension, -1) == 1);
        X509_EXTENSION_free(extension);
    }
    if (issuer != NULL) {
        GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
        GENERAL_NAME *name = GENERAL_NAME_new();
        name->type = GEN_DIRNAME;
        name->d.directoryName = X509_NAME_dup(X509_get_subject_name(issuer->x509));
        TC_CHECK(sk_GENERAL_NAME_push(names, name) > 0);
        TC_CHECK(X509_REVOKED_add1_ext_i2d(revoked, NID_certificate_issuer, names, 1, 0) == 1);
        GENERAL_NAMES_free(names);
    }
    if (invalid_since != 0) {
        ASN1_GENERALIZEDTIME *since = ASN1_GENERALIZEDTIME_set(NULL, (time_t)invalid_since);
        TC_CHECK(X509_REVOKED_add1_ext_i2d(revoked, NID_invalidity_date, since, 0, 0) == 1);
        ASN1_GENERALIZEDTIME_free(since);
    }
    TC_CHECK(X509_CRL_add0_revoked(crl, revoked) == 1);
    ASN1_TIME_free(when);
}

static TC_UNUSED void tc_add_expired_certs(X509_CRL *crl, int64_t since)
{
    ASN1_GENERALIZEDTIME *time = ASN1_GENERALIZEDTIME_set(NULL, (time_t)since);
    unsigned char *der = NULL;
    int len = i2d_ASN1_GENERALIZEDTIME(time, &der);
    TC_CHECK(len > 0);
    X509_EXTENSION *extension = tc_raw_extension("2.5.29.60", false, vt_bytes_of(der, (size_t)len));
    TC_CHECK(X509_CRL_add_ext(crl, extension, -1) == 1);
    X509_EXTENSION_free(extension);
    OPENSSL_free(der);
    ASN1_GENERALIZEDTIME_free(time);
}

static TC_UNUSED struct vt_bytes tc_crl(struct vt_arena *arena, const struct tc_entity *issuer,
                                        const struct tc_crl_options *options)
{
    X509_CRL *crl = X509_CRL_new();
    int64_t from = options->this_update_utc_secs ? options->this_update_utc_secs : TC_NOW - TC_DAY;
    int64_t until = options->next_update_utc_secs ? options->next_update_utc_secs : TC_NOW + TC_DAY;
    ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)from);
    TC_CHECK(X509_CRL_set_version(crl, 1) == 1);
    TC_CHECK(X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->x509)) == 1);
    TC_CHECK(X509_CRL_set1_lastUpdate(crl, time) == 1);
    TC_CHECK(ASN1_TIME_set(time, (time_t)until) != NULL);
    TC_CHECK(X509_CRL_set1_nextUpdate(crl, time) == 1);
    ASN1_TIME_free(time);
    for (size_t i = 0; i < 4 && options->entries[i].certificate != NULL; i++)
        tc_add_entry(crl, &options->entries[i], options->invalid_since_utc_secs[i],
                     options->issuers[i]);
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer->x509, NULL, NULL, crl, 0);
    X509V3_set_ctx_nodb(&context);
    for (size_t i = 0; i < 6 && options->extensions[i][0] != NULL; i++) {
        X509_EXTENSION *extension =
            X509V3_EXT_conf(NULL, &context, options->extensions[i][0], options->extensions[i][1]);
        if (extension == NULL)
            (void)fprintf(stderr, "%s = %s\n", options->extensions[i][0],
                          options->extensions[i][1]);
        TC_CHECK(extension != NULL);
        TC_CHECK(X509_CRL_add_ext(crl, extension, -1) == 1);
        X509_EXTENSION_free(extension);
    }
    if (options->expired_certs_utc_secs != 0)
        tc_add_expired_certs(crl, options->expired_certs_utc_secs);
    TC_CHECK(X509_CRL_sign(crl, issuer->key, options->digest ? options->digest : EVP_sha256()) > 0);
    unsigned char *der = NULL;
    int len = i2d_X509_CRL(crl, &der);
    X509_CRL_free(crl);
    if (options->bad_signature)
        der[len - 4] ^= 1;
    return tc_keep(arena, der, len);
}

/* A list issued so many seconds ago, in force until a day from now. revoked: NULL for none; number:
 * of the list, as for X509V3_EXT_conf, or NULL. */
static TC_UNUSED struct vt_bytes tc_crl_of_age(struct vt_arena *arena,
                                               const struct tc_entity *issuer, int64_t now_utc_secs,
                                               int64_t age_secs, const struct tc_entity *revoked,
                                               int reason, const char *number)
{
    struct tc_crl_options options = {.this_update_utc_secs = now_utc_secs - age_secs,
                                     .next_update_utc_secs = now_utc_secs + TC_DAY};
    if (revoked != NULL)
        options.entries[0] = (struct tc_entry){revoked, now_utc_secs - age_secs - 60, reason, NULL};
    if (number != NULL) {
        options.extensions[0][0] = "2.5.29.20";
        options.extensions[0][1] = number;
    }
    return tc_crl(arena, issuer, &options);
}

/* ---- OCSP ---- */

struct tc_ocsp_options {
    const struct tc_entity *responder; /* NULL: the issuer */
    int value;                         /* V_OCSP_CERTSTATUS_GOOD … */
    int reason;                        /* when revoked, -1: none */
    int64_t revoked_at_utc_secs;
    int64_t this_update_utc_secs, next_update_utc_secs; /* 0: TC_NOW - 1 hour, + 1 hour; -1: none */
    int64_t produced_utc_secs;                          /* 0: this update */
    struct vt_bytes nonce;
    int64_t archive_cutoff_utc_secs;
    unsigned long flags; /* OCSP_NOCERTS, OCSP_RESPID_KEY */
    bool bad_signature;
    bool basic;                /* a bare BasicOCSPResponse */
    const EVP_MD *id_digest;   /* of the CertID; NULL: SHA-1 */
    const char *extension_oid; /* of the SingleResponse, NULL: none */
    bool extension_critical;
    struct vt_bytes extension;
};

static TC_UNUSED struct vt_bytes tc_ocsp(struct vt_arena *arena,
                                         const struct tc_entity *certificate,
                                         const struct tc_entity *issuer,
                                         const struct tc_ocsp_options *options)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    const struct tc_entity *responder = options->responder ? options->responder : issuer;
    int64_t from = options->this_update_utc_secs ? options->this_update_utc_secs : TC_NOW - 3600;
    int64_t until = options->next_update_utc_secs ? options->next_update_utc_secs : TC_NOW + 3600;
    ASN1_TIME *this_update = ASN1_GENERALIZEDTIME_set(NULL, (time_t)from);
    ASN1_TIME *next_update = until == -1 ? NULL : ASN1_GENERALIZEDTIME_set(NULL, (time_t)until);
    ASN1_TIME *revoked_at = ASN1_GENERALIZEDTIME_set(NULL, (time_t)options->revoked_at_utc_secs);
    OCSP_CERTID *id = OCSP_cert_to_id(options->id_digest, certificate->x509, issuer->x509);
    OCSP_SINGLERESP *single = OCSP_basic_add1_status(
        basic, id, options->value, options->reason,
        options->value == V_OCSP_CERTSTATUS_REVOKED ? revoked_at : NULL, this_update, next_update);
    TC_CHECK(single != NULL);
    if (options->nonce.len > 0)
        TC_CHECK(OCSP_basic_add1_nonce(basic, (unsigned char *)(uintptr_t)options->nonce.ptr,
                                       (int)options->nonce.len) == 1);
    if (options->archive_cutoff_utc_secs != 0) {
        ASN1_GENERALIZEDTIME *cutoff =
            ASN1_GENERALIZEDTIME_set(NULL, (time_t)options->archive_cutoff_utc_secs);
        TC_CHECK(OCSP_SINGLERESP_add1_ext_i2d(single, NID_id_pkix_OCSP_archiveCutoff, cutoff, 0,
                                              0) == 1);
        ASN1_GENERALIZEDTIME_free(cutoff);
    }
    if (options->extension_oid != NULL) {
        X509_EXTENSION *extension = tc_raw_extension(
            options->extension_oid, options->extension_critical, options->extension);
        TC_CHECK(OCSP_SINGLERESP_add_ext(single, extension, -1) == 1);
        X509_EXTENSION_free(extension);
    }
    ASN1_GENERALIZEDTIME *produced =
        (ASN1_GENERALIZEDTIME *)(uintptr_t)OCSP_resp_get0_produced_at(basic);
    TC_CHECK(ASN1_GENERALIZEDTIME_set(
                 produced,
                 (time_t)(options->produced_utc_secs ? options->produced_utc_secs : from)) != NULL);
    TC_CHECK(OCSP_basic_sign(basic, responder->x509, responder->key, EVP_sha256(), NULL,
                             options->flags | OCSP_NOTIME) == 1);
    if (options->bad_signature)
        ((unsigned char *)(uintptr_t)ASN1_STRING_get0_data(OCSP_resp_get0_signature(basic)))[9] ^=
            1;
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    unsigned char *der = NULL;
    int len = options->basic ? i2d_OCSP_BASICRESP(basic, &der) : i2d_OCSP_RESPONSE(response, &der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(this_update);
    ASN1_TIME_free(next_update);
    ASN1_TIME_free(revoked_at);
    return tc_keep(arena, der, len);
}

/* A leaf with these distribution points and this authorityInfoAccess; NULL: without. */
static TC_UNUSED struct tc_entity tc_leaf_at(struct vt_arena *arena,
                                             struct vt_certificate_pool *pool, const char *name,
                                             const struct tc_entity *issuer, const char *points,
                                             const char *access)
{
    struct tc_options options = {.name = name, .issuer = issuer};
    size_t count = 0;
    if (points != NULL) {
        options.extensions[count][0] = "crlDistributionPoints";
        options.extensions[count++][1] = points;
    }
    if (access != NULL) {
        options.extensions[count][0] = "authorityInfoAccess";
        options.extensions[count][1] = access;
    }
    return tc_make(arena, pool, &options);
}

/* ---- files ---- */

/* A folder of the test's own, with all that will be in it: tc_remove_folder. */
static TC_UNUSED void tc_make_folder(char out[64])
{
    (void)snprintf(out, 64, "/tmp/vanthu-test.XXXXXX");
    TC_CHECK(mkdtemp(out) != NULL);
}

static TC_UNUSED void tc_remove_folder(const char *folder)
{
    char command[256];
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    TC_CHECK(system(command) == 0);
}

static TC_UNUSED void tc_write_file(char out_path[128], const char *folder, const char *name,
                                    struct vt_bytes bytes)
{
    (void)snprintf(out_path, 128, "%s/%s", folder, name);
    FILE *file = fopen(out_path, "wb");
    TC_CHECK(file != NULL && fwrite(bytes.ptr, 1, bytes.len, file) == bytes.len);
    TC_CHECK(fclose(file) == 0);
}

/* The official set with the roots of one file, confirmed. */
static TC_UNUSED struct vt_trust_store *tc_trust(const char *file)
{
    struct vt_trust_store *store = NULL;
    const struct vt_trust_source source = {.anchors = file, .confirmed_all = true};
    TC_CHECK(vt_trust_store_load(&source, 1, &store, NULL) == VT_OK);
    return store;
}

#endif
