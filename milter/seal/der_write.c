/* SPDX-License-Identifier: Apache-2.0
 * DER written into an arena (X.690 8 to 11): definite lengths in the shortest form, SET OF sorted.
 * Built from the leaves upwards, so that each length is known. */
#include "seal/der_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "verify/der.h"

struct vt_bytes vt_der_make(struct vt_der_writer *writer, unsigned tag,
                            const struct vt_bytes *parts, size_t count)
{
    uint8_t header[6];
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    size_t header_len = vt_der_header(header, (uint8_t)tag, len);
    uint8_t *out =
        writer->is_out_of_memory ? NULL : vt_arena_alloc(writer->arena, header_len + len);
    if (out == NULL) {
        writer->is_out_of_memory = true;
        return (struct vt_bytes){0};
    }
    memcpy(out, header, header_len);
    size_t at = header_len;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0)
            memcpy(out + at, parts[i].ptr, parts[i].len);
        at += parts[i].len;
    }
    return vt_bytes_of(out, at);
}

/* X.690 11.6: compared as octet strings. Whole elements of different lengths differ within their
 * headers, so that padding never decides. */
static int by_octets(const void *a, const void *b)
{
    const struct vt_bytes *left = a, *right = b;
    size_t len = left->len < right->len ? left->len : right->len;
    int order = len == 0 ? 0 : memcmp(left->ptr, right->ptr, len);
    return order != 0 ? order : (left->len > right->len) - (left->len < right->len);
}

struct vt_bytes vt_der_make_set(struct vt_der_writer *writer, unsigned tag, struct vt_bytes *parts,
                                size_t count)
{
    if (count > 1)
        qsort(parts, count, sizeof(*parts), by_octets);
    return vt_der_make(writer, tag, parts, count);
}

struct vt_bytes vt_der_make_number(struct vt_der_writer *writer, uint32_t number)
{
    uint8_t octets[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                         (uint8_t)number};
    size_t at = 0;
    while (at < 3 && octets[at] == 0 && octets[at + 1] < 0x80)
        at++;
    return VT_DER_MAKE(writer, VT_DER_INTEGER, vt_bytes_of(octets + at, 4 - at));
}

struct vt_bytes vt_der_make_algorithm(struct vt_der_writer *writer, struct vt_bytes oid,
                                      struct vt_bytes parameters)
{
    return VT_DER_MAKE(writer, VT_DER_SEQUENCE, VT_DER_MAKE(writer, VT_DER_OID, oid), parameters);
}

struct vt_bytes vt_der_make_time(struct vt_der_writer *writer, int64_t utc_secs)
{
    time_t when = (time_t)utc_secs;
    struct tm tm = {0};
    char text[64] = "";
    if (gmtime_r(&when, &tm) == NULL || tm.tm_year < 50 || tm.tm_year > 9999 - 1900)
        tm = (struct tm){.tm_year = 70, .tm_mday = 1};
    bool is_utc_time = tm.tm_year < 150;
    int len = snprintf(text, sizeof(text), "%04d%02d%02d%02d%02d%02dZ", tm.tm_year + 1900,
                       tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    size_t century = is_utc_time ? 2 : 0;
    return VT_DER_MAKE(writer, is_utc_time ? VT_DER_UTC_TIME : VT_DER_GENERALIZED_TIME,
                       vt_bytes_of(text + century, (size_t)len - century));
}
