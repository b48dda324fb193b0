/* SPDX-License-Identifier: Apache-2.0
 * One CRL read in place (RFC 5280 5). Nothing is allocated: all fields are views. */
#ifndef VANTHU_STATUS_CRL_H
#define VANTHU_STATUS_CRL_H

#include "vanthu/crl.h"

/* One entry as it stands in the list. */
struct vt_crl_raw_entry {
    struct vt_bytes serial; /* content octets */
    struct vt_crl_entry entry;
    struct vt_bytes issuer; /* DER of the Name in certificateIssuer; empty: not a name */
    bool names_issuer;      /* it has a certificateIssuer, which holds for those that follow too */
    bool unknown_critical;
};

/* Read the whole list, every entry included. VT_OK, VT_E_FORMAT or VT_E_LIMIT. */
enum vt_code vt_crl_parse(struct vt_bytes der, struct vt_crl *out,
                          struct vt_err *err) VT_MUST_CHECK;
/* The same without reading the entries: they are not counted, and what is unknown in them is not
 * seen. For a list that was read whole before. */
enum vt_code vt_crl_parse_frame(struct vt_bytes der, struct vt_crl *out,
                                struct vt_err *err) VT_MUST_CHECK;
/* Take the next entry off *rest; false: malformed. vt_crl_next_serial reads no more of it than the
 * serial number. */
bool vt_crl_next_entry(struct vt_bytes *rest, struct vt_crl_raw_entry *out);
bool vt_crl_next_serial(struct vt_bytes *rest, struct vt_bytes *out_entry,
                        struct vt_bytes *out_serial);
/* Both are content octets and not empty. */
bool vt_crl_is_same_serial(struct vt_bytes a, struct vt_bytes b);
/* Listed, and neither on hold nor removed. */
bool vt_crl_entry_is_final(const struct vt_crl_entry *entry);

/* It was issued by this certificate's subject and signed with its key, which may sign CRLs.
 * VT_OK; VT_E_NOT_FOUND (another issuer); VT_E_FORMAT; VT_E_UNSUPPORTED; VT_E_NOMEM. */
enum vt_code vt_crl_verify(const struct vt_crl *crl, const struct vt_certificate *issuer,
                           struct vt_err *err) VT_MUST_CHECK;
/* Look a serial number (content octets) up by walking the list, whatever issuer an entry names. */
void vt_crl_find(const struct vt_crl *crl, struct vt_bytes serial, struct vt_crl_entry *out);
/* Name of a CRLReason ("keyCompromise"), NULL for none. */
const char *vt_crl_reason_name(int reason);
/* Fields common to a fact of any source: issuer key, serial, digest, origin. */
enum vt_code vt_status_fact_begin(struct vt_arena *arena, const struct vt_certificate *certificate,
                                  const struct vt_certificate *issuer, struct vt_bytes data,
                                  const char *source, const char *origin,
                                  struct vt_status_fact *out, struct vt_err *err) VT_MUST_CHECK;

#endif
