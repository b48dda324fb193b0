/* SPDX-License-Identifier: Apache-2.0
 * CRLs for one certificate (RFC 5280 6.3.3): those in scope whose signer may speak for the issuer,
 * each for the reasons it covers, complete ones together with their deltas. */
#include "trust/revocation.h"

/* A list that may be asked about this certificate. */
struct usable {
    const struct vt_crl_list *list;
    const struct vt_certificate *signer;
    unsigned reasons;
};

struct usables {
    struct usable *items;
    size_t count;
};

static enum vt_code consider(struct vt_choosing *choosing, const struct vt_crl_list *list,
                             struct usables *usables)
{
    const char *why = NULL;
    struct usable usable = {.list = list,
                            .reasons = vt_crl_list_scope(list, choosing->certificate, NULL)};
    if (usable.reasons == 0)
        return VT_OK;
    if (vt_crl_list_crl(list)->unknown_critical)
        return vt_revocation_unusable(choosing,
                                      "the CRL has a critical extension that is not known");
    enum vt_code code = vt_revocation_find_signer(choosing, list, &usable.signer, &why);
    if (code != VT_OK)
        return code;
    if (usable.signer == NULL)
        return why != NULL ? vt_revocation_unusable(choosing, why) : VT_OK;
    struct usable *grown = vt_arena_grow(choosing->judgement->arena, usables->items, usables->count,
                                         sizeof(*usables->items));
    if (grown == NULL)
        return VT_E_NOMEM;
    usables->items = grown;
    usables->items[usables->count++] = usable;
    code = vt_judge_used_certificate(choosing->judgement, usable.signer);
    return code == VT_OK ? vt_judge_used_list(choosing->judgement, list) : code;
}

static enum vt_code consider_bytes(struct vt_choosing *choosing, const struct vt_bytes *crls,
                                   size_t count, enum vt_status_origin from, const char *origin,
                                   struct usables *usables)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < count; i++) {
        struct vt_err err = {0};
        struct vt_crl_list *list = NULL;
        code = vt_status_cache_list(choosing->judgement->cache, crls[i], from, origin, &list, &err);
        if (code == VT_OK)
            code = consider(choosing, list, usables);
        else if (code != VT_E_NOMEM && code != VT_E_INTERNAL)
            code = vt_revocation_unusable(choosing, err.text);
    }
    return code;
}

static enum vt_code consider_all(struct vt_choosing *choosing, struct usables *usables)
{
    const struct vt_trust_input *input = choosing->judgement->input;
    const struct vt_verified *verified = input->verified;
    const struct vt_validation_data *data = input->validation_data;
    const struct vt_known *known = input->known;
    enum vt_code code = consider_bytes(choosing, verified->crls, verified->crls_count,
                                       VT_ORIGIN_EMBEDDED, "embedded", usables);
    if (code == VT_OK && data != NULL)
        code = consider_bytes(choosing, data->crls, data->crls_count, VT_ORIGIN_EMBEDDED,
                              "embedded", usables);
    if (code == VT_OK)
        code = consider_bytes(choosing, input->given_crls, input->given_crls_count, VT_ORIGIN_GIVEN,
                              "given", usables);
    for (size_t i = 0; code == VT_OK && known != NULL && i < known->lists_count; i++)
        code = consider(choosing, known->lists[i], usables);
    return code;
}

/* ---- asking them ---- */

static enum vt_code take_entry(struct vt_choosing *choosing, const struct usable *usable,
                               const struct vt_crl_entry *entry, const struct usable *base)
{
    struct vt_status_fact fact;
    struct vt_err err = {0};
    enum vt_code code = vt_crl_list_fact_of(choosing->judgement->arena, usable->list, entry,
                                            choosing->certificate, choosing->issuer, &fact, &err);
    if (code == VT_E_UNSUPPORTED)
        return vt_revocation_unusable(choosing, err.text);
    if (code != VT_OK)
        return code;
    if (base != NULL) {
        /* Together they are what the less trusted of them is. */
        if (vt_crl_list_from(base->list) == VT_ORIGIN_EMBEDDED)
            fact.from = VT_ORIGIN_EMBEDDED;
        if (fact.keeps_expired_since_utc_secs == VT_TIME_NONE)
            fact.keeps_expired_since_utc_secs =
                vt_crl_list_crl(base->list)->keeps_expired_since_utc_secs;
    }
    vt_revocation_take(choosing, &fact, usable->reasons);
    return VT_OK;
}

static void find_entry(const struct vt_choosing *choosing, const struct usable *usable,
                       struct vt_crl_entry *out)
{
    vt_crl_list_find(usable->list, vt_crl_list_issuer_of(choosing->certificate),
                     vt_certificate_serial(choosing->certificate), out);
}

/* A delta and its base are signed with the same key (RFC 5280 6.3.3 (c)(3)). */
static bool belong_together(const struct usable *delta, const struct usable *base)
{
    return vt_crl_list_is_delta_of(delta->list, base->list) &&
           vt_bytes_equal(vt_certificate_public_key_der(delta->signer),
                          vt_certificate_public_key_der(base->signer));
}

/* The youngest delta of a base, or NULL. */
static const struct usable *find_delta(const struct usables *usables, const struct usable *base)
{
    const struct usable *best = NULL;
    for (size_t i = 0; i < usables->count; i++) {
        const struct usable *delta = &usables->items[i];
        if (belong_together(delta, base) &&
            (best == NULL || vt_crl_list_crl(delta->list)->this_update_utc_secs >
                                 vt_crl_list_crl(best->list)->this_update_utc_secs))
            best = delta;
    }
    return best;
}

/* RFC 5280 6.3.3 (i) and (j): what the delta says, and what it does not mention the base says. An
 * entry removeFromCRL is read as not listed. */
static enum vt_code ask_complete(struct vt_choosing *choosing, const struct usables *usables,
                                 const struct usable *base)
{
    struct vt_crl_entry entry;
    struct vt_crl_entry changed;
    find_entry(choosing, base, &entry);
    enum vt_code code = take_entry(choosing, base, &entry, NULL);
    const struct usable *delta = find_delta(usables, base);
    if (code != VT_OK || delta == NULL)
        return code;
    find_entry(choosing, delta, &changed);
    bool replaces = changed.found || changed.unreadable;
    return take_entry(choosing, delta, replaces ? &changed : &entry, base);
}

/* A delta alone proves no more than what it lists. */
static enum vt_code ask_delta(struct vt_choosing *choosing, const struct usables *usables,
                              const struct usable *delta)
{
    struct vt_crl_entry entry;
    bool has_base = false;
    for (size_t i = 0; i < usables->count; i++)
        has_base |= belong_together(delta, &usables->items[i]);
    choosing->delta_without_base |= !has_base;
    find_entry(choosing, delta, &entry);
    return has_base || !entry.found || entry.reason == VT_CRL_REASON_REMOVE
               ? VT_OK
               : take_entry(choosing, delta, &entry, NULL);
}

enum vt_code vt_revocation_take_crls(struct vt_choosing *choosing)
{
    struct usables usables = {0};
    enum vt_code code = consider_all(choosing, &usables);
    for (size_t i = 0; code == VT_OK && i < usables.count; i++) {
        const struct usable *usable = &usables.items[i];
        code = vt_crl_list_crl(usable->list)->is_delta ? ask_delta(choosing, &usables, usable)
                                                       : ask_complete(choosing, &usables, usable);
    }
    return code;
}
