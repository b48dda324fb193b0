/* SPDX-License-Identifier: Apache-2.0
 * A notice as text of 72 columns. Lines break at spaces only: no name, address or reference is
 * torn apart, a longer word has a line of its own. */
#include <string.h>
#include <uniwidth.h>

#include "notice/page.h"

struct writer {
    struct vt_buf *out;
    enum vt_code code;
    int fact_columns; /* of the labels in the table that is being written */
};

static void put(struct writer *w, const char *text, size_t len)
{
    if (w->code == VT_OK)
        w->code = vt_buf_add(w->out, text, len);
}

static void put_text(struct writer *w, const char *text)
{
    put(w, text, strlen(text));
}

static void pad(struct writer *w, int columns)
{
    for (int i = 0; i < columns; i++)
        put(w, " ", 1);
}

static int columns_of(const char *text, size_t len)
{
    int columns = u8_width((const uint8_t *)text, len, "UTF-8");
    return columns < 0 ? (int)len : columns;
}

/* One line of words, the cursor being at column at; further lines begin at column indent. */
static void put_words(struct writer *w, const char *text, size_t len, int at, int indent)
{
    bool is_begin = true;
    const char *end = text + len;
    while (text < end) {
        const char *space = memchr(text, ' ', (size_t)(end - text));
        size_t word = space == NULL ? (size_t)(end - text) : (size_t)(space - text);
        int columns = columns_of(text, word);
        if (!is_begin && at + 1 + columns > VT_NOTICE_COLUMNS) {
            put_text(w, "\n");
            pad(w, indent);
            at = indent;
        } else if (!is_begin) {
            put_text(w, " ");
            at++;
        }
        put(w, text, word);
        at += columns;
        is_begin = false;
        text += word + (space == NULL ? 0 : 1);
    }
    put_text(w, "\n");
}

/* A text of several lines. */
static void put_wrapped(struct writer *w, const char *text, int at, int indent)
{
    for (;;) {
        size_t len = strcspn(text, "\n");
        put_words(w, text, len, at, indent);
        if (text[len] == '\0')
            return;
        text += len + 1;
        pad(w, indent);
        at = indent;
    }
}

static void put_rule(struct writer *w, const char *character, int columns)
{
    for (int i = 0; i < columns; i++)
        put_text(w, character);
    put_text(w, "\n");
}

static void put_item(struct writer *w, const struct vt_notice_node *node)
{
    char number[24];
    (void)snprintf(number, sizeof(number), "%zu. ", node->number);
    put_text(w, number);
    put_wrapped(w, node->text, (int)strlen(number), (int)strlen(number));
}

static void put_pair(struct writer *w, const struct vt_notice_node *node)
{
    enum { INDENT = 3 };
    pad(w, INDENT);
    put_text(w, node->label);
    put_text(w, ": ");
    put_wrapped(w, node->text, INDENT + columns_of(node->label, strlen(node->label)) + 2, INDENT);
}

/* A label that is wider than its column stands above its text. */
static void put_fact(struct writer *w, const struct vt_notice_node *node)
{
    size_t len = strlen(node->label);
    int columns = columns_of(node->label, len), indent = w->fact_columns + 2;
    if (columns > w->fact_columns) {
        put_wrapped(w, node->label, 0, 0);
        pad(w, indent);
    } else {
        put(w, node->label, len);
        put_text(w, ":");
        pad(w, indent - columns - 1);
    }
    put_wrapped(w, node->text, indent, indent);
}

/* The widest label of the facts that follow; a very wide one does not push all others. */
static int widest(const struct vt_notice_page *page, size_t from)
{
    enum { WIDEST = 28 };
    int most = 0;
    for (size_t i = from; i < page->count && page->nodes[i].kind == VT_NODE_FACT; i++) {
        int columns = columns_of(page->nodes[i].label, strlen(page->nodes[i].label));
        if (columns > most)
            most = columns;
    }
    return most < WIDEST ? most : WIDEST;
}

/* Nodes that belong to what stands before them. */
static bool is_close(const struct vt_notice_page *page, size_t i)
{
    enum vt_notice_node_kind kind = page->nodes[i].kind, before = page->nodes[i - 1].kind;
    return (kind == VT_NODE_PAIR && (before == VT_NODE_ITEM || before == VT_NODE_PAIR)) ||
           (kind == VT_NODE_FACT && (before == VT_NODE_TITLE || before == VT_NODE_FACT));
}

static void put_node(struct writer *w, const struct vt_notice_page *page, size_t i)
{
    const struct vt_notice_node *node = &page->nodes[i];
    bool begins_facts = i == 0 || page->nodes[i - 1].kind != VT_NODE_FACT;
    if (i > 0 && !is_close(page, i))
        put_text(w, "\n");
    switch (node->kind) {
    case VT_NODE_LANGUAGE:
        put_rule(w, "=", VT_NOTICE_COLUMNS);
        put_wrapped(w, node->text, 0, 0);
        break;
    case VT_NODE_SMALL:
        if (i > 0 && page->nodes[i - 1].kind != VT_NODE_SMALL &&
            page->nodes[i - 1].kind != VT_NODE_HEADLINE)
            put_rule(w, "-", 24);
        put_wrapped(w, node->text, 0, 0);
        break;
    case VT_NODE_ITEM:
        put_item(w, node);
        break;
    case VT_NODE_PAIR:
        put_pair(w, node);
        break;
    case VT_NODE_FACT:
        if (begins_facts)
            w->fact_columns = widest(page, i);
        put_fact(w, node);
        break;
    case VT_NODE_HEADLINE:
    case VT_NODE_PARAGRAPH:
    case VT_NODE_TITLE:
        put_wrapped(w, node->text, 0, 0);
        break;
    }
}

enum vt_code vt_notice_text(const struct vt_notice_page *page, struct vt_buf *out)
{
    struct writer w = {.out = out};
    for (size_t i = 0; i < page->count; i++)
        put_node(&w, page, i);
    return w.code;
}
