/* SPDX-License-Identifier: Apache-2.0
 * Measures policies of 10 000 rules: milliseconds to read and check one, microseconds for a
 * decision about a mail with three documents of two signatures each. A line for each kind of rules:
 * name, check, decision, both with tabs between; decisions are medians of 99. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vanthu/policy.h"

#define RULES 10000
#define DECISIONS 99
#define TEXT_BYTES ((size_t)8 * 1024 * 1024)

static int64_t now_nsecs(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* One rule of each kind; what tells it from the others is its number. */
static const struct {
    const char *name, *when;
} kinds[] = {
    {"an office each", "{sender-domain: so%u.ninhbinh.gov.vn, reason: NO_SIGNATURE}"},
    {"an address each", "{sender: vanthu%u@ninhbinh.gov.vn, direction: inbound}"},
    {"a file name each", "{reason: CERT_EXPIRED_SINCE, document: {name: \"*-%u.pdf\"}}"},
    {"a signer each", "{any: {signer: \"So thu %u\", indication: TOTAL-PASSED}}"},
    {"a recipient each", "{recipient-domain: so%u.ninhbinh.gov.vn, reason: MALFORMED}"},
    {"a client each", "{client: 10.1.2.3, client-name: mx%u.vn, urgent: true}"},
    {"a network each", "{client: \"2001:db8:%x::/48\", reason: CERT_EXPIRED_SINCE}"},
    {"a size each", "{size: \">%uk\", indication: INDETERMINATE}"},
};

static char *policy_of(const char *when)
{
    char *text = malloc(TEXT_BYTES), line[256];
    size_t used = 0;
    if (text == NULL)
        exit(1);
    used += (size_t)snprintf(text, TEXT_BYTES, "rules:\n");
    for (unsigned i = 0; i < RULES; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(line, sizeof(line), when, i);
#pragma GCC diagnostic pop
        used += (size_t)snprintf(text + used, TEXT_BYTES - used,
                                 "  - name: rule-%u\n    when: %s\n    then: %s\n", i, line,
                                 i % 3 == 0 ? "tag" : "note");
    }
    return text;
}

static void fill(struct vt_evidence *evidence)
{
    static const char *recipients[] = {"a@so3.ninhbinh.gov.vn", "b@ninhbinh.gov.vn"};
    static struct vt_signature signatures[2];
    static struct vt_document documents[3];
    for (size_t i = 0; i < 2; i++)
        signatures[i] =
            (struct vt_signature){.indication = VT_INDETERMINATE,
                                  .reasons = VT_REASON_BIT(VT_REASON_CERT_EXPIRED_SINCE),
                                  .signer.common_name = "Sở Xây dựng"};
    for (size_t i = 0; i < 3; i++)
        documents[i] = (struct vt_document){.path = "2",
                                            .name = "123-QĐ.signed.pdf",
                                            .format = VT_FORMAT_PDF,
                                            .attachment = true,
                                            .signatures = signatures,
                                            .signatures_count = 2};
    *evidence = (struct vt_evidence){.mail = {.sender = "vanthu@so9999.ninhbinh.gov.vn",
                                              .recipients = recipients,
                                              .recipients_count = 2,
                                              .client_address = "10.1.2.3",
                                              .client_name = "mail.example.vn",
                                              .subject = "V/v quy hoạch",
                                              .sender_class = VT_SENDER_STATE},
                                     .documents = documents,
                                     .documents_count = 3};
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double decision_usecs(const struct vt_policy *policy)
{
    int64_t times[DECISIONS];
    struct vt_evidence evidence;
    fill(&evidence);
    const struct vt_policy_input input = {.evidence = &evidence,
                                          .site_mode = VT_MODE_ENFORCE,
                                          .first_deferred_utc_secs = VT_TIME_NONE,
                                          .now_utc_secs = 1796263920};
    for (size_t i = 0; i < DECISIONS; i++) {
        struct vt_arena *arena = vt_arena_new((size_t)64 * 1024 * 1024);
        struct vt_decision *decision = NULL;
        int64_t begun = now_nsecs();
        if (arena == NULL || vt_policy_evaluate(arena, policy, &input, &decision, NULL) != VT_OK)
            exit(1);
        times[i] = now_nsecs() - begun;
        vt_arena_free(arena);
    }
    qsort(times, DECISIONS, sizeof(times[0]), compare);
    return (double)times[DECISIONS / 2] / 1000;
}

int main(void)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        char *text = policy_of(kinds[i].when);
        struct vt_policy *policy = NULL;
        struct vt_mistakes mistakes;
        vt_mistakes_init(&mistakes);
        int64_t begun = now_nsecs();
        enum vt_code code =
            vt_policy_parse(vt_bytes_str(text), "bench.yaml", &policy, &mistakes, NULL);
        double check_msecs = (double)(now_nsecs() - begun) / 1000000;
        if (code != VT_OK) {
            vt_mistakes_print(&mistakes, stderr);
            return 1;
        }
        printf("%s\t%.0f\t%.0f\n", kinds[i].name, check_msecs, decision_usecs(policy));
        vt_policy_free(policy);
        vt_mistakes_clear(&mistakes);
        free(text);
    }
    return 0;
}
