/* SPDX-License-Identifier: Apache-2.0
 * The values of fields. */
#include <stdio.h>
#include <string.h>

#include "notice/page.h"

enum { SUBJECT_BYTES = 200, QUOTED_BYTES = 100, COMMENT_BYTES = 1000 };

static bool is_vietnamese(const struct vt_notice_page *page)
{
    return page->language == VT_NOTICE_VIETNAMESE;
}

/* ---- times ---- */

static bool is_time(int64_t utc_secs)
{
    char text[VT_TIME_TEXT_BYTES];
    return utc_secs > INT64_MIN / 2 && utc_secs < INT64_MAX / 2 &&
           strlen(vt_time_rfc3339(text, utc_secs)) == strlen("2026-12-03T02:12:00Z");
}

const char *vt_page_time(struct vt_notice_page *page, int64_t utc_secs)
{
    char text[64];
    if (!is_time(utc_secs))
        return NULL;
    if (is_vietnamese(page))
        return vt_page_printf(page, "%s", vt_time_vietnam(text, utc_secs));
    (void)vt_time_rfc3339(text, utc_secs + VT_VIETNAM_SECS);
    return vt_page_printf(page, "%.10s %.5s (Vietnam time)", text, text + 11);
}

const char *vt_page_day(struct vt_notice_page *page, int64_t utc_secs)
{
    char text[VT_TIME_TEXT_BYTES];
    if (!is_time(utc_secs))
        return NULL;
    (void)vt_time_rfc3339(text, utc_secs + VT_VIETNAM_SECS);
    if (is_vietnamese(page))
        return vt_page_printf(page, "%.2s/%.2s/%.4s", text + 8, text + 5, text);
    return vt_page_printf(page, "%.10s", text);
}

/* ---- reasons ---- */

/* An article is cited of the regulation that has it, and only where the site names it. */
static const char *article_regulation(const struct vt_notice_page *page)
{
    const struct vt_config *config = page->view->input->config;
    return config->profile == VT_PROFILE_NINH_BINH ? config->regulation : NULL;
}

static const char *fill_reason(struct vt_notice_page *page, const char *text,
                               const struct vt_document *document)
{
    char day[16], out[VT_REASON_TEXT_BYTES];
    struct vt_reason_fields fields = {.regulation = article_regulation(page)};
    if (document != NULL)
        fields.file = vt_page_file_name(page, document);
    for (size_t i = 0; document != NULL && i < document->signatures_count; i++) {
        if (fields.date == NULL)
            fields.date = vt_signature_revoked_on(&document->signatures[i], day);
    }
    return vt_page_printf(page, "%s", vt_reason_fill(out, sizeof(out), text, &fields));
}

static const struct vt_notice_reason_words *words_of(const struct vt_notice_page *page,
                                                     enum vt_reason reason)
{
    return &page->view->input->words->reasons[page->language][reason];
}

const char *vt_page_reason(struct vt_notice_page *page, enum vt_reason reason,
                           const struct vt_document *document)
{
    const char *text = fill_reason(page, words_of(page, reason)->reason, document);
    const char *pages = document == NULL ? NULL : vt_page_changed_pages(page, reason, document);
    size_t len = strlen(text);
    if (pages == NULL)
        return text;
    len -= len > 0 && text[len - 1] == '.';
    return vt_page_printf(page, "%.*s (%s)%s", (int)len, text, pages, text + len);
}

const char *vt_page_to_do(struct vt_notice_page *page, enum vt_reason reason,
                          const struct vt_document *document)
{
    return fill_reason(page, words_of(page, reason)->to_do, document);
}

/* The document that decided, for the fields of its reason. */
static const struct vt_document *decided(const struct vt_notice_view *view)
{
    const struct vt_decision *decision = view->first == NULL ? NULL : view->first->decision;
    if (decision == NULL || view->evidence == NULL ||
        decision->document >= view->evidence->documents_count)
        return NULL;
    return &view->evidence->documents[decision->document];
}

/* Where no reason decided, a rule may have a text of its own. */
static const char *reason_words(struct vt_notice_page *page)
{
    const struct vt_notice_view *view = page->view;
    if (view->reason < VT_REASON_COUNT)
        return vt_page_reason(page, view->reason, decided(view));
    const struct vt_decision *decision = view->first == NULL ? NULL : view->first->decision;
    const char *text = decision == NULL || view->is_secret
                           ? NULL
                           : vt_notice_clean(page->arena, decision->text, COMMENT_BYTES);
    return text != NULL ? text : vt_page_label(page, VT_LABEL_BY_POLICY);
}

/* Ninh Bình 2025, Article 19(3): refuse what is not valid and tell the sending office why. */
static const char *legal_basis(struct vt_notice_page *page)
{
    const struct vt_config *config = page->view->input->config;
    if (config->regulation == NULL || config->profile == VT_PROFILE_NONE)
        return NULL;
    if (config->profile != VT_PROFILE_NINH_BINH)
        return config->regulation;
    return is_vietnamese(page) ? vt_page_printf(page, "khoản 3 Điều 19 %s", config->regulation)
                               : vt_page_printf(page, "Article 19(3) of %s", config->regulation);
}

/* ---- people ---- */

static const char *name_of_address(struct vt_notice_page *page, const char *address)
{
    const struct vt_site_agency *agency =
        vt_site_agency_of_address(page->view->input->site, address);
    return vt_notice_clean(page->arena, agency != NULL ? agency->name : address,
                           VT_NOTICE_NAME_BYTES);
}

static const char *counted(struct vt_notice_page *page, size_t count, enum vt_notice_label one,
                           enum vt_notice_label many)
{
    return vt_page_printf(page, "%zu %s", count, vt_page_label(page, count == 1 ? one : many));
}

const char *vt_page_recipients_words(struct vt_notice_page *page,
                                     const struct vt_notice_group *group)
{
    if (group->count == 0)
        return NULL;
    if (group->count == 1)
        return name_of_address(page, group->addresses[0]);
    const char *boxes = counted(page, group->count, VT_LABEL_MAILBOX, VT_LABEL_MAILBOXES);
    if (group->agencies == 0)
        return boxes;
    return vt_page_printf(
        page, "%s, %s", counted(page, group->agencies, VT_LABEL_AGENCY, VT_LABEL_AGENCIES), boxes);
}

static const char *number(struct vt_notice_page *page, size_t value)
{
    return vt_page_printf(page, "%zu", value);
}

static const char *of_person(struct vt_notice_page *page, const char *text)
{
    return page->view->is_secret ? NULL : vt_notice_clean(page->arena, text, COMMENT_BYTES);
}

/* What a person wrote; of a recheck what stands behind the code of its reason. */
static const char *comment(struct vt_notice_page *page)
{
    const struct vt_notice_input *input = page->view->input;
    const char *text = input->text;
    if (text != NULL && input->kind == VT_NOTICE_RECHECK && input->reason < VT_REASON_COUNT) {
        const char *code = vt_reason_info(input->reason)->code;
        if (strncmp(text, code, strlen(code)) == 0)
            text += strlen(code) + strspn(text + strlen(code), " :,");
    }
    return of_person(page, text);
}

/* ---- fields by what they are of ---- */

static const char *of_mail(struct vt_notice_page *page, enum vt_notice_field field)
{
    const struct vt_notice_view *view = page->view;
    const struct vt_mail *mail = view->mail;
    switch (field) {
    case VT_FIELD_REFERENCE:
        return view->first == NULL
                   ? NULL
                   : vt_notice_clean(page->arena, view->first->reference, VT_NOTICE_NAME_BYTES);
    case VT_FIELD_TIME:
        return view->first == NULL ? NULL : vt_page_time(page, view->first->time_utc_secs);
    case VT_FIELD_SUBJECT:
        return mail == NULL ? NULL
                            : vt_notice_clean(page->arena, mail->subject,
                                              page->is_subject ? QUOTED_BYTES : SUBJECT_BYTES);
    case VT_FIELD_SENDER:
        return mail == NULL ? NULL
                            : vt_notice_clean(page->arena, mail->sender, VT_NOTICE_NAME_BYTES);
    case VT_FIELD_SENDING_OFFICE:
        return mail == NULL ? NULL : name_of_address(page, mail->sender);
    case VT_FIELD_RECIPIENTS:
        return vt_page_recipients_words(page, &view->all);
    case VT_FIELD_FAILING_COUNT:
        return view->state_counts[VT_FILE_FAILING] == 0
                   ? NULL
                   : number(page, view->state_counts[VT_FILE_FAILING]);
    case VT_FIELD_FILES_COUNT:
        return view->files_count == 0 ? NULL : number(page, view->files_count);
    case VT_FIELD_REASON:
        return reason_words(page);
    case VT_FIELD_TO_DO:
        return view->reason < VT_REASON_COUNT ? vt_page_to_do(page, view->reason, decided(view))
                                              : NULL;
    default:
        return NULL;
    }
}

static const char *of_site(struct vt_notice_page *page, enum vt_notice_field field)
{
    const struct vt_notice_input *input = page->view->input;
    const struct vt_config *config = input->config;
    switch (field) {
    case VT_FIELD_ADDRESSEE:
        return name_of_address(page, input->recipient);
    case VT_FIELD_OFFICE:
        return config->office_name;
    case VT_FIELD_HOST:
        return config->hostname;
    case VT_FIELD_CONTACT:
        return config->notices.contact != NULL ? config->notices.contact : config->office_phone;
    case VT_FIELD_LEGAL_BASIS:
        return legal_basis(page);
    default:
        return NULL;
    }
}

/* "từ … đến … (giờ Việt Nam)": the end says for both which time it is. */
static const char *begin_of_period(struct vt_notice_page *page)
{
    const struct vt_notice_input *input = page->view->input;
    const char *text = vt_page_time(page, input->from_utc_secs);
    const char *zone = text == NULL ? NULL : strstr(text, " (");
    if (zone == NULL || !is_time(input->until_utc_secs))
        return text;
    return vt_page_printf(page, "%.*s", (int)(zone - text), text);
}

const char *vt_page_field(struct vt_notice_page *page, enum vt_notice_field field)
{
    const struct vt_notice_input *input = page->view->input;
    switch (field) {
    case VT_FIELD_COMMENT:
        return comment(page);
    case VT_FIELD_BY:
        return of_person(page, input->by);
    case VT_FIELD_EARLIER_REFERENCE:
        return vt_notice_clean(page->arena, input->earlier, VT_NOTICE_NAME_BYTES);
    case VT_FIELD_EARLIER_DATE:
        return input->earlier == NULL ? NULL : vt_page_day(page, input->earlier_utc_secs);
    case VT_FIELD_FROM:
        return begin_of_period(page);
    case VT_FIELD_UNTIL:
        return vt_page_time(page, input->until_utc_secs);
    case VT_FIELD_MAILS_COUNT:
        return number(page, input->mails_count + input->more_count);
    case VT_FIELD_ADDRESSEE:
    case VT_FIELD_OFFICE:
    case VT_FIELD_HOST:
    case VT_FIELD_CONTACT:
    case VT_FIELD_LEGAL_BASIS:
        return of_site(page, field);
    default:
        return of_mail(page, field);
    }
}
