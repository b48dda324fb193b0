/* SPDX-License-Identifier: Apache-2.0
 * inspect(mail, known) -> (evidence, wants): a pure function over the stages unpack, document,
 * verify and trust. It asks nobody; what is missing is named in wants (design.md 1). */
#ifndef VANTHU_INSPECT_H
#define VANTHU_INSPECT_H

#include "vanthu/trust.h"
#include "vanthu/unpack.h"

/* What stays the same for all mails of a configuration. Borrowed. */
struct vt_inspect_options {
    const struct vt_trust_store *store;
    const char *const *state_domains; /* "gov.vn", …: and everything below */
    size_t state_domains_count;
    const char *const *trusted_authserv_ids;
    size_t trusted_authserv_ids_count;
    const struct vt_bytes *given_crls;
    size_t given_crls_count;
    const struct vt_bytes *contents; /* `--content` */
    size_t contents_count;
};

struct vt_inspect_input {
    struct vt_bytes bytes; /* a mail, or a file */
    const char *name;      /* file name or NULL */
    bool is_mail;          /* from an MTA; false: decided by content */
    /* The bytes are certificates: the first is judged as that of a signature made now, the others
     * and those of options->contents may stand between it and an anchor. */
    bool is_certificate;
    /* The bytes are a file of objects (vanthu/object.h): evidence of a record, what its verdicts
     * rested on, and any of its documents. Its signatures are judged again, see vt_inspect_record.
     */
    bool is_record;
    /* The bytes are a time stamp token or a TimeStampResp (RFC 3161): it is judged by itself, and
     * sha256 of the document is what it is over, "" when that is no SHA-256. */
    bool is_token;
    const struct vt_mail *mail; /* envelope facts; NULL: none */
    bool is_class_given;        /* mail->sender_class holds, whatever the header proves */
    int64_t now_utc_secs;
    bool clock_is_wrong;          /* as in vt_trust_input */
    const struct vt_known *known; /* may be NULL: nothing known */
    struct vt_object_list *used;  /* gathers what the verdicts rest on, or NULL */
};

/* Results live in arena; input and options must outlive it.
 * Returns VT_OK, VT_E_LIMIT, VT_E_NOMEM, VT_E_INTERNAL; what is wrong with the mail is evidence. */
enum vt_code vt_inspect(struct vt_arena *arena, const struct vt_inspect_options *options,
                        const struct vt_inspect_input *input, struct vt_evidence **out_evidence,
                        struct vt_wants *out_wants, struct vt_err *err) VT_MUST_CHECK;

#endif
