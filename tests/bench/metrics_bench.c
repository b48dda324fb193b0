/* SPDX-License-Identifier: Apache-2.0
 * What counting costs: nanoseconds of one counter, gauge and value of a histogram, in one thread
 * and in as many as there are processors that all count the same, beside an addition to a variable
 * of one's own. Prints "what ns"; the median of ROUNDS. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "vanthu/metrics.h"

enum { ROUNDS = 9, TIMES = 2000000, MAX_THREADS = 64 };

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void *count(void *metrics)
{
    for (unsigned i = 0; i < TIMES; i++)
        vt_metric_add(metrics, VT_METRIC_MAIL_REASONS, i % VT_REASON_COUNT, 1);
    return NULL;
}

static void *count_one(void *metrics)
{
    for (unsigned i = 0; i < TIMES; i++)
        vt_metric_add(metrics, VT_METRIC_SESSIONS, 0, 1);
    return NULL;
}

static void *change(void *metrics)
{
    for (unsigned i = 0; i < TIMES; i++)
        vt_metric_change(metrics, VT_METRIC_SESSIONS_OPEN, 0, 1);
    return NULL;
}

static void *observe(void *metrics)
{
    for (unsigned i = 0; i < TIMES; i++)
        vt_metric_observe(metrics, VT_METRIC_STAGES, i % VT_METRIC_STAGE_COUNT, i % 2000);
    return NULL;
}

static void *add_own(void *unused)
{
    volatile uint64_t own = 0;
    for (unsigned i = 0; i < TIMES; i++)
        own += 1;
    return unused;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Nanoseconds of the wall clock for one call in each of so many threads. */
static double measure(void *(*work)(void *), struct vt_metrics *metrics, unsigned threads_count)
{
    pthread_t threads[MAX_THREADS];
    double rounds[ROUNDS];
    for (unsigned round = 0; round < ROUNDS; round++) {
        double begin = now_ns();
        for (unsigned i = 0; i < threads_count; i++)
            if (pthread_create(&threads[i], NULL, work, metrics) != 0)
                exit(1);
        for (unsigned i = 0; i < threads_count; i++)
            (void)pthread_join(threads[i], NULL);
        rounds[round] = (now_ns() - begin) / TIMES;
    }
    qsort(rounds, ROUNDS, sizeof(rounds[0]), compare);
    return rounds[ROUNDS / 2];
}

int main(void)
{
    static const struct {
        const char *name;
        void *(*work)(void *);
    } rows[] = {{"variable", add_own},
                {"counter", count_one},
                {"counter of 39 labels", count},
                {"gauge", change},
                {"histogram", observe}};
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned many = processors < 2             ? 2
                    : processors > MAX_THREADS ? MAX_THREADS
                                               : (unsigned)processors;
    int own = -1, other = -1;
    struct vt_metrics *metrics = NULL;
    if (vt_metrics_make(VT_ROLE_GATEWAY, &own, &other, NULL) != VT_OK ||
        vt_metrics_open(own, VT_ROLE_GATEWAY, 0, NULL, &metrics, NULL) != VT_OK)
        return 1;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        printf("metrics %-22s %6.1f ns alone, %6.1f ns by %u threads\n", rows[i].name,
               measure(rows[i].work, metrics, 1), measure(rows[i].work, metrics, many), many);
    vt_metrics_close(metrics);
    return 0;
}
