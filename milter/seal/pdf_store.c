/* SPDX-License-Identifier: Apache-2.0
 * Validation data put into a sealed PDF: a document security store (ISO 32000-2 12.8.4.3,
 * EN 319 142-1 5.4.2) as one more incremental update. What is there already stays and is not
 * repeated. No /VRI: it is optional, and validators look through the whole store. */
#include <string.h>

#include "seal/pdf.h"

/* New streams of one kind, written before the store that lists them. */
struct shelf {
    const char *key;
    const struct vt_bytes *items;
    size_t count;
    const struct vt_bytes *old; /* in the file */
    size_t old_count;
    size_t max_count, max_bytes;
    struct pdf_ref *refs;
    size_t refs_count;
};

static bool is_among(struct vt_bytes item, const struct vt_bytes *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (vt_bytes_equal(items[i], item))
            return true;
    }
    return false;
}

static enum vt_code write_items(struct vt_pdf_update *update, struct shelf *shelf)
{
    shelf->refs = vt_arena_alloc(update->arena, (shelf->count + 1) * sizeof(*shelf->refs));
    if (shelf->refs == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i < shelf->count; i++) {
        struct vt_bytes item = shelf->items[i];
        if (is_among(item, shelf->old, shelf->old_count) || is_among(item, shelf->items, i))
            continue;
        if (item.len == 0 || item.len > shelf->max_bytes ||
            shelf->old_count + shelf->refs_count >= shelf->max_count)
            return VT_E_LIMIT;
        struct pdf_ref ref = vt_update_new_ref(update);
        vt_update_add_stream(update, ref, "", item);
        shelf->refs[shelf->refs_count++] = ref;
    }
    return update->code;
}

/* "/OCSPs [4 0 R 9 0 R] " */
static void put_array(struct vt_pdf_update *update, struct pdf_reader *reader,
                      const struct pdf_value *store, const struct shelf *shelf)
{
    struct pdf_value array = pdf_get(reader, store, shelf->key), item;
    if (array.kind != PDF_ARRAY && shelf->refs_count == 0)
        return;
    vt_update_putf(update, "/%s [", shelf->key);
    for (size_t at = 0; pdf_array_next(&array, &at, &item);) {
        vt_update_put(update, item.text);
        vt_update_put(update, VT_BYTES(" "));
    }
    for (size_t i = 0; i < shelf->refs_count; i++)
        vt_update_putf(update, "%d 0 R ", shelf->refs[i].id);
    vt_update_put(update, VT_BYTES("] "));
}

static void write_store(struct vt_pdf_update *update, struct pdf_reader *reader, struct pdf_ref ref,
                        const struct pdf_value *old, const struct shelf shelves[3])
{
    static const char *const without[] = {"Type", "Certs", "OCSPs", "CRLs", NULL};
    vt_update_begin(update, ref);
    vt_update_put(update, VT_BYTES("<< /Type /DSS "));
    if (old->kind == PDF_DICT)
        vt_update_put_entries(update, old, without);
    for (size_t i = 0; i < 3; i++)
        put_array(update, reader, old, &shelves[i]);
    vt_update_put(update, VT_BYTES(">>"));
    vt_update_end(update);
}

static void write_catalog(struct vt_pdf_update *update, const struct vt_pdf_source *source,
                          struct pdf_ref store)
{
    static const char *const without[] = {"DSS", NULL};
    vt_update_begin(update, source->root);
    vt_update_put(update, VT_BYTES("<< "));
    vt_update_put_entries(update, &source->reader.catalog, without);
    vt_update_putf(update, "/DSS %d 0 R >>", store.id);
    vt_update_end(update);
}

/* A store that is an object of its own is written anew; else the catalog gets one. */
static enum vt_code write_all(struct vt_pdf_update *update, struct vt_pdf_source *source,
                              struct shelf shelves[3])
{
    struct pdf_value place = pdf_dict_get(&source->reader.catalog, "DSS");
    struct pdf_value old = pdf_resolve(&source->reader, place);
    bool has_object = place.kind == PDF_REF && old.kind == PDF_DICT;
    size_t written = 0;
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < 3 && code == VT_OK; i++) {
        code = write_items(update, &shelves[i]);
        written += shelves[i].refs_count;
    }
    if (code != VT_OK)
        return code;
    if (written == 0)
        return VT_E_NOT_FOUND;
    struct pdf_ref ref = has_object ? place.ref : vt_update_new_ref(update);
    write_store(update, &source->reader, ref, &old, shelves);
    if (!has_object)
        write_catalog(update, source, ref);
    vt_update_finish(update, source);
    return update->code;
}

static enum vt_code build(struct vt_arena *arena, struct vt_pdf_source *source,
                          const struct vt_seal_pdf_data *data, struct vt_bytes *out)
{
    const struct vt_validation_data *old = &source->reader.document->validation_data;
    struct shelf shelves[3] = {{"Certs", data->certificates, data->certificates_count,
                                old->certificates, old->certificates_count, VT_MAX_CERTIFICATES,
                                VT_MAX_CERTIFICATE_BYTES, NULL, 0},
                               {"OCSPs", data->ocsps, data->ocsps_count, old->ocsps,
                                old->ocsps_count, VT_MAX_REVOCATIONS, VT_MAX_OCSP_BYTES, NULL, 0},
                               {"CRLs", data->crls, data->crls_count, old->crls, old->crls_count,
                                VT_MAX_REVOCATIONS, VT_MAX_SEAL_CRL_BYTES, NULL, 0}};
    struct vt_pdf_update update;
    vt_update_init(&update, source->reader.scratch, source);
    enum vt_code code = write_all(&update, source, shelves);
    if (code == VT_OK) {
        uint8_t *copy = vt_arena_dup(arena, update.bytes.ptr, update.bytes.len);
        *out = vt_bytes_of(copy, update.bytes.len);
        code = copy != NULL ? VT_OK : VT_E_NOMEM;
    }
    vt_buf_clear(&update.bytes);
    return code;
}

enum vt_code vt_seal_pdf_store(struct vt_arena *arena, struct vt_bytes pdf,
                               const struct vt_seal_pdf_data *data, struct vt_bytes *out_update,
                               struct vt_err *err)
{
    struct vt_pdf_source source = {0};
    *out_update = (struct vt_bytes){0};
    enum vt_code code = vt_pdf_source_open(&source, arena, pdf, err);
    if (code == VT_OK && source.word != VT_SEAL_PDF_READY)
        code = vt_err_set(err, VT_E_FORMAT, "%s", source.why);
    else if (code == VT_OK)
        code = build(arena, &source, data, out_update);
    vt_pdf_source_close(&source);
    if (code == VT_E_NOT_FOUND)
        return VT_OK;
    return code == VT_OK || code == VT_E_FORMAT
               ? code
               : vt_err_set(err, code, "the validation data could not be put into the PDF");
}
