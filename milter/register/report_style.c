/* SPDX-License-Identifier: Apache-2.0
 * How the page of a report looks: light and dark, on a telephone, on A4. A word processor knows
 * neither variables nor grids, so what tables need there stands first in plain values; the page
 * named "a4" is how it learns the paper. */
#include "register/report.h"

static const char everywhere[] =
    ":root{color-scheme:light dark;--paper:#fff;--ink:#1a202c;--soft:#566172;--line:#cbd3dd;"
    "--band:#f2f5f9;--title:#8a1c1c;--good:#2b6cb0;--mark:#c98a1b;--bad:#c53030;--open:#6b7684;"
    "--none:#aab4c0}"
    "@media(prefers-color-scheme:dark){:root{--paper:#14181f;--ink:#e6eaf0;--soft:#a9b3c1;"
    "--line:#3c4553;--band:#1f2530;--title:#f0a3a3;--good:#63a4e8;--mark:#e0b354;--bad:#f07178;"
    "--open:#97a3b3;--none:#5b6675}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;max-width:1240px;padding:24px;background:var(--paper);color:#1a202c;"
    "color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',Arial,"
    "sans-serif;overflow-wrap:break-word}"
    "h1{font-size:1.6rem;line-height:1.25;color:var(--title);margin:0 0 .3em}"
    "h2{font-size:1.15rem;margin:0 0 .4em;border-bottom:2px solid var(--line);padding-bottom:.2em}"
    "h3{font-size:1rem;margin:0 0 .6em}"
    "[lang=en]{color:#566172;color:var(--soft);font-weight:400;font-size:.85em}"
    "header p{margin:.2em 0}"
    ".caveat{border-left:4px solid #c98a1b;background:#f2f5f9;background:var(--band);"
    "padding:.6em .9em;margin:1em 0}"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;"
    "margin:1.2em 0;padding:0}"
    ".tiles li{list-style:none;background:var(--band);border-radius:8px;padding:.7em .9em}"
    ".tiles b{display:block;font-size:1.7rem;line-height:1.2;font-variant-numeric:tabular-nums}"
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));"
    "gap:28px;margin:1.5em 0}"
    "figure{margin:0;break-inside:avoid}"
    "svg{width:100%;max-width:620px;height:auto;display:block}"
    "svg text{fill:var(--ink);font-size:13px}svg .a{fill:var(--soft);font-size:12px}"
    "svg .n{font-weight:600}svg .g{stroke:var(--line);stroke-width:1}"
    "svg rect{stroke:var(--paper);stroke-width:.75}"
    ".good{fill:var(--good)}.mark{fill:var(--mark)}.bad{fill:var(--bad)}.open{fill:var(--open)}"
    ".none{fill:var(--none)}"
    "section{margin:2em 0}.note{color:#566172;color:var(--soft);margin:.2em 0 .7em}"
    ".scroll{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%;font-size:.88rem}"
    "th,td{padding:.35em .5em;border-bottom:1px solid #cbd3dd;border-bottom-color:var(--line);"
    "text-align:left;vertical-align:top}"
    "th{background:#f2f5f9;background:var(--band);vertical-align:bottom;line-height:1.25}"
    "th [lang=en]{display:block}"
    ".num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "th.num{white-space:normal}.at{white-space:nowrap}"
    ".list td{min-width:9em;overflow-wrap:anywhere}.list td.at{min-width:0}"
    "tr.sum td{font-weight:700;border-top:2px solid #1a202c;border-top-color:var(--ink)}"
    "td.fill{border:1px dashed #566172;border-color:var(--soft)}"
    "td.id{font-family:ui-monospace,monospace;font-size:.75rem;word-break:break-all;"
    "min-width:12em}"
    "td.name{min-width:15em}td.sub{padding-left:1.6em}";

/* On a telephone each row is a card: what it says stands beside the name of its column. */
static const char telephone[] =
    "@media screen and (max-width:700px){body{padding:14px;font-size:15px}h1{font-size:1.3rem}"
    ".tiles{grid-template-columns:1fr 1fr}"
    ".wide thead{display:none}.wide,.wide tbody,.wide tr,.wide td{display:block;width:auto}"
    ".wide tr{border:1px solid var(--line);border-radius:8px;margin:0 0 .8em;padding:.3em .7em}"
    ".wide td{display:flex;justify-content:space-between;gap:1em;border:0;padding:.15em 0;"
    "text-align:right;min-width:0!important;white-space:normal;overflow-wrap:anywhere}"
    ".wide td::before{content:attr(data-label);color:var(--soft);text-align:left;flex:0 0 42%}"
    ".wide td.head{display:block;text-align:left;font-weight:700}.wide td.head::before{content:''}"
    ".wide td.fill,.wide td.none{display:none}"
    ".wide tr.sum{border:2px solid var(--ink)}.wide tr.sum td{border:0}}";

static const char paper[] =
    "@page{size:A4 landscape;margin:14mm}"
    "@page a4{size:297mm 210mm;margin:14mm}.a4{page:a4}"
    "@media print{:root{color-scheme:light;--paper:#fff;--ink:#000;--soft:#333;--line:#888;"
    "--band:#f2f2f2;--title:#000;--good:#8fb8e0;--mark:#d9d9d9;--bad:#222;--open:#666;"
    "--none:#bbb}"
    "body{max-width:none;padding:0;font-size:10.5pt}table{font-size:8pt}"
    "th,td{padding:.25em .35em}"
    "svg rect:not([class='']){stroke:#000;stroke-width:.5}"
    ".scroll{overflow:visible}thead{display:table-header-group}tr{break-inside:avoid}"
    "td.name{min-width:17em}.whole{break-inside:avoid}h2,h3,.note{break-after:avoid}.note{break-"
    "inside:avoid}"
    ".charts{grid-template-columns:1fr 1fr}.tiles{grid-template-columns:repeat(6,1fr)}"
    ".tiles b{font-size:14pt}td.id{min-width:9em;font-size:6.5pt}"
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}";

void vt_report_put_style(FILE *out)
{
    (void)fprintf(out, "<style>%s%s%s</style>", everywhere, telephone, paper);
}
