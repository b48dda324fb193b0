/* SPDX-License-Identifier: Apache-2.0
 * vanthu hold: mails that wait for a person's decision, letting them go, sending them back. The
 * register is read here; the running registrar appends. Exit status 0 it is done, 1 it was not
 * held, is over otherwise, or has left the queue, 69 (EX_UNAVAILABLE) no registrar answers, 75
 * (EX_TEMPFAIL) the mail server could not do it: to be run again. */
#include "command/hold.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define MAIL_ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define MAX_REASON_BYTES 1000

const char *vt_hold_pick(const struct vt_hold_desk *desk, const char *vietnamese,
                         const char *english)
{
    return desk->language == VT_LANGUAGE_VIETNAMESE ? vietnamese : english;
}

int vt_hold_say(const struct vt_hold_desk *desk, int status, const char *reference,
                const char *vietnamese, const char *english)
{
    fprintf(stderr, "%s: %s%s%s\n", desk->name, reference != NULL ? reference : "",
            reference != NULL ? ": " : "", vt_hold_pick(desk, vietnamese, english));
    return status;
}

/* ---- the record of a mail ---- */

static enum vt_code take_mail(void *context, const struct vt_register_entry *entry,
                              struct vt_err *err)
{
    struct vt_hold_mail *mail = context;
    mail->is_found = true;
    mail->is_destroyed = entry->is_destroyed;
    return entry->is_destroyed ? VT_OK : vt_register_read(mail->arena, entry, &mail->record, err);
}

static void note_queue_id(struct vt_hold_mail *mail)
{
    const struct vt_register_decided *decided = mail->record.decided;
    if (decided->is_secret) {
        mail->queue_id = decided->held_queue_id;
    } else {
        mail->mail = decided->evidence != NULL ? &decided->evidence->mail : decided->mail;
        mail->queue_id = mail->mail != NULL ? mail->mail->queue_id : NULL;
    }
}

enum vt_code vt_hold_mail_read(const struct vt_hold_desk *desk, const char *reference,
                               struct vt_hold_mail *out, struct vt_err *err)
{
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    int64_t next = 0;
    *out = (struct vt_hold_mail){.arena = vt_arena_new(MAIL_ARENA_BYTES)};
    if (out->arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a mail");
    query.reference = reference;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED);
    query.limit = 1;
    enum vt_code code = vt_register_find(desk->reg, &query, take_mail, out, &next, err);
    if (code == VT_OK && out->is_found && !out->is_destroyed)
        note_queue_id(out);
    if (out->queue_id == NULL)
        out->queue_id = "";
    return code;
}

void vt_hold_mail_clear(struct vt_hold_mail *mail)
{
    vt_arena_free(mail->arena);
    *mail = (struct vt_hold_mail){0};
}

/* ---- options ---- */

static int take_option(struct vt_hold_desk *desk, int option)
{
    switch (option) {
    case 'c':
        desk->config_file = optarg;
        return EX_OK;
    case 'p':
        desk->mta.postfix_config = optarg;
        return EX_OK;
    case 's':
        desk->mta.sendmail_config = optarg;
        return EX_OK;
    case 'r':
        desk->reason = optarg;
        return EX_OK;
    case 'j':
        desk->json = true;
        return EX_OK;
    default:
        return EX_USAGE;
    }
}

static int read_options(struct vt_hold_desk *desk, bool wants_references, int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"postfix-config", required_argument, NULL, 'p'},
                                            {"sendmail-config", required_argument, NULL, 's'},
                                            {"reason", required_argument, NULL, 'r'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    int option = 0, status = EX_OK;
    while (status == EX_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = take_option(desk, option);
    desk->arguments = argv + optind;
    if (status == EX_OK && wants_references && optind == argc)
        return vt_hold_say(desk, EX_USAGE, NULL, "mã tra cứu nào?", "which reference?");
    if (status == EX_OK && !wants_references && optind < argc)
        return vt_hold_say(desk, EX_USAGE, NULL, "list không nhận mã tra cứu",
                           "list takes no reference");
    if (status == EX_OK && desk->reason != NULL && strlen(desk->reason) > MAX_REASON_BYTES)
        return vt_hold_say(desk, EX_USAGE, NULL, "lý do quá dài", "the reason is too long");
    if (status == EX_OK && desk->mta.postfix_config != NULL && desk->mta.sendmail_config != NULL)
        return vt_hold_say(desk, EX_USAGE, NULL, "Postfix hay Sendmail?", "Postfix or Sendmail?");
    return status;
}

static const struct {
    const char *name;
    int (*act)(struct vt_hold_desk *desk);
} actions[] = {{"list", vt_hold_list}, {"release", vt_hold_release}, {"return", vt_hold_return}};

#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

static int run(struct vt_hold_desk *desk, size_t action, int argc, char **argv)
{
    int status = read_options(desk, action > 0, argc, argv);
    if (status == EX_OK && actions[action].act == vt_hold_return &&
        (desk->reason == NULL || *desk->reason == '\0'))
        status = vt_hold_say(desk, EX_USAGE, NULL, "vì sao? --reason", "why? --reason");
    if (status == EX_OK && action > 0 && geteuid() != 0)
        status = vt_hold_say(desk, EX_NOPERM, NULL,
                             "chỉ root được lấy thư ra khỏi hàng đợi của máy chủ thư: dùng sudo",
                             "only root may take a mail out of the mail server's queue: use sudo");
    if (status == EX_OK)
        status = vt_command_open_register(desk->config_file, NULL, &desk->config, &desk->reg);
    if (status == EX_OK) {
        vt_hold_mta_find(&desk->mta);
        status = actions[action].act(desk);
    }
    vt_register_close(desk->reg);
    vt_config_free(desk->config);
    return status;
}

int vt_command_hold(int argc, char **argv)
{
    static char names[ACTIONS][24];
    struct vt_hold_desk desk = {.name = "vanthu hold", .language = vt_command_language()};
    vt_command_person(desk.by);
    for (size_t i = 0; argc > 1 && i < ACTIONS; i++) {
        if (strcmp(argv[1], actions[i].name) != 0)
            continue;
        (void)snprintf(names[i], sizeof(names[i]), "vanthu hold %s", actions[i].name);
        desk.name = names[i];
        argv[1] = names[i]; /* in the messages of getopt_long(3) */
        return run(&desk, i, argc - 1, argv + 1);
    }
    return vt_hold_say(&desk, EX_USAGE, NULL, "list, release hay return?",
                       "list, release or return?");
}
