/* SPDX-License-Identifier: Apache-2.0
 * vanthu check, and the commands that look at files as it does: what their options say. */
#ifndef VANTHU_COMMAND_CHECK_H
#define VANTHU_COMMAND_CHECK_H

#include "command/command.h"
#include "vanthu/role.h"

#define VT_MAX_REPEATED_OPTIONS 64

struct vt_check_options {
    const char *command; /* "vanthu check", for messages */
    bool json, offline, trace;
    bool html;
    const char *html_file; /* NULL: standard output */
    const char *config_file, *policy_file;
    int64_t now_utc_secs;
    bool is_now_given; /* --at */
    /* What the mail is taken for; the class: unless its own header proves one. */
    bool has_sender_class;
    enum vt_sender_class sender_class;
    bool has_direction;
    enum vt_direction direction;
    /* Of vanthu policy explain: the envelope. */
    const char *sender, *client, *login;
    const char *recipients[VT_MAX_REPEATED_OPTIONS];
    size_t recipients_count;
    bool all; /* --all: of every document, every rule */
    /* Its lists are the arrays below. */
    struct vt_role_overrides overrides;
    struct vt_trust_source trust[VT_MAX_REPEATED_OPTIONS];
    struct vt_buf crls[VT_MAX_REPEATED_OPTIONS], contents[VT_MAX_REPEATED_OPTIONS];
    struct vt_bytes crl_views[VT_MAX_REPEATED_OPTIONS], content_views[VT_MAX_REPEATED_OPTIONS];
};

/* Which options there are: of vanthu check, vanthu trust path, vanthu policy explain and vanthu
 * policy test. */
enum vt_check_command {
    VT_CHECK_DOCUMENTS = 0,
    VT_CHECK_CERTIFICATES,
    VT_CHECK_EXPLAIN,
    VT_CHECK_CASES
};

/* Read the command line, and whatever its options name: files that cannot be read are told now.
 * The files to check are argv[optind] and on. *out begins as zero; clear it in any case. Returns
 * EX_OK, or the exit status of what was wrong and has been said. */
int vt_check_options_read(enum vt_check_command command, int argc, char **argv,
                          struct vt_check_options *out);
/* Take one --trust SET=PATH by itself, looking at what it names. *options: as it begins, with
 * command. */
int vt_check_options_add_trust(struct vt_check_options *options, const char *argument);
void vt_check_options_clear(struct vt_check_options *options);

#endif
