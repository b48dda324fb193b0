/* SPDX-License-Identifier: Apache-2.0
 * The back ends there are. */
#include "seal/backend.h"

#include <string.h>

const struct vt_backend *vt_backend_of(const char *uri)
{
    static const struct vt_backend *const backends[] = {&vt_backend_pkcs11, &vt_backend_nethsm,
                                                        &vt_backend_csc, &vt_backend_vault};
    size_t len = strcspn(uri, ":");
    for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
        if (strlen(backends[i]->uri_scheme) == len &&
            strncmp(uri, backends[i]->uri_scheme, len) == 0)
            return backends[i];
    return NULL;
}
