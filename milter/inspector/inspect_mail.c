/* SPDX-License-Identifier: Apache-2.0
 * Facts of the mail as a whole: who sent it, and what proves that. From is what people see, the
 * envelope sender is whom a notice goes to; each has to be proven by itself. */
#include <string.h>
#include <strings.h>

#include "inspector/inspect_internal.h"
#include "inspector/results.h"

/* ---- From ---- */

/* Two domains are aligned when they are the same or one is above the other and has at least two
 * labels: the relaxed mode of RFC 7489 3.1 without a list of public suffixes. */
static bool is_aligned(const char *from_domain, const char *proven_domain)
{
    if (strcasecmp(from_domain, proven_domain) == 0)
        return true;
    return (strchr(proven_domain, '.') != NULL && vt_domain_is_under(from_domain, proven_domain)) ||
           (strchr(from_domain, '.') != NULL && vt_domain_is_under(proven_domain, from_domain));
}

static bool sender_is_aligned(const struct vt_results *results, const struct vt_mail *mail)
{
    const char *from_domain = vt_address_domain(mail->from);
    if (from_domain == NULL || mail->from_count != 1)
        return false;
    if (mail->authenticated != NULL && *mail->authenticated != '\0')
        return true;
    for (size_t i = 0; i < results->count; i++) {
        if (is_aligned(from_domain, results->items[i].domain))
            return true;
    }
    return false;
}

/* ---- the envelope sender ---- */

/* Stricter than the alignment of From: whoever has a domain below another one does not speak for
 * it. */
static bool is_within(const char *domain, const char *proven_domain)
{
    return domain != NULL &&
           (strcasecmp(domain, proven_domain) == 0 ||
            (strchr(proven_domain, '.') != NULL && vt_domain_is_under(domain, proven_domain)));
}

/* What one result proves of the envelope sender. A relay in front is the client that SPF was
 * checked for, and DMARC may rest on it. */
static enum vt_sender_proof proof_of(const struct vt_result *result, const struct vt_mail *mail)
{
    const char *sender = vt_address_domain(mail->sender);
    const char *from = mail->from_count == 1 ? vt_address_domain(mail->from) : NULL;
    bool is_relayed = mail->front_relay != NULL;
    if (sender == NULL || !result->is_first)
        return VT_PROOF_NONE;
    switch (result->method) {
    case VT_RESULT_SPF:
        return !is_relayed && strcasecmp(sender, result->domain) == 0 ? VT_PROOF_SPF
                                                                      : VT_PROOF_NONE;
    case VT_RESULT_DKIM:
        return is_within(sender, result->domain) && is_within(from, result->domain) ? VT_PROOF_DKIM
                                                                                    : VT_PROOF_NONE;
    case VT_RESULT_DMARC:
        return !is_relayed && from != NULL && strcasecmp(from, result->domain) == 0 &&
                       is_within(sender, result->domain)
                   ? VT_PROOF_DMARC
                   : VT_PROOF_NONE;
    }
    return VT_PROOF_NONE;
}

/* What the gateway knows of login and network comes first; a child that reads hostile bytes is not
 * asked for it. */
static enum vt_sender_proof sender_proof(const struct vt_results *results,
                                         const struct vt_mail *mail)
{
    for (size_t i = 0; mail->sender_proof == VT_PROOF_NONE && i < results->count; i++) {
        enum vt_sender_proof proof = proof_of(&results->items[i], mail);
        if (proof != VT_PROOF_NONE)
            return proof;
    }
    return mail->sender_proof;
}

static enum vt_sender_class class_of(const struct vt_inspect_run *run, const struct vt_mail *mail)
{
    const char *domain = vt_address_domain(mail->from);
    for (size_t i = 0; mail->sender_aligned && i < run->options->state_domains_count; i++) {
        if (vt_domain_is_under(domain, run->options->state_domains[i]))
            return VT_SENDER_STATE;
    }
    return VT_SENDER_OTHER;
}

void vt_inspect_mail_facts(struct vt_inspect_run *run)
{
    struct vt_mail *mail = &run->evidence->mail;
    const struct vt_unpacked *unpacked = run->unpacked;
    if (run->input->mail != NULL)
        *mail = *run->input->mail;
    mail->message_id = unpacked->message_id;
    mail->subject = unpacked->subject;
    mail->from = unpacked->from;
    mail->from_count = unpacked->from_count;
    mail->is_list = unpacked->is_list;
    mail->is_automatic = unpacked->is_automatic;
    mail->automatic_by = unpacked->automatic_by;
    mail->size_bytes = run->input->bytes.len;
    struct vt_results results = {0};
    if (unpacked->is_mail)
        vt_results_read(run, &results);
    mail->sender_aligned = unpacked->is_mail && sender_is_aligned(&results, mail);
    mail->sender_proof = sender_proof(&results, mail);
    /* An office of the state is one whose domain is proven. */
    if (!run->input->is_class_given)
        mail->sender_class = class_of(run, mail);
    else if (mail->sender_class == VT_SENDER_STATE)
        mail->sender_aligned = true;
}

/* ---- message signatures ---- */

/* The mail, outermost or nested, that a message signature speaks of. NULL for a lone entity. */
static const struct vt_part *mail_of(const struct vt_unpacked *unpacked, size_t index)
{
    const struct vt_part *parts = unpacked->parts;
    for (size_t i = parts[index].parent; i != VT_NO_PART; i = parts[i].parent) {
        if (parts[i].format == VT_FORMAT_MAIL)
            return &parts[i];
    }
    return NULL;
}

bool vt_inspect_signer_is_sender(const struct vt_unpacked *unpacked, size_t index,
                                 const struct vt_certificate *signer)
{
    const struct vt_part *mail = mail_of(unpacked, index);
    size_t count = 0;
    if (mail == NULL)
        return true;
    for (const char *email; (email = vt_certificate_email(signer, count)) != NULL; count++) {
        if (mail->from != NULL && mail->from_count == 1 && strcasecmp(email, mail->from) == 0)
            return true;
    }
    /* RFC 8551 3: a certificate without an address is not compared. */
    return count == 0;
}
