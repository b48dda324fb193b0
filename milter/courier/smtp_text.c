/* SPDX-License-Identifier: Apache-2.0
 * The texts of SMTP: what may go into a command, the lines of a message, a password. */
#include "courier/smtp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* RFC 5322 2.1.1, without CRLF. */
#define MAX_LINE_BYTES 998

bool vt_smtp_is_address(const char *address)
{
    bool is_quoted = false;
    size_t len = strlen(address);
    const char *at = strrchr(address, '@');
    if (len > VT_MAX_NOTICE_RECIPIENT_BYTES || at == NULL || at == address || at[1] == '\0')
        return false;
    for (const char *c = address; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte < 0x20 || byte > 0x7E)
            return false;
        if (is_quoted && byte == '\\' && c[1] >= 0x20 && c[1] <= 0x7E)
            c++;
        else if (byte == '"')
            is_quoted = !is_quoted;
        else if ((!is_quoted && c < at && strchr(" <>()[]\\,;:", byte) != NULL) ||
                 (c > at && strchr(" <>()\"\\,;@", byte) != NULL))
            return false;
    }
    return !is_quoted;
}

bool vt_smtp_is_message(struct vt_bytes message)
{
    size_t line_bytes = 0;
    if (message.len < 2 || message.ptr[message.len - 1] != '\n')
        return false;
    for (size_t i = 0; i < message.len; i++) {
        uint8_t byte = message.ptr[i];
        bool ends = byte == '\r' && i + 1 < message.len && message.ptr[i + 1] == '\n';
        if (byte == 0 || byte > 0x7E || (byte == '\r' && !ends) || byte == '\n')
            return false;
        line_bytes = ends ? 0 : line_bytes + 1;
        i += ends;
        if (line_bytes > MAX_LINE_BYTES)
            return false;
    }
    return true;
}

enum vt_code vt_smtp_stuff(struct vt_bytes message, struct vt_buf *out, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    size_t at = 0;
    while (code == VT_OK && at < message.len) {
        const uint8_t *line = message.ptr + at, *end = memchr(line, '\n', message.len - at);
        size_t len = end != NULL ? (size_t)(end - line) + 1 : message.len - at;
        if (line[0] == '.')
            code = vt_buf_add(out, ".", 1);
        if (code == VT_OK)
            code = vt_buf_add(out, line, len);
        at += len;
    }
    if (code == VT_OK)
        code = vt_buf_add(out, ".\r\n", 3);
    return code == VT_OK ? VT_OK : vt_err_set(err, code, "no memory for a message");
}

enum vt_code vt_smtp_xtext(const char *text, char *out, size_t out_bytes, struct vt_err *err)
{
    size_t len = 0;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        bool is_plain = byte > 0x20 && byte < 0x7F && byte != '+' && byte != '=';
        size_t need = is_plain ? 1 : 3;
        if (len + need >= out_bytes)
            return vt_err_set(err, VT_E_LIMIT, "the name of an envelope is too long");
        if (is_plain)
            out[len] = (char)byte;
        else
            (void)snprintf(out + len, need + 1, "+%02X", byte);
        len += need;
    }
    out[len] = '\0';
    return VT_OK;
}

/* "250 2.0.0 Ok: queued as 4ABC" and "250 2.0.0 3AB1 Message accepted for delivery". */
void vt_smtp_queue_id(const char *answer, char *out, size_t out_bytes)
{
    static const char queued[] = "queued as ", accepted[] = " Message accepted";
    const char *begin = strstr(answer, queued), *end = strstr(answer, accepted);
    size_t len = 0;
    out[0] = '\0';
    if (begin != NULL) {
        begin += strlen(queued);
        len = strcspn(begin, " ;,");
    } else if (end != NULL) {
        for (begin = end; begin > answer && begin[-1] != ' '; begin--)
            len++;
    }
    if (len > 0 && len < out_bytes) {
        memcpy(out, begin, len);
        out[len] = '\0';
    }
}

/* ---- the password ---- */

static enum vt_code check_password_file(int fd, const char *file, struct vt_err *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return vt_err_set(err, VT_E_CONFIG, "%.160s is no file that can be read", file);
    if (status.st_uid != geteuid())
        return vt_err_set(err, VT_E_CONFIG,
                          "%.160s belongs to another user than who uses it: no secret", file);
    if ((status.st_mode & 077) != 0)
        return vt_err_set(err, VT_E_CONFIG,
                          "%.160s is open to others than its owner: no secret (chmod 0600)", file);
    return VT_OK;
}

enum vt_code vt_smtp_password(const char *file, char out[VT_MAX_SMTP_PASSWORD_BYTES + 1],
                              struct vt_err *err)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    out[0] = '\0';
    if (fd < 0)
        return vt_err_set(err, VT_E_CONFIG, "%.160s: %s", file, strerror(errno));
    enum vt_code code = check_password_file(fd, file, err);
    ssize_t got = code == VT_OK ? read(fd, out, VT_MAX_SMTP_PASSWORD_BYTES) : 0;
    (void)close(fd);
    out[got > 0 ? got : 0] = '\0';
    size_t len = strcspn(out, "\r\n");
    if (code == VT_OK && (got <= 0 || len == 0 || len == VT_MAX_SMTP_PASSWORD_BYTES))
        code = vt_err_set(err, VT_E_CONFIG, "%.160s has no password of 1 to %d bytes", file,
                          VT_MAX_SMTP_PASSWORD_BYTES - 1);
    out[len] = '\0';
    return code;
}
