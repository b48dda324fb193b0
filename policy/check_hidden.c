/* SPDX-License-Identifier: Apache-2.0
 * Rules whose every mail an earlier rule takes. Of 10 000 rules not every pair is compared: a rule
 * that asks for texts can take the mail of another only if it has one of the texts that the other
 * asks for, and is found by that. */
#include <stdio.h>
#include <string.h>

#include "rule.h"

/* ---- is one set of tests wider than another ---- */

static bool is_wider_set(const struct vt_conditions *wide, const struct vt_conditions *narrow);

static bool has_list(const struct vt_condition *condition, const struct vt_list *list)
{
    for (size_t i = 0; i < condition->lists_count; i++) {
        if (condition->lists[i] == list)
            return true;
    }
    return false;
}

/* "x" is x and all below, "=x" is x alone. */
static bool has_domain(const struct vt_set *wide, const char *key)
{
    const char *domain = key[0] == '=' ? key + 1 : key;
    if (vt_set_has(wide, key) || vt_set_has(wide, domain))
        return true;
    for (const char *dot = strchr(domain, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        if (vt_set_has(wide, dot + 1))
            return true;
    }
    return false;
}

/* Every text of narrow is among those of wide, as the form looks texts up. */
static bool has_texts(const struct vt_condition *wide, const struct vt_condition *narrow)
{
    for (size_t i = 0; i < narrow->lists_count; i++) {
        if (!has_list(wide, narrow->lists[i]))
            return false;
    }
    for (size_t i = 0; narrow->own != NULL && i < narrow->own->count; i++) {
        const char *key = narrow->own->keys[i];
        bool is_domain = wide->test->form == &vt_form_domains;
        if (wide->own == NULL ||
            !(is_domain ? has_domain(wide->own, key) : vt_set_has(wide->own, key)))
            return false;
    }
    return true;
}

static bool has_ranges(const struct vt_condition *wide, const struct vt_condition *narrow)
{
    for (size_t n = 0; n < narrow->ranges_count; n++) {
        bool found = false;
        for (size_t w = 0; w < wide->ranges_count && !found; w++)
            found = wide->ranges[w].least <= narrow->ranges[n].least &&
                    wide->ranges[w].most >= narrow->ranges[n].most;
        if (!found)
            return false;
    }
    return true;
}

static bool is_positive_group(const struct vt_form *form)
{
    return form == &vt_form_document || form == &vt_form_any || form == &vt_form_all;
}

/* True when whatever fulfils narrow fulfils wide; false when that is not plain. */
static bool is_wider(const struct vt_condition *wide, const struct vt_condition *narrow)
{
    if (wide->test != narrow->test || wide->networks_count > 0 || narrow->networks_count > 0)
        return false;
    if (wide->groups_count > 0 || narrow->groups_count > 0)
        return is_positive_group(wide->test->form) &&
               is_wider_set(&wide->groups[0], &narrow->groups[0]);
    /* A login is one of true; nothing else has words and texts in one. */
    if ((wide->set != 0) != (narrow->set != 0))
        return false;
    return (narrow->set & ~wide->set) == 0 && has_texts(wide, narrow) && has_ranges(wide, narrow);
}

static bool is_wider_set(const struct vt_conditions *wide, const struct vt_conditions *narrow)
{
    for (size_t w = 0; w < wide->count; w++) {
        bool is_implied = false;
        for (size_t n = 0; n < narrow->count && !is_implied; n++)
            is_implied = is_wider(&wide->items[w], &narrow->items[n]);
        if (!is_implied)
            return false;
    }
    return true;
}

/* ---- which pairs are compared ---- */

struct candidate {
    const struct vt_rule *rule;
    uint64_t tests[2]; /* a bit for each test of its "when" */
};

struct link {
    const struct candidate *candidate;
    struct link *next;
};

/* In the order of the file. */
struct chain {
    struct link *first, *last;
};

struct search {
    struct vt_yaml *yaml;
    const struct vt_policy *policy;
    struct candidate *all;
    struct chain untexted; /* rules without texts of their own */
    struct vt_set keys;    /* "test text" */
    struct chain *by_key;
};

#define KEY_BYTES (VT_MAX_SET_TEXT_BYTES + 32)

/* The condition with texts of its own by which a rule is found, or NULL. */
static const struct vt_condition *texts_of(const struct vt_conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        if (condition->own != NULL && condition->own->count > 0 && condition->lists_count == 0)
            return condition;
        const struct vt_condition *below =
            is_positive_group(condition->test->form) ? texts_of(&condition->groups[0]) : NULL;
        if (below != NULL)
            return below;
    }
    return NULL;
}

static const char *key_of(char out[KEY_BYTES], const struct vt_condition *condition,
                          const char *text)
{
    (void)snprintf(out, KEY_BYTES, "%zu %s", (size_t)(condition->test - vt_tests), text);
    return out;
}

static void add_tests(struct candidate *candidate)
{
    for (size_t i = 0; i < candidate->rule->when.count; i++) {
        size_t test = (size_t)(candidate->rule->when.items[i].test - vt_tests);
        candidate->tests[test / 64 % 2] |= UINT64_C(1) << test % 64;
    }
}

static bool add_link(struct search *s, struct chain *chain, const struct candidate *taker)
{
    struct link *link = vt_arena_alloc(s->yaml->arena, sizeof(*link));
    if (link == NULL)
        return false;
    *link = (struct link){taker, NULL};
    if (chain->last == NULL)
        chain->first = link;
    else
        chain->last->next = link;
    chain->last = link;
    return true;
}

/* From now on the rule takes mail away from those behind it. */
static bool add_taker(struct search *s, const struct candidate *taker)
{
    const struct vt_condition *texts = texts_of(&taker->rule->when);
    char key[KEY_BYTES];
    if (taker->rule->mode != VT_MODE_ENFORCE || taker->rule->until_utc_secs != VT_TIME_NONE ||
        taker->rule->observe_until_utc_secs != VT_TIME_NONE)
        return true;
    if (texts == NULL)
        return add_link(s, &s->untexted, taker);
    for (size_t i = 0; i < texts->own->count; i++) {
        const char *kept = vt_arena_str(s->yaml->arena, key_of(key, texts, texts->own->keys[i]));
        if (kept == NULL)
            return false;
        vt_set_add(&s->keys, kept);
        if (!add_link(s, &s->by_key[vt_set_index(&s->keys, kept)], taker))
            return false;
    }
    return true;
}

static void take_first(const struct chain *chain, const struct candidate *rule,
                       const struct vt_rule **first)
{
    for (const struct link *link = chain->first; link != NULL; link = link->next) {
        const struct candidate *before = link->candidate;
        vt_reasons wide = before->rule->needs_reasons;
        if (*first != NULL && before->rule >= *first)
            return;
        if ((before->tests[0] & ~rule->tests[0]) != 0 ||
            (before->tests[1] & ~rule->tests[1]) != 0 ||
            (wide != 0 && (rule->rule->needs_reasons & ~wide) != 0))
            continue;
        if (is_wider_set(&before->rule->when, &rule->rule->when)) {
            *first = before->rule;
            return;
        }
    }
}

static void take_key(const struct search *s, const struct vt_condition *condition, const char *text,
                     const struct candidate *rule, const struct vt_rule **first)
{
    char key[KEY_BYTES];
    size_t place = vt_set_index(&s->keys, key_of(key, condition, text));
    if (place != SIZE_MAX)
        take_first(&s->by_key[place], rule, first);
}

/* Whoever takes a rule has its first text, or of a domain one that is above it. */
static void take_texts(const struct search *s, const struct vt_conditions *conditions,
                       const struct candidate *rule, const struct vt_rule **first)
{
    for (size_t i = 0; i < conditions->count; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        if (is_positive_group(condition->test->form))
            take_texts(s, &condition->groups[0], rule, first);
        if (condition->own == NULL || condition->own->count == 0)
            continue;
        const char *text = condition->own->keys[0];
        take_key(s, condition, text, rule, first);
        if (condition->test->form != &vt_form_domains)
            continue;
        if (text[0] == '=')
            take_key(s, condition, text + 1, rule, first);
        for (const char *dot = strchr(text, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
            take_key(s, condition, dot + 1, rule, first);
    }
}

static const struct vt_rule *find_taker(const struct search *s, const struct candidate *rule)
{
    const struct vt_rule *first = NULL;
    take_first(&s->untexted, rule, &first);
    take_texts(s, &rule->rule->when, rule, &first);
    return first;
}

static size_t count_texts(const struct vt_policy *policy)
{
    size_t all = 1;
    for (size_t i = 0; i < policy->rules_count; i++) {
        const struct vt_condition *texts = texts_of(&policy->rules[i].when);
        all += texts == NULL ? 0 : texts->own->count;
    }
    return all;
}

static void tell(const struct search *s, const struct vt_rule *rule, const struct vt_rule *before)
{
    bool has_officer = s->policy->officer_mailbox != NULL;
    enum vt_action hidden = vt_rule_most_severe(rule, has_officer);
    bool is_severer = hidden > vt_rule_most_severe(before, has_officer);
    vt_yaml_warning(s->yaml, rule->node,
                    "rule \"%s\" never decides: \"%s\" in line %u takes all its mail%s%s",
                    rule->name, before->name, before->node->line,
                    is_severer ? " and hides its " : "", is_severer ? vt_action_name(hidden) : "");
}

void vt_policy_check_hidden(struct vt_yaml *yaml, const struct vt_policy *policy)
{
    struct search s = {.yaml = yaml, .policy = policy};
    size_t count = policy->rules_count;
    s.all = vt_arena_alloc(yaml->arena, count * sizeof(*s.all));
    size_t texts_count = count_texts(policy);
    s.by_key = vt_arena_alloc(yaml->arena, texts_count * sizeof(*s.by_key));
    /* Without memory there are no warnings; the policy is read all the same. */
    if (s.all == NULL || s.by_key == NULL ||
        vt_set_init(&s.keys, yaml->arena, texts_count) != VT_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        s.all[i].rule = &policy->rules[i];
        add_tests(&s.all[i]);
        const struct vt_rule *before = find_taker(&s, &s.all[i]);
        if (before != NULL)
            tell(&s, &policy->rules[i], before);
        if (!add_taker(&s, &s.all[i]))
            return;
    }
}
