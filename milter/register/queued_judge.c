/* SPDX-License-Identifier: Apache-2.0
 * What is to be done with a notice whose time has come. A mail that was answered otherwise than
 * decided comes again or is lost to its sender, who is then told by the answer: nothing is owed for
 * it. An answer that never came is that of a gateway that died, and after a while the decision
 * counts. */
#include "register/queued.h"

#include <string.h>

#include "vanthu/notice.h"

#define HOUR_SECS INT64_C(3600)
/* How long one that is over a limit and may not be left out waits before it is looked at again. */
#define LIMITED_WAIT_SECS 300

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

/* ---- what was taken back ---- */

enum vt_code vt_queued_is_overruled(struct vt_register *reg, int64_t id, bool *out,
                                    struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    *out = false;
    enum vt_code code =
        vt_sql_get(reg->engine,
                   "SELECT count(*), coalesce(sum(CASE WHEN EXISTS (SELECT 1 FROM followup f"
                   " WHERE f.decided = n.seq AND f.kind = 3) THEN 1 ELSE 0 END), 0) FROM notice n"
                   " JOIN mail m ON m.seq = n.seq WHERE n.id = ?1 OR n.joined = ?1",
                   &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, id);
    code = vt_sql_step(sql, &has_row, err);
    *out = code == VT_OK && has_row && vt_sql_int(sql, 0) > 0 &&
           vt_sql_int(sql, 0) == vt_sql_int(sql, 1);
    vt_sql_done(sql);
    return code;
}

static enum vt_code judge_overruled(const struct judgement *j, enum vt_queued_verdict *out)
{
    bool is_overruled = false;
    enum vt_code code = vt_queued_is_overruled(j->reg, j->owed->id, &is_overruled, j->err);
    if (is_overruled)
        *out = VT_QUEUED_IS_OVERRULED;
    return code;
}

/* ---- limits ---- */

/* Who could have us write as often as he likes, if nothing stopped him: the sender of mails, to
 * himself; and whoever sends mails that others are told of, to these. What the others are told does
 * not use up what senders may be told, nor the other way round; and what a person decides, or comes
 * at its time of the day, is told whatever else there is. */
enum limited { LIMITED_NOT = 0, LIMITED_SENDER, LIMITED_OTHERS };

static enum limited limited_by(const char *kind, bool is_of_mail)
{
    enum vt_notice_kind found;
    if (vt_notice_kind_by_name(kind, &found) != VT_OK)
        return LIMITED_SENDER;
    if (vt_notice_is_to_sender(found))
        return LIMITED_SENDER;
    bool is_to_others = found == VT_NOTICE_MARKED || found == VT_NOTICE_RECHECK ||
                        found == VT_NOTICE_LIST || found == VT_NOTICE_OFFICER;
    return is_to_others && (is_of_mail || found == VT_NOTICE_RECHECK) ? LIMITED_OTHERS
                                                                      : LIMITED_NOT;
}

/* A row of the same limits as o, in the hour before. */
#define WRITTEN                                                                                    \
    " FROM notice o, notice w WHERE o.id = ?1 AND w.written_utc_secs > ?2"                         \
    " AND w.written_utc_secs <= ?3"

static const char sender_text[] =
    "SELECT count(*), coalesce(sum(CASE WHEN w.domain = o.domain THEN 1 ELSE 0 END), 0),"
    " coalesce(sum(CASE WHEN w.address = o.address THEN 1 ELSE 0 END), 0)" WRITTEN
    " AND w.kind NOT IN ('marked', 'recheck', 'list', 'officer', 'digest', 'correction', 'clerk',"
    " 'released', 'returned')";

static const char others_text[] =
    "SELECT 0, 0, count(*)" WRITTEN " AND w.address = o.address AND (w.kind = 'recheck' OR"
    " (w.kind IN ('marked', 'list', 'officer')"
    " AND EXISTS (SELECT 1 FROM mail m WHERE m.seq = w.seq)))";

static enum vt_code is_of_mail(const struct judgement *j, bool *out)
{
    struct vt_sql *sql = NULL;
    *out = false;
    enum vt_code code =
        vt_sql_get(j->reg->engine, "SELECT 1 FROM mail WHERE seq = ?1", &sql, j->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, j->owed->seq);
    code = vt_sql_step(sql, out, j->err);
    vt_sql_done(sql);
    return code;
}

static bool is_over(int64_t count, int64_t limit)
{
    return limit > 0 && count >= limit;
}

static enum vt_code count_written(const struct judgement *j, enum limited limited,
                                  const struct vt_queued_limits *limits, bool *out_is_over)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_sql_get(
        j->reg->engine, limited == LIMITED_SENDER ? sender_text : others_text, &sql, j->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, j->owed->id);
    vt_sql_bind_int(sql, 2, j->now_utc_secs - HOUR_SECS);
    vt_sql_bind_int(sql, 3, j->now_utc_secs);
    code = vt_sql_step(sql, &has_row, j->err);
    *out_is_over =
        code == VT_OK && has_row &&
        (is_over(vt_sql_int(sql, 0), limits->all) || is_over(vt_sql_int(sql, 1), limits->domain) ||
         is_over(vt_sql_int(sql, 2), limits->sender));
    vt_sql_done(sql);
    return code;
}

/* That a certificate was revoked stands nowhere else: it waits. Of everything else there is the
 * answer, the mark, the list of the day or the reminder. */
static enum vt_code judge_limits(const struct judgement *j, const struct vt_queued_limits *limits,
                                 enum vt_queued_verdict *out, int64_t *out_next_utc_secs)
{
    bool is_mail = false, is_too_many = false;
    enum vt_code code = is_of_mail(j, &is_mail);
    enum limited limited = limited_by(j->owed->kind, is_mail);
    if (code == VT_OK && limited != LIMITED_NOT)
        code = count_written(j, limited, limits, &is_too_many);
    if (code != VT_OK || !is_too_many)
        return code;
    bool is_patient = strcmp(j->owed->kind, vt_notice_kind_name(VT_NOTICE_RECHECK)) == 0;
    *out = is_patient ? VT_QUEUED_WAIT : VT_QUEUED_IS_LIMITED;
    *out_next_utc_secs = j->now_utc_secs + LIMITED_WAIT_SECS;
    return VT_OK;
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
    if (code == VT_OK && *out == VT_QUEUED_WRITE)
        code = judge_overruled(&judgement, out);
    if (code == VT_OK && *out == VT_QUEUED_WRITE && owed->once_secs > 0)
        code = judge_peers(&judgement, out, out_next_utc_secs);
    if (code == VT_OK && *out == VT_QUEUED_WRITE && limits != NULL)
        code = judge_limits(&judgement, limits, out, out_next_utc_secs);
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
