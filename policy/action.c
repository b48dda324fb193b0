/* SPDX-License-Identifier: Apache-2.0
 * What a rule does: its action with what goes with it. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/config_table.h"
#include "rule.h"
#include "seal.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_TEXT_BYTES 200
#define MAX_FOLDER_BYTES 100
#define MAX_PREFIX_BYTES 60
#define MAX_HEADERS 10

static const char *const notified[VT_NOTIFY_COUNT] = {
    [VT_NOTIFY_SENDER] = "sender",   [VT_NOTIFY_RECIPIENT] = "recipient",
    [VT_NOTIFY_RECORDS] = "records", [VT_NOTIFY_OFFICER] = "officer",
    [VT_NOTIFY_ADMIN] = "admin",
};

const char *vt_notify_name(enum vt_notify notify)
{
    return notify < VT_NOTIFY_COUNT ? notified[notify] : "unknown";
}

/* ---- values ---- */

bool vt_action_parse(struct vt_reading *reading, const struct vt_yaml_node *node,
                     enum vt_action *out)
{
    unsigned value = 0;
    if (!vt_yaml_word(reading->yaml, node, "an action", vt_words_action.words,
                      vt_words_action.count, &value))
        return false;
    *out = (enum vt_action)value;
    return true;
}

/* The class of an answer: 5 for a refusal, 4 for a defer. */
static char class_of(enum vt_action action)
{
    return action == VT_ACTION_DEFER ? '4' : '5';
}

/* RFC 5321 4.2: 5yz for a refusal, 4yz for a defer. Postfix takes 421 as an order to hang up. */
static void parse_code(struct vt_reading *reading, const struct vt_yaml_node *node,
                       struct vt_then *out)
{
    const char *text = NULL;
    char first = class_of(out->action);
    if (!vt_yaml_text(reading->yaml, node, &text))
        return;
    if (strlen(text) != 3 || text[0] != first || strspn(text + 1, "0123456789") != 2 ||
        text[1] > '5' || strcmp(text, "421") == 0)
        vt_yaml_mistake(reading->yaml, node,
                        first == '4' ? "the code of a defer is one of 400 to 459 such as 451, but "
                                       "not 421"
                                     : "the code of a reject is one of 500 to 559 such as 550 or "
                                       "554");
    else
        out->code = text;
}

/* RFC 3463 2: class "." subject "." detail, of the class of the code. */
static void parse_enhanced(struct vt_reading *reading, const struct vt_yaml_node *node,
                           struct vt_then *out)
{
    static const char digits[] = "0123456789";
    const char *text = NULL;
    char first = class_of(out->action);
    if (!vt_yaml_text(reading->yaml, node, &text))
        return;
    size_t subject = text[0] == first && text[1] == '.' ? strspn(text + 2, digits) : 0;
    size_t detail =
        subject > 0 && text[2 + subject] == '.' ? strspn(text + 3 + subject, digits) : 0;
    if (subject == 0 || subject > 3 || detail == 0 || detail > 3 ||
        text[3 + subject + detail] != '\0')
        vt_yaml_mistake(reading->yaml, node, "an enhanced code here is one such as %c.7.1", first);
    else
        out->enhanced = text;
}

static void parse_text(struct vt_reading *reading, const struct vt_yaml_node *node,
                       struct vt_then *out)
{
    if (!vt_yaml_text(reading->yaml, node, &out->text))
        return;
    if (strlen(out->text) > MAX_TEXT_BYTES || strchr(out->text, '%') != NULL)
        vt_yaml_mistake(reading->yaml, node, "the text of an answer has at most %d bytes and no %%",
                        MAX_TEXT_BYTES);
}

static void parse_without_officer(struct vt_reading *reading, const struct vt_yaml_node *node,
                                  struct vt_then *out)
{
    if (!vt_action_parse(reading, node, &out->without_officer))
        return;
    if (out->without_officer == VT_ACTION_HOLD || out->without_officer == VT_ACTION_DEFER)
        vt_yaml_mistake(reading->yaml, node, "without-officer is reject, tag, note or accept");
}

static void parse_short(struct vt_reading *reading, const struct vt_yaml_node *node,
                        const char *what, size_t max_bytes, const char **out)
{
    const char *text = NULL;
    if (!vt_yaml_text(reading->yaml, node, &text))
        return;
    if (text[0] == '\0' || strlen(text) > max_bytes)
        vt_yaml_mistake(reading->yaml, node, "%s has 1 to %zu bytes, this one has %zu", what,
                        max_bytes, strlen(text));
    else
        *out = text;
}

static void parse_folder(struct vt_reading *reading, const struct vt_yaml_node *node,
                         struct vt_then *out)
{
    parse_short(reading, node, "a folder", MAX_FOLDER_BYTES, &out->effects.folder);
}

static void parse_prefix(struct vt_reading *reading, const struct vt_yaml_node *node,
                         struct vt_then *out)
{
    parse_short(reading, node, "a subject prefix", MAX_PREFIX_BYTES, &out->effects.subject_prefix);
}

/* ---- headers: "X-…" only, so that nothing of the mail's own can be overwritten or forged ---- */

static bool is_header_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    size_t len = strlen(name);
    return strncasecmp(name, "X-", 2) == 0 && len > 2 && len <= 60 &&
           strspn(name, letters) == len && strncasecmp(name, "X-Vanthu-", 9) != 0;
}

static void parse_header(struct vt_reading *reading, const struct vt_yaml_entry *entry,
                         struct vt_header_asked *out)
{
    out->name = entry->key->text;
    if (entry->key->kind != VT_YAML_SCALAR || !is_header_name(out->name))
        vt_yaml_mistake(reading->yaml, entry->key,
                        "a header of a rule has a name such as X-Office-Check: X- first, letters, "
                        "digits and hyphens, and not X-Vanthu-");
    if (!vt_yaml_text(reading->yaml, entry->value, &out->value))
        return;
    if (strlen(out->value) > MAX_TEXT_BYTES || !vt_check_ascii(out->value))
        vt_yaml_mistake(reading->yaml, entry->value,
                        "the value of a header is printable ASCII of at most %d bytes, without %%",
                        MAX_TEXT_BYTES);
}

static void parse_headers(struct vt_reading *reading, const struct vt_yaml_node *node,
                          struct vt_then *out)
{
    struct vt_effects_asked *effects = &out->effects;
    if (!vt_yaml_is_mapping(reading->yaml, node, "headers"))
        return;
    if (node->count > MAX_HEADERS) {
        vt_yaml_mistake(reading->yaml, node, "%zu headers, at most %d are allowed", node->count,
                        MAX_HEADERS);
        return;
    }
    effects->headers =
        vt_arena_alloc(reading->yaml->arena, node->count * sizeof(*effects->headers));
    if (effects->headers == NULL) {
        vt_no_memory(reading, node);
        return;
    }
    for (size_t i = 0; i < node->count; i++)
        parse_header(reading, &node->entries[i], &effects->headers[i]);
    effects->headers_count = node->count;
}

/* ---- notify ---- */

static void parse_notify(struct vt_reading *reading, const struct vt_yaml_node *node,
                         struct vt_then *out)
{
    if (!vt_yaml_is_list(reading->yaml, node, "who is told"))
        return;
    for (size_t i = 0; i < vt_yaml_values_count(node); i++) {
        unsigned who = 0;
        if (vt_yaml_word(reading->yaml, vt_yaml_value_at(node, i), "one who can be told", notified,
                         VT_NOTIFY_COUNT, &who))
            out->effects.notify |= 1u << who;
    }
}

/* ---- the table: which key goes with which actions ---- */

#define BIT(action) (1u << VT_ACTION_##action)
#define ANY_ACTION 0xFFu
#define ANSWERED (BIT(REJECT) | BIT(DEFER))
#define VISIBLE (BIT(TAG) | BIT(DEFER) | BIT(HOLD))

static const struct {
    const char *key;
    unsigned actions;
    const char *belongs; /* the mistake otherwise */
    void (*parse)(struct vt_reading *reading, const struct vt_yaml_node *node, struct vt_then *out);
} keys[] = {
    {"without-officer", BIT(HOLD) | BIT(DEFER), "without-officer belongs to the action hold",
     parse_without_officer},
    {"code", ANSWERED, "code and text belong to the actions reject and defer", parse_code},
    {"enhanced-code", ANSWERED, "enhanced-code belongs to the actions reject and defer",
     parse_enhanced},
    {"text", ANSWERED, "code and text belong to the actions reject and defer", parse_text},
    {"folder", VISIBLE, "folder belongs to the action tag", parse_folder},
    {"subject-prefix", VISIBLE, "subject-prefix belongs to the action tag", parse_prefix},
    {"headers", ANY_ACTION & ~BIT(REJECT), "headers belong to actions that deliver the mail",
     parse_headers},
    {"notify", ANY_ACTION, "", parse_notify},
    {"seal", BIT(ACCEPT) | BIT(NOTE) | BIT(TAG), "seal belongs to actions that deliver the mail",
     vt_seal_parse},
};

const char *const vt_then_keys[] = {
    "action", "without-officer", "code",    "enhanced-code", "text",
    "folder", "subject-prefix",  "headers", "notify",        "seal"};
const size_t vt_then_keys_count = ELEMENTS(vt_then_keys);

/* Without an action: to tell somebody is a note, to seal is to accept. */
static bool find_action(struct vt_reading *reading, const struct vt_yaml_node *node,
                        struct vt_then *out)
{
    const struct vt_yaml_node *action = vt_yaml_find(node, "action");
    if (action != NULL)
        return vt_action_parse(reading, action, &out->action);
    if (vt_yaml_find(node, "notify") == NULL && vt_yaml_find(node, "seal") == NULL)
        return vt_yaml_mistake(reading->yaml, node,
                               "\"then\" needs an action: {action: reject, …}");
    out->action = vt_yaml_find(node, "notify") != NULL ? VT_ACTION_NOTE : VT_ACTION_ACCEPT;
    return true;
}

static void parse_mapping(struct vt_reading *reading, const struct vt_yaml_node *node,
                          struct vt_then *out)
{
    vt_yaml_check_keys(reading->yaml, node, vt_then_keys, vt_then_keys_count);
    if (!find_action(reading, node, out))
        return;
    bool may_reject = out->action == VT_ACTION_HOLD && vt_yaml_find(node, "without-officer");
    for (size_t i = 0; i < ELEMENTS(keys); i++) {
        const struct vt_yaml_node *value = vt_yaml_find(node, keys[i].key);
        bool belongs = (keys[i].actions >> out->action & 1) != 0 ||
                       (keys[i].actions == ANSWERED && may_reject);
        if (value != NULL && belongs)
            keys[i].parse(reading, value, out);
        else if (value != NULL)
            vt_yaml_mistake(reading->yaml, value, "%s", keys[i].belongs);
    }
}

void vt_then_parse(struct vt_reading *reading, const struct vt_yaml_node *node, struct vt_then *out)
{
    out->node = node;
    if (node->kind == VT_YAML_MAPPING)
        parse_mapping(reading, node, out);
    else if (node->kind == VT_YAML_SCALAR && strcmp(node->text, "notify") == 0)
        vt_yaml_mistake(reading->yaml, node, "whom? write {notify: [sender, records]}");
    else if (node->kind == VT_YAML_SCALAR && strcmp(node->text, "seal") == 0)
        vt_yaml_mistake(reading->yaml, node, "write {seal: preferred}");
    else
        vt_action_parse(reading, node, &out->action);
}
