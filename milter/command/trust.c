/* SPDX-License-Identifier: Apache-2.0
 * vanthu trust: a table of contents of its subcommands, and what they share. */
#include "command/trust.h"

#include <getopt.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define ARENA_BYTES ((size_t)512 * 1024 * 1024)

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} subcommands[] = {
    {"setup", vt_trust_command_setup}, {"list", vt_trust_command_list},
    {"add", vt_trust_command_add},     {"remove", vt_trust_command_remove},
    {"check", vt_trust_command_check}, {"refresh", vt_trust_command_refresh},
    {"learn", vt_trust_command_learn}, {"path", vt_trust_command_path},
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
        fprintf(stderr, "vanthu trust: there is no subcommand \"%s\"; there are:", argv[1]);
    else
        fprintf(stderr, "vanthu trust: which subcommand?");
    for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
        fprintf(stderr, " %s", subcommands[i].name);
    fprintf(stderr, "\n");
    return EX_USAGE;
}

/* ---- texts ---- */

const char *vt_trust_word(const struct vt_trust_desk *desk, const char *vietnamese,
                          const char *english)
{
    return desk->language == VT_LANGUAGE_VIETNAMESE ? vietnamese : english;
}

int vt_trust_say(const struct vt_trust_desk *desk, int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", desk->command);
    (void)vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    return status;
}

const char *vt_trust_name(const struct vt_certificate_facts *facts)
{
    const char *name = facts->common_name != NULL ? facts->common_name : facts->subject;
    return name != NULL ? name : "?";
}

const char *vt_trust_grouped(char out[VT_GROUPED_BYTES], const char *sha256)
{
    size_t at = 0;
    for (size_t i = 0; sha256[i] != '\0' && at + 2 < VT_GROUPED_BYTES; i++) {
        if (i > 0 && i % 4 == 0)
            out[at++] = ' ';
        out[at++] = sha256[i];
    }
    out[at] = '\0';
    return out;
}

/* Words of events that stand at the begin of a line. */
static const char *event_word(const struct vt_trust_desk *desk, const char *event)
{
    static const char *const vietnamese[][2] = {
        {"added", "đã thêm"},         {"removed", "đã gỡ"},
        {"there", "đã có"},           {"left-out", "bỏ qua"},
        {"proposed", "đề nghị thêm"}, {"failed", "không lấy được"},
        {"fetched", "đã lấy"},        {"ok", "đạt"},
        {"attention", "CẦN XEM"},     {"note", "ghi chú"},
    };
    for (size_t i = 0;
         desk->language == VT_LANGUAGE_VIETNAMESE && i < sizeof(vietnamese) / sizeof(vietnamese[0]);
         i++) {
        if (strcmp(vietnamese[i][0], event) == 0)
            return vietnamese[i][1];
    }
    return event;
}

static void report(const struct vt_trust_desk *desk, const char *event,
                   const struct vt_certificate_facts *facts, const char *text)
{
    json_t *row = json_pack("{s:s, s:s}", "event", event, "text", text);
    if (facts != NULL && facts->sha256[0] != '\0') {
        (void)json_object_set_new(row, "sha256", json_string(facts->sha256));
        (void)json_object_set_new(row, "name", json_string(vt_trust_name(facts)));
    }
    (void)json_array_append_new(json_object_get(desk->report, "results"), row);
}

void vt_trust_result(const struct vt_trust_desk *desk, const char *event,
                     const struct vt_certificate_facts *facts, const char *format, ...)
{
    char raw[1024], text[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(raw, sizeof(raw), format, arguments);
    va_end(arguments);
    (void)vt_text_clean(text, sizeof(text), vt_bytes_str(raw));
    if (desk->options.json) {
        report(desk, event, facts, text);
        return;
    }
    printf("%s  %s%s%s\n", event_word(desk, event), facts != NULL ? vt_trust_name(facts) : "",
           facts != NULL ? ": " : "", text);
}

/* ---- options ---- */

static int take_set(struct vt_trust_desk *desk, const char *text)
{
    for (int set = 0; set < VT_TRUST_SETS; set++) {
        if (strcmp(text, vt_trust_set_name((enum vt_trust_set_id)set)) == 0) {
            desk->options.set = (enum vt_trust_set_id)set;
            return EX_OK;
        }
    }
    return vt_trust_say(desk, EX_USAGE, "--set wants official or public");
}

static int take_text(const struct vt_trust_desk *desk, const char **list, size_t *count)
{
    if (*count == VT_TRUST_MAX_OPTIONS)
        return vt_trust_say(desk, EX_USAGE, "an option is repeated too often");
    list[(*count)++] = optarg;
    return EX_OK;
}

static int take_option(struct vt_trust_desk *desk, int option)
{
    struct vt_trust_options *options = &desk->options;
    switch (option) {
    case 'j':
        options->json = true;
        return EX_OK;
    case 'y':
        options->yes = true;
        return EX_OK;
    case 'c':
        options->config_file = optarg;
        return EX_OK;
    case 's':
        return take_set(desk, optarg);
    case 'f':
        return take_text(desk, options->from, &options->from_count);
    case 'C':
        return take_text(desk, options->confirm, &options->confirm_count);
    default:
        return EX_USAGE;
    }
}

static bool is_word_of(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at += len) {
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    }
    return false;
}

static int read_options(struct vt_trust_desk *desk, int argc, char **argv, const char *known)
{
    static const struct option all[] = {
        {"config", required_argument, NULL, 'c'}, {"json", no_argument, NULL, 'j'},
        {"yes", no_argument, NULL, 'y'},          {"set", required_argument, NULL, 's'},
        {"from", required_argument, NULL, 'f'},   {"confirm", required_argument, NULL, 'C'},
    };
    struct option chosen[sizeof(all) / sizeof(all[0]) + 1] = {{0}};
    size_t count = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (i < 2 || is_word_of(known, all[i].name))
            chosen[count++] = all[i];
    }
    int option = 0, status = EX_OK;
    while (status == EX_OK && (option = getopt_long(argc, argv, "", chosen, NULL)) != -1)
        status = take_option(desk, option);
    return status;
}

/* ---- the desk ---- */

int vt_trust_desk_reload(struct vt_trust_desk *desk)
{
    struct vt_err err = {0};
    vt_role_set_stop(desk->roles);
    desk->roles = NULL;
    vt_trust_store_free(desk->store);
    desk->store = NULL;
    enum vt_code code = vt_trust_store_load(desk->config->trust, VT_TRUST_SETS, &desk->store, &err);
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

int vt_trust_desk_open(struct vt_trust_desk *desk, int argc, char **argv, const char *known)
{
    *desk = (struct vt_trust_desk){
        .command = argv[0], .language = vt_command_language(), .arena = vt_arena_new(ARENA_BYTES)};
    int status = read_options(desk, argc, argv, known);
    if (status == EX_OK && desk->options.json)
        desk->report = json_pack("{s:[]}", "results");
    if (status == EX_OK && (desk->arena == NULL || (desk->options.json && desk->report == NULL)))
        status = vt_trust_say(desk, EX_OSERR, "out of memory");
    if (status == EX_OK)
        status = vt_command_load_config(desk->options.config_file, &desk->config);
    return status == EX_OK ? vt_trust_desk_reload(desk) : status;
}

int vt_trust_desk_close(struct vt_trust_desk *desk, int status)
{
    if (desk->report != NULL && status < EX__BASE &&
        (json_dumpf(desk->report, stdout, JSON_COMPACT) != 0 || fputc('\n', stdout) == EOF))
        status = EX_IOERR;
    json_decref(desk->report);
    vt_role_set_stop(desk->roles);
    vt_trust_store_free(desk->store);
    vt_config_free(desk->config);
    vt_arena_free(desk->arena);
    return status;
}
