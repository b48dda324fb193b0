/* SPDX-License-Identifier: Apache-2.0
 * Numbers about the service: one fixed table of counters, gauges and histograms in memory files,
 * one file for each role that writes. The master makes them and keeps them, so that counters
 * outlive a role and a reload. A role can write its own file only, and readers have descriptors
 * that cannot write: a role that was taken over lies about its own numbers, and about nothing else.
 * Writing is one relaxed atomic addition, from any thread, and never fails. No text is kept here:
 * the values of all labels are fixed, or hosts of the configuration, so that nothing of a mail can
 * get in. Of mails marked secret there is a count and nothing else. */
#ifndef VANTHU_METRICS_H
#define VANTHU_METRICS_H

#include "vanthu/config.h"

/* In the order in which they are shown; the table is in milter/base/metrics_table.c. */
enum vt_metric {
    /* gateway */
    VT_METRIC_MAILS = 0,      /* outcome, direction, class */
    VT_METRIC_MAILS_WOULD_BE, /* action */
    VT_METRIC_MAIL_REASONS,   /* reason */
    VT_METRIC_MAILS_SECRET,
    VT_METRIC_TEMPFAILS, /* cause */
    VT_METRIC_STAGES,    /* stage */
    VT_METRIC_MAIL_BYTES,
    VT_METRIC_DOCUMENTS,
    VT_METRIC_SIGNATURES,         /* indication */
    VT_METRIC_INSPECTIONS_FAILED, /* cause */
    VT_METRIC_MAILS_POISON,
    VT_METRIC_MAILS_UNRECORDED,
    VT_METRIC_MAIL_SEALS, /* result: vt_metric_seal_result */
    VT_METRIC_SESSIONS,
    VT_METRIC_SESSIONS_OPEN,
    VT_METRIC_MAILS_ARRIVING,
    VT_METRIC_MAILS_JUDGED,
    VT_METRIC_QUEUE_LENGTH,
    VT_METRIC_QUEUE_BUSY,
    VT_METRIC_QUEUE_PLACES,
    VT_METRIC_POLICY, /* the version is its value: shown as a label */
    VT_METRIC_POLICY_LOADED,
    VT_METRIC_BRAKES,
    VT_METRIC_BRAKE_UNTIL,
    /* inspector */
    VT_METRIC_CHILDREN,
    VT_METRIC_CHILDREN_DIED, /* death */
    VT_METRIC_CHILDREN_RUNNING,
    VT_METRIC_INSPECTOR_RENEWED,
    /* status */
    VT_METRIC_STATUS_REQUESTS,
    VT_METRIC_STATUS_CERTIFICATES, /* found */
    VT_METRIC_HOST_ANSWERS,        /* host, result */
    VT_METRIC_HOST_MSECS,          /* host */
    VT_METRIC_HOST_UP,             /* host */
    VT_METRIC_HOST_LAST_GOOD,      /* host */
    VT_METRIC_CRLS,
    VT_METRIC_CRL_BYTES,
    VT_METRIC_CRL_OLDEST,
    VT_METRIC_CRL_FIRST_END,
    VT_METRIC_STATUS_FACTS,
    VT_METRIC_RECHECKS,
    VT_METRIC_TRUST_ANCHORS, /* set */
    VT_METRIC_CLOCK_SYNCHRONISED,
    VT_METRIC_CLOCK_SANE,
    VT_METRIC_TIMESTAMPS, /* result */
    /* fetch */
    VT_METRIC_TRANSFERS,      /* type, result */
    VT_METRIC_TRANSFER_BYTES, /* type */
    VT_METRIC_TRANSFERS_ACTIVE,
    /* registrar */
    VT_METRIC_RECORDS,
    VT_METRIC_COMMITS, /* result */
    VT_METRIC_COMMIT_RECORDS,
    VT_METRIC_COMMIT_MSECS,
    VT_METRIC_LOOKS,
    VT_METRIC_RECORDS_DESTROYED,
    VT_METRIC_REGISTER_WRITABLE,
    VT_METRIC_OBJECTS_KEPT,
    VT_METRIC_REGISTER_TURN,
    VT_METRIC_NOTICES_OWED, /* state */
    VT_METRIC_NOTICES_OLDEST,
    VT_METRIC_NOTICES_ENDED, /* end */
    VT_METRIC_HOLDS,
    VT_METRIC_HOLDS_OLDEST,
    /* shipper */
    VT_METRIC_CENTRAL_UP,
    VT_METRIC_CENTRAL_WAITING,
    VT_METRIC_CENTRAL_RECORDS,
    VT_METRIC_CENTRAL_UNPROVEN,
    /* post */
    VT_METRIC_NOTICES, /* outcome: enum vt_delivery */
    VT_METRIC_NOTICE_MSECS,
    VT_METRIC_RELAY_AWAY,
    VT_METRIC_NOTICES_UNSIGNED,
    /* sealer */
    VT_METRIC_SEALS,      /* key, purpose, result */
    VT_METRIC_SEAL_MSECS, /* key; so are all of these */
    VT_METRIC_SEAL_UP,
    VT_METRIC_SEAL_LOSSES,
    VT_METRIC_SEAL_CANARY_FAILED,
    VT_METRIC_SEAL_CANARY_GOOD,
    VT_METRIC_SEAL_CERTIFICATE_END,
    VT_METRIC_SEAL_PIN_SINCE,
    VT_METRIC_SEAL_SOFTWARE,
    VT_METRIC_SEAL_STOPPED, /* without a key */
    /* master */
    VT_METRIC_ROLE_UP,       /* role */
    VT_METRIC_ROLE_STARTED,  /* role */
    VT_METRIC_ROLE_RESTARTS, /* role */
    VT_METRIC_RELOADS,       /* result */
    /* web */
    VT_METRIC_WEB_REQUESTS, /* page */
    /* nobody: what the reader knows itself */
    VT_METRIC_MODE,
    VT_METRIC_BUILD,
    VT_METRICS
};

/* ---- values of labels, as indices ---- */

enum vt_metric_outcome {
    VT_MAILS_ACCEPTED = 0,
    VT_MAILS_TAGGED,
    VT_MAILS_HELD,
    VT_MAILS_REJECTED,
    VT_MAILS_TEMPFAILED,
    VT_METRIC_OUTCOMES
};
enum vt_metric_stage {
    VT_STAGE_QUEUE = 0,
    VT_STAGE_INSPECTION,
    VT_STAGE_STATUS,
    VT_STAGE_REGISTER,
    VT_STAGE_TOTAL,
    VT_METRIC_STAGE_COUNT
};
enum vt_metric_tempfail {
    VT_TEMPFAIL_POLICY = 0, /* a rule defers */
    VT_TEMPFAIL_INSPECTION, /* the mail could not be judged */
    VT_TEMPFAIL_REGISTER,   /* nor recorded */
    VT_TEMPFAIL_MTA,        /* libmilter or the mail server refused what was decided */
    VT_TEMPFAIL_SEAL,       /* a seal that is required could not be set */
    VT_METRIC_TEMPFAIL_COUNT
};
/* What became of the seal that a mail was to get: "sealed", "left-alone", else the word for why
 * not; a word that is not known counts as "other". */
unsigned vt_metric_seal_result(const char *word);
enum vt_metric_failure {
    VT_FAILURE_DIED = 0,
    VT_FAILURE_LATE,
    VT_FAILURE_BUSY,
    VT_FAILURE_OTHER,
    VT_METRIC_FAILURES
};
enum vt_metric_death {
    VT_DEATH_CRASH = 0,
    VT_DEATH_SANDBOX,
    VT_DEATH_MEMORY,
    VT_DEATH_DEADLINE,
    VT_DEATH_PROCESSOR,
    VT_DEATH_ANSWER,
    VT_DEATH_EXIT,
    VT_METRIC_DEATHS
};
enum vt_metric_found { VT_FOUND_AT_ONCE = 0, VT_FOUND_FETCHED, VT_FOUND_NOTHING, VT_METRIC_FOUNDS };
enum vt_metric_page { VT_PAGE_METRICS = 0, VT_PAGE_HEALTH, VT_PAGE_OTHER, VT_METRIC_PAGES };
/* How asking a host ended: enum vt_outcome of milter/status/breaker.h. */
#define VT_METRIC_ANSWERS 6
/* What fetch brings: OCSP answers, CRLs, issuer certificates, time stamps. */
#define VT_METRIC_TYPES 4
/* Notices that are owed, and how those end that were. */
enum vt_metric_notice_state {
    VT_NOTICES_WAITING = 0,
    VT_NOTICES_READY,
    VT_NOTICES_SENDING,
    VT_METRIC_NOTICE_STATES
};
enum vt_metric_notice_end {
    VT_NOTICES_SENT = 0,
    VT_NOTICES_FAILED,
    VT_NOTICES_EXPIRED,
    VT_NOTICES_DROPPED,
    VT_NOTICES_LIMITED,
    VT_NOTICES_UNANSWERED,
    VT_METRIC_NOTICE_ENDS
};
/* What became of an attempt to send a notice: enum vt_delivery. */
#define VT_METRIC_DELIVERIES 3
enum vt_metric_result { VT_RESULT_OK = 0, VT_RESULT_FAILED, VT_METRIC_RESULTS };

/* Hosts of fetch.allowed-hosts by their place in it; those beyond share the last index. */
#define VT_METRIC_HOSTS 32
/* Sets of roles that may live at the same time: each has gauges of its own in every file. */
#define VT_METRIC_LANES 8

/* ---- writing: a role's own file ---- */

struct vt_metrics;

/* Make a file of zeros. *out_write goes to the role alone, *out_read to readers; both close-on-exec
 * and owned by the caller. Nobody can change the size, or open the file anew through /proc.
 * VT_E_SYSTEM. */
enum vt_code vt_metrics_make(enum vt_role_id role, int *out_write, int *out_read,
                             struct vt_err *err) VT_MUST_CHECK;
/* Map a role's file, which may be closed afterwards. lane: below VT_METRIC_LANES, whose gauges
 * become zero. hosts: what host or key indices are about, NULL: none; when they are others than
 * those that were counted, their counts begin anew. fd -1: *out is NULL, which all functions below
 * take and do nothing with. The mapping is not inherited by fork(2). VT_E_FORMAT: not such a file;
 * VT_E_SYSTEM, VT_E_NOMEM. */
enum vt_code vt_metrics_open(int fd, enum vt_role_id role, unsigned lane,
                             const struct vt_strings *hosts, struct vt_metrics **out,
                             struct vt_err *err) VT_MUST_CHECK;
/* NULL is allowed. */
void vt_metrics_close(struct vt_metrics *metrics);

/* The index of a combination of label values, in the order of the table; labels that a metric does
 * not have are 0. What is out of range is counted nowhere. */
unsigned vt_metric_at(enum vt_metric metric, unsigned a, unsigned b, unsigned c);
/* A counter grows. A metric of another role is left alone, here and below. */
void vt_metric_add(struct vt_metrics *metrics, enum vt_metric metric, unsigned index,
                   uint64_t count);
/* One value of a histogram, in milliseconds or in what its name says. Negative ones count as 0. */
void vt_metric_observe(struct vt_metrics *metrics, enum vt_metric metric, unsigned index,
                       int64_t value);
void vt_metric_set(struct vt_metrics *metrics, enum vt_metric metric, unsigned index,
                   int64_t value);
void vt_metric_change(struct vt_metrics *metrics, enum vt_metric metric, unsigned index,
                      int64_t by);

/* ---- reading ---- */

struct vt_metrics_reader;

/* Map the files of all roles for reading; -1: there is none of that role. The descriptors may be
 * closed afterwards. VT_E_FORMAT: not such a file, or its size may still change; VT_E_SYSTEM,
 * VT_E_NOMEM. */
enum vt_code vt_metrics_reader_new(const int fds[VT_ROLES], struct vt_metrics_reader **out,
                                   struct vt_err *err) VT_MUST_CHECK;
void vt_metrics_reader_free(struct vt_metrics_reader *reader);

/* The same over a connection: descriptors for reading, in the order of the roles, and the lane of
 * the set that serves. Never waits. Errors as vt_wire_send. */
enum vt_code vt_metrics_send(int fd, const int fds[VT_ROLES], unsigned lane,
                             struct vt_err *err) VT_MUST_CHECK;
/* VT_E_FORMAT: also when the sender is of another version of vanthu. Others as vt_wire_receive and
 * vt_metrics_reader_new. */
enum vt_code vt_metrics_receive(int fd, int64_t deadline_msecs, struct vt_metrics_reader **out,
                                unsigned *out_lane, struct vt_err *err) VT_MUST_CHECK;

/* Values of one moment; 0 where there is no file. A counter, or the number of values that a
 * histogram has seen. */
uint64_t vt_metrics_count(const struct vt_metrics_reader *reader, enum vt_metric metric,
                          unsigned index);
/* The same over all labels. */
uint64_t vt_metrics_count_all(const struct vt_metrics_reader *reader, enum vt_metric metric);
/* A gauge: the sum over all sets where the table says so, else of this one. */
int64_t vt_metrics_gauge(const struct vt_metrics_reader *reader, enum vt_metric metric,
                         unsigned index, unsigned lane);

/* Whose numbers are shown. */
struct vt_metrics_view {
    const struct vt_config *config; /* mode, hosts and which roles there are */
    unsigned lane;                  /* of the set that serves */
};
#define VT_MAX_METRICS_TEXT_BYTES (1024u * 1024)
/* Everything as Prometheus text, format 0.0.4. out: initialised with VT_MAX_METRICS_TEXT_BYTES.
 * VT_E_LIMIT, VT_E_NOMEM. */
enum vt_code vt_metrics_write(const struct vt_metrics_reader *reader,
                              const struct vt_metrics_view *view, struct vt_buf *out,
                              struct vt_err *err) VT_MUST_CHECK;

/* ---- health ---- */

/* What is wrong now, for a person and for a monitor that is told by a code. */
struct vt_problem {
    const char *code; /* "role-down" */
    char text[160];   /* one English sentence: what is wrong and what it does to mail */
};
#define VT_MAX_PROBLEMS 16
/* How many of *out_problems were filled; 0: all is well. A role that is about to be started again
 * counts as down. */
size_t vt_metrics_problems(const struct vt_metrics_reader *reader,
                           const struct vt_metrics_view *view, int64_t now_utc_secs,
                           struct vt_problem out_problems[VT_MAX_PROBLEMS]);

#endif
