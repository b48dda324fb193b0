/* SPDX-License-Identifier: Apache-2.0
 * What came of a case, as the texts in which a file of cases writes it, compared with what is
 * expected. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "case.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define NONE VT_CASE_NONE
#define OF_MAIL "mail"
#define TEXT_BYTES 512

/* ---- what came ---- */

static const char *or_none(const char *text)
{
    return text != NULL ? text : NONE;
}

static const char *document_name(const struct vt_case_result *c, size_t index)
{
    if (index == SIZE_MAX)
        return c->decision->rule == NULL ? NONE : OF_MAIL;
    const struct vt_document *document = &c->evidence->documents[index];
    return document->name != NULL ? document->name : document->path;
}

static const char *action_of(const struct vt_case_result *c)
{
    return vt_action_name(c->decision->action);
}

static const char *would_be_of(const struct vt_case_result *c)
{
    return vt_action_name(c->decision->would_be);
}

static const char *rule_of(const struct vt_case_result *c)
{
    return or_none(c->decision->rule);
}

static const char *reason_of(const struct vt_case_result *c)
{
    enum vt_reason reason = c->decision->reason;
    return reason < VT_REASON_COUNT ? vt_reason_info(reason)->code : NONE;
}

static const char *mode_of(const struct vt_case_result *c)
{
    return c->decision->rule != NULL ? vt_mode_name(c->decision->mode) : NONE;
}

static const char *document_of(const struct vt_case_result *c)
{
    return document_name(c, c->decision->document);
}

static const char *code_of(const struct vt_case_result *c)
{
    return or_none(c->decision->code);
}

/* That of the rule, else the one of the reason, as the answer has it (RFC 3463). */
static const char *enhanced_of(const struct vt_case_result *c)
{
    const struct vt_decision *d = c->decision;
    if (d->code == NULL || d->enhanced != NULL)
        return or_none(d->enhanced);
    if (d->reason >= VT_REASON_COUNT)
        return NONE;
    return vt_arena_printf(c->arena, "%c.%s", d->code[0], vt_reason_info(d->reason)->enhanced);
}

static const char *text_of(const struct vt_case_result *c)
{
    return or_none(c->decision->text);
}

static const char *folder_of(const struct vt_case_result *c)
{
    return or_none(c->decision->folder);
}

static const char *prefix_of(const struct vt_case_result *c)
{
    return or_none(c->decision->subject_prefix);
}

static const char *seal_of(const struct vt_case_result *c)
{
    return vt_seal_name(c->decision->seal);
}

static const char *seal_key_of(const struct vt_case_result *c)
{
    return or_none(c->decision->seal != VT_SEAL_NONE ? c->decision->seal_key : NULL);
}

static const char *officer_of(const struct vt_case_result *c)
{
    return or_none(c->decision->officer);
}

static const char *until_of(const struct vt_case_result *c)
{
    char text[VT_TIME_TEXT_BYTES];
    if (c->decision->defer_until_utc_secs == VT_TIME_NONE)
        return NONE;
    return vt_arena_str(c->arena, vt_time_rfc3339(text, c->decision->defer_until_utc_secs));
}

/* Words in a line of their own order: "sender, records". */
static const char *notify_of(const struct vt_case_result *c)
{
    char text[TEXT_BYTES] = "";
    size_t used = 0;
    for (unsigned i = 0; i < VT_NOTIFY_COUNT; i++) {
        if ((c->decision->notify >> i & 1) != 0)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used > 0 ? ", " : "",
                                     vt_notify_name((enum vt_notify)i));
    }
    return used == 0 ? NONE : vt_arena_str(c->arena, text);
}

/* Every reason that the rules see, of the mail, its documents, their signatures and the table. */
static const char *reasons_of(const struct vt_case_result *c)
{
    const struct vt_site_facts *site = c->decision->site;
    vt_reasons all = c->evidence->reasons;
    for (size_t d = 0; d < c->evidence->documents_count; d++) {
        const struct vt_document *document = &c->evidence->documents[d];
        const struct vt_site_document *its =
            site != NULL && d < site->documents_count ? &site->documents[d] : NULL;
        all |= its != NULL ? (document->reasons & ~its->excused) | its->reasons : document->reasons;
        for (size_t s = 0; s < document->signatures_count; s++) {
            all |= document->signatures[s].reasons;
            all |= its != NULL && s < its->signatures_count ? its->signatures[s].reasons : 0;
        }
    }
    char text[TEXT_BYTES] = "";
    size_t used = 0;
    for (unsigned i = 0; i < VT_REASON_COUNT && used < sizeof(text); i++) {
        if ((all & VT_REASON_BIT(i)) != 0)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used > 0 ? ", " : "",
                                     vt_reason_info((enum vt_reason)i)->code);
    }
    return used == 0 ? NONE : vt_arena_str(c->arena, text);
}

/* Of the document that decided, else of the first that is signed. */
static const char *effect_of(const struct vt_case_result *c)
{
    const struct vt_site_facts *site = c->decision->site;
    size_t index = c->decision->document;
    for (size_t i = 0; index == SIZE_MAX && i < c->evidence->documents_count; i++)
        index = c->evidence->documents[i].signatures_count > 0 ? i : SIZE_MAX;
    if (site == NULL || index >= site->documents_count)
        return vt_effect_name(VT_EFFECT_UNKNOWN);
    return vt_effect_name(site->documents[index].effect);
}

static const char *sender_class_of(const struct vt_case_result *c)
{
    const struct vt_site_facts *site = c->decision->site;
    return vt_sender_class_name(site != NULL ? site->sender_class : c->evidence->mail.sender_class);
}

/* Rules that took hold, each once, in the order in which they were met. */
static const char *matched_of(const struct vt_case_result *c)
{
    const struct vt_decision *d = c->decision;
    const char *text = "";
    for (size_t i = 0; i < d->trace_count && text != NULL; i++) {
        bool is_met = !d->trace[i].matched;
        for (size_t k = 0; k < i && !is_met; k++)
            is_met = d->trace[k].matched && strcmp(d->trace[k].rule, d->trace[i].rule) == 0;
        if (!is_met)
            text = vt_arena_printf(c->arena, "%s%s%s", text, *text != '\0' ? ", " : "",
                                   d->trace[i].rule);
    }
    return text != NULL && *text == '\0' ? NONE : text;
}

static const char *notice_of(const struct vt_case_result *c)
{
    return or_none(c->notice);
}

static const char *no_notice_of(const struct vt_case_result *c)
{
    return or_none(c->no_notice);
}

/* ---- the keys ---- */

static const char *const seal_words[] = {"none", "preferred", "required"};
static const struct vt_words vt_words_seal = {seal_words, ELEMENTS(seal_words)};
static const char *const seal_what_words[] = {"none", "message", "documents", "both"};
static const struct vt_words vt_words_seal_what = {seal_what_words, ELEMENTS(seal_what_words)};

const struct vt_case_key vt_case_keys[] = {
    {"action", action_of, &vt_words_action, false},
    {"rule", rule_of, NULL, false},
    {"reason", reason_of, NULL, false},
    {"reasons", reasons_of, NULL, true},
    {"document", document_of, NULL, false},
    {"mode", mode_of, NULL, false},
    {"would-be", would_be_of, &vt_words_action, false},
    {"effect", effect_of, &vt_words_effect, false},
    {"sender-class", sender_class_of, &vt_words_sender_class, false},
    {"code", code_of, NULL, false},
    {"enhanced-code", enhanced_of, NULL, false},
    {"text", text_of, NULL, false},
    {"defer-until", until_of, NULL, false},
    {"officer", officer_of, NULL, false},
    {"folder", folder_of, NULL, false},
    {"subject-prefix", prefix_of, NULL, false},
    {"notify", notify_of, NULL, true},
    {"seal", seal_of, &vt_words_seal, false},
    {"seal-key", seal_key_of, NULL, false},
    {"seal-what", vt_case_seal_what, &vt_words_seal_what, false},
    {"seal-documents", vt_case_seal_documents, NULL, true},
    {"seal-appearance", vt_case_seal_appearance, NULL, true},
    {"notice", notice_of, NULL, true},
    {"no-notice", no_notice_of, NULL, false},
    {"matched", matched_of, NULL, true},
};
const size_t vt_case_keys_count = ELEMENTS(vt_case_keys);

/* ---- comparing ---- */

struct differences {
    struct vt_case_result coming;
    struct vt_case_difference *items;
    size_t count;
};

static enum vt_code differ(struct differences *all, const char *key, unsigned line,
                           const char *expected, const char *got)
{
    struct vt_case_difference *grown =
        vt_arena_grow(all->coming.arena, all->items, all->count, sizeof(*grown));
    if (grown == NULL || expected == NULL || got == NULL)
        return VT_E_NOMEM;
    all->items = grown;
    all->items[all->count++] = (struct vt_case_difference){key, line, expected, got};
    return VT_OK;
}

static enum vt_code compare_wanted(struct differences *all, const struct vt_case_wanted *wanted)
{
    for (size_t i = 0; i < vt_case_keys_count; i++) {
        if (strcmp(vt_case_keys[i].key, wanted->key) != 0)
            continue;
        const char *got = vt_case_keys[i].got(&all->coming);
        if (got == NULL || strcmp(got, wanted->text) != 0)
            return differ(all, wanted->key, wanted->node->line, wanted->text, got);
    }
    return VT_OK;
}

/* Without a name the document that decided; where nothing did, the first one. */
static bool is_of_document(const struct vt_case_result *c, const struct vt_trace *trace,
                           const char *name)
{
    size_t usual = c->decision->rule != NULL           ? c->decision->document
                   : c->evidence->documents_count == 0 ? SIZE_MAX
                                                       : 0;
    if (name == NULL)
        return trace->document == usual;
    const char *its = trace->document == SIZE_MAX ? OF_MAIL : document_name(c, trace->document);
    return strcmp(name, its) == 0;
}

static bool is_as_wanted(const struct vt_trace *trace, const struct vt_case_line *line)
{
    bool is_why =
        line->why == NULL || (trace->why != NULL && strstr(trace->why, line->why) != NULL);
    return is_why && (line->matched < 0 || line->matched == (int)trace->matched) &&
           (line->tried < 0 || line->tried == (int)!trace->is_skipped) &&
           (line->action == UINT_MAX || line->action == trace->action);
}

static const char *show_trace(const struct vt_case_result *c, const struct vt_trace *trace)
{
    const char *how = trace->matched      ? "matched"
                      : trace->is_skipped ? trace->would_match ? "not tried, would match"
                                                               : "not tried, would not match"
                                          : "not matched";
    bool is_told = trace->matched || trace->would_match;
    return vt_arena_printf(c->arena, "%s on %s: %s%s%s: %s", trace->rule,
                           trace->document == SIZE_MAX ? OF_MAIL
                                                       : document_name(c, trace->document),
                           how, is_told ? ", " : "", is_told ? vt_action_name(trace->action) : "",
                           trace->why != NULL ? trace->why : "");
}

static const char *show_line(const struct vt_case_result *c, const struct vt_case_line *line)
{
    static const char *const flags[2][2] = {{"not matched", "matched"}, {"not tried", "tried"}};
    return vt_arena_printf(
        c->arena, "%s%s%s%s%s%s%s%s%s%s%s", line->rule, line->document != NULL ? " on " : "",
        line->document != NULL ? line->document : "", line->matched >= 0 ? ", " : "",
        line->matched >= 0 ? flags[0][line->matched] : "", line->tried >= 0 ? ", " : "",
        line->tried >= 0 ? flags[1][line->tried] : "", line->action != UINT_MAX ? ", " : "",
        line->action != UINT_MAX ? vt_words_action.words[line->action] : "",
        line->why != NULL ? ": … " : "", line->why != NULL ? line->why : "");
}

/* One line of the trace is as wanted; of those that are not, the first is shown. */
static enum vt_code compare_line(struct differences *all, const struct vt_case_line *line)
{
    const struct vt_decision *d = all->coming.decision;
    const struct vt_trace *nearest = NULL;
    for (size_t i = 0; i < d->trace_count; i++) {
        const struct vt_trace *trace = &d->trace[i];
        if (strcmp(trace->rule, line->rule) != 0 ||
            !is_of_document(&all->coming, trace, line->document))
            continue;
        if (is_as_wanted(trace, line))
            return VT_OK;
        nearest = nearest == NULL ? trace : nearest;
    }
    return differ(all, "trace", line->node->line, show_line(&all->coming, line),
                  nearest == NULL ? "there is no such rule" : show_trace(&all->coming, nearest));
}

enum vt_code vt_case_compare(struct vt_arena *arena, const struct vt_case *item,
                             const struct vt_case_outcome *outcome, struct vt_case_difference **out,
                             size_t *out_count, struct vt_err *err)
{
    struct differences all = {.coming = {arena, outcome->evidence, outcome->decision,
                                         outcome->notice, outcome->no_notice}};
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < item->expected->wanted_count && code == VT_OK; i++)
        code = compare_wanted(&all, &item->expected->wanted[i]);
    for (size_t i = 0; i < item->expected->lines_count && code == VT_OK; i++)
        code = compare_line(&all, &item->expected->lines[i]);
    if (code != VT_OK)
        return vt_err_set(err, code, "no memory to compare a case");
    *out = all.items;
    *out_count = all.count;
    return VT_OK;
}
