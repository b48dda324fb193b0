/* SPDX-License-Identifier: Apache-2.0
 * Header blocks of mails and MIME parts (RFC 5322 2.2, RFC 2045 3): where they end, and their
 * fields as views. No value is interpreted here. */
#ifndef VANTHU_UNPACK_HEADER_H
#define VANTHU_UNPACK_HEADER_H

#include "vanthu/bytes.h"

/* An entity cut into its header block and its body. */
struct vt_header_block {
    struct vt_bytes entity; /* without the line of an mbox */
    struct vt_bytes fields; /* at most VT_MAX_HEADER_BYTES */
    struct vt_bytes body;
    bool has_nul;
    bool has_bare_cr;
    /* A line that is no field, or a fold of white space alone: programs disagree about where the
     * body begins. */
    bool has_bad_line;
    bool is_too_large;
};

/* One field; both views of the block. value: folds still inside, white space around it removed. */
struct vt_header_field {
    struct vt_bytes name;
    struct vt_bytes value;
};

/* Cut an entity. is_mail: a "From " line of an mbox may stand first. The body begins after the
 * first empty line, or at the first line that can be no field. */
void vt_header_split(struct vt_bytes entity, bool is_mail, struct vt_header_block *out);
/* Take the next field from *rest. False at the end. */
bool vt_header_next(struct vt_bytes *rest, struct vt_header_field *out);
bool vt_header_name_is(const struct vt_header_field *field, const char *name);

#endif
