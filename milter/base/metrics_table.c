/* SPDX-License-Identifier: Apache-2.0
 * What is counted. Names by the conventions of Prometheus: counters end in _total, units are
 * seconds and bytes, no label takes its values from mail. */
#include "base/metrics.h"

#include <string.h>

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* ---- labels ---- */

static const char *outcome_name(unsigned i)
{
    static const char *const names[VT_METRIC_OUTCOMES] = {[VT_MAILS_ACCEPTED] = "accept",
                                                          [VT_MAILS_TAGGED] = "tag",
                                                          [VT_MAILS_HELD] = "hold",
                                                          [VT_MAILS_REJECTED] = "reject",
                                                          [VT_MAILS_TEMPFAILED] = "tempfail"};
    return names[i];
}

static const char *direction_name(unsigned i)
{
    return vt_direction_name((enum vt_direction)i);
}

static const char *class_name(unsigned i)
{
    return vt_sender_class_name((enum vt_sender_class)i);
}

static const char *action_name(unsigned i)
{
    return vt_action_name((enum vt_action)i);
}

static const char *reason_name(unsigned i)
{
    return vt_reason_info((enum vt_reason)i)->code;
}

static const char *indication_name(unsigned i)
{
    return vt_indication_name((enum vt_indication)i);
}

static const char *role_name(unsigned i)
{
    return vt_role_name((enum vt_role_id)i);
}

static const char *tempfail_name(unsigned i)
{
    static const char *const names[VT_METRIC_TEMPFAIL_COUNT] = {[VT_TEMPFAIL_POLICY] = "policy",
                                                                [VT_TEMPFAIL_INSPECTION] =
                                                                    "inspection",
                                                                [VT_TEMPFAIL_REGISTER] = "register",
                                                                [VT_TEMPFAIL_MTA] = "mta",
                                                                [VT_TEMPFAIL_SEAL] = "seal"};
    return names[i];
}

static const char *stage_name(unsigned i)
{
    static const char *const names[VT_METRIC_STAGE_COUNT] = {[VT_STAGE_QUEUE] = "queue",
                                                             [VT_STAGE_INSPECTION] = "inspection",
                                                             [VT_STAGE_STATUS] = "status",
                                                             [VT_STAGE_REGISTER] = "register",
                                                             [VT_STAGE_TOTAL] = "total"};
    return names[i];
}

static const char *failure_name(unsigned i)
{
    static const char *const names[VT_METRIC_FAILURES] = {[VT_FAILURE_DIED] = "died",
                                                          [VT_FAILURE_LATE] = "late",
                                                          [VT_FAILURE_BUSY] = "busy",
                                                          [VT_FAILURE_OTHER] = "other"};
    return names[i];
}

static const char *death_name(unsigned i)
{
    static const char *const names[VT_METRIC_DEATHS] = {[VT_DEATH_CRASH] = "crash",
                                                        [VT_DEATH_SANDBOX] = "sandbox",
                                                        [VT_DEATH_MEMORY] = "memory",
                                                        [VT_DEATH_DEADLINE] = "deadline",
                                                        [VT_DEATH_PROCESSOR] = "processor",
                                                        [VT_DEATH_ANSWER] = "answer",
                                                        [VT_DEATH_EXIT] = "exit"};
    return names[i];
}

static const char *found_name(unsigned i)
{
    static const char *const names[VT_METRIC_FOUNDS] = {[VT_FOUND_AT_ONCE] = "at-once",
                                                        [VT_FOUND_FETCHED] = "fetched",
                                                        [VT_FOUND_NOTHING] = "nothing"};
    return names[i];
}

/* As milter/status/breaker.h has them; the status role checks that they are as many. */
static const char *answer_name(unsigned i)
{
    static const char *const names[VT_METRIC_ANSWERS] = {"none", "good",   "useless",
                                                         "bad",  "silent", "unreachable"};
    return names[i];
}

static const char *set_name(unsigned i)
{
    static const char *const names[VT_TRUST_SETS] = {
        [VT_TRUST_OFFICIAL] = "official", [VT_TRUST_PUBLIC] = "public"};
    return names[i];
}

static const char *type_name(unsigned i)
{
    static const char *const names[VT_METRIC_TYPES] = {"ocsp", "crl", "issuer", "timestamp"};
    return names[i];
}

static const char *purpose_name(unsigned i)
{
    return vt_seal_purpose_name((enum vt_seal_purpose)i);
}

static const char *sealed_name(unsigned i)
{
    return vt_seal_failure_name((enum vt_seal_failure)i);
}

/* As milter/gateway/seal.h has them. */
static const char *const seal_results[] = {
    "sealed",        "left-alone", "unavailable",       "stopped",        "not-authorised",
    "quota",         "credential", "certificate",       "misuse",         "malformed",
    "fragile",       "too-large",  "not-authenticated", "login-not-from", "no-key",
    "not-inspected", "mta",        "not-verified",      "timestamp",      "documents",
    "other"};
#define SEAL_RESULTS ELEMENTS(seal_results)

static const char *seal_result_name(unsigned i)
{
    return seal_results[i];
}

unsigned vt_metric_seal_result(const char *word)
{
    unsigned i = 0;
    while (i < SEAL_RESULTS - 1 && (word == NULL || strcmp(word, seal_results[i]) != 0))
        i++;
    return i;
}

static const char *result_name(unsigned i)
{
    return i == VT_RESULT_OK ? "ok" : "failed";
}

/* As include/vanthu/registrar.h has them; post checks that they are as many. */
static const char *delivery_name(unsigned i)
{
    static const char *const names[VT_METRIC_DELIVERIES] = {"deferred", "sent", "failed"};
    return names[i];
}

static const char *notice_state_name(unsigned i)
{
    static const char *const names[VT_METRIC_NOTICE_STATES] = {[VT_NOTICES_WAITING] = "waiting",
                                                               [VT_NOTICES_READY] = "ready",
                                                               [VT_NOTICES_SENDING] = "sending"};
    return names[i];
}

static const char *notice_end_name(unsigned i)
{
    static const char *const names[VT_METRIC_NOTICE_ENDS] = {
        [VT_NOTICES_SENT] = "sent",       [VT_NOTICES_FAILED] = "failed",
        [VT_NOTICES_EXPIRED] = "expired", [VT_NOTICES_DROPPED] = "dropped",
        [VT_NOTICES_LIMITED] = "limited", [VT_NOTICES_UNANSWERED] = "unanswered"};
    return names[i];
}

static const char *page_name(unsigned i)
{
    static const char *const names[VT_METRIC_PAGES] = {
        [VT_PAGE_METRICS] = "metrics", [VT_PAGE_HEALTH] = "healthz", [VT_PAGE_OTHER] = "other"};
    return names[i];
}

static const struct vt_metric_label outcome = {"outcome", VT_METRIC_OUTCOMES, outcome_name};
static const struct vt_metric_label direction = {"direction", VT_INTERNAL + 1, direction_name};
static const struct vt_metric_label class = {"class", VT_SENDER_STATE + 1, class_name};
static const struct vt_metric_label action = {"action", VT_ACTION_REJECT + 1, action_name};
static const struct vt_metric_label reason = {"reason", VT_REASON_COUNT, reason_name};
static const struct vt_metric_label indication = {"indication", VT_TOTAL_FAILED + 1,
                                                  indication_name};
static const struct vt_metric_label tempfail = {"cause", VT_METRIC_TEMPFAIL_COUNT, tempfail_name};
static const struct vt_metric_label stage = {"stage", VT_METRIC_STAGE_COUNT, stage_name};
static const struct vt_metric_label failure = {"cause", VT_METRIC_FAILURES, failure_name};
static const struct vt_metric_label death = {"cause", VT_METRIC_DEATHS, death_name};
static const struct vt_metric_label found = {"found", VT_METRIC_FOUNDS, found_name};
static const struct vt_metric_label answer = {"result", VT_METRIC_ANSWERS, answer_name};
static const struct vt_metric_label set = {"set", VT_TRUST_SETS, set_name};
static const struct vt_metric_label type = {"type", VT_METRIC_TYPES, type_name};
static const struct vt_metric_label result = {"result", VT_METRIC_RESULTS, result_name};
static const struct vt_metric_label delivery = {"outcome", VT_METRIC_DELIVERIES, delivery_name};
static const struct vt_metric_label notice_state = {"state", VT_METRIC_NOTICE_STATES,
                                                    notice_state_name};
static const struct vt_metric_label notice_end = {"end", VT_METRIC_NOTICE_ENDS, notice_end_name};
static const struct vt_metric_label page = {"page", VT_METRIC_PAGES, page_name};
static const struct vt_metric_label purpose = {"purpose", VT_SEAL_PURPOSES, purpose_name};
static const struct vt_metric_label sealed = {"result", VT_SEAL_DONE + 1, sealed_name};
static const struct vt_metric_label seal_result = {"result", SEAL_RESULTS, seal_result_name};
const struct vt_metric_label vt_label_host = {"host", VT_METRIC_HOSTS, NULL};
const struct vt_metric_label vt_label_key = {"key", VT_MAX_SEAL_KEYS, NULL};
const struct vt_metric_label vt_label_role = {"role", VT_ROLES, role_name};

/* ---- bounds ---- */

static const int64_t msecs[] = {1,   2,    5,    10,   25,    50,    100,  250,
                                500, 1000, 2500, 5000, 10000, 20000, 60000};
static const int64_t bytes[] = {10000,   30000,    100000,   300000,  1000000,
                                3000000, 10000000, 30000000, 60000000};
static const int64_t records[] = {1, 2, 5, 10, 20, 50, 100, 200, 500};

/* ---- the table ---- */

#define COUNTER VT_METRIC_COUNTER, VT_UNIT_ONE
#define GAUGE VT_METRIC_GAUGE, VT_UNIT_ONE
#define GAUGE_SUM VT_METRIC_GAUGE_SUM, VT_UNIT_ONE
#define MOMENT VT_METRIC_GAUGE, VT_UNIT_TIME
#define DURATION VT_METRIC_HISTOGRAM, VT_UNIT_MSECS
#define HISTOGRAM VT_METRIC_HISTOGRAM, VT_UNIT_ONE
#define INFO VT_METRIC_INFO, VT_UNIT_ONE
#define LABELS(...)                                                                                \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define NO_LABELS                                                                                  \
    {                                                                                              \
        NULL                                                                                       \
    }
#define BOUNDS(array) array, ELEMENTS(array)
#define NO_BOUNDS NULL, 0

/* clang-format off */
const struct vt_metric_info vt_metric_infos[VT_METRICS] = {
    [VT_METRIC_MAILS] = {"vanthu_mails_total", "Mails by what the MTA was told; those marked secret are not among them.",
        COUNTER, VT_ROLE_GATEWAY, LABELS(&outcome, &direction, &class), NO_BOUNDS},
    [VT_METRIC_MAILS_WOULD_BE] = {"vanthu_mails_would_be_total", "Mails by what would be done if mode and every rule were enforce.",
        COUNTER, VT_ROLE_GATEWAY, LABELS(&action), NO_BOUNDS},
    [VT_METRIC_MAIL_REASONS] = {"vanthu_mail_reasons_total", "Mails with this reason, in the mail or any of its documents.",
        COUNTER, VT_ROLE_GATEWAY, LABELS(&reason), NO_BOUNDS},
    [VT_METRIC_MAILS_SECRET] = {"vanthu_secret_mails_total", "Mails marked secret, about which nothing else is counted.",
        COUNTER, VT_ROLE_GATEWAY, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_TEMPFAILS] = {"vanthu_tempfails_total", "Mails that were answered 451, by why.",
        COUNTER, VT_ROLE_GATEWAY, LABELS(&tempfail), NO_BOUNDS},
    [VT_METRIC_STAGES] = {"vanthu_stage_duration_seconds", "How long a mail was in a stage; total: everything from its end to the answer.",
        DURATION, VT_ROLE_GATEWAY, LABELS(&stage), BOUNDS(msecs)},
    [VT_METRIC_MAIL_BYTES] = {"vanthu_mail_size_bytes", "Sizes of mails.",
        HISTOGRAM, VT_ROLE_GATEWAY, NO_LABELS, BOUNDS(bytes)},
    [VT_METRIC_DOCUMENTS] = {"vanthu_documents_total", "Documents that were looked into.",
        COUNTER, VT_ROLE_GATEWAY, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_SIGNATURES] = {"vanthu_signatures_total", "Signatures by verdict.",
        COUNTER, VT_ROLE_GATEWAY, LABELS(&indication), NO_BOUNDS},
    [VT_METRIC_INSPECTIONS_FAILED] = {"vanthu_inspections_failed_total", "Inspections that gave no evidence, by why.",
        COUNTER, VT_ROLE_GATEWAY, LABELS(&failure), NO_BOUNDS},
    [VT_METRIC_MAILS_POISON] = {"vanthu_poison_mails_total", "Mails that went on as NOT_CHECKED because their inspection failed again and again.",
        COUNTER, VT_ROLE_GATEWAY, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_MAILS_UNRECORDED] = {"vanthu_unrecorded_mails_total", "Mails that passed in observe mode without a record.",
        COUNTER, VT_ROLE_GATEWAY, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_MAIL_SEALS] = {"vanthu_mail_seals_total", "Mails that were to get a seal: sealed, left alone, or why there is none.",
        COUNTER, VT_ROLE_GATEWAY, LABELS(&seal_result), NO_BOUNDS},
    [VT_METRIC_SESSIONS] = {"vanthu_sessions_total", "SMTP connections that the mail server told of.",
        COUNTER, VT_ROLE_GATEWAY, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_SESSIONS_OPEN] = {"vanthu_sessions_open", "SMTP connections now.",
        GAUGE_SUM, VT_ROLE_GATEWAY, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_MAILS_ARRIVING] = {"vanthu_mails_under_way", "Mails between MAIL and their answer.",
        GAUGE_SUM, VT_ROLE_GATEWAY, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_MAILS_JUDGED] = {"vanthu_mails_being_judged", "Mails that came in completely and wait for their answer.",
        GAUGE_SUM, VT_ROLE_GATEWAY, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_QUEUE_LENGTH] = {"vanthu_inspection_queue_length", "Mails that wait for a free inspector.",
        GAUGE_SUM, VT_ROLE_GATEWAY, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_QUEUE_BUSY] = {"vanthu_inspection_places_busy", "Inspections under way.",
        GAUGE_SUM, VT_ROLE_GATEWAY, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_QUEUE_PLACES] = {"vanthu_inspection_places", "Inspections that may be under way.",
        GAUGE, VT_ROLE_GATEWAY, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_POLICY] = {"vanthu_policy_info", "Version of the policy that is served, as vanthu policy shows it.",
        INFO, VT_ROLE_GATEWAY, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_POLICY_LOADED] = {"vanthu_policy_loaded_timestamp_seconds", "When the policy that is served was loaded.",
        MOMENT, VT_ROLE_GATEWAY, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_BRAKES] = {"vanthu_refusal_brakes_total", "Rules that were changed lately, refused too much and only tagged for a while.",
        COUNTER, VT_ROLE_GATEWAY, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_BRAKE_UNTIL] = {"vanthu_refusal_brake_until_timestamp_seconds", "Until when the last of these rules only tags.",
        MOMENT, VT_ROLE_GATEWAY, NO_LABELS, NO_BOUNDS},

    [VT_METRIC_CHILDREN] = {"vanthu_inspection_children_total", "Children of the inspector, one for each pass over a mail.",
        COUNTER, VT_ROLE_INSPECTOR, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_CHILDREN_DIED] = {"vanthu_inspection_deaths_total", "Children that died before they answered, by why.",
        COUNTER, VT_ROLE_INSPECTOR, LABELS(&death), NO_BOUNDS},
    [VT_METRIC_CHILDREN_RUNNING] = {"vanthu_inspection_children", "Children now.",
        GAUGE_SUM, VT_ROLE_INSPECTOR, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_INSPECTOR_RENEWED] = {"vanthu_inspector_renewals_total", "Inspectors that were replaced after a child crashed or left its sandbox.",
        COUNTER, VT_ROLE_INSPECTOR, NO_LABELS, NO_BOUNDS},

    [VT_METRIC_STATUS_REQUESTS] = {"vanthu_status_requests_total", "Mails that asked for the status of certificates.",
        COUNTER, VT_ROLE_STATUS, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_STATUS_CERTIFICATES] = {"vanthu_status_certificates_total", "Certificates asked about: known already, fetched in time, or not to be had.",
        COUNTER, VT_ROLE_STATUS, LABELS(&found), NO_BOUNDS},
    [VT_METRIC_HOST_ANSWERS] = {"vanthu_host_answers_total", "What hosts of fetch.allowed-hosts answered.",
        COUNTER, VT_ROLE_STATUS, LABELS(&vt_label_host, &answer), NO_BOUNDS},
    [VT_METRIC_HOST_MSECS] = {"vanthu_host_answer_duration_seconds", "How long a host took, or was waited for.",
        DURATION, VT_ROLE_STATUS, LABELS(&vt_label_host), BOUNDS(msecs)},
    [VT_METRIC_HOST_UP] = {"vanthu_host_up", "1: the host is asked; 0: it did not answer and is left alone for a while.",
        GAUGE, VT_ROLE_STATUS, LABELS(&vt_label_host), NO_BOUNDS},
    [VT_METRIC_HOST_LAST_GOOD] = {"vanthu_host_last_success_timestamp_seconds", "The last useful answer of a host.",
        MOMENT, VT_ROLE_STATUS, LABELS(&vt_label_host), NO_BOUNDS},
    [VT_METRIC_CRLS] = {"vanthu_crls", "Revocation lists at hand.",
        GAUGE, VT_ROLE_STATUS, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_CRL_BYTES] = {"vanthu_crl_bytes", "Memory of revocation lists.",
        GAUGE, VT_ROLE_STATUS, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_CRL_OLDEST] = {"vanthu_crl_oldest_issue_timestamp_seconds", "When the oldest revocation list that is still fetched was issued (thisUpdate).",
        MOMENT, VT_ROLE_STATUS, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_CRL_FIRST_END] = {"vanthu_crl_first_end_timestamp_seconds", "When the first of them ends (nextUpdate); past: it has ended.",
        MOMENT, VT_ROLE_STATUS, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_STATUS_FACTS] = {"vanthu_status_facts", "Answers about certificates at hand.",
        GAUGE, VT_ROLE_STATUS, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_RECHECKS] = {"vanthu_certificates_to_recheck", "Certificates of delivered mails that are asked about again.",
        GAUGE, VT_ROLE_STATUS, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_TRUST_ANCHORS] = {"vanthu_trust_anchors", "Confirmed root certificates; 0: documents of this set are NOT_CHECKED.",
        GAUGE, VT_ROLE_STATUS, LABELS(&set), NO_BOUNDS},
    [VT_METRIC_CLOCK_SYNCHRONISED] = {"vanthu_clock_synchronised", "1: the kernel says that its clock is kept right; 0: no first-seen time is recorded.",
        GAUGE, VT_ROLE_STATUS, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_CLOCK_SANE] = {"vanthu_clock_sane", "0: the clock is behind this program or what CAs have issued; nothing is called good.",
        GAUGE, VT_ROLE_STATUS, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_TIMESTAMPS] = {"vanthu_timestamps_total", "Time stamps that were asked for, by whether any authority gave one.",
        COUNTER, VT_ROLE_STATUS, LABELS(&result), NO_BOUNDS},

    [VT_METRIC_TRANSFERS] = {"vanthu_transfers_total", "Transfers over the network, by how they ended.",
        COUNTER, VT_ROLE_FETCH, LABELS(&type, &result), NO_BOUNDS},
    [VT_METRIC_TRANSFER_BYTES] = {"vanthu_transfer_bytes_total", "Bytes they brought.",
        COUNTER, VT_ROLE_FETCH, LABELS(&type), NO_BOUNDS},
    [VT_METRIC_TRANSFERS_ACTIVE] = {"vanthu_transfers_active", "Transfers now.",
        GAUGE_SUM, VT_ROLE_FETCH, NO_LABELS, NO_BOUNDS},

    [VT_METRIC_RECORDS] = {"vanthu_register_records_total", "Records that were committed.",
        COUNTER, VT_ROLE_REGISTRAR, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_COMMITS] = {"vanthu_register_commits_total", "Commits of the register.",
        COUNTER, VT_ROLE_REGISTRAR, LABELS(&result), NO_BOUNDS},
    [VT_METRIC_COMMIT_RECORDS] = {"vanthu_register_commit_records", "Records of one commit.",
        HISTOGRAM, VT_ROLE_REGISTRAR, NO_LABELS, BOUNDS(records)},
    [VT_METRIC_COMMIT_MSECS] = {"vanthu_register_commit_duration_seconds", "How long a commit took until it was on the disk.",
        DURATION, VT_ROLE_REGISTRAR, NO_LABELS, BOUNDS(msecs)},
    [VT_METRIC_LOOKS] = {"vanthu_register_lookups_total", "Questions for first-seen times, defer clocks and exceptions.",
        COUNTER, VT_ROLE_REGISTRAR, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_RECORDS_DESTROYED] = {"vanthu_register_destroyed_total", "Records and objects whose time of retention was over.",
        COUNTER, VT_ROLE_REGISTRAR, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_REGISTER_WRITABLE] = {"vanthu_register_writable", "1: the last commit succeeded; 0: it failed, mails are answered 451.",
        GAUGE, VT_ROLE_REGISTRAR, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_OBJECTS_KEPT] = {"vanthu_register_objects_kept", "0: the disk of the register is nearly full, only records are kept.",
        GAUGE, VT_ROLE_REGISTRAR, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_REGISTER_TURN] = {"vanthu_register_turn_timestamp_seconds", "When the registrar last went round its loop, which takes a second at most.",
        MOMENT, VT_ROLE_REGISTRAR, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_NOTICES_OWED] = {"vanthu_notices_owed", "Notices that are owed and not sent yet.",
        GAUGE, VT_ROLE_REGISTRAR, LABELS(&notice_state), NO_BOUNDS},
    [VT_METRIC_NOTICES_OLDEST] = {"vanthu_notices_oldest_timestamp_seconds", "Since when the oldest of them is owed; 0: there is none.",
        GAUGE, VT_ROLE_REGISTRAR, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_NOTICES_ENDED] = {"vanthu_notices_ended_total", "Notices that are owed no more, by what became of them.",
        COUNTER, VT_ROLE_REGISTRAR, LABELS(&notice_end), NO_BOUNDS},
    [VT_METRIC_HOLDS] = {"vanthu_held_mails", "Held mails that nobody has decided about.",
        GAUGE, VT_ROLE_REGISTRAR, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_HOLDS_OLDEST] = {"vanthu_held_oldest_timestamp_seconds", "Since when the oldest of them waits; 0: none does.",
        GAUGE, VT_ROLE_REGISTRAR, NO_LABELS, NO_BOUNDS},

    [VT_METRIC_CENTRAL_UP] = {"vanthu_central_up", "1: records are shipped to the central database; 0: they wait, or none is configured.",
        GAUGE, VT_ROLE_SHIPPER, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_CENTRAL_WAITING] = {"vanthu_central_waiting_records", "Records that wait for the central database.",
        GAUGE, VT_ROLE_SHIPPER, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_CENTRAL_RECORDS] = {"vanthu_central_records_total", "Records that were shipped to the central database.",
        COUNTER, VT_ROLE_SHIPPER, NO_LABELS, NO_BOUNDS},

    [VT_METRIC_CENTRAL_UNPROVEN] = {"vanthu_central_unproven_claims_total", "What the central database says and no gateway signed; it is not believed.",
        COUNTER, VT_ROLE_SHIPPER, NO_LABELS, NO_BOUNDS},

    [VT_METRIC_NOTICES] = {"vanthu_notices_total", "Attempts to hand a notice to the relay, by their end.",
        COUNTER, VT_ROLE_POST, LABELS(&delivery), NO_BOUNDS},
    [VT_METRIC_NOTICE_MSECS] = {"vanthu_notice_attempt_duration_seconds", "How long such an attempt took.",
        DURATION, VT_ROLE_POST, NO_LABELS, BOUNDS(msecs)},
    [VT_METRIC_RELAY_AWAY] = {"vanthu_relay_away_since_timestamp_seconds", "Since when the relay does not take notices; 0: it does.",
        MOMENT, VT_ROLE_POST, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_NOTICES_UNSIGNED] = {"vanthu_notices_unsigned_total", "Notices that went out without the signature of notices.sign-with.",
        COUNTER, VT_ROLE_POST, NO_LABELS, NO_BOUNDS},

    [VT_METRIC_SEALS] = {"vanthu_seals_total", "Requests for a signature by the sealer, by what became of them.",
        COUNTER, VT_ROLE_SEALER, LABELS(&vt_label_key, &purpose, &sealed), NO_BOUNDS},
    [VT_METRIC_SEAL_MSECS] = {"vanthu_seal_duration_seconds", "How long a signature took, with its record.",
        DURATION, VT_ROLE_SEALER, LABELS(&vt_label_key), BOUNDS(msecs)},
    [VT_METRIC_SEAL_UP] = {"vanthu_seal_up", "1: the HSM is there, and the key is that of its certificate if it has one.",
        GAUGE, VT_ROLE_SEALER, LABELS(&vt_label_key), NO_BOUNDS},
    [VT_METRIC_SEAL_LOSSES] = {"vanthu_seal_connections_lost_total", "Connections to the HSM that were lost or silent.",
        COUNTER, VT_ROLE_SEALER, LABELS(&vt_label_key), NO_BOUNDS},
    [VT_METRIC_SEAL_CANARY_FAILED] = {"vanthu_seal_canary_failed", "1: the last signature that was tried at an interval failed.",
        GAUGE, VT_ROLE_SEALER, LABELS(&vt_label_key), NO_BOUNDS},
    [VT_METRIC_SEAL_CANARY_GOOD] = {"vanthu_seal_canary_last_success_timestamp_seconds", "When one of them last succeeded.",
        MOMENT, VT_ROLE_SEALER, LABELS(&vt_label_key), NO_BOUNDS},
    [VT_METRIC_SEAL_CERTIFICATE_END] = {"vanthu_seal_certificate_end_timestamp_seconds", "When the certificate of the key ends.",
        MOMENT, VT_ROLE_SEALER, LABELS(&vt_label_key), NO_BOUNDS},
    [VT_METRIC_SEAL_PIN_SINCE] = {"vanthu_seal_pin_since_timestamp_seconds", "Since when the PIN is in use; the regulations ask for another one every six months.",
        MOMENT, VT_ROLE_SEALER, LABELS(&vt_label_key), NO_BOUNDS},
    [VT_METRIC_SEAL_SOFTWARE] = {"vanthu_seal_software_token", "1: the key is a file on a disk, not in an HSM.",
        GAUGE, VT_ROLE_SEALER, LABELS(&vt_label_key), NO_BOUNDS},
    [VT_METRIC_SEAL_STOPPED] = {"vanthu_seal_stopped", "1: an administrator stopped all sealing (vanthu seal stop).",
        GAUGE, VT_ROLE_SEALER, NO_LABELS, NO_BOUNDS},

    [VT_METRIC_ROLE_UP] = {"vanthu_role_up", "1: the role runs and said that it serves.",
        GAUGE, VT_ROLE_MASTER, LABELS(&vt_label_role), NO_BOUNDS},
    [VT_METRIC_ROLE_STARTED] = {"vanthu_role_start_timestamp_seconds", "When the role was last started.",
        MOMENT, VT_ROLE_MASTER, LABELS(&vt_label_role), NO_BOUNDS},
    [VT_METRIC_ROLE_RESTARTS] = {"vanthu_role_restarts_total", "Roles that ended and were started again.",
        COUNTER, VT_ROLE_MASTER, LABELS(&vt_label_role), NO_BOUNDS},
    [VT_METRIC_RELOADS] = {"vanthu_reloads_total", "Reloads, by whether the new configuration serves.",
        COUNTER, VT_ROLE_MASTER, LABELS(&result), NO_BOUNDS},

    [VT_METRIC_WEB_REQUESTS] = {"vanthu_web_requests_total", "Requests to the web role.",
        COUNTER, VT_ROLE_WEB, LABELS(&page), NO_BOUNDS},

    [VT_METRIC_MODE] = {"vanthu_mode_info", "Mode of the configuration that is served: observe, tag or enforce.",
        INFO, VT_ROLES, NO_LABELS, NO_BOUNDS},
    [VT_METRIC_BUILD] = {"vanthu_build_info", "Version of this program.",
        INFO, VT_ROLES, NO_LABELS, NO_BOUNDS},
};
/* clang-format on */

unsigned vt_metric_combinations(const struct vt_metric_info *info)
{
    unsigned count = 1;
    for (unsigned i = 0; i < VT_METRIC_LABELS && info->labels[i] != NULL; i++)
        count *= info->labels[i]->count;
    return count;
}

bool vt_metric_is_gauge(const struct vt_metric_info *info)
{
    return info->kind == VT_METRIC_GAUGE || info->kind == VT_METRIC_GAUGE_SUM ||
           info->kind == VT_METRIC_INFO;
}

unsigned vt_metric_cells(const struct vt_metric_info *info)
{
    return info->kind == VT_METRIC_HISTOGRAM ? info->bounds_count + 2 : 1;
}

unsigned vt_metric_at(enum vt_metric metric, unsigned a, unsigned b, unsigned c)
{
    const unsigned values[VT_METRIC_LABELS] = {a, b, c};
    unsigned index = 0;
    if ((unsigned)metric >= VT_METRICS)
        return VT_METRIC_NOWHERE;
    const struct vt_metric_info *info = &vt_metric_infos[metric];
    for (unsigned i = 0; i < VT_METRIC_LABELS; i++) {
        unsigned count = info->labels[i] != NULL ? info->labels[i]->count : 1;
        if (values[i] >= count)
            return VT_METRIC_NOWHERE;
        index = index * count + values[i];
    }
    return index;
}
