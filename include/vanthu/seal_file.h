/* SPDX-License-Identifier: Apache-2.0
 * The seal of any file as a detached CMS signature beside it (CAdES, EN 319 122-1 B-B), signed in
 * two steps, so that the key can be anywhere. Nothing of the file is parsed. */
#ifndef VANTHU_SEAL_FILE_H
#define VANTHU_SEAL_FILE_H

#include "vanthu/seal.h"

struct vt_seal_cms;
struct vt_seal_file {
    struct vt_bytes attributes; /* for the sealer */
    struct vt_seal_cms *cms;
};
/* What is to be signed. identity must outlive *out, which lives in arena. VT_E_FORMAT (the
 * identity), VT_E_NOMEM, VT_E_INTERNAL. Source: RFC 5652 5.4; EN 319 122-1 5. */
enum vt_code vt_seal_file_prepare(struct vt_arena *arena, struct vt_bytes content,
                                  const struct vt_seal_identity *identity,
                                  int64_t signing_time_utc_secs, struct vt_seal_file *out,
                                  struct vt_err *err) VT_MUST_CHECK;
/* The signature as DER, a view of arena. token: a time stamp token over the signature value, or
 * empty. VT_E_FORMAT: not a signature of the identity's key over the attributes; VT_E_NOMEM. */
enum vt_code vt_seal_file_finish(struct vt_arena *arena, const struct vt_seal_file *file,
                                 struct vt_bytes signature, struct vt_bytes token,
                                 struct vt_bytes *out_cms, struct vt_err *err) VT_MUST_CHECK;

#endif
