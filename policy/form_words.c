/* SPDX-License-Identifier: Apache-2.0
 * Values that are words: reasons, words of a list, true and false, weekdays, what is lacking. A
 * condition keeps them as a bit set. */
#include <stdio.h>
#include <string.h>

#include "rule.h"

#define DAYS_COUNT 7

static enum vt_truth truth_of(bool value)
{
    return value ? VT_YES : VT_NO;
}

/* What all of them have in common; false: nothing more to read. */
static bool begin_list(struct vt_reading *reading, const struct vt_yaml_node *node,
                       struct vt_condition *out)
{
    if (!vt_yaml_is_list(reading->yaml, node, out->test->form->what))
        return false;
    out->needs = vt_needs_of(reading->yaml->arena, node);
    return out->needs != NULL || vt_no_memory(reading, node);
}

/* A word twice is a slip of the hand: the second one was meant to be another. */
static bool take(struct vt_reading *reading, const struct vt_yaml_node *node, uint64_t *set,
                 unsigned value)
{
    if ((*set >> value & 1) != 0)
        return vt_yaml_mistake(reading->yaml, node, "\"%s\" stands here twice", node->text);
    *set |= UINT64_C(1) << value;
    return true;
}

/* ---- reasons ---- */

static bool parse_reason(struct vt_reading *reading, const struct vt_yaml_node *node, uint64_t *set)
{
    const char *code = NULL;
    enum vt_reason reason = VT_REASON_COUNT;
    char shown[64];
    if (!vt_yaml_text(reading->yaml, node, &code))
        return false;
    if (vt_reason_by_code(code, &reason) == VT_OK)
        return take(reading, node, set, reason);
    const char *nearest = vt_reason_suggest(code);
    vt_text_clean(shown, sizeof(shown), vt_bytes_str(code));
    if (nearest != NULL)
        return vt_yaml_mistake(reading->yaml, node,
                               "\"%s\" is not a reason code: did you mean \"%s\"?", shown, nearest);
    return vt_yaml_mistake(reading->yaml, node,
                           "\"%s\" is not a reason code such as CONTENT_CHANGED; "
                           "vanthu-policy(5) lists them",
                           shown);
}

static bool parse_reasons(struct vt_reading *reading, const struct vt_yaml_node *node,
                          struct vt_condition *out)
{
    if (!begin_list(reading, node, out))
        return false;
    bool is_good = true;
    for (size_t i = 0; i < vt_yaml_values_count(node); i++)
        is_good = parse_reason(reading, vt_yaml_value_at(node, i), &out->set) && is_good;
    return is_good;
}

static enum vt_truth match_reasons(const struct vt_condition *condition,
                                   const struct vt_scope *scope, vt_reasons *matched)
{
    vt_reasons hit = scope->reasons & condition->set;
    *matched |= hit;
    return truth_of(hit != 0);
}

/* What the rule asks for first, if it is there. */
static void describe_reasons(const struct vt_condition *condition, const struct vt_scope *scope,
                             char *out, size_t out_bytes)
{
    vt_reasons hit = scope->reasons & condition->set;
    vt_reasons shown = hit != 0 ? hit : scope->reasons;
    size_t used = (size_t)snprintf(out, out_bytes, "%s", shown == 0 ? "none" : "");
    for (unsigned i = 0; i < VT_REASON_COUNT && used < out_bytes; i++) {
        if ((shown & VT_REASON_BIT(i)) != 0)
            used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", used > 0 ? ", " : "",
                                     vt_reason_info((enum vt_reason)i)->code);
    }
}

const struct vt_form vt_form_reasons = {.name = "reason",
                                        .what = "a reason code",
                                        .parse = parse_reasons,
                                        .match = match_reasons,
                                        .describe = describe_reasons,
                                        .has_many = true};

/* ---- words ---- */

static bool parse_words(struct vt_reading *reading, const struct vt_yaml_node *node,
                        struct vt_condition *out)
{
    const struct vt_words *words = out->test->words;
    char what[64];
    (void)snprintf(what, sizeof(what), "a value of \"%s\"", out->test->key);
    if (!begin_list(reading, node, out))
        return false;
    bool is_good = true;
    for (size_t i = 0; i < vt_yaml_values_count(node); i++) {
        const struct vt_yaml_node *value = vt_yaml_value_at(node, i);
        unsigned word = 0;
        is_good = vt_yaml_word(reading->yaml, value, what, words->words, words->count, &word) &&
                  take(reading, value, &out->set, word) && is_good;
    }
    return is_good;
}

static enum vt_truth match_value(const struct vt_condition *condition, const struct vt_scope *scope,
                                 vt_reasons *matched)
{
    (void)matched;
    unsigned value = condition->test->value(scope);
    if (value >= 64)
        return VT_UNKNOWN;
    return truth_of((condition->set >> value & 1) != 0);
}

static void describe_value(const struct vt_condition *condition, const struct vt_scope *scope,
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

const struct vt_form vt_form_words = {.name = "word",
                                      .what = "a word",
                                      .parse = parse_words,
                                      .match = match_value,
                                      .describe = describe_value,
                                      .has_many = true};

/* ---- weekdays ---- */

/* "mon-fri", over the end of the week too. */
static bool parse_days(struct vt_reading *reading, const struct vt_yaml_node *node, uint64_t *set)
{
    static const char what[] = "a day such as mon, or days such as mon-fri";
    const char *const *words = vt_words_weekday.words;
    const char *text = NULL;
    if (!vt_yaml_text(reading->yaml, node, &text))
        return false;
    const char *dash = strchr(text, '-');
    if (dash == NULL) {
        unsigned day = 0;
        return vt_yaml_word(reading->yaml, node, what, words, DAYS_COUNT, &day) &&
               take(reading, node, set, day);
    }
    char from[8];
    (void)snprintf(from, sizeof(from), "%.*s", (int)(dash - text), text);
    unsigned first = vt_words_find(&vt_words_weekday, from);
    unsigned last = vt_words_find(&vt_words_weekday, dash + 1);
    if (first >= DAYS_COUNT || last >= DAYS_COUNT)
        return vt_wrong_value(reading, node, what);
    for (unsigned day = first;; day = (day + 1) % DAYS_COUNT) {
        *set |= UINT64_C(1) << day;
        if (day == last)
            return true;
    }
}

static bool parse_weekdays(struct vt_reading *reading, const struct vt_yaml_node *node,
                           struct vt_condition *out)
{
    if (!begin_list(reading, node, out))
        return false;
    bool is_good = true;
    for (size_t i = 0; i < vt_yaml_values_count(node); i++)
        is_good = parse_days(reading, vt_yaml_value_at(node, i), &out->set) && is_good;
    return is_good;
}

const struct vt_form vt_form_weekdays = {
    .name = "weekday",
    .what = "a day such as mon, or days such as mon-fri",
    .parse = parse_weekdays,
    .match = match_value,
    .describe = describe_value,
    .pattern = "^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$",
    .has_many = true};

/* ---- true, false ---- */

static bool parse_bool(struct vt_reading *reading, const struct vt_yaml_node *node,
                       struct vt_condition *out)
{
    bool value = false;
    if (!vt_yaml_bool(reading->yaml, node, &value))
        return false;
    out->set = UINT64_C(1) << (value ? 1 : 0);
    out->needs = value ? "true" : "false";
    return true;
}

const struct vt_form vt_form_bool = {.name = "boolean",
                                     .what = "true or false",
                                     .parse = parse_bool,
                                     .match = match_value,
                                     .describe = describe_value};

/* ---- what is lacking ---- */

/* Each word is a question of its own, and one yes is enough. */
static enum vt_truth match_lacks(const struct vt_condition *condition, const struct vt_scope *scope,
                                 vt_reasons *matched)
{
    enum vt_truth best = VT_NO;
    (void)matched;
    for (unsigned i = 0; i < condition->test->words->count; i++) {
        if ((condition->set >> i & 1) == 0)
            continue;
        enum vt_truth truth = condition->test->truth(scope, i);
        best = truth > best ? truth : best;
    }
    return best;
}

static void describe_lacks(const struct vt_condition *condition, const struct vt_scope *scope,
                           char *out, size_t out_bytes)
{
    const struct vt_words *words = condition->test->words;
    size_t used = 0;
    (void)snprintf(out, out_bytes, "nothing of it");
    for (unsigned i = 0; i < words->count && used < out_bytes; i++) {
        if (condition->test->truth(scope, i) == VT_YES)
            used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", used > 0 ? ", " : "",
                                     words->words[i]);
    }
}

const struct vt_form vt_form_seems = {.name = "word",
                                      .what = "what a file may seem to be",
                                      .parse = parse_words,
                                      .match = match_lacks,
                                      .describe = describe_lacks,
                                      .has_many = true};

const struct vt_form vt_form_lacks = {.name = "word",
                                      .what = "what may be lacking",
                                      .parse = parse_words,
                                      .match = match_lacks,
                                      .describe = describe_lacks,
                                      .has_many = true};
