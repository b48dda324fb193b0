/* SPDX-License-Identifier: Apache-2.0
 * Bytes from strangers: views that carry their length, buffers that carry their maximum,
 * and the arena that owns everything derived from one mail. */
#ifndef VANTHU_BYTES_H
#define VANTHU_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "vanthu/error.h"

/* A view of bytes owned by somebody else. Never NUL-terminated by contract. */
struct vt_bytes {
    const uint8_t *ptr;
    size_t len;
};

/* The view of a string literal. */
#define VT_BYTES(literal) ((struct vt_bytes){(const uint8_t *)("" literal), sizeof(literal) - 1})

/* The view of len bytes at ptr. */
struct vt_bytes vt_bytes_of(const void *ptr, size_t len);
/* The view of a C string without its NUL; NULL gives the empty view. */
struct vt_bytes vt_bytes_str(const char *string);
/* Same length and bytes; an empty view equals every empty view. */
bool vt_bytes_equal(struct vt_bytes a, struct vt_bytes b);
/* A copy that is malloc'd: vt_bytes_free. A copy of nothing has an address too; .ptr NULL: memory
 * is out. */
struct vt_bytes vt_bytes_dup(struct vt_bytes bytes) VT_MUST_CHECK;
/* Of vt_bytes_dup, or the empty view. */
void vt_bytes_free(struct vt_bytes bytes);
/* ASCII case-insensitive comparison. */
bool vt_bytes_equal_nocase(struct vt_bytes a, struct vt_bytes b);
/* True when prefix stands at the begin; the empty prefix always does. */
bool vt_bytes_starts_with(struct vt_bytes bytes, struct vt_bytes prefix);
bool vt_bytes_starts_with_nocase(struct vt_bytes bytes, struct vt_bytes prefix);
/* The part [offset, offset + len), cut to what is there. */
struct vt_bytes vt_bytes_slice(struct vt_bytes bytes, size_t offset, size_t len);
/* Offset of the first needle at or after from, or SIZE_MAX. Linear time (memmem). */
size_t vt_bytes_find(struct vt_bytes bytes, struct vt_bytes needle, size_t from);

/* ---- arena: one mail, one lifetime ---- */

struct vt_arena;

/* Make an arena that will hand out at most max_bytes. Returns NULL when memory is out. */
struct vt_arena *vt_arena_new(size_t max_bytes);
/* Run the deferred frees, newest first, and free everything. NULL is allowed. */
void vt_arena_free(struct vt_arena *arena);
/* Zeroed memory that lives as long as the arena, or NULL above its maximum. Aligned for any type.
 */
void *vt_arena_alloc(struct vt_arena *arena, size_t len) VT_MUST_CHECK;
/* A copy of len bytes with a NUL after them, or NULL. */
void *vt_arena_dup(struct vt_arena *arena, const void *ptr, size_t len) VT_MUST_CHECK;
/* A copy of one behind the other. Empty: no memory, or both are. */
struct vt_bytes vt_arena_join(struct vt_arena *arena, struct vt_bytes one,
                              struct vt_bytes other) VT_MUST_CHECK;
/* A NUL-terminated copy of a C string, or NULL. NULL in, NULL out. */
char *vt_arena_str(struct vt_arena *arena, const char *string) VT_MUST_CHECK;
/* A printf-formatted string, or NULL. */
char *vt_arena_printf(struct vt_arena *arena, const char *format, ...)
    VT_PRINTF(2, 3) VT_MUST_CHECK;
/* Have free_function(object) called by vt_arena_free. On VT_E_NOMEM the object has been freed. */
enum vt_code vt_arena_own(struct vt_arena *arena, void *object,
                          void (*free_function)(void *)) VT_MUST_CHECK;
/* Room for one more element in an array of count elements that was grown by this function only
 * (start with NULL, 0). Doubles; returns the possibly moved array, or NULL and leaves it alone. */
void *vt_arena_grow(struct vt_arena *arena, void *array, size_t count,
                    size_t element_bytes) VT_MUST_CHECK;

/* ---- buffer: grows up to a maximum ---- */

struct vt_buf {
    uint8_t *ptr;
    size_t len;
    size_t capacity;
    size_t max;
};

/* Caller's storage. max_bytes: the buffer refuses to grow beyond it (VT_E_LIMIT). */
void vt_buf_init(struct vt_buf *buf, size_t max_bytes);
/* Free what it holds; it may be used again with the same maximum. */
void vt_buf_clear(struct vt_buf *buf);
/* Append len bytes, which are copied. VT_E_LIMIT (then nothing is added), VT_E_NOMEM. */
enum vt_code vt_buf_add(struct vt_buf *buf, const void *ptr, size_t len) VT_MUST_CHECK;
/* Append printf-formatted text without its NUL. Errors as vt_buf_add. */
enum vt_code vt_buf_addf(struct vt_buf *buf, const char *format, ...) VT_PRINTF(2, 3) VT_MUST_CHECK;
/* What it holds; valid until the next call that changes buf. */
struct vt_bytes vt_buf_bytes(const struct vt_buf *buf);

/* ---- base64 (RFC 4648 4, RFC 2045 6.8) ---- */

/* Upper bound of the decoded length of len encoded bytes. */
size_t vt_base64_max(size_t len);
/* Decode into out, which has vt_base64_max(text.len) bytes. Strict about what it says, lenient
 * about what it does: *out_defect is NULL, or a constant English clause that names the first defect
 * ("a character that is not base64"), and what can be read is still given. White space between
 * characters is none. Returns the decoded length. */
size_t vt_base64_read(struct vt_bytes text, uint8_t *out, const char **out_defect);
/* The same into arena, all or nothing. VT_E_FORMAT: a defect, or no bytes at all. VT_E_NOMEM. */
enum vt_code vt_base64_decode(struct vt_arena *arena, struct vt_bytes text,
                              struct vt_bytes *out) VT_MUST_CHECK;

/* Append the base64 of bytes in lines of 64 characters (RFC 7468 2). Errors as vt_buf_add. */
enum vt_code vt_base64_add_lines(struct vt_buf *out, struct vt_bytes bytes) VT_MUST_CHECK;

/* ---- text ---- */

/* Bytes of the first character of text when a reader must not be shown it: controls, line
 * separators, what turns the direction of text (Unicode Bidi_Control), what is there without being
 * seen. 0: it is none of these, is malformed, or text is empty. */
size_t vt_text_unsafe(struct vt_bytes text);
/* Copy text from mail into out for a log line or an answer: unsafe characters (above) and invalid
 * UTF-8 become '?', and at most out_bytes - 1 bytes are written, cut at a character border, with
 * "..." when cut. Always NUL-terminated. Returns out. */
char *vt_text_clean(char *out, size_t out_bytes, struct vt_bytes text);
/* The same of what stands between double quotes in a line that programs read: those in it become
 * apostrophes, so that they end no field. text: NULL is empty. Returns out. */
char *vt_text_quoted(char *out, size_t out_bytes, const char *text);
/* How HTML writes a character that would be read as mark-up there, in text or between quotes of
 * either kind: "&lt;". NULL: it stands for itself. */
const char *vt_html_escape(char character);
/* Append text so escaped. Errors as vt_buf_add. */
enum vt_code vt_buf_add_html(struct vt_buf *buf, struct vt_bytes text) VT_MUST_CHECK;
/* Vietnamese text without its accents, mechanically: NFC or NFD UTF-8 in, ASCII out; what has no
 * ASCII form becomes '?'. Cut and terminated as vt_text_clean. Returns out. */
char *vt_text_ascii(char *out, size_t out_bytes, const char *utf8);
/* Join three and more words of one letter each, in place: titles are often written with their
 * letters apart. words: ASCII, each word with a space before and after; " s a o y 12 " becomes
 * " saoy 12 ". */
void vt_text_join_letters(char *words);
/* True when the bytes are well-formed UTF-8 without NUL. */
bool vt_text_is_utf8(struct vt_bytes text);
/* Lower-case hexadecimal of bytes, NUL-terminated; out has room for 2 * len + 1. Returns out. */
char *vt_text_hex(char *out, struct vt_bytes bytes);
/* The domain of a mail address: what stands behind its last "@". NULL: there is none, or address is
 * NULL. */
const char *vt_address_domain(const char *address);
/* True when domain is entry or below it, in any case of letters. Either may be NULL: false. */
bool vt_domain_is_under(const char *domain, const char *entry);
/* Distance of two words in edits (insert, delete, replace, swap), at most limit + 1. For
 * "did you mean". */
unsigned vt_text_distance(const char *a, const char *b, unsigned limit);

#endif
