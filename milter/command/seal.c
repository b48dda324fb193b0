/* SPDX-License-Identifier: Apache-2.0
 * vanthu seal: files sealed, and keys in an HSM, asked of the running sealer. Exit status 0 it is
 * well or done, 1 something of a key is not, or the file was not sealed, 69 (EX_UNAVAILABLE) no
 * sealer answers. */
#include "command/seal.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/print.h"
#include "vanthu/clock.h"
#include "vanthu/role.h"

#define ASK_MSECS 30000
#define MAX_REASON_BYTES 300

const char *vt_seal_pick(const struct vt_seal_command *command, const char *vietnamese,
                         const char *english)
{
    return command->language == VT_LANGUAGE_VIETNAMESE ? vietnamese : english;
}

int vt_seal_say(const struct vt_seal_command *command, int status, const char *vietnamese,
                const char *english)
{
    fprintf(stderr, "%s: %s\n", command->name, vt_seal_pick(command, vietnamese, english));
    return status;
}

static enum vt_code ask(const struct vt_seal_command *command, const struct vt_seal_wish *wish,
                        char **out, struct vt_err *err)
{
    int fd = -1;
    enum vt_code code = vt_control_connect_sealer(command->config->control_socket, &fd, err);
    if (code != VT_OK)
        return VT_E_NOT_FOUND;
    const struct vt_sealer sealer = {.channel_fd = -1,
                                     .connection_fd = fd,
                                     .deadline_msecs = vt_clock_monotonic_msecs() + ASK_MSECS};
    code = vt_sealer_wish(&sealer, wish, out, err);
    (void)close(fd);
    return code;
}

int vt_seal_command_ask(const struct vt_seal_command *command, const struct vt_seal_wish *wish,
                        json_t **out)
{
    struct vt_err err = {0};
    char *text = NULL;
    enum vt_code code = ask(command, wish, &text, &err);
    if (code != VT_OK) {
        fprintf(stderr, "%s: %s\n", command->name, err.text);
        return code == VT_E_NOT_FOUND || code == VT_E_TIMEOUT ? EX_UNAVAILABLE : 1;
    }
    *out = json_loads(text, 0, NULL);
    free(text);
    return *out != NULL ? EX_OK : EX_SOFTWARE;
}

/* ---- check ---- */

static bool check_key(struct vt_sealed_file *file, const char *name, json_t *shown, int *status)
{
    const struct vt_seal_command *command = file->command;
    json_t *answer = NULL;
    const struct vt_seal_wish wish = {
        .kind = VT_SEAL_WISH_PROBE, .key = name, .by = command->by, .pin_fd = -1};
    *status = vt_seal_command_ask(command, &wish, &answer);
    if (*status != EX_OK)
        return false;
    bool is_well = vt_seal_check_own(file, name, answer);
    if (command->json)
        is_well = strcmp(vt_print_json(answer, "probe"), "done") == 0 && is_well;
    else
        is_well = vt_seal_print_key(stdout, command->language, answer, vt_clock_now_utc_secs()) &&
                  is_well;
    (void)json_array_append_new(shown, answer);
    return is_well;
}

static int check(const struct vt_seal_command *command)
{
    const struct vt_config *config = command->config;
    int status = EX_OK;
    bool is_well = true;
    json_t *shown = json_array();
    struct vt_sealed_file file;
    vt_seal_file_begin(&file, command);
    if (config->seal_keys_count == 0)
        status = vt_seal_say(command, 1, "chưa khai báo khóa nào (seal.keys)",
                             "no key is configured (seal.keys)");
    for (size_t i = 0; status == EX_OK && command->arguments[i] != NULL; i++)
        is_well = check_key(&file, command->arguments[i], shown, &status) && is_well;
    for (size_t i = 0;
         status == EX_OK && command->arguments[0] == NULL && i < config->seal_keys_count; i++)
        is_well = check_key(&file, config->seal_keys[i].name, shown, &status) && is_well;
    if (status == EX_OK && command->arguments[0] == NULL)
        is_well = vt_seal_check_stamp(command, shown) && is_well;
    char *text = command->json ? json_dumps(shown, JSON_COMPACT) : NULL;
    if (text != NULL)
        printf("%s\n", text);
    free(text);
    json_decref(shown);
    vt_seal_file_clear(&file);
    return status != EX_OK ? status : is_well ? EX_OK : 1;
}

/* ---- stop, resume ---- */

/* Sealing stops also where no service answers: it finds the file when it starts. */
static int change_file(const struct vt_seal_command *command, bool is_stop)
{
    struct vt_err err = {0};
    const char *directory = command->config->seal_directory;
    enum vt_code code = is_stop ? vt_seal_stop(directory, command->by, command->reason,
                                               vt_clock_now_utc_secs(), &err)
                                : vt_seal_resume(directory, &err);
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

static int change(const struct vt_seal_command *command, bool is_stop)
{
    json_t *answer = NULL;
    const struct vt_seal_wish wish = {.kind = is_stop ? VT_SEAL_WISH_STOP : VT_SEAL_WISH_RESUME,
                                      .text = command->reason,
                                      .by = command->by,
                                      .pin_fd = -1};
    int status = vt_seal_command_ask(command, &wish, &answer);
    json_decref(answer);
    if (status == EX_UNAVAILABLE) {
        status = change_file(command, is_stop);
        if (status == EX_OK)
            vt_seal_say(command, EX_OK, "dịch vụ không trả lời: đã ghi vào seal.directory",
                        "no service answers: it is written into seal.directory");
    }
    if (status == EX_OK)
        printf("%s\n", is_stop ? vt_seal_pick(command, "ĐÃ DỪNG mọi việc ký, đóng dấu số.",
                                              "All sealing is STOPPED.")
                               : vt_seal_pick(command, "Việc ký, đóng dấu số được tiếp tục.",
                                              "Sealing goes on."));
    return status;
}

static int stop(const struct vt_seal_command *command)
{
    return change(command, true);
}

static int resume(const struct vt_seal_command *command)
{
    return change(command, false);
}

/* ---- csr ---- */

static int write_request(const struct vt_seal_command *command, const char *pem)
{
    int fd = command->out_file == NULL
                 ? STDOUT_FILENO
                 : open(command->out_file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    size_t len = strlen(pem);
    int status = fd >= 0 && write(fd, pem, len) == (ssize_t)len ? EX_OK : EX_CANTCREAT;
    if (status != EX_OK)
        perror(command->name);
    if (fd > STDOUT_FILENO && close(fd) != 0)
        status = EX_IOERR;
    return status;
}

static int request(const struct vt_seal_command *command)
{
    json_t *answer = NULL;
    const struct vt_seal_wish wish = {.kind = VT_SEAL_WISH_REQUEST,
                                      .key = command->arguments[0],
                                      .text = command->subject,
                                      .by = command->by,
                                      .pin_fd = -1};
    if (command->arguments[0] == NULL || command->arguments[1] != NULL)
        return vt_seal_say(command, EX_USAGE, "khóa nào?", "which key?");
    int status = vt_seal_command_ask(command, &wish, &answer);
    if (status != EX_OK)
        return status;
    if (strcmp(vt_print_json(answer, "failure"), "done") == 0) {
        status = write_request(command, vt_print_json(answer, "pem"));
    } else {
        fprintf(stderr, "%s: %s\n", command->name, vt_print_json(answer, "text"));
        status = 1;
    }
    json_decref(answer);
    return status;
}

/* ---- options ---- */

static const struct {
    const char *name;
    int (*act)(const struct vt_seal_command *command);
} actions[] = {{"check", check},
               {"stop", stop},
               {"resume", resume},
               {"csr", request},
               {"rotate-pin", vt_seal_rotate_pin},
               {NULL, vt_seal_file}};
#define NAMED (sizeof(actions) / sizeof(actions[0]) - 1)

static bool take_option(struct vt_seal_command *command, int option)
{
    switch (option) {
    case 'c':
        command->config_file = optarg;
        return true;
    case 'r':
        command->reason = optarg;
        return strlen(optarg) <= MAX_REASON_BYTES;
    case 's':
        command->subject = optarg;
        return true;
    case 'o':
        command->out_file = optarg;
        return true;
    case 'j':
        command->json = true;
        return true;
    case 'l':
        if (command->crls_count == VT_MAX_SEAL_CRLS)
            return false;
        command->crls[command->crls_count++] = optarg;
        return true;
    case 'k':
        command->key = optarg;
        return true;
    case 'a':
        command->appearance = optarg;
        return true;
    case 'n':
        command->number = optarg;
        return true;
    case 'd':
        command->is_detached = true;
        return true;
    case 'p':
        command->is_opaque = true;
        return true;
    case 'h':
        command->protects_headers = true;
        return true;
    case 'f':
        command->may_replace = true;
        return true;
    default:
        return false;
    }
}

/* A configuration that is named beside a file is the person's, like the file itself. It is read
 * once: at its second reading the name might lead somewhere else. */
static int load(struct vt_seal_command *command, bool is_of_file)
{
    struct vt_err err = {0};
    struct vt_mistakes mistakes;
    if (!is_of_file || command->config_file == NULL)
        return vt_command_load_config(command->config_file, &command->config);
    if (!vt_command_put_off_root())
        return vt_seal_say(command, EX_NOPERM, "không đọc được với quyền của người dùng",
                           "nothing can be read with the rights of its person");
    vt_mistakes_init(&mistakes);
    enum vt_code code = vt_command_read_file(command->config_file, VT_MAX_CONFIG_BYTES,
                                             &command->config_text, &err);
    if (code == VT_OK)
        code = vt_config_parse(vt_buf_bytes(&command->config_text), command->config_file,
                               &command->config, &mistakes, &err);
    vt_mistakes_print(&mistakes, stderr);
    vt_mistakes_clear(&mistakes);
    if (!vt_command_be_root_again())
        return EX_NOPERM;
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

static int run(struct vt_seal_command *command, size_t action, int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},  {"reason", required_argument, NULL, 'r'},
        {"subject", required_argument, NULL, 's'}, {"out", required_argument, NULL, 'o'},
        {"json", no_argument, NULL, 'j'},          {"key", required_argument, NULL, 'k'},
        {"crl", required_argument, NULL, 'l'},     {"detached", no_argument, NULL, 'd'},
        {"opaque", no_argument, NULL, 'p'},        {"protect-headers", no_argument, NULL, 'h'},
        {"force", no_argument, NULL, 'f'},         {"appearance", required_argument, NULL, 'a'},
        {"number", required_argument, NULL, 'n'},  {NULL, 0, NULL, 0}};
    int option = 0;
    if (actions[action].name != NULL)
        (void)snprintf(command->name, sizeof(command->name), "vanthu seal %s",
                       actions[action].name);
    argv[0] = command->name;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!take_option(command, option))
            return EX_USAGE;
    command->arguments = argv + optind;
    int status = load(command, action == NAMED);
    if (status == EX_OK)
        status = actions[action].act(command);
    vt_config_free(command->config);
    vt_buf_clear(&command->config_text);
    return status;
}

/* A word that is neither is more likely a word that was misspelt. */
static int check_file(const struct vt_seal_command *command, const char *word)
{
    if (word[0] == '-' || access(word, F_OK) == 0)
        return EX_OK;
    for (size_t i = 0; i < NAMED; i++)
        if (vt_text_distance(word, actions[i].name, 2) <= 2) {
            fprintf(stderr, "%s: %s \"%s\": \"%s\"?\n", command->name,
                    vt_seal_pick(command, "không có lệnh hay tệp", "there is no command or file"),
                    word, actions[i].name);
            return EX_USAGE;
        }
    return EX_OK;
}

int vt_command_seal(int argc, char **argv)
{
    struct vt_seal_command command = {.name = "vanthu seal", .language = vt_command_language()};
    vt_command_person(command.by);
    vt_buf_init(&command.config_text, VT_MAX_CONFIG_BYTES);
    for (size_t i = 0; argc > 1 && i < NAMED; i++)
        if (strcmp(argv[1], actions[i].name) == 0)
            return run(&command, i, argc - 1, argv + 1);
    if (argc < 2)
        return vt_seal_say(&command, EX_USAGE, "tệp nào; hay check, stop, resume, csr, rotate-pin?",
                           "which file; or check, stop, resume, csr, rotate-pin?");
    int status = check_file(&command, argv[1]);
    return status == EX_OK ? run(&command, NAMED, argc, argv) : status;
}
