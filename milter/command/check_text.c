/* SPDX-License-Identifier: Apache-2.0
 * Evidence for a person: the seven facts of each signature in the order of legal.md R-39, then
 * what was concluded and why, in Vietnamese or English. */
#include <string.h>

#include "command/command.h"
#include "command/print.h"
#include "vanthu/site.h"

enum word {
    W_NO_DOCUMENTS,
    W_ONE_SIGNATURE,
    W_SIGNATURES,
    W_NO_SIGNATURES,
    W_SIGNATURE,
    W_ISSUER,
    W_SIGNER,
    W_UNIT,
    W_TIME,
    W_INTEGRITY,
    W_VALIDITY,
    W_PERIOD,
    W_TO,
    W_UNKNOWN,
    W_INTACT,
    W_BROKEN,
    W_UNDETERMINED,
    W_SOURCE_TIMESTAMP,
    W_SOURCE_FIRST_SEEN,
    W_SOURCE_CLAIMED,
    W_CHANGES,
    W_CHANGED,
    W_CHANGED_FORBIDDEN,
    W_CHANGED_UNCLEAR,
    W_CHANGED_ADDED,
    W_PERMITTED,
    W_SIGNED_BY,
    W_SIGNED_BY_END,
    W_COVERS,
    W_COVERS_WHOLE,
    W_COVERS_UNTIL,
    W_COVERS_PART,
    W_REVISION,
    W_PAGE,
    W_CHANGES_NONE,
    W_CHANGES_PERMITTED,
    W_CHANGES_FORBIDDEN,
    W_CHANGES_UNDETERMINED,
    W_CHANGES_ADDED,
    W_CONCLUSION,
    W_REASON,
    W_TO_DO,
    W_NOTE,
    W_VALID,
    W_INVALID,
    W_UNPROVEN,
    W_DECISION,
    W_RULE,
    W_NO_RULE,
    W_AS,
    W_FROM_CLASS,
    W_INBOUND,
    W_OUTBOUND,
    W_INTERNAL,
    W_STATE,
    W_OTHER,
    W_NOT_ASKED,
    W_ASK,
    W_ASK_LATER,
    W_PASSED,
    W_FAILED,
    W_INDETERMINATE,
    W_BEST_TIME,
    W_NOW,
    W_STAMP,
    W_KIND,
    W_EFFECT,
    W_SEEMS,
    W_SEEMS_FOR,
    W_COUNTS,
    W_COUNTS_NOT,
    WORDS
};

static const char *const words[WORDS][2] = {
    [W_NO_DOCUMENTS] = {"không có tệp nào để kiểm tra chữ ký số", "holds no file to check"},
    [W_ONE_SIGNATURE] = {"chữ ký số", "signature"},
    [W_SIGNATURES] = {"chữ ký số", "signatures"},
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
    [W_CHANGED_FORBIDDEN] = {"không được phép", "not permitted"},
    [W_CHANGED_UNCLEAR] = {"chưa rõ ảnh hưởng", "effect not known"},
    [W_CHANGED_ADDED] = {"chưa được ký số", "nobody signed it"},
    [W_PERMITTED] = {"Được phép", "Permitted"},
    [W_SIGNED_BY] = {"sau đó được", "signed afterwards by"},
    [W_SIGNED_BY_END] = {" ký số", ""},
    [W_COVERS] = {"Phạm vi ký số", "What it signs"},
    [W_COVERS_WHOLE] = {"toàn bộ tệp", "the whole file"},
    [W_COVERS_UNTIL] = {"nội dung của tệp đến hết", "the file up to the end of"},
    [W_COVERS_PART] = {"chỉ một phần của tệp", "only a part of the file"},
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

struct printer {
    FILE *out;
    enum vt_language language;
    const struct vt_check_text *text;
};

static const char *word(const struct printer *p, enum word w)
{
    return words[w][p->language];
}

static const char *phrase(const struct printer *p, const struct vt_phrase *of)
{
    return p->language == VT_LANGUAGE_VIETNAMESE ? of->vietnamese : of->english;
}

static void label(const struct printer *p, enum word w)
{
    const char *text = word(p, w);
    int pad = 24 - vt_print_columns(text);
    fprintf(p->out, "     %s%*s", text, pad > 1 ? pad : 1, "");
}

static void line(const struct printer *p, enum word w, const char *value)
{
    label(p, w);
    fprintf(p->out, "%s\n", value == NULL || *value == '\0' ? word(p, W_UNKNOWN) : value);
}

static void print_reason(const struct printer *p, enum vt_reason reason,
                         const struct vt_reason_fields *fields)
{
    const struct vt_reason_info *info = vt_reason_info(reason);
    bool vi = p->language == VT_LANGUAGE_VIETNAMESE;
    char text[VT_REASON_TEXT_BYTES];
    label(p, W_REASON);
    /* The milter asks and asks again; a command only where it may, and once. */
    bool is_status = reason == VT_REASON_STATUS_UNKNOWN, is_offline = p->text->offline;
    fprintf(
        p->out, "%s: %s\n", info->code,
        is_status && is_offline
            ? word(p, W_NOT_ASKED)
            : vt_reason_fill(text, sizeof(text), vi ? info->vietnamese : info->english, fields));
    line(p, W_TO_DO,
         is_status ? word(p, is_offline ? W_ASK : W_ASK_LATER)
                   : vt_reason_fill(text, sizeof(text),
                                    vi ? info->vietnamese_to_do : info->english_to_do, fields));
}

static void print_reasons(const struct printer *p, vt_reasons reasons,
                          const struct vt_reason_fields *fields)
{
    for (int i = 0; i < VT_REASON_COUNT; i++) {
        if ((reasons & VT_REASON_BIT(i)) != 0)
            print_reason(p, (enum vt_reason)i, fields);
    }
}

static const char *first_of(const char *a, const char *b)
{
    return a != NULL && *a != '\0' ? a : b;
}

static void print_findings(const struct printer *p, const char *const *findings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        line(p, W_NOTE, findings[i]);
}

/* The time in Vietnam: that of the clocks of nearly all who sign. out has room for 64 bytes. */
static const char *time_text(const struct printer *p, char out[64], int64_t utc_secs)
{
    char text[VT_TIME_TEXT_BYTES];
    if (p->language == VT_LANGUAGE_VIETNAMESE || utc_secs == VT_TIME_NONE)
        return vt_time_vietnam(out, utc_secs);
    vt_time_rfc3339(text, utc_secs + VT_VIETNAM_SECS);
    if (strcmp(text, "-") == 0)
        return vt_time_vietnam(out, utc_secs);
    (void)snprintf(out, 64, "%.10s %.5s +07:00", text, text + strlen("2026-08-14T"));
    return out;
}

static void print_signing_time(const struct printer *p, const struct vt_signature *signature)
{
    static const enum word sources[] = {
        [VT_TIME_SOURCE_NONE] = W_UNKNOWN,
        [VT_TIME_SOURCE_TIMESTAMP] = W_SOURCE_TIMESTAMP,
        [VT_TIME_SOURCE_FIRST_SEEN] = W_SOURCE_FIRST_SEEN,
        [VT_TIME_SOURCE_CLAIMED] = W_SOURCE_CLAIMED,
    };
    char text[64];
    if (signature->signing_time_source == VT_TIME_SOURCE_NONE) {
        line(p, W_TIME, NULL);
        return;
    }
    label(p, W_TIME);
    fprintf(p->out, "%s, %s\n", time_text(p, text, signature->signing_time_utc_secs),
            word(p, sources[signature->signing_time_source]));
}

/* By what the verdict was reached, which is not what was claimed. */
static void print_best_time(const struct printer *p, const struct vt_signature *signature)
{
    char text[64];
    enum word source =
        signature->signing_time_source == VT_TIME_SOURCE_TIMESTAMP    ? W_SOURCE_TIMESTAMP
        : signature->signing_time_source == VT_TIME_SOURCE_FIRST_SEEN ? W_SOURCE_FIRST_SEEN
                                                                      : W_NOW;
    if (signature->format == VT_SIGNATURE_DOCTIMESTAMP)
        return;
    label(p, W_BEST_TIME);
    fprintf(p->out, "%s, %s\n", time_text(p, text, signature->judged_at_utc_secs), word(p, source));
}

static void print_stamp(const struct printer *p, const struct vt_timestamp_facts *stamp)
{
    char text[64];
    const char *tsa = stamp->path_count > 0 ? stamp->path[0].common_name : NULL;
    bool counts = stamp->indication == VT_TOTAL_PASSED;
    tsa = first_of(tsa, stamp->tsa);
    label(p, W_STAMP);
    fprintf(p->out, "%s, %s, %s: %s\n", phrase(p, vt_stamp_phrase(stamp->kind)),
            time_text(p, text, stamp->time_utc_secs), tsa != NULL ? tsa : word(p, W_UNKNOWN),
            word(p, counts ? W_COUNTS : W_COUNTS_NOT));
    print_findings(p, stamp->findings, stamp->findings_count);
}

static void print_period(const struct printer *p, const struct vt_certificate_facts *signer)
{
    char from[64], until[64];
    if (signer->sha256[0] == '\0') {
        line(p, W_PERIOD, NULL);
        return;
    }
    label(p, W_PERIOD);
    fprintf(p->out, "%s %s %s\n", time_text(p, from, signer->not_before_utc_secs), word(p, W_TO),
            time_text(p, until, signer->not_after_utc_secs));
}

static enum word integrity_word(enum vt_integrity integrity)
{
    return integrity == VT_INTEGRITY_INTACT   ? W_INTACT
           : integrity == VT_INTEGRITY_BROKEN ? W_BROKEN
                                              : W_UNDETERMINED;
}

static enum word validity_word(enum vt_indication indication)
{
    return indication == VT_TOTAL_PASSED   ? W_VALID
           : indication == VT_TOTAL_FAILED ? W_INVALID
                                           : W_UNPROVEN;
}

static enum word changes_word(enum vt_changes changes)
{
    static const enum word all[] = {
        [VT_CHANGES_UNDETERMINED] = W_CHANGES_UNDETERMINED,
        [VT_CHANGES_NONE] = W_CHANGES_NONE,
        [VT_CHANGES_PERMITTED] = W_CHANGES_PERMITTED,
        [VT_CHANGES_FORBIDDEN] = W_CHANGES_FORBIDDEN,
        [VT_CHANGES_ADDED] = W_CHANGES_ADDED,
    };
    return all[changes];
}

/* "Nội dung của trang đã bị thay (phiên bản 3, trang 2)" */
static void print_change(const struct printer *p, const struct vt_document_change *change)
{
    fprintf(p->out, "%s (%s %u", phrase(p, vt_change_phrase(change->kind)), word(p, W_REVISION),
            change->revision);
    if (change->page > 0)
        fprintf(p->out, ", %s %u", word(p, W_PAGE), change->page);
    fputc(')', p->out);
}

/* Whose signature it is, or who signed it afterwards. */
static void print_permitted(const struct printer *p, const struct vt_document *document,
                            const struct vt_document_change *change)
{
    const struct vt_signature *added = vt_change_signature(document, change);
    const struct vt_signature *by = vt_change_signed_by(document, change);
    label(p, W_PERMITTED);
    print_change(p, change);
    if (added != NULL)
        fprintf(p->out, ": %s", first_of(added->signer.common_name, added->signer.subject));
    if (by != NULL)
        fprintf(p->out, "; %s %s%s", word(p, W_SIGNED_BY),
                first_of(by->signer.common_name, by->signer.subject), word(p, W_SIGNED_BY_END));
    fputc('\n', p->out);
}

/* What came after a signature, what was not permitted first. */
static void print_changes(const struct printer *p, const struct vt_document *document,
                          const struct vt_signature *signature)
{
    for (size_t i = 0; i < document->changes_count; i++) {
        const struct vt_document_change *change = &document->changes[i];
        if (change->revision <= signature->revision || change->effect == VT_CHANGES_PERMITTED)
            continue;
        label(p, W_CHANGED);
        print_change(p, change);
        fprintf(p->out, ": %s\n",
                word(p, change->effect == VT_CHANGES_FORBIDDEN ? W_CHANGED_FORBIDDEN
                        : change->effect == VT_CHANGES_ADDED   ? W_CHANGED_ADDED
                                                               : W_CHANGED_UNCLEAR));
    }
    for (size_t i = 0; i < document->changes_count; i++) {
        const struct vt_document_change *change = &document->changes[i];
        if (change->revision > signature->revision && change->effect == VT_CHANGES_PERMITTED)
            print_permitted(p, document, change);
    }
}

/* Of what has no revisions only that it is not all. */
static void print_coverage(const struct printer *p, const struct vt_document *document,
                           const struct vt_signature *signature)
{
    if (document->revisions_count == 0 && signature->covers != VT_COVERS_PART)
        return;
    if (signature->covers != VT_COVERS_REVISION) {
        line(p, W_COVERS,
             word(p, signature->covers == VT_COVERS_WHOLE ? W_COVERS_WHOLE : W_COVERS_PART));
        return;
    }
    label(p, W_COVERS);
    fprintf(p->out, "%s %s %u\n", word(p, W_COVERS_UNTIL), word(p, W_REVISION),
            signature->revision);
}

static void print_conclusion(const struct printer *p, const struct vt_signature *signature)
{
    const char *sub = vt_sub_indication_name(signature->sub_indication);
    label(p, W_CONCLUSION);
    fprintf(p->out, "%s", vt_indication_name(signature->indication));
    if (sub != NULL)
        fprintf(p->out, " / %s", sub);
    fprintf(p->out, " (%s)\n",
            word(p, signature->indication == VT_TOTAL_PASSED   ? W_PASSED
                    : signature->indication == VT_TOTAL_FAILED ? W_FAILED
                                                               : W_INDETERMINATE));
}

/* Whose key it is by the table: "an agency, Sở Xây dựng tỉnh Ninh Bình (soxd)". */
static void print_kind(const struct printer *p, const struct vt_site_signature *its)
{
    if (its == NULL || its->agency == NULL)
        return;
    const struct vt_site_agency *agency = vt_site_agency(p->text->site, its->agency);
    label(p, W_KIND);
    if (agency != NULL)
        fprintf(p->out, "%s, %s (%s)\n", phrase(p, vt_kind_phrase(its->kind)), agency->name,
                its->agency);
    else
        fprintf(p->out, "%s, %s\n", phrase(p, vt_kind_phrase(its->kind)), its->agency);
}

/* Each on a line of its own: none of them is proven. */
static void print_hints(const struct printer *p, const struct vt_document *document)
{
    const struct vt_phrase *phrases[VT_MAX_HINT_PHRASES];
    size_t count = vt_hint_phrases(&document->hints, phrases);
    for (size_t i = 0; i < count; i++) {
        label(p, W_SEEMS);
        fputs(phrase(p, phrases[i]), p->out);
        if (i + 1 == count && document->hints.seal_page > 0)
            fprintf(p->out, " %u", document->hints.seal_page);
        fputc('\n', p->out);
    }
}

/* its: NULL: the table was not asked. */
static void print_use(const struct printer *p, const struct vt_signature *signature,
                      const struct vt_site_signature *its)
{
    const struct vt_phrase *use = vt_use_phrase(its != NULL ? its->use : signature->hints.use);
    if (use != NULL)
        line(p, W_SEEMS_FOR, phrase(p, use));
}

/* The signature of Article 15, the seal, or both; that it cannot be told is nothing to tell. */
static void print_effect(const struct printer *p, const struct vt_site_document *its)
{
    if (its != NULL && its->signatures_count > 0 && its->effect != VT_EFFECT_UNKNOWN)
        line(p, W_EFFECT, phrase(p, vt_effect_phrase(its->effect)));
}

static void print_signature(const struct printer *p, const struct vt_document *document, size_t i,
                            const struct vt_site_signature *its)
{
    const struct vt_signature *signature = &document->signatures[i];
    char day[16];
    const struct vt_reason_fields fields = {.date = vt_signature_revoked_on(signature, day)};
    const struct vt_certificate_facts *signer = &signature->signer;
    fprintf(p->out, "   %s %zu/%zu  %s%s%s\n", word(p, W_SIGNATURE), i + 1,
            document->signatures_count, vt_signature_format_name(signature->format),
            signature->level == NULL ? "" : " ", signature->level == NULL ? "" : signature->level);
    line(p, W_ISSUER, first_of(signer->issuer_common_name, signer->issuer));
    line(p, W_SIGNER, first_of(signer->common_name, signer->subject));
    line(p, W_UNIT, first_of(signer->organizational_unit, signer->organization));
    print_signing_time(p, signature);
    line(p, W_INTEGRITY, word(p, integrity_word(signature->integrity)));
    line(p, W_VALIDITY, word(p, validity_word(signature->indication)));
    print_period(p, signer);
    print_coverage(p, document, signature);
    line(p, W_CHANGES, word(p, changes_word(signature->changes_after)));
    print_changes(p, document, signature);
    print_best_time(p, signature);
    for (size_t t = 0; t < signature->timestamps_count; t++)
        print_stamp(p, &signature->timestamps[t]);
    print_kind(p, its);
    print_use(p, signature, its);
    print_conclusion(p, signature);
    print_reasons(p, signature->reasons | (its == NULL ? 0 : its->reasons), &fields);
    print_findings(p, signature->findings, signature->findings_count);
}

/* its: NULL: the table was not asked. */
static void print_document(const struct printer *p, const struct vt_document *document,
                           const struct vt_site_document *its)
{
    const char *name = first_of(document->name, document->path);
    fprintf(p->out, "%s%s[%s] ", name == NULL ? "" : name, name == NULL || *name == '\0' ? "" : " ",
            vt_format_name(document->format));
    if (document->signatures_count == 0)
        fprintf(p->out, "%s\n", word(p, W_NO_SIGNATURES));
    else
        fprintf(p->out, "%zu %s\n", document->signatures_count,
                word(p, document->signatures_count == 1 ? W_ONE_SIGNATURE : W_SIGNATURES));
    const struct vt_reason_fields fields = {.file = document->name};
    vt_reasons reasons = document->reasons;
    if (its != NULL)
        reasons = (reasons & ~its->excused) | its->reasons;
    print_effect(p, its);
    print_hints(p, document);
    print_reasons(p, reasons, &fields);
    print_findings(p, document->findings, document->findings_count);
    for (size_t i = 0; i < document->signatures_count; i++)
        print_signature(p, document, i,
                        its != NULL && i < its->signatures_count ? &its->signatures[i] : NULL);
}

/* Which rules match depends on who sent it to whom, and of a file nobody knows that. */
static void print_assumption(const struct printer *p, const struct vt_mail *mail)
{
    static const enum word directions[] = {
        [VT_INBOUND] = W_INBOUND, [VT_OUTBOUND] = W_OUTBOUND, [VT_INTERNAL] = W_INTERNAL};
    fprintf(p->out, ", %s %s %s %s", word(p, W_AS), word(p, directions[mail->direction]),
            word(p, W_FROM_CLASS),
            word(p, mail->sender_class == VT_SENDER_STATE ? W_STATE : W_OTHER));
}

void vt_command_print_decision(FILE *out, const struct vt_check_text *text,
                               const struct vt_mail *mail, const struct vt_decision *decision)
{
    static const char *const actions[] = {
        [VT_ACTION_ACCEPT] = "tiếp nhận",
        [VT_ACTION_NOTE] = "tiếp nhận, ghi nhận",
        [VT_ACTION_TAG] = "tiếp nhận kèm lưu ý",
        [VT_ACTION_DEFER] = "hoãn tiếp nhận",
        [VT_ACTION_HOLD] = "tạm giữ",
        [VT_ACTION_REJECT] = "từ chối tiếp nhận",
    };
    const struct printer p = {out, text->language, text};
    /* The word of policy files, and what it means. */
    if (text->language == VT_LANGUAGE_VIETNAMESE)
        fprintf(out, "%s (%s)", actions[decision->action], vt_action_name(decision->action));
    else
        fputs(vt_action_name(decision->action), out);
    if (decision->rule == NULL)
        fprintf(out, " (%s)", word(&p, W_NO_RULE));
    else
        fprintf(out, " (%s \"%s\", %s:%u)", word(&p, W_RULE), decision->rule, text->policy_file,
                decision->rule_line);
    print_assumption(&p, mail);
}

void vt_command_print_evidence(FILE *out, const struct vt_check_text *text,
                               const struct vt_evidence *evidence,
                               const struct vt_decision *decision)
{
    const struct printer p = {out, text->language, text};
    const struct vt_site_facts *facts = text->facts;
    if (text->file != NULL)
        fprintf(out, "%s\n", text->file);
    if (evidence->documents_count == 0)
        fprintf(out, "   %s\n", word(&p, W_NO_DOCUMENTS));
    print_reasons(&p, evidence->reasons, &(struct vt_reason_fields){0});
    print_findings(&p, evidence->findings, evidence->findings_count);
    for (size_t i = 0; i < evidence->documents_count; i++)
        print_document(&p, &evidence->documents[i],
                       facts != NULL && i < facts->documents_count ? &facts->documents[i] : NULL);
    if (decision == NULL)
        return;
    fprintf(out, "%s: ", word(&p, W_DECISION));
    vt_command_print_decision(out, text, &evidence->mail, decision);
    fputc('\n', out);
}
