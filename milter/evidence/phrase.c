/* SPDX-License-Identifier: Apache-2.0
 * What stands in findings for people, in both languages: what a signature covers and how changes
 * after it are to be taken, kinds of time stamp, whose key it is, what the valid signatures of a
 * document are together (Decree 30/2020/NĐ-CP, Article 15), and what it and they may be, which
 * nothing proves. */
#include <string.h>

#include "vanthu/site.h"

static const struct vt_phrase not_known = {"chưa xác định", "not known"};

const struct vt_phrase *vt_changes_phrase(enum vt_changes effect)
{
    static const struct vt_phrase effects[] = {
        [VT_CHANGES_UNDETERMINED] = {"chưa rõ ảnh hưởng", "effect not known"},
        [VT_CHANGES_NONE] = {"không có", "none"},
        [VT_CHANGES_PERMITTED] = {"được phép", "permitted"},
        [VT_CHANGES_FORBIDDEN] = {"không được phép", "not permitted"},
        [VT_CHANGES_ADDED] = {"chưa được ký số", "nobody signed it"},
    };
    return &effects[effect <= VT_CHANGES_ADDED ? effect : VT_CHANGES_UNDETERMINED];
}

const struct vt_phrase *vt_covers_phrase(enum vt_covers covers)
{
    static const struct vt_phrase parts[] = {
        [VT_COVERS_PART] = {"chỉ một phần của tệp", "only a part of the file"},
        [VT_COVERS_REVISION] = {"nội dung của tệp đến hết phiên bản",
                                "the file up to the end of revision"},
        [VT_COVERS_WHOLE] = {"toàn bộ tệp", "the whole file"},
    };
    return &parts[covers <= VT_COVERS_WHOLE ? covers : VT_COVERS_PART];
}

const struct vt_phrase *vt_stamp_phrase(const char *kind)
{
    static const struct {
        const char *kind;
        struct vt_phrase phrase;
    } kinds[] = {
        {"signature", {"trên chữ ký số", "over the signature"}},
        {"content", {"trên nội dung", "over the content"}},
        {"signature-and-references",
         {"trên chữ ký số và tham chiếu", "over the signature and references"}},
        {"references",
         {"trên tham chiếu, không gồm chữ ký số", "over references, not the signature"}},
        {"archive", {"lưu trữ", "for the archive"}},
        {"document", {"trên tệp", "over the file"}},
    };
    for (size_t i = 0; kind != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].kind, kind) == 0)
            return &kinds[i].phrase;
    }
    return &not_known;
}

const struct vt_phrase *vt_kind_phrase(enum vt_kind kind)
{
    static const struct vt_phrase kinds[VT_KINDS] = {
        [VT_KIND_PERSON] = {"cá nhân", "a person"},
        [VT_KIND_AGENCY] = {"cơ quan, tổ chức", "an agency"},
        [VT_KIND_DEVICE] = {"thiết bị, dịch vụ, phần mềm", "a device, service or software"},
    };
    return kind < VT_KINDS && kind != VT_KIND_UNKNOWN ? &kinds[kind] : &not_known;
}

const struct vt_phrase *vt_effect_phrase(enum vt_effect effect)
{
    static const struct vt_phrase effects[VT_EFFECTS] = {
        [VT_EFFECT_NONE] = {"chưa có", "nobody"},
        [VT_EFFECT_SIGNATURE] = {"cá nhân", "a person"},
        [VT_EFFECT_SEAL] = {"cơ quan, tổ chức", "an agency"},
        [VT_EFFECT_SIGNATURE_AND_SEAL] = {"cá nhân và cơ quan, tổ chức", "a person and an agency"},
    };
    return effect < VT_EFFECTS && effect != VT_EFFECT_UNKNOWN ? &effects[effect] : &not_known;
}

size_t vt_hint_phrases(const struct vt_document_hints *hints,
                       const struct vt_phrase *out[VT_MAX_HINT_PHRASES])
{
    static const struct vt_phrase scan = {"bản quét (trang đầu là hình ảnh)",
                                          "a scan: its first page is a picture"},
                                  electronic = {"văn bản tạo lập dạng điện tử",
                                                "a document made by a program"},
                                  copy = {"bản sao điện tử", "an electronic copy"},
                                  annex = {"phụ lục, tài liệu kèm theo (tệp riêng)",
                                           "an annex in a file of its own"},
                                  picture = {"văn bản chỉ có hình ảnh con dấu, trang",
                                             "a document with the picture of a seal only, page"};
    size_t count = 0;
    if (hints->made != VT_MADE_UNKNOWN)
        out[count++] = hints->made == VT_MADE_SCAN ? &scan : &electronic;
    if (hints->copy != VT_COPY_NONE)
        out[count++] = &copy;
    if (hints->is_annex)
        out[count++] = &annex;
    if (hints->seal_page > 0)
        out[count++] = &picture;
    return count;
}

const struct vt_phrase *vt_use_phrase(enum vt_use use)
{
    static const struct vt_phrase uses[VT_USES] = {
        [VT_USE_NUMBER_DATE] = {"số, ngày, tháng, năm của văn bản",
                                "number or date of the document"},
        [VT_USE_COPY] = {"chữ ký số của cơ quan, tổ chức sao văn bản",
                         "of the agency that copied it"},
        [VT_USE_ANNEX] = {"chữ ký số trên phụ lục, tài liệu kèm theo", "of an annex"},
        [VT_USE_INCOMING] = {"dấu đến của nơi nhận", "the incoming stamp of a recipient"},
    };
    return use < VT_USES && use != VT_USE_UNKNOWN ? &uses[use] : NULL;
}
