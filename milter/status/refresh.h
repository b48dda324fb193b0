/* SPDX-License-Identifier: Apache-2.0
 * Lists are fetched anew before they end, so that no mail waits for one: those of the configured
 * CAs, and those that mails asked for in the last seven days. */
#ifndef VANTHU_STATUS_REFRESH_H
#define VANTHU_STATUS_REFRESH_H

#include "status/job.h"

/* Sources of lists that are looked after. */
#define VT_MAX_REFRESHED (VT_MAX_STORE_CRLS + 64)
/* Never more often than this, never more rarely than that. */
#define VT_REFRESH_LEAST_SECS (15 * 60)
#define VT_REFRESH_MOST_SECS (24 * 3600)
/* A list that no mail asked for so long is left to end. */
#define VT_REFRESH_UNUSED_SECS (7 * 24 * 3600)

struct vt_refresher;

/* What it works with; borrowed. rewrites: as the jobs have them, or NULL. */
struct vt_refresh_setup {
    const struct vt_status_store *store;
    const struct vt_trust_store *trust;
    struct vt_job_board *jobs;
    const struct vt_rewrites *rewrites;
};

/* Takes up the distribution points that the configured certificates name. */
enum vt_code vt_refresher_new(const struct vt_refresh_setup *setup, struct vt_moment now,
                              struct vt_refresher **out, struct vt_err *err) VT_MUST_CHECK;
void vt_refresher_free(struct vt_refresher *refresher);
/* Start what is due, gently: one in a second, two at a time; in the first minute spread over it. */
void vt_refresher_turn(struct vt_refresher *refresher, struct vt_moment now);
/* A job ended: if it was one of these, note how. */
void vt_refresher_note(struct vt_refresher *refresher, const struct vt_job_result *result,
                       struct vt_moment now);

/* When a list of the store is to be fetched again; INT64_MAX: never, because nobody asks for it any
 * more or nobody knows where it came from. */
int64_t vt_refresh_list_due(const struct vt_store_list *list, int64_t now_utc_secs);
/* When a list is to be fetched again, if it was last seen at its source at fetched: at a moment
 * between half and three quarters of its time that its key decides, so that many machines and
 * lists do not ask together; when that moment found nothing younger, in steps of a quarter of what
 * is left. next_update: VT_TIME_NONE is a day. */
int64_t vt_refresh_due(const char *key_sha256, int64_t this_update_utc_secs,
                       int64_t next_update_utc_secs, int64_t fetched_utc_secs);

#endif
