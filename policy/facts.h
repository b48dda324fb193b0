/* SPDX-License-Identifier: Apache-2.0
 * The facts that tests look at: one small function for each. What is not known is VT_VALUE_UNKNOWN,
 * VT_NUMBER_UNKNOWN or NULL. */
#ifndef VANTHU_POLICY_FACTS_H
#define VANTHU_POLICY_FACTS_H

#include "rule.h"

typedef unsigned vt_value_fact(const struct vt_scope *scope);
typedef const char *vt_text_fact(const struct vt_scope *scope, size_t index);
typedef size_t vt_count_fact(const struct vt_scope *scope);
typedef int64_t vt_number_fact(const struct vt_scope *scope);

/* The mail (facts_mail.c). */
vt_value_fact vt_fact_direction, vt_fact_sender_class, vt_fact_aligned, vt_fact_list,
    vt_fact_automatic, vt_fact_urgent, vt_fact_weekday;
vt_text_fact vt_fact_sender, vt_fact_sender_domain, vt_fact_sender_agency, vt_fact_from,
    vt_fact_from_domain, vt_fact_recipient, vt_fact_recipient_domain, vt_fact_recipient_agency,
    vt_fact_client, vt_fact_client_name, vt_fact_helo, vt_fact_daemon_name, vt_fact_login;
vt_count_fact vt_fact_recipients_count, vt_fact_recipient_agencies_count;
vt_number_fact vt_fact_mail_size, vt_fact_recipients, vt_fact_attachments, vt_fact_mail_signatures,
    vt_fact_clock, vt_fact_date;

/* The document (facts_document.c). */
vt_value_fact vt_fact_nested, vt_fact_format, vt_fact_expects_signature, vt_fact_attachment,
    vt_fact_signed, vt_fact_effect;
vt_text_fact vt_fact_name, vt_fact_sha256;
vt_number_fact vt_fact_document_size, vt_fact_document_signatures;
enum vt_truth vt_fact_lacks(const struct vt_scope *scope, unsigned what);
enum vt_truth vt_fact_seems(const struct vt_scope *scope, unsigned what);

/* The signature (facts_signature.c). */
vt_value_fact vt_fact_indication, vt_fact_sub_indication, vt_fact_integrity, vt_fact_covers,
    vt_fact_changes_after, vt_fact_signature_format, vt_fact_signing_time, vt_fact_trust_set,
    vt_fact_level, vt_fact_kind, vt_fact_use, vt_fact_alignment, vt_fact_local_time_as_utc,
    vt_fact_source_down;
vt_text_fact vt_fact_signer, vt_fact_signer_organization, vt_fact_signer_email, vt_fact_fingerprint,
    vt_fact_signer_agency, vt_fact_issuer, vt_fact_digest_algorithm, vt_fact_signature_algorithm,
    vt_fact_key_algorithm;
vt_number_fact vt_fact_key_bits, vt_fact_proven_time, vt_fact_age;

#endif
