/* SPDX-License-Identifier: Apache-2.0
 * The address in an argument of MAIL or RCPT, in one form: a rule on a sender must not be missed
 * because the sender writes his address in another way that means the same. A milter gets the
 * argument as the client wrote it, and Postfix and Sendmail take more than RFC 5321 4.1.2 does. */
#ifndef VANTHU_GATEWAY_PATH_H
#define VANTHU_GATEWAY_PATH_H

/* RFC 5321 4.5.3.1.1 has 64 octets, RFC 6531 and old systems have more; the beginning of a longer
 * one is kept. */
#define VT_MAX_PATH_LOCAL_BYTES 240
/* RFC 1035 2.3.4. Of a longer one the end is kept: it says whose it is. */
#define VT_MAX_PATH_DOMAIN_BYTES 255
/* Each character of the local part quoted, and what stands around it. */
#define VT_PATH_BYTES (2 * VT_MAX_PATH_LOCAL_BYTES + VT_MAX_PATH_DOMAIN_BYTES + 8)

/* "<a@b> SIZE=1", "<>", "a@b" or "": the address without brackets, source route, comments, white
 * space, needless quotes and backslashes, and dots behind the domain; "b!a" and "a%b" as "a@b". A
 * local part that needs quotes has them. Clean text, at most VT_PATH_BYTES. Returns out. */
const char *vt_path_address(const char *argument, char out[VT_PATH_BYTES]);

#endif
