/* SPDX-License-Identifier: Apache-2.0
 * The floor: the least work that verifying one signed PDF in a mail takes with ordinary means, as
 * the yardstick beside the real thing. It makes nothing safe and judges nothing. */
#ifndef VANTHU_BENCH_FLOOR_H
#define VANTHU_BENCH_FLOOR_H

#include "vanthu/bytes.h"

struct floor;

/* anchors: folder of PEM files, as vanthu.yaml(5) trusts them. max_bytes: of the largest mail.
 * NULL when something of it cannot be had. */
struct floor *floor_new(const char *anchors, size_t max_bytes);
void floor_free(struct floor *floor);
/* Find the attachment, decode it, and for every signature hash its ranges, verify the CMS and
 * build the path to an anchor. Returns the number of signatures, 0 when one is not right. */
size_t floor_verify(struct floor *floor, struct vt_bytes mail);

#endif
