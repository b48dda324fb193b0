/* SPDX-License-Identifier: Apache-2.0
 * One signature judged, step by step (EN 319 102-1 5.3 to 5.6, design.md 4). It begins as passed,
 * every step may worsen it, all failures are kept; until the last step is done the caller's
 * signature says INDETERMINATE. */
#include "trust/judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#define FINDING_BYTES 512

/* ---- what the steps share ---- */

static enum vt_code add_finding(struct vt_arena *arena, const char ***findings, size_t *count,
                                const char *format, va_list arguments)
    __attribute__((__format__(printf, 4, 0)));

static enum vt_code add_finding(struct vt_arena *arena, const char ***findings, size_t *count,
                                const char *format, va_list arguments)
{
    char raw[FINDING_BYTES];
    char text[FINDING_BYTES];
    (void)vsnprintf(raw, sizeof(raw), format, arguments);
    (void)vt_text_clean(text, sizeof(text), vt_bytes_str(raw));
    for (size_t i = 0; i < *count; i++) {
        if (strcmp((*findings)[i], text) == 0)
            return VT_OK;
    }
    return vt_findings_add(arena, findings, count, "%s", text);
}

enum vt_code vt_judge_say(struct vt_arena *arena, const char ***findings, size_t *count,
                          const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    enum vt_code code = add_finding(arena, findings, count, format, arguments);
    va_end(arguments);
    return code;
}

enum vt_code vt_judge_note(struct vt_judgement *judgement, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    enum vt_code code = add_finding(judgement->arena, &judgement->out->findings,
                                    &judgement->out->findings_count, format, arguments);
    va_end(arguments);
    return code;
}

enum vt_code vt_judge_fail(struct vt_judgement *judgement, enum vt_sub_indication sub,
                           enum vt_reason reason, const char *format, ...)
{
    va_list arguments;
    vt_signature_worsen(judgement->out, sub, reason);
    va_start(arguments, format);
    enum vt_code code = add_finding(judgement->arena, &judgement->out->findings,
                                    &judgement->out->findings_count, format, arguments);
    va_end(arguments);
    return code;
}

const char *vt_judge_name(const struct vt_certificate *certificate)
{
    const struct vt_certificate_facts *facts = vt_certificate_facts(certificate);
    const char *name = facts->common_name != NULL ? facts->common_name : facts->subject;
    return name != NULL && name[0] != '\0' ? name : "certificate without a name";
}

enum vt_code vt_judge_want_status(struct vt_judgement *judgement,
                                  const struct vt_certificate *certificate,
                                  const struct vt_certificate *issuer)
{
    struct vt_wants *wants = judgement->wants;
    struct vt_bytes der = vt_certificate_der(certificate);
    for (size_t i = 0; i < wants->status_count; i++) {
        if (vt_bytes_equal(wants->status[i].certificate, der))
            return VT_OK;
    }
    struct vt_want_status *grown =
        vt_arena_grow(judgement->arena, wants->status, wants->status_count, sizeof(*wants->status));
    if (grown == NULL)
        return VT_E_NOMEM;
    wants->status = grown;
    wants->status[wants->status_count++] =
        (struct vt_want_status){.certificate = der, .issuer = vt_certificate_der(issuer)};
    return VT_OK;
}

enum vt_code vt_judge_want_newer(struct vt_judgement *judgement, const struct vt_path *path,
                                 size_t index, const struct vt_status_fact *fact)
{
    const struct vt_certificate *certificate = path->items[index];
    return fact->from == VT_ORIGIN_EMBEDDED && judgement->may_ask &&
                   vt_certificate_is_valid_at(certificate, judgement->input->now_utc_secs)
               ? vt_judge_want_status(judgement, certificate, path->items[index + 1])
               : VT_OK;
}

enum vt_code vt_judge_want_issuer(struct vt_judgement *judgement,
                                  const struct vt_certificate *certificate)
{
    struct vt_wants *wants = judgement->wants;
    struct vt_bytes der = vt_certificate_der(certificate);
    for (size_t i = 0; i < wants->issuer_of_count; i++) {
        if (vt_bytes_equal(wants->issuer_of[i], der))
            return VT_OK;
    }
    struct vt_bytes *grown = vt_arena_grow(judgement->arena, wants->issuer_of,
                                           wants->issuer_of_count, sizeof(*wants->issuer_of));
    if (grown == NULL)
        return VT_E_NOMEM;
    wants->issuer_of = grown;
    wants->issuer_of[wants->issuer_of_count++] = der;
    return VT_OK;
}

/* ---- gathering ---- */

static enum vt_code add_other(struct vt_judgement *judgement,
                              const struct vt_certificate *certificate)
{
    enum vt_code code = vt_certificate_list_add(judgement->arena, &judgement->others, certificate);
    return code == VT_E_LIMIT ? VT_OK : code;
}

static enum vt_code add_others(struct vt_judgement *judgement,
                               const struct vt_certificate *const *items, size_t count)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < count; i++)
        code = add_other(judgement, items[i]);
    return code;
}

/* Certificates as bytes; one that cannot be read is no link of any path. */
static enum vt_code add_ders(struct vt_judgement *judgement, const struct vt_bytes *ders,
                             size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct vt_certificate *certificate = NULL;
        enum vt_code code = vt_certificate_add(judgement->input->pool, ders[i], &certificate, NULL);
        if (code == VT_OK)
            code = add_other(judgement, certificate);
        if (code == VT_E_NOMEM || code == VT_E_INTERNAL)
            return code;
    }
    return VT_OK;
}

static enum vt_code gather(struct vt_judgement *judgement)
{
    const struct vt_trust_input *input = judgement->input;
    const struct vt_verified *verified = input->verified;
    const struct vt_validation_data *data = input->validation_data;
    enum vt_code code = add_others(judgement, verified->carried, verified->carried_count);
    for (size_t i = 0; code == VT_OK && i < verified->timestamps_count; i++)
        code = add_others(judgement, verified->timestamps[i].carried,
                          verified->timestamps[i].carried_count);
    for (size_t i = 0; code == VT_OK && i < input->document_timestamps_count; i++)
        code = add_others(judgement, input->document_timestamps[i]->carried,
                          input->document_timestamps[i]->carried_count);
    if (code == VT_OK && data != NULL)
        code = add_ders(judgement, data->certificates, data->certificates_count);
    if (code == VT_OK && input->known != NULL)
        code = add_ders(judgement, input->known->issuers, input->known->issuers_count);
    judgement->cache =
        input->status_cache ? input->status_cache : vt_status_cache_new(judgement->arena);
    return code == VT_OK && judgement->cache == NULL ? VT_E_NOMEM : code;
}

/* ---- the verdict ---- */

static void fill_document_fields(const struct vt_trust_input *input, struct vt_signature *out)
{
    const struct vt_signed_object *object = input->object;
    const struct vt_verified *verified = input->verified;
    bool cades = object->format == VT_SIGNATURE_CMS && verified->ess_bound;
    out->format = cades ? VT_SIGNATURE_CADES : object->format;
    out->field = object->field;
    out->sub_filter = object->sub_filter;
    out->hints = object->hints;
    out->revision = object->revision;
    out->covers = object->covers;
    out->changes_after = object->changes_after;
    out->digest_algorithm = verified->digest_algorithm;
    out->signature_algorithm = verified->signature_algorithm;
    out->signing_time_utc_secs = VT_TIME_NONE;
    out->claimed_time_utc_secs = VT_TIME_NONE;
    out->judged_at_utc_secs = input->now_utc_secs;
    if (verified->signer != NULL)
        out->signer = *vt_certificate_facts(verified->signer);
}

/* Anybody can write a token with any time: one that does not count is a claim. */
static void take_time_of_stamp(struct vt_signature *out, const struct vt_timestamp_facts *facts)
{
    out->signing_time_utc_secs = facts->time_utc_secs;
    if (facts->time_utc_secs == VT_TIME_NONE)
        return;
    out->signing_time_source = VT_TIME_SOURCE_TIMESTAMP;
    if (facts->indication == VT_TOTAL_PASSED)
        return;
    out->signing_time_source = VT_TIME_SOURCE_CLAIMED;
    out->claimed_time_utc_secs = facts->time_utc_secs;
}

/* A document time stamp is a token over the file; later ones may prove when it existed. */
static enum vt_code judge_document_timestamp(struct vt_judgement *judgement)
{
    struct vt_tokens tokens;
    struct vt_signature *out = judgement->out;
    if (judgement->input->verified->timestamps_count == 0)
        return vt_judge_fail(judgement, VT_SUB_FORMAT_FAILURE, VT_REASON_MALFORMED,
                             "The document time stamp is no time stamp token (RFC 3161 2.4.2).");
    enum vt_code code = vt_judge_tokens(judgement, &tokens);
    if (code != VT_OK)
        return code;
    const struct vt_timestamp_facts *facts = &tokens.facts[0];
    out->timestamps = tokens.facts;
    out->timestamps_count = 1;
    out->reasons |= facts->reasons;
    vt_signature_worsen(out, facts->sub_indication, VT_REASON_COUNT);
    judgement->times.best_utc_secs = facts->judged_at_utc_secs;
    take_time_of_stamp(out, facts);
    out->judged_at_utc_secs = facts->judged_at_utc_secs;
    out->trust_set = facts->trust_set;
    out->path = facts->path;
    out->path_count = facts->path_count;
    out->statuses = facts->statuses;
    out->statuses_count = facts->statuses_count;
    for (size_t i = 0; code == VT_OK && i < facts->findings_count; i++)
        code = vt_judge_note(judgement, "%s", facts->findings[i]);
    return code;
}

/* Whether the bytes are intact does not depend on the time; all else does, and a wrong clock would
 * make good certificates look expired, or not yet valid. */
static enum vt_code judge_without_clock(struct vt_judgement *judgement)
{
    char now[VT_TIME_TEXT_BYTES];
    return vt_judge_fail(judgement, VT_SUB_TRY_LATER, VT_REASON_NOT_CHECKED,
                         "The clock of this machine says %s, before this program was released: "
                         "nothing is judged until it is set right (NTP).",
                         vt_time_rfc3339(now, judgement->input->now_utc_secs));
}

static enum vt_code judge_signer(struct vt_judgement *judgement)
{
    bool signer_good = false;
    enum vt_code code = vt_judge_times(judgement);
    if (judgement->input->verified->signer == NULL) {
        vt_signature_worsen(judgement->out, VT_SUB_NO_SIGNING_CERTIFICATE_FOUND, VT_REASON_COUNT);
        return code;
    }
    if (code == VT_OK)
        code = vt_judge_path(judgement);
    if (code == VT_OK)
        code = vt_judge_statuses(judgement, &signer_good);
    if (code == VT_OK)
        code = vt_judge_periods(judgement, signer_good);
    if (code == VT_OK)
        code = vt_judge_scope(judgement);
    if (code == VT_OK)
        code = vt_judge_algorithms(judgement);
    judgement->out->level = vt_judge_level(judgement);
    return code;
}

enum vt_code vt_trust_judge(struct vt_arena *arena, const struct vt_trust_input *input,
                            struct vt_signature *out, struct vt_wants *wants, struct vt_err *err)
{
    struct vt_signature verdict = {.indication = VT_TOTAL_PASSED};
    struct vt_judgement judgement = {
        .arena = arena, .input = input, .wants = wants, .out = &verdict, .may_ask = true};
    *out = (struct vt_signature){0};
    fill_document_fields(input, &verdict);
    enum vt_code code = gather(&judgement);
    if (code == VT_OK)
        code = vt_judge_integrity(&judgement);
    if (code == VT_OK && input->clock_is_wrong)
        code = judge_without_clock(&judgement);
    else if (code == VT_OK)
        code = input->object->binding == VT_BINDING_TIMESTAMP ? judge_document_timestamp(&judgement)
                                                              : judge_signer(&judgement);
    ERR_clear_error();
    if (code != VT_OK)
        return vt_err_set(err, code, "a signature cannot be judged: %s", vt_code_name(code));
    *out = verdict;
    return VT_OK;
}
