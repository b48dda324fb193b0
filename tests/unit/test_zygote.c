/* SPDX-License-Identifier: Apache-2.0
 * The inspector's zygote with a child of the test's own: it answers, crashes, hangs or looks around
 * as the request says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/wire_client.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "inspector/zygote.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CHILD_MSECS 700

/* Both ends of everything, as the master keeps them. */
struct bench {
    int control[2], inspect[2], generation[2];
    pid_t zygote;
};

static int64_t soon(void)
{
    return vt_clock_monotonic_msecs() + 10000;
}

/* ---- the child ---- */

static int count_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) != -1)
            count++;
    return count;
}

static int reply(int connection, const char *text)
{
    return vt_wire_send(connection, VT_MSG_INSPECTED, vt_bytes_str(text), NULL, 0, soon(), NULL) ==
                   VT_OK
               ? EX_OK
               : EX_SOFTWARE;
}

static int die_of(int number)
{
    (void)signal(number, SIG_DFL);
    (void)raise(number);
    return EX_OK;
}

static int act(const char *request, int connection, const struct vt_known *known)
{
    char text[64];
    if (strcmp(request, "descriptors") == 0)
        (void)snprintf(text, sizeof(text), "%d", count_descriptors());
    else if (strcmp(request, "known") == 0)
        (void)snprintf(text, sizeof(text), "%zu", known == NULL ? 0 : known->facts_count);
    else
        (void)snprintf(text, sizeof(text), "%ld", (long)getpid());
    if (strcmp(request, "segv") == 0)
        return die_of(SIGSEGV);
    if (strcmp(request, "sys") == 0)
        return die_of(SIGSYS);
    if (strcmp(request, "xcpu") == 0)
        return die_of(SIGXCPU);
    if (strcmp(request, "memory") == 0)
        return EX_TEMPFAIL;
    if (strcmp(request, "exit") == 0)
        return 9;
    int status = reply(connection, text);
    if (strcmp(request, "hang") == 0)
        for (;;)
            pause();
    if (strcmp(request, "slow") == 0)
        nanosleep(&(struct timespec){.tv_nsec = 300 * 1000 * 1000}, NULL);
    return status;
}

static int serve(void *context, int connection, const struct vt_known *known)
{
    (void)context;
    static struct vt_message message;
    if (vt_wire_receive(connection, &message, 0, soon(), NULL) != VT_OK)
        return EX_PROTOCOL;
    char request[32];
    size_t len = message.body_len < sizeof(request) ? message.body_len : sizeof(request) - 1;
    memcpy(request, message.body, len);
    request[len] = '\0';
    return act(request, connection, known);
}

/* ---- the bench ---- */

static void start_zygote(struct bench *bench, unsigned parallel)
{
    bench->zygote = fork();
    assert_true(bench->zygote >= 0);
    if (bench->zygote != 0)
        return;
    close(bench->control[0]);
    close(bench->inspect[0]);
    vt_log_open("zygote", false, VT_LOG_DEBUG);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDERR_FILENO);
    const struct vt_zygote_options options = {.control = bench->control[1],
                                              .inspect = bench->inspect[1],
                                              .generation = bench->generation[1],
                                              .parallel = parallel,
                                              .child_msecs = CHILD_MSECS,
                                              .serve = serve};
    _exit(vt_zygote_run(&options));
}

static void open_bench(struct bench *bench, unsigned parallel)
{
    assert_int_equal(vt_wire_pair(bench->control, NULL), VT_OK);
    assert_int_equal(vt_wire_pair(bench->inspect, NULL), VT_OK);
    assert_int_equal(vt_wire_pair(bench->generation, NULL), VT_OK);
    start_zygote(bench, parallel);
    static struct vt_message ready;
    assert_int_equal(vt_wire_receive(bench->control[0], &ready, 0, soon(), NULL), VT_OK);
    assert_int_equal(ready.type, VT_MSG_READY);
}

static int end_of_zygote(const struct bench *bench)
{
    int status = -1;
    assert_int_equal(waitpid(bench->zygote, &status, 0), bench->zygote);
    return status;
}

static void close_bench(struct bench *bench)
{
    close(bench->control[0]);
    close(bench->control[1]);
    assert_int_equal(end_of_zygote(bench), 0);
    for (size_t i = 0; i < 2; i++) {
        close(bench->inspect[i]);
        close(bench->generation[i]);
    }
}

static void ask(const struct bench *bench, const char *request, struct vt_message *answer)
{
    assert_int_equal(wire_call(bench->inspect[0], VT_MSG_INSPECT, vt_bytes_str(request), NULL, 0,
                               answer, 0, soon(), NULL),
                     VT_OK);
    answer->body[answer->body_len] = '\0';
}

static int open_request(const struct bench *bench, const char *request)
{
    int fd = -1;
    assert_int_equal(vt_wire_open(bench->inspect[0], soon(), &fd, NULL), VT_OK);
    assert_int_equal(vt_wire_send(fd, VT_MSG_INSPECT, vt_bytes_str(request), NULL, 0, soon(), NULL),
                     VT_OK);
    return fd;
}

static struct vt_message answer;

static const char *answer_text(void)
{
    return (const char *)answer.body;
}

static void each_request_has_a_child_of_its_own(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 2);
    long before = 0;
    for (size_t i = 0; i < 5; i++) {
        ask(&bench, "pid", &answer);
        assert_int_equal(answer.type, VT_MSG_INSPECTED);
        long pid = atol(answer_text());
        assert_true(pid > 0 && pid != before && pid != bench.zygote);
        before = pid;
    }
    close_bench(&bench);
}

static void a_child_has_its_connection_only(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 2);
    ask(&bench, "descriptors", &answer);
    assert_string_equal(answer_text(), "4"); /* 0, 1, 2 and the connection */
    close_bench(&bench);
}

static void a_death_is_told_with_its_cause(void **state)
{
    (void)state;
    static const struct {
        const char *request, *want;
        bool renews;
    } cases[] = {
        {"segv", "{\"why\":\"signal 11 (SEGV)\"}", true},
        {"sys", "{\"why\":\"sandbox: forbidden system call\"}", true},
        {"xcpu", "{\"why\":\"out of processor time\"}", false},
        {"memory", "{\"why\":\"out of memory\"}", false},
        {"exit", "{\"why\":\"exit status 9\"}", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bench bench;
        open_bench(&bench, 2);
        ask(&bench, cases[i].request, &answer);
        assert_int_equal(answer.type, VT_MSG_DIED);
        assert_string_equal(answer_text(), cases[i].want);
        enum vt_code code =
            vt_wire_receive(bench.control[0], &answer, 1, cases[i].renews ? soon() : 0, NULL);
        assert_int_equal(code, cases[i].renews ? VT_OK : VT_E_TIMEOUT);
        if (cases[i].renews)
            assert_int_equal(answer.type, VT_MSG_RENEW);
        close_bench(&bench);
    }
}

static void a_hanging_child_is_killed_at_its_deadline(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 1);
    int hanging = open_request(&bench, "hang");
    assert_int_equal(vt_wire_receive(hanging, &answer, 0, soon(), NULL), VT_OK);
    /* The only place is taken: this one waits in the channel, and is served afterwards. */
    int64_t start = vt_clock_monotonic_msecs();
    int waiting = open_request(&bench, "pid");
    assert_int_equal(vt_wire_receive(hanging, &answer, 0, soon(), NULL), VT_OK);
    answer.body[answer.body_len] = '\0';
    assert_int_equal(answer.type, VT_MSG_DIED);
    assert_string_equal(answer_text(), "{\"why\":\"deadline 0 s\"}");
    assert_int_equal(vt_wire_receive(waiting, &answer, 0, soon(), NULL), VT_OK);
    assert_int_equal(answer.type, VT_MSG_INSPECTED);
    assert_true(vt_clock_monotonic_msecs() - start >= CHILD_MSECS / 2);
    close(hanging);
    close(waiting);
    close_bench(&bench);
}

static bool ends_soon(pid_t pid)
{
    for (int i = 0; i < 300; i++) {
        if (kill(pid, 0) != 0 && errno == ESRCH)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
    }
    return false;
}

static void closing_the_connection_cancels(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 1);
    int fd = open_request(&bench, "hang");
    assert_int_equal(vt_wire_receive(fd, &answer, 0, soon(), NULL), VT_OK);
    answer.body[answer.body_len] = '\0';
    pid_t child = (pid_t)atol(answer_text());
    assert_int_equal(kill(child, 0), 0);
    close(fd);
    assert_true(ends_soon(child)); /* long before its deadline */
    ask(&bench, "pid", &answer);
    assert_int_equal(answer.type, VT_MSG_INSPECTED);
    close_bench(&bench);
}

static void a_client_that_left_the_queue_costs_no_child(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 1);
    int hanging = open_request(&bench, "hang");
    assert_int_equal(vt_wire_receive(hanging, &answer, 0, soon(), NULL), VT_OK);
    /* Each of these would hold the only place for its whole deadline. */
    for (size_t i = 0; i < 20; i++)
        close(open_request(&bench, "hang"));
    int64_t start = vt_clock_monotonic_msecs();
    close(hanging);
    ask(&bench, "pid", &answer);
    assert_int_equal(answer.type, VT_MSG_INSPECTED);
    assert_true(vt_clock_monotonic_msecs() - start < CHILD_MSECS);
    close_bench(&bench);
}

static void a_successor_serves_what_waits(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 1);
    int crashing = open_request(&bench, "segv");
    int waiting[3];
    for (size_t i = 0; i < COUNT(waiting); i++)
        waiting[i] = open_request(&bench, "pid");
    assert_int_equal(vt_wire_receive(crashing, &answer, 0, soon(), NULL), VT_OK);
    assert_int_equal(answer.type, VT_MSG_DIED);
    assert_int_equal(vt_wire_receive(bench.control[0], &answer, 1, soon(), NULL), VT_OK);
    assert_int_equal(answer.type, VT_MSG_RENEW);
    assert_int_equal(end_of_zygote(&bench), 0);
    start_zygote(&bench, 1);
    for (size_t i = 0; i < COUNT(waiting); i++) {
        assert_int_equal(vt_wire_receive(waiting[i], &answer, 0, soon(), NULL), VT_OK);
        assert_int_equal(answer.type, VT_MSG_INSPECTED);
        close(waiting[i]);
    }
    close(crashing);
    close_bench(&bench);
}

static void a_crash_leaves_the_other_mails_alone(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 2);
    int slow = open_request(&bench, "slow");
    int crashing = open_request(&bench, "segv");
    assert_int_equal(vt_wire_receive(crashing, &answer, 0, soon(), NULL), VT_OK);
    assert_int_equal(answer.type, VT_MSG_DIED);
    assert_int_equal(vt_wire_receive(slow, &answer, 0, soon(), NULL), VT_OK);
    assert_int_equal(answer.type, VT_MSG_INSPECTED);
    close(slow);
    close(crashing);
    close_bench(&bench);
}

static int generation_of(size_t facts_count)
{
    struct vt_status_fact facts[3];
    memset(facts, 0, sizeof(facts));
    for (size_t i = 0; i < COUNT(facts); i++) {
        memset(facts[i].issuer_key_sha256, 'a', 64);
        memset(facts[i].data_sha256, 'b', 64);
        facts[i].serial = "01";
        facts[i].source = "crl";
        facts[i].origin = "given";
        facts[i].next_update_utc_secs = facts[i].revoked_at_utc_secs = VT_TIME_NONE;
        facts[i].keeps_expired_since_utc_secs = VT_TIME_NONE;
    }
    struct vt_known known = {.facts = facts, .facts_count = facts_count};
    char *text = NULL;
    size_t len = 0;
    int fd = -1;
    assert_int_equal(vt_known_to_json(&known, &text, &len, NULL), VT_OK);
    assert_int_equal(vt_memfd_seal("known", vt_bytes_of(text, len), &fd, NULL), VT_OK);
    free(text);
    return fd;
}

static void publish(int socket_fd, int memory_fd)
{
    assert_int_equal(vt_wire_send(socket_fd, VT_MSG_GENERATION, (struct vt_bytes){NULL, 0},
                                  &memory_fd, 1, soon(), NULL),
                     VT_OK);
    close(memory_fd);
}

static void the_newest_generation_is_known(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 1);
    ask(&bench, "known", &answer);
    assert_string_equal(answer_text(), "0");
    publish(bench.control[0], generation_of(1)); /* of a predecessor */
    ask(&bench, "known", &answer);
    assert_string_equal(answer_text(), "1");
    publish(bench.generation[0], generation_of(3));
    ask(&bench, "known", &answer);
    assert_string_equal(answer_text(), "3");
    publish(bench.control[0], generation_of(1)); /* an older one does not replace it */
    ask(&bench, "known", &answer);
    assert_string_equal(answer_text(), "3");
    int damaged = -1;
    assert_int_equal(vt_memfd_seal("known", VT_BYTES("{"), &damaged, NULL), VT_OK);
    publish(bench.generation[0], damaged);
    publish(bench.generation[0], open("/dev/null", O_RDONLY | O_CLOEXEC));
    ask(&bench, "known", &answer);
    assert_string_equal(answer_text(), "3");
    /* It goes on to the successor. */
    ask(&bench, "segv", &answer);
    assert_int_equal(vt_wire_receive(bench.control[0], &answer, 1, soon(), NULL), VT_OK);
    assert_int_equal(answer.type, VT_MSG_RENEW);
    assert_int_equal(answer.fds_count, 1);
    vt_message_close(&answer);
    close_bench(&bench);
}

static void the_end_of_the_master_ends_it(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 2);
    int slow = open_request(&bench, "slow");
    assert_int_equal(vt_wire_receive(slow, &answer, 0, soon(), NULL), VT_OK);
    close(bench.control[0]);
    close(bench.control[1]);
    assert_int_equal(end_of_zygote(&bench), 0);
    close(slow);
    for (size_t i = 0; i < 2; i++) {
        close(bench.inspect[i]);
        close(bench.generation[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_has_a_child_of_its_own),
        cmocka_unit_test(a_child_has_its_connection_only),
        cmocka_unit_test(a_death_is_told_with_its_cause),
        cmocka_unit_test(a_hanging_child_is_killed_at_its_deadline),
        cmocka_unit_test(closing_the_connection_cancels),
        cmocka_unit_test(a_client_that_left_the_queue_costs_no_child),
        cmocka_unit_test(a_successor_serves_what_waits),
        cmocka_unit_test(a_crash_leaves_the_other_mails_alone),
        cmocka_unit_test(the_newest_generation_is_known),
        cmocka_unit_test(the_end_of_the_master_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
