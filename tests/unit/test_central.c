/* SPDX-License-Identifier: Apache-2.0
 * Shipping between two registers of SQLite and one PostgreSQL: each record gets there once, what
 * one gateway knows holds on the other, what is destroyed is destroyed there, and a server that
 * hangs is given up in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "../lib/register_mail.h"
#include "../lib/register_site.h"
#include "register/schema.h"
#include "vanthu/clock.h"
#include "vanthu/report.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define REPLY_MSECS 1500

/* Two gateways, each with its own register and its place in one database of their own. */
struct office {
    char connection[256];
    struct site *gateways[2];
    struct vt_register *central[2];
    struct vt_claim_key keys[2];
    struct vt_ship_back back; /* of the last round */
    struct vt_err err;
};

static void office_connect(struct office *office, unsigned i)
{
    static const char *const names[] = {"mx1.ninhbinh.gov.vn", "mx2.ninhbinh.gov.vn"};
    const struct vt_postgres_link link = {.connection = office->connection,
                                          .connect_msecs = 10000,
                                          .reply_msecs = REPLY_MSECS,
                                          .interrupt_fd = -1};
    struct vt_register *local = office->gateways[i]->reg;
    vt_register_close(office->central[i]);
    office->central[i] = NULL;
    if (vt_central_open_write(&link, vt_bytes_of(local->id, sizeof(local->id)), names[i],
                              &office->central[i], &office->err) != VT_OK)
        fail_msg("%s", office->err.text);
}

static struct vt_claim_key made_key(uint8_t number)
{
    struct vt_claim_key key = {.is_set = true, .key = {number}, .id = {number}};
    return key;
}

static int office_new(void **state)
{
    struct office *office = calloc(1, sizeof(*office));
    test_postgres_database(&site_postgres, office->connection);
    for (unsigned i = 0; i < 2; i++) {
        void *site = NULL;
        if (site_new(&site) != 0)
            return -1;
        office->gateways[i] = site;
        office->keys[i] = made_key(1);
        office_connect(office, i);
    }
    *state = office;
    return 0;
}

static int office_free(void **state)
{
    struct office *office = *state;
    for (unsigned i = 0; i < 2; i++) {
        void *site = office->gateways[i];
        vt_register_close(office->central[i]);
        (void)site_free(&site);
    }
    free(office);
    return 0;
}

static size_t ship(struct office *office, unsigned i)
{
    size_t all = 0, count = 1;
    struct vt_register *local = office->gateways[i]->reg;
    if (vt_ship_check(local, office->central[i], &office->err) != VT_OK)
        fail_msg("%s", office->err.text);
    if (vt_ship_sign_anew(local, office->central[i], &office->keys[i], &office->err) != VT_OK)
        fail_msg("%s", office->err.text);
    for (; count > 0; all += count) {
        if (vt_ship_records(local, office->central[i], &office->keys[i], &count, &office->err) !=
            VT_OK)
            fail_msg("%s", office->err.text);
    }
    assert_int_equal(vt_ship_heads(local, office->central[i], &office->err), VT_OK);
    return all;
}

/* All of it; returns how much was not believed. */
static uint64_t bring_some(struct office *office, unsigned i)
{
    uint64_t unproven = 0;
    struct vt_register *local = office->gateways[i]->reg;
    if (vt_ship_begin(local, &office->keys[i], &office->err) != VT_OK)
        fail_msg("%s", office->err.text);
    do {
        if (vt_ship_back(local, office->central[i], &office->keys[i], &office->back,
                         &office->err) != VT_OK)
            fail_msg("%s", office->err.text);
        unproven += office->back.unproven_count;
    } while (office->back.is_more);
    return unproven;
}

static void bring_back(struct office *office, unsigned i)
{
    assert_int_equal(bring_some(office, i), 0);
    assert_int_equal(office->back.skipped_count + office->back.unsigned_count, 0);
}

static struct vt_register_verdict verify(struct vt_register *reg)
{
    const struct vt_register_check check = {0};
    struct vt_register_verdict verdict;
    struct vt_err err;
    if (vt_register_verify(reg, &check, &verdict, &err) != VT_OK)
        fail_msg("%s", err.text);
    if (verdict.fault != VT_REGISTER_WHOLE)
        fail_msg("%s", verdict.text);
    return verdict;
}

static void is_same_chain(struct office *office, unsigned i)
{
    struct vt_register_verdict local = verify(office->gateways[i]->reg);
    struct vt_register_verdict central = verify(office->central[i]);
    assert_int_equal(local.head.seq, central.head.seq);
    assert_int_equal(local.destroyed_count, central.destroyed_count);
    assert_memory_equal(local.head.chain, central.head.chain, sizeof(local.head.chain));
}

static void append(struct site *site, struct vt_register_record *record)
{
    if (vt_register_append(site->reg, record, 1, &site->err) != VT_OK)
        fail_msg("%s", site->err.text);
}

/* ---- once, and whole ---- */

static void records_get_there_once(void **state)
{
    struct office *office = *state;
    struct site *site = office->gateways[0];
    static uint8_t crl[] = "a list of revoked certificates";
    struct vt_register_object objects[] = {{.kind = "crl", .bytes = {crl, sizeof(crl)}}};
    struct made_mail mail;
    for (unsigned i = 0; i < 230; i++)
        site_append(site, i, i * 37 % 1000);
    struct vt_register_record record = made_mail(&mail, 900, 500, 60);
    mail.decided.objects = objects;
    mail.decided.objects_count = 1;
    append(site, &record);
    struct vt_register_head head;
    assert_int_equal(vt_register_head_now(site->reg, 7, &head, &site->err), VT_OK);
    assert_int_equal(vt_register_head_keep(site->reg, &head, &site->err), VT_OK);
    assert_int_equal(ship(office, 0), 461);
    assert_int_equal(ship(office, 0), 0);
    is_same_chain(office, 0);
    site_append(site, 901, 10);
    assert_int_equal(ship(office, 0), 2);
    is_same_chain(office, 0);
    /* Each body, byte by byte, and the object. */
    struct site there = {.connection = ""};
    site->found = there.found = 0;
    assert_int_equal(vt_register_walk(site->reg, 460, 1, site_each, site, &site->err), VT_OK);
    assert_int_equal(vt_register_walk(office->central[0], 460, 1, site_each, &there, &site->err),
                     VT_OK);
    assert_string_equal(site->last_body, there.last_body);
    struct vt_arena *arena = vt_arena_new(1 << 20);
    struct vt_bytes bytes;
    assert_int_equal(
        vt_register_object(office->central[0], arena, objects[0].sha256, &bytes, &site->err),
        VT_OK);
    assert_true(vt_bytes_equal(bytes, objects[0].bytes));
    vt_arena_free(arena);
}

static void only_one_ships(void **state)
{
    struct office *office = *state;
    site_append(office->gateways[0], 1, 500);
    struct vt_register *first = office->central[0];
    office->central[0] = NULL;
    office_connect(office, 0);
    assert_int_equal(vt_engine_begin(first->engine, true, &office->err), VT_OK);
    size_t count = 0;
    enum vt_code code = vt_ship_records(office->gateways[0]->reg, office->central[0],
                                        &office->keys[0], &count, &office->err);
    assert_true(code == VT_E_BUSY || code == VT_E_TIMEOUT);
    vt_engine_rollback(first->engine);
    vt_register_close(first);
    office_connect(office, 0);
    assert_int_equal(ship(office, 0), 2);
    is_same_chain(office, 0);
}

static void a_copy_that_went_its_own_way_is_refused(void **state)
{
    struct office *office = *state;
    struct site *site = office->gateways[0];
    char directory[400], file[500];
    site_append(site, 1, 500);
    (void)snprintf(directory, sizeof(directory), "%s/copy", site->directory);
    (void)snprintf(file, sizeof(file), "%s/register.sqlite", directory);
    assert_int_equal(mkdir(directory, 0700), 0);
    assert_int_equal(vt_register_backup(site->reg, file, &site->err), VT_OK);
    site_append(site, 2, 500);
    assert_int_equal(ship(office, 0), 4);
    struct vt_register *copy = NULL;
    assert_int_equal(vt_register_open(directory, &copy, &site->err), VT_OK);
    assert_int_equal(vt_ship_check(copy, office->central[0], &office->err), VT_E_FORMAT);
    assert_non_null(strstr(office->err.text, "older copy"));
    struct made_mail mail;
    for (unsigned i = 5; i < 9; i++) {
        struct vt_register_record record = made_mail(&mail, i, 500, 60);
        assert_int_equal(vt_register_append(copy, &record, 1, &site->err), VT_OK);
    }
    assert_int_equal(vt_ship_check(copy, office->central[0], &office->err), VT_E_FORMAT);
    assert_non_null(strstr(office->err.text, "record 4"));
    vt_register_close(copy);
}

static void what_is_destroyed_here_is_destroyed_there(void **state)
{
    struct office *office = *state;
    struct site *site = office->gateways[0];
    const struct vt_register_retention retention = {.days = {10, 10, 10, 10}};
    size_t count = 0;
    for (unsigned i = 0; i < 20; i++)
        site_append(site, i, 500);
    assert_int_equal(ship(office, 0), 40);
    for (unsigned i = 20; i < 25; i++) /* destroyed before they were shipped */
        site_append(site, i, 500);
    assert_int_equal(vt_register_retain(site->reg, MADE_FIRST_UTC_SECS + 11 * MADE_DAY_SECS,
                                        &retention, 1000, &count, &site->err),
                     VT_OK);
    assert_int_equal(count, 50);
    assert_true(ship(office, 0) >= 11);
    is_same_chain(office, 0);
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    struct site there = {.connection = ""};
    int64_t next = 0;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED);
    assert_int_equal(
        vt_register_find(office->central[0], &query, site_each, &there, &next, &site->err), VT_OK);
    assert_int_equal(there.found, 25);
    assert_false(there.last_has_body);
}

/* Run something in the schema of a gateway. */
static void in_schema(struct office *office, unsigned i, const char *script)
{
    struct site there = {.connection = ""};
    char text[256];
    (void)snprintf(there.connection, sizeof(there.connection), "%s", office->connection);
    memcpy(there.id, office->gateways[i]->reg->id, sizeof(there.id));
    if (!site_try_script(&there, script, false, text, sizeof(text)))
        fail_msg("%s", text);
}

static void a_server_without_room_takes_all_or_nothing(void **state)
{
    struct office *office = *state;
    size_t count = 0;
    for (unsigned i = 0; i < 30; i++)
        site_append(office->gateways[0], i, 500);
    in_schema(
        office, 0,
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.seq > 40"
        " THEN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END IF;"
        " RETURN NEW; END $$;"
        "CREATE TRIGGER no_room BEFORE INSERT ON mail FOR EACH ROW EXECUTE FUNCTION no_room()");
    assert_int_equal(vt_ship_records(office->gateways[0]->reg, office->central[0], &office->keys[0],
                                     &count, &office->err),
                     VT_E_SYSTEM);
    assert_non_null(strstr(office->err.text, "no space left"));
    assert_int_equal(count, 0);
    struct vt_register_head head;
    assert_int_equal(vt_register_head_now(office->central[0], 0, &head, &office->err), VT_OK);
    assert_int_equal(head.seq, 0);
    in_schema(office, 0, "DROP TRIGGER no_room ON mail");
    assert_int_equal(ship(office, 0), 60);
    is_same_chain(office, 0);
}

/* ---- what one gateway knows ---- */

static void first_seen_on_one_holds_on_the_other(void **state)
{
    struct office *office = *state;
    struct site *one = office->gateways[0], *two = office->gateways[1];
    struct made_mail mail;
    int64_t times[2];
    struct vt_register_record record = made_mail(&mail, 3, 500, 60);
    append(one, &record);
    int64_t then = record.time_utc_secs;
    assert_int_equal(vt_register_first_seen(two->reg, mail.first_seen, 2, times, &two->err), VT_OK);
    assert_int_equal(times[0], VT_TIME_NONE);
    (void)ship(office, 0);
    bring_back(office, 1);
    assert_int_equal(vt_register_first_seen(two->reg, mail.first_seen, 2, times, &two->err), VT_OK);
    assert_int_equal(times[0], then);
    /* It comes to the other one later: no new claim. */
    record.time_utc_secs = then + 3600;
    append(two, &record);
    assert_int_equal(mail.decided.first_seen_count, 2);
    assert_int_equal(vt_register_first_seen(two->reg, mail.first_seen, 2, times, &two->err), VT_OK);
    assert_int_equal(times[1], then);
    assert_int_equal(site_number(two, "SELECT count(*) FROM first_seen"), 0);
    site_is_whole(two, 1);
    (void)ship(office, 1);
    bring_back(office, 0);
    assert_int_equal(vt_register_first_seen(one->reg, mail.first_seen, 2, times, &one->err), VT_OK);
    assert_int_equal(times[0], then);
    is_same_chain(office, 0);
    is_same_chain(office, 1);
}

static void of_two_that_did_not_know_the_later_time_counts(void **state)
{
    struct office *office = *state;
    struct made_mail mail;
    struct vt_register_record record = made_mail(&mail, 3, 500, 60);
    int64_t then = record.time_utc_secs;
    append(office->gateways[0], &record);
    record.time_utc_secs = then + 500;
    append(office->gateways[1], &record);
    for (unsigned i = 0; i < 2; i++)
        (void)ship(office, i);
    for (unsigned i = 0; i < 2; i++) {
        int64_t times[2];
        bring_back(office, i);
        assert_int_equal(vt_register_first_seen(office->gateways[i]->reg, mail.first_seen, 2, times,
                                                &office->err),
                         VT_OK);
        assert_int_equal(times[0], then + 500);
        site_is_whole(office->gateways[i], 1);
    }
}

static enum vt_code take_exception(void *context, const struct vt_register_exception *item,
                                   struct vt_err *err)
{
    (void)err;
    *(struct vt_register_exception *)context = *item;
    return VT_OK;
}

static void clocks_notices_and_exceptions_come_back(void **state)
{
    struct office *office = *state;
    struct site *one = office->gateways[0], *two = office->gateways[1];
    struct made_mail mail;
    char key[65];
    made_hex(key, 77);
    struct vt_register_record record = made_mail(&mail, 8, 55, 60);
    int64_t then = record.time_utc_secs, first = 0;
    struct vt_register_notice notice = {
        .kind = "refused", .recipient = "a@soxd.gov.vn", .once_secs = 86400};
    made_hex(notice.key_sha256, 78);
    mail.decided.defer_key_sha256 = key;
    record.notices = &notice;
    record.notices_count = 1;
    append(one, &record);
    assert_true(notice.is_first);
    const char *const documents[] = {mail.documents[0].sha256};
    const struct vt_register_overruled overruled = {.reason_text = "đã xác minh",
                                                    .until_utc_secs = then + 1000,
                                                    .documents_sha256 = documents,
                                                    .documents_count = 1,
                                                    .reason = VT_REASON_COUNT};
    struct vt_register_record undo = record;
    undo.kind = VT_REGISTER_OVERRULED;
    undo.overruled = &overruled;
    undo.notices_count = 0;
    append(one, &undo);
    (void)ship(office, 0);
    bring_back(office, 1);
    assert_int_equal(vt_register_first_deferred(two->reg, key, &first, &two->err), VT_OK);
    assert_int_equal(first, then);
    struct vt_register_exception found = {.seq = 0};
    assert_int_equal(vt_register_exceptions(two->reg, then + 5, take_exception, &found, &two->err),
                     VT_OK);
    assert_string_equal(found.gateway, "mx1.ninhbinh.gov.vn");
    assert_string_equal(found.document_sha256, documents[0]);
    assert_string_equal(found.reference, mail.reference);
    found.seq = 0;
    assert_int_equal(
        vt_register_exceptions(two->reg, then + 1000, take_exception, &found, &two->err), VT_OK);
    assert_int_equal(found.seq, 0);
    /* The same mail on the other one: its notice was sent. */
    record.time_utc_secs = then + 60;
    append(two, &record);
    assert_false(notice.is_first);
    site_is_whole(two, 1);
    const struct vt_register_retention retention = {.defer_days = 3};
    size_t count = 0;
    assert_int_equal(
        vt_register_retain(two->reg, then + 4 * MADE_DAY_SECS, &retention, 10, &count, &two->err),
        VT_OK);
    assert_int_equal(vt_register_first_deferred(two->reg, key, &first, &two->err), VT_OK);
    assert_int_equal(first, VT_TIME_NONE);
    assert_int_equal(vt_ship_forget(office->central[0], then + 4 * MADE_DAY_SECS, &office->err),
                     VT_OK);
    is_same_chain(office, 0);
    /* Two days later it is sent by whoever gets it, and the first one learns of that, too. */
    record.time_utc_secs = then + 2 * 86400;
    append(two, &record);
    assert_true(notice.is_first);
    (void)ship(office, 1);
    bring_back(office, 0);
    record.time_utc_secs += 60;
    append(one, &record);
    assert_false(notice.is_first);
    site_is_whole(two, 2);
}

static void a_newer_gateway_is_left_out(void **state)
{
    struct office *office = *state;
    struct made_mail mail;
    int64_t times[2];
    struct vt_register_record record = made_mail(&mail, 3, 500, 60);
    append(office->gateways[0], &record);
    (void)ship(office, 0);
    in_schema(office, 0, "UPDATE meta SET value = '99' WHERE key = 'version'");
    assert_int_equal(bring_some(office, 1), 0);
    assert_int_equal(office->back.skipped_count, 1);
    struct vt_register *reg = office->gateways[1]->reg;
    assert_int_equal(vt_register_first_seen(reg, mail.first_seen, 2, times, &office->err), VT_OK);
    assert_int_equal(times[0], VT_TIME_NONE);
    struct vt_register *all = NULL;
    assert_int_equal(vt_central_open_read(office->connection, &all, &office->err),
                     VT_E_UNSUPPORTED);
}

/* ---- reading all of them ---- */

struct seen {
    int64_t last_time, count;
    unsigned of_gateway[2];
};

static enum vt_code note_entry(void *context, const struct vt_register_entry *entry,
                               struct vt_err *err)
{
    struct seen *seen = context;
    (void)err;
    assert_true(entry->time_utc_secs <= seen->last_time);
    seen->last_time = entry->time_utc_secs;
    seen->count++;
    seen->of_gateway[entry->gateway[2] - '1']++;
    return VT_OK;
}

/* ---- a database that is not to be trusted ---- */

/* A mail with first-seen digests, a defer clock, a notice and an exception, on the first gateway.
 */
static int64_t claim_all(struct office *office, struct made_mail *mail)
{
    char key[65];
    made_hex(key, 77);
    struct vt_register_record record = made_mail(mail, 8, 55, 60), undo = record;
    struct vt_register_notice notice = {.kind = "refused", .recipient = "a@soxd.gov.vn"};
    made_hex(notice.key_sha256, 78);
    mail->decided.defer_key_sha256 = key;
    record.notices = &notice;
    record.notices_count = 1;
    append(office->gateways[0], &record);
    const char *const documents[] = {mail->documents[0].sha256};
    const struct vt_register_overruled overruled = {.reason_text = "đã xác minh",
                                                    .until_utc_secs = record.time_utc_secs + 1000,
                                                    .documents_sha256 = documents,
                                                    .documents_count = 1,
                                                    .reason = VT_REASON_COUNT};
    undo.kind = VT_REGISTER_OVERRULED;
    undo.overruled = &overruled;
    append(office->gateways[0], &undo);
    (void)ship(office, 0);
    return record.time_utc_secs;
}

static int64_t brought_count(struct office *office, unsigned i)
{
    return site_number(office->gateways[i], "SELECT (SELECT count(*) FROM peer_first_seen) +"
                                            " (SELECT count(*) FROM peer_defer_clock) +"
                                            " (SELECT count(*) FROM peer_notice_key) +"
                                            " (SELECT count(*) FROM peer_exception)");
}

/* Whoever may write in the database makes a stolen key's signature old, a forged file excepted, a
 * deferred mail long deferred; replays what was said once; moves it to another record, certificate
 * or gateway: nothing of it is believed, and it is counted. */
static void what_nobody_signed_is_not_believed(void **state)
{
    static const struct {
        const char *name, *script;
        int64_t brought, unproven;
    } rows[] = {
        {"nothing", "SET work_mem = '1MB'", 5, 0},
        {"an earlier time", "UPDATE first_seen SET time_utc_secs = 1000000000", 3, 2},
        {"a later record", "SET session_replication_role = replica; UPDATE first_seen SET seq = 2",
         3, 2},
        {"a digest of its own",
         "SET session_replication_role = replica;"
         "UPDATE first_seen SET digest = sha256(digest)",
         3, 2},
        {"a new row",
         "INSERT INTO first_seen SELECT sha256('x'), seq, time_utc_secs, mac FROM first_seen LIMIT "
         "1",
         5, 1},
        {"a new row without a proof",
         "INSERT INTO first_seen VALUES (sha256('x'), 1, 1000000000, NULL)", 5, 1},
        {"a proof that is too short", "UPDATE notice_key SET mac = substr(mac, 1, 31)", 4, 1},
        {"an older clock", "UPDATE defer_clock SET first_utc_secs = first_utc_secs - 9999", 4, 1},
        {"a longer exception", "UPDATE exception SET until_utc_secs = until_utc_secs + 1", 4, 1},
        {"another document", "UPDATE exception SET document = sha256('forged')", 4, 1},
        {"a certificate instead", "UPDATE exception SET certificate = document, document = NULL", 4,
         1},
        {"for another reason", "UPDATE exception SET reason = 'CERT_REVOKED'", 4, 1},
        {"one more exception",
         "INSERT INTO exception SELECT seq, 1, sha256('forged'), NULL, NULL, until_utc_secs, mac"
         " FROM exception",
         5, 1},
        {"an exception made sooner",
         "SET session_replication_role = replica;"
         "UPDATE record SET time_utc_secs = time_utc_secs - 1",
         4, 1},
        {"a proof of another claim", "UPDATE notice_key SET mac = (SELECT mac FROM defer_clock)", 4,
         1},
        {"a clock without a proof, as is left of one that was forgotten",
         "UPDATE defer_clock SET mac = NULL", 4, 0},
    };
    static const char save[] =
        "CREATE TABLE s0 AS TABLE record; CREATE TABLE s1 AS TABLE first_seen;"
        "CREATE TABLE s2 AS TABLE defer_clock; CREATE TABLE s3 AS TABLE notice_key;"
        "CREATE TABLE s4 AS TABLE exception";
    static const char restore[] =
        "SET session_replication_role = replica; DELETE FROM record; DELETE FROM first_seen;"
        "DELETE FROM defer_clock; DELETE FROM notice_key; DELETE FROM exception;"
        "INSERT INTO record TABLE s0; INSERT INTO first_seen TABLE s1;"
        "INSERT INTO defer_clock TABLE s2; INSERT INTO notice_key TABLE s3;"
        "INSERT INTO exception TABLE s4";
    struct office *office = *state;
    struct made_mail mail;
    const struct vt_claim_key none = {.is_set = false};
    (void)claim_all(office, &mail);
    in_schema(office, 0, save);
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        in_schema(office, 0, restore);
        in_schema(office, 0, rows[i].script);
        assert_int_equal(vt_ship_begin(office->gateways[1]->reg, &none, &office->err), VT_OK);
        int64_t unproven = (int64_t)bring_some(office, 1), brought = brought_count(office, 1);
        if (brought != rows[i].brought || unproven != rows[i].unproven)
            fail_msg("%s: %lld were brought, %lld not believed", rows[i].name, (long long)brought,
                     (long long)unproven);
    }
}

/* The whole schema of a gateway under the name of another. */
static void a_gateway_is_not_copied(void **state)
{
    struct office *office = *state;
    struct made_mail mail;
    char script[512], hex[2 * VT_REGISTER_ID_BYTES + 1];
    const struct vt_register *first = office->gateways[0]->reg;
    (void)claim_all(office, &mail);
    (void)vt_text_hex(hex, vt_bytes_of(first->id, sizeof(first->id)));
    (void)snprintf(script, sizeof(script),
                   "ALTER SCHEMA vanthu_%s RENAME TO vanthu_%032d; INSERT INTO vanthu.gateway"
                   " (id, name, schema_name) VALUES (decode('%032d', 'hex'), 'mx3', 'x');"
                   "DELETE FROM vanthu.gateway WHERE id = decode('%s', 'hex')",
                   hex, 7, 7, hex);
    in_schema(office, 0, script);
    assert_int_equal(bring_some(office, 1), 0);
    assert_int_equal(office->back.unsigned_count, 1);
    assert_int_equal(brought_count(office, 1), 0);
}

/* How far a gateway signed is signed, too: nobody makes another one follow into nothing. */
static void a_mark_is_not_moved(void **state)
{
    struct office *office = *state;
    struct made_mail mail;
    (void)claim_all(office, &mail);
    in_schema(office, 0,
              "UPDATE meta SET value = overlay(value placing decode('7fffffffffffffff', 'hex')"
              " from 17) WHERE key = 'claims'");
    assert_int_equal(bring_some(office, 1), 0);
    assert_int_equal(office->back.unsigned_count, 1);
    assert_int_equal(brought_count(office, 1), 0);
    /* Its gateway sees that and signs anew. */
    (void)ship(office, 0);
    bring_back(office, 1);
    assert_int_equal(brought_count(office, 1), 5);
}

static void without_a_key_nothing_is_believed(void **state)
{
    struct office *office = *state;
    struct made_mail mail;
    (void)claim_all(office, &mail);
    bring_back(office, 1);
    assert_int_equal(brought_count(office, 1), 5);
    office->keys[1] = (struct vt_claim_key){.is_set = false};
    assert_int_equal(bring_some(office, 1), 0);
    assert_int_equal(brought_count(office, 1), 0);
    assert_int_equal(site_number(office->gateways[1], "SELECT count(*) FROM peer"), 0);
    /* Nor is what a gateway without one shipped. */
    office->keys[1] = made_key(1);
    office->keys[0] = (struct vt_claim_key){.is_set = false};
    site_append(office->gateways[0], 9, 500);
    (void)ship(office, 0);
    assert_int_equal(bring_some(office, 1), 0);
    int64_t before = brought_count(office, 1);
    office->keys[0] = made_key(1);
    (void)ship(office, 0);
    bring_back(office, 1);
    assert_true(brought_count(office, 1) > before);
}

static void a_new_key_begins_anew(void **state)
{
    struct office *office = *state;
    struct made_mail mail;
    (void)claim_all(office, &mail);
    bring_back(office, 1);
    office->keys[1] = made_key(2);
    assert_int_equal(bring_some(office, 1), 0);
    assert_int_equal(office->back.unsigned_count, 1);
    assert_int_equal(brought_count(office, 1), 0);
    office->keys[0] = made_key(2);
    (void)ship(office, 0);
    bring_back(office, 1);
    assert_int_equal(brought_count(office, 1), 5);
    is_same_chain(office, 0);
}

static void keys_are_read_with_care(void **state)
{
    static const struct {
        const char *text;
        int mode;
        const char *want; /* NULL: a key */
    } rows[] = {
        {"q3Hd8Yk2mVb7Zt1Xc9Lw5Rf0Pn6Js4Ga", 0600, NULL},
        {"q3Hd8Yk2mVb7Zt1Xc9Lw5Rf0Pn6Js4Ga\r\n\n", 0400, NULL},
        {"q3Hd8Yk2mVb7Zt1Xc9Lw5Rf0Pn6Js4G\n\n", 0600, "no key"},
        {"", 0600, "no key"},
        {"q3Hd8Yk2mVb7Zt1Xc9Lw5Rf0Pn6Js4Ga", 0640, "chmod 0600"},
        {"q3Hd8Yk2mVb7Zt1Xc9Lw5Rf0Pn6Js4Ga", 0604, "chmod 0600"},
    };
    struct vt_claim_key key, first = {.is_set = false};
    struct vt_err err;
    char file[] = "/tmp/vanthu-key-XXXXXX";
    int fd = mkstemp(file);
    (void)state;
    assert_int_equal(vt_claim_key_read(NULL, &key, &err), VT_OK);
    assert_false(key.is_set);
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, rows[i].text, strlen(rows[i].text), 0), strlen(rows[i].text));
        assert_int_equal(fchmod(fd, (mode_t)rows[i].mode), 0);
        enum vt_code code = vt_claim_key_read(file, &key, &err);
        if ((code == VT_OK) != (rows[i].want == NULL) || key.is_set != (code == VT_OK) ||
            (code != VT_OK && strstr(err.text, rows[i].want) == NULL))
            fail_msg("row %zu: %s", i, err.text);
        if (i == 0)
            first = key;
        if (i == 1) /* a line end is no part of it */
            assert_memory_equal(&key, &first, sizeof(key));
    }
    assert_int_equal(ftruncate(fd, 5000), 0);
    assert_int_equal(fchmod(fd, 0600), 0);
    assert_int_equal(vt_claim_key_read(file, &key, &err), VT_E_CONFIG);
    (void)close(fd);
    (void)unlink(file);
    assert_int_equal(vt_claim_key_read(file, &key, &err), VT_E_CONFIG);
    assert_int_equal(vt_claim_key_read("/dev/zero", &key, &err), VT_E_CONFIG);
}

static void all_gateways_are_listed_by_time(void **state)
{
    struct office *office = *state;
    struct vt_register *all = NULL;
    for (unsigned i = 0; i < 60; i++)
        site_append(office->gateways[i % 3 == 0], i, i * 37 % 1000);
    for (unsigned i = 0; i < 2; i++)
        (void)ship(office, i);
    if (vt_central_open_read(office->connection, &all, &office->err) != VT_OK)
        fail_msg("%s", office->err.text);
    assert_string_equal(vt_register_gateway(all), "mx1.ninhbinh.gov.vn");
    assert_true(vt_register_is_same(all, office->gateways[0]->reg));
    static const size_t limits[] = {1, 7, 50, 1000};
    for (size_t i = 0; i < ELEMENTS(limits); i++) {
        struct vt_register_query query = VT_REGISTER_QUERY_ANY;
        struct seen seen = {.last_time = INT64_MAX};
        query.limit = limits[i];
        do {
            if (vt_register_find(all, &query, note_entry, &seen, &query.before_seq, &office->err) !=
                VT_OK)
                fail_msg("%s", office->err.text);
        } while (query.before_seq != 0);
        assert_int_equal(seen.count, 120);
        assert_int_equal(seen.of_gateway[0], 80);
        assert_int_equal(seen.of_gateway[1], 40);
    }
    vt_register_close(all);
}

static int64_t report_of(struct vt_register *reg, struct vt_report_counts *out)
{
    struct vt_report_request request = {.now_utc_secs = MADE_FIRST_UTC_SECS};
    struct vt_report *report = NULL;
    struct vt_err err;
    struct vt_arena *arena = vt_arena_new((size_t)64 << 20);
    assert_int_equal(vt_period_parse("2026H1", false, &request.period, &err), VT_OK);
    if (vt_report_make(reg, arena, &request, &report, &err) != VT_OK)
        fail_msg("%s", err.text);
    *out = report->totals.counts;
    int64_t signatures = report->totals.signatures_count;
    vt_arena_free(arena);
    return signatures;
}

static void a_report_counts_all_gateways(void **state)
{
    struct office *office = *state;
    struct vt_register *all = NULL;
    struct vt_report_counts counts[2], sum;
    int64_t signatures = 0;
    for (unsigned i = 0; i < 90; i++)
        site_append(office->gateways[i % 2], i, i * 37 % 1000);
    for (unsigned i = 0; i < 2; i++) {
        (void)ship(office, i);
        signatures += report_of(office->gateways[i]->reg, &counts[i]);
    }
    assert_int_equal(vt_central_open_read(office->connection, &all, &office->err), VT_OK);
    assert_int_equal(report_of(all, &sum), signatures);
    const int64_t *parts[] = {(const int64_t *)&counts[0], (const int64_t *)&counts[1]};
    for (size_t i = 0; i < sizeof(sum) / sizeof(int64_t); i++)
        assert_int_equal(((const int64_t *)&sum)[i], parts[0][i] + parts[1][i]);
    assert_true(sum.mails_count > 60);
    vt_register_close(all);
}

static void an_empty_database_says_so(void **state)
{
    struct vt_register *all = NULL;
    struct vt_err err;
    char connection[256];
    (void)state;
    test_postgres_database(&site_postgres, connection);
    assert_int_equal(vt_central_open_read(connection, &all, &err), VT_E_NOT_FOUND);
    assert_int_equal(vt_central_open_read("host=/nowhere", &all, &err), VT_E_NETWORK);
    assert_int_equal(vt_central_check("host=db dbnam=vanthu", &err), VT_E_CONFIG);
    assert_non_null(strstr(err.text, "dbnam"));
    (void)snprintf(connection, sizeof(connection), "host=%s user=vanthu dbname=none",
                   site_postgres.folder);
    assert_int_equal(vt_central_open_read(connection, &all, &err), VT_E_CONFIG);
}

/* ---- schemas ---- */

/* Each table of one engine with its columns, in the same order. */
static void both_engines_have_the_same_tables(void **state)
{
    struct office *office = *state;
    struct site *local = office->gateways[0];
    struct site there = {.connection = ""};
    char text[256], pragma[256];
    (void)snprintf(there.connection, sizeof(there.connection), "%s", office->connection);
    memcpy(there.id, local->reg->id, sizeof(there.id));
    sqlite3 *db = site_raw(local);
    sqlite3_stmt *names = NULL;
    unsigned count = 0;
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT m.name, p.cid, p.name FROM sqlite_schema m,"
                                        " pragma_table_info(m.name) p WHERE m.type = 'table'",
                                        -1, &names, NULL),
                     SQLITE_OK);
    while (sqlite3_step(names) == SQLITE_ROW) {
        (void)snprintf(text, sizeof(text),
                       "SELECT count(*) FROM information_schema.columns WHERE table_schema ="
                       " current_schema AND table_name = '%s' AND ordinal_position = %d AND"
                       " column_name = '%s'",
                       sqlite3_column_text(names, 0), sqlite3_column_int(names, 1) + 1,
                       sqlite3_column_text(names, 2));
        if (site_number(&there, text) != 1)
            fail_msg("%s", text);
        count++;
    }
    (void)sqlite3_finalize(names);
    (void)sqlite3_close(db);
    (void)snprintf(pragma, sizeof(pragma),
                   "SELECT count(*) FROM information_schema.columns WHERE table_schema ="
                   " current_schema");
    assert_int_equal(site_number(&there, pragma), count);
}

/* ---- a server that hangs ---- */

/* Stop or wake the server with all of its processes. */
static void signal_server(int number)
{
    char file[64];
    int child;
    (void)kill(site_postgres.server, number);
    (void)snprintf(file, sizeof(file), "/proc/%d/task/%d/children", (int)site_postgres.server,
                   (int)site_postgres.server);
    FILE *in = fopen(file, "r");
    assert_non_null(in);
    while (fscanf(in, "%d", &child) == 1)
        (void)kill(child, number);
    (void)fclose(in);
}

static void a_hanging_server_is_given_up(void **state)
{
    struct office *office = *state;
    struct vt_register *late = NULL;
    size_t count = 0;
    int pipes[2];
    const struct vt_postgres_link link = {.connection = office->connection,
                                          .connect_msecs = 700,
                                          .reply_msecs = REPLY_MSECS,
                                          .interrupt_fd = -1};
    struct vt_register *local = office->gateways[0]->reg;
    struct vt_bytes id = vt_bytes_of(local->id, sizeof(local->id));
    site_append(office->gateways[0], 1, 500);
    signal_server(SIGSTOP);
    int64_t begin = vt_clock_monotonic_msecs();
    enum vt_code code =
        vt_ship_records(local, office->central[0], &office->keys[0], &count, &office->err);
    int64_t shipped = vt_clock_monotonic_msecs() - begin;
    enum vt_code connected = vt_central_open_write(&link, id, "x", &late, &office->err);
    int64_t connecting = vt_clock_monotonic_msecs() - begin - shipped;
    /* Somebody wants the process back. */
    assert_int_equal(pipe(pipes), 0);
    struct vt_postgres_link broken = link;
    broken.connect_msecs = 60000;
    broken.interrupt_fd = pipes[0];
    (void)close(pipes[1]);
    enum vt_code interrupted = vt_central_open_write(&broken, id, "x", &late, &office->err);
    (void)close(pipes[0]);
    signal_server(SIGCONT);
    assert_int_equal(code, VT_E_TIMEOUT);
    assert_true(shipped >= REPLY_MSECS && shipped < 3 * REPLY_MSECS);
    assert_int_equal(connected, VT_E_TIMEOUT);
    assert_true(connecting < 2500);
    assert_int_equal(interrupted, VT_E_PEER);
    /* The connection is of no use any more; a new one goes on where the server stands. */
    assert_int_equal(
        vt_ship_records(local, office->central[0], &office->keys[0], &count, &office->err),
        VT_E_NETWORK);
    office_connect(office, 0);
    (void)ship(office, 0);
    is_same_chain(office, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, office_new, office_free)
    const struct CMUnitTest tests[] = {
        TEST(records_get_there_once),
        TEST(only_one_ships),
        TEST(a_copy_that_went_its_own_way_is_refused),
        TEST(what_is_destroyed_here_is_destroyed_there),
        TEST(a_server_without_room_takes_all_or_nothing),
        TEST(first_seen_on_one_holds_on_the_other),
        TEST(of_two_that_did_not_know_the_later_time_counts),
        TEST(clocks_notices_and_exceptions_come_back),
        TEST(a_newer_gateway_is_left_out),
        TEST(what_nobody_signed_is_not_believed),
        TEST(a_gateway_is_not_copied),
        TEST(a_mark_is_not_moved),
        TEST(without_a_key_nothing_is_believed),
        TEST(a_new_key_begins_anew),
        cmocka_unit_test(keys_are_read_with_care),
        TEST(all_gateways_are_listed_by_time),
        TEST(a_report_counts_all_gateways),
        cmocka_unit_test(an_empty_database_says_so),
        TEST(both_engines_have_the_same_tables),
        TEST(a_hanging_server_is_given_up),
    };
    if (!test_postgres_start(&site_postgres))
        return 0;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_postgres_stop(&site_postgres);
    return failed;
}
