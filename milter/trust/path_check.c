/* SPDX-License-Identifier: Apache-2.0
 * A path that was found, checked by OpenSSL: signatures, basic constraints, path length, key usage
 * of CAs, name constraints, policies (RFC 5280 6.1), unknown critical extensions. OpenSSL stops
 * at its first error; the callback lets it go on and keeps them all. */
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "trust/path.h"

static void add_problem(struct vt_path *path, int error, int depth)
{
    size_t at = depth < 0 ? 0 : (size_t)depth;
    if (at >= path->count)
        at = path->count - 1;
    for (size_t i = 0; i < path->problems_count; i++) {
        if (path->problems[i].error == error && path->problems[i].depth == at)
            return;
    }
    if (path->problems_count < VT_MAX_PATH_PROBLEMS)
        path->problems[path->problems_count++] =
            (struct vt_path_problem){.error = error, .depth = at};
}

/* ok is 0 for an error and 2 for a notice of the policy check. */
static int collect(int ok, X509_STORE_CTX *context)
{
    if (ok == 0)
        add_problem(X509_STORE_CTX_get_app_data(context), X509_STORE_CTX_get_error(context),
                    X509_STORE_CTX_get_error_depth(context));
    return 1;
}

/* A CA that may not sign certificates is no issuer to OpenSSL's search, which would then say only
 * that the issuer is missing. */
static void check_cert_sign(struct vt_path *path)
{
    for (size_t i = 1; i < path->count; i++) {
        X509 *x509 = vt_certificate_x509(path->items[i]);
        if ((X509_get_extension_flags(x509) & EXFLAG_KUSAGE) != 0 &&
            (X509_get_key_usage(x509) & KU_KEY_CERT_SIGN) == 0)
            add_problem(path, X509_V_ERR_KEYUSAGE_NO_CERTSIGN, (int)i);
    }
}

/* Time is left out (it is judged at the proven time), the security level is 0 (algorithms are
 * judged by date), and any policy will do, so that only what a CA itself requires applies. An
 * anchor that is not self-signed was given as trusted itself. */
static bool set_parameters(X509_STORE_CTX *context, const struct vt_certificate *anchor)
{
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
    unsigned long flags = X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_POLICY_CHECK;
    if (!vt_certificate_is_self_issued(anchor))
        flags |= X509_V_FLAG_PARTIAL_CHAIN;
    X509_VERIFY_PARAM_set_depth(param, VT_MAX_PATH);
    X509_VERIFY_PARAM_set_auth_level(param, 0);
    return X509_VERIFY_PARAM_set_flags(param, flags) == 1 &&
           X509_VERIFY_PARAM_add0_policy(param, OBJ_nid2obj(NID_any_policy)) == 1;
}

enum vt_code vt_path_check(struct vt_path *path, struct vt_err *err)
{
    enum vt_code code = VT_E_NOMEM;
    const struct vt_certificate *anchor = path->items[path->count - 1];
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    STACK_OF(X509) *between = sk_X509_new_null();
    path->problems_count = 0;
    check_cert_sign(path);
    if (path->problems_count > 0) {
        code = VT_OK;
        goto done;
    }
    if (store == NULL || context == NULL || between == NULL ||
        X509_STORE_add_cert(store, vt_certificate_x509(anchor)) != 1)
        goto done;
    for (size_t i = 1; i + 1 < path->count; i++) {
        if (sk_X509_push(between, vt_certificate_x509(path->items[i])) <= 0)
            goto done;
    }
    if (X509_STORE_CTX_init(context, store, vt_certificate_x509(path->items[0]), between) != 1 ||
        X509_STORE_CTX_set_app_data(context, path) != 1 || !set_parameters(context, anchor))
        goto done;
    X509_STORE_CTX_set_verify_cb(context, collect);
    if (X509_verify_cert(context) != 1 && path->problems_count == 0)
        add_problem(path, X509_V_ERR_UNSPECIFIED, 0);
    code = VT_OK;
done:
    sk_X509_free(between);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return code == VT_OK ? VT_OK
                         : vt_err_set(err, code, "out of memory while checking a certificate path");
}
