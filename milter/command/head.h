/* SPDX-License-Identifier: Apache-2.0
 * Heads of the register: what vanthu register head and verify share. */
#ifndef VANTHU_COMMAND_HEAD_H
#define VANTHU_COMMAND_HEAD_H

#include "command/register.h"
#include "vanthu/role.h"

/* A head as text. */
#define VT_MAX_HEAD_BYTES 4096
/* A reply of a time stamp authority. */
#define VT_MAX_REPLY_BYTES (64u * 1024)

/* Tokens are judged by the sandboxed child, with the trust sets of the configuration; status and
 * fetch ask for the status of the authority's certificate. Starts with the first token. */
struct vt_token_judge {
    struct vt_register_desk *desk;
    struct vt_role_set *roles;
    struct vt_arena *arena;
};

/* What one token says. In the arena of the judge. */
struct vt_token_verdict {
    bool is_good;   /* a trusted authority's, and whole */
    bool has_chain; /* it is over a SHA-256: this one */
    uint8_t chain[VT_REGISTER_DIGEST_BYTES];
    int64_t time_utc_secs; /* VT_TIME_NONE: it says none */
    const char *authority; /* NULL: not known */
    const char *why;       /* why it is not good; NULL: nothing is said */
    struct vt_bytes token; /* without the reply around it */
};

/* Judge a token or a reply. VT_OK also when it is not good. */
enum vt_code vt_token_judge_one(struct vt_token_judge *judge, struct vt_bytes bytes,
                                struct vt_token_verdict *out, struct vt_err *err) VT_MUST_CHECK;
void vt_token_judge_clear(struct vt_token_judge *judge);

/* " 1a2b 3c4d …": a chain value as it is compared with paper. */
void vt_head_print_chain(const uint8_t chain[VT_REGISTER_DIGEST_BYTES]);
/* A head as JSON; NULL without memory. */
struct json_t *vt_head_json(const struct vt_register_head *head);

#endif
