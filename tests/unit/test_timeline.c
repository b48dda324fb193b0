/* SPDX-License-Identifier: Apache-2.0
 * The page about checked files: evidence that says nothing, evidence of every size that a child may
 * send, and more files than one page takes. What is on it: tests/command/test_check_html.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vanthu/timeline.h"

struct desk {
    struct vt_notice_words *words;
    struct vt_config *config;
    struct vt_timeline *timeline;
};

static int open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));
    struct vt_mistakes mistakes;
    struct vt_buf bundle;
    assert_non_null(desk);
    vt_buf_init(&bundle, 2u * 1024 * 1024);
    vt_mistakes_init(&mistakes);
    assert_int_equal(vt_notice_words_bundle(NULL, &bundle, NULL), VT_OK);
    assert_int_equal(
        vt_notice_words_parse(vt_buf_bytes(&bundle), "-", &desk->words, &mistakes, NULL), VT_OK);
    assert_int_equal(
        vt_config_parse(vt_bytes_str("hostname: mx1\n"), "x", &desk->config, &mistakes, NULL),
        VT_OK);
    const struct vt_timeline_input input = {
        .config = desk->config, .words = desk->words, .now_utc_secs = 1800000000, .offline = true};
    assert_int_equal(vt_timeline_new(&input, &desk->timeline, NULL), VT_OK);
    vt_mistakes_clear(&mistakes);
    vt_buf_clear(&bundle);
    *state = desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    vt_timeline_free(desk->timeline);
    vt_config_free(desk->config);
    vt_notice_words_free(desk->words);
    free(desk);
    return 0;
}

static void add(struct desk *desk, const char *name, const struct vt_evidence *evidence)
{
    const struct vt_timeline_file file = {.name = name, .evidence = evidence};
    assert_int_equal(vt_timeline_add(desk->timeline, &file, NULL), VT_OK);
}

/* With a NUL behind it; the caller frees it. */
static char *written(struct desk *desk, size_t *out_len)
{
    struct vt_buf page;
    vt_buf_init(&page, VT_MAX_TIMELINE_BYTES);
    assert_int_equal(vt_timeline_write(desk->timeline, &page, NULL), VT_OK);
    char *text = malloc(page.len + 1);
    assert_non_null(text);
    memcpy(text, page.ptr, page.len);
    text[page.len] = '\0';
    *out_len = page.len;
    vt_buf_clear(&page);
    return text;
}

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        count++;
    return count;
}

/* Zero memory is never valid. */
static void nothing_known(void **state)
{
    struct desk *desk = *state;
    struct vt_signature signature = {0};
    struct vt_document document = {.signatures = &signature, .signatures_count = 1};
    const struct vt_evidence evidence = {.documents = &document, .documents_count = 1};
    size_t len = 0;
    add(desk, NULL, &evidence);
    char *page = written(desk, &len);
    assert_null(strstr(page, "mark good"));
    assert_int_equal(count_of(page, "CHƯA KHẲNG ĐỊNH ĐƯỢC"), 3); /* file, document, signature */
    assert_int_equal(count_of(page, "Chữ ký số 1/1: chưa xác định"), 1);
    free(page);
}

/* A signature of a revision that is not told, and changes without one, are on the page all the
 * same. */
static void no_signature_is_lost(void **state)
{
    struct desk *desk = *state;
    struct vt_signature signatures[4] = {
        {.revision = 0}, {.revision = 3}, {.revision = 9}, {.revision = 4000000000u}};
    struct vt_revision revisions[2] = {{1, 100, 0}, {7, 200, VT_TIME_NONE}};
    struct vt_document_change changes[2] = {
        {VT_CHANGE_PAGE_REPLACED, VT_CHANGES_FORBIDDEN, 7, 4000000000u, NULL},
        {(enum vt_change_kind)77, (enum vt_changes)0, 0, 0, "what"}};
    struct vt_document document = {.name = "a.pdf",
                                   .signatures = signatures,
                                   .signatures_count = 4,
                                   .revisions = revisions,
                                   .revisions_count = 2,
                                   .changes = changes,
                                   .changes_count = 2};
    const struct vt_evidence evidence = {.documents = &document, .documents_count = 1};
    size_t len = 0;
    add(desk, "a.pdf", &evidence);
    char *page = written(desk, &len);
    for (unsigned i = 1; i <= 4; i++) {
        char title[40];
        (void)snprintf(title, sizeof(title), "Signature %u/4: not known", i);
        assert_int_equal(count_of(page, title), 1);
    }
    assert_int_equal(count_of(page, "Revision 2–7"), 1);
    assert_non_null(strstr(page, "(trang 4000000000)"));
    free(page);
}

/* The most that evidence may hold, in names and numbers. */
static void size_is_bounded(void **state)
{
    enum { DOCUMENTS = VT_MAX_PARTS, SIGNATURES = VT_MAX_SIGNATURES, NAME_BYTES = 9000 };
    struct desk *desk = *state;
    struct vt_document *documents = calloc(DOCUMENTS, sizeof(*documents));
    struct vt_signature *signatures = calloc(SIGNATURES, sizeof(*signatures));
    const char *findings[VT_MAX_FINDINGS];
    char *name = malloc(NAME_BYTES + 1);
    assert_true(documents != NULL && signatures != NULL && name != NULL);
    memset(name, '<', NAME_BYTES);
    name[NAME_BYTES] = '\0';
    for (size_t i = 0; i < VT_MAX_FINDINGS; i++)
        findings[i] = name;
    for (size_t i = 0; i < SIGNATURES; i++)
        signatures[i] = (struct vt_signature){.signer = {.common_name = name, .issuer = name},
                                              .field = name,
                                              .findings = findings,
                                              .findings_count = VT_MAX_FINDINGS,
                                              .reasons = UINT64_MAX};
    for (size_t i = 0; i < DOCUMENTS; i++)
        documents[i] = (struct vt_document){.name = name,
                                            .path = name,
                                            .reasons = UINT64_MAX,
                                            .signatures = signatures,
                                            .signatures_count = SIGNATURES};
    const struct vt_evidence evidence = {.documents = documents,
                                         .documents_count = DOCUMENTS,
                                         .findings = findings,
                                         .findings_count = VT_MAX_FINDINGS};
    size_t len = 0;
    for (unsigned i = 0; i < 12; i++)
        add(desk, name, &evidence);
    char *page = written(desk, &len);
    assert_true(len < VT_MAX_TIMELINE_BYTES);
    assert_non_null(strstr(page, "chữ ký số khác không nêu tại đây."));
    assert_non_null(strstr(page, "phần khác không nêu tại đây."));
    assert_non_null(strstr(page, "Kiểm tra riêng tệp này để xem chi tiết."));
    assert_null(strstr(page, "<<"));
    assert_int_equal(count_of(page, "<section id=\"vi-"), 12);
    assert_string_equal(page + len - strlen("</html>\n"), "</html>\n");
    free(page);
    free(name);
    free(signatures);
    free(documents);
}

static void more_files_are_counted(void **state)
{
    struct desk *desk = *state;
    const struct vt_evidence evidence = {0};
    size_t len = 0;
    for (unsigned i = 0; i < VT_MAX_TIMELINE_FILES + 7; i++)
        add(desk, "a.txt", &evidence);
    char *page = written(desk, &len);
    size_t listed = count_of(page, "href=\"#vi-"), left = 0;
    const char *said = strstr(page, "<p>Còn ");
    assert_non_null(said);
    left = strtoul(said + strlen("<p>Còn "), NULL, 10);
    assert_int_equal(listed + left, VT_MAX_TIMELINE_FILES + 7);
    assert_true(listed > 1000);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_known, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(no_signature_is_lost, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(size_is_bounded, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(more_files_are_counted, open_desk, close_desk),
    };
    return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
