/* SPDX-License-Identifier: Apache-2.0
 * Whole mails through the callbacks, with a recorded milter API and an inspector that is told what
 * to find: negotiation, envelope, observe mode, faults, poison mail, defer, order of callbacks. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/callbacks.h"
#include "gateway_recorder.h"
#include "vanthu/log.h"

#define ALL_ACTIONS 0x1ffu
#define ALL_STEPS 0x1fffffu

static const char policy_text[] = "rules:\n"
                                  "  - name: changed\n"
                                  "    when: {reason: CONTENT_CHANGED}\n"
                                  "    then: reject\n"
                                  "  - name: status\n"
                                  "    when: {reason: STATUS_UNKNOWN}\n"
                                  "    then: defer\n"
                                  "    at-most: 15m\n"
                                  "    afterwards: tag\n"
                                  "  - name: ours\n"
                                  "    when: {reason: [NOT_CHECKED, TOO_LARGE]}\n"
                                  "    then: tag\n";

/* What the inspector does next, and what it was given. */
static struct {
    enum vt_code code;
    vt_reasons reasons;
    bool lies; /* about the envelope */
    bool has_digest;
    unsigned calls;
    char mail[4096];
    char sender[64], recipient[64], queue_id[32], client[64], login[64];
    enum vt_direction direction;
} inspector;

static enum vt_code fake_inspect(struct vt_arena *arena, struct vt_inspection *inspection,
                                 struct vt_evidence **out, struct vt_err *err)
{
    const struct vt_mail *mail = inspection->mail;
    enum vt_code turn = inspection->begin_pass(inspection->progress_context, err);
    if (turn != VT_OK)
        return turn;
    inspection->end_pass(inspection->progress_context);
    inspector.calls++;
    ssize_t len = pread(inspection->mail_fd, inspector.mail, sizeof(inspector.mail) - 1, 0);
    inspector.mail[len > 0 ? len : 0] = '\0';
    snprintf(inspector.sender, 64, "%s", mail->sender);
    snprintf(inspector.recipient, 64, "%s", mail->recipients_count ? mail->recipients[0] : "");
    snprintf(inspector.queue_id, 32, "%s", mail->queue_id != NULL ? mail->queue_id : "-");
    snprintf(inspector.client, 64, "%s", mail->client_address != NULL ? mail->client_address : "?");
    snprintf(inspector.login, 64, "%s", mail->authenticated != NULL ? mail->authenticated : "-");
    inspector.direction = mail->direction;
    inspection->progress(inspection->progress_context);
    if (inspector.code != VT_OK)
        return vt_err_set(err, inspector.code, "the inspector said no");
    struct vt_evidence *evidence = vt_arena_alloc(arena, sizeof(*evidence));
    struct vt_document *document = vt_arena_alloc(arena, sizeof(*document));
    *document = (struct vt_document){.path = "2",
                                     .name = "a.pdf",
                                     .format = VT_FORMAT_PDF,
                                     .reasons = inspector.reasons,
                                     .sha256 = "aa"};
    if (inspector.has_digest)
        memset(document->sha256, 'a', 64);
    *evidence = (struct vt_evidence){.mail = *mail, .documents = document, .documents_count = 1};
    if (inspector.lies) {
        evidence->mail.direction = VT_OUTBOUND;
        evidence->mail.reference = "0000-0000-0000";
        evidence->mail.sender = "";
        evidence->mail.recipients_count = 0;
    }
    *out = evidence;
    return VT_OK;
}

/* The register, in memory. */
static struct {
    enum vt_code look_code, record_code;
    int64_t first_deferred_utc_secs;
    unsigned looks, records;
    enum vt_register_outcome outcome; /* of the last record, … */
    char reference[VT_REFERENCE_BYTES], defer_key[65];
    bool has_evidence, is_secret;
    char rule[64];
    struct vt_register_exception exception;
    char claims[16][65]; /* defer clocks that began just now */
    unsigned claims_count, events;
} registrar;

static bool is_claimed(const char *key)
{
    for (unsigned i = 0; i < registrar.claims_count; i++) {
        if (strcmp(registrar.claims[i], key) == 0)
            return true;
    }
    return false;
}

static enum vt_code fake_look(struct vt_arena *arena, const struct vt_registrar *where,
                              const struct vt_look *look, struct vt_looked *out, struct vt_err *err)
{
    (void)arena;
    where->progress(where->progress_context);
    registrar.looks++;
    *out = (struct vt_looked){.first_deferred_utc_secs = registrar.first_deferred_utc_secs};
    if (look->defer_key_sha256 != NULL) {
        assert_int_equal(strlen(look->defer_key_sha256), 64);
        if (registrar.first_deferred_utc_secs == VT_TIME_NONE && is_claimed(look->defer_key_sha256))
            out->first_deferred_utc_secs = vt_clock_now_utc_secs();
    } else {
        assert_int_equal(look->documents_count, 1);
        if (strcmp(look->documents_sha256[0], registrar.exception.document_sha256) == 0) {
            out->exceptions = &registrar.exception;
            out->exceptions_count = 1;
        }
    }
    return registrar.look_code == VT_OK
               ? VT_OK
               : vt_err_set(err, registrar.look_code, "the registrar said no");
}

static enum vt_code fake_record(const struct vt_registrar *where,
                                const struct vt_register_record *record, struct vt_err *err)
{
    const struct vt_register_decided *decided = record->decided;
    assert_true(where->deadline_msecs > vt_clock_monotonic_msecs());
    if (record->kind == VT_REGISTER_EVENT) {
        assert_string_equal(record->event->what, "mail-not-checked");
        registrar.events++;
        return VT_OK;
    }
    assert_int_equal(record->kind, VT_REGISTER_DECIDED);
    if (registrar.record_code != VT_OK)
        return vt_err_set(err, registrar.record_code, "the disk is full");
    registrar.records++;
    registrar.outcome = decided->answer.outcome;
    registrar.has_evidence = decided->evidence != NULL;
    registrar.is_secret = decided->is_secret;
    snprintf(registrar.rule, sizeof(registrar.rule), "%s",
             decided->decision != NULL && decided->decision->rule != NULL ? decided->decision->rule
                                                                          : "");
    snprintf(registrar.reference, sizeof(registrar.reference), "%s", record->reference);
    snprintf(registrar.defer_key, sizeof(registrar.defer_key), "%s", decided->defer_key_sha256);
    if (registrar.defer_key[0] != '\0' && !is_claimed(registrar.defer_key) &&
        registrar.claims_count < 16)
        memcpy(registrar.claims[registrar.claims_count++], registrar.defer_key,
               sizeof(registrar.defer_key));
    return VT_OK;
}

struct fixture {
    struct vt_config config;
    struct vt_gateway gateway;
    struct vt_policy *policy;
    struct vt_arena *arena;
    struct smfiDesc filter;
    struct vt_metrics_reader *numbers;
};

static struct fixture fixture;

static uint64_t count_of(enum vt_metric metric, unsigned index)
{
    return vt_metrics_count(fixture.numbers, metric, index);
}

static void begin_counting(void)
{
    int fds[VT_ROLES], own = -1;
    for (unsigned i = 0; i < VT_ROLES; i++)
        fds[i] = -1;
    assert_int_equal(vt_metrics_make(VT_ROLE_GATEWAY, &own, &fds[VT_ROLE_GATEWAY], NULL), VT_OK);
    assert_int_equal(vt_metrics_open(own, VT_ROLE_GATEWAY, 0, NULL, &fixture.gateway.metrics, NULL),
                     VT_OK);
    assert_int_equal(vt_metrics_reader_new(fds, &fixture.numbers, NULL), VT_OK);
    (void)close(own);
    (void)close(fds[VT_ROLE_GATEWAY]);
}

static int set_up(void **state)
{
    static const char *networks[] = {"127.0.0.0/8", "10.0.0.0/8"};
    static const char *domains[] = {"ours.vn"};
    struct vt_mistakes mistakes;
    (void)state;
    vt_log_open("test", true, VT_LOG_ERROR); /* not into the output of the tests */
    recorder_reset();
    memset(&inspector, 0, sizeof(inspector));
    memset(&fixture, 0, sizeof(fixture));
    memset(&registrar, 0, sizeof(registrar));
    registrar.first_deferred_utc_secs = VT_TIME_NONE;
    fixture.config = (struct vt_config){.mode = VT_MODE_ENFORCE,
                                        .hostname = "mx1",
                                        .authserv_id = "vanthu.mx1",
                                        .spool_directory = "/tmp",
                                        .memory_spool_bytes = 262144,
                                        .total_msecs = 5000,
                                        .queue_msecs = 100,
                                        .inspection_msecs = 1000,
                                        .register_msecs = 1000,
                                        .poison_failures = 3,
                                        .poison_msecs = 1800000,
                                        .our_domains = {domains, 1},
                                        .internal_networks = {networks, 2}};
    fixture.arena = vt_arena_new(100000);
    vt_mistakes_init(&mistakes);
    enum vt_code code =
        vt_policy_parse(vt_bytes_str(policy_text), "test.yaml", &fixture.policy, &mistakes, NULL);
    for (size_t i = 0; code != VT_OK && i < mistakes.count; i++)
        print_message("%u: %s\n", mistakes.items[i].line, mistakes.items[i].text);
    vt_mistakes_clear(&mistakes);
    assert_int_equal(code, VT_OK);
    struct vt_gateway *gateway = &fixture.gateway;
    gateway->config = &fixture.config;
    gateway->api = &recorder_api;
    gateway->policy = fixture.policy;
    gateway->inspect = fake_inspect;
    gateway->status_fd = gateway->record_fd = -1;
    gateway->look = fake_look;
    gateway->record = fake_record;
    vt_teller_init(&gateway->teller, -1);
    vt_kick_init(&gateway->kick);
    vt_held_init(&gateway->held);
    gateway->reference.last = &gateway->reference.own;
    assert_int_equal(vt_networks_parse(fixture.arena, &fixture.config.internal_networks,
                                       "networks.internal", &gateway->internal, NULL),
                     VT_OK);
    assert_int_equal(vt_queue_init(&gateway->queue, 1, NULL), VT_OK);
    assert_int_equal(vt_poison_init(&gateway->poison, 3, 1800000), VT_OK);
    fixture.filter = vt_callbacks_describe(gateway);
    begin_counting();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture.filter.xxfi_close(recorder_ctx);
    assert_int_equal(atomic_load(&fixture.gateway.sessions_count), 0);
    assert_int_equal(atomic_load(&fixture.gateway.messages_count), 0);
    vt_policy_free(fixture.policy);
    vt_poison_clear(&fixture.gateway.poison);
    vt_queue_clear(&fixture.gateway.queue);
    vt_arena_free(fixture.arena);
    vt_metrics_reader_free(fixture.numbers);
    vt_metrics_close(fixture.gateway.metrics);
    return 0;
}

static void negotiate(unsigned long actions, unsigned long steps, unsigned long *out_actions,
                      unsigned long *out_steps)
{
    unsigned long two = 99, three = 99;
    assert_int_equal(fixture.filter.xxfi_negotiate(recorder_ctx, actions, steps, 0, 0, out_actions,
                                                   out_steps, &two, &three),
                     SMFIS_CONTINUE);
    assert_int_equal(two, 0);
    assert_int_equal(three, 0);
}

static void connect_from(const char *address)
{
    struct sockaddr_in client = {.sin_family = AF_INET};
    char host[] = "client.example.vn", helo[] = "helo.example.vn";
    const uint8_t stranger[] = {203, 0, 113, 9}, own[] = {10, 0, 0, 1};
    memcpy(&client.sin_addr, strcmp(address, "10.0.0.1") == 0 ? own : stranger, 4);
    fixture.filter.xxfi_connect(recorder_ctx, host, (struct sockaddr *)&client);
    fixture.filter.xxfi_helo(recorder_ctx, helo);
}

static void begin(unsigned long actions, unsigned long steps, const char *address)
{
    unsigned long got_actions = 0, got_steps = 0;
    negotiate(actions, steps, &got_actions, &got_steps);
    connect_from(address);
}

static void envelope(const char *sender, const char *recipient)
{
    char from[128], to[128];
    char *from_arguments[] = {from, NULL}, *to_arguments[] = {to, NULL};
    snprintf(from, sizeof(from), "%s", sender);
    snprintf(to, sizeof(to), "%s", recipient);
    fixture.filter.xxfi_envfrom(recorder_ctx, from_arguments);
    fixture.filter.xxfi_envrcpt(recorder_ctx, to_arguments);
}

static void header(const char *name, const char *value)
{
    char n[64], v[128];
    snprintf(n, sizeof(n), "%s", name);
    snprintf(v, sizeof(v), "%s", value);
    fixture.filter.xxfi_header(recorder_ctx, n, v);
}

/* One mail; gives what end of message returned. */
static sfsistat mail(const char *sender)
{
    unsigned char body[] = "hello\r\n";
    envelope(sender, "<b@ours.vn>");
    header("Message-ID", " <1@x.vn>");
    header("X-Vanthu-Verdict", " TOTAL-PASSED");
    fixture.filter.xxfi_eoh(recorder_ctx);
    fixture.filter.xxfi_body(recorder_ctx, body, sizeof(body) - 1);
    recorder.used = 0;
    recorder.lines[0] = '\0';
    return fixture.filter.xxfi_eom(recorder_ctx);
}

static void negotiates_what_is_offered(void **state)
{
    (void)state;
    unsigned long actions = 0, steps = 0;
    negotiate(ALL_ACTIONS, ALL_STEPS, &actions, &steps);
    assert_int_equal(actions, SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST);
    assert_true((steps & SMFIP_HDR_LEADSPC) != 0 && (steps & SMFIP_NR_BODY) != 0);
    assert_int_equal(steps & (SMFIP_NOCONNECT | SMFIP_NOHDRS | SMFIP_NOBODY | SMFIP_NOEOH), 0);
    assert_non_null(strstr(recorder.lines, "{client_addr}"));
    recorder.used = 0;
    negotiate(SMFIF_ADDHDRS, 0, &actions, &steps);
    assert_int_equal(actions, SMFIF_ADDHDRS);
    assert_int_equal(steps, 0);
    assert_int_equal(recorder.used, 0);
    assert_int_equal(fixture.filter.xxfi_helo(recorder_ctx, NULL), SMFIS_CONTINUE);
}

static void answers_only_where_it_must(void **state)
{
    (void)state;
    unsigned char body[] = "x";
    char sender[] = "<a@x.vn>";
    char *from[] = {sender, NULL};
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    assert_int_equal(fixture.filter.xxfi_envfrom(recorder_ctx, from), SMFIS_NOREPLY);
    assert_int_equal(fixture.filter.xxfi_eoh(recorder_ctx), SMFIS_NOREPLY);
    assert_int_equal(fixture.filter.xxfi_body(recorder_ctx, body, 1), SMFIS_NOREPLY);
    fixture.filter.xxfi_close(recorder_ctx);
    begin(ALL_ACTIONS, SMFIP_NR_BODY, "203.0.113.9");
    assert_int_equal(fixture.filter.xxfi_envfrom(recorder_ctx, from), SMFIS_CONTINUE);
    assert_int_equal(fixture.filter.xxfi_body(recorder_ctx, body, 1), SMFIS_NOREPLY);
}

static void hands_the_mail_to_the_inspector(void **state)
{
    (void)state;
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    recorder.macros[0] = "i";
    recorder.macros[1] = "ABC123";
    recorder.macros[2] = "{auth_authen}";
    recorder.macros[3] = "clerk";
    assert_int_equal(mail("<a@x.vn>"), SMFIS_CONTINUE);
    assert_string_equal(inspector.mail, "Message-ID: <1@x.vn>\r\nX-Vanthu-Verdict: TOTAL-PASSED"
                                        "\r\n\r\nhello\r\n");
    assert_string_equal(inspector.sender, "a@x.vn");
    assert_string_equal(inspector.recipient, "b@ours.vn");
    assert_string_equal(inspector.queue_id, "ABC123");
    assert_string_equal(inspector.client, "203.0.113.9");
    assert_string_equal(inspector.login, "clerk");
    assert_int_equal(inspector.direction, VT_INTERNAL);
    assert_non_null(strstr(recorder.lines, "delete X-Vanthu-Verdict 1\n"));
    assert_non_null(strstr(recorder.lines, "insert 1 Authentication-Results: vanthu.mx1;"));
    assert_true(strstr(recorder.lines, "delete") < strstr(recorder.lines, "add X-Vanthu"));
}

static void reads_every_form_of_sender(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"<a@x.vn>", "a@x.vn"},
        {"<>", ""},
        {"", ""},
        {"a@x.vn", "a@x.vn"},
        {"<a@x.vn> SIZE=100 BODY=8BITMIME", "a@x.vn"},
        {"<\"a>b\"@x.vn>", "\"a>b\"@x.vn"},
        {"<\"a\\\">b\"@x.vn> X=1", "\"a\\\">b\"@x.vn"},
        {"<a\x01\xff@x.vn>", "a??@x.vn"},
        {"<", ""},
    };
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        mail(cases[i][0]);
        assert_string_equal(inspector.sender, cases[i][1]);
    }
}

static void refuses(void **state)
{
    (void)state;
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    inspector.reasons = VT_REASON_BIT(VT_REASON_CONTENT_CHANGED);
    assert_int_equal(mail("<a@x.vn>"), SMFIS_REJECT);
    assert_non_null(strstr(recorder.lines, "reply 550 5.7.7 CONTENT_CHANGED "));
    assert_null(strstr(recorder.lines, "add "));
    assert_null(strstr(recorder.lines, "delete "));
    /* The next mail of the same connection is judged by itself. */
    inspector.reasons = 0;
    assert_int_equal(mail("<a@x.vn>"), SMFIS_CONTINUE);
}

/* Outbound mail gets no verdicts, and the reference is ours to give. */
static void a_child_cannot_change_the_envelope(void **state)
{
    (void)state;
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    inspector.lies = true;
    assert_int_equal(mail("<a@x.vn>"), SMFIS_CONTINUE);
    assert_null(strstr(recorder.lines, "0000-0000-0000"));
    assert_non_null(strstr(recorder.lines, "add X-Vanthu-Action: "));
}

static void observe_is_inert(void **state)
{
    (void)state;
    static const struct {
        enum vt_code code;
        vt_reasons reasons;
    } cases[] = {{VT_OK, 0},
                 {VT_OK, VT_REASON_BIT(VT_REASON_CONTENT_CHANGED)},
                 {VT_OK, VT_REASON_BIT(VT_REASON_STATUS_UNKNOWN)},
                 {VT_E_PEER, 0},
                 {VT_E_TIMEOUT, 0},
                 {VT_E_NOMEM, 0}};
    unsigned long actions = 99, steps = 0;
    fixture.config.mode = VT_MODE_OBSERVE;
    negotiate(ALL_ACTIONS, ALL_STEPS, &actions, &steps);
    assert_int_equal(actions, SMFIF_SETSYMLIST);
    connect_from("203.0.113.9");
    for (size_t round = 0; round < 4; round++) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            inspector.code = cases[i].code;
            inspector.reasons = cases[i].reasons;
            assert_int_equal(mail("<a@x.vn>"), SMFIS_CONTINUE);
            assert_string_equal(recorder.lines, "");
        }
    }
    fixture.config.spool_directory = "/nonexistent";
    fixture.config.memory_spool_bytes = 1;
    assert_int_equal(mail("<c@x.vn>"), SMFIS_CONTINUE);
    assert_string_equal(recorder.lines, "");
}

static void a_failure_asks_to_come_again_and_then_gives_up(void **state)
{
    (void)state;
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    inspector.code = VT_E_PEER;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(mail("<a@x.vn>"), SMFIS_TEMPFAIL);
        assert_non_null(strstr(recorder.lines, "reply 451 4.7.5 NOT_CHECKED "));
    }
    /* Another mail fails for itself. */
    assert_int_equal(mail("<other@x.vn>"), SMFIS_TEMPFAIL);
    assert_int_equal(mail("<a@x.vn>"), SMFIS_CONTINUE);
    assert_non_null(strstr(recorder.lines, "add X-Vanthu-Action: tag;"));
    assert_non_null(strstr(recorder.lines, "delete X-Vanthu-Verdict 1"));
    unsigned before = inspector.calls;
    assert_int_equal(mail("<a@x.vn>"), SMFIS_CONTINUE);
    assert_int_equal(inspector.calls, before);
}

/* The register remembers what this process forgot: a restart does not begin to count anew. */
static void failures_are_counted_over_restarts(void **state)
{
    (void)state;
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    inspector.code = VT_E_PEER;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(registrar.events, 0);
        assert_int_equal(mail("<a@x.vn>"), i < 2 ? SMFIS_TEMPFAIL : SMFIS_CONTINUE);
        vt_poison_clear(&fixture.gateway.poison);
        assert_int_equal(vt_poison_init(&fixture.gateway.poison, 3, 30 * 60000), VT_OK);
    }
    assert_int_equal(registrar.claims_count, 2);
    assert_int_equal(registrar.events, 1);
    assert_non_null(strstr(recorder.lines, "add X-Vanthu-Action: tag;"));
    /* Not often, but for long: the time of the first failure is the register's. */
    registrar.first_deferred_utc_secs = vt_clock_now_utc_secs() - 1801;
    assert_int_equal(mail("<long@x.vn>"), SMFIS_CONTINUE);
    registrar.first_deferred_utc_secs = VT_TIME_NONE;
    /* Another body, another sender: mails of their own. */
    assert_int_equal(mail("<other@x.vn>"), SMFIS_TEMPFAIL);
    /* Without the register the memory of this process counts. */
    registrar.look_code = VT_E_TIMEOUT;
    assert_int_equal(mail("<c@x.vn>"), SMFIS_TEMPFAIL);
    assert_int_equal(mail("<c@x.vn>"), SMFIS_TEMPFAIL);
    assert_int_equal(mail("<c@x.vn>"), SMFIS_CONTINUE);
}

static void a_full_queue_asks_to_come_again(void **state)
{
    (void)state;
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    assert_int_equal(vt_queue_enter(&fixture.gateway.queue, 0, NULL, NULL, NULL), VT_OK);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(mail("<a@x.vn>"), SMFIS_TEMPFAIL);
    assert_int_equal(inspector.calls, 0);
    vt_queue_leave(&fixture.gateway.queue);
    assert_int_equal(mail("<a@x.vn>"), SMFIS_CONTINUE);
    assert_int_equal(inspector.calls, 1);
}

static void a_spool_fault_asks_to_come_again(void **state)
{
    (void)state;
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    fixture.config.spool_directory = "/nonexistent";
    fixture.config.memory_spool_bytes = 1;
    assert_int_equal(mail("<a@x.vn>"), SMFIS_TEMPFAIL);
    assert_int_equal(inspector.calls, 0);
}

static void too_large_is_not_inspected(void **state)
{
    (void)state;
    static unsigned char piece[1024 * 1024];
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    envelope("<a@x.vn>", "<b@ours.vn>");
    fixture.filter.xxfi_eoh(recorder_ctx);
    for (unsigned i = 0; i < 65; i++)
        fixture.filter.xxfi_body(recorder_ctx, piece, sizeof(piece));
    assert_int_equal(fixture.filter.xxfi_eom(recorder_ctx), SMFIS_CONTINUE);
    assert_int_equal(inspector.calls, 0);
    assert_non_null(strstr(recorder.lines, "reasons=TOO_LARGE"));
}

static void defers_on_its_own_clock(void **state)
{
    (void)state;
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    inspector.reasons = VT_REASON_BIT(VT_REASON_STATUS_UNKNOWN);
    assert_int_equal(mail("<a@x.vn>"), SMFIS_TEMPFAIL);
    assert_non_null(strstr(recorder.lines, "reply 451 4.7.5 STATUS_UNKNOWN "));
    assert_int_equal(registrar.outcome, VT_OUTCOME_TEMPFAIL);
    assert_int_equal(strlen(registrar.defer_key), 64);
    /* As if it had been deferred first twenty minutes ago. */
    registrar.first_deferred_utc_secs = vt_clock_now_utc_secs() - 1200;
    assert_int_equal(mail("<a@x.vn>"), SMFIS_CONTINUE);
    assert_non_null(strstr(recorder.lines, "add X-Vanthu-Action: tag;"));
    assert_int_equal(registrar.looks, 2);
}

static void exceptions_are_honoured(void **state)
{
    (void)state;
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    inspector.reasons = VT_REASON_BIT(VT_REASON_CONTENT_CHANGED);
    inspector.has_digest = true;
    assert_int_equal(mail("<a@x.vn>"), SMFIS_REJECT);
    assert_int_equal(registrar.looks, 1);
    /* Of another file. */
    registrar.exception = (struct vt_register_exception){.reference = "1831-0927-5569"};
    memset(registrar.exception.document_sha256, 'b', 64);
    assert_int_equal(mail("<a@x.vn>"), SMFIS_REJECT);
    /* Of this one: it passes, and the record says why. */
    memset(registrar.exception.document_sha256, 'a', 64);
    assert_int_equal(mail("<a@x.vn>"), SMFIS_CONTINUE);
    assert_int_equal(registrar.outcome, VT_OUTCOME_ACCEPT);
    assert_string_equal(registrar.rule, "undo:1831-0927-5569");
    assert_true(registrar.has_evidence);
    /* The register says nothing: the sender comes again. */
    registrar.look_code = VT_E_PEER;
    assert_int_equal(mail("<a@x.vn>"), SMFIS_TEMPFAIL);
}

/* What was told to the MTA, in its order. */
static void told(size_t index, enum vt_answer_kind kind, const char *code)
{
    const struct vt_told *item = &fixture.gateway.teller.items[index];
    assert_int_equal(item->kind, kind);
    assert_string_equal(item->code, code);
    assert_int_equal(strlen(item->reference), 14);
}

static void nothing_is_final_without_a_record(void **state)
{
    (void)state;
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    assert_int_equal(mail("<a@x.vn>"), SMFIS_CONTINUE);
    assert_int_equal(registrar.records, 1);
    assert_true(registrar.has_evidence);
    inspector.reasons = VT_REASON_BIT(VT_REASON_CONTENT_CHANGED);
    assert_int_equal(mail("<a@x.vn>"), SMFIS_REJECT);
    assert_int_equal(registrar.outcome, VT_OUTCOME_REJECT);
    assert_int_equal(registrar.records, 2);
    assert_int_equal(fixture.gateway.teller.count, 2);
    told(0, VT_ANSWER_ACCEPT, "");
    told(1, VT_ANSWER_REJECT, "550");
    assert_string_equal(fixture.gateway.teller.items[1].reference, registrar.reference);
    registrar.record_code = VT_E_TIMEOUT;
    fixture.filter.xxfi_close(recorder_ctx);
    recorder_reset();
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    assert_int_equal(mail("<a@x.vn>"), SMFIS_TEMPFAIL);
    assert_non_null(strstr(recorder.lines, "reply 451 4.3.0 "));
    assert_null(strstr(recorder.lines, "CONTENT_CHANGED"));
    inspector.reasons = 0;
    assert_int_equal(mail("<a@x.vn>"), SMFIS_TEMPFAIL);
    assert_null(strstr(recorder.lines, "add X-Vanthu"));
    assert_int_equal(fixture.gateway.teller.count, 2);
}

static void what_comes_again_needs_no_record(void **state)
{
    (void)state;
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    inspector.code = VT_E_PEER;
    registrar.record_code = VT_E_TIMEOUT;
    assert_int_equal(mail("<a@x.vn>"), SMFIS_TEMPFAIL);
    assert_non_null(strstr(recorder.lines, "reply 451 4.7.5 NOT_CHECKED"));
    assert_int_equal(fixture.gateway.teller.count, 0);
}

static void a_silent_register_asks_to_come_again(void **state)
{
    (void)state;
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    inspector.reasons = VT_REASON_BIT(VT_REASON_STATUS_UNKNOWN);
    registrar.look_code = VT_E_PEER;
    assert_int_equal(mail("<a@x.vn>"), SMFIS_TEMPFAIL);
    assert_non_null(strstr(recorder.lines, "reply 451 4.3.0 "));
}

static void observing_passes_without_a_record(void **state)
{
    (void)state;
    fixture.config.mode = VT_MODE_OBSERVE;
    registrar.record_code = VT_E_SYSTEM;
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    inspector.reasons = VT_REASON_BIT(VT_REASON_CONTENT_CHANGED);
    assert_int_equal(mail("<a@x.vn>"), SMFIS_CONTINUE);
    assert_int_equal(count_of(VT_METRIC_MAILS_UNRECORDED, 0), 1);
    assert_string_equal(recorder.lines, "");
}

/* The device is inside; who gave the mail to it is not, and the device would write to a stranger.
 */
static void a_relay_in_front_is_seen_through(void **state)
{
    static const char *texts[] = {"10.0.0.1"};
    const struct vt_strings list = {texts, 1};
    (void)state;
    assert_int_equal(vt_networks_parse(fixture.arena, &list, "front-relays",
                                       &fixture.gateway.front_relays, NULL),
                     VT_OK);
    begin(ALL_ACTIONS, ALL_STEPS, "10.0.0.1");
    inspector.reasons = VT_REASON_BIT(VT_REASON_CONTENT_CHANGED);
    envelope("<a@x.vn>", "<b@ours.vn>");
    header("Received", " from x (a [203.0.113.9])\n\tby gw; Mon, 23 Nov 2026 09:00:00 +0700");
    header("Received", " from x (b [10.0.0.7]) by a; Mon, 23 Nov 2026 08:00:00 +0700");
    assert_int_equal(fixture.filter.xxfi_eom(recorder_ctx), SMFIS_CONTINUE);
    assert_int_equal(inspector.direction, VT_INBOUND);
    assert_string_equal(inspector.client, "203.0.113.9");
    assert_non_null(strstr(recorder.lines, "add X-Vanthu-Action: tag;"));
    assert_non_null(strstr(recorder.lines, "front-relay=\"10.0.0.1\""));
    assert_non_null(strstr(recorder.lines, "client=\"203.0.113.9\""));
    recorder.used = 0;
    recorder.lines[0] = '\0';
    envelope("<a@x.vn>", "<b@ours.vn>");
    header("Received", " by gw (Postfix, from userid 0)");
    assert_int_equal(fixture.filter.xxfi_eom(recorder_ctx), SMFIS_CONTINUE);
    assert_int_equal(inspector.direction, VT_INBOUND);
    assert_non_null(strstr(recorder.lines, "client=\"unknown\""));
}

/* No clock may be kept of it, so it would never end. */
static void a_secret_is_not_deferred(void **state)
{
    (void)state;
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    inspector.reasons =
        VT_REASON_BIT(VT_REASON_STATUS_UNKNOWN) | VT_REASON_BIT(VT_REASON_SECRET_MARK);
    assert_int_equal(mail("<a@x.vn>"), SMFIS_CONTINUE);
    assert_non_null(strstr(recorder.lines, "add X-Vanthu-Action: tag\n"));
    assert_null(strstr(recorder.lines, "a.pdf"));
    assert_int_equal(registrar.records, 1);
    assert_string_equal(registrar.defer_key, "");
    assert_true(registrar.is_secret);
}

/* What its own Subject marks is not even handed over; no fault of the inspector makes it pass. */
static void a_marked_subject_is_not_looked_into(void **state)
{
    static const char *const subjects[] = {" [M\u1eacT] V/v di chuy\u1ec3n",
                                           " =?utf-8?B?W03huqxUXSBWL3Y=?="};
    (void)state;
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    inspector.code = VT_E_PEER;
    for (size_t i = 0; i < 2; i++) {
        envelope("<a@x.vn>", "<b@ours.vn>");
        header("Message-ID", " <chuyen-quan@x.vn>");
        header("Subject", subjects[i]);
        assert_int_equal(fixture.filter.xxfi_eom(recorder_ctx), SMFIS_REJECT);
        assert_int_equal(inspector.calls, 0);
        assert_true(registrar.is_secret);
        assert_true(registrar.has_evidence);
    }
    assert_int_equal(registrar.looks, 0);
    assert_null(strstr(recorder.lines, "chuy"));
    assert_null(strstr(recorder.lines, "SECRET"));
    assert_null(strstr(recorder.lines, "insert Authentication-Results"));
    assert_non_null(strstr(recorder.lines, "reply 550 5.7.1 "));
}

static void missing_actions_degrade(void **state)
{
    (void)state;
    begin(SMFIF_ADDHDRS, 0, "203.0.113.9");
    assert_int_equal(mail("<a@x.vn>"), SMFIS_CONTINUE);
    assert_null(strstr(recorder.lines, "delete"));
    assert_non_null(strstr(recorder.lines, "add X-Vanthu-Reference:0"));
    fixture.filter.xxfi_close(recorder_ctx);
    begin(0, 0, "203.0.113.9");
    assert_int_equal(mail("<a@x.vn>"), SMFIS_CONTINUE);
    assert_string_equal(recorder.lines, "");
}

/* libmilter: close first, several aborts, MAIL after a refusal without abort. */
static void survives_every_order(void **state)
{
    (void)state;
    unsigned char body[] = "x";
    fixture.filter.xxfi_close(recorder_ctx);
    fixture.filter.xxfi_abort(recorder_ctx);
    assert_int_equal(fixture.filter.xxfi_eom(recorder_ctx), SMFIS_TEMPFAIL);
    begin(ALL_ACTIONS, ALL_STEPS, "203.0.113.9");
    fixture.filter.xxfi_body(recorder_ctx, body, 1);
    header("A", "b");
    fixture.filter.xxfi_abort(recorder_ctx);
    envelope("<a@x.vn>", "<b@ours.vn>");
    fixture.filter.xxfi_abort(recorder_ctx);
    fixture.filter.xxfi_abort(recorder_ctx);
    envelope("<a@x.vn>", "<b@ours.vn>");
    envelope("<c@x.vn>", "<b@ours.vn>");
    assert_int_equal(atomic_load(&fixture.gateway.messages_count), 1);
    assert_int_equal(fixture.filter.xxfi_eom(recorder_ctx), SMFIS_CONTINUE);
    assert_string_equal(inspector.sender, "c@x.vn");
    assert_int_equal(atomic_load(&fixture.gateway.messages_count), 0);
    assert_int_equal(fixture.filter.xxfi_eom(recorder_ctx), SMFIS_TEMPFAIL);
    assert_int_equal(atomic_load(&fixture.gateway.sessions_count), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(negotiates_what_is_offered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_only_where_it_must, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hands_the_mail_to_the_inspector, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_every_form_of_sender, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_child_cannot_change_the_envelope, set_up, tear_down),
        cmocka_unit_test_setup_teardown(observe_is_inert, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_asks_to_come_again_and_then_gives_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(failures_are_counted_over_restarts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_queue_asks_to_come_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_spool_fault_asks_to_come_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_large_is_not_inspected, set_up, tear_down),
        cmocka_unit_test_setup_teardown(defers_on_its_own_clock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_relay_in_front_is_seen_through, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_secret_is_not_deferred, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_marked_subject_is_not_looked_into, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exceptions_are_honoured, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_final_without_a_record, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_comes_again_needs_no_record, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_silent_register_asks_to_come_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(observing_passes_without_a_record, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_actions_degrade, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_every_order, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
