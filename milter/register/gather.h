/* SPDX-License-Identifier: Apache-2.0
 * What a notice is written from: the records that it tells of, read back from the register. */
#ifndef VANTHU_REGISTER_GATHER_H
#define VANTHU_REGISTER_GATHER_H

#include "register/queued.h"
#include "vanthu/notice.h"

/* Transactions of a circular, or mails of a list, that one notice tells of by name. */
#define VT_MAX_GATHERED 200
#define VT_GATHER_ARENA_BYTES ((size_t)64 * 1024 * 1024)

struct vt_gather {
    struct vt_register *reg;
    struct vt_arena *arena; /* for everything that is gathered */
    const struct vt_queued *owed;
    int64_t now_utc_secs;
    struct vt_err *err;
};

/* Fill what the records say into input; its kind, recipient, configuration, words and Message-ID
 * are the caller's. VT_E_NOT_FOUND: what it is about was destroyed, or is secret: nothing can be
 * told. VT_E_UNSUPPORTED: there is no such kind. VT_E_LIMIT, VT_E_FORMAT: it cannot be read. */
enum vt_code vt_gather(const struct vt_gather *gather, struct vt_notice_input *input) VT_MUST_CHECK;

/* With a record of no mail, kind LIST, OFFICER or DIGEST: the mails of a period or those that are
 * held, the lines of a digest (gather_period.c, gather_digest.c). input: kind, recipient and site
 * are set; of a digest its period, too. Errors as vt_gather. */
enum vt_code vt_gather_period(const struct vt_gather *gather,
                              const struct vt_register_record *record,
                              struct vt_notice_input *input) VT_MUST_CHECK;
enum vt_code vt_gather_digest(const struct vt_gather *gather,
                              struct vt_notice_input *input) VT_MUST_CHECK;

/* A record by its number, read into arena. *out_time may be NULL. VT_E_NOT_FOUND: it is not there,
 * or has no body. */
enum vt_code vt_gather_record(const struct vt_gather *gather, int64_t seq,
                              struct vt_register_record *out) VT_MUST_CHECK;
/* A mail as its DECIDED record says it. VT_E_NOT_FOUND: it is secret. */
enum vt_code vt_gather_mail(const struct vt_gather *gather, int64_t seq,
                            struct vt_notice_mail *out) VT_MUST_CHECK;

#endif
