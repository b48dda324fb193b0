/* SPDX-License-Identifier: Apache-2.0
 * What roles tell the master over their control sockets: READY when one serves, and RENEW when the
 * inspector lost a child in a way that may tell an attacker its address layout: its successor
 * starts at once and finds the waiting requests in the channel, while it finishes the children it
 * has. The shipper tells how far it is; that is kept for whoever asks. */
#include <string.h>

#include "roles_internal.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/status.h"
#include "vanthu/wire.h"

/* The successor learns what its predecessor knew, if status tells it nothing newer. */
static void hand_over(struct vt_roles *roles, struct vt_role_slot *slot,
                      const struct vt_message *message)
{
    struct vt_err err = {0};
    if (slot->now.pid == 0 && vt_roles_start_role(roles, VT_ROLE_INSPECTOR, &err) != VT_OK)
        vt_log(VT_LOG_ERROR, "%s", err.text);
    if (slot->now.pid != 0 && message->fds_count > 0 &&
        vt_wire_send(slot->now.control, VT_MSG_GENERATION, (struct vt_bytes){NULL, 0}, message->fds,
                     message->fds_count, 0, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "the new inspector begins without known status: %s", err.text);
}

static void take_message(struct vt_roles *roles, enum vt_role_id role, struct vt_message *message)
{
    struct vt_role_slot *slot = &roles->slots[role];
    if (message->type == VT_MSG_READY) {
        slot->now.ready = true;
    } else if (message->type == VT_MSG_RENEW && role == VT_ROLE_INSPECTOR && !roles->draining) {
        vt_roles_renew(roles, role);
        if (slot->now.pid == 0 && slot->start_at_msecs <= vt_clock_monotonic_msecs())
            hand_over(roles, slot, message);
    } else if (message->type == VT_MSG_SHIPPING && role == VT_ROLE_SHIPPER &&
               message->body_len < sizeof(roles->shipping)) {
        memcpy(roles->shipping, message->body, message->body_len);
        roles->shipping[message->body_len] = '\0';
    }
}

void vt_roles_listen(struct vt_roles *roles, enum vt_role_id role)
{
    struct vt_role_slot *slot = &roles->slots[role];
    pid_t speaker = slot->now.pid;
    struct vt_message message;
    enum vt_code code = VT_OK;
    while (slot->now.pid == speaker && slot->now.control >= 0 && code == VT_OK) {
        /* RENEW carries a generation; of other roles nothing is taken. */
        size_t max_fds = role == VT_ROLE_INSPECTOR ? 1 + VT_MAX_GENERATION_LISTS : 0;
        code = vt_wire_receive(slot->now.control, &message, max_fds, 0, NULL);
        if (code == VT_OK) {
            take_message(roles, role, &message);
            vt_message_close(&message);
        }
    }
    if (slot->now.pid == speaker && code != VT_OK && code != VT_E_TIMEOUT)
        vt_roles_close_fd(&slot->now.control); /* it is ending; waitpid will tell how */
}

size_t vt_roles_poll(const struct vt_roles *roles, struct pollfd entries[VT_ROLES_MAX_POLL])
{
    size_t count = 0;
    for (size_t i = 0; i < VT_ROLES; i++)
        if (roles->slots[i].now.control >= 0)
            entries[count++] = (struct pollfd){.fd = roles->slots[i].now.control, .events = POLLIN};
    return count;
}

void vt_roles_polled(struct vt_roles *roles, const struct pollfd *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (entries[i].revents == 0)
            continue;
        for (enum vt_role_id role = VT_ROLE_MASTER; role < VT_ROLES; role++)
            if (roles->slots[role].now.control == entries[i].fd) {
                vt_roles_listen(roles, role);
                break;
            }
    }
}
