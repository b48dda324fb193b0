/* SPDX-License-Identifier: Apache-2.0
 * What the tests of the judgement share: a PKI, a store, and one judgement from a case that names
 * what is proven, claimed and known. */
#ifndef VANTHU_TESTS_TRUST_CASES_H
#define VANTHU_TESTS_TRUST_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "certificates.h"
#include "vanthu/trust.h"

#define R(reason) VT_REASON_BIT(VT_REASON_##reason)
#define HOUR INT64_C(3600)

static struct fixture {
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    struct vt_trust_store *store, *empty_store, *unconfirmed_store;
    char folder[64];
    struct tc_entity root, ca, public_root, public_ca, root_sha1;
    struct tc_entity ca_twin, ca_not_here, ca_old;
    struct tc_entity leaf, public_leaf, expired, future, leaf_of_twin, leaf_not_here, leaf_of_old;
    struct tc_entity encrypt_only, encrypt_noncritical, leaf_sha1, leaf_rsa1024;
    struct tc_entity tsa, tsa_not_critical, tsa_two_uses, tsa_expired, tsa_public, tsa_strange;
    struct tc_entity self_made, stranger_root, stranger, fake_root, fake, forged, direct;
    struct tc_entity no_ca, leaf_of_no_ca, constrained_ca, outside_constraint, no_sign_ca,
        leaf_of_no_sign;
} f;

/* ---- making ---- */

static void write_file(const char *name, struct vt_bytes der)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", f.folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(der.ptr, 1, der.len, file), der.len);
    assert_int_equal(fclose(file), 0);
}

static void make_folder(const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", f.folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static struct tc_entity make(const char *name, const struct tc_entity *issuer, int64_t from,
                             int64_t to, const char *const extensions[][2])
{
    struct tc_options options = {
        .name = name, .issuer = issuer, .from_utc_secs = from, .to_utc_secs = to};
    for (size_t i = 0; extensions != NULL && extensions[i][0] != NULL; i++) {
        options.extensions[i][0] = extensions[i][0];
        options.extensions[i][1] = extensions[i][1];
    }
    return tc_make(f.arena, f.pool, &options);
}

static struct tc_entity make_tsa(const char *name, const struct tc_entity *issuer,
                                 const char *usage, int64_t to)
{
    const char *const extensions[][2] = {{"extendedKeyUsage", usage}, {NULL, NULL}};
    return make(name, issuer, 0, to, extensions);
}

static void make_authorities(void)
{
    f.root = tc_ca(f.arena, f.pool, "RootCA thử nghiệm", NULL);
    f.ca = tc_ca(f.arena, f.pool, "CA cơ quan Nhà nước", &f.root);
    f.public_root = tc_ca(f.arena, f.pool, "Public root", NULL);
    f.public_ca = tc_ca(f.arena, f.pool, "Public CA", &f.public_root);
    /* A second CA of the same name with another key, in the store before the first. */
    f.ca_twin = tc_ca(f.arena, f.pool, "CA cơ quan Nhà nước", &f.root);
    f.ca_not_here = tc_ca(f.arena, f.pool, "CA Bộ", &f.root);
    f.stranger_root = tc_ca(f.arena, f.pool, "CA lạ", NULL);
    f.fake_root = tc_ca(f.arena, f.pool, "ROOTCA THU NGHIEM", NULL);
    static const char *const old[][2] = {{"basicConstraints", "critical,CA:TRUE"}, {NULL, NULL}};
    f.ca_old = make("CA cũ", &f.root, 0, TC_NOW - 30 * TC_DAY, old);
    static const char *const none[][2] = {{"basicConstraints", "critical,CA:FALSE"}, {NULL, NULL}};
    f.no_ca = make("không phải CA", &f.ca, 0, 0, none);
    static const char *const constrained[][2] = {
        {"basicConstraints", "critical,CA:TRUE"},
        {"nameConstraints", "critical,permitted;email:ninhbinh.gov.vn"},
        {NULL, NULL}};
    f.constrained_ca = make("CA giới hạn", &f.root, 0, 0, constrained);
    static const char *const no_sign[][2] = {
        {"basicConstraints", "critical,CA:TRUE"}, {"keyUsage", "critical,cRLSign"}, {NULL, NULL}};
    f.no_sign_ca = make("CA không ký", &f.root, 0, 0, no_sign);
}

static void make_signers(void)
{
    static const char *const encrypt[][2] = {{"keyUsage", "critical,keyEncipherment"},
                                             {NULL, NULL}};
    static const char *const encrypt_loose[][2] = {{"keyUsage", "keyEncipherment"}, {NULL, NULL}};
    static const char *const address[][2] = {{"subjectAltName", "email:a@hanoi.gov.vn"},
                                             {NULL, NULL}};
    f.leaf = tc_leaf(f.arena, f.pool, "SỞ NỘI VỤ", &f.ca);
    f.public_leaf = tc_leaf(f.arena, f.pool, "CÔNG TY", &f.public_ca);
    f.expired = make("SỞ TÀI CHÍNH", &f.ca, 0, TC_NOW - 30 * TC_DAY, NULL);
    f.future = make("SỞ NGOẠI VỤ", &f.ca, TC_NOW + 30 * TC_DAY, 0, NULL);
    f.leaf_of_twin = tc_leaf(f.arena, f.pool, "SỞ Y TẾ", &f.ca_twin);
    f.leaf_not_here = tc_leaf(f.arena, f.pool, "KHO BẠC", &f.ca_not_here);
    f.leaf_of_old = tc_leaf(f.arena, f.pool, "BAN DÂN TỘC", &f.ca_old);
    f.encrypt_only = make("SỞ MÃ HÓA", &f.ca, 0, 0, encrypt);
    f.encrypt_noncritical = make("SỞ MÃ HÓA 2", &f.ca, 0, 0, encrypt_loose);
    f.self_made = tc_leaf(f.arena, f.pool, "SỞ NỘI VỤ", NULL);
    f.stranger = tc_leaf(f.arena, f.pool, "NGƯỜI LẠ", &f.stranger_root);
    f.fake = tc_leaf(f.arena, f.pool, "SỞ NỘI VỤ", &f.fake_root);
    f.direct = tc_leaf(f.arena, f.pool, "TRỰC TIẾP", &f.stranger_root);
    f.leaf_of_no_ca = tc_leaf(f.arena, f.pool, "CON CỦA LÁ", &f.no_ca);
    f.outside_constraint = make("NGOÀI PHẠM VI", &f.constrained_ca, 0, 0, address);
    f.leaf_of_no_sign = tc_leaf(f.arena, f.pool, "CON", &f.no_sign_ca);
    /* Says that it was issued by the real CA's key, but another key signed it. */
    struct tc_entity liar = f.ca;
    liar.key = f.fake_root.key;
    f.forged = tc_leaf(f.arena, f.pool, "GIẢ MẠO", &liar);
}

static void make_weak_signers(void)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    EVP_PKEY *small = EVP_RSA_gen(1024);
    assert_int_equal(vt_arena_own(f.arena, key, tc_free_key), VT_OK);
    assert_int_equal(vt_arena_own(f.arena, small, tc_free_key), VT_OK);
    struct tc_options sha1 = {.name = "KÝ SHA-1", .issuer = &f.ca, .digest = EVP_sha1()};
    f.leaf_sha1 = tc_make(f.arena, f.pool, &sha1);
    struct tc_options rsa1024 = {.name = "KHÓA NGẮN", .issuer = &f.ca, .key = small};
    f.leaf_rsa1024 = tc_make(f.arena, f.pool, &rsa1024);
}

static void make_time_stamp_authorities(void)
{
    f.tsa = make_tsa("TSA", &f.ca, "critical,timeStamping", 0);
    f.tsa_not_critical = make_tsa("TSA 2", &f.ca, "timeStamping", 0);
    f.tsa_two_uses = make_tsa("TSA 3", &f.ca, "critical,timeStamping,emailProtection", 0);
    f.tsa_expired = make_tsa("TSA 4", &f.ca, "critical,timeStamping", TC_NOW - 200 * TC_DAY);
    f.tsa_public = make_tsa("TSA 6", &f.public_ca, "critical,timeStamping", 0);
    f.tsa_strange = make_tsa("TSA 5", &f.stranger_root, "critical,timeStamping", 0);
}

static struct vt_trust_store *load(bool confirmed)
{
    char anchors[128], intermediates[128], public_anchors[128];
    struct vt_trust_store *store = NULL;
    struct vt_err err = {0};
    (void)snprintf(anchors, sizeof(anchors), "%s/official", f.folder);
    (void)snprintf(intermediates, sizeof(intermediates), "%s/between", f.folder);
    (void)snprintf(public_anchors, sizeof(public_anchors), "%s/public.crt", f.folder);
    const char *fingerprints[] = {vt_certificate_sha256(f.root.certificate),
                                  vt_certificate_sha256(f.direct.certificate)};
    struct vt_trust_source sources[] = {
        {.set = VT_TRUST_OFFICIAL,
         .anchors = anchors,
         .intermediates = intermediates,
         .confirmed = fingerprints,
         .confirmed_count = confirmed ? 2 : 0},
        {.set = VT_TRUST_PUBLIC, .anchors = public_anchors, .confirmed_all = true}};
    if (vt_trust_store_load(sources, 2, &store, &err) != VT_OK)
        fail_msg("%s", err.text);
    return store;
}

static TC_UNUSED int setup(void **state)
{
    (void)state;
    f.arena = vt_arena_new(64 * 1024 * 1024);
    f.pool = vt_certificate_pool_new(f.arena, NULL);
    make_authorities();
    make_signers();
    make_weak_signers();
    make_time_stamp_authorities();
    (void)snprintf(f.folder, sizeof(f.folder), "/tmp/test_trust.XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    make_folder("official");
    make_folder("between");
    write_file("official/root.crt", f.root.der);
    write_file("official/direct.der", f.direct.der);
    write_file("between/0twin.crt", f.ca_twin.der);
    write_file("between/ca.crt", f.ca.der);
    write_file("between/public.crt", f.public_ca.der);
    write_file("between/old.crt", f.ca_old.der);
    write_file("between/constrained.crt", f.constrained_ca.der);
    write_file("between/nosign.crt", f.no_sign_ca.der);
    write_file("public.crt", f.public_root.der);
    f.store = load(true);
    f.unconfirmed_store = load(false);
    assert_int_equal(vt_trust_store_load(NULL, 0, &f.empty_store, NULL), VT_OK);
    return 0;
}

static TC_UNUSED int teardown(void **state)
{
    (void)state;
    tc_remove_folder(f.folder);
    vt_trust_store_free(f.store);
    vt_trust_store_free(f.unconfirmed_store);
    vt_trust_store_free(f.empty_store);
    vt_arena_free(f.arena);
    return 0;
}

/* ---- one judgement ---- */

/* Times are relative to TC_NOW; 0 means that there is none. */
struct judge_case {
    const char *name;
    const struct tc_entity *signer; /* NULL: leaf */
    const struct tc_entity *carried[3];
    const struct tc_entity *tsa; /* of the signature time stamp; NULL: tsa */
    int64_t stamped, document_stamped, content_stamped, claimed, first_seen;
    int64_t revoked, ca_revoked, tsa_revoked;
    int reason;        /* of all revocations; 0: keyCompromise, -1: none */
    int64_t crl_from;  /* 0: an hour ago */
    int64_t crl_until; /* 0: in a day */
    int64_t keeps_expired;
    bool no_crl, no_root_crl, empty_store, unconfirmed_store, stamp_broken, stamp_not_bound;
    const struct vt_validation_data *stored;
    struct vt_signed_object object;
    struct vt_verified verified; /* integrity 0: intact, BROKEN, or +10: undetermined */
    const char *digest;
    /* expected */
    enum vt_indication want;
    enum vt_sub_indication sub;
    vt_reasons reasons;
    enum vt_time_source source;
    const char *set;
    size_t wants; /* statuses wanted */
    size_t wants_issuers;
};

static TC_UNUSED int64_t at(int64_t relative)
{
    return relative == 0 ? VT_TIME_NONE : TC_NOW + relative;
}

static void add_revoked(struct tc_crl_options *options, const struct tc_entity *who, int64_t when,
                        int reason)
{
    size_t count = 0;
    while (options->entries[count].certificate != NULL)
        count++;
    if (when != 0)
        options->entries[count] =
            (struct tc_entry){who, TC_NOW + when, reason == 0 ? 1 : reason, NULL};
}

static size_t make_crls(const struct judge_case *c, struct vt_bytes crls[4])
{
    const struct tc_entity *signer = c->signer ? c->signer : &f.leaf;
    struct tc_crl_options options = {
        .this_update_utc_secs = TC_NOW + (c->crl_from ? c->crl_from : -HOUR),
        .next_update_utc_secs = TC_NOW + (c->crl_until ? c->crl_until : TC_DAY),
        .expired_certs_utc_secs = c->keeps_expired ? TC_NOW + c->keeps_expired : 0};
    struct tc_crl_options root = {.this_update_utc_secs = TC_NOW - HOUR};
    size_t count = 0;
    add_revoked(&options, signer, c->revoked, c->reason);
    add_revoked(&options, c->tsa ? c->tsa : &f.tsa, c->tsa_revoked, c->reason);
    add_revoked(&root, &f.ca, c->ca_revoked, c->reason);
    if (!c->no_crl) {
        crls[count++] = tc_crl(f.arena, &f.ca, &options);
        crls[count++] = tc_crl(f.arena, &f.public_ca, &options);
    }
    if (!c->no_root_crl) {
        crls[count++] = tc_crl(f.arena, &f.root, &root);
        crls[count++] = tc_crl(f.arena, &f.public_root, &root);
    }
    return count;
}

static struct vt_verified_timestamp stamp(const struct judge_case *c, const char *kind,
                                          int64_t when)
{
    const struct tc_entity *tsa = c->tsa ? c->tsa : &f.tsa;
    return (struct vt_verified_timestamp){.kind = kind,
                                          .integrity = c->stamp_broken ? VT_INTEGRITY_BROKEN
                                                                       : VT_INTEGRITY_INTACT,
                                          .time_utc_secs = TC_NOW + when,
                                          .signer = tsa->certificate,
                                          .ess_bound = !c->stamp_not_bound,
                                          .digest_algorithm = "SHA-256",
                                          .reasons = c->stamp_broken ? R(TIMESTAMP_INVALID) : 0};
}

static void fill_verified(const struct judge_case *c, struct vt_verified *verified,
                          struct vt_verified_timestamp stamps[2])
{
    *verified = c->verified;
    verified->signer = c->signer ? c->signer->certificate : f.leaf.certificate;
    if (c->verified.integrity == 0)
        verified->integrity = VT_INTEGRITY_INTACT;
    else if ((int)c->verified.integrity >= 10)
        verified->integrity = VT_INTEGRITY_UNDETERMINED;
    verified->claimed_time_utc_secs = at(c->claimed);
    verified->digest_algorithm = c->digest ? c->digest : "SHA-256";
    verified->ess_bound = true;
    verified->has_signed_attributes = true;
    verified->carried[verified->carried_count++] = verified->signer;
    for (size_t i = 0; i < 3 && c->carried[i] != NULL; i++)
        verified->carried[verified->carried_count++] = c->carried[i]->certificate;
    verified->timestamps = stamps;
    if (c->stamped != 0)
        stamps[verified->timestamps_count++] = stamp(c, "signature", c->stamped);
    if (c->content_stamped != 0)
        stamps[verified->timestamps_count++] = stamp(c, "content", c->content_stamped);
}

static TC_UNUSED void judge(const struct judge_case *c, struct vt_signature *out,
                            struct vt_wants *wants)
{
    struct vt_verified verified;
    struct vt_verified_timestamp stamps[2];
    struct vt_verified_timestamp document = stamp(c, "document", c->document_stamped);
    const struct vt_verified_timestamp *documents[] = {&document};
    struct vt_bytes crls[4];
    struct vt_signed_object object = c->object;
    if (object.covers == VT_COVERS_PART && object.changes_after == VT_CHANGES_UNDETERMINED) {
        object.covers = VT_COVERS_WHOLE;
        object.changes_after = VT_CHANGES_NONE;
    }
    object.claimed_time_utc_secs = VT_TIME_NONE;
    fill_verified(c, &verified, stamps);
    struct vt_trust_input input = {.store = c->empty_store         ? f.empty_store
                                            : c->unconfirmed_store ? f.unconfirmed_store
                                                                   : f.store,
                                   .pool = f.pool,
                                   .object = &object,
                                   .verified = &verified,
                                   .document_timestamps = documents,
                                   .document_timestamps_count = c->document_stamped ? 1 : 0,
                                   .validation_data = c->stored,
                                   .given_crls = crls,
                                   .given_crls_count = make_crls(c, crls),
                                   .first_seen_utc_secs = at(c->first_seen),
                                   .now_utc_secs = TC_NOW};
    *wants = (struct vt_wants){0};
    assert_int_equal(vt_trust_judge(f.arena, &input, out, wants, NULL), VT_OK);
}

static void show_findings(const struct vt_signature *out)
{
    for (size_t i = 0; i < out->findings_count; i++)
        print_message("    %s\n", out->findings[i]);
}

/* Judge every case of a table and compare; all differences are shown. */
static TC_UNUSED void judge_all(const struct judge_case *cases, size_t count)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        const struct judge_case *c = &cases[i];
        struct vt_signature out;
        struct vt_wants wants;
        judge(c, &out, &wants);
        bool same_set = (c->set == NULL) == (out.trust_set == NULL) &&
                        (c->set == NULL || strcmp(c->set, out.trust_set) == 0);
        if (out.indication == c->want && out.sub_indication == c->sub &&
            out.reasons == c->reasons && out.signing_time_source == c->source && same_set &&
            wants.status_count == c->wants && wants.issuer_of_count == c->wants_issuers)
            continue;
        failed++;
        print_message("%s: %d/%d not %d/%d, reasons %llx not %llx, source %d, set %s, wants %zu "
                      "and %zu\n",
                      c->name, (int)out.indication, (int)out.sub_indication, (int)c->want,
                      (int)c->sub, (unsigned long long)out.reasons, (unsigned long long)c->reasons,
                      (int)out.signing_time_source, out.trust_set, wants.status_count,
                      wants.issuer_of_count);
        show_findings(&out);
    }
    assert_int_equal(failed, 0);
}

/* Every failing verdict tells an administrator why. */
static TC_UNUSED void each_says_why(const struct judge_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct vt_signature out;
        struct vt_wants wants;
        judge(&cases[i], &out, &wants);
        bool silent = cases[i].verified.integrity != 0 || cases[i].object.structure_broken;
        if (out.indication != VT_TOTAL_PASSED && !silent && out.findings_count == 0)
            fail_msg("%s: no finding", cases[i].name);
    }
}

/* Whatever is claimed, a verdict is never better than without the claim. */
static TC_UNUSED void no_claim_improves(const struct judge_case *cases, size_t count)
{
    static const int64_t claims[] = {-9 * 365 * TC_DAY, -100 * TC_DAY, -20 * TC_DAY, -TC_DAY, -60,
                                     3 * HOUR,          7 * HOUR,      400 * TC_DAY};
    for (size_t i = 0; i < count; i++) {
        struct judge_case c = cases[i];
        struct vt_signature without, with;
        struct vt_wants wants;
        c.claimed = 0;
        judge(&c, &without, &wants);
        for (size_t j = 0; j < sizeof(claims) / sizeof(claims[0]); j++) {
            c.claimed = claims[j];
            judge(&c, &with, &wants);
            if ((with.indication == VT_TOTAL_PASSED && without.indication != VT_TOTAL_PASSED) ||
                (without.indication == VT_TOTAL_FAILED && with.indication != VT_TOTAL_FAILED))
                fail_msg("%s: improved by claiming %lld", c.name, (long long)claims[j]);
        }
    }
}

static TC_UNUSED void judge_known(const struct tc_entity *signer, const struct vt_known *known,
                                  struct vt_signature *out, struct vt_wants *wants)
{
    struct judge_case c = {.signer = signer};
    struct vt_verified verified;
    struct vt_verified_timestamp stamps[2];
    struct vt_signed_object object = {.covers = VT_COVERS_WHOLE,
                                      .changes_after = VT_CHANGES_NONE,
                                      .claimed_time_utc_secs = VT_TIME_NONE};
    fill_verified(&c, &verified, stamps);
    struct vt_trust_input input = {.store = f.store,
                                   .pool = f.pool,
                                   .object = &object,
                                   .verified = &verified,
                                   .known = known,
                                   .first_seen_utc_secs = VT_TIME_NONE,
                                   .now_utc_secs = TC_NOW};
    *wants = (struct vt_wants){0};
    assert_int_equal(vt_trust_judge(f.arena, &input, out, wants, NULL), VT_OK);
}

#endif
