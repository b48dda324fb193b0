/* SPDX-License-Identifier: Apache-2.0
 * An incremental update (ISO 32000-1 7.5.6): objects after the end of the file, and a
 * cross-reference section of the kind the file has, whose /Prev leads to the one before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "seal/pdf_font.h"

/* Appearance with its font, and the reserved signature. */
#define MAX_UPDATE_BYTES ((size_t)64 * 1024 * 1024)
#define VIETNAM_SECS (7 * 3600)

void vt_update_init(struct vt_pdf_update *update, struct vt_arena *arena,
                    const struct vt_pdf_source *source)
{
    struct vt_bytes bytes = source->reader.bytes;
    *update =
        (struct vt_pdf_update){.arena = arena, .base_bytes = bytes.len, .next_id = source->next_id};
    vt_buf_init(&update->bytes, MAX_UPDATE_BYTES);
    if (bytes.len > 0 && bytes.ptr[bytes.len - 1] != '\n' && bytes.ptr[bytes.len - 1] != '\r')
        vt_update_put(update, VT_BYTES("\n"));
}

struct pdf_ref vt_update_new_ref(struct vt_pdf_update *update)
{
    return (struct pdf_ref){.id = update->next_id++};
}

void vt_update_put(struct vt_pdf_update *update, struct vt_bytes bytes)
{
    if (update->code == VT_OK)
        update->code = vt_buf_add(&update->bytes, bytes.ptr, bytes.len);
}

void vt_update_putf(struct vt_pdf_update *update, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof(text))
        update->code = update->code == VT_OK ? VT_E_INTERNAL : update->code;
    else
        vt_update_put(update, vt_bytes_of(text, (size_t)len));
}

void vt_update_put_number(struct vt_pdf_update *update, double number)
{
    long long thousandths = (long long)(number * 1000 + (number < 0 ? -0.5 : 0.5));
    unsigned long long size = (unsigned long long)(thousandths < 0 ? -thousandths : thousandths);
    vt_update_putf(update, "%s%llu.%03llu ", thousandths < 0 ? "-" : "", size / 1000, size % 1000);
}

/* ---- strings ---- */

static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 32 || (unsigned char)*text > 126)
            return false;
    }
    return true;
}

static void put_utf16(struct vt_pdf_update *update, const char *utf8)
{
    vt_update_put(update, VT_BYTES("<FEFF"));
    for (uint32_t c; (c = vt_font_next_character(&utf8)) != 0;) {
        if (c < 0x10000)
            vt_update_putf(update, "%04X", c);
        else
            vt_update_putf(update, "%04X%04X", 0xd800 + ((c - 0x10000) >> 10),
                           0xdc00 + ((c - 0x10000) & 0x3ff));
    }
    vt_update_put(update, VT_BYTES(">"));
}

void vt_update_put_text(struct vt_pdf_update *update, const char *utf8)
{
    if (!vt_text_is_utf8(vt_bytes_str(utf8)))
        utf8 = "?";
    if (!is_plain(utf8)) {
        put_utf16(update, utf8);
        return;
    }
    vt_update_put(update, VT_BYTES("("));
    for (; *utf8 != '\0'; utf8++)
        vt_update_putf(update, strchr("()\\", *utf8) != NULL ? "\\%c" : "%c", *utf8);
    vt_update_put(update, VT_BYTES(")"));
}

void vt_update_put_date(struct vt_pdf_update *update, int64_t utc_secs)
{
    time_t when = (time_t)(utc_secs + VIETNAM_SECS);
    struct tm tm = {0};
    char text[64] = "";
    if (gmtime_r(&when, &tm) == NULL)
        tm = (struct tm){.tm_year = 70, .tm_mday = 1};
    (void)strftime(text, sizeof(text), "(D:%Y%m%d%H%M%S+07'00')", &tm);
    vt_update_put(update, vt_bytes_str(text));
}

/* ---- objects ---- */

void vt_update_begin(struct vt_pdf_update *update, struct pdf_ref ref)
{
    struct vt_pdf_written *written =
        vt_arena_grow(update->arena, update->written, update->count, sizeof(*update->written));
    if (written == NULL) {
        update->code = VT_E_NOMEM;
        return;
    }
    update->written = written;
    update->written[update->count++] =
        (struct vt_pdf_written){.ref = ref, .offset = update->base_bytes + update->bytes.len};
    vt_update_putf(update, "%d %d obj\n", ref.id, ref.gen);
}

void vt_update_end(struct vt_pdf_update *update)
{
    vt_update_put(update, VT_BYTES("\nendobj\n"));
}

void vt_update_add_stream(struct vt_pdf_update *update, struct pdf_ref ref, const char *entries,
                          struct vt_bytes data)
{
    vt_update_begin(update, ref);
    vt_update_put(update, VT_BYTES("<< "));
    vt_update_put(update, vt_bytes_str(entries));
    vt_update_putf(update, " /Length %zu >>\nstream\n", data.len);
    vt_update_put(update, data);
    vt_update_put(update, VT_BYTES("\nendstream"));
    vt_update_end(update);
}

static bool is_named(const struct pdf_value *key, const char *const *names)
{
    for (; names != NULL && *names != NULL; names++) {
        if (pdf_name_is(key, *names))
            return true;
    }
    return false;
}

void vt_update_put_entries(struct vt_pdf_update *update, const struct pdf_value *dict,
                           const char *const *without)
{
    struct pdf_value key, value;
    for (size_t at = 0; pdf_dict_next(dict, &at, &key, &value);) {
        if (is_named(&key, without))
            continue;
        vt_update_put(update, key.text);
        vt_update_put(update, VT_BYTES(" "));
        vt_update_put(update, value.text);
        vt_update_put(update, VT_BYTES(" "));
    }
}

/* ---- cross-reference section ---- */

static int by_id(const void *a, const void *b)
{
    const struct vt_pdf_written *left = a, *right = b;
    return left->ref.id < right->ref.id ? -1 : left->ref.id > right->ref.id;
}

/* How many objects from index on have numbers one after the other. */
static size_t run_len(const struct vt_pdf_update *update, size_t index)
{
    size_t len = 1;
    while (index + len < update->count &&
           update->written[index + len].ref.id == update->written[index].ref.id + (int)len)
        len++;
    return len;
}

/* Of the trailer before, what is the document's and not the section's (7.5.5, table 15). */
static void put_trailer_entries(struct vt_pdf_update *update, const struct vt_pdf_source *source)
{
    static const char *const kept[] = {"Root", "Info", "ID"};
    vt_update_putf(update, "/Size %d /Prev %zu ", update->next_id,
                   source->chain.revisions[source->chain.revisions_count - 1].startxref);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        struct pdf_value value = pdf_dict_get(&source->newest->trailer, kept[i]);
        if (value.kind == PDF_NONE)
            continue;
        vt_update_putf(update, "/%s ", kept[i]);
        vt_update_put(update, value.text);
        vt_update_put(update, VT_BYTES(" "));
    }
}

/* 7.5.4: entries of exactly 20 bytes. */
static void put_table(struct vt_pdf_update *update, const struct vt_pdf_source *source)
{
    vt_update_put(update, VT_BYTES("xref\n"));
    for (size_t i = 0; i < update->count;) {
        size_t end = i + run_len(update, i);
        vt_update_putf(update, "%d %zu\n", update->written[i].ref.id, end - i);
        for (; i < end; i++)
            vt_update_putf(update, "%010zu %05d n \n", update->written[i].offset,
                           update->written[i].ref.gen);
    }
    vt_update_put(update, VT_BYTES("trailer\n<< "));
    put_trailer_entries(update, source);
    vt_update_put(update, VT_BYTES(">>\n"));
}

/* 7.5.8: type, offset in 5 bytes, generation in 2. */
static void put_stream(struct vt_pdf_update *update, const struct vt_pdf_source *source)
{
    size_t len = 8 * update->count;
    vt_update_put(update, VT_BYTES("<< /Type /XRef /W [1 5 2] /Index ["));
    for (size_t i = 0; i < update->count; i += run_len(update, i))
        vt_update_putf(update, "%d %zu ", update->written[i].ref.id, run_len(update, i));
    vt_update_put(update, VT_BYTES("] "));
    put_trailer_entries(update, source);
    vt_update_putf(update, "/Length %zu >>\nstream\n", len);
    for (size_t i = 0; i < update->count; i++) {
        const struct vt_pdf_written *written = &update->written[i];
        uint8_t entry[8] = {
            1, 0, 0, 0, 0, 0, (uint8_t)(written->ref.gen >> 8), (uint8_t)written->ref.gen};
        for (unsigned byte = 0; byte < 5; byte++)
            entry[5 - byte] = (uint8_t)((uint64_t)written->offset >> (8 * byte));
        vt_update_put(update, vt_bytes_of(entry, sizeof(entry)));
    }
    vt_update_put(update, VT_BYTES("\nendstream\nendobj\n"));
}

void vt_update_finish(struct vt_pdf_update *update, const struct vt_pdf_source *source)
{
    size_t start = update->base_bytes + update->bytes.len;
    if (source->newest->is_stream)
        vt_update_begin(update, vt_update_new_ref(update));
    if (update->code != VT_OK)
        return;
    qsort(update->written, update->count, sizeof(*update->written), by_id);
    if (source->newest->is_stream)
        put_stream(update, source);
    else
        put_table(update, source);
    vt_update_putf(update, "startxref\n%zu\n%%%%EOF\n", start);
}
