/* SPDX-License-Identifier: Apache-2.0
 * vanthu notice: a table of contents of its subcommands. */
#include "command/notice.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "command/notice_words.h"
#include "vanthu/bytes.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} subcommands[] = {
    {"list", vt_command_notice_list},   {"show", vt_command_notice_show},
    {"retry", vt_command_notice_retry}, {"drop", vt_command_notice_drop},
    {"check", vt_command_notice_check}, {"preview", vt_command_notice_preview},
};

#define SUBCOMMANDS (sizeof(subcommands) / sizeof(subcommands[0]))

static int unknown(const char *name)
{
    fprintf(stderr, "vanthu notice: ");
    if (name == NULL)
        fprintf(stderr, "which of");
    else
        fprintf(stderr, "there is no subcommand \"%s\"; there are", name);
    for (size_t i = 0; i < SUBCOMMANDS; i++)
        fprintf(stderr, "%s %s", i == 0 ? "" : ",", subcommands[i].name);
    fprintf(stderr, "%s\n", name == NULL ? "?" : "");
    return EX_USAGE;
}

int vt_command_notice(int argc, char **argv)
{
    char name[64];
    for (size_t i = 0; argc > 1 && i < SUBCOMMANDS; i++) {
        if (strcmp(argv[1], subcommands[i].name) != 0)
            continue;
        (void)snprintf(name, sizeof(name), "vanthu notice %s", subcommands[i].name);
        argv[1] = name;
        return subcommands[i].run(argc - 1, argv + 1);
    }
    return unknown(argc > 1 ? argv[1] : NULL);
}
