/* SPDX-License-Identifier: Apache-2.0
 * Asking a time stamp authority: what is sent, and what of an answer is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ts.h>

#include "../lib/stamped.h"
#include "vanthu/stamp.h"

#define ENTRIES(table) (sizeof(table) / sizeof((table)[0]))
#define CONTENT VT_BYTES("a signature value")
#define NOW 1767323045 /* 2026-01-02 03:04:05 */
#define NONCE "\x02\x08\x41\x02\x03\x04\x05\x06\x07\x08"
#define GRANTED "\x30\x03\x02\x01\x00"

static struct vt_stamp_query query_of(struct vt_bytes stamped)
{
    struct vt_stamp_query query = {.hash = VT_SEAL_SHA256,
                                   .imprint = tcms_digest(arena, NULL, stamped)};
    memcpy(query.nonce, NONCE + 2, sizeof(query.nonce));
    return query;
}

static void a_query_is_what_openssl_reads(void **state)
{
    struct vt_stamp_query query = query_of(CONTENT);
    struct vt_bytes der;
    (void)state;
    query.policy = "2.16.704.1.1.1.1.9";
    assert_int_equal(vt_stamp_query_write(arena, &query, &der, NULL), VT_OK);
    const unsigned char *at = der.ptr;
    TS_REQ *request = d2i_TS_REQ(NULL, &at, (long)der.len);
    assert_non_null(request);
    assert_ptr_equal(at, der.ptr + der.len);
    assert_int_equal(TS_REQ_get_version(request), 1);
    assert_int_equal(TS_REQ_get_cert_req(request), 1);
    BIGNUM *nonce = ASN1_INTEGER_to_BN(TS_REQ_get_nonce(request), NULL);
    uint8_t bytes[8];
    assert_int_equal(BN_bn2binpad(nonce, bytes, 8), 8);
    assert_memory_equal(bytes, query.nonce, 8);
    BN_free(nonce);
    char policy[64];
    OBJ_obj2txt(policy, sizeof(policy), TS_REQ_get_policy_id(request), 1);
    assert_string_equal(policy, query.policy);
    const ASN1_OCTET_STRING *imprint = TS_MSG_IMPRINT_get_msg(TS_REQ_get_msg_imprint(request));
    assert_int_equal(ASN1_STRING_length(imprint), 32);
    assert_memory_equal(ASN1_STRING_get0_data(imprint), query.imprint.ptr, 32);
    TS_REQ_free(request);
    query.policy = "no policy";
    assert_int_equal(vt_stamp_query_write(arena, &query, &der, NULL), VT_E_FORMAT);
    query = query_of(CONTENT);
    query.hash = VT_SEAL_SHA512;
    assert_int_equal(vt_stamp_query_write(arena, &query, &der, NULL), VT_E_FORMAT);
}

/* An answer of these pieces. */
static struct vt_bytes reply(struct vt_bytes status, struct vt_bytes token)
{
    return TD(arena, 0x30, status, token);
}

static void what_is_believed(void **state)
{
    const struct {
        const char *name;
        struct vt_bytes stamped, rest, status, token; /* token: instead of one that is made */
        int64_t now;
        const char *policy;
        enum vt_code code;
        const char *words;
    } rows[] = {
        {"good", {0}, VT_BYTES(NONCE), VT_BYTES(GRANTED), {0}, NOW, NULL, VT_OK, ""},
        {"granted with modifications",
         {0},
         VT_BYTES(NONCE),
         VT_BYTES("\x30\x03\x02\x01\x01"),
         {0},
         NOW,
         NULL,
         VT_OK,
         ""},
        {"its policy", {0}, VT_BYTES(NONCE), VT_BYTES(GRANTED), {0}, NOW, "2.16.576.1", VT_OK, ""},
        {"another policy",
         {0},
         VT_BYTES(NONCE),
         VT_BYTES(GRANTED),
         {0},
         NOW,
         "1.2.3",
         VT_E_FORMAT,
         "another policy"},
        {"another imprint",
         VT_BYTES("other"),
         VT_BYTES(NONCE),
         VT_BYTES(GRANTED),
         {0},
         NOW,
         NULL,
         VT_E_FORMAT,
         "over something else"},
        {"no nonce", {0}, {0}, VT_BYTES(GRANTED), {0}, NOW, NULL, VT_E_FORMAT, "nonce"},
        {"another nonce",
         {0},
         VT_BYTES("\x02\x01\x05"),
         VT_BYTES(GRANTED),
         {0},
         NOW,
         NULL,
         VT_E_FORMAT,
         "nonce"},
        {"our clock is ahead",
         {0},
         VT_BYTES(NONCE),
         VT_BYTES(GRANTED),
         {0},
         NOW + 400,
         NULL,
         VT_E_FORMAT,
         "not the time of this machine"},
        {"our clock is behind",
         {0},
         VT_BYTES(NONCE),
         VT_BYTES(GRANTED),
         {0},
         NOW - 400,
         NULL,
         VT_E_FORMAT,
         "not the time of this machine"},
        {"as exact as a day",
         {0},
         VT_BYTES("\x30\x05\x02\x03\x01\x51\x80" NONCE),
         VT_BYTES(GRANTED),
         {0},
         NOW + 40000,
         NULL,
         VT_E_FORMAT,
         "not the time"},
        {"rejected",
         {0},
         {0},
         VT_BYTES("\x30\x03\x02\x01\x02"),
         {0},
         NOW,
         NULL,
         VT_E_NOT_FOUND,
         "no reason given"},
        {"rejected with a reason",
         {0},
         {0},
         VT_BYTES("\x30\x07\x02\x01\x02\x03\x02\x07\x80"),
         {0},
         NOW,
         NULL,
         VT_E_NOT_FOUND,
         "badAlg"},
        {"rejected in words",
         {0},
         {0},
         VT_BYTES("\x30\x0e\x02\x01\x02\x30\x04\x0c\x02no\x03\x03\x01\x00\x02"),
         {0},
         NOW,
         NULL,
         VT_E_NOT_FOUND,
         "timeNotAvailable: its clock is not right (\"no\")"},
        {"no status", {0}, {0}, VT_BYTES("\x30\x00"), {0}, NOW, NULL, VT_E_FORMAT, "no status"},
        {"a negative status",
         {0},
         {0},
         VT_BYTES("\x30\x03\x02\x01\xff"),
         {0},
         NOW,
         NULL,
         VT_E_FORMAT,
         "no status"},
        {"granted without a token",
         {0},
         {0},
         VT_BYTES(GRANTED),
         VT_BYTES("\x05\x00"),
         NOW,
         NULL,
         VT_E_FORMAT,
         "holds no time stamp"},
        {"a token that is none",
         {0},
         {0},
         VT_BYTES(GRANTED),
         VT_BYTES("\x30\x02\x05\x00"),
         NOW,
         NULL,
         VT_E_FORMAT,
         "can be read"},
    };
    (void)state;
    for (size_t i = 0; i < ENTRIES(rows); i++) {
        const struct tcms_stamp made = {.tsa = &tsa,
                                        .stamped =
                                            rows[i].stamped.len > 0 ? rows[i].stamped : CONTENT,
                                        .info_rest = rows[i].rest};
        struct vt_stamp_query query = query_of(CONTENT);
        struct vt_stamp found;
        struct vt_err err = {.text = ""};
        struct vt_bytes token = rows[i].token.len > 0 ? rows[i].token : tcms_token(arena, &made);
        query.policy = rows[i].policy;
        enum vt_code code = vt_stamp_answer_read(arena, reply(rows[i].status, token), &query,
                                                 rows[i].now, &found, &err);
        if (code != rows[i].code || strstr(err.text, rows[i].words) == NULL)
            fail_msg("%s: %s, \"%s\"", rows[i].name, vt_code_name(code), err.text);
        assert_int_equal(found.token.len > 0, code == VT_OK);
        if (code == VT_OK)
            assert_int_equal(found.time_utc_secs, NOW);
    }
}

/* Cut short anywhere, or with something behind it: no answer. */
static void the_whole_or_nothing(void **state)
{
    const struct tcms_stamp made = {.tsa = &tsa, .stamped = CONTENT, .info_rest = VT_BYTES(NONCE)};
    struct vt_stamp_query query = query_of(CONTENT);
    struct vt_bytes whole = reply(VT_BYTES(GRANTED), tcms_token(arena, &made));
    struct vt_stamp found;
    (void)state;
    assert_int_equal(vt_stamp_answer_read(arena, whole, &query, NOW, &found, NULL), VT_OK);
    for (size_t len = 0; len < whole.len; len++)
        assert_int_not_equal(
            vt_stamp_answer_read(arena, vt_bytes_slice(whole, 0, len), &query, NOW, &found, NULL),
            VT_OK);
    uint8_t *more = vt_arena_alloc(arena, whole.len + 1);
    memcpy(more, whole.ptr, whole.len);
    assert_int_not_equal(
        vt_stamp_answer_read(arena, vt_bytes_of(more, whole.len + 1), &query, NOW, &found, NULL),
        VT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_query_is_what_openssl_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_believed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_whole_or_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
