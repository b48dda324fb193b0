/* SPDX-License-Identifier: Apache-2.0
 * Reports: periods, figures against a slow count over the bodies, and what the renderers make of
 * hostile names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <sqlite3.h>

#include "../lib/register_mail.h"
#include "../lib/register_site.h"
#include "vanthu/report.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define DAY MADE_DAY_SECS

/* ---- periods ---- */

static void periods(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_calendar;
        const char *from, *last; /* days of Vietnam */
    } cases[] = {
        {"2026H1", false, "2025-12-15", "2026-06-14"},
        {"2026H2", false, "2026-06-15", "2026-12-14"},
        {"2026", false, "2025-12-15", "2026-12-14"},
        {"2026-01", false, "2025-12-15", "2026-01-14"},
        {"2026-03", false, "2026-02-15", "2026-03-14"},
        {"2026-12", false, "2026-11-15", "2026-12-14"},
        {"2026Q1", false, "2025-12-15", "2026-03-14"},
        {"2026Q4", false, "2026-09-15", "2026-12-14"},
        {"2026H1", true, "2026-01-01", "2026-06-30"},
        {"2026", true, "2026-01-01", "2026-12-31"},
        {"2028-02", true, "2028-02-01", "2028-02-29"},
        {"2026-12", true, "2026-12-01", "2026-12-31"},
        {"2026q2", true, "2026-04-01", "2026-06-30"},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct vt_period period;
        char from[64], last[64];
        int64_t first_day = 0, last_day = 0;
        (void)snprintf(from, sizeof(from), "%sT00:00:00+07:00", cases[i].from);
        (void)snprintf(last, sizeof(last), "%sT23:59:59+07:00", cases[i].last);
        assert_int_equal(vt_time_parse(from, &first_day), VT_OK);
        assert_int_equal(vt_time_parse(last, &last_day), VT_OK);
        assert_int_equal(vt_period_parse(cases[i].text, cases[i].is_calendar, &period, NULL),
                         VT_OK);
        if (period.from_utc_secs != first_day || period.until_utc_secs != last_day + 1)
            fail_msg("%s", cases[i].text);
        assert_int_equal(vt_period_month(&period, first_day), 0);
        assert_int_equal(vt_period_month(&period, last_day), period.months_count - 1);
        assert_int_equal(vt_period_month(&period, first_day - 1), -1);
        assert_int_equal(vt_period_month(&period, last_day + 1), -1);
    }
    static const char *const bad[] = {
        "",        "26", "2026H3", "2026H0", "2026Q5", "2026-13", "2026-0",   "2026-00", "1999",
        "2026H1x", "H1", "2026-1", "2026H",  "20266",  "-2026",   "2026-012", "3026"};
    struct vt_period period;
    for (size_t i = 0; i < ELEMENTS(bad); i++) {
        if (vt_period_parse(bad[i], false, &period, NULL) != VT_E_CONFIG)
            fail_msg("\"%s\" was taken", bad[i]);
    }
}

static void every_day_has_its_month(void **state)
{
    (void)state;
    struct vt_period year;
    assert_int_equal(vt_period_parse("2026", false, &year, NULL), VT_OK);
    for (int month = 0; month < 12; month++) {
        char name[32];
        struct vt_period one;
        (void)snprintf(name, sizeof(name), "2026-%02d", month + 1);
        assert_int_equal(vt_period_parse(name, false, &one, NULL), VT_OK);
        assert_int_equal(vt_period_month(&year, one.from_utc_secs), month);
        assert_int_equal(vt_period_month(&year, one.until_utc_secs - 1), month);
    }
}

/* ---- the slow count ---- */

/* counts[section][name][key] += 1 */
static void bump(json_t *counts, const char *section, const char *name, const char *key)
{
    json_t *names = json_object_get(counts, section);
    if (names == NULL) {
        names = json_object();
        assert_int_equal(json_object_set_new(counts, section, names), 0);
    }
    json_t *numbers = json_object_get(names, name);
    if (numbers == NULL) {
        numbers = json_object();
        assert_int_equal(json_object_set_new(names, name, numbers), 0);
    }
    json_int_t before = json_integer_value(json_object_get(numbers, key));
    assert_int_equal(json_object_set_new(numbers, key, json_integer(before + 1)), 0);
}

struct slow {
    json_t *counts, *holders;
    json_t *answers, *overruled, *clerks; /* by reference */
    const struct vt_period *period;
    int64_t now_utc_secs;
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static bool has_reason(const json_t *object, const char *reason)
{
    size_t i;
    json_t *value;
    json_array_foreach(json_object_get(object, "reasons"), i, value)
    {
        if (strcmp(json_string_value(value), reason) == 0)
            return true;
    }
    return false;
}

static const char *slow_verdict(const json_t *documents)
{
    bool has_signature = false, has_failed = false, has_open = false;
    size_t d, s;
    json_t *document, *signature;
    static const char *const unread[] = {"FILE_UNREADABLE", "FORMAT_UNSUPPORTED", "TOO_LARGE",
                                         "NOT_CHECKED",     "MALFORMED",          "CHANGE_UNCLEAR"};
    json_array_foreach(documents, d, document)
    {
        for (size_t i = 0; i < ELEMENTS(unread); i++)
            has_open = has_open || has_reason(document, unread[i]);
        json_array_foreach(json_object_get(document, "signatures"), s, signature)
        {
            const char *indication = text_of(signature, "indication");
            has_signature = true;
            has_failed = has_failed || strcmp(indication, "TOTAL-FAILED") == 0;
            has_open = has_open || strcmp(indication, "INDETERMINATE") == 0;
        }
    }
    return has_failed ? "failed" : has_open ? "undetermined" : has_signature ? "valid" : "unsigned";
}

static void slow_mail(struct slow *slow, const char *group, const char *name,
                      const json_t *documents, const char *class)
{
    size_t i;
    json_t *document;
    bump(slow->counts, group, name, "mails");
    bump(slow->counts, group, name, class);
    json_array_foreach(documents, i, document)
    {
        json_t *alone = json_pack("[O]", document);
        bump(slow->counts, group, name, "documents");
        bump(slow->counts, group, name, slow_verdict(alone));
        json_decref(alone);
    }
}

/* What the table said of a signature, by its place. */
static const json_t *slow_site(const json_t *site, size_t document, size_t signature)
{
    const json_t *of_document = json_array_get(json_object_get(site, "documents"), document);
    return json_array_get(json_object_get(of_document, "signatures"), signature);
}

/* The certificate of an office, once, by how long it is good. */
static void slow_expiring(struct slow *slow, const json_t *signer, const char *agency)
{
    int64_t not_after = 0;
    assert_int_equal(vt_time_parse(text_of(signer, "not_after"), &not_after), VT_OK);
    int64_t days = (not_after - slow->now_utc_secs) / DAY;
    if (not_after < slow->now_utc_secs || days >= 90)
        return;
    bump(slow->counts, "expiring", text_of(signer, "sha256"), "uses");
    /* The table may have learnt of it in between: the certificate stands under its agency. */
    const char *holder = agency[0] != '\0' ? agency : text_of(signer, "organization");
    const json_t *before = json_object_get(slow->holders, text_of(signer, "sha256"));
    if (before == NULL || agency[0] != '\0')
        (void)json_object_set_new(slow->holders, text_of(signer, "sha256"),
                                  json_pack("{s:s, s:i}", "holder", holder, "days", (int)days));
}

static void slow_holders(struct slow *slow)
{
    const char *sha256;
    json_t *entry;
    json_object_foreach(slow->holders, sha256, entry)
    {
        json_int_t days = json_integer_value(json_object_get(entry, "days"));
        const char *holder = text_of(entry, "holder");
        bump(slow->counts, "expiring_by_agency", holder,
             days < 30   ? "within_30"
             : days < 60 ? "within_60"
                         : "within_90");
        bump(slow->counts, "expiring_by_agency", holder, "certificates");
    }
}

static void slow_signature(struct slow *slow, const json_t *signature, const json_t *site,
                           bool is_state, const char *domain, json_t *publics)
{
    const json_t *signer = json_object_get(signature, "signer");
    const char *indication = text_of(signature, "indication"),
               *set = text_of(signature, "trust_set");
    const char *key = strcmp(indication, "TOTAL-PASSED") == 0   ? "valid"
                      : strcmp(indication, "TOTAL-FAILED") == 0 ? "failed"
                                                                : "undetermined";
    char algorithm[256];
    const char *agency = text_of(site, "agency"), *kind = text_of(site, "kind");
    (void)snprintf(algorithm, sizeof(algorithm), "%s / %s / %s %lld",
                   text_of(signature, "digest_algorithm"),
                   text_of(signature, "signature_algorithm"), text_of(signer, "key_algorithm"),
                   (long long)json_integer_value(json_object_get(signer, "key_bits")));
    const char *const groups[][2] = {{"trust_sets", set},
                                     {"kinds", strcmp(kind, "agency") == 0   ? "agency"
                                               : strcmp(kind, "person") == 0 ? "person"
                                                                             : "-"},
                                     {"organizations", text_of(signer, "organization")},
                                     {"algorithms", algorithm},
                                     {"totals", "all"}};
    for (size_t i = 0; i < ELEMENTS(groups); i++) {
        bump(slow->counts, groups[i][0], groups[i][1], "signatures");
        bump(slow->counts, groups[i][0], groups[i][1], i == 4 ? "signature" : key);
    }
    if (strcmp(indication, "TOTAL-PASSED") == 0)
        bump(slow->counts, "totals", "all", "passed");
    slow_expiring(slow, signer, agency);
    if (is_state && strcmp(set, "public") == 0) {
        const char *office = agency[0] != '\0' ? agency : domain;
        bump(slow->counts, "public_certificates", office, "signatures");
        (void)json_object_set_new(publics, office, json_true());
    }
}

static void slow_reasons(struct slow *slow, const json_t *root, const char *class)
{
    const json_t *documents = json_object_get(json_object_get(root, "evidence"), "documents");
    const json_t *decision = json_object_get(root, "decision");
    const json_t *site = json_object_get(decision, "site");
    const char *decisive = text_of(decision, "reason");
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        const char *code = vt_reason_info((enum vt_reason)i)->code;
        bool is_found = false;
        size_t d, s;
        json_t *document, *signature;
        json_array_foreach(documents, d, document)
        {
            is_found = is_found || has_reason(document, code);
            json_array_foreach(json_object_get(document, "signatures"), s, signature) is_found =
                is_found || has_reason(signature, code) || has_reason(slow_site(site, d, s), code);
        }
        if (!is_found)
            continue;
        bump(slow->counts, "reasons", code, "mails");
        if (strcmp(code, decisive) == 0)
            bump(slow->counts, "reasons", code, "decisive");
        if (strcmp(code, decisive) == 0 && strcmp(class, "refused") == 0)
            bump(slow->counts, "reasons", code, "refused");
    }
}

static const char *slow_class(const struct slow *slow, const json_t *root, const char *reference)
{
    const char *answer = json_string_value(json_object_get(slow->answers, reference));
    bool is_overruled = json_object_get(slow->overruled, reference) != NULL;
    if (answer == NULL)
        return "unanswered";
    if (strcmp(answer, "tempfail") == 0)
        return "deferred";
    if (strcmp(answer, "accept") == 0)
        return strcmp(text_of(json_object_get(root, "decision"), "action"), "tag") == 0
                   ? "tagged"
                   : "accepted";
    return is_overruled ? "overruled" : strcmp(answer, "hold") == 0 ? "held" : "refused";
}

/* The month by counting days: the 15th belongs to the next one. */
static void slow_month(int64_t utc_secs, char out[16])
{
    time_t local = utc_secs + 7 * 3600;
    struct tm tm;
    (void)gmtime_r(&local, &tm);
    int year = tm.tm_year + 1900, month = tm.tm_mon + 1;
    if (tm.tm_mday > 14 && ++month > 12) {
        month = 1;
        year++;
    }
    (void)snprintf(out, 16, "%04u-%02u", (unsigned)year % 10000, (unsigned)month % 100);
}

static void slow_decided(struct slow *slow, const json_t *root, const char *reference,
                         int64_t utc_secs)
{
    const json_t *evidence = json_object_get(root, "evidence");
    const json_t *mail = json_object_get(evidence, "mail");
    const json_t *documents = json_object_get(evidence, "documents");
    char sender[128], month[16];
    const json_t *site = json_object_get(json_object_get(root, "decision"), "site");
    bool is_state = strcmp(text_of(mail, "sender_class"), "state") == 0;
    if (json_object_get(slow->clerks, reference) != NULL)
        bump(slow->counts, "totals", "all", "clerk_refused");
    if (json_is_true(json_object_get(root, "secret"))) {
        bump(slow->counts, "totals", "all", "secret");
        return;
    }
    const char *class = slow_class(slow, root, reference);
    if (strcmp(class, "unanswered") == 0 || strcmp(class, "deferred") == 0) {
        bump(slow->counts, "totals", "all", class);
        return;
    }
    (void)snprintf(sender, sizeof(sender), "%s", text_of(mail, "sender"));
    const char *domain = strchr(sender, '@') + 1;
    const char *agency = text_of(site, "sender_agency");
    agency = agency[0] != '\0' ? agency : is_state ? domain : "*";
    slow_month(utc_secs, month);
    slow_mail(slow, "totals", "all", documents, class);
    slow_mail(slow, "directions", text_of(mail, "direction"), documents, class);
    slow_mail(slow, "agencies", agency, documents, class);
    slow_mail(slow, "trend", month, documents, class);
    slow_mail(slow, "verdicts", slow_verdict(documents), documents, class);
    if (strcmp(text_of(json_object_get(root, "decision"), "would_be"), "reject") == 0 &&
        (strcmp(class, "accepted") == 0 || strcmp(class, "tagged") == 0))
        bump(slow->counts, "totals", "all", "would_refuse");
    slow_reasons(slow, root, class);
    size_t d, s;
    json_t *document, *signature, *publics = json_object(), *value;
    const char *office;
    json_array_foreach(documents, d, document)
    {
        json_array_foreach(json_object_get(document, "signatures"), s, signature)
            slow_signature(slow, signature, slow_site(site, d, s), is_state, domain, publics);
    }
    json_object_foreach(publics, office, value)
        bump(slow->counts, "public_certificates", office, "mails");
    json_decref(publics);
}

/* First what followed each mail, then the mails. */
static enum vt_code slow_followups(void *context, const struct vt_register_entry *entry,
                                   struct vt_err *err)
{
    struct slow *slow = context;
    (void)err;
    json_t *root = json_loadb((const char *)entry->body.ptr, entry->body.len, 0, NULL);
    if (entry->kind == VT_REGISTER_ANSWERED)
        (void)json_object_set(slow->answers, entry->reference,
                              json_object_get(json_object_get(root, "answer"), "kind"));
    if (entry->kind == VT_REGISTER_OVERRULED)
        (void)json_object_set_new(slow->overruled, entry->reference, json_true());
    if (entry->kind == VT_REGISTER_REFUSED)
        (void)json_object_set_new(slow->clerks, entry->reference, json_true());
    json_decref(root);
    return VT_OK;
}

static enum vt_code slow_mails(void *context, const struct vt_register_entry *entry,
                               struct vt_err *err)
{
    struct slow *slow = context;
    (void)err;
    if (entry->kind != VT_REGISTER_DECIDED || entry->time_utc_secs < slow->period->from_utc_secs ||
        entry->time_utc_secs >= slow->period->until_utc_secs)
        return VT_OK;
    json_t *root = json_loadb((const char *)entry->body.ptr, entry->body.len, 0, NULL);
    slow_decided(slow, root, entry->reference, entry->time_utc_secs);
    json_decref(root);
    return VT_OK;
}

/* ---- a register with everything in it ---- */

#define MAILS 900
/* Half a year and more: some lie behind the period. */
#define SPREAD_SECS 21600

/* One mail with what followed it; returns how many records. */
static size_t fill_one(unsigned i, unsigned luck, struct made_mail *mail,
                       struct vt_register_answered *answered, struct vt_register_record *records)
{
    static const struct vt_register_overruled overruled = {
        .reason_text = "x", .until_utc_secs = VT_TIME_NONE, .reason = VT_REASON_COUNT};
    static const struct vt_register_refused refused = {.reason = VT_REASON_INCOMPLETE};
    size_t count = 0;
    records[count++] = made_mail(mail, i, luck, SPREAD_SECS);
    mail->decided.is_secret = i % 97 == 5;
    if (i % 31 == 7) { /* observed only */
        mail->decision.would_be = VT_ACTION_REJECT;
        mail->decision.action = VT_ACTION_ACCEPT;
        mail->decided.answer = (struct vt_register_answer){.outcome = VT_OUTCOME_ACCEPT};
    }
    if (i % 41 == 3)
        mail->decided.answer = (struct vt_register_answer){.outcome = VT_OUTCOME_HOLD};
    if (i % 53 != 9)
        records[count++] = made_answer(mail, answered);
    if (i % 11 == 0 || i % 13 == 0) {
        records[count] = records[0];
        records[count].kind = i % 11 == 0 ? VT_REGISTER_OVERRULED : VT_REGISTER_REFUSED;
        if (i % 11 == 0)
            records[count].overruled = &overruled;
        else
            records[count].refused = &refused;
        count++;
    }
    return count;
}

static void fill(struct site *site)
{
    enum { BATCH = 30 };
    static struct made_mail mails[BATCH];
    static struct vt_register_answered answered[BATCH];
    static struct vt_register_record records[3 * BATCH];
    uint64_t state = 42;
    for (unsigned i = 0; i < MAILS; i += BATCH) {
        size_t count = 0;
        for (unsigned b = 0; b < BATCH; b++) {
            unsigned luck = (unsigned)(made_random(&state) % 1000);
            count += fill_one(i + b, luck, &mails[b], &answered[b], records + count);
        }
        if (vt_register_append(site->reg, records, count, &site->err) != VT_OK)
            fail_msg("%s", site->err.text);
    }
}

/* A register of these mails. It is filled once and copied: the mails are the same each time. */
static char filled_file[300];

static void copy_file(const char *from, const char *to)
{
    static uint8_t bytes[1 << 16];
    FILE *in = fopen(from, "rbe"), *out = fopen(to, "wbe");
    size_t len = 0;
    assert_non_null(in);
    assert_non_null(out);
    while ((len = fread(bytes, 1, sizeof(bytes), in)) > 0)
        assert_int_equal(fwrite(bytes, 1, len, out), len);
    (void)fclose(in);
    assert_int_equal(fclose(out), 0);
}

static int site_new_filled(void **state)
{
    char file[600];
    if (site_new(state) != 0)
        return -1;
    struct site *site = *state;
    (void)snprintf(file, sizeof(file), "%s/register.sqlite", site->directory);
    if (filled_file[0] == '\0') {
        fill(site);
        site_close(site);
        (void)snprintf(filled_file, sizeof(filled_file), "%s.filled", site->directory);
        copy_file(file, filled_file);
    } else {
        site_close(site);
        copy_file(filled_file, file);
    }
    site_open(site);
    return 0;
}

static int site_new_postgres_filled(void **state)
{
    int status = site_new_postgres(state);
    if (status == 0)
        fill(*state);
    return status;
}

static int forget_filled(void **state)
{
    (void)state;
    return filled_file[0] == '\0' ? 0 : remove(filled_file);
}

static struct vt_report *make(struct site *site, struct vt_arena *arena, const char *period)
{
    struct vt_report_request input = {.now_utc_secs = MADE_FIRST_UTC_SECS + 178 * DAY,
                                      .office = "UBND TỈNH <NINH BÌNH>"};
    struct vt_report *report = NULL;
    assert_int_equal(vt_period_parse(period, false, &input.period, NULL), VT_OK);
    if (vt_report_make(site->reg, arena, &input, &report, &site->err) != VT_OK)
        fail_msg("%s", site->err.text);
    return report;
}

/* The first column of a section is its key, but for certificates the last. */
static const char *key_of(const struct vt_report_section *section, const struct vt_report_row *row)
{
    bool is_last = strcmp(section->key, "expiring") == 0;
    return row->cells[is_last ? section->columns_count - 1 : 0].text;
}

static void compare_row(const struct vt_report_section *section, const struct vt_report_row *row,
                        const json_t *numbers)
{
    for (size_t c = 0; c < section->columns_count; c++) {
        const struct vt_report_column *column = &section->columns[c];
        if (column->kind != VT_CELL_COUNT || strcmp(column->key, "days") == 0)
            continue;
        json_int_t wanted = json_integer_value(json_object_get(numbers, column->key));
        if (wanted != row->cells[c].number)
            fail_msg("%s, %s, %s: %lld, by counting %lld", section->key, key_of(section, row),
                     column->key, (long long)row->cells[c].number, (long long)wanted);
    }
}

static void compare_section(const struct vt_report_section *section, const json_t *counts)
{
    if (section->key == NULL)
        return;
    const json_t *names = json_object_get(counts, section->key);
    size_t rows = 0;
    for (size_t r = 0; r < section->rows_count; r++) {
        const struct vt_report_row *row = &section->rows[r];
        if (row->is_sum)
            continue;
        const json_t *numbers = json_object_get(names, key_of(section, row));
        bool is_month = strcmp(section->key, "trend") == 0;
        if (numbers == NULL && !is_month)
            fail_msg("%s: nobody counted %s", section->key, key_of(section, row));
        compare_row(section, row, numbers);
        rows += numbers != NULL;
    }
    if (rows != json_object_size(names))
        fail_msg("%s: %zu rows, %zu counted", section->key, rows, json_object_size(names));
}

static void compare_totals(const struct vt_report *report, const json_t *counts)
{
    const json_t *all = json_object_get(json_object_get(counts, "totals"), "all");
    const struct vt_report_section *section = &report->sections[VT_SECTION_TOTALS];
    for (size_t r = 0; r < section->rows_count; r++) {
        const struct vt_report_cell *cells = section->rows[r].cells;
        json_int_t wanted = json_integer_value(json_object_get(all, cells[0].text));
        if (cells[3].number != VT_REPORT_UNKNOWN && cells[3].number != wanted)
            fail_msg("totals, %s: %lld, by counting %lld", cells[0].text,
                     (long long)cells[3].number, (long long)wanted);
    }
}

static void figures_are_exact(void **state)
{
    struct site *site = *state;
    static const char *const names[] = {"2026H1", "2026-02", "2026", "2025"};
    struct slow slow = {
        .answers = json_object(), .overruled = json_object(), .clerks = json_object()};
    assert_int_equal(vt_register_walk(site->reg, 0, SIZE_MAX, slow_followups, &slow, &site->err),
                     VT_OK);
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        struct vt_arena *arena = vt_arena_new(VT_MAX_REPORT_ARENA_BYTES);
        struct vt_report *report = make(site, arena, names[i]);
        slow.counts = json_object();
        slow.holders = json_object();
        slow.period = &report->period;
        slow.now_utc_secs = report->made_at_utc_secs;
        assert_int_equal(vt_register_walk(site->reg, 0, SIZE_MAX, slow_mails, &slow, &site->err),
                         VT_OK);
        slow_holders(&slow);
        compare_totals(report, slow.counts);
        for (size_t s = VT_SECTION_TOTALS + 1; s < VT_SECTIONS; s++)
            compare_section(&report->sections[s], slow.counts);
        const struct vt_report_counts *c = &report->totals.counts;
        assert_int_equal(c->mails_count, c->accepted_count + c->tagged_count + c->held_count +
                                             c->refused_count + c->overruled_count);
        assert_int_equal(c->documents_count, c->valid_count + c->failed_count +
                                                 c->undetermined_count + c->unsigned_count);
        if (i == 0) {
            assert_true(c->mails_count > 500 && c->refused_count > 0 && c->overruled_count > 0);
            assert_true(c->held_count > 0 && report->totals.would_refuse_count > 0);
            assert_true(report->totals.unanswered_count > 0 && report->totals.secret_count > 0);
            assert_true(report->totals.clerk_refused_count > 0 &&
                        report->totals.deferred_count > 0);
            assert_true(report->sections[VT_SECTION_PUBLIC].rows_count > 1);
            assert_true(report->sections[VT_SECTION_EXPIRING].rows_count > 3);
            assert_true(report->sections[VT_SECTION_EXPIRING_COUNTS].rows_count > 3);
            assert_int_equal(report->sections[VT_SECTION_KINDS].rows_count, 4);
        }
        json_decref(slow.counts);
        json_decref(slow.holders);
        vt_arena_free(arena);
    }
    json_decref(slow.answers);
    json_decref(slow.overruled);
    json_decref(slow.clerks);
}

static void sums_are_those_of_all(void **state)
{
    struct site *site = *state;
    static const enum vt_report_section_id of_mails[] = {VT_SECTION_DIRECTIONS, VT_SECTION_AGENCIES,
                                                         VT_SECTION_TREND};
    struct vt_arena *arena = vt_arena_new(VT_MAX_REPORT_ARENA_BYTES);
    struct vt_report *report = make(site, arena, "2026H1");
    for (size_t i = 0; i < ELEMENTS(of_mails); i++) {
        const struct vt_report_section *section = &report->sections[of_mails[i]];
        const struct vt_report_row *sum = &section->rows[section->rows_count - 1];
        assert_true(sum->is_sum);
        for (size_t c = 0; c < section->columns_count; c++) {
            if (strcmp(section->columns[c].key, "mails") == 0)
                assert_int_equal(sum->cells[c].number, report->totals.counts.mails_count);
            if (strcmp(section->columns[c].key, "valid") == 0)
                assert_int_equal(sum->cells[c].number, report->totals.counts.valid_count);
        }
    }
    /* What retention destroyed is said, not guessed. */
    const struct vt_register_retention retention = {.days = {100, 0, 0, 0}};
    int64_t before = report->totals.counts.mails_count;
    size_t count = 0;
    assert_int_equal(vt_register_retain(site->reg, MADE_FIRST_UTC_SECS + 178 * DAY, &retention,
                                        100000, &count, &site->err),
                     VT_OK);
    report = make(site, arena, "2026H1");
    assert_true(report->totals.destroyed_count > 0);
    /* Attempts that were never answered are destroyed as well. */
    assert_true(report->totals.counts.mails_count + report->totals.destroyed_count >= before);
    assert_true(report->totals.counts.mails_count < before);
    vt_arena_free(arena);
}

/* ---- renderers ---- */

static char *render(const struct vt_report *report, enum vt_report_format format, char separator,
                    const char *section)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    const struct vt_report_show show = {
        .format = format, .separator = separator, .section = section};
    assert_non_null(out);
    assert_int_equal(vt_report_render(report, &show, out, NULL), VT_OK);
    (void)fclose(out);
    assert_int_equal(strlen(text), len);
    assert_true(vt_text_is_utf8(vt_bytes_of(text, len)));
    return text;
}

/* Names as a stranger chooses them. */
static void append_hostile(struct site *site)
{
    static struct made_mail mail;
    struct vt_register_answered answered;
    struct vt_register_record records[2];
    records[0] = made_mail(&mail, 1, 500, 60);
    mail.evidence.mail.sender = "a@=cmd|' /c calc'!a1";
    mail.evidence.mail.sender_class = VT_SENDER_STATE;
    mail.signatures[0].signer.organization = "<script>alert(1)</script>\"&'";
    mail.signatures[0].signer.common_name = "=HYPERLINK(\"http://x\")";
    mail.signatures[0].signer.not_after_utc_secs = MADE_FIRST_UTC_SECS + 200 * DAY;
    mail.signatures[0].trust_set = "public";
    mail.decision.site = NULL;
    records[1] = made_answer(&mail, &answered);
    assert_int_equal(vt_register_append(site->reg, records, 2, &site->err), VT_OK);
}

static void hostile_names_stay_text(void **state)
{
    struct site *site = *state;
    append_hostile(site);
    struct vt_arena *arena = vt_arena_new(VT_MAX_REPORT_ARENA_BYTES);
    struct vt_report *report = make(site, arena, "2026H1");
    char *html = render(report, VT_REPORT_HTML, 0, NULL);
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "<NINH"));
    assert_non_null(strstr(html, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;&#39;"));
    assert_non_null(strstr(html, "default-src 'none'"));
    assert_null(strstr(html, "src="));
    assert_null(strstr(html, "url("));
    assert_null(strstr(html, "http://www"));
    free(html);
    char *csv = render(report, VT_REPORT_CSV, ';', NULL);
    assert_memory_equal(csv, "\xEF\xBB\xBF", 3);
    assert_non_null(
        strstr(csv, "\"'=cmd|' /c calc'!a1\";\"'=cmd|' /c calc'!a1\";1;1;0;0;0;0;1;1;0;0;0;\"\";"
                    "\"\";\"\"\r\n"));
    assert_non_null(strstr(csv, "\"'=HYPERLINK(\"\"http://x\"\")\""));
    assert_null(strstr(csv, "\"="));
    free(csv);
    vt_arena_free(arena);
}

static void what_mail_cannot_know_is_empty(void **state)
{
    struct site *site = *state;
    site_append(site, 1, 500);
    struct vt_arena *arena = vt_arena_new(VT_MAX_REPORT_ARENA_BYTES);
    struct vt_report *report = make(site, arena, "2026H1");
    static const enum vt_report_format formats[] = {VT_REPORT_TEXT, VT_REPORT_CSV, VT_REPORT_JSON,
                                                    VT_REPORT_HTML};
    for (size_t i = 0; i < ELEMENTS(formats); i++) {
        char *text = render(report, formats[i], 0, NULL);
        assert_non_null(strstr(text, vt_report_caveat_vietnamese));
        free(text);
    }
    char *csv = render(report, VT_REPORT_CSV, 0, "totals");
    assert_non_null(strstr(csv,
                           "\"Tổng số văn bản đi (đơn vị tự điền)\",\"Documents issued (filled "
                           "in by the office)\",\r\n"));
    assert_null(strstr(csv, "Theo cơ quan"));
    free(csv);
    char *html = render(report, VT_REPORT_HTML, 0, "agencies");
    assert_non_null(strstr(html, "<td class=\"fill\"></td>"));
    free(html);
    char *text = render(report, VT_REPORT_JSON, 0, NULL);
    json_t *root = json_loads(text, 0, NULL);
    const json_t *row = json_array_get(
        json_object_get(json_object_get(json_object_get(root, "sections"), "agencies"), "rows"), 0);
    assert_true(json_is_null(json_object_get(row, "issued")));
    assert_int_equal(json_integer_value(json_object_get(row, "mails")), 1);
    assert_string_equal(text_of(json_object_get(root, "period"), "from"), "2025-12-14T17:00:00Z");
    json_decref(root);
    free(text);
    const struct vt_report_show show = {.section = "nothing"};
    assert_int_equal(vt_report_render(report, &show, stderr, NULL), VT_E_CONFIG);
    vt_arena_free(arena);
}

static void an_empty_period_is_a_report(void **state)
{
    struct site *site = *state;
    struct vt_arena *arena = vt_arena_new(VT_MAX_REPORT_ARENA_BYTES);
    struct vt_report *report = make(site, arena, "2031");
    assert_int_equal(report->totals.counts.mails_count, 0);
    assert_int_equal(report->sections[VT_SECTION_TREND].rows_count, 13);
    char *html = render(report, VT_REPORT_HTML, 0, NULL);
    assert_non_null(strstr(html, "Không có."));
    assert_null(strstr(html, "nan"));
    assert_null(strstr(html, "inf"));
    free(html);
    free(render(report, VT_REPORT_TEXT, 0, NULL));
    vt_arena_free(arena);
}

struct newest {
    int64_t before_seq;
    int64_t count;
};

static enum vt_code take_newest(void *context, const struct vt_register_entry *entry,
                                struct vt_err *err)
{
    struct newest *newest = context;
    (void)err;
    assert_true(entry->seq < newest->before_seq);
    assert_int_equal(entry->kind, VT_REGISTER_DECIDED);
    newest->before_seq = entry->seq;
    newest->count++;
    return VT_OK;
}

/* More domains than a report lists: the rest is one row, and the sum is still right. */
static void many_agencies_are_bounded(void **state)
{
    struct site *site = *state;
    enum { COUNT = VT_MAX_REPORT_ROWS + 100, BATCH = 100 };
    static struct made_mail mails[BATCH];
    static struct vt_register_answered answered[BATCH];
    static struct vt_register_record records[2 * BATCH];
    for (unsigned i = 0; i < COUNT; i += BATCH) {
        for (unsigned b = 0; b < BATCH; b++) {
            records[2 * b] = made_mail(&mails[b], i + b, 900, 60);
            (void)snprintf(mails[b].sender, sizeof(mails[b].sender), "a@so%u.gov.vn", i + b);
            mails[b].evidence.mail.sender_class = VT_SENDER_STATE;
            mails[b].decision.site = NULL;
            records[2 * b + 1] = made_answer(&mails[b], &answered[b]);
        }
        assert_int_equal(vt_register_append(site->reg, records, ELEMENTS(records), &site->err),
                         VT_OK);
    }
    struct vt_arena *arena = vt_arena_new(VT_MAX_REPORT_ARENA_BYTES);
    struct vt_report *report = make(site, arena, "2026H1");
    const struct vt_report_section *section = &report->sections[VT_SECTION_AGENCIES];
    assert_int_equal(section->rows_count, VT_MAX_REPORT_ROWS);
    assert_non_null(strstr(section->rows[section->rows_count - 2].cells[0].text, "the rest"));
    assert_int_equal(section->rows[section->rows_count - 2].cells[2].number, 102);
    assert_int_equal(section->rows[section->rows_count - 1].cells[2].number, COUNT);
    vt_arena_free(arena);
    /* So many of one domain are found from the end, each once. */
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    struct newest newest = {.before_seq = INT64_MAX};
    query.domain = "gov.vn";
    query.limit = 1000;
    do {
        assert_int_equal(vt_register_find(site->reg, &query, take_newest, &newest,
                                          &query.before_seq, &site->err),
                         VT_OK);
    } while (query.before_seq > 0);
    assert_int_equal(newest.count, COUNT);
}

/* ---- refusals ---- */

static struct vt_report *refusals(struct site *site, struct vt_arena *arena, const char *agency)
{
    struct vt_report_request input = {.now_utc_secs = MADE_FIRST_UTC_SECS + 178 * DAY,
                                      .agency = agency};
    struct vt_report *report = NULL;
    assert_int_equal(vt_period_parse("2026H1", false, &input.period, NULL), VT_OK);
    if (vt_report_refusals(site->reg, arena, &input, &report, &site->err) != VT_OK)
        fail_msg("%s", site->err.text);
    return report;
}

static int64_t count_outcomes(const struct vt_report_section *section, const char *outcome)
{
    int64_t count = 0;
    for (size_t i = 0; i < section->rows_count; i++)
        count += strcmp(section->rows[i].cells[2].text, outcome) == 0;
    return count;
}

/* Each refusal that a report counts stands in the list, once. */
static void refusals_are_those_of_the_report(void **state)
{
    struct site *site = *state;
    struct vt_arena *arena = vt_arena_new(VT_MAX_REPORT_ARENA_BYTES);
    const struct vt_report_counts *counts = &make(site, arena, "2026H1")->totals.counts;
    const struct vt_report_section *all =
        &refusals(site, arena, NULL)->sections[VT_SECTION_REFUSALS];
    assert_int_equal(count_outcomes(all, "refused"), counts->refused_count);
    assert_int_equal(count_outcomes(all, "held"), counts->held_count);
    assert_int_equal(count_outcomes(all, "overruled"), counts->overruled_count);
    assert_true(count_outcomes(all, "returned") > 0);
    for (size_t i = 1; i < all->rows_count; i++)
        assert_true(all->rows[i - 1].cells[1].number <= all->rows[i].cells[1].number);
    assert_non_null(all->vietnamese_note); /* some were marked secret */
    /* By agency of the table and by domain: the domain is that of every recipient. */
    const struct vt_report_section *by_domain =
        &refusals(site, arena, "NinhBinh.gov.vn")->sections[VT_SECTION_REFUSALS];
    assert_int_equal(by_domain->rows_count, all->rows_count);
    assert_int_equal(refusals(site, arena, "binh.gov.vn")->sections[VT_SECTION_REFUSALS].rows_count,
                     0);
    size_t of_agencies = 0, boxes = 0;
    for (unsigned box = 0; box < 300; box += 10) {
        char id[16];
        (void)snprintf(id, sizeof(id), "xa%u", box);
        of_agencies += refusals(site, arena, id)->sections[VT_SECTION_REFUSALS].rows_count;
    }
    for (size_t i = 0; i < all->rows_count; i++) {
        /* "vanthu7@…; vanthu8@…": those of even numbers are agencies of the table. */
        const char *at = all->rows[i].cells[8].text;
        for (; (at = strstr(at, "vanthu")) != NULL; at += 6)
            boxes += strtoul(at + 6, NULL, 10) % 10 == 0;
    }
    /* Mails from before there was a table have no agencies. */
    assert_true(of_agencies > 20 && of_agencies <= boxes && of_agencies + 10 > boxes * 9 / 10);
    vt_arena_free(arena);
}

static void a_refusal_says_who_answers_for_it(void **state)
{
    struct site *site = *state;
    static struct made_mail mail;
    struct vt_register_answered answered;
    static const struct vt_register_overruled overruled = {.reason_text = "=đã đối chiếu",
                                                           .by = "nguyen.a",
                                                           .until_utc_secs = VT_TIME_NONE,
                                                           .reason = VT_REASON_COUNT};
    struct vt_register_record records[3];
    records[0] = made_mail(&mail, 1, 10, 60);
    mail.documents[0].name = "=cmd<b>.pdf";
    records[1] = made_answer(&mail, &answered);
    records[2] = records[0];
    records[2].kind = VT_REGISTER_OVERRULED;
    records[2].time_utc_secs += 7200;
    records[2].overruled = &overruled;
    assert_int_equal(vt_register_append(site->reg, records, 3, &site->err), VT_OK);
    struct vt_arena *arena = vt_arena_new(VT_MAX_REPORT_ARENA_BYTES);
    struct vt_report *report = refusals(site, arena, NULL);
    static const struct {
        const char *agency;
        size_t rows_count;
    } agencies[] = {{"xa2", 1},         {"xa4", 0},   {"xa", 0}, {"ninhbinh.gov.vn", 1},
                    {"binh.gov.vn", 0}, {"GOV.vn", 1}};
    for (size_t i = 0; i < ELEMENTS(agencies); i++)
        assert_int_equal(
            refusals(site, arena, agencies[i].agency)->sections[VT_SECTION_REFUSALS].rows_count,
            agencies[i].rows_count);
    char *text = render(report, VT_REPORT_TEXT, 0, NULL);
    assert_non_null(strstr(text, "DANH SÁCH THƯ BỊ TỪ CHỐI TIẾP NHẬN — kỳ 2026H1"));
    assert_non_null(strstr(text, "Từ chối, đã hủy  CONTENT_CHANGED  Nội dung văn bản đã bị"));
    assert_non_null(strstr(text, "đã hủy 11:01 20/12/2025, nguyen.a: =đã đối chiếu"));
    assert_non_null(strstr(text, mail.reference));
    free(text);
    char *csv = render(report, VT_REPORT_CSV, ';', NULL);
    assert_memory_equal(csv, "\xEF\xBB\xBF", 3);
    assert_non_null(strstr(csv, ";\"'=cmd<b>.pdf\";\"changed-after-signing\";"));
    free(csv);
    char *html = render(report, VT_REPORT_HTML, 0, NULL);
    assert_non_null(strstr(html, "=cmd&lt;b&gt;.pdf"));
    assert_null(strstr(html, "class=\"tiles\""));
    free(html);
    char *json = render(report, VT_REPORT_JSON, 0, NULL);
    json_t *root = json_loads(json, 0, NULL);
    const json_t *row = json_array_get(
        json_object_get(json_object_get(json_object_get(root, "sections"), "refusals"), "rows"), 0);
    assert_string_equal(text_of(row, "outcome"), "overruled");
    assert_string_equal(text_of(row, "reason"), "CONTENT_CHANGED");
    assert_string_equal(text_of(row, "time"), "2025-12-20T02:01:00Z");
    assert_true(json_is_null(json_object_get(root, "totals")));
    json_decref(root);
    free(json);
    vt_arena_free(arena);
}

/* ---- what is cited ---- */

static void no_article_without_a_profile(void **state)
{
    struct site *site = *state;
    static const struct {
        const char *regulation;
        enum vt_profile profile;
        const char *cited;
    } cases[] = {{NULL, VT_PROFILE_NONE, NULL},
                 {NULL, VT_PROFILE_NINH_BINH, NULL},
                 {"Quy chế A", VT_PROFILE_NONE, ", theo Quy chế A."},
                 {"Quy chế A", VT_PROFILE_VINH_LONG, ", theo Quy chế A."},
                 {"Quy chế A", VT_PROFILE_NINH_BINH, ", theo Điều 10 Quy chế A."}};
    struct vt_arena *arena = vt_arena_new(VT_MAX_REPORT_ARENA_BYTES);
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct vt_report_request input = {.now_utc_secs = MADE_FIRST_UTC_SECS,
                                          .regulation = cases[i].regulation,
                                          .profile = cases[i].profile};
        struct vt_report *report = NULL;
        assert_int_equal(vt_period_parse("2026H1", false, &input.period, NULL), VT_OK);
        assert_int_equal(vt_report_make(site->reg, arena, &input, &report, NULL), VT_OK);
        const char *note = report->sections[VT_SECTION_EXPIRING].vietnamese_note;
        assert_non_null(strstr(note, "Mẫu số 04, gửi Sở Khoa học và Công nghệ"));
        assert_non_null(strstr(note, "Mẫu số 05"));
        if (cases[i].cited != NULL)
            assert_non_null(strstr(note, cases[i].cited));
        if (cases[i].cited == NULL || strstr(cases[i].cited, "Điều") == NULL)
            assert_null(strstr(note, "Điều"));
    }
    vt_arena_free(arena);
}

static void the_yearly_report_is_remembered(void **state)
{
    (void)state;
    static const struct {
        const char *time;
        enum vt_profile profile;
        bool is_owed;
    } cases[] = {{"2026-11-04T23:59:59+07:00", VT_PROFILE_VINH_LONG, false},
                 {"2026-11-05T00:00:00+07:00", VT_PROFILE_VINH_LONG, true},
                 {"2026-11-20T23:59:59+07:00", VT_PROFILE_VINH_LONG, true},
                 {"2026-11-21T00:00:00+07:00", VT_PROFILE_VINH_LONG, false},
                 {"2026-12-05T00:00:00+07:00", VT_PROFILE_VINH_LONG, false},
                 {"2026-11-10T00:00:00+07:00", VT_PROFILE_NINH_BINH, false},
                 {"2026-11-10T00:00:00+07:00", VT_PROFILE_NONE, false}};
    char text[VT_REPORT_REMINDER_BYTES];
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        int64_t now = 0;
        assert_int_equal(vt_time_parse(cases[i].time, &now), VT_OK);
        assert_int_equal(vt_report_is_owed(cases[i].profile, "Quy chế A", now, false, text),
                         cases[i].is_owed);
        if (cases[i].is_owed)
            assert_non_null(strstr(text, "20/11/2026 theo khoản 6 Điều 9 Quy chế A: vanthu report "
                                         "--period 2026"));
        if (cases[i].is_owed && vt_report_is_owed(cases[i].profile, NULL, now, false, text))
            assert_null(strstr(text, "Điều"));
    }
}

/* What is counted, asked of both engines; FILLED has the mails already. */
#define SHARED(FILLED, EMPTY) FILLED(figures_are_exact), EMPTY(a_refusal_says_who_answers_for_it)

int main(void)
{
#define LOCAL(name) cmocka_unit_test_setup_teardown(name, site_new, site_free)
#define LOCAL_FILLED(name) cmocka_unit_test_setup_teardown(name, site_new_filled, site_free)
#define CENTRAL(name) cmocka_unit_test_setup_teardown(name, site_new_postgres, site_free)
#define CENTRAL_FILLED(name)                                                                       \
    cmocka_unit_test_setup_teardown(name, site_new_postgres_filled, site_free)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(periods),
        cmocka_unit_test(every_day_has_its_month),
        SHARED(LOCAL_FILLED, LOCAL),
        LOCAL_FILLED(sums_are_those_of_all),
        LOCAL_FILLED(refusals_are_those_of_the_report),
        LOCAL(hostile_names_stay_text),
        LOCAL(what_mail_cannot_know_is_empty),
        LOCAL(an_empty_period_is_a_report),
        LOCAL(many_agencies_are_bounded),
        LOCAL(no_article_without_a_profile),
        cmocka_unit_test(the_yearly_report_is_remembered),
    };
    const struct CMUnitTest postgres[] = {SHARED(CENTRAL_FILLED, CENTRAL)};
    int failed = cmocka_run_group_tests_name("SQLite", tests, NULL, forget_filled);
    if (test_postgres_start(&site_postgres))
        failed += cmocka_run_group_tests_name("PostgreSQL", postgres, NULL, NULL);
    test_postgres_stop(&site_postgres);
    return failed;
}
