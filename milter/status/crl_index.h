/* SPDX-License-Identifier: Apache-2.0
 * Lookup in a CRL: a hash table of offsets of its entries, keyed by a random seed, so that a list
 * of 1 000 000 entries takes 8 MB and answers without being walked. Of an indirect CRL it knows
 * too from which entry on which issuer is meant (RFC 5280 5.3.3). */
#ifndef VANTHU_STATUS_CRL_INDEX_H
#define VANTHU_STATUS_CRL_INDEX_H

#include "status/crl.h"

/* Issuers of one indirect CRL. */
#define VT_MAX_CRL_ISSUERS 256

/* From this entry on (its offset in the DER) the issuer is this one of the names. */
struct vt_crl_change {
    uint32_t entry;
    uint32_t name;
};
/* A Name in the DER; the first of the names is the issuer of the CRL itself. */
struct vt_crl_name {
    uint32_t offset;
    uint32_t len;
};

/* Views of one block of memory: slots, then changes, then names. */
struct vt_crl_index {
    uint64_t seed;
    const uint32_t *slots; /* offset of an entry in the DER below bits of its hash; 0: empty */
    const struct vt_crl_change *changes;
    const struct vt_crl_name *names;
    uint32_t slots_count;
    uint32_t changes_count;
    uint32_t names_count;
};

/* Bytes of memory that the index of a list takes; a multiple of 8. */
size_t vt_crl_index_bytes(const struct vt_crl *crl);
/* Index a list that vt_crl_parse read. memory: zeroed, aligned to 8, of vt_crl_index_bytes(crl)
 * bytes; must outlive the index.
 * VT_OK; VT_E_LIMIT (more than VT_MAX_CRL_ISSUERS issuers); VT_E_INTERNAL (no random seed). */
enum vt_code vt_crl_index_build(const struct vt_crl *crl, void *memory, struct vt_crl_index *out,
                                struct vt_err *err) VT_MUST_CHECK;
/* Take up an index that was built elsewhere. crl: as vt_crl_parse_frame gives it, with the counts
 * of whoever read it whole. Nothing in memory is believed: a lookup checks each offset.
 * VT_OK or VT_E_FORMAT. */
enum vt_code vt_crl_index_open(const struct vt_crl *crl, uint64_t seed, size_t names_count,
                               struct vt_bytes memory, struct vt_crl_index *out,
                               struct vt_err *err) VT_MUST_CHECK;
/* Look a certificate up by the DER of its issuer's name and its serial number (content octets). */
void vt_crl_index_find(const struct vt_crl *crl, const struct vt_crl_index *index,
                       struct vt_bytes issuer, struct vt_bytes serial, struct vt_crl_entry *out);
/* The same Name by RFC 5280 7.1; both DER. */
bool vt_crl_is_same_name(struct vt_bytes a, struct vt_bytes b);

#endif
