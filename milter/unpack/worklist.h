/* SPDX-License-Identifier: Apache-2.0
 * The worklist of unpacking: places that are still to be looked at, the parts found so far, and
 * the totals they share. Depth lives here and never on the C stack. */
#ifndef VANTHU_UNPACK_WORKLIST_H
#define VANTHU_UNPACK_WORKLIST_H

#include "vanthu/unpack.h"

enum vt_unpack_kind {
    VT_UNPACK_ENTITY, /* header block and body: a MIME part, or the whole of a mail */
    VT_UNPACK_FILE    /* a file without headers */
};

/* One place that is to be looked at. */
struct vt_unpack_item {
    enum vt_unpack_kind kind;
    struct vt_bytes bytes;
    size_t parent; /* VT_NO_PART for the input */
    unsigned depth;
    /* The place is prefix and number; prefix ends with its separator, or is empty. A root with
     * children is the place of its prefix alone, so that "2" is the second part of a mail. */
    const char *prefix;
    unsigned number;
    const char *name; /* of a file */
    bool is_root;     /* the entity of a mail or of an opaque signature, not one of several */
    bool is_mail_by_default; /* within multipart/digest (RFC 2046 5.1.5) */
    bool nested;
    bool covered;
    bool is_signature; /* the second part of a multipart/signed */
};

/* What the room knows of a part besides the public fields. */
struct vt_unpack_extra {
    struct vt_bytes boundary; /* of a multipart */
    struct vt_bytes headers;
    bool is_ambiguous; /* programs may read its structure differently */
};

struct vt_unpack_work {
    struct vt_arena *arena;
    struct vt_unpacked *unpacked;
    struct vt_unpack_extra *extras; /* beside unpacked->parts */
    struct vt_unpack_item *items;   /* a stack: the order of the parts is that of the mail */
    size_t items_count;
    size_t places_count; /* parts and items that ever were */
    size_t unpacked_bytes;
    size_t scanned_bytes;
    bool limit_reached;     /* something was not looked at */
    bool is_below_received; /* in the header of the outermost mail */
    enum vt_code code;      /* the first fault; sticky, checked once per item */
};

/* Put an item on the list, or report the limit it breaks at part item->parent. */
void vt_work_push(struct vt_unpack_work *work, const struct vt_unpack_item *item);
/* Turn around the items from first on: pushed in the order of the mail, taken in it too. */
void vt_work_reverse(struct vt_unpack_work *work, size_t first);
bool vt_work_pop(struct vt_unpack_work *work, struct vt_unpack_item *out);

/* Append a part for an item. Returns its index, VT_NO_PART after a fault. */
size_t vt_work_add_part(struct vt_unpack_work *work, const struct vt_unpack_item *item);
/* Borrowed until the next vt_work_add_part. */
struct vt_part *vt_work_part(struct vt_unpack_work *work, size_t index);

/* A finding and its reason (VT_REASON_COUNT: none) about one part. */
void vt_work_blame(struct vt_unpack_work *work, size_t index, enum vt_reason reason,
                   const char *text);
/* The same about the structure: programs may disagree about what is there. Unless it is a nested
 * mail, the outermost one is told too. */
void vt_work_blame_structure(struct vt_unpack_work *work, size_t index, enum vt_reason reason,
                             const char *text);
/* A limit was reached: part and mail are TOO_LARGE. */
void vt_work_limit(struct vt_unpack_work *work, size_t index, const char *text);
/* Account for bytes that are unpacked or scanned. False when the limit of all of them is reached;
 * the part has been told. */
bool vt_work_take_unpacked(struct vt_unpack_work *work, size_t index, size_t len);
bool vt_work_take_scanned(struct vt_unpack_work *work, size_t index, size_t len);

/* "2.1/name.eml/": where the children of part index are, it being a mail or a container. */
const char *vt_work_prefix_inside(struct vt_unpack_work *work, size_t index,
                                  const char *name_when_none);
/* Record a fault. Returns true while there is none. */
bool vt_work_check(struct vt_unpack_work *work, enum vt_code code);
/* The same for what the arena gave: NULL is VT_E_NOMEM. */
static inline bool vt_work_has(struct vt_unpack_work *work, const void *memory)
{
    return vt_work_check(work, memory == NULL ? VT_E_NOMEM : VT_OK) && memory != NULL;
}

#endif
