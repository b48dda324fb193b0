/* SPDX-License-Identifier: Apache-2.0
 * The clock of defers: the same documents between the same people, whatever the queue id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gateway/deferclock.h"

#define DAY (INT64_C(24) * 3600)

struct mail {
    const char *name;
    const char *sender;
    const char *recipients[2];
    size_t recipients_count;
    const char *documents[2];
    size_t documents_count;
    const char *rule;
    bool same; /* as the first case */
};

static int64_t first_of(struct vt_defer_clock *clock, const struct mail *mail, int64_t now)
{
    struct vt_document documents[2] = {0};
    const char *recipients[2] = {mail->recipients[0], mail->recipients[1]};
    struct vt_evidence evidence = {.mail = {.sender = mail->sender,
                                            .recipients = recipients,
                                            .recipients_count = mail->recipients_count},
                                   .documents = documents,
                                   .documents_count = mail->documents_count};
    for (size_t i = 0; i < mail->documents_count; i++)
        snprintf(documents[i].sha256, sizeof(documents[i].sha256), "%s", mail->documents[i]);
    struct vt_arena *arena = vt_arena_new(100000);
    int64_t first = VT_TIME_NONE;
    assert_int_equal(vt_defer_clock_first(clock, arena, &evidence, mail->rule, now, &first), VT_OK);
    /* The order of the mail itself is left alone. */
    for (size_t i = 0; i < mail->recipients_count; i++)
        assert_ptr_equal(recipients[i], mail->recipients[i]);
    vt_arena_free(arena);
    return first;
}

static const struct mail mails[] = {
    {"the mail", "a@x.vn", {"b@y.vn", "c@z.vn"}, 2, {"11", "22"}, 2, "r", true},
    {"other order", "A@x.vn", {"C@z.vn", "b@y.vn"}, 2, {"22", "11"}, 2, "r", true},
    {"other sender", "d@x.vn", {"b@y.vn", "c@z.vn"}, 2, {"11", "22"}, 2, "r", false},
    {"one recipient", "a@x.vn", {"b@y.vn", NULL}, 1, {"11", "22"}, 2, "r", false},
    {"other document", "a@x.vn", {"b@y.vn", "c@z.vn"}, 2, {"11", "23"}, 2, "r", false},
    {"no document", "a@x.vn", {"b@y.vn", "c@z.vn"}, 2, {NULL, NULL}, 0, "r", false},
    {"other rule", "a@x.vn", {"b@y.vn", "c@z.vn"}, 2, {"11", "22"}, 2, "s", false},
};

static void knows_a_retry(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(mails) / sizeof(mails[0]); i++) {
        struct vt_defer_clock clock;
        const uint8_t key[VT_SIPHASH_KEY_BYTES] = {1, 2, 3};
        assert_int_equal(vt_defer_clock_init(&clock, key), VT_OK);
        assert_int_equal(first_of(&clock, &mails[0], 1000), 1000);
        int64_t first = first_of(&clock, &mails[i], 1900);
        if ((first == 1000) != mails[i].same)
            fail_msg("%s: first deferred at %lld", mails[i].name, (long long)first);
        vt_defer_clock_clear(&clock);
    }
}

static void forgets_after_five_days_of_silence(void **state)
{
    (void)state;
    struct vt_defer_clock clock;
    const uint8_t key[VT_SIPHASH_KEY_BYTES] = {0};
    assert_int_equal(vt_defer_clock_init(&clock, key), VT_OK);
    assert_int_equal(first_of(&clock, &mails[0], 0), 0);
    assert_int_equal(first_of(&clock, &mails[0], 4 * DAY), 0);
    assert_int_equal(first_of(&clock, &mails[0], 10 * DAY), 10 * DAY);
    vt_defer_clock_clear(&clock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_a_retry),
        cmocka_unit_test(forgets_after_five_days_of_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
