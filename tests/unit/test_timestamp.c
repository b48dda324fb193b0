/* SPDX-License-Identifier: Apache-2.0
 * Time stamp tokens: over a signature value, over the content, as a signature of a document. */
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
#define CONTENT VT_BYTES("Cong van so 12.")
#define OTHER VT_BYTES("Cong van so 13.")

struct outcome {
    struct vt_arena *arena;
    struct vt_verified_list list;
};

static struct outcome verify(struct vt_signed_object object)
{
    struct outcome outcome = {.arena = vt_arena_new(16u << 20)};
    struct vt_certificate_pool *pool = vt_certificate_pool_new(outcome.arena, NULL);
    TC_CHECK(vt_verify_objects(outcome.arena, pool, &object, 1, NULL, 0, &outcome.list, NULL) ==
             VT_OK);
    TC_CHECK(outcome.list.count == 1);
    return outcome;
}

static struct vt_signed_object object_of(struct vt_bytes cms, enum vt_binding binding)
{
    return (struct vt_signed_object){.format = VT_SIGNATURE_CADES,
                                     .binding = binding,
                                     .ranges = {CONTENT},
                                     .ranges_count = 1,
                                     .cms = cms};
}

struct expected {
    enum vt_integrity integrity;
    vt_reasons reasons;
    bool has_signer, ess_bound;
};

struct stamp_case {
    const char *name;
    struct tcms_stamp stamp;
    struct vt_bytes token; /* instead of one that is made */
    struct expected expected;
};

static struct vt_bytes make(const struct stamp_case *test, struct vt_bytes stamped)
{
    struct tcms_stamp stamp = test->stamp;
    if (test->token.len > 0)
        return test->token;
    if (stamp.tsa == NULL)
        stamp.tsa = &tsa;
    if (stamp.stamped.len == 0)
        stamp.stamped = stamped;
    return tcms_token(arena, &stamp);
}

static void check(const char *name, const struct vt_verified_timestamp *timestamp, const char *kind,
                  const struct expected *expected)
{
    if (timestamp->integrity == expected->integrity && timestamp->reasons == expected->reasons &&
        (timestamp->signer != NULL) == expected->has_signer &&
        timestamp->ess_bound == expected->ess_bound && strcmp(timestamp->kind, kind) == 0)
        return;
    for (size_t i = 0; i < timestamp->findings_count; i++)
        print_message("    %s\n", timestamp->findings[i]);
    fail_msg("%s: %s: integrity %d, reasons %llx, signer %d, bound %d", name, timestamp->kind,
             timestamp->integrity, (unsigned long long)timestamp->reasons,
             timestamp->signer != NULL, timestamp->ess_bound);
}

#define GOOD                                                                                       \
    {                                                                                              \
        VT_INTEGRITY_INTACT, 0, true, true                                                         \
    }
#define INVALID                                                                                    \
    {                                                                                              \
        VT_INTEGRITY_BROKEN, BIT(TIMESTAMP_INVALID), true, true                                    \
    }
#define UNVERIFIED(...)                                                                            \
    {                                                                                              \
        VT_INTEGRITY_UNDETERMINED, BIT(TIMESTAMP_UNVERIFIED), __VA_ARGS__                          \
    }

/* All that can be wrong with a token, whatever it stamps. */
static const struct stamp_case *token_cases(size_t *out_count)
{
    static struct stamp_case cases[12];
    const struct stamp_case all[] = {
        {"good", {.tsa = &tsa}, TD_NONE, GOOD},
        {"fractions of a second", {.time = "20260102030405.678Z"}, TD_NONE, GOOD},
        {"over other bytes", {.stamped = OTHER}, TD_NONE, INVALID},
        {"signed by another key", {.by_wrong_key = true, .key_of = &stranger}, TD_NONE, INVALID},
        {"certificate is missing", {.no_certificate = true}, TD_NONE, UNVERIFIED(false, false)},
        {"without ESS", {.ess = TCMS_ESS_NONE}, TD_NONE, {VT_INTEGRITY_INTACT, 0, true, false}},
        {"two signatures", {.two_signers = true}, TD_NONE, UNVERIFIED(false, false)},
        {"content of another type",
         {.content_type = VT_OID_DATA},
         TD_NONE,
         UNVERIFIED(false, false)},
        {"time is no time", {.time = "20261302030405Z"}, TD_NONE, UNVERIFIED(false, false)},
        {"time without zone", {.time = "20260102030405"}, TD_NONE, UNVERIFIED(false, false)},
        {"not a token",
         {.tsa = NULL},
         VT_BYTES("\x04\x03"
                  "abc"),
         UNVERIFIED(false, false)},
        {"an empty sequence", {.tsa = NULL}, VT_BYTES("\x30\x00"), UNVERIFIED(false, false)},
    };
    memcpy(cases, all, sizeof(all));
    *out_count = ENTRIES(all);
    return cases;
}

/* The signature value is known only after signing, and the unsigned attribute does not change
 * it; ECDSA is randomised, so the token is put into a signature that was made once. */
static struct vt_bytes add_unsigned(struct vt_bytes cms, struct vt_bytes value,
                                    struct vt_bytes attributes)
{
    /* SignedData ends with the SignerInfo, which ends with the value: reopen from the inside. */
    struct vt_bytes info_end = TD(arena, 0x04, value);
    size_t at = vt_bytes_find(cms, info_end, 0);
    TC_CHECK(at != SIZE_MAX && at + info_end.len == cms.len);
    struct tcms_options unused = {.signer = &signer};
    struct vt_bytes sid = tcms_sid(arena, &unused);
    size_t sid_at = vt_bytes_find(cms, sid, 0);
    size_t head_at = vt_bytes_find(cms, TD(arena, 0x30, TD(arena, 0x06, VT_OID_DATA)), 0);
    TC_CHECK(sid_at != SIZE_MAX && head_at != SIZE_MAX);
    struct vt_bytes inner = vt_bytes_slice(cms, sid_at - 3, cms.len);
    struct vt_bytes info = TD(arena, 0x30, inner, TD(arena, 0xa1, attributes));
    struct vt_bytes algorithms = TD(arena, 0x31, tcms_digest_algorithm(arena, &unused));
    struct vt_bytes data = TD(arena, 0x30, td_number(arena, 1), algorithms,
                              TD(arena, 0x30, TD(arena, 0x06, VT_OID_DATA)),
                              TD(arena, 0xa0, signer.der), TD(arena, 0x31, info));
    return TD(arena, 0x30, TD(arena, 0x06, VT_OID_SIGNED_DATA), TD(arena, 0xa0, data));
}

static struct vt_bytes signature_value(struct vt_bytes cms)
{
    struct outcome outcome = verify(object_of(cms, VT_BINDING_DETACHED));
    struct vt_bytes value = outcome.list.items[0].signature_value;
    const void *copy = vt_arena_dup(arena, value.ptr, value.len);
    vt_arena_free(outcome.arena);
    return vt_bytes_of(copy, value.len);
}

static void test_signature_timestamp(void **state)
{
    size_t count;
    const struct stamp_case *cases = token_cases(&count);
    struct tcms_options options = {.signer = &signer, .carry_signer = true, .content = CONTENT};
    struct vt_bytes cms = tcms_make(arena, &options);
    struct vt_bytes value = signature_value(cms);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        struct vt_bytes attribute =
            tcms_attribute(arena, VT_OID_TIME_STAMP_TOKEN, make(&cases[i], value));
        struct outcome outcome =
            verify(object_of(add_unsigned(cms, value, attribute), VT_BINDING_DETACHED));
        const struct vt_verified *item = &outcome.list.items[0];
        /* A bad stamp does not make the signature itself bad. */
        assert_int_equal(item->integrity, VT_INTEGRITY_INTACT);
        assert_int_equal(item->timestamps_count, 1);
        check(cases[i].name, &item->timestamps[0], "signature", &cases[i].expected);
        vt_arena_free(outcome.arena);
    }
}

static void test_several(void **state)
{
    struct tcms_options options = {.signer = &signer, .carry_signer = true, .content = CONTENT};
    struct vt_bytes cms = tcms_make(arena, &options);
    struct vt_bytes value = signature_value(cms);
    struct vt_bytes first = tcms_token(arena, &(struct tcms_stamp){.tsa = &tsa, .stamped = value});
    struct vt_bytes second = tcms_token(
        arena, &(struct tcms_stamp){.tsa = &tsa, .stamped = OTHER, .time = "20260203040506Z"});
    (void)state;
    struct vt_bytes attributes =
        TD(arena, 0x31, tcms_attribute(arena, VT_OID_TIME_STAMP_TOKEN, first),
           tcms_attribute(arena, VT_OID_TIME_STAMP_TOKEN, second));
    attributes = vt_bytes_slice(attributes, attributes.len > 259 ? 4 : 3, attributes.len);
    struct outcome outcome =
        verify(object_of(add_unsigned(cms, value, attributes), VT_BINDING_DETACHED));
    const struct vt_verified *item = &outcome.list.items[0];
    assert_int_equal(item->timestamps_count, 2);
    check("first", &item->timestamps[0], "signature", &(struct expected)GOOD);
    check("second", &item->timestamps[1], "signature", &(struct expected)INVALID);
    assert_int_equal(item->timestamps[0].time_utc_secs, vt_time_from_civil(2026, 1, 2, 3, 4, 5));
    assert_int_equal(item->timestamps[1].time_utc_secs, vt_time_from_civil(2026, 2, 3, 4, 5, 6));
    assert_string_equal(item->timestamps[0].digest_algorithm, "SHA-256");
    assert_int_equal(item->timestamps[0].carried_count, 1);
    vt_arena_free(outcome.arena);
}

static void test_content_timestamp(void **state)
{
    size_t count;
    const struct stamp_case *cases = token_cases(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        struct tcms_options options = {
            .signer = &signer,
            .carry_signer = true,
            .content = CONTENT,
            .more_attributes =
                tcms_attribute(arena, VT_OID_CONTENT_TIME_STAMP, make(&cases[i], CONTENT)),
        };
        struct outcome outcome = verify(object_of(tcms_make(arena, &options), VT_BINDING_DETACHED));
        const struct vt_verified *item = &outcome.list.items[0];
        assert_int_equal(item->integrity, VT_INTEGRITY_INTACT);
        assert_int_equal(item->timestamps_count, 1);
        check(cases[i].name, &item->timestamps[0], "content", &cases[i].expected);
        vt_arena_free(outcome.arena);
    }
}

/* ETSI.RFC3161: the token is the signature, and its authority the signer. */
static void test_document_timestamp(void **state)
{
    size_t count;
    const struct stamp_case *cases = token_cases(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        struct outcome outcome = verify(object_of(make(&cases[i], CONTENT), VT_BINDING_TIMESTAMP));
        const struct vt_verified *item = &outcome.list.items[0];
        const struct expected *expected = &cases[i].expected;
        assert_int_equal(item->timestamps_count, 1);
        check(cases[i].name, &item->timestamps[0], "document", expected);
        assert_int_equal(item->integrity, expected->integrity);
        assert_ptr_equal(item->signer, item->timestamps[0].signer);
        assert_int_equal(item->reasons & expected->reasons, expected->reasons);
        assert_false(outcome.list.has_content);
        vt_arena_free(outcome.arena);
    }
}

static void test_document_changed(void **state)
{
    struct vt_bytes token = tcms_token(arena, &(struct tcms_stamp){.tsa = &tsa, .stamped = OTHER});
    struct outcome outcome = verify(object_of(token, VT_BINDING_TIMESTAMP));
    const struct vt_verified *item = &outcome.list.items[0];
    (void)state;
    assert_int_equal(item->integrity, VT_INTEGRITY_BROKEN);
    assert_int_equal(item->sub_indication, VT_SUB_HASH_FAILURE);
    assert_int_equal(item->reasons, BIT(CONTENT_CHANGED) | BIT(TIMESTAMP_INVALID));
    vt_arena_free(outcome.arena);
}

/* Every bit of the token's TSTInfo and signature matters. */
static void test_every_bit(void **state)
{
    struct vt_bytes token =
        tcms_token(arena, &(struct tcms_stamp){.tsa = &tsa, .stamped = CONTENT});
    uint8_t *bytes = vt_arena_dup(arena, token.ptr, token.len);
    /* All but the signer identifier, the version numbers and the list of digests, which decide
     * nothing beside the ESS attribute. */
    struct tcms_options options = {.signer = &tsa};
    struct vt_bytes sid = tcms_sid(arena, &options);
    struct vt_bytes algorithms = TD(arena, 0x31, tcms_digest_algorithm(arena, &options));
    size_t sid_at = vt_bytes_find(token, sid, 0);
    size_t algorithms_at = vt_bytes_find(token, algorithms, 0);
    (void)state;
    for (size_t at = 0; at < token.len; at++) {
        if ((at + 1 >= sid_at && at < sid_at + sid.len) ||
            (at + 1 >= algorithms_at && at < algorithms_at + algorithms.len))
            continue;
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[at] ^= (uint8_t)(1u << bit);
            struct outcome outcome =
                verify(object_of(vt_bytes_of(bytes, token.len), VT_BINDING_TIMESTAMP));
            if (outcome.list.items[0].integrity == VT_INTEGRITY_INTACT)
                fail_msg("bit %u of byte %zu is not covered", bit, at);
            vt_arena_free(outcome.arena);
            bytes[at] ^= (uint8_t)(1u << bit);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signature_timestamp), cmocka_unit_test(test_several),
        cmocka_unit_test(test_content_timestamp),   cmocka_unit_test(test_document_timestamp),
        cmocka_unit_test(test_document_changed),    cmocka_unit_test(test_every_bit),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
