/* SPDX-License-Identifier: Apache-2.0
 * timeline: what was found in files, as one page of HTML for a clerk: for each file a sentence,
 * then its signatures as a timeline of revisions, each with its seven facts (legal.md R-39), its
 * verdict and what was changed after it; Vietnamese first, English second. No scripts, nothing
 * remote. */
#ifndef VANTHU_TIMELINE_H
#define VANTHU_TIMELINE_H

#include "vanthu/config.h"
#include "vanthu/notice.h"

/* One page. Of a file that would make it larger its line in the list of files is left, which says
 * so; beyond VT_MAX_TIMELINE_FILES files nothing is left but their number. */
#define VT_MAX_TIMELINE_BYTES (24u * 1024 * 1024)
#define VT_MAX_TIMELINE_FILES 2000

struct vt_timeline_input {
    const struct vt_config *config;
    const struct vt_notice_words *words;
    int64_t now_utc_secs; /* when the files were checked */
    bool is_now_given;    /* by a person: not that of the clock */
    bool offline;         /* a status that is not known was not asked for */
};
/* What was found in one file; all borrowed. */
struct vt_timeline_file {
    const char *name; /* as it is called by who asks */
    const struct vt_evidence *evidence;
    const struct vt_site_facts *facts; /* NULL: the table of agencies was not asked */
    const struct vt_site *site;        /* for the names of agencies, or NULL */
    /* What the policy does with it, a sentence in each language; NULL: there is none. */
    const char *decision_vietnamese, *decision_english;
};

struct vt_timeline;
/* *out is to be freed; input's config and words must outlive it. VT_E_NOMEM. */
enum vt_code vt_timeline_new(const struct vt_timeline_input *input, struct vt_timeline **out,
                             struct vt_err *err) VT_MUST_CHECK;
/* The next file. VT_E_NOMEM. */
enum vt_code vt_timeline_add(struct vt_timeline *timeline, const struct vt_timeline_file *file,
                             struct vt_err *err) VT_MUST_CHECK;
/* The page, UTF-8. out: empty, with room for VT_MAX_TIMELINE_BYTES. VT_E_NOMEM, VT_E_LIMIT. */
enum vt_code vt_timeline_write(const struct vt_timeline *timeline, struct vt_buf *out,
                               struct vt_err *err) VT_MUST_CHECK;
/* NULL is allowed. */
void vt_timeline_free(struct vt_timeline *timeline);

#endif
