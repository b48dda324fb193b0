/* SPDX-License-Identifier: Apache-2.0
 * Metrics as Prometheus text, format 0.0.4, and what is wrong by them. Nothing that a writer put
 * into its file can be more than a number here. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/metrics.h"
#include "vanthu/clock.h"

/* The labels of one line, "host=\"ca.gov.vn\",result=\"good\"". */
#define LABELS_BYTES 512
/* Longer than the registrar's second by far: a disk that hangs. */
#define TURN_IS_LATE_SECS 30
/* A relay that is started anew is there before that. */
#define RELAY_IS_AWAY_SECS 300
/* A certificate of an agency takes weeks to get. */
#define SEAL_ENDS_SOON_SECS ((int64_t)30 * 86400)

struct writer {
    const struct vt_metrics_reader *reader;
    const struct vt_metrics_view *view;
    struct vt_buf *out;
    enum vt_code code; /* the first failure */
};

static void line(struct writer *w, const char *format, ...) VT_PRINTF(2, 3);
static void line(struct writer *w, const char *format, ...)
{
    char text[LABELS_BYTES + 256];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (w->code != VT_OK)
        return;
    w->code =
        len < 0 || (size_t)len >= sizeof(text) ? VT_E_LIMIT : vt_buf_add(w->out, text, (size_t)len);
}

/* ---- labels ---- */

/* Hosts of the configuration are names of letters, digits, hyphens, colons and brackets. */
static const char *host_name(const struct writer *w, unsigned index)
{
    const struct vt_strings *hosts = &w->view->config->fetch_hosts;
    if (index == VT_METRIC_HOSTS - 1 && hosts->count >= VT_METRIC_HOSTS)
        return "others";
    return index < hosts->count ? hosts->items[index] : NULL;
}

static bool has_hosts(const struct writer *w)
{
    const struct vt_metrics_file *file = &w->reader->files[VT_ROLE_STATUS];
    return file->cells != NULL && atomic_load(&file->cells[VT_CELL_HOSTS]) ==
                                      vt_metrics_hosts_hash(&w->view->config->fetch_hosts);
}

static const char *key_name(const struct writer *w, unsigned index)
{
    const struct vt_metrics_file *file = &w->reader->files[VT_ROLE_SEALER];
    const struct vt_strings *names = &w->view->config->seal_names;
    bool means_these = file->cells != NULL &&
                       atomic_load(&file->cells[VT_CELL_HOSTS]) == vt_metrics_hosts_hash(names);
    return means_these && index < names->count ? names->items[index] : NULL;
}

static bool is_wanted(const struct writer *w, unsigned role)
{
    return vt_metrics_gauge(w->reader, VT_METRIC_ROLE_STARTED, role, w->view->lane) != 0;
}

/* NULL: a combination with this value is not shown. */
static const char *value_of(const struct writer *w, const struct vt_metric_label *label,
                            unsigned index)
{
    if (label == &vt_label_host)
        return has_hosts(w) ? host_name(w, index) : NULL;
    if (label == &vt_label_key)
        return key_name(w, index);
    if (label == &vt_label_role && !is_wanted(w, index))
        return NULL;
    return label->value(index);
}

/* False: it is not shown. */
static bool write_labels(const struct writer *w, const struct vt_metric_info *info, unsigned index,
                         char out[LABELS_BYTES])
{
    unsigned left = vt_metric_combinations(info), used = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < VT_METRIC_LABELS && info->labels[i] != NULL; i++) {
        const struct vt_metric_label *label = info->labels[i];
        left /= label->count;
        const char *value = value_of(w, label, index / left);
        index %= left;
        if (value == NULL)
            return false;
        int len = snprintf(out + used, LABELS_BYTES - used, "%s%s=\"%s\"", i > 0 ? "," : "",
                           label->name, value);
        if (len < 0 || (unsigned)len >= LABELS_BYTES - used)
            return false;
        used += (unsigned)len;
    }
    return true;
}

/* ---- one metric ---- */

/* Seconds of milliseconds without a rounding. */
static const char *number(char out[32], enum vt_metric_unit unit, uint64_t value)
{
    if (unit == VT_UNIT_MSECS)
        (void)snprintf(out, 32, "%" PRIu64 ".%03u", value / 1000, (unsigned)(value % 1000));
    else
        (void)snprintf(out, 32, "%" PRIu64, value);
    return out;
}

static void write_value(struct writer *w, const struct vt_metric_info *info, const char *labels,
                        const char *value)
{
    bool has_labels = labels[0] != '\0';
    line(w, "%s%s%s%s %s\n", info->name, has_labels ? "{" : "", labels, has_labels ? "}" : "",
         value);
}

/* The count is the last bucket, whatever is written meanwhile. */
static void write_histogram(struct writer *w, const struct vt_metric_info *info, unsigned index,
                            const char *labels)
{
    enum vt_metric metric = (enum vt_metric)(info - vt_metric_infos);
    const vt_metric_cell *cells = vt_metrics_cell(w->reader, metric, index, 0);
    const char *comma = labels[0] != '\0' ? "," : "";
    char bound[32];
    uint64_t sum = 0;
    if (cells == NULL)
        return;
    for (unsigned i = 0; i <= info->bounds_count; i++) {
        uint64_t part = atomic_load_explicit(&cells[i], memory_order_relaxed);
        sum = part > UINT64_MAX - sum ? UINT64_MAX : sum + part;
        if (i < info->bounds_count)
            (void)number(bound, info->unit, (uint64_t)info->bounds[i]);
        else
            (void)snprintf(bound, sizeof(bound), "+Inf");
        line(w, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", info->name, labels, comma, bound, sum);
    }
    uint64_t total = atomic_load_explicit(&cells[info->bounds_count + 1], memory_order_relaxed);
    const char *open = labels[0] != '\0' ? "{" : "", *close = labels[0] != '\0' ? "}" : "";
    line(w, "%s_sum%s%s%s %s\n", info->name, open, labels, close, number(bound, info->unit, total));
    line(w, "%s_count%s%s%s %" PRIu64 "\n", info->name, open, labels, close, sum);
}

static void write_info(struct writer *w, const struct vt_metric_info *info)
{
    enum vt_metric metric = (enum vt_metric)(info - vt_metric_infos);
    char labels[64];
    if (metric == VT_METRIC_BUILD) {
        (void)snprintf(labels, sizeof(labels), "version=\"%s\"", VT_VERSION);
    } else if (metric == VT_METRIC_MODE) {
        (void)snprintf(labels, sizeof(labels), "mode=\"%s\"", vt_mode_name(w->view->config->mode));
    } else {
        uint32_t version = (uint32_t)vt_metrics_gauge(w->reader, metric, 0, w->view->lane);
        if (vt_metrics_gauge(w->reader, VT_METRIC_POLICY_LOADED, 0, w->view->lane) == 0)
            return; /* no gateway has loaded it yet */
        (void)snprintf(labels, sizeof(labels), "version=\"%08" PRIx32 "\"", version);
    }
    write_value(w, info, labels, "1");
}

static void write_gauge(struct writer *w, const struct vt_metric_info *info, unsigned index,
                        const char *labels)
{
    enum vt_metric metric = (enum vt_metric)(info - vt_metric_infos);
    char text[32];
    int64_t value = vt_metrics_gauge(w->reader, metric, index, w->view->lane);
    if (info->unit == VT_UNIT_TIME && value == 0)
        return;
    (void)snprintf(text, sizeof(text), "%" PRId64, value);
    write_value(w, info, labels, text);
}

static void write_metric(struct writer *w, const struct vt_metric_info *info)
{
    static const char *const types[] = {[VT_METRIC_COUNTER] = "counter",
                                        [VT_METRIC_HISTOGRAM] = "histogram",
                                        [VT_METRIC_GAUGE] = "gauge",
                                        [VT_METRIC_GAUGE_SUM] = "gauge",
                                        [VT_METRIC_INFO] = "gauge"};
    enum vt_metric metric = (enum vt_metric)(info - vt_metric_infos);
    char labels[LABELS_BYTES], value[32];
    if (info->writer < VT_ROLES && w->reader->files[info->writer].cells == NULL)
        return;
    line(w, "# HELP %s %s\n# TYPE %s %s\n", info->name, info->help, info->name, types[info->kind]);
    unsigned count = vt_metric_combinations(info);
    for (unsigned i = 0; i < count; i++) {
        if (!write_labels(w, info, i, labels))
            continue;
        if (info->kind == VT_METRIC_HISTOGRAM)
            write_histogram(w, info, i, labels);
        else if (info->kind == VT_METRIC_INFO)
            write_info(w, info);
        else if (vt_metric_is_gauge(info))
            write_gauge(w, info, i, labels);
        else
            write_value(w, info, labels,
                        number(value, info->unit, vt_metrics_count(w->reader, metric, i)));
    }
}

enum vt_code vt_metrics_write(const struct vt_metrics_reader *reader,
                              const struct vt_metrics_view *view, struct vt_buf *out,
                              struct vt_err *err)
{
    struct writer w = {reader, view, out, VT_OK};
    for (unsigned i = 0; i < VT_METRICS; i++)
        write_metric(&w, &vt_metric_infos[i]);
    return w.code == VT_OK ? VT_OK : vt_err_set(err, w.code, "the metrics take too much room");
}

/* ---- health ---- */

struct problems {
    struct vt_problem *items;
    size_t count;
};

static void add(struct problems *problems, const char *code, const char *format, ...)
    VT_PRINTF(3, 4);
static void add(struct problems *problems, const char *code, const char *format, ...)
{
    va_list args;
    if (problems->count == VT_MAX_PROBLEMS)
        return;
    struct vt_problem *problem = &problems->items[problems->count++];
    problem->code = code;
    va_start(args, format);
    (void)vsnprintf(problem->text, sizeof(problem->text), format, args);
    va_end(args);
}

static bool is_up(const struct writer *w, enum vt_role_id role)
{
    return vt_metrics_gauge(w->reader, VT_METRIC_ROLE_UP, role, w->view->lane) == 1;
}

static void look_at_roles(const struct writer *w, struct problems *problems)
{
    for (enum vt_role_id role = VT_ROLE_MASTER; role < VT_ROLES; role++)
        if (is_wanted(w, role) && !is_up(w, role))
            add(problems, "role-down", "the role %s is down", vt_role_name(role));
}

static void look_at_register(const struct writer *w, int64_t now, struct problems *problems)
{
    unsigned lane = w->view->lane;
    int64_t turn = vt_metrics_gauge(w->reader, VT_METRIC_REGISTER_TURN, 0, lane);
    const char *effect = w->view->config->mode == VT_MODE_OBSERVE ? "mails pass without a record"
                                                                  : "mails are answered 451";
    if (vt_metrics_gauge(w->reader, VT_METRIC_REGISTER_WRITABLE, 0, lane) == 0)
        add(problems, "register-not-writing", "the register cannot be written: %s", effect);
    if (vt_metrics_gauge(w->reader, VT_METRIC_OBJECTS_KEPT, 0, lane) == 0)
        add(problems, "disk-nearly-full",
            "the disk of the register is nearly full: records go on, certificates, lists and time "
            "stamps are not kept with them");
    if (turn != 0 && now - turn > TURN_IS_LATE_SECS)
        add(problems, "register-hangs", "the registrar has not answered for %" PRId64 " s: %s",
            now - turn, effect);
}

/* A relay that is away for a while is nothing to be told of. */
#define NOTICE_IS_LATE_SECS 3600

static void look_at_notices(const struct writer *w, int64_t now, struct problems *problems)
{
    char since[VT_TIME_TEXT_BYTES];
    unsigned lane = w->view->lane;
    uint64_t count = 0;
    int64_t oldest = vt_metrics_gauge(w->reader, VT_METRIC_NOTICES_OLDEST, 0, lane);
    for (unsigned i = 0; i < VT_METRIC_NOTICE_STATES; i++)
        count += (uint64_t)vt_metrics_gauge(w->reader, VT_METRIC_NOTICES_OWED, i, lane);
    if (oldest > 0 && oldest < now - NOTICE_IS_LATE_SECS)
        add(problems, "notices-late",
            "%" PRIu64 " notices are owed and not sent, the oldest since %s (vanthu notice list)",
            count, vt_time_rfc3339(since, oldest));
}

static void look_at_trust(const struct writer *w, int64_t now, struct problems *problems)
{
    (void)now;
    unsigned lane = w->view->lane;
    int64_t official =
        vt_metrics_gauge(w->reader, VT_METRIC_TRUST_ANCHORS, VT_TRUST_OFFICIAL, lane);
    if (official == 0)
        add(problems, "trust-empty",
            "the trust set \"official\" has no confirmed root: its documents are NOT_CHECKED "
            "(vanthu trust setup official)");
    if (vt_metrics_gauge(w->reader, VT_METRIC_CLOCK_SANE, 0, lane) == 0)
        add(problems, "clock-wrong",
            "the clock of this machine is wrong: no certificate is called good");
}

static void look_at_brake(const struct writer *w, int64_t now, struct problems *problems)
{
    char until[VT_TIME_TEXT_BYTES];
    int64_t braked = vt_metrics_gauge(w->reader, VT_METRIC_BRAKE_UNTIL, 0, w->view->lane);
    if (braked > now)
        add(problems, "rule-braked",
            "a rule that was changed lately refused too much: it only tags until %s (vanthu "
            "status)",
            vt_time_rfc3339(until, braked));
}

static void look_at_relay(const struct writer *w, int64_t now, struct problems *problems)
{
    char since[VT_TIME_TEXT_BYTES];
    int64_t away = vt_metrics_gauge(w->reader, VT_METRIC_RELAY_AWAY, 0, w->view->lane);
    if (away != 0 && now - away > RELAY_IS_AWAY_SECS)
        add(problems, "relay-away",
            "the relay takes no notices since %s: they wait (notices.relay, vanthu notice list)",
            vt_time_rfc3339(since, away));
}

static int64_t of_key(const struct writer *w, enum vt_metric metric, unsigned key)
{
    return vt_metrics_gauge(w->reader, metric, key, w->view->lane);
}

static void look_at_seals(const struct writer *w, int64_t now, struct problems *problems)
{
    char when[VT_TIME_TEXT_BYTES];
    if (of_key(w, VT_METRIC_SEAL_STOPPED, 0) == 1)
        add(problems, "seal-stopped", "an administrator stopped all sealing (vanthu seal resume)");
    for (unsigned i = 0; key_name(w, i) != NULL; i++) {
        int64_t end = of_key(w, VT_METRIC_SEAL_CERTIFICATE_END, i);
        if (of_key(w, VT_METRIC_SEAL_UP, i) == 0)
            add(problems, "seal-down", "nothing is sealed with key %s (vanthu seal check)",
                key_name(w, i));
        else if (of_key(w, VT_METRIC_SEAL_CANARY_FAILED, i) == 1)
            add(problems, "seal-canary", "a signature with key %s failed (vanthu seal check)",
                key_name(w, i));
        if (end != 0 && end - now < SEAL_ENDS_SOON_SECS)
            add(problems, "seal-certificate-ends", "the certificate of key %s ends %s",
                key_name(w, i), vt_time_rfc3339(when, end));
    }
}

static void look_at_holds(const struct writer *w, int64_t now, struct problems *problems)
{
    char since[VT_TIME_TEXT_BYTES];
    int64_t held = vt_metrics_gauge(w->reader, VT_METRIC_HOLDS, 0, w->view->lane);
    int64_t oldest = vt_metrics_gauge(w->reader, VT_METRIC_HOLDS_OLDEST, 0, w->view->lane);
    int64_t alarm_secs = w->view->config->notices.hold_alarm_msecs / 1000;
    if (oldest != 0 && alarm_secs > 0 && now - oldest > alarm_secs)
        add(problems, "held-too-long",
            "%" PRId64 " held mails wait for a decision, the oldest since %s (vanthu hold list)",
            held, vt_time_rfc3339(since, oldest));
}

typedef void looker(const struct writer *w, int64_t now, struct problems *problems);

/* Gauges whose zero is a problem count while their role is up: asked before and after, since those
 * of a role that dies meanwhile are zero. That it is down is said of the role itself. */
static void look_at(const struct writer *w, enum vt_role_id role, looker *look, int64_t now,
                    struct problems *problems)
{
    size_t before = problems->count;
    if (!is_up(w, role))
        return;
    look(w, now, problems);
    atomic_thread_fence(memory_order_acquire);
    if (!is_up(w, role))
        problems->count = before;
}

size_t vt_metrics_problems(const struct vt_metrics_reader *reader,
                           const struct vt_metrics_view *view, int64_t now_utc_secs,
                           struct vt_problem out_problems[VT_MAX_PROBLEMS])
{
    const struct writer w = {.reader = reader, .view = view};
    struct problems problems = {out_problems, 0};
    look_at_roles(&w, &problems);
    look_at(&w, VT_ROLE_REGISTRAR, look_at_register, now_utc_secs, &problems);
    look_at(&w, VT_ROLE_REGISTRAR, look_at_notices, now_utc_secs, &problems);
    look_at(&w, VT_ROLE_STATUS, look_at_trust, now_utc_secs, &problems);
    look_at_brake(&w, now_utc_secs, &problems);
    look_at_relay(&w, now_utc_secs, &problems);
    look_at(&w, VT_ROLE_SEALER, look_at_seals, now_utc_secs, &problems);
    look_at_holds(&w, now_utc_secs, &problems);
    return problems.count;
}
