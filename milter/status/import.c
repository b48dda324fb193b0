/* SPDX-License-Identifier: Apache-2.0
 * Whoever brings a CRL need not be trusted: its signer has to lead to a configured root, and it has
 * to be younger than the one at hand. */
#include "status/import.h"

#include <stdlib.h>

#include <openssl/x509.h>

#include "evidence/record_json.h"
#include "status/container.h"
#include "status/crl_signer.h"

#define IMPORT_ARENA_BYTES ((size_t)32 * 1024 * 1024)
#define NAME_BYTES 200
#define MAX_TEXT_BYTES 200

/* The name that people know an issuer by. */
static void name_issuer(const struct vt_crl *crl, char out[NAME_BYTES])
{
    static const int kinds[] = {NID_commonName, NID_organizationalUnitName, NID_organizationName};
    const unsigned char *cursor = crl->issuer.ptr;
    X509_NAME *name = d2i_X509_NAME(NULL, &cursor, (long)crl->issuer.len);
    int index = -1;
    for (size_t i = 0; name != NULL && index < 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        index = X509_NAME_get_index_by_NID(name, kinds[i], -1);
    unsigned char *utf8 = NULL;
    int len = index < 0 ? -1
                        : ASN1_STRING_to_UTF8(
                              &utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
    (void)vt_text_clean(out, NAME_BYTES,
                        len > 0 ? vt_bytes_of(utf8, (size_t)len) : VT_BYTES("without a name"));
    OPENSSL_free(utf8);
    X509_NAME_free(name);
}

static json_t *describe(struct vt_bytes der)
{
    char name[NAME_BYTES];
    struct vt_crl crl;
    json_t *result = json_object();
    if (vt_crl_parse(der, &crl, NULL) != VT_OK)
        return result;
    name_issuer(&crl, name);
    (void)json_object_set_new(result, "issuer", json_string(name));
    (void)json_object_set_new(result, "entries", json_integer((json_int_t)crl.entries_count));
    (void)json_object_set_new(result, "this_update", vt_json_time(crl.this_update_utc_secs));
    (void)json_object_set_new(result, "next_update", vt_json_time(crl.next_update_utc_secs));
    (void)json_object_set_new(result, "delta", json_boolean(crl.is_delta));
    return result;
}

/* What is kept although it is of little use now. */
static const char *remark(const struct vt_status_store *store, uint64_t version_before,
                          struct vt_bytes der, int64_t now)
{
    struct vt_crl crl;
    if (vt_crl_parse_frame(der, &crl, NULL) == VT_OK && crl.next_update_utc_secs != VT_TIME_NONE &&
        crl.next_update_utc_secs < now)
        return "it has ended already: a younger one is needed";
    return vt_status_store_version(store) == version_before ? "it was at hand already" : NULL;
}

static json_t *import_one(struct vt_status_store *store, struct vt_certificate_pool *pool,
                          struct vt_bytes der, int64_t now)
{
    char text[MAX_TEXT_BYTES];
    struct vt_err err = {0};
    const struct vt_certificate *signer = NULL;
    struct vt_crl_candidates candidates = {.store = store, .pool = pool};
    uint64_t version = vt_status_store_version(store);
    enum vt_code code = vt_crl_signer_put(&candidates, der, "given", now, &signer, &err);
    json_t *result = describe(der);
    const char *why = code == VT_OK ? remark(store, version, der, now) : err.text;
    (void)json_object_set_new(result, "ok", json_boolean(code == VT_OK));
    if (why != NULL)
        (void)json_object_set_new(
            result, "text", json_string(vt_text_clean(text, sizeof(text), vt_bytes_str(why))));
    return result;
}

static enum vt_code import_all(struct vt_status_store *store, struct vt_bytes data, int64_t now,
                               json_t *results, struct vt_err *err)
{
    struct vt_crl_file file = {.data = data};
    struct vt_bytes der;
    struct vt_arena *arena = vt_arena_new(IMPORT_ARENA_BYTES);
    struct vt_certificate_pool *pool =
        arena != NULL
            ? vt_certificate_pool_new(arena, vt_trust_store_pool(vt_status_store_trust(store)))
            : NULL;
    enum vt_code code = pool != NULL ? VT_OK : vt_err_set(err, VT_E_NOMEM, "out of memory");
    while (code == VT_OK) {
        code = vt_crl_file_next(&file, &der, err);
        if (code == VT_OK && json_array_size(results) == VT_MAX_IMPORTED)
            code = vt_err_set(err, VT_E_LIMIT, "the file holds more than %d CRLs", VT_MAX_IMPORTED);
        if (code == VT_OK)
            (void)json_array_append_new(results, import_one(store, pool, der, now));
    }
    vt_crl_file_clear(&file);
    vt_arena_free(arena);
    return code == VT_E_NOT_FOUND ? VT_OK : code;
}

enum vt_code vt_status_import(struct vt_status_store *store, const struct vt_message *message,
                              int64_t now_utc_secs, char **out_json, struct vt_err *err)
{
    struct vt_bytes data;
    size_t len = 0;
    if (message->type != VT_MSG_STATUS_IMPORT || message->fds_count != 1)
        return vt_err_set(err, VT_E_FORMAT, "a request for import is malformed");
    enum vt_code code = vt_memfd_map(message->fds[0], VT_MAX_CRL_BYTES, &data, err);
    if (code != VT_OK)
        return code;
    json_t *results = json_array();
    code = import_all(store, data, now_utc_secs, results, err);
    vt_memfd_unmap(data);
    if (code != VT_OK) {
        json_decref(results);
        return code;
    }
    return vt_json_text(json_pack("{s:o}", "crls", results), 0, VT_MAX_MESSAGE_BYTES, out_json,
                        &len, err);
}
