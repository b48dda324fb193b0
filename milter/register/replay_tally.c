/* SPDX-License-Identifier: Apache-2.0
 * Counting mails that two policies judged. Memory is bounded: so many pairs of rules, so many mails
 * that are remembered. */
#include <stdlib.h>
#include <string.h>

#include "register/replay.h"

/* Mails that were told; a power of two. When it is full, further attempts count as mails. */
#define TOLD_ROOM (128u * 1024)

struct vt_replay_tally {
    struct vt_arena *arena;
    struct vt_replay_row *rows;
    size_t rows_count;
    int64_t further_count;
    size_t told_count;
    uint64_t told[TOLD_ROOM]; /* open addressing; 0: free */
};

struct vt_replay_tally *vt_replay_tally_new(struct vt_arena *arena)
{
    struct vt_replay_tally *tally = calloc(1, sizeof(*tally));
    if (tally != NULL)
        tally->arena = arena;
    return tally;
}

void vt_replay_tally_free(struct vt_replay_tally *tally)
{
    free(tally);
}

/* ---- mails that come again ---- */

/* Sender, recipients and documents of a mail as one number. */
static enum vt_code key_of(const struct vt_replay_mail *mail, uint64_t *out)
{
    char sha256[65];
    enum vt_code code =
        vt_register_defer_key(mail->arena, mail->record->decided->evidence, "", sha256);
    if (code != VT_OK)
        return code;
    sha256[16] = '\0';
    *out = strtoull(sha256, NULL, 16) | 1;
    return VT_OK;
}

/* True when it is there already; else it is put there, as long as there is room. */
static bool is_told(struct vt_replay_tally *tally, uint64_t key)
{
    size_t place = key >> 1 & (TOLD_ROOM - 1);
    for (; tally->told[place] != 0; place = (place + 1) & (TOLD_ROOM - 1)) {
        if (tally->told[place] == key)
            return true;
    }
    if (tally->told_count < TOLD_ROOM / 2) {
        tally->told[place] = key;
        tally->told_count++;
    }
    return false;
}

/* Only who was asked to come again does so; a mail that was sent twice is two. */
static enum vt_code look_for_attempts(struct vt_replay_tally *tally,
                                      const struct vt_replay_mail *mail, bool *out_is_repeated)
{
    uint64_t key = 0;
    enum vt_code code = key_of(mail, &key);
    bool was_deferred = mail->record->decided->decision->action == VT_ACTION_DEFER;
    if (code == VT_OK)
        *out_is_repeated = is_told(tally, key) && was_deferred;
    return code;
}

/* ---- pairs of rules ---- */

static bool is_same_rule(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool vt_replay_is_other(const struct vt_replay_mail *mail)
{
    return mail->then_action != mail->now_action ||
           !is_same_rule(mail->then->rule, mail->now->rule);
}

static bool is_of_row(const struct vt_replay_row *row, const struct vt_replay_mail *mail)
{
    return row->then_action == mail->then_action && row->now_action == mail->now_action &&
           is_same_rule(row->then_rule, mail->then->rule) &&
           is_same_rule(row->now_rule, mail->now->rule);
}

/* The row of a mail; NULL with VT_OK: there is no room for one more. */
static enum vt_code find_row(struct vt_replay_tally *tally, const struct vt_replay_mail *mail,
                             struct vt_replay_row **out)
{
    const char *then_rule = mail->then->rule, *now_rule = mail->now->rule;
    *out = NULL;
    for (size_t i = 0; i < tally->rows_count; i++) {
        if (!is_of_row(&tally->rows[i], mail))
            continue;
        *out = &tally->rows[i];
        return VT_OK;
    }
    if (tally->rows_count >= VT_MAX_REPLAY_ROWS)
        return VT_OK;
    struct vt_replay_row *grown =
        vt_arena_grow(tally->arena, tally->rows, tally->rows_count, sizeof(*grown));
    struct vt_replay_row row = {.then_action = mail->then_action,
                                .now_action = mail->now_action,
                                .then_rule = vt_arena_str(tally->arena, then_rule),
                                .now_rule = vt_arena_str(tally->arena, now_rule)};
    if (grown == NULL || (then_rule != NULL && row.then_rule == NULL) ||
        (now_rule != NULL && row.now_rule == NULL))
        return VT_E_NOMEM;
    tally->rows = grown;
    tally->rows[tally->rows_count] = row;
    *out = &tally->rows[tally->rows_count++];
    return VT_OK;
}

/* ---- counting ---- */

static void count_change(const struct vt_replay_mail *mail, bool is_repeated,
                         struct vt_replay_counts *counts)
{
    enum vt_action then = mail->then_action, now = mail->now_action;
    counts->changed_count++;
    if (is_repeated) {
        counts->repeated_count++;
        return;
    }
    counts->newly_refused_count += now == VT_ACTION_REJECT;
    counts->newly_held_count += now == VT_ACTION_HOLD;
    counts->no_longer_refused_count += then == VT_ACTION_REJECT;
    counts->no_longer_held_count += then == VT_ACTION_HOLD;
}

static void count_time(struct vt_replay_counts *counts, int64_t time_utc_secs)
{
    if (counts->first_utc_secs == VT_TIME_NONE || time_utc_secs < counts->first_utc_secs)
        counts->first_utc_secs = time_utc_secs;
    if (counts->last_utc_secs == VT_TIME_NONE || time_utc_secs > counts->last_utc_secs)
        counts->last_utc_secs = time_utc_secs;
}

enum vt_code vt_replay_tally_add(struct vt_replay_tally *tally, const struct vt_replay_mail *mail,
                                 struct vt_replay_counts *counts, bool *out_is_repeated)
{
    struct vt_replay_row *row = NULL;
    bool is_changed = mail->then_action != mail->now_action;
    *out_is_repeated = false;
    counts->mails_count++;
    counts->moves[mail->then_action][mail->now_action]++;
    counts->excepted_count += mail->is_excepted;
    count_time(counts, mail->record->time_utc_secs);
    if (!vt_replay_is_other(mail))
        return VT_OK;
    enum vt_code code = is_changed ? look_for_attempts(tally, mail, out_is_repeated) : VT_OK;
    if (code == VT_OK)
        code = find_row(tally, mail, &row);
    if (code != VT_OK)
        return code;
    if (row != NULL)
        row->mails_count++;
    else
        tally->further_count++;
    if (is_changed)
        count_change(mail, *out_is_repeated, counts);
    else
        counts->other_rule_count++;
    return VT_OK;
}

static int more_first(const void *a, const void *b)
{
    const struct vt_replay_row *x = a, *y = b;
    return (x->mails_count < y->mails_count) - (x->mails_count > y->mails_count);
}

void vt_replay_tally_end(struct vt_replay_tally *tally, struct vt_replay *out)
{
    if (tally->rows_count > 1)
        qsort(tally->rows, tally->rows_count, sizeof(*tally->rows), more_first);
    out->rows = tally->rows;
    out->rows_count = tally->rows_count;
    out->further_count = tally->further_count;
}
