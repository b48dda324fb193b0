/* SPDX-License-Identifier: Apache-2.0
 * vanthu reload: what changes, what it would have done to the mails of the last days, and then,
 * when nothing speaks against it, the reload. Exit status 0 when it was loaded, 69 (EX_UNAVAILABLE)
 * when no master listens, 77 (EX_NOPERM) when more mails would be refused than somebody agreed to,
 * 78 (EX_CONFIG) when there are mistakes. */
#include "command/reload.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "master/versions.h"
#include "vanthu/clock.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

#define DIFF_ARENA_BYTES (256u * 1024 * 1024)
/* As long as a set of roles may take to finish its mails, in steps. */
#define BUSY_MSECS 60000
#define BUSY_AGAIN_NSECS 300000000
/* No version has this digest: the master tells the mistakes and loads nothing. */
#define NO_DIGEST "0000000000000000000000000000000000000000000000000000000000000000"

struct reload_desk {
    const char *config_file;
    bool json, keep, previous, dry_run;
    int64_t confirm_secs;
    int64_t agreed_count; /* --newly-refused; -1: not given */
    enum vt_language language;
    struct vt_arena *arena;
    struct vt_reload_side then, now;
    struct vt_buf config_text, bundle; /* of now */
    bool has_mistakes;
    char digest[65];
    struct vt_reload_diff diff;
    bool is_replayed;
    struct vt_reload_effect effect;
};

static const char *pick(const struct reload_desk *desk, const char *vietnamese, const char *english)
{
    return desk->language == VT_LANGUAGE_VIETNAMESE ? vietnamese : english;
}

/* ---- options ---- */

static int bad_value(const char *text)
{
    fprintf(stderr, "vanthu reload: %s\n", text);
    return EX_USAGE;
}

static int set_agreed(struct reload_desk *desk, const char *text)
{
    char *end = NULL;
    long long count = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || count < 0)
        return bad_value("--newly-refused wants a number of mails");
    desk->agreed_count = count;
    return EX_OK;
}

static int set_confirm(struct reload_desk *desk, const char *text)
{
    if (vt_command_read_span(text, VT_MAX_CONFIRM_SECS, &desk->confirm_secs) &&
        desk->confirm_secs > 0)
        return EX_OK;
    return bad_value("--confirm-within wants a time such as 30m, at most 24h");
}

static int take_option(struct reload_desk *desk, int option)
{
    switch (option) {
    case 'c':
        desk->config_file = optarg;
        return EX_OK;
    case 'j':
        desk->json = true;
        return EX_OK;
    case 'k':
        desk->keep = true;
        return EX_OK;
    case 'p':
        desk->previous = true;
        return EX_OK;
    case 'd':
        desk->dry_run = true;
        return EX_OK;
    case 'w':
        return set_confirm(desk, optarg);
    case 'n':
        return set_agreed(desk, optarg);
    default:
        return EX_USAGE;
    }
}

static int read_options(struct reload_desk *desk, int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"keep", no_argument, NULL, 'k'},
                                            {"previous", no_argument, NULL, 'p'},
                                            {"dry-run", no_argument, NULL, 'd'},
                                            {"confirm-within", required_argument, NULL, 'w'},
                                            {"newly-refused", required_argument, NULL, 'n'},
                                            {NULL, 0, NULL, 0}};
    int option = 0, status = EX_OK;
    while (status == EX_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = take_option(desk, option);
    if (status == EX_OK && optind < argc)
        return bad_value("what is that for?");
    bool is_other = desk->keep || desk->previous;
    if (status == EX_OK &&
        ((desk->keep && desk->previous) ||
         (is_other && (desk->confirm_secs > 0 || desk->agreed_count >= 0 || desk->dry_run))))
        return bad_value("--keep and --previous stand alone");
    return status;
}

/* ---- both sides ---- */

/* Mistakes are told by the master, which has to find the same ones. */
static enum vt_code read_now(struct reload_desk *desk, struct vt_err *err)
{
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    struct vt_version version;
    enum vt_code code = vt_config_parse(vt_buf_bytes(&desk->config_text), desk->config_file,
                                        &desk->now.config, &mistakes, err);
    if (code == VT_OK && desk->now.config->policy_file != NULL) {
        code = vt_policy_bundle(desk->now.config->policy_file, &desk->bundle, err);
        if (code == VT_OK)
            code =
                vt_policy_parse_bundle(vt_buf_bytes(&desk->bundle), desk->now.config->policy_file,
                                       &desk->now.policy, &mistakes, err);
    }
    vt_mistakes_clear(&mistakes);
    desk->has_mistakes = code != VT_OK && code != VT_E_NOMEM;
    if (code != VT_OK)
        return code;
    desk->now.config_text = vt_buf_bytes(&desk->config_text);
    desk->now.bundle = vt_buf_bytes(&desk->bundle);
    code = vt_version_digest(desk->now.config_text, desk->now.bundle, &version);
    memcpy(desk->digest, version.digest, sizeof(desk->digest));
    return code;
}

static enum vt_code map_side(int config_fd, int policy_fd, struct vt_reload_side *side,
                             struct vt_err *err)
{
    enum vt_code code = vt_memfd_map(config_fd, VT_MAX_CONFIG_BYTES, &side->config_text, err);
    if (code == VT_OK && policy_fd >= 0)
        code = vt_memfd_map(policy_fd, VT_MAX_BUNDLE_BYTES, &side->bundle, err);
    return code;
}

/* What the master once took is taken here too, if both are of the same version. */
static enum vt_code read_then(struct reload_desk *desk, const char *control_socket,
                              struct vt_err *err)
{
    struct vt_mistakes mistakes;
    int config_fd = -1, policy_fd = -1;
    vt_mistakes_init(&mistakes);
    enum vt_code code = vt_control_served(control_socket, false, &config_fd, &policy_fd, err);
    if (code == VT_OK)
        code = map_side(config_fd, policy_fd, &desk->then, err);
    if (config_fd >= 0)
        (void)close(config_fd);
    if (policy_fd >= 0)
        (void)close(policy_fd);
    if (code == VT_OK)
        code = vt_config_parse(desk->then.config_text, desk->config_file, &desk->then.config,
                               &mistakes, err);
    if (code == VT_OK && desk->then.bundle.len > 0)
        code = vt_policy_parse_bundle(desk->then.bundle, desk->then.config->policy_file,
                                      &desk->then.policy, &mistakes, err);
    vt_mistakes_clear(&mistakes);
    return code;
}

/* ---- asking ---- */

static json_t *with_effect(const struct reload_desk *desk, json_t *answer)
{
    if (answer == NULL || desk->keep || desk->previous || desk->has_mistakes)
        return answer;
    (void)json_object_set_new(answer, "changes", vt_reload_diff_to_json(&desk->diff));
    if (desk->is_replayed && desk->effect.is_known) {
        (void)json_object_set_new(answer, "newly_refused",
                                  json_integer(desk->effect.newly_refused_count));
        (void)json_object_set_new(answer, "newly_held",
                                  json_integer(desk->effect.newly_held_count));
    }
    return answer;
}

static enum vt_code ask_once(const struct reload_desk *desk, const char *control_socket,
                             json_t **out, struct vt_err *err)
{
    char *text = NULL;
    enum vt_code code =
        desk->keep ? vt_control_ask(control_socket, "reload-keep", &text, err)
        : desk->previous
            ? vt_control_ask(control_socket, "reload-previous", &text, err)
            : vt_control_reload(control_socket, desk->has_mistakes ? NO_DIGEST : desk->digest,
                                desk->confirm_secs, &text, err);
    *out = code == VT_OK ? json_loads(text, 0, NULL) : NULL;
    free(text);
    return code;
}

/* While sets of roles of earlier reloads finish their mails there may be no room for another. */
static int ask(const struct reload_desk *desk, const char *control_socket)
{
    static const struct timespec pause = {.tv_nsec = BUSY_AGAIN_NSECS};
    int64_t deadline_msecs = vt_clock_monotonic_msecs() + BUSY_MSECS;
    struct vt_err err = {0};
    json_t *answer = NULL;
    enum vt_code code = ask_once(desk, control_socket, &answer, &err);
    while (code == VT_OK && json_is_true(json_object_get(answer, "busy")) &&
           vt_clock_left_msecs(deadline_msecs) > 0) {
        json_decref(answer);
        (void)nanosleep(&pause, NULL);
        code = ask_once(desk, control_socket, &answer, &err);
    }
    if (code != VT_OK) {
        vt_command_print_fault(&err);
        return code == VT_E_NOT_FOUND ? EX_UNAVAILABLE : vt_command_exit_status(code);
    }
    answer = with_effect(desk, answer);
    bool is_busy = json_is_true(json_object_get(answer, "busy"));
    int status = vt_command_show_answer(answer, desk->json);
    json_decref(answer);
    return is_busy ? EX_TEMPFAIL : status;
}

/* ---- agreeing ---- */

/* Nothing was asked of the master. */
static int refuse(const struct reload_desk *desk, const char *text)
{
    if (!desk->json) {
        fprintf(stderr, "%s\n", text);
        return EX_NOPERM;
    }
    json_t *answer = with_effect(
        desk, json_pack("{s:b, s:s, s:[], s:[]}", "ok", 0, "text", text, "mistakes", "warnings"));
    (void)vt_command_show_answer(answer, true);
    json_decref(answer);
    return EX_NOPERM;
}

static bool types_the_number(const struct reload_desk *desk, int64_t count)
{
    char line[64], *end = NULL;
    fprintf(stderr,
            desk->language == VT_LANGUAGE_VIETNAMESE
                ? "%" PRId64 " thư trước đây không bị từ chối nay sẽ bị từ chối. Để nạp, gõ lại "
                  "số đó: "
                : "%" PRId64 " mails that were not refused would be. To load it, type that "
                  "number: ",
            count);
    (void)fflush(stderr);
    if (fgets(line, sizeof(line), stdin) == NULL)
        return false;
    long long typed = strtoll(line, &end, 10);
    return end != line && (*end == '\n' || *end == '\0') && typed == count;
}

/* Returns EX_OK when it may be loaded. */
static int agree(const struct reload_desk *desk)
{
    char text[400];
    const struct vt_reload_effect *effect = &desk->effect;
    int64_t count = effect->newly_refused_count;
    if (!desk->is_replayed || !effect->is_in_force)
        return EX_OK;
    if (!effect->is_known && desk->agreed_count < 0)
        return refuse(desk, pick(desk,
                                 "Chưa đọc được sổ đăng ký nên chưa biết sẽ từ chối thêm bao nhiêu "
                                 "thư. Nếu vẫn nạp: --newly-refused SỐ",
                                 "How many more mails it refuses is not known, because the "
                                 "register cannot be read. To load it all the same: "
                                 "--newly-refused NUMBER"));
    if (!effect->is_known || count <= (int64_t)desk->now.config->reload_confirm_above ||
        count <= desk->agreed_count)
        return EX_OK;
    if (desk->agreed_count < 0 && !desk->json && isatty(STDIN_FILENO) == 1 &&
        isatty(STDERR_FILENO) == 1)
        return types_the_number(desk, count)
                   ? EX_OK
                   : refuse(desk, pick(desk, "Không nạp: bản đang chạy giữ nguyên.",
                                       "Not loaded: everything stays as it was."));
    (void)snprintf(text, sizeof(text),
                   desk->language == VT_LANGUAGE_VIETNAMESE
                       ? "Không nạp: %" PRId64 " thư trước đây không bị từ chối nay sẽ bị từ "
                         "chối. Nếu đúng ý: vanthu reload --newly-refused %" PRId64
                       : "Not loaded: %" PRId64 " mails that were not refused would be. If that "
                         "is meant: vanthu reload --newly-refused %" PRId64,
                   count, count);
    return refuse(desk, text);
}

/* ---- all of it ---- */

static int look_at_effect(struct reload_desk *desk)
{
    FILE *out = desk->json ? NULL : stdout;
    if (!desk->diff.may_be_severer)
        return EX_OK;
    desk->is_replayed = true;
    if (out != NULL)
        fputc('\n', out);
    /* What could not be replayed was told; whether it is loaded is asked below. */
    (void)vt_reload_replay(&desk->then, &desk->now, desk->language, out, &desk->effect);
    if (out != NULL && desk->effect.has_register && !desk->effect.is_in_force)
        fprintf(out,
                desk->language == VT_LANGUAGE_VIETNAMESE
                    ? "\nTrên đây là kết quả nếu ở chế độ enforce; chế độ %s không từ chối thư "
                      "nào.\n"
                    : "\nThis is what enforce would do; in mode %s no mail is refused.\n",
                vt_mode_name(desk->now.config->mode));
    return agree(desk);
}

static int load(struct reload_desk *desk)
{
    struct vt_err err = {0};
    const char *control_socket = NULL;
    struct vt_config *config = NULL;
    enum vt_code code = read_now(desk, &err);
    if (desk->now.config == NULL) {
        /* Its mistakes are told; where the master listens cannot be known. */
        return vt_command_load_config(desk->config_file, &config);
    }
    control_socket = desk->now.config->control_socket;
    if (desk->has_mistakes && !desk->dry_run)
        return ask(desk, control_socket);
    if (code == VT_OK)
        code = read_then(desk, control_socket, &err);
    desk->arena = vt_arena_new(DIFF_ARENA_BYTES);
    if (code == VT_OK && desk->arena == NULL)
        code = vt_err_set(&err, VT_E_NOMEM, "no memory to compare two policies");
    if (code == VT_OK)
        code = vt_reload_compare(desk->arena, &desk->then, &desk->now, &desk->diff, &err);
    if (code != VT_OK) {
        int status = vt_command_fault(&err, code);
        return code == VT_E_NOT_FOUND ? EX_UNAVAILABLE : status;
    }
    if (!desk->json)
        vt_reload_print_diff(stdout, desk->language, &desk->then, &desk->now, &desk->diff);
    int status = look_at_effect(desk);
    if (status != EX_OK || desk->dry_run)
        return status;
    if (!desk->json)
        putchar('\n');
    (void)fflush(stdout);
    return ask(desk, control_socket);
}

static int run(struct reload_desk *desk)
{
    struct vt_config *config = NULL;
    struct vt_err err = {0};
    if (desk->keep || desk->previous) {
        int status = vt_command_load_config(desk->config_file, &config);
        if (status == EX_OK)
            status = ask(desk, config->control_socket);
        vt_config_free(config);
        return status;
    }
    enum vt_code code =
        vt_command_read_file(desk->config_file, VT_MAX_CONFIG_BYTES, &desk->config_text, &err);
    return code == VT_OK ? load(desk) : vt_command_fault(&err, code);
}

static void clear_side(struct vt_reload_side *side)
{
    vt_policy_free(side->policy);
    vt_config_free(side->config);
}

int vt_command_reload(int argc, char **argv)
{
    static char name[] = "vanthu reload";
    struct reload_desk desk = {.config_file = VT_SYSCONFDIR "/vanthu.yaml",
                               .agreed_count = -1,
                               .language = vt_command_language()};
    argv[0] = name; /* in the messages of getopt_long(3) */
    vt_buf_init(&desk.config_text, VT_MAX_CONFIG_BYTES);
    vt_buf_init(&desk.bundle, VT_MAX_BUNDLE_BYTES);
    int status = read_options(&desk, argc, argv);
    if (status == EX_OK)
        status = run(&desk);
    vt_memfd_unmap(desk.then.config_text);
    vt_memfd_unmap(desk.then.bundle);
    clear_side(&desk.then);
    clear_side(&desk.now);
    vt_buf_clear(&desk.config_text);
    vt_buf_clear(&desk.bundle);
    vt_arena_free(desk.arena);
    return status;
}
