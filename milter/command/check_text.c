/* SPDX-License-Identifier: Apache-2.0
 * Evidence for a person, in Vietnamese or English: what holds of all, each document, and what is
 * done to it; check_signature.c prints the signatures. */
#include <limits.h>

#include "command/check_print.h"

/* Each on a line of its own: none of them is proven. */
static void print_hints(const struct vt_checked_printer *p, const struct vt_document *document)
{
    const struct vt_phrase *phrases[VT_MAX_HINT_PHRASES];
    size_t count = vt_hint_phrases(&document->hints, phrases);
    for (size_t i = 0; i < count; i++) {
        vt_checked_label(p, W_SEEMS);
        fputs(vt_checked_phrase(p, phrases[i]), p->out);
        if (i + 1 == count && document->hints.seal_page > 0)
            fprintf(p->out, " %u", document->hints.seal_page);
        fputc('\n', p->out);
    }
}

/* The signature of Article 15, the seal, or both; that it cannot be told is nothing to tell. */
static void print_effect(const struct vt_checked_printer *p, const struct vt_site_document *its)
{
    if (its != NULL && its->signatures_count > 0 && its->effect != VT_EFFECT_UNKNOWN)
        vt_checked_line(p, W_EFFECT, vt_checked_phrase(p, vt_effect_phrase(its->effect)));
}

/* its: NULL: the table was not asked. */
static void print_title(const struct vt_checked_printer *p, const struct vt_evidence *evidence,
                        const struct vt_document *document)
{
    const char *name = vt_checked_first_of(document->name, document->path);
    fprintf(p->out, "%s%s[%s] ", name == NULL ? "" : name, name == NULL || *name == '\0' ? "" : " ",
            vt_format_name(document->format));
    if (document->signatures_count == 0)
        fputs(vt_checked_word(p, W_NO_SIGNATURES), p->out);
    else
        fprintf(
            p->out, "%zu %s", document->signatures_count,
            vt_checked_word(p, document->signatures_count == 1 ? W_ONE_SIGNATURE : W_SIGNATURES));
    const struct vt_document *outer = vt_document_around(evidence, document);
    if (outer != NULL)
        fprintf(p->out, ", %s %s", vt_checked_word(p, W_INSIDE),
                vt_checked_first_of(outer->name, outer->path));
    fputc('\n', p->out);
}

static void print_document(const struct vt_checked_printer *p, const struct vt_evidence *evidence,
                           const struct vt_document *document, const struct vt_site_document *its)
{
    print_title(p, evidence, document);
    const struct vt_reason_fields fields = {.file = document->name};
    vt_reasons reasons = document->reasons;
    if (its != NULL)
        reasons = (reasons & ~its->excused) | its->reasons;
    print_effect(p, its);
    print_hints(p, document);
    vt_checked_reasons(p, reasons, &fields);
    vt_checked_findings(p, document->findings, document->findings_count);
    for (size_t i = 0; i < document->signatures_count; i++)
        vt_checked_signature(p, document, i,
                             its != NULL && i < its->signatures_count ? &its->signatures[i] : NULL);
}

/* Which rules match depends on who sent it to whom, and of a file nobody knows that. */
static void print_assumption(const struct vt_checked_printer *p, const struct vt_mail *mail)
{
    static const enum vt_checked_word directions[] = {
        [VT_INBOUND] = W_INBOUND, [VT_OUTBOUND] = W_OUTBOUND, [VT_INTERNAL] = W_INTERNAL};
    fprintf(p->out, ", %s %s %s %s", vt_checked_word(p, W_AS),
            vt_checked_word(p, directions[mail->direction]), vt_checked_word(p, W_FROM_CLASS),
            vt_checked_word(p, mail->sender_class == VT_SENDER_STATE ? W_STATE : W_OTHER));
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
    const struct vt_checked_printer p = {out, text->language, text};
    /* The word of policy files, and what it means. */
    if (text->language == VT_LANGUAGE_VIETNAMESE)
        fprintf(out, "%s (%s)", actions[decision->action], vt_action_name(decision->action));
    else
        fputs(vt_action_name(decision->action), out);
    if (decision->rule == NULL)
        fprintf(out, " (%s)", vt_checked_word(&p, W_NO_RULE));
    else
        fprintf(out, " (%s \"%s\", %s:%u)", vt_checked_word(&p, W_RULE), decision->rule,
                text->policy_file, decision->rule_line);
    print_assumption(&p, mail);
}

/* Whoever sent a file chose its name. */
static void print_file_name(FILE *out, const char *file)
{
    char clean[PATH_MAX];
    fprintf(out, "%s\n", vt_text_clean(clean, sizeof(clean), vt_bytes_str(file)));
}

void vt_command_print_evidence(FILE *out, const struct vt_check_text *text,
                               const struct vt_evidence *evidence,
                               const struct vt_decision *decision)
{
    const struct vt_checked_printer p = {out, text->language, text};
    const struct vt_site_facts *facts = text->facts;
    if (text->file != NULL)
        print_file_name(out, text->file);
    if (evidence->documents_count == 0)
        fprintf(out, "   %s\n", vt_checked_word(&p, W_NO_DOCUMENTS));
    vt_checked_reasons(&p, evidence->reasons, &(struct vt_reason_fields){0});
    vt_checked_findings(&p, evidence->findings, evidence->findings_count);
    for (size_t i = 0; i < evidence->documents_count; i++)
        print_document(&p, evidence, &evidence->documents[i],
                       facts != NULL && i < facts->documents_count ? &facts->documents[i] : NULL);
    if (decision == NULL)
        return;
    fprintf(out, "%s: ", vt_checked_word(&p, W_DECISION));
    vt_command_print_decision(out, text, &evidence->mail, decision);
    fputc('\n', out);
}
