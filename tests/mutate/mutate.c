/* SPDX-License-Identifier: Apache-2.0
 * Changes every covered byte of a good document or mail once, inspects each result in process, and
 * fails when one passes.
 *   mutate ANCHORS INTERMEDIATES CRL… -- FILE…
 * ANCHORS and INTERMEDIATES are files or folders of certificates. Two processes share the work.
 * MUTATE_STEP=n takes every n-th byte only.
 * MUTATE_UNCOVERED=1 changes what no signature covers too: padding mostly, which may be anything.
 * MUTATE_INTEGRITY=1 asks for the integrity of the signatures alone, of files whose signers nobody
 * has to trust.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vanthu/inspect.h"

#define WORKERS 2
#define MAX_COVERED 64
#define MAX_CRLS 8

struct subject {
    const char *file;
    struct vt_bytes bytes;
    struct vt_bytes covered[MAX_COVERED]; /* views of bytes */
    size_t covered_count;
};

static struct vt_inspect_options options;
static bool is_integrity, takes_uncovered;

static void die(const char *what, const struct vt_err *err)
{
    fprintf(stderr, "mutate: %s: %s\n", what, err == NULL ? "" : err->text);
    exit(2);
}

static struct vt_bytes read_file(const char *file)
{
    FILE *stream = fopen(file, "rb");
    struct vt_buf buf;
    char piece[65536];
    size_t len = 0;
    vt_buf_init(&buf, VT_MAX_MAIL_BYTES);
    if (stream == NULL)
        die(file, NULL);
    while ((len = fread(piece, 1, sizeof(piece), stream)) > 0) {
        if (vt_buf_add(&buf, piece, len) != VT_OK)
            die(file, NULL);
    }
    (void)fclose(stream);
    return vt_buf_bytes(&buf);
}

/* 0: there are signatures, all intact, and nothing but what is permitted came after them. One that
 * an altered byte hides leaves a file that is malformed, or changed after the others. */
static int exit_of_integrity(const struct vt_evidence *evidence)
{
    size_t intact = 0;
    for (size_t d = 0; d < evidence->documents_count; d++) {
        const struct vt_document *document = &evidence->documents[d];
        if (!vt_reasons_mean_read(document->reasons))
            return 2;
        for (size_t s = 0; s < document->signatures_count; s++) {
            const struct vt_signature *signature = &document->signatures[s];
            if (signature->integrity != VT_INTEGRITY_INTACT ||
                (signature->changes_after != VT_CHANGES_NONE &&
                 signature->changes_after != VT_CHANGES_PERMITTED))
                return 1;
            intact++;
        }
    }
    return intact > 0 ? 0 : 3;
}

static int inspect(const struct subject *subject, struct vt_bytes bytes)
{
    struct vt_err err = {0};
    struct vt_evidence *evidence = NULL;
    struct vt_wants wants;
    struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    struct vt_inspect_input input = {
        .bytes = bytes, .name = subject->file, .now_utc_secs = vt_clock_now_utc_secs()};
    if (arena == NULL || vt_inspect(arena, &options, &input, &evidence, &wants, &err) != VT_OK)
        die(subject->file, &err);
    int status = is_integrity ? exit_of_integrity(evidence) : vt_evidence_exit_status(evidence);
    vt_arena_free(arena);
    return status;
}

static void cover(struct subject *subject, struct vt_bytes range)
{
    if (range.len > 0 && subject->covered_count < MAX_COVERED)
        subject->covered[subject->covered_count++] = range;
}

/* What the signatures of the unchanged input cover: ranges of a PDF, the part of a mail. */
static void find_covered(struct vt_arena *arena, struct subject *subject)
{
    struct vt_err err = {0};
    struct vt_unpacked *unpacked = NULL;
    struct vt_signed_document *document = NULL;
    if (vt_unpack(arena, subject->bytes, subject->file, false, &unpacked, &err) != VT_OK)
        die(subject->file, &err);
    for (size_t i = 0; i < unpacked->parts_count; i++)
        cover(subject, unpacked->parts[i].signed_bytes);
    if (unpacked->parts[0].format == VT_FORMAT_PDF) {
        if (vt_document_read_pdf(arena, subject->bytes, &document, &err) != VT_OK)
            die(subject->file, &err);
        for (size_t i = 0; i < document->objects_count; i++) {
            for (size_t r = 0; r < document->objects[i].ranges_count; r++)
                cover(subject, document->objects[i].ranges[r]);
        }
    }
}

static bool is_covered(const struct subject *subject, const uint8_t *at)
{
    for (size_t i = 0; i < subject->covered_count; i++) {
        if (at >= subject->covered[i].ptr && at < subject->covered[i].ptr + subject->covered[i].len)
            return true;
    }
    return false;
}

/* Returns the number of covered bytes whose change was not noticed. */
static int mutate_share(const struct subject *subject, size_t first, size_t step)
{
    int passed = 0, outside = 0;
    uint8_t *copy = malloc(subject->bytes.len);
    if (copy == NULL)
        die("memory", NULL);
    memcpy(copy, subject->bytes.ptr, subject->bytes.len);
    for (size_t i = first; i < subject->bytes.len; i += step) {
        bool covered = is_covered(subject, subject->bytes.ptr + i);
        if (!covered && !takes_uncovered)
            continue;
        copy[i] ^= (uint8_t)(1u << (i % 8));
        if (inspect(subject, vt_bytes_of(copy, subject->bytes.len)) == 0) {
            if (covered) {
                fprintf(stderr, "%s: byte %zu is covered, was changed, and passed\n", subject->file,
                        i);
                passed++;
            } else {
                outside++;
            }
        }
        copy[i] = subject->bytes.ptr[i];
    }
    if (takes_uncovered)
        printf("%s: from byte %zu by %zu: %d changes of uncovered bytes pass\n", subject->file,
               first, step, outside);
    free(copy);
    return passed;
}

static int mutate_file(const char *file)
{
    const char *step_text = getenv("MUTATE_STEP");
    size_t step = step_text == NULL ? 1 : strtoul(step_text, NULL, 10);
    struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    struct subject subject = {.file = file, .bytes = read_file(file)};
    find_covered(arena, &subject);
    size_t covered_bytes = 0;
    for (size_t i = 0; i < subject.covered_count; i++)
        covered_bytes += subject.covered[i].len;
    int status = inspect(&subject, subject.bytes);
    printf("%s: %zu bytes, exit status %d unchanged, ranges of %zu bytes covered\n", file,
           subject.bytes.len, status, covered_bytes);
    (void)fflush(stdout);
    if (status != 0 || covered_bytes == 0 || step == 0)
        die("the unchanged file has to pass and to be covered", NULL);
    int failed = 0;
    for (size_t worker = 0; worker < WORKERS; worker++) {
        pid_t child = fork();
        if (child < 0)
            die("fork", NULL);
        if (child == 0)
            exit(mutate_share(&subject, worker * step, WORKERS * step) == 0 ? 0 : 1);
    }
    for (size_t worker = 0; worker < WORKERS; worker++) {
        int wait_status = 0;
        if (wait(&wait_status) < 0 || !WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0)
            failed = 1;
    }
    vt_arena_free(arena);
    return failed;
}

int main(int argc, char **argv)
{
    static struct vt_bytes crls[MAX_CRLS];
    struct vt_err err = {0};
    is_integrity = getenv("MUTATE_INTEGRITY") != NULL;
    takes_uncovered = getenv("MUTATE_UNCOVERED") != NULL;
    if (argc < 5)
        die("usage: mutate ANCHORS INTERMEDIATES CRL… -- FILE…", NULL);
    struct vt_trust_source source = {.set = VT_TRUST_OFFICIAL,
                                     .anchors = argv[1],
                                     .intermediates = argv[2],
                                     .confirmed_all = true};
    struct vt_trust_store *store = NULL;
    if (vt_unpack_warm(&err) != VT_OK || vt_document_warm(&err) != VT_OK ||
        vt_trust_store_load(&source, 1, &store, &err) != VT_OK)
        die("start", &err);
    options = (struct vt_inspect_options){.store = store, .given_crls = crls};
    int i = 3;
    for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (options.given_crls_count < MAX_CRLS)
            crls[options.given_crls_count++] = read_file(argv[i]);
    }
    int failed = 0;
    for (i++; i < argc; i++)
        failed |= mutate_file(argv[i]);
    vt_trust_store_free(store);
    return failed;
}
