/* SPDX-License-Identifier: Apache-2.0
 * One line per event, key=value, to syslog (facility mail) or standard error. Values from
 * mail are cleaned by the caller with vt_text_clean; secrets are never passed in. */
#ifndef VANTHU_LOG_H
#define VANTHU_LOG_H

#include <stddef.h>

#include "vanthu/error.h"

/* ALERT: somebody has to look at it now. */
enum vt_log_level {
    VT_LOG_ALERT = 1,
    VT_LOG_ERROR = 3,
    VT_LOG_WARNING = 4,
    VT_LOG_INFO = 6,
    VT_LOG_DEBUG = 7
};

/* Called before threads are made, again after the configuration was read. ident: static storage,
 * e.g. "vanthu/gateway". to_syslog: false writes to standard error. */
void vt_log_open(const char *ident, bool to_syslog, enum vt_log_level highest);
/* One line, cut at 2 KiB, when level is at most the highest one that was opened. Control characters
 * that are left in it become '?'. Thread-safe. */
void vt_log(enum vt_log_level level, const char *format, ...) VT_PRINTF(2, 3);

#endif
