/* SPDX-License-Identifier: Apache-2.0
 * What the parts of reading cases share. */
#ifndef VANTHU_POLICY_CASE_H
#define VANTHU_POLICY_CASE_H

#include "base/yaml.h"
#include "evidence/record_json.h"
#include "vanthu/case.h"
#include "vanthu/site.h"

/* Expectations of one rule of the trace. */
struct vt_case_line {
    const struct vt_yaml_node *node;
    const char *rule;
    const char *document; /* its name; NULL: the one that decided */
    const char *why;      /* a part of it; NULL: any */
    int matched, tried;   /* 0, 1; -1: either */
    unsigned action;      /* UINT_MAX: any */
};

/* One text that is compared as it is shown. */
struct vt_case_wanted {
    const struct vt_yaml_node *node;
    const char *key;
    const char *text;
};

struct vt_case_expected {
    struct vt_case_wanted *wanted;
    size_t wanted_count;
    struct vt_case_line *lines;
    size_t lines_count;
};

/* What came of a case. */
struct vt_case_result {
    struct vt_arena *arena;
    const struct vt_evidence *evidence;
    const struct vt_decision *decision;
    const char *notice, *no_notice;
};
/* Where there is nothing. */
#define VT_CASE_NONE "none"
/* The keys of "expect" but "trace", and what came as it is written. */
struct vt_case_key {
    const char *key;
    const char *(*got)(const struct vt_case_result *c); /* NULL: no memory */
    const struct vt_words *words;                       /* NULL: any text */
    bool is_list;
};
extern const struct vt_case_key vt_case_keys[];
extern const size_t vt_case_keys_count;

/* case_seal.c: what is sealed, which documents, and what each of them shows. NULL: no memory. */
const char *vt_case_seal_what(const struct vt_case_result *c);
const char *vt_case_seal_documents(const struct vt_case_result *c);
const char *vt_case_seal_appearance(const struct vt_case_result *c);

/* While a file is read. */
struct vt_case_reader {
    struct vt_yaml yaml;         /* arena: of the file */
    const char *folder;          /* where relative paths begin */
    const struct vt_site *site;  /* in force for its cases; NULL: none */
    int64_t now_utc_secs;        /* of the case that is read, the clock's unless it is said */
    unsigned certificates_count; /* made up so far */
};

/* Evidence that is written briefly (case_evidence.c): what it says, then the rest by default as an
 * inspection would have found it (case_default.c). NULL after a mistake, or without memory. */
struct vt_evidence *vt_case_evidence(struct vt_case_reader *reader,
                                     const struct vt_yaml_node *node);
/* The facts of a mail alone. */
bool vt_case_mail(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                  struct vt_mail *out, bool *out_class_is_given);
/* Fill a struct from a mapping by its description; keys as in JSON, with "-" for "_" too. Keys of
 * extra are the caller's. */
bool vt_case_fill(struct vt_case_reader *reader, const struct vt_record *record,
                  const struct vt_yaml_node *node, const char *const *extra, size_t extra_count,
                  void *base);
/* True when a mapping says the field, by this name or another. */
bool vt_case_says(const struct vt_yaml_node *node, const char *key);

/* What an inspection would have found where nothing is said. node: of the mail, or NULL. */
void vt_case_default_mail(struct vt_case_reader *reader, struct vt_mail *mail,
                          const struct vt_yaml_node *node);
bool vt_case_default_signature(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                               struct vt_signature *signature);
bool vt_case_default_document(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                              size_t index, struct vt_document *document);
/* Once all documents are known: what lies beside what, and where a signature is due. */
void vt_case_default_expectations(const struct vt_yaml_node *node, struct vt_evidence *evidence);

/* "kind" and "agency" of a signature: names that the table in force takes for it. */
bool vt_case_signer(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                    const struct vt_mail *mail, struct vt_signature *signature);

/* "expect" of a case (case_expect.c). NULL after a mistake. */
struct vt_case_expected *vt_case_expected_read(struct vt_case_reader *reader,
                                               const struct vt_yaml_node *node);

#endif
