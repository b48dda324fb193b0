/* SPDX-License-Identifier: Apache-2.0
 * Why a certificate leads to no anchor: made by the signer itself, issued by a stranger, or our own
 * lack of an intermediate (users.md 5: three reasons with three causes). */
#include <ctype.h>
#include <string.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "trust/path.h"

#define NAME_BYTES 256

static bool is_self_signed(const struct vt_certificate *certificate)
{
    return vt_certificate_is_issued_by(certificate, certificate);
}

/* A name as a reader would see it: without accents, case, spaces and signs. */
static void fold_name(char out[NAME_BYTES], const char *name)
{
    size_t len = 0;
    (void)vt_text_ascii(out, NAME_BYTES, name);
    for (const char *at = out; *at != '\0'; at++) {
        if (isalnum((unsigned char)*at))
            out[len++] = (char)tolower((unsigned char)*at);
    }
    out[len] = '\0';
}

/* The same distinguished name, or a common name that looks the same. */
static bool looks_like(const struct vt_certificate *root, const struct vt_certificate *configured)
{
    char mine[NAME_BYTES];
    char theirs[NAME_BYTES];
    const char *name = vt_certificate_facts(root)->common_name;
    const char *other = vt_certificate_facts(configured)->common_name;
    if (X509_NAME_cmp(X509_get_subject_name(vt_certificate_x509(root)),
                      X509_get_subject_name(vt_certificate_x509(configured))) == 0)
        return true;
    if (name == NULL || other == NULL)
        return false;
    fold_name(mine, name);
    fold_name(theirs, other);
    return mine[0] != '\0' && strcmp(mine, theirs) == 0;
}

typedef bool match_function(const struct vt_certificate *mine,
                            const struct vt_certificate *configured);

/* The first configured CA of any set for which match says so, or NULL. */
static const struct vt_certificate *find_configured(const struct vt_trust_store *store,
                                                    const struct vt_certificate *mine,
                                                    match_function *match)
{
    const struct vt_certificate_list *lists[2 * VT_TRUST_SETS + 1] = {&store->intermediates};
    for (int set = 0; set < VT_TRUST_SETS; set++) {
        lists[1 + 2 * set] = &store->anchors[set];
        lists[2 + 2 * set] = &store->unconfirmed[set];
    }
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (size_t j = 0; j < lists[i]->count; j++) {
            if (match(mine, lists[i]->items[j]))
                return lists[i]->items[j];
        }
    }
    return NULL;
}

/* The certificate says that a configured CA's very key signed it (RFC 5280 4.2.1.1). As that key
 * was tried and did not, this is a forgery. */
static bool claims_key_of(const struct vt_certificate *certificate,
                          const struct vt_certificate *configured)
{
    const ASN1_OCTET_STRING *wanted = X509_get0_authority_key_id(vt_certificate_x509(certificate));
    const ASN1_OCTET_STRING *have = X509_get0_subject_key_id(vt_certificate_x509(configured));
    EVP_PKEY *key = X509_get0_pubkey(vt_certificate_x509(configured));
    return wanted != NULL && have != NULL && key != NULL && ASN1_STRING_length(have) > 0 &&
           ASN1_OCTET_STRING_cmp(wanted, have) == 0 &&
           vt_certificate_names_issuer(certificate, configured) &&
           X509_verify(vt_certificate_x509(certificate), key) != 1;
}

static bool was_looked_for(const struct vt_certificate *certificate,
                           const char *const *no_issuer_of, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(no_issuer_of[i], vt_certificate_sha256(certificate)) == 0)
            return true;
    }
    return false;
}

/* The chain ends with a certificate whose issuer is not at hand. */
static void explain_missing_issuer(const struct vt_path_request *request,
                                   const struct vt_certificate *top, bool looked_for,
                                   struct vt_path_why *out)
{
    bool has_address = vt_certificate_address(top, VT_ADDRESS_CA_ISSUERS, 0) != NULL;
    out->imitated = find_configured(request->store, top, claims_key_of);
    if (out->imitated != NULL) {
        out->absence = VT_PATH_SELF_MADE;
        return;
    }
    bool name_known = find_configured(request->store, top, vt_certificate_names_issuer) != NULL;
    out->absence =
        name_known || (has_address && !looked_for) ? VT_PATH_INCOMPLETE : VT_PATH_UNKNOWN_ROOT;
    if (has_address && !looked_for)
        out->issuer_wanted_of = top;
}

enum vt_code vt_path_explain(const struct vt_path_request *request, const struct vt_path *path,
                             const char *const *no_issuer_of, size_t no_issuer_of_count,
                             struct vt_path_why *out, struct vt_err *err)
{
    struct vt_path unconfirmed;
    struct vt_path_request again = *request;
    const struct vt_trust_store *store = request->store;
    const struct vt_certificate *top = path->items[path->count - 1];
    *out = (struct vt_path_why){0};
    again.unconfirmed = true;
    enum vt_code code = vt_path_find(&again, &unconfirmed, err);
    if (code != VT_OK)
        return code;
    if (unconfirmed.found ||
        store->anchors[VT_TRUST_OFFICIAL].count + store->anchors[VT_TRUST_PUBLIC].count == 0) {
        out->absence = VT_PATH_UNCONFIRMED;
    } else if (is_self_signed(path->items[0])) {
        out->absence = VT_PATH_SELF_MADE;
    } else if (is_self_signed(top)) {
        out->imitated = find_configured(store, top, looks_like);
        out->absence = out->imitated != NULL ? VT_PATH_SELF_MADE : VT_PATH_UNKNOWN_ROOT;
    } else {
        bool looked_for = was_looked_for(top, no_issuer_of, no_issuer_of_count);
        explain_missing_issuer(request, top, looked_for, out);
    }
    return VT_OK;
}
