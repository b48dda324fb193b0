/* SPDX-License-Identifier: Apache-2.0
 * Comparison of two consecutive states of a document, from the trailer down, in lockstep. The rule
 * is: everything that can be reached must be the same. The exceptions are the modules
 * pdf_catalog.c, pdf_form.c, pdf_pages.c and pdf_structure.c, one function each; what no exception
 * names is a change. */
#ifndef VT_DOCUMENT_PDF_COMPARE_H
#define VT_DOCUMENT_PDF_COMPARE_H

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
    bool has_other_defaults; /* /DR or /DA of the form: what is drawn with them looks different */
    unsigned page;           /* that is being compared, or that what is compared belongs to; or 0 */
    int docmdp;              /* the strictest /P of a signature up to a; 0: none */
    struct pdf_queued *queue; /* to be compared strictly */
    size_t queue_count;
    size_t queue_capacity;
    struct pdf_set queued;
    struct pdf_set handled;   /* references an exception has compared, by its own rule */
    struct pdf_set explained; /* object numbers whose change an exception has allowed */
    struct pdf_set
        new_tags; /* references of structure elements that new_annots may have as parents */
    struct pdf_set retired;    /* appearances that signing or filling in a field replaced */
    struct pdf_set new_annots; /* references of added annotations and widgets of added fields */
};

/* Record a change. result: ADDED, UNDETERMINED or FORBIDDEN. */
void pdf_pair_fail(struct pdf_pair *pair, enum vt_changes result, enum vt_change_kind kind,
                   const char *format, ...) VT_PRINTF(4, 5);
/* Record an addition. needed: the /P of a certification that allows it (12.8.2.2; 4: none does).
 * harmless: what such a certification allows can be told from the page by everybody. Without a
 * certification it is for the signer of the revision to answer for it. */
void pdf_pair_add(struct pdf_pair *pair, int needed, bool harmless, enum vt_change_kind kind,
                  const char *format, ...) VT_PRINTF(5, 6);
/* One that is permitted. what: the name of a field in the mail's arena, or NULL. */
void pdf_pair_note(struct pdf_pair *pair, enum vt_change_kind kind, const char *what);

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
/* True when every key of a dictionary is one of known (names without slash, NULL at the end). */
bool pdf_has_only_keys(const struct pdf_value *dict, const char *const *known);
bool pdf_value_is_same(const struct pdf_value *a, const struct pdf_value *b);
/* Queue every reference in a text for strict comparison. */
void pdf_pair_queue(struct pdf_pair *pair, struct vt_bytes text);
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
/* pdf_pages.c: are two streams the same but for white space? */
bool pdf_is_same_drawing(struct vt_bytes a, struct vt_bytes b);

/* pdf_fill.c: filling in a field of a form. */
enum pdf_field_type {
    PDF_FIELD_OTHER = 0,
    PDF_FIELD_SIGNATURE,
    PDF_FIELD_TEXT, /* or a choice */
    PDF_FIELD_TICK  /* a check box, a radio button */
};
/* inherited: of the fields above it. */
enum pdf_field_type pdf_field_type_of(struct pdf_pair *pair, const struct pdf_value *field,
                                      enum pdf_field_type inherited);
/* Has the field, or the one above it, another value? */
bool pdf_fill_changes(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b,
                      enum pdf_field_type type);
/* The rule of a field that was filled in (see pdf_key_rule). */
bool pdf_fill_rule(struct pdf_pair *pair, enum pdf_field_type type, const struct pdf_value *key,
                   const struct pdf_value *a, const struct pdf_value *b);

/* What a field that was filled in shows, beside its value. */
enum pdf_shown { PDF_SHOWN_UNKNOWN = 0, PDF_SHOWN_SAME, PDF_SHOWN_OTHER };
/* pdf_look.c: of a widget with text, a dictionary of step b. value, options: /V and /Opt, resolved.
 */
enum pdf_shown pdf_look_shows(struct pdf_pair *pair, const struct pdf_value *widget,
                              const struct pdf_value *value, const struct pdf_value *options);
/* Record it when a widget shows something else than the value that it, or the field above it, has
 * now. widget: its dictionary at step b; name: of the field. */
void pdf_check_shown(struct pdf_pair *pair, const struct pdf_value *widget, const char *name,
                     enum pdf_field_type type, const struct pdf_value *value);

/* The exceptions. */
void pdf_compare_trailers(struct pdf_pair *pair);
void pdf_compare_forms(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b);
void pdf_compare_structure(struct pdf_pair *pair, const struct pdf_value *a,
                           const struct pdf_value *b);
void pdf_compare_pages(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b);
void pdf_compare_annots(struct pdf_pair *pair, const struct pdf_value *a,
                        const struct pdf_value *b);
/* pdf_mark.c: does an annotation that was added look as readers draw such a mark? It cannot pass
 * for a part of the page then. */
enum pdf_mark_kind {
    PDF_MARK_NOTE = 0,
    PDF_MARK_HIGHLIGHT,
    PDF_MARK_LINE /* under, through or below the text */
};
bool pdf_looks_like_mark(struct pdf_pair *pair, const struct pdf_value *annotation,
                         enum pdf_mark_kind kind);
/* False: they are to be compared strictly. */
bool pdf_compare_names(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b);
/* pdf_overlay.c: what came later hides of a page. page: its dictionary at step b. */
void pdf_compare_overlay(struct pdf_pair *pair, const struct pdf_value *page);
/* Does a widget, a dictionary of step b, show anything on a page? */
bool pdf_is_seen(struct pdf_pair *pair, const struct pdf_value *widget);

/* pdf_tell.c: what is told of the document: the worst changes of all steps in their order, and the
 * first, signed and last revisions. */
void pdf_tell_changes(struct pdf_reader *reader, const struct pdf_step_changes *steps,
                      size_t count);
void pdf_tell_revisions(struct pdf_reader *reader, const struct pdf_chain *chain);

/* Run the comparison: trailers, then what is queued, then what was redefined without being seen. */
void pdf_compare(struct pdf_pair *pair);

#endif
