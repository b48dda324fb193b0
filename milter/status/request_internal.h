/* SPDX-License-Identifier: Apache-2.0
 * A request from inside: what it wants, and what has become of that. */
#ifndef VANTHU_STATUS_REQUEST_INTERNAL_H
#define VANTHU_STATUS_REQUEST_INTERNAL_H

#include "status/request.h"

/* Statuses and issuers of one mail that are looked after. */
#define VT_MAX_WANTED 256
#define VT_MAX_REQUEST_ADDRESSES 8
#define VT_REQUEST_TEXT_BYTES 500

enum vt_request_stage { STAGE_NEW = 0, STAGE_OCSP, STAGE_CRL, STAGE_OVER };

/* A fetch that a want waits for. */
struct vt_request_wait {
    uint64_t id;
    int64_t until_msecs, elsewhere_msecs;
};

/* One certificate whose status, or whose issuer, is wanted. */
struct vt_request_want {
    const struct vt_certificate *certificate, *issuer; /* issuer NULL: it is what is wanted */
    enum vt_request_stage stage;
    struct vt_request_wait waits[2 * VT_MAX_REQUEST_ADDRESSES];
    size_t waits_count;
    bool done;
    bool has_unknown_issuer; /* its issuer is no CA that leads to an anchor */
    bool is_stranger;        /* nothing is fetched for it */
    bool is_responder;       /* of OCSP: asking OCSP about it would go round in circles */
    bool has_fact;           /* in force, though not young */
    struct vt_status_fact fact;
    bool has_lists; /* that speak about it together, or by another signer: judgement needs them */
    bool is_not_known;                /* a responder said that it does not know the certificate */
    bool is_stale;                    /* what came was no longer in force */
    char text[VT_REQUEST_TEXT_BYTES]; /* what failed, for the administrator */
    /* issuer wanted */
    unsigned chain;     /* links fetched so far */
    bool was_reachable; /* false: only that keeps a certificate from being a stranger's */
    bool not_found;
};

struct vt_status_request {
    const struct vt_status_desk *desk;
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    char reference[VT_RECHECK_REFERENCE_BYTES]; /* of the mail; "": none */
    int64_t patience_msecs, deadline_msecs;
    struct vt_request_want wants[VT_MAX_WANTED];
    size_t wants_count;
    struct vt_bytes issuers[VT_MAX_WANTED];
    size_t issuers_count;
    const struct vt_crl_list *lists[VT_MAX_ANSWER_LISTS];
    unsigned issuer_fetches_count;
};

/* Put down one more; issuer NULL: that is what is wanted. NULL: there are too many. */
struct vt_request_want *vt_request_add_want(struct vt_status_request *request,
                                            const struct vt_certificate *certificate,
                                            const struct vt_certificate *issuer);
/* Look into the store: fact, lists, whether that will do. */
void vt_request_look(struct vt_status_request *request, struct vt_request_want *want,
                     struct vt_moment now);

#endif
