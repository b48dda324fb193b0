/* SPDX-License-Identifier: Apache-2.0
 * vanthu site: the table of agencies, vanthu-agencies(5). Its subcommands, the columns of the
 * spreadsheet, and where the table is. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/site.h"
#include "vanthu/wire.h"

#define ARENA_BYTES ((size_t)1024 * 1024 * 1024)

const char *vt_site_word(const struct vt_site_desk *desk, const char *vietnamese,
                         const char *english)
{
    return desk->language == VT_LANGUAGE_VIETNAMESE ? vietnamese : english;
}

/* ---- the columns of the spreadsheet ---- */

const struct vt_site_title vt_site_titles[VT_COLUMNS] = {
    [VT_COLUMN_SHA256] = {"Vân tay SHA-256", "SHA-256 fingerprint"},
    [VT_COLUMN_KIND] = {"Loại", "Kind"},
    [VT_COLUMN_AGENCY] = {"Mã cơ quan", "Agency"},
    [VT_COLUMN_AGENCY_NAME] = {"Tên cơ quan", "Name of agency"},
    [VT_COLUMN_DOMAINS] = {"Miền thư", "Mail domains"},
    [VT_COLUMN_CONFIRMED] = {"Đã xác nhận", "Confirmed"},
    [VT_COLUMN_NOTE] = {"Ghi chú", "Note"},
    [VT_COLUMN_WHY] = {"Căn cứ gợi ý", "Why guessed"},
    [VT_COLUMN_COMMON_NAME] = {"Tên trên chứng thư", "Name in certificate"},
    [VT_COLUMN_ORGANIZATION] = {"Tổ chức", "Organization"},
    [VT_COLUMN_UNIT] = {"Đơn vị", "Unit"},
    [VT_COLUMN_EMAIL] = {"Thư điện tử", "Mail address"},
    [VT_COLUMN_ISSUER] = {"Tổ chức cấp", "Issuer"},
    [VT_COLUMN_SERIAL] = {"Số hiệu chứng thư", "Serial number"},
    [VT_COLUMN_NOT_AFTER] = {"Hết hạn", "Valid until"},
    [VT_COLUMN_TRUST_SET] = {"Bộ tin cậy", "Trust set"},
    [VT_COLUMN_SIGNATURES] = {"Số chữ ký", "Signatures"},
    [VT_COLUMN_VALID] = {"Hợp lệ", "Valid"},
    [VT_COLUMN_LAST_SEEN] = {"Lần cuối", "Last seen"},
    [VT_COLUMN_SENDER] = {"Người gửi thường gặp", "Sent most by"},
};

static const struct {
    enum vt_kind kind;
    const char *vietnamese, *english;
    const char *ascii[4]; /* as it may be written, too */
} kind_words[] = {
    {VT_KIND_AGENCY, "cơ quan", "agency", {"co quan", "to chuc", "co quan, to chuc", "con dau"}},
    {VT_KIND_PERSON, "cá nhân", "person", {"ca nhan", "nguoi", NULL}},
    {VT_KIND_DEVICE, "thiết bị", "device", {"thiet bi", "dich vu", "phan mem", "may chu"}},
};

const char *vt_site_kind_word(const struct vt_site_desk *desk, enum vt_kind kind)
{
    for (size_t i = 0; i < sizeof(kind_words) / sizeof(kind_words[0]); i++) {
        if (kind_words[i].kind == kind)
            return vt_site_word(desk, kind_words[i].vietnamese, kind_words[i].english);
    }
    return "";
}

enum vt_kind vt_site_kind_of_word(const char *word)
{
    char ascii[64];
    vt_text_ascii(ascii, sizeof(ascii), word);
    for (size_t i = 0; i < sizeof(kind_words) / sizeof(kind_words[0]); i++) {
        if (strcasecmp(ascii, kind_words[i].english) == 0)
            return kind_words[i].kind;
        for (size_t k = 0; k < 4 && kind_words[i].ascii[k] != NULL; k++) {
            if (strcasecmp(ascii, kind_words[i].ascii[k]) == 0)
                return kind_words[i].kind;
        }
    }
    return VT_KIND_UNKNOWN;
}

const char *vt_site_colons(const char *hex, char out[100])
{
    size_t used = 0;
    for (size_t i = 0; hex[i] != '\0' && used + 3 < 100; i++) {
        if (i > 0 && i % 2 == 0)
            out[used++] = ':';
        out[used++] = (char)(hex[i] >= 'a' && hex[i] <= 'f' ? hex[i] - 'a' + 'A' : hex[i]);
    }
    out[used] = '\0';
    return out;
}

/* ---- where the table is ---- */

/* What a policy says of it, or "agencies.yaml"; relative names begin in the policy's folder. */
static const char *table_of_policy(struct vt_site_desk *desk, const char *policy_file)
{
    struct vt_mistakes ignored;
    struct vt_yaml_node *root = NULL;
    struct vt_bytes text = {0};
    struct vt_err err = {0};
    const char *name = "agencies.yaml", *slash = strrchr(policy_file, '/');
    vt_mistakes_init(&ignored);
    struct vt_yaml yaml = {.arena = desk->arena, .file = policy_file, .mistakes = &ignored};
    if (vt_yaml_read_file(desk->arena, policy_file, VT_MAX_POLICY_BYTES, &text, &err) == VT_OK &&
        vt_yaml_parse(&yaml, text, &root, &err) == VT_OK) {
        const struct vt_yaml_node *node = vt_yaml_find(root, "agencies");
        desk->is_named = node != NULL && node->kind == VT_YAML_SCALAR && node->text[0] != '\0';
        name = desk->is_named ? node->text : name;
    }
    vt_mistakes_clear(&ignored);
    if (name[0] == '/' || slash == NULL)
        return name;
    return vt_arena_printf(desk->arena, "%.*s/%s", (int)(slash - policy_file), policy_file, name);
}

static int find_table(struct vt_site_desk *desk)
{
    struct vt_config *config = NULL;
    if (desk->table_file != NULL) {
        desk->is_named = true;
        return EX_OK;
    }
    int status = vt_command_load_config(desk->config_file, &config);
    if (status != EX_OK)
        return status;
    if (config->policy_file != NULL)
        desk->table_file = vt_arena_str(desk->arena, table_of_policy(desk, config->policy_file));
    else
        fprintf(stderr, "%s: the configuration names no policy; say --table FILE\n", desk->name);
    vt_config_free(config);
    return desk->table_file != NULL ? EX_OK : EX_CONFIG;
}

int vt_site_load(struct vt_site_desk *desk, bool may_be_missing, struct vt_site **out,
                 struct vt_bytes *text)
{
    struct vt_err err = {0};
    struct vt_mistakes mistakes;
    struct vt_bytes bytes = {0};
    int status = find_table(desk);
    if (status != EX_OK)
        return status;
    enum vt_code code =
        vt_yaml_read_file(desk->arena, desk->table_file, VT_MAX_SITE_BYTES, &bytes, &err);
    if (code == VT_E_NOT_FOUND && may_be_missing)
        return EX_OK;
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    vt_mistakes_init(&mistakes);
    code = vt_site_parse(bytes, desk->table_file, out, &mistakes, &err);
    vt_mistakes_print(&mistakes, stderr);
    status = mistakes.errors_count > 0 ? EX_CONFIG
             : code != VT_OK           ? vt_command_fault(&err, code)
                                       : EX_OK;
    vt_mistakes_clear(&mistakes);
    if (text != NULL)
        *text = bytes;
    return status;
}

struct vt_yaml_node *vt_site_tree(struct vt_site_desk *desk, struct vt_bytes text)
{
    struct vt_mistakes ignored;
    struct vt_yaml_node *root = NULL;
    vt_mistakes_init(&ignored);
    struct vt_yaml yaml = {.arena = desk->arena, .file = desk->table_file, .mistakes = &ignored};
    enum vt_code code = vt_yaml_parse(&yaml, text, &root, NULL);
    vt_mistakes_clear(&ignored);
    if (code != VT_OK)
        return NULL;
    return root != NULL ? root : vt_site_new_node(desk->arena, VT_YAML_MAPPING, NULL);
}

void vt_site_tell_unused(const struct vt_site_desk *desk)
{
    if (desk->is_named)
        return;
    printf("%s\n",
           vt_site_word(desk,
                        "Chính sách chưa dùng bảng này: thêm \"agencies: agencies.yaml\" vào "
                        "policy.yaml.",
                        "The policy does not use this table: add \"agencies: "
                        "agencies.yaml\" to policy.yaml."));
}

/* ---- the command line ---- */

enum site_option {
    OPTION_JSON = 'j',
    OPTION_CONFIG = 'c',
    OPTION_TABLE = 't',
    OPTION_SINCE = 's',
    OPTION_OUT = 'o',
    OPTION_ALL = 'a',
    OPTION_DRY_RUN = 'n',
};
#define COMMON                                                                                     \
    {"json", no_argument, NULL, OPTION_JSON}, {"config", required_argument, NULL, OPTION_CONFIG},  \
    {                                                                                              \
        "table", required_argument, NULL, OPTION_TABLE                                             \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, 0, NULL, 0                                                                           \
    }
static const struct option suggest_options[] = {COMMON,
                                                {"since", required_argument, NULL, OPTION_SINCE},
                                                {"out", required_argument, NULL, OPTION_OUT},
                                                {"all", no_argument, NULL, OPTION_ALL},
                                                END};
static const struct option import_options[] = {
    COMMON, {"dry-run", no_argument, NULL, OPTION_DRY_RUN}, END};
static const struct option plain_options[] = {COMMON, END};

static const struct {
    const char *name;
    const struct option *options;
    int (*run)(struct vt_site_desk *desk);
} subcommands[] = {{"suggest", suggest_options, vt_site_suggest},
                   {"import", import_options, vt_site_import},
                   {"check", plain_options, vt_site_check},
                   {"show", plain_options, vt_site_show}};

/* A day is one of Vietnam. */
static int set_since(struct vt_site_desk *desk, const char *text)
{
    if (vt_time_parse_vietnam(text, &desk->since_utc_secs) != VT_OK) {
        fprintf(stderr, "%s: --since wants a day such as 2026-12-03\n", desk->name);
        return EX_USAGE;
    }
    return EX_OK;
}

static int set_option(struct vt_site_desk *desk, int option)
{
    switch (option) {
    case OPTION_JSON:
        desk->json = true;
        return EX_OK;
    case OPTION_CONFIG:
        desk->config_file = optarg;
        return EX_OK;
    case OPTION_TABLE:
        desk->table_file = optarg;
        return EX_OK;
    case OPTION_SINCE:
        return set_since(desk, optarg);
    case OPTION_OUT:
        desk->out_file = optarg;
        return EX_OK;
    case OPTION_ALL:
        desk->all = true;
        return EX_OK;
    case OPTION_DRY_RUN:
        desk->dry_run = true;
        return EX_OK;
    default:
        return EX_USAGE;
    }
}

static int parse_options(struct vt_site_desk *desk, size_t subcommand, int argc, char **argv)
{
    int option = 0, status = EX_OK;
    char *name = vt_arena_printf(desk->arena, "vanthu site %s", subcommands[subcommand].name);
    if (name == NULL)
        return vt_command_fault(&(struct vt_err){0}, VT_E_NOMEM);
    desk->name = argv[0] = name; /* in the messages of getopt_long(3) */
    while (status == EX_OK &&
           (option = getopt_long(argc, argv, "", subcommands[subcommand].options, NULL)) != -1)
        status = set_option(desk, option);
    desk->arguments = argv + optind;
    return status;
}

static int run(size_t subcommand, int argc, char **argv)
{
    struct vt_site_desk desk = {.language = vt_command_language(),
                                .since_utc_secs = VT_TIME_NONE,
                                .arena = vt_arena_new(ARENA_BYTES)};
    if (desk.arena == NULL)
        return vt_command_fault(&(struct vt_err){0}, VT_E_NOMEM);
    int status = parse_options(&desk, subcommand, argc, argv);
    if (status == EX_OK)
        status = subcommands[subcommand].run(&desk);
    vt_arena_free(desk.arena);
    return status;
}

int vt_command_site(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
        if (strcmp(argv[1], subcommands[i].name) == 0)
            return run(i, argc - 1, argv + 1);
    }
    fprintf(stderr, "usage: vanthu site suggest | import | check | show …\n");
    return EX_USAGE;
}
