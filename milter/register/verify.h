/* SPDX-License-Identifier: Apache-2.0
 * What the two parts of verifying share. */
#ifndef VANTHU_REGISTER_VERIFY_H
#define VANTHU_REGISTER_VERIFY_H

#include "register/body.h"
#include "register/derive.h"
#include "register/internal.h"

struct vt_verification {
    struct vt_register *reg;
    const struct vt_register_check *check;
    struct vt_register_verdict *out;
    struct vt_tail tail; /* of the last record that was right */
    bool has_kept_heads;
    /* Rows of claims that come from records whose bodies were read. */
    int64_t own_counts[VT_TABLES];
    /* The DESTROYED record that was read last: records that were destroyed together stand
     * together. */
    int64_t destruction_seq;
    struct vt_arena *destruction_arena;
    const struct vt_register_destroyed *destruction;
};

/* Note the first fault. */
void vt_verify_fault(struct vt_verification *v, enum vt_register_fault fault, int64_t seq,
                     const char *reference, const char *format, ...) VT_PRINTF(5, 6);
/* Whether the derived tables say what one record says, and whether a missing body was destroyed. */
enum vt_code vt_verify_record_tables(struct vt_verification *v,
                                     const struct vt_register_entry *entry,
                                     struct vt_err *err) VT_MUST_CHECK;
/* What is seen only when all records were read: rows that no record has, objects, the structure of
 * the file. */
enum vt_code vt_verify_all_tables(struct vt_verification *v, struct vt_err *err) VT_MUST_CHECK;
void vt_verify_clear(struct vt_verification *v);

#endif
