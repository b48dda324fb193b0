/* SPDX-License-Identifier: Apache-2.0
 * The line about a judged mail. */
#include "gateway/outcome_log.h"

#include <stdio.h>
#include <string.h>

#include "gateway/record.h"
#include "vanthu/log.h"
#include "vanthu/site.h"

/* Every code with its comma. */
#define REASONS_TEXT_BYTES (VT_REASON_COUNT * 24)
/* An address of 1024 bytes and a few words. */
#define MAIL_TEXT_BYTES 1400

/* "CERT_REVOKED,NO_SIGNATURE", or "-". */
static const char *reasons_text(vt_reasons reasons, char *out, size_t out_bytes)
{
    size_t used = 0;
    (void)snprintf(out, out_bytes, "-");
    for (unsigned i = 0; i < VT_REASON_COUNT && used < out_bytes; i++) {
        if ((reasons & VT_REASON_BIT(i)) != 0)
            used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", used > 0 ? "," : "",
                                     vt_reason_info((enum vt_reason)i)->code);
    }
    return out;
}

/* Who sent it and what it is like: of a mail that was looked into and is not marked secret. The
 * queue id leads to the rest, in the log of the MTA. */
static const char *mail_text(const struct vt_transaction *transaction,
                             const struct vt_judgement *judgement, char *out, size_t out_bytes)
{
    if (vt_record_is_secret(transaction, judgement))
        return "secret=yes";
    if (!judgement->is_inspected)
        return "inspected=no";
    /* Class and alignment are found in the header. */
    const struct vt_mail *mail = &judgement->evidence->mail;
    (void)snprintf(out, out_bytes, "sender=%s bytes=%llu direction=%s class=%s aligned=%s",
                   mail->sender, (unsigned long long)mail->size_bytes,
                   vt_direction_name(mail->direction), vt_sender_class_name(mail->sender_class),
                   mail->sender_aligned ? "yes" : "no");
    size_t used = strlen(out);
    if (mail->front_relay != NULL && used < out_bytes)
        (void)snprintf(out + used, out_bytes - used, " client=%s front-relay=%s",
                       mail->client_address != NULL ? mail->client_address : "unknown",
                       mail->front_relay);
    return out;
}

static vt_reasons all_reasons(const struct vt_judgement *out)
{
    const struct vt_site_facts *site = out->decision != NULL ? out->decision->site : NULL;
    return out->evidence != NULL ? vt_site_all_reasons(out->evidence, site) : 0;
}

void vt_outcome_log(const struct vt_transaction *transaction, const struct vt_judgement *out)
{
    const struct vt_decision *decision = out->decision;
    const struct vt_mail *mail = &transaction->mail;
    char fault[VT_ERR_TEXT_BYTES], reasons[REASONS_TEXT_BYTES], about[MAIL_TEXT_BYTES];
    bool has_code = out->answer.code[0] != '\0', has_fault = out->fault.code != VT_OK;
    vt_log(VT_LOG_INFO,
           "mail: queue-id=%s reference=%s %s answer=%s%s%s action=%s would-be=%s reasons=%s "
           "rule=%s msecs=%lld%s%s",
           mail->queue_id != NULL ? mail->queue_id : "-", mail->reference,
           mail_text(transaction, out, about, sizeof(about)), vt_answer_kind_name(out->answer.kind),
           has_code ? " code=" : "", out->answer.code,
           decision != NULL ? vt_action_name(decision->action) : "-",
           decision != NULL ? vt_action_name(decision->would_be) : "-",
           reasons_text(all_reasons(out), reasons, sizeof(reasons)),
           decision != NULL && decision->rule != NULL ? decision->rule : "-",
           (long long)out->total_msecs, has_fault ? " fault=" : "",
           has_fault ? vt_text_clean(fault, sizeof(fault), vt_bytes_str(out->fault.text)) : "");
}
