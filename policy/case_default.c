/* SPDX-License-Identifier: Apache-2.0
 * What an inspection would have found of a mail of which a case says only what matters: a valid
 * signature with a time stamp, in a PDF, from an office of the state; of what is said, what goes
 * with it. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "case.h"
#include "evidence/expect.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define DAY_SECS (24 * 3600)
#define HOUR_SECS 3600
#define USUAL_BYTES 100000

/* ---- the mail ---- */

/* As "state-domains" of vanthu.yaml has it by default. */
static bool is_of_the_state(const char *address)
{
    static const char *const domains[] = {"gov.vn", "dcs.vn", "quochoi.vn"};
    const char *domain = vt_address_domain(address);
    for (size_t i = 0; i < ELEMENTS(domains); i++) {
        if (vt_domain_is_under(domain, domains[i]))
            return true;
    }
    return false;
}

static void default_addresses(struct vt_case_reader *reader, struct vt_mail *mail,
                              const struct vt_yaml_node *node)
{
    bool is_other = vt_case_says(node, "sender_class") && mail->sender_class == VT_SENDER_OTHER;
    if (!vt_case_says(node, "sender"))
        mail->sender = mail->from != NULL ? mail->from
                       : is_other         ? "nguoigui@example.com"
                                          : "vanthu@noigui.gov.vn";
    if (!vt_case_says(node, "from") && mail->sender[0] != '\0')
        mail->from = mail->sender;
    if (!vt_case_says(node, "from_count"))
        mail->from_count = mail->from != NULL ? 1 : 0;
    if (vt_case_says(node, "recipients"))
        return;
    mail->recipients = vt_arena_alloc(reader->yaml.arena, sizeof(*mail->recipients));
    if (mail->recipients != NULL) {
        mail->recipients[0] = "vanthu@noinhan.gov.vn";
        mail->recipients_count = 1;
    }
}

/* An office that signs its mails. */
static enum vt_sender_proof usual_proof(const struct vt_mail *mail)
{
    const char *sender = vt_address_domain(mail->sender), *from = vt_address_domain(mail->from);
    if (sender != NULL && mail->authenticated != NULL)
        return VT_PROOF_LOGIN;
    bool is_signed = mail->sender_aligned && vt_domain_is_under(sender, from);
    return is_signed ? VT_PROOF_DKIM : VT_PROOF_NONE;
}

void vt_case_default_mail(struct vt_case_reader *reader, struct vt_mail *mail,
                          const struct vt_yaml_node *node)
{
    default_addresses(reader, mail, node);
    const char *author = mail->from != NULL ? mail->from : mail->sender;
    bool is_class_said = vt_case_says(node, "sender_class");
    if (!vt_case_says(node, "sender_aligned"))
        mail->sender_aligned =
            mail->sender[0] != '\0' &&
            (is_class_said ? mail->sender_class == VT_SENDER_STATE : is_of_the_state(author));
    if (!is_class_said && mail->sender_aligned && is_of_the_state(author))
        mail->sender_class = VT_SENDER_STATE;
    /* Our own people log in before they send. */
    if (mail->direction == VT_OUTBOUND && !vt_case_says(node, "authenticated"))
        mail->authenticated = mail->sender;
    if (!vt_case_says(node, "sender_proof"))
        mail->sender_proof = usual_proof(mail);
    if (!vt_case_says(node, "client_address"))
        mail->client_address = "192.0.2.25";
    if (!vt_case_says(node, "subject"))
        mail->subject = "V/v gửi văn bản";
    if (mail->size_bytes == 0)
        mail->size_bytes = USUAL_BYTES;
}

/* ---- signatures ---- */

/* What the standard concludes, and what is broken, for each reason a signature may have. */
static const struct {
    enum vt_reason reason;
    enum vt_sub_indication sub;
} conclusions[] = {
    {VT_REASON_CONTENT_CHANGED, VT_SUB_HASH_FAILURE},
    {VT_REASON_BAD_SIGNATURE, VT_SUB_SIG_CRYPTO_FAILURE},
    {VT_REASON_CERT_REVOKED, VT_SUB_REVOKED},
    {VT_REASON_PATH_SELF_MADE, VT_SUB_NO_CERTIFICATE_CHAIN_FOUND},
    {VT_REASON_TIMESTAMP_INVALID, VT_SUB_SIG_CONSTRAINTS_FAILURE},
    {VT_REASON_ADDED_AFTER_SIGNING, VT_SUB_SIG_CONSTRAINTS_FAILURE},
    {VT_REASON_CERT_EXPIRED, VT_SUB_EXPIRED},
    {VT_REASON_CERT_NOT_YET, VT_SUB_NOT_YET_VALID},
    {VT_REASON_CERT_SUSPENDED, VT_SUB_TRY_LATER},
    {VT_REASON_CA_INVALID, VT_SUB_REVOKED_CA_NO_POE},
    {VT_REASON_CERT_REVOKED_SINCE, VT_SUB_REVOKED_NO_POE},
    {VT_REASON_CERT_EXPIRED_SINCE, VT_SUB_OUT_OF_BOUNDS_NO_POE},
    {VT_REASON_PATH_UNKNOWN_ROOT, VT_SUB_NO_CERTIFICATE_CHAIN_FOUND},
    {VT_REASON_CERT_SCOPE, VT_SUB_CHAIN_CONSTRAINTS_FAILURE},
    {VT_REASON_WEAK_ALGORITHM, VT_SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE},
    {VT_REASON_MESSAGE_CHANGED, VT_SUB_HASH_FAILURE},
    {VT_REASON_CHANGE_UNCLEAR, VT_SUB_SIG_CONSTRAINTS_FAILURE},
    {VT_REASON_MALFORMED, VT_SUB_FORMAT_FAILURE},
    {VT_REASON_STATUS_UNKNOWN, VT_SUB_TRY_LATER},
    {VT_REASON_PATH_INCOMPLETE, VT_SUB_NO_CERTIFICATE_CHAIN_FOUND},
    {VT_REASON_FORMAT_UNSUPPORTED, VT_SUB_SIG_CONSTRAINTS_FAILURE},
    {VT_REASON_NOT_CHECKED, VT_SUB_SIG_CONSTRAINTS_FAILURE},
};
#define BIT(name) VT_REASON_BIT(VT_REASON_##name)
#define BREAKS (BIT(CONTENT_CHANGED) | BIT(BAD_SIGNATURE) | BIT(MESSAGE_CHANGED))
#define WITHOUT_PATH (BIT(PATH_SELF_MADE) | BIT(PATH_UNKNOWN_ROOT) | BIT(PATH_INCOMPLETE))
/* Found only where no time is proven. */
#define WITHOUT_PROOF (BIT(CERT_REVOKED_SINCE) | BIT(CERT_EXPIRED_SINCE))

static void default_verdict(const struct vt_yaml_node *node, struct vt_signature *s)
{
    struct vt_signature judged = {.indication = VT_TOTAL_PASSED};
    for (size_t i = 0; i < ELEMENTS(conclusions); i++) {
        if ((s->reasons & VT_REASON_BIT(conclusions[i].reason)) != 0)
            vt_signature_worsen(&judged, conclusions[i].sub, conclusions[i].reason);
    }
    if (!vt_case_says(node, "indication") && !vt_case_says(node, "sub_indication")) {
        s->indication = judged.indication;
        s->sub_indication = judged.sub_indication;
    } else if (!vt_case_says(node, "indication")) {
        s->indication = vt_sub_indication_of(s->sub_indication);
    }
    if (!vt_case_says(node, "integrity"))
        s->integrity = (s->reasons & BREAKS) != 0 ? VT_INTEGRITY_BROKEN : VT_INTEGRITY_INTACT;
    if (!vt_case_says(node, "covers"))
        s->covers = VT_COVERS_WHOLE;
    if (!vt_case_says(node, "changes_after"))
        s->changes_after = (s->reasons & BIT(CHANGE_UNCLEAR)) != 0        ? VT_CHANGES_UNDETERMINED
                           : (s->reasons & BIT(ADDED_AFTER_SIGNING)) != 0 ? VT_CHANGES_ADDED
                                                                          : VT_CHANGES_NONE;
    if (!vt_case_says(node, "trust_set"))
        s->trust_set = (s->reasons & WITHOUT_PATH) != 0 ? NULL : "official";
    else if (s->trust_set != NULL && strcmp(s->trust_set, "none") == 0)
        s->trust_set = NULL;
}

static void default_times(const struct vt_case_reader *reader, const struct vt_yaml_node *node,
                          struct vt_signature *s)
{
    bool is_proofless = (s->reasons & WITHOUT_PROOF) != 0;
    if (!vt_case_says(node, "signing_time"))
        s->signing_time_source = is_proofless ? VT_TIME_SOURCE_CLAIMED : VT_TIME_SOURCE_TIMESTAMP;
    if (s->signing_time_source == VT_TIME_SOURCE_NONE)
        s->signing_time_utc_secs = VT_TIME_NONE;
    else if (s->signing_time_utc_secs == VT_TIME_NONE)
        s->signing_time_utc_secs =
            reader->now_utc_secs - (is_proofless ? 30 * DAY_SECS : HOUR_SECS);
    if (s->claimed_time_utc_secs == VT_TIME_NONE)
        s->claimed_time_utc_secs = s->signing_time_utc_secs;
    bool is_proven = s->signing_time_source == VT_TIME_SOURCE_TIMESTAMP ||
                     s->signing_time_source == VT_TIME_SOURCE_FIRST_SEEN;
    if (s->judged_at_utc_secs == VT_TIME_NONE)
        s->judged_at_utc_secs = is_proven ? s->signing_time_utc_secs : reader->now_utc_secs;
    if (s->level == NULL && s->format == VT_SIGNATURE_PADES)
        s->level = s->signing_time_source == VT_TIME_SOURCE_TIMESTAMP ? "B-T" : "B-B";
}

static void default_certificate(struct vt_case_reader *reader, struct vt_signature *s)
{
    struct vt_certificate_facts *signer = &s->signer;
    bool is_public = s->trust_set != NULL && strcmp(s->trust_set, "public") == 0;
    reader->certificates_count++;
    if (signer->sha256[0] == '\0')
        (void)snprintf(signer->sha256, sizeof(signer->sha256), "%064x", reader->certificates_count);
    if (signer->issuer_common_name == NULL && (s->reasons & BIT(PATH_SELF_MADE)) == 0)
        signer->issuer_common_name =
            is_public ? "VNPT Certification Authority" : "CA phục vụ các cơ quan Nhà nước G2";
    if (signer->not_before_utc_secs == VT_TIME_NONE)
        signer->not_before_utc_secs = reader->now_utc_secs - 400 * DAY_SECS;
    if (signer->not_after_utc_secs == VT_TIME_NONE)
        signer->not_after_utc_secs = reader->now_utc_secs + 400 * DAY_SECS;
    if (signer->key_algorithm == NULL)
        signer->key_algorithm = "RSA";
    if (signer->key_bits == 0)
        signer->key_bits = 2048;
    signer->is_self_signed |= (s->reasons & BIT(PATH_SELF_MADE)) != 0;
    if (s->digest_algorithm == NULL)
        s->digest_algorithm = (s->reasons & BIT(WEAK_ALGORITHM)) != 0 ? "SHA-1" : "SHA-256";
    if (s->signature_algorithm == NULL)
        s->signature_algorithm = "RSA PKCS#1 v1.5";
}

bool vt_case_default_signature(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                               struct vt_signature *signature)
{
    default_verdict(node, signature);
    default_times(reader, node, signature);
    default_certificate(reader, signature);
    return true;
}

/* ---- documents ---- */

static enum vt_format format_of(const char *name)
{
    static const struct {
        const char *ending;
        enum vt_format format;
    } endings[] = {
        {".pdf", VT_FORMAT_PDF},    {".docx", VT_FORMAT_OOXML},  {".xlsx", VT_FORMAT_OOXML},
        {".pptx", VT_FORMAT_OOXML}, {".odt", VT_FORMAT_ODF},     {".ods", VT_FORMAT_ODF},
        {".xml", VT_FORMAT_XML},    {".doc", VT_FORMAT_OLE},     {".xls", VT_FORMAT_OLE},
        {".zip", VT_FORMAT_ZIP},    {".rar", VT_FORMAT_ARCHIVE}, {".7z", VT_FORMAT_ARCHIVE},
        {".p7s", VT_FORMAT_CMS},    {".p7m", VT_FORMAT_CMS},     {".jpg", VT_FORMAT_IMAGE},
        {".jpeg", VT_FORMAT_IMAGE}, {".png", VT_FORMAT_IMAGE},   {".txt", VT_FORMAT_TEXT},
        {".html", VT_FORMAT_HTML},  {".eml", VT_FORMAT_MAIL},    {".asice", VT_FORMAT_ASIC},
        {".rtf", VT_FORMAT_RTF},
    };
    for (size_t i = 0; i < ELEMENTS(endings); i++) {
        if (vt_name_ends(name, endings[i].ending))
            return endings[i].format;
    }
    return VT_FORMAT_UNKNOWN;
}

bool vt_case_default_document(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                              size_t index, struct vt_document *document)
{
    bool is_smime = document->format == VT_FORMAT_SMIME;
    if (document->name == NULL && !is_smime)
        document->name = vt_arena_printf(reader->yaml.arena, "van-ban-%zu.pdf", index + 1);
    if (document->name == NULL && !is_smime)
        return vt_yaml_mistake(&reader->yaml, node, "no memory for the case");
    if (document->path == NULL)
        document->path = document->name != NULL ? document->name : "";
    if (!vt_case_says(node, "format"))
        document->format = format_of(document->name);
    if (!vt_case_says(node, "attachment"))
        document->attachment = !is_smime;
    if (!vt_case_says(node, "official"))
        document->is_official = document->attachment && vt_format_is_official(document->format);
    if (document->sha256[0] == '\0')
        (void)snprintf(document->sha256, sizeof(document->sha256), "%064zx", index + 1);
    if (document->size_bytes == 0)
        document->size_bytes = USUAL_BYTES;
    return true;
}

static bool is_same_name(struct vt_bytes a, struct vt_bytes b)
{
    return a.len == b.len && strncasecmp((const char *)a.ptr, (const char *)b.ptr, a.len) == 0;
}

void vt_case_default_expectations(const struct vt_yaml_node *node, struct vt_evidence *evidence)
{
    for (size_t i = 0; i < evidence->documents_count; i++) {
        struct vt_document *document = &evidence->documents[i];
        const struct vt_yaml_node *its =
            node->kind == VT_YAML_SEQUENCE ? node->entries[i].value : node;
        if (!vt_document_is_signed(document) && !vt_case_says(its, "beside"))
            document->beside = vt_evidence_beside(evidence, document, is_same_name);
        if (!vt_case_says(its, "expects_signature"))
            vt_document_expect(&evidence->mail, document);
    }
}
