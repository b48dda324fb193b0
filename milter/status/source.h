/* SPDX-License-Identifier: Apache-2.0
 * Addresses of revocation data as the status role sees them: host and port as the key of what is
 * known about a server, and hosts that are asked in the place of others (legal.md R-86). Whether
 * an address may be followed is the courier's decision. */
#ifndef VANTHU_STATUS_SOURCE_H
#define VANTHU_STATUS_SOURCE_H

#include "vanthu/config.h"

/* A name of 253 bytes, ":65535". */
#define VT_SOURCE_HOST_BYTES 262

/* Both clocks at one moment: the wall clock judges data, the monotonic one waits. */
struct vt_moment {
    int64_t utc_secs;
    int64_t monotonic_msecs;
};

struct vt_source {
    char host[VT_SOURCE_HOST_BYTES]; /* "ca.gov.vn:80", lower case, always with its port */
    const char *url;                 /* what is asked, after rewriting; in the arena */
};

/* Take an address of a certificate apart and put the host that is to be asked into its place; path
 * and scheme are kept. VT_E_UNSUPPORTED: neither http nor https (ldap). VT_E_FORMAT: not an
 * address, or with a user. VT_E_NOMEM. */
enum vt_code vt_source_read(struct vt_arena *arena, const struct vt_rewrites *rewrites,
                            const char *url, struct vt_source *out,
                            struct vt_err *err) VT_MUST_CHECK;
/* True when a host and port as in vt_source.host are those of an entry "host" (its default ports)
 * or "host:port" of the configuration. */
bool vt_source_matches(const char *host, const char *entry);

#endif
