/* SPDX-License-Identifier: Apache-2.0
 * From a frame to nodes: fields are filled in, what is not known is left out. */
#include "notice/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One paragraph, filled in. */
enum { MAX_PARAGRAPH_BYTES = 64 * 1024 };

/* ---- nodes ---- */

static void add_node(struct vt_notice_page *page, struct vt_notice_node node)
{
    if (page->code != VT_OK || node.text == NULL)
        return;
    struct vt_notice_node *grown =
        vt_arena_grow(page->arena, page->nodes, page->count, sizeof(*grown));
    if (grown == NULL) {
        page->code = VT_E_NOMEM;
        return;
    }
    page->nodes = grown;
    page->nodes[page->count++] = node;
}

void vt_page_add(struct vt_notice_page *page, enum vt_notice_node_kind kind, const char *label,
                 const char *text)
{
    add_node(page, (struct vt_notice_node){kind, 0, label, text});
}

void vt_page_add_item(struct vt_notice_page *page, size_t number, const char *text)
{
    add_node(page, (struct vt_notice_node){VT_NODE_ITEM, number, NULL, text});
}

const char *vt_page_printf(struct vt_notice_page *page, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    const char *out = len < 0 ? NULL : vt_arena_dup(page->arena, text, (size_t)len);
    if (len >= 0)
        free(text);
    if (out == NULL)
        page->code = VT_E_NOMEM;
    return out == NULL ? "" : out;
}

/* ---- a paragraph ---- */

struct filler {
    struct vt_notice_page *page;
    struct vt_buf buf;
    size_t open_len; /* of buf where "[" stood; SIZE_MAX: outside of […] */
    bool is_left_out;
    enum vt_code code;
};

static void add_text(struct filler *f, const char *text)
{
    if (f->code == VT_OK)
        f->code = vt_buf_add(&f->buf, text, strlen(text));
}

static void add_field(struct filler *f, enum vt_notice_field field)
{
    const char *value = vt_page_field(f->page, field);
    if (value != NULL)
        add_text(f, value);
    else if (f->open_len != SIZE_MAX)
        f->is_left_out = true;
    else
        add_text(f, vt_page_label(f->page, VT_LABEL_NONE_KNOWN));
}

static void add_piece(struct filler *f, const struct vt_notice_piece *piece)
{
    switch (piece->kind) {
    case VT_PIECE_TEXT:
        add_text(f, piece->text);
        break;
    case VT_PIECE_FIELD:
        add_field(f, piece->field);
        break;
    case VT_PIECE_BREAK:
        add_text(f, "\n");
        break;
    case VT_PIECE_OPEN:
        f->open_len = f->buf.len;
        f->is_left_out = false;
        break;
    case VT_PIECE_CLOSE:
        if (f->is_left_out && f->open_len != SIZE_MAX)
            f->buf.len = f->open_len;
        f->open_len = SIZE_MAX;
        f->is_left_out = false;
        break;
    }
}

/* A sentence ends once: "…lần. " and a field that ends with a full stop. */
static size_t without_doubles(uint8_t *text, size_t len)
{
    size_t kept = 0;
    for (size_t i = 0; i < len; i++) {
        bool is_dot = text[i] == '.' && kept > 0 && text[kept - 1] == '.' &&
                      (i + 1 == len || text[i + 1] != '.') && (kept < 2 || text[kept - 2] != '.');
        bool is_space =
            text[i] == ' ' && (kept == 0 || text[kept - 1] == ' ' || text[kept - 1] == '\n');
        if (!is_dot && !is_space)
            text[kept++] = text[i];
    }
    while (kept > 0 && (text[kept - 1] == ' ' || text[kept - 1] == '\n'))
        kept--;
    return kept;
}

/* The paragraph with its fields; NULL: nothing is left of it. */
static const char *fill(struct vt_notice_page *page, const struct vt_notice_paragraph *paragraph)
{
    struct filler f = {.page = page, .open_len = SIZE_MAX};
    const char *out = NULL;
    vt_buf_init(&f.buf, MAX_PARAGRAPH_BYTES);
    for (size_t i = 0; i < paragraph->count; i++)
        add_piece(&f, &paragraph->pieces[i]);
    size_t len = without_doubles(f.buf.ptr, f.buf.len);
    if (len > 0)
        out = vt_arena_dup(page->arena, f.buf.ptr, len);
    if (f.code != VT_OK || (len > 0 && out == NULL))
        page->code = VT_E_NOMEM;
    vt_buf_clear(&f.buf);
    return out;
}

/* ---- the page ---- */

bool vt_page_block(struct vt_notice_page *page, enum vt_notice_field field)
{
    size_t before = page->count;
    switch (field) {
    case VT_FIELD_FILES:
        vt_page_files(page);
        break;
    case VT_FIELD_FACTS:
        vt_page_facts(page);
        break;
    case VT_FIELD_RECIPIENT_LIST:
        vt_page_recipients(page);
        break;
    case VT_FIELD_MAILS:
        vt_page_mails(page);
        break;
    case VT_FIELD_LINES:
        vt_page_lines(page);
        break;
    default:
        break;
    }
    return page->count > before;
}

static const struct vt_notice_frame *frame_of(const struct vt_notice_page *page)
{
    const struct vt_notice_input *input = page->view->input;
    return &input->words->frames[page->language][input->kind];
}

static void add_headline(struct vt_notice_page *page)
{
    const struct vt_notice_frame *frame = frame_of(page);
    bool is_partly = page->view->is_mixed && frame->partly.count > 0;
    vt_page_add(page, VT_NODE_HEADLINE, NULL,
                fill(page, is_partly ? &frame->partly : &frame->headline));
    if (page->view->input->languages == VT_NOTICE_IN_BOTH && page->language == VT_NOTICE_VIETNAMESE)
        vt_page_add(page, VT_NODE_SMALL, NULL, vt_page_label(page, VT_LABEL_ENGLISH_BELOW));
}

static void add_language(struct vt_notice_page *page, enum vt_notice_language language)
{
    page->language = language;
    const struct vt_notice_frame *frame = frame_of(page);
    if (page->count > 0)
        vt_page_add(page, VT_NODE_LANGUAGE, NULL, vt_page_label(page, VT_LABEL_ENGLISH));
    add_headline(page);
    for (size_t i = 0; page->code == VT_OK && i < frame->count; i++) {
        const struct vt_notice_paragraph *paragraph = &frame->paragraphs[i];
        if (paragraph->is_block)
            (void)vt_page_block(page, paragraph->pieces[0].field);
        else
            vt_page_add(page, paragraph->is_small ? VT_NODE_SMALL : VT_NODE_PARAGRAPH, NULL,
                        fill(page, paragraph));
    }
}

enum vt_code vt_notice_page(struct vt_arena *arena, const struct vt_notice_view *view,
                            struct vt_notice_page *out)
{
    *out = (struct vt_notice_page){.view = view, .arena = arena};
    enum vt_notice_languages languages = view->input->languages;
    if (languages == VT_NOTICE_IN_ENGLISH)
        out->language = VT_NOTICE_ENGLISH;
    out->is_subject = true;
    const char *subject = fill(out, &frame_of(out)->subject);
    out->is_subject = false;
    out->subject = subject == NULL ? "" : subject;
    if (languages != VT_NOTICE_IN_ENGLISH)
        add_language(out, VT_NOTICE_VIETNAMESE);
    if (languages != VT_NOTICE_IN_VIETNAMESE)
        add_language(out, VT_NOTICE_ENGLISH);
    return out->code;
}
