/* SPDX-License-Identifier: Apache-2.0
 * What no single agency shows: an id, domain, mailbox or certificate that stands twice, parents
 * that do not exist or lead back to where they began; and exemptions (legal.md R-20). */
#include <string.h>

#include "base/config_table.h"
#include "site_table.h"

#define SHOWN_BYTES 80

/* A place of the file for a mistake. */
static struct vt_yaml_node place(unsigned line, unsigned column)
{
    return (struct vt_yaml_node){.line = line, .column = column};
}

/* ---- what stands twice ---- */

static const char *agency_of_key(const struct vt_site_reader *reader, size_t value,
                                 bool is_certificate)
{
    const struct vt_site *site = reader->site;
    size_t agency = is_certificate ? site->certificates[value].agency : value;
    return site->entries[agency].agency.id;
}

static void check_twice(struct vt_site_reader *reader, struct vt_site_index *index,
                        const char *what, bool is_certificate)
{
    vt_site_index_sort(index);
    for (size_t i = 1; i < index->count; i++) {
        const struct vt_site_key *key = &index->keys[i], *first = &index->keys[i - 1];
        char shown[SHOWN_BYTES];
        if (strcmp(key->text, first->text) != 0)
            continue;
        struct vt_yaml_node here = place(key->line, key->column);
        vt_yaml_mistake(&reader->yaml, &here, "%s %s stands in line %u already, for agency \"%s\"",
                        what, vt_text_clean(shown, sizeof(shown), vt_bytes_str(key->text)),
                        first->line, agency_of_key(reader, first->value, is_certificate));
    }
}

/* ---- parents ---- */

static const char *nearest_id(const struct vt_site *site, const char *id)
{
    unsigned best = strlen(id) < 4 ? 2 : 3;
    const char *nearest = NULL;
    for (size_t i = 0; i < site->ids.count; i++) {
        unsigned distance = vt_text_distance(id, site->ids.keys[i].text, best - 1);
        if (distance < best) {
            best = distance;
            nearest = site->ids.keys[i].text;
        }
    }
    return nearest;
}

static void unknown_id(struct vt_site_reader *reader, const struct vt_yaml_node *here,
                       const char *what, const char *id)
{
    char shown[SHOWN_BYTES];
    const char *nearest = nearest_id(reader->site, id);
    vt_text_clean(shown, sizeof(shown), vt_bytes_str(id));
    if (nearest != NULL)
        vt_yaml_mistake(&reader->yaml, here, "%s \"%s\" is no agency here: did you mean \"%s\"?",
                        what, shown, nearest);
    else
        vt_yaml_mistake(&reader->yaml, here, "%s \"%s\" is no agency here", what, shown);
}

static void find_parents(struct vt_site_reader *reader)
{
    struct vt_site *site = reader->site;
    for (size_t i = 0; i < site->entries_count; i++) {
        struct vt_site_entry *entry = &site->entries[i];
        if (entry->agency.parent == NULL)
            continue;
        entry->parent = vt_site_index_find(&site->ids, entry->agency.parent);
        struct vt_yaml_node here = place(entry->parent_line, entry->parent_column);
        if (entry->parent == VT_SITE_NOTHING)
            unknown_id(reader, &here, "the parent", entry->agency.parent);
    }
}

/* Each chain of parents is walked once: agencies are numbered by the walk that met them first, and
 * a walk that meets its own number again has found a loop. */
static void check_loops(struct vt_site_reader *reader)
{
    struct vt_site *site = reader->site;
    size_t *met = vt_arena_alloc(reader->yaml.arena, (site->entries_count + 1) * sizeof(*met));
    if (met == NULL) {
        reader->is_out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < site->entries_count; i++) {
        size_t at = i;
        while (at != VT_SITE_NOTHING && met[at] == 0) {
            met[at] = i + 1;
            at = site->entries[at].parent;
        }
        if (at == VT_SITE_NOTHING || met[at] != i + 1)
            continue;
        struct vt_site_entry *entry = &site->entries[at];
        struct vt_yaml_node here = place(entry->parent_line, entry->parent_column);
        vt_yaml_mistake(&reader->yaml, &here,
                        "the parents of \"%s\" lead back to it: one of them must have none",
                        entry->agency.id);
        entry->parent = VT_SITE_NOTHING;
    }
}

/* A confirmed agency whose own signatures cannot be told misses every one of them. */
static void check_confirmed(struct vt_site_reader *reader)
{
    struct vt_site *site = reader->site;
    bool *has_seal = vt_arena_alloc(reader->yaml.arena, site->entries_count + 1);
    if (has_seal == NULL) {
        reader->is_out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < site->certificates_count; i++)
        has_seal[site->certificates[i].agency] |= site->certificates[i].kind == VT_KIND_AGENCY;
    for (size_t i = 0; i < site->entries_count; i++) {
        struct vt_yaml_node here = place(site->entries[i].line, site->entries[i].column);
        if (site->entries[i].agency.is_confirmed && !has_seal[i])
            vt_yaml_warning(&reader->yaml, &here,
                            "agency \"%s\" is confirmed and has no certificate of kind agency: its "
                            "signature would always be missing",
                            site->entries[i].agency.id);
    }
}

void vt_site_check_table(struct vt_site_reader *reader)
{
    struct vt_site *site = reader->site;
    check_twice(reader, &site->ids, "the id", false);
    check_twice(reader, &site->domains, "the domain", false);
    check_twice(reader, &site->mailboxes, "the mailbox", false);
    check_twice(reader, &site->digests, "the certificate", true);
    check_twice(reader, &site->keys, "the key", true);
    check_twice(reader, &site->serials, "the serial number", true);
    find_parents(reader);
    check_loops(reader);
    check_confirmed(reader);
}

/* ---- exemptions ---- */

static void take_domain(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                        size_t exemption)
{
    const char *domain = node->text[0] == '=' ? node->text + 1 : node->text;
    struct vt_site_exemption *out = &reader->site->exemptions[exemption];
    if (!vt_check_domain(domain))
        vt_yaml_mistake(&reader->yaml, node,
                        "a domain is such as bca.gov.vn (with all below) or =bca.gov.vn (alone)");
    else if (vt_site_index_add(reader->site->arena, &out->domains, vt_site_keep(reader, node->text),
                               exemption, node) != VT_OK)
        reader->is_out_of_memory = true;
}

static void take_agency(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                        size_t exemption)
{
    struct vt_site *site = reader->site;
    struct vt_site_exemption *out = &site->exemptions[exemption];
    size_t found = vt_site_index_find(&site->ids, node->text);
    if (found == VT_SITE_NOTHING) {
        unknown_id(reader, node, "the agency", node->text);
        return;
    }
    size_t *grown =
        vt_arena_grow(site->arena, out->agencies, out->agencies_count, sizeof(*out->agencies));
    if (grown == NULL) {
        reader->is_out_of_memory = true;
        return;
    }
    out->agencies = grown;
    out->agencies[out->agencies_count++] = found;
}

static void take_document(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                          size_t exemption)
{
    struct vt_site *site = reader->site;
    struct vt_site_exemption *out = &site->exemptions[exemption];
    const char *glob = vt_site_fold(site->arena, node->text);
    const char **grown =
        vt_arena_grow(site->arena, out->documents, out->documents_count, sizeof(*out->documents));
    if (glob == NULL || grown == NULL) {
        reader->is_out_of_memory = true;
        return;
    }
    out->documents = grown;
    out->documents[out->documents_count++] = glob;
}

/* Of everybody, for every file: nothing would be missed any more, and nobody would notice. */
static void warn_of_all(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                        const struct vt_site_exemption *exemption)
{
    bool is_all = exemption->agencies_count == 0 && exemption->domains.count == 0;
    for (size_t i = 0; is_all && i < exemption->documents_count; i++) {
        const char *glob = exemption->documents[i];
        if (glob[strspn(glob, "*")] == '\0') {
            vt_yaml_warning(&reader->yaml, node,
                            "this exempts every file of every sender: no signature is missed any "
                            "more; name domains or agencies, or a narrower name");
            return;
        }
    }
}

static void read_exemption(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                           size_t exemption)
{
    struct vt_site_exemption *out = &reader->site->exemptions[exemption];
    const char *text = NULL;
    out->until_utc_secs = VT_TIME_NONE;
    if (!vt_yaml_is_mapping(&reader->yaml, node, "an exemption"))
        return;
    vt_site_check_keys(reader, node, VT_SITE_OF_EXEMPTION);
    const struct vt_yaml_node *domains = vt_yaml_find(node, "domains");
    const struct vt_yaml_node *agencies = vt_yaml_find(node, "agencies");
    const struct vt_yaml_node *documents = vt_yaml_find(node, "documents");
    const struct vt_yaml_node *until = vt_yaml_find(node, "until");
    const struct vt_yaml_node *reason = vt_yaml_find(node, "reason");
    if (domains == NULL && agencies == NULL && documents == NULL)
        vt_yaml_mistake(&reader->yaml, node,
                        "an exemption names whom or what: domains, agencies or documents");
    if (domains != NULL)
        vt_site_each(reader, domains, "a domain", take_domain, exemption);
    if (agencies != NULL)
        vt_site_each(reader, agencies, "an id of an agency", take_agency, exemption);
    if (documents != NULL)
        vt_site_each(reader, documents, "a file name such as *.xlsx", take_document, exemption);
    if (until != NULL)
        vt_site_date(reader, until, &out->until_utc_secs);
    if (reason == NULL)
        vt_yaml_mistake(&reader->yaml, node, "an exemption has a \"reason\"");
    else
        vt_yaml_text(&reader->yaml, reason, &text);
    vt_site_index_sort(&out->domains);
    warn_of_all(reader, node, out);
}

void vt_site_read_exemptions(struct vt_site_reader *reader, const struct vt_yaml_node *node)
{
    enum { MAX_EXEMPTIONS = 1000 };
    struct vt_site *site = reader->site;
    if (node->kind != VT_YAML_SEQUENCE) {
        vt_yaml_mistake(&reader->yaml, node,
                        "exemptions is a list: each begins with \"- domains: …\"");
        return;
    }
    if (node->count > MAX_EXEMPTIONS) {
        vt_yaml_mistake(&reader->yaml, node, "%zu exemptions, at most %d are allowed", node->count,
                        MAX_EXEMPTIONS);
        return;
    }
    site->exemptions = vt_arena_alloc(site->arena, (node->count + 1) * sizeof(*site->exemptions));
    if (site->exemptions == NULL) {
        reader->is_out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < node->count && !reader->is_out_of_memory; i++) {
        read_exemption(reader, node->entries[i].value, i);
        site->exemptions_count++;
    }
}
