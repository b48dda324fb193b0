/* SPDX-License-Identifier: Apache-2.0
 * Values that are tests again: not, any-of, all-of; tests of the document; any, all, none over its
 * signatures, or over those of the mail when the mail itself is tried. */
#include "rule.h"

static bool add_group(struct vt_reading *reading, const struct vt_yaml_node *node,
                      enum vt_place place, struct vt_condition *out)
{
    struct vt_conditions *grown =
        vt_arena_grow(reading->yaml->arena, out->groups, out->groups_count, sizeof(*out->groups));
    if (grown == NULL)
        return vt_no_memory(reading, node);
    out->groups = grown;
    out->groups[out->groups_count] = (struct vt_conditions){0};
    out->groups_count++;
    return vt_conditions_parse(reading, node, place, &out->groups[out->groups_count - 1]);
}

/* ---- not ---- */

static bool parse_not(struct vt_reading *reading, const struct vt_yaml_node *node,
                      struct vt_condition *out)
{
    out->needs = "not";
    if (node->kind == VT_YAML_MAPPING && node->count == 0)
        return vt_yaml_mistake(reading->yaml, node, "\"not\" without a test can never hold");
    return add_group(reading, node, out->place, out);
}

static enum vt_truth match_not(const struct vt_condition *condition, const struct vt_scope *scope,
                               vt_reasons *matched)
{
    vt_reasons ignored = 0;
    (void)matched;
    return (enum vt_truth)(VT_YES - vt_conditions_match(&condition->groups[0], scope, &ignored));
}

const struct vt_form vt_form_not = {
    .name = "tests", .what = "tests that must not hold", .parse = parse_not, .match = match_not};

/* ---- any-of, all-of ---- */

static bool parse_list(struct vt_reading *reading, const struct vt_yaml_node *node,
                       struct vt_condition *out)
{
    const char *key = out->test->key;
    out->needs = key;
    if (node->kind != VT_YAML_SEQUENCE || node->count == 0)
        return vt_yaml_mistake(reading->yaml, node,
                               "%s is a list of tests: [{reason: …}, {format: …}]", key);
    bool is_good = true;
    for (size_t i = 0; i < node->count; i++) {
        const struct vt_yaml_node *value = node->entries[i].value;
        if (value->kind == VT_YAML_MAPPING && value->count == 0)
            is_good = vt_yaml_mistake(reading->yaml, value, "{} always holds: write a test");
        else
            is_good = add_group(reading, value, out->place, out) && is_good;
    }
    return is_good;
}

static enum vt_truth match_any_of(const struct vt_condition *condition,
                                  const struct vt_scope *scope, vt_reasons *matched)
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

static enum vt_truth match_all_of(const struct vt_condition *condition,
                                  const struct vt_scope *scope, vt_reasons *matched)
{
    enum vt_truth worst = VT_YES;
    for (size_t i = 0; i < condition->groups_count && worst != VT_NO; i++) {
        enum vt_truth truth = vt_conditions_match(&condition->groups[i], scope, matched);
        worst = truth < worst ? truth : worst;
    }
    return worst;
}

const struct vt_form vt_form_any_of = {.name = "list-of-tests",
                                       .what = "a list of tests of which one must hold",
                                       .parse = parse_list,
                                       .match = match_any_of};
const struct vt_form vt_form_all_of = {.name = "list-of-tests",
                                       .what = "a list of tests that must all hold",
                                       .parse = parse_list,
                                       .match = match_all_of};

/* ---- the document ---- */

static bool parse_document(struct vt_reading *reading, const struct vt_yaml_node *node,
                           struct vt_condition *out)
{
    out->needs = "document";
    return add_group(reading, node, VT_IN_DOCUMENT, out);
}

static enum vt_truth match_document(const struct vt_condition *condition,
                                    const struct vt_scope *scope, vt_reasons *matched)
{
    if (scope->document == NULL)
        return VT_UNKNOWN;
    return vt_conditions_match(&condition->groups[0], scope, matched);
}

const struct vt_form vt_form_document = {.name = "tests",
                                         .what = "tests of the document",
                                         .parse = parse_document,
                                         .match = match_document};

/* ---- over signatures ---- */

static bool parse_signatures(struct vt_reading *reading, const struct vt_yaml_node *node,
                             struct vt_condition *out)
{
    out->needs = out->test->key;
    if (node->kind == VT_YAML_MAPPING && node->count == 0)
        return vt_yaml_mistake(reading->yaml, node,
                               "\"%s\" needs tests of the signatures: {indication: TOTAL-PASSED}",
                               out->test->key);
    return add_group(reading, node, VT_IN_SIGNATURE, out);
}

struct tally {
    size_t count;
    enum vt_truth best, worst;
    vt_reasons matched;
};

static void tally_document(const struct vt_condition *condition, const struct vt_scope *scope,
                           size_t document, struct tally *tally)
{
    const struct vt_document *facts = &scope->evidence->documents[document];
    const struct vt_scope mail =
        vt_scope_of_mail(scope->evidence, scope->site, scope->now_utc_secs);
    for (size_t i = 0; i < facts->signatures_count; i++) {
        vt_reasons hit = 0;
        struct vt_scope one = vt_scope_of(&mail, document, i);
        enum vt_truth truth = vt_conditions_match(&condition->groups[0], &one, &hit);
        tally->count++;
        if (truth == VT_YES)
            tally->matched |= hit;
        tally->best = truth > tally->best ? truth : tally->best;
        tally->worst = truth < tally->worst ? truth : tally->worst;
    }
}

static struct tally tally_of(const struct vt_condition *condition, const struct vt_scope *scope)
{
    struct tally tally = {.best = VT_NO, .worst = VT_YES};
    if (scope->document != NULL) {
        tally_document(condition, scope, scope->document_index, &tally);
        return tally;
    }
    for (size_t i = 0; i < scope->evidence->documents_count; i++)
        tally_document(condition, scope, i, &tally);
    return tally;
}

static enum vt_truth match_any(const struct vt_condition *condition, const struct vt_scope *scope,
                               vt_reasons *matched)
{
    struct tally tally = tally_of(condition, scope);
    *matched |= tally.matched;
    return tally.best;
}

/* Of a file without signatures not all of them are anything: nobody means that by "all". */
static enum vt_truth match_all(const struct vt_condition *condition, const struct vt_scope *scope,
                               vt_reasons *matched)
{
    struct tally tally = tally_of(condition, scope);
    if (tally.count == 0)
        return VT_NO;
    if (tally.worst == VT_YES)
        *matched |= tally.matched;
    return tally.worst;
}

static enum vt_truth match_none(const struct vt_condition *condition, const struct vt_scope *scope,
                                vt_reasons *matched)
{
    (void)matched;
    return (enum vt_truth)(VT_YES - tally_of(condition, scope).best);
}

const struct vt_form vt_form_any = {.name = "tests-of-signatures",
                                    .what = "tests that hold for one signature at least",
                                    .parse = parse_signatures,
                                    .match = match_any};
const struct vt_form vt_form_all = {.name = "tests-of-signatures",
                                    .what = "tests that hold for every signature",
                                    .parse = parse_signatures,
                                    .match = match_all};
const struct vt_form vt_form_none = {.name = "tests-of-signatures",
                                     .what = "tests that hold for no signature",
                                     .parse = parse_signatures,
                                     .match = match_none};
