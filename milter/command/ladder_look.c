/* SPDX-License-Identifier: Apache-2.0
 * What speaks for and against the next step: the service, its trust, the mails of the last days,
 * the table of agencies, Postfix. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "command/ladder.h"
#include "vanthu/clock.h"
#include "vanthu/metrics.h"
#include "vanthu/role.h"
#include "vanthu/site.h"

#define DAY_SECS 86400
#define FEW_DAYS 7
#define MAX_NOT_CHECKED 10000
#define PAGE 1000
#define SHOWN_ROWS 5

__attribute__((__format_arg__(2), __format_arg__(3))) static const char *
pick(const struct vt_ladder *ladder, const char *vietnamese, const char *english)
{
    return ladder->language == VT_LANGUAGE_VIETNAMESE ? vietnamese : english;
}

static void add(struct vt_ladder *ladder, enum vt_ladder_level level, const char *code,
                const char *format, ...) VT_PRINTF(4, 5);
static void add(struct vt_ladder *ladder, enum vt_ladder_level level, const char *code,
                const char *format, ...)
{
    va_list args;
    if (ladder->points_count == VT_MAX_LADDER_POINTS)
        return;
    struct vt_ladder_point *point = &ladder->points[ladder->points_count++];
    point->level = level;
    point->code = code;
    va_start(args, format);
    (void)vsnprintf(point->text, sizeof(point->text), format, args);
    va_end(args);
}

bool vt_ladder_is_against(const struct vt_ladder *ladder)
{
    for (size_t i = 0; i < ladder->points_count; i++)
        if (ladder->points[i].level == VT_LADDER_AGAINST)
            return true;
    return false;
}

/* ---- the service ---- */

static void look_at_numbers(struct vt_ladder *ladder, const struct vt_metrics_reader *reader,
                            const struct vt_metrics_view *view)
{
    struct vt_problem problems[VT_MAX_PROBLEMS];
    size_t count = vt_metrics_problems(reader, view, ladder->now_utc_secs, problems);
    for (size_t i = 0; i < count; i++)
        add(ladder, VT_LADDER_AGAINST, problems[i].code, "%s", problems[i].text);
    if (count == 0)
        add(ladder, VT_LADDER_GOOD, "service", "%s",
            pick(ladder, "dịch vụ đang chạy, không có sự cố",
                 "the service runs and has no problem"));
    uint64_t unrecorded = vt_metrics_count_all(reader, VT_METRIC_MAILS_UNRECORDED);
    if (unrecorded > 0)
        add(ladder, VT_LADDER_AGAINST, "unrecorded",
            pick(ladder,
                 "%" PRIu64 " thư chưa ghi được vào sổ từ khi khởi động: ở chế độ tag và "
                 "enforce các thư này sẽ bị hẹn gửi lại (451)",
                 "%" PRIu64 " mails without a record since the start: tag and enforce would answer "
                 "them 451"),
            unrecorded);
}

static void look_at_service(struct vt_ladder *ladder)
{
    struct vt_metrics_reader *reader = NULL;
    unsigned lane = 0;
    if (vt_control_metrics(ladder->config->control_socket, &reader, &lane, NULL) != VT_OK) {
        add(ladder, VT_LADDER_AGAINST, "service", "%s",
            pick(ladder, "dịch vụ không chạy", "the service does not run"));
        return;
    }
    const struct vt_metrics_view view = {ladder->config, lane};
    look_at_numbers(ladder, reader, &view);
    vt_metrics_reader_free(reader);
}

/* Roots and fingerprints that are of no use, users, folders: what the master warns of. */
static void look_at_warnings(struct vt_ladder *ladder)
{
    char *text = NULL;
    if (vt_control_ask(ladder->config->control_socket, "status", &text, NULL) != VT_OK)
        return;
    json_t *answer = json_loads(text, 0, NULL);
    size_t count = json_array_size(json_object_get(answer, "warnings"));
    if (count > 0)
        add(ladder, VT_LADDER_LOOK, "warnings",
            pick(ladder, "%zu cảnh báo về cấu hình, chứng thư gốc hoặc chính sách: vanthu status",
                 "%zu warnings about configuration, trusted roots or policy: vanthu status"),
            count);
    json_decref(answer);
    free(text);
}

/* ---- the mails of the last days ---- */

static enum vt_code count_one(void *context, const struct vt_register_entry *entry,
                              struct vt_err *err)
{
    (void)entry;
    (void)err;
    (*(size_t *)context)++;
    return VT_OK;
}

static void look_for_not_checked(struct vt_ladder *ladder, struct vt_register *reg, int64_t from)
{
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    size_t count = 0;
    int64_t next = 0;
    query.reason = VT_REASON_NOT_CHECKED;
    query.from_utc_secs = from;
    query.limit = PAGE;
    query.without_bodies = true;
    do {
        if (vt_register_find(reg, &query, count_one, &count, &next, NULL) != VT_OK)
            return;
        query.before_seq = next;
    } while (next > 0 && count < MAX_NOT_CHECKED);
    if (count > 0)
        add(ladder, VT_LADDER_LOOK, "not-checked",
            pick(ladder,
                 "%zu thư chưa kiểm tra được (NOT_CHECKED) do phía hệ thống này: vanthu "
                 "register search --reason NOT_CHECKED",
                 "%zu mails were NOT_CHECKED by a fault of this side: vanthu register search "
                 "--reason NOT_CHECKED"),
            count);
}

static void tell_days(struct vt_ladder *ladder)
{
    const struct vt_replay_counts *counts = &ladder->replay.counts;
    int64_t days =
        counts->mails_count == 0 ? 0 : (ladder->now_utc_secs - counts->first_utc_secs) / DAY_SECS;
    if (counts->mails_count == 0)
        add(ladder, VT_LADDER_LOOK, "mails", "%s",
            pick(ladder, "sổ đăng ký chưa có thư nào của 7 ngày qua",
                 "the register has no mail of the last 7 days"));
    else
        add(ladder, days + 1 < FEW_DAYS ? VT_LADDER_LOOK : VT_LADDER_GOOD, "mails",
            pick(ladder, "%lld thư trong sổ đăng ký, của %lld ngày qua",
                 "%lld mails in the register, of %lld days"),
            (long long)counts->mails_count, (long long)days + 1);
}

/* What the rules of today say of these mails, over all that was done to them. */
static void tell_effect(struct vt_ladder *ladder)
{
    const struct vt_replay_counts *c = &ladder->replay.counts;
    int64_t tagged = 0;
    for (int then = 0; then < VT_ACTION_TAG; then++)
        tagged += c->moves[then][VT_ACTION_TAG];
    bool is_much = c->newly_refused_count > 0 || c->newly_held_count > 0;
    if (c->mails_count > 0)
        add(ladder, is_much && ladder->next == VT_MODE_ENFORCE ? VT_LADDER_LOOK : VT_LADDER_GOOD,
            "would-be",
            pick(ladder,
                 "nếu enforce: thêm %lld thư bị từ chối, %lld bị tạm giữ, %lld bị gắn nhãn; xem "
                 "từng thư: vanthu policy replay --as-answered",
                 "with enforce %lld more mails would be refused, %lld held, %lld tagged; each of "
                 "them: vanthu policy replay --as-answered"),
            (long long)c->newly_refused_count, (long long)c->newly_held_count, (long long)tagged);
    for (size_t i = 0, shown = 0; i < ladder->replay.rows_count && shown < SHOWN_ROWS; i++) {
        const struct vt_replay_row *row = &ladder->replay.rows[i];
        if (row->now_action < VT_ACTION_HOLD || row->then_action >= row->now_action)
            continue;
        shown++;
        add(ladder, VT_LADDER_LOOK, "would-be-rule",
            pick(ladder, "  quy tắc \"%.100s\": %lld thư → %s",
                 "  rule \"%.100s\": %lld mails → %s"),
            row->now_rule != NULL ? row->now_rule : "-", (long long)row->mails_count,
            vt_command_action(ladder->language, row->now_action));
    }
}

static void look_at_mails(struct vt_ladder *ladder)
{
    struct vt_err err = {0};
    struct vt_register *reg = NULL;
    int64_t from = ladder->now_utc_secs - FEW_DAYS * DAY_SECS;
    const struct vt_replay_request request = {.policy = ladder->policy,
                                              .config = ladder->config,
                                              .from_utc_secs = from,
                                              .until_utc_secs = VT_TIME_NONE,
                                              .mode = VT_MODE_ENFORCE,
                                              .is_as_it_was = true};
    enum vt_code code = vt_register_open_read(ladder->config->register_directory, &reg, &err);
    if (code == VT_OK && ladder->policy != NULL)
        code = vt_replay(reg, ladder->arena, &request, &ladder->replay, &err);
    if (code != VT_OK) {
        add(ladder, VT_LADDER_AGAINST, "register", "%.400s", err.text);
    } else if (ladder->policy != NULL) {
        ladder->is_replayed = true;
        tell_days(ladder);
        tell_effect(ladder);
        look_for_not_checked(ladder, reg, from);
    }
    vt_register_close(reg);
}

/* ---- the rest ---- */

static void look_at_agencies(struct vt_ladder *ladder)
{
    const struct vt_site *site = ladder->policy == NULL ? NULL : vt_policy_site(ladder->policy);
    size_t count = vt_site_agencies_count(site), confirmed = 0;
    for (size_t i = 0; i < count; i++)
        confirmed += vt_site_agency_at(site, i)->is_confirmed;
    if (site == NULL)
        return;
    add(ladder, confirmed < count || count == 0 ? VT_LADDER_LOOK : VT_LADDER_GOOD, "agencies",
        pick(ladder,
             "%zu/%zu cơ quan đã xác nhận trong bảng cơ quan; với cơ quan khác chưa xét "
             "\"thiếu chữ ký cơ quan\"",
             "%zu of %zu agencies are confirmed in the table; of others no missing signature is "
             "told"),
        confirmed, count);
}

static void look_at_policy(struct vt_ladder *ladder)
{
    if (ladder->policy == NULL)
        add(ladder, VT_LADDER_AGAINST, "policy", "%s",
            pick(ladder, "chính sách có lỗi hoặc không có: vanthu policy check",
                 "the policy has mistakes, or there is none: vanthu policy check"));
}

static void look_at_postfix(struct vt_ladder *ladder)
{
    const struct vt_ladder_postfix *postfix = &ladder->postfix;
    const char *wanted = vt_ladder_action(ladder->config->mode);
    if (!postfix->is_there)
        add(ladder, VT_LADDER_LOOK, "postfix", "%s",
            pick(ladder,
                 "không hỏi được postconf: không biết máy chủ thư làm gì khi vanthu không "
                 "trả lời",
                 "postconf cannot be asked: what the mail server does while vanthu does not answer "
                 "is not known"));
    else if (postfix->is_overridden)
        add(ladder, VT_LADDER_LOOK, "postfix",
            pick(ladder, "smtpd_milters có default_action riêng, sửa bằng tay: %.300s",
                 "smtpd_milters has a default_action of its own, to be changed by hand: %.300s"),
            postfix->milters);
    else if (strcmp(postfix->action, wanted) == 0)
        add(ladder, VT_LADDER_GOOD, "postfix",
            pick(ladder, "milter_default_action=%s (đúng với %s)",
                 "milter_default_action=%s (as it should be in mode %s)"),
            postfix->action, vt_mode_name(ladder->config->mode));
    else
        add(ladder, VT_LADDER_LOOK, "postfix",
            pick(ladder, "milter_default_action=%s, với %s nên là %s",
                 "milter_default_action=%s, in mode %s it should be %s"),
            postfix->action, vt_mode_name(ladder->config->mode), wanted);
}

void vt_ladder_look(struct vt_ladder *ladder)
{
    look_at_service(ladder);
    look_at_warnings(ladder);
    look_at_policy(ladder);
    look_at_mails(ladder);
    look_at_agencies(ladder);
    look_at_postfix(ladder);
}
