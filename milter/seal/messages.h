/* SPDX-License-Identifier: Apache-2.0
 * What the sealer is asked and answers, as JSON in one message (the table in vanthu/wire.h). */
#ifndef VANTHU_SEAL_MESSAGES_H
#define VANTHU_SEAL_MESSAGES_H

#include <jansson.h>

#include "vanthu/seal.h"
#include "vanthu/wire.h"

#define VT_MAX_SEAL_BEHALF_BYTES 320
#define VT_MAX_SEAL_ABOUT_BYTES 160
#define VT_MAX_SEAL_TEXT_BYTES 400

/* The body of a message as an object; the caller's. NULL: it is none. */
json_t *vt_seal_body(const struct vt_message *message);
/* Base64 without line ends; NULL: memory is out. */
json_t *vt_seal_bytes_to_json(struct vt_bytes bytes);
/* *out lives in arena. VT_E_FORMAT, VT_E_NOMEM. */
enum vt_code vt_seal_bytes_from_json(struct vt_arena *arena, const json_t *text,
                                     struct vt_bytes *out) VT_MUST_CHECK;
/* The index of a word in names[0 .. count), by a function that gives them; count: none. */
unsigned vt_seal_word(const json_t *text, const char *(*name)(unsigned), unsigned count);

/* Ask over the channel or the connection of sealer, and read the answer as an object (the
 * caller's). fd: -1 or a descriptor that goes with it. VT_E_PEER: the sealer is not there, or says
 * why it does not answer; VT_E_TIMEOUT, VT_E_NOMEM. */
enum vt_code vt_seal_ask(const struct vt_sealer *sealer, enum vt_message_type type, json_t *body,
                         int fd, json_t **out, struct vt_err *err) VT_MUST_CHECK;

#endif
