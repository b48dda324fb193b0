/* SPDX-License-Identifier: Apache-2.0
 * From what was counted to sections: titles, columns, rows and their sums. Words as in the
 * regulations (legal.md; users.md 3 and 5). */
#include <stdlib.h>
#include <string.h>

#include "evidence/names.h"
#include "register/report.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define DAY_SECS INT64_C(86400)
#define SELF_FILLED " (đơn vị tự điền)"

const char vt_report_caveat_vietnamese[] =
    "Số liệu chỉ phản ánh văn bản gửi, nhận qua hệ thống thư điện tử; không bao gồm Hệ thống quản "
    "lý văn bản và điều hành.";
const char vt_report_caveat_english[] =
    "The figures cover documents sent and received by e-mail only, not those of the document "
    "management system.";

/* ---- columns ---- */

#define TEXT(key, vietnamese, english)                                                             \
    {                                                                                              \
        key, vietnamese, english, VT_CELL_TEXT                                                     \
    }
#define COUNT(key, vietnamese, english)                                                            \
    {                                                                                              \
        key, vietnamese, english, VT_CELL_COUNT                                                    \
    }
#define DATE(key, vietnamese, english)                                                             \
    {                                                                                              \
        key, vietnamese, english, VT_CELL_DATE                                                     \
    }
#define EMPTY(key, vietnamese, english)                                                            \
    {                                                                                              \
        key, vietnamese SELF_FILLED, english, VT_CELL_EMPTY                                        \
    }
#define MAIL_COLUMNS                                                                               \
    COUNT("mails", "Thư", "Mails"), COUNT("accepted", "Đã nhận", "Accepted"),                      \
        COUNT("tagged", "Nhận kèm lưu ý", "Tagged"), COUNT("held", "Tạm giữ", "Held"),             \
        COUNT("refused", "Từ chối", "Refused"), COUNT("overruled", "Từ chối đã hủy", "Overruled"), \
        COUNT("documents", "Văn bản", "Documents"), COUNT("valid", "Hợp lệ", "Valid"),             \
        COUNT("failed", "Không hợp lệ", "Failed"),                                                 \
        COUNT("undetermined", "Chưa xác định", "Undetermined"),                                    \
        COUNT("unsigned", "Chưa ký số", "Unsigned")
#define SIGNATURE_COLUMNS                                                                          \
    COUNT("signatures", "Chữ ký số", "Signatures"), COUNT("valid", "Hợp lệ", "Valid"),             \
        COUNT("failed", "Không hợp lệ", "Failed"),                                                 \
        COUNT("undetermined", "Chưa xác định", "Undetermined")

static const struct vt_report_column totals_columns[] = {
    TEXT("key", "Mã", "Key"), TEXT("vietnamese", "Chỉ tiêu", "Indicator (vi)"),
    TEXT("english", "Tiếng Anh", "Indicator"), COUNT("count", "Số lượng", "Count")};
static const struct vt_report_column direction_columns[] = {
    TEXT("direction", "Mã", "Key"), TEXT("label", "Chiều", "Direction"), MAIL_COLUMNS};
static const struct vt_report_column verdict_columns[] = {
    TEXT("verdict", "Mã", "Key"), TEXT("label", "Kết quả kiểm tra thư", "Verdict"),
    COUNT("mails", "Thư", "Mails"), COUNT("documents", "Văn bản", "Documents")};
static const struct vt_report_column reason_columns[] = {
    TEXT("reason", "Mã", "Code"), TEXT("label", "Lý do", "Reason"), COUNT("mails", "Thư", "Mails"),
    COUNT("decisive", "Là lý do quyết định", "Decisive"), COUNT("refused", "Từ chối", "Refused")};
static const struct vt_report_column agency_columns[] = {
    TEXT("domain", "Cơ quan (tên miền)", "Agency (domain)"), MAIL_COLUMNS,
    EMPTY("issued", "Tổng số văn bản đi", "Documents issued"),
    EMPTY("exchanged", "Văn bản ký số qua Hệ thống quản lý văn bản và điều hành",
          "Signed documents in the document system"),
    EMPTY("certificates", "Chứng thư chữ ký số đang sử dụng", "Certificates in use")};
static const struct vt_report_column organization_columns[] = {
    TEXT("organization", "Cơ quan, tổ chức trên chứng thư", "Organisation of the certificate"),
    SIGNATURE_COLUMNS};
static const struct vt_report_column trust_set_columns[] = {
    TEXT("trust_set", "Mã", "Key"), TEXT("label", "Loại chứng thư", "Trust set"),
    SIGNATURE_COLUMNS};
static const struct vt_report_column kind_columns[] = {
    TEXT("kind", "Mã", "Key"), TEXT("label", "Chủ thể ký", "Kind of signer"), SIGNATURE_COLUMNS};
static const struct vt_report_column algorithm_columns[] = {
    TEXT("algorithm", "Thuật toán (băm / chữ ký / khóa)", "Algorithm (digest / signature / key)"),
    SIGNATURE_COLUMNS};
static const struct vt_report_column public_columns[] = {
    TEXT("domain", "Cơ quan (tên miền)", "Agency (domain)"),
    TEXT("signer", "Chủ thể ký (một trong số đó)", "Signer (one of them)"),
    COUNT("mails", "Thư", "Mails"), COUNT("signatures", "Chữ ký số", "Signatures"),
    DATE("last", "Lần cuối", "Last")};
static const struct vt_report_column expiring_columns[] = {
    TEXT("common_name", "Chủ thể", "Subject"),
    TEXT("organization", "Cơ quan, tổ chức", "Organisation"),
    TEXT("issuer", "Tổ chức cấp", "Issuer"),
    TEXT("trust_set", "Loại", "Trust set"),
    DATE("not_after", "Hết hạn", "Expires"),
    COUNT("days", "Còn lại (ngày)", "Days left"),
    TEXT("within", "Trong vòng (ngày)", "Within (days)"),
    COUNT("uses", "Chữ ký số", "Signatures"),
    DATE("last", "Lần cuối", "Last"),
    TEXT("sha256", "SHA-256", "SHA-256")};
static const struct vt_report_column trend_columns[] = {
    TEXT("month", "Tháng", "Month"), TEXT("days", "Từ ngày – đến ngày", "Days"), MAIL_COLUMNS};

#define SECTION(its_key, its_vietnamese, its_english, note, english_note_, its_columns)            \
    {                                                                                              \
        .key = its_key, .vietnamese = its_vietnamese, .english = its_english,                      \
        .vietnamese_note = note, .english_note = english_note_, .columns = its_columns,            \
        .columns_count = ELEMENTS(its_columns)                                                     \
    }
static const struct vt_report_section templates[VT_SECTIONS] = {
    [VT_SECTION_TOTALS] = SECTION("totals", "Tổng hợp", "Totals", NULL, NULL, totals_columns),
    [VT_SECTION_DIRECTIONS] = SECTION("directions", "Theo chiều gửi, nhận", "By direction", NULL,
                                      NULL, direction_columns),
    [VT_SECTION_VERDICTS] =
        SECTION("verdicts", "Theo kết quả kiểm tra", "By verdict", NULL, NULL, verdict_columns),
    [VT_SECTION_REASONS] = SECTION(
        "reasons", "Theo lý do", "By reason", "Một thư có thể có nhiều lý do, nên không cộng dồn.",
        "A mail may have several reasons, so there is no sum.", reason_columns),
    [VT_SECTION_AGENCIES] = SECTION(
        "agencies", "Theo cơ quan", "By agency",
        "Cơ quan được xác định theo tên miền của người gửi. Người gửi không phải cơ quan nhà nước "
        "được gộp vào một dòng.",
        "An agency is known by the domain of the sender; senders that are no state offices stand "
        "in "
        "one row.",
        agency_columns),
    [VT_SECTION_ORGANIZATIONS] =
        SECTION("organizations", "Theo cơ quan, tổ chức trên chứng thư",
                "By organisation of the certificate", NULL, NULL, organization_columns),
    [VT_SECTION_TRUST_SETS] =
        SECTION("trust_sets", "Theo loại chứng thư", "By trust set", NULL, NULL, trust_set_columns),
    [VT_SECTION_KINDS] = SECTION(
        "kinds", "Theo chủ thể ký", "By kind of signer",
        "Chứng thư không ghi chủ thể là cơ quan hay cá nhân; chưa có danh mục cơ quan thì chưa xác "
        "định.",
        "No certificate says whether it is an agency's or a person's; without a table of agencies "
        "it is not known.",
        kind_columns),
    [VT_SECTION_ALGORITHMS] =
        SECTION("algorithms", "Theo thuật toán", "By algorithm", NULL, NULL, algorithm_columns),
    [VT_SECTION_PUBLIC] = SECTION(
        "public_certificates", "Cơ quan nhà nước còn dùng chứng thư công cộng",
        "State offices that still sign with public certificates", NULL, NULL, public_columns),
    [VT_SECTION_EXPIRING] =
        SECTION("expiring", "Chứng thư sắp hết hạn (30, 60, 90 ngày)",
                "Certificates that expire in 30, 60, 90 days", NULL, NULL, expiring_columns),
    [VT_SECTION_TREND] =
        SECTION("trend", "Diễn biến theo tháng", "Trend by month", NULL, NULL, trend_columns),
};

/* ---- rows ---- */

struct maker {
    struct vt_arena *arena;
    const struct vt_counted *counted;
    struct vt_report_section *section;
    size_t capacity;
    bool is_out_of_memory;
};

static void begin(struct maker *maker, struct vt_report *report, enum vt_report_section_id id,
                  size_t rows)
{
    maker->section = &report->sections[id];
    *maker->section = templates[id];
    maker->capacity = rows;
    maker->section->rows = vt_arena_alloc(maker->arena, (rows + 1) * sizeof(struct vt_report_row));
    maker->is_out_of_memory = maker->is_out_of_memory || maker->section->rows == NULL;
}

static struct vt_report_row *add_row(struct maker *maker)
{
    if (maker->section->rows == NULL || maker->section->rows_count == maker->capacity)
        return NULL;
    return &maker->section->rows[maker->section->rows_count++];
}

/* A row of texts, then numbers. */
static struct vt_report_row *add_numbers(struct maker *maker, const char *const *texts,
                                         size_t texts_count, const int64_t *numbers, size_t count)
{
    struct vt_report_row *row = add_row(maker);
    if (row == NULL)
        return NULL;
    for (size_t i = 0; i < texts_count; i++)
        row->cells[i].text = texts[i];
    for (size_t i = 0; i < count; i++)
        row->cells[texts_count + i].number = numbers[i];
    return row;
}

/* The sum of all columns of numbers, in a last row. */
static void add_sum(struct maker *maker)
{
    struct vt_report_section *section = maker->section;
    size_t count = section->rows_count;
    struct vt_report_row *sum = add_row(maker);
    if (sum == NULL)
        return;
    sum->is_sum = true;
    for (size_t c = 0; c < section->columns_count; c++) {
        if (section->columns[c].kind == VT_CELL_TEXT)
            sum->cells[c].text = c == 0 ? "Tổng cộng" : "";
        for (size_t r = 0; r < count && section->columns[c].kind == VT_CELL_COUNT; r++)
            sum->cells[c].number += section->rows[r].cells[c].number;
    }
}

static int by_name(const struct vt_tally_entry *a, const struct vt_tally_entry *b)
{
    return strcmp(a->name, b->name);
}

static int by_number(const struct vt_tally_entry *a, const struct vt_tally_entry *b)
{
    if (a->numbers[0] != b->numbers[0])
        return a->numbers[0] > b->numbers[0] ? -1 : 1;
    return by_name(a, b);
}

static int by_expiry(const struct vt_tally_entry *a, const struct vt_tally_entry *b)
{
    if (a->numbers[VT_CERTIFICATE_NOT_AFTER] != b->numbers[VT_CERTIFICATE_NOT_AFTER])
        return a->numbers[VT_CERTIFICATE_NOT_AFTER] < b->numbers[VT_CERTIFICATE_NOT_AFTER] ? -1 : 1;
    return by_name(a, b);
}

typedef int entry_order(const struct vt_tally_entry *a, const struct vt_tally_entry *b);

static struct vt_tally_entry **sorted(struct maker *maker, const struct vt_tally *tally,
                                      entry_order *order, size_t *out_count)
{
    struct vt_tally_entry **entries = vt_tally_sorted(tally, order, out_count);
    if (entries == NULL) {
        maker->is_out_of_memory = true;
        *out_count = 0;
    }
    return entries;
}

static const char *name_of(const struct vt_tally_entry *entry)
{
    return entry->name != NULL ? entry->name : "(còn lại / the rest)";
}

/* A section of names and numbers. */
static void group_section(struct maker *maker, struct vt_report *report,
                          enum vt_report_section_id id, const struct vt_tally *tally,
                          size_t numbers_count, entry_order *order)
{
    size_t count = 0;
    struct vt_tally_entry **entries = sorted(maker, tally, order, &count);
    begin(maker, report, id, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *text = name_of(entries[i]);
        add_numbers(maker, &text, 1, entries[i]->numbers, numbers_count);
    }
    add_sum(maker);
}

struct label {
    const char *key, *text;
};

/* A section whose names are words with a label; words without one stand as they are. */
static void labelled_section(struct maker *maker, struct vt_report *report,
                             enum vt_report_section_id id, const struct vt_tally *tally,
                             size_t numbers_count, const struct label *labels, size_t labels_count)
{
    size_t count = 0;
    struct vt_tally_entry **entries = sorted(maker, tally, by_name, &count);
    begin(maker, report, id, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *texts[] = {name_of(entries[i]), name_of(entries[i])};
        for (size_t l = 0; l < labels_count; l++) {
            if (strcmp(labels[l].key, texts[0]) == 0)
                texts[1] = labels[l].text;
        }
        add_numbers(maker, texts, 2, entries[i]->numbers, numbers_count);
    }
    add_sum(maker);
}

/* ---- the sections ---- */

static void totals_section(struct maker *maker, struct vt_report *report)
{
    const struct vt_report_totals *totals = &report->totals;
    const struct vt_report_counts *counts = &totals->counts;
    const struct {
        const char *key, *vietnamese, *english;
        int64_t number;
    } rows[] = {
        {"mails", "Thư đã kiểm tra", "Mails checked", counts->mails_count},
        {"accepted", "  trong đó: đã nhận", "  of these: accepted", counts->accepted_count},
        {"tagged", "  nhận kèm lưu ý", "  accepted with a remark", counts->tagged_count},
        {"held", "  tạm giữ", "  held", counts->held_count},
        {"refused", "  từ chối", "  refused", counts->refused_count},
        {"overruled", "  từ chối đã hủy", "  refusals overruled", counts->overruled_count},
        {"documents", "Văn bản đã kiểm tra", "Documents checked", counts->documents_count},
        {"valid", "  trong đó: chữ ký số hợp lệ", "  of these: valid", counts->valid_count},
        {"failed", "  chữ ký số không hợp lệ", "  failed", counts->failed_count},
        {"undetermined", "  chưa xác định được", "  undetermined", counts->undetermined_count},
        {"unsigned", "  chưa ký số", "  unsigned", counts->unsigned_count},
        {"signatures", "Chữ ký số đã kiểm tra", "Signatures checked", totals->signatures_count},
        {"passed", "  trong đó: hợp lệ", "  of these: valid", totals->passed_count},
        {"would_refuse", "Thư đã nhận, sẽ bị từ chối nếu áp dụng đầy đủ quy tắc",
         "Delivered, refused if every rule were enforced", totals->would_refuse_count},
        {"clerk_refused", "Văn thư từ chối vì lý do khác", "Refused by a clerk's own reason",
         totals->clerk_refused_count},
        {"deferred", "Lượt đề nghị gửi lại sau (không tính là thư)",
         "Attempts deferred (not among the mails)", totals->deferred_count},
        {"unanswered", "Lượt bị ngắt kết nối trước khi trả lời (không tính là thư)",
         "Attempts cut before the answer (not among the mails)", totals->unanswered_count},
        {"secret", "Thư có dấu hiệu mật (chỉ ghi số lượng)", "Mails marked secret (a number only)",
         totals->secret_count},
        {"destroyed", "Bản ghi của kỳ đã hủy theo thời hạn lưu trữ (không có trong số liệu)",
         "Records of the period destroyed by retention (not counted)", totals->destroyed_count},
        {"issued", "Tổng số văn bản đi" SELF_FILLED, "Documents issued (filled in by the office)",
         VT_REPORT_UNKNOWN},
        {"certificates", "Chứng thư chữ ký số đang sử dụng" SELF_FILLED,
         "Certificates in use (filled in by the office)", VT_REPORT_UNKNOWN},
    };
    begin(maker, report, VT_SECTION_TOTALS, ELEMENTS(rows));
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        const char *texts[] = {rows[i].key, rows[i].vietnamese, rows[i].english};
        add_numbers(maker, texts, 3, &rows[i].number, 1);
    }
}

static void verdict_section(struct maker *maker, struct vt_report *report)
{
    static const struct label labels[] = {{"valid", "Mọi chữ ký số hợp lệ"},
                                          {"failed", "Có chữ ký số không hợp lệ"},
                                          {"undetermined", "Có chữ ký số chưa xác định được"},
                                          {"unsigned", "Không có chữ ký số"}};
    size_t count = 0;
    struct vt_tally_entry **entries = sorted(maker, &maker->counted->verdicts, by_name, &count);
    begin(maker, report, VT_SECTION_VERDICTS, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *texts[] = {entries[i]->name, entries[i]->name};
        const int64_t numbers[] = {entries[i]->numbers[VT_MAIL_ALL],
                                   entries[i]->numbers[VT_MAIL_DOCUMENTS]};
        if (texts[0] == NULL || texts[0][0] == '\0') {
            texts[0] = "unchecked";
            texts[1] = "Chưa kiểm tra";
        }
        for (size_t l = 0; l < ELEMENTS(labels); l++) {
            if (strcmp(labels[l].key, texts[0]) == 0)
                texts[1] = labels[l].text;
        }
        add_numbers(maker, texts, 2, numbers, 2);
    }
    add_sum(maker);
}

static void reason_section(struct maker *maker, struct vt_report *report)
{
    size_t count = 0;
    struct vt_tally_entry **entries = sorted(maker, &maker->counted->reasons, by_number, &count);
    begin(maker, report, VT_SECTION_REASONS, count);
    for (size_t i = 0; i < count; i++) {
        enum vt_reason reason = VT_REASON_COUNT;
        const char *texts[] = {name_of(entries[i]), ""};
        char *filled = vt_arena_alloc(maker->arena, VT_REASON_TEXT_BYTES);
        static const struct vt_reason_fields nothing = {0};
        maker->is_out_of_memory = maker->is_out_of_memory || filled == NULL;
        if (filled != NULL && vt_reason_by_code(texts[0], &reason) == VT_OK)
            texts[1] = vt_reason_fill(filled, VT_REASON_TEXT_BYTES,
                                      vt_reason_info(reason)->vietnamese, &nothing);
        add_numbers(maker, texts, 2, entries[i]->numbers, 3);
    }
}

static void public_section(struct maker *maker, struct vt_report *report)
{
    size_t count = 0;
    struct vt_tally_entry **entries = sorted(maker, &maker->counted->publics, by_number, &count);
    begin(maker, report, VT_SECTION_PUBLIC, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *texts[] = {name_of(entries[i]), entries[i]->texts[0]};
        const int64_t numbers[] = {entries[i]->numbers[VT_PUBLIC_MAILS],
                                   entries[i]->numbers[VT_PUBLIC_SIGNATURES],
                                   entries[i]->numbers[VT_PUBLIC_LAST]};
        add_numbers(maker, texts, 2, numbers, 3);
    }
    add_sum(maker);
}

/* The procedure that applies, which is cited only with the site's own regulation. */
static void expiring_note(struct maker *maker)
{
    const char *regulation = maker->counted->input->regulation;
    bool is_named = regulation != NULL && regulation[0] != '\0';
    char *note = vt_arena_printf(maker->arena,
                                 "Gia hạn hoặc thay đổi nội dung chứng thư: Mẫu số 04, gửi Sở Khoa "
                                 "học và Công nghệ; thu hồi: "
                                 "Mẫu số 05, gửi tổ chức cung cấp dịch vụ chứng thực chữ ký "
                                 "số%s%s. Chỉ gồm chứng thư đã gặp "
                                 "trong kỳ.",
                                 is_named ? ", theo " : "", is_named ? regulation : "");
    maker->is_out_of_memory = maker->is_out_of_memory || note == NULL;
    maker->section->vietnamese_note = note;
    maker->section->english_note =
        "Renewal or change: Form 04 to the Department of Science and Technology; revocation: Form "
        "05 to the certification authority. Certificates met in the period only.";
}

static void expiring_section(struct maker *maker, struct vt_report *report)
{
    static const char *const within[] = {"30", "60", "90"};
    size_t count = 0;
    struct vt_tally_entry **entries =
        sorted(maker, &maker->counted->certificates, by_expiry, &count);
    begin(maker, report, VT_SECTION_EXPIRING, count);
    expiring_note(maker);
    for (size_t i = 0; i < count; i++) {
        const struct vt_tally_entry *entry = entries[i];
        struct vt_report_row *row = add_row(maker);
        if (row == NULL || entry->name == NULL)
            continue;
        int64_t left =
            entry->numbers[VT_CERTIFICATE_NOT_AFTER] - maker->counted->input->now_utc_secs;
        size_t month = (size_t)(left / (30 * DAY_SECS));
        for (size_t t = 0; t < VT_TALLY_TEXTS; t++)
            row->cells[t].text = entry->texts[t];
        row->cells[4].number = entry->numbers[VT_CERTIFICATE_NOT_AFTER];
        row->cells[5].number = left / DAY_SECS;
        row->cells[6].text = within[month < ELEMENTS(within) ? month : ELEMENTS(within) - 1];
        row->cells[7].number = entry->numbers[VT_CERTIFICATE_USES];
        row->cells[8].number = entry->numbers[VT_CERTIFICATE_LAST];
        row->cells[9].text = entry->name;
    }
}

static void trend_section(struct maker *maker, struct vt_report *report)
{
    const struct vt_period *period = &report->period;
    begin(maker, report, VT_SECTION_TREND, (size_t)period->months_count + 1);
    for (int i = 0; i < period->months_count; i++) {
        struct vt_period month;
        char days[64];
        char *name =
            vt_arena_printf(maker->arena, "%04d-%02d", period->first_year, period->first_month + i);
        if (name == NULL || vt_period_parse(name, period->is_calendar, &month, NULL) != VT_OK) {
            maker->is_out_of_memory = true;
            return;
        }
        const char *texts[] = {name, vt_arena_str(maker->arena, vt_period_text(&month, days))};
        maker->is_out_of_memory = maker->is_out_of_memory || texts[1] == NULL;
        add_numbers(maker, texts, 2, maker->counted->months[i], VT_MAIL_NUMBERS);
    }
    add_sum(maker);
}

/* The name of others is a sign that sorts first; people read words. */
static void name_others(struct vt_report_section *section)
{
    for (size_t i = 0; i < section->rows_count; i++) {
        if (strcmp(section->rows[i].cells[0].text, VT_OTHER_SENDERS) == 0)
            section->rows[i].cells[0].text = "(không phải cơ quan nhà nước / not state offices)";
    }
}

enum vt_code vt_report_sections(struct vt_arena *arena, const struct vt_counted *counted,
                                struct vt_report *out)
{
    static const struct label directions[] = {{"inbound", "Thư đến / inbound"},
                                              {"outbound", "Thư đi / outbound"},
                                              {"internal", "Nội bộ / internal"}};
    static const struct label sets[] = {{"official", "Chuyên dùng công vụ / official"},
                                        {"public", "Công cộng / public"},
                                        {"-", "Chưa xác định / none matched"}};
    static const struct label kinds[] = {{"agency", "Cơ quan, tổ chức / agency"},
                                         {"person", "Cá nhân / person"},
                                         {"device", "Thiết bị, dịch vụ, phần mềm / device"},
                                         {"-", "Chưa xác định / not known"}};
    struct maker maker = {.arena = arena, .counted = counted};
    totals_section(&maker, out);
    labelled_section(&maker, out, VT_SECTION_DIRECTIONS, &counted->directions, VT_MAIL_NUMBERS,
                     directions, ELEMENTS(directions));
    verdict_section(&maker, out);
    reason_section(&maker, out);
    group_section(&maker, out, VT_SECTION_AGENCIES, &counted->agencies, VT_MAIL_NUMBERS, by_name);
    name_others(&out->sections[VT_SECTION_AGENCIES]);
    group_section(&maker, out, VT_SECTION_ORGANIZATIONS, &counted->organizations,
                  VT_SIGNATURE_NUMBERS, by_number);
    labelled_section(&maker, out, VT_SECTION_TRUST_SETS, &counted->trust_sets, VT_SIGNATURE_NUMBERS,
                     sets, ELEMENTS(sets));
    labelled_section(&maker, out, VT_SECTION_KINDS, &counted->kinds, VT_SIGNATURE_NUMBERS, kinds,
                     ELEMENTS(kinds));
    group_section(&maker, out, VT_SECTION_ALGORITHMS, &counted->algorithms, VT_SIGNATURE_NUMBERS,
                  by_number);
    public_section(&maker, out);
    expiring_section(&maker, out);
    trend_section(&maker, out);
    return maker.is_out_of_memory ? VT_E_NOMEM : VT_OK;
}
