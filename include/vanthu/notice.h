/* SPDX-License-Identifier: Apache-2.0
 * notice: what people are told, and who is told (design.md 6; users.md 3 to 5; legal.md,
 * Pure: who is owed a notice follows from evidence, decision and configuration; a
 * notice is written from the same. Queue and delivery are the registrar's and post's. */
#ifndef VANTHU_NOTICE_H
#define VANTHU_NOTICE_H

#include "vanthu/config.h"
#include "vanthu/register.h"
#include "vanthu/site.h"

/* The words stand in records: vt_notice_kind_name. */
enum vt_notice_kind {
    VT_NOTICE_REFUSED = 0, /* "refused": to the sender, the mail was not delivered */
    VT_NOTICE_REMARK,      /* "remark": to the sender, delivered with a remark */
    VT_NOTICE_HELD,        /* "held": to the sender */
    VT_NOTICE_RELEASED,    /* "released": to the sender of a held mail that was delivered */
    VT_NOTICE_RETURNED,    /* "returned": to the sender of a held mail that was not */
    VT_NOTICE_CLERK,       /* "clerk": to the sender, a clerk does not receive the document */
    VT_NOTICE_CORRECTION,  /* "correction": to who was told of what an administrator took back */
    VT_NOTICE_RECHECK,     /* "recheck": to the receiving clerk, a status became known */
    VT_NOTICE_ARRIVAL,     /* "arrival": to the sender, the mail came; never a receipt */
    VT_NOTICE_MARKED,      /* "marked": to the recipients, by notify: recipient */
    VT_NOTICE_LIST,        /* "list": to a records mailbox, mails refused, held, overruled */
    VT_NOTICE_OFFICER,     /* "officer": to the officer, mails wait for a decision */
    VT_NOTICE_DIGEST,      /* "digest": to the administrator */
    VT_NOTICE_UNSEALED,    /* "unsealed": to our own sender, the mail left without its seal */
    VT_NOTICE_KINDS
};
/* Never NULL. */
const char *vt_notice_kind_name(enum vt_notice_kind kind);
/* VT_OK or VT_E_NOT_FOUND. */
enum vt_code vt_notice_kind_by_name(const char *name, enum vt_notice_kind *out) VT_MUST_CHECK;
/* A notice about one mail, that its sender gets and that follows from the answer to it. */
bool vt_notice_is_to_sender(enum vt_notice_kind kind);

/* ---- who is owed one ---- */

/* Why the sender of a mail gets no notice of ours; the word stands in the record and is what
 * `vanthu policy explain` shows. */
enum vt_no_notice {
    VT_NO_NOTICE_NONE = 0,    /* one is owed */
    VT_NO_NOTICE_NOT_WANTED,  /* "not-wanted": nothing of the configuration or policy asks for it */
    VT_NO_NOTICE_OFF,         /* "off": notices are switched off, or observe mode */
    VT_NO_NOTICE_SECRET,      /* "secret": R-78 */
    VT_NO_NOTICE_OUR_CAUSE,   /* "our-cause": it is not the sender's to mend */
    VT_NO_NOTICE_EMPTY,       /* "empty-sender" */
    VT_NO_NOTICE_NO_REPLY,    /* "no-reply-address": mailer-daemon, noreply, owner-… */
    VT_NO_NOTICE_LIST,        /* "list" */
    VT_NO_NOTICE_AUTOMATIC,   /* "automatic": Auto-Submitted, Precedence, a bounce, a report */
    VT_NO_NOTICE_OURS,        /* "our-own": a notice of ours that came back */
    VT_NO_NOTICE_NOT_PROVEN,  /* "not-proven": nothing proves the envelope sender */
    VT_NO_NOTICE_NOT_STATE,   /* "not-state": proven, but no office of the state */
    VT_NO_NOTICE_FRONT_RELAY, /* "front-relay": the relay in front is not what proves a sender */
    VT_NO_NOTICE_COUNT
};
/* NULL for VT_NO_NOTICE_NONE. */
const char *vt_no_notice_name(enum vt_no_notice why);

struct vt_notice_plan_input {
    const struct vt_config *config;
    const struct vt_site *site; /* NULL: none; the table that the decision was made with */
    const struct vt_evidence *evidence;
    const struct vt_decision *decision;
    enum vt_register_outcome outcome; /* of the answer that is about to be given */
    bool is_unsealed;                 /* it leaves without the seal that was asked for */
    bool is_secret;
    int64_t now_utc_secs;
};
struct vt_notice_plan {
    struct vt_register_notice *items; /* at most VT_MAX_REGISTER_NOTICES */
    size_t count;
    enum vt_no_notice why_not; /* of the sender */
};
/* Everything that a decision owes to anybody. *out and its strings live in arena. VT_E_NOMEM. */
enum vt_code vt_notice_plan(struct vt_arena *arena, const struct vt_notice_plan_input *input,
                            struct vt_notice_plan *out, struct vt_err *err) VT_MUST_CHECK;
/* Whom an administrator who takes a decision back owes a correction: everybody whom a notice of its
 * record told that something is wrong, and the records mailboxes whose list has named the mail
 * since then. Once for all transactions of a circular. decided: a DECIDED record of a mail.
 * *out_items in arena, as in vt_notice_plan. VT_E_NOMEM. */
enum vt_code vt_notice_plan_correction(struct vt_arena *arena, const struct vt_config *config,
                                       const struct vt_site *site,
                                       const struct vt_register_record *decided,
                                       int64_t now_utc_secs, struct vt_register_notice **out_items,
                                       size_t *out_count, struct vt_err *err) VT_MUST_CHECK;
/* A clerk does not receive the document of a mail: the sender is told, if he may be. */
enum vt_code vt_notice_plan_clerk(struct vt_arena *arena, const struct vt_config *config,
                                  const struct vt_mail *mail, enum vt_reason reason,
                                  struct vt_notice_plan *out, struct vt_err *err) VT_MUST_CHECK;
/* A held mail was let go or sent back, kind RELEASED or RETURNED: the sender is told, if he may be,
 * once for each reference. mail: NULL of one that is marked secret. *out in arena. VT_E_NOMEM. */
enum vt_code vt_notice_plan_held(struct vt_arena *arena, const struct vt_config *config,
                                 const struct vt_mail *mail, enum vt_notice_kind kind,
                                 struct vt_notice_plan *out, struct vt_err *err) VT_MUST_CHECK;
/* A certificate of a mail that was delivered turned out to be revoked or suspended: the records
 * mailboxes of the agencies that got it are told, else the recipients in our domains; once for each
 * reference and certificate. decided: its DECIDED record. *out_items in arena, none of a mail that
 * was not delivered. VT_E_NOMEM. */
enum vt_code vt_notice_plan_recheck(struct vt_arena *arena, const struct vt_config *config,
                                    const struct vt_site *site,
                                    const struct vt_register_record *decided,
                                    const char *certificate_sha256,
                                    struct vt_register_notice **out_items, size_t *out_count,
                                    struct vt_err *err) VT_MUST_CHECK;
/* Whether own mail may go to the envelope sender of this mail at all, whatever was decided. */
enum vt_no_notice vt_notice_sender_check(const struct vt_config *config,
                                         const struct vt_mail *mail);
/* The key of notices about one circular: sender, Message-ID and the digests of its documents in any
 * order; without Message-ID and documents it is of the reference alone. arena: for sorting. */
enum vt_code vt_notice_key(struct vt_arena *arena, const struct vt_evidence *evidence,
                           char out_sha256[65]) VT_MUST_CHECK;
/* Of anything else: the parts, each with its length before it. */
void vt_notice_key_of(const char *const *parts, size_t count, char out_sha256[65]);

/* ---- the words ---- */

/* Frames and reasons in Vietnamese and English; immutable. */
struct vt_notice_words;

/* Read a folder with vi/ and en/ and lay its files into one memory file's bytes, which
 * vt_notice_words_parse takes where no files can be read. directory NULL: what is built in.
 * out: empty. VT_E_NOT_FOUND, VT_E_SYSTEM, VT_E_LIMIT, VT_E_NOMEM. */
enum vt_code vt_notice_words_bundle(const char *directory, struct vt_buf *out,
                                    struct vt_err *err) VT_MUST_CHECK;
/* Every mistake is added with file, line and column. What a folder does not have is taken from what
 * is built in, with a warning. *out only without errors; vt_notice_words_free. */
enum vt_code vt_notice_words_parse(struct vt_bytes bundle, const char *name,
                                   struct vt_notice_words **out, struct vt_mistakes *mistakes,
                                   struct vt_err *err) VT_MUST_CHECK;
/* NULL is allowed. */
void vt_notice_words_free(struct vt_notice_words *words);

/* ---- a notice, written ---- */

/* One transaction, as its record says it. All borrowed. */
struct vt_notice_mail {
    const char *reference;
    int64_t time_utc_secs;
    const struct vt_evidence *evidence; /* NULL: the record has none */
    const struct vt_decision *decision; /* NULL: the same */
    const struct vt_register_answer *answer;
    /* For lists and reminders: "refused", "held", "overruled", "released", "returned"; and since
     * when. NULL: what the answer says. */
    const char *state;
    int64_t state_utc_secs;
};

/* A notice is sent in both; one of them is for a preview. */
enum vt_notice_languages { VT_NOTICE_IN_BOTH = 0, VT_NOTICE_IN_VIETNAMESE, VT_NOTICE_IN_ENGLISH };
struct vt_notice_input {
    enum vt_notice_kind kind;
    enum vt_notice_languages languages;
    const char *recipient; /* whom it goes to */
    const struct vt_config *config;
    const struct vt_site *site; /* or NULL */
    const struct vt_notice_words *words;
    /* Of a circular every transaction, that which owed the notice first; of a list every mail. */
    const struct vt_notice_mail *mails;
    size_t mails_count;
    size_t more_count; /* of a list: mails beyond these */
    const char *text;  /* why, in a person's words: undo, refuse, hold; or NULL */
    const char *by;
    enum vt_reason reason;    /* of clerk and recheck; VT_REASON_COUNT: none */
    const char *earlier;      /* of a correction: reference of what no longer holds; or NULL */
    int64_t earlier_utc_secs; /* of the notice that no longer holds */
    int64_t from_utc_secs, until_utc_secs; /* of a list or digest: its period */
    /* Of a digest: lines that were gathered, each a name and a text. */
    const struct vt_notice_line {
        const char *name, *text;
    } * lines;
    size_t lines_count;
    const char *message_id; /* without angle brackets: the same at every attempt */
    int64_t now_utc_secs;
};

/* RFC 5322 with CRLF, ASCII only, no line above 76 bytes but one that cannot be folded. */
struct vt_notice_message {
    struct vt_buf bytes;
    char subject[256]; /* UTF-8, for lists */
};
/* Write one. out: zeroed; vt_notice_message_clear. VT_E_NOMEM, VT_E_LIMIT. */
enum vt_code vt_notice_write(const struct vt_notice_input *input, struct vt_notice_message *out,
                             struct vt_err *err) VT_MUST_CHECK;
/* Its parts alone, for `vanthu notice preview`: text at 72 columns, or one HTML page. */
enum vt_code vt_notice_write_text(const struct vt_notice_input *input, struct vt_buf *out,
                                  struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_notice_write_html(const struct vt_notice_input *input, struct vt_buf *out,
                                  struct vt_err *err) VT_MUST_CHECK;
void vt_notice_message_clear(struct vt_notice_message *message);

/* What a notice of a kind about a reason is written from when there is no mail; VT_REASON_COUNT:
 * what fits the kind. Names and addresses say that they are samples, the reference is all zeros.
 * out: in arena, now_utc_secs the time of the notice; config, site and words are the caller's to
 * set. VT_E_NOMEM. */
enum vt_code vt_notice_sample(struct vt_arena *arena, enum vt_notice_kind kind,
                              enum vt_reason reason, int64_t now_utc_secs,
                              struct vt_notice_input *out) VT_MUST_CHECK;
/* The kind in which a reason is met first: refused, remark or clerk. */
enum vt_notice_kind vt_notice_sample_kind(enum vt_reason reason);

#endif
