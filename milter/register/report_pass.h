/* SPDX-License-Identifier: Apache-2.0
 * One pass of counting: what report_count.c, of mails, and report_signatures.c share. */
#ifndef VANTHU_REGISTER_REPORT_PASS_H
#define VANTHU_REGISTER_REPORT_PASS_H

#include "register/internal.h"
#include "register/report.h"

/* One statement of rows by seq, standing on a row or at its end. */
struct vt_count_cursor {
    struct vt_sql *sql;
    int64_t seq; /* INT64_MAX: at the end */
};

struct vt_count_pass {
    struct vt_register *reg;
    struct vt_counted *out;
    struct vt_err *err;
    struct vt_count_cursor mails, followups, reasons, documents, signatures;
    int64_t lowest, highest; /* seq of the period */
    int64_t mails_count;
};

/* What is known of the mail that is being counted. */
struct vt_count_mail {
    int64_t seq, time_utc_secs;
    int64_t ordinal; /* from 1, over all registers */
    char direction[16], agency[VT_MAX_NAME_BYTES + 2], reason[40];
    char domain[VT_MAX_NAME_BYTES + 1]; /* of the sender */
    char action[16], would_be[16], verdict[16];
    bool is_secret, is_state;
    enum vt_register_outcome outcome;
    bool is_answered, is_overruled, is_clerk_refused;
    int64_t numbers[VT_MAIL_NUMBERS];
};

/* The next row of a cursor, or its end. */
enum vt_code vt_count_advance(struct vt_count_pass *pass,
                              struct vt_count_cursor *cursor) VT_MUST_CHECK;
/* Pass over rows of mails that are not counted. */
enum vt_code vt_count_seek(struct vt_count_pass *pass, struct vt_count_cursor *cursor,
                           int64_t seq) VT_MUST_CHECK;

/* A text of a row, cut to its place. */
void vt_count_copy(char *out, size_t out_bytes, const char *text);
/* An agency of the table by its id; without one a domain, or what stands for all others. */
void vt_count_agency(char *out, size_t out_bytes, const char *id, const char *otherwise);

enum vt_code vt_count_no_memory(struct vt_count_pass *pass);
/* Add numbers to an entry of a tally. */
enum vt_code vt_count_add(struct vt_count_pass *pass, struct vt_tally *tally, const char *name,
                          const int64_t *numbers, size_t count) VT_MUST_CHECK;

/* Open a cursor of a statement whose ?1 and ?2 are the lowest and highest seq, on its first row. */
enum vt_code vt_count_open(struct vt_count_pass *pass, struct vt_count_cursor *cursor,
                           const char *text) VT_MUST_CHECK;
/* That of signatures. */
enum vt_code vt_count_open_signatures(struct vt_count_pass *pass) VT_MUST_CHECK;
/* Count the signatures of a mail. */
enum vt_code vt_count_signatures(struct vt_count_pass *pass,
                                 const struct vt_count_mail *mail) VT_MUST_CHECK;

#endif
