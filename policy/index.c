/* SPDX-License-Identifier: Apache-2.0
 * Which rules a mail can match at all. A rule that asks for certain senders or domains is found by
 * the sender, so that a site with a rule for each office pays for one of them. */
#include <string.h>

#include "rule.h"

/* Tests whose own values lead to their rules; lists do not: they are looked up as fast. */
static const char *const indexed_keys[] = {"sender", "sender-domain"};
#define INDEXED_COUNT (sizeof(indexed_keys) / sizeof(indexed_keys[0]))

/* The rules of one value, as a chain. */
struct link {
    uint32_t rule;
    uint32_t next; /* index plus one; 0: the last */
};

struct vt_index {
    uint64_t *always; /* a bit for each rule that is not found by a value */
    size_t words_count;
    struct one_index {
        struct vt_set set;
        uint32_t *first; /* by key: link plus one */
    } by[INDEXED_COUNT];
    struct link *links;
    uint32_t links_count;
};

static void set_bit(uint64_t *bits, size_t bit)
{
    bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* The condition that a rule is found by: with values of its own and no list. */
static const struct vt_condition *pivot_of(const struct vt_rule *rule, size_t *out_which)
{
    for (size_t i = 0; i < rule->when.count; i++) {
        const struct vt_condition *condition = &rule->when.items[i];
        for (size_t k = 0; k < INDEXED_COUNT; k++) {
            if (strcmp(condition->test->key, indexed_keys[k]) != 0 || condition->lists_count > 0)
                continue;
            *out_which = k;
            return condition;
        }
    }
    return NULL;
}

static void count_keys(const struct vt_policy *policy, size_t counts[INDEXED_COUNT])
{
    for (size_t i = 0; i < policy->rules_count; i++) {
        size_t which = 0;
        const struct vt_condition *pivot = pivot_of(&policy->rules[i], &which);
        if (pivot != NULL)
            counts[which] += pivot->own->count;
    }
}

static enum vt_code make_room(struct vt_policy *policy, struct vt_index *index)
{
    size_t counts[INDEXED_COUNT] = {0}, all = 0;
    struct vt_arena *arena = policy->arena;
    count_keys(policy, counts);
    for (size_t k = 0; k < INDEXED_COUNT; k++) {
        all += counts[k];
        index->by[k].first = vt_arena_alloc(arena, (counts[k] + 1) * sizeof(uint32_t));
        if (index->by[k].first == NULL || vt_set_init(&index->by[k].set, arena, counts[k]) != VT_OK)
            return VT_E_NOMEM;
    }
    index->words_count = policy->rules_count / 64 + 1;
    index->always = vt_arena_alloc(arena, index->words_count * sizeof(*index->always));
    index->links = vt_arena_alloc(arena, all * sizeof(*index->links));
    return index->always == NULL || index->links == NULL ? VT_E_NOMEM : VT_OK;
}

static void add_rule(struct vt_index *index, struct one_index *by, const char *key, size_t rule)
{
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
        size_t which = 0;
        const struct vt_condition *pivot = pivot_of(&policy->rules[i], &which);
        if (pivot == NULL)
            set_bit(index->always, i);
        for (size_t k = 0; pivot != NULL && k < pivot->own->count; k++)
            add_rule(index, &index->by[which], pivot->own->keys[k], i);
    }
    policy->index = index;
    return VT_OK;
}

static void take_key(const struct vt_index *index, const struct one_index *by, const char *key,
                     uint64_t *bits)
{
    size_t place = vt_set_index(&by->set, key);
    if (place == SIZE_MAX)
        return;
    for (uint32_t link = by->first[place]; link != 0; link = index->links[link - 1].next)
        set_bit(bits, index->links[link - 1].rule);
}

/* Every key under which a text may be found: itself, and of a domain what is above it. */
static void take_text(const struct vt_index *index, const struct one_index *by, const char *text,
                      bool is_domain, uint64_t *bits)
{
    char folded[VT_MAX_SET_TEXT_BYTES + 1];
    if (text == NULL || !vt_set_fold(folded + 1, text))
        return;
    take_key(index, by, folded + 1, bits);
    if (text[0] == '\0')
        take_key(index, by, "<>", bits);
    if (!is_domain)
        return;
    folded[0] = '=';
    take_key(index, by, folded, bits);
    for (char *dot = strchr(folded + 1, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
        take_key(index, by, dot + 1, bits);
}

uint64_t *vt_index_candidates(struct vt_arena *arena, const struct vt_policy *policy,
                              const struct vt_scope *mail)
{
    const struct vt_index *index = policy->index;
    uint64_t *bits = vt_arena_dup(arena, index->always, index->words_count * sizeof(*bits));
    const char *sender = mail->mail->sender;
    if (bits == NULL)
        return NULL;
    take_text(index, &index->by[0], sender, false, bits);
    take_text(index, &index->by[1], sender == NULL ? NULL : vt_address_domain(sender), true, bits);
    return bits;
}
