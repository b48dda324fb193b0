/* SPDX-License-Identifier: Apache-2.0
 * The tests of the policy language: one line each. The manual and the JSON Schema are compared
 * with this table. Accessors below say what a scope has; unknown stays unknown. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "rule.h"

/* Vietnamese local time written as UTC: seven hours, give or take a slow time stamp. */
#define LOCAL_TIME_FAULT_SECS (7 * 3600)
#define LOCAL_TIME_SLACK_SECS (15 * 60)

static const char *const trust_sets[] = {"none", "official", "public"};
static const struct vt_words trust_set_words = {trust_sets, 3};

static unsigned of_bool(bool value)
{
    return value ? 1 : 0;
}

/* ---- the mail ---- */

static unsigned direction(const struct vt_scope *s)
{
    return s->mail->direction;
}

static unsigned sender_class(const struct vt_scope *s)
{
    return s->site->sender_class;
}

static unsigned authenticated(const struct vt_scope *s)
{
    return of_bool(s->mail->authenticated != NULL);
}

static unsigned aligned(const struct vt_scope *s)
{
    return of_bool(s->mail->sender_aligned);
}

static unsigned list(const struct vt_scope *s)
{
    return of_bool(s->mail->is_list);
}

static unsigned automatic(const struct vt_scope *s)
{
    return of_bool(s->mail->is_automatic);
}

static const char *sender(const struct vt_scope *s)
{
    return s->mail->sender;
}

/* The marks of Decree 30/2020 at the begin of the subject or in brackets: HỎA TỐC (in both
 * places of its tone mark), THƯỢNG KHẨN, KHẨN. Capitals only: a mark, not a word. */
static unsigned urgent(const struct vt_scope *s)
{
    static const char *const marks[] = {"HỎA TỐC", "HOẢ TỐC", "THƯỢNG KHẨN", "KHẨN"};
    const char *subject = s->mail->subject;
    if (subject == NULL)
        return VT_VALUE_UNKNOWN;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        const char *found = strstr(subject, marks[i]);
        if (found == subject || (found != NULL && (found[-1] == '[' || found[-1] == '(')))
            return 1;
    }
    return 0;
}

/* ---- the document ---- */

static unsigned nested(const struct vt_scope *s)
{
    return of_bool(s->document != NULL && s->document->nested);
}

static unsigned format(const struct vt_scope *s)
{
    return s->document == NULL ? VT_VALUE_UNKNOWN : s->document->format;
}

static unsigned expects_signature(const struct vt_scope *s)
{
    return s->document == NULL ? VT_VALUE_UNKNOWN : of_bool(s->site_document->expects_signature);
}

static unsigned attachment(const struct vt_scope *s)
{
    return s->document == NULL ? VT_VALUE_UNKNOWN : of_bool(s->document->attachment);
}

static unsigned is_signed(const struct vt_scope *s)
{
    return s->document == NULL ? VT_VALUE_UNKNOWN : of_bool(s->document->signatures_count > 0);
}

static const char *name(const struct vt_scope *s)
{
    return s->document == NULL ? NULL : s->document->name;
}

/* ---- the signature ---- */

static unsigned indication(const struct vt_scope *s)
{
    return s->signature == NULL ? VT_VALUE_UNKNOWN : s->signature->indication;
}

static unsigned sub_indication(const struct vt_scope *s)
{
    bool has_none = s->signature == NULL || s->signature->sub_indication == VT_SUB_NONE;
    return has_none ? VT_VALUE_UNKNOWN : s->signature->sub_indication;
}

static unsigned integrity(const struct vt_scope *s)
{
    return s->signature == NULL ? VT_VALUE_UNKNOWN : s->signature->integrity;
}

static unsigned covers(const struct vt_scope *s)
{
    return s->signature == NULL ? VT_VALUE_UNKNOWN : s->signature->covers;
}

static unsigned changes_after(const struct vt_scope *s)
{
    return s->signature == NULL ? VT_VALUE_UNKNOWN : s->signature->changes_after;
}

static unsigned signature_format(const struct vt_scope *s)
{
    return s->signature == NULL ? VT_VALUE_UNKNOWN : s->signature->format;
}

static unsigned signing_time(const struct vt_scope *s)
{
    return s->signature == NULL ? VT_VALUE_UNKNOWN : s->signature->signing_time_source;
}

static unsigned trust_set(const struct vt_scope *s)
{
    if (s->signature == NULL)
        return VT_VALUE_UNKNOWN;
    if (s->signature->trust_set == NULL)
        return 0;
    unsigned found = vt_words_find(&trust_set_words, s->signature->trust_set);
    return found == trust_set_words.count ? VT_VALUE_UNKNOWN : found;
}

/* The claimed time runs seven hours ahead of the proven one, of another claim, or of the time of
 * judging. Without a claimed time there is no such fault: false, so that "not" holds. */
static unsigned local_time_as_utc(const struct vt_scope *s)
{
    if (s->signature == NULL || s->signature->claimed_time_utc_secs == VT_TIME_NONE)
        return 0;
    if (s->signature->claimed_is_local_time)
        return of_bool(true);
    bool is_proven = s->signature->signing_time_source == VT_TIME_SOURCE_TIMESTAMP ||
                     s->signature->signing_time_source == VT_TIME_SOURCE_FIRST_SEEN;
    int64_t reference =
        is_proven ? s->signature->signing_time_utc_secs : s->signature->judged_at_utc_secs;
    int64_t ahead = 0;
    if (reference == VT_TIME_NONE ||
        __builtin_sub_overflow(s->signature->claimed_time_utc_secs, reference, &ahead))
        return 0;
    /* Without proof only the part that reaches into the future shows. */
    int64_t least = is_proven ? LOCAL_TIME_FAULT_SECS - LOCAL_TIME_SLACK_SECS : 1;
    return of_bool(ahead >= least && ahead <= LOCAL_TIME_FAULT_SECS + LOCAL_TIME_SLACK_SECS);
}

static bool is_missing(enum vt_status_value value)
{
    return value == VT_STATUS_UNKNOWN || value == VT_STATUS_UNREACHABLE || value == VT_STATUS_STALE;
}

/* Some status is missing, and for each that is, all its sources are known to be down: a few
 * minutes of waiting would change nothing (users.md 1). */
static unsigned source_down(const struct vt_scope *s)
{
    bool any = false;
    for (size_t i = 0; s->signature != NULL && i < s->signature->statuses_count; i++) {
        const struct vt_status_facts *status = &s->signature->statuses[i];
        if (is_missing(status->value) && !status->source_down)
            return 0;
        any |= is_missing(status->value);
    }
    return of_bool(any);
}

/* ---- the table ---- */

#define WORD_TEST(key, places, what, accessor, word_set)                                           \
    {                                                                                              \
        key, places, what, vt_parse_words, vt_match_value, vt_describe_value, (word_set),          \
            accessor, NULL                                                                         \
    }
#define BOOL_TEST(key, places, accessor)                                                           \
    {                                                                                              \
        key, places, "true or false", vt_parse_bool, vt_match_value, vt_describe_value, NULL,      \
            accessor, NULL                                                                         \
    }
#define TEXT_TEST(key, places, what, parse, match, accessor)                                       \
    {                                                                                              \
        key, places, what, parse, match, vt_describe_text, NULL, NULL, accessor                    \
    }
#define RECIPIENT_TEST(key, what, parse, match)                                                    \
    {                                                                                              \
        key, VT_IN_WHEN, what, parse, match, vt_describe_recipients, NULL, NULL, NULL              \
    }
#define GROUP_TEST(key, places, what, parse, match)                                                \
    {                                                                                              \
        key, places, what, parse, match, NULL, NULL, NULL, NULL                                    \
    }

#define ADDRESS "an address such as vanthu@soxd.ninhbinh.gov.vn"
#define DOMAIN "a domain such as ninhbinh.gov.vn (with all below) or =ninhbinh.gov.vn (alone)"
#define SIZE "a size such as >10M or <1M"

const struct vt_test vt_tests[] = {
    {"reason", VT_IN_WHEN, "a reason code", vt_parse_reasons, vt_match_reason, vt_describe_reason,
     NULL, NULL, NULL},
    WORD_TEST("indication", VT_IN_WHEN, "an indication", indication, &vt_words_indication),
    WORD_TEST("sub-indication", VT_IN_WHEN, "a sub-indication", sub_indication,
              &vt_words_sub_indication),
    WORD_TEST("integrity", VT_IN_WHEN, "an integrity", integrity, &vt_words_integrity),
    WORD_TEST("covers", VT_IN_WHEN, "a coverage", covers, &vt_words_covers),
    WORD_TEST("changes-after", VT_IN_WHEN, "a kind of change", changes_after, &vt_words_changes),
    WORD_TEST("signature-format", VT_IN_WHEN, "a signature format", signature_format,
              &vt_words_signature_format),
    WORD_TEST("signing-time", VT_IN_WHEN, "a source of the signing time", signing_time,
              &vt_words_time_source),
    WORD_TEST("trust-set", VT_IN_WHEN, "a trust set", trust_set, &trust_set_words),
    BOOL_TEST("local-time-as-utc", VT_IN_WHEN, local_time_as_utc),
    BOOL_TEST("source-down", VT_IN_WHEN, source_down),
    {"signed-before", VT_IN_WHEN, "a date such as 2025-08-15", vt_parse_date,
     vt_match_signed_before, vt_describe_signing_time, NULL, NULL, NULL},

    WORD_TEST("direction", VT_IN_WHEN, "a direction", direction, &vt_words_direction),
    WORD_TEST("sender-class", VT_IN_WHEN, "a sender class", sender_class, &vt_words_sender_class),
    BOOL_TEST("authenticated", VT_IN_WHEN, authenticated),
    BOOL_TEST("aligned", VT_IN_WHEN, aligned),
    BOOL_TEST("list", VT_IN_WHEN, list),
    BOOL_TEST("automatic", VT_IN_WHEN, automatic),
    BOOL_TEST("urgent", VT_IN_WHEN, urgent),
    TEXT_TEST("sender", VT_IN_WHEN, ADDRESS " or \"\"", vt_parse_addresses, vt_match_sender,
              sender),
    TEXT_TEST("sender-domain", VT_IN_WHEN, DOMAIN, vt_parse_domains, vt_match_sender_domain,
              sender),
    RECIPIENT_TEST("recipient", ADDRESS, vt_parse_addresses, vt_match_all_recipients),
    RECIPIENT_TEST("recipient-domain", DOMAIN, vt_parse_domains, vt_match_all_recipient_domains),
    RECIPIENT_TEST("any-recipient", ADDRESS, vt_parse_addresses, vt_match_any_recipient),
    RECIPIENT_TEST("any-recipient-domain", DOMAIN, vt_parse_domains, vt_match_any_recipient_domain),
    {"size", VT_IN_WHEN, SIZE, vt_parse_size, vt_match_mail_size, vt_describe_mail_size, NULL, NULL,
     NULL},

    WORD_TEST("format", VT_ANYWHERE, "a file format", format, &vt_words_format),
    BOOL_TEST("nested", VT_ANYWHERE, nested),
    TEXT_TEST("name", VT_IN_DOCUMENT, "a file name such as *.signed.pdf", vt_parse_globs,
              vt_match_name, name),
    BOOL_TEST("expects-signature", VT_IN_DOCUMENT, expects_signature),
    BOOL_TEST("attachment", VT_IN_DOCUMENT, attachment),
    BOOL_TEST("signed", VT_IN_DOCUMENT, is_signed),
    {"size", VT_IN_DOCUMENT, SIZE, vt_parse_size, vt_match_document_size, vt_describe_document_size,
     NULL, NULL, NULL},
    GROUP_TEST("document", VT_IN_WHEN, "tests of the document", vt_parse_document,
               vt_match_document),
    GROUP_TEST("not", VT_ANYWHERE, "tests that must not hold", vt_parse_not, vt_match_not),
    GROUP_TEST("any-of", VT_ANYWHERE, "tests of which one must hold", vt_parse_any_of,
               vt_match_any_of),
};

const size_t vt_tests_count = sizeof(vt_tests) / sizeof(vt_tests[0]);
