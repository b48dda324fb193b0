/* SPDX-License-Identifier: Apache-2.0
 * vanthu notice: its subcommands. argv[0] is the whole name, "vanthu notice list"; each returns the
 * exit status. */
#ifndef VANTHU_COMMAND_NOTICE_H
#define VANTHU_COMMAND_NOTICE_H

#include "command/command.h"
#include "command/print.h"
#include "vanthu/queued.h"

int vt_command_notice_list(int argc, char **argv);
int vt_command_notice_show(int argc, char **argv);
int vt_command_notice_retry(int argc, char **argv);
int vt_command_notice_drop(int argc, char **argv);

/* ---- rows for a person or a program ---- */

/* "chờ gửi", "ready". */
const char *vt_notice_state_word(enum vt_language language, enum vt_queued_state state);
/* One line. */
void vt_notice_print_line(FILE *out, enum vt_language language, const struct vt_queued *owed);
/* All of it but its message. */
void vt_notice_print_row(FILE *out, enum vt_language language, const struct vt_queued *owed);
/* Why the sender of a mail gets none, by the record of its decision, or that there is no such mail;
 * nothing when he is owed one. */
enum vt_code vt_notice_print_none(FILE *out, enum vt_language language, struct vt_register *reg,
                                  const char *reference, struct vt_err *err) VT_MUST_CHECK;
/* A new object; NULL: no memory. */
json_t *vt_notice_row_json(const struct vt_queued *owed);

#endif
