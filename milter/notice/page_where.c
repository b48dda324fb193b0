/* SPDX-License-Identifier: Apache-2.0
 * Where a document was changed after it was signed: "trang 2". Numbers alone: nothing that the
 * document says itself is repeated. */
#include "notice/page.h"

/* Pages that are named; who wants all of them asks for the report. */
enum { PAGES_NAMED = 5 };

struct pages {
    unsigned numbers[PAGES_NAMED]; /* ascending, each once */
    size_t count;
    bool has_more;
};

static enum vt_changes effect_of(enum vt_reason reason)
{
    return reason == VT_REASON_CONTENT_CHANGED       ? VT_CHANGES_FORBIDDEN
           : reason == VT_REASON_ADDED_AFTER_SIGNING ? VT_CHANGES_ADDED
           : reason == VT_REASON_CHANGE_UNCLEAR      ? VT_CHANGES_UNDETERMINED
                                                     : VT_CHANGES_NONE;
}

/* It came after a signature that has this reason. */
static bool follows(const struct vt_document *document, const struct vt_document_change *change,
                    enum vt_reason reason)
{
    for (size_t i = 0; i < document->signatures_count; i++) {
        const struct vt_signature *signature = &document->signatures[i];
        if ((signature->reasons & VT_REASON_BIT(reason)) != 0 &&
            change->revision > signature->revision)
            return true;
    }
    return false;
}

/* Keeps the lowest numbers. */
static void add(struct pages *pages, unsigned number)
{
    size_t at = 0;
    while (at < pages->count && pages->numbers[at] < number)
        at++;
    if (at < pages->count && pages->numbers[at] == number)
        return;
    if (pages->count == PAGES_NAMED)
        pages->has_more = true;
    else
        pages->count++;
    for (size_t i = pages->count - 1; i > at && i < PAGES_NAMED; i--)
        pages->numbers[i] = pages->numbers[i - 1];
    if (at < PAGES_NAMED)
        pages->numbers[at] = number;
}

const char *vt_page_changed_pages(struct vt_notice_page *page, enum vt_reason reason,
                                  const struct vt_document *document)
{
    enum vt_changes effect = effect_of(reason);
    struct pages pages = {.count = 0};
    for (size_t i = 0; effect != VT_CHANGES_NONE && i < document->changes_count; i++) {
        const struct vt_document_change *change = &document->changes[i];
        if (change->page > 0 && change->effect == effect && follows(document, change, reason))
            add(&pages, change->page);
    }
    if (pages.count == 0)
        return NULL;
    const char *text = vt_page_label(page, pages.count == 1 ? VT_LABEL_PAGE : VT_LABEL_PAGES);
    for (size_t i = 0; i < pages.count; i++)
        text = vt_page_printf(page, "%s%s %u", text, i == 0 ? "" : ",", pages.numbers[i]);
    return pages.has_more ? vt_page_printf(page, "%s …", text) : text;
}
