/* SPDX-License-Identifier: Apache-2.0
 * An explanation for a person, in Vietnamese or English: the mail, what was decided and by which
 * rule, the signatures, then every rule with what its tests saw, what is worth knowing, what can be
 * done. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/explain_sheet.h"
#include "command/register.h"

/* Files and other rules that are shown without --all. */
#define SHOWN_FILES 5
#define LABEL_COLUMNS 9
#define VIETNAM_SECS (7 * 3600)
#define DAY_SECS (24 * 3600)

/* ---- times and names ---- */

static int64_t day_of(int64_t utc_secs)
{
    int64_t local = utc_secs + VIETNAM_SECS;
    return local / DAY_SECS - (local % DAY_SECS < 0);
}

/* "16:31 hôm qua", "10:02 03/12/2026": by the clock of Vietnam. */
static const char *near_time(const struct vt_sheet *s, char out[64], int64_t utc_secs)
{
    char whole[40];
    int64_t ago = day_of(s->x->now_utc_secs) - day_of(utc_secs);
    vt_print_minute(s->x->language, whole, utc_secs);
    if (utc_secs == VT_TIME_NONE || ago < 0 || ago > 1)
        (void)snprintf(out, 64, "%s", whole);
    else if (vt_sheet_is_vietnamese(s))
        (void)snprintf(out, 64, "%.5s %s", whole, ago == 0 ? "hôm nay" : "hôm qua");
    else
        (void)snprintf(out, 64, "%s %s", whole + strlen("2026-12-03 "),
                       ago == 0 ? "today" : "yesterday");
    return out;
}

static const char *first_of(const char *a, const char *b)
{
    return a != NULL && *a != '\0' ? a : b != NULL && *b != '\0' ? b : "-";
}

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
    vt_sheet_text(s, "%s  ", near_time(s, at, s->x->time_utc_secs));
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
                      near_time(s, at, loaded->loaded_utc_secs));
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

/* ---- signatures ---- */

static void print_integrity(struct vt_sheet *s, const struct vt_signature *signature)
{
    bool is_intact = signature->integrity == VT_INTEGRITY_INTACT;
    bool is_broken = signature->integrity == VT_INTEGRITY_BROKEN;
    vt_sheet_text(s, is_intact ? vt_sheet_word(s, "toàn vẹn: CÒN NGUYÊN", "integrity: INTACT")
                     : is_broken
                         ? vt_sheet_word(s, "toàn vẹn: ĐÃ BỊ THAY ĐỔI", "integrity: BROKEN")
                         : vt_sheet_word(s, "toàn vẹn: chưa xác định", "integrity: undetermined"));
}

static void print_signing_time(struct vt_sheet *s, const struct vt_signature *signature)
{
    static const char *const sources[][2] = {
        [VT_TIME_SOURCE_NONE] = {"", ""},
        [VT_TIME_SOURCE_TIMESTAMP] = {"nguồn: dấu thời gian", "by a time stamp"},
        [VT_TIME_SOURCE_FIRST_SEEN] = {"nguồn: lần nhận đầu tiên", "by the first time it was seen"},
        [VT_TIME_SOURCE_CLAIMED] = {"nguồn: do người ký khai, không có dấu thời gian",
                                    "claimed by the signer, without a time stamp"},
    };
    char at[40];
    bool is_known = signature->signing_time_source != VT_TIME_SOURCE_NONE;
    vt_sheet_fact(s, "ký lúc", "signed");
    vt_sheet_text(s, "%s  %s",
                  is_known ? vt_print_minute(s->x->language, at, signature->signing_time_utc_secs)
                           : vt_sheet_word(s, "chưa xác định", "not known"),
                  sources[signature->signing_time_source][s->x->language]);
    vt_sheet_end(s);
}

/* The last part of an address, or "embedded". */
static void print_source(struct vt_sheet *s, const struct vt_status_facts *status)
{
    char at[64];
    const char *origin = first_of(status->origin, NULL);
    vt_sheet_text(s, "(%s %s", strcmp(first_of(status->source, NULL), "ocsp") == 0 ? "OCSP" : "CRL",
                  vt_command_base_name(origin));
    if (status->this_update_utc_secs != VT_TIME_NONE)
        vt_sheet_text(s, vt_sheet_word(s, ", phát hành %s", ", of %s"),
                      near_time(s, at, status->this_update_utc_secs));
    vt_sheet_text(s, ")");
}

static void print_revocation(struct vt_sheet *s, const struct vt_signature *signature)
{
    char at[40];
    for (size_t i = 0; i < signature->statuses_count; i++) {
        const struct vt_status_facts *status = &signature->statuses[i];
        if (status->value != VT_STATUS_REVOKED && status->value != VT_STATUS_SUSPENDED)
            continue;
        vt_sheet_fact(s, "thu hồi lúc", "revoked");
        vt_sheet_text(s, "%s  ",
                      status->revoked_at_utc_secs == VT_TIME_NONE
                          ? vt_sheet_word(s, "chưa rõ", "not known")
                          : vt_print_minute(s->x->language, at, status->revoked_at_utc_secs));
        print_source(s, status);
        vt_sheet_end(s);
    }
}

static void print_codes(struct vt_sheet *s, vt_reasons reasons)
{
    bool is_first = true;
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if ((reasons & VT_REASON_BIT(i)) == 0)
            continue;
        vt_sheet_text(s, "%s%s", is_first ? "" : ", ", vt_reason_info((enum vt_reason)i)->code);
        is_first = false;
    }
}

static void print_conclusion(struct vt_sheet *s, const struct vt_signature *signature,
                             vt_reasons reasons)
{
    const char *sub = vt_sub_indication_name(signature->sub_indication);
    vt_sheet_fact(s, "kết luận", "conclusion");
    vt_sheet_text(s, "%s%s%s%s", vt_indication_name(signature->indication),
                  sub != NULL ? " / " : "", sub != NULL ? sub : "", reasons != 0 ? " → " : "");
    print_codes(s, reasons);
    vt_sheet_end(s);
}

/* Whose key it is, by the table of agencies. */
static void print_kind(struct vt_sheet *s, const struct vt_site_signature *its)
{
    if (its == NULL || its->kind == VT_KIND_UNKNOWN)
        return;
    vt_sheet_fact(s, "chủ thể", "whose");
    vt_sheet_text(s, "%s, %s", vt_kind_name(its->kind), first_of(its->agency, NULL));
    vt_sheet_end(s);
}

static void print_signature(struct vt_sheet *s, const struct vt_signature *signature,
                            const struct vt_site_signature *its, size_t i, size_t count)
{
    const struct vt_certificate_facts *signer = &signature->signer;
    vt_sheet_begin(s, 2, 13);
    vt_sheet_text(s, "%s %zu/%zu  %s   ", vt_sheet_word(s, "chữ ký", "signature"), i + 1, count,
                  first_of(signer->common_name, signer->subject));
    print_integrity(s, signature);
    vt_sheet_end(s);
    print_signing_time(s, signature);
    print_revocation(s, signature);
    print_kind(s, its);
    print_conclusion(s, signature, signature->reasons | (its == NULL ? 0 : its->reasons));
}

/* ---- files ---- */

static const struct vt_site_document *site_document(const struct vt_explained *x, size_t index)
{
    const struct vt_site_facts *site = x->decision->site;
    return site != NULL && index < site->documents_count ? &site->documents[index] : NULL;
}

static vt_reasons own_reasons(const struct vt_explained *x, size_t index)
{
    const struct vt_document *document = &x->evidence->documents[index];
    const struct vt_site_document *its = site_document(x, index);
    return its == NULL ? document->reasons : (document->reasons & ~its->excused) | its->reasons;
}

static bool has_findings(const struct vt_explained *x, size_t index)
{
    const struct vt_document *document = &x->evidence->documents[index];
    const struct vt_site_document *its = site_document(x, index);
    vt_reasons all = own_reasons(x, index);
    for (size_t i = 0; i < document->signatures_count; i++)
        all |= document->signatures[i].reasons |
               (its != NULL && i < its->signatures_count ? its->signatures[i].reasons : 0);
    return all != 0;
}

static void print_document(struct vt_sheet *s, size_t index)
{
    const struct vt_document *document = &s->x->evidence->documents[index];
    const struct vt_site_document *its = site_document(s->x, index);
    vt_reasons reasons = own_reasons(s->x, index);
    vt_sheet_begin(s, 0, LABEL_COLUMNS);
    vt_sheet_text(s, "%s %zu/%zu  %s", vt_sheet_word(s, "Tệp", "File"), index + 1,
                  s->x->evidence->documents_count, vt_sheet_document(s, index));
    if (document->signatures_count == 0)
        vt_sheet_text(s, "   %s", vt_sheet_word(s, "không có chữ ký số", "no signature"));
    vt_sheet_end(s);
    if (reasons != 0) {
        vt_sheet_fact(s, "nhận xét", "findings");
        print_codes(s, reasons);
        vt_sheet_end(s);
    }
    for (size_t i = 0; i < document->signatures_count; i++)
        print_signature(s, &document->signatures[i],
                        its != NULL && i < its->signatures_count ? &its->signatures[i] : NULL, i,
                        document->signatures_count);
}

/* That which decided, and those with findings; the others as a number. */
static void print_documents(struct vt_sheet *s)
{
    const struct vt_explained *x = s->x;
    size_t count = x->evidence->documents_count, left = 0;
    bool all = x->options->all || count <= SHOWN_FILES;
    for (size_t i = 0; i < count; i++) {
        if (all || i == x->decision->document || has_findings(x, i))
            print_document(s, i);
        else
            left++;
    }
    if (left > 0)
        vt_sheet_line(s, 0,
                      vt_sheet_word(s, "và %zu tệp khác, không có nhận xét (--all)",
                                    "and %zu other files without findings (--all)"),
                      left);
    if (x->evidence->reasons != 0) {
        vt_sheet_begin(s, 0, LABEL_COLUMNS);
        vt_sheet_text(s, "%s  ", vt_sheet_word(s, "Cả thư", "The mail"));
        print_codes(s, x->evidence->reasons);
        vt_sheet_end(s);
    }
}

/* ---- what is worth knowing ---- */

static void print_changes(struct vt_sheet *s)
{
    const struct vt_explained *x = s->x;
    char at[64];
    near_time(s, at, x->loaded.loaded_utc_secs);
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
            item->line_after, at, first_of(item->key, NULL), first_of(item->before, NULL),
            first_of(item->after, NULL));
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
                    first_of(x->then->decision->policy_version, NULL), vt_policy_version(x->policy),
                    vt_command_base_name(x->policy_file),
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
            first_of(x->overruled->by, NULL), near_time(s, at, x->overruled_utc_secs),
            first_of(x->overruled->reason_text, NULL));
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
    print_documents(s);
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
