/* SPDX-License-Identifier: Apache-2.0
 * Fuzz target: any evidence as the page for a clerk, under a name that somebody gave a file. The
 * input is the name, a line feed, and the evidence as JSON. What of it stands on the page is text:
 * the elements are ours, closed in their order, and none of them runs or loads anything. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "notice/words.h"
#include "vanthu/timeline.h"

#define NOW INT64_C(1796263920)
#define MAX_OPEN 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const elements[] = {
    "html",  "head",  "meta",    "title", "style",   "body", "main",  "footer", "h1",
    "h2",    "h3",    "h4",      "h5",    "p",       "a",    "small", "time",   "code",
    "table", "tbody", "tr",      "th",    "caption", "td",   "thead", "ul",     "ol",
    "li",    "div",   "section", "span",  "strong",  "br"};

static size_t element_of(struct vt_bytes name)
{
    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        if (vt_bytes_equal(name, vt_bytes_str(elements[i])))
            return i;
    }
    abort();
}

static size_t name_length(struct vt_bytes page, size_t at)
{
    size_t len = 0;
    while (at + len < page.len && page.ptr[at + len] != '>' && page.ptr[at + len] != ' ')
        len++;
    return len;
}

/* Attributes: no handler of an event, no address but one on the page. */
static void check_attributes(struct vt_bytes tag)
{
    size_t href = vt_bytes_find(tag, VT_BYTES("href="), 0);
    if (vt_bytes_find(tag, VT_BYTES(" on"), 0) != SIZE_MAX ||
        vt_bytes_find(tag, VT_BYTES("src="), 0) != SIZE_MAX ||
        (href != SIZE_MAX &&
         !vt_bytes_starts_with(vt_bytes_slice(tag, href, SIZE_MAX), VT_BYTES("href=\"#"))))
        abort();
}

static void check_page(struct vt_bytes page)
{
    size_t open[MAX_OPEN], depth = 0;
    if (!vt_text_is_utf8(page) || !vt_bytes_starts_with(page, VT_BYTES("<!DOCTYPE html>")))
        abort();
    for (size_t at = 15; (at = vt_bytes_find(page, VT_BYTES("<"), at)) != SIZE_MAX;) {
        bool is_end = at + 1 < page.len && page.ptr[at + 1] == '/';
        at += is_end ? 2 : 1;
        size_t len = name_length(page, at), end = vt_bytes_find(page, VT_BYTES(">"), at);
        size_t element = element_of(vt_bytes_slice(page, at, len));
        bool is_void =
            strcmp(elements[element], "meta") == 0 || strcmp(elements[element], "br") == 0;
        if (end == SIZE_MAX || (is_end && (depth == 0 || open[--depth] != element)))
            abort();
        check_attributes(vt_bytes_slice(page, at, end - at));
        if (!is_end && !is_void) {
            if (depth == MAX_OPEN)
                abort();
            open[depth++] = element;
        }
        at = end;
    }
    if (depth != 0)
        abort();
}

static void write_page(const struct vt_timeline_input *input, const struct vt_timeline_file *file)
{
    struct vt_timeline *timeline = NULL;
    struct vt_buf page;
    vt_buf_init(&page, VT_MAX_TIMELINE_BYTES);
    if (vt_timeline_new(input, &timeline, NULL) == VT_OK &&
        vt_timeline_add(timeline, file, NULL) == VT_OK &&
        vt_timeline_add(timeline, file, NULL) == VT_OK &&
        vt_timeline_write(timeline, &page, NULL) == VT_OK)
        check_page(vt_buf_bytes(&page));
    vt_timeline_free(timeline);
    vt_buf_clear(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vt_config *config;
    static struct vt_notice_words *words;
    struct vt_bytes bytes = vt_bytes_of(data, size);
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    if (words == NULL && (vt_config_default(&config, NULL) != VT_OK ||
                          vt_notice_words_parse(VT_BYTES("vanthu-notices 1\n"), "fuzz", &words,
                                                &mistakes, NULL) != VT_OK))
        abort();
    vt_mistakes_clear(&mistakes);
    size_t line = vt_bytes_find(bytes, VT_BYTES("\n"), 0);
    struct vt_arena *arena = vt_arena_new(64u << 20);
    struct vt_evidence *evidence = NULL;
    if (line != SIZE_MAX && line <= VT_MAX_NAME_BYTES && arena != NULL &&
        vt_evidence_from_json(arena, vt_bytes_slice(bytes, line + 1, SIZE_MAX), &evidence, NULL) ==
            VT_OK) {
        char name[VT_MAX_NAME_BYTES + 1];
        const struct vt_timeline_input input = {
            .config = config, .words = words, .now_utc_secs = NOW, .offline = line % 2 == 1};
        struct vt_timeline_file file = {.evidence = evidence};
        file.name = vt_text_clean(name, sizeof(name), vt_bytes_slice(bytes, 0, line));
        write_page(&input, &file);
    }
    vt_arena_free(arena);
    return 0;
}
