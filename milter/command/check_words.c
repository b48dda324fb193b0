/* SPDX-License-Identifier: Apache-2.0
 * The words of evidence for a person, beside those of evidence/phrase.c and evidence/change.c. */
#include "command/check_print.h"

static const char *const words[W_WORDS][2] = {
    [W_NO_DOCUMENTS] = {"không có tệp nào để kiểm tra chữ ký số", "holds no file to check"},
    [W_ONE_SIGNATURE] = {"chữ ký số", "signature"},
    [W_SIGNATURES] = {"chữ ký số", "signatures"},
    [W_INSIDE] = {"nằm trong tệp", "inside"},
    [W_NO_SIGNATURES] = {"không có chữ ký số", "no signature"},
    [W_SIGNATURE] = {"Chữ ký số", "Signature"},
    [W_ISSUER] = {"Tổ chức cấp chứng thư", "Issuing CA"},
    [W_SIGNER] = {"Người ký", "Signer"},
    [W_UNIT] = {"Đơn vị quản lý", "Unit"},
    [W_TIME] = {"Thời điểm ký số", "Signing time"},
    [W_INTEGRITY] = {"Toàn vẹn", "Integrity"},
    [W_VALIDITY] = {"Hiệu lực khi ký", "Valid when signed"},
    [W_PERIOD] = {"Thời hạn chứng thư", "Certificate period"},
    [W_TO] = {"đến", "to"},
    [W_UNKNOWN] = {"chưa xác định", "not known"},
    [W_INTACT] = {"CÒN NGUYÊN", "INTACT"},
    [W_BROKEN] = {"ĐÃ BỊ THAY ĐỔI", "BROKEN"},
    [W_UNDETERMINED] = {"chưa xác định", "undetermined"},
    [W_SOURCE_TIMESTAMP] = {"theo dấu thời gian", "by a time stamp"},
    [W_SOURCE_FIRST_SEEN] = {"theo lần nhận đầu tiên", "by the first time it was seen"},
    [W_SOURCE_CLAIMED] = {"do người ký khai, không được dấu thời gian chứng minh",
                          "claimed by the signer, proven by no time stamp"},
    [W_CHANGES] = {"Thay đổi sau khi ký", "Changes after it"},
    [W_CHANGED] = {"Bị thay đổi", "Changed"},
    [W_PERMITTED] = {"Được phép", "Permitted"},
    [W_SIGNED_BY] = {"sau đó được", "signed afterwards by"},
    [W_SIGNED_BY_END] = {" ký số", ""},
    [W_COVERS] = {"Phạm vi ký số", "What it signs"},
    [W_REVISION] = {"phiên bản", "revision"},
    [W_PAGE] = {"trang", "page"},
    [W_CHANGES_NONE] = {"không có", "none"},
    [W_CHANGES_PERMITTED] = {"có, trong phạm vi cho phép", "permitted ones only"},
    [W_CHANGES_FORBIDDEN] = {"CÓ, KHÔNG ĐƯỢC PHÉP", "FORBIDDEN ONES"},
    [W_CHANGES_ADDED] = {"có phần bổ sung, phần này chưa được ký số",
                         "additions that nobody signed"},
    [W_CHANGES_UNDETERMINED] = {"có, chưa xác định được ảnh hưởng", "some, effect undetermined"},
    [W_CONCLUSION] = {"Kết luận", "Conclusion"},
    [W_REASON] = {"Lý do", "Reason"},
    [W_TO_DO] = {"Cần làm", "To do"},
    [W_NOTE] = {"Ghi chú", "Note"},
    [W_VALID] = {"có hiệu lực", "yes"},
    [W_INVALID] = {"không có hiệu lực", "no"},
    [W_UNPROVEN] = {"chưa khẳng định được", "not proven"},
    [W_DECISION] = {"Xử lý theo chính sách", "By the policy"},
    [W_RULE] = {"quy tắc", "rule"},
    [W_NO_RULE] = {"không có quy tắc nào khớp", "no rule matches"},
    [W_AS] = {"coi là", "as"},
    [W_FROM_CLASS] = {"từ người gửi thuộc nhóm", "from a sender of class"},
    [W_INBOUND] = {"thư đến", "inbound mail"},
    [W_OUTBOUND] = {"thư đi", "outbound mail"},
    [W_INTERNAL] = {"thư nội bộ", "internal mail"},
    [W_STATE] = {"cơ quan nhà nước", "state"},
    [W_OTHER] = {"khác", "other"},
    [W_NOT_ASKED] = {"Chưa kiểm tra tình trạng thu hồi của chứng thư chữ ký số vì không kết nối "
                     "mạng (--offline).",
                     "The revocation status was not asked for: --offline."},
    [W_ASK] = {"Kiểm tra lại, không dùng --offline.", "Check again without --offline."},
    [W_ASK_LATER] = {"Kiểm tra lại sau.", "Check again later."},
    [W_PASSED] = {"hợp lệ", "valid"},
    [W_FAILED] = {"KHÔNG HỢP LỆ", "NOT VALID"},
    [W_INDETERMINATE] = {"chưa xác định được", "undetermined"},
    [W_BEST_TIME] = {"Thời điểm làm căn cứ", "Judged at"},
    [W_NOW] = {"thời điểm kiểm tra, vì chưa có gì chứng minh đã ký số trước đó",
               "the time of checking: nothing proves that it was signed before"},
    [W_STAMP] = {"Dấu thời gian", "Time stamp"},
    [W_KIND] = {"Chữ ký số của", "Signature of"},
    [W_EFFECT] = {"Chữ ký số hợp lệ của", "Valid signatures of"},
    [W_SEEMS] = {"Gợi ý, có thể là", "Hint, it may be"},
    [W_SEEMS_FOR] = {"Gợi ý, có thể để ghi", "Hint, it may be"},
    [W_COUNTS] = {"được tính", "counts"},
    [W_COUNTS_NOT] = {"KHÔNG được tính", "does NOT count"},
};

const char *vt_checked_word(const struct vt_checked_printer *p, enum vt_checked_word word)
{
    return words[word][p->language];
}

const char *vt_checked_phrase(const struct vt_checked_printer *p, const struct vt_phrase *phrase)
{
    return p->language == VT_LANGUAGE_VIETNAMESE ? phrase->vietnamese : phrase->english;
}
