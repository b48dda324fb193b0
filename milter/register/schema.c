/* SPDX-License-Identifier: Apache-2.0
 * Records are the truth; every other table but meta, head and object can be made again from their
 * bodies, and vt_register_verify compares them. Two kinds of derived tables: rows of one record
 * (seq, ordinal), and claims, where the first record with a key keeps it. Names of certificates
 * stand in each signature and not in one table of certificates: what an inspector found out is
 * believed for its own mail only. What other gateways of the office recorded stands in tables of
 * its own, which no record of this register derives. */
#include "register/schema.h"

#include <string.h>

/* clang-format off */
static const char first_records[] =
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE record ("
    "  seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, reference TEXT NOT NULL,"
    "  time_utc_secs INTEGER NOT NULL, salt BLOB, body BLOB, body_digest BLOB NOT NULL,"
    "  chain BLOB NOT NULL, CHECK ((salt IS NULL) = (body IS NULL)));"
    "CREATE INDEX record_reference ON record (reference, kind, seq);"
    "CREATE INDEX record_kept ON record (kind, time_utc_secs) WHERE body IS NOT NULL;"
    "CREATE TABLE head ("
    "  id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, chain BLOB NOT NULL,"
    "  time_utc_secs INTEGER NOT NULL, token BLOB);";

static const char first_mails[] =
    /* agency and kind come from the site's table of agencies, as it was when the mail came. */
    "CREATE TABLE mail ("
    "  seq INTEGER PRIMARY KEY REFERENCES record (seq), time_utc_secs INTEGER NOT NULL,"
    "  is_secret INTEGER NOT NULL, class TEXT NOT NULL, mode TEXT, direction TEXT,"
    "  sender_class TEXT, sender TEXT, sender_domain TEXT, domain_key TEXT, agency TEXT,"
    "  verdict TEXT, action TEXT, would_be TEXT, outcome TEXT, rule TEXT, reason TEXT,"
    "  policy_version TEXT, documents_count INTEGER NOT NULL, signatures_count INTEGER NOT NULL);"
    "CREATE INDEX mail_time ON mail (time_utc_secs);"
    "CREATE INDEX mail_sender ON mail (sender);"
    "CREATE INDEX mail_domain ON mail (domain_key);"
    "CREATE INDEX mail_class ON mail (class, time_utc_secs);"
    "CREATE TABLE recipient ("
    "  seq INTEGER NOT NULL REFERENCES mail (seq), ordinal INTEGER NOT NULL, address TEXT NOT NULL,"
    "  PRIMARY KEY (seq, ordinal)) WITHOUT ROWID;"
    "CREATE INDEX recipient_address ON recipient (address, seq);"
    "CREATE TABLE mail_reason ("
    "  seq INTEGER NOT NULL REFERENCES mail (seq), reason TEXT NOT NULL,"
    "  PRIMARY KEY (seq, reason)) WITHOUT ROWID;"
    "CREATE INDEX mail_reason_reason ON mail_reason (reason, seq);"
    "CREATE TABLE document ("
    "  seq INTEGER NOT NULL REFERENCES mail (seq), ordinal INTEGER NOT NULL, sha256 BLOB,"
    "  format TEXT NOT NULL, name TEXT, verdict TEXT NOT NULL, reasons TEXT NOT NULL,"
    "  is_nested INTEGER NOT NULL, is_attachment INTEGER NOT NULL,"
    "  expects_signature INTEGER NOT NULL, signatures_count INTEGER NOT NULL,"
    "  PRIMARY KEY (seq, ordinal)) WITHOUT ROWID;"
    "CREATE INDEX document_sha256 ON document (sha256, seq);"
    "CREATE TABLE signature ("
    "  seq INTEGER NOT NULL REFERENCES mail (seq), ordinal INTEGER NOT NULL,"
    "  document_ordinal INTEGER NOT NULL, certificate BLOB, common_name TEXT, organization TEXT,"
    "  organizational_unit TEXT, issuer TEXT, serial TEXT, not_after_utc_secs INTEGER,"
    "  key_algorithm TEXT, key_bits INTEGER NOT NULL, agency TEXT, kind TEXT, trust_set TEXT,"
    "  format TEXT NOT NULL, indication TEXT NOT NULL, sub_indication TEXT, reasons TEXT NOT NULL,"
    "  digest_algorithm TEXT, signature_algorithm TEXT, signing_time_utc_secs INTEGER,"
    "  time_source TEXT NOT NULL, PRIMARY KEY (seq, ordinal)) WITHOUT ROWID;"
    "CREATE INDEX signature_certificate ON signature (certificate, seq);"
    "CREATE TABLE exception ("
    "  seq INTEGER NOT NULL REFERENCES record (seq), ordinal INTEGER NOT NULL,"
    "  document BLOB, certificate BLOB, reason TEXT, until_utc_secs INTEGER NOT NULL,"
    "  PRIMARY KEY (seq, ordinal)) WITHOUT ROWID;"
    "CREATE INDEX exception_until ON exception (until_utc_secs);"
    "CREATE TABLE record_object ("
    "  seq INTEGER NOT NULL REFERENCES record (seq), digest BLOB NOT NULL,"
    "  PRIMARY KEY (seq, digest)) WITHOUT ROWID;"
    "CREATE INDEX record_object_digest ON record_object (digest, seq);"
    "CREATE TABLE object ("
    "  digest BLOB PRIMARY KEY, kind TEXT NOT NULL, bytes BLOB NOT NULL,"
    "  first_seq INTEGER NOT NULL REFERENCES record (seq));";

static const char first_claims[] =
    "CREATE TABLE first_seen ("
    "  digest BLOB PRIMARY KEY, seq INTEGER NOT NULL REFERENCES record (seq),"
    "  time_utc_secs INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE defer_clock ("
    "  key BLOB PRIMARY KEY, seq INTEGER NOT NULL REFERENCES record (seq), rule TEXT,"
    "  first_utc_secs INTEGER NOT NULL, last_utc_secs INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX defer_clock_last ON defer_clock (last_utc_secs);"
    "CREATE TABLE notice_key ("
    "  key BLOB PRIMARY KEY, seq INTEGER NOT NULL REFERENCES record (seq),"
    "  time_utc_secs INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE followup ("
    "  decided INTEGER NOT NULL REFERENCES record (seq), kind INTEGER NOT NULL,"
    "  seq INTEGER NOT NULL REFERENCES record (seq), value TEXT,"
    "  PRIMARY KEY (decided, kind)) WITHOUT ROWID;"
    "CREATE TABLE destroyed ("
    "  target INTEGER PRIMARY KEY REFERENCES record (seq),"
    "  seq INTEGER NOT NULL REFERENCES record (seq));"
    "CREATE TABLE destroyed_object ("
    "  digest BLOB PRIMARY KEY, seq INTEGER NOT NULL REFERENCES record (seq)) WITHOUT ROWID;";

/* Append only. */
static const char first_triggers[] = VT_SCHEMA_SQLITE
    "CREATE TRIGGER record_stays BEFORE DELETE ON record BEGIN"
    "  SELECT RAISE(ABORT, 'records are not deleted'); END;"
    "CREATE TRIGGER record_is_fixed BEFORE UPDATE ON record WHEN"
    "  NEW.body IS NOT NULL OR NEW.salt IS NOT NULL OR NEW.seq <> OLD.seq"
    "  OR NEW.kind <> OLD.kind OR NEW.reference <> OLD.reference"
    "  OR NEW.time_utc_secs <> OLD.time_utc_secs OR NEW.body_digest <> OLD.body_digest"
    "  OR NEW.chain <> OLD.chain"
    "  OR NOT EXISTS (SELECT 1 FROM destroyed WHERE target = OLD.seq) BEGIN"
    "  SELECT RAISE(ABORT, 'records are not changed'); END;"
    "CREATE TRIGGER record_follows BEFORE INSERT ON record WHEN"
    "  NEW.seq <> coalesce((SELECT max(seq) FROM record), 0) + 1 BEGIN"
    "  SELECT RAISE(ABORT, 'records are appended'); END;"
    "CREATE TRIGGER first_seen_is_fixed BEFORE UPDATE ON first_seen WHEN"
    "  NEW.digest <> OLD.digest OR NEW.time_utc_secs > OLD.time_utc_secs BEGIN"
    "  SELECT RAISE(ABORT, 'first seen does not become later'); END;"
    "CREATE TRIGGER first_seen_stays BEFORE DELETE ON first_seen BEGIN"
    "  SELECT RAISE(ABORT, 'first seen is not deleted'); END;";

/* The same for PostgreSQL, where a table can be emptied at once, too. */
static const char first_functions[] = VT_SCHEMA_POSTGRES
    "CREATE FUNCTION record_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    "  RAISE EXCEPTION 'records are not deleted'; END $$;"
    "CREATE TRIGGER record_stays BEFORE DELETE ON record FOR EACH ROW"
    "  EXECUTE FUNCTION record_stays();"
    "CREATE TRIGGER records_stay BEFORE TRUNCATE ON record FOR EACH STATEMENT"
    "  EXECUTE FUNCTION record_stays();"
    "CREATE FUNCTION record_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    "  IF NEW.body IS NOT NULL OR NEW.salt IS NOT NULL OR NEW.seq <> OLD.seq"
    "  OR NEW.kind <> OLD.kind OR NEW.reference <> OLD.reference"
    "  OR NEW.time_utc_secs <> OLD.time_utc_secs OR NEW.body_digest <> OLD.body_digest"
    "  OR NEW.chain <> OLD.chain"
    "  OR NOT EXISTS (SELECT 1 FROM destroyed WHERE target = OLD.seq) THEN"
    "  RAISE EXCEPTION 'records are not changed'; END IF; RETURN NEW; END $$;"
    "CREATE TRIGGER record_is_fixed BEFORE UPDATE ON record FOR EACH ROW"
    "  EXECUTE FUNCTION record_is_fixed();"
    "CREATE FUNCTION record_follows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    "  IF NEW.seq <> coalesce((SELECT max(seq) FROM record), 0) + 1 THEN"
    "  RAISE EXCEPTION 'records are appended'; END IF; RETURN NEW; END $$;"
    "CREATE TRIGGER record_follows BEFORE INSERT ON record FOR EACH ROW"
    "  EXECUTE FUNCTION record_follows();"
    "CREATE FUNCTION first_seen_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    "  IF NEW.digest <> OLD.digest OR NEW.time_utc_secs > OLD.time_utc_secs THEN"
    "  RAISE EXCEPTION 'first seen does not become later'; END IF; RETURN NEW; END $$;"
    "CREATE TRIGGER first_seen_is_fixed BEFORE UPDATE ON first_seen FOR EACH ROW"
    "  EXECUTE FUNCTION first_seen_is_fixed();"
    "CREATE FUNCTION first_seen_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    "  RAISE EXCEPTION 'first seen is not deleted'; END $$;"
    "CREATE TRIGGER first_seen_stays BEFORE DELETE ON first_seen FOR EACH ROW"
    "  EXECUTE FUNCTION first_seen_stays();"
    "CREATE TRIGGER first_seens_stay BEFORE TRUNCATE ON first_seen FOR EACH STATEMENT"
    "  EXECUTE FUNCTION first_seen_stays();";

/* clang-format on */

/* Agencies of recipients, whose clerks answer for what was refused. */
static const char second_agencies[] =
    "CREATE TABLE recipient_agency ("
    "  seq INTEGER NOT NULL REFERENCES mail (seq), agency TEXT NOT NULL,"
    "  PRIMARY KEY (seq, agency)) WITHOUT ROWID;"
    "CREATE INDEX recipient_agency_agency ON recipient_agency (agency, seq);"
    "CREATE INDEX mail_agency ON mail (agency);";

/* clang-format off */
/* Other gateways: up to which of its records (seq) each is known here, and what they recorded; and
 * this one: up to which of its records it has shipped. */
static const char third_peers[] =
    "CREATE TABLE peer ("
    "  id BLOB PRIMARY KEY, name TEXT NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE peer_first_seen ("
    "  digest BLOB NOT NULL, peer BLOB NOT NULL, time_utc_secs INTEGER NOT NULL,"
    "  PRIMARY KEY (digest, peer)) WITHOUT ROWID;"
    "CREATE TABLE peer_defer_clock ("
    "  key BLOB NOT NULL, peer BLOB NOT NULL, first_utc_secs INTEGER NOT NULL,"
    "  PRIMARY KEY (key, peer)) WITHOUT ROWID;"
    "CREATE TABLE peer_notice_key ("
    "  key BLOB NOT NULL, peer BLOB NOT NULL, time_utc_secs INTEGER NOT NULL,"
    "  PRIMARY KEY (key, peer)) WITHOUT ROWID;"
    "CREATE TABLE peer_exception ("
    "  peer BLOB NOT NULL, seq INTEGER NOT NULL, ordinal INTEGER NOT NULL,"
    "  reference TEXT NOT NULL, time_utc_secs INTEGER NOT NULL, document BLOB, certificate BLOB,"
    "  reason TEXT, until_utc_secs INTEGER NOT NULL,"
    "  PRIMARY KEY (peer, seq, ordinal)) WITHOUT ROWID;"
    "CREATE INDEX peer_exception_until ON peer_exception (until_utc_secs);";

/* In a central database another gateway asks for what was claimed after a record. */
static const char third_indexes[] = VT_SCHEMA_POSTGRES
    "CREATE INDEX first_seen_seq ON first_seen (seq);"
    "CREATE INDEX defer_clock_seq ON defer_clock (seq);"
    "CREATE INDEX notice_key_seq ON notice_key (seq);";

/* Of a claim in a central database: what proves to other gateways who says it. */
static const char fourth_proofs[] =
    "ALTER TABLE first_seen ADD COLUMN mac BLOB;"
    "ALTER TABLE defer_clock ADD COLUMN mac BLOB;"
    "ALTER TABLE notice_key ADD COLUMN mac BLOB;"
    "ALTER TABLE exception ADD COLUMN mac BLOB;";

/* The queue of notices: what is owed stands in records, what became of it too, at the end. */
static const char sixth_notices[] =
    "CREATE TABLE notice ("
    "  id INTEGER PRIMARY KEY, seq INTEGER NOT NULL REFERENCES record (seq), matter BLOB NOT NULL,"
    "  kind TEXT NOT NULL, recipient TEXT NOT NULL, address TEXT NOT NULL, domain TEXT,"
    "  reference TEXT NOT NULL, state TEXT NOT NULL, joined INTEGER,"
    "  created_utc_secs INTEGER NOT NULL, next_utc_secs INTEGER NOT NULL,"
    "  written_utc_secs INTEGER, last_utc_secs INTEGER, done_utc_secs INTEGER,"
    "  quiet_secs INTEGER NOT NULL, once_secs INTEGER NOT NULL, attempts INTEGER NOT NULL,"
    "  code TEXT, text TEXT, message_id TEXT, message BLOB);"
    "CREATE INDEX notice_state ON notice (state, next_utc_secs);"
    "CREATE INDEX notice_matter ON notice (matter, id);"
    "CREATE INDEX notice_joined ON notice (joined, seq);"
    "CREATE INDEX notice_seq ON notice (seq);"
    "CREATE INDEX notice_reference ON notice (reference);"
    "CREATE INDEX notice_written ON notice (written_utc_secs);"
    "CREATE INDEX notice_done ON notice (done_utc_secs) WHERE message IS NOT NULL;"
    "CREATE INDEX notice_created ON notice (created_utc_secs);";
/* clang-format on */

/* Of all mails ever only those that were held. */
static const char fifth_held[] = "CREATE INDEX mail_held ON mail (seq) WHERE outcome = 'hold';";

static const char *const first[] = {first_records,  first_mails,     first_claims,
                                    first_triggers, first_functions, NULL};
static const char *const second[] = {second_agencies, NULL};
static const char *const third[] = {third_peers, third_indexes, NULL};
static const char *const fourth[] = {fourth_proofs, NULL};
static const char *const fifth[] = {fifth_held, NULL};
static const char *const sixth[] = {sixth_notices, NULL};

const char *const *const vt_schema_steps[] = {first, second, third, fourth, fifth, sixth};
const size_t vt_schema_version = sizeof(vt_schema_steps) / sizeof(vt_schema_steps[0]);

/* ---- dialects ---- */

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool vt_schema_is_for_sqlite(const char *script)
{
    return !begins_with(script, VT_SCHEMA_POSTGRES);
}

/* What SQLite says on the left. Its texts and those of the register are compared as bytes. */
static const struct {
    const char *sqlite, *postgres;
} words[] = {
    {"INTEGER", "BIGINT"},
    {"BLOB", "BYTEA"},
    {"TEXT", "TEXT COLLATE \"C\""},
    {" WITHOUT ROWID", ""},
};

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

enum vt_code vt_schema_for_postgres(const char *script, struct vt_buf *out)
{
    bool is_shared = !begins_with(script, VT_SCHEMA_POSTGRES);
    enum vt_code code = VT_OK;
    if (begins_with(script, VT_SCHEMA_SQLITE))
        return VT_OK;
    for (const char *at = script; *at != '\0' && code == VT_OK;) {
        const char *put = at;
        size_t taken = 1, put_bytes = 1;
        for (size_t i = 0; is_shared && i < sizeof(words) / sizeof(words[0]); i++) {
            size_t len = strlen(words[i].sqlite);
            if (!begins_with(at, words[i].sqlite) || is_letter(at[len]) ||
                (at > script && is_letter(at[-1]) && is_letter(at[0])))
                continue;
            taken = len;
            put = words[i].postgres;
            put_bytes = strlen(put);
            break;
        }
        code = vt_buf_add(out, put, put_bytes);
        at += taken;
    }
    return code;
}
