/* SPDX-License-Identifier: Apache-2.0
 * What the site table says of one mail: its sender, its recipients, and each signature: whose key,
 * how it belongs to the sender (legal.md ), whether it is of the kind that offices of the
 * state use, whether its name is the sender's. */
#include <string.h>
#include <strings.h>

#include "evidence/expect.h"
#include "site_table.h"

/* ---- the mail ---- */

/* From is what people see and what alignment proves; several of them prove nothing. */
static const char *address_of_sender(const struct vt_mail *mail)
{
    if (mail->from != NULL && mail->from[0] != '\0' && mail->from_count == 1)
        return mail->from;
    return mail->sender != NULL && mail->sender[0] != '\0' ? mail->sender : NULL;
}

/* Schools and others are of the state by the table, once their address is proven (users.md 1). */
static enum vt_sender_class class_of(const struct vt_site_work *work)
{
    const struct vt_mail *mail = &work->evidence->mail;
    bool is_state = work->sender != NULL && work->sender->agency.class == VT_SENDER_STATE;
    return is_state && mail->sender_aligned ? VT_SENDER_STATE : mail->sender_class;
}

/* Subjects as mail programs write them when they forward. */
static bool says_forward(const char *subject)
{
    static const char *const marks[] = {"fwd:", "fw:", "tr:", "chuyen tiep:"};
    char ascii[32];
    if (subject == NULL)
        return false;
    vt_text_ascii(ascii, sizeof(ascii), subject);
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (strncasecmp(ascii, marks[i], strlen(marks[i])) == 0)
            return true;
    }
    return false;
}

static enum vt_code find_recipients(struct vt_arena *arena, const struct vt_site_work *work)
{
    const struct vt_mail *mail = &work->evidence->mail;
    struct vt_site_facts *facts = work->facts;
    if (work->site == NULL || mail->recipients_count == 0)
        return VT_OK;
    bool *is_met = vt_arena_alloc(arena, work->site->entries_count + 1);
    if (is_met == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i < mail->recipients_count; i++) {
        const struct vt_site_entry *entry =
            vt_site_entry_of_address(work->site, mail->recipients[i]);
        if (entry == NULL || is_met[entry - work->site->entries])
            continue;
        const char **grown = vt_arena_grow(arena, facts->recipient_agencies,
                                           facts->recipient_agencies_count, sizeof(*grown));
        if (grown == NULL)
            return VT_E_NOMEM;
        is_met[entry - work->site->entries] = true;
        facts->recipient_agencies = grown;
        facts->recipient_agencies[facts->recipient_agencies_count++] = entry->agency.id;
    }
    return VT_OK;
}

bool vt_site_is_asked(const struct vt_site_work *work)
{
    return work->sender != NULL && work->sender->agency.is_confirmed &&
           work->facts->sender_class == VT_SENDER_STATE &&
           work->evidence->mail.direction == VT_INBOUND;
}

/* Whoever writes an exempt office's address into From is not that office. */
bool vt_site_is_excused(const struct vt_site_work *work, const struct vt_document *document)
{
    const struct vt_mail *mail = &work->evidence->mail;
    bool is_proven = mail->sender_aligned || mail->direction != VT_INBOUND;
    return vt_site_is_exempt(work->site, is_proven ? work->sender : NULL,
                             is_proven ? work->sender_address : NULL, document,
                             work->input->now_utc_secs);
}

/* ---- one signature ---- */

static enum vt_alignment align(const struct vt_site_work *work,
                               const struct vt_signature *signature,
                               const struct vt_site_entry *holder)
{
    const char *sender = work->sender_address, *signer = signature->signer.email;
    const char *sender_domain = vt_address_domain(sender);
    const char *signer_domain = vt_address_domain(signer);
    if (sender == NULL || sender_domain == NULL || (signer_domain == NULL && holder == NULL))
        return VT_ALIGNMENT_UNKNOWN;
    if (signer_domain != NULL && strcasecmp(sender, signer) == 0)
        return VT_ALIGNMENT_EXACT;
    if (vt_site_is_related(work->site, work->sender, holder))
        return VT_ALIGNMENT_AGENCY;
    if (signer_domain != NULL && strcasecmp(sender_domain, signer_domain) == 0)
        return VT_ALIGNMENT_DOMAIN;
    /* Of somebody without an address and a sender without an agency nothing can be compared. */
    return signer_domain == NULL && work->sender == NULL ? VT_ALIGNMENT_UNKNOWN : VT_ALIGNMENT_NONE;
}

/* A certificate of the public set, where only those for official use serve since a day. A
 * claimed time does not make it better. */
static bool is_wrong_kind(const struct vt_site_work *work, const struct vt_signature *signature,
                          const struct vt_site_holder *holder)
{
    int64_t since = work->input->official_only_since_utc_secs;
    return since != VT_TIME_NONE && signature->judged_at_utc_secs >= since &&
           signature->trust_set != NULL && strcmp(signature->trust_set, "public") == 0 &&
           holder->kind != VT_KIND_UNKNOWN && holder->agency->is_confirmed &&
           holder->agency->class == VT_SENDER_STATE;
}

/* Another signature of the document is the sender's own: it adds to what others signed. */
static bool signs_too(const struct vt_site_work *work, const struct vt_document *document)
{
    for (size_t i = 0; i < document->signatures_count; i++) {
        const struct vt_signature *signature = &document->signatures[i];
        struct vt_site_holder holder;
        if (signature->indication == VT_TOTAL_PASSED &&
            vt_site_holder(work->site, &signature->signer, signature->trust_set, &holder) &&
            vt_site_is_related(work->site, work->sender,
                               (const struct vt_site_entry *)holder.agency))
            return true;
    }
    return false;
}

static bool is_named(const struct vt_site_work *work, const struct vt_signature *signature)
{
    int64_t signed_at = signature->signing_time_utc_secs;
    return vt_site_is_named(work->sender, &signature->signer, signature->judged_at_utc_secs) ||
           (signed_at != VT_TIME_NONE &&
            vt_site_is_named(work->sender, &signature->signer, signed_at));
}

/* The office that signed and the one that sent are both known and have different names. Forwarding
 * and renamed offices are normal (users.md 1): where either can be, nothing is said. */
static bool is_other_name(const struct vt_site_work *work, const struct vt_document *document,
                          const struct vt_signature *signature, const struct vt_site_holder *holder)
{
    const struct vt_site_entry *agency = (const struct vt_site_entry *)holder->agency;
    if (holder->kind != VT_KIND_AGENCY || !agency->agency.is_confirmed || work->is_forward ||
        document->nested || is_named(work, signature))
        return false;
    return agency == work->sender || !signs_too(work, document);
}

/* Another agency's valid signature stands in the document before this one: this one came to what
 * was finished, as the stamp of a recipient or of who copied it (legal.md ). */
static bool is_after_another(const struct vt_document *document, const struct vt_site_document *its,
                             size_t index)
{
    const struct vt_site_signature *own = &its->signatures[index];
    for (size_t i = 0; i < index; i++) {
        const struct vt_site_signature *other = &its->signatures[i];
        if (document->signatures[i].indication == VT_TOTAL_PASSED &&
            other->kind == VT_KIND_AGENCY && other->agency != NULL && own->agency != NULL &&
            strcmp(other->agency, own->agency) != 0)
            return true;
    }
    return false;
}

static enum vt_use use_of(const struct vt_document *document, const struct vt_site_document *its,
                          size_t index)
{
    enum vt_use use = document->signatures[index].hints.use;
    if (use != VT_USE_UNKNOWN || its->signatures[index].kind != VT_KIND_AGENCY ||
        !is_after_another(document, its, index))
        return use;
    return vt_document_is_called_copy(document) != VT_COPY_NONE ? VT_USE_COPY : VT_USE_INCOMING;
}

static void judge_signature(const struct vt_site_work *work, const struct vt_document *document,
                            const struct vt_signature *signature, struct vt_site_signature *out)
{
    struct vt_site_holder holder;
    bool is_known = vt_site_holder(work->site, &signature->signer, signature->trust_set, &holder);
    const struct vt_site_entry *agency = (const struct vt_site_entry *)holder.agency;
    out->kind = holder.kind;
    out->agency = is_known ? holder.agency->id : NULL;
    out->alignment = align(work, signature, agency);
    if (!is_known || signature->indication != VT_TOTAL_PASSED || !vt_site_is_asked(work))
        return;
    if (vt_site_is_excused(work, document))
        return;
    if (is_wrong_kind(work, signature, &holder))
        out->reasons |= VT_REASON_BIT(VT_REASON_WRONG_KIND);
    if (is_other_name(work, document, signature, &holder))
        out->reasons |= VT_REASON_BIT(VT_REASON_NAME_MISMATCH);
}

/* ---- all ---- */

static enum vt_code judge_signatures(struct vt_arena *arena, const struct vt_site_work *work)
{
    const struct vt_evidence *evidence = work->evidence;
    struct vt_site_facts *facts = work->facts;
    facts->documents =
        vt_arena_alloc(arena, (evidence->documents_count + 1) * sizeof(*facts->documents));
    if (facts->documents == NULL)
        return VT_E_NOMEM;
    facts->documents_count = evidence->documents_count;
    for (size_t d = 0; d < evidence->documents_count; d++) {
        const struct vt_document *document = &evidence->documents[d];
        struct vt_site_document *out = &facts->documents[d];
        out->signatures =
            vt_arena_alloc(arena, (document->signatures_count + 1) * sizeof(*out->signatures));
        if (out->signatures == NULL)
            return VT_E_NOMEM;
        out->signatures_count = document->signatures_count;
        for (size_t s = 0; s < document->signatures_count; s++)
            judge_signature(work, document, &document->signatures[s], &out->signatures[s]);
        for (size_t s = 0; s < document->signatures_count; s++)
            out->signatures[s].use = use_of(document, out, s);
    }
    return VT_OK;
}

enum vt_code vt_site_judge(struct vt_arena *arena, const struct vt_site_input *input,
                           struct vt_site_facts **out, struct vt_err *err)
{
    const struct vt_mail *mail = &input->evidence->mail;
    struct vt_site_facts *facts = vt_arena_alloc(arena, sizeof(*facts));
    if (facts == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for what the site table says");
    const char *address = address_of_sender(mail);
    struct vt_site_work work = {.input = input,
                                .evidence = input->evidence,
                                .site = input->site,
                                .sender = vt_site_entry_of_address(input->site, address),
                                .sender_address = address,
                                .facts = facts,
                                .is_forward = mail->is_list || mail->is_automatic ||
                                              says_forward(mail->subject)};
    facts->sender_agency = work.sender == NULL ? NULL : work.sender->agency.id;
    facts->sender_class = class_of(&work);
    enum vt_code code = find_recipients(arena, &work);
    if (code == VT_OK)
        code = judge_signatures(arena, &work);
    if (code != VT_OK)
        return vt_err_set(err, code, "no memory for what the site table says");
    for (size_t i = 0; i < facts->documents_count; i++)
        vt_site_judge_effect(&work, i);
    for (size_t i = 0; i < facts->documents_count; i++)
        vt_site_judge_document(&work, i);
    *out = facts;
    return VT_OK;
}
