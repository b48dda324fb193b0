/* SPDX-License-Identifier: Apache-2.0
 * Evaluation of policies: every test of the language with what it matches and what it does not,
 * modes, lowering, defers, trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "vanthu/policy.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(name) VT_REASON_BIT(VT_REASON_##name)
/* 2026-12-03T02:12:00Z */
#define NOW INT64_C(1796263920)

/* One mail from an office with one PDF that has one signature; cases change what they need. */
struct mail {
    const char *recipients[2];
    struct vt_signature signatures[2];
    struct vt_document document;
    struct vt_evidence evidence;
    struct vt_policy_input input;
};

static void usual_mail(struct mail *m)
{
    *m = (struct mail){.recipients = {"a@ninhbinh.gov.vn", "b@stnmt.ninhbinh.gov.vn"}};
    m->signatures[0] = (struct vt_signature){.format = VT_SIGNATURE_PADES,
                                             .integrity = VT_INTEGRITY_INTACT,
                                             .covers = VT_COVERS_WHOLE,
                                             .changes_after = VT_CHANGES_NONE,
                                             .indication = VT_TOTAL_PASSED,
                                             .signing_time_source = VT_TIME_SOURCE_TIMESTAMP,
                                             .signing_time_utc_secs = NOW - 3600,
                                             .claimed_time_utc_secs = NOW - 3600,
                                             .judged_at_utc_secs = NOW - 3600,
                                             .trust_set = "official"};
    m->signatures[1] = m->signatures[0];
    m->document = (struct vt_document){.path = "2",
                                       .name = "123-QĐ.signed.pdf",
                                       .format = VT_FORMAT_PDF,
                                       .size_bytes = 20480,
                                       .attachment = true,
                                       .expects_signature = true,
                                       .signatures = m->signatures,
                                       .signatures_count = 1};
    m->evidence = (struct vt_evidence){.mail = {.sender = "vanthu@soxd.NINHBINH.gov.vn",
                                                .recipients = m->recipients,
                                                .recipients_count = 2,
                                                .direction = VT_INBOUND,
                                                .sender_class = VT_SENDER_STATE,
                                                .sender_aligned = true,
                                                .subject = "V/v quy hoạch",
                                                .size_bytes = 30000},
                                       .documents = &m->document,
                                       .documents_count = 1};
    m->input = (struct vt_policy_input){.evidence = &m->evidence,
                                        .site_mode = VT_MODE_ENFORCE,
                                        .first_deferred_utc_secs = VT_TIME_NONE,
                                        .now_utc_secs = NOW};
}

static struct vt_policy *parse(const char *text)
{
    struct vt_policy *policy = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    if (vt_policy_parse(vt_bytes_str(text), "p.yaml", &policy, &mistakes, NULL) != VT_OK)
        fail_msg("%s\n%u:%u: %s", text, mistakes.items[0].line, mistakes.items[0].column,
                 mistakes.items[0].text);
    vt_mistakes_clear(&mistakes);
    return policy;
}

/* The decision is valid until the next call. */
static struct vt_decision *decide(const char *text, const struct mail *m)
{
    static struct vt_arena *arena;
    vt_arena_free(arena);
    arena = text == NULL ? NULL : vt_arena_new(8 << 20);
    if (text == NULL)
        return NULL;
    struct vt_policy *policy = parse(text);
    struct vt_decision *decision = NULL;
    assert_int_equal(vt_policy_evaluate(arena, policy, &m->input, &decision, NULL), VT_OK);
    /* The trace names rules: they live as long as the policy. */
    for (size_t i = 0; i < decision->trace_count; i++)
        decision->trace[i].rule = vt_arena_str(arena, decision->trace[i].rule);
    decision->rule = vt_arena_str(arena, decision->rule);
    decision->text = vt_arena_str(arena, decision->text);
    decision->code = vt_arena_str(arena, decision->code);
    vt_policy_free(policy);
    return decision;
}

/* ---- every test of the language ---- */

static bool matches(const char *when, const struct mail *m)
{
    char text[1024];
    (void)snprintf(text, sizeof(text), "rules: [{name: r, when: %s, then: tag}]", when);
    return decide(text, m)->action == VT_ACTION_TAG;
}

static void on_usual_mail(void **state)
{
    (void)state;
    static const struct {
        const char *when;
        bool is_match;
    } cases[] = {
        {"{}", true},
        {"{reason: MALFORMED}", true},
        {"{reason: [CERT_REVOKED, MALFORMED]}", true},
        {"{reason: CERT_REVOKED}", false},
        {"{not: {reason: CERT_REVOKED}, format: pdf}", true},
        {"{indication: TOTAL-PASSED}", true},
        {"{indication: [TOTAL-FAILED, INDETERMINATE]}", false},
        {"{sub-indication: REVOKED}", false},
        {"{not: {sub-indication: REVOKED}}", false},
        {"{integrity: intact}", true},
        {"{integrity: broken}", false},
        {"{covers: whole}", true},
        {"{changes-after: [none, permitted]}", true},
        {"{changes-after: undetermined}", false},
        {"{signature-format: pades}", true},
        {"{signature-format: smime}", false},
        {"{signing-time: timestamp}", true},
        {"{signing-time: claimed}", false},
        {"{trust-set: official}", true},
        {"{trust-set: [public, none]}", false},
        {"{local-time-as-utc: true}", false},
        {"{source-down: true}", false},
        {"{signed-before: 2030-01-01}", true},
        {"{signed-before: 2025-08-15}", false},
        {"{direction: inbound}", true},
        {"{direction: [outbound, internal]}", false},
        {"{sender-class: state}", true},
        {"{sender-class: other}", false},
        {"{authenticated: false}", true},
        {"{authenticated: true}", false},
        {"{aligned: true}", true},
        {"{list: false, automatic: false, urgent: false, nested: false}", true},
        {"{list: true}", false},
        {"{sender: VANTHU@soxd.ninhbinh.gov.vn}", true},
        {"{sender: \"\"}", false},
        {"{sender-domain: gov.vn}", true},
        {"{sender-domain: ninhbinh.gov.vn}", true},
        {"{sender-domain: =soxd.ninhbinh.gov.vn}", true},
        {"{sender-domain: =ninhbinh.gov.vn}", false},
        {"{sender-domain: binh.gov.vn}", false},
        {"{recipient: a@ninhbinh.gov.vn}", false},
        {"{recipient: [a@ninhbinh.gov.vn, b@stnmt.ninhbinh.gov.vn]}", true},
        {"{recipient-domain: ninhbinh.gov.vn}", true},
        {"{recipient-domain: =ninhbinh.gov.vn}", false},
        {"{any-recipient: a@ninhbinh.gov.vn}", true},
        {"{any-recipient: c@ninhbinh.gov.vn}", false},
        {"{any-recipient-domain: =ninhbinh.gov.vn}", true},
        {"{size: \">10k\"}", true},
        {"{size: \">1M\"}", false},
        {"{size: \"<1M\"}", true},
        {"{format: pdf}", true},
        {"{format: [ooxml, odf]}", false},
        {"{document: {format: pdf, name: \"*.SIGNED.pdf\", nested: false}}", true},
        {"{document: {name: \"123-Q?.signed.*\"}}", true},
        {"{document: {name: \"*.signed\"}}", false},
        {"{document: {name: \"*a*a*a*a*a*a*b\"}}", false},
        {"{document: {expects-signature: true, attachment: true, signed: true}}", true},
        {"{document: {signed: false}}", false},
        {"{document: {size: \">10k\"}}", true},
        {"{document: {size: \"<10k\"}}", false},
        {"{document: {not: {format: xml}}}", true},
        {"{document: {any-of: [{format: xml}, {signed: true}]}}", true},
        {"{any-of: [{list: true}, {reason: MALFORMED}]}", true},
        {"{any-of: [{list: true}, {urgent: true}]}", false},
        {"{not: {any-of: [{list: true}, {urgent: true}]}}", true},
        {"{not: {not: {list: false}}}", true},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct mail m;
        usual_mail(&m);
        m.signatures[0].reasons = BIT(MALFORMED);
        if (matches(cases[i].when, &m) != cases[i].is_match)
            fail_msg("%s", cases[i].when);
    }
}

/* What is not known matches neither a test nor its "not". */
static void unknown_never_matches(void **state)
{
    (void)state;
    static const char *const tests[] = {
        "indication: INDETERMINATE",
        "integrity: undetermined",
        "covers: part",
        "signing-time: none",
        "signature-format: pades",
        "trust-set: none",
        "signed-before: 2030-01-01",
        "sender: a@b.vn",
        "sender-domain: b.vn",
        "recipient: a@b.vn",
        "recipient-domain: b.vn",
        "any-recipient: a@b.vn",
        "size: \"<1M\"",
        "urgent: true",
        "document: {name: \"*\"}",
    };
    for (size_t i = 0; i < ELEMENTS(tests); i++) {
        struct mail m;
        char when[256];
        usual_mail(&m);
        m.evidence.mail = (struct vt_mail){0};
        m.document = (struct vt_document){.format = VT_FORMAT_PDF};
        (void)snprintf(when, sizeof(when), "{%s}", tests[i]);
        if (matches(when, &m))
            fail_msg("%s matches the unknown", when);
        (void)snprintf(when, sizeof(when), "{not: {%s}}", tests[i]);
        if (matches(when, &m))
            fail_msg("%s matches the unknown", when);
        (void)snprintf(when, sizeof(when), "{not: {not: {%s}}}", tests[i]);
        if (matches(when, &m))
            fail_msg("%s matches the unknown", when);
    }
}

/* Tests of signatures hold for one and the same signature. */
static void one_signature_at_a_time(void **state)
{
    (void)state;
    struct mail m;
    usual_mail(&m);
    m.document.signatures_count = 2;
    m.signatures[0].reasons = BIT(CERT_NOT_YET);
    m.signatures[0].signing_time_source = VT_TIME_SOURCE_CLAIMED;
    assert_false(matches("{reason: CERT_NOT_YET, signing-time: timestamp}", &m));
    assert_true(matches("{reason: CERT_NOT_YET, signing-time: claimed}", &m));
    m.signatures[1].reasons = BIT(CERT_NOT_YET);
    assert_true(matches("{reason: CERT_NOT_YET, signing-time: timestamp}", &m));
    /* Reasons of the document hold for each of its signatures. */
    m.document.reasons = BIT(NO_AGENCY_SIG);
    assert_true(matches("{reason: NO_AGENCY_SIG, signing-time: timestamp}", &m));
}

static void urgency_marks(void **state)
{
    (void)state;
    static const struct {
        const char *subject;
        bool is_urgent;
    } cases[] = {
        {"HỎA TỐC: họp", true},   {"[HOẢ TỐC] họp", true},
        {"(KHẨN) họp", true},     {"THƯỢNG KHẨN họp", true},
        {"Họp khẩn", false},      {"Re: KHẨN họp", false},
        {"Công văn KHẨN", false}, {"", false},
        {"[KHẨN]", true},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct mail m;
        usual_mail(&m);
        m.evidence.mail.subject = cases[i].subject;
        if (matches("{urgent: true}", &m) != cases[i].is_urgent)
            fail_msg("%s", cases[i].subject);
    }
}

static void local_time_written_as_utc(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum vt_time_source source;
        int64_t ahead_secs;
        bool is_fault;
    } cases[] = {
        {"proven, 7 h", VT_TIME_SOURCE_TIMESTAMP, 7 * 3600, true},
        {"proven, 7 h less 10 s", VT_TIME_SOURCE_TIMESTAMP, 7 * 3600 - 10, true},
        {"proven, 6 h", VT_TIME_SOURCE_TIMESTAMP, 6 * 3600, false},
        {"proven, 8 h", VT_TIME_SOURCE_TIMESTAMP, 8 * 3600, false},
        {"proven, the same", VT_TIME_SOURCE_TIMESTAMP, 0, false},
        {"claimed, 7 h ahead of now", VT_TIME_SOURCE_CLAIMED, 7 * 3600, true},
        {"claimed, sent 2 h later", VT_TIME_SOURCE_CLAIMED, 5 * 3600, true},
        {"claimed, a day ahead", VT_TIME_SOURCE_CLAIMED, 86400, false},
        {"claimed, in the past", VT_TIME_SOURCE_CLAIMED, -60, false},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct mail m;
        usual_mail(&m);
        m.signatures[0].signing_time_source = cases[i].source;
        m.signatures[0].claimed_time_utc_secs = NOW - 3600 + cases[i].ahead_secs;
        if (matches("{local-time-as-utc: true}", &m) != cases[i].is_fault)
            fail_msg("%s", cases[i].name);
    }
    struct mail m;
    usual_mail(&m);
    m.signatures[0].claimed_time_utc_secs = INT64_MAX;
    m.signatures[0].signing_time_utc_secs = -5;
    assert_false(matches("{local-time-as-utc: true}", &m));
    /* Seen by another claim of the same signature. */
    usual_mail(&m);
    m.signatures[0].claimed_time_utc_secs = NOW - 86400;
    assert_false(matches("{local-time-as-utc: true}", &m));
    m.signatures[0].claimed_is_local_time = true;
    assert_true(matches("{local-time-as-utc: true}", &m));
}

static void source_down(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct vt_status_facts statuses[2];
        bool is_down;
    } cases[] = {
        {"both known", {{.value = VT_STATUS_GOOD}, {.value = VT_STATUS_NOT_NEEDED}}, false},
        {"revoked", {{.value = VT_STATUS_REVOKED, .source_down = true}}, false},
        {"missing, sources down", {{.value = VT_STATUS_UNREACHABLE, .source_down = true}}, true},
        {"missing, sources tried", {{.value = VT_STATUS_UNREACHABLE}}, false},
        {"stale, sources down",
         {{.value = VT_STATUS_GOOD}, {.value = VT_STATUS_STALE, .source_down = true}},
         true},
        {"one of two may still answer",
         {{.value = VT_STATUS_UNREACHABLE, .source_down = true}, {.value = VT_STATUS_STALE}},
         false},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct mail m;
        usual_mail(&m);
        struct vt_status_facts statuses[2] = {cases[i].statuses[0], cases[i].statuses[1]};
        if (statuses[1].value == VT_STATUS_UNKNOWN)
            statuses[1].value = VT_STATUS_NOT_NEEDED;
        m.signatures[0].statuses = statuses;
        m.signatures[0].statuses_count = 2;
        if (matches("{source-down: true}", &m) != cases[i].is_down)
            fail_msg("%s", cases[i].name);
    }
}

/* ---- modes and severity ---- */

#define RULE(name, when, then, rest) "  - {name: " name ", when: " when ", then: " then rest "}\n"

static void modes(void **state)
{
    (void)state;
    static const struct {
        const char *name, *rules;
        enum vt_mode site;
        enum vt_action action, would_be;
        const char *rule;
    } cases[] = {
        {"no rule", "", VT_MODE_ENFORCE, VT_ACTION_ACCEPT, VT_ACTION_ACCEPT, NULL},
        {"enforce ends", RULE("a", "{}", "note", "") RULE("b", "{}", "reject", ""), VT_MODE_ENFORCE,
         VT_ACTION_NOTE, VT_ACTION_NOTE, "a"},
        {"observe goes on",
         RULE("a", "{}", "reject", ", mode: observe") RULE("b", "{}", "note", ""), VT_MODE_ENFORCE,
         VT_ACTION_NOTE, VT_ACTION_REJECT, "b"},
        {"tag goes on", RULE("a", "{}", "reject", ", mode: tag") RULE("b", "{}", "note", ""),
         VT_MODE_ENFORCE, VT_ACTION_TAG, VT_ACTION_REJECT, "a"},
        {"tag does not raise a note", RULE("a", "{}", "note", ", mode: tag"), VT_MODE_ENFORCE,
         VT_ACTION_NOTE, VT_ACTION_NOTE, "a"},
        {"accept ends", RULE("a", "{}", "accept", "") RULE("b", "{}", "reject", ""),
         VT_MODE_ENFORCE, VT_ACTION_ACCEPT, VT_ACTION_ACCEPT, "a"},
        {"site observes", RULE("a", "{}", "reject", ""), VT_MODE_OBSERVE, VT_ACTION_ACCEPT,
         VT_ACTION_REJECT, "a"},
        {"site tags", RULE("a", "{}", "reject", ""), VT_MODE_TAG, VT_ACTION_TAG, VT_ACTION_REJECT,
         "a"},
        {"expired rule", RULE("a", "{}", "reject", ", until: 2026-12-03"), VT_MODE_ENFORCE,
         VT_ACTION_ACCEPT, VT_ACTION_ACCEPT, NULL},
        {"rule that lasts", RULE("a", "{}", "reject", ", until: 2026-12-04"), VT_MODE_ENFORCE,
         VT_ACTION_REJECT, VT_ACTION_REJECT, "a"},
        {"mail beside document", RULE("a", "{format: pdf}", "tag", "") RULE("b", "{}", "note", ""),
         VT_MODE_ENFORCE, VT_ACTION_TAG, VT_ACTION_TAG, "a"},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct mail m;
        char text[1024];
        usual_mail(&m);
        m.input.site_mode = cases[i].site;
        (void)snprintf(text, sizeof(text), "rules:%s%s", cases[i].rules[0] == '\0' ? " []" : "\n",
                       cases[i].rules);
        const struct vt_decision *d = decide(text, &m);
        if (d->action != cases[i].action || d->would_be != cases[i].would_be)
            fail_msg("%s: %s, would be %s", cases[i].name, vt_action_name(d->action),
                     vt_action_name(d->would_be));
        assert_true((d->rule == NULL) == (cases[i].rule == NULL));
        if (d->rule != NULL)
            assert_string_equal(d->rule, cases[i].rule);
        assert_true((d->code != NULL) == (d->action == VT_ACTION_REJECT));
    }
}

/* A rule whose brake is on tags and goes on, whatever it asked for; those of other modes stay. */
static void braked_rules_only_tag(void **state)
{
    (void)state;
    static const char *const braked[] = {"a", "nobody"};
    static const struct {
        const char *name, *rules;
        enum vt_mode site;
        enum vt_action action;
        const char *rule;
    } cases[] = {
        {"it tags", RULE("a", "{}", "reject", ""), VT_MODE_ENFORCE, VT_ACTION_TAG, "a"},
        {"and goes on", RULE("a", "{}", "reject", "") RULE("b", "{}", "reject", ""),
         VT_MODE_ENFORCE, VT_ACTION_REJECT, "b"},
        {"past an accept", RULE("a", "{}", "reject", "") RULE("b", "{}", "accept", ""),
         VT_MODE_ENFORCE, VT_ACTION_TAG, "a"},
        {"observe stays", RULE("a", "{}", "reject", ", mode: observe"), VT_MODE_ENFORCE,
         VT_ACTION_ACCEPT, NULL},
        {"the site observes", RULE("a", "{}", "reject", ""), VT_MODE_OBSERVE, VT_ACTION_ACCEPT,
         "a"},
        {"a note stays", RULE("a", "{}", "note", ""), VT_MODE_ENFORCE, VT_ACTION_NOTE, "a"},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct mail m;
        char text[1024];
        usual_mail(&m);
        m.input.site_mode = cases[i].site;
        m.input.braked = braked;
        m.input.braked_count = 2;
        (void)snprintf(text, sizeof(text), "rules:\n%s", cases[i].rules);
        const struct vt_decision *d = decide(text, &m);
        if (d->action != cases[i].action)
            fail_msg("%s: %s", cases[i].name, vt_action_name(d->action));
        if (cases[i].rule != NULL)
            assert_string_equal(d->rule, cases[i].rule);
        if (strcmp(cases[i].name, "it tags") == 0) {
            assert_int_equal(d->would_be, VT_ACTION_REJECT);
            assert_int_equal(d->mode, VT_MODE_TAG);
            assert_int_equal(d->trace[0].lowered, VT_LOWERED_BRAKE);
            assert_non_null(strstr(d->trace[0].why, "reject lowered to tag: the rule was changed"));
        }
    }
}

/* The most severe document decides, whatever its place. */
static void documents_are_judged_one_by_one(void **state)
{
    (void)state;
    static const char text[] = "rules:\n" RULE("a", "{reason: CERT_EXPIRED_SINCE}", "note", "")
        RULE("b", "{reason: CERT_REVOKED}", "{action: reject, code: 554, text: xin lien he}", "");
    struct mail m;
    usual_mail(&m);
    struct vt_document documents[3] = {m.document, m.document, m.document};
    struct vt_signature bad = m.signatures[0];
    bad.reasons = BIT(CERT_REVOKED);
    documents[1].signatures = &bad;
    documents[0].reasons = documents[2].reasons = BIT(CERT_EXPIRED_SINCE);
    m.evidence.documents = documents;
    m.evidence.documents_count = 3;
    const struct vt_decision *d = decide(text, &m);
    assert_int_equal(d->action, VT_ACTION_REJECT);
    assert_int_equal(d->document, 1);
    assert_int_equal(d->reason, VT_REASON_CERT_REVOKED);
    assert_string_equal(d->code, "554");
    assert_string_equal(d->text, "xin lien he");
    assert_int_equal(d->rule_line, 3);
    assert_int_equal(strlen(d->policy_version), 8);
}

/* ---- what is never done ---- */

static void lowering(void **state)
{
    (void)state;
    static const struct {
        const char *name, *rules;
        vt_reasons reasons;
        bool is_bounce, is_list;
        enum vt_action action;
    } cases[] = {
        {"sender's cause", RULE("a", "{indication: TOTAL-PASSED}", "reject", ""), BIT(CERT_REVOKED),
         false, false, VT_ACTION_REJECT},
        {"our cause", RULE("a", "{indication: TOTAL-PASSED}", "reject", ""), BIT(STATUS_UNKNOWN),
         false, false, VT_ACTION_DEFER},
        {"both causes", RULE("a", "{indication: TOTAL-PASSED}", "reject", ""),
         BIT(STATUS_UNKNOWN) | BIT(CERT_REVOKED), false, false, VT_ACTION_REJECT},
        {"no reason at all", RULE("a", "{sender-domain: gov.vn}", "reject", ""), 0, false, false,
         VT_ACTION_REJECT},
        {"bounce", RULE("a", "{reason: CERT_REVOKED}", "reject", ""), BIT(CERT_REVOKED), true,
         false, VT_ACTION_TAG},
        {"bounce with officer",
         RULE("a", "{reason: CERT_REVOKED}", "reject", "") "officer: {name: A, mailbox: a@b.vn}\n",
         BIT(CERT_REVOKED), true, false, VT_ACTION_HOLD},
        {"list, changed message", RULE("a", "{reason: MESSAGE_CHANGED}", "reject", ""),
         BIT(MESSAGE_CHANGED), false, true, VT_ACTION_TAG},
        {"no list, changed message", RULE("a", "{reason: MESSAGE_CHANGED}", "reject", ""),
         BIT(MESSAGE_CHANGED), false, false, VT_ACTION_REJECT},
        {"list, changed document", RULE("a", "{reason: CONTENT_CHANGED}", "reject", ""),
         BIT(CONTENT_CHANGED), false, true, VT_ACTION_REJECT},
        {"hold without officer",
         RULE("a", "{reason: SECRET_MARK}", "{action: hold, without-officer: reject}", ""),
         BIT(SECRET_MARK), false, false, VT_ACTION_REJECT},
        {"hold without officer, bounce",
         RULE("a", "{reason: SECRET_MARK}", "{action: hold, without-officer: reject}", ""),
         BIT(SECRET_MARK), true, false, VT_ACTION_TAG},
        {"hold with officer",
         RULE("a", "{reason: SECRET_MARK}", "{action: hold, without-officer: reject}",
              "") "officer: {name: A, mailbox: a@b.vn}\n",
         BIT(SECRET_MARK), false, false, VT_ACTION_HOLD},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct mail m;
        char text[1024];
        usual_mail(&m);
        m.signatures[0].reasons = cases[i].reasons;
        m.evidence.mail.is_list = cases[i].is_list;
        if (cases[i].is_bounce)
            m.evidence.mail.sender = "";
        (void)snprintf(text, sizeof(text), "rules:\n%s", cases[i].rules);
        const struct vt_decision *d = decide(text, &m);
        if (d->action != cases[i].action)
            fail_msg("%s: %s, %s", cases[i].name, vt_action_name(d->action), d->trace[0].why);
    }
}

/* A mark stops the inspection: no rule that asks about something else lets such a mail pass. */
static void secret_without_a_rule(void **state)
{
    (void)state;
#define OFFICER "officer: {name: A, mailbox: a@b.vn}\n"
    static const struct {
        const char *name, *rules;
        const char *sender, *front_relay;
        enum vt_mode site_mode;
        enum vt_action action;
    } cases[] = {
        {"forgeries only", RULE("a", "{reason: CONTENT_CHANGED}", "reject", ""), "a@b.vn", NULL,
         VT_MODE_ENFORCE, VT_ACTION_REJECT},
        {"with officer", RULE("a", "{reason: CONTENT_CHANGED}", "reject", "") OFFICER, "a@b.vn",
         NULL, VT_MODE_ENFORCE, VT_ACTION_HOLD},
        {"the rest is accepted",
         RULE("a", "{reason: CONTENT_CHANGED}", "reject", "")
             RULE("b", "{direction: inbound}", "accept", ""),
         "a@b.vn", NULL, VT_MODE_ENFORCE, VT_ACTION_REJECT},
        {"the rest is noted", RULE("b", "{direction: inbound}", "note", ""), "a@b.vn", NULL,
         VT_MODE_ENFORCE, VT_ACTION_REJECT},
        {"the rest is tagged", RULE("b", "{direction: inbound}", "tag", ""), "a@b.vn", NULL,
         VT_MODE_ENFORCE, VT_ACTION_TAG},
        {"a rule lets it pass", RULE("b", "{reason: SECRET_MARK}", "accept", ""), "a@b.vn", NULL,
         VT_MODE_ENFORCE, VT_ACTION_ACCEPT},
        {"a rule observes it", RULE("b", "{reason: SECRET_MARK}", "reject", ", mode: observe"),
         "a@b.vn", NULL, VT_MODE_ENFORCE, VT_ACTION_ACCEPT},
        {"bounce", RULE("a", "{reason: CONTENT_CHANGED}", "reject", ""), "", NULL, VT_MODE_ENFORCE,
         VT_ACTION_TAG},
        {"device in front", RULE("a", "{reason: CONTENT_CHANGED}", "reject", ""), "a@b.vn",
         "10.0.0.1", VT_MODE_ENFORCE, VT_ACTION_TAG},
        {"tag", RULE("a", "{reason: CONTENT_CHANGED}", "reject", ""), "a@b.vn", NULL, VT_MODE_TAG,
         VT_ACTION_TAG},
        {"observe", RULE("a", "{reason: CONTENT_CHANGED}", "reject", ""), "a@b.vn", NULL,
         VT_MODE_OBSERVE, VT_ACTION_ACCEPT},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct mail m;
        char text[1024];
        usual_mail(&m);
        m.evidence.documents_count = 0;
        m.evidence.reasons = BIT(SECRET_MARK);
        m.evidence.mail.sender = cases[i].sender;
        m.evidence.mail.front_relay = cases[i].front_relay;
        m.input.site_mode = cases[i].site_mode;
        (void)snprintf(text, sizeof(text), "rules:\n%s", cases[i].rules);
        const struct vt_decision *d = decide(text, &m);
        if (d->action != cases[i].action)
            fail_msg("%s: %s", cases[i].name, vt_action_name(d->action));
        assert_true((d->code != NULL) == (d->action == VT_ACTION_REJECT));
        assert_true((d->officer != NULL) == (d->action == VT_ACTION_HOLD));
    }
}

static void defers(void **state)
{
    (void)state;
    static const struct {
        const char *name, *rest;
        int64_t first;
        bool is_submission;
        enum vt_action action;
        int64_t until;
    } cases[] = {
        {"first time", ", at-most: 15m, afterwards: tag", VT_TIME_NONE, false, VT_ACTION_DEFER,
         NOW + 900},
        {"again", ", at-most: 15m, afterwards: tag", NOW - 600, false, VT_ACTION_DEFER, NOW + 300},
        {"over", ", at-most: 15m, afterwards: note", NOW - 900, false, VT_ACTION_NOTE,
         VT_TIME_NONE},
        {"tag by default", ", at-most: 15m", NOW - 900, false, VT_ACTION_TAG, VT_TIME_NONE},
        {"submission", ", at-most: 15m, afterwards: tag", VT_TIME_NONE, true, VT_ACTION_TAG,
         VT_TIME_NONE},
        {"clock went back", ", at-most: 15m", NOW + 100, false, VT_ACTION_DEFER, NOW + 1000},
        {"and as far as it may", ", at-most: 15m", NOW + 900, false, VT_ACTION_DEFER, NOW + 1800},
        {"clock was years ahead", ", at-most: 15m", NOW + 300000000, false, VT_ACTION_TAG,
         VT_TIME_NONE},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct mail m;
        char text[512];
        usual_mail(&m);
        m.signatures[0].reasons = BIT(STATUS_UNKNOWN);
        m.input.first_deferred_utc_secs = cases[i].first;
        m.input.is_submission = cases[i].is_submission;
        (void)snprintf(text, sizeof(text),
                       "rules: [{name: a, when: {reason: STATUS_UNKNOWN}, then: defer%s}]",
                       cases[i].rest);
        const struct vt_decision *d = decide(text, &m);
        if (d->action != cases[i].action || d->defer_until_utc_secs != cases[i].until)
            fail_msg("%s: %s", cases[i].name, vt_action_name(d->action));
        assert_true((d->code != NULL) == (d->action == VT_ACTION_DEFER));
    }
}

/* ---- trace ---- */

/* Every test of a rule, with those inside groups one level deeper; of several signatures those that
 * the nearest one gave. */
static void trace_has_each_test(void **state)
{
    (void)state;
    static const char text[] = "rules:\n" RULE(
        "a", "{direction: outbound, reason: CERT_REVOKED, any-of: [{list: true}, {format: pdf}]}",
        "reject", "") RULE("b", "{any: {reason: CERT_REVOKED, level: B-LTA}}", "tag", "");
    static const struct {
        const char *key, *has, *needs;
        enum vt_truth truth;
        unsigned depth;
    } wanted[] = {
        {"direction", "inbound", "outbound", VT_NO, 0},
        {"reason", "CERT_REVOKED", "CERT_REVOKED", VT_YES, 0},
        {"any-of", NULL, "", VT_YES, 0},
        {"list", "false", "true", VT_NO, 1},
        {"format", "pdf", "pdf", VT_YES, 1},
    };
    struct mail m;
    usual_mail(&m);
    m.signatures[1] = m.signatures[0];
    m.signatures[1].reasons = BIT(CERT_REVOKED);
    m.document.signatures_count = 2;
    m.input.is_traced = true;
    const struct vt_decision *d = decide(text, &m);
    assert_int_equal(d->trace[0].signature, 1);
    assert_int_equal(d->trace[0].tests_count, ELEMENTS(wanted));
    for (size_t i = 0; i < ELEMENTS(wanted); i++) {
        const struct vt_trace_test *test = &d->trace[0].tests[i];
        assert_string_equal(test->key, wanted[i].key);
        assert_string_equal(test->needs, wanted[i].needs);
        assert_int_equal(test->truth, wanted[i].truth);
        assert_int_equal(test->depth, wanted[i].depth);
        assert_true(wanted[i].has == NULL ? test->has == NULL
                                          : strcmp(test->has, wanted[i].has) == 0);
    }
    assert_int_equal(d->trace[1].tests_count, 1);
    assert_string_equal(d->trace[1].tests[0].needs, "reason = CERT_REVOKED, level = B-LTA");
    assert_int_equal(d->trace[1].tests[0].truth, VT_UNKNOWN);
}

static void trace_says_why(void **state)
{
    (void)state;
    static const char text[] =
        "rules:\n" RULE("a", "{reason: [CONTENT_CHANGED, BAD_SIGNATURE]}", "reject", "")
            RULE("b", "{not: {list: false}}", "reject", "")
                RULE("c", "{any-of: [{list: true}, {sub-indication: REVOKED}]}", "reject", "")
                    RULE("d", "{reason: CERT_REVOKED_SINCE, direction: inbound}", "tag",
                         ", mode: observe") RULE("e", "{document: {format: odf}}", "tag", "")
                        RULE("f", "{recipient: a@b.vn}", "tag", ", until: 2020-01-01")
                            RULE("g", "{reason: CERT_REVOKED_SINCE}", "tag", "")
                                RULE("h", "{}", "note", "");
    static const struct {
        const char *rule, *why;
        bool is_match;
    } wanted[] = {
        {"a", "reason = CERT_REVOKED_SINCE, needs CONTENT_CHANGED | BAD_SIGNATURE", false},
        {"b", "not (list = false) does not hold", false},
        {"c", "none of any-of: sub-indication is not known, needs REVOKED", false},
        {"d", "reason = CERT_REVOKED_SINCE; direction = inbound", true},
        {"e", "format = pdf, needs odf", false},
        {"f", "the rule ended at 2019-12-31T17:00:00Z", false},
        {"g", "reason = CERT_REVOKED_SINCE", true},
        /* h was not tried for the document, only for the mail; what it would have done is told */
        {"h", "no tests", false},
        {"a", "reason = none, needs CONTENT_CHANGED | BAD_SIGNATURE", false},
    };
    struct mail m;
    usual_mail(&m);
    m.signatures[0].reasons = BIT(CERT_REVOKED_SINCE);
    const struct vt_decision *d = decide(text, &m);
    /* What matched: d and g of the document, h of the mail. */
    assert_int_equal(d->trace_count, 3);
    assert_int_equal(d->tried_count, 7 + 8);
    assert_string_equal(d->trace[0].rule, "d");
    assert_string_equal(d->trace[2].rule, "h");
    m.input.is_traced = true;
    d = decide(text, &m);
    assert_int_equal(d->trace_count, 8 + 8);
    assert_int_equal(d->tried_count, 7 + 8);
    for (size_t i = 0; i < ELEMENTS(wanted); i++) {
        assert_string_equal(d->trace[i].rule, wanted[i].rule);
        assert_string_equal(d->trace[i].why, wanted[i].why);
        assert_int_equal(d->trace[i].matched, wanted[i].is_match);
        assert_int_equal(d->trace[i].is_skipped, i == 7);
    }
    assert_true(d->trace[7].would_match);
    assert_int_equal(d->trace[7].action, VT_ACTION_NOTE);
    assert_int_equal(d->trace[0].document, 0);
    assert_int_equal(d->trace[0].signature, 0);
    assert_int_equal(d->trace[8].document, SIZE_MAX);
    assert_int_equal(d->trace[8].signature, SIZE_MAX);
    assert_string_equal(d->rule, "g");
    assert_int_equal(d->would_be, VT_ACTION_TAG);
}

static void trace_says_what_was_lowered(void **state)
{
    (void)state;
    struct mail m;
    usual_mail(&m);
    m.signatures[0].reasons = BIT(CERT_REVOKED);
    m.evidence.mail.sender = "";
    const struct vt_decision *d =
        decide("rules: [{name: a, when: {reason: CERT_REVOKED}, then: reject}]", &m);
    assert_string_equal(d->trace[0].why,
                        "reason = CERT_REVOKED; reject lowered to tag: the sender is empty");
}

/* A mail of many parts: matches are traced, misses up to a bound. */
static void trace_is_bounded(void **state)
{
    (void)state;
    enum { DOCUMENTS = 1000, RULES = 40 };
    struct mail m;
    usual_mail(&m);
    struct vt_document *documents = calloc(DOCUMENTS, sizeof(*documents));
    char *text = calloc(1, RULES * 100 + 100);
    assert_non_null(documents);
    assert_non_null(text);
    for (size_t i = 0; i < DOCUMENTS; i++)
        documents[i] = m.document;
    m.evidence.documents = documents;
    m.evidence.documents_count = DOCUMENTS;
    char *at = stpcpy(text, "rules:\n");
    for (unsigned i = 0; i < RULES; i++)
        at += sprintf(
            at, "  - {name: r%u, when: {reason: CERT_REVOKED}, then: tag, mode: observe}\n", i);
    (void)stpcpy(at, "  - {name: last, when: {format: pdf}, then: note}\n");
    m.input.is_traced = true;
    const struct vt_decision *d = decide(text, &m);
    assert_int_equal(d->action, VT_ACTION_NOTE);
    assert_true(d->trace_count <= 4096 + DOCUMENTS);
    assert_true(d->trace_count >= DOCUMENTS);
    free(documents);
    free(text);
}

static void decision_as_json(void **state)
{
    (void)state;
    struct mail m;
    usual_mail(&m);
    m.signatures[0].reasons = BIT(STATUS_UNKNOWN);
    const struct vt_decision *d =
        decide("rules: [{name: a, when: {reason: STATUS_UNKNOWN}, then: defer, at-most: 1m}]", &m);
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(vt_decision_to_json(d, &text, &len, NULL), VT_OK);
    json_t *root = json_loadb(text, len, 0, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "action")), "defer");
    assert_string_equal(json_string_value(json_object_get(root, "would_be")), "defer");
    assert_string_equal(json_string_value(json_object_get(root, "rule")), "a");
    assert_string_equal(json_string_value(json_object_get(root, "reason")), "STATUS_UNKNOWN");
    assert_string_equal(json_string_value(json_object_get(root, "code")), "451");
    assert_string_equal(json_string_value(json_object_get(root, "defer_until")),
                        "2026-12-03T02:13:00Z");
    assert_int_equal(json_integer_value(json_object_get(root, "document")), 0);
    assert_true(json_is_null(json_object_get(root, "text")));
    assert_int_equal(json_array_size(json_object_get(root, "trace")), 1);
    assert_int_equal(json_integer_value(json_object_get(root, "tried")), 2);
    json_decref(root);
    free(text);
}

static void version_follows_the_meaning(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "rules: [{name: a, when: {reason: MALFORMED}, then: tag}]",
        "# a comment\nrules:\n  - name: a\n    when:\n      reason: \"MALFORMED\"\n    then: tag\n",
        "rules: [{name: a, when: {reason: MALFORMED}, then: note}]",
    };
    char versions[3][9];
    for (size_t i = 0; i < 3; i++) {
        struct vt_policy *policy = parse(texts[i]);
        (void)snprintf(versions[i], sizeof(versions[i]), "%s", vt_policy_version(policy));
        vt_policy_free(policy);
    }
    assert_string_equal(versions[0], versions[1]);
    assert_string_not_equal(versions[0], versions[2]);
}

/* Memory that runs out at any place is reported, never a half decision. */
static void small_arenas(void **state)
{
    (void)state;
    struct vt_policy *policy = parse("rules: [{name: a, when: {reason: MALFORMED}, then: tag}]");
    struct mail m;
    usual_mail(&m);
    enum vt_code code = VT_E_NOMEM;
    for (size_t room = 0; code == VT_E_NOMEM && room < 16384; room += 16) {
        struct vt_arena *arena = vt_arena_new(room);
        struct vt_decision *d = NULL;
        code = vt_policy_evaluate(arena, policy, &m.input, &d, NULL);
        assert_true((code == VT_OK) == (d != NULL));
        vt_arena_free(arena);
    }
    assert_int_equal(code, VT_OK);
    vt_policy_free(policy);
}

static int release(void **state)
{
    (void)state;
    decide(NULL, NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_usual_mail),
        cmocka_unit_test(unknown_never_matches),
        cmocka_unit_test(one_signature_at_a_time),
        cmocka_unit_test(urgency_marks),
        cmocka_unit_test(local_time_written_as_utc),
        cmocka_unit_test(source_down),
        cmocka_unit_test(modes),
        cmocka_unit_test(braked_rules_only_tag),
        cmocka_unit_test(documents_are_judged_one_by_one),
        cmocka_unit_test(lowering),
        cmocka_unit_test(secret_without_a_rule),
        cmocka_unit_test(defers),
        cmocka_unit_test(trace_has_each_test),
        cmocka_unit_test(trace_says_why),
        cmocka_unit_test(trace_says_what_was_lowered),
        cmocka_unit_test(trace_is_bounded),
        cmocka_unit_test(decision_as_json),
        cmocka_unit_test(version_follows_the_meaning),
        cmocka_unit_test(small_arenas),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, release);
}
