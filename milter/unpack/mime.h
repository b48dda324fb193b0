/* SPDX-License-Identifier: Apache-2.0
 * The steps of unpacking: what becomes of one item of the worklist. */
#ifndef VANTHU_UNPACK_MIME_H
#define VANTHU_UNPACK_MIME_H

#include "unpack/entity.h"

/* Take items until none is left, then check the signed parts of the multiparts that came. */
void vt_mime_drain(struct vt_unpack_work *work);
/* The entity of a mail (or of an opaque signature) as child of part index, which is the mail.
 * name_when_none: stands in the path when the part has no name. */
void vt_mime_push_root(struct vt_unpack_work *work, size_t index, struct vt_bytes entity,
                       const char *prefix, bool nested, bool covered);

/* ---- leaf.c: parts without parts ---- */

/* The body without its transfer encoding, decoded into the arena unless it is none. Defects are
 * told to the part. */
struct vt_bytes vt_leaf_decode(struct vt_unpack_work *work, size_t index,
                               const struct vt_entity *entity);
/* Name a leaf by its content and say what of it is not read. entity: NULL for a file. */
void vt_leaf_classify(struct vt_unpack_work *work, size_t index, const struct vt_entity *entity);

/* ---- signed.c: multipart/signed ---- */

/* After the children of part index were pushed as items first_item and up: is it one signed part
 * and one signature, and which bytes are signed. */
void vt_signed_begin(struct vt_unpack_work *work, size_t index, const struct vt_entity *entity,
                     size_t first_item);
/* When its subtree is complete: the signed bytes parsed alone must be the same part. */
void vt_signed_check(struct vt_unpack_work *work, size_t index);

/* ---- facts.c: headers of the outermost mail ---- */

void vt_facts_read(struct vt_unpack_work *work, size_t index, struct vt_bytes mail);
/* Of a nested mail only who wrote it. */
void vt_facts_read_author(struct vt_unpack_work *work, size_t index, struct vt_bytes mail);
/* True when the fields are those of a mail and not of a bare MIME entity. */
bool vt_facts_is_mail(struct vt_bytes entity);

#endif
