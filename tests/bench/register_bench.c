/* SPDX-License-Identifier: Apache-2.0
 * Measures the register in a directory of its own, which is removed afterwards.
 *   register_bench append DIRECTORY [SECS]   records a second committed in batches of 1, 10 and 50,
 *                                            beside plain SQLite inserts of bodies as long
 *   register_bench report DIRECTORY MAILS    makes that many mails with their answers, then counts
 *                                            and shows reports; time and memory
 *   register_bench page DIRECTORY MAILS      the same, and writes the page to standard output */
#include <errno.h>
#include <ftw.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/register_mail.h"
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

/* In a process of its own, so that the peak of memory is the report's. */
static void make_apart(const char *directory, uint64_t mails_count)
{
    struct vt_register *reg = NULL;
    struct vt_err err;
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        must(vt_register_open(directory, &reg, &err), &err);
        make_mails(reg, mails_count);
        vt_register_close(reg);
        exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        exit(1);
}

static long peak_kilobytes(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

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

static void show_report(const struct vt_report *report, enum vt_report_format format, FILE *out)
{
    struct vt_err err;
    const struct vt_report_show show = {.format = format};
    must(vt_report_render(report, &show, out, &err), &err);
}

static void measure_report(const char *directory, uint64_t mails_count, bool is_page)
{
    struct vt_register *reg = NULL;
    struct vt_err err;
    struct stat status;
    char file[4096];
    start_anew(directory);
    int64_t begun = vt_clock_monotonic_msecs();
    make_apart(directory, mails_count);
    int64_t made = vt_clock_monotonic_msecs();
    (void)snprintf(file, sizeof(file), "%s/" VT_REGISTER_FILE, directory);
    (void)stat(file, &status);
    struct vt_arena *arena = vt_arena_new(VT_MAX_REPORT_ARENA_BYTES);
    must(vt_register_open_read(directory, &reg, &err), &err);
    struct vt_report *report = make_report(reg, arena);
    int64_t counted = vt_clock_monotonic_msecs();
    FILE *out = is_page ? stdout : fopen("/dev/null", "w");
    if (arena == NULL || out == NULL)
        exit(1);
    show_report(report, VT_REPORT_HTML, out);
    int64_t shown = vt_clock_monotonic_msecs();
    (void)fprintf(
        stderr,
        "%llu mails made in %.1f s (%.0f records/s), file %.1f MB\n"
        "report over %lld mails: counted in %.2f s, page in %.3f s, memory at the peak %ld KB\n",
        (unsigned long long)mails_count, seconds(made - begun),
        2 * (double)mails_count / seconds(made - begun), (double)status.st_size / 1e6,
        (long long)report->totals.counts.mails_count, seconds(counted - made),
        seconds(shown - counted), peak_kilobytes());
    vt_register_close(reg);
    vt_arena_free(arena);
}

int main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "append") == 0) {
        measure_append(argv[2], 1000 * (argc > 3 ? strtol(argv[3], NULL, 10) : SECS_DEFAULT));
    } else if (argc == 4 && (strcmp(argv[1], "report") == 0 || strcmp(argv[1], "page") == 0)) {
        measure_report(argv[2], strtoull(argv[3], NULL, 10), strcmp(argv[1], "page") == 0);
    } else {
        (void)fprintf(stderr, "usage: register_bench append DIRECTORY [SECS]\n"
                              "       register_bench report|page DIRECTORY MAILS\n");
        return 64;
    }
    (void)nftw(argv[2], remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}
