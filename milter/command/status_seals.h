/* SPDX-License-Identifier: Apache-2.0
 * vanthu status: mails that were to be sealed, the last that were not, and keys that are in no HSM.
 */
#ifndef VANTHU_COMMAND_STATUS_SEALS_H
#define VANTHU_COMMAND_STATUS_SEALS_H

#include <jansson.h>
#include <stdio.h>

#include "command/command.h"

/* {"counted": {"sealed": …, …}, "software": [key, …], "unsealed": [{"utc_secs", "reference",
 * "text"}, …]}, the newest first; null where no key is configured. reader: NULL: no service
 * answers. */
struct vt_metrics_reader;
json_t *vt_command_seals(const struct vt_config *config, const struct vt_metrics_reader *reader,
                         unsigned lane, int64_t now_utc_secs);
void vt_command_print_seals(FILE *out, enum vt_language language, const json_t *seals);

#endif
