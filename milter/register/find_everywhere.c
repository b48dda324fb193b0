/* SPDX-License-Identifier: Apache-2.0
 * Looking up in the registers of all gateways: each gives its newest records page by page, and of
 * those that stand first the newest comes next. */
#include <stdlib.h>

#include "register/find.h"

/* What one gateway gave; the newest record that they stand on comes next. */
struct page {
    int64_t numbers[VT_FIND_PAGE];
    size_t count, next;
    bool is_last;          /* nothing stands behind it */
    int64_t time_utc_secs; /* of the next one */
};

static enum vt_code note_time(void *context, const struct vt_register_entry *entry,
                              struct vt_err *err)
{
    (void)err;
    ((struct page *)context)->time_utc_secs = entry->time_utc_secs;
    return VT_OK;
}

/* Have the next record of this gateway looked at; its page is read when it is used up. */
static enum vt_code look_ahead(struct vt_register *reg, const struct vt_register_query *query,
                               struct page *page, size_t limit, struct vt_err *err)
{
    struct vt_register_query own = *query;
    enum vt_code code = VT_OK;
    if (page->next == page->count && !page->is_last) {
        own.before_seq = page->count > 0 ? page->numbers[page->count - 1] : reg->before_seq;
        code = vt_find_page(reg, &own, limit, page->numbers, &page->count, err);
        page->next = 0;
        page->is_last = page->count < limit;
    }
    if (code == VT_OK && page->next < page->count)
        code = vt_find_one(reg, page->numbers[page->next], true, note_time, page, err);
    return code;
}

/* Where each gateway goes on: before the record that comes next. */
static int64_t keep_places(struct vt_register *first, const struct page *pages)
{
    int64_t next = 0;
    size_t i = 0;
    for (struct vt_register *reg = first; reg != NULL; reg = reg->next, i++) {
        bool is_over = pages[i].next == pages[i].count;
        reg->before_seq = is_over ? 0 : pages[i].numbers[pages[i].next] + 1;
        reg->is_over = is_over;
        next = is_over ? next : 1;
    }
    return next;
}

static enum vt_code give_newest(struct vt_register *first, const struct vt_register_query *query,
                                struct page *pages, size_t limit, vt_register_each *each,
                                void *context, bool *out_is_end, struct vt_err *err)
{
    struct vt_register *newest = NULL;
    struct page *page = NULL;
    size_t i = 0;
    for (struct vt_register *reg = first; reg != NULL; reg = reg->next, i++) {
        if (pages[i].next < pages[i].count &&
            (page == NULL || pages[i].time_utc_secs > page->time_utc_secs)) {
            newest = reg;
            page = &pages[i];
        }
    }
    *out_is_end = page == NULL;
    if (page == NULL)
        return VT_OK;
    enum vt_code code =
        vt_find_one(newest, page->numbers[page->next], query->without_bodies, each, context, err);
    page->next++;
    return code == VT_OK ? look_ahead(newest, query, page, limit, err) : code;
}

enum vt_code vt_find_everywhere(struct vt_register *first, const struct vt_register_query *query,
                                size_t limit, vt_register_each *each, void *context,
                                int64_t *out_next, struct vt_err *err)
{
    size_t count = 1, i = 0;
    bool goes_on = query->before_seq != 0, is_end = false;
    enum vt_code code = VT_OK;
    for (const struct vt_register *reg = first->next; reg != NULL; reg = reg->next)
        count++;
    struct page *pages = calloc(count, sizeof(*pages));
    if (pages == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory");
    for (struct vt_register *reg = first; reg != NULL && code == VT_OK; reg = reg->next, i++) {
        reg->before_seq = goes_on ? reg->before_seq : 0;
        pages[i].is_last = goes_on && reg->is_over;
        code = look_ahead(reg, query, &pages[i], limit, err);
    }
    for (size_t given = 0; given < limit && code == VT_OK && !is_end; given++)
        code = give_newest(first, query, pages, limit, each, context, &is_end, err);
    *out_next = code == VT_OK ? keep_places(first, pages) : 0;
    free(pages);
    return code;
}
