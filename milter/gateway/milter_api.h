/* SPDX-License-Identifier: Apache-2.0
 * Every smfi_* call of this program behind one table, so that tests record them. */
#ifndef VANTHU_GATEWAY_MILTER_API_H
#define VANTHU_GATEWAY_MILTER_API_H

#include <libmilter/mfapi.h>
#include <stddef.h>
#include <stdint.h>

/* Results are MI_SUCCESS or MI_FAILURE. Strings are borrowed for the call. */
struct vt_milter_api {
    void *(*get_private)(SMFICTX *ctx);
    int (*set_private)(SMFICTX *ctx, void *value);
    /* A macro at its stage, "i" or "{client_addr}"; NULL when the MTA did not send it. Valid
     * during the callback only. */
    const char *(*macro)(SMFICTX *ctx, const char *name);
    int (*ask_macros)(SMFICTX *ctx, int stage, const char *names);
    /* 1 to 3 lines, without CR and LF, "%" doubled. */
    int (*set_reply)(SMFICTX *ctx, const char *code, const char *enhanced, const char *const *lines,
                     size_t count);
    int (*add_header)(SMFICTX *ctx, const char *name, const char *value);
    int (*insert_header)(SMFICTX *ctx, int index, const char *name, const char *value);
    int (*change_header)(SMFICTX *ctx, const char *name, int index, const char *value);
    int (*delete_header)(SMFICTX *ctx, const char *name, int index);
    /* All of it, with CRLF line ends; after it no change of the header. */
    int (*replace_body)(SMFICTX *ctx, const uint8_t *bytes, size_t len);
    int (*quarantine)(SMFICTX *ctx, const char *reason);
    int (*progress)(SMFICTX *ctx);
};

/* libmilter itself. */
extern const struct vt_milter_api vt_milter_api_real;

#endif
