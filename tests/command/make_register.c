/* SPDX-License-Identifier: Apache-2.0
 * Makes the register that tests/command/test_register_command.py looks at, in a directory that is
 * new: MAILS mails of all fates, each with its answer but the last; then one with a subject that
 * plays with the terminal, a secret one, and what followed on the first.
 *   make_register DIRECTORY MAILS      prints the references, one per line */
#include <stdio.h>
#include <stdlib.h>

#include "../lib/register_mail.h"

/* Refused (changed), refused (revoked), deferred, tagged (status), tagged (weak), valid, valid,
 * without a signature. */
static const unsigned lucks[] = {10, 40, 55, 70, 100, 500, 600, 950};
#define LUCKS (sizeof(lucks) / sizeof(lucks[0]))
#define SPREAD_SECS 3600

static void append(struct vt_register *reg, struct vt_register_record *records, size_t count)
{
    struct vt_err err = {0};
    if (vt_register_append(reg, records, count, &err) == VT_OK)
        return;
    (void)fprintf(stderr, "make_register: %s\n", err.text);
    exit(1);
}

static void append_mail(struct vt_register *reg, uint64_t number, unsigned luck,
                        const char *subject, bool is_secret, bool is_answered)
{
    static struct made_mail mail;
    struct vt_register_answered answered;
    struct vt_register_record records[2];
    records[0] = made_mail(&mail, number, luck, SPREAD_SECS);
    if (subject != NULL) {
        mail.evidence.mail.subject = subject;
        mail.evidence.mail.message_id = "\033[2J\a@mx";
    }
    mail.decided.is_secret = is_secret;
    records[1] = made_answer(&mail, &answered);
    answered.is_secret = is_secret;
    append(reg, records, is_answered ? 2 : 1);
    (void)printf("%s\n", mail.reference);
}

static void append_rest(struct vt_register *reg)
{
    static struct made_mail mail;
    (void)made_mail(&mail, 0, lucks[0], SPREAD_SECS);
    const char *documents[] = {mail.documents[0].sha256};
    const int64_t later = mail.time_utc_secs + 7200;
    const struct vt_register_overruled overruled = {.reason_text = "đã đối chiếu bản giấy",
                                                    .by = "root",
                                                    .until_utc_secs = later + 86400,
                                                    .documents_sha256 = documents,
                                                    .documents_count = 1,
                                                    .reason = VT_REASON_COUNT};
    const struct vt_register_refused refused = {
        .reason = VT_REASON_INCOMPLETE, .text = "thiếu trang 2", .by = "vanthu"};
    const struct vt_register_event event = {
        .what = "policy-loaded", .text = "version a91f03c2", .by = "root"};
    struct vt_register_record records[] = {
        {.kind = VT_REGISTER_OVERRULED,
         .reference = mail.reference,
         .time_utc_secs = later,
         .overruled = &overruled},
        {.kind = VT_REGISTER_REFUSED,
         .reference = mail.reference,
         .time_utc_secs = later + 60,
         .refused = &refused},
        {.kind = VT_REGISTER_EVENT, .time_utc_secs = later + 120, .event = &event}};
    append(reg, records, 3);
}

int main(int argc, char **argv)
{
    struct vt_register *reg = NULL;
    struct vt_err err = {0};
    uint64_t mails = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    if (mails == 0) {
        (void)fprintf(stderr, "usage: make_register DIRECTORY MAILS\n");
        return 64;
    }
    if (vt_register_open(argv[1], &reg, &err) != VT_OK) {
        (void)fprintf(stderr, "make_register: %s\n", err.text);
        return 1;
    }
    for (uint64_t number = 0; number < mails; number++)
        append_mail(reg, number, lucks[number % LUCKS], NULL, false, number + 1 < mails);
    append_mail(reg, mails, 500, "x\u202Egnp.fdp\u200B", false, true);
    append_mail(reg, mails + 1, 500, "[MẬT] kế hoạch", true, true);
    append_rest(reg);
    vt_register_close(reg);
    return 0;
}
