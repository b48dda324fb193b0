/* SPDX-License-Identifier: Apache-2.0
 * One request to the registrar, within the little time that others may wait for. */
#include "status/tell.h"

#include "vanthu/clock.h"
#include "vanthu/log.h"

#define ANSWER_MSECS 300
#define PAUSE_MSECS 60000

bool vt_tell_registrar(void *context, const struct vt_rechecked *rechecked)
{
    struct vt_teller *teller = context;
    struct vt_err err = {0};
    int64_t now = vt_clock_monotonic_msecs();
    const struct vt_registrar registrar = {.channel_fd = teller->channel_fd,
                                           .connection_fd = -1,
                                           .deadline_msecs = now + ANSWER_MSECS};
    if (!vt_reference_is_valid(rechecked->reference))
        return true; /* of no register */
    if (now < teller->again_msecs)
        return false;
    if (vt_registrar_rechecked(&registrar, rechecked, &err) == VT_OK)
        return true;
    teller->again_msecs = now + PAUSE_MSECS;
    vt_log(VT_LOG_WARNING, "the registrar is told later of reference=%s: %s", rechecked->reference,
           err.text);
    return false;
}
