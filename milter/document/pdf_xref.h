/* SPDX-License-Identifier: Apache-2.0
 * The chain of cross-reference sections of a file (ISO 32000-1, 7.5.4 to 7.5.8), read by ourselves
 * and strictly: which objects each incremental update defines, and where each revision ends. */
#ifndef VT_DOCUMENT_PDF_XREF_H
#define VT_DOCUMENT_PDF_XREF_H

#include "document/pdf.h"

/* Incremental updates of one file. Real ones have fewer than 50. */
#define PDF_MAX_SECTIONS 1024
/* Entries of all sections together. */
#define PDF_MAX_ENTRIES 2000000u
/* Object numbers are below it (annex C.2): not all readers read larger ones. */
#define PDF_MAX_SIZE 8388608

enum pdf_entry_type { PDF_ENTRY_FREE = 0, PDF_ENTRY_OFFSET = 1, PDF_ENTRY_COMPRESSED = 2 };

struct pdf_entry {
    uint32_t id;
    uint8_t type;   /* enum pdf_entry_type */
    uint32_t gen;   /* in an object stream: the index */
    uint64_t place; /* byte offset, or number of the object stream */
};

struct pdf_section {
    size_t at;   /* offset of "xref" or of the stream object */
    size_t prev; /* SIZE_MAX: none */
    bool is_stream;
    bool is_loose;              /* a table with other space than 7.5.4 has */
    bool is_hybrid;             /* /XRefStm (7.5.8.4) */
    size_t second_at;           /* the stream that only newer readers look at */
    struct pdf_section *second; /* after pdf_section_load; NULL: none */
    struct pdf_value trailer;
    struct vt_bytes data; /* of a stream: its raw bytes */
    size_t end;           /* behind %%EOF */
    bool has_end;
    struct pdf_entry *entries; /* of a stream: after pdf_section_load */
    size_t entries_count;
};

/* One revision: an incremental update, or the original file (two sections when it is linearized).
 */
struct pdf_revision {
    size_t newest; /* index of its newest section; sections are in the order of the chain */
    size_t sections_count;
    size_t startxref; /* the offset that its end names */
    size_t end;       /* behind %%EOF */
    size_t end_eol;   /* and behind one end of line after it */
};

struct pdf_chain {
    struct pdf_section *sections; /* newest first */
    size_t sections_count;
    struct pdf_revision *revisions; /* oldest first */
    size_t revisions_count;
    const char *defect;      /* NULL: one well-formed chain; else a sentence */
    const char *other_start; /* NULL; else why other readers may begin with another section */
};

/* pdf_revisions.c: read the chain from the last startxref. Never fails: a defect is a sentence in
 * *out. */
void pdf_chain_read(struct pdf_reader *reader, struct pdf_chain *out);
/* The revision that ends at a byte, its end of line included or not; SIZE_MAX for none. */
size_t pdf_chain_revision_at(const struct pdf_chain *chain, size_t end);

/* pdf_xref.c: decode the entries of a cross-reference stream (7.5.8.2), and of the second section
 * of a hybrid one. False when they cannot be read. */
bool pdf_section_load(struct pdf_reader *reader, struct pdf_section *section);

/* pdf_hybrid.c: the two readings of an update that is hybrid. Newer readers look at both sections,
 * at the table first; older ones at the table only. */
struct pdf_split {
    bool is_conflict; /* both list an object, in different places */
    uint32_t id;      /* the first object that is not the same to both; 0: there is none */
};
/* section: loaded; its second one must lie in bytes from to to. Returns NULL, or why nothing can be
 * told. */
const char *pdf_hybrid_compare(struct pdf_reader *reader, const struct pdf_section *section,
                               size_t from, size_t to, struct pdf_split *out);

/* pdf_unlisted.c: do bytes from to to hold an object that none of these sections, which are loaded,
 * lists? whole: not only its beginning. */
bool pdf_has_unlisted(struct pdf_reader *reader, const struct pdf_section *sections, size_t count,
                      size_t from, size_t to, bool whole);

/* pdf_search.c: does a reader that searches the bytes before end find something else than these
 * sections say, which are loaded, newest first? Returns NULL, or what. */
const char *pdf_search_differs(struct pdf_reader *reader, const struct pdf_section *sections,
                               size_t count, size_t end);

#endif
