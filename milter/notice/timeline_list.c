/* SPDX-License-Identifier: Apache-2.0
 * Tables of the page about checked files, for who wants to know how it stands before how it came:
 * files with their results, and the signatures of a document with who, when and result. */
#include "notice/timeline.h"

/* Signatures that have a line. */
enum { LISTED_SIGNATURES = 20 };

static void put_head(struct vt_timeline_writer *w, const char *title, const char *end)
{
    vt_timeline_element(w, "<th scope=\"col\">", title, "</th>");
    vt_timeline_put(w, end);
}

static void put_caption(struct vt_timeline_writer *w, enum vt_timeline_word caption)
{
    vt_timeline_element(w, "<table>\n<caption>", vt_timeline_word(w, caption),
                        "</caption>\n<thead><tr>");
}

void vt_timeline_list_begin(struct vt_timeline_writer *w, enum vt_timeline_word caption)
{
    put_caption(w, caption);
    put_head(w, vt_timeline_word(w, VT_TIMELINE_FILE), "");
    put_head(w, vt_timeline_word(w, VT_TIMELINE_RESULT), "</tr></thead>\n<tbody>\n");
}

void vt_timeline_list_line(struct vt_timeline_writer *w, const char *link, const char *name,
                           enum vt_timeline_verdict verdict)
{
    vt_timeline_put(w, "<tr><td>");
    if (link != NULL)
        vt_timeline_element(w, "<a href=\"#", link, "\">");
    vt_timeline_element(w, "", name, link != NULL ? "</a></td><td>" : "</td><td>");
    vt_timeline_mark(w, verdict);
    vt_timeline_put(w, "</td></tr>\n");
}

void vt_timeline_list_end(struct vt_timeline_writer *w)
{
    vt_timeline_put(w, "</tbody>\n</table>\n");
}

/* ---- signatures ---- */

/* Whose it is by the table of agencies, and what it may be for. */
static void put_sort(struct vt_timeline_writer *w, const struct vt_signature *signature,
                     const struct vt_site_signature *its)
{
    const struct vt_phrase *use = vt_use_phrase(its != NULL ? its->use : signature->hints.use);
    if (its != NULL && its->agency != NULL)
        vt_timeline_element(w, "<br>\n<small>", vt_timeline_phrase(w, vt_kind_phrase(its->kind)),
                            "</small>");
    if (use == NULL)
        return;
    vt_timeline_element(w, "<br>\n<small>", vt_timeline_word(w, VT_TIMELINE_SEEMS_FOR), ": ");
    vt_timeline_element(w, "", vt_timeline_phrase(w, use), "</small>");
}

static void put_signature(struct vt_timeline_writer *w, const struct vt_document *document,
                          size_t index, const struct vt_site_signature *its)
{
    const struct vt_signature *signature = &document->signatures[index];
    bool is_stamp = signature->format == VT_SIGNATURE_DOCTIMESTAMP;
    vt_timeline_element(w, "<tr><td>", vt_page_printf(&w->page, "%zu. ", index + 1), "");
    if (is_stamp)
        vt_timeline_element(w, "", vt_timeline_word(w, VT_TIMELINE_FILE_STAMP), ": ");
    vt_timeline_element(w, "<strong>", vt_timeline_signer(w, signature), "</strong>");
    put_sort(w, signature, its);
    vt_timeline_put(w, "</td><td>");
    vt_timeline_mark(w, vt_timeline_verdict_of_signature(signature));
    vt_timeline_element(w, "<br>\n", vt_page_signing_time(&w->page, signature), "</td></tr>\n");
}

void vt_timeline_list_signatures(struct vt_timeline_writer *w, const struct vt_document *document,
                                 const struct vt_site_document *its)
{
    size_t count = document->signatures_count;
    if (count < 2)
        return;
    put_caption(w, VT_TIMELINE_SIGNATURES);
    put_head(w, vt_timeline_word(w, VT_TIMELINE_SIGNATURE), "");
    put_head(w, vt_timeline_word(w, VT_TIMELINE_RESULT_AND_TIME), "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < count && i < LISTED_SIGNATURES; i++)
        put_signature(w, document, i,
                      its != NULL && i < its->signatures_count ? &its->signatures[i] : NULL);
    vt_timeline_list_end(w);
    if (count > LISTED_SIGNATURES)
        vt_timeline_element(
            w, "<p>", vt_timeline_count(w, VT_TIMELINE_MORE_SIGNATURES, count - LISTED_SIGNATURES),
            "</p>\n");
}
