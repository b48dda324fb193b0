/* SPDX-License-Identifier: Apache-2.0
 * Hints about a file: whether its pages are pictures of pages (legal.md R-63) or were drawn by a
 * program, and whether a page of a file that nobody signed shows a seal. What is not sure is not
 * said; where it is not sure whether a file is a scan, it is not called electronic. */
#include "document/pdf_redseal.h"

/* Pages looked at, from the first on, and what all of them may cost. */
#define MAX_PAGES 60
#define MAX_BYTES ((size_t)16 * 1024 * 1024)
#define MAX_OPERATORS 1000000
/* Pages of one file that are known of, so that the last ones are. */
#define MAX_KNOWN_PAGES 4096
/* Pages that are painted, and the pixels that are read and painted for it: half a second. */
#define MAX_PAINTED_PAGES 30
#define MAX_PIXELS ((size_t)64 * 1000 * 1000)
/* The part of a page that the picture of a page covers, and that pictures in a text stay below. */
#define SCAN_PART 0.9
#define TEXT_PART 0.5
/* The letterhead, where an emblem is no seal: the top of the first page. */
#define HEAD_PART 0.25

struct hints {
    struct pdf_reader *reader;
    struct pdf_drawing_budget budget;
    struct pdf_set seen;
    struct pdf_ref *pages;
    size_t pages_count;
    struct pdf_drawing drawing;
    struct vt_document_hints *out;
    size_t texts;
    bool has_text;
    bool is_cut;
};

/* ---- how it was made ---- */

static struct pdf_value page_of(const struct hints *hints, size_t index)
{
    return pdf_resolve(hints->reader,
                       (struct pdf_value){.kind = PDF_REF, .ref = hints->pages[index]});
}

static void look_at_page(struct hints *hints, size_t index)
{
    struct pdf_drawing *drawing = &hints->drawing;
    const struct pdf_value page = page_of(hints, index);
    pdf_drawing_read(hints->reader, &hints->budget, &page, drawing);
    double covered = pdf_drawing_covered(drawing);
    hints->is_cut |= drawing->incomplete;
    hints->texts += covered < TEXT_PART && (drawing->has_text || covered == 0);
    hints->has_text |= covered < TEXT_PART && drawing->has_text;
    if (index == 0 && covered >= SCAN_PART)
        hints->out->made = VT_MADE_SCAN;
}

static void look_at_all(struct hints *hints)
{
    size_t count = hints->pages_count < MAX_PAGES ? hints->pages_count : MAX_PAGES;
    for (size_t i = 0; i < count; i++)
        look_at_page(hints, i);
    bool is_all = count == hints->pages_count && !hints->is_cut;
    if (hints->out->made == VT_MADE_UNKNOWN && hints->has_text && hints->texts == count && is_all)
        hints->out->made = VT_MADE_ELECTRONIC;
}

/* ---- seals ---- */

/* The head of the first page as it is shown, which may be turned. */
static bool is_in_head(const struct hints *hints, const struct pdf_canvas *canvas,
                       const struct pdf_circle *circle)
{
    double across = circle->x / (double)canvas->width, down = circle->y / (double)canvas->height;
    const double depths[4] = {down, across, 1 - down, 1 - across};
    return depths[hints->drawing.turns] < HEAD_PART;
}

static bool shows_seal(struct hints *hints, size_t index, size_t *pixels_left)
{
    struct pdf_drawing_budget budget = {MAX_BYTES / 4, MAX_OPERATORS / 10};
    struct pdf_circle seals[PDF_MAX_SEALS];
    struct pdf_canvas canvas;
    const struct pdf_value page = page_of(hints, index);
    size_t count = 0, in_head = 0;
    pdf_drawing_read(hints->reader, &budget, &page, &hints->drawing);
    if (hints->drawing.pictures_count > 0 &&
        pdf_canvas_paint(hints->reader, &hints->drawing, pixels_left, &canvas)) {
        count = pdf_red_seals(&canvas, seals);
        for (size_t i = 0; i < count; i++)
            in_head += index == 0 && is_in_head(hints, &canvas, &seals[i]);
        pdf_canvas_clear(&canvas);
    }
    return count > in_head;
}

/* Anybody gets a time stamp: it is nobody's signature. */
static bool has_signer(const struct pdf_reader *reader)
{
    for (size_t i = 0; i < reader->signatures_count; i++) {
        if (reader->signatures[i].object.format != VT_SIGNATURE_DOCTIMESTAMP)
            return true;
    }
    return false;
}

/* A seal stands on the last page, or where the annexes begin: from both ends, as far as the budget
 * reaches. */
static void look_for_seal(struct hints *hints)
{
    size_t pixels_left = MAX_PIXELS, count = hints->pages_count;
    size_t painted = count < MAX_PAINTED_PAGES ? count : MAX_PAINTED_PAGES;
    if (has_signer(hints->reader) || hints->reader->document->reasons != 0)
        return;
    for (size_t i = 0; i < painted && pixels_left > 0; i++) {
        size_t index = i % 2 == 0 ? i / 2 : count - 1 - i / 2;
        bool is_first = hints->out->seal_page == 0 || index + 1 < hints->out->seal_page;
        if (is_first && shows_seal(hints, index, &pixels_left))
            hints->out->seal_page = (unsigned)index + 1;
    }
}

/* ---- pages ---- */

static void add_page(struct hints *hints, struct pdf_ref ref)
{
    if (hints->pages_count < MAX_KNOWN_PAGES)
        hints->pages[hints->pages_count++] = ref;
    else
        hints->is_cut = true;
}

static void find_pages(struct hints *hints, struct pdf_value node, unsigned depth)
{
    if (node.kind != PDF_REF || depth > PDF_MAX_TREE_DEPTH ||
        !pdf_set_add(hints->reader, &hints->seen, pdf_ref_key(node.ref))) {
        hints->is_cut = true;
        return;
    }
    struct pdf_value dict = pdf_resolve(hints->reader, node), kid;
    struct pdf_value kids = pdf_get(hints->reader, &dict, "Kids");
    if (kids.kind != PDF_ARRAY) {
        if (dict.kind == PDF_DICT)
            add_page(hints, node.ref);
        return;
    }
    for (size_t at = 0; hints->pages_count < MAX_KNOWN_PAGES && pdf_array_next(&kids, &at, &kid);)
        find_pages(hints, kid, depth + 1);
}

void pdf_hints_read(struct pdf_reader *reader)
{
    struct hints *hints = pdf_scratch(reader, sizeof(*hints));
    struct pdf_ref *pages = pdf_scratch(reader, MAX_KNOWN_PAGES * sizeof(*pages));
    if (hints == NULL || pages == NULL || reader->main.qpdf == NULL || reader->main.exhausted ||
        reader->catalog.kind != PDF_DICT)
        return;
    *hints = (struct hints){.reader = reader,
                            .budget = {MAX_BYTES, MAX_OPERATORS},
                            .pages = pages,
                            .out = &reader->document->hints};
    find_pages(hints, pdf_dict_get(&reader->catalog, "Pages"), 1);
    look_at_all(hints);
    look_for_seal(hints);
}
