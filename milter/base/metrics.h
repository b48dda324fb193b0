/* SPDX-License-Identifier: Apache-2.0
 * The table of metrics and how a file is laid out; exposition, manual and tests use the table. */
#ifndef VANTHU_BASE_METRICS_H
#define VANTHU_BASE_METRICS_H

#include <limits.h>
#include <stdatomic.h>

#include "vanthu/metrics.h"

#define VT_METRIC_LABELS 3
#define VT_METRIC_NOWHERE UINT_MAX

enum vt_metric_kind {
    VT_METRIC_COUNTER = 0,
    VT_METRIC_HISTOGRAM,
    VT_METRIC_GAUGE,     /* of the set that serves */
    VT_METRIC_GAUGE_SUM, /* of all sets together: an old one finishes its mails */
    VT_METRIC_INFO       /* says something by its labels, value 1 */
};

/* How a stored whole number is shown. */
enum vt_metric_unit {
    VT_UNIT_ONE = 0,
    VT_UNIT_MSECS, /* as seconds */
    VT_UNIT_TIME   /* of the wall clock; 0 is not known and not shown */
};

/* A label and its values; an empty name ends the labels of a metric. */
struct vt_metric_label {
    const char *name;
    unsigned count;
    const char *(*value)(unsigned index); /* NULL: hosts, or keys */
};

struct vt_metric_info {
    const char *name, *help;
    enum vt_metric_kind kind;
    enum vt_metric_unit unit;
    enum vt_role_id writer; /* VT_ROLES: nobody, it is not stored */
    const struct vt_metric_label *labels[VT_METRIC_LABELS];
    const int64_t *bounds; /* of a histogram, upper ones, ascending, without the last: infinity */
    unsigned bounds_count;
};

extern const struct vt_metric_info vt_metric_infos[VT_METRICS];
/* Values of host and key are those of the configuration. */
extern const struct vt_metric_label vt_label_host, vt_label_key, vt_label_role;

/* How many combinations of label values there are; 1 without labels. */
unsigned vt_metric_combinations(const struct vt_metric_info *info);
bool vt_metric_is_gauge(const struct vt_metric_info *info);

/* ---- the file: head, counters and histograms, then for each lane its gauges ---- */

enum { VT_CELL_MAGIC = 0, VT_CELL_HOSTS, VT_CELLS_HEAD };
typedef _Atomic uint64_t vt_metric_cell;
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a killed writer must not leave a lock behind");

struct vt_metrics_layout {
    uint32_t offsets[VT_METRICS]; /* of the first cell; of gauges within their lane */
    uint32_t gauges_begin;        /* of the first lane */
    uint32_t gauges_count;        /* of one lane */
    uint32_t cells_count;
};
void vt_metrics_lay_out(enum vt_role_id role, struct vt_metrics_layout *out);
/* Cells of one combination: a histogram has one for each bound, one for infinity, and the sum. */
unsigned vt_metric_cells(const struct vt_metric_info *info);
/* Never 0, which is a file that nobody wrote to. */
uint64_t vt_metrics_hosts_hash(const struct vt_strings *hosts);
/* Map a file of a role after checking its size and seals. */
enum vt_code vt_metrics_map(int fd, const struct vt_metrics_layout *layout, bool to_write,
                            vt_metric_cell **out, struct vt_err *err) VT_MUST_CHECK;
void vt_metrics_unmap(vt_metric_cell *cells, const struct vt_metrics_layout *layout);

/* Of a reader: the file of a role, NULL when there is none. */
struct vt_metrics_file {
    vt_metric_cell *cells;
    struct vt_metrics_layout layout;
};
struct vt_metrics_reader {
    struct vt_metrics_file files[VT_ROLES];
};
/* The first cell of a combination; NULL: not there. */
const vt_metric_cell *vt_metrics_cell(const struct vt_metrics_reader *reader, enum vt_metric metric,
                                      unsigned index, unsigned lane);

#endif
