/* SPDX-License-Identifier: Apache-2.0
 * The words of notices inside of this room: fields, parsed frames, reasons. vanthu-notices(5) has
 * the form of the files. */
#ifndef VANTHU_NOTICE_WORDS_H
#define VANTHU_NOTICE_WORDS_H

#include "vanthu/notice.h"

/* One file; the largest shipped one has 9 KB. */
#define VT_MAX_NOTICE_FILE_BYTES (64u * 1024)
/* What stands in a line of a frame; people read and mend these files. */
#define VT_MAX_FRAME_LINE 120
/* Columns of the text of a notice. */
#define VT_NOTICE_COLUMNS 72

enum vt_notice_language { VT_NOTICE_VIETNAMESE = 0, VT_NOTICE_ENGLISH, VT_NOTICE_LANGUAGES };
/* "vi", "en": folders, and the attribute lang of HTML. */
extern const char *const vt_notice_language_names[VT_NOTICE_LANGUAGES];

/* ---- fields ---- */

enum vt_notice_field {
    VT_FIELD_REFERENCE = 0,
    VT_FIELD_SUBJECT,
    VT_FIELD_SENDING_OFFICE,
    VT_FIELD_SENDER,
    VT_FIELD_RECIPIENTS,
    VT_FIELD_TIME,
    VT_FIELD_REASON,
    VT_FIELD_TO_DO,
    VT_FIELD_LEGAL_BASIS,
    VT_FIELD_FAILING_COUNT,
    VT_FIELD_FILES_COUNT,
    VT_FIELD_COMMENT,
    VT_FIELD_BY,
    VT_FIELD_EARLIER_REFERENCE,
    VT_FIELD_EARLIER_DATE,
    VT_FIELD_FROM,
    VT_FIELD_UNTIL,
    VT_FIELD_MAILS_COUNT,
    VT_FIELD_ADDRESSEE,
    VT_FIELD_OFFICE,
    VT_FIELD_HOST,
    VT_FIELD_CONTACT,
    /* blocks: each stands on a line of its own */
    VT_FIELD_FILES,
    VT_FIELD_FACTS,
    VT_FIELD_RECIPIENT_LIST,
    VT_FIELD_MAILS,
    VT_FIELD_LINES,
    VT_FIELDS
};
struct vt_notice_field_info {
    const char *names[VT_NOTICE_LANGUAGES];
    unsigned kinds; /* bits of enum vt_notice_kind that have it */
    bool is_block;
    bool is_sure;     /* it is known in every notice that has it */
    const char *what; /* one English line, for the manual's test and `notice check` */
};
const struct vt_notice_field_info *vt_notice_field_info(enum vt_notice_field field);
/* By its name in either language. VT_OK, VT_E_NOT_FOUND. */
enum vt_code vt_notice_field_by_name(struct vt_bytes name, enum vt_notice_field *out);
/* The name in that language nearest to a misspelt one, of those that the kind has; or NULL. */
const char *vt_notice_field_suggest(struct vt_bytes name, enum vt_notice_language language,
                                    enum vt_notice_kind kind);

/* ---- frames ---- */

struct vt_notice_piece {
    enum vt_notice_piece_kind {
        VT_PIECE_TEXT = 0,
        VT_PIECE_FIELD,
        VT_PIECE_BREAK, /* a line ends here */
        VT_PIECE_OPEN,  /* [: what follows is left out when one of its fields is not known */
        VT_PIECE_CLOSE
    } kind;
    enum vt_notice_field field;
    const char *text;
};
struct vt_notice_paragraph {
    struct vt_notice_piece *pieces;
    size_t count;
    bool is_small; /* behind the line --- */
    bool is_block; /* pieces[0] is its field */
};
struct vt_notice_frame {
    struct vt_notice_paragraph subject;
    struct vt_notice_paragraph headline;
    /* In the place of headline, when some recipients got the mail and others did not. */
    struct vt_notice_paragraph partly;
    struct vt_notice_paragraph *paragraphs;
    size_t count;
};
struct vt_notice_words {
    struct vt_arena *arena;
    struct vt_notice_frame frames[VT_NOTICE_LANGUAGES][VT_NOTICE_KINDS];
    struct vt_notice_reason_words {
        const char *reason, *to_do;
    } reasons[VT_NOTICE_LANGUAGES][VT_REASON_COUNT];
};

/* One file that is being read. */
struct vt_notice_source {
    const char *file; /* for messages */
    struct vt_bytes text;
    enum vt_notice_language language;
    struct vt_mistakes *mistakes;
    struct vt_arena *arena; /* of the words */
};
/* UTF-8 in NFC without control characters; mistakes otherwise. False: it cannot be read further. */
bool vt_notice_text_check(const struct vt_notice_source *source);
/* Read a frame; mistakes are added. VT_OK, VT_E_NOMEM. */
enum vt_code vt_notice_frame_parse(const struct vt_notice_source *source, enum vt_notice_kind kind,
                                   struct vt_notice_frame *out);
/* Read reasons.yaml. What it does not have stays NULL, with a warning. VT_OK, VT_E_NOMEM. */
enum vt_code vt_notice_reasons_parse(const struct vt_notice_source *source,
                                     struct vt_notice_reason_words out[VT_REASON_COUNT],
                                     struct vt_err *err);
/* "vi/refused.txt", and its bytes as they are built in; out->ptr NULL: there is no such file. */
struct vt_bytes vt_notice_builtin(const char *path);
/* The path of every file there is, by number; NULL behind the last. */
const char *vt_notice_builtin_path(size_t index);

#endif
