/* SPDX-License-Identifier: Apache-2.0
 * Whose results an Authentication-Results header claims to be. */
#ifndef VANTHU_GATEWAY_AUTHSERV_H
#define VANTHU_GATEWAY_AUTHSERV_H

#include "vanthu/bytes.h"

/* True when the authserv-id at the start of the value is id, in whatever form it is written:
 * after white space, folds and comments, as a token or a quoted string, in any case of letters.
 * What a careless reader could take for id (an unfinished string, a final dot) counts as id. */
bool vt_authserv_is(struct vt_bytes value, const char *id);

#endif
