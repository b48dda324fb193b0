/* SPDX-License-Identifier: Apache-2.0
 * vanthu register recheck: what its parts share. */
#ifndef VANTHU_COMMAND_RECHECK_H
#define VANTHU_COMMAND_RECHECK_H

#include "command/register.h"
#include "vanthu/role.h"

/* An object that the verdicts rest on and that cannot be had. */
enum vt_absence {
    VT_ABSENT_MISSING = 0, /* it never came, or nobody says where it went */
    VT_ABSENT_TOO_LARGE,   /* register.largest-object */
    VT_ABSENT_ALTERED      /* the bytes that are there have another digest */
};
struct vt_absent {
    enum vt_object_kind kind;
    char sha256[65];
    int64_t size_bytes; /* 0: not known */
    enum vt_absence why;
};

/* In what a signature is judged otherwise now; bits. */
enum vt_difference {
    VT_DIFFERS_VERDICT = 1 << 0, /* indication, sub-indication */
    VT_DIFFERS_REASONS = 1 << 1,
    VT_DIFFERS_INTEGRITY = 1 << 2,
    VT_DIFFERS_PATH = 1 << 3, /* certificates, trust set */
    VT_DIFFERS_STATUS = 1 << 4,
    VT_DIFFERS_TIME = 1 << 5,
    VT_DIFFERS_TIMESTAMPS = 1 << 6
};
#define VT_DIFFERENCES 7

struct vt_recheck {
    struct vt_register_desk *desk;
    struct vt_arena *arena;
    struct vt_register_record record; /* DECIDED, with evidence */
    struct vt_object_list objects;    /* what could be had, and the evidence */
    struct vt_absent *absent;
    size_t absent_count;
    char documents[VT_MAX_GIVEN_DOCUMENTS][65]; /* digests of those given */
    size_t documents_count;
    const struct vt_evidence *now; /* documents and signatures in the order of the record */
};

/* Load what the record rests on; find what is absent. VT_OK, VT_E_NOMEM, VT_E_SYSTEM. */
enum vt_code vt_recheck_gather(struct vt_recheck *recheck, struct vt_err *err) VT_MUST_CHECK;
/* True when the signature names an object that is absent. */
bool vt_recheck_lacks(const struct vt_recheck *recheck, const struct vt_signature *then);
/* Bits of enum vt_difference. */
unsigned vt_recheck_compare(const struct vt_signature *then, const struct vt_signature *now);
/* "verdict", "reasons", …; bit: its number. */
const char *vt_recheck_difference_name(unsigned bit);
/* True when the document was given, so that nothing of it is taken from the record. */
bool vt_recheck_is_given(const struct vt_recheck *recheck, const struct vt_document *document);

/* The result for a person, or as one line of JSON. */
void vt_recheck_print_text(const struct vt_recheck *recheck, FILE *out);
enum vt_code vt_recheck_print_json(const struct vt_recheck *recheck,
                                   struct vt_err *err) VT_MUST_CHECK;

#endif
