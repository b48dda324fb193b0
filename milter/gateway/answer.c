/* SPDX-License-Identifier: Apache-2.0
 * SMTP answers: code, reason and reference first, the Vietnamese sentence without accents, then
 * English. ASCII only, because the client never offered SMTPUTF8; one code and one enhanced code
 * (RFC 3463) of the same class on every line, because Postfix drops anything else. */
#include "gateway/answer.h"

#include <stdio.h>
#include <string.h>

/* What fits beside code, reference and words in a line of 200 bytes. */
#define NAME_BYTES 100
#define SENTENCE_BYTES 190
/* RFC 3463 3.4: the system cannot accept messages just now. No rule's and no reason's is it. */
#define UNRECORDED "4.3.0"

/* A line of ASCII without control characters, whatever went into it. */
static void put_line(struct vt_answer *answer, const char *text)
{
    if (answer->lines_count < VT_ANSWER_LINES)
        vt_text_ascii(answer->lines[answer->lines_count++], VT_ANSWER_LINE_BYTES, text);
}

/* "Document changed after signing. Tra cuu/Ref 1831-0927-5569, DT 0229.123.4567" */
static void put_last_line(struct vt_answer *answer, const char *english, const char *reference,
                          const char *phone)
{
    char line[VT_ANSWER_LINE_BYTES];
    char number[64] = "";
    if (phone != NULL)
        vt_text_ascii(number, sizeof(number), phone);
    snprintf(line, sizeof(line), "%.190s Tra cuu/Ref %.20s%s%s", english, reference,
             number[0] != '\0' ? ", DT " : "", number);
    put_line(answer, line);
}

static const char *reference_of(const struct vt_evidence *evidence)
{
    return evidence->mail.reference != NULL ? evidence->mail.reference : "-";
}

/* The file the decision is about; none for a mail marked secret, of which nothing is named. */
static const char *file_name(const struct vt_decision *decision, const struct vt_evidence *evidence)
{
    if (decision->reason == VT_REASON_SECRET_MARK ||
        decision->document >= evidence->documents_count)
        return NULL;
    return evidence->documents[decision->document].name;
}

/* "CONTENT_CHANGED 1831-0927-5569 Tu choi tiep nhan: 123-QD-SGD.signed.pdf" */
static void put_first_line(struct vt_answer *answer, const struct vt_decision *decision,
                           const struct vt_evidence *evidence, const char *words)
{
    char line[VT_ANSWER_LINE_BYTES], ascii[NAME_BYTES];
    const char *name = file_name(decision, evidence);
    const char *code = decision->reason == VT_REASON_SECRET_MARK ? NULL
                       : decision->reason < VT_REASON_COUNT ? vt_reason_info(decision->reason)->code
                                                            : "POLICY";
    snprintf(line, sizeof(line), "%s%s%s %s%s%s", code != NULL ? code : "", code != NULL ? " " : "",
             reference_of(evidence), words, name != NULL ? ": " : "",
             name != NULL ? vt_text_ascii(ascii, sizeof(ascii), name) : "");
    put_line(answer, line);
}

/* The day of the first revocation among the signatures of the document, or NULL. */
static const char *revoked_on(char out[16], const struct vt_decision *decision,
                              const struct vt_evidence *evidence)
{
    const char *day = NULL;
    if (decision->document >= evidence->documents_count)
        return NULL;
    const struct vt_document *document = &evidence->documents[decision->document];
    for (size_t i = 0; i < document->signatures_count && day == NULL; i++)
        day = vt_signature_revoked_on(&document->signatures[i], out);
    return day;
}

static void put_reason(struct vt_answer *answer, const struct vt_decision *decision,
                       const struct vt_evidence *evidence)
{
    char sentence[SENTENCE_BYTES], filled[2 * SENTENCE_BYTES], date[16];
    const char *vietnamese = "Thư không phù hợp với quy định tiếp nhận của hệ thống.";
    const char *name = file_name(decision, evidence);
    if (decision->text != NULL && decision->text[0] != '\0')
        vietnamese = decision->text;
    else if (decision->reason < VT_REASON_COUNT)
        vietnamese = vt_reason_info(decision->reason)->vietnamese;
    const struct vt_reason_fields fields = {.date = revoked_on(date, decision, evidence),
                                            .file = name};
    vt_reason_fill(filled, sizeof(filled), vietnamese, &fields);
    put_line(answer, vt_text_ascii(sentence, sizeof(sentence), filled));
}

/* The code of the rule when it is of the right class, else the usual one. */
static void set_code(struct vt_answer *answer, const char *asked, const char *usual)
{
    bool fits = asked != NULL && strlen(asked) == 3 && asked[0] == usual[0] &&
                strspn(asked, "0123456789") == 3 && strcmp(asked, "421") != 0;
    snprintf(answer->code, sizeof(answer->code), "%.3s", fits ? asked : usual);
}

/* The enhanced code of the rule when it is of the right class, else the usual one (RFC 3463 2). */
static void set_enhanced(struct vt_answer *answer, const char *asked, const char *usual)
{
    bool fits = asked != NULL && asked[0] == answer->code[0] && asked[1] == '.' &&
                strspn(asked, "0123456789.") == strlen(asked) &&
                strlen(asked) < sizeof(answer->enhanced);
    snprintf(answer->enhanced, sizeof(answer->enhanced), "%.11s", fits ? asked : usual);
}

static void refuse(const struct vt_decision *decision, const struct vt_evidence *evidence,
                   const char *phone, struct vt_answer *out)
{
    const struct vt_reason_info *info =
        decision->reason < VT_REASON_COUNT ? vt_reason_info(decision->reason) : NULL;
    char usual[sizeof(out->enhanced)];
    out->kind = VT_ANSWER_REJECT;
    set_code(out, decision->code, "550");
    snprintf(usual, sizeof(usual), "5.%.5s", info != NULL ? info->enhanced : "7.1");
    set_enhanced(out, decision->enhanced, usual);
    put_first_line(out, decision, evidence, "Tu choi tiep nhan");
    put_reason(out, decision, evidence);
    put_last_line(out, info != NULL ? info->english : "Refused by the policy of this site.",
                  reference_of(evidence), phone);
}

static void defer(const struct vt_decision *decision, const struct vt_evidence *evidence,
                  const char *phone, struct vt_answer *out)
{
    const struct vt_reason_info *info =
        decision->reason < VT_REASON_COUNT ? vt_reason_info(decision->reason) : NULL;
    set_code(out, decision->code, "451");
    set_enhanced(out, decision->enhanced, "4.7.5");
    put_first_line(out, decision, evidence, "Tam hoan tiep nhan, he thong gui tu dong gui lai");
    put_reason(out, decision, evidence);
    put_last_line(out, info != NULL ? info->english : "Not accepted yet, please retry.",
                  reference_of(evidence), phone);
}

/* "vanthu 1831-0927-5569: CONTENT_CHANGED changed-after-signing, for Nguyen Van A <a@b.vn>". One
 * line without control characters: Sendmail dislikes anything else, and its mailq shows the first
 * 60 bytes, so that why comes first. Both MTAs have it in their logs: of a mail marked secret it
 * does not say why. */
static void hold(const struct vt_decision *decision, const struct vt_evidence *evidence,
                 struct vt_answer *out)
{
    char line[sizeof(out->hold_reason)], why[100] = "";
    out->kind = VT_ANSWER_HOLD;
    if (decision->reason != VT_REASON_SECRET_MARK)
        snprintf(why, sizeof(why), ": %s %.60s,",
                 decision->reason < VT_REASON_COUNT ? vt_reason_info(decision->reason)->code
                                                    : "POLICY",
                 decision->rule != NULL ? decision->rule : "");
    snprintf(line, sizeof(line), "vanthu %s%s for %.120s", reference_of(evidence), why,
             decision->officer != NULL ? decision->officer : "the officer");
    vt_text_ascii(out->hold_reason, sizeof(out->hold_reason), line);
}

void vt_answer_decided(const struct vt_decision *decision, const struct vt_evidence *evidence,
                       const char *phone, bool can_hold, struct vt_answer *out)
{
    *out = (struct vt_answer){0};
    switch (decision->action) {
    case VT_ACTION_REJECT:
        refuse(decision, evidence, phone, out);
        break;
    case VT_ACTION_HOLD:
        if (can_hold)
            hold(decision, evidence, out);
        else
            vt_answer_fault(reference_of(evidence), phone, out);
        break;
    case VT_ACTION_DEFER:
        defer(decision, evidence, phone, out);
        break;
    case VT_ACTION_TAG:
    case VT_ACTION_NOTE:
    case VT_ACTION_ACCEPT:
        vt_answer_accept(out);
        break;
    }
}

void vt_answer_fault(const char *reference, const char *phone, struct vt_answer *out)
{
    char line[VT_ANSWER_LINE_BYTES];
    *out = (struct vt_answer){.code = "451", .enhanced = "4.7.5"};
    snprintf(line, sizeof(line), "NOT_CHECKED %.20s Tam hoan tiep nhan", reference);
    put_line(out, line);
    put_line(out,
             "He thong tam thoi chua kiem tra duoc chu ky so; day khong phai loi cua van ban.");
    put_last_line(out, "Signatures cannot be checked just now, please retry.", reference, phone);
}

void vt_answer_unrecorded(const char *reference, const char *phone, struct vt_answer *out)
{
    char line[VT_ANSWER_LINE_BYTES];
    *out = (struct vt_answer){.code = "451", .enhanced = UNRECORDED};
    snprintf(line, sizeof(line), "%.20s Tam hoan tiep nhan, he thong gui tu dong gui lai",
             reference);
    put_line(out, line);
    put_line(out, "So dang ky tam thoi khong ghi duoc; day khong phai loi cua van ban.");
    put_last_line(out, "The register cannot be written just now, please retry.", reference, phone);
}

void vt_answer_unsealed(const char *reference, const char *phone, struct vt_answer *out)
{
    char line[VT_ANSWER_LINE_BYTES];
    *out = (struct vt_answer){.code = "451", .enhanced = "4.7.5"};
    snprintf(line, sizeof(line), "NOT_SEALED %.20s Thu chua duoc gui di", reference);
    put_line(out, line);
    put_line(out, "Chua dong duoc dau (chu ky so cua co quan) nen thu chua duoc gui.");
    put_last_line(out, "The seal could not be set; the mail was not sent. Please retry.", reference,
                  phone);
}

bool vt_answer_is_unrecorded(const struct vt_answer *answer)
{
    return answer->kind == VT_ANSWER_TEMPFAIL && strcmp(answer->enhanced, UNRECORDED) == 0;
}

void vt_answer_accept(struct vt_answer *out)
{
    *out = (struct vt_answer){.kind = VT_ANSWER_ACCEPT};
}

/* A single "%" is lost by Postfix and makes Sendmail drop the whole text. */
static void double_percent(char *out, size_t out_bytes, const char *text)
{
    size_t used = 0;
    for (; *text != '\0' && used + 3 < out_bytes; text++) {
        if (*text == '%')
            out[used++] = '%';
        out[used++] = *text;
    }
    out[used] = '\0';
}

static bool set_reply(const struct vt_answer *answer, const struct vt_milter_api *api, SMFICTX *ctx)
{
    char lines[VT_ANSWER_LINES][2 * VT_ANSWER_LINE_BYTES];
    const char *views[VT_ANSWER_LINES];
    for (size_t i = 0; i < answer->lines_count; i++) {
        double_percent(lines[i], sizeof(lines[i]), answer->lines[i]);
        views[i] = lines[i];
    }
    return answer->lines_count > 0 && api->set_reply(ctx, answer->code, answer->enhanced, views,
                                                     answer->lines_count) == MI_SUCCESS;
}

sfsistat vt_answer_give(const struct vt_answer *answer, const struct vt_milter_api *api,
                        SMFICTX *ctx, bool *out_failed)
{
    *out_failed = false;
    switch (answer->kind) {
    case VT_ANSWER_REJECT:
        *out_failed = !set_reply(answer, api, ctx);
        return SMFIS_REJECT;
    case VT_ANSWER_HOLD:
        *out_failed = api->quarantine(ctx, answer->hold_reason) != MI_SUCCESS;
        return *out_failed ? SMFIS_TEMPFAIL : SMFIS_CONTINUE;
    case VT_ANSWER_ACCEPT:
        return SMFIS_CONTINUE;
    case VT_ANSWER_TEMPFAIL:
        *out_failed = !set_reply(answer, api, ctx);
        return SMFIS_TEMPFAIL;
    }
    return SMFIS_TEMPFAIL;
}

const char *vt_answer_kind_name(enum vt_answer_kind kind)
{
    static const char *const names[] = {[VT_ANSWER_TEMPFAIL] = "tempfail",
                                        [VT_ANSWER_REJECT] = "reject",
                                        [VT_ANSWER_HOLD] = "hold",
                                        [VT_ANSWER_ACCEPT] = "accept"};
    return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "tempfail";
}
