/* SPDX-License-Identifier: Apache-2.0
 * Handing the files of metrics to a reader. */
#include <jansson.h>
#include <stdlib.h>

#include "vanthu/metrics.h"
#include "vanthu/wire.h"

enum vt_code vt_metrics_send(int fd, const int fds[VT_ROLES], unsigned lane, struct vt_err *err)
{
    json_t *body = json_pack("{s:i}", "lane", (int)lane);
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    if (text == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a message");
    enum vt_code code = vt_wire_send(fd, VT_MSG_METRICS, vt_bytes_str(text), fds, VT_ROLES, 0, err);
    free(text);
    return code;
}

static enum vt_code read_message(const struct vt_message *message, struct vt_metrics_reader **out,
                                 unsigned *out_lane, struct vt_err *err)
{
    json_t *body =
        json_loadb((const char *)message->body, message->body_len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *lane = json_object_get(body, "lane");
    enum vt_code code = VT_E_INTERNAL;
    if (message->type != VT_MSG_METRICS || message->fds_count != VT_ROLES ||
        !json_is_integer(lane) || json_integer_value(lane) < 0 ||
        json_integer_value(lane) >= VT_METRIC_LANES) {
        code = vt_err_set(err, VT_E_FORMAT, "the metrics are those of another version of vanthu");
    } else {
        *out_lane = (unsigned)json_integer_value(lane);
        code = vt_metrics_reader_new(message->fds, out, err);
    }
    json_decref(body);
    return code;
}

enum vt_code vt_metrics_receive(int fd, int64_t deadline_msecs, struct vt_metrics_reader **out,
                                unsigned *out_lane, struct vt_err *err)
{
    struct vt_message message;
    *out = NULL;
    enum vt_code code = vt_wire_receive(fd, &message, VT_WIRE_MAX_FDS, deadline_msecs, err);
    if (code != VT_OK)
        return code;
    code = read_message(&message, out, out_lane, err);
    vt_message_close(&message);
    return code;
}
