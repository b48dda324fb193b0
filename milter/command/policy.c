/* SPDX-License-Identifier: Apache-2.0
 * vanthu policy: a table of contents of its subcommands. */
#include <string.h>
#include <sysexits.h>

#include "command/command.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage;
} subcommands[] = {
    {"check", vt_command_policy_check, "check [--json] FILE…"},
    {"exceptions", vt_command_policy_exceptions, "exceptions [--json] [--config FILE]"},
};
#define SUBCOMMANDS (sizeof(subcommands) / sizeof(subcommands[0]))

int vt_command_policy(int argc, char **argv)
{
    for (size_t i = 0; i < SUBCOMMANDS && argc > 1; i++) {
        if (strcmp(argv[1], subcommands[i].name) == 0)
            return subcommands[i].run(argc - 1, argv + 1);
    }
    if (argc > 1)
        fprintf(stderr, "vanthu policy: there is no subcommand \"%s\"\n", argv[1]);
    for (size_t i = 0; i < SUBCOMMANDS; i++)
        fprintf(stderr, "%s vanthu policy %s\n", i == 0 ? "usage:" : "      ",
                subcommands[i].usage);
    return EX_USAGE;
}
