/* SPDX-License-Identifier: Apache-2.0
 * What the sealer remembers over its death: small JSON files of its folder, mode 0600, one writer
 * at a time, also when two sealers live during a reload. */
#ifndef VANTHU_SEAL_STATE_H
#define VANTHU_SEAL_STATE_H

#include <jansson.h>

#include "vanthu/config.h"

/* Open and lock a file of the folder; it is made where it is missing. *out: an object, empty when
 * there was nothing or nonsense; the caller's. *out_fd: closing it gives the lock back. */
enum vt_code vt_seal_state_open(const char *directory, const char *name, int *out_fd, json_t **out,
                                struct vt_err *err) VT_MUST_CHECK;
/* Write it in its place; durable: with fsync(2). */
enum vt_code vt_seal_state_write(int fd, const json_t *state, bool durable,
                                 struct vt_err *err) VT_MUST_CHECK;

/* ---- quota.c ---- */

/* Count one use of a key. VT_E_BUSY: its signatures of an hour are used up (a sliding hour, in
 * which the one before counts by what of it is left). VT_E_SYSTEM: it cannot be counted, so nothing
 * may be signed. */
enum vt_code vt_seal_quota_take(const char *directory, const struct vt_seal_key *key,
                                int64_t now_utc_secs, struct vt_err *err) VT_MUST_CHECK;

/* ---- stopped.c ---- */

/* The file that halts all sealing while it is there (legal.md R-30): JSON of by, text, utc_secs. */
#define VT_SEAL_STOPPED_FILE "stopped"
/* True while it is there, or nobody can say. text: who and why; or NULL. */
bool vt_seal_is_stopped(const char *directory, char text[VT_ERR_TEXT_BYTES]);

#endif
