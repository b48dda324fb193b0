/* SPDX-License-Identifier: Apache-2.0
 * Where a key is that a service signs with over HTTPS: text only, nothing is looked up.
 *
 *     nethsm+https://HOST[:PORT][,HOST[:PORT]…]/KEYID
 *     csc+https://HOST[:PORT][/PATH]/csc/v1#CREDENTIAL        or v2
 *     vault+https://HOST[:PORT]/MOUNT/KEY?version=N[&namespace=NAMESPACE][&login=MOUNT] */
#ifndef VANTHU_BASE_REST_URI_H
#define VANTHU_BASE_REST_URI_H

#include "vanthu/bytes.h"

enum vt_rest_kind { VT_REST_NONE = 0, VT_REST_NETHSM, VT_REST_CSC, VT_REST_VAULT };

#define VT_MAX_REST_HOSTS 8
#define VT_MAX_REST_HOST_BYTES 264 /* a name, ":" and a port */
#define VT_MAX_REST_TEXT_BYTES 256

struct vt_rest_uri {
    enum vt_rest_kind kind;
    char hosts[VT_MAX_REST_HOSTS][VT_MAX_REST_HOST_BYTES]; /* "hsm.test", "[::1]:8443" */
    size_t hosts_count;
    char path[VT_MAX_REST_TEXT_BYTES]; /* CSC: "/csc/v1"; Vault: "/transit"; NetHSM: "" */
    char key[VT_MAX_REST_TEXT_BYTES];  /* key or credential */
    unsigned version;                  /* CSC: 1 or 2; Vault: of the key */
    char vault_namespace[VT_MAX_REST_TEXT_BYTES]; /* "": none */
    char vault_login[VT_MAX_REST_TEXT_BYTES];     /* where AppRole is mounted: "approle" */
};

/* By how it begins. */
enum vt_rest_kind vt_rest_kind_of(const char *text);
/* VT_E_FORMAT, with what is wrong and what would be right. */
enum vt_code vt_rest_uri_parse(const char *text, struct vt_rest_uri *out,
                               struct vt_err *err) VT_MUST_CHECK;

#endif
