/* SPDX-License-Identifier: Apache-2.0
 * vanthu status and drain: one question to the running master. Exit status 0 when it says yes, 69
 * (EX_UNAVAILABLE) when no master listens. */
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/print.h"
#include "command/status_numbers.h"
#include "command/status_text.h"
#include "vanthu/clock.h"
#include "vanthu/config.h"
#include "vanthu/report.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

/* The status role answers at once, or not at all. */
#define REPORT_MSECS 5000

static void print_mistakes(const json_t *answer, const char *key)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(answer, key), i, item)
        fprintf(stderr, "%s:%" JSON_INTEGER_FORMAT ":%" JSON_INTEGER_FORMAT ": %s%s\n",
                vt_print_json(item, "file"), json_integer_value(json_object_get(item, "line")),
                json_integer_value(json_object_get(item, "column")),
                json_is_true(json_object_get(item, "warning")) ? "warning: " : "",
                vt_print_json(item, "text"));
}

/* The report of the status role, beside the master's answer; null when it cannot be had. */
static void add_report(const char *control_socket, json_t *answer)
{
    struct vt_message message;
    struct vt_bytes bytes = {0};
    struct vt_err err = {0};
    json_t *report = NULL;
    int fd = -1;
    int64_t deadline = vt_clock_monotonic_msecs() + REPORT_MSECS;
    enum vt_code code = vt_control_connect_status(control_socket, &fd, &err);
    if (code == VT_OK)
        code =
            vt_wire_send(fd, VT_MSG_STATUS_REPORT, (struct vt_bytes){0}, NULL, 0, deadline, &err);
    if (code == VT_OK)
        code = vt_wire_receive(fd, &message, 1, deadline, &err);
    if (code == VT_OK && message.type == VT_MSG_STATUS_REPORTED && message.fds_count == 1 &&
        vt_memfd_map(message.fds[0], VT_MAX_REPORT_BYTES, &bytes, &err) == VT_OK) {
        report = json_loadb((const char *)bytes.ptr, bytes.len, JSON_REJECT_DUPLICATES, NULL);
        vt_memfd_unmap(bytes);
    }
    if (code == VT_OK)
        vt_message_close(&message);
    if (fd >= 0)
        (void)close(fd);
    (void)json_object_set_new(answer, "status", report != NULL ? report : json_null());
}

static void print_answer(const json_t *answer)
{
    print_mistakes(answer, "mistakes");
    print_mistakes(answer, "warnings");
    vt_command_print_status(stdout, vt_command_language(), answer, vt_clock_now_utc_secs());
    if (*vt_print_json(answer, "text") != '\0')
        fprintf(json_is_true(json_object_get(answer, "ok")) ? stdout : stderr, "%s\n",
                vt_print_json(answer, "text"));
}

static void print_json(const json_t *answer)
{
    char *text = json_dumps(answer, JSON_COMPACT);
    printf("%s\n", text != NULL ? text : "{}");
    free(text);
}

int vt_command_show_answer(const json_t *answer, bool json)
{
    if (json)
        print_json(answer);
    else
        print_answer(answer);
    return json_is_true(json_object_get(answer, "ok"))                ? EX_OK
           : json_array_size(json_object_get(answer, "mistakes")) > 0 ? EX_CONFIG
                                                                      : EX_SOFTWARE;
}

/* What the office owes in these days. */
static void print_reminder(const struct vt_config *config)
{
    char text[VT_REPORT_REMINDER_BYTES];
    bool is_english = vt_command_language() == VT_LANGUAGE_ENGLISH;
    if (vt_report_is_owed(config->profile, config->regulation, vt_clock_now_utc_secs(), is_english,
                          text))
        printf("\n%s\n", text);
}

static int ask(const struct vt_config *config, const char *command, bool json)
{
    const char *control_socket = config->control_socket;
    struct vt_err err = {0};
    char *text = NULL;
    enum vt_code code = vt_control_ask(control_socket, command, &text, &err);
    if (code != VT_OK) {
        vt_command_print_fault(&err);
        return code == VT_E_NOT_FOUND ? EX_UNAVAILABLE : vt_command_exit_status(code);
    }
    json_t *answer = json_loads(text, 0, NULL);
    if (strcmp(command, "status") == 0) {
        vt_command_add_numbers(config, answer, vt_clock_now_utc_secs());
        add_report(control_socket, answer);
    }
    int status = vt_command_show_answer(answer, json);
    if (!json && strcmp(command, "status") == 0)
        print_reminder(config);
    json_decref(answer);
    free(text);
    return status;
}

/* What stands on the command line. */
struct wish {
    const char *command, *config_file;
    char name[32]; /* in the messages of getopt_long(3) */
    bool json, prometheus;
    char *const *imports; /* NULL: nothing is imported */
};

static bool is_status(const struct wish *wish)
{
    return strcmp(wish->command, "status") == 0;
}

static bool read_wish(int argc, char **argv, struct wish *out)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"prometheus", no_argument, NULL, 'p'},
                                            {"config", required_argument, NULL, 'c'},
                                            {NULL, 0, NULL, 0}};
    int option = 0;
    *out = (struct wish){.command = argv[0], .config_file = VT_SYSCONFDIR "/vanthu.yaml"};
    (void)snprintf(out->name, sizeof(out->name), "vanthu %s", out->command);
    argv[0] = out->name;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'j')
            out->json = true;
        else if (option == 'p' && is_status(out))
            out->prometheus = true;
        else if (option == 'c')
            out->config_file = optarg;
        else
            return false;
    }
    bool imports = is_status(out) && optind < argc && strcmp(argv[optind], "import") == 0;
    if (imports && optind + 1 < argc)
        out->imports = argv + optind + 1;
    if (optind == argc || out->imports != NULL)
        return true;
    fprintf(stderr, "%s: %s\n", out->name, imports ? "import which files?" : "what is that for?");
    return false;
}

int vt_command_control(int argc, char **argv)
{
    struct wish wish;
    struct vt_config *config = NULL;
    if (!read_wish(argc, argv, &wish))
        return EX_USAGE;
    int status = vt_command_load_config(wish.config_file, &config);
    if (status != EX_OK)
        return status;
    if (wish.imports != NULL)
        status = vt_command_status_import(config->control_socket, wish.json, wish.imports);
    else if (wish.prometheus)
        status = vt_command_print_metrics(config);
    else
        status = ask(config, wish.command, wish.json);
    vt_config_free(config);
    return status;
}
