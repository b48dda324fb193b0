/* SPDX-License-Identifier: Apache-2.0
 * What the verdicts of one mail rest on, brought together for its record: what the mail brought
 * comes from the inspector, what was fetched from the status role. A mail never fails for it and
 * hardly waits: what cannot be had in time is named as missing. */
#ifndef VANTHU_GATEWAY_BRING_H
#define VANTHU_GATEWAY_BRING_H

#include "gateway/gateway.h"

struct vt_brought {
    struct vt_held *held;
    int fds[VT_MAX_RECORD_OBJECTS_FILES]; /* of the record */
    size_t fds_count;
    /* What the status role gave: held by the register once the record is committed. */
    char (*fetched)[65];
    size_t fetched_count;
};

/* inspected_fd: what the inspector answered, taken over; -1: nothing. deadline_msecs: of the mail.
 * arena: for what is read. */
void vt_bring(struct vt_gateway *gateway, struct vt_arena *arena, int inspected_fd,
              int64_t deadline_msecs, struct vt_brought *out);
/* vt_registrar.missing, with the struct as its context. */
void vt_brought_missing(void *brought, const char *sha256);
/* The record is committed: what was brought is held, except what the registrar then told to be
 * missing. */
void vt_brought_note(struct vt_brought *brought);
void vt_brought_clear(struct vt_brought *brought);

#endif
