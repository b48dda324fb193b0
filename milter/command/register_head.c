/* SPDX-License-Identifier: Apache-2.0
 * vanthu register head: the end of the chain, to be kept elsewhere: exported, or time-stamped by an
 * authority (RFC 3161). The running registrar keeps it too. Exit status 0; 1: a time stamp that
 * cannot be used. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/check.h"
#include "command/head.h"
#include "vanthu/clock.h"
#include "vanthu/registrar.h"
#include "vanthu/wire.h"

enum { TOKEN_REFUSED = 1 };

#define KEEP_MSECS 15000
#define HEAD_VERSION 1
#define HEX_BYTES (2 * VT_REGISTER_DIGEST_BYTES)

/* ---- heads as text ---- */

struct json_t *vt_head_json(const struct vt_register_head *head)
{
    char chain[HEX_BYTES + 1], at[VT_TIME_TEXT_BYTES];
    (void)vt_text_hex(chain, vt_bytes_of(head->chain, sizeof(head->chain)));
    return json_pack("{s:i, s:I, s:s, s:s}", "v", HEAD_VERSION, "record", (json_int_t)head->seq,
                     "chain", chain, "time", vt_time_rfc3339(at, head->time_utc_secs));
}

enum vt_code vt_head_write(const struct vt_register_head *head, FILE *out, struct vt_err *err)
{
    json_t *object = vt_head_json(head);
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    enum vt_code code = VT_OK;
    if (text == NULL)
        code = vt_err_set(err, VT_E_NOMEM, "no memory for a head");
    else if (fprintf(out, "%s\n", text) < 0)
        code = vt_err_sys(err, "the head cannot be written");
    free(text);
    json_decref(object);
    return code;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_chain(const char *text, uint8_t out[VT_REGISTER_DIGEST_BYTES])
{
    if (text == NULL || strlen(text) != HEX_BYTES)
        return false;
    for (size_t i = 0; i < VT_REGISTER_DIGEST_BYTES; i++) {
        int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

enum vt_code vt_head_read(struct vt_bytes text, struct vt_register_head *out, struct vt_err *err)
{
    json_t *object = text.len > VT_MAX_HEAD_BYTES ? NULL
                                                  : json_loadb((const char *)text.ptr, text.len,
                                                               JSON_REJECT_DUPLICATES, NULL);
    const json_t *seq = json_object_get(object, "record");
    const char *at = json_string_value(json_object_get(object, "time"));
    bool is_good = json_integer_value(json_object_get(object, "v")) == HEAD_VERSION &&
                   json_is_integer(seq) && json_integer_value(seq) >= 0 && at != NULL;
    *out = (struct vt_register_head){.seq = json_integer_value(seq), .time_utc_secs = VT_TIME_NONE};
    is_good = is_good &&
              read_chain(json_string_value(json_object_get(object, "chain")), out->chain) &&
              vt_time_parse(at, &out->time_utc_secs) == VT_OK;
    json_decref(object);
    return is_good ? VT_OK
                   : vt_err_set(err, VT_E_FORMAT, "not a head that vanthu register head exported");
}

void vt_head_print_chain(const uint8_t chain[VT_REGISTER_DIGEST_BYTES])
{
    char hex[HEX_BYTES + 1];
    (void)vt_text_hex(hex, vt_bytes_of(chain, VT_REGISTER_DIGEST_BYTES));
    for (size_t i = 0; i < HEX_BYTES; i += 4)
        printf(" %.4s", hex + i);
}

/* ---- writing ---- */

/* A file that is there is something somebody relies on: it is never written over. */
static enum vt_code write_new(const char *file, struct vt_bytes bytes, struct vt_err *err)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return errno == EEXIST ? vt_err_set(err, VT_E_CONFIG,
                                            "%s is there already; a head needs a new file", file)
                               : vt_err_sys(err, "%s", file);
    enum vt_code code = vt_output_write(fd, bytes, err);
    if (code == VT_OK && fsync(fd) != 0)
        code = vt_err_sys(err, "%s", file);
    (void)close(fd);
    if (code != VT_OK)
        (void)unlink(file);
    return code;
}

static enum vt_code export_head(const char *file, const struct vt_register_head *head,
                                struct vt_err *err)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    if (memory == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a head");
    enum vt_code code = vt_head_write(head, memory, err);
    if (fclose(memory) != 0 && code == VT_OK)
        code = vt_err_set(err, VT_E_NOMEM, "no memory for a head");
    if (code == VT_OK)
        code = write_new(file, vt_bytes_of(text, len), err);
    free(text);
    return code;
}

/* TimeStampReq ::= SEQUENCE { version 1, messageImprint SEQUENCE { SHA-256 with NULL, the chain
 * value }, certReq TRUE } (RFC 3161 2.4.1). A nonce would keep an answer from being replayed; no
 * other answer has this imprint. */
static enum vt_code write_request(const char *file, const struct vt_register_head *head,
                                  struct vt_err *err)
{
    static const uint8_t before[] = {0x30, 0x39, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30,
                                     0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
                                     0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
    static const uint8_t behind[] = {0x01, 0x01, 0xff};
    uint8_t request[sizeof(before) + VT_REGISTER_DIGEST_BYTES + sizeof(behind)];
    memcpy(request, before, sizeof(before));
    memcpy(request + sizeof(before), head->chain, VT_REGISTER_DIGEST_BYTES);
    memcpy(request + sizeof(before) + VT_REGISTER_DIGEST_BYTES, behind, sizeof(behind));
    return write_new(file, vt_bytes_of(request, sizeof(request)), err);
}

/* ---- keeping ---- */

static enum vt_code keep(const struct vt_register_desk *desk, const struct vt_register_head *head,
                         struct vt_err *err)
{
    struct vt_registrar registrar = {.channel_fd = -1,
                                     .connection_fd = -1,
                                     .deadline_msecs = vt_clock_monotonic_msecs() + KEEP_MSECS};
    enum vt_code code =
        vt_control_connect_registrar(desk->config->control_socket, &registrar.connection_fd, err);
    if (code == VT_OK)
        code = vt_registrar_keep_head(&registrar, head, err);
    if (registrar.connection_fd >= 0)
        (void)close(registrar.connection_fd);
    return code;
}

static bool is_vietnamese(const struct vt_register_desk *desk)
{
    return desk->language == VT_LANGUAGE_VIETNAMESE;
}

/* An exported head proves what it proves, whether the register has it or not. */
static void keep_exported(const struct vt_register_desk *desk, const struct vt_register_head *head)
{
    struct vt_err err = {0};
    if (keep(desk, head, &err) != VT_OK)
        fprintf(stderr,
                is_vietnamese(desk) ? "%s: mốc không được ghi vào sổ: %s\n"
                                    : "%s: the head is not kept in the register: %s\n",
                desk->name, err.text);
}

/* ---- a reply ---- */

static int refuse_token(const struct vt_register_desk *desk, const struct vt_token_verdict *verdict)
{
    char why[VT_ERR_TEXT_BYTES];
    (void)vt_text_clean(why, sizeof(why), vt_bytes_str(verdict->why != NULL ? verdict->why : ""));
    fprintf(stderr,
            is_vietnamese(desk) ? "%s: %s: dấu thời gian không dùng được. %s\n"
                                : "%s: %s: the time stamp cannot be used. %s\n",
            desk->name, desk->token_file, why);
    return TOKEN_REFUSED;
}

static int keep_token(struct vt_register_desk *desk, const struct vt_token_verdict *verdict)
{
    struct vt_register_head head;
    struct vt_err err = {0};
    char at[40];
    enum vt_code code = vt_register_head_find(desk->reg, verdict->chain, &head, &err);
    if (!verdict->has_chain || code == VT_E_NOT_FOUND) {
        fprintf(stderr,
                is_vietnamese(desk)
                    ? "%s: %s: dấu thời gian không phải của một mốc của sổ này\n"
                    : "%s: %s: the time stamp is not over a head of this register\n",
                desk->name, desk->token_file);
        return TOKEN_REFUSED;
    }
    head.time_utc_secs = verdict->time_utc_secs;
    head.token = verdict->token;
    if (code == VT_OK)
        code = keep(desk, &head, &err);
    if (code != VT_OK) {
        int status = vt_command_fault(&err, code);
        return code == VT_E_NOT_FOUND || code == VT_E_PEER || code == VT_E_TIMEOUT ? EX_UNAVAILABLE
                                                                                   : status;
    }
    if (desk->json) {
        code = vt_head_write(&head, stdout, &err);
        return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
    }
    printf(is_vietnamese(desk) ? "Đã ghi dấu thời gian của mốc đến bản ghi %" PRId64 ", lúc %s.\n"
                               : "The time stamp of the head up to record %" PRId64
                                 ", at %s, is kept.\n",
           head.seq, vt_print_minute(desk->language, at, head.time_utc_secs));
    return EX_OK;
}

static int take_reply(struct vt_register_desk *desk)
{
    struct vt_token_judge judge = {.desk = desk};
    struct vt_token_verdict verdict;
    struct vt_err err = {0};
    struct vt_buf reply;
    enum vt_code code = vt_command_read_file(desk->token_file, VT_MAX_REPLY_BYTES, &reply, &err);
    if (code == VT_OK)
        code = vt_token_judge_one(&judge, vt_buf_bytes(&reply), &verdict, &err);
    int status = code != VT_OK      ? vt_command_fault(&err, code)
                 : !verdict.is_good ? refuse_token(desk, &verdict)
                                    : keep_token(desk, &verdict);
    vt_token_judge_clear(&judge);
    vt_buf_clear(&reply);
    return status;
}

/* ---- head ---- */

static void print_head(const struct vt_register_desk *desk, const struct vt_register_head *head)
{
    bool vi = is_vietnamese(desk);
    char at[40];
    printf(vi ? "Sổ đăng ký đến bản ghi %" PRId64 ", lúc %s\n"
              : "The register up to record %" PRId64 ", at %s\n",
           head->seq, vt_print_minute(desk->language, at, head->time_utc_secs));
    fputs(vi ? "  chuỗi" : "  chain", stdout);
    vt_head_print_chain(head->chain);
    putchar('\n');
    if (desk->export_file != NULL)
        printf(vi ? "Đã ghi vào %s. Giữ tệp này ở máy khác: vanthu register verify --head %s\n"
                  : "Written to %s. Keep it on another machine: vanthu register verify --head %s\n",
               desk->export_file, desk->export_file);
    if (desk->request_file != NULL)
        printf(vi ? "Đã ghi yêu cầu cấp dấu thời gian vào %s. Gửi đến tổ chức cấp dấu thời gian, "
                    "rồi: vanthu register head --token TRẢ-LỜI\n"
                  : "The request for a time stamp is in %s. Send it to a time stamp authority, "
                    "then: vanthu register head --token REPLY\n",
               desk->request_file);
}

int vt_register_head_show(struct vt_register_desk *desk)
{
    struct vt_register_head head;
    struct vt_err err = {0};
    if (desk->token_file != NULL)
        return take_reply(desk);
    enum vt_code code = vt_register_head_now(desk->reg, vt_clock_now_utc_secs(), &head, &err);
    if (code == VT_OK && desk->export_file != NULL)
        code = export_head(desk->export_file, &head, &err);
    if (code == VT_OK && desk->request_file != NULL)
        code = write_request(desk->request_file, &head, &err);
    if (code == VT_OK && desk->json)
        code = vt_head_write(&head, stdout, &err);
    if (code != VT_OK)
        return code == VT_E_CONFIG ? (vt_command_print_fault(&err), EX_CANTCREAT)
                                   : vt_command_fault(&err, code);
    if (!desk->json)
        print_head(desk, &head);
    if (desk->export_file != NULL || desk->request_file != NULL)
        keep_exported(desk, &head);
    return EX_OK;
}
