/* SPDX-License-Identifier: Apache-2.0
 * Mail that comes through a device in front of the mail server (front-relays): the client is then
 * the device, and who gave the mail to it stands in the Received line that the device wrote
 * (RFC 5321 4.4). Received lines are read from the top, only as long as each was written by a
 * listed relay; what stands below is the sender's own word and is not looked at. */
#ifndef VANTHU_GATEWAY_FRONT_H
#define VANTHU_GATEWAY_FRONT_H

#include "gateway/direction.h"
#include "vanthu/bytes.h"

/* Relays one behind the other; a mail through more is of an unknown client. */
#define VT_MAX_FRONT_HOPS 8

struct vt_front {
    char relay[64];  /* that handed the mail to the MTA; "": it was none of ours */
    char client[64]; /* who handed it to the first of them; "": not known */
    unsigned hops_count;
    bool is_open; /* the next Received line is one of a relay */
};

/* A new mail from this client, as the MTA has it. */
void vt_front_begin(struct vt_front *front, const struct vt_networks *relays,
                    const char *client_address);
/* The value of a Received header, in the order of the mail. */
void vt_front_received(struct vt_front *front, const struct vt_networks *relays,
                       struct vt_bytes value);
/* The address in the From-domain of a Received line, normalised: what the writer saw of its client,
 * not what the client called itself. False when the line has not exactly the form of RFC 5321 4.4,
 * `from HELO (NAME [ADDRESS] …) … by HOST …`, or with the bare address in the parentheses, or has a
 * second address in brackets or a second "by" behind it. */
bool vt_received_from(struct vt_bytes value, char out_address[64]);

#endif
