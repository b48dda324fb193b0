/* SPDX-License-Identifier: Apache-2.0
 * What the status role keeps, and how it travels. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/certificates.h"
#include "status/store.h"
#include "vanthu/clock.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

#define CRL_URL "http://ca.example/ca.crl"
#define CRL_URL_2 "http://pub.example/ca.crl"
#define OCSP_URL "http://ocsp.example/"
#define ISSUER_URL "http://ca.example/sub.crt"

static struct fixture {
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    struct vt_trust_store *trust;
    int64_t now;
    char folder[64], root_file[128], state[128];
    struct tc_entity root, sub, stranger_root;
    struct tc_entity leaf, leaf_ocsp, leaf_silent, leaf_of_sub, stranger;
} f;

static int setup(void **state)
{
    (void)state;
    f.arena = vt_arena_new(64 * 1024 * 1024);
    f.pool = vt_certificate_pool_new(f.arena, NULL);
    f.now = vt_clock_now_utc_secs();
    f.root = tc_ca(f.arena, f.pool, "CA", NULL);
    f.sub = tc_ca(f.arena, f.pool, "CA con", &f.root);
    f.stranger_root = tc_ca(f.arena, f.pool, "CA lạ", NULL);
    f.leaf = tc_leaf_at(f.arena, f.pool, "một", &f.root, "URI:" CRL_URL ",URI:" CRL_URL_2, NULL);
    f.leaf_ocsp = tc_leaf_at(f.arena, f.pool, "hai", &f.root, "URI:" CRL_URL, "OCSP;URI:" OCSP_URL);
    f.leaf_silent = tc_leaf_at(f.arena, f.pool, "ba", &f.root, NULL, NULL);
    f.leaf_of_sub =
        tc_leaf_at(f.arena, f.pool, "bốn", &f.sub, "URI:" CRL_URL, "caIssuers;URI:" ISSUER_URL);
    f.stranger = tc_leaf_at(f.arena, f.pool, "lạ", &f.stranger_root, "URI:" CRL_URL, NULL);
    tc_make_folder(f.folder);
    (void)snprintf(f.state, sizeof(f.state), "%s/state", f.folder);
    assert_int_equal(mkdir(f.state, 0700), 0);
    tc_write_file(f.root_file, f.folder, "root.crt", f.root.der);
    f.trust = tc_trust(f.root_file);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tc_remove_folder(f.folder);
    vt_trust_store_free(f.trust);
    vt_arena_free(f.arena);
    return 0;
}

/* A list of f.root, issued so many seconds ago, in force for a day. */
static struct vt_bytes list(int64_t age_secs, const struct tc_entity *revoked, int reason,
                            const char *number)
{
    return tc_crl_of_age(f.arena, &f.root, f.now, age_secs, revoked, reason, number);
}

/* ---- JSON ---- */

static void known_travels(void **state)
{
    (void)state;
    struct vt_status_fact fact = {.serial = "01ab",
                                  .value = VT_STATUS_REVOKED,
                                  .source = "crl",
                                  .origin = CRL_URL,
                                  .this_update_utc_secs = f.now,
                                  .next_update_utc_secs = VT_TIME_NONE,
                                  .revoked_at_utc_secs = f.now - 5,
                                  .from = VT_ORIGIN_FETCHED,
                                  .revocation_reason = "keyCompromise",
                                  .invalid_since_utc_secs = f.now - 9,
                                  .produced_at_utc_secs = VT_TIME_NONE,
                                  .responder = f.leaf.der,
                                  .source_down = true,
                                  .keeps_expired_since_utc_secs = VT_TIME_NONE};
    memset(fact.issuer_key_sha256, 'a', 64);
    struct vt_bytes issuers[] = {f.root.der};
    const char *none[] = {vt_certificate_sha256(f.leaf.certificate)};
    struct vt_first_seen seen = {.time_utc_secs = f.now};
    memset(seen.digest_sha256, 'b', 64);
    struct vt_known known = {.facts = &fact,
                             .facts_count = 1,
                             .issuers = issuers,
                             .issuers_count = 1,
                             .first_seen = &seen,
                             .first_seen_count = 1,
                             .no_issuer_of = none,
                             .no_issuer_of_count = 1};
    struct vt_known read;
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(vt_known_to_json(&known, &text, &len, NULL), VT_OK);
    assert_int_equal(vt_known_from_json(f.arena, vt_bytes_of(text, len), &read, NULL), VT_OK);
    free(text);
    assert_int_equal(read.facts_count, 1);
    assert_string_equal(read.facts[0].issuer_key_sha256, fact.issuer_key_sha256);
    assert_string_equal(read.facts[0].serial, "01ab");
    assert_int_equal(read.facts[0].value, VT_STATUS_REVOKED);
    assert_int_equal(read.facts[0].revoked_at_utc_secs, f.now - 5);
    assert_true(read.facts[0].next_update_utc_secs == VT_TIME_NONE);
    assert_string_equal(read.facts[0].revocation_reason, "keyCompromise");
    assert_int_equal(read.facts[0].from, VT_ORIGIN_FETCHED);
    assert_int_equal(read.facts[0].invalid_since_utc_secs, f.now - 9);
    assert_true(read.facts[0].produced_at_utc_secs == VT_TIME_NONE);
    assert_true(vt_bytes_equal(read.facts[0].responder, f.leaf.der));
    assert_true(read.facts[0].source_down);
    assert_true(vt_bytes_equal(read.issuers[0], f.root.der));
    assert_int_equal(read.first_seen[0].time_utc_secs, f.now);
    assert_string_equal(read.no_issuer_of[0], none[0]);
}

static void wants_travel(void **state)
{
    (void)state;
    struct vt_want_status status = {f.leaf.der, f.root.der};
    struct vt_bytes issuer_of[] = {f.leaf_of_sub.der};
    const char *seen[] = {"abcd"};
    struct vt_wants wants = {&status, 1, issuer_of, 1, seen, 1};
    struct vt_wants read;
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(vt_wants_to_json(&wants, &text, &len, NULL), VT_OK);
    assert_int_equal(vt_wants_from_json(f.arena, vt_bytes_of(text, len), &read, NULL), VT_OK);
    free(text);
    assert_true(vt_bytes_equal(read.status[0].certificate, f.leaf.der));
    assert_true(vt_bytes_equal(read.status[0].issuer, f.root.der));
    assert_true(vt_bytes_equal(read.issuer_of[0], f.leaf_of_sub.der));
    assert_string_equal(read.first_seen[0], "abcd");
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "[]",
                                        "{\"facts\": 1}",
                                        "{\"facts\": [{\"value\": 7}]}",
                                        "{\"issuers\": [\"*\"]}",
                                        "{\"issuers\": [1]}",
                                        "{\"facts\": [{\"issuer_key\": \"zz\"}]}"};
    static const char *const wants[] = {"{\"status\": [{\"certificate\": \"AAAA\"}]}",
                                        "{\"status\": [1]}", "{\"issuer_of\": [{}]}"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct vt_known known;
        if (vt_known_from_json(f.arena, vt_bytes_str(texts[i]), &known, NULL) == VT_OK)
            fail_msg("%s", texts[i]);
        assert_int_equal(known.facts_count + known.issuers_count, 0);
    }
    for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
        struct vt_wants read;
        if (vt_wants_from_json(f.arena, vt_bytes_str(wants[i]), &read, NULL) == VT_OK)
            fail_msg("%s", wants[i]);
    }
}

/* ---- the store ---- */

static enum vt_freshness find(struct vt_status_store *store, const struct tc_entity *certificate,
                              int64_t now, struct vt_status_fact *fact)
{
    return vt_status_store_find(store, f.arena, certificate->certificate, f.root.certificate, now,
                                fact);
}

static enum vt_code put(struct vt_status_store *store, struct vt_bytes crl, int64_t fetched)
{
    return vt_status_store_put_crl(store, f.root.certificate, crl, CRL_URL, fetched, NULL);
}

static void facts_grow_old(void **state)
{
    (void)state;
    struct vt_status_store *store = NULL;
    struct vt_status_fact fact;
    assert_int_equal(vt_status_store_new(&store, NULL), VT_OK);
    assert_int_equal(find(store, &f.leaf, f.now, &fact), VT_FRESH_NONE);
    assert_int_equal(put(store, list(3600, &f.leaf_ocsp, 1, NULL), f.now), VT_OK);
    assert_int_equal(find(store, &f.leaf, f.now, &fact), VT_FRESH_YOUNG);
    assert_int_equal(fact.value, VT_STATUS_GOOD);
    assert_string_equal(fact.origin, CRL_URL);
    assert_int_equal(find(store, &f.leaf, f.now + 2 * 3600, &fact), VT_FRESH_IN_FORCE);
    assert_int_equal(find(store, &f.leaf, f.now + 2 * TC_DAY, &fact), VT_FRESH_NONE);
    /* Revoked does not grow old. */
    assert_int_equal(find(store, &f.leaf_ocsp, f.now + 2 * TC_DAY, &fact), VT_FRESH_YOUNG);
    assert_int_equal(fact.value, VT_STATUS_REVOKED);
    vt_status_store_free(store);
}

static void lists_never_go_back(void **state)
{
    (void)state;
    struct vt_status_store *store = NULL;
    struct vt_status_fact fact;
    assert_int_equal(vt_status_store_new(&store, NULL), VT_OK);
    assert_int_equal(put(store, list(3600, &f.leaf, 6, "DER:020105"), f.now), VT_OK);
    assert_int_equal(put(store, list(7200, NULL, 0, "DER:020106"), f.now), VT_E_FORMAT);
    assert_int_equal(put(store, list(60, NULL, 0, "DER:020104"), f.now), VT_E_FORMAT);
    assert_int_equal(find(store, &f.leaf, f.now, &fact), VT_FRESH_YOUNG);
    assert_int_equal(fact.value, VT_STATUS_SUSPENDED);
    /* A younger list lifts the hold; the one after it revokes; a third cannot undo that. */
    assert_int_equal(put(store, list(60, NULL, 0, "DER:02020100"), f.now), VT_OK);
    assert_int_equal(find(store, &f.leaf, f.now, &fact), VT_FRESH_YOUNG);
    assert_int_equal(fact.value, VT_STATUS_GOOD);
    assert_int_equal(put(store, list(50, &f.leaf, 1, "DER:02020101"), f.now), VT_OK);
    assert_int_equal(find(store, &f.leaf, f.now, &fact), VT_FRESH_YOUNG);
    assert_int_equal(fact.value, VT_STATUS_REVOKED);
    assert_int_equal(put(store, list(40, NULL, 0, "DER:02020102"), f.now), VT_OK);
    assert_int_equal(find(store, &f.leaf, f.now, &fact), VT_FRESH_YOUNG);
    assert_int_equal(fact.value, VT_STATUS_REVOKED);
    vt_status_store_free(store);
}

static void publishes_what_is_young(void **state)
{
    (void)state;
    struct vt_status_store *store = NULL;
    struct vt_status_fact fact;
    struct vt_known known;
    assert_int_equal(vt_status_store_new(&store, NULL), VT_OK);
    uint64_t version = vt_status_store_version(store);
    assert_int_equal(put(store, list(3600, NULL, 0, NULL), f.now), VT_OK);
    assert_int_equal(vt_status_store_put_issuer(store, f.sub.certificate, NULL), VT_OK);
    assert_true(vt_status_store_version(store) > version);
    (void)find(store, &f.leaf, f.now, &fact);
    assert_int_equal(vt_status_store_known(store, f.arena, f.now, &known, NULL), VT_OK);
    assert_int_equal(known.facts_count, 0);
    assert_int_equal(known.lists_count, 1);
    assert_int_equal(known.issuers_count, 1);
    /* A list serves as long as it is in force. */
    assert_int_equal(vt_status_store_known(store, f.arena, f.now + 7200, &known, NULL), VT_OK);
    assert_int_equal(known.lists_count, 1);
    assert_int_equal(vt_status_store_known(store, f.arena, f.now + 2 * TC_DAY, &known, NULL),
                     VT_OK);
    assert_int_equal(known.lists_count, 0);
    vt_status_store_free(store);
}

static void flip_a_byte_of(const char *folder, const char *prefix)
{
    char command[400];
    (void)snprintf(command, sizeof(command),
                   "f=$(ls %s/%s*) && printf x | dd of=$f bs=1 seek=$(($(stat -c %%s $f) - 9)) "
                   "conv=notrunc status=none",
                   folder, prefix);
    assert_int_equal(system(command), 0);
}

/* All of a folder at once. */
static void load_folder(const char *directory, struct vt_status_store *store,
                        const struct vt_trust_store *trust, int64_t now)
{
    struct vt_status_folder *folder = NULL;
    assert_int_equal(vt_status_folder_open(directory, store, trust, now, &folder, NULL), VT_OK);
    assert_true(vt_status_folder_go_on(folder, INT64_MAX));
    vt_status_folder_close(folder);
}

static void the_folder_is_verified_again(void **state)
{
    (void)state;
    struct vt_status_store *store = NULL;
    struct vt_status_fact fact;
    struct tc_ocsp_options options = {.this_update_utc_secs = f.now - 60,
                                      .next_update_utc_secs = f.now + 3600,
                                      .flags = OCSP_NOCERTS};
    struct vt_bytes response = tc_ocsp(f.arena, &f.leaf_ocsp, &f.root, &options);
    assert_int_equal(vt_status_store_new(&store, NULL), VT_OK);
    assert_int_equal(vt_status_store_keep_in(store, f.state, NULL), VT_OK);
    assert_int_equal(put(store, list(3600, NULL, 0, NULL), f.now), VT_OK);
    assert_int_equal(vt_status_read_ocsp(f.arena, f.pool, response, f.leaf_ocsp.certificate,
                                         f.root.certificate, (struct vt_bytes){0}, OCSP_URL, &fact,
                                         NULL),
                     VT_OK);
    assert_int_equal(vt_status_store_put_ocsp(store, f.leaf_ocsp.certificate, f.root.certificate,
                                              response, &fact, f.now, NULL),
                     VT_OK);
    vt_status_store_free(store);
    assert_int_equal(vt_status_store_new(&store, NULL), VT_OK);
    load_folder(f.state, store, f.trust, f.now);
    assert_int_equal(find(store, &f.leaf, f.now, &fact), VT_FRESH_YOUNG);
    assert_string_equal(fact.source, "crl");
    assert_int_equal(find(store, &f.leaf_ocsp, f.now, &fact), VT_FRESH_YOUNG);
    assert_string_equal(fact.source, "ocsp");
    vt_status_store_free(store);
    flip_a_byte_of(f.state, "crl-");
    flip_a_byte_of(f.state, "ocsp-");
    assert_int_equal(vt_status_store_new(&store, NULL), VT_OK);
    load_folder(f.state, store, f.trust, f.now);
    assert_int_equal(find(store, &f.leaf, f.now, &fact), VT_FRESH_NONE);
    assert_int_equal(find(store, &f.leaf_ocsp, f.now, &fact), VT_FRESH_NONE);
    vt_status_store_free(store);
    char command[200];
    (void)snprintf(command, sizeof(command), "test -z \"$(ls %s)\"", f.state);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_travels),
        cmocka_unit_test(wants_travel),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(facts_grow_old),
        cmocka_unit_test(lists_never_go_back),
        cmocka_unit_test(publishes_what_is_young),
        cmocka_unit_test(the_folder_is_verified_again),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
