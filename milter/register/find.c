/* SPDX-License-Identifier: Apache-2.0
 * Looking up. The statement gives the numbers of one page only, and each record is read when its
 * turn comes, so memory is bounded whatever was asked. */
#include <stdio.h>
#include <string.h>

#include "register/derive.h"
#include "register/find.h"
#include "vanthu/central.h"

#define LIMIT_DEFAULT 100
/* Addresses and domains of a query. */
#define MAX_QUERY_BYTES (64u * 1024)
#define MAX_STATEMENT_BYTES 4096
/* Mails of one domain that are sorted rather than looked for. */
#define COMMON_MAILS 5000

/* A statement under construction: its text and its parameters in their order. */
struct statement {
    struct vt_buf text;
    struct vt_value values[24];
    size_t values_count;
    struct vt_arena *arena;
    uint8_t digests[2][VT_REGISTER_DIGEST_BYTES];
    bool is_common_domain; /* read by number, not by index */
    enum vt_code code;
};

static void add(struct statement *statement, const char *text)
{
    if (statement->code == VT_OK)
        statement->code = vt_buf_add(&statement->text, text, strlen(text));
}

/* A parameter between two texts. */
static void add_value(struct statement *statement, const char *before, const char *after,
                      struct vt_value value)
{
    statement->values[statement->values_count++] = value;
    if (statement->code == VT_OK)
        statement->code =
            vt_buf_addf(&statement->text, "%s?%zu%s", before, statement->values_count, after);
}

static struct vt_value text_value(const char *text)
{
    return (struct vt_value){.kind = VT_VALUE_TEXT, .bytes = vt_bytes_str(text)};
}

static struct vt_value int_value(int64_t number)
{
    return (struct vt_value){.kind = VT_VALUE_INT, .number = number};
}

static void add_address(struct statement *statement, const char *before, const char *after,
                        const char *address)
{
    const char *kept = vt_derive_address(statement->arena, address);
    if (kept == NULL)
        statement->code = VT_E_NOMEM;
    else
        add_value(statement, before, after, text_value(kept));
}

static void add_digest(struct statement *statement, const char *before, const char *after,
                       const char *sha256, size_t place)
{
    uint8_t *digest = statement->digests[place];
    if (vt_chain_unhex(sha256, digest) != VT_OK)
        statement->code = VT_E_FORMAT;
    add_value(
        statement, before, after,
        (struct vt_value){.kind = VT_VALUE_BLOB, .bytes = {digest, VT_REGISTER_DIGEST_BYTES}});
}

/* The domain itself, and all that begin with its key and "."; "/" is the character after ".". Where
 * many mails are of it the newest are found soonest by going back from the end; an expression in
 * the place of the column keeps the index, and the sorting of all it gives, out of the way. */
static void add_domain(struct statement *statement, const char *domain)
{
    const char *column = statement->is_common_domain ? "(m.domain_key || '')" : "m.domain_key";
    char text[3][64];
    const char *lower = vt_derive_address(statement->arena, domain);
    const char *key = vt_derive_domain_key(statement->arena, lower);
    char *from = key == NULL ? NULL : vt_arena_printf(statement->arena, "%s.", key);
    char *until = key == NULL ? NULL : vt_arena_printf(statement->arena, "%s/", key);
    if (from == NULL || until == NULL) {
        statement->code = VT_E_NOMEM;
        return;
    }
    (void)snprintf(text[0], sizeof(text[0]), " AND (%s = ", column);
    (void)snprintf(text[1], sizeof(text[1]), " OR (%s > ", column);
    (void)snprintf(text[2], sizeof(text[2]), " AND %s < ", column);
    add_value(statement, text[0], "", text_value(key));
    add_value(statement, text[1], "", text_value(from));
    add_value(statement, text[2], "))", text_value(until));
}

/* Of the tables whose index gives mails in the order of seq one comes first; what else is asked is
 * looked at for each. */
static void add_tables(struct statement *statement, const struct vt_register_query *query)
{
    add(statement, "SELECT r.seq FROM ");
    if (query->certificate_sha256 != NULL) {
        add(statement, "signature d JOIN record r ON r.seq = d.seq JOIN mail m ON m.seq = d.seq");
        add_digest(statement, " WHERE d.certificate = ", "", query->certificate_sha256, 0);
    } else if (query->document_sha256 != NULL) {
        add(statement, "document d JOIN record r ON r.seq = d.seq JOIN mail m ON m.seq = d.seq");
        add_digest(statement, " WHERE d.sha256 = ", "", query->document_sha256, 0);
    } else if (query->recipient != NULL) {
        add(statement, "recipient d JOIN record r ON r.seq = d.seq JOIN mail m ON m.seq = d.seq");
        add_address(statement, " WHERE d.address = ", "", query->recipient);
    } else if (query->reason < VT_REASON_COUNT && query->sender == NULL && query->domain == NULL &&
               query->agency == NULL) {
        add(statement, "mail_reason d JOIN record r ON r.seq = d.seq JOIN mail m ON m.seq = d.seq");
        add_value(statement, " WHERE d.reason = ", "",
                  text_value(vt_reason_info(query->reason)->code));
    } else if (query->sender != NULL || query->domain != NULL || query->agency != NULL) {
        add(statement, "mail m JOIN record r ON r.seq = m.seq WHERE 1 = 1");
    } else {
        add(statement, "record r WHERE 1 = 1");
    }
}

static void add_mail_tests(struct statement *statement, const struct vt_register_query *query)
{
    if (query->document_sha256 != NULL && query->certificate_sha256 != NULL)
        add_digest(statement,
                   " AND EXISTS (SELECT 1 FROM document x WHERE x.seq = m.seq AND x.sha256 = ", ")",
                   query->document_sha256, 1);
    if (query->recipient != NULL &&
        (query->certificate_sha256 != NULL || query->document_sha256 != NULL))
        add_address(statement,
                    " AND EXISTS (SELECT 1 FROM recipient x WHERE x.seq = m.seq AND x.address = ",
                    ")", query->recipient);
    if (query->reason < VT_REASON_COUNT)
        add_value(statement,
                  " AND EXISTS (SELECT 1 FROM mail_reason x WHERE x.seq = r.seq AND x.reason = ",
                  ")", text_value(vt_reason_info(query->reason)->code));
    if (query->sender != NULL)
        add_address(statement, " AND m.sender = ", "", query->sender);
    if (query->domain != NULL)
        add_domain(statement, query->domain);
    if (query->agency != NULL) {
        add_value(statement, " AND r.seq IN (SELECT seq FROM mail WHERE agency = ", "",
                  text_value(query->agency));
        add_value(statement, " UNION SELECT seq FROM recipient_agency WHERE agency = ", ")",
                  text_value(query->agency));
    }
}

static void add_record_tests(struct statement *statement, const struct vt_register_query *query,
                             const char *reference, size_t limit)
{
    if (reference[0] != '\0')
        add_value(statement, " AND r.reference = ", "", text_value(reference));
    if (query->from_utc_secs != VT_TIME_NONE)
        add_value(statement, " AND r.time_utc_secs >= ", "", int_value(query->from_utc_secs));
    if (query->until_utc_secs != VT_TIME_NONE)
        add_value(statement, " AND r.time_utc_secs < ", "", int_value(query->until_utc_secs));
    for (unsigned kind = 1; kind < VT_REGISTER_KINDS && query->kinds != 0; kind++) {
        if ((query->kinds & VT_REGISTER_KIND_BIT(kind)) == 0)
            add_value(statement, " AND r.kind <> ", "", int_value(kind));
    }
    if (query->before_seq > 0)
        add_value(statement, " AND r.seq < ", "", int_value(query->before_seq));
    add(statement, " GROUP BY r.seq ORDER BY r.seq DESC");
    add_value(statement, " LIMIT ", "", int_value((int64_t)limit));
}

static void bind(struct vt_sql *sql, const struct statement *statement)
{
    for (size_t i = 0; i < statement->values_count; i++) {
        const struct vt_value *value = &statement->values[i];
        if (value->kind == VT_VALUE_INT)
            vt_sql_bind_int(sql, (int)i + 1, value->number);
        else if (value->kind == VT_VALUE_TEXT)
            vt_sql_bind_text(sql, (int)i + 1, value->bytes);
        else
            vt_sql_bind_blob(sql, (int)i + 1, value->bytes);
    }
}

/* The numbers of one page. */
static enum vt_code find_numbers(struct vt_register *reg, const struct statement *statement,
                                 int64_t *numbers, size_t *out_count, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    *out_count = 0;
    enum vt_code code = vt_sql_new(reg->engine, (const char *)statement->text.ptr, &sql, err);
    if (code != VT_OK)
        return code;
    bind(sql, statement);
    code = vt_sql_step(sql, &has_row, err);
    while (code == VT_OK && has_row) {
        numbers[(*out_count)++] = vt_sql_int(sql, 0);
        code = vt_sql_step(sql, &has_row, err);
    }
    vt_sql_done(sql);
    return code;
}

/* The statement that reads one record by its number. Not a kept one: whoever is given a record may
 * look up others. */
static enum vt_code prepare_record(struct vt_register *reg, bool without_body, struct vt_sql **out,
                                   struct vt_err *err)
{
    static const char whole[] = "SELECT " VT_ENTRY_COLUMNS " FROM record r WHERE r.seq = ?1";
    /* Whether there is a body is known without reading it. */
    static const char bare[] =
        "SELECT r.seq, r.kind, r.reference, r.time_utc_secs, r.body_digest,"
        " r.chain, r.salt, CASE WHEN r.body IS NULL THEN NULL ELSE r.salt END"
        " FROM record r WHERE r.seq = ?1";
    return vt_sql_new(reg->engine, without_body ? bare : whole, out, err);
}

static enum vt_code give_record(const struct vt_register *reg, struct vt_sql *sql, int64_t seq,
                                bool without_body, vt_register_each *each, void *context,
                                struct vt_err *err)
{
    struct vt_register_entry entry;
    bool has_row = false;
    vt_sql_bind_int(sql, 1, seq);
    enum vt_code code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && has_row && !vt_entry_read(sql, &entry))
        code = vt_err_set(err, VT_E_FORMAT, "register: record %lld is damaged", (long long)seq);
    if (code == VT_OK && has_row) {
        entry.gateway = vt_register_gateway(reg);
        if (without_body)
            entry.body = (struct vt_bytes){0};
        code = each(context, &entry, err);
    }
    vt_sql_again(sql);
    return code;
}

/* Whether more mails are of the domain than are sorted in no time. */
static enum vt_code ask_common(struct vt_register *reg, const struct vt_register_query *query,
                               struct statement *statement, struct vt_err *err)
{
    struct statement ask = {.arena = statement->arena};
    struct vt_sql *sql = NULL;
    bool has_row = false;
    vt_buf_init(&ask.text, MAX_STATEMENT_BYTES);
    add(&ask, "SELECT count(*) FROM (SELECT 1 FROM mail m WHERE 1 = 1");
    add_domain(&ask, query->domain);
    add_value(&ask, " LIMIT ", ") x", int_value(COMMON_MAILS + 1));
    if (ask.code == VT_OK)
        ask.code = vt_buf_add(&ask.text, "", 1);
    enum vt_code code = ask.code;
    if (code == VT_OK)
        code = vt_sql_new(reg->engine, (const char *)ask.text.ptr, &sql, err);
    if (code == VT_OK) {
        bind(sql, &ask);
        code = vt_sql_step(sql, &has_row, err);
    }
    statement->is_common_domain = code == VT_OK && has_row && vt_sql_int(sql, 0) > COMMON_MAILS;
    vt_sql_done(sql);
    vt_buf_clear(&ask.text);
    return code;
}

static enum vt_code make_statement(struct statement *statement,
                                   const struct vt_register_query *query, size_t limit,
                                   struct vt_err *err)
{
    char reference[VT_REFERENCE_BYTES] = "";
    if (query->reference != NULL && vt_reference_parse(query->reference, reference) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT,
                          "\"%.40s\" is not a reference: twelve digits of which the last one fits",
                          query->reference);
    add_tables(statement, query);
    add_mail_tests(statement, query);
    /* The text of the reference must live as long as the statement. */
    const char *kept = vt_arena_str(statement->arena, reference);
    if (kept == NULL)
        statement->code = VT_E_NOMEM;
    else
        add_record_tests(statement, query, kept, limit);
    if (statement->code == VT_OK)
        statement->code = vt_buf_add(&statement->text, "", 1);
    return statement->code == VT_OK
               ? VT_OK
               : vt_err_set(err, statement->code, "register: the query cannot be asked: %s",
                            statement->code == VT_E_FORMAT ? "a digest has 64 hexadecimal digits"
                                                           : vt_code_name(statement->code));
}

enum vt_code vt_find_one(struct vt_register *reg, int64_t seq, bool without_body,
                         vt_register_each *each, void *context, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code = prepare_record(reg, without_body, &sql, err);
    if (code == VT_OK)
        code = give_record(reg, sql, seq, without_body, each, context, err);
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_find_page(struct vt_register *reg, const struct vt_register_query *query,
                          size_t limit, int64_t numbers[VT_FIND_PAGE], size_t *out_count,
                          struct vt_err *err)
{
    struct statement statement = {.arena = vt_arena_new(MAX_QUERY_BYTES)};
    *out_count = 0;
    if (statement.arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory");
    vt_buf_init(&statement.text, MAX_STATEMENT_BYTES);
    enum vt_code code = query->domain != NULL ? ask_common(reg, query, &statement, err) : VT_OK;
    if (code == VT_OK)
        code = make_statement(&statement, query, limit, err);
    if (code == VT_OK)
        code = find_numbers(reg, &statement, numbers, out_count, err);
    vt_buf_clear(&statement.text);
    vt_arena_free(statement.arena);
    return code;
}

static enum vt_code find_here(struct vt_register *reg, const struct vt_register_query *query,
                              size_t limit, vt_register_each *each, void *context,
                              int64_t *out_next, struct vt_err *err)
{
    int64_t numbers[VT_FIND_PAGE];
    size_t count = 0;
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_find_page(reg, query, limit, numbers, &count, err);
    if (code == VT_OK && count > 0)
        code = prepare_record(reg, query->without_bodies, &sql, err);
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = give_record(reg, sql, numbers[i], query->without_bodies, each, context, err);
    vt_sql_done(sql);
    /* Last: it may be the cursor of the query itself. */
    *out_next = code == VT_OK && count == limit ? numbers[count - 1] : 0;
    return code;
}

enum vt_code vt_register_find(struct vt_register *reg, const struct vt_register_query *query,
                              vt_register_each *each, void *context, int64_t *out_next,
                              struct vt_err *err)
{
    size_t limit = query->limit == 0 ? LIMIT_DEFAULT : query->limit;
    if (limit > VT_FIND_PAGE)
        limit = VT_FIND_PAGE;
    return reg->next == NULL ? find_here(reg, query, limit, each, context, out_next, err)
                             : vt_find_everywhere(reg, query, limit, each, context, out_next, err);
}

enum vt_code vt_register_walk(struct vt_register *reg, int64_t after_seq, size_t limit,
                              vt_register_each *each, void *context, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    struct vt_register_entry entry;
    bool has_row = false;
    enum vt_code code =
        vt_sql_new(reg->engine,
                   "SELECT " VT_ENTRY_COLUMNS " FROM record r WHERE r.seq > ?1 ORDER BY r.seq"
                   " LIMIT ?2",
                   &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, after_seq);
    vt_sql_bind_int(sql, 2, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
    code = vt_sql_step(sql, &has_row, err);
    while (code == VT_OK && has_row) {
        bool is_formed = vt_entry_read(sql, &entry);
        entry.gateway = vt_register_gateway(reg);
        code = is_formed ? each(context, &entry, err)
                         : vt_err_set(err, VT_E_FORMAT, "register: record %lld is damaged",
                                      (long long)vt_sql_int(sql, 0));
        if (code == VT_OK)
            code = vt_sql_step(sql, &has_row, err);
    }
    vt_sql_done(sql);
    return code;
}

static enum vt_code read_object(struct vt_register *reg, struct vt_arena *arena, const char *sha256,
                                struct vt_bytes *out, struct vt_err *err)
{
    uint8_t digest[VT_REGISTER_DIGEST_BYTES];
    struct vt_sql *sql = NULL;
    bool has_row = false;
    if (vt_chain_unhex(sha256, digest) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT, "register: a digest is not 64 digits of hexadecimal");
    enum vt_code code =
        vt_sql_get(reg->engine, "SELECT bytes FROM object WHERE digest = ?1", &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, vt_bytes_of(digest, sizeof(digest)));
    code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && !has_row)
        code = vt_err_set(err, VT_E_NOT_FOUND, "register: there is no object %s", sha256);
    if (code == VT_OK) {
        struct vt_bytes bytes = vt_sql_blob(sql, 0);
        void *copy = vt_arena_dup(arena, bytes.ptr, bytes.len);
        *out = vt_bytes_of(copy, bytes.len);
        code = copy != NULL ? VT_OK : vt_err_set(err, VT_E_NOMEM, "register: no memory");
    }
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_register_object(struct vt_register *reg, struct vt_arena *arena, const char *sha256,
                                struct vt_bytes *out, struct vt_err *err)
{
    enum vt_code code = read_object(reg, arena, sha256, out, err);
    for (reg = reg->next; reg != NULL && code == VT_E_NOT_FOUND; reg = reg->next)
        code = read_object(reg, arena, sha256, out, err);
    return code;
}
