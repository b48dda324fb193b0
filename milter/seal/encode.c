/* SPDX-License-Identifier: Apache-2.0
 * What can happen to lines on their way (RFC 5321 2.3.8, 4.5.2, 4.5.3.1.6), and the encodings of
 * RFC 2045 6 that survive it. */
#include "seal/encode.h"

#include <string.h>

/* ---- lines ---- */

static bool has_high_bit(const uint8_t *at, size_t len)
{
    uint64_t seen = 0, word;
    for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        seen |= word;
    }
    while (len-- > 0)
        seen |= *at++;
    return (seen & UINT64_C(0x8080808080808080)) != 0;
}

static void look_at_line(const uint8_t *line, size_t len, struct vt_lines *out)
{
    out->has_8bit = out->has_8bit || has_high_bit(line, len);
    out->has_nul = out->has_nul || memchr(line, 0, len) != NULL;
    out->has_bare_cr = out->has_bare_cr || memchr(line, '\r', len) != NULL;
    out->has_long = out->has_long || len > VT_MAX_LINE_BYTES;
    if (len == 0)
        return;
    out->has_delicate = out->has_delicate || line[len - 1] == ' ' || line[len - 1] == '\t' ||
                        (len == 1 && line[0] == '.') || (len >= 5 && memcmp(line, "From ", 5) == 0);
}

struct vt_lines vt_lines_look(struct vt_bytes text)
{
    struct vt_lines lines = {0};
    const uint8_t *at = text.ptr, *end = text.len == 0 ? at : at + text.len;
    while (at < end) {
        const uint8_t *lf = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((lf == NULL ? end : lf) - at);
        if (lf != NULL && len > 0 && at[len - 1] == '\r')
            len--;
        else if (lf != NULL)
            lines.has_bare_lf = true;
        look_at_line(at, len, &lines);
        at = lf == NULL ? end : lf + 1;
    }
    return lines;
}

bool vt_lines_are_safe(const struct vt_lines *lines)
{
    return !lines->has_8bit && !lines->has_nul && !lines->has_bare_cr && !lines->has_long;
}

/* ---- digest, memory ---- */

static void put_digest(struct vt_sink *sink, const uint8_t *bytes, size_t len)
{
    struct vt_sink_digest *digest = (struct vt_sink_digest *)sink;
    if (digest->count_bytes < sizeof(digest->first)) {
        size_t room = sizeof(digest->first) - digest->count_bytes;
        memcpy(digest->first + digest->count_bytes, bytes, len < room ? len : room);
    }
    digest->count_bytes += len;
    if (digest->md != NULL && EVP_DigestUpdate(digest->md, bytes, len) != 1)
        digest->has_failed = true;
}

void vt_sink_digest_init(struct vt_sink_digest *sink, EVP_MD_CTX *md)
{
    *sink = (struct vt_sink_digest){.sink.put = put_digest, .md = md};
}

static void put_memory(struct vt_sink *sink, const uint8_t *bytes, size_t len)
{
    struct vt_sink_memory *memory = (struct vt_sink_memory *)sink;
    if (len > memory->left_bytes) {
        memory->is_overfull = true;
        return;
    }
    memcpy(memory->to, bytes, len);
    memory->to += len;
    memory->left_bytes -= len;
}

void vt_sink_memory_init(struct vt_sink_memory *sink, uint8_t *to, size_t max_bytes)
{
    *sink = (struct vt_sink_memory){.sink.put = put_memory, .to = to, .left_bytes = max_bytes};
}

/* ---- canonical line ends ---- */

static void put_canonical(struct vt_sink *sink, const uint8_t *bytes, size_t len)
{
    struct vt_sink_canonical *canonical = (struct vt_sink_canonical *)sink;
    const uint8_t *at = bytes, *end = bytes + len, *lf;
    const uint8_t *from = at;
    while (at < end && (lf = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        uint8_t before = lf == bytes ? canonical->last : lf[-1];
        if (before != '\r') {
            vt_sink_put(canonical->next, vt_bytes_of(from, (size_t)(lf - from)));
            vt_sink_put(canonical->next, VT_BYTES("\r"));
            from = lf;
        }
        at = lf + 1;
    }
    vt_sink_put(canonical->next, vt_bytes_of(from, (size_t)(end - from)));
    canonical->last = bytes[len - 1];
}

void vt_sink_canonical_init(struct vt_sink_canonical *sink, struct vt_sink *next)
{
    *sink = (struct vt_sink_canonical){.sink.put = put_canonical, .next = next};
}

/* ---- base64 ---- */

static void put_base64_line(struct vt_sink_base64 *sink, const uint8_t *bytes, size_t len)
{
    uint8_t text[2 + 76 + 1] = "\r\n";
    int text_len = EVP_EncodeBlock(text + 2, bytes, (int)len);
    size_t skip = sink->has_lines ? 0 : 2;
    vt_sink_put(sink->next, vt_bytes_of(text + skip, 2 + (size_t)text_len - skip));
    sink->has_lines = true;
}

static void put_base64(struct vt_sink *sink, const uint8_t *bytes, size_t len)
{
    struct vt_sink_base64 *base64 = (struct vt_sink_base64 *)sink;
    while (len > 0) {
        if (base64->held_bytes == 0 && len >= sizeof(base64->line)) {
            put_base64_line(base64, bytes, sizeof(base64->line));
            bytes += sizeof(base64->line);
            len -= sizeof(base64->line);
            continue;
        }
        size_t room = sizeof(base64->line) - base64->held_bytes, taken = len < room ? len : room;
        memcpy(base64->line + base64->held_bytes, bytes, taken);
        base64->held_bytes += taken;
        bytes += taken;
        len -= taken;
        if (base64->held_bytes == sizeof(base64->line)) {
            put_base64_line(base64, base64->line, sizeof(base64->line));
            base64->held_bytes = 0;
        }
    }
}

void vt_sink_base64_init(struct vt_sink_base64 *sink, struct vt_sink *next)
{
    *sink = (struct vt_sink_base64){.sink.put = put_base64, .next = next};
}

void vt_sink_base64_end(struct vt_sink_base64 *sink)
{
    if (sink->held_bytes > 0)
        put_base64_line(sink, sink->line, sink->held_bytes);
    sink->held_bytes = 0;
}

size_t vt_base64_lines_bytes(size_t len)
{
    size_t characters = (len + 2) / 3 * 4, lines = (characters + 75) / 76;
    return characters + (lines > 0 ? 2 * (lines - 1) : 0);
}

/* ---- quoted-printable ---- */

#define QP_MAX_LINE 76

struct qp_line {
    struct vt_sink *next;
    uint8_t text[QP_MAX_LINE];
    size_t len;
};

static void put_qp_unit(struct qp_line *line, const uint8_t *unit, size_t len, bool is_last)
{
    /* Rule 5: 76 characters, the "=" of a soft break among them. */
    if (line->len + len > (is_last ? QP_MAX_LINE : QP_MAX_LINE - 1)) {
        vt_sink_put(line->next, vt_bytes_of(line->text, line->len));
        vt_sink_put(line->next, VT_BYTES("=\r\n"));
        line->len = 0;
    }
    memcpy(line->text + line->len, unit, len);
    line->len += len;
}

/* At the begin of a line that is written: the "F" of "From ", a dot, and "--" of a boundary. */
static bool is_delicate_begin(struct vt_bytes rest)
{
    return rest.ptr[0] == '.' || vt_bytes_starts_with(rest, VT_BYTES("From ")) ||
           vt_bytes_starts_with(rest, VT_BYTES("--"));
}

static void put_qp_byte(struct qp_line *line, struct vt_bytes rest)
{
    static const char hex[] = "0123456789ABCDEF";
    uint8_t c = rest.ptr[0];
    bool is_last = rest.len == 1, is_blank = c == ' ' || c == '\t';
    bool is_plain = (c > 32 && c < 127 && c != '=') || (is_blank && !is_last);
    /* A soft break may come before this byte, which then begins a line. */
    bool may_begin = line->len == 0 || line->len + 1 > QP_MAX_LINE - (is_last ? 0 : 1);
    if (is_plain && may_begin && is_delicate_begin(rest))
        is_plain = false;
    uint8_t escape[3] = {'=', (uint8_t)hex[c >> 4], (uint8_t)hex[c & 15]};
    if (is_plain)
        put_qp_unit(line, &c, 1, is_last);
    else
        put_qp_unit(line, escape, 3, is_last);
}

static void put_qp_line(struct vt_bytes text, struct vt_sink *next)
{
    struct qp_line line = {.next = next};
    for (size_t i = 0; i < text.len; i++)
        put_qp_byte(&line, vt_bytes_of(text.ptr + i, text.len - i));
    vt_sink_put(next, vt_bytes_of(line.text, line.len));
}

void vt_quoted_printable_put(struct vt_bytes text, struct vt_sink *next)
{
    size_t at = 0;
    while (at < text.len) {
        const uint8_t *line = text.ptr + at;
        const uint8_t *lf = memchr(line, '\n', text.len - at);
        size_t len = lf == NULL ? text.len - at : (size_t)(lf - line);
        at += len + (lf == NULL ? 0 : 1);
        if (lf != NULL && len > 0 && line[len - 1] == '\r')
            len--;
        put_qp_line(vt_bytes_of(line, len), next);
        if (lf != NULL)
            vt_sink_put(next, VT_BYTES("\r\n"));
    }
}
