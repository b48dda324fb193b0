/* SPDX-License-Identifier: Apache-2.0
 * "kind: agency" and "agency: soxd" of a signature in a case: a certificate that the table of
 * agencies takes for one of these. The table judges it as it judges every other. */
#include <string.h>

#include "case.h"
#include "site_table.h"

static bool no_memory(struct vt_case_reader *reader, const struct vt_yaml_node *node)
{
    return vt_yaml_mistake(&reader->yaml, node, "no memory for the case");
}

/* A text that a glob takes: without what stands for any characters. */
static const char *of_glob(struct vt_arena *arena, const char *glob)
{
    char *text = vt_arena_str(arena, glob);
    size_t len = 0;
    for (const char *c = glob; text != NULL && *c != '\0'; c++) {
        if (*c != '*')
            text[len++] = *c == '?' ? 'x' : *c;
    }
    if (text != NULL)
        text[len] = '\0';
    return text == NULL || len > 0 ? text : vt_arena_str(arena, "x");
}

/* What an index has of a certificate. */
static const char *key_of(const struct vt_site_index *index, size_t certificate)
{
    for (size_t i = 0; i < index->count; i++) {
        if (index->keys[i].value == certificate)
            return index->keys[i].text;
    }
    return NULL;
}

static const struct vt_site_pattern *pattern_of(const struct vt_site *site, size_t certificate)
{
    for (size_t i = 0; i < site->patterns_count; i++) {
        if (site->patterns[i].certificate == certificate)
            return &site->patterns[i];
    }
    return NULL;
}

static bool take_serial(struct vt_arena *arena, const char *key, struct vt_certificate_facts *out)
{
    const char *space = strchr(key, ' ');
    char *serial = vt_arena_dup(arena, key, space == NULL ? strlen(key) : (size_t)(space - key));
    out->serial = serial;
    out->issuer_common_name = space == NULL ? NULL : vt_arena_str(arena, space + 1);
    return out->serial != NULL && out->issuer_common_name != NULL;
}

static bool take_pattern(struct vt_arena *arena, const struct vt_site_pattern *pattern,
                         struct vt_certificate_facts *out)
{
    const char **const parts[VT_SITE_PARTS] = {
        [VT_SITE_COMMON_NAME] = &out->common_name,
        [VT_SITE_ORGANIZATION] = &out->organization,
        [VT_SITE_UNIT] = &out->organizational_unit,
        [VT_SITE_EMAIL] = &out->email,
    };
    out->issuer_common_name = of_glob(arena, pattern->issuer);
    bool is_good = out->issuer_common_name != NULL;
    for (size_t i = 0; i < VT_SITE_PARTS && is_good; i++) {
        if (pattern->parts[i] == NULL)
            continue;
        *parts[i] = of_glob(arena, pattern->parts[i]);
        is_good = *parts[i] != NULL;
    }
    return is_good;
}

/* Names, number or digest by which the table knows a certificate. */
static bool take_certificate(struct vt_arena *arena, const struct vt_site *site, size_t certificate,
                             struct vt_certificate_facts *out)
{
    const char *digest = key_of(&site->digests, certificate);
    const char *key = key_of(&site->keys, certificate);
    const char *serial = key_of(&site->serials, certificate);
    const struct vt_site_pattern *pattern = pattern_of(site, certificate);
    if (digest != NULL)
        memcpy(out->sha256, digest, sizeof(out->sha256));
    else if (key != NULL)
        memcpy(out->key_sha256, key, sizeof(out->key_sha256));
    else if (serial != NULL)
        return take_serial(arena, serial, out);
    else if (pattern != NULL)
        return take_pattern(arena, pattern, out);
    return true;
}

static size_t find_certificate(const struct vt_site *site, size_t agency, enum vt_kind kind)
{
    for (size_t i = 0; i < site->certificates_count; i++) {
        if (site->certificates[i].agency == agency && site->certificates[i].kind == kind)
            return i;
    }
    return VT_SITE_NOTHING;
}

/* The agency that is named, else that of the sender. */
static bool find_agency(struct vt_case_reader *reader, const struct vt_yaml_node *kind,
                        const struct vt_yaml_node *agency, const struct vt_mail *mail,
                        const struct vt_site_entry **out)
{
    const char *id = NULL;
    if (agency == NULL) {
        *out =
            vt_site_entry_of_address(reader->site, mail->from != NULL ? mail->from : mail->sender);
        if (*out != NULL)
            return true;
        return vt_yaml_mistake(&reader->yaml, kind,
                               "whose? The sender is no agency of the table: add \"agency: ID\"");
    }
    if (!vt_yaml_text(&reader->yaml, agency, &id))
        return false;
    *out = (const struct vt_site_entry *)vt_site_agency(reader->site, id);
    return *out != NULL || vt_yaml_mistake(&reader->yaml, agency,
                                           "the table of agencies has no agency \"%.60s\"", id);
}

static bool read_kind(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                      enum vt_kind *out)
{
    unsigned kind = 0;
    if (!vt_yaml_word(&reader->yaml, node, "a kind of signer", vt_words_kind.words,
                      vt_words_kind.count, &kind))
        return false;
    *out = (enum vt_kind)kind;
    return true;
}

/* A pattern further up in the table may take it first. */
static bool is_taken(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                     const struct vt_signature *signature, const struct vt_site_entry *agency,
                     enum vt_kind kind)
{
    struct vt_site_holder holder;
    if (vt_site_holder(reader->site, &signature->signer, signature->trust_set, &holder) &&
        holder.agency == &agency->agency && holder.kind == kind)
        return true;
    return vt_yaml_mistake(&reader->yaml, node,
                           signature->trust_set == NULL
                               ? "the table knows this certificate by its names, which count only "
                                 "with a trust-set"
                               : "another certificate of the table has the same names: write the "
                                 "names of this one under \"signer\"");
}

bool vt_case_signer(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                    const struct vt_mail *mail, struct vt_signature *signature)
{
    const struct vt_yaml_node *kind_node = vt_yaml_find(node, "kind");
    const struct vt_yaml_node *agency_node = vt_yaml_find(node, "agency");
    const struct vt_site_entry *agency = NULL;
    struct vt_certificate_facts *signer = &signature->signer;
    enum vt_kind kind = VT_KIND_AGENCY;
    if (kind_node == NULL && agency_node == NULL)
        return true;
    if (kind_node != NULL && !read_kind(reader, kind_node, &kind))
        return false;
    if (kind == VT_KIND_UNKNOWN)
        return true;
    const struct vt_yaml_node *place = kind_node != NULL ? kind_node : agency_node;
    if (reader->site == NULL)
        return vt_yaml_mistake(&reader->yaml, place,
                               "whose certificates these are, a table of agencies says: the policy "
                               "names none, so write \"agencies: FILE\" into this file");
    if (!find_agency(reader, place, agency_node, mail, &agency))
        return false;
    size_t number = (size_t)(agency - reader->site->entries);
    size_t certificate = find_certificate(reader->site, number, kind);
    if (certificate == VT_SITE_NOTHING)
        return vt_yaml_mistake(&reader->yaml, place,
                               "the table of agencies has no certificate of the kind \"%s\" for %s",
                               vt_kind_name(kind), agency->agency.id);
    const char *said = signer->common_name;
    if (!take_certificate(reader->yaml.arena, reader->site, certificate, signer))
        return no_memory(reader, place);
    if (said != NULL)
        signer->common_name = said;
    else if (signer->common_name == NULL && kind == VT_KIND_AGENCY)
        signer->common_name = agency->agency.name;
    return is_taken(reader, place, signature, agency, kind);
}
