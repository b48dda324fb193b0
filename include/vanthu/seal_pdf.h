/* SPDX-License-Identifier: Apache-2.0
 * The seal of a PDF (ISO 32000-1 12.8, EN 319 142-1): an incremental update with a signature field,
 * signed in two steps, so that the key can be anywhere. The bytes that were there are not touched,
 * earlier signatures stay valid, and what a certification forbids is not done. Pure functions;
 * hostile input. The same file and plan give the same bytes.
 * What is shown follows Nghị định 30/2020/NĐ-CP (legal.md ): the seal as a red
 * image on a document, a text on annexes and copies, or nothing. */
#ifndef VANTHU_SEAL_PDF_H
#define VANTHU_SEAL_PDF_H

#include "vanthu/seal.h"

/* What becomes of a file. Zero memory is not sealed. */
enum vt_seal_pdf_word {
    VT_SEAL_PDF_NOT = 0,
    VT_SEAL_PDF_READY,
    VT_SEAL_PDF_ENCRYPTED, /* "encrypted" */
    VT_SEAL_PDF_CERTIFIED, /* "certified": its certification forbids what was asked for */
    VT_SEAL_PDF_LOCKED,    /* "locked": an earlier signature locked the field, or all of them */
    VT_SEAL_PDF_CHANGED,   /* "changed": an earlier signature is damaged, or not certainly valid */
    VT_SEAL_PDF_FORM, /* "dynamic-form": XFA, which the reader may show in the place of the pages */
    VT_SEAL_PDF_ACTIVE,  /* "active": what it shows may change by itself: scripts, actions, media,
                            hidden layers, what stands in other files */
    VT_SEAL_PDF_FIELD,   /* "field": the named field is not there, signed already, or asks for
                               another kind of signature */
    VT_SEAL_PDF_PLACE,   /* "place": page or anchor is not there, or the seal is too large for it */
    VT_SEAL_PDF_DAMAGED, /* "damaged": cannot be read without guessing */
    VT_SEAL_PDF_TOO_LARGE, /* "too-large" */
    /* Words of a file as a part of a mail: */
    VT_SEAL_PDF_INSIDE,  /* "inside": of a part that is signed itself and must not be changed */
    VT_SEAL_PDF_WORDING, /* "wording": what is to be shown is not known, such as its number */
    VT_SEAL_PDF_WORDS
};
/* "not-sealed", "ready", … */
const char *vt_seal_pdf_word_name(enum vt_seal_pdf_word word);

/* ---- what is shown: made when the configuration is loaded ---- */

/* One side of the picture of a seal, in pixels; 36 mm at 1200 dpi are 1701. */
#define VT_MAX_SEAL_PIXELS 4096
#define VT_MAX_SEAL_FONT_BYTES (16u * 1024 * 1024)
#define VT_MAX_SEAL_LINES 8

struct vt_seal_image;
/* Read a PNG; transparency becomes a soft mask. width_mm: its real width; 0: as the
 * resolution in the file says. *out lives in arena. VT_E_FORMAT, VT_E_LIMIT, VT_E_UNSUPPORTED (no
 * width and no resolution), VT_E_NOMEM. */
enum vt_code vt_seal_image_read(struct vt_arena *arena, struct vt_bytes png, double width_mm,
                                const struct vt_seal_image **out, struct vt_err *err) VT_MUST_CHECK;
struct vt_seal_font;
/* Read a TrueType font as wide as Times New Roman, such as Liberation Serif; of it each file
 * gets the letters it shows. file: must outlive *out, which lives in arena. VT_E_FORMAT,
 * VT_E_LIMIT, VT_E_UNSUPPORTED (other outlines, Vietnamese letters missing, or a licence that
 * forbids embedding), VT_E_NOMEM. Source: ISO/IEC 14496-22. */
enum vt_code vt_seal_font_read(struct vt_arena *arena, struct vt_bytes file,
                               const struct vt_seal_font **out, struct vt_err *err) VT_MUST_CHECK;

enum vt_seal_show { VT_SEAL_SHOW_NOTHING = 0, VT_SEAL_SHOW_IMAGE, VT_SEAL_SHOW_TEXT };
/* Lines for an annex in a file of its own: number and symbol of the document, signing time
 * by ISO 8601 in Vietnamese time. Of a copy: kind of copy, agency, the time. In arena; NULL:
 * memory is out. lines has room for 3. Returns how many. */
size_t vt_seal_annex_lines(struct vt_arena *arena, const char *number, int64_t utc_secs,
                           const char *lines[VT_MAX_SEAL_LINES]);
size_t vt_seal_copy_lines(struct vt_arena *arena, const char *kind, const char *agency,
                          int64_t utc_secs, const char *lines[VT_MAX_SEAL_LINES]);

/* ---- where ---- */

enum vt_seal_place {
    /* right edge 15 mm from that of page 1, near its top; beside or below what other
     * signatures show there, and where that margin is full, in the lower one */
    VT_SEAL_PLACE_TOP_RIGHT = 0,
    VT_SEAL_PLACE_PAGE,   /* left_mm and top_mm of the page as it is shown */
    VT_SEAL_PLACE_ANCHOR, /* the last place of a text, moved by left_mm and top_mm */
    VT_SEAL_PLACE_FIELD,  /* an empty signature field by its full name; fills its rectangle */
    /* over the left third of the last signature of another key that shows handwriting:
     * number and date, which are signatures of their own, show none */
    VT_SEAL_PLACE_SIGNATURE,
};

struct vt_seal_pdf_plan {
    const struct vt_seal_identity *identity;
    int64_t signing_time_utc_secs; /* /M; PAdES has none in the CMS */
    const char *name;              /* /Name, of the signer; NULL: none */
    const char *reason;            /* /Reason; NULL: none */
    enum vt_seal_show show;
    const struct vt_seal_image *image;
    const struct vt_seal_font *font;
    const char *const *lines; /* NFC; longer ones than 110 mm are broken at spaces */
    size_t lines_count;
    enum vt_seal_place place;
    unsigned page; /* from 1; 0: the last one */
    double left_mm, top_mm;
    const char *anchor;
    const char *field;
    /* Show nothing where a certification allows only that (12.8.2.2, P 2 and 3). */
    bool may_be_invisible;
    size_t token_max_bytes; /* room for a time stamp token; 0: there will be none */
};

struct vt_seal_pdf_work;
struct vt_seal_pdf {
    enum vt_seal_pdf_word word;
    const char *why;            /* one English sentence; NULL when ready */
    struct vt_bytes attributes; /* for the sealer; empty unless ready */
    enum vt_seal_show show;     /* as it will be */
    struct vt_seal_pdf_work *work;
};

/* What is to be signed. pdf must outlive *out, which lives in arena. VT_OK: look at out->word.
 * VT_E_FORMAT (the identity), VT_E_LIMIT, VT_E_NOMEM, VT_E_INTERNAL.
 * Source: ISO 32000-1 7.5.6, 12.7.4.5, 12.8; EN 319 142-1 6.3. */
enum vt_code vt_seal_pdf_prepare(struct vt_arena *arena, struct vt_bytes pdf,
                                 const struct vt_seal_pdf_plan *plan, struct vt_seal_pdf *out,
                                 struct vt_err *err) VT_MUST_CHECK;
/* What comes after the bytes of the file. token: a time stamp token over the signature value, or
 * empty. *out_update is a view of arena. VT_E_FORMAT: not a signature of the identity's key over
 * the attributes; VT_E_LIMIT: the token is larger than there is room for; VT_E_INTERNAL: not ready;
 * VT_E_NOMEM. */
enum vt_code vt_seal_pdf_finish(struct vt_arena *arena, const struct vt_seal_pdf *pdf,
                                struct vt_bytes signature, struct vt_bytes token,
                                struct vt_bytes *out_update, struct vt_err *err) VT_MUST_CHECK;

struct vt_seal_pdf_check {
    bool is_good;
    const char *why; /* one English sentence; NULL when good */
};
/* The finished file as our own verifier sees it: it begins with the bytes of the original, every
 * signature that was there is judged as before, and the last one is intact, the identity's, and
 * over the whole file. VT_OK: look at *out. VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_seal_pdf_check(struct vt_arena *arena, struct vt_bytes original,
                               struct vt_bytes sealed, const struct vt_seal_identity *identity,
                               struct vt_seal_pdf_check *out, struct vt_err *err) VT_MUST_CHECK;

/* ---- validation data (PAdES B-LT) ---- */

/* A CRL beyond this is never put into a file: a list of all that a CA revoked would be sent with
 * every document; OCSP answers are for that. */
#define VT_MAX_SEAL_CRL_BYTES (1024u * 1024)

/* What validates the signatures of a file and their time stamps, DER; all borrowed. */
struct vt_seal_pdf_data {
    const struct vt_bytes *certificates;
    size_t certificates_count;
    const struct vt_bytes *ocsps; /* OCSPResponse */
    size_t ocsps_count;
    const struct vt_bytes *crls;
    size_t crls_count;
};
/* What comes after the bytes of a sealed file: a document security store with these data, in their
 * order, each once. A certification forbids it never (ISO 32000-2 12.8.2.2.2). *out_update is in
 * arena; empty: all of it is there already. The same input gives the same bytes. VT_E_FORMAT: the
 * file cannot be read without guessing, err says why; VT_E_LIMIT: more or larger ones than are read
 * again (VT_MAX_CERTIFICATES, VT_MAX_REVOCATIONS, VT_MAX_OCSP_BYTES, VT_MAX_SEAL_CRL_BYTES);
 * VT_E_NOMEM. Source: EN 319 142-1 5.4. */
enum vt_code vt_seal_pdf_store(struct vt_arena *arena, struct vt_bytes pdf,
                               const struct vt_seal_pdf_data *data, struct vt_bytes *out_update,
                               struct vt_err *err) VT_MUST_CHECK;
/* The file with its store as our own verifier sees it: it begins with the bytes of the sealed one,
 * and every signature is judged as before. VT_OK: look at *out. VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_seal_pdf_check_store(struct vt_arena *arena, struct vt_bytes sealed,
                                     struct vt_bytes stored, struct vt_seal_pdf_check *out,
                                     struct vt_err *err) VT_MUST_CHECK;

#endif
