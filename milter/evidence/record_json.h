/* SPDX-License-Identifier: Apache-2.0
 * Plain structs to JSON objects and back, from one description of their fields: what is written
 * can be read, and every bound stands in the description. */
#ifndef VANTHU_EVIDENCE_RECORD_JSON_H
#define VANTHU_EVIDENCE_RECORD_JSON_H

#include <jansson.h>

#include "evidence/names.h"

enum vt_field_kind {
    VT_FIELD_STRING,  /* const char *; NULL is null */
    VT_FIELD_DIGEST,  /* char[65], lower-case hexadecimal; "" is null */
    VT_FIELD_BOOL,    /* bool */
    VT_FIELD_UINT,    /* unsigned */
    VT_FIELD_U64,     /* uint64_t */
    VT_FIELD_TIME,    /* int64_t …_utc_secs; VT_TIME_NONE is null */
    VT_FIELD_WORD,    /* an enum, by its words; a value without a word is null */
    VT_FIELD_REASONS, /* vt_reasons, an array of codes */
    VT_FIELD_STRINGS, /* const char ** and size_t */
    VT_FIELD_RECORD,  /* a struct inside this one, or a group of its own fields */
    VT_FIELD_RECORDS  /* a pointer to structs and size_t */
};

struct vt_field {
    const char *key;
    enum vt_field_kind kind;
    size_t offset;
    size_t count_offset;            /* STRINGS, RECORDS */
    size_t max;                     /* STRINGS, RECORDS: elements */
    const struct vt_words *words;   /* WORD */
    const struct vt_record *record; /* RECORD, RECORDS */
};

struct vt_record {
    const struct vt_field *fields;
    size_t fields_count;
    size_t size;
    /* Offset of a char[65]: when it is "" the whole struct is null. SIZE_MAX: never null. */
    size_t presence_offset;
};

/* The object of a struct, or NULL when memory is out. */
json_t *vt_record_to_json(const struct vt_record *record, const void *base);
/* Fill a struct. Unknown keys are ignored; of missing or null keys times become VT_TIME_NONE, all
 * else zero. Strings must be free of control characters. Returns VT_OK, VT_E_FORMAT, VT_E_LIMIT,
 * VT_E_NOMEM. */
enum vt_code vt_record_from_json(struct vt_arena *arena, const struct vt_record *record,
                                 const json_t *object, void *base,
                                 struct vt_err *err) VT_MUST_CHECK;
/* Text of a JSON value. *out_text is malloc'd. Takes over root, NULL is VT_E_NOMEM. */
enum vt_code vt_json_text(json_t *root, int indent, size_t max_bytes, char **out_text,
                          size_t *out_len, struct vt_err *err) VT_MUST_CHECK;
/* Parse an object; *out is released with json_decref. VT_E_LIMIT above max_bytes. */
enum vt_code vt_json_object(struct vt_bytes text, size_t max_bytes, json_t **out,
                            struct vt_err *err) VT_MUST_CHECK;
/* Evidence and mail facts that stand inside a larger JSON value: vt_evidence_from_json and
 * vt_mail_from_json without the text. */
enum vt_code vt_evidence_from_object(struct vt_arena *arena, const json_t *object,
                                     struct vt_evidence **out, struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_mail_from_object(struct vt_arena *arena, const json_t *object, struct vt_mail *out,
                                 struct vt_err *err) VT_MUST_CHECK;
/* struct vt_evidence, for whoever reads it from something else than JSON. */
extern const struct vt_record vt_evidence_record;
/* What the site's table says of a mail: struct vt_site_facts. */
extern const struct vt_record vt_site_facts_record;
/* True when JSON has the text as it is: well-formed UTF-8 without control characters. */
bool vt_json_is_clean(const char *text);
/* A string value; control characters and malformed UTF-8 become '?'. NULL gives null. */
json_t *vt_json_string(const char *text);
/* A time as RFC 3339, or null. */
json_t *vt_json_time(int64_t utc_secs);

#endif
