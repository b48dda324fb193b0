/* SPDX-License-Identifier: Apache-2.0
 * Who is told of a decision, and why not: a matrix of envelopes, headers, proofs, decisions,
 * outcomes and modes; and what holds of all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notice_rows.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DAY_MSECS INT64_C(86400000)
/* Thursday 2026-12-03, 09:12 in Vietnam */
#define NOW INT64_C(1796263920)
#define HOUR INT64_C(3600)
#define DIGEST_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define DIGEST_D "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"

static const char table[] = "agencies:\n"
                            "- {id: stc, name: Sở Tài chính, domains: [stc.ninhbinh.gov.vn],\n"
                            "   records-mailbox: vanthu@stc.ninhbinh.gov.vn}\n"
                            "- {id: stp, name: Sở Tư pháp, domains: [stp.ninhbinh.gov.vn]}\n"
                            "- {id: hanoi, name: Hà Nội, domains: [hanoi.gov.vn],\n"
                            "   records-mailbox: vanthu@hanoi.gov.vn}\n"
                            "- {id: truong, name: Trường A, domains: [truong-a.edu.vn]}\n"
                            "- {id: cty, name: Công ty B, class: other, domains: [cty.com.vn]}\n";

/* ---- a row as evidence and decision ---- */

struct scene {
    struct vt_arena *arena;
    struct vt_config config;
    struct vt_site *site;
    struct vt_document document;
    struct vt_evidence evidence;
    struct vt_decision decision;
    struct vt_notice_plan_input input;
};

static const char *our_domains[] = {"ninhbinh.gov.vn"}, *state_domains[] = {"gov.vn", "dcs.vn"};

static void fill_config(struct vt_config *config, const struct row *row)
{
    *config =
        (struct vt_config){.mode = row->is_observe  ? VT_MODE_OBSERVE
                                   : row->mode != 0 ? row->mode
                                                    : VT_MODE_ENFORCE,
                           .hostname = "mx1.ninhbinh.gov.vn",
                           .our_domains = {our_domains, COUNT(our_domains)},
                           .state_domains = {state_domains, COUNT(state_domains)},
                           .notices = {.is_enabled = !row->is_disabled,
                                       .quiet_msecs = 90000,
                                       .once_msecs = DAY_MSECS,
                                       .admin = "quantri@ninhbinh.gov.vn",
                                       .lists_at = {.minutes = {11 * 60, 16 * 60}, .count = 2},
                                       .senders = row->senders,
                                       .remarks = VT_REASON_BIT(VT_REASON_CERT_REVOKED_SINCE) |
                                                  VT_REASON_BIT(VT_REASON_WRONG_KIND),
                                       .remark_once_within_msecs = 7 * DAY_MSECS,
                                       .arrival = row->arrival}};
}

static enum vt_sender_proof proof_by_name(const char *name)
{
    for (unsigned proof = VT_PROOF_NONE; name != NULL && proof <= VT_PROOF_DMARC; proof++) {
        if (strcmp(vt_sender_proof_name((enum vt_sender_proof)proof), name) == 0)
            return (enum vt_sender_proof)proof;
    }
    return VT_PROOF_DKIM;
}

static void fill_mail(struct scene *scene, const struct row *row)
{
    static const char *usual[] = {"a@stc.ninhbinh.gov.vn", "b@stp.ninhbinh.gov.vn"};
    struct vt_mail *mail = &scene->evidence.mail;
    bool is_said = row->recipients[0] != NULL;
    const char **recipients = vt_arena_alloc(scene->arena, 3 * sizeof(*recipients));
    size_t count = 0;
    for (; is_said ? row->recipients[count] != NULL : count < COUNT(usual); count++)
        recipients[count] = is_said ? row->recipients[count] : usual[count];
    const char *sender = row->sender != NULL ? row->sender : "nguoigui@soxd.ninhbinh.gov.vn";
    *mail = (struct vt_mail){
        .reference = "1831-0927-5569",
        .sender = sender,
        .from = row->from != NULL ? row->from : sender,
        .from_count = 1,
        .message_id = "<1@soxd.ninhbinh.gov.vn>",
        .subject = row->subject,
        .recipients = recipients,
        .recipients_count = count,
        .direction = row->direction,
        .front_relay = row->front_relay,
        .sender_class = row->is_other ? VT_SENDER_OTHER : VT_SENDER_STATE,
        .sender_aligned = !row->is_other,
        .is_list = row->is_list,
        .is_automatic = row->is_automatic,
        .automatic_by = row->automatic_by,
        .sender_proof = proof_by_name(row->proof),
    };
}

static void fill_decision(struct scene *scene, const struct row *row)
{
    static const struct {
        char letter;
        enum vt_action action;
        enum vt_register_outcome outcome;
    } actions[] = {
        {'R', VT_ACTION_REJECT, VT_OUTCOME_REJECT},  {'H', VT_ACTION_HOLD, VT_OUTCOME_HOLD},
        {'D', VT_ACTION_DEFER, VT_OUTCOME_TEMPFAIL}, {'T', VT_ACTION_TAG, VT_OUTCOME_ACCEPT},
        {'N', VT_ACTION_NOTE, VT_OUTCOME_ACCEPT},    {'A', VT_ACTION_ACCEPT, VT_OUTCOME_ACCEPT}};
    size_t a = 0;
    while (row->action != '\0' && actions[a].letter != row->action)
        a++;
    scene->decision = (struct vt_decision){.action = actions[a].action,
                                           .would_be = actions[a].action,
                                           .mode = VT_MODE_ENFORCE,
                                           .reason = row->reason,
                                           .notify = row->notify,
                                           .officer = "Nguyễn Văn A <canbo@ninhbinh.gov.vn>"};
    scene->input.outcome = actions[a].outcome;
}

static void scene_new(struct scene *scene, const struct row *row)
{
    struct vt_mistakes mistakes;
    struct vt_site_facts *facts = NULL;
    *scene = (struct scene){.arena = vt_arena_new(1 << 20)};
    assert_non_null(scene->arena);
    vt_mistakes_init(&mistakes);
    if (!row->is_without_site &&
        vt_site_parse(vt_bytes_str(table), "agencies.yaml", &scene->site, &mistakes, NULL) != VT_OK)
        fail_msg("%s", mistakes.items[0].text);
    vt_mistakes_clear(&mistakes);
    fill_config(&scene->config, row);
    scene->document = (struct vt_document){.format = VT_FORMAT_PDF,
                                           .sha256 = DIGEST_C,
                                           .attachment = true,
                                           .is_official = !row->is_unofficial,
                                           .reasons = row->more};
    if (row->reason < VT_REASON_COUNT)
        scene->document.reasons |= VT_REASON_BIT(row->reason);
    scene->evidence.documents = &scene->document;
    scene->evidence.documents_count = 1;
    fill_mail(scene, row);
    fill_decision(scene, row);
    const struct vt_site_input site = {.evidence = &scene->evidence,
                                       .site = scene->site,
                                       .now_utc_secs = NOW,
                                       .official_only_since_utc_secs = VT_TIME_NONE};
    assert_int_equal(vt_site_judge(scene->arena, &site, &facts, NULL), VT_OK);
    scene->decision.site = facts;
    scene->input.config = &scene->config;
    scene->input.site = scene->site;
    scene->input.evidence = &scene->evidence;
    scene->input.decision = &scene->decision;
    scene->input.is_secret = row->is_secret;
    scene->input.now_utc_secs = NOW;
}

static void scene_free(struct scene *scene)
{
    vt_site_free(scene->site);
    vt_arena_free(scene->arena);
}

static void show(const struct vt_register_notice *items, size_t count, char *out, size_t out_bytes)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && used < out_bytes; i++) {
        const char *at = strchr(items[i].recipient, '@');
        assert_non_null(at);
        used += (size_t)snprintf(out + used, out_bytes - used, "%s%s:%.*s:%lld", i > 0 ? " " : "",
                                 items[i].kind, (int)(at - items[i].recipient), items[i].recipient,
                                 (long long)items[i].quiet_secs);
    }
}

static void matrix(void **state)
{
    (void)state;
    assert_true(COUNT(rows) >= 60);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row *row = &rows[i];
        struct scene scene;
        struct vt_notice_plan plan;
        char got[1000];
        scene_new(&scene, row);
        assert_int_equal(vt_notice_plan(scene.arena, &scene.input, &plan, NULL), VT_OK);
        show(plan.items, plan.count, got, sizeof(got));
        const char *why = vt_no_notice_name(plan.why_not);
        if (strcmp(got, row->want != NULL ? row->want : "") != 0)
            fail_msg("%s: \"%s\" (%s)", row->name, got, why != NULL ? why : "told");
        if ((why == NULL) != (row->why_not == NULL) ||
            (why != NULL && strcmp(why, row->why_not) != 0))
            fail_msg("%s: %s", row->name, why != NULL ? why : "told");
        scene_free(&scene);
    }
}

/* ---- what holds of all ---- */

static unsigned roll(uint64_t *dice, unsigned sides)
{
    *dice = *dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(*dice >> 33) % sides;
}

static struct row random_row(uint64_t *dice)
{
    static const char *const senders[] = {"", "a@soxd.ninhbinh.gov.vn", "b@gmail.com",
                                          "noreply@gov.vn", "canbo@stc.ninhbinh.gov.vn"};
    static const char *const proofs[] = {"none", "login", "network", "spf", "dkim", "dmarc"};
    static const char actions[] = "RHDTNA";
    struct row row = rows[roll(dice, COUNT(rows))];
    row.sender = senders[roll(dice, COUNT(senders))];
    row.proof = proofs[roll(dice, COUNT(proofs))];
    row.action = actions[roll(dice, sizeof(actions) - 1)];
    row.reason = (enum vt_reason)roll(dice, VT_REASON_COUNT + 1);
    row.notify = roll(dice, 32);
    row.automatic_by = (enum vt_automatic)(roll(dice, 3) == 0 ? roll(dice, 9) : 0);
    row.senders = (enum vt_notice_senders)roll(dice, 3);
    row.arrival = roll(dice, 2) == 0;
    row.direction = (enum vt_direction)roll(dice, 3);
    row.is_secret = roll(dice, 5) == 0;
    row.is_observe = roll(dice, 10) == 0;
    return row;
}

static void check_to_sender(const struct scene *scene, const struct row *row, bool is_told,
                            const struct vt_notice_plan *plan)
{
    const struct vt_mail *mail = &scene->evidence.mail;
    enum vt_reason reason = scene->decision.reason;
    assert_true(is_told == (plan->why_not == VT_NO_NOTICE_NONE));
    if (!is_told)
        return;
    assert_true(mail->sender[0] != '\0');
    assert_true(mail->sender_proof != VT_PROOF_NONE);
    assert_true(mail->automatic_by == VT_AUTOMATIC_NOT && !mail->is_automatic && !mail->is_list);
    assert_false(row->is_secret);
    assert_int_not_equal(row->senders, VT_SENDERS_NONE);
    bool is_ours = reason < VT_REASON_COUNT && vt_reason_info(reason)->cause == VT_CAUSE_RECEIVER;
    assert_true(!is_ours || strcmp(plan->items[0].kind, "arrival") == 0 ||
                plan->items[0].once_secs == 7 * 86400);
}

static void properties(void **state)
{
    (void)state;
    uint64_t dice = 19;
    unsigned told_count = 0;
    for (unsigned round = 0; round < 5000; round++) {
        struct row row = random_row(&dice);
        struct scene scene;
        struct vt_notice_plan plan;
        scene_new(&scene, &row);
        assert_int_equal(vt_notice_plan(scene.arena, &scene.input, &plan, NULL), VT_OK);
        unsigned to_sender = 0;
        for (size_t i = 0; i < plan.count; i++) {
            const struct vt_register_notice *item = &plan.items[i];
            enum vt_notice_kind kind = VT_NOTICE_KINDS;
            assert_int_equal(vt_notice_kind_by_name(item->kind, &kind), VT_OK);
            assert_true(item->recipient[0] != '\0' && strlen(item->key_sha256) == 64);
            assert_true(item->quiet_secs <= VT_MAX_NOTICE_QUIET_SECS && item->once_secs > 0);
            to_sender += vt_notice_is_to_sender(kind) ? 1 : 0;
            assert_true(!vt_notice_is_to_sender(kind) ||
                        strcmp(item->recipient, scene.evidence.mail.sender) == 0);
            assert_false(row.is_secret);
            assert_true(kind != VT_NOTICE_MARKED || scene.input.outcome == VT_OUTCOME_ACCEPT);
            assert_true(kind != VT_NOTICE_LIST || scene.input.outcome != VT_OUTCOME_ACCEPT);
            assert_true(kind != VT_NOTICE_REFUSED || scene.input.outcome == VT_OUTCOME_REJECT);
        }
        assert_true(to_sender <= 1);
        if (row.is_observe || row.is_disabled || row.action == 'D')
            assert_int_equal(plan.count, 0);
        check_to_sender(&scene, &row, to_sender == 1, &plan);
        told_count += to_sender;
        scene_free(&scene);
    }
    assert_true(told_count > 200);
}

/* ---- keys ---- */

static void key_of_row(const struct row *row, char out[65])
{
    struct scene scene;
    struct vt_notice_plan plan;
    scene_new(&scene, row);
    assert_int_equal(vt_notice_plan(scene.arena, &scene.input, &plan, NULL), VT_OK);
    assert_true(plan.count > 0);
    memcpy(out, plan.items[0].key_sha256, 65);
    scene_free(&scene);
}

static void keys(void **state)
{
    (void)state;
    const struct row revoked = {.action = 'T', .reason = VT_REASON_CERT_REVOKED_SINCE};
    struct row other = revoked;
    char a[65], b[65];
    key_of_row(&revoked, a);
    other.sender = "NguoiGui@soxd.NINHBINH.gov.vn";
    key_of_row(&other, b);
    assert_string_equal(a, b); /* of a remark: sender and reason */
    other.reason = VT_REASON_WRONG_KIND;
    key_of_row(&other, b);
    assert_string_not_equal(a, b);
    const char *const ab[] = {"ab", "c"}, *const bc[] = {"a", "bc"};
    vt_notice_key_of(ab, 2, a);
    vt_notice_key_of(bc, 2, b);
    assert_string_not_equal(a, b);
}

static void key_of_mail(const char *sender, const char *id, bool has_document, char out[65])
{
    const struct row row = {.sender = sender, .is_unofficial = !has_document};
    struct scene scene;
    struct vt_notice_plan plan;
    scene_new(&scene, &row);
    scene.evidence.mail.message_id = id;
    assert_int_equal(vt_notice_plan(scene.arena, &scene.input, &plan, NULL), VT_OK);
    assert_int_equal(plan.count, 1);
    memcpy(out, plan.items[0].key_sha256, 65);
    scene_free(&scene);
}

/* A program that answers our notices, and does not say that it is one, is told once. */
static void keys_without_documents(void **state)
{
    (void)state;
    static const char sender[] = "vacation@soxd.ninhbinh.gov.vn";
    char a[65], b[65];
    key_of_mail(sender, "<1>", false, a);
    key_of_mail("Vacation@soxd.ninhbinh.gov.vn", "<2>", false, b);
    assert_string_equal(a, b);
    key_of_mail("b@soxd.ninhbinh.gov.vn", "<2>", false, b);
    assert_string_not_equal(a, b);
    key_of_mail(sender, "<1>", true, a);
    key_of_mail(sender, "<2>", true, b);
    assert_string_not_equal(a, b);
}

static void key_of(struct vt_arena *arena, const char *sender, const char *id, const char *first,
                   const char *second, char out[65])
{
    struct vt_document documents[2] = {0};
    struct vt_evidence evidence = {
        .mail = {.sender = sender, .message_id = id, .reference = "1831-0927-5569"},
        .documents = documents,
        .documents_count = 2};
    (void)snprintf(documents[0].sha256, 65, "%s", first);
    (void)snprintf(documents[1].sha256, 65, "%s", second);
    assert_int_equal(vt_notice_key(arena, &evidence, out), VT_OK);
}

static void keys_of_circulars(void **state)
{
    (void)state;
    struct vt_arena *arena = vt_arena_new(1 << 16);
    char a[65], b[65];
    key_of(arena, "a@x.vn", "<1>", DIGEST_C, DIGEST_D, a);
    key_of(arena, "A@X.vn", "<1>", DIGEST_D, DIGEST_C, b);
    assert_string_equal(a, b);
    key_of(arena, "a@x.vn", "<2>", DIGEST_C, DIGEST_D, b);
    assert_string_not_equal(a, b);
    key_of(arena, "b@x.vn", "<1>", DIGEST_C, DIGEST_D, b);
    assert_string_not_equal(a, b);
    key_of(arena, "a@x.vn", "<1>", DIGEST_C, "", b);
    assert_string_not_equal(a, b);
    key_of(arena, "a@x.vn", NULL, "", "", a);
    key_of(arena, "b@x.vn", "", "", "", b);
    assert_string_equal(a, b); /* of the reference alone */
    key_of(arena, "b@x.vn", "<1>", "", "", b);
    assert_string_not_equal(a, b);
    vt_arena_free(arena);
}

/* ---- after the fact ---- */

static void corrections_of(const struct row *row, int64_t decided_utc_secs, char *out, size_t bytes)
{
    struct scene scene;
    struct vt_notice_plan plan;
    struct vt_register_notice *items = NULL;
    size_t count = 0;
    scene_new(&scene, row);
    assert_int_equal(vt_notice_plan(scene.arena, &scene.input, &plan, NULL), VT_OK);
    struct vt_register_decided decided = {.evidence = &scene.evidence,
                                          .decision = &scene.decision,
                                          .answer.outcome = scene.input.outcome,
                                          .is_secret = row->is_secret};
    const struct vt_register_record record = {.kind = VT_REGISTER_DECIDED,
                                              .time_utc_secs = decided_utc_secs,
                                              .notices = plan.items,
                                              .notices_count = plan.count,
                                              .decided = &decided};
    assert_int_equal(vt_notice_plan_correction(scene.arena, &scene.config, scene.site, &record, NOW,
                                               &items, &count, NULL),
                     VT_OK);
    show(items, count, out, bytes);
    scene_free(&scene);
}

static void corrections(void **state)
{
    (void)state;
    static const struct {
        struct row row;
        int64_t hours; /* since it was decided; it is 09:12, lists came at 11:00 and 16:00 */
        const char *want;
    } cases[] = {
        {{.name = "refused"}, 1, "correction:nguoigui:0"},
        {{.name = "refused before the last list"}, 18, "correction:nguoigui:0 correction:vanthu:0"},
        {{.name = "refused long ago"}, 100, "correction:nguoigui:0 correction:vanthu:0"},
        {{.name = "refused after the last list"}, 16, "correction:nguoigui:0"},
        {{.name = "refused, nobody told", .proof = "none"}, 1, ""},
        {{.name = "refused, nobody told but the list", .proof = "none"}, 20, "correction:vanthu:0"},
        {{.name = "refused, urgent", .subject = URGENT},
         1,
         "correction:nguoigui:0 correction:vanthu:0"},
        {{.name = "refused, urgent, once", .subject = URGENT},
         50,
         "correction:nguoigui:0 correction:vanthu:0"},
        {{.name = "held: not the officer, who decides", .action = 'H'}, 1, "correction:nguoigui:0"},
        {{.name = "tagged, nobody told", .action = 'T', .reason = VT_REASON_NO_SIGNATURE}, 50, ""},
        {{.name = "tagged, recipients told", .action = 'T', .notify = NOTIFY(RECIPIENT)},
         1,
         "correction:a:0 correction:b:0"},
        {{.name = "remark", .action = 'T', .reason = VT_REASON_WRONG_KIND},
         1,
         "correction:nguoigui:0"},
        {{.name = "arrival", .action = 'A', .reason = VT_REASON_COUNT, .arrival = true}, 1, ""},
        {{.name = "secret", .is_secret = true, .action = 'H'}, 50, ""},
        {{.name = "observe", .is_observe = true}, 50, ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char got[1000];
        corrections_of(&cases[i].row, NOW - cases[i].hours * HOUR, got, sizeof(got));
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s: \"%s\"", cases[i].row.name, got);
    }
}

static void a_clerk_refuses(void **state)
{
    (void)state;
    static const struct {
        struct row row;
        const char *want, *why_not;
    } cases[] = {
        {{.name = "proven"}, "clerk:nguoigui:0", NULL},
        {{.name = "not proven", .proof = "none"}, "", "not-proven"},
        {{.name = "a citizen who is proven", .sender = "a@gmail.com"}, "clerk:a:0", NULL},
        {{.name = "nobody is told", .senders = VT_SENDERS_NONE}, "", "not-wanted"},
        {{.name = "a list", .is_list = true}, "", "list"},
        {{.name = "empty sender", .sender = ""}, "", "empty-sender"},
        {{.name = "observe", .is_observe = true}, "", "off"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct scene scene;
        struct vt_notice_plan plan;
        char got[200];
        scene_new(&scene, &cases[i].row);
        assert_int_equal(vt_notice_plan_clerk(scene.arena, &scene.config, &scene.evidence.mail,
                                              VT_REASON_INCOMPLETE, &plan, NULL),
                         VT_OK);
        show(plan.items, plan.count, got, sizeof(got));
        const char *why = vt_no_notice_name(plan.why_not);
        if (strcmp(got, cases[i].want) != 0 || (why == NULL) != (cases[i].why_not == NULL) ||
            (why != NULL && strcmp(why, cases[i].why_not) != 0))
            fail_msg("%s: \"%s\" (%s)", cases[i].row.name, got, why != NULL ? why : "told");
        scene_free(&scene);
    }
}

static void words(void **state)
{
    (void)state;
    assert_null(vt_no_notice_name(VT_NO_NOTICE_NONE));
    for (unsigned why = 1; why < VT_NO_NOTICE_COUNT; why++)
        assert_non_null(vt_no_notice_name((enum vt_no_notice)why));
    assert_null(vt_no_notice_name(VT_NO_NOTICE_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrix),
        cmocka_unit_test(properties),
        cmocka_unit_test(keys),
        cmocka_unit_test(keys_of_circulars),
        cmocka_unit_test(keys_without_documents),
        cmocka_unit_test(corrections),
        cmocka_unit_test(a_clerk_refuses),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
