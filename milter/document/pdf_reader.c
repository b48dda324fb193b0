/* SPDX-License-Identifier: Apache-2.0
 * Services of the PDF reader: sets of objects, findings, following references, text strings. */
#include <stdio.h>
#include <string.h>

#include "document/pdf.h"

#define FIRST_SLOTS 64

static size_t slot_of(const struct pdf_set *set, uint64_t key)
{
    size_t mask = set->capacity - 1;
    size_t slot = (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & mask;
    while (set->slots[slot] != 0 && set->slots[slot] != key + 1)
        slot = (slot + 1) & mask;
    return slot;
}

static bool grow(struct pdf_reader *reader, struct pdf_set *set)
{
    struct pdf_set larger = {.capacity = set->capacity == 0 ? FIRST_SLOTS : set->capacity * 2,
                             .count = set->count};
    larger.slots = pdf_scratch(reader, larger.capacity * sizeof(*larger.slots));
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < set->capacity; i++) {
        if (set->slots[i] != 0)
            larger.slots[slot_of(&larger, set->slots[i] - 1)] = set->slots[i];
    }
    *set = larger;
    return true;
}

bool pdf_set_add(struct pdf_reader *reader, struct pdf_set *set, uint64_t key)
{
    if (set->count * 2 >= set->capacity && !grow(reader, set))
        return false;
    size_t slot = slot_of(set, key);
    if (set->slots[slot] != 0)
        return false;
    set->slots[slot] = key + 1;
    set->count++;
    return true;
}

bool pdf_set_has(const struct pdf_set *set, uint64_t key)
{
    return set->capacity > 0 && set->slots[slot_of(set, key)] != 0;
}

bool pdf_set_next(const struct pdf_set *set, size_t *at, uint64_t *out_key)
{
    while (*at < set->capacity && set->slots[*at] == 0)
        ++*at;
    if (*at >= set->capacity)
        return false;
    *out_key = set->slots[(*at)++] - 1;
    return true;
}

uint64_t pdf_ref_key(struct pdf_ref ref)
{
    return (uint64_t)(unsigned)ref.id << 16 | (uint64_t)(unsigned)ref.gen;
}

void *pdf_scratch(struct pdf_reader *reader, size_t len)
{
    void *out = vt_arena_alloc(reader->scratch, len);
    if (out == NULL)
        reader->over_limit = true;
    return out;
}

bool pdf_visit(struct pdf_reader *reader)
{
    if (reader->visits >= PDF_MAX_VISITS) {
        reader->over_limit = true;
        return false;
    }
    reader->visits++;
    return true;
}

bool pdf_work(struct pdf_reader *reader, size_t bytes)
{
    if (bytes > PDF_MAX_WORK_BYTES - reader->work_bytes)
        reader->over_limit = true;
    else
        reader->work_bytes += bytes;
    return !reader->over_limit;
}

#define FINDING_BYTES 400

static void add_finding(struct pdf_reader *reader, const char ***findings, size_t *count,
                        const char *format, va_list args) VT_PRINTF(4, 0);
static void add_finding(struct pdf_reader *reader, const char ***findings, size_t *count,
                        const char *format, va_list args)
{
    char text[FINDING_BYTES];
    (void)vsnprintf(text, sizeof(text), format, args);
    if (vt_findings_add(reader->arena, findings, count, "%s", text) != VT_OK)
        reader->out_of_memory = true;
}

void pdf_finding(struct pdf_reader *reader, enum vt_reason reason, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_finding(reader, &reader->document->findings, &reader->document->findings_count, format,
                args);
    va_end(args);
    if (reason < VT_REASON_COUNT)
        reader->document->reasons |= VT_REASON_BIT(reason);
}

void pdf_signature_finding(struct pdf_reader *reader, struct pdf_signature *signature,
                           enum vt_reason reason, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_finding(reader, &signature->object.findings, &signature->object.findings_count, format,
                args);
    va_end(args);
    if (reason < VT_REASON_COUNT)
        signature->object.reasons |= VT_REASON_BIT(reason);
}

static const struct pdf_object *kept(const struct pdf_reader *reader, struct pdf_ref ref)
{
    for (size_t i = 0; i < PDF_MAX_KEPT; i++) {
        const struct pdf_ref *known = &reader->kept[i].ref;
        if (known->id != 0 && known->id == ref.id && known->gen == ref.gen)
            return &reader->kept[i].object;
    }
    return NULL;
}

/* An object of the newest revision. The library writes it out each time it is asked for, so that
 * large ones are kept, whose text is searched again all the same; where one had no room no other is
 * asked for. */
static struct pdf_object fetch(struct pdf_reader *reader, struct pdf_ref ref)
{
    struct pdf_object none = {0};
    if (reader->main.qpdf == NULL || reader->has_no_room || !pdf_visit(reader))
        return none;
    const struct pdf_object *known = kept(reader, ref);
    if (known != NULL)
        return pdf_work(reader, 2 * known->value.text.len) ? *known : none;
    struct pdf_object out = pdf_doc_fetch(&reader->main, reader->scratch, ref);
    if (out.value.text.len >= PDF_LARGE_BYTES)
        reader->kept[reader->kept_next++ % PDF_MAX_KEPT] = (struct pdf_kept){ref, out};
    reader->has_no_room = out.value.kind == PDF_NONE;
    reader->over_limit |= reader->has_no_room;
    return out;
}

struct pdf_value pdf_resolve(struct pdf_reader *reader, struct pdf_value value)
{
    if (value.kind == PDF_REF)
        value = fetch(reader, value.ref).value;
    if (value.kind == PDF_NULL)
        value.kind = PDF_NONE;
    return value;
}

struct pdf_value pdf_get(struct pdf_reader *reader, const struct pdf_value *dict, const char *key)
{
    return pdf_resolve(reader, pdf_dict_get(dict, key));
}

/* ---- text strings ---- */

#define TEXT_MAX_BYTES 1024

static size_t put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* UTF-16BE behind its byte order mark; lone surrogates become U+FFFD. */
static size_t from_utf16(struct vt_bytes in, char *out)
{
    size_t len = 0;
    for (size_t i = 2; i + 1 < in.len; i += 2) {
        uint32_t c = (uint32_t)in.ptr[i] << 8 | in.ptr[i + 1];
        if (c >= 0xd800 && c < 0xe000) {
            uint32_t low = i + 3 < in.len ? (uint32_t)in.ptr[i + 2] << 8 | in.ptr[i + 3] : 0;
            if (c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            } else {
                c = 0xfffd;
            }
        }
        len += put_utf8(out + len, c);
    }
    return len;
}

/* PDFDocEncoding (annex D.3) is Latin-1 but for two runs. */
static uint32_t from_pdfdoc_byte(uint8_t byte)
{
    static const uint16_t accents[] = {0x2d8, 0x2c7, 0x2c6, 0x2d9, 0x2dd, 0x2db, 0x2da, 0x2dc};
    static const uint16_t others[] = {
        0x2022, 0x2020, 0x2021, 0x2026, 0x2014, 0x2013, 0x192,  0x2044, 0x2039, 0x203a, 0x2212,
        0x2030, 0x201e, 0x201c, 0x201d, 0x2018, 0x2019, 0x201a, 0x2122, 0xfb01, 0xfb02, 0x141,
        0x152,  0x160,  0x178,  0x17d,  0x131,  0x142,  0x153,  0x161,  0x17e,  0xfffd, 0x20ac};
    if (byte >= 0x18 && byte <= 0x1f)
        return accents[byte - 0x18];
    return byte >= 0x80 && byte <= 0xa0 ? others[byte - 0x80] : byte;
}

static size_t from_pdfdoc(struct vt_bytes in, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < in.len; i++)
        len += put_utf8(out + len, from_pdfdoc_byte(in.ptr[i]));
    return len;
}

/* out has room for three bytes of UTF-8 for each byte of a string. */
static size_t to_utf8(struct vt_bytes raw, char *out)
{
    if (vt_bytes_starts_with(raw, VT_BYTES("\xfe\xff")))
        return from_utf16(raw, out);
    size_t mark = vt_bytes_starts_with(raw, VT_BYTES("\xef\xbb\xbf")) ? 3 : 0;
    if (mark == 0 && !vt_text_is_utf8(raw))
        return from_pdfdoc(raw, out);
    if (raw.len > mark)
        memcpy(out, raw.ptr + mark, raw.len - mark);
    return raw.len - mark;
}

/* The bytes of a string, at most max; empty for anything else. */
static struct vt_bytes decoded_string(struct pdf_reader *reader, const struct pdf_value *value,
                                      size_t max)
{
    struct vt_bytes none = {0};
    if (value->kind != PDF_STRING && value->kind != PDF_HEX_STRING)
        return none;
    uint8_t *decoded = pdf_scratch(reader, value->text.len);
    return decoded == NULL
               ? none
               : vt_bytes_slice(vt_bytes_of(decoded, pdf_string_decode(value, decoded)), 0, max);
}

struct vt_bytes pdf_text_exact(struct pdf_reader *reader, const struct pdf_value *value,
                               struct pdf_text_room *room)
{
    struct vt_bytes none = {0};
    bool is_text = value->kind == PDF_STRING || value->kind == PDF_HEX_STRING;
    if (!is_text || !pdf_work(reader, value->text.len))
        return none;
    if (room != NULL && value->text.len <= sizeof(room->raw)) {
        struct vt_bytes raw = vt_bytes_of(room->raw, pdf_string_decode(value, room->raw));
        return vt_bytes_of((const uint8_t *)room->utf8, to_utf8(raw, room->utf8));
    }
    struct vt_bytes raw = decoded_string(reader, value, SIZE_MAX);
    char *utf8 = pdf_scratch(reader, raw.len * 3 + 1);
    return utf8 == NULL ? none : vt_bytes_of((const uint8_t *)utf8, to_utf8(raw, utf8));
}

const char *pdf_text_string(struct pdf_reader *reader, const struct pdf_value *value)
{
    char utf8[TEXT_MAX_BYTES * 3], clean[VT_MAX_NAME_BYTES + 1];
    struct vt_bytes raw = decoded_string(reader, value, TEXT_MAX_BYTES);
    if (raw.len == 0)
        return "";
    const struct vt_bytes text = vt_bytes_of((const uint8_t *)utf8, to_utf8(raw, utf8));
    const char *out = vt_arena_str(reader->arena, vt_text_clean(clean, sizeof(clean), text));
    if (out == NULL)
        reader->out_of_memory = true;
    return out == NULL ? "" : out;
}
