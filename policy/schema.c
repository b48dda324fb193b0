/* SPDX-License-Identifier: Apache-2.0
 * The JSON Schema of the policy language (draft 7), for editors: the tests from their table, what
 * stands around them from the text below. */
#include <string.h>

#include "evidence/record_json.h"
#include "rule.h"

#define MAX_SCHEMA_BYTES ((size_t)1024 * 1024)

/* What stands around the tests. Keys are compared with the parser's by tests/unit/test_docs.c. */
static const char frame[] =
    "{\"$schema\": \"http://json-schema.org/draft-07/schema#\","
    " \"$id\": \"policy.schema.json\","
    " \"title\": \"vanthu policy, vanthu-policy(5)\","
    " \"type\": \"object\", \"additionalProperties\": false, \"required\": [\"rules\"],"
    " \"properties\": {"
    "  \"officer\": {\"description\": \"Who decides about held mail.\", \"type\": \"object\","
    "   \"additionalProperties\": false, \"required\": [\"name\", \"mailbox\"],"
    "   \"properties\": {\"name\": {\"type\": \"string\"},"
    "                  \"mailbox\": {\"$ref\": \"#/definitions/address\"}}},"
    "  \"agencies\": {\"description\": \"The table of agencies, vanthu-agencies(5), from the "
    "folder of"
    " this file.\", \"type\": \"string\", \"minLength\": 1},"
    "  \"official-only-since\": {\"description\": \"From then on public certificates of state "
    "offices"
    " are WRONG_KIND.\", \"$ref\": \"#/definitions/date\"},"
    "  \"lists\": {\"description\": \"Texts by name, written here, in files or in lookup tables.\","
    "   \"type\": \"object\", \"additionalProperties\": {\"$ref\": \"#/definitions/list\"}},"
    "  \"rules\": {\"type\": \"array\", \"maxItems\": 10000,"
    "            \"items\": {\"$ref\": \"#/definitions/rule\"}}},"
    " \"definitions\": {"
    "  \"mode\": {\"enum\": [\"observe\", \"tag\", \"enforce\"]},"
    "  \"duration\": {\"type\": \"string\", \"pattern\": \"^[0-9]{1,15}(ms|s|m|h|d)$\"},"
    "  \"list\": {\"anyOf\": ["
    "    {\"type\": \"string\"}, {\"type\": \"array\", \"items\": {\"type\": \"string\"},"
    "     \"minItems\": 1},"
    "    {\"type\": \"object\", \"minProperties\": 1, \"maxProperties\": 1,"
    "     \"propertyNames\": {\"enum\": [\"file\", \"texthash\", \"hash\", \"cdb\", \"lmdb\"]},"
    "     \"additionalProperties\": {\"type\": \"string\", \"minLength\": 1}}]},"
    "  \"list-reference\": {\"type\": \"object\", \"additionalProperties\": false,"
    "   \"required\": [\"list\"],"
    "   \"properties\": {\"list\": {\"description\": \"A list of this file.\", \"type\": "
    "\"string\"}}}}}";

/* Definitions of rules. */
static const char rules_frame[] =
    "{"
    "  \"then\": {\"type\": \"object\", \"additionalProperties\": false,"
    "   \"anyOf\": [{\"required\": [\"action\"]}, {\"required\": [\"notify\"]},"
    "             {\"required\": [\"seal\"]}],"
    "   \"properties\": {"
    "    \"action\": {\"$ref\": \"#/definitions/action\"},"
    "    \"code\": {\"description\": \"SMTP code of the answer.\", \"type\": [\"integer\", "
    "\"string\"],"
    "     \"pattern\": \"^[45][0-5][0-9]$\", \"minimum\": 400, \"maximum\": 559},"
    "    \"enhanced-code\": {\"description\": \"Enhanced status code of the answer (RFC 3463).\","
    "     \"type\": \"string\", \"pattern\": \"^[45]\\\\.[0-9]{1,3}\\\\.[0-9]{1,3}$\"},"
    "    \"text\": {\"description\": \"Text of the answer.\", \"type\": \"string\","
    "     \"maxLength\": 200, \"pattern\": \"^[^%]*$\"},"
    "    \"without-officer\": {\"description\": \"Instead of hold, when no officer is named.\","
    "     \"enum\": [\"reject\", \"tag\", \"note\", \"accept\"]},"
    "    \"folder\": {\"description\": \"Folder of the mailbox, for the Sieve script.\","
    "     \"type\": \"string\", \"minLength\": 1, \"maxLength\": 100},"
    "    \"subject-prefix\": {\"description\": \"Put before the subject.\", \"type\": \"string\","
    "     \"minLength\": 1, \"maxLength\": 60},"
    "    \"headers\": {\"description\": \"Headers that are added.\", \"type\": \"object\","
    "     \"maxProperties\": 10,"
    "     \"propertyNames\": {\"pattern\": "
    "\"^[Xx]-(?![Vv][Aa][Nn][Tt][Hh][Uu]-)[A-Za-z0-9-]{1,58}$\"},"
    "     \"additionalProperties\": {\"type\": \"string\", \"maxLength\": 200}},"
    "    \"notify\": {\"description\": \"Who is told.\", \"anyOf\": ["
    "     {\"$ref\": \"#/definitions/who\"},"
    "     {\"type\": \"array\", \"items\": {\"$ref\": \"#/definitions/who\"}, \"minItems\": 1}]},"
    "    \"seal\": {\"$ref\": \"#/definitions/seal\"}}},"
    "  \"who\": {\"enum\": [\"sender\", \"recipient\", \"records\", \"officer\", \"admin\"]},"
    "  \"rule\": {\"type\": \"object\", \"additionalProperties\": false,"
    "   \"required\": [\"name\", \"when\", \"then\"],"
    "   \"properties\": {"
    "    \"name\": {\"description\": \"Unique; stands in logs and headers.\", \"type\": \"string\","
    "     \"pattern\": \"^[!-~]{1,128}$\"},"
    "    \"when\": {\"$ref\": \"#/definitions/when\"},"
    "    \"then\": {\"anyOf\": [{\"$ref\": \"#/definitions/action\"},"
    "                       {\"$ref\": \"#/definitions/then\"}]},"
    "    \"at-most\": {\"description\": \"How long a defer lasts.\","
    "     \"$ref\": \"#/definitions/duration\"},"
    "    \"afterwards\": {\"description\": \"What follows a defer; default tag.\","
    "     \"enum\": [\"accept\", \"note\", \"tag\", \"hold\", \"reject\"]},"
    "    \"mode\": {\"description\": \"Default enforce.\", \"$ref\": \"#/definitions/mode\"},"
    "    \"until\": {\"description\": \"The rule ends here.\", \"$ref\": \"#/definitions/date\"},"
    "    \"observe-until\": {\"description\": \"The rule observes until then, and acts "
    "afterwards.\","
    "     \"$ref\": \"#/definitions/date\"}}}}";

/* And of seals. */
static const char seals_frame[] =
    "{"
    "  \"seal\": {\"description\": \"Seal outbound mail.\", \"anyOf\": ["
    "     {\"enum\": [\"preferred\", \"required\"]},"
    "     {\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"mode\"],"
    "      \"properties\": {"
    "       \"mode\": {\"description\": \"What becomes of mail that cannot be sealed: preferred, "
    "it "
    "leaves without; required, it does not leave.\", \"enum\": [\"preferred\", \"required\"]},"
    "       \"key\": {\"description\": \"One of seal.keys.\", \"type\": \"string\"},"
    "       \"what\": {\"description\": \"Default message.\","
    "        \"enum\": [\"message\", \"documents\", \"both\"]},"
    "       \"documents\": {\"description\": \"Which PDFs of the mail; default all.\", \"anyOf\": ["
    "        {\"$ref\": \"#/definitions/file-names\"},"
    "        {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
    "         \"name\": {\"$ref\": \"#/definitions/file-names\"},"
    "         \"except\": {\"$ref\": \"#/definitions/file-names\"},"
    "         \"signed\": {\"description\": \"Only those with a signature, only those "
    "without, or only those whose signatures are all valid.\","
    "          \"enum\": [true, false, \"valid\"]},"
    "         \"at-most\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 20}}}]},"
    "       \"appearance\": {\"description\": \"Of seal.appearances; default: nothing is shown.\","
    "        \"anyOf\": [{\"type\": \"string\"}, {\"$ref\": \"#/definitions/appearance\"},"
    "         {\"type\": \"array\", \"minItems\": 1, \"maxItems\": 20,"
    "          \"items\": {\"$ref\": \"#/definitions/appearance\"}}]},"
    "       \"form\": {\"description\": \"Default clear.\", \"enum\": [\"clear\", \"opaque\"]},"
    "       \"protect-headers\": {\"description\": \"Copies of Subject, From, To, … are signed "
    "(RFC 9788).\", \"type\": \"boolean\"},"
    "       \"internal\": {\"description\": \"Mail within our domains, too.\","
    "        \"type\": \"boolean\"}}}]},"
    "  \"file-names\": {\"anyOf\": [{\"type\": \"string\", \"minLength\": 1},"
    "   {\"type\": \"array\", \"minItems\": 1, \"maxItems\": 50,"
    "    \"items\": {\"type\": \"string\", \"minLength\": 1}}]},"
    "  \"appearance\": {\"type\": \"object\", \"additionalProperties\": false,"
    "   \"required\": [\"appearance\"],"
    "   \"properties\": {\"name\": {\"$ref\": \"#/definitions/file-names\"},"
    "    \"appearance\": {\"type\": \"string\"}}}}";

static json_t *reference_to(const char *definition)
{
    return json_sprintf("#/definitions/%s", definition);
}

static json_t *words_of(const struct vt_words *words)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < words->count; i++) {
        if (words->words[i] != NULL)
            (void)json_array_append_new(list, json_string(words->words[i]));
    }
    return json_pack("{s:o}", "enum", list);
}

static json_t *reasons(void)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < VT_REASON_COUNT; i++)
        (void)json_array_append_new(list, json_string(vt_reason_info((enum vt_reason)i)->code));
    return json_pack("{s:o}", "enum", list);
}

static const char *name_of(enum vt_place place)
{
    return place == VT_IN_WHEN ? "when" : place == VT_IN_DOCUMENT ? "document" : "signatures";
}

/* ---- one value ---- */

static json_t *group_of(const struct vt_form *form, enum vt_place place)
{
    enum vt_place below = place;
    if (form == &vt_form_document)
        below = VT_IN_DOCUMENT;
    if (form == &vt_form_any || form == &vt_form_all || form == &vt_form_none)
        below = VT_IN_SIGNATURE;
    json_t *tests = json_pack("{s:o}", "$ref", reference_to(name_of(below)));
    if (form != &vt_form_any_of && form != &vt_form_all_of)
        return tests;
    return json_pack("{s:s, s:o, s:i}", "type", "array", "items", tests, "minItems", 1);
}

static json_t *value_of(const struct vt_test *test)
{
    const struct vt_form *form = test->form;
    if (form == &vt_form_words || form == &vt_form_lacks || form == &vt_form_seems)
        return words_of(test->words);
    if (form == &vt_form_bool)
        return json_pack("{s:s}", "type", "boolean");
    json_t *plain = json_pack("{s:o}", "$ref", reference_to(form->name));
    if (form == &vt_form_count)
        return json_pack("{s:[{s:s, s:i}, o]}", "anyOf", "type", "integer", "minimum", 0, plain);
    if (form->is_valid == NULL)
        return plain;
    return json_pack("{s:[o, {s:s}]}", "anyOf", plain, "$ref", "#/definitions/list-reference");
}

/* ---- one test, one place ---- */

static json_t *property_of(const struct vt_test *test, enum vt_place place)
{
    bool is_group = test->form->describe == NULL;
    json_t *value = is_group ? group_of(test->form, place) : value_of(test);
    if (test->form->has_many) {
        json_t *list = json_pack("{s:s, s:O, s:i}", "type", "array", "items", value, "minItems", 1);
        value = json_pack("{s:[o, o]}", "anyOf", value, list);
    }
    if (value != NULL)
        (void)json_object_set_new(value, "description", json_string(test->help));
    return value;
}

static json_t *place_of(enum vt_place place)
{
    json_t *properties = json_object();
    for (size_t i = 0; i < vt_tests_count; i++) {
        if ((vt_tests[i].places & place) != 0)
            (void)json_object_set_new(properties, vt_tests[i].key,
                                      property_of(&vt_tests[i], place));
    }
    return json_pack("{s:s, s:b, s:o}", "type", "object", "additionalProperties", 0, "properties",
                     properties);
}

/* The forms of values, each once. */
static void add_forms(json_t *definitions)
{
    for (size_t i = 0; i < vt_tests_count; i++) {
        const struct vt_form *form = vt_tests[i].form;
        if (form->pattern != NULL)
            (void)json_object_set_new(definitions, form->name,
                                      json_pack("{s:s, s:s, s:s}", "type", "string", "description",
                                                form->what, "pattern", form->pattern));
    }
    (void)json_object_set_new(definitions, vt_form_login.name,
                              json_pack("{s:[s, s], s:s}", "type", "boolean", "string",
                                        "description", vt_form_login.what));
    (void)json_object_set_new(definitions, vt_form_reasons.name, reasons());
    (void)json_object_set_new(definitions, "action", words_of(&vt_words_action));
}

enum vt_code vt_policy_schema(char **out_text, size_t *out_len, struct vt_err *err)
{
    json_t *root = json_loads(frame, JSON_REJECT_DUPLICATES, NULL);
    json_t *definitions = json_object_get(root, "definitions");
    json_t *of_rules = json_loads(rules_frame, JSON_REJECT_DUPLICATES, NULL);
    json_t *of_seals = json_loads(seals_frame, JSON_REJECT_DUPLICATES, NULL);
    int merged = json_object_update_missing(definitions, of_rules) |
                 json_object_update_missing(definitions, of_seals);
    json_decref(of_rules);
    json_decref(of_seals);
    if (merged != 0) {
        json_decref(root);
        return vt_err_set(err, VT_E_NOMEM, "no memory for the schema");
    }
    add_forms(definitions);
    static const enum vt_place places[] = {VT_IN_WHEN, VT_IN_DOCUMENT, VT_IN_SIGNATURE};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        (void)json_object_set_new(definitions, name_of(places[i]), place_of(places[i]));
    return vt_json_text(root, 2, MAX_SCHEMA_BYTES, out_text, out_len, err);
}
