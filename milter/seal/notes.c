/* SPDX-License-Identifier: Apache-2.0
 * Events of the register that no signature waits for: a stop, a new PIN. They are told until the
 * registrar has them. */
#include <stdio.h>
#include <unistd.h>

#include "seal/desk.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/registrar.h"

#define AGAIN_MSECS 1000
/* A registrar that is away for longer has an alarm of its own; the log has the note. */
#define MAX_TRIES 600

static void forget(struct vt_seal_note *note)
{
    if (note->fd >= 0)
        (void)close(note->fd);
    *note = (struct vt_seal_note){.fd = -1};
}

static void tell(const struct vt_seal_desk *desk, struct vt_seal_note *note, int64_t now_msecs)
{
    const struct vt_registrar registrar = {
        .channel_fd = desk->record_channel, .connection_fd = -1, .deadline_msecs = now_msecs};
    const struct vt_register_event event = {.what = note->what, .text = note->text, .by = note->by};
    const struct vt_register_record record = {
        .kind = VT_REGISTER_EVENT, .time_utc_secs = vt_clock_now_utc_secs(), .event = &event};
    struct vt_err err = {.text = ""};
    note->again_msecs = now_msecs + AGAIN_MSECS;
    note->tries++;
    if (vt_registrar_begin(&registrar, &record, &note->fd, &err) != VT_OK)
        note->fd = -1;
}

static void hear(struct vt_seal_note *note)
{
    struct vt_err err = {.text = ""};
    enum vt_code code = vt_registrar_end(note->fd, &err);
    if (code == VT_OK) {
        forget(note);
    } else if (code != VT_E_TIMEOUT) {
        (void)close(note->fd);
        note->fd = -1;
        if (note->tries >= MAX_TRIES) {
            vt_log(VT_LOG_ALERT, "seal: %s by %s is not in the register: %s", note->what, note->by,
                   err.text);
            forget(note);
        }
    }
}

void vt_desk_note(struct vt_seal_desk *desk, const char *what, const char *by, const char *text)
{
    for (size_t i = 0; i < VT_SEAL_NOTES; i++) {
        struct vt_seal_note *note = &desk->notes[i];
        if (note->what != NULL)
            continue;
        *note = (struct vt_seal_note){.what = what, .fd = -1};
        (void)snprintf(note->by, sizeof(note->by), "%s", by);
        (void)snprintf(note->text, sizeof(note->text), "%s", text);
        tell(desk, note, vt_clock_monotonic_msecs());
        return;
    }
    vt_log(VT_LOG_ALERT, "seal: %s by %s is not in the register: too many wait", what, by);
}

void vt_desk_tell_notes(struct vt_seal_desk *desk, int64_t now_msecs)
{
    for (size_t i = 0; i < VT_SEAL_NOTES; i++) {
        struct vt_seal_note *note = &desk->notes[i];
        if (note->what == NULL)
            continue;
        if (note->fd >= 0)
            hear(note);
        else if (now_msecs >= note->again_msecs)
            tell(desk, note, now_msecs);
    }
}

void vt_desk_forget_notes(struct vt_seal_desk *desk)
{
    for (size_t i = 0; i < VT_SEAL_NOTES; i++)
        forget(&desk->notes[i]);
}
