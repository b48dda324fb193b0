/* SPDX-License-Identifier: Apache-2.0
 * A certificate in JSON: base64 of its DER. */
#ifndef VANTHU_STATUS_DER_JSON_H
#define VANTHU_STATUS_DER_JSON_H

#include <jansson.h>

#include "vanthu/bytes.h"

/* NULL: above VT_MAX_CERTIFICATE_BYTES, or memory is out. */
json_t *vt_der_to_json(struct vt_bytes der);
/* *out lives in arena. VT_E_FORMAT, VT_E_NOMEM. */
enum vt_code vt_der_from_json(struct vt_arena *arena, const json_t *value, struct vt_bytes *out,
                              struct vt_err *err) VT_MUST_CHECK;

#endif
