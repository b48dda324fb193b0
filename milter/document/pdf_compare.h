/* SPDX-License-Identifier: Apache-2.0
 * Comparison of two consecutive states of a document, from the trailer down, in lockstep. The rule
 * is: everything that can be reached must be the same. The exceptions are functions below, one for
 * each part of a document; what no exception names is a change. */
#ifndef VT_DOCUMENT_PDF_COMPARE_H
#define VT_DOCUMENT_PDF_COMPARE_H

#include "document/pdf_pair.h"

/* Run the comparison: trailers, then what is queued, then what was redefined without being seen.
 * What is found is in the pair. */
void pdf_compare(struct pdf_pair *pair);

/* ---- the exceptions ---- */

/* a and b are the values of an entry at the two steps, not followed; PDF_NONE where it is absent.
 * Each records what it finds, and explains or queues what it leads to. */

/* pdf_catalog.c: the trailers and the catalogs they lead to, which lead to the others. */
void pdf_compare_trailers(struct pdf_pair *pair);
/* pdf_metadata.c: /Info of the trailers, /Metadata of the catalogs. */
void pdf_compare_info(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b);
void pdf_compare_metadata(struct pdf_pair *pair, const struct pdf_value *a,
                          const struct pdf_value *b);
/* pdf_names.c: /Names of the catalog. False: they are to be compared strictly. */
bool pdf_compare_names(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b);
/* pdf_form.c: /AcroForm, before the pages: it finds the widgets of added fields. */
void pdf_compare_forms(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b);
/* pdf_pages.c: the root of the page tree. */
void pdf_compare_pages(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b);
/* pdf_annots.c: /Annots of pair->page. */
void pdf_compare_annots(struct pdf_pair *pair, const struct pdf_value *a,
                        const struct pdf_value *b);
/* pdf_overlay.c: what came later hides of a page. page: its dictionary at step b. */
void pdf_compare_overlay(struct pdf_pair *pair, const struct pdf_value *page);
/* Does a widget, a dictionary of step b, show anything on a page? */
bool pdf_is_seen(struct pdf_pair *pair, const struct pdf_value *widget);
/* pdf_structure.c: /StructTreeRoot, behind the pages: it asks which annotations are new. */
void pdf_compare_structure(struct pdf_pair *pair, const struct pdf_value *a,
                           const struct pdf_value *b);

/* ---- pdf_defaults.c: what readers draw by /DA and /DR ---- */

/* a, b: /DR of the form. True: some resources are not the same. */
bool pdf_defaults_take(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b);
/* Is an annotation of step a drawn by what the update changed of the form's /DA and /DR? */
bool pdf_defaults_change(struct pdf_pair *pair, const struct pdf_value *item);
/* May filling in a field change its /DA from a to b? widget: its dictionary at step b. */
bool pdf_defaults_may_become(struct pdf_pair *pair, const struct pdf_value *a,
                             const struct pdf_value *b, const struct pdf_value *widget);

/* ---- pdf_fill.c: filling in a field of a form ---- */

enum pdf_field_type {
    PDF_FIELD_OTHER = 0,
    PDF_FIELD_SIGNATURE,
    PDF_FIELD_TEXT, /* or a choice */
    PDF_FIELD_TICK  /* a check box, a radio button */
};
/* inherited: of the fields above it. */
enum pdf_field_type pdf_field_type_of(struct pdf_pair *pair, const struct pdf_value *field,
                                      enum pdf_field_type inherited);
/* Has the field, or the one above it, another value? a, b: its dictionaries. */
bool pdf_fill_changes(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b,
                      enum pdf_field_type type);
/* The rule of a field that was filled in (see pdf_key_rule). widget: its dictionary at step b. */
bool pdf_fill_rule(struct pdf_pair *pair, enum pdf_field_type type, const struct pdf_value *widget,
                   const struct pdf_value *key, const struct pdf_value *a,
                   const struct pdf_value *b);
/* Record it when a widget shows something else than the value that it, or the field above it, has
 * now. widget: its dictionary at step b; name: of the field. */
void pdf_check_shown(struct pdf_pair *pair, const struct pdf_value *widget, const char *name,
                     enum pdf_field_type type, const struct pdf_value *value);

/* What a field that was filled in shows, beside its value. */
enum pdf_shown { PDF_SHOWN_UNKNOWN = 0, PDF_SHOWN_SAME, PDF_SHOWN_OTHER };
/* pdf_look.c: of a widget with text, a dictionary of step b. value, options: /V and /Opt, resolved.
 */
enum pdf_shown pdf_look_shows(struct pdf_pair *pair, const struct pdf_value *widget,
                              const struct pdf_value *value, const struct pdf_value *options);

/* ---- pdf_tell.c: what is told of all steps, in reader->document ---- */

/* The worst changes of all steps, in their order. */
void pdf_tell_changes(struct pdf_reader *reader, const struct pdf_step_changes *steps,
                      size_t count);
/* The first, signed and last revisions. */
void pdf_tell_revisions(struct pdf_reader *reader, const struct pdf_chain *chain);

#endif
