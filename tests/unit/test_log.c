/* SPDX-License-Identifier: Apache-2.0
 * The record in syslog: pieces that a search for the reference finds, and that joined are the
 * record again. The two functions of libc that write to syslog are replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vanthu/bytes.h"
#include "vanthu/log.h"

#define REFERENCE "1831-0927-5564"
#define MAX_PIECE_BYTES 8192

void syslog(int priority, const char *format, ...) VT_PRINTF(2, 3);
void __syslog_chk(int priority, int flag, const char *format, ...) VT_PRINTF(3, 4);

static char joined[64 * 1024];
static size_t pieces_count;

static void take(const char *format, va_list args)
{
    static char line[MAX_PIECE_BYTES + 1], begin[64];
    int len = vsnprintf(line, sizeof(line), format, args);
    assert_true(len > 0 && len <= MAX_PIECE_BYTES);
    pieces_count++;
    (void)snprintf(begin, sizeof(begin), "record " REFERENCE " %zu/", pieces_count);
    assert_memory_equal(line, begin, strlen(begin));
    const char *text = strchr(line + strlen(begin), ' ');
    assert_non_null(text);
    assert_true(vt_text_is_utf8(vt_bytes_str(text + 1)));
    (void)strcat(joined, text + 1);
}

void syslog(int priority, const char *format, ...)
{
    (void)priority;
    va_list args;
    va_start(args, format);
    take(format, args);
    va_end(args);
}

void __syslog_chk(int priority, int flag, const char *format, ...)
{
    (void)priority;
    (void)flag;
    va_list args;
    va_start(args, format);
    take(format, args);
    va_end(args);
}

static void record_in_pieces(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        size_t pieces;
    } cases[] = {{1, 1}, {6999, 1}, {7000, 1}, {7001, 2}, {14000, 2}, {30000, 5}};
    vt_log_open("test", true, VT_LOG_INFO);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        /* Characters of two bytes behind one of one: no border of a piece is one of a character. */
        char *line = calloc(1, cases[i].len + 2);
        assert_non_null(line);
        line[0] = 'a';
        for (size_t at = 1; at < cases[i].len; at += 2)
            memcpy(line + at, "đ", 2);
        joined[0] = '\0';
        pieces_count = 0;
        vt_log_record(REFERENCE, line, strlen(line));
        assert_string_equal(joined, line);
        assert_in_range(pieces_count, cases[i].pieces, cases[i].pieces + 1);
        free(line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(record_in_pieces)};
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
