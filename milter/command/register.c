/* SPDX-License-Identifier: Apache-2.0
 * vanthu register: what the register holds. Its file is opened for reading, by root or by the user
 * of the role registrar, beside the running service. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "command/check.h"
#include "command/recheck.h"
#include "vanthu/clock.h"

#define MAX_LIMIT 100000000L

enum register_option {
    OPTION_JSON = 'j',
    OPTION_CONFIG = 'c',
    OPTION_FROM = 'f',
    OPTION_UNTIL = 'u',
    OPTION_LIMIT = 'l',
    OPTION_SENDER = 's',
    OPTION_RECIPIENT = 'r',
    OPTION_DOMAIN = 'd',
    OPTION_AGENCY = 'a',
    OPTION_CERTIFICATE = 'C',
    OPTION_DOCUMENT = 'D',
    OPTION_REASON = 'R',
    OPTION_HEAD = 'h',
    OPTION_CHAIN_ONLY = 'K',
    OPTION_EXPORT = 'e',
    OPTION_TRUST = 't',
    OPTION_FILE = 'F',
    OPTION_REQUEST = 'q',
    OPTION_TOKEN = 'k',
    OPTION_OFFLINE = 'o',
    OPTION_CENTRAL = 'g',
    OPTION_REGISTER = 'G',
};

#define COMMON                                                                                     \
    {"json", no_argument, NULL, OPTION_JSON},                                                      \
    {                                                                                              \
        "config", required_argument, NULL, OPTION_CONFIG                                           \
    }
#define PLACE                                                                                      \
    {"central", no_argument, NULL, OPTION_CENTRAL},                                                \
    {                                                                                              \
        "register", required_argument, NULL, OPTION_REGISTER                                       \
    }
#define PAGES                                                                                      \
    {"from", required_argument, NULL, OPTION_FROM},                                                \
        {"until", required_argument, NULL, OPTION_UNTIL},                                          \
    {                                                                                              \
        "limit", required_argument, NULL, OPTION_LIMIT                                             \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, 0, NULL, 0                                                                           \
    }

static const struct option list_options[] = {COMMON, PLACE, PAGES, END};
static const struct option search_options[] = {
    COMMON,
    PLACE,
    PAGES,
    {"sender", required_argument, NULL, OPTION_SENDER},
    {"recipient", required_argument, NULL, OPTION_RECIPIENT},
    {"domain", required_argument, NULL, OPTION_DOMAIN},
    {"agency", required_argument, NULL, OPTION_AGENCY},
    {"certificate", required_argument, NULL, OPTION_CERTIFICATE},
    {"document", required_argument, NULL, OPTION_DOCUMENT},
    {"reason", required_argument, NULL, OPTION_REASON},
    END};
static const struct option show_options[] = {COMMON, PLACE, END};
static const struct option verify_options[] = {COMMON,
                                               PLACE,
                                               {"head", required_argument, NULL, OPTION_HEAD},
                                               {"chain-only", no_argument, NULL, OPTION_CHAIN_ONLY},
                                               {"trust", required_argument, NULL, OPTION_TRUST},
                                               {"offline", no_argument, NULL, OPTION_OFFLINE},
                                               END};
static const struct option head_options[] = {COMMON,
                                             {"export", required_argument, NULL, OPTION_EXPORT},
                                             {"request", required_argument, NULL, OPTION_REQUEST},
                                             {"token", required_argument, NULL, OPTION_TOKEN},
                                             {"trust", required_argument, NULL, OPTION_TRUST},
                                             {"offline", no_argument, NULL, OPTION_OFFLINE},
                                             END};
static const struct option recheck_options[] = {COMMON,
                                                PLACE,
                                                {"document", required_argument, NULL, OPTION_FILE},
                                                {"trust", required_argument, NULL, OPTION_TRUST},
                                                END};
static const struct option backup_options[] = {{"config", required_argument, NULL, OPTION_CONFIG},
                                               END};

static int back_up(struct vt_register_desk *desk)
{
    struct vt_err err = {0};
    if (desk->arguments[0] == NULL || desk->arguments[1] != NULL) {
        fprintf(stderr, "%s: into which new file?\n", desk->name);
        return EX_USAGE;
    }
    enum vt_code code = vt_register_backup(desk->reg, desk->arguments[0], &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    printf(desk->language == VT_LANGUAGE_VIETNAMESE
               ? "Đã sao lưu sổ đăng ký vào %s (quyền 0600).\n"
               : "The register was copied to %s (mode 0600).\n",
           desk->arguments[0]);
    return EX_OK;
}

static const struct subcommand {
    const char *name;
    const struct option *options;
    int (*run)(struct vt_register_desk *desk);
    bool takes_arguments;
} subcommands[] = {
    {"list", list_options, vt_register_list, false},
    {"search", search_options, vt_register_search, false},
    {"show", show_options, vt_register_show, true},
    {"recheck", recheck_options, vt_register_recheck, true},
    {"verify", verify_options, vt_register_verify_whole, false},
    {"head", head_options, vt_register_head_show, false},
    {"backup", backup_options, back_up, true},
};

static int bad_value(const struct vt_register_desk *desk, const char *text)
{
    fprintf(stderr, "%s: %s\n", desk->name, text);
    return EX_USAGE;
}

static int set_time(const struct vt_register_desk *desk, const char *text, bool is_until,
                    int64_t *out)
{
    if (vt_command_read_time(text, is_until, out))
        return EX_OK;
    return bad_value(desk, "a time is a day such as 2026-12-03, or of RFC 3339 such as "
                           "2026-12-03T09:12:00+07:00");
}

static int set_limit(struct vt_register_desk *desk, const char *text)
{
    char *end = NULL;
    long limit = strtol(text, &end, 10);
    if (end == text || *end != '\0' || limit < 0 || limit > MAX_LIMIT)
        return bad_value(desk, "--limit wants a number of records; 0 is all");
    desk->limit = (size_t)limit;
    return EX_OK;
}

/* A SHA-256 as people have it: in either case, in groups, with colons. */
static int set_digest(struct vt_register_desk *desk, const char *text, char out[65],
                      const char **field)
{
    size_t len = 0;
    for (; *text != '\0'; text++) {
        char c = *text >= 'A' && *text <= 'F' ? (char)(*text - 'A' + 'a') : *text;
        bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (!is_digit && c != ':' && c != ' ')
            break;
        if (is_digit && len < 64)
            out[len] = c;
        len += is_digit;
    }
    if (*text != '\0' || len != 64)
        return bad_value(desk, "a digest has 64 hexadecimal digits: of a file sha256sum(1), of a "
                               "certificate the SHA-256 fingerprint");
    out[64] = '\0';
    *field = out;
    return EX_OK;
}

static int set_reason(struct vt_register_desk *desk, const char *text)
{
    char upper[64], message[160];
    size_t len = 0;
    for (; len < sizeof(upper) - 1 && text[len] != '\0'; len++)
        upper[len] = text[len] >= 'a' && text[len] <= 'z' ? (char)(text[len] - 'a' + 'A')
                     : text[len] == '-'                   ? '_'
                                                          : text[len];
    upper[len] = '\0';
    if (vt_reason_by_code(upper, &desk->query.reason) == VT_OK)
        return EX_OK;
    enum { LIMIT = 4 };
    unsigned nearest = LIMIT;
    const char *meant = NULL;
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        const char *code = vt_reason_info((enum vt_reason)i)->code;
        unsigned distance = vt_text_distance(upper, code, LIMIT);
        if (distance < nearest) {
            nearest = distance;
            meant = code;
        }
    }
    desk->query.reason = VT_REASON_COUNT;
    (void)snprintf(message, sizeof(message), "no reason has this name%s%s%s",
                   meant != NULL ? "; did you mean " : "", meant != NULL ? meant : "",
                   meant != NULL ? "?" : ": vanthu-policy(5) lists them");
    return bad_value(desk, message);
}

static int add_head(struct vt_register_desk *desk, const char *file)
{
    if (desk->heads_count == VT_MAX_GIVEN_HEADS)
        return bad_value(desk, "too many --head");
    desk->head_files[desk->heads_count++] = file;
    return EX_OK;
}

static int add_document(struct vt_register_desk *desk, const char *file)
{
    if (desk->documents_count == VT_MAX_GIVEN_DOCUMENTS)
        return bad_value(desk, "too many --document");
    desk->document_files[desk->documents_count++] = file;
    return EX_OK;
}

static int take_option(struct vt_register_desk *desk, int option)
{
    switch ((enum register_option)option) {
    case OPTION_JSON:
        desk->json = true;
        return EX_OK;
    case OPTION_CONFIG:
        desk->config_file = optarg;
        return EX_OK;
    case OPTION_CENTRAL:
        desk->place.is_central = true;
        return EX_OK;
    case OPTION_REGISTER:
        desk->place.name = optarg;
        return EX_OK;
    case OPTION_FROM:
        return set_time(desk, optarg, false, &desk->query.from_utc_secs);
    case OPTION_UNTIL:
        return set_time(desk, optarg, true, &desk->query.until_utc_secs);
    case OPTION_LIMIT:
        return set_limit(desk, optarg);
    case OPTION_SENDER:
        desk->query.sender = optarg;
        return EX_OK;
    case OPTION_RECIPIENT:
        desk->query.recipient = optarg;
        return EX_OK;
    case OPTION_DOMAIN:
        desk->query.domain = optarg;
        return EX_OK;
    case OPTION_AGENCY:
        desk->query.agency = optarg;
        return EX_OK;
    case OPTION_CERTIFICATE:
        return set_digest(desk, optarg, desk->digests[0], &desk->query.certificate_sha256);
    case OPTION_DOCUMENT:
        return set_digest(desk, optarg, desk->digests[1], &desk->query.document_sha256);
    case OPTION_REASON:
        return set_reason(desk, optarg);
    case OPTION_HEAD:
        return add_head(desk, optarg);
    case OPTION_TRUST:
        return vt_check_options_add_trust(desk->check, optarg);
    case OPTION_FILE:
        return add_document(desk, optarg);
    case OPTION_CHAIN_ONLY:
        desk->chain_only = true;
        return EX_OK;
    case OPTION_EXPORT:
        desk->export_file = optarg;
        return EX_OK;
    case OPTION_REQUEST:
        desk->request_file = optarg;
        return EX_OK;
    case OPTION_TOKEN:
        desk->token_file = optarg;
        return EX_OK;
    case OPTION_OFFLINE:
        desk->check->offline = true;
        return EX_OK;
    default:
        return EX_USAGE;
    }
}

static int run(const struct subcommand *subcommand, struct vt_register_desk *desk)
{
    int status =
        vt_command_open_register(desk->config_file, &desk->place, &desk->config, &desk->reg);
    if (status == EX_OK)
        status = subcommand->run(desk);
    vt_register_close(desk->reg);
    vt_config_free(desk->config);
    return status;
}

int vt_command_register(int argc, char **argv)
{
    const struct subcommand *subcommand = NULL;
    char name[64];
    for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]) && argc > 1; i++) {
        if (strcmp(argv[1], subcommands[i].name) == 0)
            subcommand = &subcommands[i];
    }
    if (subcommand == NULL) {
        fprintf(stderr, "usage: vanthu register list | search | show | recheck | verify | head | "
                        "backup\n");
        return EX_USAGE;
    }
    struct vt_register_desk desk = {.name = name,
                                    .language = vt_command_language(),
                                    .query = VT_REGISTER_QUERY_ANY,
                                    .limit = VT_SHOWN_RECORDS};
    int option = 0, status = EX_OK;
    struct vt_check_options *check = calloc(1, sizeof(*check));
    if (check == NULL)
        return EX_OSERR;
    (void)snprintf(name, sizeof(name), "vanthu register %s", subcommand->name);
    check->command = name;
    check->overrides.trust = check->trust;
    desk.check = check;
    argv[1] = name; /* in the messages of getopt_long(3) */
    while (status == EX_OK &&
           (option = getopt_long(argc - 1, argv + 1, "", subcommand->options, NULL)) != -1)
        status = take_option(&desk, option);
    desk.arguments = argv + 1 + optind;
    if (status == EX_OK && !subcommand->takes_arguments && *desk.arguments != NULL) {
        fprintf(stderr, "%s: what is \"%s\" for?\n", name, *desk.arguments);
        status = EX_USAGE;
    }
    if (status == EX_OK)
        status = run(subcommand, &desk);
    free(check);
    return status;
}
