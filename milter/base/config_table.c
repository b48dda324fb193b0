/* SPDX-License-Identifier: Apache-2.0
 * The table of settings: key, kind, place, default and range of each. */
#include "base/config_table.h"

#include <string.h>
#include <sys/un.h>

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define KIBI 1024
#define MEBI (1024 * 1024)
#define SECS 1000
#define MINUTES (60 * SECS)
#define HOURS (60 * MINUTES)
#define DAYS (24 * HOURS)
#define MAX_KEEP_DAYS 36500

static bool no_memory(struct vt_config_reader *r, const struct vt_yaml_node *node)
{
    return vt_yaml_mistake(&r->yaml, node, "out of memory");
}

static bool is_accepted(struct vt_config_reader *r, const struct vt_setting *s,
                        const struct vt_yaml_node *node, const char **out)
{
    char shown[64];
    if (!vt_yaml_text(&r->yaml, node, out))
        return false;
    if (s->is_valid == NULL || s->is_valid(*out))
        return true;
    return vt_yaml_mistake(&r->yaml, node, "\"%s\" is not %s",
                           vt_text_clean(shown, sizeof(shown), vt_bytes_str(*out)), s->expected);
}

static bool set_text(struct vt_config_reader *r, const struct vt_setting *s,
                     const struct vt_yaml_node *node, void *field)
{
    return is_accepted(r, s, node, field);
}

static bool is_short(struct vt_config_reader *r, const struct vt_yaml_node *node, const char *path)
{
    const size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path);
    if (strlen(path) < room)
        return true;
    return vt_yaml_mistake(&r->yaml, node,
                           "the path of a unix socket is too long: %zu bytes with its end, and the "
                           "kernel takes %zu",
                           strlen(path) + 1, room);
}

/* What Postfix writes as inet:HOST:PORT, milters write as inet:PORT@HOST. */
static bool set_socket(struct vt_config_reader *r, const struct vt_setting *s,
                       const struct vt_yaml_node *node, void *field)
{
    char swapped[300];
    const char *text = NULL;
    if (!vt_yaml_text(&r->yaml, node, &text))
        return false;
    if (strncmp(text, "unix:/", 6) == 0 && !is_short(r, node, text + 5))
        return false;
    if (!s->is_valid(text) && vt_check_socket_of_postfix(text, swapped, sizeof(swapped)))
        return vt_yaml_mistake(&r->yaml, node,
                               "inet:HOST:PORT is how Postfix writes it: did you mean \"%s\"?",
                               swapped);
    return is_accepted(r, s, node, field);
}

/* What is shown there has no password: hosts, mails and faults are nobody's business elsewhere. */
static bool set_local_socket(struct vt_config_reader *r, const struct vt_setting *s,
                             const struct vt_yaml_node *node, void *field)
{
    const char *text = NULL;
    if (!set_socket(r, s, node, &text))
        return false;
    if (!vt_check_local_socket(text))
        return vt_yaml_mistake(&r->yaml, node,
                               "the web role asks nobody for a password, so it listens on this "
                               "machine only: 127.0.0.1, ::1 or a unix socket; for others put a "
                               "web server with TLS and passwords in front of it");
    *(const char **)field = text;
    return true;
}

/* Domains are compared in lower case. */
static bool set_domain(struct vt_config_reader *r, const struct vt_setting *s,
                       const struct vt_yaml_node *node, void *field)
{
    const char *text = NULL;
    if (!is_accepted(r, s, node, &text))
        return false;
    char *lower = vt_arena_str(r->config->arena, text);
    if (lower == NULL)
        return no_memory(r, node);
    for (char *c = lower; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    *(const char **)field = lower;
    return true;
}

static bool set_path(struct vt_config_reader *r, const struct vt_setting *s,
                     const struct vt_yaml_node *node, void *field)
{
    const char *text = NULL;
    if (!is_accepted(r, s, node, &text))
        return false;
    bool is_complete = text[0] == '/' || r->folder[0] == '\0';
    char *path = is_complete ? vt_arena_str(r->config->arena, text)
                             : vt_arena_printf(r->config->arena, "%s/%s", r->folder, text);
    if (path == NULL)
        return no_memory(r, node);
    *(const char **)field = path;
    return true;
}

static bool set_socket_path(struct vt_config_reader *r, const struct vt_setting *s,
                            const struct vt_yaml_node *node, void *field)
{
    return set_path(r, s, node, field) && is_short(r, node, *(const char **)field);
}

/* Every value of a list by a setter for one of them. */
static bool set_each(struct vt_config_reader *r, const struct vt_setting *s,
                     const struct vt_yaml_node *node, struct vt_strings *out,
                     bool (*set_one)(struct vt_config_reader *, const struct vt_setting *,
                                     const struct vt_yaml_node *, void *))
{
    if (node->kind == VT_YAML_SEQUENCE && node->count == 0) {
        *out = (struct vt_strings){0};
        return true;
    }
    if (!vt_yaml_is_list(&r->yaml, node, s->expected))
        return false;
    size_t count = vt_yaml_values_count(node);
    const char **items = vt_arena_alloc(r->config->arena, count * sizeof(*items));
    if (items == NULL)
        return no_memory(r, node);
    bool is_good = true;
    for (size_t i = 0; i < count; i++)
        is_good = set_one(r, s, vt_yaml_value_at(node, i), &items[i]) && is_good;
    *out = (struct vt_strings){items, count};
    return is_good;
}

static bool set_texts(struct vt_config_reader *r, const struct vt_setting *s,
                      const struct vt_yaml_node *node, void *field)
{
    return set_each(r, s, node, field, set_text);
}

static bool set_domains(struct vt_config_reader *r, const struct vt_setting *s,
                        const struct vt_yaml_node *node, void *field)
{
    return set_each(r, s, node, field, set_domain);
}

/* {from: to}; the same host twice is a duplicate key. */
static bool set_rewrites(struct vt_config_reader *r, const struct vt_setting *s,
                         const struct vt_yaml_node *node, void *field)
{
    struct vt_rewrites *out = field;
    if (!vt_yaml_is_mapping(&r->yaml, node, "hosts to be asked in the place of others"))
        return false;
    struct vt_rewrite *items = vt_arena_alloc(r->config->arena, (node->count + 1) * sizeof(*items));
    if (items == NULL)
        return no_memory(r, node);
    bool is_good = true;
    for (size_t i = 0; i < node->count; i++) {
        is_good = set_domain(r, s, node->entries[i].key, &items[i].from) && is_good;
        is_good = set_domain(r, s, node->entries[i].value, &items[i].to) && is_good;
    }
    *out = (struct vt_rewrites){items, is_good ? node->count : 0};
    return is_good;
}

static bool set_fingerprints(struct vt_config_reader *r, const struct vt_setting *s,
                             const struct vt_yaml_node *node, void *field)
{
    struct vt_trust_source *source = field;
    struct vt_strings list = {0};
    bool is_good = set_each(r, s, node, &list, set_text);
    source->confirmed = list.items;
    source->confirmed_count = list.count;
    return is_good;
}

/* How old own revocation data may be: 0 is as long as it is in force. */
static bool set_age(struct vt_config_reader *r, const struct vt_setting *s,
                    const struct vt_yaml_node *node, void *field)
{
    int64_t msecs = 0;
    const char *text = NULL;
    char shown[64];
    bool is_good = vt_yaml_text(&r->yaml, node, &text);
    if (is_good && strcmp(text, "until-next-update") == 0)
        msecs = 0;
    else if (is_good && (text[0] < '0' || text[0] > '9'))
        is_good = vt_yaml_mistake(&r->yaml, node,
                                  "\"%s\" is not until-next-update or a duration such as 7d",
                                  vt_text_clean(shown, sizeof(shown), vt_bytes_str(text)));
    else if (is_good)
        is_good = vt_yaml_duration(&r->yaml, node, s->min, s->max, &msecs);
    *(int64_t *)field = msecs / SECS;
    return is_good;
}

/* The moment from which something is no longer relied on. "never" could be meant either way. */
static bool set_until(struct vt_config_reader *r, const struct vt_setting *s,
                      const struct vt_yaml_node *node, void *field)
{
    const char *text = NULL;
    char shown[64];
    if (!vt_yaml_text(&r->yaml, node, &text))
        return false;
    if (strcmp(text, "forever") == 0) {
        *(int64_t *)field = INT64_MAX;
        return true;
    }
    if (strcmp(text, "never") == 0)
        return vt_yaml_mistake(&r->yaml, node,
                               "\"never\" may be meant in two ways: write forever, or a day of "
                               "the past such as 1970-01-01");
    if (vt_time_parse_vietnam(text, field) == VT_OK)
        return true;
    return vt_yaml_mistake(&r->yaml, node, "\"%s\" is not %s",
                           vt_text_clean(shown, sizeof(shown), vt_bytes_str(text)), s->expected);
}

static bool set_mode(struct vt_config_reader *r, const struct vt_setting *s,
                     const struct vt_yaml_node *node, void *field)
{
    static const char *const modes[] = {
        [VT_MODE_OBSERVE] = "observe", [VT_MODE_TAG] = "tag", [VT_MODE_ENFORCE] = "enforce"};
    unsigned value = 0;
    bool is_good = vt_yaml_word(&r->yaml, node, s->expected, modes, ELEMENTS(modes), &value);
    *(enum vt_mode *)field = (enum vt_mode)value;
    return is_good;
}

static bool set_profile(struct vt_config_reader *r, const struct vt_setting *s,
                        const struct vt_yaml_node *node, void *field)
{
    static const char *const profiles[] = {[VT_PROFILE_NONE] = "none",
                                           [VT_PROFILE_NINH_BINH] = "ninh-binh",
                                           [VT_PROFILE_VINH_LONG] = "vinh-long"};
    unsigned value = 0;
    bool is_good = vt_yaml_word(&r->yaml, node, s->expected, profiles, ELEMENTS(profiles), &value);
    *(enum vt_profile *)field = (enum vt_profile)value;
    return is_good;
}

static bool set_senders(struct vt_config_reader *r, const struct vt_setting *s,
                        const struct vt_yaml_node *node, void *field)
{
    static const char *const words[] = {
        [VT_SENDERS_STATE] = "state", [VT_SENDERS_PROVEN] = "proven", [VT_SENDERS_NONE] = "none"};
    unsigned value = 0;
    bool is_good = vt_yaml_word(&r->yaml, node, s->expected, words, ELEMENTS(words), &value);
    *(enum vt_notice_senders *)field = (enum vt_notice_senders)value;
    return is_good;
}

/* Of what is not the sender's to mend he is not told. */
static bool set_remark(struct vt_config_reader *r, const struct vt_setting *s,
                       const struct vt_yaml_node *node, void *field)
{
    const char *text = NULL;
    enum vt_reason reason = VT_REASON_COUNT;
    (void)s;
    if (!vt_yaml_text(&r->yaml, node, &text))
        return false;
    if (vt_reason_by_code(text, &reason) != VT_OK) {
        char shown[64];
        const char *nearest = vt_reason_suggest(text);
        return vt_yaml_mistake(&r->yaml, node, "\"%s\" is not a reason code%s%s%s",
                               vt_text_clean(shown, sizeof(shown), vt_bytes_str(text)),
                               nearest != NULL ? ": did you mean \"" : "",
                               nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
    }
    if (vt_reason_info(reason)->cause == VT_CAUSE_RECEIVER || reason == VT_REASON_SECRET_MARK)
        return vt_yaml_mistake(
            &r->yaml, node, "the sender is never told of %s: it is not the sender's to mend", text);
    *(const char **)field = text;
    return true;
}

static bool set_remarks(struct vt_config_reader *r, const struct vt_setting *s,
                        const struct vt_yaml_node *node, void *field)
{
    struct vt_strings list = {0};
    vt_reasons reasons = 0;
    if (!set_each(r, s, node, &list, set_remark))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        enum vt_reason reason = VT_REASON_COUNT;
        if (vt_reason_by_code(list.items[i], &reason) == VT_OK)
            reasons |= VT_REASON_BIT(reason);
    }
    *(vt_reasons *)field = reasons;
    return true;
}

static bool set_log(struct vt_config_reader *r, const struct vt_setting *s,
                    const struct vt_yaml_node *node, void *field)
{
    static const char *const places[] = {"stderr", "syslog"};
    unsigned value = 0;
    bool is_good = vt_yaml_word(&r->yaml, node, s->expected, places, ELEMENTS(places), &value);
    *(bool *)field = value == 1;
    return is_good;
}

static bool set_file_mode(struct vt_config_reader *r, const struct vt_setting *s,
                          const struct vt_yaml_node *node, void *field)
{
    return vt_yaml_octal(&r->yaml, node, (unsigned)s->max, field);
}

static bool set_flag(struct vt_config_reader *r, const struct vt_setting *s,
                     const struct vt_yaml_node *node, void *field)
{
    (void)s;
    return vt_yaml_bool(&r->yaml, node, field);
}

static bool set_number(struct vt_config_reader *r, const struct vt_setting *s,
                       const struct vt_yaml_node *node, void *field)
{
    int64_t value = 0;
    bool is_good = vt_yaml_number(&r->yaml, node, s->min, s->max, &value);
    *(unsigned *)field = (unsigned)value;
    return is_good;
}

static bool set_duration(struct vt_config_reader *r, const struct vt_setting *s,
                         const struct vt_yaml_node *node, void *field)
{
    return vt_yaml_duration(&r->yaml, node, s->min, s->max, field);
}

/* "07:30" as minutes after midnight. */
static bool take_clock(struct vt_config_reader *r, const struct vt_setting *s,
                       const struct vt_yaml_node *node, unsigned *out)
{
    const char *text = NULL;
    if (!is_accepted(r, s, node, &text))
        return false;
    unsigned hours = (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
    *out = hours * 60 + (unsigned)(text[3] - '0') * 10 + (unsigned)(text[4] - '0');
    return true;
}

static bool set_clock(struct vt_config_reader *r, const struct vt_setting *s,
                      const struct vt_yaml_node *node, void *field)
{
    return take_clock(r, s, node, field);
}

/* How many values a list has, of at most limit; an empty one is allowed. */
static bool count_values(struct vt_config_reader *r, const struct vt_setting *s,
                         const struct vt_yaml_node *node, size_t limit, size_t *out)
{
    *out = 0;
    if (node->kind == VT_YAML_SEQUENCE && node->count == 0)
        return true;
    if (!vt_yaml_is_list(&r->yaml, node, s->expected))
        return false;
    *out = vt_yaml_values_count(node);
    return *out <= limit || vt_yaml_mistake(&r->yaml, node, "at most %zu values", limit);
}

static bool set_day_times(struct vt_config_reader *r, const struct vt_setting *s,
                          const struct vt_yaml_node *node, void *field)
{
    struct vt_day_times times = {0};
    bool is_good = count_values(r, s, node, VT_MAX_DAY_TIMES, &times.count);
    for (size_t i = 0; is_good && i < times.count; i++) {
        const struct vt_yaml_node *value = vt_yaml_value_at(node, i);
        is_good = take_clock(r, s, value, &times.minutes[i]);
        if (is_good && i > 0 && times.minutes[i] <= times.minutes[i - 1])
            is_good =
                vt_yaml_mistake(&r->yaml, value, "times of the day in their order, once each");
    }
    if (is_good)
        *(struct vt_day_times *)field = times;
    return is_good;
}

static bool set_spans(struct vt_config_reader *r, const struct vt_setting *s,
                      const struct vt_yaml_node *node, void *field)
{
    struct vt_spans spans = {0};
    bool is_good = count_values(r, s, node, VT_MAX_SPANS, &spans.count);
    for (size_t i = 0; is_good && i < spans.count; i++) {
        const struct vt_yaml_node *value = vt_yaml_value_at(node, i);
        is_good = vt_yaml_duration(&r->yaml, value, s->min, s->max, &spans.msecs[i]);
        if (is_good && i > 0 && spans.msecs[i] <= spans.msecs[i - 1])
            is_good =
                vt_yaml_mistake(&r->yaml, value, "durations from the shortest to the longest");
    }
    if (is_good)
        *(struct vt_spans *)field = spans;
    return is_good;
}

static bool set_size(struct vt_config_reader *r, const struct vt_setting *s,
                     const struct vt_yaml_node *node, void *field)
{
    int64_t value = 0;
    bool is_good = vt_yaml_size(&r->yaml, node, s->min, s->max, &value);
    *(size_t *)field = (size_t)value;
    return is_good;
}

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
#define DAY_TIME vt_check_clock, "a time of the day such as 07:30"
#define PUBLISHED_HOSTS "[ca.gov.vn, pub.ca.gov.vn, ocsp.ca.gov.vn, rootca.gov.vn]"

#define RULE(key, set, member, default_text)                                                       \
    {                                                                                              \
        key, set_until, PLACE(trust_rules[set].weak_from_utc_secs[member]), default_text, 0, 0,    \
            NULL, "a day such as 2012-08-01, or forever"                                           \
    }
/* TS 119 312 and legal.md; the same as vt_trust_default_rules. */
#define SET_RULES(prefix, set)                                                                     \
    {prefix "revocation-max-age",                                                                  \
     set_age,                                                                                      \
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
    {"mode", set_mode, PLACE(mode), "observe", 0, 0, NULL, "a mode"},
    {"hostname", set_domain, PLACE(hostname), NULL, 0, 0, DOMAIN},
    {"office-phone", set_text, PLACE(office_phone), NULL, 0, 0, SHORT},
    {"office-name", set_text, PLACE(office_name), NULL, 0, 0, TITLE},
    {"regulation", set_text, PLACE(regulation), NULL, 0, 0, TITLE},
    {"profile", set_profile, PLACE(profile), "none", 0, 0, NULL, "a profile"},
    {"socket", set_socket, PLACE(socket), "unix:/run/vanthu/milter.sock", 0, 0, SOCKET},
    {"socket-mode", set_file_mode, PLACE(socket_mode), "0660", 0, 0777, NULL, NULL},
    {"socket-group", set_text, PLACE(socket_group), NULL, 0, 0, vt_check_user,
     "the name or number of a group other than root"},
    {"control-socket", set_socket_path, PLACE(control_socket), "/run/vanthu/control.sock", 0, 0,
     PATH},
    {"policy", set_path, PLACE(policy_file), "policy.yaml", 0, 0, PATH},
    {"spool-directory", set_path, PLACE(spool_directory), "/var/spool/vanthu", 0, 0, PATH},
    {"state-directory", set_path, PLACE(state_directory), "/var/lib/vanthu", 0, 0, PATH},
    {"history-directory", set_path, PLACE(history_directory), NULL, 0, 0, PATH},
    {"register.directory", set_path, PLACE(register_directory), "/var/lib/vanthu-register", 0, 0,
     PATH},
    {"register.central", set_text, PLACE(register_central), NULL, 0, 0, vt_check_central,
     "a connection to PostgreSQL without a password, such as \"host=db dbname=vanthu "
     "passfile=/etc/vanthu/central.pass\""},
    {"register.peer-key", set_path, PLACE(register_peer_key), NULL, 0, 0, PATH},
    {"register.keep-passed", set_number, PLACE(keep.passed_days), "1825", 0, MAX_KEEP_DAYS, NULL,
     NULL},
    {"register.keep-tagged", set_number, PLACE(keep.tagged_days), "1825", 0, MAX_KEEP_DAYS, NULL,
     NULL},
    {"register.keep-refused", set_number, PLACE(keep.refused_days), "3650", 0, MAX_KEEP_DAYS, NULL,
     NULL},
    {"register.keep-secret", set_number, PLACE(keep.secret_days), "1825", 0, MAX_KEEP_DAYS, NULL,
     NULL},
    {"register.keep-objects", set_number, PLACE(keep.objects_days), "3650", 0, MAX_KEEP_DAYS, NULL,
     NULL},
    {"register.largest-object", set_size, PLACE(largest_object_bytes), "4M", KIBI, 16 * MEBI, NULL,
     NULL},
    {"brake.refusals", set_number, PLACE(brake.refusals), "10", 0, 1000000, NULL, NULL},
    {"brake.mean-factor", set_number, PLACE(brake.mean_factor), "5", 1, 1000, NULL, NULL},
    {"brake.agencies", set_number, PLACE(brake.agencies), "5", 0, 16, NULL, NULL},
    {"brake.within", set_duration, PLACE(brake.within_msecs), "15m", 15 * SECS, 1 * DAYS, NULL,
     NULL},
    {"brake.changed-within", set_duration, PLACE(brake.changed_msecs), "7d", 1 * MINUTES,
     (int64_t)366 * DAYS, NULL, NULL},
    {"brake.lasts", set_duration, PLACE(brake.lasts_msecs), "2h", 1 * SECS, 7 * DAYS, NULL, NULL},
    {"reload.replay", set_duration, PLACE(reload_replay_msecs), "7d", 1 * HOURS,
     (int64_t)366 * DAYS, NULL, NULL},
    {"reload.confirm-above", set_number, PLACE(reload_confirm_above), "5", 0, 100000, NULL, NULL},
    {"notices.enabled", set_flag, PLACE(notices.is_enabled), "true", 0, 0, NULL, NULL},
    {"notices.quiet", set_duration, PLACE(notices.quiet_msecs), "90s", 0, 150 * SECS, NULL, NULL},
    {"notices.once-within", set_duration, PLACE(notices.once_msecs), "24h", 0, 366 * (int64_t)DAYS,
     NULL, NULL},
    {"notices.expire-after", set_duration, PLACE(notices.expire_msecs), "5d", 1 * SECS,
     30 * (int64_t)DAYS, NULL, NULL},
    {"notices.retry-first", set_duration, PLACE(notices.retry_first_msecs), "5m", 1 * SECS,
     24 * HOURS, NULL, NULL},
    {"notices.retry-longest", set_duration, PLACE(notices.retry_longest_msecs), "1h", 1 * SECS,
     24 * HOURS, NULL, NULL},
    {"notices.per-sender-hour", set_number, PLACE(notices.per_sender_hour), "20", 0, 100000, NULL,
     NULL},
    {"notices.per-domain-hour", set_number, PLACE(notices.per_domain_hour), "200", 0, 1000000, NULL,
     NULL},
    {"notices.per-hour", set_number, PLACE(notices.per_hour), "2000", 0, 10000000, NULL, NULL},
    {"notices.relay", set_text, PLACE(notices.relay), "smtp://127.0.0.1:25", 0, 0, vt_check_relay,
     "a mail server such as smtp://127.0.0.1:25 or smtps://relay.ninhbinh.gov.vn"},
    {"notices.tls", vt_set_relay_tls, PLACE(notices.tls), NULL, 0, 0, NULL, "how much TLS"},
    {"notices.tls-ca", set_path, PLACE(notices.tls_ca), NULL, 0, 0, PATH},
    {"notices.user", set_text, PLACE(notices.user), NULL, 0, 0, SHORT},
    {"notices.password-file", set_path, PLACE(notices.password_file), NULL, 0, 0, PATH},
    {"notices.sign-with", set_text, PLACE(notices.sign_with), NULL, 0, 0, WORD},
    {"notices.directory", set_path, PLACE(notices.directory), NULL, 0, 0, PATH},
    {"notices.from", set_text, PLACE(notices.from), NULL, 0, 0, MAILBOX},
    {"notices.reply-to", set_text, PLACE(notices.reply_to), NULL, 0, 0, MAILBOX},
    {"notices.contact", set_text, PLACE(notices.contact), NULL, 0, 0, TITLE},
    {"notices.lists-at", set_day_times, PLACE(notices.lists_at), "[11:00, 16:00]", 0, 0, DAY_TIME},
    {"notices.admin", set_text, PLACE(notices.admin), NULL, 0, 0, ADDRESS},
    {"notices.digest-at", set_clock, PLACE(notices.digest_at_minutes), "07:30", 0, 0, DAY_TIME},
    {"notices.hold-remind", set_spans, PLACE(notices.hold_remind), "[4h, 24h]", 1 * MINUTES,
     (int64_t)30 * DAYS, NULL, "durations such as 4h"},
    {"notices.hold-alarm", set_duration, PLACE(notices.hold_alarm_msecs), "48h", 0,
     (int64_t)30 * DAYS, NULL, NULL},
    {"notices.senders", set_senders, PLACE(notices.senders), "state", 0, 0, NULL, "senders"},
    {"notices.remarks", set_remarks, PLACE(notices.remarks), "[CERT_REVOKED_SINCE, WRONG_KIND]", 0,
     0, NULL, "reason codes"},
    {"notices.remark-once-within", set_duration, PLACE(notices.remark_once_within_msecs), "7d", 0,
     (int64_t)366 * DAYS, NULL, NULL},
    {"notices.arrival", set_flag, PLACE(notices.arrival), "false", 0, 0, NULL, NULL},
    {"web.listen", set_local_socket, PLACE(web_listen), NULL, 0, 0, SOCKET},
    {"web.socket-mode", set_file_mode, PLACE(web_socket_mode), "0660", 0, 0777, NULL, NULL},
    {"web.socket-group", set_text, PLACE(web_socket_group), NULL, 0, 0, vt_check_user,
     "the name or number of a group other than root"},
    {"log", set_log, PLACE(log_to_syslog), "syslog", 0, 0, NULL, "a place for the log"},

    {"networks.internal", set_texts, PLACE(internal_networks), "[127.0.0.0/8, \"::1/128\"]", 0, 0,
     NETWORK},
    {"front-relays", set_texts, PLACE(front_relays), NULL, 0, 0, NETWORK},
    {"outbound-daemon-names", set_texts, PLACE(outbound_daemons), "[ORIGINATING]", 0, 0, WORD},
    {"our-domains", set_domains, PLACE(our_domains), "[]", 0, 0, DOMAIN},
    {"state-domains", set_domains, PLACE(state_domains), "[gov.vn, dcs.vn, quochoi.vn]", 0, 0,
     DOMAIN},
    {"authserv-id", set_domain, PLACE(authserv_id), NULL, 0, 0, DOMAIN},
    {"trusted-authserv-ids", set_domains, PLACE(trusted_authserv_ids), "[]", 0, 0, DOMAIN},

    {"trust.official.directory", set_path, PLACE(trust[VT_TRUST_OFFICIAL].directory),
     "trust/official", 0, 0, PATH},
    {"trust.official.anchors", set_path, PLACE(trust[VT_TRUST_OFFICIAL].anchors), NULL, 0, 0, PATH},
    {"trust.official.intermediates", set_path, PLACE(trust[VT_TRUST_OFFICIAL].intermediates), NULL,
     0, 0, PATH},
    {"trust.official.confirmed", set_fingerprints, PLACE(trust[VT_TRUST_OFFICIAL]), "[]", 0, 0,
     FINGERPRINT},
    SET_RULES("trust.official.", VT_TRUST_OFFICIAL),
    {"trust.public.directory", set_path, PLACE(trust[VT_TRUST_PUBLIC].directory), "trust/public", 0,
     0, PATH},
    {"trust.public.anchors", set_path, PLACE(trust[VT_TRUST_PUBLIC].anchors), NULL, 0, 0, PATH},
    {"trust.public.intermediates", set_path, PLACE(trust[VT_TRUST_PUBLIC].intermediates), NULL, 0,
     0, PATH},
    {"trust.public.confirmed", set_fingerprints, PLACE(trust[VT_TRUST_PUBLIC]), "[]", 0, 0,
     FINGERPRINT},

    SET_RULES("trust.public.", VT_TRUST_PUBLIC),

    {"fetch.allowed-hosts", set_domains, PLACE(fetch_hosts), PUBLISHED_HOSTS, 0, 0, HOST_PORT},
    {"fetch.rewrite-hosts", set_rewrites, PLACE(fetch_rewrites), "{}", 0, 0, HOST_PORT},
    {"fetch.http-proxy", set_text, PLACE(http_proxy), NULL, 0, 0, PROXY},
    {"fetch.timeout", set_duration, PLACE(fetch_timeout_msecs), "3s", 100, 60 * SECS, NULL, NULL},
    {"fetch.host-down", set_duration, PLACE(host_down_msecs), "60s", 0, 1 * HOURS, NULL, NULL},

    {"seal.keys", vt_config_read_seal_keys, PLACE(seal_keys), NULL, 0, 0, NULL, NULL},
    {"seal.directory", set_path, PLACE(seal_directory), "/var/lib/vanthu-seal", 0, 0, PATH},
    {"seal.canary", set_duration, PLACE(seal_canary_msecs), "15m", 0, 1 * DAYS, NULL, NULL},

    {"users.gateway", set_text, PLACE(role_user[VT_ROLE_GATEWAY]), "vanthu-gateway", 0, 0, USER},
    {"users.inspector", set_text, PLACE(role_user[VT_ROLE_INSPECTOR]), "vanthu-inspector", 0, 0,
     USER},
    {"users.status", set_text, PLACE(role_user[VT_ROLE_STATUS]), "vanthu-status", 0, 0, USER},
    {"users.fetch", set_text, PLACE(role_user[VT_ROLE_FETCH]), "vanthu-fetch", 0, 0, USER},
    {"users.registrar", set_text, PLACE(role_user[VT_ROLE_REGISTRAR]), "vanthu-registrar", 0, 0,
     USER},
    {"users.web", set_text, PLACE(role_user[VT_ROLE_WEB]), "vanthu-web", 0, 0, USER},
    {"users.post", set_text, PLACE(role_user[VT_ROLE_POST]), "vanthu-post", 0, 0, USER},
    {"users.sealer", set_text, PLACE(role_user[VT_ROLE_SEALER]), "vanthu-sealer", 0, 0, USER},

    {"limits.memory-spool", set_size, PLACE(memory_spool_bytes), "256k", 4 * KIBI, 64 * MEBI, NULL,
     NULL},
    {"limits.parallel-inspections", set_number, PLACE(parallel_inspections), "0", 0, 1024, NULL,
     NULL},
    {"limits.total", set_duration, PLACE(total_msecs), "60s", 5 * SECS, 290 * SECS, NULL, NULL},
    {"limits.queue", set_duration, PLACE(queue_msecs), "15s", 0, 120 * SECS, NULL, NULL},
    {"limits.inspection", set_duration, PLACE(inspection_msecs), "20s", 1 * SECS, 120 * SECS, NULL,
     NULL},
    {"limits.status", set_duration, PLACE(status_msecs), "3s", 0, 60 * SECS, NULL, NULL},
    {"limits.register", set_duration, PLACE(register_msecs), "10s", 1 * SECS, 60 * SECS, NULL,
     NULL},
    {"limits.hsm", set_duration, PLACE(hsm_msecs), "10s", 1 * SECS, 60 * SECS, NULL, NULL},
    {"limits.poison-after", set_duration, PLACE(poison_msecs), "30m", 1 * MINUTES, 4 * DAYS, NULL,
     NULL},
    {"limits.poison-failures", set_number, PLACE(poison_failures), "3", 1, 100, NULL, NULL},
};

const size_t vt_settings_count = ELEMENTS(vt_settings);
