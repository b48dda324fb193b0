/* SPDX-License-Identifier: Apache-2.0
 * The page of vanthu check --html: opened before anything is checked, written when all is. */
#include "command/check_html.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/excerpt.h"
#include "command/notice_words.h"

/* ---- opening ---- */

static int load_words(struct vt_check_html *html, const struct vt_config *config)
{
    struct vt_err err = {0};
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    enum vt_code code =
        vt_command_load_words(config->notices.directory, &html->words, &mistakes, &err);
    if (code != VT_OK)
        vt_excerpts_print(&mistakes, stderr);
    vt_mistakes_clear(&mistakes);
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

/* A page over the document it is about would be a loss. */
static bool is_one_of(const struct stat *page, char *const *files)
{
    struct stat file;
    for (; *files != NULL; files++) {
        if (strcmp(*files, "-") != 0 && stat(*files, &file) == 0 && file.st_dev == page->st_dev &&
            file.st_ino == page->st_ino)
            return true;
    }
    return false;
}

/* What it held before stays until the page is complete. */
static int open_file(struct vt_check_html *html, const struct vt_check_options *options,
                     char *const *files)
{
    struct stat status;
    html->file = options->html_file;
    if (stat(html->file, &status) == 0 && is_one_of(&status, files)) {
        fprintf(stderr, "%s: --html=%s would overwrite a file that is to be checked\n",
                options->command, html->file);
        return EX_USAGE;
    }
    int fd = open(html->file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    html->out = fd < 0 ? NULL : fdopen(fd, "w");
    if (html->out != NULL)
        return EX_OK;
    fprintf(stderr, "%s: --html=%s: cannot write: %s\n", options->command, html->file,
            strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return EX_CANTCREAT;
}

int vt_check_html_open(struct vt_check_html *html, const struct vt_check_options *options,
                       const struct vt_config *config, char *const *files)
{
    struct vt_err err = {0};
    int status = load_words(html, config);
    if (status != EX_OK)
        return status;
    const struct vt_timeline_input input = {.config = config,
                                            .words = html->words,
                                            .now_utc_secs = options->now_utc_secs,
                                            .is_now_given = options->is_now_given,
                                            .offline = options->offline};
    enum vt_code code = vt_timeline_new(&input, &html->timeline, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    return options->html_file == NULL ? EX_OK : open_file(html, options, files);
}

/* ---- adding ---- */

/* malloc'd; NULL without memory. */
static char *decision_text(const struct vt_check_text *text, enum vt_language language,
                           const struct vt_mail *mail, const struct vt_decision *decision)
{
    struct vt_check_text in = *text;
    char *out = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&out, &len);
    in.language = language;
    if (stream == NULL)
        return NULL;
    vt_command_print_decision(stream, &in, mail, decision);
    if (fclose(stream) == 0)
        return out;
    free(out);
    return NULL;
}

enum vt_code vt_check_html_add(struct vt_check_html *html, const struct vt_check_text *text,
                               const struct vt_evidence *evidence,
                               const struct vt_decision *decision, struct vt_err *err)
{
    char *vietnamese = NULL, *english = NULL;
    enum vt_code code = VT_OK;
    if (decision != NULL) {
        vietnamese = decision_text(text, VT_LANGUAGE_VIETNAMESE, &evidence->mail, decision);
        english = decision_text(text, VT_LANGUAGE_ENGLISH, &evidence->mail, decision);
        code = vietnamese == NULL || english == NULL ? VT_E_NOMEM : VT_OK;
    }
    const struct vt_timeline_file file = {
        .name = strcmp(text->file, "-") == 0 ? NULL : vt_command_base_name(text->file),
        .evidence = evidence,
        .facts = text->facts,
        .site = text->site,
        .decision_vietnamese = vietnamese,
        .decision_english = english};
    if (code == VT_OK)
        code = vt_timeline_add(html->timeline, &file, err);
    free(vietnamese);
    free(english);
    return code;
}

/* ---- writing ---- */

static bool write_out(FILE *out, struct vt_bytes page)
{
    struct stat status;
    bool is_regular = out != stdout && fstat(fileno(out), &status) == 0 && S_ISREG(status.st_mode);
    return fwrite(page.ptr, 1, page.len, out) == page.len && fflush(out) == 0 &&
           (!is_regular || ftruncate(fileno(out), (off_t)page.len) == 0);
}

bool vt_check_html_write(struct vt_check_html *html)
{
    struct vt_err err = {0};
    struct vt_buf page;
    vt_buf_init(&page, VT_MAX_TIMELINE_BYTES);
    enum vt_code code = vt_timeline_write(html->timeline, &page, &err);
    bool is_written = false;
    if (code != VT_OK)
        (void)vt_command_fault(&err, code);
    else if (html->out == NULL)
        is_written = write_out(stdout, vt_buf_bytes(&page)); /* main tells what was not */
    else
        is_written = write_out(html->out, vt_buf_bytes(&page));
    if (code == VT_OK && !is_written && html->out != NULL)
        fprintf(stderr, "vanthu check: --html=%s: cannot write: %s\n", html->file, strerror(errno));
    vt_buf_clear(&page);
    return is_written;
}

void vt_check_html_close(struct vt_check_html *html)
{
    if (html->out != NULL)
        (void)fclose(html->out);
    vt_timeline_free(html->timeline);
    vt_notice_words_free(html->words);
}
