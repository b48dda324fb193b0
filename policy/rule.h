/* SPDX-License-Identifier: Apache-2.0
 * What a policy is in memory: rules, each a conjunction of conditions; a condition is one test of
 * the table in condition_table.c with its values. A test is a key, what it is about, a form of
 * values and the fact it looks at; parser, explanation, JSON Schema and the comparison with the
 * manual go by this table alone. Three truths (Kleene): what is not known is neither true nor
 * false, and only true matches. */
#ifndef VANTHU_POLICY_RULE_H
#define VANTHU_POLICY_RULE_H

#include <limits.h>

#include "base/yaml.h"
#include "bundle.h"
#include "evidence/names.h"
#include "set.h"
#include "vanthu/site.h"

/* ---- what one trial of a rule looks at ---- */

struct vt_scope {
    const struct vt_evidence *evidence;
    const struct vt_mail *mail;
    size_t document_index;                /* SIZE_MAX: the mail itself */
    size_t signature_index;               /* SIZE_MAX: none */
    const struct vt_document *document;   /* NULL: the mail itself */
    const struct vt_signature *signature; /* NULL: the document has none */
    vt_reasons reasons;                   /* of signature and document, or of the mail */
    /* What the site's table says of them; NULL: nothing, all of it is unknown. */
    const struct vt_site_facts *site;
    const struct vt_site_document *site_document;
    const struct vt_site_signature *site_signature;
    int64_t now_utc_secs;
};

/* The mail itself: what the others are made from. site: may be NULL. */
struct vt_scope vt_scope_of_mail(const struct vt_evidence *evidence,
                                 const struct vt_site_facts *site, int64_t now_utc_secs);
/* One document with one of its signatures; without such a signature there is none in the scope. */
struct vt_scope vt_scope_of(const struct vt_scope *mail, size_t document, size_t signature);

/* ---- tests ---- */

struct vt_condition;
struct vt_test;
struct vt_reading;

/* Where a key may stand: directly in "when", in "document", in a group over signatures. */
enum vt_place { VT_IN_WHEN = 1, VT_IN_DOCUMENT = 2, VT_IN_SIGNATURE = 4 };

/* What a test is about. */
enum vt_level { VT_OF_MAIL, VT_OF_DOCUMENT, VT_OF_SIGNATURE, VT_OF_RULE };

/* The value of a test that is not known. */
#define VT_VALUE_UNKNOWN UINT_MAX
#define VT_NUMBER_UNKNOWN INT64_MIN

struct vt_range {
    int64_t least, most; /* both belong to it */
};

/* How values are written, compared and shown. */
struct vt_form {
    const char *name; /* of its definition in the JSON Schema */
    const char *what; /* a value, in messages: "a size such as >10M" */
    bool (*parse)(struct vt_reading *reading, const struct vt_yaml_node *node,
                  struct vt_condition *out);
    /* matched: reasons that made it true are added. */
    enum vt_truth (*match)(const struct vt_condition *condition, const struct vt_scope *scope,
                           vt_reasons *matched);
    /* What the scope has: "inbound". Empty: not known. NULL: a group. */
    void (*describe)(const struct vt_condition *condition, const struct vt_scope *scope, char *out,
                     size_t out_bytes);
    const char *pattern; /* of a value as text, for the schema; NULL: by name */

    /* Texts: is it a value, written in a rule or in a list (NULL: as in a rule); does a text belong
     * to what was written. */
    bool (*is_valid)(const char *text);
    bool (*is_entry)(const char *text);
    bool (*is_in)(const struct vt_set *set, const char *text);
    /* Ranges: of one text, at most two; false: it is none. And a number for people. */
    size_t (*ranges)(const char *text, struct vt_range out[2]);
    void (*show)(int64_t number, char *out, size_t out_bytes);
    bool has_many; /* a list of values is allowed */
};

struct vt_test {
    const char *key;
    unsigned places;
    enum vt_level level;
    const struct vt_form *form;
    const char *help; /* one line, for the schema and for whoever asks */
    /* The fact; which of them, depends on the form. */
    const struct vt_words *words;
    unsigned (*value)(const struct vt_scope *scope); /* index of a word; 0 or 1 */
    const char *(*text)(const struct vt_scope *scope, size_t index);
    size_t (*texts_count)(const struct vt_scope *scope); /* NULL: one text */
    bool is_any;                                         /* one of several texts is enough */
    int64_t (*number)(const struct vt_scope *scope);
    enum vt_truth (*truth)(const struct vt_scope *scope, unsigned value);
};

extern const struct vt_test vt_tests[];
extern const size_t vt_tests_count;

/* Forms (form_words.c, form_texts.c, form_ranges.c, form_networks.c, form_groups.c). */
extern const struct vt_form vt_form_reasons, vt_form_words, vt_form_weekdays, vt_form_bool,
    vt_form_lacks, vt_form_seems, vt_form_addresses, vt_form_recipients, vt_form_domains,
    vt_form_login, vt_form_names, vt_form_file_names, vt_form_exact, vt_form_agencies,
    vt_form_fingerprints, vt_form_networks, vt_form_size, vt_form_count, vt_form_age,
    vt_form_before, vt_form_clock, vt_form_dates, vt_form_not, vt_form_any_of, vt_form_all_of,
    vt_form_document, vt_form_any, vt_form_all, vt_form_none;
extern const struct vt_words vt_words_weekday, vt_words_level, vt_words_trust_set,
    vt_words_known_kind, vt_words_known_effect, vt_words_known_alignment, vt_words_lacks,
    vt_words_seems;

/* ---- conditions ---- */

struct vt_conditions {
    struct vt_condition *items;
    size_t count;
};

struct vt_condition {
    const struct vt_test *test;
    const struct vt_yaml_node *node; /* the value, for messages */
    enum vt_place place;             /* it stands in: what may stand below its "not" too */
    const char *needs;               /* "CONTENT_CHANGED | BAD_SIGNATURE" */
    uint64_t set;                    /* bit of each accepted value */
    struct vt_set *own;              /* texts that are written here; NULL: none */
    struct vt_list **lists;          /* and those of lists */
    size_t lists_count;
    struct vt_range *ranges;
    size_t ranges_count;
    struct vt_network *networks;
    size_t networks_count;
    struct vt_conditions *groups; /* not, document, any …: one; any-of, all-of: each */
    size_t groups_count;
};

/* What is being read, and what a value may refer to. */
struct vt_reading {
    struct vt_yaml *yaml;
    struct vt_policy *policy;
};

/* Read a "when" or a part of one. */
bool vt_conditions_parse(struct vt_reading *reading, const struct vt_yaml_node *node,
                         enum vt_place place, struct vt_conditions *out);
enum vt_truth vt_conditions_match(const struct vt_conditions *conditions,
                                  const struct vt_scope *scope, vt_reasons *matched);
/* Why they hold or do not, one line. */
void vt_conditions_explain(const struct vt_conditions *conditions, const struct vt_scope *scope,
                           char *out, size_t out_bytes);
/* How many of them hold, so that of several scopes the nearest can be told. */
size_t vt_conditions_held(const struct vt_conditions *conditions, const struct vt_scope *scope);
/* Each test with what the scope has, groups with what stands in them. Added to tests, in arena.
 * VT_E_NOMEM. */
enum vt_code vt_conditions_list(struct vt_arena *arena, const struct vt_conditions *conditions,
                                const struct vt_scope *scope, unsigned depth,
                                struct vt_trace *out) VT_MUST_CHECK;
/* The reasons a condition asks for, without those that must not be there. */
vt_reasons vt_conditions_reasons(const struct vt_conditions *conditions);
/* True when what stands below must not hold: not, none. */
bool vt_condition_is_negation(const struct vt_condition *condition);

/* Add a mistake "…" is not WHAT; returns false. */
bool vt_wrong_value(struct vt_reading *reading, const struct vt_yaml_node *node, const char *what);
bool vt_no_memory(struct vt_reading *reading, const struct vt_yaml_node *node);
/* "a | b": the values as they stand in the file. NULL: no memory. */
const char *vt_needs_of(struct vt_arena *arena, const struct vt_yaml_node *node);

/* ---- lists (list.c) ---- */

struct vt_list {
    const char *name;
    const struct vt_yaml_node *node;
    const char *file; /* for messages; the policy's when its values stand there */
    bool is_foreign;  /* a table made for another program: what does not fit is skipped */
    bool is_used;
    struct vt_list_entry {
        const char *text;
        unsigned line, column;
    } * entries;
    size_t entries_count;
    struct vt_set set;
    const struct vt_form *checked[4]; /* forms its entries were compared with */
};

/* The list a value {list: NAME} names, with its entries compared with the form; NULL after a
 * mistake. */
struct vt_list *vt_list_named(struct vt_reading *reading, const struct vt_yaml_node *node,
                              const struct vt_form *form);
/* Read "lists:". Mistakes of a file have its place. VT_E_NOMEM. */
enum vt_code vt_lists_parse(struct vt_reading *reading, const struct vt_bundle *bundle,
                            const struct vt_yaml_node *node, struct vt_err *err) VT_MUST_CHECK;
/* "cdb:/etc/postfix/x" or {cdb: /etc/postfix/x}: the type of table a value of "lists" names, and
 * the node of its file; NULL: the values themselves stand there. */
const char *vt_list_source(const struct vt_yaml_node *value, const char **out_file);
/* The name under which it stands in a bundle: "cdb:/etc/postfix/x". */
const char *vt_list_bundle_name(struct vt_arena *arena, const struct vt_yaml_node *value);

/* ---- rules ---- */

/* What is done beside the action. */
struct vt_then {
    enum vt_action action;
    const struct vt_yaml_node *node;
    enum vt_action without_officer; /* instead of hold; HOLD: not given */
    const char *code;
    const char *enhanced;
    const char *text;
    struct vt_effects_asked {
        const char *folder;
        const char *subject_prefix;
        struct vt_header_asked *headers;
        size_t headers_count;
        unsigned notify; /* bit of each enum vt_notify */
        struct vt_seal_asked seal;
        const struct vt_yaml_node *seal_node; /* of its key, or of the seal; NULL: none */
    } effects;
};

struct vt_rule {
    const char *name;
    const struct vt_yaml_node *node; /* the rule */
    struct vt_conditions when;
    struct vt_then then;
    enum vt_action afterwards; /* of a defer */
    int64_t at_most_secs;
    enum vt_mode mode;
    int64_t until_utc_secs;         /* VT_TIME_NONE: for ever */
    int64_t observe_until_utc_secs; /* it observes until then; VT_TIME_NONE: it does not */
    vt_reasons needs_reasons;       /* one of them must be there; 0: none need be */
    bool looks_around;              /* at several signatures, or from the mail at its documents */
};

/* The mode of a rule at a time. */
enum vt_mode vt_rule_mode(const struct vt_rule *rule, int64_t now_utc_secs);

struct vt_policy {
    struct vt_arena *arena;
    struct vt_rule *rules;
    size_t rules_count;
    size_t first_looking; /* the first rule that looks around; rules_count: none */
    struct vt_list *lists;
    size_t lists_count;
    struct vt_index *index;
    const char *officer_name;
    const char *officer_mailbox; /* NULL: nobody, hold is not possible */
    struct vt_site *site;        /* owned; NULL: no table */
    int64_t official_only_since_utc_secs;
    char version[9];
};

/* Read "then", or one action (action.c). */
void vt_then_parse(struct vt_reading *reading, const struct vt_yaml_node *node,
                   struct vt_then *out);
bool vt_action_parse(struct vt_reading *reading, const struct vt_yaml_node *node,
                     enum vt_action *out);
extern const char *const vt_then_keys[], *const vt_rule_keys[], *const vt_policy_keys[];
extern const size_t vt_then_keys_count, vt_rule_keys_count, vt_policy_keys_count;

/* Mistakes and warnings between rules, after all were read (check.c). */
void vt_policy_check(struct vt_yaml *yaml, const struct vt_policy *policy);
/* Rules whose every mail an earlier rule takes (check_hidden.c). */
void vt_policy_check_hidden(struct vt_yaml *yaml, const struct vt_policy *policy);
/* The most severe thing a rule can do. */
enum vt_action vt_rule_most_severe(const struct vt_rule *rule, bool has_officer);

/* ---- trace (trace.c) ---- */

/* A rule is over at a time: its "until" has come. */
bool vt_rule_is_over(const struct vt_rule *rule, int64_t now_utc_secs);
/* Add a line for a rule and what its tests were tried on; line has what came of it. At most so many
 * lines are kept that no policy fills memory. VT_E_NOMEM. */
enum vt_code vt_trace_add(struct vt_arena *arena, struct vt_decision *decision,
                          const struct vt_rule *rule, const struct vt_scope *scope,
                          const struct vt_trace *line, bool with_tests) VT_MUST_CHECK;

/* ---- telling versions apart (digest.c) ---- */

/* FNV-1a over what the file says, without comments, spacing and style; nothing is secured. */
#define VT_HASH_EMPTY UINT64_C(14695981039346656037)
uint64_t vt_hash_bytes(uint64_t hash, struct vt_bytes bytes);
uint64_t vt_hash_node(uint64_t hash, const struct vt_yaml_node *node);

/* ---- finding rules (index.c) ---- */

/* Made once for a policy, in its arena. VT_E_NOMEM. */
enum vt_code vt_index_make(struct vt_policy *policy) VT_MUST_CHECK;
/* One bit for each rule that may match this mail: those that ask for another sender are left out.
 * NULL: no memory. */
uint64_t *vt_index_candidates(struct vt_arena *arena, const struct vt_policy *policy,
                              const struct vt_scope *mail);

#endif
