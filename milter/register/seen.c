/* SPDX-License-Identifier: Apache-2.0
 * What earlier mails left behind for later ones: first-seen times, defer clocks, exceptions, of
 * this gateway and of the others as far as they were brought back. */
#include <stdlib.h>
#include <string.h>

#include "register/derive.h"
#include "register/internal.h"

/* The time that a statement has for a digest, or VT_TIME_NONE. */
static enum vt_code time_of(struct vt_sql *sql, const char *sha256, int64_t *out,
                            struct vt_err *err)
{
    uint8_t digest[VT_REGISTER_DIGEST_BYTES];
    bool has_row = false;
    *out = VT_TIME_NONE;
    if (vt_chain_unhex(sha256, digest) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT, "register: a digest is not 64 digits of hexadecimal");
    vt_sql_bind_blob(sql, 1, vt_bytes_of(digest, sizeof(digest)));
    enum vt_code code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && has_row)
        *out = vt_sql_time(sql, 0);
    vt_sql_again(sql);
    return code;
}

enum vt_code vt_register_first_seen(struct vt_register *reg, const char *const *digests_sha256,
                                    size_t count, int64_t *out_times_utc_secs, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    if (count > VT_MAX_FIRST_SEEN)
        return vt_err_set(err, VT_E_LIMIT, "register: %zu digests asked for at once", count);
    enum vt_code code =
        vt_sql_get(reg->engine,
                   "SELECT max(s.time_utc_secs) FROM"
                   " (SELECT time_utc_secs FROM first_seen WHERE digest = ?1 UNION ALL"
                   " SELECT time_utc_secs FROM peer_first_seen WHERE digest = ?1) AS s",
                   &sql, err);
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = time_of(sql, digests_sha256[i], &out_times_utc_secs[i], err);
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_register_first_deferred(struct vt_register *reg, const char *key_sha256,
                                        int64_t *out_utc_secs, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code =
        vt_sql_get(reg->engine,
                   "SELECT min(d.first_utc_secs) FROM"
                   " (SELECT first_utc_secs FROM defer_clock WHERE key = ?1 UNION ALL"
                   " SELECT first_utc_secs FROM peer_defer_clock WHERE key = ?1) AS d",
                   &sql, err);
    if (code == VT_OK)
        code = time_of(sql, key_sha256, out_utc_secs, err);
    vt_sql_done(sql);
    return code;
}

/* ---- the key of a defer clock ---- */

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum vt_code add_text(struct vt_buf *out, const char *text)
{
    enum vt_code code = vt_buf_addf(out, "%zu:", strlen(text));
    return code == VT_OK ? vt_buf_add(out, text, strlen(text)) : code;
}

static enum vt_code add_sorted(struct vt_buf *out, const char **texts, size_t count)
{
    enum vt_code code = vt_buf_addf(out, "[%zu]", count);
    if (count > 1)
        qsort(texts, count, sizeof(*texts), compare);
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = add_text(out, texts[i]);
    return code;
}

static enum vt_code add_mail(struct vt_arena *arena, struct vt_buf *out,
                             const struct vt_evidence *evidence)
{
    const struct vt_mail *mail = &evidence->mail;
    size_t recipients = mail->recipients_count, documents = evidence->documents_count;
    const char **texts = vt_arena_alloc(arena, (recipients + documents + 1) * sizeof(*texts));
    const char *sender = vt_derive_address(arena, mail->sender != NULL ? mail->sender : "");
    if (texts == NULL || sender == NULL)
        return VT_E_NOMEM;
    enum vt_code code = add_text(out, sender);
    for (size_t i = 0; i < recipients; i++) {
        texts[i] = vt_derive_address(arena, mail->recipients[i]);
        if (texts[i] == NULL)
            return VT_E_NOMEM;
    }
    if (code == VT_OK)
        code = add_sorted(out, texts, recipients);
    for (size_t i = 0; i < documents; i++)
        texts[i] = evidence->documents[i].sha256;
    return code == VT_OK ? add_sorted(out, texts, documents) : code;
}

enum vt_code vt_register_defer_key(struct vt_arena *arena, const struct vt_evidence *evidence,
                                   const char *rule, char out_sha256[65])
{
    uint8_t digest[VT_REGISTER_DIGEST_BYTES];
    struct vt_buf text;
    vt_buf_init(&text, VT_MAX_EVIDENCE_BYTES);
    enum vt_code code = add_text(&text, rule);
    if (code == VT_OK)
        code = add_mail(arena, &text, evidence);
    if (code == VT_OK)
        code = vt_chain_sha256(vt_buf_bytes(&text), digest);
    if (code == VT_OK)
        vt_text_hex(out_sha256, vt_bytes_of(digest, sizeof(digest)));
    vt_buf_clear(&text);
    return code;
}

/* ---- exceptions ---- */

static void read_hex(struct vt_sql *sql, int column, char out[65])
{
    struct vt_bytes digest = vt_sql_blob(sql, column);
    out[0] = '\0';
    if (digest.len == VT_REGISTER_DIGEST_BYTES)
        vt_text_hex(out, digest);
}

static void read_exception(struct vt_sql *sql, struct vt_register_exception *out)
{
    *out = (struct vt_register_exception){
        .seq = vt_sql_int(sql, 0), .until_utc_secs = vt_sql_int(sql, 2), .reason = VT_REASON_COUNT};
    if (vt_reference_parse(vt_sql_text(sql, 1), out->reference) != VT_OK)
        out->reference[0] = '\0';
    read_hex(sql, 3, out->document_sha256);
    read_hex(sql, 4, out->certificate_sha256);
    (void)vt_text_clean(out->gateway, sizeof(out->gateway), vt_bytes_str(vt_sql_text(sql, 6)));
    if (vt_reason_by_code(vt_sql_text(sql, 5), &out->reason) != VT_OK)
        out->reason = VT_REASON_COUNT;
}

enum vt_code vt_register_exceptions(struct vt_register *reg, int64_t now_utc_secs,
                                    enum vt_code (*each)(void *context,
                                                         const struct vt_register_exception *item,
                                                         struct vt_err *err),
                                    void *context, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_sql_new(
        reg->engine,
        "SELECT e.seq, r.reference, e.until_utc_secs, e.document, e.certificate, e.reason,"
        " '' AS gateway, r.time_utc_secs AS made, e.ordinal AS ordinal"
        " FROM exception e JOIN record r ON r.seq = e.seq"
        " WHERE e.until_utc_secs > ?1 AND r.time_utc_secs <= ?1 UNION ALL"
        " SELECT e.seq, e.reference, e.until_utc_secs, e.document, e.certificate, e.reason,"
        " p.name, e.time_utc_secs, e.ordinal FROM peer_exception e JOIN peer p ON p.id = e.peer"
        " WHERE e.until_utc_secs > ?1 AND e.time_utc_secs <= ?1 ORDER BY made, gateway, 1, ordinal",
        &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, now_utc_secs);
    code = vt_sql_step(sql, &has_row, err);
    while (code == VT_OK && has_row) {
        struct vt_register_exception item;
        read_exception(sql, &item);
        code = each(context, &item, err);
        if (code == VT_OK)
            code = vt_sql_step(sql, &has_row, err);
    }
    vt_sql_done(sql);
    return code;
}

static void read_use(struct vt_sql *sql, struct vt_register_use *out)
{
    *out = (struct vt_register_use){.mails_count = vt_sql_int(sql, 1),
                                    .last_utc_secs = vt_sql_time(sql, 2)};
    if (vt_reference_parse(vt_sql_text(sql, 0) + strlen(VT_EXCEPTION_RULE), out->reference) !=
        VT_OK)
        out->reference[0] = '\0';
}

enum vt_code vt_register_exception_uses(struct vt_register *reg, int64_t after_seq,
                                        enum vt_code (*each)(void *context,
                                                             const struct vt_register_use *use,
                                                             struct vt_err *err),
                                        void *context, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    /* ";" is the character after ":". */
    enum vt_code code = vt_sql_new(reg->engine,
                                   "SELECT rule, count(*), max(time_utc_secs) FROM mail WHERE"
                                   " seq > ?1 AND rule >= 'undo:' AND rule < 'undo;' GROUP BY rule"
                                   " ORDER BY rule",
                                   &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, after_seq);
    code = vt_sql_step(sql, &has_row, err);
    while (code == VT_OK && has_row) {
        struct vt_register_use use;
        read_use(sql, &use);
        if (use.reference[0] != '\0')
            code = each(context, &use, err);
        if (code == VT_OK)
            code = vt_sql_step(sql, &has_row, err);
    }
    vt_sql_done(sql);
    return code;
}
