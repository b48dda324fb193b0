/* SPDX-License-Identifier: Apache-2.0
 * Hints about a file: whether its pages are pictures of pages (legal.md R-63) or were drawn by a
 * program, and whether a page of a file that nobody signed shows a seal. What is not sure is not
 * said; where it is not sure whether a file is a scan, it is not called electronic. */
#include "document/pdf_redseal.h"

/* Pages looked at, from the first on, and what all of them may cost. */
#define MAX_PAGES 60
#define MAX_BYTES ((size_t)16 * 1024 * 1024)
#define MAX_OPERATORS 1000000
/* Pictures that are unpacked. */
#define MAX_SEALS 8
/* The part of a page that the picture of a page covers, and that pictures in a text stay below. */
#define SCAN_PART 0.9
#define TEXT_PART 0.5
/* The letterhead, where an emblem is no seal: the top of the first page. */
#define HEAD_PART 0.25

struct hints {
    struct pdf_reader *reader;
    struct pdf_drawing_budget budget;
    struct pdf_set seen;
    struct pdf_drawing drawing;
    struct vt_document_hints *out;
    size_t pages, texts;
    bool has_text;
    size_t seals; /* pictures unpacked */
    bool is_cut;
};

static bool is_in_head(const struct hints *hints, const struct pdf_box *box)
{
    const struct pdf_box *page = &hints->drawing.page;
    double middle = (box->top + box->bottom) / 2;
    return hints->pages == 1 && middle > page->top - (page->top - page->bottom) * HEAD_PART;
}

static void look_for_seal(struct hints *hints)
{
    const struct pdf_drawing *drawing = &hints->drawing;
    if (hints->reader->signatures_count > 0 || hints->reader->document->reasons != 0)
        return;
    for (size_t i = 0; i < drawing->pictures_count && hints->out->seal_page == 0; i++) {
        const struct pdf_picture *picture = &drawing->pictures[i];
        if (is_in_head(hints, &picture->box) || hints->seals == MAX_SEALS)
            continue;
        hints->seals++;
        if (pdf_is_red_seal(hints->reader, picture))
            hints->out->seal_page = (unsigned)hints->pages;
    }
}

static void look_at_page(struct hints *hints, const struct pdf_value *page)
{
    struct pdf_drawing *drawing = &hints->drawing;
    pdf_drawing_read(hints->reader, &hints->budget, page, drawing);
    hints->pages++;
    double covered = pdf_drawing_covered(drawing);
    hints->is_cut |= drawing->incomplete;
    hints->texts += covered < TEXT_PART && (drawing->has_text || covered == 0);
    hints->has_text |= covered < TEXT_PART && drawing->has_text;
    if (hints->pages == 1 && covered >= SCAN_PART)
        hints->out->made = VT_MADE_SCAN;
    look_for_seal(hints);
}

static void look_at_tree(struct hints *hints, struct pdf_value node, unsigned depth)
{
    if (node.kind != PDF_REF || depth > PDF_MAX_TREE_DEPTH || hints->pages == MAX_PAGES ||
        !pdf_set_add(hints->reader, &hints->seen, pdf_ref_key(node.ref))) {
        hints->is_cut = true;
        return;
    }
    struct pdf_value dict = pdf_resolve(hints->reader, node), kid;
    struct pdf_value kids = pdf_get(hints->reader, &dict, "Kids");
    if (kids.kind != PDF_ARRAY) {
        if (dict.kind == PDF_DICT)
            look_at_page(hints, &dict);
        return;
    }
    for (size_t at = 0; hints->pages <= MAX_PAGES && pdf_array_next(&kids, &at, &kid);) {
        if (hints->pages == MAX_PAGES) {
            hints->is_cut = true;
            break;
        }
        look_at_tree(hints, kid, depth + 1);
    }
}

void pdf_hints_read(struct pdf_reader *reader)
{
    struct hints *hints = pdf_scratch(reader, sizeof(*hints));
    if (hints == NULL || reader->main.qpdf == NULL || reader->main.exhausted ||
        reader->catalog.kind != PDF_DICT)
        return;
    *hints = (struct hints){
        .reader = reader, .budget = {MAX_BYTES, MAX_OPERATORS}, .out = &reader->document->hints};
    look_at_tree(hints, pdf_dict_get(&reader->catalog, "Pages"), 1);
    bool is_text = hints->has_text && hints->texts == hints->pages && !hints->is_cut;
    if (hints->out->made == VT_MADE_UNKNOWN && is_text)
        hints->out->made = VT_MADE_ELECTRONIC;
}
