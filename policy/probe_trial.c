/* SPDX-License-Identifier: Apache-2.0
 * One made-up mail under two policies. What they decide differently is kept once for each pair of
 * rules and actions, with as few facts as show it. */
#include <stdlib.h>
#include <string.h>

#include "probe_trial.h"

/* Evidence of a few documents, and what two evaluations make of it. */
#define MAX_TRIAL_ARENA_BYTES (64u * 1024 * 1024)
/* The caller is asked so often. */
#define PROBES_BETWEEN 32

bool vt_trial_add(struct vt_trial *trial, const struct vt_fact *fact)
{
    for (size_t i = 0; i < trial->count; i++) {
        if (vt_fact_is_about(&trial->facts[i], fact)) {
            trial->facts[i] = *fact;
            return true;
        }
    }
    if (trial->count == VT_MAX_TRIAL_FACTS)
        return false;
    trial->facts[trial->count++] = *fact;
    return true;
}

/* ---- deciding ---- */

/* What was found of one trial; everything in an arena that is given. */
struct finding {
    struct vt_decision *before, *after;
    struct vt_evidence *evidence;
    int64_t now_utc_secs, first_deferred_utc_secs;
};

/* Time comes first, for ages and waiting are counted from it; alignment last, for it is compared
 * with the sender. */
static int turn_of(const struct vt_fact *fact)
{
    if (fact->kind == VT_FACT_NOW)
        return 0;
    if (fact->kind == VT_FACT_WAITED)
        return 3;
    if (fact->kind != VT_FACT_OF_TEST)
        return 2;
    const char *key = fact->test->key;
    if (strcmp(key, "date") == 0 || strcmp(key, "weekday") == 0 || strcmp(key, "time") == 0)
        return 1;
    return strcmp(key, "alignment") == 0 ? 3 : 2;
}

/* Reasons first, then tests as the language has them, then what is about time: what comes of facts
 * does not depend on how they came together. */
static int compare_facts(const void *a, const void *b)
{
    static const int order[] = {[VT_FACT_REASON] = 1,
                                [VT_FACT_OF_TEST] = 2,
                                [VT_FACT_OTHER_SIGNER] = 3,
                                [VT_FACT_NOW] = 4,
                                [VT_FACT_WAITED] = 5};
    const struct vt_fact *x = a, *y = b;
    if (x->kind != y->kind)
        return order[x->kind] - order[y->kind];
    if (x->kind == VT_FACT_OF_TEST)
        return (x->test > y->test) - (x->test < y->test);
    return (x->number > y->number) - (x->number < y->number);
}

static bool set_all(struct vt_probe *probe, const struct vt_trial *trial)
{
    for (int turn = 0; turn <= 3; turn++) {
        for (size_t i = 0; i < trial->count; i++) {
            if (turn_of(&trial->facts[i]) == turn && !vt_probe_set(probe, &trial->facts[i]))
                return false;
        }
    }
    return true;
}

/* *out_is_possible: false when a fact cannot be made so. */
static enum vt_code decide(const struct vt_search *search, struct vt_arena *arena,
                           const struct vt_trial *trial, struct finding *out, bool *out_is_possible,
                           struct vt_err *err)
{
    const struct vt_examples_request *request = search->request;
    struct vt_probe probe;
    vt_probe_begin(&probe, arena, request->before->site, request->after->site,
                   request->now_utc_secs);
    struct vt_trial ordered = *trial;
    if (ordered.count > 1)
        qsort(ordered.facts, ordered.count, sizeof(ordered.facts[0]), compare_facts);
    *out_is_possible = set_all(&probe, &ordered);
    if (!*out_is_possible)
        return VT_OK;
    *out = (struct finding){.evidence = vt_probe_evidence(&probe),
                            .now_utc_secs = probe.now_utc_secs,
                            .first_deferred_utc_secs = probe.first_deferred_utc_secs};
    if (out->evidence == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a made-up mail");
    const struct vt_policy_input input = {.evidence = out->evidence,
                                          .site_mode = VT_MODE_ENFORCE,
                                          .first_deferred_utc_secs = out->first_deferred_utc_secs,
                                          .now_utc_secs = out->now_utc_secs,
                                          .is_submission = probe.mail.authenticated != NULL};
    enum vt_code code = vt_policy_evaluate(arena, request->before, &input, &out->before, err);
    return code == VT_OK ? vt_policy_evaluate(arena, request->after, &input, &out->after, err)
                         : code;
}

/* ---- comparing ---- */

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool has_same_headers(const struct vt_decision *a, const struct vt_decision *b)
{
    if (a->headers_count != b->headers_count)
        return false;
    for (size_t i = 0; i < a->headers_count; i++) {
        if (strcmp(a->headers[i].name, b->headers[i].name) != 0 ||
            strcmp(a->headers[i].value, b->headers[i].value) != 0)
            return false;
    }
    return true;
}

static bool has_same_marks(const struct vt_decision *a, const struct vt_decision *b)
{
    return is_same_text(a->code, b->code) && is_same_text(a->enhanced, b->enhanced) &&
           is_same_text(a->text, b->text) && is_same_text(a->folder, b->folder) &&
           is_same_text(a->subject_prefix, b->subject_prefix) && a->notify == b->notify &&
           a->seal == b->seal && is_same_text(a->seal_key, b->seal_key) &&
           a->seal_is_opaque == b->seal_is_opaque && a->seal_what == b->seal_what &&
           a->seal_documents == b->seal_documents &&
           a->seal_protects_headers == b->seal_protects_headers &&
           is_same_text(a->officer, b->officer) && has_same_headers(a, b) &&
           a->defer_until_utc_secs == b->defer_until_utc_secs;
}

static bool is_of_marks(const struct vt_decision *before, const struct vt_decision *after)
{
    return before->action == after->action && is_same_text(before->rule, after->rule);
}

static bool is_different(const struct vt_decision *before, const struct vt_decision *after)
{
    return !is_of_marks(before, after) || !has_same_marks(before, after);
}

static bool is_same_way(const struct vt_policy_example *example, const struct finding *finding)
{
    return is_different(finding->before, finding->after) &&
           example->before->action == finding->before->action &&
           example->after->action == finding->after->action &&
           is_same_text(example->before->rule, finding->before->rule) &&
           is_same_text(example->after->rule, finding->after->rule);
}

/* ---- keeping ---- */

static enum vt_code keep_facts(struct vt_search *search, const struct vt_trial *trial,
                               struct vt_policy_example *example)
{
    example->facts = vt_arena_alloc(search->arena, (trial->count + 1) * sizeof(*example->facts));
    for (size_t i = 0; i < trial->count && example->facts != NULL; i++) {
        example->facts[i] = vt_fact_text(search->arena, &trial->facts[i]);
        if (example->facts[i] == NULL)
            return VT_E_NOMEM;
    }
    example->facts_count = trial->count;
    return example->facts != NULL ? VT_OK : VT_E_NOMEM;
}

/* Does the same way show without this fact? */
static enum vt_code try_without(struct vt_search *search, const struct vt_policy_example *way,
                                struct vt_trial *trial, size_t fact, bool *out_is_shorter,
                                struct vt_err *err)
{
    struct vt_trial shorter = *trial;
    struct finding finding = {0};
    bool is_possible = false;
    struct vt_arena *arena = vt_arena_new(MAX_TRIAL_ARENA_BYTES);
    shorter.facts[fact] = shorter.facts[--shorter.count];
    enum vt_code code = arena == NULL
                            ? vt_err_set(err, VT_E_NOMEM, "no memory for a made-up mail")
                            : decide(search, arena, &shorter, &finding, &is_possible, err);
    *out_is_shorter = code == VT_OK && is_possible && is_same_way(way, &finding);
    if (*out_is_shorter)
        *trial = shorter;
    vt_arena_free(arena);
    return code;
}

static enum vt_code shorten(struct vt_search *search, const struct vt_policy_example *way,
                            struct vt_trial *trial, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (size_t i = trial->count; i > 0 && code == VT_OK; i--) {
        bool is_shorter = false;
        code = try_without(search, way, trial, i - 1, &is_shorter, err);
        /* What was needed for another fact may be needed no more. */
        if (is_shorter)
            i = trial->count + 1;
    }
    return code;
}

static enum vt_code keep(struct vt_search *search, const struct vt_trial *trial,
                         const struct finding *first, struct vt_err *err)
{
    struct vt_policy_examples *out = search->out;
    struct vt_policy_example example = {.before = first->before, .after = first->after};
    struct vt_trial least = *trial;
    struct finding finding = {0};
    bool is_possible = false;
    if (out->count == VT_MAX_EXAMPLES) {
        out->is_complete = false;
        return VT_OK;
    }
    enum vt_code code = shorten(search, &example, &least, err);
    if (least.count > 1)
        qsort(least.facts, least.count, sizeof(least.facts[0]), compare_facts);
    if (code == VT_OK)
        code = decide(search, search->arena, &least, &finding, &is_possible, err);
    struct vt_policy_example *grown =
        vt_arena_grow(search->arena, out->items, out->count, sizeof(*grown));
    if (code == VT_OK && !is_possible)
        code = vt_err_set(err, VT_E_INTERNAL, "an example cannot be made up a second time");
    if (code == VT_OK && (grown == NULL || keep_facts(search, &least, &example) != VT_OK))
        code = vt_err_set(err, VT_E_NOMEM, "no memory for an example");
    if (code != VT_OK)
        return code;
    example.before = finding.before;
    example.after = finding.after;
    example.is_of_marks = is_of_marks(finding.before, finding.after);
    example.evidence = finding.evidence;
    example.now_utc_secs = finding.now_utc_secs;
    example.first_deferred_utc_secs = finding.first_deferred_utc_secs;
    example.probes_count = 1;
    out->items = grown;
    out->items[out->count++] = example;
    return VT_OK;
}

static enum vt_code look_at(struct vt_search *search, const struct vt_trial *trial,
                            const struct finding *finding, struct vt_err *err)
{
    struct vt_policy_examples *out = search->out;
    if (!is_different(finding->before, finding->after))
        return VT_OK;
    for (size_t i = 0; i < out->count; i++) {
        if (is_same_way(&out->items[i], finding)) {
            out->items[i].probes_count++;
            return VT_OK;
        }
    }
    return keep(search, trial, finding, err);
}

static void ask_whether_to_go_on(struct vt_search *search)
{
    const struct vt_examples_request *request = search->request;
    size_t count = search->out->probes_count;
    bool goes_on = request->goes_on == NULL || count % PROBES_BETWEEN != 0 ||
                   request->goes_on(request->context, count);
    if (goes_on && count < search->probes_most)
        return;
    search->is_over = true;
    search->out->is_complete = false;
}

enum vt_code vt_search_try(struct vt_search *search, const struct vt_trial *trial,
                           struct vt_err *err)
{
    struct finding finding = {0};
    bool is_possible = false;
    if (search->is_over)
        return VT_OK;
    struct vt_arena *arena = vt_arena_new(MAX_TRIAL_ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a made-up mail");
    enum vt_code code = decide(search, arena, trial, &finding, &is_possible, err);
    if (code == VT_OK && is_possible) {
        search->out->probes_count++;
        code = look_at(search, trial, &finding, err);
        ask_whether_to_go_on(search);
    }
    vt_arena_free(arena);
    return code;
}
