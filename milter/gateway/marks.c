/* SPDX-License-Identifier: Apache-2.0
 * Marks as headers. What is not ASCII becomes encoded words (RFC 2047 2, 4.1), at most 75
 * characters each and cut between characters of UTF-8. */
#include "gateway/marks.h"

#include <stdio.h>
#include <string.h>

/* 45 bytes are 60 characters of base64; with "=?UTF-8?B?" and "?=" 72. */
#define WORD_BYTES 45
#define MAX_ENCODED_BYTES 512
/* A longer Subject stays as it is. */
#define MAX_SUBJECT_BYTES 2000

static bool is_plain(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < 0x20 || *c > 0x7E)
            return false;
    }
    return strstr(text, "=?") == NULL;
}

static enum vt_code add_word(struct vt_buf *out, struct vt_bytes text)
{
    enum vt_code code = vt_buf_addf(out, "%s=?UTF-8?B?", out->len > 0 ? " " : "");
    if (code == VT_OK)
        code = vt_base64_add_lines(out, text);
    /* It ends its line. */
    if (code == VT_OK && out->len > 0 && out->ptr[out->len - 1] == '\n')
        out->len--;
    return code == VT_OK ? vt_buf_addf(out, "?=") : code;
}

static enum vt_code encode(struct vt_arena *arena, const char *text, const char **out)
{
    struct vt_bytes rest = vt_bytes_str(text);
    struct vt_buf buf;
    vt_buf_init(&buf, MAX_ENCODED_BYTES);
    enum vt_code code = VT_OK;
    if (is_plain(text))
        code = vt_buf_add(&buf, rest.ptr, rest.len);
    while (!is_plain(text) && rest.len > 0 && code == VT_OK) {
        size_t len = rest.len < WORD_BYTES ? rest.len : WORD_BYTES;
        while (len < rest.len && len > 1 && (rest.ptr[len] & 0xC0) == 0x80)
            len--;
        code = add_word(&buf, vt_bytes_slice(rest, 0, len));
        rest = vt_bytes_slice(rest, len, rest.len);
    }
    *out = code == VT_OK ? vt_arena_dup(arena, buf.ptr, buf.len) : NULL;
    vt_buf_clear(&buf);
    return *out == NULL ? VT_E_NOMEM : VT_OK;
}

static enum vt_code add(struct vt_arena *arena, struct vt_headers *headers, const char *name,
                        const char *value)
{
    struct vt_header *items =
        vt_arena_grow(arena, headers->items, headers->count, sizeof(*headers->items));
    if (items == NULL)
        return VT_E_NOMEM;
    headers->items = items;
    items[headers->count++] = (struct vt_header){name, value};
    return VT_OK;
}

/* A mail that goes on to a stranger is not changed where he reads it. */
static bool stays_with_us(const struct vt_config *config, const struct vt_mail *mail)
{
    for (size_t i = 0; i < mail->recipients_count; i++) {
        const char *domain = vt_address_domain(mail->recipients[i]);
        bool is_ours = false;
        for (size_t d = 0; d < config->our_domains.count && !is_ours; d++)
            is_ours = vt_domain_is_under(domain, config->our_domains.items[d]);
        if (!is_ours)
            return false;
    }
    return mail->recipients_count > 0;
}

/* A reader drops the white space between two encoded words (RFC 2047 6.2): before one, the space
 * stands within the prefix. */
static enum vt_code encode_prefix(struct vt_arena *arena, const char *prefix, bool is_before_word,
                                  const char **out)
{
    const char *spaced = is_before_word ? vt_arena_printf(arena, "%s ", prefix) : prefix;
    return spaced == NULL ? VT_E_NOMEM : encode(arena, spaced, out);
}

static enum vt_code prefix_subject(struct vt_arena *arena, const char *prefix, const char *subject,
                                   struct vt_headers *headers)
{
    const char *plain = NULL, *spaced = NULL;
    const char *old = subject == NULL ? "" : subject + strspn(subject, " \t\r\n");
    enum vt_code code = encode_prefix(arena, prefix, false, &plain);
    if (code == VT_OK)
        code = encode_prefix(arena, prefix, !is_plain(prefix), &spaced);
    if (code != VT_OK)
        return code;
    bool is_there = strstr(old, plain) != NULL || strstr(old, spaced) != NULL;
    if (strlen(old) > MAX_SUBJECT_BYTES || is_there)
        return VT_OK;
    const char *encoded = strncmp(old, "=?", 2) == 0 ? spaced : plain;
    headers->had_subject = subject != NULL;
    /* A fold, so that a long line does not become longer. */
    headers->subject = old[0] == '\0' ? plain : vt_arena_printf(arena, "%s\n %s", encoded, old);
    return headers->subject == NULL ? VT_E_NOMEM : VT_OK;
}

enum vt_code vt_marks_add(struct vt_arena *arena, const struct vt_config *config,
                          const struct vt_mail *mail, const struct vt_decision *decision,
                          const char *subject, struct vt_headers *headers)
{
    const char *folder = NULL;
    enum vt_code code = VT_OK;
    /* Of a mail marked secret no header says why. */
    if (decision->reason == VT_REASON_SECRET_MARK)
        return VT_OK;
    if (decision->folder != NULL && mail->direction != VT_OUTBOUND) {
        code = encode(arena, decision->folder, &folder);
        if (code == VT_OK)
            code = add(arena, headers, "X-Vanthu-Folder", folder);
    }
    for (size_t i = 0; i < decision->headers_count && code == VT_OK; i++)
        code = add(arena, headers, decision->headers[i].name, decision->headers[i].value);
    if (code == VT_OK && decision->subject_prefix != NULL && stays_with_us(config, mail))
        code = prefix_subject(arena, decision->subject_prefix, subject, headers);
    return code;
}
