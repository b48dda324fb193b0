/* SPDX-License-Identifier: Apache-2.0
 * One line per event, to syslog or standard error. */
#include "vanthu/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

/* Set once before threads start. */
static struct {
    const char *ident;
    bool to_syslog;
    enum vt_log_level highest;
} target = {"vanthu", false, VT_LOG_INFO};

void vt_log_open(const char *ident, bool to_syslog, enum vt_log_level highest)
{
    target.ident = ident;
    target.to_syslog = to_syslog;
    target.highest = highest;
    if (to_syslog)
        openlog(ident, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

static const char *level_name(enum vt_log_level level)
{
    switch (level) {
    case VT_LOG_ALERT:
        return "alert: ";
    case VT_LOG_ERROR:
        return "error: ";
    case VT_LOG_WARNING:
        return "warning: ";
    case VT_LOG_INFO:
    case VT_LOG_DEBUG:
        break;
    }
    return "";
}

static void line_to_stderr(const char *mark, const char *text, int len)
{
    /* One write per line keeps lines of several processes apart. */
    char line[2048 + 256];
    int used = snprintf(line, sizeof(line), "%s[%ld]: %s%.*s\n", target.ident, (long)getpid(), mark,
                        len, text);
    if (used <= 0)
        return;
    size_t bytes = (size_t)used < sizeof(line) ? (size_t)used : sizeof(line) - 1;
    ssize_t written = write(STDERR_FILENO, line, bytes);
    (void)written;
}

/* Whatever a caller forgot to clean ends no line and moves no cursor. */
static void keep_one_line(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            *text = '?';
}

void vt_log(enum vt_log_level level, const char *format, ...)
{
    if (level > target.highest)
        return;
    char text[2048];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    keep_one_line(text);
    if (target.to_syslog)
        syslog((int)level, "%s%s", level_name(level), text);
    else
        line_to_stderr(level_name(level), text, (int)strlen(text));
}
