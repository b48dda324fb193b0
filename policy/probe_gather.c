/* SPDX-License-Identifier: Apache-2.0
 * Which facts are worth trying, and which make a rule match. */
#include <string.h>

#include "probe_trial.h"

/* Facts that are tried one by one with each rule. */
#define MAX_FACTS 1500
/* Values of one condition, when a rule is to match. */
#define MAX_VALUES 64
/* Certificates and addresses of the tables of agencies. */
#define MAX_SITE_FACTS 40

static const struct vt_test *test_named(const char *key)
{
    for (size_t i = 0; i < vt_tests_count; i++) {
        if (strcmp(vt_tests[i].key, key) == 0)
            return &vt_tests[i];
    }
    return NULL;
}

/* More than the most is not tried. */
static enum vt_code add(struct vt_search *search, const struct vt_fact *fact)
{
    enum vt_code code = vt_facts_add(search->arena, &search->facts, fact, MAX_FACTS);
    return code == VT_E_LIMIT ? VT_OK : code;
}

static enum vt_code add_of(struct vt_search *search, const char *key, int64_t number,
                           const char *text)
{
    const struct vt_fact fact = {
        .kind = VT_FACT_OF_TEST, .test = test_named(key), .number = number, .text = text};
    return add(search, &fact);
}

/* ---- what is always tried ---- */

static enum vt_code gather_words(struct vt_search *search)
{
    static const struct {
        const char *key;
        int64_t number;
    } facts[] = {{"direction", VT_OUTBOUND},
                 {"direction", VT_INTERNAL},
                 {"sender-class", VT_SENDER_OTHER},
                 {"signed", 0},
                 {"nested", 1},
                 {"list", 1},
                 {"automatic", 1},
                 {"urgent", 1},
                 {"authenticated", 1},
                 {"aligned", 0},
                 {"source-down", 1},
                 {"local-time-as-utc", 1},
                 {"signing-time", VT_TIME_SOURCE_CLAIMED},
                 {"format", VT_FORMAT_OOXML},
                 {"format", VT_FORMAT_SMIME},
                 {"documents", 0},
                 {"expects-signature", 0}};
    enum vt_code code = add_of(search, "sender", 0, "");
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]) && code == VT_OK; i++)
        code = add_of(search, facts[i].key, facts[i].number, NULL);
    const struct vt_fact other = {.kind = VT_FACT_OTHER_SIGNER};
    return code == VT_OK ? add(search, &other) : code;
}

static enum vt_code gather_reasons(struct vt_search *search)
{
    enum vt_code code = VT_OK;
    for (unsigned i = 0; i < VT_REASON_COUNT && code == VT_OK; i++) {
        const struct vt_fact fact = {.kind = VT_FACT_REASON, .number = i};
        if ((vt_reasons_found() & VT_REASON_BIT(i)) != 0)
            code = add(search, &fact);
    }
    return code;
}

/* ---- tables of agencies ---- */

/* Addresses and certificates of one table of which the other says something else. */
static enum vt_code gather_site(struct vt_search *search, const struct vt_site *site,
                                const struct vt_site *other)
{
    enum vt_code code = VT_OK;
    size_t count = 0;
    for (size_t i = 0; site != NULL && i < site->digests.count && code == VT_OK; i++) {
        const struct vt_site_key *key = &site->digests.keys[i];
        size_t there =
            other == NULL ? VT_SITE_NOTHING : vt_site_index_find(&other->digests, key->text);
        if (there != VT_SITE_NOTHING && count >= MAX_SITE_FACTS / 2)
            continue;
        if (count++ < MAX_SITE_FACTS)
            code = add_of(search, "signer-fingerprint", 0, key->text);
    }
    for (size_t i = 0;
         site != NULL && i < site->entries_count && i < MAX_SITE_FACTS && code == VT_OK; i++)
        code = add_of(search, "sender-agency", 0, site->entries[i].agency.id);
    for (unsigned kind = VT_KIND_PERSON; site != NULL && kind < VT_KINDS && code == VT_OK; kind++)
        code = add_of(search, "signer-kind", kind, NULL);
    for (unsigned effect = VT_EFFECT_NONE; site != NULL && effect < VT_EFFECTS && code == VT_OK;
         effect++)
        code = add_of(search, "effect", effect, NULL);
    return code;
}

/* ---- rules ---- */

static enum vt_code gather_conditions(struct vt_search *search,
                                      const struct vt_conditions *conditions)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < conditions->count && code == VT_OK; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        code =
            vt_facts_of_condition(search->arena, condition, VT_UNKNOWN, MAX_FACTS, &search->facts);
        for (size_t g = 0; g < condition->groups_count && code == VT_OK; g++)
            code = gather_conditions(search, &condition->groups[g]);
    }
    return code;
}

static enum vt_code add_time(struct vt_search *search, int64_t utc_secs)
{
    enum vt_code code = VT_OK;
    for (int64_t beside = -1; beside <= 0 && utc_secs != VT_TIME_NONE && code == VT_OK; beside++) {
        const struct vt_fact fact = {.kind = VT_FACT_NOW, .number = utc_secs + beside};
        code = add(search, &fact);
    }
    return code;
}

static enum vt_code gather_rule(struct vt_search *search, const struct vt_rule *rule)
{
    const struct vt_fact waited = {.kind = VT_FACT_WAITED, .number = rule->at_most_secs};
    const struct vt_fact waiting = {.kind = VT_FACT_WAITED, .number = rule->at_most_secs - 1};
    enum vt_code code = gather_conditions(search, &rule->when);
    if (code == VT_OK)
        code = add_time(search, rule->until_utc_secs);
    if (code == VT_OK)
        code = add_time(search, rule->observe_until_utc_secs);
    if (code == VT_OK && rule->then.action == VT_ACTION_DEFER)
        code = add(search, &waited);
    if (code == VT_OK && rule->then.action == VT_ACTION_DEFER && rule->at_most_secs > 0)
        code = add(search, &waiting);
    return code;
}

static enum vt_code gather_rules(struct vt_search *search, const struct vt_policy *policy,
                                 const bool *is_changed, bool wants_changed)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < policy->rules_count && code == VT_OK; i++) {
        if (is_changed[i] == wants_changed && search->facts.count < MAX_FACTS)
            code = gather_rule(search, &policy->rules[i]);
    }
    return code;
}

enum vt_code vt_search_gather(struct vt_search *search)
{
    const struct vt_policy *before = search->request->before, *after = search->request->after;
    enum vt_code code = gather_words(search);
    if (code == VT_OK)
        code = gather_reasons(search);
    if (code == VT_OK)
        code = add_time(search, before->official_only_since_utc_secs);
    if (code == VT_OK)
        code = add_time(search, after->official_only_since_utc_secs);
    if (code == VT_OK)
        code = gather_site(search, before->site, after->site);
    if (code == VT_OK)
        code = gather_site(search, after->site, before->site);
    for (int wants_changed = 1; wants_changed >= 0 && code == VT_OK; wants_changed--) {
        code = gather_rules(search, before, search->is_changed_before, wants_changed != 0);
        if (code == VT_OK)
            code = gather_rules(search, after, search->is_changed_after, wants_changed != 0);
    }
    return code;
}

/* ---- making a rule match ---- */

struct matching {
    struct vt_search *search;
    struct vt_trial *trial;
    size_t choice;
};

static enum vt_code satisfy(const struct matching *m, const struct vt_conditions *conditions,
                            bool holds);

/* One of its values. */
static enum vt_code satisfy_leaf(const struct matching *m, const struct vt_condition *condition,
                                 bool holds)
{
    struct vt_facts values = {0};
    enum vt_code code = vt_facts_of_condition(m->search->arena, condition, holds ? VT_YES : VT_NO,
                                              MAX_VALUES, &values);
    if (code == VT_OK && values.count > 0)
        (void)vt_trial_add(m->trial, &values.items[m->choice % values.count]);
    return code;
}

static enum vt_code satisfy_condition(const struct matching *m,
                                      const struct vt_condition *condition, bool holds)
{
    const struct vt_form *form = condition->test->form;
    if (condition->groups_count == 0)
        return satisfy_leaf(m, condition, holds);
    if (vt_condition_is_negation(condition))
        return satisfy(m, &condition->groups[0], !holds);
    /* One of these is enough: of any-of to hold, of all-of not to. */
    if ((form == &vt_form_any_of) == holds && condition->groups_count > 1)
        return satisfy(m, &condition->groups[m->choice % condition->groups_count], holds);
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < condition->groups_count && code == VT_OK; i++)
        code = satisfy(m, &condition->groups[i], holds);
    return code;
}

static enum vt_code satisfy(const struct matching *m, const struct vt_conditions *conditions,
                            bool holds)
{
    enum vt_code code = VT_OK;
    if (!holds && conditions->count > 0)
        return satisfy_condition(m, &conditions->items[m->choice % conditions->count], false);
    for (size_t i = 0; i < conditions->count && code == VT_OK; i++)
        code = satisfy_condition(m, &conditions->items[i], true);
    return code;
}

enum vt_code vt_search_match(struct vt_search *search, const struct vt_rule *rule, size_t choice,
                             struct vt_trial *trial)
{
    const struct matching m = {search, trial, choice};
    trial->count = 0;
    return satisfy(&m, &rule->when, true);
}
