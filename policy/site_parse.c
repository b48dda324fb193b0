/* SPDX-License-Identifier: Apache-2.0
 * From the text of agencies.yaml (vanthu-agencies(5)) to the site table: the file and its
 * agencies. One small function per key; every mistake of the file is reported in one run. */
#include <ctype.h>
#include <string.h>

#include "base/config_table.h"
#include "evidence/names.h"
#include "site_table.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
/* The table itself, and the tree it is read from, which goes afterwards. */
#define ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define MAX_NAME_BYTES 500

const char *vt_site_keep(struct vt_site_reader *reader, const char *text)
{
    const char *kept = vt_arena_str(reader->site->arena, text);
    if (kept == NULL)
        reader->is_out_of_memory = true;
    return kept == NULL ? "" : kept;
}

bool vt_site_date(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                  int64_t *out_utc_secs)
{
    return vt_yaml_time(&reader->yaml, node, out_utc_secs);
}

void vt_site_each(struct vt_site_reader *reader, const struct vt_yaml_node *node, const char *what,
                  void (*take)(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                               size_t agency),
                  size_t agency)
{
    const char *text = NULL;
    if (!vt_yaml_is_list(&reader->yaml, node, what))
        return;
    for (size_t i = 0; i < vt_yaml_values_count(node); i++) {
        const struct vt_yaml_node *value = vt_yaml_value_at(node, i);
        if (vt_yaml_text(&reader->yaml, value, &text))
            take(reader, value, agency);
    }
}

/* In lower case: domains and mailboxes are compared so (RFC 5321 2.4 allows more for the local
 * part, and nobody uses it). */
static const char *keep_lower(struct vt_site_reader *reader, const char *text)
{
    char *kept = vt_arena_str(reader->site->arena, text);
    if (kept == NULL)
        reader->is_out_of_memory = true;
    for (char *at = kept; at != NULL && *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return kept == NULL ? "" : kept;
}

static const char *fold(struct vt_site_reader *reader, const char *text)
{
    const char *folded = vt_site_fold(reader->site->arena, text);
    if (folded == NULL)
        reader->is_out_of_memory = true;
    return folded == NULL ? "" : folded;
}

static void index_add(struct vt_site_reader *reader, struct vt_site_index *index, const char *text,
                      size_t value, const struct vt_yaml_node *node)
{
    if (vt_site_index_add(reader->site->arena, index, text, value, node) != VT_OK)
        reader->is_out_of_memory = true;
}

/* ---- one key of an agency each ---- */

static struct vt_site_entry *entry(struct vt_site_reader *reader, size_t agency)
{
    return &reader->site->entries[agency];
}

static void read_id(struct vt_site_reader *reader, const struct vt_yaml_node *node, size_t agency)
{
    const char *text = NULL;
    if (!vt_yaml_text(&reader->yaml, node, &text))
        return;
    if (!vt_check_word(text)) {
        vt_yaml_mistake(&reader->yaml, node,
                        "an id is a word of printable ASCII without spaces, such as soxd");
        return;
    }
    entry(reader, agency)->agency.id = vt_site_keep(reader, text);
    index_add(reader, &reader->site->ids, entry(reader, agency)->agency.id, agency, node);
}

/* A name of an agency, not empty and not longer than any real one. */
static bool is_name(struct vt_site_reader *reader, const struct vt_yaml_node *node)
{
    const char *text = NULL;
    if (!vt_yaml_text(&reader->yaml, node, &text))
        return false;
    if (text[0] == '\0' || strlen(text) > MAX_NAME_BYTES)
        return vt_yaml_mistake(&reader->yaml, node, "a name has 1 to %d bytes", MAX_NAME_BYTES);
    return true;
}

static void read_name(struct vt_site_reader *reader, const struct vt_yaml_node *node, size_t agency)
{
    if (!is_name(reader, node))
        return;
    entry(reader, agency)->agency.name = vt_site_keep(reader, node->text);
    entry(reader, agency)->folded = fold(reader, node->text);
}

static void read_class(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                       size_t agency)
{
    unsigned value = 0;
    if (vt_yaml_word(&reader->yaml, node, "a class of senders", vt_words_sender_class.words,
                     vt_words_sender_class.count, &value))
        entry(reader, agency)->agency.class = (enum vt_sender_class)value;
}

static void read_parent(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                        size_t agency)
{
    const char *text = NULL;
    if (!vt_yaml_text(&reader->yaml, node, &text))
        return;
    entry(reader, agency)->agency.parent = vt_site_keep(reader, text);
    entry(reader, agency)->parent_line = node->line;
    entry(reader, agency)->parent_column = node->column;
}

static void read_confirmed(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                           size_t agency)
{
    vt_yaml_bool(&reader->yaml, node, &entry(reader, agency)->agency.is_confirmed);
}

static void take_domain(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                        size_t agency)
{
    const char *domain = node->text[0] == '=' ? node->text + 1 : node->text;
    if (vt_check_domain(domain))
        index_add(reader, &reader->site->domains, keep_lower(reader, node->text), agency, node);
    else
        vt_yaml_mistake(&reader->yaml, node,
                        "a domain is such as soxd.ninhbinh.gov.vn (with all below) or "
                        "=ninhbinh.gov.vn (alone)");
}

static void read_domains(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                         size_t agency)
{
    vt_site_each(reader, node, "a domain", take_domain, agency);
}

static bool is_mailbox(struct vt_site_reader *reader, const struct vt_yaml_node *node)
{
    const char *domain = vt_address_domain(node->text);
    if (domain != NULL && domain - 1 > node->text && vt_check_domain(domain) &&
        strpbrk(node->text, " \t<>,;") == NULL)
        return true;
    return vt_yaml_mistake(&reader->yaml, node,
                           "a mailbox is an address such as vanthu@soxd.ninhbinh.gov.vn");
}

static void take_mailbox(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                         size_t agency)
{
    if (is_mailbox(reader, node))
        index_add(reader, &reader->site->mailboxes, keep_lower(reader, node->text), agency, node);
}

static void read_mailboxes(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                           size_t agency)
{
    vt_site_each(reader, node, "a mailbox", take_mailbox, agency);
}

static void read_records_mailbox(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                                 size_t agency)
{
    const char *text = NULL;
    if (vt_yaml_text(&reader->yaml, node, &text) && is_mailbox(reader, node))
        entry(reader, agency)->agency.records_mailbox = vt_site_keep(reader, text);
}

/* ---- aliases ---- */

static bool read_alias(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                       struct vt_site_name *out)
{
    *out = (struct vt_site_name){NULL, VT_TIME_NONE, VT_TIME_NONE};
    if (!vt_yaml_is_mapping(&reader->yaml, node, "an alias"))
        return false;
    vt_site_check_keys(reader, node, VT_SITE_OF_ALIAS);
    const struct vt_yaml_node *name = vt_yaml_find(node, "name");
    const struct vt_yaml_node *from = vt_yaml_find(node, "from");
    const struct vt_yaml_node *until = vt_yaml_find(node, "until");
    if (name == NULL)
        return vt_yaml_mistake(&reader->yaml, node, "an alias has a name, and from and until");
    if (from == NULL && until == NULL)
        vt_yaml_mistake(&reader->yaml, node,
                        "an alias has a date: until when the name was right, or from when");
    bool ok = is_name(reader, name);
    if (ok)
        out->folded = fold(reader, name->text);
    ok = (from == NULL || vt_site_date(reader, from, &out->from_utc_secs)) && ok;
    ok = (until == NULL || vt_site_date(reader, until, &out->until_utc_secs)) && ok;
    if (ok && from != NULL && until != NULL && out->until_utc_secs <= out->from_utc_secs)
        return vt_yaml_mistake(&reader->yaml, until, "until %s is not after from %s", until->text,
                               from->text);
    return ok;
}

static void read_aliases(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                         size_t agency)
{
    struct vt_site_entry *its = entry(reader, agency);
    if (node->kind != VT_YAML_SEQUENCE) {
        vt_yaml_mistake(&reader->yaml, node, "aliases is a list: each begins with \"- name: …\"");
        return;
    }
    its->aliases = vt_arena_alloc(reader->site->arena, (node->count + 1) * sizeof(*its->aliases));
    if (its->aliases == NULL) {
        reader->is_out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < node->count; i++)
        its->aliases_count +=
            read_alias(reader, node->entries[i].value, &its->aliases[its->aliases_count]);
}

/* ---- an agency ---- */

static const struct {
    const char *key;
    void (*read)(struct vt_site_reader *reader, const struct vt_yaml_node *node, size_t agency);
    bool is_required;
} agency_keys[] = {
    {"id", read_id, true},
    {"name", read_name, true},
    {"class", read_class, false},
    {"parent", read_parent, false},
    {"confirmed", read_confirmed, false},
    {"domains", read_domains, false},
    {"mailboxes", read_mailboxes, false},
    {"records-mailbox", read_records_mailbox, false},
    {"aliases", read_aliases, false},
    {"certificates", vt_site_read_certificates, false},
    {"authorisations", vt_site_read_authorisations, false},
};

static void read_agency(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                        size_t agency)
{
    *entry(reader, agency) =
        (struct vt_site_entry){.agency = {.id = "", .name = "", .class = VT_SENDER_STATE},
                               .folded = "",
                               .parent = VT_SITE_NOTHING,
                               .line = node->line,
                               .column = node->column};
    if (!vt_yaml_is_mapping(&reader->yaml, node, "an agency"))
        return;
    vt_site_check_keys(reader, node, VT_SITE_OF_AGENCY);
    for (size_t i = 0; i < ELEMENTS(agency_keys); i++) {
        const struct vt_yaml_node *value = vt_yaml_find(node, agency_keys[i].key);
        if (value != NULL)
            agency_keys[i].read(reader, value, agency);
        else if (agency_keys[i].is_required)
            vt_yaml_mistake(&reader->yaml, node, "the agency has no \"%s\"", agency_keys[i].key);
    }
}

static void read_agencies(struct vt_site_reader *reader, const struct vt_yaml_node *node)
{
    struct vt_site *site = reader->site;
    if (node->kind != VT_YAML_SEQUENCE) {
        vt_yaml_mistake(&reader->yaml, node, "agencies is a list: each begins with \"- id: …\"");
        return;
    }
    if (node->count > VT_MAX_SITE_AGENCIES) {
        vt_yaml_mistake(&reader->yaml, node, "%zu agencies, at most %d are allowed", node->count,
                        VT_MAX_SITE_AGENCIES);
        return;
    }
    site->entries = vt_arena_alloc(site->arena, (node->count + 1) * sizeof(*site->entries));
    if (site->entries == NULL) {
        reader->is_out_of_memory = true;
        return;
    }
    site->entries_count = node->count;
    for (size_t i = 0; i < node->count && !reader->is_out_of_memory; i++)
        read_agency(reader, node->entries[i].value, i);
}

/* ---- the file ---- */

static void read_file(struct vt_site_reader *reader, const struct vt_yaml_node *root)
{
    static const struct vt_yaml_node begin = {.line = 1, .column = 1};
    if (root == NULL) {
        if (reader->yaml.mistakes->errors_count == 0)
            vt_yaml_mistake(&reader->yaml, &begin, "the file is empty: a table has \"agencies:\"");
        return;
    }
    if (!vt_yaml_is_mapping(&reader->yaml, root, "a table"))
        return;
    vt_site_check_keys(reader, root, VT_SITE_OF_TABLE);
    const struct vt_yaml_node *agencies = vt_yaml_find(root, "agencies");
    const struct vt_yaml_node *exemptions = vt_yaml_find(root, "exemptions");
    if (agencies == NULL)
        vt_yaml_mistake(&reader->yaml, root, "a table has \"agencies:\"");
    else
        read_agencies(reader, agencies);
    if (reader->is_out_of_memory)
        return;
    vt_site_check_table(reader);
    if (exemptions != NULL)
        vt_site_read_exemptions(reader, exemptions);
}

static enum vt_code read_text(struct vt_site_reader *reader, struct vt_bytes text,
                              struct vt_err *err)
{
    struct vt_yaml_node *root = NULL;
    struct vt_mistakes *mistakes = reader->yaml.mistakes;
    size_t errors_before = mistakes->errors_count;
    enum vt_code code = vt_yaml_parse(&reader->yaml, text, &root, err);
    if (code != VT_OK)
        return code;
    read_file(reader, root);
    if (reader->is_out_of_memory)
        return vt_err_set(err, VT_E_NOMEM, "no memory for %s", reader->yaml.file);
    size_t errors = mistakes->errors_count - errors_before;
    if (errors > 0)
        return vt_err_set(err, VT_E_CONFIG, "%s has %zu mistake%s", reader->yaml.file, errors,
                          errors == 1 ? "" : "s");
    return VT_OK;
}

enum vt_code vt_site_parse(struct vt_bytes text, const char *name, struct vt_site **out,
                           struct vt_mistakes *mistakes, struct vt_err *err)
{
    if (text.len > VT_MAX_SITE_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "%s is larger than %u bytes", name, VT_MAX_SITE_BYTES);
    enum vt_code code = VT_E_NOMEM;
    struct vt_arena *tree = vt_arena_new(2 * ARENA_BYTES), *arena = vt_arena_new(ARENA_BYTES);
    struct vt_site *site = arena == NULL ? NULL : vt_arena_alloc(arena, sizeof(*site));
    if (tree == NULL || site == NULL) {
        vt_err_set(err, code, "no memory for %s", name);
        goto done;
    }
    site->arena = arena;
    struct vt_site_reader reader = {.yaml = {.arena = tree, .file = name, .mistakes = mistakes},
                                    .site = site};
    code = read_text(&reader, text, err);
done:
    vt_arena_free(tree);
    if (code == VT_OK)
        *out = site;
    else
        vt_arena_free(arena);
    return code;
}

void vt_site_free(struct vt_site *site)
{
    if (site != NULL)
        vt_arena_free(site->arena);
}
