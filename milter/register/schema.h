/* SPDX-License-Identifier: Apache-2.0
 * The schema of the SQLite file, step by step: step n brings a file of version n to n + 1. */
#ifndef VANTHU_REGISTER_SCHEMA_H
#define VANTHU_REGISTER_SCHEMA_H

#include <stddef.h>

/* "VTRG": tells the register from other SQLite files. */
#define VT_SCHEMA_APPLICATION_ID 0x56545247

/* Each step is a list of scripts that ends with NULL. */
extern const char *const *const vt_schema_steps[];
extern const size_t vt_schema_version;

#endif
