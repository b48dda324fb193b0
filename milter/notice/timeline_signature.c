/* SPDX-License-Identifier: Apache-2.0
 * One signature on the page about checked files: who and with which verdict, the seven facts, time
 * stamps, why, what came after it, and what an administrator asks for. */
#include <stdio.h>
#include <string.h>

#include "notice/timeline.h"

/* ---- facts ---- */

static void put_facts(struct vt_timeline_writer *w, const struct vt_signature *signature)
{
    struct vt_page_fact facts[VT_PAGE_FACTS];
    const char *signing_time = vt_page_label(&w->page, VT_LABEL_SIGNING_TIME);
    bool is_known = signature->signing_time_source != VT_TIME_SOURCE_NONE;
    vt_page_signature_facts(&w->page, signature, facts);
    vt_timeline_element(w, "<table class=\"facts\">\n<caption>",
                        vt_timeline_word(w, VT_TIMELINE_FACTS), "</caption>\n<tbody>\n");
    for (size_t i = 0; i < VT_PAGE_FACTS; i++) {
        vt_timeline_element(w, "<tr><th scope=\"row\">", facts[i].label, "</th><td>");
        if (facts[i].label == signing_time && is_known)
            vt_timeline_time(w, signature->signing_time_utc_secs, facts[i].text);
        else
            vt_timeline_text(w, facts[i].text);
        vt_timeline_put(w, "</td></tr>\n");
    }
    vt_timeline_put(w, "</tbody>\n</table>\n");
}

/* What it vouches for, in words and bytes; of what has no revisions only that it is not all. */
static void put_coverage(struct vt_timeline_writer *w, const struct vt_document *document,
                         const struct vt_signature *signature)
{
    bool is_revision = signature->covers == VT_COVERS_REVISION;
    const char *text = vt_timeline_phrase(w, vt_covers_phrase(signature->covers));
    if (is_revision)
        text = vt_page_printf(&w->page, "%s %u", text, signature->revision);
    for (size_t i = 0; i < document->revisions_count; i++) {
        const struct vt_revision *revision = &document->revisions[i];
        if (is_revision && revision->number == signature->revision)
            text =
                vt_page_printf(&w->page, "%s (%s)", text,
                               vt_timeline_fill(w, VT_TIMELINE_FIRST,
                                                vt_timeline_bytes(w, revision->end_bytes), NULL));
    }
    if (document->revisions_count == 0 && signature->covers != VT_COVERS_PART)
        return;
    vt_timeline_element(w, "<p>", vt_timeline_word(w, VT_TIMELINE_COVERS), ": ");
    vt_timeline_element(w, "", text, ".</p>\n");
}

/* Whose key it is by the table of agencies. */
static void put_kind(struct vt_timeline_writer *w, const struct vt_site_signature *its)
{
    if (its == NULL || its->agency == NULL)
        return;
    const struct vt_site_agency *agency = vt_site_agency(w->file->site, its->agency);
    vt_timeline_element(w, "<p>", vt_timeline_word(w, VT_TIMELINE_KIND), ": ");
    vt_timeline_element(w, "", vt_timeline_phrase(w, vt_kind_phrase(its->kind)), ", ");
    vt_timeline_element(w, "", agency != NULL ? agency->name : its->agency, "</p>\n");
}

/* ---- time stamps ---- */

static void put_use(struct vt_timeline_writer *w, const struct vt_signature *signature,
                    const struct vt_site_signature *its)
{
    const struct vt_phrase *use = vt_use_phrase(its != NULL ? its->use : signature->hints.use);
    if (use == NULL)
        return;
    vt_timeline_element(w, "<p class=\"soft\">", vt_timeline_word(w, VT_TIMELINE_SEEMS_FOR), ": ");
    vt_timeline_element(w, "", vt_timeline_phrase(w, use), "</p>\n");
}

static void put_stamp(struct vt_timeline_writer *w, const struct vt_timestamp_facts *stamp)
{
    bool counts = stamp->indication == VT_TOTAL_PASSED;
    const char *tsa = stamp->path_count > 0 ? stamp->path[0].common_name : NULL;
    vt_timeline_element(w, "<p><strong>", vt_timeline_word(w, VT_TIMELINE_STAMP), "</strong> ");
    vt_timeline_element(w, "", vt_timeline_phrase(w, vt_stamp_phrase(stamp->kind)), ": ");
    vt_timeline_time(w, stamp->time_utc_secs, vt_page_time(&w->page, stamp->time_utc_secs));
    vt_timeline_put(w, ", ");
    vt_timeline_element(w, "", vt_page_first_of(&w->page, tsa, stamp->tsa), ": ");
    vt_timeline_element(
        w, counts ? "<span class=\"tag good\">" : "<span class=\"tag open\">",
        vt_timeline_word(w, counts ? VT_TIMELINE_STAMP_COUNTS : VT_TIMELINE_STAMP_COUNTS_NOT),
        "</span></p>\n");
}

/* ---- for an administrator ---- */

static void put_path(struct vt_timeline_writer *w, const struct vt_signature *signature)
{
    if (signature->path_count == 0)
        return;
    vt_timeline_element(w, "<li>", vt_timeline_word(w, VT_TIMELINE_PATH), ": ");
    for (size_t i = 0; i < signature->path_count; i++) {
        vt_timeline_put(w, i == 0 ? "" : " → ");
        vt_timeline_text(w, vt_page_first_of(&w->page, signature->path[i].common_name,
                                             signature->path[i].subject));
    }
    if (signature->trust_set != NULL)
        vt_timeline_element(w, " <code>", signature->trust_set, "</code>");
    vt_timeline_put(w, "</li>\n");
}

/* Of the signer's own certificate: when it was revoked, or by what is known that it was not. */
static void put_status(struct vt_timeline_writer *w, const struct vt_signature *signature)
{
    if (signature->statuses_count == 0)
        return;
    const struct vt_status_facts *status = &signature->statuses[0];
    enum vt_timeline_word word =
        (enum vt_timeline_word)(VT_TIMELINE_STATUS_UNKNOWN + status->value);
    vt_timeline_element(w, "<li>", vt_timeline_word(w, VT_TIMELINE_STATUS), ": ");
    vt_timeline_text(w, vt_timeline_word(w, word));
    if (status->revoked_at_utc_secs != VT_TIME_NONE) {
        vt_timeline_element(w, " ", vt_timeline_word(w, VT_TIMELINE_SINCE), " ");
        vt_timeline_time(w, status->revoked_at_utc_secs, NULL);
    }
    if (status->source != NULL && status->this_update_utc_secs != VT_TIME_NONE) {
        vt_timeline_element(w, " (", status->source, " ");
        vt_timeline_time(w, status->this_update_utc_secs, NULL);
        vt_timeline_put(w, ")");
    }
    vt_timeline_put(w, "</li>\n");
}

static void put_details(struct vt_timeline_writer *w, const struct vt_signature *signature)
{
    const char *sub = vt_sub_indication_name(signature->sub_indication);
    vt_timeline_element(w, "<div class=\"details\">\n<p class=\"soft\">",
                        vt_timeline_word(w, VT_TIMELINE_DETAILS), ": ");
    vt_timeline_element(w, "<code>", vt_indication_name(signature->indication), "</code>");
    const char *const codes[] = {sub,
                                 vt_signature_format_name(signature->format),
                                 signature->level,
                                 signature->digest_algorithm,
                                 signature->signature_algorithm,
                                 signature->field};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i] != NULL && codes[i][0] != '\0')
            vt_timeline_element(w, ", <code>",
                                vt_notice_clean(w->page.arena, codes[i], VT_NOTICE_NAME_BYTES),
                                "</code>");
    }
    vt_timeline_put(w, "</p>\n<ul class=\"soft\">\n");
    put_path(w, signature);
    put_status(w, signature);
    if (signature->signer.serial != NULL)
        vt_timeline_element(
            w, "<li>serial <code>",
            vt_notice_clean(w->page.arena, signature->signer.serial, VT_NOTICE_NAME_BYTES),
            "</code></li>\n");
    vt_timeline_put(w, "</ul>\n");
    vt_timeline_findings(w, signature->findings, signature->findings_count);
    for (size_t i = 0; i < signature->timestamps_count; i++)
        vt_timeline_findings(w, signature->timestamps[i].findings,
                             signature->timestamps[i].findings_count);
    vt_timeline_put(w, "</div>\n");
}

/* ---- all ---- */

/* "Chữ ký số 1/2: SỞ XÂY DỰNG", and the verdict. */
static void put_heading(struct vt_timeline_writer *w, const struct vt_document *document,
                        size_t index, unsigned heading)
{
    const struct vt_signature *signature = &document->signatures[index];
    bool is_stamp = signature->format == VT_SIGNATURE_DOCTIMESTAMP;
    vt_timeline_put(w, heading == 4 ? "<h4>" : "<h5>");
    vt_timeline_text(w, vt_page_printf(&w->page, "%s %zu/%zu: %s",
                                       vt_timeline_word(w, is_stamp ? VT_TIMELINE_FILE_STAMP
                                                                    : VT_TIMELINE_SIGNATURE),
                                       index + 1, document->signatures_count,
                                       vt_timeline_signer(w, signature)));
    vt_timeline_put(w, heading == 4 ? "</h4>\n<p>" : "</h5>\n<p>");
    vt_timeline_mark(w, vt_timeline_verdict_of_signature(signature));
    vt_timeline_put(w, "</p>\n");
}

void vt_timeline_signature(struct vt_timeline_writer *w, const struct vt_document *document,
                           size_t index, const struct vt_site_signature *its, unsigned heading)
{
    const struct vt_signature *signature = &document->signatures[index];
    /* The fields of its reasons are its own, not those of another signature. */
    struct vt_document alone = *document;
    alone.signatures = &document->signatures[index];
    alone.signatures_count = 1;
    vt_timeline_element(w, "<div class=\"card ",
                        vt_timeline_class(vt_timeline_verdict_of_signature(signature)), "\">\n");
    put_heading(w, document, index, heading);
    vt_timeline_reasons(w, signature->reasons | (its == NULL ? 0 : its->reasons), &alone);
    put_facts(w, signature);
    put_kind(w, its);
    put_use(w, signature, its);
    put_coverage(w, document, signature);
    for (size_t i = 0; i < signature->timestamps_count; i++)
        put_stamp(w, &signature->timestamps[i]);
    vt_timeline_changes_after(w, document, signature);
    put_details(w, signature);
    vt_timeline_put(w, "</div>\n");
}
