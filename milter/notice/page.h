/* SPDX-License-Identifier: Apache-2.0
 * A notice in one language as a list of nodes, from which text and HTML are written: both say the
 * same. */
#ifndef VANTHU_NOTICE_PAGE_H
#define VANTHU_NOTICE_PAGE_H

#include "notice/view.h"

/* Files, signatures and mails that are shown to people; the machine part has more. */
#define VT_NOTICE_FILES_SHOWN 10
#define VT_NOTICE_SIGNATURES_SHOWN 10
#define VT_NOTICE_RECIPIENTS_SHOWN 5
#define VT_NOTICE_MAILS_SHOWN 200
#define VT_NOTICE_LINES_SHOWN 200

enum vt_notice_node_kind {
    VT_NODE_HEADLINE = 0,
    VT_NODE_PARAGRAPH, /* lines end at \n */
    VT_NODE_SMALL,
    VT_NODE_TITLE,
    VT_NODE_ITEM,    /* number, text */
    VT_NODE_PAIR,    /* label: text, below an item */
    VT_NODE_FACT,    /* label, text: of a table */
    VT_NODE_LANGUAGE /* another language begins: its name */
};
struct vt_notice_node {
    enum vt_notice_node_kind kind;
    size_t number; /* of an item; 0: none */
    const char *label, *text;
};
struct vt_notice_page {
    const struct vt_notice_view *view;
    struct vt_arena *arena;
    enum vt_notice_language language; /* of what is being added */
    struct vt_notice_node *nodes;
    size_t count;
    const char *subject;
    bool is_subject;   /* what is filled in now: a quoted subject is cut short in it */
    enum vt_code code; /* VT_OK, or VT_E_NOMEM: nothing more is added */
};
/* Vietnamese first, English second. VT_E_NOMEM. */
enum vt_code vt_notice_page(struct vt_arena *arena, const struct vt_notice_view *view,
                            struct vt_notice_page *out) VT_MUST_CHECK;

/* Add a node; text and label are borrowed. */
void vt_page_add(struct vt_notice_page *page, enum vt_notice_node_kind kind, const char *label,
                 const char *text);
void vt_page_add_item(struct vt_notice_page *page, size_t number, const char *text);
/* A text in the arena, "" when memory is out, which stops the page. */
const char *vt_page_printf(struct vt_notice_page *page, const char *format, ...) VT_PRINTF(2, 3);
/* The value of a field that is no block; NULL: it is not known. */
const char *vt_page_field(struct vt_notice_page *page, enum vt_notice_field field);
/* The nodes of a block; false: it has none. */
bool vt_page_block(struct vt_notice_page *page, enum vt_notice_field field);
void vt_page_files(struct vt_notice_page *page);
void vt_page_facts(struct vt_notice_page *page);
void vt_page_recipients(struct vt_notice_page *page);
void vt_page_mails(struct vt_notice_page *page);
void vt_page_lines(struct vt_notice_page *page);

/* The recipient, or how many agencies and boxes; NULL: none. */
const char *vt_page_recipients_words(struct vt_notice_page *page,
                                     const struct vt_notice_group *group);
/* How a file is called. */
const char *vt_page_file_name(struct vt_notice_page *page, const struct vt_document *document);
/* Pages of a document that were changed after its signature, for a reason that says so: "trang 2",
 * "trang 2, 3, 7 …"; NULL: none is known. */
const char *vt_page_changed_pages(struct vt_notice_page *page, enum vt_reason reason,
                                  const struct vt_document *document);
/* Reason and what to do, with their fields, the reason with the pages that it is about; document:
 * NULL: the mail. */
const char *vt_page_reason(struct vt_notice_page *page, enum vt_reason reason,
                           const struct vt_document *document);
const char *vt_page_to_do(struct vt_notice_page *page, enum vt_reason reason,
                          const struct vt_document *document);
/* "09:12 ngày 03/12/2026 (giờ Việt Nam)"; NULL for VT_TIME_NONE. */
const char *vt_page_time(struct vt_notice_page *page, int64_t utc_secs);
/* The first of two texts that says something, cleaned; else that it is not known. */
const char *vt_page_first_of(struct vt_notice_page *page, const char *a, const char *b);
/* When it was signed and who says so, or that it is not known, in the page's arena. NULL: no
 * memory. */
const char *vt_page_signing_time(struct vt_notice_page *page, const struct vt_signature *signature);
/* The seven facts of a signature (legal.md R-39), in their order. */
#define VT_PAGE_FACTS 7
struct vt_page_fact {
    const char *label, *text;
};
void vt_page_signature_facts(struct vt_notice_page *page, const struct vt_signature *signature,
                             struct vt_page_fact out[VT_PAGE_FACTS]);
/* "03/12/2026" */
const char *vt_page_day(struct vt_notice_page *page, int64_t utc_secs);

/* ---- words that frames do not have ---- */

enum vt_notice_label {
    VT_LABEL_REASON = 0,
    VT_LABEL_TO_DO,
    VT_LABEL_WHOLE_MAIL,
    VT_LABEL_MESSAGE_SIGNATURE,
    VT_LABEL_UNNAMED_FILE,
    VT_LABEL_BY_POLICY,
    VT_LABEL_NONE_KNOWN,
    VT_LABEL_PAGE,
    VT_LABEL_PAGES,
    VT_LABEL_MAILBOXES,
    VT_LABEL_AGENCIES,
    VT_LABEL_MAILBOX,
    VT_LABEL_AGENCY,
    VT_LABEL_DELIVERED,
    VT_LABEL_NOT_DELIVERED,
    VT_LABEL_HELD,
    VT_LABEL_LATER,
    VT_LABEL_OTHERS,
    VT_LABEL_VALID_FILES,
    VT_LABEL_UNCHECKED_FILES,
    VT_LABEL_MORE_FILES,
    VT_LABEL_MORE_SIGNATURES,
    VT_LABEL_MORE_MAILS,
    VT_LABEL_FACTS,
    VT_LABEL_FILE,
    VT_LABEL_SIGNATURE,
    VT_LABEL_ISSUER,
    VT_LABEL_SIGNER,
    VT_LABEL_UNIT,
    VT_LABEL_SIGNING_TIME,
    VT_LABEL_INTEGRITY,
    VT_LABEL_VALIDITY,
    VT_LABEL_PERIOD,
    VT_LABEL_FROM_TO,
    VT_LABEL_BY_TIMESTAMP,
    VT_LABEL_BY_FIRST_SEEN,
    VT_LABEL_CLAIMED,
    VT_LABEL_INTACT,
    VT_LABEL_BROKEN,
    VT_LABEL_UNDETERMINED,
    VT_LABEL_VALID,
    VT_LABEL_INVALID,
    VT_LABEL_UNPROVEN,
    VT_LABEL_SENDER,
    VT_LABEL_SUBJECT,
    VT_LABEL_RECIPIENT,
    VT_LABEL_FILES,
    VT_LABEL_STATE,
    VT_LABEL_SINCE,
    VT_LABEL_SECRET,
    VT_LABEL_STATE_REFUSED,
    VT_LABEL_STATE_HELD,
    VT_LABEL_STATE_OVERRULED,
    VT_LABEL_STATE_RELEASED,
    VT_LABEL_STATE_RETURNED,
    VT_LABEL_STATE_DELIVERED,
    VT_LABEL_STATE_LATER,
    VT_LABEL_ENGLISH_BELOW,
    VT_LABEL_ENGLISH,
    VT_LABELS
};
/* In the language of the page. */
const char *vt_page_label(const struct vt_notice_page *page, enum vt_notice_label label);

/* ---- forms ---- */

/* Text at VT_NOTICE_COLUMNS, lines end with \n; one HTML page. VT_E_NOMEM, VT_E_LIMIT. */
enum vt_code vt_notice_text(const struct vt_notice_page *page, struct vt_buf *out) VT_MUST_CHECK;
enum vt_code vt_notice_html(const struct vt_notice_page *page, struct vt_buf *out) VT_MUST_CHECK;
/* All signatures of all files for a machine: one JSON object, malloc'd. VT_E_NOMEM. */
enum vt_code vt_notice_json(const struct vt_notice_view *view, char **out_text,
                            size_t *out_len) VT_MUST_CHECK;
/* message/delivery-status (RFC 3464 2), ASCII with CRLF; nothing when no recipient is known. */
enum vt_code vt_notice_delivery_status(const struct vt_notice_view *view,
                                       struct vt_buf *out) VT_MUST_CHECK;
/* Refused, held or returned, with recipients: what a delivery-status is made for. */
bool vt_notice_is_report(const struct vt_notice_view *view);

#endif
