/* SPDX-License-Identifier: Apache-2.0
 * Values that are networks, written in the rule or in a list: "203.0.113.7", "10.0.0.0/8",
 * "2001:db8::/32". An IPv4 network is kept as ::ffff:0:0/96 and below. */
#include "base/network.h"

#include <stdio.h>

#include "base/config_table.h"
#include "rule.h"

static bool add_network(struct vt_reading *reading, const struct vt_yaml_node *node,
                        const char *text, struct vt_condition *out)
{
    struct vt_network *grown =
        vt_arena_grow(reading->yaml->arena, out->networks, out->networks_count, sizeof(*grown));
    if (grown == NULL)
        return vt_no_memory(reading, node);
    out->networks = grown;
    if (vt_network_parse(text, &out->networks[out->networks_count]))
        out->networks_count++;
    return true;
}

static bool add_list(struct vt_reading *reading, const struct vt_yaml_node *node,
                     struct vt_condition *out)
{
    const struct vt_list *list = vt_list_named(reading, node, &vt_form_networks);
    bool is_good = list != NULL;
    for (size_t i = 0; is_good && i < list->entries_count; i++)
        is_good = add_network(reading, node, list->entries[i].text, out);
    return is_good;
}

static bool add_value(struct vt_reading *reading, const struct vt_yaml_node *node,
                      struct vt_condition *out)
{
    if (node->kind == VT_YAML_MAPPING)
        return add_list(reading, node, out);
    const char *text = NULL;
    if (!vt_yaml_text(reading->yaml, node, &text))
        return false;
    if (!vt_check_network(text))
        return vt_wrong_value(reading, node, vt_form_networks.what);
    return add_network(reading, node, text, out);
}

static bool parse_networks(struct vt_reading *reading, const struct vt_yaml_node *node,
                           struct vt_condition *out)
{
    if (node->kind == VT_YAML_SEQUENCE && node->count == 0)
        return vt_yaml_is_list(reading->yaml, node, vt_form_networks.what);
    bool is_good = true;
    for (size_t i = 0; i < vt_yaml_values_count(node); i++)
        is_good = add_value(reading, vt_yaml_value_at(node, i), out) && is_good;
    out->needs = vt_needs_of(reading->yaml->arena, node);
    return is_good && (out->needs != NULL || vt_no_memory(reading, node));
}

static enum vt_truth match_networks(const struct vt_condition *condition,
                                    const struct vt_scope *scope, vt_reasons *matched)
{
    struct vt_network address;
    const char *text = condition->test->text(scope, 0);
    (void)matched;
    if (text == NULL || !vt_network_parse_address(text, &address))
        return VT_UNKNOWN;
    for (size_t i = 0; i < condition->networks_count; i++) {
        if (vt_network_has(&condition->networks[i], &address))
            return VT_YES;
    }
    return VT_NO;
}

static void describe_networks(const struct vt_condition *condition, const struct vt_scope *scope,
                              char *out, size_t out_bytes)
{
    const char *text = condition->test->text(scope, 0);
    (void)snprintf(out, out_bytes, "%s", text != NULL ? text : "");
}

const struct vt_form vt_form_networks = {
    .name = "network",
    .what = "an address or a network such as 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32",
    .parse = parse_networks,
    .match = match_networks,
    .describe = describe_networks,
    .pattern = "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$",
    .is_valid = vt_check_network,
    .has_many = true};
