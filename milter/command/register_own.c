/* SPDX-License-Identifier: Apache-2.0
 * The central database beside the register of this host: whether both say the same. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/register.h"
#include "vanthu/central.h"

enum vt_code vt_register_own_compare(const struct vt_register_desk *desk, struct vt_register *reg,
                                     const struct vt_register_verdict *verdict,
                                     struct vt_register_own *out, struct vt_err *err)
{
    struct vt_register *local = NULL;
    struct vt_register_head head, now;
    struct vt_err unread;
    *out = (struct vt_register_own){.is_known = false};
    if (vt_register_gateway(reg)[0] == '\0' || verdict->fault != VT_REGISTER_WHOLE ||
        vt_register_open_read(desk->config->register_directory, &local, &unread) != VT_OK)
        return VT_OK;
    enum vt_code code = VT_OK;
    if (vt_register_is_same(local, reg)) {
        out->is_known = true;
        code = vt_register_head_at(local, verdict->head.seq, &head, err);
        out->is_same =
            code == VT_OK && memcmp(head.chain, verdict->head.chain, sizeof(head.chain)) == 0;
        if (code == VT_OK)
            code = vt_register_head_now(local, VT_TIME_NONE, &now, err);
        out->waiting_count = code == VT_OK ? now.seq - verdict->head.seq : 0;
        code = code == VT_E_NOT_FOUND ? VT_OK : code; /* it ends before: not the same */
    }
    vt_register_close(local);
    return code;
}

void vt_register_own_print(const struct vt_register_desk *desk, const struct vt_register_own *own)
{
    bool vi = desk->language == VT_LANGUAGE_VIETNAMESE;
    if (!own->is_known)
        return;
    if (!own->is_same)
        puts(vi ? "KHÁC với sổ đăng ký của máy này: một trong hai sổ đã bị làm lại, cắt bớt hoặc "
                  "khôi phục từ bản cũ."
                : "It DIFFERS from the register of this host: one of them was made anew, cut, or "
                  "restored from an older copy.");
    else if (own->waiting_count == 0)
        puts(vi ? "Khớp với sổ đăng ký của máy này, không còn bản ghi nào chờ chuyển."
                : "The register of this host says the same, and no record waits.");
    else
        printf(vi ? "Khớp với sổ đăng ký của máy này; còn %" PRId64 " bản ghi chờ chuyển.\n"
                  : "The register of this host says the same; %" PRId64 " records wait.\n",
               own->waiting_count);
}
