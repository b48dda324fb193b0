/* SPDX-License-Identifier: Apache-2.0
 * Each derived table as three statements: how a row is inserted, how it is found again as it was
 * inserted, and, of a claim, who has it. */
#include "register/tables.h"

#define SAME(n) " IS NOT DISTINCT FROM ?" #n

/* Who may have a claim beside the record itself. */
enum holder {
    HOLDER_NONE,              /* no claim: rows of one record */
    HOLDER_EARLIER,           /* the first record */
    HOLDER_AT_LEAST_AS_EARLY, /* a record of the same or an earlier time */
    HOLDER_LATER,             /* the last record */
    HOLDER_ANY                /* any, or none: rows are deleted when they are old */
};

struct table {
    const char *name;
    enum holder holder;
    const char *insert;
    const char *same;   /* counts rows that are equal in every column */
    const char *holds;  /* seq and time of the holder of key ?1 (and ?2) */
    const char *count;  /* rows of a record */
    const char *forget; /* deletes them */
};

#define OWN(table)                                                                                 \
    "SELECT count(*) FROM " table " WHERE seq = ?1", "DELETE FROM " table " WHERE seq = ?1"

/* clang-format off */
#define MAIL_IS_SAME \
    "SELECT count(*) FROM mail WHERE " \
    "seq = ?1" \
    " AND time_utc_secs" SAME(2) \
    " AND is_secret" SAME(3) \
    " AND class" SAME(4) \
    " AND mode" SAME(5) \
    " AND direction" SAME(6) \
    " AND sender_class" SAME(7) \
    " AND sender" SAME(8) \
    " AND sender_domain" SAME(9) \
    " AND domain_key" SAME(10) \
    " AND verdict" SAME(11) \
    " AND action" SAME(12) \
    " AND would_be" SAME(13) \
    " AND outcome" SAME(14) \
    " AND rule" SAME(15) \
    " AND reason" SAME(16) \
    " AND policy_version" SAME(17) \
    " AND documents_count" SAME(18) \
    " AND signatures_count" SAME(19) \
    " AND agency" SAME(20)
#define DOCUMENT_IS_SAME \
    "SELECT count(*) FROM document WHERE " \
    "seq = ?1" \
    " AND ordinal = ?2" \
    " AND sha256" SAME(3) \
    " AND format" SAME(4) \
    " AND name" SAME(5) \
    " AND verdict" SAME(6) \
    " AND reasons" SAME(7) \
    " AND is_nested" SAME(8) \
    " AND is_attachment" SAME(9) \
    " AND expects_signature" SAME(10) \
    " AND signatures_count" SAME(11)
#define SIGNATURE_IS_SAME \
    "SELECT count(*) FROM signature WHERE " \
    "seq = ?1" \
    " AND ordinal = ?2" \
    " AND document_ordinal" SAME(3) \
    " AND certificate" SAME(4) \
    " AND common_name" SAME(5) \
    " AND organization" SAME(6) \
    " AND organizational_unit" SAME(7) \
    " AND issuer" SAME(8) \
    " AND serial" SAME(9) \
    " AND not_after_utc_secs" SAME(10) \
    " AND key_algorithm" SAME(11) \
    " AND key_bits" SAME(12) \
    " AND trust_set" SAME(13) \
    " AND format" SAME(14) \
    " AND indication" SAME(15) \
    " AND sub_indication" SAME(16) \
    " AND reasons" SAME(17) \
    " AND digest_algorithm" SAME(18) \
    " AND signature_algorithm" SAME(19) \
    " AND signing_time_utc_secs" SAME(20) \
    " AND time_source" SAME(21) \
    " AND agency" SAME(22) \
    " AND kind" SAME(23)
/* clang-format on */

static const struct table tables[VT_TABLES] = {
    [VT_TABLE_MAIL] =
        {"mail", HOLDER_NONE,
         "INSERT INTO mail (seq, time_utc_secs, is_secret, class, mode, direction, sender_class,"
         " sender, sender_domain, domain_key, verdict, action, would_be, outcome, rule, reason,"
         " policy_version, documents_count, signatures_count, agency) VALUES (?1, ?2, ?3, ?4, ?5,"
         " ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
         MAIL_IS_SAME, NULL, OWN("mail")},
    [VT_TABLE_RECIPIENT] = {"recipient", HOLDER_NONE,
                            "INSERT INTO recipient (seq, ordinal, address) VALUES (?1, ?2, ?3)",
                            "SELECT count(*) FROM recipient WHERE seq = ?1 AND ordinal = ?2"
                            " AND address" SAME(3),
                            NULL, OWN("recipient")},
    [VT_TABLE_RECIPIENT_AGENCY] =
        {"recipient_agency", HOLDER_NONE,
         "INSERT INTO recipient_agency (seq, agency) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
         "SELECT count(*) FROM recipient_agency WHERE seq = ?1 AND agency = ?2", NULL,
         OWN("recipient_agency")},
    [VT_TABLE_MAIL_REASON] = {"mail_reason", HOLDER_NONE,
                              "INSERT INTO mail_reason (seq, reason) VALUES (?1, ?2)",
                              "SELECT count(*) FROM mail_reason WHERE seq = ?1 AND reason = ?2",
                              NULL, OWN("mail_reason")},
    [VT_TABLE_DOCUMENT] =
        {"document", HOLDER_NONE,
         "INSERT INTO document (seq, ordinal, sha256, format, name, verdict, reasons, is_nested,"
         " is_attachment, expects_signature, signatures_count) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,"
         " ?8, ?9, ?10, ?11)",
         DOCUMENT_IS_SAME, NULL, OWN("document")},
    [VT_TABLE_SIGNATURE] =
        {"signature", HOLDER_NONE,
         "INSERT INTO signature (seq, ordinal, document_ordinal, certificate, common_name,"
         " organization, organizational_unit, issuer, serial, not_after_utc_secs, key_algorithm,"
         " key_bits, trust_set, format, indication, sub_indication, reasons, digest_algorithm,"
         " signature_algorithm, signing_time_utc_secs, time_source, agency, kind) VALUES (?1, ?2,"
         " ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,"
         " ?22, ?23)",
         SIGNATURE_IS_SAME, NULL, OWN("signature")},
    [VT_TABLE_EXCEPTION] =
        {"exception", HOLDER_NONE,
         "INSERT INTO exception (seq, ordinal, document, certificate, reason, until_utc_secs)"
         " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
         "SELECT count(*) FROM exception WHERE seq = ?1 AND ordinal = ?2 AND document" SAME(
             3) " AND certificate" SAME(4) " AND reason" SAME(5) " AND until_utc_secs" SAME(6),
         NULL, OWN("exception")},
    [VT_TABLE_RECORD_OBJECT] =
        {"record_object", HOLDER_NONE,
         "INSERT INTO record_object (seq, digest) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
         "SELECT count(*) FROM record_object WHERE seq = ?1 AND digest = ?2", NULL,
         OWN("record_object")},
    [VT_TABLE_FIRST_SEEN] =
        {"first_seen", HOLDER_AT_LEAST_AS_EARLY,
         "INSERT INTO first_seen (digest, seq, time_utc_secs) VALUES (?1, ?2, ?3)"
         " ON CONFLICT (digest) DO UPDATE SET seq = excluded.seq,"
         " time_utc_secs = excluded.time_utc_secs"
         " WHERE excluded.time_utc_secs < first_seen.time_utc_secs",
         "SELECT count(*) FROM first_seen WHERE digest = ?1 AND seq = ?2 AND time_utc_secs = ?3",
         "SELECT seq, time_utc_secs FROM first_seen WHERE digest = ?1", NULL, NULL},
    [VT_TABLE_DEFER_CLOCK] =
        {"defer_clock", HOLDER_ANY,
         "INSERT INTO defer_clock (key, seq, rule, first_utc_secs, last_utc_secs)"
         " VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT (key) DO UPDATE"
         " SET last_utc_secs = excluded.last_utc_secs"
         " WHERE excluded.last_utc_secs > defer_clock.last_utc_secs",
         "SELECT count(*) FROM defer_clock WHERE key = ?1 AND seq = ?2 AND rule" SAME(
             3) " AND first_utc_secs = ?4 AND last_utc_secs >= ?4",
         "SELECT seq, first_utc_secs FROM defer_clock WHERE key = ?1", NULL, NULL},
    [VT_TABLE_NOTICE_KEY] =
        {"notice_key", HOLDER_LATER,
         "INSERT INTO notice_key (key, seq, time_utc_secs) VALUES (?1, ?2, ?3)"
         " ON CONFLICT (key) DO UPDATE SET seq = excluded.seq,"
         " time_utc_secs = excluded.time_utc_secs, mac = NULL",
         "SELECT count(*) FROM notice_key WHERE key = ?1 AND seq = ?2 AND time_utc_secs = ?3",
         "SELECT seq, time_utc_secs FROM notice_key WHERE key = ?1", NULL, NULL},
    [VT_TABLE_FOLLOWUP] =
        {"followup", HOLDER_EARLIER,
         "INSERT INTO followup (decided, kind, seq, value) VALUES (?1, ?2, ?3, ?4)"
         " ON CONFLICT DO NOTHING",
         "SELECT count(*) FROM followup WHERE decided = ?1 AND kind = ?2 AND seq = ?3 AND "
         "value" SAME(4),
         "SELECT seq, 0 FROM followup WHERE decided = ?1 AND kind = ?2", NULL, NULL},
    [VT_TABLE_DESTROYED] =
        {"destroyed", HOLDER_EARLIER,
         "INSERT INTO destroyed (target, seq) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
         "SELECT count(*) FROM destroyed WHERE target = ?1 AND seq = ?2",
         "SELECT seq, 0 FROM destroyed WHERE target = ?1", NULL, NULL},
    [VT_TABLE_DESTROYED_OBJECT] =
        {"destroyed_object", HOLDER_LATER,
         "INSERT INTO destroyed_object (digest, seq) VALUES (?1, ?2)"
         " ON CONFLICT (digest) DO UPDATE SET seq = excluded.seq",
         "SELECT count(*) FROM destroyed_object WHERE digest = ?1 AND seq = ?2",
         "SELECT seq, 0 FROM destroyed_object WHERE digest = ?1", NULL, NULL},
};

const char *vt_table_name(enum vt_table table)
{
    return tables[table].name;
}

static void bind_value(struct vt_sql *sql, int index, const struct vt_value *value)
{
    switch (value->kind) {
    case VT_VALUE_NULL:
        vt_sql_bind_null(sql, index);
        break;
    case VT_VALUE_INT:
        vt_sql_bind_int(sql, index, value->number);
        break;
    case VT_VALUE_TEXT:
        vt_sql_bind_text(sql, index, value->bytes);
        break;
    case VT_VALUE_BLOB:
        vt_sql_bind_blob(sql, index, value->bytes);
        break;
    }
}

static void bind_row(struct vt_sql *sql, const struct vt_row *row, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bind_value(sql, (int)i + 1, &row->values[i]);
}

enum vt_code vt_table_insert(struct vt_engine *engine, const struct vt_row *row, bool *out_is_new,
                             struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_sql_get(engine, tables[row->table].insert, &sql, err);
    if (code != VT_OK)
        return code;
    bind_row(sql, row, row->count);
    code = vt_sql_run(sql, err);
    *out_is_new = code == VT_OK && vt_engine_changes_count(engine) > 0;
    vt_sql_done(sql);
    return code;
}

/* The first two columns of a statement's only row; *out_first is -1 when there is none. */
static enum vt_code ask(struct vt_engine *engine, const char *text, const struct vt_row *row,
                        size_t bound_count, int64_t *out_first, int64_t *out_second,
                        struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_sql_get(engine, text, &sql, err);
    if (code != VT_OK)
        return code;
    bind_row(sql, row, bound_count);
    code = vt_sql_step(sql, &has_row, err);
    *out_first = has_row ? vt_sql_int(sql, 0) : -1;
    if (out_second != NULL)
        *out_second = has_row ? vt_sql_int(sql, 1) : VT_TIME_NONE;
    vt_sql_done(sql);
    return code;
}

static bool may_hold(enum holder holder, int64_t seq, int64_t time_utc_secs,
                     const struct vt_row *row)
{
    switch (holder) {
    case HOLDER_EARLIER:
        return seq > 0 && seq < row->seq;
    case HOLDER_AT_LEAST_AS_EARLY:
        return seq > 0 && time_utc_secs <= row->time_utc_secs;
    case HOLDER_LATER:
        return seq > row->seq;
    case HOLDER_ANY:
        return true;
    case HOLDER_NONE:
        break;
    }
    return false;
}

enum vt_code vt_table_compare(struct vt_engine *engine, const struct vt_row *row, bool *out_fits,
                              bool *out_is_own, struct vt_err *err)
{
    const struct table *table = &tables[row->table];
    int64_t seq = row->seq, time_utc_secs = VT_TIME_NONE, count = 0;
    enum vt_code code = VT_OK;
    *out_fits = *out_is_own = false;
    if (table->holds != NULL) {
        size_t keys_count = row->table == VT_TABLE_FOLLOWUP ? 2 : 1;
        code = ask(engine, table->holds, row, keys_count, &seq, &time_utc_secs, err);
    }
    if (code != VT_OK)
        return code;
    if (seq != row->seq) {
        *out_fits = may_hold(table->holder, seq, time_utc_secs, row);
        return VT_OK;
    }
    code = ask(engine, table->same, row, row->count, &count, NULL, err);
    *out_fits = *out_is_own = count == 1;
    return code;
}

static struct vt_row only_seq(int64_t seq)
{
    return (struct vt_row){.values = {{.kind = VT_VALUE_INT, .number = seq}}, .count = 1};
}

enum vt_code vt_table_count(struct vt_engine *engine, enum vt_table table, int64_t seq,
                            int64_t *out, struct vt_err *err)
{
    struct vt_row row = only_seq(seq);
    return ask(engine, tables[table].count, &row, 1, out, NULL, err);
}

enum vt_code vt_table_forget(struct vt_engine *engine, int64_t seq, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    struct vt_row row = only_seq(seq);
    int64_t none = 0;
    /* Those that refer to mail before it. */
    for (unsigned i = VT_TABLE_OWN; i-- > 0 && code == VT_OK;)
        code = ask(engine, tables[i].forget, &row, 1, &none, NULL, err);
    return code;
}
