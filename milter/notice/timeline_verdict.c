/* SPDX-License-Identifier: Apache-2.0
 * What is said first of a file on the page about checked files: how it is with its signatures, why,
 * and whose the valid ones are. */
#include <string.h>

#include "notice/timeline.h"

/* Signers named. */
enum { NAMED_SIGNERS = 5 };

enum vt_timeline_verdict vt_timeline_verdict_of(const struct vt_evidence *evidence)
{
    int status = vt_evidence_exit_status(evidence);
    return status >= VT_TIMELINE_GOOD && status <= VT_TIMELINE_NONE
               ? (enum vt_timeline_verdict)status
               : VT_TIMELINE_OPEN;
}

enum vt_timeline_verdict vt_timeline_verdict_of_document(const struct vt_document *document)
{
    struct vt_document copy = *document;
    const struct vt_evidence alone = {.documents = &copy, .documents_count = 1};
    return vt_timeline_verdict_of(&alone);
}

enum vt_timeline_verdict vt_timeline_verdict_of_signature(const struct vt_signature *signature)
{
    if (signature->indication == VT_TOTAL_FAILED ||
        signature->changes_after == VT_CHANGES_FORBIDDEN)
        return VT_TIMELINE_BAD;
    return signature->indication == VT_TOTAL_PASSED ? VT_TIMELINE_GOOD : VT_TIMELINE_OPEN;
}

/* ---- in a sentence ---- */

struct counts {
    size_t all, bad, open;
    size_t unsigned_files;              /* in a form in which offices issue documents */
    const char *signers[NAMED_SIGNERS]; /* of valid ones, each once */
    size_t signers_count;
    bool has_more;
};

static void count_signer(struct vt_timeline_writer *w, struct counts *counts,
                         const struct vt_signature *signature)
{
    const struct vt_certificate_facts *signer = &signature->signer;
    if (signature->format == VT_SIGNATURE_DOCTIMESTAMP || counts->has_more)
        return;
    const char *name = vt_page_first_of(&w->page, signer->common_name, signer->subject);
    for (size_t i = 0; i < counts->signers_count; i++) {
        if (strcmp(counts->signers[i], name) == 0)
            return;
    }
    if (counts->signers_count < NAMED_SIGNERS)
        counts->signers[counts->signers_count++] = name;
    else
        counts->has_more = true;
}

static struct counts count(struct vt_timeline_writer *w, const struct vt_evidence *evidence)
{
    struct counts counts = {0};
    for (size_t d = 0; d < evidence->documents_count; d++) {
        const struct vt_document *document = &evidence->documents[d];
        counts.unsigned_files += document->is_official && document->signatures_count == 0;
        for (size_t s = 0; s < document->signatures_count; s++) {
            enum vt_timeline_verdict verdict =
                vt_timeline_verdict_of_signature(&document->signatures[s]);
            counts.all++;
            counts.bad += verdict == VT_TIMELINE_BAD;
            counts.open += verdict == VT_TIMELINE_OPEN;
            if (verdict == VT_TIMELINE_GOOD)
                count_signer(w, &counts, &document->signatures[s]);
        }
    }
    return counts;
}

static const char *of_all(struct vt_timeline_writer *w, enum vt_timeline_word word, size_t some,
                          size_t all)
{
    return vt_timeline_fill(w, word, vt_page_printf(&w->page, "%zu", some),
                            vt_page_printf(&w->page, "%zu", all));
}

static const char *sentence(struct vt_timeline_writer *w, enum vt_timeline_verdict verdict,
                            const struct counts *counts)
{
    if (verdict == VT_TIMELINE_NONE)
        return vt_timeline_word(w,
                                counts->all > 0 ? VT_TIMELINE_ONLY_INSIDE : VT_TIMELINE_UNSIGNED);
    if (verdict == VT_TIMELINE_BAD)
        return of_all(w, VT_TIMELINE_NOT_VALID, counts->bad, counts->all);
    if (verdict == VT_TIMELINE_GOOD)
        return NULL;
    if (counts->open > 0)
        return of_all(w, VT_TIMELINE_NOT_PROVEN, counts->open, counts->all);
    return vt_timeline_word(w, counts->all == 0 ? VT_TIMELINE_UNREAD : VT_TIMELINE_PARTLY_READ);
}

static void put_signers(struct vt_timeline_writer *w, const struct counts *counts)
{
    if (counts->signers_count == 0)
        return;
    vt_timeline_element(w, "<p>", vt_timeline_word(w, VT_TIMELINE_VALID_OF), " ");
    for (size_t i = 0; i < counts->signers_count; i++) {
        vt_timeline_put(w, i == 0 ? "" : "; ");
        vt_timeline_element(w, "<strong>", counts->signers[i], "</strong>");
    }
    if (counts->has_more)
        vt_timeline_element(w, " ", vt_timeline_word(w, VT_TIMELINE_AND_OTHERS), "");
    vt_timeline_put(w, ".</p>\n");
}

/* The document of a reason, for its fields. */
static const struct vt_document *document_of(const struct vt_evidence *evidence,
                                             enum vt_reason reason)
{
    for (size_t i = 0; i < evidence->documents_count; i++) {
        const struct vt_evidence alone = {.documents = &evidence->documents[i],
                                          .documents_count = 1};
        if ((vt_evidence_all_reasons(&alone) & VT_REASON_BIT(reason)) != 0)
            return &evidence->documents[i];
    }
    return NULL;
}

void vt_timeline_put_verdict(struct vt_timeline_writer *w)
{
    const struct vt_evidence *evidence = w->file->evidence;
    enum vt_timeline_verdict verdict = vt_timeline_verdict_of(evidence);
    const struct counts counts = count(w, evidence);
    enum vt_reason reason = vt_reasons_first(vt_site_all_reasons(evidence, w->file->facts));
    const char *first = sentence(w, verdict, &counts);
    vt_timeline_element(w, "<div class=\"verdict ", vt_timeline_class(verdict), "\">\n");
    vt_timeline_mark(w, verdict);
    if (first != NULL)
        vt_timeline_element(w, "\n<p><strong>", first, "</strong>");
    if (first != NULL && reason < VT_REASON_COUNT)
        vt_timeline_element(w, " ", vt_page_reason(&w->page, reason, document_of(evidence, reason)),
                            "");
    vt_timeline_put(w, first != NULL ? "</p>\n" : "\n");
    vt_timeline_worst_changes(w, evidence);
    if (verdict != VT_TIMELINE_NONE)
        put_signers(w, &counts);
    if (verdict != VT_TIMELINE_NONE && counts.all > 0 && counts.unsigned_files > 0)
        vt_timeline_element(
            w, "<p>", vt_timeline_count(w, VT_TIMELINE_OTHERS_UNSIGNED, counts.unsigned_files),
            "</p>\n");
    vt_timeline_put(w, "</div>\n");
}
