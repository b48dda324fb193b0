/* SPDX-License-Identifier: Apache-2.0
 * Files of certificates: one in DER, or PEM blocks with any text between them (RFC 7468). */
#include <string.h>

#include "verify/certificate.h"

#define PEM_BEGIN VT_BYTES("-----BEGIN ")
#define PEM_LINE_END VT_BYTES("-----")

/* Labels under which certificates are found. */
static bool is_certificate_label(struct vt_bytes label)
{
    return vt_bytes_equal(label, VT_BYTES("CERTIFICATE")) ||
           vt_bytes_equal(label, VT_BYTES("X509 CERTIFICATE"));
}

struct pem_block {
    struct vt_bytes label;
    struct vt_bytes text; /* base64 */
};

/* The next block at or after *from. VT_E_NOT_FOUND: none; VT_E_FORMAT: not closed. */
static enum vt_code next_block(struct vt_bytes file, size_t *from, struct pem_block *out)
{
    size_t begin = vt_bytes_find(file, PEM_BEGIN, *from);
    if (begin == SIZE_MAX)
        return VT_E_NOT_FOUND;
    size_t label_at = begin + PEM_BEGIN.len;
    size_t label_end = vt_bytes_find(file, PEM_LINE_END, label_at);
    if (label_end == SIZE_MAX)
        return VT_E_FORMAT;
    size_t text_at = label_end + PEM_LINE_END.len;
    size_t text_end = vt_bytes_find(file, VT_BYTES("-----END "), text_at);
    if (text_end == SIZE_MAX)
        return VT_E_FORMAT;
    out->label = vt_bytes_slice(file, label_at, label_end - label_at);
    out->text = vt_bytes_slice(file, text_at, text_end - text_at);
    *from = text_end + 1;
    return VT_OK;
}

static enum vt_code split_pem(struct vt_arena *arena, struct vt_bytes file, struct vt_bytes *out,
                              size_t out_max, size_t *out_count, struct vt_err *err)
{
    struct pem_block block;
    size_t from = 0;
    enum vt_code code;
    while ((code = next_block(file, &from, &block)) == VT_OK) {
        if (!is_certificate_label(block.label))
            continue;
        if (*out_count == out_max)
            return vt_err_set(err, VT_E_LIMIT, "the file holds more than %zu certificates",
                              out_max);
        code = vt_base64_decode(arena, block.text, &out[*out_count]);
        if (code != VT_OK)
            return vt_err_set(err, code, "a PEM block of a certificate is not base64");
        (*out_count)++;
    }
    if (code != VT_E_NOT_FOUND)
        return vt_err_set(err, VT_E_FORMAT, "a PEM block has no end line");
    if (*out_count == 0)
        return vt_err_set(err, VT_E_FORMAT, "the file holds no certificate");
    return VT_OK;
}

enum vt_code vt_certificate_file_split(struct vt_arena *arena, struct vt_bytes file,
                                       struct vt_bytes *out, size_t out_max, size_t *out_count,
                                       struct vt_err *err)
{
    *out_count = 0;
    if (file.len == 0 || file.ptr[0] != 0x30 || out_max == 0)
        return split_pem(arena, file, out, out_max, out_count, err);
    out[0] = file;
    *out_count = 1;
    return VT_OK;
}

static enum vt_code add_pem(struct vt_certificate_pool *pool, struct vt_arena *scratch,
                            struct vt_bytes file, const struct vt_certificate **out, size_t out_max,
                            size_t *out_count, struct vt_err *err)
{
    struct vt_bytes *ders = vt_arena_alloc(scratch, (out_max + 1) * sizeof(*ders));
    size_t count = 0;
    if (ders == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a file of certificates");
    enum vt_code split = split_pem(scratch, file, ders, out_max, &count, err);
    /* Those before a damaged one are given, too. */
    for (size_t i = 0; i < count; i++) {
        enum vt_code code = vt_certificate_add(pool, ders[i], &out[*out_count], err);
        if (code != VT_OK)
            return code;
        (*out_count)++;
    }
    return split;
}

enum vt_code vt_certificate_add_file(struct vt_certificate_pool *pool, struct vt_bytes file,
                                     const struct vt_certificate **out, size_t out_max,
                                     size_t *out_count, struct vt_err *err)
{
    *out_count = 0;
    if (file.len > 0 && file.ptr[0] == 0x30 && out_max > 0) {
        enum vt_code code = vt_certificate_add(pool, file, out, err);
        *out_count = code == VT_OK ? 1 : 0;
        return code;
    }
    struct vt_arena *scratch = vt_arena_new(file.len + VT_MAX_CERTIFICATE_BYTES);
    if (scratch == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a file of certificates");
    enum vt_code code = add_pem(pool, scratch, file, out, out_max, out_count, err);
    vt_arena_free(scratch);
    return code;
}
