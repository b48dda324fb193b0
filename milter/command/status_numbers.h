/* SPDX-License-Identifier: Apache-2.0
 * Numbers of vanthu status: from the metrics of the running service, and from the register. */
#ifndef VANTHU_COMMAND_STATUS_NUMBERS_H
#define VANTHU_COMMAND_STATUS_NUMBERS_H

#include <jansson.h>

#include "command/command.h"

/* Add to the master's answer, where they can be had, else null:
 *   "mails": {"today": {"accept", "tag", "hold", "reject", "tempfail", "secret"}, "last_hour": …}
 *   "holds": {"waiting", "oldest_utc_secs"}, held mails that nobody has decided about
 *   "counted": {"unrecorded", "poison", "tempfails": {cause: …}, "inspections_failed": {cause: …}},
 *              since the service was started
 *   "seals": as vt_command_seals has it
 *   "register": {"writable", "records"}
 *   "policy": {"version", "loaded_utc_secs"}
 *   "problems": [{"code", "text"}], as /healthz has them */
void vt_command_add_numbers(const struct vt_config *config, json_t *answer, int64_t now_utc_secs);
/* vanthu status --prometheus: what /metrics shows, on standard output. Returns the exit status. */
int vt_command_print_metrics(const struct vt_config *config);

#endif
