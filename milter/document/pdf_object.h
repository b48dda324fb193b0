/* SPDX-License-Identifier: Apache-2.0
 * A thin, safe layer over libqpdf's C API: open a document held in memory, fetch an object as
 * normalised text, fetch the bytes of a stream. No handle and no string of the library leaves this
 * module. */
#ifndef VT_DOCUMENT_PDF_OBJECT_H
#define VT_DOCUMENT_PDF_OBJECT_H

#include <qpdf/qpdf-c.h>

#include "document/pdf_syntax.h"

enum pdf_opened {
    PDF_OPENED = 0,
    PDF_OPEN_DAMAGED,     /* cross reference or trailer cannot be read without guessing */
    PDF_OPEN_PASSWORD,    /* encrypted, and not with the empty user password */
    PDF_OPEN_UNSUPPORTED, /* an encryption that is not known */
    PDF_OPEN_TOO_LARGE,   /* what is packed in it needs more memory than there is */
    PDF_OPEN_NO_MEMORY
};

#define PDF_WARNING_BYTES 160
/* What streams of one document unpack to, all together. */
#define PDF_MAX_DECODED_BYTES ((size_t)512 * 1024 * 1024)

struct pdf_doc {
    qpdf_data qpdf; /* NULL: closed */
    struct vt_bytes bytes;
    bool encrypted;
    bool exhausted;       /* unpacking needed too much: nothing more is fetched from it */
    size_t decoded_bytes; /* by pdf_doc_stream */
    unsigned warnings_count;
    char warning[PDF_WARNING_BYTES]; /* the first one, cleaned; empty: none */
};

/* An object as text in the arena it was fetched into. value.kind PDF_NONE: memory is out. */
struct pdf_object {
    struct pdf_value value; /* of a stream: its dictionary */
    bool is_stream;
};

/* Open bytes, which must outlive the document. On every result but PDF_OPENED doc->warning says
 * why and the document is closed. */
enum pdf_opened pdf_doc_open(struct pdf_doc *doc, struct vt_bytes bytes);
void pdf_doc_close(struct pdf_doc *doc);
/* Take over the warnings that came up since. Returns true when there was any, ever, or when the
 * document is exhausted. */
bool pdf_doc_is_damaged(struct pdf_doc *doc);

/* The normalised text of an object, PDF_NULL for one that does not exist. Dictionary entries whose
 * value is null, or refers to an object that is null, are not in the text. */
struct pdf_object pdf_doc_fetch(struct pdf_doc *doc, struct vt_arena *arena, struct pdf_ref ref);
/* One entry of a dictionary, not followed. key: with its slash. Cheaper than the whole text, for
 * which the library looks at every object that is referred to. */
struct pdf_value pdf_doc_fetch_key(struct pdf_doc *doc, struct vt_arena *arena, struct pdf_ref ref,
                                   const char *key);
struct pdf_object pdf_doc_trailer(struct pdf_doc *doc, struct vt_arena *arena);
/* The references in an object without keeping its text: as pdf_doc_fetch, but only
 * out_refs (in arena) is filled. False: memory is out. */
bool pdf_doc_fetch_refs(struct pdf_doc *doc, struct vt_arena *arena, struct pdf_ref ref,
                        struct pdf_ref **out_refs, size_t *out_count);

/* A number above those of all objects, and of all that are referred to and not there: whoever took
 * one of these would put something where nothing was. Reads every object. */
int pdf_doc_free_number(struct pdf_doc *doc);

/* Bytes of a stream, raw or with its general-purpose filters undone (not images). malloc'd by the
 * library: release with free(3). False when there is no such stream, it cannot be decoded or has
 * more than max_bytes; *out_len is then its size as far as it is known. A few kilobytes unpack to
 * gigabytes, and the library knows no limit but that of the process: a document whose streams
 * unpacked to more than PDF_MAX_DECODED_BYTES, or for which memory was once not enough, is
 * exhausted. */
bool pdf_doc_stream(struct pdf_doc *doc, struct pdf_ref ref, bool decode, size_t max_bytes,
                    uint8_t **out, size_t *out_len);
/* Undo the filters of bytes that are no object of a document, by the text of /Filter and
 * /DecodeParms. As pdf_doc_stream. */
bool pdf_decode_bytes(struct vt_bytes raw, struct vt_bytes filter, struct vt_bytes parms,
                      size_t max_bytes, uint8_t **out, size_t *out_len);

#endif
