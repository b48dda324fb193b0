/* SPDX-License-Identifier: Apache-2.0
 * The table of settings: key, kind, place, default and range of each. */
#include "base/config_set.h"

#include <stddef.h>

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define KIBI 1024
#define MEBI (1024 * 1024)
#define SECS 1000
#define MINUTES (60 * SECS)
#define HOURS (60 * MINUTES)
#define DAYS (24 * HOURS)
#define MAX_KEEP_DAYS 36500

#define PLACE(member) offsetof(struct vt_config, member)
#define DOMAIN vt_check_domain, "a domain such as soxd.ninhbinh.gov.vn"
#define HOST_PORT vt_check_host_port, "a host such as ca.gov.vn or ca.gov.vn:8080"
#define NETWORK vt_check_network, "a network such as 10.0.0.0/8 or 2001:db8::/32"
#define PATH vt_check_path, "a path"
#define USER vt_check_user, "the name or number of a user other than root"
#define PROXY vt_check_proxy, "a proxy such as http://proxy.local:3128"
#define WORD vt_check_word, "a name without spaces"
#define SHORT vt_check_ascii, "at most 64 printable ASCII characters without %"
#define TITLE vt_check_title, "one line of text of at most 300 bytes"
#define MAILBOX vt_check_mailbox, "a mailbox such as vanthu@ninhbinh.gov.vn or \"Name <address>\""
#define SOCKET vt_check_socket, "unix:/path, inet:PORT@HOST or inet6:PORT@HOST"
#define FINGERPRINT vt_check_fingerprint, "a SHA-256 fingerprint of 64 hexadecimal digits"
#define ADDRESS vt_check_address, "a mail address such as quantri@ninhbinh.gov.vn"
#define URL vt_check_url, "an address such as http://tsa.ca.gov.vn"
#define OID vt_check_oid, "an OID such as 1.3.6.1.4.1.4146.2.2"
#define DAY_TIME vt_check_clock, "a time of the day such as 07:30"
#define PUBLISHED_HOSTS "[ca.gov.vn, pub.ca.gov.vn, ocsp.ca.gov.vn, rootca.gov.vn, tsa.ca.gov.vn]"

#define RULE(key, set, member, default_text)                                                       \
    {                                                                                              \
        key, vt_set_until, PLACE(trust_rules[set].weak_from_utc_secs[member]), default_text, 0, 0, \
            NULL, "a day such as 2012-08-01, or forever"                                           \
    }
/* TS 119 312 and legal.md; the same as vt_trust_default_rules. */
#define SET_RULES(prefix, set)                                                                     \
    {prefix "revocation-max-age",                                                                  \
     vt_set_age,                                                                                   \
     PLACE(trust_rules[set].revocation_max_age_secs),                                              \
     "until-next-update",                                                                          \
     (int64_t)1 * MINUTES,                                                                         \
     (int64_t)3650 * DAYS,                                                                         \
     NULL,                                                                                         \
     NULL},                                                                                        \
        RULE(prefix "sha1-signatures-until", set, VT_WEAK_SHA1_SIGNATURE, "2012-08-01"),           \
        RULE(prefix "sha1-certificates-until", set, VT_WEAK_SHA1_CERTIFICATE, "2012-08-01"),       \
        RULE(prefix "rsa-below-2048-until", set, VT_WEAK_RSA_BELOW_2048, "2025-08-15"),            \
        RULE(prefix "ec-below-256-until", set, VT_WEAK_EC_BELOW_256, "2021-10-01")

const struct vt_setting vt_settings[] = {
    {"mode", vt_set_mode, PLACE(mode), "observe", 0, 0, NULL, "a mode"},
    {"hostname", vt_set_domain, PLACE(hostname), NULL, 0, 0, DOMAIN},
    {"office-phone", vt_set_text, PLACE(office_phone), NULL, 0, 0, SHORT},
    {"office-name", vt_set_text, PLACE(office_name), NULL, 0, 0, TITLE},
    {"regulation", vt_set_text, PLACE(regulation), NULL, 0, 0, TITLE},
    {"profile", vt_set_profile, PLACE(profile), "none", 0, 0, NULL, "a profile"},
    {"socket", vt_set_socket, PLACE(socket), "unix:/run/vanthu/milter.sock", 0, 0, SOCKET},
    {"socket-mode", vt_set_file_mode, PLACE(socket_mode), "0660", 0, 0777, NULL, NULL},
    {"socket-group", vt_set_text, PLACE(socket_group), NULL, 0, 0, vt_check_user,
     "the name or number of a group other than root"},
    {"control-socket", vt_set_socket_path, PLACE(control_socket), "/run/vanthu/control.sock", 0, 0,
     PATH},
    {"policy", vt_set_path, PLACE(policy_file), "policy.yaml", 0, 0, PATH},
    {"spool-directory", vt_set_path, PLACE(spool_directory), "/var/spool/vanthu", 0, 0, PATH},
    {"state-directory", vt_set_path, PLACE(state_directory), "/var/lib/vanthu", 0, 0, PATH},
    {"history-directory", vt_set_path, PLACE(history_directory), NULL, 0, 0, PATH},
    {"register.directory", vt_set_path, PLACE(register_directory), "/var/lib/vanthu-register", 0, 0,
     PATH},
    {"register.central", vt_set_text, PLACE(register_central), NULL, 0, 0, vt_check_central,
     "a connection to PostgreSQL without a password, such as \"host=db dbname=vanthu "
     "passfile=/etc/vanthu/central.pass\""},
    {"register.peer-key", vt_set_path, PLACE(register_peer_key), NULL, 0, 0, PATH},
    {"register.keep-passed", vt_set_number, PLACE(keep.passed_days), "1825", 0, MAX_KEEP_DAYS, NULL,
     NULL},
    {"register.keep-tagged", vt_set_number, PLACE(keep.tagged_days), "1825", 0, MAX_KEEP_DAYS, NULL,
     NULL},
    {"register.keep-refused", vt_set_number, PLACE(keep.refused_days), "3650", 0, MAX_KEEP_DAYS,
     NULL, NULL},
    {"register.keep-secret", vt_set_number, PLACE(keep.secret_days), "1825", 0, MAX_KEEP_DAYS, NULL,
     NULL},
    {"register.keep-objects", vt_set_number, PLACE(keep.objects_days), "3650", 0, MAX_KEEP_DAYS,
     NULL, NULL},
    {"register.largest-object", vt_set_size, PLACE(largest_object_bytes), "4M", KIBI, 16 * MEBI,
     NULL, NULL},
    {"brake.refusals", vt_set_number, PLACE(brake.refusals), "10", 0, 1000000, NULL, NULL},
    {"brake.mean-factor", vt_set_number, PLACE(brake.mean_factor), "5", 1, 1000, NULL, NULL},
    {"brake.agencies", vt_set_number, PLACE(brake.agencies), "5", 0, 16, NULL, NULL},
    {"brake.within", vt_set_duration, PLACE(brake.within_msecs), "15m", 15 * SECS, 1 * DAYS, NULL,
     NULL},
    {"brake.changed-within", vt_set_duration, PLACE(brake.changed_msecs), "7d", 1 * MINUTES,
     (int64_t)366 * DAYS, NULL, NULL},
    {"brake.lasts", vt_set_duration, PLACE(brake.lasts_msecs), "2h", 1 * SECS, 7 * DAYS, NULL,
     NULL},
    {"reload.replay", vt_set_duration, PLACE(reload_replay_msecs), "7d", 1 * HOURS,
     (int64_t)366 * DAYS, NULL, NULL},
    {"reload.confirm-above", vt_set_number, PLACE(reload_confirm_above), "5", 0, 100000, NULL,
     NULL},
    {"notices.enabled", vt_set_flag, PLACE(notices.is_enabled), "true", 0, 0, NULL, NULL},
    {"notices.quiet", vt_set_duration, PLACE(notices.quiet_msecs), "90s", 0, 150 * SECS, NULL,
     NULL},
    {"notices.once-within", vt_set_duration, PLACE(notices.once_msecs), "24h", 0,
     366 * (int64_t)DAYS, NULL, NULL},
    {"notices.expire-after", vt_set_duration, PLACE(notices.expire_msecs), "5d", 1 * SECS,
     30 * (int64_t)DAYS, NULL, NULL},
    {"notices.retry-first", vt_set_duration, PLACE(notices.retry_first_msecs), "5m", 1 * SECS,
     24 * HOURS, NULL, NULL},
    {"notices.retry-longest", vt_set_duration, PLACE(notices.retry_longest_msecs), "1h", 1 * SECS,
     24 * HOURS, NULL, NULL},
    {"notices.per-sender-hour", vt_set_number, PLACE(notices.per_sender_hour), "20", 0, 100000,
     NULL, NULL},
    {"notices.per-domain-hour", vt_set_number, PLACE(notices.per_domain_hour), "200", 0, 1000000,
     NULL, NULL},
    {"notices.per-hour", vt_set_number, PLACE(notices.per_hour), "2000", 0, 10000000, NULL, NULL},
    {"notices.relay", vt_set_text, PLACE(notices.relay), "smtp://127.0.0.1:25", 0, 0,
     vt_check_relay, "a mail server such as smtp://127.0.0.1:25 or smtps://relay.ninhbinh.gov.vn"},
    {"notices.tls", vt_set_relay_tls, PLACE(notices.tls), NULL, 0, 0, NULL, "how much TLS"},
    {"notices.tls-ca", vt_set_path, PLACE(notices.tls_ca), NULL, 0, 0, PATH},
    {"notices.user", vt_set_text, PLACE(notices.user), NULL, 0, 0, SHORT},
    {"notices.password-file", vt_set_path, PLACE(notices.password_file), NULL, 0, 0, PATH},
    {"notices.sign-with", vt_set_text, PLACE(notices.sign_with), NULL, 0, 0, WORD},
    {"notices.directory", vt_set_path, PLACE(notices.directory), NULL, 0, 0, PATH},
    {"notices.from", vt_set_text, PLACE(notices.from), NULL, 0, 0, MAILBOX},
    {"notices.reply-to", vt_set_text, PLACE(notices.reply_to), NULL, 0, 0, MAILBOX},
    {"notices.contact", vt_set_text, PLACE(notices.contact), NULL, 0, 0, TITLE},
    {"notices.lists-at", vt_set_day_times, PLACE(notices.lists_at), "[11:00, 16:00]", 0, 0,
     DAY_TIME},
    {"notices.admin", vt_set_text, PLACE(notices.admin), NULL, 0, 0, ADDRESS},
    {"notices.digest-at", vt_set_clock, PLACE(notices.digest_at_minutes), "07:30", 0, 0, DAY_TIME},
    {"notices.hold-remind", vt_set_spans, PLACE(notices.hold_remind), "[4h, 24h]", 1 * MINUTES,
     (int64_t)30 * DAYS, NULL, "durations such as 4h"},
    {"notices.hold-alarm", vt_set_duration, PLACE(notices.hold_alarm_msecs), "48h", 0,
     (int64_t)30 * DAYS, NULL, NULL},
    {"notices.senders", vt_set_senders, PLACE(notices.senders), "state", 0, 0, NULL, "senders"},
    {"notices.remarks", vt_set_remarks, PLACE(notices.remarks), "[CERT_REVOKED_SINCE, WRONG_KIND]",
     0, 0, NULL, "reason codes"},
    {"notices.remark-once-within", vt_set_duration, PLACE(notices.remark_once_within_msecs), "7d",
     0, (int64_t)366 * DAYS, NULL, NULL},
    {"notices.arrival", vt_set_flag, PLACE(notices.arrival), "false", 0, 0, NULL, NULL},
    {"web.listen", vt_set_local_socket, PLACE(web_listen), NULL, 0, 0, SOCKET},
    {"web.socket-mode", vt_set_file_mode, PLACE(web_socket_mode), "0660", 0, 0777, NULL, NULL},
    {"web.socket-group", vt_set_text, PLACE(web_socket_group), NULL, 0, 0, vt_check_user,
     "the name or number of a group other than root"},
    {"log", vt_set_log, PLACE(log_to_syslog), "syslog", 0, 0, NULL, "a place for the log"},

    {"networks.internal", vt_set_texts, PLACE(internal_networks), "[127.0.0.0/8, \"::1/128\"]", 0,
     0, NETWORK},
    {"front-relays", vt_set_texts, PLACE(front_relays), NULL, 0, 0, NETWORK},
    {"outbound-daemon-names", vt_set_texts, PLACE(outbound_daemons), "[ORIGINATING]", 0, 0, WORD},
    {"our-domains", vt_set_domains, PLACE(our_domains), "[]", 0, 0, DOMAIN},
    {"state-domains", vt_set_domains, PLACE(state_domains), "[gov.vn, dcs.vn, quochoi.vn]", 0, 0,
     DOMAIN},
    {"authserv-id", vt_set_domain, PLACE(authserv_id), NULL, 0, 0, DOMAIN},
    {"trusted-authserv-ids", vt_set_domains, PLACE(trusted_authserv_ids), "[]", 0, 0, DOMAIN},

    {"trust.official.directory", vt_set_path, PLACE(trust[VT_TRUST_OFFICIAL].directory),
     "trust/official", 0, 0, PATH},
    {"trust.official.anchors", vt_set_path, PLACE(trust[VT_TRUST_OFFICIAL].anchors), NULL, 0, 0,
     PATH},
    {"trust.official.intermediates", vt_set_path, PLACE(trust[VT_TRUST_OFFICIAL].intermediates),
     NULL, 0, 0, PATH},
    {"trust.official.confirmed", vt_set_fingerprints, PLACE(trust[VT_TRUST_OFFICIAL]), "[]", 0, 0,
     FINGERPRINT},
    SET_RULES("trust.official.", VT_TRUST_OFFICIAL),
    {"trust.public.directory", vt_set_path, PLACE(trust[VT_TRUST_PUBLIC].directory), "trust/public",
     0, 0, PATH},
    {"trust.public.anchors", vt_set_path, PLACE(trust[VT_TRUST_PUBLIC].anchors), NULL, 0, 0, PATH},
    {"trust.public.intermediates", vt_set_path, PLACE(trust[VT_TRUST_PUBLIC].intermediates), NULL,
     0, 0, PATH},
    {"trust.public.confirmed", vt_set_fingerprints, PLACE(trust[VT_TRUST_PUBLIC]), "[]", 0, 0,
     FINGERPRINT},

    SET_RULES("trust.public.", VT_TRUST_PUBLIC),

    {"fetch.allowed-hosts", vt_set_domains, PLACE(fetch_hosts), PUBLISHED_HOSTS, 0, 0, HOST_PORT},
    {"fetch.rewrite-hosts", vt_set_rewrites, PLACE(fetch_rewrites), "{}", 0, 0, HOST_PORT},
    {"fetch.http-proxy", vt_set_text, PLACE(http_proxy), NULL, 0, 0, PROXY},
    {"fetch.timeout", vt_set_duration, PLACE(fetch_timeout_msecs), "3s", 100, 60 * SECS, NULL,
     NULL},
    {"fetch.host-down", vt_set_duration, PLACE(host_down_msecs), "60s", 0, 1 * HOURS, NULL, NULL},

    {"seal.keys", vt_config_read_seal_keys, PLACE(seal_keys), NULL, 0, 0, NULL, NULL},
    {"seal.appearances", vt_config_read_appearances, PLACE(seal_appearances), NULL, 0, 0, NULL,
     NULL},
    {"seal.directory", vt_set_path, PLACE(seal_directory), "/var/lib/vanthu-seal", 0, 0, PATH},
    {"seal.canary", vt_set_duration, PLACE(seal_canary_msecs), "15m", 0, 1 * DAYS, NULL, NULL},

    {"seal.timestamp.urls", vt_set_texts, PLACE(timestamp.urls), NULL, 0, 0, URL},
    {"seal.timestamp.hash", vt_set_hash, PLACE(timestamp.hash), "sha256", 0, 0, NULL, "a hash"},
    {"seal.timestamp.timeout", vt_set_duration, PLACE(timestamp.timeout_msecs), "5s", 500, 5 * SECS,
     NULL, NULL},
    {"seal.timestamp.policy", vt_set_text, PLACE(timestamp.policy), NULL, 0, 0, OID},
    {"seal.timestamp.without", vt_set_without_stamp, PLACE(timestamp.is_required), "seal", 0, 0,
     NULL, "what to do without a time stamp"},

    {"users.gateway", vt_set_text, PLACE(role_user[VT_ROLE_GATEWAY]), "vanthu-gateway", 0, 0, USER},
    {"users.inspector", vt_set_text, PLACE(role_user[VT_ROLE_INSPECTOR]), "vanthu-inspector", 0, 0,
     USER},
    {"users.status", vt_set_text, PLACE(role_user[VT_ROLE_STATUS]), "vanthu-status", 0, 0, USER},
    {"users.fetch", vt_set_text, PLACE(role_user[VT_ROLE_FETCH]), "vanthu-fetch", 0, 0, USER},
    {"users.registrar", vt_set_text, PLACE(role_user[VT_ROLE_REGISTRAR]), "vanthu-registrar", 0, 0,
     USER},
    {"users.web", vt_set_text, PLACE(role_user[VT_ROLE_WEB]), "vanthu-web", 0, 0, USER},
    {"users.post", vt_set_text, PLACE(role_user[VT_ROLE_POST]), "vanthu-post", 0, 0, USER},
    {"users.sealer", vt_set_text, PLACE(role_user[VT_ROLE_SEALER]), "vanthu-sealer", 0, 0, USER},

    {"limits.memory-spool", vt_set_size, PLACE(memory_spool_bytes), "256k", 4 * KIBI, 64 * MEBI,
     NULL, NULL},
    {"limits.parallel-inspections", vt_set_number, PLACE(parallel_inspections), "0", 0, 1024, NULL,
     NULL},
    {"limits.total", vt_set_duration, PLACE(total_msecs), "60s", 5 * SECS, 290 * SECS, NULL, NULL},
    {"limits.queue", vt_set_duration, PLACE(queue_msecs), "15s", 0, 120 * SECS, NULL, NULL},
    {"limits.inspection", vt_set_duration, PLACE(inspection_msecs), "20s", 1 * SECS, 120 * SECS,
     NULL, NULL},
    {"limits.status", vt_set_duration, PLACE(status_msecs), "3s", 0, 60 * SECS, NULL, NULL},
    {"limits.register", vt_set_duration, PLACE(register_msecs), "10s", 1 * SECS, 60 * SECS, NULL,
     NULL},
    {"limits.hsm", vt_set_duration, PLACE(hsm_msecs), "10s", 1 * SECS, 60 * SECS, NULL, NULL},
    {"limits.poison-after", vt_set_duration, PLACE(poison_msecs), "30m", 1 * MINUTES, 4 * DAYS,
     NULL, NULL},
    {"limits.poison-failures", vt_set_number, PLACE(poison_failures), "3", 1, 100, NULL, NULL},
};

const size_t vt_settings_count = ELEMENTS(vt_settings);
