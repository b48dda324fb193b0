/* SPDX-License-Identifier: Apache-2.0
 * The steps of sealing a PDF; inside this room only. */
#ifndef VANTHU_SEAL_PDF_STEPS_H
#define VANTHU_SEAL_PDF_STEPS_H

#include "document/pdf_page.h"
#include "document/pdf_xref.h"
#include "vanthu/seal_pdf.h"

#define VT_POINTS_PER_MM (72.0 / 25.4)

/* ---- pdf_source.c: the file as it is ---- */

struct vt_pdf_source {
    struct pdf_reader reader;
    struct pdf_chain chain;
    const struct pdf_section *newest;
    struct pdf_ref root;
    int next_id;
    enum vt_seal_pdf_word word;
    const char *why;
};
/* Open and look whether it may be sealed at all. On every result vt_pdf_source_close. */
enum vt_code vt_pdf_source_open(struct vt_pdf_source *source, struct vt_arena *arena,
                                struct vt_bytes pdf, struct vt_err *err) VT_MUST_CHECK;
void vt_pdf_source_close(struct vt_pdf_source *source);
/* Leave it alone; the first word stays. */
void vt_pdf_refuse(struct vt_pdf_source *source, enum vt_seal_pdf_word word, const char *why);
/* pdf_active.c: leave what may show something else after it was sealed. */
void vt_pdf_check_active(struct vt_pdf_source *source);
/* What certification and locks say to a new field (name: of it) or to one that is there. */
void vt_pdf_check_permissions(struct vt_pdf_source *source, const char *name, bool is_new,
                              bool is_visible);

/* ---- pdf_update.c: an incremental update (7.5.6) ---- */

struct vt_pdf_written {
    struct pdf_ref ref;
    size_t offset;
};
struct vt_pdf_update {
    struct vt_arena *arena;
    struct vt_buf bytes;
    size_t base_bytes; /* of the file before it */
    struct vt_pdf_written *written;
    size_t count;
    int next_id;
    enum vt_code code; /* sticky */
};
void vt_update_init(struct vt_pdf_update *update, struct vt_arena *arena,
                    const struct vt_pdf_source *source);
struct pdf_ref vt_update_new_ref(struct vt_pdf_update *update);
void vt_update_put(struct vt_pdf_update *update, struct vt_bytes bytes);
void vt_update_putf(struct vt_pdf_update *update, const char *format, ...) VT_PRINTF(2, 3);
/* A number with up to three decimals, whatever the locale. */
void vt_update_put_number(struct vt_pdf_update *update, double number);
/* A text string (7.9.2.2): ASCII as it is, else UTF-16BE. */
void vt_update_put_text(struct vt_pdf_update *update, const char *utf8);
/* A date (7.9.4) in Vietnamese time. */
void vt_update_put_date(struct vt_pdf_update *update, int64_t utc_secs);
/* "N G obj" and "endobj" around what is put in between. */
void vt_update_begin(struct vt_pdf_update *update, struct pdf_ref ref);
void vt_update_end(struct vt_pdf_update *update);
/* A whole stream object. entries: of its dictionary but /Length. */
void vt_update_add_stream(struct vt_pdf_update *update, struct pdf_ref ref, const char *entries,
                          struct vt_bytes data);
/* Entries of a dictionary but those named in without (ends with NULL), without its brackets. */
void vt_update_put_entries(struct vt_pdf_update *update, const struct pdf_value *dict,
                           const char *const *without);
/* The cross-reference section, of the kind of the newest one, and the end. */
void vt_update_finish(struct vt_pdf_update *update, const struct vt_pdf_source *source);

/* ---- pdf_page.c: pages, and rectangles on them ---- */

struct vt_pdf_page {
    struct pdf_ref ref;
    struct pdf_value dict;
    struct pdf_value resources;
    struct pdf_box box;
    int rotate;  /* 0, 90, 180, 270, clockwise as it is shown */
    double unit; /* /UserUnit */
};
/* number: from 1; 0: the last one. False: there is none. */
bool vt_pdf_page_find(struct vt_pdf_source *source, unsigned number, struct vt_pdf_page *out);
/* The page an object is on: that of /P, or with it among its annotations. */
bool vt_pdf_page_of(struct vt_pdf_source *source, struct pdf_ref widget, struct vt_pdf_page *out);
/* The page as it is shown, in points. */
double vt_pdf_page_width(const struct vt_pdf_page *page);
double vt_pdf_page_height(const struct vt_pdf_page *page);
/* A rectangle of the page as shown, from its upper left corner, in user space. */
struct pdf_box vt_pdf_page_rect(const struct vt_pdf_page *page, double left, double top,
                                double width, double height);
/* The other way: where a rectangle is shown. *out_left, *out_top, width and height in points. */
void vt_pdf_page_shown(const struct vt_pdf_page *page, const struct pdf_box *rect, double *out_left,
                       double *out_top, double *out_width, double *out_height);
/* A rectangle, followed to it (7.9.5). False: it is none, or lies beyond what any page is. */
bool vt_pdf_rect_read(struct pdf_reader *reader, const struct pdf_value *value,
                      struct pdf_box *out);
/* What a number says, on a page or of a font. False: it is none, or beyond what any page is. */
bool vt_pdf_number(const struct pdf_value *value, double *out);

/* ---- pdf_place.c ---- */

struct vt_pdf_spot {
    struct vt_pdf_page page;
    struct pdf_box rect;  /* all 0: nothing is shown */
    bool has_field;       /* one that is there */
    struct pdf_ref field; /* and its widget */
};
/* Where the seal goes. width, height: of what is shown, in points; 0: nothing. Refuses the source
 * when there is no such place. VT_E_NOMEM. */
void vt_pdf_spot_find(struct vt_pdf_source *source, const struct vt_seal_pdf_plan *plan,
                      double width, double height, struct vt_pdf_spot *out);

/* ---- pdf_appearance.c, pdf_image.c, pdf_font.c ---- */

/* Two thirds of A4 between its margins: names of agencies are long. */
#define VT_SEAL_LINE_POINTS (110.0 * VT_POINTS_PER_MM)
/* Lines that are longer become several, broken at spaces. False: no memory. */
bool vt_pdf_lines_wrap(struct vt_arena *arena, struct vt_seal_pdf_plan *plan);
/* What is shown, in points. */
void vt_pdf_appearance_size(const struct vt_seal_pdf_plan *plan, double *out_width,
                            double *out_height);
/* Write the form XObject for a rectangle and all it needs. */
struct pdf_ref vt_pdf_appearance_write(struct vt_pdf_update *update,
                                       const struct vt_seal_pdf_plan *plan,
                                       const struct vt_pdf_spot *spot);

struct vt_seal_image {
    unsigned width_pixels, height_pixels;
    double width, height;  /* points */
    struct vt_bytes rgb;   /* FlateDecode */
    struct vt_bytes alpha; /* FlateDecode; empty: opaque */
};
/* Compressed as FlateDecode wants it, in arena. VT_E_NOMEM. */
enum vt_code vt_pdf_deflate(struct vt_arena *arena, struct vt_bytes bytes,
                            struct vt_bytes *out) VT_MUST_CHECK;

#define VT_SEAL_FONT_SIZE 10.0
#define VT_SEAL_FONT_LEADING 12.0
/* Width of a line at VT_SEAL_FONT_SIZE. */
double vt_pdf_font_width(const struct vt_seal_font *font, const char *utf8);
/* Put the glyphs of a line as a hexadecimal string. */
void vt_pdf_font_show(struct vt_pdf_update *update, const struct vt_seal_font *font,
                      const char *utf8);
/* Write the font with the letters of these lines. */
struct pdf_ref vt_pdf_font_write(struct vt_pdf_update *update, const struct vt_seal_font *font,
                                 const char *const *lines, size_t lines_count);

/* ---- pdf_field.c: dictionary, field, page, form ---- */

struct vt_pdf_signature_plan {
    const struct vt_seal_pdf_plan *plan;
    const struct vt_pdf_spot *spot;
    const char *name; /* of a new field */
    size_t contents_bytes;
    struct pdf_ref appearance; /* id 0: none */
};
/* Write all of them. Out: places in the update, of /ByteRange's "[" and of "<" of /Contents. */
void vt_pdf_signature_write(struct vt_pdf_update *update, struct vt_pdf_source *source,
                            const struct vt_pdf_signature_plan *plan, size_t *out_range_at,
                            size_t *out_contents_at);
/* A name no field at the top of the form has. In the source's scratch memory. */
const char *vt_pdf_new_field_name(struct vt_pdf_source *source);

/* Characters of /ByteRange, brackets and padding. */
#define VT_PDF_RANGE_CHARS 56

/* ---- pdf_anchor.c ---- */

/* The last place of a text in the document, white space aside, in Unicode NFC: its page and where
 * it is shown. False: it is not there. */
bool vt_pdf_anchor_find(struct vt_pdf_source *source, const char *text, struct vt_pdf_page *out,
                        struct pdf_box *out_rect);

#endif
