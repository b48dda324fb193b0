/* SPDX-License-Identifier: Apache-2.0
 * A notice as one HTML page: inline styles, since mail programs drop others; a style element for
 * dark mode alone; one table for the width in Outlook, which knows no max-width; nothing remote, no
 * script; everything that came from elsewhere is escaped. */
#include <stdio.h>
#include <string.h>

#include "notice/page.h"

struct writer {
    struct vt_buf *out;
    const struct vt_notice_page *page;
    enum vt_code code;
    enum vt_notice_node_kind open; /* what is not closed: facts or an item; else a paragraph */
};

static void put(struct writer *w, const char *text)
{
    if (w->code == VT_OK)
        w->code = vt_buf_add(w->out, text, strlen(text));
}

/* A new line where one stands. */
static void put_escaped(struct writer *w, const char *text)
{
    while (*text != '\0' && w->code == VT_OK) {
        size_t len = strcspn(text, "\n");
        w->code = vt_buf_add_html(w->out, vt_bytes_of(text, len));
        text += len;
        if (*text != '\0') {
            put(w, "<br>\n");
            text++;
        }
    }
}

/* ---- begin and end ---- */

/* White stands readable on each of them (contrast above 4.5). */
static const char *colour_of(enum vt_notice_kind kind)
{
    switch (kind) {
    case VT_NOTICE_REFUSED:
    case VT_NOTICE_RETURNED:
    case VT_NOTICE_CLERK:
        return "#a4262c"; /* red */
    case VT_NOTICE_HELD:
    case VT_NOTICE_OFFICER:
    case VT_NOTICE_UNSEALED:
        return "#8a5300"; /* amber */
    case VT_NOTICE_RELEASED:
    case VT_NOTICE_CORRECTION:
        return "#1d6b35"; /* green */
    case VT_NOTICE_LIST:
    case VT_NOTICE_DIGEST:
    case VT_NOTICE_ARRIVAL:
        return "#4a5560"; /* grey */
    default:
        return "#1f5a96"; /* blue */
    }
}

static void put_begin(struct writer *w)
{
    bool is_english = w->page->view->input->languages == VT_NOTICE_IN_ENGLISH;
    put(w, is_english ? "<!DOCTYPE html>\n<html lang=\"en\">\n"
                      : "<!DOCTYPE html>\n<html lang=\"vi\">\n");
    put(w, "<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
           "<meta name=\"color-scheme\" content=\"light dark\">\n"
           "<meta name=\"format-detection\" content=\"telephone=no, date=no, address=no\">\n"
           "<title>");
    put_escaped(w, w->page->subject);
    put(w, "</title>\n<style>\n:root { color-scheme: light dark; }\n"
           "@media (prefers-color-scheme: dark) {\n"
           "  body, .page { background: #1b1d1f !important; color: #e6e6e6 !important; }\n"
           "  .soft { color: #b3b8bd !important; }\n"
           "  .box { background: #26292c !important; }\n"
           "}\n</style>\n</head>\n"
           "<body class=\"page\" style=\"margin:0;padding:12px;background:#ffffff;color:#1a1a1a;"
           "font-family:Arial,Helvetica,sans-serif;font-size:15px;line-height:1.5;"
           "overflow-wrap:anywhere;-webkit-text-size-adjust:100%\">\n"
           "<!--[if mso]><table role=\"presentation\" width=\"640\"><tr><td><![endif]-->\n"
           "<div style=\"max-width:640px;margin:0 auto\">\n");
}

static void put_end(struct writer *w)
{
    put(w, "</div>\n<!--[if mso]></td></tr></table><![endif]-->\n</body>\n</html>\n");
}

/* ---- nodes ---- */

static void close_open(struct writer *w)
{
    if (w->open == VT_NODE_FACT)
        put(w, "</table>\n");
    else if (w->open == VT_NODE_ITEM)
        put(w, "</div>\n");
    w->open = VT_NODE_PARAGRAPH;
}

static void put_element(struct writer *w, const char *begin, const char *text, const char *end)
{
    put(w, begin);
    put_escaped(w, text);
    put(w, end);
}

static void put_headline(struct writer *w, const struct vt_notice_node *node)
{
    put(w, "<div style=\"background:");
    put(w, colour_of(w->page->view->input->kind));
    put_element(w,
                ";color:#ffffff;font-weight:bold;font-size:17px;padding:10px 14px;margin:0 0 "
                "12px\">",
                node->text, "</div>\n");
}

static void put_fact(struct writer *w, const struct vt_notice_node *node)
{
    if (w->open != VT_NODE_FACT) {
        close_open(w);
        put(w, "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" "
               "style=\"width:100%;border-collapse:collapse;margin:0 0 12px;font-size:14px\">\n");
        w->open = VT_NODE_FACT;
    }
    put_element(w,
                "<tr><td class=\"soft\" style=\"width:36%;vertical-align:top;padding:3px 10px 3px "
                "0;color:#555c63\">",
                node->label, "</td>");
    put_element(w, "<td style=\"vertical-align:top;padding:3px 0\">", node->text, "</td></tr>\n");
}

static void open_box(struct writer *w)
{
    close_open(w);
    put(w, "<div class=\"box\" style=\"background:#f3f4f6;border-left:4px solid ");
    put(w, colour_of(w->page->view->input->kind));
    put(w, ";padding:8px 12px;margin:0 0 12px\">\n");
    w->open = VT_NODE_ITEM;
}

static void put_item(struct writer *w, const struct vt_notice_node *node)
{
    char number[24];
    open_box(w);
    (void)snprintf(number, sizeof(number), "%zu. ", node->number);
    put(w, "<div style=\"font-weight:bold\">");
    put(w, number);
    put_element(w, "", node->text, "</div>\n");
}

static void put_pair(struct writer *w, const struct vt_notice_node *node)
{
    if (w->open != VT_NODE_ITEM)
        open_box(w);
    put_element(w, "<div><span class=\"soft\" style=\"color:#555c63\">", node->label, ":</span> ");
    put_element(w, "", node->text, "</div>\n");
}

static void put_other(struct writer *w, const struct vt_notice_node *node)
{
    close_open(w);
    switch (node->kind) {
    case VT_NODE_HEADLINE:
        put_headline(w, node);
        break;
    case VT_NODE_SMALL:
        put_element(w, "<p class=\"soft\" style=\"margin:0 0 12px;font-size:13px;color:#555c63\">",
                    node->text, "</p>\n");
        break;
    case VT_NODE_TITLE:
        put_element(w,
                    "<h2 style=\"font-size:15px;margin:16px 0 4px;border-bottom:1px solid "
                    "#9aa1a8\">",
                    node->text, "</h2>\n");
        break;
    case VT_NODE_LANGUAGE:
        put_element(w,
                    "</div>\n<div lang=\"en\" style=\"max-width:640px;margin:0 auto\">\n"
                    "<p class=\"soft\" style=\"margin:24px 0 12px;padding-top:12px;border-top:2px "
                    "solid #9aa1a8;font-size:13px;color:#555c63\">",
                    node->text, "</p>\n");
        break;
    default:
        put_element(w, "<p style=\"margin:0 0 12px\">", node->text, "</p>\n");
        break;
    }
}

enum vt_code vt_notice_html(const struct vt_notice_page *page, struct vt_buf *out)
{
    struct writer w = {.out = out, .page = page, .open = VT_NODE_PARAGRAPH};
    put_begin(&w);
    for (size_t i = 0; i < page->count; i++) {
        const struct vt_notice_node *node = &page->nodes[i];
        if (node->kind == VT_NODE_FACT)
            put_fact(&w, node);
        else if (node->kind == VT_NODE_ITEM)
            put_item(&w, node);
        else if (node->kind == VT_NODE_PAIR)
            put_pair(&w, node);
        else
            put_other(&w, node);
    }
    close_open(&w);
    put_end(&w);
    return w.code;
}
