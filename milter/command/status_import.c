/* SPDX-License-Identifier: Apache-2.0
 * vanthu status import: bring CRLs to the running service by hand, for a network without a way to
 * the CAs. Exit status 0 when each was taken, 65 (EX_DATAERR) when one was not, 69 (EX_UNAVAILABLE)
 * when no service runs. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/command.h"
#include "command/print.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

#define IMPORT_MSECS 60000

struct import {
    const char *control_socket;
    bool json;
    int status; /* the worst so far */
};

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
    const char *next = vt_print_json(crl, "next_update");
    printf("%s: CA \"%s\": ", file, vt_print_json(crl, "issuer"));
    print_count(json_integer_value(json_object_get(crl, "entries")));
    printf(" entries%s, issued %s, next update %s",
           json_is_true(json_object_get(crl, "delta")) ? " (delta)" : "",
           vt_print_json(crl, "this_update"), next[0] != '\0' ? next : "not stated");
    if (vt_print_json(crl, "text")[0] != '\0')
        printf("; %s", vt_print_json(crl, "text"));
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
                vt_print_json(crl, "issuer")[0] != '\0' ? ": CA \"" : "",
                vt_print_json(crl, "issuer"), vt_print_json(crl, "issuer")[0] != '\0' ? "\"" : "",
                vt_print_json(crl, "text"));
}

static void show(struct import *import, const char *file, json_t *answer)
{
    size_t i = 0;
    json_t *crl = NULL;
    json_array_foreach(json_object_get(answer, "crls"), i, crl) print_result(import, file, crl);
    (void)json_object_set_new(answer, "file", json_string(file));
    char *text = import->json ? json_dumps(answer, JSON_COMPACT) : NULL;
    if (text != NULL)
        printf("%s\n", text);
    free(text);
}

/* ---- asking ---- */

static enum vt_code send_crls(int connection, struct vt_bytes crls, int64_t deadline_msecs,
                              struct vt_err *err)
{
    int fd = -1;
    enum vt_code code = vt_memfd_seal("vanthu-crls", crls, &fd, err);
    if (code != VT_OK)
        return code;
    code = vt_wire_send(connection, VT_MSG_STATUS_IMPORT, (struct vt_bytes){0}, &fd, 1,
                        deadline_msecs, err);
    (void)close(fd);
    return code;
}

static enum vt_code wrong_answer(struct vt_err *err)
{
    return vt_err_set(err, VT_E_PEER, "the status role answered something else than asked");
}

static enum vt_code read_answer(const struct vt_message *message, json_t **out, struct vt_err *err)
{
    char why[VT_ERR_TEXT_BYTES / 2];
    (void)vt_text_clean(why, sizeof(why), vt_bytes_of(message->body, message->body_len));
    if (message->type != VT_MSG_STATUS_IMPORTED)
        return message->type == VT_MSG_ERROR ? vt_err_set(err, VT_E_FORMAT, "%s", why)
                                             : wrong_answer(err);
    *out = json_loadb((const char *)message->body, message->body_len, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_array(json_object_get(*out, "crls")))
        return VT_OK;
    json_decref(*out);
    return wrong_answer(err);
}

enum vt_code vt_command_import_crls(const char *control_socket, struct vt_bytes crls, json_t **out,
                                    struct vt_err *err)
{
    int connection = -1;
    int64_t deadline_msecs = vt_clock_monotonic_msecs() + IMPORT_MSECS;
    struct vt_message *message = calloc(1, sizeof(*message));
    if (message == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for an answer");
    enum vt_code code = vt_control_connect_status(control_socket, &connection, err);
    if (code == VT_OK) {
        code = send_crls(connection, crls, deadline_msecs, err);
        if (code == VT_OK)
            code = vt_wire_receive(connection, message, 0, deadline_msecs, err);
        if (code == VT_OK)
            code = read_answer(message, out, err);
        (void)close(connection);
    }
    free(message);
    return code;
}

static enum vt_code import_file(struct import *import, const char *file, struct vt_bytes crls,
                                struct vt_err *err)
{
    json_t *answer = NULL;
    enum vt_code code = vt_command_import_crls(import->control_socket, crls, &answer, err);
    if (code == VT_OK) {
        show(import, file, answer);
        json_decref(answer);
    }
    return code;
}

/* True to go on with the next file. */
static bool note_fault(struct import *import, const char *file, const struct vt_err *err)
{
    switch (err->code) {
    case VT_E_FORMAT:
    case VT_E_LIMIT:
        fprintf(stderr, "vanthu: %s: %s\n", file, err->text);
        import->status = EX_DATAERR;
        return true;
    case VT_E_NOT_FOUND:
    case VT_E_PEER:
    case VT_E_TIMEOUT:
        vt_command_print_fault(err);
        import->status = EX_UNAVAILABLE;
        return false;
    default:
        vt_command_print_fault(err);
        import->status = vt_command_exit_status(err->code);
        return false;
    }
}

static bool import_next(struct import *import, const char *file)
{
    struct vt_err err = {0};
    struct vt_buf crls;
    bool goes_on = true;
    vt_buf_init(&crls, VT_MAX_CRL_BYTES);
    if (vt_command_read_file(file, VT_MAX_CRL_BYTES, &crls, &err) != VT_OK) {
        vt_command_print_fault(&err);
        import->status = err.code == VT_E_LIMIT ? EX_DATAERR : EX_NOINPUT;
    } else if (import_file(import, file, vt_buf_bytes(&crls), &err) != VT_OK) {
        goes_on = note_fault(import, file, &err);
    }
    vt_buf_clear(&crls);
    return goes_on;
}

int vt_command_status_import(const char *control_socket, bool json, char *const *files)
{
    struct import import = {.control_socket = control_socket, .json = json, .status = EX_OK};
    while (*files != NULL && import_next(&import, *files))
        files++;
    return import.status;
}
