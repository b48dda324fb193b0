/* SPDX-License-Identifier: Apache-2.0
 * CPU time of inspecting a mail in process, as a ratio to something else, measured in turn.
 *   inspect_bench [-n PAIRS] PKI -- MAIL floor
 *   inspect_bench [-n PAIRS] PKI -- MAIL inspect OTHER-MAIL
 *   inspect_bench [-n PAIRS] PKI -- MAIL command PROGRAM ARGUMENT…
 * PKI is what tests/pki/mkpki.sh made. Prints: CPU ms of the mail, of the other, median, lowest and
 * highest ratio of the pairs. Every signature of the mails has to pass. */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/read_crl.h"
#include "floor.h"
#include "vanthu/inspect.h"
#include "vanthu/wire.h"

#define MAX_PAIRS 99
#define MAX_FACTS 16
/* Short work is repeated until one sample is this long. */
#define SAMPLE_MSECS 30.0
#define MAX_REPEATS 1000

/* One side of the comparison: run it once, fault ends the program. */
struct side {
    void (*run)(const struct side *side);
    bool in_children; /* its CPU time is that of ended children */
    struct vt_bytes mail;
    char **command;
    unsigned repeats;
};

static struct vt_inspect_options options;
static struct vt_known known;
static struct floor *floor_state;

static void die(const char *what, const struct vt_err *err)
{
    fprintf(stderr, "inspect_bench: %s: %s\n", what, err == NULL ? "" : err->text);
    exit(2);
}

static struct vt_bytes read_file(const char *path)
{
    struct vt_err err = {0};
    struct vt_bytes bytes;
    bool mapped = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die(path, NULL);
    if (vt_input_read(fd, VT_MAX_MAIL_BYTES, &bytes, &mapped, &err) != VT_OK)
        die(path, &err);
    (void)close(fd);
    return bytes;
}

/* ---- the sides ---- */

static int inspect(struct vt_arena *arena, struct vt_bytes mail, struct vt_wants *wants)
{
    struct vt_err err = {0};
    struct vt_evidence *evidence = NULL;
    struct vt_inspect_input input = {
        .bytes = mail, .is_mail = true, .now_utc_secs = vt_clock_now_utc_secs(), .known = &known};
    if (arena == NULL || vt_inspect(arena, &options, &input, &evidence, wants, &err) != VT_OK)
        die("inspect", &err);
    return vt_evidence_exit_status(evidence);
}

static void run_inspect(const struct side *side)
{
    struct vt_wants wants;
    struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    if (inspect(arena, side->mail, &wants) != 0)
        die("the mail's signatures have to pass", NULL);
    vt_arena_free(arena);
}

static void run_floor(const struct side *side)
{
    if (floor_verify(floor_state, side->mail) == 0)
        die("the floor finds no good signature", NULL);
}

static void run_command(const struct side *side)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
            _exit(126);
        execvp(side->command[0], side->command);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        die(side->command[0], NULL);
}

/* ---- what the status role would know: the CRLs' word on every certificate that is asked for ----
 */

static bool add_fact(struct vt_arena *arena, const struct vt_want_status *want, const char *path)
{
    struct vt_err err = {0};
    const struct vt_certificate *certificate = NULL, *issuer = NULL;
    struct vt_certificate_pool *pool = vt_certificate_pool_new(arena, NULL);
    if (pool == NULL || known.facts_count == MAX_FACTS ||
        vt_certificate_add(pool, want->certificate, &certificate, &err) != VT_OK ||
        vt_certificate_add(pool, want->issuer, &issuer, &err) != VT_OK)
        die("status", &err);
    if (read_crl(arena, read_file(path), certificate, issuer, "given",
                 &known.facts[known.facts_count], &err) != VT_OK)
        return false;
    known.facts_count++;
    return true;
}

/* The arena lives as long as the program. */
static void learn_status(const char *pki, struct vt_bytes mail)
{
    char pattern[4096];
    struct vt_wants wants;
    glob_t crls;
    struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    (void)snprintf(pattern, sizeof(pattern), "%s/crl/*.crl", pki);
    (void)inspect(arena, mail, &wants);
    if (known.facts == NULL)
        known.facts = vt_arena_alloc(arena, MAX_FACTS * sizeof(*known.facts));
    if (known.facts == NULL || glob(pattern, 0, NULL, &crls) != 0)
        die(pattern, NULL);
    for (size_t i = 0; i < wants.status_count; i++) {
        for (size_t k = 0; k < crls.gl_pathc; k++) {
            if (add_fact(arena, &wants.status[i], crls.gl_pathv[k]))
                break;
        }
    }
    globfree(&crls);
}

/* ---- measuring ---- */

static double cpu_msecs(bool in_children)
{
    struct timespec own;
    struct rusage ended;
    if (!in_children) {
        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
        return (double)own.tv_sec * 1e3 + (double)own.tv_nsec * 1e-6;
    }
    (void)getrusage(RUSAGE_CHILDREN, &ended);
    return (double)(ended.ru_utime.tv_sec + ended.ru_stime.tv_sec) * 1e3 +
           (double)(ended.ru_utime.tv_usec + ended.ru_stime.tv_usec) * 1e-3;
}

static double sample(const struct side *side)
{
    double start = cpu_msecs(side->in_children);
    for (unsigned i = 0; i < side->repeats; i++)
        side->run(side);
    return (cpu_msecs(side->in_children) - start) / side->repeats;
}

/* The first run fills caches and says how often to repeat. */
static void warm(struct side *side)
{
    side->repeats = 1;
    (void)sample(side);
    double once = sample(side);
    double repeats = SAMPLE_MSECS / (once > 0.001 ? once : 0.001);
    side->repeats = repeats < 1 ? 1 : repeats > MAX_REPEATS ? MAX_REPEATS : (unsigned)repeats;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare_doubles);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void compare(struct side *ours, struct side *other, size_t pairs)
{
    double ours_msecs[MAX_PAIRS], other_msecs[MAX_PAIRS], ratios[MAX_PAIRS];
    warm(ours);
    warm(other);
    for (size_t i = 0; i < pairs; i++) {
        /* Who comes first alternates, so that a drift of the machine hits both. */
        if (i % 2 == 0)
            ours_msecs[i] = sample(ours);
        other_msecs[i] = sample(other);
        if (i % 2 == 1)
            ours_msecs[i] = sample(ours);
        ratios[i] = ours_msecs[i] / other_msecs[i];
    }
    double middle = median(ratios, pairs);
    printf("%.3f\t%.3f\t%.3f\t%.3f\t%.3f\n", median(ours_msecs, pairs), median(other_msecs, pairs),
           middle, ratios[0], ratios[pairs - 1]);
}

/* ---- start ---- */

static void load_store(const char *pki)
{
    struct vt_err err = {0};
    struct vt_trust_store *store = NULL;
    static char anchors[4096], intermediates[4096];
    (void)snprintf(anchors, sizeof(anchors), "%s/trust/official", pki);
    (void)snprintf(intermediates, sizeof(intermediates), "%s/trust/intermediates", pki);
    struct vt_trust_source source = {.set = VT_TRUST_OFFICIAL,
                                     .anchors = anchors,
                                     .intermediates = intermediates,
                                     .confirmed_all = true};
    floor_state = floor_new(anchors, VT_MAX_MAIL_BYTES);
    if (floor_state == NULL || vt_unpack_warm(&err) != VT_OK || vt_document_warm(&err) != VT_OK ||
        vt_trust_store_load(&source, 1, &store, &err) != VT_OK)
        die("start", &err);
    options.store = store;
}

static struct side other_side(const char *pki, const struct side *ours, char **words, int count)
{
    if (count == 1 && strcmp(words[0], "floor") == 0)
        return (struct side){.run = run_floor, .mail = ours->mail};
    if (count == 2 && strcmp(words[0], "inspect") == 0) {
        struct side other = {.run = run_inspect, .mail = read_file(words[1])};
        learn_status(pki, other.mail);
        return other;
    }
    if (count >= 2 && strcmp(words[0], "command") == 0)
        return (struct side){.run = run_command, .in_children = true, .command = words + 1};
    die("compare with what? floor, inspect OTHER-MAIL or command PROGRAM ARGUMENT…", NULL);
    abort();
}

int main(int argc, char **argv)
{
    size_t pairs = 7;
    int option = 0;
    while ((option = getopt(argc, argv, "+n:")) != -1) {
        if (option != 'n')
            return 64;
        pairs = strtoul(optarg, NULL, 10);
    }
    if (argc - optind < 4 || strcmp(argv[optind + 1], "--") != 0 || pairs < 1 || pairs > MAX_PAIRS)
        die("usage: inspect_bench [-n PAIRS] PKI -- MAIL floor | inspect MAIL | command …", NULL);
    const char *pki = argv[optind];
    struct side ours = {.run = run_inspect, .mail = read_file(argv[optind + 2])};
    load_store(pki);
    learn_status(pki, ours.mail);
    struct side other = other_side(pki, &ours, argv + optind + 3, argc - optind - 3);
    compare(&ours, &other, pairs);
    floor_free(floor_state);
    return 0;
}
