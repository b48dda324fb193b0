/* SPDX-License-Identifier: Apache-2.0
 * Facts of the mail. */
#include "facts.h"

#include <string.h>

/* Vietnam has no summer time. */
#define DAY_SECS 86400

static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
const struct vt_words vt_words_weekday = {weekdays, 7};

static unsigned of_bool(bool value)
{
    return value ? 1 : 0;
}

unsigned vt_fact_direction(const struct vt_scope *s)
{
    return s->mail->direction;
}

unsigned vt_fact_sender_class(const struct vt_scope *s)
{
    return s->site != NULL ? s->site->sender_class : s->mail->sender_class;
}

unsigned vt_fact_aligned(const struct vt_scope *s)
{
    return of_bool(s->mail->sender_aligned);
}

unsigned vt_fact_list(const struct vt_scope *s)
{
    return of_bool(s->mail->is_list);
}

unsigned vt_fact_automatic(const struct vt_scope *s)
{
    return of_bool(s->mail->is_automatic);
}

unsigned vt_fact_urgent(const struct vt_scope *s)
{
    return s->mail->subject == NULL ? VT_VALUE_UNKNOWN : of_bool(vt_mail_is_urgent(s->mail));
}

/* ---- addresses ---- */

/* The empty sender, and a bare name, have no domain. */
static const char *domain_of(const char *address)
{
    return address == NULL ? NULL : vt_address_domain(address);
}

const char *vt_fact_sender(const struct vt_scope *s, size_t index)
{
    (void)index;
    return s->mail->sender;
}

const char *vt_fact_sender_domain(const struct vt_scope *s, size_t index)
{
    (void)index;
    return domain_of(s->mail->sender);
}

const char *vt_fact_sender_agency(const struct vt_scope *s, size_t index)
{
    (void)index;
    return s->site != NULL ? s->site->sender_agency : NULL;
}

const char *vt_fact_from(const struct vt_scope *s, size_t index)
{
    (void)index;
    return s->mail->from;
}

const char *vt_fact_from_domain(const struct vt_scope *s, size_t index)
{
    (void)index;
    return domain_of(s->mail->from);
}

size_t vt_fact_recipients_count(const struct vt_scope *s)
{
    return s->mail->recipients_count;
}

const char *vt_fact_recipient(const struct vt_scope *s, size_t index)
{
    return s->mail->recipients[index];
}

const char *vt_fact_recipient_domain(const struct vt_scope *s, size_t index)
{
    return domain_of(s->mail->recipients[index]);
}

size_t vt_fact_recipient_agencies_count(const struct vt_scope *s)
{
    return s->site != NULL ? s->site->recipient_agencies_count : 0;
}

const char *vt_fact_recipient_agency(const struct vt_scope *s, size_t index)
{
    return s->site->recipient_agencies[index];
}

/* ---- the session ---- */

const char *vt_fact_client(const struct vt_scope *s, size_t index)
{
    (void)index;
    return s->mail->client_address;
}

/* Postfix says "unknown" of a client whose name and address do not lead to each other. */
const char *vt_fact_client_name(const struct vt_scope *s, size_t index)
{
    const char *name = s->mail->client_name;
    (void)index;
    return name == NULL || strcmp(name, "unknown") == 0 ? NULL : name;
}

const char *vt_fact_helo(const struct vt_scope *s, size_t index)
{
    (void)index;
    return s->mail->helo;
}

const char *vt_fact_daemon_name(const struct vt_scope *s, size_t index)
{
    (void)index;
    return s->mail->daemon_name;
}

const char *vt_fact_login(const struct vt_scope *s, size_t index)
{
    (void)index;
    return s->mail->authenticated;
}

/* ---- numbers ---- */

/* No mail is empty: a file that is no mail has no such size. */
int64_t vt_fact_mail_size(const struct vt_scope *s)
{
    return s->mail->size_bytes == 0 ? VT_NUMBER_UNKNOWN : (int64_t)s->mail->size_bytes;
}

int64_t vt_fact_recipients(const struct vt_scope *s)
{
    return s->mail->recipients_count == 0 ? VT_NUMBER_UNKNOWN : (int64_t)s->mail->recipients_count;
}

/* What was not read may hold more: only what is there is counted then, and "fewer than" is not
 * known. */
static bool is_read(const struct vt_scope *s)
{
    return vt_reasons_mean_read(s->evidence->reasons);
}

int64_t vt_fact_attachments(const struct vt_scope *s)
{
    int64_t count = 0;
    for (size_t i = 0; i < s->evidence->documents_count; i++)
        count += s->evidence->documents[i].attachment;
    return is_read(s) ? count : VT_NUMBER_UNKNOWN;
}

int64_t vt_fact_mail_signatures(const struct vt_scope *s)
{
    int64_t count = 0;
    bool is_known = is_read(s);
    for (size_t i = 0; i < s->evidence->documents_count; i++) {
        const struct vt_document *document = &s->evidence->documents[i];
        count += (int64_t)document->signatures_count;
        is_known = is_known && vt_reasons_mean_read(document->reasons);
    }
    return is_known ? count : VT_NUMBER_UNKNOWN;
}

/* ---- when ---- */

static int64_t floor_div(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

int64_t vt_fact_date(const struct vt_scope *s)
{
    return s->now_utc_secs == VT_TIME_NONE ? VT_NUMBER_UNKNOWN
                                           : floor_div(s->now_utc_secs + VT_VIETNAM_SECS, DAY_SECS);
}

int64_t vt_fact_clock(const struct vt_scope *s)
{
    int64_t day = vt_fact_date(s);
    return day == VT_NUMBER_UNKNOWN ? day
                                    : (s->now_utc_secs + VT_VIETNAM_SECS - day * DAY_SECS) / 60;
}

/* 1970-01-01 was a Thursday. */
unsigned vt_fact_weekday(const struct vt_scope *s)
{
    int64_t day = vt_fact_date(s);
    return day == VT_NUMBER_UNKNOWN ? VT_VALUE_UNKNOWN : (unsigned)(((day + 3) % 7 + 7) % 7);
}
