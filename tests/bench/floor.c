/* SPDX-License-Identifier: Apache-2.0
 * What the floor does: walk the lines to the largest base64 block, decode it by table, look for
 * /ByteRange, hash each signature's ranges from the start, and let OpenSSL parse the CMS, verify
 * the signature and build the path. Revocation is not asked: the inspector gets it verified. */
#include "floor.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#define MIN_LINE_BYTES 60
#define NO_DIGIT UINT32_C(0x80000000)

struct floor {
    uint32_t digits[4][256]; /* six bits in their place of a group of four digits */
    uint8_t *decoded;
    uint8_t *cms;
    X509_STORE *anchors;
};

/* ---- start ---- */

static void fill_tables(struct floor *floor)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (unsigned place = 0; place < 4; place++) {
        for (unsigned c = 0; c < 256; c++)
            floor->digits[place][c] = NO_DIGIT;
        for (uint32_t i = 0; i < 64; i++)
            floor->digits[place][(uint8_t)alphabet[i]] = i << (18 - 6 * place);
    }
}

static bool add_anchor(X509_STORE *store, const char *folder, const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    X509 *certificate = file == NULL ? NULL : PEM_read_X509(file, NULL, NULL, NULL);
    bool added = certificate != NULL && X509_STORE_add_cert(store, certificate) == 1;
    X509_free(certificate);
    if (file != NULL)
        (void)fclose(file);
    return added;
}

static bool load_anchors(X509_STORE *store, const char *folder)
{
    bool all = true;
    DIR *directory = opendir(folder);
    if (directory == NULL)
        return false;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] != '.')
            all = add_anchor(store, folder, entry->d_name) && all;
    }
    (void)closedir(directory);
    return all;
}

struct floor *floor_new(const char *anchors, size_t max_bytes)
{
    struct floor *floor = calloc(1, sizeof(*floor));
    if (floor == NULL)
        return NULL;
    fill_tables(floor);
    floor->decoded = malloc(max_bytes);
    floor->cms = malloc(max_bytes);
    floor->anchors = X509_STORE_new();
    if (floor->decoded == NULL || floor->cms == NULL || floor->anchors == NULL ||
        X509_STORE_set_purpose(floor->anchors, X509_PURPOSE_ANY) != 1 ||
        !load_anchors(floor->anchors, anchors)) {
        floor_free(floor);
        return NULL;
    }
    return floor;
}

void floor_free(struct floor *floor)
{
    if (floor == NULL)
        return;
    X509_STORE_free(floor->anchors);
    free(floor->cms);
    free(floor->decoded);
    free(floor);
}

/* ---- mail ---- */

/* The largest run of long lines that begin like base64. */
static struct vt_bytes find_base64(const struct floor *floor, struct vt_bytes mail)
{
    const uint8_t *end = mail.ptr + mail.len, *start = NULL;
    struct vt_bytes largest = {NULL, 0};
    for (const uint8_t *line = mail.ptr; line < end;) {
        const uint8_t *next = memchr(line, '\n', (size_t)(end - line));
        next = next == NULL ? end : next + 1;
        bool digits = next - line >= MIN_LINE_BYTES && floor->digits[3][*line] != NO_DIGIT &&
                      memchr(line, ' ', 8) == NULL;
        if (digits && start == NULL)
            start = line;
        if (!digits && start != NULL) {
            /* The line that ends the run may be its short last one. */
            if ((size_t)(next - start) > largest.len)
                largest = vt_bytes_of(start, (size_t)(next - start));
            start = NULL;
        }
        line = next;
    }
    return largest;
}

static struct vt_bytes decode(struct floor *floor, struct vt_bytes text)
{
    const uint8_t *at = text.ptr, *end = text.ptr + text.len;
    uint8_t *to = floor->decoded;
    while (end - at >= 4) {
        uint32_t bits = floor->digits[0][at[0]] | floor->digits[1][at[1]] |
                        floor->digits[2][at[2]] | floor->digits[3][at[3]];
        if ((bits & NO_DIGIT) == 0) {
            *to++ = (uint8_t)(bits >> 16);
            *to++ = (uint8_t)(bits >> 8);
            *to++ = (uint8_t)bits;
            at += 4;
        } else if (*at == '\r' || *at == '\n') {
            at++;
        } else {
            break;
        }
    }
    uint8_t rest[3];
    if (end - at >= 4 && at[3] == '=' && EVP_DecodeBlock(rest, at, 4) == 3) {
        *to++ = rest[0];
        if (at[2] != '=')
            *to++ = rest[1];
    }
    return vt_bytes_of(floor->decoded, (size_t)(to - floor->decoded));
}

/* ---- signature ---- */

struct ranges {
    size_t first_len, second_at, second_len;
};

static bool read_ranges(struct vt_bytes pdf, size_t at, struct ranges *out)
{
    char text[80] = "";
    unsigned long zero = 0, first = 0, second = 0, len = 0;
    memcpy(text, pdf.ptr + at, pdf.len - at < sizeof(text) - 1 ? pdf.len - at : sizeof(text) - 1);
    if (sscanf(text, "/ByteRange [%lu %lu %lu %lu", &zero, &first, &second, &len) != 4)
        return false;
    *out = (struct ranges){first, second, len};
    return first < second && second <= pdf.len && len <= pdf.len - second;
}

static unsigned hex_value(uint8_t c)
{
    return c <= '9' ? c - 48u : (c | 32u) - 87u;
}

static size_t read_contents(struct floor *floor, struct vt_bytes pdf, const struct ranges *ranges)
{
    size_t len = 0;
    for (size_t i = ranges->first_len + 1; i + 2 < ranges->second_at; i += 2)
        floor->cms[len++] = (uint8_t)(hex_value(pdf.ptr[i]) << 4 | hex_value(pdf.ptr[i + 1]));
    return len;
}

/* A digest filter that has seen the ranges, as CMS_SignerInfo_verify_content wants it. */
static BIO *hash_ranges(struct vt_bytes pdf, const struct ranges *ranges)
{
    EVP_MD_CTX *context = NULL;
    BIO *filter = BIO_new(BIO_f_md());
    if (filter == NULL || BIO_set_md(filter, EVP_sha256()) != 1 ||
        BIO_get_md_ctx(filter, &context) != 1 ||
        EVP_DigestUpdate(context, pdf.ptr, ranges->first_len) != 1 ||
        EVP_DigestUpdate(context, pdf.ptr + ranges->second_at, ranges->second_len) != 1) {
        BIO_free(filter);
        return NULL;
    }
    return filter;
}

static bool has_path(const struct floor *floor, X509 *signer, STACK_OF(X509) * carried)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool found = context != NULL &&
                 X509_STORE_CTX_init(context, floor->anchors, signer, carried) == 1 &&
                 X509_verify_cert(context) == 1;
    X509_STORE_CTX_free(context);
    return found;
}

static bool verify_one(struct floor *floor, struct vt_bytes pdf, const struct ranges *ranges)
{
    const unsigned char *at = floor->cms;
    size_t len = read_contents(floor, pdf, ranges);
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)len);
    BIO *hashed = hash_ranges(pdf, ranges);
    STACK_OF(X509) *carried = cms == NULL ? NULL : CMS_get1_certs(cms);
    bool right = false;
    if (carried != NULL && hashed != NULL && CMS_set1_signers_certs(cms, NULL, 0) == 1) {
        CMS_SignerInfo *info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
        X509 *signer = NULL;
        CMS_SignerInfo_get0_algs(info, NULL, &signer, NULL, NULL);
        right = CMS_SignerInfo_verify(info) == 1 &&
                CMS_SignerInfo_verify_content(info, hashed) == 1 &&
                has_path(floor, signer, carried);
    }
    sk_X509_pop_free(carried, X509_free);
    BIO_free(hashed);
    CMS_ContentInfo_free(cms);
    return right;
}

size_t floor_verify(struct floor *floor, struct vt_bytes mail)
{
    size_t count = 0, at = 0;
    struct vt_bytes pdf = decode(floor, find_base64(floor, mail));
    while ((at = vt_bytes_find(pdf, VT_BYTES("/ByteRange ["), at)) != SIZE_MAX) {
        struct ranges ranges;
        if (!read_ranges(pdf, at, &ranges) || !verify_one(floor, pdf, &ranges))
            return 0;
        count++;
        at++;
    }
    return count;
}
