/* SPDX-License-Identifier: Apache-2.0
 * vanthu status as a person reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/status_text.h"

/* 10:31 on 3 December 2026 in Vietnam. */
#define NOW 1796268660

static const char answer[] =
    "{\"ok\": true, \"mode\": \"observe\", \"socket\": \"unix:/run/x\", \"roles\": ["
    "{\"role\": \"gateway\", \"pid\": 7, \"running\": true, \"restarts\": 0, "
    "\"started_utc_secs\": 1796182260},"
    "{\"role\": \"fetch\", \"pid\": 8, \"running\": false, \"restarts\": 3, "
    "\"started_utc_secs\": 1796268600}], \"status\": {\"now_utc_secs\": 1796268660, \"hosts\": ["
    "{\"host\": \"ca.gov.vn:80\", \"state\": \"ok\", \"asked\": 3, \"good\": 3, \"strikes\": 0, "
    "\"last_good_utc_secs\": 1796268600, \"until_utc_secs\": null, \"why\": \"\"},"
    "{\"host\": \"ocsp.ca.gov.vn:80\", \"state\": \"down\", \"strikes\": 0, "
    "\"last_good_utc_secs\": null, \"until_utc_secs\": 1796268720, \"why\": \"no connection\"},"
    "{\"host\": \"ca.gov.vn:80\", \"for\": \"time-stamps\", \"state\": \"to-be-tried\", "
    "\"why\": \"garbage\"},"
    "{\"host\": \"slow.vn:80\", \"state\": \"ok\", \"strikes\": 2, \"last_good_utc_secs\": "
    "1796182260, \"until_utc_secs\": null, \"why\": \"did not answer in time\"},"
    "{\"host\": \"late.vn:80\", \"state\": \"to-be-tried\", \"why\": \"status 503\"},"
    "{\"host\": \"pub.ca.gov.vn\", \"state\": \"never-asked\"},"
    "{\"host\": \"ca.btc:80\", \"state\": \"not-allowed\"}], \"lists\": ["
    "{\"issuer\": \"CA G2\", \"origin\": \"http://ca.gov.vn/g2.crl\", \"entries\": 1204, "
    "\"delta\": false, \"bytes\": 100, \"this_update_utc_secs\": 1796259660, "
    "\"next_update_utc_secs\": 1796346060, \"fetched_utc_secs\": 1796263260, "
    "\"refresh_utc_secs\": 1796300000},"
    "{\"issuer\": \"CA G1\", \"origin\": \"given\", \"entries\": 1, \"delta\": true, "
    "\"this_update_utc_secs\": 1796000000, \"next_update_utc_secs\": 1796182260, "
    "\"fetched_utc_secs\": 1796000060}], \"cache\": {\"facts\": 12, \"lists\": 2, "
    "\"lists_bytes\": 15728640, \"issuers\": 1}, \"rechecks\": ["
    "{\"certificate\": \"Sở Y tế\", \"serial\": \"01ab\", \"issuer\": \"CA G2\", "
    "\"asked_utc_secs\": 1796182260, \"next_utc_secs\": 1796270000, \"tries\": 5, "
    "\"references\": [\"1831-0927-5564\", \"a\", \"b\", \"c\", \"d\", \"e\", \"f\"]}], "
    "\"generation\": {\"age_secs\": 12, \"is_current\": true}}}";

static void print(char *out, size_t out_bytes, enum vt_language language, const char *json)
{
    json_t *root = json_loads(json, 0, NULL);
    assert_non_null(root);
    FILE *stream = fmemopen(out, out_bytes, "w");
    vt_command_print_status(stream, language, root, NOW);
    assert_int_equal(fclose(stream), 0);
    json_decref(root);
}

static void has(const char *text, const char *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strstr(text, lines[i]) == NULL)
            fail_msg("\"%s\" is not in\n%s", lines[i], text);
    }
}

static void vietnamese(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "chế độ     observe\n",
        "gateway    đang chạy  pid 7, từ 10:31 02/12/2026, khởi động lại: 0\n",
        "fetch      KHÔNG CHẠY pid 8, từ 10:30, khởi động lại: 3\n",
        "\nMáy chủ tra cứu chứng thư\n  ca.gov.vn:80                kết nối được, lần cuối 10:30\n",
        "  ocsp.ca.gov.vn:80           KHÔNG TRẢ LỜI, tạm ngừng hỏi đến 10:32 (no connection)\n",
        "lần cuối 10:31 02/12/2026; lỗi liên tiếp: 2 (did not answer in time)\n",
        "  late.vn:80                  KHÔNG TRẢ LỜI, sẽ hỏi lại ở thư kế tiếp (status 503)\n",
        "  ca.gov.vn:80                dấu thời gian: KHÔNG TRẢ LỜI, sẽ hỏi lại ở thư kế tiếp "
        "(garbage)\n",
        "  pub.ca.gov.vn               chưa hỏi lần nào\n",
        "  ca.btc:80                   KHÔNG ĐƯỢC PHÉP HỎI",
        "  CA G2: 1204 mục, phát hành 08:01 (2 giờ trước), hiệu lực đến 08:01 04/12/2026\n"
        "    http://ca.gov.vn/g2.crl, tải lúc 09:01, tải lại 19:13\n",
        "  CA G1: 1 mục, phần bổ sung, phát hành 07:53 30/11/2026 (3 ngày trước), "
        "HẾT HIỆU LỰC TỪ 10:31 02/12/2026\n",
        "\nBộ nhớ đệm: 12 kết quả, 2 CRL (15 MB), 1 chứng thư CA\n",
        "Bản cấp cho inspector: 12 giây trước\n",
        "\nChờ kiểm tra lại\n  Sở Y tế; CA G2\n    serial 01ab, hỏi từ 10:31 02/12/2026, "
        "số lần thử 5, lần tới 10:53; thư 1831-0927-5564 a b c d và thêm 2\n",
    };
    char text[8000];
    print(text, sizeof(text), VT_LANGUAGE_VIETNAMESE, answer);
    has(text, lines, sizeof(lines) / sizeof(lines[0]));
}

static void english(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "gateway    running    pid 7, since 2026-12-02 10:31, restarts: 0\n",
        "  ca.gov.vn:80                ok, last answer 10:30\n",
        "DOWN, left alone until 10:32 (no connection)\n",
        "  CA G1: 1 entry, delta, issued 2026-11-30 07:53 (3 d ago), ENDED 2026-12-02 10:31\n",
        "Kept: 12 answers, 2 CRLs (15 MB), 1 CA certificates\n",
    };
    char text[8000];
    print(text, sizeof(text), VT_LANGUAGE_ENGLISH, answer);
    has(text, lines, sizeof(lines) / sizeof(lines[0]));
}

static void little_is_known(void **state)
{
    (void)state;
    static const char *const nothing[] = {"none yet\n", "  no certificates\n", "not yet\n"};
    char text[4000];
    print(text, sizeof(text), VT_LANGUAGE_ENGLISH,
          "{\"roles\": [], \"status\": {\"hosts\": [], \"lists\": [], \"rechecks\": [], "
          "\"generation\": null}}");
    has(text, nothing, 3);
    /* The role does not answer, and an answer to something else. */
    print(text, sizeof(text), VT_LANGUAGE_ENGLISH, "{\"mode\": \"tag\", \"status\": null}");
    assert_non_null(strstr(text, "does not answer"));
    print(text, sizeof(text), VT_LANGUAGE_ENGLISH, "{\"mode\": \"tag\"}");
    assert_string_equal(text, "mode       tag\n");
}

static const char numbers[] =
    "{\"mode\": \"enforce\", \"roles\": [], \"policy\": {\"version\": \"a91f0c3d\", "
    "\"loaded_utc_secs\": 1796182260, \"by\": \"root\", \"keep_until_utc_secs\": 1796183460}, "
    "\"braked\": [{\"rule\": \"doors\", \"until_utc_secs\": 1796183460}], "
    "\"register\": {\"writable\": false, \"records\": 7}, "
    "\"mails\": {\"today\": {\"accept\": 120, \"tag\": 3, \"hold\": 0, \"reject\": 2, "
    "\"tempfail\": 1, \"secret\": 4, \"would_be\": {\"tag\": 5, \"reject\": 8}}, \"last_hour\": "
    "{\"accept\": 9}}, \"counted\": {"
    "\"unrecorded\": 0, \"poison\": 1, \"tempfails\": {\"policy\": 5, \"inspection\": 6, "
    "\"register\": 0, \"mta\": 0}}, \"problems\": [{\"code\": \"trust-empty\", \"text\": \"x\"}, "
    "{\"code\": \"register-not-writing\", \"text\": \"x\"}]}";

static void numbers_are_told(void **state)
{
    (void)state;
    static const char *const vietnamese_lines[] = {
        "BỘ CHUYÊN DÙNG CÔNG VỤ CHƯA CÓ CHỨNG THƯ GỐC ĐƯỢC XÁC NHẬN",
        "chính sách bản a91f0c3d, nạp 10:31 02/12/2026 bởi root\n           TỰ QUAY LẠI BẢN TRƯỚC "
        "LÚC "
        "10:51 02/12/2026 nếu không có: vanthu reload --keep\n           PHANH TỪ CHỐI: "
        "quy tắc mới sửa từ chối quá nhiều, tạm thời chỉ gắn nhãn: \"doors\", đến 10:51 "
        "02/12/2026\n",
        "sổ đăng ký KHÔNG GHI ĐƯỢC\n",
        "\nThư hôm nay      chuyển tiếp 120, gắn nhãn 3, tạm giữ 0, từ chối 2, hẹn gửi lại (451) "
        "1, "
        "đóng dấu mật 4\n",
        "\n  nếu enforce    gắn nhãn 5, tạm giữ 0, từ chối 8, hẹn gửi lại (451) 0\n",
        "\nTrong 1 giờ qua  chuyển tiếp 9, gắn nhãn 0,",
        "\nLỗi của hệ thống từ khi khởi động: 451 do chưa kiểm tra được 6, thư chuyển đi khi chưa "
        "kiểm "
        "tra (NOT_CHECKED) 1\n"};
    static const char *const english_lines[] = {
        "NO CONFIRMED ROOT OF THE OFFICIAL SET", "register   CANNOT BE WRITTEN\n",
        "policy     version a91f0c3d, loaded 2026-12-02 10:31 by root\n           GOES BACK TO THE "
        "VERSION "
        "BEFORE AT 2026-12-02 10:51 unless: vanthu reload --keep\n           REFUSAL "
        "BRAKE: a rule that was changed lately refused too much and only tags: \"doors\", until "
        "2026-12-02 10:51\n",
        "\nMails today      passed 120, tagged 3, held 0, refused 2, to come again (451) 1, marked "
        "secret 4\n  if enforced    tagged 5, held 0, refused 8, to come again (451) 0\nIn the ",
        "\nFaults of ours since the start: 451, not inspected 6, mails passed on as NOT_CHECKED "
        "1\n"};
    char text[8000];
    print(text, sizeof(text), VT_LANGUAGE_VIETNAMESE, numbers);
    has(text, vietnamese_lines, sizeof(vietnamese_lines) / sizeof(vietnamese_lines[0]));
    print(text, sizeof(text), VT_LANGUAGE_ENGLISH, numbers);
    has(text, english_lines, sizeof(english_lines) / sizeof(english_lines[0]));
    print(text, sizeof(text), VT_LANGUAGE_ENGLISH,
          "{\"mails\": null, \"counted\": {\"unrecorded\": 0}, \"policy\": null, \"register\": "
          "null}");
    assert_string_equal(text,
                        "\nThe register cannot be read: how many mails there were today is not "
                        "known.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vietnamese),
        cmocka_unit_test(english),
        cmocka_unit_test(little_is_known),
        cmocka_unit_test(numbers_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
