/* SPDX-License-Identifier: Apache-2.0
 * A sample mail: three files, of which the first has the reason, sent to seven mailboxes. Its
 * reference is all zeros, its addresses are of the domain that belongs to nobody (RFC 2606). */
#include "vanthu/notice.h"

#define DAY INT64_C(86400)
#define REFERENCE "0000-0000-0000"

struct sample {
    struct vt_notice_mail mail;
    struct vt_evidence evidence;
    struct vt_decision decision;
    struct vt_register_answer answer;
    struct vt_document documents[3];
    struct vt_signature signatures[3];
    struct vt_status_facts status;
    struct vt_document_change change;
};

/* Reasons of a file that has no signature, or none that was looked at. */
#define WITHOUT_SIGNATURE                                                                          \
    (VT_REASON_BIT(VT_REASON_NO_SIGNATURE) | VT_REASON_BIT(VT_REASON_IMAGE_ONLY) |                 \
     VT_REASON_BIT(VT_REASON_ANNEX_UNSIGNED) | VT_REASON_BIT(VT_REASON_UNSIGNED_COMPANION) |       \
     VT_REASON_BIT(VT_REASON_FILE_UNREADABLE) | VT_REASON_BIT(VT_REASON_FORMAT_UNSUPPORTED) |      \
     VT_REASON_BIT(VT_REASON_TOO_LARGE) | VT_REASON_BIT(VT_REASON_NOT_CHECKED) |                   \
     VT_REASON_BIT(VT_REASON_SECRET_MARK))
/* Of a file with a valid signature that is not the one it needs, or of the document itself. */
#define BESIDE_SIGNATURE                                                                           \
    (VT_REASON_BIT(VT_REASON_NO_AGENCY_SIG) | VT_REASON_BIT(VT_REASON_NO_PERSON_SIG) |             \
     VT_REASON_BIT(VT_REASON_COPY_INVALID) | VT_REASON_BIT(VT_REASON_INCOMPLETE) |                 \
     VT_REASON_BIT(VT_REASON_WRONG_RECIPIENT) | VT_REASON_BIT(VT_REASON_RECALLED))

static const char *recipients[] = {
    "vanthu@noinhan1.example", "vanthu@noinhan2.example", "vanthu@noinhan3.example",
    "vanthu@noinhan4.example", "vanthu@noinhan5.example", "vanthu@noinhan6.example",
    "vanthu@noinhan7.example",
};

enum vt_notice_kind vt_notice_sample_kind(enum vt_reason reason)
{
    if (reason == VT_REASON_INCOMPLETE || reason == VT_REASON_WRONG_RECIPIENT ||
        reason == VT_REASON_RECALLED)
        return VT_NOTICE_CLERK;
    return vt_reason_info(reason)->default_state == VT_ACTION_REJECT ? VT_NOTICE_REFUSED
                                                                     : VT_NOTICE_REMARK;
}

static struct vt_signature valid_signature(int64_t now_utc_secs)
{
    return (struct vt_signature){
        .format = VT_SIGNATURE_PADES,
        .level = "B-B",
        .integrity = VT_INTEGRITY_INTACT,
        .covers = VT_COVERS_WHOLE,
        .changes_after = VT_CHANGES_NONE,
        .indication = VT_TOTAL_PASSED,
        .signer = {.sha256 = "0000000000000000000000000000000000000000000000000000000000000000",
                   .subject = "CN=CƠ QUAN GỬI (MẪU),O=TỈNH (MẪU),C=VN",
                   .common_name = "CƠ QUAN GỬI (MẪU)",
                   .organization = "TỈNH (MẪU)",
                   .issuer = "CN=TỔ CHỨC CẤP CHỨNG THƯ (MẪU),C=VN",
                   .issuer_common_name = "TỔ CHỨC CẤP CHỨNG THƯ (MẪU)",
                   .serial = "00",
                   .not_before_utc_secs = now_utc_secs - 400 * DAY,
                   .not_after_utc_secs = now_utc_secs + 1400 * DAY},
        .signing_time_utc_secs = now_utc_secs - 1 * DAY,
        .signing_time_source = VT_TIME_SOURCE_CLAIMED,
        .claimed_time_utc_secs = now_utc_secs - 1 * DAY,
        .judged_at_utc_secs = now_utc_secs,
    };
}

/* What came after the first signature, of a reason that is about it. */
static void change_page(struct sample *s, enum vt_changes effect)
{
    s->signatures[0].changes_after = effect;
    s->signatures[0].revision = 1;
    s->change = (struct vt_document_change){
        .kind = effect == VT_CHANGES_FORBIDDEN ? VT_CHANGE_PAGE_REPLACED
                : effect == VT_CHANGES_ADDED   ? VT_CHANGE_ANNOTATION_ADDED
                                               : VT_CHANGE_OBJECT,
        .effect = effect,
        .revision = 2,
        .page = 2};
    s->documents[0].changes = &s->change;
    s->documents[0].changes_count = 1;
}

/* The first signature as the reason makes it. */
static void spoil(struct sample *s, enum vt_reason reason, int64_t now_utc_secs)
{
    struct vt_signature *signature = &s->signatures[0];
    bool is_proven = vt_reason_info(reason)->default_state == VT_ACTION_REJECT;
    signature->reasons = VT_REASON_BIT(reason);
    signature->indication = is_proven ? VT_TOTAL_FAILED : VT_INDETERMINATE;
    if (reason == VT_REASON_CONTENT_CHANGED)
        change_page(s, VT_CHANGES_FORBIDDEN);
    if (reason == VT_REASON_ADDED_AFTER_SIGNING)
        change_page(s, VT_CHANGES_ADDED);
    if (reason == VT_REASON_CHANGE_UNCLEAR)
        change_page(s, VT_CHANGES_UNDETERMINED);
    if (reason == VT_REASON_BAD_SIGNATURE || reason == VT_REASON_MALFORMED)
        signature->integrity = VT_INTEGRITY_UNDETERMINED;
    if (reason == VT_REASON_CERT_REVOKED || reason == VT_REASON_CERT_REVOKED_SINCE) {
        s->status = (struct vt_status_facts){.value = VT_STATUS_REVOKED,
                                             .source = "crl",
                                             .revoked_at_utc_secs = now_utc_secs - DAY / 2};
        signature->statuses = &s->status;
        signature->statuses_count = 1;
    }
    if (reason == VT_REASON_CERT_EXPIRED || reason == VT_REASON_CERT_EXPIRED_SINCE)
        signature->signer.not_after_utc_secs = now_utc_secs - 2 * DAY;
    if (reason == VT_REASON_CERT_NOT_YET)
        signature->signer.not_before_utc_secs = now_utc_secs;
}

static void fill_documents(struct sample *s, enum vt_reason reason, int64_t now_utc_secs)
{
    static const char *const names[] = {"123-QD-MAU.signed.pdf", "124-QD-MAU.signed.pdf",
                                        "125-QD-MAU.signed.pdf"};
    static const char *const paths[] = {"2", "3", "4"};
    for (size_t i = 0; i < 3; i++) {
        s->signatures[i] = valid_signature(now_utc_secs);
        s->documents[i] = (struct vt_document){
            .path = paths[i],
            .name = names[i],
            .format = VT_FORMAT_PDF,
            .sha256 = "0000000000000000000000000000000000000000000000000000000000000000",
            .attachment = true,
            .is_official = true,
            .signatures = &s->signatures[i],
            .signatures_count = 1};
    }
    vt_reasons bit = VT_REASON_BIT(reason);
    if ((bit & (WITHOUT_SIGNATURE | BESIDE_SIGNATURE)) != 0)
        s->documents[0].reasons = bit;
    else
        spoil(s, reason, now_utc_secs);
    if ((bit & WITHOUT_SIGNATURE) != 0)
        s->documents[0].signatures_count = 0;
    if (reason == VT_REASON_MESSAGE_CHANGED) {
        s->documents[0].format = VT_FORMAT_SMIME;
        s->documents[0].name = NULL;
    }
}

static enum vt_register_outcome outcome_of(enum vt_notice_kind kind)
{
    if (kind == VT_NOTICE_REFUSED || kind == VT_NOTICE_CORRECTION || kind == VT_NOTICE_LIST)
        return VT_OUTCOME_REJECT;
    return kind == VT_NOTICE_HELD || kind == VT_NOTICE_RETURNED || kind == VT_NOTICE_OFFICER
               ? VT_OUTCOME_HOLD
               : VT_OUTCOME_ACCEPT;
}

static void fill_mail(struct sample *s, enum vt_notice_kind kind, enum vt_reason reason,
                      int64_t now_utc_secs)
{
    s->evidence = (struct vt_evidence){
        .mail = {.reference = REFERENCE,
                 .sender = "vanthu@coquangui.example",
                 .recipients = recipients,
                 .recipients_count = sizeof(recipients) / sizeof(recipients[0]),
                 .message_id = "<mau@coquangui.example>",
                 .subject = "V/v xem trước thông báo (thư mẫu)",
                 .from = "vanthu@coquangui.example"},
        .inspected_at_utc_secs = now_utc_secs - 120,
        .documents = s->documents,
        .documents_count = 3};
    s->decision = (struct vt_decision){.reason = reason, .document = 0};
    s->answer = (struct vt_register_answer){.outcome = outcome_of(kind)};
    if (s->answer.outcome == VT_OUTCOME_REJECT) {
        static const char *const lines[] = {"(sample)"};
        s->answer.code = "550";
        s->answer.enhanced = "5.7.1";
        s->answer.lines = lines;
        s->answer.lines_count = 1;
    }
    s->mail = (struct vt_notice_mail){.reference = REFERENCE,
                                      .time_utc_secs = now_utc_secs - 120,
                                      .evidence = &s->evidence,
                                      .decision = &s->decision,
                                      .answer = &s->answer};
}

/* What only some kinds have. */
static void fill_kind(struct vt_notice_input *out, enum vt_notice_kind kind, int64_t now_utc_secs)
{
    static const struct vt_notice_line lines[] = {
        {"Thư đã kiểm tra", "1 250 (mẫu)"},
        {"Từ chối", "3 (mẫu)"},
        {"Danh sách thu hồi", "cpcag2: hết hạn sau 2 ngày (mẫu)"},
    };
    if (kind == VT_NOTICE_DIGEST) {
        out->lines = lines;
        out->lines_count = sizeof(lines) / sizeof(lines[0]);
    }
    if (kind == VT_NOTICE_LIST || kind == VT_NOTICE_DIGEST) {
        out->from_utc_secs = now_utc_secs - DAY;
        out->until_utc_secs = now_utc_secs;
    }
    if (kind == VT_NOTICE_CORRECTION) {
        out->earlier = REFERENCE;
        out->earlier_utc_secs = now_utc_secs - DAY;
    }
    if (kind == VT_NOTICE_CORRECTION || kind == VT_NOTICE_CLERK || kind == VT_NOTICE_RELEASED ||
        kind == VT_NOTICE_RETURNED)
        out->text = "ý kiến mẫu của người xử lý.";
}

/* What a mail of that kind is about when nobody asks for a reason. */
static enum vt_reason usual_reason(enum vt_notice_kind kind)
{
    switch (kind) {
    case VT_NOTICE_REMARK:
    case VT_NOTICE_MARKED:
    case VT_NOTICE_RECHECK:
        return VT_REASON_CERT_REVOKED_SINCE;
    case VT_NOTICE_CLERK:
        return VT_REASON_INCOMPLETE;
    default:
        return VT_REASON_CONTENT_CHANGED;
    }
}

enum vt_code vt_notice_sample(struct vt_arena *arena, enum vt_notice_kind kind,
                              enum vt_reason reason, int64_t now_utc_secs,
                              struct vt_notice_input *out)
{
    struct sample *s = vt_arena_alloc(arena, sizeof(*s));
    bool is_to_us = kind == VT_NOTICE_RECHECK || kind == VT_NOTICE_MARKED ||
                    kind == VT_NOTICE_LIST || kind == VT_NOTICE_OFFICER || kind == VT_NOTICE_DIGEST;
    if (s == NULL)
        return VT_E_NOMEM;
    if (reason >= VT_REASON_COUNT)
        reason = usual_reason(kind);
    fill_documents(s, reason, now_utc_secs);
    fill_mail(s, kind, reason, now_utc_secs);
    *out = (struct vt_notice_input){
        .kind = kind,
        .recipient = is_to_us ? recipients[0] : s->evidence.mail.sender,
        .mails = &s->mail,
        .mails_count = kind == VT_NOTICE_DIGEST ? 0 : 1,
        .reason = reason,
        .from_utc_secs = VT_TIME_NONE,
        .until_utc_secs = VT_TIME_NONE,
        .earlier_utc_secs = VT_TIME_NONE,
        .now_utc_secs = now_utc_secs,
    };
    fill_kind(out, kind, now_utc_secs);
    return VT_OK;
}
