/* SPDX-License-Identifier: Apache-2.0
 * The counts of the brake in a file of the spool folder. It is touched only by refusals that the
 * brake is about, so a lock and one write for each is cheap enough. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/brake.h"
#include "vanthu/wire.h"

#define FILE_NAME "brake"
#define MAX_RULES_BYTES (16u * 1024 * 1024)
/* Whoever holds the lock longer than this is stopped; then nothing is counted. */
#define LOCK_TRIES 100
#define LOCK_PAUSE_NSECS 5000000

/* The file: this, then VT_BRAKE_RULES rules. */
static const char magic[16] = "vanthu-brake 1\n";

struct table {
    char begin[sizeof(magic)];
    struct vt_brake_rule rules[VT_BRAKE_RULES];
};

/* ---- the file ---- */

static bool lock_file(int fd)
{
    static const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NSECS};
    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

/* A file that is none, or of another version, is begun anew. */
static void read_table(int fd, struct table *out)
{
    ssize_t got = pread(fd, out, sizeof(*out), 0);
    if (got == (ssize_t)sizeof(*out) && memcmp(out->begin, magic, sizeof(magic)) == 0) {
        for (size_t i = 0; i < VT_BRAKE_RULES; i++)
            out->rules[i].name[VT_BRAKE_NAME_BYTES - 1] = '\0';
        return;
    }
    memset(out, 0, sizeof(*out));
    memcpy(out->begin, magic, sizeof(magic));
}

static bool write_rule(int fd, const struct table *table, size_t index)
{
    off_t at = (off_t)offsetof(struct table, rules) + (off_t)(index * sizeof(table->rules[0]));
    struct stat info;
    if (fstat(fd, &info) == 0 && info.st_size == (off_t)sizeof(*table))
        return pwrite(fd, &table->rules[index], sizeof(table->rules[0]), at) ==
               (ssize_t)sizeof(table->rules[0]);
    return ftruncate(fd, 0) == 0 && pwrite(fd, table, sizeof(*table), 0) == (ssize_t)sizeof(*table);
}

size_t vt_brake_list(const char *spool_directory, int64_t now_utc_secs,
                     struct vt_brake_rule out[VT_BRAKE_RULES])
{
    char path[4096];
    size_t count = 0;
    struct table *table = calloc(1, sizeof(*table));
    (void)snprintf(path, sizeof(path), "%s/" FILE_NAME, spool_directory);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0 && table != NULL) {
        read_table(fd, table);
        for (size_t i = 0; i < VT_BRAKE_RULES; i++)
            if (table->rules[i].until_utc_secs > now_utc_secs)
                out[count++] = table->rules[i];
    }
    if (fd >= 0)
        (void)close(fd);
    free(table);
    return count;
}

/* ---- one rule ---- */

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)(*text >= 'A' && *text <= 'Z' ? *text + 32 : *text);
        hash = (hash ^ c) * UINT64_C(1099511628211);
    }
    return (hash ^ 0xff) * UINT64_C(1099511628211);
}

/* What is known of the rule of this policy: false when nothing is. */
static bool describe(const struct vt_brake *brake, const char *name, struct vt_brake_rule *out)
{
    const json_t *rule = brake->rules == NULL ? NULL : json_object_get(brake->rules, name);
    const char *digest = json_string_value(json_object_get(rule, "digest"));
    int64_t since = json_integer_value(json_object_get(rule, "since"));
    if (digest == NULL || since <= 0)
        return false;
    *out = (struct vt_brake_rule){
        .key = hash_text(hash_text(UINT64_C(14695981039346656037), name), digest),
        .since_utc_secs = since};
    (void)snprintf(out->name, sizeof(out->name), "%s", name);
    return true;
}

static struct vt_brake_rule *find(struct vt_brake_rule *rules, uint64_t key)
{
    for (size_t i = 0; i < VT_BRAKE_RULES; i++)
        if (rules[i].key == key && rules[i].name[0] != '\0')
            return &rules[i];
    return NULL;
}

/* A free place, or that of the rule that refused nothing for the longest time, if possible one
 * whose brake is not on. */
static struct vt_brake_rule *place_for(struct vt_brake_rule *rules, int64_t now)
{
    struct vt_brake_rule *best = &rules[0];
    for (size_t i = 1; i < VT_BRAKE_RULES; i++) {
        bool is_on = rules[i].until_utc_secs > now, best_is_on = best->until_utc_secs > now;
        if (is_on != best_is_on ? best_is_on : rules[i].seen_utc_secs < best->seen_utc_secs)
            best = &rules[i];
    }
    return best;
}

static struct vt_brake_verdict count_in(struct vt_brake *brake, struct vt_brake_rule *rules,
                                        const struct vt_brake_rule *known, uint64_t agency,
                                        int64_t now, size_t *out_index)
{
    struct vt_brake_verdict verdict;
    struct vt_brake_rule *rule = find(rules, known->key);
    if (rule == NULL) {
        rule = place_for(rules, now);
        *rule = *known;
    }
    rule->since_utc_secs = known->since_utc_secs;
    vt_brake_count(rule, &brake->limits, agency, now, &verdict);
    *out_index = (size_t)(rule - rules);
    return verdict;
}

struct vt_brake_verdict vt_brake_note(struct vt_brake *brake, const char *rule, const char *agency,
                                      int64_t now_utc_secs)
{
    struct vt_brake_verdict verdict = {.why = VT_BRAKE_NOT};
    struct vt_brake_rule known;
    size_t index = 0;
    if (!describe(brake, rule, &known) ||
        !vt_brake_watches(&brake->limits, known.since_utc_secs, now_utc_secs))
        return verdict;
    uint64_t hash = hash_text(UINT64_C(14695981039346656037), agency);
    (void)pthread_mutex_lock(&brake->lock);
    struct table *table = brake->fd < 0 ? NULL : calloc(1, sizeof(*table));
    if (table != NULL && lock_file(brake->fd)) {
        read_table(brake->fd, table);
        verdict = count_in(brake, table->rules, &known, hash, now_utc_secs, &index);
        bool is_written = write_rule(brake->fd, table, index);
        (void)flock(brake->fd, LOCK_UN);
        /* A brake that nobody can see does not fall. */
        if (!is_written)
            verdict.why = VT_BRAKE_NOT;
    } else if (brake->fd < 0) {
        verdict = count_in(brake, brake->own, &known, hash, now_utc_secs, &index);
    }
    (void)pthread_mutex_unlock(&brake->lock);
    free(table);
    return verdict;
}

/* A rule that is being written meanwhile is read again next time: no lock is waited for. */
static void read_rules(struct vt_brake *brake, struct table *out)
{
    (void)pthread_mutex_lock(&brake->lock);
    if (brake->fd >= 0)
        read_table(brake->fd, out);
    else
        memcpy(out->rules, brake->own, sizeof(out->rules));
    (void)pthread_mutex_unlock(&brake->lock);
}

int64_t vt_brake_until(struct vt_brake *brake, const char *rule, int64_t now_utc_secs)
{
    struct vt_brake_rule known;
    int64_t until = 0;
    if (!describe(brake, rule, &known) ||
        !vt_brake_watches(&brake->limits, known.since_utc_secs, now_utc_secs))
        return 0;
    struct table *table = calloc(1, sizeof(*table));
    if (table == NULL)
        return 0;
    read_rules(brake, table);
    const struct vt_brake_rule *found = find(table->rules, known.key);
    if (found != NULL && vt_brake_is_on(&brake->limits, found, now_utc_secs))
        until = found->until_utc_secs;
    free(table);
    return until;
}

int64_t vt_brake_latest(struct vt_brake *brake, int64_t now_utc_secs)
{
    int64_t latest = 0;
    struct table *table = calloc(1, sizeof(*table));
    if (table == NULL)
        return 0;
    read_rules(brake, table);
    for (size_t i = 0; i < VT_BRAKE_RULES; i++)
        if (vt_brake_is_on(&brake->limits, &table->rules[i], now_utc_secs) &&
            table->rules[i].until_utc_secs > latest)
            latest = table->rules[i].until_utc_secs;
    free(table);
    return latest;
}

/* ---- setting up ---- */

static enum vt_code read_since(struct vt_brake *brake, int rules_fd, struct vt_err *err)
{
    struct vt_bytes bytes;
    if (rules_fd < 0)
        return VT_OK;
    enum vt_code code = vt_memfd_map(rules_fd, MAX_RULES_BYTES, &bytes, err);
    if (code != VT_OK)
        return code;
    json_t *root = json_loadb((const char *)bytes.ptr, bytes.len, JSON_REJECT_DUPLICATES, NULL);
    vt_memfd_unmap(bytes);
    brake->rules = json_incref(json_object_get(root, "rules"));
    brake->loaded_utc_secs = json_integer_value(json_object_get(root, "loaded"));
    json_decref(root);
    return json_is_object(brake->rules)
               ? VT_OK
               : vt_err_set(err, VT_E_FORMAT, "what the master tells of the rules is not that");
}

static int open_file(const char *directory)
{
    int fd = -1, dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat info;
    if (dir >= 0)
        fd = openat(dir, FILE_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd >= 0 && (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))) {
        (void)close(fd);
        fd = -1;
        errno = EINVAL;
    }
    if (dir >= 0)
        (void)close(dir);
    return fd;
}

enum vt_code vt_brake_open(struct vt_brake *brake, const struct vt_config *config, int rules_fd,
                           struct vt_err *err)
{
    *brake =
        (struct vt_brake){.limits = config->brake, .fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER};
    enum vt_code code = read_since(brake, rules_fd, err);
    if (code != VT_OK || brake->rules == NULL)
        return code;
    brake->fd = open_file(config->spool_directory);
    if (brake->fd < 0)
        (void)vt_err_sys(err, "%s/" FILE_NAME, config->spool_directory);
    return VT_OK;
}

void vt_brake_close(struct vt_brake *brake)
{
    json_decref(brake->rules);
    if (brake->fd >= 0)
        (void)close(brake->fd);
    brake->rules = NULL;
    brake->fd = -1;
}
