/* SPDX-License-Identifier: Apache-2.0
 * All time stamps around one signature, from the outermost inwards (EN 319 102-1 5.6.3): a valid
 * one proves that everything it covers existed at its time, other tokens included, and so keeps
 * alive what its authority's certificate no longer does. */
#include "trust/judge.h"

/* Document time stamps that are shown with each signature they cover; all of them are judged. */
#define MAX_SHOWN_DOCUMENTS 8
/* Time stamps of a signature that are shown with path and statuses: evidence has a maximum, and
 * whoever signs a hundred times with sixteen time stamps each must not get beyond it. */
#define MAX_SHOWN_PATHS 4

struct cached_token {
    const struct vt_verified_timestamp *token;
    int64_t existed_utc_secs;
    struct vt_timestamp_facts facts;
};

struct vt_token_cache {
    struct vt_arena *arena;
    struct cached_token *items;
    size_t count;
};

struct vt_token_cache *vt_token_cache_new(struct vt_arena *arena)
{
    struct vt_token_cache *cache = vt_arena_alloc(arena, sizeof(*cache));
    if (cache != NULL)
        *cache = (struct vt_token_cache){.arena = arena};
    return cache;
}

static enum vt_code judge_cached(struct vt_judgement *judgement, const struct vt_token *token,
                                 struct vt_timestamp_facts *out)
{
    struct vt_token_cache *cache = judgement->input->token_cache;
    for (size_t i = 0; cache != NULL && i < cache->count; i++) {
        if (cache->items[i].token == token->verified &&
            cache->items[i].existed_utc_secs == token->existed_utc_secs) {
            *out = cache->items[i].facts;
            return VT_OK;
        }
    }
    enum vt_code code =
        vt_judge_timestamp(judgement, token->verified, token->existed_utc_secs, out);
    if (code != VT_OK || cache == NULL)
        return code;
    struct cached_token *grown =
        vt_arena_grow(cache->arena, cache->items, cache->count, sizeof(*grown));
    if (grown == NULL)
        return VT_E_NOMEM;
    grown[cache->count++] = (struct cached_token){token->verified, token->existed_utc_secs, *out};
    cache->items = grown;
    return VT_OK;
}

/* ---- what covers what ---- */

static bool covers(const struct vt_tokens *tokens, size_t outer, size_t inner)
{
    if (outer >= tokens->own_count)
        return outer > inner;
    return inner < tokens->own_count && inner != outer &&
           (tokens->items[outer].verified->covers >> inner & 1) != 0;
}

/* Everything that covers it was judged: its proof is final. */
static bool is_ready(const struct vt_tokens *tokens, size_t index)
{
    for (size_t i = 0; i < tokens->count; i++) {
        if (!tokens->items[i].is_judged && covers(tokens, i, index))
            return false;
    }
    return true;
}

/* A digest cannot name itself, so one is always ready; the first stands for the impossible. */
static size_t next(const struct vt_tokens *tokens)
{
    size_t any = 0;
    for (size_t i = tokens->count; i-- > 0;) {
        if (tokens->items[i].is_judged)
            continue;
        if (is_ready(tokens, i))
            return i;
        any = i;
    }
    return any;
}

int64_t vt_token_latest(const struct vt_verified_timestamp *token)
{
    return token->time_utc_secs +
           (token->accuracy_secs > VT_CLOCK_TOLERANCE_SECS ? token->accuracy_secs : 0);
}

static void prove_covered(struct vt_tokens *tokens, size_t outer)
{
    int64_t latest = vt_token_latest(tokens->items[outer].verified);
    for (size_t i = 0; i < tokens->count; i++) {
        if (covers(tokens, outer, i) && latest < tokens->items[i].existed_utc_secs)
            tokens->items[i].existed_utc_secs = latest;
    }
}

/* ---- the list ---- */

/* The file was seen with its tokens; of a message only what is signed and the signature value. */
static int64_t seen_with_tokens(const struct vt_trust_input *input)
{
    return input->object->format != VT_SIGNATURE_SMIME &&
                   input->first_seen_utc_secs != VT_TIME_NONE &&
                   input->first_seen_utc_secs < input->now_utc_secs
               ? input->first_seen_utc_secs
               : input->now_utc_secs;
}

static enum vt_code make_list(struct vt_judgement *judgement, struct vt_tokens *out)
{
    const struct vt_trust_input *input = judgement->input;
    size_t own = input->verified->timestamps_count;
    size_t count = own + input->document_timestamps_count;
    int64_t seen = seen_with_tokens(input);
    *out = (struct vt_tokens){
        .items = vt_arena_alloc(judgement->arena, (count + 1) * sizeof(*out->items)),
        .facts = vt_arena_alloc(judgement->arena, (count + 1) * sizeof(*out->facts)),
        .own_count = own,
        .count = count};
    if (out->items == NULL || out->facts == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i < count; i++)
        out->items[i] = (struct vt_token){
            .verified =
                i < own ? &input->verified->timestamps[i] : input->document_timestamps[i - own],
            .existed_utc_secs = seen,
        };
    return VT_OK;
}

static void limit_shown(struct vt_tokens *tokens)
{
    size_t most = tokens->own_count + MAX_SHOWN_DOCUMENTS;
    tokens->shown_count = tokens->count < most ? tokens->count : most;
    for (size_t i = MAX_SHOWN_PATHS; i < tokens->shown_count; i++) {
        tokens->facts[i].path_count = 0;
        tokens->facts[i].statuses_count = 0;
    }
}

enum vt_code vt_judge_tokens(struct vt_judgement *judgement, struct vt_tokens *out)
{
    enum vt_code code = make_list(judgement, out);
    for (size_t done = 0; code == VT_OK && done < out->count; done++) {
        size_t i = next(out);
        struct vt_token *token = &out->items[i];
        code = i < out->own_count ? vt_judge_timestamp(judgement, token->verified,
                                                       token->existed_utc_secs, &out->facts[i])
                                  : judge_cached(judgement, token, &out->facts[i]);
        token->is_judged = true;
        if (code == VT_OK && out->facts[i].indication == VT_TOTAL_PASSED)
            prove_covered(out, i);
    }
    if (code == VT_OK)
        limit_shown(out);
    return code;
}
