/* SPDX-License-Identifier: Apache-2.0
 * The mail's bytes on their way to the inspector: a memory file, beyond a limit an unlinked file.
 * Header fields as the milter protocol gives them, a blank line, the body byte for byte. */
#ifndef VANTHU_GATEWAY_SPOOL_H
#define VANTHU_GATEWAY_SPOOL_H

#include "vanthu/bytes.h"
#include "vanthu/limits.h"

#define VT_SPOOL_PENDING_BYTES 2048

struct vt_spool {
    const char *directory; /* borrowed: where the unlinked file is made */
    size_t memory_bytes;   /* beyond that the memory file becomes an unlinked file */
    int fd;                /* -1: nothing kept (any more) */
    bool in_file;
    bool too_large; /* beyond VT_MAX_MAIL_BYTES: counted, not kept */
    bool headers_ended;
    uint64_t body_offset_bytes; /* where the body begins, once the headers have ended */
    uint64_t size_bytes;
    uint8_t pending[VT_SPOOL_PENDING_BYTES]; /* small pieces, written together */
    size_t pending_len;
};

/* Caller's storage. Nothing is opened yet. */
void vt_spool_init(struct vt_spool *spool, const char *directory, size_t memory_bytes);
void vt_spool_close(struct vt_spool *spool);
/* One header field. value: with LF folds, as libmilter gives it. has_leading_space: the value
 * begins with what stood after the colon (SMFIP_HDR_LEADSPC); else the MTA ate one space.
 * VT_E_SYSTEM. */
enum vt_code vt_spool_header(struct vt_spool *spool, const char *name, const char *value,
                             bool has_leading_space, struct vt_err *err) VT_MUST_CHECK;
/* The blank line, once. Implied by the first body bytes and by sealing. */
enum vt_code vt_spool_end_headers(struct vt_spool *spool, struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_spool_body(struct vt_spool *spool, struct vt_bytes bytes,
                           struct vt_err *err) VT_MUST_CHECK;
/* Make it final. *out_fd: a memory file with its four seals, or the file opened for reading only;
 * it belongs to the spool. VT_E_LIMIT when it is too large. */
enum vt_code vt_spool_seal(struct vt_spool *spool, int *out_fd, struct vt_err *err) VT_MUST_CHECK;

#endif
