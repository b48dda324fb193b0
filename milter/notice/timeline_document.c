/* SPDX-License-Identifier: Apache-2.0
 * One document on the page about checked files: what it is, what is wrong with it as a whole, and
 * its signatures; of a PDF as a timeline of its revisions. */
#include <string.h>

#include "notice/timeline.h"

/* ---- one revision ---- */

struct node {
    unsigned above, number; /* it holds the revisions behind above, up to number */
    bool is_first, is_last;
    const struct vt_revision *revision;
};

/* Signatures that no revision has stand with the last one, so that none is lost. */
static bool is_of_node(const struct node *node, const struct vt_signature *signature)
{
    bool is_behind = node->is_first || signature->revision > node->above;
    return is_behind && (node->is_last || signature->revision <= node->number);
}

static enum vt_timeline_verdict worse(enum vt_timeline_verdict a, enum vt_timeline_verdict b)
{
    static const int severity[] = {[VT_TIMELINE_NONE] = 0,
                                   [VT_TIMELINE_GOOD] = 1,
                                   [VT_TIMELINE_OPEN] = 2,
                                   [VT_TIMELINE_BAD] = 3};
    return severity[a] >= severity[b] ? a : b;
}

/* What was added and signed later is no reason to doubt. */
static bool is_unsigned(const struct vt_document_change *change, const struct vt_document *document)
{
    return change->effect == VT_CHANGES_ADDED &&
           vt_timeline_verdict_of_document(document) != VT_TIMELINE_GOOD;
}

static enum vt_timeline_verdict verdict_of_node(const struct node *node,
                                                const struct vt_document *document)
{
    enum vt_timeline_verdict verdict = VT_TIMELINE_NONE;
    for (size_t i = 0; i < document->signatures_count; i++) {
        if (is_of_node(node, &document->signatures[i]))
            verdict = worse(verdict, vt_timeline_verdict_of_signature(&document->signatures[i]));
    }
    for (size_t i = 0; i < document->changes_count; i++) {
        const struct vt_document_change *change = &document->changes[i];
        bool is_here = change->revision > node->above && change->revision <= node->number;
        if (is_here && change->effect == VT_CHANGES_FORBIDDEN)
            verdict = worse(verdict, VT_TIMELINE_BAD);
        else if (is_here &&
                 (change->effect == VT_CHANGES_UNDETERMINED || is_unsigned(change, document)))
            verdict = worse(verdict, VT_TIMELINE_OPEN);
    }
    return verdict;
}

/* Something came with it, and all of it is permitted. */
static bool is_permitted(const struct node *node, const struct vt_document *document)
{
    size_t here = 0, permitted = 0;
    for (size_t i = 0; i < document->changes_count; i++) {
        const struct vt_document_change *change = &document->changes[i];
        bool is_here = change->revision > node->above && change->revision <= node->number;
        here += is_here;
        permitted += is_here && change->effect == VT_CHANGES_PERMITTED;
    }
    return here > 0 && permitted == here;
}

static bool has_signature(const struct node *node, const struct vt_document *document)
{
    for (size_t i = 0; i < document->signatures_count; i++) {
        if (is_of_node(node, &document->signatures[i]))
            return true;
    }
    return false;
}

static void put_about(struct vt_timeline_writer *w, const struct node *node)
{
    int64_t created = node->revision->created_utc_secs;
    vt_timeline_element(w, "<p class=\"soft\">", vt_timeline_bytes(w, node->revision->end_bytes),
                        " ");
    vt_timeline_text(
        w, vt_timeline_word(w, node->is_last ? VT_TIMELINE_ALL_BYTES_OF : VT_TIMELINE_FIRST_BYTES));
    if (created != VT_TIME_NONE) {
        vt_timeline_element(w, "; ", vt_timeline_word(w, VT_TIMELINE_CREATED), " ");
        vt_timeline_time(w, created, vt_page_time(&w->page, created));
        vt_timeline_element(w, ", ", vt_timeline_word(w, VT_TIMELINE_AS_IT_SAYS), "");
    }
    vt_timeline_put(w, "</p>\n");
}

static const struct vt_site_signature *its_signature(const struct vt_site_document *its,
                                                     size_t index)
{
    return its != NULL && index < its->signatures_count ? &its->signatures[index] : NULL;
}

static void put_node(struct vt_timeline_writer *w, const struct node *node,
                     const struct vt_document *document, const struct vt_site_document *its,
                     size_t begin, size_t *left)
{
    const char *word = vt_timeline_word(w, VT_TIMELINE_REVISION);
    vt_timeline_element(w, "<li class=\"", vt_timeline_class(verdict_of_node(node, document)),
                        "\">\n<h4>");
    vt_timeline_text(w,
                     node->number > node->above + 1
                         ? vt_page_printf(&w->page, "%s %u–%u", word, node->above + 1, node->number)
                         : vt_page_printf(&w->page, "%s %u", word, node->number));
    vt_timeline_put(w, "</h4>\n");
    put_about(w, node);
    vt_timeline_changes(w, document, node->above, node->number);
    for (size_t i = 0; i < document->signatures_count; i++) {
        if (!is_of_node(node, &document->signatures[i]))
            continue;
        if (vt_timeline_has_room(w, begin))
            vt_timeline_signature(w, document, i, its_signature(its, i), 5);
        else
            ++*left;
    }
    if (!has_signature(node, document))
        vt_timeline_element(w, "<p>",
                            vt_timeline_word(w, node->is_first ? VT_TIMELINE_FIRST_UNSIGNED
                                                : is_permitted(node, document)
                                                    ? VT_TIMELINE_NO_NEW_SIGNATURE
                                                    : VT_TIMELINE_NOBODY_SIGNED),
                            "</p>\n");
    vt_timeline_put(w, "</li>\n");
}

static size_t put_timeline(struct vt_timeline_writer *w, const struct vt_document *document,
                           const struct vt_site_document *its, size_t begin)
{
    struct node node = {0};
    size_t left = 0, count = document->revisions_count;
    vt_timeline_element(w, "<p class=\"soft\">", vt_timeline_word(w, VT_TIMELINE_EXPLAINED),
                        "</p>\n<ol class=\"timeline\">\n");
    for (size_t i = 0; i < count; i++) {
        node = (struct node){.above = node.number,
                             .number = document->revisions[i].number,
                             .is_first = i == 0,
                             .is_last = i + 1 == count,
                             .revision = &document->revisions[i]};
        put_node(w, &node, document, its, begin, &left);
    }
    vt_timeline_put(w, "</ol>\n");
    return left;
}

/* Without revisions that can be told: of mails and CMS, and of a PDF that cannot be followed. */
static size_t put_signatures(struct vt_timeline_writer *w, const struct vt_document *document,
                             const struct vt_site_document *its, size_t begin)
{
    size_t left = 0;
    for (size_t i = 0; i < document->signatures_count; i++) {
        if (vt_timeline_has_room(w, begin))
            vt_timeline_signature(w, document, i, its_signature(its, i), 4);
        else
            left++;
    }
    return left;
}

/* ---- the document ---- */

static void put_effect(struct vt_timeline_writer *w, const struct vt_site_document *its)
{
    if (its == NULL || its->signatures_count == 0 || its->effect == VT_EFFECT_UNKNOWN)
        return;
    vt_timeline_element(w, "<p>", vt_timeline_word(w, VT_TIMELINE_EFFECT), ": ");
    vt_timeline_element(w, "", vt_timeline_phrase(w, vt_effect_phrase(its->effect)), "</p>\n");
}

/* None of them is proven. */
static void put_hints(struct vt_timeline_writer *w, const struct vt_document_hints *hints)
{
    const struct vt_phrase *phrases[VT_MAX_HINT_PHRASES];
    size_t count = vt_hint_phrases(hints, phrases);
    for (size_t i = 0; i < count; i++) {
        vt_timeline_element(w, "<p class=\"soft\">", vt_timeline_word(w, VT_TIMELINE_SEEMS), ": ");
        vt_timeline_text(w, vt_timeline_phrase(w, phrases[i]));
        if (i + 1 == count && hints->seal_page > 0)
            vt_timeline_text(w, vt_page_printf(&w->page, " %u", hints->seal_page));
        vt_timeline_put(w, "</p>\n");
    }
}

const char *vt_timeline_document_name(struct vt_timeline_writer *w,
                                      const struct vt_document *document)
{
    const struct vt_document *outer = vt_document_around(w->file->evidence, document);
    const char *name = vt_page_file_name(&w->page, document);
    return outer == NULL ? name
                         : vt_page_printf(&w->page, "%s (%s %s)", name,
                                          vt_timeline_word(w, VT_TIMELINE_IN_FILE),
                                          vt_page_file_name(&w->page, outer));
}

/* A file that is the document is named above already. */
static void put_title(struct vt_timeline_writer *w, const struct vt_document *document)
{
    bool is_file = w->file->evidence->documents_count == 1 && document->path != NULL &&
                   document->path[0] == '\0';
    if (is_file) {
        vt_timeline_element(w, "<h3>",
                            vt_timeline_word(w, document->signatures_count == 0 ? VT_TIMELINE_ABOUT
                                                : document->revisions_count > 0
                                                    ? VT_TIMELINE_REVISIONS
                                                    : VT_TIMELINE_SIGNATURES),
                            "</h3>\n");
        return;
    }
    vt_timeline_element(w, "<h3>", vt_timeline_document_name(w, document), "</h3>\n<p>");
    vt_timeline_mark(w, vt_timeline_verdict_of_document(document));
    vt_timeline_put(w, "</p>\n");
}

static void put_about_document(struct vt_timeline_writer *w, const struct vt_document *document)
{
    vt_timeline_element(w, "<p class=\"soft\"><code>", vt_format_name(document->format), "</code>");
    if (document->size_bytes > 0)
        vt_timeline_text(w, vt_page_printf(&w->page, ", %s %s",
                                           vt_timeline_bytes(w, document->size_bytes),
                                           vt_timeline_word(w, VT_TIMELINE_BYTES)));
    if (document->sha256[0] != '\0')
        vt_timeline_element(w, ", SHA-256 <code>", document->sha256, "</code>");
    vt_timeline_put(w, "</p>\n");
}

void vt_timeline_document(struct vt_timeline_writer *w, const struct vt_document *document,
                          const struct vt_site_document *its, size_t begin)
{
    vt_reasons reasons = document->reasons;
    if (its != NULL)
        reasons = (reasons & ~its->excused) | its->reasons;
    vt_timeline_put(w, "<section>\n");
    put_title(w, document);
    put_effect(w, its);
    put_hints(w, &document->hints);
    vt_timeline_reasons(w, reasons, document);
    put_about_document(w, document);
    vt_timeline_findings(w, document->findings, document->findings_count);
    vt_timeline_list_signatures(w, document, its);
    size_t left = document->revisions_count > 0 ? put_timeline(w, document, its, begin)
                                                : put_signatures(w, document, its, begin);
    if (left > 0)
        vt_timeline_element(w, "<p>", vt_timeline_count(w, VT_TIMELINE_MORE_SIGNATURES, left),
                            "</p>\n");
    vt_timeline_put(w, "</section>\n");
}
