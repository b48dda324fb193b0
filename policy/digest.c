/* SPDX-License-Identifier: Apache-2.0
 * Digests of a policy and of its rules: to tell versions apart, and to know since when a rule is
 * what it is. A rule is its text and the lists it names. */
#include <string.h>

#include "rule.h"

uint64_t vt_hash_bytes(uint64_t hash, struct vt_bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ bytes.ptr[i]) * UINT64_C(1099511628211);
    return hash;
}

static uint64_t digest_text(uint64_t hash, const char *text)
{
    return vt_hash_bytes(hash, vt_bytes_of(text, strlen(text) + 1));
}

uint64_t vt_hash_node(uint64_t hash, const struct vt_yaml_node *node)
{
    static const char *const begins[] = {"s", "[", "{"};
    if (node == NULL)
        return hash;
    hash = vt_hash_bytes(hash, vt_bytes_str(begins[node->kind]));
    hash = digest_text(hash, node->text);
    for (size_t i = 0; i < node->count; i++) {
        hash = vt_hash_node(hash, node->entries[i].key);
        hash = vt_hash_node(hash, node->entries[i].value);
    }
    return vt_hash_bytes(hash, vt_bytes_str("]"));
}

static uint64_t digest_list(uint64_t hash, const struct vt_list *list)
{
    hash = digest_text(hash, list->name);
    for (size_t i = 0; i < list->entries_count; i++)
        hash = digest_text(hash, list->entries[i].text);
    return hash;
}

/* The lists that are named anywhere below a node as {list: NAME}. */
static uint64_t digest_lists(uint64_t hash, const struct vt_policy *policy,
                             const struct vt_yaml_node *node)
{
    const struct vt_yaml_node *name =
        node->kind == VT_YAML_MAPPING ? vt_yaml_find(node, "list") : NULL;
    for (size_t i = 0; name != NULL && name->kind == VT_YAML_SCALAR && i < policy->lists_count; i++)
        if (strcmp(policy->lists[i].name, name->text) == 0)
            hash = digest_list(hash, &policy->lists[i]);
    for (size_t i = 0; node->kind != VT_YAML_SCALAR && i < node->count; i++)
        hash = digest_lists(hash, policy, node->entries[i].value);
    return hash;
}

enum vt_code vt_policy_digests(struct vt_arena *arena, const struct vt_policy *policy,
                               struct vt_rule_digest **out, size_t *out_count, struct vt_err *err)
{
    struct vt_rule_digest *items =
        vt_arena_alloc(arena, (policy->rules_count + 1) * sizeof(*items));
    if (items == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the digests of rules");
    for (size_t i = 0; i < policy->rules_count; i++) {
        const struct vt_rule *rule = &policy->rules[i];
        uint64_t digest = vt_hash_node(VT_HASH_EMPTY, rule->node);
        items[i] = (struct vt_rule_digest){rule->name, digest_lists(digest, policy, rule->node)};
    }
    *out = items;
    *out_count = policy->rules_count;
    return VT_OK;
}
