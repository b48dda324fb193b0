/* SPDX-License-Identifier: Apache-2.0
 * The register's proof: whatever somebody with the file in his hands does to a record is named;
 * what retention destroys is not called a fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "../lib/register_mail.h"
#include "../lib/register_site.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define RECORDS 12

static void fill(struct site *site)
{
    for (unsigned i = 0; i < RECORDS / 2; i++)
        site_append(site, i, i == 3 ? 10 : 500);
}

/* ---- scripts ---- */

/* Fields of two records change places. */
#define SWAP(a, b)                                                                                 \
    "UPDATE record SET seq = -1 WHERE seq = " a ";"                                                \
    "UPDATE record SET seq = " a " WHERE seq = " b ";"                                             \
    "UPDATE record SET seq = " b " WHERE seq = -1;"

static int site_new_like(const struct site *site, void **out)
{
    return site->connection[0] != '\0' ? site_new_postgres(out) : site_new(out);
}

static void altered_by_script(void **state)
{
    static const struct {
        const char *name, *script;
        enum vt_register_fault fault;
        int64_t seq;
    } cases[] = {
        {"body",
         "UPDATE record SET body = substr(body, 1, 100) || x'41' || substr(body, 102) WHERE seq = "
         "7",
         VT_REGISTER_ALTERED, 7},
        {"body and salt meet elsewhere",
         "UPDATE record SET salt = substr(salt, 1, 15), body = substr(salt, 16) || body WHERE seq "
         "= 4",
         VT_REGISTER_ALTERED, 4},
        {"salt", "UPDATE record SET salt = randomblob(16) WHERE seq = 5", VT_REGISTER_ALTERED, 5},
        {"body digest", "UPDATE record SET body_digest = randomblob(32) WHERE seq = 12",
         VT_REGISTER_ALTERED, 12},
        {"kind", "UPDATE record SET kind = 6 WHERE seq = 3", VT_REGISTER_ALTERED, 3},
        {"kind that is none", "UPDATE record SET kind = 0 WHERE seq = 3", VT_REGISTER_ALTERED, 3},
        {"time", "UPDATE record SET time_utc_secs = time_utc_secs + 1 WHERE seq = 2",
         VT_REGISTER_ALTERED, 2},
        {"reference",
         "UPDATE record SET reference = (SELECT reference FROM record WHERE seq = 1) WHERE seq = 9",
         VT_REGISTER_ALTERED, 9},
        {"more reference", "UPDATE record SET reference = reference || '   x' WHERE seq = 9",
         VT_REGISTER_ALTERED, 9},
        {"reference behind a NUL",
         "UPDATE record SET reference = CAST(reference || x'0031' AS TEXT) WHERE seq = 9",
         VT_REGISTER_ALTERED, 9},
        {"chain", "UPDATE record SET chain = randomblob(32) WHERE seq = 6", VT_REGISTER_ALTERED, 6},
        {"short chain", "UPDATE record SET chain = x'00' WHERE seq = 6", VT_REGISTER_ALTERED, 6},
        {"first record", "UPDATE record SET time_utc_secs = 0 WHERE seq = 1", VT_REGISTER_ALTERED,
         1},
        {"one removed", "DELETE FROM record WHERE seq = 6", VT_REGISTER_REMOVED, 6},
        {"the first removed", "DELETE FROM record WHERE seq = 1", VT_REGISTER_REMOVED, 1},
        {"removed and closed up",
         "DELETE FROM record WHERE seq = 6; UPDATE record SET seq = seq - 1 WHERE seq = 7;",
         VT_REGISTER_ALTERED, 6},
        {"neighbours swapped", SWAP("4", "5"), VT_REGISTER_REORDERED, 4},
        {"far ones swapped", SWAP("2", "11"), VT_REGISTER_REORDERED, 2},
        {"body gone", "UPDATE record SET body = NULL, salt = NULL WHERE seq = 8",
         VT_REGISTER_VANISHED, 8},
        {"body gone and a row says destroyed",
         "UPDATE record SET body = NULL, salt = NULL WHERE seq = 8;"
         "INSERT INTO destroyed VALUES (8, 9)",
         VT_REGISTER_VANISHED, 8},
        {"another id", "UPDATE meta SET value = randomblob(16) WHERE key = 'id'",
         VT_REGISTER_ALTERED, 1},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        void *own = NULL;
        /* PostgreSQL has no such text. */
        if (((struct site *)*state)->connection[0] != '\0' && strstr(cases[i].name, "NUL") != NULL)
            continue;
        assert_int_equal(site_new_like(*state, &own), 0);
        struct site *site = own;
        fill(site);
        site_close(site);
        site_drop_triggers(site);
        site_tamper(site, cases[i].script);
        site_open(site);
        struct vt_register_verdict verdict = site_verify(site, NULL);
        if (verdict.fault != cases[i].fault || verdict.seq != cases[i].seq)
            fail_msg("%s: %s at %lld: %s", cases[i].name, vt_register_fault_name(verdict.fault),
                     (long long)verdict.seq, verdict.text);
        if (strcmp(cases[i].name, "body") == 0)
            assert_true(vt_reference_is_valid(verdict.reference));
        (void)site_free(&own);
    }
}

static void tables_are_compared(void **state)
{
    static const struct {
        const char *name, *script;
        enum vt_register_fault fault;
        int64_t seq;
    } cases[] = {
        {"verdict", "UPDATE mail SET verdict = 'valid' WHERE seq = 7", VT_REGISTER_DERIVED, 7},
        {"sender", "UPDATE mail SET sender = 'x' WHERE seq = 3", VT_REGISTER_DERIVED, 3},
        {"no sender", "UPDATE mail SET sender = NULL WHERE seq = 3", VT_REGISTER_DERIVED, 3},
        {"recipient gone", "DELETE FROM recipient WHERE seq = 5 AND ordinal = 0",
         VT_REGISTER_DERIVED, 5},
        {"recipient more", "INSERT INTO recipient VALUES (5, 99, 'a@b')", VT_REGISTER_DERIVED, 5},
        {"reason gone", "DELETE FROM mail_reason WHERE seq = 7", VT_REGISTER_DERIVED, 7},
        {"reason more", "INSERT INTO mail_reason VALUES (9, 'CERT_REVOKED')", VT_REGISTER_DERIVED,
         9},
        {"document", "UPDATE document SET sha256 = randomblob(32) WHERE seq = 1 AND ordinal = 0",
         VT_REGISTER_DERIVED, 1},
        {"signer", "UPDATE signature SET common_name = 'x' WHERE seq = 11", VT_REGISTER_DERIVED,
         11},
        {"algorithm", "UPDATE signature SET key_bits = 512 WHERE seq = 11", VT_REGISTER_DERIVED,
         11},
        {"answer", "UPDATE followup SET value = 'hold' WHERE decided = 3", VT_REGISTER_DERIVED, 4},
        {"answer gone", "DELETE FROM followup WHERE decided = 3", VT_REGISTER_DERIVED, 4},
        {"answer more", "INSERT INTO followup VALUES (2, 3, 4, 'x')", VT_REGISTER_DERIVED, 0},
        {"seen earlier", "UPDATE first_seen SET time_utc_secs = 1 WHERE seq = 5",
         VT_REGISTER_DERIVED, 5},
        {"seen by another", "UPDATE first_seen SET seq = 1 WHERE seq = 5", VT_REGISTER_DERIVED, 1},
        {"seen by another at its time",
         "UPDATE first_seen SET seq = 1, time_utc_secs = (SELECT time_utc_secs FROM record WHERE"
         " seq = 1) WHERE seq = 5",
         VT_REGISTER_DERIVED, 0},
        {"seen never", "DELETE FROM first_seen WHERE seq = 5", VT_REGISTER_DERIVED, 5},
        {"seen, but by nobody",
         "INSERT INTO first_seen SELECT randomblob(32), 1, time_utc_secs, NULL"
         " FROM record WHERE seq = 1",
         VT_REGISTER_DERIVED, 0},
        {"a row of no record", "PRAGMA foreign_keys = OFF; INSERT INTO destroyed VALUES (3, 99)",
         VT_REGISTER_DERIVED, 0},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        void *own = NULL;
        assert_int_equal(site_new_like(*state, &own), 0);
        struct site *site = own;
        fill(site);
        site_close(site);
        site_drop_triggers(site);
        site_tamper(site, cases[i].script);
        site_open(site);
        struct vt_register_verdict verdict = site_verify(site, NULL);
        if (verdict.fault != cases[i].fault || verdict.seq != cases[i].seq)
            fail_msg("%s: %s at %lld: %s", cases[i].name, vt_register_fault_name(verdict.fault),
                     (long long)verdict.seq, verdict.text);
        const struct vt_register_check chain_only = {.chain_only = true};
        assert_int_equal(site_verify(site, &chain_only).fault, VT_REGISTER_WHOLE);
        (void)site_free(&own);
    }
}

static void triggers_refuse(void **state)
{
    struct site *site = *state;
    static const char *const scripts[] = {
        "DELETE FROM record WHERE seq = 3",
        "UPDATE record SET time_utc_secs = 1 WHERE seq = 3",
        "UPDATE record SET body = NULL, salt = NULL WHERE seq = 3",
        "UPDATE record SET body = x'00' WHERE seq = 3",
        "INSERT INTO record VALUES (99, 6, '', 0, x'00', x'00', x'00', x'00')",
        "UPDATE first_seen SET time_utc_secs = time_utc_secs + 1",
        "DELETE FROM first_seen",
    };
    fill(site);
    for (size_t i = 0; i < ELEMENTS(scripts); i++) {
        char text[256];
        if (site_try_script(site, scripts[i], false, text, sizeof(text)))
            fail_msg("not refused: %s", scripts[i]);
        if (strstr(text, "not") == NULL && strstr(text, "appended") == NULL)
            fail_msg("%s: %s", scripts[i], text);
    }
    site_is_whole(site, RECORDS);
}

/* ---- bytes on the disk ---- */

struct disk {
    char file[600];
    uint8_t *content;
    size_t size;
};

static void disk_read(struct disk *disk, const struct site *site)
{
    (void)snprintf(disk->file, sizeof(disk->file), "%s/register.sqlite", site->directory);
    FILE *in = fopen(disk->file, "rb");
    assert_non_null(in);
    (void)fseek(in, 0, SEEK_END);
    disk->size = (size_t)ftell(in);
    rewind(in);
    disk->content = malloc(disk->size);
    assert_non_null(disk->content);
    assert_int_equal(fread(disk->content, 1, disk->size, in), disk->size);
    (void)fclose(in);
}

static void disk_write(const struct disk *disk, size_t at, uint8_t byte)
{
    FILE *out = fopen(disk->file, "r+b");
    assert_non_null(out);
    (void)fseek(out, (long)at, SEEK_SET);
    assert_int_equal(fputc(byte, out), byte);
    (void)fclose(out);
}

/* Verify with one byte changed, and change it back. */
static struct vt_register_verdict with_byte(struct site *site, const struct disk *disk, size_t at,
                                            uint8_t flip)
{
    struct vt_register_verdict verdict = {.fault = VT_REGISTER_UNREADABLE};
    disk_write(disk, at, disk->content[at] ^ flip);
    if (vt_register_open_read(site->directory, &site->reg, &site->err) == VT_OK)
        verdict = site_verify(site, NULL);
    site_close(site);
    disk_write(disk, at, disk->content[at]);
    return verdict;
}

struct stored {
    size_t salt, chain, digest; /* offsets in the file */
    size_t body[16384];         /* of each byte */
    size_t body_len;
    const struct disk *disk;
};

static size_t offset_of(const struct disk *disk, const void *bytes, size_t len)
{
    const uint8_t *at = memmem(disk->content, disk->size, bytes, len);
    assert_non_null(at);
    return (size_t)(at - disk->content);
}

/* The body follows the salt, then goes on in pages that begin with the number of the next one
 * (sqlite.org/fileformat2.html 1.6); JSON has no byte that such a number begins with. */
static void find_body(struct stored *stored, struct vt_bytes body)
{
    enum { PAGE = 4096 };
    const uint8_t *content = stored->disk->content;
    size_t at = stored->salt + 16;
    assert_true(body.len <= ELEMENTS(stored->body));
    for (size_t i = 0; i < body.len; i++) {
        if (content[at] == 0 || (i > 0 && at % PAGE == 0)) {
            size_t pointer = content[at] == 0 && at % PAGE != 0 ? at : at - PAGE;
            size_t page = (size_t)content[pointer] << 24 | (size_t)content[pointer + 1] << 16 |
                          (size_t)content[pointer + 2] << 8 | content[pointer + 3];
            at = (page - 1) * PAGE + 4;
        }
        assert_int_equal(content[at], body.ptr[i]);
        stored->body[stored->body_len++] = at++;
    }
}

static enum vt_code find_stored(void *context, const struct vt_register_entry *entry,
                                struct vt_err *err)
{
    struct stored *stored = context;
    const struct disk *disk = stored->disk;
    (void)err;
    stored->salt = offset_of(disk, entry->salt.ptr, entry->salt.len);
    stored->digest = offset_of(disk, entry->body_digest, sizeof(entry->body_digest));
    stored->chain = offset_of(disk, entry->chain, sizeof(entry->chain));
    find_body(stored, entry->body);
    return VT_OK;
}

static void every_byte_of_a_record_counts(void **state)
{
    struct site *site = *state;
    struct disk disk;
    fill(site);
    site_close(site);
    disk_read(&disk, site);
    site_open(site);
    static struct stored stored;
    stored = (struct stored){.disk = &disk};
    assert_int_equal(vt_register_walk(site->reg, 6, 1, find_stored, &stored, &site->err), VT_OK);
    site_close(site);
    assert_true(stored.body_len > 2000);
    const struct {
        size_t at, len;
    } parts[] = {{stored.salt, 16}, {stored.digest, 32}, {stored.chain, 32}};
    for (size_t p = 0; p < ELEMENTS(parts); p++) {
        for (size_t i = 0; i < parts[p].len; i++) {
            struct vt_register_verdict v = with_byte(site, &disk, parts[p].at + i, 0x40);
            if (v.fault != VT_REGISTER_ALTERED || v.seq != 7)
                fail_msg("part %zu byte %zu: %s at %lld", p, i, vt_register_fault_name(v.fault),
                         (long long)v.seq);
        }
    }
    for (size_t i = 0; i < stored.body_len; i += 31) {
        struct vt_register_verdict v = with_byte(site, &disk, stored.body[i], 0x01);
        if (v.fault != VT_REGISTER_ALTERED || v.seq != 7)
            fail_msg("body byte %zu: %s at %lld", i, vt_register_fault_name(v.fault),
                     (long long)v.seq);
    }
    /* Reference and time, and before them what says how long they are. The length of the whole row,
     * before that, may be read as more than there is without any harm. */
    for (size_t i = 1; i <= 30; i++) {
        struct vt_register_verdict v = with_byte(site, &disk, stored.salt - i, 0x03);
        if (v.fault == VT_REGISTER_WHOLE)
            fail_msg("%zu bytes before the salt: not seen", i);
    }
    free(disk.content);
    site_open(site);
    site_is_whole(site, RECORDS);
}

static void a_torn_file_is_named(void **state)
{
    struct site *site = *state;
    char file[600];
    for (unsigned i = 0; i < 60; i++)
        site_append(site, i, 500);
    site_close(site);
    struct stat status;
    (void)snprintf(file, sizeof(file), "%s/register.sqlite", site->directory);
    assert_int_equal(stat(file, &status), 0);
    assert_int_equal(truncate(file, status.st_size / 4096 / 2 * 4096), 0);
    enum vt_code code = vt_register_open_read(site->directory, &site->reg, &site->err);
    if (code == VT_OK)
        assert_int_equal(site_verify(site, NULL).fault, VT_REGISTER_UNREADABLE);
    else
        assert_int_equal(code, VT_E_FORMAT);
}

/* ---- heads ---- */

static void a_cut_tail_is_seen_by_a_head(void **state)
{
    struct site *site = *state;
    struct vt_register_head heads[2];
    fill(site);
    assert_int_equal(vt_register_head_now(site->reg, 1, &heads[0], &site->err), VT_OK);
    heads[1] = heads[0];
    struct vt_register_check check = {.heads = heads, .heads_count = 1};
    struct vt_register_verdict verdict = site_verify(site, &check);
    assert_int_equal(verdict.fault, VT_REGISTER_WHOLE);
    assert_int_equal(verdict.proven_seq, RECORDS);
    site_append(site, 100, 500);
    verdict = site_verify(site, &check);
    assert_int_equal(verdict.fault, VT_REGISTER_WHOLE);
    assert_int_equal(verdict.proven_seq, RECORDS);
    assert_int_equal(verdict.head.seq, RECORDS + 2);
    site_close(site);
    site_drop_triggers(site);
    site_tamper(site, "PRAGMA foreign_keys = OFF; DELETE FROM record WHERE seq > 9;"
                      "DELETE FROM mail WHERE seq > 9; DELETE FROM recipient WHERE seq > 9;"
                      "DELETE FROM document WHERE seq > 9; DELETE FROM signature WHERE seq > 9;"
                      "DELETE FROM followup WHERE seq > 9; DELETE FROM first_seen WHERE seq > 9;"
                      "DELETE FROM mail_reason WHERE seq > 9;");
    site_open(site);
    /* The chain alone cannot know what stood behind its end. */
    assert_int_equal(site_verify(site, NULL).fault, VT_REGISTER_WHOLE);
    verdict = site_verify(site, &check);
    assert_int_equal(verdict.fault, VT_REGISTER_CUT);
    assert_int_equal(verdict.seq, 10);
    assert_non_null(strstr(verdict.text, "10 to 12"));
}

static bool token_is_good(void *context, const struct vt_register_head *head)
{
    return vt_bytes_equal(head->token, vt_bytes_str(context));
}

static void kept_heads_prove_with_a_time_stamp(void **state)
{
    struct site *site = *state;
    struct vt_register_head head;
    char token[] = "a token";
    assert_int_equal(vt_register_head_now(site->reg, 1, &head, &site->err), VT_OK);
    if (vt_register_head_keep(site->reg, &head, &site->err) != VT_OK)
        fail_msg("%s", site->err.text);
    fill(site);
    assert_int_equal(vt_register_head_now(site->reg, 1, &head, &site->err), VT_OK);
    head.token = vt_bytes_str(token);
    assert_int_equal(vt_register_head_keep(site->reg, &head, &site->err), VT_OK);
    struct vt_register_verdict verdict = site_verify(site, NULL);
    assert_int_equal(verdict.fault, VT_REGISTER_WHOLE);
    assert_int_equal(verdict.proven_seq, 0);
    struct vt_register_check check = {.token_is_good = token_is_good, .context = token};
    assert_int_equal(site_verify(site, &check).proven_seq, RECORDS);
    check.context = (char[]){"another"};
    assert_int_equal(site_verify(site, &check).proven_seq, 0);
}

static void a_register_made_anew_is_foreign(void **state)
{
    struct site *site = *state;
    struct vt_register_head head;
    fill(site);
    assert_int_equal(vt_register_head_now(site->reg, 1, &head, &site->err), VT_OK);
    head.chain[31] ^= 1;
    struct vt_register_check check = {.heads = &head, .heads_count = 1};
    struct vt_register_verdict verdict = site_verify(site, &check);
    assert_int_equal(verdict.fault, VT_REGISTER_FOREIGN);
    assert_int_equal(verdict.seq, RECORDS);
    head.seq = 0;
    assert_int_equal(site_verify(site, &check).fault, VT_REGISTER_FOREIGN);
}

/* ---- retention ---- */

static size_t retain(struct site *site, int64_t now, const struct vt_register_retention *retention)
{
    size_t count = 0;
    if (vt_register_retain(site->reg, now, retention, 10000, &count, &site->err) != VT_OK)
        fail_msg("retain: %s", site->err.text);
    return count;
}

static void what_is_old_is_destroyed(void **state)
{
    struct site *site = *state;
    struct made_mail mail;
    struct vt_register_retention retention = {.days = {10, 20, 30, 5}};
    int64_t day = MADE_DAY_SECS, begin = MADE_FIRST_UTC_SECS;
    fill(site); /* five passed, one refused */
    struct vt_register_record secret = made_mail(&mail, 50, 500, 60);
    mail.decided.is_secret = true;
    assert_int_equal(vt_register_append(site->reg, &secret, 1, &site->err), VT_OK);
    site_append(site, 51, 100); /* tagged */
    assert_int_equal(retain(site, begin + 4 * day, &retention), 0);
    assert_int_equal(retain(site, begin + 6 * day, &retention), 1);
    assert_int_equal(retain(site, begin + 11 * day, &retention), 10);
    assert_int_equal(site_number(site, "SELECT count(*) FROM mail"), 2);
    site_is_whole(site, RECORDS + 3 + 2);
    assert_int_equal(retain(site, begin + 21 * day, &retention), 2);
    assert_int_equal(retain(site, begin + 31 * day, &retention), 2);
    assert_int_equal(retain(site, begin + 99 * day, &retention), 0);
    struct vt_register_verdict verdict = site_verify(site, NULL);
    assert_int_equal(verdict.fault, VT_REGISTER_WHOLE);
    assert_int_equal(verdict.destroyed_count, RECORDS + 3);
    assert_int_equal(site_number(site, "SELECT count(*) FROM recipient"), 0);
    assert_int_equal(site_number(site, "SELECT count(*) FROM signature"), 0);
    assert_int_equal(site_number(site, "SELECT count(*) FROM record WHERE length(chain) = 32"),
                     RECORDS + 3 + 4);
    /* First seen is still proven. */
    int64_t times[2];
    made_mail(&mail, 2, 500, 60);
    assert_int_equal(vt_register_first_seen(site->reg, mail.first_seen, 2, times, &site->err),
                     VT_OK);
    assert_int_equal(times[1], begin + 120);
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    query.reference = mail.reference;
    assert_int_equal(site_find(site, &query), 2);
    assert_string_equal(site->last_body, "");
    site_close(site);
    assert_false(site->connection[0] == '\0' && site_files_have(site,
                                                                "quy ho\xe1\xba\xa1"
                                                                "ch",
                                                                9));
    assert_false(site->connection[0] == '\0' && site_files_have(site, "ninhbinh.gov.vn", 15));
    site_tamper(site, "UPDATE first_seen SET time_utc_secs = time_utc_secs - 1 WHERE seq = 5");
    site_open(site);
    assert_int_equal(site_verify(site, NULL).fault, VT_REGISTER_DERIVED);
}

static void many_are_destroyed_in_small_batches(void **state)
{
    struct site *site = *state;
    const struct vt_register_retention retention = {.days = {10, 10, 10, 10}};
    size_t count = 0;
    for (unsigned i = 0; i < 250; i++)
        site_append(site, i, 500);
    assert_int_equal(vt_register_retain(site->reg, MADE_FIRST_UTC_SECS + 11 * MADE_DAY_SECS,
                                        &retention, 150, &count, &site->err),
                     VT_OK);
    assert_true(count >= 150 && count <= 250);
    count += retain(site, MADE_FIRST_UTC_SECS + 11 * MADE_DAY_SECS, &retention);
    assert_int_equal(count, 500);
    assert_true(site_number(site, "SELECT count(*) FROM record WHERE kind = 5") >= 3);
    assert_int_equal(site_verify(site, NULL).fault, VT_REGISTER_WHOLE);
    /* Somebody takes one from the list of the destroyed. */
    site_close(site);
    site_tamper(site, "DELETE FROM destroyed WHERE target = 77");
    site_open(site);
    struct vt_register_verdict verdict = site_verify(site, NULL);
    assert_int_equal(verdict.fault, VT_REGISTER_VANISHED);
    assert_int_equal(verdict.seq, 77);
}

static void an_exception_in_force_stays(void **state)
{
    struct site *site = *state;
    struct made_mail mail;
    const struct vt_register_retention retention = {.days = {10, 10, 10, 10}};
    struct vt_register_record records[2] = {made_mail(&mail, 1, 10, 60)};
    const char *const documents[] = {mail.documents[0].sha256};
    const struct vt_register_overruled overruled = {.until_utc_secs =
                                                        MADE_FIRST_UTC_SECS + 20 * MADE_DAY_SECS,
                                                    .documents_sha256 = documents,
                                                    .documents_count = 1,
                                                    .reason = VT_REASON_COUNT};
    records[1] = records[0];
    records[1].kind = VT_REGISTER_OVERRULED;
    records[1].overruled = &overruled;
    assert_int_equal(vt_register_append(site->reg, records, 2, &site->err), VT_OK);
    assert_int_equal(retain(site, MADE_FIRST_UTC_SECS + 15 * MADE_DAY_SECS, &retention), 1);
    assert_int_equal(site_number(site, "SELECT count(*) FROM exception"), 1);
    assert_int_equal(retain(site, MADE_FIRST_UTC_SECS + 25 * MADE_DAY_SECS, &retention), 1);
    assert_int_equal(site_number(site, "SELECT count(*) FROM exception"), 0);
    assert_int_equal(site_verify(site, NULL).fault, VT_REGISTER_WHOLE);
}

static void objects_are_checked_and_destroyed(void **state)
{
    struct site *site = *state;
    static uint8_t crl[] = "a list of revoked certificates";
    struct vt_register_object objects[] = {{.kind = "crl", .bytes = {crl, sizeof(crl)}}};
    const struct vt_register_retention retention = {.objects_days = 10, .defer_days = 3};
    struct made_mail mail;
    char key[65];
    made_hex(key, 5);
    for (unsigned i = 0; i < 2; i++) {
        struct vt_register_record record = made_mail(&mail, i, 55, 60);
        mail.decided.objects = objects;
        mail.decided.objects_count = 1;
        mail.decided.defer_key_sha256 = key;
        assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
    }
    assert_int_equal(retain(site, MADE_FIRST_UTC_SECS + 9 * MADE_DAY_SECS, &retention), 0);
    assert_int_equal(site_number(site, "SELECT count(*) FROM defer_clock"), 0);
    site_is_whole(site, 2);
    assert_int_equal(retain(site, MADE_FIRST_UTC_SECS + 11 * MADE_DAY_SECS, &retention), 1);
    assert_int_equal(site_number(site, "SELECT count(*) FROM object"), 0);
    site_is_whole(site, 3);
    /* It is needed again. */
    struct vt_register_record record = made_mail(&mail, 7, 500, 60);
    mail.decided.objects = objects;
    mail.decided.objects_count = 1;
    assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
    site_is_whole(site, 4);
    site_close(site);
    site_tamper(site, "UPDATE object SET bytes = x'41'");
    site_open(site);
    assert_int_equal(site_verify(site, NULL).fault, VT_REGISTER_OBJECT);
    site_close(site);
    site_tamper(site, "DELETE FROM object");
    site_open(site);
    struct vt_register_verdict verdict = site_verify(site, NULL);
    assert_int_equal(verdict.fault, VT_REGISTER_OBJECT);
    assert_int_equal(verdict.seq, 4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, site_new, site_free)
#define CENTRAL(name) cmocka_unit_test_setup_teardown(name, site_new_postgres, site_free)
#define SHARED(TEST)                                                                               \
    TEST(altered_by_script), TEST(tables_are_compared), TEST(triggers_refuse),                     \
        TEST(a_cut_tail_is_seen_by_a_head), TEST(kept_heads_prove_with_a_time_stamp),              \
        TEST(a_register_made_anew_is_foreign), TEST(what_is_old_is_destroyed),                     \
        TEST(many_are_destroyed_in_small_batches), TEST(an_exception_in_force_stays),              \
        TEST(objects_are_checked_and_destroyed)
    const struct CMUnitTest sqlite[] = {SHARED(TEST), TEST(every_byte_of_a_record_counts),
                                        TEST(a_torn_file_is_named)};
    const struct CMUnitTest postgres[] = {SHARED(CENTRAL)};
    int failed = cmocka_run_group_tests_name("SQLite", sqlite, NULL, NULL);
    if (test_postgres_start(&site_postgres))
        failed += cmocka_run_group_tests_name("PostgreSQL", postgres, NULL, NULL);
    test_postgres_stop(&site_postgres);
    return failed;
}
