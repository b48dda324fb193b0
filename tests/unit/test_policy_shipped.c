/* SPDX-License-Identifier: Apache-2.0
 * The shipped policy gives the defaults of the table of reasons, alone and together, and keeps
 * the promises about bounces, nested mail, outbound mail, lists and urgent mail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evidence/names.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(name) VT_REASON_BIT(VT_REASON_##name)
#define NOW INT64_C(1796263920)

static struct vt_policy *shipped;

static int load(void **state)
{
    (void)state;
    struct vt_mistakes mistakes;
    struct vt_err err = {0};
    vt_mistakes_init(&mistakes);
    if (vt_policy_load("conf/policy.yaml", &shipped, &mistakes, &err) != VT_OK) {
        (void)fprintf(stderr, "%s\n", mistakes.count > 0 ? mistakes.items[0].text : err.text);
        return -1;
    }
    int warnings = (int)mistakes.count;
    vt_mistakes_clear(&mistakes);
    return warnings;
}

static int unload(void **state)
{
    (void)state;
    vt_policy_free(shipped);
    return 0;
}

/* What a case changes about an inbound mail with one signature at a proven time. */
struct situation {
    vt_reasons reasons;      /* of the signature */
    vt_reasons mail_reasons; /* of the mail */
    enum vt_sender_class class;
    enum vt_direction direction;
    bool is_claimed, is_first_seen, is_bounce, is_nested, is_list, is_urgent, is_submission;
    int64_t claimed_ahead_secs, signed_at_utc_secs, deferred_for_secs;
};

static enum vt_action decide(const struct situation *s, const char **out_rule)
{
    static char rule[128];
    struct vt_signature signature = {
        .reasons = s->reasons,
        .signing_time_source = s->is_claimed      ? VT_TIME_SOURCE_CLAIMED
                               : s->is_first_seen ? VT_TIME_SOURCE_FIRST_SEEN
                                                  : VT_TIME_SOURCE_TIMESTAMP,
        .signing_time_utc_secs = s->signed_at_utc_secs != 0 ? s->signed_at_utc_secs : NOW - 60,
        .claimed_time_utc_secs = NOW - 60 + s->claimed_ahead_secs,
        .judged_at_utc_secs = NOW - 60};
    struct vt_document document = {.format = VT_FORMAT_PDF,
                                   .nested = s->is_nested,
                                   .signatures = &signature,
                                   .signatures_count = 1};
    struct vt_evidence evidence = {.mail = {.sender = s->is_bounce ? "" : "a@b.gov.vn",
                                            .direction = s->direction,
                                            .sender_class = s->class,
                                            .is_list = s->is_list,
                                            .subject = s->is_urgent ? "KHẨN: x" : "x"},
                                   .reasons = s->mail_reasons,
                                   .documents = &document,
                                   .documents_count = 1};
    struct vt_policy_input input = {.evidence = &evidence,
                                    .site_mode = VT_MODE_ENFORCE,
                                    .first_deferred_utc_secs = s->deferred_for_secs == 0
                                                                   ? VT_TIME_NONE
                                                                   : NOW - s->deferred_for_secs,
                                    .now_utc_secs = NOW,
                                    .is_submission = s->is_submission};
    struct vt_arena *arena = vt_arena_new(4 << 20);
    struct vt_decision *decision = NULL;
    assert_int_equal(vt_policy_evaluate(arena, shipped, &input, &decision, NULL), VT_OK);
    enum vt_action action = decision->action;
    (void)snprintf(rule, sizeof(rule), "%s", decision->rule == NULL ? "none" : decision->rule);
    if (out_rule != NULL)
        *out_rule = rule;
    vt_arena_free(arena);
    return action;
}

static enum vt_action default_of(enum vt_reason reason, enum vt_sender_class class)
{
    const struct vt_reason_info *info = vt_reason_info(reason);
    return class == VT_SENDER_STATE ? info->default_state : info->default_other;
}

static bool is_found(unsigned reason)
{
    return (vt_reasons_found() & VT_REASON_BIT(reason)) != 0;
}

static void every_reason_has_its_default(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if (!is_found(i))
            continue;
        for (unsigned c = VT_SENDER_OTHER; c <= VT_SENDER_STATE; c++) {
            struct situation s = {.reasons = VT_REASON_BIT(i), .class = (enum vt_sender_class)c};
            enum vt_action wanted = default_of((enum vt_reason)i, s.class);
            const char *rule = NULL;
            enum vt_action of_document = decide(&s, &rule);
            s.mail_reasons = s.reasons;
            s.reasons = 0;
            /* A signature's time is nothing a mail has. */
            bool needs_signature = i == VT_REASON_CERT_NOT_YET || i == VT_REASON_CERT_SUSPENDED ||
                                   i == VT_REASON_CA_INVALID || i == VT_REASON_WEAK_ALGORITHM ||
                                   i == VT_REASON_TIME_INCONSISTENT;
            enum vt_action of_mail = needs_signature ? wanted : decide(&s, &rule);
            if (of_document != wanted || of_mail != wanted)
                fail_msg("%s, %s: %s by %s, wanted %s", vt_reason_info((enum vt_reason)i)->code,
                         vt_words_sender_class.words[s.class], vt_action_name(of_document), rule,
                         vt_action_name(wanted));
        }
    }
}

/* No rule hides a more severe one: of two reasons the severer default counts. */
static void every_pair_gives_the_severer_default(void **state)
{
    (void)state;
    for (unsigned a = 0; a < VT_REASON_COUNT; a++) {
        for (unsigned b = 0; b < a && is_found(a); b++) {
            if (!is_found(b))
                continue;
            for (unsigned c = VT_SENDER_OTHER; c <= VT_SENDER_STATE; c++) {
                struct situation s = {.reasons = VT_REASON_BIT(a) | VT_REASON_BIT(b),
                                      .class = (enum vt_sender_class)c};
                enum vt_action first = default_of((enum vt_reason)a, s.class);
                enum vt_action second = default_of((enum vt_reason)b, s.class);
                enum vt_action wanted = first > second ? first : second;
                const char *rule = NULL;
                enum vt_action got = decide(&s, &rule);
                if (got != wanted)
                    fail_msg("%s and %s, %s: %s by %s, wanted %s",
                             vt_reason_info((enum vt_reason)a)->code,
                             vt_reason_info((enum vt_reason)b)->code,
                             vt_words_sender_class.words[s.class], vt_action_name(got), rule,
                             vt_action_name(wanted));
            }
        }
    }
}

static void promises(void **state)
{
    (void)state;
    enum { YEAR_2024 = 1718000000 };
    static const struct {
        const char *name;
        struct situation situation;
        enum vt_action wanted;
    } cases[] = {
        {"nothing found", {.class = VT_SENDER_STATE}, VT_ACTION_ACCEPT},
        {"bounce with a forgery",
         {.reasons = BIT(CONTENT_CHANGED), .is_bounce = true},
         VT_ACTION_TAG},
        {"bounce, status unknown",
         {.reasons = BIT(STATUS_UNKNOWN), .is_bounce = true},
         VT_ACTION_TAG},
        {"bounce, expired since",
         {.reasons = BIT(CERT_EXPIRED_SINCE), .is_bounce = true},
         VT_ACTION_NOTE},
        {"nested forgery", {.reasons = BIT(BAD_SIGNATURE), .is_nested = true}, VT_ACTION_TAG},
        {"outbound, changed",
         {.reasons = BIT(CONTENT_CHANGED), .direction = VT_OUTBOUND},
         VT_ACTION_REJECT},
        {"outbound, revoked",
         {.reasons = BIT(CERT_REVOKED), .direction = VT_OUTBOUND},
         VT_ACTION_TAG},
        {"internal, changed",
         {.reasons = BIT(CONTENT_CHANGED), .direction = VT_INTERNAL},
         VT_ACTION_REJECT},
        {"not yet valid, claimed only",
         {.reasons = BIT(CERT_NOT_YET), .is_claimed = true},
         VT_ACTION_TAG},
        {"not yet valid, first seen",
         {.reasons = BIT(CERT_NOT_YET), .is_first_seen = true},
         VT_ACTION_REJECT},
        {"suspended, claimed only",
         {.reasons = BIT(CERT_SUSPENDED), .is_claimed = true},
         VT_ACTION_TAG},
        {"CA invalid, claimed only",
         {.reasons = BIT(CA_INVALID), .is_claimed = true},
         VT_ACTION_TAG},
        {"list, message changed",
         {.reasons = BIT(MESSAGE_CHANGED), .is_list = true},
         VT_ACTION_NOTE},
        {"list, document changed",
         {.reasons = BIT(CONTENT_CHANGED), .is_list = true},
         VT_ACTION_REJECT},
        {"weak and old, proven",
         {.reasons = BIT(WEAK_ALGORITHM), .signed_at_utc_secs = YEAR_2024},
         VT_ACTION_NOTE},
        {"weak and old, claimed only",
         {.reasons = BIT(WEAK_ALGORITHM), .signed_at_utc_secs = YEAR_2024, .is_claimed = true},
         VT_ACTION_TAG},
        {"seven hours ahead",
         {.reasons = BIT(TIME_INCONSISTENT), .claimed_ahead_secs = 7 * 3600},
         VT_ACTION_NOTE},
        {"three hours ahead",
         {.reasons = BIT(TIME_INCONSISTENT), .claimed_ahead_secs = 3 * 3600},
         VT_ACTION_TAG},
        {"status unknown, second try",
         {.reasons = BIT(STATUS_UNKNOWN), .deferred_for_secs = 600},
         VT_ACTION_DEFER},
        {"status unknown, too long",
         {.reasons = BIT(STATUS_UNKNOWN), .deferred_for_secs = 900},
         VT_ACTION_TAG},
        {"status unknown, urgent",
         {.reasons = BIT(STATUS_UNKNOWN), .is_urgent = true},
         VT_ACTION_TAG},
        {"status unknown, submission",
         {.reasons = BIT(STATUS_UNKNOWN), .is_submission = true},
         VT_ACTION_TAG},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        const char *rule = NULL;
        enum vt_action got = decide(&cases[i].situation, &rule);
        if (got != cases[i].wanted)
            fail_msg("%s: %s by %s", cases[i].name, vt_action_name(got), rule);
    }
}

/* Every reason that is found has a rule; none promises what is not found (load: no warning). */
static void no_reason_is_forgotten(void **state)
{
    (void)state;
    assert_int_equal(vt_policy_unhandled(shipped), 0);
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        struct situation s = {.reasons = VT_REASON_BIT(i), .class = VT_SENDER_STATE};
        if (!is_found(i) && decide(&s, NULL) != VT_ACTION_ACCEPT)
            fail_msg("%s has a rule and is not found", vt_reason_info((enum vt_reason)i)->code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reason_has_its_default),
        cmocka_unit_test(every_pair_gives_the_severer_default),
        cmocka_unit_test(promises),
        cmocka_unit_test(no_reason_is_forgotten),
    };
    return cmocka_run_group_tests_name("policy_shipped", tests, load, unload);
}
