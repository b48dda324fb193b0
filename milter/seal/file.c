/* SPDX-License-Identifier: Apache-2.0
 * The seal of any file: a detached CMS signature. */
#include "vanthu/seal_file.h"

#include "seal/cms.h"
#include "seal/hash.h"

enum vt_code vt_seal_file_prepare(struct vt_arena *arena, struct vt_bytes content,
                                  const struct vt_seal_identity *identity,
                                  int64_t signing_time_utc_secs, struct vt_seal_file *out,
                                  struct vt_err *err)
{
    uint8_t digest[VT_SEAL_MAX_DIGEST_BYTES];
    *out = (struct vt_seal_file){.cms = vt_arena_alloc(arena, sizeof(*out->cms))};
    if (out->cms == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the seal of a file");
    size_t len = vt_seal_digest(identity->hash, content, digest);
    if (len == 0)
        return vt_err_set(err, VT_E_INTERNAL, "the digest of a file could not be computed");
    const struct vt_seal_cms_plan plan = {.identity = identity,
                                          .content_digest = vt_bytes_of(digest, len),
                                          .signing_time_utc_secs = signing_time_utc_secs};
    enum vt_code code = vt_seal_cms_prepare(arena, &plan, out->cms, err);
    if (code == VT_OK)
        out->attributes = out->cms->attributes;
    return code;
}

enum vt_code vt_seal_file_finish(struct vt_arena *arena, const struct vt_seal_file *file,
                                 struct vt_bytes signature, struct vt_bytes token,
                                 struct vt_bytes *out_cms, struct vt_err *err)
{
    struct vt_bytes nothing;
    *out_cms = (struct vt_bytes){0};
    return vt_seal_cms_finish(arena, file->cms, signature, token, VT_SEAL_DETACHED, out_cms,
                              &nothing, err);
}
