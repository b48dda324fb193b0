/* SPDX-License-Identifier: Apache-2.0
 * Facts of the mail and of its documents, made so. */
#include "probe_make.h"

#include <string.h>

#define VIETNAM_SECS (7 * 3600)
#define DAY_SECS 86400

/* ---- the mail ---- */

SET_NUMBER(vt_make_direction, mail.direction, enum vt_direction)
SET_NUMBER(vt_make_aligned, mail.sender_aligned, bool)
SET_NUMBER(vt_make_list, mail.is_list, bool)
SET_NUMBER(vt_make_automatic, mail.is_automatic, bool)
SET_TEXT(vt_make_client, mail.client_address)
SET_TEXT(vt_make_client_name, mail.client_name)
SET_TEXT(vt_make_helo, mail.helo)
SET_TEXT(vt_make_daemon_name, mail.daemon_name)

bool vt_make_sender_class(struct vt_probe *p, const struct vt_fact *fact)
{
    p->mail.sender_class = (enum vt_sender_class)fact->number;
    /* Of a sender that is not of the state nothing is expected, and the table shall not say it is.
     */
    if (p->mail.sender_class == VT_SENDER_OTHER)
        p->mail.sender_aligned = false;
    return true;
}

bool vt_make_urgent(struct vt_probe *p, const struct vt_fact *fact)
{
    p->mail.subject = fact->number != 0 ? "[HỎA TỐC] V/v quy hoạch" : "V/v quy hoạch";
    return true;
}

bool vt_make_sender(struct vt_probe *p, const struct vt_fact *fact)
{
    p->mail.sender = fact->text;
    p->mail.from = fact->text != NULL && fact->text[0] != '\0' ? fact->text : p->mail.from;
    return true;
}

const char *vt_make_at_domain(struct vt_probe *p, const char *domain)
{
    return domain == NULL ? NULL : vt_arena_printf(p->arena, "vanthu@%s", domain);
}

bool vt_make_sender_domain(struct vt_probe *p, const struct vt_fact *fact)
{
    const struct vt_fact sender = {.text = vt_make_at_domain(p, fact->text)};
    return vt_make_sender(p, &sender);
}

bool vt_make_from(struct vt_probe *p, const struct vt_fact *fact)
{
    p->mail.from = fact->text;
    return true;
}

bool vt_make_from_domain(struct vt_probe *p, const struct vt_fact *fact)
{
    p->mail.from = vt_make_at_domain(p, fact->text);
    return true;
}

bool vt_make_recipient(struct vt_probe *p, const struct vt_fact *fact)
{
    p->recipients[0] = fact->text;
    return fact->text != NULL;
}

bool vt_make_recipient_domain(struct vt_probe *p, const struct vt_fact *fact)
{
    p->recipients[0] = vt_make_at_domain(p, fact->text);
    return p->recipients[0] != NULL;
}

/* true, false, or who: a word where the test names logins. */
bool vt_make_login(struct vt_probe *p, const struct vt_fact *fact)
{
    p->mail.authenticated = fact->text != NULL ? fact->text : fact->number != 0 ? "vanthu" : NULL;
    return true;
}

/* No mail is empty. */
bool vt_make_mail_size(struct vt_probe *p, const struct vt_fact *fact)
{
    p->mail.size_bytes = (uint64_t)fact->number;
    return fact->number > 0;
}

bool vt_make_recipients(struct vt_probe *p, const struct vt_fact *fact)
{
    p->recipients_count = (size_t)fact->number;
    return fact->number >= 1 && fact->number <= VT_MAX_PROBE_COUNT;
}

bool vt_make_documents(struct vt_probe *p, const struct vt_fact *fact)
{
    p->documents_count = (size_t)fact->number;
    return fact->number >= 0 && fact->number <= VT_MAX_PROBE_COUNT;
}

bool vt_make_signatures(struct vt_probe *p, const struct vt_fact *fact)
{
    p->signatures_count = (size_t)fact->number;
    return fact->number >= 0 && fact->number <= VT_MAX_PROBE_COUNT;
}

/* ---- when ---- */

static int64_t day_of(int64_t utc_secs)
{
    int64_t local = utc_secs + VIETNAM_SECS;
    return local / DAY_SECS - (local % DAY_SECS < 0);
}

bool vt_make_date(struct vt_probe *p, const struct vt_fact *fact)
{
    int64_t offset = 0;
    if (fact->number < -100000 || fact->number > 1000000)
        return false;
    offset = (fact->number - day_of(p->now_utc_secs)) * DAY_SECS;
    p->now_utc_secs += offset;
    return true;
}

bool vt_make_clock(struct vt_probe *p, const struct vt_fact *fact)
{
    if (fact->number < 0 || fact->number >= 24 * 60)
        return false;
    p->now_utc_secs = day_of(p->now_utc_secs) * DAY_SECS - VIETNAM_SECS + fact->number * 60;
    return true;
}

/* 1970-01-01 was a Thursday; the next day of that name. */
bool vt_make_weekday(struct vt_probe *p, const struct vt_fact *fact)
{
    int64_t today = (day_of(p->now_utc_secs) + 3) % 7;
    p->now_utc_secs += (fact->number - today + 7) % 7 * DAY_SECS;
    return true;
}

/* ---- the document ---- */

SET_NUMBER(vt_make_nested, document.nested, bool)
SET_NUMBER(vt_make_attachment, document.attachment, bool)
SET_NUMBER(vt_make_document_size, document.size_bytes, uint64_t)
SET_TEXT(vt_make_name, document.name)

bool vt_make_format(struct vt_probe *p, const struct vt_fact *fact)
{
    p->document.format = (enum vt_format)fact->number;
    /* As the inspection has it: the text of a mail is none of these. */
    p->document.is_official =
        p->document.format == VT_FORMAT_PDF || p->document.format == VT_FORMAT_OOXML ||
        p->document.format == VT_FORMAT_ODF || p->document.format == VT_FORMAT_XML;
    return true;
}

bool vt_make_expects(struct vt_probe *p, const struct vt_fact *fact)
{
    p->document.expects_signature = fact->number != 0;
    if (fact->number == 0)
        p->document.is_official = false;
    return true;
}

bool vt_make_signed(struct vt_probe *p, const struct vt_fact *fact)
{
    p->signatures_count = fact->number != 0;
    return true;
}

bool vt_make_from_digest(char out[65], const char *text)
{
    if (text == NULL || strlen(text) != 64)
        return false;
    memcpy(out, text, 65);
    return true;
}

bool vt_make_sha256(struct vt_probe *p, const struct vt_fact *fact)
{
    return vt_make_from_digest(p->document.sha256, fact->text);
}

/* A copy and an annex are so called. */
bool vt_make_seems(struct vt_probe *p, const struct vt_fact *fact)
{
    const char *what = vt_words_seems.words[fact->number];
    if (strcmp(what, "scan") == 0)
        p->document.hints.made = VT_MADE_SCAN;
    else if (strcmp(what, "electronic") == 0)
        p->document.hints.made = VT_MADE_ELECTRONIC;
    else if (strcmp(what, "seal-picture") == 0)
        p->document.hints.seal_page = 1;
    else
        p->document.name = strcmp(what, "copy") == 0 ? "sao y 123-QD.pdf" : "phu luc 1.pdf";
    if (p->document.hints.seal_page > 0)
        p->signatures_count = 0;
    return true;
}
