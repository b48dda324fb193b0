/* SPDX-License-Identifier: Apache-2.0
 * vanthu status import: bring CRLs to the running service by hand, for a network without a way to
 * the CAs. Exit status 0 when each was taken, 65 (EX_DATAERR) when one was not, 69 (EX_UNAVAILABLE)
 * when no service runs. */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/command.h"
#include "vanthu/config.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

#define IMPORT_MSECS 60000

struct import {
    const char *control_socket;
    bool json;
    int status; /* the worst so far */
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

/* ---- what came of it ---- */

/* 1204 as "1 204". */
static void print_count(json_int_t count)
{
    char digits[32];
    int len = snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, count);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            putchar(' ');
        putchar(digits[i]);
    }
}

static void print_taken(const char *file, const json_t *crl)
{
    const char *next = text_of(crl, "next_update");
    printf("%s: CA \"%s\": ", file, text_of(crl, "issuer"));
    print_count(json_integer_value(json_object_get(crl, "entries")));
    printf(" entries%s, issued %s, next update %s",
           json_is_true(json_object_get(crl, "delta")) ? " (delta)" : "",
           text_of(crl, "this_update"), next[0] != '\0' ? next : "not stated");
    if (text_of(crl, "text")[0] != '\0')
        printf("; %s", text_of(crl, "text"));
    putchar('\n');
}

static void print_result(struct import *import, const char *file, const json_t *crl)
{
    bool ok = json_is_true(json_object_get(crl, "ok"));
    if (!ok)
        import->status = EX_DATAERR;
    if (import->json)
        return;
    if (ok)
        print_taken(file, crl);
    else
        fprintf(stderr, "vanthu: %s: not taken%s%s%s: %s\n", file,
                text_of(crl, "issuer")[0] != '\0' ? ": CA \"" : "", text_of(crl, "issuer"),
                text_of(crl, "issuer")[0] != '\0' ? "\"" : "", text_of(crl, "text"));
}

static enum vt_code show(struct import *import, const char *file, const struct vt_message *answer,
                         struct vt_err *err)
{
    size_t i = 0;
    json_t *crl = NULL;
    json_t *root =
        json_loadb((const char *)answer->body, answer->body_len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_array(json_object_get(root, "crls"))) {
        json_decref(root);
        return vt_err_set(err, VT_E_PEER, "the status role answered something else than asked");
    }
    json_array_foreach(json_object_get(root, "crls"), i, crl) print_result(import, file, crl);
    (void)json_object_set_new(root, "file", json_string(file));
    char *text = import->json ? json_dumps(root, JSON_COMPACT) : NULL;
    if (text != NULL)
        printf("%s\n", text);
    free(text);
    json_decref(root);
    return VT_OK;
}

/* ---- asking ---- */

static enum vt_code send_file(int connection, const char *file, int64_t deadline_msecs,
                              struct vt_err *err)
{
    struct vt_buf bytes;
    int fd = -1;
    vt_buf_init(&bytes, VT_MAX_CRL_BYTES);
    enum vt_code code = vt_command_read_file(file, VT_MAX_CRL_BYTES, &bytes, err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-crl", vt_buf_bytes(&bytes), &fd, err);
    if (code == VT_OK)
        code = vt_wire_send(connection, VT_MSG_STATUS_IMPORT, (struct vt_bytes){0}, &fd, 1,
                            deadline_msecs, err);
    if (fd >= 0)
        (void)close(fd);
    vt_buf_clear(&bytes);
    return code;
}

static enum vt_code hear(int connection, int64_t deadline_msecs, struct vt_message *out,
                         struct vt_err *err)
{
    char why[VT_ERR_TEXT_BYTES / 2];
    enum vt_code code = vt_wire_receive(connection, out, 0, deadline_msecs, err);
    if (code != VT_OK || out->type == VT_MSG_STATUS_IMPORTED)
        return code;
    (void)vt_text_clean(why, sizeof(why), vt_bytes_of(out->body, out->body_len));
    return out->type == VT_MSG_ERROR
               ? vt_err_set(err, VT_E_FORMAT, "%s", why)
               : vt_err_set(err, VT_E_PEER, "the status role answered something else than asked");
}

static enum vt_code import_file(struct import *import, const char *file, struct vt_err *err)
{
    int connection = -1;
    int64_t deadline_msecs = vt_clock_monotonic_msecs() + IMPORT_MSECS;
    struct vt_message *answer = calloc(1, sizeof(*answer));
    if (answer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for an answer");
    enum vt_code code = vt_control_connect_status(import->control_socket, &connection, err);
    if (code == VT_OK) {
        code = send_file(connection, file, deadline_msecs, err);
        if (code == VT_OK)
            code = hear(connection, deadline_msecs, answer, err);
        if (code == VT_OK)
            code = show(import, file, answer, err);
        (void)close(connection);
    }
    free(answer);
    return code;
}

/* True to go on with the next file. */
static bool import_next(struct import *import, const char *file)
{
    struct vt_err err = {0};
    enum vt_code code = import_file(import, file, &err);
    if (code == VT_OK)
        return true;
    if (code == VT_E_FORMAT || code == VT_E_LIMIT) {
        fprintf(stderr, "vanthu: %s: %s\n", file, err.text);
        import->status = EX_DATAERR;
        return true;
    }
    vt_command_print_fault(&err);
    import->status = code == VT_E_NOT_FOUND || code == VT_E_PEER || code == VT_E_TIMEOUT
                         ? EX_UNAVAILABLE
                         : vt_command_exit_status(code);
    return false;
}

static enum vt_code load_config(const char *file, struct vt_config **out, struct vt_err *err)
{
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    enum vt_code code = vt_config_load(file, out, &mistakes, err);
    vt_mistakes_print(&mistakes, stderr);
    vt_mistakes_clear(&mistakes);
    return code;
}

int vt_command_status_import(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"config", required_argument, NULL, 'c'},
                                            {NULL, 0, NULL, 0}};
    static char name[] = "vanthu status import";
    const char *file = VT_SYSCONFDIR "/vanthu.yaml";
    struct import import = {.status = EX_OK};
    struct vt_config *config = NULL;
    struct vt_err err = {0};
    int option = 0;
    argv[0] = name; /* in the messages of getopt_long(3) */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'j')
            import.json = true;
        else if (option == 'c')
            file = optarg;
        else
            return EX_USAGE;
    }
    if (optind == argc) {
        fprintf(stderr, "vanthu: status import: which files?\n");
        return EX_USAGE;
    }
    enum vt_code code = load_config(file, &config, &err);
    if (code != VT_OK) {
        vt_command_print_fault(&err);
        return vt_command_exit_status(code);
    }
    import.control_socket = config->control_socket;
    for (int i = optind; i < argc && import_next(&import, argv[i]); i++)
        continue;
    vt_config_free(config);
    return import.status;
}
