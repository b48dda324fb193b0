/* SPDX-License-Identifier: Apache-2.0
 * A key of the configuration before anything runs: files that can be read, a certificate that
 * holds, permissions. */
#include <unistd.h>

#include "base/pkcs11_uri.h"
#include "base/rest_uri.h"
#include "seal/authorise.h"
#include "seal/login.h"
#include "seal/rest.h"

/* What each kind of place for keys reads of its own. */
static enum vt_code check_module(const struct vt_seal_key *key, struct vt_err *err)
{
    struct vt_pkcs11_uri uri;
    enum vt_code code = vt_pkcs11_uri_parse(key->uri, &uri, err);
    if (code == VT_OK && access(uri.module, R_OK) != 0)
        code = vt_err_sys(err, "the module of key %s, %s", key->name, uri.module);
    return code;
}

static enum vt_code check_pin(const char *file, struct vt_err *err)
{
    struct vt_pin pin = {.page = NULL};
    enum vt_code code = file == NULL ? VT_OK : vt_pin_read_file(file, &pin, err);
    vt_pin_wipe(&pin);
    return code;
}

enum vt_code vt_seal_check_files(const struct vt_seal_key *key, struct vt_err *err)
{
    struct vt_own_certificate own = {.arena = NULL};
    bool is_service = vt_rest_kind_of(key->uri) != VT_REST_NONE;
    enum vt_code code = is_service ? vt_rest_check_ca(key, err) : check_module(key, err);
    if (code == VT_OK && key->certificate != NULL)
        code = vt_own_certificate_read(key, &own, err);
    if (code == VT_OK)
        code = check_pin(key->pin_file, err);
    if (code == VT_OK)
        code = check_pin(key->secret_file, err);
    vt_own_certificate_clear(&own);
    return code == VT_OK ? VT_OK : VT_E_CONFIG;
}

enum vt_code vt_seal_check_use(const struct vt_seal_key *key, const struct vt_site *site,
                               int64_t now_utc_secs, struct vt_err *err)
{
    struct vt_own_certificate own;
    char permission[VT_SEAL_PERMISSION_BYTES];
    if (key->certificate == NULL)
        return vt_err_set(
            err, VT_E_NOT_FOUND,
            "key %s has no certificate yet: vanthu seal csr %s makes a request for one", key->name,
            key->name);
    enum vt_code code = vt_own_certificate_read(key, &own, err);
    if (code == VT_OK)
        code = vt_own_certificate_is_valid(&own, now_utc_secs, err);
    for (unsigned i = 0; code == VT_OK && i < VT_SEAL_PURPOSES; i++)
        if ((key->purposes & (1u << i)) != 0)
            code = vt_seal_authorise(site, key, &own, (enum vt_seal_purpose)i, now_utc_secs,
                                     permission, err);
    vt_own_certificate_clear(&own);
    return code;
}
