/* SPDX-License-Identifier: Apache-2.0
 * Metrics: what is written is what is read, also by many threads and by a process that is killed;
 * a reader cannot write, and a hostile writer cannot be more than a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/metrics.h"
#include "vanthu/wire.h"

struct files {
    int write[VT_ROLES], read[VT_ROLES];
    struct vt_config *config;
};

static int set_up(void **state)
{
    struct files *files = calloc(1, sizeof(*files));
    for (unsigned i = 0; i < VT_ROLES; i++)
        assert_int_equal(
            vt_metrics_make((enum vt_role_id)i, &files->write[i], &files->read[i], NULL), VT_OK);
    assert_int_equal(vt_config_default(&files->config, NULL), VT_OK);
    *state = files;
    return 0;
}

static int tear_down(void **state)
{
    struct files *files = *state;
    for (unsigned i = 0; i < VT_ROLES; i++) {
        (void)close(files->write[i]);
        (void)close(files->read[i]);
    }
    vt_config_free(files->config);
    free(files);
    return 0;
}

static struct vt_metrics *writer(const struct files *files, enum vt_role_id role, unsigned lane)
{
    struct vt_metrics *metrics = NULL;
    assert_int_equal(vt_metrics_open(files->write[role], role, lane, &files->config->fetch_hosts,
                                     &metrics, NULL),
                     VT_OK);
    return metrics;
}

static struct vt_metrics_reader *reader(const struct files *files)
{
    struct vt_metrics_reader *out = NULL;
    assert_int_equal(vt_metrics_reader_new(files->read, &out, NULL), VT_OK);
    return out;
}

/* The text, malloc'd. */
static char *text_of(const struct files *files, unsigned lane)
{
    struct vt_metrics_reader *numbers = reader(files);
    const struct vt_metrics_view view = {files->config, lane};
    struct vt_buf buf;
    vt_buf_init(&buf, VT_MAX_METRICS_TEXT_BYTES);
    assert_int_equal(vt_metrics_write(numbers, &view, &buf, NULL), VT_OK);
    char *text = strndup((const char *)buf.ptr, buf.len);
    vt_buf_clear(&buf);
    vt_metrics_reader_free(numbers);
    return text;
}

static void shows(const struct files *files, unsigned lane, const char *line)
{
    char *text = text_of(files, lane);
    if (strstr(text, line) == NULL)
        fail_msg("no line \"%s\"", line);
    free(text);
}

/* ---- writing and reading ---- */

static void the_table_is_sound(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VT_METRICS; i++) {
        const struct vt_metric_info *info = &vt_metric_infos[i];
        assert_non_null(info->name);
        assert_int_equal(strncmp(info->name, "vanthu_", 7), 0);
        assert_true(strlen(info->help) > 10 && strpbrk(info->help, "\\\n") == NULL);
        size_t len = strlen(info->name);
        bool is_total = len > 6 && strcmp(info->name + len - 6, "_total") == 0;
        assert_int_equal(is_total, info->kind == VT_METRIC_COUNTER);
        assert_int_equal(info->kind == VT_METRIC_HISTOGRAM, info->bounds_count > 0);
        for (unsigned k = 1; k < info->bounds_count; k++)
            assert_true(info->bounds[k] > info->bounds[k - 1]);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(info->name, vt_metric_infos[k].name);
    }
}

static void counters_gauges_and_histograms(void **state)
{
    struct files *files = *state;
    struct vt_metrics *gateway = writer(files, VT_ROLE_GATEWAY, 0);
    unsigned at = vt_metric_at(VT_METRIC_MAILS, VT_MAILS_REJECTED, VT_INBOUND, VT_SENDER_STATE);
    vt_metric_add(gateway, VT_METRIC_MAILS, at, 3);
    vt_metric_change(gateway, VT_METRIC_SESSIONS_OPEN, 0, 5);
    vt_metric_change(gateway, VT_METRIC_SESSIONS_OPEN, 0, -2);
    static const int64_t values[] = {-7, 0, 1, 2, 3, 60000, 60001};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        vt_metric_observe(gateway, VT_METRIC_STAGES, VT_STAGE_STATUS, values[i]);
    shows(files, 0,
          "vanthu_mails_total{outcome=\"reject\",direction=\"inbound\",class=\"state\"} 3\n");
    shows(files, 0, "vanthu_sessions_open 3\n");
    shows(files, 0, "vanthu_stage_duration_seconds_bucket{stage=\"status\",le=\"0.001\"} 3\n");
    shows(files, 0, "vanthu_stage_duration_seconds_bucket{stage=\"status\",le=\"0.002\"} 4\n");
    shows(files, 0, "vanthu_stage_duration_seconds_bucket{stage=\"status\",le=\"60.000\"} 6\n");
    shows(files, 0, "vanthu_stage_duration_seconds_bucket{stage=\"status\",le=\"+Inf\"} 7\n");
    shows(files, 0, "vanthu_stage_duration_seconds_sum{stage=\"status\"} 120.007\n");
    shows(files, 0, "vanthu_stage_duration_seconds_count{stage=\"status\"} 7\n");
    shows(files, 0, "vanthu_stage_duration_seconds_count{stage=\"queue\"} 0\n");
    shows(files, 0, "vanthu_build_info{version=\"" VT_VERSION "\"} 1\n");
    shows(files, 0, "vanthu_mode_info{mode=\"observe\"} 1\n");
    vt_metrics_close(gateway);
}

static void what_is_not_ones_own_is_left_alone(void **state)
{
    struct files *files = *state;
    struct vt_metrics *gateway = writer(files, VT_ROLE_GATEWAY, 0);
    char *before = text_of(files, 0);
    vt_metric_add(gateway, VT_METRIC_RECORDS, 0, 1);       /* the registrar's */
    vt_metric_add(gateway, VT_METRIC_SESSIONS_OPEN, 0, 1); /* a gauge */
    vt_metric_set(gateway, VT_METRIC_SESSIONS, 0, 1);      /* a counter */
    vt_metric_observe(gateway, VT_METRIC_SESSIONS, 0, 1);  /* no histogram */
    vt_metric_add(gateway, VT_METRIC_STAGES, 0, 1);        /* a histogram */
    vt_metric_add(gateway, VT_METRIC_MAIL_REASONS, VT_REASON_COUNT, 1);
    vt_metric_add(gateway, VT_METRICS, 0, 1);
    vt_metric_add(gateway, VT_METRIC_MAILS, vt_metric_at(VT_METRIC_MAILS, 0, 3, 0), 1);
    vt_metric_add(gateway, VT_METRIC_MAILS, vt_metric_at(VT_METRIC_MAILS, 0, 0, 2), 1);
    vt_metric_add(NULL, VT_METRIC_MAILS, 0, 1);
    vt_metric_observe(NULL, VT_METRIC_STAGES, 0, 1);
    vt_metric_set(NULL, VT_METRIC_POLICY, 0, 1);
    vt_metric_change(NULL, VT_METRIC_SESSIONS_OPEN, 0, 1);
    char *after = text_of(files, 0);
    assert_string_equal(before, after);
    free(before);
    free(after);
    vt_metrics_close(gateway);
}

static void counters_outlive_their_writer_and_gauges_do_not(void **state)
{
    struct files *files = *state;
    struct vt_metrics *old = writer(files, VT_ROLE_GATEWAY, 0);
    struct vt_metrics *other = writer(files, VT_ROLE_GATEWAY, 1);
    vt_metric_add(old, VT_METRIC_SESSIONS, 0, 1);
    vt_metric_add(other, VT_METRIC_SESSIONS, 0, 1);
    vt_metric_change(old, VT_METRIC_SESSIONS_OPEN, 0, 4);
    vt_metric_change(other, VT_METRIC_SESSIONS_OPEN, 0, 2);
    vt_metric_set(old, VT_METRIC_QUEUE_PLACES, 0, 8);
    vt_metric_set(other, VT_METRIC_QUEUE_PLACES, 0, 9);
    shows(files, 0, "vanthu_sessions_total 2\n");
    shows(files, 0, "vanthu_sessions_open 6\n"); /* an old set finishes its mails */
    shows(files, 0, "vanthu_inspection_places 8\n");
    shows(files, 1, "vanthu_inspection_places 9\n");
    vt_metrics_close(old);
    old = writer(files, VT_ROLE_GATEWAY, 0);
    shows(files, 0, "vanthu_sessions_total 2\n");
    shows(files, 0, "vanthu_sessions_open 2\n");
    vt_metrics_close(old);
    vt_metrics_close(other);
}

static void hosts_are_those_of_the_configuration(void **state)
{
    struct files *files = *state;
    static const char *items[] = {"a.vn", "b.vn:8080"};
    const struct vt_strings others = {items, 2};
    struct vt_metrics *status = writer(files, VT_ROLE_STATUS, 0), *next = NULL;
    unsigned at = vt_metric_at(VT_METRIC_HOST_ANSWERS, 1, 1, 0);
    vt_metric_add(status, VT_METRIC_HOST_ANSWERS, at, 1);
    vt_metric_add(status, VT_METRIC_STATUS_REQUESTS, 0, 1);
    shows(files, 0, "vanthu_host_answers_total{host=\"pub.ca.gov.vn\",result=\"good\"} 1\n");
    assert_int_equal(
        vt_metrics_open(files->write[VT_ROLE_STATUS], VT_ROLE_STATUS, 1, &others, &next, NULL),
        VT_OK);
    /* The one of the old configuration would count for a host of the new one. */
    vt_metric_add(status, VT_METRIC_HOST_ANSWERS, at, 1);
    vt_metric_observe(status, VT_METRIC_HOST_MSECS, 1, 7);
    char *text = text_of(files, 0);
    assert_null(strstr(text, "ca.gov.vn")); /* shown by the old configuration: nothing */
    free(text);
    files->config->fetch_hosts = others;
    shows(files, 1, "vanthu_host_answers_total{host=\"b.vn:8080\",result=\"good\"} 0\n");
    shows(files, 1, "vanthu_host_answer_duration_seconds_count{host=\"b.vn:8080\"} 0\n");
    shows(files, 1, "vanthu_status_requests_total 1\n");
    vt_metrics_close(status);
    vt_metrics_close(next);
}

/* ---- concurrency and deaths ---- */

enum { THREADS = 4, ROUNDS = 50000 };

static void *count_much(void *context)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        vt_metric_add(context, VT_METRIC_SESSIONS, 0, 1);
        vt_metric_observe(context, VT_METRIC_STAGES, i % VT_METRIC_STAGE_COUNT, i % 100);
        vt_metric_change(context, VT_METRIC_SESSIONS_OPEN, 0, i % 2 == 0 ? 1 : -1);
    }
    return NULL;
}

static void threads_lose_nothing(void **state)
{
    struct files *files = *state;
    struct vt_metrics *gateway = writer(files, VT_ROLE_GATEWAY, 0);
    struct vt_metrics_reader *numbers = reader(files);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_much, gateway), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(vt_metrics_count_all(numbers, VT_METRIC_SESSIONS), THREADS * ROUNDS);
    assert_int_equal(vt_metrics_count_all(numbers, VT_METRIC_STAGES), THREADS * ROUNDS);
    assert_int_equal(vt_metrics_gauge(numbers, VT_METRIC_SESSIONS_OPEN, 0, 0), 0);
    vt_metrics_reader_free(numbers);
    vt_metrics_close(gateway);
}

static _Noreturn void count_until_killed(const struct files *files, int told)
{
    struct vt_metrics *metrics = NULL;
    struct vt_err err = {0};
    if (vt_metrics_open(files->write[VT_ROLE_REGISTRAR], VT_ROLE_REGISTRAR, 0, NULL, &metrics,
                        &err) != VT_OK)
        _exit(1);
    for (uint64_t n = 1;; n++) {
        vt_metric_add(metrics, VT_METRIC_RECORDS, 0, 1);
        if (n % 64 == 0 && write(told, &n, sizeof(n)) != (ssize_t)sizeof(n))
            _exit(1);
    }
}

/* What it had counted when it said so is there, and the next one goes on from there. */
static void a_killed_writer_loses_nothing(void **state)
{
    struct files *files = *state;
    struct vt_metrics_reader *numbers = reader(files);
    uint64_t least = 0;
    for (unsigned round = 0; round < 20; round++) {
        int pair[2];
        uint64_t told = 0, last = 0;
        assert_int_equal(pipe(pair), 0);
        pid_t pid = fork();
        if (pid == 0)
            count_until_killed(files, pair[1]);
        (void)close(pair[1]);
        for (unsigned i = 0; i < 10 + round; i++)
            assert_int_equal(read(pair[0], &told, sizeof(told)), sizeof(told));
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        while (read(pair[0], &last, sizeof(last)) == (ssize_t)sizeof(last))
            told = last;
        (void)close(pair[0]);
        uint64_t found = vt_metrics_count_all(numbers, VT_METRIC_RECORDS);
        assert_true(found >= least + told && found <= least + told + 64);
        least = found;
    }
    vt_metrics_reader_free(numbers);
}

static void a_child_has_no_part_in_it(void **state)
{
    struct files *files = *state;
    struct vt_metrics *inspector = writer(files, VT_ROLE_INSPECTOR, 0);
    int wait_status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        (void)signal(SIGSEGV, SIG_DFL);
        vt_metric_add(inspector, VT_METRIC_CHILDREN, 0, 1);
        _exit(0);
    }
    (void)waitpid(pid, &wait_status, 0);
    assert_false(WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0);
    shows(files, 0, "vanthu_inspection_children_total 0\n");
    vt_metrics_close(inspector);
}

/* ---- hostile writers and wrong files ---- */

static void a_reader_cannot_write(void **state)
{
    const struct files *files = *state;
    int fd = files->read[VT_ROLE_GATEWAY];
    uint64_t number = 1;
    char name[64];
    assert_int_equal(write(fd, &number, sizeof(number)), -1);
    assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    assert_int_equal(ftruncate(files->write[VT_ROLE_GATEWAY], 0), -1);
    assert_int_equal(fcntl(files->write[VT_ROLE_GATEWAY], F_ADD_SEALS, F_SEAL_WRITE), -1);
    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    if (geteuid() != 0)
        assert_int_equal(open(name, O_RDWR), -1);
}

/* Every cell all ones, and at random: still lines of numbers, buckets that do not fall. */
static void a_liar_is_a_number(void **state)
{
    struct files *files = *state;
    struct vt_metrics_layout layout;
    for (unsigned role = 0; role < VT_ROLES; role++) {
        vt_metric_cell *cells = NULL;
        vt_metrics_lay_out((enum vt_role_id)role, &layout);
        assert_int_equal(vt_metrics_map(files->write[role], &layout, true, &cells, NULL), VT_OK);
        for (uint32_t i = VT_CELL_HOSTS; i < layout.cells_count; i++)
            atomic_store(&cells[i], i % 3 == 0 ? UINT64_MAX : (uint64_t)i * 0x9e3779b97f4a7c15u);
        vt_metrics_unmap(cells, &layout);
    }
    struct vt_metrics_reader *numbers = reader(files);
    struct vt_problem problems[VT_MAX_PROBLEMS];
    const struct vt_metrics_view view = {files->config, 3};
    for (unsigned i = 0; i < VT_METRICS; i++)
        (void)vt_metrics_count_all(numbers, (enum vt_metric)i);
    assert_true(vt_metrics_problems(numbers, &view, 1800000000, problems) <= VT_MAX_PROBLEMS);
    vt_metrics_reader_free(numbers);
    char *text = text_of(files, 3);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        const char *value = strrchr(line, ' ');
        assert_non_null(value);
        if (line[0] != '#')
            assert_true(value[1] != '\0' && strspn(value + 1, "-0123456789.") == strlen(value + 1));
    }
    free(text);
}

static void other_files_are_refused(void **state)
{
    struct files *files = *state;
    struct vt_metrics *metrics = NULL;
    struct vt_metrics_layout layout;
    struct vt_err err = {0};
    vt_metrics_lay_out(VT_ROLE_GATEWAY, &layout);
    size_t bytes = layout.cells_count * sizeof(vt_metric_cell);
    assert_int_equal(
        vt_metrics_open(files->write[VT_ROLE_STATUS], VT_ROLE_GATEWAY, 0, NULL, &metrics, &err),
        VT_E_FORMAT);
    int open_end = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_int_equal(ftruncate(open_end, (off_t)bytes), 0);
    assert_int_equal(vt_metrics_open(open_end, VT_ROLE_GATEWAY, 0, NULL, &metrics, &err),
                     VT_E_FORMAT); /* its size may change */
    assert_int_equal(fcntl(open_end, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
    assert_int_equal(vt_metrics_open(open_end, VT_ROLE_GATEWAY, 0, NULL, &metrics, &err),
                     VT_E_FORMAT); /* of another version */
    assert_non_null(strstr(err.text, "another version"));
    (void)close(open_end);
    assert_int_equal(vt_metrics_open(-1, VT_ROLE_GATEWAY, 0, NULL, &metrics, &err), VT_OK);
    assert_null(metrics);
}

static void files_travel(void **state)
{
    struct files *files = *state;
    struct vt_metrics_reader *numbers = NULL;
    struct vt_metrics *gateway = writer(files, VT_ROLE_GATEWAY, 0);
    unsigned lane = 0;
    int pair[2];
    assert_int_equal(vt_wire_pair(pair, NULL), VT_OK);
    assert_int_equal(vt_metrics_send(pair[0], files->read, 5, NULL), VT_OK);
    assert_int_equal(vt_metrics_receive(pair[1], INT64_MAX, &numbers, &lane, NULL), VT_OK);
    assert_int_equal(lane, 5);
    vt_metric_add(gateway, VT_METRIC_SESSIONS, 0, 2);
    assert_int_equal(vt_metrics_count_all(numbers, VT_METRIC_SESSIONS), 2);
    vt_metrics_reader_free(numbers);
    assert_int_equal(vt_metrics_send(pair[0], files->read, VT_METRIC_LANES, NULL), VT_OK);
    assert_int_equal(vt_metrics_receive(pair[1], INT64_MAX, &numbers, &lane, NULL), VT_E_FORMAT);
    assert_int_equal(vt_wire_send(pair[0], VT_MSG_METRICS, VT_BYTES("{\"lane\": 0}"), files->read,
                                  VT_ROLES - 1, INT64_MAX, NULL),
                     VT_OK);
    assert_int_equal(vt_metrics_receive(pair[1], INT64_MAX, &numbers, &lane, NULL), VT_E_FORMAT);
    (void)close(pair[0]);
    (void)close(pair[1]);
    vt_metrics_close(gateway);
}

/* ---- health ---- */

#define NOW 1800000000

/* All of it well. */
static void be_well(const struct files *files)
{
    struct vt_metrics *master = writer(files, VT_ROLE_MASTER, 0);
    struct vt_metrics *status = writer(files, VT_ROLE_STATUS, 0);
    struct vt_metrics *registrar = writer(files, VT_ROLE_REGISTRAR, 0);
    for (unsigned role = VT_ROLE_GATEWAY; role < VT_ROLE_WEB; role++) {
        vt_metric_set(master, VT_METRIC_ROLE_STARTED, role, NOW - 100);
        vt_metric_set(master, VT_METRIC_ROLE_UP, role, 1);
    }
    vt_metric_set(status, VT_METRIC_TRUST_ANCHORS, VT_TRUST_OFFICIAL, 1);
    vt_metric_set(status, VT_METRIC_CLOCK_SANE, 0, 1);
    vt_metric_set(registrar, VT_METRIC_REGISTER_WRITABLE, 0, 1);
    vt_metric_set(registrar, VT_METRIC_OBJECTS_KEPT, 0, 1);
    vt_metric_set(registrar, VT_METRIC_REGISTER_TURN, 0, NOW);
    vt_metrics_close(master);
    vt_metrics_close(status);
    vt_metrics_close(registrar);
}

static void spoil(const struct files *files, enum vt_metric metric, unsigned index, int64_t value)
{
    struct vt_metrics_layout layout;
    vt_metric_cell *cells = NULL;
    enum vt_role_id role = vt_metric_infos[metric].writer;
    vt_metrics_lay_out(role, &layout);
    assert_int_equal(vt_metrics_map(files->write[role], &layout, true, &cells, NULL), VT_OK);
    atomic_store(&cells[layout.gauges_begin + layout.offsets[metric] + index], (uint64_t)value);
    vt_metrics_unmap(cells, &layout);
}

static void health_names_what_is_wrong(void **state)
{
    static const struct {
        const char *name;
        enum vt_metric metric;
        unsigned index;
        int64_t value;
        const char *code; /* NULL: well */
    } rows[] = {
        {"well", VT_METRIC_ROLE_UP, VT_ROLE_GATEWAY, 1, NULL},
        {"a role", VT_METRIC_ROLE_UP, VT_ROLE_GATEWAY, 0, "role-down"},
        {"the registrar, said once", VT_METRIC_ROLE_UP, VT_ROLE_REGISTRAR, 0, "role-down"},
        {"a role that nobody wants", VT_METRIC_ROLE_UP, VT_ROLE_WEB, 0, NULL},
        {"no commit", VT_METRIC_REGISTER_WRITABLE, 0, 0, "register-not-writing"},
        {"a disk that fills", VT_METRIC_OBJECTS_KEPT, 0, 0, "disk-nearly-full"},
        {"a disk that hangs", VT_METRIC_REGISTER_TURN, 0, NOW - 31, "register-hangs"},
        {"a disk that is slow", VT_METRIC_REGISTER_TURN, 0, NOW - 30, NULL},
        {"a notice for an hour", VT_METRIC_NOTICES_OLDEST, 0, NOW - 3600, NULL},
        {"a notice for longer", VT_METRIC_NOTICES_OLDEST, 0, NOW - 3601, "notices-late"},
        {"no root", VT_METRIC_TRUST_ANCHORS, VT_TRUST_OFFICIAL, 0, "trust-empty"},
        {"no public root", VT_METRIC_TRUST_ANCHORS, VT_TRUST_PUBLIC, 0, NULL},
        {"the clock", VT_METRIC_CLOCK_SANE, 0, 0, "clock-wrong"},
        {"a relay that is away", VT_METRIC_RELAY_AWAY, 0, NOW - 301, "relay-away"},
        {"one that may be there again", VT_METRIC_RELAY_AWAY, 0, NOW - 300, NULL},
        {"a mail that waits for a decision", VT_METRIC_HOLDS_OLDEST, 0, NOW - 48 * 3600 - 1,
         "held-too-long"},
        {"one that waits not so long", VT_METRIC_HOLDS_OLDEST, 0, NOW - 48 * 3600, NULL},
        {"a brake", VT_METRIC_BRAKE_UNTIL, 0, NOW + 1, "rule-braked"},
        {"a brake that was", VT_METRIC_BRAKE_UNTIL, 0, NOW, NULL},
    };
    struct files *files = *state;
    const struct vt_metrics_view view = {files->config, 0};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct vt_problem problems[VT_MAX_PROBLEMS];
        be_well(files);
        spoil(files, rows[i].metric, rows[i].index, rows[i].value);
        struct vt_metrics_reader *numbers = reader(files);
        size_t count = vt_metrics_problems(numbers, &view, NOW, problems);
        vt_metrics_reader_free(numbers);
        if (count != (rows[i].code != NULL) ||
            (count > 0 && strcmp(problems[0].code, rows[i].code) != 0))
            fail_msg("%s: %zu problems, %s", rows[i].name, count,
                     count > 0 ? problems[0].text : "none");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_sound),
        cmocka_unit_test_setup_teardown(counters_gauges_and_histograms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_ones_own_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(counters_outlive_their_writer_and_gauges_do_not, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(hosts_are_those_of_the_configuration, set_up, tear_down),
        cmocka_unit_test_setup_teardown(threads_lose_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_killed_writer_loses_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_child_has_no_part_in_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reader_cannot_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_liar_is_a_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_files_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_travel, set_up, tear_down),
        cmocka_unit_test_setup_teardown(health_names_what_is_wrong, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
