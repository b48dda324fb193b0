/* SPDX-License-Identifier: Apache-2.0
 * Changes every covered byte of a good document or mail once, inspects each result in process, and
 * fails when one passes.
 *   mutate ANCHORS INTERMEDIATES CRL… -- FILE…
 * ANCHORS and INTERMEDIATES are files or folders of certificates. Two processes share the work.
 * MUTATE_STEP=n takes every n-th covered byte only, and every n-th of the others; MUTATE_SAMPLES=n
 * as many as make n of each kind; MUTATE_OFFSET=k begins with the k-th, so that steps of n from
 * 0 to n - 1 reach every byte.
 * MUTATE_UNCOVERED=1 changes what no signature covers too, which is /Contents and its padding: what
 * passes then has to hold the very same signatures, as OpenSSL reads them, and of a file with a
 * changed byte under the signature nothing may pass.
 * MUTATE_INTEGRITY=1 asks for the integrity of the signatures alone, of files whose signers nobody
 * has to trust.
 */
#include <ctype.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vanthu/inspect.h"

#define WORKERS 2
#define MAX_COVERED 64
#define MAX_CRLS 8

enum kind { COVERED, UNCOVERED, KINDS };

struct subject {
    const char *file;
    struct vt_bytes bytes;
    struct vt_bytes covered[MAX_COVERED]; /* views of bytes */
    size_t covered_count;
    bool is_pdf;
    size_t step[KINDS];
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

/* ---- which signatures these are ---- */

static bool contains(struct vt_bytes whole, const uint8_t *part, int len)
{
    return len > 0 && memmem(whole.ptr, whole.len, part, (size_t)len) != NULL;
}

/* The value of the signature and each signed attribute stand in it as they were. What else is in
 * the CMS is signed by nobody, or is found wanting by the digest. */
static bool has_signer(struct vt_bytes contents, CMS_SignerInfo *signer)
{
    const ASN1_OCTET_STRING *value = CMS_SignerInfo_get0_signature(signer);
    bool same = contains(contents, ASN1_STRING_get0_data(value), ASN1_STRING_length(value));
    for (int i = 0; i < CMS_signed_get_attr_count(signer); i++) {
        uint8_t *der = NULL;
        int len = i2d_X509_ATTRIBUTE(CMS_signed_get_attr(signer, i), &der);
        same = same && contains(contents, der, len);
        OPENSSL_free(der);
    }
    return same;
}

/* One /Contents holds the signers of another; what OpenSSL does not read is the same without its
 * padding. */
static bool is_same_contents(struct vt_bytes was, struct vt_bytes is)
{
    const uint8_t *at = was.ptr;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)was.len);
    STACK_OF(CMS_SignerInfo) *signers = cms == NULL ? NULL : CMS_get0_SignerInfos(cms);
    while (signers == NULL && was.len > 0 && was.ptr[was.len - 1] == 0)
        was.len--;
    bool same = signers != NULL || (is.len >= was.len && memcmp(was.ptr, is.ptr, was.len) == 0);
    for (int i = 0; same && i < sk_CMS_SignerInfo_num(signers); i++)
        same = has_signer(is, sk_CMS_SignerInfo_value(signers, i));
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    return same;
}

static struct vt_signed_document *read_pdf(struct vt_arena *arena, struct vt_bytes pdf,
                                           const char *file)
{
    struct vt_err err = {0};
    struct vt_signed_document *document = NULL;
    if (arena == NULL || vt_document_read_pdf(arena, pdf, &document, &err) != VT_OK)
        die(file, &err);
    return document;
}

/* A changed PDF has as many signatures as before, each of them the one it was. */
static bool holds_the_same(const struct subject *subject, struct vt_bytes bytes)
{
    if (!subject->is_pdf)
        return true;
    struct vt_arena *arena = vt_arena_new(2 * VT_MAX_MAIL_ARENA_BYTES);
    const struct vt_signed_document *was = read_pdf(arena, subject->bytes, subject->file);
    const struct vt_signed_document *is = read_pdf(arena, bytes, subject->file);
    bool same = was->objects_count == is->objects_count;
    for (size_t i = 0; same && i < was->objects_count; i++)
        same = is_same_contents(was->objects[i].cms, is->objects[i].cms);
    vt_arena_free(arena);
    return same;
}

/* What the signatures of the unchanged input cover: ranges of a PDF, the part of a mail. */
static void find_covered(struct vt_arena *arena, struct subject *subject)
{
    struct vt_err err = {0};
    struct vt_unpacked *unpacked = NULL;
    if (vt_unpack(arena, subject->bytes, subject->file, false, &unpacked, &err) != VT_OK)
        die(subject->file, &err);
    for (size_t i = 0; i < unpacked->parts_count; i++)
        cover(subject, unpacked->parts[i].signed_bytes);
    subject->is_pdf = unpacked->parts[0].format == VT_FORMAT_PDF;
    if (!subject->is_pdf)
        return;
    const struct vt_signed_document *document = read_pdf(arena, subject->bytes, subject->file);
    for (size_t i = 0; i < document->objects_count; i++) {
        for (size_t r = 0; r < document->objects[i].ranges_count; r++)
            cover(subject, document->objects[i].ranges[r]);
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

/* ---- changes ---- */

static size_t number_of(const char *name, size_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoul(text, NULL, 10);
}

/* How far apart the changes are. */
static void set_steps(struct subject *subject)
{
    size_t total[KINDS] = {0}, samples = number_of("MUTATE_SAMPLES", SIZE_MAX);
    for (size_t i = 0; i < subject->bytes.len; i++)
        total[is_covered(subject, subject->bytes.ptr + i) ? COVERED : UNCOVERED]++;
    for (enum kind kind = COVERED; kind < KINDS; kind++) {
        subject->step[kind] = number_of("MUTATE_STEP", 1);
        if (samples > 0 && total[kind] / samples > subject->step[kind])
            subject->step[kind] = total[kind] / samples;
    }
}

/* Another byte: one bit of it, which one depends on the place; of every second hexadecimal digit of
 * /Contents one bit of its value, so that it stays a digit. */
static uint8_t changed(uint8_t byte, size_t at, enum kind kind)
{
    static const char digits[] = "0123456789abcdef";
    uint32_t mixed = (uint32_t)(at * 2654435761u) >> 13;
    const char *digit = memchr(digits, tolower(byte), sizeof(digits) - 1);
    if (kind == UNCOVERED && digit != NULL && (mixed & 8) != 0)
        return (uint8_t)digits[(digit - digits) ^ (1 << (mixed % 4))];
    return byte ^ (uint8_t)(1u << (mixed % 8));
}

/* Whether a change of what nothing covers makes a file valid that was not, or another one of it. */
static bool deceives(const struct subject *subject, uint8_t *copy, size_t at, bool passes)
{
    struct vt_bytes bytes = vt_bytes_of(copy, subject->bytes.len);
    if (passes && !holds_the_same(subject, bytes)) {
        fprintf(stderr, "%s: byte %zu was changed, it is another signature now, and it passed\n",
                subject->file, at);
        return true;
    }
    uint8_t *covered =
        copy + (subject->covered[0].ptr - subject->bytes.ptr) + subject->covered[0].len / 2;
    *covered ^= 1;
    bool passes_now = inspect(subject, bytes) == 0;
    *covered ^= 1;
    if (passes_now)
        fprintf(stderr, "%s: with byte %zu changed a file passed that was not valid\n",
                subject->file, at);
    return passes_now;
}

/* Returns the number of changes that were not noticed and had to be. */
static int mutate_share(const struct subject *subject, size_t worker)
{
    int failed = 0, outside = 0;
    size_t count[KINDS] = {0}, made[KINDS] = {0}, offset = number_of("MUTATE_OFFSET", 0);
    uint8_t *copy = malloc(subject->bytes.len);
    if (copy == NULL)
        die("memory", NULL);
    memcpy(copy, subject->bytes.ptr, subject->bytes.len);
    for (size_t i = 0; i < subject->bytes.len; i++) {
        enum kind kind = is_covered(subject, subject->bytes.ptr + i) ? COVERED : UNCOVERED;
        size_t step = subject->step[kind], nth = count[kind]++;
        if (nth % step != offset % step || (kind == UNCOVERED && !takes_uncovered) ||
            made[kind]++ % WORKERS != worker)
            continue;
        copy[i] = changed(copy[i], i, kind);
        bool passes = inspect(subject, vt_bytes_of(copy, subject->bytes.len)) == 0;
        if (kind == COVERED && passes) {
            fprintf(stderr, "%s: byte %zu is covered, was changed, and passed\n", subject->file, i);
            failed++;
        } else if (kind == UNCOVERED) {
            outside += passes;
            failed += deceives(subject, copy, i, passes);
        }
        copy[i] = subject->bytes.ptr[i];
    }
    printf("%s: %zu covered bytes and %zu others changed, %d of those pass\n", subject->file,
           (made[COVERED] + WORKERS - 1 - worker) / WORKERS,
           (made[UNCOVERED] + WORKERS - 1 - worker) / WORKERS, outside);
    free(copy);
    return failed;
}

static int mutate_file(const char *file)
{
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
    set_steps(&subject);
    if (status != 0 || covered_bytes == 0 || subject.step[COVERED] == 0)
        die("the unchanged file has to pass and to be covered", NULL);
    int failed = 0;
    for (size_t worker = 0; worker < WORKERS; worker++) {
        pid_t child = fork();
        if (child < 0)
            die("fork", NULL);
        if (child == 0)
            exit(mutate_share(&subject, worker) == 0 ? 0 : 1);
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
