/* SPDX-License-Identifier: Apache-2.0
 * vanthu register verify and head: whether the register is as it was written, and up to which
 * record somebody can know that who kept a head elsewhere. Exit status of verify: 0 whole, 1 a
 * fault. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/register.h"
#include "vanthu/clock.h"

enum { FAULT_FOUND = 1 };

#define HEAD_VERSION 1
#define MAX_HEAD_BYTES 4096
#define HEX_BYTES (2 * VT_REGISTER_DIGEST_BYTES)

/* ---- heads as text ---- */

static json_t *head_json(const struct vt_register_head *head)
{
    char chain[HEX_BYTES + 1], at[VT_TIME_TEXT_BYTES];
    (void)vt_text_hex(chain, vt_bytes_of(head->chain, sizeof(head->chain)));
    return json_pack("{s:i, s:I, s:s, s:s}", "v", HEAD_VERSION, "record", (json_int_t)head->seq,
                     "chain", chain, "time", vt_time_rfc3339(at, head->time_utc_secs));
}

enum vt_code vt_head_write(const struct vt_register_head *head, FILE *out, struct vt_err *err)
{
    json_t *object = head_json(head);
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
    json_t *object = text.len > MAX_HEAD_BYTES ? NULL
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

/* "1a2b 3c4d …": as it is compared with paper. */
static void print_chain(const uint8_t chain[VT_REGISTER_DIGEST_BYTES])
{
    char hex[HEX_BYTES + 1];
    (void)vt_text_hex(hex, vt_bytes_of(chain, VT_REGISTER_DIGEST_BYTES));
    for (size_t i = 0; i < HEX_BYTES; i += 4)
        printf(" %.4s", hex + i);
}

/* ---- head ---- */

/* A file that is there is a head somebody relies on: it is never written over. */
static enum vt_code export_head(const char *file, const struct vt_register_head *head,
                                struct vt_err *err)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (out == NULL) {
        enum vt_code failed =
            errno == EEXIST
                ? vt_err_set(err, VT_E_CONFIG, "%s is there already; a head needs a new file", file)
                : vt_err_sys(err, "%s", file);
        if (fd >= 0)
            (void)close(fd);
        return failed;
    }
    enum vt_code code = vt_head_write(head, out, err);
    if (fflush(out) != 0 || fsync(fd) != 0)
        code = code == VT_OK ? vt_err_sys(err, "%s", file) : code;
    (void)fclose(out);
    if (code != VT_OK)
        (void)unlink(file);
    return code;
}

int vt_register_head_show(struct vt_register_desk *desk)
{
    bool vi = desk->language == VT_LANGUAGE_VIETNAMESE;
    struct vt_register_head head;
    struct vt_err err = {0};
    char at[40];
    enum vt_code code = vt_register_head_now(desk->reg, vt_clock_now_utc_secs(), &head, &err);
    if (code == VT_OK && desk->export_file != NULL)
        code = export_head(desk->export_file, &head, &err);
    if (code == VT_OK && desk->json)
        code = vt_head_write(&head, stdout, &err);
    if (code != VT_OK)
        return code == VT_E_CONFIG ? (vt_command_print_fault(&err), EX_CANTCREAT)
                                   : vt_command_fault(&err, code);
    if (desk->json)
        return EX_OK;
    printf(vi ? "Sổ đăng ký đến bản ghi %" PRId64 ", lúc %s\n"
              : "The register up to record %" PRId64 ", at %s\n",
           head.seq, vt_register_text_time(desk->language, at, head.time_utc_secs));
    fputs(vi ? "  chuỗi" : "  chain", stdout);
    print_chain(head.chain);
    putchar('\n');
    if (desk->export_file != NULL)
        printf(vi ? "Đã ghi vào %s. Giữ tệp này ở máy khác: vanthu register verify --head %s\n"
                  : "Written to %s. Keep it on another machine: vanthu register verify --head %s\n",
               desk->export_file, desk->export_file);
    return EX_OK;
}

/* ---- verify ---- */

static enum vt_code read_heads(const struct vt_register_desk *desk, struct vt_register_head *heads,
                               struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < desk->heads_count && code == VT_OK; i++) {
        struct vt_buf text;
        code = vt_command_read_file(desk->head_files[i], MAX_HEAD_BYTES, &text, err);
        if (code == VT_OK)
            code = vt_head_read(vt_buf_bytes(&text), &heads[i], err);
        if (code == VT_E_FORMAT)
            (void)vt_err_set(err, code, "%s: not a head that vanthu register head exported",
                             desk->head_files[i]);
        vt_buf_clear(&text);
    }
    return code;
}

static const char *fault_in_vietnamese(enum vt_register_fault fault)
{
    static const char *const all[] = {
        [VT_REGISTER_WHOLE] = "nguyên vẹn",
        [VT_REGISTER_UNREADABLE] = "tệp bị hỏng tại chỗ của bản ghi này",
        [VT_REGISTER_ALTERED] = "bản ghi đã bị sửa đổi",
        [VT_REGISTER_REMOVED] = "bản ghi đã bị lấy đi",
        [VT_REGISTER_REORDERED] = "bản ghi không ở đúng chỗ của mình",
        [VT_REGISTER_CUT] = "các bản ghi từ đây trở đi đã bị cắt bỏ",
        [VT_REGISTER_FOREIGN] = "chuỗi khác với mốc đã lưu: sổ đã bị làm lại",
        [VT_REGISTER_VANISHED] = "nội dung không còn mà không có bản ghi hủy",
        [VT_REGISTER_DERIVED] = "bảng tra cứu không khớp với nội dung bản ghi",
        [VT_REGISTER_OBJECT] = "chứng cứ kèm theo bị thiếu hoặc bị sửa đổi"};
    return fault < sizeof(all) / sizeof(all[0]) ? all[fault] : "";
}

static void print_fault_text(const struct vt_register_desk *desk,
                             const struct vt_register_verdict *verdict)
{
    bool vi = desk->language == VT_LANGUAGE_VIETNAMESE;
    char text[2 * sizeof(verdict->text)];
    (void)vt_text_clean(text, sizeof(text), vt_bytes_str(verdict->text));
    printf(vi ? "LỖI tại bản ghi %" PRId64 : "FAULT at record %" PRId64, verdict->seq);
    if (verdict->reference[0] != '\0')
        printf(" (%s)", verdict->reference);
    printf(": %s", vt_register_fault_name(verdict->fault));
    if (vi)
        printf(", %s", fault_in_vietnamese(verdict->fault));
    printf("\n  %s\n", text);
}

static void print_proven(const struct vt_register_desk *desk,
                         const struct vt_register_verdict *verdict)
{
    bool vi = desk->language == VT_LANGUAGE_VIETNAMESE;
    if (verdict->proven_seq > 0) {
        printf(vi ? "Đã chứng minh đến bản ghi %" PRId64 " bằng mốc lưu ở nơi khác.\n"
                  : "Proven up to record %" PRId64 " by heads that were kept elsewhere.\n",
               verdict->proven_seq);
        if (verdict->head.seq > verdict->proven_seq)
            printf(vi ? "Các bản ghi sau đó (%" PRId64 ") chưa có mốc nào xác nhận.\n"
                      : "No head confirms the %" PRId64 " records after it.\n",
                   verdict->head.seq - verdict->proven_seq);
        return;
    }
    puts(
        vi ? "Chưa có mốc lưu ở nơi khác: người ghi được tệp có thể làm lại toàn bộ chuỗi hoặc cắt "
             "đoạn cuối mà không bị phát hiện.\n"
             "Tạo mốc: vanthu register head --export TỆP; kiểm tra: vanthu register verify --head "
             "TỆP"
           : "No head kept elsewhere was given: whoever can write the file could have made the "
             "whole chain anew, or cut its end.\n"
             "Make one: vanthu register head --export FILE; compare: vanthu register verify --head "
             "FILE");
}

static void print_verdict(const struct vt_register_desk *desk,
                          const struct vt_register_verdict *verdict)
{
    bool vi = desk->language == VT_LANGUAGE_VIETNAMESE;
    if (verdict->fault != VT_REGISTER_WHOLE) {
        print_fault_text(desk, verdict);
        printf(vi ? "Đã đọc %" PRId64 " bản ghi.\n" : "%" PRId64 " records were read.\n",
               verdict->records_count);
        return;
    }
    printf(vi ? "Nguyên vẹn: %" PRId64 " bản ghi, trong đó %" PRId64
                " đã hủy nội dung theo thời hạn lưu giữ.\n"
              : "Whole: %" PRId64 " records, of which %" PRId64
                " have no contents any more, as retention asks.\n",
           verdict->records_count, verdict->destroyed_count);
    fputs(vi ? "  chuỗi" : "  chain", stdout);
    print_chain(verdict->head.chain);
    putchar('\n');
    print_proven(desk, verdict);
}

static int print_verdict_json(const struct vt_register_verdict *verdict)
{
    bool is_whole = verdict->fault == VT_REGISTER_WHOLE;
    char clean[2 * sizeof(verdict->text)], reference[4 * VT_REFERENCE_BYTES];
    (void)vt_text_clean(clean, sizeof(clean), vt_bytes_str(verdict->text));
    (void)vt_text_clean(reference, sizeof(reference), vt_bytes_str(verdict->reference));
    json_t *object = json_pack(
        "{s:b, s:s, s:o, s:s?, s:s?, s:I, s:I, s:I, s:o}", "whole", (int)is_whole, "fault",
        vt_register_fault_name(verdict->fault), "record",
        is_whole ? json_null() : json_integer(verdict->seq), "reference",
        reference[0] != '\0' ? reference : NULL, "text", is_whole ? NULL : clean, "records",
        (json_int_t)verdict->records_count, "destroyed", (json_int_t)verdict->destroyed_count,
        "proven", (json_int_t)verdict->proven_seq, "head", head_json(&verdict->head));
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (text == NULL)
        return EX_OSERR;
    puts(text);
    free(text);
    return EX_OK;
}

int vt_register_verify_whole(struct vt_register_desk *desk)
{
    struct vt_register_head heads[VT_MAX_GIVEN_HEADS];
    const struct vt_register_check check = {.heads = heads, .heads_count = desk->heads_count};
    struct vt_register_verdict verdict;
    struct vt_err err = {0};
    enum vt_code code = read_heads(desk, heads, &err);
    if (code == VT_OK)
        code = vt_register_verify(desk->reg, &check, &verdict, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    int status = EX_OK;
    verdict.head.time_utc_secs = vt_clock_now_utc_secs();
    if (desk->json)
        status = print_verdict_json(&verdict);
    else
        print_verdict(desk, &verdict);
    return status != EX_OK ? status : verdict.fault == VT_REGISTER_WHOLE ? EX_OK : FAULT_FOUND;
}
