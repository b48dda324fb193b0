/* SPDX-License-Identifier: Apache-2.0
 * Header text that careless programs wrote as raw UTF-8, in ASCII: encoded-words (RFC 2047) and
 * extended parameters (RFC 2231 4). Whoever shows the mail shows the same. */
#include <openssl/evp.h>
#include <string.h>

#include "seal/message.h"

/* RFC 2047 2: an encoded-word has at most 75 characters; 45 octets become 60. */
#define MAX_WORD_OCTETS 45

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The octets of value from at on that fit into one word, cut between characters. */
static size_t word_len(struct vt_bytes value, size_t at)
{
    size_t len = value.len - at < MAX_WORD_OCTETS ? value.len - at : MAX_WORD_OCTETS;
    if (at + len == value.len)
        return len;
    while (len > 1 && (value.ptr[at + len] & 0xc0) == 0x80)
        len--;
    return len;
}

/* Folds are taken out: what counts of them is the white space. */
static struct vt_bytes unfold(struct vt_bytes value, uint8_t *out)
{
    size_t len = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] != '\r' && value.ptr[i] != '\n')
            out[len++] = value.ptr[i];
    }
    return vt_bytes_of(out, len);
}

enum vt_code vt_words_encode(struct vt_buf *out, struct vt_bytes value)
{
    uint8_t plain[4096];
    if (value.len > sizeof(plain) || !vt_text_is_utf8(value) ||
        vt_bytes_find(value, VT_BYTES("=?"), 0) != SIZE_MAX)
        return VT_E_FORMAT;
    value = unfold(value, plain);
    enum vt_code code = VT_OK;
    for (size_t at = 0; code == VT_OK && at < value.len;) {
        char word[64 + 1];
        size_t len = word_len(value, at);
        (void)EVP_EncodeBlock((unsigned char *)word, value.ptr + at, (int)len);
        code = vt_buf_addf(out, "%s=?utf-8?B?%s?=", at == 0 ? "" : "\r\n ", word);
        at += len;
    }
    return code;
}

/* ---- parameters ---- */

/* token of RFC 2045 5.1. */
static bool is_token_byte(uint8_t c)
{
    return c > 32 && c < 127 && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

/* attribute-char of RFC 2231 7. */
static bool is_attribute_byte(uint8_t c)
{
    return is_token_byte(c) && c != '*' && c != '\'' && c != '%';
}

static bool is_ascii(struct vt_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] >= 0x80)
            return false;
    }
    return true;
}

/* One parameter: name "=" value, from *at, which is behind the ";". */
struct parameter {
    struct vt_bytes whole; /* with the white space before it */
    struct vt_bytes name;
    uint8_t text[1024]; /* the value without quotes */
    size_t len;
};

static bool take_quoted(struct vt_bytes value, size_t *at, struct parameter *out)
{
    for ((*at)++; *at < value.len && value.ptr[*at] != '"'; (*at)++) {
        if (value.ptr[*at] == '\\' && *at + 1 < value.len)
            (*at)++;
        if (out->len == sizeof(out->text))
            return false;
        if (value.ptr[*at] != '\r' && value.ptr[*at] != '\n')
            out->text[out->len++] = value.ptr[*at];
    }
    if (*at >= value.len)
        return false;
    (*at)++;
    return true;
}

static bool take_bare(struct vt_bytes value, size_t *at, struct parameter *out)
{
    while (*at < value.len && (is_token_byte(value.ptr[*at]) || value.ptr[*at] >= 0x80)) {
        if (out->len == sizeof(out->text))
            return false;
        out->text[out->len++] = value.ptr[(*at)++];
    }
    return true;
}

static void skip_blanks(struct vt_bytes value, size_t *at)
{
    while (*at < value.len && is_blank(value.ptr[*at]))
        (*at)++;
}

static bool take_parameter(struct vt_bytes value, size_t *at, struct parameter *out)
{
    size_t begin = *at;
    out->len = 0;
    skip_blanks(value, at);
    size_t name = *at;
    while (*at < value.len && is_token_byte(value.ptr[*at]))
        (*at)++;
    out->name = vt_bytes_slice(value, name, *at - name);
    skip_blanks(value, at);
    bool has_value = *at < value.len && value.ptr[*at] == '=';
    if (has_value) {
        (*at)++;
        skip_blanks(value, at);
        bool is_quoted = *at < value.len && value.ptr[*at] == '"';
        if (!(is_quoted ? take_quoted(value, at, out) : take_bare(value, at, out)))
            return false;
    }
    skip_blanks(value, at);
    out->whole = vt_bytes_slice(value, begin, *at - begin);
    return *at == value.len || value.ptr[*at] == ';';
}

/* name*=utf-8''percent-encoded */
static enum vt_code put_extended(struct vt_buf *out, const struct parameter *parameter)
{
    static const char hex[] = "0123456789ABCDEF";
    struct vt_bytes text = vt_bytes_of(parameter->text, parameter->len);
    if (!vt_text_is_utf8(text) || parameter->name.len == 0 ||
        memchr(parameter->name.ptr, '*', parameter->name.len) != NULL)
        return VT_E_FORMAT;
    enum vt_code code = vt_buf_addf(out, "\r\n %.*s*=utf-8''", (int)parameter->name.len,
                                    (const char *)parameter->name.ptr);
    for (size_t i = 0; code == VT_OK && i < text.len; i++) {
        uint8_t c = text.ptr[i];
        char escape[3] = {'%', hex[c >> 4], hex[c & 15]};
        code = is_attribute_byte(c) ? vt_buf_add(out, &c, 1) : vt_buf_add(out, escape, 3);
    }
    return code;
}

enum vt_code vt_parameters_encode(struct vt_buf *out, struct vt_bytes value)
{
    struct parameter parameter;
    const uint8_t *semicolon = value.len == 0 ? NULL : memchr(value.ptr, ';', value.len);
    size_t at = semicolon == NULL ? value.len : (size_t)(semicolon - value.ptr);
    struct vt_bytes word = vt_bytes_slice(value, 0, at);
    enum vt_code code = is_ascii(word) ? vt_buf_add(out, word.ptr, word.len) : VT_E_FORMAT;
    while (code == VT_OK && at < value.len) {
        at++; /* the semicolon */
        if (!take_parameter(value, &at, &parameter))
            return VT_E_FORMAT;
        code = vt_buf_add(out, ";", 1);
        if (code == VT_OK && is_ascii(parameter.whole))
            code = vt_buf_add(out, parameter.whole.ptr, parameter.whole.len);
        else if (code == VT_OK)
            code = put_extended(out, &parameter);
    }
    return code;
}
