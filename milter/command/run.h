/* SPDX-License-Identifier: Apache-2.0
 * Programs of the mail server, run by name and arguments: nothing goes through a shell. */
#ifndef VANTHU_COMMAND_RUN_H
#define VANTHU_COMMAND_RUN_H

#include "vanthu/bytes.h"

#define VT_MAX_RUN_OUTPUT_BYTES 4096
/* A program that takes longer is ended; a queue of 100 000 mails is listed in some seconds. */
#define VT_RUN_MSECS 30000

/* Run a program found in the usual folders, with nothing on its standard input, and wait for its
 * end; arguments: its name first, NULL last. out: the beginning of what it says on standard output
 * and standard error, without line ends behind it. False: it cannot be run, or failed. */
bool vt_command_run(const char *const *arguments, char out[VT_MAX_RUN_OUTPUT_BYTES]);
/* The same with each line of what it says given to each, without its end; lines of more than
 * max_line_bytes are left out. */
bool vt_command_run_lines(const char *const *arguments, size_t max_line_bytes,
                          void (*each)(void *context, const char *line), void *context);

#endif
