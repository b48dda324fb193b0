/* SPDX-License-Identifier: Apache-2.0
 * Fetches from inside: job.c begins them, job_end.c takes what they bring. */
#ifndef VANTHU_STATUS_JOB_INTERNAL_H
#define VANTHU_STATUS_JOB_INTERNAL_H

#include "status/fetched.h"
#include "status/job.h"

#define VT_MAX_RECENT_JOBS 256

struct vt_job {
    int fd; /* -1: free */
    uint64_t id;
    char key[65];
    int64_t begun_msecs, until_msecs;
    enum vt_job_kind kind;
    int64_t wait_msecs, elsewhere_msecs; /* as in its ticket */
    struct vt_source source;
    struct vt_arena *arena; /* of the source and the certificates */
    struct vt_certificate_pool *pool;
    const struct vt_certificate *certificate, *issuer;
    uint8_t nonce[VT_OCSP_NONCE_BYTES];
};

struct vt_job_recent {
    char key[65];
    enum vt_code code;
    int64_t until_msecs;
    char text[VT_JOB_TEXT_BYTES];
};

struct vt_job_board {
    struct vt_jobs_setup setup;
    vt_job_done *done;
    void *context;
    struct vt_job jobs[VT_MAX_JOBS];
    struct vt_job_recent recent[VT_MAX_RECENT_JOBS];
    size_t recent_next;
    char refused[VT_MAX_REFUSED_HOSTS][VT_SOURCE_HOST_BYTES];
    size_t refused_count;
    int64_t minute_msecs; /* when this minute of issuers began */
    unsigned issuers_count;
    uint64_t last_id;
    struct vt_message message;
};

/* Its place is free again. */
void vt_job_clear(struct vt_job *job);

#endif
