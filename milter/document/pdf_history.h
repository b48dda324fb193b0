/* SPDX-License-Identifier: Apache-2.0
 * The document at each signed revision and at its end, as readers would have shown it then: which
 * objects each step redefines, and every object at every step. An object that was not redefined is
 * fetched once for all steps, so that the cost is that of the bytes, not of bytes times signatures.
 */
#ifndef VT_DOCUMENT_PDF_HISTORY_H
#define VT_DOCUMENT_PDF_HISTORY_H

#include "document/pdf_xref.h"

/* Signed revisions that are compared. Files have 2 to 5 (legal.md R-66). */
#define PDF_MAX_STEPS 32

/* One state of the document: file[0 .. end). */
struct pdf_step {
    size_t end;
    size_t revision; /* index in the chain */
    struct pdf_doc doc;
    struct pdf_doc *open; /* NULL: not yet; &doc or the reader's main one */
    bool unreadable;
    struct pdf_set redefined; /* object numbers since the step before; empty for the first */
    const char *defect;       /* why the bytes since the step before are no update one can follow */
    const char *doubt;        /* why not all readers read them alike */
    struct pdf_split split;   /* what older readers see otherwise */
    size_t numbers_end;       /* above it an update may number no object */
    struct pdf_set odd_refs;  /* references in its bytes with a generation number other than 0 */
};

struct pdf_cached {
    uint64_t key; /* 0: free */
    struct pdf_object object;
    struct pdf_ref *refs;
    size_t refs_count;
    bool has_object;
    bool has_refs;
};

struct pdf_history {
    struct pdf_reader *reader;
    struct pdf_chain *chain;
    struct pdf_step steps[PDF_MAX_STEPS];
    size_t count;
    const char *defect_before; /* what some readers show of the first step after an update */
    struct pdf_cached *cache;
    size_t cache_capacity;
    size_t cache_count;
};

/* Read what each step redefines. steps[].end and .revision are set, oldest first; the last one is
 * the whole file. */
void pdf_history_open(struct pdf_history *history);
/* pdf_containers.c: do all readers find the same objects in the object streams of a step (7.5.7)?
 * Its references are collected on the way. Returns NULL, or why they do not. */
const char *pdf_containers_check(struct pdf_history *history, size_t step);
/* pdf_generations.c: collect the references in a text of a step with a generation number other than
 * 0: most readers do not look at it (7.3.10). */
void pdf_generations_collect(struct pdf_history *history, size_t step, struct vt_bytes text);
/* Does a step bring an object where such a reference leads some readers only, or such a reference?
 * The steps up to it are collected. Returns NULL, or what it does. */
const char *pdf_generations_check(struct pdf_history *history, size_t step);
void pdf_history_close(struct pdf_history *history);
/* True when the document at a step, or what was fetched from it, is damaged. */
bool pdf_history_is_damaged(struct pdf_history *history, size_t step);
/* Did the update that ends at a step write an object again, or free it? False at the first step. */
bool pdf_history_is_redefined(const struct pdf_history *history, int id, size_t step);

/* An object as it was at a step. kind PDF_NONE: limits. Entries that refer to nothing at any later
 * time are not in the text. */
struct pdf_object pdf_history_object(struct pdf_history *history, struct pdf_ref ref, size_t step);
/* The references in it, borrowed. NULL: there are none; or limits, which the reader is then over;
 * or the step cannot be read. */
const struct pdf_ref *pdf_history_refs(struct pdf_history *history, struct pdf_ref ref, size_t step,
                                       size_t *out_count);
/* kind PDF_NONE: it cannot be read. */
struct pdf_value pdf_history_trailer(struct pdf_history *history, size_t step);
/* Bytes of a stream at a step as pdf_doc_stream gives them; free(3). False: there are none, or they
 * are too many, which the reader may be over then. */
bool pdf_history_stream(struct pdf_history *history, struct pdf_ref ref, size_t step, bool decode,
                        uint8_t **out, size_t *out_len);

#endif
