/* SPDX-License-Identifier: Apache-2.0
 * vanthu ladder: where the site stands between observe, tag and enforce, what speaks for and
 * against the next step, and the step itself. Exit status 0 nothing speaks against it, or it is
 * done; 1 something does; 73 (EX_CANTCREAT) the configuration cannot be written; 77 (EX_NOPERM)
 * nobody agreed; those of vanthu reload. */
#include "command/ladder.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/print.h"
#include "vanthu/clock.h"
#include "vanthu/site.h"

#define ARENA_BYTES (64u * 1024 * 1024)
#define EXIT_AGAINST 1
#define LEVEL_COLUMNS 7
#define CODE_COLUMNS 14
#define MAX_RELOAD_ARGUMENTS 8

struct ladder_desk {
    struct vt_ladder ladder;
    bool json, dry_run, yes, without_postfix, has_wish;
    enum vt_mode wish;
    const char *agreed; /* --newly-refused, for the reload */
};

static const char *pick(const struct ladder_desk *desk, const char *vietnamese, const char *english)
{
    return desk->ladder.language == VT_LANGUAGE_VIETNAMESE ? vietnamese : english;
}

/* ---- options ---- */

static int bad_value(const char *text)
{
    fprintf(stderr, "vanthu ladder: %s\n", text);
    return EX_USAGE;
}

static int set_wish(struct ladder_desk *desk, const char *text)
{
    for (unsigned mode = VT_MODE_OBSERVE; mode <= VT_MODE_ENFORCE; mode++) {
        if (strcmp(text, vt_mode_name((enum vt_mode)mode)) != 0)
            continue;
        desk->wish = (enum vt_mode)mode;
        desk->has_wish = true;
        return EX_OK;
    }
    return bad_value("the steps are observe, tag and enforce");
}

static int take_option(struct ladder_desk *desk, int option)
{
    switch (option) {
    case 'c':
        desk->ladder.config_file = optarg;
        return EX_OK;
    case 'p':
        desk->ladder.postfix.config_directory = optarg;
        return EX_OK;
    case 'P':
        desk->without_postfix = true;
        return EX_OK;
    case 'd':
        desk->dry_run = true;
        return EX_OK;
    case 'y':
        desk->yes = true;
        return EX_OK;
    case 'n':
        desk->agreed = optarg;
        return EX_OK;
    case 'j':
        desk->json = true;
        return EX_OK;
    default:
        return EX_USAGE;
    }
}

static int read_options(struct ladder_desk *desk, int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"postfix-config", required_argument, NULL, 'p'},
                                            {"without-postfix", no_argument, NULL, 'P'},
                                            {"dry-run", no_argument, NULL, 'd'},
                                            {"yes", no_argument, NULL, 'y'},
                                            {"newly-refused", required_argument, NULL, 'n'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    int option = 0, status = EX_OK;
    while (status == EX_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = take_option(desk, option);
    if (status == EX_OK && optind + 1 < argc)
        status = bad_value("one step at a time");
    if (status == EX_OK && optind < argc)
        status = set_wish(desk, argv[optind]);
    if (status == EX_OK && desk->json && desk->has_wish && !desk->dry_run && !desk->yes)
        status = bad_value("with --json nobody can be asked: --dry-run or --yes");
    return status;
}

/* ---- showing ---- */

static const char *level_name(const struct ladder_desk *desk, enum vt_ladder_level level)
{
    return level == VT_LADDER_GOOD   ? "ok"
           : level == VT_LADDER_LOOK ? pick(desk, "CHÚ Ý", "LOOK")
                                     : pick(desk, "LỖI", "NO");
}

static void print_points(const struct ladder_desk *desk)
{
    const struct vt_ladder *ladder = &desk->ladder;
    for (size_t i = 0; i < ladder->points_count; i++) {
        char text[sizeof(ladder->points[0].text)];
        const struct vt_ladder_point *point = &ladder->points[i];
        putchar(' ');
        vt_print_cell(stdout, level_name(desk, point->level), LEVEL_COLUMNS);
        vt_print_cell(stdout, point->code, CODE_COLUMNS);
        puts(vt_text_clean(text, sizeof(text), vt_bytes_str(point->text)));
    }
}

static void print_text(const struct ladder_desk *desk)
{
    const struct vt_ladder *ladder = &desk->ladder;
    enum vt_mode mode = ladder->config->mode;
    printf("%s: ", pick(desk, "chế độ", "mode"));
    for (unsigned i = VT_MODE_OBSERVE; i <= VT_MODE_ENFORCE; i++)
        printf(i == mode ? "%s[%s]" : "%s%s", i > 0 ? " → " : "", vt_mode_name((enum vt_mode)i));
    putchar('\n');
    print_points(desk);
    if (ladder->next == mode || desk->has_wish)
        return;
    if (ladder->next == VT_MODE_ENFORCE || ladder->next == VT_MODE_TAG)
        printf("%s: vanthu ladder %s\n",
               vt_ladder_is_against(ladder)
                   ? pick(desk, "Sau khi sửa các lỗi trên", "When that is mended")
                   : pick(desk, "Bước tiếp theo", "Next step"),
               vt_mode_name(ladder->next));
}

static void print_json(const struct ladder_desk *desk, const char *did)
{
    static const char *const levels[] = {"ok", "look", "against"};
    const struct vt_ladder *ladder = &desk->ladder;
    json_t *points = json_array();
    for (size_t i = 0; i < ladder->points_count; i++)
        (void)json_array_append_new(
            points, json_pack("{s:s, s:s, s:s}", "level", levels[ladder->points[i].level], "code",
                              ladder->points[i].code, "text", ladder->points[i].text));
    json_t *root = json_pack("{s:s, s:s, s:b, s:o, s:s?}", "mode",
                             vt_mode_name(ladder->config->mode), "next", vt_mode_name(ladder->next),
                             "against", vt_ladder_is_against(ladder), "points", points, "did", did);
    const struct vt_replay_counts *counts = &ladder->replay.counts;
    if (ladder->is_replayed)
        (void)json_object_set_new(root, "last_days",
                                  json_pack("{s:I, s:I, s:I}", "mails",
                                            (json_int_t)counts->mails_count, "newly_refused",
                                            (json_int_t)counts->newly_refused_count, "newly_held",
                                            (json_int_t)counts->newly_held_count));
    char *text = json_dumps(root, JSON_COMPACT);
    puts(text != NULL ? text : "{}");
    free(text);
    json_decref(root);
}

/* ---- the step ---- */

/* Postfix is told after the mode has moved: with tempfail before, a mistake in the configuration
 * would stop mail that nobody looks at yet. */
static bool changes_postfix(const struct ladder_desk *desk)
{
    const struct vt_ladder_postfix *postfix = &desk->ladder.postfix;
    return !desk->without_postfix && postfix->is_there && !postfix->is_overridden &&
           strcmp(postfix->action, vt_ladder_action(desk->wish)) != 0;
}

static void print_postfix_plan(const struct ladder_desk *desk, FILE *out)
{
    char commands[400];
    const struct vt_ladder_postfix *postfix = &desk->ladder.postfix;
    vt_ladder_postfix_commands(postfix, desk->wish, commands, sizeof(commands));
    for (char *next = commands, *end; (end = strchr(next, '\n')) != NULL; next = end + 1)
        fprintf(out, "  %.*s\n", (int)(end - next), next);
    if (strpbrk(postfix->milters, ", ") != NULL)
        fprintf(out, "  (%s: %s)\n",
                pick(desk, "áp dụng cho mọi milter", "this is for all milters"), postfix->milters);
}

/* line: of the mode; 0: it stays. */
static void print_plan(const struct ladder_desk *desk, unsigned line)
{
    const struct vt_ladder *ladder = &desk->ladder;
    FILE *out = desk->json ? stderr : stdout;
    fprintf(out, "\n%s:\n", pick(desk, "Sẽ làm", "What is to be done"));
    if (line > 0)
        fprintf(out, "  %s:%u: mode: %s → %s\n  vanthu reload\n", ladder->config_file, line,
                vt_mode_name(ladder->config->mode), vt_mode_name(desk->wish));
    if (changes_postfix(desk))
        print_postfix_plan(desk, out);
    (void)fflush(out);
}

static bool is_agreed(const struct ladder_desk *desk)
{
    char line[64];
    if (desk->yes)
        return true;
    if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1) {
        fprintf(stderr, "%s\n",
                pick(desk, "Chưa làm gì: không hỏi được ai. Nếu đúng ý: --yes",
                     "Nothing is done: nobody can be asked. If it is meant: --yes"));
        return false;
    }
    fprintf(stderr, "%s ", pick(desk, "Làm các bước trên? [c/K]", "Do that? [y/N]"));
    (void)fflush(stderr);
    return fgets(line, sizeof(line), stdin) != NULL &&
           (line[0] == 'y' || line[0] == 'Y' || line[0] == 'c' || line[0] == 'C');
}

static int reload(const struct ladder_desk *desk)
{
    static char command[] = "reload", config[] = "--config", agreed[] = "--newly-refused";
    char *arguments[MAX_RELOAD_ARGUMENTS] = {command, config};
    char *file = strdup(desk->ladder.config_file);
    char *count = desk->agreed == NULL ? NULL : strdup(desk->agreed);
    int argc = 3;
    arguments[2] = file;
    if (count != NULL) {
        arguments[argc++] = agreed;
        arguments[argc++] = count;
    }
    (void)fflush(stdout);
    /* One object is all that standard output gets. */
    int output = desk->json ? dup(STDOUT_FILENO) : -1;
    if (output >= 0)
        (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    optind = 0; /* getopt_long(3) begins anew */
    int status = file == NULL ? EX_OSERR : vt_command_reload(argc, arguments);
    (void)fflush(stdout);
    if (output >= 0) {
        (void)dup2(output, STDOUT_FILENO);
        (void)close(output);
    }
    free(file);
    free(count);
    return status;
}

static int tell_postfix(const struct ladder_desk *desk)
{
    char commands[400];
    struct vt_err err = {0};
    if (desk->without_postfix ||
        strcmp(desk->ladder.postfix.action, vt_ladder_action(desk->wish)) == 0)
        return EX_OK;
    if (changes_postfix(desk) &&
        vt_ladder_set_postfix(&desk->ladder.postfix, desk->wish, &err) == VT_OK)
        return EX_OK;
    vt_ladder_postfix_commands(&desk->ladder.postfix, desk->wish, commands, sizeof(commands));
    if (err.text[0] != '\0')
        vt_command_print_fault(&err);
    if (desk->ladder.postfix.is_overridden)
        fprintf(stderr, "%s: default_action=%s\n",
                pick(desk, "Sửa bằng tay trong smtpd_milters",
                     "To be changed by hand in smtpd_milters"),
                vt_ladder_action(desk->wish));
    else
        fprintf(stderr, "%s\n%s",
                pick(desk, "Máy chủ thư chưa được đổi. Chạy bằng quyền quản trị:",
                     "The mail server was not changed. Do this as root:"),
                commands);
    return EXIT_AGAINST;
}

/* The file goes back when the reload does not go through. */
static int move(struct ladder_desk *desk, struct vt_bytes old, struct vt_bytes new)
{
    struct vt_err err = {0};
    if (vt_ladder_write(desk->ladder.config_file, new, &err) != VT_OK) {
        vt_command_print_fault(&err);
        return EX_CANTCREAT;
    }
    int status = reload(desk);
    if (status != EX_OK) {
        if (vt_ladder_write(desk->ladder.config_file, old, &err) != VT_OK)
            vt_command_print_fault(&err);
        fprintf(stderr, "%s\n", pick(desk, "Chế độ giữ nguyên.", "The mode stays as it was."));
        return status;
    }
    return tell_postfix(desk);
}

static int step(struct ladder_desk *desk)
{
    struct vt_err err = {0};
    struct vt_buf old, new;
    unsigned line = 0;
    int status = EX_OK;
    vt_buf_init(&new, VT_MAX_CONFIG_BYTES);
    enum vt_code code =
        vt_command_read_file(desk->ladder.config_file, VT_MAX_CONFIG_BYTES, &old, &err);
    if (code == VT_OK)
        code = vt_ladder_edit(vt_buf_bytes(&old), desk->wish, &new, &line, &err);
    if (code != VT_OK) {
        status = vt_command_fault(&err, code);
    } else {
        print_plan(desk, line);
        if (!desk->dry_run)
            status =
                is_agreed(desk) ? move(desk, vt_buf_bytes(&old), vt_buf_bytes(&new)) : EX_NOPERM;
    }
    vt_buf_clear(&old);
    vt_buf_clear(&new);
    return status;
}

/* The mode is that already; Postfix may lag behind. */
static int stay(struct ladder_desk *desk)
{
    if (!desk->json)
        printf("%s\n", pick(desk, "Đã ở chế độ này.", "This is the mode already."));
    if (!changes_postfix(desk))
        return desk->dry_run ? EX_OK : tell_postfix(desk);
    print_plan(desk, 0);
    if (desk->dry_run)
        return EX_OK;
    return is_agreed(desk) ? tell_postfix(desk) : EX_NOPERM;
}

/* ---- all of it ---- */

static int load(struct ladder_desk *desk)
{
    struct vt_ladder *ladder = &desk->ladder;
    struct vt_mistakes mistakes;
    int status = vt_command_load_config(ladder->config_file, &ladder->config);
    if (status != EX_OK)
        return status;
    vt_mistakes_init(&mistakes);
    if (ladder->config->policy_file != NULL &&
        vt_policy_load(ladder->config->policy_file, &ladder->policy, &mistakes, NULL) != VT_OK)
        vt_mistakes_print(&mistakes, stderr);
    vt_mistakes_clear(&mistakes);
    enum vt_mode mode = ladder->config->mode;
    ladder->next = desk->has_wish            ? desk->wish
                   : mode == VT_MODE_ENFORCE ? VT_MODE_ENFORCE
                                             : (enum vt_mode)(mode + 1);
    ladder->arena = vt_arena_new(ARENA_BYTES);
    return ladder->arena != NULL ? EX_OK : EX_OSERR;
}

static int run(struct ladder_desk *desk)
{
    struct vt_ladder *ladder = &desk->ladder;
    ladder->now_utc_secs = vt_clock_now_utc_secs();
    if (!desk->without_postfix)
        vt_ladder_ask_postfix(&ladder->postfix);
    vt_ladder_look(ladder);
    if (!desk->json)
        print_text(desk);
    bool is_up = desk->has_wish && desk->wish > ladder->config->mode;
    bool is_against = vt_ladder_is_against(ladder);
    int status = is_against ? EXIT_AGAINST : EX_OK;
    if (desk->has_wish && desk->wish == ladder->config->mode) {
        status = stay(desk);
    } else if (desk->has_wish) {
        if (is_up && is_against && !desk->json)
            printf("%s\n", pick(desk, "Có lỗi chưa sửa, nhưng vẫn đổi được nếu đúng ý.",
                                "Something speaks against it; it can be done if it is meant."));
        status = step(desk);
    }
    if (desk->json)
        print_json(desk, desk->has_wish && !desk->dry_run && status == EX_OK
                             ? vt_mode_name(desk->wish)
                             : NULL);
    return status;
}

int vt_command_ladder(int argc, char **argv)
{
    static char name[] = "vanthu ladder";
    struct ladder_desk *desk = calloc(1, sizeof(*desk));
    if (desk == NULL)
        return EX_OSERR;
    desk->ladder.config_file = VT_SYSCONFDIR "/vanthu.yaml";
    desk->ladder.language = vt_command_language();
    argv[0] = name; /* in the messages of getopt_long(3) */
    int status = read_options(desk, argc, argv);
    if (status == EX_OK)
        status = load(desk);
    if (status == EX_OK)
        status = run(desk);
    vt_arena_free(desk->ladder.arena);
    vt_policy_free(desk->ladder.policy);
    vt_config_free(desk->ladder.config);
    free(desk);
    return status;
}
