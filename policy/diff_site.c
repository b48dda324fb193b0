/* SPDX-License-Identifier: Apache-2.0
 * The tables of agencies of two policies: agencies, their addresses, whose certificates, and for
 * whom nothing is asked. Each is a sorted list of keys with what the table says of them as text;
 * two such lists are merged. */
#include "diff.h"

#include <stdlib.h>
#include <string.h>

#include "site_table.h"

struct line {
    const char *key, *text;
    unsigned number; /* line of its file */
};
struct lines {
    struct line *items;
    size_t count;
};

static int compare_lines(const void *a, const void *b)
{
    return strcmp(((const struct line *)a)->key, ((const struct line *)b)->key);
}

static void add_line(struct vt_diffing *diffing, struct lines *lines, const char *key, char *text,
                     unsigned number)
{
    struct line *grown = vt_arena_grow(diffing->arena, lines->items, lines->count, sizeof(*grown));
    if (grown == NULL || key == NULL || text == NULL) {
        diffing->is_out_of_memory = true;
        return;
    }
    lines->items = grown;
    lines->items[lines->count++] = (struct line){key, text, number};
}

static void sort(struct lines *lines)
{
    if (lines->count > 1)
        qsort(lines->items, lines->count, sizeof(*lines->items), compare_lines);
}

static void tell(struct vt_diffing *diffing, enum vt_difference_of of, const char *name,
                 const struct line *before, const struct line *after)
{
    const struct vt_difference difference = {.of = of,
                                             .kind = before == NULL  ? VT_DIFFERENCE_ADDED
                                                     : after == NULL ? VT_DIFFERENCE_REMOVED
                                                                     : VT_DIFFERENCE_CHANGED,
                                             .name = name,
                                             .before = before != NULL ? before->text : NULL,
                                             .after = after != NULL ? after->text : NULL,
                                             .line_before = before != NULL ? before->number : 0,
                                             .line_after = after != NULL ? after->number : 0,
                                             .may_be_severer = true};
    vt_diff_add(diffing, &difference);
}

static void merge(struct vt_diffing *diffing, enum vt_difference_of of, struct lines *before,
                  struct lines *after)
{
    size_t b = 0, a = 0;
    sort(before);
    sort(after);
    while (b < before->count || a < after->count) {
        const struct line *was = b < before->count ? &before->items[b] : NULL;
        const struct line *is = a < after->count ? &after->items[a] : NULL;
        int order = was == NULL ? 1 : is == NULL ? -1 : strcmp(was->key, is->key);
        if (order < 0)
            tell(diffing, of, was->key, was, NULL);
        else if (order > 0)
            tell(diffing, of, is->key, NULL, is);
        else if (strcmp(was->text, is->text) != 0)
            tell(diffing, of, is->key, was, is);
        b += order <= 0;
        a += order >= 0;
    }
}

/* ---- agencies ---- */

static const char *id_of(const struct vt_site *site, size_t agency)
{
    return agency < site->entries_count ? site->entries[agency].agency.id : "-";
}

static char *text_of_entry(struct vt_arena *arena, const struct vt_site_entry *entry)
{
    const struct vt_site_agency *agency = &entry->agency;
    char from[VT_TIME_TEXT_BYTES], until[VT_TIME_TEXT_BYTES];
    char *text = vt_arena_printf(
        arena, "%s, %s%s%s%s%s%s", agency->name, vt_sender_class_name(agency->class),
        agency->is_confirmed ? ", confirmed" : "", agency->parent != NULL ? ", below " : "",
        agency->parent != NULL ? agency->parent : "", agency->records_mailbox != NULL ? ", " : "",
        agency->records_mailbox != NULL ? agency->records_mailbox : "");
    for (size_t i = 0; i < entry->aliases_count && text != NULL; i++)
        text = vt_arena_printf(arena, "%s, also \"%s\" %s..%s", text, entry->aliases[i].folded,
                               vt_time_rfc3339(from, entry->aliases[i].from_utc_secs),
                               vt_time_rfc3339(until, entry->aliases[i].until_utc_secs));
    return text;
}

static struct lines agencies_of(struct vt_diffing *diffing, const struct vt_site *site)
{
    struct lines lines = {0};
    for (size_t i = 0; site != NULL && i < site->entries_count; i++)
        add_line(diffing, &lines, site->entries[i].agency.id,
                 text_of_entry(diffing->arena, &site->entries[i]), site->entries[i].line);
    return lines;
}

static void add_addresses(struct vt_diffing *diffing, const struct vt_site *site,
                          const struct vt_site_index *index, struct lines *lines)
{
    for (size_t i = 0; i < index->count; i++)
        add_line(diffing, lines, index->keys[i].text,
                 vt_arena_str(diffing->arena, id_of(site, index->keys[i].value)),
                 index->keys[i].line);
}

static struct lines addresses_of(struct vt_diffing *diffing, const struct vt_site *site)
{
    struct lines lines = {0};
    if (site != NULL) {
        add_addresses(diffing, site, &site->domains, &lines);
        add_addresses(diffing, site, &site->mailboxes, &lines);
    }
    return lines;
}

/* ---- certificates ---- */

static char *text_of_certificate(struct vt_arena *arena, const struct vt_site *site, size_t index)
{
    const struct vt_site_certificate *certificate = &site->certificates[index];
    return vt_arena_printf(arena, "%s of %s", vt_kind_name(certificate->kind),
                           id_of(site, certificate->agency));
}

static void add_certificates(struct vt_diffing *diffing, const struct vt_site *site,
                             const struct vt_site_index *index, const char *what,
                             struct lines *lines)
{
    for (size_t i = 0; i < index->count; i++)
        add_line(
            diffing, lines, vt_arena_printf(diffing->arena, "%s %s", what, index->keys[i].text),
            text_of_certificate(diffing->arena, site, index->keys[i].value), index->keys[i].line);
}

static void add_patterns(struct vt_diffing *diffing, const struct vt_site *site,
                         struct lines *lines)
{
    static const char *const parts[VT_SITE_PARTS] = {[VT_SITE_COMMON_NAME] = "common name",
                                                     [VT_SITE_ORGANIZATION] = "organization",
                                                     [VT_SITE_UNIT] = "unit",
                                                     [VT_SITE_EMAIL] = "email"};
    for (size_t i = 0; i < site->patterns_count; i++) {
        const struct vt_site_pattern *pattern = &site->patterns[i];
        char *key = vt_arena_printf(diffing->arena, "issuer \"%s\"", pattern->issuer);
        for (size_t p = 0; p < VT_SITE_PARTS && key != NULL; p++) {
            if (pattern->parts[p] != NULL)
                key = vt_arena_printf(diffing->arena, "%s, %s \"%s\"", key, parts[p],
                                      pattern->parts[p]);
        }
        add_line(diffing, lines, key,
                 text_of_certificate(diffing->arena, site, pattern->certificate), 0);
    }
}

static struct lines certificates_of(struct vt_diffing *diffing, const struct vt_site *site)
{
    struct lines lines = {0};
    if (site != NULL) {
        add_certificates(diffing, site, &site->digests, "certificate", &lines);
        add_certificates(diffing, site, &site->keys, "key", &lines);
        add_certificates(diffing, site, &site->serials, "serial", &lines);
        add_patterns(diffing, site, &lines);
    }
    return lines;
}

/* ---- exemptions ---- */

static struct lines exemptions_of(struct vt_diffing *diffing, const struct vt_site *site)
{
    struct vt_arena *arena = diffing->arena;
    struct lines lines = {0};
    for (size_t i = 0; site != NULL && i < site->exemptions_count; i++) {
        const struct vt_site_exemption *exemption = &site->exemptions[i];
        char until[VT_TIME_TEXT_BYTES];
        char *key = vt_arena_str(arena, "exemption of");
        for (size_t k = 0; k < exemption->agencies_count && key != NULL; k++)
            key = vt_arena_printf(arena, "%s %s", key, id_of(site, exemption->agencies[k]));
        for (size_t k = 0; k < exemption->domains.count && key != NULL; k++)
            key = vt_arena_printf(arena, "%s %s", key, exemption->domains.keys[k].text);
        char *text =
            vt_arena_printf(arena, "until %s", vt_time_rfc3339(until, exemption->until_utc_secs));
        for (size_t k = 0; k < exemption->documents_count && text != NULL; k++)
            text = vt_arena_printf(arena, "%s, %s", text, exemption->documents[k]);
        add_line(diffing, &lines, key, text, 0);
    }
    return lines;
}

void vt_diff_site(struct vt_diffing *diffing)
{
    static const struct {
        enum vt_difference_of of;
        struct lines (*read)(struct vt_diffing *diffing, const struct vt_site *site);
    } parts[] = {{VT_DIFFERENCE_OF_AGENCY, agencies_of},
                 {VT_DIFFERENCE_OF_ADDRESS, addresses_of},
                 {VT_DIFFERENCE_OF_CERTIFICATE, certificates_of},
                 {VT_DIFFERENCE_OF_TABLE, exemptions_of}};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && !diffing->is_out_of_memory; i++) {
        struct lines before = parts[i].read(diffing, diffing->before->site);
        struct lines after = parts[i].read(diffing, diffing->after->site);
        merge(diffing, parts[i].of, &before, &after);
    }
}
