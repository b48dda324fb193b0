/* SPDX-License-Identifier: Apache-2.0
 * The page about checked files: written file by file in both languages at once, so that the
 * evidence of one file need not wait for the next. */
#include <stdlib.h>

#include "notice/timeline.h"

/* Words of one file in both languages. */
#define MAX_ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define MAX_LIST_BYTES ((size_t)4 * 1024 * 1024)

struct vt_timeline {
    struct vt_timeline_input input;
    /* What vt_notice_page fields are made from: words and configuration. */
    struct vt_notice_input words;
    struct vt_notice_view view;
    struct vt_buf rows[VT_NOTICE_LANGUAGES];   /* the list of files */
    struct vt_buf bodies[VT_NOTICE_LANGUAGES]; /* a section for each */
    size_t files_count, left_count;
};

static struct vt_timeline_writer writer_of(const struct vt_timeline *timeline,
                                           struct vt_arena *arena, enum vt_notice_language language,
                                           struct vt_buf *out)
{
    return (struct vt_timeline_writer){
        .out = out,
        .page = {.view = &timeline->view, .arena = arena, .language = language},
        .input = &timeline->input};
}

static enum vt_code code_of(const struct vt_timeline_writer *w)
{
    return w->code != VT_OK ? w->code : w->page.code;
}

/* In full, or not at all: what did not fit is counted. */
static enum vt_code add_in(struct vt_timeline *timeline, const struct vt_timeline_file *file,
                           struct vt_arena *arena, enum vt_notice_language language)
{
    struct vt_timeline_writer body =
        writer_of(timeline, arena, language, &timeline->bodies[language]);
    struct vt_timeline_writer row = writer_of(timeline, arena, language, &timeline->rows[language]);
    size_t body_len = body.out->len, row_len = row.out->len;
    body.file = row.file = file;
    vt_timeline_section(&body, timeline->files_count + 1);
    vt_timeline_section_line(&row, timeline->files_count + 1);
    enum vt_code code = code_of(&body) != VT_OK ? code_of(&body) : code_of(&row);
    if (code != VT_OK) {
        body.out->len = body_len;
        row.out->len = row_len;
    }
    return code;
}

enum vt_code vt_timeline_new(const struct vt_timeline_input *input, struct vt_timeline **out,
                             struct vt_err *err)
{
    struct vt_timeline *timeline = calloc(1, sizeof(*timeline));
    if (timeline == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a page");
    timeline->input = *input;
    timeline->words = (struct vt_notice_input){
        .config = input->config, .words = input->words, .now_utc_secs = input->now_utc_secs};
    timeline->view = (struct vt_notice_view){.input = &timeline->words, .reason = VT_REASON_COUNT};
    for (unsigned i = 0; i < VT_NOTICE_LANGUAGES; i++) {
        vt_buf_init(&timeline->rows[i], MAX_LIST_BYTES);
        vt_buf_init(&timeline->bodies[i], VT_TIMELINE_ALL_BYTES + 2 * VT_TIMELINE_FILE_BYTES);
    }
    *out = timeline;
    return VT_OK;
}

enum vt_code vt_timeline_add(struct vt_timeline *timeline, const struct vt_timeline_file *file,
                             struct vt_err *err)
{
    struct vt_arena *arena = vt_arena_new(MAX_ARENA_BYTES);
    enum vt_code code = arena == NULL ? VT_E_NOMEM : VT_OK;
    if (timeline->files_count + timeline->left_count >= VT_MAX_TIMELINE_FILES ||
        timeline->left_count > 0)
        code = VT_E_LIMIT;
    for (unsigned i = 0; i < VT_NOTICE_LANGUAGES && code == VT_OK; i++)
        code = add_in(timeline, file, arena, (enum vt_notice_language)i);
    vt_arena_free(arena);
    if (code == VT_OK)
        timeline->files_count++;
    else if (code == VT_E_LIMIT)
        timeline->left_count++;
    else
        return vt_err_set(err, code, "no memory for a page");
    return VT_OK;
}

static void put_top(struct vt_timeline_writer *w, const char *other)
{
    const char *host = w->input->config->hostname;
    vt_timeline_element(w, "<h1>", vt_timeline_word(w, VT_TIMELINE_TITLE), "</h1>\n");
    vt_timeline_element(w, "<p class=\"soft\">",
                        vt_timeline_word(w, w->input->is_now_given ? VT_TIMELINE_JUDGED_AS_AT
                                                                   : VT_TIMELINE_CHECKED_AT),
                        " ");
    vt_timeline_time(w, w->input->now_utc_secs, vt_page_time(&w->page, w->input->now_utc_secs));
    if (host != NULL) {
        vt_timeline_element(w, " ", vt_timeline_word(w, VT_TIMELINE_ON_HOST), " ");
        vt_timeline_text(w, host);
    }
    vt_timeline_element(w, ". <a class=\"screen\" lang=\"", other, "\" href=\"#");
    vt_timeline_element(w, "", other, "\">");
    vt_timeline_element(w, "", vt_timeline_word(w, VT_TIMELINE_ENGLISH), "</a></p>\n");
}

static void put_list(const struct vt_timeline *timeline, struct vt_timeline_writer *w)
{
    const struct vt_buf *rows = &timeline->rows[w->page.language];
    if (timeline->files_count + timeline->left_count < 2)
        return;
    vt_timeline_list_begin(w, VT_TIMELINE_LIST);
    if (w->code == VT_OK)
        w->code = vt_buf_add(w->out, rows->ptr, rows->len);
    vt_timeline_list_end(w);
    if (timeline->left_count > 0)
        vt_timeline_element(
            w, "<p>", vt_timeline_count(w, VT_TIMELINE_MORE_FILES, timeline->left_count), "</p>\n");
}

static void put_half(const struct vt_timeline *timeline, struct vt_timeline_writer *w)
{
    const struct vt_buf *body = &timeline->bodies[w->page.language];
    bool is_first = w->page.language == VT_NOTICE_VIETNAMESE;
    const char *own = vt_notice_language_names[w->page.language];
    vt_timeline_element(w, "<div lang=\"", own, "\" id=\"");
    vt_timeline_element(w, "", own, is_first ? "\">\n" : "\" class=\"second\">\n");
    put_top(w, vt_notice_language_names[is_first ? VT_NOTICE_ENGLISH : VT_NOTICE_VIETNAMESE]);
    put_list(timeline, w);
    if (w->code == VT_OK)
        w->code = vt_buf_add(w->out, body->ptr, body->len);
    vt_timeline_element(w, "<p class=\"soft\">", vt_timeline_word(w, VT_TIMELINE_FOOT),
                        "</p>\n</div>\n");
}

enum vt_code vt_timeline_write(const struct vt_timeline *timeline, struct vt_buf *out,
                               struct vt_err *err)
{
    struct vt_arena *arena = vt_arena_new(MAX_ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a page");
    struct vt_timeline_writer w = writer_of(timeline, arena, VT_NOTICE_VIETNAMESE, out);
    vt_timeline_begin(&w);
    for (unsigned i = 0; i < VT_NOTICE_LANGUAGES; i++) {
        w.page.language = (enum vt_notice_language)i;
        put_half(timeline, &w);
    }
    vt_timeline_end(&w);
    enum vt_code code = code_of(&w);
    vt_arena_free(arena);
    return code == VT_OK ? VT_OK : vt_err_set(err, code, "the page cannot be written");
}

void vt_timeline_free(struct vt_timeline *timeline)
{
    if (timeline == NULL)
        return;
    for (unsigned i = 0; i < VT_NOTICE_LANGUAGES; i++) {
        vt_buf_clear(&timeline->rows[i]);
        vt_buf_clear(&timeline->bodies[i]);
    }
    free(timeline);
}
