/* SPDX-License-Identifier: Apache-2.0
 * What a notice is about. A file is not called valid because nothing was found in it: only because
 * each of its signatures is. */
#include "notice/view.h"

#include <stdlib.h>
#include <string.h>

/* Evidence of more files than this was not made by the inspector. */
enum { MAX_FILES = VT_MAX_PARTS };

/* ---- secret mails, cleaning ---- */

bool vt_notice_mail_is_secret(const struct vt_notice_mail *mail)
{
    const vt_reasons mark = VT_REASON_BIT(VT_REASON_SECRET_MARK);
    if (mail->decision != NULL && mail->decision->reason == VT_REASON_SECRET_MARK)
        return true;
    return mail->evidence == NULL || (vt_evidence_all_reasons(mail->evidence) & mark) != 0;
}

const char *vt_notice_clean(struct vt_arena *arena, const char *text, size_t max_bytes)
{
    if (text == NULL || *text == '\0')
        return NULL;
    char *out = vt_arena_alloc(arena, max_bytes + 4);
    return out == NULL ? NULL
                       : vt_text_clean(out, max_bytes + 4,
                                       vt_bytes_of(text, strnlen(text, 4 * max_bytes + 4)));
}

/* ---- reasons ---- */

/* What is worth a word to a sender: the mark of a note is for nobody but the record. */
static vt_reasons told(vt_reasons reasons, enum vt_reason decided)
{
    vt_reasons out = 0;
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        const struct vt_reason_info *info = vt_reason_info((enum vt_reason)i);
        bool is_worth = info->default_state >= VT_ACTION_TAG || info->is_reserved ||
                        info->default_other >= VT_ACTION_TAG || i == (unsigned)decided;
        if ((reasons & VT_REASON_BIT(i)) != 0 && is_worth)
            out |= VT_REASON_BIT(i);
    }
    return out;
}

static vt_reasons of_receiver(void)
{
    vt_reasons out = 0;
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if (vt_reason_info((enum vt_reason)i)->cause == VT_CAUSE_RECEIVER)
            out |= VT_REASON_BIT(i);
    }
    return out;
}

static const struct vt_site_facts *site_of(const struct vt_notice_mail *mail)
{
    const struct vt_site_facts *facts = mail->decision == NULL ? NULL : mail->decision->site;
    return facts == NULL || facts->documents_count != mail->evidence->documents_count ? NULL
                                                                                      : facts;
}

static enum vt_reason decided_of(const struct vt_notice_mail *mail)
{
    return mail->decision == NULL ? VT_REASON_COUNT : mail->decision->reason;
}

enum vt_reason vt_notice_mail_reason(const struct vt_notice_mail *mail)
{
    enum vt_reason decided = decided_of(mail);
    if (decided != VT_REASON_COUNT || mail->evidence == NULL)
        return decided;
    return vt_reasons_first(told(vt_site_all_reasons(mail->evidence, site_of(mail)), decided));
}

/* ---- files ---- */

bool vt_notice_signature_is_shown(const struct vt_signature *signature)
{
    return signature->indication != VT_TOTAL_PASSED || signature->reasons != 0;
}

static bool is_file(const struct vt_document *document, vt_reasons reasons)
{
    return document->attachment || document->signatures_count > 0 || reasons != 0;
}

static enum vt_notice_file_state state_of(const struct vt_document *document, vt_reasons reasons)
{
    if ((reasons & ~of_receiver()) != 0)
        return VT_FILE_FAILING;
    if (reasons != 0)
        return VT_FILE_UNCHECKED;
    for (size_t i = 0; i < document->signatures_count; i++) {
        if (document->signatures[i].indication != VT_TOTAL_PASSED)
            return VT_FILE_OTHER;
    }
    return document->signatures_count > 0 ? VT_FILE_VALID : VT_FILE_OTHER;
}

static int compare_files(const void *a, const void *b)
{
    const struct vt_notice_file_view *left = a, *right = b;
    if (left->state != right->state)
        return left->state < right->state ? -1 : 1;
    return left->index < right->index ? -1 : left->index > right->index;
}

static enum vt_code view_files(struct vt_notice_view *view)
{
    const struct vt_evidence *evidence = view->evidence;
    size_t count = evidence->documents_count < MAX_FILES ? evidence->documents_count : MAX_FILES;
    view->files = vt_arena_alloc(view->arena, (count + 1) * sizeof(*view->files));
    if (view->files == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct vt_document *document = &evidence->documents[i];
        vt_reasons reasons = told(vt_site_document_reasons(evidence, site_of(view->first), i),
                                  decided_of(view->first));
        if (!is_file(document, reasons))
            continue;
        enum vt_notice_file_state state = state_of(document, reasons);
        view->files[view->files_count++] = (struct vt_notice_file_view){i, state, reasons};
        view->state_counts[state]++;
    }
    qsort(view->files, view->files_count, sizeof(*view->files), compare_files);
    return VT_OK;
}

/* ---- recipients ---- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum vt_code add_address(struct vt_arena *arena, struct vt_notice_group *group,
                                const char *address)
{
    if (address == NULL || group->count == VT_MAX_RECIPIENTS)
        return VT_OK;
    const char **grown = vt_arena_grow(arena, group->addresses, group->count, sizeof(*grown));
    const char *clean = vt_notice_clean(arena, address, VT_NOTICE_NAME_BYTES);
    if (grown == NULL || (clean == NULL && *address != '\0'))
        return VT_E_NOMEM;
    group->addresses = grown;
    if (clean != NULL)
        group->addresses[group->count++] = clean;
    return VT_OK;
}

/* Agencies of the addresses, each once. */
static enum vt_code count_agencies(const struct vt_notice_view *view, struct vt_notice_group *group)
{
    const char **ids = vt_arena_alloc(view->arena, (group->count + 1) * sizeof(*ids));
    if (ids == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i < group->count; i++) {
        const struct vt_site_agency *agency =
            vt_site_agency_of_address(view->input->site, group->addresses[i]);
        if (agency == NULL)
            return VT_OK;
        ids[i] = agency->id;
    }
    qsort(ids, group->count, sizeof(*ids), compare_texts);
    for (size_t i = 0; i < group->count; i++)
        group->agencies += i == 0 || strcmp(ids[i], ids[i - 1]) != 0;
    return VT_OK;
}

/* Sorted, each once; the first ones keep no order of the envelope, which tells nothing. */
static enum vt_code finish_group(const struct vt_notice_view *view, struct vt_notice_group *group)
{
    size_t kept = 0;
    if (group->count == 0)
        return VT_OK;
    qsort(group->addresses, group->count, sizeof(*group->addresses), compare_texts);
    for (size_t i = 0; i < group->count; i++) {
        if (kept == 0 || strcmp(group->addresses[i], group->addresses[kept - 1]) != 0)
            group->addresses[kept++] = group->addresses[i];
    }
    group->count = kept;
    return count_agencies(view, group);
}

static enum vt_code add_recipients(struct vt_notice_view *view, const struct vt_notice_mail *mail)
{
    enum vt_register_outcome outcome =
        mail->answer == NULL ? VT_OUTCOME_TEMPFAIL : mail->answer->outcome;
    if (mail->evidence == NULL || outcome >= VT_OUTCOMES)
        return VT_OK;
    const struct vt_mail *facts = &mail->evidence->mail;
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < facts->recipients_count; i++) {
        code = add_address(view->arena, &view->groups[outcome], facts->recipients[i]);
        if (code == VT_OK)
            code = add_address(view->arena, &view->all, facts->recipients[i]);
    }
    return code;
}

/* What became of the mail for most of those whom the notice is about. */
static bool fits(enum vt_notice_kind kind, enum vt_register_outcome outcome)
{
    bool is_refusal = kind == VT_NOTICE_REFUSED || kind == VT_NOTICE_HELD;
    return is_refusal ? outcome != VT_OUTCOME_ACCEPT : outcome == VT_OUTCOME_ACCEPT;
}

static bool is_mixed(const struct vt_notice_view *view)
{
    size_t with = 0, without = 0;
    enum vt_notice_kind kind = view->input->kind;
    if (kind != VT_NOTICE_REFUSED && kind != VT_NOTICE_HELD && kind != VT_NOTICE_REMARK)
        return false;
    for (unsigned i = 0; i < VT_OUTCOMES; i++) {
        if (fits(kind, (enum vt_register_outcome)i))
            with += view->groups[i].count;
        else
            without += view->groups[i].count;
    }
    return with > 0 && without > 0;
}

static enum vt_code view_recipients(struct vt_notice_view *view)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < view->input->mails_count; i++)
        code = add_recipients(view, &view->input->mails[i]);
    for (unsigned i = 0; code == VT_OK && i < VT_OUTCOMES; i++) {
        view->groups[i].outcome = (enum vt_register_outcome)i;
        code = finish_group(view, &view->groups[i]);
    }
    if (code == VT_OK)
        code = finish_group(view, &view->all);
    view->is_mixed = is_mixed(view);
    return code;
}

/* ---- all ---- */

enum vt_code vt_notice_view(struct vt_arena *arena, const struct vt_notice_input *input,
                            struct vt_notice_view *out)
{
    bool has_own = input->kind == VT_NOTICE_CLERK || input->kind == VT_NOTICE_RECHECK;
    *out = (struct vt_notice_view){
        .input = input, .arena = arena, .reason = has_own ? input->reason : VT_REASON_COUNT};
    if (input->mails_count == 0)
        return VT_OK;
    out->first = &input->mails[0];
    out->is_secret = vt_notice_mail_is_secret(out->first);
    if (out->is_secret)
        return VT_OK;
    out->evidence = out->first->evidence;
    out->mail = &out->evidence->mail;
    if (out->reason >= VT_REASON_COUNT)
        out->reason = vt_notice_mail_reason(out->first);
    out->mail_reasons = told(out->evidence->reasons, decided_of(out->first));
    enum vt_code code = view_files(out);
    return code == VT_OK ? view_recipients(out) : code;
}
