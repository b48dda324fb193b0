/* SPDX-License-Identifier: Apache-2.0
 * Counting in one pass: mails in the order of seq, and beside them what followed, their reasons,
 * documents and signatures, which all lie in the same order. */
#include <string.h>

#include "register/report_pass.h"

/* Certificates met that expire soon: beyond this there is something else wrong. */
#define MAX_CERTIFICATES 20000

/* ---- cursors ---- */

enum vt_code vt_count_advance(struct vt_count_pass *pass, struct vt_count_cursor *cursor)
{
    bool has_row = false;
    enum vt_code code = vt_sql_step(cursor->sql, &has_row, pass->err);
    cursor->seq = has_row ? vt_sql_int(cursor->sql, 0) : INT64_MAX;
    return code;
}

enum vt_code vt_count_open(struct vt_count_pass *pass, struct vt_count_cursor *cursor,
                           const char *text)
{
    enum vt_code code = vt_sql_new(pass->reg->engine, text, &cursor->sql, pass->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(cursor->sql, 1, pass->lowest);
    vt_sql_bind_int(cursor->sql, 2, pass->highest);
    return vt_count_advance(pass, cursor);
}

enum vt_code vt_count_seek(struct vt_count_pass *pass, struct vt_count_cursor *cursor, int64_t seq)
{
    enum vt_code code = VT_OK;
    while (code == VT_OK && cursor->seq < seq)
        code = vt_count_advance(pass, cursor);
    return code;
}

void vt_count_copy(char *out, size_t out_bytes, const char *text)
{
    size_t len = strnlen(text, out_bytes - 1);
    memcpy(out, text, len);
    out[len] = '\0';
}

void vt_count_agency(char *out, size_t out_bytes, const char *id, const char *otherwise)
{
    if (id[0] != '\0')
        (void)snprintf(out, out_bytes, "%c%s", VT_AGENCY_SIGN, id);
    else
        vt_count_copy(out, out_bytes, otherwise);
}

/* ---- one mail ---- */

static void read_mail(struct vt_count_pass *pass, struct vt_count_mail *out)
{
    struct vt_sql *sql = pass->mails.sql;
    *out = (struct vt_count_mail){.seq = vt_sql_int(sql, 0),
                                  .time_utc_secs = vt_sql_int(sql, 1),
                                  .is_secret = vt_sql_int(sql, 2) != 0,
                                  .is_state = strcmp(vt_sql_text(sql, 4), "state") == 0};
    vt_count_copy(out->direction, sizeof(out->direction), vt_sql_text(sql, 3));
    vt_count_agency(out->agency, sizeof(out->agency), vt_sql_text(sql, 10),
                    out->is_state ? vt_sql_text(sql, 5) : VT_OTHER_SENDERS);
    vt_count_copy(out->domain, sizeof(out->domain), vt_sql_text(sql, 5));
    vt_count_copy(out->verdict, sizeof(out->verdict), vt_sql_text(sql, 6));
    vt_count_copy(out->action, sizeof(out->action), vt_sql_text(sql, 7));
    vt_count_copy(out->would_be, sizeof(out->would_be), vt_sql_text(sql, 8));
    vt_count_copy(out->reason, sizeof(out->reason), vt_sql_text(sql, 9));
}

static enum vt_code read_followups(struct vt_count_pass *pass, struct vt_count_mail *mail)
{
    enum vt_code code = vt_count_seek(pass, &pass->followups, mail->seq);
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
        code = vt_count_advance(pass, &pass->followups);
    }
    return code;
}

static enum vt_mail_number class_of(const struct vt_count_mail *mail)
{
    if (mail->outcome == VT_OUTCOME_ACCEPT)
        return strcmp(mail->action, "tag") == 0 ? VT_MAIL_TAGGED : VT_MAIL_ACCEPTED;
    if (mail->is_overruled)
        return VT_MAIL_OVERRULED;
    return mail->outcome == VT_OUTCOME_HOLD ? VT_MAIL_HELD : VT_MAIL_REFUSED;
}

static enum vt_code read_documents(struct vt_count_pass *pass, struct vt_count_mail *mail)
{
    static const struct {
        const char *word;
        enum vt_mail_number number;
    } verdicts[] = {{"valid", VT_MAIL_VALID},
                    {"failed", VT_MAIL_FAILED},
                    {"undetermined", VT_MAIL_UNDETERMINED},
                    {"unsigned", VT_MAIL_UNSIGNED}};
    enum vt_code code = vt_count_seek(pass, &pass->documents, mail->seq);
    while (code == VT_OK && pass->documents.seq == mail->seq) {
        const char *verdict = vt_sql_text(pass->documents.sql, 1);
        bool counts =
            vt_sql_int(pass->documents.sql, 2) != 0 || vt_sql_int(pass->documents.sql, 3) > 0;
        mail->numbers[VT_MAIL_DOCUMENTS] += counts;
        for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]) && counts; i++)
            mail->numbers[verdicts[i].number] += strcmp(verdict, verdicts[i].word) == 0;
        code = vt_count_advance(pass, &pass->documents);
    }
    return code;
}

/* ---- into the tables ---- */

enum vt_code vt_count_no_memory(struct vt_count_pass *pass)
{
    return vt_err_set(pass->err, VT_E_NOMEM, "no memory for a report");
}

enum vt_code vt_count_add(struct vt_count_pass *pass, struct vt_tally *tally, const char *name,
                          const int64_t *numbers, size_t count)
{
    struct vt_tally_entry *entry = vt_tally_get(tally, name);
    if (entry == NULL)
        return vt_count_no_memory(pass);
    for (size_t i = 0; i < count; i++)
        entry->numbers[i] += numbers[i];
    return VT_OK;
}

static enum vt_code add_mail(struct vt_count_pass *pass, const struct vt_count_mail *mail)
{
    struct vt_counted *out = pass->out;
    int month = vt_period_month(&out->input->period, mail->time_utc_secs);
    for (size_t i = 0; i < VT_MAIL_NUMBERS; i++) {
        out->sum[i] += mail->numbers[i];
        if (month >= 0 && month < 12)
            out->months[month][i] += mail->numbers[i];
    }
    enum vt_code code =
        vt_count_add(pass, &out->directions, mail->direction, mail->numbers, VT_MAIL_NUMBERS);
    if (code == VT_OK)
        code = vt_count_add(pass, &out->agencies, mail->agency, mail->numbers, VT_MAIL_NUMBERS);
    if (code == VT_OK)
        code = vt_count_add(pass, &out->verdicts, mail->verdict, mail->numbers, VT_MAIL_NUMBERS);
    return code;
}

static enum vt_code add_reasons(struct vt_count_pass *pass, const struct vt_count_mail *mail)
{
    enum vt_code code = vt_count_seek(pass, &pass->reasons, mail->seq);
    while (code == VT_OK && pass->reasons.seq == mail->seq) {
        const char *reason = vt_sql_text(pass->reasons.sql, 1);
        bool is_decisive = strcmp(reason, mail->reason) == 0;
        const int64_t numbers[] = {1, is_decisive,
                                   is_decisive && mail->numbers[VT_MAIL_REFUSED] > 0};
        code = vt_count_add(pass, &pass->out->reasons, reason, numbers, 3);
        if (code == VT_OK)
            code = vt_count_advance(pass, &pass->reasons);
    }
    return code;
}

/* ---- the pass ---- */

/* True when the mail itself is counted, and not only that there was an attempt. */
static bool count_attempt(struct vt_report_totals *totals, const struct vt_count_mail *mail)
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

static enum vt_code count_mail(struct vt_count_pass *pass)
{
    struct vt_count_mail mail;
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
    return code == VT_OK ? vt_count_signatures(pass, &mail) : code;
}

static enum vt_code count_all(struct vt_count_pass *pass)
{
    enum vt_code code = VT_OK;
    const struct vt_period *period = &pass->out->input->period;
    while (code == VT_OK && pass->mails.seq != INT64_MAX) {
        int64_t time = vt_sql_int(pass->mails.sql, 1);
        if (time >= period->from_utc_secs && time < period->until_utc_secs)
            code = count_mail(pass);
        if (code == VT_OK)
            code = vt_count_advance(pass, &pass->mails);
    }
    return code;
}

static enum vt_code open_cursors(struct vt_count_pass *pass)
{
    enum vt_code code = vt_count_open(
        pass, &pass->mails,
        "SELECT seq, time_utc_secs, is_secret, direction, sender_class, sender_domain,"
        " verdict, action, would_be, reason, agency FROM mail WHERE seq BETWEEN ?1 AND ?2"
        " ORDER BY seq");
    if (code == VT_OK)
        code = vt_count_open(pass, &pass->followups,
                             "SELECT decided, kind, value FROM followup"
                             " WHERE decided BETWEEN ?1 AND ?2 ORDER BY decided, kind");
    if (code == VT_OK)
        code = vt_count_open(pass, &pass->reasons,
                             "SELECT seq, reason FROM mail_reason WHERE seq BETWEEN ?1 AND ?2"
                             " ORDER BY seq, reason");
    if (code == VT_OK)
        code = vt_count_open(pass, &pass->documents,
                             "SELECT seq, verdict, is_attachment, signatures_count FROM document"
                             " WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq, ordinal");
    return code == VT_OK ? vt_count_open_signatures(pass) : code;
}

/* Two numbers of a statement that knows the period. */
static enum vt_code ask_period(struct vt_count_pass *pass, const char *text, int64_t *out_first,
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

static enum vt_code run_pass(struct vt_count_pass *pass)
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

static enum vt_code count_register(struct vt_count_pass *pass)
{
    struct vt_count_cursor *cursors[] = {&pass->mails, &pass->followups, &pass->reasons,
                                         &pass->documents, &pass->signatures};
    enum vt_code code = vt_engine_begin(pass->reg->engine, false, pass->err);
    if (code != VT_OK)
        return code;
    code = run_pass(pass);
    for (size_t i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++) {
        vt_sql_done(cursors[i]->sql);
        *cursors[i] = (struct vt_count_cursor){0};
    }
    vt_engine_rollback(pass->reg->engine);
    return code;
}

enum vt_code vt_report_count(struct vt_register *reg, struct vt_arena *arena,
                             const struct vt_report_request *input, struct vt_counted *out,
                             struct vt_err *err)
{
    struct vt_count_pass pass = {.out = out, .err = err};
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
