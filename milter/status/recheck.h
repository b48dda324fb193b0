/* SPDX-License-Identifier: Apache-2.0
 * Certificates whose status a mail wanted and nobody knew: asked for again for 72 hours, so that
 * the clerk can be told when one turns out to be revoked (users.md 1). Of a mail only its reference
 * is kept. When to ask, and what is over, is decided here; asking is the owner's. */
#ifndef VANTHU_STATUS_RECHECK_H
#define VANTHU_STATUS_RECHECK_H

#include "status/source.h"
#include "vanthu/registrar.h"
#include "vanthu/status.h"

#define VT_MAX_RECHECKS 512
#define VT_MAX_RECHECK_REFERENCES 20
#define VT_RECHECK_REFERENCE_BYTES 41
#define VT_RECHECK_SECS ((int64_t)72 * 3600)

struct vt_recheck;

/* One certificate that is waited for. Strings and bytes are the table's. */
struct vt_recheck_item {
    uint64_t id;
    struct vt_bytes certificate, issuer; /* DER */
    const char *name, *issuer_name;      /* for people */
    const char *serial;                  /* hexadecimal */
    int64_t asked_utc_secs;              /* first */
    int64_t next_utc_secs;
    unsigned tries_count;
    char references[VT_MAX_RECHECK_REFERENCES][VT_RECHECK_REFERENCE_BYTES];
    size_t references_count;
};

/* seed: of the jitter. */
enum vt_code vt_recheck_new(uint64_t seed, struct vt_recheck **out,
                            struct vt_err *err) VT_MUST_CHECK;
void vt_recheck_free(struct vt_recheck *recheck);

/* Put a certificate down, or another reference to one that is there. When the table is full, the
 * one that was asked for first is given up, with a line in the log. reference: digits, letters and
 * hyphens, at most 40; anything else is left out, and without any reference nothing is put down. */
void vt_recheck_add(struct vt_recheck *recheck, const struct vt_certificate *certificate,
                    const struct vt_certificate *issuer, const char *reference,
                    int64_t now_utc_secs);
/* The next one whose time has come, counted as tried now: the time after this is 5 minutes,
 * doubled with every try up to an hour, give or take a fifth. What is older than 72 hours is
 * dropped here, with a line for each reference. NULL: none is due. Valid until the next call. */
const struct vt_recheck_item *vt_recheck_next(struct vt_recheck *recheck, int64_t now_utc_secs);
/* Who is told what became known; false: it is told again with the next try. */
void vt_recheck_set_teller(struct vt_recheck *recheck,
                           bool (*tell)(void *context, const struct vt_rechecked *rechecked),
                           void *context);
/* A status became known: one line in the log for each reference that was told, and the certificate
 * is dropped when all of them were. UNKNOWN and UNREACHABLE change nothing. */
void vt_recheck_tell(struct vt_recheck *recheck, uint64_t id, const struct vt_status_fact *fact);
/* The index-th, for a report and for looking whether another mail's answer brought it; NULL: the
 * end. */
const struct vt_recheck_item *vt_recheck_at(const struct vt_recheck *recheck, size_t index);

/* Over a restart: read what a file of this folder holds (a missing or broken file is an empty
 * table), and write it when something changed. folder: copied. */
void vt_recheck_keep_in(struct vt_recheck *recheck, const char *folder, int64_t now_utc_secs);
void vt_recheck_save(struct vt_recheck *recheck);

#endif
