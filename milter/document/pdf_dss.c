/* SPDX-License-Identifier: Apache-2.0
 * The document security store (EN 319 142-1, 5.4.2): certificates, CRLs and OCSP responses that
 * came with the document, as bytes. They prove nothing by being there; other rooms judge them. */
#include <stdlib.h>

#include "document/pdf.h"

/* All streams of the store together, decoded. */
#define MAX_STORE_BYTES ((size_t)64 * 1024 * 1024)

struct store {
    struct pdf_reader *reader;
    struct pdf_set seen;
    struct pdf_set related; /* entries of /VRI */
    size_t bytes;
    bool too_large; /* a stream was */
    bool cut;       /* something was left out */
    bool stamped;   /* a time stamp over one of its parts */
};

struct shelf {
    struct vt_bytes *items;
    size_t *count;
    size_t max_count;
    size_t max_bytes;
};

static void add_stream(struct store *store, const struct shelf *shelf, struct pdf_ref ref)
{
    uint8_t *data = NULL;
    size_t len = 0;
    if (store->too_large || !pdf_set_add(store->reader, &store->seen, pdf_ref_key(ref)))
        return;
    if (*shelf->count == shelf->max_count || !pdf_visit(store->reader) ||
        !pdf_doc_stream(&store->reader->main, ref, true, shelf->max_bytes, &data, &len) ||
        len > MAX_STORE_BYTES - store->bytes) {
        free(data);
        store->cut = true;
        /* The library knows the size of a stream only when it is decoded: not a second time. */
        store->too_large = len > shelf->max_bytes || len > MAX_STORE_BYTES - store->bytes;
        return;
    }
    uint8_t *copy = vt_arena_dup(store->reader->arena, data, len);
    free(data);
    if (copy == NULL) {
        store->reader->out_of_memory = true;
        return;
    }
    store->bytes += len;
    shelf->items[(*shelf->count)++] = vt_bytes_of(copy, len);
}

static void add_streams(struct store *store, const struct shelf *shelf,
                        const struct pdf_value *dict, const char *key)
{
    struct pdf_value array = pdf_get(store->reader, dict, key), item;
    for (size_t at = 0; pdf_array_next(&array, &at, &item);) {
        if (item.kind == PDF_REF)
            add_stream(store, shelf, item.ref);
    }
}

/* 5.4.2.3: VRI names the data of one signature; usually the same streams again. */
static void add_related(struct store *store, const struct shelf shelves[3],
                        const struct pdf_value *dss)
{
    struct pdf_value vri = pdf_get(store->reader, dss, "VRI"), key, value;
    for (size_t at = 0; pdf_dict_next(&vri, &at, &key, &value);) {
        if (value.kind == PDF_REF &&
            !pdf_set_add(store->reader, &store->related, pdf_ref_key(value.ref)))
            continue;
        struct pdf_value entry = pdf_resolve(store->reader, value);
        add_streams(store, &shelves[0], &entry, "Cert");
        add_streams(store, &shelves[1], &entry, "CRL");
        add_streams(store, &shelves[2], &entry, "OCSP");
        store->stamped |= pdf_get(store->reader, &entry, "TS").kind != PDF_NONE;
    }
}

void pdf_dss_read(struct pdf_reader *reader)
{
    struct vt_validation_data *data = &reader->document->validation_data;
    struct store store = {.reader = reader};
    struct pdf_value dss = pdf_get(reader, &reader->catalog, "DSS");
    const struct shelf shelves[3] = {
        {data->certificates, &data->certificates_count, VT_MAX_CERTIFICATES,
         VT_MAX_CERTIFICATE_BYTES},
        {data->crls, &data->crls_count, VT_MAX_REVOCATIONS, VT_MAX_CRL_BYTES},
        {data->ocsps, &data->ocsps_count, VT_MAX_REVOCATIONS, VT_MAX_OCSP_BYTES},
    };
    if (dss.kind != PDF_DICT)
        return;
    add_streams(&store, &shelves[0], &dss, "Certs");
    add_streams(&store, &shelves[1], &dss, "CRLs");
    add_streams(&store, &shelves[2], &dss, "OCSPs");
    add_related(&store, shelves, &dss);
    if (store.stamped)
        pdf_finding(reader, VT_REASON_COUNT,
                    "A time stamp over validation data (/VRI, /TS) is not supported and proves "
                    "nothing; document time stamps are.");
    if (store.cut)
        pdf_finding(
            reader, VT_REASON_COUNT,
            "Some validation data of the document (/DSS) were left out: too many, too large "
            "or unreadable.");
}
