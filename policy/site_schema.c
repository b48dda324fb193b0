/* SPDX-License-Identifier: Apache-2.0
 * The keys of agencies.yaml: one line each, for the parser and for the JSON Schema (draft 7) that
 * editors use. */
#include <string.h>

#include "evidence/record_json.h"
#include "site_table.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_SCHEMA_BYTES ((size_t)256 * 1024)
#define MAX_KEYS 16

/* What a key may stand in. "more": what else holds of it, as the schema has it. */
static const struct {
    const char *name, *help, *more;
} objects[VT_SITE_OBJECTS] = {
    [VT_SITE_OF_TABLE] = {"table", NULL, NULL},
    [VT_SITE_OF_AGENCY] = {"agency", "One office, enterprise or association.", NULL},
    [VT_SITE_OF_ALIAS] = {"alias", "A former or later name, and when it was right.",
                          "{\"anyOf\": [{\"required\": [\"from\"]}, {\"required\": [\"until\"]}]}"},
    [VT_SITE_OF_CERTIFICATE] = {"certificate",
                                "Named by sha256, key-sha256, issuer and serial, or issuer and "
                                "names.",
                                NULL},
    [VT_SITE_OF_AUTHORISATION] = {"authorisation",
                                  "The written permission for a key that seals without a person.",
                                  "{\"oneOf\": [{\"required\": [\"sha256\"]}, {\"required\": "
                                  "[\"key-sha256\"]}]}"},
    [VT_SITE_OF_EXEMPTION] = {"exemption", "Whom or what no signature is asked of.",
                              "{\"anyOf\": [{\"required\": [\"domains\"]}, {\"required\": "
                              "[\"agencies\"]}, {\"required\": [\"documents\"]}]}"},
};

/* clang-format off: a table is read by its columns */
static const struct {
    enum vt_site_object of;
    const char *key;
    const char *value; /* a definition below, or an object: then it is a list of them */
    bool is_required;
    const char *help;
} keys[] = {
    {VT_SITE_OF_TABLE, "agencies", "agency", true,
     "Agencies, whose they are and what they sign with."},
    {VT_SITE_OF_TABLE, "exemptions", "exemption", false, "Whom or what no signature is asked of."},

    {VT_SITE_OF_AGENCY, "id", "word", true, "Stays the same over renamings."},
    {VT_SITE_OF_AGENCY, "name", "name", true, "The name as it is now."},
    {VT_SITE_OF_AGENCY, "class", "class", false, "Office of the state (default), or other."},
    {VT_SITE_OF_AGENCY, "parent", "word", false, "The id of the agency above."},
    {VT_SITE_OF_AGENCY, "confirmed", "boolean", false,
     "Whether it is told that this agency's signature is missing."},
    {VT_SITE_OF_AGENCY, "domains", "domains", false, "Mail domains: x with all below, =x alone."},
    {VT_SITE_OF_AGENCY, "mailboxes", "mailboxes", false, "Boxes at other domains."},
    {VT_SITE_OF_AGENCY, "records-mailbox", "mailbox", false, "The box of its records clerk."},
    {VT_SITE_OF_AGENCY, "aliases", "alias", false, "Former and later names."},
    {VT_SITE_OF_AGENCY, "certificates", "certificate", false,
     "Its certificates and those of its people."},
    {VT_SITE_OF_AGENCY, "authorisations", "authorisation", false,
     "Permissions for keys that seal without a person."},

    {VT_SITE_OF_ALIAS, "name", "name", true, "The name."},
    {VT_SITE_OF_ALIAS, "from", "date", false, "From when it is right."},
    {VT_SITE_OF_ALIAS, "until", "date", false, "Until when it was right."},

    {VT_SITE_OF_CERTIFICATE, "sha256", "fingerprint", false, "Of the certificate."},
    {VT_SITE_OF_CERTIFICATE, "key-sha256", "fingerprint", false,
     "Of its key, which may stay when it is issued anew."},
    {VT_SITE_OF_CERTIFICATE, "issuer", "name", false,
     "Common name of the issuer; * and ? with names."},
    {VT_SITE_OF_CERTIFICATE, "serial", "serial", false, "Hexadecimal, with the issuer."},
    {VT_SITE_OF_CERTIFICATE, "common-name", "name", false, "Of the subject; * and ? are allowed."},
    {VT_SITE_OF_CERTIFICATE, "organization", "name", false, "Of the subject; * and ? are allowed."},
    {VT_SITE_OF_CERTIFICATE, "organizational-unit", "name", false,
     "Of the subject; * and ? are allowed."},
    {VT_SITE_OF_CERTIFICATE, "email", "name", false, "Of the subject; * and ? are allowed."},
    {VT_SITE_OF_CERTIFICATE, "kind", "kind", true, "Whose key it is."},
    {VT_SITE_OF_CERTIFICATE, "note", "note", false, "For people."},

    {VT_SITE_OF_AUTHORISATION, "holder", "text", true, "The person or system that seals."},
    {VT_SITE_OF_AUTHORISATION, "sha256", "fingerprint", false, "Of the certificate."},
    {VT_SITE_OF_AUTHORISATION, "key-sha256", "fingerprint", false, "Of the key."},
    {VT_SITE_OF_AUTHORISATION, "document", "text", true,
     "Number and date of the written permission."},
    {VT_SITE_OF_AUTHORISATION, "from", "date", true, "From when."},
    {VT_SITE_OF_AUTHORISATION, "until", "date", true, "Until when."},

    {VT_SITE_OF_EXEMPTION, "domains", "domains", false, "Of senders in these domains."},
    {VT_SITE_OF_EXEMPTION, "agencies", "words", false, "Of these agencies, by id."},
    {VT_SITE_OF_EXEMPTION, "documents", "globs", false, "Only of files with such names."},
    {VT_SITE_OF_EXEMPTION, "until", "date", false, "Until when."},
    {VT_SITE_OF_EXEMPTION, "reason", "text", true, "Why, for people."},
};
/* clang-format on */

/* What a value may be. */
static const char values[] =
    "{\"word\": {\"type\": \"string\", \"pattern\": \"^[!-~]+$\"},"
    " \"name\": {\"type\": \"string\", \"minLength\": 1, \"maxLength\": 500},"
    " \"text\": {\"type\": \"string\", \"minLength\": 1},"
    " \"note\": {\"type\": \"string\", \"maxLength\": 500},"
    " \"boolean\": {\"type\": \"boolean\"},"
    " \"class\": {\"enum\": [\"other\", \"state\"]},"
    " \"kind\": {\"enum\": [\"person\", \"agency\", \"device\"]},"
    " \"date\": {\"type\": \"string\", \"pattern\": \"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.*)?$\"},"
    " \"fingerprint\": {\"type\": \"string\", \"pattern\": \"^([0-9A-Fa-f][ :]*){64}$\"},"
    " \"serial\": {\"type\": \"string\", \"pattern\": \"^(0x)?[0-9A-Fa-f: ]+$\"},"
    " \"domain\": {\"type\": \"string\", \"pattern\": \"^=?[A-Za-z0-9][A-Za-z0-9.-]*$\"},"
    " \"mailbox\": {\"type\": \"string\", \"pattern\": \"^[^@ ]+@[A-Za-z0-9.-]+$\"},"
    " \"glob\": {\"type\": \"string\", \"minLength\": 1}}";
/* One value or a list of them. */
static const struct {
    const char *name, *of;
} lists[] = {{"domains", "domain"}, {"mailboxes", "mailbox"}, {"words", "word"}, {"globs", "glob"}};

void vt_site_check_keys(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                        enum vt_site_object of)
{
    const char *names[MAX_KEYS];
    size_t count = 0;
    for (size_t i = 0; i < ELEMENTS(keys) && count < MAX_KEYS; i++) {
        if (keys[i].of == of)
            names[count++] = keys[i].key;
    }
    vt_yaml_check_keys(&reader->yaml, node, names, count);
}

/* ---- the schema ---- */

static json_t *reference_to(const char *definition)
{
    return json_pack("{s:o}", "$ref", json_sprintf("#/definitions/%s", definition));
}

static bool is_object(const char *value)
{
    for (size_t i = 0; i < VT_SITE_OBJECTS; i++) {
        if (strcmp(objects[i].name, value) == 0)
            return true;
    }
    return false;
}

static json_t *property_of(const char *value, const char *help)
{
    json_t *property = is_object(value)
                           ? json_pack("{s:s, s:o}", "type", "array", "items", reference_to(value))
                           : reference_to(value);
    (void)json_object_set_new(property, "description", json_string(help));
    return property;
}

static json_t *object_of(enum vt_site_object of)
{
    json_t *properties = json_object(), *required = json_array();
    for (size_t i = 0; i < ELEMENTS(keys); i++) {
        if (keys[i].of != of)
            continue;
        (void)json_object_set_new(properties, keys[i].key,
                                  property_of(keys[i].value, keys[i].help));
        if (keys[i].is_required)
            (void)json_array_append_new(required, json_string(keys[i].key));
    }
    json_t *object =
        json_pack("{s:s, s:b, s:o*}", "type", "object", "additionalProperties", 0, "description",
                  objects[of].help != NULL ? json_string(objects[of].help) : NULL);
    if (json_array_size(required) > 0)
        (void)json_object_set(object, "required", required);
    json_decref(required);
    json_t *more = objects[of].more != NULL ? json_loads(objects[of].more, 0, NULL) : NULL;
    (void)json_object_update_missing(object, more);
    json_decref(more);
    (void)json_object_set_new(object, "properties", properties);
    return object;
}

static json_t *list_of(const char *value)
{
    return json_pack("{s:[o, {s:s, s:o, s:i}]}", "oneOf", reference_to(value), "type", "array",
                     "items", reference_to(value), "minItems", 1);
}

enum vt_code vt_site_schema(char **out_text, size_t *out_len, struct vt_err *err)
{
    json_t *table = object_of(VT_SITE_OF_TABLE);
    json_t *definitions = json_loads(values, JSON_REJECT_DUPLICATES, NULL);
    for (size_t i = 0; i < ELEMENTS(lists); i++)
        (void)json_object_set_new(definitions, lists[i].name, list_of(lists[i].of));
    for (size_t i = VT_SITE_OF_TABLE + 1; i < VT_SITE_OBJECTS; i++)
        (void)json_object_set_new(definitions, objects[i].name, object_of((enum vt_site_object)i));
    json_t *root =
        json_pack("{s:s, s:s, s:s}", "$schema", "http://json-schema.org/draft-07/schema#", "$id",
                  "agencies.schema.json", "title", "vanthu table of agencies, vanthu-agencies(5)");
    bool is_made = json_object_update(root, table) == 0 &&
                   json_object_set(root, "definitions", definitions) == 0;
    json_decref(table);
    json_decref(definitions);
    if (!is_made) {
        json_decref(root);
        return vt_err_set(err, VT_E_NOMEM, "no memory for the schema");
    }
    return vt_json_text(root, 2, MAX_SCHEMA_BYTES, out_text, out_len, err);
}
