/* SPDX-License-Identifier: Apache-2.0
 * vanthu register verify: whether the register is as it was written, and up to which record
 * somebody can know that who kept a head elsewhere, or had it time-stamped. Exit status 0 whole, 1
 * a fault. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/check.h"
#include "command/head.h"
#include "vanthu/central.h"
#include "vanthu/clock.h"

enum { FAULT_FOUND = 1 };

/* ---- verify ---- */

static enum vt_code read_heads(const struct vt_register_desk *desk, struct vt_register_head *heads,
                               struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < desk->heads_count && code == VT_OK; i++) {
        struct vt_buf text;
        code = vt_command_read_file(desk->head_files[i], VT_MAX_HEAD_BYTES, &text, err);
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
        printf(vi ? "Đã chứng minh đến bản ghi %" PRId64
                    " bằng mốc lưu ở nơi khác hoặc có dấu thời "
                    "gian.\n"
                  : "Proven up to record %" PRId64 " by heads that were kept elsewhere or "
                    "time-stamped.\n",
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
    vt_head_print_chain(verdict->head.chain);
    putchar('\n');
    print_proven(desk, verdict);
}

/* ---- time stamps ---- */

/* Time stamps of heads that the register keeps; the newest good one is shown. */
struct stamps {
    struct vt_token_judge judge;
    struct vt_err err; /* that a token could not be judged */
    size_t good_count, bad_count;
    int64_t seq, time_utc_secs; /* of the highest good one */
    char authority[256], why[256];
    int64_t last_seq; /* of the register; for show_progress */
    bool is_shown;
};

static bool token_is_good(void *context, const struct vt_register_head *head)
{
    struct stamps *stamps = context;
    struct vt_token_verdict verdict;
    if (stamps->err.code != VT_OK ||
        vt_token_judge_one(&stamps->judge, head->token, &verdict, &stamps->err) != VT_OK)
        return false;
    bool is_good = verdict.is_good && verdict.has_chain &&
                   memcmp(verdict.chain, head->chain, sizeof(head->chain)) == 0;
    if (!is_good) {
        const char *why = verdict.is_good       ? "it is over another chain value"
                          : verdict.why != NULL ? verdict.why
                                                : "it cannot be verified";
        stamps->bad_count++;
        (void)vt_text_clean(stamps->why, sizeof(stamps->why), vt_bytes_str(why));
        return false;
    }
    stamps->good_count++;
    if (head->seq >= stamps->seq) {
        stamps->seq = head->seq;
        stamps->time_utc_secs = verdict.time_utc_secs;
        (void)vt_text_clean(stamps->authority, sizeof(stamps->authority),
                            vt_bytes_str(verdict.authority != NULL ? verdict.authority : "-"));
    }
    return true;
}

static void print_stamps(const struct vt_register_desk *desk, const struct stamps *stamps)
{
    bool vi = desk->language == VT_LANGUAGE_VIETNAMESE;
    char at[40];
    if (stamps->good_count > 0)
        printf(vi ? "Dấu thời gian: bản ghi %" PRId64 " trở về trước đã có lúc %s (%s).\n"
                  : "Time stamp: record %" PRId64 " and all before it existed at %s (%s).\n",
               stamps->seq, vt_print_minute(desk->language, at, stamps->time_utc_secs),
               stamps->authority);
    if (stamps->bad_count > 0)
        printf(vi ? "%zu dấu thời gian không chứng minh được gì: %s\n"
                  : "%zu time stamps prove nothing: %s\n",
               stamps->bad_count, stamps->why);
}

/* ---- the verdict as JSON ---- */

static json_t *stamp_json(const struct stamps *stamps)
{
    char at[VT_TIME_TEXT_BYTES];
    return stamps->good_count == 0 ? json_null()
                                   : json_pack("{s:I, s:s, s:s}", "record", (json_int_t)stamps->seq,
                                               "time", vt_time_rfc3339(at, stamps->time_utc_secs),
                                               "authority", stamps->authority);
}

static int print_verdict_json(const struct vt_register *reg,
                              const struct vt_register_verdict *verdict,
                              const struct stamps *stamps, const struct vt_register_own *own)
{
    const char *gateway = vt_register_gateway(reg);
    bool is_whole = verdict->fault == VT_REGISTER_WHOLE;
    char clean[2 * sizeof(verdict->text)], reference[4 * VT_REFERENCE_BYTES];
    (void)vt_text_clean(clean, sizeof(clean), vt_bytes_str(verdict->text));
    (void)vt_text_clean(reference, sizeof(reference), vt_bytes_str(verdict->reference));
    json_t *object = json_pack(
        "{s:s*, s:b, s:s, s:o, s:s?, s:s?, s:I, s:I, s:I, s:o, s:o, s:I}", "gateway",
        gateway[0] != '\0' ? gateway : NULL, "whole", (int)is_whole, "fault",
        vt_register_fault_name(verdict->fault), "record",
        is_whole ? json_null() : json_integer(verdict->seq), "reference",
        reference[0] != '\0' ? reference : NULL, "text", is_whole ? NULL : clean, "records",
        (json_int_t)verdict->records_count, "destroyed", (json_int_t)verdict->destroyed_count,
        "proven", (json_int_t)verdict->proven_seq, "head", vt_head_json(&verdict->head),
        "timestamp", stamp_json(stamps), "timestamps_refused", (json_int_t)stamps->bad_count);
    if (object != NULL && own->is_known) {
        (void)json_object_set_new(object, "same_here", json_boolean(own->is_same));
        (void)json_object_set_new(object, "waiting", json_integer(own->waiting_count));
    }
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (text == NULL)
        return EX_OSERR;
    puts(text);
    free(text);
    return EX_OK;
}

/* A million mails take minutes: somebody who waits at a terminal is told how far it is. */
static void show_progress(void *context, int64_t seq)
{
    struct stamps *stamps = context;
    stamps->is_shown = true;
    fprintf(stderr, "\r%lld / %lld ", (long long)seq, (long long)stamps->last_seq);
}

static int show_verdict(const struct vt_register_desk *desk, const struct vt_register *reg,
                        const struct vt_register_verdict *verdict, const struct stamps *stamps,
                        const struct vt_register_own *own)
{
    const char *gateway = vt_register_gateway(reg);
    if (desk->json)
        return print_verdict_json(reg, verdict, stamps, own);
    if (gateway[0] != '\0')
        printf("%s%s\n", reg != desk->reg ? "\n" : "", gateway);
    print_verdict(desk, verdict);
    if (verdict->fault == VT_REGISTER_WHOLE)
        print_stamps(desk, stamps);
    vt_register_own_print(desk, own);
    return EX_OK;
}

static int verify_one(struct vt_register_desk *desk, struct vt_register *reg,
                      const struct vt_register_head *heads)
{
    struct stamps stamps = {.judge = {.desk = desk}};
    struct vt_register_check check = {.heads = heads,
                                      .heads_count = desk->heads_count,
                                      .token_is_good = token_is_good,
                                      .context = &stamps,
                                      .chain_only = desk->chain_only};
    struct vt_register_head last;
    struct vt_register_verdict verdict;
    struct vt_register_own own;
    struct vt_err err = {0};
    if (isatty(STDERR_FILENO) == 1 && vt_register_head_now(reg, 0, &last, NULL) == VT_OK) {
        stamps.last_seq = last.seq;
        check.progress = show_progress;
    }
    enum vt_code code = vt_register_verify(reg, &check, &verdict, &err);
    if (code == VT_OK)
        code = vt_register_own_compare(desk, reg, &verdict, &own, &err);
    vt_token_judge_clear(&stamps.judge);
    if (stamps.is_shown)
        fputs("\r\033[K", stderr);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    if (stamps.err.code != VT_OK)
        vt_command_print_fault(&stamps.err);
    verdict.head.time_utc_secs = vt_clock_now_utc_secs();
    int status = show_verdict(desk, reg, &verdict, &stamps, &own);
    bool is_good = verdict.fault == VT_REGISTER_WHOLE && (!own.is_known || own.is_same);
    return status != EX_OK ? status : is_good ? EX_OK : FAULT_FOUND;
}

int vt_register_verify_whole(struct vt_register_desk *desk)
{
    struct vt_register_head heads[VT_MAX_GIVEN_HEADS];
    struct vt_err err = {0};
    int status = EX_OK;
    if (desk->heads_count > 0 && vt_register_gateway(desk->reg)[0] != '\0') {
        fprintf(stderr, "%s: a head belongs to one gateway: verify its own register with it\n",
                desk->name);
        return EX_USAGE;
    }
    enum vt_code code = read_heads(desk, heads, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    for (struct vt_register *reg = desk->reg; reg != NULL; reg = vt_register_next(reg)) {
        int one = verify_one(desk, reg, heads);
        status = one > status ? one : status;
    }
    return status;
}
