/* SPDX-License-Identifier: Apache-2.0
 * Texts of the reason table with their fields filled in, for notices, answers and people. */
#include <stdio.h>
#include <string.h>

#include "vanthu/evidence.h"

static const char *field_value(const struct vt_reason_fields *fields, struct vt_bytes name)
{
    static const char *const names[][2] = {
        {"ngày", "date"}, {"tệp", "file"}, {"Quy chế", "regulation"}};
    const char *const values[] = {fields->date, fields->file, fields->regulation};
    for (size_t i = 0; i < 3; i++) {
        if (vt_bytes_equal(name, vt_bytes_str(names[i][0])) ||
            vt_bytes_equal(name, vt_bytes_str(names[i][1])))
            return values[i];
    }
    return NULL;
}

static enum vt_code add(struct vt_buf *buf, const char *from, const char *until)
{
    return vt_buf_add(buf, from, (size_t)(until - from));
}

/* The parenthesis " (…)" around a field that is not known, or NULL. */
static const char *parenthesis_before(const char *text, const char *field, const char *field_end)
{
    const char *open = NULL;
    for (const char *at = text; at < field; at++) {
        if (*at == '(')
            open = at;
        else if (*at == ')')
            open = NULL;
    }
    return open == NULL || strchr(field_end, ')') == NULL ? NULL : open;
}

static enum vt_code fill(struct vt_buf *buf, const char *text,
                         const struct vt_reason_fields *fields)
{
    const char *rest = text;
    for (const char *open = strchr(rest, '{'); open != NULL; open = strchr(rest, '{')) {
        const char *close = strchr(open, '}');
        if (close == NULL)
            break;
        const char *value = field_value(fields, vt_bytes_of(open + 1, (size_t)(close - open) - 1));
        const char *parenthesis = value == NULL ? parenthesis_before(rest, open, close) : NULL;
        const char *until = parenthesis == NULL ? open : parenthesis;
        if (parenthesis != NULL && until > rest && until[-1] == ' ')
            until--;
        enum vt_code code = add(buf, rest, until);
        if (code == VT_OK && parenthesis == NULL)
            code = vt_buf_addf(buf, "%s", value == NULL ? "…" : value);
        if (code != VT_OK)
            return code;
        rest = parenthesis == NULL ? close + 1 : strchr(close, ')') + 1;
    }
    return vt_buf_addf(buf, "%s", rest);
}

char *vt_reason_fill(char *out, size_t out_bytes, const char *text,
                     const struct vt_reason_fields *fields)
{
    struct vt_buf buf;
    vt_buf_init(&buf, 8 * VT_REASON_TEXT_BYTES);
    bool filled = fill(&buf, text, fields) == VT_OK;
    (void)vt_text_clean(out, out_bytes, filled ? vt_buf_bytes(&buf) : vt_bytes_str(text));
    vt_buf_clear(&buf);
    return out;
}

const char *vt_signature_revoked_on(const struct vt_signature *signature, char out[16])
{
    for (size_t i = 0; i < signature->statuses_count; i++) {
        const struct vt_status_facts *status = &signature->statuses[i];
        if (status->value != VT_STATUS_REVOKED || status->revoked_at_utc_secs == VT_TIME_NONE)
            continue;
        char time[64]; /* "09:12 ngày 03/12/2026 (giờ Việt Nam)" */
        const char *day = strstr(vt_time_vietnam(time, status->revoked_at_utc_secs), "ngày ");
        if (day == NULL)
            continue;
        (void)snprintf(out, 16, "%.10s", day + strlen("ngày "));
        return out;
    }
    return NULL;
}
