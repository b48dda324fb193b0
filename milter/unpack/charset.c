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
    "utf-8",
    "us-ascii",
    "iso-8859-1",
    "windows-1258",
    "windows-1252",
    "tcvn",
    "viscii",
    "ascii",
    "utf8",
    "ansi_x3.4-1968",
    "latin1",
    "iso8859-1",
    "iso_8859-1",
    "iso-8859-2",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-9",
    "iso-8859-10",
    "iso-8859-11",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-15",
    "iso-8859-16",
    "latin-9",
    "windows-1250",
    "windows-1251",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-874",
    "cp1250",
    "cp1251",
    "cp1252",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "cp1258",
    "cp437",
    "cp850",
    "ibm437",
    "ibm850",
    "tis-620",
    "koi8-r",
    "koi8-u",
    "gb2312",
    "gbk",
    "cp936",
    "gb18030",
    "hz-gb-2312",
    "big5",
    "big5-hkscs",
    "euc-tw",
    "shift_jis",
    "shift-jis",
    "sjis",
    "x-sjis",
    "cp932",
    "windows-31j",
    "euc-jp",
    "iso-2022-jp",
    "iso-2022-jp-2",
    "euc-kr",
    "ks_c_5601-1987",
    "cp949",
    "iso-2022-kr",
    "utf-16",
    "utf-16le",
    "utf-16be",
    "utf-32",
    "utf-7",
    "unicode-1-1-utf-7",
    "macintosh",
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
static void convert_one(iconv_t cd) {
    char in[] = "a", out[16];
    char *from = in, *to = out;
    size_t from_left = 1, to_left = sizeof(out);
    (void)iconv(cd, &from, &from_left, &to, &to_left);
    (void)iconv(cd, NULL, NULL, NULL, NULL);
}

static iconv_t open_and_use(const char *charset) {
    iconv_t cd = g_mime_iconv_open("UTF-8", charset);
    if (cd != NOT_OPEN)
        convert_one(cd);
    return cd;
}

void vt_charset_warm(void) {
    if (is_warm)
        return;
    for (size_t i = 0; i < NAMES_COUNT; i++)
        held[i] = open_and_use(names[i]);
    for (size_t i = 0; i < GUESSES_COUNT; i++)
        guess_held[i] = open_and_use(guesses[i]);
    is_warm = true;
}

static bool is_held(const char *name, size_t len) {
    for (size_t i = 0; i < NAMES_COUNT; i++) {
        if (strlen(names[i]) == len && strncasecmp(names[i], name, len) == 0)
            return held[i] != NOT_OPEN;
    }
    return false;
}

/* RFC 2231 7: the language may follow the name of an encoded word, "=?utf-8*vi?". */
static bool blank_unless_held(char *name, size_t len) {
    const char *star = memchr(name, '*', len);
    size_t charset_len = star == NULL ? len : (size_t)(star - name);
    if (len == 0 || is_held(name, charset_len))
        return false;
    memset(name, 'x', len);
    return true;
}

/* The longest name of a character set that is looked for. */
#define NAME_BYTES 64

static bool neutralise_word(char *at, size_t left) {
    if (left < 3 || at[0] != '=' || at[1] != '?')
        return false;
    size_t window = left - 2 < NAME_BYTES ? left - 2 : NAME_BYTES;
    const char *end = memchr(at + 2, '?', window);
    return blank_unless_held(at + 2, end == NULL ? window : (size_t)(end - (at + 2)));
}

/* extended-parameter: name "*=" or "*0*=", then charset "'" language "'" (RFC 2231 4). */
static bool neutralise_extended(char *at, size_t left) {
    if (left < 3 || at[0] != '*')
        return false;
    size_t i = 1;
    while (i < left && (at[i] == ' ' || at[i] == '\t' || at[i] == '\r' || at[i] == '\n'))
        i++;
    if (i >= left || at[i] != '=')
        return false;
    for (i++; i < left &&
              (at[i] == ' ' || at[i] == '\t' || at[i] == '\r' || at[i] == '\n' || at[i] == '"');)
        i++;
    size_t window = left - i < NAME_BYTES ? left - i : NAME_BYTES;
    const char *end = memchr(at + i, '\'', window);
    return end != NULL && blank_unless_held(at + i, (size_t)(end - (at + i)));
}

bool vt_charset_neutralise(char *text, size_t len) {
    bool found = false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '=')
            found = neutralise_word(text + i, len - i) || found;
        else if (text[i] == '*')
            found = neutralise_extended(text + i, len - i) || found;
    }
    return found;
}

/* Convert by a held descriptor; NULL when a byte has no meaning in the set or memory is out. */
static char *convert(iconv_t cd, const char *text, size_t len) {
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

static bool is_vietnamese(gunichar c) {
    static const char letters[] = "àáâãèéêìíòóôõùúýăđĩũơưÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝĂĐĨŨƠƯ";
    return c < 0x80 || (c >= 0x1EA0 && c <= 0x1EF9) || g_utf8_strchr(letters, -1, c) != NULL;
}

/* How many characters of a reading no Vietnamese text has. */
static size_t strangeness(const char *utf8) {
    char *composed = g_utf8_normalize(utf8, -1, G_NORMALIZE_DEFAULT_COMPOSE);
    size_t strange = composed == NULL ? SIZE_MAX : 0;
    for (const char *at = composed; at != NULL && *at != '\0'; at = g_utf8_next_char(at))
        strange += is_vietnamese(g_utf8_get_char(at)) ? 0 : 1;
    g_free(composed);
    return strange;
}

static char *best_reading(const char *text, size_t len) {
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

/* RFC 5322 2.2.3: unfolding removes the line break and keeps the white space after it. */
static size_t unfold(struct vt_bytes value, char *out) {
    size_t used = 0;
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.ptr[i];
        if (c != '\r' && c != '\n')
            out[used++] = c == 0 ? '?' : c == '\t' ? ' ' : (char)c;
    }
    return used;
}

char *vt_charset_header_text(struct vt_bytes value) {
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
