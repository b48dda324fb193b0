/* SPDX-License-Identifier: Apache-2.0
 * Numbers for a person: mails of today out of the register, which outlives the service; what went
 * wrong since it started out of its metrics. */
#include "command/status_numbers.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/metrics.h"
#include "command/status_seals.h"
#include "vanthu/brake.h"
#include "vanthu/clock.h"
#include "vanthu/hold.h"
#include "vanthu/register.h"
#include "vanthu/role.h"

enum { HOUR_SECS = 3600, DAY_SECS = 24 * HOUR_SECS };

static void set_number(json_t *object, const char *key, int64_t value)
{
    (void)json_object_set_new(object, key, json_integer(value));
}

/* ---- the register ---- */

static json_t *outcomes_since(struct vt_register *reg, int64_t from_utc_secs)
{
    struct vt_register_outcomes outcomes;
    if (vt_register_outcomes(reg, from_utc_secs, &outcomes, NULL) != VT_OK)
        return NULL;
    json_t *object = json_object();
    set_number(object, "accept", outcomes.accepted_count);
    set_number(object, "tag", outcomes.tagged_count);
    set_number(object, "hold", outcomes.held_count);
    set_number(object, "reject", outcomes.rejected_count);
    set_number(object, "tempfail", outcomes.tempfailed_count);
    set_number(object, "secret", outcomes.secret_count);
    json_t *would_be = json_object();
    set_number(would_be, "tag", outcomes.would_tag_count);
    set_number(would_be, "hold", outcomes.would_hold_count);
    set_number(would_be, "reject", outcomes.would_reject_count);
    set_number(would_be, "tempfail", outcomes.would_defer_count);
    (void)json_object_set_new(object, "would_be", would_be);
    return object;
}

static json_t *holds_of(const struct vt_config *config)
{
    struct vt_register *reg = NULL;
    int64_t waiting = 0, oldest = VT_TIME_NONE;
    if (vt_register_open_read(config->register_directory, &reg, NULL) != VT_OK)
        return json_null();
    enum vt_code code = vt_register_holds_count(reg, &waiting, &oldest, NULL);
    vt_register_close(reg);
    if (code != VT_OK)
        return json_null();
    return json_pack("{s:I, s:o}", "waiting", (json_int_t)waiting, "oldest_utc_secs",
                     oldest != VT_TIME_NONE ? json_integer(oldest) : json_null());
}

static json_t *mails_of(const struct vt_config *config, int64_t now)
{
    struct vt_register *reg = NULL;
    int64_t midnight = now - (now + VT_VIETNAM_SECS) % DAY_SECS;
    if (vt_register_open_read(config->register_directory, &reg, NULL) != VT_OK)
        return json_null();
    json_t *today = outcomes_since(reg, midnight);
    json_t *last_hour = outcomes_since(reg, now - HOUR_SECS);
    vt_register_close(reg);
    return json_pack("{s:o?, s:o?}", "today", today, "last_hour", last_hour);
}

/* ---- the metrics ---- */

/* A counter with one label, by its values. */
static json_t *by_label(const struct vt_metrics_reader *reader, enum vt_metric metric)
{
    const struct vt_metric_label *label = vt_metric_infos[metric].labels[0];
    json_t *object = json_object();
    for (unsigned i = 0; i < label->count; i++)
        set_number(object, label->value(i), (int64_t)vt_metrics_count(reader, metric, i));
    return object;
}

static json_t *notices_owed(const struct vt_metrics_reader *reader, unsigned lane)
{
    const struct vt_metric_label *label = vt_metric_infos[VT_METRIC_NOTICES_OWED].labels[0];
    json_t *object = json_object();
    for (unsigned i = 0; i < label->count; i++)
        set_number(object, label->value(i),
                   vt_metrics_gauge(reader, VT_METRIC_NOTICES_OWED, i, lane));
    return object;
}

static json_t *counted(const struct vt_metrics_reader *reader)
{
    json_t *object = json_object();
    set_number(object, "unrecorded",
               (int64_t)vt_metrics_count_all(reader, VT_METRIC_MAILS_UNRECORDED));
    set_number(object, "poison", (int64_t)vt_metrics_count_all(reader, VT_METRIC_MAILS_POISON));
    (void)json_object_set_new(object, "notices", by_label(reader, VT_METRIC_NOTICES));
    (void)json_object_set_new(object, "tempfails", by_label(reader, VT_METRIC_TEMPFAILS));
    (void)json_object_set_new(object, "inspections_failed",
                              by_label(reader, VT_METRIC_INSPECTIONS_FAILED));
    return object;
}

static json_t *register_of(const struct vt_metrics_reader *reader, unsigned lane)
{
    json_t *object = json_object();
    bool is_writable = vt_metrics_gauge(reader, VT_METRIC_REGISTER_WRITABLE, 0, lane) == 1;
    (void)json_object_set_new(object, "writable", json_boolean(is_writable));
    set_number(object, "records", (int64_t)vt_metrics_count_all(reader, VT_METRIC_RECORDS));
    return object;
}

static json_t *policy_of(const struct vt_metrics_reader *reader, unsigned lane)
{
    char version[16];
    int64_t loaded = vt_metrics_gauge(reader, VT_METRIC_POLICY_LOADED, 0, lane);
    if (loaded == 0)
        return json_null();
    (void)snprintf(version, sizeof(version), "%08x",
                   (unsigned)vt_metrics_gauge(reader, VT_METRIC_POLICY, 0, lane));
    return json_pack("{s:s, s:I}", "version", version, "loaded_utc_secs", (json_int_t)loaded);
}

static json_t *problems_of(const struct vt_metrics_reader *reader,
                           const struct vt_metrics_view *view, int64_t now)
{
    struct vt_problem problems[VT_MAX_PROBLEMS];
    size_t count = vt_metrics_problems(reader, view, now, problems);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s}", "code", problems[i].code, "text", problems[i].text));
    return list;
}

/* Which rules only tag for now: the metrics have no names. */
static json_t *braked_rules(const struct vt_config *config, int64_t now)
{
    struct vt_brake_rule *rules = calloc(VT_BRAKE_RULES, sizeof(*rules));
    size_t count = rules == NULL ? 0 : vt_brake_list(config->spool_directory, now, rules);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        char name[VT_BRAKE_NAME_BYTES];
        (void)vt_text_clean(name, sizeof(name), vt_bytes_str(rules[i].name));
        (void)json_array_append_new(list, json_pack("{s:s, s:I}", "rule", name, "until_utc_secs",
                                                    (json_int_t)rules[i].until_utc_secs));
    }
    free(rules);
    return list;
}

void vt_command_add_numbers(const struct vt_config *config, json_t *answer, int64_t now_utc_secs)
{
    struct vt_metrics_reader *reader = NULL;
    unsigned lane = 0;
    bool is_there = vt_control_metrics(config->control_socket, &reader, &lane, NULL) == VT_OK;
    const struct vt_metrics_view view = {config, lane};
    (void)json_object_set_new(answer, "mails", mails_of(config, now_utc_secs));
    (void)json_object_set_new(answer, "holds", holds_of(config));
    (void)json_object_set_new(answer, "braked", braked_rules(config, now_utc_secs));
    (void)json_object_set_new(
        answer, "seals", vt_command_seals(config, is_there ? reader : NULL, lane, now_utc_secs));
    (void)json_object_set_new(answer, "counted", is_there ? counted(reader) : json_null());
    (void)json_object_set_new(answer, "notices_owed",
                              is_there ? notices_owed(reader, lane) : json_null());
    (void)json_object_set_new(answer, "register",
                              is_there ? register_of(reader, lane) : json_null());
    /* The master knows by whom it was loaded; what there is besides are numbers. */
    if (json_object_get(answer, "policy") == NULL)
        (void)json_object_set_new(answer, "policy",
                                  is_there ? policy_of(reader, lane) : json_null());
    (void)json_object_set_new(answer, "problems",
                              is_there ? problems_of(reader, &view, now_utc_secs) : json_null());
    vt_metrics_reader_free(reader);
}

int vt_command_print_metrics(const struct vt_config *config)
{
    struct vt_err err = {0};
    struct vt_metrics_reader *reader = NULL;
    struct vt_buf text;
    unsigned lane = 0;
    vt_buf_init(&text, VT_MAX_METRICS_TEXT_BYTES);
    enum vt_code code = vt_control_metrics(config->control_socket, &reader, &lane, &err);
    const struct vt_metrics_view view = {config, lane};
    if (code == VT_OK)
        code = vt_metrics_write(reader, &view, &text, &err);
    if (code == VT_OK)
        (void)fwrite(text.ptr, 1, text.len, stdout);
    vt_metrics_reader_free(reader);
    vt_buf_clear(&text);
    return code == VT_OK            ? EX_OK
           : code == VT_E_NOT_FOUND ? (vt_command_print_fault(&err), EX_UNAVAILABLE)
                                    : vt_command_fault(&err, code);
}
