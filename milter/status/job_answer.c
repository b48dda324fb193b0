/* SPDX-License-Identifier: Apache-2.0
 * Fetch tells how a transfer went, in its own words and in those of HTTP. */
#include "status/job_answer.h"

#include <jansson.h>

/* What an answer of HTTP says about its server (RFC 9110 15). */
static enum vt_outcome judge_http(int http_status)
{
    bool is_refusal = http_status >= 400 && http_status < 500;
    bool is_about_us = http_status == 407 || http_status == 408 || http_status == 429;
    return http_status == 200           ? VT_OUTCOME_GOOD
           : is_refusal && !is_about_us ? VT_OUTCOME_ALIVE
                                        : VT_OUTCOME_BAD;
}

/* What fetch says about a transfer that brought nothing. */
static enum vt_outcome judge_transfer(json_int_t code, bool connected)
{
    switch (code) {
    case VT_E_NETWORK:
    case VT_E_TIMEOUT:
        return connected ? VT_OUTCOME_SILENT : VT_OUTCOME_UNREACHABLE;
    case VT_E_LIMIT:
        return VT_OUTCOME_BAD;
    default: /* not allowed, out of memory */
        return VT_OUTCOME_NONE;
    }
}

static enum vt_code explain_http(const json_t *body, int http_status, struct vt_err *err)
{
    char where[VT_JOB_TEXT_BYTES / 2];
    const char *location = json_string_value(json_object_get(body, "location"));
    if (location == NULL || location[0] == '\0')
        return vt_err_set(err, VT_E_NETWORK, "the server answered with status %d", http_status);
    (void)vt_text_clean(where, sizeof(where), vt_bytes_str(location));
    return vt_err_set(err, VT_E_NETWORK,
                      "the server answered with status %d and wants to send us to %s, which is not "
                      "followed",
                      http_status, where);
}

enum vt_code vt_job_read_answer(const struct vt_message *message, enum vt_outcome *out_outcome,
                                struct vt_err *err)
{
    char why[VT_JOB_TEXT_BYTES];
    enum vt_code code = VT_E_FORMAT;
    json_t *body =
        json_loadb((const char *)message->body, message->body_len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *fetched = json_object_get(body, "code");
    int http_status = (int)json_integer_value(json_object_get(body, "http_status"));
    const char *error = json_string_value(json_object_get(body, "error"));
    (void)vt_text_clean(why, sizeof(why), vt_bytes_str(error != NULL ? error : ""));
    *out_outcome = VT_OUTCOME_NONE;
    if (message->type != VT_MSG_FETCHED || !json_is_integer(fetched)) {
        (void)vt_err_set(err, VT_E_FORMAT, "fetch answered something else than asked");
    } else if (json_integer_value(fetched) != VT_OK) {
        *out_outcome = judge_transfer(json_integer_value(fetched),
                                      json_is_true(json_object_get(body, "connected")));
        code =
            vt_err_set(err, json_integer_value(fetched) == VT_E_CONFIG ? VT_E_CONFIG : VT_E_NETWORK,
                       "%s", why);
    } else {
        *out_outcome = judge_http(http_status);
        code = http_status == 200 && message->fds_count == 1 ? VT_OK
                                                             : explain_http(body, http_status, err);
    }
    json_decref(body);
    return code;
}
