/* SPDX-License-Identifier: Apache-2.0
 * File names and other words of strangers, made fit to be shown. Vietnamese names come composed
 * (NFC, Windows) and decomposed (NFD, macOS): one form, so that tables and people find them. */
#include "unpack/names.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "vanthu/limits.h"
#include "vanthu/unpack.h"

/* An extension longer than this is part of the name. */
#define EXTENSION_BYTES 24

static char *compose(const char *utf8)
{
    char *valid = g_utf8_make_valid(utf8, -1);
    char *composed = g_utf8_normalize(valid, -1, G_NORMALIZE_DEFAULT_COMPOSE);
    g_free(valid);
    return composed;
}

static const char *without_directories(const char *name)
{
    for (const char *at = name; *at != '\0'; at++) {
        if ((*at == '/' || *at == '\\') && at[1] != '\0')
            name = at + 1;
    }
    return name;
}

/* In place: drop what is hidden, a separator that ends the name, quotes (of a string that was not
 * closed), and white space around it. */
static void strip(char *name)
{
    char *to = name;
    char *next = NULL;
    for (char *at = name; *at != '\0'; at = next) {
        /* Moving a character overwrites the one it is, so what follows is asked first. */
        next = g_utf8_next_char(at);
        if (vt_text_unsafe(vt_bytes_of(at, (size_t)(next - at))) > 0 || *at == '/' || *at == '\\' ||
            *at == '"')
            continue;
        memmove(to, at, (size_t)(next - at));
        to += next - at;
    }
    *to = '\0';
    g_strstrip(name);
}

/* The extension that a cut has to keep, ".signed" before it too (legal.md R-94). */
static const char *extension_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (dot == NULL || dot == name || strlen(dot) > EXTENSION_BYTES)
        return name + strlen(name);
    const size_t mark_len = strlen(".signed");
    if ((size_t)(dot - name) > mark_len && strncasecmp(dot - mark_len, ".signed", mark_len) == 0)
        dot -= mark_len;
    return dot;
}

static void cut(char *name)
{
    size_t len = strlen(name);
    if (len <= VT_MAX_NAME_BYTES)
        return;
    const char *extension = extension_of(name);
    size_t extension_len = strlen(extension), stem = VT_MAX_NAME_BYTES - extension_len;
    while (stem > 0 && ((unsigned char)name[stem] & 0xC0) == 0x80)
        stem--;
    memmove(name + stem, extension, extension_len + 1);
}

enum vt_code vt_name_clean(struct vt_arena *arena, const char *utf8, const char **out)
{
    *out = NULL;
    char *composed = utf8 == NULL ? NULL : compose(utf8);
    if (composed == NULL)
        return VT_OK;
    char *name = g_strdup(without_directories(composed));
    strip(name);
    cut(name);
    enum vt_code code = VT_OK;
    if (*name != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
        *out = vt_arena_str(arena, name);
        code = *out == NULL ? VT_E_NOMEM : VT_OK;
    }
    g_free(name);
    g_free(composed);
    return code;
}

enum vt_code vt_name_text(struct vt_arena *arena, const char *utf8, size_t max_bytes,
                          const char **out)
{
    *out = NULL;
    char *composed = utf8 == NULL ? NULL : compose(utf8);
    if (composed == NULL)
        return VT_OK;
    enum vt_code code = VT_E_NOMEM;
    size_t wanted = strlen(composed) + 4;
    size_t room = wanted < max_bytes ? wanted : max_bytes;
    char *text = malloc(room);
    if (text != NULL) {
        vt_text_clean(text, room, vt_bytes_str(composed));
        *out = vt_arena_str(arena, text);
        code = *out == NULL ? VT_E_NOMEM : VT_OK;
    }
    free(text);
    g_free(composed);
    return code;
}

bool vt_unpack_is_same_name(struct vt_bytes a, struct vt_bytes b)
{
    char *folded_a = g_utf8_casefold((const char *)a.ptr, (gssize)a.len);
    char *folded_b = g_utf8_casefold((const char *)b.ptr, (gssize)b.len);
    bool is_same = strcmp(folded_a, folded_b) == 0;
    g_free(folded_a);
    g_free(folded_b);
    return is_same;
}

enum vt_code vt_name_lower(struct vt_arena *arena, const char *text, const char **out)
{
    *out = NULL;
    if (text == NULL)
        return VT_OK;
    char *copy = vt_arena_str(arena, text);
    if (copy == NULL)
        return VT_E_NOMEM;
    for (char *at = copy; *at != '\0'; at++)
        *at = *at < 0x20 || *at > 0x7E ? '?' : g_ascii_tolower(*at);
    *out = copy;
    return VT_OK;
}

bool vt_name_has_extension(const char *name, const char *extension)
{
    size_t name_len = name == NULL ? 0 : strlen(name), len = strlen(extension);
    return name_len > len && strcasecmp(name + name_len - len, extension) == 0;
}
