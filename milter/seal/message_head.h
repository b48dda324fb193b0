/* SPDX-License-Identifier: Apache-2.0
 * The header of a sealed mail; inside this room only. */
#ifndef VANTHU_SEAL_MESSAGE_HEAD_H
#define VANTHU_SEAL_MESSAGE_HEAD_H

#include "vanthu/seal_message.h"

#define VT_SEAL_BOUNDARY_BYTES 48

/* The changes, into *out, and the header block with them made, its empty line included. boundary:
 * of the multipart/signed; NULL: the opaque form. VT_E_NOMEM, VT_E_LIMIT. */
enum vt_code vt_seal_head_write(struct vt_arena *arena, struct vt_bytes mail, const char *boundary,
                                const char *micalg, struct vt_sealed_message *out,
                                struct vt_bytes *out_header) VT_MUST_CHECK;

#endif
