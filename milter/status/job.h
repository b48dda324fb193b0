/* SPDX-License-Identifier: Apache-2.0
 * Fetches under way. Each piece of data is fetched once however many mails want it; what comes late
 * is kept for the next mail; what came or failed a moment ago is not fetched again. */
#ifndef VANTHU_STATUS_JOB_H
#define VANTHU_STATUS_JOB_H

#include <poll.h>

#include "status/breaker.h"
#include "status/store.h"
#include "vanthu/wire.h"

#define VT_MAX_JOBS 128
#define VT_JOB_TEXT_BYTES 256

enum vt_job_kind { VT_JOB_OCSP, VT_JOB_CRL, VT_JOB_ISSUER };

struct vt_job_board;

/* What all fetches share. Borrowed, but for the seed. */
struct vt_jobs_setup {
    int fetch_channel; /* client end */
    struct vt_status_store *store;
    const struct vt_trust_store *trust;
    const struct vt_rewrites *rewrites; /* NULL: none */
    /* Allowed hosts, so that fetch is not asked what it would refuse, which it does all the same;
     * NULL: not known. */
    const struct vt_strings *hosts;
    struct vt_breakers *breakers;
    int64_t timeout_msecs;      /* until an answer begins */
    struct vt_metrics *metrics; /* NULL: nobody counts */
    int64_t failure_msecs;      /* how long an address that failed is not asked again */
};

/* What to fetch, and for whom. */
struct vt_job_wish {
    enum vt_job_kind kind;
    const char *url;
    const struct vt_certificate
        *certificate;                    /* OCSP: asked about; ISSUER: whose issuer; CRL: NULL */
    const struct vt_certificate *issuer; /* OCSP, CRL */
};

/* What became of a wish. */
struct vt_job_ticket {
    uint64_t id; /* what done will name; 0: nothing is under way */
    /* On the monotonic clock: until when a mail may wait for it, and from when it asks elsewhere
     * too. */
    int64_t wait_msecs, elsewhere_msecs;
    enum vt_code code; /* id is 0: how it ended a moment ago, or why it is not asked */
    char text[VT_JOB_TEXT_BYTES];
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

/* done is called once for each job, never from within vt_jobs_start. */
enum vt_code vt_jobs_new(const struct vt_jobs_setup *setup, vt_job_done *done, void *context,
                         struct vt_job_board **out, struct vt_err *err) VT_MUST_CHECK;
void vt_jobs_free(struct vt_job_board *board);

/* Begin a fetch, or join one that is under way. patience_msecs: how long a mail waits for a fetch,
 * counted from the beginning of the fetch, so that of many mails only the first ones wait for a
 * slow host. VT_E_BUSY: too many jobs, or issuers asked for in this minute; VT_E_UNSUPPORTED,
 * VT_E_FORMAT: no address to be asked; VT_E_CONFIG: a host that is not allowed. */
enum vt_code vt_jobs_start(struct vt_job_board *board, const struct vt_job_wish *wish,
                           int64_t patience_msecs, struct vt_moment now, struct vt_job_ticket *out,
                           struct vt_err *err) VT_MUST_CHECK;
/* The index-th host that certificates of ours name and that is not allowed, "" beyond the last. */
#define VT_MAX_REFUSED_HOSTS 16
const char *vt_jobs_refused_host(const struct vt_job_board *board, size_t index);
/* True when the host of this address is being left alone; *out_asked: false when it is no address
 * that is ever asked (ldap, a host that is not allowed). */
bool vt_jobs_is_down(const struct vt_job_board *board, struct vt_arena *arena, const char *url,
                     bool *out_asked);

/* For the poll of the owner: at most VT_MAX_JOBS entries are added. */
size_t vt_jobs_poll(const struct vt_job_board *board, struct pollfd *out);
/* Read what came and end what is late. fds: as filled by vt_jobs_poll. */
void vt_jobs_serve(struct vt_job_board *board, const struct pollfd *fds, size_t count,
                   struct vt_moment now);

#endif
