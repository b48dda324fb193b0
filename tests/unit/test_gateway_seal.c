/* SPDX-License-Identifier: Apache-2.0
 * The steps of a seal with everybody else standing in: what each failure does to a mail, whose
 * login may seal, what is kept of our own certificate, and what libmilter is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/work.h"
#include "gateway_recorder.h"
#include "vanthu/object.h"
#include "vanthu/seal_pdf.h"
#include "vanthu/wire.h"

#define CLERK "vanthu@sonv.ninhbinh.gov.vn"

/* What the others do next. */
static struct {
    enum vt_code identity, prepare, sign, finish, inspect;
    enum vt_seal_failure failure;
    enum vt_seal_message_word word;
    enum vt_indication own, sealed;
    const char *why_not;
    unsigned identities, signs, inspections, finishes;
    /* of a time stamp */
    enum vt_code stamp;
    const char *no_stamp;
    enum vt_indication stamped;
    enum vt_sub_indication stamped_sub;
    bool has_token; /* of what was finished last */
    /* Of documents: their words, what our verifier says of each afterwards, and for what it was
     * signed. */
    enum vt_seal_pdf_word words[2];
    enum vt_indication document, earlier;
    bool is_partly_covered, has_no_words;
    /* What verdicts rest on, as the inspector names it. */
    enum vt_indication authority;
    const struct vt_object *objects;
    size_t objects_count;
    const char *level; /* of a document with them */
    unsigned objects_asked;
    size_t data_given; /* to the last step */
    unsigned document_signs, documents_asked, message_asked;
    const char *appearance;
} others;

static uint8_t chain[] = {0x30, 0x03, 1, 2, 3};
static uint8_t mail_text[] = "From: x\r\n\r\nsealed";
static struct vt_seal_change changes[] = {{"Content-Type", 1, "multipart/signed;\n boundary=x"},
                                          {"Content-Transfer-Encoding", 2, NULL},
                                          {"MIME-Version", 0, "1.0"}};

static enum vt_code fake_identity(struct vt_arena *arena, const struct vt_sealer *sealer,
                                  const char *key, struct vt_seal_identity *out, struct vt_err *err)
{
    (void)arena;
    (void)sealer;
    others.identities++;
    *out = (struct vt_seal_identity){.key = key, .chain = vt_bytes_of(chain, sizeof(chain))};
    return others.identity == VT_OK ? VT_OK : vt_err_set(err, others.identity, "no identity");
}

static enum vt_code fake_sign(const struct vt_sealer *sealer, const struct vt_seal_request *request,
                              struct vt_buf *out, enum vt_seal_failure *out_failure,
                              struct vt_err *err)
{
    (void)sealer;
    others.signs++;
    assert_string_equal(request->key, "van-thu");
    assert_string_equal(request->on_behalf, CLERK);
    assert_true(request->purpose == VT_SEAL_FOR_MESSAGE ||
                request->purpose == VT_SEAL_FOR_DOCUMENT);
    others.document_signs += request->purpose == VT_SEAL_FOR_DOCUMENT;
    *out_failure = others.failure;
    (void)snprintf(err->text, sizeof(err->text), "words of the sealer");
    return others.sign == VT_OK ? vt_buf_add(out, "signature", 9) : others.sign;
}

static enum vt_code fake_documents(struct vt_arena *arena, const struct vt_sealing *sealing,
                                   struct vt_sealing_prepared *out, struct vt_err *err)
{
    (void)err;
    others.documents_asked += (unsigned)sealing->documents_count;
    others.appearance = sealing->documents[0].appearance;
    *out =
        (struct vt_sealing_prepared){.word = others.word, .parts_count = sealing->documents_count};
    out->parts = vt_arena_alloc(arena, 2 * sizeof(*out->parts));
    for (size_t i = 0; i < sealing->documents_count; i++) {
        assert_int_equal(sealing->documents[i].signature.len, 0);
        out->parts[i] = (struct vt_sealing_part){
            .word = others.words[i],
            .why = others.words[i] == VT_SEAL_PDF_READY ? NULL : "words of the child",
            .attributes = vt_bytes_of(chain, sizeof(chain))};
    }
    return VT_OK;
}

static enum vt_code fake_prepare(struct vt_arena *arena, const struct vt_sealing *sealing,
                                 struct vt_sealing_prepared *out, struct vt_err *err)
{
    (void)arena;
    assert_string_equal(sealing->plan->identity->key, "van-thu");
    others.message_asked++;
    *out = (struct vt_sealing_prepared){.word = others.word,
                                        .attributes = vt_bytes_of(chain, sizeof(chain))};
    return others.prepare == VT_OK ? VT_OK : vt_err_set(err, others.prepare, "no child");
}

static enum vt_code fake_finish(struct vt_arena *arena, const struct vt_sealing *sealing,
                                struct vt_bytes signature, struct vt_sealing_finished *out,
                                struct vt_err *err)
{
    static char digests[2][65] = {"d0", "d1"};
    (void)arena;
    others.finishes++;
    others.has_token = sealing->token.len > 0;
    others.data_given = sealing->data_fds_count;
    assert_int_equal(signature.len, sealing->plan->form == VT_SEAL_BARE ? 0 : 9);
    for (size_t i = 0; i < sealing->documents_count; i++)
        assert_int_equal(sealing->documents[i].signature.len, 9);
    int fd = -1;
    assert_int_equal(
        vt_memfd_seal("sealed", vt_bytes_of(mail_text, sizeof(mail_text) - 1), &fd, err), VT_OK);
    *out = (struct vt_sealing_finished){.mail_fd = fd, .why = others.why_not};
    assert_int_equal(vt_memfd_map(fd, 1000, &out->mail, err), VT_OK);
    out->body = vt_bytes_slice(out->mail, 11, SIZE_MAX);
    out->changes = changes;
    out->changes_count = 3;
    out->documents_sha256 = digests;
    out->documents_count = sealing->documents_count;
    return others.finish == VT_OK ? VT_OK : vt_err_set(err, others.finish, "no child");
}

static enum vt_code fake_stamp(struct vt_arena *arena, const struct vt_stamper *stamper,
                               struct vt_bytes value, struct vt_stamped_answer *out,
                               struct vt_err *err)
{
    (void)arena;
    (void)stamper;
    assert_int_equal(value.len, 9);
    *out = (struct vt_stamped_answer){.text = others.no_stamp};
    if (others.no_stamp == NULL)
        *out = (struct vt_stamped_answer){
            .token = VT_BYTES("token"), .url = "http://tsa.test", .certificate_sha256 = "bb22"};
    return others.stamp == VT_OK ? VT_OK : vt_err_set(err, others.stamp, "no status role");
}

static const struct vt_seal_steps steps = {fake_identity, fake_sign,   fake_documents,
                                           fake_prepare,  fake_finish, fake_stamp};

#define OWN "aa11"

/* A document that came with one signature, and now has two. */
static void fill_document(struct vt_arena *arena, size_t index, struct vt_document *out)
{
    struct vt_signature *signatures = vt_arena_alloc(arena, 2 * sizeof(*signatures));
    *out = (struct vt_document){
        .format = VT_FORMAT_PDF, .signatures = signatures, .signatures_count = 2};
    (void)snprintf(out->sha256, sizeof(out->sha256), "d%zu", index);
    signatures[0] = (struct vt_signature){.field = "a",
                                          .revision = 1,
                                          .integrity = VT_INTEGRITY_INTACT,
                                          .indication = others.earlier};
    signatures[1] = (struct vt_signature){.field = "b",
                                          .revision = 2,
                                          .integrity = VT_INTEGRITY_INTACT,
                                          .covers = others.is_partly_covered ? VT_COVERS_REVISION
                                                                             : VT_COVERS_WHOLE,
                                          .indication = others.document,
                                          .level = others.level,
                                          .signer = {.sha256 = OWN}};
    if (others.data_given > 0) {
        signatures[1].covers = VT_COVERS_REVISION;
        signatures[1].changes_after = VT_CHANGES_PERMITTED;
    }
    signatures[1].timestamps = vt_arena_alloc(arena, sizeof(*signatures[1].timestamps));
    signatures[1].timestamps_count = 1;
    signatures[1].timestamps[0] = (struct vt_timestamp_facts){.kind = "signature",
                                                              .integrity = VT_INTEGRITY_INTACT,
                                                              .indication = others.stamped,
                                                              .sub_indication = others.stamped_sub};
}

static enum vt_code fake_inspect(struct vt_arena *arena, struct vt_inspection *inspection,
                                 struct vt_evidence **out, struct vt_err *err)
{
    struct vt_evidence *evidence = vt_arena_alloc(arena, sizeof(*evidence));
    struct vt_document *document = vt_arena_alloc(arena, 3 * sizeof(*document));
    struct vt_signature *signature = vt_arena_alloc(arena, sizeof(*signature));
    struct vt_timestamp_facts *facts = vt_arena_alloc(arena, sizeof(*facts));
    others.inspections++;
    *facts = (struct vt_timestamp_facts){.kind = others.has_no_words ? NULL : "signature",
                                         .integrity = VT_INTEGRITY_INTACT,
                                         .indication = others.stamped,
                                         .sub_indication = others.stamped_sub};
    signature->timestamps = facts;
    signature->timestamps_count = others.has_token ? 1 : 0;
    signature->indication = inspection->is_certificate ? others.own
                            : inspection->is_token     ? others.authority
                                                       : others.sealed;
    inspection->objects_fd = -1;
    if (inspection->with_objects) {
        assert_true(inspection->is_certificate != inspection->is_token);
        others.objects_asked++;
        assert_int_equal(vt_objects_seal(others.objects, others.objects_count, VT_MAX_OBJECTS_BYTES,
                                         &inspection->objects_fd, err),
                         VT_OK);
    }
    signature->reasons = VT_REASON_BIT(VT_REASON_STATUS_UNKNOWN);
    (void)snprintf(signature->signer.sha256, sizeof(signature->signer.sha256), OWN);
    *document = (struct vt_document){
        .format = VT_FORMAT_SMIME, .signatures = signature, .signatures_count = 1};
    fill_document(arena, 0, &document[1]);
    fill_document(arena, 1, &document[2]);
    *evidence = (struct vt_evidence){.documents = document, .documents_count = 3};
    *out = evidence;
    return others.inspect == VT_OK ? VT_OK : vt_err_set(err, others.inspect, "no child");
}

/* ---- one mail ---- */

struct scene {
    struct vt_config config;
    struct vt_gateway gateway;
    struct vt_session session;
    struct vt_transaction transaction;
    struct vt_judgement judgement;
    struct vt_evidence evidence;
    struct vt_decision decision;
    struct vt_work work;
    struct vt_seal_key key;
    struct vt_policy *policy;
    const char *ours;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct vt_mistakes mistakes;
    char file[] = "/tmp/test_gateway_seal.XXXXXX";
    static const char text[] =
        "rules:\n- {name: a, when: {direction: outbound}, then: {seal: preferred}}\n";
    int fd = mkstemp(file);
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
    vt_mistakes_init(&mistakes);
    assert_int_equal(vt_policy_load(file, &s->policy, &mistakes, NULL), VT_OK);
    vt_mistakes_clear(&mistakes);
    unlink(file);
    memset(&others, 0, sizeof(others));
    others.failure = VT_SEAL_DONE;
    others.word = VT_SEAL_MESSAGE_READY;
    others.own = others.sealed = others.document = others.earlier = VT_TOTAL_PASSED;
    others.authority = others.stamped = VT_TOTAL_PASSED;
    others.words[0] = others.words[1] = VT_SEAL_PDF_READY;
    s->ours = "ninhbinh.gov.vn";
    s->key =
        (struct vt_seal_key){.name = "van-thu",
                             .certificate = "x.pem",
                             .purposes = 1u << VT_SEAL_FOR_MESSAGE | 1u << VT_SEAL_FOR_DOCUMENT};
    s->config = (struct vt_config){.seal_keys = &s->key,
                                   .seal_keys_count = 1,
                                   .our_domains = {&s->ours, 1},
                                   .inspection_msecs = 2000,
                                   .queue_msecs = 2000,
                                   .hsm_msecs = 2000};
    s->gateway = (struct vt_gateway){.config = &s->config,
                                     .api = &recorder_api,
                                     .policy = s->policy,
                                     .seal_fd = -1,
                                     .inspect = fake_inspect,
                                     .seal_steps = &steps};
    assert_int_equal(vt_queue_init(&s->gateway.queue, 2, NULL), VT_OK);
    assert_int_equal(vt_queue_init(&s->gateway.seal_queue, 2, NULL), VT_OK);
    vt_own_seals_init(&s->gateway.own_seals);
    vt_kept_data_init(&s->gateway.kept_data);
    s->session.actions = SMFIF_CHGBODY | SMFIF_CHGHDRS;
    s->transaction.arena = vt_arena_new(1 << 20);
    s->transaction.mail = s->evidence.mail = (struct vt_mail){.reference = "1831-0927-5569",
                                                              .authenticated = CLERK,
                                                              .sender = CLERK,
                                                              .from = CLERK,
                                                              .from_count = 1,
                                                              .direction = VT_OUTBOUND};
    s->decision = (struct vt_decision){.action = VT_ACTION_ACCEPT, .seal = VT_SEAL_PREFERRED};
    s->judgement = (struct vt_judgement){.evidence = &s->evidence, .decision = &s->decision};
    int64_t now = vt_clock_monotonic_msecs();
    s->work = (struct vt_work){.gateway = &s->gateway,
                               .session = &s->session,
                               .transaction = &s->transaction,
                               .out = &s->judgement,
                               .begun_msecs = now,
                               .last_kick_msecs = now,
                               .last_progress_msecs = now,
                               .deadline_msecs = now + 20000,
                               .mail_fd = 0};
    *state = s;
    return 0;
}

static void forget_data(struct scene *s)
{
    struct vt_kept_data *kept = &s->gateway.kept_data;
    for (size_t i = 0; i < kept->count; i++) {
        if (kept->items[i].fd >= 0)
            close(kept->items[i].fd);
    }
    kept->count = 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    vt_judgement_clear(&s->judgement);
    for (size_t i = 0; i < s->gateway.own_seals.count; i++)
        free(s->gateway.own_seals.items[i].chain);
    forget_data(s);
    vt_queue_clear(&s->gateway.queue);
    vt_queue_clear(&s->gateway.seal_queue);
    vt_arena_free(s->transaction.arena);
    vt_policy_free(s->policy);
    free(s);
    return 0;
}

static void expect(struct scene *s, enum vt_seal_result result, const char *why)
{
    struct vt_headers headers = {0};
    const struct vt_sealed *sealed = &s->judgement.sealed;
    vt_judgement_clear(&s->judgement);
    s->judgement.sealed = (struct vt_sealed){0};
    vt_work_seal(&s->work);
    assert_int_equal(sealed->result, result);
    if (why == NULL)
        assert_null(sealed->why);
    else
        assert_string_equal(sealed->why, why);
    /* Never a changed body without a seal. */
    assert_int_equal(sealed->mail.body.len > 0, result == VT_SEAL_RESULT_SEALED);
    assert_int_equal(vt_seal_mark(s->transaction.arena, sealed, &headers), VT_OK);
    assert_int_equal(headers.count, why != NULL);
    if (why != NULL) {
        char wanted[100];
        (void)snprintf(wanted, sizeof(wanted), "no; %s", why);
        assert_string_equal(headers.items[0].name, "X-Vanthu-Seal");
        assert_string_equal(headers.items[0].value, wanted);
    }
}

/* ---- tests ---- */

static void a_time_stamp_is_set_or_missed(void **state)
{
    static const struct {
        const char *name;
        enum vt_code stamp;
        const char *no_stamp;
        enum vt_indication stamped;
        enum vt_sub_indication sub;
        bool is_required;
        const char *level; /* NULL: not sealed */
        const char *unstamped;
        unsigned finishes;
    } rows[] = {
        {"good", VT_OK, NULL, VT_TOTAL_PASSED, VT_SUB_NONE, true, "B-T", NULL, 1},
        {"its status is not known yet", VT_OK, NULL, VT_INDETERMINATE, VT_SUB_TRY_LATER, true,
         "B-T", NULL, 1},
        {"none", VT_OK, "tsa: silent", VT_TOTAL_PASSED, VT_SUB_NONE, false, "B-B", "tsa: silent",
         1},
        {"none, required", VT_OK, "tsa: silent", VT_TOTAL_PASSED, VT_SUB_NONE, true, NULL,
         "tsa: silent", 0},
        {"status is away", VT_E_PEER, NULL, VT_TOTAL_PASSED, VT_SUB_NONE, false, "B-B",
         "no status role", 1},
        {"revoked", VT_OK, NULL, VT_INDETERMINATE, VT_SUB_REVOKED_NO_POE, false, "B-B",
         "REVOKED_NO_POE", 2},
        {"revoked, required", VT_OK, NULL, VT_INDETERMINATE, VT_SUB_REVOKED_NO_POE, true, NULL,
         "REVOKED_NO_POE", 1},
    };
    struct scene *s = *state;
    const char *url = "http://tsa.test";
    const struct vt_sealed *sealed = &s->judgement.sealed;
    s->config.timestamp = (struct vt_config_timestamp){.urls = {&url, 1}, .timeout_msecs = 1000};
    s->key.level = VT_SEAL_LEVEL_T;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        s->config.timestamp.is_required = rows[i].is_required;
        others.stamp = rows[i].stamp;
        others.no_stamp = rows[i].no_stamp;
        others.stamped = rows[i].stamped;
        others.stamped_sub = rows[i].sub;
        others.finishes = 0;
        print_message("  %s\n", rows[i].name);
        expect(s, rows[i].level != NULL ? VT_SEAL_RESULT_SEALED : VT_SEAL_RESULT_FAILED,
               rows[i].level != NULL ? NULL : "timestamp");
        assert_int_equal(others.finishes, rows[i].finishes);
        if (rows[i].level != NULL) {
            assert_string_equal(sealed->level, rows[i].level);
            assert_int_equal(others.has_token, strcmp(rows[i].level, "B-T") == 0);
        }
        if (rows[i].unstamped == NULL)
            assert_null(sealed->unstamped);
        else
            assert_non_null(strstr(sealed->unstamped, rows[i].unstamped));
    }
    s->key.level = VT_SEAL_LEVEL_B;
    expect(s, VT_SEAL_RESULT_SEALED, NULL);
    assert_null(sealed->level);
}

/* One of many documents whose authority took its time: the rest of it is for the seal. */
static void a_slow_authority_does_not_cost_the_seal(void **state)
{
    struct scene *s = *state;
    const char *url = "http://tsa.test";
    s->config.timestamp = (struct vt_config_timestamp){.urls = {&url, 1}, .timeout_msecs = 5000};
    s->config.total_msecs = 60000;
    s->key.level = VT_SEAL_LEVEL_T;
    others.stamped = VT_TOTAL_PASSED;
    s->work.deadline_msecs = vt_clock_monotonic_msecs() + 40000;
    expect(s, VT_SEAL_RESULT_SEALED, NULL);
    assert_string_equal(s->judgement.sealed.level, "B-T");
    s->work.deadline_msecs = vt_clock_monotonic_msecs() + 19000;
    expect(s, VT_SEAL_RESULT_SEALED, NULL);
    assert_string_equal(s->judgement.sealed.level, "B-B");
    assert_string_equal(s->judgement.sealed.unstamped, "the mail has waited long enough");
    s->config.timestamp.is_required = true;
    expect(s, VT_SEAL_RESULT_FAILED, "timestamp");
}

static void every_failure_of_the_sealer_has_its_word(void **state)
{
    struct scene *s = *state;
    for (unsigned i = 0; i < VT_SEAL_DONE; i++) {
        others.failure = (enum vt_seal_failure)i;
        expect(s, VT_SEAL_RESULT_FAILED, vt_seal_failure_name((enum vt_seal_failure)i));
        assert_string_equal(s->judgement.sealed.text, "words of the sealer");
    }
    others.failure = VT_SEAL_DONE;
    others.sign = VT_E_TIMEOUT;
    expect(s, VT_SEAL_RESULT_FAILED, "unavailable");
    others.sign = VT_OK;
    expect(s, VT_SEAL_RESULT_SEALED, NULL);
}

static void every_step_may_fail(void **state)
{
    struct scene *s = *state;
    enum vt_code *codes[] = {&others.prepare, &others.finish, &others.inspect};
    expect(s, VT_SEAL_RESULT_SEALED, NULL);
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        *codes[i] = VT_E_PEER;
        expect(s, VT_SEAL_RESULT_FAILED, "unavailable");
        *codes[i] = VT_OK;
    }
    others.why_not = "the signature is not intact";
    expect(s, VT_SEAL_RESULT_FAILED, "not-verified");
    others.why_not = NULL;
    others.sealed = VT_INDETERMINATE;
    expect(s, VT_SEAL_RESULT_FAILED, "not-verified");
    assert_string_equal(s->judgement.sealed.text,
                        "the sealed mail is INDETERMINATE: STATUS_UNKNOWN");
}

static void what_is_left_alone_is_no_failure(void **state)
{
    struct scene *s = *state;
    static const struct {
        enum vt_seal_message_word word;
        enum vt_seal_result result;
    } rows[] = {{VT_SEAL_MESSAGE_SIGNED, VT_SEAL_RESULT_LEFT},
                {VT_SEAL_MESSAGE_ENCRYPTED, VT_SEAL_RESULT_LEFT},
                {VT_SEAL_MESSAGE_LIST, VT_SEAL_RESULT_LEFT},
                {VT_SEAL_MESSAGE_REPORT, VT_SEAL_RESULT_LEFT},
                {VT_SEAL_MESSAGE_CALENDAR, VT_SEAL_RESULT_LEFT},
                {VT_SEAL_MESSAGE_AUTOMATIC, VT_SEAL_RESULT_LEFT},
                {VT_SEAL_MESSAGE_MALFORMED, VT_SEAL_RESULT_FAILED},
                {VT_SEAL_MESSAGE_FRAGILE, VT_SEAL_RESULT_FAILED},
                {VT_SEAL_MESSAGE_TOO_LARGE, VT_SEAL_RESULT_FAILED}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        others.word = rows[i].word;
        expect(s, rows[i].result, vt_seal_message_word_name(rows[i].word));
    }
    assert_int_equal(others.signs, 0);
}

static void own_certificate_is_judged_first_and_kept(void **state)
{
    struct scene *s = *state;
    others.own = VT_INDETERMINATE;
    expect(s, VT_SEAL_RESULT_FAILED, "certificate");
    assert_int_equal(others.signs, 0);
    expect(s, VT_SEAL_RESULT_FAILED, "certificate");
    assert_int_equal(others.identities, 1);
    assert_int_equal(others.inspections, 1);
    s->gateway.own_seals.items[0].until_msecs = 0;
    others.own = VT_TOTAL_PASSED;
    expect(s, VT_SEAL_RESULT_SEALED, NULL);
    expect(s, VT_SEAL_RESULT_SEALED, NULL);
    assert_int_equal(others.identities, 2);
    s->gateway.own_seals.items[0].until_msecs = 0;
    others.identity = VT_E_PEER;
    expect(s, VT_SEAL_RESULT_FAILED, "unavailable");
    others.identity = VT_E_NOT_FOUND;
    expect(s, VT_SEAL_RESULT_FAILED, "certificate");
}

static void whose_mail_is_sealed(void **state)
{
    struct scene *s = *state;
    struct vt_mail *mail = &s->evidence.mail;
    static const struct {
        const char *login, *from;
        unsigned count;
        bool fits;
    } rows[] = {{CLERK, CLERK, 1, true},    {"VANTHU@SONV.ninhbinh.gov.vn", CLERK, 1, true},
                {"vanthu", CLERK, 1, true}, {"vanthu", "vanthu@example.vn", 1, false},
                {"van", CLERK, 1, false},   {"vanthu2@sonv.ninhbinh.gov.vn", CLERK, 1, false},
                {CLERK, CLERK, 2, false},   {CLERK, NULL, 0, false},
                {NULL, CLERK, 1, false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        *mail = (struct vt_mail){
            .authenticated = rows[i].login, .from = rows[i].from, .from_count = rows[i].count};
        assert_int_equal(vt_seal_login_fits(mail, NULL, &s->config), rows[i].fits);
    }
    mail->authenticated = "khac@example.vn";
    expect(s, VT_SEAL_RESULT_FAILED, "login-not-from");
    mail->authenticated = NULL;
    expect(s, VT_SEAL_RESULT_FAILED, "not-authenticated");
    s->decision.seal_key = "khac";
    expect(s, VT_SEAL_RESULT_FAILED, "no-key");
    assert_int_equal(others.identities, 0);
}

static void what_is_not_asked_for_is_not_done(void **state)
{
    struct scene *s = *state;
    s->judgement.is_inert = true;
    expect(s, VT_SEAL_RESULT_NONE, NULL);
    s->judgement.is_inert = false;
    s->decision.action = VT_ACTION_REJECT;
    expect(s, VT_SEAL_RESULT_NONE, NULL);
    s->decision.action = VT_ACTION_HOLD;
    expect(s, VT_SEAL_RESULT_SEALED, NULL);
    s->decision.seal = VT_SEAL_NONE;
    expect(s, VT_SEAL_RESULT_NONE, NULL);
    s->decision.seal = VT_SEAL_PREFERRED;
    s->session.actions = SMFIF_CHGHDRS;
    expect(s, VT_SEAL_RESULT_FAILED, "mta");
    s->work.mail_fd = -1;
    expect(s, VT_SEAL_RESULT_FAILED, "not-inspected");
}

/* ---- documents ---- */

static struct vt_signature first_signatures[2];
static struct vt_document documents[] = {
    {.path = "2", .name = "Phụ lục.pdf", .format = VT_FORMAT_PDF},
    {.path = "3", .name = "2415-SNV.pdf", .format = VT_FORMAT_PDF},
    {.path = "4/trong.pdf", .name = "trong.pdf", .format = VT_FORMAT_PDF},
    {.path = "5", .name = "x.docx", .format = VT_FORMAT_OOXML},
    {.path = "6", .name = "tra-lai.pdf", .format = VT_FORMAT_PDF, .nested = true}};
static const char *annexes[] = {"phụ lục*"};
static struct vt_seal_appearance_asked appearances[] = {
    {.names = annexes, .names_count = 1, .appearance = "phu-luc"}, {.appearance = "con-dau"}};
static struct vt_seal_documents asked;

/* Two documents that stand by themselves, each with one signature. */
static void ask_for(struct scene *s, enum vt_seal_what what)
{
    for (size_t i = 0; i < 2; i++) {
        first_signatures[i] = (struct vt_signature){.field = "a",
                                                    .revision = 1,
                                                    .integrity = VT_INTEGRITY_INTACT,
                                                    .covers = VT_COVERS_WHOLE,
                                                    .indication = VT_TOTAL_PASSED};
        documents[i].signatures = &first_signatures[i];
        documents[i].signatures_count = 1;
    }
    asked = (struct vt_seal_documents){
        .at_most = 20, .appearances = appearances, .appearances_count = 2};
    s->evidence.documents = documents;
    s->evidence.documents_count = 5;
    s->decision.seal_what = what;
    s->decision.seal_documents = &asked;
}

static void expect_words(const struct scene *s, const char *first, const char *second)
{
    const struct vt_sealed *sealed = &s->judgement.sealed;
    assert_int_equal(sealed->documents_count, 2);
    assert_string_equal(sealed->documents[0].word, first);
    assert_string_equal(sealed->documents[1].word, second);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(sealed->documents[i].sha256 != NULL,
                         strcmp(sealed->documents[i].word, "sealed") == 0);
}

static void documents_and_message_are_signed_each(void **state)
{
    struct scene *s = *state;
    ask_for(s, VT_SEAL_WHAT_BOTH);
    expect(s, VT_SEAL_RESULT_SEALED, NULL);
    expect_words(s, "sealed", "sealed");
    assert_string_equal(s->judgement.sealed.documents[1].sha256, "d1");
    assert_string_equal(others.appearance, "phu-luc");
    assert_int_equal(others.document_signs, 2);
    assert_int_equal(others.signs, 3);
    ask_for(s, VT_SEAL_WHAT_DOCUMENTS);
    others.sealed = VT_INDETERMINATE; /* there is no signature over the message */
    expect(s, VT_SEAL_RESULT_SEALED, NULL);
    assert_int_equal(others.signs, 5);
    assert_int_equal(others.message_asked, 1);
}

/* The name of a file is its sender's: what it holds ends no field of the line in the log. */
static void a_name_with_quotes_stays_in_its_field(void **state)
{
    struct scene *s = *state;
    const char *name = documents[1].name;
    char line[1000] = "";
    ask_for(s, VT_SEAL_WHAT_DOCUMENTS);
    others.words[1] = VT_SEAL_PDF_CERTIFIED;
    documents[1].name = "a\" result=sealed b=\".pdf";
    int kept = dup(STDERR_FILENO);
    FILE *log = tmpfile();
    assert_non_null(log);
    assert_true(dup2(fileno(log), STDERR_FILENO) >= 0);
    expect(s, VT_SEAL_RESULT_FAILED, "document-certified");
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    (void)close(kept);
    documents[1].name = name;
    rewind(log);
    assert_true(fread(line, 1, sizeof(line) - 1, log) > 0);
    (void)fclose(log);
    assert_non_null(strstr(line, " why=document-certified "
                                 "text=\"a' result=sealed b='.pdf: words of the child\""));
}

static void one_that_cannot_be_sealed_leaves_all(void **state)
{
    struct scene *s = *state;
    ask_for(s, VT_SEAL_WHAT_BOTH);
    others.words[1] = VT_SEAL_PDF_CERTIFIED;
    expect(s, VT_SEAL_RESULT_FAILED, "document-certified");
    expect_words(s, "not-sealed", "certified");
    assert_string_equal(s->judgement.sealed.text, "2415-SNV.pdf: words of the child");
    assert_int_equal(others.signs, 0);
    others.words[1] = VT_SEAL_PDF_READY;
    others.failure = VT_SEAL_QUOTA;
    expect(s, VT_SEAL_RESULT_FAILED, "quota");
    expect_words(s, "quota", "not-sealed");
    others.failure = VT_SEAL_DONE;
    others.word = VT_SEAL_MESSAGE_LIST;
    expect(s, VT_SEAL_RESULT_LEFT, "list");
    others.word = VT_SEAL_MESSAGE_READY;
    asked.at_most = 1;
    expect(s, VT_SEAL_RESULT_FAILED, "too-many-documents");
}

static void sealed_documents_are_judged(void **state)
{
    struct scene *s = *state;
    ask_for(s, VT_SEAL_WHAT_DOCUMENTS);
    others.document = VT_INDETERMINATE;
    expect(s, VT_SEAL_RESULT_FAILED, "not-verified");
    expect_words(s, "not-verified", "not-sealed");
    others.document = VT_TOTAL_PASSED;
    others.is_partly_covered = true;
    expect(s, VT_SEAL_RESULT_FAILED, "not-verified");
    others.is_partly_covered = false;
    others.earlier = VT_TOTAL_FAILED;
    expect(s, VT_SEAL_RESULT_FAILED, "not-verified");
    others.earlier = VT_INDETERMINATE;
    expect(s, VT_SEAL_RESULT_FAILED, "not-verified");
    first_signatures[0].indication = first_signatures[1].indication = VT_INDETERMINATE;
    expect(s, VT_SEAL_RESULT_SEALED, NULL);
    first_signatures[1].field = "c";
    expect(s, VT_SEAL_RESULT_FAILED, "not-verified");
}

static void what_has_this_seal_stays(void **state)
{
    struct scene *s = *state;
    ask_for(s, VT_SEAL_WHAT_DOCUMENTS);
    (void)snprintf(first_signatures[0].signer.sha256, 65, OWN);
    (void)snprintf(first_signatures[1].signer.sha256, 65, OWN);
    expect(s, VT_SEAL_RESULT_LEFT, "sealed-already");
    assert_int_equal(others.documents_asked, 0);
    first_signatures[1].covers = VT_COVERS_REVISION;
    expect(s, VT_SEAL_RESULT_SEALED, NULL);
    expect_words(s, "sealed-already", "sealed");
    assert_int_equal(others.documents_asked, 1);
    asked.is_signed = VT_SEAL_UNSIGNED_ONLY;
    expect(s, VT_SEAL_RESULT_LEFT, "no-document");
    s->decision.seal_what = VT_SEAL_WHAT_BOTH;
    expect(s, VT_SEAL_RESULT_SEALED, NULL);
}

/* Evidence comes from a process that read hostile bytes: any text of it may be missing. */
static void evidence_without_words_is_no_fault(void **state)
{
    struct scene *s = *state;
    const char *url = "http://tsa.test";
    ask_for(s, VT_SEAL_WHAT_DOCUMENTS);
    documents[0].path = NULL;
    expect(s, VT_SEAL_RESULT_SEALED, NULL);
    assert_int_equal(s->judgement.sealed.documents_count, 1);
    documents[0].path = "2";
    s->decision.seal_what = VT_SEAL_WHAT_MESSAGE;
    s->decision.seal_documents = NULL;
    s->config.timestamp = (struct vt_config_timestamp){.urls = {&url, 1}, .timeout_msecs = 1000};
    s->key.level = VT_SEAL_LEVEL_T;
    others.has_no_words = true;
    expect(s, VT_SEAL_RESULT_SEALED, NULL);
    assert_string_equal(s->judgement.sealed.level, "B-B");
}

#define DIGEST(c) c c c c c c c c c c c c c c c c

/* At B-LT: had once for a while, all of it or none. */
static void documents_get_what_validates_them(void **state)
{
    const struct vt_object all[] = {
        {VT_OBJECT_CERTIFICATE, VT_OBJECT_EMBEDDED, DIGEST("aaaa"), 3, VT_BYTES("abc")},
        {VT_OBJECT_CRL, VT_OBJECT_GIVEN, DIGEST("bbbb"), 3, VT_BYTES("def")}};
    const struct vt_object large[] = {
        {VT_OBJECT_CRL, VT_OBJECT_FETCHED, DIGEST("cccc"), VT_MAX_SEAL_CRL_BYTES + 1, {0}}};
    const struct {
        const char *name;
        const struct vt_object *objects;
        size_t count;
        enum vt_indication authority;
        const char *document; /* its level afterwards */
        bool is_required;
        const char *why;   /* it is not sealed */
        const char *level; /* else */
        const char *unstored;
        unsigned asked;
    } rows[] = {
        {"all is there", all, 2, VT_TOTAL_PASSED, "B-LT", true, NULL, "B-LT", NULL, 2},
        {"an archive time stamp", all, 2, VT_TOTAL_PASSED, "B-LTA", true, NULL, "B-LT", NULL, 2},
        {"the authority's status is not known", all, 2, VT_INDETERMINATE, "B-T", false, NULL, "B-T",
         "the authority of the time stamp is INDETERMINATE: STATUS_UNKNOWN", 2},
        {"the same, required", all, 2, VT_INDETERMINATE, "B-T", true, "validation-data", NULL,
         "the authority of the time stamp is INDETERMINATE", 2},
        {"a large CRL", large, 1, VT_TOTAL_PASSED, "B-T", false, NULL, "B-T", "a CRL of 1048577 ",
         1},
        {"a document takes none", all, 2, VT_TOTAL_PASSED, "B-T", false, NULL, "B-T",
         "takes no more validation data", 2},
        {"the same, required", all, 2, VT_TOTAL_PASSED, "B-T", true, "validation-data", NULL,
         "takes no more validation data", 2},
    };
    struct scene *s = *state;
    const char *url = "http://tsa.test";
    const struct vt_sealed *sealed = &s->judgement.sealed;
    s->config.timestamp = (struct vt_config_timestamp){.urls = {&url, 1}, .timeout_msecs = 1000};
    s->key.level = VT_SEAL_LEVEL_LT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("  %s\n", rows[i].name);
        forget_data(s);
        ask_for(s, i % 2 == 0 ? VT_SEAL_WHAT_BOTH : VT_SEAL_WHAT_DOCUMENTS);
        s->config.timestamp.is_required = rows[i].is_required;
        others.objects = rows[i].objects;
        others.objects_count = rows[i].count;
        others.authority = rows[i].authority;
        others.level = rows[i].document;
        others.objects_asked = 0;
        for (unsigned twice = 0; twice < 2; twice++) {
            others.data_given = 0;
            expect(s, rows[i].why == NULL ? VT_SEAL_RESULT_SEALED : VT_SEAL_RESULT_FAILED,
                   rows[i].why);
            assert_int_equal(others.objects_asked, rows[i].asked);
            if (rows[i].level != NULL)
                assert_string_equal(sealed->level, rows[i].level);
            expect_words(s, rows[i].why == NULL ? "sealed" : "not-sealed",
                         rows[i].why == NULL ? "sealed" : "not-sealed");
            if (rows[i].unstored == NULL)
                assert_null(sealed->unstored);
            else
                assert_non_null(strstr(sealed->unstored, rows[i].unstored));
        }
    }
}

/* It is left out, with all that validates it; the message is signed once more over what is left. */
static void a_time_stamp_that_does_not_count_is_left_out(void **state)
{
    struct scene *s = *state;
    const char *url = "http://tsa.test";
    s->config.timestamp = (struct vt_config_timestamp){.urls = {&url, 1}, .timeout_msecs = 1000};
    s->key.level = VT_SEAL_LEVEL_LT;
    ask_for(s, VT_SEAL_WHAT_BOTH);
    others.authority = VT_INDETERMINATE;
    others.stamped = VT_INDETERMINATE;
    others.stamped_sub = VT_SUB_REVOKED_NO_POE;
    expect(s, VT_SEAL_RESULT_SEALED, NULL);
    assert_string_equal(s->judgement.sealed.level, "B-B");
    assert_non_null(s->judgement.sealed.unstamped);
    assert_null(s->judgement.sealed.unstored);
    assert_int_equal(others.data_given, 0);
    assert_int_equal(others.finishes, 2);
    assert_int_equal(others.document_signs, 2);
    assert_int_equal(others.signs, 4);
}

static void headers_go_before_the_body(void **state)
{
    struct scene *s = *state;
    expect(s, VT_SEAL_RESULT_SEALED, NULL);
    recorder_reset();
    const struct vt_sealed *sealed = &s->judgement.sealed;
    assert_int_equal(vt_seal_change_headers(sealed, true, &recorder_api, recorder_ctx), VT_OK);
    assert_int_equal(vt_seal_replace_body(sealed, &recorder_api, recorder_ctx), VT_OK);
    assert_string_equal(recorder.lines, "change Content-Type 1: multipart/signed;\n boundary=x\n"
                                        "delete Content-Transfer-Encoding 2\n"
                                        "add MIME-Version: 1.0\n"
                                        "body 6 sealed\n");
    recorder.fails = true;
    assert_int_equal(vt_seal_replace_body(sealed, &recorder_api, recorder_ctx), VT_E_SYSTEM);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {CASE(a_time_stamp_is_set_or_missed),
                                       CASE(a_slow_authority_does_not_cost_the_seal),
                                       CASE(every_failure_of_the_sealer_has_its_word),
                                       CASE(every_step_may_fail),
                                       CASE(what_is_left_alone_is_no_failure),
                                       CASE(own_certificate_is_judged_first_and_kept),
                                       CASE(whose_mail_is_sealed),
                                       CASE(what_is_not_asked_for_is_not_done),
                                       CASE(documents_and_message_are_signed_each),
                                       CASE(a_name_with_quotes_stays_in_its_field),
                                       CASE(one_that_cannot_be_sealed_leaves_all),
                                       CASE(sealed_documents_are_judged),
                                       CASE(what_has_this_seal_stays),
                                       CASE(evidence_without_words_is_no_fault),
                                       CASE(documents_get_what_validates_them),
                                       CASE(a_time_stamp_that_does_not_count_is_left_out),
                                       CASE(headers_go_before_the_body)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
