/* SPDX-License-Identifier: Apache-2.0
 * The one table of reasons: parser, policy, answers, notices and manual read it. Vietnamese terms
 * are those of Circular 15/2025/TT-BKHCN; {…} are fields that a notice fills. Enhanced status
 * codes by RFC 3463 and the IANA registry: X.7.5 cryptographic failure, X.7.6 cryptographic
 * algorithm not supported, X.7.7 message integrity failure, X.7.1 the rest. */
#include "vanthu/reason.h"

#include <string.h>

#include "vanthu/bytes.h"

#define FACTS(name, whose, status, state, other)                                                   \
    .code = #name, .cause = VT_CAUSE_##whose, .enhanced = status,                                  \
    .default_state = VT_ACTION_##state, .default_other = VT_ACTION_##other

static const struct vt_reason_info reasons[VT_REASON_COUNT] = {
    [VT_REASON_CONTENT_CHANGED] =
        {
            FACTS(CONTENT_CHANGED, SENDER, "7.7", REJECT, REJECT),
            .english = "Document changed after signing.",
            .vietnamese = "Nội dung văn bản đã bị thay đổi sau khi ký số.",
            .vietnamese_to_do =
                "Gửi lại đúng tệp đã ký số, không mở rồi lưu lại bằng phần mềm khác. "
                "(Chuyển tiếp: đề nghị cơ quan ban hành gửi lại bản gốc.)",
            .english_to_do = "Send the signed file again as it was signed; do not open and save it "
                             "in other software. (Forwarded: ask the issuing office for the "
                             "original.)",
        },
    [VT_REASON_BAD_SIGNATURE] =
        {
            FACTS(BAD_SIGNATURE, SENDER, "7.5", REJECT, REJECT),
            .english = "The signature was not made with the key of its certificate.",
            .vietnamese =
                "Chữ ký số không được tạo ra bằng khóa bí mật tương ứng với khóa công khai "
                "trên chứng thư chữ ký số.",
            .vietnamese_to_do = "Ký số lại bằng đúng thiết bị và gửi lại.",
            .english_to_do = "Sign again with the right device and send it again.",
        },
    [VT_REASON_CERT_REVOKED] =
        {
            FACTS(CERT_REVOKED, SENDER, "7.5", REJECT, REJECT),
            .english = "The certificate was revoked before the signing time.",
            .vietnamese = "Chứng thư chữ ký số đã bị thu hồi trước thời điểm ký số.",
            .vietnamese_to_do = "Ký số lại bằng chứng thư còn hiệu lực.",
            .english_to_do = "Sign again with a certificate that is valid.",
        },
    [VT_REASON_PATH_SELF_MADE] =
        {
            FACTS(PATH_SELF_MADE, SENDER, "7.5", REJECT, TAG),
            .english = "The certificate was made by the signer, not issued by a certification "
                       "authority.",
            .vietnamese =
                "Chứng thư chữ ký số do người ký tự tạo, không do tổ chức cung cấp dịch vụ "
                "chứng thực chữ ký số cấp.",
            .vietnamese_to_do = "Ký số lại bằng chứng thư được cấp theo quy định.",
            .english_to_do = "Sign again with a certificate issued as the law requires.",
        },
    [VT_REASON_TIMESTAMP_INVALID] =
        {
            FACTS(TIMESTAMP_INVALID, SENDER, "7.5", REJECT, REJECT),
            .english = "The time stamp does not match the signature or was altered.",
            .vietnamese = "Dấu thời gian không khớp với chữ ký số hoặc đã bị thay đổi.",
            .vietnamese_to_do =
                "Ký số lại kèm dấu thời gian hợp lệ, hoặc gửi bản không gắn dấu thời "
                "gian.",
            .english_to_do = "Sign again with a valid time stamp, or send a copy without one.",
        },
    [VT_REASON_ADDED_AFTER_SIGNING] =
        {
            FACTS(ADDED_AFTER_SIGNING, SENDER, "7.7", REJECT, REJECT),
            .english = "Something was added after signing and is not signed.",
            .vietnamese = "Văn bản có phần được bổ sung sau khi ký số và phần này chưa được ký số.",
            .vietnamese_to_do = "Gửi lại bản đã ký số không có phần bổ sung, hoặc ký số sau khi bổ "
                                "sung.",
            .english_to_do =
                "Send the signed file without the addition, or sign again after adding.",
        },
    [VT_REASON_CERT_EXPIRED] =
        {
            FACTS(CERT_EXPIRED, SENDER, "7.5", REJECT, REJECT),
            .english = "The certificate had expired before the signing time.",
            .vietnamese = "Chứng thư chữ ký số đã hết hạn sử dụng trước thời điểm ký số.",
            .vietnamese_to_do =
                "Làm thủ tục gia hạn hoặc cấp mới chứng thư chữ ký số, ký số lại và "
                "gửi lại.",
            .english_to_do = "Renew the certificate, sign again and send it again.",
        },
    [VT_REASON_CERT_NOT_YET] =
        {
            FACTS(CERT_NOT_YET, SENDER, "7.5", REJECT, REJECT),
            .english = "The certificate was not yet valid at the signing time.",
            .vietnamese = "Chứng thư chữ ký số chưa có hiệu lực tại thời điểm ký số.",
            .vietnamese_to_do = "Kiểm tra đồng hồ máy tính khi ký, ký số lại và gửi lại.",
            .english_to_do = "Check the clock of the computer that signs, sign again and send it "
                             "again.",
        },
    [VT_REASON_CERT_SUSPENDED] =
        {
            FACTS(CERT_SUSPENDED, SENDER, "7.5", REJECT, REJECT),
            .english = "The certificate was suspended at the signing time.",
            .vietnamese = "Chứng thư chữ ký số bị tạm dừng hiệu lực tại thời điểm ký số.",
            .vietnamese_to_do = "Liên hệ tổ chức cấp chứng thư, ký số lại khi chứng thư được phục "
                                "hồi.",
            .english_to_do = "Contact the certification authority; sign again when the certificate "
                             "is restored.",
        },
    [VT_REASON_CA_INVALID] =
        {
            FACTS(CA_INVALID, SENDER, "7.5", REJECT, REJECT),
            .english =
                "The certificate of the certification authority was not valid at the signing "
                "time.",
            .vietnamese =
                "Chứng thư của tổ chức cấp chứng thư chữ ký số không có hiệu lực tại thời "
                "điểm ký số.",
            .vietnamese_to_do = "Liên hệ tổ chức cấp chứng thư; ký số lại.",
            .english_to_do = "Contact the certification authority and sign again.",
        },
    [VT_REASON_CERT_REVOKED_SINCE] =
        {
            FACTS(CERT_REVOKED_SINCE, SENDER, "7.5", TAG, TAG),
            .english = "The certificate has been revoked since; without a time stamp it is not "
                       "proven that the document was signed before.",
            .vietnamese =
                "Chứng thư chữ ký số đã bị thu hồi ngày {ngày}; văn bản không có dấu thời "
                "gian nên chưa khẳng định được văn bản đã được ký số trước ngày đó.",
            .vietnamese_to_do =
                "Nếu văn bản còn cần sử dụng, đề nghị cơ quan ban hành xác nhận hoặc "
                "ký số lại.",
            .english_to_do =
                "If the document is still needed, ask the issuing office to confirm it "
                "or to sign it again.",
        },
    [VT_REASON_CERT_EXPIRED_SINCE] =
        {
            FACTS(CERT_EXPIRED_SINCE, NOBODY, "7.5", NOTE, NOTE),
            .english =
                "The certificate has expired since; without a time stamp the signing time is "
                "not proven.",
            .vietnamese = "Chứng thư chữ ký số hiện đã hết hạn; văn bản không có dấu thời gian nên "
                          "chưa khẳng định được thời điểm ký số.",
            .vietnamese_to_do = "Không cần xử lý; nơi nhận xem xét khi cần.",
            .english_to_do = "Nothing to do; the receiving office decides where needed.",
        },
    [VT_REASON_PATH_UNKNOWN_ROOT] =
        {
            FACTS(PATH_UNKNOWN_ROOT, SENDER, "7.5", TAG, TAG),
            .english = "The certificate does not lead to a root that this system trusts.",
            .vietnamese = "Đường dẫn tin cậy của chứng thư chữ ký số không dẫn đến chứng thư gốc "
                          "được hệ thống công nhận.",
            .vietnamese_to_do = "Nơi nhận xem xét; cơ quan gửi kiểm tra tổ chức cấp chứng thư.",
            .english_to_do = "The receiving office decides; the sending office checks its "
                             "certification authority.",
        },
    [VT_REASON_WRONG_KIND] =
        {
            FACTS(WRONG_KIND, SENDER, "7.1", TAG, ACCEPT),
            .english =
                "A document of a state agency was signed with a public certificate instead of "
                "an official-use one.",
            .vietnamese =
                "Văn bản của cơ quan nhà nước được ký bằng chữ ký số công cộng, không phải "
                "chữ ký số chuyên dùng công vụ.",
            .vietnamese_to_do = "Chuyển sang chữ ký số chuyên dùng công vụ (khoản 1 Điều 8 {Quy "
                                "chế}); liên hệ Sở Khoa học và Công nghệ để được hướng dẫn.",
            .english_to_do = "Change to an official-use certificate; the Department of Science and "
                             "Technology gives guidance.",
        },
    [VT_REASON_CERT_SCOPE] =
        {
            FACTS(CERT_SCOPE, SENDER, "7.5", TAG, NOTE),
            .english = "The certificate was used outside the scope written in it.",
            .vietnamese = "Chứng thư chữ ký số được sử dụng ngoài phạm vi ghi trên chứng thư.",
            .vietnamese_to_do = "Ký số lại bằng chứng thư phù hợp.",
            .english_to_do = "Sign again with a suitable certificate.",
        },
    [VT_REASON_WEAK_ALGORITHM] =
        {
            FACTS(WEAK_ALGORITHM, SENDER, "7.6", TAG, TAG),
            .english = "The algorithm or key length of the signature is below the current standard "
                       "(for example SHA-1, or RSA below 2048 bits).",
            .vietnamese = "Thuật toán hoặc độ dài khóa của chữ ký số chưa đáp ứng tiêu chuẩn hiện "
                          "hành (ví dụ: SHA-1; RSA dưới 2048 bit).",
            .vietnamese_to_do = "Cập nhật phần mềm ký số hoặc đổi chứng thư.",
            .english_to_do = "Update the signing software or change the certificate.",
        },
    [VT_REASON_TIME_INCONSISTENT] =
        {
            FACTS(TIME_INCONSISTENT, SENDER, "7.1", TAG, TAG),
            .english = "The signing time is not known or contradicts the time stamp.",
            .vietnamese = "Chưa xác định được thời điểm ký số, hoặc thời điểm ký số mâu thuẫn với "
                          "dấu thời gian.",
            .vietnamese_to_do = "Kiểm tra đồng hồ và múi giờ của máy ký số.",
            .english_to_do = "Check clock and time zone of the computer that signs.",
        },
    [VT_REASON_NAME_MISMATCH] =
        {
            FACTS(NAME_MISMATCH, NOBODY, "7.1", NOTE, ACCEPT),
            .english = "The office named in the certificate is not the office that sent the mail.",
            .vietnamese = "Tên cơ quan, tổ chức trên chứng thư chữ ký số khác tên cơ quan gửi thư "
                          "(thường gặp khi chuyển tiếp văn bản hoặc cơ quan đã đổi tên).",
            .vietnamese_to_do = "Nếu cơ quan đã đổi tên: làm thủ tục thay đổi nội dung chứng thư "
                                "(Mẫu số 04).",
            .english_to_do = "If the office was renamed: have the certificate changed.",
        },
    [VT_REASON_MESSAGE_CHANGED] =
        {
            FACTS(MESSAGE_CHANGED, NOBODY, "7.7", TAG, TAG),
            .english =
                "The signature of the mail (S/MIME) is not valid because the mail was changed "
                "on its way; this says nothing about signatures of attached documents.",
            .vietnamese = "Chữ ký số của thư (S/MIME) không còn hợp lệ vì nội dung thư đã thay đổi "
                          "trên đường truyền. Kết quả này không áp dụng cho chữ ký số trên văn bản "
                          "đính kèm.",
            .vietnamese_to_do = "Không cần xử lý nếu văn bản đính kèm hợp lệ.",
            .english_to_do = "Nothing to do if the attached documents are valid.",
        },
    [VT_REASON_CHANGE_UNCLEAR] =
        {
            FACTS(CHANGE_UNCLEAR, RECEIVER, "7.7", TAG, TAG),
            .english = "The file changed after signing; whether the change affects the content is "
                       "not known.",
            .vietnamese =
                "Tệp có thay đổi sau khi ký số; hệ thống chưa xác định được thay đổi đó có "
                "ảnh hưởng đến nội dung hay không.",
            .vietnamese_to_do = "Nơi nhận đối chiếu trước khi xử lý.",
            .english_to_do = "The receiving office compares before use.",
        },
    [VT_REASON_NO_SIGNATURE] =
        {
            FACTS(NO_SIGNATURE, SENDER, "7.1", TAG, ACCEPT),
            .english = "The document is not signed.",
            .vietnamese = "Văn bản chưa được ký số.",
            .vietnamese_to_do = "Kính đề nghị Quý cơ quan ký số theo quy định và gửi lại.",
            .english_to_do = "Sign the document as required and send it again.",
        },
    [VT_REASON_IMAGE_ONLY] =
        {
            FACTS(IMAGE_ONLY, SENDER, "7.1", TAG, ACCEPT),
            .english =
                "The document has only a picture of a signature or seal; it is not digitally "
                "signed.",
            .vietnamese = "Văn bản chỉ có hình ảnh chữ ký hoặc con dấu, chưa được ký số.",
            .vietnamese_to_do =
                "Gửi bản điện tử đã ký số; nếu là bản quét thì ký số bằng chứng thư "
                "chữ ký số của cơ quan, tổ chức.",
            .english_to_do =
                "Send the signed electronic document; sign a scan with the certificate "
                "of the office.",
        },
    [VT_REASON_NO_AGENCY_SIG] =
        {
            FACTS(NO_AGENCY_SIG, SENDER, "7.1", TAG, ACCEPT),
            .english = "The document does not yet carry the signature of the issuing office.",
            .vietnamese = "Văn bản chưa có chữ ký số của cơ quan, tổ chức ban hành.",
            .vietnamese_to_do = "Bổ sung chữ ký số của cơ quan, tổ chức và gửi lại.",
            .english_to_do = "Add the signature of the office and send it again.",
        },
    [VT_REASON_NO_PERSON_SIG] =
        {
            FACTS(NO_PERSON_SIG, SENDER, "7.1", NOTE, ACCEPT),
            .english = "The document does not yet carry the signature of an authorised person.",
            .vietnamese = "Văn bản chưa có chữ ký số của người có thẩm quyền.",
            .vietnamese_to_do =
                "Rà soát, bổ sung nếu văn bản không phải bản quét, bản sao hoặc phụ "
                "lục.",
            .english_to_do = "Add it unless the document is a scan, a copy or an annex.",
        },
    [VT_REASON_ANNEX_UNSIGNED] =
        {
            FACTS(ANNEX_UNSIGNED, SENDER, "7.1", TAG, ACCEPT),
            .english = "An annex in a file of its own is not signed by the office.",
            .vietnamese =
                "Phụ lục hoặc tài liệu kèm theo (tệp riêng) chưa được cơ quan, tổ chức ký "
                "số: {tệp}.",
            .vietnamese_to_do = "Ký số từng tệp nêu trên và gửi lại các tệp đó.",
            .english_to_do = "Sign each of these files and send them again.",
        },
    [VT_REASON_UNSIGNED_COMPANION] =
        {
            FACTS(UNSIGNED_COMPANION, NOBODY, "7.1", NOTE, NOTE),
            .english = "An unsigned file came with the signed document, for reference.",
            .vietnamese = "Tệp kèm theo chưa ký số, chỉ để tham khảo; văn bản chính đã được ký số.",
            .vietnamese_to_do = "Không cần xử lý.",
            .english_to_do = "Nothing to do.",
        },
    [VT_REASON_COPY_INVALID] =
        {
            FACTS(COPY_INVALID, SENDER, "7.1", TAG, ACCEPT),
            .english = "The electronic copy is not signed by the office that made it.",
            .vietnamese =
                "Bản sao điện tử chưa có chữ ký số của cơ quan, tổ chức thực hiện sao văn "
                "bản.",
            .vietnamese_to_do = "Ký số bản sao và gửi lại.",
            .english_to_do = "Sign the copy and send it again.",
        },
    [VT_REASON_MALFORMED] =
        {
            FACTS(MALFORMED, SENDER, "7.1", TAG, TAG),
            .english = "The signature or certificate is malformed and cannot be read.",
            .vietnamese = "Chữ ký số hoặc chứng thư chữ ký số có cấu trúc bị lỗi, không đọc được.",
            .vietnamese_to_do = "Ký số lại và gửi lại; nếu lặp lại, liên hệ bộ phận hỗ trợ.",
            .english_to_do = "Sign again and send it again; if it happens again, contact support.",
        },
    [VT_REASON_FILE_UNREADABLE] =
        {
            FACTS(FILE_UNREADABLE, SENDER, "7.1", TAG, NOTE),
            .english =
                "The file is damaged, has a password or is encrypted, so it was not checked.",
            .vietnamese = "Tệp bị hỏng, được đặt mật khẩu hoặc mã hóa nên chưa kiểm tra được.",
            .vietnamese_to_do = "Gửi lại tệp không đặt mật khẩu, nếu là văn bản cần tiếp nhận.",
            .english_to_do = "If the document is to be received, send it without a password.",
        },
    [VT_REASON_SECRET_MARK] =
        {
            FACTS(SECRET_MARK, SENDER, "7.1", REJECT, REJECT),
            .english = "This mail is outside of what this system receives.",
            .vietnamese = "Thư này không thuộc phạm vi tiếp nhận của hệ thống.",
            .vietnamese_to_do = "Kính đề nghị Quý cơ quan liên hệ trực tiếp với nơi nhận.",
            .english_to_do = "Please contact the recipient directly.",
        },
    [VT_REASON_INCOMPLETE] =
        {
            FACTS(INCOMPLETE, SENDER, "7.1", ACCEPT, ACCEPT),
            .is_reserved = true,
            .english = "Files or pages are missing from the document.",
            .vietnamese =
                "Văn bản gửi đến thiếu tệp hoặc thiếu trang so với nội dung ghi trong văn "
                "bản.",
            .vietnamese_to_do = "Gửi bổ sung đầy đủ.",
            .english_to_do = "Send what is missing.",
        },
    [VT_REASON_WRONG_RECIPIENT] =
        {
            FACTS(WRONG_RECIPIENT, SENDER, "7.1", ACCEPT, ACCEPT),
            .is_reserved = true,
            .english = "The document was sent to the wrong office.",
            .vietnamese = "Văn bản gửi không đúng nơi nhận.",
            .vietnamese_to_do = "Gửi đến đúng cơ quan theo mục \"Nơi nhận\".",
            .english_to_do = "Send it to the office named in the document.",
        },
    [VT_REASON_RECALLED] =
        {
            FACTS(RECALLED, SENDER, "7.1", ACCEPT, ACCEPT),
            .is_reserved = true,
            .english = "The issuing office has recalled this document.",
            .vietnamese = "Văn bản đã được cơ quan, tổ chức ban hành thông báo thu hồi.",
            .vietnamese_to_do = "Không gửi lại văn bản này.",
            .english_to_do = "Do not send this document again.",
        },
    [VT_REASON_STATUS_UNKNOWN] =
        {
            FACTS(STATUS_UNKNOWN, RECEIVER, "7.5", DEFER, DEFER),
            .english = "The revocation status could not be checked because the service was not "
                       "reached. This is no fault of the document.",
            .vietnamese =
                "Chưa kiểm tra được tình trạng thu hồi của chứng thư chữ ký số vì chưa kết "
                "nối được đến dịch vụ kiểm tra. Đây không phải lỗi của văn bản.",
            .vietnamese_to_do = "Không cần xử lý; hệ thống sẽ tự kiểm tra lại.",
            .english_to_do = "Nothing to do; it will be checked again.",
        },
    [VT_REASON_PATH_INCOMPLETE] =
        {
            FACTS(PATH_INCOMPLETE, RECEIVER, "7.5", NOTE, NOTE),
            .english =
                "The receiving system lacks an intermediate certificate. This is no fault of "
                "the document.",
            .vietnamese = "Hệ thống tiếp nhận chưa có chứng thư của tổ chức cấp chứng thư trung "
                          "gian. Đây không phải lỗi của văn bản.",
            .vietnamese_to_do = "Không cần xử lý.",
            .english_to_do = "Nothing to do.",
        },
    [VT_REASON_TIMESTAMP_UNVERIFIED] =
        {
            FACTS(TIMESTAMP_UNVERIFIED, RECEIVER, "7.5", NOTE, NOTE),
            .english = "The time stamp could not be checked. This is no fault of the document.",
            .vietnamese = "Chưa kiểm tra được dấu thời gian gắn kèm chữ ký số. Đây không phải lỗi "
                          "của văn bản.",
            .vietnamese_to_do = "Không cần xử lý.",
            .english_to_do = "Nothing to do.",
        },
    [VT_REASON_FORMAT_UNSUPPORTED] =
        {
            FACTS(FORMAT_UNSUPPORTED, RECEIVER, "7.1", NOTE, NOTE),
            .english = "This file or signature format is not checked by the system.",
            .vietnamese =
                "Hệ thống chưa hỗ trợ kiểm tra định dạng tệp hoặc định dạng chữ ký số này.",
            .vietnamese_to_do = "Nếu được, gửi bản PDF đã ký số.",
            .english_to_do = "If possible, send a signed PDF.",
        },
    [VT_REASON_TOO_LARGE] =
        {
            FACTS(TOO_LARGE, RECEIVER, "7.1", TAG, TAG),
            .english = "The file is larger than what is checked automatically; its signatures were "
                       "not checked.",
            .vietnamese = "Tệp vượt quá giới hạn kiểm tra tự động; chữ ký số chưa được kiểm tra.",
            .vietnamese_to_do = "Nơi nhận tự kiểm tra trước khi xử lý.",
            .english_to_do = "The receiving office checks it before use.",
        },
    [VT_REASON_NOT_CHECKED] =
        {
            FACTS(NOT_CHECKED, RECEIVER, "7.5", TAG, TAG),
            .english = "The signatures could not be checked because of a fault at the receiving "
                       "side. This is no fault of the document.",
            .vietnamese = "Hệ thống chưa kiểm tra được chữ ký số do sự cố kỹ thuật tại nơi tiếp "
                          "nhận. Đây không phải lỗi của văn bản.",
            .vietnamese_to_do = "Nơi nhận tự kiểm tra trước khi xử lý.",
            .english_to_do = "The receiving office checks before use.",
        },
};

const struct vt_reason_info *vt_reason_info(enum vt_reason reason)
{
    return &reasons[reason];
}

enum vt_code vt_reason_by_code(const char *code, enum vt_reason *out)
{
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if (strcmp(reasons[i].code, code) == 0) {
            *out = (enum vt_reason)i;
            return VT_OK;
        }
    }
    return VT_E_NOT_FOUND;
}

const char *vt_reason_suggest(const char *code)
{
    enum { FARTHEST = 3 };
    const char *nearest = NULL;
    unsigned best = FARTHEST + 1;
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        unsigned distance = vt_text_distance(code, reasons[i].code, FARTHEST);
        if (distance < best) {
            best = distance;
            nearest = reasons[i].code;
        }
    }
    return nearest;
}

vt_reasons vt_reasons_found(void)
{
    vt_reasons found = 0;
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if (!reasons[i].is_reserved)
            found |= VT_REASON_BIT(i);
    }
    return found;
}

enum vt_reason vt_reasons_first(vt_reasons set)
{
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if ((set & VT_REASON_BIT(i)) != 0)
            return (enum vt_reason)i;
    }
    return VT_REASON_COUNT;
}
