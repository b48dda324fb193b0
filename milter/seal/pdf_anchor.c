/* SPDX-License-Identifier: Apache-2.0
 * A text that a seal goes by ("GIÁM ĐỐC", "KT. CHỦ TỊCH"): its last place in the document, for
 * there the signature stands. White space does not count, marks of letters do, however they are
 * written.
 */
#include "seal/pdf_font.h"
#include "seal/pdf_words.h"

#define MAX_ANCHOR 200
/* Documents that are signed have a few pages; of a book the last ones are looked at. */
#define MAX_PAGES 200

struct anchor {
    uint32_t letters[MAX_ANCHOR];
    size_t count;
};

static void read_anchor(const char *text, struct anchor *out)
{
    out->count = 0;
    for (uint32_t c; (c = vt_font_next_character(&text)) != 0;) {
        uint32_t parts[4];
        size_t count = c <= 32 || c == 0xa0 ? 0 : vt_pdf_decompose(c, parts);
        for (size_t i = 0; i < count && out->count < MAX_ANCHOR; i++)
            out->letters[out->count++] = parts[i];
    }
}

static bool is_at(const struct vt_pdf_words *words, const struct anchor *anchor, size_t at)
{
    for (size_t i = 0; i < anchor->count; i++) {
        if (words->letters[at + i].character != anchor->letters[i])
            return false;
    }
    return true;
}

/* The last place on a page. */
static bool find_on_page(const struct vt_pdf_words *words, const struct anchor *anchor,
                         struct pdf_box *out)
{
    for (size_t at = words->count + 1; at-- > 0;) {
        if (at + anchor->count > words->count || !is_at(words, anchor, at))
            continue;
        const struct vt_pdf_letter *first = &words->letters[at];
        const struct vt_pdf_letter *last = &words->letters[at + anchor->count - 1];
        double x0 = (double)first->x, x1 = (double)last->x1;
        double size = (double)first->size, y = (double)first->y;
        *out =
            (struct pdf_box){x0 < x1 ? x0 : x1, y - 0.2 * size, x0 < x1 ? x1 : x0, y + 0.8 * size};
        return true;
    }
    return false;
}

/* The number of the last page. */
static unsigned count_pages(struct vt_pdf_source *source)
{
    struct pdf_value pages = pdf_get(&source->reader, &source->reader.catalog, "Pages");
    struct pdf_value count = pdf_get(&source->reader, &pages, "Count");
    return count.kind == PDF_INTEGER && count.integer > 0 && count.integer < 100000
               ? (unsigned)count.integer
               : 0;
}

bool vt_pdf_anchor_find(struct vt_pdf_source *source, const char *text, struct vt_pdf_page *out,
                        struct pdf_box *out_rect)
{
    struct vt_pdf_words words = {.source = source};
    struct anchor anchor;
    unsigned last = count_pages(source);
    read_anchor(text, &anchor);
    for (unsigned page = last; anchor.count > 0 && page > 0 && last - page < MAX_PAGES; page--) {
        if (!vt_pdf_page_find(source, page, out))
            continue;
        vt_pdf_words_read(&words, out);
        if (find_on_page(&words, &anchor, out_rect))
            return true;
    }
    return false;
}
