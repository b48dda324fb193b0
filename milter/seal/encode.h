/* SPDX-License-Identifier: Apache-2.0
 * What can happen to lines on their way through mail servers, and encodings that nothing happens
 * to. Bytes go through a chain of sinks, so that nothing of the size of a mail is held in between.
 */
#ifndef VANTHU_SEAL_ENCODE_H
#define VANTHU_SEAL_ENCODE_H

#include <openssl/evp.h>

#include "vanthu/bytes.h"

/* Octets of a line without its CRLF (RFC 5322 2.1.1); Postfix breaks longer ones. */
#define VT_MAX_LINE_BYTES 998

/* ---- lines ---- */

struct vt_lines {
    bool has_8bit;
    bool has_nul;
    bool has_bare_cr;
    bool has_bare_lf;
    bool has_long;
    /* White space at the end of a line, "From " at its begin, a dot alone: some program on the way
     * may change these (RFC 4155, RFC 5321 4.5.2). */
    bool has_delicate;
};
struct vt_lines vt_lines_look(struct vt_bytes text);
/* Arrives as it was sent, but for delicate lines. A bare LF is not asked about. */
bool vt_lines_are_safe(const struct vt_lines *lines);

/* ---- sinks ---- */

struct vt_sink {
    void (*put)(struct vt_sink *sink, const uint8_t *bytes, size_t len);
};
static inline void vt_sink_put(struct vt_sink *sink, struct vt_bytes bytes)
{
    if (bytes.len > 0)
        sink->put(sink, bytes.ptr, bytes.len);
}

/* Counts, keeps the first bytes, and digests unless md is NULL. */
struct vt_sink_digest {
    struct vt_sink sink;
    EVP_MD_CTX *md;
    size_t count_bytes;
    uint8_t first[1024];
    bool has_failed;
};
void vt_sink_digest_init(struct vt_sink_digest *sink, EVP_MD_CTX *md);

/* Into memory of a known size. */
struct vt_sink_memory {
    struct vt_sink sink;
    uint8_t *to;
    size_t left_bytes;
    bool is_overfull;
};
void vt_sink_memory_init(struct vt_sink_memory *sink, uint8_t *to, size_t max_bytes);

/* Every bare LF becomes CR LF (RFC 8551 3.1.1). */
struct vt_sink_canonical {
    struct vt_sink sink;
    struct vt_sink *next;
    uint8_t last;
};
void vt_sink_canonical_init(struct vt_sink_canonical *sink, struct vt_sink *next);

/* base64 in lines of 76 characters (RFC 2045 6.8), the last one without a line end. */
struct vt_sink_base64 {
    struct vt_sink sink;
    struct vt_sink *next;
    uint8_t line[57];
    size_t held_bytes;
    bool has_lines;
};
void vt_sink_base64_init(struct vt_sink_base64 *sink, struct vt_sink *next);
void vt_sink_base64_end(struct vt_sink_base64 *sink);
/* Characters that len bytes become. */
size_t vt_base64_lines_bytes(size_t len);

/* quoted-printable (RFC 2045 6.7) of text whose lines end with CRLF or LF, all of them CRLF
 * afterwards. What is delicate is encoded, and so is what could be taken for a boundary. */
void vt_quoted_printable_put(struct vt_bytes text, struct vt_sink *next);

#endif
