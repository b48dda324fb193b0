/* SPDX-License-Identifier: Apache-2.0
 * Faults, as opposed to findings. A bad signature is a finding and stands in the
 * evidence; a full disk is a fault and is reported with these types. */
#ifndef VANTHU_ERROR_H
#define VANTHU_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#define VT_MUST_CHECK __attribute__((warn_unused_result))
#define VT_PRINTF(text, first) __attribute__((__format__(printf, text, first)))

/* -1..-99: the input's fault; -100..-199: the world's, a retry may help;
 * -200..-299: ours. */
enum vt_code {
    VT_OK = 0,
    VT_E_FORMAT = -1,      /* the bytes are not what they claim to be */
    VT_E_LIMIT = -2,       /* a documented maximum was exceeded */
    VT_E_UNSUPPORTED = -3, /* well-formed, but a form that is not handled */
    VT_E_CONFIG = -4,      /* the administrator's file or argument is wrong */
    VT_E_NOT_FOUND = -5,
    VT_E_EXPIRED = -6, /* authentic, and no longer in force */
    VT_E_NETWORK = -100,
    VT_E_NOMEM = -101,
    VT_E_TIMEOUT = -102,
    VT_E_SYSTEM = -103, /* a system call failed; errno is in the text */
    VT_E_BUSY = -104,   /* a queue or a budget is used up */
    VT_E_PEER = -105,   /* another role died or answered nonsense */
    VT_E_INTERNAL = -200,
};

#define VT_ERR_TEXT_BYTES 512
#define VT_ERR_FILE_BYTES 256

/* What went wrong, for the person who can fix it. The caller owns the storage. line and column
 * count from 1; 0 means that the fault has no place in a file. */
struct vt_err {
    enum vt_code code;
    char text[VT_ERR_TEXT_BYTES];
    char file[VT_ERR_FILE_BYTES];
    unsigned line;
    unsigned column;
};

/* Record code and text in err and return code, so that report and return stay on one line.
 * err: may be NULL, then only the code is returned. The text is cut at VT_ERR_TEXT_BYTES. */
enum vt_code vt_err_set(struct vt_err *err, enum vt_code code, const char *format, ...)
    VT_PRINTF(3, 4);

#ifdef __clang_analyzer__ /* it does not see into other files: the result is the code */
#define vt_err_set(err, code, ...) (vt_err_set(err, code, __VA_ARGS__), (code))
#endif

/* As vt_err_set with VT_E_SYSTEM or VT_E_NOMEM, appending ": " and strerror(errno). */
enum vt_code vt_err_sys(struct vt_err *err, const char *format, ...) VT_PRINTF(2, 3);

/* Set the place of a fault in a configuration file. file: copied, cut if long. */
void vt_err_at(struct vt_err *err, const char *file, unsigned line, unsigned column);

/* A constant English name of the code, for logs. Never NULL. */
const char *vt_code_name(enum vt_code code);

#endif
