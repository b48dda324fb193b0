/* SPDX-License-Identifier: Apache-2.0
 * A replay for a person: what would be refused first, then what else would change, then what could
 * not be compared. */
#include <string.h>

#include "command/register.h"
#include "command/replay.h"

#define ACTION_COLUMNS 14
#define NUMBER_COLUMNS 9
#define SHOWN_ROWS 20

struct page {
    const struct vt_replay_shown *shown;
    FILE *out;
};

/* Both may be formats: the compiler looks at both. */
__attribute__((__format_arg__(2), __format_arg__(3))) static const char *
pick(const struct page *p, const char *vietnamese, const char *english)
{
    return p->shown->language == VT_LANGUAGE_VIETNAMESE ? vietnamese : english;
}

static const char *action(const struct page *p, enum vt_action what)
{
    return vt_command_action(p->shown->language, what);
}

static void number(const struct page *p, int64_t count)
{
    fprintf(p->out, "  %*lld  ", NUMBER_COLUMNS, (long long)count);
}

/* ---- head ---- */

static void print_head(const struct page *p)
{
    const struct vt_replay_shown *s = p->shown;
    const struct vt_replay_counts *c = &s->result->counts;
    char from[VT_TIME_TEXT_BYTES], until[VT_TIME_TEXT_BYTES];
    fprintf(p->out,
            pick(p, "Chính sách %s (bản %s), %lld lượt thư", "Policy %s (version %s), %lld mails"),
            s->policy_file, s->policy_version, (long long)c->mails_count);
    if (c->mails_count > 0)
        fprintf(p->out, pick(p, ", từ %s đến %s", ", %s to %s"),
                vt_command_moment(s->language, from, c->first_utc_secs),
                vt_command_moment(s->language, until, c->last_utc_secs));
    fputc('\n', p->out);
    if (s->mode != VT_MODE_ENFORCE)
        fprintf(p->out,
                pick(p, "Xét như khi hệ thống ở chế độ %s.\n", "As if the site were in mode %s.\n"),
                vt_mode_name(s->mode));
    if (s->is_as_answered)
        fputs(pick(p, "So với kết quả đã trả lời cho thư.\n",
                   "Compared with what the mails were answered with.\n"),
              p->out);
    if (!s->result->is_complete)
        fputs(pick(p, "BỊ NGẮT: chỉ gồm những thư đã xét đến lúc đó, thư mới nhất trước.\n",
                   "INTERRUPTED: only the mails up to then, newest first.\n"),
              p->out);
}

static void print_sum(const struct page *p)
{
    const struct vt_replay_counts *c = &p->shown->result->counts;
    const struct {
        int64_t count;
        const char *vietnamese, *english;
    } sums[] = {{c->newly_refused_count, "thư sẽ bị từ chối, trước đây không", "newly refused"},
                {c->newly_held_count, "thư sẽ bị tạm giữ, trước đây không", "newly held"},
                {c->no_longer_refused_count, "thư sẽ không còn bị từ chối", "no longer refused"},
                {c->no_longer_held_count, "thư sẽ không còn bị tạm giữ", "no longer held"}};
    for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
        if (sums[i].count == 0)
            continue;
        number(p, sums[i].count);
        fprintf(p->out, "%s\n", pick(p, sums[i].vietnamese, sums[i].english));
    }
    if (c->mails_count == 0)
        fputs(
            pick(p, "Không có thư nào trong thời gian này.\n", "There is no mail of this time.\n"),
            p->out);
    else if (c->changed_count == 0)
        fputs(
            pick(p, "Không thư nào được xử lý khác đi.\n", "No mail would be decided otherwise.\n"),
            p->out);
}

/* ---- tables ---- */

static void print_moves(const struct page *p)
{
    const struct vt_replay_counts *c = &p->shown->result->counts;
    if (c->mails_count == 0)
        return;
    fprintf(p->out, "%s\n", pick(p, "\nTrước → nay (lượt thư)", "\nThen → now (mails)"));
    for (int now = VT_ACTION_REJECT; now >= 0; now--) {
        for (int then = VT_ACTION_REJECT; then >= 0; then--) {
            if (c->moves[then][now] == 0 || then == now)
                continue;
            number(p, c->moves[then][now]);
            vt_print_cell(p->out, action(p, (enum vt_action)then), ACTION_COLUMNS);
            fprintf(p->out, "→ %s\n", action(p, (enum vt_action)now));
        }
    }
    number(p, c->mails_count - c->changed_count);
    fputs(pick(p, "như cũ", "as before"), p->out);
    if (c->other_rule_count > 0)
        fprintf(p->out,
                pick(p, ", trong đó %lld theo quy tắc khác", ", %lld of them by another rule"),
                (long long)c->other_rule_count);
    fputc('\n', p->out);
}

static void print_rule(const struct page *p, enum vt_action what, const char *rule)
{
    fprintf(p->out, "%s ", action(p, what));
    if (rule != NULL)
        fprintf(p->out, "\"%s\"", rule);
    else
        fputs(pick(p, "(không quy tắc nào)", "(no rule)"), p->out);
}

static void print_rows(const struct page *p)
{
    const struct vt_replay *result = p->shown->result;
    if (result->rows_count == 0)
        return;
    fprintf(p->out, "%s\n", pick(p, "\nTheo quy tắc", "\nBy rule"));
    int64_t left = result->further_count;
    for (size_t i = 0; i < result->rows_count; i++) {
        const struct vt_replay_row *row = &result->rows[i];
        if (i >= SHOWN_ROWS) {
            left += row->mails_count;
            continue;
        }
        number(p, row->mails_count);
        print_rule(p, row->then_action, row->then_rule);
        fputs(" → ", p->out);
        print_rule(p, row->now_action, row->now_rule);
        fputc('\n', p->out);
    }
    if (left == 0)
        return;
    number(p, left);
    fprintf(p->out, "%s\n", pick(p, "theo các quy tắc khác (--json)", "by other rules (--json)"));
}

/* ---- mails ---- */

static void print_side(const struct page *p, const char *rule, enum vt_reason reason)
{
    if (rule == NULL)
        fputs(pick(p, "không quy tắc nào", "no rule"), p->out);
    else
        fprintf(p->out, "\"%s\"", rule);
    if (reason < VT_REASON_COUNT)
        fprintf(p->out, " (%s)", vt_reason_info(reason)->code);
}

static void print_item(const struct page *p, const struct vt_replay_item *item)
{
    char at[40];
    vt_print_cell(p->out, vt_print_minute(p->shown->language, at, item->time_utc_secs), 18);
    vt_print_cell(p->out, item->reference != NULL ? item->reference : "-", 16);
    fprintf(p->out, "%s → %s  %s", action(p, item->then_action), action(p, item->now_action),
            item->sender != NULL && item->sender[0] != '\0' ? item->sender : "<>");
    if (item->document != NULL)
        fprintf(p->out, "  %s", item->document);
    if (item->gateway != NULL && item->gateway[0] != '\0')
        fprintf(p->out, "  [%s]", item->gateway);
    fprintf(p->out, "\n    %s", pick(p, "trước: ", "then: "));
    print_side(p, item->then_rule, item->then_reason);
    fputs(pick(p, "   nay: ", "   now: "), p->out);
    print_side(p, item->now_rule, item->now_reason);
    if (item->now_line > 0)
        fprintf(p->out, " %s:%u", p->shown->policy_file, item->now_line);
    fputc('\n', p->out);
}

static void print_items(const struct page *p)
{
    const struct vt_replay_shown *s = p->shown;
    const struct vt_replay_counts *c = &s->result->counts;
    int64_t left = c->changed_count - c->repeated_count - (int64_t)s->items_count;
    if (s->items_count == 0)
        return;
    fputs(pick(p, "\nThư được xử lý khác đi\n", "\nMails that would be decided otherwise\n"),
          p->out);
    for (size_t i = 0; i < s->items_count; i++)
        print_item(p, &s->items[i]);
    if (left > 0)
        fprintf(p->out,
                pick(p, "… và %lld thư nữa: --list %lld\n", "… and %lld more: --list %lld\n"),
                (long long)left, (long long)left + (long long)s->items_count);
}

/* ---- what could not be compared ---- */

static void print_rest(const struct page *p)
{
    const struct vt_replay_counts *c = &p->shown->result->counts;
    const struct {
        int64_t count;
        const char *vietnamese, *english;
    } rest[] = {
        {c->repeated_count, "lần gửi lại của các thư trên", "further attempts of these mails"},
        {c->excepted_count, "lượt thư có tệp được chấp nhận riêng (vanthu undo)",
         "mails with documents that vanthu undo had excepted"},
        {c->secret_count, "thư có dấu chỉ độ mật: không so sánh", "marked secret: not compared"},
        {c->destroyed_count, "thư đã hết hạn lưu giữ: không so sánh",
         "destroyed, as retention asks: not compared"},
        {c->unjudged_count, "thư trước đây không kiểm tra được: không so sánh",
         "not judged then: not compared"},
        {c->damaged_count, "bản ghi không đọc được: xem vanthu register verify",
         "records that cannot be read: see vanthu register verify"}};
    bool is_first = true;
    for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
        if (rest[i].count == 0)
            continue;
        if (is_first)
            fputs(pick(p, "\nNgoài ra\n", "\nBesides\n"), p->out);
        is_first = false;
        number(p, rest[i].count);
        fprintf(p->out, "%s\n", pick(p, rest[i].vietnamese, rest[i].english));
    }
}

void vt_replay_print_text(const struct vt_replay_shown *shown, FILE *out)
{
    const struct page p = {shown, out};
    print_head(&p);
    print_sum(&p);
    print_moves(&p);
    print_rows(&p);
    print_items(&p);
    print_rest(&p);
}
