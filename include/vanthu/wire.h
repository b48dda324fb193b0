/* SPDX-License-Identifier: Apache-2.0
 * How roles talk. A channel is an AF_UNIX SOCK_SEQPACKET pair that the master makes and keeps, so
 * that it outlives either end. A request opens one connection: a fresh socket pair of which one
 * end travels over the channel. One request, one answer, closed to cancel. A message has at most
 * VT_MAX_MESSAGE_BYTES; larger things travel as a descriptor: a memory file whose four seals the
 * receiver checks, or a spool file read by pread(2). A server that failed answers any request with
 * ERROR. */
/* clang-format off */
/* The table of requests. A descriptor is a memory file of at most the size behind it; "lists" are
 * sealed CRLs of at most 128M each (vt_crl_list_open).
 *
 * from, to              message     body (JSON); descriptors            deadline    when it is down
 * gateway, command      INSPECT     now, clock_wrong, name, is_mail,    inspection  451, after some
 *   to inspector                    certificate, record, token,                     NOT_CHECKED
 *                                   objects, class_given, facts, known;
 *                                   mail 64M, facts 8M, known 64M,
 *                                   up to 8 lists
 *                       INSPECTED   -; evidence 4M, wants 16M, objects 16M
 *                       DIED        why; -
 * gateway, command      SEAL_       key, chain, scheme, hash, time,     inspection  what policy says
 *   to inspector        DOCUMENTS   form, may_be_opaque, headers,                   for "cannot be
 *                                   null_sender, agency, token_max,                 sealed"
 *                                   documents, data (how many); mail
 *                                   64M, documents 2M, validation data
 *                                   16M of objects up to 4 times
 *                       SEAL_       word, why; parts 2M
 *                       DOCUMENTS_ARE
 *                       SEAL_       as SEAL_DOCUMENTS; without any
 *                       PREPARE     documents the mail alone
 *                       SEAL_       word, why, attributes; -
 *                       PREPARED
 *                       SEAL_       the same and signature; the same, and
 *                       FINISH      a time stamp token 16K or none
 *                       SEAL_       header_bytes, cms, why, documents;
 *                       FINISHED    sealed mail 96M, changes of the
 *                                   header 256K
 * command to inspector  SEAL_FILE   key, chain, scheme, hash, time,     60 s        exit status 75
 *                                   form, stamp, name, reason, signature
 *                                   or not; file 64M, with a signature a
 *                                   time stamp token 16K or none
 *                       SEAL_       word, why, attributes; or, after
 *                       FILE_IS     signing, why; what was made 24M
 *                       SEAL_STORE  -; sealed PDF 64M, objects 16M twice
 *                       SEAL_       why, left_out; what is put behind the
 *                       FILE_IS     PDF 24M
 * gateway, command      STATUS      reference or -; wants 16M           status      STATUS_UNKNOWN
 *   to status           STATUS_IS   -; known 64M, up to 8 lists
 *                       STAMP       value; -                            5 s         no time stamp
 *                       STAMPED     token, time, url, certificate; or
 *                                   text; -
 * gateway to status     OBJECTS     -; objects named 64K                500 ms      they are missing
 *                       OBJECTS_ARE -; objects 16M
 * gateway, command      LOOK        -; what is asked 1M                 register    first seen and defer
 *   to registrar        LOOKED      -; what is known 1M                             clocks: 451
 *   (command: by        RECORD      kind, reference; body 24M, up to    register    451 4.3.0; mode
 *   registrar-role)                 2 of objects 16M                                observe: passes
 *                       RECORDED    missing (after the commit); -
 *                       HEAD        record, chain, time; token 64K or       15 s    exit status 69
 *                                   empty
 *                       HEAD_KEPT   -; -
 * gateway to registrar  ANSWERED    answers; - (not answered)           none        it is left out
 * post to registrar     NOTICE_NEXT -; -                                register    notices wait
 *                       NOTICE      id, recipient, envid; message 1M. The connection stays open
 *                                   while it is sent; closed: another one may take it
 *                       NOTICE_NONE msecs until it asks again; -
 *                       NOTICE_DONE id, outcome, maybe_sent, code,        register    told again
 *                                   queue_id, text; -
 *                       NOTICE_KEPT (after the commit) -; -
 * command to registrar  NOTICE_ORDER                                        15 s    exit status 69
 *   (by registrar-role)             order, id, by, why; -
 *                       NOTICE_ORDERED
 *                                   (after the commit) count; -
 * gateway, post         SEAL_SIGN   key, purpose, reference, on_behalf,     hsm         what policy says
 *                                   about, attributes, msecs; -                         for "cannot be
 *   to sealer (post:    SEAL_       key; -                                              sealed"
 *   notices alone)      IDENTITY
 *                       SEAL_ANSWER failure, text, signature; or chain,
 *                                   scheme, hash
 * command to sealer     SEAL_SIGN,  as above; no notices                30 s        exit status 69
 *   (by sealer-role)    IDENTITY
 *                       SEAL_PROBE  key; a PIN that is to be tried 1K       30 s        exit status 69
 *                       SEAL_CSR    key, subject; -
 *                       SEAL_STOP,  by, text; -
 *                       RESUME
 *                       SEAL_STATUS -; -
 *                       SEAL_ANSWER of each its own; -
 * sealer to registrar   RECORD      as above, of kind event                 register    unavailable
 * status to registrar   RECHECKED   reference, certificate, name,           300 ms      told again
 *                                   serial, status, since; empty
 *                       RECHECK_KEPT
 *                                   (after the commit) -; -
 * status, command       FETCH       url, type; body of a POST 64K       fetch       STATUS_UNKNOWN
 *   to fetch            FETCHED     http_status, code, error,
 *                                   connected, location; bytes 64M
 * status to inspector   GENERATION  -; known 64M, up to 64 lists (not   none        an older one
 *                                   answered)
 * command to master     CONTROL     command: reload, status, drain,     30 s        -
 *                                   status-role, registrar-role,
 *                                   sealer-role, metrics; -
 *                       METRICS     (to command: metrics) lane; a descriptor for each role
 *                       CONTROLLED  ok, text, mistakes, mode, roles; of
 *                                   status-role, registrar-role and
 *                                   sealer-role a connection to that
 * command to status     STATUS_     -; CRLs 64M                         60 s        exit status 69
 *   (by status-role)    IMPORT
 *                       STATUS_     crls; -
 *                       IMPORTED
 *                       STATUS_     -; -                                5 s         it is left out
 *                       REPORT
 *                       STATUS_     -; report 4M
 *                       REPORTED
 * role to master        READY       -; - (not answered)                 none        -
 * shipper to master     SHIPPING    state, text, shipped, waiting,      none        -
 *                                   since, …; - (not answered)
 * inspector to master   RENEW       -; as GENERATION (not answered)     none        -
 * master to inspector   GENERATION  -; as from status                   none        -
 * master to web         METRICS     lane; a descriptor for each role    none        it does not start
 */
/* clang-format on */
#ifndef VANTHU_WIRE_H
#define VANTHU_WIRE_H

#include "vanthu/bytes.h"
#include "vanthu/limits.h"

enum vt_message_type {
    VT_MSG_NONE = 0,
    VT_MSG_INSPECT,
    VT_MSG_INSPECTED,
    VT_MSG_DIED,
    VT_MSG_STATUS,
    VT_MSG_STATUS_IS,
    VT_MSG_FETCH,
    VT_MSG_FETCHED,
    VT_MSG_GENERATION,
    VT_MSG_CONTROL,
    VT_MSG_CONTROLLED,
    VT_MSG_ERROR,         /* body: text of a fault of the server */
    VT_MSG_CONNECT,       /* over a channel: the server's end of a new connection */
    VT_MSG_READY,         /* role to master, over its control socket: set up and serving */
    VT_MSG_RENEW,         /* inspector to master: exec a successor now; may carry the generation */
    VT_MSG_STATUS_IMPORT, /* command to status, over a connection that the master made */
    VT_MSG_STATUS_IMPORTED,
    VT_MSG_STATUS_REPORT, /* what the status role knows of hosts, lists and its memory */
    VT_MSG_STATUS_REPORTED,
    VT_MSG_LOOK, /* to the registrar */
    VT_MSG_LOOKED,
    VT_MSG_RECORD,
    VT_MSG_RECORDED, /* the record survives a loss of power */
    VT_MSG_ANSWERED,
    VT_MSG_HEAD, /* command to registrar: keep this head */
    VT_MSG_HEAD_KEPT,
    VT_MSG_OBJECTS, /* gateway to status: the bytes of what it fetched, by digest */
    VT_MSG_OBJECTS_ARE,
    VT_MSG_METRICS,     /* from the master: descriptors of all metrics, for reading */
    VT_MSG_SHIPPING,    /* shipper to master: how far the central database is */
    VT_MSG_NOTICE_NEXT, /* post to registrar: what is to be sent? */
    VT_MSG_NOTICE,
    VT_MSG_NOTICE_NONE,
    VT_MSG_NOTICE_DONE, /* post to registrar: what became of it */
    VT_MSG_NOTICE_KEPT, /* it survives a loss of power */
    VT_MSG_SEAL_SIGN,   /* to the sealer */
    VT_MSG_SEAL_IDENTITY,
    VT_MSG_SEAL_PROBE, /* command to sealer, over the administrator's channel, as what follows */
    VT_MSG_SEAL_CSR,
    VT_MSG_SEAL_STOP,
    VT_MSG_SEAL_RESUME,
    VT_MSG_SEAL_STATUS,
    VT_MSG_SEAL_ANSWER,  /* to each of these */
    VT_MSG_NOTICE_ORDER, /* command to registrar: try it now, or never send it */
    VT_MSG_NOTICE_ORDERED,
    VT_MSG_RECHECKED, /* status to registrar: a status became known after its mail was answered */
    VT_MSG_RECHECK_KEPT,
    VT_MSG_SEAL_PREPARE, /* to the inspector: what of a mail is to be signed? */
    VT_MSG_SEAL_PREPARED,
    VT_MSG_SEAL_FINISH, /* the same, with the signature: the sealed mail */
    VT_MSG_SEAL_FINISHED,
    VT_MSG_SEAL_FILE, /* to the inspector: the same of a file; with a signature the second step */
    VT_MSG_SEAL_FILE_IS,
    VT_MSG_SEAL_STORE, /* to the inspector: validation data for a sealed PDF */
    VT_MSG_STAMP,      /* to status: have this stamped */
    VT_MSG_STAMPED,
    VT_MSG_SEAL_DOCUMENTS, /* to the inspector: what of its documents is to be signed? */
    VT_MSG_SEAL_DOCUMENTS_ARE,
    VT_MSG_COUNT
};

/* A generation: its JSON and VT_MAX_GENERATION_LISTS lists; the kernel allows 253. */
#define VT_WIRE_MAX_FDS 72

struct vt_message {
    enum vt_message_type type;
    uint8_t body[VT_MAX_MESSAGE_BYTES];
    size_t body_len;
    int fds[VT_WIRE_MAX_FDS]; /* owned by the receiver; vt_message_close closes what is left */
    size_t fds_count;
};

/* Close the descriptors that are left in a message; nothing of it is freed. */
void vt_message_close(struct vt_message *message);

/* Deadlines are on the monotonic clock (vt_clock_monotonic_msecs). A late peer is VT_E_TIMEOUT, a
 * closed one VT_E_PEER; truncated data, an unknown type or an unexpected descriptor VT_E_FORMAT. */
enum vt_code vt_wire_send(int fd, enum vt_message_type type, struct vt_bytes body, const int *fds,
                          size_t fds_count, int64_t deadline_msecs,
                          struct vt_err *err) VT_MUST_CHECK;
/* The next message. max_fds: descriptors that may come; more ends the connection. VT_OK: those of
 * *out are the caller's (vt_message_close). */
enum vt_code vt_wire_receive(int fd, struct vt_message *out, size_t max_fds, int64_t deadline_msecs,
                             struct vt_err *err) VT_MUST_CHECK;
/* Client: open a connection over a channel, which any number of threads may share. *out_fd is
 * closed by the caller. */
enum vt_code vt_wire_open(int channel_fd, int64_t deadline_msecs, int *out_fd,
                          struct vt_err *err) VT_MUST_CHECK;
/* Server: take the next connection from a channel; does not wait beyond the deadline (0: not at
 * all). VT_E_TIMEOUT: none came. VT_E_FORMAT: something else came and was dropped. */
enum vt_code vt_wire_accept(int channel_fd, int64_t deadline_msecs, int *out_fd,
                            struct vt_err *err) VT_MUST_CHECK;
/* True when the other end of a connection was closed: its request needs no answer any more. */
bool vt_wire_peer_is_gone(int fd);
/* One request over a channel and its answer. */
struct vt_wire_ask {
    enum vt_message_type type;
    struct vt_bytes body;
    const int *fds; /* borrowed */
    size_t fds_count;
    size_t max_fds; /* descriptors that may come with the answer */
    int64_t deadline_msecs;
    /* Called before the wait and about every second of it; may be NULL. */
    void (*progress)(void *context);
    void *progress_context;
};
/* Ask and wait for the answer, of any type. Errors as vt_wire_receive. */
enum vt_code vt_wire_ask(int channel_fd, const struct vt_wire_ask *ask, struct vt_message *answer,
                         struct vt_err *err) VT_MUST_CHECK;
/* The same; with channel_fd -1 over a connection that is there already and stays open, and nobody
 * is told of the wait. */
enum vt_code vt_wire_ask_over(int channel_fd, int connection_fd, const struct vt_wire_ask *ask,
                              struct vt_message *answer, struct vt_err *err) VT_MUST_CHECK;
/* Of an answer that is none of what was asked for: VT_E_PEER, with the text of an ERROR, cleaned.
 * who: "the registrar". Nothing is closed. */
enum vt_code vt_message_unexpected(const struct vt_message *answer, const char *who,
                                   struct vt_err *err) VT_MUST_CHECK;
/* A channel: a connected pair, close-on-exec. */
enum vt_code vt_wire_pair(int out_fds[2], struct vt_err *err) VT_MUST_CHECK;

/* Write all of bytes at the file's offset, however many calls it takes. VT_E_SYSTEM: a part of them
 * may have been written. */
enum vt_code vt_output_write(int fd, struct vt_bytes bytes, struct vt_err *err) VT_MUST_CHECK;
/* Put bytes into the place of the file at path, so that whoever reads it finds the old or the new
 * ones whole, also after a crash: written beside it, flushed, renamed. More than 4 MB are not
 * flushed: after a power failure they may be cut short. mode: as of chmod(2), whatever the umask
 * is. VT_E_SYSTEM, VT_E_LIMIT (the path is too long): the old file stands. */
enum vt_code vt_output_replace(const char *path, unsigned mode, struct vt_bytes bytes,
                               struct vt_err *err) VT_MUST_CHECK;
/* A memory file with these bytes and all four seals. *out_fd: the caller's to close. VT_E_SYSTEM,
 * VT_E_NOMEM. */
enum vt_code vt_memfd_seal(const char *name, struct vt_bytes bytes, int *out_fd,
                           struct vt_err *err) VT_MUST_CHECK;
/* The same with the bytes of all parts, one behind the other. */
enum vt_code vt_memfd_seal_parts(const char *name, const struct vt_bytes *parts, size_t count,
                                 int *out_fd, struct vt_err *err) VT_MUST_CHECK;
/* Map a memory file after checking its four seals and its size; vt_memfd_unmap to release, fd may
 * be closed before. VT_E_FORMAT: it is not sealed; VT_E_LIMIT: larger than max_bytes; VT_E_SYSTEM.
 */
enum vt_code vt_memfd_map(int fd, size_t max_bytes, struct vt_bytes *out,
                          struct vt_err *err) VT_MUST_CHECK;
/* bytes: exactly as vt_memfd_map gave them; the empty view is allowed. */
void vt_memfd_unmap(struct vt_bytes bytes);
/* Read a whole regular file by pread(2) into malloc'd memory (never mapped: it might shrink), or a
 * sealed memory file. *out_mapped says how to release it: vt_input_release. VT_E_LIMIT: larger than
 * max_bytes; VT_E_FORMAT: neither of both, or it changed while it was read; VT_E_SYSTEM,
 * VT_E_NOMEM. */
enum vt_code vt_input_read(int fd, size_t max_bytes, struct vt_bytes *out, bool *out_mapped,
                           struct vt_err *err) VT_MUST_CHECK;
void vt_input_release(struct vt_bytes bytes, bool mapped);

#endif
