/* SPDX-License-Identifier: Apache-2.0
 * Inside of the page about checked files: one writer for each language, the words, the parts. */
#ifndef VANTHU_NOTICE_TIMELINE_H
#define VANTHU_NOTICE_TIMELINE_H

#include "notice/page.h"
#include "vanthu/timeline.h"

/* The details of one file, and of all, in one language. What would be beyond is counted. */
#define VT_TIMELINE_FILE_BYTES ((size_t)1024 * 1024)
#define VT_TIMELINE_ALL_BYTES ((size_t)8 * 1024 * 1024)
/* Findings of one document or signature that are shown. */
#define VT_TIMELINE_FINDINGS 20

/* The order is that of vt_evidence_exit_status. */
enum vt_timeline_verdict {
    VT_TIMELINE_GOOD = 0,
    VT_TIMELINE_BAD,
    VT_TIMELINE_OPEN,
    VT_TIMELINE_NONE
};
enum vt_timeline_verdict vt_timeline_verdict_of(const struct vt_evidence *evidence);
enum vt_timeline_verdict vt_timeline_verdict_of_document(const struct vt_document *document);
enum vt_timeline_verdict vt_timeline_verdict_of_signature(const struct vt_signature *signature);

enum vt_timeline_word {
    VT_TIMELINE_TITLE = 0,
    VT_TIMELINE_CHECKED_AT,
    VT_TIMELINE_JUDGED_AS_AT,
    VT_TIMELINE_ON_HOST,
    VT_TIMELINE_ENGLISH,
    VT_TIMELINE_LIST,
    VT_TIMELINE_FILE,
    VT_TIMELINE_RESULT,
    VT_TIMELINE_RESULT_AND_TIME,
    VT_TIMELINE_MARK_GOOD, /* the four in the order of the verdicts */
    VT_TIMELINE_MARK_BAD,
    VT_TIMELINE_MARK_OPEN,
    VT_TIMELINE_MARK_NONE,
    VT_TIMELINE_VALID_OF,
    VT_TIMELINE_AND_OTHERS,
    VT_TIMELINE_NOT_VALID,
    VT_TIMELINE_NOT_PROVEN,
    VT_TIMELINE_UNREAD,
    VT_TIMELINE_PARTLY_READ,
    VT_TIMELINE_UNSIGNED,
    VT_TIMELINE_ONLY_INSIDE,
    VT_TIMELINE_OTHERS_UNSIGNED,
    VT_TIMELINE_OTHER_PARTS,
    VT_TIMELINE_MORE_PARTS,
    VT_TIMELINE_MORE_FILES,
    VT_TIMELINE_MORE_SIGNATURES,
    VT_TIMELINE_LEFT_OUT,
    VT_TIMELINE_BYTES,
    VT_TIMELINE_EFFECT,
    VT_TIMELINE_SEEMS,
    VT_TIMELINE_SEEMS_FOR,
    VT_TIMELINE_REVISION,
    VT_TIMELINE_FIRST_BYTES,
    VT_TIMELINE_ALL_BYTES_OF,
    VT_TIMELINE_CREATED,
    VT_TIMELINE_AS_IT_SAYS,
    VT_TIMELINE_REVISIONS,
    VT_TIMELINE_SIGNATURES,
    VT_TIMELINE_ABOUT,
    VT_TIMELINE_IN_FILE,
    VT_TIMELINE_INSIDE,
    VT_TIMELINE_FIRST_UNSIGNED,
    VT_TIMELINE_CAME,
    VT_TIMELINE_NOBODY_SIGNED,
    VT_TIMELINE_NO_NEW_SIGNATURE,
    VT_TIMELINE_EXPLAINED,
    VT_TIMELINE_SIGNED_BY,
    VT_TIMELINE_ON_PAGE,
    VT_TIMELINE_IN_FIELD,
    VT_TIMELINE_IN_REVISION,
    VT_TIMELINE_SIGNATURE,
    VT_TIMELINE_FILE_STAMP,
    VT_TIMELINE_FACTS,
    VT_TIMELINE_COVERS,
    VT_TIMELINE_FIRST,
    VT_TIMELINE_AFTER,
    VT_TIMELINE_AFTER_NONE,
    VT_TIMELINE_AFTER_PERMITTED,
    VT_TIMELINE_AFTER_FORBIDDEN,
    VT_TIMELINE_AFTER_UNCLEAR,
    VT_TIMELINE_AFTER_ADDED,
    VT_TIMELINE_KIND,
    VT_TIMELINE_STAMP,
    VT_TIMELINE_STAMP_COUNTS,
    VT_TIMELINE_STAMP_COUNTS_NOT,
    VT_TIMELINE_STATUS,
    VT_TIMELINE_STATUS_UNKNOWN, /* in the order of enum vt_status_value */
    VT_TIMELINE_STATUS_GOOD,
    VT_TIMELINE_STATUS_REVOKED,
    VT_TIMELINE_STATUS_SUSPENDED,
    VT_TIMELINE_STATUS_UNREACHABLE,
    VT_TIMELINE_STATUS_STALE,
    VT_TIMELINE_STATUS_NOT_NEEDED,
    VT_TIMELINE_SINCE,
    VT_TIMELINE_PATH,
    VT_TIMELINE_DETAILS,
    VT_TIMELINE_NOT_ASKED,
    VT_TIMELINE_DECISION,
    VT_TIMELINE_FOOT,
    VT_TIMELINE_WORDS
};

/* Writes in the language of its page into out; after an error nothing more. */
struct vt_timeline_writer {
    struct vt_buf *out;
    struct vt_notice_page page;
    const struct vt_timeline_input *input;
    const struct vt_timeline_file *file;
    enum vt_code code;
};

/* ---- timeline_words.c ---- */

const char *vt_timeline_word(const struct vt_timeline_writer *w, enum vt_timeline_word word);
const char *vt_timeline_phrase(const struct vt_timeline_writer *w, const struct vt_phrase *phrase);
/* With {1} and {2} filled in; second may be NULL. What is made of words lives in the page's arena.
 */
const char *vt_timeline_fill(struct vt_timeline_writer *w, enum vt_timeline_word word,
                             const char *first, const char *second);
const char *vt_timeline_count(struct vt_timeline_writer *w, enum vt_timeline_word word,
                              size_t count);
/* "12.345", "12,345" */
const char *vt_timeline_bytes(struct vt_timeline_writer *w, uint64_t count);

/* ---- timeline_html.c ---- */

/* The begin of the page up to its body, and its end. */
void vt_timeline_begin(struct vt_timeline_writer *w);
void vt_timeline_end(struct vt_timeline_writer *w);
/* HTML of ours. */
void vt_timeline_put(struct vt_timeline_writer *w, const char *html);
/* Any text: cleaned, cut, escaped; NULL is "". */
void vt_timeline_text(struct vt_timeline_writer *w, const char *text);
/* Text between HTML of ours. */
void vt_timeline_element(struct vt_timeline_writer *w, const char *begin, const char *text,
                         const char *end);
/* "<TAG class="mark bad">✕ KHÔNG HỢP LỆ</TAG>": by sign and word, not by colour alone. */
void vt_timeline_mark(struct vt_timeline_writer *w, enum vt_timeline_verdict verdict);
/* "good", "bad", "open", "none": the class of what has this verdict. */
const char *vt_timeline_class(enum vt_timeline_verdict verdict);
/* Reasons and what to do; document: for their fields, or NULL. */
void vt_timeline_reasons(struct vt_timeline_writer *w, vt_reasons reasons,
                         const struct vt_document *document);
/* A time as people say it (NULL: not at all), and as ISO 8601 has it with +07:00. */
void vt_timeline_time(struct vt_timeline_writer *w, int64_t utc_secs, const char *people);
/* Findings for an administrator, which are in English. */
void vt_timeline_findings(struct vt_timeline_writer *w, const char *const *findings, size_t count);
/* How much more may be written of a file that began at a length of out. */
bool vt_timeline_has_room(const struct vt_timeline_writer *w, size_t begin);

/* ---- timeline_list.c: what is told below in full, in lines ---- */

/* The signatures of a document, when it has more than one. */
void vt_timeline_list_signatures(struct vt_timeline_writer *w, const struct vt_document *document,
                                 const struct vt_site_document *its);
/* Begin and end of a table with the results of files, and a line of it; link: to "#…", or NULL. */
void vt_timeline_list_begin(struct vt_timeline_writer *w, enum vt_timeline_word caption);
void vt_timeline_list_line(struct vt_timeline_writer *w, const char *link, const char *name,
                           enum vt_timeline_verdict verdict);
void vt_timeline_list_end(struct vt_timeline_writer *w);

/* ---- parts, from the whole to the details ---- */

/* timeline_file.c: the section of w->file, which is the number-th, and its line in the list. */
void vt_timeline_section(struct vt_timeline_writer *w, size_t number);
void vt_timeline_section_line(struct vt_timeline_writer *w, size_t number);
/* timeline_verdict.c: what is said of w->file first. */
void vt_timeline_put_verdict(struct vt_timeline_writer *w);
/* The name of a document, with that of the document around it: two may be called the same. */
const char *vt_timeline_document_name(struct vt_timeline_writer *w,
                                      const struct vt_document *document);
/* its: NULL: the table was not asked. */
void vt_timeline_document(struct vt_timeline_writer *w, const struct vt_document *document,
                          const struct vt_site_document *its, size_t begin);
void vt_timeline_signature(struct vt_timeline_writer *w, const struct vt_document *document,
                           size_t index, const struct vt_site_signature *its, unsigned heading);
/* The changes that came with the revisions above first, up to last: a list, or nothing. */
void vt_timeline_changes(struct vt_timeline_writer *w, const struct vt_document *document,
                         unsigned above, unsigned last);
/* Who signed, as a certificate has it. */
const char *vt_timeline_signer(struct vt_timeline_writer *w, const struct vt_signature *signature);
/* What was changed after a signature, each kind once with where it is. */
void vt_timeline_changes_after(struct vt_timeline_writer *w, const struct vt_document *document,
                               const struct vt_signature *signature);
/* Of a file: the first changes that are not permitted, or that nobody signed, or whose effect is
 * not known, a list, or nothing. */
void vt_timeline_worst_changes(struct vt_timeline_writer *w, const struct vt_evidence *evidence);

#endif
