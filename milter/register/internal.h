/* SPDX-License-Identifier: Apache-2.0
 * What the parts of the register share. */
#ifndef VANTHU_REGISTER_INTERNAL_H
#define VANTHU_REGISTER_INTERNAL_H

#include "register/chain.h"
#include "register/engine.h"

struct vt_register {
    struct vt_engine *engine;
    uint8_t id[VT_REGISTER_ID_BYTES];
    uint8_t first_chain[VT_REGISTER_DIGEST_BYTES];
    /* Of a central database: whose register it is, and the one of the next gateway. */
    char *gateway;
    struct vt_register *next;
    /* Where vt_register_find goes on in it. */
    int64_t before_seq;
    bool is_over;
};
/* Read id and first chain value of a register whose engine is open. */
enum vt_code vt_register_read_id(struct vt_register *reg, struct vt_err *err) VT_MUST_CHECK;

/* The end of the chain in this transaction. */
struct vt_tail {
    int64_t seq;
    uint8_t chain[VT_REGISTER_DIGEST_BYTES];
};
enum vt_code vt_register_tail(struct vt_register *reg, struct vt_tail *out,
                              struct vt_err *err) VT_MUST_CHECK;
/* Append one record of any kind inside a transaction; *tail goes on. */
enum vt_code vt_register_append_one(struct vt_register *reg, struct vt_tail *tail,
                                    struct vt_register_record *record,
                                    struct vt_err *err) VT_MUST_CHECK;
/* Insert one record as it is, salt and body empty when they were destroyed. */
enum vt_code vt_register_insert(struct vt_register *reg, const struct vt_register_entry *entry,
                                struct vt_err *err) VT_MUST_CHECK;
/* Take away what a DESTROYED record names, which is in the register already. */
enum vt_code vt_register_destroy(struct vt_register *reg,
                                 const struct vt_register_destroyed *destroyed,
                                 struct vt_err *err) VT_MUST_CHECK;
/* The last DECIDED record of a reference before a seq: 0 when there is none. */
enum vt_code vt_register_decided_of(struct vt_register *reg, const char *reference,
                                    int64_t before_seq, int64_t *out_seq, bool *out_is_secret,
                                    struct vt_err *err) VT_MUST_CHECK;

/* The objects of a record, which are its own: those of a mail that is not secret and of an event.
 * Returns their number. */
size_t vt_register_objects_of(const struct vt_register_record *record,
                              struct vt_register_object **out);
/* The digest of each object of a record, by its bytes where they came with it, and whether it is
 * kept. VT_E_LIMIT, VT_E_FORMAT. */
enum vt_code vt_register_name_objects(struct vt_register *reg,
                                      const struct vt_register_record *record,
                                      struct vt_err *err) VT_MUST_CHECK;
/* Keep the bytes that came with a record, once each. */
enum vt_code vt_register_keep_objects(struct vt_register *reg,
                                      const struct vt_register_record *record,
                                      struct vt_err *err) VT_MUST_CHECK;

/* Columns of a record as vt_register_entry has them, for every statement that gives entries. */
#define VT_ENTRY_COLUMNS                                                                           \
    "r.seq, r.kind, r.reference, r.time_utc_secs, r.body_digest, r.chain, r.salt, r.body"
/* The row that a statement of these columns stands on; views are valid until its next step. False
 * when a column does not have the form of a record's. */
bool vt_entry_read(struct vt_sql *sql, struct vt_register_entry *out);

#endif
