/* SPDX-License-Identifier: Apache-2.0
 * The documents of a mail that is sealed: which they are, their signatures, and what our verifier
 * says of them afterwards. Either each of them has its seal, or none has. */
#include <stdio.h>
#include <string.h>

#include "gateway/seal_run.h"
#include "vanthu/site.h"

/* ---- which ---- */

static const struct vt_signature *last_signature(const struct vt_document *document)
{
    const struct vt_signature *last = NULL;
    for (size_t i = 0; i < document->signatures_count; i++) {
        if (last == NULL || document->signatures[i].revision >= last->revision)
            last = &document->signatures[i];
    }
    return last;
}

/* Something that it permits came behind it. */
static bool covers_all_before(const struct vt_signature *seal)
{
    return seal->covers == VT_COVERS_REVISION && seal->changes_after == VT_CHANGES_PERMITTED;
}

/* Nothing came after the seal but what validates it. */
static bool covers_all(const struct vt_document *document, const struct vt_signature *seal)
{
    if (!covers_all_before(seal) || document->changes_count >= VT_MAX_CHANGES)
        return seal->covers == VT_COVERS_WHOLE;
    for (size_t i = 0; i < document->changes_count; i++) {
        const struct vt_document_change *change = &document->changes[i];
        if (change->revision > seal->revision && change->kind != VT_CHANGE_VALIDATION_DATA)
            return false;
    }
    return true;
}

/* Forwarded, or sent again. */
static bool has_this_seal(const struct vt_seal_run *run, const struct vt_document *document)
{
    const struct vt_signature *last = last_signature(document);
    return last != NULL && last->integrity == VT_INTEGRITY_INTACT && covers_all(document, last) &&
           strcmp(last->signer.sha256, run->certificate_sha256) == 0;
}

/* Nobody puts the seal of an agency on what is forged or broken. */
static bool has_failed_signature(const struct vt_document *document)
{
    for (size_t i = 0; i < document->signatures_count; i++) {
        if (document->signatures[i].indication == VT_TOTAL_FAILED)
            return true;
    }
    return false;
}

static void take_choice(struct vt_seal_run *run, const struct vt_seal_choice *choice)
{
    struct vt_sealed *sealed = &run->work->out->sealed;
    const struct vt_document *document = &run->work->out->evidence->documents[choice->document];
    struct vt_sealed_document *told = &sealed->documents[sealed->documents_count++];
    *told = (struct vt_sealed_document){.path = document->path,
                                        .name = document->name,
                                        .evidence = choice->document,
                                        .word = "not-sealed"};
    if (has_this_seal(run, document)) {
        told->word = "sealed-already";
        return;
    }
    run->documents[run->documents_count] =
        (struct vt_sealing_document){.path = document->path, .appearance = choice->appearance};
    run->told[run->documents_count++] = told;
}

static bool none_has_failed(struct vt_seal_run *run)
{
    struct vt_work *work = run->work;
    const struct vt_sealed *sealed = &work->out->sealed;
    char text[VT_SEAL_TEXT_BYTES];
    for (size_t i = 0; i < sealed->documents_count; i++) {
        struct vt_sealed_document *told = &sealed->documents[i];
        if (!has_failed_signature(&work->out->evidence->documents[told->evidence]))
            continue;
        told->word = "invalid";
        (void)snprintf(text, sizeof(text), "%.100s: a signature that it has is not valid",
                       told->name != NULL ? told->name : told->path);
        return vt_seal_fail(work, "document-invalid", text);
    }
    return true;
}

bool vt_seal_choose_documents(struct vt_seal_run *run)
{
    struct vt_work *work = run->work;
    const struct vt_decision *decision = work->out->decision;
    struct vt_arena *arena = work->transaction->arena;
    struct vt_seal_choice *choices = NULL;
    char text[VT_SEAL_TEXT_BYTES];
    size_t count = 0;
    struct vt_err err = {0};
    if (decision->seal_documents == NULL)
        return true;
    if (vt_seal_choose(arena, decision->seal_documents, work->out->evidence, &choices, &count,
                       &err) != VT_OK)
        return vt_seal_fail(work, vt_seal_failure_name(VT_SEAL_UNAVAILABLE), err.text);
    unsigned at_most = decision->seal_documents->at_most;
    if (count > at_most || count > VT_MAX_SEAL_DOCUMENTS) {
        (void)snprintf(text, sizeof(text), "%zu documents are to be sealed, at most %u may be",
                       count, at_most);
        return vt_seal_fail(work, "too-many-documents", text);
    }
    work->out->sealed.documents =
        vt_arena_alloc(arena, (count + 1) * sizeof(*work->out->sealed.documents));
    if (work->out->sealed.documents == NULL)
        return vt_seal_fail(work, vt_seal_failure_name(VT_SEAL_UNAVAILABLE), "no memory");
    for (size_t i = 0; i < count; i++)
        take_choice(run, &choices[i]);
    if (!none_has_failed(run))
        return false;
    if (run->documents_count == 0 && decision->seal_what == VT_SEAL_WHAT_DOCUMENTS)
        return vt_seal_leave(work, count > 0 ? "sealed-already" : "no-document", NULL);
    return true;
}

/* ---- their signatures ---- */

/* Every word of the child is kept; the first that is not ready is why nothing is sealed. */
static bool take_words(struct vt_seal_run *run)
{
    struct vt_work *work = run->work;
    const struct vt_sealed_document *first = NULL;
    char text[VT_ERR_TEXT_BYTES];
    for (size_t i = 0; i < run->documents_count; i++) {
        const struct vt_sealing_part *part = &run->prepared.parts[i];
        if (part->word == VT_SEAL_PDF_READY)
            continue;
        run->told[i]->word = vt_seal_pdf_word_name(part->word);
        run->told[i]->text = part->why;
        first = first == NULL ? run->told[i] : first;
    }
    if (first == NULL)
        return true;
    (void)snprintf(text, sizeof(text), "%.200s: %s",
                   first->name != NULL ? first->name : first->path,
                   first->text != NULL ? first->text : first->word);
    const char *why = vt_arena_printf(work->transaction->arena, "document-%s", first->word);
    return vt_seal_fail(work, why != NULL ? why : "document", text);
}

static bool sign_one(struct vt_seal_run *run, size_t index)
{
    struct vt_arena *arena = run->work->transaction->arena;
    struct vt_bytes *out = &run->documents[index].signature;
    struct vt_buf signature;
    vt_buf_init(&signature, VT_MAX_SEAL_SIGNATURE_BYTES);
    bool is_good =
        vt_seal_sign(run, VT_SEAL_FOR_DOCUMENT, run->prepared.parts[index].attributes, &signature);
    if (is_good) {
        struct vt_bytes value = vt_buf_bytes(&signature);
        *out = vt_bytes_of(vt_arena_dup(arena, value.ptr, value.len), value.len);
        is_good = out->ptr != NULL ||
                  vt_seal_fail(run->work, vt_seal_failure_name(VT_SEAL_UNAVAILABLE), "no memory");
    } else {
        run->told[index]->word = run->work->out->sealed.why;
    }
    vt_buf_clear(&signature);
    return is_good;
}

/* Where one got none, the others are not asked for: the mail has waited long enough. */
static bool stamp_one(struct vt_seal_run *run, size_t index)
{
    struct vt_sealing_document *document = &run->documents[index];
    struct vt_sealed *sealed = &run->work->out->sealed;
    struct vt_stamped_answer answer;
    if (sealed->unstamped != NULL)
        return true;
    bool is_good = vt_work_stamp(run->work, run->key, document->signature, &answer);
    document->token = answer.token;
    run->authorities_sha256[index] =
        answer.certificate_sha256 != NULL ? answer.certificate_sha256 : "";
    if (is_good)
        return true;
    run->told[index]->word = "timestamp";
    return vt_seal_fail(run->work, "timestamp", sealed->unstamped);
}

bool vt_seal_documents_signed(struct vt_seal_run *run)
{
    struct vt_work *work = run->work;
    struct vt_err err = {0};
    if (run->documents_count == 0)
        return true;
    run->sealing.documents = run->documents;
    run->sealing.documents_count = run->documents_count;
    if (!vt_seal_begin_step(run))
        return false;
    enum vt_code code = work->gateway->seal_steps->documents(work->transaction->arena,
                                                             &run->sealing, &run->prepared, &err);
    vt_work_end_pass(work);
    if (!vt_seal_take_prepared(run, code, &err) || !take_words(run))
        return false;
    for (size_t i = 0; i < run->documents_count; i++) {
        if (!sign_one(run, i) || !stamp_one(run, i))
            return false;
    }
    return true;
}

void vt_seal_drop_stamps(struct vt_seal_run *run)
{
    run->sealing.token = (struct vt_bytes){0};
    for (size_t i = 0; i < run->documents_count; i++)
        run->documents[i].token = (struct vt_bytes){0};
}

/* ---- what became of them ---- */

static const struct vt_document *find_document(const struct vt_evidence *evidence,
                                               const char *sha256)
{
    for (size_t i = 0; i < evidence->documents_count; i++) {
        if (strcmp(evidence->documents[i].sha256, sha256) == 0)
            return &evidence->documents[i];
    }
    return NULL;
}

static bool is_same_signature(const struct vt_signature *a, const struct vt_signature *b)
{
    return a->revision == b->revision && a->field != NULL && b->field != NULL &&
           strcmp(a->field, b->field) == 0;
}

/* A proof of time that only the register has is not asked for a second time. */
static bool is_no_worse(const struct vt_signature *before, const struct vt_signature *after)
{
    bool is_passed = before->indication == VT_TOTAL_PASSED &&
                     before->signing_time_source != VT_TIME_SOURCE_FIRST_SEEN;
    if (before->integrity == VT_INTEGRITY_INTACT && after->integrity != VT_INTEGRITY_INTACT)
        return false;
    if (after->indication == VT_TOTAL_FAILED && before->indication != VT_TOTAL_FAILED)
        return false;
    return !is_passed || after->indication == VT_TOTAL_PASSED;
}

static bool earlier_are_no_worse(const struct vt_document *before, const struct vt_document *after)
{
    if (after->signatures_count != before->signatures_count + 1)
        return false;
    for (size_t i = 0; i < before->signatures_count; i++) {
        bool is_found = false;
        for (size_t j = 0; j < after->signatures_count && !is_found; j++)
            is_found = is_same_signature(&before->signatures[i], &after->signatures[j]) &&
                       is_no_worse(&before->signatures[i], &after->signatures[j]);
        if (!is_found)
            return false;
    }
    return true;
}

static bool is_with_data(const char *level)
{
    return strcmp(level, "B-LT") == 0 || strcmp(level, "B-LTA") == 0;
}

static bool is_good(struct vt_seal_run *run, size_t index, const struct vt_evidence *sealed,
                    char *text)
{
    const struct vt_judgement *judgement = run->work->out;
    const char *sha256 = judgement->sealed.mail.documents_sha256[index];
    const struct vt_document *before = &judgement->evidence->documents[run->told[index]->evidence];
    const struct vt_document *after = find_document(sealed, sha256);
    const struct vt_signature *last = after == NULL ? NULL : last_signature(after);
    const char *why = NULL;
    bool has_data = run->sealing.data_fds_count > 0;
    if (last == NULL ||
        !(last->covers == VT_COVERS_WHOLE || (has_data && covers_all_before(last))) ||
        strcmp(last->signer.sha256, run->certificate_sha256) != 0) {
        (void)snprintf(text, VT_SEAL_TEXT_BYTES, "a sealed document does not show the seal");
        return false;
    }
    if (!vt_seal_verdict(last, "the seal of a document", text))
        return false;
    if (run->documents[index].token.len > 0 &&
        !vt_stamp_is_good(last, run->work->transaction->arena, &why))
        run->bad_stamp = why;
    if (has_data && (last->level == NULL || !is_with_data(last->level)))
        run->bad_level = "a document takes no more validation data";
    if (earlier_are_no_worse(before, after))
        return true;
    (void)snprintf(text, VT_SEAL_TEXT_BYTES,
                   "an earlier signature of a sealed document is worse than before");
    return false;
}

bool vt_seal_documents_are_good(struct vt_seal_run *run, const struct vt_evidence *sealed,
                                char *text)
{
    for (size_t i = 0; i < run->documents_count; i++) {
        if (!is_good(run, i, sealed, text)) {
            run->told[i]->word = "not-verified";
            return false;
        }
    }
    for (size_t i = 0; i < run->documents_count; i++) {
        run->told[i]->word = "sealed";
        run->told[i]->sha256 = vt_arena_str(run->work->transaction->arena,
                                            run->work->out->sealed.mail.documents_sha256[i]);
    }
    return true;
}

void vt_seal_documents_forget(struct vt_seal_run *run)
{
    for (size_t i = 0; i < run->documents_count; i++) {
        if (run->told[i]->sha256 != NULL)
            run->told[i]->word = "not-sealed";
        run->told[i]->sha256 = NULL;
    }
}
