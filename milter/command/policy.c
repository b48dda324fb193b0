/* SPDX-License-Identifier: Apache-2.0
 * vanthu policy: a table of contents of its subcommands. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "command/command.h"
#include "vanthu/site.h"

static int print_schema(int argc, char **argv)
{
    char *text = NULL;
    size_t len = 0;
    struct vt_err err = {0};
    bool is_of_agencies = argc == 2 && strcmp(argv[1], "agencies") == 0;
    if (argc > 1 && !is_of_agencies) {
        fprintf(stderr, "vanthu policy schema: what is \"%s\" for? agencies is the other one\n",
                argv[argc - 1]);
        return EX_USAGE;
    }
    enum vt_code code =
        is_of_agencies ? vt_site_schema(&text, &len, &err) : vt_policy_schema(&text, &len, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    puts(text);
    free(text);
    return EX_OK;
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage;
} subcommands[] = {
    {"check", vt_command_policy_check, "check [--json] [--config FILE] [FILE…]"},
    {"replay", vt_command_policy_replay,
     "replay [--policy FILE] [--period P [--calendar] | --since 7d | --from TIME --until TIME]\n"
     "                    [--mode observe|tag|enforce] [--as-answered] [--list N] [--json]\n"
     "                    [--central | --register PLACE] [--config FILE]"},
    {"explain", vt_command_policy_explain,
     "explain [--json] [--all] [--config FILE] [--policy FILE] REFERENCE|FILE…\n"
     "                    with FILE, as vanthu check: [--trust SET=PATH]… [--crl FILE]… [--at "
     "TIME]\n"
     "                    [--offline] [--from ADDRESS] [--to ADDRESS]… [--client IP] [--login "
     "NAME]\n"
     "                    [--direction D] [--sender-class C]"},
    {"test", vt_command_policy_test,
     "test [--json] [--config FILE] [--policy FILE] [--trust SET=PATH]… [--crl FILE]…\n"
     "                    [FOLDER|FILE…]"},
    {"diff", vt_command_policy_diff,
     "diff [--list N] [--json] [--cases FOLDER] [--since 7d] [--central | --register PLACE]\n"
     "                    [--config FILE] OLD NEW"},
    {"exceptions", vt_command_policy_exceptions, "exceptions [--json] [--config FILE]"},
    {"schema", print_schema, "schema [agencies]"},
};
#define SUBCOMMANDS (sizeof(subcommands) / sizeof(subcommands[0]))

void vt_command_policy_usage(FILE *out)
{
    for (size_t i = 0; i < SUBCOMMANDS; i++)
        fprintf(out, "       vanthu policy %s\n", subcommands[i].usage);
}

int vt_command_policy(int argc, char **argv)
{
    for (size_t i = 0; i < SUBCOMMANDS && argc > 1; i++) {
        if (strcmp(argv[1], subcommands[i].name) == 0)
            return subcommands[i].run(argc - 1, argv + 1);
    }
    if (argc > 1)
        fprintf(stderr, "vanthu policy: there is no subcommand \"%s\"\n", argv[1]);
    fprintf(stderr, "usage:\n");
    vt_command_policy_usage(stderr);
    return EX_USAGE;
}
