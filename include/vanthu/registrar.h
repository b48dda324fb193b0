/* SPDX-License-Identifier: Apache-2.0
 * registrar: the role that writes the register, asked by the gateway and by vanthu(1). Any number
 * of threads may ask at once. */
#ifndef VANTHU_REGISTRAR_H
#define VANTHU_REGISTRAR_H

#include "vanthu/register.h"

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
     * with the policy it is about; each of at most
     * VT_MAX_OBJECTS_BYTES and its heads, borrowed. The registrar believes no digest of bytes that
     * come along. Of a mail marked secret nothing is taken. */
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

#endif
