/* SPDX-License-Identifier: Apache-2.0
 * Evidence that is written briefly: what a case says of mail, documents and signatures, and beside
 * the keys of the JSON form a few that say in one word what takes several there. */
#include <string.h>

#include "case.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* The description of a part: "documents" of evidence, "signatures" of a document. */
static const struct vt_record *part_of(const struct vt_record *record, const char *key)
{
    for (size_t i = 0; i < record->fields_count; i++) {
        if (strcmp(record->fields[i].key, key) == 0)
            return record->fields[i].record;
    }
    return NULL;
}

static bool no_memory(struct vt_case_reader *reader, const struct vt_yaml_node *node)
{
    return vt_yaml_mistake(&reader->yaml, node, "no memory for the case");
}

/* A list of mappings, or one of them under the name of one. */
struct several {
    const struct vt_yaml_node *node;
    size_t count;
};

static const struct vt_yaml_node *item_of(const struct several *several, size_t index)
{
    return several->node->kind == VT_YAML_SEQUENCE ? several->node->entries[index].value
                                                   : several->node;
}

static bool find_several(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                         const char *plural, const char *singular, size_t max, struct several *out)
{
    const struct vt_yaml_node *many = vt_yaml_find(node, plural);
    const struct vt_yaml_node *one = vt_yaml_find(node, singular);
    *out = (struct several){many != NULL ? many : one, 0};
    if (many != NULL && one != NULL)
        return vt_yaml_mistake(&reader->yaml, one, "write \"%s\" or \"%s\", not both", plural,
                               singular);
    if (out->node == NULL)
        return true;
    if (out->node->kind == VT_YAML_SCALAR)
        return vt_yaml_mistake(&reader->yaml, out->node, "\"%s\" is a list of \"key: value\" lines",
                               plural);
    out->count = out->node->kind == VT_YAML_SEQUENCE ? out->node->count : 1;
    if (out->count > max)
        return vt_yaml_mistake(&reader->yaml, out->node, "%zu %s, at most %zu are allowed",
                               out->count, plural, max);
    return true;
}

/* ---- signatures ---- */

/* "signer: NAME" is its common name. */
static bool read_signer(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                        const struct vt_record *record, struct vt_certificate_facts *out)
{
    const struct vt_yaml_node *value = vt_yaml_find(node, "signer");
    if (value == NULL)
        return true;
    if (value->kind == VT_YAML_SCALAR)
        return vt_yaml_text(&reader->yaml, value, &out->common_name);
    return vt_case_fill(reader, record, value, NULL, 0, out);
}

/* "signing-time: claimed" says where it comes from, "signed-at" when that was. */
static bool read_signing_time(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                              const struct vt_record *record, struct vt_signature *out)
{
    const struct vt_yaml_node *value = vt_yaml_find(node, "signing-time");
    const struct vt_yaml_node *when = vt_yaml_find(node, "signed-at");
    unsigned source = VT_TIME_SOURCE_NONE;
    bool is_good = true;
    if (value != NULL && value->kind == VT_YAML_SCALAR) {
        is_good = vt_yaml_word(&reader->yaml, value, "a source of a signing time",
                               vt_words_time_source.words, vt_words_time_source.count, &source);
        out->signing_time_source = (enum vt_time_source)source;
    } else if (value != NULL) {
        is_good = vt_case_fill(reader, record, value, NULL, 0, out);
    }
    if (when != NULL)
        is_good = vt_yaml_time(&reader->yaml, when, &out->signing_time_utc_secs) && is_good;
    return is_good;
}

/* "revoked-at" and "source-down" are facts of the status of the signer's certificate. */
static bool read_status(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                        struct vt_signature *out)
{
    const struct vt_yaml_node *when = vt_yaml_find(node, "revoked-at");
    const struct vt_yaml_node *down = vt_yaml_find(node, "source-down");
    struct vt_status_facts *status = vt_arena_alloc(reader->yaml.arena, sizeof(*status));
    if (status == NULL)
        return no_memory(reader, node);
    *status = (struct vt_status_facts){.this_update_utc_secs = reader->now_utc_secs - 3600,
                                       .next_update_utc_secs = VT_TIME_NONE,
                                       .revoked_at_utc_secs = VT_TIME_NONE,
                                       .invalid_since_utc_secs = VT_TIME_NONE};
    if (when == NULL && down == NULL)
        return true;
    if (out->statuses_count > 0)
        return vt_yaml_mistake(&reader->yaml, when != NULL ? when : down,
                               "this stands in \"statuses\" already");
    if (when != NULL && !vt_yaml_time(&reader->yaml, when, &status->revoked_at_utc_secs))
        return false;
    if (down != NULL && !vt_yaml_bool(&reader->yaml, down, &status->source_down))
        return false;
    status->value = when != NULL ? VT_STATUS_REVOKED : VT_STATUS_UNREACHABLE;
    status->source = when != NULL ? "crl" : NULL;
    out->statuses = status;
    out->statuses_count = 1;
    return true;
}

static bool read_signature(struct vt_case_reader *reader, const struct vt_record *record,
                           const struct vt_yaml_node *node, const struct vt_mail *mail,
                           const struct vt_document *document, struct vt_signature *out)
{
    static const char *const extra[] = {"signer",      "signing-time", "signed-at", "revoked-at",
                                        "source-down", "kind",         "agency"};
    out->format = document->format == VT_FORMAT_PDF     ? VT_SIGNATURE_PADES
                  : document->format == VT_FORMAT_SMIME ? VT_SIGNATURE_SMIME
                  : document->format == VT_FORMAT_CMS   ? VT_SIGNATURE_CADES
                                                        : VT_SIGNATURE_UNKNOWN;
    bool is_good = vt_case_fill(reader, record, node, extra, ELEMENTS(extra), out);
    if (!is_good && node->kind != VT_YAML_MAPPING)
        return false;
    is_good = read_signer(reader, node, part_of(record, "signer"), &out->signer) && is_good;
    is_good = read_signing_time(reader, node, part_of(record, "signing_time"), out) && is_good;
    is_good = read_status(reader, node, out) && is_good;
    is_good = is_good && vt_case_default_signature(reader, node, out);
    return is_good && vt_case_signer(reader, node, mail, out);
}

/* ---- documents ---- */

static bool read_document(struct vt_case_reader *reader, const struct vt_record *record,
                          const struct vt_yaml_node *node, const struct vt_mail *mail, size_t index,
                          struct vt_document *out)
{
    static const char *const extra[] = {"signatures", "signature"};
    const struct vt_record *of_signature = part_of(record, "signatures");
    struct several signatures;
    bool is_good = vt_case_fill(reader, record, node, extra, ELEMENTS(extra), out);
    if (node->kind != VT_YAML_MAPPING || !vt_case_default_document(reader, node, index, out) ||
        !find_several(reader, node, "signatures", "signature", VT_MAX_SIGNATURES, &signatures))
        return false;
    out->signatures =
        vt_arena_alloc(reader->yaml.arena, (signatures.count + 1) * sizeof(*out->signatures));
    if (out->signatures == NULL)
        return no_memory(reader, node);
    for (size_t i = 0; i < signatures.count; i++)
        is_good = read_signature(reader, of_signature, item_of(&signatures, i), mail, out,
                                 &out->signatures[i]) &&
                  is_good;
    out->signatures_count = signatures.count;
    return is_good;
}

static bool read_documents(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                           struct vt_evidence *out)
{
    const struct vt_record *record = part_of(&vt_evidence_record, "documents");
    struct several documents;
    if (!find_several(reader, node, "documents", "document", VT_MAX_PARTS, &documents))
        return false;
    out->documents =
        vt_arena_alloc(reader->yaml.arena, (documents.count + 1) * sizeof(*out->documents));
    if (out->documents == NULL)
        return no_memory(reader, node);
    bool is_good = true;
    for (size_t i = 0; i < documents.count; i++)
        is_good = read_document(reader, record, item_of(&documents, i), &out->mail, i,
                                &out->documents[i]) &&
                  is_good;
    out->documents_count = documents.count;
    if (is_good)
        vt_case_default_expectations(documents.node, out);
    return is_good;
}

/* ---- all ---- */

bool vt_case_mail(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                  struct vt_mail *out, bool *out_class_is_given)
{
    *out_class_is_given = vt_case_says(node, "sender_class");
    return vt_case_fill(reader, part_of(&vt_evidence_record, "mail"), node, NULL, 0, out);
}

struct vt_evidence *vt_case_evidence(struct vt_case_reader *reader, const struct vt_yaml_node *node)
{
    static const char *const extra[] = {"mail", "documents", "document"};
    struct vt_evidence *evidence = vt_arena_alloc(reader->yaml.arena, sizeof(*evidence));
    const struct vt_yaml_node *mail = vt_yaml_find(node, "mail");
    bool ignored = false;
    if (evidence == NULL) {
        (void)no_memory(reader, node);
        return NULL;
    }
    bool is_good =
        vt_case_fill(reader, &vt_evidence_record, node, extra, ELEMENTS(extra), evidence);
    if (mail != NULL)
        is_good = vt_case_mail(reader, mail, &evidence->mail, &ignored) && is_good;
    vt_case_default_mail(reader, &evidence->mail, mail);
    if (evidence->inspected_at_utc_secs == VT_TIME_NONE)
        evidence->inspected_at_utc_secs = reader->now_utc_secs;
    is_good = read_documents(reader, node, evidence) && is_good;
    return is_good ? evidence : NULL;
}
