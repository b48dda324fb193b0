/* SPDX-License-Identifier: Apache-2.0
 * What is to be done with a notice whose time has come. A mail that was answered otherwise than
 * decided comes again or is lost to its sender, who is then told by the answer: nothing is owed for
 * it. An answer that never came is that of a gateway that died, and after a while the decision
 * counts. */
#include "register/queued.h"

#include <string.h>

#define HOUR_SECS INT64_C(3600)

struct judgement {
    struct vt_register *reg;
    const struct vt_queued *owed;
    int64_t now_utc_secs;
    struct vt_err *err;
};

static int64_t patience_secs(const struct vt_queued *owed)
{
    int64_t secs = VT_QUEUED_WAIT_FACTOR * owed->quiet_secs;
    return secs > VT_QUEUED_WAIT_SECS ? secs : VT_QUEUED_WAIT_SECS;
}

/* ---- other gateways ---- */

/* Whether another gateway had the matter before this one, and when. Of two that had it in the same
 * second it is the one whose register has the smaller id. */
static enum vt_code find_peer(const struct judgement *j, bool *out_found, int64_t *out_utc_secs)
{
    const struct vt_queued *owed = j->owed;
    struct vt_sql *sql = NULL;
    *out_found = false;
    enum vt_code code = vt_sql_get(
        j->reg->engine,
        "SELECT min(time_utc_secs) FROM peer_notice_key WHERE key = ?1 AND time_utc_secs > ?2"
        " AND (time_utc_secs < ?3 OR (time_utc_secs = ?3 AND peer < ?4))",
        &sql, j->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, vt_bytes_of(owed->matter, sizeof(owed->matter)));
    vt_sql_bind_int(sql, 2, owed->created_utc_secs - owed->once_secs);
    vt_sql_bind_int(sql, 3, owed->created_utc_secs);
    vt_sql_bind_blob(sql, 4, vt_bytes_of(j->reg->id, sizeof(j->reg->id)));
    bool has_row = false;
    code = vt_sql_step(sql, &has_row, j->err);
    *out_found = code == VT_OK && has_row && !vt_sql_is_null(sql, 0);
    *out_utc_secs = *out_found ? vt_sql_int(sql, 0) : VT_TIME_NONE;
    vt_sql_done(sql);
    return code;
}

/* It may still find that its mail was answered otherwise, and then it is ours to tell. */
static enum vt_code judge_peers(const struct judgement *j, enum vt_queued_verdict *out,
                                int64_t *out_next_utc_secs)
{
    bool is_there = false;
    int64_t since = 0;
    enum vt_code code = find_peer(j, &is_there, &since);
    if (code != VT_OK || !is_there)
        return code;
    int64_t settled = since + patience_secs(j->owed);
    *out = j->now_utc_secs < settled ? VT_QUEUED_WAIT : VT_QUEUED_IS_ELSEWHERE;
    *out_next_utc_secs = settled;
    return VT_OK;
}

/* ---- answers ---- */

struct answers {
    size_t as_decided_count, otherwise_count, missing_count;
    int64_t last_utc_secs; /* of the records without an answer */
};

/* The mails of a row: its own and those that were joined to it. */
static enum vt_code count_answers(const struct judgement *j, struct answers *out)
{
    struct vt_sql *sql = NULL;
    bool has_row = true;
    *out = (struct answers){.last_utc_secs = j->owed->created_utc_secs};
    enum vt_code code =
        vt_sql_get(j->reg->engine,
                   "SELECT CASE WHEN f.seq IS NULL THEN 1 ELSE 0 END,"
                   " CASE WHEN f.value = m.outcome THEN 1 ELSE 0 END, m.time_utc_secs FROM notice n"
                   " JOIN mail m ON m.seq = n.seq"
                   " LEFT JOIN followup f ON f.decided = n.seq AND f.kind = 2 WHERE n.id = ?1 OR "
                   "n.joined = ?1",
                   &sql, j->err);
    if (code == VT_OK)
        vt_sql_bind_int(sql, 1, j->owed->id);
    while (code == VT_OK && has_row) {
        code = vt_sql_step(sql, &has_row, j->err);
        if (code != VT_OK || !has_row)
            break;
        bool is_missing = vt_sql_int(sql, 0) != 0, fits = vt_sql_int(sql, 1) != 0;
        out->missing_count += is_missing;
        out->as_decided_count += !is_missing && fits;
        out->otherwise_count += !is_missing && !fits;
        if (is_missing && vt_sql_int(sql, 2) > out->last_utc_secs)
            out->last_utc_secs = vt_sql_int(sql, 2);
    }
    vt_sql_done(sql);
    return code;
}

static enum vt_code judge_answers(const struct judgement *j, enum vt_queued_verdict *out,
                                  int64_t *out_next_utc_secs)
{
    struct answers answers;
    enum vt_code code = count_answers(j, &answers);
    if (code != VT_OK)
        return code;
    bool is_waited_for = answers.missing_count > 0 && answers.as_decided_count == 0 &&
                         j->now_utc_secs < answers.last_utc_secs + patience_secs(j->owed);
    bool is_void =
        answers.otherwise_count > 0 && answers.as_decided_count == 0 && answers.missing_count == 0;
    *out = is_waited_for ? VT_QUEUED_WAIT : is_void ? VT_QUEUED_IS_UNANSWERED : VT_QUEUED_WRITE;
    *out_next_utc_secs = j->now_utc_secs + 1 + j->owed->quiet_secs / 20;
    return VT_OK;
}

/* ---- limits ---- */

static bool is_over(int64_t count, int64_t limit)
{
    return limit > 0 && count >= limit;
}

static enum vt_code judge_limits(const struct judgement *j, const struct vt_queued_limits *limits,
                                 enum vt_queued_verdict *out)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_sql_get(
        j->reg->engine,
        "SELECT count(*), coalesce(sum(CASE WHEN w.domain = o.domain THEN 1 ELSE 0 END), 0),"
        " coalesce(sum(CASE WHEN w.address = o.address THEN 1 ELSE 0 END), 0) FROM notice o, "
        "notice w"
        " WHERE o.id = ?1 AND w.written_utc_secs > ?2 AND w.written_utc_secs <= ?3"
        " AND w.kind NOT IN ('list', 'officer', 'digest')",
        &sql, j->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, j->owed->id);
    vt_sql_bind_int(sql, 2, j->now_utc_secs - HOUR_SECS);
    vt_sql_bind_int(sql, 3, j->now_utc_secs);
    code = vt_sql_step(sql, &has_row, j->err);
    if (code == VT_OK && has_row &&
        (is_over(vt_sql_int(sql, 0), limits->all) || is_over(vt_sql_int(sql, 1), limits->domain) ||
         is_over(vt_sql_int(sql, 2), limits->sender)))
        *out = VT_QUEUED_IS_LIMITED;
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_queued_judge(struct vt_register *reg, const struct vt_queued *owed,
                             const struct vt_queued_limits *limits, int64_t now_utc_secs,
                             enum vt_queued_verdict *out, int64_t *out_next_utc_secs,
                             struct vt_err *err)
{
    const struct judgement judgement = {reg, owed, now_utc_secs, err};
    *out = VT_QUEUED_WRITE;
    *out_next_utc_secs = now_utc_secs;
    enum vt_code code = judge_answers(&judgement, out, out_next_utc_secs);
    if (code == VT_OK && *out == VT_QUEUED_WRITE && owed->once_secs > 0)
        code = judge_peers(&judgement, out, out_next_utc_secs);
    if (code == VT_OK && *out == VT_QUEUED_WRITE && limits != NULL)
        code = judge_limits(&judgement, limits, out);
    return code;
}

/* ---- of what it tells ---- */

enum vt_code vt_queued_records(struct vt_register *reg, const struct vt_queued *owed,
                               int64_t *out_seqs, size_t max, size_t *out_count, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = true;
    *out_count = 0;
    enum vt_code code =
        vt_sql_get(reg->engine,
                   "SELECT n.seq FROM notice n LEFT JOIN mail m ON m.seq = n.seq"
                   " LEFT JOIN followup f ON f.decided = n.seq AND f.kind = 2"
                   " WHERE (n.id = ?1 OR n.joined = ?1) AND (m.seq IS NULL OR f.seq IS NULL"
                   " OR f.value = m.outcome) ORDER BY n.seq",
                   &sql, err);
    if (code == VT_OK)
        vt_sql_bind_int(sql, 1, owed->id);
    while (code == VT_OK && has_row) {
        code = vt_sql_step(sql, &has_row, err);
        if (code != VT_OK || !has_row)
            break;
        if (*out_count < max)
            out_seqs[*out_count] = vt_sql_int(sql, 0);
        (*out_count)++;
    }
    vt_sql_done(sql);
    return code;
}
