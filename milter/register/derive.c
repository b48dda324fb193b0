/* SPDX-License-Identifier: Apache-2.0
 * Rows from typed records. A record that was just made and the same one read back from its body
 * must give the same rows, so texts and times take the form that JSON gives them. Of a secret mail
 * there is one row, without anything of the mail. */
#include "register/derive.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/record_json.h"
#include "register/body.h"
#include "register/chain.h"

/* Every code with its comma. */
#define REASONS_TEXT_BYTES (VT_REASON_COUNT * 24)

struct work {
    const struct vt_derivation *derivation;
    const struct vt_register_record *record;
    struct vt_arena *arena;
    vt_row_sink *sink;
    void *context;
    struct vt_err *err;
    struct vt_row row;
    bool is_out_of_memory;
    bool has_bad_digest;
    uint8_t digests[2][VT_REGISTER_DIGEST_BYTES]; /* of the row */
    size_t digests_count;
    char reasons[REASONS_TEXT_BYTES];
};

/* ---- values ---- */

static struct vt_value *next_value(struct work *work)
{
    return &work->row.values[work->row.count++];
}

static void add_int(struct work *work, int64_t number)
{
    *next_value(work) = (struct vt_value){.kind = VT_VALUE_INT, .number = number};
}

static void add_null(struct work *work)
{
    *next_value(work) = (struct vt_value){.kind = VT_VALUE_NULL};
}

/* The text as JSON has it, in arena when it has to be changed. */
static const char *clean(struct vt_arena *arena, const char *text)
{
    if (vt_json_is_clean(text))
        return text;
    size_t room = strlen(text) + 4;
    char *out = vt_arena_alloc(arena, room);
    return out != NULL ? vt_text_clean(out, room, vt_bytes_str(text)) : NULL;
}

static void add_text(struct work *work, const char *text)
{
    const char *shown = text != NULL ? clean(work->arena, text) : NULL;
    work->is_out_of_memory = work->is_out_of_memory || (text != NULL && shown == NULL);
    if (shown == NULL)
        add_null(work);
    else
        *next_value(work) = (struct vt_value){.kind = VT_VALUE_TEXT, .bytes = vt_bytes_str(shown)};
}

/* Times that RFC 3339 cannot write are not known. */
static void add_time(struct work *work, int64_t utc_secs)
{
    char text[VT_TIME_TEXT_BYTES];
    if (strcmp(vt_time_rfc3339(text, utc_secs), "-") == 0)
        add_null(work);
    else
        add_int(work, utc_secs);
}

/* Hexadecimal as bytes; NULL or "" is null. */
static void add_digest(struct work *work, const char *hex)
{
    if (hex == NULL || hex[0] == '\0') {
        add_null(work);
        return;
    }
    uint8_t *bytes = work->digests[work->digests_count++];
    if (vt_chain_unhex(hex, bytes) != VT_OK)
        work->has_bad_digest = true;
    *next_value(work) =
        (struct vt_value){.kind = VT_VALUE_BLOB, .bytes = {bytes, VT_REGISTER_DIGEST_BYTES}};
}

/* "CERT_REVOKED,WEAK_ALGORITHM": codes stay what they are, bits of a set do not. */
static void add_reasons(struct work *work, vt_reasons reasons)
{
    size_t used = 0;
    work->reasons[0] = '\0';
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if ((reasons & VT_REASON_BIT(i)) == 0)
            continue;
        const char *code = vt_reason_info((enum vt_reason)i)->code;
        size_t len = strlen(code);
        if (used + len + 2 > sizeof(work->reasons))
            break;
        if (used > 0)
            work->reasons[used++] = ',';
        memcpy(work->reasons + used, code, len + 1);
        used += len;
    }
    *next_value(work) =
        (struct vt_value){.kind = VT_VALUE_TEXT, .bytes = vt_bytes_of(work->reasons, used)};
}

static void begin(struct work *work, enum vt_table table)
{
    work->row = (struct vt_row){
        .table = table, .seq = work->record->seq, .time_utc_secs = work->record->time_utc_secs};
    work->digests_count = 0;
}

static enum vt_code emit(struct work *work)
{
    if (work->is_out_of_memory)
        return vt_err_set(work->err, VT_E_NOMEM, "register: no memory for a row");
    if (work->has_bad_digest)
        return vt_err_set(work->err, VT_E_FORMAT,
                          "register: a digest is not 64 digits of hexadecimal");
    return work->sink(work->context, &work->row, work->err);
}

/* ---- what tables share ---- */

const char *vt_derive_address(struct vt_arena *arena, const char *address)
{
    const char *shown = address != NULL ? clean(arena, address) : NULL;
    char *out = vt_arena_str(arena, shown);
    for (char *c = out; c != NULL && *c != '\0'; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
    return out;
}

const char *vt_derive_domain_key(struct vt_arena *arena, const char *domain)
{
    if (domain == NULL)
        return NULL;
    size_t len = strlen(domain), used = 0, end = len;
    char *out = vt_arena_alloc(arena, len + 1);
    if (out == NULL)
        return NULL;
    for (size_t i = len + 1; i-- > 0;) {
        if (i > 0 && domain[i - 1] != '.')
            continue;
        memcpy(out + used, domain + i, end - i);
        used += end - i;
        if (i > 0)
            out[used++] = '.';
        end = i > 0 ? i - 1 : 0;
    }
    return out;
}

const char *vt_derive_verdict(const struct vt_evidence *evidence)
{
    static const char *const words[] = {"valid", "failed", "undetermined", "unsigned"};
    return words[vt_evidence_exit_status(evidence) & 3];
}

enum vt_register_class vt_derive_class(const struct vt_register_decided *decided)
{
    if (vt_body_is_secret(decided))
        return VT_RETAIN_SECRET;
    if (decided->answer.outcome == VT_OUTCOME_REJECT || decided->answer.outcome == VT_OUTCOME_HOLD)
        return VT_RETAIN_REFUSED;
    bool is_passed = decided->answer.outcome == VT_OUTCOME_ACCEPT && decided->decision != NULL &&
                     decided->decision->action <= VT_ACTION_NOTE;
    return is_passed ? VT_RETAIN_PASSED : VT_RETAIN_TAGGED;
}

/* ---- a decided mail ---- */

static enum vt_code secret_row(struct work *work)
{
    begin(work, VT_TABLE_MAIL);
    add_int(work, work->record->seq);
    add_int(work, work->record->time_utc_secs);
    add_int(work, 1);
    add_text(work, vt_register_class_name(VT_RETAIN_SECRET));
    while (work->row.count < 17)
        add_null(work);
    add_int(work, 0);
    add_int(work, 0);
    add_null(work);
    return emit(work);
}

static void add_sender(struct work *work, const struct vt_mail *mail)
{
    const char *sender = vt_derive_address(work->arena, mail->sender);
    const char *domain = vt_address_domain(sender);
    const struct vt_site_facts *site = vt_derive_site(work->record->decided);
    enum vt_sender_class class = site != NULL ? site->sender_class : mail->sender_class;
    add_text(work, vt_direction_name(mail->direction));
    add_text(work, vt_sender_class_name(class));
    add_text(work, sender);
    add_text(work, domain);
    add_text(work, vt_derive_domain_key(work->arena, domain));
    work->is_out_of_memory = work->is_out_of_memory || (sender == NULL && mail->sender != NULL);
}

static void add_decision(struct work *work, const struct vt_register_decided *decided)
{
    const struct vt_decision *decision = decided->decision;
    bool has_reason = decision != NULL && decision->reason < VT_REASON_COUNT;
    add_text(work, decision != NULL ? vt_action_name(decision->action) : NULL);
    add_text(work, decision != NULL ? vt_action_name(decision->would_be) : NULL);
    add_text(work, vt_register_outcome_name(decided->answer.outcome));
    add_text(work, decision != NULL ? decision->rule : NULL);
    add_text(work, has_reason ? vt_reason_info(decision->reason)->code : NULL);
    add_text(work, decision != NULL ? decision->policy_version : NULL);
}

static int64_t count_signatures(const struct vt_evidence *evidence)
{
    size_t count = 0;
    for (size_t i = 0; evidence != NULL && i < evidence->documents_count; i++)
        count += evidence->documents[i].signatures_count;
    return (int64_t)count;
}

static enum vt_code mail_row(struct work *work, const struct vt_mail *mail)
{
    const struct vt_register_decided *decided = work->record->decided;
    const struct vt_evidence *evidence = decided->evidence;
    begin(work, VT_TABLE_MAIL);
    add_int(work, work->record->seq);
    add_int(work, work->record->time_utc_secs);
    add_int(work, 0);
    add_text(work, vt_register_class_name(vt_derive_class(decided)));
    add_text(work, vt_mode_name(decided->mode));
    add_sender(work, mail);
    add_text(work, evidence != NULL ? vt_derive_verdict(evidence) : NULL);
    add_decision(work, decided);
    add_int(work, evidence != NULL ? (int64_t)evidence->documents_count : 0);
    add_int(work, count_signatures(evidence));
    add_text(work, vt_derive_site(decided) != NULL ? vt_derive_site(decided)->sender_agency : NULL);
    return emit(work);
}

static enum vt_code recipient_rows(struct work *work, const struct vt_mail *mail)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < mail->recipients_count && code == VT_OK; i++) {
        const char *address = vt_derive_address(work->arena, mail->recipients[i]);
        begin(work, VT_TABLE_RECIPIENT);
        add_int(work, work->record->seq);
        add_int(work, (int64_t)i);
        add_text(work, address != NULL ? address : "");
        work->is_out_of_memory = work->is_out_of_memory || address == NULL;
        code = emit(work);
    }
    return code;
}

static bool is_listed_before(const struct vt_site_facts *site, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(site->recipient_agencies[i], site->recipient_agencies[index]) == 0)
            return true;
    }
    return false;
}

static enum vt_code recipient_agency_rows(struct work *work, const struct vt_site_facts *site)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; site != NULL && i < site->recipient_agencies_count && code == VT_OK; i++) {
        if (is_listed_before(site, i))
            continue;
        begin(work, VT_TABLE_RECIPIENT_AGENCY);
        add_int(work, work->record->seq);
        add_text(work, site->recipient_agencies[i]);
        code = emit(work);
    }
    return code;
}

static enum vt_code reason_rows(struct work *work, vt_reasons reasons)
{
    enum vt_code code = VT_OK;
    for (unsigned i = 0; i < VT_REASON_COUNT && code == VT_OK; i++) {
        if ((reasons & VT_REASON_BIT(i)) == 0)
            continue;
        begin(work, VT_TABLE_MAIL_REASON);
        add_int(work, work->record->seq);
        add_text(work, vt_reason_info((enum vt_reason)i)->code);
        code = emit(work);
    }
    return code;
}

static enum vt_code document_row(struct work *work, const struct vt_document *document,
                                 size_t ordinal)
{
    struct vt_document copy = *document;
    const struct vt_evidence alone = {.documents = &copy, .documents_count = 1};
    begin(work, VT_TABLE_DOCUMENT);
    add_int(work, work->record->seq);
    add_int(work, (int64_t)ordinal);
    add_digest(work, document->sha256);
    add_text(work, vt_format_name(document->format));
    add_text(work, document->name);
    add_text(work, vt_derive_verdict(&alone));
    add_reasons(work, vt_derive_document_reasons(work->record->decided, ordinal));
    add_int(work, document->nested);
    add_int(work, document->attachment);
    add_int(work, document->expects_signature);
    add_int(work, (int64_t)document->signatures_count);
    return emit(work);
}

static void add_signer(struct work *work, const struct vt_certificate_facts *signer)
{
    bool is_known = signer->sha256[0] != '\0';
    add_digest(work, signer->sha256);
    add_text(work, is_known ? signer->common_name : NULL);
    add_text(work, is_known ? signer->organization : NULL);
    add_text(work, is_known ? signer->organizational_unit : NULL);
    add_text(work, is_known ? signer->issuer_common_name : NULL);
    add_text(work, is_known ? signer->serial : NULL);
    add_time(work, is_known ? signer->not_after_utc_secs : VT_TIME_NONE);
    add_text(work, is_known ? signer->key_algorithm : NULL);
    add_int(work, is_known ? signer->key_bits : 0);
}

static enum vt_code signature_row(struct work *work, const struct vt_signature *signature,
                                  size_t ordinal, size_t document_ordinal,
                                  const struct vt_site_signature *site)
{
    static const char *const sources[] = {"none", "timestamp", "first-seen", "claimed"};
    begin(work, VT_TABLE_SIGNATURE);
    add_int(work, work->record->seq);
    add_int(work, (int64_t)ordinal);
    add_int(work, (int64_t)document_ordinal);
    add_signer(work, &signature->signer);
    add_text(work, signature->trust_set);
    add_text(work, vt_signature_format_name(signature->format));
    add_text(work, vt_indication_name(signature->indication));
    add_text(work, vt_sub_indication_name(signature->sub_indication));
    add_reasons(work, signature->reasons | site->reasons);
    add_text(work, signature->digest_algorithm);
    add_text(work, signature->signature_algorithm);
    add_time(work, signature->signing_time_utc_secs);
    add_text(work, sources[signature->signing_time_source & 3]);
    add_text(work, site->agency);
    add_text(work, site->kind != VT_KIND_UNKNOWN ? vt_kind_name(site->kind) : NULL);
    return emit(work);
}

static enum vt_code document_rows(struct work *work, const struct vt_evidence *evidence)
{
    enum vt_code code = VT_OK;
    size_t ordinal = 0;
    for (size_t d = 0; d < evidence->documents_count && code == VT_OK; d++) {
        const struct vt_document *document = &evidence->documents[d];
        code = document_row(work, document, d);
        for (size_t s = 0; s < document->signatures_count && code == VT_OK; s++) {
            const struct vt_site_signature site =
                vt_derive_site_signature(work->record->decided, d, s);
            code = signature_row(work, &document->signatures[s], ordinal++, d, &site);
        }
    }
    return code;
}

static enum vt_code first_seen_rows(struct work *work, const struct vt_register_decided *decided)
{
    enum vt_code code = VT_OK;
    size_t count = decided->clock_is_synchronised ? decided->first_seen_count : 0;
    for (size_t i = 0; i < count && code == VT_OK; i++) {
        begin(work, VT_TABLE_FIRST_SEEN);
        add_digest(work, decided->first_seen[i]);
        add_int(work, work->record->seq);
        add_int(work, work->record->time_utc_secs);
        code = emit(work);
    }
    return code;
}

static enum vt_code defer_row(struct work *work, const struct vt_register_decided *decided)
{
    if (decided->defer_key_sha256 == NULL || decided->defer_key_sha256[0] == '\0')
        return VT_OK;
    begin(work, VT_TABLE_DEFER_CLOCK);
    add_digest(work, decided->defer_key_sha256);
    add_int(work, work->record->seq);
    add_text(work, decided->decision != NULL ? decided->decision->rule : NULL);
    add_int(work, work->record->time_utc_secs);
    return emit(work);
}

static enum vt_code notice_rows(struct work *work, const struct vt_register_decided *decided)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < decided->notices_count && code == VT_OK; i++) {
        begin(work, VT_TABLE_NOTICE_KEY);
        add_digest(work, decided->notices[i].key_sha256);
        add_int(work, work->record->seq);
        add_int(work, work->record->time_utc_secs);
        code = emit(work);
    }
    return code;
}

static bool is_named_before(const struct vt_register_decided *decided, size_t index)
{
    for (size_t i = 0; i < index && decided->objects != NULL; i++) {
        if (memcmp(decided->objects[i].sha256, decided->objects[index].sha256, 64) == 0)
            return true;
    }
    return false;
}

static enum vt_code object_rows(struct work *work, const struct vt_register_decided *decided)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < decided->objects_count && code == VT_OK; i++) {
        if (is_named_before(decided, i))
            continue;
        begin(work, VT_TABLE_RECORD_OBJECT);
        add_int(work, work->record->seq);
        add_digest(work, decided->objects[i].sha256);
        code = emit(work);
    }
    return code;
}

static enum vt_code decided_rows(struct work *work)
{
    const struct vt_register_decided *decided = work->record->decided;
    static const struct vt_mail nothing = {0};
    if (vt_body_is_secret(decided))
        return secret_row(work);
    const struct vt_mail *mail = decided->evidence != NULL ? &decided->evidence->mail
                                 : decided->mail != NULL   ? decided->mail
                                                           : &nothing;
    enum vt_code code = mail_row(work, mail);
    if (code == VT_OK)
        code = recipient_rows(work, mail);
    if (code == VT_OK)
        code = recipient_agency_rows(work, vt_derive_site(decided));
    if (code == VT_OK && decided->evidence != NULL)
        code = reason_rows(work, vt_derive_reasons(decided));
    if (code == VT_OK && decided->evidence != NULL)
        code = document_rows(work, decided->evidence);
    if (code == VT_OK)
        code = first_seen_rows(work, decided);
    if (code == VT_OK)
        code = defer_row(work, decided);
    if (code == VT_OK)
        code = notice_rows(work, decided);
    return code == VT_OK ? object_rows(work, decided) : code;
}

/* ---- what follows a decision ---- */

static enum vt_code followup_row(struct work *work, const char *value)
{
    if (work->derivation->decided_seq == 0)
        return VT_OK;
    begin(work, VT_TABLE_FOLLOWUP);
    add_int(work, work->derivation->decided_seq);
    add_int(work, work->record->kind);
    add_int(work, work->record->seq);
    add_text(work, value);
    return emit(work);
}

static enum vt_code exception_row(struct work *work, size_t ordinal, const char *document,
                                  const char *certificate, enum vt_reason reason)
{
    begin(work, VT_TABLE_EXCEPTION);
    add_int(work, work->record->seq);
    add_int(work, (int64_t)ordinal);
    add_digest(work, document);
    add_digest(work, certificate);
    add_text(work, reason < VT_REASON_COUNT ? vt_reason_info(reason)->code : NULL);
    add_int(work, work->record->overruled->until_utc_secs);
    return emit(work);
}

static enum vt_code overruled_rows(struct work *work)
{
    const struct vt_register_overruled *overruled = work->record->overruled;
    enum vt_code code = followup_row(work, NULL);
    if (overruled->until_utc_secs == VT_TIME_NONE)
        return code;
    size_t ordinal = 0;
    for (; ordinal < overruled->documents_count && code == VT_OK; ordinal++)
        code = exception_row(work, ordinal, overruled->documents_sha256[ordinal], NULL,
                             VT_REASON_COUNT);
    if (code == VT_OK && overruled->certificate_sha256 != NULL)
        code = exception_row(work, ordinal, NULL, overruled->certificate_sha256, overruled->reason);
    return code;
}

static enum vt_code destroyed_rows(struct work *work)
{
    const struct vt_register_destroyed *destroyed = work->record->destroyed;
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < destroyed->targets_count && code == VT_OK; i++) {
        begin(work, VT_TABLE_DESTROYED);
        add_int(work, destroyed->targets[i]);
        add_int(work, work->record->seq);
        code = emit(work);
    }
    for (size_t i = 0; i < destroyed->objects_count && code == VT_OK; i++) {
        begin(work, VT_TABLE_DESTROYED_OBJECT);
        add_digest(work, destroyed->objects_sha256[i]);
        add_int(work, work->record->seq);
        code = emit(work);
    }
    return code;
}

enum vt_code vt_derive(const struct vt_derivation *derivation, vt_row_sink *sink, void *context,
                       struct vt_err *err)
{
    const struct vt_register_record *record = derivation->record;
    struct work work = {.derivation = derivation,
                        .record = record,
                        .arena = derivation->arena,
                        .sink = sink,
                        .context = context,
                        .err = err};
    switch (record->kind) {
    case VT_REGISTER_DECIDED:
        return decided_rows(&work);
    case VT_REGISTER_ANSWERED:
        return followup_row(&work, vt_register_outcome_name(record->answered->answer.outcome));
    case VT_REGISTER_OVERRULED:
        return overruled_rows(&work);
    case VT_REGISTER_REFUSED:
        return followup_row(&work, vt_reason_info(record->refused->reason)->code);
    case VT_REGISTER_DESTROYED:
        return destroyed_rows(&work);
    case VT_REGISTER_EVENT:
        return VT_OK;
    default:
        return vt_err_set(err, VT_E_INTERNAL, "register: a record without a kind");
    }
}
