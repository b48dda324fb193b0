/* SPDX-License-Identifier: Apache-2.0
 * What the parts of the outbox share. */
#ifndef VANTHU_REGISTER_OUTBOX_INTERNAL_H
#define VANTHU_REGISTER_OUTBOX_INTERNAL_H

#include "register/outbox.h"
#include "vanthu/notice.h"

struct vt_outbox {
    const struct vt_config *config;
    struct vt_metrics *metrics;
    struct vt_policy *policy; /* NULL: none */
    struct vt_notice_words *words;
    int64_t counted_msecs; /* when the queue was last counted */
    int64_t turned_msecs;  /* when the queue was last looked at */
    int64_t expired_msecs; /* when what is too old was */
    int64_t told_msecs;    /* when a fault was last logged; 0: never */
    size_t places_count;
    int64_t leases[]; /* of each place: what it has; 0: nothing */
};

/* Nobody is told anything: what was owed before waits. */
bool vt_outbox_is_closed(const struct vt_outbox *outbox);
/* When an attempt that failed is followed by the next. */
int64_t vt_outbox_retry_secs(const struct vt_outbox *outbox, unsigned attempts_count);
/* End a row, count and log it. */
enum vt_code vt_outbox_end(struct vt_outbox *outbox, struct vt_register *reg,
                           const struct vt_queued *owed, const struct vt_queued_end *end,
                           struct vt_err *err) VT_MUST_CHECK;
/* End a row whose mails were all overruled since. */
enum vt_code vt_outbox_take_back(struct vt_outbox *outbox, struct vt_register *reg,
                                 const struct vt_queued *owed, struct vt_err *err) VT_MUST_CHECK;
/* Write one that is due, or do with it what is to be done instead. VT_E_NOT_FOUND: none is. */
enum vt_code vt_outbox_write_one(struct vt_outbox *outbox, struct vt_register *reg,
                                 struct vt_err *err) VT_MUST_CHECK;

#endif
