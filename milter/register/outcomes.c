/* SPDX-License-Identifier: Apache-2.0
 * What became of the mails of the last hours: a count for a person who asks how it goes. */
#include <string.h>

#include "register/internal.h"

/* Of mails that went on: what enforcing every rule would have done otherwise. */
static void take_would_be(const char *would_be, const char *action, int64_t count,
                          struct vt_register_outcomes *out)
{
    if (strcmp(would_be, action) == 0)
        return;
    if (strcmp(would_be, vt_action_name(VT_ACTION_REJECT)) == 0)
        out->would_reject_count += count;
    else if (strcmp(would_be, vt_action_name(VT_ACTION_HOLD)) == 0)
        out->would_hold_count += count;
    else if (strcmp(would_be, vt_action_name(VT_ACTION_DEFER)) == 0)
        out->would_defer_count += count;
    else if (strcmp(would_be, vt_action_name(VT_ACTION_TAG)) == 0)
        out->would_tag_count += count;
}

static void take_row(struct vt_sql *sql, struct vt_register_outcomes *out)
{
    bool is_secret = vt_sql_int(sql, 0) != 0;
    const char *outcome = vt_sql_text(sql, 1), *action = vt_sql_text(sql, 2);
    int64_t count = vt_sql_int(sql, 4);
    if (!is_secret && strcmp(outcome, vt_register_outcome_name(VT_OUTCOME_ACCEPT)) == 0)
        take_would_be(vt_sql_text(sql, 3), action, count, out);
    if (is_secret)
        out->secret_count += count;
    else if (strcmp(outcome, vt_register_outcome_name(VT_OUTCOME_REJECT)) == 0)
        out->rejected_count += count;
    else if (strcmp(outcome, vt_register_outcome_name(VT_OUTCOME_HOLD)) == 0)
        out->held_count += count;
    else if (strcmp(outcome, vt_register_outcome_name(VT_OUTCOME_TEMPFAIL)) == 0)
        out->tempfailed_count += count;
    else if (strcmp(action, vt_action_name(VT_ACTION_TAG)) == 0)
        out->tagged_count += count;
    else
        out->accepted_count += count;
}

enum vt_code vt_register_outcomes(struct vt_register *reg, int64_t from_utc_secs,
                                  struct vt_register_outcomes *out, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = true;
    *out = (struct vt_register_outcomes){0};
    enum vt_code code = vt_sql_get(reg->engine,
                                   "SELECT is_secret, outcome, action, would_be, count(*)"
                                   " FROM mail WHERE time_utc_secs >= ?1"
                                   " GROUP BY is_secret, outcome, action, would_be",
                                   &sql, err);
    if (code == VT_OK)
        vt_sql_bind_int(sql, 1, from_utc_secs);
    while (code == VT_OK && has_row) {
        code = vt_sql_step(sql, &has_row, err);
        if (code == VT_OK && has_row)
            take_row(sql, out);
    }
    vt_sql_done(sql);
    return code;
}
