/* SPDX-License-Identifier: Apache-2.0
 * The trace of a decision: of each rule that matched, or of all of them, what its tests saw and
 * what came of it. */
#include <stdio.h>

#include "rule.h"

/* 1000 parts times 10 000 rules are possible: not more is traced, and half of it is kept for rules
 * that match. */
#define MAX_TRACE 8192
#define WHY_BYTES 400

const char *vt_lowered_text(enum vt_lowered lowered)
{
    static const char *const texts[VT_LOWERED_COUNT] = {
        [VT_LOWERED_NO_OFFICER] = "no officer is named",
        [VT_LOWERED_OUR_CAUSE] = "the cause is ours",
        [VT_LOWERED_LIST] = "mailing lists change messages",
        [VT_LOWERED_FRONT_RELAY] = "a relay in front would return it to a sender who may be forged",
        [VT_LOWERED_EMPTY_SENDER] = "the sender is empty",
        [VT_LOWERED_SUBMISSION] = "a submission is not deferred",
        [VT_LOWERED_TIME_OVER] = "the time to defer is over",
        [VT_LOWERED_BRAKE] =
            "the rule was changed lately and refused too much: it only tags for now",
    };
    return lowered < VT_LOWERED_COUNT ? texts[lowered] : NULL;
}

bool vt_rule_is_over(const struct vt_rule *rule, int64_t now_utc_secs)
{
    return rule->until_utc_secs != VT_TIME_NONE && now_utc_secs >= rule->until_utc_secs;
}

static const char *why_of(struct vt_arena *arena, const struct vt_rule *rule,
                          const struct vt_scope *scope, const struct vt_trace *line)
{
    char why[WHY_BYTES];
    if (line->is_over) {
        char until[VT_TIME_TEXT_BYTES];
        (void)snprintf(why, sizeof(why), "the rule ended at %s",
                       vt_time_rfc3339(until, rule->until_utc_secs));
    } else {
        vt_conditions_explain(&rule->when, scope, why, sizeof(why));
    }
    const char *lowered = vt_lowered_text(line->lowered);
    return lowered == NULL ? vt_arena_str(arena, why)
                           : vt_arena_printf(arena, "%s; %s lowered to %s: %s", why,
                                             vt_action_name(rule->then.action),
                                             vt_action_name(line->action), lowered);
}

enum vt_code vt_trace_add(struct vt_arena *arena, struct vt_decision *decision,
                          const struct vt_rule *rule, const struct vt_scope *scope,
                          const struct vt_trace *line, bool with_tests)
{
    struct vt_decision *d = decision;
    if (d->trace_count >= (line->matched ? MAX_TRACE : MAX_TRACE / 2))
        return VT_OK;
    struct vt_trace *grown = vt_arena_grow(arena, d->trace, d->trace_count, sizeof(*grown));
    const char *why = why_of(arena, rule, scope, line);
    if (grown == NULL || why == NULL)
        return VT_E_NOMEM;
    d->trace = grown;
    struct vt_trace *added = &d->trace[d->trace_count++];
    *added = *line;
    added->rule = rule->name;
    added->line = rule->node->line;
    added->document = scope->document_index;
    added->signature = scope->signature_index;
    added->asked = rule->then.action;
    added->why = why;
    return with_tests ? vt_conditions_list(arena, &rule->when, scope, 0, added) : VT_OK;
}
