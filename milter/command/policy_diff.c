/* SPDX-License-Identifier: Apache-2.0
 * vanthu policy diff: what another version of a policy changes in meaning. Exit status 0 both mean
 * the same, 1 they differ. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/diff.h"

/* Examples are looked for so long at most: 10 000 rules take a while. */
#define SEARCH_MSECS 10000
#define ARENA_BYTES ((size_t)1024 * 1024 * 1024)
#define SHOWN_MAILS 10
#define SHOWN_EXAMPLES 20
#define DEFAULT_SECS (7 * 86400)
#define MAX_SINCE_SECS (INT64_C(200) * 366 * 86400)
#define EXIT_DIFFERENT 1

struct diff_desk {
    const char *files[2], *cases_folder, *config_file;
    struct vt_register_place place;
    struct vt_policy *policies[2];
    bool json, wants_mails;
    size_t examples_most;
    int64_t since_secs, end_msecs;
    struct vt_config *config;
    struct vt_register *reg;
    struct vt_arena *arena;
    struct vt_replay_list *list;
};

static int bad_value(const char *text)
{
    fprintf(stderr, "vanthu policy diff: %s\n", text);
    return EX_USAGE;
}

/* ---- options ---- */

static int set_count(struct diff_desk *desk, const char *text)
{
    char *end = NULL;
    long count = strtol(text, &end, 10);
    if (end == text || *end != '\0' || count < 0 || count > VT_MAX_EXAMPLES)
        return bad_value("--list wants a number of examples, at most 200");
    desk->examples_most = (size_t)count;
    return EX_OK;
}

static int take_option(struct diff_desk *desk, int option)
{
    switch (option) {
    case 'c':
        desk->config_file = optarg;
        return EX_OK;
    case 'C':
        desk->cases_folder = optarg;
        return EX_OK;
    case 'r':
        desk->place.name = optarg;
        desk->wants_mails = true;
        return EX_OK;
    case 'g':
        desk->place.is_central = true;
        desk->wants_mails = true;
        return EX_OK;
    case 's':
        desk->wants_mails = true;
        return vt_command_read_span(optarg, MAX_SINCE_SECS, &desk->since_secs)
                   ? EX_OK
                   : bad_value("--since wants a span such as 7d");
    case 'l':
        return set_count(desk, optarg);
    case 'j':
        desk->json = true;
        return EX_OK;
    default:
        return EX_USAGE;
    }
}

static int read_options(struct diff_desk *desk, int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},   {"cases", required_argument, NULL, 'C'},
        {"register", required_argument, NULL, 'r'}, {"central", no_argument, NULL, 'g'},
        {"since", required_argument, NULL, 's'},    {"list", required_argument, NULL, 'l'},
        {"json", no_argument, NULL, 'j'},           {NULL, 0, NULL, 0}};
    int option = 0, status = EX_OK;
    while (status == EX_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = take_option(desk, option);
    if (status == EX_OK && argc - optind != 2)
        return bad_value("which two policies? vanthu policy diff OLD NEW");
    if (status != EX_OK)
        return status;
    desk->files[0] = argv[optind];
    desk->files[1] = argv[optind + 1];
    return EX_OK;
}

/* ---- comparing ---- */

static bool has_time(void *context, size_t probes_count)
{
    const struct diff_desk *desk = context;
    (void)probes_count;
    return vt_clock_monotonic_msecs() < desk->end_msecs;
}

static enum vt_code take_change(void *context, const struct vt_replay_change *change,
                                struct vt_err *err)
{
    struct diff_desk *desk = context;
    return change->then_action != change->now_action ? vt_replay_list_add(desk->list, change, err)
                                                     : VT_OK;
}

static enum vt_code replay_mails(struct diff_desk *desk, struct vt_replay *out, struct vt_err *err)
{
    int64_t secs = desk->since_secs != 0 ? desk->since_secs : DEFAULT_SECS;
    const struct vt_replay_request request = {.policy = desk->policies[1],
                                              .before = desk->policies[0],
                                              .config = desk->config,
                                              .from_utc_secs = vt_clock_now_utc_secs() - secs,
                                              .until_utc_secs = VT_TIME_NONE,
                                              .mode = VT_MODE_ENFORCE,
                                              .each = take_change,
                                              .context = desk};
    return vt_replay(desk->reg, desk->arena, &request, out, err);
}

static int show(struct diff_desk *desk, const struct vt_diff_shown *shown)
{
    struct vt_err err = {0};
    enum vt_code code = VT_OK;
    if (desk->cases_folder != NULL)
        code = vt_diff_write_cases(shown, desk->cases_folder, &err);
    if (code == VT_OK && desk->json)
        code = vt_diff_print_json(shown, stdout, &err);
    else if (code == VT_OK)
        vt_diff_print_text(shown, stdout);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    return vt_diff_is_none(shown) ? EX_OK : EXIT_DIFFERENT;
}

static int run(struct diff_desk *desk)
{
    struct vt_err err = {0};
    struct vt_policy_diff diff;
    struct vt_policy_examples examples;
    struct vt_replay mails;
    const struct vt_examples_request request = {.before = desk->policies[0],
                                                .after = desk->policies[1],
                                                .now_utc_secs = vt_clock_now_utc_secs(),
                                                .goes_on = has_time,
                                                .context = desk};
    desk->arena = vt_arena_new(ARENA_BYTES);
    desk->list = vt_replay_list_new(SHOWN_MAILS);
    if (desk->arena == NULL || desk->list == NULL)
        return vt_command_fault(&err, VT_E_NOMEM);
    enum vt_code code =
        vt_policy_diff(desk->arena, desk->policies[0], desk->policies[1], &diff, &err);
    desk->end_msecs = vt_clock_monotonic_msecs() + SEARCH_MSECS;
    if (code == VT_OK)
        code = vt_policy_examples(desk->arena, &request, &examples, &err);
    if (code == VT_OK && desk->wants_mails)
        code = replay_mails(desk, &mails, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    struct vt_diff_shown shown = {.language = vt_command_language(),
                                  .before_file = desk->files[0],
                                  .after_file = desk->files[1],
                                  .before = desk->policies[0],
                                  .after = desk->policies[1],
                                  .diff = &diff,
                                  .examples = &examples,
                                  .examples_most = desk->examples_most,
                                  .mails = desk->wants_mails ? &mails : NULL};
    shown.items_count = vt_replay_list_end(desk->list, &shown.items);
    return show(desk, &shown);
}

int vt_command_policy_diff(int argc, char **argv)
{
    static char name[] = "vanthu policy diff";
    struct diff_desk desk = {.examples_most = SHOWN_EXAMPLES};
    argv[0] = name; /* in the messages of getopt_long(3) */
    int status = read_options(&desk, argc, argv);
    for (int i = 0; i < 2 && status == EX_OK; i++)
        status = vt_command_load_policy(desk.files[i], false, &desk.policies[i]);
    if (status == EX_OK && desk.wants_mails)
        status = vt_command_open_register(desk.config_file, &desk.place, &desk.config, &desk.reg);
    if (status == EX_OK)
        status = run(&desk);
    vt_replay_list_free(desk.list);
    vt_arena_free(desk.arena);
    vt_register_close(desk.reg);
    vt_config_free(desk.config);
    for (int i = 0; i < 2; i++)
        vt_policy_free(desk.policies[i]);
    return status;
}
