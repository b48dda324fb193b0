/* SPDX-License-Identifier: Apache-2.0
 * HTML of the page about checked files: one file with its styles, for a screen in light or dark, a
 * telephone of 360 px, and A4 paper. Its own policy (CSP 3, meta element) lets a browser load and
 * run nothing, whatever a file may have smuggled in. Colours stand readable on their grounds
 * (contrast of 4.5 and more: WCAG 2.2, 1.4.3). */
#include <stdio.h>
#include <string.h>

#include "notice/timeline.h"

/* One text; the longest sentence of ours has 500 bytes. */
#define MAX_TEXT_BYTES 2048

static const char head[] =
    "<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta name=\"referrer\" content=\"no-referrer\">\n"
    "<meta name=\"format-detection\" content=\"telephone=no, date=no, address=no\">\n";

static const char screen_style[] =
    "<style>\n"
    ":root { color-scheme: light dark; --page: #ffffff; --box: #f4f6f8; --text: #1a1a1a; "
    "--soft: #505860; --line: #b4bac0; --good: #1d6b35; --bad: #a4262c; --open: #7d4b00; "
    "--none: #4a5560; --link: #1f5a96; }\n"
    "@media (prefers-color-scheme: dark) { :root { --page: #1b1d1f; --box: #26292c; "
    "--text: #e6e6e6; --soft: #b3b8bd; --line: #565c62; --good: #7fd69a; --bad: #ff9f9f; "
    "--open: #f0c060; --none: #b9c2ca; --link: #9cc7f5; } }\n"
    "* { box-sizing: border-box; }\n"
    "body { margin: 0; padding: 16px; background: var(--page); color: var(--text); "
    "font: 16px/1.5 Arial, Helvetica, sans-serif; overflow-wrap: anywhere; "
    "-webkit-text-size-adjust: 100%; text-size-adjust: 100%; }\n"
    "main, footer { max-width: 52rem; margin: 0 auto; }\n"
    "h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 4px; }\n"
    "h2 { font-size: 1.25rem; line-height: 1.3; margin: 32px 0 8px; padding-top: 12px; "
    "border-top: 2px solid var(--line); }\n"
    "h3 { font-size: 1.1rem; margin: 24px 0 8px; }\n"
    "h4, h5 { font-size: 1rem; margin: 0 0 6px; }\n"
    "p { margin: 0 0 8px; }\n"
    "a { color: var(--link); }\n"
    "small, .soft { color: var(--soft); font-size: .875rem; }\n"
    "time { white-space: nowrap; }\n"
    "code { font: .8125rem/1.4 monospace; }\n"
    ".mark { display: inline-block; font-weight: bold; border: 2px solid; border-radius: 4px; "
    "padding: 0 8px; background: var(--page); white-space: nowrap; }\n"
    ".good .mark, .mark.good { color: var(--good); }\n"
    ".bad .mark, .mark.bad { color: var(--bad); }\n"
    ".open .mark, .mark.open { color: var(--open); }\n"
    ".none .mark, .mark.none { color: var(--none); }\n"
    ".verdict { background: var(--box); border-left: 6px solid var(--none); padding: 10px 14px; "
    "margin: 0 0 12px; }\n"
    ".verdict p { margin: 6px 0 0; }\n"
    ".verdict.good, .card.good { border-left-color: var(--good); }\n"
    ".verdict.bad, .card.bad { border-left-color: var(--bad); }\n"
    ".verdict.open, .card.open { border-left-color: var(--open); }\n"
    ".timeline { list-style: none; margin: 12px 0 0 9px; padding: 0; "
    "border-left: 3px solid var(--line); }\n"
    ".timeline > li { position: relative; padding: 0 0 20px 24px; }\n"
    ".timeline > li::before { content: \"\"; position: absolute; left: -11px; top: 3px; "
    "width: 19px; height: 19px; border-radius: 50%; background: var(--page); "
    "border: 5px solid var(--none); }\n"
    ".timeline > li.good::before { border-color: var(--good); }\n"
    ".timeline > li.bad::before { border-color: var(--bad); border-radius: 2px; }\n"
    ".timeline > li.open::before { border-color: var(--open); border-style: double; }\n"
    ".card { background: var(--box); border-left: 6px solid var(--none); padding: 10px 14px; "
    "margin: 8px 0 0; }\n"
    ".card h4, .card h5 { margin: 6px 0 8px; }\n"
    "table { border-collapse: collapse; width: 100%; margin: 0 0 8px; }\n"
    "caption { text-align: left; color: var(--soft); font-size: .875rem; padding: 0 0 2px; }\n"
    "th, td { text-align: left; vertical-align: top; padding: 3px 12px 3px 0; "
    "border-top: 1px solid var(--line); }\n"
    "tbody td:first-child { width: 42%; }\n"
    "tbody th { width: 32%; font-weight: normal; color: var(--soft); }\n"
    "ul { margin: 0 0 8px; padding-left: 20px; }\n"
    ".said li { margin: 0 0 6px; }\n"
    ".tag { font-weight: bold; }\n"
    ".tag.good { color: var(--good); } .tag.bad { color: var(--bad); } "
    ".tag.open { color: var(--open); }\n"
    ".details { border-top: 1px solid var(--line); margin: 8px 0 0; padding: 6px 0 0; }\n"
    ".second { margin-top: 48px; }\n"
    "@media (max-width: 30rem) { body { padding: 10px; } .timeline { margin-left: 4px; } "
    ".timeline > li { padding-left: 14px; } .timeline > li::before { left: -9px; width: 15px; "
    "height: 15px; border-width: 4px; top: 5px; } .card, .verdict { padding: 8px 10px; } "
    ".facts th, .facts td { display: block; width: auto; padding: 2px 0; } "
    ".facts td { border-top: 0; padding-bottom: 5px; } }\n";

static const char print_style[] =
    "@page { size: A4; margin: 15mm; }\n"
    "@media print { :root { color-scheme: light; --page: #ffffff; --box: #ffffff; "
    "--text: #000000; --soft: #404040; --line: #909090; --good: #1d6b35; --bad: #a4262c; "
    "--open: #7d4b00; --none: #4a5560; --link: #000000; } "
    "body { padding: 0; font-size: 10.5pt; } main, footer { max-width: none; } "
    "h2 { margin-top: 16pt; } h1, h2, h3, h4, h5, caption { break-after: avoid; } "
    "p, tr, li li, .verdict, .facts, .said li { break-inside: avoid; } "
    ".timeline > li > p, .card > p { break-after: avoid; } "
    ".card, .verdict { border: 1px solid var(--line); border-left-width: 6px; } "
    ".second { break-before: page; margin-top: 0; } a { text-decoration: none; } "
    ".screen { display: none; } * { print-color-adjust: exact; "
    "-webkit-print-color-adjust: exact; } }\n"
    "</style>\n";

/* ---- writing ---- */

void vt_timeline_put(struct vt_timeline_writer *w, const char *html)
{
    if (w->code == VT_OK)
        w->code = vt_buf_add(w->out, html, strlen(html));
}

void vt_timeline_text(struct vt_timeline_writer *w, const char *text)
{
    char clean[MAX_TEXT_BYTES];
    if (text == NULL || w->code != VT_OK)
        return;
    vt_text_clean(clean, sizeof(clean), vt_bytes_of(text, strnlen(text, 4 * MAX_TEXT_BYTES)));
    w->code = vt_buf_add_html(w->out, vt_bytes_str(clean));
}

void vt_timeline_element(struct vt_timeline_writer *w, const char *begin, const char *text,
                         const char *end)
{
    vt_timeline_put(w, begin);
    vt_timeline_text(w, text);
    vt_timeline_put(w, end);
}

const char *vt_timeline_class(enum vt_timeline_verdict verdict)
{
    static const char *const classes[] = {
        [VT_TIMELINE_GOOD] = "good",
        [VT_TIMELINE_BAD] = "bad",
        [VT_TIMELINE_OPEN] = "open",
        [VT_TIMELINE_NONE] = "none",
    };
    return classes[verdict];
}

void vt_timeline_mark(struct vt_timeline_writer *w, enum vt_timeline_verdict verdict)
{
    static const char *const signs[] = {
        [VT_TIMELINE_GOOD] = "✓ ",
        [VT_TIMELINE_BAD] = "✕ ",
        [VT_TIMELINE_OPEN] = "? ",
        [VT_TIMELINE_NONE] = "– ",
    };
    vt_timeline_element(w, "<strong class=\"mark ", vt_timeline_class(verdict), "\">");
    vt_timeline_element(w, "<span aria-hidden=\"true\">", signs[verdict], "</span>");
    vt_timeline_text(w,
                     vt_timeline_word(w, (enum vt_timeline_word)(VT_TIMELINE_MARK_GOOD + verdict)));
    vt_timeline_put(w, "</strong>");
}

/* "2026-12-03T09:12:00+07:00" (legal.md R-65), or "". */
static const char *iso(char out[40], int64_t utc_secs)
{
    char text[VT_TIME_TEXT_BYTES] = "";
    if (utc_secs > INT64_MIN / 2 && utc_secs < INT64_MAX / 2)
        (void)vt_time_rfc3339(text, utc_secs + VT_VIETNAM_SECS);
    bool is_known = strlen(text) == strlen("2026-12-03T02:12:00Z");
    (void)snprintf(out, 40, is_known ? "%.19s+07:00" : "%.0s", text);
    return out;
}

void vt_timeline_time(struct vt_timeline_writer *w, int64_t utc_secs, const char *people)
{
    char time[40];
    if (*iso(time, utc_secs) == '\0') {
        vt_timeline_text(w, people != NULL ? people : vt_page_label(&w->page, VT_LABEL_NONE_KNOWN));
        return;
    }
    vt_timeline_element(w, "", people, people == NULL ? "" : " ");
    vt_timeline_element(w, "<small><time>", time, "</time></small>");
}

bool vt_timeline_has_room(const struct vt_timeline_writer *w, size_t begin)
{
    return w->out->len - begin < VT_TIMELINE_FILE_BYTES && w->out->len < VT_TIMELINE_ALL_BYTES;
}

/* ---- begin, end ---- */

void vt_timeline_begin(struct vt_timeline_writer *w)
{
    vt_timeline_put(w, "<!DOCTYPE html>\n<html lang=\"vi\">\n<head>\n");
    vt_timeline_put(w, head);
    vt_timeline_element(w, "<title>", vt_timeline_word(w, VT_TIMELINE_TITLE), "</title>\n");
    vt_timeline_put(w, screen_style);
    vt_timeline_put(w, print_style);
    vt_timeline_put(w, "</head>\n<body>\n<main>\n");
}

void vt_timeline_end(struct vt_timeline_writer *w)
{
    vt_timeline_put(w, "</main>\n</body>\n</html>\n");
}

/* ---- reasons, findings ---- */

static void put_reason(struct vt_timeline_writer *w, enum vt_reason reason,
                       const struct vt_document *document)
{
    bool is_not_asked = reason == VT_REASON_STATUS_UNKNOWN && w->input->offline;
    vt_timeline_element(w, "<li>", vt_page_reason(&w->page, reason, document), " ");
    vt_timeline_element(w, "<small><code>", vt_reason_info(reason)->code, "</code></small><br>\n");
    vt_timeline_element(w, "<span class=\"soft\">", vt_page_label(&w->page, VT_LABEL_TO_DO),
                        ":</span> ");
    vt_timeline_element(w, "",
                        is_not_asked ? vt_timeline_word(w, VT_TIMELINE_NOT_ASKED)
                                     : vt_page_to_do(&w->page, reason, document),
                        "</li>\n");
}

void vt_timeline_reasons(struct vt_timeline_writer *w, vt_reasons reasons,
                         const struct vt_document *document)
{
    if (reasons == 0)
        return;
    vt_timeline_element(w, "<p class=\"soft\">", vt_page_label(&w->page, VT_LABEL_REASON),
                        ":</p>\n<ul class=\"said\">\n");
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if ((reasons & VT_REASON_BIT(i)) != 0)
            put_reason(w, (enum vt_reason)i, document);
    }
    vt_timeline_put(w, "</ul>\n");
}

void vt_timeline_findings(struct vt_timeline_writer *w, const char *const *findings, size_t count)
{
    if (count == 0)
        return;
    vt_timeline_put(w, "<ul class=\"soft\" lang=\"en\">\n");
    for (size_t i = 0; i < count && i < VT_TIMELINE_FINDINGS; i++)
        vt_timeline_element(w, "<li>", findings[i], "</li>\n");
    if (count > VT_TIMELINE_FINDINGS)
        vt_timeline_put(w, "<li>…</li>\n");
    vt_timeline_put(w, "</ul>\n");
}
