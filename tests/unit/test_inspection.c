/* SPDX-License-Identifier: Apache-2.0
 * The client of an inspection against an inspector and a status role of the test's own, which
 * answer as each case says: passes, deaths, nonsense, lateness. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vanthu/clock.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOTHING ((struct vt_bytes){NULL, 0})

enum answer {
    GOOD,         /* evidence, nothing wanted */
    WANTS,        /* evidence; status of a certificate wanted, until something is known */
    WANTS_ALWAYS, /* however much is known */
    DIES,
    DIES_AT_ONCE,   /* before the request was sent */
    DIES_UNREADING, /* before the request was read */
    REPORTS,
    WRONG_TYPE,
    NO_DESCRIPTORS,
    UNSEALED,
    NO_JSON,
    CLOSES,
    SILENT,
    SLOW,
    WANTS_SEEN
};

enum status {
    KNOWS,
    KNOWS_NOTHING,
    STATUS_LATE,
    STATUS_ERROR,
    STATUS_CLOSED,
    SEEN,
    NEVER_SEEN,
    REGISTER_LATE,
    REGISTER_ERROR
};

static int64_t in_msecs(int64_t msecs)
{
    return vt_clock_monotonic_msecs() + msecs;
}

static void nap(long msecs)
{
    nanosleep(&(struct timespec){.tv_sec = msecs / 1000, .tv_nsec = msecs % 1000 * 1000000}, NULL);
}

static int sealed(char *text, size_t len)
{
    int fd = -1;
    if (vt_memfd_seal("test", vt_bytes_of(text, len), &fd, NULL) != VT_OK)
        _exit(10);
    free(text);
    return fd;
}

/* ---- the servers ---- */

static const char segv[] = "{\"why\": \"signal 11 (SEGV)\"}";

/* The message id tells the test which pass this is and what came with the request. */
static int evidence_fd(unsigned pass, const struct vt_message *request)
{
    char note[80];
    (void)snprintf(note, sizeof(note), "pass %u, %zu descriptors", pass, request->fds_count);
    struct vt_evidence evidence = {.mail = {.message_id = note}};
    char *text = NULL;
    size_t len = 0;
    if (vt_evidence_to_json(&evidence, 0, &text, &len, NULL) != VT_OK)
        _exit(11);
    return sealed(text, len);
}

static const char digest[] = "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";

static int wants_fd(bool wanting, bool wants_first_seen)
{
    const char *digests[] = {digest};
    struct vt_want_status status = {VT_BYTES("certificate"), VT_BYTES("issuer")};
    struct vt_wants wants = {.status = &status,
                             .status_count = wanting ? 1 : 0,
                             .first_seen = digests,
                             .first_seen_count = wants_first_seen ? 1 : 0};
    char *text = NULL;
    size_t len = 0;
    if (vt_wants_to_json(&wants, &text, &len, NULL) != VT_OK)
        _exit(12);
    return sealed(text, len);
}

static void send_text(int fd, enum vt_message_type type, const char *text)
{
    if (vt_wire_send(fd, type, vt_bytes_str(text), NULL, 0, in_msecs(1000), NULL) != VT_OK)
        _exit(13);
}

static void send_inspected(int fd, enum answer answer, unsigned pass,
                           const struct vt_message *request)
{
    bool knows = request->fds_count > 1; /* no mail facts are sent here */
    bool wanting = answer == WANTS_ALWAYS || (answer == WANTS && !knows);
    int fds[2] = {evidence_fd(pass, request), wants_fd(wanting, answer == WANTS_SEEN && !knows)};
    if (answer == UNSEALED)
        fds[0] = memfd_create("test", MFD_CLOEXEC);
    if (answer == NO_JSON)
        fds[0] = sealed(strdup("{\"v\""), 4);
    enum vt_message_type type = answer == WRONG_TYPE ? VT_MSG_STATUS_IS : VT_MSG_INSPECTED;
    size_t count = answer == NO_DESCRIPTORS ? 0 : 2;
    if (vt_wire_send(fd, type, NOTHING, fds, count, in_msecs(1000), NULL) != VT_OK)
        _exit(14);
    close(fds[0]);
    close(fds[1]);
}

static void be_inspector(int channel, enum answer answer)
{
    static struct vt_message request;
    for (unsigned pass = 1;; pass++) {
        int fd = -1;
        if (vt_wire_accept(channel, in_msecs(10000), &fd, NULL) != VT_OK)
            _exit(15);
        if (answer == DIES_AT_ONCE || answer == DIES_UNREADING) {
            if (answer == DIES_UNREADING)
                (void)poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 1000);
            send_text(fd, VT_MSG_DIED, segv);
            close(fd);
            continue;
        }
        if (vt_wire_receive(fd, &request, 3, in_msecs(1000), NULL) != VT_OK)
            _exit(20);
        if (answer == DIES)
            send_text(fd, VT_MSG_DIED, segv);
        else if (answer == REPORTS)
            send_text(fd, VT_MSG_ERROR, "evil\r\ntext");
        else if (answer == SILENT)
            pause();
        else if (answer != CLOSES) {
            nap(answer == SLOW ? 2300 : 0);
            send_inspected(fd, answer, pass, &request);
        }
        vt_message_close(&request);
        close(fd);
    }
}

static int known_fd(bool knows)
{
    struct vt_status_fact fact = {.serial = "01", .source = "crl", .origin = "given"};
    memset(fact.issuer_key_sha256, 'a', 64);
    memset(fact.data_sha256, 'b', 64);
    fact.next_update_utc_secs = fact.revoked_at_utc_secs = VT_TIME_NONE;
    fact.keeps_expired_since_utc_secs = VT_TIME_NONE;
    struct vt_known known = {.facts = &fact, .facts_count = knows ? 1 : 0};
    char *text = NULL;
    size_t len = 0;
    if (vt_known_to_json(&known, &text, &len, NULL) != VT_OK)
        _exit(16);
    return sealed(text, len);
}

static void be_status(int channel, enum status status)
{
    static struct vt_message request;
    for (;;) {
        int fd = -1;
        if (vt_wire_accept(channel, in_msecs(10000), &fd, NULL) != VT_OK ||
            vt_wire_receive(fd, &request, 1, in_msecs(1000), NULL) != VT_OK)
            _exit(17);
        if (request.type != VT_MSG_STATUS || request.fds_count != 1)
            _exit(18);
        vt_message_close(&request);
        if (status == STATUS_LATE)
            pause();
        if (status == STATUS_ERROR)
            send_text(fd, VT_MSG_ERROR, "no disk");
        if (status == KNOWS || status == KNOWS_NOTHING) {
            int known = known_fd(status == KNOWS);
            if (vt_wire_send(fd, VT_MSG_STATUS_IS, NOTHING, &known, 1, in_msecs(1000), NULL) !=
                VT_OK)
                _exit(19);
            close(known);
        }
        close(fd);
    }
}

static void be_registrar(int channel, enum status status)
{
    static struct vt_message request;
    for (;;) {
        int fd = -1;
        if (vt_wire_accept(channel, in_msecs(10000), &fd, NULL) != VT_OK ||
            vt_wire_receive(fd, &request, 1, in_msecs(1000), NULL) != VT_OK)
            _exit(21);
        if (request.type != VT_MSG_LOOK || request.fds_count != 1)
            _exit(22);
        vt_message_close(&request);
        if (status == REGISTER_LATE)
            pause();
        if (status == REGISTER_ERROR)
            send_text(fd, VT_MSG_ERROR, "disk full");
        if (status == SEEN || status == NEVER_SEEN) {
            const char *text = status == SEEN
                                   ? "{\"first_seen\": [500], \"first_deferred\": null, "
                                     "\"exceptions\": []}"
                                   : "{\"first_seen\": [null], \"first_deferred\": null, "
                                     "\"exceptions\": []}";
            int looked = sealed(strdup(text), strlen(text));
            if (vt_wire_send(fd, VT_MSG_LOOKED, NOTHING, &looked, 1, in_msecs(1000), NULL) != VT_OK)
                _exit(23);
            close(looked);
        }
        close(fd);
    }
}

/* ---- cases ---- */

static const struct {
    const char *name;
    enum answer answer;
    enum status status;
    bool offline;
    enum vt_code want;
    unsigned passes;
    const char *text; /* of the evidence, or of the fault */
} cases[] = {
    {"one pass is enough", GOOD, KNOWS, false, VT_OK, 1, "pass 1, 1 descriptors"},
    {"wanted, brought, asked again", WANTS, KNOWS, false, VT_OK, 2, "pass 2, 2 descriptors"},
    {"passes are bounded", WANTS_ALWAYS, KNOWS, false, VT_OK, 3, "pass 3, 2 descriptors"},
    {"offline asks nobody", WANTS, KNOWS, true, VT_OK, 1, "pass 1, 1 descriptors"},
    {"status knows nothing", WANTS, KNOWS_NOTHING, false, VT_OK, 1, "pass 1, 1 descriptors"},
    {"status is late", WANTS, STATUS_LATE, false, VT_OK, 1, "pass 1, 1 descriptors"},
    {"status fails", WANTS, STATUS_ERROR, false, VT_OK, 1, "pass 1, 1 descriptors"},
    {"status closes", WANTS, STATUS_CLOSED, false, VT_OK, 1, "pass 1, 1 descriptors"},
    {"seen before, asked again", WANTS_SEEN, SEEN, false, VT_OK, 2, "pass 2, 2 descriptors"},
    {"never seen", WANTS_SEEN, NEVER_SEEN, false, VT_OK, 1, "pass 1, 1 descriptors"},
    {"offline no register is asked", WANTS_SEEN, SEEN, true, VT_OK, 1, "pass 1, 1 descriptors"},
    {"the register is late", WANTS_SEEN, REGISTER_LATE, false, VT_OK, 1, "pass 1, 1 descriptors"},
    {"the register fails", WANTS_SEEN, REGISTER_ERROR, false, VT_OK, 1, "pass 1, 1 descriptors"},
    {"the child died", DIES, KNOWS, false, VT_E_PEER, 1, "signal 11 (SEGV)"},
    {"the child died before it was asked", DIES_AT_ONCE, KNOWS, false, VT_E_PEER, 1,
     "signal 11 (SEGV)"},
    {"the child died before it read", DIES_UNREADING, KNOWS, false, VT_E_PEER, 1,
     "signal 11 (SEGV)"},
    {"the child reports a fault", REPORTS, KNOWS, false, VT_E_PEER, 1, "evil??text"},
    {"another message", WRONG_TYPE, KNOWS, false, VT_E_PEER, 1, "something else"},
    {"no descriptors", NO_DESCRIPTORS, KNOWS, false, VT_E_PEER, 1, "something else"},
    {"evidence is not sealed", UNSEALED, KNOWS, false, VT_E_PEER, 1, "sealed"},
    {"evidence is no JSON", NO_JSON, KNOWS, false, VT_E_PEER, 1, ""},
    {"the connection is closed", CLOSES, KNOWS, false, VT_E_PEER, 1, "closed"},
};

struct bench {
    int inspect[2], status[2], record[2];
    pid_t inspector, status_role, registrar;
    int mail;
};

static void open_bench(struct bench *bench, enum answer answer, enum status status)
{
    assert_int_equal(vt_wire_pair(bench->inspect, NULL), VT_OK);
    assert_int_equal(vt_wire_pair(bench->status, NULL), VT_OK);
    assert_int_equal(vt_wire_pair(bench->record, NULL), VT_OK);
    assert_int_equal(vt_memfd_seal("mail", VT_BYTES("Subject: x\r\n"), &bench->mail, NULL), VT_OK);
    bench->inspector = fork();
    if (bench->inspector == 0)
        be_inspector(bench->inspect[1], answer);
    bench->status_role = fork();
    if (bench->status_role == 0)
        be_status(bench->status[1], status);
    bench->registrar = fork();
    if (bench->registrar == 0)
        be_registrar(bench->record[1], status);
}

static void close_bench(struct bench *bench)
{
    const pid_t pids[] = {bench->inspector, bench->status_role, bench->registrar};
    for (size_t i = 0; i < COUNT(pids); i++) {
        int status = 0;
        kill(pids[i], SIGKILL);
        waitpid(pids[i], &status, 0);
        if (WIFEXITED(status))
            fail_msg("a server ended with %d", WEXITSTATUS(status));
    }
    for (size_t i = 0; i < 2; i++) {
        close(bench->inspect[i]);
        close(bench->status[i]);
        close(bench->record[i]);
    }
    close(bench->mail);
}

static struct vt_inspection inspection_of(const struct bench *bench)
{
    return (struct vt_inspection){.inspect_fd = bench->inspect[0],
                                  .status_fd = bench->status[0],
                                  .record_fd = bench->record[0],
                                  .mail_fd = bench->mail,
                                  .name = "x.eml",
                                  .is_mail = true,
                                  .now_utc_secs = 1000,
                                  .deadline_msecs = in_msecs(10000),
                                  .inspection_msecs = 5000,
                                  .status_msecs = 300,
                                  .register_msecs = 300};
}

static void answers_and_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bench bench;
        struct vt_err err = {0};
        struct vt_evidence *evidence = NULL;
        struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
        open_bench(&bench, cases[i].answer, cases[i].status);
        struct vt_inspection inspection = inspection_of(&bench);
        inspection.offline = cases[i].offline;
        enum vt_code code = vt_inspection_run(arena, &inspection, &evidence, &err);
        const char *text = code == VT_OK ? evidence->mail.message_id : err.text;
        if (code != cases[i].want || inspection.passes != cases[i].passes ||
            strstr(text, cases[i].text) == NULL)
            fail_msg("%s: %s, %u passes, \"%s\"", cases[i].name, vt_code_name(code),
                     inspection.passes, text);
        bool is_silent = cases[i].status == REGISTER_LATE || cases[i].status == REGISTER_ERROR;
        bool is_new = cases[i].answer == WANTS_SEEN && inspection.passes == 1;
        assert_int_equal(inspection.is_register_silent, is_silent);
        assert_int_equal(inspection.not_seen_count, is_new ? 1 : 0);
        if (is_new)
            assert_string_equal(inspection.not_seen[0], digest);
        close_bench(&bench);
        vt_arena_free(arena);
    }
}

static void count_calls(void *context)
{
    (*(unsigned *)context)++;
}

static void waiting_is_told_every_second(void **state)
{
    (void)state;
    struct bench bench;
    struct vt_evidence *evidence = NULL;
    unsigned calls = 0;
    struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    open_bench(&bench, SLOW, KNOWS);
    struct vt_inspection inspection = inspection_of(&bench);
    inspection.progress = count_calls;
    inspection.progress_context = &calls;
    assert_int_equal(vt_inspection_run(arena, &inspection, &evidence, NULL), VT_OK);
    assert_true(calls >= 3 && calls <= 4);
    assert_true(inspection.spent_inspection_msecs >= 2300);
    close_bench(&bench);
    vt_arena_free(arena);
}

static void a_silent_inspector_ends_by_the_deadline(void **state)
{
    (void)state;
    struct bench bench;
    struct vt_evidence *evidence = NULL;
    struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    open_bench(&bench, SILENT, KNOWS);
    struct vt_inspection inspection = inspection_of(&bench);
    int64_t start = vt_clock_monotonic_msecs();
    inspection.deadline_msecs = start + 300;
    assert_int_equal(vt_inspection_run(arena, &inspection, &evidence, NULL), VT_E_TIMEOUT);
    int64_t spent = vt_clock_monotonic_msecs() - start;
    assert_true(spent >= 300 && spent < 2000);
    assert_null(evidence);
    close_bench(&bench);
    vt_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_and_faults),
        cmocka_unit_test(waiting_is_told_every_second),
        cmocka_unit_test(a_silent_inspector_ends_by_the_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
