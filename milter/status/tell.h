/* SPDX-License-Identifier: Apache-2.0
 * Telling the registrar what a certificate of a mail turned out to be. */
#ifndef VANTHU_STATUS_TELL_H
#define VANTHU_STATUS_TELL_H

#include "vanthu/registrar.h"

struct vt_teller {
    int channel_fd;      /* the client end of the registrar's channel */
    int64_t again_msecs; /* not before; the registrar did not answer */
};
/* context: a vt_teller. False: it is to be told again. Takes 300 ms at most, and where nobody
 * answers once in a minute: mails that ask meanwhile have 3 s. */
bool vt_tell_registrar(void *context, const struct vt_rechecked *rechecked);

#endif
