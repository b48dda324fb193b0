/* SPDX-License-Identifier: Apache-2.0
 * Telling the registrar what the MTA got: afterwards, by a thread of its own, so that no mail waits
 * for it. What cannot be told is left out: a mail that is decided and not answered may come again.
 */
#ifndef VANTHU_GATEWAY_TELLER_H
#define VANTHU_GATEWAY_TELLER_H

#include <pthread.h>

#include "gateway/answer.h"
#include "vanthu/reference.h"

#define VT_TELLER_ITEMS 1024

struct vt_teller {
    int record_fd;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct vt_told {
        char reference[VT_REFERENCE_BYTES];
        enum vt_answer_kind kind;
        char code[4], enhanced[8];
    } items[VT_TELLER_ITEMS];
    size_t count;
};

void vt_teller_init(struct vt_teller *teller, int record_fd);
/* Start its thread, which runs as long as the process. VT_E_SYSTEM. */
enum vt_code vt_teller_start(struct vt_teller *teller, struct vt_err *err) VT_MUST_CHECK;
/* To be told after the callback has returned. */
void vt_teller_add(struct vt_teller *teller, const char *reference, const struct vt_answer *answer);
/* Tell what is left, at the end of the process. */
void vt_teller_flush(struct vt_teller *teller);

#endif
