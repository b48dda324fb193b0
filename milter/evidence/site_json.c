/* SPDX-License-Identifier: Apache-2.0
 * The JSON form of what the site's table says of a mail (vanthu/site.h): part of a decision, so
 * that the register keeps what was known when it was made. */
#include "evidence/record_json.h"
#include "vanthu/limits.h"
#include "vanthu/site.h"

#define FIELD(type, name, field_kind)                                                              \
    {                                                                                              \
        .key = #name, .kind = VT_FIELD_##field_kind, .offset = offsetof(struct type, name)         \
    }
#define WORD_FIELD(type, name, word_set)                                                           \
    {                                                                                              \
        .key = #name, .kind = VT_FIELD_WORD, .offset = offsetof(struct type, name),                \
        .words = &vt_words_##word_set                                                              \
    }
#define RECORDS_FIELD(type, name, its_record, most)                                                \
    {                                                                                              \
        .key = #name, .kind = VT_FIELD_RECORDS, .offset = offsetof(struct type, name),             \
        .count_offset = offsetof(struct type, name##_count), .record = &(its_record),              \
        .max = (most)                                                                              \
    }
#define RECORD(array, type)                                                                        \
    {                                                                                              \
        (array), sizeof(array) / sizeof((array)[0]), sizeof(struct type), SIZE_MAX                 \
    }

static const struct vt_field signature_fields[] = {
    WORD_FIELD(vt_site_signature, kind, kind),
    FIELD(vt_site_signature, agency, STRING),
    WORD_FIELD(vt_site_signature, alignment, alignment),
    FIELD(vt_site_signature, reasons, REASONS),
};
static const struct vt_record signature_record = RECORD(signature_fields, vt_site_signature);

static const struct vt_field document_fields[] = {
    WORD_FIELD(vt_site_document, effect, effect),
    WORD_FIELD(vt_site_document, lacks_agency_signature, truth),
    WORD_FIELD(vt_site_document, lacks_person_signature, truth),
    FIELD(vt_site_document, expects_signature, BOOL),
    FIELD(vt_site_document, reasons, REASONS),
    FIELD(vt_site_document, excused, REASONS),
    RECORDS_FIELD(vt_site_document, signatures, signature_record, VT_MAX_SIGNATURES),
};
static const struct vt_record document_record = RECORD(document_fields, vt_site_document);

static const struct vt_field facts_fields[] = {
    FIELD(vt_site_facts, sender_agency, STRING),
    WORD_FIELD(vt_site_facts, sender_class, sender_class),
    {.key = "recipient_agencies",
     .kind = VT_FIELD_STRINGS,
     .offset = offsetof(struct vt_site_facts, recipient_agencies),
     .count_offset = offsetof(struct vt_site_facts, recipient_agencies_count),
     .max = VT_MAX_RECIPIENTS},
    RECORDS_FIELD(vt_site_facts, documents, document_record, VT_MAX_PARTS),
};
const struct vt_record vt_site_facts_record = RECORD(facts_fields, vt_site_facts);
