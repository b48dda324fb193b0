/* SPDX-License-Identifier: Apache-2.0
 * The wants of one mail: what is at hand is answered at once, the rest is fetched, and at the
 * deadline the mail gets what there is (design.md 2: budgets). */
#ifndef VANTHU_STATUS_REQUEST_H
#define VANTHU_STATUS_REQUEST_H

#include "status/job.h"
#include "status/recheck.h"

struct vt_status_request;
struct vt_metrics;

/* What all requests share. Borrowed. */
struct vt_status_desk {
    struct vt_status_store *store;
    const struct vt_trust_store *trust;
    struct vt_job_board *jobs;
    int64_t budget_msecs;       /* from the message to the answer */
    struct vt_recheck *recheck; /* what stays unknown is checked again later; NULL: it is not */
};

/* Take a STATUS message: the reference of the mail, one memory file with wants. Starts what has to
 * be fetched. *out is freed with vt_status_request_free. */
enum vt_code vt_status_request_new(const struct vt_status_desk *desk,
                                   const struct vt_message *message, struct vt_moment now,
                                   struct vt_status_request **out,
                                   struct vt_err *err) VT_MUST_CHECK;
/* Ask once more for the status of one certificate, for which no mail waits. DER. */
enum vt_code vt_status_request_again(const struct vt_status_desk *desk, struct vt_bytes certificate,
                                     struct vt_bytes issuer, int64_t patience_msecs,
                                     struct vt_moment now, struct vt_status_request **out,
                                     struct vt_err *err) VT_MUST_CHECK;
void vt_status_request_free(struct vt_status_request *request);
/* A job ended: note how. */
void vt_status_request_note(struct vt_status_request *request, const struct vt_job_result *result);
/* Go on: look again at what is open, start the next sources. True: complete, or out of time. */
bool vt_status_request_advance(struct vt_status_request *request, struct vt_moment now);
/* Monotonic time at which advance has to be called at the latest. */
int64_t vt_status_request_wake_msecs(const struct vt_status_request *request, struct vt_moment now);
/* Which of its certificates were known, were fetched or stay unknown, when it is answered. */
void vt_status_request_count(const struct vt_status_request *request, struct vt_metrics *metrics);
/* The answer as far as it goes, and what stays unknown is put down for later. *out lives in the
 * request. */
void vt_status_request_answer(struct vt_status_request *request, struct vt_moment now,
                              struct vt_known *out);

#endif
