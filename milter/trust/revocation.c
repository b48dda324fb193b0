/* SPDX-License-Identifier: Apache-2.0
 * The status of one certificate at one time, out of all that is at hand: what the signature and
 * its document carry, what was given, what the status role knows. OpenSSL's own flags ignore
 * the dates of entries and refuse a CRL younger than the chosen time (design.md 4). */
#include <string.h>

#include "trust/judge.h"

/* Data that names no next update is in force for a day (RFC 5280 5.1.2.5 demands one of CRLs; RFC
 * 6960 4.2.2.1: newer information is available at any time). */
#define IN_FORCE_WITHOUT_NEXT_SECS (24 * 3600)

struct choosing {
    struct vt_judgement *judgement;
    const struct vt_certificate *certificate;
    const struct vt_certificate *issuer;
    int64_t at_utc_secs;
    struct vt_status_fact revoked, suspended, good, other;
    bool has_revoked, has_suspended, has_good, has_other;
    int64_t youngest_good_utc_secs;
};

/* A certificate that had expired when the data was issued may have been left out of it
 * (RFC 5280 3.3), unless the source says that it keeps them. */
static bool still_lists(const struct vt_status_fact *fact, const struct vt_certificate *certificate)
{
    int64_t end = vt_certificate_facts(certificate)->not_after_utc_secs;
    return fact->this_update_utc_secs <= end ||
           (fact->keeps_expired_since_utc_secs != VT_TIME_NONE &&
            fact->keeps_expired_since_utc_secs <= end);
}

/* True when a fact that says "good" proves it for this time. */
static bool counts(const struct vt_status_fact *fact, const struct vt_certificate *certificate,
                   int64_t at_utc_secs, int64_t now_utc_secs)
{
    int64_t from = fact->this_update_utc_secs;
    if (from == VT_TIME_NONE || from > now_utc_secs + VT_CLOCK_TOLERANCE_SECS ||
        !still_lists(fact, certificate))
        return false;
    int64_t until = fact->next_update_utc_secs != VT_TIME_NONE ? fact->next_update_utc_secs
                                                               : from + IN_FORCE_WITHOUT_NEXT_SECS;
    return from >= at_utc_secs || now_utc_secs <= until;
}

/* Only the first of equals: sources come in the order of preference (legal.md R-27). */
static void keep(struct vt_status_fact *slot, bool *has, const struct vt_status_fact *fact,
                 bool better)
{
    if (!*has || better) {
        *slot = *fact;
        *has = true;
    }
}

static void take_fact(struct choosing *choosing, const struct vt_status_fact *fact)
{
    int64_t now = choosing->judgement->input->now_utc_secs;
    struct vt_status_fact shown = *fact;
    switch (fact->value) {
    case VT_STATUS_REVOKED:
        keep(&choosing->revoked, &choosing->has_revoked, fact,
             fact->revoked_at_utc_secs < choosing->revoked.revoked_at_utc_secs);
        return;
    case VT_STATUS_SUSPENDED:
        keep(&choosing->suspended, &choosing->has_suspended, fact,
             fact->this_update_utc_secs > choosing->suspended.this_update_utc_secs);
        return;
    case VT_STATUS_GOOD:
        if (counts(fact, choosing->certificate, choosing->at_utc_secs, now)) {
            keep(&choosing->good, &choosing->has_good, fact, false);
            if (fact->this_update_utc_secs > choosing->youngest_good_utc_secs)
                choosing->youngest_good_utc_secs = fact->this_update_utc_secs;
            return;
        }
        shown.value = VT_STATUS_STALE;
        break;
    default:
        break;
    }
    keep(&choosing->other, &choosing->has_other, &shown,
         shown.this_update_utc_secs > choosing->other.this_update_utc_secs);
}

/* One reading of one piece of data. What is not about this certificate is passed over; what is and
 * cannot be used is a finding. */
static enum vt_code take_result(struct choosing *choosing, enum vt_code code,
                                const struct vt_status_fact *fact, const struct vt_err *err)
{
    if (code == VT_OK) {
        take_fact(choosing, fact);
        return fact->finding == NULL
                   ? VT_OK
                   : vt_judge_note(choosing->judgement, "Status of \"%s\": %s.",
                                   vt_judge_name(choosing->certificate), fact->finding);
    }
    if (code == VT_E_NOT_FOUND)
        return VT_OK;
    if (code == VT_E_NOMEM || code == VT_E_INTERNAL)
        return code;
    return vt_judge_note(choosing->judgement, "Revocation data for \"%s\" is not usable: %s.",
                         vt_judge_name(choosing->certificate), err->text);
}

static enum vt_code take_crls(struct choosing *choosing, const struct vt_bytes *crls, size_t count,
                              const char *origin)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < count; i++) {
        struct vt_status_fact fact;
        struct vt_err err = {0};
        enum vt_code read =
            vt_status_read_crl(choosing->judgement->arena, choosing->judgement->cache, crls[i],
                               choosing->certificate, choosing->issuer, origin, &fact, &err);
        code = take_result(choosing, read, &fact, &err);
    }
    return code;
}

static enum vt_code take_ocsps(struct choosing *choosing, const struct vt_bytes *ocsps,
                               size_t count)
{
    enum vt_code code = VT_OK;
    const struct vt_judgement *judgement = choosing->judgement;
    for (size_t i = 0; code == VT_OK && i < count; i++) {
        struct vt_status_fact fact;
        struct vt_err err = {0};
        enum vt_code read = vt_status_read_ocsp(judgement->arena, judgement->input->pool, ocsps[i],
                                                choosing->certificate, choosing->issuer,
                                                (struct vt_bytes){0}, "embedded", &fact, &err);
        code = take_result(choosing, read, &fact, &err);
    }
    return code;
}

static enum vt_code take_known(struct choosing *choosing, const struct vt_known *known)
{
    char key[65];
    const char *serial = vt_certificate_facts(choosing->certificate)->serial;
    enum vt_code code = vt_verify_sha256(vt_certificate_public_key_der(choosing->issuer), key);
    for (size_t i = 0; code == VT_OK && known != NULL && i < known->facts_count; i++) {
        const struct vt_status_fact *fact = &known->facts[i];
        if (strcmp(fact->issuer_key_sha256, key) == 0 && fact->serial != NULL && serial != NULL &&
            strcmp(fact->serial, serial) == 0)
            code = take_result(choosing, VT_OK, fact, NULL);
    }
    return code;
}

static enum vt_code take_all(struct choosing *choosing)
{
    const struct vt_trust_input *input = choosing->judgement->input;
    const struct vt_verified *verified = input->verified;
    const struct vt_validation_data *data = input->validation_data;
    enum vt_code code = take_ocsps(choosing, verified->ocsps, verified->ocsps_count);
    if (code == VT_OK)
        code = take_crls(choosing, verified->crls, verified->crls_count, "embedded");
    if (code == VT_OK && data != NULL)
        code = take_ocsps(choosing, data->ocsps, data->ocsps_count);
    if (code == VT_OK && data != NULL)
        code = take_crls(choosing, data->crls, data->crls_count, "embedded");
    if (code == VT_OK)
        code = take_crls(choosing, input->given_crls, input->given_crls_count, "given");
    if (code == VT_OK)
        code = take_known(choosing, input->known);
    return code;
}

enum vt_code vt_revocation_choose(struct vt_judgement *judgement, const struct vt_path *path,
                                  size_t index, int64_t at_utc_secs, struct vt_status_choice *out)
{
    struct choosing choosing = {.judgement = judgement,
                                .certificate = path->items[index],
                                .issuer = path->items[index + 1],
                                .at_utc_secs = at_utc_secs,
                                .youngest_good_utc_secs = VT_TIME_NONE};
    *out = (struct vt_status_choice){0};
    enum vt_code code = take_all(&choosing);
    if (code != VT_OK)
        return code;
    if (choosing.has_revoked) {
        out->fact = choosing.revoked;
    } else if (choosing.has_suspended &&
               choosing.suspended.this_update_utc_secs >= choosing.youngest_good_utc_secs) {
        /* A hold that a younger statement no longer has was lifted. */
        out->fact = choosing.suspended;
    } else if (choosing.has_good) {
        out->fact = choosing.good;
    } else {
        out->fact = choosing.other;
    }
    out->value = out->fact.value;
    return VT_OK;
}
