/* SPDX-License-Identifier: Apache-2.0
 * What a case expects, read and compared with what came. Values are compared as the texts that they
 * are written as, so that what came can be written into the file as it is shown. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "case.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define NONE "none"
#define OF_MAIL "mail"
#define TEXT_BYTES 512

struct coming {
    struct vt_arena *arena;
    const struct vt_evidence *evidence;
    const struct vt_decision *decision;
};

/* ---- what came ---- */

static const char *or_none(const char *text)
{
    return text != NULL ? text : NONE;
}

static const char *document_name(const struct coming *c, size_t index)
{
    if (index == SIZE_MAX)
        return c->decision->rule == NULL ? NONE : OF_MAIL;
    const struct vt_document *document = &c->evidence->documents[index];
    return document->name != NULL ? document->name : document->path;
}

static const char *action_of(const struct coming *c)
{
    return vt_action_name(c->decision->action);
}

static const char *would_be_of(const struct coming *c)
{
    return vt_action_name(c->decision->would_be);
}

static const char *rule_of(const struct coming *c)
{
    return or_none(c->decision->rule);
}

static const char *reason_of(const struct coming *c)
{
    enum vt_reason reason = c->decision->reason;
    return reason < VT_REASON_COUNT ? vt_reason_info(reason)->code : NONE;
}

static const char *mode_of(const struct coming *c)
{
    return c->decision->rule != NULL ? vt_mode_name(c->decision->mode) : NONE;
}

static const char *document_of(const struct coming *c)
{
    return document_name(c, c->decision->document);
}

static const char *code_of(const struct coming *c)
{
    return or_none(c->decision->code);
}

/* That of the rule, else the one of the reason, as the answer has it (RFC 3463). */
static const char *enhanced_of(const struct coming *c)
{
    const struct vt_decision *d = c->decision;
    if (d->code == NULL || d->enhanced != NULL)
        return or_none(d->enhanced);
    if (d->reason >= VT_REASON_COUNT)
        return NONE;
    return vt_arena_printf(c->arena, "%c.%s", d->code[0], vt_reason_info(d->reason)->enhanced);
}

static const char *text_of(const struct coming *c)
{
    return or_none(c->decision->text);
}

static const char *folder_of(const struct coming *c)
{
    return or_none(c->decision->folder);
}

static const char *prefix_of(const struct coming *c)
{
    return or_none(c->decision->subject_prefix);
}

static const char *seal_of(const struct coming *c)
{
    return vt_seal_name(c->decision->seal);
}

static const char *officer_of(const struct coming *c)
{
    return or_none(c->decision->officer);
}

static const char *until_of(const struct coming *c)
{
    char text[VT_TIME_TEXT_BYTES];
    if (c->decision->defer_until_utc_secs == VT_TIME_NONE)
        return NONE;
    return vt_arena_str(c->arena, vt_time_rfc3339(text, c->decision->defer_until_utc_secs));
}

/* Words in a line of their own order: "sender, records". */
static const char *notify_of(const struct coming *c)
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
static const char *reasons_of(const struct coming *c)
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
static const char *effect_of(const struct coming *c)
{
    const struct vt_site_facts *site = c->decision->site;
    size_t index = c->decision->document;
    for (size_t i = 0; index == SIZE_MAX && i < c->evidence->documents_count; i++)
        index = c->evidence->documents[i].signatures_count > 0 ? i : SIZE_MAX;
    if (site == NULL || index >= site->documents_count)
        return vt_effect_name(VT_EFFECT_UNKNOWN);
    return vt_effect_name(site->documents[index].effect);
}

static const char *sender_class_of(const struct coming *c)
{
    const struct vt_site_facts *site = c->decision->site;
    return vt_sender_class_name(site != NULL ? site->sender_class : c->evidence->mail.sender_class);
}

/* Rules that took hold, each once, in the order in which they were met. */
static const char *matched_of(const struct coming *c)
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

/* ---- the keys ---- */

static const char *const seal_words[] = {"none", "preferred", "required"};
static const struct vt_words vt_words_seal = {seal_words, ELEMENTS(seal_words)};

static const struct {
    const char *key;
    const char *(*got)(const struct coming *c);
    const struct vt_words *words; /* NULL: any text */
    bool is_list;
} keys[] = {
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
    {"matched", matched_of, NULL, true},
};

/* ---- reading ---- */

static bool check_reason(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                         const char *text)
{
    enum vt_reason reason = VT_REASON_COUNT;
    if (strcmp(text, NONE) == 0 || vt_reason_by_code(text, &reason) == VT_OK)
        return true;
    const char *nearest = vt_reason_suggest(text);
    return vt_yaml_mistake(&reader->yaml, node, "\"%.40s\" is not a reason code%s%s%s", text,
                           nearest != NULL ? ": did you mean \"" : "",
                           nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
}

/* Reasons and who is told have an order of their own: that of the language. */
static int order_of(const char *key, const char *text)
{
    enum vt_reason reason = VT_REASON_COUNT;
    if (strcmp(key, "reasons") == 0)
        return vt_reason_by_code(text, &reason) == VT_OK ? (int)reason : INT_MAX;
    for (int i = 0; strcmp(key, "notify") == 0 && i < VT_NOTIFY_COUNT; i++) {
        if (strcmp(vt_notify_name((enum vt_notify)i), text) == 0)
            return i;
    }
    return INT_MAX;
}

static void sort(const char *key, const char **texts, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const char *moved = texts[i];
        size_t place = i;
        for (; place > 0 && order_of(key, texts[place - 1]) > order_of(key, moved); place--)
            texts[place] = texts[place - 1];
        texts[place] = moved;
    }
}

/* "a, b" of one value or a list of them; an empty list is none. */
static const char *read_list(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                             const char *key)
{
    size_t count = node->kind == VT_YAML_SEQUENCE ? node->count : 1;
    const char **texts = vt_arena_alloc(reader->yaml.arena, (count + 1) * sizeof(*texts));
    const char *all = count == 0 ? NONE : "";
    for (size_t i = 0; texts != NULL && i < count; i++) {
        const struct vt_yaml_node *value = vt_yaml_value_at(node, i);
        if (!vt_yaml_text(&reader->yaml, value, &texts[i]))
            return NULL;
        if (strcmp(key, "reasons") == 0 && !check_reason(reader, value, texts[i]))
            return NULL;
    }
    if (texts == NULL)
        return NULL;
    sort(key, texts, count);
    for (size_t i = 0; i < count && all != NULL; i++)
        all = vt_arena_printf(reader->yaml.arena, "%s%s%s", all, i > 0 ? ", " : "", texts[i]);
    return all;
}

static bool read_wanted(struct vt_case_reader *reader, size_t k, const struct vt_yaml_node *node,
                        struct vt_case_expected *out)
{
    const char *text = NULL;
    char what[64];
    unsigned word = 0;
    (void)snprintf(what, sizeof(what), "a value of \"%s\"", keys[k].key);
    if (keys[k].is_list)
        text = read_list(reader, node, keys[k].key);
    else if (!vt_yaml_text(&reader->yaml, node, &text))
        return false;
    if (text == NULL)
        return false;
    if (keys[k].words != NULL &&
        !vt_yaml_word(&reader->yaml, node, what, keys[k].words->words, keys[k].words->count, &word))
        return false;
    if (strcmp(keys[k].key, "reason") == 0 && !check_reason(reader, node, text))
        return false;
    out->wanted[out->wanted_count++] = (struct vt_case_wanted){node, keys[k].key, text};
    return true;
}

static bool read_flag(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                      const char *key, int *out)
{
    const struct vt_yaml_node *value = vt_yaml_find(node, key);
    bool flag = false;
    *out = -1;
    if (value == NULL)
        return true;
    if (!vt_yaml_bool(&reader->yaml, value, &flag))
        return false;
    *out = flag ? 1 : 0;
    return true;
}

static bool read_optional(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                          const char *key, const char **out)
{
    const struct vt_yaml_node *value = vt_yaml_find(node, key);
    return value == NULL || vt_yaml_text(&reader->yaml, value, out);
}

static bool read_line(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                      struct vt_case_line *out)
{
    static const char *const names[] = {"rule", "document", "matched", "tried", "action", "why"};
    *out = (struct vt_case_line){.node = node, .action = UINT_MAX};
    if (!vt_yaml_is_mapping(&reader->yaml, node, "a line of the trace"))
        return false;
    vt_yaml_check_keys(&reader->yaml, node, names, ELEMENTS(names));
    if (vt_yaml_find(node, "rule") == NULL)
        return vt_yaml_mistake(&reader->yaml, node, "a line of the trace has a \"rule\"");
    const struct vt_yaml_node *action = vt_yaml_find(node, "action");
    return read_optional(reader, node, "rule", &out->rule) &&
           read_optional(reader, node, "document", &out->document) &&
           read_optional(reader, node, "why", &out->why) &&
           read_flag(reader, node, "matched", &out->matched) &&
           read_flag(reader, node, "tried", &out->tried) &&
           (action == NULL ||
            vt_yaml_word(&reader->yaml, action, "an action", vt_words_action.words,
                         vt_words_action.count, &out->action));
}

static bool read_lines(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                       struct vt_case_expected *out)
{
    if (node->kind != VT_YAML_SEQUENCE)
        return vt_yaml_mistake(&reader->yaml, node,
                               "trace is a list: \"- {rule: NAME, matched: true}\"");
    out->lines = vt_arena_alloc(reader->yaml.arena, (node->count + 1) * sizeof(*out->lines));
    if (out->lines == NULL)
        return vt_yaml_mistake(&reader->yaml, node, "no memory for the case");
    for (size_t i = 0; i < node->count; i++) {
        if (read_line(reader, node->entries[i].value, &out->lines[out->lines_count]))
            out->lines_count++;
    }
    return true;
}

struct vt_case_expected *vt_case_expected_read(struct vt_case_reader *reader,
                                               const struct vt_yaml_node *node)
{
    const char *names[ELEMENTS(keys) + 1];
    struct vt_case_expected *out = vt_arena_alloc(reader->yaml.arena, sizeof(*out));
    if (!vt_yaml_is_mapping(&reader->yaml, node, "what is expected"))
        return NULL;
    for (size_t i = 0; i < ELEMENTS(keys); i++)
        names[i] = keys[i].key;
    names[ELEMENTS(keys)] = "trace";
    vt_yaml_check_keys(&reader->yaml, node, names, ELEMENTS(names));
    if (node->count == 0)
        (void)vt_yaml_mistake(&reader->yaml, node, "nothing is expected: write \"action: …\"");
    if (out != NULL)
        out->wanted = vt_arena_alloc(reader->yaml.arena, ELEMENTS(keys) * sizeof(*out->wanted));
    if (out == NULL || out->wanted == NULL) {
        (void)vt_yaml_mistake(&reader->yaml, node, "no memory for the case");
        return NULL;
    }
    for (size_t i = 0; i < ELEMENTS(keys); i++) {
        const struct vt_yaml_node *value = vt_yaml_find(node, keys[i].key);
        if (value != NULL)
            (void)read_wanted(reader, i, value, out);
    }
    const struct vt_yaml_node *trace = vt_yaml_find(node, "trace");
    if (trace != NULL)
        (void)read_lines(reader, trace, out);
    return out;
}

/* ---- comparing ---- */

struct differences {
    struct coming coming;
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
    for (size_t i = 0; i < ELEMENTS(keys); i++) {
        if (strcmp(keys[i].key, wanted->key) != 0)
            continue;
        const char *got = keys[i].got(&all->coming);
        if (got == NULL || strcmp(got, wanted->text) != 0)
            return differ(all, wanted->key, wanted->node->line, wanted->text, got);
    }
    return VT_OK;
}

/* Without a name the document that decided; where nothing did, the first one. */
static bool is_of_document(const struct coming *c, const struct vt_trace *trace, const char *name)
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

static const char *show_trace(const struct coming *c, const struct vt_trace *trace)
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

static const char *show_line(const struct coming *c, const struct vt_case_line *line)
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
                             const struct vt_evidence *evidence, const struct vt_decision *decision,
                             struct vt_case_difference **out, size_t *out_count, struct vt_err *err)
{
    struct differences all = {.coming = {arena, evidence, decision}};
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
