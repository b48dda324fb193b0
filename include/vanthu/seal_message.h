/* SPDX-License-Identifier: Apache-2.0
 * The S/MIME seal of a mail (RFC 8551, RFC 1847): what of it is signed, and the mail with the
 * signature in it. Pure functions in two steps, so that the key can be anywhere; hostile input. The
 * same mail and plan give the same bytes, so the second step may run in another process after the
 * first was repeated there. */
#ifndef VANTHU_SEAL_MESSAGE_H
#define VANTHU_SEAL_MESSAGE_H

#include "vanthu/seal.h"

enum vt_seal_form {
    VT_SEAL_CLEAR = 0, /* multipart/signed: readable everywhere */
    VT_SEAL_OPAQUE,    /* application/pkcs7-mime: no server changes what it cannot read */
    VT_SEAL_BARE       /* no signature over the message: only its documents are replaced */
};

/* A document of the mail that was sealed: the new content of a part, in two pieces (what was there,
 * and the incremental update after it). */
struct vt_seal_replacement {
    const char *path; /* of the part, as vt_unpack names it */
    struct vt_bytes content;
    struct vt_bytes more;
};

/* What becomes of a mail. Zero memory is not sealed. */
enum vt_seal_message_word {
    VT_SEAL_MESSAGE_NOT = 0,
    VT_SEAL_MESSAGE_READY,
    /* Left alone, each with its word: */
    VT_SEAL_MESSAGE_SIGNED,    /* "already-signed": S/MIME or OpenPGP, by somebody else */
    VT_SEAL_MESSAGE_ENCRYPTED, /* "encrypted" */
    VT_SEAL_MESSAGE_LIST,      /* "list": lists change what they pass on */
    VT_SEAL_MESSAGE_REPORT,    /* "report": DSN, MDN and other reports (RFC 6522) */
    VT_SEAL_MESSAGE_CALENDAR,  /* "calendar": iTIP (RFC 6047); calendars do not look inside */
    VT_SEAL_MESSAGE_AUTOMATIC, /* "automatic": Auto-Submitted (RFC 3834) */
    VT_SEAL_MESSAGE_MALFORMED, /* "malformed": can be read in more than one way */
    VT_SEAL_MESSAGE_FRAGILE,   /* "fragile": a part that must not be changed would not arrive as
                                  it was sent (8-bit, long lines) */
    VT_SEAL_MESSAGE_TOO_LARGE, /* "too-large": beyond the limits of unpacking */
    VT_SEAL_MESSAGE_WORDS
};
/* "not-sealed", "ready", "already-signed", … */
const char *vt_seal_message_word_name(enum vt_seal_message_word word);
#define VT_SEAL_WORD_BIT(word) (1u << (word))

struct vt_seal_message_plan {
    const struct vt_seal_identity *identity;
    int64_t signing_time_utc_secs;
    enum vt_seal_form form;
    /* A mail that would be "fragile" is sealed in the opaque form instead: nothing can happen to it
     * there. */
    bool may_be_opaque;
    /* Protect Subject, From, To, … too, by copies of them within what is signed (RFC 9788,
     * "clear"). NOTE: not by wrapping into message/rfc822 (RFC 8551 3.1), which RFC 9788 1.1.1
     * advises against: programs that do not know it show the mail as an attachment, while of
     * unknown fields of a part they show nothing. */
    bool protects_headers;
    bool has_null_sender; /* of the envelope: a report, whatever its form */
    /* Bits of LIST, REPORT, CALENDAR, AUTOMATIC: these are sealed all the same. */
    unsigned also;
    /* Parts with new content, which becomes base64. A part that is within a signed or encrypted one
     * cannot be replaced. The pieces must outlive the message. */
    const struct vt_seal_replacement *replacements;
    size_t replacements_count;
};

struct vt_seal_message_work;
struct vt_seal_message {
    enum vt_seal_message_word word;
    const char *why;            /* one English sentence; NULL when ready */
    struct vt_bytes attributes; /* for the sealer; empty unless ready, and in the bare form */
    enum vt_seal_form form;     /* as it will be */
    unsigned reencoded_count;   /* parts that were not safe to travel as they were */
    unsigned unprotected_count; /* header fields that could not be copied (raw 8-bit addresses) */
    struct vt_seal_message_work *work;
};

/* What is to be signed. mail: as the MTA handed it over, with CRLF line ends or with LF alone
 * throughout; it must outlive *out, which lives in arena. Memory beside the mail: what decoding its
 * parts takes, while this runs. Whether somebody may seal it is not asked here.
 * VT_OK: look at out->word. VT_E_LIMIT (VT_MAX_MAIL_BYTES), VT_E_FORMAT (the identity),
 * VT_E_NOT_FOUND (there is no such part to replace), VT_E_NOMEM, VT_E_INTERNAL. Source: RFC
 * 8551 3.1, 3.5; RFC 2045; RFC 2046 5. */
enum vt_code vt_seal_message_prepare(struct vt_arena *arena, struct vt_bytes mail,
                                     const struct vt_seal_message_plan *plan,
                                     struct vt_seal_message *out, struct vt_err *err) VT_MUST_CHECK;

/* One change to the header of the mail, as a milter makes them: in this order, all before the body
 * is replaced. */
struct vt_seal_change {
    const char *name;
    unsigned index;    /* which of that name, from 1; 0: a new field at the end */
    const char *value; /* folds are LF and white space; NULL: the field is removed */
};
struct vt_sealed_message {
    struct vt_bytes mail; /* the whole, header changes made; CRLF line ends */
    struct vt_bytes body; /* view of mail: replaces the body */
    struct vt_seal_change *changes;
    size_t changes_count;
    char cms_sha256[65]; /* of the signature as it stands in it, for the register */
};
/* The mail with its signature. token: a time stamp token over the signature value, or empty. In the
 * bare form both are empty.
 * *out lives in arena; its size is that of the mail and about 1.4 times the CMS.
 * VT_E_FORMAT: the signature is not one of the identity's key over message->attributes.
 * VT_E_INTERNAL: message is not ready. VT_E_NOMEM. */
enum vt_code vt_seal_message_finish(struct vt_arena *arena, const struct vt_seal_message *message,
                                    struct vt_bytes signature, struct vt_bytes token,
                                    struct vt_sealed_message *out,
                                    struct vt_err *err) VT_MUST_CHECK;

/* What to look at before a sealed mail leaves. */
struct vt_seal_check {
    bool is_good;
    const char *why; /* one English sentence; NULL when good */
};
/* The finished mail as our own verifier sees it: one intact signature by the identity over the
 * whole message, time stamps intact; every part decodes to the bytes it had in the original, or was
 * to get; 7-bit and short lines throughout. Of the bare form the parts only. Whether the
 * certificate is trusted is a question for the inspection. plan: as the mail was prepared with.
 * VT_OK: look at *out. VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_seal_message_check(struct vt_arena *arena, struct vt_bytes original,
                                   struct vt_bytes sealed, const struct vt_seal_message_plan *plan,
                                   struct vt_seal_check *out, struct vt_err *err) VT_MUST_CHECK;

#endif
