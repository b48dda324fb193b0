/* SPDX-License-Identifier: Apache-2.0
 * What the parts of planning share. */
#ifndef VANTHU_NOTICE_OWED_H
#define VANTHU_NOTICE_OWED_H

#include "vanthu/notice.h"

/* Notices that are owed so far. */
struct vt_owed {
    struct vt_arena *arena;
    const struct vt_config *config;
    const struct vt_site *site; /* or NULL */
    struct vt_register_notice *items;
    size_t count;
    enum vt_code code; /* VT_E_NOMEM, once; then nothing more is added */
};

/* An address in lower case; NULL becomes "". NULL: no memory. */
const char *vt_owed_lower(struct vt_arena *arena, const char *text);
/* Begin with none. VT_E_NOMEM stands in code. */
void vt_owed_begin(struct vt_owed *owed, struct vt_arena *arena, const struct vt_config *config,
                   const struct vt_site *site);
/* Add one, unless the same kind with that key is owed to that address, or there are as many as a
 * record may have. recipient: borrowed; NULL or "" is nobody. is_at_once: not after the quiet time.
 */
void vt_owed_add(struct vt_owed *owed, enum vt_notice_kind kind, const char *recipient,
                 const char key_sha256[65], bool is_at_once, int64_t once_msecs);
/* The address in "name <address>", in arena; NULL: there is none. */
const char *vt_owed_address(struct vt_owed *owed, const char *mailbox);
/* The records mailboxes of the agencies that a mail goes to, and that are ours. */
void vt_owed_add_records(struct vt_owed *owed, enum vt_notice_kind kind, const struct vt_mail *mail,
                         const struct vt_site_facts *facts, const char key_sha256[65]);

#endif
