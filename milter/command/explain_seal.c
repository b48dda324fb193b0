/* SPDX-License-Identifier: Apache-2.0
 * What a rule wants sealed, with the documents that it chooses and what they show; what became of
 * it stands in the record: vanthu register show. */
#include <string.h>

#include "command/explain_sheet.h"

/* What was decided then says no more which documents: those are of the policy that explains. */
static const struct vt_seal_documents *documents_of(const struct vt_explained *x)
{
    return x->decision != NULL && x->decision->seal != VT_SEAL_NONE ? x->decision->seal_documents
                                                                    : NULL;
}

static bool choose(const struct vt_explained *x, struct vt_seal_choice **out, size_t *out_count)
{
    struct vt_err err = {0};
    const struct vt_seal_documents *asked = documents_of(x);
    *out_count = 0;
    return asked != NULL && x->evidence != NULL &&
           vt_seal_choose(x->arena, asked, x->evidence, out, out_count, &err) == VT_OK;
}

static void print_what(struct vt_sheet *s, const struct vt_decision *decision)
{
    static const char *const words[][2] = {
        [VT_SEAL_WHAT_MESSAGE] = {"cả thư", "the message"},
        [VT_SEAL_WHAT_DOCUMENTS] = {"các tệp PDF", "its documents"},
        [VT_SEAL_WHAT_BOTH] = {"các tệp PDF và cả thư", "its documents and the message"}};
    vt_sheet_text(s, "%s: %s",
                  decision->seal == VT_SEAL_REQUIRED ? vt_sheet_word(s, "bắt buộc", "required")
                                                     : vt_sheet_word(s, "nên có", "preferred"),
                  words[decision->seal_what][vt_sheet_is_vietnamese(s) ? 0 : 1]);
    if (decision->seal_key != NULL)
        vt_sheet_text(s, vt_sheet_word(s, ", khóa %s", ", key %s"), decision->seal_key);
    else
        vt_sheet_text(s, "%s",
                      vt_sheet_word(s, ", khóa duy nhất phù hợp", ", the only key that may"));
    if (decision->seal_is_opaque)
        vt_sheet_text(s, "%s", vt_sheet_word(s, ", dạng đóng gói", ", opaque"));
}

static void print_documents(struct vt_sheet *s)
{
    struct vt_seal_choice *choices = NULL;
    size_t count = 0;
    if (!choose(s->x, &choices, &count))
        return;
    if (count == 0)
        vt_sheet_line(s, 9, "%s",
                      vt_sheet_word(s, "không có tệp PDF nào được chọn", "no document is chosen"));
    for (size_t i = 0; i < count; i++) {
        vt_sheet_begin(s, 9, 11);
        vt_sheet_text(s, "%s: ", vt_sheet_document(s, choices[i].document));
        vt_sheet_text(s, vt_sheet_word(s, "hiển thị %s", "shows %s"),
                      choices[i].appearance != NULL ? choices[i].appearance
                      : vt_sheet_is_vietnamese(s)   ? "không gì"
                                                    : "nothing");
        vt_sheet_end(s);
    }
    unsigned at_most = documents_of(s->x)->at_most;
    if (count > at_most)
        vt_sheet_remark(s,
                        vt_sheet_word(s, "nhiều tệp PDF hơn quy tắc cho phép ký (%zu, tối đa %u)",
                                      "more documents than the rule has sealed (%zu, at most %u)"),
                        count, at_most);
}

void vt_sheet_seal(struct vt_sheet *s)
{
    const struct vt_decision *decision = s->x->then != NULL ? s->x->then->decision : s->x->decision;
    if (decision->seal == VT_SEAL_NONE || decision->seal_what > VT_SEAL_WHAT_BOTH)
        return;
    vt_sheet_label(s, "Ký số", "Seal");
    print_what(s, decision);
    vt_sheet_end(s);
    print_documents(s);
}

json_t *vt_explain_sealed_json(const struct vt_explained *x)
{
    struct vt_seal_choice *choices = NULL;
    size_t count = 0;
    if (!choose(x, &choices, &count))
        return json_null();
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(
            array, json_pack("{s:I, s:s?, s:s?}", "document", (json_int_t)choices[i].document,
                             "name", x->evidence->documents[choices[i].document].name, "appearance",
                             choices[i].appearance));
    return array;
}
