/* SPDX-License-Identifier: Apache-2.0
 * Blocks of many mails: lists for records mailboxes and officers, lines of a digest. */
#include <string.h>

#include "notice/page.h"

enum { SUBJECT_BYTES = 120, LINE_BYTES = 500 };

/* What became of it: as whoever made the list says, else what the MTA was answered. */
static enum vt_notice_label state_of(const struct vt_notice_mail *mail)
{
    static const struct {
        const char *name;
        enum vt_notice_label label;
    } states[] = {{"refused", VT_LABEL_STATE_REFUSED},
                  {"held", VT_LABEL_STATE_HELD},
                  {"overruled", VT_LABEL_STATE_OVERRULED},
                  {"released", VT_LABEL_STATE_RELEASED},
                  {"returned", VT_LABEL_STATE_RETURNED}};
    static const enum vt_notice_label answers[VT_OUTCOMES] = {
        [VT_OUTCOME_TEMPFAIL] = VT_LABEL_STATE_LATER,
        [VT_OUTCOME_REJECT] = VT_LABEL_STATE_REFUSED,
        [VT_OUTCOME_HOLD] = VT_LABEL_STATE_HELD,
        [VT_OUTCOME_ACCEPT] = VT_LABEL_STATE_DELIVERED};
    for (size_t i = 0; mail->state != NULL && i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(mail->state, states[i].name) == 0)
            return states[i].label;
    }
    return mail->answer == NULL || mail->answer->outcome >= VT_OUTCOMES
               ? VT_LABEL_NONE_KNOWN
               : answers[mail->answer->outcome];
}

/* "Đang tạm giữ từ 09:12 …" where it is known since when. */
static const char *state_words(struct vt_notice_page *page, const struct vt_notice_mail *mail)
{
    const char *state = vt_page_label(page, state_of(mail));
    const char *since = mail->state != NULL && mail->state_utc_secs > 0
                            ? vt_page_time(page, mail->state_utc_secs)
                            : NULL;
    return since == NULL ? state
                         : vt_page_printf(page, "%s %s %s", state,
                                          vt_page_label(page, VT_LABEL_SINCE), since);
}

static void add_pair(struct vt_notice_page *page, enum vt_notice_label label, const char *text)
{
    if (text != NULL)
        vt_page_add(page, VT_NODE_PAIR, vt_page_label(page, label), text);
}

/* The file that its reason is of, else the first one that is signed. */
static const struct vt_document *document_of(const struct vt_notice_mail *mail)
{
    const struct vt_evidence *evidence = mail->evidence;
    if (mail->decision != NULL && mail->decision->document < evidence->documents_count)
        return &evidence->documents[mail->decision->document];
    for (size_t i = 0; i < evidence->documents_count; i++) {
        if (evidence->documents[i].signatures_count > 0)
            return &evidence->documents[i];
    }
    return NULL;
}

static const char *sender_of(struct vt_notice_page *page, const struct vt_mail *mail)
{
    const struct vt_site_agency *agency =
        vt_site_agency_of_address(page->view->input->site, mail->sender);
    const char *address = vt_notice_clean(page->arena, mail->sender, VT_NOTICE_NAME_BYTES);
    if (agency == NULL || address == NULL)
        return address;
    return vt_page_printf(page, "%s (%s)", agency->name, address);
}

static void add_contents(struct vt_notice_page *page, const struct vt_notice_mail *mail)
{
    const struct vt_mail *facts = &mail->evidence->mail;
    const struct vt_document *document = document_of(mail);
    enum vt_reason reason = vt_notice_mail_reason(mail);
    add_pair(page, VT_LABEL_SENDER, sender_of(page, facts));
    add_pair(page, VT_LABEL_SUBJECT, vt_notice_clean(page->arena, facts->subject, SUBJECT_BYTES));
    if (document != NULL)
        add_pair(page, VT_LABEL_FILES, vt_page_file_name(page, document));
    if (reason < VT_REASON_COUNT)
        add_pair(page, VT_LABEL_REASON, vt_page_reason(page, reason, document));
}

static void add_mail(struct vt_notice_page *page, const struct vt_notice_mail *mail, size_t number)
{
    const char *reference = vt_notice_clean(page->arena, mail->reference, VT_NOTICE_NAME_BYTES);
    const char *time = vt_page_time(page, mail->time_utc_secs);
    const char *unknown = vt_page_label(page, VT_LABEL_NONE_KNOWN);
    vt_page_add_item(page, number,
                     vt_page_printf(page, "%s, %s", reference != NULL ? reference : unknown,
                                    time != NULL ? time : unknown));
    add_pair(page, VT_LABEL_STATE, state_words(page, mail));
    if (vt_notice_mail_is_secret(mail))
        add_pair(page, VT_LABEL_SUBJECT, vt_page_label(page, VT_LABEL_SECRET));
    else
        add_contents(page, mail);
}

void vt_page_mails(struct vt_notice_page *page)
{
    const struct vt_notice_input *input = page->view->input;
    size_t count =
        input->mails_count < VT_NOTICE_MAILS_SHOWN ? input->mails_count : VT_NOTICE_MAILS_SHOWN;
    size_t more = input->mails_count - count + input->more_count;
    for (size_t i = 0; i < count; i++)
        add_mail(page, &input->mails[i], i + 1);
    if (more > 0)
        vt_page_add(
            page, VT_NODE_PARAGRAPH, NULL,
            vt_page_printf(page, "%zu %s.", more, vt_page_label(page, VT_LABEL_MORE_MAILS)));
}

void vt_page_lines(struct vt_notice_page *page)
{
    const struct vt_notice_input *input = page->view->input;
    for (size_t i = 0; i < input->lines_count && i < VT_NOTICE_LINES_SHOWN; i++) {
        const char *name = vt_notice_clean(page->arena, input->lines[i].name, LINE_BYTES);
        const char *text = vt_notice_clean(page->arena, input->lines[i].text, LINE_BYTES);
        if (name != NULL && text != NULL)
            vt_page_add(page, VT_NODE_FACT, name, text);
        else
            vt_page_add(page, VT_NODE_PARAGRAPH, NULL, name != NULL ? name : text);
    }
}
