/* SPDX-License-Identifier: Apache-2.0
 * Open addressing with linear probing; at most half of the slots are taken. */
#include "set.h"

#include <stdio.h>
#include <string.h>

/* ---- folding ---- */

/* The small letter of a letter of two or three bytes of UTF-8 whose capital differs in one number:
 * Latin-1, Latin Extended-A, ơ, ư and Latin Extended Additional have all of Vietnamese. */
static unsigned small_letter(unsigned letter)
{
    if ((letter >= 0xC0 && letter <= 0xDE && letter != 0xD7))
        return letter + 0x20;
    bool is_pair = (letter >= 0x100 && letter <= 0x137) || (letter >= 0x14A && letter <= 0x177) ||
                   (letter >= 0x1E00 && letter <= 0x1EFF) || letter == 0x1A0;
    if (is_pair)
        return letter | 1;
    return letter == 0x1AF ? 0x1B0 : letter;
}

static size_t fold_letter(const unsigned char *in, char *out)
{
    if (in[0] < 0x80) {
        out[0] = in[0] >= 'A' && in[0] <= 'Z' ? (char)(in[0] + 32) : (char)in[0];
        return 1;
    }
    if ((in[0] & 0xE0) == 0xC0 && (in[1] & 0xC0) == 0x80) {
        unsigned letter = small_letter((in[0] & 0x1Fu) << 6 | (in[1] & 0x3Fu));
        out[0] = (char)(0xC0 | letter >> 6);
        out[1] = (char)(0x80 | (letter & 0x3F));
        return 2;
    }
    if (in[0] == 0xE1 && (in[1] & 0xC0) == 0x80 && (in[2] & 0xC0) == 0x80) {
        unsigned letter = small_letter(0x1000 | (in[1] & 0x3Fu) << 6 | (in[2] & 0x3Fu));
        out[0] = (char)0xE1;
        out[1] = (char)(0x80 | (letter >> 6 & 0x3F));
        out[2] = (char)(0x80 | (letter & 0x3F));
        return 3;
    }
    out[0] = (char)in[0];
    return 1;
}

bool vt_set_fold(char out[VT_MAX_SET_TEXT_BYTES], const char *text)
{
    size_t used = 0;
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0';) {
        if (used + 4 > VT_MAX_SET_TEXT_BYTES)
            return false;
        size_t len = fold_letter(c, out + used);
        used += len;
        c += len;
    }
    out[used] = '\0';
    return true;
}

void vt_set_strip_fingerprint(char *text)
{
    char *out = text;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c != ':' && *c != ' ')
            *out++ = *c;
    }
    *out = '\0';
}

/* ---- the table ---- */

/* FNV-1a: lists are the administrator's, nobody else can choose what collides. */
static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

static size_t slot_of(const struct vt_set *set, const char *folded)
{
    size_t slot = hash_of(folded) & (set->slots_count - 1);
    while (set->slots[slot] != 0 && strcmp(set->keys[set->slots[slot] - 1], folded) != 0)
        slot = (slot + 1) & (set->slots_count - 1);
    return slot;
}

enum vt_code vt_set_init(struct vt_set *set, struct vt_arena *arena, size_t count)
{
    size_t slots = 4;
    while (slots < count * 2)
        slots *= 2;
    *set = (struct vt_set){.slots_count = slots};
    set->keys = vt_arena_alloc(arena, count * sizeof(*set->keys));
    set->slots = vt_arena_alloc(arena, slots * sizeof(*set->slots));
    return set->keys == NULL || set->slots == NULL ? VT_E_NOMEM : VT_OK;
}

void vt_set_add(struct vt_set *set, const char *folded)
{
    size_t slot = slot_of(set, folded);
    if (set->slots[slot] != 0)
        return;
    set->keys[set->count++] = folded;
    set->slots[slot] = (uint32_t)set->count;
}

size_t vt_set_index(const struct vt_set *set, const char *folded)
{
    uint32_t slot = set->count == 0 ? 0 : set->slots[slot_of(set, folded)];
    return slot == 0 ? SIZE_MAX : slot - 1;
}

bool vt_set_has(const struct vt_set *set, const char *folded)
{
    return vt_set_index(set, folded) != SIZE_MAX;
}

/* ---- the ways of looking up ---- */

bool vt_set_has_text(const struct vt_set *set, const char *text)
{
    char folded[VT_MAX_SET_TEXT_BYTES];
    return vt_set_fold(folded, text) && vt_set_has(set, folded);
}

/* folded: with a free byte before it, for "=" and ".". */
static bool has_domain(const struct vt_set *set, char *folded)
{
    folded[-1] = '=';
    if (folded[0] == '\0')
        return false;
    if (vt_set_has(set, folded - 1) || vt_set_has(set, folded))
        return true;
    /* ".x" is what lies below x, as Postfix writes it; "x" is x and what lies below. */
    for (char *dot = strchr(folded, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        if (vt_set_has(set, dot) || vt_set_has(set, dot + 1))
            return true;
    }
    return false;
}

bool vt_set_has_domain(const struct vt_set *set, const char *domain)
{
    char folded[VT_MAX_SET_TEXT_BYTES + 1];
    return vt_set_fold(folded + 1, domain) && has_domain(set, folded + 1);
}

bool vt_set_has_address(const struct vt_set *set, const char *address)
{
    char folded[VT_MAX_SET_TEXT_BYTES];
    if (address[0] == '\0')
        return vt_set_has(set, "") || vt_set_has(set, "<>");
    if (!vt_set_fold(folded, address))
        return false;
    char *at = strrchr(folded, '@');
    if (vt_set_has(set, folded))
        return true;
    if (at == NULL)
        return false;
    if (has_domain(set, at + 1)) /* writes over the "@" */
        return true;
    at[0] = '@';
    at[1] = '\0';
    return vt_set_has(set, folded);
}

/* One place to go back to: never more than the product of both lengths. */
bool vt_glob_matches(const char *glob, const char *text)
{
    const char *back_glob = NULL, *back_text = NULL;
    while (*text != '\0') {
        if (*glob == '*') {
            back_glob = ++glob;
            back_text = text;
        } else if (*glob == '?') {
            glob++;
            text++;
            while ((*text & 0xC0) == 0x80)
                text++;
        } else if (*glob != '\0' && *glob == *text) {
            glob++;
            text++;
        } else if (back_glob != NULL) {
            glob = back_glob;
            text = ++back_text;
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return *glob == '\0';
}

bool vt_set_has_name(const struct vt_set *set, const char *name)
{
    char folded[VT_MAX_SET_TEXT_BYTES];
    if (!vt_set_fold(folded, name))
        return false;
    if (vt_set_has(set, folded))
        return true;
    for (size_t i = 0; i < set->count; i++) {
        if (strpbrk(set->keys[i], "*?") != NULL && vt_glob_matches(set->keys[i], folded))
            return true;
    }
    return false;
}
