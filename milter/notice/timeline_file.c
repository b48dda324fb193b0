/* SPDX-License-Identifier: Apache-2.0
 * One file on the page about checked files: its line in the list, and its section with the verdict,
 * what is in it, and its documents. */
#include "notice/timeline.h"

/* Parts named in a list. */
enum { NAMED_PARTS = 50 };

static const struct vt_site_document *its_document(const struct vt_timeline_writer *w, size_t index)
{
    const struct vt_site_facts *facts = w->file->facts;
    return facts != NULL && index < facts->documents_count ? &facts->documents[index] : NULL;
}

static bool is_shown(const struct vt_timeline_writer *w, size_t index)
{
    const struct vt_evidence *evidence = w->file->evidence;
    return evidence->documents_count == 1 || evidence->documents[index].signatures_count > 0 ||
           vt_site_document_reasons(evidence, w->file->facts, index) != 0;
}

/* Of a mail or an archive: what is in it and in which state, before all details. */
static void put_contents(struct vt_timeline_writer *w)
{
    const struct vt_evidence *evidence = w->file->evidence;
    size_t shown = 0, named = 0;
    for (size_t i = 0; i < evidence->documents_count; i++)
        shown += is_shown(w, i);
    if (shown < 2)
        return;
    vt_timeline_list_begin(w, VT_TIMELINE_INSIDE);
    for (size_t i = 0; i < evidence->documents_count && named < NAMED_PARTS; i++) {
        const struct vt_document *document = &evidence->documents[i];
        if (!is_shown(w, i))
            continue;
        vt_timeline_list_line(w, NULL, vt_timeline_document_name(w, document),
                              vt_timeline_verdict_of_document(document));
        named++;
    }
    vt_timeline_list_end(w);
    if (shown > named)
        vt_timeline_element(w, "<p>", vt_timeline_count(w, VT_TIMELINE_MORE_PARTS, shown - named),
                            "</p>\n");
}

static void put_documents(struct vt_timeline_writer *w, size_t begin)
{
    const struct vt_evidence *evidence = w->file->evidence;
    size_t left = 0;
    put_contents(w);
    for (size_t i = 0; i < evidence->documents_count; i++) {
        if (!is_shown(w, i))
            continue;
        if (vt_timeline_has_room(w, begin))
            vt_timeline_document(w, &evidence->documents[i], its_document(w, i), begin);
        else
            left++;
    }
    if (left > 0)
        vt_timeline_element(w, "<p>", vt_timeline_count(w, VT_TIMELINE_MORE_PARTS, left), "</p>\n");
}

static void put_other_parts(struct vt_timeline_writer *w)
{
    const struct vt_evidence *evidence = w->file->evidence;
    size_t count = 0;
    for (size_t i = 0; i < evidence->documents_count; i++) {
        if (is_shown(w, i) || count++ >= NAMED_PARTS)
            continue;
        if (count == 1)
            vt_timeline_element(w, "<p class=\"soft\">",
                                vt_timeline_word(w, VT_TIMELINE_OTHER_PARTS),
                                ":</p>\n<ul class=\"soft\">\n");
        vt_timeline_element(w, "<li>", vt_page_file_name(&w->page, &evidence->documents[i]), "");
        vt_timeline_element(w, " <code>", vt_format_name(evidence->documents[i].format),
                            "</code></li>\n");
    }
    if (count > 0)
        vt_timeline_put(w, "</ul>\n");
    if (count > NAMED_PARTS)
        vt_timeline_element(w, "<p class=\"soft\">",
                            vt_timeline_count(w, VT_TIMELINE_MORE_PARTS, count - NAMED_PARTS),
                            "</p>\n");
}

static void put_decision(struct vt_timeline_writer *w)
{
    const char *text = w->page.language == VT_NOTICE_VIETNAMESE ? w->file->decision_vietnamese
                                                                : w->file->decision_english;
    if (text == NULL)
        return;
    vt_timeline_element(w, "<p><strong>", vt_timeline_word(w, VT_TIMELINE_DECISION), ":</strong> ");
    vt_timeline_element(w, "", text, "</p>\n");
}

static const char *its_name(struct vt_timeline_writer *w)
{
    const char *name = vt_notice_clean(w->page.arena, w->file->name, VT_MAX_NAME_BYTES);
    return name != NULL ? name : vt_page_label(&w->page, VT_LABEL_UNNAMED_FILE);
}

/* "vi-3": where the list of files leads to. */
static const char *anchor(struct vt_timeline_writer *w, size_t number)
{
    return vt_page_printf(&w->page, "%s-%zu", vt_notice_language_names[w->page.language], number);
}

void vt_timeline_section(struct vt_timeline_writer *w, size_t number)
{
    size_t begin = w->out->len;
    bool has_room = vt_timeline_has_room(w, begin);
    vt_timeline_element(w, "<section id=\"", anchor(w, number), "\">\n<h2>");
    vt_timeline_element(w, "", its_name(w), "</h2>\n");
    vt_timeline_put_verdict(w);
    put_decision(w);
    vt_timeline_reasons(w, w->file->evidence->reasons, NULL);
    vt_timeline_findings(w, w->file->evidence->findings, w->file->evidence->findings_count);
    if (has_room) {
        put_documents(w, begin);
        put_other_parts(w);
    } else {
        vt_timeline_element(w, "<p>", vt_timeline_word(w, VT_TIMELINE_LEFT_OUT), "</p>\n");
    }
    vt_timeline_put(w, "</section>\n");
}

void vt_timeline_section_line(struct vt_timeline_writer *w, size_t number)
{
    vt_timeline_list_line(w, anchor(w, number), its_name(w),
                          vt_timeline_verdict_of(w->file->evidence));
}
