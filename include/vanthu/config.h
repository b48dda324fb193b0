/* SPDX-License-Identifier: Apache-2.0
 * The configuration, vanthu.yaml(5): read once by the master (and by vanthu(1)), immutable. */
#ifndef VANTHU_CONFIG_H
#define VANTHU_CONFIG_H

#include "vanthu/policy.h"
#include "vanthu/seal_pdf.h"
#include "vanthu/trust.h"

enum vt_role_id {
    VT_ROLE_MASTER = 0,
    VT_ROLE_GATEWAY,
    VT_ROLE_INSPECTOR,
    VT_ROLE_STATUS,
    VT_ROLE_FETCH,
    VT_ROLE_REGISTRAR,
    VT_ROLE_WEB,
    VT_ROLE_SHIPPER, /* only with register.central */
    VT_ROLE_POST,    /* not in mode observe, nor without notices */
    VT_ROLE_SEALER,  /* only with seal.keys */
    VT_ROLES
};

struct vt_strings {
    const char **items;
    size_t count;
};

/* Hosts that are asked in the place of others; both "host" or "host:port", in lower case. */
struct vt_rewrites {
    struct vt_rewrite {
        const char *from, *to;
    } * items;
    size_t count;
};

/* Whose articles may be cited: those of the regulation that the site is under (legal.md R-01 to
 * Without one none is. */
enum vt_profile { VT_PROFILE_NONE = 0, VT_PROFILE_NINH_BINH, VT_PROFILE_VINH_LONG };

/* When a rule that was changed lately only tags for a while (vanthu/brake.h). */
struct vt_brake_limits {
    unsigned refusals;     /* brake.refusals: 10; 0: there is no brake */
    unsigned mean_factor;  /* brake.mean-factor: 5 */
    unsigned agencies;     /* brake.agencies: 5; 0: they are not counted */
    int64_t within_msecs;  /* brake.within: 15m */
    int64_t changed_msecs; /* brake.changed-within: 7d */
    int64_t lasts_msecs;   /* brake.lasts: 2h */
};

/* Times of the day in Vietnam, ascending, in minutes after midnight. */
#define VT_MAX_DAY_TIMES 12
struct vt_day_times {
    unsigned minutes[VT_MAX_DAY_TIMES];
    size_t count;
};

/* Durations, ascending. */
#define VT_MAX_SPANS 8
struct vt_spans {
    int64_t msecs[VT_MAX_SPANS];
    size_t count;
};

/* TLS to the relay of notices: RFC 3207; smtps:// begins with it. */
enum vt_relay_tls {
    VT_RELAY_TLS_DEFAULT = 0, /* none on loopback, required for smtps://, else opportunistic */
    VT_RELAY_TLS_NONE,
    VT_RELAY_TLS_OPPORTUNISTIC, /* where it is offered, with any certificate */
    VT_RELAY_TLS_REQUIRED       /* with a certificate for the host name, or nothing is sent */
};

/* Which senders get own mail, once their address is proven. */
enum vt_notice_senders {
    VT_SENDERS_STATE = 0, /* offices of the state */
    VT_SENDERS_PROVEN,    /* everybody */
    VT_SENDERS_NONE
};

/* Notices: vanthu/notice.h, vanthu-notices(5). */
struct vt_config_notices {
    bool is_enabled;             /* notices.enabled: true */
    int64_t quiet_msecs;         /* notices.quiet: 90s without more of the same circular */
    int64_t once_msecs;          /* notices.once-within: 24h: one notice for each circular */
    int64_t expire_msecs;        /* notices.expire-after: 5d: tried for so long */
    int64_t retry_first_msecs;   /* notices.retry-first: 5m, doubled each time, … */
    int64_t retry_longest_msecs; /* notices.retry-longest: 1h: … up to this */
    unsigned per_sender_hour;    /* notices.per-sender-hour: 20; 0: no limit, all three */
    unsigned per_domain_hour;    /* notices.per-domain-hour: 200 */
    unsigned per_hour;           /* notices.per-hour: 2000 */
    const char *relay;           /* notices.relay: smtp://127.0.0.1:25 */
    enum vt_relay_tls tls;       /* notices.tls: never VT_RELAY_TLS_DEFAULT */
    const char *tls_ca;          /* notices.tls-ca: PEM; NULL: what the system trusts */
    const char *user;            /* notices.user: NULL: no AUTH */
    const char *password_file;   /* notices.password-file: NULL exactly without user */
    const char *sign_with;       /* notices.sign-with: a name under seal.keys; NULL: no signature */
    const char
        *directory;       /* notices.directory: frames and reasons in vi/ and en/; NULL: built in */
    const char *from;     /* notices.from: "Name <address>"; default vanthu@<hostname> */
    const char *reply_to; /* notices.reply-to: a mailbox that a person reads; NULL */
    const char *contact;  /* notices.contact: whom to ask; default office-phone; NULL */
    const char *admin;    /* notices.admin: address of digest and alarms; NULL: nobody */
    struct vt_day_times lists_at;     /* notices.lists-at: 11:00 and 16:00; none: no lists */
    unsigned digest_at_minutes;       /* notices.digest-at: 07:30, after midnight in Vietnam */
    struct vt_spans hold_remind;      /* notices.hold-remind: 4h and 24h after a mail was held */
    int64_t hold_alarm_msecs;         /* notices.hold-alarm: 48h; 0: never */
    enum vt_notice_senders senders;   /* notices.senders: state (default), proven, none */
    vt_reasons remarks;               /* notices.remarks: CERT_REVOKED_SINCE, WRONG_KIND */
    int64_t remark_once_within_msecs; /* notices.remark-once-within: 7d */
    bool arrival;                     /* notices.arrival: false */
};

/* One key that the sealer may use (seal.keys). */
#define VT_MAX_SEAL_KEYS 16
/* Signatures of one key that may be under way at the HSM. */
#define VT_MAX_SEAL_PARALLEL 64
/* What a seal carries beside the signature (EN 319 142-1 6, EN 319 122-1 6). */
enum vt_seal_level {
    VT_SEAL_LEVEL_B = 0, /* "B-B": nothing */
    VT_SEAL_LEVEL_T,     /* "B-T": a time stamp */
    VT_SEAL_LEVEL_LT,    /* "B-LT": in PDFs also certificates and their status */
};
struct vt_seal_key {
    const char *name;   /* letters, digits, hyphens, dots; names its files */
    const char *agency; /* id in the table of agencies: whose seal it is */
    const char *uri;    /* where the key is: "pkcs11:…?module-path=…" (RFC 7512), or that of
                           base/rest_uri.h */
    const char *certificate; /* file: its certificate first, then its chain; NULL: it has none yet,
                                and only a request for one can be made */
    const char *pin_file;    /* NULL: the token asks for none */
    const char *user;        /* as whom a service knows us; NULL: it asks for none */
    const char *secret_file; /* of that user, where pin_file is the PIN of the key; NULL */
    const char *tls_ca;      /* file: who may certify the service; NULL: tls_key alone counts */
    const char *tls_key;     /* "sha256//…": the service's own key; NULL: any of tls_ca */
    const char *token_url;   /* where a CSC service gives tokens; NULL: below its path */
    enum vt_seal_scheme scheme;
    enum vt_seal_hash hash;
    enum vt_seal_level level; /* default: B-T where seal.timestamp.urls names an authority */
    bool is_level_given;
    unsigned purposes;       /* bits 1 << enum vt_seal_purpose; always with probe */
    unsigned per_hour;       /* signatures */
    unsigned parallel;       /* signatures under way */
    bool is_service;         /* identity: service: a certificate for a device, service or software
                                (legal.md R-13), which needs no authorisation for notices, probes */
    bool may_be_software;    /* software-token: "yes, without an HSM" */
    struct vt_strings files; /* files and folders that its module reads */
    struct vt_seal_variable {
        const char *name, *value;
    } * environment; /* of its module */
    size_t environment_count;
    unsigned line, column; /* of its name in the file */
};

/* What a sealed document shows (seal.appearances), and where: legal.md. */
#define VT_MAX_SEAL_APPEARANCES 16
#define VT_SEAL_PLACE_KINDS 5
enum vt_seal_text {
    VT_SEAL_TEXT_ANNEX = 0, /* number and symbol, time */
    VT_SEAL_TEXT_COPY       /* kind of copy, agency, time */
};
struct vt_seal_appearance {
    const char *name;
    enum vt_seal_show show;
    const char *picture; /* file of an image */
    int width_mm;        /* of it; 0: as its resolution says */
    const char *font;    /* file, of a text */
    enum vt_seal_text text;
    const char *kind;         /* of a copy: "SAO Y", … */
    const char *agency;       /* that made it; NULL: the one of the key */
    struct vt_strings number; /* of an annex, from where: "subject", "file-name", "X-…" */
    enum vt_seal_place places[VT_SEAL_PLACE_KINDS]; /* the first one that the file has */
    size_t places_count;
    unsigned page; /* from 1; 0: the last one */
    int left_mm, top_mm;
    const char *anchor, *field;
    bool may_be_invisible;           /* where a certification allows only that */
    unsigned line, column;           /* of its name in the file */
    unsigned file_line, file_column; /* of picture or font, where they are given */
};

/* All strings live in the arena of the configuration. */
struct vt_config {
    struct vt_arena *arena;
    const char *file;
    struct vt_config_place *places; /* where each setting stands: vt_config_mistake */

    enum vt_mode mode;              /* mode: observe (default), tag, enforce */
    const char *hostname;           /* hostname: of this machine by default */
    const char *office_phone;       /* office-phone: shown in refusals; NULL */
    const char *office_name;        /* office-name: whose reports they are; NULL */
    const char *regulation;         /* regulation: its name, as it is cited; NULL */
    enum vt_profile profile;        /* profile: none (default), ninh-binh, vinh-long */
    const char *socket;             /* socket: "unix:/run/vanthu/milter.sock", "inet:PORT@HOST" */
    unsigned socket_mode;           /* socket-mode: 0660 */
    const char *socket_group;       /* socket-group: "postfix"; NULL: left alone */
    const char *control_socket;     /* control-socket: path */
    const char *policy_file;        /* policy: */
    const char *spool_directory;    /* spool-directory: unlinked files of large mails */
    const char *state_directory;    /* state-directory: cache of CRL and OCSP */
    const char *history_directory;  /* history-directory: policies that were loaded; by default
                                       state-directory with "-policies" behind it */
    const char *register_directory; /* register.directory: what was decided, for good */
    size_t largest_object_bytes;    /* register.largest-object: larger ones are named only */
    const char *register_central;   /* register.central: connection to a PostgreSQL; NULL */
    const char *register_peer_key;  /* register.peer-key: file of the gateways' key; NULL */
    struct vt_keep {
        unsigned passed_days;  /* register.keep-passed …; 0: for ever */
        unsigned tagged_days;  /* and deferred ones */
        unsigned refused_days; /* and held ones */
        unsigned secret_days;
        unsigned objects_days; /* after the last record that names them */
    } keep;
    unsigned reload_confirm_above; /* reload.confirm-above: 5 newly refused mails */
    int64_t reload_replay_msecs;   /* reload.replay: 7d */
    struct vt_brake_limits brake;
    struct vt_config_notices notices;
    const char *web_listen;   /* web.listen: as socket, of this machine only; NULL: no web role */
    unsigned web_socket_mode; /* web.socket-mode: 0660 */
    const char *web_socket_group; /* web.socket-group: NULL: left alone */
    bool log_to_syslog;           /* log: syslog (default), stderr */

    struct vt_strings internal_networks;    /* networks.internal: CIDR; default loopback */
    struct vt_strings front_relays;         /* front-relays: CIDR of devices in front; none */
    struct vt_strings outbound_daemons;     /* outbound-daemon-names: ["ORIGINATING"] */
    struct vt_strings our_domains;          /* our-domains: */
    struct vt_strings state_domains;        /* state-domains: gov.vn, dcs.vn, quochoi.vn */
    const char *authserv_id;                /* authserv-id: "vanthu.<hostname>" */
    struct vt_strings trusted_authserv_ids; /* trusted-authserv-ids: */

    struct vt_trust_source trust[VT_TRUST_SETS];      /* trust.official, trust.public: directory,
                                                         anchors, intermediates, confirmed */
    struct vt_trust_rules trust_rules[VT_TRUST_SETS]; /* the other keys: trust[].rules */

    struct vt_strings fetch_hosts;     /* fetch.allowed-hosts: "host" or "host:port" */
    struct vt_rewrites fetch_rewrites; /* fetch.rewrite-hosts: from: to; to is an allowed one */
    const char *http_proxy;            /* fetch.http-proxy; NULL */
    int64_t fetch_timeout_msecs;       /* fetch.timeout: 3s: until an answer begins */
    int64_t host_down_msecs; /* fetch.host-down: 60s: how long a dead host is left alone at first */

    struct vt_seal_key *seal_keys; /* seal.keys */
    size_t seal_keys_count;
    struct vt_strings seal_names;                /* of the same, in their order */
    struct vt_seal_appearance *seal_appearances; /* seal.appearances */
    size_t seal_appearances_count;
    const char *seal_directory; /* seal.directory: what the sealer remembers of PINs and quotas */
    int64_t seal_canary_msecs;  /* seal.canary: 15m; 0: no signature is tried */
    struct vt_config_timestamp {
        struct vt_strings urls; /* seal.timestamp.urls: of authorities, asked in this order; none */
        enum vt_seal_hash hash; /* seal.timestamp.hash: sha256 */
        int64_t timeout_msecs;  /* seal.timestamp.timeout: 5s, for all of them together */
        const char *policy;     /* seal.timestamp.policy: an OID; NULL: the authority's own */
        bool is_required;       /* seal.timestamp.without: seal (default), refuse */
    } timestamp;

    /* users.gateway …: name or number; default vanthu-<role>. The shipper reads and writes the
     * folder of the registrar and is the same user. */
    const char *role_user[VT_ROLES];

    size_t memory_spool_bytes;     /* limits.memory-spool: 256k; larger bodies go to a file */
    unsigned parallel_inspections; /* limits.parallel-inspections: 0 = 2 per core */
    int64_t total_msecs;           /* limits.total: 60s */
    int64_t queue_msecs;           /* limits.queue: 15s */
    int64_t inspection_msecs;      /* limits.inspection: 20s */
    int64_t status_msecs;          /* limits.status: 3s */
    int64_t register_msecs;        /* limits.register: 10s */
    int64_t hsm_msecs;             /* limits.hsm: 10s */
    int64_t poison_msecs;          /* limits.poison-after: 30m */
    unsigned poison_failures;      /* limits.poison-failures: 3 */
};

/* Read a configuration. All mistakes at once, as for a policy. *out is set only without errors:
 * vt_config_free. VT_E_CONFIG, VT_E_NOT_FOUND, VT_E_SYSTEM, VT_E_LIMIT (VT_MAX_CONFIG_BYTES),
 * VT_E_NOMEM. */
enum vt_code vt_config_load(const char *file, struct vt_config **out, struct vt_mistakes *mistakes,
                            struct vt_err *err) VT_MUST_CHECK;
/* The same from memory. name stands for the file: in messages, and relative paths begin in its
 * folder. */
enum vt_code vt_config_parse(struct vt_bytes text, const char *name, struct vt_config **out,
                             struct vt_mistakes *mistakes, struct vt_err *err) VT_MUST_CHECK;
/* The defaults alone (vanthu check without a configuration). */
enum vt_code vt_config_default(struct vt_config **out, struct vt_err *err) VT_MUST_CHECK;
/* NULL is allowed. */
void vt_config_free(struct vt_config *config);
/* Add a mistake at the value of a setting ("trust.official.anchors"), or at the beginning of the
 * file where the setting does not stand in it. */
void vt_config_mistake(const struct vt_config *config, struct vt_mistakes *mistakes,
                       const char *key, bool warning, const char *format, ...) VT_PRINTF(5, 6);
const char *vt_role_name(enum vt_role_id role); /* "gateway" */
/* NULL: no such key. name: may be NULL. */
const struct vt_seal_key *vt_config_seal_key(const struct vt_config *config, const char *name);
/* The same of an appearance. */
const struct vt_seal_appearance *vt_config_appearance(const struct vt_config *config,
                                                      const char *name);
/* True when a person's mail program hands the mail in: it does not queue, so nothing is deferred.
 */
bool vt_mail_is_submission(const struct vt_mail *mail, const struct vt_config *config);
/* True when the domain of an address is in our domains. NULL: false. */
bool vt_address_is_ours(const char *address, const struct vt_config *config);
/* What login and network prove of the envelope sender; headers are not looked at. A relay in front
 * is in no network of ours: it hands over what strangers write. */
enum vt_sender_proof vt_mail_sender_proof(const struct vt_mail *mail, bool is_internal_client,
                                          const struct vt_config *config);
/* The direction of a mail by its envelope. Inbound: from a client that is not ours. Ours is a
 * client in an internal network, an authenticated one, or one of a listener for our own users.
 * What ours send is internal when every recipient is in our domains, else outbound. */
enum vt_direction vt_mail_direction(const struct vt_mail *mail, bool is_internal_client,
                                    const struct vt_config *config);

#endif
