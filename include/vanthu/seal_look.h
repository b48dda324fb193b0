/* SPDX-License-Identifier: Apache-2.0
 * Appearances of sealed documents, ready for use: the pictures and fonts that the configuration
 * names, read and looked at when it is loaded, and the lines that a text has. Nothing is printed
 * that the mail does not say. */
#ifndef VANTHU_SEAL_LOOK_H
#define VANTHU_SEAL_LOOK_H

#include "vanthu/config.h"

/* Pictures and fonts of all appearances together. */
#define VT_MAX_SEAL_LOOKS_BYTES (64u * 1024 * 1024)

struct vt_seal_look {
    const struct vt_seal_appearance *asked; /* the configuration's */
    const struct vt_seal_image *image;      /* NULL: none */
    const struct vt_seal_font *font;
};
struct vt_seal_looks {
    struct vt_seal_look *items;
    size_t count;
};

/* Read the files of config->seal_appearances into out, one behind the other. Each that is not
 * there, or not what it should be, is a mistake at its place in the configuration. VT_E_NOMEM. */
enum vt_code vt_seal_looks_bundle(const struct vt_config *config, struct vt_buf *out,
                                  struct vt_mistakes *mistakes, struct vt_err *err) VT_MUST_CHECK;
/* Make the appearances from what vt_seal_looks_bundle read for the same configuration. *out lives
 * in arena; config and bundle must outlive it. VT_E_FORMAT, VT_E_NOMEM; others as
 * vt_seal_image_read. */
enum vt_code vt_seal_looks_open(struct vt_arena *arena, const struct vt_config *config,
                                struct vt_bytes bundle, struct vt_seal_looks *out,
                                struct vt_err *err) VT_MUST_CHECK;
/* NULL: there is none of that name. */
const struct vt_seal_look *vt_seal_look_find(const struct vt_seal_looks *looks, const char *name);

/* What a text is made of. All borrowed; NULL: not known. */
struct vt_seal_words {
    const char *subject;   /* of the mail, decoded */
    const char *file_name; /* of the document */
    const char *agency;    /* of the key */
    const char *number;    /* number and symbol, of whoever seals; NULL: they are looked for */
    /* The value of a header by its name, decoded; NULL: there is none, or more than one. */
    const char *(*header)(void *context, const char *name);
    void *context;
    int64_t signing_time_utc_secs;
};
/* The lines of a text. lines: has room for VT_MAX_SEAL_LINES; in arena. Returns how many; 0:
 * something of it is not known (*out_why, one sentence), or memory is out (NULL). */
size_t vt_seal_look_lines(struct vt_arena *arena, const struct vt_seal_look *look,
                          const struct vt_seal_words *words, const char **lines,
                          const char **out_why);

/* Number and symbol of a document in a text, such as "2415/SNV-VTLT" or "12/2026/QĐ-UBND"
 * (Nghị định 30/2020/NĐ-CP, Phụ lục I, I.II.3). *out lives in arena. is_file_name: "_" stands for
 * "/", which file names cannot have. False: there is none, or more than one: nobody knows which
 * it is. */
bool vt_seal_number_find(struct vt_arena *arena, const char *text, bool is_file_name,
                         const char **out);

#endif
