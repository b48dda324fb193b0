/* SPDX-License-Identifier: Apache-2.0
 * Claims: what one gateway says to the others through the central database, and what decides on
 * mail there: when it saw a signature first, when it first deferred a mail, that a notice is owed,
 * exceptions. Whoever may write in that database could say it in its name, and make the signature
 * of a stolen key older than its revocation. So the gateways of an office share a key that the
 * database does not have: each claim carries HMAC-SHA-256 (RFC 2104) of what it says and of who
 * says it, and one without it is nobody's. */
#ifndef VANTHU_REGISTER_CLAIMS_H
#define VANTHU_REGISTER_CLAIMS_H

#include "register/chain.h"
#include "register/tables.h"

#define VT_CLAIM_MAC_BYTES 32
#define VT_CLAIM_KEY_ID_BYTES 16
#define VT_CLAIM_COLUMNS 8
/* vanthu undo makes none for longer than a year; a day for clocks that do not agree. */
#define VT_MAX_EXCEPTION_SECS (INT64_C(367) * 24 * 60 * 60)

/* The numbers are part of what is signed. */
enum vt_claim {
    VT_CLAIM_FIRST_SEEN = 0, /* seq, digest, time */
    VT_CLAIM_DEFER_CLOCK,    /* seq, key, time */
    VT_CLAIM_NOTICE_KEY,     /* seq, key, time */
    VT_CLAIM_EXCEPTION, /* seq, ordinal, reference, time, document, certificate, reason, until */
    VT_CLAIMS,
    VT_CLAIM_MARK = VT_CLAIMS /* seq: all claims up to this record are signed */
};
extern const int vt_claim_columns[VT_CLAIMS];

struct vt_claim_key {
    bool is_set; /* zero memory: there is none, and nothing is believed */
    uint8_t key[32];
    uint8_t id[VT_CLAIM_KEY_ID_BYTES]; /* may be seen by anybody */
};

/* The key that a file holds: any text or bytes, 32 to 4096 of them, white space at the end not
 * counted. file NULL: none. VT_E_CONFIG: it cannot be read, others may read it, or it is too short
 * or too long. */
enum vt_code vt_claim_key_read(const char *file, struct vt_claim_key *out,
                               struct vt_err *err) VT_MUST_CHECK;
/* id: of the register that says it. VT_E_INTERNAL: no digest. */
enum vt_code vt_claim_sign(const struct vt_claim_key *key, struct vt_bytes id, enum vt_claim claim,
                           const struct vt_value *values, size_t count,
                           uint8_t out[VT_CLAIM_MAC_BYTES], struct vt_err *err) VT_MUST_CHECK;
/* True when mac is the right one. */
bool vt_claim_is_signed(const struct vt_claim_key *key, struct vt_bytes id, enum vt_claim claim,
                        const struct vt_value *values, size_t count, struct vt_bytes mac);

/* The columns of the row on which a statement stands; views until its next step. */
void vt_claim_read(struct vt_sql *sql, enum vt_claim claim, struct vt_value *out);
/* The claim that a derived row is; false: it is none. Views of row and reference. */
bool vt_claim_of_row(const struct vt_row *row, const char *reference, enum vt_claim *out_claim,
                     struct vt_value *out);
/* Whether a claim has the form of one, of a record after and up to. */
bool vt_claim_is_sound(enum vt_claim claim, const struct vt_value *values, int64_t after_seq,
                       int64_t until_seq);

#endif
