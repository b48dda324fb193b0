/* SPDX-License-Identifier: Apache-2.0
 * message/delivery-status (RFC 3464 2): what a mail server needs to know of the same. ASCII; what
 * is not is written as RFC 6533 3 has it. */
#include <stdio.h>
#include <string.h>
#include <unistr.h>

#include "notice/mime.h"
#include "notice/page.h"

/* Recipients that are named; the text says how many there are. */
enum { MAX_STATUS_RECIPIENTS = 200, DIAGNOSTIC_BYTES = 600 };

/* What is said of one outcome; NULL: it was delivered, or it is not decided yet. */
static const char *action_of(enum vt_notice_kind kind, enum vt_register_outcome outcome)
{
    if (kind == VT_NOTICE_RETURNED)
        return outcome == VT_OUTCOME_ACCEPT ? NULL : "failed";
    if (outcome == VT_OUTCOME_REJECT)
        return "failed";
    return outcome == VT_OUTCOME_HOLD ? "delayed" : NULL;
}

bool vt_notice_is_report(const struct vt_notice_view *view)
{
    enum vt_notice_kind kind = view->input->kind;
    if (kind != VT_NOTICE_REFUSED && kind != VT_NOTICE_HELD && kind != VT_NOTICE_RETURNED)
        return false;
    for (unsigned i = 0; i < VT_OUTCOMES; i++) {
        if (view->groups[i].count > 0 && action_of(kind, (enum vt_register_outcome)i) != NULL)
            return true;
    }
    return false;
}

static const struct vt_register_answer *answer_of(const struct vt_notice_input *input,
                                                  enum vt_register_outcome outcome)
{
    for (size_t i = 0; i < input->mails_count; i++) {
        const struct vt_register_answer *answer = input->mails[i].answer;
        if (answer != NULL && answer->outcome == outcome)
            return answer;
    }
    return NULL;
}

/* "5.7.7", if the answer has one that fits the action. */
static void add_status(struct vt_buf *out, const char *action,
                       const struct vt_register_answer *answer, enum vt_code *code)
{
    char class = strcmp(action, "failed") == 0 ? '5' : '4';
    const char *enhanced = answer == NULL ? NULL : answer->enhanced;
    bool fits = enhanced != NULL && enhanced[0] == class && enhanced[1] == '.' &&
                strspn(enhanced, "0123456789.") == strlen(enhanced) && strlen(enhanced) < 12;
    if (*code == VT_OK)
        *code = fits ? vt_buf_addf(out, "Status: %s\r\n", enhanced)
                     : vt_buf_addf(out, "Status: %c.7.1\r\n", class);
}

/* The answer to the client as it was given, in one folded field. */
static void add_diagnostic(struct vt_buf *out, const struct vt_register_answer *answer,
                           enum vt_code *code)
{
    char value[DIAGNOSTIC_BYTES], line[DIAGNOSTIC_BYTES];
    if (answer == NULL || answer->code == NULL || answer->code[0] == '\0')
        return;
    size_t used = (size_t)snprintf(value, sizeof(value), "smtp; %.3s %.12s", answer->code,
                                   answer->enhanced == NULL ? "" : answer->enhanced);
    for (size_t i = 0; i < answer->lines_count && used < sizeof(value) - 8; i++) {
        (void)vt_text_ascii(line, sizeof(value) - used - 1, answer->lines[i]);
        used += (size_t)snprintf(value + used, sizeof(value) - used, " %s", line);
    }
    if (*code == VT_OK)
        *code = vt_mime_field(out, "Diagnostic-Code", value);
}

/* RFC 6533 3: utf-8-addr-xtext of what is not ASCII. */
static void add_recipient(struct vt_buf *out, const char *address, enum vt_code *code)
{
    const uint8_t *at = (const uint8_t *)address;
    bool is_ascii = true;
    for (const uint8_t *c = at; *c != '\0'; c++)
        is_ascii = is_ascii && *c > 0x20 && *c < 0x7F;
    if (*code == VT_OK)
        *code = vt_buf_addf(out, "\r\nFinal-Recipient: %s; ", is_ascii ? "rfc822" : "utf-8");
    while (*code == VT_OK && *at != '\0') {
        ucs4_t c = 0;
        int len = u8_strmbtouc(&c, at);
        if (len <= 0)
            break;
        bool is_plain = c > 0x20 && c < 0x7F && (is_ascii || (c != '\\' && c != '+' && c != '='));
        *code =
            is_plain ? vt_buf_addf(out, "%c", (int)c) : vt_buf_addf(out, "\\x{%X}", (unsigned)c);
        at += len;
    }
    if (*code == VT_OK)
        *code = vt_buf_addf(out, "\r\n");
}

enum vt_code vt_notice_delivery_status(const struct vt_notice_view *view, struct vt_buf *out)
{
    const struct vt_notice_input *input = view->input;
    char date[VT_MIME_DATE_BYTES];
    size_t written = 0;
    enum vt_code code =
        vt_buf_addf(out, "Reporting-MTA: dns; %s\r\n",
                    input->config->hostname == NULL ? "localhost" : input->config->hostname);
    if (code == VT_OK && view->first != NULL)
        code = vt_buf_addf(out, "Arrival-Date: %s\r\n",
                           vt_mime_date(date, view->first->time_utc_secs));
    for (unsigned g = 0; g < VT_OUTCOMES; g++) {
        const struct vt_notice_group *group = &view->groups[g];
        const char *action = action_of(input->kind, group->outcome);
        const struct vt_register_answer *answer = answer_of(input, group->outcome);
        for (size_t i = 0; action != NULL && i < group->count; i++) {
            if (written++ == MAX_STATUS_RECIPIENTS)
                return code;
            add_recipient(out, group->addresses[i], &code);
            if (code == VT_OK)
                code = vt_buf_addf(out, "Action: %s\r\n", action);
            add_status(out, action, answer, &code);
            if (group->outcome == VT_OUTCOME_REJECT)
                add_diagnostic(out, answer, &code);
        }
    }
    return code;
}
