/* SPDX-License-Identifier: Apache-2.0
 * The plain mail that facts are set in, and its evidence. */
#include "probe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_SECS 86400
#define FACT_TEXT_BYTES 96

static void fill_digest(char out[65], char digit)
{
    memset(out, digit, 64);
    out[64] = '\0';
}

static void begin_signature(struct vt_probe *p, int64_t now_utc_secs)
{
    struct vt_certificate_facts *signer = &p->signature.signer;
    fill_digest(signer->sha256, 'a');
    fill_digest(signer->key_sha256, 'b');
    signer->common_name = "CƠ QUAN GỬI";
    signer->organization = "CƠ QUAN GỬI";
    signer->issuer_common_name = "CA phục vụ các cơ quan Nhà nước G2";
    signer->not_before_utc_secs = now_utc_secs - 365 * DAY_SECS;
    signer->not_after_utc_secs = now_utc_secs + 365 * DAY_SECS;
    signer->key_algorithm = "RSA";
    signer->key_bits = 2048;
    p->signature.format = VT_SIGNATURE_PADES;
    p->signature.level = "B-T";
    p->signature.integrity = VT_INTEGRITY_INTACT;
    p->signature.covers = VT_COVERS_WHOLE;
    p->signature.changes_after = VT_CHANGES_NONE;
    p->signature.indication = VT_TOTAL_PASSED;
    p->signature.digest_algorithm = "SHA-256";
    p->signature.signature_algorithm = "RSA PKCS#1 v1.5";
    p->signature.signing_time_source = VT_TIME_SOURCE_TIMESTAMP;
    p->signature.signing_time_utc_secs = now_utc_secs - 3600;
    p->signature.claimed_time_utc_secs = now_utc_secs - 3600;
    p->signature.judged_at_utc_secs = now_utc_secs;
    p->signature.trust_set = "official";
    p->other_signer = *signer;
    fill_digest(p->other_signer.sha256, 'c');
    fill_digest(p->other_signer.key_sha256, 'd');
    p->other_signer.common_name = "Nguyễn Văn A";
    p->status = (struct vt_status_facts){.value = VT_STATUS_GOOD,
                                         .source = "crl",
                                         .this_update_utc_secs = now_utc_secs - 3600,
                                         .next_update_utc_secs = now_utc_secs + DAY_SECS,
                                         .revoked_at_utc_secs = VT_TIME_NONE,
                                         .invalid_since_utc_secs = VT_TIME_NONE};
}

void vt_probe_begin(struct vt_probe *probe, struct vt_arena *arena, const struct vt_site *first,
                    const struct vt_site *second, int64_t now_utc_secs)
{
    *probe = (struct vt_probe){.arena = arena,
                               .sites = {first, second},
                               .recipients = {"vanthu@noinhan.gov.vn"},
                               .recipients_count = 1,
                               .documents_count = 1,
                               .signatures_count = 1,
                               .now_utc_secs = now_utc_secs,
                               .first_deferred_utc_secs = VT_TIME_NONE};
    probe->mail = (struct vt_mail){.client_address = "203.0.113.7",
                                   .client_name = "mx.coquan.gov.vn",
                                   .helo = "mx.coquan.gov.vn",
                                   .daemon_name = "smtpd",
                                   .sender = "vanthu@coquan.gov.vn",
                                   .direction = VT_INBOUND,
                                   .sender_class = VT_SENDER_STATE,
                                   .sender_aligned = true,
                                   .subject = "V/v quy hoạch",
                                   .from = "vanthu@coquan.gov.vn",
                                   .from_count = 1,
                                   .size_bytes = 200 * 1024};
    probe->document = (struct vt_document){.path = "2",
                                           .name = "2415-SXD.signed.pdf",
                                           .format = VT_FORMAT_PDF,
                                           .size_bytes = 100 * 1024,
                                           .attachment = true,
                                           .is_official = true,
                                           .expects_signature = true};
    fill_digest(probe->document.sha256, 'e');
    begin_signature(probe, now_utc_secs);
}

/* ---- evidence ---- */

static bool add_signatures(const struct vt_probe *p, struct vt_document *document)
{
    size_t count = p->signatures_count + p->has_other_signature;
    struct vt_status_facts *status = vt_arena_alloc(p->arena, sizeof(*status));
    document->signatures = vt_arena_alloc(p->arena, (count + 1) * sizeof(*document->signatures));
    if (status == NULL || document->signatures == NULL)
        return false;
    *status = p->status;
    document->signatures_count = count;
    for (size_t i = 0; i < p->signatures_count; i++) {
        document->signatures[i] = p->signature;
        document->signatures[i].statuses = status;
        document->signatures[i].statuses_count = 1;
    }
    if (p->has_other_signature) {
        struct vt_probe plain;
        vt_probe_begin(&plain, p->arena, NULL, NULL, p->now_utc_secs);
        document->signatures[count - 1] = plain.signature;
        document->signatures[count - 1].signer = p->other_signer;
    }
    return true;
}

struct vt_evidence *vt_probe_evidence(const struct vt_probe *probe)
{
    struct vt_evidence *evidence = vt_arena_alloc(probe->arena, sizeof(*evidence));
    const char **recipients =
        vt_arena_alloc(probe->arena, (probe->recipients_count + 1) * sizeof(*recipients));
    struct vt_document *documents =
        vt_arena_alloc(probe->arena, (probe->documents_count + 1) * sizeof(*documents));
    struct vt_document document = probe->document;
    if (evidence == NULL || recipients == NULL || documents == NULL ||
        !add_signatures(probe, &document))
        return NULL;
    evidence->mail = probe->mail;
    evidence->mail.recipients = recipients;
    evidence->mail.recipients_count = probe->recipients_count;
    for (size_t i = 0; i < probe->recipients_count; i++)
        recipients[i] = probe->recipients[0];
    evidence->inspected_at_utc_secs = probe->now_utc_secs;
    evidence->reasons = probe->reasons;
    evidence->documents = documents;
    evidence->documents_count = probe->documents_count;
    for (size_t i = 0; i < probe->documents_count; i++)
        documents[i] = document;
    return evidence;
}

/* ---- facts ---- */

bool vt_fact_is_about(const struct vt_fact *a, const struct vt_fact *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == VT_FACT_OF_TEST)
        return a->test == b->test;
    return a->kind != VT_FACT_REASON || a->number == b->number;
}

static bool is_same(const struct vt_fact *a, const struct vt_fact *b)
{
    bool is_text =
        a->text == b->text || (a->text != NULL && b->text != NULL && strcmp(a->text, b->text) == 0);
    return vt_fact_is_about(a, b) && a->number == b->number && is_text;
}

enum vt_code vt_facts_add(struct vt_arena *arena, struct vt_facts *facts,
                          const struct vt_fact *fact, size_t most)
{
    for (size_t i = 0; i < facts->count; i++) {
        if (is_same(&facts->items[i], fact))
            return VT_OK;
    }
    if (facts->count >= most)
        return VT_E_LIMIT;
    struct vt_fact *grown = vt_arena_grow(arena, facts->items, facts->count, sizeof(*grown));
    if (grown == NULL)
        return VT_E_NOMEM;
    facts->items = grown;
    facts->items[facts->count++] = *fact;
    return VT_OK;
}

/* The value as the language writes it. */
static void show_value(const struct vt_fact *fact, char out[FACT_TEXT_BYTES])
{
    const struct vt_test *test = fact->test;
    bool is_bool =
        test->form == &vt_form_bool || (test->form == &vt_form_login && fact->text == NULL);
    if (is_bool)
        (void)snprintf(out, FACT_TEXT_BYTES, "%s", fact->number != 0 ? "true" : "false");
    else if (test->words != NULL)
        (void)snprintf(out, FACT_TEXT_BYTES, "%s", test->words->words[fact->number]);
    else if (test->form->show != NULL)
        test->form->show(fact->number, out, FACT_TEXT_BYTES);
    else
        (void)vt_text_clean(out, FACT_TEXT_BYTES,
                            vt_bytes_str(fact->text == NULL      ? "?"
                                         : fact->text[0] == '\0' ? "\"\""
                                                                 : fact->text));
}

const char *vt_fact_text(struct vt_arena *arena, const struct vt_fact *fact)
{
    char value[FACT_TEXT_BYTES], at[VT_TIME_TEXT_BYTES];
    switch (fact->kind) {
    case VT_FACT_OF_TEST:
        show_value(fact, value);
        return vt_arena_printf(arena, "%s%s: %s",
                               fact->test->level == VT_OF_DOCUMENT &&
                                       (fact->test->places & VT_IN_WHEN) == 0
                                   ? "document "
                                   : "",
                               fact->test->key, value);
    case VT_FACT_REASON:
        return vt_arena_printf(arena, "reason: %s",
                               vt_reason_info((enum vt_reason)fact->number)->code);
    case VT_FACT_NOW:
        return vt_arena_printf(arena, "now: %s", vt_time_rfc3339(at, fact->number));
    case VT_FACT_WAITED:
        return vt_arena_printf(arena, "deferred since: %" PRId64 " s", fact->number);
    case VT_FACT_OTHER_SIGNER:
        return vt_arena_str(arena, "a second signature, in order");
    case VT_FACT_NONE:
        break;
    }
    return "";
}
