/* SPDX-License-Identifier: Apache-2.0
 * Files of metrics: made by the master, mapped by one writing role and by readers. Every number is
 * one cell of 64 bits that is changed by one atomic operation, so that a writer may be killed
 * between any two instructions. */
#include "base/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

struct vt_metrics {
    vt_metric_cell *cells;
    struct vt_metrics_layout layout;
    enum vt_role_id role;
    unsigned lane;
    uint64_t hosts_hash; /* of the hosts that this process means */
};

#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)

/* FNV-1a of a text with its end. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
    do
        hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    while (*text++ != '\0');
    return hash;
}

/* Roles are exec'd from the master's own binary, but vanthu(1) may be of another version. */
static uint64_t magic_of_table(void)
{
    uint64_t hash = HASH_BEGIN;
    for (unsigned i = 0; i < VT_METRICS; i++) {
        const struct vt_metric_info *info = &vt_metric_infos[i];
        char text[96];
        (void)snprintf(text, sizeof(text), "%s %d %u %u", info->name, (int)info->kind,
                       vt_metric_combinations(info), info->bounds_count);
        hash = hash_text(hash, text);
    }
    return hash;
}

void vt_metrics_lay_out(enum vt_role_id role, struct vt_metrics_layout *out)
{
    uint32_t next = VT_CELLS_HEAD, gauge = 0;
    *out = (struct vt_metrics_layout){0};
    for (unsigned i = 0; i < VT_METRICS; i++) {
        const struct vt_metric_info *info = &vt_metric_infos[i];
        uint32_t cells = vt_metric_combinations(info) * vt_metric_cells(info);
        if (info->writer != role)
            continue;
        uint32_t *end = vt_metric_is_gauge(info) ? &gauge : &next;
        out->offsets[i] = *end;
        *end += cells;
    }
    out->gauges_begin = next;
    out->gauges_count = gauge;
    out->cells_count = next + VT_METRIC_LANES * gauge;
}

uint64_t vt_metrics_hosts_hash(const struct vt_strings *hosts)
{
    uint64_t hash = HASH_BEGIN;
    for (size_t i = 0; hosts != NULL && i < hosts->count; i++)
        hash = hash_text(hash, hosts->items[i]);
    return hash | 1;
}

/* ---- files ---- */

static size_t bytes_of(const struct vt_metrics_layout *layout)
{
    return (size_t)layout->cells_count * sizeof(vt_metric_cell);
}

/* A second descriptor that cannot write; afterwards nobody opens the file by name any more. */
static enum vt_code open_for_reading(int fd, int *out, struct vt_err *err)
{
    char name[64];
    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    *out = open(name, O_RDONLY | O_CLOEXEC);
    if (*out < 0)
        return vt_err_sys(err, "metrics: cannot open a memory file for reading");
    return fchmod(fd, 0) == 0 ? VT_OK : vt_err_sys(err, "metrics: fchmod of a memory file");
}

enum vt_code vt_metrics_make(enum vt_role_id role, int *out_write, int *out_read,
                             struct vt_err *err)
{
    struct vt_metrics_layout layout;
    uint64_t magic = magic_of_table();
    int reader = -1;
    vt_metrics_lay_out(role, &layout);
    int fd = memfd_create("vanthu-metrics", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return vt_err_sys(err, "metrics: memfd_create");
    enum vt_code code = VT_OK;
    if (ftruncate(fd, (off_t)bytes_of(&layout)) != 0 ||
        pwrite(fd, &magic, sizeof(magic), 0) != (ssize_t)sizeof(magic) ||
        fcntl(fd, F_ADD_SEALS, SEALS) != 0)
        code = vt_err_sys(err, "metrics: making a memory file");
    if (code == VT_OK)
        code = open_for_reading(fd, &reader, err);
    if (code == VT_OK) {
        *out_write = fd;
        *out_read = reader;
        return VT_OK;
    }
    (void)close(fd);
    if (reader >= 0)
        (void)close(reader);
    return code;
}

enum vt_code vt_metrics_map(int fd, const struct vt_metrics_layout *layout, bool to_write,
                            vt_metric_cell **out, struct vt_err *err)
{
    struct stat info;
    size_t bytes = bytes_of(layout);
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &info) != 0 ||
        info.st_size != (off_t)bytes)
        return vt_err_set(err, VT_E_FORMAT, "metrics: not a file of these metrics");
    void *map = mmap(NULL, bytes, to_write ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return vt_err_sys(err, "metrics: mmap");
    /* A child of the inspector meets hostile bytes: it has no part in its parent's numbers. */
    if (to_write && madvise(map, bytes, MADV_DONTFORK) != 0) {
        (void)munmap(map, bytes);
        return vt_err_sys(err, "metrics: madvise");
    }
    *out = map;
    if (atomic_load(&(*out)[VT_CELL_MAGIC]) == magic_of_table())
        return VT_OK;
    (void)munmap(map, bytes);
    *out = NULL;
    return vt_err_set(err, VT_E_FORMAT, "metrics: a file of another version of vanthu");
}

void vt_metrics_unmap(vt_metric_cell *cells, const struct vt_metrics_layout *layout)
{
    if (cells != NULL)
        (void)munmap(cells, bytes_of(layout));
}

/* ---- a writer ---- */

static vt_metric_cell *gauges_of(const struct vt_metrics *metrics)
{
    return metrics->cells + metrics->layout.gauges_begin +
           (size_t)metrics->lane * metrics->layout.gauges_count;
}

static void put(vt_metric_cell *cell, uint64_t value)
{
    atomic_store_explicit(cell, value, memory_order_relaxed);
}

/* Its first label is a host or a key of the configuration. */
static bool is_of_list(const struct vt_metric_info *info)
{
    return info->labels[0] != NULL && info->labels[0]->value == NULL;
}

/* Another list of hosts: an index means another host now. */
static void take_hosts(struct vt_metrics *metrics)
{
    vt_metric_cell *kept = &metrics->cells[VT_CELL_HOSTS];
    if (atomic_load(kept) == metrics->hosts_hash)
        return;
    for (unsigned i = 0; i < VT_METRICS; i++) {
        const struct vt_metric_info *info = &vt_metric_infos[i];
        if (info->writer != metrics->role || !is_of_list(info) || vt_metric_is_gauge(info))
            continue;
        uint32_t cells = vt_metric_combinations(info) * vt_metric_cells(info);
        for (uint32_t k = 0; k < cells; k++)
            put(&metrics->cells[metrics->layout.offsets[i] + k], 0);
    }
    atomic_store(kept, metrics->hosts_hash);
}

enum vt_code vt_metrics_open(int fd, enum vt_role_id role, unsigned lane,
                             const struct vt_strings *hosts, struct vt_metrics **out,
                             struct vt_err *err)
{
    *out = NULL;
    if (fd < 0)
        return VT_OK;
    struct vt_metrics *metrics = calloc(1, sizeof(*metrics));
    if (metrics == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for metrics");
    metrics->role = role;
    metrics->lane = lane < VT_METRIC_LANES ? lane : VT_METRIC_LANES - 1;
    vt_metrics_lay_out(role, &metrics->layout);
    enum vt_code code = vt_metrics_map(fd, &metrics->layout, true, &metrics->cells, err);
    if (code != VT_OK) {
        vt_metrics_close(metrics);
        return code;
    }
    for (uint32_t i = 0; i < metrics->layout.gauges_count; i++)
        put(gauges_of(metrics) + i, 0);
    metrics->hosts_hash = vt_metrics_hosts_hash(hosts);
    if (hosts != NULL)
        take_hosts(metrics);
    *out = metrics;
    return VT_OK;
}

void vt_metrics_close(struct vt_metrics *metrics)
{
    if (metrics == NULL)
        return;
    vt_metrics_unmap(metrics->cells, &metrics->layout);
    free(metrics);
}

/* An old set may still mean the hosts of an old configuration. */
static bool means_these_hosts(const struct vt_metrics *metrics, const struct vt_metric_info *info)
{
    return !is_of_list(info) || atomic_load_explicit(&metrics->cells[VT_CELL_HOSTS],
                                                     memory_order_relaxed) == metrics->hosts_hash;
}

/* The first cell to be written; NULL: it is counted nowhere. */
static vt_metric_cell *find(struct vt_metrics *metrics, enum vt_metric metric, unsigned index,
                            bool is_gauge)
{
    if (metrics == NULL || (unsigned)metric >= VT_METRICS)
        return NULL;
    const struct vt_metric_info *info = &vt_metric_infos[metric];
    if (info->writer != metrics->role || index >= vt_metric_combinations(info) ||
        vt_metric_is_gauge(info) != is_gauge || !means_these_hosts(metrics, info))
        return NULL;
    vt_metric_cell *begin = is_gauge ? gauges_of(metrics) : metrics->cells;
    return begin + metrics->layout.offsets[metric] + (size_t)index * vt_metric_cells(info);
}

void vt_metric_add(struct vt_metrics *metrics, enum vt_metric metric, unsigned index,
                   uint64_t count)
{
    vt_metric_cell *cell = find(metrics, metric, index, false);
    if (cell != NULL && vt_metric_infos[metric].kind == VT_METRIC_COUNTER)
        (void)atomic_fetch_add_explicit(cell, count, memory_order_relaxed);
}

void vt_metric_observe(struct vt_metrics *metrics, enum vt_metric metric, unsigned index,
                       int64_t value)
{
    vt_metric_cell *cells = find(metrics, metric, index, false);
    if (cells == NULL || vt_metric_infos[metric].kind != VT_METRIC_HISTOGRAM)
        return;
    const struct vt_metric_info *info = &vt_metric_infos[metric];
    unsigned bucket = 0;
    value = value < 0 ? 0 : value;
    while (bucket < info->bounds_count && value > info->bounds[bucket])
        bucket++;
    (void)atomic_fetch_add_explicit(&cells[info->bounds_count + 1], (uint64_t)value,
                                    memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&cells[bucket], 1, memory_order_relaxed);
}

void vt_metric_set(struct vt_metrics *metrics, enum vt_metric metric, unsigned index, int64_t value)
{
    vt_metric_cell *cell = find(metrics, metric, index, true);
    if (cell != NULL)
        put(cell, (uint64_t)value);
}

void vt_metric_change(struct vt_metrics *metrics, enum vt_metric metric, unsigned index, int64_t by)
{
    vt_metric_cell *cell = find(metrics, metric, index, true);
    if (cell != NULL)
        (void)atomic_fetch_add_explicit(cell, (uint64_t)by, memory_order_relaxed);
}

/* ---- a reader ---- */

enum vt_code vt_metrics_reader_new(const int fds[VT_ROLES], struct vt_metrics_reader **out,
                                   struct vt_err *err)
{
    *out = NULL;
    enum vt_code code = VT_OK;
    struct vt_metrics_reader *reader = calloc(1, sizeof(*reader));
    if (reader == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for metrics");
    for (unsigned i = 0; code == VT_OK && i < VT_ROLES; i++) {
        struct vt_metrics_file *file = &reader->files[i];
        vt_metrics_lay_out((enum vt_role_id)i, &file->layout);
        if (fds[i] >= 0)
            code = vt_metrics_map(fds[i], &file->layout, false, &file->cells, err);
    }
    if (code == VT_OK)
        *out = reader;
    else
        vt_metrics_reader_free(reader);
    return code;
}

void vt_metrics_reader_free(struct vt_metrics_reader *reader)
{
    if (reader == NULL)
        return;
    for (unsigned i = 0; i < VT_ROLES; i++)
        vt_metrics_unmap(reader->files[i].cells, &reader->files[i].layout);
    free(reader);
}

const vt_metric_cell *vt_metrics_cell(const struct vt_metrics_reader *reader, enum vt_metric metric,
                                      unsigned index, unsigned lane)
{
    const struct vt_metric_info *info = &vt_metric_infos[metric];
    if (info->writer >= VT_ROLES || reader->files[info->writer].cells == NULL ||
        index >= vt_metric_combinations(info) || lane >= VT_METRIC_LANES)
        return NULL;
    const struct vt_metrics_file *file = &reader->files[info->writer];
    size_t begin = vt_metric_is_gauge(info)
                       ? file->layout.gauges_begin + (size_t)lane * file->layout.gauges_count
                       : 0;
    return file->cells + begin + file->layout.offsets[metric] +
           (size_t)index * vt_metric_cells(info);
}

uint64_t vt_metrics_count(const struct vt_metrics_reader *reader, enum vt_metric metric,
                          unsigned index)
{
    const struct vt_metric_info *info = &vt_metric_infos[metric];
    const vt_metric_cell *cells = vt_metrics_cell(reader, metric, index, 0);
    unsigned parts = info->kind == VT_METRIC_HISTOGRAM ? info->bounds_count + 1 : 1;
    uint64_t sum = 0;
    for (unsigned i = 0; cells != NULL && i < parts; i++) {
        uint64_t part = atomic_load_explicit(&cells[i], memory_order_relaxed);
        sum = part > UINT64_MAX - sum ? UINT64_MAX : sum + part;
    }
    return sum;
}

uint64_t vt_metrics_count_all(const struct vt_metrics_reader *reader, enum vt_metric metric)
{
    uint64_t sum = 0;
    unsigned count = vt_metric_combinations(&vt_metric_infos[metric]);
    for (unsigned i = 0; i < count; i++) {
        uint64_t part = vt_metrics_count(reader, metric, i);
        sum = part > UINT64_MAX - sum ? UINT64_MAX : sum + part;
    }
    return sum;
}

static int64_t gauge_of_lane(const struct vt_metrics_reader *reader, enum vt_metric metric,
                             unsigned index, unsigned lane)
{
    const vt_metric_cell *cell = vt_metrics_cell(reader, metric, index, lane);
    return cell == NULL ? 0 : (int64_t)atomic_load_explicit(cell, memory_order_relaxed);
}

int64_t vt_metrics_gauge(const struct vt_metrics_reader *reader, enum vt_metric metric,
                         unsigned index, unsigned lane)
{
    if (vt_metric_infos[metric].kind != VT_METRIC_GAUGE_SUM)
        return gauge_of_lane(reader, metric, index, lane);
    uint64_t sum = 0; /* whatever a writer says: it may wrap */
    for (unsigned i = 0; i < VT_METRIC_LANES; i++)
        sum += (uint64_t)gauge_of_lane(reader, metric, index, i);
    return (int64_t)sum;
}
