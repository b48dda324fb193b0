/* SPDX-License-Identifier: Apache-2.0
 * What a policy is in memory: rules, each a conjunction of conditions; a condition is one test of
 * the table in condition_table.c with its values. Three truths (Kleene): what is not known is
 * neither true nor false, and only true matches. */
#ifndef VANTHU_POLICY_RULE_H
#define VANTHU_POLICY_RULE_H

#include "base/yaml.h"
#include "evidence/names.h"
#include "vanthu/site.h"

/* What one trial of a rule looks at. */
struct vt_scope {
    const struct vt_mail *mail;
    const struct vt_document *document;   /* NULL: the mail itself */
    const struct vt_signature *signature; /* NULL: the document has none */
    vt_reasons reasons;                   /* of signature and document, or of the mail */
    /* What the site's table says of them; NULL: nothing, all of it is unknown. */
    const struct vt_site_facts *site;
    const struct vt_site_document *site_document;
    const struct vt_site_signature *site_signature;
};

struct vt_test;

/* Where a key may stand. */
enum vt_place { VT_IN_WHEN = 1, VT_IN_DOCUMENT = 2, VT_ANYWHERE = 3 };

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
    const char **words;
    size_t words_count;
    int64_t number;               /* size, time */
    bool is_above;                /* size: above number, else below */
    struct vt_conditions *groups; /* not, document: one; any-of: each */
    size_t groups_count;
};

struct vt_test {
    const char *key;
    unsigned places;
    const char *what; /* a value, in messages: "a direction" */
    bool (*parse)(struct vt_yaml *yaml, const struct vt_test *test, const struct vt_yaml_node *node,
                  struct vt_condition *out);
    /* matched: reasons that made it true are added. */
    enum vt_truth (*match)(const struct vt_condition *condition, const struct vt_scope *scope,
                           vt_reasons *matched);
    /* What the scope has: "inbound". Empty: not known. */
    void (*describe)(const struct vt_condition *condition, const struct vt_scope *scope, char *out,
                     size_t out_bytes);
    const struct vt_words *words;                      /* tests of words */
    unsigned (*value)(const struct vt_scope *scope);   /* tests of words and of true, false */
    const char *(*text)(const struct vt_scope *scope); /* tests of one text */
};

/* The value of a test that is not known. */
#define VT_VALUE_UNKNOWN UINT_MAX

extern const struct vt_test vt_tests[];
extern const size_t vt_tests_count;

/* Read a "when" or a part of one. */
bool vt_conditions_parse(struct vt_yaml *yaml, const struct vt_yaml_node *node, enum vt_place place,
                         struct vt_conditions *out);
enum vt_truth vt_conditions_match(const struct vt_conditions *conditions,
                                  const struct vt_scope *scope, vt_reasons *matched);
/* Why they hold or do not, one line. */
void vt_conditions_explain(const struct vt_conditions *conditions, const struct vt_scope *scope,
                           char *out, size_t out_bytes);
/* The reasons a condition asks for, without those below a "not". */
vt_reasons vt_conditions_reasons(const struct vt_conditions *conditions);

/* Functions of the table: parse (condition_parse.c), match and describe (condition_match.c). */
typedef bool vt_parse_function(struct vt_yaml *yaml, const struct vt_test *test,
                               const struct vt_yaml_node *node, struct vt_condition *out);
vt_parse_function vt_parse_reasons, vt_parse_words, vt_parse_bool, vt_parse_addresses,
    vt_parse_domains, vt_parse_globs, vt_parse_size, vt_parse_date, vt_parse_not, vt_parse_any_of,
    vt_parse_document;
typedef enum vt_truth vt_match_function(const struct vt_condition *condition,
                                        const struct vt_scope *scope, vt_reasons *matched);
vt_match_function vt_match_reason, vt_match_value, vt_match_sender, vt_match_sender_domain,
    vt_match_all_recipients, vt_match_all_recipient_domains, vt_match_any_recipient,
    vt_match_any_recipient_domain, vt_match_name, vt_match_mail_size, vt_match_document_size,
    vt_match_signed_before, vt_match_not, vt_match_any_of, vt_match_document;
typedef void vt_describe_function(const struct vt_condition *condition,
                                  const struct vt_scope *scope, char *out, size_t out_bytes);
vt_describe_function vt_describe_reason, vt_describe_value, vt_describe_text,
    vt_describe_recipients, vt_describe_mail_size, vt_describe_document_size,
    vt_describe_signing_time;

struct vt_rule {
    const char *name;
    const struct vt_yaml_node *node;      /* the rule */
    const struct vt_yaml_node *then_node; /* its "then" */
    struct vt_conditions when;
    enum vt_action action;
    enum vt_action without_officer; /* instead of hold; HOLD: not given */
    enum vt_action afterwards;      /* of a defer */
    int64_t at_most_secs;
    enum vt_mode mode;
    int64_t until_utc_secs; /* VT_TIME_NONE: for ever */
    const char *code;
    const char *text;
};

struct vt_policy {
    struct vt_arena *arena;
    struct vt_rule *rules;
    size_t rules_count;
    const char *officer_name;
    const char *officer_mailbox; /* NULL: nobody, hold is not possible */
    struct vt_site *site;        /* owned; NULL: no table */
    int64_t official_only_since_utc_secs;
    char version[9];
};

/* Mistakes and warnings between rules, after all were read (check.c). */
void vt_policy_check(struct vt_yaml *yaml, const struct vt_policy *policy);

#endif
