/* SPDX-License-Identifier: Apache-2.0
 * What a notice is about, found out once for both languages and all forms: which files are not in
 * order, who got the mail and who did not. Nothing of a mail marked secret gets in. */
#ifndef VANTHU_NOTICE_VIEW_H
#define VANTHU_NOTICE_VIEW_H

#include "notice/words.h"

/* A name or address from a mail, in a notice. */
#define VT_NOTICE_NAME_BYTES 160

/* How a file stands. The order is that in which they are shown. */
enum vt_notice_file_state {
    VT_FILE_FAILING = 0, /* something is wrong with it, or missing */
    VT_FILE_UNCHECKED,   /* it could not be checked, which is not the sender's fault */
    VT_FILE_VALID,       /* every signature of it is valid */
    VT_FILE_OTHER        /* nothing to be said of it */
};
struct vt_notice_file_view {
    size_t index; /* in the evidence */
    enum vt_notice_file_state state;
    vt_reasons reasons; /* that are told */
};
/* Recipients with one outcome, each address once. */
struct vt_notice_group {
    enum vt_register_outcome outcome;
    const char **addresses; /* sorted */
    size_t count;
    size_t agencies; /* of them; 0: not every address belongs to one that is known */
};
struct vt_notice_view {
    const struct vt_notice_input *input;
    struct vt_arena *arena;
    const struct vt_notice_mail *first; /* NULL: no mail */
    const struct vt_evidence *evidence; /* of first, NULL: none that may be told */
    const struct vt_mail *mail;         /* the same */
    bool is_secret;
    struct vt_notice_file_view *files; /* failing ones first */
    size_t files_count;                /* without inline texts and pictures */
    size_t state_counts[VT_FILE_OTHER + 1];
    vt_reasons mail_reasons; /* of the mail as a whole, that are told */
    enum vt_reason reason;   /* that decided; VT_REASON_COUNT: none */
    struct vt_notice_group groups[VT_OUTCOMES];
    struct vt_notice_group all; /* everybody, whatever the outcome */
    bool is_mixed;              /* some recipients have what the notice tells, and others do not */
};
/* out: strings in arena or borrowed of input. VT_E_NOMEM. */
enum vt_code vt_notice_view(struct vt_arena *arena, const struct vt_notice_input *input,
                            struct vt_notice_view *out) VT_MUST_CHECK;
/* Of one mail of a list: whether nothing of it may be told. */
bool vt_notice_mail_is_secret(const struct vt_notice_mail *mail);
/* The first reason that is told of a mail; VT_REASON_COUNT: none. */
enum vt_reason vt_notice_mail_reason(const struct vt_notice_mail *mail);
/* Text of a mail made safe and cut, in arena; NULL for NULL, "" and no memory. */
const char *vt_notice_clean(struct vt_arena *arena, const char *text, size_t max_bytes);
/* The seven facts are shown of a signature that is not in order. */
bool vt_notice_signature_is_shown(const struct vt_signature *signature);

#endif
