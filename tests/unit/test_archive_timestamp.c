/* SPDX-License-Identifier: Apache-2.0
 * Archive time stamps (EN 319 122-1 5.5, TS 101 733 6.4.1) and time stamps over references: which
 * bytes they are over, and which other tokens they cover. The bytes are put together here once
 * more, from the standard. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/stamped.h"

#define ENTRIES(table) (sizeof(table) / sizeof((table)[0]))
#define BIT(reason) VT_REASON_BIT(VT_REASON_##reason)
#define CONTENT VT_BYTES("Quyet dinh so 7.")
#define OTHER VT_BYTES("Quyet dinh so 8.")
#define REFERENCES VT_BYTES("\x30\x03\x02\x01\x07")

enum form {
    V3 = 0,
    V3_BY_ATTRIBUTE,
    V3_DEFAULT_DIGEST,
    V2,
    V2_BARE,
    AFTER_REFERENCES,
    REFERENCES_ONLY
};
enum flaw {
    SOUND = 0,
    OTHER_CONTENT,
    MISSING_CERTIFICATE, /* the index names one that is not there */
    MISSING_ATTRIBUTE,
    NO_INDEX,
    DAMAGED_INDEX,
    ANOTHER_INDEX, /* than the one that was stamped */
    LATER_TOKEN,   /* the signature time stamp was added afterwards */
};

struct archive_case {
    const char *name;
    enum form form;
    enum flaw flaw;
    bool is_enclosed; /* the content is in the CMS */
    enum vt_integrity integrity;
    vt_reasons reasons;
    uint32_t covers;
};

/* ---- what the standard says is stamped ---- */

static struct tcms_options options_of(const struct archive_case *test)
{
    return (struct tcms_options){.signer = &signer,
                                 .carry_signer = true,
                                 .carried = {&ca},
                                 .content = CONTENT,
                                 .enclosed = CONTENT,
                                 .is_enclosed = test->is_enclosed};
}

static struct vt_bytes join(const struct vt_bytes *parts, size_t count)
{
    struct vt_bytes made = td_make(arena, 0x30, parts, count);
    size_t header = made.len - 2 < 128 ? 2 : made.len - 3 < 256 ? 3 : 4;
    return vt_bytes_of(made.ptr + header, made.len - header);
}
#define JOIN(...)                                                                                  \
    join((const struct vt_bytes[]){__VA_ARGS__},                                                   \
         sizeof((const struct vt_bytes[]){__VA_ARGS__}) / sizeof(struct vt_bytes))

/* version, sid, digestAlgorithm, signedAttrs, signatureAlgorithm, signature */
static struct vt_bytes signer_head(const struct tcms_options *options, struct vt_bytes value)
{
    return JOIN(td_number(arena, 1), tcms_sid(arena, options),
                tcms_digest_algorithm(arena, options), tcms_attributes(arena, options, false, 0xa0),
                tcms_signature_algorithm(arena, options), TD(arena, 0x04, value));
}

static struct vt_bytes hash_of(struct vt_bytes bytes)
{
    return TD(arena, 0x04, tcms_digest(arena, NULL, bytes));
}

static struct vt_bytes make_index(const struct archive_case *test, struct vt_bytes attribute,
                                  struct vt_bytes token)
{
    struct vt_bytes algorithm = td_algorithm(arena, TD_SHA256, TD_NONE);
    struct vt_bytes certificates = JOIN(hash_of(signer.der), hash_of(ca.der));
    struct vt_bytes named =
        test->form == V3 ? JOIN(TD(arena, 0x06, VT_OID_TIME_STAMP_TOKEN), token) : attribute;
    struct vt_bytes attributes = hash_of(named);
    if (test->flaw == MISSING_CERTIFICATE)
        certificates = JOIN(certificates, hash_of(stranger.der));
    if (test->flaw == MISSING_ATTRIBUTE)
        attributes = JOIN(attributes, hash_of(OTHER));
    if (test->flaw == LATER_TOKEN)
        attributes = TD_NONE;
    return TD(arena, 0x30, test->form == V3_DEFAULT_DIGEST ? TD_NONE : algorithm,
              TD(arena, 0x30, certificates), TD(arena, 0x30, TD_NONE), TD(arena, 0x30, attributes));
}

static struct vt_bytes v3_bytes(const struct archive_case *test, struct vt_bytes head,
                                struct vt_bytes index)
{
    struct vt_bytes content = test->flaw == OTHER_CONTENT ? OTHER : CONTENT;
    return JOIN(TD(arena, 0x06, VT_OID_DATA), tcms_digest(arena, NULL, content), head, index);
}

static struct vt_bytes v2_bytes(const struct archive_case *test, struct vt_bytes head,
                                struct vt_bytes attributes)
{
    struct tcms_options options = options_of(test);
    struct vt_bytes content = test->flaw == OTHER_CONTENT ? OTHER : CONTENT;
    return JOIN(TD(arena, 0x30, TD(arena, 0x06, VT_OID_DATA), tcms_enclosed(arena, &options)),
                test->is_enclosed ? TD_NONE : content, TD(arena, 0xa0, signer.der, ca.der), head,
                test->form == V2 ? TD(arena, 0xa1, attributes) : attributes);
}

static struct vt_bytes stamp_over(struct vt_bytes bytes, struct vt_bytes unsigned_attributes)
{
    return tcms_token(arena, &(struct tcms_stamp){.tsa = &tsa,
                                                  .stamped = bytes,
                                                  .time = "20260302030405Z",
                                                  .unsigned_attributes = unsigned_attributes});
}

static struct vt_bytes make_v3(const struct archive_case *test, struct vt_bytes head,
                               struct vt_bytes attribute, struct vt_bytes token)
{
    struct vt_bytes oid = test->form == V3 ? VT_OID_ATS_HASH_INDEX_V3 : VT_OID_ATS_HASH_INDEX;
    struct vt_bytes index = make_index(test, attribute, token);
    struct vt_bytes carried = index;
    if (test->flaw == DAMAGED_INDEX)
        carried = index = TD(arena, 0x30, VT_BYTES("\x04\x01\x00"));
    if (test->flaw == ANOTHER_INDEX)
        carried = TD(arena, 0x30, td_algorithm(arena, TD_SHA256, TD_NONE), TD(arena, 0x30, TD_NONE),
                     TD(arena, 0x30, TD_NONE), TD(arena, 0x30, TD_NONE));
    struct vt_bytes with = test->flaw == NO_INDEX ? TD_NONE : tcms_attribute(arena, oid, carried);
    return tcms_attribute(arena, VT_OID_ARCHIVE_TIME_STAMP_V3,
                          stamp_over(v3_bytes(test, head, index), with));
}

static struct vt_bytes references(struct vt_bytes oid)
{
    return JOIN(TD(arena, 0x06, oid), TD(arena, 0x31, REFERENCES));
}

/* CAdES-C: the values of the attributes without SEQUENCE around them. */
static struct vt_bytes make_over_references(const struct archive_case *test, struct vt_bytes value,
                                            struct vt_bytes token)
{
    bool all = test->form == AFTER_REFERENCES;
    struct vt_bytes stamped = JOIN(
        all ? value : TD_NONE,
        all ? JOIN(TD(arena, 0x06, VT_OID_TIME_STAMP_TOKEN), TD(arena, 0x31, token)) : TD_NONE,
        references(VT_OID_COMPLETE_CERTIFICATE_REFS), references(VT_OID_COMPLETE_REVOCATION_REFS),
        test->flaw == OTHER_CONTENT ? OTHER : TD_NONE);
    return JOIN(tcms_attribute(arena, VT_OID_COMPLETE_CERTIFICATE_REFS, REFERENCES),
                tcms_attribute(arena, VT_OID_COMPLETE_REVOCATION_REFS, REFERENCES),
                tcms_attribute(arena, all ? VT_OID_ESC_TIME_STAMP : VT_OID_CERTS_CRLS_TIME_STAMP,
                               stamp_over(stamped, TD_NONE)));
}

/* The unsigned attributes: a signature time stamp and what stands over it. */
static struct vt_bytes attributes_of(struct vt_arena *unused, void *context, struct vt_bytes value)
{
    const struct archive_case *test = context;
    struct tcms_options options = options_of(test);
    struct vt_bytes head = signer_head(&options, value);
    struct vt_bytes token = tcms_token(arena, &(struct tcms_stamp){.tsa = &tsa, .stamped = value});
    struct vt_bytes attribute = tcms_attribute(arena, VT_OID_TIME_STAMP_TOKEN, token);
    (void)unused;
    switch (test->form) {
    case V2:
    case V2_BARE:
        return JOIN(attribute,
                    tcms_attribute(arena, VT_OID_ARCHIVE_TIME_STAMP_V2,
                                   stamp_over(v2_bytes(test, head, attribute), TD_NONE)));
    case AFTER_REFERENCES:
    case REFERENCES_ONLY:
        return JOIN(attribute, make_over_references(test, value, token));
    default:
        return JOIN(attribute, make_v3(test, head, attribute, token));
    }
}

/* ---- verifying ---- */

static struct vt_verified *verify(struct vt_arena *work, struct vt_bytes cms, bool is_enclosed)
{
    struct vt_certificate_pool *pool = vt_certificate_pool_new(work, NULL);
    struct vt_verified_list list;
    struct vt_signed_object object = {.format = VT_SIGNATURE_CADES,
                                      .binding = is_enclosed ? VT_BINDING_ENCAPSULATED
                                                             : VT_BINDING_DETACHED,
                                      .ranges = {CONTENT},
                                      .ranges_count = is_enclosed ? 0 : 1,
                                      .cms = cms};
    TC_CHECK(vt_verify_objects(work, pool, &object, 1, NULL, 0, &list, NULL) == VT_OK);
    TC_CHECK(list.count == 1);
    return &list.items[0];
}

#define INTACT_OVER(tokens) .integrity = VT_INTEGRITY_INTACT, .covers = (tokens)
#define INVALID .integrity = VT_INTEGRITY_BROKEN, .reasons = BIT(TIMESTAMP_INVALID)
#define UNVERIFIED .integrity = VT_INTEGRITY_UNDETERMINED, .reasons = BIT(TIMESTAMP_UNVERIFIED)

static const struct archive_case cases[] = {
    {"v3", V3, INTACT_OVER(1)},
    {"v3, content in the CMS", V3, .is_enclosed = true, INTACT_OVER(1)},
    {"v3, index of whole attributes", V3_BY_ATTRIBUTE, INTACT_OVER(1)},
    {"v3, index with the default digest", V3_DEFAULT_DIGEST, INTACT_OVER(1)},
    {"v3, another content", V3, OTHER_CONTENT, INVALID},
    {"v3, index names a missing certificate", V3, MISSING_CERTIFICATE, UNVERIFIED},
    {"v3, index names a missing attribute", V3, MISSING_ATTRIBUTE, UNVERIFIED},
    {"v3 without index", V3, NO_INDEX, UNVERIFIED},
    {"v3, index cannot be read", V3, DAMAGED_INDEX, UNVERIFIED},
    {"v3, another index", V3, ANOTHER_INDEX, INVALID},
    {"v3, token added later is not covered", V3, LATER_TOKEN, INTACT_OVER(0)},
    {"v2", V2, INTACT_OVER(1)},
    {"v2, content in the CMS", V2, .is_enclosed = true, INTACT_OVER(1)},
    {"v2 without the tag of the attributes", V2_BARE, INTACT_OVER(1)},
    {"v2, another content", V2, OTHER_CONTENT, UNVERIFIED},
    {"CAdES-C time stamp", AFTER_REFERENCES, INTACT_OVER(1)},
    {"CAdES-C time stamp over something else", AFTER_REFERENCES, OTHER_CONTENT, UNVERIFIED},
    {"time stamp over references only", REFERENCES_ONLY, INTACT_OVER(0)},
    {"time stamp over other references", REFERENCES_ONLY, OTHER_CONTENT, UNVERIFIED},
};

static void test_archive(void **state)
{
    static const char *const kinds[] = {"archive",   "archive", "archive",
                                        "archive",   "archive", "signature-and-references",
                                        "references"};
    (void)state;
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        struct archive_case test = cases[i];
        struct tcms_options options = options_of(&test);
        struct vt_arena *work = vt_arena_new(16u << 20);
        options.unsigned_of = attributes_of;
        options.unsigned_context = &test;
        const struct vt_verified *item = verify(work, tcms_make(arena, &options), test.is_enclosed);
        assert_int_equal(item->integrity, VT_INTEGRITY_INTACT);
        assert_int_equal(item->timestamps_count, 2);
        assert_int_equal(item->timestamps[0].integrity, VT_INTEGRITY_INTACT);
        const struct vt_verified_timestamp *found = &item->timestamps[1];
        if (found->integrity != test.integrity || found->reasons != test.reasons ||
            found->covers != test.covers || strcmp(found->kind, kinds[test.form]) != 0)
            fail_msg("%s: %s, integrity %d, reasons %llx, covers %x: %s", test.name, found->kind,
                     found->integrity, (unsigned long long)found->reasons, found->covers,
                     found->findings_count > 0 ? found->findings[0] : "");
        if (test.integrity != VT_INTEGRITY_INTACT && found->findings_count == 0)
            fail_msg("%s: no finding", test.name);
        vt_arena_free(work);
    }
}

/* ---- many, twice, not supported ---- */

static struct vt_bytes crowd(struct vt_arena *unused, void *context, struct vt_bytes value)
{
    struct vt_bytes all = TD_NONE;
    char time[32];
    (void)unused;
    for (int i = 0; i < *(const int *)context; i++) {
        (void)snprintf(time, sizeof(time), "202601020304%02dZ", i);
        all = JOIN(all, tcms_attribute(arena, VT_OID_TIME_STAMP_TOKEN,
                                       tcms_token(arena, &(struct tcms_stamp){.tsa = &tsa,
                                                                              .stamped = value,
                                                                              .time = time})));
    }
    return all;
}

static void test_bounded(void **state)
{
    int count = VT_MAX_TIMESTAMPS + 3;
    struct tcms_options options = {.signer = &signer,
                                   .carry_signer = true,
                                   .content = CONTENT,
                                   .unsigned_of = crowd,
                                   .unsigned_context = &count};
    struct vt_arena *work = vt_arena_new(32u << 20);
    const struct vt_verified *item = verify(work, tcms_make(arena, &options), false);
    (void)state;
    assert_int_equal(item->timestamps_count, VT_MAX_TIMESTAMPS);
    assert_int_equal(item->findings_count, 1);
    vt_arena_free(work);
}

static struct vt_bytes twice(struct vt_arena *unused, void *context, struct vt_bytes value)
{
    struct vt_bytes token = tcms_token(arena, &(struct tcms_stamp){.tsa = &tsa, .stamped = value});
    struct vt_bytes attribute = tcms_attribute(arena, VT_OID_TIME_STAMP_TOKEN, token);
    (void)unused;
    (void)context;
    return JOIN(attribute, attribute,
                tcms_attribute(arena, VT_OID_LONG_TERM_VALIDATION, REFERENCES),
                tcms_attribute(arena, VT_OID_EVIDENCE_RECORD_INTERNAL, REFERENCES));
}

static void test_once(void **state)
{
    struct tcms_options options = {
        .signer = &signer, .carry_signer = true, .content = CONTENT, .unsigned_of = twice};
    struct vt_arena *work = vt_arena_new(16u << 20);
    const struct vt_verified *item = verify(work, tcms_make(arena, &options), false);
    (void)state;
    assert_int_equal(item->timestamps_count, 1);
    assert_int_equal(item->findings_count, 3);
    assert_non_null(strstr(item->findings[0], "long-term-validation"));
    assert_non_null(strstr(item->findings[1], "RFC 4998"));
    assert_non_null(strstr(item->findings[2], "twice"));
    vt_arena_free(work);
}

/* ---- the rest of TSTInfo ---- */

static struct vt_bytes name_of(const struct tc_entity *entity)
{
    unsigned char *der = NULL;
    int len = i2d_X509_NAME(X509_get_subject_name(entity->x509), &der);
    return TD(arena, 0xa0, TD(arena, 0xa4, tc_keep(arena, der, len)));
}

static void test_rest_of_info(void **state)
{
    struct vt_bytes minute = TD(arena, 0x30, td_number(arena, 60));
    const struct {
        const char *name;
        struct vt_bytes rest;
        enum vt_integrity integrity;
        int64_t accuracy;
        size_t findings;
    } rows[] = {
        {"nothing", TD_NONE, VT_INTEGRITY_INTACT, 0, 0},
        {"a minute", minute, VT_INTEGRITY_INTACT, 60, 0},
        {"half a second", VT_BYTES("\x30\x04\x80\x02\x01\xf4"), VT_INTEGRITY_INTACT, 0, 0},
        {"all of it", JOIN(minute, VT_BYTES("\x01\x01\xff\x02\x01\x05"), name_of(&tsa)),
         VT_INTEGRITY_INTACT, 60, 0},
        {"another name", name_of(&stranger), VT_INTEGRITY_INTACT, 0, 1},
        {"out of order", JOIN(name_of(&tsa), minute), VT_INTEGRITY_UNDETERMINED, 0, 1},
        {"something unknown", VT_BYTES("\x0c\x01\x41"), VT_INTEGRITY_UNDETERMINED, 0, 1},
    };
    (void)state;
    for (size_t i = 0; i < ENTRIES(rows); i++) {
        struct vt_bytes token = tcms_token(
            arena,
            &(struct tcms_stamp){.tsa = &tsa, .stamped = CONTENT, .info_rest = rows[i].rest});
        struct vt_arena *work = vt_arena_new(16u << 20);
        struct vt_certificate_pool *pool = vt_certificate_pool_new(work, NULL);
        struct vt_verified_list list;
        struct vt_signed_object object = {.format = VT_SIGNATURE_DOCTIMESTAMP,
                                          .binding = VT_BINDING_TIMESTAMP,
                                          .ranges = {CONTENT},
                                          .ranges_count = 1,
                                          .cms = token};
        TC_CHECK(vt_verify_objects(work, pool, &object, 1, NULL, 0, &list, NULL) == VT_OK);
        const struct vt_verified_timestamp *found = &list.items[0].timestamps[0];
        if (found->integrity != rows[i].integrity || found->accuracy_secs != rows[i].accuracy ||
            found->findings_count != rows[i].findings)
            fail_msg("%s: integrity %d, accuracy %lld, %zu findings", rows[i].name,
                     found->integrity, (long long)found->accuracy_secs, found->findings_count);
        vt_arena_free(work);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_archive),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_rest_of_info),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
