/* SPDX-License-Identifier: Apache-2.0
 * vanthu status: how far the central database of several gateways is. */
#include <inttypes.h>
#include <string.h>

#include "command/print.h"
#include "command/status_text.h"

/* What the shipper says it is doing (milter/register/shipper_main.c). */
static const struct {
    const char *state;
    const char *words[2]; /* by language */
} states[] = {
    {"starting", {"đang bắt đầu", "starting"}},
    {"shipping", {"đang chuyển", "shipping"}},
    {"away", {"KHÔNG TRẢ LỜI, thư vẫn chạy bình thường", "AWAY, mail goes on"}},
    {"refused",
     {"TỪ CHỐI KẾT NỐI, thư vẫn chạy bình thường", "REFUSES THE CONNECTION, mail goes on"}},
    {"full", {"HẾT CHỖ HOẶC CHỈ ĐỌC, thư vẫn chạy bình thường", "FULL OR READ-ONLY, mail goes on"}},
    {"newer",
     {"CÓ PHIÊN BẢN MỚI HƠN, cần nâng cấp máy này", "OF A NEWER VERSION, upgrade this host"}},
    {"forked",
     {"CÓ CHUỖI KHÁC VỚI SỔ CỦA MÁY NÀY, xem vanthu-milter(8)",
      "HAS ANOTHER CHAIN THAN THIS HOST, see vanthu-milter(8)"}},
    {"faulty", {"LỖI, thư vẫn chạy bình thường", "FAULTY, mail goes on"}},
};

static void print_count(FILE *out, const json_t *central, const char *key, const char *format)
{
    json_int_t count = json_integer_value(json_object_get(central, key));
    if (count > 0) {
        fprintf(out, "  %" PRId64 " ", (int64_t)count);
        fprintf(out, "%s\n", format);
    }
}

/* What is known of the other gateways, and what is not. */
static void print_others(FILE *out, bool vi, const json_t *central)
{
    if (json_is_false(json_object_get(central, "brings_back")))
        fprintf(out, "  %s\n",
                vi ? "không có register.peer-key: không tin gì từ các máy khác (lần thấy đầu tiên, "
                     "hẹn gửi lại, ngoại lệ của vanthu undo)"
                   : "no register.peer-key: nothing is believed of other gateways (first seen, "
                     "deferred, exceptions of vanthu undo)");
    print_count(out, central, "other_versions",
                vi ? "máy chạy phiên bản khác: chưa biết những gì máy đó ghi nhận"
                   : "gateways run another version: what they saw is not known here");
    print_count(out, central, "unsigned_gateways",
                vi ? "máy không ký bằng khóa register.peer-key của máy này: không tin những gì máy "
                     "đó ghi nhận"
                   : "gateways do not sign with the register.peer-key of this host: what they saw "
                     "is not believed");
    print_count(out, central, "unproven",
                vi ? "ĐIỀU GHI TRONG CSDL TẬP TRUNG KHÔNG CÓ MÁY NÀO KÝ: không được tin; kiểm tra "
                     "ai có quyền ghi vào CSDL"
                   : "THINGS IN THE CENTRAL DATABASE THAT NO GATEWAY SIGNED: not believed; see "
                     "who can write to it");
}

void vt_command_print_central(FILE *out, enum vt_language language, const json_t *answer)
{
    bool vi = language == VT_LANGUAGE_VIETNAMESE;
    const json_t *central = json_object_get(answer, "central"), *since;
    char at[VT_TIME_TEXT_BYTES];
    const char *word = vt_print_json(central, "state");
    if (!json_is_object(central))
        return;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(states[i].state, vt_print_json(central, "state")) == 0)
            word = states[i].words[language];
    }
    fprintf(
        out, "\n%s  %s, %s %s\n", vi ? "CSDL tập trung" : "Central database", word,
        vi ? "từ" : "since",
        vt_command_moment(language, at, json_integer_value(json_object_get(central, "changed"))));
    if (*vt_print_json(central, "text") != '\0')
        fprintf(out, "  %s\n", vt_print_json(central, "text"));
    since = json_object_get(central, "since");
    json_int_t waiting = json_integer_value(json_object_get(central, "waiting"));
    if (waiting > 0)
        fprintf(out,
                vi ? "  %" PRId64 " bản ghi chờ chuyển, sớm nhất từ %s\n"
                   : "  %" PRId64 " records wait, the first of %s\n",
                (int64_t)waiting, vt_command_moment(language, at, json_integer_value(since)));
    else
        fprintf(out,
                vi ? "  đã chuyển đến bản ghi %" PRId64 ", không còn bản ghi nào chờ\n"
                   : "  shipped up to record %" PRId64 ", none waits\n",
                (int64_t)json_integer_value(json_object_get(central, "shipped")));
    print_others(out, vi, central);
}
