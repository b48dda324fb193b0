/* SPDX-License-Identifier: Apache-2.0
 * registrar: the role that writes the register, asked by the gateway, by post and by vanthu(1). Any
 * number of threads may ask at once. */
#ifndef VANTHU_REGISTRAR_H
#define VANTHU_REGISTRAR_H

#include "vanthu/queued.h"

/* One LOOK or its answer, as JSON. */
#define VT_MAX_LOOK_BYTES (1024u * 1024)
/* Exceptions that one answer carries, in the order in which they were made. */
#define VT_MAX_LOOKED_EXCEPTIONS 1000
/* Answers that one message carries. */
#define VT_MAX_ANSWERS 64

/* Where the registrar is, and how long it may take. */
struct vt_registrar {
    int channel_fd;         /* client end of the channel, … */
    int connection_fd;      /* … or, with channel_fd -1, one connection that the master made */
    int64_t deadline_msecs; /* monotonic */
    /* Called about every second of waiting; may be NULL. */
    void (*progress)(void *context);
    void *progress_context;
    /* Of a DECIDED record: files of what its verdicts rest on (vanthu/object.h), of an EVENT one
     * with the policy it is about; each of at most VT_MAX_OBJECTS_BYTES and its heads, borrowed.
     * The registrar believes no digest of bytes that come along. Of a mail marked secret nothing is
     * taken. */
    const int *objects_fds;
    size_t objects_fds_count; /* at most VT_MAX_RECORD_OBJECTS_FILES */
    /* Called for objects that came without their bytes and are not in the register: what the record
     * says is missing. The first VT_MAX_TOLD_MISSING; may be NULL. */
    void (*missing)(void *context, const char *sha256);
    void *missing_context;
};
/* A time stamp token of a head; real ones have 5 KB. */
#define VT_MAX_HEAD_TOKEN_BYTES (64u * 1024)
#define VT_MAX_RECORD_OBJECTS_FILES 2
#define VT_MAX_TOLD_MISSING 500

/* What is asked about one mail; nothing of it need be set. All borrowed. */
struct vt_look {
    const char *const *first_seen; /* digests, at most VT_MAX_FIRST_SEEN */
    size_t first_seen_count;
    const char *defer_key_sha256; /* vt_register_defer_key */
    /* Whose exceptions are asked for. */
    const char *const *documents_sha256; /* at most VT_MAX_PARTS */
    size_t documents_count;
    const char *const *certificates_sha256; /* at most VT_MAX_FIRST_SEEN */
    size_t certificates_count;
};

struct vt_looked {
    int64_t *first_seen_utc_secs; /* for each digest that was asked for; VT_TIME_NONE: never */
    int64_t first_deferred_utc_secs;
    struct vt_register_exception *exceptions; /* in force now */
    size_t exceptions_count;
};

/* *out lives in arena. VT_E_PEER: the registrar is not there or reports a fault. VT_E_TIMEOUT;
 * VT_E_LIMIT, VT_E_NOMEM. */
enum vt_code vt_registrar_look(struct vt_arena *arena, const struct vt_registrar *registrar,
                               const struct vt_look *look, struct vt_looked *out,
                               struct vt_err *err) VT_MUST_CHECK;
/* Have one record of any kind but ANSWERED and DESTROYED committed; when it returns VT_OK it
 * survives a loss of power. The registrar sets its time, says whether the clock is synchronised,
 * and commits one DECIDED record for a reference however often it is asked, so that a registrar
 * that died in between is asked again. The objects of record are not looked at: they travel as
 * files. Errors as vt_registrar_look: the record may have been committed all the same. */
enum vt_code vt_registrar_record(const struct vt_registrar *registrar,
                                 const struct vt_register_record *record,
                                 struct vt_err *err) VT_MUST_CHECK;
/* The same in two steps, for a loop that waits for nobody: ask with an event, and poll *out_fd,
 * which the caller closes, until vt_registrar_end has its answer. */
enum vt_code vt_registrar_begin(const struct vt_registrar *registrar,
                                const struct vt_register_record *record, int *out_fd,
                                struct vt_err *err) VT_MUST_CHECK;
/* VT_OK: committed. VT_E_TIMEOUT: no answer yet. Others as vt_registrar_record. */
enum vt_code vt_registrar_end(int fd, struct vt_err *err) VT_MUST_CHECK;
/* What a certificate of a mail turned out to be after the mail was answered. */
struct vt_rechecked {
    const char *reference;
    const char *certificate_sha256;
    const char *name, *serial;  /* for people */
    enum vt_status_value value; /* GOOD, REVOKED, SUSPENDED */
    int64_t since_utc_secs;     /* VT_TIME_NONE: it is not known since when, or it is good */
};
/* Have it recorded, and told to whom it concerns; when it returns VT_OK it survives a loss of
 * power. Errors as vt_registrar_look. */
enum vt_code vt_registrar_rechecked(const struct vt_registrar *registrar,
                                    const struct vt_rechecked *rechecked,
                                    struct vt_err *err) VT_MUST_CHECK;
/* Have a head of this register kept, with the time stamp token that is over its chain value, or
 * without one. Errors as vt_registrar_look. */
enum vt_code vt_registrar_keep_head(const struct vt_registrar *registrar,
                                    const struct vt_register_head *head,
                                    struct vt_err *err) VT_MUST_CHECK;
/* Tell what the MTA got for mails with a DECIDED record; nobody answers. records: of kind ANSWERED,
 * at most VT_MAX_ANSWERS; their times and the lines of their answers do not travel. */
enum vt_code vt_registrar_tell(const struct vt_registrar *registrar,
                               const struct vt_register_record *records, size_t count,
                               struct vt_err *err) VT_MUST_CHECK;

/* ---- notices, for post ---- */

/* One notice, written; RFC 5321 4.5.3.1 for an address, RFC 3461 4.4 for an ENVID. */
#define VT_MAX_NOTICE_BYTES (1024u * 1024)
#define VT_MAX_NOTICE_RECIPIENT_BYTES 320
#define VT_MAX_NOTICE_ENVID_BYTES 100
#define VT_MAX_NOTICE_ANSWER_BYTES 500
/* Whoever was handed a notice is done with it after so long; then another one may take it, even
 * when nobody knows what became of the first. */
#define VT_NOTICE_LEASE_SECS 600
#define VT_MAX_NOTICE_QUEUE_ID_BYTES 64

/* What came of one attempt; zero memory is not sent. */
enum vt_delivery {
    VT_DELIVERY_DEFERRED = 0, /* "deferred": later again */
    VT_DELIVERY_SENT,         /* "sent": the relay has taken it over */
    VT_DELIVERY_FAILED,       /* "failed": the relay will never take it */
    VT_DELIVERIES
};
const char *vt_delivery_name(enum vt_delivery delivery);

/* A notice that is to be sent now. */
struct vt_notice_handed {
    int64_t id;
    char recipient[VT_MAX_NOTICE_RECIPIENT_BYTES + 1];
    char envid[VT_MAX_NOTICE_ENVID_BYTES + 1]; /* printable ASCII, the same at every attempt */
    int message_fd; /* sealed memory file of at most VT_MAX_NOTICE_BYTES, RFC 5322 with CRLF */
    int lease_fd;   /* its end gives the notice back: kept open until vt_registrar_notice_done */
};
struct vt_notice_done {
    int64_t id;
    enum vt_delivery delivery;
    /* With DEFERRED: the connection ended between the end of the message and its answer, so that
     * the relay may have taken it (RFC 1047). */
    bool maybe_sent;
    unsigned smtp_code; /* of the answer that decided; 0: there was none */
    char queue_id[VT_MAX_NOTICE_QUEUE_ID_BYTES + 1]; /* the relay's, of what was sent; or "" */
    char text[VT_MAX_NOTICE_ANSWER_BYTES +
              1]; /* the answer without its code, or what went wrong, cleaned */
};

struct vt_notice_order {
    enum vt_queued_order order;
    int64_t id;           /* 0, with RETRY: all that wait for their next attempt */
    const char *by, *why; /* of DROP; NULL: not said */
};

/* Ask for the next notice that is due. VT_OK: *out is it, both descriptors the caller's
 * (vt_registrar_notice_release). VT_E_NOT_FOUND: none is due, *out_wait_msecs says when to ask
 * again. Others as vt_registrar_look. */
enum vt_code vt_registrar_notice_next(const struct vt_registrar *registrar,
                                      struct vt_notice_handed *out, int64_t *out_wait_msecs,
                                      struct vt_err *err) VT_MUST_CHECK;
/* Have what became of it kept; when it returns VT_OK it survives a loss of power. Told twice it is
 * kept once. Errors as vt_registrar_look: it may have been kept all the same. */
enum vt_code vt_registrar_notice_done(const struct vt_registrar *registrar,
                                      const struct vt_notice_done *done,
                                      struct vt_err *err) VT_MUST_CHECK;
/* What an administrator orders (vt_queued_order). *out_count: notices that were changed. VT_E_PEER:
 * also when it cannot be done, why in err. Others as vt_registrar_look. */
enum vt_code vt_registrar_notice_order(const struct vt_registrar *registrar,
                                       const struct vt_notice_order *order, int64_t *out_count,
                                       struct vt_err *err) VT_MUST_CHECK;
/* Close its descriptors. */
void vt_registrar_notice_release(struct vt_notice_handed *handed);

#endif
