/* SPDX-License-Identifier: Apache-2.0
 * The administrator's side of the sealer. */
#include <stdlib.h>

#include "seal/messages.h"

enum vt_code vt_sealer_wish(const struct vt_sealer *sealer, const struct vt_seal_wish *wish,
                            char **out_json, struct vt_err *err)
{
    static const enum vt_message_type types[] = {
        [VT_SEAL_WISH_STATUS] = VT_MSG_SEAL_STATUS, [VT_SEAL_WISH_PROBE] = VT_MSG_SEAL_PROBE,
        [VT_SEAL_WISH_PIN] = VT_MSG_SEAL_PROBE,     [VT_SEAL_WISH_REQUEST] = VT_MSG_SEAL_CSR,
        [VT_SEAL_WISH_STOP] = VT_MSG_SEAL_STOP,     [VT_SEAL_WISH_RESUME] = VT_MSG_SEAL_RESUME};
    json_t *answer = NULL;
    const char *text_key = wish->kind == VT_SEAL_WISH_REQUEST ? "subject" : "text";
    json_t *body =
        json_pack("{s:s*, s:s*, s:s*}", "key", wish->key, text_key, wish->text, "by", wish->by);
    int fd = wish->kind == VT_SEAL_WISH_PIN ? wish->pin_fd : -1;
    enum vt_code code = vt_seal_ask(sealer, types[wish->kind], body, fd, &answer, err);
    if (code != VT_OK)
        return code;
    *out_json = json_dumps(answer, JSON_COMPACT);
    json_decref(answer);
    return *out_json != NULL ? VT_OK : vt_err_set(err, VT_E_NOMEM, "no memory for an answer");
}
