/* SPDX-License-Identifier: Apache-2.0
 * vanthu policy replay: another policy over the register's evidence of a period. Exit status 0 when
 * every mail would be decided as it was, 1 when some would not, 2 when some would be refused or
 * held that were not; 130 when it was interrupted, after what was counted until then. */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/replay.h"
#include "vanthu/report.h"

#define SHOWN_MAILS 20
#define DEFAULT_SECS (7 * 86400)
#define MAX_SINCE_SECS (INT64_C(200) * 366 * 86400)
#define ROWS_ARENA_BYTES (16u * 1024 * 1024)
#define PROGRESS_MSECS 200
#define EXIT_OTHER 1
#define EXIT_REFUSED 2
#define EXIT_INTERRUPTED 130

struct replay_desk {
    const char *config_file, *policy_file, *period;
    struct vt_register_place place;
    bool is_calendar, json, is_as_answered;
    enum vt_mode mode;
    int64_t from_utc_secs, until_utc_secs, since_secs;
    size_t list_count;
    enum vt_language language;
    struct vt_config *config;
    struct vt_policy *policy;
    struct vt_register *reg;
    struct vt_arena *arena;
    struct vt_replay_list *list;
    int signal_fd;
    bool shows_progress, has_progress;
    int64_t shown_msecs;
};

static int bad_value(const char *text)
{
    fprintf(stderr, "vanthu policy replay: %s\n", text);
    return EX_USAGE;
}

/* ---- options ---- */

static int set_mode(struct replay_desk *desk, const char *text)
{
    for (unsigned mode = VT_MODE_OBSERVE; mode <= VT_MODE_ENFORCE; mode++) {
        if (strcmp(text, vt_mode_name((enum vt_mode)mode)) == 0) {
            desk->mode = (enum vt_mode)mode;
            return EX_OK;
        }
    }
    return bad_value("--mode wants observe, tag or enforce");
}

static int set_count(struct replay_desk *desk, const char *text)
{
    char *end = NULL;
    long count = strtol(text, &end, 10);
    if (end == text || *end != '\0' || count < 0 || count > VT_MAX_REPLAY_LIST)
        return bad_value("--list wants a number of mails, at most 100000");
    desk->list_count = (size_t)count;
    return EX_OK;
}

/* A span back from now, or the day or moment itself. */
static int set_since(struct replay_desk *desk, const char *text)
{
    if (vt_command_read_span(text, MAX_SINCE_SECS, &desk->since_secs) ||
        vt_command_read_time(text, false, &desk->from_utc_secs))
        return EX_OK;
    return bad_value("--since wants a span such as 7d, or a day such as 2026-12-03");
}

static int set_time(const char *text, bool is_until, int64_t *out)
{
    return vt_command_read_time(text, is_until, out)
               ? EX_OK
               : bad_value("a time is a day such as 2026-12-03, or of RFC 3339 such as "
                           "2026-12-03T09:12:00+07:00");
}

static int take_option(struct replay_desk *desk, int option)
{
    switch (option) {
    case 'c':
        desk->config_file = optarg;
        return EX_OK;
    case 'p':
        desk->policy_file = optarg;
        return EX_OK;
    case 'r':
        desk->place.name = optarg;
        return EX_OK;
    case 'g':
        desk->place.is_central = true;
        return EX_OK;
    case 'P':
        desk->period = optarg;
        return EX_OK;
    case 'C':
        desk->is_calendar = true;
        return EX_OK;
    case 's':
        return set_since(desk, optarg);
    case 'f':
        return set_time(optarg, false, &desk->from_utc_secs);
    case 'u':
        return set_time(optarg, true, &desk->until_utc_secs);
    case 'm':
        return set_mode(desk, optarg);
    case 'a':
        desk->is_as_answered = true;
        return EX_OK;
    case 'l':
        return set_count(desk, optarg);
    case 'j':
        desk->json = true;
        return EX_OK;
    default:
        return EX_USAGE;
    }
}

/* A period, or from and until, or the last seven days. */
static int choose_period(struct replay_desk *desk)
{
    struct vt_period period;
    struct vt_err err = {0};
    bool has_times = desk->from_utc_secs != VT_TIME_NONE || desk->until_utc_secs != VT_TIME_NONE;
    if (desk->period != NULL && (has_times || desk->since_secs != 0))
        return bad_value("either --period, or --since, or --from and --until");
    if (desk->is_calendar && desk->period == NULL)
        return bad_value("--calendar belongs to --period");
    if (desk->period != NULL) {
        if (vt_period_parse(desk->period, desk->is_calendar, &period, &err) != VT_OK)
            return bad_value(err.text);
        desk->from_utc_secs = period.from_utc_secs;
        desk->until_utc_secs = period.until_utc_secs;
    } else if (!has_times || desk->since_secs != 0) {
        int64_t secs = desk->since_secs != 0 ? desk->since_secs : DEFAULT_SECS;
        desk->from_utc_secs = vt_clock_now_utc_secs() - secs;
    }
    return EX_OK;
}

static int read_options(struct replay_desk *desk, int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},   {"policy", required_argument, NULL, 'p'},
        {"register", required_argument, NULL, 'r'}, {"central", no_argument, NULL, 'g'},
        {"period", required_argument, NULL, 'P'},   {"calendar", no_argument, NULL, 'C'},
        {"since", required_argument, NULL, 's'},    {"from", required_argument, NULL, 'f'},
        {"until", required_argument, NULL, 'u'},    {"mode", required_argument, NULL, 'm'},
        {"as-answered", no_argument, NULL, 'a'},    {"list", required_argument, NULL, 'l'},
        {"json", no_argument, NULL, 'j'},           {NULL, 0, NULL, 0}};
    int option = 0, status = EX_OK;
    while (status == EX_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = take_option(desk, option);
    if (status == EX_OK && optind < argc)
        status = bad_value("a policy is given as --policy FILE");
    return status == EX_OK ? choose_period(desk) : status;
}

/* ---- while it runs ---- */

static void show_progress(struct replay_desk *desk, const struct vt_replay_counts *counts,
                          int64_t time_utc_secs)
{
    char at[VT_TIME_TEXT_BYTES];
    int64_t now = vt_clock_monotonic_msecs();
    if (!desk->shows_progress || now - desk->shown_msecs < PROGRESS_MSECS)
        return;
    desk->shown_msecs = now;
    desk->has_progress = true;
    fprintf(stderr, "\r%s  %lld   ", vt_command_moment(desk->language, at, time_utc_secs),
            (long long)counts->mails_count);
}

static bool goes_on(void *context, const struct vt_replay_counts *counts, int64_t time_utc_secs)
{
    struct replay_desk *desk = context;
    struct signalfd_siginfo caught;
    show_progress(desk, counts, time_utc_secs);
    return read(desk->signal_fd, &caught, sizeof(caught)) <= 0;
}

static enum vt_code take_change(void *context, const struct vt_replay_change *change,
                                struct vt_err *err)
{
    struct replay_desk *desk = context;
    return change->then_action != change->now_action ? vt_replay_list_add(desk->list, change, err)
                                                     : VT_OK;
}

/* An interrupt ends the counting, not the program. */
static enum vt_code catch_interrupt(struct replay_desk *desk, struct vt_err *err)
{
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
        return vt_err_sys(err, "sigprocmask");
    desk->signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    return desk->signal_fd >= 0 ? VT_OK : vt_err_sys(err, "signalfd");
}

/* ---- what it needs ---- */

static int open_all(struct replay_desk *desk)
{
    struct vt_err err = {0};
    struct vt_config *config = NULL;
    int status = vt_command_open_register(desk->config_file, &desk->place, &config, &desk->reg);
    desk->config = config;
    if (status != EX_OK)
        return status;
    if (desk->policy_file == NULL)
        desk->policy_file = desk->config->policy_file;
    status = vt_command_load_policy(desk->policy_file, false, &desk->policy);
    if (status != EX_OK)
        return status;
    enum vt_code code = catch_interrupt(desk, &err);
    desk->arena = vt_arena_new(ROWS_ARENA_BYTES);
    desk->list = vt_replay_list_new(desk->list_count);
    if (code == VT_OK && (desk->arena == NULL || desk->list == NULL))
        code = VT_E_NOMEM;
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

static int exit_status(const struct vt_replay *result)
{
    if (!result->is_complete)
        return EXIT_INTERRUPTED;
    if (result->counts.newly_refused_count > 0 || result->counts.newly_held_count > 0)
        return EXIT_REFUSED;
    return result->counts.changed_count > 0 ? EXIT_OTHER : EX_OK;
}

static int run(struct replay_desk *desk)
{
    struct vt_replay result;
    struct vt_err err = {0};
    const struct vt_replay_request request = {.policy = desk->policy,
                                              .config = desk->config,
                                              .from_utc_secs = desk->from_utc_secs,
                                              .until_utc_secs = desk->until_utc_secs,
                                              .mode = desk->mode,
                                              .is_as_it_was = desk->is_as_answered,
                                              .each = take_change,
                                              .goes_on = goes_on,
                                              .context = desk};
    int64_t begun = vt_clock_monotonic_msecs();
    enum vt_code code = vt_replay(desk->reg, desk->arena, &request, &result, &err);
    if (desk->has_progress)
        fputs("\r\033[K", stderr);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    struct vt_replay_shown shown = {.language = desk->language,
                                    .policy_file = desk->policy_file,
                                    .policy_version = vt_policy_version(desk->policy),
                                    .mode = desk->mode,
                                    .is_as_answered = desk->is_as_answered,
                                    .from_utc_secs = desk->from_utc_secs,
                                    .until_utc_secs = desk->until_utc_secs,
                                    .taken_msecs = vt_clock_monotonic_msecs() - begun,
                                    .result = &result};
    shown.items_count = vt_replay_list_end(desk->list, &shown.items);
    if (desk->json)
        code = vt_replay_print_json(&shown, stdout, &err);
    else
        vt_replay_print_text(&shown, stdout);
    return code == VT_OK ? exit_status(&result) : vt_command_fault(&err, code);
}

int vt_command_policy_replay(int argc, char **argv)
{
    static char name[] = "vanthu policy replay";
    struct replay_desk desk = {.mode = VT_MODE_ENFORCE,
                               .from_utc_secs = VT_TIME_NONE,
                               .until_utc_secs = VT_TIME_NONE,
                               .list_count = SHOWN_MAILS,
                               .language = vt_command_language(),
                               .shows_progress = isatty(STDERR_FILENO) == 1,
                               .signal_fd = -1};
    argv[0] = name; /* in the messages of getopt_long(3) */
    int status = read_options(&desk, argc, argv);
    if (status == EX_OK)
        status = open_all(&desk);
    if (status == EX_OK)
        status = run(&desk);
    if (desk.signal_fd >= 0)
        (void)close(desk.signal_fd);
    vt_replay_list_free(desk.list);
    vt_arena_free(desk.arena);
    vt_register_close(desk.reg);
    vt_policy_free(desk.policy);
    vt_config_free(desk.config);
    return status;
}
