/* SPDX-License-Identifier: Apache-2.0
 * One mail from an office with one PDF that has two signatures, for tests of policies, and policies
 * with files from memory. */
#ifndef VANTHU_TESTS_POLICY_MAIL_H
#define VANTHU_TESTS_POLICY_MAIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../policy/bundle.h"

#define BIT(name) VT_REASON_BIT(VT_REASON_##name)
#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
/* Thursday 2026-12-03, 09:12 in Vietnam */
#define NOW INT64_C(1796263920)
#define DAY INT64_C(86400)
#define SHA(letter)                                                                                \
    letter letter letter letter letter letter letter letter letter letter letter letter letter     \
        letter letter letter letter letter letter letter letter letter letter letter letter letter \
            letter letter letter letter letter letter letter letter letter letter letter letter    \
                letter letter letter letter letter letter letter letter letter letter letter       \
                    letter letter letter letter letter letter letter letter letter letter letter   \
                        letter letter letter letter

struct policy_mail {
    const char *recipients[2];
    struct vt_signature signatures[2];
    struct vt_document documents[2];
    struct vt_evidence evidence;
    struct vt_policy_input input;
};

static inline void policy_mail_init(struct policy_mail *m)
{
    *m = (struct policy_mail){.recipients = {"a@ninhbinh.gov.vn", "b@stnmt.ninhbinh.gov.vn"}};
    m->signatures[0] = (struct vt_signature){
        .format = VT_SIGNATURE_PADES,
        .level = "B-T",
        .integrity = VT_INTEGRITY_INTACT,
        .covers = VT_COVERS_WHOLE,
        .changes_after = VT_CHANGES_NONE,
        .indication = VT_TOTAL_PASSED,
        .signer = {.sha256 = SHA("a"),
                   .common_name = "SỞ XÂY DỰNG TỈNH NINH BÌNH",
                   .organization = "UBND tỉnh Ninh Bình",
                   .email = "vanthu@soxd.ninhbinh.gov.vn",
                   .issuer_common_name = "Cơ quan chứng thực số chuyên dùng G2",
                   .key_algorithm = "RSA",
                   .key_bits = 2048},
        .digest_algorithm = "SHA-256",
        .signature_algorithm = "RSA-PSS",
        .signing_time_source = VT_TIME_SOURCE_TIMESTAMP,
        .signing_time_utc_secs = NOW - 10 * DAY,
        .claimed_time_utc_secs = NOW - 10 * DAY,
        .judged_at_utc_secs = NOW - 10 * DAY,
        .trust_set = "official"};
    m->signatures[1] = m->signatures[0];
    m->signatures[1].signer.common_name = "Nguyễn Văn A";
    memset(m->signatures[1].signer.sha256, 'b', 64);
    m->documents[0] = (struct vt_document){.path = "2",
                                           .name = "123-QĐ.signed.pdf",
                                           .format = VT_FORMAT_PDF,
                                           .sha256 = SHA("c"),
                                           .size_bytes = 20480,
                                           .attachment = true,
                                           .expects_signature = true,
                                           .signatures = m->signatures,
                                           .signatures_count = 2};
    m->documents[1] = (struct vt_document){.path = "3",
                                           .name = "phu-luc.docx",
                                           .format = VT_FORMAT_OOXML,
                                           .sha256 = SHA("d"),
                                           .size_bytes = 1000,
                                           .attachment = true};
    m->evidence = (struct vt_evidence){.mail = {.client_address = "203.0.113.7",
                                                .client_name = "mx.soxd.ninhbinh.gov.vn",
                                                .helo = "mx.soxd.ninhbinh.gov.vn",
                                                .daemon_name = "inbound",
                                                .sender = "vanthu@soxd.NINHBINH.gov.vn",
                                                .from = "vanthu@soxd.ninhbinh.gov.vn",
                                                .recipients = m->recipients,
                                                .recipients_count = 2,
                                                .direction = VT_INBOUND,
                                                .sender_class = VT_SENDER_STATE,
                                                .sender_aligned = true,
                                                .subject = "V/v quy hoạch",
                                                .size_bytes = 30000},
                                       .documents = m->documents,
                                       .documents_count = 1};
    m->input = (struct vt_policy_input){.evidence = &m->evidence,
                                        .site_mode = VT_MODE_ENFORCE,
                                        .first_deferred_utc_secs = VT_TIME_NONE,
                                        .now_utc_secs = NOW};
}

/* A policy with one named file (NULL: none) whose bytes are given. */
static inline struct vt_policy *policy_with_file(const char *text, const char *name,
                                                 const char *bytes)
{
    struct vt_policy *policy = NULL;
    struct vt_mistakes mistakes;
    struct vt_buf packed;
    vt_buf_init(&packed, 1 << 20);
    vt_mistakes_init(&mistakes);
    const struct vt_bundle_file main = {VT_BUNDLE_POLICY, "", "p.yaml", vt_bytes_str(text)};
    const struct vt_bundle_file file = {VT_BUNDLE_FILE, name, name, vt_bytes_str(bytes)};
    assert_int_equal(vt_bundle_begin(&packed), VT_OK);
    assert_int_equal(vt_bundle_add(&packed, &main), VT_OK);
    if (name != NULL)
        assert_int_equal(vt_bundle_add(&packed, &file), VT_OK);
    if (vt_policy_parse_bundle(vt_buf_bytes(&packed), "p.yaml", &policy, &mistakes, NULL) != VT_OK)
        fail_msg("%s\n%s:%u:%u: %s", text, mistakes.items[0].file, mistakes.items[0].line,
                 mistakes.items[0].column, mistakes.items[0].text);
    vt_mistakes_clear(&mistakes);
    vt_buf_clear(&packed);
    return policy;
}

/* Does a "when" hold for one of the mail's subjects. The decision with the index of rules and the
 * one with every rule explained agree. */
static inline bool policy_mail_matches(const struct policy_mail *m, const char *head,
                                       const char *when, const char *name, const char *bytes)
{
    char text[4096];
    struct vt_decision *decision = NULL, *traced = NULL;
    (void)snprintf(text, sizeof(text), "%srules: [{name: r, when: %s, then: tag}]\n", head, when);
    struct vt_policy *policy = policy_with_file(text, name, bytes);
    struct vt_arena *arena = vt_arena_new(8 << 20);
    struct vt_policy_input input = m->input;
    assert_int_equal(vt_policy_evaluate(arena, policy, &input, &decision, NULL), VT_OK);
    input.is_traced = true;
    assert_int_equal(vt_policy_evaluate(arena, policy, &input, &traced, NULL), VT_OK);
    bool is_match = decision->action == VT_ACTION_TAG;
    if ((traced->action == VT_ACTION_TAG) != is_match)
        fail_msg("%s: %d when traced, %d by the index", when, (int)!is_match, (int)is_match);
    assert_true(traced->trace_count > 0 && traced->trace[0].why[0] != '\0');
    vt_arena_free(arena);
    vt_policy_free(policy);
    return is_match;
}

#endif
