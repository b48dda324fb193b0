/* SPDX-License-Identifier: Apache-2.0
 * Objects: the bytes that a verdict rests on (certificates, CRLs, OCSP responses, time stamp
 * tokens), as they travel from whoever has them to the register, each named by its digest (legal.md
 * */
#ifndef VANTHU_OBJECT_H
#define VANTHU_OBJECT_H

#include "vanthu/bytes.h"
#include "vanthu/limits.h"

/* The numbers stand in the files. */
enum vt_object_kind {
    VT_OBJECT_NONE = 0,
    VT_OBJECT_CERTIFICATE = 1,
    VT_OBJECT_CRL = 2,
    VT_OBJECT_OCSP = 3,
    VT_OBJECT_TIMESTAMP = 4,
    /* Of an inspection of a record, never of a register: what was found out, as JSON, and files
     * that were signed. */
    VT_OBJECT_EVIDENCE = 5,
    VT_OBJECT_DOCUMENT = 6,
    VT_OBJECT_POLICY = 7, /* of an event: the policy that was loaded, as a bundle */
    VT_OBJECT_KINDS
};

/* Who brought it, in the order of enum vt_status_origin: what a sender chose proves less. */
enum vt_object_from { VT_OBJECT_EMBEDDED = 0, VT_OBJECT_GIVEN, VT_OBJECT_FETCHED, VT_OBJECT_FROMS };

struct vt_object {
    enum vt_object_kind kind;
    enum vt_object_from from;
    char sha256[65];       /* a claim of whoever wrote it */
    uint32_t size_bytes;   /* of the object; 0: not known */
    struct vt_bytes bytes; /* empty: they are not here */
};

/* "certificate", "crl", "ocsp", "timestamp", "evidence", "document", "policy"; and "embedded",
 * "given", "fetched". Never NULL. */
const char *vt_object_kind_name(enum vt_object_kind kind);
const char *vt_object_from_name(enum vt_object_from from);
/* Back; VT_OBJECT_NONE and VT_OBJECT_EMBEDDED for a word that there is not. */
enum vt_object_kind vt_object_kind_by_name(const char *name);
enum vt_object_from vt_object_from_by_name(const char *name);

/* A list in which each object stands once; begins as zero but for its arena. */
struct vt_object_list {
    struct vt_arena *arena;
    struct vt_object *items;
    size_t count;
};
/* Add an object. One that is there already takes over bytes it did not have and the better origin;
 * one more than VT_MAX_OBJECTS is left out. list: NULL is allowed. The bytes are not copied.
 * VT_OK, VT_E_NOMEM. */
enum vt_code vt_object_list_add(struct vt_object_list *list,
                                const struct vt_object *object) VT_MUST_CHECK;

/* A sealed memory file of objects. Of one that would make it larger than max_bytes only the name
 * goes in. *out_fd is the caller's. VT_E_SYSTEM, VT_E_NOMEM. */
enum vt_code vt_objects_seal(const struct vt_object *items, size_t count, size_t max_bytes,
                             int *out_fd, struct vt_err *err) VT_MUST_CHECK;
/* Read one. *out lives in arena, its bytes are views of file. VT_E_FORMAT, VT_E_LIMIT (more than
 * VT_MAX_OBJECTS), VT_E_NOMEM. */
enum vt_code vt_objects_read(struct vt_arena *arena, struct vt_bytes file, struct vt_object **out,
                             size_t *out_count, struct vt_err *err) VT_MUST_CHECK;

#endif
