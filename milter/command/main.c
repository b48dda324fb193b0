/* SPDX-License-Identifier: Apache-2.0
 * vanthu(1): a table of contents of its subcommands. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "command/command.h"
#include "vanthu/log.h"
#include "vanthu/role.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage;
} subcommands[] = {
    {"check", vt_command_check,
     "check [--json [--trace]] [--config FILE] [--policy FILE] [--trust SET=PATH]…\n"
     "               [--crl FILE]… [--content FILE]… [--at TIME] [--offline]\n"
     "               [--sender-class state|other] [--direction inbound|outbound|internal] FILE…"},
    {"policy", vt_command_policy,
     "policy check [--json] FILE…\n"
     "       vanthu policy exceptions [--json] [--config FILE]\n"
     "       vanthu policy schema"},
    {"trust", vt_command_trust,
     "trust setup official|public [--json] [--config FILE] [--from URL|FILE|FOLDER]…\n"
     "                    [--confirm FINGERPRINT]…\n"
     "       vanthu trust add [--json] [--config FILE] [--set official|public]\n"
     "                    [--confirm FINGERPRINT]… FILE…\n"
     "       vanthu trust remove [--json] [--config FILE] FINGERPRINT…\n"
     "       vanthu trust list | check | refresh [--json] [--config FILE]\n"
     "       vanthu trust learn [--yes] [--json] [--config FILE]\n"
     "       vanthu trust path [--json] [--config FILE] [--trust SET=PATH]… [--with FILE]… [--crl "
     "FILE]…\n"
     "                    [--at TIME] [--offline] FILE…"},
    {"status", vt_command_control,
     "status [--json | --prometheus] [--config FILE]\n"
     "       vanthu status import [--json] [--config FILE] FILE…"},
    {"register", vt_command_register,
     "register list [--from TIME] [--until TIME] [--limit N]\n"
     "       vanthu register search [--sender ADDRESS] [--recipient ADDRESS] [--domain DOMAIN]\n"
     "                    [--agency ID] [--certificate SHA256] [--document SHA256] [--reason "
     "CODE]\n"
     "                    [--from TIME] [--until TIME] [--limit N]\n"
     "       vanthu register show REFERENCE…\n"
     "       vanthu register verify [--head FILE]… [--chain-only]\n"
     "       vanthu register head [--export FILE]\n"
     "       vanthu register backup FILE\n"
     "                    each with [--json] [--config FILE]"},
    {"report", vt_command_report,
     "report [--period 2026H1|2026|2026Q1|2026-03] [--calendar]\n"
     "                    [--format text|csv|json|html] [--separator C] [--output FILE]\n"
     "                    [--config FILE]\n"
     "       vanthu report --refusals [--agency ID|DOMAIN] [--period P | --since DAY] …"},
    {"site", vt_command_site,
     "site suggest [--since DAY] [--out FILE.csv] [--all]\n"
     "       vanthu site import [--dry-run] FILE.csv\n"
     "       vanthu site check\n"
     "       vanthu site show AGENCY|ADDRESS|FINGERPRINT\n"
     "                    each with [--table FILE] [--json] [--config FILE]"},
    {"undo", vt_command_undo,
     "undo --reason TEXT [--for 7d] [--all-like-this] [--config FILE] REFERENCE"},
    {"refuse", vt_command_refuse,
     "refuse --reason INCOMPLETE|WRONG_RECIPIENT|RECALLED [--text TEXT] [--config FILE] REFERENCE"},
    {"reload", vt_command_control, "reload [--json] [--config FILE]"},
    {"drain", vt_command_control, "drain [--json] [--config FILE]"},
};

static int usage(FILE *out, int status)
{
    for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
        fprintf(out, "%s vanthu %s\n", i == 0 ? "usage:" : "      ", subcommands[i].usage);
    fprintf(out, "       vanthu help | --version\n");
    return status;
}

/* What did not get out was not said: a full disk or a closed pipe is no success. */
static int flushed(int status)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return status;
    perror("vanthu: standard output");
    return EX_IOERR;
}

int main(int argc, char **argv)
{
    int status = EX_SOFTWARE;
    if (vt_role_dispatch(argc, argv, &status))
        return status;
    vt_log_open("vanthu", false, VT_LOG_WARNING);
    if (argc < 2)
        return usage(stderr, EX_USAGE);
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0)
        return flushed(usage(stdout, EX_OK));
    if (strcmp(argv[1], "--version") == 0) {
        printf("vanthu %s\n", VT_VERSION);
        return flushed(EX_OK);
    }
    for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
        if (strcmp(argv[1], subcommands[i].name) == 0)
            return flushed(subcommands[i].run(argc - 1, argv + 1));
    }
    fprintf(stderr, "vanthu: there is no subcommand \"%s\"\n", argv[1]);
    return usage(stderr, EX_USAGE);
}
