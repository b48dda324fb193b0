/* SPDX-License-Identifier: Apache-2.0
 * What a person reads of the register: records as they are read back from it, whole and in one
 * line, in both languages; heads that were exported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "../lib/register_mail.h"
#include "../lib/register_site.h"
#include "command/register.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_ARENA_BYTES (16u * 1024 * 1024)

struct printed {
    enum vt_language language;
    bool whole;
    char *text;
};

static enum vt_code print_entry(void *context, const struct vt_register_entry *entry,
                                struct vt_err *err)
{
    struct printed *printed = context;
    struct vt_register_record record;
    struct vt_arena *arena = vt_arena_new(MAX_ARENA_BYTES);
    size_t len = 0;
    free(printed->text);
    const struct vt_register_text text = {open_memstream(&printed->text, &len), printed->language};
    assert_non_null(text.out);
    if (entry->is_destroyed && printed->whole) {
        vt_register_text_destroyed(&text, entry);
    } else if (entry->is_destroyed) {
        vt_register_text_destroyed_line(&text, entry);
    } else {
        if (vt_register_read(arena, entry, &record, err) != VT_OK)
            fail_msg("record %lld: %s", (long long)entry->seq, err->text);
        (printed->whole ? vt_register_text_record : vt_register_text_line)(&text, &record);
    }
    assert_int_equal(fclose(text.out), 0);
    vt_arena_free(arena);
    return VT_OK;
}

/* The text of one record; the caller frees it. */
static char *text_of(struct site *site, int64_t seq, enum vt_language language, bool whole)
{
    struct printed printed = {.language = language, .whole = whole};
    if (vt_register_walk(site->reg, seq - 1, 1, print_entry, &printed, &site->err) != VT_OK)
        fail_msg("walk: %s", site->err.text);
    assert_non_null(printed.text);
    return printed.text;
}

static void expect(struct site *site, int64_t seq, enum vt_language language, bool whole,
                   const char *const *pieces)
{
    char *text = text_of(site, seq, language, whole);
    for (; *pieces != NULL; pieces++) {
        if (strstr(text, *pieces) == NULL)
            fail_msg("no \"%s\" in\n%s", *pieces, text);
    }
    free(text);
}

static void append(struct site *site, struct vt_register_record *record)
{
    if (vt_register_append(site->reg, record, 1, &site->err) != VT_OK)
        fail_msg("append: %s", site->err.text);
}

/* A mail with everything a decision can have. */
static void append_full(struct site *site)
{
    static struct made_mail mail;
    struct vt_trace trace[] = {{.rule = "watch",
                                .line = 12,
                                .document = 0,
                                .mode = VT_MODE_OBSERVE,
                                .matched = true,
                                .action = VT_ACTION_TAG,
                                .why = "reason = CERT_REVOKED"},
                               {.rule = "never", .line = 20, .why = "reason is another"}};
    const struct vt_err fault = {.code = VT_E_TIMEOUT, .text = "the status role did not answer"};
    struct vt_register_record record = made_mail(&mail, 1, 40, 60);
    mail.decision.rule = "thu-hoi";
    mail.decision.rule_line = 41;
    mail.decision.document = 0;
    mail.decision.would_be = VT_ACTION_HOLD;
    mail.decision.trace = trace;
    mail.decision.trace_count = ELEMENTS(trace);
    mail.decision.defer_until_utc_secs = MADE_FIRST_UTC_SECS;
    mail.decided.mode = VT_MODE_TAG;
    mail.decided.fault = &fault;
    mail.decided.queue_msecs = 1;
    mail.decided.inspection_msecs = 8;
    mail.decided.status_msecs = 3;
    mail.decided.passes = 2;
    mail.notice = (struct vt_register_notice){.kind = "refused", .recipient = "vanthu@so1.gov.vn"};
    made_hex(mail.notice.key_sha256, 77);
    record.notices = &mail.notice;
    record.notices_count = 1;
    mail.decided.no_notice = "automatic";
    mail.evidence.mail.authenticated = "vanthu";
    mail.evidence.mail.sender_aligned = true;
    append(site, &record);
}

static void decided_is_shown_whole(void **state)
{
    struct site *site = *state;
    static const char *const english[] = {
        "Mail 1000-0000-0017\n",
        "  From                    VanThu@so65.tinh31.gov.vn (other sender, address proven, login "
        "vanthu)\n",
        "  To                      2 mailboxes: vanthu1@ninhbinh.gov.vn, vanthu2@ninhbinh.gov.vn\n",
        "  Subject                 \"V/v quy hoạch 1\"\n",
        "  Decided                 2025-12-20 09:01, internal\n",
        "  Client                  203.113.1.1 (mail.gov.vn), queue id 4X1\n",
        "Conclusion              TOTAL-FAILED / REVOKED (NOT VALID)\n",
        "\nSHA-256 digests, to search for\n",
        "    signer SỞ XÂY DỰNG 65\n",
        "\nDecision (record 1, 2025-12-20 09:01)\n",
        "  Result                  REFUSED 550 5.7.7\n",
        "  Rule                    \"thu-hoi\" (line 41, policy version a91f03c2, mode enforce)\n",
        "  File                    1-QĐ-UBND.signed.pdf\n",
        "  Reason                  CERT_REVOKED: ",
        "  If every rule were in force hold\n",
        "  Until                   2025-12-20 09:00\n",
        "  Matched                 watch (observe): reason = CERT_REVOKED -> tag\n",
        "  Mode of the site        tag\n",
        "  Fault                   timeout: the status role did not answer\n",
        "  Notice                  refused -> vanthu@so1.gov.vn\n",
        "  No notice to sender     a program sent it\n",
        "  Time taken              12 ms (queue 1, inspection 8, status 3), passes: 2\n",
        NULL};
    static const char *const vietnamese[] = {
        "Thư 1000-0000-0017\n",
        "(người gửi khác, địa chỉ đã được xác thực, đăng nhập vanthu)\n",
        "  Đến                     2 hộp thư: ",
        "  Xét lúc                 09:01 20/12/2025, thư nội bộ\n",
        "Kết luận                TOTAL-FAILED / REVOKED (KHÔNG HỢP LỆ)\n",
        "\nQuyết định (bản ghi 1, 09:01 20/12/2025)\n",
        "  Kết quả                 TỪ CHỐI 550 5.7.7\n",
        "  Quy tắc                 \"thu-hoi\" (dòng 41, chính sách bản a91f03c2, chế độ "
        "enforce)\n",
        "  Lý do                   CERT_REVOKED: Chứng thư chữ ký số đã bị thu hồi",
        "  Sự cố                   timeout: ",
        NULL};
    append_full(site);
    expect(site, 1, VT_LANGUAGE_ENGLISH, true, english);
    expect(site, 1, VT_LANGUAGE_VIETNAMESE, true, vietnamese);
    char *text = text_of(site, 1, VT_LANGUAGE_ENGLISH, true);
    assert_null(strstr(text, "never"));
    free(text);
}

/* ---- in one line ---- */

static void lines_say_what_happened(void **state)
{
    struct site *site = *state;
    static const struct {
        const char *name;
        unsigned luck;
        const char *english, *vietnamese;
    } cases[] = {
        {"refused", 10, "  REFUSED         CONTENT_CHANGED     ",
         "  TỪ CHỐI         CONTENT_CHANGED"},
        {"deferred", 55, "  DEFERRED        STATUS_UNKNOWN      ",
         "  HẸN GỬI LẠI     STATUS_UNKNOWN"},
        {"tagged", 100, "  TAGGED          WEAK_ALGORITHM      ",
         "  KÈM LƯU Ý       WEAK_ALGORITHM"},
        {"accepted", 500, "  delivered       -                   ", "  đã chuyển       -"},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        int64_t seq = 2 * (int64_t)i + 1;
        site_append(site, i, cases[i].luck);
        char *english = text_of(site, seq, VT_LANGUAGE_ENGLISH, false);
        char *vietnamese = text_of(site, seq, VT_LANGUAGE_VIETNAMESE, false);
        if (strstr(english, cases[i].english) == NULL ||
            strstr(vietnamese, cases[i].vietnamese) == NULL)
            fail_msg("%s: %s%s", cases[i].name, english, vietnamese);
        assert_int_equal(strncmp(english, "2025-12-20 09:0", 15), 0);
        assert_ptr_equal(strchr(english, '\n'), english + strlen(english) - 1);
        assert_non_null(strstr(english, ".gov.vn -> vanthu"));
        assert_non_null(strstr(english, "-QĐ-UBND.signed.pdf\n"));
        free(english);
        free(vietnamese);
    }
}

static void other_kinds(void **state)
{
    struct site *site = *state;
    char reference[VT_REFERENCE_BYTES], digest[65];
    made_reference(reference, 5);
    made_hex(digest, 5);
    const char *documents[] = {digest};
    const struct vt_register_overruled overruled = {.reason_text = "đã đối chiếu",
                                                    .by = "root",
                                                    .until_utc_secs = MADE_FIRST_UTC_SECS,
                                                    .documents_sha256 = documents,
                                                    .documents_count = 1,
                                                    .reason = VT_REASON_COUNT};
    const struct vt_register_refused refused = {
        .reason = VT_REASON_RECALLED, .text = "công văn 12", .by = "vanthu"};
    const struct vt_register_event event = {
        .what = "mode-changed", .text = "observe to tag", .by = "root"};
    static const char *const lines[] = {"Tu choi", "Lien he"};
    const struct vt_register_answered answered = {.answer = {.outcome = VT_OUTCOME_HOLD,
                                                             .code = "250",
                                                             .enhanced = "2.0.0",
                                                             .hold_reason = "officer",
                                                             .lines = lines,
                                                             .lines_count = 2}};
    const struct vt_register_noticed noticed = {.id = 7,
                                                .kind = "refused",
                                                .recipient = "a@b.vn",
                                                .outcome = "expired",
                                                .code = "450",
                                                .text = "4.2.0 later",
                                                .message_id = "7.1@mx",
                                                .attempts_count = 12};
    struct vt_register_notice notices[] = {{.kind = "correction", .recipient = "a@b.vn"},
                                           {.kind = "correction", .recipient = "A@b.vn"}};
    made_hex(notices[0].key_sha256, 9);
    made_hex(notices[1].key_sha256, 9);
    struct vt_register_record records[] = {
        {.kind = VT_REGISTER_OVERRULED,
         .reference = reference,
         .notices = notices,
         .notices_count = 2,
         .overruled = &overruled},
        {.kind = VT_REGISTER_REFUSED, .reference = reference, .refused = &refused},
        {.kind = VT_REGISTER_EVENT, .event = &event},
        {.kind = VT_REGISTER_ANSWERED, .reference = reference, .answered = &answered},
        {.kind = VT_REGISTER_NOTICE, .reference = reference, .noticed = &noticed}};
    static const char *const whole[][9] = {
        {"\nOVERRULED (record 1, 2025-12-20 09:00)\n", "  By                      root\n",
         "  Why                     đã đối chiếu\n", "  Exception until         2025-12-20 09:00\n",
         "  Documents               ", "  Notice                  correction -> a@b.vn\n",
         "correction -> A@b.vn (there is one about this already)\n", NULL},
        {"\nRETURNED (record 2, ",
         "  Reason                  RECALLED: ", "  Why                     công văn 12\n", NULL},
        {"\nevent (record 3, ", "  Result                  mode-changed\n",
         "  Why                     observe to tag\n", "  By                      root\n", NULL},
        {"\nAnswer to the MTA (record 4, ", "  Result                  HELD 250 2.0.0\n",
         "  Held because            officer\n", "    | Tu choi\n    | Lien he\n", NULL},
        {"\nNotice (record 5, ", "  Notice                  7, refused -> a@b.vn\n",
         "  Result                  expired without being sent\n", "450 4.2.0 later\n",
         "  Message-ID              7.1@mx\n", NULL}};
    static const char *const short_ones[][3] = {
        {"  OVERRULED       -                   đã đối chiếu (root)\n", NULL},
        {"  RETURNED        RECALLED            công văn 12 (vanthu)\n", NULL},
        {"  -               event           mode-changed        observe to tag (root)\n", NULL},
        {"  HELD            -\n", NULL},
        {"  notice          refused             expired without being sent (a@b.vn)\n", NULL}};
    for (size_t i = 0; i < ELEMENTS(records); i++) {
        records[i].time_utc_secs = MADE_FIRST_UTC_SECS;
        append(site, &records[i]);
        expect(site, (int64_t)i + 1, VT_LANGUAGE_ENGLISH, true, whole[i]);
        expect(site, (int64_t)i + 1, VT_LANGUAGE_ENGLISH, false, short_ones[i]);
    }
}

static void secret_and_destroyed(void **state)
{
    struct site *site = *state;
    static struct made_mail mail;
    struct vt_register_record record = made_mail(&mail, 3, 500, 60);
    mail.decided.is_secret = true;
    append(site, &record);
    char *whole = text_of(site, 1, VT_LANGUAGE_VIETNAMESE, true);
    assert_string_equal(whole, "Thư 1000-0000-0030\n  thư có dấu chỉ độ mật: không lưu thông tin "
                               "nào khác\n");
    free(whole);
    site_append(site, 0, 10);
    site_close(site);
    site_drop_triggers(site);
    site_tamper(site, "UPDATE record SET body = NULL, salt = NULL WHERE seq = 2");
    site_open(site);
    static const char *const line[] = {"  1000-0000-0001  destroyed       its contents were", NULL};
    static const char *const gone[] = {
        "Mail 1000-0000-0001 (record 2, 2025-12-20 09:00): its contents were destroyed", NULL};
    expect(site, 2, VT_LANGUAGE_ENGLISH, false, line);
    expect(site, 2, VT_LANGUAGE_ENGLISH, true, gone);
}

/* ---- bodies that were altered ---- */

static enum vt_code read_entry(void *context, const struct vt_register_entry *entry,
                               struct vt_err *err)
{
    struct vt_register_record record;
    struct vt_arena *arena = vt_arena_new(MAX_ARENA_BYTES);
    *(enum vt_code *)context = vt_register_read(arena, entry, &record, err);
    vt_arena_free(arena);
    return VT_OK;
}

static void nothing_is_believed(void **state)
{
    (void)state;
    static const struct {
        const char *name, *from, *to;
        enum vt_code code;
    } cases[] = {
        {"as it was", "enforce", "enforce", VT_OK},
        {"controls in a rule", "\"rule\":\"changed", "\"rule\":\"\\u001b[2J", VT_E_FORMAT},
        {"controls in an answer", "Tu choi", "\\u0007", VT_E_FORMAT},
        {"controls in a subject", "V/v quy", "\\u009b31m", VT_E_FORMAT},
        {"no such action", "\"action\":\"reject\"", "\"action\":\"drop\"", VT_E_FORMAT},
        {"no such outcome", "\"kind\":\"reject\"", "\"kind\":\"none\"", VT_E_FORMAT},
        {"no such reason", "\"reason\":\"CONTENT_CHANGED\"", "\"reason\":\"X\"", VT_E_FORMAT},
        {"no time", "\"defer_until\":null", "\"defer_until\":7", VT_E_FORMAT},
        {"an array of numbers", "[\"Tu choi tiep nhan\"]", "[1]", VT_E_FORMAT},
        {"another kind", "\"record\":\"decided\"", "\"record\":\"event\"", VT_E_FORMAT},
        {"another version", "{\"v\":1,", "{\"v\":2,", VT_E_FORMAT},
        {"no JSON", "{\"v\":1,", "", VT_E_FORMAT},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        void *own = NULL;
        enum vt_code code = VT_E_INTERNAL;
        char script[512];
        assert_int_equal(site_new(&own), 0);
        struct site *site = own;
        site_append(site, 0, 10);
        site_close(site);
        site_drop_triggers(site);
        (void)snprintf(script, sizeof(script),
                       "UPDATE record SET body = CAST(replace(CAST(body AS TEXT), '%s', '%s') AS "
                       "BLOB) WHERE seq = 1",
                       cases[i].from, cases[i].to);
        site_tamper(site, script);
        site_open(site);
        assert_int_equal(vt_register_walk(site->reg, 0, 1, read_entry, &code, &site->err), VT_OK);
        if (code != cases[i].code)
            fail_msg("%s: %s", cases[i].name, vt_code_name(code));
        (void)site_free(&own);
    }
}

/* ---- texts and heads ---- */

static void terminals_are_safe(void **state)
{
    (void)state;
    static const char text[] = "m\xE1\xBB\x99t\n\x1b[2J\xC2\x9B"
                               "31m\xE2\x80\xAE"
                               "abc\t\xFF\n\nend";
    static const char want[] = "m\xE1\xBB\x99t\n?[2J?31m?abc??\n\nend";
    char *out = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&out, &len);
    assert_true(vt_register_put_clean(stream, text, strlen(text)));
    assert_int_equal(fclose(stream), 0);
    assert_string_equal(out, want);
    assert_false(vt_register_is_clean(text));
    assert_true(vt_register_is_clean("{\"a\":\"một\"}"));
    free(out);
}

static void heads_come_back(void **state)
{
    (void)state;
    struct vt_register_head head = {.seq = INT64_C(1) << 40, .time_utc_secs = MADE_FIRST_UTC_SECS};
    struct vt_register_head back;
    struct vt_err err = {0};
    char *out = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&out, &len);
    for (size_t i = 0; i < sizeof(head.chain); i++)
        head.chain[i] = (uint8_t)(7 * i + 200);
    assert_int_equal(vt_head_write(&head, stream, &err), VT_OK);
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(vt_head_read(vt_bytes_of(out, len), &back, &err), VT_OK);
    assert_int_equal(back.seq, head.seq);
    assert_int_equal(back.time_utc_secs, head.time_utc_secs);
    assert_memory_equal(back.chain, head.chain, sizeof(head.chain));
    free(out);
}

#define CHAIN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define TIME "\"time\":\"2026-01-01T00:00:00Z\"}"

static void bad_heads(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        enum vt_code code;
    } cases[] = {
        {"good", "{\"v\":1,\"record\":3,\"chain\":\"" CHAIN "\"," TIME, VT_OK},
        {"empty", "", VT_E_FORMAT},
        {"an array", "[1]", VT_E_FORMAT},
        {"version", "{\"v\":2,\"record\":3,\"chain\":\"" CHAIN "\"," TIME, VT_E_FORMAT},
        {"no record", "{\"v\":1,\"chain\":\"" CHAIN "\"," TIME, VT_E_FORMAT},
        {"negative", "{\"v\":1,\"record\":-1,\"chain\":\"" CHAIN "\"," TIME, VT_E_FORMAT},
        {"text for a number", "{\"v\":1,\"record\":\"3\",\"chain\":\"" CHAIN "\"," TIME,
         VT_E_FORMAT},
        {"short chain", "{\"v\":1,\"record\":3,\"chain\":\"0011\"," TIME, VT_E_FORMAT},
        {"long chain", "{\"v\":1,\"record\":3,\"chain\":\"" CHAIN "00\"," TIME, VT_E_FORMAT},
        {"twice", "{\"v\":1,\"record\":3,\"record\":4,\"chain\":\"" CHAIN "\"," TIME, VT_E_FORMAT},
        {"no time", "{\"v\":1,\"record\":3,\"chain\":\"" CHAIN "\"}", VT_E_FORMAT},
        {"a time that is none", "{\"v\":1,\"record\":3,\"chain\":\"" CHAIN "\",\"time\":\"-\"}",
         VT_E_FORMAT},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct vt_register_head head;
        struct vt_err err = {0};
        if (vt_head_read(vt_bytes_str(cases[i].text), &head, &err) != cases[i].code)
            fail_msg("%s", cases[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(decided_is_shown_whole, site_new, site_free),
        cmocka_unit_test_setup_teardown(lines_say_what_happened, site_new, site_free),
        cmocka_unit_test_setup_teardown(other_kinds, site_new, site_free),
        cmocka_unit_test_setup_teardown(secret_and_destroyed, site_new, site_free),
        cmocka_unit_test(nothing_is_believed),
        cmocka_unit_test(terminals_are_safe),
        cmocka_unit_test(heads_come_back),
        cmocka_unit_test(bad_heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
