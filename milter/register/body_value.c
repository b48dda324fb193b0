/* SPDX-License-Identifier: Apache-2.0
 * Values of a body that is read back. */
#include "register/body_value.h"

#include <limits.h>
#include <string.h>

enum vt_code vt_body_no_memory(struct vt_err *err)
{
    return vt_err_set(err, VT_E_NOMEM, "no memory for a record");
}

enum vt_code vt_body_wrong(struct vt_err *err, const char *key)
{
    return vt_err_set(err, VT_E_FORMAT, "body of a record: \"%s\" is not what it should be", key);
}

enum vt_code vt_body_text(struct vt_arena *arena, const json_t *object, const char *key,
                          const char **out, struct vt_err *err)
{
    const json_t *value = json_object_get(object, key);
    *out = NULL;
    if (value == NULL || json_is_null(value))
        return VT_OK;
    if (!json_is_string(value) || !vt_json_is_clean(json_string_value(value)))
        return vt_body_wrong(err, key);
    *out = vt_arena_str(arena, json_string_value(value));
    return *out != NULL ? VT_OK : vt_body_no_memory(err);
}

enum vt_code vt_body_texts(struct vt_arena *arena, const json_t *object, const char *key,
                           size_t max, const char *const **out, size_t *out_count,
                           struct vt_err *err)
{
    const json_t *array = json_object_get(object, key);
    size_t count = json_array_size(array);
    *out_count = 0;
    if ((array != NULL && !json_is_array(array)) || count > max)
        return vt_body_wrong(err, key);
    const char **texts = vt_arena_alloc(arena, (count + 1) * sizeof(*texts));
    for (size_t i = 0; i < count && texts != NULL; i++) {
        const char *text = json_string_value(json_array_get(array, i));
        if (text == NULL || !vt_json_is_clean(text))
            return vt_body_wrong(err, key);
        texts[i] = vt_arena_str(arena, text);
        if (texts[i] == NULL)
            return vt_body_no_memory(err);
    }
    if (texts == NULL)
        return vt_body_no_memory(err);
    *out = texts;
    *out_count = count;
    return VT_OK;
}

enum vt_code vt_body_digest(const json_t *object, const char *key, char out[65], struct vt_err *err)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL || strlen(text) != 64)
        return vt_body_wrong(err, key);
    memcpy(out, text, 65);
    return VT_OK;
}

enum vt_code vt_body_reason(const json_t *object, const char *key, enum vt_reason *out,
                            struct vt_err *err)
{
    const char *text = json_string_value(json_object_get(object, key));
    *out = VT_REASON_COUNT;
    if (text == NULL)
        return VT_OK;
    return vt_reason_by_code(text, out) == VT_OK ? VT_OK : vt_body_wrong(err, key);
}

enum vt_code vt_body_word(const json_t *object, const char *key, const struct vt_words *words,
                          unsigned *out, struct vt_err *err)
{
    const char *text = json_string_value(json_object_get(object, key));
    *out = text != NULL ? vt_words_find(words, text) : words->count;
    return *out < words->count ? VT_OK : vt_body_wrong(err, key);
}

enum vt_code vt_body_word_or_none(const json_t *object, const char *key,
                                  const struct vt_words *words, unsigned *out, struct vt_err *err)
{
    const json_t *value = json_object_get(object, key);
    *out = 0;
    return value == NULL || json_is_null(value) ? VT_OK
                                                : vt_body_word(object, key, words, out, err);
}

enum vt_code vt_body_time(const json_t *object, const char *key, int64_t *out, struct vt_err *err)
{
    const json_t *value = json_object_get(object, key);
    *out = VT_TIME_NONE;
    if (value == NULL || json_is_null(value))
        return VT_OK;
    return json_is_string(value) && vt_time_parse(json_string_value(value), out) == VT_OK
               ? VT_OK
               : vt_body_wrong(err, key);
}

size_t vt_body_index(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    json_int_t index = json_integer_value(value);
    return json_is_integer(value) && index >= 0 ? (size_t)index : SIZE_MAX;
}

unsigned vt_body_unsigned(const json_t *object, const char *key)
{
    json_int_t number = json_integer_value(json_object_get(object, key));
    return number >= 0 && number <= UINT_MAX ? (unsigned)number : 0;
}
