/* SPDX-License-Identifier: Apache-2.0
 * What the registrar does at its time: lists to records mailboxes, the digest of the day before,
 * reminders and alarm of held mails. Each is an EVENT record that owes the notice, so that it is
 * done once over restarts, and made up for after a time without the service. It has no clock and no
 * loop of its own: whoever calls gives the time, and a call does a little. */
#ifndef VANTHU_REGISTER_SCHEDULE_H
#define VANTHU_REGISTER_SCHEDULE_H

#include "vanthu/config.h"
#include "vanthu/hold.h"
#include "vanthu/metrics.h"

/* Without a reference; the text is a period (register/slots.h). */
#define VT_EVENT_LIST "list"             /* owes the list of one records mailbox */
#define VT_EVENT_LISTS_MADE "lists-made" /* all lists of a time are owed */
#define VT_EVENT_DIGEST "digest"
/* Lists and digests begin here: what was before nobody has waited for. */
#define VT_EVENT_SCHEDULE_BEGUN "schedule-begun"
/* Owes the notice to the officer, or to the administrator, of mails that wait too long; that each
 * of them was told of is an event with its reference (vanthu/hold.h). */
#define VT_EVENT_HOLDS_REMINDER "holds-reminder"
#define VT_EVENT_HOLDS_ALARM "holds-alarm"

struct vt_schedule;

/* config: borrowed. metrics: borrowed, may be NULL. VT_E_NOMEM. */
enum vt_code vt_schedule_new(const struct vt_config *config, struct vt_metrics *metrics,
                             struct vt_schedule **out, struct vt_err *err) VT_MUST_CHECK;
/* NULL is allowed. */
void vt_schedule_free(struct vt_schedule *schedule);
/* Do what is due, a little: *out_more says that something is left that should not wait. policy:
 * whose table of agencies names the records mailboxes, and who decides about held mails; NULL: none
 * is known, so no lists are made. Nothing is owed in observe mode and where notices are off; alarms
 * are raised all the same. VT_E_BUSY, VT_E_SYSTEM, VT_E_NOMEM: what was not done is done by the
 * next call. */
enum vt_code vt_schedule_turn(struct vt_schedule *schedule, struct vt_register *reg,
                              const struct vt_policy *policy, int64_t now_utc_secs, bool *out_more,
                              struct vt_err *err) VT_MUST_CHECK;

#endif
