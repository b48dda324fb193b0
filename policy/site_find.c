/* SPDX-License-Identifier: Apache-2.0
 * Asking a site table: agencies by id and address, certificates by digest, key, serial number and
 * names, names at a time. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "set.h"
#include "site_table.h"

/* RFC 5321 4.5.3.1: a local part of 64 and a domain of 255 octets. */
#define MAX_ADDRESS_BYTES 320

/* ---- agencies ---- */

const struct vt_site_agency *vt_site_agency(const struct vt_site *site, const char *id)
{
    size_t found =
        site == NULL || id == NULL ? VT_SITE_NOTHING : vt_site_index_find(&site->ids, id);
    return found == VT_SITE_NOTHING ? NULL : &site->entries[found].agency;
}

size_t vt_site_agencies_count(const struct vt_site *site)
{
    return site == NULL ? 0 : site->entries_count;
}

const struct vt_site_agency *vt_site_agency_at(const struct vt_site *site, size_t index)
{
    return &site->entries[index].agency;
}

size_t vt_site_authorisations_count(const struct vt_site *site)
{
    return site == NULL ? 0 : site->authorisations_count;
}

const struct vt_site_authorisation *vt_site_authorisation_at(const struct vt_site *site,
                                                             size_t index)
{
    return &site->authorisations[index];
}

/* False: longer than any address. */
static bool to_lower(char out[MAX_ADDRESS_BYTES + 1], const char *address)
{
    size_t len = strlen(address);
    if (len > MAX_ADDRESS_BYTES)
        return false;
    for (size_t i = 0; i <= len; i++)
        out[i] = (char)tolower((unsigned char)address[i]);
    return true;
}

const struct vt_site_entry *vt_site_entry_of_address(const struct vt_site *site,
                                                     const char *address)
{
    char lower[MAX_ADDRESS_BYTES + 1];
    if (site == NULL || address == NULL || !to_lower(lower, address))
        return NULL;
    size_t found = vt_site_index_find(&site->mailboxes, lower);
    const char *domain = vt_address_domain(lower);
    if (found == VT_SITE_NOTHING && domain != NULL)
        found = vt_site_index_find_domain(&site->domains, domain);
    return found == VT_SITE_NOTHING ? NULL : &site->entries[found];
}

const struct vt_site_agency *vt_site_agency_of_address(const struct vt_site *site,
                                                       const char *address)
{
    const struct vt_site_entry *entry = vt_site_entry_of_address(site, address);
    return entry == NULL ? NULL : &entry->agency;
}

static bool is_below(const struct vt_site *site, const struct vt_site_entry *entry,
                     const struct vt_site_entry *above)
{
    while (entry != above && entry->parent != VT_SITE_NOTHING)
        entry = &site->entries[entry->parent];
    return entry == above;
}

bool vt_site_is_related(const struct vt_site *site, const struct vt_site_entry *a,
                        const struct vt_site_entry *b)
{
    return a != NULL && b != NULL && (is_below(site, a, b) || is_below(site, b, a));
}

/* ---- certificates ---- */

static size_t find_serial(const struct vt_site *site, const char *serial, const char *issuer)
{
    char *folded = issuer == NULL ? NULL : vt_site_fold_dup(issuer), *key = NULL;
    size_t found = VT_SITE_NOTHING;
    while (serial[0] == '0' && serial[1] != '\0')
        serial++;
    if (folded != NULL && asprintf(&key, "%s %s", serial, folded) >= 0) {
        found = vt_site_index_find(&site->serials, key);
        free(key);
    }
    free(folded);
    return found;
}

/* The folded names of one certificate, while patterns are tried. */
struct names {
    char *issuer, *issuer_common_name;
    char *parts[VT_SITE_PARTS];
};

static char *fold_or_null(const char *text)
{
    return text == NULL ? NULL : vt_site_fold_dup(text);
}

static bool fits(const struct vt_site_pattern *pattern, const struct names *names)
{
    bool is_fit = (names->issuer != NULL && vt_glob_matches(pattern->issuer, names->issuer)) ||
                  (names->issuer_common_name != NULL &&
                   vt_glob_matches(pattern->issuer, names->issuer_common_name));
    for (size_t i = 0; i < VT_SITE_PARTS && is_fit; i++)
        is_fit = pattern->parts[i] == NULL ||
                 (names->parts[i] != NULL && vt_glob_matches(pattern->parts[i], names->parts[i]));
    return is_fit;
}

/* The first pattern in the order of the file. */
static size_t find_pattern(const struct vt_site *site,
                           const struct vt_certificate_facts *certificate)
{
    size_t found = VT_SITE_NOTHING;
    struct names names = {
        .issuer = fold_or_null(certificate->issuer),
        .issuer_common_name = fold_or_null(certificate->issuer_common_name),
        .parts = {[VT_SITE_COMMON_NAME] = fold_or_null(certificate->common_name),
                  [VT_SITE_ORGANIZATION] = fold_or_null(certificate->organization),
                  [VT_SITE_UNIT] = fold_or_null(certificate->organizational_unit),
                  [VT_SITE_EMAIL] = fold_or_null(certificate->email)}};
    for (size_t i = 0; i < site->patterns_count && found == VT_SITE_NOTHING; i++) {
        if (fits(&site->patterns[i], &names))
            found = site->patterns[i].certificate;
    }
    free(names.issuer);
    free(names.issuer_common_name);
    for (size_t i = 0; i < VT_SITE_PARTS; i++)
        free(names.parts[i]);
    return found;
}

bool vt_site_holder(const struct vt_site *site, const struct vt_certificate_facts *certificate,
                    const char *trust_set, struct vt_site_holder *out)
{
    *out = (struct vt_site_holder){0};
    if (site == NULL || certificate->sha256[0] == '\0')
        return false;
    bool has_serial = certificate->serial != NULL && trust_set != NULL && site->serials.count > 0;
    size_t found = vt_site_index_find(&site->digests, certificate->sha256);
    if (found == VT_SITE_NOTHING && certificate->key_sha256[0] != '\0')
        found = vt_site_index_find(&site->keys, certificate->key_sha256);
    if (found == VT_SITE_NOTHING && has_serial)
        found = find_serial(site, certificate->serial, certificate->issuer);
    if (found == VT_SITE_NOTHING && has_serial)
        found = find_serial(site, certificate->serial, certificate->issuer_common_name);
    if (found == VT_SITE_NOTHING && trust_set != NULL && site->patterns_count > 0)
        found = find_pattern(site, certificate);
    if (found == VT_SITE_NOTHING)
        return false;
    const struct vt_site_certificate *its = &site->certificates[found];
    *out = (struct vt_site_holder){its->kind, &site->entries[its->agency].agency, its->note};
    return true;
}

/* ---- names ---- */

/* Equal, or the longer one goes on with a new word. Both folded. */
static bool is_same_name(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return (*a == '\0' && (*b == '\0' || *b == ' ')) || (*b == '\0' && *a == ' ');
}

static bool is_valid_at(const struct vt_site_name *name, int64_t utc_secs)
{
    return (name->from_utc_secs == VT_TIME_NONE || utc_secs >= name->from_utc_secs) &&
           (name->until_utc_secs == VT_TIME_NONE || utc_secs < name->until_utc_secs);
}

static bool is_name_at(const struct vt_site_entry *entry, const char *folded, int64_t utc_secs)
{
    bool is_same = is_same_name(folded, entry->folded);
    for (size_t i = 0; i < entry->aliases_count && !is_same; i++)
        is_same = is_valid_at(&entry->aliases[i], utc_secs) &&
                  is_same_name(folded, entry->aliases[i].folded);
    return is_same;
}

bool vt_site_is_named(const struct vt_site_entry *entry,
                      const struct vt_certificate_facts *certificate, int64_t utc_secs)
{
    const char *const names[] = {certificate->common_name, certificate->organizational_unit,
                                 certificate->organization};
    bool is_named = false, is_any = false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !is_named; i++) {
        if (names[i] == NULL)
            continue;
        char *folded = vt_site_fold_dup(names[i]);
        is_named = folded == NULL || is_name_at(entry, folded, utc_secs);
        is_any = true;
        free(folded);
    }
    /* A certificate without names contradicts nobody. */
    return is_named || !is_any;
}

/* ---- exemptions ---- */

static bool is_of_sender(const struct vt_site *site, const struct vt_site_exemption *exemption,
                         const struct vt_site_entry *sender, const char *address)
{
    char lower[MAX_ADDRESS_BYTES + 1];
    if (exemption->agencies_count == 0 && exemption->domains.count == 0)
        return true;
    for (size_t i = 0; i < exemption->agencies_count && sender != NULL; i++) {
        if (is_below(site, sender, &site->entries[exemption->agencies[i]]))
            return true;
    }
    const char *domain =
        address != NULL && to_lower(lower, address) ? vt_address_domain(lower) : NULL;
    return domain != NULL &&
           vt_site_index_find_domain(&exemption->domains, domain) != VT_SITE_NOTHING;
}

static bool is_of_document(const struct vt_site_exemption *exemption,
                           const struct vt_document *document)
{
    char *folded = document->name == NULL ? NULL : vt_site_fold_dup(document->name);
    bool is_fit = exemption->documents_count == 0;
    for (size_t i = 0; i < exemption->documents_count && !is_fit && folded != NULL; i++)
        is_fit = vt_glob_matches(exemption->documents[i], folded);
    free(folded);
    return is_fit;
}

bool vt_site_is_exempt(const struct vt_site *site, const struct vt_site_entry *sender,
                       const char *address, const struct vt_document *document,
                       int64_t now_utc_secs)
{
    for (size_t i = 0; site != NULL && i < site->exemptions_count; i++) {
        const struct vt_site_exemption *exemption = &site->exemptions[i];
        bool is_live =
            exemption->until_utc_secs == VT_TIME_NONE || now_utc_secs < exemption->until_utc_secs;
        if (is_live && is_of_sender(site, exemption, sender, address) &&
            is_of_document(exemption, document))
            return true;
    }
    return false;
}
