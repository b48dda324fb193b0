/* SPDX-License-Identifier: Apache-2.0
 * vanthu policy replay: what its parts share. */
#ifndef VANTHU_COMMAND_REPLAY_H
#define VANTHU_COMMAND_REPLAY_H

#include "command/command.h"
#include "vanthu/replay.h"

/* Mails that one run lists. */
#define VT_MAX_REPLAY_LIST 100000

/* A mail that is decided otherwise, as it is listed. Strings live in the list. */
struct vt_replay_item {
    const char *reference, *gateway, *sender, *document; /* NULL: not known */
    const char *then_rule, *now_rule;
    unsigned then_line, now_line;
    const char *then_version;
    enum vt_action then_action, now_action;
    enum vt_reason then_reason, now_reason; /* VT_REASON_COUNT: none */
    int64_t time_utc_secs;
    char *texts; /* what the strings above point into */
};

/* The mails worth showing first, so many at most: newly refused, newly held, then what becomes more
 * severe, then what becomes less so; newest first. */
struct vt_replay_list;
/* NULL: no memory. */
struct vt_replay_list *vt_replay_list_new(size_t most);
void vt_replay_list_free(struct vt_replay_list *list);
/* Take one change, or not when there are more important ones. VT_E_NOMEM. */
enum vt_code vt_replay_list_add(struct vt_replay_list *list, const struct vt_replay_change *change,
                                struct vt_err *err) VT_MUST_CHECK;
/* Put them in order. *out is the list's. */
size_t vt_replay_list_end(struct vt_replay_list *list, const struct vt_replay_item **out);

/* What was replayed, for the head of what is shown. */
struct vt_replay_shown {
    enum vt_language language;
    const char *policy_file, *policy_version;
    enum vt_mode mode;
    bool is_as_answered;
    int64_t from_utc_secs, until_utc_secs;
    int64_t taken_msecs;
    const struct vt_replay *result;
    const struct vt_replay_item *items;
    size_t items_count;
};
void vt_replay_print_text(const struct vt_replay_shown *shown, FILE *out);
/* One object. VT_E_NOMEM, VT_E_SYSTEM. */
enum vt_code vt_replay_print_json(const struct vt_replay_shown *shown, FILE *out,
                                  struct vt_err *err) VT_MUST_CHECK;

#endif
