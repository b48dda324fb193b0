/* SPDX-License-Identifier: Apache-2.0
 * Mails made from a number, with evidence and decision as the gateway has them: the same number
 * gives the same mail. For tests and measurements of the register. */
#ifndef VANTHU_TESTS_REGISTER_MAIL_H
#define VANTHU_TESTS_REGISTER_MAIL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vanthu/register.h"
#include "vanthu/site.h"

#define MADE_DAY_SECS INT64_C(86400)
/* 2025-12-20T02:00:00Z: early in the first half of 2026 as the state counts it. */
#define MADE_FIRST_UTC_SECS INT64_C(1766196000)

struct made_mail {
    struct vt_evidence evidence;
    struct vt_document documents[2];
    struct vt_signature signatures[2];
    struct vt_certificate_facts path[3];
    struct vt_status_facts status;
    struct vt_decision decision;
    struct vt_register_decided decided;
    struct vt_register_notice notice;
    char reference[VT_REFERENCE_BYTES];
    char sender[64], subject[64], message_id[64], queue_id[24], names[2][48];
    const char *recipients[3];
    char recipient_texts[3][48];
    char digests[2][65];
    const char *first_seen[2];
    char serials[2][24], common_names[2][48], organizations[2][48];
    int64_t time_utc_secs;
    /* Of most mails the site's table says something. */
    struct vt_site_facts site;
    struct vt_site_document site_documents[2];
    struct vt_site_signature site_signatures[2];
    char agency[16], agencies[3][16];
    const char *recipient_agencies[3];
};

/* splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t made_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static inline void made_hex(char out[65], uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        (void)snprintf(out + 16 * (size_t)i, 17, "%016llx", (unsigned long long)made_random(&seed));
}

static inline void made_reference(char out[VT_REFERENCE_BYTES], uint64_t number)
{
    char digits[VT_REFERENCE_DIGITS + 1];
    (void)snprintf(digits, sizeof(digits), "1%010llu",
                   (unsigned long long)(number % UINT64_C(10000000000)));
    (void)vt_reference_format(out, digits);
}

static inline void made_signer(struct made_mail *m, unsigned i, unsigned agency)
{
    struct vt_certificate_facts *signer = &m->signatures[i].signer;
    bool is_public = agency % 10 == 9;
    (void)snprintf(m->common_names[i], sizeof(m->common_names[i]), "%s %u",
                   i == 0 ? "SỞ XÂY DỰNG" : "Nguyễn Văn", agency);
    (void)snprintf(m->organizations[i], sizeof(m->organizations[i]), "UBND TỈNH SỐ %u",
                   agency % 34);
    (void)snprintf(m->serials[i], sizeof(m->serials[i]), "5401%08x", agency * 2 + i);
    made_hex(signer->sha256, 1000 + agency * 2 + i);
    signer->subject = m->common_names[i];
    signer->common_name = m->common_names[i];
    signer->organization = m->organizations[i];
    signer->issuer_common_name =
        is_public ? "VNPT Certification Authority" : "CA phục vụ các cơ quan Nhà nước G2";
    signer->issuer = signer->issuer_common_name;
    signer->serial = m->serials[i];
    signer->not_before_utc_secs = MADE_FIRST_UTC_SECS - 400 * MADE_DAY_SECS;
    signer->not_after_utc_secs = MADE_FIRST_UTC_SECS + (100 + agency % 700) * MADE_DAY_SECS;
    signer->key_algorithm = agency % 20 == 3 ? "RSA" : agency % 20 == 4 ? "EC P-256" : "RSA";
    signer->key_bits = agency % 20 == 4 ? 256 : 2048;
    m->signatures[i].trust_set = is_public ? "public" : "official";
}

static inline void made_signature(struct made_mail *m, unsigned i, unsigned agency, unsigned luck)
{
    struct vt_signature *s = &m->signatures[i];
    s->format = VT_SIGNATURE_PADES;
    s->level = "B-T";
    s->integrity = VT_INTEGRITY_INTACT;
    s->covers = i == 0 ? VT_COVERS_REVISION : VT_COVERS_WHOLE;
    s->changes_after = VT_CHANGES_NONE;
    s->indication = VT_TOTAL_PASSED;
    s->digest_algorithm = "SHA-256";
    s->signature_algorithm = agency % 20 == 4 ? "ECDSA" : "RSA PKCS#1 v1.5";
    s->signing_time_source = luck % 3 == 0 ? VT_TIME_SOURCE_TIMESTAMP : VT_TIME_SOURCE_CLAIMED;
    s->signing_time_utc_secs = m->time_utc_secs - 3600;
    s->claimed_time_utc_secs = m->time_utc_secs - 3600;
    s->judged_at_utc_secs = m->time_utc_secs;
    made_signer(m, i, agency);
    for (unsigned p = 0; p < 3; p++)
        m->path[p] = s->signer;
    s->path = m->path;
    s->path_count = 3;
    m->status = (struct vt_status_facts){.value = VT_STATUS_GOOD,
                                         .source = "crl",
                                         .origin = "http://ca.gov.vn/pki/pub/crl/cpcag2.crl",
                                         .this_update_utc_secs = m->time_utc_secs - 7200,
                                         .next_update_utc_secs = m->time_utc_secs + 7200,
                                         .revoked_at_utc_secs = VT_TIME_NONE,
                                         .invalid_since_utc_secs = VT_TIME_NONE};
    s->statuses = &m->status;
    s->statuses_count = 1;
    if (luck < 30) {
        vt_signature_worsen(s, VT_SUB_HASH_FAILURE, VT_REASON_CONTENT_CHANGED);
        s->integrity = VT_INTEGRITY_BROKEN;
    } else if (luck < 50) {
        vt_signature_worsen(s, VT_SUB_REVOKED, VT_REASON_CERT_REVOKED);
    } else if (luck < 90) {
        vt_signature_worsen(s, VT_SUB_TRY_LATER, VT_REASON_STATUS_UNKNOWN);
    } else if (luck < 140) {
        vt_signature_worsen(s, VT_SUB_NONE, VT_REASON_WEAK_ALGORITHM);
    }
}

static inline void made_documents(struct made_mail *m, uint64_t number, unsigned agency,
                                  unsigned luck)
{
    m->evidence.documents = m->documents;
    m->evidence.documents_count = number % 5 == 0 ? 2 : 1;
    for (unsigned i = 0; i < 2; i++) {
        struct vt_document *d = &m->documents[i];
        (void)snprintf(m->names[i], sizeof(m->names[i]), "%llu-QĐ-UBND%s.pdf",
                       (unsigned long long)number, i == 0 ? ".signed" : "");
        d->path = i == 0 ? "2" : "3";
        d->name = m->names[i];
        d->format = VT_FORMAT_PDF;
        made_hex(d->sha256, number * 4 + i);
        d->size_bytes = 100000 + number % 1000;
        d->attachment = true;
    }
    m->documents[1].reasons = VT_REASON_BIT(VT_REASON_ANNEX_UNSIGNED);
    if (luck >= 900) { /* no signature at all */
        m->documents[0].expects_signature = true;
        m->documents[0].reasons = VT_REASON_BIT(VT_REASON_NO_SIGNATURE);
        return;
    }
    m->documents[0].signatures = m->signatures;
    m->documents[0].signatures_count = number % 3 == 0 ? 2 : 1;
    for (unsigned i = 0; i < m->documents[0].signatures_count; i++)
        made_signature(m, i, agency, luck);
}

static inline void made_decision(struct made_mail *m, unsigned luck)
{
    struct vt_decision *d = &m->decision;
    struct vt_register_decided *decided = &m->decided;
    d->reason = VT_REASON_COUNT;
    d->document = SIZE_MAX;
    d->defer_until_utc_secs = VT_TIME_NONE;
    d->policy_version = "a91f03c2";
    d->mode = VT_MODE_ENFORCE;
    decided->answer.outcome = VT_OUTCOME_ACCEPT;
    if (luck < 50) {
        static const char *const lines[] = {"Tu choi tiep nhan"};
        d->action = VT_ACTION_REJECT;
        d->rule = "changed-after-signing";
        d->reason = luck < 30 ? VT_REASON_CONTENT_CHANGED : VT_REASON_CERT_REVOKED;
        decided->answer = (struct vt_register_answer){.outcome = VT_OUTCOME_REJECT,
                                                      .code = "550",
                                                      .enhanced = "5.7.7",
                                                      .lines = lines,
                                                      .lines_count = 1};
    } else if (luck < 60) {
        d->action = VT_ACTION_DEFER;
        d->rule = "status-unknown";
        d->reason = VT_REASON_STATUS_UNKNOWN;
        decided->answer = (struct vt_register_answer){
            .outcome = VT_OUTCOME_TEMPFAIL, .code = "451", .enhanced = "4.7.5"};
    } else if (luck < 140 || luck >= 900) {
        d->action = VT_ACTION_TAG;
        d->rule = "tagged";
        d->reason = luck < 90    ? VT_REASON_STATUS_UNKNOWN
                    : luck < 140 ? VT_REASON_WEAK_ALGORITHM
                                 : VT_REASON_NO_SIGNATURE;
    }
    d->would_be = d->action;
}

/* Two offices of three are in the table, one of two that receive, and of one of seven the kind of
 * its keys is not known; one mail of 50 comes before there is a table. */
static inline void made_site(struct made_mail *m, uint64_t number, unsigned agency)
{
    if (number % 50 == 0)
        return;
    m->decision.site = &m->site;
    m->site.sender_class = m->evidence.mail.sender_class;
    m->site.documents = m->site_documents;
    m->site.documents_count = m->evidence.documents_count;
    m->site_documents[0].signatures = m->site_signatures;
    m->site_documents[0].signatures_count = m->documents[0].signatures_count;
    for (unsigned i = 0; i < m->site.documents_count; i++) {
        m->site_documents[i].effect = VT_EFFECT_UNKNOWN;
        m->site_documents[i].lacks_agency_signature = VT_UNKNOWN;
        m->site_documents[i].lacks_person_signature = VT_UNKNOWN;
    }
    m->site.recipient_agencies = m->recipient_agencies;
    for (unsigned i = 0; i < m->evidence.mail.recipients_count; i++) {
        unsigned box = (unsigned)((number + i) % 300);
        if (box % 2 != 0)
            continue;
        char *id = m->agencies[m->site.recipient_agencies_count];
        (void)snprintf(id, sizeof(m->agencies[0]), "xa%u", box);
        m->recipient_agencies[m->site.recipient_agencies_count++] = id;
    }
    if (agency % 3 == 0)
        return;
    (void)snprintf(m->agency, sizeof(m->agency), "so%u", agency);
    m->site.sender_agency = m->agency;
    for (unsigned i = 0; i < m->documents[0].signatures_count; i++) {
        struct vt_site_signature *s = &m->site_signatures[i];
        s->agency = m->agency;
        s->alignment = VT_ALIGNMENT_AGENCY;
        s->kind = agency % 7 == 0 ? VT_KIND_UNKNOWN : i == 0 ? VT_KIND_AGENCY : VT_KIND_PERSON;
        if (agency % 10 == 9)
            s->reasons = VT_REASON_BIT(VT_REASON_WRONG_KIND);
    }
}

/* luck: 0 to 999 chooses what is wrong with it (below 50 refused, below 60 deferred, below 140 and
 * from 900 tagged); spread_secs: the mails of numbers 0 and up stand that far from each other. */
static inline struct vt_register_record made_mail(struct made_mail *m, uint64_t number,
                                                  unsigned luck, int64_t spread_secs)
{
    uint64_t state = number;
    unsigned agency = (unsigned)(made_random(&state) % 400);
    *m = (struct made_mail){.time_utc_secs = MADE_FIRST_UTC_SECS + (int64_t)number * spread_secs};
    struct vt_mail *mail = &m->evidence.mail;
    made_reference(m->reference, number);
    (void)snprintf(m->sender, sizeof(m->sender), "VanThu@so%u.tinh%u.gov.vn", agency, agency % 34);
    (void)snprintf(m->subject, sizeof(m->subject), "V/v quy hoạch %llu",
                   (unsigned long long)number);
    (void)snprintf(m->message_id, sizeof(m->message_id), "%llu@mx", (unsigned long long)number);
    (void)snprintf(m->queue_id, sizeof(m->queue_id), "4X%llX", (unsigned long long)number);
    *mail = (struct vt_mail){.queue_id = m->queue_id,
                             .reference = m->reference,
                             .client_address = "203.113.1.1",
                             .client_name = "mail.gov.vn",
                             .helo = "mail.gov.vn",
                             .sender = m->sender,
                             .recipients = m->recipients,
                             .recipients_count = 1 + number % 3,
                             .direction = (enum vt_direction)(number % 7 == 0   ? VT_OUTBOUND
                                                              : number % 7 == 1 ? VT_INTERNAL
                                                                                : VT_INBOUND),
                             .sender_class = agency % 5 == 0 ? VT_SENDER_OTHER : VT_SENDER_STATE,
                             .message_id = m->message_id,
                             .subject = m->subject,
                             .from = m->sender,
                             .from_count = 1,
                             .size_bytes = 150000};
    for (unsigned i = 0; i < 3; i++) {
        (void)snprintf(m->recipient_texts[i], sizeof(m->recipient_texts[i]),
                       "vanthu%llu@ninhbinh.gov.vn", (unsigned long long)((number + i) % 300));
        m->recipients[i] = m->recipient_texts[i];
    }
    m->evidence.inspected_at_utc_secs = m->time_utc_secs;
    made_documents(m, number, agency, luck);
    made_decision(m, luck);
    made_site(m, number, agency);
    for (unsigned i = 0; i < 2; i++) {
        made_hex(m->digests[i], number * 4 + 2 + i);
        m->first_seen[i] = m->digests[i];
    }
    m->decided.evidence = &m->evidence;
    m->decided.decision = &m->decision;
    m->decided.mode = VT_MODE_ENFORCE;
    m->decided.total_msecs = 12;
    m->decided.passes = 1;
    m->decided.first_seen = m->first_seen;
    m->decided.first_seen_count = 2;
    m->decided.clock_is_synchronised = true;
    return (struct vt_register_record){.kind = VT_REGISTER_DECIDED,
                                       .reference = m->reference,
                                       .time_utc_secs = m->time_utc_secs,
                                       .decided = &m->decided};
}

/* The answer to a made mail, a second later. */
static inline struct vt_register_record made_answer(const struct made_mail *m,
                                                    struct vt_register_answered *answered)
{
    *answered = (struct vt_register_answered){.answer = m->decided.answer};
    return (struct vt_register_record){.kind = VT_REGISTER_ANSWERED,
                                       .reference = m->reference,
                                       .time_utc_secs = m->time_utc_secs + 1,
                                       .answered = answered};
}

#endif
