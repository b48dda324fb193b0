/* SPDX-License-Identifier: Apache-2.0
 * The writer and the reader of described structs. The reader's input may come from a process
 * that a hostile file has taken over: duplicate keys, wrong types, counts, control characters
 * and unknown words are refused (RFC 8259; times RFC 3339). */
#include "evidence/record_json.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(enum vt_indication) == sizeof(unsigned), "enums are read as unsigned");

static const void *at(const void *base, size_t offset)
{
    return (const char *)base + offset;
}

static void *at_mutable(void *base, size_t offset)
{
    return (char *)base + offset;
}

/* UTF-8 has been checked: what is left are C0, DEL and C1 (U+0080 to U+009F, C2 80 to C2 9F). */
static bool has_control(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7F || (*c == 0xC2 && c[1] >= 0x80 && c[1] <= 0x9F))
            return true;
    }
    return false;
}

/* ---- writing ---- */

bool vt_json_is_clean(const char *text)
{
    return vt_text_is_utf8(vt_bytes_str(text)) && !has_control(text);
}

json_t *vt_json_string(const char *text)
{
    if (text == NULL)
        return json_null();
    size_t len = strlen(text);
    if (vt_json_is_clean(text))
        return json_stringn(text, len);
    char *clean = malloc(len + 4);
    if (clean == NULL)
        return NULL;
    json_t *out = json_string(vt_text_clean(clean, len + 4, vt_bytes_of(text, len)));
    free(clean);
    return out;
}

json_t *vt_json_time(int64_t utc_secs)
{
    char text[VT_TIME_TEXT_BYTES];
    vt_time_rfc3339(text, utc_secs);
    return strcmp(text, "-") == 0 ? json_null() : json_string(text);
}

static json_t *write_word(const struct vt_words *words, unsigned value)
{
    return value < words->count && words->words[value] != NULL ? json_string(words->words[value])
                                                               : json_null();
}

static json_t *write_reasons(vt_reasons reasons)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < VT_REASON_COUNT && array != NULL; i++) {
        if ((reasons & VT_REASON_BIT(i)) == 0)
            continue;
        if (json_array_append_new(array, json_string(vt_reason_info((enum vt_reason)i)->code)) !=
            0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

static json_t *write_strings(const char *const *strings, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count && array != NULL; i++) {
        if (json_array_append_new(array, vt_json_string(strings[i])) != 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

static json_t *write_records(const struct vt_record *record, const char *first, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count && array != NULL; i++) {
        if (json_array_append_new(array, vt_record_to_json(record, first + i * record->size)) !=
            0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

static json_t *write_field(const struct vt_field *field, const void *base)
{
    const void *value = at(base, field->offset);
    const void *count = at(base, field->count_offset);
    switch (field->kind) {
    case VT_FIELD_STRING:
        return vt_json_string(*(const char *const *)value);
    case VT_FIELD_DIGEST:
        return *(const char *)value == '\0' ? json_null() : vt_json_string(value);
    case VT_FIELD_BOOL:
        return json_boolean(*(const bool *)value);
    case VT_FIELD_UINT:
        return json_integer(*(const unsigned *)value);
    case VT_FIELD_U64:
        return json_integer((json_int_t)(*(const uint64_t *)value & INT64_MAX));
    case VT_FIELD_TIME:
        return vt_json_time(*(const int64_t *)value);
    case VT_FIELD_WORD:
        return write_word(field->words, *(const unsigned *)value);
    case VT_FIELD_REASONS:
        return write_reasons(*(const vt_reasons *)value);
    case VT_FIELD_STRINGS:
        return write_strings(*(const char *const *const *)value, *(const size_t *)count);
    case VT_FIELD_RECORD:
        return vt_record_to_json(field->record, value);
    case VT_FIELD_RECORDS:
        return write_records(field->record, *(const char *const *)value, *(const size_t *)count);
    }
    return NULL;
}

json_t *vt_record_to_json(const struct vt_record *record, const void *base)
{
    if (record->presence_offset != SIZE_MAX &&
        *(const char *)at(base, record->presence_offset) == '\0')
        return json_null();
    json_t *object = json_object();
    for (size_t i = 0; i < record->fields_count && object != NULL; i++) {
        const struct vt_field *field = &record->fields[i];
        if (json_object_set_new(object, field->key, write_field(field, base)) != 0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

enum vt_code vt_json_text(json_t *root, int indent, size_t max_bytes, char **out_text,
                          size_t *out_len, struct vt_err *err)
{
    size_t flags = indent > 0 ? JSON_INDENT(indent) : JSON_COMPACT;
    char *text = root == NULL ? NULL : json_dumps(root, flags);
    json_decref(root);
    if (text == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory to write JSON");
    size_t len = strlen(text);
    if (len > max_bytes) {
        free(text);
        return vt_err_set(err, VT_E_LIMIT, "JSON of %zu bytes, at most %zu are allowed", len,
                          max_bytes);
    }
    *out_text = text;
    *out_len = len;
    return VT_OK;
}

/* ---- reading ---- */

enum vt_code vt_json_object(struct vt_bytes text, size_t max_bytes, json_t **out,
                            struct vt_err *err)
{
    if (text.len > max_bytes)
        return vt_err_set(err, VT_E_LIMIT, "JSON of %zu bytes, at most %zu are allowed", text.len,
                          max_bytes);
    json_error_t fault;
    json_t *root = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &fault);
    if (root == NULL) {
        enum vt_code code =
            json_error_code(&fault) == json_error_out_of_memory ? VT_E_NOMEM : VT_E_FORMAT;
        return vt_err_set(err, code, "JSON at byte %d: %s", fault.position, fault.text);
    }
    if (!json_is_object(root)) {
        json_decref(root);
        return vt_err_set(err, VT_E_FORMAT, "JSON: an object is expected");
    }
    *out = root;
    return VT_OK;
}

static enum vt_code wrong(struct vt_err *err, const char *key, const char *wanted)
{
    return vt_err_set(err, VT_E_FORMAT, "JSON key \"%s\": %s is expected", key, wanted);
}

static enum vt_code read_string(struct vt_arena *arena, const char *key, const json_t *value,
                                const char **out, struct vt_err *err)
{
    if (!json_is_string(value) || has_control(json_string_value(value)))
        return wrong(err, key, "a string without control characters");
    const char *text = json_string_value(value);
    assert(out != NULL);
    *out = text == NULL ? NULL : vt_arena_dup(arena, text, json_string_length(value));
    return *out == NULL ? vt_err_set(err, VT_E_NOMEM, "no memory for JSON") : VT_OK;
}

static enum vt_code read_digest(const char *key, const json_t *value, char *out, struct vt_err *err)
{
    const char *text = json_string_value(value);
    if (text == NULL || json_string_length(value) != 64 || strspn(text, "0123456789abcdef") != 64)
        return wrong(err, key, "64 digits of lower-case hexadecimal");
    memcpy(out, text, 65);
    return VT_OK;
}

static enum vt_code read_number(const char *key, const json_t *value, uint64_t max, uint64_t *out,
                                struct vt_err *err)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uint64_t)json_integer_value(value) > max)
        return wrong(err, key, "a number that is not negative and not too large");
    *out = (uint64_t)json_integer_value(value);
    return VT_OK;
}

static enum vt_code read_time(const char *key, const json_t *value, int64_t *out,
                              struct vt_err *err)
{
    if (!json_is_string(value) || vt_time_parse(json_string_value(value), out) != VT_OK)
        return wrong(err, key, "a time as RFC 3339 has it");
    return VT_OK;
}

static enum vt_code read_word(const struct vt_field *field, const json_t *value, unsigned *out,
                              struct vt_err *err)
{
    const char *text = json_string_value(value);
    unsigned found = text == NULL ? field->words->count : vt_words_find(field->words, text);
    if (found == field->words->count)
        return wrong(err, field->key, "one of the words of this key");
    *out = found;
    return VT_OK;
}

static enum vt_code read_reasons(const char *key, const json_t *value, vt_reasons *out,
                                 struct vt_err *err)
{
    if (!json_is_array(value) || json_array_size(value) > VT_REASON_COUNT)
        return wrong(err, key, "an array of reason codes");
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *code = json_string_value(json_array_get(value, i));
        enum vt_reason reason = VT_REASON_COUNT;
        if (code == NULL || vt_reason_by_code(code, &reason) != VT_OK)
            return wrong(err, key, "an array of reason codes");
        *out |= VT_REASON_BIT(reason);
    }
    return VT_OK;
}

/* Room for the elements of an array, after a look at type and number. */
static enum vt_code read_array(struct vt_arena *arena, const struct vt_field *field,
                               const json_t *value, size_t element_bytes, void **out,
                               struct vt_err *err)
{
    if (!json_is_array(value))
        return wrong(err, field->key, "an array");
    size_t count = json_array_size(value);
    if (count > field->max)
        return vt_err_set(err, VT_E_LIMIT, "JSON key \"%s\": %zu elements, at most %zu are allowed",
                          field->key, count, field->max);
    *out = count == 0 ? NULL : vt_arena_alloc(arena, count * element_bytes);
    if (count > 0 && *out == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for JSON");
    return VT_OK;
}

static enum vt_code read_strings(struct vt_arena *arena, const struct vt_field *field,
                                 const json_t *value, void *base, struct vt_err *err)
{
    void *room = NULL;
    enum vt_code code = read_array(arena, field, value, sizeof(const char *), &room, err);
    const char **strings = room;
    size_t count = json_array_size(value);
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = read_string(arena, field->key, json_array_get(value, i), &strings[i], err);
    if (code == VT_OK) {
        *(const char ***)at_mutable(base, field->offset) = strings;
        *(size_t *)at_mutable(base, field->count_offset) = count;
    }
    return code;
}

static enum vt_code read_records(struct vt_arena *arena, const struct vt_field *field,
                                 const json_t *value, void *base, struct vt_err *err)
{
    void *room = NULL;
    enum vt_code code = read_array(arena, field, value, field->record->size, &room, err);
    size_t count = json_array_size(value);
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = vt_record_from_json(arena, field->record, json_array_get(value, i),
                                   (char *)room + i * field->record->size, err);
    if (code == VT_OK) {
        *(void **)at_mutable(base, field->offset) = room;
        *(size_t *)at_mutable(base, field->count_offset) = count;
    }
    return code;
}

static enum vt_code read_field(struct vt_arena *arena, const struct vt_field *field,
                               const json_t *value, void *base, struct vt_err *err)
{
    void *place = at_mutable(base, field->offset);
    uint64_t number = 0;
    enum vt_code code = VT_E_INTERNAL;
    switch (field->kind) {
    case VT_FIELD_STRING:
        return read_string(arena, field->key, value, place, err);
    case VT_FIELD_DIGEST:
        return read_digest(field->key, value, place, err);
    case VT_FIELD_BOOL:
        if (!json_is_boolean(value))
            return wrong(err, field->key, "true or false");
        *(bool *)place = json_is_true(value);
        return VT_OK;
    case VT_FIELD_UINT:
        code = read_number(field->key, value, UINT_MAX, &number, err);
        *(unsigned *)place = (unsigned)number;
        return code;
    case VT_FIELD_U64:
        return read_number(field->key, value, INT64_MAX, place, err);
    case VT_FIELD_TIME:
        return read_time(field->key, value, place, err);
    case VT_FIELD_WORD:
        return read_word(field, value, place, err);
    case VT_FIELD_REASONS:
        return read_reasons(field->key, value, place, err);
    case VT_FIELD_STRINGS:
        return read_strings(arena, field, value, base, err);
    case VT_FIELD_RECORD:
        return vt_record_from_json(arena, field->record, value, place, err);
    case VT_FIELD_RECORDS:
        return read_records(arena, field, value, base, err);
    }
    return code;
}

enum vt_code vt_record_from_json(struct vt_arena *arena, const struct vt_record *record,
                                 const json_t *object, void *base, struct vt_err *err)
{
    bool is_absent = object == NULL || json_is_null(object);
    if (!is_absent && !json_is_object(object))
        return vt_err_set(err, VT_E_FORMAT, "JSON: an object is expected");
    for (size_t i = 0; i < record->fields_count; i++) {
        const struct vt_field *field = &record->fields[i];
        const json_t *value = is_absent ? NULL : json_object_get(object, field->key);
        if (field->kind == VT_FIELD_TIME)
            *(int64_t *)at_mutable(base, field->offset) = VT_TIME_NONE;
        if ((value == NULL || json_is_null(value)) && field->kind != VT_FIELD_RECORD)
            continue;
        enum vt_code code = read_field(arena, field, value, base, err);
        if (code != VT_OK)
            return code;
    }
    return VT_OK;
}
