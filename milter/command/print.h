/* SPDX-License-Identifier: Apache-2.0
 * What is printed for people in more than one command. */
#ifndef VANTHU_COMMAND_PRINT_H
#define VANTHU_COMMAND_PRINT_H

#include <jansson.h>
#include <stdio.h>

#include "command/command.h"

/* Columns a text takes on a terminal: continuation bytes of UTF-8 take none. */
int vt_print_columns(const char *text);
/* A text and spaces up to a column, one at least. */
void vt_print_cell(FILE *out, const char *text, int width);
/* "10:02 03/12/2026" or "2026-12-03 10:02", by the clock of Vietnam; "-" for no time. Returns
 * out. */
const char *vt_print_minute(enum vt_language language, char out[40], int64_t utc_secs);
/* A text of an object, "" where there is none; it lives as long as the object. */
const char *vt_print_json(const json_t *object, const char *key);

#endif
