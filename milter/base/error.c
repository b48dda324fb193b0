/* SPDX-License-Identifier: Apache-2.0
 * Faults: recording code, text and place for the person who can fix them. */
#include "vanthu/error.h"

#undef vt_err_set /* a macro for the analyser only */

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void record(struct vt_err *err, enum vt_code code, const char *format, va_list args)
    __attribute__((__format__(printf, 3, 0)));

static void record(struct vt_err *err, enum vt_code code, const char *format, va_list args)
{
    memset(err, 0, sizeof(*err));
    err->code = code;
    (void)vsnprintf(err->text, sizeof(err->text), format, args);
}

enum vt_code vt_err_set(struct vt_err *err, enum vt_code code, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        record(err, code, format, args);
        va_end(args);
    }
    return code;
}

enum vt_code vt_err_sys(struct vt_err *err, const char *format, ...)
{
    int saved = errno;
    enum vt_code code = saved == ENOMEM ? VT_E_NOMEM : VT_E_SYSTEM;
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        record(err, code, format, args);
        va_end(args);
        size_t used = strlen(err->text);
        (void)snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(saved));
    }
    errno = saved;
    return code;
}

void vt_err_at(struct vt_err *err, const char *file, unsigned line, unsigned column)
{
    if (err == NULL)
        return;
    (void)snprintf(err->file, sizeof(err->file), "%s", file == NULL ? "" : file);
    err->line = line;
    err->column = column;
}

const char *vt_code_name(enum vt_code code)
{
    switch (code) {
    case VT_OK:
        return "ok";
    case VT_E_FORMAT:
        return "malformed";
    case VT_E_LIMIT:
        return "limit exceeded";
    case VT_E_UNSUPPORTED:
        return "unsupported";
    case VT_E_CONFIG:
        return "configuration";
    case VT_E_NOT_FOUND:
        return "not found";
    case VT_E_EXPIRED:
        return "expired";
    case VT_E_NETWORK:
        return "network";
    case VT_E_NOMEM:
        return "out of memory";
    case VT_E_TIMEOUT:
        return "timeout";
    case VT_E_SYSTEM:
        return "system";
    case VT_E_BUSY:
        return "busy";
    case VT_E_PEER:
        return "peer failed";
    case VT_E_INTERNAL:
        return "internal";
    }
    return "unknown code";
}
