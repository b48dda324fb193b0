/* SPDX-License-Identifier: Apache-2.0
 * What a rule says of sealing: how, with which key, the message or its documents, and what these
 * show. Keys and appearances are those of the configuration, which others know
 * (vt_policy_next_seal). */
#include "seal.h"

#include <string.h>

#include "site_table.h"
#include "vanthu/limits.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_NAMES 50
#define MAX_APPEARANCES 20

static const char *const modes[] = {
    [VT_SEAL_PREFERRED] = "preferred", [VT_SEAL_REQUIRED] = "required"};
static const char *const whats[] = {[VT_SEAL_WHAT_MESSAGE] = "message",
                                    [VT_SEAL_WHAT_DOCUMENTS] = "documents",
                                    [VT_SEAL_WHAT_BOTH] = "both"};
static const char *const forms[] = {"clear", "opaque"};
static const char *const seal_keys[] = {"mode",      "key",        "what",     "form",
                                        "documents", "appearance", "internal", "protect-headers"};
static const char *const document_keys[] = {"name", "except", "signed", "at-most"};
static const char *const signed_words[] = {"true", "false", "valid"};
static const char *const appearance_keys[] = {"name", "appearance"};

const char *vt_seal_name(enum vt_seal seal)
{
    return seal == VT_SEAL_PREFERRED || seal == VT_SEAL_REQUIRED ? modes[seal] : "none";
}

const char *vt_seal_what_name(enum vt_seal_what what)
{
    return what <= VT_SEAL_WHAT_BOTH ? whats[what] : "unknown";
}

static void read_mode(struct vt_reading *reading, const struct vt_yaml_node *node,
                      struct vt_seal_asked *out)
{
    unsigned mode = 0;
    if (vt_yaml_word(reading->yaml, node, "a way to seal", modes, ELEMENTS(modes), &mode))
        out->mode = (enum vt_seal)mode;
}

/* ---- which documents ---- */

/* One glob or some of them, folded as file names are. */
static bool read_names(struct vt_reading *reading, const struct vt_yaml_node *node,
                       const char ***out, size_t *out_count)
{
    struct vt_yaml *yaml = reading->yaml;
    if (node == NULL)
        return true;
    if (!vt_yaml_is_list(yaml, node, "names of files"))
        return false;
    size_t count = vt_yaml_values_count(node);
    const char **names = vt_arena_alloc(yaml->arena, count * sizeof(*names));
    if (count > MAX_NAMES)
        return vt_yaml_mistake(yaml, node, "%zu names, at most %d are allowed", count, MAX_NAMES);
    for (size_t i = 0; names != NULL && i < count; i++) {
        const char *text = NULL;
        if (!vt_yaml_text(yaml, vt_yaml_value_at(node, i), &text))
            return false;
        names[i] = vt_site_fold(yaml->arena, text);
        if (names[i] != NULL && names[i][0] == '\0')
            return vt_yaml_mistake(yaml, vt_yaml_value_at(node, i),
                                   "the name of a file, in which * is any text and ? any letter");
        if (names[i] == NULL)
            return vt_no_memory(reading, node);
    }
    *out = names;
    *out_count = count;
    return names != NULL || vt_no_memory(reading, node);
}

static void read_document_keys(struct vt_reading *reading, const struct vt_yaml_node *node,
                               struct vt_seal_documents *out)
{
    const struct vt_yaml_node *is_signed = vt_yaml_find(node, "signed");
    const struct vt_yaml_node *at_most = vt_yaml_find(node, "at-most");
    unsigned word = VT_SEAL_SIGNED_OR_NOT;
    int64_t most = VT_MAX_SEAL_DOCUMENTS;
    vt_yaml_check_keys(reading->yaml, node, document_keys, ELEMENTS(document_keys));
    read_names(reading, vt_yaml_find(node, "name"), &out->names, &out->names_count);
    read_names(reading, vt_yaml_find(node, "except"), &out->except, &out->except_count);
    if (is_signed != NULL && vt_yaml_word(reading->yaml, is_signed, "a state of signatures",
                                          signed_words, ELEMENTS(signed_words), &word))
        out->is_signed = word == 0   ? VT_SEAL_SIGNED_ONLY
                         : word == 1 ? VT_SEAL_UNSIGNED_ONLY
                                     : VT_SEAL_VALID_ONLY;
    if (at_most != NULL)
        vt_yaml_number(reading->yaml, at_most, 1, VT_MAX_SEAL_DOCUMENTS, &most);
    out->at_most = (unsigned)most;
}

/* ---- what they show ---- */

static void read_appearance_name(struct vt_reading *reading, const struct vt_yaml_node *node,
                                 struct vt_seal_appearance_asked *out)
{
    out->line = node->line;
    out->column = node->column;
    if (node->kind == VT_YAML_SCALAR && node->text[0] == '\0')
        vt_yaml_mistake(reading->yaml, node,
                        "the value is missing: one of seal.appearances in vanthu.yaml");
    else
        vt_yaml_text(reading->yaml, node, &out->appearance);
}

/* {name: "phu-luc*", appearance: phu-luc}; without a name it is for all that are left. */
static void read_one_of(struct vt_reading *reading, const struct vt_yaml_node *node, bool is_last,
                        struct vt_seal_appearance_asked *out)
{
    struct vt_yaml *yaml = reading->yaml;
    if (node->kind == VT_YAML_SCALAR) {
        vt_yaml_mistake(yaml, node,
                        "which documents show it? write {name: \"phu-luc*\", appearance: %.40s}",
                        node->text);
        return;
    }
    if (!vt_yaml_is_mapping(yaml, node, "an appearance with names of files"))
        return;
    const struct vt_yaml_node *appearance = vt_yaml_find(node, "appearance");
    vt_yaml_check_keys(yaml, node, appearance_keys, ELEMENTS(appearance_keys));
    read_names(reading, vt_yaml_find(node, "name"), &out->names, &out->names_count);
    if (appearance == NULL)
        vt_yaml_mistake(yaml, node,
                        "appearance is missing: one of seal.appearances in vanthu.yaml");
    else
        read_appearance_name(reading, appearance, out);
    if (vt_yaml_find(node, "name") == NULL && !is_last)
        vt_yaml_mistake(yaml, node,
                        "without names this is for every document: what follows is never used");
}

static void read_appearances(struct vt_reading *reading, const struct vt_yaml_node *node,
                             struct vt_seal_documents *out)
{
    size_t count = node->kind == VT_YAML_SEQUENCE ? node->count : 1;
    if (count == 0 || count > MAX_APPEARANCES) {
        vt_yaml_mistake(reading->yaml, node,
                        "the name of an appearance, or 1 to %d of {name: …, "
                        "appearance: …}",
                        MAX_APPEARANCES);
        return;
    }
    out->appearances = vt_arena_alloc(reading->yaml->arena, count * sizeof(*out->appearances));
    if (out->appearances == NULL) {
        vt_no_memory(reading, node);
        return;
    }
    if (node->kind == VT_YAML_SCALAR)
        read_appearance_name(reading, node, &out->appearances[0]);
    else if (node->kind == VT_YAML_MAPPING)
        read_one_of(reading, node, true, &out->appearances[0]);
    for (size_t i = 0; node->kind == VT_YAML_SEQUENCE && i < count; i++)
        read_one_of(reading, node->entries[i].value, i + 1 == count, &out->appearances[i]);
    out->appearances_count = count;
}

/* ---- the whole ---- */

static void read_documents(struct vt_reading *reading, const struct vt_yaml_node *node,
                           struct vt_seal_asked *out)
{
    const struct vt_yaml_node *which = vt_yaml_find(node, "documents");
    const struct vt_yaml_node *appearance = vt_yaml_find(node, "appearance");
    if (out->what == VT_SEAL_WHAT_MESSAGE) {
        if (which != NULL || appearance != NULL)
            vt_yaml_mistake(reading->yaml, which != NULL ? which : appearance,
                            "only the message is sealed; write what: documents or what: both");
        return;
    }
    struct vt_seal_documents *documents = vt_arena_alloc(reading->yaml->arena, sizeof(*documents));
    if (documents == NULL) {
        vt_no_memory(reading, node);
        return;
    }
    documents->at_most = VT_MAX_SEAL_DOCUMENTS;
    if (which != NULL && which->kind == VT_YAML_MAPPING)
        read_document_keys(reading, which, documents);
    else
        read_names(reading, which, &documents->names, &documents->names_count);
    if (appearance != NULL)
        read_appearances(reading, appearance, documents);
    out->documents = documents;
}

/* Of documents alone there is no form of a sealed message. */
static void read_form(struct vt_reading *reading, const struct vt_yaml_node *node,
                      struct vt_seal_asked *out)
{
    const struct vt_yaml_node *form = vt_yaml_find(node, "form");
    const struct vt_yaml_node *headers = vt_yaml_find(node, "protect-headers");
    unsigned opaque = 0;
    if (out->what == VT_SEAL_WHAT_DOCUMENTS && (form != NULL || headers != NULL)) {
        vt_yaml_mistake(reading->yaml, form != NULL ? form : headers,
                        "the message is not sealed; write what: both");
        return;
    }
    if (form != NULL && vt_yaml_word(reading->yaml, form, "a form of a sealed mail", forms,
                                     ELEMENTS(forms), &opaque))
        out->is_opaque = opaque == 1;
    if (headers != NULL)
        vt_yaml_bool(reading->yaml, headers, &out->protects_headers);
}

static void read_mapping(struct vt_reading *reading, const struct vt_yaml_node *node,
                         struct vt_effects_asked *out)
{
    struct vt_seal_asked *seal = &out->seal;
    const struct vt_yaml_node *mode = vt_yaml_find(node, "mode");
    const struct vt_yaml_node *key = vt_yaml_find(node, "key");
    const struct vt_yaml_node *what = vt_yaml_find(node, "what");
    const struct vt_yaml_node *internal = vt_yaml_find(node, "internal");
    unsigned word = VT_SEAL_WHAT_MESSAGE;
    vt_yaml_check_keys(reading->yaml, node, seal_keys, ELEMENTS(seal_keys));
    if (mode == NULL)
        vt_yaml_mistake(reading->yaml, node,
                        "a seal needs a mode: {mode: preferred} or {mode: required}");
    else
        read_mode(reading, mode, seal);
    if (key != NULL && vt_yaml_text(reading->yaml, key, &seal->key))
        out->seal_node = key;
    if (what != NULL &&
        !vt_yaml_word(reading->yaml, what, "what is sealed", whats, ELEMENTS(whats), &word))
        word = VT_SEAL_WHAT_BOTH; /* so that the rest is read */
    seal->what = (enum vt_seal_what)word;
    read_form(reading, node, seal);
    read_documents(reading, node, seal);
    if (internal != NULL)
        vt_yaml_bool(reading->yaml, internal, &seal->is_internal);
}

void vt_seal_parse(struct vt_reading *reading, const struct vt_yaml_node *node, struct vt_then *out)
{
    out->effects.seal_node = node;
    if (node->kind == VT_YAML_MAPPING)
        read_mapping(reading, node, &out->effects);
    else
        read_mode(reading, node, &out->effects.seal);
}

bool vt_policy_next_seal(const struct vt_policy *policy, size_t *at, struct vt_policy_seal *out)
{
    for (; *at < policy->rules_count; (*at)++) {
        const struct vt_rule *rule = &policy->rules[*at];
        const struct vt_effects_asked *effects = &rule->then.effects;
        if (effects->seal.mode == VT_SEAL_NONE)
            continue;
        *out = (struct vt_policy_seal){.rule = rule->name,
                                       .asked = effects->seal,
                                       .line = effects->seal_node->line,
                                       .column = effects->seal_node->column};
        (*at)++;
        return true;
    }
    return false;
}

/* ---- the documents of a mail ---- */

static bool is_one_of(const char *const *names, size_t count, const char *folded)
{
    for (size_t i = 0; i < count; i++) {
        if (vt_glob_matches(names[i], folded))
            return true;
    }
    return false;
}

/* A signature that anybody could have made says nothing. */
static bool are_valid(const struct vt_document *document)
{
    for (size_t i = 0; i < document->signatures_count; i++) {
        if (document->signatures[i].indication != VT_TOTAL_PASSED)
            return false;
    }
    return document->signatures_count > 0;
}

static bool is_meant(const struct vt_seal_documents *asked, const struct vt_document *document,
                     const char *folded)
{
    const char *path = document->path;
    if (document->format != VT_FORMAT_PDF || document->nested || path == NULL || path[0] == '\0' ||
        strchr(path, '/') != NULL)
        return false;
    if ((asked->is_signed == VT_SEAL_SIGNED_ONLY && document->signatures_count == 0) ||
        (asked->is_signed == VT_SEAL_UNSIGNED_ONLY && document->signatures_count > 0) ||
        (asked->is_signed == VT_SEAL_VALID_ONLY && !are_valid(document)))
        return false;
    return (asked->names_count == 0 || is_one_of(asked->names, asked->names_count, folded)) &&
           !is_one_of(asked->except, asked->except_count, folded);
}

static const char *appearance_of(const struct vt_seal_documents *asked, const char *folded)
{
    for (size_t i = 0; i < asked->appearances_count; i++) {
        const struct vt_seal_appearance_asked *one = &asked->appearances[i];
        if (one->names_count == 0 || is_one_of(one->names, one->names_count, folded))
            return one->appearance;
    }
    return NULL;
}

enum vt_code vt_seal_choose(struct vt_arena *arena, const struct vt_seal_documents *asked,
                            const struct vt_evidence *evidence, struct vt_seal_choice **out,
                            size_t *out_count, struct vt_err *err)
{
    size_t count = 0;
    struct vt_seal_choice *choices =
        vt_arena_alloc(arena, (evidence->documents_count + 1) * sizeof(*choices));
    if (choices == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the documents of a mail");
    for (size_t i = 0; i < evidence->documents_count; i++) {
        const struct vt_document *document = &evidence->documents[i];
        const char *folded = vt_site_fold(arena, document->name != NULL ? document->name : "");
        if (folded == NULL)
            return vt_err_set(err, VT_E_NOMEM, "no memory for the documents of a mail");
        if (is_meant(asked, document, folded))
            choices[count++] =
                (struct vt_seal_choice){.document = i, .appearance = appearance_of(asked, folded)};
    }
    *out = choices;
    *out_count = count;
    return VT_OK;
}
