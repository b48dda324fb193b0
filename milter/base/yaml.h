/* SPDX-License-Identifier: Apache-2.0
 * Configuration and policy files: YAML as a tree in which every node knows its line and column,
 * and typed values that say what is wrong and what would be right. A plain subset: no anchors,
 * aliases, tags or second documents; duplicate keys are mistakes; only true and false are
 * booleans (YAML 1.1's yes, no, on, off are words). */
#ifndef VANTHU_BASE_YAML_H
#define VANTHU_BASE_YAML_H

#include "vanthu/policy.h"

enum vt_yaml_kind { VT_YAML_SCALAR, VT_YAML_SEQUENCE, VT_YAML_MAPPING };

struct vt_yaml_node {
    enum vt_yaml_kind kind;
    unsigned line, column;
    const char *text; /* scalar: UTF-8 without control characters */
    bool quoted;
    bool cut; /* a syntax mistake ended the file inside of it: what follows is not known */
    /* Mapping: pairs. Sequence: key is NULL. */
    struct vt_yaml_entry {
        struct vt_yaml_node *key;
        struct vt_yaml_node *value;
    } * entries;
    size_t count;
};

/* What is being read. The caller fills it; arena and mistakes are borrowed. */
struct vt_yaml {
    struct vt_arena *arena;
    const char *file; /* for messages */
    struct vt_mistakes *mistakes;
};

/* Build the tree. *out_root is NULL for an empty file, and what could be read after a syntax
 * mistake. Mistakes of the file are added and are no error. Returns VT_OK, VT_E_NOMEM. */
enum vt_code vt_yaml_parse(struct vt_yaml *yaml, struct vt_bytes text,
                           struct vt_yaml_node **out_root, struct vt_err *err) VT_MUST_CHECK;
/* Read a whole file of at most max_bytes into the arena. VT_E_NOT_FOUND, VT_E_SYSTEM, VT_E_LIMIT,
 * VT_E_NOMEM. */
enum vt_code vt_yaml_read_file(struct vt_arena *arena, const char *file, size_t max_bytes,
                               struct vt_bytes *out, struct vt_err *err) VT_MUST_CHECK;
/* Put the mistakes of each file together, the files as they came, and in the order of the file. */
void vt_mistakes_sort(struct vt_mistakes *mistakes);

/* Add a mistake at a node; returns false, so that report and return stay on one line. Of a node
 * that is cut nothing is added: its syntax mistake has been. */
bool vt_yaml_mistake(struct vt_yaml *yaml, const struct vt_yaml_node *node, const char *format, ...)
    VT_PRINTF(3, 4);
void vt_yaml_warning(struct vt_yaml *yaml, const struct vt_yaml_node *node, const char *format, ...)
    VT_PRINTF(3, 4);

/* The value of a key, or NULL. */
const struct vt_yaml_node *vt_yaml_find(const struct vt_yaml_node *mapping, const char *key);
/* True for a mapping; false adds a mistake. what: "a rule", for the message. */
bool vt_yaml_is_mapping(struct vt_yaml *yaml, const struct vt_yaml_node *node, const char *what);
/* Add a mistake for every key that is not one of names. */
void vt_yaml_check_keys(struct vt_yaml *yaml, const struct vt_yaml_node *mapping,
                        const char *const *names, size_t count);

/* A scalar or the scalars of a sequence: their number, and the one at index. */
size_t vt_yaml_values_count(const struct vt_yaml_node *node);
const struct vt_yaml_node *vt_yaml_value_at(const struct vt_yaml_node *node, size_t index);
/* True for one value or a list of at least one; false adds a mistake. */
bool vt_yaml_is_list(struct vt_yaml *yaml, const struct vt_yaml_node *node, const char *what);

/* Typed scalars. Each returns true with *out set, or adds a mistake that names what is expected
 * and returns false. Numbers are checked against min and max. */
bool vt_yaml_text(struct vt_yaml *yaml, const struct vt_yaml_node *node, const char **out);
bool vt_yaml_bool(struct vt_yaml *yaml, const struct vt_yaml_node *node, bool *out);
bool vt_yaml_number(struct vt_yaml *yaml, const struct vt_yaml_node *node, int64_t min, int64_t max,
                    int64_t *out);
/* "0660" */
bool vt_yaml_octal(struct vt_yaml *yaml, const struct vt_yaml_node *node, unsigned max,
                   unsigned *out);
/* "500ms", "3s", "15m", "2h", "7d" to milliseconds. */
bool vt_yaml_duration(struct vt_yaml *yaml, const struct vt_yaml_node *node, int64_t min,
                      int64_t max, int64_t *out_msecs);
/* "256k", "10M", "1G", or a number of bytes. */
bool vt_yaml_size(struct vt_yaml *yaml, const struct vt_yaml_node *node, int64_t min, int64_t max,
                  int64_t *out_bytes);
/* One of some words; *out is its index. what: "a direction". */
bool vt_yaml_word(struct vt_yaml *yaml, const struct vt_yaml_node *node, const char *what,
                  const char *const *words, size_t count, unsigned *out);
/* RFC 3339, or a date, which begins at midnight in Vietnam. */
bool vt_yaml_time(struct vt_yaml *yaml, const struct vt_yaml_node *node, int64_t *out_utc_secs);

#endif
