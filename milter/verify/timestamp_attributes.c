/* SPDX-License-Identifier: Apache-2.0
 * The time stamp tokens among the attributes of one signature (EN 319 122-1 5.2.8, 5.3, 5.5;
 * TS 101 733 6.3, 6.4). What is not supported is said by name. */
#include "verify/timestamp.h"

#include "verify/der.h"
#include "verify/oid.h"

/* Each hashes the content again, which may be large. */
#define MAX_ARCHIVE_V2 4

/* ---- finding them ---- */

static bool has_token(const struct vt_token_table *table, const char *kind, struct vt_bytes token)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->items[i].kind == kind && vt_bytes_equal(table->items[i].token, token))
            return true;
    }
    return false;
}

/* Every value of every attribute of the type: several tokens are allowed. One that stands twice
 * proves no more than once. */
static void collect(struct vt_signer_work *work, const struct vt_attributes *set,
                    struct vt_bytes oid, const char *kind, struct vt_token_table *table)
{
    for (size_t i = 0; i < set->count; i++) {
        struct vt_bytes values = set->items[i].values;
        struct vt_der token;
        if (!vt_bytes_equal(set->items[i].oid, oid))
            continue;
        while (vt_der_next(&values, &token) == VT_OK) {
            if (has_token(table, kind, token.raw)) {
                VT_NOTE(work->signing->arena, work->out,
                        "A time stamp stands twice in the signature.");
                continue;
            }
            if (table->count == VT_MAX_TIMESTAMPS) {
                VT_NOTE(work->signing->arena, work->out,
                        "There are more time stamps than the %d that were verified.",
                        VT_MAX_TIMESTAMPS);
                return;
            }
            table->items[table->count++] = (struct vt_token_place){
                .kind = kind, .attribute = &set->items[i], .token = token.raw};
        }
    }
}

static void collect_all(struct vt_signer_work *work, struct vt_token_table *table)
{
    const struct vt_attributes *plain = &work->unsigned_attributes;
    collect(work, plain, VT_OID_TIME_STAMP_TOKEN, "signature", table);
    if (work->matched_content != NULL)
        collect(work, &work->attributes, VT_OID_CONTENT_TIME_STAMP, "content", table);
    collect(work, plain, VT_OID_ESC_TIME_STAMP, "signature-and-references", table);
    collect(work, plain, VT_OID_CERTS_CRLS_TIME_STAMP, "references", table);
    collect(work, plain, VT_OID_ARCHIVE_TIME_STAMP_V2, "archive", table);
    collect(work, plain, VT_OID_ARCHIVE_TIME_STAMP_V3, "archive", table);
}

static void note_unused(struct vt_signer_work *work)
{
    const struct {
        struct vt_bytes oid;
        const char *what;
    } unused[] = {{VT_OID_COUNTERSIGNATURE, "countersignature"},
                  {VT_OID_ARCHIVE_TIME_STAMP, "archive time stamp of the first version"},
                  {VT_OID_LONG_TERM_VALIDATION, "long-term-validation"},
                  {VT_OID_EVIDENCE_RECORD_INTERNAL, "evidence record (RFC 4998)"},
                  {VT_OID_EVIDENCE_RECORD_EXTERNAL, "evidence record (RFC 4998)"}};
    for (size_t i = 0; i < sizeof(unused) / sizeof(unused[0]); i++) {
        size_t count;
        vt_attributes_find(&work->unsigned_attributes, unused[i].oid, &count);
        if (count > 0)
            VT_NOTE(work->signing->arena, work->out,
                    "%zu attribute%s of the kind %s found; this kind is not supported and proves "
                    "nothing.",
                    count, count == 1 ? "" : "s", unused[i].what);
    }
}

/* ---- verifying one ---- */

static void take_revocations(struct vt_verified *out, const struct vt_verified *inner)
{
    for (size_t i = 0; i < inner->crls_count && out->crls_count < VT_MAX_REVOCATIONS; i++)
        out->crls[out->crls_count++] = inner->crls[i];
    for (size_t i = 0; i < inner->ocsps_count && out->ocsps_count < VT_MAX_REVOCATIONS; i++)
        out->ocsps[out->ocsps_count++] = inner->ocsps[i];
}

static bool is_of(const struct vt_token_place *place, struct vt_bytes oid)
{
    return vt_bytes_equal(place->attribute->oid, oid);
}

/* Tokens among the signed attributes are covered by whatever covers the signature. */
static uint32_t content_tokens(const struct vt_token_table *table)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < table->count; i++) {
        if (is_of(&table->items[i], VT_OID_CONTENT_TIME_STAMP))
            bits |= UINT32_C(1) << i;
    }
    return bits;
}

static enum vt_code verify_place(struct vt_signer_work *work, const struct vt_token_table *table,
                                 size_t index, const struct vt_content *value, struct vt_err *err)
{
    const struct vt_token_place *place = &table->items[index];
    struct vt_verified *out = work->out;
    struct vt_verified *inner = vt_arena_alloc(work->signing->arena, sizeof(*inner));
    struct vt_stamped stamped = {
        .kind = place->kind, .content = value, .work = work, .table = table, .index = index};
    if (inner == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a time stamp");
    if (is_of(place, VT_OID_CONTENT_TIME_STAMP))
        stamped.content = work->matched_content;
    else if (!is_of(place, VT_OID_CERTS_CRLS_TIME_STAMP))
        stamped.covers = content_tokens(table);
    if (is_of(place, VT_OID_ARCHIVE_TIME_STAMP_V3))
        stamped.compare = vt_archive_v3_compare;
    else if (is_of(place, VT_OID_ARCHIVE_TIME_STAMP_V2))
        stamped.compare = vt_archive_v2_compare;
    else if (is_of(place, VT_OID_ESC_TIME_STAMP) || is_of(place, VT_OID_CERTS_CRLS_TIME_STAMP))
        stamped.compare = vt_references_compare;
    enum vt_code code = vt_timestamp_verify(work->signing, place->token, &stamped, inner,
                                            &out->timestamps[index], err);
    if (code == VT_OK)
        take_revocations(out, inner);
    return code;
}

/* Of the costly kind the first ones only; the others stay unverified. */
static bool is_beyond(const struct vt_token_table *table, size_t index)
{
    size_t before = 0;
    if (!is_of(&table->items[index], VT_OID_ARCHIVE_TIME_STAMP_V2))
        return false;
    for (size_t i = 0; i < index; i++)
        before += is_of(&table->items[i], VT_OID_ARCHIVE_TIME_STAMP_V2);
    return before >= MAX_ARCHIVE_V2;
}

static void leave_unverified(struct vt_signer_work *work, const struct vt_token_place *place,
                             struct vt_verified_timestamp *out)
{
    *out = (struct vt_verified_timestamp){
        .kind = place->kind,
        .time_utc_secs = VT_TIME_NONE,
        .reasons = VT_REASON_BIT(VT_REASON_TIMESTAMP_UNVERIFIED),
    };
    VT_NOTE(work->signing->arena, out, "Of archive time stamps v2 only the first %d are verified.",
            MAX_ARCHIVE_V2);
}

enum vt_code vt_timestamps_verify(struct vt_signer_work *work, struct vt_err *err)
{
    struct vt_arena *arena = work->signing->arena;
    struct vt_content *value = vt_arena_alloc(arena, sizeof(*value));
    struct vt_token_table *table = vt_arena_alloc(arena, sizeof(*table));
    if (value == NULL || table == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a time stamp");
    value->ranges[0] = work->signer->signature_value;
    value->count = 1;
    note_unused(work);
    collect_all(work, table);
    work->out->timestamps =
        vt_arena_alloc(arena, (table->count + 1) * sizeof(*work->out->timestamps));
    if (work->out->timestamps == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a time stamp");
    for (size_t i = 0; i < table->count; i++) {
        enum vt_code code = VT_OK;
        if (is_beyond(table, i))
            leave_unverified(work, &table->items[i], &work->out->timestamps[i]);
        else
            code = verify_place(work, table, i, value, err);
        if (code != VT_OK)
            return code;
        work->out->timestamps_count = i + 1;
    }
    return VT_OK;
}
