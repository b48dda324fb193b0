/* SPDX-License-Identifier: Apache-2.0
 * unpack: from the bytes of a mail or a file to the flat list of its parts. One worklist of
 * (place, bytes, depth) with shared totals (design.md 1). No signature is looked at here. */
#ifndef VANTHU_UNPACK_H
#define VANTHU_UNPACK_H

#include "vanthu/evidence.h"

#define VT_NO_PART SIZE_MAX

/* One part. Views point into the input or into the arena. The root multipart of a mail has the
 * place of the mail: parts[0] is the mail, parts[1] its root. */
struct vt_part {
    const char *path; /* "1", "2.1", "2.1/name.eml/1"; "" for the input itself */
    const char *name; /* decoded (RFC 2231, RFC 2047, raw UTF-8), NFC, no directories; or NULL */
    const char *content_type; /* "application/pdf", lower case, as declared; NULL: none */
    const char *smime_type;   /* the smime-type or protocol parameter, lower case; or NULL */
    enum vt_format format;    /* by content */
    struct vt_bytes bytes;    /* decoded content; of a mail: the whole mail */
    struct vt_bytes raw; /* a MIME part exactly as received, its headers included; else empty */
    size_t parent;       /* index, VT_NO_PART for the input */
    unsigned depth;
    bool nested;     /* inside a nested mail */
    bool attachment; /* Content-Disposition attachment, or has a name and is no text body */
    bool inline_disposition;
    /* Within the signed part of an S/MIME multipart/signed, or content of an opaque signature. */
    bool covered_by_signature_of_parent;
    /* multipart/signed (RFC 1847): the exact bytes that are signed and the index of the
     * signature part; VT_NO_PART when the structure is not one signed part and one signature. */
    struct vt_bytes signed_bytes;
    /* The same with CRLF line ends when a mail stored with LF alone was given (RFC 8551 3.1.1: the
     * signature is over the canonical form); else empty. */
    struct vt_bytes signed_bytes_canonical;
    size_t signature_part;
    const char *from;    /* of a mail: the first author's address; NULL: none */
    unsigned from_count; /* of a mail: authors; more than one: nobody knows who wrote it */
    vt_reasons reasons;  /* MALFORMED, TOO_LARGE, FILE_UNREADABLE, FORMAT_UNSUPPORTED */
    const char **findings;
    size_t findings_count;
};

struct vt_unpack_work;

struct vt_unpacked {
    struct vt_unpack_work *work; /* the room's own: the totals of this mail */
    /* Parents before children, else in the order of the mail. vt_unpack_entity and
     * vt_unpack_member may move the array. */
    struct vt_part *parts;
    size_t parts_count;
    vt_reasons reasons; /* a limit was reached, the mail's own structure is broken */
    const char **findings;
    size_t findings_count;
    /* From the headers of the outermost mail; NULL or 0 for a single file. Decoded, cleaned. */
    const char *message_id;
    const char *subject;
    const char *from;
    unsigned from_count;
    /* A Subject of the outermost mail or a file's name begins with a mark (vanthu/secret.h). */
    bool is_marked_secret;
    bool is_list;
    bool is_automatic;
    enum vt_automatic automatic_by;
    /* Values of Authentication-Results headers, unfolded, in order, at most 50. The first of them
     * stand above every Received: what is below came with the mail from elsewhere, for the MTA does
     * not show a milter its own Received. */
    const char **authentication_results;
    size_t authentication_results_count, authentication_results_above_count;
    bool is_mail;
};

/* Load character sets and start GMime, before the sandbox closes; to be called once per process.
 * VT_E_INTERNAL. */
enum vt_code vt_unpack_warm(struct vt_err *err) VT_MUST_CHECK;

/* What a file is, by its content; name is only a tie-breaker and may be NULL. Looks at the first
 * and last 64 KiB at most. */
enum vt_format vt_unpack_identify(struct vt_bytes bytes, const char *name);

/* Unpack an input. is_mail: true for what an MTA handed over; false lets identify decide (a file
 * given to `vanthu check`). name: file name or NULL. input must outlive the arena's use.
 * *out is in the arena. Bad input is not an error: it stands in reasons and findings.
 * Returns VT_OK, VT_E_NOMEM, VT_E_LIMIT (input above VT_MAX_MAIL_BYTES), VT_E_INTERNAL. */
enum vt_code vt_unpack(struct vt_arena *arena, struct vt_bytes input, const char *name,
                       bool is_mail, struct vt_unpacked **out, struct vt_err *err) VT_MUST_CHECK;

/* Unpack the content of an opaque signature (a MIME entity, RFC 8551 3.5.2) as children of part
 * parent, appending to unpacked->parts with the same totals; beyond them it is a reason of the
 * part. entity must outlive unpacked. VT_OK, VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_unpack_entity(struct vt_arena *arena, struct vt_unpacked *unpacked, size_t parent,
                              struct vt_bytes entity, struct vt_err *err) VT_MUST_CHECK;

/* Append one file as a child of part parent: the content of a .p7m, a member of a container. By its
 * content it may be a mail or a MIME entity and is then unpacked. name: or NULL. bytes must outlive
 * unpacked. As vt_unpack_entity. */
enum vt_code vt_unpack_member(struct vt_arena *arena, struct vt_unpacked *unpacked, size_t parent,
                              struct vt_bytes bytes, const char *name,
                              struct vt_err *err) VT_MUST_CHECK;

/* The value of a header of a mail, decoded and cleaned, in arena. NULL: there is none of that name,
 * more than one, or no memory. */
const char *vt_unpack_header(struct vt_arena *arena, struct vt_bytes mail, const char *name);

/* True when two file names, or parts of them, are the same in any case of letters, those with
 * diacritics too. Both NFC, as names of parts are. */
bool vt_unpack_is_same_name(struct vt_bytes a, struct vt_bytes b);

#endif
