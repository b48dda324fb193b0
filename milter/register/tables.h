/* SPDX-License-Identifier: Apache-2.0
 * The derived tables: what is put into them with a record, and whether they still say it. */
#ifndef VANTHU_REGISTER_TABLES_H
#define VANTHU_REGISTER_TABLES_H

#include "register/engine.h"
#include "vanthu/register.h"

enum vt_table {
    /* Rows of one record. */
    VT_TABLE_MAIL,
    VT_TABLE_RECIPIENT,
    VT_TABLE_RECIPIENT_AGENCY,
    VT_TABLE_MAIL_REASON,
    VT_TABLE_DOCUMENT,
    VT_TABLE_SIGNATURE,
    VT_TABLE_EXCEPTION,
    VT_TABLE_RECORD_OBJECT,
    VT_TABLE_OWN, /* the number of those above */
    /* Claims on a key. */
    VT_TABLE_FIRST_SEEN = VT_TABLE_OWN,
    VT_TABLE_DEFER_CLOCK,
    VT_TABLE_NOTICE_KEY,
    VT_TABLE_FOLLOWUP,
    VT_TABLE_DESTROYED,
    VT_TABLE_DESTROYED_OBJECT,
    VT_TABLES
};

#define VT_MAX_COLUMNS 24

enum vt_value_kind { VT_VALUE_NULL = 0, VT_VALUE_INT, VT_VALUE_TEXT, VT_VALUE_BLOB };
struct vt_value {
    enum vt_value_kind kind;
    int64_t number;
    struct vt_bytes bytes;
};

/* One row of one table, its values in the order of the columns. */
struct vt_row {
    enum vt_table table;
    int64_t seq;           /* of the record that it comes from */
    int64_t time_utc_secs; /* of that record */
    struct vt_value values[VT_MAX_COLUMNS];
    size_t count;
};

/* Insert a row. *out_is_new: false when another record has the key of a claim. */
enum vt_code vt_table_insert(struct vt_engine *engine, const struct vt_row *row, bool *out_is_new,
                             struct vt_err *err) VT_MUST_CHECK;
/* Whether the table says what the row says; of a claim that another record has, whether that may
 * be. *out_is_own: the row that is there comes from the record. */
enum vt_code vt_table_compare(struct vt_engine *engine, const struct vt_row *row, bool *out_fits,
                              bool *out_is_own, struct vt_err *err) VT_MUST_CHECK;
/* Rows of one record in one of its own tables. */
enum vt_code vt_table_count(struct vt_engine *engine, enum vt_table table, int64_t seq,
                            int64_t *out, struct vt_err *err) VT_MUST_CHECK;
/* Delete what a record has in its own tables. */
enum vt_code vt_table_forget(struct vt_engine *engine, int64_t seq,
                             struct vt_err *err) VT_MUST_CHECK;
const char *vt_table_name(enum vt_table table);

#endif
