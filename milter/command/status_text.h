/* SPDX-License-Identifier: Apache-2.0
 * vanthu status for a person. */
#ifndef VANTHU_COMMAND_STATUS_TEXT_H
#define VANTHU_COMMAND_STATUS_TEXT_H

#include <jansson.h>
#include <stdio.h>

#include "command/command.h"

/* Print the master's answer: mode, socket and roles, the numbers that status_numbers.h adds, and
 * its "status" member, the report of the status role (milter/status/report.c; null: that one did
 * not answer; absent after a reload). now: for "today". */
void vt_command_print_status(FILE *out, enum vt_language language, const json_t *answer,
                             int64_t now_utc_secs);

/* What the shipper says, in the answer's member "central"; nothing without it. */
void vt_command_print_central(FILE *out, enum vt_language language, const json_t *answer);

#endif
