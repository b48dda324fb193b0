/* SPDX-License-Identifier: Apache-2.0
 * Measures the register in a directory of its own, which is removed afterwards.
 *   register_bench append DIRECTORY [SECS]   records a second committed in batches of 1, 10 and 50,
 *                                            beside plain SQLite inserts of bodies as long
 *   register_bench report DIRECTORY MAILS    makes that many mails with their answers, then
 *                                            measures reports, looking up, replay and verifying
 *   register_bench make DIRECTORY MAILS      only makes them, and leaves them there
 *   register_bench measure DIRECTORY         only measures
 *   register_bench page DIRECTORY            writes the page of the report to standard output */
#include <errno.h>
#include <ftw.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/register_mail.h"
#include "vanthu/replay.h"
#include "vanthu/report.h"

#define BATCH_MAX 50
#define SECS_DEFAULT 2
/* Mails made in one batch, each with its answer. */
#define MADE_BATCH 500

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status, (void)type, (void)place;
    return remove(path);
}

static void start_anew(const char *directory)
{
    (void)nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    if (mkdir(directory, 0700) != 0) {
        perror(directory);
        exit(1);
    }
}

static void must(enum vt_code code, const struct vt_err *err)
{
    if (code == VT_OK)
        return;
    (void)fprintf(stderr, "register_bench: %s: %s\n", vt_code_name(code), err->text);
    exit(1);
}

static double seconds(int64_t msecs)
{
    return (double)(msecs > 0 ? msecs : 1) / 1000;
}

/* ---- append ---- */

static double append_rate(const char *directory, unsigned batch, int64_t msecs,
                          size_t *out_body_bytes)
{
    static struct made_mail mails[BATCH_MAX];
    static struct vt_register_record records[BATCH_MAX];
    struct vt_register *reg = NULL;
    struct vt_err err;
    uint64_t number = 0;
    start_anew(directory);
    must(vt_register_open(directory, &reg, &err), &err);
    int64_t begun = vt_clock_monotonic_msecs(), now = begun;
    while (now - begun < msecs) {
        for (unsigned i = 0; i < batch; i++, number++)
            records[i] = made_mail(&mails[i], number, 500, 1);
        must(vt_register_append(reg, records, batch, &err), &err);
        now = vt_clock_monotonic_msecs();
    }
    vt_register_close(reg);
    char *text = NULL;
    must(vt_evidence_to_json(&mails[0].evidence, 0, &text, out_body_bytes, &err), &err);
    free(text);
    return (double)number / seconds(now - begun);
}

/* The floor: a table of bodies with the same settings, nothing else. */
static double plain_rate(const char *directory, unsigned batch, int64_t msecs, size_t body_bytes)
{
    char file[4096];
    sqlite3 *db = NULL;
    sqlite3_stmt *insert = NULL;
    uint64_t number = 0;
    char *body = malloc(body_bytes);
    start_anew(directory);
    (void)snprintf(file, sizeof(file), "%s/plain.sqlite", directory);
    if (body == NULL || sqlite3_open(file, &db) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                     "CREATE TABLE record (seq INTEGER PRIMARY KEY, body BLOB)",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT INTO record (body) VALUES (?1)", -1, &insert, NULL) !=
            SQLITE_OK)
        exit(1);
    memset(body, 'x', body_bytes);
    int64_t begun = vt_clock_monotonic_msecs(), now = begun;
    while (now - begun < msecs) {
        (void)sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        for (unsigned i = 0; i < batch; i++, number++) {
            (void)sqlite3_bind_blob(insert, 1, body, (int)body_bytes, SQLITE_STATIC);
            (void)sqlite3_step(insert);
            (void)sqlite3_reset(insert);
        }
        if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
            exit(1);
        now = vt_clock_monotonic_msecs();
    }
    (void)sqlite3_finalize(insert);
    (void)sqlite3_close(db);
    free(body);
    return (double)number / seconds(now - begun);
}

static void measure_append(const char *directory, int64_t msecs)
{
    static const unsigned batches[] = {1, 10, 50};
    size_t body_bytes = 0;
    (void)printf("%-8s %16s %16s %8s\n", "batch", "records/s", "plain SQLite/s", "ratio");
    for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
        double ours = append_rate(directory, batches[i], msecs, &body_bytes);
        double plain = plain_rate(directory, batches[i], msecs, body_bytes);
        (void)printf("%-8u %16.0f %16.0f %8.2f\n", batches[i], ours, plain, plain / ours);
    }
    (void)printf("bodies of about %zu bytes\n", body_bytes);
}

/* ---- report ---- */

static void make_mails(struct vt_register *reg, uint64_t mails_count)
{
    static struct made_mail mails[MADE_BATCH];
    static struct vt_register_answered answered[MADE_BATCH];
    static struct vt_register_record records[2 * MADE_BATCH];
    struct vt_err err;
    uint64_t state = 7;
    /* Over 170 days of the first half of 2026. */
    int64_t spread_secs = 170 * MADE_DAY_SECS / (int64_t)(mails_count > 0 ? mails_count : 1);
    for (uint64_t number = 0; number < mails_count;) {
        size_t count = 0;
        for (; count < MADE_BATCH && number < mails_count; count++, number++) {
            unsigned luck = (unsigned)(made_random(&state) % 1000);
            records[2 * count] = made_mail(&mails[count], number, luck, spread_secs);
            records[2 * count + 1] = made_answer(&mails[count], &answered[count]);
        }
        must(vt_register_append(reg, records, 2 * count, &err), &err);
    }
}

/* In a process of its own, so that the peak of memory is that of one task. */
static void apart(void (*task)(void *context), void *context)
{
    int status = 0;
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        task(context);
        (void)fflush(stdout);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        exit(1);
}

struct making {
    const char *directory;
    uint64_t mails_count;
};

static void make_task(void *context)
{
    const struct making *making = context;
    struct vt_register *reg = NULL;
    struct vt_err err;
    must(vt_register_open(making->directory, &reg, &err), &err);
    make_mails(reg, making->mails_count);
    vt_register_close(reg);
}

static void make_all(const char *directory, uint64_t mails_count)
{
    struct making making = {directory, mails_count};
    struct stat status;
    char file[4096];
    start_anew(directory);
    int64_t begun = vt_clock_monotonic_msecs();
    apart(make_task, &making);
    double secs = seconds(vt_clock_monotonic_msecs() - begun);
    (void)snprintf(file, sizeof(file), "%s/" VT_REGISTER_FILE, directory);
    (void)stat(file, &status);
    (void)printf("%llu mails made in %.1f s (%.0f records/s), file %.1f MB\n",
                 (unsigned long long)mails_count, secs, 2 * (double)mails_count / secs,
                 (double)status.st_size / 1e6);
}

/* ---- what is measured over it ---- */

struct task {
    const char *name;
    void (*run)(struct vt_register *reg, const struct task *task, char *out, size_t out_bytes);
    enum vt_report_format format;
    struct vt_register_query query;
    bool whole; /* every page */
    const char *directory;
};

static struct vt_report *make_report(struct vt_register *reg, struct vt_arena *arena)
{
    struct vt_report_request input = {.now_utc_secs = MADE_FIRST_UTC_SECS + 178 * MADE_DAY_SECS,
                                      .office = "SỞ KHOA HỌC VÀ CÔNG NGHỆ"};
    struct vt_report *report = NULL;
    struct vt_err err;
    must(vt_period_parse("2026H1", false, &input.period, &err), &err);
    must(vt_report_make(reg, arena, &input, &report, &err), &err);
    return report;
}

static void show_report(struct vt_register *reg, enum vt_report_format format, FILE *out,
                        char *text, size_t text_bytes)
{
    struct vt_err err;
    const struct vt_report_show show = {.format = format};
    struct vt_arena *arena = vt_arena_new(VT_MAX_REPORT_ARENA_BYTES);
    if (arena == NULL || out == NULL)
        exit(1);
    const struct vt_report *report = make_report(reg, arena);
    must(vt_report_render(report, &show, out, &err), &err);
    (void)snprintf(text, text_bytes, "%lld mails, %ld bytes",
                   (long long)report->totals.counts.mails_count, ftell(out));
    vt_arena_free(arena);
}

static void run_report(struct vt_register *reg, const struct task *task, char *out,
                       size_t out_bytes)
{
    FILE *file = tmpfile();
    show_report(reg, task->format, file, out, out_bytes);
    (void)fclose(file);
}

static void run_refusals(struct vt_register *reg, const struct task *task, char *out,
                         size_t out_bytes)
{
    struct vt_report_request input = {.now_utc_secs = MADE_FIRST_UTC_SECS + 178 * MADE_DAY_SECS,
                                      .agency = "xa20"};
    const struct vt_report_show show = {.format = task->format};
    struct vt_report *report = NULL;
    struct vt_err err;
    struct vt_arena *arena = vt_arena_new(VT_MAX_REPORT_ARENA_BYTES);
    FILE *file = tmpfile();
    must(vt_period_parse("2026H1", false, &input.period, &err), &err);
    must(vt_report_refusals(reg, arena, &input, &report, &err), &err);
    must(vt_report_render(report, &show, file, &err), &err);
    (void)snprintf(out, out_bytes, "%zu refusals, %ld bytes",
                   report->sections[VT_SECTION_REFUSALS].rows_count, ftell(file));
    (void)fclose(file);
    vt_arena_free(arena);
}

static void run_verify(struct vt_register *reg, const struct task *task, char *out,
                       size_t out_bytes)
{
    const struct vt_register_check check = {.chain_only = task->whole};
    struct vt_register_verdict verdict;
    struct vt_err err;
    must(vt_register_verify(reg, &check, &verdict, &err), &err);
    (void)snprintf(out, out_bytes, "%lld records, %s", (long long)verdict.records_count,
                   vt_register_fault_name(verdict.fault));
}

static enum vt_code count_entry(void *context, const struct vt_register_entry *entry,
                                struct vt_err *err)
{
    (void)entry, (void)err;
    (*(int64_t *)context)++;
    return VT_OK;
}

static void run_find(struct vt_register *reg, const struct task *task, char *out, size_t out_bytes)
{
    struct vt_register_query query = task->query;
    struct vt_err err;
    int64_t found = 0;
    do {
        must(vt_register_find(reg, &query, count_entry, &found, &query.before_seq, &err), &err);
    } while (task->whole && query.before_seq > 0);
    (void)snprintf(out, out_bytes, "%lld found", (long long)found);
}

/* The shipped policy over every mail. */
static void run_replay(struct vt_register *reg, const struct task *task, char *out,
                       size_t out_bytes)
{
    struct vt_arena *arena = vt_arena_new(16u << 20);
    struct vt_replay_request request = {
        .from_utc_secs = VT_TIME_NONE, .until_utc_secs = VT_TIME_NONE, .mode = VT_MODE_ENFORCE};
    struct vt_policy *policy = NULL;
    struct vt_config *config = NULL;
    struct vt_mistakes mistakes;
    struct vt_replay result;
    struct vt_err err = {0};
    (void)task;
    vt_mistakes_init(&mistakes);
    must(vt_policy_load("conf/policy.yaml", &policy, &mistakes, &err), &err);
    must(vt_config_default(&config, &err), &err);
    request.policy = policy;
    request.config = config;
    int64_t begun = vt_clock_monotonic_msecs();
    must(vt_replay(reg, arena, &request, &result, &err), &err);
    double rate = (double)result.counts.mails_count / seconds(vt_clock_monotonic_msecs() - begun);
    (void)snprintf(out, out_bytes, "%lld mails, %lld changed, %.0f mails/s",
                   (long long)result.counts.mails_count, (long long)result.counts.changed_count,
                   rate);
    vt_arena_free(arena);
    vt_config_free(config);
    vt_policy_free(policy);
    vt_mistakes_clear(&mistakes);
}

static long peak_kilobytes(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void measure_task(void *context)
{
    const struct task *task = context;
    struct vt_register *reg = NULL;
    struct vt_err err;
    char text[128] = "";
    must(vt_register_open_read(task->directory, &reg, &err), &err);
    int64_t begun = vt_clock_monotonic_msecs();
    task->run(reg, task, text, sizeof(text));
    (void)printf("%-26s %9.3f s %9.1f MB   %s\n", task->name,
                 seconds(vt_clock_monotonic_msecs() - begun), (double)peak_kilobytes() / 1024,
                 text);
    vt_register_close(reg);
}

/* Of each way to look something up one that finds much and one that finds nothing. */
static void measure_all(const char *directory)
{
    static struct made_mail one;
    (void)made_mail(&one, 12, 500, 1);
    const struct vt_register_query any = VT_REGISTER_QUERY_ANY;
    struct task tasks[] = {
        {"report text", run_report, VT_REPORT_TEXT, any, false, NULL},
        {"report csv", run_report, VT_REPORT_CSV, any, false, NULL},
        {"report json", run_report, VT_REPORT_JSON, any, false, NULL},
        {"report html", run_report, VT_REPORT_HTML, any, false, NULL},
        {"refusals csv", run_refusals, VT_REPORT_CSV, any, false, NULL},
        {"list, first page", run_find, 0, any, false, NULL},
        {"list, every page", run_find, 0, any, true, NULL},
        {"search reference", run_find, 0, any, false, NULL},
        {"search sender", run_find, 0, any, false, NULL},
        {"search unknown sender", run_find, 0, any, false, NULL},
        {"search domain gov.vn", run_find, 0, any, false, NULL},
        {"search recipient", run_find, 0, any, false, NULL},
        {"search agency", run_find, 0, any, false, NULL},
        {"search document", run_find, 0, any, false, NULL},
        {"search certificate", run_find, 0, any, false, NULL},
        {"search reason", run_find, 0, any, false, NULL},
        {"search reason and sender", run_find, 0, any, false, NULL},
        {"list a day", run_find, 0, any, false, NULL},
        {"replay of a policy", run_replay, 0, any, true, NULL},
        {"verify, chain only", run_verify, 0, any, true, NULL},
        {"verify", run_verify, 0, any, false, NULL},
    };
    enum { BEFORE_QUERIES = 6 };
    struct task *next = tasks + BEFORE_QUERIES;
    (next++)->query.without_bodies = true;
    (next++)->query.reference = one.reference;
    (next++)->query.sender = one.sender;
    (next++)->query.sender = "nobody@example.org";
    (next++)->query.domain = "gov.vn";
    (next++)->query.recipient = one.recipients[0];
    (next++)->query.agency = one.recipient_agencies[0];
    (next++)->query.document_sha256 = one.documents[0].sha256;
    (next++)->query.certificate_sha256 = one.signatures[0].signer.sha256;
    (next++)->query.reason = VT_REASON_CERT_REVOKED;
    next->query.reason = VT_REASON_CERT_REVOKED;
    (next++)->query.sender = one.sender;
    next->query.from_utc_secs = MADE_FIRST_UTC_SECS + 10 * MADE_DAY_SECS;
    next->query.until_utc_secs = MADE_FIRST_UTC_SECS + 11 * MADE_DAY_SECS;
    for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++) {
        tasks[i].directory = directory;
        apart(measure_task, &tasks[i]);
    }
}

static void print_page(const char *directory)
{
    struct vt_register *reg = NULL;
    struct vt_err err;
    char text[128];
    must(vt_register_open_read(directory, &reg, &err), &err);
    show_report(reg, VT_REPORT_HTML, stdout, text, sizeof(text));
    vt_register_close(reg);
}

int main(int argc, char **argv)
{
    const char *what = argc >= 3 ? argv[1] : "";
    uint64_t mails_count = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;
    if (strcmp(what, "append") == 0) {
        measure_append(argv[2], 1000 * (argc > 3 ? strtol(argv[3], NULL, 10) : SECS_DEFAULT));
    } else if (strcmp(what, "make") == 0 && mails_count > 0) {
        make_all(argv[2], mails_count);
        return 0;
    } else if (strcmp(what, "measure") == 0) {
        measure_all(argv[2]);
        return 0;
    } else if (strcmp(what, "page") == 0) {
        print_page(argv[2]);
        return 0;
    } else if (strcmp(what, "report") == 0 && mails_count > 0) {
        make_all(argv[2], mails_count);
        measure_all(argv[2]);
    } else {
        (void)fprintf(stderr, "usage: register_bench append DIRECTORY [SECS]\n"
                              "       register_bench report|make DIRECTORY MAILS\n"
                              "       register_bench measure|page DIRECTORY\n");
        return 64;
    }
    (void)nftw(argv[2], remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}
