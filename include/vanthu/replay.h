/* SPDX-License-Identifier: Apache-2.0
 * replay: a policy over the evidence that the register keeps. Of each mail: what the policy that
 * ran decided then, and what this one, with its lists and its table of agencies, says of the same
 * evidence at the same time. Nothing is fetched, judged anew or written. */
#ifndef VANTHU_REPLAY_H
#define VANTHU_REPLAY_H

#include "vanthu/config.h"
#include "vanthu/register.h"

#define VT_REPLAY_ACTIONS (VT_ACTION_REJECT + 1)
/* Pairs of rules that are counted apart; further ones are counted together. */
#define VT_MAX_REPLAY_ROWS 1000

struct vt_replay_counts {
    int64_t mails_count; /* attempts that were judged by both policies */
    /* [then][now], by enum vt_action: they add up to mails_count. */
    int64_t moves[VT_REPLAY_ACTIONS][VT_REPLAY_ACTIONS];
    int64_t changed_count;    /* another action, */
    int64_t other_rule_count; /* or the same one by another rule */
    /* Mails that would be refused or held and were not, and that would not be refused or held any
     * more. One that was deferred and came again counts once. */
    int64_t newly_refused_count, newly_held_count;
    int64_t no_longer_refused_count, no_longer_held_count;
    int64_t repeated_count;  /* of changed_count: further attempts of the same mails */
    int64_t excepted_count;  /* of mails_count: with documents that vanthu undo had excepted */
    int64_t secret_count;    /* marked secret: nothing of them is known */
    int64_t destroyed_count; /* their time was over, so their evidence is gone */
    int64_t unjudged_count;  /* no evidence or no decision was had then */
    int64_t damaged_count;   /* records that are not what was written */
    int64_t first_utc_secs, last_utc_secs; /* of the mails; VT_TIME_NONE: there are none */
};

/* One mail that is decided otherwise. Everything lives until the callback returns. */
struct vt_replay_change {
    int64_t seq;
    const char *gateway; /* "": of this host */
    const char *reference;
    int64_t time_utc_secs;
    const struct vt_evidence *evidence; /* without paths, time stamps and findings */
    const struct vt_decision *then, *now;
    enum vt_action then_action, now_action; /* as vt_replay_request has them compared */
    bool is_repeated;                       /* a further attempt of a mail that was told already */
};
typedef enum vt_code vt_replay_each(void *context, const struct vt_replay_change *change,
                                    struct vt_err *err);

struct vt_replay_request {
    const struct vt_policy *policy;
    const struct vt_policy *before;        /* decides what then was; NULL: the record says it */
    const struct vt_config *config;        /* who submits mail */
    int64_t from_utc_secs, until_utc_secs; /* [from, until), VT_TIME_NONE: open */
    /* The mode of the site under which both are compared: enforce shows what the rules themselves
     * say, each in its own mode. */
    enum vt_mode mode;
    /* Then is what really became of the mail under the mode the site had; otherwise it is what the
     * rules of that time say under the mode above, so that two policies are compared. */
    bool is_as_it_was;
    /* Called for each mail with another action or another rule, newest first; may be NULL. What it
     * returns other than VT_OK ends the replay. */
    vt_replay_each *each;
    /* Called after each record; false ends the replay, which is then not complete. NULL: go on. */
    bool (*goes_on)(void *context, const struct vt_replay_counts *counts, int64_t time_utc_secs);
    void *context;
};

/* Mails of one pair of rules. */
struct vt_replay_row {
    enum vt_action then_action, now_action;
    const char *then_rule, *now_rule; /* NULL: none matched */
    int64_t mails_count;
};

struct vt_replay {
    struct vt_replay_counts counts;
    struct vt_replay_row *rows; /* of mails decided otherwise, most mails first */
    size_t rows_count;
    int64_t further_count; /* mails of pairs that had no room */
    bool is_complete;      /* false: goes_on ended it */
};

/* Replay the mails of a register; of a central database those of all gateways. rows live in arena,
 * which takes at most a few hundred kilobytes; memory does not grow with the number of mails. At
 * the time of each mail count its defer clock and the exceptions that were in force. A record that
 * cannot be read is counted. Errors of the register; VT_E_NOMEM. */
enum vt_code vt_replay(struct vt_register *reg, struct vt_arena *arena,
                       const struct vt_replay_request *request, struct vt_replay *out,
                       struct vt_err *err) VT_MUST_CHECK;

#endif
