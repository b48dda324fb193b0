/* SPDX-License-Identifier: Apache-2.0
 * A CRL of a million entries: what it costs to read and index it, in time and memory, and what a
 * lookup costs, beside OpenSSL's own object over the same file. Each measurement is a process of
 * its own, so that its peak memory is its own. The signature is verified by neither while measured:
 * it is the same work for both.
 *   crl_bench [ENTRIES [LOOKUPS]]
 * Prints one line each: name, ours, OpenSSL's, ratio. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/large_crl.h"
#include "status/crl_list.h"

struct cost {
    double open_msecs; /* from bytes to an object that can be asked */
    double lookup_nsecs;
    double peak_bytes; /* above what the process had before */
    size_t found;
};

struct task {
    const char *path;
    const struct tc_entity *issuer;
    size_t entries, lookups;
};

static double now_msecs(void)
{
    struct timespec now;
    TC_CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static struct vt_bytes map_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t len = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
    TC_CHECK(len > 0);
    void *mapped = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    TC_CHECK(mapped != MAP_FAILED && close(fd) == 0);
    return vt_bytes_of(mapped, (size_t)len);
}

/* A field of /proc/self/status in bytes. */
static double memory_of(const char *field)
{
    char line[256];
    double kilobytes = -1;
    FILE *file = fopen("/proc/self/status", "r");
    TC_CHECK(file != NULL);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, field, strlen(field)) == 0)
            TC_CHECK(sscanf(line + strlen(field), ": %lf", &kilobytes) == 1);
    }
    TC_CHECK(fclose(file) == 0 && kilobytes >= 0);
    return kilobytes * 1024;
}

/* Begin to measure the peak anew (proc(5), clear_refs). */
static double reset_peak(void)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    TC_CHECK(fd >= 0 && write(fd, "5", 1) == 1 && close(fd) == 0);
    return memory_of("VmRSS");
}

/* Every other one is on the list; spread over all of it. */
static void serial_of(const struct task *task, size_t lookup, uint8_t out[LC_SERIAL_BYTES])
{
    size_t index = (lookup * 7919) % task->entries;
    lc_serial(lookup % 2 == 0 ? index : index + task->entries, out);
}

/* The digest of a key is computed by sealing; this is what sealing costs without the signature. */
static void measure_ours(const struct task *task, struct cost *out)
{
    struct vt_err err = {0};
    struct vt_crl crl;
    struct vt_crl_list *list = NULL;
    int fd = -1;
    struct vt_bytes file = map_file(task->path);
    struct vt_bytes issuer = {0};
    double before = reset_peak();
    double begin = now_msecs();
    if (vt_crl_list_seal(file, task->issuer->certificate, "bench", TC_NOW, &fd, &err) != VT_OK ||
        vt_crl_list_open(fd, &list, &err) != VT_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        abort();
    }
    out->open_msecs = now_msecs() - begin;
    out->peak_bytes = memory_of("VmHWM") - before;
    issuer = vt_crl_list_crl(list)->issuer;
    begin = now_msecs();
    for (size_t i = 0; i < task->lookups; i++) {
        uint8_t serial[LC_SERIAL_BYTES];
        struct vt_crl_entry entry;
        serial_of(task, i, serial);
        vt_crl_list_find(list, issuer, vt_bytes_of(serial, sizeof(serial)), &entry);
        out->found += entry.found;
    }
    out->lookup_nsecs = (now_msecs() - begin) * 1e6 / (double)task->lookups;
    /* Verified and digested, which OpenSSL's side does not: taken off. */
    begin = now_msecs();
    char digest[65];
    TC_CHECK(vt_crl_parse_frame(file, &crl, NULL) == VT_OK);
    TC_CHECK(vt_crl_verify(&crl, task->issuer->certificate, NULL) == VT_OK);
    TC_CHECK(vt_verify_sha256(file, digest) == VT_OK);
    out->open_msecs -= now_msecs() - begin;
    vt_crl_list_close(list);
}

static void measure_openssl(const struct task *task, struct cost *out)
{
    struct vt_bytes file = map_file(task->path);
    const unsigned char *cursor = file.ptr;
    X509_REVOKED *revoked = NULL;
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    double before = reset_peak();
    double begin = now_msecs();
    X509_CRL *crl = d2i_X509_CRL(NULL, &cursor, (long)file.len);
    TC_CHECK(crl != NULL && number != NULL);
    /* It sorts when it is asked for the first time. */
    TC_CHECK(ASN1_INTEGER_set(number, 1) == 1);
    (void)X509_CRL_get0_by_serial(crl, &revoked, number);
    out->open_msecs = now_msecs() - begin;
    out->peak_bytes = memory_of("VmHWM") - before;
    begin = now_msecs();
    for (size_t i = 0; i < task->lookups; i++) {
        uint8_t serial[LC_SERIAL_BYTES];
        serial_of(task, i, serial);
        TC_CHECK(ASN1_STRING_set(number, serial, sizeof(serial)) == 1);
        out->found += X509_CRL_get0_by_serial(crl, &revoked, number) == 1;
    }
    out->lookup_nsecs = (now_msecs() - begin) * 1e6 / (double)task->lookups;
    ASN1_INTEGER_free(number);
    X509_CRL_free(crl);
}

/* In a process of its own. */
static struct cost measure(void (*how)(const struct task *, struct cost *), const struct task *task)
{
    struct cost *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0;
    TC_CHECK(shared != MAP_FAILED);
    pid_t child = fork();
    TC_CHECK(child >= 0);
    if (child == 0) {
        how(task, shared);
        _exit(0);
    }
    TC_CHECK(waitpid(child, &status, 0) == child && status == 0);
    struct cost cost = *shared;
    TC_CHECK(munmap(shared, sizeof(*shared)) == 0);
    return cost;
}

static void show(const char *name, double ours, double other)
{
    printf("%s\t%.2f\t%.2f\t%.3f\n", name, ours, other, ours / other);
}

static void write_crl(const char *path, const struct tc_entity *issuer, size_t entries)
{
    struct vt_bytes crl = lc_crl(issuer, entries);
    FILE *file = fopen(path, "wb");
    TC_CHECK(file != NULL && fwrite(crl.ptr, 1, crl.len, file) == crl.len && fclose(file) == 0);
    free((void *)(uintptr_t)crl.ptr);
}

int main(int argc, char **argv)
{
    char path[] = "/tmp/crl_bench.XXXXXX";
    struct vt_arena *arena = vt_arena_new(1024 * 1024);
    struct vt_certificate_pool *pool = vt_certificate_pool_new(arena, NULL);
    struct tc_entity ca = tc_ca(arena, pool, "CA", NULL);
    struct task task = {.path = path,
                        .issuer = &ca,
                        .entries = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000,
                        .lookups = argc > 2 ? strtoull(argv[2], NULL, 10) : 100000};
    int fd = mkstemp(path);
    TC_CHECK(fd >= 0 && close(fd) == 0 && task.entries > 0 && task.lookups > 0);
    write_crl(path, &ca, task.entries);
    struct cost ours = measure(measure_ours, &task);
    struct cost other = measure(measure_openssl, &task);
    (void)unlink(path);
    TC_CHECK(ours.found == (task.lookups + 1) / 2 && other.found == ours.found);
    show("index, ms", ours.open_msecs, other.open_msecs);
    show("peak memory, MB", ours.peak_bytes / 1e6, other.peak_bytes / 1e6);
    show("a lookup, ns", ours.lookup_nsecs, other.lookup_nsecs);
    vt_arena_free(arena);
    return 0;
}
