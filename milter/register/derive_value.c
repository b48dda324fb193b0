/* SPDX-License-Identifier: Apache-2.0
 * The values of a row, in the form that JSON gives texts and times, and what several tables keep in
 * the same form. */
#include "register/derive_value.h"

#include <string.h>

#include "evidence/record_json.h"
#include "register/body.h"
#include "register/chain.h"

static struct vt_value *next_value(struct vt_derive_work *work)
{
    return &work->row.values[work->row.count++];
}

void vt_derive_int(struct vt_derive_work *work, int64_t number)
{
    *next_value(work) = (struct vt_value){.kind = VT_VALUE_INT, .number = number};
}

void vt_derive_null(struct vt_derive_work *work)
{
    *next_value(work) = (struct vt_value){.kind = VT_VALUE_NULL};
}

/* The text as JSON has it, in arena when it has to be changed. */
const char *vt_derive_clean(struct vt_arena *arena, const char *text)
{
    if (vt_json_is_clean(text))
        return text;
    size_t room = strlen(text) + 4;
    char *out = vt_arena_alloc(arena, room);
    return out != NULL ? vt_text_clean(out, room, vt_bytes_str(text)) : NULL;
}

void vt_derive_text(struct vt_derive_work *work, const char *text)
{
    const char *shown = text != NULL ? vt_derive_clean(work->arena, text) : NULL;
    work->is_out_of_memory = work->is_out_of_memory || (text != NULL && shown == NULL);
    if (shown == NULL)
        vt_derive_null(work);
    else
        *next_value(work) = (struct vt_value){.kind = VT_VALUE_TEXT, .bytes = vt_bytes_str(shown)};
}

void vt_derive_time(struct vt_derive_work *work, int64_t utc_secs)
{
    char text[VT_TIME_TEXT_BYTES];
    if (strcmp(vt_time_rfc3339(text, utc_secs), "-") == 0)
        vt_derive_null(work);
    else
        vt_derive_int(work, utc_secs);
}

void vt_derive_digest(struct vt_derive_work *work, const char *hex)
{
    if (hex == NULL || hex[0] == '\0') {
        vt_derive_null(work);
        return;
    }
    uint8_t *bytes = work->digests[work->digests_count++];
    if (vt_chain_unhex(hex, bytes) != VT_OK)
        work->has_bad_digest = true;
    *next_value(work) =
        (struct vt_value){.kind = VT_VALUE_BLOB, .bytes = {bytes, VT_REGISTER_DIGEST_BYTES}};
}

void vt_derive_reason_codes(struct vt_derive_work *work, vt_reasons reasons)
{
    size_t used = 0;
    work->reasons[0] = '\0';
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if ((reasons & VT_REASON_BIT(i)) == 0)
            continue;
        const char *code = vt_reason_info((enum vt_reason)i)->code;
        size_t len = strlen(code);
        if (used + len + 2 > sizeof(work->reasons))
            break;
        if (used > 0)
            work->reasons[used++] = ',';
        memcpy(work->reasons + used, code, len + 1);
        used += len;
    }
    *next_value(work) =
        (struct vt_value){.kind = VT_VALUE_TEXT, .bytes = vt_bytes_of(work->reasons, used)};
}

void vt_derive_begin(struct vt_derive_work *work, enum vt_table table)
{
    work->row = (struct vt_row){
        .table = table, .seq = work->record->seq, .time_utc_secs = work->record->time_utc_secs};
    work->digests_count = 0;
}

enum vt_code vt_derive_emit(struct vt_derive_work *work)
{
    if (work->is_out_of_memory)
        return vt_err_set(work->err, VT_E_NOMEM, "register: no memory for a row");
    if (work->has_bad_digest)
        return vt_err_set(work->err, VT_E_FORMAT,
                          "register: a digest is not 64 digits of hexadecimal");
    return work->sink(work->context, &work->row, work->err);
}

/* ---- what tables share ---- */

const char *vt_derive_address(struct vt_arena *arena, const char *address)
{
    const char *shown = address != NULL ? vt_derive_clean(arena, address) : NULL;
    char *out = vt_arena_str(arena, shown);
    for (char *c = out; c != NULL && *c != '\0'; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
    return out;
}

const char *vt_derive_domain_key(struct vt_arena *arena, const char *domain)
{
    if (domain == NULL)
        return NULL;
    size_t len = strlen(domain), used = 0, end = len;
    char *out = vt_arena_alloc(arena, len + 1);
    if (out == NULL)
        return NULL;
    for (size_t i = len + 1; i-- > 0;) {
        if (i > 0 && domain[i - 1] != '.')
            continue;
        memcpy(out + used, domain + i, end - i);
        used += end - i;
        if (i > 0)
            out[used++] = '.';
        end = i > 0 ? i - 1 : 0;
    }
    return out;
}

const char *vt_derive_verdict(const struct vt_evidence *evidence)
{
    static const char *const words[] = {"valid", "failed", "undetermined", "unsigned"};
    return words[vt_evidence_exit_status(evidence) & 3];
}

enum vt_register_class vt_derive_class(const struct vt_register_decided *decided)
{
    if (vt_body_is_secret(decided))
        return VT_RETAIN_SECRET;
    if (decided->answer.outcome == VT_OUTCOME_REJECT || decided->answer.outcome == VT_OUTCOME_HOLD)
        return VT_RETAIN_REFUSED;
    bool is_passed = decided->answer.outcome == VT_OUTCOME_ACCEPT && decided->decision != NULL &&
                     decided->decision->action <= VT_ACTION_NOTE;
    return is_passed ? VT_RETAIN_PASSED : VT_RETAIN_TAGGED;
}
