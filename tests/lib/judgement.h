/* SPDX-License-Identifier: Apache-2.0
 * The words of a table of judgements: a row says what was signed when, what is known about whom
 * from where, and what follows. And the world all rows share: authorities, keys, trust stores. */
#ifndef VANTHU_TESTS_JUDGEMENT_H
#define VANTHU_TESTS_JUDGEMENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cms.h"
#include "vanthu/trust.h"

/* ---- the words of a row ---- */

/* Times are relative to TC_NOW, in seconds; 0 is "not there", or the value in brackets. */
#define D(days) ((days)*TC_DAY)
#define H(hours) ((hours)*INT64_C(3600))
#define NOT_STATED INT64_MAX

enum subject {
    SIGNER = 0,
    CA,
    TSA,
    TSA_CA,
    LATER_TSA,
    LATER_CA,
    NAMESAKE,
    CROSS_PUBLIC,
    RESPONDER,
    SUBJECTS
};
#define BIT(subject) (1u << (subject))

enum signer {
    OF_CA = 0,    /* a CA under the official root, both in the store */
    OF_PUBLIC,    /* the same under the public root */
    OF_CROSS,     /* a CA with two certificates, public and official, both carried */
    OF_TWIN,      /* another key, in the store too, with the name of the CA */
    OF_G2,        /* a CA of the second official root */
    OF_MISSING,   /* a CA of the official root that is neither carried nor in the store */
    OF_STRANGER,  /* a root that nobody configured, carried */
    OF_IMITATION, /* a carried root that is called like the official one */
    SELF_SIGNED,
    WITH_RSA_1024,
    WITH_SHA1_CERTIFICATE,
};
enum tsa { GOOD_TSA = 0, LATER, NOT_CRITICAL, TWO_USES, STRANGE, SIGNER_AS_TSA, PUBLIC_TSA };
enum stamp_kind { NO_STAMP = 0, ON_SIGNATURE, ON_CONTENT, ON_DOCUMENT };
enum stamp_flaw { INTACT = 0, WRONG_IMPRINT, BROKEN_TOKEN, NOT_BOUND };
struct stamp {
    enum stamp_kind kind;
    int64_t when;
    enum tsa by;
    enum stamp_flaw flaw;
};

enum origin { NOWHERE = 0, EMBEDDED, GIVEN, FETCHED };
enum data_kind { CRL = 0, OCSP, DELTA, NO_ANSWER, HOST_DOWN };
enum says { GOOD = 0, REVOKED, HOLD, REMOVED, UNKNOWN };
enum crl_reason {
    KEY_COMPROMISE = 0,
    NO_REASON,
    UNSPECIFIED,
    CA_COMPROMISE,
    AFFILIATION_CHANGED,
    SUPERSEDED,
    CESSATION
};
enum responder { DIRECT = 0, NO_CHECK, CHECKED, NO_OCSP_USE, OF_OTHER_CA, HAS_EXPIRED };
enum data_flaw { SOUND = 0, WRONG_KEY, BROKEN_SIGNATURE, OF_NAMESAKE };
/* A CRL is its issuer's; it says so of this subject, and nothing of others. */
struct data {
    enum origin from;
    enum data_kind kind;
    enum subject of;
    int64_t this_update, next_update; /* [an hour ago, in a day] */
    enum says says;
    int64_t since;
    enum crl_reason reason;
    int64_t invalid_since;
    int64_t keeps_expired; /* ExpiredCertsOnCRL, archive cutoff */
    enum responder by;
    enum data_flaw flaw;
    const char *extension[2]; /* of the CRL */
};

enum store { CONFIGURED = 0, EMPTY, UNCONFIRMED, SHA1_FOR_EVER, ONE_DAY_OLD, STORES };

struct row {
    const char *name;
    const char *clause;

    enum signer signer;
    struct period {
        int64_t from, to;
    } valid, ca_valid, tsa_valid; /* [3 years ago, in 2 years] of the signer, [always] of others */
    bool sha1;                    /* the digest of the signature */
    int64_t claimed, first_seen;
    int64_t claimed_in_file; /* /M of a PDF */
    struct stamp stamps[3];
    /* In today's CRL of the signer's CA, which is there unless data is about the signer. */
    int64_t revoked;
    enum crl_reason reason;
    int64_t invalid_since;
    /* Authorities are good by OCSP as of an hour ago, unless data is about them. */
    struct data data[4];
    struct data also; /* one more, which leaves all that as it is */
    unsigned unknown; /* BIT of each subject of whom nothing is known */
    enum store store;

    enum vt_indication want;
    enum vt_sub_indication sub;
    vt_reasons reasons;
    enum vt_status_value status; /* of the signer */
    int64_t judged;              /* [now] */
    enum vt_time_source source;
    const char *set; /* [official, none without a path] */
};

#define R(reason) VT_REASON_BIT(VT_REASON_##reason)
/* How a row ends: status of the signer, judged for when, by which source of time. */
#define PASS(shown, at, by)                                                                        \
    .want = VT_TOTAL_PASSED, .status = VT_STATUS_##shown, .judged = (at),                          \
    .source = VT_TIME_SOURCE_##by
#define PASS_WITH(why, shown, at, by) .reasons = (why), PASS(shown, at, by)
#define UNSURE(which, why, shown, at, by)                                                          \
    .want = VT_INDETERMINATE, .sub = VT_SUB_##which, .reasons = (why),                             \
    .status = VT_STATUS_##shown, .judged = (at), .source = VT_TIME_SOURCE_##by
#define FAIL(which, why, shown, at, by)                                                            \
    .want = VT_TOTAL_FAILED, .sub = VT_SUB_##which, .reasons = (why), .status = VT_STATUS_##shown, \
    .judged = (at), .source = VT_TIME_SOURCE_##by

/* ---- what all rows share ---- */

static struct world {
    struct vt_arena *arena;
    char folder[64];
    struct vt_trust_store *stores[STORES];
    struct tc_entity root, root_g2, public_root, stranger_root, imitation;
    struct tc_entity ca, twin, ca_g2, public_ca, tsa_ca, later_ca, missing_ca, later_tsa;
    struct tc_entity cross_official, cross_public;
    EVP_PKEY *signer_key, *tsa_key, *old_ca_key, *rsa_1024;
} w;

static struct tc_entity make_ca(const char *name, const struct tc_entity *issuer, EVP_PKEY *key,
                                struct vt_arena *arena, const struct period *valid)
{
    struct tc_options options = {.name = name,
                                 .issuer = issuer,
                                 .key = key,
                                 .from_utc_secs = TC_NOW + (valid->from ? valid->from : D(-8000)),
                                 .to_utc_secs = TC_NOW + (valid->to ? valid->to : D(5000)),
                                 .extensions = {{"basicConstraints", "critical,CA:TRUE"},
                                                {"keyUsage", "critical,keyCertSign,cRLSign"},
                                                {"subjectKeyIdentifier", "hash"}}};
    return tc_make(arena, NULL, &options);
}

static struct tc_entity world_ca(const char *name, const struct tc_entity *issuer, EVP_PKEY *key)
{
    return make_ca(name, issuer, key, w.arena, &(struct period){0, 0});
}

static EVP_PKEY *world_key(EVP_PKEY *key)
{
    assert_int_equal(vt_arena_own(w.arena, key, tc_free_key), VT_OK);
    return key;
}

static void make_authorities(void)
{
    w.root = world_ca("Root CA", NULL, NULL);
    w.root_g2 = world_ca("Root CA G2", NULL, NULL);
    w.public_root = world_ca("Public Root", NULL, NULL);
    w.stranger_root = world_ca("Stranger Root", NULL, NULL);
    w.imitation = world_ca("ROOT CÁ", NULL, NULL);
    w.ca = world_ca("CA cơ quan", &w.root, NULL);
    w.twin = world_ca("CA cơ quan", &w.root, NULL);
    w.ca_g2 = world_ca("CA G2", &w.root_g2, NULL);
    w.public_ca = world_ca("Public CA", &w.public_root, NULL);
    w.tsa_ca = world_ca("CA of TSAs", &w.root, NULL);
    w.later_ca = world_ca("CA of later TSAs", &w.root, NULL);
    w.missing_ca = world_ca("CA not here", &w.root, NULL);
    w.cross_official = world_ca("Cross CA", &w.root, NULL);
    w.cross_public = world_ca("Cross CA", &w.public_root, w.cross_official.key);
    w.signer_key = world_key(EVP_EC_gen("P-256"));
    w.tsa_key = world_key(EVP_EC_gen("P-256"));
    w.old_ca_key = world_key(EVP_EC_gen("P-256"));
    w.rsa_1024 = world_key(EVP_RSA_gen(1024));
    struct tc_options later = {.name = "TSA 2",
                               .issuer = &w.later_ca,
                               .from_utc_secs = TC_NOW - D(8000),
                               .extensions = {{"extendedKeyUsage", "critical,timeStamping"}}};
    w.later_tsa = tc_make(w.arena, NULL, &later);
}

static void write_certificate(const char *name, const struct tc_entity *entity)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", w.folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(entity->der.ptr, 1, entity->der.len, file), entity->der.len);
    assert_int_equal(fclose(file), 0);
}

static struct vt_trust_store *load_store(enum store which)
{
    char anchors[128], between[128], public_anchors[128];
    struct vt_trust_store *store = NULL;
    struct vt_err err = {0};
    struct vt_trust_rules rules = vt_trust_default_rules;
    if (which == SHA1_FOR_EVER)
        rules.weak_from_utc_secs[VT_WEAK_SHA1_SIGNATURE] = INT64_MAX;
    if (which == ONE_DAY_OLD)
        rules.revocation_max_age_secs = TC_DAY;
    (void)snprintf(anchors, sizeof(anchors), "%s/official", w.folder);
    (void)snprintf(between, sizeof(between), "%s/between", w.folder);
    (void)snprintf(public_anchors, sizeof(public_anchors), "%s/public.crt", w.folder);
    struct vt_trust_source sources[] = {{.set = VT_TRUST_OFFICIAL,
                                         .rules = &rules,
                                         .anchors = anchors,
                                         .intermediates = between,
                                         .confirmed_all = which != UNCONFIRMED},
                                        {.set = VT_TRUST_PUBLIC,
                                         .rules = &rules,
                                         .anchors = public_anchors,
                                         .confirmed_all = which != UNCONFIRMED}};
    if (vt_trust_store_load(sources, which == EMPTY ? 0 : 2, &store, &err) != VT_OK)
        fail_msg("%s", err.text);
    return store;
}

static int world_setup(void **state)
{
    char path[128];
    (void)state;
    w.arena = vt_arena_new(16 * 1024 * 1024);
    make_authorities();
    (void)snprintf(w.folder, sizeof(w.folder), "/tmp/test_judgement.XXXXXX");
    assert_non_null(mkdtemp(w.folder));
    (void)snprintf(path, sizeof(path), "%s/official", w.folder);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/between", w.folder);
    assert_int_equal(mkdir(path, 0700), 0);
    write_certificate("official/1.crt", &w.root);
    write_certificate("official/2.crt", &w.root_g2);
    write_certificate("public.crt", &w.public_root);
    write_certificate("between/0.crt", &w.twin);
    write_certificate("between/1.crt", &w.ca);
    write_certificate("between/2.crt", &w.ca_g2);
    write_certificate("between/3.crt", &w.public_ca);
    write_certificate("between/4.crt", &w.tsa_ca);
    write_certificate("between/5.crt", &w.later_ca);
    for (int which = 0; which < STORES; which++)
        w.stores[which] = load_store((enum store)which);
    return 0;
}

static int world_teardown(void **state)
{
    (void)state;
    tc_remove_folder(w.folder);
    for (int which = 0; which < STORES; which++)
        vt_trust_store_free(w.stores[which]);
    vt_arena_free(w.arena);
    return 0;
}

#endif
