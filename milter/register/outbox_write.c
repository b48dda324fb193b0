/* SPDX-License-Identifier: Apache-2.0
 * Writing a notice that is due. One that cannot be written ends with an alarm: it must not keep the
 * others from being sent. */
#include "register/outbox_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "register/gather.h"
#include "vanthu/log.h"
#include "vanthu/registrar.h"

#define ROW_ARENA_BYTES ((size_t)256 * 1024)
#define MESSAGE_ID_BYTES 400
/* After a fault that has nothing to do with what is written. */
#define POSTPONED_SECS 60

/* The same at each attempt, and after a crash: of the matter and of the row. */
static const char *message_id_of(const struct vt_outbox *outbox, const struct vt_queued *owed,
                                 char out[MESSAGE_ID_BYTES])
{
    char matter[2 * sizeof(owed->matter) + 1];
    (void)vt_text_hex(matter, vt_bytes_of(owed->matter, sizeof(owed->matter)));
    (void)snprintf(out, MESSAGE_ID_BYTES, "%" PRId64 ".%.24s@%s", owed->id, matter,
                   outbox->config->hostname);
    return out;
}

static enum vt_code write_message(const struct vt_outbox *outbox, struct vt_register *reg,
                                  const struct vt_queued *owed, struct vt_notice_message *out,
                                  char message_id[MESSAGE_ID_BYTES], struct vt_err *err)
{
    struct vt_notice_input input = {.recipient = owed->recipient,
                                    .config = outbox->config,
                                    .site = outbox->policy != NULL ? vt_policy_site(outbox->policy)
                                                                   : NULL,
                                    .words = outbox->words,
                                    .message_id = message_id_of(outbox, owed, message_id),
                                    .now_utc_secs = vt_clock_now_utc_secs()};
    if (vt_notice_kind_by_name(owed->kind, &input.kind) != VT_OK)
        return vt_err_set(err, VT_E_UNSUPPORTED, "there is no notice of kind \"%.32s\"",
                          owed->kind);
    if (strlen(owed->recipient) > VT_MAX_NOTICE_RECIPIENT_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "an address of %zu bytes", strlen(owed->recipient));
    struct vt_gather gather = {
        .reg = reg, .owed = owed, .now_utc_secs = input.now_utc_secs, .err = err};
    gather.arena = vt_arena_new(VT_GATHER_ARENA_BYTES);
    if (gather.arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a notice");
    enum vt_code code = vt_gather(&gather, &input);
    if (code == VT_OK)
        code = vt_notice_write(&input, out, err);
    if (code == VT_OK && out->bytes.len > VT_MAX_NOTICE_BYTES)
        code = vt_err_set(err, VT_E_LIMIT, "a notice of %zu bytes", out->bytes.len);
    vt_arena_free(gather.arena);
    return code;
}

static bool may_pass(enum vt_code code)
{
    return code == VT_E_NOMEM || code == VT_E_BUSY || code == VT_E_SYSTEM;
}

/* What another try may mend waits; everything else would be the same tomorrow. */
static enum vt_code not_written(struct vt_outbox *outbox, struct vt_register *reg,
                                const struct vt_queued *owed, const struct vt_err *fault,
                                struct vt_err *err)
{
    const struct vt_queued_end end = {.state = VT_QUEUED_FAILED, .text = fault->text};
    if (!may_pass(fault->code))
        return vt_outbox_end(outbox, reg, owed, &end, err);
    vt_log(VT_LOG_WARNING, "notice %" PRId64 " is written later: %s", owed->id, fault->text);
    return vt_queued_postpone(reg, owed->id,
                              vt_clock_now_utc_secs() + vt_outbox_retry_secs(outbox, 0), err);
}

static enum vt_code write_owed(struct vt_outbox *outbox, struct vt_register *reg,
                               const struct vt_queued *owed, struct vt_err *err)
{
    char message_id[MESSAGE_ID_BYTES];
    struct vt_notice_message message = {{0}, ""};
    struct vt_err fault = {0};
    enum vt_code code = write_message(outbox, reg, owed, &message, message_id, &fault);
    code = code == VT_OK
               ? vt_queued_written(reg, owed->id, message_id, vt_buf_bytes(&message.bytes),
                                   vt_clock_now_utc_secs(), err)
               : not_written(outbox, reg, owed, &fault, err);
    vt_notice_message_clear(&message);
    return code;
}

static enum vt_code act(struct vt_outbox *outbox, struct vt_register *reg,
                        const struct vt_queued *owed, struct vt_err *err)
{
    const struct vt_config_notices *notices = &outbox->config->notices;
    const struct vt_queued_limits limits = {.sender = notices->per_sender_hour,
                                            .domain = notices->per_domain_hour,
                                            .all = notices->per_hour};
    const struct vt_queued_end unanswered = {.state = VT_QUEUED_UNANSWERED,
                                             .text = "the mail got another answer"};
    const struct vt_queued_end limited = {.state = VT_QUEUED_LIMITED,
                                          .text = "more notices than allowed within an hour"};
    enum vt_queued_verdict verdict = VT_QUEUED_WAIT;
    int64_t now = vt_clock_now_utc_secs(), next = now;
    enum vt_code code = vt_queued_judge(reg, owed, &limits, now, &verdict, &next, err);
    if (code != VT_OK)
        return code;
    switch (verdict) {
    case VT_QUEUED_WRITE:
        return write_owed(outbox, reg, owed, err);
    case VT_QUEUED_IS_ELSEWHERE:
        return vt_queued_join_elsewhere(reg, owed->id, now, err);
    case VT_QUEUED_IS_UNANSWERED:
        return vt_outbox_end(outbox, reg, owed, &unanswered, err);
    case VT_QUEUED_IS_OVERRULED:
        return vt_outbox_take_back(outbox, reg, owed, err);
    case VT_QUEUED_IS_LIMITED:
        return vt_outbox_end(outbox, reg, owed, &limited, err);
    case VT_QUEUED_WAIT:
        break;
    }
    return vt_queued_postpone(reg, owed->id, next, err);
}

enum vt_code vt_outbox_write_one(struct vt_outbox *outbox, struct vt_register *reg,
                                 struct vt_err *err)
{
    struct vt_queued owed = {.id = 0};
    struct vt_arena *arena = vt_arena_new(ROW_ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a notice");
    enum vt_code code = vt_queued_due(reg, arena, vt_clock_now_utc_secs(), &owed, err);
    if (code == VT_OK)
        code = act(outbox, reg, &owed, err);
    /* What is wrong with this one must not keep the others from being sent. */
    if (code != VT_OK && code != VT_E_NOT_FOUND)
        (void)!vt_queued_postpone(reg, owed.id, vt_clock_now_utc_secs() + POSTPONED_SECS, NULL);
    vt_arena_free(arena);
    return code;
}
