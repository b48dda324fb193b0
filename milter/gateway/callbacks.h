/* SPDX-License-Identifier: Apache-2.0
 * libmilter's callbacks. Nothing else knows in which order they come. */
#ifndef VANTHU_GATEWAY_CALLBACKS_H
#define VANTHU_GATEWAY_CALLBACKS_H

#include "gateway/gateway.h"

/* The filter for smfi_register. libmilter gives callbacks no pointer of ours, so the gateway is
 * kept here: set once, before smfi_main. gateway: borrowed for the life of the process. */
struct smfiDesc vt_callbacks_describe(struct vt_gateway *gateway);

#endif
