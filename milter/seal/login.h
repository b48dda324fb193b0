/* SPDX-License-Identifier: Apache-2.0
 * PINs: from files that the sealer alone can read (legal.md R-16), in memory only between the fork
 * of a worker and its login, and each version of a file tried once when it is refused: an HSM locks
 * after a few wrong ones. What was tried is remembered as a salted digest, over restarts. */
#ifndef VANTHU_SEAL_LOGIN_H
#define VANTHU_SEAL_LOGIN_H

#include "seal/backend.h"

/* Regulations ask for a new one every six months; a warning comes in time (users.md 3). */
#define VT_SEAL_OLD_PIN_SECS ((int64_t)150 * 86400)

/* One PIN in a page of its own that is locked and left out of dumps. */
struct vt_pin {
    uint8_t *page;
    size_t page_bytes, len;
};
/* Read a file. Without its last line end. out: zeroed; vt_pin_wipe. VT_E_CONFIG: it cannot be read,
 * others may read it, it is empty or longer than 1023 bytes. VT_E_NOMEM. */
enum vt_code vt_pin_read_file(const char *file, struct vt_pin *out,
                              struct vt_err *err) VT_MUST_CHECK;
/* The same from a descriptor, whoever may read it. */
enum vt_code vt_pin_read(int fd, struct vt_pin *out, struct vt_err *err) VT_MUST_CHECK;
/* A copy of bytes, which may be empty: the place for whatever is made of secrets. room_bytes: at
 * least. out: zeroed; vt_pin_wipe. VT_E_LIMIT: more than a page has. */
enum vt_code vt_pin_copy(struct vt_bytes bytes, size_t room_bytes, struct vt_pin *out,
                         struct vt_err *err) VT_MUST_CHECK;
void vt_pin_wipe(struct vt_pin *pin);
/* NULL-safe view. */
struct vt_bytes vt_pin_bytes(const struct vt_pin *pin);

/* Whether a PIN may be tried, and what became of it. Two keys with the same token and pin-file
 * share what is remembered. */
enum vt_login_answer {
    VT_LOGIN_NO = 0, /* it was refused before; err says since when */
    VT_LOGIN_YES,
    VT_LOGIN_WAIT /* it is being tried right now, elsewhere */
};
struct vt_login {
    enum vt_login_answer answer;
    int64_t since_utc_secs; /* when this version was first met */
};
/* What stands for a PIN and a secret in the notes: salted, and slow to make. VT_E_SYSTEM: nothing
 * can be noted. */
enum vt_code vt_login_digest(const char *directory, const struct vt_seal_key *key,
                             const struct vt_pin *pin, const struct vt_pin *secret, char out[65],
                             struct vt_err *err) VT_MUST_CHECK;
/* is_attempt: it is tried now, and noted as being tried; false: would it be? late_msecs: after so
 * long an attempt that nobody told the end of has failed. VT_E_SYSTEM: nothing can be noted, so
 * nothing is tried. */
enum vt_code vt_login_begin(const char *directory, const struct vt_seal_key *key,
                            const char *digest, bool is_attempt, int64_t late_msecs,
                            struct vt_login *out, struct vt_err *err) VT_MUST_CHECK;
/* How it ended: NONE, PIN, PIN_LOCKED with the HSM's words; AWAY: it was no attempt; LOST: nobody
 * heard, which is borne twice of a PIN that never was good; anything else says nothing about the
 * PIN. Nothing is noted of another PIN than that of the digest. */
enum vt_code vt_login_end(const char *directory, const struct vt_seal_key *key, const char *digest,
                          enum vt_seal_fault fault, const char *text,
                          struct vt_err *err) VT_MUST_CHECK;
/* vanthu seal rotate-pin: a person wants this PIN to be tried, whatever was remembered of it; what
 * was of others stays. */
enum vt_code vt_login_forget(const char *directory, const struct vt_seal_key *key,
                             const char *digest, struct vt_err *err) VT_MUST_CHECK;
/* When the PIN that was met last, and not refused, was met first; VT_TIME_NONE: not known. */
int64_t vt_login_since(const char *directory, const struct vt_seal_key *key);

#endif
