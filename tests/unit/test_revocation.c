/* SPDX-License-Identifier: Apache-2.0
 * Which revocation data counts for a certificate, row by row of RFC 5280 6.3.3 and RFC 6960
 * 4.2.2.2: signers of CRLs, scopes, reasons, deltas, indirect CRLs, age and origin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/certificates.h"
#include "status/crl_list.h"
#include "trust/revocation.h"

#define MAX_DATA 6

static struct fixture {
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    struct vt_trust_store *store, *hasty_store; /* whose rules want data of an hour */
    char anchor[64];
    struct tc_entity root, stranger_root, ca, crl_key, crl_key_of_ca, stranger_key, mute_key,
        old_key;
    struct tc_entity indirect_issuer, other_ca, responder;
    struct tc_entity leaf, leaf_indirect, leaf_relative, leaf_points, leaf_reasons, leaf_expired;
    struct vt_bytes root_crl, root_crl_without_key; /* the second has the separate key revoked */
} f;

/* ---- distribution points by OpenSSL's structures ---- */

static GENERAL_NAMES *directory_names(const struct tc_entity *entity)
{
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    GENERAL_NAME *name = GENERAL_NAME_new();
    name->type = GEN_DIRNAME;
    name->d.directoryName = X509_NAME_dup(X509_get_subject_name(entity->x509));
    TC_CHECK(sk_GENERAL_NAME_push(names, name) > 0);
    return names;
}

static DIST_POINT_NAME *point_of_uri(const char *uri)
{
    DIST_POINT_NAME *point = DIST_POINT_NAME_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    point->type = 0;
    point->name.fullname = sk_GENERAL_NAME_new_null();
    name->type = GEN_URI;
    name->d.ia5 = ASN1_IA5STRING_new();
    TC_CHECK(ASN1_STRING_set(name->d.ia5, uri, -1) == 1);
    TC_CHECK(sk_GENERAL_NAME_push(point->name.fullname, name) > 0);
    return point;
}

/* nameRelativeToCRLIssuer: one RDN that is put behind the issuer's name. */
static DIST_POINT_NAME *relative_point(const char *common_name)
{
    DIST_POINT_NAME *point = DIST_POINT_NAME_new();
    X509_NAME_ENTRY *entry = X509_NAME_ENTRY_create_by_NID(NULL, NID_commonName, MBSTRING_UTF8,
                                                           (const unsigned char *)common_name, -1);
    point->type = 1;
    point->name.relativename = sk_X509_NAME_ENTRY_new_null();
    TC_CHECK(sk_X509_NAME_ENTRY_push(point->name.relativename, entry) > 0);
    return point;
}

static ASN1_BIT_STRING *reasons(unsigned mask)
{
    ASN1_BIT_STRING *bits = mask != 0 ? ASN1_BIT_STRING_new() : NULL;
    for (int i = 0; i < 16; i++) {
        if ((mask & (1u << i)) != 0)
            TC_CHECK(ASN1_BIT_STRING_set_bit(bits, i, 1) == 1);
    }
    return bits;
}

static const char *as_value(bool critical, unsigned char *der, int len)
{
    char *hex = vt_arena_alloc(f.arena, 2 * (size_t)len + 32);
    TC_CHECK(len > 0 && hex != NULL);
    (void)sprintf(hex, "%sDER:", critical ? "critical," : "");
    (void)vt_text_hex(hex + strlen(hex), vt_bytes_of(der, (size_t)len));
    OPENSSL_free(der);
    return hex;
}

/* CRLDistributionPoints of one point; takes point. */
static const char *distribution_points(DIST_POINT_NAME *point, unsigned mask,
                                       const struct tc_entity *issuer)
{
    CRL_DIST_POINTS *points = sk_DIST_POINT_new_null();
    DIST_POINT *one = DIST_POINT_new();
    unsigned char *der = NULL;
    one->distpoint = point;
    one->reasons = reasons(mask);
    one->CRLissuer = issuer != NULL ? directory_names(issuer) : NULL;
    TC_CHECK(sk_DIST_POINT_push(points, one) > 0);
    int len = i2d_CRL_DIST_POINTS(points, &der);
    CRL_DIST_POINTS_free(points);
    return as_value(false, der, len);
}

/* IssuingDistributionPoint; takes point. */
static const char *issuing_point(DIST_POINT_NAME *point, unsigned mask, bool indirect)
{
    ISSUING_DIST_POINT *one = ISSUING_DIST_POINT_new();
    unsigned char *der = NULL;
    one->distpoint = point;
    one->onlysomereasons = reasons(mask);
    one->indirectCRL = indirect ? 0xff : 0;
    int len = i2d_ISSUING_DIST_POINT(one, &der);
    ISSUING_DIST_POINT_free(one);
    return as_value(true, der, len);
}

/* ---- the PKI ---- */

static struct tc_entity signer(const char *name, const struct tc_entity *issuer, const char *usage,
                               int64_t from, int64_t to)
{
    struct tc_options options = {.name = name,
                                 .issuer = issuer,
                                 .from_utc_secs = from,
                                 .to_utc_secs = to,
                                 .extensions = {{"keyUsage", usage},
                                                {"subjectKeyIdentifier", "hash"},
                                                {"authorityKeyIdentifier", "keyid"}}};
    return tc_make(f.arena, f.pool, &options);
}

static struct tc_entity leaf_with(const char *name, const char *points)
{
    struct tc_options options = {
        .name = name, .issuer = &f.ca, .extensions = {{"2.5.29.31", points}}};
    return tc_make(f.arena, f.pool, &options);
}

static void make_pki(void)
{
    f.root = tc_ca(f.arena, f.pool, "Root", NULL);
    f.stranger_root = tc_ca(f.arena, f.pool, "Root la", NULL);
    f.ca = tc_ca(f.arena, f.pool, "CA mot", &f.root);
    f.other_ca = tc_ca(f.arena, f.pool, "CA hai", &f.root);
    f.crl_key = signer("CA mot", &f.root, "critical,cRLSign", 0, 0);
    f.crl_key_of_ca = signer("CA mot", &f.ca, "critical,cRLSign", 0, 0);
    f.stranger_key = signer("CA mot", &f.stranger_root, "critical,cRLSign", 0, 0);
    f.mute_key = signer("CA mot", &f.root, "critical,digitalSignature", 0, 0);
    f.old_key = signer("CA mot", &f.root, "critical,cRLSign", 0, TC_NOW - 30 * TC_DAY);
    f.indirect_issuer = signer("Noi phat hanh", &f.root, "critical,cRLSign", 0, 0);
    f.leaf = tc_leaf(f.arena, f.pool, "van thu", &f.ca);
    f.leaf_expired = signer("het han", &f.ca, "critical,digitalSignature", 0, TC_NOW - 9 * TC_DAY);
    f.leaf_indirect = leaf_with("gian tiep", distribution_points(NULL, 0, &f.indirect_issuer));
    f.leaf_relative = leaf_with(
        "tuong doi", distribution_points(relative_point("phan 1"), 0, &f.indirect_issuer));
    f.leaf_points =
        leaf_with("co diem", distribution_points(point_of_uri("http://ca.example/1.crl"), 0, NULL));
    f.leaf_reasons = leaf_with(
        "co ly do", distribution_points(point_of_uri("http://ca.example/2.crl"), 0x2, NULL));
    struct tc_options responder = {
        .name = "OCSP", .issuer = &f.ca, .extensions = {{"extendedKeyUsage", "OCSPSigning"}}};
    f.responder = tc_make(f.arena, f.pool, &responder);
    struct tc_crl_options all_good = {0};
    struct tc_crl_options key_revoked = {.entries = {{&f.crl_key, TC_NOW - TC_DAY, 1, NULL}}};
    f.root_crl = tc_crl(f.arena, &f.root, &all_good);
    f.root_crl_without_key = tc_crl(f.arena, &f.root, &key_revoked);
}

static struct vt_trust_store *load(const struct vt_trust_rules *rules)
{
    struct vt_trust_store *store = NULL;
    struct vt_err err = {0};
    struct vt_trust_source source = {
        .set = VT_TRUST_OFFICIAL, .anchors = f.anchor, .confirmed_all = true, .rules = rules};
    if (vt_trust_store_load(&source, 1, &store, &err) != VT_OK)
        fail_msg("%s", err.text);
    return store;
}

static int setup(void **state)
{
    (void)state;
    f.arena = vt_arena_new(32 * 1024 * 1024);
    f.pool = vt_certificate_pool_new(f.arena, NULL);
    make_pki();
    (void)snprintf(f.anchor, sizeof(f.anchor), "/tmp/test_revocation.XXXXXX");
    int fd = mkstemp(f.anchor);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, f.root.der.ptr, f.root.der.len), (ssize_t)f.root.der.len);
    assert_int_equal(close(fd), 0);
    struct vt_trust_rules hasty = vt_trust_default_rules;
    hasty.revocation_max_age_secs = 3600;
    f.store = load(NULL);
    f.hasty_store = load(&hasty);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(f.anchor);
    vt_trust_store_free(f.store);
    vt_trust_store_free(f.hasty_store);
    vt_arena_free(f.arena);
    return 0;
}

/* ---- one question ---- */

struct data {
    const struct tc_entity *signer; /* NULL: end */
    struct tc_entry entry;
    const struct tc_entity *entry_issuer;
    int64_t from, until; /* relative to TC_NOW; 0: a day ago, in a day */
    const char *number;  /* hexadecimal DER of an INTEGER */
    const char *base;    /* BaseCRLNumber: a delta */
    const char *point;   /* as_value */
    const char *unknown; /* value of an unknown extension */
    int64_t keeps_expired;
    int64_t invalid_since;
};

enum { WITH_ROOT_CRL = 0, WITHOUT_ROOT_CRL, WITH_KEY_REVOKED };

struct question {
    const char *name;
    const struct tc_entity *certificate; /* NULL: leaf */
    struct data data[MAX_DATA];
    int root;                   /* what the root says of the signers */
    enum vt_status_origin from; /* of the data of the CA */
    int64_t at;                 /* relative to TC_NOW */
    bool sealed, hasty;
    enum vt_status_value want;
    const char *note; /* a part of a finding, NULL: none is wanted */
    size_t wants;
};

static struct vt_bytes make_data(const struct data *data)
{
    struct tc_crl_options options = {.this_update_utc_secs = data->from ? TC_NOW + data->from : 0,
                                     .next_update_utc_secs = data->until ? TC_NOW + data->until : 0,
                                     .entries = {data->entry},
                                     .issuers = {data->entry_issuer},
                                     .expired_certs_utc_secs = data->keeps_expired,
                                     .invalid_since_utc_secs = {data->invalid_since}};
    size_t count = 0;
    const char *const extensions[][3] = {{"2.5.29.20", "DER:", data->number},
                                         {"2.5.29.27", "critical,DER:", data->base},
                                         {"2.5.29.28", "", data->point},
                                         {"1.2.3.4.5", "", data->unknown}};
    for (size_t i = 0; i < 4; i++) {
        if (extensions[i][2] == NULL)
            continue;
        options.extensions[count][0] = extensions[i][0];
        options.extensions[count++][1] =
            vt_arena_printf(f.arena, "%s%s", extensions[i][1], extensions[i][2]);
    }
    return tc_crl(f.arena, data->signer, &options);
}

struct asked {
    struct vt_status_choice choice;
    struct vt_signature verdict;
    struct vt_wants wants;
};

static const struct vt_certificate *const *everybody(size_t *out_count)
{
    static const struct vt_certificate *all[7];
    const struct tc_entity *entities[] = {&f.ca,           &f.crl_key,  &f.crl_key_of_ca,
                                          &f.stranger_key, &f.mute_key, &f.indirect_issuer,
                                          &f.old_key};
    for (size_t i = 0; i < 7; i++)
        all[i] = entities[i]->certificate;
    *out_count = 7;
    return all;
}

/* Ask with these pieces of data. */
static void ask(const struct tc_entity *certificate, struct vt_trust_input *input, int64_t at,
                struct asked *out)
{
    static struct vt_signed_object object;
    struct vt_path path = {
        .items = {certificate->certificate, f.ca.certificate, f.root.certificate},
        .count = 3,
        .found = true};
    *out = (struct asked){0};
    input->pool = f.pool;
    input->object = &object;
    input->now_utc_secs = TC_NOW;
    struct vt_judgement judgement = {.arena = f.arena,
                                     .input = input,
                                     .wants = &out->wants,
                                     .out = &out->verdict,
                                     .cache = vt_status_cache_new(f.arena),
                                     .may_ask = true};
    judgement.others.items =
        (const struct vt_certificate **)(uintptr_t)everybody(&judgement.others.count);
    assert_int_equal(vt_revocation_choose(&judgement, &path, 0, TC_NOW + at, &out->choice), VT_OK);
}

static bool says(const struct asked *asked, const char *part)
{
    for (size_t i = 0; i < asked->verdict.findings_count; i++) {
        if (strstr(asked->verdict.findings[i], part) != NULL)
            return true;
    }
    return false;
}

/* What the CA's lists and the root's say, as bytes or sealed. */
static void put_question(const struct question *question, struct asked *out)
{
    static struct vt_verified verified;
    struct vt_bytes given[MAX_DATA + 1];
    const struct vt_crl_list *lists[MAX_DATA];
    struct vt_known known = {.lists = lists};
    struct vt_trust_input input = {.store = question->hasty ? f.hasty_store : f.store,
                                   .verified = &verified,
                                   .given_crls = given,
                                   .known = &known};
    verified = (struct vt_verified){0};
    for (size_t i = 0; i < MAX_DATA && question->data[i].signer != NULL; i++) {
        struct vt_bytes crl = make_data(&question->data[i]);
        int fd = -1;
        struct vt_crl_list *list = NULL;
        if (question->sealed) {
            assert_int_equal(vt_crl_list_seal(crl, question->data[i].signer->certificate,
                                              "http://ca.example/1.crl", TC_NOW, &fd, NULL),
                             VT_OK);
            assert_int_equal(vt_crl_list_open(fd, &list, NULL), VT_OK);
            assert_int_equal(close(fd), 0);
            lists[known.lists_count++] = list;
        } else if (question->from == VT_ORIGIN_EMBEDDED) {
            verified.crls[verified.crls_count++] = crl;
        } else {
            given[input.given_crls_count++] = crl;
        }
    }
    if (question->root != WITHOUT_ROOT_CRL)
        given[input.given_crls_count++] =
            question->root == WITH_ROOT_CRL ? f.root_crl : f.root_crl_without_key;
    ask(question->certificate ? question->certificate : &f.leaf, &input, question->at, out);
    /* What was told must not depend on the lists. */
    for (size_t i = 0; i < known.lists_count; i++)
        vt_crl_list_close((struct vt_crl_list *)(uintptr_t)lists[i]);
}

#define GIVEN .from = VT_ORIGIN_GIVEN
#define REVOKED(who)                                                                               \
    {                                                                                              \
        &(who), TC_NOW - 5 * TC_DAY, 1, NULL                                                       \
    }
#define HELD(who)                                                                                  \
    {                                                                                              \
        &(who), TC_NOW - 5 * TC_DAY, 6, NULL                                                       \
    }
#define REMOVED(who)                                                                               \
    {                                                                                              \
        &(who), TC_NOW - 5 * TC_DAY, 8, NULL                                                       \
    }

static void check(const struct question *questions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct question *q = &questions[i];
        struct asked asked;
        put_question(q, &asked);
        const char *first =
            asked.verdict.findings_count > 0 ? asked.verdict.findings[0] : "no finding";
        if (asked.choice.value != q->want || asked.wants.status_count != q->wants ||
            (q->note != NULL && !says(&asked, q->note)) ||
            (q->note == NULL && asked.verdict.findings_count > 0))
            fail_msg("%s: value %d, %zu wanted: %s", q->name, (int)asked.choice.value,
                     asked.wants.status_count, first);
    }
}

/* RFC 5280 6.3.3 (f): who may sign. */
static void signers_of_crls(void **state)
{
    (void)state;
    const struct question questions[] = {
        {.name = "the issuer's key", GIVEN, .data = {{.signer = &f.ca}}, .want = VT_STATUS_GOOD},
        {.name = "a separate key for CRLs",
         GIVEN,
         .data = {{.signer = &f.crl_key}},
         .want = VT_STATUS_GOOD},
        {.name = "a separate key, sealed",
         .sealed = true,
         .data = {{.signer = &f.crl_key}},
         .want = VT_STATUS_GOOD},
        {.name = "a separate key, revoked by it",
         GIVEN,
         .data = {{.signer = &f.crl_key, .entry = REVOKED(f.leaf)}},
         .want = VT_STATUS_REVOKED},
        {.name = "a separate key of unknown status",
         GIVEN,
         .root = WITHOUT_ROOT_CRL,
         .data = {{.signer = &f.crl_key}},
         .note = "the status of the CRL's signer is not known",
         .wants = 1},
        {.name = "a separate key that is revoked",
         GIVEN,
         .root = WITH_KEY_REVOKED,
         .data = {{.signer = &f.crl_key}},
         .note = "is revoked"},
        {.name = "a separate key that is revoked revokes nothing",
         GIVEN,
         .root = WITH_KEY_REVOKED,
         .data = {{.signer = &f.crl_key, .entry = REVOKED(f.leaf)}},
         .note = "is revoked"},
        {.name = "a key that only its own list calls good",
         GIVEN,
         .data = {{.signer = &f.crl_key_of_ca}},
         .note = "proves nothing about its own signer",
         .wants = 1},
        {.name = "a key of the CA, called good by the CA's own key for its part",
         GIVEN,
         .data = {{.signer = &f.crl_key_of_ca}, {.signer = &f.ca, .from = -9 * TC_DAY}},
         .want = VT_STATUS_GOOD,
         .note = "proves nothing about its own signer"},
        {.name = "a stranger's key with the CA's name",
         GIVEN,
         .data = {{.signer = &f.stranger_key}},
         .note = "leads to no trusted root"},
        {.name = "a key that may not sign CRLs",
         GIVEN,
         .data = {{.signer = &f.mute_key}},
         .note = "does not verify with a key of its issuer that may sign CRLs"},
        {.name = "a key of before the roll-over, after its end",
         GIVEN,
         .data = {{.signer = &f.old_key}},
         .note = "was not valid when it was signed"},
        {.name = "a key of before the roll-over, in its time, of which nothing is known any more",
         GIVEN,
         .data = {{.signer = &f.old_key, .from = -40 * TC_DAY, .until = TC_DAY}},
         .note = "the status of the CRL's signer is not known",
         .wants = 1},
        {.name = "another CA", GIVEN, .data = {{.signer = &f.other_ca}}, .want = VT_STATUS_UNKNOWN},
    };
    check(questions, sizeof(questions) / sizeof(questions[0]));
}

/* RFC 5280 6.3.3 (b), (d), (e). */
static void scopes_and_reasons(void **state)
{
    (void)state;
    const char *one = issuing_point(point_of_uri("http://ca.example/1.crl"), 0, false);
    const char *two = issuing_point(point_of_uri("http://ca.example/2.crl"), 0, false);
    const char *some = issuing_point(NULL, 0x06, false);    /* keyCompromise, cACompromise */
    const char *others = issuing_point(NULL, 0x1f8, false); /* all the others */
    const struct question questions[] = {
        {.name = "its point",
         GIVEN,
         .certificate = &f.leaf_points,
         .data = {{.signer = &f.ca, .point = one}},
         .want = VT_STATUS_GOOD},
        {.name = "another point",
         GIVEN,
         .certificate = &f.leaf_points,
         .data = {{.signer = &f.ca, .point = two}},
         .want = VT_STATUS_UNKNOWN},
        {.name = "some reasons",
         GIVEN,
         .data = {{.signer = &f.ca, .point = some}},
         .note = "some reasons of revocation only"},
        {.name = "all reasons together",
         GIVEN,
         .data = {{.signer = &f.ca, .point = some}, {.signer = &f.ca, .point = others}},
         .want = VT_STATUS_GOOD},
        {.name = "all reasons together, one of them stale",
         GIVEN,
         .data = {{.signer = &f.ca, .point = some, .from = -9 * TC_DAY, .until = -TC_DAY},
                  {.signer = &f.ca, .point = others}},
         .want = VT_STATUS_STALE,
         .note = "some reasons of revocation only"},
        {.name = "revoked for some reasons",
         GIVEN,
         .data = {{.signer = &f.ca, .point = some, .entry = REVOKED(f.leaf)},
                  {.signer = &f.ca, .point = others}},
         .want = VT_STATUS_REVOKED},
        {.name = "a point for some reasons only",
         GIVEN,
         .certificate = &f.leaf_reasons,
         .data = {{.signer = &f.ca, .point = two}},
         .note = "some reasons of revocation only"},
        {.name = "an unknown critical extension",
         GIVEN,
         .data = {{.signer = &f.ca, .unknown = "critical,DER:0500"}},
         .note = "a critical extension that is not known"},
    };
    check(questions, sizeof(questions) / sizeof(questions[0]));
}

/* RFC 5280 5.2.4, 6.3.3 (c), (i), (j). */
static void deltas(void **state)
{
    (void)state;
    const char *one = issuing_point(point_of_uri("http://ca.example/1.crl"), 0, false);
    const struct question questions[] = {
        {.name = "a base that is stale and its delta",
         GIVEN,
         .data = {{.signer = &f.ca, .number = "020105", .from = -9 * TC_DAY, .until = -TC_DAY},
                  {.signer = &f.ca, .number = "020107", .base = "020105"}},
         .want = VT_STATUS_GOOD},
        {.name = "a younger base than the delta's",
         GIVEN,
         .data = {{.signer = &f.ca, .number = "020106", .from = -9 * TC_DAY, .until = -TC_DAY},
                  {.signer = &f.ca, .number = "020107", .base = "020105"}},
         .want = VT_STATUS_GOOD},
        {.name = "an older base than the delta's",
         GIVEN,
         .data = {{.signer = &f.ca, .number = "020104", .from = -9 * TC_DAY, .until = -TC_DAY},
                  {.signer = &f.ca, .number = "020107", .base = "020105"}},
         .want = VT_STATUS_STALE,
         .note = "not the CRL that it is based on"},
        {.name = "a base of another scope",
         GIVEN,
         .certificate = &f.leaf_points,
         .data = {{.signer = &f.ca, .number = "020105", .from = -9 * TC_DAY, .until = -TC_DAY},
                  {.signer = &f.ca, .number = "020107", .base = "020105", .point = one}},
         .want = VT_STATUS_STALE,
         .note = "not the CRL that it is based on"},
        {.name = "a base by another key",
         GIVEN,
         .data = {{.signer = &f.crl_key, .number = "020105", .from = -9 * TC_DAY, .until = -TC_DAY},
                  {.signer = &f.ca, .number = "020107", .base = "020105"}},
         .want = VT_STATUS_STALE,
         .note = "not the CRL that it is based on"},
        {.name = "a delta alone",
         GIVEN,
         .data = {{.signer = &f.ca, .number = "020107", .base = "020105"}},
         .note = "not the CRL that it is based on"},
        {.name = "a delta alone that lists it",
         GIVEN,
         .data =
             {{.signer = &f.ca, .number = "020107", .base = "020105", .entry = REVOKED(f.leaf)}},
         .want = VT_STATUS_REVOKED},
        {.name = "revoked by the delta",
         GIVEN,
         .data =
             {{.signer = &f.ca, .number = "020105", .from = -9 * TC_DAY},
              {.signer = &f.ca, .number = "020107", .base = "020105", .entry = REVOKED(f.leaf)}},
         .want = VT_STATUS_REVOKED},
        {.name = "on hold in the base, of which the delta says nothing",
         GIVEN,
         .data = {{.signer = &f.ca, .number = "020105", .from = -9 * TC_DAY, .entry = HELD(f.leaf)},
                  {.signer = &f.ca, .number = "020107", .base = "020105"}},
         .want = VT_STATUS_SUSPENDED},
        {.name = "on hold in the base, removed by the delta",
         GIVEN,
         .data =
             {{.signer = &f.ca, .number = "020105", .from = -9 * TC_DAY, .entry = HELD(f.leaf)},
              {.signer = &f.ca, .number = "020107", .base = "020105", .entry = REMOVED(f.leaf)}},
         .want = VT_STATUS_GOOD},
        {.name = "on hold, then no longer listed",
         GIVEN,
         .data = {{.signer = &f.ca, .from = -9 * TC_DAY, .entry = HELD(f.leaf)}, {.signer = &f.ca}},
         .want = VT_STATUS_GOOD},
        {.name = "on hold since",
         GIVEN,
         .data = {{.signer = &f.ca, .from = -9 * TC_DAY}, {.signer = &f.ca, .entry = HELD(f.leaf)}},
         .want = VT_STATUS_SUSPENDED},
        {.name = "revoked, then no longer listed: there is no way back",
         GIVEN,
         .data = {{.signer = &f.ca, .from = -9 * TC_DAY, .entry = REVOKED(f.leaf)},
                  {.signer = &f.ca}},
         .want = VT_STATUS_REVOKED},
    };
    check(questions, sizeof(questions) / sizeof(questions[0]));
}

/* RFC 5280 5.2.5, 5.3.3, 6.3.3 (b)(1). */
static void indirect_lists(void **state)
{
    (void)state;
    const char *indirect = issuing_point(NULL, 0, true);
    const char *part_1 = issuing_point(relative_point("phan 1"), 0, true);
    const char *part_2 = issuing_point(relative_point("phan 2"), 0, true);
    const struct question questions[] = {
        {.name = "not listed",
         GIVEN,
         .certificate = &f.leaf_indirect,
         .data = {{.signer = &f.indirect_issuer, .point = indirect}},
         .want = VT_STATUS_GOOD},
        {.name = "listed with its issuer",
         GIVEN,
         .certificate = &f.leaf_indirect,
         .data = {{.signer = &f.indirect_issuer,
                   .point = indirect,
                   .entry = REVOKED(f.leaf_indirect),
                   .entry_issuer = &f.ca}},
         .want = VT_STATUS_REVOKED},
        {.name = "its number, of another issuer",
         GIVEN,
         .certificate = &f.leaf_indirect,
         .data = {{.signer = &f.indirect_issuer,
                   .point = indirect,
                   .entry = REVOKED(f.leaf_indirect),
                   .entry_issuer = &f.other_ca}},
         .want = VT_STATUS_GOOD},
        {.name = "its number, of the CRL's own issuer",
         GIVEN,
         .certificate = &f.leaf_indirect,
         .data = {{.signer = &f.indirect_issuer,
                   .point = indirect,
                   .entry = REVOKED(f.leaf_indirect)}},
         .want = VT_STATUS_GOOD},
        {.name = "sealed, listed with its issuer",
         .sealed = true,
         .certificate = &f.leaf_indirect,
         .data = {{.signer = &f.indirect_issuer,
                   .point = indirect,
                   .entry = REVOKED(f.leaf_indirect),
                   .entry_issuer = &f.ca}},
         .want = VT_STATUS_REVOKED},
        {.name = "not marked as indirect",
         GIVEN,
         .certificate = &f.leaf_indirect,
         .data = {{.signer = &f.indirect_issuer}},
         .want = VT_STATUS_UNKNOWN},
        {.name = "of an issuer that the certificate does not name",
         GIVEN,
         .data = {{.signer = &f.indirect_issuer, .point = indirect}},
         .want = VT_STATUS_UNKNOWN},
        {.name = "a relative name of its issuer",
         GIVEN,
         .certificate = &f.leaf_relative,
         .data = {{.signer = &f.indirect_issuer, .point = part_1}},
         .want = VT_STATUS_GOOD},
        {.name = "another relative name",
         GIVEN,
         .certificate = &f.leaf_relative,
         .data = {{.signer = &f.indirect_issuer, .point = part_2}},
         .want = VT_STATUS_UNKNOWN},
        {.name = "whose signer's status is not known",
         GIVEN,
         .root = WITHOUT_ROOT_CRL,
         .certificate = &f.leaf_indirect,
         .data = {{.signer = &f.indirect_issuer, .point = indirect}},
         .note = "the status of the CRL's signer is not known",
         .wants = 1},
    };
    check(questions, sizeof(questions) / sizeof(questions[0]));
}

/* What counts, by age and by who brought it (EN 319 102-1 5.2.5, legal.md R-42). */
static void age_and_origin(void **state)
{
    (void)state;
    const struct question questions[] = {
        {.name = "embedded, from before the time: the sender chose it",
         .data = {{.signer = &f.ca}},
         .want = VT_STATUS_STALE},
        {.name = "embedded, from after the time",
         .at = -2 * TC_DAY,
         .data = {{.signer = &f.ca}},
         .want = VT_STATUS_GOOD},
        {.name = "embedded, revoked, of any age",
         .data = {{.signer = &f.ca,
                   .from = -99 * TC_DAY,
                   .until = -98 * TC_DAY,
                   .entry = REVOKED(f.leaf)}},
         .want = VT_STATUS_REVOKED},
        {.name = "embedded base, given delta: what the sender chose",
         .data = {{.signer = &f.ca, .number = "020105"},
                  {.signer = &f.ca, .number = "020107", .base = "020105"}},
         .want = VT_STATUS_STALE},
        {.name = "given, in force", GIVEN, .data = {{.signer = &f.ca}}, .want = VT_STATUS_GOOD},
        {.name = "given, in force, too old for the trust set",
         GIVEN,
         .hasty = true,
         .data = {{.signer = &f.ca}},
         .want = VT_STATUS_STALE},
        {.name = "given, no longer in force",
         GIVEN,
         .data = {{.signer = &f.ca, .until = -60}},
         .want = VT_STATUS_STALE},
        {.name = "given, no longer in force, from after the time",
         GIVEN,
         .at = -2 * TC_DAY,
         .data = {{.signer = &f.ca, .until = -60}},
         .want = VT_STATUS_GOOD},
        {.name = "from the future",
         GIVEN,
         .data = {{.signer = &f.ca, .from = 900}},
         .want = VT_STATUS_STALE},
        {.name = "not listed after it expired",
         GIVEN,
         .at = -20 * TC_DAY,
         .certificate = &f.leaf_expired,
         .data = {{.signer = &f.ca}},
         .want = VT_STATUS_STALE},
        {.name = "not listed after it expired, by a CA that keeps expired ones",
         GIVEN,
         .at = -20 * TC_DAY,
         .certificate = &f.leaf_expired,
         .data = {{.signer = &f.ca, .keeps_expired = TC_NOW - 900 * TC_DAY}},
         .want = VT_STATUS_GOOD},
    };
    check(questions, sizeof(questions) / sizeof(questions[0]));
}

/* ---- OCSP ---- */

static void responders_without_nocheck(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int value;
        int about; /* 0: no CRL of the CA, 1: it calls the responder good, 2: revoked */
        enum vt_status_value want;
        size_t wants;
    } cases[] = {
        {"good responder", V_OCSP_CERTSTATUS_GOOD, 1, VT_STATUS_GOOD, 0},
        {"revoked responder", V_OCSP_CERTSTATUS_GOOD, 2, VT_STATUS_UNKNOWN, 0},
        {"revoked responder says revoked", V_OCSP_CERTSTATUS_REVOKED, 2, VT_STATUS_UNKNOWN, 0},
        {"unknown responder", V_OCSP_CERTSTATUS_GOOD, 0, VT_STATUS_UNKNOWN, 1},
        {"unknown responder says revoked", V_OCSP_CERTSTATUS_REVOKED, 0, VT_STATUS_REVOKED, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static struct vt_verified verified;
        struct tc_crl_options options = {.next_update_utc_secs = TC_NOW + TC_DAY};
        if (cases[i].about == 2)
            options.entries[0] = (struct tc_entry){&f.responder, TC_NOW - TC_DAY, 1, NULL};
        struct vt_bytes crl = tc_crl(f.arena, &f.ca, &options);
        struct tc_ocsp_options ocsp = {.responder = &f.responder,
                                       .value = cases[i].value,
                                       .reason = 1,
                                       .revoked_at_utc_secs = TC_NOW - TC_DAY};
        struct vt_bytes response = tc_ocsp(f.arena, &f.leaf, &f.ca, &ocsp);
        struct vt_status_fact facts[2];
        struct vt_known known = {.facts = facts, .facts_count = 1};
        struct vt_trust_input input = {.store = f.store, .verified = &verified, .known = &known};
        assert_int_equal(vt_status_read_ocsp(f.arena, f.pool, response, f.leaf.certificate,
                                             f.ca.certificate, (struct vt_bytes){0},
                                             "http://ocsp.example", &facts[0], NULL),
                         VT_OK);
        /* The CRL's word on the responder alone, as the status role tells it. */
        if (cases[i].about != 0) {
            struct vt_crl_list *list = NULL;
            assert_int_equal(
                vt_crl_list_over(f.arena, crl, VT_ORIGIN_FETCHED, "http://ca.example", &list, NULL),
                VT_OK);
            assert_int_equal(vt_crl_list_fact(f.arena, list, f.responder.certificate,
                                              f.ca.certificate, &facts[known.facts_count++], NULL),
                             VT_OK);
        }
        struct asked asked;
        ask(&f.leaf, &input, 0, &asked);
        if (asked.choice.value != cases[i].want || asked.wants.status_count != cases[i].wants)
            fail_msg("%s: value %d, %zu wanted", cases[i].name, (int)asked.choice.value,
                     asked.wants.status_count);
        if (asked.choice.value == VT_STATUS_GOOD)
            assert_string_equal(asked.choice.fact.responder_name, "OCSP");
    }
}

/* The earliest date that anybody states is kept. */
static void the_earliest_invalidity_counts(void **state)
{
    (void)state;
    struct asked asked;
    const struct question question = {
        .name = "twice revoked",
        GIVEN,
        .data = {{.signer = &f.ca, .entry = REVOKED(f.leaf), .invalid_since = TC_NOW - 7 * TC_DAY},
                 {.signer = &f.ca, .entry = {&f.leaf, TC_NOW - 6 * TC_DAY, 1, NULL}}}};
    put_question(&question, &asked);
    assert_int_equal(asked.choice.value, VT_STATUS_REVOKED);
    assert_int_equal(asked.choice.fact.revoked_at_utc_secs, TC_NOW - 6 * TC_DAY);
    assert_int_equal(asked.choice.fact.invalid_since_utc_secs, TC_NOW - 7 * TC_DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signers_of_crls),
        cmocka_unit_test(scopes_and_reasons),
        cmocka_unit_test(deltas),
        cmocka_unit_test(indirect_lists),
        cmocka_unit_test(age_and_origin),
        cmocka_unit_test(responders_without_nocheck),
        cmocka_unit_test(the_earliest_invalidity_counts),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
