/* SPDX-License-Identifier: Apache-2.0
 * Fuzz target: any bytes as a policy, as a file it names, as a bundle of both, as a
 * configuration and as evidence. What is accepted as a
 * policy is also evaluated. */
#include <stdint.h>
#include <stdlib.h>

#include "../../policy/bundle.h"
#include "vanthu/config.h"
#include "vanthu/site.h"

/* One mail that has a bit of everything that rules look at. */
static void evaluate(const struct vt_policy *policy)
{
    const char *recipients[] = {"a@b.vn", "c@d.vn"};
    struct vt_signature signature = {.reasons = ~UINT64_C(0) >> (64 - VT_REASON_COUNT),
                                     .sub_indication = VT_SUB_REVOKED,
                                     .signing_time_source = VT_TIME_SOURCE_TIMESTAMP,
                                     .signing_time_utc_secs = 1700000000,
                                     .claimed_time_utc_secs = VT_TIME_NONE};
    struct vt_document document = {
        .name = "a.pdf", .format = VT_FORMAT_PDF, .signatures = &signature, .signatures_count = 1};
    struct vt_evidence evidence = {.mail = {.sender = "x@gov.vn",
                                            .recipients = recipients,
                                            .recipients_count = 2,
                                            .subject = "x"},
                                   .documents = &document,
                                   .documents_count = 1};
    struct vt_policy_input input = {.evidence = &evidence,
                                    .site_mode = VT_MODE_ENFORCE,
                                    .first_deferred_utc_secs = VT_TIME_NONE,
                                    .now_utc_secs = 1800000000};
    struct vt_arena *arena = vt_arena_new(8u << 20);
    struct vt_decision *decision = NULL;
    char *text = NULL;
    size_t len = 0;
    if (arena != NULL && vt_policy_evaluate(arena, policy, &input, &decision, NULL) == VT_OK) {
        if (decision->action > decision->would_be && decision->rule == NULL)
            abort();
        if (vt_decision_to_json(decision, &text, &len, NULL) == VT_OK)
            free(text);
    }
    vt_arena_free(arena);
}

static void as_policy(struct vt_bytes text)
{
    struct vt_policy *policy = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    if (vt_policy_parse(text, "fuzz.yaml", &policy, &mistakes, NULL) == VT_OK) {
        if (mistakes.errors_count != 0)
            abort();
        evaluate(policy);
    } else if (mistakes.errors_count == 0) {
        abort(); /* refused without a word */
    }
    vt_policy_free(policy);
    vt_mistakes_clear(&mistakes);
}

/* As the file of a list, the text of a lookup table, and the keys of one. */
static void as_list(struct vt_bytes text)
{
    static const char policy_text[] =
        "lists: {a: {file: a}, b: texthash:b, c: cdb:c}\n"
        "rules:\n"
        "  - {name: a, when: {sender: {list: a}, client: {list: b}}, then: note}\n"
        "  - {name: b, when: {any: {signer: {list: c}}, not: {sender-domain: {list: b}}}, then: "
        "tag}\n";
    const struct vt_bundle_file files[] = {
        {VT_BUNDLE_POLICY, "", "fuzz.yaml", vt_bytes_str(policy_text)},
        {VT_BUNDLE_FILE, "file:a", "a", text},
        {VT_BUNDLE_FILE, "texthash:b", "b", text},
        {VT_BUNDLE_KEYS, "cdb:c", "c", text}};
    struct vt_policy *policy = NULL;
    struct vt_mistakes mistakes;
    struct vt_buf packed;
    vt_buf_init(&packed, 16u << 20);
    vt_mistakes_init(&mistakes);
    enum vt_code code = vt_bundle_begin(&packed);
    for (size_t i = 0; i < 4 && code == VT_OK; i++)
        code = vt_bundle_add(&packed, &files[i]);
    if (code == VT_OK && vt_policy_parse_bundle(vt_buf_bytes(&packed), "fuzz.yaml", &policy,
                                                &mistakes, NULL) == VT_OK)
        evaluate(policy);
    vt_policy_free(policy);
    vt_mistakes_clear(&mistakes);
    vt_buf_clear(&packed);
}

/* As a bundle that is not whole, or none. */
static void as_bundle(struct vt_bytes bytes)
{
    struct vt_policy *policy = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    if (vt_policy_parse_bundle(bytes, "fuzz.yaml", &policy, &mistakes, NULL) == VT_OK)
        evaluate(policy);
    vt_policy_free(policy);
    vt_mistakes_clear(&mistakes);
}

static void as_config(struct vt_bytes text)
{
    struct vt_config *config = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    if (vt_config_parse(text, "fuzz.yaml", &config, &mistakes, NULL) != VT_OK &&
        mistakes.errors_count == 0)
        abort();
    vt_config_free(config);
    vt_mistakes_clear(&mistakes);
}

/* What was read can be written and read again. */
static void as_evidence(struct vt_bytes text)
{
    struct vt_arena *arena = vt_arena_new(64u << 20);
    struct vt_evidence *evidence = NULL, *again = NULL;
    char *json = NULL;
    size_t len = 0;
    if (arena != NULL && vt_evidence_from_json(arena, text, &evidence, NULL) == VT_OK) {
        if (vt_evidence_to_json(evidence, 0, &json, &len, NULL) != VT_OK ||
            vt_evidence_from_json(arena, vt_bytes_of(json, len), &again, NULL) == VT_E_FORMAT ||
            vt_evidence_exit_status(evidence) > 3)
            abort();
        free(json);
    }
    vt_arena_free(arena);
}

/* A table is asked about every certificate and address that it may have. */
static void as_agencies(struct vt_bytes text)
{
    struct vt_site *site = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    enum vt_code code = vt_site_parse(text, "fuzz.yaml", &site, &mistakes, NULL);
    if (code != VT_OK && mistakes.errors_count == 0)
        abort();
    for (size_t i = 0; i < vt_site_agencies_count(site); i++) {
        const struct vt_site_agency *agency = vt_site_agency_at(site, i);
        const struct vt_certificate_facts facts = {.sha256 = "0",
                                                   .serial = "5a01",
                                                   .issuer = "CA",
                                                   .issuer_common_name = agency->name,
                                                   .organization = agency->name};
        struct vt_site_holder holder;
        if (vt_site_agency(site, agency->id) == NULL)
            abort();
        (void)vt_site_holder(site, &facts, "official", &holder);
        (void)vt_site_agency_of_address(site, "a@b.soxd.ninhbinh.gov.vn");
    }
    vt_site_free(site);
    vt_mistakes_clear(&mistakes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vt_bytes text = vt_bytes_of(data, size);
    if (size > VT_MAX_CONFIG_BYTES)
        return 0;
    as_policy(text);
    as_config(text);
    as_evidence(text);
    as_agencies(text);
    as_list(text);
    as_bundle(text);
    return 0;
}
