/* SPDX-License-Identifier: Apache-2.0
 * policy: (policy, evidence, first-deferred time, now) -> decision, a pure function. No OpenSSL,
 * no libmilter, no I/O but its files (design.md 5, users.md 2). */
#ifndef VANTHU_POLICY_H
#define VANTHU_POLICY_H

#include <stdio.h>

#include "vanthu/evidence.h"

enum vt_mode { VT_MODE_OBSERVE = 0, VT_MODE_TAG, VT_MODE_ENFORCE };

/* A loaded policy; immutable; freed with vt_policy_free. */
struct vt_policy;
/* What the site's table adds to evidence: vanthu/site.h. */
struct vt_site;
struct vt_site_facts;

/* Mistakes of a file, all of one run. The caller owns the storage: init, clear. */
struct vt_mistakes {
    struct vt_mistake {
        char *file;
        unsigned line, column; /* from 1 */
        bool warning;
        char *text; /* what is wrong and what would be right */
    } * items;
    size_t count;
    size_t errors_count; /* without warnings */
};
void vt_mistakes_init(struct vt_mistakes *mistakes);
void vt_mistakes_clear(struct vt_mistakes *mistakes);
/* Add one; the texts are copied. VT_E_NOMEM: it is counted all the same. */
enum vt_code vt_mistakes_add(struct vt_mistakes *mistakes, const char *file, unsigned line,
                             unsigned column, bool warning, const char *format, ...)
    VT_PRINTF(6, 7);
/* Each as "file:line:column: text", into the log, or for people on a stream. */
void vt_mistakes_log(const struct vt_mistakes *mistakes);
void vt_mistakes_print(const struct vt_mistakes *mistakes, FILE *stream);

/* Read a policy file and every file it names, once: a bundle, which vt_policy_parse_bundle takes
 * where no files can be read. A named file that cannot be read is no error here; parsing tells it
 * at the place of its name. out: empty, of at most VT_MAX_BUNDLE_BYTES. VT_E_NOT_FOUND,
 * VT_E_SYSTEM, VT_E_LIMIT, VT_E_NOMEM. */
enum vt_code vt_policy_bundle(const char *file, struct vt_buf *out,
                              struct vt_err *err) VT_MUST_CHECK;
/* Parse and check a bundle; name stands for the policy file in messages, those of a named file have
 * its own. Nothing of the bundle is kept. As vt_policy_load. */
enum vt_code vt_policy_parse_bundle(struct vt_bytes bundle, const char *name,
                                    struct vt_policy **out, struct vt_mistakes *mistakes,
                                    struct vt_err *err) VT_MUST_CHECK;
/* Read and check a policy file with the files it names. Every mistake of the file is added to
 * mistakes, with line and column. *out is set only when there is no error. Returns VT_OK,
 * VT_E_CONFIG, VT_E_NOT_FOUND, VT_E_SYSTEM, VT_E_LIMIT, VT_E_NOMEM. */
enum vt_code vt_policy_load(const char *file, struct vt_policy **out, struct vt_mistakes *mistakes,
                            struct vt_err *err) VT_MUST_CHECK;
/* A policy that names no files, from memory; name stands for the file in messages. As
 * vt_policy_load. */
enum vt_code vt_policy_parse(struct vt_bytes text, const char *name, struct vt_policy **out,
                             struct vt_mistakes *mistakes, struct vt_err *err) VT_MUST_CHECK;
/* NULL is allowed. */
void vt_policy_free(struct vt_policy *policy);
/* First 8 hexadecimal digits of a digest (FNV-1a, 64 bits) of the normalised policy and of the
 * files it names: to tell two versions apart, not for security. */
const char *vt_policy_version(const struct vt_policy *policy);
/* The mailbox of the officer, who decides about held mail; NULL: nobody does. The policy's. */
const char *vt_policy_officer(const struct vt_policy *policy);
/* The table of agencies that it names; NULL: none. The policy's. */
const struct vt_site *vt_policy_site(const struct vt_policy *policy);
/* A rule and a digest over its text, without comments and style, and over the lists that it names:
 * to know since when it is what it is. */
struct vt_rule_digest {
    const char *name; /* the policy's */
    uint64_t digest;  /* FNV-1a: not for security */
};
/* Of every rule, in their order. *out in arena. VT_E_NOMEM. */
enum vt_code vt_policy_digests(struct vt_arena *arena, const struct vt_policy *policy,
                               struct vt_rule_digest **out, size_t *out_count,
                               struct vt_err *err) VT_MUST_CHECK;
/* Reasons that can be found with this policy and that no rule names: `vanthu policy check` lists
 * them. */
vt_reasons vt_policy_unhandled(const struct vt_policy *policy);

/* The JSON Schema of the language for editors (malloc'd, NUL-terminated), made from the tables of
 * the parser. VT_E_NOMEM. */
enum vt_code vt_policy_schema(char **out_text, size_t *out_len, struct vt_err *err) VT_MUST_CHECK;

/* Three truths (Kleene): only yes matches, and "not" of unknown is unknown. */
enum vt_truth { VT_NO = 0, VT_UNKNOWN = 1, VT_YES = 2 };

/* Why not the action that a rule names was taken, but a milder one. */
enum vt_lowered {
    VT_LOWERED_NOT = 0,
    VT_LOWERED_NO_OFFICER,
    VT_LOWERED_OUR_CAUSE,
    VT_LOWERED_LIST,
    VT_LOWERED_FRONT_RELAY,
    VT_LOWERED_EMPTY_SENDER,
    VT_LOWERED_SUBMISSION,
    VT_LOWERED_TIME_OVER,
    VT_LOWERED_BRAKE,
    VT_LOWERED_COUNT
};
/* "no officer is named", …; NULL for VT_LOWERED_NOT. */
const char *vt_lowered_text(enum vt_lowered lowered);

/* One test of a rule. What stands in a group (not, any-of, document …) follows it, one level
 * deeper. */
struct vt_trace_test {
    const char *key;
    const char *has;   /* what the mail has, "": not known; NULL: a group */
    const char *needs; /* what the rule asks for; "" of most groups */
    enum vt_truth truth;
    unsigned depth;
};

/* One rule that matched, or was tried, for one document (document index, or SIZE_MAX for the mail
 * itself). */
struct vt_trace {
    const char *rule;
    unsigned line;
    size_t document;
    enum vt_mode mode;
    bool matched;
    enum vt_action action; /* that it asked for, when it matched */
    const char *why;       /* why it matched or did not, one line */
    /* Only where every rule is traced: */
    size_t signature;            /* of the document, that the tests are about; SIZE_MAX: none */
    enum vt_action asked;        /* the action the rule names, before anything lowered it */
    enum vt_lowered lowered;     /* why it is not action */
    bool is_over;                /* the rule has an end, which has come */
    bool is_skipped;             /* not tried: an earlier rule had decided about the document */
    bool would_match;            /* of one not tried: action is what it would have asked for */
    struct vt_trace_test *tests; /* each of its tests, whether it was needed or not */
    size_t tests_count;
};

/* Who is told, beside what the notices of the site say. */
enum vt_notify {
    VT_NOTIFY_SENDER = 0,
    VT_NOTIFY_RECIPIENT,
    VT_NOTIFY_RECORDS, /* the records mailboxes of the receiving agencies */
    VT_NOTIFY_OFFICER,
    VT_NOTIFY_ADMIN,
    VT_NOTIFY_COUNT
};
/* Preferred: what cannot be sealed is sent without a seal. Required: it is not sent. */
enum vt_seal { VT_SEAL_NONE = 0, VT_SEAL_PREFERRED, VT_SEAL_REQUIRED };
enum vt_seal_what { VT_SEAL_WHAT_MESSAGE = 0, VT_SEAL_WHAT_DOCUMENTS, VT_SEAL_WHAT_BOTH };
/* Which documents a rule wants sealed, and what they show. */
struct vt_seal_documents {
    /* Of their file names, folded; none: any name, and a document without one, too. */
    const char **names;
    size_t names_count;
    const char **except;
    size_t except_count;
    enum {
        VT_SEAL_SIGNED_OR_NOT = 0,
        VT_SEAL_SIGNED_ONLY,
        VT_SEAL_UNSIGNED_ONLY,
        VT_SEAL_VALID_ONLY
    } is_signed;
    unsigned at_most; /* more than these: nothing of the mail is sealed */
    /* The first of them whose names fit; none: nothing is shown. */
    struct vt_seal_appearance_asked {
        const char **names; /* as above */
        size_t names_count;
        const char *appearance; /* a name of seal.appearances */
        unsigned line, column;  /* in the policy file */
    } * appearances;
    size_t appearances_count;
};
/* How a rule wants a mail sealed. */
struct vt_seal_asked {
    enum vt_seal mode;
    enum vt_seal_what what;
    const struct vt_seal_documents *documents; /* NULL unless what has documents */
    const char *key;  /* of the configuration; NULL: the only one that may seal such mails */
    bool is_internal; /* mail that stays in our domains is sealed, too */
    bool is_opaque;   /* else in the clear form */
    bool protects_headers;
};
/* A seal that a rule asks for, and where its key is named, or the seal itself. */
struct vt_policy_seal {
    const char *rule; /* the policy's */
    struct vt_seal_asked asked;
    unsigned line, column; /* in the policy file */
};
/* The next one from *at on, which begins with 0; false: there is none. */
bool vt_policy_next_seal(const struct vt_policy *policy, size_t *at, struct vt_policy_seal *out);

/* A document of a mail that is to be sealed. */
struct vt_seal_choice {
    size_t document;        /* in the evidence */
    const char *appearance; /* the policy's; NULL: nothing is shown */
};
struct vt_arena;
/* The documents of a mail that are meant: PDFs that are a part of it by themselves, not within
 * other mails, archives or containers. *out in arena. VT_E_NOMEM. */
enum vt_code vt_seal_choose(struct vt_arena *arena, const struct vt_seal_documents *asked,
                            const struct vt_evidence *evidence, struct vt_seal_choice **out,
                            size_t *out_count, struct vt_err *err) VT_MUST_CHECK;

/* A header that a rule adds. */
struct vt_header_asked {
    const char *name;  /* begins with "X-", and not with "X-Vanthu-" */
    const char *value; /* printable ASCII */
};

struct vt_decision {
    enum vt_action action;   /* what is to be done after mode and clamps */
    enum vt_action would_be; /* what it would be if every rule and the site were in enforce */
    const char *rule;        /* the rule that decided; NULL: none matched */
    unsigned rule_line;
    enum vt_mode mode;            /* in which that rule ran */
    enum vt_reason reason;        /* the first reason that matched, VT_REASON_COUNT: none */
    size_t document;              /* the document that decided; SIZE_MAX: the mail */
    const char *code;             /* SMTP "550", "451"; NULL when neither rejected nor deferred */
    const char *enhanced;         /* enhanced status code of the rule (RFC 3463), or NULL */
    const char *text;             /* text of the rule for the answer, or NULL */
    int64_t defer_until_utc_secs; /* end of a defer, VT_TIME_NONE */
    /* Marks of a mail that is delivered, asked for by the deciding rule. */
    const char *folder;         /* or NULL */
    const char *subject_prefix; /* or NULL; none on mail that is signed or leaves */
    const struct vt_header_asked *headers;
    size_t headers_count;
    unsigned notify;      /* bit of each enum vt_notify, of all rules that took effect */
    enum vt_seal seal;    /* of mail that leaves */
    const char *seal_key; /* goes with it, and so do these: struct vt_seal_asked */
    bool seal_is_opaque, seal_protects_headers;
    enum vt_seal_what seal_what;
    const struct vt_seal_documents *seal_documents; /* the policy's; NULL: not known any more */
    struct vt_trace *trace;                         /* rules that matched, or all of them */
    size_t trace_count;
    size_t tried_count; /* rules tried, over all documents and the mail */
    const char *policy_version;
    const char *officer; /* of a hold, or where notify has him: who decides about mails, "name
                            <mailbox>"; else NULL */
    const struct vt_site_facts *site; /* NULL: not found out */
};

struct vt_policy_input {
    const struct vt_evidence *evidence;
    enum vt_mode site_mode; /* observe: the action is always accept */
    /* When these documents, sender and recipients were first deferred; VT_TIME_NONE: never. */
    int64_t first_deferred_utc_secs;
    int64_t now_utc_secs;
    /* Rules that only tag for now, because they refused too much (vanthu/brake.h). */
    const char *const *braked;
    size_t braked_count;
    bool is_submission; /* never deferred: a mail program does not queue (users.md 1) */
    /* The trace has every rule with its tests: those that did not match, too, and those that were
     * not tried any more. */
    bool is_traced;
    const struct vt_site
        *site; /* in the place of the table that the policy names; NULL: that one */
};

/* Decide. *out lives in arena; names and texts of rules in it are the policy's, which must outlive
 * it. Returns VT_OK or VT_E_NOMEM. */
enum vt_code vt_policy_evaluate(struct vt_arena *arena, const struct vt_policy *policy,
                                const struct vt_policy_input *input, struct vt_decision **out,
                                struct vt_err *err) VT_MUST_CHECK;

/* "observe", "tag", "enforce". */
const char *vt_mode_name(enum vt_mode mode);
/* "sender", "recipient", "records", "officer", "admin"; "none", "preferred", "required". */
const char *vt_notify_name(enum vt_notify notify);
const char *vt_seal_name(enum vt_seal seal);
/* "message", "documents", "both". */
const char *vt_seal_what_name(enum vt_seal_what what);
/* The decision as a JSON object text (malloc'd), for logs and `vanthu check --json`. */
enum vt_code vt_decision_to_json(const struct vt_decision *decision, char **out_text,
                                 size_t *out_len, struct vt_err *err) VT_MUST_CHECK;

#endif
