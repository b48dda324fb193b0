/* SPDX-License-Identifier: Apache-2.0
 * The mails of the last days under the policy that is about to be loaded. Where the mode becomes
 * more severe they are compared with what really became of them, else with what the rules of their
 * time say. */
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/reload.h"
#include "command/replay.h"
#include "vanthu/clock.h"

#define SHOWN_MAILS 10
#define ROWS_ARENA_BYTES (16u * 1024 * 1024)
#define PROGRESS_MSECS 200

struct watch {
    struct vt_replay_list *list;
    bool shows_progress;
    int64_t shown_msecs;
};

static enum vt_code take_change(void *context, const struct vt_replay_change *change,
                                struct vt_err *err)
{
    struct watch *watch = context;
    return change->then_action != change->now_action ? vt_replay_list_add(watch->list, change, err)
                                                     : VT_OK;
}

static bool goes_on(void *context, const struct vt_replay_counts *counts, int64_t time_utc_secs)
{
    struct watch *watch = context;
    int64_t now = vt_clock_monotonic_msecs();
    (void)time_utc_secs;
    if (watch->shows_progress && now - watch->shown_msecs >= PROGRESS_MSECS) {
        watch->shown_msecs = now;
        fprintf(stderr, "\r%lld   ", (long long)counts->mails_count);
    }
    return true;
}

static enum vt_code replay(struct vt_register *reg, const struct vt_reload_side *then,
                           const struct vt_reload_side *now, struct watch *watch,
                           struct vt_arena *arena, struct vt_replay_shown *shown,
                           struct vt_replay *result, struct vt_err *err)
{
    int64_t begun = vt_clock_monotonic_msecs();
    int64_t until = vt_clock_now_utc_secs();
    const struct vt_replay_request request = {
        .policy = now->policy,
        .config = now->config,
        .from_utc_secs = until - now->config->reload_replay_msecs / 1000,
        .until_utc_secs = VT_TIME_NONE,
        .mode = VT_MODE_ENFORCE,
        .is_as_it_was =
            now->config->mode == VT_MODE_ENFORCE && then->config->mode != VT_MODE_ENFORCE,
        .each = take_change,
        .goes_on = goes_on,
        .context = watch};
    enum vt_code code = vt_replay(reg, arena, &request, result, err);
    if (watch->shows_progress)
        fputs("\r\033[K", stderr);
    *shown = (struct vt_replay_shown){.policy_file = now->config->policy_file,
                                      .policy_version = vt_policy_version(now->policy),
                                      .mode = request.mode,
                                      .is_as_answered = request.is_as_it_was,
                                      .from_utc_secs = request.from_utc_secs,
                                      .until_utc_secs = until,
                                      .taken_msecs = vt_clock_monotonic_msecs() - begun,
                                      .result = result};
    return code;
}

static int show(struct vt_register *reg, const struct vt_reload_side *then,
                const struct vt_reload_side *now, enum vt_language language, FILE *out,
                struct vt_reload_effect *effect)
{
    struct vt_err err = {0};
    struct vt_replay result;
    struct vt_replay_shown shown;
    struct watch watch = {.list = vt_replay_list_new(SHOWN_MAILS),
                          .shows_progress = out != NULL && isatty(STDERR_FILENO) == 1};
    struct vt_arena *arena = vt_arena_new(ROWS_ARENA_BYTES);
    enum vt_code code = arena == NULL || watch.list == NULL
                            ? VT_E_NOMEM
                            : replay(reg, then, now, &watch, arena, &shown, &result, &err);
    if (code == VT_OK) {
        effect->is_known = true;
        effect->newly_refused_count = result.counts.newly_refused_count;
        effect->newly_held_count = result.counts.newly_held_count;
        shown.language = language;
        shown.items_count = vt_replay_list_end(watch.list, &shown.items);
        if (out != NULL)
            vt_replay_print_text(&shown, out);
    }
    vt_replay_list_free(watch.list);
    vt_arena_free(arena);
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

int vt_reload_replay(const struct vt_reload_side *then, const struct vt_reload_side *now,
                     enum vt_language language, FILE *out, struct vt_reload_effect *effect)
{
    struct vt_err err = {0};
    struct vt_register *reg = NULL;
    *effect = (struct vt_reload_effect){.is_in_force = now->config->mode == VT_MODE_ENFORCE};
    if (now->policy == NULL) {
        effect->is_known = true;
        return EX_OK;
    }
    enum vt_code code = vt_register_open_read(now->config->register_directory, &reg, &err);
    if (code == VT_E_NOT_FOUND) {
        effect->is_known = true;
        return EX_OK;
    }
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    effect->has_register = true;
    int status = show(reg, then, now, language, out, effect);
    vt_register_close(reg);
    return status;
}
