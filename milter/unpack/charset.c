/* SPDX-License-Identifier: Apache-2.0
 * Character sets of headers. The child that reads mail may open no file, and glibc opens one for
 * each character set it has not met: those that mail uses are opened before and held, the names
 * of all others never reach the libraries. */
#include "unpack/charset.h"

#include <gmime/gmime.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Names as mails write them; several names of one set share its module. */
static const char *const names[] = {
    "utf-8",          "us-ascii",   "iso-8859-1",  "windows-1258", "windows-1252",
    "tcvn",           "viscii",     "ascii",       "utf8",         "ansi_x3.4-1968",
    "latin1",         "iso8859-1",  "iso_8859-1",  "iso-8859-2",   "iso-8859-5",
    "iso-8859-7",     "iso-8859-9", "iso-8859-15", "windows-1250", "windows-1251",
    "cp1250",         "cp1251",     "cp1252",      "cp1258",       "tis-620",
    "koi8-r",         "gb2312",     "gbk",         "cp936",        "gb18030",
    "big5",           "shift_jis",  "shift-jis",   "sjis",         "euc-jp",
    "iso-2022-jp",    "euc-kr",     "utf-16",      "utf-16le",     "utf-16be",
    "ks_c_5601-1987", "utf-7",
};
#define NAMES_COUNT (sizeof(names) / sizeof(names[0]))

/* For raw 8-bit text, in this order when they read equally well. */
static const char *const guesses[] = {"windows-1258", "tcvn", "windows-1252"};
#define GUESSES_COUNT (sizeof(guesses) / sizeof(guesses[0]))

/* Set once by vt_charset_warm, before the sandbox. */
static iconv_t held[NAMES_COUNT];
static iconv_t guess_held[GUESSES_COUNT];
static bool is_warm;

#define NOT_OPEN ((iconv_t)-1)

/* Some modules load tables only when they convert. */
static void convert_one(iconv_t cd)
{
    char in[] = "a", out[16];
    char *from = in, *to = out;
    size_t from_left = 1, to_left = sizeof(out);
    (void)iconv(cd, &from, &from_left, &to, &to_left);
    (void)iconv(cd, NULL, NULL, NULL, NULL);
}

static iconv_t open_and_use(const char *charset)
{
    iconv_t cd = g_mime_iconv_open("UTF-8", charset);
    if (cd != NOT_OPEN)
        convert_one(cd);
    return cd;
}

void vt_charset_warm(void)
{
    if (is_warm)
        return;
    for (size_t i = 0; i < NAMES_COUNT; i++)
        held[i] = open_and_use(names[i]);
    for (size_t i = 0; i < GUESSES_COUNT; i++)
        guess_held[i] = open_and_use(guesses[i]);
    is_warm = true;
}

static bool is_held(const char *name, size_t len)
{
    for (size_t i = 0; i < NAMES_COUNT; i++) {
        if (strlen(names[i]) == len && strncasecmp(names[i], name, len) == 0)
            return held[i] != NOT_OPEN;
    }
    return false;
}

/* RFC 2231 7: the language may follow the name of an encoded word, "=?utf-8*vi?". */
static bool blank_unless_held(char *name, size_t len)
{
    const char *star = memchr(name, '*', len);
    size_t charset_len = star == NULL ? len : (size_t)(star - name);
    if (len == 0 || is_held(name, charset_len))
        return false;
    memset(name, 'x', len);
    return true;
}

static size_t find(const char *text, size_t len, size_t from, const char *word)
{
    return vt_bytes_find(vt_bytes_of(text, len), vt_bytes_str(word), from);
}

/* An encoded word has 75 characters; programs that never fold write more. */
#define WORD_BYTES 8192

/* encoded-word := "=?" charset "?" encoding "?" encoded-text "?=" (RFC 2047 2). Returns the offset
 * behind the word at offset at, or at + 1 when there is none. */
static size_t neutralise_word(char *text, size_t len, size_t at, bool *found)
{
    size_t name = at + 2, name_end = find(text, len, name, "?");
    if (name > len || name_end == SIZE_MAX || name_end + 2 >= len || text[name_end + 2] != '?')
        return at + 1;
    size_t window = len - name_end > WORD_BYTES ? name_end + WORD_BYTES : len;
    size_t end = find(text, window, name_end + 3, "?=");
    *found = blank_unless_held(text + name, name_end - name) || *found;
    return end == SIZE_MAX ? name_end + 3 : end + 2;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* extended-parameter: name "*=" or "*0*=", then charset "'" language "'" (RFC 2231 4). */
static size_t neutralise_extended(char *text, size_t len, size_t at, bool *found)
{
    size_t name = at + 1;
    while (name < len && is_blank(text[name]))
        name++;
    if (name >= len || text[name] != '=')
        return at + 1;
    for (name++; name < len && (is_blank(text[name]) || text[name] == '"');)
        name++;
    size_t name_end = name;
    while (name_end < len && text[name_end] != '\'' && text[name_end] != ';')
        name_end++;
    if (name_end < len && text[name_end] == '\'')
        *found = blank_unless_held(text + name, name_end - name) || *found;
    return name_end;
}

bool vt_charset_neutralise(char *text, size_t len)
{
    bool found = false;
    for (size_t at = 0; at < len;) {
        if (text[at] == '=' && at + 1 < len && text[at + 1] == '?')
            at = neutralise_word(text, len, at, &found);
        else if (text[at] == '*')
            at = neutralise_extended(text, len, at, &found);
        else
            at++;
    }
    return found;
}

/* Convert by a held descriptor; NULL when a byte has no meaning in the set or memory is out. */
static char *convert(iconv_t cd, const char *text, size_t len)
{
    size_t capacity = len * 4 + 8, left = capacity - 1, from_left = len;
    char *out = calloc(1, capacity), *to = out;
    char *from = (char *)(uintptr_t)text;
    if (out == NULL || cd == NOT_OPEN) {
        free(out);
        return NULL;
    }
    (void)iconv(cd, NULL, NULL, NULL, NULL);
    if (iconv(cd, &from, &from_left, &to, &left) == (size_t)-1 ||
        iconv(cd, NULL, NULL, &to, &left) == (size_t)-1) {
        free(out);
        return NULL;
    }
    return out;
}

static bool is_vietnamese(gunichar c)
{
    static const char letters[] = "àáâãèéêìíòóôõùúýăđĩũơưÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝĂĐĨŨƠƯ";
    return c < 0x80 || (c >= 0x1EA0 && c <= 0x1EF9) || g_utf8_strchr(letters, -1, c) != NULL;
}

/* How many characters of a reading no Vietnamese text has. */
static size_t strangeness(const char *utf8)
{
    char *composed = g_utf8_normalize(utf8, -1, G_NORMALIZE_DEFAULT_COMPOSE);
    size_t strange = composed == NULL ? SIZE_MAX : 0;
    for (char *at = composed; at != NULL && *at != '\0'; at = g_utf8_next_char(at))
        strange += is_vietnamese(g_utf8_get_char(at)) ? 0 : 1;
    g_free(composed);
    return strange;
}

static char *best_reading(const char *text, size_t len)
{
    char *best = NULL;
    size_t best_strangeness = SIZE_MAX;
    for (size_t i = 0; i < GUESSES_COUNT; i++) {
        char *reading = convert(guess_held[i], text, len);
        size_t strange = reading == NULL ? SIZE_MAX : strangeness(reading);
        if (reading != NULL && strange < best_strangeness) {
            free(best);
            best = reading;
            best_strangeness = strange;
        } else {
            free(reading);
        }
    }
    return best;
}

/* Zeros after the text: parsers of quoted strings look one character further. */
#define TAIL_BYTES 8

/* RFC 5322 2.2.3: unfolding removes the line break and keeps the white space after it. A CR or LF
 * that is none becomes a blank, a NUL a question mark. */
static size_t unfold(struct vt_bytes value, char *out)
{
    size_t used = 0;
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.ptr[i], next = i + 1 < value.len ? value.ptr[i + 1] : 0;
        if (c == '\n' || (c == '\r' && next == '\n'))
            continue;
        out[used++] = c == 0 ? '?' : c == '\t' || c == '\r' ? ' ' : (char)c;
    }
    return used;
}

char *vt_charset_header_text(struct vt_bytes value)
{
    char *text = calloc(1, value.len + TAIL_BYTES);
    if (text == NULL)
        return NULL;
    size_t len = unfold(value, text);
    if (!vt_text_is_utf8(vt_bytes_of(text, len))) {
        char *reading = best_reading(text, len);
        if (reading != NULL) {
            free(text);
            size_t reading_len = strlen(reading);
            text = calloc(1, reading_len + TAIL_BYTES);
            if (text != NULL)
                memcpy(text, reading, reading_len);
            free(reading);
            len = reading_len;
        }
    }
    if (text != NULL)
        (void)vt_charset_neutralise(text, len);
    return text;
}
