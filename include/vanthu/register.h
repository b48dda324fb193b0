/* SPDX-License-Identifier: Apache-2.0
 * register: what was decided about each mail and what the MTA got, kept so that nothing is lost and
 * everything can be proven (design.md 2 and 8; legal.md ). One file per
 * gateway; a handle belongs to one thread.
 *
 * The chain. body_digest = SHA-256(salt || body), salt of 16 random bytes. The chain value of
 * record n is SHA-256 over 100 bytes, numbers big-endian:
 *      32  chain value of record n - 1; before the first: SHA-256("vanthu register\n" || id), id
 *          being the register's 16 random bytes
 *       8  seq                 1 for the first record, no gaps
 *       4  kind
 *      16  reference           its 14 characters and NULs; NULs when there is none
 *       8  time_utc_secs       two's complement
 *      32  body_digest
 * Destruction takes body and salt away and leaves seq, kind, reference, time, digest and chain, so
 * the chain is verified as before; a DESTROYED record says which went and why. */
#ifndef VANTHU_REGISTER_H
#define VANTHU_REGISTER_H

#include "vanthu/object.h"
#include "vanthu/policy.h"
#include "vanthu/reference.h"

/* The file in the register's directory. */
#define VT_REGISTER_FILE "register.sqlite"
#define VT_REGISTER_DIGEST_BYTES 32
/* One body: evidence, and a decision with every rule that matched for every document. */
#define VT_MAX_REGISTER_BODY_BYTES (24u * 1024 * 1024)
/* Records of one append; a full queue of the gateway has fewer. */
#define VT_MAX_REGISTER_BATCH 1000
/* Digests of one call of vt_register_first_seen: three for each signature, with room. */
#define VT_MAX_FIRST_SEEN 2000
/* Objects and notices of one record. */
#define VT_MAX_REGISTER_OBJECTS 2000
#define VT_MAX_REGISTER_NOTICES 64

/* The numbers stand in the chain: they never change their meaning. */
enum vt_register_kind {
    VT_REGISTER_DECIDED = 1,   /* a mail: evidence, decision, notices owed */
    VT_REGISTER_ANSWERED = 2,  /* what the MTA got for it */
    VT_REGISTER_OVERRULED = 3, /* a decision that an administrator took back, an exception */
    VT_REGISTER_REFUSED = 4,   /* a clerk's own refusal */
    VT_REGISTER_DESTROYED = 5, /* bodies and objects that were destroyed, and why */
    VT_REGISTER_EVENT = 6,     /* policy loaded, mode changed, … */
    VT_REGISTER_NOTICE = 7,    /* what became of a notice that was owed */
    VT_REGISTER_KINDS
};
#define VT_REGISTER_KIND_BIT(kind) (1u << (kind))
/* "decided", "answered", … */
const char *vt_register_kind_name(enum vt_register_kind kind);

/* ---- what is appended: all borrowed; strings from mail may be anything, they are cleaned ---- */

/* Zero memory is no answer that lets a mail pass. */
enum vt_register_outcome {
    VT_OUTCOME_TEMPFAIL = 0,
    VT_OUTCOME_REJECT,
    VT_OUTCOME_HOLD,
    VT_OUTCOME_ACCEPT,
    VT_OUTCOMES
};
/* "tempfail", "reject", "hold", "accept". */
const char *vt_register_outcome_name(enum vt_register_outcome outcome);

struct vt_register_answer {
    enum vt_register_outcome outcome;
    const char *code, *enhanced; /* NULL or "": none */
    const char *hold_reason;
    const char *const *lines;
    size_t lines_count;
};

/* A notice owed. Notices with the same key, kind and recipient are about one matter: they are
 * written as one when no more came with it for quiet_secs, and not at all when one was there within
 * once_secs, from this gateway or another. */
struct vt_register_notice {
    char key_sha256[65];   /* of sender, Message-ID and digests of the documents; or of a matter */
    const char *kind;      /* "refused", "held", … (vt_notice_kind_name) */
    const char *recipient; /* one address */
    int64_t quiet_secs;    /* 0: at once; at most VT_MAX_NOTICE_QUIET_SECS */
    int64_t once_secs;     /* 0: always; at most VT_MAX_NOTICE_ONCE_SECS */
    bool is_first; /* set by the append: the matter is new within once_secs, as far as is known */
};
#define VT_MAX_NOTICE_QUIET_SECS 150
#define VT_MAX_NOTICE_ONCE_SECS (INT64_C(366) * 24 * 60 * 60)

/* Bytes that led to the verdict, kept once each: "certificate", "crl", "ocsp", "timestamp"; of an
 * event "policy". */
struct vt_register_object {
    const char *kind;
    enum vt_object_from from;
    struct vt_bytes bytes; /* at most VT_MAX_CRL_BYTES; empty: named only */
    char sha256[65];       /* set by the append from the bytes, when there are some */
    int64_t size_bytes;    /* the same; else as far as it is known, 0 */
    bool is_kept;          /* set by the append: the register has its bytes */
};

/* What became of the seal that the policy asked for; words, all borrowed. */
struct vt_register_seal {
    const char *result;     /* "sealed", "left-alone", "failed" */
    const char *key;        /* its name; NULL: none was found */
    const char *purpose;    /* "message"; "document": of documents alone */
    const char *why;        /* one word; NULL of a sealed mail */
    const char *text;       /* more of it; or NULL */
    const char *cms_sha256; /* of the signature in the mail; NULL unless sealed */
    const char *level;      /* "B-B", "B-T", "B-LT"; NULL: no time stamp was asked for */
    const char *authority;  /* address of who gave the time stamp; NULL */
    const char *unstamped;  /* why there is none, though one was asked for; NULL */
    const char *unstored;   /* why documents are without validation data, though asked for; NULL */
    struct vt_register_sealed_document {
        const char *path;
        const char *name;   /* or NULL */
        const char *word;   /* "sealed", "sealed-already", or why not */
        const char *text;   /* more of it; or NULL */
        const char *sha256; /* of the sealed file; NULL unless sealed */
    } * documents;          /* those that the rule meant */
    size_t documents_count;
};

struct vt_register_decided {
    const struct vt_evidence *evidence; /* NULL: none could be had, then mail */
    const struct vt_mail *mail;         /* used when evidence is NULL */
    const struct vt_decision *decision; /* NULL: none could be had */
    enum vt_mode mode;
    struct vt_register_answer answer; /* that is about to be given */
    int64_t queue_msecs, inspection_msecs, status_msecs, total_msecs;
    unsigned passes;
    const struct vt_err *fault, *failure; /* NULL or VT_OK: none */
    const char *no_notice; /* why the sender is owed none (vt_no_notice_name); NULL: one is, or not
                              known */
    const struct vt_register_seal *seal; /* NULL: none was asked for */
    struct vt_register_object *objects;
    size_t objects_count;
    /* SHA-256 (hexadecimal) of signature value, signed bytes and file of each signature. Kept only
     * while the clock is synchronised: a wrong clock would prove a wrong time; and only those that
     * no other gateway is known to have seen before. */
    const char *const *first_seen;
    size_t first_seen_count;
    bool clock_is_synchronised;
    /* With a deferred mail: key of its clock (vt_register_defer_key); NULL or "": none. */
    const char *defer_key_sha256;
    /* A mail marked secret: its body is made of a count and the time alone, and nothing of it goes
     * into any table or object. So is every mail whose evidence has SECRET_MARK. Of one that
     * is held the body has the MTA's queue id too, by which alone it can be let go. */
    bool is_secret;
    const char *held_queue_id; /* set by vt_register_read of such a mail; else NULL */
};

struct vt_register_answered {
    struct vt_register_answer answer;
    bool is_secret; /* lines are left out; so they are when the decided record was secret */
};

/* vanthu undo: documents, or a certificate with a reason, that are accepted until a date. */
struct vt_register_overruled {
    const char *reason_text; /* why, in the administrator's words */
    const char *by;
    int64_t until_utc_secs;              /* end of the exception, VT_TIME_NONE: none is made */
    const char *const *documents_sha256; /* hexadecimal */
    size_t documents_count;              /* at most VT_MAX_PARTS */
    const char *certificate_sha256;      /* NULL: none */
    enum vt_reason reason;               /* goes with the certificate; VT_REASON_COUNT: any */
};

struct vt_register_refused {
    enum vt_reason reason; /* INCOMPLETE, WRONG_RECIPIENT, RECALLED */
    const char *text;      /* NULL: none */
    const char *by;
};

/* What begins with the version of a policy and a comma in its text, and brings the policy. */
#define VT_EVENT_POLICY_LOADED "policy-loaded"
#define VT_EVENT_POLICY_WENT_BACK "policy-went-back"
#define VT_EVENT_POLICY_KEPT "policy-kept" /* without it */
#define VT_EVENT_UNSEALED "unsealed"       /* a mail left without its seal, or did not leave */

struct vt_register_event {
    const char *what; /* "policy-loaded", "rule-braked", … */
    const char *text;
    const char *by;
    struct vt_register_object *objects; /* the policy it is about, kept once; or none */
    size_t objects_count;
};

/* Bodies and objects that are destroyed; written by vt_register_retain. */
struct vt_register_destroyed {
    const char *why;        /* "retention" */
    const char *class_name; /* vt_register_class_name, or "objects" */
    const int64_t *targets; /* seq of records */
    size_t targets_count;
    const char *const *objects_sha256;
    size_t objects_count;
};

/* What became of a notice. */
struct vt_register_noticed {
    int64_t id;                   /* in the queue of this register */
    const char *kind, *recipient; /* as it was owed */
    const char *outcome;          /* one of the last states of vanthu/queued.h */
    char matter_sha256[65];       /* what it is about; "": not known */
    const char *code, *text;      /* of the last SMTP answer, or why; NULL: none */
    const char *message_id;       /* NULL: it was never written */
    const char *by;               /* who dropped it; NULL: nobody */
    unsigned attempts_count;
};

struct vt_register_record {
    enum vt_register_kind kind; /* vt_register_append refuses DESTROYED */
    const char *reference;      /* of the mail; "" or NULL for an event */
    int64_t time_utc_secs;
    /* Owed with this record, whatever its kind is. Of a mail marked secret, and with what follows
     * one, none is owed and none is kept. */
    struct vt_register_notice *notices;
    size_t notices_count;
    union {
        struct vt_register_decided *decided;
        const struct vt_register_answered *answered;
        const struct vt_register_overruled *overruled;
        const struct vt_register_refused *refused;
        const struct vt_register_event *event;
        const struct vt_register_destroyed *destroyed;
        const struct vt_register_noticed *noticed;
    };
    int64_t seq; /* set by the append */
};

/* ---- the register ----
 * Whatever asks it may also return VT_E_BUSY, VT_E_SYSTEM, VT_E_FORMAT (the file is damaged),
 * VT_E_NOMEM; of a central database VT_E_NETWORK and VT_E_TIMEOUT. */

struct vt_register;

/* Open for writing, making or migrating the file. directory: made with mode 0700 when it is not
 * there, refused when others may look into it; the file has 0600. Several processes may write: each
 * append takes the lock of the file, waiting up to 5 s. Returns VT_OK, VT_E_CONFIG (modes),
 * VT_E_FORMAT (another file, or damaged), VT_E_UNSUPPORTED (written by a newer version),
 * VT_E_BUSY, VT_E_SYSTEM, VT_E_NOMEM. */
enum vt_code vt_register_open(const char *directory, struct vt_register **out,
                              struct vt_err *err) VT_MUST_CHECK;
/* Open for reading; a file of an older version is VT_E_UNSUPPORTED too. VT_E_NOT_FOUND: there is
 * none. Functions that write return VT_E_INTERNAL on such a handle. */
enum vt_code vt_register_open_read(const char *directory, struct vt_register **out,
                                   struct vt_err *err) VT_MUST_CHECK;
/* NULL is allowed. */
void vt_register_close(struct vt_register *reg);

/* Append records with one durable commit, in their order; when it returns VT_OK they survive a
 * loss of power. All or nothing. Returns VT_OK, VT_E_LIMIT (too many, or a body or object too
 * large), VT_E_FORMAT (a digest or reference that is none), VT_E_BUSY, VT_E_SYSTEM, VT_E_NOMEM. */
enum vt_code vt_register_append(struct vt_register *reg, struct vt_register_record *records,
                                size_t count, struct vt_err *err) VT_MUST_CHECK;

/* ---- first seen, defer clocks, exceptions ---- */

/* When the register first saw these digests: out_times[i] for digests[i], VT_TIME_NONE when never.
 * Of several gateways that each saw one without knowing of the others, the latest time: a wrong
 * clock of one of them proves nothing. VT_E_LIMIT above VT_MAX_FIRST_SEEN. */
enum vt_code vt_register_first_seen(struct vt_register *reg, const char *const *digests_sha256,
                                    size_t count, int64_t *out_times_utc_secs,
                                    struct vt_err *err) VT_MUST_CHECK;
/* The key of a mail's defer clock: documents, sender, recipients and rule; a retry has the same,
 * whatever the order of its recipients. arena: for sorting. */
enum vt_code vt_register_defer_key(struct vt_arena *arena, const struct vt_evidence *evidence,
                                   const char *rule, char out_sha256[65]) VT_MUST_CHECK;
/* When a mail with this key was first deferred, by any gateway; VT_TIME_NONE: never. */
enum vt_code vt_register_first_deferred(struct vt_register *reg, const char *key_sha256,
                                        int64_t *out_utc_secs, struct vt_err *err) VT_MUST_CHECK;

/* SHA-256 of a mail's body and sender: the same for every retry, whatever its Received lines.
 * mail_fd: read by pread from body_offset_bytes on. VT_E_SYSTEM, VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_register_failure_digest(int mail_fd, uint64_t body_offset_bytes, const char *sender,
                                        char out_sha256[65], struct vt_err *err) VT_MUST_CHECK;
/* The key under which the failure of that number is claimed, as a defer clock is, within a period.
 * VT_E_INTERNAL. */
enum vt_code vt_register_failure_key(const char *digest_sha256, int64_t period, unsigned number,
                                     char out_sha256[65]) VT_MUST_CHECK;

struct vt_register_exception {
    int64_t seq; /* of the record that made it, in the register of its gateway */
    char reference[VT_REFERENCE_BYTES];
    int64_t until_utc_secs;
    char document_sha256[65];    /* "": any document … */
    char certificate_sha256[65]; /* … with a signature by this certificate */
    enum vt_reason reason;       /* VT_REASON_COUNT: any */
    char gateway[64];            /* that made it; "": this one */
};
/* Exceptions in force at a time, in the order in which they were made. each: VT_OK goes on,
 * anything else ends the walk and is returned. */
enum vt_code vt_register_exceptions(struct vt_register *reg, int64_t now_utc_secs,
                                    enum vt_code (*each)(void *context,
                                                         const struct vt_register_exception *item,
                                                         struct vt_err *err),
                                    void *context, struct vt_err *err) VT_MUST_CHECK;

/* How often an exception let a mail pass that nothing else was done to: such mails name "undo:" and
 * its reference in the place of a rule. */
#define VT_EXCEPTION_RULE "undo:"
struct vt_register_use {
    char reference[VT_REFERENCE_BYTES];
    int64_t mails_count, last_utc_secs;
};
/* Of each reference that was used after a record. each as above. */
enum vt_code vt_register_exception_uses(struct vt_register *reg, int64_t after_seq,
                                        enum vt_code (*each)(void *context,
                                                             const struct vt_register_use *use,
                                                             struct vt_err *err),
                                        void *context, struct vt_err *err) VT_MUST_CHECK;

/* ---- looking up ---- */

/* All that are set must hold. */
struct vt_register_query {
    const char *reference;          /* its check digit must fit, else VT_E_FORMAT */
    const char *sender, *recipient; /* addresses, in any case of letters */
    const char *domain;             /* of the sender: this one and all below it */
    const char *agency;             /* of sender or recipients: its id in the site's table */
    const char *certificate_sha256; /* of a signer, hexadecimal */
    const char *document_sha256;
    enum vt_reason reason; /* of mail, document or signature; VT_REASON_COUNT: any */
    int64_t from_utc_secs, until_utc_secs; /* [from, until), VT_TIME_NONE: open */
    unsigned kinds;                        /* VT_REGISTER_KIND_BIT…; 0: all */
    int64_t before_seq;                    /* cursor: only records below it; 0: from the newest */
    size_t limit;                          /* records of this call; 0: 100 */
    bool without_bodies;
};
#define VT_REGISTER_QUERY_ANY                                                                      \
    (struct vt_register_query)                                                                     \
    {                                                                                              \
        .reason = VT_REASON_COUNT, .from_utc_secs = VT_TIME_NONE, .until_utc_secs = VT_TIME_NONE   \
    }

/* One record as stored; everything lives until the callback returns. */
struct vt_register_entry {
    const char *gateway; /* whose register it is in; "": this host's */
    int64_t seq;
    enum vt_register_kind kind;
    const char *reference; /* "": none */
    int64_t time_utc_secs;
    bool is_destroyed;
    struct vt_bytes salt, body; /* JSON; empty when destroyed or not asked for */
    uint8_t body_digest[VT_REGISTER_DIGEST_BYTES];
    uint8_t chain[VT_REGISTER_DIGEST_BYTES];
};
typedef enum vt_code vt_register_each(void *context, const struct vt_register_entry *entry,
                                      struct vt_err *err);

/* Records that fit, newest first; of a central database those of all gateways by time, and the
 * cursor goes on with the same handle only. Sender, recipient, domain, certificate, document and
 * reason are those of mails, so with one of them only DECIDED records fit. *out_next: the cursor to
 * go on with, 0 at the end. Memory does not grow with the number of records. */
enum vt_code vt_register_find(struct vt_register *reg, const struct vt_register_query *query,
                              vt_register_each *each, void *context, int64_t *out_next,
                              struct vt_err *err) VT_MUST_CHECK;
/* Records after a seq, oldest first, with their bodies: for export and shipping. */
enum vt_code vt_register_walk(struct vt_register *reg, int64_t after_seq, size_t limit,
                              vt_register_each *each, void *context,
                              struct vt_err *err) VT_MUST_CHECK;
/* What the body of an entry says, in arena; texts in it are free of control characters. Of a secret
 * mail only is_secret is set, and of one that is held the outcome and held_queue_id.
 * VT_E_NOT_FOUND: the entry has no body; VT_E_FORMAT, VT_E_LIMIT: it is not what was written
 * (vt_register_verify); VT_E_NOMEM. */
enum vt_code vt_register_read(struct vt_arena *arena, const struct vt_register_entry *entry,
                              struct vt_register_record *out, struct vt_err *err) VT_MUST_CHECK;
/* The bytes of an object, in arena; of a central database that of any gateway, since the digest
 * says what they are. VT_E_NOT_FOUND. */
enum vt_code vt_register_object(struct vt_register *reg, struct vt_arena *arena, const char *sha256,
                                struct vt_bytes *out, struct vt_err *err) VT_MUST_CHECK;
/* A policy that was loaded. Texts and bytes in the arena that was given. */
struct vt_register_policy {
    int64_t loaded_utc_secs;
    const char *by, *text;  /* of the event; by may be NULL */
    const char *sha256;     /* of the bundle; NULL: the event brought none */
    struct vt_bytes bundle; /* for vt_policy_parse_bundle; empty: the register does not have it */
};
/* When the policy of this version (vt_policy_version) was last loaded before a time, by whom, and
 * the policy itself. at_utc_secs: VT_TIME_NONE: ever. VT_E_NOT_FOUND: there is no such event;
 * others as vt_register_find. */
enum vt_code vt_register_policy(struct vt_register *reg, struct vt_arena *arena,
                                const char *version, int64_t at_utc_secs,
                                struct vt_register_policy *out, struct vt_err *err) VT_MUST_CHECK;
/* A whole copy of the register as it is now, into a new file of mode 0600. */
enum vt_code vt_register_backup(struct vt_register *reg, const char *file,
                                struct vt_err *err) VT_MUST_CHECK;

/* What mails were answered with since a time, each attempt counted: a mail that was asked to come
 * again comes again. Of those marked secret only how many there were. */
struct vt_register_outcomes {
    int64_t accepted_count, tagged_count, held_count, rejected_count, tempfailed_count;
    int64_t secret_count;
    /* Of the accepted and tagged: what it would have been if every rule and the site enforced. */
    int64_t would_tag_count, would_defer_count, would_hold_count, would_reject_count;
};
/* Decided records from from_utc_secs on; by the index of time. VT_E_SYSTEM, VT_E_NOMEM. */
enum vt_code vt_register_outcomes(struct vt_register *reg, int64_t from_utc_secs,
                                  struct vt_register_outcomes *out,
                                  struct vt_err *err) VT_MUST_CHECK;

/* ---- proof ---- */

/* The end of the chain at one moment: who keeps it elsewhere can prove everything up to seq. */
struct vt_register_head {
    int64_t seq; /* 0: the register is empty, chain is its first value */
    uint8_t chain[VT_REGISTER_DIGEST_BYTES];
    int64_t time_utc_secs; /* when the head was taken */
    struct vt_bytes token; /* time stamp token (RFC 3161) whose imprint is chain; empty: none */
};
/* The head as it is now, with the given time and no token. */
enum vt_code vt_register_head_now(struct vt_register *reg, int64_t now_utc_secs,
                                  struct vt_register_head *out, struct vt_err *err) VT_MUST_CHECK;
/* Remember a head that was exported or time-stamped. */
enum vt_code vt_register_head_keep(struct vt_register *reg, const struct vt_register_head *head,
                                   struct vt_err *err) VT_MUST_CHECK;

/* The head with this chain value: its seq, and the time of its record. VT_E_NOT_FOUND: the register
 * never ended so. */
enum vt_code vt_register_head_find(struct vt_register *reg,
                                   const uint8_t chain[VT_REGISTER_DIGEST_BYTES],
                                   struct vt_register_head *out, struct vt_err *err) VT_MUST_CHECK;
/* Remember a head that somebody else brings, once: VT_E_NOT_FOUND, VT_E_FORMAT: it is none of this
 * register. */
enum vt_code vt_register_head_add(struct vt_register *reg, const struct vt_register_head *head,
                                  struct vt_err *err) VT_MUST_CHECK;
/* Remember the head as it is now, if the last one is a day old and the chain went on. */
enum vt_code vt_register_head_daily(struct vt_register *reg, int64_t now_utc_secs,
                                    struct vt_err *err) VT_MUST_CHECK;

enum vt_register_fault {
    VT_REGISTER_WHOLE = 0,
    VT_REGISTER_UNREADABLE, /* the file is damaged where this record stood */
    VT_REGISTER_ALTERED,    /* body, salt or digest of a record, or its other fields */
    VT_REGISTER_REMOVED,    /* a record is missing between others */
    VT_REGISTER_REORDERED,  /* it was made for another place in the chain */
    VT_REGISTER_CUT,        /* records after it that a head knows are missing */
    VT_REGISTER_FOREIGN,    /* a head belongs to another chain: all was made anew */
    VT_REGISTER_VANISHED,   /* a body is gone and no DESTROYED record says so */
    VT_REGISTER_DERIVED,    /* tables for looking up do not say what the bodies say */
    VT_REGISTER_OBJECT      /* an object is missing or altered */
};
const char *vt_register_fault_name(enum vt_register_fault fault);

struct vt_register_check {
    /* Heads kept elsewhere, in any order. */
    const struct vt_register_head *heads;
    size_t heads_count;
    /* Says whether the token of a head kept in the register is a valid time stamp over its chain;
     * without it these heads are compared but prove nothing. */
    bool (*token_is_good)(void *context, const struct vt_register_head *head);
    /* Told now and then up to which record it is; NULL: nobody wants to know. */
    void (*progress)(void *context, int64_t seq);
    void *context;
    bool chain_only; /* tables, objects and the file's structure are not looked at */
};

struct vt_register_verdict {
    enum vt_register_fault fault; /* the first one by seq */
    int64_t seq;                  /* the record it concerns */
    char reference[VT_REFERENCE_BYTES];
    char text[256];        /* one English sentence */
    int64_t records_count; /* that were read */
    int64_t destroyed_count;
    int64_t proven_seq; /* up to here heads given or time-stamped prove it; 0: none does */
    struct vt_register_head head; /* of what was read */
};
/* Walk the whole register. A fault is a finding: VT_OK with *out filled. VT_E_SYSTEM, VT_E_NOMEM:
 * it could not be walked. */
enum vt_code vt_register_verify(struct vt_register *reg, const struct vt_register_check *check,
                                struct vt_register_verdict *out, struct vt_err *err) VT_MUST_CHECK;

/* ---- retention ---- */

enum vt_register_class {
    VT_RETAIN_PASSED = 0, /* accepted without a mark; answers that no decision goes with */
    VT_RETAIN_TAGGED,     /* tagged, deferred, not decided */
    VT_RETAIN_REFUSED,    /* refused or held */
    VT_RETAIN_SECRET,
    VT_RETAIN_CLASSES
};
/* "passed", "tagged", "refused", "secret". */
const char *vt_register_class_name(enum vt_register_class class);

struct vt_register_retention {
    unsigned days[VT_RETAIN_CLASSES]; /* 0: for ever */
    unsigned objects_days;            /* after the last record that used it; 0: for ever */
    unsigned defer_days;              /* defer clocks after their last retry; 0: for ever */
};
/* Destroy what is older: bodies of mails with all that followed them, and objects; each batch is
 * one commit with the DESTROYED record that names it. At most max_records records and as many
 * objects are destroyed by one call. What was destroyed is overwritten in the file. *out_count:
 * records and objects. */
enum vt_code vt_register_retain(struct vt_register *reg, int64_t now_utc_secs,
                                const struct vt_register_retention *retention, size_t max_records,
                                size_t *out_count, struct vt_err *err) VT_MUST_CHECK;

#endif
