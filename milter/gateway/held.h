/* SPDX-License-Identifier: Apache-2.0
 * Which objects the register is known to hold: most mails rest on the same CRLs, which need not be
 * brought again. A bounded memory that forgets after an hour; what it forgot is brought once more.
 */
#ifndef VANTHU_GATEWAY_HELD_H
#define VANTHU_GATEWAY_HELD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define VT_HELD_PLACES 4096
#define VT_HELD_MSECS (60 * 60 * 1000)

struct vt_held {
    pthread_mutex_t lock;
    struct vt_held_place {
        char sha256[65]; /* "": free */
        int64_t until_msecs;
    } places[VT_HELD_PLACES];
};

void vt_held_init(struct vt_held *held);
/* sha256: 64 digits of hexadecimal. Times are monotonic. */
bool vt_held_has(struct vt_held *held, const char *sha256, int64_t now_msecs);
void vt_held_add(struct vt_held *held, const char *sha256, int64_t now_msecs);
void vt_held_forget(struct vt_held *held, const char *sha256);

#endif
