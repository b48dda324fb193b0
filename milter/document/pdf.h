/* SPDX-License-Identifier: Apache-2.0
 * What the modules of the PDF reader share. One reader reads one document once; nothing here
 * outlives it but what lies in the mail's arena. */
#ifndef VT_DOCUMENT_PDF_H
#define VT_DOCUMENT_PDF_H

#include "document/pdf_object.h"
#include "vanthu/document.h"

/* Objects looked at in one document, all revisions together. The largest real files have some
 * hundred thousand. */
#define PDF_MAX_VISITS 2000000u
/* Memory for one document's objects as text, released when it was read. */
#define PDF_MAX_SCRATCH_BYTES ((size_t)192 * 1024 * 1024)
/* Depth of the page tree and of the field tree. Real ones have fewer than 10. */
#define PDF_MAX_TREE_DEPTH 64
/* Signature fields looked at, signed or empty. */
#define PDF_MAX_FIELDS 4096
/* Bytes of text compared key by key, all revisions together. */
#define PDF_MAX_WORK_BYTES ((size_t)256 * 1024 * 1024)
/* Files of annotations and pages. */
#define PDF_MAX_NOTED 64
/* Objects of the newest revision that are kept because they are large, and how large. */
#define PDF_MAX_KEPT 16
#define PDF_LARGE_BYTES ((size_t)16 * 1024)
/* Transforms of one signature. Real ones have two. */
#define PDF_MAX_TRANSFORMS 16
/* Locks of one signature: its transforms and that of its field. Real ones have one. */
#define PDF_MAX_LOCKS 4
/* Bytes before %PDF-: what readers tolerate (ISO 32000-1, annex H.3, note 13). */
#define PDF_MAX_HEADER_OFFSET 1024

/* A set of object numbers or references. Zero is the empty set. */
struct pdf_set {
    uint64_t *slots; /* key + 1; 0 is free */
    size_t capacity;
    size_t count;
};

/* Where a signature field was found. */
enum pdf_origin { PDF_FROM_ACROFORM = 0, PDF_FROM_PAGE, PDF_FROM_PERMS, PDF_FROM_SCAN };

/* A field that is, or may become, a signature. */
struct pdf_field {
    struct pdf_ref ref;    /* id 0: a direct object */
    const char *name;      /* full name, cleaned, in the mail's arena; "" without one */
    bool is_signature;     /* /FT /Sig, own or inherited */
    struct pdf_value v;    /* /V as it stands in the field: PDF_REF or PDF_DICT; else PDF_NONE */
    struct pdf_value lock; /* /Lock, resolved */
    enum pdf_origin origin;
};

/* What a signature's transform methods forbid later (ISO 32000-1, 12.8.2). */
struct pdf_permissions {
    int docmdp; /* /P of DocMDP or of a lock: 1, 2, 3; 0: none */
    /* Dictionaries with /Action and /Fields, of FieldMDP and of the field: each of them holds. */
    struct pdf_value locks[PDF_MAX_LOCKS];
    size_t locks_count;
    bool locks_all; /* there are more */
};

/* A signature dictionary with everything that is known about it. object is what is handed out. */
struct pdf_signature {
    struct vt_signed_object object;
    const struct pdf_field *field;
    struct pdf_ref ref; /* of the indirect object that holds the dictionary; id 0: not known */
    bool direct;        /* the dictionary is written into the field */
    struct pdf_value dict;
    size_t range[4]; /* /ByteRange; all 0 when it is not usable */
    bool has_range;
    bool shares_bytes; /* said already, as is: */
    bool is_repeated;
    size_t end; /* range[2] + range[3] */
    struct pdf_permissions permissions;
    bool certifies;  /* a DocMDP transform of its own */
    size_t boundary; /* index of its revision in the history; SIZE_MAX: not compared */
};

struct pdf_reader {
    struct vt_arena *arena;   /* the mail's */
    struct vt_arena *scratch; /* this document's */
    struct vt_bytes bytes;
    struct vt_signed_document *document;
    struct pdf_doc main;
    struct pdf_value catalog;
    struct pdf_field *fields;
    size_t fields_count;
    struct pdf_signature *signatures;
    size_t signatures_count;
    struct pdf_value noted[PDF_MAX_NOTED]; /* files that annotations and pages name */
    size_t noted_count;
    bool noted_too_many;
    struct pdf_chain *chain;   /* pdf_xref.h; NULL: no memory */
    struct pdf_set containers; /* numbers of object streams, of all revisions */
    size_t packed_bytes;       /* what the library unpacks by itself; see pdf_packed.h */
    size_t visits;
    size_t work_bytes;
    bool out_of_memory; /* the mail's arena is full: the whole reading fails */
    struct pdf_kept {
        struct pdf_ref ref; /* id 0: none */
        struct pdf_object object;
    } kept[PDF_MAX_KEPT]; /* in turn */
    size_t kept_next;
    bool has_no_room; /* for an object in scratch: no other is asked for */
    bool over_limit;  /* PDF_MAX_… was reached: nothing may be called unchanged */
};

/* ---- pdf.c ---- */

/* All that vt_document_read_pdf does, with the document left open for who goes on with it. On every
 * result pdf_reader_close. */
enum vt_code pdf_reader_open(struct pdf_reader *reader, struct vt_arena *arena, struct vt_bytes pdf,
                             struct vt_err *err) VT_MUST_CHECK;
void pdf_reader_close(struct pdf_reader *reader);

/* ---- pdf_reader.c: small services ---- */

/* True when the key was new. Memory from the scratch arena; on failure over_limit is set. */
bool pdf_set_add(struct pdf_reader *reader, struct pdf_set *set, uint64_t key);
bool pdf_set_has(const struct pdf_set *set, uint64_t key);
/* Iterate a set in no order: *at starts as 0. Nothing may be added meanwhile. */
bool pdf_set_next(const struct pdf_set *set, size_t *at, uint64_t *out_key);
/* A reference as the key of a set. Sets of object numbers alone take the number itself. */
uint64_t pdf_ref_key(struct pdf_ref ref);

/* Scratch memory, zeroed; NULL sets over_limit. */
void *pdf_scratch(struct pdf_reader *reader, size_t len);
/* Count one object; false (over_limit) when there were too many. */
bool pdf_visit(struct pdf_reader *reader);
/* Count bytes that are read more than once; false (over_limit) when there were too many. */
bool pdf_work(struct pdf_reader *reader, size_t bytes);
/* Add a finding and a reason (VT_REASON_COUNT: none) to the document or to one signature. */
void pdf_finding(struct pdf_reader *reader, enum vt_reason reason, const char *format, ...)
    VT_PRINTF(3, 4);
void pdf_signature_finding(struct pdf_reader *reader, struct pdf_signature *signature,
                           enum vt_reason reason, const char *format, ...) VT_PRINTF(4, 5);
/* Follow a reference (references to references are not PDF); other values are returned as they
 * are. PDF_NULL and PDF_NONE both become PDF_NONE. A stream becomes its dictionary. */
struct pdf_value pdf_resolve(struct pdf_reader *reader, struct pdf_value value);
struct pdf_value pdf_get(struct pdf_reader *reader, const struct pdf_value *dict, const char *key);
/* A text string (7.9.2.2) as clean UTF-8 in the mail's arena; "" for anything else. */
const char *pdf_text_string(struct pdf_reader *reader, const struct pdf_value *value);
/* The same as it is, whole and not cleaned, for comparing: in room when it fits there, in scratch
 * memory otherwise; empty without memory. room: NULL is none. */
struct pdf_text_room {
    uint8_t raw[512];
    char utf8[3 * 512];
};
struct vt_bytes pdf_text_exact(struct pdf_reader *reader, const struct pdf_value *value,
                               struct pdf_text_room *room);

/* ---- the steps, in their order ---- */

/* pdf_fields.c: fill reader->fields. */
void pdf_fields_find(struct pdf_reader *reader);
/* The signature field of the form with a full name, signed or empty; v is resolved. */
bool pdf_field_find(struct pdf_reader *reader, const char *name, struct pdf_field *out);
/* pdf_signature.c: fill reader->signatures from the fields. */
void pdf_signatures_read(struct pdf_reader *reader);
/* Read one dictionary into the next free signature. */
void pdf_signature_add(struct pdf_reader *reader, const struct pdf_field *field, struct pdf_ref ref,
                       bool direct, struct pdf_value dict);
/* pdf_byterange.c: check /ByteRange and /Contents of one signature to the byte. */
void pdf_byterange_check(struct pdf_reader *reader, struct pdf_signature *signature);
/* Signatures that share bytes they cannot share. */
void pdf_byterange_check_all(struct pdf_reader *reader);
/* pdf_scan.c: what is to be seen in the bytes alone. What stands before the header and behind the
 * end; */
void pdf_scan_edges(struct pdf_reader *reader);
/* a /ByteRange that no field leads to, after all signatures were read; */
void pdf_scan_hidden(struct pdf_reader *reader);
/* the signatures of a file that cannot be read. reason: what it means that some were found. */
void pdf_scan_unreadable(struct pdf_reader *reader, enum vt_reason reason);
/* pdf_changes.c: coverage and changes of every signature. */
void pdf_changes_judge(struct pdf_reader *reader);
/* pdf_lock.c: one more lock; does any of them hold for a full field name (pdf_text_exact)? */
void pdf_lock_add(struct pdf_permissions *permissions, struct pdf_value lock);
bool pdf_locks(struct pdf_reader *reader, const struct pdf_permissions *permissions,
               struct vt_bytes name);
/* Hints, when everything is judged and handed out: what they run into changes nothing. pdf_spot.c:
 * about each signature; pdf_hints.c: about the file. */
void pdf_spots_read(struct pdf_reader *reader);
void pdf_hints_read(struct pdf_reader *reader);
/* pdf_attached.c: remember an annotation that holds a file, and the /AF of a page; hand out all
 * files of the document. */
void pdf_attached_associate(struct pdf_reader *reader, const struct pdf_value *array);
void pdf_attached_note(struct pdf_reader *reader, const struct pdf_value *annotation);
void pdf_attached_read(struct pdf_reader *reader);
/* pdf_dss.c: certificates, CRLs and OCSP responses of the newest /DSS. */
void pdf_dss_read(struct pdf_reader *reader);

/* pdf_time.c: a date (7.9.4), tolerating what real tools write. *out_zoneless: it had no zone and
 * was taken as Vietnamese time. False when it is no date. */
bool pdf_time_parse(struct vt_bytes text, int64_t *out_utc_secs, bool *out_zoneless);

#endif
