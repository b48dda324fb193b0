/* SPDX-License-Identifier: Apache-2.0
 * What stands on the page about checked files besides facts, reasons and changes, which have their
 * words elsewhere (evidence/change.c, evidence/phrase.c); in the terms of Circular
 * 15/2025/TT-BKHCN. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "notice/timeline.h"

static const char *const words[VT_TIMELINE_WORDS][VT_NOTICE_LANGUAGES] = {
    [VT_TIMELINE_TITLE] = {"Kết quả kiểm tra chữ ký số", "Result of checking signatures"},
    [VT_TIMELINE_CHECKED_AT] = {"Kiểm tra lúc", "Checked at"},
    [VT_TIMELINE_JUDGED_AS_AT] = {"Xét như tại thời điểm do người kiểm tra chọn (--at):",
                                  "Judged as if it were the time that was asked for (--at):"},
    [VT_TIMELINE_ON_HOST] = {"trên máy", "on"},
    [VT_TIMELINE_ENGLISH] = {"English below", "Tiếng Việt ở trên"},
    [VT_TIMELINE_LIST] = {"Các tệp đã kiểm tra", "Files that were checked"},
    [VT_TIMELINE_FILE] = {"Tệp", "File"},
    [VT_TIMELINE_RESULT] = {"Kết quả", "Result"},
    [VT_TIMELINE_RESULT_AND_TIME] = {"Kết quả, thời điểm ký số", "Result, signing time"},
    [VT_TIMELINE_MARK_GOOD] = {"HỢP LỆ", "VALID"},
    [VT_TIMELINE_MARK_BAD] = {"KHÔNG HỢP LỆ", "NOT VALID"},
    [VT_TIMELINE_MARK_OPEN] = {"CHƯA KHẲNG ĐỊNH ĐƯỢC", "NOT PROVEN"},
    [VT_TIMELINE_MARK_NONE] = {"CHƯA KÝ SỐ", "NOT SIGNED"},
    [VT_TIMELINE_VALID_OF] = {"Chữ ký số hợp lệ của:", "Valid signatures of:"},
    [VT_TIMELINE_AND_OTHERS] = {"và chữ ký số khác", "and others"},
    [VT_TIMELINE_NOT_VALID] = {"{1}/{2} chữ ký số không hợp lệ.",
                               "{1} of {2} signatures are not valid."},
    [VT_TIMELINE_NOT_PROVEN] = {"{1}/{2} chữ ký số chưa khẳng định được là hợp lệ.",
                                "{1} of {2} signatures are not proven to be valid."},
    [VT_TIMELINE_UNREAD] = {"Chưa kiểm tra được tệp này.", "This file could not be checked."},
    [VT_TIMELINE_PARTLY_READ] = {"Có phần của tệp chưa kiểm tra được.",
                                 "Part of the file could not be checked."},
    [VT_TIMELINE_UNSIGNED] = {"Tệp này không có chữ ký số.", "This file holds no signature."},
    [VT_TIMELINE_ONLY_INSIDE] =
        {"Tệp này không có chữ ký số; chữ ký số của tệp nằm bên trong không "
         "bảo đảm cho tệp này.",
         "This file holds no signature; those of files inside it do not "
         "vouch for it."},
    [VT_TIMELINE_OTHERS_UNSIGNED] = {"Trong đó có {1} tệp văn bản không có chữ ký số.",
                                     "Documents in it that hold no signature: {1}."},
    [VT_TIMELINE_OTHER_PARTS] = {"Phần khác của tệp, không có chữ ký số",
                                 "Other parts of the file, without signatures"},
    [VT_TIMELINE_MORE_PARTS] = {"Còn {1} phần khác không nêu tại đây.",
                                "{1} more are not shown here."},
    [VT_TIMELINE_MORE_FILES] = {"Còn {1} tệp khác không nêu tại đây.",
                                "{1} more files are not shown here."},
    [VT_TIMELINE_MORE_SIGNATURES] = {"Còn {1} chữ ký số khác không nêu tại đây.",
                                     "{1} more signatures are not shown here."},
    [VT_TIMELINE_LEFT_OUT] =
        {"Trang này đã đủ lớn; chi tiết của tệp không nêu tại đây. Kiểm tra "
         "riêng tệp này để xem chi tiết.",
         "This page is large enough; details of the file are left out. Check it "
         "alone to see them."},
    [VT_TIMELINE_BYTES] = {"byte", "bytes"},
    [VT_TIMELINE_SEEMS] = {"Gợi ý, có thể là", "Hint, it may be"},
    [VT_TIMELINE_SEEMS_FOR] = {"Gợi ý, có thể để ghi", "Hint, it may be"},
    [VT_TIMELINE_EFFECT] = {"Chữ ký số hợp lệ của", "Valid signatures of"},
    [VT_TIMELINE_REVISION] = {"Phiên bản", "Revision"},
    [VT_TIMELINE_FIRST_BYTES] = {"byte đầu của tệp", "first bytes of the file"},
    [VT_TIMELINE_ALL_BYTES_OF] = {"byte, toàn bộ tệp", "bytes, the whole file"},
    [VT_TIMELINE_CREATED] = {"tạo lúc", "created at"},
    [VT_TIMELINE_AS_IT_SAYS] = {"theo thông tin ghi trong tệp, chưa được chứng minh",
                                "as the file itself says, not proven"},
    [VT_TIMELINE_REVISIONS] = {"Các phiên bản của tệp và chữ ký số",
                               "Revisions of the file and signatures"},
    [VT_TIMELINE_SIGNATURES] = {"Chữ ký số của tệp", "Signatures of the file"},
    [VT_TIMELINE_ABOUT] = {"Thông tin về tệp", "About the file"},
    [VT_TIMELINE_IN_FILE] = {"nằm trong tệp", "inside"},
    [VT_TIMELINE_INSIDE] = {"Các văn bản đã kiểm tra trong tệp này",
                            "Documents in this file that were checked"},
    [VT_TIMELINE_FIRST_UNSIGNED] = {"Bản đầu tiên, chưa được ký số.",
                                    "The first one, not yet signed."},
    [VT_TIMELINE_CAME] = {"Thay đổi so với phiên bản trước", "Changes from the revision before"},
    [VT_TIMELINE_NOBODY_SIGNED] = {"Phần ghi thêm này chưa được ký số.",
                                   "Nobody signed this addition."},
    [VT_TIMELINE_NO_NEW_SIGNATURE] =
        {"Phiên bản này không có thêm chữ ký số; các thay đổi đều được phép.",
         "This revision brought no signature; all its changes are permitted."},
    [VT_TIMELINE_EXPLAINED] =
        {"Mỗi lần được ký số hoặc ghi thêm, tệp có thêm một phiên bản nối tiếp phiên bản trước; "
         "các "
         "phiên bản xếp từ cũ đến mới. Chữ ký số bảo đảm cho nội dung của tệp đến hết phiên bản có "
         "chữ ký số đó.",
         "Each time a file is signed or added to, it gets one more revision behind those before; "
         "they stand from the oldest to the newest. A signature vouches for the file up to the end "
         "of its own revision."},
    [VT_TIMELINE_SIGNED_BY] = {"sau đó được {1} ký số", "signed afterwards by {1}"},
    [VT_TIMELINE_ON_PAGE] = {"trang", "page"},
    [VT_TIMELINE_IN_FIELD] = {"trường", "field"},
    [VT_TIMELINE_IN_REVISION] = {"phiên bản", "revision"},
    [VT_TIMELINE_SIGNATURE] = {"Chữ ký số", "Signature"},
    [VT_TIMELINE_FILE_STAMP] = {"Dấu thời gian trên tệp", "Time stamp over the file"},
    [VT_TIMELINE_FACTS] = {"Bảy thông tin của chữ ký số", "The seven facts of the signature"},
    [VT_TIMELINE_COVERS] = {"Phạm vi ký số", "What it signs"},
    [VT_TIMELINE_FIRST] = {"{1} byte đầu", "the first {1} bytes"},
    [VT_TIMELINE_AFTER] = {"Sau chữ ký số này", "After this signature"},
    [VT_TIMELINE_AFTER_NONE] = {"Không có thay đổi.", "Nothing was changed."},
    [VT_TIMELINE_AFTER_PERMITTED] = {"Chỉ có thay đổi được phép.", "Permitted changes only."},
    [VT_TIMELINE_AFTER_FORBIDDEN] = {"Có thay đổi KHÔNG ĐƯỢC PHÉP.",
                                     "There are changes that are NOT PERMITTED."},
    [VT_TIMELINE_AFTER_ADDED] = {"Có phần được bổ sung sau khi ký số và phần này chưa được ký số.",
                                 "Something was added after signing and is not signed."},
    [VT_TIMELINE_AFTER_UNCLEAR] = {"Chưa xác định được tệp có bị thay đổi nội dung hay không.",
                                   "It is not known whether the content was changed."},
    [VT_TIMELINE_KIND] = {"Chữ ký số của", "Signature of"},
    [VT_TIMELINE_STAMP] = {"Dấu thời gian", "Time stamp"},
    [VT_TIMELINE_STAMP_COUNTS] = {"được tính", "counts"},
    [VT_TIMELINE_STAMP_COUNTS_NOT] = {"KHÔNG được tính", "does NOT count"},
    [VT_TIMELINE_STATUS] = {"Tình trạng thu hồi", "Revocation"},
    [VT_TIMELINE_STATUS_UNKNOWN] = {"chưa kiểm tra được", "not known"},
    [VT_TIMELINE_STATUS_GOOD] = {"không bị thu hồi", "not revoked"},
    [VT_TIMELINE_STATUS_REVOKED] = {"ĐÃ BỊ THU HỒI", "REVOKED"},
    [VT_TIMELINE_STATUS_SUSPENDED] = {"ĐANG BỊ TẠM DỪNG", "SUSPENDED"},
    [VT_TIMELINE_STATUS_UNREACHABLE] = {"chưa kết nối được đến dịch vụ kiểm tra",
                                        "the service was not reached"},
    [VT_TIMELINE_STATUS_STALE] = {"dữ liệu đã cũ", "the data are too old"},
    [VT_TIMELINE_STATUS_NOT_NEEDED] = {"không cần kiểm tra", "needs no check"},
    [VT_TIMELINE_SINCE] = {"từ", "since"},
    [VT_TIMELINE_PATH] = {"Đường dẫn tin cậy", "Trust path"},
    [VT_TIMELINE_DETAILS] = {"Thông tin kỹ thuật", "Technical details"},
    [VT_TIMELINE_NOT_ASKED] = {"Khi kiểm tra đã chọn không kết nối mạng (--offline).",
                               "The check was asked not to use the network (--offline)."},
    [VT_TIMELINE_DECISION] = {"Xử lý theo chính sách", "By the policy"},
    [VT_TIMELINE_FOOT] =
        {"Trang này do vanthu lập tự động từ các tệp nêu trên. Hợp lệ hay không hợp "
         "lệ là nói về chữ ký số tại thời điểm kiểm tra.",
         "This page was made by vanthu from the files named above. Valid or not is "
         "said of the signatures at the time of the check."},
};

const char *vt_timeline_word(const struct vt_timeline_writer *w, enum vt_timeline_word word)
{
    return words[word][w->page.language];
}

const char *vt_timeline_phrase(const struct vt_timeline_writer *w, const struct vt_phrase *phrase)
{
    return w->page.language == VT_NOTICE_VIETNAMESE ? phrase->vietnamese : phrase->english;
}

const char *vt_timeline_fill(struct vt_timeline_writer *w, enum vt_timeline_word word,
                             const char *first, const char *second)
{
    const char *out = vt_timeline_word(w, word);
    const char *const values[] = {first, second};
    static const char *const places[] = {"{1}", "{2}"};
    for (size_t i = 0; i < 2; i++) {
        const char *place = strstr(out, places[i]);
        if (place != NULL && values[i] != NULL)
            out = vt_page_printf(&w->page, "%.*s%s%s", (int)(place - out), out, values[i],
                                 place + strlen(places[i]));
    }
    return out;
}

const char *vt_timeline_count(struct vt_timeline_writer *w, enum vt_timeline_word word,
                              size_t count)
{
    return vt_timeline_fill(w, word, vt_page_printf(&w->page, "%zu", count), NULL);
}

const char *vt_timeline_bytes(struct vt_timeline_writer *w, uint64_t count)
{
    char mark = w->page.language == VT_NOTICE_VIETNAMESE ? '.' : ',';
    char digits[32], text[48];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, count);
    size_t used = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            text[used++] = mark;
        text[used++] = digits[i];
    }
    text[used] = '\0';
    return vt_page_printf(&w->page, "%s", text);
}
