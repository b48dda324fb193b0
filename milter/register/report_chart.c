/* SPDX-License-Identifier: Apache-2.0
 * Charts as inline SVG 1.1: no scripts, no fonts of their own. 480 units wide, so that they can be
 * read on a telephone; the numbers stand beside the bars, so that colours are not needed. */
#include <inttypes.h>

#include "register/report.h"

#define WIDTH 480
/* Vietnamese has a third more bytes than characters. */
#define LABEL_BYTES 88
#define BAR_ROW 38
#define BAR_THICK 14
#define BAR_WIDTH 390
/* Columns: room for the numbers of the axis, for months and legend. */
#define PLOT_LEFT 52
#define PLOT_TOP 12
#define PLOT_HEIGHT 180
#define LEGEND_ROW 20

void vt_html_put(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *escape = vt_html_escape(*text);
        if (escape != NULL)
            (void)fputs(escape, out);
        else
            (void)fputc(*text, out);
    }
}

static const char *number_text(int64_t number, char out[32])
{
    static const struct vt_report_column column = {.kind = VT_CELL_COUNT};
    return vt_cell_text(&column, &(struct vt_report_cell){.number = number}, true, out);
}

/* A label as far as it has room in the width of a chart. */
static void put_label(FILE *out, const char *text)
{
    char cut[LABEL_BYTES];
    vt_html_put(out, vt_text_clean(cut, sizeof(cut), vt_bytes_str(text)));
}

static void open_chart(FILE *out, const char *title, int height)
{
    (void)fprintf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, height);
    vt_html_put(out, title);
    (void)fputs("\">", out);
}

void vt_chart_bars(FILE *out, const char *title, const struct vt_bar *bars, size_t count)
{
    int64_t highest = 1;
    char room[32];
    for (size_t i = 0; i < count; i++)
        highest = bars[i].number > highest ? bars[i].number : highest;
    open_chart(out, title, (int)count * BAR_ROW + 4);
    for (size_t i = 0; i < count; i++) {
        double width = (double)bars[i].number * BAR_WIDTH / (double)highest;
        int top = (int)i * BAR_ROW;
        (void)fprintf(out, "<text x=\"0\" y=\"%d\">", top + 14);
        put_label(out, bars[i].label);
        (void)fprintf(out,
                      "</text><rect class=\"%s\" x=\"0\" y=\"%d\" width=\"%.1f\" height=\"%d\" "
                      "rx=\"2\"/><text class=\"n\" x=\"%.1f\" y=\"%d\">%s</text>",
                      bars[i].class_name, top + 19, width, BAR_THICK, width + 6, top + 31,
                      number_text(bars[i].number, room));
    }
    (void)fputs("</svg>", out);
}

/* The smallest of 1, 2, 5, 10, 20, 50, … four of which reach the number. */
static int64_t step_of(int64_t highest)
{
    static const int64_t factors[] = {1, 2, 5};
    int64_t step = 1;
    for (unsigned i = 0; step * 4 < highest && step < INT64_MAX / 100; i++) {
        int64_t power = 1;
        for (unsigned p = 0; p < (i + 1) / 3; p++)
            power *= 10;
        step = factors[(i + 1) % 3] * power;
    }
    return step;
}

static int64_t column_sum(const struct vt_columns *columns, size_t group)
{
    int64_t sum = 0;
    for (size_t p = 0; p < columns->parts_count; p++)
        sum += columns->numbers[group * columns->parts_count + p];
    return sum;
}

static void put_axis(FILE *out, int64_t step)
{
    char room[32];
    for (int i = 0; i <= 4; i++) {
        int y = PLOT_TOP + PLOT_HEIGHT - i * PLOT_HEIGHT / 4;
        (void)fprintf(out,
                      "<line class=\"g\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>"
                      "<text class=\"a\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>",
                      PLOT_LEFT, WIDTH, y, y, PLOT_LEFT - 6, y + 4, number_text(i * step, room));
    }
}

static void put_legend(FILE *out, const struct vt_columns *columns, int top)
{
    int column_width = WIDTH / 2;
    for (size_t p = 0; p < columns->parts_count; p++) {
        int x = (int)(p % 2) * column_width, y = top + (int)(p / 2) * LEGEND_ROW;
        (void)fprintf(out,
                      "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" rx=\"2\"/>"
                      "<text x=\"%d\" y=\"%d\">",
                      columns->parts[p].class_name, x, y, x + 18, y + 11);
        vt_html_put(out, columns->parts[p].label);
        (void)fputs("</text>", out);
    }
}

static void put_column(FILE *out, const struct vt_columns *columns, size_t group, double x,
                       double width, double unit)
{
    double y = PLOT_TOP + PLOT_HEIGHT;
    for (size_t p = 0; p < columns->parts_count; p++) {
        int64_t number = columns->numbers[group * columns->parts_count + p];
        double height = (double)number * unit;
        y -= height;
        (void)fprintf(out,
                      "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">"
                      "<title>",
                      columns->parts[p].class_name, x, y, width, height);
        vt_html_put(out, columns->groups[group]);
        (void)fputs(": ", out);
        vt_html_put(out, columns->parts[p].label);
        (void)fprintf(out, " %" PRId64 "</title></rect>", number);
    }
}

void vt_chart_columns(FILE *out, const char *title, const struct vt_columns *columns)
{
    int64_t highest = 1;
    int legend_top = PLOT_TOP + PLOT_HEIGHT + 34;
    int rows = (int)(columns->parts_count + 1) / 2;
    if (columns->groups_count == 0)
        return;
    for (size_t g = 0; g < columns->groups_count; g++) {
        int64_t sum = column_sum(columns, g);
        highest = sum > highest ? sum : highest;
    }
    int64_t step = step_of(highest);
    double room = (double)(WIDTH - PLOT_LEFT) / (double)columns->groups_count;
    double width = room * 0.7 < 64 ? room * 0.7 : 64;
    double unit = (double)PLOT_HEIGHT / (double)(step * 4);
    open_chart(out, title, legend_top + rows * LEGEND_ROW);
    put_axis(out, step);
    for (size_t g = 0; g < columns->groups_count; g++) {
        double middle = PLOT_LEFT + room * ((double)g + 0.5);
        put_column(out, columns, g, middle - width / 2, width, unit);
        (void)fprintf(out, "<text class=\"a\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", middle,
                      PLOT_TOP + PLOT_HEIGHT + 18);
        vt_html_put(out, columns->groups[g]);
        (void)fputs("</text>", out);
    }
    put_legend(out, columns, legend_top);
    (void)fputs("</svg>", out);
}
