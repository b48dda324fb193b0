/* SPDX-License-Identifier: Apache-2.0
 * Why a rule matched or did not: one line that names what the mail has and what the rule asks
 * for. */
#include <stdio.h>
#include <string.h>

#include "rule.h"

/* Text that grows in a caller's array and is cut at its end. */
struct line {
    char *text;
    size_t bytes;
    size_t used;
};

static void VT_PRINTF(2, 3) add(struct line *line, const char *format, ...)
{
    if (line->used + 1 >= line->bytes)
        return;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line->text + line->used, line->bytes - line->used, format, args);
    va_end(args);
    if (len > 0)
        line->used += (size_t)len;
    if (line->used >= line->bytes)
        line->used = line->bytes - 1;
}

/* ---- what a scope has ---- */

void vt_describe_reason(const struct vt_condition *condition, const struct vt_scope *scope,
                        char *out, size_t out_bytes)
{
    struct line line = {out, out_bytes, 0};
    /* What the rule asks for first, if it is there. */
    vt_reasons hit = scope->reasons & condition->set;
    vt_reasons shown = hit != 0 ? hit : scope->reasons;
    add(&line, "%s", shown == 0 ? "none" : "");
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if ((shown & VT_REASON_BIT(i)) != 0)
            add(&line, "%s%s", line.used > 0 ? ", " : "", vt_reason_info((enum vt_reason)i)->code);
    }
}

void vt_describe_value(const struct vt_condition *condition, const struct vt_scope *scope,
                       char *out, size_t out_bytes)
{
    const struct vt_words *words = condition->test->words;
    unsigned value = condition->test->value(scope);
    const char *text = "";
    if (words == NULL)
        text = value == 1 ? "true" : value == 0 ? "false" : "";
    else if (value < words->count && words->words[value] != NULL)
        text = words->words[value];
    (void)snprintf(out, out_bytes, "%s", text);
}

void vt_describe_text(const struct vt_condition *condition, const struct vt_scope *scope, char *out,
                      size_t out_bytes)
{
    const char *text = condition->test->text(scope);
    if (text == NULL)
        (void)snprintf(out, out_bytes, "%s", "");
    else
        (void)snprintf(out, out_bytes, "\"%s\"", text);
}

void vt_describe_recipients(const struct vt_condition *condition, const struct vt_scope *scope,
                            char *out, size_t out_bytes)
{
    (void)condition;
    const struct vt_mail *mail = scope->mail;
    struct line line = {out, out_bytes, 0};
    add(&line, "%s", "");
    if (mail->recipients_count > 0 && mail->recipients[0] != NULL)
        add(&line, "\"%s\"", mail->recipients[0]);
    if (mail->recipients_count > 1)
        add(&line, " and %zu more", mail->recipients_count - 1);
}

void vt_describe_mail_size(const struct vt_condition *condition, const struct vt_scope *scope,
                           char *out, size_t out_bytes)
{
    (void)condition;
    (void)snprintf(out, out_bytes, "%llu", (unsigned long long)scope->mail->size_bytes);
}

void vt_describe_document_size(const struct vt_condition *condition, const struct vt_scope *scope,
                               char *out, size_t out_bytes)
{
    (void)condition;
    unsigned long long size = scope->document == NULL ? 0 : scope->document->size_bytes;
    (void)snprintf(out, out_bytes, "%llu", size);
}

void vt_describe_signing_time(const struct vt_condition *condition, const struct vt_scope *scope,
                              char *out, size_t out_bytes)
{
    (void)condition;
    char time[VT_TIME_TEXT_BYTES] = "";
    if (scope->signature != NULL && scope->signature->signing_time_utc_secs != VT_TIME_NONE)
        vt_time_rfc3339(time, scope->signature->signing_time_utc_secs);
    (void)snprintf(out, out_bytes, "%s", time);
}

/* ---- why ---- */

static void explain(const struct vt_conditions *conditions, const struct vt_scope *scope,
                    struct line *line);

static void explain_leaf(const struct vt_condition *condition, const struct vt_scope *scope,
                         enum vt_truth truth, struct line *line)
{
    char has[256];
    condition->test->describe(condition, scope, has, sizeof(has));
    if (truth == VT_UNKNOWN)
        add(line, "%s is not known, needs %s", condition->test->key, condition->needs);
    else if (truth == VT_YES)
        add(line, "%s = %s", condition->test->key, has);
    else
        add(line, "%s = %s, needs %s", condition->test->key, has, condition->needs);
}

/* The branch that made the group what it is. */
static const struct vt_conditions *telling_group(const struct vt_condition *condition,
                                                 const struct vt_scope *scope, enum vt_truth truth)
{
    for (size_t i = 0; i < condition->groups_count; i++) {
        vt_reasons ignored = 0;
        if (vt_conditions_match(&condition->groups[i], scope, &ignored) == truth)
            return &condition->groups[i];
    }
    return &condition->groups[0];
}

static void explain_one(const struct vt_condition *condition, const struct vt_scope *scope,
                        enum vt_truth truth, struct line *line)
{
    if (condition->test->describe != NULL) {
        explain_leaf(condition, scope, truth, line);
    } else if (condition->test->match == vt_match_document && scope->document == NULL) {
        add(line, "the mail itself is no document");
    } else if (condition->test->match == vt_match_not) {
        add(line, "not (");
        explain(&condition->groups[0], scope, line);
        add(line, ")%s", truth == VT_YES ? "" : " does not hold");
    } else {
        bool is_any_of = condition->test->match == vt_match_any_of && truth != VT_YES;
        add(line, is_any_of ? "none of any-of: " : "");
        explain(telling_group(condition, scope, truth), scope, line);
    }
}

/* All that held, or the first that did not. */
static void explain(const struct vt_conditions *conditions, const struct vt_scope *scope,
                    struct line *line)
{
    vt_reasons ignored = 0;
    bool is_match = vt_conditions_match(conditions, scope, &ignored) == VT_YES;
    if (conditions->count == 0)
        add(line, "no tests");
    for (size_t i = 0; i < conditions->count; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        enum vt_truth truth = condition->test->match(condition, scope, &ignored);
        if (is_match && i > 0)
            add(line, "; ");
        if (is_match || truth != VT_YES)
            explain_one(condition, scope, truth, line);
        if (!is_match && truth != VT_YES)
            return;
    }
}

void vt_conditions_explain(const struct vt_conditions *conditions, const struct vt_scope *scope,
                           char *out, size_t out_bytes)
{
    char text[512] = "";
    struct line line = {text, sizeof(text), 0};
    explain(conditions, scope, &line);
    /* A character may have been cut in two, and addresses come from the mail. */
    vt_text_clean(out, out_bytes, vt_bytes_of(text, line.used));
}
