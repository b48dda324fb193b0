/* SPDX-License-Identifier: Apache-2.0
 * The files of --crl: DER, or PEM with one list or several. */
#include <stdlib.h>
#include <string.h>

#include "inspector/given_crls.h"
#include "status/container.h"

#define MAX_LISTS 256

static enum vt_code add(struct vt_bytes *lists, size_t *count, struct vt_bytes der)
{
    uint8_t *copy = malloc(der.len > 0 ? der.len : 1);
    if (copy == NULL)
        return VT_E_NOMEM;
    memcpy(copy, der.ptr, der.len);
    lists[(*count)++] = vt_bytes_of(copy, der.len);
    return VT_OK;
}

/* One that is neither goes on as it is, so that whoever judges by it says what is wrong with it. */
static enum vt_code add_file(struct vt_bytes *lists, size_t *count, struct vt_bytes data)
{
    struct vt_crl_file file = {.data = data};
    struct vt_bytes der;
    size_t before = *count;
    enum vt_code code = VT_OK;
    while (code == VT_OK && *count < MAX_LISTS) {
        code = vt_crl_file_next(&file, &der, NULL);
        if (code == VT_OK)
            code = add(lists, count, der);
    }
    vt_crl_file_clear(&file);
    if (code != VT_E_NOMEM && *count == before && *count < MAX_LISTS)
        code = add(lists, count, data);
    return code == VT_E_NOMEM ? code : VT_OK;
}

enum vt_code vt_given_crls(const struct vt_bytes *files, size_t files_count,
                           const struct vt_bytes **out, size_t *out_count, struct vt_err *err)
{
    struct vt_bytes *lists = calloc(MAX_LISTS, sizeof(*lists));
    enum vt_code code = lists == NULL ? VT_E_NOMEM : VT_OK;
    *out_count = 0;
    for (size_t i = 0; code == VT_OK && i < files_count; i++)
        code = add_file(lists, out_count, files[i]);
    *out = lists;
    return code == VT_OK ? VT_OK : vt_err_set(err, code, "no memory for the lists of --crl");
}

void vt_given_crls_free(const struct vt_bytes *lists, size_t count)
{
    for (size_t i = 0; lists != NULL && i < count; i++)
        free((void *)(uintptr_t)lists[i].ptr);
    free((void *)(uintptr_t)lists);
}
