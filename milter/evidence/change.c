/* SPDX-License-Identifier: Apache-2.0
 * What came into a document after it was signed, in words for who did not see the document: one
 * sentence of each kind, in the terms of Decree 30/2020/NĐ-CP, which a page number may follow; and
 * whose signature it is, or who signed it afterwards. */
#include <string.h>

#include "vanthu/evidence.h"

static const struct vt_phrase infos[VT_CHANGE_KINDS] = {
    [VT_CHANGE_OTHER] = {"Có thay đổi khác", "Something else was changed"},
    [VT_CHANGE_SIGNATURE_ADDED] = {"Thêm chữ ký số", "A signature was added"},
    [VT_CHANGE_VALIDATION_DATA] = {"Thêm dữ liệu phục vụ kiểm tra chữ ký số",
                                   "Data for checking the signatures was added"},
    [VT_CHANGE_PAGE_REPLACED] = {"Nội dung của trang đã bị thay",
                                 "The content of the page was replaced"},
    [VT_CHANGE_PAGE_REWRITTEN] = {"Nội dung của trang đã được ghi lại",
                                  "The content of the page was written again"},
    [VT_CHANGE_PAGE_HIDDEN] = {"Hình hiển thị thêm sau khi ký che phần lớn trang",
                               "What was added after signing hides a large part of the page"},
    [VT_CHANGE_PAGE_OTHER] = {"Thuộc tính của trang đã bị thay (khổ giấy, hướng giấy, tài nguyên)",
                              "Properties of the page were changed (size, rotation, resources)"},
    [VT_CHANGE_PAGES_REMOVED] = {"Có trang đã bị xóa", "Pages were removed"},
    [VT_CHANGE_PAGES_REORDERED] = {"Thứ tự hoặc số lượng trang đã bị thay đổi",
                                   "The order or number of pages was changed"},
    [VT_CHANGE_FONT] = {"Phông chữ dùng để hiển thị nội dung đã bị thay",
                        "A font that shows the content was changed"},
    [VT_CHANGE_IMAGE] = {"Hình ảnh trong văn bản đã bị thay", "An image was changed"},
    [VT_CHANGE_OBJECT] = {"Thành phần của văn bản đã bị thay",
                          "Something that the document uses was changed"},
    [VT_CHANGE_ANNOTATION_ADDED] = {"Thêm chú thích hoặc hình vẽ", "An annotation was added"},
    [VT_CHANGE_ANNOTATION_REMOVED] = {"Chú thích hoặc hình hiển thị trên trang đã bị xóa hoặc thay",
                                      "Annotations of the page were removed or replaced"},
    [VT_CHANGE_FIELD_ADDED] = {"Thêm trường biểu mẫu", "A form field was added"},
    [VT_CHANGE_FIELD_UNSIGNED] = {"Trường chữ ký có nội dung nhưng chưa được ký số",
                                  "A signature field holds something that nobody signed"},
    [VT_CHANGE_FIELD_LOCKED] =
        {"Điền hoặc ký vào trường mà chữ ký số trước đã khóa",
         "A field was filled in or signed that an earlier signature had locked"},
    [VT_CHANGE_FORM] = {"Biểu mẫu hoặc nội dung điền vào biểu mẫu đã bị thay",
                        "The form, or what was filled into it, was changed"},
    [VT_CHANGE_NOT_ALLOWED] = {"Có bổ sung, trong khi chữ ký số trước không cho phép bổ sung",
                               "Something was added that an earlier signature does not allow"},
    [VT_CHANGE_CERTIFIED_AGAIN] = {"Chữ ký số sau đặt lại quy định về các thay đổi được phép",
                                   "A later signature sets anew what may be changed"},
    [VT_CHANGE_METADATA] = {"Thông tin mô tả tệp đã bị thay", "The metadata was changed"},
    [VT_CHANGE_STRUCTURE] = {"Cấu trúc đọc của văn bản đã bị thay",
                             "The structure of the document was changed"},
    [VT_CHANGE_CATALOG] = {"Cách mở hoặc hiển thị tệp đã bị thay",
                           "How the document opens or is shown was changed"},
    [VT_CHANGE_NOT_FOLLOWED] = {"Chưa đọc được phần được ghi thêm vào tệp",
                                "What was written behind the document cannot be followed"},
    [VT_CHANGE_FORM_FILLED] = {"Điền thêm nội dung vào biểu mẫu", "A form field was filled in"},
    [VT_CHANGE_FILE_ADDED] = {"Thêm tệp đính kèm bên trong văn bản",
                              "A file was attached inside the document"},
    [VT_CHANGE_ACTION] =
        {"Thêm hoặc thay lệnh tự chạy khi mở, xem văn bản",
         "A script, or what is done when the document is opened, was added or changed"},
};

const struct vt_phrase *vt_change_phrase(enum vt_change_kind kind)
{
    return &infos[kind < VT_CHANGE_KINDS ? kind : VT_CHANGE_OTHER];
}

const struct vt_signature *vt_change_signature(const struct vt_document *document,
                                               const struct vt_document_change *change)
{
    for (size_t i = 0; i < document->signatures_count; i++) {
        const struct vt_signature *signature = &document->signatures[i];
        if (change->kind == VT_CHANGE_SIGNATURE_ADDED && change->what != NULL &&
            signature->field != NULL && strcmp(signature->field, change->what) == 0)
            return signature;
    }
    return NULL;
}

/* Data for checking belong to nobody: whoever can get them may add them. */
const struct vt_signature *vt_change_signed_by(const struct vt_document *document,
                                               const struct vt_document_change *change)
{
    if (change->effect != VT_CHANGES_PERMITTED || change->kind == VT_CHANGE_SIGNATURE_ADDED ||
        change->kind == VT_CHANGE_VALIDATION_DATA)
        return NULL;
    for (size_t i = 0; i < document->signatures_count; i++) {
        const struct vt_signature *signature = &document->signatures[i];
        if (signature->format != VT_SIGNATURE_DOCTIMESTAMP &&
            signature->revision >= change->revision && signature->indication == VT_TOTAL_PASSED)
            return signature;
    }
    return NULL;
}
