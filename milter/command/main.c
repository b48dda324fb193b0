/* SPDX-License-Identifier: Apache-2.0
 * vanthu(1): a table of contents of its subcommands. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "command/command.h"
#include "vanthu/bytes.h"
#include "vanthu/log.h"
#include "vanthu/role.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;  /* in one line */
    const char *usage; /* NULL: vt_command_policy_usage */
} subcommands[] = {
    {"check", vt_command_check,
     "what is signed in a mail or document, by whom, whether it is valid, and why",
     "check [--json [--trace] | --html[=FILE]] [--config FILE] [--policy FILE]\n"
     "               [--trust SET=PATH]… [--crl FILE]… [--content FILE]… [--at TIME] [--offline]\n"
     "               [--sender-class state|other] [--direction inbound|outbound|internal] FILE…"},
    {"policy", vt_command_policy, "the policy: check it, and see what it does or would do", NULL},
    {"trust", vt_command_trust, "roots and authorities: set them up, compare, renew",
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
     "how the running service is, and what is wrong; bring in CRLs by hand",
     "status [--json | --prometheus] [--config FILE]\n"
     "       vanthu status import [--json] [--config FILE] FILE…"},
    {"register", vt_command_register, "what was decided about each mail, and why; prove it later",
     "register list [--from TIME] [--until TIME] [--limit N]\n"
     "       vanthu register search [--sender ADDRESS] [--recipient ADDRESS] [--domain DOMAIN]\n"
     "                    [--agency ID] [--certificate SHA256] [--document SHA256] [--reason "
     "CODE]\n"
     "                    [--from TIME] [--until TIME] [--limit N]\n"
     "       vanthu register show REFERENCE…\n"
     "                    each with [--central | --register URI]\n"
     "       vanthu register recheck [--document FILE] [--trust SET=PATH]… REFERENCE\n"
     "       vanthu register verify [--head FILE]… [--chain-only] [--trust SET=PATH]… [--offline]\n"
     "                    [--central | --register URI]\n"
     "       vanthu register head [--export FILE | --request OUT.tsq | --token IN.tsr]\n"
     "       vanthu register backup FILE\n"
     "                    each with [--json] [--config FILE]"},
    {"notice", vt_command_notice,
     "notices that are owed: what waits, try again, drop; what they say",
     "notice list [--state STATE]… [--all] [--limit N] [ID|REFERENCE]\n"
     "       vanthu notice show [--message] ID|REFERENCE\n"
     "       vanthu notice retry ID | --all\n"
     "       vanthu notice drop --reason TEXT ID\n"
     "                    each with [--json] [--config FILE]\n"
     "       vanthu notice check [--json] [--config FILE] [FOLDER]\n"
     "       vanthu notice preview [--kind KIND] [--format text|eml|html] [--language vi|en|both]\n"
     "                    [--words FOLDER] [--config FILE] KIND|REASON|REFERENCE"},
    {"report", vt_command_report, "the periodic report; what an office refused",
     "report [--period 2026H1|2026|2026Q1|2026-03] [--calendar]\n"
     "                    [--format text|csv|json|html] [--separator C] [--output FILE]\n"
     "                    [--central | --register URI] [--config FILE]\n"
     "       vanthu report --refusals [--agency ID|DOMAIN] [--period P | --since DAY] …"},
    {"site", vt_command_site, "the table of agencies: whose certificates these are",
     "site suggest [--since DAY] [--out FILE.csv] [--all]\n"
     "       vanthu site import [--dry-run] FILE.csv\n"
     "       vanthu site check\n"
     "       vanthu site show AGENCY|ADDRESS|FINGERPRINT\n"
     "                    each with [--table FILE] [--json] [--config FILE]"},
    {"seal", vt_command_seal,
     "seal a file; keys in an HSM: whether they work, stop them, another PIN",
     "seal [--key KEY] [--out FILE] [--force] [--detached | --opaque] [--protect-headers]\n"
     "                    [--reason TEXT] [--crl FILE]… [--json] [--config FILE] FILE\n"
     "       vanthu seal check [--json] [--config FILE] [KEY…]\n"
     "       vanthu seal stop [--reason TEXT] [--config FILE]\n"
     "       vanthu seal resume [--config FILE]\n"
     "       vanthu seal csr [--subject /C=VN/O=…/CN=…] [--out FILE] [--config FILE] KEY\n"
     "       vanthu seal rotate-pin [--config FILE] NEWFILE KEY"},
    {"undo", vt_command_undo, "take a decision about a mail back",
     "undo --reason TEXT [--for 7d] [--all-like-this] [--config FILE] REFERENCE"},
    {"refuse", vt_command_refuse, "record that a clerk returns a mail",
     "refuse --reason INCOMPLETE|WRONG_RECIPIENT|RECALLED [--text TEXT] [--config FILE] REFERENCE"},
    {"hold", vt_command_hold, "held mails: which wait, let them go, send them back",
     "hold list [--json] [--config FILE] [--postfix-config FOLDER | --sendmail-config FILE]\n"
     "       vanthu hold release [--reason TEXT] [--config FILE]\n"
     "                    [--postfix-config FOLDER | --sendmail-config FILE] REFERENCE…\n"
     "       vanthu hold return --reason TEXT [--config FILE]\n"
     "                    [--postfix-config FOLDER | --sendmail-config FILE] REFERENCE…"},
    {"reload", vt_command_reload, "read configuration and policy again",
     "reload [--confirm-within TIME] [--newly-refused N] [--dry-run] [--json] [--config FILE]\n"
     "       vanthu reload --keep | --previous [--json] [--config FILE]"},
    {"ladder", vt_command_ladder,
     "where the site stands between observe, tag and enforce; the next step",
     "ladder [observe|tag|enforce] [--dry-run] [--yes] [--newly-refused N]\n"
     "                    [--postfix-config FOLDER | --without-postfix] [--json] [--config FILE]"},
    {"drain", vt_command_control, "finish the mails under way and end",
     "drain [--json] [--config FILE]"},
};

#define SUBCOMMANDS (sizeof(subcommands) / sizeof(subcommands[0]))

/* The options of one subcommand. False: there is none of that name. */
static bool usage_of(FILE *out, const char *name)
{
    size_t i = 0;
    while (i < SUBCOMMANDS && strcmp(name, subcommands[i].name) != 0)
        i++;
    if (i == SUBCOMMANDS)
        return false;
    fprintf(out, "usage:\n");
    if (subcommands[i].usage != NULL)
        fprintf(out, "       vanthu %s\n", subcommands[i].usage);
    else
        vt_command_policy_usage(out);
    return true;
}

static int overview(FILE *out, int status)
{
    fprintf(out, "usage: vanthu SUBCOMMAND …\n\n");
    for (size_t i = 0; i < SUBCOMMANDS; i++)
        fprintf(out, "  %-10s %s\n", subcommands[i].name, subcommands[i].what);
    fprintf(out, "\n\"vanthu help SUBCOMMAND\" shows its options, vanthu(1) explains them.\n");
    return status;
}

static int unknown(const char *name)
{
    fprintf(stderr, "vanthu: there is no subcommand \"%s\"", name);
    for (size_t i = 0; i < SUBCOMMANDS; i++) {
        if (vt_text_distance(name, subcommands[i].name, 2) <= 2) {
            fprintf(stderr, ", did you mean \"%s\"?\n", subcommands[i].name);
            return EX_USAGE;
        }
    }
    fprintf(stderr, "\n\n");
    return overview(stderr, EX_USAGE);
}

/* "vanthu help", "vanthu help policy", "vanthu policy --help", "vanthu policy check --help". */
static bool is_help(int argc, char **argv, const char **out_name)
{
    bool is_first = strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0;
    *out_name = is_first ? argv[2] : argv[1];
    return is_first || strcmp(argv[argc - 1], "--help") == 0;
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
    const char *name = NULL;
    if (vt_role_dispatch(argc, argv, &status))
        return status;
    vt_log_open("vanthu", false, VT_LOG_WARNING);
    if (argc < 2)
        return overview(stderr, EX_USAGE);
    if (is_help(argc, argv, &name) && (name == NULL || usage_of(stdout, name)))
        return flushed(name == NULL ? overview(stdout, EX_OK) : EX_OK);
    if (strcmp(argv[1], "--version") == 0) {
        printf("vanthu %s\n", VT_VERSION);
        return flushed(EX_OK);
    }
    for (size_t i = 0; i < SUBCOMMANDS; i++) {
        if (strcmp(argv[1], subcommands[i].name) == 0)
            return flushed(subcommands[i].run(argc - 1, argv + 1));
    }
    return unknown(strcmp(argv[1], "help") == 0 ? name : argv[1]);
}
