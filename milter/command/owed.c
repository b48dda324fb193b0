/* SPDX-License-Identifier: Apache-2.0
 * Notices in the words of a person. */
#include "command/owed.h"

#include <string.h>

/* By enum vt_language: Vietnamese, English. */
static const char *const why_not[VT_NO_NOTICE_COUNT][2] = {
    [VT_NO_NOTICE_NOT_WANTED] = {"cấu hình và chính sách không yêu cầu",
                                 "neither configuration nor policy asks for one"},
    [VT_NO_NOTICE_OFF] = {"thông báo đang tắt, hoặc hệ thống ở chế độ observe",
                          "notices are switched off, or the site is in observe mode"},
    [VT_NO_NOTICE_SECRET] = {"thư có dấu chỉ độ mật", "the mail is marked secret"},
    [VT_NO_NOTICE_OUR_CAUSE] = {"nguyên nhân không thuộc về người gửi",
                                "it is not the sender's to mend"},
    [VT_NO_NOTICE_EMPTY] = {"thư không có địa chỉ người gửi", "the sender is empty"},
    [VT_NO_NOTICE_NO_REPLY] = {"địa chỉ này không có người đọc", "nobody reads that address"},
    [VT_NO_NOTICE_LIST] = {"thư từ danh sách gửi thư", "it came from a mailing list"},
    [VT_NO_NOTICE_AUTOMATIC] = {"thư do máy gửi tự động", "a program sent it"},
    [VT_NO_NOTICE_OURS] = {"thư là thông báo của chính hệ thống này",
                           "it is a notice of ours that came back"},
    [VT_NO_NOTICE_NOT_PROVEN] = {"chưa có gì chứng minh địa chỉ người gửi là thật",
                                 "nothing proves that the sender's address is true"},
    [VT_NO_NOTICE_NOT_STATE] = {"người gửi không phải cơ quan nhà nước",
                                "the sender is no office of the state"},
    [VT_NO_NOTICE_FRONT_RELAY] =
        {"thư đến qua thiết bị phía trước, không chứng minh được người gửi",
         "it came through a relay in front, which proves no sender"},
};

static const char *const kinds[VT_NOTICE_KINDS] = {
    [VT_NOTICE_REFUSED] = "từ chối",
    [VT_NOTICE_REMARK] = "lưu ý",
    [VT_NOTICE_HELD] = "tạm giữ",
    [VT_NOTICE_RELEASED] = "đã chuyển thư tạm giữ",
    [VT_NOTICE_RETURNED] = "trả lại thư tạm giữ",
    [VT_NOTICE_CLERK] = "văn thư trả lại",
    [VT_NOTICE_CORRECTION] = "đính chính",
    [VT_NOTICE_RECHECK] = "kết quả kiểm tra lại",
    [VT_NOTICE_ARRIVAL] = "thư đã đến",
    [VT_NOTICE_MARKED] = "báo nơi nhận",
    [VT_NOTICE_LIST] = "danh sách",
    [VT_NOTICE_OFFICER] = "báo người có trách nhiệm",
    [VT_NOTICE_DIGEST] = "tổng hợp",
    [VT_NOTICE_UNSEALED] = "chưa có chữ ký số cơ quan",
};

enum vt_register_outcome vt_owed_outcome(enum vt_action action)
{
    switch (action) {
    case VT_ACTION_REJECT:
        return VT_OUTCOME_REJECT;
    case VT_ACTION_HOLD:
        return VT_OUTCOME_HOLD;
    case VT_ACTION_DEFER:
        return VT_OUTCOME_TEMPFAIL;
    default:
        return VT_OUTCOME_ACCEPT;
    }
}

static int column(enum vt_language language)
{
    return language == VT_LANGUAGE_VIETNAMESE ? 0 : 1;
}

const char *vt_owed_why_not(enum vt_language language, enum vt_no_notice why)
{
    return why < VT_NO_NOTICE_COUNT ? why_not[why][column(language)] : NULL;
}

const char *vt_owed_why_not_by_name(enum vt_language language, const char *name)
{
    for (unsigned why = VT_NO_NOTICE_NONE + 1; name != NULL && why < VT_NO_NOTICE_COUNT; why++) {
        if (strcmp(vt_no_notice_name((enum vt_no_notice)why), name) == 0)
            return vt_owed_why_not(language, (enum vt_no_notice)why);
    }
    return name;
}

const char *vt_owed_kind(enum vt_language language, const char *name)
{
    enum vt_notice_kind kind = VT_NOTICE_KINDS;
    if (language != VT_LANGUAGE_VIETNAMESE || vt_notice_kind_by_name(name, &kind) != VT_OK)
        return name;
    return kinds[kind];
}

void vt_owed_print(FILE *out, enum vt_language language, const struct vt_register_notice *items,
                   size_t count, enum vt_no_notice why)
{
    bool vi = language == VT_LANGUAGE_VIETNAMESE;
    char address[330];
    const char *clause = vt_owed_why_not(language, why);
    if (count == 0) {
        fprintf(out, "%s%s%s.\n", vi ? "Không có thông báo nào được gửi" : "Nobody gets a notice",
                clause != NULL ? ": " : "", clause != NULL ? clause : "");
        return;
    }
    fprintf(out, "%s", vi ? "Thông báo sẽ gửi đến: " : "A notice goes to: ");
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%s", i > 0 ? ", " : "",
                vt_text_clean(address, sizeof(address), vt_bytes_str(items[i].recipient)));
    fprintf(out, ".\n");
}
