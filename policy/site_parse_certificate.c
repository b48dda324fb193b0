/* SPDX-License-Identifier: Apache-2.0
 * Whose certificates: by digest of certificate or key, by issuer and serial number, or by the names
 * that an issuer writes into them; and which of them may seal without a person (legal.md R-12). */
#include <string.h>

#include "base/config_table.h"
#include "site_table.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_NOTE_BYTES 500
#define MAX_GLOB_BYTES 300

static const char *const kinds[] = {
    [VT_KIND_PERSON] = "person", [VT_KIND_AGENCY] = "agency", [VT_KIND_DEVICE] = "device"};

/* The keys that name parts of a subject, in the order of the enum. */
static const char *const part_keys[VT_SITE_PARTS] = {"common-name", "organization",
                                                     "organizational-unit", "email"};

/* The keys of one item. */
struct item {
    const struct vt_yaml_node *node;
    const struct vt_yaml_node *sha256, *key_sha256, *issuer, *serial;
    const struct vt_yaml_node *parts[VT_SITE_PARTS];
    size_t parts_count;
    size_t certificate; /* the number it will have */
};

static const char *or_forget(struct vt_site_reader *reader, const char *text)
{
    if (text == NULL)
        reader->is_out_of_memory = true;
    return text == NULL ? "" : text;
}

static void index_add(struct vt_site_reader *reader, struct vt_site_index *index, const char *text,
                      size_t value, const struct vt_yaml_node *node)
{
    if (vt_site_index_add(reader->site->arena, index, text, value, node) != VT_OK)
        reader->is_out_of_memory = true;
}

/* A digest as openssl(1) prints it, or without colons. */
static const char *read_digest(struct vt_site_reader *reader, const struct vt_yaml_node *node)
{
    const char *text = NULL;
    if (!vt_yaml_text(&reader->yaml, node, &text))
        return NULL;
    if (!vt_check_fingerprint(text)) {
        vt_yaml_mistake(&reader->yaml, node,
                        "a fingerprint has 64 hexadecimal digits (SHA-256), with or without "
                        "colons");
        return NULL;
    }
    return or_forget(reader, vt_site_digest(reader->site->arena, text));
}

static void add_digest(struct vt_site_reader *reader, struct vt_site_index *index,
                       const struct item *item, const struct vt_yaml_node *node)
{
    const char *digest = read_digest(reader, node);
    if (digest != NULL)
        index_add(reader, index, digest, item->certificate, node);
}

static void add_serial(struct vt_site_reader *reader, const struct item *item)
{
    struct vt_arena *arena = reader->site->arena;
    const char *issuer = NULL, *serial = NULL;
    bool ok = false;
    if (!vt_yaml_text(&reader->yaml, item->issuer, &issuer) ||
        !vt_yaml_text(&reader->yaml, item->serial, &serial))
        return;
    const char *digits = vt_site_serial(arena, serial, &ok);
    if (!ok) {
        vt_yaml_mistake(&reader->yaml, item->serial,
                        "a serial number is hexadecimal, such as 5401:9b3f");
        return;
    }
    const char *folded = or_forget(reader, vt_site_fold(arena, issuer));
    const char *key =
        or_forget(reader, vt_site_serial_key(arena, or_forget(reader, digits), folded));
    index_add(reader, &reader->site->serials, key, item->certificate, item->serial);
}

static const char *read_glob(struct vt_site_reader *reader, const struct vt_yaml_node *node)
{
    const char *text = NULL;
    if (node == NULL || !vt_yaml_text(&reader->yaml, node, &text))
        return NULL;
    if (text[0] == '\0' || strlen(text) > MAX_GLOB_BYTES) {
        vt_yaml_mistake(&reader->yaml, node, "a name has 1 to %d bytes", MAX_GLOB_BYTES);
        return NULL;
    }
    return or_forget(reader, vt_site_fold(reader->site->arena, text));
}

static void add_pattern(struct vt_site_reader *reader, const struct item *item)
{
    struct vt_site *site = reader->site;
    struct vt_site_pattern pattern = {.issuer = read_glob(reader, item->issuer),
                                      .certificate = item->certificate};
    bool is_any = false;
    for (size_t i = 0; i < VT_SITE_PARTS; i++) {
        pattern.parts[i] = read_glob(reader, item->parts[i]);
        is_any = is_any || (pattern.parts[i] != NULL && strcmp(pattern.parts[i], "*") != 0);
    }
    if (pattern.issuer == NULL)
        return;
    if (!is_any) {
        vt_yaml_mistake(&reader->yaml, item->node, "these names fit every certificate");
        return;
    }
    if (site->patterns_count == VT_MAX_SITE_PATTERNS) {
        vt_yaml_mistake(&reader->yaml, item->node, "more than %d certificates by their names",
                        VT_MAX_SITE_PATTERNS);
        return;
    }
    struct vt_site_pattern *grown =
        vt_arena_grow(site->arena, site->patterns, site->patterns_count, sizeof(*grown));
    if (grown == NULL) {
        reader->is_out_of_memory = true;
        return;
    }
    site->patterns = grown;
    site->patterns[site->patterns_count++] = pattern;
}

/* Exactly one way of naming it. */
static void add_way(struct vt_site_reader *reader, const struct item *item)
{
    bool by_names = item->parts_count > 0, by_serial = item->serial != NULL;
    size_t ways = (item->sha256 != NULL) + (item->key_sha256 != NULL) + by_serial + by_names;
    if (ways != 1)
        vt_yaml_mistake(&reader->yaml, item->node,
                        "a certificate is named in one way: sha256, key-sha256, issuer with "
                        "serial, or issuer with common-name, organization, organizational-unit or "
                        "email");
    else if ((by_serial || by_names) && item->issuer == NULL)
        vt_yaml_mistake(&reader->yaml, item->node,
                        "%s alone does not tell whose it is: add the issuer",
                        by_serial ? "a serial number" : "a name, which anybody can write,");
    else if (!by_serial && !by_names && item->issuer != NULL)
        vt_yaml_mistake(&reader->yaml, item->issuer, "a fingerprint says enough: leave issuer out");
    else if (item->sha256 != NULL)
        add_digest(reader, &reader->site->digests, item, item->sha256);
    else if (item->key_sha256 != NULL)
        add_digest(reader, &reader->site->keys, item, item->key_sha256);
    else if (by_serial)
        add_serial(reader, item);
    else
        add_pattern(reader, item);
}

static const char *read_note(struct vt_site_reader *reader, const struct vt_yaml_node *node)
{
    const char *text = NULL;
    if (node == NULL || !vt_yaml_text(&reader->yaml, node, &text))
        return NULL;
    if (strlen(text) <= MAX_NOTE_BYTES)
        return vt_site_keep(reader, text);
    vt_yaml_mistake(&reader->yaml, node, "a note has at most %d bytes", MAX_NOTE_BYTES);
    return NULL;
}

static void read_certificate(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                             size_t agency)
{
    struct vt_site *site = reader->site;
    struct item item = {.node = node, .certificate = site->certificates_count};
    unsigned kind = VT_KIND_UNKNOWN;
    if (!vt_yaml_is_mapping(&reader->yaml, node, "a certificate"))
        return;
    vt_site_check_keys(reader, node, VT_SITE_OF_CERTIFICATE);
    item.sha256 = vt_yaml_find(node, "sha256");
    item.key_sha256 = vt_yaml_find(node, "key-sha256");
    item.issuer = vt_yaml_find(node, "issuer");
    item.serial = vt_yaml_find(node, "serial");
    for (size_t i = 0; i < VT_SITE_PARTS; i++) {
        item.parts[i] = vt_yaml_find(node, part_keys[i]);
        item.parts_count += item.parts[i] != NULL;
    }
    const struct vt_yaml_node *word = vt_yaml_find(node, "kind");
    if (word == NULL)
        vt_yaml_mistake(&reader->yaml, node,
                        "the certificate has no \"kind\": agency, person or device");
    else if (!vt_yaml_word(&reader->yaml, word, "a kind", kinds, ELEMENTS(kinds), &kind))
        kind = VT_KIND_UNKNOWN;
    struct vt_site_certificate *grown =
        vt_arena_grow(site->arena, site->certificates, site->certificates_count, sizeof(*grown));
    if (grown == NULL) {
        reader->is_out_of_memory = true;
        return;
    }
    site->certificates = grown;
    site->certificates[site->certificates_count++] = (struct vt_site_certificate){
        agency, (enum vt_kind)kind, read_note(reader, vt_yaml_find(node, "note"))};
    add_way(reader, &item);
}

void vt_site_read_certificates(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                               size_t agency)
{
    if (node->kind != VT_YAML_SEQUENCE) {
        vt_yaml_mistake(&reader->yaml, node,
                        "certificates is a list: each begins with \"- sha256: …\"");
        return;
    }
    for (size_t i = 0; i < node->count && !reader->is_out_of_memory; i++) {
        if (reader->site->certificates_count == VT_MAX_SITE_CERTIFICATES) {
            vt_yaml_mistake(&reader->yaml, node->entries[i].value, "more than %d certificates",
                            VT_MAX_SITE_CERTIFICATES);
            return;
        }
        read_certificate(reader, node->entries[i].value, agency);
    }
}

/* ---- authorisations to seal ---- */

static void check_period(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                         struct vt_site_authorisation *out)
{
    const struct vt_yaml_node *from = vt_yaml_find(node, "from");
    const struct vt_yaml_node *until = vt_yaml_find(node, "until");
    if (from == NULL || until == NULL) {
        vt_yaml_mistake(&reader->yaml, node,
                        "an authorisation has a period: \"from\" and \"until\"");
        return;
    }
    bool ok = vt_site_date(reader, from, &out->from_utc_secs);
    ok = vt_site_date(reader, until, &out->until_utc_secs) && ok;
    if (ok && out->until_utc_secs <= out->from_utc_secs)
        vt_yaml_mistake(&reader->yaml, until, "until %s is not after from %s", until->text,
                        from->text);
}

static const char *required_text(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                                 const char *key, const char *what)
{
    const struct vt_yaml_node *value = vt_yaml_find(node, key);
    const char *text = NULL;
    if (value == NULL)
        vt_yaml_mistake(&reader->yaml, node, "an authorisation has a \"%s\": %s", key, what);
    else if (vt_yaml_text(&reader->yaml, value, &text) && *text == '\0')
        vt_yaml_mistake(&reader->yaml, value, "\"%s\" is empty: %s", key, what);
    return text == NULL ? "" : vt_site_keep(reader, text);
}

static void read_authorisation(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                               size_t agency)
{
    struct vt_site *site = reader->site;
    struct vt_site_authorisation made = {.agency = site->entries[agency].agency.id,
                                         .from_utc_secs = VT_TIME_NONE,
                                         .until_utc_secs = VT_TIME_NONE};
    if (!vt_yaml_is_mapping(&reader->yaml, node, "an authorisation"))
        return;
    vt_site_check_keys(reader, node, VT_SITE_OF_AUTHORISATION);
    const struct vt_yaml_node *sha256 = vt_yaml_find(node, "sha256");
    const struct vt_yaml_node *key_sha256 = vt_yaml_find(node, "key-sha256");
    if ((sha256 == NULL) == (key_sha256 == NULL))
        vt_yaml_mistake(&reader->yaml, node,
                        "an authorisation names one certificate: sha256, or key-sha256");
    else if (sha256 != NULL)
        made.certificate_sha256 = read_digest(reader, sha256);
    else
        made.key_sha256 = read_digest(reader, key_sha256);
    made.holder = required_text(reader, node, "holder", "the person or system that seals");
    made.document =
        required_text(reader, node, "document", "number and date of the written permission");
    check_period(reader, node, &made);
    struct vt_site_authorisation *grown = vt_arena_grow(site->arena, site->authorisations,
                                                        site->authorisations_count, sizeof(*grown));
    if (grown == NULL) {
        reader->is_out_of_memory = true;
        return;
    }
    site->authorisations = grown;
    site->authorisations[site->authorisations_count++] = made;
}

void vt_site_read_authorisations(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                                 size_t agency)
{
    if (node->kind != VT_YAML_SEQUENCE) {
        vt_yaml_mistake(&reader->yaml, node,
                        "authorisations is a list: each begins with \"- holder: …\"");
        return;
    }
    for (size_t i = 0; i < node->count && !reader->is_out_of_memory; i++)
        read_authorisation(reader, node->entries[i].value, agency);
}
