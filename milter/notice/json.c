/* SPDX-License-Identifier: Apache-2.0
 * The part of a notice for machines: every signature of every file, in the names that evidence has
 * (vanthu/evidence.h). What is said of the gateway's own affairs stays there. */
#include <jansson.h>
#include <string.h>

#include "notice/page.h"

/* More than one mail can have; evidence that was not made by the inspector may. */
enum { MAX_SIGNATURES = 500, MAX_TRANSACTIONS = 1000, MAX_REFERENCES = 1000 };

struct writer {
    const struct vt_notice_view *view;
    size_t signatures; /* written */
    size_t left_out;
};

static json_t *text_or_null(const struct writer *w, const char *text)
{
    const char *clean = vt_notice_clean(w->view->arena, text, 2 * VT_NOTICE_NAME_BYTES);
    return clean == NULL ? json_null() : json_string(clean);
}

static json_t *time_or_null(int64_t utc_secs)
{
    char text[VT_TIME_TEXT_BYTES];
    (void)vt_time_rfc3339(text, utc_secs);
    return strlen(text) < strlen("2026-12-03T02:12:00Z") ? json_null() : json_string(text);
}

static json_t *codes(vt_reasons reasons)
{
    json_t *out = json_array();
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if ((reasons & VT_REASON_BIT(i)) != 0)
            (void)json_array_append_new(out, json_string(vt_reason_info((enum vt_reason)i)->code));
    }
    return out;
}

/* The words of the machine form for the seven facts and the verdict. */
static json_t *signature_json(const struct writer *w, const struct vt_signature *signature)
{
    static const char *const integrities[] = {[VT_INTEGRITY_UNDETERMINED] = "undetermined",
                                              [VT_INTEGRITY_INTACT] = "intact",
                                              [VT_INTEGRITY_BROKEN] = "broken"};
    static const char *const changes[] = {[VT_CHANGES_UNDETERMINED] = "undetermined",
                                          [VT_CHANGES_NONE] = "none",
                                          [VT_CHANGES_PERMITTED] = "permitted",
                                          [VT_CHANGES_FORBIDDEN] = "forbidden",
                                          [VT_CHANGES_ADDED] = "added"};
    static const char *const sources[] = {[VT_TIME_SOURCE_TIMESTAMP] = "timestamp",
                                          [VT_TIME_SOURCE_FIRST_SEEN] = "first-seen",
                                          [VT_TIME_SOURCE_CLAIMED] = "claimed"};
    const struct vt_certificate_facts *signer = &signature->signer;
    bool has_time = signature->signing_time_source != VT_TIME_SOURCE_NONE;
    bool has_signer = signer->sha256[0] != '\0';
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:s, s:s, s:s, s:s?, s:o, s:o, s:o, s:o}",
        "format", vt_signature_format_name(signature->format), "issuer",
        text_or_null(w, signer->issuer), "signer", text_or_null(w, signer->common_name), "subject",
        text_or_null(w, signer->subject), "unit",
        text_or_null(w, signer->organizational_unit != NULL ? signer->organizational_unit
                                                            : signer->organization),
        "serial", text_or_null(w, signer->serial), "signing_time",
        has_time ? time_or_null(signature->signing_time_utc_secs) : json_null(),
        "signing_time_source", has_time ? sources[signature->signing_time_source] : NULL,
        "integrity", integrities[signature->integrity], "changes_after",
        changes[signature->changes_after], "indication", vt_indication_name(signature->indication),
        "sub_indication", vt_sub_indication_name(signature->sub_indication), "not_before",
        has_signer ? time_or_null(signer->not_before_utc_secs) : json_null(), "not_after",
        has_signer ? time_or_null(signer->not_after_utc_secs) : json_null(), "certificate_sha256",
        has_signer ? json_string(signer->sha256) : json_null(), "reasons",
        codes(signature->reasons));
}

static json_t *document_json(struct writer *w, const struct vt_notice_file_view *file)
{
    const struct vt_document *document = &w->view->evidence->documents[file->index];
    json_t *signatures = json_array();
    for (size_t i = 0; i < document->signatures_count; i++) {
        if (w->signatures == MAX_SIGNATURES) {
            w->left_out += document->signatures_count - i;
            break;
        }
        w->signatures++;
        (void)json_array_append_new(signatures, signature_json(w, &document->signatures[i]));
    }
    return json_pack("{s:o, s:o, s:s, s:s, s:o, s:o}", "name", text_or_null(w, document->name),
                     "path", text_or_null(w, document->path), "format",
                     vt_format_name(document->format), "sha256", document->sha256, "reasons",
                     codes(file->reasons), "signatures", signatures);
}

static json_t *documents_json(struct writer *w)
{
    json_t *out = json_array();
    for (size_t i = 0; i < w->view->files_count; i++)
        (void)json_array_append_new(out, document_json(w, &w->view->files[i]));
    return out;
}

/* The mails it is about: of a circular its transactions, of a list its mails. */
static json_t *mails_json(const struct writer *w)
{
    const struct vt_notice_input *input = w->view->input;
    json_t *out = json_array();
    for (size_t i = 0; i < input->mails_count && i < MAX_TRANSACTIONS; i++) {
        const struct vt_notice_mail *mail = &input->mails[i];
        enum vt_reason reason =
            vt_notice_mail_is_secret(mail) ? VT_REASON_COUNT : vt_notice_mail_reason(mail);
        const char *outcome = mail->answer == NULL || mail->answer->outcome >= VT_OUTCOMES
                                  ? NULL
                                  : vt_register_outcome_name(mail->answer->outcome);
        (void)json_array_append_new(
            out,
            json_pack("{s:o, s:o, s:s?, s:s?, s:s?}", "reference", text_or_null(w, mail->reference),
                      "time", time_or_null(mail->time_utc_secs), "outcome", outcome, "state",
                      mail->state, "reason",
                      reason < VT_REASON_COUNT ? vt_reason_info(reason)->code : NULL));
    }
    return out;
}

enum vt_code vt_notice_json(const struct vt_notice_view *view, char **out_text, size_t *out_len)
{
    struct writer w = {.view = view};
    enum vt_notice_kind kind = view->input->kind;
    /* A list names no files; what a mail was found to be before is no longer so after a recheck. */
    bool is_list = kind == VT_NOTICE_LIST || kind == VT_NOTICE_OFFICER || kind == VT_NOTICE_DIGEST;
    bool has_files = !is_list && kind != VT_NOTICE_RECHECK;
    json_t *mails = mails_json(&w);
    json_t *documents = has_files ? documents_json(&w) : json_array();
    json_t *root = json_pack(
        "{s:i, s:s, s:o, s:o, s:s?, s:o, s:o, s:o, s:I}", "v", 1, "notice",
        vt_notice_kind_name(kind), "time", time_or_null(view->input->now_utc_secs), "message_id",
        text_or_null(&w, is_list || view->mail == NULL ? NULL : view->mail->message_id), "reason",
        !is_list && view->reason < VT_REASON_COUNT ? vt_reason_info(view->reason)->code : NULL,
        "reasons", codes(is_list ? 0 : view->mail_reasons), "mails", mails, "documents", documents,
        "signatures_left_out", (json_int_t)w.left_out);
    *out_text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(1));
    *out_len = *out_text == NULL ? 0 : strlen(*out_text);
    json_decref(root);
    return *out_text == NULL ? VT_E_NOMEM : VT_OK;
}
