/* SPDX-License-Identifier: Apache-2.0
 * A mail without its seal, told to those who watch the register. */
#include <stdio.h>

#include "gateway/record.h"
#include "gateway/seal.h"
#include "gateway/work.h"
#include "vanthu/log.h"

void vt_work_tell_unsealed(struct vt_work *work)
{
    const struct vt_judgement *out = work->out;
    const struct vt_sealed *sealed = &out->sealed;
    char text[VT_ERR_TEXT_BYTES + 200];
    struct vt_err err = {0};
    if (out->is_inert || sealed->result != VT_SEAL_RESULT_FAILED ||
        vt_record_is_secret(work->transaction, out))
        return;
    (void)snprintf(text, sizeof(text), "key=%s why=%s mail=%s%s%s",
                   sealed->key != NULL ? sealed->key : "-", sealed->why,
                   out->answer.kind == VT_ANSWER_TEMPFAIL ? "not-sent" : "sent-without",
                   sealed->text != NULL ? ": " : "", sealed->text != NULL ? sealed->text : "");
    const struct vt_register_event event = {
        .what = VT_EVENT_UNSEALED, .text = text, .by = "gateway"};
    const struct vt_register_record record = {.kind = VT_REGISTER_EVENT,
                                              .reference = work->transaction->mail.reference,
                                              .time_utc_secs = work->now_utc_secs,
                                              .event = &event};
    const struct vt_registrar registrar = vt_work_registrar(work, VT_TEMPFAIL_RECORD_MSECS);
    if (work->gateway->record(&registrar, &record, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "the alert is not recorded: %s", err.text);
}
