/* SPDX-License-Identifier: Apache-2.0
 * vanthu notice check and preview: the words of notices, and what a notice looks like. argv[0] is
 * the whole name, "vanthu notice check"; each returns the exit status. */
#ifndef VANTHU_COMMAND_NOTICE_WORDS_H
#define VANTHU_COMMAND_NOTICE_WORDS_H

#include "command/command.h"
#include "vanthu/notice.h"

int vt_command_notice_check(int argc, char **argv);
int vt_command_notice_preview(int argc, char **argv);

/* Read the words of a folder, NULL: those that are built in. Mistakes are added. Errors as
 * vt_notice_words_bundle and vt_notice_words_parse. */
enum vt_code vt_command_load_words(const char *folder, struct vt_notice_words **out,
                                   struct vt_mistakes *mistakes, struct vt_err *err) VT_MUST_CHECK;

#endif
