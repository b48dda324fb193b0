/* SPDX-License-Identifier: Apache-2.0
 * Authorisations to seal, out of the table of agencies that the policy names. */
#include "seal/authorise.h"

#include <stdio.h>
#include <string.h>

#include "vanthu/clock.h"

static bool is_same(const char *written, const char *digest)
{
    return written != NULL && strcasecmp(written, digest) == 0;
}

static bool is_for(const struct vt_site_authorisation *item, const struct vt_seal_key *key,
                   const struct vt_own_certificate *own)
{
    return strcmp(item->agency, key->agency) == 0 &&
           (is_same(item->certificate_sha256, own->sha256) ||
            is_same(item->key_sha256, own->key_sha256));
}

/* What the configuration calls a service, and the table the seal of an agency, is the seal. */
static bool needs_none(const struct vt_site *site, const struct vt_seal_key *key,
                       const struct vt_own_certificate *own, enum vt_seal_purpose purpose)
{
    struct vt_certificate_facts facts = {.sha256 = ""};
    struct vt_site_holder holder;
    if (!key->is_service || (purpose != VT_SEAL_FOR_NOTICE && purpose != VT_SEAL_FOR_PROBE))
        return false;
    memcpy(facts.sha256, own->sha256, sizeof(facts.sha256));
    memcpy(facts.key_sha256, own->key_sha256, sizeof(facts.key_sha256));
    facts.subject = facts.issuer = "";
    return site == NULL || !vt_site_holder(site, &facts, NULL, &holder) ||
           holder.kind == VT_KIND_DEVICE || holder.kind == VT_KIND_UNKNOWN;
}

enum vt_code vt_seal_authorise(const struct vt_site *site, const struct vt_seal_key *key,
                               const struct vt_own_certificate *own, enum vt_seal_purpose purpose,
                               int64_t now_utc_secs, char out[VT_SEAL_PERMISSION_BYTES],
                               struct vt_err *err)
{
    char from[64], until[64], document[121], holder[121];
    const struct vt_site_authorisation *other = NULL;
    if (needs_none(site, key, own, purpose)) {
        (void)snprintf(out, VT_SEAL_PERMISSION_BYTES, "service");
        return VT_OK;
    }
    for (size_t i = 0; i < vt_site_authorisations_count(site); i++) {
        const struct vt_site_authorisation *item = vt_site_authorisation_at(site, i);
        if (!is_for(item, key, own))
            continue;
        if (now_utc_secs >= item->from_utc_secs && now_utc_secs <= item->until_utc_secs) {
            (void)snprintf(out, VT_SEAL_PERMISSION_BYTES, "%s, %s",
                           vt_text_quoted(document, sizeof(document), item->document),
                           vt_text_quoted(holder, sizeof(holder), item->holder));
            return VT_OK;
        }
        other = item;
    }
    if (other != NULL)
        return vt_err_set(err, VT_E_EXPIRED,
                          "the authorisation %s of key %s holds from %s until %s only",
                          vt_text_quoted(document, sizeof(document), other->document), key->name,
                          vt_time_vietnam(from, other->from_utc_secs),
                          vt_time_vietnam(until, other->until_utc_secs));
    return vt_err_set(err, VT_E_NOT_FOUND,
                      "the table of agencies has no authorisation of \"%s\" for key %s: under "
                      "authorisations, holder, document, from, until and sha256 %s",
                      key->agency, key->name, own->sha256);
}
