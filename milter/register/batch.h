/* SPDX-License-Identifier: Apache-2.0
 * Records that are about to be committed together, and who waits for each. */
#ifndef VANTHU_REGISTER_BATCH_H
#define VANTHU_REGISTER_BATCH_H

#include "register/internal.h"
#include "vanthu/registrar.h"
#include "vanthu/wire.h"

/* Bodies of one batch; a single one may be larger. */
#define VT_BATCH_BYTES ((size_t)32 * 1024 * 1024)

struct vt_batch {
    struct vt_register_record *records;
    struct vt_batch_item {
        struct vt_arena *arena; /* of the record; NULL: it shares that of an item before */
        int client;             /* who waits, the caller's number; -1: nobody */
        const struct vt_register_decided *decided; /* of a mail; NULL: of anything else */
        /* Files of objects, mapped: the record has views of them. */
        struct vt_bytes objects[VT_MAX_RECORD_OBJECTS_FILES];
        bool is_done;      /* committed, now or before */
        struct vt_err err; /* why it was not */
    } * items;
    size_t count;
    size_t bytes;                /* of the bodies and objects */
    size_t largest_object_bytes; /* larger ones are named only */
    bool has_no_room;            /* on the disk: objects of mails are named only */
};

/* Room for VT_MAX_REGISTER_BATCH records. VT_E_NOMEM. */
enum vt_code vt_batch_new(struct vt_batch *batch, size_t largest_object_bytes,
                          struct vt_err *err) VT_MUST_CHECK;
/* Forget the records; the batch may be filled again. */
void vt_batch_clear(struct vt_batch *batch);
void vt_batch_free(struct vt_batch *batch);
/* False: commit first. For any one message. */
bool vt_batch_has_room(const struct vt_batch *batch);

/* Take the records of a RECORD or ANSWERED message, checked; the message keeps its descriptors.
 * They get the time now. VT_E_FORMAT, VT_E_LIMIT, VT_E_NOMEM, VT_E_SYSTEM: nothing was taken. */
enum vt_code vt_batch_take(struct vt_batch *batch, const struct vt_message *message, int client,
                           int64_t now_utc_secs, struct vt_err *err) VT_MUST_CHECK;
/* Commit. A record that the register does not take does not keep the others from it. The result
 * stands in the items. */
void vt_batch_commit(struct vt_batch *batch, struct vt_register *reg);
/* After it: what the record of an item names and the register does not have, as the body of
 * RECORDED; malloc'd, NULL: nothing, or no memory. */
char *vt_batch_missing(const struct vt_batch *batch, size_t item) VT_MUST_CHECK;

#endif
