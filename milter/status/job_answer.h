/* SPDX-License-Identifier: Apache-2.0
 * What fetch answered, and what that says about the host. */
#ifndef VANTHU_STATUS_JOB_ANSWER_H
#define VANTHU_STATUS_JOB_ANSWER_H

#include "status/job.h"

/* Read a FETCHED message: {"http_status", "code", "error", "connected", "location"}. VT_OK: it came
 * with one memory file of what the server sent. VT_E_NETWORK, VT_E_CONFIG (its host is not allowed)
 * with a text for people; VT_E_FORMAT: fetch talks nonsense. */
enum vt_code vt_job_read_answer(const struct vt_message *message, enum vt_outcome *out_outcome,
                                struct vt_err *err) VT_MUST_CHECK;

#endif
