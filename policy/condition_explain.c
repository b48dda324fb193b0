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

/* ---- why ---- */

static void explain(const struct vt_conditions *conditions, const struct vt_scope *scope,
                    struct line *line);

static void explain_leaf(const struct vt_condition *condition, const struct vt_scope *scope,
                         enum vt_truth truth, struct line *line)
{
    char has[256];
    condition->test->form->describe(condition, scope, has, sizeof(has));
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

static bool is_over_signatures(const struct vt_form *form)
{
    return form == &vt_form_any || form == &vt_form_all || form == &vt_form_none;
}

/* Which signature it was says the trace of the document; here what was asked of them. */
static void explain_signatures(const struct vt_condition *condition, enum vt_truth truth,
                               struct line *line)
{
    const struct vt_conditions *group = &condition->groups[0];
    add(line, "%s signature%s with ", condition->test->key,
        condition->test->form == &vt_form_all ? "s" : "");
    for (size_t i = 0; i < group->count; i++)
        add(line, "%s%s = %s", i > 0 ? ", " : "", group->items[i].test->key, group->items[i].needs);
    if (truth != VT_YES)
        add(line, truth == VT_UNKNOWN ? ": not known" : ": does not hold");
}

static void explain_one(const struct vt_condition *condition, const struct vt_scope *scope,
                        enum vt_truth truth, struct line *line)
{
    if (condition->test->form->describe != NULL) {
        explain_leaf(condition, scope, truth, line);
    } else if (condition->test->form == &vt_form_document && scope->document == NULL) {
        add(line, "the mail itself is no document");
    } else if (condition->test->form == &vt_form_not) {
        add(line, "not (");
        explain(&condition->groups[0], scope, line);
        add(line, ")%s", truth == VT_YES ? "" : " does not hold");
    } else if (is_over_signatures(condition->test->form)) {
        explain_signatures(condition, truth, line);
    } else {
        bool is_any_of = condition->test->form == &vt_form_any_of && truth != VT_YES;
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
        enum vt_truth truth = condition->test->form->match(condition, scope, &ignored);
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

/* ---- each test ---- */

static const char *needs_of_group(struct vt_arena *arena, const struct vt_condition *condition)
{
    char text[256] = "", clean[256];
    struct line line = {text, sizeof(text), 0};
    const struct vt_conditions *group = &condition->groups[0];
    for (size_t i = 0; i < group->count; i++)
        add(&line, "%s%s = %s", i > 0 ? ", " : "", group->items[i].test->key,
            group->items[i].needs);
    return vt_arena_str(arena, vt_text_clean(clean, sizeof(clean), vt_bytes_of(text, line.used)));
}

static enum vt_code list_one(struct vt_arena *arena, const struct vt_condition *condition,
                             const struct vt_scope *scope, unsigned depth, struct vt_trace *out)
{
    char has[256], clean[256];
    vt_reasons ignored = 0;
    const struct vt_form *form = condition->test->form;
    struct vt_trace_test *grown =
        vt_arena_grow(arena, out->tests, out->tests_count, sizeof(*grown));
    if (grown == NULL)
        return VT_E_NOMEM;
    out->tests = grown;
    struct vt_trace_test *test = &out->tests[out->tests_count++];
    *test = (struct vt_trace_test){
        .key = condition->test->key,
        .needs = vt_arena_str(arena, condition->needs != NULL ? condition->needs : ""),
        .truth = form->match(condition, scope, &ignored),
        .depth = depth};
    if (test->needs == NULL)
        return VT_E_NOMEM;
    if (form->describe == NULL) {
        test->needs = is_over_signatures(form) ? needs_of_group(arena, condition) : "";
        return test->needs != NULL ? VT_OK : VT_E_NOMEM;
    }
    form->describe(condition, scope, has, sizeof(has));
    test->has = vt_arena_str(arena, vt_text_clean(clean, sizeof(clean), vt_bytes_str(has)));
    return test->has != NULL ? VT_OK : VT_E_NOMEM;
}

/* Tests over signatures are about others than that of the scope, and those of a document are about
 * nothing in the mail itself. */
static bool is_entered(const struct vt_condition *condition, const struct vt_scope *scope)
{
    return !is_over_signatures(condition->test->form) &&
           (condition->test->form != &vt_form_document || scope->document != NULL);
}

enum vt_code vt_conditions_list(struct vt_arena *arena, const struct vt_conditions *conditions,
                                const struct vt_scope *scope, unsigned depth, struct vt_trace *out)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < conditions->count && code == VT_OK; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        code = list_one(arena, condition, scope, depth, out);
        for (size_t g = 0;
             g < condition->groups_count && code == VT_OK && is_entered(condition, scope); g++)
            code = vt_conditions_list(arena, &condition->groups[g], scope, depth + 1, out);
    }
    return code;
}
