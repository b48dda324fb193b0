/* SPDX-License-Identifier: Apache-2.0
 * vanthu register: what its parts share. */
#ifndef VANTHU_COMMAND_REGISTER_H
#define VANTHU_COMMAND_REGISTER_H

#include "command/command.h"
#include "command/print.h"
#include "vanthu/register.h"

/* Heads that one verification is given. */
#define VT_MAX_GIVEN_HEADS 16
/* Files that one recheck is given with --document. */
#define VT_MAX_GIVEN_DOCUMENTS 16
/* Records that list and search show when nothing else is said. */
#define VT_SHOWN_RECORDS 50

struct vt_register_desk {
    const char *name; /* "vanthu register list", for messages */
    enum vt_language language;
    bool json;
    const char *config_file;
    struct vt_register_place place;
    struct vt_register_query query; /* what list and search are asked */
    size_t limit;                   /* records to be shown; 0: all */
    char digests[2][65];            /* of the query */
    const char *head_files[VT_MAX_GIVEN_HEADS];
    size_t heads_count;
    const char *export_file, *request_file, *token_file; /* of head */
    bool chain_only;                                     /* of verify */
    const char *document_files[VT_MAX_GIVEN_DOCUMENTS];  /* of recheck */
    size_t documents_count;
    struct vt_check_options *check; /* --trust */
    char *const *arguments;         /* behind the options, up to NULL */
    struct vt_config *config;
    struct vt_register *reg; /* opened for reading */
};

/* Each returns the exit status. */
int vt_register_list(struct vt_register_desk *desk);
int vt_register_search(struct vt_register_desk *desk);
int vt_register_show(struct vt_register_desk *desk);
int vt_register_recheck(struct vt_register_desk *desk);
int vt_register_verify_whole(struct vt_register_desk *desk);
int vt_register_head_show(struct vt_register_desk *desk);

/* Say why a text is no reference, and which one of the register may be meant. Returns EX_DATAERR.
 */
int vt_register_explain_reference(const struct vt_register_desk *desk, const char *text);

/* ---- records for a person ---- */

struct vt_register_text {
    FILE *out;
    enum vt_language language;
};
/* One line: time, reference, what happened, why, sender, recipients, first file. */
void vt_register_text_line(const struct vt_register_text *text,
                           const struct vt_register_record *record);
/* A record whose body was destroyed. */
void vt_register_text_destroyed_line(const struct vt_register_text *text,
                                     const struct vt_register_entry *entry);
/* All of it: the mail, its documents and signatures, the decision, the answer, what followed. */
void vt_register_text_record(const struct vt_register_text *text,
                             const struct vt_register_record *record);
/* The same for a record whose body is not there any more. */
void vt_register_text_destroyed(const struct vt_register_text *text,
                                const struct vt_register_entry *entry);
/* "TỪ CHỐI" or "REFUSED": what the MTA was told, or was about to be. */
const char *vt_register_text_outcome(enum vt_language language, enum vt_register_outcome outcome,
                                     bool is_tagged);
/* What became of a notice; outcome: vt_register_noticed. */
const char *vt_register_text_noticed(enum vt_language language, const char *outcome);
const char *vt_register_text_result(enum vt_language language,
                                    const struct vt_register_decided *decided);
/* The facts of a mail, NULL when there are none. */
const struct vt_mail *vt_register_text_mail(const struct vt_register_decided *decided);
/* Write text that has lines, each as vt_text_clean gives it: nothing in it plays with a terminal.
 * False when it could not be written. */
bool vt_register_put_clean(FILE *out, const char *text, size_t len) VT_MUST_CHECK;
/* True when vt_text_clean would change nothing. */
bool vt_register_is_clean(const char *text);

/* ---- a central database ---- */

/* What the register of this host says of the same records. */
struct vt_register_own {
    bool is_known; /* it is this host's, and could be read */
    bool is_same;
    int64_t waiting_count; /* records that are not shipped yet */
};
/* reg: what was verified. Unknown for a register of another host. Errors of reading the register of
 * this host. */
enum vt_code vt_register_own_compare(const struct vt_register_desk *desk, struct vt_register *reg,
                                     const struct vt_register_verdict *verdict,
                                     struct vt_register_own *out, struct vt_err *err) VT_MUST_CHECK;
void vt_register_own_print(const struct vt_register_desk *desk, const struct vt_register_own *own);

/* ---- heads ---- */

/* "{"v":1,"record":12,"chain":"…","time":"…"}" and a line feed. */
enum vt_code vt_head_write(const struct vt_register_head *head, FILE *out,
                           struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_head_read(struct vt_bytes text, struct vt_register_head *out,
                          struct vt_err *err) VT_MUST_CHECK;

#endif
