/* SPDX-License-Identifier: Apache-2.0
 * The rules of an explanation, in order: which matched, which did not and why, which were not tried
 * any more and what they would have done; of each test what the mail has and what is asked for. */
#include <string.h>

#include "command/explain_sheet.h"

#define NUMBER_COLUMNS 6
#define MOST_NAME_COLUMNS 24
#define RESULT_COLUMNS 11
/* What does not fit goes on below its own column, if that leaves so many. */
#define LEAST_TEXT_COLUMNS 40
/* Of other documents, without --all. */
#define SHOWN_OTHERS 10

/* ---- tests ---- */

/* Of many values the first ones. */
static void print_needs(struct vt_sheet *s, const char *needs)
{
    enum { SHOWN = 3, MOST = 5 };
    size_t count = 1, shown_len = strlen(needs);
    for (const char *bar = strstr(needs, " | "); bar != NULL; bar = strstr(bar + 1, " | ")) {
        if (count++ == SHOWN)
            shown_len = (size_t)(bar - needs);
    }
    if (count <= MOST || s->x->options->all)
        vt_sheet_text(s, vt_sheet_word(s, ", cần %s", ", needs %s"), needs);
    else
        vt_sheet_text(
            s, vt_sheet_word(s, ", cần %.*s | … (%zu giá trị)", ", needs %.*s | … (%zu values)"),
            (int)shown_len, needs, count);
}

static void print_leaf(struct vt_sheet *s, const struct vt_trace_test *test)
{
    vt_sheet_text(s, "%s", test->key);
    if (test->truth == VT_UNKNOWN || test->has[0] == '\0')
        vt_sheet_text(s, "%s", vt_sheet_word(s, " chưa biết", " is not known"));
    else
        vt_sheet_text(s, " = %s", test->has);
    if (test->truth != VT_YES)
        print_needs(s, test->needs);
}

/* The test at index and what stands in it; returns the index behind. */
static size_t print_test(struct vt_sheet *s, const struct vt_trace *trace, size_t index)
{
    const struct vt_trace_test *test = &trace->tests[index++];
    if (test->has != NULL) {
        print_leaf(s, test);
        return index;
    }
    vt_sheet_text(s, "%s (%s", test->key, test->needs);
    for (bool is_first = true;
         index < trace->tests_count && trace->tests[index].depth > test->depth; is_first = false) {
        vt_sheet_text(s, "%s", is_first ? "" : "; ");
        index = print_test(s, trace, index);
    }
    vt_sheet_text(s, ")%s",
                  test->truth == VT_YES  ? ""
                  : test->truth == VT_NO ? vt_sheet_word(s, " không đúng", " does not hold")
                                         : vt_sheet_word(s, " chưa biết", " is not known"));
    return index;
}

static size_t behind(const struct vt_trace *trace, size_t index)
{
    unsigned depth = trace->tests[index++].depth;
    while (index < trace->tests_count && trace->tests[index].depth > depth)
        index++;
    return index;
}

/* Those that decided it: of a match all, else first those that do not hold. */
static void print_some(struct vt_sheet *s, const struct vt_trace *trace, bool of_holding,
                       bool *is_first)
{
    for (size_t i = 0; i < trace->tests_count;) {
        if ((trace->tests[i].truth == VT_YES) != of_holding) {
            i = behind(trace, i);
            continue;
        }
        vt_sheet_text(s, "%s", *is_first ? "" : "; ");
        *is_first = false;
        i = print_test(s, trace, i);
    }
}

static void print_tests(struct vt_sheet *s, const struct vt_trace *trace)
{
    bool is_first = true, is_first_held = true;
    size_t held = 0;
    if (trace->is_over)
        vt_sheet_text(s, "%s", vt_sheet_word(s, "quy tắc đã hết hạn", "the rule has ended"));
    if (trace->is_over)
        return;
    if (trace->tests_count == 0)
        vt_sheet_text(s, "%s", vt_sheet_word(s, "không có điều kiện", "no tests"));
    for (size_t i = 0; i < trace->tests_count; i = behind(trace, i))
        held += trace->tests[i].truth == VT_YES;
    print_some(s, trace, trace->matched || trace->would_match, &is_first);
    if (trace->matched || trace->would_match || held == 0)
        return;
    vt_sheet_text(s, "%s", vt_sheet_word(s, "; đúng: ", "; holds: "));
    print_some(s, trace, true, &is_first_held);
}

/* ---- one rule ---- */

static void print_lowered(struct vt_sheet *s, const struct vt_trace *trace)
{
    static const char *const vietnamese[VT_LOWERED_COUNT] = {
        [VT_LOWERED_NO_OFFICER] = "chưa có người có trách nhiệm (officer)",
        [VT_LOWERED_OUR_CAUSE] = "nguyên nhân ở phía tiếp nhận",
        [VT_LOWERED_LIST] = "danh sách thư làm thay đổi thư",
        [VT_LOWERED_FRONT_RELAY] = "thiết bị phía trước sẽ trả thư về địa chỉ có thể bị giả mạo",
        [VT_LOWERED_EMPTY_SENDER] = "thư không có người gửi",
        [VT_LOWERED_SUBMISSION] = "thư do người dùng gửi không được hẹn lại",
        [VT_LOWERED_TIME_OVER] = "đã hết thời gian hẹn",
    };
    const char *english = vt_lowered_text(trace->lowered);
    if (english == NULL)
        return;
    const char *text = vietnamese[trace->lowered];
    if (!vt_sheet_is_vietnamese(s) || text == NULL)
        text = english;
    vt_sheet_text(s, vt_sheet_word(s, " (%s hạ xuống vì %s)", " (%s lowered: %s)"),
                  vt_action_name(trace->asked), text);
}

static const char *result_of(const struct vt_sheet *s, const struct vt_trace *trace)
{
    return trace->matched      ? vt_sheet_word(s, "KHỚP", "MATCHED")
           : trace->is_skipped ? vt_sheet_word(s, "chưa xét", "not tried")
                               : vt_sheet_word(s, "không khớp", "no match");
}

static void pad_to(struct vt_sheet *s, const char *text, int width)
{
    int left = width - vt_print_columns(text);
    vt_sheet_text(s, "%s%*s", text, left > 1 ? left : 1, "");
}

static void print_rule(struct vt_sheet *s, const struct vt_trace *trace, size_t number,
                       int name_columns)
{
    int column = NUMBER_COLUMNS + name_columns + 2 + RESULT_COLUMNS;
    vt_sheet_begin(s, 1, VT_SHEET_COLUMNS - column >= LEAST_TEXT_COLUMNS ? column : NUMBER_COLUMNS);
    vt_sheet_text(s, "%4zu ", number);
    pad_to(s, trace->rule, name_columns + 2);
    pad_to(s, result_of(s, trace), RESULT_COLUMNS);
    if (trace->is_skipped && trace->would_match) {
        vt_sheet_text(s, vt_sheet_word(s, "(sẽ là: %s)", "(would be: %s)"),
                      vt_action_name(trace->action));
        print_lowered(s, trace);
        vt_sheet_end(s);
        return;
    }
    print_tests(s, trace);
    if (trace->matched) {
        vt_sheet_text(s, " → %s", vt_action_name(trace->action));
        print_lowered(s, trace);
    }
    if (trace->matched && trace->mode != VT_MODE_ENFORCE)
        vt_sheet_text(s, vt_sheet_word(s, " (chế độ %s, xét tiếp)", " (mode %s, goes on)"),
                      vt_mode_name(trace->mode));
    vt_sheet_end(s);
}

/* ---- one document ---- */

static bool is_shown(const struct vt_sheet *s, const struct vt_trace *trace, size_t document)
{
    bool is_vain = trace->is_skipped && !trace->would_match;
    return trace->document == document && (s->x->options->all || !is_vain);
}

static int longest_name(const struct vt_sheet *s, size_t document)
{
    const struct vt_decision *d = s->x->decision;
    int longest = 0;
    for (size_t i = 0; i < d->trace_count; i++) {
        int columns = vt_print_columns(d->trace[i].rule);
        if (is_shown(s, &d->trace[i], document) && columns > longest)
            longest = columns;
    }
    return longest < MOST_NAME_COLUMNS ? longest : MOST_NAME_COLUMNS;
}

static void print_subject(struct vt_sheet *s, size_t document)
{
    const struct vt_decision *d = s->x->decision;
    size_t number = 0, left = 0;
    int name_columns = longest_name(s, document);
    vt_sheet_line(s, 0, "%s  %s", vt_sheet_word(s, "Quy tắc đã xét", "Rules tried"),
                  vt_sheet_document(s, document));
    for (size_t i = 0; i < d->trace_count; i++) {
        const struct vt_trace *trace = &d->trace[i];
        if (trace->document != document)
            continue;
        number++;
        if (is_shown(s, trace, document))
            print_rule(s, trace, number, name_columns);
        else
            left++;
    }
    if (left > 0)
        vt_sheet_line(s, 6,
                      vt_sheet_word(s, "%zu quy tắc khác chưa xét, cũng không khớp (--all)",
                                    "%zu other rules were not tried and would not match (--all)"),
                      left);
}

/* Of the others only what matched. */
static void print_others(struct vt_sheet *s, size_t shown_document)
{
    const struct vt_decision *d = s->x->decision;
    size_t shown = 0, left = 0;
    for (size_t i = 0; i < d->trace_count; i++) {
        const struct vt_trace *trace = &d->trace[i];
        if (trace->document == shown_document || !trace->matched)
            continue;
        if (shown++ >= SHOWN_OTHERS) {
            left++;
            continue;
        }
        if (shown == 1)
            vt_sheet_line(s, 0, "%s", vt_sheet_word(s, "Các tệp khác", "The other files"));
        vt_sheet_begin(s, 2, 6);
        vt_sheet_text(s, "%s: %s \"%s\" → %s", vt_sheet_document(s, trace->document),
                      vt_sheet_word(s, "quy tắc", "rule"), trace->rule,
                      vt_action_name(trace->action));
        vt_sheet_end(s);
    }
    if (left > 0)
        vt_sheet_line(s, 2, vt_sheet_word(s, "và %zu nữa (--all)", "and %zu more (--all)"), left);
}

void vt_sheet_rules(struct vt_sheet *sheet)
{
    const struct vt_explained *x = sheet->x;
    size_t count = x->evidence->documents_count;
    /* The one that decided; where nothing did, the first one. */
    size_t document = x->decision->rule != NULL ? x->decision->document : count > 0 ? 0 : SIZE_MAX;
    if (!x->options->all) {
        print_subject(sheet, document);
        print_others(sheet, document);
        return;
    }
    for (size_t i = 0; i < count; i++)
        print_subject(sheet, i);
    print_subject(sheet, SIZE_MAX);
}
