/* SPDX-License-Identifier: Apache-2.0
 * The page about checked files: written file by file in both languages at once, so that the
 * evidence of one file need not wait for the next. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notice/timeline.h"

/* Words of one file in both languages. */
#define MAX_ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define MAX_LIST_BYTES ((size_t)4 * 1024 * 1024)
/* Signers named in the first sentence, and parts without signatures named below. */
enum { NAMED_SIGNERS = 5, NAMED_PARTS = 50 };

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

const char *vt_timeline_fill(struct vt_timeline_writer *w, enum vt_timeline_word word,
                             const char *first, const char *second)
{
    const char *out = vt_timeline_word(w, word);
    const char *const values[] = {first, second};
    static const char *const places[] = {"{1}", "{2}"};
    for (size_t i = 0; i < 2; i++) {
        const char *place = strstr(out, places[i]);
        if (place != NULL && values[i] != NULL)
            out = vt_page_printf(&w->page, "%.*s%s%s", (int)(place - out), out, values[i],
                                 place + strlen(places[i]));
    }
    return out;
}

const char *vt_timeline_count(struct vt_timeline_writer *w, enum vt_timeline_word word,
                              size_t count)
{
    return vt_timeline_fill(w, word, vt_page_printf(&w->page, "%zu", count), NULL);
}

const char *vt_timeline_bytes(struct vt_timeline_writer *w, uint64_t count)
{
    char mark = w->page.language == VT_NOTICE_VIETNAMESE ? '.' : ',';
    char digits[32], text[48];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, count);
    size_t used = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            text[used++] = mark;
        text[used++] = digits[i];
    }
    text[used] = '\0';
    return vt_page_printf(&w->page, "%s", text);
}

/* ---- the first sentence ---- */

struct counts {
    size_t all, bad, open;
    size_t unsigned_files;              /* in a form in which offices issue documents */
    const char *signers[NAMED_SIGNERS]; /* of valid ones, each once */
    size_t signers_count;
    bool has_more;
};

static void count_signer(struct vt_timeline_writer *w, struct counts *counts,
                         const struct vt_signature *signature)
{
    const struct vt_certificate_facts *signer = &signature->signer;
    if (signature->format == VT_SIGNATURE_DOCTIMESTAMP || counts->has_more)
        return;
    const char *name = vt_page_first_of(&w->page, signer->common_name, signer->subject);
    for (size_t i = 0; i < counts->signers_count; i++) {
        if (strcmp(counts->signers[i], name) == 0)
            return;
    }
    if (counts->signers_count < NAMED_SIGNERS)
        counts->signers[counts->signers_count++] = name;
    else
        counts->has_more = true;
}

static struct counts count(struct vt_timeline_writer *w, const struct vt_evidence *evidence)
{
    struct counts counts = {0};
    for (size_t d = 0; d < evidence->documents_count; d++) {
        const struct vt_document *document = &evidence->documents[d];
        counts.unsigned_files += document->is_official && document->signatures_count == 0;
        for (size_t s = 0; s < document->signatures_count; s++) {
            enum vt_timeline_verdict verdict =
                vt_timeline_verdict_of_signature(&document->signatures[s]);
            counts.all++;
            counts.bad += verdict == VT_TIMELINE_BAD;
            counts.open += verdict == VT_TIMELINE_OPEN;
            if (verdict == VT_TIMELINE_GOOD)
                count_signer(w, &counts, &document->signatures[s]);
        }
    }
    return counts;
}

static const char *of_all(struct vt_timeline_writer *w, enum vt_timeline_word word, size_t some,
                          size_t all)
{
    return vt_timeline_fill(w, word, vt_page_printf(&w->page, "%zu", some),
                            vt_page_printf(&w->page, "%zu", all));
}

static const char *sentence(struct vt_timeline_writer *w, enum vt_timeline_verdict verdict,
                            const struct counts *counts)
{
    if (verdict == VT_TIMELINE_NONE)
        return vt_timeline_word(w, VT_TIMELINE_UNSIGNED);
    if (verdict == VT_TIMELINE_BAD)
        return of_all(w, VT_TIMELINE_NOT_VALID, counts->bad, counts->all);
    if (verdict == VT_TIMELINE_GOOD)
        return NULL;
    if (counts->open > 0)
        return of_all(w, VT_TIMELINE_NOT_PROVEN, counts->open, counts->all);
    return vt_timeline_word(w, counts->all == 0 ? VT_TIMELINE_UNREAD : VT_TIMELINE_PARTLY_READ);
}

static void put_signers(struct vt_timeline_writer *w, const struct counts *counts)
{
    if (counts->signers_count == 0)
        return;
    vt_timeline_element(w, "<p>", vt_timeline_word(w, VT_TIMELINE_VALID_OF), " ");
    for (size_t i = 0; i < counts->signers_count; i++) {
        vt_timeline_put(w, i == 0 ? "" : "; ");
        vt_timeline_element(w, "<strong>", counts->signers[i], "</strong>");
    }
    if (counts->has_more)
        vt_timeline_element(w, " ", vt_timeline_word(w, VT_TIMELINE_AND_OTHERS), "");
    vt_timeline_put(w, ".</p>\n");
}

/* The document of a reason, for its fields. */
static const struct vt_document *document_of(const struct vt_evidence *evidence,
                                             enum vt_reason reason)
{
    for (size_t i = 0; i < evidence->documents_count; i++) {
        const struct vt_evidence alone = {.documents = &evidence->documents[i],
                                          .documents_count = 1};
        if ((vt_evidence_all_reasons(&alone) & VT_REASON_BIT(reason)) != 0)
            return &evidence->documents[i];
    }
    return NULL;
}

static void put_verdict(struct vt_timeline_writer *w)
{
    const struct vt_evidence *evidence = w->file->evidence;
    enum vt_timeline_verdict verdict = vt_timeline_verdict_of(evidence);
    const struct counts counts = count(w, evidence);
    enum vt_reason reason = vt_reasons_first(vt_site_all_reasons(evidence, w->file->facts));
    const char *first = sentence(w, verdict, &counts);
    vt_timeline_element(w, "<div class=\"verdict ", vt_timeline_class(verdict), "\">\n");
    vt_timeline_mark(w, verdict);
    if (first != NULL)
        vt_timeline_element(w, "\n<p><strong>", first, "</strong>");
    if (first != NULL && reason < VT_REASON_COUNT)
        vt_timeline_element(w, " ", vt_page_reason(&w->page, reason, document_of(evidence, reason)),
                            "");
    vt_timeline_put(w, first != NULL ? "</p>\n" : "\n");
    vt_timeline_worst_changes(w, evidence);
    put_signers(w, &counts);
    if (counts.all > 0 && counts.unsigned_files > 0)
        vt_timeline_element(
            w, "<p>", vt_timeline_count(w, VT_TIMELINE_OTHERS_UNSIGNED, counts.unsigned_files),
            "</p>\n");
    vt_timeline_put(w, "</div>\n");
}

/* ---- one file ---- */

static const struct vt_site_document *its_document(const struct vt_timeline_writer *w, size_t index)
{
    const struct vt_site_facts *facts = w->file->facts;
    return facts != NULL && index < facts->documents_count ? &facts->documents[index] : NULL;
}

static bool is_shown(const struct vt_timeline_writer *w, size_t index)
{
    const struct vt_evidence *evidence = w->file->evidence;
    return evidence->documents_count == 1 || evidence->documents[index].signatures_count > 0 ||
           vt_site_document_reasons(evidence, w->file->facts, index) != 0;
}

/* Of a mail or an archive: what is in it and in which state, before all details. */
static void put_contents(struct vt_timeline_writer *w)
{
    const struct vt_evidence *evidence = w->file->evidence;
    size_t shown = 0, named = 0;
    for (size_t i = 0; i < evidence->documents_count; i++)
        shown += is_shown(w, i);
    if (shown < 2)
        return;
    vt_timeline_list_begin(w, VT_TIMELINE_INSIDE);
    for (size_t i = 0; i < evidence->documents_count && named < NAMED_PARTS; i++) {
        const struct vt_document *document = &evidence->documents[i];
        if (!is_shown(w, i))
            continue;
        vt_timeline_list_line(w, NULL, vt_page_file_name(&w->page, document),
                              vt_timeline_verdict_of_document(document));
        named++;
    }
    vt_timeline_list_end(w);
    if (shown > named)
        vt_timeline_element(w, "<p>", vt_timeline_count(w, VT_TIMELINE_MORE_PARTS, shown - named),
                            "</p>\n");
}

static void put_documents(struct vt_timeline_writer *w, size_t begin)
{
    const struct vt_evidence *evidence = w->file->evidence;
    size_t left = 0;
    put_contents(w);
    for (size_t i = 0; i < evidence->documents_count; i++) {
        if (!is_shown(w, i))
            continue;
        if (vt_timeline_has_room(w, begin))
            vt_timeline_document(w, &evidence->documents[i], its_document(w, i), begin);
        else
            left++;
    }
    if (left > 0)
        vt_timeline_element(w, "<p>", vt_timeline_count(w, VT_TIMELINE_MORE_PARTS, left), "</p>\n");
}

static void put_other_parts(struct vt_timeline_writer *w)
{
    const struct vt_evidence *evidence = w->file->evidence;
    size_t count = 0;
    for (size_t i = 0; i < evidence->documents_count; i++) {
        if (is_shown(w, i) || count++ >= NAMED_PARTS)
            continue;
        if (count == 1)
            vt_timeline_element(w, "<p class=\"soft\">",
                                vt_timeline_word(w, VT_TIMELINE_OTHER_PARTS),
                                ":</p>\n<ul class=\"soft\">\n");
        vt_timeline_element(w, "<li>", vt_page_file_name(&w->page, &evidence->documents[i]), "");
        vt_timeline_element(w, " <code>", vt_format_name(evidence->documents[i].format),
                            "</code></li>\n");
    }
    if (count > 0)
        vt_timeline_put(w, "</ul>\n");
    if (count > NAMED_PARTS)
        vt_timeline_element(w, "<p class=\"soft\">",
                            vt_timeline_count(w, VT_TIMELINE_MORE_PARTS, count - NAMED_PARTS),
                            "</p>\n");
}

static void put_decision(struct vt_timeline_writer *w)
{
    const char *text = w->page.language == VT_NOTICE_VIETNAMESE ? w->file->decision_vietnamese
                                                                : w->file->decision_english;
    if (text == NULL)
        return;
    vt_timeline_element(w, "<p><strong>", vt_timeline_word(w, VT_TIMELINE_DECISION), ":</strong> ");
    vt_timeline_element(w, "", text, "</p>\n");
}

static const char *its_name(struct vt_timeline_writer *w)
{
    const char *name = vt_notice_clean(w->page.arena, w->file->name, VT_MAX_NAME_BYTES);
    return name != NULL ? name : vt_page_label(&w->page, VT_LABEL_UNNAMED_FILE);
}

/* "vi-3": where the list of files leads to. */
static const char *anchor(struct vt_timeline_writer *w, size_t number)
{
    return vt_page_printf(&w->page, "%s-%zu", vt_notice_language_names[w->page.language], number);
}

static void put_section(struct vt_timeline_writer *w, size_t number)
{
    size_t begin = w->out->len;
    bool has_room = vt_timeline_has_room(w, begin);
    vt_timeline_element(w, "<section id=\"", anchor(w, number), "\">\n<h2>");
    vt_timeline_element(w, "", its_name(w), "</h2>\n");
    put_verdict(w);
    put_decision(w);
    vt_timeline_reasons(w, w->file->evidence->reasons, NULL);
    vt_timeline_findings(w, w->file->evidence->findings, w->file->evidence->findings_count);
    if (has_room) {
        put_documents(w, begin);
        put_other_parts(w);
    } else {
        vt_timeline_element(w, "<p>", vt_timeline_word(w, VT_TIMELINE_LEFT_OUT), "</p>\n");
    }
    vt_timeline_put(w, "</section>\n");
}

static void put_line(struct vt_timeline_writer *w, size_t number)
{
    vt_timeline_list_line(w, anchor(w, number), its_name(w),
                          vt_timeline_verdict_of(w->file->evidence));
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
    put_section(&body, timeline->files_count + 1);
    put_line(&row, timeline->files_count + 1);
    enum vt_code code = code_of(&body) != VT_OK ? code_of(&body) : code_of(&row);
    if (code != VT_OK) {
        body.out->len = body_len;
        row.out->len = row_len;
    }
    return code;
}

/* ---- the page ---- */

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
