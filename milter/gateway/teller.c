/* SPDX-License-Identifier: Apache-2.0
 * The thread that tells. */
#include "gateway/teller.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gateway/record.h"
#include "vanthu/log.h"
#include "vanthu/registrar.h"

/* libmilter writes the answer when the callback has returned; then, and not before, it is told. */
#define AFTER_MSECS 50
#define TELL_MSECS 1000

void vt_teller_init(struct vt_teller *teller, int record_fd)
{
    *teller = (struct vt_teller){.record_fd = record_fd};
    pthread_mutex_init(&teller->lock, NULL);
    pthread_cond_init(&teller->filled, NULL);
}

void vt_teller_add(struct vt_teller *teller, const char *reference, const struct vt_answer *answer)
{
    pthread_mutex_lock(&teller->lock);
    if (teller->count < VT_TELLER_ITEMS) {
        struct vt_told *item = &teller->items[teller->count++];
        *item = (struct vt_told){.kind = answer->kind};
        (void)snprintf(item->reference, sizeof(item->reference), "%s", reference);
        memcpy(item->code, answer->code, sizeof(item->code));
        memcpy(item->enhanced, answer->enhanced, sizeof(item->enhanced));
        pthread_cond_signal(&teller->filled);
    }
    pthread_mutex_unlock(&teller->lock);
}

static void tell(const struct vt_teller *teller, const struct vt_told *items, size_t count)
{
    struct vt_register_answered answered[VT_MAX_ANSWERS];
    struct vt_register_record records[VT_MAX_ANSWERS];
    struct vt_err err = {0};
    for (size_t i = 0; i < count; i++) {
        answered[i] = (struct vt_register_answered){
            .answer = {.outcome = vt_record_outcome(items[i].kind),
                       .code = items[i].code[0] != '\0' ? items[i].code : NULL,
                       .enhanced = items[i].enhanced[0] != '\0' ? items[i].enhanced : NULL}};
        records[i] = (struct vt_register_record){.kind = VT_REGISTER_ANSWERED,
                                                 .reference = items[i].reference,
                                                 .answered = &answered[i]};
    }
    const struct vt_registrar registrar = {
        .channel_fd = teller->record_fd, .deadline_msecs = vt_clock_monotonic_msecs() + TELL_MSECS};
    if (vt_registrar_tell(&registrar, records, count, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "%zu answers are not recorded: %s", count, err.text);
}

/* Tell the first ones, at most as many as one message takes. */
static void tell_some(struct vt_teller *teller, size_t most)
{
    struct vt_told items[VT_MAX_ANSWERS];
    pthread_mutex_lock(&teller->lock);
    size_t count = teller->count < most ? teller->count : most;
    if (count > VT_MAX_ANSWERS)
        count = VT_MAX_ANSWERS;
    memcpy(items, teller->items, count * sizeof(items[0]));
    teller->count -= count;
    memmove(teller->items, teller->items + count, teller->count * sizeof(items[0]));
    pthread_mutex_unlock(&teller->lock);
    if (count > 0)
        tell(teller, items, count);
}

static size_t wait_for_some(struct vt_teller *teller)
{
    pthread_mutex_lock(&teller->lock);
    while (teller->count == 0)
        pthread_cond_wait(&teller->filled, &teller->lock);
    size_t count = teller->count;
    pthread_mutex_unlock(&teller->lock);
    return count;
}

static void *run(void *context)
{
    static const struct timespec after = {.tv_nsec = AFTER_MSECS * 1000000L};
    struct vt_teller *teller = context;
    for (;;) {
        size_t count = wait_for_some(teller);
        (void)nanosleep(&after, NULL);
        for (; count > 0; count -= count < VT_MAX_ANSWERS ? count : VT_MAX_ANSWERS)
            tell_some(teller, count);
    }
    return NULL;
}

enum vt_code vt_teller_start(struct vt_teller *teller, struct vt_err *err)
{
    pthread_t thread;
    int failed = pthread_create(&thread, NULL, run, teller);
    if (failed != 0)
        return vt_err_set(err, VT_E_SYSTEM, "cannot start a thread: %s", strerror(failed));
    pthread_detach(thread);
    return VT_OK;
}

void vt_teller_flush(struct vt_teller *teller)
{
    static const struct timespec after = {.tv_nsec = AFTER_MSECS * 1000000L};
    (void)nanosleep(&after, NULL);
    for (size_t i = 0; i <= VT_TELLER_ITEMS / VT_MAX_ANSWERS; i++)
        tell_some(teller, VT_MAX_ANSWERS);
}
