/* SPDX-License-Identifier: Apache-2.0
 * One mail from MAIL to its end: envelope, spool, forged headers, and the first fault of ours. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/gateway.h"
#include "gateway/path.h"
#include "vanthu/secret.h"

#define MAX_TEXT_BYTES 1000

static bool has_failed(const struct vt_transaction *transaction)
{
    return transaction->fault.code != VT_OK;
}

static void no_memory(struct vt_transaction *transaction)
{
    if (!has_failed(transaction))
        vt_err_set(&transaction->fault, VT_E_NOMEM, "no memory for the envelope");
}

const char *vt_transaction_text(struct vt_transaction *transaction, const char *text)
{
    char clean[MAX_TEXT_BYTES];
    if (text == NULL)
        return NULL;
    const char *copy =
        vt_arena_str(transaction->arena, vt_text_clean(clean, sizeof(clean), vt_bytes_str(text)));
    if (copy == NULL)
        no_memory(transaction);
    return copy;
}

static const char *address(struct vt_transaction *transaction, const char *argument)
{
    char plain[VT_PATH_BYTES];
    const char *copy = vt_arena_str(transaction->arena, vt_path_address(argument, plain));
    if (copy == NULL)
        no_memory(transaction);
    return copy;
}

struct vt_transaction *vt_transaction_new(struct vt_gateway *gateway, const char *sender)
{
    struct vt_transaction *transaction = calloc(1, sizeof(*transaction));
    struct vt_arena *arena = vt_arena_new(VT_MAX_GATEWAY_ARENA_BYTES);
    if (transaction == NULL || arena == NULL) {
        free(transaction);
        vt_arena_free(arena);
        return NULL;
    }
    size_t memory_bytes = gateway->config->memory_spool_bytes;
    transaction->gateway = gateway;
    transaction->arena = arena;
    vt_spool_init(&transaction->spool, gateway->config->spool_directory,
                  memory_bytes > 2 * VT_TRANSACTION_BYTES ? memory_bytes - VT_TRANSACTION_BYTES
                                                          : memory_bytes);
    vt_siphash_init(&transaction->hash, gateway->hash_key);
    transaction->mail.sender = address(transaction, sender);
    if (transaction->mail.sender == NULL)
        transaction->mail.sender = "";
    vt_siphash_add_text(&transaction->hash, transaction->mail.sender);
    atomic_fetch_add(&gateway->messages_count, 1);
    vt_metric_change(gateway->metrics, VT_METRIC_MAILS_ARRIVING, 0, 1);
    return transaction;
}

void vt_transaction_free(struct vt_transaction *transaction)
{
    if (transaction == NULL)
        return;
    atomic_fetch_sub(&transaction->gateway->messages_count, 1);
    vt_metric_change(transaction->gateway->metrics, VT_METRIC_MAILS_ARRIVING, 0, -1);
    vt_spool_close(&transaction->spool);
    vt_arena_free(transaction->arena);
    free(transaction);
}

void vt_transaction_recipient(struct vt_transaction *transaction, const char *recipient)
{
    struct vt_mail *mail = &transaction->mail;
    if (mail->recipients_count >= VT_MAX_RECIPIENTS) {
        transaction->recipients_dropped_count++;
        return;
    }
    const char **recipients = vt_arena_grow(transaction->arena, mail->recipients,
                                            mail->recipients_count, sizeof(*mail->recipients));
    const char *copy = address(transaction, recipient);
    if (recipients == NULL || copy == NULL) {
        no_memory(transaction);
        return;
    }
    mail->recipients = recipients;
    recipients[mail->recipients_count++] = copy;
}

void vt_transaction_header(struct vt_transaction *transaction, const char *name, const char *value,
                           bool has_leading_space)
{
    if (transaction->mail.message_id == NULL && strcasecmp(name, "Message-ID") == 0)
        transaction->mail.message_id =
            vt_transaction_text(transaction, value + strspn(value, " \t\n"));
    if (strcasecmp(name, "Subject") == 0 && vt_secret_subject_begins(vt_bytes_str(value)))
        transaction->is_marked_secret = true;
    if (transaction->subject == NULL && strcasecmp(name, "Subject") == 0) {
        transaction->subject = vt_arena_str(transaction->arena, value);
        if (transaction->subject == NULL)
            no_memory(transaction);
    }
    if (strcasecmp(name, "Received") == 0)
        vt_front_received(&transaction->front, &transaction->gateway->front_relays,
                          vt_bytes_str(value));
    if (has_failed(transaction))
        return;
    enum vt_code code = vt_strip_see(&transaction->strip, transaction->arena,
                                     transaction->gateway->config->authserv_id, name, value);
    if (code != VT_OK)
        vt_err_set(&transaction->fault, code, "too many headers that only this gateway may write");
    else
        (void)!vt_spool_header(&transaction->spool, name, value, has_leading_space,
                               &transaction->fault);
}

void vt_transaction_end_headers(struct vt_transaction *transaction)
{
    if (!has_failed(transaction))
        (void)!vt_spool_end_headers(&transaction->spool, &transaction->fault);
}

void vt_transaction_body(struct vt_transaction *transaction, struct vt_bytes bytes)
{
    vt_siphash_add(&transaction->hash, bytes);
    if (!has_failed(transaction))
        (void)!vt_spool_body(&transaction->spool, bytes, &transaction->fault);
}
