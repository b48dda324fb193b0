/* SPDX-License-Identifier: Apache-2.0
 * vanthu report: what the periodic reports of an office ask for, counted from the register. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/register.h"
#include "vanthu/clock.h"
#include "vanthu/report.h"

struct report_desk {
    struct vt_register_place place;
    const char *config_file, *period, *since, *agency, *output;
    bool is_calendar, is_of_refusals;
    struct vt_report_show show;
    struct vt_config *config;
    struct vt_register *reg;
    struct vt_policy *policy; /* for the names of its table of agencies; NULL: none can be had */
    struct vt_arena *arena;
};

static int bad_value(const char *text)
{
    fprintf(stderr, "vanthu report: %s\n", text);
    return EX_USAGE;
}

/* ---- options ---- */

static int set_format(struct report_desk *desk, const char *text)
{
    static const struct {
        const char *name;
        enum vt_report_format format;
    } formats[] = {{"text", VT_REPORT_TEXT},
                   {"csv", VT_REPORT_CSV},
                   {"json", VT_REPORT_JSON},
                   {"html", VT_REPORT_HTML}};
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (strcmp(formats[i].name, text) == 0) {
            desk->show.format = formats[i].format;
            return EX_OK;
        }
    }
    return bad_value("--format wants text, csv, json or html");
}

/* What a spreadsheet takes for one; a letter, digit, quote or line end would break the table. */
static int set_separator(struct report_desk *desk, const char *text)
{
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
        text = "\t";
    if (text[0] == '\0' || text[1] != '\0' || strchr(",;|\t", text[0]) == NULL)
        return bad_value("--separator wants \",\", \";\", \"|\" or tab");
    desk->show.separator = text[0];
    return EX_OK;
}

static int take_option(struct report_desk *desk, int option)
{
    switch (option) {
    case 'c':
        desk->config_file = optarg;
        return EX_OK;
    case 'g':
        desk->place.is_central = true;
        return EX_OK;
    case 'G':
        desk->place.name = optarg;
        return EX_OK;
    case 'p':
        desk->period = optarg;
        return EX_OK;
    case 'C':
        desk->is_calendar = true;
        return EX_OK;
    case 'R':
        desk->is_of_refusals = true;
        return EX_OK;
    case 'a':
        desk->agency = optarg;
        return EX_OK;
    case 'S':
        desk->since = optarg;
        return EX_OK;
    case 'f':
        return set_format(desk, optarg);
    case 's':
        return set_separator(desk, optarg);
    case 'o':
        desk->output = optarg;
        return EX_OK;
    default:
        return EX_USAGE;
    }
}

static int check_options(const struct report_desk *desk)
{
    if (desk->show.separator != 0 && desk->show.format != VT_REPORT_CSV)
        return bad_value("--separator belongs to --format csv");
    if (!desk->is_of_refusals && (desk->agency != NULL || desk->since != NULL))
        return bad_value("--agency and --since belong to --refusals");
    if (desk->since != NULL && desk->period != NULL)
        return bad_value("either --period or --since");
    return EX_OK;
}

static int read_options(struct report_desk *desk, int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},   {"period", required_argument, NULL, 'p'},
        {"calendar", no_argument, NULL, 'C'},       {"refusals", no_argument, NULL, 'R'},
        {"agency", required_argument, NULL, 'a'},   {"since", required_argument, NULL, 'S'},
        {"format", required_argument, NULL, 'f'},   {"separator", required_argument, NULL, 's'},
        {"output", required_argument, NULL, 'o'},   {"central", no_argument, NULL, 'g'},
        {"register", required_argument, NULL, 'G'}, {NULL, 0, NULL, 0}};
    int option = 0, status = EX_OK;
    while (status == EX_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = take_option(desk, option);
    if (status == EX_OK && optind < argc)
        status = bad_value("a period is given as --period 2026H1");
    return status == EX_OK ? check_options(desk) : status;
}

/* ---- counting ---- */

/* The half-year that a day belongs to: of the state's, the last days of December begin the next
 * year's first (Decree 09/2019, Article 12). */
static enum vt_code running_period(int64_t now_utc_secs, bool is_calendar, struct vt_period *out,
                                   struct vt_err *err)
{
    char now[VT_TIME_TEXT_BYTES], name[16];
    int year = (int)strtol(vt_time_rfc3339(now, now_utc_secs), NULL, 10);
    for (int i = 0; i < 4; i++) {
        (void)snprintf(name, sizeof(name), "%04dH%d", year + i / 2, i % 2 + 1);
        enum vt_code code = vt_period_parse(name, is_calendar, out, err);
        if (code != VT_OK || vt_period_month(out, now_utc_secs) >= 0)
            return code;
    }
    return vt_err_set(err, VT_E_CONFIG, "which period? --period 2026H1");
}

/* From a day of Vietnam on, or a moment of RFC 3339. */
static enum vt_code since_day(const char *text, int64_t now_utc_secs, struct vt_period *out,
                              struct vt_err *err)
{
    int64_t from = 0;
    if (vt_time_parse_vietnam(text, &from) != VT_OK)
        return vt_err_set(err, VT_E_CONFIG,
                          "--since wants a day such as 2026-12-03, or a time of RFC 3339 such as "
                          "2026-12-03T11:00:00+07:00");
    *out = vt_period_between(from, now_utc_secs + 1);
    return VT_OK;
}

static enum vt_code choose_period(const struct report_desk *desk, int64_t now_utc_secs,
                                  struct vt_period *out, struct vt_err *err)
{
    if (desk->since != NULL)
        return since_day(desk->since, now_utc_secs, out, err);
    if (desk->period != NULL)
        return vt_period_parse(desk->period, desk->is_calendar, out, err);
    return running_period(now_utc_secs, desk->is_calendar, out, err);
}

/* A policy with mistakes, which `vanthu policy check` tells, has no table: agencies then stand
 * under their id. */
static void load_agencies(struct report_desk *desk)
{
    struct vt_mistakes mistakes;
    struct vt_err err = {0};
    vt_mistakes_init(&mistakes);
    if (vt_policy_load(desk->config->policy_file, &desk->policy, &mistakes, &err) != VT_OK)
        desk->policy = NULL;
    vt_mistakes_clear(&mistakes);
}

static const struct vt_site_agency *agency_by_id(const void *context, const char *id)
{
    const struct vt_policy *policy = context;
    return vt_site_agency(vt_policy_site(policy), id);
}

/* Not a mistake: the table may have had it once. */
static void mention_unknown_agency(const struct report_desk *desk)
{
    if (desk->agency == NULL || desk->policy == NULL || strchr(desk->agency, '.') != NULL ||
        vt_site_agency(vt_policy_site(desk->policy), desk->agency) != NULL)
        return;
    char shown[64];
    fprintf(stderr, "vanthu report: the table of agencies has no \"%s\"\n",
            vt_text_clean(shown, sizeof(shown), vt_bytes_str(desk->agency)));
}

static enum vt_code make(struct report_desk *desk, struct vt_report **out, struct vt_err *err)
{
    struct vt_report_request request = {.now_utc_secs = vt_clock_now_utc_secs(),
                                        .office = desk->config->office_name,
                                        .regulation = desk->config->regulation,
                                        .profile = desk->config->profile,
                                        .agency = desk->agency};
    load_agencies(desk);
    mention_unknown_agency(desk);
    if (desk->policy != NULL) {
        request.agency_by_id = agency_by_id;
        request.context = desk->policy;
    }
    enum vt_code code = choose_period(desk, request.now_utc_secs, &request.period, err);
    if (code != VT_OK)
        return code;
    desk->arena = vt_arena_new(VT_MAX_REPORT_ARENA_BYTES);
    if (desk->arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a report");
    return desk->is_of_refusals ? vt_report_refusals(desk->reg, desk->arena, &request, out, err)
                                : vt_report_make(desk->reg, desk->arena, &request, out, err);
}

/* ---- writing ---- */

/* For a terminal: names of senders and signers must not play with it. */
static enum vt_code write_text(const struct vt_report *report, const struct vt_report_show *show,
                               FILE *out, struct vt_err *err)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    if (memory == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a report");
    enum vt_code code = vt_report_render(report, show, memory, err);
    if (fclose(memory) != 0 && code == VT_OK)
        code = vt_err_set(err, VT_E_NOMEM, "no memory for a report");
    if (code == VT_OK && !vt_register_put_clean(out, text, len))
        code = vt_err_sys(err, "the report cannot be written");
    free(text);
    return code;
}

static enum vt_code write_to(const struct vt_report *report, const struct vt_report_show *show,
                             FILE *out, struct vt_err *err)
{
    enum vt_code code = show->format == VT_REPORT_TEXT ? write_text(report, show, out, err)
                                                       : vt_report_render(report, show, out, err);
    if (code == VT_OK && fflush(out) != 0)
        code = vt_err_sys(err, "the report cannot be written");
    return code;
}

/* Whole or not at all: beside the file, then in its place. */
static enum vt_code write_file(const char *file, const struct vt_report *report,
                               const struct vt_report_show *show, struct vt_err *err)
{
    char *beside = NULL;
    if (asprintf(&beside, "%s.XXXXXX", file) < 0)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a name");
    int fd = mkstemp(beside);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    enum vt_code code = VT_OK;
    if (out == NULL)
        code = vt_err_sys(err, "%s", file);
    else
        code = write_to(report, show, out, err);
    if (code == VT_OK && fsync(fd) != 0)
        code = vt_err_sys(err, "%s", file);
    if (out != NULL)
        (void)fclose(out);
    else if (fd >= 0)
        (void)close(fd);
    if (code == VT_OK && rename(beside, file) != 0)
        code = vt_err_sys(err, "%s", file);
    if (code != VT_OK && fd >= 0)
        (void)unlink(beside);
    free(beside);
    return code;
}

static void remind(const struct vt_config *config)
{
    char text[VT_REPORT_REMINDER_BYTES];
    bool is_english = vt_command_language() == VT_LANGUAGE_ENGLISH;
    if (vt_report_is_owed(config->profile, config->regulation, vt_clock_now_utc_secs(), is_english,
                          text))
        fprintf(stderr, "%s\n", text);
}

static int run(struct report_desk *desk)
{
    struct vt_report *report = NULL;
    struct vt_err err = {0};
    struct vt_config *config = NULL;
    int status = vt_command_open_register(desk->config_file, &desk->place, &config, &desk->reg);
    desk->config = config;
    if (status != EX_OK)
        return status;
    enum vt_code code = make(desk, &report, &err);
    if (code == VT_E_CONFIG)
        return bad_value(err.text);
    if (code == VT_OK && desk->output != NULL && strcmp(desk->output, "-") != 0)
        code = write_file(desk->output, report, &desk->show, &err);
    else if (code == VT_OK)
        code = write_to(report, &desk->show, stdout, &err);
    if (code == VT_OK)
        remind(desk->config);
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

int vt_command_report(int argc, char **argv)
{
    struct report_desk desk = {0};
    static char name[] = "vanthu report";
    argv[0] = name; /* in the messages of getopt_long(3) */
    int status = read_options(&desk, argc, argv);
    if (status == EX_OK)
        status = run(&desk);
    vt_arena_free(desk.arena);
    vt_policy_free(desk.policy);
    vt_register_close(desk.reg);
    vt_config_free(desk.config);
    return status;
}
