/* SPDX-License-Identifier: Apache-2.0
 * Records of the register for a person, in Vietnamese or English: what happened to a mail, what was
 * found in it, by which rule it was decided, what the MTA got and what followed. */
#include <inttypes.h>
#include <string.h>

#include "command/owed.h"
#include "command/register.h"
#include "command/register_words.h"
#include "vanthu/clock.h"

/* Addresses that are shown of a mail to many. */
#define SHOWN_RECIPIENTS 5
#define LABEL_COLUMNS 24

static const char *word(const struct vt_register_text *t, enum vt_register_word w)
{
    return vt_register_words[w][t->language];
}

/* ---- text ---- */

static void label(const struct vt_register_text *t, enum vt_register_word w)
{
    fputs("  ", t->out);
    vt_print_cell(t->out, word(t, w), LABEL_COLUMNS);
}

/* A line that is left out when there is nothing to say. */
static void line(const struct vt_register_text *t, enum vt_register_word w, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    label(t, w);
    fprintf(t->out, "%s\n", value);
}

static void title(const struct vt_register_text *t, enum vt_register_word w,
                  const struct vt_register_record *record)
{
    char at[40];
    fprintf(t->out, "\n%s (%s %" PRId64 ", %s)\n", word(t, w), word(t, W_RECORD), record->seq,
            vt_print_minute(t->language, at, record->time_utc_secs));
}

static void print_reason(const struct vt_register_text *t, enum vt_reason reason, const char *file)
{
    char text[VT_REASON_TEXT_BYTES];
    if (reason >= VT_REASON_COUNT)
        return;
    const struct vt_reason_info *info = vt_reason_info(reason);
    const struct vt_reason_fields fields = {.file = file};
    label(t, W_REASON);
    fprintf(t->out, "%s: %s\n", info->code,
            vt_reason_fill(text, sizeof(text),
                           t->language == VT_LANGUAGE_VIETNAMESE ? info->vietnamese : info->english,
                           &fields));
}

/* ---- the mail ---- */

static void print_sender(const struct vt_register_text *t, const struct vt_mail *mail)
{
    bool is_empty = mail->sender == NULL || mail->sender[0] == '\0';
    label(t, W_FROM);
    fprintf(t->out, "%s (%s, %s", is_empty ? word(t, W_EMPTY_SENDER) : mail->sender,
            word(t, mail->sender_class == VT_SENDER_STATE ? W_STATE : W_OTHER),
            word(t, mail->sender_aligned ? W_ALIGNED : W_NOT_ALIGNED));
    if (mail->authenticated != NULL)
        fprintf(t->out, ", %s %s", word(t, W_AS_LOGIN), mail->authenticated);
    fputs(")\n", t->out);
}

static void print_recipients(const struct vt_register_text *t, const struct vt_mail *mail)
{
    label(t, W_TO);
    if (mail->recipients_count > 1)
        fprintf(t->out, "%zu %s: ", mail->recipients_count, word(t, W_MAILBOXES));
    for (size_t i = 0; i < mail->recipients_count && i < SHOWN_RECIPIENTS; i++)
        fprintf(t->out, "%s%s", i == 0 ? "" : ", ", mail->recipients[i]);
    if (mail->recipients_count > SHOWN_RECIPIENTS)
        fprintf(t->out, ", %s %zu", word(t, W_MORE), mail->recipients_count - SHOWN_RECIPIENTS);
    fputc('\n', t->out);
}

static void print_mail(const struct vt_register_text *t, const struct vt_register_record *record,
                       const struct vt_mail *mail)
{
    static const enum vt_register_word directions[] = {
        [VT_INBOUND] = W_INBOUND, [VT_OUTBOUND] = W_OUTBOUND, [VT_INTERNAL] = W_INTERNAL};
    char at[40];
    print_sender(t, mail);
    print_recipients(t, mail);
    if (mail->subject != NULL) {
        label(t, W_SUBJECT);
        fprintf(t->out, "\"%s\"\n", mail->subject);
    }
    label(t, W_RECEIVED);
    fprintf(t->out, "%s, %s\n", vt_print_minute(t->language, at, record->time_utc_secs),
            word(t, directions[mail->direction]));
    if (mail->client_address != NULL || mail->front_relay != NULL) {
        label(t, W_CLIENT);
        fprintf(t->out, "%s%s%s%s", mail->client_address != NULL ? mail->client_address : "?",
                mail->client_name != NULL ? " (" : "",
                mail->client_name != NULL ? mail->client_name : "",
                mail->client_name != NULL ? ")" : "");
        if (mail->front_relay != NULL)
            fprintf(t->out, "%s%s", word(t, W_THROUGH), mail->front_relay);
        fprintf(t->out, "%s%s\n", mail->queue_id != NULL ? ", queue id " : "",
                mail->queue_id != NULL ? mail->queue_id : "");
    }
    line(t, W_MESSAGE_ID, mail->message_id);
}

/* ---- decision ---- */

static const char *document_name(const struct vt_evidence *evidence, size_t index)
{
    if (evidence == NULL || index >= evidence->documents_count)
        return NULL;
    const struct vt_document *document = &evidence->documents[index];
    return document->name != NULL ? document->name : document->path;
}

static void print_rule(const struct vt_register_text *t, const struct vt_decision *decision)
{
    label(t, W_RULE);
    if (decision->rule == NULL)
        fprintf(t->out, "%s", word(t, W_NO_RULE));
    else
        fprintf(t->out, "\"%s\"", decision->rule);
    fputs(" (", t->out);
    if (decision->rule != NULL && decision->rule_line > 0)
        fprintf(t->out, "%s %u, ", word(t, W_LINE), decision->rule_line);
    fprintf(t->out, "%s %s", word(t, W_POLICY),
            decision->policy_version != NULL ? decision->policy_version : "-");
    if (decision->rule != NULL)
        fprintf(t->out, ", %s %s", word(t, W_MODE), vt_mode_name(decision->mode));
    fputs(")\n", t->out);
}

static void print_matched(const struct vt_register_text *t, const struct vt_decision *decision)
{
    for (size_t i = 0; i < decision->trace_count; i++) {
        const struct vt_trace *trace = &decision->trace[i];
        if (!trace->matched)
            continue;
        label(t, W_MATCHED);
        fprintf(t->out, "%s (%s): %s -> %s\n", trace->rule != NULL ? trace->rule : "-",
                vt_mode_name(trace->mode), trace->why != NULL ? trace->why : "",
                vt_action_name(trace->action));
    }
}

static void print_decision(const struct vt_register_text *t,
                           const struct vt_register_decided *decided)
{
    const struct vt_decision *decision = decided->decision;
    if (decision == NULL) {
        line(t, W_RULE, word(t, W_NO_DECISION));
        return;
    }
    const char *file = document_name(decided->evidence, decision->document);
    char at[40];
    print_rule(t, decision);
    line(t, W_FILE, file);
    print_reason(t, decision->reason, file);
    if (decision->would_be != decision->action) {
        label(t, W_WOULD_BE);
        fprintf(t->out, "%s\n", vt_action_name(decision->would_be));
    }
    if (decision->defer_until_utc_secs != VT_TIME_NONE)
        line(t, W_UNTIL, vt_print_minute(t->language, at, decision->defer_until_utc_secs));
    print_matched(t, decision);
}

static void print_fault(const struct vt_register_text *t, const struct vt_err *fault)
{
    if (fault == NULL || fault->code == VT_OK)
        return;
    label(t, W_FAULT);
    fprintf(t->out, "%s: %s\n", vt_code_name(fault->code), fault->text);
}

static void print_times(const struct vt_register_text *t, const struct vt_register_decided *decided)
{
    label(t, W_TIME);
    fprintf(t->out, "%" PRId64 " ms (%s %" PRId64 ", %s %" PRId64 ", %s %" PRId64 "), %s: %u\n",
            decided->total_msecs, word(t, W_QUEUE), decided->queue_msecs, word(t, W_INSPECTION),
            decided->inspection_msecs, word(t, W_STATUS), decided->status_msecs, word(t, W_PASSES),
            decided->passes);
}

/* ---- answers ---- */

static void print_outcome(const struct vt_register_text *t, const char *result,
                          const struct vt_register_answer *answer)
{
    fprintf(t->out, "%s", result);
    if (answer->code != NULL && answer->code[0] != '\0')
        fprintf(t->out, " %s", answer->code);
    if (answer->enhanced != NULL && answer->enhanced[0] != '\0')
        fprintf(t->out, " %s", answer->enhanced);
    fputc('\n', t->out);
}

static void print_answered(const struct vt_register_text *t,
                           const struct vt_register_record *record)
{
    const struct vt_register_answer *answer = &record->answered->answer;
    title(t, W_ANSWER, record);
    label(t, W_RESULT);
    print_outcome(t, vt_register_text_outcome(t->language, answer->outcome, false), answer);
    line(t, W_HOLD_REASON, answer->hold_reason);
    for (size_t i = 0; i < answer->lines_count; i++)
        fprintf(t->out, "    | %s\n", answer->lines[i]);
}

/* By what else of the same document or certificate is found. */
static void print_digests(const struct vt_register_text *t, const struct vt_evidence *evidence)
{
    if (evidence->documents_count > 0)
        fprintf(t->out, "\n%s\n", word(t, W_LOOK_UP));
    for (size_t d = 0; d < evidence->documents_count; d++) {
        const struct vt_document *document = &evidence->documents[d];
        const char *name = document_name(evidence, d);
        fprintf(t->out, "  %s  %s\n", document->sha256, name != NULL ? name : "");
        for (size_t s = 0; s < document->signatures_count; s++) {
            const struct vt_certificate_facts *signer = &document->signatures[s].signer;
            if (signer->sha256[0] != '\0')
                fprintf(t->out, "  %s    %s %s\n", signer->sha256, word(t, W_SIGNER),
                        signer->common_name != NULL ? signer->common_name : "");
        }
    }
}

/* What was found in the mail, as vanthu check shows it. */
static void print_evidence(const struct vt_register_text *t,
                           const struct vt_register_decided *decided)
{
    const struct vt_check_text how = {.language = t->language,
                                      .facts = decided->decision == NULL ? NULL
                                                                         : decided->decision->site};
    fputc('\n', t->out);
    if (decided->evidence == NULL) {
        fprintf(t->out, "%s\n", word(t, W_NO_EVIDENCE));
        return;
    }
    vt_command_print_evidence(t->out, &how, decided->evidence, NULL);
    print_digests(t, decided->evidence);
}

/* What is owed, and which of it an earlier record owes already. */
static void print_notices(const struct vt_register_text *t, const struct vt_register_record *record)
{
    for (size_t i = 0; i < record->notices_count; i++) {
        const struct vt_register_notice *notice = &record->notices[i];
        label(t, W_NOTICE);
        fprintf(t->out, "%s -> %s%s%s%s\n", vt_owed_kind(t->language, notice->kind),
                notice->recipient, notice->is_first ? "" : " (",
                notice->is_first ? "" : word(t, W_NOTICE_OWED_BEFORE), notice->is_first ? "" : ")");
    }
}

/* "2415-SNV.pdf: sealed, 3a7b…", "phu-luc.pdf: certified (…)" */
static void print_sealed_documents(const struct vt_register_text *t,
                                   const struct vt_register_seal *seal)
{
    for (size_t i = 0; i < seal->documents_count; i++) {
        const struct vt_register_sealed_document *document = &seal->documents[i];
        label(t, W_SEAL_DOCUMENT);
        fprintf(t->out, "%s: %s", document->name != NULL ? document->name : document->path,
                document->word);
        if (document->sha256 != NULL)
            fprintf(t->out, ", SHA-256 %s", document->sha256);
        if (document->text != NULL)
            fprintf(t->out, " (%s)", document->text);
        fputc('\n', t->out);
    }
}

/* "set, key van-thu", "NOT SET, the mail leaves without: quota, key van-thu (…)" */
static void print_seal(const struct vt_register_text *t, const struct vt_register_decided *decided)
{
    const struct vt_register_seal *seal = decided->seal;
    if (seal == NULL)
        return;
    bool is_failed = strcmp(seal->result, "failed") == 0;
    label(t, W_SEAL);
    fprintf(t->out, "%s",
            word(t, strcmp(seal->result, "sealed") == 0              ? W_SEALED
                    : !is_failed                                     ? W_SEAL_LEFT
                    : decided->answer.outcome == VT_OUTCOME_TEMPFAIL ? W_SEAL_REFUSED
                                                                     : W_SEAL_FAILED));
    if (seal->why != NULL)
        fprintf(t->out, ": %s", seal->why);
    if (seal->key != NULL)
        fprintf(t->out, ", %s", seal->key);
    if (seal->text != NULL)
        fprintf(t->out, " (%s)", seal->text);
    fputc('\n', t->out);
    line(t, W_SEAL_DIGEST, seal->cms_sha256);
    print_sealed_documents(t, seal);
    if (seal->level == NULL)
        return;
    label(t, W_SEAL_STAMP);
    if (seal->unstamped != NULL)
        fprintf(t->out, "%s: %s\n", word(t, W_SEAL_UNSTAMPED), seal->unstamped);
    else
        fprintf(t->out, "%s, %s\n", seal->level, seal->authority != NULL ? seal->authority : "-");
    line(t, W_SEAL_UNSTORED, seal->unstored);
}

static void print_decided(const struct vt_register_text *t, const struct vt_register_record *record)
{
    const struct vt_register_decided *decided = record->decided;
    fprintf(t->out, "%s %s\n", word(t, W_MAIL), record->reference);
    if (decided->is_secret) {
        fprintf(t->out, "  %s\n", word(t, W_SECRET));
        return;
    }
    const struct vt_mail *mail = vt_register_text_mail(decided);
    if (mail != NULL)
        print_mail(t, record, mail);
    print_evidence(t, decided);
    title(t, W_DECISION, record);
    label(t, W_RESULT);
    print_outcome(t, vt_register_text_result(t->language, decided), &decided->answer);
    print_decision(t, decided);
    line(t, W_SITE_MODE, vt_mode_name(decided->mode));
    print_seal(t, decided);
    print_fault(t, decided->fault);
    print_fault(t, decided->failure);
    print_notices(t, record);
    line(t, W_NO_NOTICE, vt_owed_why_not_by_name(t->language, decided->no_notice));
    print_times(t, decided);
}

/* ---- what followed ---- */

static void print_overruled(const struct vt_register_text *t,
                            const struct vt_register_record *record)
{
    const struct vt_register_overruled *overruled = record->overruled;
    char at[40];
    title(t, W_OVERRULED, record);
    line(t, W_BY, overruled->by);
    line(t, W_WHY, overruled->reason_text);
    if (overruled->until_utc_secs == VT_TIME_NONE) {
        line(t, W_RESULT, word(t, W_NO_EXCEPTION));
        print_notices(t, record);
        return;
    }
    line(t, W_EXCEPTION, vt_print_minute(t->language, at, overruled->until_utc_secs));
    for (size_t i = 0; i < overruled->documents_count; i++)
        line(t, W_DOCUMENTS, overruled->documents_sha256[i]);
    line(t, W_CERTIFICATE, overruled->certificate_sha256);
    print_reason(t, overruled->reason, NULL);
    print_notices(t, record);
}

static void print_refused(const struct vt_register_text *t, const struct vt_register_record *record)
{
    title(t, W_CLERK_REFUSED, record);
    line(t, W_BY, record->refused->by);
    print_reason(t, record->refused->reason, NULL);
    line(t, W_WHY, record->refused->text);
    print_notices(t, record);
}

static void print_destruction(const struct vt_register_text *t,
                              const struct vt_register_record *record)
{
    const struct vt_register_destroyed *destroyed = record->destroyed;
    title(t, W_DESTROYED, record);
    line(t, W_WHY, destroyed->why);
    line(t, W_CLASS, destroyed->class_name);
    label(t, W_GONE_RECORDS);
    fprintf(t->out, "%zu\n", destroyed->targets_count);
    label(t, W_GONE_OBJECTS);
    fprintf(t->out, "%zu\n", destroyed->objects_count);
}

static void print_event(const struct vt_register_text *t, const struct vt_register_record *record)
{
    title(t, W_EVENT, record);
    line(t, W_RESULT, record->event->what);
    line(t, W_WHY, record->event->text);
    line(t, W_BY, record->event->by);
    print_notices(t, record);
}

static void print_noticed(const struct vt_register_text *t, const struct vt_register_record *record)
{
    const struct vt_register_noticed *noticed = record->noticed;
    title(t, W_NOTICE, record);
    label(t, W_NOTICE);
    fprintf(t->out, "%" PRId64 ", %s -> %s\n", noticed->id,
            noticed->kind != NULL ? noticed->kind : "-",
            noticed->recipient != NULL ? noticed->recipient : "-");
    line(t, W_RESULT, vt_register_text_noticed(t->language, noticed->outcome));
    label(t, W_ANSWER);
    fprintf(t->out, "%s%s%s\n", noticed->code != NULL ? noticed->code : "",
            noticed->code != NULL && noticed->text != NULL ? " " : "",
            noticed->text != NULL ? noticed->text : "");
    line(t, W_MESSAGE_ID, noticed->message_id);
    line(t, W_BY, noticed->by);
}

void vt_register_text_record(const struct vt_register_text *text,
                             const struct vt_register_record *record)
{
    static void (*const printers[VT_REGISTER_KINDS])(const struct vt_register_text *,
                                                     const struct vt_register_record *) = {
        [VT_REGISTER_DECIDED] = print_decided,       [VT_REGISTER_ANSWERED] = print_answered,
        [VT_REGISTER_OVERRULED] = print_overruled,   [VT_REGISTER_REFUSED] = print_refused,
        [VT_REGISTER_DESTROYED] = print_destruction, [VT_REGISTER_EVENT] = print_event,
        [VT_REGISTER_NOTICE] = print_noticed};
    if (record->kind >= VT_REGISTER_DECIDED && record->kind < VT_REGISTER_KINDS)
        printers[record->kind](text, record);
}

static enum vt_register_word kind_word(enum vt_register_kind kind)
{
    static const enum vt_register_word all[VT_REGISTER_KINDS] = {
        [VT_REGISTER_DECIDED] = W_MAIL,        [VT_REGISTER_ANSWERED] = W_ANSWERED,
        [VT_REGISTER_OVERRULED] = W_OVERRULED, [VT_REGISTER_REFUSED] = W_CLERK_REFUSED,
        [VT_REGISTER_DESTROYED] = W_DESTROYED, [VT_REGISTER_EVENT] = W_EVENT,
        [VT_REGISTER_NOTICE] = W_NOTICE};
    return kind >= VT_REGISTER_DECIDED && kind < VT_REGISTER_KINDS ? all[kind] : W_EVENT;
}

void vt_register_text_destroyed(const struct vt_register_text *text,
                                const struct vt_register_entry *entry)
{
    char at[40];
    fprintf(text->out, "%s %s (%s %" PRId64 ", %s): %s\n", word(text, kind_word(entry->kind)),
            entry->reference, word(text, W_RECORD), entry->seq,
            vt_print_minute(text->language, at, entry->time_utc_secs), word(text, W_GONE));
}
