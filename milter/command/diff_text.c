/* SPDX-License-Identifier: Apache-2.0
 * The difference of two policies for a person: what stands in them otherwise, then what becomes of
 * mails, each way with the plainest example. */
#include <string.h>

#include "command/diff.h"
#include "command/register.h"

#define NUMBER_COLUMNS 7
/* Longer values are cut, at a character. */
#define VALUE_BYTES 400

struct page {
    const struct vt_diff_shown *shown;
    FILE *out;
};

/* Both may be formats: the compiler looks at both. */
__attribute__((__format_arg__(2), __format_arg__(3))) static const char *
pick(const struct page *p, const char *vietnamese, const char *english)
{
    return p->shown->language == VT_LANGUAGE_VIETNAMESE ? vietnamese : english;
}

bool vt_diff_is_none(const struct vt_diff_shown *shown)
{
    return shown->diff->count == 0 && shown->diff->further_count == 0 &&
           shown->examples->count == 0;
}

/* ---- what stands in them otherwise ---- */

static const char *thing(const struct page *p, enum vt_difference_of of)
{
    static const char *const names[][2] = {
        [VT_DIFFERENCE_OF_RULE] = {"quy tắc", "rule"},
        [VT_DIFFERENCE_OF_LIST] = {"danh sách", "list"},
        [VT_DIFFERENCE_OF_POLICY] = {"chính sách", "policy"},
        [VT_DIFFERENCE_OF_AGENCY] = {"cơ quan", "agency"},
        [VT_DIFFERENCE_OF_CERTIFICATE] = {"chứng thư", "certificate"},
        [VT_DIFFERENCE_OF_ADDRESS] = {"địa chỉ", "address"},
        [VT_DIFFERENCE_OF_TABLE] = {"miễn trừ", "exemption"}};
    return names[of][p->shown->language];
}

static const char *sign(enum vt_difference_kind kind)
{
    static const char *const signs[] = {[VT_DIFFERENCE_ADDED] = "+",
                                        [VT_DIFFERENCE_REMOVED] = "-",
                                        [VT_DIFFERENCE_CHANGED] = "~",
                                        [VT_DIFFERENCE_MOVED] = ">"};
    return signs[kind];
}

static void print_value(const struct page *p, const char *label, const char *value)
{
    char clean[VALUE_BYTES];
    if (value == NULL)
        return;
    fprintf(p->out, "         %s %s\n", label,
            vt_text_clean(clean, sizeof(clean), vt_bytes_str(value)));
}

static void print_place(const struct page *p, const struct vt_difference *d)
{
    if (d->of != VT_DIFFERENCE_OF_RULE && d->of != VT_DIFFERENCE_OF_LIST)
        return;
    if (d->line_after > 0)
        fprintf(p->out, "  %s:%u", p->shown->after_file, d->line_after);
    else if (d->line_before > 0)
        fprintf(p->out, "  %s:%u", p->shown->before_file, d->line_before);
}

static void print_difference(const struct page *p, const struct vt_difference *d)
{
    char name[VALUE_BYTES];
    fprintf(p->out, "  %s  %s", sign(d->kind), thing(p, d->of));
    if (d->name != NULL)
        fprintf(p->out, " \"%s\"", vt_text_clean(name, sizeof(name), vt_bytes_str(d->name)));
    if (d->key != NULL)
        fprintf(p->out, " %s", d->key);
    if (d->kind == VT_DIFFERENCE_MOVED)
        fprintf(p->out, pick(p, ": vị trí %zu → %zu", ": place %zu → %zu"), d->number_before,
                d->number_after);
    print_place(p, d);
    if (d->may_be_severer)
        fputs(pick(p, "  (có thể xử lý nghiêm hơn)", "  (may be more severe)"), p->out);
    fputc('\n', p->out);
    print_value(p, "-", d->before);
    print_value(p, "+", d->after);
}

static void print_differences(const struct page *p)
{
    const struct vt_policy_diff *diff = p->shown->diff;
    for (size_t i = 0; i < diff->count; i++)
        print_difference(p, &diff->items[i]);
    if (diff->further_count > 0)
        fprintf(p->out, pick(p, "  … và %zu khác biệt nữa\n", "  … and %zu more\n"),
                diff->further_count);
}

void vt_diff_print_differences(const struct vt_diff_shown *shown, FILE *out)
{
    const struct page p = {shown, out};
    print_differences(&p);
}

/* ---- what becomes of mails ---- */

static void print_decision(const struct page *p, const struct vt_decision *decision)
{
    fputs(vt_command_action(p->shown->language, decision->action), p->out);
    if (decision->code != NULL)
        fprintf(p->out, " %s", decision->code);
    if (decision->rule != NULL)
        fprintf(p->out, " \"%s\"", decision->rule);
    else
        fputs(pick(p, " (không quy tắc nào)", " (no rule)"), p->out);
}

static void print_example(const struct page *p, const struct vt_policy_example *example,
                          size_t number)
{
    fprintf(p->out, "  %*zu  ", 3, number);
    print_decision(p, example->before);
    fputs(" → ", p->out);
    print_decision(p, example->after);
    if (example->is_of_marks)
        fputs(pick(p, "  (khác về mã, lời, dấu hiệu hoặc thông báo)",
                   "  (another code, text, mark or notice)"),
              p->out);
    fputs(pick(p, "\n       ví dụ: ", "\n       example: "), p->out);
    if (example->facts_count == 0)
        fputs(pick(p, "thư thông thường", "the plain mail"), p->out);
    for (size_t i = 0; i < example->facts_count; i++)
        fprintf(p->out, "%s%s", i > 0 ? "; " : "", example->facts[i]);
    fputc('\n', p->out);
}

static void print_examples(const struct page *p)
{
    const struct vt_policy_examples *examples = p->shown->examples;
    if (examples->count > 0)
        fputs(pick(p,
                   "\nThư được xử lý khác đi. Ví dụ là thư đến từ một cơ quan nhà nước, có một tệp "
                   "PDF với một chữ ký số hợp lệ, chỉ khác ở:\n",
                   "\nMails that are decided otherwise. Examples are an inbound mail of a state "
                   "office with one PDF that has one valid signature, but for:\n"),
              p->out);
    for (size_t i = 0; i < examples->count && i < p->shown->examples_most; i++)
        print_example(p, &examples->items[i], i + 1);
    if (examples->count > p->shown->examples_most)
        fprintf(
            p->out,
            pick(p, "  … và %zu trường hợp nữa: --list %zu\n", "  … and %zu more: --list %zu\n"),
            examples->count - p->shown->examples_most, examples->count);
    fprintf(p->out,
            pick(p, "\nĐã thử %zu thư giả định%s.\n", "\n%zu made-up mails were tried%s.\n"),
            examples->probes_count,
            examples->is_complete ? "" : pick(p, ", chưa thử hết", ", not all that could be"));
    if (examples->count == 0 && p->shown->diff->count > 0)
        fputs(pick(p, "Không thư nào trong số đó được xử lý khác đi.\n",
                   "None of them is decided otherwise.\n"),
              p->out);
}

/* ---- mails of the register ---- */

static void print_rows(const struct page *p)
{
    const struct vt_replay *mails = p->shown->mails;
    for (size_t i = 0; i < mails->rows_count; i++) {
        const struct vt_replay_row *row = &mails->rows[i];
        const struct vt_decision then = {.action = row->then_action, .rule = row->then_rule};
        const struct vt_decision now = {.action = row->now_action, .rule = row->now_rule};
        fprintf(p->out, "  %*lld  ", NUMBER_COLUMNS, (long long)row->mails_count);
        print_decision(p, &then);
        fputs(" → ", p->out);
        print_decision(p, &now);
        fputc('\n', p->out);
    }
}

static void print_items(const struct page *p)
{
    char at[40];
    for (size_t i = 0; i < p->shown->items_count; i++) {
        const struct vt_replay_item *item = &p->shown->items[i];
        fprintf(p->out, "  %s  %s  %s → %s  %s%s%s\n",
                vt_print_minute(p->shown->language, at, item->time_utc_secs), item->reference,
                vt_command_action(p->shown->language, item->then_action),
                vt_command_action(p->shown->language, item->now_action),
                item->sender != NULL && item->sender[0] != '\0' ? item->sender : "<>",
                item->document != NULL ? "  " : "", item->document != NULL ? item->document : "");
    }
}

static void print_mails(const struct page *p)
{
    const struct vt_replay *mails = p->shown->mails;
    if (mails == NULL)
        return;
    fprintf(p->out,
            pick(p, "\nTrong sổ đăng ký: %lld lượt thư, %lld sẽ được xử lý khác đi%s\n",
                 "\nIn the register: %lld mails, %lld are decided otherwise%s\n"),
            (long long)mails->counts.mails_count, (long long)mails->counts.changed_count,
            mails->is_complete ? "" : pick(p, " (bị ngắt)", " (interrupted)"));
    print_rows(p);
    print_items(p);
}

void vt_diff_print_text(const struct vt_diff_shown *shown, FILE *out)
{
    const struct page p = {shown, out};
    fprintf(out, "%s (%s) → %s (%s)\n", shown->before_file, vt_policy_version(shown->before),
            shown->after_file, vt_policy_version(shown->after));
    if (vt_diff_is_none(shown))
        fputs(pick(&p, "Hai chính sách có cùng ý nghĩa.\n", "Both mean the same.\n"), out);
    print_differences(&p);
    print_examples(&p);
    print_mails(&p);
}
