/* SPDX-License-Identifier: Apache-2.0
 * A milter API that writes down what it is asked to do, one line per call, for gateway tests. */
#ifndef VANTHU_TESTS_GATEWAY_RECORDER_H
#define VANTHU_TESTS_GATEWAY_RECORDER_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "gateway/milter_api.h"

static struct {
    char lines[262144];
    size_t used;
    void *private_data;
    const char *macros[16]; /* name, value, name, value, …, NULL */
    bool fails;             /* every call that can fail does */
    unsigned progress_count;
} recorder;

static SMFICTX *const recorder_ctx = (SMFICTX *)&recorder;

static inline void recorder_reset(void)
{
    memset(&recorder, 0, sizeof(recorder));
}

__attribute__((format(printf, 1, 2))) static inline int recorder_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(recorder.lines + recorder.used, sizeof(recorder.lines) - recorder.used,
                        format, args);
    va_end(args);
    if (len > 0 && (size_t)len < sizeof(recorder.lines) - recorder.used)
        recorder.used += (size_t)len;
    return recorder.fails ? MI_FAILURE : MI_SUCCESS;
}

static inline void *recorder_get(SMFICTX *ctx)
{
    (void)ctx;
    return recorder.private_data;
}
static inline int recorder_set(SMFICTX *ctx, void *value)
{
    (void)ctx;
    recorder.private_data = value;
    return MI_SUCCESS;
}
static inline const char *recorder_macro(SMFICTX *ctx, const char *name)
{
    (void)ctx;
    for (size_t i = 0; i + 1 < 16 && recorder.macros[i] != NULL; i += 2) {
        if (strcmp(recorder.macros[i], name) == 0)
            return recorder.macros[i + 1];
    }
    return NULL;
}
static inline int recorder_ask(SMFICTX *ctx, int stage, const char *names)
{
    (void)ctx;
    return recorder_note("macros %d %s\n", stage, names);
}
static inline int recorder_reply(SMFICTX *ctx, const char *code, const char *enhanced,
                                 const char *const *lines, size_t count)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++)
        recorder_note("reply %s %s %s\n", code, enhanced, lines[i]);
    return recorder.fails ? MI_FAILURE : MI_SUCCESS;
}
static inline int recorder_add(SMFICTX *ctx, const char *name, const char *value)
{
    (void)ctx;
    return recorder_note("add %s:%s\n", name, value);
}
static inline int recorder_insert(SMFICTX *ctx, int index, const char *name, const char *value)
{
    (void)ctx;
    return recorder_note("insert %d %s:%s\n", index, name, value);
}
static inline int recorder_change(SMFICTX *ctx, const char *name, int index, const char *value)
{
    (void)ctx;
    return recorder_note("change %s %d:%s\n", name, index, value);
}
static inline int recorder_delete(SMFICTX *ctx, const char *name, int index)
{
    (void)ctx;
    return recorder_note("delete %s %d\n", name, index);
}
static inline int recorder_body(SMFICTX *ctx, const uint8_t *bytes, size_t len)
{
    (void)ctx;
    return recorder_note("body %zu %.*s\n", len, len > 40 ? 40 : (int)len, (const char *)bytes);
}
static inline int recorder_quarantine(SMFICTX *ctx, const char *reason)
{
    (void)ctx;
    return recorder_note("quarantine %s\n", reason);
}
static inline int recorder_progress(SMFICTX *ctx)
{
    (void)ctx;
    recorder.progress_count++;
    return MI_SUCCESS;
}

static const struct vt_milter_api recorder_api = {.get_private = recorder_get,
                                                  .set_private = recorder_set,
                                                  .macro = recorder_macro,
                                                  .ask_macros = recorder_ask,
                                                  .set_reply = recorder_reply,
                                                  .add_header = recorder_add,
                                                  .insert_header = recorder_insert,
                                                  .change_header = recorder_change,
                                                  .delete_header = recorder_delete,
                                                  .replace_body = recorder_body,
                                                  .quarantine = recorder_quarantine,
                                                  .progress = recorder_progress};

#endif
