/* SPDX-License-Identifier: Apache-2.0
 * Two consecutive states of a document side by side, and what was found between them. What has to
 * be the same, and what need not, is told by who looks at them: see pdf_compare.h. */
#ifndef VT_DOCUMENT_PDF_PAIR_H
#define VT_DOCUMENT_PDF_PAIR_H

#include "document/pdf_geometry.h"
#include "document/pdf_history.h"

#define PDF_WHY_BYTES 200
/* Changes told of one step: each kind once for a page. */
#define PDF_MAX_STEP_CHANGES 16

struct pdf_step_changes {
    struct vt_document_change items[PDF_MAX_STEP_CHANGES];
    size_t count;
};

struct pdf_queued {
    struct pdf_ref ref;
    unsigned page; /* the first one that uses it; 0: none */
};

struct pdf_pair {
    struct pdf_reader *reader;
    struct pdf_history *history;
    size_t a;                     /* the step before */
    size_t b;                     /* the step after */
    enum vt_changes result;       /* begins as PERMITTED */
    char why[PDF_WHY_BYTES];      /* the first thing found of the worst kind */
    char addition[PDF_WHY_BYTES]; /* the first addition that nobody allowed; "" without one */
    const char *added[4];         /* fields signed in this step */
    size_t added_count;
    struct pdf_step_changes changes; /* their revision is filled in by who asked */
    struct pdf_value form_a;         /* the form at both steps */
    struct pdf_value form_b;
    bool has_other_defaults; /* /DR or /DA of the form: what is drawn with them looks different */
    unsigned page;           /* that is being compared, or that what is compared belongs to; or 0 */
    int docmdp;              /* the strictest /P of a signature up to a; 0: none */
    struct pdf_queued *queue; /* to be compared strictly */
    size_t queue_count;
    size_t queue_capacity;
    struct pdf_set queued;
    struct pdf_set handled;   /* references an exception has compared, by its own rule */
    struct pdf_set explained; /* object numbers whose change an exception has allowed */
    struct pdf_set retired;   /* appearances that signing or filling in a field replaced */
    /* References of added annotations and widgets of added fields, and of the structure elements
     * that these may have as parents. */
    struct pdf_set new_annots, new_tags;
};

/* ---- pdf_record.c: what was found ---- */

/* Record a change; format: a clause in English, without a page, that names the object. result:
 * ADDED, UNDETERMINED or FORBIDDEN. */
void pdf_pair_fail(struct pdf_pair *pair, enum vt_changes result, enum vt_change_kind kind,
                   const char *format, ...) VT_PRINTF(4, 5);
/* Record an addition. needed: the /P of a certification that allows it (12.8.2.2; 4: none does).
 * harmless: what such a certification allows can be told from the page by everybody. Without a
 * certification it is for the signer of the revision to answer for it. */
void pdf_pair_add(struct pdf_pair *pair, int needed, bool harmless, enum vt_change_kind kind,
                  const char *format, ...) VT_PRINTF(5, 6);
/* One that is permitted. what: the name of a field in the mail's arena, or NULL. */
void pdf_pair_note(struct pdf_pair *pair, enum vt_change_kind kind, const char *what);

/* ---- pdf_pair.c: values of both ---- */

/* A value as it was at a step: references followed, null and absent both PDF_NONE. */
struct pdf_value pdf_pair_resolve(struct pdf_pair *pair, size_t step, struct pdf_value value);
struct pdf_value pdf_pair_get(struct pdf_pair *pair, size_t step, const struct pdf_value *dict,
                              const char *key);
/* The numbers of an array at step b, at most max; 0 when there is another thing in it, or more. */
size_t pdf_pair_numbers(struct pdf_pair *pair, const struct pdf_value *array, double *out,
                        size_t max);
/* A rectangle at step b (7.9.5). False: it is none. */
bool pdf_pair_box(struct pdf_pair *pair, const struct pdf_value *rectangle, struct pdf_box *out);
/* A reference that led nowhere at step a. */
bool pdf_pair_is_new(struct pdf_pair *pair, const struct pdf_value *value);
/* Iterate the objects that the update from a to b writes again or frees, in no order: *at starts as
 * 0. False at the end, or when the reader is over a limit. */
bool pdf_pair_next_redefined(const struct pdf_pair *pair, size_t *at, struct pdf_ref *out);
/* Queue every reference in a text, or one, for strict comparison: each once. */
void pdf_pair_queue(struct pdf_pair *pair, struct vt_bytes text);
void pdf_pair_queue_ref(struct pdf_pair *pair, struct pdf_ref ref);
/* Two values that must be the same, with everything behind them. False: they differ. */
bool pdf_pair_strict(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b);
/* An exception takes over this value: when both are the same reference, its change is explained.
 * role: strict comparison need not look at it again, this rule is as strict wherever it is used. */
void pdf_pair_explain(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b,
                      bool role);

/* Compare two dictionaries key by key. rule is asked for each key that is in either (a or b is
 * PDF_NONE where it is absent); it returns false to have the values compared strictly. Fails the
 * pair with kind, what and the key for a difference. */
typedef bool (*pdf_key_rule)(struct pdf_pair *pair, void *context, const struct pdf_value *key,
                             const struct pdf_value *a, const struct pdf_value *b);
void pdf_pair_dicts(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b,
                    pdf_key_rule rule, void *context, enum vt_change_kind kind, const char *what);

/* pdf_differ.c: is it proven that a value says something else at b than at a? */
bool pdf_pair_differs(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b);
/* Are two content streams the same but for white space, which may be written in many ways? */
bool pdf_is_same_drawing(struct vt_bytes a, struct vt_bytes b);

#endif
