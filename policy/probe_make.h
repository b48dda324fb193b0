/* SPDX-License-Identifier: Apache-2.0
 * How each fact is made so: one small function for each test, the reverse of facts.h. False: it
 * cannot be so. */
#ifndef VANTHU_POLICY_PROBE_MAKE_H
#define VANTHU_POLICY_PROBE_MAKE_H

#include "probe.h"

typedef bool vt_make_function(struct vt_probe *p, const struct vt_fact *fact);

/* The mail and its documents (probe_mail.c). */
vt_make_function vt_make_aligned, vt_make_attachment, vt_make_automatic, vt_make_client,
    vt_make_client_name, vt_make_clock, vt_make_daemon_name, vt_make_date, vt_make_direction,
    vt_make_document_size, vt_make_documents, vt_make_expects, vt_make_format, vt_make_from,
    vt_make_from_domain, vt_make_helo, vt_make_list, vt_make_login, vt_make_mail_size, vt_make_name,
    vt_make_nested, vt_make_recipient, vt_make_recipient_domain, vt_make_recipients, vt_make_sender,
    vt_make_sender_class, vt_make_sender_domain, vt_make_sha256, vt_make_signatures, vt_make_signed,
    vt_make_urgent, vt_make_weekday, vt_make_seems;
/* The signature, and what the tables of agencies say (probe_signature.c). */
vt_make_function vt_make_age, vt_make_alignment, vt_make_changes, vt_make_covers,
    vt_make_digest_algorithm, vt_make_effect, vt_make_email, vt_make_fingerprint,
    vt_make_indication, vt_make_integrity, vt_make_issuer, vt_make_key_algorithm, vt_make_key_bits,
    vt_make_kind, vt_make_lacks, vt_make_level, vt_make_local_time, vt_make_organization,
    vt_make_proven_time, vt_make_recipient_agency, vt_make_use, vt_make_sender_agency,
    vt_make_signature_algorithm, vt_make_signature_format, vt_make_signer, vt_make_signer_agency,
    vt_make_signing_time, vt_make_source_down, vt_make_sub_indication, vt_make_trust_set;
/* What the inspection finds: of a whole mail, of a file, or of a signature. */
bool vt_make_of_reason(struct vt_probe *p, enum vt_reason reason);

/* "vanthu@DOMAIN" in the probe's arena; NULL for NULL. */
const char *vt_make_at_domain(struct vt_probe *p, const char *domain);
/* False: not 64 digits. */
bool vt_make_from_digest(char out[65], const char *text);

#define SET_NUMBER(name, field, type)                                                              \
    bool name(struct vt_probe *p, const struct vt_fact *fact)                                      \
    {                                                                                              \
        p->field = (type)fact->number;                                                             \
        return true;                                                                               \
    }
#define SET_TEXT(name, field)                                                                      \
    bool name(struct vt_probe *p, const struct vt_fact *fact)                                      \
    {                                                                                              \
        p->field = fact->text;                                                                     \
        return true;                                                                               \
    }

#endif
