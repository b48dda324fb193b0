/* SPDX-License-Identifier: Apache-2.0
 * Texts that are looked up: a hash table of folded texts. Folding makes small letters of capitals,
 * Vietnamese ones too. */
#ifndef VANTHU_POLICY_SET_H
#define VANTHU_POLICY_SET_H

#include "vanthu/bytes.h"

/* Longer texts are in no set: an address has 320 bytes, a name less. */
#define VT_MAX_SET_TEXT_BYTES 512

struct vt_set {
    const char **keys;
    size_t count;
    uint32_t *slots; /* index of a key plus one; 0: free */
    size_t slots_count;
};

/* The folded text; false: it is too long. */
bool vt_set_fold(char out[VT_MAX_SET_TEXT_BYTES], const char *text);
/* 64 hexadecimal digits with colons or spaces between become digits alone. */
void vt_set_strip_fingerprint(char *text);
/* Add a folded text; one that is there is not added again. The caller gave the whole count to
 * vt_set_init. */
void vt_set_add(struct vt_set *set, const char *folded);
/* Room for count texts. VT_E_NOMEM. */
enum vt_code vt_set_init(struct vt_set *set, struct vt_arena *arena, size_t count) VT_MUST_CHECK;
/* folded: as vt_set_fold makes it. */
bool vt_set_has(const struct vt_set *set, const char *folded);
/* Its place among the keys, or SIZE_MAX. */
size_t vt_set_index(const struct vt_set *set, const char *folded);

/* The ways of looking up, each with the text as it stands in the mail. */
bool vt_set_has_text(const struct vt_set *set, const char *text);
/* "=domain", then "domain", ".parent" and "parent" up to the top. */
bool vt_set_has_domain(const struct vt_set *set, const char *domain);
/* In the order of Postfix, access(5): "user@domain", the domain as above, "user@"; "" and "<>" are
 * the empty address. */
bool vt_set_has_address(const struct vt_set *set, const char *address);
/* A key with "*" and "?" matches. */
bool vt_set_has_name(const struct vt_set *set, const char *name);
/* "*" any characters, "?" one character of UTF-8; both folded. Never more steps than the product of
 * both lengths. */
bool vt_glob_matches(const char *glob, const char *text);

#endif
