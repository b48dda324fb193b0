/* SPDX-License-Identifier: Apache-2.0
 * Which rules a mail can match at all. A rule that asks for texts of its own (a sender, a signer, a
 * file name) can match only a mail that has one of them somewhere; such rules are found by the
 * texts of the mail, so that a site with a rule for each office pays for one of them. Lists are not
 * needed for that: one look says whether a text is in them. And what a rule asks of the mail is
 * looked at once, not for each of its signatures. */
#include <string.h>

#include "rule.h"

/* The rules of one text, as a chain. */
struct link {
    uint32_t rule;
    uint32_t next; /* index plus one; 0: the last */
};

/* Texts of one test, and names with "*" or "?", which are tried one by one. */
struct text_index {
    struct vt_set set;
    uint32_t *first; /* by key: link plus one */
    struct glob {
        const char *text;
        const char *tail; /* behind its last "*" or "?" */
        size_t tail_len;
        uint32_t rule;
    } * globs;
    size_t keys_count, globs_count;
};

struct vt_index {
    uint64_t *always; /* a bit for each rule that is not found by a text */
    size_t words_count;
    struct text_index *by_test;
    struct link *links;
    uint32_t links_count;
};

static void set_bit(uint64_t *bits, size_t bit)
{
    bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

static bool is_glob(const struct vt_form *form, const char *key)
{
    bool is_of_names = form == &vt_form_names || form == &vt_form_file_names;
    return is_of_names && strpbrk(key, "*?") != NULL;
}

/* What must hold of something in the mail for the group to hold. */
static bool is_positive(const struct vt_form *form)
{
    return form == &vt_form_document || form == &vt_form_any || form == &vt_form_all;
}

/* The condition that a rule is found by, or NULL. */
static const struct vt_condition *pivot_of(const struct vt_conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        bool has_texts = condition->own != NULL && condition->own->count > 0;
        if (has_texts && condition->lists_count == 0 && condition->test->form != &vt_form_login)
            return condition;
        const struct vt_condition *below =
            is_positive(condition->test->form) ? pivot_of(&condition->groups[0]) : NULL;
        if (below != NULL)
            return below;
    }
    return NULL;
}

/* ---- making ---- */

static size_t count_keys(const struct vt_policy *policy, struct vt_index *index)
{
    size_t all = 0;
    for (size_t i = 0; i < policy->rules_count; i++) {
        const struct vt_condition *pivot = pivot_of(&policy->rules[i].when);
        if (pivot == NULL)
            continue;
        index->by_test[pivot->test - vt_tests].keys_count += pivot->own->count;
        all += pivot->own->count;
    }
    return all;
}

static enum vt_code make_room(struct vt_policy *policy, struct vt_index *index)
{
    struct vt_arena *arena = policy->arena;
    index->by_test = vt_arena_alloc(arena, vt_tests_count * sizeof(*index->by_test));
    if (index->by_test == NULL)
        return VT_E_NOMEM;
    size_t all = count_keys(policy, index);
    for (size_t t = 0; t < vt_tests_count; t++) {
        struct text_index *by = &index->by_test[t];
        if (by->keys_count == 0)
            continue;
        by->first = vt_arena_alloc(arena, by->keys_count * sizeof(*by->first));
        by->globs = vt_arena_alloc(arena, by->keys_count * sizeof(*by->globs));
        if (by->first == NULL || by->globs == NULL ||
            vt_set_init(&by->set, arena, by->keys_count) != VT_OK)
            return VT_E_NOMEM;
    }
    index->words_count = policy->rules_count / 64 + 1;
    index->always = vt_arena_alloc(arena, index->words_count * sizeof(*index->always));
    index->links = vt_arena_alloc(arena, all * sizeof(*index->links));
    return index->always == NULL || index->links == NULL ? VT_E_NOMEM : VT_OK;
}

static void add_key(struct vt_index *index, const struct vt_test *test, const char *key,
                    size_t rule)
{
    struct text_index *by = &index->by_test[test - vt_tests];
    if (is_glob(test->form, key)) {
        const char *tail = key + strlen(key);
        while (tail[-1] != '*' && tail[-1] != '?')
            tail--;
        by->globs[by->globs_count++] = (struct glob){key, tail, strlen(tail), (uint32_t)rule};
        return;
    }
    vt_set_add(&by->set, key);
    size_t place = vt_set_index(&by->set, key);
    index->links[index->links_count] = (struct link){(uint32_t)rule, by->first[place]};
    by->first[place] = ++index->links_count;
}

enum vt_code vt_index_make(struct vt_policy *policy)
{
    struct vt_index *index = vt_arena_alloc(policy->arena, sizeof(*index));
    if (index == NULL || make_room(policy, index) != VT_OK)
        return VT_E_NOMEM;
    for (size_t i = 0; i < policy->rules_count; i++) {
        const struct vt_condition *pivot = pivot_of(&policy->rules[i].when);
        if (pivot == NULL)
            set_bit(index->always, i);
        for (size_t k = 0; pivot != NULL && k < pivot->own->count; k++)
            add_key(index, pivot->test, pivot->own->keys[k], i);
    }
    policy->index = index;
    return VT_OK;
}

/* ---- finding ---- */

struct search {
    const struct vt_index *index;
    const struct text_index *by;
    const struct vt_test *test;
    uint64_t *bits;
};

static void take_key(const struct search *s, const char *key)
{
    size_t place = vt_set_index(&s->by->set, key);
    if (place == SIZE_MAX)
        return;
    for (uint32_t link = s->by->first[place]; link != 0; link = s->index->links[link - 1].next)
        set_bit(s->bits, s->index->links[link - 1].rule);
}

/* How it ends tells of most globs already. */
static void take_globs(const struct search *s, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < s->by->globs_count; i++) {
        const struct glob *glob = &s->by->globs[i];
        bool may_be = glob->tail_len <= len &&
                      memcmp(text + len - glob->tail_len, glob->tail, glob->tail_len) == 0;
        if (may_be && vt_glob_matches(glob->text, text))
            set_bit(s->bits, glob->rule);
    }
}

/* Every key under which a text may be found: itself, and of a domain what is above it. */
static void take_text(const struct search *s, const char *text)
{
    char folded[VT_MAX_SET_TEXT_BYTES + 1];
    if (text == NULL || !vt_set_fold(folded + 1, text))
        return;
    take_key(s, folded + 1);
    take_globs(s, folded + 1);
    if (text[0] == '\0')
        take_key(s, "<>");
    if (s->test->form != &vt_form_domains)
        return;
    folded[0] = '=';
    take_key(s, folded);
    for (char *dot = strchr(folded + 1, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
        take_key(s, dot + 1);
}

static void take_scope(const struct search *s, const struct vt_scope *scope)
{
    size_t count = s->test->texts_count == NULL ? 1 : s->test->texts_count(scope);
    for (size_t i = 0; i < count; i++)
        take_text(s, s->test->text(scope, i));
}

/* The texts of one test, wherever in the mail they stand. */
static void take_test(const struct search *s, const struct vt_scope *mail)
{
    if (s->test->level == VT_OF_MAIL) {
        take_scope(s, mail);
        return;
    }
    for (size_t d = 0; d < mail->evidence->documents_count; d++) {
        size_t count = mail->evidence->documents[d].signatures_count;
        if (s->test->level == VT_OF_DOCUMENT || count == 0)
            count = 1;
        for (size_t k = 0; k < count; k++) {
            const struct vt_scope scope = vt_scope_of(mail, d, k);
            take_scope(s, &scope);
        }
    }
}

/* What a rule asks of the mail holds for all that is in it, or for nothing. */
static bool is_mail_wanted(const struct vt_rule *rule, const struct vt_scope *mail)
{
    for (size_t i = 0; i < rule->when.count; i++) {
        const struct vt_condition *condition = &rule->when.items[i];
        vt_reasons ignored = 0;
        if (condition->test->level == VT_OF_MAIL &&
            condition->test->form->match(condition, mail, &ignored) != VT_YES)
            return false;
    }
    return true;
}

static void drop_unwanted(const struct vt_policy *policy, const struct vt_scope *mail,
                          uint64_t *bits)
{
    for (size_t word = 0; word < policy->index->words_count; word++) {
        for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
            size_t bit = (size_t)__builtin_ctzll(left);
            if (!is_mail_wanted(&policy->rules[word * 64 + bit], mail))
                bits[word] &= ~(UINT64_C(1) << bit);
        }
    }
}

uint64_t *vt_index_candidates(struct vt_arena *arena, const struct vt_policy *policy,
                              const struct vt_scope *mail)
{
    const struct vt_index *index = policy->index;
    uint64_t *bits = vt_arena_dup(arena, index->always, index->words_count * sizeof(*bits));
    if (bits == NULL)
        return NULL;
    for (size_t t = 0; t < vt_tests_count; t++) {
        const struct search s = {index, &index->by_test[t], &vt_tests[t], bits};
        if (s.by->keys_count > 0)
            take_test(&s, mail);
    }
    drop_unwanted(policy, mail, bits);
    return bits;
}
