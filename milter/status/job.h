/* SPDX-License-Identifier: Apache-2.0
 * Fetches under way. Each piece of data is fetched once however many mails want it; what comes late
 * is kept for the next mail; what came or failed a moment ago is not fetched again. */
#ifndef VANTHU_STATUS_JOB_H
#define VANTHU_STATUS_JOB_H

#include <poll.h>

#include "status/store.h"
#include "vanthu/wire.h"

#define VT_MAX_JOBS 128
#define VT_JOB_TEXT_BYTES 256

enum vt_job_kind { VT_JOB_OCSP, VT_JOB_CRL, VT_JOB_ISSUER };

struct vt_job_board;

/* What to fetch, and for whom. */
struct vt_job_wish {
    enum vt_job_kind kind;
    const char *url;
    const struct vt_certificate
        *certificate;                    /* OCSP: asked about; ISSUER: whose issuer; CRL: NULL */
    const struct vt_certificate *issuer; /* OCSP, CRL */
};

/* Result of one, for those who wait for it. */
struct vt_job_result {
    uint64_t id;
    enum vt_job_kind kind;
    enum vt_code code; /* VT_OK: it is in the store, or in issuer_der */
    char text[VT_JOB_TEXT_BYTES];
    struct vt_bytes issuer_der; /* ISSUER: valid during the callback only */
};
typedef void vt_job_done(void *context, const struct vt_job_result *result);

/* fetch_channel: client end; store and trust: borrowed. failure_msecs: how long a source that
 * failed is left alone. done is called once for each job, never from within vt_jobs_start. */
enum vt_code vt_jobs_new(int fetch_channel, struct vt_status_store *store,
                         const struct vt_trust_store *trust, int64_t timeout_msecs,
                         int64_t failure_msecs, vt_job_done *done, void *context,
                         struct vt_job_board **out, struct vt_err *err) VT_MUST_CHECK;
void vt_jobs_free(struct vt_job_board *board);

/* Begin a fetch, or join one that is under way. *out_id: what done will name; 0 when it was tried a
 * moment ago, then *out_code and out_text say how that ended. VT_E_BUSY: too many jobs. */
enum vt_code vt_jobs_start(struct vt_job_board *board, const struct vt_job_wish *wish,
                           uint64_t *out_id, enum vt_code *out_code,
                           char out_text[VT_JOB_TEXT_BYTES], struct vt_err *err) VT_MUST_CHECK;

/* For the poll of the owner: at most VT_MAX_JOBS entries are added. */
size_t vt_jobs_poll(const struct vt_job_board *board, struct pollfd *out);
/* Read what came and end what is late. fds: as filled by vt_jobs_poll. */
void vt_jobs_serve(struct vt_job_board *board, const struct pollfd *fds, size_t count,
                   int64_t now_utc_secs);

#endif
