/* SPDX-License-Identifier: Apache-2.0
 * Header fields and base64. Nothing that comes from a mail ends a line here. */
#include "notice/mime.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/config_table.h"
#include "vanthu/clock.h"

enum { LINE = 76, MAX_ID_BYTES = 300, LONGEST_WORD = 60 };

char *vt_mime_date(char out[VT_MIME_DATE_BYTES], int64_t utc_secs)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const int64_t last = INT64_C(253402275599); /* of the year 9999 in Vietnam */
    struct tm tm = {0};
    time_t local = (time_t)((utc_secs < 0      ? 0
                             : utc_secs > last ? last
                                               : utc_secs) +
                            VT_VIETNAM_SECS);
    (void)gmtime_r(&local, &tm);
    (void)snprintf(out, VT_MIME_DATE_BYTES, "%s, %02d %s %04d %02d:%02d:%02d +0700",
                   days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour,
                   tm.tm_min, tm.tm_sec);
    return out;
}

/* ---- plain fields ---- */

static enum vt_code add_word(struct vt_buf *out, const char *word, size_t len)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < len; i++) {
        char c = word[i] > 0x20 && word[i] < 0x7F ? word[i] : '?';
        code = vt_buf_add(out, &c, 1);
    }
    return code;
}

enum vt_code vt_mime_field(struct vt_buf *out, const char *name, const char *value)
{
    size_t column = strlen(name) + 1;
    enum vt_code code = vt_buf_addf(out, "%s:", name);
    while (code == VT_OK && *(value += strspn(value, " ")) != '\0') {
        size_t len = strcspn(value, " ");
        bool is_folded = column + 1 + len > LINE && column > strlen(name) + 1;
        code = vt_buf_addf(out, is_folded ? "\r\n " : " ");
        column = (is_folded ? 0 : column) + 1 + len;
        if (code == VT_OK)
            code = add_word(out, value, len);
        value += len;
    }
    return code == VT_OK ? vt_buf_addf(out, "\r\n") : code;
}

/* ---- encoded words (RFC 2047 2 and 5) ---- */

static bool is_plain(const char *text)
{
    size_t word = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < 0x20 || *c > 0x7E)
            return false;
        word = *c == ' ' ? 0 : word + 1;
        if (word > LONGEST_WORD)
            return false;
    }
    return strstr(text, "=?") == NULL;
}

static enum vt_code add_base64(struct vt_buf *out, const uint8_t *ptr, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < len; i += 3) {
        size_t left = len - i;
        unsigned bits = (unsigned)ptr[i] << 16 | (left > 1 ? (unsigned)ptr[i + 1] << 8 : 0) |
                        (left > 2 ? ptr[i + 2] : 0);
        const char four[] = {digits[bits >> 18], digits[bits >> 12 & 63],
                             left > 1 ? digits[bits >> 6 & 63] : '=',
                             left > 2 ? digits[bits & 63] : '='};
        code = vt_buf_add(out, four, 4);
    }
    return code;
}

static bool is_border(const char *text, size_t at)
{
    return ((unsigned char)text[at] & 0xC0) != 0x80;
}

/* As many whole characters as room bytes take, and if it can be had without padding: GMime 3.2
 * stops reading at an encoded word that is padded and not the last one. room: a multiple of 3. */
static size_t whole(const char *text, size_t len, size_t room)
{
    if (len <= room)
        return len;
    for (size_t even = room; even > 0; even -= 3) {
        if (is_border(text, even))
            return even;
    }
    while (room > 1 && !is_border(text, room))
        room--;
    return room;
}

static enum vt_code add_encoded(struct vt_buf *out, size_t column, const char *text)
{
    enum { FRAME = 12, LEAST = 12 }; /* "=?UTF-8?B?" and "?=" */
    enum vt_code code = VT_OK;
    for (size_t left = strlen(text); code == VT_OK && left > 0;) {
        size_t room = column + FRAME + 4 < LINE ? (LINE - column - 1 - FRAME) / 4 * 3 : 0;
        bool is_folded = room < LEAST;
        if (is_folded)
            room = (LINE - 1 - FRAME) / 4 * 3;
        size_t len = whole(text, left, room);
        code = vt_buf_addf(out, "%s =?UTF-8?B?", is_folded ? "\r\n" : "");
        if (code == VT_OK)
            code = add_base64(out, (const uint8_t *)text, len);
        if (code == VT_OK)
            code = vt_buf_addf(out, "?=");
        text += len;
        left -= len;
        column = LINE; /* the next one has a line of its own */
    }
    return code;
}

enum vt_code vt_mime_text_field(struct vt_buf *out, const char *name, const char *utf8)
{
    if (is_plain(utf8))
        return vt_mime_field(out, name, utf8);
    enum vt_code code = vt_buf_addf(out, "%s:", name);
    if (code == VT_OK)
        code = add_encoded(out, strlen(name) + 1, utf8);
    return code == VT_OK ? vt_buf_addf(out, "\r\n") : code;
}

/* ---- addresses and ids ---- */

/* A phrase (RFC 5322 3.2.5): atoms and spaces as they are, quoted, or encoded. */
static enum vt_code add_display(struct vt_buf *out, size_t column, const char *display)
{
    static const char atoms[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 "
                                "!#$%&'*+-/=?^_`{|}~";
    if (!is_plain(display) || strpbrk(display, "\"\\") != NULL)
        return add_encoded(out, column, display);
    bool is_atoms = strspn(display, atoms) == strlen(display);
    return vt_buf_addf(out, is_atoms ? " %s" : " \"%s\"", display);
}

enum vt_code vt_mime_mailbox(struct vt_buf *out, const char *name, const char *display,
                             const char *address)
{
    if (address == NULL || !vt_check_address(address))
        return vt_buf_addf(out, "%s: undisclosed-recipients:;\r\n", name);
    enum vt_code code = vt_buf_addf(out, "%s:", name);
    if (code == VT_OK && display != NULL && display[0] != '\0') {
        code = add_display(out, strlen(name) + 1, display);
        if (code == VT_OK)
            code = vt_buf_addf(out, "\r\n");
    }
    return code == VT_OK ? vt_buf_addf(out, " <%s>\r\n", address) : code;
}

enum vt_code vt_mime_message_id(struct vt_buf *out, const char *name, const char *id)
{
    size_t len = id == NULL ? 0 : strlen(id);
    if (len > 2 && id[0] == '<' && id[len - 1] == '>') {
        id++;
        len -= 2;
    }
    if (len == 0 || len > MAX_ID_BYTES)
        return VT_OK;
    for (size_t i = 0; i < len; i++) {
        if (id[i] <= 0x20 || id[i] > 0x7E || strchr("<>()", id[i]) != NULL)
            return VT_OK;
    }
    return vt_buf_addf(out, "%s:%s<%.*s>\r\n", name, strlen(name) + len + 4 > LINE ? "\r\n " : " ",
                       (int)len, id);
}

enum vt_code vt_mime_base64(struct vt_buf *out, struct vt_bytes bytes)
{
    enum { ROW = LINE / 4 * 3 };
    enum vt_code code = VT_OK;
    for (size_t at = 0; code == VT_OK && at < bytes.len; at += ROW) {
        code = add_base64(out, bytes.ptr + at, bytes.len - at < ROW ? bytes.len - at : ROW);
        if (code == VT_OK)
            code = vt_buf_addf(out, "\r\n");
    }
    return code;
}
