/* SPDX-License-Identifier: Apache-2.0
 * vanthu(1): what the subcommands share. Data goes to standard output, messages to standard error;
 * exit statuses above 63 are those of sysexits(3). */
#ifndef VANTHU_COMMAND_H
#define VANTHU_COMMAND_H

#include <stdio.h>

#include "vanthu/config.h"

enum vt_language { VT_LANGUAGE_VIETNAMESE = 0, VT_LANGUAGE_ENGLISH };

/* vi unless LC_ALL, LC_MESSAGES or LANG (in this order) names another language. */
enum vt_language vt_command_language(void);

/* Subcommands: argv[0] is the subcommand's name. Each returns the exit status. */
int vt_command_check(int argc, char **argv);
int vt_command_policy(int argc, char **argv);
/* Of its subcommands, each on a line. */
void vt_command_policy_usage(FILE *out);
int vt_command_policy_check(int argc, char **argv);
int vt_command_policy_diff(int argc, char **argv);
int vt_command_policy_replay(int argc, char **argv);
int vt_command_policy_exceptions(int argc, char **argv);
int vt_command_policy_explain(int argc, char **argv);
int vt_command_policy_test(int argc, char **argv);
int vt_command_control(int argc, char **argv);
int vt_command_reload(int argc, char **argv);
int vt_command_ladder(int argc, char **argv);
int vt_command_hold(int argc, char **argv);
int vt_command_seal(int argc, char **argv);
/* Print what the master answered, for people or as JSON; returns the exit status. */
struct json_t;
int vt_command_show_answer(const struct json_t *answer, bool json);
/* vanthu status import; files ends with NULL. */
int vt_command_status_import(const char *control_socket, bool json, char *const *files);
int vt_command_trust(int argc, char **argv);
int vt_command_register(int argc, char **argv);
int vt_command_report(int argc, char **argv);
int vt_command_site(int argc, char **argv);
int vt_command_notice(int argc, char **argv);
int vt_command_undo(int argc, char **argv);
int vt_command_refuse(int argc, char **argv);

/* Have the running service verify and keep the CRLs of a file, DER or PEM. *out, json_decref: its
 * answer, {"crls": [{"ok": true|false, "text": …, …}]}. VT_E_FORMAT, VT_E_LIMIT: what it says of
 * the file as a whole. VT_E_NOT_FOUND, VT_E_PEER, VT_E_TIMEOUT: no service answers. */
struct json_t;
enum vt_code vt_command_import_crls(const char *control_socket, struct vt_bytes crls,
                                    struct json_t **out, struct vt_err *err) VT_MUST_CHECK;

/* A day or a moment for a person, by the clock in Vietnam: "03/12/2026" and "09:12 03/12/2026", or
 * "2026-12-03" and "2026-12-03T09:12:00+07:00"; "-" for VT_TIME_NONE. Return out. */
const char *vt_command_day(enum vt_language language, char out[VT_TIME_TEXT_BYTES],
                           int64_t utc_secs);
const char *vt_command_moment(enum vt_language language, char out[VT_TIME_TEXT_BYTES],
                              int64_t utc_secs);
/* "7d", "12h", "30m", "90s", or "0". False: another text, or longer than max_secs. */
bool vt_command_read_span(const char *text, int64_t max_secs, int64_t *out_secs);
/* "2026-12-03", a day of Vietnam (is_until: with the day itself), or a moment of RFC 3339. False:
 * another text. */
bool vt_command_read_time(const char *text, bool is_until, int64_t *out_utc_secs);
/* "TỪ CHỐI", "reject": what is done to a mail. */
const char *vt_command_action(enum vt_language language, enum vt_action action);
/* "chuyên dùng công vụ (official)", "official". */
const char *vt_command_set_name(enum vt_language language, enum vt_trust_set_id set);

/* "vanthu: " and a fault on standard error, with its place if it has one. */
void vt_command_print_fault(const struct vt_err *err);
/* Print a fault, or the name of code where err has no text; returns its exit status. */
int vt_command_fault(const struct vt_err *err, enum vt_code code);
/* Read a configuration, telling its mistakes: file, or where it is NULL the installed one, or where
 * there is none the defaults. Returns EX_OK with *out, or the exit status of what was told. */
int vt_command_load_config(const char *file, struct vt_config **out);
/* Which register is meant: that of this host, the central database of several gateways (--central),
 * or a folder or connection string (--register). */
struct vt_register_place {
    bool is_central;
    const char *name;
};
/* Who it was that became root, by the name the system has for them. */
#define VT_PERSON_BYTES 64
void vt_command_person(char out[VT_PERSON_BYTES]);
/* From now on files are opened with that person's rights and no others, so that whoever may use
 * this command by sudo(8) can neither read nor write what is not theirs; and root's again. Nothing
 * changes where nobody became root. False: it cannot be done, also of a person whom the system does
 * not know. */
bool vt_command_put_off_root(void) VT_MUST_CHECK;
bool vt_command_be_root_again(void) VT_MUST_CHECK;
/* Have the running registrar append a record. Returns EX_OK, or the exit status of what was told:
 * EX_UNAVAILABLE where no registrar answers; it may have been appended all the same. */
struct vt_register_record;
int vt_command_record(const char *control_socket, const struct vt_register_record *record);
/* Open a register for reading; place NULL: that of the configuration. Of a central database *out is
 * the first of all gateways (vanthu/central.h). Returns EX_OK, or the exit status of what was told;
 * *out_config is to be released either way. */
struct vt_register;
int vt_command_open_register(const char *config_file, const struct vt_register_place *place,
                             struct vt_config **out_config, struct vt_register **out);
/* The exit status of sysexits(3) for a fault. */
int vt_command_exit_status(enum vt_code code);

/* Print the evidence of one file for a person: the seven facts of each signature in the order of
 * legal.md R-39, then indication, reasons, and policy's decision (may be NULL). */
struct vt_check_text {
    enum vt_language language;
    const char *file;        /* a line of its own; NULL: none */
    const char *policy_file; /* for the place of a rule */
    /* What the table of agencies says of the file, and the table, for the names of agencies; each
     * may be NULL. */
    const struct vt_site_facts *facts;
    const struct vt_site *site;
    bool offline; /* --offline: that a status is not known is nobody's fault */
};
void vt_command_print_evidence(FILE *out, const struct vt_check_text *text,
                               const struct vt_evidence *evidence,
                               const struct vt_decision *decision);

/* The decision alone, with what it assumes: "tag (rule …), as inbound mail …". */
void vt_command_print_decision(FILE *out, const struct vt_check_text *text,
                               const struct vt_mail *mail, const struct vt_decision *decision);

/* The last part of a path. */
const char *vt_command_base_name(const char *file);
/* Read a policy, telling its mistakes, and its warnings where they are asked for. Returns EX_OK
 * with *out, or the exit status of what was told. */
struct vt_policy;
int vt_command_load_policy(const char *file, bool with_warnings, struct vt_policy **out);
/* Read a file, or standard input for "-", whole. *out is malloc'd. VT_E_LIMIT above max_bytes. */
enum vt_code vt_command_read_file(const char *file, size_t max_bytes, struct vt_buf *out,
                                  struct vt_err *err) VT_MUST_CHECK;

#endif
