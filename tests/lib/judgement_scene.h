/* SPDX-License-Identifier: Apache-2.0
 * One row made real: certificates, CRLs, OCSP responses, time stamp tokens and the CMS, judged by
 * vt_trust_judge as it judges those of a mail. */
#ifndef VANTHU_TESTS_JUDGEMENT_SCENE_H
#define VANTHU_TESTS_JUDGEMENT_SCENE_H

#include <time.h>

#include "judgement.h"
#include "status/crl_list.h"

/* ---- one row made real ---- */

struct scene {
    const struct row *row;
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    struct tc_entity subjects[SUBJECTS];
    struct tc_entity issuers[SUBJECTS];
    struct vt_bytes given[4];
    size_t given_count;
    struct vt_validation_data embedded;
    struct vt_status_fact facts[16];
    const struct vt_crl_list *lists[4];
    struct vt_crl_list *opened[8];
    size_t opened_count;
    struct vt_known known;
    struct vt_status_cache *cache;
};

static void into_pool(struct scene *scene, struct tc_entity *entity)
{
    assert_int_equal(vt_certificate_add(scene->pool, entity->der, &entity->certificate, NULL),
                     VT_OK);
}

static struct tc_entity make_subject(struct scene *scene, const char *name,
                                     const struct tc_entity *issuer, EVP_PKEY *key,
                                     const struct period *valid, const char *const extension[2])
{
    struct tc_options options = {.name = name,
                                 .issuer = issuer,
                                 .key = key,
                                 .from_utc_secs = TC_NOW + valid->from,
                                 .to_utc_secs = TC_NOW + valid->to,
                                 .extensions = {{extension[0], extension[1]}}};
    if (scene->row->signer == WITH_SHA1_CERTIFICATE && key == w.signer_key)
        options.digest = EVP_sha1();
    return tc_make(scene->arena, scene->pool, &options);
}

static const struct tc_entity *issuer_of_signer(const struct scene *scene)
{
    switch (scene->row->signer) {
    case OF_PUBLIC:
        return &w.public_ca;
    case OF_CROSS:
        return &w.cross_official;
    case OF_TWIN:
        return &w.twin;
    case OF_G2:
        return &w.ca_g2;
    case OF_MISSING:
        return &w.missing_ca;
    case OF_STRANGER:
        return &w.stranger_root;
    case OF_IMITATION:
        return &w.imitation;
    case SELF_SIGNED:
        return NULL;
    default:
        return &scene->subjects[CA];
    }
}

static void make_signer(struct scene *scene)
{
    static const char *const usage[] = {"keyUsage", "critical,digitalSignature,nonRepudiation"};
    const struct row *row = scene->row;
    struct period valid = {row->valid.from ? row->valid.from : D(-1095),
                           row->valid.to ? row->valid.to : D(730)};
    scene->subjects[CA] = w.ca;
    if (row->ca_valid.to != 0)
        scene->subjects[CA] = make_ca("CA cũ", &w.root, w.old_ca_key, scene->arena, &row->ca_valid);
    const struct tc_entity *issuer = issuer_of_signer(scene);
    scene->subjects[SIGNER] =
        make_subject(scene, "SỞ NỘI VỤ", issuer,
                     row->signer == WITH_RSA_1024 ? w.rsa_1024 : w.signer_key, &valid, usage);
    scene->subjects[CA] = issuer != NULL ? *issuer : scene->subjects[SIGNER];
    scene->issuers[CA] = row->signer == OF_PUBLIC ? w.public_root
                         : row->signer == OF_G2   ? w.root_g2
                                                  : w.root;
}

static void make_time_stamp_authorities(struct scene *scene)
{
    static const char *const usage[] = {"extendedKeyUsage", "critical,timeStamping"};
    static const char *const not_critical[] = {"extendedKeyUsage", "timeStamping"};
    static const char *const two_uses[] = {"extendedKeyUsage",
                                           "critical,timeStamping,emailProtection"};
    const struct row *row = scene->row;
    enum tsa by = row->stamps[0].by;
    struct period valid = {row->tsa_valid.from ? row->tsa_valid.from : D(-8000),
                           row->tsa_valid.to ? row->tsa_valid.to : D(3000)};
    scene->subjects[TSA_CA] = by == STRANGE      ? w.stranger_root
                              : by == PUBLIC_TSA ? w.public_ca
                                                 : w.tsa_ca;
    scene->issuers[TSA_CA] = by == PUBLIC_TSA ? w.public_root : w.root;
    scene->subjects[TSA] = make_subject(scene, "TSA", &scene->subjects[TSA_CA], w.tsa_key, &valid,
                                        by == NOT_CRITICAL ? not_critical
                                        : by == TWO_USES   ? two_uses
                                                           : usage);
    scene->subjects[LATER_TSA] = w.later_tsa;
    scene->subjects[LATER_CA] = scene->issuers[LATER_TSA] = w.later_ca;
    scene->issuers[LATER_CA] = w.root;
}

static void make_responder(struct scene *scene)
{
    enum responder by = DIRECT;
    for (size_t i = 0; i < 4; i++) {
        if (scene->row->data[i].by != DIRECT)
            by = scene->row->data[i].by;
    }
    if (by == DIRECT)
        return;
    struct tc_options options = {
        .name = "OCSP",
        .to_utc_secs = by == HAS_EXPIRED ? TC_NOW - D(30) : 0,
        .issuer = by == OF_OTHER_CA ? &w.tsa_ca : &scene->subjects[CA],
        .extensions = {{"extendedKeyUsage", by == NO_OCSP_USE ? "emailProtection" : "OCSPSigning"},
                       {by == CHECKED ? NULL : "noCheck", "ignored"}}};
    scene->subjects[RESPONDER] = tc_make(scene->arena, scene->pool, &options);
}

static void make_subjects(struct scene *scene)
{
    make_signer(scene);
    make_time_stamp_authorities(scene);
    make_responder(scene);
    scene->issuers[SIGNER] = scene->subjects[CA];
    scene->issuers[RESPONDER] = scene->subjects[CA];
    scene->subjects[NAMESAKE] = w.ca;
    scene->issuers[NAMESAKE] = w.root;
    scene->subjects[CROSS_PUBLIC] = w.cross_public;
    scene->issuers[CROSS_PUBLIC] = w.public_root;
    scene->issuers[TSA] = scene->subjects[TSA_CA];
    for (size_t i = 0; i < SUBJECTS; i++) {
        if (scene->subjects[i].x509 != NULL) {
            into_pool(scene, &scene->subjects[i]);
            into_pool(scene, &scene->issuers[i]);
        }
    }
}

/* ---- revocation data ---- */

static int reason_number(const struct data *data)
{
    static const int numbers[] = {[KEY_COMPROMISE] = CRL_REASON_KEY_COMPROMISE,
                                  [NO_REASON] = -1,
                                  [UNSPECIFIED] = CRL_REASON_UNSPECIFIED,
                                  [CA_COMPROMISE] = CRL_REASON_CA_COMPROMISE,
                                  [AFFILIATION_CHANGED] = CRL_REASON_AFFILIATION_CHANGED,
                                  [SUPERSEDED] = CRL_REASON_SUPERSEDED,
                                  [CESSATION] = CRL_REASON_CESSATION_OF_OPERATION};
    return data->says == HOLD      ? CRL_REASON_CERTIFICATE_HOLD
           : data->says == REMOVED ? CRL_REASON_REMOVE_FROM_CRL
                                   : numbers[data->reason];
}

static struct vt_bytes make_crl(const struct scene *scene, const struct data *data)
{
    struct tc_entity issuer = scene->issuers[data->of];
    struct tc_crl_options options = {
        .this_update_utc_secs = TC_NOW + (data->this_update ? data->this_update : H(-1)),
        .next_update_utc_secs = TC_NOW + (data->next_update ? data->next_update : D(1)),
        .expired_certs_utc_secs = data->keeps_expired ? TC_NOW + data->keeps_expired : 0,
        .bad_signature = data->flaw == BROKEN_SIGNATURE,
        .extensions = {{"2.5.29.20", data->kind == DELTA ? "DER:020102" : "DER:020101"}}};
    if (data->says != GOOD)
        options.entries[0] = (struct tc_entry){.certificate = &scene->subjects[data->of],
                                               .revoked_at_utc_secs = TC_NOW + data->since,
                                               .reason = reason_number(data)};
    if (data->invalid_since != 0)
        options.invalid_since_utc_secs[0] = TC_NOW + data->invalid_since;
    if (data->flaw == WRONG_KEY)
        issuer.key = w.stranger_root.key;
    if (data->flaw == OF_NAMESAKE) /* the other one of the two CAs that are called the same */
        issuer.key = w.ca.key;
    if (data->kind == DELTA) {
        options.extensions[1][0] = "2.5.29.27"; /* deltaCRLIndicator: base 1 */
        options.extensions[1][1] = "critical,DER:020101";
    } else if (data->extension[0] != NULL) {
        options.extensions[1][0] = data->extension[0];
        options.extensions[1][1] = data->extension[1];
    }
    return tc_crl(scene->arena, &issuer, &options);
}

static struct vt_bytes make_ocsp(const struct scene *scene, const struct data *data)
{
    struct tc_entity issuer = scene->issuers[data->of];
    struct tc_ocsp_options options = {
        .responder = data->by == DIRECT ? NULL : &scene->subjects[RESPONDER],
        .value = data->says == GOOD      ? V_OCSP_CERTSTATUS_GOOD
                 : data->says == UNKNOWN ? V_OCSP_CERTSTATUS_UNKNOWN
                                         : V_OCSP_CERTSTATUS_REVOKED,
        .reason = reason_number(data),
        .revoked_at_utc_secs = TC_NOW + data->since,
        .this_update_utc_secs = TC_NOW + (data->this_update ? data->this_update : H(-1)),
        .next_update_utc_secs = data->next_update == NOT_STATED
                                    ? -1
                                    : TC_NOW + (data->next_update ? data->next_update : D(1)),
        .archive_cutoff_utc_secs = data->keeps_expired ? TC_NOW + data->keeps_expired : 0,
        .bad_signature = data->flaw == BROKEN_SIGNATURE};
    struct tc_entity imposter = issuer;
    imposter.key = w.stranger_root.key;
    if (data->flaw == WRONG_KEY) {
        options.responder = &imposter;
        options.flags = OCSP_NOCERTS;
        imposter.x509 = X509_dup(issuer.x509);
        TC_CHECK(vt_arena_own(scene->arena, imposter.x509, tc_free_x509) == VT_OK);
        TC_CHECK(X509_set_pubkey(imposter.x509, imposter.key) == 1);
    }
    return tc_ocsp(scene->arena, &scene->subjects[data->of], &issuer, &options);
}

/* What the status role says of a subject, as of an hour ago. */
static struct vt_status_fact make_fact(const struct scene *scene, enum subject subject,
                                       enum vt_status_value value)
{
    struct vt_status_fact fact = {
        .serial = vt_certificate_facts(scene->subjects[subject].certificate)->serial,
        .value = value,
        .source = "ocsp",
        .from = VT_ORIGIN_FETCHED,
        .origin = "http://status.example/",
        .this_update_utc_secs = value == VT_STATUS_GOOD ? TC_NOW + H(-1) : VT_TIME_NONE,
        .next_update_utc_secs = value == VT_STATUS_GOOD ? TC_NOW + D(1) : VT_TIME_NONE,
        .revoked_at_utc_secs = VT_TIME_NONE,
        .invalid_since_utc_secs = VT_TIME_NONE,
        .produced_at_utc_secs = VT_TIME_NONE,
        .keeps_expired_since_utc_secs = VT_TIME_NONE};
    struct vt_bytes key = vt_certificate_public_key_der(scene->issuers[subject].certificate);
    assert_int_equal(vt_verify_sha256(key, fact.issuer_key_sha256), VT_OK);
    return fact;
}

/* The status role fetched a CRL: a fact, or the list where a fact would not say all. */
static enum vt_code fetch_crl(struct scene *scene, const struct data *data, struct vt_bytes der,
                              struct vt_status_fact *out)
{
    struct vt_crl_list *list = NULL;
    const struct vt_certificate *issuer = scene->issuers[data->of].certificate;
    int fd = -1;
    enum vt_code code = vt_crl_list_seal(der, issuer, "http://status.example/", TC_NOW, &fd, NULL);
    if (code != VT_OK)
        return code;
    assert_int_equal(vt_crl_list_open(fd, &list, NULL), VT_OK);
    assert_int_equal(close(fd), 0);
    scene->opened[scene->opened_count++] = list;
    code = vt_crl_list_fact(scene->arena, list, scene->subjects[data->of].certificate, issuer, out,
                            NULL);
    if (code == VT_E_UNSUPPORTED)
        scene->lists[scene->known.lists_count++] = list;
    return code;
}

/* What is not authentic never becomes a fact. */
static void add_fetched(struct scene *scene, const struct data *data, struct vt_bytes der)
{
    struct vt_status_fact fact = make_fact(scene, data->of, VT_STATUS_UNREACHABLE);
    enum vt_code code = VT_OK;
    fact.source_down = data->kind == HOST_DOWN;
    if (data->kind == OCSP)
        code = vt_status_read_ocsp(
            scene->arena, scene->pool, der, scene->subjects[data->of].certificate,
            scene->issuers[data->of].certificate, (struct vt_bytes){0}, fact.origin, &fact, NULL);
    else if (data->kind == CRL || data->kind == DELTA)
        code = fetch_crl(scene, data, der, &fact);
    if (code != VT_OK)
        return;
    fact.from = VT_ORIGIN_FETCHED;
    scene->facts[scene->known.facts_count++] = fact;
}

static void add_data(struct scene *scene, const struct data *data)
{
    struct vt_bytes der = data->kind == OCSP                         ? make_ocsp(scene, data)
                          : data->kind == CRL || data->kind == DELTA ? make_crl(scene, data)
                                                                     : (struct vt_bytes){0};
    if (data->from == FETCHED)
        add_fetched(scene, data, der);
    else if (data->from == GIVEN)
        scene->given[scene->given_count++] = der;
    else if (data->kind == OCSP)
        scene->embedded.ocsps[scene->embedded.ocsps_count++] = der;
    else
        scene->embedded.crls[scene->embedded.crls_count++] = der;
}

static bool is_told_of(const struct row *row, enum subject subject)
{
    for (size_t i = 0; i < 4 && row->data[i].from != NOWHERE; i++) {
        if (row->data[i].of == subject)
            return true;
    }
    return (row->unknown & BIT(subject)) != 0 || subject == RESPONDER ||
           (subject == NAMESAKE && row->signer != OF_TWIN) ||
           (subject == CROSS_PUBLIC && row->signer != OF_CROSS);
}

static void make_status(struct scene *scene)
{
    const struct row *row = scene->row;
    for (size_t i = 0; i < 4 && row->data[i].from != NOWHERE; i++)
        add_data(scene, &row->data[i]);
    for (int subject = CA; subject < SUBJECTS; subject++) {
        if (!is_told_of(row, (enum subject)subject))
            scene->facts[scene->known.facts_count++] =
                make_fact(scene, (enum subject)subject, VT_STATUS_GOOD);
    }
    if (row->revoked != 0 || !is_told_of(row, SIGNER))
        add_data(scene, &(struct data){FETCHED, CRL, SIGNER, .says = row->revoked ? REVOKED : GOOD,
                                       .since = row->revoked, .reason = row->reason,
                                       .invalid_since = row->invalid_since});
    if (row->also.from != NOWHERE)
        add_data(scene, &row->also);
    scene->known.facts = scene->facts;
    scene->known.lists = scene->lists;
}

/* ---- signature and time stamps ---- */

#define CONTENT VT_BYTES("Công văn số 12.")
#define LATER_REVISION VT_BYTES("Công văn số 12, with what was added.")

static struct vt_bytes asn1_time(struct vt_arena *arena, int64_t relative, bool generalized)
{
    char text[32];
    time_t time = (time_t)(TC_NOW + relative);
    struct tm parts;
    TC_CHECK(gmtime_r(&time, &parts) != NULL);
    (void)strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &parts);
    const char *copy = vt_arena_dup(arena, text, strlen(text) + 1);
    return vt_bytes_str(generalized ? copy : copy + 2); /* UTCTime: without the century */
}

static struct vt_bytes make_token(struct scene *scene, const struct stamp *stamp,
                                  struct vt_bytes bytes)
{
    const struct tc_entity *tsa = &scene->subjects[stamp->by == LATER           ? LATER_TSA
                                                   : stamp->by == SIGNER_AS_TSA ? SIGNER
                                                                                : TSA];
    struct tcms_stamp options = {
        .tsa = tsa,
        .stamped = stamp->flaw == WRONG_IMPRINT ? VT_BYTES("something else") : bytes,
        .time = (const char *)asn1_time(scene->arena, stamp->when, true).ptr,
        .by_wrong_key = stamp->flaw == BROKEN_TOKEN,
        .key_of = &w.stranger_root,
        .ess = stamp->flaw == NOT_BOUND ? TCMS_ESS_NONE : TCMS_ESS_V2};
    return tcms_token(scene->arena, &options);
}

/* All attributes with the stamps of one kind. */
static struct vt_bytes stamp_attributes(struct scene *scene, enum stamp_kind kind,
                                        struct vt_bytes bytes)
{
    struct vt_bytes attributes[3];
    size_t count = 0, len = 0;
    for (size_t i = 0; i < 3; i++) {
        const struct stamp *stamp = &scene->row->stamps[i];
        if (stamp->kind == kind)
            attributes[count++] = tcms_attribute(scene->arena,
                                                 kind == ON_SIGNATURE ? VT_OID_TIME_STAMP_TOKEN
                                                                      : VT_OID_CONTENT_TIME_STAMP,
                                                 make_token(scene, stamp, bytes));
    }
    uint8_t *joined = vt_arena_alloc(scene->arena, 16384);
    for (size_t i = 0; i < count; i++) {
        TC_CHECK(len + attributes[i].len <= 16384);
        memcpy(joined + len, attributes[i].ptr, attributes[i].len);
        len += attributes[i].len;
    }
    return vt_bytes_of(joined, len);
}

static struct vt_bytes stamp_signature(struct vt_arena *arena, void *context, struct vt_bytes value)
{
    (void)arena;
    return stamp_attributes(context, ON_SIGNATURE, value);
}

static struct vt_bytes make_cms(struct scene *scene)
{
    const struct row *row = scene->row;
    struct tcms_options options = {.signer = &scene->subjects[SIGNER],
                                   .carry_signer = true,
                                   .content = CONTENT,
                                   .more_attributes = stamp_attributes(scene, ON_CONTENT, CONTENT),
                                   .unsigned_of = stamp_signature,
                                   .unsigned_context = scene};
    if (row->signer == OF_CROSS) {
        options.carried[0] = &w.cross_public;
        options.carried[1] = &w.cross_official;
    } else if (row->signer == OF_STRANGER || row->signer == OF_IMITATION || row->ca_valid.to != 0) {
        options.carried[0] = &scene->subjects[CA];
    }
    if (row->claimed != 0)
        options.signing_time = TD(scene->arena, 0x17, asn1_time(scene->arena, row->claimed, false));
    if (row->sha1) {
        options.digest_oid = TD_SHA1;
        options.digest = EVP_sha1();
        options.signature_digest = EVP_sha1();
        options.signature_oid = VT_BYTES("\x2a\x86\x48\xce\x3d\x04\x01"); /* ecdsa-with-SHA1 */
    }
    return tcms_make(scene->arena, &options);
}

static const struct vt_verified *verify(struct scene *scene, struct vt_signed_object *object)
{
    struct vt_verified_list *list = vt_arena_alloc(scene->arena, sizeof(*list));
    assert_int_equal(vt_verify_objects(scene->arena, scene->pool, object, 1, NULL, 0, list, NULL),
                     VT_OK);
    assert_int_equal(list->count, 1);
    return &list->items[0];
}

static struct vt_signed_object make_object(enum vt_binding binding, struct vt_bytes bytes,
                                           struct vt_bytes cms)
{
    return (struct vt_signed_object){.format = VT_SIGNATURE_PADES,
                                     .binding = binding,
                                     .ranges = {bytes},
                                     .ranges_count = 1,
                                     .cms = cms,
                                     .covers = VT_COVERS_WHOLE,
                                     .changes_after = VT_CHANGES_NONE,
                                     .claimed_time_utc_secs = VT_TIME_NONE};
}

static size_t make_document_stamps(struct scene *scene, const struct vt_verified_timestamp *out[3])
{
    size_t count = 0;
    for (size_t i = 0; i < 3; i++) {
        const struct stamp *stamp = &scene->row->stamps[i];
        if (stamp->kind != ON_DOCUMENT)
            continue;
        struct vt_signed_object object = make_object(VT_BINDING_TIMESTAMP, LATER_REVISION,
                                                     make_token(scene, stamp, LATER_REVISION));
        out[count++] = &verify(scene, &object)->timestamps[0];
    }
    return count;
}

/* ---- the judgement ---- */

static void start_scene(struct scene *scene, const struct row *row)
{
    *scene = (struct scene){.row = row, .arena = vt_arena_new(16 * 1024 * 1024)};
    scene->pool = vt_certificate_pool_new(scene->arena, vt_trust_store_pool(w.stores[row->store]));
    scene->cache = vt_status_cache_new(scene->arena);
    make_subjects(scene);
    make_status(scene);
}

static void end_scene(struct scene *scene)
{
    vt_arena_free(scene->arena);
    for (size_t i = 0; i < scene->opened_count; i++)
        vt_crl_list_close(scene->opened[i]);
}

/* *out lives until end_scene. */
static void judge_row(const struct row *row, struct scene *scene, struct vt_signature *out,
                      struct vt_wants *wants)
{
    const struct vt_verified_timestamp *documents[3];
    start_scene(scene, row);
    struct vt_signed_object object = make_object(VT_BINDING_DETACHED, CONTENT, make_cms(scene));
    if (row->claimed_in_file != 0)
        object.claimed_time_utc_secs = TC_NOW + row->claimed_in_file;
    struct vt_trust_input input = {
        .store = w.stores[row->store],
        .pool = scene->pool,
        .object = &object,
        .verified = verify(scene, &object),
        .validation_data = &scene->embedded,
        .document_timestamps = documents,
        .document_timestamps_count = make_document_stamps(scene, documents),
        .given_crls = scene->given,
        .given_crls_count = scene->given_count,
        .known = &scene->known,
        .status_cache = scene->cache,
        .first_seen_utc_secs = row->first_seen ? TC_NOW + row->first_seen : VT_TIME_NONE,
        .now_utc_secs = TC_NOW};
    *wants = (struct vt_wants){0};
    assert_int_equal(vt_trust_judge(scene->arena, &input, out, wants, NULL), VT_OK);
}

#endif
