/* SPDX-License-Identifier: Apache-2.0
 * The registrar: its messages, and the role with the test as its gateway and master. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/register_mail.h"
#include "../lib/register_site.h"
#include "register/body.h"
#include "register/messages.h"
#include "register/room.h"
#include "vanthu/log.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* ---- messages ---- */

static void what_is_asked_comes_back(void **state)
{
    (void)state;
    static const char *const digests[] = {HEX64, HEX64};
    const struct vt_look look = {.first_seen = digests,
                                 .first_seen_count = 2,
                                 .defer_key_sha256 = HEX64,
                                 .documents_sha256 = digests,
                                 .documents_count = 1,
                                 .certificates_sha256 = digests,
                                 .certificates_count = 2};
    struct vt_look read;
    char *text = NULL;
    size_t len = 0;
    struct vt_arena *arena = vt_arena_new(1 << 20);
    assert_int_equal(vt_look_to_json(&look, &text, &len, NULL), VT_OK);
    assert_int_equal(vt_look_from_json(arena, vt_bytes_of(text, len), &read, NULL), VT_OK);
    assert_int_equal(read.first_seen_count, 2);
    assert_string_equal(read.first_seen[1], HEX64);
    assert_string_equal(read.defer_key_sha256, HEX64);
    assert_int_equal(read.documents_count, 1);
    assert_int_equal(read.certificates_count, 2);
    free(text);
    int64_t times[] = {12, VT_TIME_NONE};
    struct vt_register_exception exception = {.seq = 7,
                                              .reference = "1831-0927-5569",
                                              .until_utc_secs = 99,
                                              .document_sha256 = HEX64,
                                              .reason = VT_REASON_CERT_REVOKED};
    const struct vt_looked looked = {.first_seen_utc_secs = times,
                                     .first_deferred_utc_secs = 5,
                                     .exceptions = &exception,
                                     .exceptions_count = 1};
    struct vt_looked answer;
    assert_int_equal(vt_looked_to_json(&looked, 2, &text, &len, NULL), VT_OK);
    assert_int_equal(vt_looked_from_json(arena, vt_bytes_of(text, len), 2, &answer, NULL), VT_OK);
    assert_int_equal(answer.first_seen_utc_secs[0], 12);
    assert_true(answer.first_seen_utc_secs[1] == VT_TIME_NONE);
    assert_int_equal(answer.first_deferred_utc_secs, 5);
    assert_int_equal(answer.exceptions_count, 1);
    assert_memory_equal(&answer.exceptions[0].document_sha256, HEX64, 65);
    assert_int_equal(answer.exceptions[0].reason, VT_REASON_CERT_REVOKED);
    assert_int_equal(vt_looked_from_json(arena, vt_bytes_of(text, len), 3, &answer, NULL),
                     VT_E_FORMAT);
    free(text);
    vt_arena_free(arena);
}

static enum vt_code read_look(struct vt_arena *arena, struct vt_bytes json)
{
    struct vt_look out;
    return vt_look_from_json(arena, json, &out, NULL);
}

static enum vt_code read_head(struct vt_arena *arena, struct vt_bytes json)
{
    struct vt_register_record out;
    return vt_record_head_from_json(arena, json, &out, NULL);
}

static enum vt_code read_head_of_chain(struct vt_arena *arena, struct vt_bytes json)
{
    struct vt_register_head out;
    (void)arena;
    return vt_head_from_json(json, &out, NULL);
}

static enum vt_code read_answers(struct vt_arena *arena, struct vt_bytes json)
{
    struct vt_register_record *out;
    size_t count;
    return vt_answers_from_json(arena, json, &out, &count, NULL);
}

static enum vt_code read_order(struct vt_arena *arena, struct vt_bytes json)
{
    struct vt_notice_order out;
    return vt_notice_order_from_json(arena, json, &out, NULL);
}

static enum vt_code read_ordered(struct vt_arena *arena, struct vt_bytes json)
{
    int64_t out;
    (void)arena;
    return vt_notice_ordered_from_json(json, &out, NULL);
}

static const struct {
    enum vt_code (*read)(struct vt_arena *arena, struct vt_bytes json);
    const char *json;
    enum vt_code want;
} told[] = {
    {read_look, "{\"first_seen\": [], \"documents\": [], \"certificates\": []}", VT_OK},
    {read_look, "{\"first_seen\": [], \"documents\": []}", VT_E_FORMAT},
    {read_look, "{\"first_seen\": [\"ab\"], \"documents\": [], \"certificates\": []}", VT_E_FORMAT},
    {read_look, "{\"first_seen\": {}, \"documents\": [], \"certificates\": []}", VT_E_FORMAT},
    {read_look, "{\"first_seen\": [1], \"documents\": [], \"certificates\": []}", VT_E_FORMAT},
    {read_look,
     "{\"first_seen\": [], \"documents\": [], \"certificates\": [], \"defer_key\": \"x\"}",
     VT_E_FORMAT},
    {read_look, "[", VT_E_FORMAT},
    {read_head, "{\"kind\": \"decided\", \"reference\": \"1831-0927-5569\"}", VT_OK},
    {read_head, "{\"kind\": \"event\", \"reference\": \"\"}", VT_OK},
    {read_head, "{\"kind\": \"decided\", \"reference\": \"\"}", VT_E_FORMAT},
    {read_head, "{\"kind\": \"decided\", \"reference\": \"1831-0927-5560\"}", VT_E_FORMAT},
    {read_head, "{\"kind\": \"destroyed\", \"reference\": \"1831-0927-5569\"}", VT_E_FORMAT},
    {read_head, "{\"kind\": \"answered\", \"reference\": \"1831-0927-5569\"}", VT_E_FORMAT},
    {read_head, "{\"reference\": \"1831-0927-5569\"}", VT_E_FORMAT},
    {read_head_of_chain, "{\"record\": 1, \"chain\": \"" HEX64 "\", \"time\": 5}", VT_OK},
    {read_head_of_chain, "{\"record\": -1, \"chain\": \"" HEX64 "\", \"time\": 5}", VT_E_FORMAT},
    {read_head_of_chain, "{\"record\": 1, \"chain\": \"ab\", \"time\": 5}", VT_E_FORMAT},
    {read_head_of_chain, "{\"record\": 1, \"chain\": \"" HEX64 "\"}", VT_E_FORMAT},
    {read_head_of_chain, "{\"record\": 1, \"time\": 5}", VT_E_FORMAT},
    {read_answers, "{\"answers\": []}", VT_OK},
    {read_answers, "{\"answers\": [{\"reference\": \"1831-0927-5569\", \"kind\": \"accept\"}]}",
     VT_OK},
    {read_answers, "{\"answers\": [{\"reference\": \"1831-0927-5569\", \"kind\": \"eaten\"}]}",
     VT_E_FORMAT},
    {read_answers, "{\"answers\": [{\"kind\": \"accept\"}]}", VT_E_FORMAT},
    {read_answers, "{\"answers\": [1]}", VT_E_FORMAT},
    {read_answers, "{}", VT_E_FORMAT},
    {read_order, "{\"order\": \"drop\", \"id\": 7, \"by\": \"root\", \"why\": \"x\"}", VT_OK},
    {read_order, "{\"order\": \"retry\", \"id\": 0, \"by\": \"\", \"why\": \"\"}", VT_OK},
    {read_order, "{\"order\": \"eat\", \"id\": 7, \"by\": \"\", \"why\": \"\"}", VT_E_FORMAT},
    {read_order, "{\"order\": \"drop\", \"id\": -7, \"by\": \"\", \"why\": \"\"}", VT_E_FORMAT},
    {read_order, "{\"order\": \"drop\", \"id\": 7, \"by\": \"a\\u001b\", \"why\": \"\"}",
     VT_E_FORMAT},
    {read_order, "{\"order\": \"drop\", \"id\": 7, \"by\": \"\"}", VT_E_FORMAT},
    {read_ordered, "{\"count\": 3}", VT_OK},
    {read_ordered, "{\"count\": \"3\"}", VT_E_FORMAT},
};

static void nothing_is_believed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(told); i++) {
        struct vt_arena *arena = vt_arena_new(1 << 20);
        enum vt_code code = told[i].read(arena, vt_bytes_str(told[i].json));
        if (code != told[i].want)
            fail_msg("%s: %s", told[i].json, vt_code_name(code));
        vt_arena_free(arena);
    }
}

/* What goes to the registrar and is written there is what the gateway had. */
static void a_body_survives_the_way(void **state)
{
    (void)state;
    for (uint64_t number = 1; number <= 200; number++) {
        struct made_mail *mail = malloc(sizeof(*mail));
        struct vt_register_record record = made_mail(mail, number, (unsigned)number % 100, 60);
        struct vt_register_record read = record;
        struct vt_buf first, second;
        struct vt_arena *arena = vt_arena_new(1 << 26);
        vt_buf_init(&first, VT_MAX_REGISTER_BODY_BYTES);
        vt_buf_init(&second, VT_MAX_REGISTER_BODY_BYTES);
        assert_int_equal(vt_body_write(&record, &first, NULL), VT_OK);
        assert_int_equal(vt_body_read(arena, vt_buf_bytes(&first), &read, NULL), VT_OK);
        assert_int_equal(vt_body_write(&read, &second, NULL), VT_OK);
        if (!vt_bytes_equal(vt_buf_bytes(&first), vt_buf_bytes(&second)))
            fail_msg("%llu:\n%.*s\n%.*s", (unsigned long long)number, (int)first.len, first.ptr,
                     (int)second.len, second.ptr);
        vt_buf_clear(&first);
        vt_buf_clear(&second);
        vt_arena_free(arena);
        free(mail);
    }
}

/* ---- the role ---- */

#define LARGEST_OBJECT_BYTES 1000

static struct {
    int control, record;
    pid_t pid;
} role;

/* The channel outlives the role, as the master keeps it. */
static int channel[2] = {-1, -1};

static void start_role(const struct site *site)
{
    int control[2];
    assert_int_equal(vt_wire_pair(control, NULL), VT_OK);
    if (channel[0] < 0)
        assert_int_equal(vt_wire_pair(channel, NULL), VT_OK);
    const struct vt_config config = {.register_directory = site->directory,
                                     .largest_object_bytes = LARGEST_OBJECT_BYTES,
                                     .total_msecs = 1000};
    role.pid = fork();
    if (role.pid == 0) {
        (void)close(control[0]);
        (void)close(channel[0]);
        const struct vt_role_fds fds = {.control = control[1],
                                        .record = channel[1],
                                        .policy = -1,
                                        .notices = -1,
                                        .metrics = -1};
        _exit(vt_registrar_main(&config, &fds));
    }
    (void)close(control[1]);
    role.control = control[0];
    role.record = channel[0];
}

static void stop_role(void)
{
    int status = -1;
    (void)close(role.control);
    assert_int_equal(waitpid(role.pid, &status, 0), role.pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    (void)close(channel[0]);
    (void)close(channel[1]);
    channel[0] = channel[1] = -1;
}

static void kill_role(void)
{
    assert_int_equal(kill(role.pid, SIGKILL), 0);
    assert_int_equal(waitpid(role.pid, NULL, 0), role.pid);
    (void)close(role.control);
}

static int begin(void **state)
{
    int failed = site_new(state);
    if (failed == 0)
        site_close(*state);
    return failed;
}

static struct vt_registrar asking(int64_t msecs)
{
    return (struct vt_registrar){.channel_fd = role.record,
                                 .deadline_msecs = vt_clock_monotonic_msecs() + msecs};
}

static void record_mail(uint64_t number)
{
    struct made_mail *mail = malloc(sizeof(*mail));
    struct vt_register_record record = made_mail(mail, number, 0, 60);
    struct vt_registrar registrar = asking(10000);
    struct vt_err err = {0};
    if (vt_registrar_record(&registrar, &record, &err) != VT_OK)
        fail_msg("record %llu: %s", (unsigned long long)number, err.text);
    free(mail);
}

#define THREADS 16
#define MAILS_EACH 8

static void *record_some(void *context)
{
    for (uint64_t i = 0; i < MAILS_EACH; i++)
        record_mail(*(uint64_t *)context * MAILS_EACH + i + 1);
    return NULL;
}

static void many_are_recorded_at_once(void **state)
{
    struct site *site = *state;
    pthread_t threads[THREADS];
    uint64_t numbers[THREADS];
    start_role(site);
    for (uint64_t i = 0; i < THREADS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, record_some, &numbers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    stop_role();
    assert_int_equal(site_number(site, "SELECT count(*) FROM record WHERE kind = 1"),
                     THREADS * MAILS_EACH);
    assert_int_equal(site_number(site, "SELECT count(*) FROM record WHERE kind = 6"), 1);
    site_open(site);
    site_is_whole(site, THREADS * MAILS_EACH + 1);
}

static void asked_twice_it_records_once(void **state)
{
    struct site *site = *state;
    start_role(site);
    record_mail(1);
    record_mail(1);
    kill_role();
    start_role(site);
    record_mail(1);
    record_mail(2);
    stop_role();
    assert_int_equal(site_number(site, "SELECT count(*) FROM record WHERE kind = 1"), 2);
}

/* What waits in the channel while nobody is there is recorded by the successor. */
static void *record_first(void *unused)
{
    (void)unused;
    record_mail(1);
    return NULL;
}

static void a_successor_records_what_waits(void **state)
{
    struct site *site = *state;
    pthread_t thread;
    start_role(site);
    kill_role();
    assert_int_equal(pthread_create(&thread, NULL, record_first, NULL), 0);
    (void)usleep(100000);
    start_role(site);
    assert_int_equal(pthread_join(thread, NULL), 0);
    stop_role();
    assert_int_equal(site_number(site, "SELECT count(*) FROM record WHERE kind = 1"), 1);
}

/* Whoever went away has asked its sender to come again. */
static void who_is_gone_is_not_recorded(void **state)
{
    struct site *site = *state;
    struct made_mail *mail = malloc(sizeof(*mail));
    struct vt_register_record record = made_mail(mail, 1, 0, 60);
    struct vt_err err = {0};
    start_role(site);
    kill_role();
    struct vt_registrar registrar = asking(50);
    assert_int_equal(vt_registrar_record(&registrar, &record, &err), VT_E_TIMEOUT);
    start_role(site);
    record_mail(2);
    stop_role();
    assert_int_equal(site_number(site, "SELECT count(*) FROM record WHERE kind = 1"), 1);
    free(mail);
}

static void what_was_recorded_is_known(void **state)
{
    struct site *site = *state;
    struct vt_arena *arena = vt_arena_new(1 << 20);
    struct made_mail *mail = malloc(sizeof(*mail));
    struct vt_register_record record = made_mail(mail, 1, 0, 60);
    struct vt_err err = {0};
    struct vt_looked looked;
    mail->decided.defer_key_sha256 = HEX64;
    mail->decision.action = VT_ACTION_DEFER;
    const struct vt_look look = {
        .first_seen = mail->first_seen, .first_seen_count = 2, .defer_key_sha256 = HEX64};
    start_role(site);
    struct vt_registrar registrar = asking(10000);
    assert_int_equal(vt_registrar_look(arena, &registrar, &look, &looked, &err), VT_OK);
    assert_true(looked.first_seen_utc_secs[0] == VT_TIME_NONE);
    assert_true(looked.first_deferred_utc_secs == VT_TIME_NONE);
    int64_t before = vt_clock_now_utc_secs();
    assert_int_equal(vt_registrar_record(&registrar, &record, &err), VT_OK);
    assert_int_equal(vt_registrar_look(arena, &registrar, &look, &looked, &err), VT_OK);
    /* The time is the registrar's, not that of the mail. */
    assert_in_range(looked.first_deferred_utc_secs, before, before + 10);
    if (vt_clock_is_synchronised())
        assert_in_range(looked.first_seen_utc_secs[1], before, before + 10);
    else
        assert_true(looked.first_seen_utc_secs[1] == VT_TIME_NONE);
    stop_role();
    free(mail);
    vt_arena_free(arena);
}

static void exceptions_that_fit_are_told(void **state)
{
    struct site *site = *state;
    struct vt_arena *arena = vt_arena_new(1 << 20);
    static const char other[] = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    static const char *const documents[] = {HEX64}, *const others[] = {other};
    const struct vt_register_overruled overruled = {.reason_text = "nhầm",
                                                    .by = "root",
                                                    .until_utc_secs = vt_clock_now_utc_secs() + 99,
                                                    .documents_sha256 = documents,
                                                    .documents_count = 1,
                                                    .reason = VT_REASON_COUNT};
    const struct vt_register_record record = {
        .kind = VT_REGISTER_OVERRULED, .reference = "1831-0927-5569", .overruled = &overruled};
    const struct vt_look look = {.documents_sha256 = documents, .documents_count = 1};
    const struct vt_look foreign = {.documents_sha256 = others, .documents_count = 1};
    struct vt_looked looked;
    struct vt_err err = {0};
    start_role(site);
    struct vt_registrar registrar = asking(10000);
    if (vt_registrar_record(&registrar, &record, &err) != VT_OK)
        fail_msg("%s", err.text);
    assert_int_equal(vt_registrar_look(arena, &registrar, &look, &looked, &err), VT_OK);
    assert_int_equal(looked.exceptions_count, 1);
    assert_string_equal(looked.exceptions[0].document_sha256, HEX64);
    assert_string_equal(looked.exceptions[0].reference, "1831-0927-5569");
    assert_int_equal(vt_registrar_look(arena, &registrar, &foreign, &looked, &err), VT_OK);
    assert_int_equal(looked.exceptions_count, 0);
    stop_role();
    vt_arena_free(arena);
}

static void answers_are_kept(void **state)
{
    struct site *site = *state;
    struct made_mail *mail = malloc(sizeof(*mail));
    struct vt_register_answered answered;
    struct vt_err err = {0};
    start_role(site);
    record_mail(1);
    (void)made_mail(mail, 1, 0, 60);
    struct vt_register_record answer = made_answer(mail, &answered);
    struct vt_registrar registrar = asking(1000);
    assert_int_equal(vt_registrar_tell(&registrar, &answer, 1, &err), VT_OK);
    record_mail(2); /* behind it in the channel */
    stop_role();
    assert_int_equal(site_number(site, "SELECT count(*) FROM record WHERE kind = 2"), 1);
    free(mail);
}

/* ---- objects ---- */

struct told_missing {
    char sha256[16][65];
    size_t count;
};

static void note_missing(void *context, const char *sha256)
{
    struct told_missing *told_missing = context;
    (void)snprintf(told_missing->sha256[told_missing->count++], 65, "%s", sha256);
}

static void record_with(uint64_t number, bool is_secret, const int *fds, size_t fds_count,
                        struct told_missing *out)
{
    struct made_mail *mail = malloc(sizeof(*mail));
    struct vt_register_record record = made_mail(mail, number, 0, 60);
    struct vt_registrar registrar = asking(10000);
    struct vt_err err = {0};
    if (is_secret)
        mail->evidence.reasons |= VT_REASON_BIT(VT_REASON_SECRET_MARK);
    *out = (struct told_missing){.count = 0};
    registrar.objects_fds = fds;
    registrar.objects_fds_count = fds_count;
    registrar.missing = note_missing;
    registrar.missing_context = out;
    if (vt_registrar_record(&registrar, &record, &err) != VT_OK)
        fail_msg("record %llu: %s", (unsigned long long)number, err.text);
    free(mail);
}

static int objects_file(const struct vt_object *objects, size_t count)
{
    int fd = -1;
    assert_int_equal(vt_objects_seal(objects, count, VT_MAX_OBJECTS_BYTES, &fd, NULL), VT_OK);
    return fd;
}

/* SHA-256 of "a certificate". */
#define SMALL64 "81acd762140fa692a142822d2fbe4dc6f54bcaa501f68ab37e5aeed0bafe4d99"

/* The digest is the registrar's own; what is too large or did not come is named. */
#define LARGE64 "ee00112233445566778899aabbccddeeff00112233445566778899aabbccddee"
#define GONE64 "ff00112233445566778899aabbccddeeff00112233445566778899aabbccddee"

static void objects_are_kept_once(void **state)
{
    struct site *site = *state;
    static const uint8_t large[LARGEST_OBJECT_BYTES + 1] = {0};
    const struct vt_object all[] = {
        {VT_OBJECT_CERTIFICATE, VT_OBJECT_EMBEDDED, HEX64, 0, VT_BYTES("a certificate")},
        {VT_OBJECT_CRL, VT_OBJECT_EMBEDDED, LARGE64, 0, vt_bytes_of(large, sizeof(large))},
        {VT_OBJECT_OCSP, VT_OBJECT_FETCHED, GONE64, 0, {0}},
        {VT_OBJECT_DOCUMENT, VT_OBJECT_EMBEDDED, HEX64, 0, VT_BYTES("no document is kept")}};
    struct vt_object named = all[0];
    struct told_missing missing;
    int first = objects_file(all, 1), second = objects_file(all + 1, 3);
    const int both[] = {first, second};
    start_role(site);
    record_with(1, false, &first, 1, &missing);
    assert_int_equal(missing.count, 0);
    record_with(2, false, both, 2, &missing);
    assert_int_equal(missing.count, 2);
    assert_string_equal(missing.sha256[0], GONE64);
    site_open(site);
    assert_int_equal(site_number(site, "SELECT count(*) FROM object"), 1);
    assert_int_equal(site_number(site, "SELECT count(*) FROM object WHERE digest = x'" SMALL64 "'"),
                     1);
    (void)snprintf(named.sha256, sizeof(named.sha256), "%s", SMALL64);
    named.bytes = (struct vt_bytes){0};
    int third = objects_file(&named, 1);
    record_with(3, false, &third, 1, &missing);
    assert_int_equal(missing.count, 0);
    record_with(4, true, both, 2, &missing);
    stop_role();
    assert_int_equal(site_number(site, "SELECT count(*) FROM object"), 1);
    assert_int_equal(site_number(site, "SELECT count(*) FROM record_object"), 3);
    site_is_whole(site, 5);
    for (size_t i = 0; i < 2; i++)
        (void)close(both[i]);
    (void)close(third);
}

/* Whoever sends a mail chooses what is in it: of that no more is kept than one object may have, the
 * small first. What the status role fetched is in the second file, and all of it is kept. */
static void what_a_mail_brings_is_bounded(void **state)
{
    enum { COUNT_OF_EACH = 9, BYTES = 250, FIT = LARGEST_OBJECT_BYTES / BYTES };
    static uint8_t bytes[2 * COUNT_OF_EACH][BYTES];
    struct site *site = *state;
    struct vt_object brought[COUNT_OF_EACH], fetched[COUNT_OF_EACH];
    struct told_missing missing;
    for (size_t i = 0; i < COUNT_OF_EACH; i++) {
        bytes[2 * i][0] = (uint8_t)(1 + 2 * i);
        bytes[2 * i + 1][0] = (uint8_t)(2 + 2 * i);
        brought[i] =
            (struct vt_object){i < 2 ? VT_OBJECT_CRL : VT_OBJECT_CERTIFICATE, VT_OBJECT_FETCHED,
                               HEX64, 0, vt_bytes_of(bytes[2 * i], BYTES)};
        fetched[i] = brought[i];
        fetched[i].bytes = vt_bytes_of(bytes[2 * i + 1], BYTES);
        brought[i].sha256[0] = (char)('0' + i);
        fetched[i].sha256[1] = (char)('2' + i);
    }
    const int both[] = {objects_file(brought, COUNT_OF_EACH), objects_file(fetched, COUNT_OF_EACH)};
    start_role(site);
    record_with(1, false, both, 2, &missing);
    stop_role();
    assert_int_equal(missing.count, COUNT_OF_EACH - FIT);
    assert_int_equal(site_number(site, "SELECT count(*) FROM object"), COUNT_OF_EACH + FIT);
    assert_int_equal(site_number(site, "SELECT count(*) FROM object WHERE kind = 'crl'"), 2);
    site_open(site);
    site_is_whole(site, 2);
    (void)close(both[0]);
    (void)close(both[1]);
}

static void the_last_room_is_for_records(void **state)
{
    (void)state;
    const uint64_t gib = UINT64_C(1) << 30;
    static const struct {
        uint64_t size_gib, free_mib;
        bool was_short, is_short;
    } rows[] = {
        {1000, 3000, false, false}, {1000, 2049, false, false}, {1000, 2047, false, true},
        {1000, 2047, true, true},   {1000, 2303, true, true},   {1000, 2305, true, false},
        {10, 1025, false, false},   {10, 1023, false, true},    {10, 1151, true, true},
        {10, 1153, true, false},    {10, 0, false, true},       {0, 0, false, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (vt_room_is_short(rows[i].size_gib * gib, rows[i].free_mib << 20, rows[i].was_short) !=
            rows[i].is_short)
            fail_msg("row %zu", i);
    }
}

/* A record is made whatever comes with it. */
static void a_bad_file_costs_no_record(void **state)
{
    struct site *site = *state;
    struct told_missing missing;
    int fd = -1;
    assert_int_equal(vt_memfd_seal("test", VT_BYTES("not a file of objects"), &fd, NULL), VT_OK);
    start_role(site);
    record_with(1, false, &fd, 1, &missing);
    stop_role();
    (void)close(fd);
    assert_int_equal(site_number(site, "SELECT count(*) FROM record WHERE kind = 1"), 1);
    assert_int_equal(site_number(site, "SELECT count(*) FROM object"), 0);
}

/* ---- heads ---- */

static enum vt_code keep(const struct vt_register_head *head)
{
    struct vt_registrar registrar = asking(10000);
    return vt_registrar_keep_head(&registrar, head, NULL);
}

/* A head of the register is kept once with each token; one that is none of it is not. */
static void heads_are_kept(void **state)
{
    struct site *site = *state;
    struct vt_register_head head, none, other;
    start_role(site);
    record_mail(1);
    site_open(site);
    assert_int_equal(vt_register_head_now(site->reg, 1000, &head, NULL), VT_OK);
    record_mail(2);
    head.token = VT_BYTES("a token");
    none = other = head;
    none.token = (struct vt_bytes){0};
    assert_int_equal(keep(&none), VT_OK);
    assert_int_equal(keep(&head), VT_OK);
    assert_int_equal(keep(&head), VT_OK);
    assert_int_equal(keep(&none), VT_OK);
    other.seq++;
    assert_int_equal(keep(&other), VT_E_PEER);
    other.seq--;
    other.chain[5] ^= 1;
    assert_int_equal(keep(&other), VT_E_PEER);
    assert_int_equal(vt_register_head_find(site->reg, other.chain, &other, NULL), VT_E_NOT_FOUND);
    assert_int_equal(vt_register_head_find(site->reg, head.chain, &other, NULL), VT_OK);
    assert_int_equal(other.seq, head.seq);
    /* That of the day may be the same. */
    assert_int_equal(site_number(site, "SELECT count(*) FROM head WHERE seq = 2"), 2);
    assert_int_equal(site_number(site, "SELECT count(*) FROM head WHERE token IS NOT NULL"), 1);
    stop_role();
    site_is_whole(site, 3);
}

/* Each day, if something was recorded. */
static void a_head_is_kept_each_day(void **state)
{
    struct site *site = *state;
    const int64_t day = 86400, noon = 1800000000;
    static const struct {
        int64_t after_secs;
        bool records;
        int64_t want;
    } steps[] = {{0, true, 1}, {3600, true, 1}, {86400, true, 2}, {2 * 86400, false, 2}};
    site_open(site);
    assert_int_equal(vt_register_head_daily(site->reg, noon - day, NULL), VT_OK);
    assert_int_equal(site_number(site, "SELECT count(*) FROM head"), 0);
    for (size_t i = 0; i < COUNT(steps); i++) {
        if (steps[i].records)
            site_append(site, i + 1, 0);
        assert_int_equal(vt_register_head_daily(site->reg, noon + steps[i].after_secs, NULL),
                         VT_OK);
        assert_int_equal(site_number(site, "SELECT count(*) FROM head"), steps[i].want);
    }
}

/* One that is no record is refused, and the others of its batch are committed. */
static void nonsense_is_refused(void **state)
{
    struct site *site = *state;
    static const char *const heads[] = {
        "{\"kind\": \"decided\", \"reference\": \"1831-0927-5569\"}", "nonsense", "{}"};
    static struct vt_message answer;
    start_role(site);
    for (size_t i = 0; i < COUNT(heads); i++) {
        int fd = -1;
        assert_int_equal(
            vt_memfd_seal("test", VT_BYTES("{\"v\": 1, \"record\": \"decided\"}"), &fd, NULL),
            VT_OK);
        const struct vt_wire_ask ask = {.type = VT_MSG_RECORD,
                                        .body = vt_bytes_str(heads[i]),
                                        .fds = &fd,
                                        .fds_count = 1,
                                        .deadline_msecs = vt_clock_monotonic_msecs() + 5000};
        assert_int_equal(vt_wire_ask(role.record, &ask, &answer, NULL), VT_OK);
        assert_int_equal(answer.type, VT_MSG_ERROR);
        (void)close(fd);
    }
    const struct vt_wire_ask unknown = {.type = VT_MSG_INSPECT,
                                        .deadline_msecs = vt_clock_monotonic_msecs() + 5000};
    assert_int_equal(vt_wire_ask(role.record, &unknown, &answer, NULL), VT_OK);
    assert_int_equal(answer.type, VT_MSG_ERROR);
    record_mail(1);
    stop_role();
    assert_int_equal(site_number(site, "SELECT count(*) FROM record WHERE kind = 1"), 1);
}

/* Nothing of a secret mail goes into the register. */
static void secrets_leave_no_trace(void **state)
{
    struct site *site = *state;
    struct made_mail *mail = malloc(sizeof(*mail));
    struct vt_register_record record = made_mail(mail, 1, 0, 60);
    struct vt_registrar registrar;
    struct vt_err err = {0};
    mail->evidence.reasons |= VT_REASON_BIT(VT_REASON_SECRET_MARK);
    start_role(site);
    registrar = asking(10000);
    assert_int_equal(vt_registrar_record(&registrar, &record, &err), VT_OK);
    stop_role();
    assert_int_equal(site_number(site, "SELECT count(*) FROM record WHERE kind = 1"), 1);
    assert_false(site_files_have(site, mail->sender, strlen(mail->sender)));
    assert_false(site_files_have(site, mail->digests[0], 64));
    free(mail);
}

static void a_folder_that_others_see_is_refused(void **state)
{
    struct site *site = *state;
    int status = -1;
    assert_int_equal(chmod(site->directory, 0755), 0);
    start_role(site);
    assert_int_equal(waitpid(role.pid, &status, 0), role.pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 78);
    (void)close(role.control);
    (void)close(channel[0]);
    (void)close(channel[1]);
    channel[0] = channel[1] = -1;
}

#define ROLE(test) cmocka_unit_test_setup_teardown(test, begin, site_free)

int main(void)
{
    vt_log_open("test", true, VT_LOG_ERROR); /* not into the output of the tests */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_comes_back),
        cmocka_unit_test(nothing_is_believed),
        cmocka_unit_test(a_body_survives_the_way),
        ROLE(many_are_recorded_at_once),
        ROLE(asked_twice_it_records_once),
        ROLE(a_successor_records_what_waits),
        ROLE(who_is_gone_is_not_recorded),
        ROLE(what_was_recorded_is_known),
        ROLE(exceptions_that_fit_are_told),
        ROLE(answers_are_kept),
        ROLE(objects_are_kept_once),
        ROLE(what_a_mail_brings_is_bounded),
        cmocka_unit_test(the_last_room_is_for_records),
        ROLE(a_bad_file_costs_no_record),
        ROLE(heads_are_kept),
        ROLE(a_head_is_kept_each_day),
        ROLE(nonsense_is_refused),
        ROLE(secrets_leave_no_trace),
        ROLE(a_folder_that_others_see_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
