/* SPDX-License-Identifier: Apache-2.0
 * Building one row: begin, its values in the order of the table's columns, emit. */
#ifndef VANTHU_REGISTER_DERIVE_VALUE_H
#define VANTHU_REGISTER_DERIVE_VALUE_H

#include "register/derive.h"

/* Every code with its comma. */
#define VT_DERIVE_REASONS_BYTES (VT_REASON_COUNT * 24)

struct vt_derive_work {
    const struct vt_derivation *derivation;
    const struct vt_register_record *record;
    struct vt_arena *arena;
    vt_row_sink *sink;
    void *context;
    struct vt_err *err;
    struct vt_row row;
    bool is_out_of_memory;
    bool has_bad_digest;
    uint8_t digests[2][VT_REGISTER_DIGEST_BYTES]; /* of the row */
    size_t digests_count;
    char reasons[VT_DERIVE_REASONS_BYTES];
};

void vt_derive_begin(struct vt_derive_work *work, enum vt_table table);
void vt_derive_int(struct vt_derive_work *work, int64_t number);
void vt_derive_null(struct vt_derive_work *work);
/* As JSON has it. NULL: null. */
void vt_derive_text(struct vt_derive_work *work, const char *text);
/* A time that RFC 3339 cannot write is null. */
void vt_derive_time(struct vt_derive_work *work, int64_t utc_secs);
/* Hexadecimal as bytes, at most two in a row; NULL or "" is null. */
void vt_derive_digest(struct vt_derive_work *work, const char *hex);
/* "CERT_REVOKED,WEAK_ALGORITHM", once in a row: codes stay what they are, bits of a set do not. */
void vt_derive_reason_codes(struct vt_derive_work *work, vt_reasons reasons);
/* Give the row to the sink. VT_E_NOMEM, VT_E_FORMAT: of a value before; others are the sink's. */
enum vt_code vt_derive_emit(struct vt_derive_work *work) VT_MUST_CHECK;

#endif
