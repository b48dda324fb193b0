/* SPDX-License-Identifier: Apache-2.0
 * A key for a person, in Vietnamese or English: what needs somebody stands in capitals. */
#include <inttypes.h>
#include <string.h>

#include "command/print.h"
#include "command/seal.h"
#include "vanthu/clock.h"

#define DAY_SECS 86400
#define SOON_DAYS 30

struct printer {
    FILE *out;
    enum vt_language language;
    int64_t now;
    bool is_well;
};

static const char *pick(const struct printer *p, const char *vietnamese, const char *english)
{
    return p->language == VT_LANGUAGE_VIETNAMESE ? vietnamese : english;
}

static void begin(const struct printer *p, const char *vietnamese, const char *english)
{
    fputs("  ", p->out);
    vt_print_cell(p->out, pick(p, vietnamese, english), 12);
}

static int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static bool has_service(const json_t *key)
{
    return json_object_get(key, "service") != NULL;
}

/* A token in an HSM, or a key at a service. */
static void print_place(const struct printer *p, const json_t *key)
{
    const json_t *token = json_object_get(key, "token");
    if (has_service(key))
        fprintf(p->out, "%s %s (%s %s), %s \"%s\"", pick(p, "đã kết nối với", "connected with"),
                vt_print_json(key, "service"), vt_print_json(token, "manufacturer"),
                vt_print_json(token, "model"), pick(p, "khóa", "key"),
                vt_print_json(token, "label"));
    else
        fprintf(p->out, "%s, token \"%s\" (%s %s, %s)", pick(p, "đã kết nối", "connected"),
                vt_print_json(token, "label"), vt_print_json(token, "manufacturer"),
                vt_print_json(token, "model"), vt_print_json(token, "serial"));
}

static void print_hsm(struct printer *p, const json_t *key)
{
    const json_t *token = json_object_get(key, "token");
    char since[40];
    bool is_up = strcmp(vt_print_json(key, "state"), "up") == 0;
    begin(p, "HSM", "HSM");
    if (is_up) {
        print_place(p, key);
        fprintf(p->out, ", %s %s\n", pick(p, "từ", "since"),
                vt_print_minute(p->language, since, number_of(key, "since")));
    } else {
        fprintf(p->out, "%s: %s\n", pick(p, "KHÔNG DÙNG ĐƯỢC", "OF NO USE"),
                vt_print_json(key, "text"));
    }
    p->is_well = p->is_well && is_up;
    if (json_is_true(json_object_get(token, "software")))
        fprintf(p->out, "              %s\n",
                pick(p, "TOKEN PHẦN MỀM, KHÔNG PHẢI HSM: không dùng cho con dấu của cơ quan",
                     "A SOFTWARE TOKEN, NO HSM: not for the seal of an agency"));
    if (json_is_true(json_object_get(token, "exportable")))
        fprintf(p->out, "              %s (%s)\n",
                pick(p, "KHÓA CÓ THỂ ĐƯỢC LẤY RA KHỎI HSM", "THE HSM WOULD GIVE THIS KEY AWAY"),
                has_service(key) ? "exportable" : "CKA_EXTRACTABLE");
    if (is_up && json_is_true(json_object_get(token, "wrong_pins")))
        fprintf(
            p->out, "              %s\n",
            pick(p,
                 "CÓ NGƯỜI NHẬP SAI PIN CỦA TOKEN TRƯỚC LẦN ĐĂNG NHẬP NÀY: kiểm tra ai dùng token",
                 "WRONG PINS WERE TRIED BEFORE THIS LOGIN: find out who uses the token"));
}

/* Path and status, judged as before each seal. */
static void print_verdict(struct printer *p, const json_t *certificate)
{
    const char *indication = vt_print_json(certificate, "indication");
    const char *reason = vt_print_json(certificate, "reason");
    if (*indication == '\0')
        return;
    begin(p, "kiểm tra", "judged");
    if (strcmp(indication, vt_indication_name(VT_TOTAL_PASSED)) == 0) {
        fprintf(p->out, "%s\n",
                pick(p, "tốt: thời hạn, đường dẫn tin cậy, tình trạng thu hồi",
                     "good: period, path and status"));
        return;
    }
    fprintf(
        p->out, "%s (%s%s%s): %s\n",
        pick(p, "CHƯA ĐẠT, sẽ không đóng dấu số cho thư", "NOT GOOD, no mail is sealed with it"),
        indication, *reason != '\0' ? " " : "", reason, vt_print_json(certificate, "why"));
    fprintf(p->out, "              %s: vanthu trust path %s\n", pick(p, "vì sao", "why"),
            vt_print_json(certificate, "file"));
    p->is_well = false;
}

static void print_certificate(struct printer *p, const json_t *key)
{
    const json_t *certificate = json_object_get(key, "certificate");
    char until[40];
    begin(p, "chứng thư", "certificate");
    if (json_object_get(certificate, "sha256") == NULL) {
        fprintf(p->out, "%s: %s\n", pick(p, "KHÔNG CÓ", "NONE"),
                vt_print_json(certificate, "text"));
        p->is_well = false;
        return;
    }
    int64_t end = number_of(certificate, "not_after"), days = (end - p->now) / DAY_SECS;
    fprintf(p->out, "%s, %s %s", vt_print_json(certificate, "subject"), pick(p, "đến", "until"),
            vt_print_minute(p->language, until, end));
    if (end < p->now)
        fprintf(p->out, " %s", pick(p, "ĐÃ HẾT HẠN", "EXPIRED"));
    else
        fprintf(p->out, " (%s%" PRId64 " %s)", days < SOON_DAYS ? pick(p, "CHỈ CÒN ", "ONLY ") : "",
                days, pick(p, "ngày", "days"));
    fputc('\n', p->out);
    p->is_well = p->is_well && end >= p->now;
    if (!json_is_true(json_object_get(certificate, "other_key")))
        return;
    fprintf(p->out, "              %s\n",
            pick(p, "KHÔNG PHẢI CHỨNG THƯ CỦA KHÓA TRÊN TOKEN",
                 "NOT THE CERTIFICATE OF THE KEY ON THE TOKEN"));
    p->is_well = false;
}

static void print_pin(const struct printer *p, const json_t *key)
{
    const json_t *pin = json_object_get(key, "pin");
    char since[40];
    if (!json_is_object(pin))
        return;
    if (has_service(key))
        begin(p, "bí mật", "secret");
    else
        begin(p, "PIN", "PIN");
    fprintf(p->out, "%s %s (%" PRId64 " %s)", pick(p, "dùng từ", "in use since"),
            vt_print_minute(p->language, since, number_of(pin, "since")),
            (p->now - number_of(pin, "since")) / DAY_SECS, pick(p, "ngày", "days"));
    if (json_is_true(json_object_get(pin, "old")))
        fprintf(p->out, ": %s",
                pick(p, "CẦN ĐỔI, quy chế yêu cầu 6 tháng một lần (vanthu seal rotate-pin)",
                     "CHANGE IT, the regulation asks for it every 6 months (vanthu seal "
                     "rotate-pin)"));
    fputc('\n', p->out);
}

static void print_purposes(struct printer *p, const json_t *key)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(key, "purposes"), i, item)
    {
        bool is_good = json_is_true(json_object_get(item, "authorised"));
        begin(p, vt_print_json(item, "purpose"), vt_print_json(item, "purpose"));
        fprintf(p->out, "%s: %s\n",
                is_good ? pick(p, "được ủy quyền", "authorised")
                        : pick(p, "CHƯA ĐƯỢC ỦY QUYỀN", "NOT AUTHORISED"),
                vt_print_json(item, "text"));
        p->is_well = p->is_well && is_good;
    }
}

static void print_canary(struct printer *p, const json_t *key)
{
    const json_t *canary = json_object_get(key, "canary");
    char at[40];
    int64_t good = number_of(canary, "good");
    bool has_failed = *vt_print_json(canary, "text") != '\0';
    if (good == 0 && !has_failed)
        return;
    begin(p, "tự ký thử", "canary");
    if (has_failed)
        fprintf(p->out, "%s: %s; ", pick(p, "LỖI", "FAILED"), vt_print_json(canary, "text"));
    fprintf(p->out, "%s %s\n", pick(p, "lần tốt gần nhất", "last good one"),
            vt_print_minute(p->language, at, good != 0 ? good : VT_TIME_NONE));
    p->is_well = p->is_well && !has_failed;
}

static void print_probe(struct printer *p, const json_t *key)
{
    const char *probe = vt_print_json(key, "probe");
    if (*probe == '\0')
        return;
    begin(p, "ký thử", "probe");
    if (strcmp(probe, "done") == 0) {
        fprintf(p->out, "%s, %" PRId64 " ms\n", pick(p, "tốt", "good"),
                number_of(key, "probe_msecs"));
        return;
    }
    fprintf(p->out, "%s (%s): %s\n", pick(p, "KHÔNG ĐƯỢC", "NOT SIGNED"), probe,
            vt_print_json(key, "probe_text"));
    p->is_well = false;
}

bool vt_seal_print_key(FILE *out, enum vt_language language, const json_t *key, int64_t now)
{
    struct printer p = {out, language, now, true};
    bool is_service = strcmp(vt_print_json(key, "identity"), "service") == 0;
    fprintf(out, "%s %s  (%s %s, %s)\n", pick(&p, "Khóa", "Key"), vt_print_json(key, "key"),
            pick(&p, "cơ quan", "agency"), vt_print_json(key, "agency"),
            is_service ? pick(&p, "chứng thư dịch vụ, phần mềm", "certificate for a service")
                       : pick(&p, "chứng thư cơ quan", "certificate of the agency"));
    print_hsm(&p, key);
    print_certificate(&p, key);
    print_verdict(&p, json_object_get(key, "certificate"));
    print_pin(&p, key);
    print_purposes(&p, key);
    print_canary(&p, key);
    print_probe(&p, key);
    return p.is_well;
}
