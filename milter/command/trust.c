/* SPDX-License-Identifier: Apache-2.0
 * vanthu trust: a table of contents of its subcommands. */
#include "command/trust.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} subcommands[] = {
    {"path", vt_trust_command_path},
};

int vt_command_trust(int argc, char **argv)
{
    char name[64];
    for (size_t i = 0; argc > 1 && i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
        if (strcmp(argv[1], subcommands[i].name) != 0)
            continue;
        (void)snprintf(name, sizeof(name), "vanthu trust %s", subcommands[i].name);
        argv[1] = name; /* in the messages of getopt_long(3) */
        return subcommands[i].run(argc - 1, argv + 1);
    }
    if (argc > 1)
        fprintf(stderr, "vanthu trust: there is no subcommand \"%s\"; these are there:", argv[1]);
    else
        fprintf(stderr, "vanthu trust: which subcommand?");
    for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
        fprintf(stderr, " %s", subcommands[i].name);
    fprintf(stderr, "\n");
    return EX_USAGE;
}
