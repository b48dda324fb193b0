/* SPDX-License-Identifier: Apache-2.0
 * Evidence: everything found out about one mail, as plain data. Facts of mail and PKI only;
 * nothing decided. The names of indications and sub-indications are those of ETSI EN 319 102-1
 * V1.3.1, 5.1.3 (tables 5 and 6). All memory belongs to the arena of the mail; every string is
 * UTF-8 without control characters, NULL when not known. */
#ifndef VANTHU_EVIDENCE_H
#define VANTHU_EVIDENCE_H

#include "vanthu/bytes.h"
#include "vanthu/clock.h"
#include "vanthu/limits.h"
#include "vanthu/reason.h"

/* Version of the JSON form, "v". */
#define VT_EVIDENCE_VERSION 1
/* Findings of one mail, document or signature; a normal one has none or a few. */
#define VT_MAX_FINDINGS 200
/* Revisions and changes told of one document. */
#define VT_MAX_REVISIONS 40
#define VT_MAX_CHANGES 32

/* Zero memory is never a passed signature. */
enum vt_indication { VT_INDETERMINATE = 0, VT_TOTAL_PASSED, VT_TOTAL_FAILED };

/* EN 319 102-1 table 6. The order is the precedence when several apply: first wins within the
 * indication (one table for the whole program). */
enum vt_sub_indication {
    VT_SUB_NONE = 0,
    /* TOTAL-FAILED */
    VT_SUB_FORMAT_FAILURE,
    VT_SUB_HASH_FAILURE,
    VT_SUB_SIG_CRYPTO_FAILURE,
    VT_SUB_REVOKED,
    VT_SUB_EXPIRED,
    VT_SUB_NOT_YET_VALID,
    /* INDETERMINATE */
    VT_SUB_SIG_CONSTRAINTS_FAILURE,
    VT_SUB_SIGNED_DATA_NOT_FOUND,
    VT_SUB_NO_SIGNING_CERTIFICATE_FOUND,
    VT_SUB_CHAIN_CONSTRAINTS_FAILURE,
    VT_SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE,
    VT_SUB_CRYPTO_CONSTRAINTS_FAILURE,
    VT_SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
    VT_SUB_TIMESTAMP_ORDER_FAILURE,
    VT_SUB_REVOKED_NO_POE,
    VT_SUB_REVOKED_CA_NO_POE,
    VT_SUB_OUT_OF_BOUNDS_NOT_REVOKED,
    VT_SUB_OUT_OF_BOUNDS_NO_POE,
    VT_SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE,
    VT_SUB_NO_CERTIFICATE_CHAIN_FOUND,
    VT_SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE,
    VT_SUB_NO_POE,
    VT_SUB_TRY_LATER,
    VT_SUB_COUNT
};

enum vt_integrity { VT_INTEGRITY_UNDETERMINED = 0, VT_INTEGRITY_INTACT, VT_INTEGRITY_BROKEN };
enum vt_covers { VT_COVERS_PART = 0, VT_COVERS_REVISION, VT_COVERS_WHOLE };
enum vt_changes {
    VT_CHANGES_UNDETERMINED = 0,
    VT_CHANGES_NONE,
    VT_CHANGES_PERMITTED,
    VT_CHANGES_FORBIDDEN,
    VT_CHANGES_ADDED /* annotations, form data or files, and nobody whose signature is valid signed
                        them */
};
enum vt_signature_format {
    VT_SIGNATURE_PADES = 0,    /* "pades": ETSI.CAdES.detached */
    VT_SIGNATURE_PDF_PKCS7,    /* "pdf-pkcs7": adbe.pkcs7.detached, adbe.pkcs7.sha1 */
    VT_SIGNATURE_DOCTIMESTAMP, /* "document-timestamp": ETSI.RFC3161 */
    VT_SIGNATURE_CADES,        /* "cades": with ESS signing-certificate attribute */
    VT_SIGNATURE_CMS,          /* "cms" */
    VT_SIGNATURE_SMIME,        /* "smime": multipart/signed or application/pkcs7-mime */
    VT_SIGNATURE_UNKNOWN
};
enum vt_time_source {
    VT_TIME_SOURCE_NONE = 0,
    VT_TIME_SOURCE_TIMESTAMP,  /* "timestamp": proven */
    VT_TIME_SOURCE_FIRST_SEEN, /* "first-seen": proven by the register */
    VT_TIME_SOURCE_CLAIMED     /* "claimed": by the signer; never improves a verdict */
};
/* Hints: what something seems to be, as far as it can be told without reading text. They are shown
 * to people and may be asked for by rules; no verdict rests on one, and zero memory is none. */

/* How a document came to be. Where it is not sure, it is not said. */
enum vt_made {
    VT_MADE_UNKNOWN = 0,
    VT_MADE_SCAN,      /* its first page is a picture of a page, whatever text lies behind it */
    VT_MADE_ELECTRONIC /* every page was drawn by a program */
};
/* The electronic copies of Decree 30/2020 (legal.md R-62). */
enum vt_copy { VT_COPY_NONE = 0, VT_COPY_SAO_Y, VT_COPY_SAO_LUC, VT_COPY_TRICH_SAO };
/* What a signature is for, beside whose it is (legal.md ). */
enum vt_use {
    VT_USE_UNKNOWN = 0,
    VT_USE_NUMBER_DATE,
    VT_USE_COPY,
    VT_USE_ANNEX,
    VT_USE_INCOMING,
    VT_USES
};
/* Where a signature shows: at the top of the first page, left or right, or elsewhere. */
enum vt_spot {
    VT_SPOT_UNKNOWN = 0,
    VT_SPOT_INVISIBLE,
    VT_SPOT_TOP_LEFT,
    VT_SPOT_TOP_RIGHT,
    VT_SPOT_ELSEWHERE
};

struct vt_document_hints {
    enum vt_made made;
    enum vt_copy copy;  /* by its name */
    bool is_annex;      /* in a file of its own, by its name */
    unsigned seal_page; /* of an unsigned file: where it shows the picture of a seal; 0: nowhere */
};
struct vt_signature_hints {
    enum vt_use use;
    enum vt_spot spot;
};

/* How an unsigned file stands to the signed ones of the mail: one has its name but for the
 * extension (a Word copy beside the signed PDF); one is its signature ("x.pdf.p7s"). */
enum vt_beside { VT_BESIDE_NONE = 0, VT_BESIDE_COMPANION, VT_BESIDE_SIGNATURE };
enum vt_direction { VT_INBOUND = 0, VT_OUTBOUND, VT_INTERNAL };
enum vt_sender_class { VT_SENDER_OTHER = 0, VT_SENDER_STATE };

/* What proves that the envelope sender sent the mail: it alone may be answered to (RFC 3834 4), and
 * who forged it would make us write to somebody else. Zero memory proves nothing. */
enum vt_sender_proof {
    VT_PROOF_NONE = 0,
    VT_PROOF_LOGIN,   /* "login": a SASL login that fits the sender */
    VT_PROOF_NETWORK, /* "network": one of our networks, and a sender in our domains */
    VT_PROOF_SPF,     /* "spf": of the sender's domain */
    VT_PROOF_DKIM,    /* "dkim": a domain that the domains of sender and From are in */
    VT_PROOF_DMARC    /* "dmarc": From, and the sender's domain is in its domain */
};

/* What in its header says that a program sent a mail, or that no program should answer it. The
 * first that applies. */
enum vt_automatic {
    VT_AUTOMATIC_NOT = 0,
    VT_AUTOMATIC_OURS,       /* "notice": X-Vanthu-Notice, a notice of a vanthu */
    VT_AUTOMATIC_LIST,       /* "list": List-Id and its kin (RFC 2369, RFC 2919) */
    VT_AUTOMATIC_PRECEDENCE, /* "precedence": bulk, list, junk, auto_reply (RFC 3834 2) */
    VT_AUTOMATIC_SUBMITTED,  /* "auto-submitted": anything but no (RFC 3834 5) */
    VT_AUTOMATIC_REPORT,     /* "report": multipart/report (RFC 6522) and its parts */
    VT_AUTOMATIC_BOUNCE,     /* "return-path": an empty one (RFC 3834 2) */
    VT_AUTOMATIC_LOOP,       /* "loop": X-Loop, of a program that answers */
    VT_AUTOMATIC_SUPPRESS    /* "suppressed": X-Auto-Response-Suppress (MS-OXCMAIL 2.1.3.2.19) */
};

/* What a file is, by its content. vt_format_name gives "pdf", "cms", … */
enum vt_format {
    VT_FORMAT_UNKNOWN = 0,
    VT_FORMAT_TEXT,
    VT_FORMAT_HTML,
    VT_FORMAT_IMAGE,
    VT_FORMAT_MULTIPART,
    VT_FORMAT_MAIL,
    VT_FORMAT_SMIME, /* a message signature: multipart/signed or opaque */
    VT_FORMAT_PDF,
    VT_FORMAT_CMS,       /* .p7m, .p7s, DER, BER, base64 or PEM */
    VT_FORMAT_ENCRYPTED, /* CMS EnvelopedData and its kin, PGP */
    VT_FORMAT_XML,
    VT_FORMAT_OOXML,
    VT_FORMAT_ODF,
    VT_FORMAT_ASIC,
    VT_FORMAT_ZIP,
    VT_FORMAT_ARCHIVE, /* 7z, rar, tar, cab, gzip … */
    VT_FORMAT_OLE,     /* old Office files, .msg */
    VT_FORMAT_RTF,
    VT_FORMAT_TNEF,
    VT_FORMAT_EMPTY,
    VT_FORMAT_COUNT
};

/* One certificate as it is shown to people. */
struct vt_certificate_facts {
    char sha256[65];     /* of the DER; empty: no certificate */
    char key_sha256[65]; /* of the DER of SubjectPublicKeyInfo: stays when it is issued anew */
    const char *subject; /* RFC 4514, UTF-8 */
    const char *common_name;
    const char *organization;
    const char *organizational_unit;
    const char *email; /* first rfc822Name, else the subject's emailAddress */
    const char *issuer;
    const char *issuer_common_name;
    const char *serial; /* hexadecimal */
    int64_t not_before_utc_secs;
    int64_t not_after_utc_secs;
    const char *key_algorithm; /* "RSA", "EC P-256", … */
    unsigned key_bits;
    bool is_self_signed;
    bool is_ca;            /* basicConstraints says so (RFC 5280 4.2.1.9) */
    const char **policies; /* certificate policy OIDs, "2.16.704.1.1.1.1.1" (RFC 5280 4.2.1.4) */
    size_t policies_count;
};

/* How the status of one certificate was found. */
enum vt_status_value {
    VT_STATUS_UNKNOWN = 0,
    VT_STATUS_GOOD,
    VT_STATUS_REVOKED,
    VT_STATUS_SUSPENDED,
    VT_STATUS_UNREACHABLE,
    VT_STATUS_STALE,
    VT_STATUS_NOT_NEEDED /* an anchor, or id-pkix-ocsp-nocheck */
};

struct vt_status_facts {
    char certificate_sha256[65];
    const char *subject_common_name;
    enum vt_status_value value;
    const char *source;   /* "ocsp", "crl" */
    const char *origin;   /* "embedded", "given", or the address it was fetched from */
    char data_sha256[65]; /* of the CRL or OCSP response */
    int64_t this_update_utc_secs;
    int64_t next_update_utc_secs;
    int64_t revoked_at_utc_secs;
    const char *revocation_reason;  /* "keyCompromise", … */
    int64_t invalid_since_utc_secs; /* RFC 5280 5.3.2, VT_TIME_NONE */
    const char *responder;          /* OCSP: common name of a delegated responder */
    bool source_down;               /* UNREACHABLE: the sources are being left alone for a while */
};

struct vt_timestamp_facts {
    /* "signature", "document", "content", "archive", "signature-and-references", "references" */
    const char *kind;
    char sha256[65]; /* of the token */
    /* Bit i: time stamp i of the same signature existed when this one was made. */
    unsigned covers;
    int64_t time_utc_secs;
    const char *tsa; /* subject of the TSA's certificate */
    enum vt_integrity integrity;
    enum vt_indication indication;
    enum vt_sub_indication sub_indication;
    vt_reasons reasons;
    /* A time stamp is a signature of its own, with its own path and status; of many around one
     * signature the first four are shown with these. */
    int64_t judged_at_utc_secs;        /* when it provably existed, now without proof */
    const char *trust_set;             /* "official", "public"; NULL: none matched */
    struct vt_certificate_facts *path; /* TSA first, anchor last */
    size_t path_count;
    struct vt_status_facts *statuses; /* of the certificates of the path, in its order */
    size_t statuses_count;
    const char **findings; /* why it does not count, for an administrator */
    size_t findings_count;
};

/* One signature. Who, when, over which bytes, with which verdict and why. */
struct vt_signature {
    enum vt_signature_format format;
    /* "B-B", "B-T", "B-LT", "B-LTA" by what it carries, whatever the verdict (EN 319 142-1 6, EN
     * 319 122-1 6); NULL outside AdES */
    const char *level;
    const char *field; /* PDF: full field name */
    const char *sub_filter;
    unsigned revision; /* PDF: the revision it signs, 1 is the first; 0 elsewhere */
    enum vt_integrity integrity;
    enum vt_covers covers;
    enum vt_changes changes_after;
    enum vt_indication indication;
    enum vt_sub_indication sub_indication;
    vt_reasons reasons;
    /* Findings for an administrator, one English sentence each. */
    const char **findings;
    size_t findings_count;

    struct vt_certificate_facts signer;
    const char *digest_algorithm;    /* "SHA-256" */
    const char *signature_algorithm; /* "RSA PKCS#1 v1.5", "RSA-PSS", "ECDSA", … */
    int64_t signing_time_utc_secs;   /* the best one, VT_TIME_NONE if there is none at all */
    enum vt_time_source signing_time_source;
    int64_t claimed_time_utc_secs;
    struct vt_signature_hints hints;
    bool claimed_is_local_time; /* Vietnamese time written as UTC: 7 hours ahead */
    int64_t judged_at_utc_secs; /* the best signing time in the sense of EN 319 102-1: now without
                                   proof */

    const char *trust_set;             /* "official", "public"; NULL: none matched */
    struct vt_certificate_facts *path; /* signer first, anchor last */
    size_t path_count;
    struct vt_status_facts *statuses; /* of the certificates of the path, in its order */
    size_t statuses_count;
    struct vt_timestamp_facts *timestamps;
    size_t timestamps_count;
};

/* What came into a PDF after it was signed: the words stand in JSON, a sentence of each in
 * vt_change_phrase. */
enum vt_change_kind {
    VT_CHANGE_OTHER = 0,          /* "other" */
    VT_CHANGE_SIGNATURE_ADDED,    /* "signature-added" */
    VT_CHANGE_VALIDATION_DATA,    /* "validation-data": /DSS (EN 319 142-1, 5.4.2) */
    VT_CHANGE_PAGE_REPLACED,      /* "page-replaced": it is drawn by other instructions */
    VT_CHANGE_PAGE_REWRITTEN,     /* "page-rewritten": by the same, in another place */
    VT_CHANGE_PAGE_HIDDEN,        /* "page-hidden": a later appearance covers much of it */
    VT_CHANGE_PAGE_OTHER,         /* "page-other": another entry of the page */
    VT_CHANGE_PAGES_REMOVED,      /* "pages-removed" */
    VT_CHANGE_PAGES_REORDERED,    /* "pages-reordered": order, number or the whole tree */
    VT_CHANGE_FONT,               /* "font" */
    VT_CHANGE_IMAGE,              /* "image" */
    VT_CHANGE_OBJECT,             /* "object": something that the signed revision uses */
    VT_CHANGE_ANNOTATION_ADDED,   /* "annotation-added" */
    VT_CHANGE_ANNOTATION_REMOVED, /* "annotation-removed": or replaced */
    VT_CHANGE_FIELD_ADDED,        /* "field-added": one that signs nothing */
    VT_CHANGE_FIELD_UNSIGNED,     /* "field-unsigned": of a signature, but nobody signed */
    VT_CHANGE_FIELD_LOCKED,       /* "field-locked": signed although it was locked */
    VT_CHANGE_FORM,               /* "form": fields changed, removed or replaced */
    VT_CHANGE_NOT_ALLOWED,        /* "not-allowed": certified so that nothing may be added */
    VT_CHANGE_CERTIFIED_AGAIN,    /* "certified-again" */
    VT_CHANGE_METADATA,           /* "metadata" */
    VT_CHANGE_STRUCTURE,          /* "structure": tags of a tagged document */
    VT_CHANGE_CATALOG,            /* "catalog": how the document opens and behaves */
    VT_CHANGE_NOT_FOLLOWED,       /* "not-followed": it cannot be told what it does */
    VT_CHANGE_FORM_FILLED,        /* "form-filled": a field was filled in */
    VT_CHANGE_FILE_ADDED,         /* "file-added": a file was attached inside the document */
    VT_CHANGE_ACTION, /* "action": a script, or something that is done when it is opened */
    VT_CHANGE_KINDS
};
struct vt_document_change {
    enum vt_change_kind kind;
    enum vt_changes effect; /* PERMITTED, ADDED, UNDETERMINED or FORBIDDEN */
    unsigned revision;      /* it came with this one, or since the signed one before it */
    unsigned page;          /* 1 is the first; 0: of no page, or not known */
    const char *what;       /* the field, or one English sentence for an administrator */
};

/* A state that a PDF once had: the first, each that was signed, the last. */
struct vt_revision {
    unsigned number;          /* 1 is the first */
    uint64_t end_bytes;       /* what the file had then */
    int64_t created_utc_secs; /* of the first, as the file says itself; VT_TIME_NONE */
};

/* One file of the mail, at any depth, or the mail's own signature. */
struct vt_document {
    const char *path; /* place: "2.1/bao-cao.zip/phu-luc.pdf"; "" is the file itself */
    const char *name; /* file name, NFC; NULL: none given */
    enum vt_format format;
    char sha256[65];
    uint64_t size_bytes;
    bool nested;     /* inside a nested mail */
    bool attachment; /* not inline text, picture, calendar or card */
    /* An attachment in a form in which offices issue documents: PDF, OOXML, ODF, XML. */
    bool is_official;
    enum vt_beside beside; /* of an unsigned file */
    bool expects_signature;
    struct vt_document_hints hints;
    vt_reasons reasons; /* of the file itself; those of its signatures stand there */
    const char **findings;
    size_t findings_count;
    struct vt_signature *signatures;
    size_t signatures_count;
    /* Of a signed PDF whose updates can be followed, in their order. A signature is followed by the
     * changes of later revisions than its own. */
    struct vt_revision *revisions;
    size_t revisions_count;
    struct vt_document_change *changes;
    size_t changes_count;
};

/* The mail as the MTA and its headers tell it. */
struct vt_mail {
    const char *queue_id;
    const char *reference;      /* "1831-0927-5569", given by the gateway */
    const char *client_address; /* through a relay in front: who gave it to the relay, or NULL */
    const char *client_name;
    const char *helo;
    const char *front_relay; /* address of the device in front that handed it over; NULL: none */
    const char *daemon_name;
    const char *authenticated; /* SASL login, NULL: not authenticated */
    const char *sender;        /* without angle brackets; "" is the empty sender */
    const char **recipients;
    size_t recipients_count;
    enum vt_direction direction;
    enum vt_sender_class sender_class;
    bool sender_aligned; /* From domain proven by DKIM, SPF (trusted results) or authentication */
    const char *message_id;
    const char *subject;
    const char *from; /* address of the first From */
    unsigned from_count;
    bool is_list;                      /* List-Id, Precedence: bulk or list */
    bool is_automatic;                 /* Auto-Submitted other than no */
    enum vt_automatic automatic_by;    /* whatever forbids to answer it */
    enum vt_sender_proof sender_proof; /* of the envelope sender; alignment is about From */
    uint64_t size_bytes;
};

struct vt_evidence {
    struct vt_mail mail;
    int64_t inspected_at_utc_secs;
    vt_reasons reasons; /* of the mail as a whole: NOT_CHECKED, TOO_LARGE, MALFORMED, … */
    const char **findings;
    size_t findings_count;
    struct vt_document *documents;
    size_t documents_count;
};

/* The stable JSON words of the enums. Never NULL. */
const char *vt_indication_name(enum vt_indication indication);
const char *vt_sub_indication_name(enum vt_sub_indication sub); /* NULL for VT_SUB_NONE */
/* The indication a sub-indication belongs to. */
enum vt_indication vt_sub_indication_of(enum vt_sub_indication sub);
const char *vt_signature_format_name(enum vt_signature_format format);
const char *vt_direction_name(enum vt_direction direction);
const char *vt_sender_class_name(enum vt_sender_class class);
const char *vt_format_name(enum vt_format format);
const char *vt_sender_proof_name(enum vt_sender_proof proof);
const char *vt_automatic_name(enum vt_automatic automatic); /* "no" for VT_AUTOMATIC_NOT */
const char *vt_change_name(enum vt_change_kind kind);

/* Words for people in both languages, without a full stop. */
struct vt_phrase {
    const char *vietnamese, *english;
};
/* A sentence about a kind of change, after which its page may stand: "Nội dung của trang đã bị
 * thay". Never NULL. */
const struct vt_phrase *vt_change_phrase(enum vt_change_kind kind);
/* The signature that a change added; NULL: it is another change, or not among those of document. */
const struct vt_signature *vt_change_signature(const struct vt_document *document,
                                               const struct vt_document_change *change);
/* The first valid signature that covers a permitted change which is neither a signature nor data
 * for checking them: whose signature stands for it; NULL: nobody's. */
const struct vt_signature *vt_change_signed_by(const struct vt_document *document,
                                               const struct vt_document_change *change);
/* How a change after a signature is to be taken: "không được phép". Never NULL. */
const struct vt_phrase *vt_changes_phrase(enum vt_changes effect);
/* What a signature covers: "toàn bộ tệp"; behind that of VT_COVERS_REVISION goes the number of the
 * revision. Never NULL. */
const struct vt_phrase *vt_covers_phrase(enum vt_covers covers);
/* What a time stamp of this kind (vt_timestamp_facts) is over: "trên chữ ký số"; of another word or
 * NULL "chưa xác định". Never NULL. */
const struct vt_phrase *vt_stamp_phrase(const char *kind);

/* Lower an indication to what a new failure asks for: TOTAL-FAILED beats INDETERMINATE beats
 * TOTAL-PASSED; among sub-indications of one indication the earlier in the enum wins. */
void vt_signature_worsen(struct vt_signature *signature, enum vt_sub_indication sub,
                         enum vt_reason reason);
/* The day the signer's certificate was revoked as "02/12/2026" in Vietnam, or NULL when no status
 * of the signature says so. out has room for 16 bytes; returns out. */
const char *vt_signature_revoked_on(const struct vt_signature *signature, char out[16]);
/* Append a finding (already clean text). Returns VT_OK or VT_E_NOMEM. */
enum vt_code vt_findings_add(struct vt_arena *arena, const char ***findings, size_t *count,
                             const char *format, ...) VT_PRINTF(4, 5);
/* The marks of Decree 30/2020 at the begin of the subject or in brackets: HỎA TỐC (in both places
 * of its tone mark), THƯỢNG KHẨN, KHẨN. Capitals only: a mark, not a word. */
bool vt_mail_is_urgent(const struct vt_mail *mail);
/* False when a file or mail with these reasons was not read whole: damaged, encrypted, too large,
 * of a form that is not read, not checked. It is then never called unsigned. */
bool vt_reasons_mean_read(vt_reasons reasons);
/* The document that a document lies inside, the innermost; NULL: none. */
const struct vt_document *vt_document_around(const struct vt_evidence *evidence,
                                             const struct vt_document *document);
/* Reasons of the mail, its documents and their signatures together. */
vt_reasons vt_evidence_all_reasons(const struct vt_evidence *evidence);
/* Exit status of `vanthu check` for one file (design.md 9): 0, 1, 2 or 3. A document is not signed
 * because a file inside it is. */
int vt_evidence_exit_status(const struct vt_evidence *evidence);

/* The one JSON form. indent: 0 one line, else spaces. *out_text is malloc'd, the caller frees it.
 * Returns VT_OK, VT_E_NOMEM, VT_E_LIMIT (VT_MAX_EVIDENCE_BYTES). */
enum vt_code vt_evidence_to_json(const struct vt_evidence *evidence, int indent, char **out_text,
                                 size_t *out_len, struct vt_err *err) VT_MUST_CHECK;
/* Read it back. Unknown keys are ignored, missing ones are zero, wrong types and unknown enum
 * words are VT_E_FORMAT. *out lives in arena. VT_E_LIMIT, VT_E_NOMEM. */
enum vt_code vt_evidence_from_json(struct vt_arena *arena, struct vt_bytes json,
                                   struct vt_evidence **out, struct vt_err *err) VT_MUST_CHECK;
/* The same for the mail facts alone, as the gateway gives them to the inspector. Ownership and
 * errors as above. */
enum vt_code vt_mail_to_json(const struct vt_mail *mail, char **out_text, size_t *out_len,
                             struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_mail_from_json(struct vt_arena *arena, struct vt_bytes json, struct vt_mail *out,
                               struct vt_err *err) VT_MUST_CHECK;

#endif
