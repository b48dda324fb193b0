/* SPDX-License-Identifier: Apache-2.0
 * One part of the mail being looked at: what inspect_part.c and inspect_objects.c share. */
#ifndef VANTHU_INSPECTOR_PART_WORK_H
#define VANTHU_INSPECTOR_PART_WORK_H

#include "inspector/inspect_internal.h"

/* The document under construction and what it was read from. */
struct vt_part_work {
    struct vt_inspect_run *run;
    size_t index;
    struct vt_document document;
    const struct vt_signed_object *objects;
    size_t objects_count;
    const struct vt_validation_data *validation_data;
    struct vt_verified_list *verified; /* one list per object */
    struct vt_token_cache *token_cache;
    const struct vt_bytes *candidates;
    size_t candidates_count;
};

/* Verify and judge its signed objects, and put the signatures into the document. */
enum vt_code vt_part_judge(struct vt_part_work *work, struct vt_err *err) VT_MUST_CHECK;
/* The digest of the document. After its signatures, whose digest it shares; once. */
enum vt_code vt_part_hash(struct vt_part_work *work, struct vt_err *err) VT_MUST_CHECK;
/* Add a finding to the document. VT_OK, VT_E_NOMEM. */
enum vt_code vt_part_find(struct vt_part_work *work, const char *text) VT_MUST_CHECK;
/* Returns VT_E_NOMEM. */
enum vt_code vt_part_no_memory(struct vt_err *err) VT_MUST_CHECK;

#endif
