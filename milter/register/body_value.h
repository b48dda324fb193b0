/* SPDX-License-Identifier: Apache-2.0
 * Values of a body that is read back, checked: one of another kind than it should be is VT_E_FORMAT
 * with its key. Texts live in arena. */
#ifndef VANTHU_REGISTER_BODY_VALUE_H
#define VANTHU_REGISTER_BODY_VALUE_H

#include "evidence/record_json.h"
#include "register/body.h"

/* The two errors. */
enum vt_code vt_body_no_memory(struct vt_err *err);
enum vt_code vt_body_wrong(struct vt_err *err, const char *key);
/* A string in arena; a missing one is NULL. */
enum vt_code vt_body_text(struct vt_arena *arena, const json_t *object, const char *key,
                          const char **out, struct vt_err *err) VT_MUST_CHECK;
/* An array of strings; a missing one is empty. */
enum vt_code vt_body_texts(struct vt_arena *arena, const json_t *object, const char *key,
                           size_t max, const char *const **out, size_t *out_count,
                           struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_body_digest(const json_t *object, const char *key, char out[65],
                            struct vt_err *err) VT_MUST_CHECK;
/* The reason of a code; VT_REASON_COUNT when there is none. */
enum vt_code vt_body_reason(const json_t *object, const char *key, enum vt_reason *out,
                            struct vt_err *err) VT_MUST_CHECK;
/* A word as the value of its enum. */
enum vt_code vt_body_word(const json_t *object, const char *key, const struct vt_words *words,
                          unsigned *out, struct vt_err *err) VT_MUST_CHECK;
/* A word that may be missing or null: then the first value. */
enum vt_code vt_body_word_or_none(const json_t *object, const char *key,
                                  const struct vt_words *words, unsigned *out,
                                  struct vt_err *err) VT_MUST_CHECK;
/* RFC 3339, or VT_TIME_NONE where there is none. */
enum vt_code vt_body_time(const json_t *object, const char *key, int64_t *out,
                          struct vt_err *err) VT_MUST_CHECK;
/* The number of a document; SIZE_MAX is the mail itself. */
size_t vt_body_index(const json_t *object, const char *key);
unsigned vt_body_unsigned(const json_t *object, const char *key);

#endif
