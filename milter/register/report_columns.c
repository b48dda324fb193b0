/* SPDX-License-Identifier: Apache-2.0
 * Titles, notes and columns of the sections of a report. Words as in the regulations (legal.md;
 * users.md 3 and 5). */
#include "register/report_rows.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

const char vt_report_caveat_vietnamese[] =
    "Số liệu chỉ phản ánh văn bản gửi, nhận qua hệ thống thư điện tử; không bao gồm Hệ thống quản "
    "lý văn bản và điều hành.";
const char vt_report_caveat_english[] =
    "The figures cover documents sent and received by e-mail only, not those of the document "
    "management system.";

#define TEXT(key, vietnamese, english)                                                             \
    {                                                                                              \
        key, vietnamese, english, VT_CELL_TEXT                                                     \
    }
#define KEY(key, vietnamese, english)                                                              \
    {                                                                                              \
        key, vietnamese, english, VT_CELL_KEY                                                      \
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
        key, vietnamese VT_SELF_FILLED, english, VT_CELL_EMPTY                                     \
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
    KEY("key", "Mã", "Key"), TEXT("vietnamese", "Chỉ tiêu", "Indicator (vi)"),
    TEXT("english", "Tiếng Anh", "Indicator"), COUNT("count", "Số lượng", "Count")};
static const struct vt_report_column direction_columns[] = {
    KEY("direction", "Mã", "Key"), TEXT("label", "Chiều", "Direction"), MAIL_COLUMNS};
static const struct vt_report_column verdict_columns[] = {
    KEY("verdict", "Mã", "Key"), TEXT("label", "Kết quả kiểm tra thư", "Verdict"),
    COUNT("mails", "Thư", "Mails"), COUNT("documents", "Văn bản", "Documents")};
static const struct vt_report_column reason_columns[] = {
    TEXT("reason", "Mã", "Code"), TEXT("label", "Lý do", "Reason"), COUNT("mails", "Thư", "Mails"),
    COUNT("decisive", "Là lý do quyết định", "Decisive"), COUNT("refused", "Từ chối", "Refused")};
static const struct vt_report_column agency_columns[] = {
    KEY("agency", "Mã", "Key"),
    TEXT("label", "Cơ quan gửi", "Sending agency"),
    MAIL_COLUMNS,
    EMPTY("issued", "Tổng số văn bản đi", "Documents issued"),
    EMPTY("exchanged", "Văn bản ký số qua Hệ thống QLVB&ĐH",
          "Signed documents in the document system"),
    EMPTY("certificates", "Chứng thư chữ ký số đang sử dụng", "Certificates in use")};
static const struct vt_report_column organization_columns[] = {
    TEXT("organization", "Cơ quan, tổ chức trên chứng thư", "Organisation of the certificate"),
    SIGNATURE_COLUMNS};
static const struct vt_report_column trust_set_columns[] = {
    KEY("trust_set", "Mã", "Key"), TEXT("label", "Loại chứng thư", "Trust set"), SIGNATURE_COLUMNS};
static const struct vt_report_column kind_columns[] = {
    KEY("kind", "Mã", "Key"), TEXT("label", "Chủ thể ký", "Kind of signer"), SIGNATURE_COLUMNS};
static const struct vt_report_column algorithm_columns[] = {
    TEXT("algorithm", "Thuật toán (băm / chữ ký / khóa)", "Algorithm (digest / signature / key)"),
    SIGNATURE_COLUMNS};
static const struct vt_report_column public_columns[] = {
    KEY("agency", "Mã", "Key"),
    TEXT("label", "Cơ quan", "Agency"),
    TEXT("basis", "Căn cứ xác định", "Known by"),
    TEXT("signer", "Chủ thể ký (một trong số đó)", "Signer (one of them)"),
    COUNT("mails", "Thư", "Mails"),
    COUNT("signatures", "Chữ ký số", "Signatures"),
    DATE("last", "Lần cuối", "Last")};
static const struct vt_report_column expiring_counts_columns[] = {
    KEY("agency", "Mã", "Key"),
    TEXT("label", "Cơ quan", "Agency"),
    COUNT("within_30", "Trong 30 ngày", "Within 30 days"),
    COUNT("within_60", "Từ 31 đến 60 ngày", "31 to 60 days"),
    COUNT("within_90", "Từ 61 đến 90 ngày", "61 to 90 days"),
    COUNT("certificates", "Cộng", "All")};
static const struct vt_report_column expiring_columns[] = {
    TEXT("agency", "Cơ quan", "Agency"),
    TEXT("common_name", "Chủ thể", "Subject"),
    TEXT("organization", "Cơ quan, tổ chức", "Organisation"),
    TEXT("issuer", "Tổ chức cấp", "Issuer"),
    KEY("trust_set", "Mã loại", "Key"),
    TEXT("set", "Loại", "Trust set"),
    DATE("not_after", "Hết hạn", "Expires"),
    COUNT("days", "Còn lại (ngày)", "Days left"),
    TEXT("within", "Trong vòng (ngày)", "Within (days)"),
    TEXT("procedure", "Thủ tục", "Procedure"),
    COUNT("uses", "Chữ ký số", "Signatures"),
    DATE("last", "Lần cuối", "Last"),
    TEXT("sha256", "SHA-256", "SHA-256")};
static const struct vt_report_column trend_columns[] = {
    TEXT("month", "Tháng", "Month"), TEXT("days", "Từ ngày – đến ngày", "Days"), MAIL_COLUMNS};

static const struct vt_report_column refusal_columns[] = {
    TEXT("reference", "Mã tra cứu", "Reference"),
    {"time", "Thời điểm", "Time", VT_CELL_TIME},
    KEY("outcome", "Mã kết quả", "Outcome"),
    TEXT("result", "Kết quả", "Result"),
    KEY("reason", "Mã lý do", "Code"),
    TEXT("reason_text", "Lý do", "Reason"),
    TEXT("sender", "Nơi gửi", "Sender"),
    TEXT("sender_agency", "Cơ quan gửi", "Sending agency"),
    TEXT("recipients", "Nơi nhận", "Recipients"),
    TEXT("documents", "Văn bản", "Documents"),
    KEY("rule", "Quy tắc", "Rule"),
    TEXT("afterwards", "Xử lý sau đó", "Afterwards")};

#define SECTION(its_key, its_vietnamese, its_english, note, english_note_, its_columns)            \
    {                                                                                              \
        .key = its_key, .vietnamese = its_vietnamese, .english = its_english,                      \
        .vietnamese_note = note, .english_note = english_note_, .columns = its_columns,            \
        .columns_count = ELEMENTS(its_columns)                                                     \
    }
const struct vt_report_section vt_report_templates[VT_SECTIONS] = {
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
        "Cơ quan được xác định theo danh mục cơ quan tại thời điểm nhận thư; nơi chưa có trong "
        "danh "
        "mục được ghi theo tên miền của người gửi. Người gửi không phải cơ quan nhà nước được gộp "
        "vào một dòng.",
        "Agencies are those of the site's table when the mail came; senders that it did not have "
        "stand under their domain, and those that are no state offices in one row.",
        agency_columns),
    [VT_SECTION_ORGANIZATIONS] =
        SECTION("organizations", "Theo cơ quan, tổ chức trên chứng thư",
                "By organisation of the certificate", NULL, NULL, organization_columns),
    [VT_SECTION_TRUST_SETS] =
        SECTION("trust_sets", "Theo loại chứng thư", "By trust set", NULL, NULL, trust_set_columns),
    [VT_SECTION_KINDS] =
        SECTION("kinds", "Theo chủ thể ký", "By kind of signer",
                "Chứng thư không ghi chủ thể là cơ quan hay cá nhân: số liệu theo danh mục cơ quan "
                "tại thời "
                "điểm nhận thư; chứng thư chưa có trong danh mục là chưa xác định.",
                "No certificate says whether it is an agency's or a person's: this is what the "
                "site's table "
                "said when the mail came; a certificate that it did not have is not known.",
                kind_columns),
    [VT_SECTION_ALGORITHMS] =
        SECTION("algorithms", "Theo thuật toán", "By algorithm", NULL, NULL, algorithm_columns),
    [VT_SECTION_PUBLIC] = SECTION(
        "public_certificates", "Cơ quan nhà nước còn dùng chứng thư công cộng",
        "State offices that still sign with public certificates",
        "Căn cứ \"tên miền\": chứng thư chưa có trong danh mục cơ quan, nên cơ quan nhà nước được "
        "suy ra từ người gửi; văn bản có thể là của doanh nghiệp, người dân được chuyển tiếp.",
        "Known by \"domain\": the certificate is not in the site's table, and the office is the "
        "sender's; the document may be a forwarded one of an enterprise or a citizen.",
        public_columns),
    [VT_SECTION_EXPIRING_COUNTS] =
        SECTION("expiring_by_agency", "Chứng thư sắp hết hạn theo cơ quan",
                "Certificates that expire, by agency", NULL, NULL, expiring_counts_columns),
    [VT_SECTION_EXPIRING] =
        SECTION("expiring", "Chứng thư sắp hết hạn (30, 60, 90 ngày)",
                "Certificates that expire in 30, 60, 90 days", NULL, NULL, expiring_columns),
    [VT_SECTION_TREND] =
        SECTION("trend", "Diễn biến theo tháng", "Trend by month", NULL, NULL, trend_columns),
    [VT_SECTION_REFUSALS] = SECTION("refusals", "Thư bị từ chối, tạm giữ hoặc trả lại",
                                    "Mails refused, held or returned", NULL, NULL, refusal_columns),
};
