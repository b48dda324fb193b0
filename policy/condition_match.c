/* SPDX-License-Identifier: Apache-2.0
 * Matching the tests of a rule, with three truths: what is not known never matches, and neither
 * does its "not". */
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "rule.h"

static enum vt_truth truth_of(bool value)
{
    return value ? VT_YES : VT_NO;
}

enum vt_truth vt_match_reason(const struct vt_condition *condition, const struct vt_scope *scope,
                              vt_reasons *matched)
{
    vt_reasons hit = scope->reasons & condition->set;
    *matched |= hit;
    return truth_of(hit != 0);
}

enum vt_truth vt_match_value(const struct vt_condition *condition, const struct vt_scope *scope,
                             vt_reasons *matched)
{
    (void)matched;
    unsigned value = condition->test->value(scope);
    if (value >= 64)
        return VT_UNKNOWN;
    return truth_of((condition->set >> value & 1) != 0);
}

/* ---- addresses ---- */

static bool is_address_in(const struct vt_condition *condition, const char *address)
{
    for (size_t i = 0; i < condition->words_count; i++) {
        if (strcasecmp(address, condition->words[i]) == 0)
            return true;
    }
    return false;
}

/* "x" is the domain and everything below, "=x" the domain alone. */
static bool is_domain_in(const struct vt_condition *condition, const char *address)
{
    const char *domain = vt_address_domain(address);
    for (size_t i = 0; domain != NULL && i < condition->words_count; i++) {
        const char *wanted = condition->words[i];
        if (wanted[0] == '=' ? strcasecmp(domain, wanted + 1) == 0
                             : vt_domain_is_under(domain, wanted))
            return true;
    }
    return false;
}

enum vt_truth vt_match_sender(const struct vt_condition *condition, const struct vt_scope *scope,
                              vt_reasons *matched)
{
    (void)matched;
    if (scope->mail->sender == NULL)
        return VT_UNKNOWN;
    return truth_of(is_address_in(condition, scope->mail->sender));
}

enum vt_truth vt_match_sender_domain(const struct vt_condition *condition,
                                     const struct vt_scope *scope, vt_reasons *matched)
{
    (void)matched;
    if (scope->mail->sender == NULL || scope->mail->sender[0] == '\0')
        return VT_UNKNOWN;
    return truth_of(is_domain_in(condition, scope->mail->sender));
}

typedef bool is_in_function(const struct vt_condition *condition, const char *address);

static enum vt_truth match_recipients(const struct vt_condition *condition,
                                      const struct vt_scope *scope, is_in_function *is_in,
                                      bool wants_all)
{
    if (scope->mail->recipients_count == 0)
        return VT_UNKNOWN;
    for (size_t i = 0; i < scope->mail->recipients_count; i++) {
        const char *recipient = scope->mail->recipients[i];
        if (recipient == NULL)
            return VT_UNKNOWN;
        if (is_in(condition, recipient) != wants_all)
            return truth_of(!wants_all);
    }
    return truth_of(wants_all);
}

enum vt_truth vt_match_all_recipients(const struct vt_condition *condition,
                                      const struct vt_scope *scope, vt_reasons *matched)
{
    (void)matched;
    return match_recipients(condition, scope, is_address_in, true);
}

enum vt_truth vt_match_all_recipient_domains(const struct vt_condition *condition,
                                             const struct vt_scope *scope, vt_reasons *matched)
{
    (void)matched;
    return match_recipients(condition, scope, is_domain_in, true);
}

enum vt_truth vt_match_any_recipient(const struct vt_condition *condition,
                                     const struct vt_scope *scope, vt_reasons *matched)
{
    (void)matched;
    return match_recipients(condition, scope, is_address_in, false);
}

enum vt_truth vt_match_any_recipient_domain(const struct vt_condition *condition,
                                            const struct vt_scope *scope, vt_reasons *matched)
{
    (void)matched;
    return match_recipients(condition, scope, is_domain_in, false);
}

/* ---- file names, sizes, times ---- */

static bool is_same_char(char a, char b)
{
    return strncasecmp(&a, &b, 1) == 0;
}

/* "*" any characters, "?" one character of UTF-8. One place to go back to: never more than the
 * product of both lengths. */
static bool is_glob_match(const char *glob, const char *text)
{
    const char *back_glob = NULL, *back_text = NULL;
    while (*text != '\0') {
        if (*glob == '*') {
            back_glob = ++glob;
            back_text = text;
        } else if (*glob == '?') {
            glob++;
            text++;
            while ((*text & 0xC0) == 0x80)
                text++;
        } else if (*glob != '\0' && is_same_char(*glob, *text)) {
            glob++;
            text++;
        } else if (back_glob != NULL) {
            glob = back_glob;
            text = ++back_text;
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return *glob == '\0';
}

enum vt_truth vt_match_name(const struct vt_condition *condition, const struct vt_scope *scope,
                            vt_reasons *matched)
{
    (void)matched;
    const char *name = condition->test->text(scope);
    if (name == NULL)
        return VT_UNKNOWN;
    for (size_t i = 0; i < condition->words_count; i++) {
        if (is_glob_match(condition->words[i], name))
            return VT_YES;
    }
    return VT_NO;
}

static enum vt_truth match_size(const struct vt_condition *condition, uint64_t size)
{
    uint64_t limit = (uint64_t)condition->number;
    return truth_of(condition->is_above ? size > limit : size < limit);
}

enum vt_truth vt_match_mail_size(const struct vt_condition *condition, const struct vt_scope *scope,
                                 vt_reasons *matched)
{
    (void)matched;
    /* No mail is empty: a file that is no mail has no such size. */
    return scope->mail->size_bytes == 0 ? VT_UNKNOWN
                                        : match_size(condition, scope->mail->size_bytes);
}

enum vt_truth vt_match_document_size(const struct vt_condition *condition,
                                     const struct vt_scope *scope, vt_reasons *matched)
{
    (void)matched;
    return scope->document == NULL ? VT_UNKNOWN
                                   : match_size(condition, scope->document->size_bytes);
}

/* Only a proven time counts: a claimed one never makes anything better. */
enum vt_truth vt_match_signed_before(const struct vt_condition *condition,
                                     const struct vt_scope *scope, vt_reasons *matched)
{
    (void)matched;
    const struct vt_signature *s = scope->signature;
    bool is_proven = s != NULL && (s->signing_time_source == VT_TIME_SOURCE_TIMESTAMP ||
                                   s->signing_time_source == VT_TIME_SOURCE_FIRST_SEEN);
    if (!is_proven || s->signing_time_utc_secs == VT_TIME_NONE)
        return VT_UNKNOWN;
    return truth_of(s->signing_time_utc_secs < condition->number);
}

/* ---- groups ---- */

enum vt_truth vt_match_not(const struct vt_condition *condition, const struct vt_scope *scope,
                           vt_reasons *matched)
{
    (void)matched;
    vt_reasons ignored = 0;
    return (enum vt_truth)(VT_YES - vt_conditions_match(&condition->groups[0], scope, &ignored));
}

enum vt_truth vt_match_any_of(const struct vt_condition *condition, const struct vt_scope *scope,
                              vt_reasons *matched)
{
    enum vt_truth best = VT_NO;
    for (size_t i = 0; i < condition->groups_count; i++) {
        vt_reasons hit = 0;
        enum vt_truth truth = vt_conditions_match(&condition->groups[i], scope, &hit);
        if (truth == VT_YES)
            *matched |= hit;
        best = truth > best ? truth : best;
    }
    return best;
}

enum vt_truth vt_match_document(const struct vt_condition *condition, const struct vt_scope *scope,
                                vt_reasons *matched)
{
    if (scope->document == NULL)
        return VT_UNKNOWN;
    return vt_conditions_match(&condition->groups[0], scope, matched);
}

enum vt_truth vt_conditions_match(const struct vt_conditions *conditions,
                                  const struct vt_scope *scope, vt_reasons *matched)
{
    enum vt_truth worst = VT_YES;
    for (size_t i = 0; i < conditions->count && worst != VT_NO; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        enum vt_truth truth = condition->test->match(condition, scope, matched);
        worst = truth < worst ? truth : worst;
    }
    return worst;
}

vt_reasons vt_conditions_reasons(const struct vt_conditions *conditions)
{
    vt_reasons all = 0;
    for (size_t i = 0; i < conditions->count; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        if (condition->test->match == vt_match_reason)
            all |= condition->set;
        if (condition->test->match == vt_match_not)
            continue;
        for (size_t g = 0; g < condition->groups_count; g++)
            all |= vt_conditions_reasons(&condition->groups[g]);
    }
    return all;
}
