/* SPDX-License-Identifier: Apache-2.0
 * What was changed, in words: as a list of what came with a revision, and as what happened after a
 * signature. */
#include <stdio.h>
#include <string.h>

#include "notice/timeline.h"

/* Changes that are told with the verdict of a file already. */
enum { WORST_TOLD = 3 };

static enum vt_timeline_verdict verdict_of(enum vt_changes effect)
{
    return effect == VT_CHANGES_PERMITTED   ? VT_TIMELINE_GOOD
           : effect == VT_CHANGES_FORBIDDEN ? VT_TIMELINE_BAD
                                            : VT_TIMELINE_OPEN;
}

/* "không được phép: Nội dung của trang đã bị thay" */
static void put_begin(struct vt_timeline_writer *w, const struct vt_document_change *change)
{
    vt_timeline_element(w, "<li><span class=\"tag ", vt_timeline_class(verdict_of(change->effect)),
                        "\">");
    vt_timeline_element(w, "", vt_timeline_phrase(w, vt_changes_phrase(change->effect)),
                        ":</span> ");
    vt_timeline_text(w, vt_timeline_phrase(w, vt_change_phrase(change->kind)));
}

const char *vt_timeline_signer(struct vt_timeline_writer *w, const struct vt_signature *signature)
{
    return vt_page_first_of(&w->page, signature->signer.common_name, signature->signer.subject);
}

/* Whose signature it is, or who signed it afterwards: ": SỞ NỘI VỤ"; else nothing. */
static void put_who(struct vt_timeline_writer *w, const struct vt_document *document,
                    const struct vt_document_change *change)
{
    const struct vt_signature *added = vt_change_signature(document, change);
    const struct vt_signature *signer = vt_change_signed_by(document, change);
    if (added != NULL)
        vt_timeline_element(w, ": ", vt_timeline_signer(w, added), "");
    if (signer != NULL)
        vt_timeline_element(
            w, "; ",
            vt_timeline_fill(w, VT_TIMELINE_SIGNED_BY, vt_timeline_signer(w, signer), NULL), "");
}

/* ---- of a revision ---- */

static void put_where(struct vt_timeline_writer *w, const struct vt_document_change *change)
{
    if (change->page > 0)
        vt_timeline_text(w, vt_page_printf(&w->page, " (%s %u)",
                                           vt_timeline_word(w, VT_TIMELINE_ON_PAGE), change->page));
    if (change->kind == VT_CHANGE_SIGNATURE_ADDED && change->what != NULL)
        vt_timeline_text(w,
                         vt_page_printf(&w->page, " (%s \"%s\")",
                                        vt_timeline_word(w, VT_TIMELINE_IN_FIELD), change->what));
}

static void put_change(struct vt_timeline_writer *w, const struct vt_document *document,
                       const struct vt_document_change *change)
{
    put_begin(w, change);
    put_where(w, change);
    put_who(w, document, change);
    vt_timeline_element(w, ". <small><code>", vt_change_name(change->kind), "</code>");
    if (change->kind != VT_CHANGE_SIGNATURE_ADDED && change->what != NULL)
        vt_timeline_element(w, " <span lang=\"en\">", change->what, "</span>");
    vt_timeline_put(w, "</small></li>\n");
}

void vt_timeline_changes(struct vt_timeline_writer *w, const struct vt_document *document,
                         unsigned above, unsigned last)
{
    bool is_open = false;
    for (size_t i = 0; i < document->changes_count; i++) {
        const struct vt_document_change *change = &document->changes[i];
        if (change->revision <= above || change->revision > last)
            continue;
        if (!is_open)
            vt_timeline_element(w, "<p class=\"soft\">", vt_timeline_word(w, VT_TIMELINE_CAME),
                                ":</p>\n<ul>\n");
        is_open = true;
        put_change(w, document, change);
    }
    if (is_open)
        vt_timeline_put(w, "</ul>\n");
}

/* ---- after a signature ---- */

static bool is_same(const struct vt_document_change *a, const struct vt_document_change *b)
{
    return a->kind == b->kind && a->effect == b->effect;
}

/* "phiên bản 3, trang 2" */
static const char *place_of(struct vt_timeline_writer *w, const struct vt_document_change *change)
{
    const char *revision = vt_timeline_word(w, VT_TIMELINE_IN_REVISION);
    if (change->page == 0)
        return vt_page_printf(&w->page, "%s %u", revision, change->revision);
    return vt_page_printf(&w->page, "%s %u, %s %u", revision, change->revision,
                          vt_timeline_word(w, VT_TIMELINE_ON_PAGE), change->page);
}

/* A kind of change with everywhere it is; first: index of the first one that is meant. */
static void put_group(struct vt_timeline_writer *w, const struct vt_document *document,
                      size_t first)
{
    const struct vt_document_change *change = &document->changes[first];
    put_begin(w, change);
    vt_timeline_put(w, " (");
    for (size_t i = first; i < document->changes_count; i++) {
        if (!is_same(&document->changes[i], change))
            continue;
        vt_timeline_put(w, i == first ? "" : "; ");
        vt_timeline_text(w, place_of(w, &document->changes[i]));
        put_who(w, document, &document->changes[i]);
    }
    vt_timeline_put(w, ").</li>\n");
}

static bool was_told(const struct vt_document *document, unsigned revision, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (document->changes[i].revision > revision &&
            is_same(&document->changes[i], &document->changes[index]))
            return true;
    }
    return false;
}

/* Those with one effect that came after a revision, each kind once; at most so many. */
static size_t put_groups(struct vt_timeline_writer *w, const struct vt_document *document,
                         unsigned revision, enum vt_changes effect, size_t most, bool *is_open)
{
    size_t count = 0;
    for (size_t i = 0; i < document->changes_count && count < most; i++) {
        const struct vt_document_change *change = &document->changes[i];
        if (change->effect != effect || change->revision <= revision ||
            was_told(document, revision, i))
            continue;
        vt_timeline_put(w, *is_open ? "" : "<ul>\n");
        *is_open = true;
        put_group(w, document, i);
        count++;
    }
    return count;
}

void vt_timeline_changes_after(struct vt_timeline_writer *w, const struct vt_document *document,
                               const struct vt_signature *signature)
{
    static const enum vt_timeline_word sums[] = {
        [VT_CHANGES_UNDETERMINED] = VT_TIMELINE_AFTER_UNCLEAR,
        [VT_CHANGES_NONE] = VT_TIMELINE_AFTER_NONE,
        [VT_CHANGES_PERMITTED] = VT_TIMELINE_AFTER_PERMITTED,
        [VT_CHANGES_FORBIDDEN] = VT_TIMELINE_AFTER_FORBIDDEN,
        [VT_CHANGES_ADDED] = VT_TIMELINE_AFTER_ADDED,
    };
    static const enum vt_changes order[] = {VT_CHANGES_FORBIDDEN, VT_CHANGES_UNDETERMINED,
                                            VT_CHANGES_ADDED, VT_CHANGES_PERMITTED};
    bool is_open = false;
    vt_timeline_element(w, "<p><strong>", vt_timeline_word(w, VT_TIMELINE_AFTER), ":</strong> ");
    vt_timeline_element(w, "", vt_timeline_word(w, sums[signature->changes_after]), "</p>\n");
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        (void)put_groups(w, document, signature->revision, order[i], VT_MAX_CHANGES, &is_open);
    if (is_open)
        vt_timeline_put(w, "</ul>\n");
}

void vt_timeline_worst_changes(struct vt_timeline_writer *w, const struct vt_evidence *evidence)
{
    static const enum vt_changes order[] = {VT_CHANGES_FORBIDDEN, VT_CHANGES_ADDED,
                                            VT_CHANGES_UNDETERMINED};
    size_t left = WORST_TOLD;
    bool is_open = false;
    for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
        for (size_t i = 0; i < evidence->documents_count && left > 0; i++) {
            const struct vt_document *document = &evidence->documents[i];
            if (vt_timeline_verdict_of_document(document) != VT_TIMELINE_GOOD)
                left -= put_groups(w, document, 0, order[k], left, &is_open);
        }
    }
    if (is_open)
        vt_timeline_put(w, "</ul>\n");
}
