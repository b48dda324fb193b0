/* SPDX-License-Identifier: Apache-2.0
 * The refusal brake of this gateway: its settings, since when each rule is what it is, and the file
 * of counts in the spool folder, which outlives the process and is shared with the gateways that
 * came before and come after. Any number of threads. */
#ifndef VANTHU_GATEWAY_BRAKE_H
#define VANTHU_GATEWAY_BRAKE_H

#include <jansson.h>
#include <pthread.h>

#include "vanthu/brake.h"

struct vt_brake {
    struct vt_brake_limits limits;
    json_t *rules; /* {name: {"digest", "since"}}; NULL: nothing is known, there is no brake */
    int64_t loaded_utc_secs; /* of the policy; 0: not known */
    int fd;                  /* -1: the counts are this process's alone */
    pthread_mutex_t lock;
    struct vt_brake_rule own[VT_BRAKE_RULES]; /* without a file */
};

/* rules_fd: what the master tells of the rules (vt_version_rules), -1: nothing. Without a file that
 * can be written the brake forgets with the process: VT_OK, and why in err. VT_E_FORMAT. */
enum vt_code vt_brake_open(struct vt_brake *brake, const struct vt_config *config, int rules_fd,
                           struct vt_err *err) VT_MUST_CHECK;
void vt_brake_close(struct vt_brake *brake);
/* Until when the brake of a rule is on; 0: it is not. */
int64_t vt_brake_until(struct vt_brake *brake, const char *rule, int64_t now_utc_secs);
/* The latest of all rules. */
int64_t vt_brake_latest(struct vt_brake *brake, int64_t now_utc_secs);
/* A rule refused a mail of an agency or domain, and that was recorded. */
struct vt_brake_verdict vt_brake_note(struct vt_brake *brake, const char *rule, const char *agency,
                                      int64_t now_utc_secs);

#endif
