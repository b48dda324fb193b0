/* SPDX-License-Identifier: Apache-2.0
 * vanthu check --html: what was found in all files as one page. */
#ifndef VANTHU_COMMAND_CHECK_HTML_H
#define VANTHU_COMMAND_CHECK_HTML_H

#include "command/check.h"
#include "vanthu/timeline.h"

struct vt_check_html {
    struct vt_notice_words *words;
    struct vt_timeline *timeline;
    FILE *out;        /* that of --html=FILE, not yet written to; NULL: standard output */
    const char *file; /* its name */
};

/* Read the words, and open what is to be written, so that both are told before the first file is
 * checked. files: that will be checked, NULL at the end; none of them may be what is written.
 * Returns EX_OK, or the exit status of what was told. *html begins as zero; close it in any case.
 */
int vt_check_html_open(struct vt_check_html *html, const struct vt_check_options *options,
                       const struct vt_config *config, char *const *files);
/* What was found in a file; text: as for print. VT_E_NOMEM. */
enum vt_code vt_check_html_add(struct vt_check_html *html, const struct vt_check_text *text,
                               const struct vt_evidence *evidence,
                               const struct vt_decision *decision,
                               struct vt_err *err) VT_MUST_CHECK;
/* Write the page. False: what was wrong has been told. */
bool vt_check_html_write(struct vt_check_html *html);
void vt_check_html_close(struct vt_check_html *html);

#endif
