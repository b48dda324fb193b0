/* SPDX-License-Identifier: Apache-2.0
 * The steps of sealing a mail; inside this room only. */
#ifndef VANTHU_SEAL_MESSAGE_STEPS_H
#define VANTHU_SEAL_MESSAGE_STEPS_H

#include "seal/cms.h"
#include "seal/encode.h"
#include "unpack/header.h"
#include "vanthu/seal_message.h"
#include "vanthu/unpack.h"

enum vt_part_encoding {
    VT_PART_PLAIN = 0, /* 7bit, 8bit, binary, or nothing said */
    VT_PART_QUOTED_PRINTABLE,
    VT_PART_BASE64,
    VT_PART_OTHER
};

/* One piece of what is signed: a view, or what a view becomes. */
enum vt_piece_kind {
    VT_PIECE_COPY = 0,
    VT_PIECE_CANONICAL,        /* with CRLF line ends */
    VT_PIECE_QUOTED_PRINTABLE, /* encoded anew */
    VT_PIECE_BASE64,
    VT_PIECE_BASE64_OF_TEXT /* the same of the canonical form */
};
struct vt_piece {
    enum vt_piece_kind kind;
    enum vt_part_encoding from; /* how the view is encoded */
    struct vt_bytes bytes;
    struct vt_bytes more; /* of base64: what follows */
};

/* What is signed, as pieces in order. */
struct vt_seal_entity {
    struct vt_piece *pieces;
    size_t count;
    unsigned reencoded_count;
    unsigned unprotected_count;
    /* Something in it has to stay as it is and may not arrive so; a sentence. */
    const char *fragile;
    const char *malformed;
    size_t replaced_count;
    bool is_root_replaced;
};

/* message_left.c: why a mail is left alone, or READY. *out_why: a sentence. */
enum vt_seal_message_word vt_seal_message_left(const struct vt_unpacked *unpacked,
                                               const struct vt_seal_message_plan *plan,
                                               const char **out_why);

/* message_entity.c: divide the mail; in the bare form what follows its header. Views of mail, and
 * texts in arena. VT_E_NOMEM. */
enum vt_code vt_seal_entity_plan(struct vt_arena *arena, struct vt_bytes mail,
                                 const struct vt_unpacked *unpacked,
                                 const struct vt_seal_message_plan *plan,
                                 struct vt_seal_entity *out) VT_MUST_CHECK;
/* Write it. VT_E_NOMEM. */
enum vt_code vt_seal_entity_put(const struct vt_seal_entity *entity,
                                struct vt_sink *sink) VT_MUST_CHECK;

/* ---- message_fields.c: header blocks ---- */

/* What the block of a part says that matters here. */
struct vt_part_fields {
    enum vt_part_encoding encoding;
    bool says_encoding;
    bool says_wide; /* 8bit or binary */
    bool says_type;
    bool has_method; /* of text/calendar (RFC 5546) */
    bool is_doubled; /* more than one of a field that decides how the body is read */
};
struct vt_part_fields vt_part_fields_read(struct vt_bytes fields);

struct vt_fields_job {
    struct vt_bytes fields;
    const char *encoding;  /* what Content-Transfer-Encoding is to say; NULL: as it is */
    const char *more;      /* whole fields to be added, or NULL */
    bool is_new_content;   /* of a part with new content: what was said of the old one goes */
    bool is_root;          /* only Content fields, they being those of the whole mail */
    bool protects_headers; /* of the root: copies of the others, and hp="clear" */
};
/* The block as it is to stand in what is signed, without the empty line; a view where nothing has
 * to change. *out_is_fragile: it holds 8-bit text or long lines that have no other form.
 * VT_E_NOMEM.
 */
enum vt_code vt_fields_write(struct vt_arena *arena, const struct vt_fields_job *job,
                             struct vt_bytes *out, bool *out_is_fragile,
                             unsigned *out_unprotected_count) VT_MUST_CHECK;

/* Fields that hold for one content only: its digest, its length (RFC 1864). */
bool vt_field_is_of_content(const struct vt_header_field *field);
/* The value of a Content-Disposition without its size (RFC 2183 2.7). VT_E_NOMEM, VT_E_LIMIT. */
enum vt_code vt_disposition_put(struct vt_buf *out, struct vt_bytes value) VT_MUST_CHECK;

/* ---- message_words.c: header text in ASCII ---- */

/* Raw UTF-8 as encoded-words (RFC 2047), folded. VT_E_FORMAT: it is no UTF-8, or holds
 * encoded-words already. */
enum vt_code vt_words_encode(struct vt_buf *out, struct vt_bytes value) VT_MUST_CHECK;
/* The value of a Content-Type or Content-Disposition with raw UTF-8 in its parameters as RFC 2231
 * has them. VT_E_FORMAT: there is raw text elsewhere, or it is no UTF-8. */
enum vt_code vt_parameters_encode(struct vt_buf *out, struct vt_bytes value) VT_MUST_CHECK;

#endif
