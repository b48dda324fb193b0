/* SPDX-License-Identifier: Apache-2.0
 * Setters: the value of one kind of setting, from its node into its field. */
#include "base/config_set.h"

#include <string.h>
#include <sys/un.h>

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define SECS 1000

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

bool vt_set_text(struct vt_config_reader *r, const struct vt_setting *s,
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
bool vt_set_socket(struct vt_config_reader *r, const struct vt_setting *s,
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
bool vt_set_local_socket(struct vt_config_reader *r, const struct vt_setting *s,
                         const struct vt_yaml_node *node, void *field)
{
    const char *text = NULL;
    if (!vt_set_socket(r, s, node, &text))
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
bool vt_set_domain(struct vt_config_reader *r, const struct vt_setting *s,
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

bool vt_set_path(struct vt_config_reader *r, const struct vt_setting *s,
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

bool vt_set_socket_path(struct vt_config_reader *r, const struct vt_setting *s,
                        const struct vt_yaml_node *node, void *field)
{
    return vt_set_path(r, s, node, field) && is_short(r, node, *(const char **)field);
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

bool vt_set_texts(struct vt_config_reader *r, const struct vt_setting *s,
                  const struct vt_yaml_node *node, void *field)
{
    return set_each(r, s, node, field, vt_set_text);
}

bool vt_set_domains(struct vt_config_reader *r, const struct vt_setting *s,
                    const struct vt_yaml_node *node, void *field)
{
    return set_each(r, s, node, field, vt_set_domain);
}

/* {from: to}; the same host twice is a duplicate key. */
bool vt_set_rewrites(struct vt_config_reader *r, const struct vt_setting *s,
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
        is_good = vt_set_domain(r, s, node->entries[i].key, &items[i].from) && is_good;
        is_good = vt_set_domain(r, s, node->entries[i].value, &items[i].to) && is_good;
    }
    *out = (struct vt_rewrites){items, is_good ? node->count : 0};
    return is_good;
}

bool vt_set_fingerprints(struct vt_config_reader *r, const struct vt_setting *s,
                         const struct vt_yaml_node *node, void *field)
{
    struct vt_trust_source *source = field;
    struct vt_strings list = {0};
    bool is_good = set_each(r, s, node, &list, vt_set_text);
    source->confirmed = list.items;
    source->confirmed_count = list.count;
    return is_good;
}

/* How old own revocation data may be: 0 is as long as it is in force. */
bool vt_set_age(struct vt_config_reader *r, const struct vt_setting *s,
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
bool vt_set_until(struct vt_config_reader *r, const struct vt_setting *s,
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

bool vt_set_mode(struct vt_config_reader *r, const struct vt_setting *s,
                 const struct vt_yaml_node *node, void *field)
{
    static const char *const modes[] = {
        [VT_MODE_OBSERVE] = "observe", [VT_MODE_TAG] = "tag", [VT_MODE_ENFORCE] = "enforce"};
    unsigned value = 0;
    bool is_good = vt_yaml_word(&r->yaml, node, s->expected, modes, ELEMENTS(modes), &value);
    *(enum vt_mode *)field = (enum vt_mode)value;
    return is_good;
}

bool vt_set_profile(struct vt_config_reader *r, const struct vt_setting *s,
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

bool vt_set_senders(struct vt_config_reader *r, const struct vt_setting *s,
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

bool vt_set_remarks(struct vt_config_reader *r, const struct vt_setting *s,
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

bool vt_set_log(struct vt_config_reader *r, const struct vt_setting *s,
                const struct vt_yaml_node *node, void *field)
{
    static const char *const places[] = {"stderr", "syslog"};
    unsigned value = 0;
    bool is_good = vt_yaml_word(&r->yaml, node, s->expected, places, ELEMENTS(places), &value);
    *(bool *)field = value == 1;
    return is_good;
}

bool vt_set_file_mode(struct vt_config_reader *r, const struct vt_setting *s,
                      const struct vt_yaml_node *node, void *field)
{
    return vt_yaml_octal(&r->yaml, node, (unsigned)s->max, field);
}

bool vt_set_flag(struct vt_config_reader *r, const struct vt_setting *s,
                 const struct vt_yaml_node *node, void *field)
{
    (void)s;
    return vt_yaml_bool(&r->yaml, node, field);
}

bool vt_set_number(struct vt_config_reader *r, const struct vt_setting *s,
                   const struct vt_yaml_node *node, void *field)
{
    int64_t value = 0;
    bool is_good = vt_yaml_number(&r->yaml, node, s->min, s->max, &value);
    *(unsigned *)field = (unsigned)value;
    return is_good;
}

bool vt_set_duration(struct vt_config_reader *r, const struct vt_setting *s,
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

bool vt_set_clock(struct vt_config_reader *r, const struct vt_setting *s,
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

bool vt_set_day_times(struct vt_config_reader *r, const struct vt_setting *s,
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

bool vt_set_spans(struct vt_config_reader *r, const struct vt_setting *s,
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

bool vt_set_size(struct vt_config_reader *r, const struct vt_setting *s,
                 const struct vt_yaml_node *node, void *field)
{
    int64_t value = 0;
    bool is_good = vt_yaml_size(&r->yaml, node, s->min, s->max, &value);
    *(size_t *)field = (size_t)value;
    return is_good;
}
