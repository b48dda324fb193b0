/* SPDX-License-Identifier: Apache-2.0
 * Counting in one pass: mails in the order of seq, and beside them what followed, their reasons,
 * documents and signatures, which all lie in the same order. */
#include <string.h>

#include "register/internal.h"
#include "register/report.h"

#define DAY_SECS INT64_C(86400)
/* Certificates met that expire soon: beyond this there is something else wrong. */
#define MAX_CERTIFICATES 20000

/* One statement of rows by seq, standing on a row or at its end. */
struct cursor {
    struct vt_sql *sql;
    int64_t seq; /* INT64_MAX: at the end */
};

struct pass {
    struct vt_register *reg;
    struct vt_counted *out;
    struct vt_err *err;
    struct cursor mails, followups, reasons, documents, signatures;
    int64_t lowest, highest; /* seq of the period */
    int64_t mails_count;
};

/* What is known of the mail that is being counted. */
struct mail {
    int64_t seq, time_utc_secs;
    int64_t ordinal; /* from 1, over all registers */
    char direction[16], agency[VT_MAX_NAME_BYTES + 2], reason[40];
    char domain[VT_MAX_NAME_BYTES + 1]; /* of the sender */
    char action[16], would_be[16], verdict[16];
    bool is_secret, is_state;
    enum vt_register_outcome outcome;
    bool is_answered, is_overruled, is_clerk_refused;
    int64_t numbers[VT_MAIL_NUMBERS];
};

/* ---- cursors ---- */

static enum vt_code advance(struct pass *pass, struct cursor *cursor)
{
    bool has_row = false;
    enum vt_code code = vt_sql_step(cursor->sql, &has_row, pass->err);
    cursor->seq = has_row ? vt_sql_int(cursor->sql, 0) : INT64_MAX;
    return code;
}

static enum vt_code open_cursor(struct pass *pass, struct cursor *cursor, const char *text)
{
    enum vt_code code = vt_sql_new(pass->reg->engine, text, &cursor->sql, pass->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(cursor->sql, 1, pass->lowest);
    vt_sql_bind_int(cursor->sql, 2, pass->highest);
    return advance(pass, cursor);
}

/* Pass over rows of mails that are not counted. */
static enum vt_code seek(struct pass *pass, struct cursor *cursor, int64_t seq)
{
    enum vt_code code = VT_OK;
    while (code == VT_OK && cursor->seq < seq)
        code = advance(pass, cursor);
    return code;
}

static void copy_text(char *out, size_t out_bytes, const char *text)
{
    size_t len = strnlen(text, out_bytes - 1);
    memcpy(out, text, len);
    out[len] = '\0';
}

/* An agency of the table by its id; without one a domain, or what stands for all others. */
static void name_agency(char *out, size_t out_bytes, const char *id, const char *otherwise)
{
    if (id[0] != '\0')
        (void)snprintf(out, out_bytes, "%c%s", VT_AGENCY_SIGN, id);
    else
        copy_text(out, out_bytes, otherwise);
}

/* ---- one mail ---- */

static void read_mail(struct pass *pass, struct mail *out)
{
    struct vt_sql *sql = pass->mails.sql;
    *out = (struct mail){.seq = vt_sql_int(sql, 0),
                         .time_utc_secs = vt_sql_int(sql, 1),
                         .is_secret = vt_sql_int(sql, 2) != 0,
                         .is_state = strcmp(vt_sql_text(sql, 4), "state") == 0};
    copy_text(out->direction, sizeof(out->direction), vt_sql_text(sql, 3));
    name_agency(out->agency, sizeof(out->agency), vt_sql_text(sql, 10),
                out->is_state ? vt_sql_text(sql, 5) : VT_OTHER_SENDERS);
    copy_text(out->domain, sizeof(out->domain), vt_sql_text(sql, 5));
    copy_text(out->verdict, sizeof(out->verdict), vt_sql_text(sql, 6));
    copy_text(out->action, sizeof(out->action), vt_sql_text(sql, 7));
    copy_text(out->would_be, sizeof(out->would_be), vt_sql_text(sql, 8));
    copy_text(out->reason, sizeof(out->reason), vt_sql_text(sql, 9));
}

static enum vt_code read_followups(struct pass *pass, struct mail *mail)
{
    enum vt_code code = seek(pass, &pass->followups, mail->seq);
    while (code == VT_OK && pass->followups.seq == mail->seq) {
        int64_t kind = vt_sql_int(pass->followups.sql, 1);
        const char *value = vt_sql_text(pass->followups.sql, 2);
        mail->is_overruled = mail->is_overruled || kind == VT_REGISTER_OVERRULED;
        mail->is_clerk_refused = mail->is_clerk_refused || kind == VT_REGISTER_REFUSED;
        for (unsigned i = 0; i < VT_OUTCOMES && kind == VT_REGISTER_ANSWERED; i++) {
            if (strcmp(value, vt_register_outcome_name((enum vt_register_outcome)i)) == 0) {
                mail->outcome = (enum vt_register_outcome)i;
                mail->is_answered = true;
            }
        }
        code = advance(pass, &pass->followups);
    }
    return code;
}

static enum vt_mail_number class_of(const struct mail *mail)
{
    if (mail->outcome == VT_OUTCOME_ACCEPT)
        return strcmp(mail->action, "tag") == 0 ? VT_MAIL_TAGGED : VT_MAIL_ACCEPTED;
    if (mail->is_overruled)
        return VT_MAIL_OVERRULED;
    return mail->outcome == VT_OUTCOME_HOLD ? VT_MAIL_HELD : VT_MAIL_REFUSED;
}

static enum vt_code read_documents(struct pass *pass, struct mail *mail)
{
    static const struct {
        const char *word;
        enum vt_mail_number number;
    } verdicts[] = {{"valid", VT_MAIL_VALID},
                    {"failed", VT_MAIL_FAILED},
                    {"undetermined", VT_MAIL_UNDETERMINED},
                    {"unsigned", VT_MAIL_UNSIGNED}};
    enum vt_code code = seek(pass, &pass->documents, mail->seq);
    while (code == VT_OK && pass->documents.seq == mail->seq) {
        const char *verdict = vt_sql_text(pass->documents.sql, 1);
        bool counts =
            vt_sql_int(pass->documents.sql, 2) != 0 || vt_sql_int(pass->documents.sql, 3) > 0;
        mail->numbers[VT_MAIL_DOCUMENTS] += counts;
        for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]) && counts; i++)
            mail->numbers[verdicts[i].number] += strcmp(verdict, verdicts[i].word) == 0;
        code = advance(pass, &pass->documents);
    }
    return code;
}

/* ---- into the tables ---- */

static enum vt_code no_memory(struct pass *pass)
{
    return vt_err_set(pass->err, VT_E_NOMEM, "no memory for a report");
}

static enum vt_code add_numbers(struct pass *pass, struct vt_tally *tally, const char *name,
                                const int64_t *numbers, size_t count)
{
    struct vt_tally_entry *entry = vt_tally_get(tally, name);
    if (entry == NULL)
        return no_memory(pass);
    for (size_t i = 0; i < count; i++)
        entry->numbers[i] += numbers[i];
    return VT_OK;
}

static enum vt_code add_mail(struct pass *pass, const struct mail *mail)
{
    struct vt_counted *out = pass->out;
    int month = vt_period_month(&out->input->period, mail->time_utc_secs);
    for (size_t i = 0; i < VT_MAIL_NUMBERS; i++) {
        out->sum[i] += mail->numbers[i];
        if (month >= 0 && month < 12)
            out->months[month][i] += mail->numbers[i];
    }
    enum vt_code code =
        add_numbers(pass, &out->directions, mail->direction, mail->numbers, VT_MAIL_NUMBERS);
    if (code == VT_OK)
        code = add_numbers(pass, &out->agencies, mail->agency, mail->numbers, VT_MAIL_NUMBERS);
    if (code == VT_OK)
        code = add_numbers(pass, &out->verdicts, mail->verdict, mail->numbers, VT_MAIL_NUMBERS);
    return code;
}

static enum vt_code add_reasons(struct pass *pass, const struct mail *mail)
{
    enum vt_code code = seek(pass, &pass->reasons, mail->seq);
    while (code == VT_OK && pass->reasons.seq == mail->seq) {
        const char *reason = vt_sql_text(pass->reasons.sql, 1);
        bool is_decisive = strcmp(reason, mail->reason) == 0;
        const int64_t numbers[] = {1, is_decisive,
                                   is_decisive && mail->numbers[VT_MAIL_REFUSED] > 0};
        code = add_numbers(pass, &pass->out->reasons, reason, numbers, 3);
        if (code == VT_OK)
            code = advance(pass, &pass->reasons);
    }
    return code;
}

/* ---- signatures ---- */

/* Columns of the statement of signatures. */
enum {
    S_SEQ = 0,
    S_CERTIFICATE,
    S_COMMON_NAME,
    S_ORGANIZATION,
    S_ISSUER,
    S_NOT_AFTER,
    S_KEY_ALGORITHM,
    S_KEY_BITS,
    S_KIND,
    S_TRUST_SET,
    S_INDICATION,
    S_DIGEST,
    S_ALGORITHM,
    S_AGENCY
};

static const char *or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

static enum vt_code add_certificate(struct pass *pass, const struct mail *mail, const char *set)
{
    struct vt_sql *sql = pass->signatures.sql;
    struct vt_bytes digest = vt_sql_blob(sql, S_CERTIFICATE);
    int64_t not_after = vt_sql_time(sql, S_NOT_AFTER), now = pass->out->input->now_utc_secs;
    char name[2 * VT_REGISTER_DIGEST_BYTES + 1];
    if (set[0] == '\0' || digest.len != VT_REGISTER_DIGEST_BYTES || not_after < now ||
        not_after >= now + VT_EXPIRY_DAYS * DAY_SECS)
        return VT_OK;
    struct vt_tally *tally = &pass->out->certificates;
    struct vt_tally_entry *entry = vt_tally_get(tally, vt_text_hex(name, digest));
    if (entry == NULL)
        return no_memory(pass);
    entry->numbers[VT_CERTIFICATE_NOT_AFTER] = not_after;
    entry->numbers[VT_CERTIFICATE_USES]++;
    if (mail->time_utc_secs > entry->numbers[VT_CERTIFICATE_LAST])
        entry->numbers[VT_CERTIFICATE_LAST] = mail->time_utc_secs;
    const struct {
        size_t index;
        const char *text;
    } texts[] = {{VT_CERTIFICATE_NAME, vt_sql_text(sql, S_COMMON_NAME)},
                 {VT_CERTIFICATE_ORGANIZATION, vt_sql_text(sql, S_ORGANIZATION)},
                 {VT_CERTIFICATE_ISSUER, vt_sql_text(sql, S_ISSUER)},
                 {VT_CERTIFICATE_SET, set},
                 {VT_CERTIFICATE_AGENCY, vt_sql_text(sql, S_AGENCY)}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].text[0] != '\0' &&
            vt_tally_text(tally, entry, texts[i].index, texts[i].text) != VT_OK)
            return no_memory(pass);
    }
    return VT_OK;
}

/* Whether a signature of a mail is that of a state office: by the agency whose certificate it is,
 * or, if the table does not have it, by the sender. */
static bool is_of_state(const struct pass *pass, const struct mail *mail, const char *agency)
{
    const struct vt_report_request *input = pass->out->input;
    const struct vt_site_agency *entry = agency[0] != '\0' && input->agency_by_id != NULL
                                             ? input->agency_by_id(input->context, agency)
                                             : NULL;
    return entry != NULL ? entry->class == VT_SENDER_STATE : mail->is_state;
}

/* A state office that signs with a certificate of a public CA. */
static enum vt_code add_public(struct pass *pass, const struct mail *mail, const char *set)
{
    const char *agency = vt_sql_text(pass->signatures.sql, S_AGENCY);
    char name[sizeof(mail->agency)];
    if (strcmp(set, "public") != 0 || !is_of_state(pass, mail, agency))
        return VT_OK;
    struct vt_tally *tally = &pass->out->publics;
    name_agency(name, sizeof(name), agency, mail->domain);
    struct vt_tally_entry *entry = vt_tally_get(tally, name);
    if (entry == NULL)
        return no_memory(pass);
    entry->numbers[VT_PUBLIC_SIGNATURES]++;
    entry->numbers[VT_PUBLIC_MAILS] += entry->numbers[VT_PUBLIC_LAST_MAIL] != mail->ordinal;
    entry->numbers[VT_PUBLIC_LAST_MAIL] = mail->ordinal;
    if (mail->time_utc_secs > entry->numbers[VT_PUBLIC_LAST])
        entry->numbers[VT_PUBLIC_LAST] = mail->time_utc_secs;
    enum vt_code code =
        vt_tally_text(tally, entry, 0, vt_sql_text(pass->signatures.sql, S_COMMON_NAME));
    return code == VT_OK ? VT_OK : no_memory(pass);
}

static const char *algorithm_name(struct vt_sql *sql, char *out, size_t out_bytes)
{
    char copy[3][64];
    copy_text(copy[0], sizeof(copy[0]), or_dash(vt_sql_text(sql, S_DIGEST)));
    copy_text(copy[1], sizeof(copy[1]), or_dash(vt_sql_text(sql, S_ALGORITHM)));
    copy_text(copy[2], sizeof(copy[2]), or_dash(vt_sql_text(sql, S_KEY_ALGORITHM)));
    (void)snprintf(out, out_bytes, "%s / %s / %s %lld", copy[0], copy[1], copy[2],
                   (long long)vt_sql_int(sql, S_KEY_BITS));
    return out;
}

static enum vt_code add_signature(struct pass *pass, const struct mail *mail)
{
    struct vt_sql *sql = pass->signatures.sql;
    struct vt_counted *out = pass->out;
    char algorithm[256], set[16];
    copy_text(set, sizeof(set), vt_sql_text(sql, S_TRUST_SET));
    const char *indication = vt_sql_text(sql, S_INDICATION);
    const int64_t numbers[VT_SIGNATURE_NUMBERS] = {1, strcmp(indication, "TOTAL-PASSED") == 0,
                                                   strcmp(indication, "TOTAL-FAILED") == 0,
                                                   strcmp(indication, "INDETERMINATE") == 0};
    out->totals.signatures_count++;
    out->totals.passed_count += numbers[VT_SIGNATURE_PASSED];
    const struct {
        struct vt_tally *tally;
        const char *name;
    } groups[] = {{&out->trust_sets, or_dash(set)},
                  {&out->kinds, or_dash(vt_sql_text(sql, S_KIND))},
                  {&out->organizations, or_dash(vt_sql_text(sql, S_ORGANIZATION))},
                  {&out->algorithms, algorithm_name(sql, algorithm, sizeof(algorithm))}};
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]) && code == VT_OK; i++)
        code = add_numbers(pass, groups[i].tally, groups[i].name, numbers, VT_SIGNATURE_NUMBERS);
    if (code == VT_OK)
        code = add_certificate(pass, mail, set);
    return code == VT_OK ? add_public(pass, mail, set) : code;
}

static enum vt_code add_signatures(struct pass *pass, const struct mail *mail)
{
    enum vt_code code = seek(pass, &pass->signatures, mail->seq);
    while (code == VT_OK && pass->signatures.seq == mail->seq) {
        code = add_signature(pass, mail);
        if (code == VT_OK)
            code = advance(pass, &pass->signatures);
    }
    return code;
}

/* ---- the pass ---- */

/* True when the mail itself is counted, and not only that there was an attempt. */
static bool count_attempt(struct vt_report_totals *totals, const struct mail *mail)
{
    totals->clerk_refused_count += mail->is_clerk_refused;
    if (mail->is_secret)
        totals->secret_count++;
    else if (!mail->is_answered)
        totals->unanswered_count++;
    else if (mail->outcome == VT_OUTCOME_TEMPFAIL)
        totals->deferred_count++;
    else
        return true;
    return false;
}

static enum vt_code count_mail(struct pass *pass)
{
    struct mail mail;
    read_mail(pass, &mail);
    mail.ordinal = ++pass->mails_count;
    enum vt_code code = read_followups(pass, &mail);
    if (code != VT_OK || !count_attempt(&pass->out->totals, &mail))
        return code;
    mail.numbers[VT_MAIL_ALL] = 1;
    mail.numbers[class_of(&mail)] = 1;
    pass->out->totals.would_refuse_count +=
        mail.outcome == VT_OUTCOME_ACCEPT && strcmp(mail.would_be, "reject") == 0;
    code = read_documents(pass, &mail);
    if (code == VT_OK)
        code = add_mail(pass, &mail);
    if (code == VT_OK)
        code = add_reasons(pass, &mail);
    return code == VT_OK ? add_signatures(pass, &mail) : code;
}

static enum vt_code count_all(struct pass *pass)
{
    enum vt_code code = VT_OK;
    const struct vt_period *period = &pass->out->input->period;
    while (code == VT_OK && pass->mails.seq != INT64_MAX) {
        int64_t time = vt_sql_int(pass->mails.sql, 1);
        if (time >= period->from_utc_secs && time < period->until_utc_secs)
            code = count_mail(pass);
        if (code == VT_OK)
            code = advance(pass, &pass->mails);
    }
    return code;
}

static enum vt_code open_cursors(struct pass *pass)
{
    enum vt_code code = open_cursor(
        pass, &pass->mails,
        "SELECT seq, time_utc_secs, is_secret, direction, sender_class, sender_domain,"
        " verdict, action, would_be, reason, agency FROM mail WHERE seq BETWEEN ?1 AND ?2"
        " ORDER BY seq");
    if (code == VT_OK)
        code = open_cursor(pass, &pass->followups,
                           "SELECT decided, kind, value FROM followup"
                           " WHERE decided BETWEEN ?1 AND ?2 ORDER BY decided, kind");
    if (code == VT_OK)
        code = open_cursor(pass, &pass->reasons,
                           "SELECT seq, reason FROM mail_reason WHERE seq BETWEEN ?1 AND ?2"
                           " ORDER BY seq, reason");
    if (code == VT_OK)
        code = open_cursor(pass, &pass->documents,
                           "SELECT seq, verdict, is_attachment, signatures_count FROM document"
                           " WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq, ordinal");
    if (code == VT_OK)
        code =
            open_cursor(pass, &pass->signatures,
                        "SELECT seq, certificate, common_name, organization, issuer,"
                        " not_after_utc_secs, key_algorithm, key_bits, kind, trust_set,"
                        " indication, digest_algorithm, signature_algorithm, agency FROM signature"
                        " WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq, ordinal");
    return code;
}

/* Two numbers of a statement that knows the period. */
static enum vt_code ask_period(struct pass *pass, const char *text, int64_t *out_first,
                               int64_t *out_second)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_sql_new(pass->reg->engine, text, &sql, pass->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, pass->out->input->period.from_utc_secs);
    vt_sql_bind_int(sql, 2, pass->out->input->period.until_utc_secs);
    code = vt_sql_step(sql, &has_row, pass->err);
    *out_first = has_row ? vt_sql_int(sql, 0) : 0;
    *out_second = has_row ? vt_sql_int(sql, 1) : -1;
    vt_sql_done(sql);
    return code;
}

static enum vt_code init_tallies(struct vt_arena *arena, struct vt_counted *out)
{
    struct vt_tally *tallies[] = {&out->directions, &out->verdicts,      &out->reasons,
                                  &out->agencies,   &out->organizations, &out->trust_sets,
                                  &out->kinds,      &out->algorithms,    &out->publics};
    enum vt_code code = vt_tally_init(&out->certificates, arena, MAX_CERTIFICATES);
    for (size_t i = 0; i < sizeof(tallies) / sizeof(tallies[0]) && code == VT_OK; i++)
        code = vt_tally_init(tallies[i], arena, VT_MAX_REPORT_ROWS - 2);
    return code;
}

static enum vt_code run_pass(struct pass *pass)
{
    int64_t destroyed_count = 0, unused = 0;
    enum vt_code code = ask_period(pass,
                                   "SELECT min(seq), max(seq) FROM mail WHERE time_utc_secs >= ?1"
                                   " AND time_utc_secs < ?2",
                                   &pass->lowest, &pass->highest);
    if (code == VT_OK)
        code = ask_period(pass,
                          "SELECT count(*), 0 FROM destroyed d JOIN record r ON r.seq = d.target"
                          " WHERE r.kind = 1 AND r.time_utc_secs >= ?1 AND r.time_utc_secs < ?2",
                          &destroyed_count, &unused);
    pass->out->totals.destroyed_count += destroyed_count;
    if (code == VT_OK)
        code = open_cursors(pass);
    return code == VT_OK ? count_all(pass) : code;
}

/* The sums in the order of the struct. */
static void name_sums(struct vt_counted *out)
{
    const int64_t *sum = out->sum;
    out->totals.counts = (struct vt_report_counts){.mails_count = sum[VT_MAIL_ALL],
                                                   .accepted_count = sum[VT_MAIL_ACCEPTED],
                                                   .tagged_count = sum[VT_MAIL_TAGGED],
                                                   .held_count = sum[VT_MAIL_HELD],
                                                   .refused_count = sum[VT_MAIL_REFUSED],
                                                   .overruled_count = sum[VT_MAIL_OVERRULED],
                                                   .documents_count = sum[VT_MAIL_DOCUMENTS],
                                                   .valid_count = sum[VT_MAIL_VALID],
                                                   .failed_count = sum[VT_MAIL_FAILED],
                                                   .undetermined_count = sum[VT_MAIL_UNDETERMINED],
                                                   .unsigned_count = sum[VT_MAIL_UNSIGNED]};
}

static enum vt_code count_register(struct pass *pass)
{
    struct cursor *cursors[] = {&pass->mails, &pass->followups, &pass->reasons, &pass->documents,
                                &pass->signatures};
    enum vt_code code = vt_engine_begin(pass->reg->engine, false, pass->err);
    if (code != VT_OK)
        return code;
    code = run_pass(pass);
    for (size_t i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++) {
        vt_sql_done(cursors[i]->sql);
        *cursors[i] = (struct cursor){0};
    }
    vt_engine_rollback(pass->reg->engine);
    return code;
}

enum vt_code vt_report_count(struct vt_register *reg, struct vt_arena *arena,
                             const struct vt_report_request *input, struct vt_counted *out,
                             struct vt_err *err)
{
    struct pass pass = {.out = out, .err = err};
    enum vt_code code = VT_OK;
    *out = (struct vt_counted){.input = input};
    if (init_tallies(arena, out) != VT_OK)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a report");
    /* Of a central database every gateway in turn. */
    for (pass.reg = reg; pass.reg != NULL && code == VT_OK; pass.reg = pass.reg->next)
        code = count_register(&pass);
    name_sums(out);
    return code;
}
