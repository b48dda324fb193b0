/* SPDX-License-Identifier: Apache-2.0
 * What no policy can do, however strange: policies and mails made at random, from fixed seeds.
 *   - A reason whose cause is ours is never a permanent refusal, and neither does it make one by
 *     keeping an earlier rule from matching.
 *   - What is not known never counts: whatever holds without a fact holds with it.
 *   - In observe mode nothing is asked for.
 *   - Rules found by the index and rules tried one by one decide alike. */
#include "../../policy/rule.h"
#include "../lib/policy_mail.h"

#define POLICIES 1500
#define RULES_MOST 6

/* xorshift64*: the same numbers everywhere. */
struct dice {
    uint64_t state;
};

static unsigned roll(struct dice *dice, unsigned sides)
{
    dice->state ^= dice->state >> 12;
    dice->state ^= dice->state << 25;
    dice->state ^= dice->state >> 27;
    return (unsigned)((dice->state * UINT64_C(2685821657736338717)) >> 33) % sides;
}

/* ---- policies ---- */

struct text {
    char bytes[16384];
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text->bytes + text->used, sizeof(text->bytes) - text->used, format, args);
    va_end(args);
    assert_true(len >= 0 && (size_t)len < sizeof(text->bytes) - text->used);
    text->used += (size_t)len;
}

static const char *const addresses[] = {"vanthu@soxd.ninhbinh.gov.vn", "a@ninhbinh.gov.vn",
                                        "b@stnmt.ninhbinh.gov.vn", "x@y.vn"};
static const char *const domains[] = {"gov.vn", "=soxd.ninhbinh.gov.vn", "ninhbinh.gov.vn", "y.vn"};
static const char *const names[] = {"\"*\"", "\"Sở*\"", "\"*A\"", "SHA-256", "RSA", "\"?*.pdf\""};
static const char *const digests[] = {SHA("a"), SHA("b"), SHA("c")};
static const char *const networks[] = {"203.0.113.0/24", "10.0.0.0/8", "0.0.0.0/0"};
static const char *const counts[] = {"0", "\">0\"", "\"<3\"", "1..2"};
static const char *const sizes[] = {"\">1k\"", "\"<1M\""};
static const char *const ages[] = {"\">1d\"", "\"<1y\""};
static const char *const clocks[] = {"07:00-17:00", "22:00-06:00"};
static const char *const dates[] = {"2026-12-03", "2026-01-01..2026-12-31"};
static const char *const befores[] = {"2026-12-01", "2999-01-01"};
static const char *const words[] = {"inbound", "vanthu", "soxd"};

static const struct {
    const struct vt_form *form;
    const char *const *values;
    unsigned count;
} pools[] = {
    {&vt_form_addresses, addresses, 4}, {&vt_form_recipients, addresses, 4},
    {&vt_form_domains, domains, 4},     {&vt_form_names, names, 6},
    {&vt_form_file_names, names, 6},    {&vt_form_fingerprints, digests, 3},
    {&vt_form_networks, networks, 3},   {&vt_form_count, counts, 4},
    {&vt_form_size, sizes, 2},          {&vt_form_age, ages, 2},
    {&vt_form_clock, clocks, 2},        {&vt_form_dates, dates, 2},
    {&vt_form_before, befores, 2},      {&vt_form_exact, words, 3},
    {&vt_form_agencies, words, 3},      {&vt_form_login, words, 3},
};

/* Reasons of all causes; those of ours make the file a mistake beside a reject. */
static void add_reason(struct dice *dice, struct text *text)
{
    add(text, "%s", vt_reason_info((enum vt_reason)roll(dice, VT_REASON_COUNT))->code);
}

static void add_value(struct dice *dice, struct text *text, const struct vt_test *test)
{
    if (test->form == &vt_form_reasons) {
        add_reason(dice, text);
    } else if (test->form == &vt_form_bool) {
        add(text, "%s", roll(dice, 2) == 0 ? "true" : "false");
    } else if (test->words != NULL) {
        unsigned word = roll(dice, test->words->count);
        while (test->words->words[word] == NULL)
            word = (word + 1) % test->words->count;
        add(text, "%s", test->words->words[word]);
    } else {
        for (size_t i = 0; i < ELEMENTS(pools); i++) {
            if (pools[i].form == test->form) {
                add(text, "%s", pools[i].values[roll(dice, pools[i].count)]);
                return;
            }
        }
        fail_msg("%s: no values for its form", test->key);
    }
}

static void add_tests(struct dice *dice, struct text *text, enum vt_place place, unsigned depth);

static void add_group(struct dice *dice, struct text *text, const struct vt_test *test,
                      enum vt_place place, unsigned depth)
{
    const struct vt_form *form = test->form;
    bool is_list = form == &vt_form_any_of || form == &vt_form_all_of;
    if (form == &vt_form_document)
        place = VT_IN_DOCUMENT;
    if (form == &vt_form_any || form == &vt_form_all || form == &vt_form_none)
        place = VT_IN_SIGNATURE;
    add(text, is_list ? "[" : "");
    for (unsigned i = 0; i < (is_list ? 2 : 1); i++) {
        add(text, i > 0 ? ", " : "");
        add_tests(dice, text, place, depth + 1);
    }
    add(text, is_list ? "]" : "");
}

/* One to three tests, no key twice. */
static void add_tests(struct dice *dice, struct text *text, enum vt_place place, unsigned depth)
{
    unsigned wanted = 1 + roll(dice, 3);
    size_t taken[3], count = 0;
    add(text, "{");
    for (unsigned tries = 0; tries < 40 && count < wanted; tries++) {
        size_t index = roll(dice, (unsigned)vt_tests_count);
        const struct vt_test *test = &vt_tests[index];
        bool is_group = test->form->describe == NULL;
        bool is_taken = (test->places & place) == 0 || (is_group && depth >= 3);
        for (size_t i = 0; i < count; i++)
            is_taken = is_taken || strcmp(vt_tests[taken[i]].key, test->key) == 0;
        /* One recipient of many may not refuse: that is told elsewhere. */
        if (is_taken || test->is_any)
            continue;
        add(text, "%s%s: ", count > 0 ? ", " : "", test->key);
        taken[count++] = index;
        if (is_group)
            add_group(dice, text, test, place, depth);
        else
            add_value(dice, text, test);
    }
    if (count == 0)
        add(text, place == VT_IN_DOCUMENT ? "format: pdf" : "reason: MALFORMED");
    add(text, "}");
}

static const char *const actions[] = {"reject",
                                      "reject",
                                      "reject",
                                      "{action: hold, without-officer: reject}",
                                      "defer",
                                      "tag",
                                      "{action: note, notify: [sender, admin]}",
                                      "accept"};
static const char *const modes[] = {"enforce", "enforce", "enforce", "tag", "observe"};

static void add_policy(struct dice *dice, struct text *text)
{
    unsigned rules = 1 + roll(dice, RULES_MOST);
    add(text, "rules:\n");
    for (unsigned i = 0; i < rules; i++) {
        const char *action = actions[roll(dice, ELEMENTS(actions))];
        add(text, "  - name: r%u\n    when: ", i);
        if (roll(dice, 6) == 0)
            add(text, "{}");
        else
            add_tests(dice, text, VT_IN_WHEN, 0);
        add(text, "\n    then: %s\n    mode: %s\n", action, modes[roll(dice, ELEMENTS(modes))]);
        if (strcmp(action, "defer") == 0)
            add(text, "    at-most: 15m\n    afterwards: %s\n",
                roll(dice, 2) == 0 ? "reject" : "tag");
    }
}

/* NULL: it has a mistake, such as a refusal for a cause of ours. */
static struct vt_policy *random_policy(struct dice *dice, struct text *text)
{
    struct vt_policy *policy = NULL;
    struct vt_mistakes mistakes;
    *text = (struct text){.used = 0};
    vt_mistakes_init(&mistakes);
    add_policy(dice, text);
    enum vt_code code =
        vt_policy_parse(vt_bytes_of(text->bytes, text->used), "p.yaml", &policy, &mistakes, NULL);
    for (size_t i = 0; code != VT_OK && i < mistakes.count; i++) {
        bool is_ours = strstr(mistakes.items[i].text, "cause on the receiving side") != NULL;
        if (!mistakes.items[i].warning && !is_ours)
            fail_msg("%s\n%u:%u: %s", text->bytes, mistakes.items[i].line, mistakes.items[i].column,
                     mistakes.items[i].text);
    }
    vt_mistakes_clear(&mistakes);
    return policy;
}

/* ---- mails ---- */

static vt_reasons random_reasons(struct dice *dice, bool only_ours)
{
    vt_reasons reasons = 0;
    for (unsigned i = 0; i < 2; i++) {
        enum vt_reason reason = (enum vt_reason)roll(dice, VT_REASON_COUNT);
        if (!only_ours || vt_reason_info(reason)->cause == VT_CAUSE_RECEIVER)
            reasons |= VT_REASON_BIT(reason);
    }
    return reasons;
}

static void random_mail(struct dice *dice, struct policy_mail *m, bool only_ours)
{
    policy_mail_init(m);
    m->evidence.documents_count = roll(dice, 3);
    m->documents[0].signatures_count = roll(dice, 3);
    m->evidence.mail.direction = (enum vt_direction)roll(dice, 3);
    m->evidence.mail.is_list = roll(dice, 4) == 0;
    m->input.is_submission = roll(dice, 5) == 0;
    m->input.first_deferred_utc_secs = roll(dice, 2) == 0 ? VT_TIME_NONE : NOW - 86400;
    if (roll(dice, 5) == 0)
        m->evidence.mail.sender = "";
    for (size_t i = 0; i < 2; i++) {
        if (roll(dice, 3) == 0)
            continue;
        m->signatures[i].reasons = random_reasons(dice, only_ours);
        m->signatures[i].indication =
            only_ours ? VT_INDETERMINATE : (enum vt_indication)roll(dice, 3);
        /* A cause of ours stands behind every verdict that is not reached for want of ours. */
        if (only_ours && m->signatures[i].reasons == 0)
            m->signatures[i].reasons = BIT(STATUS_UNKNOWN);
        if (only_ours)
            m->signatures[i].sub_indication = VT_SUB_TRY_LATER;
    }
}

static enum vt_action action_of(const struct vt_policy *policy, const struct policy_mail *m,
                                const char *text)
{
    struct vt_decision *decision = NULL, *traced = NULL;
    struct vt_arena *arena = vt_arena_new(8 << 20);
    struct vt_policy_input input = m->input;
    assert_int_equal(vt_policy_evaluate(arena, policy, &input, &decision, NULL), VT_OK);
    input.is_traced = true;
    assert_int_equal(vt_policy_evaluate(arena, policy, &input, &traced, NULL), VT_OK);
    if (traced->action != decision->action || traced->would_be != decision->would_be ||
        traced->rule != decision->rule || traced->document != decision->document ||
        traced->reason != decision->reason || traced->notify != decision->notify)
        fail_msg("traced %s, found %s\n%s", vt_action_name(traced->action),
                 vt_action_name(decision->action), text);
    bool is_ours = decision->reason < VT_REASON_COUNT &&
                   vt_reason_info(decision->reason)->cause == VT_CAUSE_RECEIVER;
    if (decision->action == VT_ACTION_REJECT && is_ours)
        fail_msg("%s is refused\n%s", vt_reason_info(decision->reason)->code, text);
    assert_true((decision->code != NULL) ==
                (decision->action == VT_ACTION_REJECT || decision->action == VT_ACTION_DEFER));
    enum vt_action action = decision->action;
    vt_arena_free(arena);
    return action;
}

static void our_causes_never_refuse(void **state)
{
    (void)state;
    size_t usable = 0, refused = 0;
    for (unsigned seed = 1; seed <= POLICIES; seed++) {
        struct dice dice = {seed * UINT64_C(0x9E3779B97F4A7C15)};
        struct text text;
        struct vt_policy *policy = random_policy(&dice, &text);
        if (policy == NULL)
            continue;
        usable++;
        for (unsigned i = 0; i < 8; i++) {
            struct policy_mail m;
            random_mail(&dice, &m, false);
            refused += action_of(policy, &m, text.bytes) == VT_ACTION_REJECT;
        }
        vt_policy_free(policy);
    }
    /* The dice are no good when nothing is ever refused. */
    assert_true(usable > POLICIES / 2);
    assert_true(refused > POLICIES / 4);
}

/* A mail whose only fault is ours is refused only if it would be refused without that fault. */
static void our_causes_make_no_refusal(void **state)
{
    (void)state;
    size_t differ = 0;
    for (unsigned seed = 1; seed <= POLICIES; seed++) {
        struct dice dice = {seed * UINT64_C(0xD1342543DE82EF95)};
        struct text text;
        struct vt_policy *policy = random_policy(&dice, &text);
        for (unsigned i = 0; i < 8 && policy != NULL; i++) {
            struct policy_mail m;
            random_mail(&dice, &m, true);
            enum vt_action with = action_of(policy, &m, text.bytes);
            for (size_t s = 0; s < 2; s++) {
                m.signatures[s].reasons = 0;
                m.signatures[s].indication = VT_TOTAL_PASSED;
                m.signatures[s].sub_indication = VT_SUB_NONE;
            }
            enum vt_action without = action_of(policy, &m, text.bytes);
            differ += with != without;
            if (with == VT_ACTION_REJECT && without != VT_ACTION_REJECT)
                fail_msg("seed %u: refused for a cause of ours, else %s\n%s", seed,
                         vt_action_name(without), text.bytes);
        }
        vt_policy_free(policy);
    }
    assert_true(differ > 100);
}

static void observing_is_inert(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= POLICIES / 4; seed++) {
        struct dice dice = {seed * UINT64_C(0xA0761D6478BD642F)};
        struct text text;
        struct policy_mail m;
        struct vt_decision *d = NULL;
        struct vt_policy *policy = random_policy(&dice, &text);
        if (policy == NULL)
            continue;
        struct vt_arena *arena = vt_arena_new(8 << 20);
        random_mail(&dice, &m, false);
        m.input.site_mode = VT_MODE_OBSERVE;
        assert_int_equal(vt_policy_evaluate(arena, policy, &m.input, &d, NULL), VT_OK);
        assert_int_equal(d->action, VT_ACTION_ACCEPT);
        assert_true(d->code == NULL && d->enhanced == NULL && d->folder == NULL &&
                    d->subject_prefix == NULL && d->headers_count == 0 && d->notify == 0 &&
                    d->seal == VT_SEAL_NONE && d->officer == NULL);
        assert_int_equal(d->defer_until_utc_secs, VT_TIME_NONE);
        vt_arena_free(arena);
        vt_policy_free(policy);
    }
}

/* ---- what is not known ---- */

/* Take facts away that may be missing in a mail. */
static void forget(struct dice *dice, struct policy_mail *m)
{
    const char **texts[] = {&m->evidence.mail.client_address,
                            &m->evidence.mail.client_name,
                            &m->evidence.mail.helo,
                            &m->evidence.mail.daemon_name,
                            &m->evidence.mail.sender,
                            &m->evidence.mail.from,
                            &m->evidence.mail.subject,
                            &m->documents[0].name,
                            &m->signatures[0].level,
                            &m->signatures[0].signer.common_name,
                            &m->signatures[0].signer.organization,
                            &m->signatures[0].signer.email,
                            &m->signatures[0].signer.issuer_common_name,
                            &m->signatures[0].signer.key_algorithm,
                            &m->signatures[0].digest_algorithm,
                            &m->signatures[0].signature_algorithm};
    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        if (roll(dice, 2) == 0)
            *texts[i] = NULL;
    }
    if (roll(dice, 2) == 0)
        m->signatures[0].signer.sha256[0] = '\0';
    if (roll(dice, 2) == 0)
        m->signatures[0].signer.key_bits = 0;
    if (roll(dice, 2) == 0)
        m->documents[0].sha256[0] = '\0';
    if (roll(dice, 2) == 0)
        m->evidence.mail.recipients_count = 0;
    if (roll(dice, 2) == 0)
        m->evidence.mail.size_bytes = 0;
}

static enum vt_truth truth_of(const struct vt_policy *policy, const struct policy_mail *m)
{
    vt_reasons ignored = 0;
    struct vt_scope mail = vt_scope_of_mail(&m->evidence, NULL, NOW);
    struct vt_scope scope = m->evidence.documents_count > 0 ? vt_scope_of(&mail, 0, 0) : mail;
    return vt_conditions_match(&policy->rules[0].when, &scope, &ignored);
}

static void forgetting_proves_nothing(void **state)
{
    (void)state;
    size_t forgotten = 0;
    for (unsigned seed = 1; seed <= 3 * POLICIES; seed++) {
        struct dice dice = {seed * UINT64_C(0xE7037ED1A0B428DB)};
        struct text text;
        struct policy_mail known, m;
        struct vt_policy *policy = random_policy(&dice, &text);
        if (policy == NULL)
            continue;
        policy_mail_init(&known);
        known.documents[0].signatures_count = 1;
        known.evidence.documents_count = roll(&dice, 2);
        m = known;
        m.evidence.mail.recipients = m.recipients;
        m.evidence.documents = m.documents;
        m.documents[0].signatures = m.signatures;
        forget(&dice, &m);
        enum vt_truth before = truth_of(policy, &m), after = truth_of(policy, &known);
        forgotten += before == VT_UNKNOWN && after != VT_UNKNOWN;
        if (before != VT_UNKNOWN && before != after)
            fail_msg("seed %u: %d without the facts, %d with them\n%s", seed, (int)before,
                     (int)after, text.bytes);
        vt_policy_free(policy);
    }
    assert_true(forgotten > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_causes_never_refuse),
        cmocka_unit_test(our_causes_make_no_refusal),
        cmocka_unit_test(observing_is_inert),
        cmocka_unit_test(forgetting_proves_nothing),
    };
    return cmocka_run_group_tests_name("policy_property", tests, NULL, NULL);
}
