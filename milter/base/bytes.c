/* SPDX-License-Identifier: Apache-2.0
 * Views of bytes and bounded buffers. */
#include "vanthu/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct vt_bytes vt_bytes_of(const void *ptr, size_t len)
{
    return (struct vt_bytes){ptr, ptr == NULL ? 0 : len};
}

struct vt_bytes vt_bytes_str(const char *string)
{
    return vt_bytes_of(string, string == NULL ? 0 : strlen(string));
}

bool vt_bytes_equal(struct vt_bytes a, struct vt_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static uint8_t ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

struct vt_bytes vt_bytes_dup(struct vt_bytes bytes)
{
    uint8_t *copy = malloc(bytes.len + 1);
    if (copy == NULL)
        return (struct vt_bytes){0};
    if (bytes.len > 0)
        memcpy(copy, bytes.ptr, bytes.len);
    return vt_bytes_of(copy, bytes.len);
}

void vt_bytes_free(struct vt_bytes bytes)
{
    free((void *)(uintptr_t)bytes.ptr);
}

bool vt_bytes_equal_nocase(struct vt_bytes a, struct vt_bytes b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i]))
            return false;
    }
    return true;
}

bool vt_bytes_starts_with(struct vt_bytes bytes, struct vt_bytes prefix)
{
    return bytes.len >= prefix.len && vt_bytes_equal(vt_bytes_slice(bytes, 0, prefix.len), prefix);
}

bool vt_bytes_starts_with_nocase(struct vt_bytes bytes, struct vt_bytes prefix)
{
    return bytes.len >= prefix.len &&
           vt_bytes_equal_nocase(vt_bytes_slice(bytes, 0, prefix.len), prefix);
}

struct vt_bytes vt_bytes_slice(struct vt_bytes bytes, size_t offset, size_t len)
{
    if (offset >= bytes.len)
        return (struct vt_bytes){bytes.ptr == NULL ? NULL : bytes.ptr + bytes.len, 0};
    size_t rest = bytes.len - offset;
    return (struct vt_bytes){bytes.ptr + offset, len < rest ? len : rest};
}

size_t vt_bytes_find(struct vt_bytes bytes, struct vt_bytes needle, size_t from)
{
    if (from > bytes.len || needle.len > bytes.len - from)
        return SIZE_MAX;
    if (needle.len == 0)
        return from;
    const uint8_t *hit = memmem(bytes.ptr + from, bytes.len - from, needle.ptr, needle.len);
    return hit == NULL ? SIZE_MAX : (size_t)(hit - bytes.ptr);
}

void vt_buf_init(struct vt_buf *buf, size_t max_bytes)
{
    *buf = (struct vt_buf){.max = max_bytes};
}

void vt_buf_clear(struct vt_buf *buf)
{
    free(buf->ptr);
    *buf = (struct vt_buf){.max = buf->max};
}

static enum vt_code reserve(struct vt_buf *buf, size_t extra)
{
    if (extra > buf->max - buf->len)
        return VT_E_LIMIT;
    size_t wanted = buf->len + extra;
    if (wanted <= buf->capacity)
        return VT_OK;
    size_t capacity = buf->capacity == 0 ? 256 : buf->capacity;
    while (capacity < wanted)
        capacity = capacity > buf->max / 2 ? buf->max : capacity * 2;
    uint8_t *grown = realloc(buf->ptr, capacity);
    if (grown == NULL)
        return VT_E_NOMEM;
    buf->ptr = grown;
    buf->capacity = capacity;
    return VT_OK;
}

enum vt_code vt_buf_add(struct vt_buf *buf, const void *ptr, size_t len)
{
    if (len == 0)
        return VT_OK;
    enum vt_code code = reserve(buf, len);
    if (code != VT_OK)
        return code;
    memcpy(buf->ptr + buf->len, ptr, len);
    buf->len += len;
    return VT_OK;
}

enum vt_code vt_buf_addf(struct vt_buf *buf, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0)
        return VT_E_NOMEM;
    enum vt_code code = vt_buf_add(buf, text, (size_t)len);
    free(text);
    return code;
}

struct vt_bytes vt_buf_bytes(const struct vt_buf *buf)
{
    return (struct vt_bytes){buf->ptr, buf->len};
}
