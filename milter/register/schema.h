/* SPDX-License-Identifier: Apache-2.0
 * The schema, step by step: step n brings a register of version n to n + 1. It is written in the
 * words of SQLite; what the engines do not share (triggers) says for which one it is. */
#ifndef VANTHU_REGISTER_SCHEMA_H
#define VANTHU_REGISTER_SCHEMA_H

#include "vanthu/bytes.h"

/* "VTRG": tells the register from other SQLite files. */
#define VT_SCHEMA_APPLICATION_ID 0x56545247

/* Each step is a list of scripts that ends with NULL. */
extern const char *const *const vt_schema_steps[];
extern const size_t vt_schema_version;

/* The first line of a script that is for one engine only. */
#define VT_SCHEMA_SQLITE "-- sqlite\n"
#define VT_SCHEMA_POSTGRES "-- postgres\n"
bool vt_schema_is_for_sqlite(const char *script);
/* Append the script in the words of PostgreSQL; nothing when it is for SQLite only. Errors as
 * vt_buf_add. */
enum vt_code vt_schema_for_postgres(const char *script, struct vt_buf *out) VT_MUST_CHECK;

#endif
