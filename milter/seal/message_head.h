/* SPDX-License-Identifier: Apache-2.0
 * The header of a sealed mail; inside this room only. */
#ifndef VANTHU_SEAL_MESSAGE_HEAD_H
#define VANTHU_SEAL_MESSAGE_HEAD_H

#include "vanthu/seal_message.h"

#define VT_SEAL_BOUNDARY_BYTES 48

struct vt_seal_head {
    enum vt_seal_form form;
    const char *boundary; /* of multipart/signed */
    const char *micalg;
    bool is_root_replaced; /* bare: the body is base64 now */
};
/* The changes, into *out, and the header block with them made, its empty line included. VT_E_NOMEM,
 * VT_E_LIMIT. */
enum vt_code vt_seal_head_write(struct vt_arena *arena, struct vt_bytes mail,
                                const struct vt_seal_head *head, struct vt_sealed_message *out,
                                struct vt_bytes *out_header) VT_MUST_CHECK;

#endif
