/* SPDX-License-Identifier: Apache-2.0
 * vanthu trust: its subcommands. Each has argv[0] "vanthu trust NAME", and returns the exit
 * status. */
#ifndef VANTHU_COMMAND_TRUST_H
#define VANTHU_COMMAND_TRUST_H

#include "command/command.h"

int vt_trust_command_path(int argc, char **argv);

#endif
