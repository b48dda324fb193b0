/* SPDX-License-Identifier: Apache-2.0
 * An explanation for a person, in Vietnamese or English: the mail, what was decided and by which
 * rule, the signatures, then every rule with what its tests saw, what is worth knowing, what can be
 * done. */
#include <stdlib.h>
#include <string.h>

#include "command/explain_sheet.h"
#include "command/owed.h"
#include "command/register.h"

/* ---- mail and result ---- */

static void print_mail(struct vt_sheet *s)
{
    const struct vt_mail *mail = &s->x->evidence->mail;
    bool is_empty = mail->sender == NULL || mail->sender[0] == '\0';
    bool is_known = mail->recipients_count > 0 || !is_empty || s->x->then != NULL;
    char at[64];
    if (!is_known) {
        vt_sheet_label(s, "Tệp", "File");
        vt_sheet_text(s, "%s  ", s->x->file);
    } else {
        vt_sheet_label(s, "Thư", "Mail");
        vt_sheet_text(s, vt_sheet_word(s, "từ %s  ", "from %s  "), is_empty ? "<>" : mail->sender);
    }
    if (mail->subject != NULL)
        vt_sheet_text(s, "\"%s\"  ", mail->subject);
    vt_sheet_text(s, "%s  ", vt_sheet_near_time(s, at, s->x->time_utc_secs));
    if (mail->recipients_count > 0)
        vt_sheet_text(s, vt_sheet_word(s, "đến %zu hộp thư", "to %zu mailbox%s"),
                      mail->recipients_count, mail->recipients_count == 1 ? "" : "es");
    vt_sheet_end(s);
}

static void print_answer(struct vt_sheet *s)
{
    const struct vt_decision *now = s->x->decision;
    if (s->x->then != NULL) {
        const struct vt_register_answer *answer = &s->x->then->answer;
        vt_sheet_text(s, "%s", vt_register_text_result(s->x->language, s->x->then));
        if (answer->code != NULL && answer->code[0] != '\0')
            vt_sheet_text(s, " %s %s", answer->code,
                          answer->enhanced != NULL ? answer->enhanced : "");
        vt_sheet_text(s, "  ");
        return;
    }
    vt_sheet_text(s, "%s", vt_command_action(s->x->language, now->action));
    if (now->code != NULL && now->enhanced != NULL)
        vt_sheet_text(s, " %s %s", now->code, now->enhanced);
    else if (now->code != NULL && now->reason < VT_REASON_COUNT)
        vt_sheet_text(s, " %s %c.%s", now->code, now->code[0],
                      vt_reason_info(now->reason)->enhanced);
    vt_sheet_text(s, "  ");
}

/* "(policy.yaml:41, bản a91f22c0, nạp 16:31 hôm qua bởi root)" */
static void print_place(struct vt_sheet *s, const struct vt_decision *decision)
{
    const struct vt_register_policy *loaded = &s->x->loaded;
    char at[64];
    vt_sheet_text(s, "(%s", vt_command_base_name(s->x->policy_file));
    if (decision->rule_line > 0)
        vt_sheet_text(s, ":%u", decision->rule_line);
    vt_sheet_text(s, vt_sheet_word(s, ", bản %s", ", version %s"),
                  decision->policy_version != NULL ? decision->policy_version : "-");
    if (loaded->loaded_utc_secs != VT_TIME_NONE)
        vt_sheet_text(s, vt_sheet_word(s, ", nạp %s", ", loaded %s"),
                      vt_sheet_near_time(s, at, loaded->loaded_utc_secs));
    if (loaded->loaded_utc_secs != VT_TIME_NONE && loaded->by != NULL)
        vt_sheet_text(s, vt_sheet_word(s, " bởi %s", " by %s"), loaded->by);
    vt_sheet_text(s, ")");
}

/* The day of a revocation that the reason is about; NULL: none. */
static const char *revoked_on(const struct vt_explained *x, const struct vt_decision *decision,
                              char day[16])
{
    if (decision->document >= x->evidence->documents_count)
        return NULL;
    const struct vt_document *document = &x->evidence->documents[decision->document];
    for (size_t i = 0; i < document->signatures_count; i++) {
        if ((document->signatures[i].reasons & VT_REASON_BIT(decision->reason)) != 0)
            return vt_signature_revoked_on(&document->signatures[i], day);
    }
    return NULL;
}

static const char *file_name(const struct vt_explained *x, const struct vt_decision *decision)
{
    return decision->document < x->evidence->documents_count
               ? x->evidence->documents[decision->document].name
               : NULL;
}

static void print_result(struct vt_sheet *s)
{
    const struct vt_decision *decision = s->x->then != NULL ? s->x->then->decision : s->x->decision;
    char reason[VT_REASON_TEXT_BYTES], day[16];
    vt_sheet_label(s, "Kết quả", "Result");
    print_answer(s);
    if (decision->rule == NULL)
        vt_sheet_text(s, vt_sheet_word(s, "không có quy tắc nào khớp ", "no rule matches "));
    else
        vt_sheet_text(s, vt_sheet_word(s, "quy tắc \"%s\" ", "rule \"%s\" "), decision->rule);
    print_place(s, decision);
    vt_sheet_end(s);
    if (decision->reason >= VT_REASON_COUNT)
        return;
    const struct vt_reason_info *info = vt_reason_info(decision->reason);
    const struct vt_reason_fields fields = {.date = revoked_on(s->x, decision, day),
                                            .file = file_name(s->x, decision)};
    vt_sheet_label(s, "Lý do", "Reason");
    vt_sheet_text(s, "%s: %s", info->code,
                  vt_reason_fill(reason, sizeof(reason),
                                 vt_sheet_is_vietnamese(s) ? info->vietnamese : info->english,
                                 &fields));
    vt_sheet_end(s);
}

/* Who is told; of what passes without a mark only when somebody is. */
static void print_notices(struct vt_sheet *s)
{
    const struct vt_explained *x = s->x;
    const struct vt_decision *decision = x->then != NULL ? x->then->decision : x->decision;
    const char *why = vt_owed_why_not_by_name(x->language, x->no_notice);
    bool is_marked = decision->action >= VT_ACTION_TAG;
    if (x->notices_count == 0 && (why == NULL || !is_marked))
        return;
    vt_sheet_label(s, "Báo", "Notice");
    for (size_t i = 0; i < x->notices_count; i++)
        vt_sheet_text(s, "%s → %s  ", vt_owed_kind(x->language, x->notices[i].kind),
                      x->notices[i].recipient);
    if (why != NULL && is_marked)
        vt_sheet_text(s, vt_sheet_word(s, "người gửi không được báo: %s", "none to the sender: %s"),
                      why);
    vt_sheet_end(s);
}

/* ---- what is worth knowing ---- */

static void print_changes(struct vt_sheet *s)
{
    const struct vt_explained *x = s->x;
    char at[64];
    vt_sheet_near_time(s, at, x->loaded.loaded_utc_secs);
    for (size_t i = 0; i < x->changes_count; i++) {
        const struct vt_difference *item = &x->changes[i];
        if (item->kind == VT_DIFFERENCE_ADDED && item->key == NULL) {
            vt_sheet_remark(s,
                            vt_sheet_word(s, "dòng %u: quy tắc này mới được thêm %s",
                                          "line %u: this rule was added %s"),
                            item->line_after, at);
            continue;
        }
        vt_sheet_remark(
            s,
            vt_sheet_word(s, "dòng %u đã sửa %s: %s %s → %s", "line %u was changed %s: %s %s → %s"),
            item->line_after, at, vt_sheet_first_of(item->key, NULL),
            vt_sheet_first_of(item->before, NULL), vt_sheet_first_of(item->after, NULL));
    }
}

static void print_alike(struct vt_sheet *s)
{
    const struct vt_explained *x = s->x;
    if (x->then == NULL || x->alike_count < 2)
        return;
    vt_sheet_remark(s,
                    vt_sheet_word(s, "%d ngày qua có %s%zu thư cùng loại, %zu cơ quan, đơn vị gửi",
                                  "in the last %d days there were %s%zu mails like this, from %zu "
                                  "senders"),
                    VT_EXPLAIN_DAYS, x->is_alike_more ? vt_sheet_word(s, "hơn ", "more than ") : "",
                    x->alike_count, x->alike_senders_count);
}

/* With which policy it is explained, when that is not the one that decided. */
static void print_version(struct vt_sheet *s)
{
    const struct vt_explained *x = s->x;
    if (x->then == NULL || x->is_as_then)
        return;
    vt_sheet_remark(s,
                    vt_sheet_word(s,
                                  "sổ đăng ký không có chính sách bản %s đã quyết định thư "
                                  "này; giải thích theo bản %s (%s), theo đó kết quả là: %s",
                                  "the policy of version %s that decided is not the one that "
                                  "explains: this is version %s (%s), by which it is: %s"),
                    vt_sheet_first_of(x->then->decision->policy_version, NULL),
                    vt_policy_version(x->policy), vt_command_base_name(x->policy_file),
                    vt_command_action(x->language, x->decision->action));
}

static void print_mode(struct vt_sheet *s)
{
    const struct vt_explained *x = s->x;
    const struct vt_decision *decision = x->then != NULL ? x->then->decision : x->decision;
    bool is_lower = x->then != NULL && x->then->mode != VT_MODE_ENFORCE;
    if (!is_lower && decision->would_be == decision->action)
        return;
    vt_sheet_remark(s,
                    vt_sheet_word(s, "chế độ %s; nếu mọi quy tắc và hệ thống ở chế độ enforce: %s",
                                  "mode %s; with every rule and the site in enforce: %s"),
                    vt_mode_name(is_lower ? x->then->mode : decision->mode),
                    vt_command_action(x->language, decision->would_be));
}

static void print_overruled(struct vt_sheet *s)
{
    const struct vt_explained *x = s->x;
    const char *rule = x->then != NULL ? x->then->decision->rule : NULL;
    char at[64];
    if (rule != NULL && strncmp(rule, VT_EXCEPTION_RULE, strlen(VT_EXCEPTION_RULE)) == 0)
        vt_sheet_remark(s,
                        vt_sheet_word(s,
                                      "được nhận nhờ ngoại lệ của thư %s (vanthu policy "
                                      "exceptions); dưới đây là kết quả nếu không có ngoại lệ",
                                      "it passed by the exception of %s (vanthu policy "
                                      "exceptions); the rules are shown without it"),
                        rule + strlen(VT_EXCEPTION_RULE));
    if (x->overruled != NULL)
        vt_sheet_remark(
            s, vt_sheet_word(s, "kết quả đã được %s hủy lúc %s: %s", "%s overruled it %s: %s"),
            vt_sheet_first_of(x->overruled->by, NULL),
            vt_sheet_near_time(s, at, x->overruled_utc_secs),
            vt_sheet_first_of(x->overruled->reason_text, NULL));
}

/* ---- what can be done ---- */

static void print_possible(struct vt_sheet *s)
{
    const struct vt_explained *x = s->x;
    if (x->then == NULL || x->then->decision->action < VT_ACTION_TAG || x->overruled != NULL)
        return;
    vt_sheet_label(s, "Có thể:", "You may:");
    vt_sheet_text(s, "vanthu undo %s --reason \"…\"", x->reference);
    if (x->then->decision->document < x->evidence->documents_count &&
        x->evidence->documents[x->then->decision->document].signatures_count > 0)
        vt_sheet_text(s, " [--all-like-this]");
    if (x->changes_count > 0)
        vt_sheet_text(s, "     vanthu reload --previous");
    vt_sheet_end(s);
}

/* ---- all ---- */

static void print_secret(struct vt_sheet *s)
{
    vt_sheet_label(s, "Thư", "Mail");
    if (s->x->file == NULL)
        vt_sheet_text(s, "%s  ", s->x->reference);
    vt_sheet_text(s, "%s",
                  vt_sheet_word(s, "có dấu chỉ độ mật: không có thông tin nào khác",
                                "marked secret: nothing else is told"));
    vt_sheet_end(s);
    if (s->x->decision != NULL)
        print_result(s);
}

static void print_all(struct vt_sheet *s)
{
    if (s->x->is_secret) {
        print_secret(s);
        return;
    }
    print_mail(s);
    print_result(s);
    vt_sheet_seal(s);
    print_notices(s);
    vt_sheet_files(s);
    vt_sheet_rules(s);
    print_version(s);
    print_overruled(s);
    print_mode(s);
    print_changes(s);
    print_alike(s);
    print_possible(s);
}

enum vt_code vt_explain_print(const struct vt_explained *explained, struct vt_err *err)
{
    char *text = NULL;
    size_t len = 0;
    struct vt_sheet sheet = {.x = explained, .out = open_memstream(&text, &len)};
    if (sheet.out == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the explanation");
    print_all(&sheet);
    enum vt_code code = fclose(sheet.out) == 0
                            ? VT_OK
                            : vt_err_set(err, VT_E_NOMEM, "no memory for the explanation");
    if (code == VT_OK && !vt_register_put_clean(stdout, text, len))
        code = vt_err_sys(err, "the explanation cannot be written");
    free(text);
    return code;
}
