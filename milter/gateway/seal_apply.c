/* SPDX-License-Identifier: Apache-2.0
 * A sealed mail to libmilter: all changes of the header first, then the body, in one run; Postfix
 * answers 451 when they are mixed. */
#include <limits.h>

#include "gateway/seal.h"

static int change(const struct vt_seal_change *item, bool leading_space,
                  const struct vt_milter_api *api, SMFICTX *ctx, struct vt_buf *value)
{
    if (item->value == NULL)
        return api->delete_header(ctx, item->name, (int)item->index);
    vt_buf_clear(value);
    vt_buf_init(value, VT_MAX_SEAL_CHANGES_BYTES);
    if (vt_buf_addf(value, "%s%s", leading_space ? " " : "", item->value) != VT_OK ||
        vt_buf_add(value, "", 1) != VT_OK)
        return MI_FAILURE;
    const char *text = (const char *)vt_buf_bytes(value).ptr;
    return item->index == 0 ? api->add_header(ctx, item->name, text)
                            : api->change_header(ctx, item->name, (int)item->index, text);
}

enum vt_code vt_seal_change_headers(const struct vt_sealed *sealed, bool leading_space,
                                    const struct vt_milter_api *api, SMFICTX *ctx)
{
    enum vt_code code = VT_OK;
    struct vt_buf value;
    if (sealed->result != VT_SEAL_RESULT_SEALED)
        return VT_OK;
    vt_buf_init(&value, VT_MAX_SEAL_CHANGES_BYTES);
    for (size_t i = 0; i < sealed->mail.changes_count && code == VT_OK; i++) {
        if (change(&sealed->mail.changes[i], leading_space, api, ctx, &value) != MI_SUCCESS)
            code = VT_E_SYSTEM;
    }
    vt_buf_clear(&value);
    return code;
}

enum vt_code vt_seal_replace_body(const struct vt_sealed *sealed, const struct vt_milter_api *api,
                                  SMFICTX *ctx)
{
    const struct vt_bytes *body = &sealed->mail.body;
    if (sealed->result != VT_SEAL_RESULT_SEALED)
        return VT_OK;
    if (body->len == 0 || body->len > INT_MAX ||
        api->replace_body(ctx, body->ptr, body->len) != MI_SUCCESS)
        return VT_E_SYSTEM;
    return VT_OK;
}
