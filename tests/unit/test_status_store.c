/* SPDX-License-Identifier: Apache-2.0
 * What the status role keeps and for how long: lists of other signers, final revocations, limits,
 * the folder over a restart, import by hand, the moments of refreshing, a clock that is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

#include "../lib/certificates.h"
#include "status/container.h"
#include "status/crl_signer.h"
#include "status/import.h"
#include "status/refresh.h"
#include "status/store.h"
#include "vanthu/clock.h"

#define CRL_URL "http://ca.example/ca.crl"

static struct fixture {
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    struct vt_trust_store *trust;
    int64_t now;
    char folder[64], root_file[128], state[128];
    struct tc_entity root, sub, below, stranger, signer;
    struct tc_entity leaf, leaf_of_sub;
} f;

static int setup(void **state)
{
    (void)state;
    f.arena = vt_arena_new(128 * 1024 * 1024);
    f.pool = vt_certificate_pool_new(f.arena, NULL);
    f.now = vt_clock_now_utc_secs();
    f.root = tc_ca(f.arena, f.pool, "CA gốc", NULL);
    f.sub = tc_ca(f.arena, f.pool, "CA con", &f.root);
    f.below = tc_ca(f.arena, f.pool, "CA cháu", &f.sub);
    f.stranger = tc_ca(f.arena, f.pool, "CA lạ", NULL);
    f.signer = tc_ca(f.arena, f.pool, "CA ký CRL", &f.root);
    f.leaf = tc_leaf(f.arena, f.pool, "một", &f.root);
    f.leaf_of_sub = tc_leaf(f.arena, f.pool, "hai", &f.sub);
    tc_make_folder(f.folder);
    (void)snprintf(f.state, sizeof(f.state), "%s/state", f.folder);
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

static struct vt_status_store *new_store(void)
{
    struct vt_status_store *store = NULL;
    assert_int_equal(vt_status_store_new(&store, NULL), VT_OK);
    vt_status_store_set_trust(store, f.trust);
    return store;
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

/* A store over the folder of the fixture. */
static struct vt_status_store *restart(int64_t now)
{
    struct vt_status_store *store = new_store();
    (void)mkdir(f.state, 0700);
    load_folder(f.state, store, f.trust, now);
    assert_int_equal(vt_status_store_keep_in(store, f.state, NULL), VT_OK);
    return store;
}

static struct vt_bytes list_of(const struct tc_entity *issuer, int64_t age_secs,
                               const struct tc_entity *revoked, const char *extension,
                               const char *value)
{
    struct tc_crl_options options = {.this_update_utc_secs = f.now - age_secs,
                                     .next_update_utc_secs = f.now + TC_DAY};
    if (revoked != NULL)
        options.entries[0] = (struct tc_entry){revoked, f.now - age_secs - 60, 1, NULL};
    options.extensions[0][0] = extension;
    options.extensions[0][1] = value;
    return tc_crl(f.arena, issuer, &options);
}

static enum vt_code put(struct vt_status_store *store, const struct tc_entity *signer,
                        struct vt_bytes crl)
{
    return vt_status_store_put_crl(store, signer->certificate, crl, CRL_URL, f.now, NULL);
}

static enum vt_freshness find(struct vt_status_store *store, const struct tc_entity *certificate,
                              const struct tc_entity *issuer, int64_t now,
                              struct vt_status_fact *fact)
{
    return vt_status_store_find(store, f.arena, certificate->certificate, issuer->certificate, now,
                                fact);
}

/* ---- what is kept ---- */

static void the_same_list_is_kept_once(void **state)
{
    (void)state;
    struct vt_status_fact fact;
    struct vt_store_size size;
    struct vt_status_store *store = new_store();
    struct vt_bytes crl = list_of(&f.root, 7200, NULL, NULL, NULL);
    assert_int_equal(put(store, &f.root, crl), VT_OK);
    uint64_t version = vt_status_store_version(store);
    assert_int_equal(find(store, &f.leaf, &f.root, f.now + 4000, &fact), VT_FRESH_IN_FORCE);
    /* Its source had nothing younger: that is news about its freshness only. */
    assert_int_equal(
        vt_status_store_put_crl(store, f.root.certificate, crl, CRL_URL, f.now + 4000, NULL),
        VT_OK);
    assert_true(vt_status_store_version(store) == version);
    assert_int_equal(find(store, &f.leaf, &f.root, f.now + 4000, &fact), VT_FRESH_YOUNG);
    vt_status_store_size(store, &size);
    assert_int_equal(size.lists_count, 1);
    vt_status_store_free(store);
}

/* What was fetched goes with its job: all of an answer that is kept is the store's own. */
static void an_answer_outlives_its_fetch(void **state)
{
    (void)state;
    struct vt_status_fact found;
    struct vt_arena *fetch = vt_arena_new(1024 * 1024);
    struct vt_status_store *store = new_store();
    struct vt_status_fact fact = {.value = VT_STATUS_SUSPENDED,
                                  .source = "ocsp",
                                  .serial = vt_certificate_facts(f.leaf.certificate)->serial,
                                  .origin = vt_arena_str(fetch, "http://ocsp.example/"),
                                  .revocation_reason = vt_arena_str(fetch, "certificateHold"),
                                  .responder_name = vt_arena_str(fetch, "OCSP một"),
                                  .this_update_utc_secs = f.now - 60,
                                  .next_update_utc_secs = f.now + TC_DAY,
                                  .revoked_at_utc_secs = f.now - 120,
                                  .invalid_since_utc_secs = VT_TIME_NONE,
                                  .produced_at_utc_secs = VT_TIME_NONE,
                                  .keeps_expired_since_utc_secs = VT_TIME_NONE};
    void *responder = vt_arena_dup(fetch, f.signer.der.ptr, f.signer.der.len);
    fact.responder = vt_bytes_of(responder, f.signer.der.len);
    assert_int_equal(
        vt_verify_sha256(vt_certificate_public_key_der(f.root.certificate), fact.issuer_key_sha256),
        VT_OK);
    assert_int_equal(vt_status_store_put_ocsp(store, f.leaf.certificate, f.root.certificate,
                                              VT_BYTES("answer"), &fact, f.now, NULL),
                     VT_OK);
    vt_arena_free(fetch);
    assert_int_equal(find(store, &f.leaf, &f.root, f.now, &found), VT_FRESH_YOUNG);
    vt_status_store_free(store);
    assert_string_equal(found.origin, "http://ocsp.example/");
    assert_string_equal(found.revocation_reason, "certificateHold");
    assert_string_equal(found.responder_name, "OCSP một");
    assert_true(vt_bytes_equal(found.responder, f.signer.der));
}

static void scopes_stand_beside_each_other(void **state)
{
    (void)state;
    struct vt_store_size size;
    struct vt_status_store *store = new_store();
    assert_int_equal(put(store, &f.root, list_of(&f.root, 60, NULL, NULL, NULL)), VT_OK);
    assert_int_equal(put(store, &f.root,
                         list_of(&f.root, 90, NULL, "issuingDistributionPoint",
                                 "critical,fullname:URI:http://ca.example/part.crl")),
                     VT_OK);
    assert_int_equal(put(store, &f.sub, list_of(&f.sub, 90, NULL, NULL, NULL)), VT_OK);
    vt_status_store_size(store, &size);
    assert_int_equal(size.lists_count, 3);
    vt_status_store_free(store);
}

/* A list for some reasons only proves nothing by itself: it is handed on as it is. */
static void what_needs_judging_goes_as_a_list(void **state)
{
    (void)state;
    struct vt_status_fact fact;
    const struct vt_crl_list *lists[VT_MAX_ANSWER_LISTS];
    enum vt_freshness fresh = VT_FRESH_NONE;
    struct vt_status_store *store = new_store();
    assert_int_equal(put(store, &f.root,
                         list_of(&f.root, 60, NULL, "issuingDistributionPoint",
                                 "critical,onlysomereasons:keyCompromise")),
                     VT_OK);
    assert_int_equal(find(store, &f.leaf, &f.root, f.now, &fact), VT_FRESH_NONE);
    assert_int_equal(vt_status_store_lists(store, f.leaf.certificate, f.root.certificate, f.now,
                                           lists, VT_MAX_ANSWER_LISTS, &fresh),
                     1);
    assert_int_equal(fresh, VT_FRESH_YOUNG);
    /* A complete one beside it: both go, and the fact too. */
    assert_int_equal(put(store, &f.root, list_of(&f.root, 50, NULL, NULL, NULL)), VT_OK);
    assert_int_equal(find(store, &f.leaf, &f.root, f.now, &fact), VT_FRESH_YOUNG);
    assert_int_equal(vt_status_store_lists(store, f.leaf.certificate, f.root.certificate, f.now,
                                           lists, VT_MAX_ANSWER_LISTS, &fresh),
                     2);
    /* Nobody else's certificates. */
    assert_int_equal(vt_status_store_lists(store, f.leaf_of_sub.certificate, f.sub.certificate,
                                           f.now, lists, VT_MAX_ANSWER_LISTS, &fresh),
                     0);
    vt_status_store_free(store);
}

/* The signer is found by name among what is configured and what was brought. */
static void another_signer_is_found(void **state)
{
    (void)state;
    const struct vt_certificate *signer = NULL;
    struct vt_err err = {0};
    struct vt_status_store *store = new_store();
    struct vt_certificate_pool *pool =
        vt_certificate_pool_new(f.arena, vt_trust_store_pool(f.trust));
    struct vt_crl_candidates candidates = {
        .store = store, .pool = pool, .preferred = f.root.certificate};
    struct vt_bytes crl = list_of(&f.signer, 60, NULL, NULL, NULL);
    assert_int_equal(vt_crl_signer_put(&candidates, crl, CRL_URL, f.now, &signer, &err),
                     VT_E_NOT_FOUND);
    assert_non_null(strstr(err.text, "leads to a root"));
    assert_int_equal(vt_status_store_put_issuer(store, f.signer.certificate, NULL), VT_OK);
    assert_int_equal(vt_crl_signer_put(&candidates, crl, CRL_URL, f.now, &signer, &err), VT_OK);
    assert_string_equal(vt_certificate_sha256(signer), vt_certificate_sha256(f.signer.certificate));
    /* One that leads nowhere is not believed, though it is known and signed right. */
    assert_int_equal(vt_status_store_put_issuer(store, f.stranger.certificate, NULL), VT_OK);
    assert_int_equal(vt_crl_signer_put(&candidates, list_of(&f.stranger, 60, NULL, NULL, NULL),
                                       CRL_URL, f.now, &signer, &err),
                     VT_E_NOT_FOUND);
    /* Of a name that is right with a key that is wrong, the signature is told. */
    struct tc_entity forger = f.root;
    forger.key = f.stranger.key;
    assert_int_equal(vt_crl_signer_put(&candidates, list_of(&forger, 60, NULL, NULL, NULL), CRL_URL,
                                       f.now, &signer, &err),
                     VT_E_FORMAT);
    vt_status_store_free(store);
}

static void a_final_revocation_stays(void **state)
{
    (void)state;
    struct vt_status_fact fact;
    struct vt_status_store *store = restart(f.now);
    assert_int_equal(put(store, &f.root, list_of(&f.root, 600, &f.leaf, NULL, NULL)), VT_OK);
    assert_int_equal(find(store, &f.leaf, &f.root, f.now, &fact), VT_FRESH_YOUNG);
    assert_int_equal(fact.value, VT_STATUS_REVOKED);
    /* The next list no longer has it (RFC 5280 3.3), neither has this process its memory. */
    assert_int_equal(put(store, &f.root, list_of(&f.root, 60, NULL, NULL, NULL)), VT_OK);
    vt_status_store_free(store);
    store = restart(f.now);
    assert_int_equal(find(store, &f.leaf, &f.root, f.now, &fact), VT_FRESH_YOUNG);
    assert_int_equal(fact.value, VT_STATUS_REVOKED);
    assert_int_equal(fact.revoked_at_utc_secs, f.now - 660);
    assert_string_equal(fact.source, "crl");
    vt_status_store_free(store);
}

static int remove_state(void **state)
{
    (void)state;
    char command[200];
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", f.state);
    return system(command);
}

/* Until nextUpdate, and not longer. */
static void a_restart_without_a_network(void **state)
{
    (void)state;
    struct vt_status_fact fact;
    struct vt_known known;
    struct vt_status_store *store = restart(f.now);
    assert_int_equal(vt_status_store_put_issuer(store, f.sub.certificate, NULL), VT_OK);
    assert_int_equal(vt_status_store_put_issuer(store, f.below.certificate, NULL), VT_OK);
    assert_int_equal(put(store, &f.root, list_of(&f.root, 7200, NULL, NULL, NULL)), VT_OK);
    assert_int_equal(put(store, &f.below, list_of(&f.below, 7200, NULL, NULL, NULL)), VT_OK);
    vt_status_store_free(store);
    int64_t later = f.now + 20 * 3600;
    store = restart(later);
    assert_int_equal(vt_status_store_issuers(store), 2);
    assert_int_equal(find(store, &f.leaf, &f.root, later, &fact), VT_FRESH_IN_FORCE);
    assert_int_equal(fact.value, VT_STATUS_GOOD);
    assert_int_equal(vt_status_store_known(store, f.arena, later, &known, NULL), VT_OK);
    assert_int_equal(known.lists_count, 2);
    assert_int_equal(find(store, &f.leaf, &f.root, f.now + TC_DAY + 1, &fact), VT_FRESH_NONE);
    vt_status_store_free(store);
}

static size_t count_files(const char *pattern)
{
    char command[300];
    char text[32] = "";
    (void)snprintf(command, sizeof(command), "ls '%s' | grep -c '%s'", f.state, pattern);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(text, sizeof(text), pipe));
    (void)pclose(pipe);
    return (size_t)strtoul(text, NULL, 10);
}

static void garbage_and_old_versions_are_removed(void **state)
{
    (void)state;
    struct vt_store_size size;
    char command[500];
    struct vt_status_store *store = restart(f.now);
    assert_int_equal(put(store, &f.root, list_of(&f.root, 600, NULL, NULL, NULL)), VT_OK);
    vt_status_store_free(store);
    (void)snprintf(command, sizeof(command),
                   "cd '%s' && printf x >crl-x && printf x >crl-y.new && printf x >other && "
                   "sed 's/^vanthu-status 2/vanthu-status 1/' crl-*-* >ocsp-old",
                   f.state);
    assert_int_equal(system(command), 0);
    store = restart(f.now);
    vt_status_store_size(store, &size);
    assert_int_equal(size.lists_count, 1);
    assert_int_equal(count_files("^crl-"), 1);
    assert_int_equal(count_files("^ocsp-"), 0);
    assert_int_equal(count_files("new$"), 0);
    assert_int_equal(count_files("other"), 1); /* is not ours */
    vt_status_store_free(store);
}

/* Ten thousand answers take many seconds: lists are there at once, and mails wait for no more. */
static void answers_are_read_later(void **state)
{
    (void)state;
    struct vt_store_size size;
    struct vt_status_folder *folder = NULL;
    char command[200];
    struct vt_status_store *store = restart(f.now);
    assert_int_equal(put(store, &f.root, list_of(&f.root, 600, NULL, NULL, NULL)), VT_OK);
    vt_status_store_free(store);
    (void)snprintf(command, sizeof(command), "cd '%s' && printf x >ocsp-1 && printf x >ocsp-2",
                   f.state);
    assert_int_equal(system(command), 0);
    store = new_store();
    assert_int_equal(vt_status_folder_open(f.state, store, f.trust, f.now, &folder, NULL), VT_OK);
    vt_status_store_size(store, &size);
    assert_int_equal(size.lists_count, 1);
    assert_int_equal(count_files("^ocsp-"), 2);
    assert_false(vt_status_folder_go_on(folder, vt_clock_monotonic_msecs()));
    assert_int_equal(count_files("^ocsp-"), 2);
    assert_true(vt_status_folder_go_on(folder, INT64_MAX));
    assert_int_equal(count_files("^ocsp-"), 0);
    vt_status_folder_close(folder);
    vt_status_store_free(store);
}

/* ---- limits ---- */

static void the_least_used_fact_goes(void **state)
{
    (void)state;
    struct vt_status_fact found;
    struct vt_store_size size;
    char serial[32];
    struct vt_status_store *store = new_store();
    struct vt_status_fact fact = {.value = VT_STATUS_REVOKED,
                                  .source = "ocsp",
                                  .origin = "http://ocsp.example/",
                                  .this_update_utc_secs = f.now - 60,
                                  .next_update_utc_secs = VT_TIME_NONE,
                                  .revoked_at_utc_secs = f.now - 90,
                                  .invalid_since_utc_secs = VT_TIME_NONE,
                                  .produced_at_utc_secs = VT_TIME_NONE,
                                  .keeps_expired_since_utc_secs = VT_TIME_NONE};
    assert_int_equal(
        vt_verify_sha256(vt_certificate_public_key_der(f.root.certificate), fact.issuer_key_sha256),
        VT_OK);
    fact.serial = vt_certificate_facts(f.leaf.certificate)->serial;
    assert_int_equal(vt_status_store_put_revocation(store, f.leaf.certificate, &fact, f.now, NULL),
                     VT_OK);
    for (size_t i = 0; i < VT_MAX_STORE_FACTS + 5; i++) {
        (void)snprintf(serial, sizeof(serial), "7f%08zx", i);
        fact.serial = serial;
        assert_int_equal(
            vt_status_store_put_revocation(store, f.leaf.certificate, &fact, f.now, NULL), VT_OK);
        /* One that is asked for now and then stays. */
        if (i % 1000 == 0)
            assert_int_equal(find(store, &f.leaf, &f.root, f.now, &found), VT_FRESH_YOUNG);
    }
    vt_status_store_size(store, &size);
    assert_int_equal(size.facts_count, VT_MAX_STORE_FACTS);
    assert_int_equal(find(store, &f.leaf, &f.root, f.now, &found), VT_FRESH_YOUNG);
    vt_status_store_free(store);
}

static void lists_of_configured_cas_never_go(void **state)
{
    (void)state;
    struct vt_status_fact fact;
    struct vt_store_size size;
    struct vt_status_store *store = new_store();
    assert_int_equal(put(store, &f.root, list_of(&f.root, 600, NULL, NULL, NULL)), VT_OK);
    for (int i = 0; i < VT_MAX_STORE_CRLS + 3; i++) {
        char point[80];
        (void)snprintf(point, sizeof(point), "critical,fullname:URI:http://ca.example/%d.crl", i);
        struct vt_bytes crl = list_of(&f.sub, 60, NULL, "issuingDistributionPoint", point);
        assert_int_equal(
            vt_status_store_put_crl(store, f.sub.certificate, crl, CRL_URL, f.now + i, NULL),
            VT_OK);
    }
    vt_status_store_size(store, &size);
    assert_int_equal(size.lists_count, VT_MAX_STORE_CRLS);
    assert_int_equal(find(store, &f.leaf, &f.root, f.now, &fact), VT_FRESH_YOUNG);
    vt_status_store_free(store);
}

/* ---- clocks ---- */

static void a_clock_that_is_behind_is_noticed(void **state)
{
    (void)state;
    struct vt_status_fact fact;
    struct vt_known known;
    struct vt_status_store *store = new_store();
    int64_t wrong = f.now - 3 * TC_DAY;
    assert_false(vt_status_store_clock_is_behind(store, 0));
    assert_int_equal(put(store, &f.root, list_of(&f.root, 60, NULL, NULL, NULL)), VT_OK);
    assert_false(vt_status_store_clock_is_behind(store, f.now));
    /* One authority alone may itself be wrong. */
    assert_false(vt_status_store_clock_is_behind(store, wrong));
    assert_int_equal(put(store, &f.sub, list_of(&f.sub, 90, NULL, NULL, NULL)), VT_OK);
    assert_false(vt_status_store_clock_is_behind(store, f.now - TC_DAY + 120));
    assert_true(vt_status_store_clock_is_behind(store, wrong));
    (void)find(store, &f.leaf, &f.root, wrong, &fact);
    assert_int_equal(fact.value, VT_STATUS_UNKNOWN);
    assert_non_null(strstr(fact.finding, "clock"));
    assert_int_equal(vt_status_store_known(store, f.arena, wrong, &known, NULL), VT_OK);
    assert_int_equal(known.facts_count + known.lists_count, 0);
    vt_status_store_free(store);
    /* What is fetched while the clock is wrong comes from the future. */
    store = new_store();
    assert_int_equal(vt_status_store_put_crl(store, f.root.certificate,
                                             list_of(&f.root, 60, NULL, NULL, NULL), CRL_URL, wrong,
                                             NULL),
                     VT_E_FORMAT);
    assert_false(vt_status_store_clock_is_behind(store, wrong));
    assert_int_equal(vt_status_store_put_crl(store, f.sub.certificate,
                                             list_of(&f.sub, 60, NULL, NULL, NULL), CRL_URL, wrong,
                                             NULL),
                     VT_E_FORMAT);
    assert_true(vt_status_store_clock_is_behind(store, wrong));
    vt_status_store_free(store);
}

static void moments_of_refreshing(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int64_t next_hours; /* after thisUpdate; 0: not stated */
        double fetched_hours;
        double from_hours, to_hours; /* when it is due, after thisUpdate */
    } rows[] = {
        {"aa", 24, 0, 12, 18},        /* between half and three quarters */
        {"bb", 24, 0, 12, 18},        /* for every key */
        {"aa", 0, 0, 12, 18},         /* a day, when nothing is stated */
        {"aa", 7 * 24, 0, 24, 24},    /* a week: every day */
        {"aa", 7 * 24, 48, 72, 72},   /* and the next one */
        {"aa", 24, 20, 21, 21},       /* there was nothing younger: a quarter of what is left */
        {"aa", 24, 23.9, 24.1, 24.3}, /* never more often than every 15 minutes */
        {"aa", 24, 30, 30.25, 30.25}, /* it has ended */
        {"aa", 1, 0, 0.5, 0.75},      /* a short one */
        {"aa", -1, 0, 0.25, 0.25},    /* nonsense */
    };
    int64_t first = vt_refresh_due("aa", f.now, f.now + 24 * 3600, f.now);
    assert_int_equal(first, vt_refresh_due("aa", f.now, f.now + 24 * 3600, f.now));
    assert_int_not_equal(first, vt_refresh_due("bb", f.now, f.now + 24 * 3600, f.now));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t next = rows[i].next_hours == 0 ? VT_TIME_NONE : f.now + rows[i].next_hours * 3600;
        int64_t due = vt_refresh_due(rows[i].key, f.now, next,
                                     f.now + (int64_t)(rows[i].fetched_hours * 3600));
        double hours = (double)(due - f.now) / 3600;
        if (hours < rows[i].from_hours - 0.001 || hours > rows[i].to_hours + 0.001)
            fail_msg("row %zu: due after %.3f hours", i, hours);
    }
}

/* ---- import ---- */

static struct vt_bytes pem_of(const char *name, const struct vt_bytes *ders, size_t count)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    assert_true(BIO_puts(bio, "\xef\xbb\xbfissued by hand\n") > 0);
    for (size_t i = 0; i < count; i++)
        assert_true(PEM_write_bio(bio, name, "", ders[i].ptr, (long)ders[i].len) > 0);
    long len = BIO_get_mem_data(bio, &text);
    struct vt_bytes pem = vt_bytes_of(vt_arena_dup(f.arena, text, (size_t)len), (size_t)len);
    BIO_free(bio);
    return pem;
}

static json_t *import(struct vt_status_store *store, struct vt_bytes file, enum vt_code expected)
{
    static struct vt_message message;
    char *text = NULL;
    message = (struct vt_message){.type = VT_MSG_STATUS_IMPORT, .fds_count = 1};
    assert_int_equal(vt_memfd_seal("crl", file, &message.fds[0], NULL), VT_OK);
    assert_int_equal(vt_status_import(store, &message, f.now, &text, NULL), expected);
    vt_message_close(&message);
    json_t *root = text != NULL ? json_loads(text, 0, NULL) : NULL;
    free(text);
    return root;
}

static const char *text_of(const json_t *root, size_t index, const char *key)
{
    const char *text = json_string_value(
        json_object_get(json_array_get(json_object_get(root, "crls"), index), key));
    return text != NULL ? text : "";
}

static bool is_ok(const json_t *root, size_t index)
{
    return json_is_true(
        json_object_get(json_array_get(json_object_get(root, "crls"), index), "ok"));
}

static void files_are_imported(void **state)
{
    (void)state;
    struct vt_status_fact fact;
    struct vt_status_store *store = new_store();
    struct vt_bytes good = list_of(&f.root, 600, &f.leaf, NULL, NULL);
    struct vt_bytes crls[] = {good, list_of(&f.stranger, 600, NULL, NULL, NULL),
                              list_of(&f.root, 7200, NULL, NULL, NULL)};
    json_t *root = import(store, pem_of("X509 CRL", crls, 3), VT_OK);
    assert_int_equal(json_array_size(json_object_get(root, "crls")), 3);
    assert_true(is_ok(root, 0));
    assert_string_equal(text_of(root, 0, "issuer"), "CA gốc");
    assert_int_equal(json_integer_value(json_object_get(
                         json_array_get(json_object_get(root, "crls"), 0), "entries")),
                     1);
    assert_false(is_ok(root, 1));
    assert_non_null(strstr(text_of(root, 1, "text"), "root that is configured"));
    assert_false(is_ok(root, 2));
    assert_non_null(strstr(text_of(root, 2, "text"), "older"));
    json_decref(root);
    assert_int_equal(find(store, &f.leaf, &f.root, f.now, &fact), VT_FRESH_YOUNG);
    assert_int_equal(fact.value, VT_STATUS_REVOKED);
    assert_string_equal(fact.origin, "given");
    assert_int_equal(fact.from, VT_ORIGIN_GIVEN);
    root = import(store, good, VT_OK);
    assert_true(is_ok(root, 0));
    assert_non_null(strstr(text_of(root, 0, "text"), "at hand"));
    json_decref(root);
    struct tc_crl_options ended = {.this_update_utc_secs = f.now - 500,
                                   .next_update_utc_secs = f.now - 100};
    root = import(store, tc_crl(f.arena, &f.root, &ended), VT_OK);
    assert_true(is_ok(root, 0));
    assert_non_null(strstr(text_of(root, 0, "text"), "ended"));
    json_decref(root);
    assert_null(import(store, VT_BYTES("<html>not found</html>"), VT_E_FORMAT));
    assert_null(import(store, VT_BYTES(""), VT_E_FORMAT));
    vt_status_store_free(store);
}

/* ---- issuers ---- */

static struct vt_bytes certs_only(const struct tc_entity *const *entities, size_t count)
{
    unsigned char *der = NULL;
    PKCS7 *bag = PKCS7_new();
    assert_int_equal(PKCS7_set_type(bag, NID_pkcs7_signed), 1);
    assert_int_equal(PKCS7_content_new(bag, NID_pkcs7_data), 1);
    assert_int_equal(PKCS7_set_detached(bag, 1), 1);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(PKCS7_add_certificate(bag, entities[i]->x509), 1);
    int len = i2d_PKCS7(bag, &der);
    PKCS7_free(bag);
    return tc_keep(f.arena, der, len);
}

static void issuers_come_in_many_forms(void **state)
{
    (void)state;
    const struct tc_entity *both[] = {&f.below, &f.sub};
    struct vt_bytes bag = certs_only(both, 2);
    struct vt_bytes ders[] = {f.below.der, f.sub.der};
    const struct {
        const char *name;
        struct vt_bytes data;
        size_t count;
        enum vt_code code;
    } rows[] = {
        {"DER", f.sub.der, 1, VT_OK},
        {"PEM", pem_of("CERTIFICATE", ders, 2), 2, VT_OK},
        {"certs-only", bag, 2, VT_OK},
        {"certs-only in PEM", pem_of("PKCS7", &bag, 1), 2, VT_OK},
        {"a CRL", list_of(&f.root, 60, NULL, NULL, NULL), 0, VT_E_FORMAT},
        {"a page", VT_BYTES("<html>"), 0, VT_E_FORMAT},
        {"nothing", VT_BYTES(""), 0, VT_E_FORMAT},
        {"cut short", vt_bytes_slice(bag, 0, bag.len - 9), 0, VT_E_FORMAT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct vt_certificate *found[4];
        size_t count = 9;
        struct vt_certificate_pool *pool = vt_certificate_pool_new(f.arena, NULL);
        enum vt_code code = vt_container_certificates(pool, rows[i].data, found, 4, &count, NULL);
        if (code != rows[i].code || count != rows[i].count)
            fail_msg("%s: %s, %zu certificates", rows[i].name, vt_code_name(code), count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_list_is_kept_once),
        cmocka_unit_test(an_answer_outlives_its_fetch),
        cmocka_unit_test(scopes_stand_beside_each_other),
        cmocka_unit_test(what_needs_judging_goes_as_a_list),
        cmocka_unit_test(another_signer_is_found),
        cmocka_unit_test_teardown(a_final_revocation_stays, remove_state),
        cmocka_unit_test_teardown(a_restart_without_a_network, remove_state),
        cmocka_unit_test_teardown(garbage_and_old_versions_are_removed, remove_state),
        cmocka_unit_test_teardown(answers_are_read_later, remove_state),
        cmocka_unit_test(the_least_used_fact_goes),
        cmocka_unit_test(lists_of_configured_cas_never_go),
        cmocka_unit_test(a_clock_that_is_behind_is_noticed),
        cmocka_unit_test(moments_of_refreshing),
        cmocka_unit_test(files_are_imported),
        cmocka_unit_test(issuers_come_in_many_forms),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
