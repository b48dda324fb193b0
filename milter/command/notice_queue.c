/* SPDX-License-Identifier: Apache-2.0
 * vanthu notice list, show, retry and drop: the queue of notices. The register is read here; what
 * is to be changed, the running registrar changes. Exit status 0; 1 when there is nothing to show
 * or to do; 69 (EX_UNAVAILABLE) when no registrar answers. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/notice.h"
#include "command/register.h"
#include "vanthu/clock.h"
#include "vanthu/registrar.h"
#include "vanthu/role.h"

enum { NOTHING_TO_DO = 1 };

#define ORDER_MSECS 15000
#define MAX_WHY_BYTES 1000
#define MESSAGE_ARENA_BYTES ((size_t)4 * 1024 * 1024)

enum { OPTION_ALL = 'a', OPTION_CONFIG = 'c', OPTION_JSON = 'j', OPTION_LIMIT = 'l' };
enum { OPTION_MESSAGE = 'm', OPTION_REASON = 'r', OPTION_STATE = 's' };

struct desk {
    const char *name;
    enum vt_language language;
    bool json, all, message;
    const char *config_file, *why;
    struct vt_queued_query query;
    char *const *arguments;
    char reference[VT_REFERENCE_BYTES]; /* of the arguments, in groups of four */
    struct vt_config *config;
    struct vt_register *reg;
    size_t shown_count;
};

#define COMMON                                                                                     \
    {"json", no_argument, NULL, OPTION_JSON},                                                      \
    {                                                                                              \
        "config", required_argument, NULL, OPTION_CONFIG                                           \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, 0, NULL, 0                                                                           \
    }
static const struct option list_options[] = {COMMON,
                                             {"state", required_argument, NULL, OPTION_STATE},
                                             {"all", no_argument, NULL, OPTION_ALL},
                                             {"limit", required_argument, NULL, OPTION_LIMIT},
                                             END};
static const struct option show_options[] = {
    COMMON, {"message", no_argument, NULL, OPTION_MESSAGE}, END};
static const struct option retry_options[] = {COMMON, {"all", no_argument, NULL, OPTION_ALL}, END};
static const struct option drop_options[] = {
    COMMON, {"reason", required_argument, NULL, OPTION_REASON}, END};

static const char *pick(const struct desk *desk, const char *vietnamese, const char *english)
{
    return desk->language == VT_LANGUAGE_VIETNAMESE ? vietnamese : english;
}

static int say(const struct desk *desk, int status, const char *vietnamese, const char *english)
{
    fprintf(stderr, "%s: %s\n", desk->name, pick(desk, vietnamese, english));
    return status;
}

/* ---- options ---- */

static int take_state(struct desk *desk)
{
    enum vt_queued_state state;
    if (vt_queued_state_by_name(optarg, &state) == VT_OK) {
        desk->query.states |= VT_QUEUED_STATE_BIT(state);
        return EX_OK;
    }
    fprintf(stderr, "%s: %s", desk->name,
            pick(desk, "--state là một trong:", "--state is one of:"));
    for (unsigned i = 0; i < VT_QUEUED_STATES; i++)
        fprintf(stderr, " %s", vt_queued_state_name((enum vt_queued_state)i));
    fputc('\n', stderr);
    return EX_USAGE;
}

static int take_limit(struct desk *desk)
{
    char *end = NULL;
    long limit = strtol(optarg, &end, 10);
    if (end == optarg || *end != '\0' || limit < 0)
        return say(desk, EX_USAGE, "--limit cần một số; 0 là tất cả",
                   "--limit wants a number of notices; 0 is all");
    desk->query.limit = (size_t)limit;
    return EX_OK;
}

static int take_option(struct desk *desk, int option)
{
    switch (option) {
    case OPTION_JSON:
        desk->json = true;
        return EX_OK;
    case OPTION_CONFIG:
        desk->config_file = optarg;
        return EX_OK;
    case OPTION_ALL:
        desk->all = true;
        return EX_OK;
    case OPTION_MESSAGE:
        desk->message = true;
        return EX_OK;
    case OPTION_REASON:
        desk->why = optarg;
        return EX_OK;
    case OPTION_STATE:
        return take_state(desk);
    case OPTION_LIMIT:
        return take_limit(desk);
    default:
        return EX_USAGE;
    }
}

static int begin(struct desk *desk, const struct option *options, int argc, char **argv)
{
    int option = 0, status = EX_OK;
    *desk = (struct desk){.name = argv[0], .language = vt_command_language()};
    while (status == EX_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = take_option(desk, option);
    desk->arguments = argv + optind;
    return status;
}

static int open_register(struct desk *desk)
{
    return vt_command_open_register(desk->config_file, NULL, &desk->config, &desk->reg);
}

static int end(struct desk *desk, int status)
{
    vt_register_close(desk->reg);
    vt_config_free(desk->config);
    return status;
}

/* An id, or a reference of the register. */
static int take_subject(struct desk *desk, const char *text)
{
    char *rest = NULL;
    long long id = strtoll(text, &rest, 10);
    if (rest != text && *rest == '\0' && id > 0) {
        desk->query.id = id;
        return EX_OK;
    }
    if (vt_reference_parse(text, desk->reference) == VT_OK) {
        desk->query.reference = desk->reference;
        return EX_OK;
    }
    return say(desk, EX_DATAERR, "cần số của thông báo (vanthu notice list) hoặc mã tra cứu",
               "it takes the number of a notice (vanthu notice list) or a reference");
}

/* ---- list and show ---- */

static enum vt_code put_json(const struct vt_queued *owed, json_t *message, struct vt_err *err)
{
    json_t *row = vt_notice_row_json(owed);
    if (message != NULL)
        (void)json_object_set_new(row, "message", message);
    char *text = row != NULL ? json_dumps(row, JSON_COMPACT) : NULL;
    /* What plays with a terminal is written as its number: the same to a program. */
    if (text != NULL && !vt_register_is_clean(text)) {
        free(text);
        text = json_dumps(row, JSON_COMPACT | JSON_ENSURE_ASCII);
    }
    json_decref(row);
    if (text == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a notice");
    printf("%s\n", text);
    free(text);
    return VT_OK;
}

static enum vt_code list_row(void *context, const struct vt_queued *owed, struct vt_err *err)
{
    struct desk *desk = context;
    desk->shown_count++;
    if (desk->json)
        return put_json(owed, NULL, err);
    vt_notice_print_line(stdout, desk->language, owed);
    return VT_OK;
}

static int nothing(const struct desk *desk)
{
    if (!desk->json)
        printf("%s\n", pick(desk, "Không có thông báo nào.", "There are no notices."));
    return NOTHING_TO_DO;
}

/* Of a mail also why its sender gets none. */
static int say_none(const struct desk *desk, int status)
{
    struct vt_err err = {0};
    if (desk->query.reference == NULL || desk->json || desk->message)
        return status;
    enum vt_code code =
        vt_notice_print_none(stdout, desk->language, desk->reg, desk->reference, &err);
    return code == VT_OK ? status : vt_command_fault(&err, code);
}

/* Without a word about states, what is still to be done. */
static int ask_list(struct desk *desk)
{
    if (desk->query.states == 0 && !desk->all)
        desk->query.states = VT_QUEUED_OPEN;
    if (*desk->arguments == NULL)
        return EX_OK;
    desk->query.states = 0;
    return take_subject(desk, *desk->arguments);
}

static int list(struct desk *desk)
{
    struct vt_err err = {0};
    enum vt_code code = vt_queued_list(desk->reg, &desk->query, list_row, desk, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    return say_none(desk, desk->shown_count > 0 ? EX_OK : nothing(desk));
}

static enum vt_code show_row(void *context, const struct vt_queued *owed, struct vt_err *err)
{
    struct desk *desk = context;
    struct vt_bytes message = {0};
    enum vt_code code = VT_OK;
    struct vt_arena *arena = vt_arena_new(MESSAGE_ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a notice");
    if (owed->has_message && (desk->json || desk->message))
        code = vt_queued_message(desk->reg, arena, owed->id, &message, err);
    if (code == VT_OK && desk->json) {
        code = put_json(owed, json_stringn((const char *)message.ptr, message.len), err);
    } else if (code == VT_OK && desk->message) {
        (void)fwrite(message.ptr, 1, message.len, stdout);
    } else if (code == VT_OK) {
        if (desk->shown_count > 0)
            fputc('\n', stdout);
        vt_notice_print_row(stdout, desk->language, owed);
    }
    desk->shown_count++;
    vt_arena_free(arena);
    return code;
}

static int ask_show(struct desk *desk)
{
    if (desk->arguments[0] == NULL || desk->arguments[1] != NULL)
        return say(desk, EX_USAGE, "thông báo nào? Số của nó hoặc mã tra cứu",
                   "which notice? Its number or a reference");
    return take_subject(desk, desk->arguments[0]);
}

static int show(struct desk *desk)
{
    struct vt_err err = {0};
    enum vt_code code = vt_queued_list(desk->reg, &desk->query, show_row, desk, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    if (desk->shown_count > 0)
        return say_none(desk, EX_OK);
    if (desk->query.reference != NULL && !desk->json && !desk->message)
        return say_none(desk, nothing(desk));
    return say(desk, NOTHING_TO_DO, "không có thông báo này", "there is no such notice");
}

/* ---- retry and drop ---- */

static enum vt_code keep_row(void *context, const struct vt_queued *owed, struct vt_err *err)
{
    (void)err;
    *(struct vt_queued *)context = *owed;
    return VT_OK;
}

/* Whether the row can be told of in its own words, before anything is asked for. */
static int check_row(struct desk *desk, const struct vt_notice_order *order)
{
    struct vt_err err = {0};
    struct vt_queued owed = {.id = 0};
    enum vt_code code = vt_queued_list(desk->reg, &desk->query, keep_row, &owed, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    if (owed.id == 0)
        return say(desk, NOTHING_TO_DO, "không có thông báo này", "there is no such notice");
    bool is_open = (VT_QUEUED_OPEN & VT_QUEUED_STATE_BIT(owed.state)) != 0;
    bool is_settled = owed.state == VT_QUEUED_SENT || owed.state == VT_QUEUED_JOINED ||
                      owed.state == VT_QUEUED_UNANSWERED || owed.state == VT_QUEUED_SENDING;
    bool may_be = order->order == VT_QUEUED_DROP ? is_open && owed.state != VT_QUEUED_SENDING
                                                 : !is_settled && owed.state != VT_QUEUED_WAITING;
    if (may_be)
        return EX_OK;
    bool is_drop = order->order == VT_QUEUED_DROP;
    fprintf(stderr, "%s: %s %" PRId64 " %s: %s\n", desk->name, pick(desk, "thông báo", "notice"),
            owed.id,
            is_drop ? pick(desk, "không bỏ được nữa", "cannot be dropped any more")
                    : pick(desk, "không thể thử gửi lại", "cannot be tried now"),
            vt_notice_state_word(desk->language, owed.state));
    return NOTHING_TO_DO;
}

static int give_order(const struct desk *desk, const struct vt_notice_order *order)
{
    struct vt_err err = {0};
    struct vt_registrar registrar = {.channel_fd = -1,
                                     .connection_fd = -1,
                                     .deadline_msecs = vt_clock_monotonic_msecs() + ORDER_MSECS};
    int64_t count = 0;
    enum vt_code code =
        vt_control_connect_registrar(desk->config->control_socket, &registrar.connection_fd, &err);
    if (code == VT_OK)
        code = vt_registrar_notice_order(&registrar, order, &count, &err);
    if (registrar.connection_fd >= 0)
        (void)close(registrar.connection_fd);
    if (code != VT_OK) {
        int status = vt_command_fault(&err, code);
        return code == VT_E_NOT_FOUND || code == VT_E_PEER || code == VT_E_TIMEOUT ? EX_UNAVAILABLE
                                                                                   : status;
    }
    if (desk->json)
        printf("{\"count\":%" PRId64 "}\n", count);
    else if (order->order == VT_QUEUED_DROP)
        printf("%s\n", pick(desk, "Đã bỏ, thông báo không được gửi.", "Dropped: it is not sent."));
    else
        printf("%s: %" PRId64 "\n",
               pick(desk, "Số thông báo được thử gửi lại ngay", "Notices that are tried now"),
               count);
    return EX_OK;
}

/* Orders are about one notice, by its number. */
static int take_number(struct desk *desk)
{
    int status = take_subject(desk, desk->arguments[0]);
    if (status == EX_OK && desk->query.reference != NULL)
        return say(desk, EX_USAGE, "cần số của thông báo (vanthu notice list)",
                   "it takes the number of a notice (vanthu notice list)");
    return status;
}

static int ask_retry(struct desk *desk)
{
    if (desk->all ? desk->arguments[0] != NULL
                  : desk->arguments[0] == NULL || desk->arguments[1] != NULL)
        return say(desk, EX_USAGE, "thông báo nào? Số của nó, hoặc --all",
                   "which notice? Its number, or --all");
    return desk->all ? EX_OK : take_number(desk);
}

static int retry(struct desk *desk)
{
    const struct vt_notice_order order = {.order = VT_QUEUED_RETRY, .id = desk->query.id};
    int status = desk->all ? EX_OK : check_row(desk, &order);
    return status == EX_OK ? give_order(desk, &order) : status;
}

static int ask_drop(struct desk *desk)
{
    if (desk->arguments[0] == NULL || desk->arguments[1] != NULL)
        return say(desk, EX_USAGE, "thông báo nào? Số của nó", "which notice? Its number");
    if (desk->why == NULL || *desk->why == '\0')
        return say(desk, EX_USAGE, "vì sao? --reason", "why? --reason");
    if (strlen(desk->why) > MAX_WHY_BYTES || !vt_register_is_clean(desk->why))
        return say(desk, EX_USAGE, "lý do quá dài hoặc có ký tự điều khiển",
                   "the reason is too long, or has control characters");
    return take_number(desk);
}

static int drop(struct desk *desk)
{
    char person[VT_PERSON_BYTES];
    const struct vt_notice_order order = {
        .order = VT_QUEUED_DROP, .id = desk->query.id, .by = person, .why = desk->why};
    vt_command_person(person);
    int status = check_row(desk, &order);
    return status == EX_OK ? give_order(desk, &order) : status;
}

/* ---- each of them ---- */

/* ask: what was asked for, before anything is opened. */
static int run(int argc, char **argv, const struct option *options, int (*ask)(struct desk *),
               int (*step)(struct desk *))
{
    struct desk desk;
    int status = begin(&desk, options, argc, argv);
    if (status == EX_OK)
        status = ask(&desk);
    if (status != EX_OK)
        return status;
    status = open_register(&desk);
    return end(&desk, status == EX_OK ? step(&desk) : status);
}

int vt_command_notice_list(int argc, char **argv)
{
    return run(argc, argv, list_options, ask_list, list);
}

int vt_command_notice_show(int argc, char **argv)
{
    return run(argc, argv, show_options, ask_show, show);
}

int vt_command_notice_retry(int argc, char **argv)
{
    return run(argc, argv, retry_options, ask_retry, retry);
}

int vt_command_notice_drop(int argc, char **argv)
{
    return run(argc, argv, drop_options, ask_drop, drop);
}
